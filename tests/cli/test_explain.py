"""`explain` and `status`: what disagrees with a number and what was decided stand beside it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipelines.io.show import SHOWN
from pipelines.io.store import NewDecision, Store
from pipelines.io.store.releases import Opening, Signature
from pipelines.release import Visa, Waiver, finding_key
from pipelines.settings import Settings
from schemas.codes import Promise, RevisionReason
from tests.cli.conftest import Command, Result
from tests.months_disputed import DISPUTED, GAO, MEETING, REASON, circulated, copied, of_source, run
from tests.months_settled import CHANGED, consolidated
from tests.store.samples import DECEMBER, NOW, checked, decide, rows, save

MONTH = "2019-12"


@pytest.fixture
def data(made: Path, tmp_path: Path) -> Path:
    copied(made, tmp_path)
    return tmp_path


def plain(result: Result) -> str:
    return " ".join(result.text.replace("\u202f", " ").replace("\u00a0", " ").split())


def stored(data: Path) -> Store:
    return Store.open(Settings(data_dir=data).store_url)


# --- what disagrees -----------------------------------------------------------------------------------------------------


def test_what_disagrees_with_a_number_stands_below_its_bridge(cmp_idp: Command, data: Path) -> None:
    said = plain(cmp_idp("explain", "ML05", MONTH, data=data))
    for part in (
        "Écart n° 1 (aa11aa11aa11), ouvert, à examiner : Service local de Mopti fait circuler 84 000 individus",
        "Fiche : 80 000 individus, au 31/12/2019 (fiche_mopti.xlsx, PDI, H4)",
        "Service local de Mopti : 84 000 individus, au 20/12/2019 (totaux_mopti.xlsx, Feuille 1, D2)",
        "Écart : +4 000 individus ; 4 000 personnes en jeu, 2 % du total national.",
        "→ Interroger la région.",
        "1 écart ouvert plus bas : Bankass (région de Mopti) (1).",
    ):
        assert part in said, part
    assert said.index("Écart n° 1") > said.index("PDI — effectif — individus : 80 000")


def test_the_country_counts_what_is_open_below_and_tells_none_of_it(cmp_idp: Command, data: Path) -> None:
    said = plain(cmp_idp("explain", "Mali", MONTH, data=data))
    # each region with its figure, and no row of a return
    assert "80 000 Mopti" in said
    assert "… la suite, région par région : cmp-idp explain RÉGION 2019-12" in said
    assert "←" not in said
    assert "2 écarts ouverts plus bas : Mopti (1), Bankass (région de Mopti) (1). Les voir : cmp-idp explain LIEU 2019-12" in said
    assert "fait circuler" not in said


def test_a_place_without_any_figure_still_tells_what_is_open_about_it(cmp_idp: Command, data: Path) -> None:
    silent = replace(circulated(), key="ee55", place_id=GAO, measure="arrivals")
    with stored(data) as store:
        run(store, (*DISPUTED, silent))
    result = cmp_idp("explain", "ML07", MONTH, data=data)
    assert result.code == 0
    assert "Écarts sur ce que le lieu n'a pas en chiffres" in result.text
    assert "(ee55)" in result.text


def test_households_point_to_what_is_told_with_individuals(cmp_idp: Command, data: Path) -> None:
    with stored(data) as store:
        decide(store, NewDecision("bb22bb22bb22", None, by="Awa Traoré", on=MEETING, reason=REASON, undoes=1))
    said = plain(cmp_idp("explain", "Niono", MONTH, data=data))
    households, individuals = said.index("PDI — effectif — ménages : 2 400"), said.index("PDI — effectif — individus")
    assert "Écart n° 2, raconté avec les individus" in said[households:individuals]


def test_a_long_list_is_folded_and_json_has_it_whole(cmp_idp: Command, data: Path) -> None:
    many = [replace(circulated(84000 + at), key=f"f{at}", fingerprint=f"f{at}") for at in range(7)]
    with stored(data) as store:
        run(store, many)
    said = plain(cmp_idp("explain", "ML05", MONTH, data=data))
    assert said.count("Écart n° ") == 5
    assert "… et 2 autres écarts, avec : cmp-idp discrepancies 2019-12 --all" in said
    [story] = json.loads(cmp_idp("explain", "ML05", MONTH, "--json", data=data).out)
    assert len(story["discrepancies"]) == 7


# --- what was decided ---------------------------------------------------------------------------------------------------


def test_a_decision_says_who_when_why_what_it_changed_and_what_it_left_aside(cmp_idp: Command, data: Path) -> None:
    said = plain(cmp_idp("explain", "Niono", MONTH, data=data))
    action = "prendre la valeur d'une autre source (NRC), par Awa Traoré le 12/01/2020 : « Liste vérifiée avec le service local »"
    for part in (
        "PDI — effectif — individus : 9 100",
        f"−2 900 décision n° 1 de la CMP, {action}",
        f"Décision n° 1 (en vigueur) : {action}",
        "Ce qu'elle change ici : −2 900 individus",
        "Non retenu : Fiche : 12 000 individus, au 31/12/2019 (fiche_segou.xlsx, PDI, H9) Non retenu : DTM : 9 000 individus",
    ):
        assert part in said, part
    aside = said[said.index("Non retenu") : said.index("Écart réglé")]
    assert "NRC : 9 100" not in aside
    assert [part.strip() for part in aside.split("Autre décision possible :")[1:]] == [
        "garder la fiche → 12 000 individus", "prendre la valeur d'une autre source (DTM) → 1 800 ménages, 9 000 individus",
        "reconduire le mois précédent → 2 400 ménages, 12 000 individus", "exclure ce chiffre → pas de chiffre",
        "accepter comme changement réel → 12 000 individus ──────────── 9 100 chiffre du projet",
    ]  # fmt: skip


def test_above_the_place_the_bridge_names_the_decision_and_the_place(cmp_idp: Command, data: Path) -> None:
    said = plain(cmp_idp("explain", "ML04", MONTH, data=data))
    assert "−2 900 décision n° 1 de la CMP à Niono (région de Ségou), prendre la valeur d'une autre source (NRC)" in said
    assert "Décision n° 2 (en vigueur) : garder la fiche, par Awa Traoré" in said
    assert "Aucun chiffre ne change." in said
    assert "Non retenu : projet 2019-11 : 40 individus, au 30/11/2019" in said


def test_a_decision_taken_back_stays_until_the_next_consolidation(cmp_idp: Command, data: Path) -> None:
    with stored(data) as store:
        decide(store, NewDecision("bb22bb22bb22", None, by="Issa Keïta", on=MEETING, reason=REASON, undoes=1))
    said = plain(cmp_idp("explain", "Niono", MONTH, data=data))
    assert "Décision n° 1 (reprise)" in said
    assert "Décision n° 3, qui reprend la décision n° 1 : décision reprise par Issa Keïta" in said
    assert "Encore dans les chiffres (−2 900 individus), jusqu'à : cmp-idp consolidate 2019-12" in said
    with stored(data) as store:
        consolidated(store, decision_id=None)
    after = plain(cmp_idp("explain", "Niono", MONTH, data=data))
    assert "individus : 12 000" in after
    assert "Encore dans les chiffres" not in after


def test_a_decision_that_is_not_yet_in_the_figures_says_so(cmp_idp: Command, data: Path) -> None:
    with stored(data) as store:
        consolidated(store, decision_id=None)
    assert "si elle vient d'être prise : cmp-idp consolidate 2019-12" in plain(cmp_idp("explain", "Niono", MONTH, data=data))


def test_a_decision_left_behind_by_new_values_is_quoted(cmp_idp: Command, data: Path) -> None:
    with stored(data) as store:
        run(store, (of_source(fingerprint="f-new"),))
    said = plain(cmp_idp("explain", "Niono", MONTH, data=data))
    assert "(bb22bb22bb22), rouvert" in said
    assert "Décision n° 1 (chiffres changés : à revoir)" in said


def test_a_decision_about_what_is_no_longer_found_changes_nothing_and_says_so(cmp_idp: Command, data: Path) -> None:
    with stored(data) as store:
        run(store, ())
    said = plain(cmp_idp("explain", "Niono", MONTH, data=data))
    assert "Écart réglé (bb22bb22bb22), clos" in said
    assert "Décision n° 1 (sans objet : ce désaccord n'est plus constaté)" in said
    assert "cmp-idp consolidate" not in said


def test_the_machine_form_has_all_of_it(cmp_idp: Command, data: Path) -> None:
    [story] = json.loads(cmp_idp("explain", "Niono", MONTH, "--json", data=data).out)
    [point] = story["discrepancies"]
    listed = {row["id"]: row for row in json.loads(cmp_idp("discrepancies", MONTH, "--all", "--json", data=data).out)}
    assert {name: point[name] for name in listed[point["id"]]} == listed[point["id"]]
    [decision] = point["decisions"]
    assert (decision["id"], decision["by"], decision["date"], decision["reason"]) == (1, "Awa Traoré", "2020-01-12", REASON)
    assert decision["changed"] == [{"unit": "individual", "value": CHANGED}]
    assert [value["source"] for value in decision["not_taken"]] == ["Fiche", "DTM", "DTM"]
    cited = [
        (item["decision_id"], item["decided_by"], item["decided_on"]) for item in story["bridge"] if item["kind"] == "decision"
    ]
    assert cited == [(1, "Awa Traoré", "2020-01-12")]
    [above] = json.loads(cmp_idp("explain", "ML04", MONTH, "--json", data=data).out)
    assert [point["id"] for point in above["discrepancies_below"]] == ["bb22bb22bb22"]


def test_the_english_edition_has_no_french(cmp_idp: Command, data: Path) -> None:
    said = plain(cmp_idp("explain", "ML04", MONTH, "--lang", "en", data=data))
    for french in ("décision", "Décision", "Écart", "fiche de", "déclaré"):
        assert french not in said.replace("Liste vérifiée avec le service local", ""), french
    assert "decision no. 1 of the CMP at Niono (region of Ségou), take another source's value (NRC), by Awa Traoré" in said
    assert "declared in the returns" in said


def test_what_only_seems_to_disagree_is_told_apart_with_the_reason(cmp_idp: Command, data: Path) -> None:
    said = plain(cmp_idp("explain", "ML0502", MONTH, data=data))
    assert "Chiffres qui ne se comparent pas à ceux-ci, et pourquoi" in said
    assert "Les deux ne se contredisent pas." in said[said.index("Chiffres qui ne se comparent pas") :]
    [story] = json.loads(cmp_idp("explain", "ML0502", MONTH, "--json", data=data).out)
    assert [[value["value"] for value in pair["values"]] for pair in story["not_comparable"]] == [[806, 287]]
    assert [(point["id"], point["gap"]) for point in story["discrepancies"]] == [("cc33cc33cc33", 628)]


# --- of a release -------------------------------------------------------------------------------------------------------


def circulated_again(store: Store, revision: int) -> None:
    reason = RevisionReason.LATE_RETURN if revision > 1 else None
    why = "Fiche de Ségou arrivée" if revision > 1 else None
    store.circulate(DECEMBER, Opening("Fatou Diarra", date(2020, 1, 13), date(2020, 1, 14), "s", "v", reason, why), (), at=NOW)


def published(store: Store, *, grades: bool = False, revision: int = 1) -> None:
    circulated_again(store, revision)
    day = date(2020, 1, 15)
    store.sign(DECEMBER, Signature("Moussa Coulibaly", "Directeur national", day, MEETING, "12/2020/CMP", None), at=NOW)
    draft = store.draft_release(DECEMBER)
    assert draft is not None
    store.publish(DECEMBER, by="Moussa Coulibaly", on=day, grades=grades, threshold=10, said=(), written=(), approved=store.releases(DECEMBER)[-1], at=NOW)  # fmt: skip


def test_of_a_published_month_the_official_figure_is_explained_with_its_own_rows(cmp_idp: Command, data: Path) -> None:
    with stored(data) as store:
        published(store)
        save(store, checked("b" * 64, rows(999), region="R05"))
        consolidated(store, decision_id=None)
    official = plain(cmp_idp("explain", "Niono", MONTH, data=data))
    for part in (
        "2019-12 — OFFICIEL, révision 1, publiée le 15/01/2020, PV n° 12/2020/CMP", "effectif — individus : 9 100 (fiabilité B (usage interne), base",
        "12 000 déclaré dans les fiches −2 900 décision n° 1 de la CMP", "9 100 chiffre officiel, révision 1", "tels qu'ils sont connus aujourd'hui",
    ):  # fmt: skip
        assert part in official, part
    draft = plain(cmp_idp("explain", "Niono", MONTH, "--draft", data=data))
    assert "PROJET, NON OFFICIEL" in draft
    assert "individus : 12 000 (fiabilité B, base" in draft
    [story] = json.loads(cmp_idp("explain", "ML05", MONTH, "--json", data=data).out)
    assert (story["release"]["revision"], story["release"]["official"]) == (1, True)
    assert {row["file"] for row in story["rows"]} == {"fiche_aa.xlsx"}


def test_a_revision_is_named_as_what_it_is(cmp_idp: Command, data: Path) -> None:
    with stored(data) as store:
        published(store, grades=True)
        consolidated(store, decision_id=None, dataset_sha256="e" * 64)
        circulated_again(store, 2)
    first, second = (plain(cmp_idp("explain", "Niono", MONTH, "--revision", number, data=data)) for number in "12")
    assert "OFFICIEL, révision 1" in first
    assert "fiabilité B, base" in first
    assert "NON OFFICIEL, révision 2, circulée le 13/01/2020, pas encore signée" in second
    assert "12 000 chiffre qui circule, révision 2" in second
    assert "révision 1" in plain(cmp_idp("explain", "Niono", MONTH, data=data))
    unknown = cmp_idp("explain", "Niono", MONTH, "--revision", "7", data=data)
    assert (unknown.code, "n'a pas de révision 7. Révisions de ce mois : 1, 2." in unknown.err) == (1, True)
    assert cmp_idp("explain", "Niono", MONTH, "--draft", "--revision", "1", data=data).code == 2


# --- findings -----------------------------------------------------------------------------------------------------------


def test_a_finding_names_its_file_even_when_it_is_that_of_another_region(cmp_idp: Command, sample_dir: Path) -> None:
    said = plain(cmp_idp("explain", "ML10", MONTH, data=sample_dir))
    assert "à justifier · fiche_2019-12_gao.xlsx › PDI › A8 : « Menaka » appartient à la région de Ménaka" in said
    [region] = json.loads(cmp_idp("explain", "ML10", MONTH, "--json", data=sample_dir).out)
    assert {finding["file"] for finding in region["findings"]} == {"fiche_2019-12_gao.xlsx", None}


def test_a_region_tells_what_was_found_of_its_return_as_a_whole(cmp_idp: Command, sample_dir: Path) -> None:
    said = plain(cmp_idp("explain", "ML08", MONTH, data=sample_dir))
    assert "bloque la publication · fiche_2019-12_kidal.xlsx › Identification › B10 : La fiche n'a pas de validation" in said


def test_a_finding_says_by_what_it_was_lifted_and_a_board_no_longer_counts_it(
    cmp_idp: Command, sample_dir: Path, tmp_path: Path
) -> None:
    copied(sample_dir, tmp_path)
    shown = plain(cmp_idp("explain", "ML08", MONTH, data=tmp_path))
    assert "base : informateur clé, valeur provisoire)" in shown
    day = date(2020, 1, 10)
    with stored(tmp_path) as store:
        for region in ("R08", "R10"):
            store.grant_waiver(
                DECEMBER, Waiver(Promise.VISA, region, "Mamadou Diarra", day, date(2020, 3, 31), "Accès coupé"), at=NOW
            )
        [found] = [row for row in store.findings(DECEMBER) if row["code"] == "PLACE_OF_OTHER_REGION"]
        key = finding_key(
            found["code"],
            found["place_id"] or found["region_id"],
            found["sheet"],
            found["cell"],
            found["row"],
            found["value"],
            json.loads(found["params"]),
        )
        store.explain_findings(
            DECEMBER, [(found["code"], found["region_id"], key)], reason="Vérifié", by="Aminata Coulibaly", on=day, at=NOW
        )
    waived = "levé : dérogation de Mamadou Diarra jusqu'au 31/03/2020 (Accès coupé)"
    menaka = plain(cmp_idp("explain", "ML10", MONTH, data=tmp_path))
    assert f"ses lignes sont dans la fiche de Gao. {waived}" in menaka
    assert "expliqué par Aminata Coulibaly le 10/01/2020 : Vérifié" in menaka
    kidal = cmp_idp("explain", "ML08", MONTH, data=tmp_path)
    assert f"ses chiffres restent provisoires. {waived}" in plain(kidal)
    assert "\n  chiffres restent provisoires." in kidal.out  # what does not fit goes on below its own beginning
    before = line_of(cmp_idp("status", MONTH, data=tmp_path), "Kidal")
    with stored(tmp_path) as store:
        head = next(head for head in store.current_heads(DECEMBER) if head.region_id == "R08")
        visa = Visa("R08", head.sha256, store.totals_said(head.id), "Gouverneur de Kidal", day, "PV n° 8/2020")
        store.give_visa(DECEMBER, visa, by="Fatou Diarra", on=day, at=NOW)
    after = cmp_idp("status", MONTH, data=tmp_path)
    assert (before.split()[-4], line_of(after, "Kidal").split()[-4]) == ("1", "·")
    lifted = "levé : visa de Gouverneur de Kidal, le 10/01/2020, PV n° 8/2020"
    assert (
        f"pour information · Kidal Identification B10 · La fiche n'a pas de validation régionale : ses chiffres restent provisoires. — {lifted}"
        in plain(after)
    )
    assert lifted in plain(cmp_idp("explain", "ML08", MONTH, data=tmp_path))


# --- the board ----------------------------------------------------------------------------------------------------------


def line_of(result: Result, name: str) -> str:
    return next(line for line in result.out.splitlines() if line.split()[:1] == [name])


def test_the_board_counts_open_discrepancies_by_region(cmp_idp: Command, data: Path) -> None:
    result = cmp_idp("status", MONTH, data=data)
    assert next(line for line in result.out.splitlines() if "Région" in line).split()[-1] == "Écarts"
    assert [line_of(result, name).split()[-1] for name in ("Mopti", "Ségou", "Gao", "Mali")] == ["2", "·", "·", "2"]
    said = plain(result)
    assert "2 écarts ouverts." in said
    assert "1. Service local de Mopti fait circuler 84 000 individus" in said
    assert "cmp-idp discrepancies 2019-12" in said
    assert "DTM compte" not in said


def test_the_board_tells_five_and_points_to_the_others(cmp_idp: Command, data: Path) -> None:
    many = [replace(circulated(84000 + at), key=f"f{at}", fingerprint=f"f{at}") for at in range(8)]
    with stored(data) as store:
        run(store, many)
    said = plain(cmp_idp("status", MONTH, data=data))
    assert said.count("fait circuler") == SHOWN == 5
    assert "8 écarts ouverts." in said
    assert "Tous les écarts, avec leurs chiffres et ce qui est proposé : cmp-idp discrepancies 2019-12" in said


def test_a_month_without_discrepancies_says_so(cmp_idp: Command, data: Path) -> None:
    with stored(data) as store:
        run(store, ())
    said = plain(cmp_idp("status", MONTH, data=data))
    assert "Aucun écart ouvert." in said
    assert "cmp-idp discrepancies" not in said


def test_the_board_of_what_is_published_is_official_until_the_draft_moves_on(cmp_idp: Command, data: Path) -> None:
    with stored(data) as store:
        published(store)
    assert "PDI à fin décembre 2019 — OFFICIEL, révision 1" in plain(cmp_idp("status", MONTH, data=data))
    with stored(data) as store:
        consolidated(store, decision_id=None, dataset_sha256="e" * 64)
    assert "PDI à fin décembre 2019 — PROJET, NON OFFICIEL" in plain(cmp_idp("status", MONTH, data=data))


def test_the_board_in_english_tells_them_in_english(cmp_idp: Command, data: Path) -> None:
    said = plain(cmp_idp("status", MONTH, "--lang", "en", data=data))
    assert "2 open discrepancies." in said
    assert "Service local de Mopti circulates 84,000 individuals" in said


def test_the_machine_form_of_status_is_as_it_was(cmp_idp: Command, data: Path) -> None:
    status: dict[str, Any] = json.loads(cmp_idp("status", MONTH, "--json", data=data).out)
    keys = {"region", "pcode", "received", "received_in", "validated", "carried_forward", "totals", "findings"}
    assert {frozenset(line) for line in status["regions"]} == {frozenset(keys)}
