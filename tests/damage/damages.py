"""Damaged copies of the sample returns, one defect each, as they really happen: typed in Excel (through openpyxl) or left in the
file by other tools (through its raw XML). Each says where the defect is found out; nothing else may be said."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.workbook import Workbook

RAW = Path(__file__).parents[2] / "data" / "raw"
MOPTI = RAW / "2019-12" / "returns" / "fiche_2019-12_mopti.xlsx"
KIDAL = RAW / "2019-11" / "returns" / "fiche_2019-11_kidal.xlsx"
KOULIKORO = RAW / "2019-11" / "returns" / "fiche_2019-11_koulikoro.xlsx"
CLEAN = (MOPTI, KIDAL, KOULIKORO)
"""Returns of the sample that draw no finding."""

Typed = Callable[[Workbook], Any]
Bytes = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class Damage:
    """What is done to a copy of `base`, and the one finding that it draws. `reads_the_same` when no number is lost by it."""

    code: str
    sheet: str | None
    cell: str | None
    typed: Typed | None = None
    raw: Bytes | None = None
    base: Path = MOPTI
    reads_the_same: bool = False

    def content(self) -> bytes:
        content = self.base.read_bytes()
        if self.typed is not None:
            content = through_openpyxl(content, self.typed)
        return self.raw(content) if self.raw is not None else content


def through_openpyxl(content: bytes, change: Typed) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(content))
    change(book)
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


# --- typed in Excel -----------------------------------------------------------------------------------------------------


def put(cell: str, value: Any, sheet: str = "PDI") -> Typed:
    def change(book: Workbook) -> None:
        book[sheet][cell] = value

    return change


def put_all(sheet: str, **values: Any) -> Typed:
    def change(book: Workbook) -> None:
        for cell, value in values.items():
            book[sheet][cell] = value

    return change


def copy_row(source: int, at: int, **changed: Any) -> Typed:
    """A copy of a row of PDI, put in above the total."""

    def change(book: Workbook) -> None:
        sheet = book["PDI"]
        values = [cell.value for cell in sheet[source]]
        sheet.insert_rows(at)
        for column, value in enumerate(values, start=1):
            sheet.cell(at, column).value = value
        for letter, value in changed.items():
            sheet[f"{letter}{at}"] = value

    return change


def swap(first: str, second: str) -> Typed:
    def change(book: Workbook) -> None:
        sheet = book["PDI"]
        sheet[first].value, sheet[second].value = sheet[second].value, sheet[first].value

    return change


def more(cell: str, by: int, sheet: str = "PDI") -> Typed:
    def change(book: Workbook) -> None:
        book[sheet][cell].value += by

    return change


def without_column(letter: str) -> Typed:
    return lambda book: book["PDI"].delete_cols(openpyxl.utils.column_index_from_string(letter))


def without_row(row: int) -> Typed:
    return lambda book: book["PDI"].delete_rows(row)


def on(sheet: str, do: Callable[[Any], Any]) -> Typed:
    return lambda book: do(book[sheet])


def hide_row(sheet: Any) -> None:
    sheet.row_dimensions[6].hidden = True


def hide_column(sheet: Any) -> None:
    sheet.column_dimensions["F"].hidden = True


def hide_sheet(sheet: Any) -> None:
    sheet.sheet_state = "hidden"


def hide_deep(sheet: Any) -> None:
    sheet.sheet_state = "veryHidden"


def retitle(sheet: Any) -> None:
    sheet.title = "Feuil2"


def recapitulate(sheet: Any) -> None:
    sheet["A15"] = "Récapitulatif"
    for at, row in enumerate((("Cercle", "Ménages", "Individus"), ("Mopti", 3834, 19792), ("Koro", 2143, 12510)), start=16):
        for column, value in enumerate(row, start=1):
            sheet.cell(at, column).value = value


def list_of_persons(book: Workbook) -> None:
    sheet = book.create_sheet("Liste")
    for row in (("Nom et prénom", "Téléphone"), ("Traoré Amadou", 76121212), ("Coulibaly Awa", 66131313)):
        sheet.append(row)


def column_of_heads(book: Workbook) -> None:
    sheet = book["PDI"]
    sheet["AE4"] = "Observations 2"
    for row, name in enumerate(("Amadou Traoré", "Fatoumata Coulibaly", "Moussa Maïga"), start=5):
        sheet[f"AE{row}"] = name


# --- left in the file by other tools ------------------------------------------------------------------------------------

PDI_XML = "xl/worksheets/sheet2.xml"


def in_xml(member: str, change: Callable[[str], str]) -> Bytes:
    def damage(content: bytes) -> bytes:
        written = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as target:
            for item in source.infolist():
                data = source.read(item.filename)
                if item.filename == member:
                    changed = change(data.decode("utf-8"))
                    assert changed.encode() != data, f"nothing changed in {member}"
                    data = changed.encode("utf-8")
                target.writestr(item, data)
        return written.getvalue()

    return damage


def cell_xml(cell: str, inside: str, attributes: str = "") -> Bytes:
    """Replaces what a cell of PDI holds, style aside."""
    pattern = re.compile(rf'<c r="{cell}"( s="\d+")?[^>/]*(?:/>|>.*?</c>)')
    return in_xml(PDI_XML, lambda text: pattern.sub(rf'<c r="{cell}"\1{attributes}>{inside}</c>', text, count=1))


def without_style(cell: str) -> Bytes:
    return in_xml(PDI_XML, lambda text: re.sub(rf'<c r="{cell}" s="\d+"', f'<c r="{cell}"', text, count=1))


def with_member(name: str, data: bytes) -> Bytes:
    def damage(content: bytes) -> bytes:
        written = io.BytesIO(content)
        with zipfile.ZipFile(written, "a", zipfile.ZIP_DEFLATED) as target:
            target.writestr(name, data)
        return written.getvalue()

    return damage


def with_far_cell(text: str) -> str:
    return text.replace("</sheetData>", '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>')


def with_entities(text: str) -> str:
    lol = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    return re.sub(r"(<\?xml[^>]*\?>)", rf"\1{lol}", text, count=1)


# --- the corpus ---------------------------------------------------------------------------------------------------------

DAMAGES: dict[str, Damage] = {
    # numbers
    "number-with-a-space": Damage("NUMBER_AS_TEXT", "PDI", "G6", put("G6", "14 967"), reads_the_same=True),
    "number-with-a-point": Damage("NUMBER_AS_TEXT", "PDI", "G6", put("G6", "14.967"), reads_the_same=True),
    "number-with-a-comma": Damage("NUMBER_AS_TEXT", "PDI", "G6", put("G6", "14,967"), reads_the_same=True),
    "number-with-a-no-break-space": Damage("NUMBER_AS_TEXT", "PDI", "G6", put("G6", "14\u00a0967"), reads_the_same=True),
    "number-with-a-narrow-space": Damage("NUMBER_AS_TEXT", "PDI", "G6", put("G6", "14\u202f967"), reads_the_same=True),
    "number-with-its-unit": Damage("NUMBER_AS_TEXT", "PDI", "F6", put("F6", "2993 ménages"), reads_the_same=True),
    "number-as-plain-text": Damage("NUMBER_AS_TEXT", "PDI", "F6", put("F6", "2993"), reads_the_same=True),
    "column-of-text-numbers": Damage("NUMBER_AS_TEXT", "PDI", "F5", put_all("PDI", F5="3834", F6="2993", F7="2080"), reads_the_same=True),
    "zero-in-a-word": Damage("NUMBER_AS_TEXT", "Retournés", "F7", put("F7", "néant", "Retournés"), reads_the_same=True),
    "number-of-the-other-unit": Damage("COUNT_NOT_NUMBER", "PDI", "F6", put("F6", "2993 personnes")),
    "number-guessed": Damage("COUNT_NOT_NUMBER", "PDI", "G6", put("G6", "environ 15000")),
    "number-with-decimals": Damage("COUNT_NOT_NUMBER", "PDI", "G6", put("G6", 14967.5)),
    "nd-for-a-number": Damage("COUNT_REQUIRED", "PDI", "F6", put("F6", "ND")),
    "dash-for-a-number": Damage("COUNT_REQUIRED", "PDI", "F6", put("F6", "-")),
    "empty-number": Damage("COUNT_REQUIRED", "PDI", "G6", put("G6", None)),
    "negative-number": Damage("COUNT_NEGATIVE", "PDI", "G6", put("G6", -14967)),
    "words-for-a-detail": Damage("DETAIL_NOT_NUMBER", "PDI", "I6", put("I6", "beaucoup")),
    "households-and-individuals-swapped": Damage("HOUSEHOLDS_OVER_INDIVIDUALS", "PDI", "F6", swap("F6", "G6")),
    "a-digit-too-many": Damage("INDIVIDUALS_CONTRADICTED", "PDI", "G6", put("G6", 149670)),
    "a-digit-too-few": Damage("HOUSEHOLDS_OVER_INDIVIDUALS", "PDI", "F6", put("G6", 1496)),
    "two-digits-turned": Damage("INDIVIDUALS_CONTRADICTED", "PDI", "G6", put("G6", 14697)),
    "households-forgotten": Damage("INDIVIDUALS_WITHOUT_HOUSEHOLD", "PDI", "F6", put("F6", 0)),
    "one-age-wrong": Damage("SEX_AGE_SUM", "PDI", "G6", more("H6", 100)),
    "one-shelter-wrong": Damage("SHELTER_SUM", "PDI", "Q6", more("Q6", 100)),
    "primary-wrong": Damage("DISPLACEMENT_SUM", "PDI", "W6", more("W6", 100)),
    "duration-wrong": Damage("DURATION_SUM", "PDI", "Y6", more("Y6", 100)),
    "size-unusual": Damage("SIZE_UNUSUAL", "PDI", "G8", put_all("PDI", F8=10, F13=14269)),
    # dates
    "date-in-words": Damage("DATE_AS_TEXT", "PDI", "AB6", put("AB6", "25 décembre 2019"), reads_the_same=True),
    "date-as-text": Damage("DATE_AS_TEXT", "PDI", "AB6", put("AB6", "25-12-2019"), reads_the_same=True),
    "date-without-shift": Damage("DATE_AS_TEXT", "PDI", "AB6", put("AB6", "25/12/201ç"), reads_the_same=True),
    "date-without-its-format": Damage("DATE_AS_TEXT", "PDI", "AB6", raw=without_style("AB6"), reads_the_same=True),
    "date-unreadable": Damage("DATE_INVALID", "PDI", "AB6", put("AB6", "fin décembre")),
    "date-after-the-month": Damage("DATE_FUTURE", "PDI", "AB6", put("AB6", date(2020, 1, 20))),
    "date-missing": Damage("FIELD_REQUIRED", "PDI", "AB6", put("AB6", None)),
    # words of a list
    "basis-unknown": Damage("CHOICE_UNKNOWN", "PDI", "AA6", put("AA6", "devinette")),
    "basis-missing": Damage("FIELD_REQUIRED", "PDI", "AA6", put("AA6", None)),
    "basis-alert": Damage("ALERT_WITHOUT_ASSESSMENT", "PDI", "AA6", put("AA6", "alerte")),
    "level-misspelt": Damage("CHOICE_UNKNOWN", "PDI", "D6", put("D6", "cercle entierr")),
    "need-unknown": Damage("CHOICE_UNKNOWN", "Vulnérabilités et besoins", "M6", put("M6", "bonheur", "Vulnérabilités et besoins")),
    "movement-unknown": Damage("CHOICE_UNKNOWN", "Mouvements", "A6", put("A6", "promenade", "Mouvements")),
    # places
    "cercle-misspelt": Damage("PLACE_UNKNOWN", "PDI", "A6", put("A6", "Tamalagou")),
    "commune-misspelt": Damage("PLACE_UNKNOWN", "PDI", "B6", put("B6", "Tamalagou")),
    "cercle-missing": Damage("FIELD_REQUIRED", "PDI", "A6", put("A6", None)),
    "commune-of-another-cercle": Damage("PLACE_MISPLACED", "PDI", "B6", put("B6", "Hombori")),
    "cercle-of-another-region": Damage("PLACE_OF_OTHER_REGION", "PDI", "A8", put_all("PDI", A8="Gao", B8="Gao", C8=None)),
    "code-of-another-place": Damage("CODE_WRONG", "PDI", "C6", put("C6", "MLI003005")),
    "code-in-no-list": Damage("CODE_UNKNOWN", "PDI", "C6", put("C6", "MLI099099")),
    "cercle-in-capitals-with-its-kind": Damage("NAME_NORMALISED", "PDI", "A6", put("A6", "CERCLE DE BANDIAGARA"), reads_the_same=True),
    "origin-unknown": Damage("ORIGIN_UNKNOWN", "Provenance", "E7", put("E7", "Atlantide", "Provenance")),
    "origin-too-high": Damage("ORIGIN_SUM", "Provenance", "I7", more("I8", 10, "Provenance")),
    "movement-without-place": Damage("MOVEMENT_WITHOUT_PLACE", "Mouvements", "A5", put_all("Mouvements", E5=None, F5=None, G5=None)),
    "movement-negative": Damage("MOVEMENT_NEGATIVE", "Mouvements", "I5", put_all("Mouvements", H5=-221, I5=-1150)),
    "site-without-name": Damage("FIELD_REQUIRED", "Sites", "E5", put("E5", None, "Sites")),
    # rows and totals
    "row-twice": Damage("ROW_DUPLICATE", "PDI", "A13", copy_row(12, 13)),
    "place-twice": Damage("PLACE_REPEATED", "PDI", "A13", copy_row(8, 13, F=13, G=60)),
    "row-deleted": Damage("TOTAL_MISMATCH", "PDI", "F12", without_row(8)),
    "total-mistyped": Damage("TOTAL_MISMATCH", "PDI", "F13", put("F13", 14286)),
    "commune-beside-its-cercle": Damage("CERCLE_AND_COMMUNES", "PDI", "B13",
                                        copy_row(8, 13, A="Koro", B="Dinangourou", C=None, D="commune", F=4, G=20)),
    "table-below-the-table": Damage("TABLE_NOT_READ", "PDI", "A16", on("PDI", recapitulate)),
    # headers, columns, sheets
    "mandatory-column-renamed": Damage("COLUMN_MISSING", "PDI", "G4", put("G4", "Total des gens")),
    "mandatory-column-deleted": Damage("COLUMN_MISSING", "PDI", None, without_column("AA")),
    "optional-column-renamed": Damage("COLUMN_UNKNOWN", "PDI", "Q4", put("Q4", "Chez des parents")),
    "column-too-many": Damage("COLUMN_UNKNOWN", "PDI", "AE4", put_all("PDI", AE4="Température", AE6=38)),
    "values-without-a-title": Damage("COLUMN_UNKNOWN", "PDI", "AF4", put("AF6", 38)),
    "title-twice": Damage("COLUMN_TWICE", "PDI", "R4", put("R4", "Ménages")),
    "header-deleted": Damage("SHEET_WITHOUT_HEADER", "PDI", None, without_row(4)),
    "rows-deleted": Damage("SHEET_WITHOUT_ROWS", "PDI", None, on("PDI", lambda sheet: sheet.delete_rows(5, 9))),
    "sheet-deleted": Damage("SHEET_MISSING", "PDI", None, lambda book: book.remove(book["PDI"])),
    "sheet-too-many": Damage("SHEET_UNKNOWN", "Brouillon", None, lambda book: book.create_sheet("Brouillon")),
    "sheet-renamed": Damage("SHEET_RENAMED", "Feuil2", None, on("PDI", retitle), reads_the_same=True),
    "sheet-twice": Damage("SHEET_TWICE", "Déplacés", None, lambda book: setattr(book.copy_worksheet(book["PDI"]), "title", "Déplacés")),
    "sheet-hidden": Damage("SHEET_HIDDEN", "Retournés", None, on("Retournés", hide_sheet), reads_the_same=True),
    "sheet-hidden-deep": Damage("SHEET_HIDDEN", "Retournés", None, on("Retournés", hide_deep), reads_the_same=True),
    "row-hidden": Damage("ROWS_HIDDEN", "PDI", "A6", on("PDI", hide_row), reads_the_same=True),
    "column-hidden": Damage("COLUMN_HIDDEN", "PDI", "F4", on("PDI", hide_column), reads_the_same=True),
    "text-merged-over-rows": Damage("CELLS_MERGED", "PDI", "AA6", on("PDI", lambda sheet: sheet.merge_cells("AA6:AA7")), reads_the_same=True),
    "number-merged-over-rows": Damage("COUNT_MERGED", "PDI", "G7", on("PDI", lambda sheet: sheet.merge_cells("G6:G7"))),
    # identification
    "region-unknown": Damage("REGION_UNKNOWN", "Identification", "B4", put("B4", "Atlantide", "Identification")),
    "month-of-another-folder": Damage("PERIOD_WRONG", "Identification", "B5", put("B5", "2019-10", "Identification")),
    "month-unreadable": Damage("PERIOD_UNREADABLE", "Identification", "B5", put("B5", "fin d'année", "Identification")),
    "no-preparer": Damage("PREPARER_MISSING", "Identification", "B7", put("B7", None, "Identification")),
    "no-visa": Damage("VISA_MISSING", "Identification", "B10", put("B10", "non", "Identification")),
    "visa-without-minutes": Damage("VISA_INCOMPLETE", "Identification", "B12", put("B12", None, "Identification")),
    "visa-by-the-preparer": Damage("VISA_BY_PREPARER", "Identification", "B13", put("B13", "Agent E. (illustratif)", "Identification")),
    # personal data
    "telephone-in-a-remark": Damage("PERSONAL_DATA", "PDI", "AD6", put("AD6", "voir le chef, 76 12 34 56")),
    "name-in-a-remark": Damage("PERSONAL_DATA", "PDI", "AD6", put("AD6", "selon Amadou Traoré")),
    "identity-number-in-a-remark": Damage("PERSONAL_DATA", "PDI", "AD6", put("AD6", "NINA 18703101001001A")),
    "household-position": Damage("PERSONAL_DATA", "PDI", "AD6", put("AD6", "14.4974, -4.1956")),
    "column-of-names": Damage("PERSONAL_DATA", "PDI", "AE5", column_of_heads),
    "column-of-telephones": Damage("PERSONAL_DATA", "PDI", "AE4", put_all("PDI", AE4="Téléphone", AE5=76121212)),
    # the file
    "error-in-a-mandatory-cell": Damage("CELL_ERROR", "PDI", "G6", raw=cell_xml("G6", "<v>#REF!</v>", ' t="e"')),
    "error-in-a-detail": Damage("CELL_ERROR", "PDI", "H6", raw=cell_xml("H6", "<v>#N/A</v>", ' t="e"')),
    "error-in-the-total": Damage("CELL_ERROR", "PDI", "G13", raw=cell_xml("G13", "<f>SUM(G5:G12)</f><v>#VALUE!</v>", ' t="e"')),
    "formula-never-calculated": Damage("FORMULA_NOT_CALCULATED", "PDI", "G6", raw=cell_xml("G6", "<f>SUM(H6:O6)</f>")),
    "detail-never-calculated": Damage("FORMULA_NOT_CALCULATED", "PDI", "H6", raw=cell_xml("H6", "<f>1+1</f>")),
    "total-never-calculated": Damage("FORMULA_NOT_CALCULATED", "PDI", "G13", put("G13", "=SUM(G5:G12)"), reads_the_same=True),
    "row-hidden-by-another-tool": Damage(
        "ROWS_HIDDEN", "PDI", "A6", raw=in_xml(PDI_XML, lambda text: text.replace('<row r="6"', '<row hidden="true" r="6"')), reads_the_same=True
    ),
    "a-cell-at-the-far-end": Damage("FILE_SHEET_TOO_LARGE", None, None, raw=in_xml(PDI_XML, with_far_cell)),
    "entities": Damage("FILE_ENTITIES", None, None, raw=in_xml(PDI_XML, with_entities)),
    "zip-bomb": Damage("FILE_ZIP_BOMB", None, None, raw=with_member("xl/media/x.bin", bytes(40_000_000))),
    "path-trick": Damage("FILE_UNSAFE_NAMES", None, None, raw=with_member("../../evil.txt", b"x")),
    "cut-off": Damage("FILE_NOT_WORKBOOK", None, None, raw=lambda content: content[: len(content) // 2]),
    "empty": Damage("FILE_EMPTY", None, None, raw=lambda _: b""),
    # other returns
    "kidal-households-missing": Damage("COUNT_REQUIRED", "PDI", "F5", put("F5", None), base=KIDAL),
    "koulikoro-basis-unknown": Damage("CHOICE_UNKNOWN", "PDI", "AA6", put("AA6", "au pif"), base=KOULIKORO),
}  # fmt: skip


# --- what draws no finding ----------------------------------------------------------------------------------------------


def two_row_header(sheet: Any) -> None:
    """Ages under their sex, merged, as many an agent lays them out."""
    sheet.insert_rows(4)
    for first, last, group in (("H", "K", "Femmes"), ("L", "O", "Hommes")):
        sheet[f"{first}4"] = group
        sheet.merge_cells(f"{first}4:{last}4")
    for at, letter in enumerate("HIJKLMNO"):
        sheet[f"{letter}5"] = ("0-4 ans", "5-17 ans", "18-59 ans", "60 ans et plus")[at % 4]


def columns_in_another_order(sheet: Any) -> None:
    for row in sheet.iter_rows(min_row=4, max_row=13):
        for cell, (value, shown) in zip((row[5], row[27]), [(c.value, c.number_format) for c in (row[27], row[5])], strict=True):
            cell.value, cell.number_format = value, shown


def banner(sheet: Any) -> None:
    sheet.insert_rows(1, 4)
    sheet["A1"] = "RÉPUBLIQUE DU MALI"


def trailing(sheet: Any) -> None:
    for row in range(20, 170):
        sheet.cell(row, 3).number_format = "0"
    sheet["A18"] = "Fait à Mopti, le 2 janvier 2020"


def recapitulated_by_title(book: Workbook) -> None:
    """The returnees below the IDPs on one sheet, under their title."""
    source, sheet = book["Retournés"], book["PDI"]
    sheet["A16"] = "PDI retournées"
    for at, row in enumerate(source.iter_rows(min_row=4, max_row=13), start=17):
        for cell in row:
            sheet.cell(at, cell.column).value = cell.value
            sheet.cell(at, cell.column).number_format = cell.number_format
    book.remove(source)


HARMLESS: dict[str, Typed] = {
    "saved-again": lambda book: None,
    "two-row-header": on("PDI", two_row_header),
    "columns-in-another-order": on("PDI", columns_in_another_order),
    "banner-above": on("PDI", banner),
    "trailing-formats-and-a-signature": on("PDI", trailing),
    "two-tables-on-one-sheet": recapitulated_by_title,
    "headers-with-line-breaks-and-capitals": put_all("PDI", F4="NBRE\nMENAGES", G4="Nombre d’individus "),
    "sheets-in-another-order": lambda book: book.move_sheet("PDI", offset=4),
    "nothing-written-in-optional-words": put_all("PDI", AD6="RAS", AC6="-", E6="N/A"),
    "carriage-return-left-by-another-tool": put("B6", "Bandiagara Commune_x000D_"),
}
