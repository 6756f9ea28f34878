"""Cells to rows: recognises the layout of a workbook, finds its headers and reads each sheet into rows. Pure.

Every row of a known sheet is either a row of data or recognised as title, header, total or empty; every column is either a
field of the layout or reported. No value is judged here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from rapidfuzz import fuzz, process

from pipelines import correction, privacy
from pipelines.layouts import Layout, SheetLayout, layout_named, layouts, parse_layout
from pipelines.model import Merge, OpenedFile, Persons, PrintedTotal, Reading, Sheet, SheetReading, Unread, letters
from schemas import fields
from schemas.cells import as_integer, plain
from schemas.frames import pd

__all__ = ["layout_named", "layouts", "letters", "parse_layout", "read", "recognise", "suggest"]

HEADER_WITHIN = 15
"""A header row is looked for in the first fifteen rows; RRM sheets have it on row 7."""
_HEADER_DEPTH = 3
"""A header may take up to three rows: a group over its columns, and a group over groups."""
_SUGGEST_FROM = 70.0
_TEXTS_KEPT = 20_000
"""How many texts are remembered folded: most cells repeat a few, and a process may run for months."""
_TOLD_BY_ITS_TITLE = 1000
"""What a title inside a sheet weighs beside its headers, which two tables may share."""
_SECOND_HEADER = 3
"""From so many known headers in a row of texts below the first header, a second table begins."""


# --- which layout, which sheets -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Assignment:
    """Which sheet of a file is which sheet of a layout, by title or, where no title tells, by its headers."""

    by_title: Mapping[str, SheetLayout]
    by_headers: Mapping[str, SheetLayout]
    known: int
    """How many fields the sheets told by their headers have."""

    def __getitem__(self, title: str) -> SheetLayout | None:
        return self.by_title.get(title) or self.by_headers.get(title)


def recognise(file: OpenedFile, among: Iterable[Layout]) -> tuple[Layout, Assignment] | None:
    """Of the layouts one of whose required sheets the file has, the one that knows most of its sheets by title, and of those that
    know as many the one whose headers suit best; without any such title, the one that knows most headers. None when nothing
    tells."""
    told = [(layout, _by_title(file, layout)) for layout in among]
    titled = [(layout, found) for layout, found in told if any(sheet.required for sheet in found.values())]
    if titled:
        most = max(len(found) for _, found in titled)
        alike = [item for item in titled if len(item[1]) == most]
        layout, by_title = alike[0] if len(alike) == 1 else max(alike, key=lambda item: _suits(file, item[1]))
        return layout, Assignment(by_title, *_by_headers(file, layout, by_title))
    headed = [(layout, Assignment(found, *_by_headers(file, layout, found))) for layout, found in told]
    headed = [(layout, found) for layout, found in headed if any(sheet.required for sheet in found.by_headers.values())]
    return max(headed, key=lambda item: item[1].known, default=None)


def _suits(file: OpenedFile, by_title: Mapping[str, SheetLayout]) -> tuple[int, int]:
    """How well titled sheets suit their headers: few mandatory columns missing, then many known."""
    missing = known = 0
    for sheet in file.sheets:
        wanted = by_title.get(sheet.name)
        if wanted is not None and wanted.shape != "form":
            header = _find_header(sheet, wanted)
            found = {*(header.columns if header else ()), *wanted.defaults}
            missing += sum(item.required and item.name not in found for item in wanted.table.fields)
            known += _fit(sheet, wanted)
    return -missing, known


def _by_title(file: OpenedFile, layout: Layout) -> dict[str, SheetLayout]:
    return {sheet.name: wanted for sheet in file.sheets if (wanted := layout.sheet_of(sheet.name)) is not None}


def _by_headers(file: OpenedFile, layout: Layout, by_title: Mapping[str, SheetLayout]) -> tuple[dict[str, SheetLayout], int]:
    """The sheets that no title tells and their headers do, and how many fields they show."""
    taken = {wanted.table.name for wanted in by_title.values()}
    free = [wanted for wanted in layout.sheets if wanted.known_by and wanted.table.name not in taken]
    others = [sheet for sheet in file.sheets if sheet.name not in by_title and plain(sheet.name) not in layout.service_sheets]
    fits = {(sheet.name, wanted.table.name): _fit(sheet, wanted) for sheet in others for wanted in free}
    for sheet in others:
        named = _titled(sheet, min(len(sheet.rows), HEADER_WITHIN), layout, HEADER_WITHIN)
        if named is not None and fits.get((sheet.name, named.table.name)):
            fits[sheet.name, named.table.name] += _TOLD_BY_ITS_TITLE
    by_headers: dict[str, SheetLayout] = {}
    known = 0
    for sheet in others:
        ranked = sorted(((fits[sheet.name, w.table.name], w) for w in free), key=lambda item: -item[0])
        if not ranked or not ranked[0][0] or (len(ranked) > 1 and ranked[0][0] == ranked[1][0]):
            continue  # nothing tells, or two tables fit as well
        score, wanted = ranked[0]
        if score == max(fits[other.name, wanted.table.name] for other in others) and wanted not in by_headers.values():
            by_headers[sheet.name] = wanted
            known += score
    return by_headers, known


def _fit(sheet: Sheet, wanted: SheetLayout) -> int:
    """How many fields of `wanted` a sheet of any title shows; 0 unless it shows all that tell it."""
    if wanted.shape == "form":
        keys = {_key(value) for row in sheet.rows for value in row}
        found = {name for key, name in wanted.headers.items() if key in keys}
    else:
        header = _find_header(sheet, wanted)
        found = set(header.columns) if header else set()
    return len(found) if wanted.known_by <= found else 0


@lru_cache(maxsize=_TEXTS_KEPT)
def _plain(text: str) -> str:
    return plain(text)


def _key(value: Any) -> str | None:
    return _plain(value) if isinstance(value, str) else None


def read(file: OpenedFile, among: Sequence[Layout]) -> Reading:
    """The file as its layout understands it. A file with a `problem` or without a layout gives an empty reading; of a file with
    personal data nothing but their place is kept."""
    own = correction.of_author(file)
    told = None if file.problem else recognise(own, among)
    if told is None:
        return _without_persons(Reading(file=file, layout=None), privacy.persons(own))
    layout, assignment = told
    persons = privacy.persons(own, {sheet.name: _exempt(wanted) for sheet in own.sheets if (wanted := assignment[sheet.name])})
    empty = Reading(file=file, layout=layout.id, kind=layout.kind)
    return _without_persons(empty, persons) if persons else _read(file, own.sheets, layout, assignment)


def _exempt(wanted: SheetLayout) -> privacy.Exempt:
    """Officers sign the identification of a return; sites and alerts have a position of their own."""
    return privacy.Exempt(names=wanted.shape == "form", positions=wanted.table in (fields.SITE, fields.ALERT))


def _without_persons(reading: Reading, persons: tuple[Persons, ...]) -> Reading:
    return replace(reading, file=replace(reading.file, sheets=()), persons=persons) if persons else reading


def _read(file: OpenedFile, own: Sequence[Sheet], layout: Layout, assignment: Assignment) -> Reading:
    sheets: list[SheetReading] = []
    unknown, repeated, hidden = [], [], []
    first: dict[str, str] = {}
    form: dict[str, tuple[Any, str]] = {}
    elsewhere = {wanted.table.name for sheet in own if (wanted := assignment[sheet.name])}
    for sheet in own:
        wanted = assignment[sheet.name]
        if wanted is None:
            if plain(sheet.name) not in layout.service_sheets:
                unknown.append(sheet.name)
        elif wanted.table.name in first:
            repeated.append((sheet.name, first[wanted.table.name]))
        else:
            first[wanted.table.name] = sheet.name
            hidden += [sheet.name] if sheet.hidden else []
            if wanted.shape == "form":
                form = _read_form(sheet, wanted, layout)
            else:
                tables = _read_tables(sheet, wanted, layout, elsewhere)
                sheets.extend(_since_1904(table) if file.dates_from_1904 else table for table in tables)
    return Reading(
        file=file,
        layout=layout.id,
        form=form,
        form_sheet=first.get(layout.form.table.name) if layout.form else None,
        sheets=tuple(sheets),
        unknown_sheets=tuple(unknown),
        missing_sheets=tuple(s.title for s in layout.sheets if s.required and s.table.name not in first),
        repeated_sheets=tuple(repeated),
        renamed_sheets=tuple((title, wanted.title) for title, wanted in assignment.by_headers.items()),
        hidden_sheets=tuple(hidden),
        kind=layout.kind,
    )


def _read_form(sheet: Sheet, wanted: SheetLayout, layout: Layout) -> dict[str, tuple[Any, str]]:
    """Label and value pairs: the value is the next cell to the right of its label, empty or not."""
    found: dict[str, tuple[Any, str]] = {}
    for number, row in enumerate(sheet.rows, start=1):
        for column, value in enumerate(row):
            name = wanted.headers.get(_key(value) or "")
            if name and name not in found:
                given = layout.value(row[column + 1]) if column + 1 < len(row) else None
                found[name] = (given, f"{letters(column + 1)}{number}")
                break
    return found


_FROM_1900_TO_1904 = 1462
"""Days between the two origins that Excel counts days from."""


def _since_1904(reading: SheetReading) -> SheetReading:
    """A bare number where a date is due counts from 1904 in this file; readers of cells count from 1900."""
    dates = [item.name for item in fields.table_named(reading.table).fields if item.kind is fields.Kind.DATE]
    for name in dates:
        reading.frame[name] = [
            value + _FROM_1900_TO_1904 if isinstance(value, int | float) else value for value in reading.frame[name]
        ]
    return reading


# --- headers ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Header:
    """Where the header stands and what its columns are. Rows are indices from 0, both ends inside."""

    top: int
    bottom: int
    texts: Mapping[int, str]
    """Column -> its header, the rows of a deep one joined."""
    columns: dict[str, int]
    unknown: tuple[tuple[str, int], ...]
    twice: tuple[tuple[str, int], ...]
    cell_rows: Mapping[int, int]
    """Column -> the row of its lowest header cell."""

    def cell(self, column: int) -> str:
        return f"{letters(column)}{self.cell_rows.get(column, self.bottom) + 1}"


def _find_header(sheet: Sheet, wanted: SheetLayout) -> Header | None:
    """The row, or up to three rows together, with the most known headers among the first fifteen; None when none has two."""
    best: Header | None = None
    for depth in range(1, _HEADER_DEPTH + 1):
        for top in range(min(HEADER_WITHIN, len(sheet.rows)) - depth + 1):
            header = _header_at(sheet, top, depth, wanted)
            if header and (best is None or len(header.columns) > len(best.columns)):
                best = header
    return best if best and len(best.columns) >= 2 else None


def _header_at(sheet: Sheet, top: int, depth: int, wanted: SheetLayout) -> Header | None:
    """The header that some rows make together. Below its first row a header holds nothing but texts."""
    rows = sheet.rows[top : top + depth]
    if sum(isinstance(value, str) for value in rows[0]) < (2 if depth == 1 else 1):
        return None
    if depth > 1 and not (all(_may_be_header(row) for row in rows) and _is_grouped(sheet, top, rows)):
        return None
    columns: dict[str, int] = {}
    texts, cell_rows = {}, {}
    unknown, twice = [], []
    groups = [_spread(sheet, top + at) for at in range(depth - 1)] if depth > 1 else []
    width = max(len(row) for row in rows)
    for column in range(width):
        own = [row[column] if column < len(row) else None for row in rows]
        lowest = max((at for at, value in enumerate(own) if value is not None), default=None)
        if lowest is None:
            continue
        parts = [group.get(column) for group in groups[:lowest]] + [_text_of(own[lowest])]
        words = [str(part) for at, part in enumerate(parts) if part is not None and part not in parts[:at]]
        texts[column], cell_rows[column] = " ".join(words), top + lowest
        name = None if _plain(texts[column]) in wanted.service else _named_by(words, wanted)
        if name is None:
            unknown.append((texts[column], column))
        elif name in columns:
            twice.append((texts[column], column))
        else:
            columns[name] = column
    return Header(top, top + depth - 1, texts, columns, tuple(unknown), tuple(twice), cell_rows)


def _is_grouped(sheet: Sheet, top: int, rows: Sequence[Sequence[Any]]) -> bool:
    """Whether each row but the last heads the one below: where both have a text, the upper one stands over two columns or more.
    A row of data under a header stands under headers of its own."""
    for at in range(len(rows) - 1):
        over = _spread(sheet, top + at)
        below = [column for column, value in enumerate(rows[at + 1]) if value is not None]
        own = [column for column in below if column < len(rows[at]) and rows[at][column] is not None]
        heads = Counter(over[column] for column in below if column in over)
        if not own or any(heads[over[column]] < 2 for column in own):
            return False
    return True


def _may_be_header(row: Sequence[Any]) -> bool:
    filled = [value for value in row if value is not None]
    return bool(filled) and all(isinstance(value, str) for value in filled)


def _named_by(words: Sequence[str], wanted: SheetLayout) -> str | None:
    """The field that the words of a header name, read together first, then without the groups above, then the groups alone."""
    ways = [words[start:] for start in range(len(words))] + [words[:end] for end in range(len(words) - 1, 0, -1)]
    ways.insert(1, [*words[::-1]])  # sexes under their ages say the same as ages under their sex
    return next((wanted.headers[key] for way in ways if (key := _plain(" ".join(way))) in wanted.headers), None)


def _spread(sheet: Sheet, at: int) -> dict[int, str]:
    """The texts of a header row over all columns that they head: their merged range, or up to the next text."""
    row = sheet.rows[at]
    merged = {(merge.top - 1, merge.left): merge.right for merge in sheet.merged}
    starts = [column for column, value in enumerate(row) if value is not None]
    width = max(len(line) for line in sheet.rows[at : at + _HEADER_DEPTH])
    spread: dict[int, str] = {}
    for column, until in zip(starts, [*starts[1:], width], strict=True):
        last = merged.get((at, column), until - 1 if not sheet.merged else column)
        spread |= dict.fromkeys(range(column, last + 1), str(_text_of(row[column])))
    return spread


def _text_of(value: Any) -> Any:
    return value.text if isinstance(value, Unread) else value


def suggest(word: str, among: Iterable[str], limit: int = 2) -> tuple[str, ...]:
    """The words near enough to be offered to a person, the nearest first; never used without one."""
    hits = process.extract(word, list(among), scorer=fuzz.WRatio, processor=plain, limit=limit, score_cutoff=_SUGGEST_FROM)
    return tuple(text for text, _, _ in hits)


def _suggested(text: str, wanted: SheetLayout, taken: Iterable[str]) -> tuple[str, ...]:
    """Up to two labels of free fields whose label or any synonym looks like a header."""
    taken = set(taken)
    free = {header: name for header, name in wanted.headers.items() if name not in taken}
    labels = dict.fromkeys(wanted.table[free[header]].label.fr for header in suggest(text, free, limit=4))
    return tuple(labels)[:2]


# --- rows ---------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Rows:
    """What reading a table gathers."""

    data: list[tuple[Any, ...]] = field(default_factory=list)
    totals: list[PrintedTotal] = field(default_factory=list)
    unread: list[tuple[int, str, Unread]] = field(default_factory=list)
    untitled: set[int] = field(default_factory=set)
    said: str | None = None
    """What the last title row named for the rows below it."""
    end: int = 0
    """The first row, from 0, that is not of this table."""


def _read_tables(sheet: Sheet, wanted: SheetLayout, layout: Layout, elsewhere: set[str]) -> list[SheetReading]:
    """The table of a sheet, and a second one below it when its title says which other sheet it stands for. A second table that
    says nothing, or that has a sheet of its own, is reported and not read."""
    header = _find_header(sheet, wanted)
    if header is None:
        return [_no_table(sheet, wanted, layout)]
    readings = [_read_table(sheet, wanted, layout, header)]
    end = readings[0].read
    while end < len(sheet.rows):
        told = _titled(sheet, end, layout)
        header = _header_at(sheet, end, 1, told) if told else None
        if told is None or header is None or told.table.name in elsewhere:
            cell = f"{letters(_first_filled(sheet.rows[end]))}{end + 1}"
            readings[-1] = replace(readings[-1], read=readings[-1].read + len(sheet.rows) - end, second_tables=(cell,))
            break
        elsewhere = elsewhere | {told.table.name}
        second = _read_table(sheet, told, layout, header)
        readings.append(replace(second, read=second.read - end, recognised=second.recognised - end))
        end = second.read
    return readings


def _first_filled(row: Sequence[Any]) -> int:
    return next((at for at, value in enumerate(row) if value is not None), 0)


def _titled(sheet: Sheet, header_at: int, layout: Layout, within: int = 3) -> SheetLayout | None:
    """The sheet of the layout that the nearest title above a row names, by the longest of their titles in it."""
    for row in reversed(sheet.rows[max(0, header_at - within) : header_at]):
        texts = [value for value in row if value is not None]
        if len(texts) == 1 and isinstance(texts[0], str):
            said = f" {_plain(texts[0])} "
            named = [(len(title), wanted) for wanted in layout.sheets for title in wanted.titles if f" {title} " in said]
            if named or within == 3:
                return max(named, key=lambda item: item[0], default=(0, None))[1]
    return None


def _no_table(sheet: Sheet, wanted: SheetLayout, layout: Layout) -> SheetReading:
    rows = [sum(layout.value(value) is not None for value in row) for row in sheet.rows]
    return SheetReading(
        wanted.table.name, sheet.name, _frame([], {}, wanted.table), {}, recognised=sum(filled <= 1 for filled in rows),
        read=len(rows), header_row=None, empty=max(rows, default=0) <= 1, typed=sheet.typed,
    )  # fmt: skip


def _read_table(sheet: Sheet, wanted: SheetLayout, layout: Layout, header: Header) -> SheetReading:
    """The table below a header, as far as it goes: `read` is the row, from 0, where another table begins."""
    columns = header.columns
    said = {**{name: (value, "") for name, value in wanted.defaults.items()}, **_preamble(sheet, wanted, header)}
    said = {name: value for name, value in said.items() if name not in columns}
    block = wanted.block.field if wanted.block and wanted.block.field not in columns else None
    extra = [*said, *([block] if block else [])]
    second, twice = _second_beside(header)
    rows = _scan(
        _filled_down(sheet, header, wanted), wanted, layout, header, columns, [value for value, _ in said.values()], block
    )
    service = {column for text, column in header.unknown if _plain(text) in wanted.service}
    beside = range(second, 1 << 20) if second is not None else range(0)
    unknown = [(text, column) for text, column in header.unknown if column not in service and column not in beside]
    untitled = sorted(at for at in rows.untitled if at not in beside)
    names = [*columns, *extra]
    frame = _frame(rows.data, dict.fromkeys(names), wanted.table)
    return SheetReading(
        table=wanted.table.name,
        sheet=sheet.name,
        frame=frame,
        columns={**{name: letters(at) for name, at in columns.items()}, **{n: cell for n, (_, cell) in said.items() if cell}},
        recognised=rows.end - len(rows.data),
        read=rows.end,
        header_row=header.bottom + 1,
        totals=tuple(rows.totals),
        missing_columns=tuple(item.label.fr for item in wanted.table.fields if item.required and item.name not in names),
        unknown_columns=(
            *((text, header.cell(at), _suggested(text, wanted, names)) for text, at in unknown),
            *((letters(at), f"{letters(at)}{header.bottom + 1}", ()) for at in untitled),
        ),
        repeated_columns=tuple((text, header.cell(at)) for text, at in twice),
        unread=tuple(rows.unread),
        typed=sheet.typed,
        hidden_rows=tuple(int(row) for row in frame["row"] if row in sheet.hidden_rows),
        hidden_columns=tuple(header.cell(at) for at in sorted(header.texts) if at in sheet.hidden_columns and at not in service),
        merged_down=_merged_down(sheet, header, wanted),
        second_tables=() if second is None else (header.cell(second),),
    )  # fmt: skip


def _second_beside(header: Header) -> tuple[int | None, tuple[tuple[str, int], ...]]:
    """The column where a second table begins beside the first, behind an empty column, and the headers repeated without one."""
    if len(header.twice) < 2:
        return None, header.twice
    start = min(column for _, column in header.twice)
    while start - 1 in header.texts:
        start -= 1
    if start == 0 or any(column >= start for column in header.columns.values()):
        return None, header.twice
    return start, ()


def _preamble(sheet: Sheet, wanted: SheetLayout, header: Header) -> dict[str, tuple[Any, str]]:
    """What the rows above the header say for all rows: `Label : value` in one cell, or in two cells side by side."""
    found: dict[str, tuple[Any, str]] = {}
    for number, row in enumerate(sheet.rows[: header.top], start=1):
        for column, value in enumerate(row):
            if not isinstance(value, str):
                continue
            label, _, rest = value.partition(":")
            name = wanted.preamble.get(_plain(label))
            if name is None or name in found:
                continue
            beside = next(((v, at) for at, v in enumerate(row) if at > column and v is not None), (None, column))
            given, at = (rest.strip(), column) if rest.strip() else beside
            found[name] = (given, f"{letters(at)}{number}")
    return {name: value for name, value in found.items() if value[0] is not None}


def _filled_down(sheet: Sheet, header: Header, wanted: SheetLayout) -> Sheet:
    """The sheet with the text of a merged range in each of its rows, as everybody reads it; a merged number is that of its first
    row alone, and the other rows have none."""
    if not any(merge.bottom > merge.top > header.bottom + 1 for merge in sheet.merged):
        return sheet
    names = {at: name for name, at in header.columns.items()}
    rows = [list(row) for row in sheet.rows]
    for merge in _ranges_down(sheet, header):
        name = names.get(merge.left)
        if name is None:
            continue
        value = rows[merge.top - 1][merge.left]
        if wanted.table[name].is_count and value is not None:
            value = Unread(Unread.MERGED, f"{letters(merge.left)}{merge.top}")
        for at in range(merge.top, min(merge.bottom, len(rows))):
            rows[at][merge.left] = value
    return replace(sheet, rows=tuple(map(tuple, rows)))


def _ranges_down(sheet: Sheet, header: Header) -> Iterator[Merge]:
    """Ranges below the header merged over several rows."""
    width = max(map(len, sheet.rows), default=0)
    for merge in sheet.merged:
        if merge.bottom > merge.top > header.bottom + 1 and merge.left < width and merge.top <= len(sheet.rows):
            yield merge


def _merged_down(sheet: Sheet, header: Header, wanted: SheetLayout) -> tuple[tuple[str, str, int], ...]:
    """(field, cell of the first, how many) of the text columns whose cells are merged over rows."""
    names = {at: name for name, at in header.columns.items()}
    found: dict[str, list[str]] = {}
    for merge in sorted(_ranges_down(sheet, header), key=lambda merge: merge.top):
        name = names.get(merge.left)
        if name and not wanted.table[name].is_count:
            found.setdefault(name, []).append(f"{letters(merge.left)}{merge.top}")
    return tuple((name, cells[0], len(cells)) for name, cells in found.items())


def _scan(
    sheet: Sheet, wanted: SheetLayout, layout: Layout, header: Header, columns: Mapping[str, int], constants: Sequence[Any],
    block: str | None,
) -> _Rows:  # fmt: skip
    """Every row below the header: data, total, title, header once more, or the header of another table, which ends it."""
    found = _Rows(end=len(sheet.rows))
    for number, cells in enumerate(sheet.rows[header.bottom + 1 :], start=header.bottom + 2):
        row = [layout.value(value) for value in cells]
        values = {name: row[at] if at < len(row) else None for name, at in columns.items()}
        filled = [at for at, value in enumerate(row) if value is not None]
        if _is_title(row, filled):
            if block and wanted.block and filled:
                # a title that names nothing known leads its rows to no other commune
                found.said = wanted.block.named_by(row[filled[0]]) or row[filled[0]]
            continue
        if _is_numbering(row, filled, number - header.bottom - 2) or _is_note(row, filled, values, wanted, layout):
            continue
        again = _is_header(row, filled, columns, wanted)
        if again and (_titled(sheet, number - 1, layout) or wanted) is wanted:
            continue
        if again or _is_other_header(row, filled, layout):
            found.end = number - 1
            break
        unread = [(number, name, value) for name, value in values.items() if isinstance(value, Unread)]
        values = {name: None if isinstance(value, Unread) else value for name, value in values.items()}
        if _is_total(row, values, columns, wanted.table, layout.total_words) or _is_unnamed_total(
            values, unread, columns, found, wanted.table
        ):
            found.totals.append(_printed_total(wanted.table, number, values))
            found.unread += unread
            found.said = None
            continue
        found.untitled |= {at for at in filled if at not in header.texts}
        if unread or any(value is not None for value in values.values()):
            found.unread += unread
            found.data.append((number, *values.values(), *constants, *([found.said] if block else [])))
    return found


def _is_title(row: Sequence[Any], filled: Sequence[int]) -> bool:
    """An empty row, or a text alone on its row: the title of a block, a note, a signature."""
    return not filled or (len(filled) == 1 and isinstance(row[filled[0]], str))


def _is_header(row: Sequence[Any], filled: Sequence[int], columns: Mapping[str, int], wanted: SheetLayout) -> bool:
    """The header once more, as on every printed page: known headers, each over its own column."""
    told = {at: name for at in filled if (name := wanted.headers.get(_key(row[at]) or ""))}
    return len(told) >= 2 and all(columns.get(name) == at for at, name in told.items())


def _is_other_header(row: Sequence[Any], filled: Sequence[int], layout: Layout) -> bool:
    """A row of texts that are headers of one of the layout's tables: a second table begins."""
    if len(filled) < _SECOND_HEADER or not all(isinstance(row[at], str) for at in filled):
        return False
    keys = [_plain(row[at]) for at in filled]
    known = max(len({sheet.headers[key] for key in keys if key in sheet.headers}) for sheet in layout.sheets)
    return known >= _SECOND_HEADER and known * 2 > len(filled)


