"""Writes `Consolidation_AAAA-MM_PROJET.xlsx`, the workbook in which the focal point prepares and holds the validation meeting.

Board, figures, bridge, discrepancies, open questions, findings for information, breakdowns; and, when there is something to say,
what new versions changed, events, numbers that are not compared, lasting and secondary displacement. Every sheet says that it is
a draft, on screen and on paper. Words come from `messages.toml` and the labels of `codes.py` and `fields.py`. The same arguments give the
same bytes: the file carries only dates that people gave.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from io import BytesIO
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_range, xl_range_abs, xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from pipelines.io.agenda import reason_words
from pipelines.io.exports import would_run, write_workbook_of_people
from pipelines.model import Period
from schemas import fields, texts
from schemas.codes import (
    TOTAL,
    UNKNOWN,
    AdjustmentKind,
    AgeBand,
    Basis,
    Cause,
    Code,
    Displacement,
    Effect,
    Grade,
    Level,
    Measure,
    MissingReason,
    ObsStatus,
    PopulationGroup,
    Severity,
    Sex,
    Shelter,
    Unit,
    Vulnerability,
    YesNo,
)
from schemas.frames import pd


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One region, or the country, on the board. None is missing, never zero. `received_in` is the region whose return holds this
    region's rows; `findings` counts them by effect, `discrepancies` the open ones."""

    region: str
    pcode: str | None
    received: bool
    received_in: str | None
    validated: bool
    households: int | None
    individuals: int | None
    previous_individuals: int | None
    returnee_individuals: int | None
    carried_forward: bool
    findings: Mapping[str, int] = field(default_factory=dict)
    discrepancies: int = 0


@dataclass(frozen=True, slots=True)
class Headline:
    """A national number and the same number in `DraftWorkbook.compared_with`."""

    population_group: str
    unit: str
    value: int | None
    previous: int | None


@dataclass(frozen=True, slots=True)
class DraftWorkbook:
    """All that the workbook says. `figures` has the columns of `fields.FIGURE` (the view `draft_figure`); `bridge` has period,
    revision, pcode, level, region, cercle, commune, population_group, measure, unit, item, kind, value, reason, file, sha256,
    sheet, cell, `decision` (a decision of the CMP in words) and missing_reason if known; each finding is {region, file, sheet, cell, row,
    code, effect, value, message, remedy, and reply if the region gave one}, in the language of the workbook. `changes` are what new
    versions of returns changed, {region, file, version, kind, sheet, cell, sentence, reply}, file and version those of the version
    before. `place_names` names the places of origin by p-code.

    `discrepancies`, `events`, `not_comparable`, `lasting` and `secondary` are lines in words, {column: value}, of the sheets
    `LISTED`; a discrepancy has also `pcode`, `open` and the numbers of its `decisions` that hold. `summary` says how few of them explain how much."""

    period: str
    as_of: date
    compared_with: str | None
    board: Sequence[BoardRow]
    country: BoardRow
    headlines: Sequence[Headline]
    figures: pd.DataFrame
    bridge: pd.DataFrame
    findings: Sequence[Mapping[str, Any]] = ()
    discrepancies: Sequence[Mapping[str, Any]] = ()
    changes: Sequence[Mapping[str, Any]] = ()
    events: Sequence[Mapping[str, Any]] = ()
    not_comparable: Sequence[Mapping[str, Any]] = ()
    lasting: Sequence[Mapping[str, Any]] = ()
    secondary: Sequence[Mapping[str, Any]] = ()
    summary: str = ""
    place_names: Mapping[str, str] = field(default_factory=dict)


def draft_name(period: str, lang: str = "fr") -> str:
    """The name of the file of a month: `Consolidation_2019-12_PROJET.xlsx`."""
    return texts.message("draft_file", lang, period=period)


def write_draft(path: Path, draft: DraftWorkbook, lang: str = "fr") -> Path | None:
    """Writes the draft workbook, whole or not at all. One in which somebody took notes is set aside first, and its new path
    returned. Raises OSError when the file cannot be written."""
    content = BytesIO()
    book = _Book(content, draft, lang)
    figures = _Figures(draft)
    _Board(book, draft).write()
    _FigureSheet(book, draft, figures).write()
    _BridgeSheet(book, draft, figures).write()
    _ListedSheet(book, LISTED["discrepancies"], draft.discrepancies).write()
    _QuestionSheet(book, draft).write()
    for name in ("events", "not_comparable", "lasting", "secondary"):
        if rows := getattr(draft, name):
            _ListedSheet(book, LISTED[name], rows).write()
    _NoteSheet(book, draft).write()
    if draft.changes:
        _ChangeSheet(book, draft).write()
    _BreakdownSheet(book, draft, figures).write()
    book.workbook.close()
    return write_workbook_of_people(path, content.getvalue())


# --- values -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Missing:
    """What stands where a number is missing: never zero, never an empty cell."""

    reason: MissingReason


@dataclass(frozen=True, slots=True)
class NoPrevious:
    """Nothing earlier to compare with."""


Place = tuple[str, str | None, str | None, str | None]
"""Level and names of a place: (level, region, cercle, commune)."""
Total = tuple[PopulationGroup, Measure, Unit]

_STOCK: Total = (PopulationGroup.IDP, Measure.STOCK, Unit.INDIVIDUAL)
_STOCK_HOUSEHOLDS: Total = (PopulationGroup.IDP, Measure.STOCK, Unit.HOUSEHOLD)
_RETURNEES: Total = (PopulationGroup.IDP_RETURNEE, Measure.CUMULATIVE, Unit.INDIVIDUAL)
_REPATRIATED: Total = (PopulationGroup.REPATRIATED_REFUGEE, Measure.CUMULATIVE, Unit.INDIVIDUAL)
_LEVELS = (Level.COUNTRY, Level.REGION, Level.CERCLE, Level.COMMUNE)


def _none(value: Any) -> Any:
    """pandas' missing values as None."""
    return None if pd.isna(value) else value


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def _reason(value: Any, otherwise: MissingReason = MissingReason.NOT_REPORTED) -> MissingReason:
    value = _none(value)
    return otherwise if value is None else MissingReason(value)


def _count(row: Mapping[str, Any], otherwise: MissingReason = MissingReason.NOT_REPORTED) -> int | Missing:
    value = _none(row["value"])
    return Missing(_reason(row.get("missing_reason"), otherwise)) if value is None else int(value)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


