"""xlsb, Excel's binary workbook: the zip for calamine, and the marks of each sheet from its records ([MS-XLSB])."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from io import BytesIO

from pyxlsb import biff12
from pyxlsb.reader import BIFF12Reader, RecordReader
from xlrd.biffh import error_text_from_code

from pipelines.io.workbooks import door
from pipelines.io.workbooks.door import Package
from pipelines.io.workbooks.marks import Marks, walk
from pipelines.io.workbooks.xlsx import Relations, part_of
from pipelines.model import Merge, Unread
from pipelines.settings import Limits

WORKBOOK = "xl/workbook.bin"
_RELATIONS = "xl/_rels/workbook.bin.rels"
_STRINGS = "xl/sharedStrings.bin"
_ALSO_READ = ("[Content_Types].xml", "_rels/.rels")
_MERGE = 0x01B0
_TEXT, _RICH_TEXT = 0x0006, 0x003E
_LAST_ROW = 1_048_576
_ERRORS = (biff12.BOOLERR, biff12.FORMULA_BOOLERR)
_HOLDS = (*range(biff12.NUM, biff12.FORMULA_BOOLERR + 1), _RICH_TEXT)
"""The records of cells that hold something; a formula always comes with its last value."""


def marks(package: Package, limits: Limits) -> tuple[dict[str, Marks], bool]:
    """The marks of each sheet by its title, and whether days are counted from 1904. Reads of the package what calamine needs.
    Raises RefusedError for a sheet too large to be laid out."""
    for name in _ALSO_READ:
        if name in package:
            package.xml(name)
    for name in (_STRINGS, "xl/styles.bin"):
        if name in package:
            package.read(name)
    relations = Relations()
    walk(package.xml(_RELATIONS), relations)
    sheets, from_1904 = _book(package.read(WORKBOOK))
    door.not_too_many(len(sheets), limits)
    lengths = [len(text) for kind, text in _records(package.read(_STRINGS)) if kind == biff12.SI] if _STRINGS in package else []
    found = {}
    for title, relation in sheets:
        part = part_of(relations.targets[relation])
        records = list(_records(package.read(part)))
        package.replace(part, _written(records))
        found[title] = read = _marks(records, lengths)
        door.fits(title, read.bottom, read.right, limits)
    door.holds(sum(read.characters for read in found.values()), limits)
    return found, from_1904


def _records(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Each record's number, as pyxlsb counts them, and what it holds."""
    stream = BytesIO(data)
    reader = BIFF12Reader(stream)
    while (kind := reader.read_id()) is not None and (length := reader.read_len()) is not None:
        yield kind, stream.read(length)


def _written(records: Iterable[tuple[int, bytes]]) -> bytes:
    """The records anew, each in the one way to write it: calamine then reads those that were judged. A text in parts, which it
    does not know, is one in one piece."""
    written = []
    for number, data in records:
        kind, record = (_TEXT, data[:8] + data[9:]) if number == _RICH_TEXT else (number, data)
        rest, length = len(record), b""
        while rest > 0x7F:
            length += bytes([rest & 0x7F | 0x80])
            rest >>= 7
        written.append(kind.to_bytes(2, "little").rstrip(b"\0") or b"\0")
        written.append(length + bytes([rest]) + record)
    return b"".join(written)


def _book(data: bytes) -> tuple[list[tuple[str, str]], bool]:
    """Title and relation of each sheet, and whether days are counted from 1904."""
    sheets, from_1904 = [], False
    for kind, record in _records(data):
        if kind == biff12.WORKBOOKPR:
            from_1904 = bool(record[0] & 0x01)
        elif kind == biff12.SHEET:
            reader = RecordReader(record, "utf-16-le")
            reader.skip(8)
            relation, title = reader.read_string(), reader.read_string()
            sheets.append((title, relation))
    return sheets, from_1904


def _marks(records: Iterable[tuple[int, bytes]], lengths: list[int]) -> Marks:
    marks, row = Marks(), 0
    for kind, record in records:
        if kind == biff12.ROW:
            (row,) = struct.unpack_from("<I", record)
            if row >= _LAST_ROW:
                raise ValueError(f"no row {row}")  # calamine ends the sheet there
            if len(record) > 11 and record[11] & 0x10:
                marks.hidden_rows.append((row + 1, row + 1))
        elif kind in _HOLDS:
            (column,) = struct.unpack_from("<I", record)
            if kind in _ERRORS:
                marks.mark(row, column, Unread(Unread.ERROR, error_text_from_code.get(record[8], "#N/A")))
            else:
                marks.reach(row, column)
            if kind == biff12.STRING:
                (at,) = struct.unpack_from("<I", record, 8)
                marks.characters += lengths[at] if at < len(lengths) else 0
        elif kind == biff12.COL:
            first, last = struct.unpack_from("<II", record)
            if record[16] & 0x01:
                marks.hidden_columns.append((first, last))
        elif kind == _MERGE:
            top, bottom, left, right = struct.unpack_from("<IIII", record)
            marks.merged.append(Merge(top + 1, left, bottom + 1, right))
    return marks
