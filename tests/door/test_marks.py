"""Nothing reads as empty that is not: errors, formulas never calculated, and every way in which programs write a sheet."""

from __future__ import annotations

import re

import pytest

from pipelines.model import Merge, Unread
from tests.door import made
from tests.door.conftest import Open
from tests.door.made import cell, row, text, worksheet


def formula(text: str) -> Unread:
    return Unread(Unread.FORMULA, text)


def error(text: str) -> Unread:
    return Unread(Unread.ERROR, text)


def test_an_error_is_not_empty(received: Open) -> None:
    [sheet] = received(made.xlsx(row(1, cell("A1", "#N/A", "e"), cell("B1", 1), cell("C1", "#REF!", "e", "Feuil9!A1")))).sheets
    assert sheet.rows == ((error("#N/A"), 1, error("#REF!")),)


def test_an_error_at_the_end_of_a_sheet_is_not_cut_off(received: Open) -> None:
    [sheet] = received(made.xlsx(row(1, cell("A1", 1)) + row(4, cell("C4", formula="A1*2")))).sheets
    assert sheet.rows == ((1, None, None), (None,) * 3, (None,) * 3, (None, None, formula("=A1*2")))


@pytest.mark.parametrize("kind", ["#SPILL!", "#CALC!", "#FIELD!", "#BLOCKED!"])
def test_errors_younger_than_the_reader_are_errors(received: Open, kind: str) -> None:
    [sheet] = received(made.xlsx(row(1, cell("A1", kind, "e"), cell("B1", 7)))).sheets
    assert sheet.rows == ((error(kind), 7),)


def test_the_name_of_an_error_typed_as_text_is_one(received: Open) -> None:
    [sheet] = received(made.xlsx(row(1, text("A1", "#N/A"), text("B1", "#VALEUR !"), text("C1", "# de ménages")))).sheets
    assert sheet.rows == ((error("#N/A"), error("#VALEUR !"), "# de ménages"),)


def test_formulas_without_value_are_told_from_those_with_one(received: Open) -> None:
    cells = (
        cell("A1", formula="1+1"), cell("B1", 4, formula="2+2"), '<c r="C1"><f>3+3</f><v></v></c>', '<c r="D1"><f>4+4</f><v/></c>',
        '<c r="E1" t="str"><f>""</f><v></v></c>', cell("F1", "Gao", "str", 'A1&amp;"x"'), '<c r="G1" t="str"><f>H1</f></c>',
        '<c r="H1"><f/></c>', '<c r="I1"><f>5+5</f>\n<v>10</v></c>', '<c r="J1"><f><![CDATA[A1&B1]]></f></c>', cell("K1", 0, formula="0"),
    )  # fmt: skip
    [sheet] = received(made.xlsx(row(1, *cells))).sheets
    assert sheet.rows == (
        (
            formula("=1+1"),
            4,
            formula("=3+3"),
            formula("=4+4"),
            None,
            "Gao",
            formula("=H1"),
            formula("="),
            10,
            formula("=A1&B1"),
            0,
        ),
    )


def test_a_value_before_its_formula_is_not_read_and_so_not_empty(received: Open) -> None:
    """The reader loses it: the order is against the standard."""
    [sheet] = received(made.xlsx(row(1, '<c r="A1"><v>3</v><f>1+2</f></c>', cell("B1", 1)))).sheets
    assert sheet.rows == ((formula("=1+2"), 1),)


def test_shared_formulas_tell_what_stands_in_each_cell(received: Open) -> None:
    rows = (
        row(1, '<c r="A1"><f t="shared" ref="A1:A3" si="0">B1*2</f></c>', cell("B1", 2))
        + row(2, '<c r="A2"><f t="shared" si="0"/><v>6</v></c>', cell("B2", 3))
        + row(3, '<c r="A3"><f t="shared" si="0"/></c>', cell("B3", 4))
    )
    [sheet] = received(made.xlsx(rows)).sheets
    assert sheet.rows == ((formula("=B1*2"), 2), (6, 3), (formula("=B3*2"), 4))


