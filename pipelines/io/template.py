"""Writes the workbooks people fill in: the *fiche régionale* and the small tables of alerts and circulated totals.

Sheets, titles and their order come from a layout of `schemas/layouts`, headers and lists from `schemas/fields.py`. The
same arguments give the same bytes: the file carries only dates that people gave.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import xlsxwriter
from babel.dates import format_date
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_range_abs
from xlsxwriter.worksheet import Worksheet

from pipelines.model import Period
from schemas import fields
from schemas.fields import Field, Kind, Table

Row = Mapping[str, Any]
"""One row of a sheet: field name -> value. A code is written with its French label, None leaves the cell empty."""

TOTALLED = frozenset({fields.IDP.name, fields.RETURNEE.name, fields.REPATRIATED.name})
"""The sheets that end with a printed total."""
_BLANK_ROWS = 300
_TOTAL = "TOTAL"
_A3, _A4 = 8, 9
_WIDE = 16
"""From so many columns a sheet is printed on A3."""
_MAX_WIDTH = 46.0
_LIST_WIDTH = 24.0
_LINE = 15.0
"""Height of one line of text, in points."""
_FONT: dict[str, Any] = {"font_name": "Calibri", "font_size": 10, "valign": "vcenter"}
_BOX = _FONT | {"border": 1, "border_color": "#BFBFBF"}
_HEADER = _BOX | {"bold": True, "text_wrap": True, "align": "center"}
_STYLES: Mapping[str, Mapping[str, Any]] = {
    "title": _FONT | {"bold": True, "font_size": 14, "font_color": "#1F3864"},
    "wrapped_title": _FONT | {"bold": True, "font_size": 14, "font_color": "#1F3864", "text_wrap": True},
    "note": _FONT | {"italic": True, "font_color": "#595959"},
    "notice": _FONT | {"bold": True, "font_color": "#9C5700", "bg_color": "#FFEB9C"},
    "wrapped_note": _FONT | {"italic": True, "font_color": "#595959", "text_wrap": True, "valign": "top"},
    "wrapped_notice": _FONT | {"bold": True, "font_color": "#9C5700", "bg_color": "#FFEB9C", "text_wrap": True},
    "required": _HEADER | {"font_color": "#FFFFFF", "bg_color": "#1F3864"},
    "optional": _HEADER | {"font_color": "#1F3864", "bg_color": "#D9E2F3"},
    "label": _BOX | {"bold": True, "font_color": "#1F3864", "bg_color": "#D9E2F3", "indent": 1},
    "form_required": _BOX | {"bold": True, "font_color": "#FFFFFF", "bg_color": "#1F3864", "indent": 1},
    "form_date": _BOX | {"num_format": "dd/mm/yyyy", "align": "left", "indent": 1},
    "text": _BOX | {"align": "left", "indent": 1},
    "long_text": _BOX | {"align": "left", "indent": 1, "text_wrap": True},
    "count": _BOX | {"num_format": "#,##0", "align": "right"},
    "date": _BOX | {"num_format": "dd/mm/yyyy", "align": "center"},
    "total_text": _BOX | {"bold": True, "bg_color": "#F2F2F2", "top": 2, "indent": 1},
    "total_count": _BOX | {"bold": True, "bg_color": "#F2F2F2", "top": 2, "num_format": "#,##0", "align": "right"},
}
_STYLE_OF = {Kind.INTEGER: "count", Kind.SIGNED: "count", Kind.DATE: "date"}


@dataclass(frozen=True, slots=True)
class PlaceNames:
    """The names offered in drop-down lists. Others may still be typed: the list advises, it does not forbid."""

    cercles: Sequence[str] = ()
    communes: Sequence[str] = ()


def write_return(
    path: Path,
    *,
    region_name: str,
    period: Period,
    identification: Mapping[str, Any],
    rows: Mapping[str, Sequence[Row]],
    layout: Mapping[str, Any],
    notice: Mapping[str, str] | str | None = None,
    places: PlaceNames | None = None,
) -> None:
    """Writes the *fiche régionale* of a region and month. `rows` are by table name; a table without rows is an empty
    sheet to fill in. `notice` is a sentence for every sheet, or one by table name. Raises OSError when the file cannot
    be written."""
    form = {**identification, "region": region_name, "period": str(period)}
    dated = identification.get("prepared_on") or period.last_day
    month = format_date(period.first_day, "MMMM yyyy", locale="fr")
    title = f"{layout['title']['fr']} — {region_name}, {month}"
    _write(path, title, dated, layout, {fields.IDENTIFICATION.name: [form], **rows}, notice, places)


def write_tables(
    path: Path,
    *,
    title: str,
    dated: date,
    rows: Mapping[str, Sequence[Row]],
    layout: Mapping[str, Any],
    notice: Mapping[str, str] | str | None = None,
) -> None:
    """Writes a workbook of plain tables (alerts, circulated totals); `dated` is the date the file carries."""
    _write(path, title, dated, layout, rows, notice, None)


def _write(
    path: Path,
    title: str,
    dated: date,
    layout: Mapping[str, Any],
    rows: Mapping[str, Sequence[Row]],
    notice: Mapping[str, str] | str | None,
    places: PlaceNames | None,
) -> None:
    book = _Book(path, title, dated)
    tables = {table.name: table for table in fields.ALL_TABLES}
    sheets = [(tables[name], sheet, book.add_sheet(sheet["title"])) for name, sheet in layout["sheets"].items()]
    book.add_lists(layout.get("lists_sheet"), [table for table, _, _ in sheets], places or PlaceNames())
    for table, sheet, page in sheets:
        said = notice if isinstance(notice, str) or notice is None else notice.get(table.name)
        heading = _Heading(f"{title} — {sheet['title']}", sheet.get("note", table.about.fr), said)
        if sheet["shape"] == "form":
            _FormPage(book, page, table, heading).write(rows.get(table.name, [{}])[0])
        else:
            _TablePage(book, page, table, heading).write(rows.get(table.name, ()))
    book.close()


@dataclass(frozen=True, slots=True)
class _Heading:
    title: str
    note: str
    notice: str | None

    @property
    def depth(self) -> int:
        """The number of rows above the first header or label."""
        return 2 if self.notice is None else 3


class _Book:
    """The workbook with its styles and the words of its drop-down lists."""

    def __init__(self, path: Path, title: str, dated: date) -> None:
        # in_memory keeps the time of writing out of the zip
        self.workbook = xlsxwriter.Workbook(str(path), {"in_memory": True})
        self.workbook.set_properties({"title": title, "created": datetime.combine(dated, time())})
        self.styles: dict[str, Format] = {name: self.workbook.add_format(dict(s)) for name, s in _STYLES.items()}
        self.lists: dict[str, str] = {}

    def add_sheet(self, title: str) -> Worksheet:
        page: Worksheet = self.workbook.add_worksheet(title)
        page.hide_gridlines(2)
        return page

    def add_lists(self, title: str | None, tables: Iterable[Table], places: PlaceNames) -> None:
        """A hidden sheet with one column per list, since a list written inside a cell rule may hold neither commas nor
        more than 255 characters."""
        if title is None:
            return
        page = self.add_sheet(title)
        page.hide()
        for column, (name, words) in enumerate(_word_lists(tables, places).items()):
            page.write_column(0, column, [name, *words])
            page.set_column(column, column, max(len(word) for word in (name, *words)) + 2)
            self.lists[name] = f"='{title}'!{xl_range_abs(1, column, len(words), column)}"

    def close(self) -> None:
        try:
            self.workbook.close()
        except xlsxwriter.exceptions.FileCreateError as error:
            raise OSError(str(error)) from error


def _word_lists(tables: Iterable[Table], places: PlaceNames) -> dict[str, Sequence[str]]:
    lists: dict[str, Sequence[str]] = {"cercle": places.cercles, "commune": places.communes}
    for table in tables:
        for field in table.fields:
            if field.choices is not None:
                lists[field.choices.__name__] = [word.fr for word in field.choices]
    return {name: words for name, words in lists.items() if words}


def _rule_for(field: Field, lists: Mapping[str, str]) -> dict[str, Any] | None:
    """The Excel data validation of a column, None when anything may be typed."""
    if field.choices is not None and field.choices.__name__ in lists:
        return _list_rule(lists[field.choices.__name__], "stop", "Choisir un mot de la liste.")
    if field.name in ("cercle", "commune") and field.name in lists:
        return _list_rule(lists[field.name], "warning", "Ce nom n'est pas dans la liste officielle. Le garder ?")
    if field.kind is Kind.INTEGER:
        return _limit_rule("integer", 0, "Écrire un nombre entier, positif ou nul.")
    if field.kind is Kind.SIGNED:
        return _limit_rule("integer", -10_000_000, "Écrire un nombre entier.")
    if field.kind is Kind.DATE:
        return _limit_rule("date", date(2012, 1, 1), "Écrire une date : JJ/MM/AAAA.")
    return None


def _list_rule(source: str, error_type: str, message: str) -> dict[str, Any]:
    return {"validate": "list", "source": source, "error_type": error_type, "error_title": "Valeur hors de la liste",
            "error_message": message}  # fmt: skip


def _limit_rule(kind: str, minimum: int | date, message: str) -> dict[str, Any]:
    return {"validate": kind, "criteria": ">=", "value": minimum, "error_type": "stop",
            "error_title": "Valeur non valable", "error_message": message}  # fmt: skip


def _shown(field: Field, value: Any) -> Any:
    """What the cell holds: the French label of a code, everything else as given."""
    if value is None or field.choices is None:
        return value
    return next((word.fr for word in field.choices if word == value), value)


def _put(page: Worksheet, row: int, column: int, value: Any, style: Format) -> None:
    if value is None:
        page.write_blank(row, column, None, style)
    elif isinstance(value, date):
        page.write_datetime(row, column, datetime.combine(value, time()), style)
    elif isinstance(value, int):
        page.write_number(row, column, value, style)
    else:
        page.write_string(row, column, str(value), style)


def _lines(text: str, width: float) -> int:
    """The number of lines that a text takes when wrapped at `width` characters."""
    lines, used = 1, 0
    for word in text.split():
        if used and used + 1 + len(word) > width:
            lines, used = lines + 1, len(word)
        else:
            used += len(word) + (1 if used else 0)
    return lines


def _print_setup(page: Worksheet, paper: int) -> None:
    page.set_landscape()
    page.set_paper(paper)
    page.fit_to_pages(1, 0)
    page.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    page.set_footer("&L&A&RPage &P / &N")


class _FormPage:
    """Label and value pairs, one below the other."""

    WIDTHS = (28, 62)

    def __init__(self, book: _Book, page: Worksheet, table: Table, heading: _Heading) -> None:
        self.book, self.page, self.table, self.heading = book, page, table, heading

    def write(self, values: Row) -> None:
        for column, width in enumerate(self.WIDTHS):
            self.page.set_column(column, column, width)
        self._write_heading()
        for row, field in enumerate(self.table.fields, start=self.heading.depth):
            self._write_pair(row, field, values.get(field.name))
        _print_setup(self.page, _A4)
        self.page.set_portrait()

    def _write_heading(self) -> None:
        texts = [(self.heading.title, "wrapped_title"), (self.heading.note, "wrapped_note")]
        if self.heading.notice is not None:
            texts.append((self.heading.notice, "wrapped_notice"))
        for row, (text, style) in enumerate(texts):
            self.page.merge_range(row, 0, row, 1, text, self.book.styles[style])
            width = sum(self.WIDTHS) * (0.65 if row == 0 else 0.95)
            self.page.set_row(row, _lines(text, width) * (_LINE + (5 if row == 0 else 1)))

    def _write_pair(self, row: int, field: Field, value: Any) -> None:
        styles = self.book.styles
        self.page.write_string(row, 0, field.label.fr, styles["form_required" if field.required else "label"])
        style = "form_date" if field.kind is Kind.DATE else "text"
        _put(self.page, row, 1, _shown(field, value), styles[style])
        self.page.set_row(row, _LINE + 3)
        rule = _rule_for(field, self.book.lists) or {"validate": "any"}
        self.page.data_validation(row, 1, row, 1, rule | {"input_message": field.about.fr})


class _TablePage:
    """A title, what to do, the header row, the rows and their printed total."""

    def __init__(self, book: _Book, page: Worksheet, table: Table, heading: _Heading) -> None:
        self.book, self.page, self.table, self.heading = book, page, table, heading
        self.header = heading.depth

    def write(self, rows: Sequence[Row]) -> None:
        cells = [[_shown(field, row.get(field.name)) for field in self.table.fields] for row in rows]
        self._write_heading()
        self._write_header(cells)
        for at, values in enumerate(cells, start=self.header + 1):
            self._write_row(at, values)
        if cells and self.table.name in TOTALLED:
            self._write_total(self.header + 1 + len(cells), rows)
        self._add_rules(len(cells) or _BLANK_ROWS)
        self._set_up()

    def _write_heading(self) -> None:
        styles, last = self.book.styles, len(self.table.fields) - 1
        self.page.write_string(0, 0, self.heading.title, styles["title"])
        self.page.set_row(0, _LINE + 7)
        self.page.write_string(1, 0, self.heading.note, styles["note"])
        if self.heading.notice is not None:
            for column in range(1, last + 1):
                self.page.write_blank(2, column, None, styles["notice"])
            self.page.write_string(2, 0, self.heading.notice, styles["notice"])

    def _write_header(self, cells: Sequence[Sequence[Any]]) -> None:
        deepest = 1
        for column, field in enumerate(self.table.fields):
            width = _width(field, [values[column] for values in cells])
            self.page.set_column(column, column, width)
            style = self.book.styles["required" if field.required else "optional"]
            self.page.write_string(self.header, column, field.label.fr, style)
            self.page.data_validation(self.header, column, self.header, column,
                                      {"validate": "any", "input_message": field.about.fr})  # fmt: skip
            deepest = max(deepest, _lines(field.label.fr, width - 3))
        self.page.set_row(self.header, deepest * _LINE + 6)

    def _write_row(self, at: int, values: Sequence[Any]) -> None:
        deepest = 1
        for column, (field, value) in enumerate(zip(self.table.fields, values, strict=True)):
            long = isinstance(value, str) and len(value) + 2 > _MAX_WIDTH
            style = "long_text" if long else _STYLE_OF.get(field.kind, "text")
            _put(self.page, at, column, value, self.book.styles[style])
            deepest = max(deepest, _lines(value, _MAX_WIDTH - 4) if long else 1)
        if deepest > 1:
            self.page.set_row(at, deepest * _LINE)

    def _write_total(self, at: int, rows: Sequence[Row]) -> None:
        """The sums of the counts, as plain numbers: what the author states, whatever is edited above later."""
        for column, field in enumerate(self.table.fields):
            given = [row[field.name] for row in rows if row.get(field.name) is not None] if field.is_count else []
            text = _TOTAL if column == 0 else None
            style = self.book.styles["total_count" if given else "total_text"]
            _put(self.page, at, column, sum(given) if given else text, style)

    def _add_rules(self, length: int) -> None:
        first = self.header + 1
        for column, field in enumerate(self.table.fields):
            rule = _rule_for(field, self.book.lists)
            if rule is not None:
                self.page.data_validation(first, column, first + length - 1, column, rule)

    def _set_up(self) -> None:
        frozen = 2 if "cercle" in self.table.names else 1
        self.page.freeze_panes(self.header + 1, frozen)
        self.page.repeat_rows(self.header)
        _print_setup(self.page, _A3 if len(self.table.fields) >= _WIDE else _A4)


def _width(field: Field, values: Iterable[Any]) -> float:
    """Wide enough for the words of the header, for every value and for the words of the list; long texts wrap."""
    header = max(len(words) for words in re.findall(r"\S+(?: \d+-\d+)?", field.label.fr)) + 2.5
    shown = [f"{value:,}" if isinstance(value, int) else str(value) for value in values if value is not None]
    content = max(map(len, shown), default=0) + 3.0
    return min(max(header, content, _floor(field)), _MAX_WIDTH)


def _floor(field: Field) -> float:
    """The width that a column keeps whatever it holds."""
    if field.choices is not None:
        return min(max(len(word.fr) for word in field.choices) + 4.0, _LIST_WIDTH)
    floors = {Kind.TEXT: min(field.width, 24), Kind.DATE: 12}
    return float(floors.get(field.kind, 9))
