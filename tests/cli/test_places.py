"""`places match`, `review` and `confirm` as people type them: lists in, sheets out and back, and what is refused."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from pipelines.io import reference
from pipelines.io.place_names import label, labels
from schemas import fields
from tests.cli.conftest import Command
from tests.fiche import stock
from tests.flow.months import SEGOU, Folder, fiche_of
from tests.variants import LIST, WHY_SKIPPED

DAY = date(2019, 12, 28)
LINES = (
    ("Tomboutcou", "region", ""),
    ("menaka", "cercle", "Ménaka"),
    ("Almoustarat", "cercle_2023", "ML07"),
    ("Commune 2", "commune", "ML0901"),
    ("Djabali Koro", "Commune", "cercle de Niono"),
)


def listed(
    path: Path, *lines: tuple[str, ...], header: tuple[str, ...] = ("name", "level", "parent"), separator: str = ","
) -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as handle:
        csv.writer(handle, delimiter=separator).writerows([header, *lines])
    return path


# --- match --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_list_is_matched(separator: str, tmp_path: Path, cmp_idp: Command) -> None:
    path = listed(tmp_path / "liste.csv", *LINES, separator=separator)
    result = cmp_idp("places", "match", path, "--json", data=tmp_path)
    assert (result.code, result.err) == (1, "")
    found = json.loads(result.out)
    assert [set(row) for row in found] == [{"name", "level", "parent", "pcode", "method", "suggestions"}] * len(LINES)
    assert [(row["name"], row["level"], row["parent"]) for row in found] == list(LINES)
    assert [(row["pcode"], row["method"]) for row in found] == [
        ("ML06", "alias"), ("ML1001", "normalised"), ("ML0704", "alias"), ("ML090102", "normalised"), (None, "none"),
    ]  # fmt: skip
    assert found[4]["suggestions"][0] == {"pcode": "ML040401", "name": "Diabaly", "score": found[4]["suggestions"][0]["score"]}
    assert not any(row["suggestions"] for row in found[:4])
    assert [path.name for path in tmp_path.iterdir()] == ["liste.csv"], "nothing is stored"


def test_a_list_without_doubt_is_done(tmp_path: Path, cmp_idp: Command) -> None:
    path = listed(tmp_path / "liste.csv", *LINES[:4], ("", "", ""))
    assert cmp_idp("places", "match", path, "--json", data=tmp_path).code == 0
    shown = cmp_idp("places", "match", path, data=tmp_path)
    assert shown.code == 0
    assert "4 noms reconnus sur 4" in shown.text
    assert "Almoustrat (région de Gao)" in shown.text


def test_the_codes_are_those_of_the_list_asked_for(tmp_path: Path, cmp_idp: Command) -> None:
    path = listed(
        tmp_path / "liste.csv", ("Diéma", "cercle", "Kayes"), ("Yélimané", "cercle", ""), ("Diabaly", "commune", "Niono")
    )
    codes = {
        vintage: [
            row["pcode"]
            for row in json.loads(cmp_idp("places", "match", path, "--json", "--vintage", vintage, data=tmp_path).out)
        ]
        for vintage in ("cod-2015", "cod-2021", "cod-2025")
    }
    assert codes == {
        "cod-2015": ["ML0103", "ML0107", "ML040501"],
        "cod-2021": ["ML0102", "ML0107", "ML040401"],
        "cod-2025": ["ML1102", "ML0103", None],
    }


def test_a_place_without_a_code_in_the_list_is_for_a_person(tmp_path: Path, cmp_idp: Command) -> None:
    path = listed(tmp_path / "liste.csv", ("Diabaly", "commune", "Niono"))
    result = cmp_idp("places", "match", path, "--json", "--vintage", "cod-2025", data=tmp_path)
    [found] = json.loads(result.out)
    assert (result.code, found["pcode"], found["method"]) == (1, None, "exact")
    assert found["suggestions"] == [{"pcode": None, "name": "Diabaly", "score": 1.0}]
    assert "pas de code dans la liste cod-2025" in cmp_idp("places", "match", path, "--vintage", "cod-2025", data=tmp_path).text


def test_a_workbook_is_a_list_too(tmp_path: Path, cmp_idp: Command) -> None:
    book = openpyxl.Workbook()
    for row in (
        ("N°", "Parent", "NAME", "level"),
        (1, "Niono", "Diabaly", "commune"),
        (None, None, None, None),
        (2, None, "Gao", "région"),
    ):
        book.active.append(row)
    book.save(tmp_path / "liste.xlsx")
    result = cmp_idp("places", "match", tmp_path / "liste.xlsx", "--json", data=tmp_path)
    assert result.code == 0
    assert [row["pcode"] for row in json.loads(result.out)] == ["ML040401", "ML07"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("name;niveau\nGao;region\n", "il manque level, parent dans la première ligne"),
        ("name,level,parent\nGao,region,\nGao,village,\n", "Ligne 3 : « village » n'est pas un niveau"),
        ("name,level,parent\nGao,,\n", "Ligne 2 : «  » n'est pas un niveau"),
        ("", "n'a pas pu être lu"),
    ],
)
def test_a_list_that_cannot_be_used_is_wrong_usage(content: str, said: str, tmp_path: Path, cmp_idp: Command) -> None:
    (tmp_path / "liste.csv").write_text(content, "utf-8")
    result = cmp_idp("places", "match", tmp_path / "liste.csv", "--json", data=tmp_path)
    assert (result.code, result.out) == (2, "")
    assert " ".join(said.split()) in result.text


def test_wrong_usage_of_match(tmp_path: Path, cmp_idp: Command) -> None:
    path = listed(tmp_path / "liste.csv", *LINES)
    absent = cmp_idp("places", "match", tmp_path / "absente.csv", data=tmp_path)
    vintage = cmp_idp("places", "match", path, "--vintage", "cod-1999", data=tmp_path)
    (tmp_path / "faux.xlsx").write_bytes(b"rien")
    broken = cmp_idp("places", "match", tmp_path / "faux.xlsx", data=tmp_path)
    assert [result.code for result in (absent, vintage, broken)] == [2, 2, 2]
    assert "cod-2021" in vintage.text and "n'a pas pu être lu" in broken.text


def test_the_list_of_real_spellings(tmp_path: Path, cmp_idp: Command) -> None:
    """The same through the command, with the codes that the list itself gives: none wrong, 97 in 100 without a person."""
    if not LIST.exists():
        pytest.skip(WHY_SKIPPED)
    with LIST.open(encoding="utf-8", newline="") as handle:
        real = list(csv.DictReader(handle))
    path = listed(tmp_path / "liste.csv", *((row["variant"], row["level"], row["parent"]) for row in real))
    found = json.loads(cmp_idp("places", "match", path, "--json", data=tmp_path).out)
    pairs = [(row["pcode"].split()[0], item) for row, item in zip(real, found, strict=True)]
    assert [(code, item) for code, item in pairs if item["pcode"] not in (code, None)] == []
    left = [(code, item) for code, item in pairs if item["pcode"] is None]
    assert len(left) <= 0.03 * len(pairs)
    assert all(code in [s["pcode"] for s in item["suggestions"][:3]] for code, item in left)


# --- review and confirm -------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A month with a return of Ségou in which a commune, twice, and an origin are not recognised."""
    made = Folder(tmp_path / "data")
    fiche = fiche_of("Ségou", SEGOU)
    for table in (fields.IDP, fields.RETURNEE):
        fiche.add(table, **{**stock("Niono", "Djabali Koro", 60, 300, observed_on=DAY), "level": "commune"})
    fiche.add(fields.ORIGIN, cercle="Bla", level="cercle entier", origin_region="Moptipo", households=4, individuals=20)
    made.receive("segou.xlsx", fiche.workbook())
    made.consolidate()
    return made


