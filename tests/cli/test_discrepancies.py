"""`discrepancies` and `decide` as people type them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from pipelines.io import meeting
from pipelines.io.sheets import FIRST
from pipelines.io.store import Store
from pipelines.settings import Settings
from schemas.codes import Action
from tests.cli.conftest import Command
from tests.flow.months import Folder
from tests.months_disputed import DECEMBER, REASON, circulated, copied, frozen, month, run

BY, DAY = ("--by", "Awa Traoré"), ("--date", "2020-01-12")
WHY = ("--reason", REASON)
MONTH = "2019-12"


@pytest.fixture
def data(disputed: Path, tmp_path: Path) -> Path:
    copied(disputed, tmp_path)
    return tmp_path


def rows(data: Path) -> dict[str, dict[str, Any]]:
    with Store.open(Settings(data_dir=data).store_url) as store:
        return {row["id"]: row for row in store.discrepancies(DECEMBER)}


def count(data: Path) -> int:
    with Store.open(Settings(data_dir=data).store_url) as store:
        return len(store.decisions(DECEMBER))


# --- discrepancies ------------------------------------------------------------------------------------------------------


def test_the_list_is_ranked_and_says_how_few_explain_how_much(data: Path, cmp_idp: Command) -> None:
    result = cmp_idp("discrepancies", MONTH, data=data)
    assert (result.code, result.err) == (1, "")
    assert "4 écarts ouverts. Les 2 premiers expliquent 91 % de la différence." in result.text
    heads = [line for line in result.out.splitlines() if line[:2] in {"1.", "2.", "3.", "4."}]
    assert [head.split(" · ")[-1] for head in heads] == ["aa11aa11aa11", "bb22bb22bb22", "cc33cc33cc33", "dd44dd44dd44"]
    for part in (
        "Fiche : 80 000 individus, au 31/12/2019 (fiche_mopti.xlsx, PDI, H4)", "Écart : +4 000 individus ; 4 000 personnes en jeu",
        "2 % du total national", "moins de 0,1 % du total national", "→ Interroger la région.", "Responsable : DTM",
        "réponse attendue le 08/01/2020 au plus tard", "Sans réponse 7 jours après l'échéance", "Ce qui ne se compare pas",
        "ne compte qu'une partie ; la fiche (806 ménages) compte le tout",
    ):  # fmt: skip
        assert " ".join(part.split()) in result.text.replace("\u202f", " ").replace("\u00a0", " "), part


def test_the_machine_form_is_the_contract(data: Path, cmp_idp: Command) -> None:
    result = cmp_idp("discrepancies", MONTH, "--json", data=data)
    found = json.loads(result.out)
    assert (result.code, result.err) == (1, "")
    keys = [
        "id",
        "rule",
        "period",
        "pcode",
        "group",
        "measure",
        "values",
        "gap",
        "share",
        "status",
        "sentence",
        "proposed",
        "owner",
        "due",
    ]
    assert [list(row) for row in found] == [keys] * 4
    assert all(list(value) == ["source", "value", "unit", "as_of", "where"] for row in found for value in row["values"])
    first = found[0]
    assert (first["id"], first["pcode"], first["group"], first["gap"], first["share"]) == (
        "aa11aa11aa11",
        "ML05",
        "idp",
        4000,
        0.02,
    )
    assert (first["status"], first["proposed"], first["owner"], first["due"]) == ("open", "ask_region", "region", "2020-01-08")
    english = json.loads(cmp_idp("discrepancies", MONTH, "--json", "--lang", "en", data=data).out)
    assert english[0]["sentence"].startswith("Service local de Mopti circulates 84,000 individuals")


def test_one_region_and_what_is_settled(data: Path, cmp_idp: Command) -> None:
    for name in ("Ségou", "segou", "ML04"):
        found = json.loads(cmp_idp("discrepancies", MONTH, "--region", name, "--json", data=data).out)
        assert [row["id"] for row in found] == ["bb22bb22bb22", "dd44dd44dd44"]
    cmp_idp("decide", "dd44", "garder", *BY, *WHY, *DAY, data=data)
    assert len(json.loads(cmp_idp("discrepancies", MONTH, "--json", data=data).out)) == 3
    every = json.loads(cmp_idp("discrepancies", MONTH, "--all", "--json", data=data).out)
    assert [row["status"] for row in every] == ["open", "open", "open", "decided"]
    assert "Décision n° 1 : garder la fiche, par Awa Traoré" in cmp_idp("discrepancies", MONTH, "--all", data=data).text
    unknown = cmp_idp("discrepancies", MONTH, "--region", "Atlantide", data=data)
    assert unknown.code == 2 and "Région inconnue" in unknown.text


def test_nothing_open_ends_with_0(data: Path, cmp_idp: Command) -> None:
    with Store.open(Settings(data_dir=data).store_url) as store:
        run(store, ())
    result = cmp_idp("discrepancies", MONTH, data=data)
    assert result.code == 0 and "Aucun écart ouvert." in result.text
    assert json.loads(cmp_idp("discrepancies", MONTH, "--json", data=data).out) == []


def test_a_month_without_draft_and_a_folder_without_store(tmp_path: Path, cmp_idp: Command) -> None:
    absent = cmp_idp("discrepancies", MONTH, data=tmp_path)
    assert absent.code == 1 and "n'existe pas encore" in absent.text
    month(tmp_path)
    never = cmp_idp("discrepancies", "2019-10", data=tmp_path)
    assert never.code == 1 and "n'a pas encore été consolidé" in never.text


def test_the_screen_in_english(data: Path, cmp_idp: Command) -> None:
    text = cmp_idp("discrepancies", MONTH, "--lang", "en", data=data).text
    for part in (
        "4 open discrepancies.",
        "Owner: DTM",
        "Return: 80,000 individuals",
        "What is not compared",
        "Decide: cmp-idp decide",
    ):
        assert part in text
    assert not {"écart", "individus", "réponse"} & set(text.lower().split())


# --- decide -------------------------------------------------------------------------------------------------------------


def test_a_decision_says_what_it_changes_and_what_to_do_next(data: Path, cmp_idp: Command) -> None:
    result = cmp_idp("decide", "bb2", "prendre", "--source", "dtm", *BY, *WHY, *DAY, data=data)
    assert (result.code, result.err) == (0, "")
    text = result.text.replace("\u202f", " ")
    assert (
        "Décision n° 1 enregistrée pour l'écart bb22bb22bb22 (Niono (région de Ségou)) : prendre la valeur d'une autre source (DTM)"
        in text
    )
    assert "PDI, effectif, ménages : 2 400 → 1 800 (−600)." in text
    assert "PDI, effectif, individus : 12 000 → 9 000 (−3 000)." in text
    assert "cmp-idp consolidate 2019-12" in text
    assert rows(data)["bb22bb22bb22"]["status"] == "decided"


def test_people_on_top_are_added(data: Path, cmp_idp: Command) -> None:
    text = cmp_idp("decide", "cc33", "take", "--source", "ERM", *BY, *WHY, *DAY, data=data).text.replace("\u202f", " ")
    assert "806 → 1 434 (+628)" in text
    assert "ne change pas les ménages" in text


@pytest.mark.parametrize(
    "word", ["garder", "Keep", "keep the return", "garder la fiche", "accepter", "correct_by_region", "interroger"]
)
def test_words_of_both_languages_and_codes_are_understood(word: str, data: Path, cmp_idp: Command) -> None:
    result = cmp_idp("decide", "aa11aa11aa11", word, *BY, *WHY, *DAY, "--json", data=data)
    said = json.loads(result.out)
    assert (result.code, said["changes"], said["already"]) == (0, [], False)
    assert said["action"] in set(Action)


def test_asking_gives_a_day_to_answer_by(data: Path, cmp_idp: Command) -> None:
    cmp_idp("decide", "bb", "interroger", *BY, *WHY, *DAY, data=data)
    row = rows(data)["bb22bb22bb22"]
    assert (row["status"], row["owner"], str(row["due"])) == ("asked", "region", "2020-01-20")
    assert cmp_idp("discrepancies", MONTH, data=data).text.count("question posée") == 1


def test_the_same_decision_twice_is_there_once(data: Path, cmp_idp: Command) -> None:
    for said in ("enregistrée pour", "Déjà enregistrée sous le n° 1"):
        result = cmp_idp("decide", "aa", "garder", *BY, *WHY, *DAY, data=data)
        assert result.code == 0 and said in result.text
    assert count(data) == 1
    other = cmp_idp("decide", "aa", "accepter", *BY, *WHY, *DAY, data=data)
    assert "Elle remplace la décision n° 1" in other.text


def test_a_decision_is_taken_back_by_another(data: Path, cmp_idp: Command) -> None:
    cmp_idp("decide", "aa", "garder", *BY, *WHY, *DAY, data=data)
    result = cmp_idp("decide", "--undo", "1", *BY, "--reason", "Saisie sur la mauvaise ligne", *DAY, data=data)
    assert result.code == 0 and "elle reprend la décision n° 1" in result.text and "maintenant : ouvert" in result.text
    assert count(data) == 2, "nothing is erased"
    for number, said in (("1", "a déjà été reprise"), ("2", "en reprend déjà une autre"), ("9", "Il n'y a pas de décision n° 9")):
        again = cmp_idp("decide", "--undo", number, *BY, *WHY, *DAY, data=data)
        assert again.code == 1 and said in again.text
    assert count(data) == 2


def test_what_changed_reopens_and_quotes_the_old_decision(data: Path, cmp_idp: Command) -> None:
    cmp_idp("decide", "aa", "garder", *BY, *WHY, *DAY, data=data)
    with Store.open(Settings(data_dir=data).store_url) as store:
        run(store, [circulated(85000), frozen()])
    text = cmp_idp("discrepancies", MONTH, data=data).text
    assert "rouvert" in text
    assert (
        f"Rouvert : les chiffres ont changé depuis cette décision : garder la fiche, par Awa Traoré le 12/01/2020 : « {REASON} »."
        in text
    )


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("zz", "garder"), 1, "Aucun écart n'a la référence « zz »"),
        (("", "garder"), 1, "Aucun écart n'a la référence"),
        (("aa", "peut-être"), 2, "« peut-être » n'est pas une décision. Écrire garder, prendre, reconduire"),
        (("aa",), 2, "cmp-idp decide RÉFÉRENCE ACTION"),
        (("aa", "prendre"), 1, "Choisir parmi : Service local de Mopti"),
        (("aa", "prendre", "--source", "DTM"), 1, "« DTM » n'est pas une source de cet écart"),
        (("dd", "prendre", "--source", "DTM"), 1, "Aucune autre source ne donne ici de valeur à prendre"),
        (("cc", "exclure"), 1, "Il n'y a rien à exclure"),
        (("aa", "garder", "--date", "2019-12-01"), 1, "avant la fin du mois de référence"),
        (("aa", "garder", "--date", "demain"), 2, "n'est pas une date"),
        (("aa", "garder", "--period", MONTH), 2, "n'accompagnent que --group"),
        (("--undo", "1", "aa"), 2, "sans référence ni action"),
        (("--group", "small", "garder"), 2, "--period AAAA-MM"),
        (("--group", "tous", "--period", MONTH, "garder"), 2, "small ou frozen"),
        (("--group", "small", "--period", MONTH, "exclure"), 1, "cela se décide écart par écart"),
        (("--group", "frozen", "--period", MONTH, "garder"), 1, "--region NOM"),
        (("--group", "frozen", "--period", MONTH, "--region", "Gao", "garder"), 1, "Aucun effectif inchangé"),
    ],
)  # fmt: skip
def test_what_is_refused_says_why_and_writes_nothing(
    words: tuple[str, ...], code: int, said: str, data: Path, cmp_idp: Command
) -> None:
    result = cmp_idp("decide", *words, *BY, *WHY, data=data)
    assert (result.code, result.out) == (code, "")
    assert said in result.text
    assert count(data) == 0


def test_a_short_reference_must_mean_one(data: Path, cmp_idp: Command) -> None:
    with Store.open(Settings(data_dir=data).store_url) as store:
        run(store, [circulated(), circulated(key="aa11bb11bb11", place_id="R04")])
    result = cmp_idp("decide", "aa11", "garder", *BY, *WHY, data=data)
    assert result.code == 1 and "aa11aa11aa11 (Mopti, 2019-12), aa11bb11bb11 (Ségou, 2019-12)" in result.text


def test_all_that_is_wrong_is_told_at_once(data: Path, cmp_idp: Command) -> None:
    result = cmp_idp("decide", "aa", "prendre", "--by", "A", "--reason", "x", data=data)
    assert all(said in result.text for said in ("Il manque la source", "Il manque le nom", "trop court"))


def test_small_ones_are_answered_together(data: Path, cmp_idp: Command) -> None:
    result = cmp_idp("decide", "--group", "small", "--period", MONTH, "garder", *BY, *WHY, *DAY, data=data)
    assert result.code == 0
    assert "1 écart répondu en groupe (garder la fiche)" in result.text and "3 écarts restent à décider un par un" in result.text
    assert [row["id"] for row in rows(data).values() if row["status"] == "decided"] == ["dd44dd44dd44"]


def test_unchanged_counts_of_a_region_are_answered_together(data: Path, cmp_idp: Command) -> None:
    with Store.open(Settings(data_dir=data).store_url) as store:
        run(store, [frozen(), frozen(key="dd55dd55dd55", impact=9000, place_id="C025"), circulated()])
    words = ("--group", "frozen", "--period", MONTH, "--region", "Ségou", "accepter")
    said = json.loads(cmp_idp("decide", *words, *BY, *WHY, *DAY, "--json", data=data).out)
    assert sorted(item["id"] for item in said["recorded"]) == ["dd44dd44dd44", "dd55dd55dd55"]
    groups = {row["decisions"][0]["group_id"] for row in rows(data).values() if row["decisions"]}
    assert len(groups) == 1 and None not in groups


# --- the workbook of the meeting ----------------------------------------------------------------------------------------


def fill(path: Path, **cells: Any) -> None:
    book = openpyxl.load_workbook(path)
    for column, value in cells.items():
        book.worksheets[1].cell(FIRST + 1, meeting.at(column) + 1).value = value
    book.save(path)


def test_the_workbook_goes_out_and_comes_back(data: Path, cmp_idp: Command) -> None:
    path = data / "reunion.xlsx"
    out = cmp_idp("discrepancies", MONTH, "--export", path, data=data)
    assert (out.code, out.out) == (1, "") and "--import" in out.text
    empty = cmp_idp("discrepancies", MONTH, "--import", path, *BY, data=data)
    assert empty.code == 0 and "Aucune ligne n'est remplie" in empty.text
    fill(path, decision="garder", reason=REASON)
    for said in ("1 décision enregistrée.", "1 décision était déjà enregistrée"):
        back = cmp_idp("discrepancies", MONTH, "--import", path, *BY, *DAY, data=data)
        assert back.code == 0 and said in back.text
    assert count(data) == 1
    aside = cmp_idp("discrepancies", MONTH, "--export", path, data=data)
    assert "mis de côté" in aside.text


def test_one_wrong_cell_and_nothing_is_recorded(data: Path, cmp_idp: Command) -> None:
    path = data / "reunion.xlsx"
    cmp_idp("discrepancies", MONTH, "--export", path, data=data)
    fill(path, decision="garder", reason="ok", by="Awa Traoré")
    result = cmp_idp("discrepancies", MONTH, "--import", path, data=data)
    assert result.code == 1
    assert (
        "feuille À décider, cellule T5 : Il manque la date" in result.text
        and "cellule U5 : Le motif est trop court" in result.text
    )
    assert "2 cellules à corriger : rien n'a été enregistré." in result.text
    assert count(data) == 0
    machine = json.loads(cmp_idp("discrepancies", MONTH, "--import", path, "--json", data=data).out)
    assert (machine["recorded"], len(machine["problems"])) == ([], 2)


def test_wrong_usage_of_the_workbook(data: Path, cmp_idp: Command) -> None:
    (data / "autre.xlsx").write_bytes(b"rien")
    for words, said in (
        (("--export", "a.xlsx", "--import", "a.xlsx"), "pas les deux"),
        (("--export", "a.ods"), "doit finir par .xlsx"),
        (("--import", str(data / "absent.xlsx")), "introuvable"),
        (("--import", str(data / "autre.xlsx")), "n'est pas un classeur de la réunion"),
    ):
        result = cmp_idp("discrepancies", MONTH, *words, data=data)
        assert result.code == 2 and said in result.text


def test_neither_command_imports_prefect_or_pandas(data: Path) -> None:
    script = f"""