class _Figures:
    """The figures by place: totals, and for each breakdown what is known of it."""

    def __init__(self, draft: DraftWorkbook) -> None:
        self._silent = {row.region for row in draft.board if not row.received and row.received_in is None}
        self.totals: dict[Place, dict[Total, Mapping[str, Any]]] = {}
        self.parts: dict[Place, list[Mapping[str, Any]]] = {}
        columns = ["level", "region", "cercle", "commune"]
        codes: dict[Place, str] = {}
        for row in _records(draft.figures):
            level, *names = (_none(row[name]) for name in columns)
            place: Place = (str(level), *names)  # type: ignore[assignment]
            codes.setdefault(place, str(_none(row["pcode"]) or ""))
            key = (PopulationGroup(row["population_group"]), Measure(row["measure"]), Unit(row["unit"]))
            if all(row[name] == TOTAL for name in fields.BREAKDOWNS):
                self.totals.setdefault(place, {})[key] = row
            else:
                self.parts.setdefault(place, []).append(row)
        self.codes: Mapping[Place, str] = codes
        self.places = _ordered(codes, [row.region for row in draft.board])

    def total(self, place: Place, key: Total) -> int | Missing:
        row = self.totals.get(place, {}).get(key)
        absent = MissingReason.NO_RETURN if place[1] in self._silent else MissingReason.NOT_REPORTED
        return Missing(absent) if row is None else _count(row, absent)

    def of_kind(self, place: Place, dimension: str) -> dict[str, Mapping[str, Any]]:
        """The parts of the stock of persons by one dimension alone: code -> row."""
        others = [name for name in fields.BREAKDOWNS if name != dimension]
        return {
            str(row[dimension]): row
            for row in self.parts.get(place, ())
            if (row["population_group"], row["measure"], row["unit"]) == _STOCK
            and row[dimension] != TOTAL
            and all(row[name] == TOTAL for name in others)
        }

    def unknown(self, place: Place, dimension: str) -> tuple[int, MissingReason]:
        """How many persons a breakdown leaves out, and why."""
        rows = self.of_kind(place, dimension)
        total = self.total(place, _STOCK)
        if isinstance(total, Missing):
            return 0, total.reason
        rest = rows.get(UNKNOWN)
        if rest is not None:
            return int(_none(rest["value"]) or 0), _reason(rest["missing_reason"])
        known = [row for row in rows.values() if _none(row["value"]) is not None]
        return (0 if known else total), MissingReason.NOT_REPORTED

    def part(self, place: Place, dimension: str, members: Iterable[Code]) -> int | Missing:
        """The persons of some members of a breakdown. A member nobody wrote is 0 only when the others add up to the total."""
        total = self.total(place, _STOCK)
        if isinstance(total, Missing) or total == 0:
            return total
        rest, reason = self.unknown(place, dimension)
        rows = self.of_kind(place, dimension)
        given = [_none(rows[str(member)]["value"]) for member in members if str(member) in rows]
        known = [int(value) for value in given if value is not None]
        if rest >= total or (rest and not known):
            return Missing(reason)
        return sum(known)


def _ordered(codes: Mapping[Place, str], regions: Sequence[str]) -> list[Place]:
    """The country, then each region with its cercles and their communes below it, in the order of the board and the p-codes."""
    rank = {region: f"{at:03d}" for at, region in enumerate(regions)}

    def key(place: Place) -> tuple[Any, ...]:
        level, region, cercle, commune = place
        above = codes.get((Level.CERCLE, region, cercle, None), "")
        return (
            level != Level.COUNTRY, rank.get(region or "", f"999{region}"), level != Level.REGION,
            above, cercle or "", level != Level.CERCLE, codes[place], commune or "",
        )  # fmt: skip

    return sorted((place for place in codes if place[0] in set(_LEVELS)), key=key)


# --- the book and its pages ---------------------------------------------------------------------------------------------

_A3, _A4 = 8, 9
_LINE = 13.2
"""Height of one line of text, in points."""
_PER_WIDTH = 1.15
"""Characters of the font per unit of column width, on the safe side."""
_TALLEST = 409.0
"""No row of Excel is higher, in points."""
_LONGEST = 32_000
"""Excel keeps 32 767 characters of a cell."""
_BLUE, _PALE, _GREY = "#1F3864", "#D9E2F3", "#595959"
_FONT: dict[str, Any] = {"font_name": "Calibri", "font_size": 10, "valign": "vcenter"}
_BOX = _FONT | {"border": 1, "border_color": "#BFBFBF"}
_NUMBER = _BOX | {"align": "right"}
_STYLES: Mapping[str, Mapping[str, Any]] = {
    "banner": _FONT | {"bold": True, "font_size": 14, "font_color": "#FFFFFF", "bg_color": "#C00000"},
    "title": _FONT | {"bold": True, "font_size": 14, "font_color": _BLUE},
    "section": _FONT | {"bold": True, "font_size": 12, "font_color": _BLUE},
    "note": _FONT | {"font_color": _GREY},
    "link": _FONT | {"font_color": "#0563C1", "underline": 1, "bold": True},
    "header": _BOX | {"bold": True, "text_wrap": True, "align": "center", "font_color": "#FFFFFF", "bg_color": _BLUE},
    "answer_header": _BOX | {"bold": True, "text_wrap": True, "align": "center", "font_color": "#7F6000", "bg_color": "#FFE699"},
    "answer": _BOX | {"text_wrap": True, "valign": "top", "bg_color": "#FFF9E5"},
    "text": _BOX | {"align": "left"},
    "wrapped": _BOX | {"align": "left", "text_wrap": True},
    "top": _BOX | {"align": "left", "text_wrap": True, "valign": "top"},
    "centre": _BOX | {"align": "center", "text_wrap": True},
    "count": _NUMBER | {"num_format": "#,##0"},
    "change": _NUMBER | {"num_format": "+#,##0;-#,##0;0"},
    "share": _NUMBER | {"num_format": "0.0%"},
    "small_share": _NUMBER | {"num_format": "0.00%"},
    "date": _BOX | {"align": "center", "num_format": "dd/mm/yyyy"},
    "share_change": _NUMBER | {"num_format": "+0.0%;-0.0%;0.0%"},
    "missing": _BOX | {"align": "right", "italic": True, "font_color": "#7F7F7F", "text_wrap": True},
    "print": _BOX | {"align": "left", "font_size": 8, "font_color": _GREY},
    "small": _BOX | {"align": "left", "font_size": 8, "font_color": _GREY, "text_wrap": True, "valign": "top"},
}
_LAYERS: Mapping[str, Mapping[str, Any]] = {
    "plain": {},
    "quoted": {"quote_prefix": True},
    "big": {"bold": True, "font_size": 12},
    "bold": {"bold": True},
    "yes": {"font_color": "#375623", "bg_color": "#E2EFDA"},
    "no": {"font_color": "#833C0B", "bg_color": "#FBE5D6", "bold": True},
    "warning": {"font_color": "#7F6000", "bg_color": "#FFF2CC"},
    "total": {"bold": True, "bg_color": _PALE, "top": 2},
    "country": {"bold": True, "font_size": 11, "bg_color": "#B4C6E7"},
    "region": {"bold": True, "bg_color": _PALE},
    "cercle": {"indent": 1, "bg_color": "#F5F8FD"},
    "commune": {"indent": 3},
    "level": {"indent": 0},
    "inset": {"indent": 1},
    "up": {"valign": "top"},
    "first": {"top": 2, "top_color": _BLUE},
    "official": {"bold": True, "bg_color": _PALE},
    "return": {"bold": True},
}
_SEVERITY_LAYERS = {Severity.RED: "no", Severity.AMBER: "warning"}
_EFFECT_LAYERS = {
    Effect.REJECT_SUBMISSION: "no", Effect.REJECT_ROW: "no", Effect.BLOCK_PUBLICATION: "no", Effect.JUSTIFY: "warning",
}  # fmt: skip


