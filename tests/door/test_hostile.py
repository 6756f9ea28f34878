"""Files made to fill the memory, to reach other files or to fool whoever opens them: each is refused by its own rule before anything
of it is laid out, and what only looks so is read."""

from __future__ import annotations

import hashlib
import io
import struct
import warnings
import zipfile
import zlib
from pathlib import Path

import pytest
import xlwt

from pipelines import consolidation
from pipelines.settings import Limits, Settings
from tests.door import made
from tests.door.conftest import Open
from tests.door.made import cell, row, text, worksheet

SMALL = Limits(file_megabytes=1, unpacked_megabytes=2, rows=200, columns=50, cells=5000, sheets=3, parts=20)


# --- sizes --------------------------------------------------------------------------------------------------------------


def test_too_large_a_file_is_not_even_read_but_known(received: Open) -> None:
    content = made.large(1_000_001)
    file = received(content, limits=SMALL)
    assert (file.problem, file.details["megabytes"], file.details["limit"]) == ("FILE_TOO_LARGE", 1.0, 1)
    assert file.sha256 == hashlib.sha256(content).hexdigest()


FAR_IN_XLSX = {
    "last cell": row(1, cell("A1", 1)) + row(1_048_576, cell("XFD1048576", 1)),
    "alone": row(1_048_576, cell("A1048576", 1)),
    "wide": row(1, cell("XFD1", 1)),
    "beyond Excel": row(9_999_999, cell("ZZZ9999999", 1)),
    "row and cell differ": row(1, cell("B900000", 1)),
    "product": row(1, cell("AX1", 1)) + row(200, cell("A200", 1)),
    "no addresses": "<row>" + "<c><v>1</v></c>" * 300 + "</row>" + "<row><c><v>1</v></c></row>" * 190,
    "far row without addresses": '<row r="1000000"><c><v>1</v></c></row>',
    "uncalculated": row(1_048_576, cell("XFD1048576", formula="1")),
    "error": row(1_048_576, cell("XFD1048576", "#N/A", "e")),
    "text": row(1_048_576, text("XFD1048576", "x")),
}


@pytest.mark.parametrize("how", FAR_IN_XLSX)
def test_a_cell_far_away_is_refused_by_its_real_address(received: Open, how: str) -> None:
    """The dimension lies, as anybody's may."""
    file = received(made.xlsx(FAR_IN_XLSX[how], head='<dimension ref="A1:B2"/>'), limits=SMALL)
    assert (file.problem, file.details["sheet_title"]) == ("FILE_SHEET_TOO_LARGE", "PDI")


def test_the_refusal_says_where(received: Open) -> None:
    assert received(made.far_cell()).details["address"] == "XFD1048576"


def test_a_cell_far_away_in_the_other_formats(received: Open) -> None:
    book = xlwt.Workbook()
    book.add_sheet("PDI").write(65_535, 255, 1)
    xls = io.BytesIO()
    book.save(xls)
    xlsb = made.xlsb({"PDI": made.xlsb_sheet(made.xlsb_row(1_048_576, made.xlsb_cell(16_383, 1.0)))})
    far = made.ods_row("<table:table-cell/>", more=' table:number-rows-repeated="1048575"') + made.ods_row(made.ods_number(1))
    for content in (xls.getvalue(), xlsb, made.ods(made.ods_table(far)), ("x;" * 20 + "\n").encode() * 300):
        assert received(content, "fiche.csv", SMALL).problem == "FILE_SHEET_TOO_LARGE"


@pytest.mark.parametrize(
    "more", [' table:number-columns-repeated="16384"', ' table:number-columns-repeated="1000000000000"'], ids=["row", "beyond"]
)
def test_repeated_cells_that_hold_values_are_refused(received: Open, more: str) -> None:
    rows = made.ods_row(made.ods_number(1, more), more=' table:number-rows-repeated="1048576"')
    assert received(made.ods(made.ods_table(rows))).problem == "FILE_SHEET_TOO_LARGE"


def test_repeated_empty_cells_are_how_every_sheet_ends(received: Open) -> None:
    ends = made.ods_row('<table:table-cell table:number-columns-repeated="16384"/>', more=' table:number-rows-repeated="1048575"')
    [sheet] = received(made.ods(made.ods_table(made.ods_row(made.ods_number(1)), ends)), limits=SMALL).sheets
    assert sheet.rows == ((1,),)