def test_an_array_that_was_never_calculated_is_unread_in_all_its_cells(received: Open) -> None:
    rows = row(1, '<c r="A1"><f t="array" ref="A1:A2">TRANSPOSE(B1:C1)</f></c>', cell("B1", 2)) + row(2, cell("B2", 3))
    [sheet] = received(made.xlsx(rows)).sheets
    assert sheet.rows == ((formula("=TRANSPOSE(B1:C1)"), 2), (formula("=TRANSPOSE(B1:C1)"), 3))
    whole = row(1, '<c r="A1"><f t="array" ref="A1:XFD1048576">B1</f></c>')
    assert received(made.xlsx(whole)).sheets[0].rows == ((formula("=B1"),),)


def test_what_is_hidden_is_read_and_said(received: Open) -> None:
    head = (
        '<cols><col min="2" max="2" hidden="1"/><col min="3" max="3" width="0" customWidth="1"/>'
        '<col min="5" max="16384" hidden="true"/></cols>'
    )
    rows = (
        row(1, cell("A1", 1), cell("D1", 4))
        + row(2, cell("A2", 2), more=' hidden="1"')
        + row(3, cell("A3", 3), more=' ht="0" customHeight="1"')
        + row(4, cell("A4", 4), more=' hidden="0" ht="15"')
        + row(1000, more=' hidden="1"')
    )
    [sheet] = received(made.xlsx(rows, head=head)).sheets
    assert sheet.rows[1] == (2, None, None, None)
    assert sheet.hidden_rows == {2, 3}
    assert sheet.hidden_columns == {1, 2}


def test_hidden_sheets_are_read_and_said(received: Open) -> None:
    sheets = {title: worksheet(row(1, cell("A1", 1))) for title in ("PDI", "Caché", "Très caché")}
    file = received(made.zipped(made.xlsx_members(sheets, states={"Caché": "hidden", "Très caché": "veryHidden"})))
    assert [(sheet.hidden, sheet.rows) for sheet in file.sheets] == [(False, ((1,),)), (True, ((1,),)), (True, ((1,),))]


def test_merged_ranges_are_said_within_what_is_used(received: Open) -> None:
    tail = (
        '<mergeCells count="4"><mergeCell ref="A1:C1"/><mergeCell ref="A2:A9"/><mergeCell ref="X50:Z60"/>'
        '<mergeCell ref="B2"/></mergeCells>'
    )
    rows = row(1, text("A1", "Titre")) + row(3, cell("C3", 1))
    [sheet] = received(made.xlsx(rows, tail=tail)).sheets
    assert sheet.merged == (Merge(1, 0, 1, 2), Merge(2, 0, 3, 0))


PLAIN = row(1, text("A1", "Cercle"), cell("B1", "#N/A", "e")) + row(
    2, cell("A2", 5), cell("B2", formula="A2*2"), more=' hidden="1"'
)
HEAD, TAIL = '<cols><col min="2" max="2" hidden="1"/></cols>', '<mergeCells><mergeCell ref="A1:B1"/></mergeCells>'


def prefixed(xml: str) -> str:
    """With a prefix before every element, as some libraries write."""
    return re.sub(r"<(/?)(?=[a-z])(?!\?)", r"<\1x:", xml).replace("xmlns=", "xmlns:x=")


