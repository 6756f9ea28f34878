"""Received files to cell values, read with python-calamine. A file that cannot be read is not an exception but an `OpenedFile`
with its `problem`: the other files go on."""

from __future__ import annotations

import hashlib
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import python_calamine

from pipelines.model import OpenedFile, Sheet

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


def open_file(path: Path) -> OpenedFile:
    """The values of every sheet of a workbook, hidden ones too. Raises OSError when the file cannot be read from disk."""
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if not content:
        return OpenedFile(path.name, digest, problem="FILE_EMPTY")
    if content.startswith(_OLE) and _ENCRYPTED in content:
        return OpenedFile(path.name, digest, problem="FILE_ENCRYPTED")
    try:
        with python_calamine.CalamineWorkbook.from_path(str(path)) as workbook:
            sheets = tuple(_sheet(workbook, name) for name in workbook.sheet_names)
    except python_calamine.PasswordError:
        return OpenedFile(path.name, digest, problem="FILE_ENCRYPTED")
    except (python_calamine.CalamineError, ValueError):
        return OpenedFile(path.name, digest, problem="FILE_NOT_WORKBOOK")
    return OpenedFile(path.name, digest, sheets)


def _sheet(workbook: Any, name: str) -> Sheet:
    # skip_empty_area=False keeps row 1 and column A: addresses are those of the author's file
    rows = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
    return Sheet(name, tuple(tuple(_value(value) for value in row) for row in rows))


def _value(value: Any) -> Any:
    """A cell's value: None when empty, an int for a whole number, text without surrounding spaces."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, time | timedelta):
        return str(value)
    if isinstance(value, datetime) and value.time() == time():
        return value.date()
    return value


def files_in(folder: Path) -> list[Path]:
    """The files of a folder, by name; Excel's lock files (`~$…`) and hidden files aside. A folder that is not there is empty."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith(("~$", ".")))
