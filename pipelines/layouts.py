"""What each known workbook looks like: the layouts of `schemas/layouts`, parsed. Pure.

A layout says by which titles and headers its sheets are known, which words mean zero or nothing, and what a sheet says once
for all of its rows. Columns are those of `schemas/fields.py`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import Any

from schemas import fields
from schemas.cells import Words, folded, plain


@dataclass(frozen=True, slots=True)
class Block:
    """A title row inside a table that names something for the rows below it: "Commune rurale de X" names their commune."""

    field: str
    prefixes: tuple[str, ...]

    def named_by(self, title: str) -> str | None:
        """What a title names, None when it names nothing."""
        words = title.split()
        for prefix in self.prefixes:
            size = len(prefix.split())
            if len(words) > size and plain(" ".join(words[:size])) == prefix:
                return " ".join(words[size:])
        return None


@dataclass(frozen=True, slots=True)
class SheetLayout:
    """One sheet of a layout. `table` is that of `fields.py`, with what this layout leaves optional."""

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
    known_by: frozenset[str] = frozenset()
    """The fields whose headers tell this sheet under any title; empty when only its title does."""
    defaults: Mapping[str, str] = field(default_factory=dict)
    """field -> what every row means when the workbook has no such column."""
    preamble: Mapping[str, str] = field(default_factory=dict)
    """Folded label above the table -> the field it gives to every row."""
    block: Block | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """One workbook layout. `choices` holds its synonyms of code lists: field -> folded word -> code."""

    id: str
    kind: str
    sheets: tuple[SheetLayout, ...]
    total_words: tuple[str, ...]
    choices: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    service_sheets: frozenset[str] = frozenset()
    """Folded titles of sheets that serve the workbook itself (lists of drop-downs, instructions) and hold no data."""
    blank_words: frozenset[str] = frozenset()
    """Typed in a cell, these mean that it is empty; never that it is zero."""
    zero_words: frozenset[str] = frozenset()
    """Typed in a column of counts, these mean zero."""
    note_words: tuple[str, ...] = ()
    """A row of texts in which one begins so is a note or a signature below the table."""

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

    def words(self, field_name: str) -> Words:
        """What the words typed in a column mean."""
        return Words(self.zero_words, self.choices.get(field_name, {}))

    def words_by_field(self) -> dict[str, Words]:
        return {item.name: self.words(item.name) for sheet in self.sheets for item in sheet.table.fields}


@cache
def layouts() -> tuple[Layout, ...]:
    """All layouts packaged in `schemas/layouts`, by file name."""
    folder = files("schemas").joinpath("layouts")
    found = sorted((item for item in folder.iterdir() if item.name.endswith(".toml")), key=lambda item: item.name)
    rows = [tomllib.loads(item.read_text("utf-8")) for item in found]
    known = {row["id"]: row for row in rows}
    return tuple(parse_layout(_extended(row, known)) for row in rows)


def layout_named(layout_id: str) -> Layout:
    return next(layout for layout in layouts() if layout.id == layout_id)


def _extended(row: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    """A layout that `extends` another says all that one says, its own words beside them or, one by one, in their place."""
    return _merged(_extended(known[row["extends"]], known), row) if "extends" in row else row


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    def both(mine: Any, its: Any) -> Any:
        return _merged(mine, its) if isinstance(mine, dict) else [*mine, *its] if isinstance(mine, list) else its

    return {**base, **{name: both(base[name], value) if name in base else value for name, value in over.items()}}


def parse_layout(row: Mapping[str, Any]) -> Layout:
    """A layout from its TOML. Raises KeyError when it names a table or field that `fields.py` does not have."""
    return Layout(
        id=row["id"],
        kind=row["kind"],
        sheets=tuple(_sheet_layout(name, sheet) for name, sheet in row["sheets"].items()),
        total_words=tuple(plain(word) for word in row["total_words"]),
        choices={
            name: {plain(word): code for word, code in words.items()} for name, words in row.get("choices", {}).items()
        },
        service_sheets=folded(title for title in (*row.get("service_sheets", ()), row.get("lists_sheet")) if title),
        blank_words=frozenset(word.casefold() for word in ("", *row.get("blank_words", ()))),
        zero_words=folded(row.get("zero_words", ())),
        note_words=tuple(map(plain, row.get("note_words", ()))),
    )  # fmt: skip


def _sheet_layout(name: str, sheet: Mapping[str, Any]) -> SheetLayout:
    table = _table(sheet.get("table", name), sheet)
    headers = {plain(item.label.fr): item.name for item in table.fields}
    for field_name, words in sheet.get("synonyms", {}).items():
        headers.update({plain(word): table[field_name].name for word in words})
    preamble = {plain(word): table[field_name].name for field_name, words in sheet.get("preamble", {}).items() for word in words}
    block = sheet.get("block")
    return SheetLayout(
        table=table,
        title=sheet["title"],
        titles=folded((sheet["title"], *sheet.get("titles", ()))),
        shape=sheet["shape"],
        required=sheet.get("required", False),
        headers=headers,
        service=folded(sheet.get("service_columns", ())),
        known_by=frozenset(table[name].name for name in sheet.get("known_by", ())),
        defaults={table[name].name: value for name, value in sheet.get("defaults", {}).items()},
        preamble=preamble,
        block=Block(table[block["field"]].name, tuple(map(plain, block["prefixes"]))) if block else None,
    )


def _table(name: str, sheet: Mapping[str, Any]) -> fields.Table:
    table = fields.table_named(name)
    optional = {table[item].name for item in sheet.get("optional", ())}
    return replace(
        table, fields=tuple(replace(item, required=item.required and item.name not in optional) for item in table.fields)
    ) if optional else table  # fmt: skip