WRITTEN = {
    "as Excel": lambda xml: xml,
    "prefixed": prefixed,
    "single quotes": lambda xml: xml.replace('"', "'"),
    "spaces": lambda xml: xml.replace('="', ' = "').replace("<c ", "<c\n\t"),
    "lines": lambda xml: xml.replace("><", ">\n  <"),
    "commented": lambda xml: xml.replace(
        "<sheetData>", '<!-- <sheetData><row r="9" hidden="1"/> --><sheetData><!-- </sheetData> -->'
    ),
    "wrong dimension": lambda xml: xml.replace("<cols>", '<dimension ref="D10:E11"/><cols>'),
    "no addresses": lambda xml: re.sub(r' r="[A-Z]*\d+"', "", xml),
    "address last": lambda xml: re.sub(r"<c (r=\S+?)( t=\"\w+\")?>", r"<c\2 \1>", xml),
    "utf-16": lambda xml: xml.replace('"UTF-8"', '"UTF-16"').encode("utf-16"),
    "utf-16 unmarked": lambda xml: xml.replace('"UTF-8"', '"UTF-16"').encode("utf-16-le"),
    "latin-1": lambda xml: xml.replace('"UTF-8"', '"ISO-8859-1"').encode("latin-1"),
    "utf-8 mark": lambda xml: b"\xef\xbb\xbf" + xml.encode(),
    "no declaration": lambda xml: xml.replace(made.XML, ""),
}


@pytest.mark.parametrize("how", WRITTEN)
def test_however_a_sheet_is_written_it_says_the_same(received: Open, how: str) -> None:
    content = made.xlsx_of(WRITTEN[how](worksheet(PLAIN, HEAD, TAIL)))
    [sheet] = received(content).sheets
    assert sheet.rows == (("Cercle", error("#N/A")), (5, formula("=A2*2")))
    assert (sheet.hidden_rows, sheet.hidden_columns, sheet.merged) == ({2}, {1}, (Merge(1, 0, 1, 1),))


def test_a_table_keeps_its_place_on_the_sheet(received: Open) -> None:
    """Data from C4 on, with a wrong dimension, and rows without number."""
    for rows in (
        row(4, text("C4", "Cercle")) + row(5, cell("C5", "#N/A", "e")),
        "<row/><row/><row/><row><c/><c/>" + text("C4", "Cercle") + "</row><row><c/><c/><c t='e'><v>#N/A</v></c></row>",
    ):
        [sheet] = received(made.xlsx(rows, head='<dimension ref="A1"/>')).sheets
        assert sheet.rows == ((None,) * 3, (None,) * 3, (None,) * 3, (None, None, "Cercle"), (None, None, error("#N/A")))


def test_texts_are_read_as_people_read_them(received: Open) -> None:
    cells = (
        text("A1", "Nombre de_x000D_\nménages"), text("B1", "  1\u00a0234 "), text("C1", "Gao\u200b\u202e"), text("D1", "a\tb"),
        '<c r="E1" t="inlineStr"><is><r><rPr><b/></rPr><t xml:space="preserve">Déplacés </t></r><r><t xml:space="preserve">internes</t></r></is></c>',
        text("F1", "_x000D_"), text("G1", "   "), text("H1", "a &amp; b &lt;c&gt;"),
    )  # fmt: skip
    [sheet] = received(made.xlsx(row(1, *cells))).sheets
    assert sheet.rows == (("Nombre de ménages", "1\u00a0234", "Gao", "a b", "Déplacés internes", None, None, "a & b <c>"),)


def test_formats_that_reach_the_end_of_a_sheet_are_no_table(received: Open) -> None:
    """Whole rows and columns are coloured every day: cells without value as far as a sheet goes."""
    rows = row(1, cell("A1", 1), '<c r="XFD1" s="1"/>') + "".join(row(n, f'<c r="B{n}" s="1"/>') for n in (2, 500_000, 1_048_576))
    [sheet] = received(made.xlsx(rows)).sheets
    assert sheet.rows == ((1,),)


# --- OpenDocument -------------------------------------------------------------------------------------------------------


