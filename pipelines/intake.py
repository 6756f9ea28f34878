"""Cells to rows: recognises the layout of a workbook, finds its headers and reads each sheet into rows. Pure.

Every row of a known sheet is either a row of data or recognised as title, header, total or empty; every column is either a
field of the layout or reported. No value is judged here.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import pandas as pd
from rapidfuzz import fuzz, process

from pipelines import correction
from pipelines.model import OpenedFile, PrintedTotal, Reading, Sheet, SheetReading
from schemas import fields
from schemas.tables import as_integer, plain

HEADER_WITHIN = 15
"""A header row is looked for in the first fifteen rows; RRM sheets have it on row 7."""
_SUGGEST_FROM = 70.0


@dataclass(frozen=True, slots=True)
class SheetLayout:
    table: fields.Table
    title: str
    titles: frozenset[str]
    shape: str
    required: bool
    headers: Mapping[str, str]
    """Folded header or synonym -> field name."""
    service: frozenset[str] = frozenset()
    """Folded headers of columns that serve the author (checks, last month's figures) or that the project has no use for: known,
    and never read."""


@dataclass(frozen=True, slots=True)
class Layout:
    """One workbook layout of `schemas/layouts`. `choices` holds its synonyms of code lists: field -> folded word -> code."""

    id: str
    kind: str
    sheets: tuple[SheetLayout, ...]
    total_words: tuple[str, ...]
    choices: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    service_sheets: frozenset[str] = frozenset()
    """Folded titles of sheets that serve the workbook itself (lists of drop-downs, instructions) and hold no data."""
    blank_words: frozenset[str] = frozenset()
    """Typed in a cell, these mean that it is empty; never that it is zero."""

    def sheet_of(self, title: str) -> SheetLayout | None:
        return next((sheet for sheet in self.sheets if plain(title) in sheet.titles), None)

    def sheet(self, table: str) -> SheetLayout:
        return next(sheet for sheet in self.sheets if sheet.table.name == table)

    @property
    def form(self) -> SheetLayout | None:
        return next((sheet for sheet in self.sheets if sheet.shape == "form"), None)

    def value(self, cell: Any) -> Any:
        """What a cell holds: None when it is empty or says so in words."""
        return None if isinstance(cell, str) and cell.strip().casefold() in self.blank_words else cell


@cache
def layouts() -> tuple[Layout, ...]:
    """All layouts packaged in `schemas/layouts`, by file name."""
    folder = files("schemas").joinpath("layouts")
    found = sorted((item for item in folder.iterdir() if item.name.endswith(".toml")), key=lambda item: item.name)
    return tuple(parse_layout(tomllib.loads(item.read_text("utf-8"))) for item in found)


def layout_named(layout_id: str) -> Layout:
    return next(layout for layout in layouts() if layout.id == layout_id)


def parse_layout(row: Mapping[str, Any]) -> Layout:
    """A layout from its TOML. Raises KeyError when it names a table or field that `fields.py` does not have."""
    tables = {table.name: table for table in fields.ALL_TABLES}
    sheets = []
    for name, sheet in row["sheets"].items():
        table = tables[sheet.get("table", name)]
        headers = {plain(item.label.fr): item.name for item in table.fields}
        for field_name, words in sheet.get("synonyms", {}).items():
            headers.update({plain(word): table[field_name].name for word in words})
        titles = frozenset(plain(title) for title in (sheet["title"], *sheet.get("titles", ())))
        service = frozenset(plain(word) for word in sheet.get("service_columns", ()))
        sheets.append(SheetLayout(table, sheet["title"], titles, sheet["shape"], sheet.get("required", False), headers, service))
    choices = {name: {plain(word): code for word, code in words.items()} for name, words in row.get("choices", {}).items()}
    total_words = tuple(plain(word) for word in row["total_words"])
    lists = frozenset(plain(title) for title in (*row.get("service_sheets", ()), row.get("lists_sheet")) if title)
    blanks = frozenset(word.casefold() for word in ("", *row.get("blank_words", ())))
    return Layout(row["id"], row["kind"], tuple(sheets), total_words, choices, lists, blanks)


def recognise(file: OpenedFile, among: Iterable[Layout]) -> Layout | None:
    """Of the layouts one of whose required sheets the file has, the one with most of its sheets in it; None without any."""
    titles = {plain(sheet.name) for sheet in file.sheets}
    told = [layout for layout in among if any(sheet.required and sheet.titles & titles for sheet in layout.sheets)]
    return max(told, key=lambda layout: sum(bool(sheet.titles & titles) for sheet in layout.sheets), default=None)


def read(file: OpenedFile, among: Sequence[Layout]) -> Reading:
    """The file as its layout understands it. A file with a `problem` or without a layout gives an empty reading."""
    own = correction.of_author(file)
    layout = None if file.problem else recognise(own, among)
    if layout is None:
        return Reading(file=file, layout=None)
    sheets, unknown, repeated = [], [], []
    first: dict[str, str] = {}
    form: dict[str, tuple[Any, str]] = {}
    for sheet in own.sheets:
        wanted = layout.sheet_of(sheet.name)
        if wanted is None:
            if plain(sheet.name) not in layout.service_sheets:
                unknown.append(sheet.name)
        elif wanted.table.name in first:
            repeated.append((sheet.name, first[wanted.table.name]))
        else:
            first[wanted.table.name] = sheet.name
            if wanted.shape == "form":
                form = _read_form(sheet, wanted, layout)
            else:
                sheets.append(_read_table(sheet, wanted, layout))
    return Reading(
        file=file,
        layout=layout.id,
        form=form,
        form_sheet=first.get(layout.form.table.name) if layout.form else None,
        sheets=tuple(sheets),
        unknown_sheets=tuple(unknown),
        missing_sheets=_missing_sheets(own, layout),
        repeated_sheets=tuple(repeated),
        kind=layout.kind,
    )


def _missing_sheets(file: OpenedFile, layout: Layout) -> tuple[str, ...]:
    titles = {plain(sheet.name) for sheet in file.sheets}
    return tuple(sheet.title for sheet in layout.sheets if sheet.required and not sheet.titles & titles)


def _read_form(sheet: Sheet, wanted: SheetLayout, layout: Layout) -> dict[str, tuple[Any, str]]:
    """Label and value pairs: the value is the next cell to the right of its label, empty or not."""
    found: dict[str, tuple[Any, str]] = {}
    for number, row in enumerate(sheet.rows, start=1):
        for column, value in enumerate(row):
            name = wanted.headers.get(plain(value)) if isinstance(value, str) else None
            if name and name not in found:
                given = layout.value(row[column + 1]) if column + 1 < len(row) else None
                found[name] = (given, f"{letters(column + 1)}{number}")
                break
    return found


def _read_table(sheet: Sheet, wanted: SheetLayout, layout: Layout) -> SheetReading:
    header_at = _find_header(sheet, wanted)
    if header_at is None:
        rows = [sum(layout.value(value) is not None for value in row) for row in sheet.rows]
        return SheetReading(
            wanted.table.name, sheet.name, _frame([], {}, wanted.table), {}, recognised=sum(filled <= 1 for filled in rows),
            read=len(rows), header_row=None, empty=max(rows, default=0) <= 1,
        )  # fmt: skip
    header = sheet.rows[header_at]
    columns, unknown, twice = _columns(header, header_at + 1, wanted)
    data: list[tuple[Any, ...]] = []
    totals: list[PrintedTotal] = []
    untitled: set[int] = set()
    for number, cells in enumerate(sheet.rows[header_at + 1 :], start=header_at + 2):
        row = [layout.value(value) for value in cells]
        values = {name: row[at] if at < len(row) else None for name, at in columns.items()}
        filled = [at for at, value in enumerate(row) if value is not None]
        if _is_title(row, filled) or _is_header(values, wanted):
            continue
        if _is_total(row, values, layout.total_words) or _is_unnamed_total(values, columns, data, totals, wanted.table):
            totals.append(_printed_total(wanted.table, number, values))
            continue
        untitled |= {at for at in filled if at >= len(header) or header[at] is None}
        if any(value is not None for value in values.values()):
            data.append((number, *values.values()))
    unknown += tuple((letters(at), f"{letters(at)}{header_at + 1}", ()) for at in sorted(untitled))
    return SheetReading(
        table=wanted.table.name,
        sheet=sheet.name,
        frame=_frame(data, columns, wanted.table),
        columns={name: letters(at) for name, at in columns.items()},
        recognised=len(sheet.rows) - len(data),
        read=len(sheet.rows),
        header_row=header_at + 1,
        totals=tuple(totals),
        missing_columns=tuple(item.label.fr for item in wanted.table.fields if item.required and item.name not in columns),
        unknown_columns=unknown,
        repeated_columns=twice,
    )


def _is_title(row: Sequence[Any], filled: Sequence[int]) -> bool:
    """An empty row, or a text alone on its row: the title of a block, a note, a signature."""
    return not filled or (len(filled) == 1 and isinstance(row[filled[0]], str))


def _is_header(values: Mapping[str, Any], wanted: SheetLayout) -> bool:
    """The header once more, as on every printed page."""
    told = [name for name, value in values.items() if isinstance(value, str) and wanted.headers.get(plain(value)) == name]
    return len(told) >= 2


def _find_header(sheet: Sheet, wanted: SheetLayout) -> int | None:
    """The row with the most known headers among the first fifteen; None when no row has two."""
    scores = [
        (len({wanted.headers[plain(v)] for v in row if isinstance(v, str) and plain(v) in wanted.headers}), -at)
        for at, row in enumerate(sheet.rows[:HEADER_WITHIN])
    ]
    best, at = max(scores, default=(0, 0))
    return -at if best >= 2 else None


Columns = tuple[dict[str, int], tuple[tuple[str, str, tuple[str, ...]], ...], tuple[tuple[str, str], ...]]


def _columns(header: Sequence[Any], number: int, wanted: SheetLayout) -> Columns:
    """field -> column index; unknown headers as (header, cell, suggestions); repeated headers as (header, cell)."""
    columns: dict[str, int] = {}
    unknown, twice = [], []
    for at, value in enumerate(header):
        if value is None:
            continue
        name = wanted.headers.get(plain(str(value)))
        cell = f"{letters(at)}{number}"
        if name is None:
            if plain(str(value)) not in wanted.service:
                unknown.append((str(value), cell, at))
        elif name in columns:
            twice.append((str(value), cell))
        else:
            columns[name] = at
    free = [item.label.fr for item in wanted.table.fields if item.name not in columns]
    return columns, tuple((text, cell, suggest(text, free)) for text, cell, _ in unknown), tuple(twice)


def suggest(word: str, among: Iterable[str]) -> tuple[str, ...]:
    """Up to two words near enough to be offered to a person; never used without one."""
    hits = process.extract(word, list(among), scorer=fuzz.WRatio, processor=plain, limit=2, score_cutoff=_SUGGEST_FROM)
    return tuple(text for text, _, _ in hits)


def _is_total(row: Sequence[Any], values: Mapping[str, Any], words: Sequence[str]) -> bool:
    """A row whose first text is a total, or one that covers no level and says so in place of a commune or site: recognised,
    compared and never counted."""
    told = [next((value for value in row if isinstance(value, str)), None)]
    if values.get("level") is None:
        told += [values.get("commune"), values.get("site")]
    folded = [plain(value) for value in told if isinstance(value, str)]
    return any(text == word or text.startswith(word + " ") for text in folded for word in words)


def _is_unnamed_total(
    values: Mapping[str, Any], columns: Mapping[str, int], data: Sequence[Sequence[Any]], totals: Sequence[PrintedTotal],
    table: fields.Table,
) -> bool:  # fmt: skip
    """A row of numbers alone, two or more, all of them the sums of the rows above, or of those since the last total."""
    counts = {item.name: as_integer(values[item.name]) for item in table.counts if values.get(item.name) is not None}
    if len(counts) < 2 or len(counts) < sum(value is not None for value in values.values()):
        return False
    since = totals[-1].row if totals else 0
    at = {name: position for position, name in enumerate(columns, start=1)}
    blocks = (data, [row for row in data if row[0] > since])
    return any(
        len(block) >= 2 and counts == {name: sum(as_integer(row[at[name]]) or 0 for row in block) for name in counts}
        for block in blocks
    )


def _printed_total(table: fields.Table, number: int, values: Mapping[str, Any]) -> PrintedTotal:
    counts = {item.name: as_integer(values[item.name]) for item in table.counts if item.name in values}
    return PrintedTotal(table.name, number, {name: value for name, value in counts.items() if value is not None})


def _frame(data: Sequence[Sequence[Any]], columns: Mapping[str, int], table: fields.Table) -> pd.DataFrame:
    frame = pd.DataFrame(data, columns=["row", *columns], dtype=object)
    return frame.reindex(columns=["row", *table.names], fill_value=None).astype(object)


def letters(column: int) -> str:
    """The column letters of a 0-based index: 0 is A, 26 is AA."""
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text
