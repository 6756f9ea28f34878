"""xls, the format of Excel 97 to 2003, read with xlrd, values and marks: calamine makes room for as many cells as such a file says
to have, and one that lies stops the program."""

from __future__ import annotations

from datetime import datetime, time
from io import StringIO
from typing import Any

import xlrd
from xlrd.biffh import (
    XL_CELL_BLANK,
    XL_CELL_BOOLEAN,
    XL_CELL_DATE,
    XL_CELL_EMPTY,
    XL_CELL_ERROR,
    error_text_from_code,
)

from pipelines.io.workbooks import door
from pipelines.io.workbooks.door import RefusedError
from pipelines.io.workbooks.marks import Marks, sheet
from pipelines.model import Merge, Problem, Sheet, Unread
from pipelines.settings import Limits

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""Of every file of Office before 2007, and of a later one under a password."""
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_NOTHING = frozenset({XL_CELL_EMPTY, XL_CELL_BLANK})


def sheets(content: bytes, limits: Limits) -> tuple[tuple[Sheet, ...], bool]:
    """Every sheet, and whether days are counted from 1904. Raises RefusedError for a workbook under a password and for a sheet
    too large to be laid out, xlrd's errors for what is no workbook."""
    try:
        book = xlrd.open_workbook(file_contents=content, formatting_info=True, ragged_rows=True, logfile=StringIO())
    except Exception as failure:  # xlrd knows many ways to fail
        if "encrypted" in str(failure).lower() or _ENCRYPTED in content:
            raise RefusedError(Problem.ENCRYPTED) from failure
        raise
    found = book.sheets()
    door.not_too_many(len(found), limits)
    marks = [_marks(item) for item in found]
    for item, read in zip(found, marks, strict=True):
        door.fits(item.name, read.bottom, read.right, limits)
    laid_out = (
        sheet(item.name, _values(item, read, book.datemode), read, hidden=item.visibility != 0)
        for item, read in zip(found, marks, strict=True)
    )
    return tuple(laid_out), book.datemode == 1


def _marks(item: xlrd.sheet.Sheet) -> Marks:
    marks = Marks()
    for row in range(item.nrows):
        for column, kind in enumerate(item.row_types(row)):
            if kind == XL_CELL_ERROR:
                code = item.cell_value(row, column)
                marks.mark(row, column, Unread(Unread.ERROR, error_text_from_code.get(code, "#N/A")))
            elif kind not in _NOTHING:
                marks.reach(row, column)
    marks.hidden_rows = [(row + 1, row + 1) for row, given in item.rowinfo_map.items() if given.hidden]
    marks.hidden_columns = [(column, column) for column, given in item.colinfo_map.items() if given.hidden]
    marks.merged = [Merge(top + 1, left, bottom, right - 1) for top, bottom, left, right in item.merged_cells]
    return marks


def _values(item: xlrd.sheet.Sheet, marks: Marks, datemode: int) -> list[list[Any]]:
    rows = []
    for row in range(min(item.nrows, marks.bottom)):
        cells = zip(item.row_types(row), item.row_values(row), strict=True)
        values = [_value(kind, value, datemode) for kind, value in cells][: marks.right]
        rows.append(values + [""] * (marks.right - len(values)))
    return rows


def _value(kind: int, value: Any, datemode: int) -> Any:
    """A cell as calamine would give it."""
    if kind in _NOTHING or kind == XL_CELL_ERROR:
        return ""
    if kind == XL_CELL_BOOLEAN:
        return bool(value)
    if kind == XL_CELL_DATE:
        return _moment(value, datemode)
    return value


def _moment(value: float, datemode: int) -> datetime | time | float:
    """A day, or an hour alone. A number that is no day stays what it is."""
    if not 0 <= value < 2_958_466:
        return value
    moment: datetime = xlrd.xldate.xldate_as_datetime(value, datemode)
    return moment.time() if value < 1 else moment
