"""Disagreements that really happened, as their files print them: what the register says of them, and what it must not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipelines.io.store import Store
from pipelines.model import Period
from schemas import texts
from tests.flow.months import Folder, fiche_of

# OCHA flash update of 1 July 2022 and health cluster bulletin of 15 July 2022 on Bankass
BANKASS = """as_of,source_actor,place,households,individuals,children,status,note,source
2022-06-29,SLDSES de Bankass,cercle de Bankass,806,5086,3457,enregistré,liste de l'État,OCHA Flash Update 2
2022-06-29,Acteurs RRM,zones accessibles du cercle de Bankass,287,,,évaluation rapide en cours,,OCHA Flash Update 2
2022-06-29,OCHA,Village de Nando -> Ségué,,628,,signalé non enregistré,,OCHA Flash Update 2
2022-06-23,Mission conjointe ONU/ONG,ville de Bankass,144,827,586,assistance ciblée,couvre une partie des PDI,OCHA Flash Update 2
2022-06-30,Cluster Santé,cercle de Bankass,,4000,,estimation arrondie,,Bulletin cluster Santé 2
2022-06-29,OCHA,Diallassagou / Léssagou / Ségué,,,,inaccessible,,OCHA Flash Update 2
"""
# DTM of December 2020; UNHCR and IDMC are quoted from what they published
END_OF_2020 = """as_of,source_actor,place,households,individuals,status,source
2020-12-31,DTM,Mali,,332957,enregistré,DTM décembre 2020
"""


def told(folder: Folder, period: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Discrepancies and what is not compared."""
    with Store.open(folder.settings.store_url) as store:
        return store.discrepancies(Period.parse(period)), store.not_comparable(Period.parse(period))


def month(root: Path, period: str, statements: str, *fiches: bytes) -> Folder:
    folder = Folder(root)
    for at, content in enumerate(fiches):
        folder.receive(f"fiche-{at}.xlsx", content, period)
    source = root / "raw" / period / "sources" / "chiffres.csv"
    source.parent.mkdir(parents=True)
    source.write_text(statements, encoding="utf-8")
    folder.consolidate(period)
    return folder


@pytest.fixture(scope="module")
def bankass(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """The register of Bankass as its regional return has it."""
    fiche = fiche_of("Mopti", (("Bankass", "Bankass", 806, 5086),), "2022-06").workbook()
    return month(tmp_path_factory.mktemp("bankass"), "2022-06", BANKASS, fiche)


def test_people_whom_no_list_holds_are_an_addition_to_decide(bankass: Folder) -> None:
    [gap] = told(bankass, "2022-06")[0]
    assert (gap["rule"], gap["place"], gap["gap"], gap["additional"], gap["proposed"]) == (
        "UNREGISTERED_PEOPLE", "Ségué", 628, True, "take_source",
    )  # fmt: skip
    assert "628 individus qui ne figurent sur aucune liste" in gap["sentence"]


def test_a_register_and_the_part_of_it_that_was_seen_do_not_contradict_each_other(bankass: Folder) -> None:
    gaps, aside = told(bankass, "2022-06")
    assert 287 not in {value["value"] for gap in gaps for value in gap["values"]}
    [seen] = [row for row in aside if 287 in {value["value"] for value in row["values"]}]
    assert {value["value"] for value in seen["values"]} == {806, 287}
    assert "zones accessibles du cercle de Bankass" in seen["sentence"]
    assert "ne se contredisent pas" in seen["sentence"]


def test_what_is_no_count_or_no_number_is_said_and_not_compared(bankass: Folder) -> None:
    reasons = {(row["place"], row["reason"]) for row in told(bankass, "2022-06")[1]}
    assert ("Bankass", "not_comparable_rounded") in reasons
    assert {("Diallassagou", "not_comparable_inaccessible"), ("Ségué", "not_comparable_inaccessible")} <= reasons


def test_the_addition_once_decided_is_an_item_of_the_bridge_up_to_the_country(bankass: Folder, tmp_path: Path) -> None:
    folder = bankass.copy(tmp_path / "data")
    [gap] = told(folder, "2022-06")[0]
    from datetime import UTC, date, datetime

    from schemas.codes import Action

    with Store.open(folder.settings.store_url) as store:
        store.decide(gap["id"], action=Action.TAKE_SOURCE, by="CMP", on=date(2022, 7, 12), reason="Liste du village vérifiée",
                     source="OCHA", individuals=628, at=datetime(2022, 7, 12, tzinfo=UTC), actor="essai")  # fmt: skip
    folder.consolidate("2022-06")
    rows = folder.query("SELECT level, value FROM draft_bridge WHERE kind = 'decision' AND unit = 'individual' ORDER BY level")
    assert rows == [(level, 628) for level in ("cercle", "commune", "country", "region")]
    total = "SELECT value FROM draft_figure WHERE level = 'country' AND population_group = 'idp' AND measure = 'stock' "
    total += "AND unit = 'individual' AND sex = '_T' AND age = '_T' AND shelter = '_T' AND displacement = '_T' AND origin_pcode = '_T' "
    assert folder.query(total + "AND cause = '_T' AND vulnerability = '_T'") == [(5086 + 628,)]
    assert told(folder, "2022-06")[0][0]["status"] == "decided"


def test_two_totals_of_one_year_end_are_explained_and_not_averaged(tmp_path: Path) -> None:
    """326 298 are those displaced by conflict alone: with the 6 659 displaced by disasters, IDMC has the 332 957 of the CMP."""
    folder = month(tmp_path, "2020-12", END_OF_2020)
    gaps, aside = told(folder, "2020-12")
    assert gaps == []
    [conflict] = [row for row in aside if 326_298 in {value["value"] for value in row["values"]}]
    assert {value["value"] for value in conflict["values"]} == {332_957, 326_298}
    assert "déplacés par les conflits seulement" in conflict["sentence"]
    assert f"font {texts.number(332_957)}" in conflict["sentence"]
    [later] = [row for row in aside if 346_864 in {value["value"] for value in row["values"]}]
    assert "31/01/2021" in later["sentence"]
    assert "31/12/2020" in later["sentence"]
    [copies] = [row for row in aside if row["reason"] == "not_comparable_lineage"]
    assert [value["value"] for value in copies["values"]] == [332_957, 332_957]
