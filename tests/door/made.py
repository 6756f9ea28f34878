"""Workbooks made byte by byte: as programs write them, as programs write them badly, and as nobody but an attacker does."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
Members = dict[str, bytes | str]


def zipped(members: Mapping[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    content = BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return content.getvalue()


# --- xlsx ---------------------------------------------------------------------------------------------------------------


def worksheet(rows: str, head: str = "", tail: str = "") -> str:
    """The XML of a sheet whose rows are written out."""
    return f'{XML}<worksheet xmlns="{_MAIN}" xmlns:r="{_RELATED}">{head}<sheetData>{rows}</sheetData>{tail}</worksheet>'


def row(number: int, *cells: str, more: str = "") -> str:
    return f'<row r="{number}"{more}>{"".join(cells)}</row>'


def cell(at: str, value: object = None, kind: str = "", formula: str | None = None, style: int | None = None) -> str:
    inner = (f"<f>{formula}</f>" if formula is not None else "") + (f"<v>{value}</v>" if value is not None else "")
    kind = f' t="{kind}"' if kind else ""
    return f'<c r="{at}"{f" s={chr(34)}{style}{chr(34)}" if style else ""}{kind}>{inner}</c>'


def text(at: str, value: str) -> str:
    return f'<c r="{at}" t="inlineStr"><is><t xml:space="preserve">{value}</t></is></c>'


_STYLES = (
    f'{XML}<styleSheet xmlns="{_MAIN}"><numFmts count="1"><numFmt numFmtId="164" formatCode="[h]:mm"/></numFmts>'
    '<cellXfs count="6"><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/><xf numFmtId="20"/><xf numFmtId="9"/>'
    '<xf numFmtId="164"/></cellXfs></styleSheet>'
)
DAY, MOMENT, HOUR, PERCENT, DURATION = 1, 2, 3, 4, 5
"""Styles of cells."""


def xlsx_members(sheets: Mapping[str, str | bytes], *, book: str = "", states: Mapping[str, str] | None = None) -> Members:
    """The members of a workbook; `sheets` are XML by title, `book` stands before the list of sheets."""
    listed = relations = ""
    members: Members = {}
    for number, (title, data) in enumerate(sheets.items(), start=1):
        state = f' state="{states[title]}"' if states and title in states else ""
        listed += f'<sheet name="{title}" sheetId="{number}"{state} r:id="rId{number}"/>'
        relations += f'<Relationship Id="rId{number}" Type="{_RELATED}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        members[f"xl/worksheets/sheet{number}.xml"] = data
    return {
        "[Content_Types].xml": f'{XML}<Types xmlns="{_PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
        '<Override PartName="/xl/workbook.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>',
        "_rels/.rels": f'{XML}<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_RELATED}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'{XML}<workbook xmlns="{_MAIN}" xmlns:r="{_RELATED}">{book}<sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'{XML}<Relationships xmlns="{_PACKAGE}/relationships">{relations}</Relationships>',
        "xl/styles.xml": _STYLES,
        **members,
    }


def xlsx(rows: str = "", *, head: str = "", tail: str = "", book: str = "") -> bytes:
    """A workbook of one sheet, PDI."""
    return zipped(xlsx_members({"PDI": worksheet(rows, head, tail)}, book=book))


def xlsx_of(sheet: str | bytes) -> bytes:
    """A workbook of one sheet whose whole XML is given."""
    return zipped(xlsx_members({"PDI": sheet}))


def with_strings(sheet: str, strings: str) -> bytes:
    """A workbook of one sheet that takes its texts from a list, whose XML is given."""
    members = xlsx_members({"PDI": sheet})
    relation = f'<Relationship Id="rIdS" Target="sharedStrings.xml" Type="{_RELATED}/sharedStrings"/></Relationships>'
    relations = str(members["xl/_rels/workbook.xml.rels"]).replace("</Relationships>", relation)
    return zipped({**members, "xl/_rels/workbook.xml.rels": relations, "xl/sharedStrings.xml": strings})


def good_members() -> Members:
    return xlsx_members({"PDI": worksheet(row(1, cell("A1", 5)))})


# --- ods ----------------------------------------------------------------------------------------------------------------

_OASIS = "urn:oasis:names:tc:opendocument:xmlns"
_SPACES = " ".join(f'xmlns:{name}="{_OASIS}:{name}:1.0"' for name in ("office", "table", "text", "style"))
_CALCEXT = 'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
_ODS = "application/vnd.oasis.opendocument.spreadsheet"


def ods(*tables: str, mimetype: str = _ODS, styles: str = "", manifest: str = "") -> bytes:
    """A workbook of OpenDocument; `tables` are written out as `table:table` elements."""
    return zipped(
        {
            "mimetype": mimetype,
            "META-INF/manifest.xml": f'<manifest:manifest xmlns:manifest="{_OASIS}:manifest:1.0">{manifest}</manifest:manifest>',
            "content.xml": f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {_SPACES} {_CALCEXT}>'
            f"<office:automatic-styles>{styles}</office:automatic-styles>"
            f"<office:body><office:spreadsheet>{''.join(tables)}</office:spreadsheet></office:body></office:document-content>",
        }
    )


def ods_table(*rows: str, title: str = "PDI", columns: str = "", style: str = "") -> str:
    return f'<table:table table:name="{title}"{style}>{columns}{"".join(rows)}</table:table>'


def ods_row(*cells: str, more: str = "") -> str:
    return f"<table:table-row{more}>{''.join(cells)}</table:table-row>"


def ods_number(value: object, more: str = "") -> str:
    return f'<table:table-cell office:value-type="float" office:value="{value}"{more}><text:p>{value}</text:p></table:table-cell>'


def ods_text(value: str, more: str = "") -> str:
    return f'<table:table-cell office:value-type="string"{more}><text:p>{value}</text:p></table:table-cell>'


EMPTY_END = ods_row('<table:table-cell table:number-columns-repeated="16384"/>', more=' table:number-rows-repeated="1048570"')
"""How LibreOffice ends every sheet."""


# --- xlsb ---------------------------------------------------------------------------------------------------------------


def _record(kind: int, data: bytes = b"") -> bytes:
    """A record of [MS-XLSB]: number and length in seven bits a byte."""
    head = bytes([kind]) if kind < 0x80 else bytes([kind & 0x7F | 0x80, kind >> 7])
    length, size = len(data), b""
    while True:
        size += bytes([length & 0x7F | (0x80 if length > 0x7F else 0)])
        length >>= 7
        if not length:
            return head + size + data


def _wide(value: str) -> bytes:
    return struct.pack("<I", len(value)) + value.encode("utf-16-le")


def xlsb_cell(column: int, value: float | str | None = None, *, error: int | None = None, parts: bool = False) -> bytes:
    """A number, a text written in the cell (in parts of several formats), an error or an empty cell with a format."""
    at = struct.pack("<II", column, 0)
    if error is not None:
        return _record(3, at + bytes([error]))
    if isinstance(value, str):
        return _record(62, at + b"\0" + _wide(value)) if parts else _record(6, at + _wide(value))
    return _record(1, at) if value is None else _record(5, at + struct.pack("<d", value))


def xlsb_row(number: int, *cells: bytes, hidden: bool = False) -> bytes:
    """A row, from 1, with its cells."""
    head = struct.pack("<IIHBBB", number - 1, 0, 300, 0, 0x10 if hidden else 0, 0) + struct.pack("<I", 0)
    return _record(0, head) + b"".join(cells)


def xlsb_sheet(
    *rows: bytes, hidden_columns: Sequence[tuple[int, int]] = (), merged: Iterable[tuple[int, int, int, int]] = ()
) -> bytes:
    """A sheet; columns are from 0, merged ranges (first row, last row, first column, last column) too."""
    columns = b"".join(_record(60, struct.pack("<IIIIBB", first, last, 0, 0, 1, 0)) for first, last in hidden_columns)
    ranges = b"".join(_record(176, struct.pack("<IIII", *merge)) for merge in merged)
    return b"".join(
        (
            _record(129), _record(148, struct.pack("<IIII", 0, 9, 0, 9)),
            _record(390) + columns + _record(391) if columns else b"",
            _record(145), *rows, _record(146),
            _record(177, struct.pack("<I", 1)) + ranges + _record(178) if ranges else b"",
            _record(130),
        )
    )  # fmt: skip


def xlsb(sheets: Mapping[str, bytes], *, states: Mapping[str, int] | None = None, from_1904: bool = False) -> bytes:
    """A binary workbook; a state is 0 for a visible sheet, 1 for a hidden one, 2 for one hidden from everybody."""
    relations, bundles, members = "", b"", {}
    for number, (title, data) in enumerate(sheets.items(), start=1):
        state = (states or {}).get(title, 0)
        bundles += _record(156, struct.pack("<II", state, number) + _wide(f"rId{number}") + _wide(title))
        relations += f'<Relationship Id="rId{number}" Type="{_RELATED}/worksheet" Target="worksheets/sheet{number}.bin"/>'
        members[f"xl/worksheets/sheet{number}.bin"] = data
    book = _record(131) + _record(153, struct.pack("<II", int(from_1904), 0) + _wide(""))
    return zipped(
        {
            "[Content_Types].xml": f'{XML}<Types xmlns="{_PACKAGE}/content-types">'
            '<Default Extension="bin" ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/></Types>',
            "_rels/.rels": f'{XML}<Relationships xmlns="{_PACKAGE}/relationships">'
            f'<Relationship Id="rId1" Type="{_RELATED}/officeDocument" Target="xl/workbook.bin"/></Relationships>',
            "xl/workbook.bin": book + _record(143) + bundles + _record(144) + _record(132),
            "xl/_rels/workbook.bin.rels": f'{XML}<Relationships xmlns="{_PACKAGE}/relationships">{relations}</Relationships>',
            **members,
        }
    )


# --- what an attacker sends ---------------------------------------------------------------------------------------------


def bomb() -> bytes:
    """Two hundred and ten megabytes of spaces in two hundred kilobytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed, checksum, size, piece = b"", 0, 0, b" " * 1_000_000
    for _ in range(210):
        packed += packer.compress(piece)
        checksum, size = zlib.crc32(piece, checksum), size + len(piece)
    return with_raw_member(good_members(), "xl/sharedStrings.xml", packed + packer.flush(), checksum, size)