_DATED = ("basis", "observed_on")
_PLACES = ("region", "cercle", "commune", "site", "origin", "origin_region")


def _is_total(
    row: Sequence[Any], values: Mapping[str, Any], columns: Mapping[str, int], table: fields.Table, words: Sequence[str]
) -> bool:
    """A row named as a total where a place or nothing is due: recognised, compared and never counted. A row that has a basis or
    a date of its own is no total, whatever it is called."""
    if any(values.get(name) is not None for name in _DATED):
        return False
    names = {at: name for name, at in columns.items()}
    first = next((at for at, value in enumerate(row) if isinstance(value, str)), None)
    told = [row[first]] if first is not None and names.get(first, "cercle") in (*_PLACES, table.fields[0].name) else []
    if values.get("level") is None:
        told += [values.get("commune"), values.get("site")]
    keys = [key for value in told if (key := _key(value)) is not None]
    return any(text == word or text.startswith(word + " ") or text.endswith(" " + word) for text in keys for word in words)


def _is_unnamed_total(
    values: Mapping[str, Any], unread: Sequence[tuple[int, str, Unread]], columns: Mapping[str, int], found: _Rows,
    table: fields.Table,
) -> bool:  # fmt: skip
    """A row that covers no level and has no basis and no date, two counts or more, all of them the sums of the rows above, or
    of those since the last total; or one of formulas alone that were never calculated."""
    counts = {item.name: as_integer(values[item.name]) for item in table.counts if values.get(item.name) is not None}
    others = [name for name, value in values.items() if value is not None and name not in counts]
    formulas = [name for _, name, value in unread if value.kind == Unread.FORMULA]
    if len(formulas) >= 2 and len(formulas) == len(unread) and not counts and not others:
        return True
    if len(counts) < 2 or unread or not set(others) <= set(_PLACES):
        return False
    since = found.totals[-1].row if found.totals else 0
    at = {name: position for position, name in enumerate(columns, start=1)}
    blocks = (found.data, [row for row in found.data if row[0] > since])
    return any(
        len(block) >= (2 if others else 1)
        and any(counts.values())
        and counts == {name: sum(as_integer(row[at[name]]) or 0 for row in block) for name in counts}
        for block in blocks
    )