def test_limits_may_be_raised(received: Open) -> None:
    content = made.xlsx(row(1, cell("A1", 1)) + row(250, cell("B250", 2)))
    assert received(content, limits=SMALL).problem == "FILE_SHEET_TOO_LARGE"
    assert len(received(content, limits=SMALL.model_copy(update={"rows": 250})).sheets[0].rows) == 250


def test_too_many_sheets_in_every_format(received: Open) -> None:
    book = xlwt.Workbook()
    for number in range(4):
        book.add_sheet(f"F{number}").write(0, 0, 1)
    xls = io.BytesIO()
    book.save(xls)
    one = made.xlsb_sheet(made.xlsb_row(1, made.xlsb_cell(0, 1.0)))
    ods = made.ods(*(made.ods_table(made.ods_row(made.ods_number(1)), title=f"F{number}") for number in range(4)))
    for content in (made.many_sheets(4), xls.getvalue(), made.xlsb({f"F{number}": one for number in range(4)}), ods):
        file = received(content, limits=SMALL)
        assert (file.problem, file.details) == ("FILE_TOO_MANY_SHEETS", {"sheets": 4, "limit": 3})


def test_too_many_members(received: Open) -> None:
    file = received(made.many_members(40), limits=SMALL)
    assert (file.problem, file.details) == ("FILE_TOO_MANY_PARTS", {"parts": 46, "limit": 20})


# --- zip bombs ----------------------------------------------------------------------------------------------------------


def test_a_member_that_swells_is_not_unpacked(received: Open) -> None:
    members = {**made.good_members(), "xl/theme/theme1.xml": b" " * 11_000_000}
    assert received(made.zipped(members)).problem == "FILE_ZIP_BOMB"
    assert received(made.zipped(members), limits=Limits(ratio=2000)).sheets[0].rows == ((5,),)


def test_members_that_swell_together(received: Open) -> None:
    members = {**made.good_members(), **{f"xl/media/{at}.bin": b" " * 250_000 for at in range(9)}}
    assert received(made.zipped(members), limits=SMALL).problem == "FILE_ZIP_BOMB"


def test_a_member_that_lies_about_its_size_is_not_unpacked_to_the_end(received: Open) -> None:
    data = worksheet(row(1, cell("A1", 1))).encode() + b" " * 30_000_000
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(data) + packer.flush()
    members = made.good_members()
    del members["xl/worksheets/sheet1.xml"]
    said = len(worksheet(row(1, cell("A1", 1))).encode())
    for size, checksum in ((said, zlib.crc32(data)), (said, zlib.crc32(data[:said])), (len(data) * 2, zlib.crc32(data))):
        content = made.with_raw_member(members, "xl/worksheets/sheet1.xml", packed, checksum, size)
        file = received(content, limits=SMALL)
        # either the lie is found out, or no more is read than what was said
        assert file.problem in ("FILE_NOT_WORKBOOK", "FILE_ZIP_BOMB") or file.sheets[0].rows == ((1,),)


def test_members_that_share_their_bytes(received: Open) -> None:
    """One block of data that hundreds of members point at (a bomb without any nesting)."""
    members = {**made.good_members(), "xl/media/0.bin": bytes(range(256)) * 200}
    content = made.zipped(members, zipfile.ZIP_STORED)
    end = content.rfind(b"PK\x05\x06")
    count, length, start = struct.unpack_from("<HII", content, end + 10)
    at = content.rfind(b"PK\x01\x02", 0, end)
    entries = b"".join(content[at:end].replace(b"media/0", f"media/{number}".encode()) for number in range(1, 10))
    tail = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, count + 9, count + 9, length + len(entries), start, 0)
    assert received(content).problem is None
    assert received(content[:end] + entries + tail).problem == "FILE_ZIP_BOMB"


def test_a_zip_in_the_workbook_is_never_opened(received: Open) -> None:
    inner = b" " * 9_000_000
    for _ in range(3):
        inner = made.zipped({"again.zip": inner})
    assert received(made.zipped({**made.good_members(), "xl/embeddings/bomb.zip": inner})).sheets[0].rows == ((5,),)