def review(folder: Folder, cmp_idp: Command, *more: str | Path) -> tuple[int, list[dict[str, Any]]]:
    result = cmp_idp("places", "review", "--json", *more, data=folder.root)
    return result.code, json.loads(result.out)


def test_names_that_nobody_could_place_are_listed_once(folder: Folder, cmp_idp: Command) -> None:
    code, found = review(folder, cmp_idp)
    assert code == 1
    assert [(row["name"], row["level"], row["parent"], row["parent_pcode"], row["persons"]) for row in found] == [
        ("Djabali Koro", "commune", "Niono", "ML0404", 600), ("Moptipo", "region", None, None, 20),
    ]  # fmt: skip
    assert found[0]["where"] == [{"period": "2019-12", "file": "segou.xlsx", "sheet": "PDI", "cell": "B5"}]
    assert found[0]["suggestions"][0]["name"] == "Diabaly"
    assert review(folder, cmp_idp, "2019-12")[1] == found
    assert review(folder, cmp_idp, "2019-11") == (0, [])
    shown = cmp_idp("places", "review", data=folder.root)
    assert shown.code == 1
    assert "2 noms de lieux à confirmer" in shown.text and "segou.xlsx › PDI › B5" in shown.text


def test_a_confirmed_name_is_recorded_with_who_decided(folder: Folder, cmp_idp: Command) -> None:
    said = (
        "places",
        "confirm",
        "Djabali Koro",
        "Diabaly",
        "--by",
        "A. Traoré, DRDSES",
        "--reason",
        "appel",
        "--date",
        "2020-01-10",
    )
    first = cmp_idp(*said, data=folder.root)
    assert (first.code, first.err) == (0, "")
    assert "« Djabali Koro » sera lu comme Diabaly (cercle de Niono)" in first.text
    kept = "SELECT level, parent_id, place_id, source, confirmed_by, confirmed_on FROM place_alias WHERE alias = 'Djabali Koro'"
    assert folder.query(kept) == [("commune", "C025", "K424", "appel", "A. Traoré, DRDSES", "2020-01-10")]
    [(actor, details)] = folder.query("SELECT actor, details FROM audit_event WHERE action = 'place_alias.confirmed'")
    assert actor == "A. Traoré, DRDSES" and json.loads(details)["place_id"] == "K424"
    again = cmp_idp(*said, data=folder.root)
    assert again.code == 0 and "déjà confirmé" in again.text and "10/01/2020" in again.text
    assert folder.query("SELECT count(*) FROM audit_event WHERE action = 'place_alias.confirmed'") == [(1,)]
    code, left = review(folder, cmp_idp)
    assert (code, [row["name"] for row in left]) == (1, ["Moptipo"])
    assert "relancer « cmp-idp consolidate »" in cmp_idp("places", "review", data=folder.root).text