def with_raw_member(members: Members, name: str, packed: bytes, checksum: int, size: int) -> bytes:
    """A zip with one more member, whose head says what is told, true or not."""
    content = bytearray(zipped(members))
    end = content.rfind(b"PK\x05\x06")
    count, length, start = struct.unpack_from("<HII", content, end + 10)
    directory = bytes(content[start : start + length])
    raw = name.encode()
    common = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, checksum, len(packed), size, len(raw), 0)
    fresh = bytes(content[:start]) + b"PK\x03\x04" + common + raw + packed
    entry = b"PK\x01\x02" + struct.pack("<H", 20) + common + struct.pack("<HHHII", 0, 0, 0, 0, start) + raw
    tail = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, count + 1, count + 1, length + len(entry), len(fresh), 0)
    return fresh + directory + entry + tail


def far_cell() -> bytes:
    """One value in the last cell there is: as a table, seventeen billion cells."""
    return xlsx(row(1, cell("A1", 1)) + row(1_048_576, cell("XFD1048576", 1)))


def many_laughs() -> bytes:
    """An entity of entities, that a careless parser unfolds."""
    entities = "".join(f'<!ENTITY l{at} "{f"&l{at - 1};" * 10}">' for at in range(1, 10))
    sheet = worksheet(row(1, text("A1", "&l9;"))).replace(XML, f'{XML}<!DOCTYPE worksheet [<!ENTITY l0 "ha">{entities}]>')
    return xlsx_of(sheet)


def climbing() -> bytes:
    return zipped({**good_members(), "../../etc/passwd": "x"})


def many_members(count: int = 2100) -> bytes:
    return zipped({**good_members(), **{f"xl/media/{at}.png": b"" for at in range(count)}})


def many_sheets(count: int = 101) -> bytes:
    return zipped(xlsx_members({f"Feuille {at}": worksheet(row(1, cell("A1", at))) for at in range(count)}))


def large(size: int = 25_000_001) -> bytes:
    return b"PK\x03\x04" + bytes(size - 4)
