"""The same return in every format is the same sheets; what a file is follows from what it holds."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import odf.opendocument
import odf.table
import odf.text
import openpyxl
import pytest
import xlwt
from xlwt import CompoundDoc

from pipelines.model import Merge, Unread
from tests.door import made
from tests.door.conftest import Open

DIVIDED = Unread(Unread.ERROR, "#DIV/0!")
EXPECTED = (
    ("Fiche", None, None, None),
    (None, None, None, None),
    (None, "Cercle", "Ménages", "Note"),
    (None, "Gao", 12, "vu"),
    (None, "Bourem", 7, None),
    (None, "Ansongo", DIVIDED, None),
)
"""The sheet PDI: A1:C2 merged, row 5 and column D hidden. The sheet Caché, hidden, holds 1."""


def in_xlsx() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "PDI"
    for row, values in enumerate(EXPECTED, start=1):
        for column, value in enumerate(values, start=1):
            sheet.cell(row, column, value.text if isinstance(value, Unread) else value)
    sheet.merge_cells("A1:C2")
    sheet.row_dimensions[5].hidden = True
    sheet.column_dimensions["D"].hidden = True
    hidden = book.create_sheet("Caché")
    hidden["A1"] = 1
    hidden.sheet_state = "veryHidden"
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def in_xls() -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("PDI")
    sheet.write_merge(0, 1, 0, 2, EXPECTED[0][0])
    for row, values in enumerate(EXPECTED[2:], start=2):
        for column, value in enumerate(values):
            if isinstance(value, Unread):
                sheet.row(row).set_cell_error(column, value.text)
            elif value is not None:
                sheet.write(row, column, value)
    sheet.row(4).hidden = True
    sheet.col(3).hidden = True
    hidden = book.add_sheet("Caché")
    hidden.write(0, 0, 1)
    hidden.visibility = 2
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def in_xlsb() -> bytes:
    rows = []
    for number, values in enumerate(EXPECTED, start=1):
        cells = [
            made.xlsb_cell(column, error=0x07) if isinstance(value, Unread) else made.xlsb_cell(column, value)  # type: ignore[arg-type]
            for column, value in enumerate(values)
            if value is not None
        ]
        rows.append(made.xlsb_row(number, *cells, hidden=number == 5))
    sheets = {
        "PDI": made.xlsb_sheet(*rows, hidden_columns=[(3, 16383)], merged=[(0, 1, 0, 2)]),
        "Caché": made.xlsb_sheet(made.xlsb_row(1, made.xlsb_cell(0, 1.0))),
    }
    return made.xlsb(sheets, states={"Caché": 2})


def in_ods() -> bytes:
    def cells(values: tuple[object, ...]) -> str:
        written = ""
        for value in values:
            if isinstance(value, Unread):
                written += (
                    '<table:table-cell table:formula="of:=1/0" office:value-type="string" office:string-value="" '
                    f'calcext:value-type="error"><text:p>{value.text}</text:p></table:table-cell>'
                )
            elif value is None:
                written += "<table:table-cell/>"
            else:
                written += made.ods_number(value) if isinstance(value, int) else made.ods_text(str(value))
        return written

    title = made.ods_text("Fiche", ' table:number-columns-spanned="3" table:number-rows-spanned="2"')
    covered = '<table:covered-table-cell table:number-columns-repeated="{}"/>'
    rows = [made.ods_row(title, covered.format(2)), made.ods_row(covered.format(3))]
    for number, values in enumerate(EXPECTED[2:], start=3):
        rows.append(made.ods_row(cells(values), more=' table:visibility="collapse"' if number == 5 else ""))
    columns = (
        '<table:table-column table:number-columns-repeated="3"/>'
        '<table:table-column table:visibility="collapse" table:number-columns-repeated="16381"/>'
    )
    styles = '<style:style style:name="ta2" style:family="table"><style:table-properties table:display="false"/></style:style>'
    return made.ods(
        made.ods_table(*rows, made.EMPTY_END, columns=columns),
        made.ods_table(made.ods_row(made.ods_number(1)), made.EMPTY_END, title="Caché", style=' table:style-name="ta2"'),
        styles=styles,
    )


FORMATS: dict[str, Callable[[], bytes]] = {"xlsx": in_xlsx, "xlsm": in_xlsx, "xls": in_xls, "xlsb": in_xlsb, "ods": in_ods}


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_gives_the_same_sheets(received: Open, suffix: str) -> None:
    file = received(FORMATS[suffix](), f"fiche.{suffix}")
    assert file.problem is None
    pdi, hidden = file.sheets
    assert (pdi.name, pdi.hidden, hidden.name, hidden.hidden) == ("PDI", False, "Caché", True)
    assert pdi.rows == EXPECTED
    assert hidden.rows == ((1,),)
    assert pdi.hidden_rows == {5}
    assert pdi.hidden_columns == {3}
    assert pdi.merged == (Merge(1, 0, 2, 2),)
    assert (hidden.hidden_rows, hidden.hidden_columns, hidden.merged) == (frozenset(), frozenset(), ())


@pytest.mark.parametrize("suffix", FORMATS)
def test_what_a_file_is_does_not_follow_from_its_name(received: Open, suffix: str) -> None:
    content = FORMATS[suffix]()
    for other in ("xlsx", "xls", "ods", "csv", "doc"):
        assert received(content, f"fiche.{other}").sheets[0].rows == EXPECTED


def test_text_under_the_name_of_a_workbook_is_read_as_text(received: Open) -> None:
    file = received("Cercle;Ménages\nGao;12\n".encode("cp1252"), "fiche.xlsx")
    assert [(sheet.name, sheet.rows) for sheet in file.sheets] == [("fiche", (("Cercle", "Ménages"), ("Gao", "12")))]


HTML = "<html><body><table><tr><td>Cercle</td><td>12</td></tr></table></body></html>"
FLAT = '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"></Workbook>'


@pytest.mark.parametrize(
    "content",
    [
        HTML.encode(), b"\xef\xbb\xbf" + HTML.encode(), HTML.encode("utf-16"), FLAT.encode(), b"%PDF-1.7\n1;2\n3;4\n",
        rb"{\rtf1 a;b\par c;d}", b"MIME-Version: 1.0\nX-Document-Type: Workbook\nContent-Type: multipart/related\n",
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", b"Monsieur le Directeur,\nveuillez trouver la fiche.\n", bytes(4000), bytes(range(256)) * 9,
    ],
    ids=["html", "html-mark", "html-wide", "xml-2003", "pdf", "rtf", "mht", "png", "letter", "zeros", "bytes"],
)  # fmt: skip
def test_what_is_no_workbook_is_said_to_be_none(received: Open, content: bytes) -> None:
    for name in ("export.xls", "export.xlsx"):
        assert received(content, name).problem == "FILE_NOT_WORKBOOK"


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_cut_off_copy_is_no_workbook(received: Open, suffix: str) -> None:
    content = FORMATS[suffix]()
    for share in (0.3, 0.6, 0.95):
        assert received(content[: int(len(content) * share)], f"fiche.{suffix}").problem == "FILE_NOT_WORKBOOK"


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_damaged_copy_never_stops_the_others(received: Open, suffix: str) -> None:
    """Bytes changed anywhere: the file may be refused or read, but nothing is raised."""
    content = bytearray(FORMATS[suffix]())
    for step in range(40):
        damaged = bytearray(content)
        for at in range(step * 7, len(damaged), 997):
            damaged[at] ^= 0x55
        file = received(bytes(damaged), f"fiche.{suffix}")
        assert file.problem is not None or file.sheets


def test_documents_of_office_that_are_no_workbook(received: Open) -> None:
    word = made.zipped({"[Content_Types].xml": "<Types/>", "word/document.xml": "<document/>"})
    letter = made.ods(mimetype="application/vnd.oasis.opendocument.text")
    inside = made.zipped({"fiche.xlsx": in_xlsx()})
    old_word = in_xls().replace("Workbook".encode("utf-16-le"), "WordDocu".encode("utf-16-le"))
    for content in (word, letter, inside, old_word, made.zipped({})):
        assert received(content).problem == "FILE_NOT_WORKBOOK"


def xls_under_password() -> bytes:
    """As Excel 97 marks it: a record that says how all following ones are scrambled."""
    book = xlwt.Workbook()
    book.add_sheet("PDI").write(0, 0, "Gao")
    data = book.get_biff_data()
    first = 4 + struct.unpack_from("<H", data, 2)[0]
    content = io.BytesIO()
    CompoundDoc.XlsDoc().save(content, data[:first] + struct.pack("<HHHHH", 0x2F, 6, 0, 0x1234, 0x5678) + data[first:])
    return content.getvalue()


def test_passwords_are_named_in_every_format(received: Open) -> None:
    entry = '<manifest:file-entry manifest:full-path="content.xml"><manifest:encryption-data/></manifest:file-entry>'
    scrambled = bytearray(made.zipped(made.good_members()))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = -1
        while (place := scrambled.find(mark, place + 1)) >= 0:
            scrambled[place + at] |= 1
    office = in_xls().replace("Workbook".encode("utf-16-le"), "Encrypte".encode("utf-16-le")) + "EncryptedPackage".encode(
        "utf-16-le"
    )
    for content in (xls_under_password(), made.ods(made.ods_table(), manifest=entry), bytes(scrambled), office):
        assert received(content).problem == "FILE_ENCRYPTED"


def test_charts_have_no_cells_and_stop_nothing(received: Open) -> None:
    book = openpyxl.Workbook()
    book.worksheets[0]["A1"] = "Gao"
    chart = book.create_chartsheet("Graphique")
    chart.add_chart(openpyxl.chart.BarChart())
    content = io.BytesIO()
    book.save(content)
    assert [(sheet.name, sheet.rows) for sheet in received(content.getvalue()).sheets] == [("Sheet", (("Gao",),))]


def test_macros_are_not_even_unpacked(received: Open) -> None:
    members = {**made.good_members(), "xl/vbaProject.bin": b"no project at all"}
    assert received(made.zipped(members), "fiche.xlsm").sheets[0].rows == ((5,),)


def test_ods_as_odfpy_writes_it(received: Open) -> None:
    document = odf.opendocument.OpenDocumentSpreadsheet()
    table = odf.table.Table(name="PDI")
    row = odf.table.TableRow()
    for kind, given in (("string", "Ségou"), ("float", "12")):
        cell = odf.table.TableCell(valuetype=kind, **({"value": given} if kind == "float" else {}))
        cell.addElement(odf.text.P(text=given))
        row.addElement(cell)
    table.addElement(row)
    document.spreadsheet.addElement(table)
    content = io.BytesIO()
    document.write(content)
    assert received(content.getvalue(), "fiche.ods").sheets[0].rows == (("Ségou", 12),)


def test_dates_of_the_other_century_are_the_same_days(received: Open) -> None:
    """Excel for Mac counted from 1904: a date cell is right already, a plain number is left and the file says how to read it."""
    rows = made.row(1, made.cell("A1", 42368, style=made.DAY), made.cell("B1", 42368))
    mac = received(made.xlsx(rows, book='<workbookPr date1904="1"/>'))
    assert (mac.sheets[0].rows, mac.dates_from_1904) == (((date(2019, 12, 31), 42368),), True)
    other = received(made.xlsx(rows, book='<workbookPr date1904="0"/>'))
    assert (other.sheets[0].rows[0][0], other.dates_from_1904) == (date(2015, 12, 30), False)
    binary = made.xlsb({"PDI": made.xlsb_sheet(made.xlsb_row(1, made.xlsb_cell(0, 42368.0)))}, from_1904=True)
    assert received(binary).dates_from_1904 is True
    book = xlwt.Workbook()
    book.dates_1904 = True
    book.add_sheet("PDI").write(0, 0, 42368, xlwt.easyxf(num_format_str="dd/mm/yyyy"))
    content = io.BytesIO()
    book.save(content)
    old = received(content.getvalue())
    assert (old.sheets[0].rows, old.dates_from_1904) == (((date(2019, 12, 31),),), True)


def test_kinds_of_values(received: Open) -> None:
    rows = made.row(
        1,
        made.cell("A1", 43830, style=made.DAY), made.cell("B1", 43830.5, style=made.MOMENT), made.cell("C1", 43830),
        made.cell("D1", 0.25, style=made.PERCENT), made.cell("E1", 0.5, style=made.HOUR), made.cell("F1", 1, "b"),
        made.cell("G1", "1E3"), made.cell("H1", 12.5), made.cell("I1", "2019-12-31", "d"), made.cell("J1", 1.5, style=made.DURATION),
        made.cell("K1", "1e999"),
    )  # fmt: skip
    [sheet] = received(made.xlsx(rows)).sheets
    assert sheet.rows == (
        (
            date(2019, 12, 31), datetime(2019, 12, 31, 12), 43830, 0.25, "12:00:00", True, 1000, 12.5, date(2019, 12, 31),
            "1 day, 12:00:00", Unread(Unread.ERROR, "#NUM!"),
        ),
    )  # fmt: skip
    assert [type(value) for value in sheet.rows[0][2:8]] == [int, float, str, bool, int, float]


def test_kinds_of_values_in_the_old_format(received: Open) -> None:
    book = xlwt.Workbook()
    page = book.add_sheet("PDI")
    day, moment, hour = (xlwt.easyxf(num_format_str=form) for form in ("dd/mm/yyyy", "dd/mm/yyyy hh:mm", "hh:mm"))
    for column, (value, style) in enumerate(
        (
            (43830, day),
            (43830.5, moment),
            (0.5, hour),
            (-5, day),
            (12, None),
            (12.5, None),
            (True, None),
            (" Gao\n", None),
            ("", None),
        )
    ):
        page.write(1, column + 1, value, style or xlwt.Style.default_style)
    content = io.BytesIO()
    book.save(content)
    [sheet] = received(content.getvalue(), "fiche.xls").sheets
    empty = (None,) * 9
    values = (date(2019, 12, 31), datetime(2019, 12, 31, 12), "12:00:00", -5, 12, 12.5, True, "Gao")
    assert sheet.rows == (empty, (None, *values))
    assert [type(value) for value in sheet.rows[1][5:8]] == [int, float, bool]


def test_a_file_is_known_by_its_bytes(received: Open, tmp_path: Path) -> None:
    content = made.zipped(made.good_members())
    assert received(content, "a.xlsx").sha256 == received(content, "b.xls").sha256
    assert received(b"", "vide.xlsx").sha256 != received(content).sha256
    with pytest.raises(OSError, match="absent"):
        from pipelines.io import workbooks

        workbooks.open_file(tmp_path / "absent.xlsx")
