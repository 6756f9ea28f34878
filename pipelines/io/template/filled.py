"""Workbooks whose rows are given: a *fiche régionale* as a directorate sends it, and the small tables of alerts, circulated totals
and partners. The sample is written with it.

Sheets, titles and their order come from a layout of `schemas/layouts`, headers and lists from `schemas/fields.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from babel.dates import format_date
from xlsxwriter.utility import xl_range_abs
from xlsxwriter.worksheet import Worksheet

from pipelines.io.template.paper import (
    A3,
    A4,
    BLANK_ROWS,
    LINE,
    MAX_WIDTH,
    STYLE_OF,
    WIDE,
    Book,
    column_width,
    lines,
    list_rule,
    print_setup,
    put,
    shown,
    value_rule,
)
from pipelines.model import Period
from schemas import fields
from schemas.fields import Field, Kind, Table

Row = Mapping[str, Any]
"""One row of a sheet: field name -> value. A code is written with its French label, None leaves the cell empty."""

TOTALLED = frozenset({fields.IDP.name, fields.RETURNEE.name, fields.REPATRIATED.name})
"""The sheets that end with a printed total."""
_TOTAL = "TOTAL"


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
    columns: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """Writes a workbook of plain tables (alerts, circulated totals, what partners send); `dated` is the date the file carries.
    `columns` names, by table, the columns that the sender keeps, in his order; a table that it leaves out has them all."""
    _write(path, title, dated, layout, rows, notice, None, columns)


def _write(
    path: Path,
    title: str,
    dated: date,
    layout: Mapping[str, Any],
    rows: Mapping[str, Sequence[Row]],
    notice: Mapping[str, str] | str | None,
    places: PlaceNames | None,
    columns: Mapping[str, Sequence[str]] | None = None,
) -> None:
    book = _Book(path, title, dated)
    tables = {table.name: _kept(table, (columns or {}).get(table.name)) for table in fields.ALL_TABLES}
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


def _kept(table: Table, columns: Sequence[str] | None) -> Table:
    return table if columns is None else replace(table, fields=tuple(table[name] for name in columns))


@dataclass(frozen=True, slots=True)
class _Heading:
    title: str
    note: str
    notice: str | None

    @property
    def depth(self) -> int:
        """The number of rows above the first header or label."""
        return 2 if self.notice is None else 3


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
        return list_rule(lists[field.choices.__name__], strict=True)
    if field.name in ("cercle", "commune") and field.name in lists:
        return list_rule(lists[field.name], strict=False)
    return value_rule(field)


class _Book(Book):
    """The workbook with the words of its drop-down lists."""

    lists: Mapping[str, str] = {}

    def add_lists(self, title: str | None, tables: Iterable[Table], places: PlaceNames) -> None:
        """A hidden sheet with one column per list, since a list written inside a cell rule may hold neither commas nor
        more than 255 characters."""
        if title is None:
            return
        page = self.add_sheet(title)
        page.hide()
        found = {}
        for column, (name, words) in enumerate(_word_lists(tables, places).items()):
            page.write_column(0, column, [name, *words])
            page.set_column(column, column, max(len(word) for word in (name, *words)) + 2)
            found[name] = f"='{title}'!{xl_range_abs(1, column, len(words), column)}"
        self.lists = found


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
        print_setup(self.page, A4)
        self.page.set_portrait()

    def _write_heading(self) -> None:
        texts = [(self.heading.title, "wrapped_title"), (self.heading.note, "wrapped_note")]
        if self.heading.notice is not None:
            texts.append((self.heading.notice, "wrapped_notice"))
        for row, (text, style) in enumerate(texts):
            self.page.merge_range(row, 0, row, 1, text, self.book.styles[style])
            width = sum(self.WIDTHS) * (0.65 if row == 0 else 0.95)
            self.page.set_row(row, lines(text, width) * (LINE + (5 if row == 0 else 1)))

    def _write_pair(self, row: int, field: Field, value: Any) -> None:
        styles = self.book.styles
        self.page.write_string(row, 0, field.label.fr, styles["form_required" if field.required else "label"])
        style = "form_date" if field.kind is Kind.DATE else "text"
        put(self.page, row, 1, shown(field, value), styles[style])
        self.page.set_row(row, LINE + 3)
        rule = _rule_for(field, self.book.lists) or {"validate": "any"}
        self.page.data_validation(row, 1, row, 1, rule | {"input_message": field.about.fr})


class _TablePage:
    """A title, what to do, the header row, the rows and their printed total."""

    def __init__(self, book: _Book, page: Worksheet, table: Table, heading: _Heading) -> None:
        self.book, self.page, self.table, self.heading = book, page, table, heading
        self.header = heading.depth

    def write(self, rows: Sequence[Row]) -> None:
        cells = [[shown(field, row.get(field.name)) for field in self.table.fields] for row in rows]
        self._write_heading()
        self._write_header(cells)
        for at, values in enumerate(cells, start=self.header + 1):
            self._write_row(at, values)
        if cells and self.table.name in TOTALLED:
            self._write_total(self.header + 1 + len(cells), rows)
        self._add_rules(len(cells) or BLANK_ROWS)
        self._set_up()

    def _write_heading(self) -> None:
        styles, last = self.book.styles, len(self.table.fields) - 1
        self.page.write_string(0, 0, self.heading.title, styles["title"])
        self.page.set_row(0, LINE + 7)
        self.page.write_string(1, 0, self.heading.note, styles["note"])
        if self.heading.notice is not None:
            for column in range(1, last + 1):
                self.page.write_blank(2, column, None, styles["notice"])
            self.page.write_string(2, 0, self.heading.notice, styles["notice"])

    def _write_header(self, cells: Sequence[Sequence[Any]]) -> None:
        deepest = 1
        for column, field in enumerate(self.table.fields):
            width = column_width(field, [values[column] for values in cells])
            self.page.set_column(column, column, width)
            style = self.book.styles["required" if field.required else "optional"]
            self.page.write_string(self.header, column, field.label.fr, style)
            self.page.data_validation(self.header, column, self.header, column,
                                      {"validate": "any", "input_message": field.about.fr})  # fmt: skip
            deepest = max(deepest, lines(field.label.fr, width - 3))
        self.page.set_row(self.header, deepest * LINE + 6)

    def _write_row(self, at: int, values: Sequence[Any]) -> None:
        deepest = 1
        for column, (field, value) in enumerate(zip(self.table.fields, values, strict=True)):
            long = isinstance(value, str) and len(value) + 2 > MAX_WIDTH
            style = "long_text" if long else STYLE_OF.get(field.kind, "text")
            put(self.page, at, column, value, self.book.styles[style])
            deepest = max(deepest, lines(value, MAX_WIDTH - 4) if long else 1)
        if deepest > 1:
            self.page.set_row(at, deepest * LINE)

    def _write_total(self, at: int, rows: Sequence[Row]) -> None:
        """The sums of the counts, as plain numbers: what the author states, whatever is edited above later."""
        for column, field in enumerate(self.table.fields):
            given = [row[field.name] for row in rows if row.get(field.name) is not None] if field.is_count else []
            text = _TOTAL if column == 0 else None
            style = self.book.styles["total_count" if given else "total_text"]
            put(self.page, at, column, sum(given) if given else text, style)

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
        print_setup(self.page, A3 if len(self.table.fields) >= WIDE else A4)
