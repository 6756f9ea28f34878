"""The workbook that goes back to the author of a return: his own file with the wrong cells coloured and commented, and in front
a sheet that lists them (`À corriger`). Always in French: only directorates read it.

openpyxl copies the file. What it would lose is found in the zip before (`losses`): such a file, and one in a format that
openpyxl cannot write, gets a new workbook with the same values at the same addresses instead, beside the untouched original.
Corrections typed in either are read when it comes back. Of a file that could not be opened, and of one refused for personal
data, only the list goes back. Macros are copied as bytes and never run; the same arguments give the same bytes.
"""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from pathlib import PurePath
from typing import Any

import openpyxl
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.comments import Comment
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.styles.fills import Fill
from openpyxl.utils import coordinate_to_tuple, get_column_letter, quote_sheetname
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.workbook import Workbook
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.xml.functions import fromstring, iterparse, tostring

from pipelines import correction
from pipelines.correction import KEYS, MARK, Point, SentBack
from pipelines.io.archive import normalise_zip
from pipelines.io.draft import wrapped_lines
from pipelines.model import Change, Finding, OpenedFile, Sheet, Unread
from schemas import texts
from schemas.codes import Effect
from schemas.texts import message

EFFECT_FILLS: Mapping[Effect, str] = {
    Effect.REJECT_SUBMISSION: "FFFF7C80", Effect.REJECT_ROW: "FFF4B084", Effect.BLOCK_PUBLICATION: "FFFFD966",
    Effect.JUSTIFY: "FF9BC2E6", Effect.INFORM: "FFD9D9D9",
}  # fmt: skip
"""The colour of a cell by the gravest thing found in it: red, orange, yellow, blue, grey, each legible under black on paper."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """The files that go back for one return, by name; the first is the one to be opened and sent back."""

    files: Mapping[str, bytes]


def parcel(sent: SentBack, original: bytes | None, *, name: str, due: date | None, dated: date) -> Parcel:
    """What goes back. `original` is the author's file, None when it may not be copied; `name` is that of the workbook without
    its suffix; `dated` is what the zip carries, a day that people gave."""
    if original is None or sent.personal or not sent.file.sheets:
        return Parcel({f"{name}.xlsx": _alone(sent, due, dated)})
    kept = _of_author(sent, original, due, dated)
    if kept is not None:
        suffix, content = kept
        return Parcel({f"{name}{suffix}": content})
    return Parcel({f"{name}.xlsx": _copied(sent, due, dated), sent.file.name: original})


def name_of(sent: SentBack) -> str:
    """The name of the workbook without its suffix: `fiche_A_CORRIGER`, and of a file that answers one, `fiche_v2_A_CORRIGER`. A
    list alone goes by the full name of the file it is about, whose version nobody read."""
    stem = PurePath(sent.file.name).stem
    own = _SENT_BEFORE.sub("", stem)
    if not sent.file.sheets or (own == stem and correction.answered(sent.file) is None):
        return message("returned_file", stem=stem, suffix="")
    return message("returned_file_next", stem=own or stem, version=sent.version, suffix="")


_SENT_BEFORE = re.compile(r"(_v\d+)?_A_CORRIGER.*$")
"""Also what mail programs and people add behind: `_A_CORRIGER (1)`, `_A_CORRIGER_rempli`."""


# --- the author's own workbook ------------------------------------------------------------------------------------------

_KEPT_PARTS = re.compile(
    r"\[Content_Types\]\.xml|_rels/\.rels|docProps/(core|app|custom)\.xml|xl/workbook\.xml|xl/_rels/workbook\.xml\.rels"
    r"|xl/(styles|sharedStrings)\.xml|xl/theme/theme\d*\.xml|xl/worksheets/(sheet[^/]*|_rels/sheet[^/]*)|xl/comments[^/]*\.xml"
    r"|xl/comments/comment[^/]*\.xml|xl/tables/table[^/]*\.xml|xl/externalLinks/.*|xl/vbaProject\.bin"
)
"""What openpyxl reads and writes again."""
_NOT_MISSED = re.compile(r"xl/calcChain\.xml|xl/printerSettings/.*|docProps/thumbnail\..*|docMetadata/.*|.*/")
"""What Excel makes anew by itself, or nobody sees."""
_JUDGED_INSIDE = re.compile(r"xl/drawings/(_rels/)?[^/]*\.(xml|vml)(\.rels)?|xl/drawings/.*\.vml")
_LOST_IN_SHEET = re.compile(
    rb"<(?:\w+:)?(protectedRanges|customSheetViews|dataConsolidate|picture|oleObjects|controls|legacyDrawingHF|customProperties"
    rb"|smartTags|webPublishItems|AlternateContent)\b"
)
_EXTENSION = re.compile(rb"<(?:\w+:)?ext\b[^>]*\buri=\"\{([^}\"]*)\}", re.IGNORECASE)
_HARMLESS_EXTENSIONS = frozenset({b"64002731-A6B0-56B0-2670-7721B7C09600", b"FC87AEE6-9EDD-4A0A-B7FB-166176984837"})
"""A view of Excel for Mac, and green corners that are not to be shown."""
_LOST_IN_WORKBOOK = re.compile(
    rb"<(?:\w+:)?(customWorkbookViews|fileSharing|functionGroups|pivotCaches)\b|_xlnm\.(Criteria|Extract|Consolidate_Area|Sheet_Title)"
)
_SAID_AND_HARMLESS = ("Workbook contains no default style", "Workbook contains no stylesheet")


def losses(content: bytes) -> tuple[str, ...]:
    """What openpyxl would lose of a workbook, by part or element; empty when it keeps all. Found in the zip, since openpyxl
    drops most of it in silence: charts and images (their drawings), controls, pivot tables, slicers, extended validations and
    formats, signatures, threaded comments, and any part it does not know."""
    if not zipfile.is_zipfile(BytesIO(content)):
        return ("zip",)
    with zipfile.ZipFile(BytesIO(content)) as archive:
        names = archive.namelist()
        if "xl/workbook.xml" not in names:
            return ("xl/workbook.xml",)
        return tuple(lost for name in names for lost in _losses_of(name, archive))


def _losses_of(name: str, archive: zipfile.ZipFile) -> Iterator[str]:
    if _JUDGED_INSIDE.fullmatch(name):
        if _is_lost_drawing(name, archive.read(name)):
            yield name
    elif not (_KEPT_PARTS.fullmatch(name) or _NOT_MISSED.fullmatch(name)):
        yield name
    elif re.fullmatch(r"xl/worksheets/[^/]*\.xml", name):
        xml = archive.read(name)
        yield from (f"{name}: {found.decode()}" for found in sorted(set(_LOST_IN_SHEET.findall(xml))))
        told = {uri.upper() for uri in _EXTENSION.findall(xml)} - _HARMLESS_EXTENSIONS
        yield from (f"{name}: {uri.decode()}" for uri in sorted(told))
    elif name == "xl/workbook.xml":
        yield from (f"{name}: {found[0].decode()}" for found in _LOST_IN_WORKBOOK.finditer(archive.read(name)))


def _is_lost_drawing(name: str, xml: bytes) -> bool:
    """A drawing with anything in it; of the old kind, one with more than the boxes of comments."""
    if name.endswith(".rels"):
        return False
    if name.endswith(".vml"):
        kinds = set(re.findall(rb'ObjectType="([^"]*)"', xml))
        return bool(kinds - {b"Note"}) or b"imagedata" in xml
    return b"Anchor" in xml


def _of_author(sent: SentBack, original: bytes, due: date | None, dated: date) -> tuple[str, bytes] | None:
    """(suffix, workbook) with everything of the author's in it; None when openpyxl cannot promise that."""
    if losses(original):
        return None
    with zipfile.ZipFile(BytesIO(original)) as archive:
        with_macros = "xl/vbaProject.bin" in archive.namelist()
    book = _loaded(original, with_macros)
    if book is None or book.sheetnames != [sheet.name for sheet in sent.file.sheets]:
        return None
    _take_back(book, sent.file)
    former = _mark(book, sent)
    _ListSheet(book, sent, due, former=former, copied=False).write()
    try:
        return ".xlsm" if with_macros else ".xlsx", _finish(book, dated, original)
    except Exception:  # what was read of somebody's file and cannot be written again
        return None


