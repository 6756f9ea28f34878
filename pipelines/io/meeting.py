"""The workbook of the CMP meeting: what there is to decide, filled in on a projector. `meeting_filled.py` reads it back.

Seven sheets: overview, what is to be decided, events, cover by sector, pairs that are not comparable, secondary displacements,
decisions taken. Words come from `messages.toml` and the labels of `codes.py`. The same agenda gives the same bytes: the file carries the day of the
agenda, and no other date.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

from xlsxwriter.utility import xl_col_to_name, xl_range_abs
from xlsxwriter.worksheet import Worksheet

from pipelines.io import agenda as told
from pipelines.io import agenda_rows, exports, reference
from pipelines.io.agenda import Agenda, Point
from pipelines.io.archive import normalise_zip
from pipelines.io.exports import inert
from pipelines.io.sheets import FIRST, HEADER, Coloured, Column, Heading, Sheets, lines_of
from pipelines.model import SectorCover
from schemas import texts
from schemas.codes import Action, Code, DiscrepancyStatus, Sector, Severity
from schemas.texts import message

DECISION, SOURCE, BY, ON, REASON = "decision", "source", "by", "on", "reason"
TO_FILL = (DECISION, SOURCE, BY, ON, REASON)
REFERENCE, FINGERPRINT = "reference", "fingerprint"
TO_DECIDE = (
    Column("number", 4.5, "centre"), Column(REFERENCE, 11, "small"), Column("region", 10), Column("place", 15, "bold"),
    Column("group_counted", 11), Column("question", 31), Column("return", 18), Column("others", 24), Column("gap", 8.5, "signed"),
    Column("share", 8, "share"), Column("severity", 9.5, "centre"), Column("proposal", 23), Column("owner", 13),
    Column("due", 10.5, "date"), Column("age", 9), Column("answered", 21), Column(DECISION, 17, "answer"), Column(SOURCE, 14, "answer"),
    Column(BY, 13, "answer"), Column(ON, 11, "answer_date"), Column(REASON, 24, "answer"), Column(FINGERPRINT, 12, "hidden"),
)  # fmt: skip
_KEPT_ON_PAPER = 4
"""The columns that stand at the left of both pages of a printed line."""
_SECOND_PAGE = "owner"
_EVENTS = (
    Column("region", 11), Column("place", 18, "bold"), Column("first_on", 11, "date"), Column("last_on", 11, "date"),
    Column("alerts", 13), Column("organisations", 15), Column("witnesses", 9, "count"), Column("households", 11),
    Column("individuals", 11), Column("assessed", 10, "centre"), Column("state", 13, "centre"), Column("age_days", 8, "count"),
    Column("origin", 13), Column("shock", 14),
)  # fmt: skip
_COVER = (
    Column("region", 12), Column("cercle", 17, "bold"), Column("sector", 28), Column("reach", 15, "centre"),
    Column("cercle_persons", 11, "count"), Column("persons_without", 13, "count"), Column("wanted", 12, "count"),
    Column("best_rank", 9, "centre"), Column("actors", 8, "centre"), Column("organisations", 40),
)  # fmt: skip
_NOT_COMPARABLE = (Column("region", 11), Column("place", 20, "bold"), Column("group", 13), Column("pair", 46), Column("why", 50))
_MOVES = (
    Column("from", 28, "bold"), Column("to", 28, "bold"), Column("households", 11, "count"), Column("individuals", 11, "count"),
    Column("returns", 54),
)  # fmt: skip
_TAKEN = (
    Column("decision_id", 9, "centre"), Column(REFERENCE, 11, "small"), Column("region", 10), Column("place", 16, "bold"),
    Column("question", 34), Column("action", 16), Column("taken", 13), Column(BY, 13), Column(ON, 11, "date"), Column(REASON, 24),
    Column("holds", 12, "centre"),
)  # fmt: skip


def at(column: str) -> int:
    """Where a column of the sheet to fill in stands, from 0."""
    return next(number for number, item in enumerate(TO_DECIDE) if item.name == column)


def write_meeting(path: Path, agenda: Agenda, lang: str = "fr") -> Path | None:
    """Writes the workbook of a month, whole or not at all. One that somebody had filled in at this path is set aside under a new
    name, which is returned. Raises OSError when the file cannot be written."""
    return exports.write_workbook_of_people(path, workbook(agenda, lang))


def workbook(agenda: Agenda, lang: str = "fr") -> bytes:
    """The bytes of the workbook of a month."""
    content = BytesIO()
    book = _Book(content, agenda, lang)
    _write_overview(book)
    page = _write_to_decide(book)
    book.of_month("events", _EVENTS, [_inert(agenda_rows.event(row, lang)) for row in agenda.events])
    book.of_month("cover", _COVER, [_cover(line, lang) for line in agenda.cover])
    pairs = [_inert(agenda_rows.pair(row, lang)) for row in agenda.not_comparable]
    book.of_month("not_comparable", _NOT_COMPARABLE, pairs)
    book.of_month("moves", _MOVES, [_inert(agenda_rows.move(row, lang)) for row in agenda.moves])
    taken = [_inert(agenda_rows.decision(point, decision, lang)) for point, decision in _all_decisions(agenda)]
    book.of_month("taken", _TAKEN, taken)
    _check_entries(book, page, agenda.open_points)
    book.workbook.close()
    return normalise_zip(content.getvalue(), agenda.day)


class _Book(Sheets):
    """The workbook of a month being written."""

    def __init__(self, content: BytesIO, agenda: Agenda, lang: str) -> None:
        self.agenda, self.month = agenda, texts.month(str(agenda.period), lang)
        super().__init__(content, message("meeting_file_title", lang, month_name=self.month), lang)

    def say(self, key: str, **params: Any) -> str:
        return message(f"meeting_{key}", self.lang, **params)

    def heading(self, name: str) -> Heading:
        title = self.say(f"sheet_{name}")
        guide = self.say(f"guide_{name}", period=str(self.agenda.period))
        return Heading(title, f"{title} — {self.month}", self.say("banner", day=self.agenda.day), guide)

    def of_month(self, name: str, columns: Sequence[Column], rows: Sequence[Mapping[str, Any]], **more: Any) -> Worksheet:
        return self.table(self.heading(name), columns, rows, nothing=self.say(f"none_{name}"), **more)


# --- what is to be decided ----------------------------------------------------------------------------------------------


def _write_to_decide(book: _Book) -> Worksheet:
    points, lang = book.agenda.open_points, book.lang
    rows = [_to_decide(point, book.agenda.day, lang) for point in points]
    page = book.of_month("to_decide", TO_DECIDE, rows, guide_over=slice(_KEPT_ON_PAPER, at(_SECOND_PAGE)))
    page.freeze_panes(FIRST, _KEPT_ON_PAPER)
    page.set_column(at(FINGERPRINT), at(FINGERPRINT), 12, None, {"hidden": True})
    page.repeat_columns(0, _KEPT_ON_PAPER - 1)
    page.fit_to_pages(2, 0)
    page.set_v_pagebreaks([at(_SECOND_PAGE)])
    page.print_area(0, 0, max(HEADER + len(points), FIRST), at(REASON))
    return page


def _to_decide(point: Point, day: date, lang: str) -> dict[str, Any]:
    return _inert(agenda_rows.discrepancy(point, day, lang)) | {FINGERPRINT: point.fingerprint}


def _inert(row: Mapping[str, Any]) -> dict[str, Any]:
    """The line without a text that a spreadsheet program would run."""
    return {
        name: inert(value) if isinstance(value, str) and not isinstance(value, Code) else value for name, value in row.items()
    }


def _check_entries(book: _Book, page: Worksheet, points: Sequence[Point]) -> None:
    """Lists and dates for the cells to fill in; what is still missing of a decision is coloured while it is typed."""
    if not points:
        return
    lists, last = _Lists(book.workbook.add_worksheet(book.say("sheet_lists"))), FIRST + len(points) - 1
    refused = {"error_type": "stop", "error_title": book.say("bad_value")}
    for row, point in enumerate(points, start=FIRST):
        for column, words, key in (
            (DECISION, [action.label(book.lang) for action in point.possible], "outside_actions"),
            (SOURCE, [inert(source) for source in point.sources] or [book.say("no_source")], "outside_sources"),
        ):
            page.data_validation(row, at(column), row, at(column), {
                "validate": "list", "source": lists.source(tuple(words)), "error_message": book.say(key), **refused,
            })  # fmt: skip
    page.data_validation(FIRST, at(ON), last, at(ON), {
        "validate": "date", "criteria": ">=", "value": book.agenda.period.last_day, **refused,
        "error_message": book.say("bad_day", day=book.agenda.period.last_day),
    })  # fmt: skip
    decided = f"${xl_col_to_name(at(DECISION))}{FIRST + 1}"
    for column in (BY, ON, REASON):
        own = f"{xl_col_to_name(at(column))}{FIRST + 1}"
        _colour(book, page, column, last, f'=AND({decided}<>"",{own}="")')
    own = f"{xl_col_to_name(at(SOURCE))}{FIRST + 1}"
    _colour(book, page, SOURCE, last, f'=AND({decided}="{Action.TAKE_SOURCE.label(book.lang)}",{own}="")')


def _colour(book: _Book, page: Worksheet, column: str, last: int, formula: str) -> None:
    page.conditional_format(
        FIRST, at(column), last, at(column), {"type": "formula", "criteria": formula, "format": book.styles["missing"]}
    )


class _Lists:
    """A hidden sheet with one column for each different drop-down."""

    def __init__(self, page: Worksheet) -> None:
        page.hide()
        self._page = page
        self._written: dict[tuple[str, ...], str] = {}

    def source(self, words: tuple[str, ...]) -> str:
        if words not in self._written:
            column = len(self._written)
            self._page.write_column(0, column, words)
            self._written[words] = f"='{self._page.get_name()}'!{xl_range_abs(0, column, len(words) - 1, column)}"
        return self._written[words]


# --- the other sheets ---------------------------------------------------------------------------------------------------


def _write_overview(book: _Book) -> None:
    """The sentence that says how few explain how much; then the counts, by state, region and rule."""
    agenda, lang = book.agenda, book.lang
    columns = (
        Column("what", 46, "bold"),
        *(Column(name, 14, "count") for name in ("open", "serious", "asked", "settled", "at_stake")),
    )
    page = book.page(book.heading("overview"), columns)
    said = told.summary(agenda.points, lang)
    page.merge_range(HEADER, 0, HEADER, len(columns) - 1, said, book.styles["said"])
    page.set_row(HEADER, 20 * lines_of(said, 90))
    row = HEADER + 2
    by: tuple[tuple[str, Callable[[Point], str]], ...] = (
        ("by_region", lambda point: told.region_name(point.region_id, lang)),
        ("by_rule", lambda point: told.rule_title(point.rule, lang)),
        ("by_owner", lambda point: told.owner_words(point.owner, point.partner, lang)),
    )
    for title, key in by:
        row = _write_counts(book, page, row, columns, title, _counts(agenda.points, key))
    page.set_column(1, len(columns) - 1, 14)
    page.fit_to_pages(1, 0)


def _write_counts(
    book: _Book, page: Worksheet, row: int, columns: Sequence[Column], title: str, counts: Mapping[str, Mapping[str, int]]
) -> int:
    """A table of counts under its title; gives the row after it."""
    book.header(page, row, columns)
    page.write_string(row, 0, book.say(title), book.styles["header"])
    for name, found in counts.items():
        row += 1
        book.line(page, row, columns, {"what": inert(name), **found})
    return row + 2


def _counts(points: Iterable[Point], key: Callable[[Point], str]) -> dict[str, Counter[str]]:
    """Of each kind how many are open, serious, waiting for an answer and settled, and how many persons the open ones are about;
    most persons first."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for point in points:
        found = counts[key(point)]
        found["open"] += point.is_open
        found["serious"] += point.is_open and point.severity is Severity.RED
        found["asked"] += point.status is DiscrepancyStatus.ASKED
        found["settled"] += not point.is_open
        found["at_stake"] += point.impact if point.is_open else 0
    return dict(sorted(counts.items(), key=lambda item: (-item[1]["at_stake"], -item[1]["open"], item[0])))


def _cover(line: SectorCover, lang: str) -> dict[str, Any]:
    known = {None: "there", 0: "whole"}.get(line.persons_without, "part")
    reach = message(f"meeting_reach_{known if line.actors else 'none'}", lang)
    style = ("amber" if line.actors else "red") if line.is_gap else "centre"
    return {
        "region": told.region_name(told.region_of(line.place_id), lang), "cercle": reference.gazetteer().place(line.place_id).name,
        "sector": Sector(line.sector).label(lang), "reach": Coloured(reach, style), "cercle_persons": line.persons,
        "persons_without": line.persons_without, "wanted": line.wanted, "best_rank": line.rank, "actors": line.actors,
        "organisations": inert(line.organisations),
    }  # fmt: skip


def _all_decisions(agenda: Agenda) -> list[tuple[Point, Mapping[str, Any]]]:
    found = [(point, decision) for point in agenda.points for decision in point.decisions]
    return sorted(found, key=lambda item: item[1]["id"])
