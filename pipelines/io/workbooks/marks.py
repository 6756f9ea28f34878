"""What a workbook says and its values do not: errors, formulas never calculated, hidden rows and columns, merged ranges; and how
they are laid over the values."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache, lru_cache
from typing import Any

from defusedxml.ElementTree import XMLParser

from pipelines.model import Merge, Sheet, Unread

Address = tuple[int, int]
"""Row and column, both from 0."""

ERRORS = frozenset({
    "#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#GETTING_DATA",
    "#NOM?", "#NUL!", "#NOMBRE!", "#VALEUR!",
})  # fmt: skip
"""Errors that every version of Excel knows, and their French names, which a file of text carries."""
_ADDRESS = re.compile(r"([A-Za-z]{1,3})(\d{1,7})")
_SPACES = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")


@dataclass(slots=True)
class Marks:
    """What is said of one sheet. Ranges of rows (from 1) and columns (from 0) have both ends inside; `bottom` and `right` are the
    numbers of rows and columns down to the last cell that holds something."""

    unread: dict[Address, Unread] = field(default_factory=dict)
    hidden_rows: list[tuple[int, int]] = field(default_factory=list)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    merged: list[Merge] = field(default_factory=list)
    bottom: int = 0
    right: int = 0
    characters: int = 0
    """Of all texts, each counted as often as it is shown; 0 where the format repeats none."""

    def reach(self, row: int, column: int) -> None:
        """A cell that holds something."""
        self.bottom = max(self.bottom, row + 1)
        self.right = max(self.right, column + 1)

    def mark(self, row: int, column: int, unread: Unread) -> None:
        self.unread[row, column] = unread
        self.reach(row, column)


def sheet(title: str, values: Sequence[Sequence[Any]], marks: Marks, *, hidden: bool = False) -> Sheet:
    """The sheet with its marks: each `Unread` where its cell is, what is hidden or merged within the used range."""
    rows = [tuple([None if value == "" else _READ[type(value)](value) for value in row]) for row in values]
    for (at, column), unread in marks.unread.items():
        rows.extend(() for _ in range(at + 1 - len(rows)))
        row = rows[at] + (None,) * (column + 1 - len(rows[at]))
        rows[at] = (*row[:column], unread, *row[column + 1 :])
    width = max(map(len, rows), default=0)
    if marks.unread:
        rows = [row + (None,) * (width - len(row)) for row in rows]
    return Sheet(
        title,
        tuple(rows),
        hidden,
        frozenset(_within(marks.hidden_rows, 1, len(rows))),
        frozenset(_within(marks.hidden_columns, 0, width - 1)),
        tuple(
            Merge(merge.top, merge.left, min(merge.bottom, len(rows)), min(merge.right, width - 1))
            for merge in marks.merged
            if merge.top <= len(rows) and merge.left < width
        ),
    )


def _within(ranges: Iterable[tuple[int, int]], first: int, last: int) -> set[int]:
    found: set[int] = set()
    for low, high in ranges:
        if len(found) > last - first:
            break
        found.update(range(max(low, first), min(high, last) + 1))
    return found


def _number(value: float) -> int | float | Unread:
    if value.is_integer():
        return int(value)
    return value if math.isfinite(value) else Unread(Unread.ERROR, "#NUM!")


@lru_cache(4096)
def text(value: str) -> str | Unread | None:
    """A text as people read it: a line break is a space, control and invisible characters are gone, as are spaces around it. The
    name of an error is one, even typed."""
    value = value.strip()
    if not value.isprintable():
        spaced = _SPACES.sub(_space, value)
        value = "".join(sign for sign in spaced if unicodedata.category(sign) not in ("Cc", "Cf", "Cs", "Co", "Cn")).strip()
    return Unread(Unread.ERROR, value) if is_error(value) else value or None


def _same(value: Any) -> Any:
    return value


_READ: Mapping[type, Callable[[Any], Any]] = {
    str: text,
    float: _number,
    int: _same,
    bool: _same,
    date: _same,
    datetime: lambda value: value.date() if value.time() == time() else value,
    time: str,
    timedelta: str,
}
"""How the value of a cell is read, by the type in which calamine gives it: a whole number as an int, a text as people read it, a
day without hour as a date, hours as text."""


def is_error(value: str) -> bool:
    """Whether a text is the name of an error. French programs put a space before the sign at its end."""
    return value.startswith("#") and "".join(value.split()).upper() in ERRORS


def _space(found: re.Match[str]) -> str:
    """Spaces stay what they are (a no-break space may stand inside a number); with a line break among them they are one."""
    run = found[0]
    if any(sign in "\n\r\t\v\f\x1c\x1d\x1e\x85\u2028\u2029" for sign in run):
        return " "
    return "".join(sign for sign in run if sign.isspace())


def address(reference: str) -> Address:
    """`C4` as row 3, column 2. Raises ValueError for anything else."""
    found = _ADDRESS.fullmatch(reference)
    if found is None:
        raise ValueError(f"not a cell: {reference!r}")
    return int(found[2]) - 1, column(found[1])


def column(name: str) -> int:
    """`C` as 2."""
    number = 0
    for sign in name.upper():
        number = number * 26 + ord(sign) - 64
    return number - 1


class Listener:
    """What `walk` tells of a document: elements and their attributes by local name, whatever their prefix. LibreOffice's own
    attributes keep one (`calcext:value-type`), as they stand beside standard ones of the same name."""

    def start(self, name: str, given: Mapping[str, str]) -> None:
        """An element begins."""

    def end(self, name: str) -> None:
        """An element is over."""

    def data(self, text: str) -> None:
        """A piece of text, not always a whole one."""


def walk(data: bytes, listener: Listener) -> None:
    """Reads XML with a parser that knows no document type, entity or address outside. Raises its error, a ValueError or an
    ExpatError, for what has one or is not well formed."""
    # the hardened parser of defusedxml tells the listener itself: building no tree is five times quicker
    parser = XMLParser(forbid_dtd=True).parser
    parser.DefaultHandlerExpand = None
    parser.ordered_attributes = False
    parser.StartElementHandler = lambda name, given: listener.start(
        _local(name), {_local(key): value for key, value in given.items()}
    )
    parser.EndElementHandler = lambda name: listener.end(_local(name))
    parser.CharacterDataHandler = listener.data
    parser.Parse(data, True)


@cache
def _local(name: str) -> str:
    space, _, local = name.rpartition("}")
    return f"calcext:{local}" if space.endswith(":calcext:1.0") else local