def _loaded(original: bytes, with_macros: bool) -> Workbook | None:
    """The author's workbook; None when openpyxl stumbles over it, or says that it leaves something out."""
    try:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            book = openpyxl.load_workbook(BytesIO(original), keep_vba=with_macros, rich_text=True)
    except Exception:  # whatever it was, the answer is the same: a copy of the values
        return None
    if any(not str(item.message).startswith(_SAID_AND_HARMLESS) for item in told):
        return None
    book.template = False
    return book


def _finish(book: Workbook, dated: date, original: bytes | None = None) -> bytes:
    content = BytesIO()
    book.save(content)
    written = content.getvalue() if original is None else _with_results(content.getvalue(), original)
    return normalise_zip(written, dated)


def _with_results(written: bytes, original: bytes) -> bytes:
    """The workbook with the results of its formulas as they stood in the original: openpyxl keeps the formula alone, and a
    reader that does not calculate (a preview, a phone, this program) would find nothing."""
    held = {title: _results(original, path) for title, path in _sheet_paths(original).items()}
    changed = {path: held[title] for title, path in _sheet_paths(written).items() if held.get(title)}
    if not changed:
        return written
    fresh = BytesIO()
    with zipfile.ZipFile(BytesIO(written)) as old, zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, _filled(content, changed[name]) if name in changed else content)
    return fresh.getvalue()


