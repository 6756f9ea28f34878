"""The pages of a published workbook: their styles, headings and tables, readable on screen, on paper and aloud."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from io import BytesIO
from typing import Any
from xml.etree import ElementTree

import xlsxwriter
from defusedxml.ElementTree import fromstring
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from pipelines.io.archive import normalise_zip
from pipelines.io.diffusion.edition import Header
from pipelines.io.exports import would_run
from pipelines.io.sheets import lines_of
from schemas import texts
from schemas.codes import CONFIDENTIAL, Code

_A4 = 9
_PRINTED = 965
"""How many pixels of columns a page of A4 is given at 100 %, of the 1045 that it has: some programs draw columns 6 % wider."""
_LARGEST = 80
"""Of a printed page, in percent: narrow sheets are no larger than wide ones, and so are their footers where programs scale them."""
_FOOTER_SIZE = 9
_LINE, _TALLEST, _LONGEST = 13.0, 409.0, 32_000
_BLUE, _GREY = "#1F3864", "#595959"
_FONT: dict[str, Any] = {"font_name": "Calibri", "font_size": 10, "valign": "vcenter"}
_BOX = _FONT | {"border": 1, "border_color": "#BFBFBF", "text_wrap": True}
_NUMBER: dict[str, Any] = {"align": "right", "indent": 1, "text_wrap": False}
_STYLES: Mapping[str, Mapping[str, Any]] = {
    "title": _FONT | {"bold": True, "font_size": 16, "font_color": _BLUE},
    "edition": _FONT | {"bold": True, "font_size": 11, "font_color": _BLUE},
    "section": _FONT | {"bold": True, "font_size": 12, "font_color": _BLUE},
    "note": _FONT | {"font_color": _GREY},
    "link": _FONT | {"font_color": "#0563C1", "underline": 1},
    "header": _BOX | {"bold": True, "align": "center", "font_size": 9, "font_color": "#FFFFFF", "bg_color": _BLUE},
    "text": _BOX | {"align": "left", "indent": 1},
    "centre": _BOX | {"align": "center"},
    "count": _BOX | _NUMBER | {"num_format": "#,##0"},
    "headline": _BOX | {"align": "left", "indent": 1, "num_format": "#,##0"},
    "signed": _BOX | _NUMBER | {"num_format": "+#,##0;-#,##0;0"},
    "small": _BOX | {"align": "left", "indent": 1, "font_size": 9},
    "date": _BOX | {"align": "center", "num_format": "dd/mm/yyyy"},
    "missing": _BOX | {"align": "right", "indent": 1, "italic": True, "font_size": 8.5, "font_color": _GREY},
    "total": {"bold": True, "bg_color": "#D9E2F3", "top": 2},
    "strong": {"bold": True},
    "big": {"bold": True, "font_size": 13},
    "quoted": {"quote_prefix": True},
    "wrap": {"text_wrap": True, "valign": "top"},
}


@dataclass(frozen=True, slots=True)
class Missing:
    """What stands where a number is missing."""

    reason: Code


@dataclass(frozen=True, slots=True)
class Link:
    """A text that leads to a sheet."""

    text: str


@dataclass(frozen=True, slots=True)
class Plain:
    """A number that bears no sign in a column of steps, since it is where they start or lead."""

    value: int


Cell = int | str | date | Code | Missing | Link | Plain | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its title, its width in characters, its style."""

    title: str
    width: float = 14
    style: str = "text"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table; `layer` marks what stands out, in shape as well as in colour."""

    cells: Sequence[Cell]
    layer: str = ""


@dataclass(frozen=True, slots=True)
class Split:
    """Where a sheet too wide for a page is split: the columns from `at` on are printed on a page of their own, behind the first `repeated`
    ones."""

    repeated: int
    at: int


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def plain(value: int | Missing) -> Cell:
    return value if isinstance(value, Missing) else Plain(value)


class Book:
    """A workbook being written, in one language."""

    def __init__(self, header: Header, lang: str) -> None:
        self.header, self.lang = header, lang
        self._content = BytesIO()
        # in_memory keeps the time of writing out of the zip
        options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        self.workbook = xlsxwriter.Workbook(self._content, options)
        self._formats: dict[tuple[str, ...], Format] = {}
        month = texts.month(header.period, lang)
        self.edition = self.say(f"release_edition_{header.edition}")
        self.title = self.say("release_title", month=month)
        self.footer = self.say("release_footer", month=month, revision_number=str(header.revision), edition=header.edition)
        self.workbook.set_properties({
            "title": f"{self.title} — {self.footer}", "subject": self.say("release_source"), "author": self.say("letter_commission"),
            "company": "DNDS", "keywords": f"PDI, Mali, {header.period}", "category": self.edition, "status": self.footer,
            "created": datetime.combine(header.published_on, time()),
        })  # fmt: skip

    def say(self, key: str, **params: Any) -> str:
        return texts.message(key, self.lang, **params)

    def words(self, value: Missing) -> str:
        """`n. c. (fiche non reçue)`; what is suppressed is known, so its label stands alone."""
        label = value.reason.label(self.lang)
        return label if value.reason == CONFIDENTIAL else self.say("draft_missing", reason=label)

    def style(self, *names: str) -> Format:
        key = tuple(name for name in names if name)
        if key not in self._formats:
            properties: dict[str, Any] = {}
            for name in key:
                properties |= _STYLES[name]
            if self.lang == "en" and key[0] == "date":
                properties["num_format"] = "yyyy-mm-dd"
            self._formats[key] = self.workbook.add_format(properties)
        return self._formats[key]

    def content(self) -> bytes:
        """Closes the workbook; its bytes, the same whenever it is written."""
        self.workbook.close()
        spoken = _with_language(self._content.getvalue(), {"fr": "fr-FR", "en": "en-GB"}[self.lang])
        return normalise_zip(spoken, self.header.published_on)


_CORE = "docProps/core.xml"
_NAMESPACES = {
    "cp": "http://schemas.openxmlformats.org/package/2006/metadata/core-properties", "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/", "xsi": "http://www.w3.org/2001/XMLSchema-instance",
}  # fmt: skip


def _with_language(content: bytes, language: str) -> bytes:
    """The workbook with the language that screen readers speak it in; xlsxwriter has no option for it."""
    fresh = BytesIO()
    for prefix, uri in _NAMESPACES.items():
        ElementTree.register_namespace(prefix, uri)
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            if name == _CORE:
                properties = fromstring(data.decode("utf-8"))
                ElementTree.SubElement(properties, f"{{{_NAMESPACES['dc']}}}language").text = language
                data = ElementTree.tostring(properties, encoding="UTF-8", xml_declaration=True)
            new.writestr(name, data)
    return fresh.getvalue()


class Page:
    """A sheet under its title; `row` is the next free one. With `split`, it is printed on pages side by side."""

    def __init__(self, book: Book, name: str, widths: Sequence[float], *notes: str, split: Split | None = None) -> None:
        self.book, self.name, self.say = book, name, book.say
        self.widths, self.split = list(widths), split
        self.sheet: Worksheet = book.workbook.add_worksheet(name)
        for at, width in enumerate(widths):
            self.sheet.set_column(at, at, width)
        self._print_setup()
        self._heading()
        self.row = 2
        for note in notes:
            self.note(note)
        self.row += 1

    @property
    def _blocks(self) -> list[tuple[int, int]]:
        """First and last column of what has a heading: the sheet, or, of one printed on pages side by side, what is not repeated."""
        last = len(self.widths) - 1
        return [(0, last)] if self.split is None else [(self.split.repeated, self.split.at - 1), (self.split.at, last)]

    def _heading(self) -> None:
        title, edition = self.book.style("title"), self.book.style("edition")
        self.sheet.set_row(0, 26)
        if self.split is not None:
            self.sheet.write_string(0, 0, self.name, title)
        for first, _ in self._blocks:
            self.sheet.write_string(0, first, self.book.title if self.split else f"{self.name} — {self.book.title}", title)
            self.sheet.write_string(1, first, self.book.edition, edition)

    def _print_setup(self) -> None:
        sheet = self.sheet
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(_A4)
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.7)
        parts = {"L": self.book.footer, "C": "&A", "R": self.say("review_page", current="&P", last="&N")}
        footer = "".join(f"&{side}&{_FOOTER_SIZE}{text}" for side, text in parts.items())
        sheet.set_footer(footer, {"scale_with_doc": False})  # of one size on all sheets
        scale = min(_LARGEST, 100 * _PRINTED // self._widest())
        if self.split is None and scale < _LARGEST:
            sheet.fit_to_pages(1, 0)
            return
        sheet.set_print_scale(scale)
        if self.split is not None:  # fitting to the width would lose the break between the pages
            sheet.repeat_columns(0, self.split.repeated - 1)
            sheet.set_v_pagebreaks([self.split.at])
            sheet.print_across()

    def _widest(self) -> int:
        """How wide the widest of the pages is on which a sheet is printed, in pixels."""
        repeated = self.split.repeated if self.split else 0
        return _pixels(self.widths[:repeated]) + max(_pixels(self.widths[first : last + 1]) for first, last in self._blocks)

    def note(self, text: str) -> None:
        """A line of explanation, wrapped over the width of the sheet or of each of its pages side by side."""
        lines = 1
        for first, last in self._blocks:
            self.sheet.merge_range(self.row, first, self.row, last, text, self.book.style("note", "wrap"))
            lines = max(lines, lines_of(text, sum(self.widths[first : last + 1]) * 0.95))
        self.sheet.set_row(self.row, _LINE * lines + 3)
        self.row += 1

    def section(self, text: str) -> None:
        self.sheet.write_string(self.row, 0, text, self.book.style("section"))
        self.sheet.set_row(self.row, 20)
        self.row += 1

    def table(
        self, name: str, columns: Sequence[Column], rows: Sequence[Row], *, frozen: int | None = None, tall: float = 0
    ) -> tuple[int, int]:
        """Writes a real table called `name`; gives its first and last row of cells. With `frozen`, the number of columns, its
        titles stay in view and repeat on paper. There is at least one row."""
        header, first = self.row, self.row + 1
        titles = [{"header": column.title, "header_format": self.book.style("header")} for column in columns]
        last = header + len(rows)
        self.sheet.add_table(header, 0, last, len(columns) - 1, {"name": name, "columns": titles, "style": None})
        lines = max(lines_of(column.title, 0.95 * width) for column, width in zip(columns, self.widths, strict=False))
        self.sheet.set_row(header, _LINE * max(2, lines) + 4)
        for at, row in enumerate(rows, start=first):
            deep = 1
            for step, (column, cell) in enumerate(zip(columns, row.cells, strict=True)):
                text = self._put(at, step, cell, column.style, row.layer)
                small = 1.25 if isinstance(cell, Missing) else 1.1 if column.style == "small" else 0.9
                if step < len(self.widths):  # what stands beyond them is hidden
                    deep = max(deep, lines_of(text, self.widths[step] * small - 1))
            self.sheet.set_row(at, min(_TALLEST, max(tall, _LINE * deep + 3)))
        if frozen is not None:
            self.sheet.freeze_panes(first, frozen)
            self.sheet.repeat_rows(header)
        self.row = last + 2
        return first, last

    def _put(self, row: int, at: int, cell: Cell, style: str, layer: str) -> str:
        """Writes a cell; gives the words it shows. None is "nothing to say": a dash, never an empty cell."""
        sheet, book = self.sheet, self.book
        if isinstance(cell, Missing):
            text = book.words(cell)
            sheet.write_string(row, at, text, book.style("missing", "total" if layer == "total" else ""))
            return text
        if isinstance(cell, Link):
            sheet.write_url(row, at, f"internal:'{cell.text}'!A1", book.style("text", "link"), cell.text)
            return cell.text
        if isinstance(cell, Code):
            cell = capital(cell.label(book.lang))
        if isinstance(cell, Plain):
            cell, style = cell.value, "count"
        if isinstance(cell, date):
            sheet.write_datetime(row, at, datetime.combine(cell, time()), book.style(style, layer))
            return "00/00/0000"
        if isinstance(cell, int):
            sheet.write_number(row, at, cell, book.style(style, layer))
            return texts.number(cell)
        text = (cell or self.say("draft_none"))[:_LONGEST]
        sheet.write_string(row, at, text, book.style(style, layer, "quoted" if would_run(text) else ""))
        return text


def _pixels(widths: Sequence[float]) -> int:
    """How wide columns are: 7 pixels a character, and 5 around it."""
    return sum(int(7 * width) + 5 for width in widths)