class _Book:
    """The workbook, its styles, and its words in one language."""

    def __init__(self, target: BytesIO, draft: DraftWorkbook, lang: str) -> None:
        self.lang = lang
        self.month = texts.month(draft.period, lang)
        self.as_of = draft.as_of
        self.sheets = ["figures", "bridge", "discrepancies", "questions"]
        self.sheets += [name for name in ("events", "not_comparable", "lasting", "secondary") if getattr(draft, name)]
        self.sheets += ["notes", *(["changes"] if draft.changes else []), "breakdowns"]
        self.banner = self.say("draft_banner")
        # in_memory keeps the time of writing out of the zip
        options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        self.workbook = xlsxwriter.Workbook(target, options)
        title = f"{draft_name(draft.period, lang).removesuffix('.xlsx')} — {self.banner}"
        self.workbook.set_properties({"title": title, "status": self.banner, "created": datetime.combine(draft.as_of, time())})
        self._styles: dict[tuple[str, ...], Format] = {}

    def say(self, key: str, **params: Any) -> str:
        return texts.message(key, self.lang, **params)

    def label(self, code: Code) -> str:
        return code.label(self.lang)

    def yes_no(self, value: bool) -> str:
        return self.label(YesNo.YES if value else YesNo.NO)

    def missing(self, value: Missing | NoPrevious) -> str:
        """`n. c. (fiche non reçue)`."""
        reason = self.label(value.reason) if isinstance(value, Missing) else self.say("draft_no_previous")
        return self.say("draft_missing", reason=reason)

    def style(self, name: str, *layers: str) -> Format:
        key = (name, *(layer for layer in layers if layer != "plain"))
        if key not in self._styles:
            properties = dict(_STYLES[name])
            for layer in key[1:]:
                properties |= _LAYERS[layer]
            if self.lang == "fr" and "num_format" in properties:
                properties["num_format"] = properties["num_format"].replace("%", "\\ %")
            elif self.lang == "en" and name == "date":
                properties["num_format"] = "yyyy-mm-dd"
            self._styles[key] = self.workbook.add_format(properties)
        return self._styles[key]

    def colours(self, layer: str) -> Format:
        """A layer alone, for conditional formats."""
        key = (layer,)
        if key not in self._styles:
            self._styles[key] = self.workbook.add_format(dict(_LAYERS[layer]))
        return self._styles[key]


def wrapped_lines(text: str, width: float) -> int:
    """The lines that a text takes when wrapped at `width` characters."""
    return sum(_wrapped(line, width) for line in text.split("\n"))


def _wrapped(text: str, width: float) -> int:
    lines, used = 1, 0
    for word in text.split(" "):
        if used and used + 1 + len(word) > width:
            lines, used = lines + 1, 0
        used += len(word) + (1 if used else 0)
        over = int((used - 1) // width) if used > width else 0
        lines, used = lines + over, used - int(over * width)
    return lines


@dataclass(frozen=True, slots=True)
class _Column:
    title: str
    width: float
    style: str = "text"
    header: str = "header"


class _Page:
    """One sheet: the banner, a title, notes, then whatever the subclass writes below."""

    NAME = ""
    PAPER = _A4

    def __init__(self, book: _Book, columns: Sequence[_Column]) -> None:
        self.book, self.columns, self.say = book, columns, book.say
        self.title = book.say(self.NAME)
        self._depth: dict[int, int] = {}
        self.sheet: Worksheet = book.workbook.add_worksheet(self.title)
        for at, column in enumerate(columns):
            self.sheet.set_column(at, at, column.width)
        self._print_setup()

    def _print_setup(self) -> None:
        sheet, book = self.sheet, self.book
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(self.PAPER)
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.4, right=0.4, top=0.65, bottom=0.6)
        sheet.set_header(f'&C&"Calibri,Bold"&12&KC00000{book.banner}')
        left = self.say("draft_footer", banner=book.banner, month=book.month, as_of=book.as_of)
        sheet.set_footer(f"&L{left}&C&A&R{self.say('draft_page', current='&P', last='&N')}")

    def heading(self, *notes: str) -> int:
        """Writes the banner, the title and the notes; the row after them."""
        banner = self.say("draft_banner_more", banner=self.book.banner, month=self.book.month)
        for at in range(1, len(self.columns)):
            self.sheet.write_blank(0, at, None, self.book.style("banner"))
        self.sheet.write_string(0, 0, banner, self.book.style("banner"))
        self.sheet.set_row(0, 24)
        title = self.say("draft_title", month=self.book.month, sheet=self.title.lower())
        self.sheet.write_string(1, 0, title, self.book.style("title"))
        self.sheet.set_row(1, 22)
        for at, note in enumerate(notes, start=2):
            self.sheet.write_string(at, 0, note, self.book.style("note"))
        return 2 + len(notes)

    def header(self, row: int, *, height: float = 32, filter_to: int | None = None, frozen: int = 0) -> None:
        """Writes the column titles; with `filter_to`, the last row, they filter, stay in view and repeat on paper."""
        for at, column in enumerate(self.columns):
            self.sheet.write_string(row, at, column.title, self.book.style(column.header))
        self.sheet.set_row(row, height)
        if filter_to is not None:
            self.sheet.freeze_panes(row + 1, frozen)
            self.sheet.repeat_rows(0, row)
            self.sheet.autofilter(row, 0, max(filter_to, row + 1), len(self.columns) - 1)

    def put(self, row: int, at: int, value: Any, style: str, *layers: str) -> None:
        """A number, a text that can never become a formula, or what stands for a missing number."""
        if isinstance(value, Missing | NoPrevious):
            self._write(row, at, self.missing(value), "missing", *layers)
        elif isinstance(value, date):
            self.sheet.write_datetime(row, at, value, self.book.style(style, *layers))
        elif isinstance(value, int | float):
            self.sheet.write_number(row, at, value, self.book.style(style, *layers))
        else:
            text = str(value)[:_LONGEST]
            guard = ("quoted",) if would_run(text) else ()
            self._write(row, at, text, style, *layers, *guard)

    def _write(self, row: int, at: int, text: str, style: str, *layers: str) -> None:
        self.sheet.write_string(row, at, text, self.book.style(style, *layers))
        if _STYLES[style].get("text_wrap"):
            self._depth[row] = max(self._depth.get(row, 1), wrapped_lines(text, self.columns[at].width * _PER_WIDTH))

    def fit(self, row: int, *, least: float = 15.0, level: int = 0) -> None:
        """Makes the row high enough for its wrapped texts; not every program does that when it opens the file."""
        height = min(max(least, self._depth.get(row, 1) * _LINE + 3), _TALLEST)
        self.sheet.set_row(row, height, None, {"level": level} if level else {})

    def colour_checks(self, first: int, at: int, last: int) -> None:
        """Colours the live checks by their word."""
        for word, layer in ((self.say("draft_ok"), "yes"), (self.say("draft_wrong"), "no")):
            rule = {"type": "cell", "criteria": "==", "value": f'"{word}"', "format": self.book.colours(layer)}
            self.sheet.conditional_format(first, at, last, at, rule)

    def missing(self, value: Missing | NoPrevious) -> str:
        return self.book.missing(value)

    def text(self, value: Any) -> str:
        """The text of an optional value; a dash where there is nothing to say."""
        return str(value) if _none(value) not in (None, "") else self.say("draft_none")


# --- the board ----------------------------------------------------------------------------------------------------------