def test_one_long_text_shown_in_many_cells(received: Open) -> None:
    """Ten kilobytes, five thousand times: fifty megabytes of text."""
    namespace = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    strings = f"<sst {namespace}><si><t>{'a' * 10_000}</t></si><si><t>Gao</t></si></sst>"
    far = "".join(row(number, *(cell(f"{letter}{number}", 0, "s") for letter in "ABCDEFGHIJ")) for number in range(1, 101))
    once = row(1, cell("A1", 0, "s")) + row(2, *(cell(f"{letter}2", 1, "s") for letter in "ABCDEFGHIJ"))

    def book(rows: str) -> bytes:
        return made.with_strings(worksheet(rows), strings)

    assert received(book(far), limits=SMALL).problem == "FILE_ZIP_BOMB"
    assert received(book(once), limits=SMALL).sheets[0].rows[1] == ("Gao",) * 10
    repeated = made.ods_row(
        made.ods_text("a" * 10_000, ' table:number-columns-repeated="40"'), more=' table:number-rows-repeated="90"'
    )
    assert received(made.ods(made.ods_table(repeated)), limits=SMALL).problem == "FILE_ZIP_BOMB"


def test_lists_that_lie_about_their_length(received: Open) -> None:
    """Room is made for what is there, not for what is said to be there: otherwise the whole program stops, not this file."""
    namespace = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    for quote in "\"'":
        said = f"count={quote}99999999999{quote} uniqueCount={quote}99999999999{quote}"
        strings = f"{made.XML}<sst {namespace} {said}><si><t>uniqueCount</t></si></sst>"
        assert received(made.with_strings(worksheet(row(1, cell("A1", 0, "s"))), strings)).sheets[0].rows == (("uniqueCount",),)
    book = xlwt.Workbook()
    book.add_sheet("PDI").write(0, 0, "Gao")
    content = io.BytesIO()
    book.save(content)
    data = bytearray(content.getvalue())
    at = data.find(struct.pack("<HH", 0x0200, 14))
    data[at + 4 : at + 16] = struct.pack("<IIHH", 0, 0xFFFFFFFF, 0, 0xFFFF)
    assert received(bytes(data)).sheets[0].rows == (("Gao",),)


def test_records_written_in_a_strange_way_are_those_that_were_judged(received: Open) -> None:
    """A length of five bytes, which two readers understand differently; a row beyond the last."""
    sheet = made.xlsb_sheet(made.xlsb_row(1, made.xlsb_cell(0, 1.0)), made.xlsb_row(2, made.xlsb_cell(0, 2.0)))
    usual = made.xlsb_cell(0, 1.0)
    for strange in (usual[:1] + b"\x90\x00" + usual[2:], usual[:1] + b"\x90\x80\x80\x00" + usual[2:]):
        assert received(made.xlsb({"PDI": sheet.replace(usual, strange)})).sheets[0].rows == ((1,), (2,))
    beyond = made.xlsb_sheet(made.xlsb_row(2_000_000), made.xlsb_row(2, made.xlsb_cell(0, 2.0)))
    assert received(made.xlsb({"PDI": beyond})).problem == "FILE_NOT_WORKBOOK"


# --- XML ----------------------------------------------------------------------------------------------------------------

OUTSIDE = '<!DOCTYPE worksheet [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
SHEET = worksheet(row(1, text("A1", "&x;"))).replace(made.XML, made.XML + OUTSIDE)


def with_member(name: str, data: str | bytes) -> bytes:
    return made.zipped({**made.good_members(), name: data})


ENTITIES = {
    "laughs": made.many_laughs,
    "file": lambda: made.xlsx_of(SHEET),
    "utf-16": lambda: made.xlsx_of(SHEET.replace("UTF-8", "UTF-16").encode("utf-16")),
    "utf-16 unmarked": lambda: made.xlsx_of(SHEET.replace("UTF-8", "UTF-16").encode("utf-16-be")),
    "utf-7": lambda: made.xlsx_of(made.XML.replace("UTF-8", "UTF-7").encode() + SHEET.replace(made.XML, "").encode("utf-7")),
    "workbook": lambda: with_member(
        "xl/workbook.xml", str(made.good_members()["xl/workbook.xml"]).replace(made.XML, made.XML + OUTSIDE)
    ),
    "strings": lambda: with_member("xl/sharedStrings.xml", f"{made.XML}{OUTSIDE}<sst/>"),
    "styles": lambda: with_member("xl/styles.xml", f"{made.XML}{OUTSIDE}<styleSheet/>"),
    "relations": lambda: with_member("xl/_rels/workbook.xml.rels", f"{made.XML}{OUTSIDE}<Relationships/>"),
    "after a comment": lambda: made.xlsx_of(SHEET.replace("<!DOCTYPE", f"<!--{' ' * 70_000}--><!DOCTYPE")),
}