def _sheet_paths(content: bytes) -> dict[str, str]:
    """title -> part of the zip."""
    reader = ExcelReader(BytesIO(content))
    reader.read_manifest()
    reader.read_workbook()
    return {sheet.name: rel.target for sheet, rel in reader.parser.find_sheets()}


_SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def _results(content: bytes, path: str) -> dict[str, tuple[str | None, str]]:
    """cell -> (type, text) of the formulas of a sheet that were calculated."""
    found = {}
    with zipfile.ZipFile(BytesIO(content)) as archive, archive.open(path) as part:
        for _, element in iterparse(part):
            if element.tag == f"{_SHEET}c":
                value = element.find(f"{_SHEET}v")
                if element.find(f"{_SHEET}f") is not None and value is not None and value.text:
                    found[element.get("r")] = (element.get("t"), value.text)
            if element.tag == f"{_SHEET}row":
                element.clear()
    return found


def _filled(xml: bytes, results: Mapping[str, tuple[str | None, str]]) -> bytes:
    root = fromstring(xml)
    for cell in root.iter(f"{_SHEET}c"):
        value = cell.find(f"{_SHEET}v")
        if cell.get("r") in results and cell.find(f"{_SHEET}f") is not None and value is not None:
            kind, value.text = results[cell.get("r")]
            if kind is not None:
                cell.set("t", kind)
            else:
                cell.attrib.pop("t", None)
    return bytes(tostring(root))


# --- marks on cells -----------------------------------------------------------------------------------------------------


def _mark(book: Workbook, sent: SentBack) -> dict[int, str]:
    """Colours and comments the cells of the points; gives the fill that the cell of each point had before, as XML."""
    former: dict[int, str] = {}
    at: dict[tuple[str, str], list[Point]] = {}
    for point in sent.points:
        title, address = point.finding.sheet, point.finding.cell
        if title is not None and address is not None and title in book.sheetnames:
            at.setdefault((title, _carrier(book[title], address)), []).append(point)
    for (title, address), points in at.items():
        cell = _cell(book[title], address)
        look = _look(cell)
        former.update(dict.fromkeys((point.number for point in points), look))
        cell.fill = _fill(min((point.finding.effect for point in points), key=list(Effect).index))
        if _is_light(cell.font):
            cell.font = _darkened(cell.font)
        _comment(cell, points)
    return former


def _look(cell: Cell) -> str:
    """Fill and font of a cell, as XML on two lines."""
    fill = tostring(cell.fill.to_tree()).decode() if cell.fill.fill_type else ""
    return f"{fill}\n{tostring(cell.font.to_tree('font')).decode()}" if _is_light(cell.font) else fill


def _is_light(font: Font) -> bool:
    """White letters, as in the dark headers of the template, would be lost on our colours."""
    colour = font.color
    if colour is None:
        return False
    if colour.type == "theme":
        return bool(colour.theme == 0)
    return colour.type == "rgb" and sum(int(colour.rgb[at : at + 2], 16) for at in (2, 4, 6)) > 3 * 170