class _Board(_Page):
    """The month on one page: what is known of the country, and where each region stands."""

    NAME = "draft_sheet_board"
    _EFFECTS = tuple(Effect)

    def __init__(self, book: _Book, draft: DraftWorkbook) -> None:
        self.draft = draft
        effects = [_Column(book.say(f"draft_effect_{effect}"), 11.5, "count") for effect in self._EFFECTS]
        super().__init__(
            book,
            [
                _Column(book.say("draft_region"), 27),
                _Column(book.say("draft_received"), 14, "centre"),
                _Column(book.say("draft_validated"), 14, "centre"),
                _Column(book.say("draft_households"), 12, "count"),
                _Column(book.say("draft_individuals"), 13, "count"),
                _Column(_previous_title(book, draft), 17, "count"),
                _Column(book.say("draft_change_persons"), 12, "change"),
                _Column(book.say("draft_change_share"), 11, "share_change"),
                _Column(book.say("draft_returnees"), 13, "count"),
                _Column(book.say("draft_carried"), 13, "centre"),
                *effects,
                _Column(book.say("draft_gaps_open"), 10, "count"),
            ],
        )

    def write(self) -> None:
        row = self.heading(self._dates(), self._progress(), *([self.draft.summary] if self.draft.summary else []))
        row = self._headlines(row + 1)
        row = self._regions(row + 1)
        self._legend(row + 1)
        self.sheet.freeze_panes(2, 1)
        self.sheet.repeat_rows(0, 1)

    def _dates(self) -> str:
        last_day = Period.parse(self.draft.period).last_day
        past = self.draft.compared_with
        compared = self.say("draft_compared", past=past) if past else self.say("draft_no_past")
        return f"{self.say('draft_as_of', last_day=last_day, made_on=self.draft.as_of)} {compared}"

    def _progress(self) -> str:
        board = self.draft.board
        open_ = sum(finding["effect"] != Effect.INFORM for finding in self.draft.findings)
        return self.say(
            "draft_progress", received=sum(row.received for row in board), expected=len(board),
            validated=sum(row.validated for row in board), gaps=self.draft.country.discrepancies, open=open_,
        )  # fmt: skip

    def _headlines(self, row: int) -> int:
        """The national numbers at the left, the guide to the sheets at their right."""
        previous = _capital(self.draft.compared_with or self.say("draft_previous"))
        keys = ("draft_change", "draft_change_share")
        titles = [self.say("draft_indicator"), _capital(self.book.month), previous, *(self.say(key) for key in keys)]
        for at, title in enumerate(titles):
            self.sheet.write_string(row, at, title, self.book.style("header"))
        self.sheet.set_row(row, 32)
        for at, headline in enumerate(self.draft.headlines, start=row + 1):
            self._headline(at, headline)
        self._guide(row)
        return row + 1 + max(len(self.draft.headlines), len(self.book.sheets))

    def _headline(self, row: int, headline: Headline) -> None:
        self.put(row, 0, self.say(f"draft_headline_{headline.population_group}_{headline.unit}"), "text", "big")
        why = Missing(MissingReason.NOT_REPORTED)
        cells = self._comparison(headline.value, headline.previous, why)
        styles = ("count", "count", "change", "share_change")
        for at, (cell, style) in enumerate(zip(cells, styles, strict=True), start=1):
            self.put(row, at, cell, style, "plain" if isinstance(cell, Missing | NoPrevious) else "big")
        self.fit(row, least=21)

    def _comparison(self, value: int | None, previous: int | None, why: Missing) -> tuple[Any, ...]:
        """The number, the earlier one, the difference and its share."""
        if value is None or previous is None:
            absent = why if value is None else NoPrevious()
            return (why if value is None else value, NoPrevious() if previous is None else previous, absent, absent)
        change = value - previous
        return (value, previous, change, change / previous if previous else self.say("draft_none"))

    def _guide(self, row: int) -> None:
        at = 6
        self.sheet.write_string(row, at, self.say("draft_guide"), self.book.style("section"))
        for step, name in enumerate(self.book.sheets, start=row + 1):
            title = self.say(f"draft_sheet_{name}")
            self.sheet.write_url(step, at, f"internal:'{title}'!A1", self.book.style("link"), title)
            self.sheet.write_string(step, at + 2, self.say(f"draft_guide_{name}"), self.book.style("note"))

    def _regions(self, row: int) -> int:
        self.sheet.write_string(row, 0, self.say("draft_regions"), self.book.style("section"))
        header, first = row + 1, row + 2
        self.header(header, height=46)
        for at, region in enumerate(self.draft.board, start=first):
            self._region(at, region)
            self.fit(at, least=19)
        last = first + len(self.draft.board) - 1
        self.sheet.conditional_format(first, 4, last, 4, {"type": "data_bar", "bar_solid": True, "bar_color": "#9DC3E6"})
        self._total(last + 1)
        self._check(last + 2, first, last)
        for at in (3, 4, 8):
            self.colour_checks(last + 2, at, last + 2)
        return last + 3

    def _region(self, at: int, region: BoardRow) -> None:
        why = Missing(MissingReason.NOT_REPORTED if region.received or region.received_in else MissingReason.NO_RETURN)
        received = self.book.yes_no(region.received)
        if region.received_in and not region.received:
            received = self.say("draft_received_in", region=region.received_in)
        self.put(at, 0, region.region, "text", "bold")
        self.put(at, 1, received, "centre", "yes" if region.received else "no")
        self.put(at, 2, self.book.yes_no(region.validated), "centre", "yes" if region.validated else "no")
        self._numbers(at, region, why, "plain")
        self.put(at, 9, self.book.yes_no(region.carried_forward), "centre", "warning" if region.carried_forward else "plain")
        self._findings(at, region, "plain")

    def _numbers(self, at: int, row: BoardRow, why: Missing, layer: str) -> None:
        self.put(at, 3, why if row.households is None else row.households, "count", layer)
        cells = self._comparison(row.individuals, row.previous_individuals, why)
        for step, cell in enumerate(cells, start=4):
            self.put(at, step, cell, self.columns[step].style, layer)
        self.put(at, 8, why if row.returnee_individuals is None else row.returnee_individuals, "count", layer)

    def _findings(self, at: int, row: BoardRow, layer: str) -> None:
        for step, effect in enumerate(self._EFFECTS, start=10):
            count = int(row.findings.get(str(effect), 0))
            self.put(at, step, count, "count", layer, _EFFECT_LAYERS.get(effect, "plain") if count else "plain")
        last = len(self.columns) - 1
        self.put(at, last, row.discrepancies, "count", layer, "warning" if row.discrepancies else "plain")

    def _total(self, at: int) -> None:
        country, board = self.draft.country, self.draft.board
        self.put(at, 0, self.say("draft_total", country=country.region), "text", "total")
        for step, counted in ((1, "received"), (2, "validated"), (9, "carried_forward")):
            count = sum(getattr(row, counted) for row in board)
            self.put(at, step, self.say("draft_of", count=count, total=len(board)), "centre", "total")
        self._numbers(at, country, Missing(MissingReason.NOT_REPORTED), "total")
        self._findings(at, country, "total")
        self.fit(at, least=22)

    def _check(self, at: int, first: int, last: int) -> None:
        """Live: the regions add up to the country."""
        ok, wrong = self.say("draft_ok"), self.say("draft_wrong")
        self.sheet.write_string(at, 0, self.say("draft_sum_check"), self.book.style("note"))
        for column, name in ((3, "households"), (4, "individuals"), (8, "returnee_individuals")):
            total = getattr(self.draft.country, name)
            summed = sum(getattr(row, name) or 0 for row in self.draft.board)
            formula = f'=IF(SUM({xl_range(first, column, last, column)})={xl_rowcol_to_cell(last + 1, column)},"{ok}","{wrong}")'
            self.sheet.write_formula(at, column, formula, self.book.style("centre", "bold"), ok if summed == total else wrong)

    def _legend(self, row: int) -> None:
        self.sheet.write_string(row, 0, _missing_legend(self.book), self.book.style("note"))
        self.sheet.write_string(row + 1, 0, _grades_note(self.book), self.book.style("note"))


def _previous_title(book: _Book, draft: DraftWorkbook) -> str:
    """The earlier figure is named: the last release, or the draft of the month before."""
    return book.say("draft_previous_individuals", past=draft.compared_with or book.say("draft_previous").lower())


def _missing_legend(book: _Book) -> str:
    reasons = ", ".join(f"({at}) {book.label(reason)}" for at, reason in enumerate(MissingReason, start=1))
    return book.say("draft_missing_legend", reasons=reasons)


