"""Query letters: whose points each holds, what is asked, and what becomes of them when nothing is asked any more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from docx import Document

from pipelines.io import decisions, questions
from pipelines.io.agenda import points
from pipelines.io.correspondence import Calendar
from pipelines.io.letterhead import Sender
from pipelines.io.sheets import FIRST
from pipelines.io.store import Store
from pipelines.model import Finding
from schemas.codes import Action, Effect, Owner
from tests.months_disputed import (
    DECEMBER,
    DISPUTED,
    DUE,
    MEETING,
    MOPTI,
    circulated,
    copied,
    frozen,
    month,
    of_source,
    run,
    unregistered,
)
from tests.store.samples import NOW

SENDER = Sender("Ministère de la Santé et du Développement social", "La Directrice nationale")
CALENDAR = Calendar(DECEMBER, DUE, date(2019, 12, 31))


@pytest.fixture
def store(disputed: Path, tmp_path: Path) -> Iterator[Store]:
    with Store.open(copied(disputed, tmp_path).store_url) as opened:
        yield opened


def write(store: Store, folder: Path, calendar: Calendar = CALENDAR) -> questions.Written:
    return questions.write(folder, store, DECEMBER, calendar, SENDER)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file())


def text_of(path: Path) -> str:
    document = Document(str(path))
    tables = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    text = "\n".join([*(paragraph.text for paragraph in document.paragraphs), *tables])
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def lines_of(path: Path) -> list[dict[str, Any]]:
    page = openpyxl.load_workbook(path).worksheets[0]
    titles = [cell.value for cell in page[FIRST]]
    return [
        dict(zip(titles, (cell.value for cell in row), strict=True))
        for row in page.iter_rows(min_row=FIRST + 1)
        if row[0].value is not None
    ]


def test_each_has_a_workbook_and_a_letter_with_its_own_points_alone(store: Store, tmp_path: Path) -> None:
    written = write(store, tmp_path / "questions")
    assert [path.name for path in written.workbooks] == [
        "questions_2019-12_segou.xlsx", "questions_2019-12_mopti.xlsx", "questions_2019-12_dtm.xlsx",
    ]  # fmt: skip
    assert [path.suffix for path in written.letters] == [".docx"] * 3
    told = {path.stem: {line["Réf."] for line in lines_of(path)} for path in written.workbooks}
    assert told == {
        "questions_2019-12_segou": {frozen().key}, "questions_2019-12_mopti": {circulated().key, unregistered().key},
        "questions_2019-12_dtm": {of_source().key},
    }  # fmt: skip
    for path in written.letters:
        said = text_of(path)
        own = {item.key for item in DISPUTED if item.key in said}
        assert own == told[path.stem]


def test_a_letter_says_the_numbers_their_cells_and_until_when(store: Store, tmp_path: Path) -> None:
    said = text_of(write(store, tmp_path / "questions").letters[1])
    for part in (
        "RÉPUBLIQUE DU MALI", "Ministère de la Santé et du Développement social", "Directeur régional", "Mopti", "décembre 2019",
        "Sur les 2 points suivants", "fait circuler 84 000 individus", "80 000 individus", "fiche_mopti.xlsx, PDI, H4", "20/12/2019",
        "Dites lequel de ces chiffres est le bon", "Dites si ces personnes sont déjà dans votre fiche", "08/01/2020",
        "questions_2019-12_mopti.xlsx", "La Directrice nationale",
    ):  # fmt: skip
        assert part in said, part


def test_a_partner_is_addressed_by_name_and_one_point_in_the_singular(store: Store, tmp_path: Path) -> None:
    said = text_of(write(store, tmp_path / "questions").letters[2])
    assert "À l'attention de\nDTM" in said
    assert "Sur le point suivant" in said
    assert "Dites quel jour, dans quels lieux et comment" in said
    assert "Directeur régional" not in said


def test_without_a_day_no_day_is_threatened(store: Store, tmp_path: Path) -> None:
    said = text_of(write(store, tmp_path / "questions", Calendar(DECEMBER, None, date(2019, 12, 31))).letters[0])
    assert "dans les meilleurs délais" in said
    assert "Sans réponse à cette date" not in said


def test_what_was_answered_is_quoted_and_stays_inert(tmp_path: Path) -> None:
    finding = Finding("CIRCULATED_GAP", Effect.JUSTIFY, "PDI", "H4", 4, reply="=1+1 liste revue")
    with Store.open(month(tmp_path, [replace(circulated(), finding=finding)]).store_url) as store:
        written = write(store, tmp_path / "questions")
    assert lines_of(written.workbooks[0])[0]["Votre réponse"] == "'=1+1 liste revue"
    assert "« =1+1 liste revue »" in text_of(written.letters[0])


def test_what_the_directorate_itself_settles_is_asked_of_nobody(tmp_path: Path) -> None:
    items = [
        circulated(owner=Owner.DNDS),
        unregistered(owner=Owner.RRM, partner=None),
        of_source(place_id="ML", owner=Owner.REGION),
    ]
    with Store.open(month(tmp_path, items).store_url) as store:
        assert [one.name for one in questions.asked(points(store, DECEMBER, MEETING))] == [Owner.RRM.fr]


def test_two_whose_names_read_alike_are_told_apart(tmp_path: Path) -> None:
    items = [circulated(owner=Owner.PARTNER, partner="N.R.C."), of_source(partner="N R C")]
    with Store.open(month(tmp_path, items).store_url) as store:
        written = write(store, tmp_path / "questions")
    assert [path.stem for path in written.workbooks] == ["questions_2019-12_n-r-c", "questions_2019-12_n-r-c_2"]


def test_a_question_stays_while_it_is_asked_and_goes_when_it_is_settled(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "questions"
    write(store, folder)
    wanted = {point.id: point for point in points(store, DECEMBER, MEETING)}

    def decide(key: str, action: Action) -> None:
        item = decisions.Wanted(wanted[key], action, "Awa Traoré", MEETING, "Décidé en réunion de la CMP").written(8)
        store.decide_all([item], at=NOW, actor="dnds")

    decide(frozen().key, Action.KEEP)
    decide(circulated().key, Action.ASK_REGION)
    write(store, folder)
    assert names(folder) == [f"questions_2019-12_{who}.{kind}" for who in ("dtm", "mopti") for kind in ("docx", "xlsx")]
    run(store, ())
    write(store, folder)
    assert names(folder) == []


def test_a_workbook_in_which_somebody_wrote_is_set_aside(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "questions"
    path = write(store, folder).workbooks[0]
    book = openpyxl.load_workbook(path)
    book.worksheets[0]["I5"] = "Liste revue le 30 décembre"
    book.save(path)
    run(store, ())
    [aside] = write(store, folder).aside
    assert lines_of(aside)[0]["Votre réponse"] == "Liste revue le 30 décembre"


def test_the_same_register_gives_the_same_bytes(store: Store, tmp_path: Path) -> None:
    one, other = write(store, tmp_path / "a"), write(store, tmp_path / "b")
    assert [path.read_bytes() for path in one.paths] == [path.read_bytes() for path in other.paths]
    assert Document(BytesIO(one.letters[0].read_bytes())).core_properties.author == "DNDS"
    assert MOPTI in {point.region_id for point in points(store, DECEMBER, MEETING)}
