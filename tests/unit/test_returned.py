"""The workbook sent back: everything of the author's is in it, every point is marked at its cell, and nothing in it can act."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
import xlwt
from openpyxl.worksheet.worksheet import Worksheet

from pipelines import correction
from pipelines.correction import SentBack
from pipelines.io import correspondence, returned, workbooks
from pipelines.io.returned import EFFECT_FILLS, Parcel
from pipelines.model import Finding, Reply, Since
from schemas import texts
from schemas.codes import Effect
from schemas.fields import IDP
from tests.fiche import Fiche, changed, check_files
from tests.rules.examples import identify, set_

DUE, DATED = date(2020, 1, 8), date(2019, 12, 31)
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)
DAMAGES = (set_("individuals", 99), set_("basis", "devinette", 1), set_("individuals", "environ 500", 2), identify("minutes_number", None),
           set_("code", "ML9999", 3),
    set_("individuals", 190, 3))  # fmt: skip


def author_workbook(
    fiche: Fiche, change: Callable[[Any, dict[str, Any]], Any] = lambda book, sheets: None, **options: Any
) -> bytes:
    """The cells of a fiche in a workbook as somebody makes it in Excel: results of formulas, formats, lists, comments, names."""
    content = BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True, **options})
    yellow = book.add_format({"bg_color": "#FFFF99", "bold": True, "locked": False})
    day = book.add_format({"num_format": "dd/mm/yyyy", "border": 1})
    dark = book.add_format({"bg_color": "#1F3864", "font_color": "#FFFFFF"})
    red = book.add_format({"font_color": "#C00000"})
    sheets = {}
    for title, grid in fiche.sheets.items():
        sheet = sheets[title] = book.add_worksheet(title)
        for at, row in enumerate(grid):
            for column, value in enumerate(row):
                form = day if isinstance(value, date) else dark if title == "PDI" and at == 1 else None
                sheet.write(at, column, value, form)
    pdi, people = sheets["PDI"], IDP.names.index("individuals")
    pdi.write(2, people, fiche.sheets["PDI"][2][people], yellow)
    lists = book.add_worksheet("Listes")  # a sheet that holds no data of the return
    lists.write_formula("A1", "=SUM(PDI!G3:G6)", yellow, 884)
    lists.write_formula("A2", '=IF(A1>0,"compté","vide")', None, "compté")
    lists.write_formula("A3", "=A1>0", None, True)
    lists.write_array_formula("A4:A4", "{=SUM(PDI!F3:F6*1)}", None, 170)
    lists.write_formula("A5", "=1/0", None, "#DIV/0!")
    lists.write_rich_string("B1", "Total ", red, "provisoire", " du mois")
    pdi.write_comment(2, people, "Vu avec le SLDSES", {"author": "Agent A"})
    pdi.write_comment(3, 0, "À revoir en janvier", {"author": "Agent A"})
    pdi.data_validation(2, 3, 90, 3, {"validate": "list", "source": ["commune", "cercle entier"]})
    pdi.conditional_format(2, people, 90, people, {"type": "cell", "criteria": "<", "value": 1, "format": red})
    pdi.set_column(0, 0, 31)
    lists.set_column(12, 14, 9, None, {"hidden": True})
    pdi.set_column(29, 29, 20, yellow)
    pdi.set_row(30, 40)
    lists.set_row(30, 40, None, {"hidden": True})
    pdi.freeze_panes(2, 2)
    pdi.autofilter(1, 0, 6, 6)
    pdi.repeat_rows(1)
    pdi.print_area(0, 0, 30, 30)
    pdi.set_landscape()
    pdi.merge_range(25, 0, 25, 3, "Signature")
    pdi.write_url(26, 0, "internal:Identification!A1", None, "retour")
    pdi.protect("", {"format_cells": True})
    lists.very_hidden()
    sheets["Identification"].set_tab_color("#00B050")
    book.define_name("Effectif", "=PDI!$G$3:$G$6")
    book.define_name("PDI!Local", "=PDI!$A$3")
    book.set_properties({"author": "Agent A", "title": "Fiche"})
    change(book, sheets)
    book.close()
    return content.getvalue()


def send(content: bytes, name: str = "fiche.xlsx", folder: Path | None = None, **more: Any) -> tuple[SentBack, Parcel]:
    folder = folder or Path(zipfile.__file__).parent
    sent = sent_of(content, name, folder)
    return sent, returned.parcel(replace(sent, **more), content, name="fiche_A_CORRIGER", due=DUE, dated=DATED)


def sent_of(content: bytes, name: str, folder: Path) -> SentBack:
    path = folder / name
    path.write_bytes(content)
    [checked] = check_files([workbooks.open_file(path)])
    sent = correspondence.sent_back(checked)
    assert sent is not None
    return sent


def book_of(content: bytes, **options: Any) -> Any:
    return openpyxl.load_workbook(BytesIO(content), **options)


def lines_of(page: Worksheet) -> dict[int, list[Any]]:
    """number of a point -> its cells."""
    return {row[0].value: list(row) for row in page.iter_rows(max_col=8) if isinstance(row[0].value, int)}


def parts(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def with_parts(content: bytes, more: dict[str, bytes]) -> bytes:
    fresh = BytesIO()
    with zipfile.ZipFile(fresh, "w") as archive:
        for name, data in {**parts(content), **more}.items():
            archive.writestr(name, data)
    return fresh.getvalue()


@pytest.fixture(scope="module")
def original() -> bytes:
    return author_workbook(changed(*DAMAGES))


@pytest.fixture(scope="module")
def kept(original: bytes, tmp_path_factory: pytest.TempPathFactory) -> tuple[SentBack, bytes]:
    sent, parcel = send(original, folder=tmp_path_factory.mktemp("kept"))
    assert list(parcel.files) == ["fiche_A_CORRIGER.xlsx"]
    return sent, parcel.files["fiche_A_CORRIGER.xlsx"]


# --- everything of the author's -----------------------------------------------------------------------------------------


def test_values_and_results_of_formulas_stay_at_their_addresses(
    original: bytes, kept: tuple[SentBack, bytes], tmp_path: Path
) -> None:
    """As this program reads them: also the results, which openpyxl alone would lose."""
    (tmp_path / "before.xlsx").write_bytes(original)
    (tmp_path / "after.xlsx").write_bytes(kept[1])
    before, after = (workbooks.open_file(tmp_path / name).sheets for name in ("before.xlsx", "after.xlsx"))
    assert [sheet.name for sheet in after] == ["À corriger", *(sheet.name for sheet in before)]
    for was, now in zip(before, after[1:], strict=True):
        cells = {(r, c): v for r, row in enumerate(was.rows) for c, v in enumerate(row) if v is not None}
        assert {(r, c): v for r, row in enumerate(now.rows) for c, v in enumerate(row) if v is not None} == cells
    assert [row[0] for row in after[-1].rows[:4]] == [884, "compté", True, 170]


def described(sheet: Worksheet) -> dict[str, Any]:
    """What a sheet is, its marks aside."""
    cells = {
        address: (cell.data_type, str(cell.value if not hasattr(cell.value, "text") else cell.value.text), cell.number_format,
                  cell.font.b, cell.border.left.style, cell.protection.locked, cell.hyperlink.location if cell.hyperlink else None)
        for (row, column), cell in sheet._cells.items() if (address := cell.coordinate) and (cell.value is not None or cell.has_style)
    }  # fmt: skip
    return {
        "cells": cells,
        "widths": {key: (d.width, d.hidden, d.min, d.max) for key, d in sheet.column_dimensions.items()},
        "heights": {key: (d.height, d.hidden) for key, d in sheet.row_dimensions.items()},
        "state": sheet.sheet_state,
        "merged": sorted(map(str, sheet.merged_cells.ranges)),
        "lists": [(str(v.sqref), v.type, v.formula1) for v in sheet.data_validations.dataValidation],
        "formats": [(str(f.sqref), [(r.type, r.operator, r.formula) for r in f.rules]) for f in sheet.conditional_formatting],
        "names": {name: item.value for name, item in sheet.defined_names.items()},
        "frozen": sheet.freeze_panes,
        "filter": sheet.auto_filter.ref,
        "print": (sheet.print_area, sheet.print_title_rows, sheet.page_setup.orientation),
        "protected": sheet.protection.sheet,
        "tab": sheet.sheet_properties.tabColor.rgb if sheet.sheet_properties.tabColor else None,
    }


def test_everything_else_of_the_author_is_kept(original: bytes, kept: tuple[SentBack, bytes]) -> None:
    before, after = book_of(original, rich_text=True), book_of(kept[1], rich_text=True)
    for sheet in before.worksheets:
        was, now = described(sheet), described(after[sheet.title])
        now["cells"] = {address: cell for address, cell in now["cells"].items() if address in was["cells"]}
        assert now == was
    assert {name: item.value for name, item in after.defined_names.items()} == {"Effectif": "PDI!$G$3:$G$6"}
    assert (after.properties.creator, after.properties.title) == ("Agent A", "Fiche")
    assert str(after["Listes"]["B1"].value) == "Total provisoire du mois"
    assert after["Listes"]["B1"].value == before["Listes"]["B1"].value


def test_only_marked_cells_change_their_colour(original: bytes, kept: tuple[SentBack, bytes]) -> None:
    before, after = book_of(original), book_of(kept[1])
    marked = {(point.finding.sheet, point.finding.cell) for point in kept[0].points}
    changes = set()
    for sheet in before.worksheets:
        for row in after[sheet.title].iter_rows():
            for cell in row:
                if cell.fill.fgColor.rgb != sheet[cell.coordinate].fill.fgColor.rgb:
                    changes.add((sheet.title, cell.coordinate))
    assert changes == marked


def test_macros_are_kept_byte_for_byte(tmp_path: Path) -> None:
    macros = b"not run, not read: bytes only" * 40
    content = author_workbook(changed(*DAMAGES), lambda book, _: book.add_vba_project(BytesIO(macros), is_stream=True))
    _, parcel = send(content, "fiche.xlsm", tmp_path)
    [(name, written)] = parcel.files.items()
    assert name == "fiche_A_CORRIGER.xlsm"
    assert parts(written)["xl/vbaProject.bin"] == macros
    assert b"macroEnabled" in parts(written)["[Content_Types].xml"]
    assert "À CORRIGER" in book_of(written, keep_vba=True)["PDI"]["F3"].comment.text


# --- marks --------------------------------------------------------------------------------------------------------------


def test_every_point_is_coloured_commented_and_linked_at_its_cell(kept: tuple[SentBack, bytes]) -> None:
    sent, content = kept
    book = book_of(content)
    page = book.worksheets[0]
    assert (page.title, book.active.title) == ("À corriger", "À corriger")
    assert [sheet.title for sheet in book.worksheets if sheet.sheet_view.tabSelected] == ["À corriger"]
    lines = lines_of(page)
    assert list(lines) == [point.number for point in sent.points] == [1, 2, 3, 4, 5, 6]
    assert {point.finding.effect for point in sent.points} == set(Effect) - {Effect.REJECT_SUBMISSION}
    for point in sent.points:
        found = point.finding
        assert found.sheet is not None
        assert found.cell is not None
        cell, line = book[found.sheet][found.cell], lines[point.number]
        sentence = texts.rule_sentence(found.code, found.params)
        assert cell.fill.fgColor.rgb == EFFECT_FILLS[found.effect] == line[1].fill.fgColor.rgb
        assert line[1].value == found.effect.label("fr")
        assert line[3].hyperlink.location == f"'{found.sheet}'!{found.cell}"
        assert (line[3].value, line[4].value) == (found.cell, sentence)
        for text in (
            f"N° {point.number} — {found.effect.label('fr')}",
            sentence,
            f"Exemple : {texts.rules()[found.code].example.fr}",
        ):
            assert text in cell.comment.text
        if found.effect is not Effect.INFORM:
            assert f"Attendu : {texts.rule_remedy(found.code, found.params)}" in cell.comment.text
        assert line[7].value in (None, "")


def test_a_comment_on_a_cell_without_a_point_stays_alone(kept: tuple[SentBack, bytes]) -> None:
    page = book_of(kept[1])["PDI"]
    assert page["G3"].comment.text == "Vu avec le SLDSES"
    assert page["A4"].comment.text == "À revoir en janvier"
    assert page["A4"].comment.author == "Agent A"


def test_several_points_of_one_cell_share_one_comment_in_the_gravest_colour(tmp_path: Path) -> None:
    content = author_workbook(changed(set_("individuals", 901)))
    sent = sent_of(content, "fiche.xlsx", tmp_path)
    graver = Finding("VISA_MISSING", Effect.BLOCK_PUBLICATION, "PDI", "G3", 3)
    [point] = sent.asked
    sent = replace(sent, asked=(replace(point, number=1, finding=graver), replace(point, number=2)))
    written = returned.parcel(sent, content, name="x", due=DUE, dated=DATED).files["x.xlsx"]
    cell = book_of(written)["PDI"]["G3"]
    assert cell.fill.fgColor.rgb == EFFECT_FILLS[Effect.BLOCK_PUBLICATION]
    assert cell.comment.text.count("À CORRIGER — DNDS") == 1
    assert cell.comment.text.startswith("Vu avec le SLDSES\n\nÀ CORRIGER")
    assert cell.comment.author == "Agent A"
    assert "N° 1 — bloque la publication" in cell.comment.text
    assert "N° 2 — à justifier" in cell.comment.text


def test_white_letters_on_a_marked_header_become_legible(tmp_path: Path) -> None:
    content = author_workbook(changed(lambda fiche: fiche.rename(IDP, "remarks", "Température")))
    _, parcel = send(content, folder=tmp_path)
    cell = book_of(parcel.files["fiche_A_CORRIGER.xlsx"])["PDI"]["AD2"]
    assert (cell.fill.fgColor.rgb, cell.font.color.rgb) == (EFFECT_FILLS[Effect.JUSTIFY], "FF000000")


def test_a_cell_that_was_not_there_takes_the_format_of_its_column(tmp_path: Path) -> None:
    """Else an entry cell of a protected sheet would be locked."""
    content = author_workbook(changed())
    sent = sent_of(author_workbook(changed(set_("individuals", 99))), "fiche.xlsx", tmp_path)
    finding = replace(sent.asked[0].finding, cell="AD40")
    sent = replace(sent, asked=(replace(sent.asked[0], finding=finding),), told=(), explained=())
    written = returned.parcel(sent, content, name="x", due=DUE, dated=DATED).files["x.xlsx"]
    assert not book_of(written)["PDI"]["AD40"].protection.locked


def test_a_point_in_a_merged_range_is_marked_on_its_first_cell(tmp_path: Path) -> None:
    content = author_workbook(changed(set_("individuals", 99)))
    sent = sent_of(content, "fiche.xlsx", tmp_path)
    finding = replace(sent.asked[0].finding, cell="C26")
    sent = replace(sent, asked=(replace(sent.asked[0], finding=finding),), told=(), explained=())
    page = book_of(returned.parcel(sent, content, name="x", due=DUE, dated=DATED).files["x.xlsx"])["PDI"]
    assert page["A26"].comment is not None
    assert page["A26"].fill.fgColor.rgb == EFFECT_FILLS[finding.effect]


# --- the list -----------------------------------------------------------------------------------------------------------


def test_points_without_a_cell_are_listed_and_lead_to_their_sheet(tmp_path: Path) -> None:
    fiche = changed(
        lambda f: f.drop_column(IDP, "basis"), lambda f: f.sheets.pop("Sites"), lambda f: f.sheets.update({"Note": [["x"]]})
    )
    _, parcel = send(fiche.workbook(), folder=tmp_path)
    page = book_of(parcel.files["fiche_A_CORRIGER.xlsx"]).worksheets[0]
    missing, unknown = lines_of(page).values()
    assert (missing[2].value, missing[3].value, missing[3].hyperlink.location) == ("PDI", "ligne 2", "'PDI'!A2")
    assert (unknown[2].value, unknown[3].value, unknown[2].hyperlink.location) == ("Note", "—", "'Note'!A1")
    assert "fiche refusée" in [cell.value for row in page.iter_rows(max_row=20) for cell in row]


def test_a_sheet_that_is_absent_is_said_to_be(tmp_path: Path) -> None:
    _, parcel = send(changed(lambda f: f.sheets.pop("PDI")).workbook(), folder=tmp_path)
    [line] = lines_of(book_of(parcel.files["fiche_A_CORRIGER.xlsx"]).worksheets[0]).values()
    assert (line[2].value, line[2].hyperlink) == ("PDI (feuille absente)", None)


def test_a_hidden_sheet_is_said_to_be_hidden(tmp_path: Path) -> None:
    content = author_workbook(changed(set_("individuals", 99)), lambda book, sheets: sheets["PDI"].hide())
    _, parcel = send(content, folder=tmp_path)
    lines = lines_of(book_of(parcel.files["fiche_A_CORRIGER.xlsx"]).worksheets[0])
    assert lines[1][2].value == "PDI (feuille masquée)"


def test_the_list_says_what_to_do_until_when_and_what_is_counted(kept: tuple[SentBack, bytes]) -> None:
    page = book_of(kept[1]).worksheets[0]
    text = "\n".join(str(row[0].value) for row in page.iter_rows(max_row=12) if row[0].value)
    for part in ("fiche régionale de Ségou, décembre 2019", "fiche.xlsx, version 1", "ménages", "08/01/2020", "Votre réponse"):
        assert part in text


def test_the_list_prints_on_pages_as_wide_as_the_table(kept: tuple[SentBack, bytes]) -> None:
    page = book_of(kept[1]).worksheets[0]
    assert (page.page_setup.orientation, page.page_setup.fitToWidth, page.page_setup.fitToHeight) == ("landscape", 1, 0)
    assert page.sheet_properties.pageSetUpPr.fitToPage
    assert page.print_area.startswith("'À corriger'!$A$1:$H$")
    header = next(row[0].row for row in page.iter_rows() if row[0].value == "N°")
    assert page.print_title_rows == f"${header}:${header}"
    assert all(page.column_dimensions[letters].hidden for letters in "JKLMN")


def test_the_value_found_is_the_one_the_author_typed(tmp_path: Path) -> None:
    content = author_workbook(changed(set_("basis", "alerte"), set_("observed_on", date(2020, 1, 5), 1)))
    _, parcel = send(content, folder=tmp_path)
    lines = lines_of(book_of(parcel.files["fiche_A_CORRIGER.xlsx"]).worksheets[0])
    assert [line[6].value for line in lines.values()] == ["alerte", "05/01/2020"]


ATTACKS = ("=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1:A9)", '=HYPERLINK("http://example.org","x")')


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_text_of_the_author_becomes_a_formula(attack: str, tmp_path: Path) -> None:
    content = changed(set_("basis", attack), set_("remarks", attack, 1)).workbook()
    book = openpyxl.load_workbook(BytesIO(content))
    for address in ("AA3", "AD4"):
        book["PDI"][address].data_type = "s"
    fresh = BytesIO()
    book.save(fresh)
    _, parcel = send(fresh.getvalue(), folder=tmp_path)
    page = book_of(parcel.files["fiche_A_CORRIGER.xlsx"]).worksheets[0]
    told = [cell for row in page.iter_rows() for cell in row if isinstance(cell.value, str) and cell.value == attack]
    assert len(told) == 1
    assert all(cell.data_type == "s" and cell.quotePrefix for cell in told)
    assert [cell for row in page.iter_rows() for cell in row if cell.data_type == "f"] == []


def test_same_input_gives_the_same_bytes(original: bytes, kept: tuple[SentBack, bytes], tmp_path: Path) -> None:
    _, again = send(original, folder=tmp_path)
    assert again.files["fiche_A_CORRIGER.xlsx"] == kept[1]


# --- what cannot be kept ------------------------------------------------------------------------------------------------

Build = Callable[[Any, dict[str, Any]], Any]
LOST: dict[str, Build] = {
    "chart": lambda book, sheets: sheets["PDI"].insert_chart("AF3", _chart(book)),
    "chart sheet": lambda book, sheets: book.add_chartsheet("Courbe").set_chart(_chart(book)),
    "image": lambda book, sheets: sheets["PDI"].insert_image("AF3", "logo.png", {"image_data": BytesIO(PNG)}),
    "image in the header": lambda book, sheets: sheets["PDI"].set_header("&L&G", {"image_left": "l.png", "image_data_left": BytesIO(PNG)}),
    "background": lambda book, sheets: sheets["PDI"].set_background(BytesIO(PNG)),
    "text box": lambda book, sheets: sheets["PDI"].insert_textbox("AF3", "à lire"),
    "button": lambda book, sheets: sheets["PDI"].insert_button("AF3", {"caption": "Calculer"}),
    "sparkline": lambda book, sheets: sheets["PDI"].add_sparkline("AF3", {"range": "PDI!F3:G3"}),
    "data bar": lambda book, sheets: sheets["PDI"].conditional_format("F3:F6", {"type": "data_bar", "data_bar_2010": True}),
    "dynamic formula": lambda book, sheets: sheets["PDI"].write_dynamic_array_formula("AF3", "=UNIQUE(A3:A6)", None, "Ségou"),
}  # fmt: skip
LOST_PARTS = {
    "signature": "_xmlsignatures/sig1.xml",
    "custom XML": "customXml/item1.xml",
    "threaded comment": "xl/threadedComments/threadedComment1.xml",
    "slicer": "xl/slicers/slicer1.xml",
    "pivot table": "xl/pivotTables/pivotTable1.xml",
    "embedded object": "xl/embeddings/oleObject1.bin",
    "control": "xl/ctrlProps/ctrlProp1.xml",
    "query": "xl/connections.xml",
    "unknown part": "xl/quelqueChose.xml",
}
LOST_ELEMENTS = {
    "extended validation": b'<extLst><ext uri="{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}" xmlns:x14="x"/></extLst></worksheet>',
    "protected ranges": b'<protectedRanges><protectedRange name="a" sqref="A1"/></protectedRanges></worksheet>',
    "custom views": b"<customSheetViews/></worksheet>",
}


def _chart(book: Any) -> Any:
    chart = book.add_chart({"type": "column"})
    chart.add_series({"values": "=PDI!$G$3:$G$6"})
    return chart


@pytest.mark.parametrize("what", LOST)
def test_what_openpyxl_would_lose_is_found_in_the_zip(what: str) -> None:
    assert returned.losses(author_workbook(changed(), LOST[what])) != ()


@pytest.mark.parametrize("what", LOST_PARTS)
def test_a_part_that_openpyxl_does_not_write_is_found(what: str, original: bytes) -> None:
    assert returned.losses(with_parts(original, {LOST_PARTS[what]: b"<x/>"})) == (LOST_PARTS[what],)


@pytest.mark.parametrize("what", LOST_ELEMENTS)
def test_an_element_that_openpyxl_does_not_write_is_found(what: str, original: bytes) -> None:
    sheet = parts(original)["xl/worksheets/sheet2.xml"].replace(b"</worksheet>", LOST_ELEMENTS[what])
    assert returned.losses(with_parts(original, {"xl/worksheets/sheet2.xml": sheet})) != ()


def test_what_nobody_misses_is_no_loss(original: bytes) -> None:
    harmless = {"xl/calcChain.xml": b"<x/>", "xl/printerSettings/printerSettings1.bin": b"x", "docProps/thumbnail.jpeg": b"x",
                "xl/drawings/drawing9.xml": b"<xdr:wsDr xmlns:xdr='x'/>"}  # fmt: skip
    assert returned.losses(with_parts(original, harmless)) == returned.losses(original) == ()


def test_a_file_that_cannot_be_kept_goes_back_beside_a_new_workbook(tmp_path: Path) -> None:
    content = author_workbook(changed(*DAMAGES), LOST["chart"])
    sent, parcel = send(content, folder=tmp_path)
    assert list(parcel.files) == ["fiche_A_CORRIGER.xlsx", "fiche.xlsx"]
    assert parcel.files["fiche.xlsx"] == content
    assert_copied(sent, parcel.files["fiche_A_CORRIGER.xlsx"], tmp_path)


def assert_copied(sent: SentBack, content: bytes, folder: Path) -> None:
    """The same values at the same addresses, marked and linked, and a return when it comes back."""
    path = folder / "retour.xlsx"
    path.write_bytes(content)
    book, file = book_of(content), workbooks.open_file(path)
    original = {sheet.name: sheet for sheet in sent.file.sheets}
    for sheet in file.sheets[1:]:
        values = {(r, c): v for r, row in enumerate(sheet.rows) for c, v in enumerate(row) if v is not None}
        held = original[sheet.name].rows
        assert values == {(r, c): v for r, row in enumerate(held) for c, v in enumerate(row) if v is not None}
    for point in sent.points:
        assert point.finding.sheet is not None
        cell = book[point.finding.sheet][point.finding.cell]
        assert cell.fill.fgColor.rgb == EFFECT_FILLS[point.finding.effect]
        assert f"N° {point.number} " in cell.comment.text
        assert lines_of(book.worksheets[0])[point.number][3].hyperlink.location == f"'{point.finding.sheet}'!{point.finding.cell}"
    assert "est une copie des valeurs de" in " ".join(str(row[0].value) for row in book.worksheets[0].iter_rows(max_row=12))
    [checked] = check_files([file])
    assert [(f.code, f.cell) for f in checked.findings] == [
        (p.finding.code, p.finding.cell) for p in sorted(sent.points, key=lambda p: p.finding.sort_key())
    ]
    assert checked.identification.version == 2


def xls(fiche: Fiche) -> bytes:
    book = xlwt.Workbook()
    day = xlwt.easyxf(num_format_str="DD/MM/YYYY")
    for title, grid in fiche.sheets.items():
        sheet = book.add_sheet(title)
        for at, row in enumerate(grid):
            for column, value in enumerate(row):
                if value is not None:
                    sheet.write(at, column, value, day) if isinstance(value, date) else sheet.write(at, column, value)
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def test_an_old_format_goes_back_as_a_new_workbook_beside_it(tmp_path: Path) -> None:
    content = xls(changed(*DAMAGES))
    sent, parcel = send(content, "fiche.xls", tmp_path)
    assert list(parcel.files) == ["fiche_A_CORRIGER.xlsx", "fiche.xls"]
    assert parcel.files["fiche.xls"] == content
    assert_copied(sent, parcel.files["fiche_A_CORRIGER.xlsx"], tmp_path)


def test_a_file_that_openpyxl_stumbles_over_is_copied(tmp_path: Path, original: bytes) -> None:
    """A colour written with too few digits: Excel shrugs, openpyxl gives up."""
    styles = parts(original)["xl/styles.xml"].replace(b'rgb="FFFFFF99"', b'rgb="99"')
    broken = with_parts(original, {"xl/styles.xml": styles})
    with pytest.raises(ValueError, match="Unable to read"):
        book_of(broken)
    _, parcel = send(broken, folder=tmp_path)
    assert list(parcel.files) == ["fiche_A_CORRIGER.xlsx", "fiche.xlsx"]


def test_a_file_that_could_not_be_opened_is_only_listed(tmp_path: Path) -> None:
    _, parcel = send(b"", "vide.xlsx", tmp_path)
    book = book_of(parcel.files["fiche_A_CORRIGER.xlsx"])
    assert (list(parcel.files), book.sheetnames) == (["fiche_A_CORRIGER.xlsx"], ["À corriger"])
    assert lines_of(book.worksheets[0])[1][4].value == "Le fichier est vide (0 octet)."


def test_personal_data_are_nowhere_in_what_goes_back(tmp_path: Path) -> None:
    fiche = changed(lambda f: f.add_column(IDP, "Téléphone du chef de ménage", "76 12 34 56"), set_("site", "Chez Awa Traoré"),
                    identify("prepared_by", "Moussa Keïta"))  # fmt: skip
    content = author_workbook(fiche)
    _, parcel = send(content, folder=tmp_path)
    [(name, written)] = parcel.files.items()
    assert name == "fiche_A_CORRIGER.xlsx"
    assert book_of(written).sheetnames == ["À corriger"]
    everything = unescape(b"".join(parts(written).values()).decode("utf-8"))
    assert "Téléphone du chef de ménage" in everything
    for secret in ("76 12 34 56", "7612", "Awa", "Traoré", "Keïta", "enregistrement"):
        assert secret not in everything


# --- the next round -----------------------------------------------------------------------------------------------------


def test_marks_of_an_earlier_round_are_taken_back(original: bytes, kept: tuple[SentBack, bytes], tmp_path: Path) -> None:
    book = book_of(kept[1], rich_text=True)
    book["PDI"]["G3"].value, book["PDI"]["AA4"].value = 520, "enregistrement"
    fresh = BytesIO()
    book.save(fresh)
    sent, parcel = send(fresh.getvalue(), "fiche_A_CORRIGER.xlsx", tmp_path)
    assert sent.version == 2
    before, after = book_of(original), book_of(parcel.files["fiche_A_CORRIGER.xlsx"])
    assert after.sheetnames == ["À corriger", *before.sheetnames]
    still = {(point.finding.sheet, point.finding.cell) for point in sent.points}
    for point in kept[0].points:
        where = (str(point.finding.sheet), str(point.finding.cell))
        was, now = before[where[0]][where[1]], after[where[0]][where[1]]
        if where in still:
            assert now.comment.text.count("À CORRIGER") == 1
        else:
            assert now.fill.fgColor.rgb == was.fill.fgColor.rgb
            assert (now.comment.text if now.comment else None) == (was.comment.text if was.comment else None)
    assert ("PDI", "F3") not in still


def test_a_reply_is_shown_again_and_what_changed_is_told(tmp_path: Path) -> None:
    before = check_files([changed(set_("individuals", 99), set_("individuals", 380, 1)).file("v1.xlsx")])[0]
    content = author_workbook(changed(set_("individuals", 380, 1), set_("individuals", "x", 2), identify("version", 2)))
    path = tmp_path / "v2.xlsx"
    path.write_bytes(content)
    after = check_files([workbooks.open_file(path)])[0]
    findings = tuple(replace(f, reply="familles élargies") if f.code == "SIZE_UNUSUAL" else f for f in after.findings)
    sent = correspondence.sent_back(replace(after, findings=findings), before=before)
    assert sent is not None
    page = book_of(returned.parcel(sent, content, name="x", due=DUE, dated=DATED).files["x.xlsx"]).worksheets[0]
    lines = lines_of(page)
    assert lines[1][4].value.startswith("NOUVEAU — ")
    assert [line[7].value for line in lines.values()] == [None, "familles élargies"]
    told = {(row[1].value, row[3].value, row[4].value) for row in page.iter_rows(max_col=8)}
    assert ("modifié", "G3", "Individus : 99 → 520") in told
    assert any(kind == "corrigé" and cell == "F3" for kind, cell, _ in told)
    assert "Points corrigés : 1 ; points qui restent : 1 ; nouveaux points : 1." in [row[0].value for row in page.iter_rows()]


def test_changes_beyond_what_a_page_holds_are_counted(kept: tuple[SentBack, bytes], original: bytes) -> None:
    from pipelines.model import Change

    change = Change(Change.CELL, "PDI", "G3", "individuals", 1, 2)
    since = Since("v1.xlsx", 1, (), (), (), (change,) * 250)
    sent = replace(kept[0], since=since)
    page = book_of(returned.parcel(sent, original, name="x", due=DUE, dated=DATED).files["x.xlsx"]).worksheets[0]
    assert "… et 50 autres changements." in [row[0].value for row in page.iter_rows()]


@pytest.mark.parametrize(
    ("file", "version", "name"),
    [
        ("fiche_gao.xlsx", 1, "fiche_gao_A_CORRIGER"),
        ("fiche_gao.xls", 1, "fiche_gao_A_CORRIGER"),
        ("fiche_gao_A_CORRIGER.xlsx", 2, "fiche_gao_v2_A_CORRIGER"),
        ("fiche_gao_v2_A_CORRIGER (1).xlsx", 3, "fiche_gao_v3_A_CORRIGER"),
    ],
)
def test_the_name_tells_which_version_is_to_be_corrected(
    kept: tuple[SentBack, bytes], file: str, version: int, name: str
) -> None:
    sent = replace(kept[0], file=replace(kept[0].file, name=file), version=version)
    assert returned.name_of(sent) == name


def test_replies_are_read_from_what_was_written(kept: tuple[SentBack, bytes], tmp_path: Path) -> None:
    book = book_of(kept[1])
    page = book.worksheets[0]
    for number, line in lines_of(page).items():
        line[7].value = f"réponse {number}"
    book.save(tmp_path / "reponse.xlsx")
    found = correction.answered(workbooks.open_file(tmp_path / "reponse.xlsx"))
    assert found is not None
    assert (found.sha256, found.version, found.period) == (kept[0].file.sha256, 1, "2019-12")
    points = [(p.finding.code, p.finding.sheet, p.finding.cell, f"réponse {p.number}") for p in kept[0].points]
    assert [(r.code, r.sheet, r.cell, r.text) for r in found.replies] == points
    assert all(isinstance(reply, Reply) for reply in found.replies)