def _grades_note(book: _Book) -> str:
    return book.say(
        "draft_grades_note", grades=book.say("draft_separator").join(f"{grade} = {book.label(grade)}" for grade in Grade)
    )


# --- figures ------------------------------------------------------------------------------------------------------------

_UNDER_18 = (AgeBand.CHILD, AgeBand.SCHOOL)
_SITES = (Shelter.SPONTANEOUS_SITE, Shelter.PLANNED_SITE, Shelter.COLLECTIVE_CENTRE)
_FAMILIES = ("sex", "age", "shelter", "displacement")
Reader = Callable[[_Figures, Place], "int | Missing"]


def _total_of(key: Total) -> Reader:
    return lambda figures, place: figures.total(place, key)


def _part_of(dimension: str, *members: Code) -> Reader:
    return lambda figures, place: figures.part(place, dimension, members)


def _flow(measure: Measure) -> Reader:
    return _total_of((PopulationGroup.IDP, measure, Unit.INDIVIDUAL))


_NUMBERS: Mapping[str, Reader] = {
    "draft_households": _total_of(_STOCK_HOUSEHOLDS),
    "draft_individuals": _total_of(_STOCK),
    "draft_female": _part_of("sex", Sex.FEMALE),
    "draft_male": _part_of("sex", Sex.MALE),
    "draft_under_18": _part_of("age", *_UNDER_18),
    "draft_over_60": _part_of("age", AgeBand.OLDER),
    "draft_host_family": _part_of("shelter", Shelter.HOST_FAMILY),
    "draft_sites": _part_of("shelter", *_SITES),
    "draft_primary": _part_of("displacement", Displacement.PRIMARY),
    "draft_secondary": _part_of("displacement", Displacement.SECONDARY),
    "draft_returnees": _total_of(_RETURNEES),
    "draft_repatriated": _total_of(_REPATRIATED),
    "draft_arrivals": _flow(Measure.ARRIVALS),
    "draft_departures": _flow(Measure.DEPARTURES),
    "draft_returns": _flow(Measure.RETURNS),
}
"""The number columns of the sheet of figures, in their order."""


def _level_label(level: str, lang: str) -> str:
    """The heading of the level; the code list says "whole cercle", which is about rows of a return."""
    if level in fields.FIGURE.by_name:
        return fields.FIGURE[level].label.in_(lang)
    return _capital(Level(level).label(lang))


def _place_name(place: Place, country: str) -> str:
    _, region, cercle, commune = place
    return commune or cercle or region or country


class _FigureSheet(_Page):
    """One row per place, the common numbers beside each other."""

    NAME = "draft_sheet_figures"
    PAPER = _A3

    def __init__(self, book: _Book, draft: DraftWorkbook, figures: _Figures) -> None:
        self.draft, self.figures = draft, figures
        label = {name: item.label.in_(book.lang) for name, item in fields.FIGURE.by_name.items()}
        self._disputed: dict[str, list[Mapping[str, Any]]] = {}
        for gap in draft.discrepancies:
            self._disputed.setdefault(str(gap.get("pcode") or ""), []).append(gap)
        super().__init__(
            book,
            [
                _Column(book.say("draft_place"), 25),
                _Column(label["level"], 10),
                _Column(label["region"], 13),
                _Column(label["cercle"], 14),
                *(_Column(book.say(key), 11, "count") for key in _NUMBERS),
                _Column(label["basis"], 15),
                _Column(label["grade"], 8, "centre"),
                _Column(book.say("draft_status"), 17),
                _Column(book.say("draft_remark"), 44, "wrapped"),
            ],
        )

    def missing(self, value: Missing | NoPrevious) -> str:
        """The reason as a number explained above the table, so that the columns stay narrow."""
        if isinstance(value, NoPrevious):
            return super().missing(value)
        return self.say("draft_missing_short", mark=str(list(MissingReason).index(value.reason) + 1))

    def write(self) -> None:
        row = self.heading(self.say("draft_figures_note"), _missing_legend(self.book), _grades_note(self.book))
        places = self.figures.places
        self.header(row, height=46, filter_to=row + len(places), frozen=1)
        self.sheet.outline_settings(True, False, False, False)
        for at, place in enumerate(places, start=row + 1):
            self._place(at, place)

    def _place(self, at: int, place: Place) -> None:
        level, region, cercle, _ = place
        country = self.draft.country.region
        self.put(at, 0, _place_name(place, country), "text", level)
        self.put(at, 1, _level_label(level, self.book.lang), "text", level, "level")
        self.put(at, 2, region or country, "text", level, "level")
        self.put(at, 3, self.text(cercle), "text", level, "level")
        for step, read in enumerate(_NUMBERS.values(), start=4):
            self.put(at, step, read(self.figures, place), "count", level, "level")
        self._quality(at, 4 + len(_NUMBERS), place)
        self.fit(at, level=max(_LEVELS.index(Level(level)) - 1, 0))

    def _quality(self, at: int, first: int, place: Place) -> None:
        """Basis, grade and status of the stock (else of the first number there is), and remarks."""
        totals = self.figures.totals.get(place, {})
        row = totals.get(_STOCK) or next(iter(totals.values()), {})
        basis, grade, status = (_none(row.get(name)) for name in ("basis", "grade", "obs_status"))
        words = (
            self.book.label(Basis(basis)) if basis else self.say("draft_missing_bare"),
            str(grade or Grade.D),
            self.book.label(ObsStatus(status)) if status else self.book.label(ObsStatus.MISSING),
        )
        for step, word in enumerate(words, start=first):
            self.put(at, step, word, self.columns[step].style, place[0], "inset" if step == first else "level")
        self.put(at, first + 3, self.text(self._remarks(place)), "wrapped", place[0], "level")

    def _remarks(self, place: Place) -> str:
        said = []
        for key in (_STOCK_HOUSEHOLDS, _STOCK):
            total = self.figures.total(place, key)
            if isinstance(total, Missing):
                said.append(self.say("draft_remark_missing", unit=key[2], reason=total.reason))
        total = self.figures.total(place, _STOCK)
        for family in _FAMILIES if isinstance(total, int) else ():
            rest, reason = self.figures.unknown(place, family)
            if 0 < rest < total:  # type: ignore[operator]
                word = self.say(f"draft_family_{family}")
                said.append(self.say("draft_remark_partial", family=word, count=rest, reason=reason))
        said.extend(self._questions(place))
        return self.say("draft_separator").join(said)

    def _questions(self, place: Place) -> Iterator[str]:
        """Which lines of the sheet of discrepancies are about the place, and which decisions hold for it."""
        code = self.figures.codes.get(place)
        disputed = self._disputed.get(code, []) if code else []
        if waiting := [str(gap["number"]) for gap in disputed if gap["open"]]:
            yield self.say("draft_remark_gaps", numbers=waiting)
        if decided := [number for gap in disputed for number in gap["decisions"]]:
            yield self.say("draft_remark_decided", numbers=decided)


# --- the bridge ---------------------------------------------------------------------------------------------------------

_BRIDGED = (_STOCK, _STOCK_HOUSEHOLDS, _RETURNEES)
_STEP, _WHY, _VALUE, _CHECK = 3, 4, 5, 6
"""Columns of the bridge."""


