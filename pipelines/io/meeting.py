"""The workbook of the CMP meeting: what there is to decide, filled in on a projector. `minutes_of_meeting.py` reads it back.

Six sheets: overview, what is to be decided, events, pairs that are not comparable, secondary displacements, decisions taken. Words
come from `messages.toml` and the labels of `codes.py`. The same agenda gives the same bytes: the file carries the day of the
agenda, and no other date.
"""

from __future__ import annotations

import textwrap
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name, xl_range_abs
from xlsxwriter.worksheet import Worksheet

from pipelines.io import agenda as told
from pipelines.io import exports
from pipelines.io.agenda import Agenda, Point
from pipelines.io.archive import normalise_zip
from pipelines.io.exports import inert
from schemas import texts
from schemas.codes import Action, DiscrepancyStatus, EventStatus, Severity
from schemas.texts import message

HEADER, FIRST = 3, 4
"""Rows of the titles and of the first line of a table, from 0."""
_A4 = 9
_LINE = 12.5
_TALLEST = 400.0
_FONT: dict[str, Any] = {"font_name": "Calibri", "font_size": 10, "valign": "vcenter"}
_CELL = _FONT | {"font_size": 9, "border": 1, "border_color": "#BFBFBF", "text_wrap": True, "valign": "top"}
_ANSWER = _CELL | {"bg_color": "#FFF8E1"}
_STYLES: dict[str, dict[str, Any]] = {
    "title": _FONT | {"bold": True, "font_size": 14, "font_color": "#1F3864"},
    "banner": _FONT | {"bold": True, "font_color": "#9C0006"},
    "guide": _FONT | {"text_wrap": True, "valign": "top", "font_color": "#404040"},
    "said": _FONT | {"text_wrap": True, "bold": True, "font_size": 12, "font_color": "#1F3864"},
    "none": _FONT | {"italic": True, "font_color": "#404040"},
    "header": _CELL | {"bold": True, "font_color": "#FFFFFF", "bg_color": "#1F3864", "align": "center", "valign": "vcenter"},
    "to_fill": _CELL | {"bold": True, "font_color": "#1F3864", "bg_color": "#FFD966", "align": "center", "valign": "vcenter"},
    "text": _CELL,
    "bold": _CELL | {"bold": True},
    "small": _CELL | {"font_size": 8, "font_color": "#595959"},
    "centre": _CELL | {"align": "center"},
    "count": _CELL | {"num_format": "#,##0", "align": "right"},
    "signed": _CELL | {"num_format": "+#,##0;-#,##0;0", "align": "right"},
    "share": _CELL | {"num_format": "0.0%", "align": "right"},
    "date": _CELL | {"num_format": "dd/mm/yyyy", "align": "center"},
    "red": _CELL | {"bold": True, "font_color": "#9C0006", "bg_color": "#FFC7CE", "align": "center"},
    "amber": _CELL | {"font_color": "#9C5700", "bg_color": "#FFEB9C", "align": "center"},
    "answer": _ANSWER,
    "answer_date": _ANSWER | {"num_format": "dd/mm/yyyy", "align": "center"},
    "hidden": _CELL | {"font_color": "#7F7F7F"},
    "missing": {"bg_color": "#F8CBAD"},
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its title is `meeting_{name}` of `messages.toml`, its width in characters."""

    name: str
    width: float
    style: str = "text"


DECISION, SOURCE, BY, ON, REASON = "decision", "source", "by", "on", "reason"
TO_FILL = (DECISION, SOURCE, BY, ON, REASON)
REFERENCE, FINGERPRINT = "reference", "fingerprint"
TO_DECIDE = (
    Column("number", 5, "centre"), Column(REFERENCE, 9, "small"), Column("region", 11), Column("place", 17, "bold"),
    Column("group_counted", 12), Column("question", 34), Column("return", 21), Column("others", 28), Column("gap", 9, "signed"), Column("share", 8, "share"),
    Column("severity", 10, "centre"), Column("proposal", 26), Column("owner", 14), Column("due", 11, "date"),
    Column("age", 10), Column("answered", 24), Column(DECISION, 19, "answer"), Column(SOURCE, 14, "answer"),
    Column(BY, 13, "answer"), Column(ON, 11, "answer_date"), Column(REASON, 24, "answer"), Column(FINGERPRINT, 12, "hidden"),
)  # fmt: skip
_KEPT_ON_PAPER = 4
"""The columns that stand at the left of both pages of a printed line."""
_SECOND_PAGE = "proposal"
_EVENTS = (
    Column("region", 12), Column("place", 24, "bold"), Column("first_on", 11, "date"), Column("last_on", 11, "date"),
    Column("alerts", 18), Column("organisations", 18), Column("witnesses", 9, "count"), Column("households", 13),
    Column("individuals", 13), Column("assessed", 10, "centre"), Column("state", 14, "centre"), Column("age_days", 8, "count"),
    Column("origin", 16), Column("shock", 16),
)  # fmt: skip
_NOT_COMPARABLE = (Column("region", 13), Column("place", 26, "bold"), Column("group", 15), Column("pair", 60), Column("why", 62))
_MOVES = (
    Column("from", 34, "bold"), Column("to", 34, "bold"), Column("households", 13, "count"), Column("individuals", 13, "count"),
    Column("returns", 66),
)  # fmt: skip
_TAKEN = (
    Column("decision_id", 8, "centre"), Column(REFERENCE, 13, "small"), Column("region", 12), Column("place", 22, "bold"),
    Column("question", 46), Column("action", 22), Column("taken", 18), Column(BY, 16), Column(ON, 11, "date"), Column(REASON, 32),
    Column("holds", 14, "centre"),
)  # fmt: skip


def title_of(column: str, lang: str) -> str:
    return message(f"meeting_{column}", lang)


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
    book = _Book(
        xlsxwriter.Workbook(content, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}), agenda, lang
    )
    _write_overview(book)
    _write_to_decide(book)
    book.table("events", _EVENTS, [_event(row, lang) for row in agenda.events])
    book.table("not_comparable", _NOT_COMPARABLE, [_pair(row, lang) for row in agenda.not_comparable])
    book.table("moves", _MOVES, [_move(row, lang) for row in agenda.moves])
    book.table("taken", _TAKEN, [_taken(point, decision, lang) for point, decision in _all_decisions(agenda)])
    book.workbook.close()
    return normalise_zip(content.getvalue(), agenda.day)


class _Book:
    """The workbook being written, its formats, and how a table stands on a sheet."""

    def __init__(self, workbook: xlsxwriter.Workbook, agenda: Agenda, lang: str) -> None:
        self.workbook, self.agenda, self.lang = workbook, agenda, lang
        self.month = texts.month(str(agenda.period), lang)
        self.styles: dict[str, Format] = {name: workbook.add_format(style) for name, style in _STYLES.items()}
        workbook.set_properties({"title": self.say("file_title", month_name=self.month)})

    def say(self, key: str, **params: Any) -> str:
        return message(f"meeting_{key}", self.lang, **params)

    def page(self, name: str, width: int) -> Worksheet:
        """A sheet with its title, the word that it is a draft, and what it is for."""
        page: Worksheet = self.workbook.add_worksheet(self.say(f"sheet_{name}"))
        page.hide_gridlines(2)
        page.write_string(0, 0, f"{self.say(f'sheet_{name}')} — {self.month}", self.styles["title"])
        page.set_row(0, 22)
        page.write_string(1, 0, self.say("banner", day=self.agenda.day), self.styles["banner"])
        page.merge_range(2, 0, 2, width - 1, self.say(f"guide_{name}", period=str(self.agenda.period)), self.styles["guide"])
        page.set_landscape()
        page.set_paper(_A4)
        page.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        page.set_footer(
            f"&L{self.say('file_title', month_name=self.month)}&R{message('review_page', self.lang, current='&P', last='&N')}"
        )
        return page

    def table(self, name: str, columns: Sequence[Column], rows: Sequence[Mapping[str, Any]]) -> Worksheet:
        """A sheet that holds one table, with filters; printed as wide as a page."""
        page = self.page(name, len(columns))
        guide = self.say(f"guide_{name}", period=str(self.agenda.period))
        page.set_row(2, _LINE * 1.2 * _lines(guide, sum(column.width for column in columns)))
        self.header(page, HEADER, columns)
        for number, row in enumerate(rows, start=FIRST):
            self.line(page, number, columns, row)
        if not rows:
            page.write_string(FIRST, 0, self.say(f"none_{name}"), self.styles["none"])
        page.freeze_panes(FIRST, 0)
        page.repeat_rows(HEADER)
        page.autofilter(HEADER, 0, HEADER + max(len(rows), 1), len(columns) - 1)
        page.fit_to_pages(1, 0)
        return page

    def header(self, page: Worksheet, row: int, columns: Sequence[Column], *, widths: bool = True) -> None:
        for number, column in enumerate(columns):
            if widths:
                page.set_column(number, number, column.width)
            style = "to_fill" if column.style.startswith("answer") else "header"
            page.write_string(row, number, self.say(column.name), self.styles[style])
        page.set_row(row, _LINE * max(2, *(_lines(self.say(column.name), column.width - 2) for column in columns)) + 4)

    def line(self, page: Worksheet, row: int, columns: Sequence[Column], values: Mapping[str, Any]) -> None:
        for number, column in enumerate(columns):
            value, style = values.get(column.name), column.style
            if isinstance(value, Severity):
                value, style = value.label(self.lang), str(value)
            if value is None:
                page.write_blank(row, number, None, self.styles[style])
            elif isinstance(value, date):
                page.write_datetime(row, number, value, self.styles[style])
            elif isinstance(value, int | float):
                page.write_number(row, number, value, self.styles[style])
            else:
                page.write_string(row, number, value, self.styles["text" if style in ("count", "date") else style])
        tall = max(_lines(str(values.get(column.name) or ""), column.width) for column in columns)
        page.set_row(row, min(_TALLEST, _LINE * tall + 3))


def _lines(text: str, width: float) -> int:
    """The number of lines that a text takes in a column."""
    return sum(max(1, len(textwrap.wrap(line, max(4, int(width))))) for line in text.split("\n"))


# --- what is to be decided ----------------------------------------------------------------------------------------------


def _write_to_decide(book: _Book) -> None:
    points, lang = book.agenda.open_points, book.lang
    page = book.table("to_decide", TO_DECIDE, [_to_decide(point, book.agenda.day, lang) for point in points])
    page.freeze_panes(FIRST, _KEPT_ON_PAPER)
    page.set_column(at(FINGERPRINT), at(FINGERPRINT), 12, None, {"hidden": True})
    page.repeat_columns(0, _KEPT_ON_PAPER - 1)
    page.fit_to_pages(2, 0)
    page.set_v_pagebreaks([at(_SECOND_PAGE)])
    page.print_area(0, 0, max(HEADER + len(points), FIRST), at(REASON))
    if points:
        _check_entries(book, page, points)


def _to_decide(point: Point, day: date, lang: str) -> dict[str, Any]:
    first, *others = point.values
    return {
        "number": point.number, REFERENCE: point.id, "region": point.region,
        "place": told.label(point.place_id, lang),
        "group_counted": told.counted_as(point.group, point.measure, point.unit, lang),
        "question": inert(point.sentence(lang)), "return": _said(first, lang), "others": "\n".join(_said(value, lang) for value in others),
        "gap": point.gap, "share": point.share, "severity": point.severity,
        "proposal": inert(told.proposal(point, lang)),
        "owner": inert(told.owner_words(point.owner, point.partner, lang)), "due": point.due, "age": told.days(point.age_days, lang) if point.age_days else message("agenda_new", lang),
        "answered": inert("\n".join(told.answered_lines(point, day, lang))), FINGERPRINT: point.fingerprint,
    }  # fmt: skip


def _said(value: Any, lang: str) -> str:
    return inert("\n".join(part for part in told.value_words(value, lang) if part))


def _check_entries(book: _Book, page: Worksheet, points: Sequence[Point]) -> None:
    """Lists and dates for the cells to fill in; what is still missing of a decision is coloured while it is typed."""
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
        "validate": "date", "criteria": ">=", "value": book.agenda.period.first_day, **refused,
        "error_message": book.say("bad_day", day=book.agenda.period.first_day),
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
    page = book.page("overview", len(columns))
    page.set_row(2, _LINE * 1.2 * _lines(book.say("guide_overview"), sum(column.width for column in columns)))
    said = told.summary(agenda.points, lang)
    page.merge_range(HEADER, 0, HEADER, len(columns) - 1, said, book.styles["said"])
    page.set_row(HEADER, 20 * _lines(said, 90))
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


def _event(row: Mapping[str, Any], lang: str) -> dict[str, Any]:
    return {
        "region": told.region_name(told.region_of(row["place_id"]), lang), "place": told.label(row["place_id"], lang),
        "first_on": row["first_on"], "last_on": row["last_on"], "alerts": inert(", ".join(row["alert_numbers"])),
        "organisations": inert(", ".join(row["organisations"])), "witnesses": row["witnesses"],
        "households": told.span(row["households_low"], row["households_high"], lang),
        "individuals": told.span(row["individuals_low"], row["individuals_high"], lang),
        "assessed": message("board_yes" if row["assessed"] else "board_no", lang), "state": EventStatus(row["status"]).label(lang),
        "age_days": row["age_days"], "origin": inert(told.origin_words(row["origin"], lang)), "shock": told.shock_words(row["shock"], lang),
    }  # fmt: skip


def _pair(row: Mapping[str, Any], lang: str) -> dict[str, Any]:
    return {
        "region": told.region_name(told.region_of(row["place_id"]), lang), "place": told.label(row["place_id"], lang),
        "group": told.group_label(row["population_group"], lang), "pair": "\n".join(_said(value, lang) for value in row["values"]),
        "why": inert(told.not_comparable_words(row, lang)),
    }  # fmt: skip


def _move(row: Mapping[str, Any], lang: str) -> dict[str, Any]:
    ends = {end: told.label(row[end], lang) if row[end] else message("agenda_place_unknown", lang) for end in ("from", "to")}
    return {**ends, "households": row["households"], "individuals": row["individuals"], "returns": inert("\n".join(row["where"]))}


def _all_decisions(agenda: Agenda) -> list[tuple[Point, Mapping[str, Any]]]:
    found = [(point, decision) for point in agenda.points for decision in point.decisions]
    return sorted(found, key=lambda item: item[1]["id"])


def _taken(point: Point, decision: Mapping[str, Any], lang: str) -> dict[str, Any]:
    action = Action(decision["action"]).label(lang)
    return {
        "decision_id": str(decision["id"]), REFERENCE: point.id, "region": point.region, "place": told.label(point.place_id, lang),
        "question": inert(point.sentence(lang)),
        "action": message("agenda_undoes", lang, id=str(decision["undoes"])) if decision["undoes"] else action,
        "taken": inert(told.taken_words(decision, lang)), BY: inert(decision["decided_by"]), ON: decision["decided_on"],
        REASON: inert(decision["reason"]), "holds": told.holds_words(point, decision, lang),
    }  # fmt: skip
