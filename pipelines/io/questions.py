"""Query letters: what a regional directorate or a partner is asked about a month, one letter and one workbook each, with their own
open points and nobody else's. In French. The same register gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

from docx.document import Document as Docx
from docx.shared import Cm, Pt
from docx.table import Table, _Cell

from pipelines.io import agenda as told
from pipelines.io.agenda import Point
from pipelines.io.archive import normalise_zip
from pipelines.io.correspondence import Calendar
from pipelines.io.exports import inert, withdraw_workbooks_of_people, write_workbook_of_people
from pipelines.io.letterhead import Sender, address, blank, finish, letterhead, say, sign
from pipelines.io.returned import clean
from pipelines.io.sheets import Column, Heading, Sheets
from pipelines.io.store import Store
from pipelines.model import Period
from schemas import texts
from schemas.cells import plain
from schemas.codes import Owner
from schemas.texts import message

FOLDER = "questions"
_SEALS = ".written"
_COLUMNS = (
    Column("number", 4.5, "centre"), Column("reference", 11, "small"), Column("place", 14, "bold"), Column("group_counted", 11),
    Column("question", 27), Column("values", 27), Column("asked_of_you", 22), Column("until", 11, "date"),
    Column("your_reply", 28, "answer"), Column("reply_by", 13, "answer"), Column("reply_on", 11, "answer_date"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Addressee:
    """Who is asked: a region by its id and name, or a partner by its name."""

    name: str
    region_id: str | None = None

    @property
    def slug(self) -> str:
        return plain(self.name).replace(" ", "-") or "partenaire"


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: a workbook and a letter for each who is asked, and what was set aside since somebody had worked in it."""

    folder: Path
    workbooks: tuple[Path, ...] = ()
    letters: tuple[Path, ...] = ()
    aside: tuple[Path, ...] = ()

    @property
    def paths(self) -> tuple[Path, ...]:
        return (*self.workbooks, *self.letters, *self.aside)


# --- who is asked what --------------------------------------------------------------------------------------------------


def asked(points: Sequence[Point]) -> dict[Addressee, tuple[Point, ...]]:
    """The open points of each who is to answer, by impact: regions in the order of their ids, then partners by name. What the
    DNDS itself is to settle, and what no region owns, is asked of nobody."""
    found: dict[Addressee, list[Point]] = {}
    for point in points:
        if point.is_open and (addressee := addressee_of(point)) is not None:
            found.setdefault(addressee, []).append(point)
    order = sorted(found, key=lambda one: (one.region_id is None, one.region_id or "", one.slug))
    return {addressee: tuple(found[addressee]) for addressee in order}


def addressee_of(point: Point) -> Addressee | None:
    if point.owner is Owner.REGION:
        return Addressee(point.region, point.region_id) if point.region_id else None
    if point.owner is Owner.DNDS:
        return None
    return Addressee(point.partner or point.owner.fr)


def write(folder: Path, store: Store, period: Period, calendar: Calendar, sender: Sender) -> Written:
    """Writes the letters and workbooks of a month into `folder`, and takes away those of whom nothing is asked any more. Whatever
    somebody changed since is set aside under a numbered name. Raises OSError."""
    bundles = asked(told.points(store, period, calendar.dated))
    contents: dict[str, bytes] = {}
    workbooks, letters = [], []
    for addressee, name in zip(bundles, _names(list(bundles), period), strict=True):
        points = bundles[addressee]
        workbooks.append(f"{name}.xlsx")
        letters.append(f"{name}.docx")
        contents[workbooks[-1]] = workbook(addressee, points, period, calendar, sender)
        contents[letters[-1]] = letter(addressee, points, period, calendar, sender, workbooks[-1])
    seals = folder / _SEALS
    aside = [moved for name, content in contents.items() if (moved := write_workbook_of_people(folder / name, content, seals))]
    aside += withdraw_workbooks_of_people(folder, contents, seals)
    return Written(folder, tuple(folder / name for name in workbooks), tuple(folder / name for name in letters), tuple(aside))


def _names(addressees: Sequence[Addressee], period: Period) -> list[str]:
    """A name for each; two whose names read alike are told apart by a number."""
    names: list[str] = []
    for one in addressees:
        name, number = message("questions_file", period=str(period), slug=one.slug), 1
        while (free := name if number == 1 else f"{name}_{number}") in names:
            number += 1
        names.append(free)
    return names


def what_to_answer(point: Point) -> str:
    """What the addressee is asked to say."""
    if point.rule == "RRM_COVER":
        return message("questions_answer_cover")
    if point.owner is not Owner.REGION:
        return message("questions_answer_partner")
    if point.additional:
        return message("questions_answer_additional")
    if len({value.source for value in point.values}) > 1 and point.sources:
        return message("questions_answer_which")
    return message("questions_answer_explain")