@dataclass(frozen=True, slots=True)
class _Block:
    """One bridge: a place and figure, its items, and where they lead."""

    name: str
    key: Total
    country: bool
    items: Sequence[Mapping[str, Any]]
    values: Sequence[int | Missing]
    official: int | Missing

    @property
    def adds_up(self) -> bool | None:
        """None when nothing is known on either side."""
        known = [value for value in self.values if isinstance(value, int)]
        if isinstance(self.official, Missing):
            return None if not known else False
        return sum(known) == self.official


class _BridgeSheet(_Page):
    """From each return to the draft value, item by item, with a live check."""

    NAME = "draft_sheet_bridge"

    def __init__(self, book: _Book, draft: DraftWorkbook, figures: _Figures) -> None:
        self.draft, self.figures = draft, figures
        super().__init__(
            book,
            [
                _Column(book.say("draft_region"), 14),
                _Column(book.say("draft_bridge_figure"), 24, "wrapped"),
                _Column(book.say("draft_number"), 5, "centre"),
                _Column(book.say("draft_bridge_step"), 27, "wrapped"),
                _Column(book.say("draft_bridge_reason"), 46, "wrapped"),
                _Column(book.say("draft_bridge_value"), 13, "count"),
                _Column(book.say("draft_bridge_check"), 11, "centre"),
                _Column(book.say("draft_file_name"), 32, "wrapped"),
                _Column(book.say("draft_sheet_name"), 13, "wrapped"),
                _Column(book.say("draft_cell"), 9, "centre"),
                _Column(book.say("draft_file_print"), 14, "print"),
            ],
        )

    def write(self) -> None:
        header = self.heading(self.say("draft_bridge_note"), "")
        blocks = list(self._blocks())
        last = header + sum(len(block.items) + 1 for block in blocks)
        self.header(header, filter_to=last, frozen=2)
        row = header + 1
        for block in blocks:
            row = self._write_block(row, block)
        self._score(header - 1, header + 1, last, blocks)
        self.colour_checks(header + 1, _CHECK, last)

    def _blocks(self) -> Iterator[_Block]:
        rows: dict[tuple[str | None, Total], list[dict[str, Any]]] = {}
        for item in _records(self.draft.bridge):
            if item["level"] in (Level.REGION, Level.COUNTRY):
                key = (PopulationGroup(item["population_group"]), Measure(item["measure"]), Unit(item["unit"]))
                rows.setdefault((_none(item["region"]) if item["level"] == Level.REGION else None, key), []).append(item)
        for region in (*self.draft.board, None):
            for key in _BRIDGED:
                yield self._block(region, key, rows.get((region.region if region else None, key), []))

    def _block(self, region: BoardRow | None, key: Total, rows: Sequence[dict[str, Any]]) -> _Block:
        silent = region is not None and not region.received
        absent = MissingReason.NO_RETURN if silent else MissingReason.NOT_REPORTED
        items = sorted(rows, key=lambda row: int(row["item"]))
        if not items or items[0]["kind"] != AdjustmentKind.RETURN:
            items.insert(0, {"item": 0, "kind": AdjustmentKind.RETURN, "value": None})
        place: Place = (Level.REGION, region.region, None, None) if region else self._country_place()
        return _Block(
            name=region.region if region else self.draft.country.region, key=key, country=region is None, items=items,
            values=[_count(item, absent) for item in items], official=self.figures.total(place, key),
        )  # fmt: skip

    def _country_place(self) -> Place:
        return next((place for place in self.figures.places if place[0] == Level.COUNTRY), (Level.COUNTRY, None, None, None))

    def _write_block(self, first: int, block: _Block) -> int:
        for row, (item, value) in enumerate(zip(block.items, block.values, strict=True), start=first):
            self._item(row, block, item, value)
            self.fit(row)
        last = first + len(block.items) - 1
        self._official(last + 1, first, last, block)
        self.fit(last + 1)
        return last + 2

    def _item(self, row: int, block: _Block, item: Mapping[str, Any], value: int | Missing) -> None:
        opening = item["kind"] == AdjustmentKind.RETURN
        layer = "return" if opening else "plain"
        step, why = self._words(block, item)
        self._name(row, block, layer)
        self.put(row, 2, int(item["item"]), "centre", layer)
        self.put(row, _STEP, step, "wrapped", layer)
        self.put(row, _WHY, why, "wrapped")
        self.put(row, _VALUE, value, "count" if opening else "change", layer)
        self.put(row, _CHECK, self.say("draft_none"), "centre")
        for at, name in enumerate(("file", "sheet", "cell"), start=_CHECK + 1):
            self.put(row, at, self.text(item.get(name)), self.columns[at].style)
        self.put(row, _CHECK + 4, self.text(str(_none(item.get("sha256")) or "")[:12]), "print")

    def _words(self, block: _Block, item: Mapping[str, Any]) -> tuple[str, str]:
        kind = AdjustmentKind(item["kind"])
        if kind is not AdjustmentKind.RETURN:
            said = _none(item.get("decision")) or reason_words(item, self.book.lang)
            return _capital(self.book.label(kind)), _capital(self.text(said))
        if block.country:
            return self.say("draft_bridge_returns"), self.say("draft_bridge_claims")
        return _capital(self.book.label(kind)), self.say("draft_bridge_claim")

    def _name(self, row: int, block: _Block, layer: str) -> None:
        self.put(row, 0, block.name, "text", layer)
        self.put(row, 1, self.say(f"draft_headline_{block.key[0]}_{block.key[2]}"), "wrapped", layer)

    def _official(self, row: int, first: int, last: int, block: _Block) -> None:
        self._name(row, block, "official")
        self.put(row, 2, self.say("draft_none"), "centre", "official")
        self.put(row, _STEP, self.say("draft_bridge_official"), "wrapped", "official")
        self.put(row, _WHY, self.say("draft_bridge_sum"), "wrapped", "official")
        self.put(row, _VALUE, block.official, "count", "official")
        self._check(row, first, last, block)
        for at in range(_CHECK + 1, len(self.columns)):
            self.put(row, at, self.say("draft_none"), self.columns[at].style, "official")

    def _check(self, row: int, first: int, last: int, block: _Block) -> None:
        """Live. Two missing sides are not a proof: the check then says n. c."""
        ok, wrong, missing = self.say("draft_ok"), self.say("draft_wrong"), self.say("draft_missing_bare")
        items, official = xl_range(first, _VALUE, last, _VALUE), xl_rowcol_to_cell(row, _VALUE)
        formula = (
            f'=IF(COUNT({items},{official})=0,"{missing}",IF(AND(COUNT({official})=1,SUM({items})={official}),"{ok}","{wrong}"))'
        )
        self.sheet.write_formula(row, _CHECK, formula, self.book.style("centre", "official"), self._said(block))

    def _said(self, block: _Block) -> str:
        if block.adds_up is None:
            return self.say("draft_missing_bare")
        return self.say("draft_ok" if block.adds_up else "draft_wrong")

    def _score(self, row: int, first: int, last: int, blocks: Sequence[_Block]) -> None:
        """Live: how many checks hold, fail, or have nothing to compare."""
        checks = xl_range_abs(first, _CHECK, last, _CHECK)
        said = [self._said(block) for block in blocks]
        words = [self.say(key) for key in ("draft_ok", "draft_wrong", "draft_missing_bare")]
        separator = self.say("draft_separator")
        formula = f'&"{separator}"&'.join(f'COUNTIF({checks},"{word}")&" {word}"' for word in words)
        result = separator.join(f"{said.count(word)} {word}" for word in words)
        self.sheet.write_string(row, 0, self.say("draft_bridge_score"), self.book.style("section"))
        self.sheet.write_formula(row, 1, f"={formula}", self.book.style("section"), result)
        self.sheet.set_row(row, 18)


