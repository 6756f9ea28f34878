"""The zip inside every written workbook and letter, made so that the same content is the same bytes."""

from __future__ import annotations

import re
import zipfile
from datetime import date
from io import BytesIO

_CORE = "docProps/core.xml"
_DATES = re.compile(rb"(<((?:\w+:)?(?:created|modified|lastPrinted))\b[^>]*>)[^<]*(?=</\2>)")
_LAST_HAND = re.compile(rb"<((?:\w+:)?lastModifiedBy)\b[^>]*(?:/>|>[^<]*</\1>)")
_FIRST = ("mimetype", "[Content_Types].xml", "_rels/.rels")
"""Members that readers look for at the head of the file."""
_READABLE = 0o600 << 16


def normalise_zip(content: bytes, dated: date) -> bytes:
    """The same workbook or document without the hour at which it was written: members in one order, all of them and the
    document's own dates (`created`, `modified`, `lastPrinted`) at the start of `dated`, and no last editor. `dated` is before
    2108 and counts as 1980 when earlier, as a zip knows no other years. Raises zipfile.BadZipFile for what is no zip."""
    stamp = (max(dated.year, 1980), dated.month, dated.day, 0, 0, 0)
    fresh = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(fresh, "w") as new:
        for name in sorted(old.namelist(), key=_order):
            data = old.read(name)
            if name == _CORE:
                data = _without_hours(data, dated)
            member = zipfile.ZipInfo(name, stamp)
            member.create_system = 3  # whatever the machine
            member.external_attr = _READABLE
            # OpenDocument wants its mimetype readable without inflating
            member.compress_type = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            new.writestr(member, data)
    return fresh.getvalue()


def _order(name: str) -> tuple[int, str]:
    return (_FIRST.index(name) if name in _FIRST else len(_FIRST), name)


def _without_hours(properties: bytes, dated: date) -> bytes:
    written = f"{dated.isoformat()}T00:00:00Z".encode("ascii")
    return _LAST_HAND.sub(b"", _DATES.sub(lambda found: found[1] + written, properties))