# --- the workbook -------------------------------------------------------------------------------------------------------


def workbook(addressee: Addressee, points: Sequence[Point], period: Period, calendar: Calendar, sender: Sender) -> bytes:
    """The questions as a sheet with a column for the answers."""
    content, month = BytesIO(), texts.month(str(period))
    book = Sheets(content, message("questions_title", month_name=month, addressee=addressee.name))
    guide = message("questions_guide", due=calendar.due) if calendar.due else message("questions_guide_no_due")
    banner = f"{sender.ministry} — {message('letter_directorate')}"
    book.table(
        Heading(message("questions_sheet"), book.title, banner, guide), _COLUMNS,
        [_line(number, point, calendar.due) for number, point in enumerate(points, start=1)],
    )  # fmt: skip
    book.workbook.close()
    return normalise_zip(content.getvalue(), calendar.dated)


def _line(number: int, point: Point, due: date | None) -> dict[str, Any]:
    values = "\n".join(inert("\n".join(part for part in told.value_words(value) if part)) for value in point.values)
    return {
        "number": number, "reference": point.id, "place": told.label(point.place_id),
        "group_counted": told.counted_as(point.group, point.measure, point.unit), "question": inert(point.sentence("fr")),
        "values": values, "asked_of_you": what_to_answer(point), "until": point.due or due,
        "your_reply": inert(point.reply) if point.reply else None,
    }  # fmt: skip


# --- the letter ---------------------------------------------------------------------------------------------------------


def letter(
    addressee: Addressee, points: Sequence[Point], period: Period, calendar: Calendar, sender: Sender, attached: str
) -> bytes:
    """The questions as a letter: each with the numbers side by side, where they stand, and what to answer until when."""
    document, month = blank(), texts.month(str(period))
    region = addressee.region_id is not None
    letterhead(document, sender)
    address(document, message("letter_to", region=addressee.name) if region else message("questions_to", partner=addressee.name))
    say(document, message("questions_object", month_name=month), bold=True, after=8)
    greeting = message("letter_greeting" if region else "questions_greeting")
    say(document, greeting, after=4)
    say(document, told.counted("questions_opening", len(points), month_name=month))
    for number, point in enumerate(points, start=1):
        _question(document, number, point)
    say(document, message("questions_until", due=calendar.due) if calendar.due else message("questions_until_none"))
    say(document, message("questions_how", workbook=attached))
    if calendar.due:
        say(document, message("questions_consequence"))
    say(document, message("questions_thanks", greeting=greeting.rstrip(",")), after=10)
    sign(document, sender)
    say(document, message("letter_attached", files=[attached]), size=8.5)
    return finish(document, calendar.dated)


def _question(document: Docx, number: int, point: Point) -> None:
    title = f"{number}. {told.label(point.place_id)} — {told.counted_as(point.group, point.measure, point.unit)}"
    say(document, title, bold=True, after=2).paragraph_format.keep_with_next = True
    say(document, point.sentence("fr"), after=3).paragraph_format.keep_with_next = True
    _side_by_side(document, point)
    late = message("questions_answer_by", due=point.due) if point.due else ""
    say(document, f"→ {what_to_answer(point)}{late}", after=2, left=0.4)
    if point.reply:
        say(document, message("questions_reply", reply=point.reply), after=2, left=0.4)
    say(document, message("questions_reference", id=point.id), size=8.5, after=9, left=0.4)


def _side_by_side(document: Docx, point: Point) -> None:
    """The numbers as a table: source, number, day, and where it stands."""
    titles = [message(f"questions_column_{name}") for name in ("source", "value", "as_of", "where")]
    table: Table = document.add_table(rows=1 + len(point.values), cols=len(titles))
    table.style = "Table Grid"
    table.autofit = False
    for column, width in zip(table.columns, _WIDTHS, strict=True):
        column.width = Cm(width)
    lines = [
        titles,
        *(
            [value.source, told.amount(value.value, value.unit), told.day_or_text(value.as_of), value.where or "—"]
            for value in point.values
        ),
    ]
    for row, texts_ in zip(table.rows, lines, strict=True):
        for cell, text, width in zip(row.cells, texts_, _WIDTHS, strict=True):
            cell.width = Cm(width)
            _fill(cell, text, bold=texts_ is titles)
    after = say(document, "", size=2, after=2)
    after.paragraph_format.keep_with_next = True


_WIDTHS = (4.2, 3.2, 2.4, 6.6)
"""Of the columns of a table, in centimetres."""


def _fill(cell: _Cell, text: str, *, bold: bool) -> None:
    paragraph = cell.paragraphs[0]
    run = paragraph.add_run(clean(text))
    run.bold, run.font.size = bold, Pt(9)
    paragraph.paragraph_format.space_after = Pt(0)
    paragraph.paragraph_format.keep_with_next = True