@pytest.mark.parametrize("how", ENTITIES)
def test_documents_that_define_entities_are_refused(received: Open, how: str) -> None:
    assert received(ENTITIES[how]()).problem == "FILE_ENTITIES"


def test_entities_in_opendocument(received: Open) -> None:
    content = made.ods(made.ods_table(made.ods_row(made.ods_text("&x;"))))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name).decode() for name in archive.namelist()}
    members["content.xml"] = members["content.xml"].replace("?>", f"?>{OUTSIDE}", 1)
    assert received(made.zipped(members), "fiche.ods").problem == "FILE_ENTITIES"


def test_words_that_look_like_one_are_text(received: Open) -> None:
    [sheet] = received(made.xlsx(row(1, text("A1", "&lt;!DOCTYPE html&gt;")))).sheets
    assert sheet.rows == (("<!DOCTYPE html>",),)


# --- names of members ---------------------------------------------------------------------------------------------------

UNSAFE = ("../evil.xml", "xl/../../evil.xml", "/etc/passwd", "\\\\server\\share\\x", "..\\..\\evil.exe", "C:\\Windows\\x", "c:x",
          "xl/a\x1b[31m.xml", "xl/new\nline.xml")  # fmt: skip


@pytest.mark.parametrize("name", UNSAFE)
def test_members_that_would_leave_their_folder_are_refused(received: Open, name: str) -> None:
    assert received(made.zipped({**made.good_members(), name: b"x"})).problem == "FILE_UNSAFE_NAMES"


@pytest.mark.parametrize("other", ["xl/worksheets/sheet1.xml", "xl/worksheets/Sheet1.XML", "xl\\worksheets\\sheet1.xml"])
def test_two_members_of_one_name_are_refused(received: Open, other: str) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, data in made.good_members().items():
            archive.writestr(name, data)
        with warnings.catch_warnings(action="ignore"):
            archive.writestr(zipfile.ZipInfo(other), worksheet(row(1, cell("A1", 666))))
    assert received(content.getvalue()).problem == "FILE_UNSAFE_NAMES"


def test_folders_and_backslashes_are_written_by_honest_programs(received: Open) -> None:
    members = {name.replace("/", "\\"): data for name, data in made.good_members().items()}
    assert received(made.zipped(members)).sheets[0].rows == ((5,),)
    assert received(made.zipped({**made.good_members(), "xl/media/": b"", "docProps/thumbnail..jpeg": b"x"})).problem is None


def test_nothing_is_written_to_disk(received: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    monkeypatch.chdir(scratch)
    for content in (made.climbing(), made.zipped(made.good_members())):
        received(content)
    assert list(scratch.iterdir()) == []
    assert [path.name for path in tmp_path.iterdir() if path != scratch] == ["fiche.xlsx"]


def test_strange_packing_methods_are_no_workbook(received: Open) -> None:
    assert received(made.zipped(made.good_members(), zipfile.ZIP_LZMA)).problem == "FILE_NOT_WORKBOOK"


def test_the_limits_are_those_of_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "fiche.xlsx"
    path.write_bytes(made.many_sheets(4))
    monkeypatch.setenv("CMP_LIMITS__SHEETS", "3")
    [report] = consolidation.validate([path], Settings(data_dir=tmp_path))
    assert [finding.code for finding in report.findings] == ["FILE_TOO_MANY_SHEETS"]


def test_formulas_that_never_end_are_read_in_one_go(received: Open) -> None:
    """A search that looks for the end of each anew would take hours here."""
    rows = '<row r="1">' + '<c r="A1"><f>' * 200_000 + "</row>"
    assert received(made.xlsx(rows)).problem == "FILE_NOT_WORKBOOK"
