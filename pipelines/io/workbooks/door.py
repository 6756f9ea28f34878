"""What is refused before it is read: a file that would fill the memory, run something or fool whoever opens it.

A zip is judged by its list of members, then unpacked member by member, in memory, only those that hold values, and handed on
as a new zip of those alone: what was judged is what is read. Nothing is ever written to disk."""

from __future__ import annotations

import re
import zipfile
from io import BytesIO
from typing import Any

from pipelines.model import Problem, letters
from pipelines.settings import Limits

MEGABYTE = 1_000_000
_HARMLESS = 10 * MEGABYTE
"""Below this unpacked size no ratio is suspicious: an empty form may be long and shrink to nothing."""
_DRIVE = re.compile(r"[A-Za-z]:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,80}?encoding\s*=\s*["']([\w.-]+)["'][^>]*\?>""")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"<\x00", b"\x00<")
_UTF8 = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})


class RefusedError(Exception):
    """A file that is not read, with the rule that says why and what its text needs. Never leaves `open_file`."""

    def __init__(self, problem: Problem, **details: Any) -> None:
        super().__init__(problem)
        self.problem = problem
        self.details = details


class Package:
    """The zip of a workbook. Members go by their names with `/`, whatever the case. Raises RefusedError for a zip that is a trap and
    zipfile.BadZipFile for one that is damaged."""

    def __init__(self, content: bytes, limits: Limits) -> None:
        self._limits = limits
        self._zip = zipfile.ZipFile(BytesIO(content))
        members = [member for member in self._zip.infolist() if not member.is_dir()]
        _check_members(members, len(content), limits)
        self._members = {_plain(member.filename): member for member in members}
        self._unpacked: dict[str, bytes] = {}

    def __contains__(self, name: str) -> bool:
        return _plain(name) in self._members

    def read(self, name: str) -> bytes:
        """A member, unpacked once. Raises KeyError when there is none and BadZipFile when it is not what the list says."""
        key = _plain(name)
        if key not in self._unpacked:
            member = self._members[key]
            with self._zip.open(member) as stream:
                # asked for its declared size: one that lies about it would otherwise unpack without end
                data = stream.read(member.file_size)
                if len(data) != member.file_size:
                    raise zipfile.BadZipFile(f"{member.filename} is not of the size it says")
            self._unpacked[key] = data
        return self._unpacked[key]

    def xml(self, name: str) -> bytes:
        """A member as UTF-8 XML without document type. Office formats have none; an entity needs one to be declared."""
        data = self.read(name)
        if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
            raise RefusedError(Problem.ENTITIES)
        declared = _DECLARED.match(data[:200])
        if data.startswith(_WIDE) or (declared and declared[1].decode("ascii").lower() not in _UTF8):
            self.replace(name, _as_utf8(data, declared[1].decode("ascii") if declared else "utf-16"))
            return self.xml(name)
        return data

    def replace(self, name: str, data: bytes) -> None:
        """Another content for a member that was read."""
        self._unpacked[_plain(name)] = data

    def unpacked(self) -> bytes:
        """A zip, not compressed, of the members that were read."""
        fresh = BytesIO()
        with zipfile.ZipFile(fresh, "w") as archive:
            for key, data in self._unpacked.items():
                archive.writestr(zipfile.ZipInfo(self._members[key].filename.replace("\\", "/")), data)
        return fresh.getvalue()


def fits(title: str, bottom: int, right: int, limits: Limits) -> None:
    """Refuses a sheet whose last row `bottom` and last column `right` (both from 1) make it too large to be laid out."""
    if bottom > limits.rows or right > limits.columns or bottom * right > limits.cells:
        raise RefusedError(Problem.SHEET_TOO_LARGE, sheet_title=title, address=f"{letters(right - 1)}{bottom}",
                      rows=limits.rows, columns=limits.columns, cells=limits.cells)  # fmt: skip


def holds(characters: int, limits: Limits) -> None:
    """Refuses texts that fill the memory because a few bytes of the file repeat them."""
    if characters > limits.unpacked_megabytes * MEGABYTE:
        raise RefusedError(Problem.ZIP_BOMB, limit=limits.unpacked_megabytes)


def not_too_many(sheets: int, limits: Limits) -> None:
    if sheets > limits.sheets:
        raise RefusedError(Problem.TOO_MANY_SHEETS, sheets=sheets, limit=limits.sheets)


def not_too_large(size: int, limits: Limits) -> None:
    if size > limits.file_megabytes * MEGABYTE:
        raise RefusedError(Problem.TOO_LARGE, megabytes=round(size / MEGABYTE, 1), limit=limits.file_megabytes)


def _check_members(members: list[zipfile.ZipInfo], size: int, limits: Limits) -> None:
    if len(members) > limits.parts:
        raise RefusedError(Problem.TOO_MANY_PARTS, parts=len(members), limit=limits.parts)
    names = [_plain(member.filename) for member in members]
    if len(set(names)) < len(names) or any(_is_unsafe(member.orig_filename) for member in members):
        raise RefusedError(Problem.UNSAFE_NAMES)
    packed, unpacked = (sum(getattr(member, name) for member in members) for name in ("compress_size", "file_size"))
    swells = any(_swells(member.compress_size, member.file_size, limits) for member in members)
    # members that together are longer than the file share the same bytes
    if packed > size or swells or _swells(packed, unpacked, limits):
        raise RefusedError(Problem.ZIP_BOMB, limit=limits.unpacked_megabytes)
    if any(member.flag_bits & 0x1 for member in members):
        raise RefusedError(Problem.ENCRYPTED)
    if any(member.compress_type not in _METHODS for member in members):
        raise RefusedError(Problem.NOT_WORKBOOK)


def _swells(packed: int, unpacked: int, limits: Limits) -> bool:
    return unpacked > limits.unpacked_megabytes * MEGABYTE or (unpacked > _HARMLESS and unpacked > packed * limits.ratio)


def _plain(name: str) -> str:
    """Office programs do not tell members apart by case; some write `\\` for `/`."""
    return name.replace("\\", "/").casefold()


def _is_unsafe(name: str) -> bool:
    """A name that would leave the folder into which somebody unpacks it."""
    parts = name.replace("\\", "/").split("/")
    return not parts[0] or ".." in parts or bool(_DRIVE.match(name) or _CONTROL.search(name))


def _as_utf8(data: bytes, encoding: str) -> bytes:
    if data.startswith(_WIDE):
        encoding = "utf-16" if data.startswith(_WIDE[:2]) else ("utf-16-le" if data.startswith(b"<\x00") else "utf-16-be")
    return _DECLARATION.sub("", data.decode(encoding)).encode("utf-8")