import contextlib, io, sys
from pipelines import cli
for command in (["discrepancies", "2019-12"], ["discrepancies", "2019-12", "--export", {str(data / "r.xlsx")!r}],
                ["discrepancies", "2019-12", "--import", {str(data / "r.xlsx")!r}],
                ["decide", "aa", "garder", "--by", "Awa Traoré", "--reason", "Liste vérifiée au téléphone"],
                ["decide", "--undo", "1", "--by", "Awa Traoré", "--reason", "Liste vérifiée au téléphone"]):
    sys.argv = ["cmp-idp", *command]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()), contextlib.suppress(SystemExit):
        cli.main()
    print(command[0], sorted({{"prefect", "pandas", "pandera", "openpyxl", "numpy"}} & set(sys.modules)))
"""
    environ = {**os.environ, "CMP_DATA_DIR": str(data)}
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environ, cwd=root, check=False)
    assert (done.stdout.splitlines(), done.stderr) == ([f"{name} []" for name in ("discrepancies",) * 3 + ("decide",) * 2], "")
    assert count(data) == 2


# --- into the draft -----------------------------------------------------------------------------------------------------


def test_a_decision_reaches_the_draft_and_leaves_it_again(tmp_path: Path, cmp_idp: Command) -> None:
    sample = Path(__file__).resolve().parents[2] / "data" / "raw" / MONTH
    shutil.copytree(sample, tmp_path / "raw" / MONTH)
    folder = Folder(tmp_path)

    def persons() -> Any:
        folder.consolidate()
        country = json.loads(cmp_idp("status", MONTH, "--json", data=tmp_path).out)["country"]
        return country["totals"]["idp"]["individual"]

    before = persons()
    [row] = [
        row for row in json.loads(cmp_idp("discrepancies", MONTH, "--json", data=tmp_path).out) if row["rule"] == "CIRCULATED_GAP"
    ]
    source = row["values"][1]["source"]
    said = json.loads(cmp_idp("decide", row["id"], "prendre", "--source", source, *BY, *WHY, "--json", data=tmp_path).out)
    assert said["changes"] == [{"unit": "individual", "before": row["values"][0]["value"], "after": row["values"][1]["value"]}]
    assert persons() == before + row["gap"]
    cmp_idp("decide", "--undo", str(said["decision"]), *BY, *WHY, data=tmp_path)
    assert persons() == before


def test_people_on_no_list_are_proposed_to_be_added(sample_dir: Path, cmp_idp: Command) -> None:
    text = cmp_idp("discrepancies", "2019-12", data=sample_dir).text
    assert "7 écarts ouverts. Les 3 premiers expliquent 90 % de la différence." in text
    assert "→ Ajouter ces personnes (action « prendre »)." in text