def _darkened(font: Font) -> Font:
    dark = copy(font)
    dark.color = "FF000000"
    return dark


def _carrier(sheet: Worksheet, address: str) -> str:
    """The cell that shows a mark: of a merged range, its first."""
    for merged in sheet.merged_cells.ranges:
        if address in merged:
            return f"{get_column_letter(merged.min_col)}{merged.min_row}"
    return address


def _cell(sheet: Worksheet, address: str) -> Cell:
    """The cell, made with the format of its row or column when it is not there yet: an entry cell has to stay unlocked."""
    row, column = coordinate_to_tuple(address)
    fresh = (row, column) not in sheet._cells
    cell = sheet.cell(row, column)
    if fresh:
        formats = [sheet.row_dimensions[row]] if row in sheet.row_dimensions else []
        formats += [d for d in sheet.column_dimensions.values() if (d.min or 0) <= column <= (d.max or 0)]
        styled = next((item for item in formats if item.has_style), None)
        if styled is not None:
            cell._style = copy(styled._style)
    return cell


def _fill(effect: Effect) -> PatternFill:
    return PatternFill("solid", fgColor=EFFECT_FILLS[effect])


def _comment(cell: Cell, points: Sequence[Point]) -> None:
    """Ours behind the author's own, one comment for all points of a cell."""
    head = message("returned_comment_head")
    said = "\n\n".join([head, *(_comment_of(point) for point in points)])
    own = cell.comment
    text = clean(f"{own.text}\n\n{said}" if own is not None else said)
    lines = wrapped_lines(text, 46)
    cell.comment = Comment(text, own.author if own is not None else message("returned_author"), height=20 + 16 * lines, width=340)


def _comment_of(point: Point) -> str:
    found = point.finding
    lines = [
        message("returned_comment_point", at=str(point.number), effect_name=found.effect.label("fr")),
        texts.rule_sentence(found.code, found.params),
    ]
    if found.effect is not Effect.INFORM:
        lines.append(message("returned_comment_expected", remedy=texts.rule_remedy(found.code, found.params)))
    example = texts.rules()[found.code].example.fr
    return "\n".join([*lines, message("returned_example", example=example)] if example else lines)


def _take_back(book: Workbook, file: OpenedFile) -> None:
    """Takes the list and the marks of an earlier round out of a workbook that came back: the author's fills and comments are
    what they were, on cells that moved too."""
    lists = [sheet for sheet in file.sheets if correction.is_list(sheet)]
    former = {number: fill for sheet in lists for number, _, fill in _former(sheet)}
    marked = [(where, fill) for sheet in lists for _, where, fill in _former(sheet)]
    for sheet in lists:
        del book[sheet.name]
    head = message("returned_comment_head")
    numbered = re.compile("^" + re.escape(message("returned_comment_point", at="@", effect_name="")).replace("@", r"(\d+)"), re.M)
    for page in book.worksheets:
        for cell in [cell for cell in page._cells.values() if cell.comment is not None and head in cell.comment.text]:
            said = str(cell.comment.text)
            own, ours = said[: said.index(head)], said[said.index(head) :]
            first = numbered.search(ours)
            _restore(cell, former.get(int(first[1]), "") if first else "")
            cell.comment = Comment(own.rstrip(), cell.comment.author) if own.strip() else None
    for (title, address), fill in marked:
        if title in book.sheetnames:
            row, column = coordinate_to_tuple(_carrier(book[title], address))
            if (row, column) in book[title]._cells:
                _restore(book[title].cell(row, column), fill)


def _restore(cell: Cell, former: str) -> None:
    if cell.fill.fill_type == "solid" and cell.fill.fgColor.rgb in EFFECT_FILLS.values():
        fill, _, font = former.partition("\n")
        cell.fill = Fill.from_tree(fromstring(fill)) if fill else PatternFill()
        if font:
            cell.font = Font.from_tree(fromstring(font))


def _former(sheet: Sheet) -> Iterator[tuple[int, tuple[str, str], str]]:
    """(number, (sheet, cell), fill before) of each point of a list that has a cell."""
    for line in correction.lines(sheet):
        if line.sheet is not None and line.cell is not None:
            yield line.number, (line.sheet, line.cell), line.fill


# --- other workbooks ----------------------------------------------------------------------------------------------------