# --- open questions -----------------------------------------------------------------------------------------------------


class _FindingPage(_Page):
    """What findings look like on a page."""

    WIDTHS = (20, 16, 32, 13, 9)
    """Kind, region, file, sheet, cell."""

    def __init__(self, book: _Book, draft: DraftWorkbook, *columns: _Column) -> None:
        self.draft = draft
        keys = ("draft_nature", "draft_where", "draft_file_name", "draft_sheet_name", "draft_cell")
        titles = [_Column(book.say(key), width, "top") for key, width in zip(keys, self.WIDTHS, strict=True)]
        super().__init__(book, [_Column(book.say("draft_number"), 5, "top"), *titles, *columns])

    def finding(self, row: int, number: int, finding: Mapping[str, Any]) -> None:
        effect = Effect(finding["effect"])
        self.put(row, 0, number, "top")
        self.put(row, 1, self.book.label(effect), "top", _EFFECT_LAYERS.get(effect, "plain"))
        for at, name in enumerate(("region", "file", "sheet"), start=2):
            self.put(row, at, self.text(finding.get(name)), "top")
        self.put(row, 5, self._cell(finding), "top")
        self.put(row, 6, self.text(finding.get("message")), "top")
        self.put(row, 7, self.text(finding.get("remedy")), "top")
        self.put(row, len(self.columns) - 1, self.text(finding.get("code")), "small")
        self.fit(row)

    def _cell(self, finding: Mapping[str, Any]) -> str:
        cell, row = _none(finding.get("cell")), _none(finding.get("row"))
        if cell or row is None:
            return self.text(cell)
        return self.say("draft_row", at=str(int(row)))

    def nothing(self, row: int, sentence: str) -> None:
        self.put(row, 0, self.say("draft_none"), "top")
        self.sheet.merge_range(row, 1, row, len(self.columns) - 1, sentence, self.book.style("top"))

    def ranked(self, *effects: Effect) -> list[Mapping[str, Any]]:
        """The findings of these effects, the most serious first, then as they stand in the files."""
        rank = {str(effect): at for at, effect in enumerate(Effect)}
        order = {row.region: at for at, row in enumerate(self.draft.board)}
        chosen = [finding for finding in self.draft.findings if Effect(finding["effect"]) in effects]

        def key(finding: Mapping[str, Any]) -> tuple[Any, ...]:
            said = [str(_none(finding.get(name)) or "") for name in ("file", "sheet")]
            cell = str(_none(finding.get("cell")) or "")
            at = (int(_none(finding.get("row")) or 0), len(cell), cell, str(finding["code"]), str(finding.get("message")))
            return (rank[finding["effect"]], order.get(str(finding.get("region")), len(order)), *said, *at)

        return sorted(chosen, key=key)


class _QuestionSheet(_FindingPage):
    """What the meeting has to settle."""

    NAME = "draft_sheet_questions"

    def __init__(self, book: _Book, draft: DraftWorkbook) -> None:
        super().__init__(
            book, draft,
            _Column(book.say("draft_wrong_what"), 52, "top"),
            _Column(book.say("draft_what_to_do"), 38, "top"),
            _Column(book.say("draft_answer"), 30, "answer", "answer_header"),
            _Column(book.say("draft_decision"), 30, "answer", "answer_header"),
            _Column(book.say("draft_reference"), 15, "small"),
        )  # fmt: skip

    def write(self) -> None:
        header = self.heading(self.say("draft_questions_note"))
        findings = self.ranked(*(effect for effect in Effect if effect is not Effect.INFORM))
        self.header(header, filter_to=header + len(findings), frozen=3)
        first = header + 1
        for row, finding in enumerate(findings, start=first):
            self.finding(row, row - header, finding)
            if _none(reply := finding.get("reply")):
                self.put(row, 8, reply, "answer")
                self.fit(row)
            else:
                self.sheet.write_blank(row, 8, None, self.book.style("answer"))
            self.sheet.write_blank(row, 9, None, self.book.style("answer"))
        if not findings:
            self.nothing(first, self.say("draft_no_questions"))


class _NoteSheet(_FindingPage):
    """Findings that ask for nothing, on a sheet of their own."""

    NAME = "draft_sheet_notes"

    def __init__(self, book: _Book, draft: DraftWorkbook) -> None:
        super().__init__(
            book, draft,
            _Column(book.say("draft_observed"), 62, "top"),
            _Column(book.say("draft_what_to_do"), 44, "top"),
            _Column(book.say("draft_reference"), 18, "small"),
        )  # fmt: skip

    def write(self) -> None:
        header = self.heading(self.say("draft_notes_note"))
        findings = self.ranked(Effect.INFORM)
        self.header(header, filter_to=header + len(findings), frozen=3)
        for at, finding in enumerate(findings, start=1):
            self.finding(header + at, at, finding)
        if not findings:
            self.nothing(header + 1, self.say("draft_no_notes"))


class _ChangeSheet(_Page):
    """What new versions of returns changed; written only when there is one."""

    NAME = "draft_sheet_changes"

    def __init__(self, book: _Book, draft: DraftWorkbook) -> None:
        self.draft = draft
        keys = (("region", 16), ("change_since", 34), ("change_kind", 16), ("sheet_name", 16), ("cell", 9), ("change_what", 70),
                ("answer", 34))  # fmt: skip
        super().__init__(book, [_Column(book.say(f"draft_{key}"), width, "top") for key, width in keys])

    def write(self) -> None:
        header = self.heading(self.say("draft_changes_note"))
        self.header(header, filter_to=header + len(self.draft.changes), frozen=1)
        for row, change in enumerate(self.draft.changes, start=header + 1):
            before = self.say("draft_change_before", file=change["file"], version=change["version"])
            kind = self.say(f"draft_change_{change['kind']}")
            cells = (change["region"], before, kind, change["sheet"], change["cell"], change["sentence"], change["reply"])
            for at, cell in enumerate(cells):
                self.put(row, at, self.text(cell), "top")
            self.fit(row)


# --- what does not agree, and what moves --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Listed:
    """A sheet that is one table of lines in words. The titles of its columns are `column_{name}` of `messages.toml`, its own texts
    `draft_sheet_{name}`, `draft_{name}_note` and `draft_no_{name}`; each column has a width and a style."""

    name: str
    columns: tuple[tuple[str, float, str], ...]
    frozen: int = 0
    paper: int = _A4


LISTED: Mapping[str, Listed] = {
    sheet.name: sheet
    for sheet in (
        Listed("discrepancies", (
            ("number", 5, "top"), ("region", 12, "top"), ("place", 18, "top"), ("group_counted", 15, "top"), ("question", 42, "top"),
            ("return", 27, "top"), ("others", 35, "top"), ("gap", 10, "change"), ("share", 10, "small_share"), ("severity", 11, "centre"),
            ("proposal", 32, "top"), ("owner", 15, "top"), ("due", 12, "date"), ("state", 11, "centre"), ("decision", 40, "top"),
            ("reference", 13, "small"),
        ), 3, _A3),
        Listed("events", (
            ("region", 12, "top"), ("place", 20, "top"), ("first_on", 11, "date"), ("last_on", 11, "date"), ("alerts", 16, "top"),
            ("organisations", 17, "top"), ("witnesses", 9, "count"), ("households", 12, "centre"), ("individuals", 12, "centre"),
            ("assessed", 10, "centre"), ("state", 14, "centre"), ("age_days", 9, "count"), ("origin", 16, "top"), ("shock", 17, "top"),
        ), 2),
        Listed("not_comparable", (
            ("region", 12, "top"), ("place", 20, "top"), ("group", 14, "top"), ("pair", 60, "top"), ("why", 64, "top"),
        ), 2),
        Listed("lasting", (
            ("place", 26, "text"), ("level", 11, "text"), ("region", 14, "text"), ("cercle", 16, "text"), ("over_12_months", 15, "count"),
            ("under_12_months", 15, "count"), ("returned", 14, "count"), ("returned_since_2012", 14, "count"), ("integrated", 14, "count"),
            ("relocated", 14, "count"),
        ), 1),
        Listed("secondary", (
            ("told_by", 14, "top"), ("from", 36, "top"), ("to", 36, "top"), ("households", 11, "count"), ("individuals", 11, "count"),
            ("returns", 50, "top"),
        ), 1),
    )
}  # fmt: skip
"""The sheets that are lists, by name."""