def test_a_confirmed_name_is_used_by_validate_and_match(folder: Folder, cmp_idp: Command, tmp_path: Path) -> None:
    cmp_idp("places", "confirm", "Djabali Koro", "ML040401", "--by", "A. T.", data=folder.root)
    path = listed(tmp_path / "liste.csv", ("djabali-koro", "commune", "Niono"))
    [found] = json.loads(cmp_idp("places", "match", path, "--json", data=folder.root).out)
    assert (found["pcode"], found["method"]) == ("ML040401", "alias")
    fiche = folder.root / "raw" / "2019-12" / "returns" / "segou.xlsx"
    [report] = json.loads(cmp_idp("validate", fiche, "--json", data=folder.root).out)["files"]
    codes = {finding["cell"]: finding["code"] for finding in report["findings"] if finding["sheet"] == "PDI"}
    assert codes["B5"] == "NAME_ALIAS"


def test_a_name_may_be_confirmed_before_the_first_consolidation(tmp_path: Path, cmp_idp: Command) -> None:
    assert cmp_idp("places", "confirm", "Djabali Koro", "Diabaly", "--by", "A. T.", data=tmp_path).code == 0
    path = listed(tmp_path / "liste.csv", ("Djabali Koro", "commune", "Niono"))
    assert cmp_idp("places", "match", path, data=tmp_path).code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("Commune 2", "Commune I"), "est le nom officiel d'un autre lieu, Commune II (cercle de Bamako)"),
        (("Comune 2", "Commune I"), "Deux lieux numérotés ne doivent jamais être confondus"),
        (("Kiffosso", "Kiffosso 1"), "la région doit écrire le numéro"),
        (("Dioro", "Diabaly"), "est le nom officiel d'un autre lieu, Dioro (cercle de Ségou)"),
        (("Baroueli", "Diabaly", "--level", "commune", "--parent", "Barouéli"), "déjà confirmé comme Baraouéli (cercle de Barouéli) (par ACLED)"),
        (("Kala", "Atlantide"), "le lieu « Atlantide » n'existe pas"),
        (("Kala", "Diabaly", "--parent", "Atlantide"), "« Atlantide » n'est pas un lieu connu au-dessus"),
        (("Kala", "Niono"), "désigne plusieurs lieux (Niono (région de Ségou), cercle, ML0404 ; Niono (cercle de Niono), commune"),
        (("Kala", "ML0404", "--level", "commune"), "est un nom de niveau commune, mais Niono (région de Ségou) est de niveau cercle"),
        (("Diédougou", "K144", "--parent", "Mali"), "plusieurs lieux s'appellent « Diédougou »"),
        (("Commune de", "Diabaly"), "ne contient aucun nom"),
    ],
)  # fmt: skip
def test_what_is_ambiguous_is_refused(words: tuple[str, ...], said: str, folder: Folder, cmp_idp: Command) -> None:
    before = folder.query("SELECT count(*) FROM place_alias")
    result = cmp_idp("places", "confirm", *words, "--by", "A. T.", data=folder.root)
    assert result.code == 1
    assert "Refusé" in result.text and said in result.text
    assert folder.query("SELECT count(*) FROM place_alias") == before