def _copied(sent: SentBack, due: date | None, dated: date) -> bytes:
    """A new workbook: the list, and every sheet of the file with its values at the same addresses. It is a return itself, so
    that what is corrected in it counts."""
    book = Workbook()
    book.remove(book.active)
    if sent.file.dates_from_1904:
        book.epoch = CALENDAR_MAC_1904  # bare numbers in columns of dates stay the days they were
    for sheet in sent.file.sheets:
        if not correction.is_list(sheet):
            _copy_sheet(book.create_sheet(_title(sheet.name)), sheet)
    former = _mark(book, sent)
    _ListSheet(book, sent, due, former=former, copied=True).write()
    return _finish(book, dated)


def _alone(sent: SentBack, due: date | None, dated: date) -> bytes:
    """The list without any sheet of the file."""
    book = Workbook()
    book.remove(book.active)
    _ListSheet(book, sent, due, former={}, copied=None).write()
    return _finish(book, dated)


def _title(name: str) -> str:
    """A title that Excel takes: those of a CSV come from its file name."""
    return re.sub(r"[\[\]:*?/\\]", " ", name)[:31].strip() or "Feuil1"


_WIDEST = 40


def _copy_sheet(page: Worksheet, sheet: Sheet) -> None:
    widths: dict[int, int] = {}
    for number, row in enumerate(sheet.rows, start=1):
        for column, value in enumerate(row, start=1):
            if value is None or (isinstance(value, Unread) and value.kind == Unread.MERGED):
                continue
            if isinstance(value, Unread):
                page.cell(number, column).value = value.text if value.kind == Unread.ERROR else None
            else:
                put(page.cell(number, column), value)
            widths[column] = max(widths.get(column, 0), min(_WIDEST, len(shown(value)) + 2))
    for column, width in widths.items():
        page.column_dimensions[get_column_letter(column)].width = max(10, width)
    for merged in sheet.merged:
        page.merge_cells(start_row=merged.top, end_row=merged.bottom, start_column=merged.left + 1, end_column=merged.right + 1)
    page.sheet_state = "hidden" if sheet.hidden else "visible"
    _print_wide(page)
    for number in sheet.hidden_rows:
        page.row_dimensions[number].hidden = True
    for column in sheet.hidden_columns:
        page.column_dimensions[get_column_letter(column + 1)].hidden = True


def _print_wide(page: Worksheet) -> None:
    """A4 on its side, all columns on one page."""
    page.page_setup.orientation, page.page_setup.paperSize = "landscape", 9
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    page.page_setup.fitToWidth, page.page_setup.fitToHeight = 1, 0


_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
_LONGEST = 32_000


def put(cell: Cell, value: Any) -> None:
    """Writes a value that can never act: a text stays a text, whatever it begins with, also after somebody edits the cell."""
    if isinstance(value, str):
        cell.value = clean(value)[:_LONGEST]
        cell.data_type = "s"
        if value.startswith(_DANGEROUS):
            cell.quotePrefix = True
    else:
        cell.value = value
        if isinstance(value, date):
            cell.number_format = "DD/MM/YYYY"


def clean(text: str) -> str:
    """Without the control characters that no workbook may hold."""
    return str(ILLEGAL_CHARACTERS_RE.sub("", text))


def shown(value: Any) -> str:
    """A value of a cell as the author sees it."""
    if isinstance(value, Unread):
        return value.text
    return texts.day(value) if isinstance(value, date) else str(value)


# --- the list -----------------------------------------------------------------------------------------------------------

_BLUE, _GREY, _PALE = "FF1F3864", "FF595959", "FFD9E2F3"
_LINE = Side(style="thin", color="FFA6A6A6")
_BOX = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
_WRAPPED = Alignment(wrap_text=True, vertical="top")
_COLUMNS = (
    ("returned_number", 5), ("returned_effect", 13), ("returned_where_sheet", 15), ("returned_where_cell", 9),
    ("returned_wrong", 40), ("returned_remedy", 40), ("returned_found", 14), ("returned_reply", 32),
)  # fmt: skip
_NUMBER, _EFFECT, _SHEET_AT, _CELL_AT, _WRONG, _REMEDY, _FOUND, _REPLY = range(1, 9)
_HIDDEN = len(_COLUMNS) + 2
"""Where the hidden columns begin, one column free before them."""
_MOST_CHANGES = 200


