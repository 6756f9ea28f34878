"""The workbook of the meeting: what it shows, that it prints whole, and how each filled cell is read back."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from pipelines.io import decisions, meeting, meeting_filled
from pipelines.io.agenda import Agenda, action_meant, agenda, part, summary
from pipelines.io.meeting import at, workbook, write_meeting
from pipelines.io.sheets import FIRST
from pipelines.io.store import Store
from pipelines.model import Period
from schemas import texts
from schemas.codes import Action
from tests.months_disputed import (
    DECEMBER,
    DISPUTED,
    MEETING,
    REASON,
    circulated,
    copied,
    frozen,
    later,
    month,
    of_source,
    run,
    unregistered,
)
from tests.store.samples import PUBLICATION

TODAY = date(2020, 1, 20)
NOW = datetime(2020, 1, 20, 9, tzinfo=UTC)
SHEETS = [
    "Synthèse", "À décider", "Événements", "Couverture", "Non comparables", "Déplacements secondaires", "Décisions prises", "Listes",
]  # fmt: skip
KEEP, TAKE = Action.KEEP.fr, Action.TAKE_SOURCE.fr


@pytest.fixture
def store(disputed: Path, tmp_path: Path) -> Iterator[Store]:
    with Store.open(copied(disputed, tmp_path).store_url) as opened:
        yield opened


def seen(store: Store, day: date = PUBLICATION) -> Agenda:
    return agenda(store, DECEMBER, day)


def book_of(content: bytes) -> Any:
    return openpyxl.load_workbook(BytesIO(content))


def row_of(page: Any, reference: str) -> int:
    return next(row for row in range(FIRST + 1, page.max_row + 1) if page.cell(row, at(meeting.REFERENCE) + 1).value == reference)


Lines = dict[str, dict[str, Any]]


def filled(store: Store, path: Path, lines: Lines, change: Callable[[Any], None] = lambda _: None, lang: str = "fr") -> Path:
    """The workbook of the month with some cells of some lines filled in: reference -> column -> value."""
    book = book_of(workbook(seen(store), lang))
    page = book.worksheets[1]
    for reference, cells in lines.items():
        row = row_of(page, reference)
        for column, value in cells.items():
            page.cell(row, at(column) + 1).value = value
    change(page)
    book.save(path)
    return path


def read(store: Store, path: Path, by: str | None = None, on: date | None = None, lang: str = "fr") -> meeting_filled.Filled:
    return meeting_filled.read_meeting(path, DECEMBER, seen(store).points, by=by, on=on, today=TODAY, lang=lang)


def decided(**changes: Any) -> dict[str, Any]:
    return {"decision": KEEP, "by": "Awa Traoré", "on": MEETING, "reason": REASON, **changes}


def record(store: Store, path: Path) -> tuple[int, int]:
    new, known = decisions.record_all(store, read(store, path).wanted, by=None, at=NOW, answer_days=8)
    return len(new), len(known)


# --- what it shows ------------------------------------------------------------------------------------------------------


def test_its_sheets_and_the_order_of_its_lines(store: Store) -> None:
    book = book_of(workbook(seen(store)))
    assert book.sheetnames == SHEETS
    assert book["Listes"].sheet_state == "hidden"
    page = book["À décider"]
    told = [
        [page.cell(row, at(column) + 1).value for column in ("number", "reference", "gap")] for row in range(FIRST + 1, FIRST + 5)
    ]
    assert told == [
        [1, "aa11aa11aa11", 4000], [2, "bb22bb22bb22", -3000], [3, "cc33cc33cc33", 628], [4, "dd44dd44dd44", 0],
    ]  # fmt: skip
    assert "fiche_mopti.xlsx, PDI, H4" in page.cell(FIRST + 1, at("return") + 1).value
    assert page.column_dimensions["V"].hidden, "the fingerprint is not for people"


def test_every_line_has_the_actions_that_are_possible_and_its_own_sources(store: Store) -> None:
    book = book_of(workbook(seen(store)))
    page, lists = book["À décider"], book["Listes"]
    offered: dict[str, list[Any]] = {}
    for validation in page.data_validations.dataValidation:
        if validation.type == "list":
            cells = re.findall(r"\$([A-Z]+)\$(\d+)", validation.formula1)
            words = [lists[f"{cells[0][0]}{row}"].value for row in range(int(cells[0][1]), int(cells[-1][1]) + 1)]
            for cell in str(validation.sqref).split():
                offered[cell] = words
    first, last = row_of(page, "bb22bb22bb22"), row_of(page, "cc33cc33cc33")
    assert offered[f"R{first}"] == ["DTM", "NRC"]
    assert offered[f"Q{first}"] == [action.fr for action in Action]
    assert Action.EXCLUDE.fr not in offered[f"Q{last}"], "people who come on top take no number away"


def test_the_other_sheets_hold_what_they_say(store: Store) -> None:
    store.decide_all(
        [decisions.Wanted(seen(store).points[3], Action.KEEP, "Awa Traoré", MEETING, REASON).written(8)], at=NOW, actor="dnds"
    )
    book = book_of(workbook(seen(store)))
    text = {
        page.title: " | ".join(str(cell.value) for row in page.iter_rows() for cell in row if cell.value is not None)
        for page in book
    }
    assert (
        "ML-0412, ML-0418" in text["Événements"] and "400 à 540" in text["Événements"] and "attaque armée" in text["Événements"]
    )
    assert "ne compte qu'une partie ; la fiche (806 ménages) compte le tout" in text["Non comparables"]
    assert "Bankass (région de Mopti) | Mopti | 25 | 150" in text["Déplacements secondaires"]
    assert f"garder la fiche | Awa Traoré | 2020-01-12 00:00:00 | {REASON} | en vigueur" in text["Décisions prises"]
    assert "3 écarts ouverts." in text["Synthèse"] and "Effectifs inchangés d'une région | 0 | 0 | 0 | 1 | 0" in text["Synthèse"]


def test_the_cover_shows_the_gaps_before_what_is_covered(store: Store) -> None:
    page = book_of(workbook(seen(store)))["Couverture"]
    lines = [[cell.value for cell in row] for row in page.iter_rows(min_row=FIRST + 1)]
    assert lines == [
        ["Mopti", "Bankass", "abri", "aucun acteur", 806, 806, 2, 2, 0, None],
        ["Mopti", "Bankass", "vivres / sécurité alimentaire", "en partie", 806, 628, 1, 1, 1, "'=NRC"],
        ["Ségou", "Niono", "gestion des sites", "couvert", 12000, 0, None, None, 2, "CRS, NRC"],
        ["Ségou", "Niono", "eau, hygiène et assainissement", "acteur présent", None, None, None, None, 1, "NRC"],
    ]
    colours = [page.cell(row, 4).fill.fgColor.rgb[-6:] for row in range(FIRST + 1, FIRST + 5)]
    assert colours[0] != colours[1] and set(colours[2:]) == {"000000"}, "only gaps are coloured"
    there = agenda(store, DECEMBER, PUBLICATION, region_id="R04").cover
    assert {line.sector for line in there} == {"cccm", "wash"}


def test_a_quiet_month_says_so_on_every_sheet(tmp_path: Path) -> None:
    with Store.open(month(tmp_path, ()).store_url) as store:
        found = seen(store)
        book = book_of(workbook(Agenda(found.period, found.day, ())))
    for page in book.worksheets[1:7]:
        assert page.cell(FIRST + 1, 1).value.endswith("."), page.title
    assert summary(()) == "Aucun écart ouvert."


def test_a_text_that_would_run_is_inert(tmp_path: Path) -> None:
    values = (of_source().values[0], *(type(value)("=HYPERLINK(1)", *list_of(value)) for value in of_source().values[1:2]))
    with Store.open(month(tmp_path, [of_source(values=values, partner="@SUM(1)")]).store_url) as store:
        page = book_of(workbook(seen(store)))["À décider"]
        assert page.cell(FIRST + 1, at("owner") + 1).value == "'@SUM(1)"
        assert page.cell(FIRST + 1, at("others") + 1).value.startswith("'=HYPERLINK(1) : 9")
        path = filled(store, tmp_path / "r.xlsx", {"bb22bb22bb22": decided(decision=TAKE, source="'=HYPERLINK(1)")})
        [wanted] = read(store, path).wanted
        assert wanted.source == "=HYPERLINK(1)"


def list_of(value: Any) -> list[Any]:
    return [getattr(value, name) for name in ("value", "unit", "as_of", "where", "source_id", "takes")]


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_same_agenda_gives_the_same_bytes(store: Store, lang: str) -> None:
    assert workbook(seen(store), lang) == workbook(seen(store), lang)


def test_the_english_edition_holds_no_french(store: Store) -> None:
    book = book_of(workbook(seen(store), "en"))
    assert book.sheetnames[:2] == ["Overview", "To decide"]
    text = " ".join(str(cell.value) for page in book for row in page.iter_rows() for cell in row if cell.value is not None)
    assert "Keep the return" in text and "does not contradict" not in text
    assert not re.search(r"\b(écart|région de|cercle de|individus|ménages|personnes|aucune?)\b", text)


def test_notes_are_never_overwritten(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "reunion.xlsx"
    assert write_meeting(path, seen(store)) is None
    assert write_meeting(path, seen(store)) is None
    filled(store, path, {"aa11aa11aa11": decided()})
    aside = write_meeting(path, seen(store))
    assert aside is not None and len(read(store, aside).wanted) == 1


def test_after_the_deadline_it_says_to_whom_it_goes(store: Store) -> None:
    for day, said in ((PUBLICATION, "la direction nationale relance"), (later(3), "la commission est saisie")):
        assert said in book_of(workbook(seen(store, day)))["À décider"].cell(FIRST + 1, at("answered") + 1).value


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed here")
def test_it_prints_on_landscape_pages(store: Store, tmp_path: Path) -> None:
    (tmp_path / "r.xlsx").write_bytes(workbook(seen(store)))
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    subprocess.run(
        ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), str(tmp_path / "r.xlsx")],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    printed = (tmp_path / "r.pdf").read_bytes()
    assert all(float(wide) > float(high) for wide, high in re.findall(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", printed))
    pages = re.findall(rb"/Type\s*/Page\b(?!s)", printed)
    assert len(pages) == 8, "one page a sheet, and the lines to decide on two side by side"


# --- what is read back --------------------------------------------------------------------------------------------------


def test_filled_lines_are_recorded_once(store: Store, tmp_path: Path) -> None:
    lines = {"aa11aa11aa11": decided(), "bb22bb22bb22": decided(decision="prendre", source="dtm"),
             "cc33cc33cc33": decided(decision="INTERROGER", on="12/01/2020")}  # fmt: skip
    path = filled(store, tmp_path / "r.xlsx", lines)
    assert read(store, path).problems == []
    assert record(store, path) == (3, 0)
    assert record(store, path) == (0, 3), "the same file read twice records nothing new"
    held = {decision.discrepancy_id: decision for decision in store.decisions(DECEMBER)}
    assert len(held) == 3
    taken = held["bb22bb22bb22"]
    assert (taken.action, taken.source, taken.households, taken.individuals) == (Action.TAKE_SOURCE, "DTM", 1800, 9000)
    asked = next(row for row in store.discrepancies(DECEMBER) if row["id"] == "cc33cc33cc33")
    assert (asked["status"], asked["owner"], asked["due"]) == ("asked", "region", date(2020, 1, 20))


def test_lines_may_be_sorted_moved_and_deleted_and_columns_too(store: Store, tmp_path: Path) -> None:
    def stir(page: Any) -> None:
        page.move_range(f"A{FIRST + 1}:V{FIRST + 1}", rows=20)
        page.delete_rows(FIRST + 3)
        page.insert_rows(2)
        page.insert_cols(3)

    path = filled(store, tmp_path / "r.xlsx", {"aa11aa11aa11": decided()}, stir)
    result = read(store, path)
    assert result.problems == []
    assert [wanted.point.id for wanted in result.wanted] == ["aa11aa11aa11"]


def test_who_and_when_stand_in_for_empty_cells(store: Store, tmp_path: Path) -> None:
    path = filled(store, tmp_path / "r.xlsx", {"aa11aa11aa11": decided(by=None, on=None), "dd44dd44dd44": {"by": "Awa Traoré"}})
    [wanted] = read(store, path, by="Moussa Diarra", on=MEETING).wanted
    assert (wanted.by, wanted.on) == ("Moussa Diarra", MEETING)
    assert len(read(store, path).problems) == 2


def test_a_workbook_in_english_is_read_by_a_run_in_french(store: Store, tmp_path: Path) -> None:
    path = filled(store, tmp_path / "r.xlsx", {"aa11aa11aa11": decided(decision=Action.KEEP.en)}, lang="en")
    assert [wanted.action for wanted in read(store, path).wanted] == [Action.KEEP]


REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "unknown word": (decided(decision="peut-être"), "Q", "« peut-être » n'est pas une décision connue"),
    "not possible": (decided(decision="exclure"), "Q", "Il n'y a rien à exclure"),
    "no decision": (decided(decision=None), "Q", "Il manque la décision"),
    "no source": (decided(decision=TAKE), "R", "Il manque la source"),
    "another's source": (decided(decision=TAKE, source="DTM"), "R", "« DTM » n'est pas une source de cet écart"),
    "source of no use": (decided(source="ERM"), "R", "ne sert pas à « garder la fiche »"),
    "nobody": (decided(by=None), "S", "Il manque le nom"),
    "no day": (decided(on=None), "T", "Il manque la date"),
    "no date": (decided(on="mardi"), "T", "« mardi » n'est pas une date"),
    "before the month": (decided(on=date(2019, 12, 12)), "T", "avant la fin du mois de référence"),
    "not yet": (decided(on=date(2020, 2, 1)), "T", "n'est pas encore arrivée"),
    "no reason": (decided(reason=None), "U", "Il manque le motif"),
    "hardly a reason": (decided(reason="ok"), "U", "trop court"),
    "an error": (decided(by="#REF!"), "S", "une erreur d'Excel (#REF!)"),
    "a formula": (decided(reason="=A1"), "U", "une formule qui n'a jamais été calculée"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_wrong_cell_is_told_once_and_nothing_is_recorded(case: str, store: Store, tmp_path: Path) -> None:
    cells, letter, said = REFUSED[case]
    path = filled(store, tmp_path / "r.xlsx", {"aa11aa11aa11": decided(), "cc33cc33cc33": cells})
    [problem] = read(store, path).problems
    where, _, what = problem.partition(" : ")
    assert where == f"feuille À décider, cellule {letter}{FIRST + 3}"
    assert said in what
    assert what.endswith("."), "and says what to do"


def test_every_wrong_cell_of_a_line_is_told(store: Store, tmp_path: Path) -> None:
    path = filled(store, tmp_path / "r.xlsx", {"aa11aa11aa11": {"decision": "non", "on": "hier", "reason": "?"}})
    assert [problem.partition(" : ")[0][-2:] for problem in read(store, path).problems] == ["Q5", "S5", "T5", "U5"]


def test_a_reference_that_is_unknown_or_gone(store: Store, tmp_path: Path) -> None:
    for value, said in (("ffffffffffff", "n'est la référence d'aucun écart de 2019-12"), (None, "a disparu")):
        path = filled(store, tmp_path / "r.xlsx", {"aa11aa11aa11": decided(reference=value)})
        [problem] = read(store, path).problems
        assert said in problem and f"cellule B{FIRST + 1}" in problem


def test_values_that_changed_since_the_export(store: Store, tmp_path: Path) -> None:
    path = filled(store, tmp_path / "r.xlsx", {"aa11aa11aa11": decided(), "dd44dd44dd44": decided()})
    run(store, [circulated(85000), frozen()])
    result = read(store, path)
    assert len(result.problems) == 1 and "les chiffres ont changé depuis l'export" in result.problems[0]
    assert [wanted.point.id for wanted in result.wanted] == ["dd44dd44dd44"]


def test_two_lines_about_one_discrepancy(store: Store, tmp_path: Path) -> None:
    def copied(page: Any) -> None:
        for column in range(1, page.max_column + 1):
            page.cell(FIRST + 9, column).value = page.cell(FIRST + 1, column).value

    def contradicted(page: Any) -> None:
        copied(page)
        page.cell(FIRST + 9, at("decision") + 1).value = "accepter"

    same = read(store, filled(store, tmp_path / "r.xlsx", {"aa11aa11aa11": decided()}, copied))
    assert (len(same.wanted), same.problems) == (1, [])
    [problem] = read(store, filled(store, tmp_path / "r.xlsx", {"aa11aa11aa11": decided()}, contradicted)).problems
    assert "ligne 5" in problem


def test_a_decision_taken_back_is_not_taken_again_by_an_old_file(store: Store, tmp_path: Path) -> None:
    path = filled(store, tmp_path / "r.xlsx", {"aa11aa11aa11": decided()})
    record(store, path)
    decisions.undo(store, 1, by="Awa Traoré", on=MEETING, reason="Saisie sur la mauvaise ligne", today=TODAY, at=NOW)
    [problem] = read(store, path).problems
    assert "a été reprise depuis" in problem
    again = filled(store, tmp_path / "r.xlsx", {"aa11aa11aa11": decided(reason="Confirmé par la région au téléphone")})
    assert record(store, again) == (1, 0)


def test_another_workbook_is_no_workbook_of_the_meeting(store: Store, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.save(tmp_path / "autre.xlsx")
    (tmp_path / "faux.xlsx").write_bytes(b"rien")
    for name in ("autre.xlsx", "faux.xlsx"):
        with pytest.raises(meeting_filled.MeetingError, match="n'est pas un classeur de la réunion"):
            read(store, tmp_path / name)


# --- words --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", Action)
def test_an_action_goes_by_word_label_and_code(action: Action) -> None:
    words = [
        str(action),
        action.fr,
        action.en.upper(),
        texts.message(f"action_word_{action}"),
        texts.message(f"action_word_{action}", "en"),
    ]
    assert {action_meant(word) for word in words} == {action}
    assert action_meant("peut-être") is None


def test_a_share_too_small_to_show_is_not_told_as_nothing() -> None:
    assert part(0.0002) == "moins de 0,1 %".replace(" %", "\u00a0%")
    assert part(0.0) == "0\u00a0%"
    assert part(None) == "part inconnue"


def test_every_rule_that_makes_discrepancies_has_a_title() -> None:
    rules = [code for code, rule in texts.rules().items() if rule.owner is not None]
    assert len(rules) >= len(DISPUTED)
    for lang in texts.LANGUAGES:
        titles = [texts.message(f"rule_title_{code}", lang) for code in rules]
        assert len(set(titles)) == len(rules)


def test_numbers_are_those_of_the_whole_country(store: Store) -> None:
    mopti = agenda(store, DECEMBER, PUBLICATION, region_id="R05")
    assert [point.number for point in mopti.points] == [1, 3]
    assert unregistered().key in {point.id for point in mopti.points}
    assert agenda(store, Period(2019, 10), PUBLICATION).points == ()