class _ListedSheet(_Page):
    """A sheet of lines in words: what does not agree and what was decided, events, what is not compared, lasting and secondary
    displacement."""

    def __init__(self, book: _Book, listed: Listed, rows: Sequence[Mapping[str, Any]]) -> None:
        self.NAME, self.PAPER = f"draft_sheet_{listed.name}", listed.paper
        self.listed, self.rows = listed, rows
        super().__init__(book, [_Column(book.say(f"column_{name}"), width, style) for name, width, style in listed.columns])

    def write(self) -> None:
        header = self.heading(self.say(f"draft_{self.listed.name}_note"))
        self.header(header, height=46, filter_to=header + len(self.rows), frozen=self.listed.frozen)
        for row, line in enumerate(self.rows, start=header + 1):
            for at, (name, _, style) in enumerate(self.listed.columns):
                self._cell(row, at, line.get(name), style, str(line.get("level_code") or "plain"))
            self.fit(row)
        if not self.rows:
            self.put(header + 1, 0, self.say("draft_none"), "top")
            nothing = self.say(f"draft_no_{self.listed.name}")
            self.sheet.merge_range(header + 1, 1, header + 1, len(self.columns) - 1, nothing, self.book.style("top"))

    def _cell(self, row: int, at: int, value: Any, style: str, level: str) -> None:
        layers = (
            (level, "level") if at and level != "plain" else (level, "up") if style != "text" and level == "plain" else (level,)
        )
        if isinstance(value, Severity):
            self.put(row, at, _capital(self.book.label(value)), style, _SEVERITY_LAYERS[value], *layers)
        elif _none(value) not in (None, ""):
            self.put(row, at, value, style, *layers)
        elif style in ("count", "change", "small_share"):
            self._write(row, at, self.say("draft_missing_bare"), "missing", *layers)
        else:
            self._write(row, at, self.say("draft_none"), style, *layers)


# --- breakdowns ---------------------------------------------------------------------------------------------------------

_CODES: Mapping[str, type[Code]] = {
    "sex": Sex, "age": AgeBand, "shelter": Shelter, "displacement": Displacement, "cause": Cause, "vulnerability": Vulnerability,
}  # fmt: skip


class _BreakdownSheet(_Page):
    """The breakdowns of the country and the regions, one row per category."""

    NAME = "draft_sheet_breakdowns"

    def __init__(self, book: _Book, draft: DraftWorkbook, figures: _Figures) -> None:
        self.draft, self.figures = draft, figures
        label = {name: item.label.in_(book.lang) for name, item in fields.FIGURE.by_name.items()}
        self._reason_title = label["missing_reason"]
        super().__init__(
            book,
            [
                _Column(label["region"], 16),
                _Column(label["population_group"], 16),
                _Column(label["measure"], 22),
                _Column(label["unit"], 12),
                _Column(book.say("draft_breakdown"), 22),
                _Column(book.say("draft_category"), 52, "wrapped"),
                _Column(label["value"], 20, "count"),
                _Column(book.say("draft_share"), 12, "share"),
                _Column(self._reason_title, 20, "wrapped"),
                _Column(label["grade"], 8, "centre"),
                _Column(book.say("draft_status"), 20),
            ],
        )

    def write(self) -> None:
        header = self.heading(self.say("draft_breakdowns_note"))
        places = [place for place in self.figures.places if place[0] in (Level.COUNTRY, Level.REGION)]
        rows = [(place, row) for place in places for row in self._sorted(place)]
        self.header(header, filter_to=header + len(rows), frozen=1)
        before = None
        for at, (place, row) in enumerate(rows, start=header + 1):
            family = (place, row["unit"], row["measure"], _dimensions(row))
            self._row(at, place, row, "plain" if family == before else "first")
            before = family
        if not rows:
            self.sheet.write_string(header + 1, 0, self.say("draft_no_breakdowns"), self.book.style("note"))

    def _sorted(self, place: Place) -> list[Mapping[str, Any]]:
        return sorted(self.figures.parts.get(place, ()), key=_breakdown_order)

    def _row(self, at: int, place: Place, row: Mapping[str, Any], border: str) -> None:
        value = _count(row)
        reason = _none(row["missing_reason"])
        layer = "region" if place[0] == Level.COUNTRY else "plain"
        cells = (
            _place_name(place, self.draft.country.region), self.book.label(PopulationGroup(row["population_group"])),
            self.book.label(Measure(row["measure"])), self.book.label(Unit(row["unit"])), self._family(row), self._category(row),
            value, self._share(place, row, value), self.book.label(MissingReason(reason)) if reason else self.say("draft_none"),
            self.text(row["grade"]), self.book.label(ObsStatus(row["obs_status"])),
        )  # fmt: skip
        for step, cell in enumerate(cells):
            inset = "inset" if self.columns[step].title == self._reason_title else "plain"
            self.put(at, step, cell, self.columns[step].style, layer if step == 0 else inset, border)
        self.fit(at)

    def _family(self, row: Mapping[str, Any]) -> str:
        return ", ".join(fields.FIGURE[name].label.in_(self.book.lang) for name in _dimensions(row))

    def _category(self, row: Mapping[str, Any]) -> str:
        return " / ".join(self._member(name, str(row[name])) for name in _dimensions(row))

    def _member(self, dimension: str, code: str) -> str:
        if code == UNKNOWN:
            return self.say("draft_unknown")
        kind = _CODES.get(dimension)
        return self.book.label(kind(code)) if kind else self.draft.place_names.get(code, code)

    def _share(self, place: Place, row: Mapping[str, Any], value: int | Missing) -> float | Missing | str:
        key = (PopulationGroup(row["population_group"]), Measure(row["measure"]), Unit(row["unit"]))
        total = self.figures.total(place, key)
        if isinstance(total, Missing) or isinstance(value, Missing) or not total:
            return self.say("draft_none")
        return value / total


def _dimensions(row: Mapping[str, Any]) -> tuple[str, ...]:
    """What a breakdown is by."""
    return tuple(name for name in fields.BREAKDOWNS if row[name] != TOTAL)


def _breakdown_order(row: Mapping[str, Any]) -> tuple[Any, ...]:
    lists: Sequence[type[Code]] = (PopulationGroup, Measure, Unit)
    head = tuple(list(kind).index(kind(row[name])) for kind, name in zip(lists, fields.FIGURE_KEY[:3], strict=True))
    names = _dimensions(row)
    members = [_rank(name, str(row[name])) for name in names]
    return (*head, [fields.BREAKDOWNS.index(name) for name in names], members)


def _rank(dimension: str, code: str) -> tuple[bool, int, str]:
    kind = _CODES.get(dimension)
    place = list(kind).index(kind(code)) if kind and code != UNKNOWN else 0
    return (code == UNKNOWN, place, code)