def test_a_confirmation_does_not_contradict_another(folder: Folder, cmp_idp: Command) -> None:
    cmp_idp("places", "confirm", "Kala Nord", "Diabaly", "--by", "A. T.", "--date", "2020-01-10", data=folder.root)
    other = cmp_idp("places", "confirm", "KALA-NORD", "Sokolo", "--by", "B. D.", data=folder.root)
    assert other.code == 1 and "(par A. T., 10/01/2020)" in other.text
    elsewhere = cmp_idp("places", "confirm", "Kala Nord", "Dialassagou", "--by", "B. D.", data=folder.root)
    assert elsewhere.code == 0, "another cercle may have a place called so"


def test_what_is_read_already_needs_no_confirmation(folder: Folder, cmp_idp: Command) -> None:
    result = cmp_idp("places", "confirm", "commune de DIABALI", "Diabaly", "--by", "A. T.", data=folder.root)
    assert result.code == 0 and "rien à confirmer" in result.text


@pytest.mark.parametrize(
    "words",
    [("Kala",), ("Kala", "Diabaly", "--by", " "), ("Kala", "Diabaly", "--by", "A", "--level", "village"), ("Kala", "Diabaly"),
     ("absent.xlsx", "--by", "A"), ("Kala", "Diabaly", "--by", "A", "--date", "hier")],
    ids=" ".join,
)  # fmt: skip
def test_wrong_usage_of_confirm(words: tuple[str, ...], tmp_path: Path, cmp_idp: Command) -> None:
    result = cmp_idp("places", "confirm", *words, data=tmp_path)
    assert (result.code, result.out) == (2, "")
    assert result.err.strip() and list(tmp_path.iterdir()) == []


def test_review_before_the_first_consolidation(tmp_path: Path, cmp_idp: Command) -> None:
    result = cmp_idp("places", "review", data=tmp_path)
    assert result.code == 1 and "cmp-idp consolidate" in result.text


# --- the sheet ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def sheet(folder: Folder, cmp_idp: Command, tmp_path: Path) -> Path:
    path = tmp_path / "revue.xlsx"
    cmp_idp("places", "review", "--out", path, data=folder.root)
    return path


def fill(path: Path, name: str, **answers: Any) -> None:
    book = openpyxl.load_workbook(path)
    page = book.worksheets[0]
    titles = {page.cell(4, column).value: column for column in range(1, page.max_column + 1)}
    [row] = [row for row in range(5, page.max_row + 1) if page.cell(row, 1).value == name]
    for title, value in answers.items():
        page.cell(row, titles[title.replace("_", " ")]).value = value
    book.save(path)


def test_the_sheet_offers_suggestions_and_every_official_name(sheet: Path) -> None:
    book = openpyxl.load_workbook(sheet)
    page, lists = book.worksheets
    assert [page.cell(4, column).value for column in range(1, 11)] == [
        "Nom écrit", "Niveau", "Cherché dans", "Personnes", "Où il est écrit", "Propositions", "Décision", "Décidé par", "Le", "Pourquoi",
    ]  # fmt: skip
    assert [page.cell(5, column).value for column in (1, 2, 3, 4)] == ["Djabali Koro", "commune", "Niono (région de Ségou)", 600]
    assert lists.sheet_state == "hidden"
    [rule] = [rule for rule in page.data_validations.dataValidation if "G5" in str(rule.sqref)]
    assert rule.type == "list" and "Listes" in rule.formula1
    offered = [cell.value for cell in lists["A"] if cell.value]
    assert offered[0] == "Diabaly (cercle de Niono)" and len(offered) == len(set(offered)) == 701
    assert page.page_setup.orientation == "landscape" and page.print_title_rows == "$4:$4"


