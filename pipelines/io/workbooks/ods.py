"""ods, as LibreOffice writes it: the zip for calamine, and the marks of each sheet from `content.xml`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pipelines.io.workbooks import door
from pipelines.io.workbooks.door import Package, RefusedError
from pipelines.io.workbooks.marks import Listener, Marks, is_error, walk
from pipelines.model import Merge, Problem, Unread
from pipelines.settings import Limits

CONTENT = "content.xml"
_MANIFEST = "META-INF/manifest.xml"
_MIMETYPE = "mimetype"
_BREAK = re.compile(rb"<(?:\w+:)?(?:line-break|tab)\s*/>")
_PREFIX = re.compile(r"^[a-z]+:(?==)")
_OWN_ERROR = re.compile(r"Err:\d{3}")
_REFERENCE = re.compile(r"\[\.?([^\[\]]+)\]")
_CELLS = ("table-cell", "covered-table-cell")
_GROUPS = ("table-row-group", "table-column-group")


def is_spreadsheet(package: Package) -> bool:
    """Texts and drawings of OpenDocument have a `content.xml`, too."""
    if CONTENT not in package:
        return False
    return (
        b"opendocument.spreadsheet" in package.read(_MIMETYPE)
        if _MIMETYPE in package
        else b":spreadsheet" in package.xml(CONTENT)
    )


def marks(package: Package, limits: Limits) -> dict[str, Marks]:
    """The marks of each sheet by its title. Reads of the package what calamine needs. Raises RefusedError for a workbook under a
    password and for a sheet too large to be laid out."""
    if _MANIFEST in package and b"encryption-data" in package.xml(_MANIFEST):
        raise RefusedError(Problem.ENCRYPTED)
    content = package.xml(CONTENT)
    # calamine joins the words on both sides of them
    package.replace(CONTENT, _BREAK.sub(b" ", content))
    book = _Book()
    walk(content, book)
    door.not_too_many(len(book.sheets), limits)
    for title, found in book.sheets.items():
        door.fits(title, found.bottom, found.right, limits)
        for unread, rows, columns in book.unread[title]:
            found.unread |= {(row, column): unread for row in rows for column in columns}
    door.holds(sum(found.characters for found in book.sheets.values()), limits)
    return book.sheets


class _Book(Listener):
    """Rows and cells stand one after the other, each as often as it says: LibreOffice ends every sheet with a million empty rows."""

    def __init__(self) -> None:
        self.sheets: dict[str, Marks] = {}
        self.unread: dict[str, list[tuple[Unread, range, range]]] = {}
        self._title = ""
        self._row = self._column = self._styled = 0
        self._rows = self._cells = 1
        self._groups: list[bool] = []
        self._cell: Mapping[str, str] = {}
        self._notes = 0
        self._paragraphs = 0
        self._text: list[str] | None = None

    @property
    def _marks(self) -> Marks:
        return self.sheets[self._title]

    def start(self, name: str, given: Mapping[str, str]) -> None:
        if name in _CELLS:
            self._start_cell(given)
        elif name == "table-row":
            self._start_row(given)
        elif name == "table-column":
            self._start_column(given)
        elif name == "annotation":
            self._notes += 1
        elif name == "p" and self._text is not None and not self._notes:
            self._paragraphs += 1
        elif name in _GROUPS:
            self._groups.append(given.get("display") == "false")
        elif name == "table":
            self._title, self._row, self._styled = given.get("name", ""), 0, 0
            self.sheets[self._title], self.unread[self._title] = Marks(), []

    def _start_column(self, given: Mapping[str, str]) -> None:
        last = self._styled + _times(given, "number-columns-repeated") - 1
        if self._is_hidden(given):
            self._marks.hidden_columns.append((self._styled, last))
        self._styled = last + 1

    def _start_row(self, given: Mapping[str, str]) -> None:
        self._rows, self._column = _times(given, "number-rows-repeated"), 0
        if self._is_hidden(given):
            self._marks.hidden_rows.append((self._row + 1, self._row + self._rows))

    def _is_hidden(self, given: Mapping[str, str]) -> bool:
        return given.get("visibility") in ("collapse", "filter") or any(self._groups)

    def _start_cell(self, given: Mapping[str, str]) -> None:
        self._cell, self._cells = given, _times(given, "number-columns-repeated")
        self._text, self._paragraphs = [], 0

    def data(self, text: str) -> None:
        if self._text is not None and not self._notes:
            self._text.append(text)

    def end(self, name: str) -> None:
        if name in _CELLS:
            self._end_cell("".join(self._text or ()).strip())
            self._text = None
            self._column += self._cells
        elif name == "table-row":
            self._row += self._rows
        elif name == "annotation":
            self._notes -= 1
        elif name in _GROUPS:
            self._groups.pop()

    def _end_cell(self, text: str) -> None:
        given, formula = self._cell, self._cell.get("formula")
        unread = None
        if given.get("calcext:value-type") == "error" or (formula is not None and (is_error(text) or _OWN_ERROR.fullmatch(text))):
            unread = Unread(Unread.ERROR, text)
        elif formula is not None and "value-type" not in given and not self._paragraphs:
            unread = Unread(Unread.FORMULA, _REFERENCE.sub(r"\1", _PREFIX.sub("", formula)))
        if unread or text or "value-type" in given:
            self._hold(unread, len(text))
        wide, high = _times(given, "number-columns-spanned"), _times(given, "number-rows-spanned")
        if wide > 1 or high > 1:
            self._marks.merged.append(Merge(self._row + 1, self._column, self._row + high, self._column + wide - 1))

    def _hold(self, unread: Unread | None, characters: int) -> None:
        rows = range(self._row, self._row + self._rows)
        columns = range(self._column, self._column + self._cells)
        self._marks.reach(rows[-1], columns[-1])
        self._marks.characters += characters * self._rows * self._cells
        if unread is not None:
            self.unread[self._title].append((unread, rows, columns))


def _times(given: Mapping[str, str], name: str) -> int:
    return max(int(given.get(name, 1)), 1)