class _ListSheet:
    """The sheet *À corriger*, in front of all others. `former` are the fills that marked cells had, by number of their point;
    `copied` says whether the other sheets are a copy of values, None when there are none."""

    def __init__(
        self, book: Workbook, sent: SentBack, due: date | None, *, former: Mapping[int, str], copied: bool | None
    ) -> None:
        self.book, self.sent, self.due, self.former, self.copied = book, sent, due, former, copied
        self.page: Worksheet = book.create_sheet(_free_title(book), 0)
        self.hidden = {sheet.title for sheet in book.worksheets if sheet.sheet_state != "visible"}
        self.row = 0

    def write(self) -> None:
        for at, (_, width) in enumerate(_COLUMNS, start=1):
            self.page.column_dimensions[get_column_letter(at)].width = width
        self._heading()
        self._legend()
        self._header()
        self._section("returned_asked", self.sent.asked)
        self._section("returned_explained", self.sent.explained)
        self._section("returned_told", self.sent.told)
        self._since()
        self._keys()
        self._set_up()

    # --- above the table

    def _heading(self) -> None:
        sent = self.sent
        if sent.region and sent.period:
            title = message("returned_title", region=sent.region, month_name=texts.month(str(sent.period)))
        else:
            title = message("returned_title_bare")
        self._note(title, Font(name="Calibri", size=16, bold=True, color=_BLUE))
        received = "returned_received" if sent.file.sheets else "returned_received_unread"
        self._note(message(received, file=sent.file.name, version=sent.version), _font(bold=True))
        if sent.refused:
            self._note(message("returned_state_refused"), _font(bold=True, color="FFC00000"))
        elif sent.individuals is not None:
            self._note(message("returned_state_counted", households=sent.households, individuals=sent.individuals), _font())
        due = message("returned_due", day=self.due) if self.due else ""
        way = {True: "returned_how_copied", False: "returned_how_kept", None: "returned_how_alone"}[self.copied]
        for line in message(way, due=due, file=sent.file.name).split("\n"):
            self._note(line, _font())
        if sent.personal:
            self._note(message("returned_personal_note"), _font(bold=True))
        elif self.copied:
            self._note(message("returned_copy_note", file=sent.file.name), _font(italic=True))
        self.row += 1

    def _note(self, text: str, font: Font) -> None:
        """A paragraph over the width of the table."""
        self.row += 1
        cell = self._put(1, text, font=font, border=None)
        self.page.merge_cells(start_row=self.row, end_row=self.row, start_column=1, end_column=len(_COLUMNS))
        cell.alignment = Alignment(wrap_text=True, vertical="center")
        size = float(font.size or 11)
        width = sum(width for _, width in _COLUMNS) * 1.1 * 11 / size
        self.page.row_dimensions[self.row].height = wrapped_lines(text, width) * (size + 4.5) + 3

    def _legend(self) -> None:
        """The colours that occur, in words."""
        present = {point.finding.effect for point in self.sent.points}
        for at, effect in enumerate(effect for effect in Effect if effect in present):
            self.row += 1
            if at == 0:
                self._put(_EFFECT, message("returned_colours"), font=_font(bold=True), border=None)
                self.row += 1
            for column in (_EFFECT, _SHEET_AT):
                self._put(column, effect.label("fr") if column == _EFFECT else "", fill=_fill(effect), wrap=False)
            self.page.merge_cells(start_row=self.row, end_row=self.row, start_column=_EFFECT, end_column=_SHEET_AT)
            self._put(_CELL_AT, message(f"returned_means_{effect}"), border=None, wrap=False)
            self.page.row_dimensions[self.row].height = 18
        self.row += 1

    # --- the table

    def _header(self) -> None:
        self.row += 1
        for at, (key, _) in enumerate(_COLUMNS, start=1):
            reply = at == _REPLY
            fill = PatternFill("solid", fgColor="FFFFE699" if reply else _BLUE)
            cell = self._put(at, message(key), font=_font(bold=True, color="FF7F6000" if reply else "FFFFFFFF"), fill=fill)
            cell.alignment = Alignment(wrap_text=True, vertical="center", horizontal="center")
        self.page.row_dimensions[self.row].height = 30
        self.page.print_title_rows = f"{self.row}:{self.row}"

    def _section(self, title: str, points: Sequence[Point]) -> None:
        if points:
            self._band(message(title))
            for point in points:
                self._point(point)

    def _band(self, title: str) -> None:
        self.row += 1
        cell = self._put(1, title, font=_font(bold=True, color=_BLUE), fill=PatternFill("solid", fgColor=_PALE), wrap=False)
        self.page.merge_cells(start_row=self.row, end_row=self.row, start_column=1, end_column=len(_COLUMNS))
        cell.border = _BOX
        self.page.row_dimensions[self.row].height = 18

    def _point(self, point: Point) -> None:
        self.row += 1
        found = point.finding
        sentence = texts.rule_sentence(found.code, found.params)
        if self.sent.since is not None and found in self.sent.since.new:
            sentence = f"{message('returned_new')} — {sentence}"
        self._put(_NUMBER, point.number).alignment = Alignment(horizontal="center", vertical="top")
        self._put(_EFFECT, found.effect.label("fr"), fill=_fill(found.effect))
        self._where(found)
        self._put(_WRONG, sentence)
        self._put(_REMEDY, self._what_to_do(found))
        self._put(_FOUND, self._value(found))
        open_to_reply = found.effect is not Effect.INFORM
        self._put(_REPLY, found.reply or "", fill=PatternFill("solid", fgColor="FFFFF9E5") if open_to_reply else None)
        keys = (found.code, found.sheet, found.cell, point.about, self.former.get(point.number))
        for step, value in enumerate(keys[: len(KEYS)]):
            if value:
                put(self.page.cell(self.row, _HIDDEN + step), value)
        self._fit()

    def _what_to_do(self, found: Finding) -> str:
        remedy = texts.rule_remedy(found.code, found.params)
        example = texts.rules()[found.code].example.fr
        return f"{remedy}\n{message('returned_example', example=example)}" if example else remedy

    def _value(self, found: Finding) -> str:
        """As the author typed it; nothing where the finding quotes nothing, as of persons."""
        if found.value is None or self.sent.personal:
            return ""
        held = next((sheet for sheet in self.sent.file.sheets if sheet.name == found.sheet), None)
        if held is None or found.cell is None:
            return found.value
        row, column = coordinate_to_tuple(found.cell)
        line = held.rows[row - 1] if row <= len(held.rows) else ()
        value = line[column - 1] if column <= len(line) else None
        return found.value if value is None else shown(value)

    def _where(self, found: Finding) -> None:
        title = found.sheet
        if title is None:
            self._put(_SHEET_AT, message("returned_whole_file"))
            self._put(_CELL_AT, "—")
            return
        there = title in self.book.sheetnames
        said = title
        if there and title in self.hidden:
            said = message("returned_hidden_sheet", sheet_title=title)
        elif not there and self.copied is not None:
            said = message("returned_absent_sheet", sheet_title=title)
        target = found.cell or (f"A{found.row}" if found.row else "A1")
        row_only = message("returned_row_only", row=found.row) if found.row else "—"
        for at, text in ((_SHEET_AT, said), (_CELL_AT, found.cell or row_only)):
            cell = self._put(at, text)
            if there:
                self._link(cell, title, target)

    def _link(self, cell: Cell, title: str, target: str) -> None:
        cell.hyperlink = Hyperlink(ref=cell.coordinate, location=f"{quote_sheetname(title)}!{target}", display=str(cell.value))
        cell.font = _font(color="FF0563C1", underline="single", bold=True)

    # --- below the table

    def _since(self) -> None:
        since = self.sent.since
        if since is None:
            return
        self._band(message("returned_since", version=since.version, file=since.file))
        counts: dict[str, Any] = {name: len(getattr(since, name)) for name in ("corrected", "remaining", "new")}
        self._line(message("returned_since_counts", **counts))
        for found in since.corrected:
            self.row += 1
            self._cells_of_change(message("returned_corrected"), found.sheet, None, texts.rule_sentence(found.code, found.params))
            self._put(_CELL_AT, found.cell or "—")
            self._put(_REPLY, found.reply or "")
        if since.changes is None:
            self._line(message("returned_since_refused"))
            return
        for change in since.changes[:_MOST_CHANGES]:
            self.row += 1
            self._change(change)
        if not since.changes:
            self._line(message("returned_since_same"))
        elif len(since.changes) > _MOST_CHANGES:
            self._line(message("returned_since_more", count=len(since.changes) - _MOST_CHANGES))

    def _change(self, change: Change) -> None:
        linked = change.sheet in self.book.sheetnames and change.kind != Change.REMOVED
        self._cells_of_change(
            message(f"returned_change_{change.kind}"),
            change.sheet,
            change.cell if linked else None,
            correction.change_sentence(change),
        )
        if not linked:
            self._put(_CELL_AT, change.cell or "—")

    def _cells_of_change(self, kind: str, sheet: str | None, link: str | None, text: str) -> None:
        for at in range(1, len(_COLUMNS) + 1):
            self._put(at, "")
        self._put(_EFFECT, kind)
        self._put(_SHEET_AT, sheet or message("draft_none"))
        cell = self._put(_CELL_AT, link or "")
        if link and sheet:
            self._link(cell, sheet, link)
        self._put(_WRONG, text)
        self.page.merge_cells(start_row=self.row, end_row=self.row, start_column=_WRONG, end_column=_FOUND)
        self._fit(merged=text)

    def _line(self, text: str) -> None:
        self.row += 1
        self._put(1, text, border=None, wrap=False)

    # --- what holds it together

    def _keys(self) -> None:
        """What the list is about, in hidden columns right of it: a row sorted or moved takes its keys along."""
        sent = self.sent
        values = (MARK, sent.file.sha256, sent.version, str(sent.period) if sent.period else None)
        for step, value in enumerate(values):
            if value is not None:
                put(self.page.cell(1, _HIDDEN + step), value)
        for at in range(_HIDDEN, _HIDDEN + len(KEYS)):
            self.page.column_dimensions[get_column_letter(at)].hidden = True

    def _set_up(self) -> None:
        page = self.page
        page.sheet_properties.tabColor = "FFC00000"
        page.sheet_view.showGridLines = False
        _print_wide(page)
        page.print_area = f"A1:{get_column_letter(len(_COLUMNS))}{self.row}"
        for side in ("left", "right"):
            setattr(page.page_margins, side, 0.4)
        page.page_margins.top, page.page_margins.bottom, page.page_margins.footer = 0.5, 0.75, 0.35
        page.oddFooter.left.text = message("returned_footer", file=self.sent.file.name).replace("&", "&&")
        page.oddFooter.right.text = message("returned_page", current="&P", last="&N")
        for sheet in self.book.worksheets:
            sheet.sheet_view.tabSelected = sheet is page
        self.book.active = 0
        for view in self.book.views:
            view.firstSheet = 0

    def _put(self, at: int, value: Any, *, font: Font | None = None, fill: PatternFill | None = None, border: Border | None = _BOX,
             wrap: bool = True) -> Cell:  # fmt: skip
        cell = self.page.cell(self.row, at)
        put(cell, value)
        cell.font = font or _font()
        cell.alignment = _WRAPPED if wrap else Alignment(vertical="center")
        if fill is not None:
            cell.fill = fill
        if border is not None:
            cell.border = border
        return cell

    def _fit(self, merged: str = "") -> None:
        """The row high enough for its wrapped texts; not every program does that when it opens a file."""
        cells = [(str(self.page.cell(self.row, at).value or ""), width) for at, (_, width) in enumerate(_COLUMNS, start=1)]
        if merged:
            cells[_WRONG - 1] = (merged, sum(width for _, width in _COLUMNS[_WRONG - 1 : _FOUND]))
        wrapping = [
            (text, width) for at, (text, width) in enumerate(cells, start=1) if self.page.cell(self.row, at).alignment.wrap_text
        ]
        deepest = max((wrapped_lines(text, width * 1.02) for text, width in wrapping), default=1)
        self.page.row_dimensions[self.row].height = max(18, 15 * deepest + 4)


def _font(**more: Any) -> Font:
    return Font(name="Calibri", size=11, **more)


def _free_title(book: Workbook) -> str:
    title = message("returned_sheet")
    taken = {name.casefold() for name in book.sheetnames}
    return title if title.casefold() not in taken else f"{title} (DNDS)"
