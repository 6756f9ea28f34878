"""xls, the format of Excel 97 to 2003: the marks of each sheet, read with xlrd."""

from __future__ import annotations

from io import StringIO

import xlrd
from xlrd.biffh import XL_CELL_BLANK, XL_CELL_EMPTY, XL_CELL_ERROR, XL_CELL_TEXT, error_text_from_code

from pipelines.io.workbooks import door
from pipelines.io.workbooks.door import Refused
from pipelines.io.workbooks.marks import Marks
from pipelines.model import Merge, Problem, Unread
from pipelines.settings import Limits

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""Of every file of Office before 2007, and of a later one under a password."""
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_NOTHING = frozenset({XL_CELL_EMPTY, XL_CELL_BLANK})


def marks(content: bytes, limits: Limits) -> tuple[dict[str, Marks], bool]:
    """The marks of each sheet by its title, and whether days are counted from 1904. Raises Refused for a workbook under a
    password and for a sheet too large to be laid out, xlrd's errors for what is no workbook."""
    try:
        book = xlrd.open_workbook(file_contents=content, formatting_info=True, ragged_rows=True, logfile=StringIO())
    except Exception as failure:  # xlrd knows many ways to fail
        if "encrypted" in str(failure).lower() or _ENCRYPTED in content:
            raise Refused(Problem.ENCRYPTED) from failure
        raise
    sheets = book.sheets()
    door.not_too_many(len(sheets), limits)
    found = {sheet.name: _marks(sheet) for sheet in sheets}
    for title, read in found.items():
        door.fits(title, read.bottom, read.right, limits)
    door.holds(sum(read.characters for read in found.values()), limits)
    return found, book.datemode == 1


def _marks(sheet: xlrd.sheet.Sheet) -> Marks:
    marks = Marks()
    for row in range(sheet.nrows):
        for column, (kind, value) in enumerate(zip(sheet.row_types(row), sheet.row_values(row), strict=True)):
            if kind == XL_CELL_ERROR:
                marks.mark(row, column, Unread(Unread.ERROR, error_text_from_code.get(value, "#N/A")))
            elif kind not in _NOTHING:
                marks.reach(row, column)
            if kind == XL_CELL_TEXT:
                marks.characters += len(value)
    marks.hidden_rows = [(row + 1, row + 1) for row, given in sheet.rowinfo_map.items() if given.hidden]
    marks.hidden_columns = [(column, column) for column, given in sheet.colinfo_map.items() if given.hidden]
    marks.merged = [Merge(top + 1, left, bottom, right - 1) for top, bottom, left, right in sheet.merged_cells]
    return marks