def test_a_filled_sheet_is_read_back(folder: Folder, sheet: Path, cmp_idp: Command) -> None:
    fill(
        sheet,
        "Djabali Koro",
        Décision="Diabaly (cercle de Niono)",
        Décidé_par="B. Diarra",
        Le=date(2020, 1, 9),
        Pourquoi="mairie",
    )
    result = cmp_idp("places", "confirm", sheet, "--by", "Point focal", "--date", "2020-01-12", data=folder.root)
    assert result.code == 0
    assert folder.query("SELECT place_id, source, confirmed_by, confirmed_on FROM place_alias WHERE alias = 'Djabali Koro'") == [
        ("K424", "mairie", "B. Diarra", "2020-01-09")
    ]
    again = cmp_idp("places", "confirm", sheet, "--by", "Point focal", data=folder.root)
    assert again.code == 0 and "déjà confirmé" in again.text
    assert [row["name"] for row in review(folder, cmp_idp)[1]] == ["Moptipo"]


def test_what_a_sheet_says_wrong_is_told_by_cell_and_the_rest_is_taken(folder: Folder, sheet: Path, cmp_idp: Command) -> None:
    fill(sheet, "Djabali Koro", Décision="Diabaly (cercle de Niono)", Le="avant-hier")
    fill(sheet, "Moptipo", Décision="Mopti")
    result = cmp_idp("places", "confirm", sheet, "--by", "Point focal", data=folder.root)
    assert result.code == 1
    assert "Noms de lieux à confirmer G5 : Refusé : « avant-hier » n'est pas une date" in result.text
    assert "1 confirmations enregistrées" in result.text
    fill(sheet, "Djabali Koro", Décision="Kala Nord", Le=None)
    unknown = cmp_idp("places", "confirm", sheet, "--by", "Point focal", data=folder.root)
    assert unknown.code == 1 and "le lieu « Kala Nord » n'existe pas" in unknown.text


def test_a_sheet_without_decisions_or_another_workbook(folder: Folder, sheet: Path, cmp_idp: Command) -> None:
    empty = cmp_idp("places", "confirm", sheet, "--by", "Point focal", data=folder.root)
    assert empty.code == 1 and "Aucune décision dans ce classeur" in empty.text
    other = folder.root / "raw" / "2019-12" / "returns" / "segou.xlsx"
    result = cmp_idp("places", "confirm", other, "--by", "Point focal", data=folder.root)
    assert (result.code, result.out) == (2, "") and "n'est pas un classeur de « places review »" in result.text


def test_a_sheet_written_in_english_is_read_back_in_french(folder: Folder, cmp_idp: Command, tmp_path: Path) -> None:
    path = tmp_path / "review.xlsx"
    cmp_idp("places", "review", "--out", path, "--lang", "en", data=folder.root)
    fill(path, "Djabali Koro", Decision="Diabaly (cercle of Niono)")
    assert cmp_idp("places", "confirm", path, "--by", "Point focal", data=folder.root).code == 0


def test_the_same_names_give_the_same_bytes_and_a_filled_sheet_is_kept(
    folder: Folder, sheet: Path, cmp_idp: Command, tmp_path: Path
) -> None:
    other = tmp_path / "autre.xlsx"
    cmp_idp("places", "review", "--out", other, data=folder.root)
    assert other.read_bytes() == sheet.read_bytes()
    fill(sheet, "Moptipo", Décision="Mopti")
    filled = sheet.read_bytes()
    result = cmp_idp("places", "review", "--out", sheet, data=folder.root)
    assert "mis de côté" in result.text
    assert (tmp_path / "revue_notes-1.xlsx").read_bytes() == filled and sheet.read_bytes() == other.read_bytes()


def test_labels_tell_every_place_from_its_namesakes() -> None:
    gazetteer = reference.gazetteer()
    for level in ("region", "cercle", "commune"):
        places = {place.place_id for vintage in gazetteer.vintages for place in gazetteer.places(level, vintage)}
        assert set(labels(gazetteer, level).values()) == places
        assert all(gazetteer.place(place).name in label(gazetteer, place) for place in places)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("Kita", "R01"), "est le nom officiel d'un autre lieu"),
        (("Bafoulabé", "R07"), "est le nom officiel d'un autre lieu"),
        (("Kaïes ville", "Kayes"), "désigne plusieurs lieux"),
        (("noms-absents.xlsx",), "Fichier introuvable : noms-absents.xlsx"),
    ],
)
def test_a_name_that_means_another_place_at_any_level_is_refused(
    arguments: tuple[str, ...], said: str, tmp_path: Path, cmp_idp: Command
) -> None:
    result = cmp_idp("places", "confirm", *arguments, "--by", "Agent A", data=tmp_path)
    assert result.code in (1, 2)
    assert said in result.out + result.err
