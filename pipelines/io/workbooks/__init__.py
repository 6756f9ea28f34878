"""Received files to cell values: xlsx, xlsm, xlsb and ods read with python-calamine, xls with xlrd, csv with the standard library.
What a file is follows from what it holds, never from its name.

A file that cannot be read, or may not be, is no exception but an `OpenedFile` with its `problem`: the other files go on.

    open_file                       the whole way in; read it first
    door                            what is refused before it is read
    marks                           errors, formulas never calculated, hidden and merged cells, laid over the values
    xlsx, xlsb, ods                 where each format keeps its marks
    xls                             the old format, values and marks
    delimited                       encodings and separators of text
"""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import python_calamine
from python_calamine import SheetTypeEnum, SheetVisibleEnum

from pipelines.io.workbooks import delimited, door, ods, xls, xlsb, xlsx
from pipelines.io.workbooks.door import Package, RefusedError
from pipelines.io.workbooks.marks import Marks, sheet
from pipelines.model import OpenedFile, Problem, Sheet
from pipelines.settings import Limits

DEFAULT_LIMITS = Limits()
_ZIP = b"PK\x03\x04"
_UNFIT = re.compile(r"[\\/:*?\"<>|]")
_LONGEST_NAME = 150
Sheets = tuple[tuple[Sheet, ...], bool]
"""The sheets, and whether days are counted from 1904."""


def open_file(path: Path, limits: Limits = DEFAULT_LIMITS) -> OpenedFile:
    """The values of every sheet of a file, hidden ones too, with what is hidden, merged or unread in them. Raises OSError when
    the file cannot be read from disk, and nothing else for what it holds."""
    name = safe_name(path.name)
    with path.open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        content = b"" if size > limits.file_megabytes * 1_000_000 else stream.read()
        digest = hashlib.sha256(content).hexdigest() if content else hashlib.file_digest(stream, "sha256").hexdigest()
    try:
        door.not_too_large(size, limits)
        sheets, from_1904 = _sheets(content, Path(name), limits)
    except RefusedError as refused:
        return OpenedFile(name, digest, problem=refused.problem, details=refused.details)
    return OpenedFile(name, digest, sheets, dates_from_1904=from_1904)


def files_in(folder: Path) -> list[Path]:
    """The files of a folder, by name; Excel's lock files (`~$…`) and hidden files aside. A folder that is not there is empty."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith(("~$", ".")))


def safe_name(name: str) -> str:
    """A file's name as it may be printed, stored and made part of other names: a sign that would lead to another folder, move
    the cursor, turn the direction of reading or not show at all is an underscore. A usual name stays as it is."""
    clean = "".join("_" if unicodedata.category(sign)[0] == "C" or sign in "\u2028\u2029" else sign for sign in name)
    clean = _UNFIT.sub("_", clean).strip()
    if len(clean) > _LONGEST_NAME:
        stem, dot, suffix = clean.rpartition(".")
        clean = f"{stem[: _LONGEST_NAME - 12]}…{dot}{suffix[:10]}" if dot else f"{clean[: _LONGEST_NAME - 1]}…"
    return clean if clean.strip("._ ") else "_"


def safe_path(path: Path) -> str:
    """A path as given, its last part safe to print."""
    return str(path.parent / safe_name(path.name))


def _sheets(content: bytes, name: Path, limits: Limits) -> Sheets:
    try:
        if not content:
            raise RefusedError(Problem.EMPTY)
        if content.startswith(_ZIP):
            return _of_package(Package(content, limits), limits)
        if content.startswith(xls.SIGNATURE):
            return xls.sheets(content, limits)
        return (delimited.sheet(content, name.stem, name.suffix.lower(), limits),), False
    except RefusedError:
        raise
    except python_calamine.PasswordError as failure:
        raise RefusedError(Problem.ENCRYPTED) from failure
    except BaseException as failure:
        # a damaged file may draw any error from four libraries, and a panic of calamine is no Exception
        if isinstance(failure, KeyboardInterrupt | SystemExit | GeneratorExit):
            raise
        raise RefusedError(Problem.NOT_WORKBOOK) from failure


def _of_package(package: Package, limits: Limits) -> Sheets:
    from_1904 = False
    if xlsx.WORKBOOK in package:
        marks, from_1904 = xlsx.marks(package, limits)
    elif xlsb.WORKBOOK in package:
        marks, from_1904 = xlsb.marks(package, limits)
    elif ods.is_spreadsheet(package):
        marks = ods.marks(package, limits)
    else:
        raise RefusedError(Problem.NOT_WORKBOOK)
    return _of_calamine(package.unpacked(), marks), from_1904


def _of_calamine(content: bytes, marks: Mapping[str, Marks]) -> tuple[Sheet, ...]:
    """Every sheet but charts and macros, which have no cells."""
    with python_calamine.load_workbook(BytesIO(content)) as workbook:
        listed = [item for item in workbook.sheets_metadata if item.typ == SheetTypeEnum.WorkSheet]
        if len({item.name for item in listed}) < len(listed):
            raise RefusedError(Problem.NOT_WORKBOOK)
        # skip_empty_area=False keeps row 1 and column A: addresses are those of the author's file
        return tuple(
            sheet(
                item.name,
                workbook.get_sheet_by_name(item.name).to_python(skip_empty_area=False),
                marks[item.name],
                hidden=item.visible != SheetVisibleEnum.Visible,
            )
            for item in listed
        )