_IN_BRACKETS = re.compile(r"\(.*\)|nombre|nb|jj/mm/aaaa", re.IGNORECASE)


def _is_numbering(row: Sequence[Any], filled: Sequence[int], below: int) -> bool:
    """The row under the headers that numbers the columns, or says what to write in them: 1, 2, 3… or (nombre), (jj/mm/aaaa)."""
    if below > 0 or len(filled) < _SECOND_HEADER:
        return False
    numbers = [as_integer(str(row[at]).strip("()")) for at in filled]
    first = numbers[0]
    if first in (0, 1) and numbers == list(range(first, first + len(numbers))):
        return True
    return all(isinstance(row[at], str) and _IN_BRACKETS.fullmatch(row[at].strip()) for at in filled)


def _is_note(row: Sequence[Any], filled: Sequence[int], values: Mapping[str, Any], wanted: SheetLayout, layout: Layout) -> bool:
    """Texts alone, one of which begins as signatures and sources do: `Fait à …`, `Le Directeur régional`."""
    if not layout.note_words or any(values.get(item.name) is not None for item in wanted.table.counts):
        return False
    if any(values.get(name) is not None for name in ("basis", "level")) or not all(isinstance(row[at], str) for at in filled):
        return False
    return any(f"{_plain(row[at])} ".startswith(f"{word} ") for at in filled for word in layout.note_words)


def _printed_total(table: fields.Table, number: int, values: Mapping[str, Any]) -> PrintedTotal:
    counts = {item.name: as_integer(values[item.name]) for item in table.counts if item.name in values}
    return PrintedTotal(table.name, number, {name: value for name, value in counts.items() if value is not None})


def _frame(data: Sequence[Sequence[Any]], columns: Mapping[str, Any], table: fields.Table) -> pd.DataFrame:
    frame = pd.DataFrame(data, columns=["row", *columns], dtype=object)
    return frame.reindex(columns=["row", *table.names], fill_value=None).astype(object)