def test_ods_says_what_is_unread(received: Open) -> None:
    rows = made.ods_row(
        made.ods_number(5),
        '<table:table-cell table:formula="of:=[.A1]*2"/>',
        '<table:table-cell table:formula="of:=&quot;&quot;"><text:p/></table:table-cell>',
        '<table:table-cell table:formula="of:=1/0" office:value-type="float" office:value="0"><text:p>#DIV/0!</text:p></table:table-cell>',
        '<table:table-cell table:formula="of:=X" office:value-type="float" office:value="0"><text:p>Err:508</text:p></table:table-cell>',
        '<table:table-cell table:formula="of:=NA()" calcext:value-type="error" office:value-type="string"><text:p>#N/D</text:p></table:table-cell>',
        made.ods_number(7),
    )  # fmt: skip
    [sheet] = received(made.ods(made.ods_table(rows, made.EMPTY_END)), "fiche.ods").sheets
    assert sheet.rows == ((5, formula("=A1*2"), None, error("#DIV/0!"), error("Err:508"), error("#N/D"), 7),)


def test_ods_repeats_rows_and_cells(received: Open) -> None:
    wrong = '<table:table-cell table:formula="of:=NA()" calcext:value-type="error" table:number-columns-repeated="2"><text:p>#N/A</text:p></table:table-cell>'
    rows = (
        made.ods_row(made.ods_number(1, ' table:number-columns-repeated="2"'), wrong, more=' table:number-rows-repeated="2"'),
        made.ods_row("<table:table-cell/>", more=' table:number-rows-repeated="3" table:visibility="filter"'),
        made.ods_row('<table:table-cell table:number-columns-repeated="3"/>', made.ods_number(9)),
    )
    [sheet] = received(made.ods(made.ods_table(*rows, made.EMPTY_END)), "fiche.ods").sheets
    na, empty = error("#N/A"), (None,) * 4
    assert sheet.rows == ((1, 1, na, na), (1, 1, na, na), empty, empty, empty, (None, None, None, 9))
    assert sheet.hidden_rows == {3, 4, 5}


def test_ods_groups_comments_and_breaks(received: Open) -> None:
    note = "<office:annotation><text:p>une remarque</text:p></office:annotation>"
    broken = f'<table:table-cell office:value-type="string">{note}<text:p>Nombre de<text:line-break/>ménages</text:p></table:table-cell>'
    rows = (
        f"<table:table-header-rows>{made.ods_row(broken, made.ods_text('un</text:p><text:p>deux'))}</table:table-header-rows>"
        f'<table:table-row-group table:display="false">{made.ods_row(made.ods_number(1))}</table:table-row-group>'
        f"{made.ods_row(made.ods_number(2))}"
    )
    columns = (
        '<table:table-column/><table:table-column-group table:display="false"><table:table-column/></table:table-column-group>'
    )
    [sheet] = received(made.ods(made.ods_table(rows, columns=columns)), "fiche.ods").sheets
    assert sheet.rows == (("Nombre de ménages", "un deux"), (1, None), (2, None))
    assert (sheet.hidden_rows, sheet.hidden_columns) == ({2}, {1})


def test_xlsb_texts_of_several_formats_are_texts(received: Open) -> None:
    rows = made.xlsb_row(1, made.xlsb_cell(0, "Gao", parts=True), made.xlsb_cell(1, "Bla" * 100))
    assert received(made.xlsb({"PDI": made.xlsb_sheet(rows)}), "fiche.xlsb").sheets[0].rows == (("Gao", "Bla" * 100),)


def test_xlsb_says_errors_of_formulas_and_keeps_the_place(received: Open) -> None:
    rows = (made.xlsb_row(4, made.xlsb_cell(2, "Cercle")), made.xlsb_row(6, made.xlsb_cell(2, error=0x17), made.xlsb_cell(4)))
    [sheet] = received(made.xlsb({"PDI": made.xlsb_sheet(*rows)}), "fiche.xlsb").sheets
    empty = (None,) * 3
    assert sheet.rows == (empty, empty, empty, (None, None, "Cercle"), empty, (None, None, error("#REF!")))
