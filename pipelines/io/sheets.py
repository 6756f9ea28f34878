"""Tables in workbooks that people read, print and fill in: how a sheet is headed, how its cells look, and how tall its lines are."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from pipelines.model import Sheet
from schemas.codes import Severity
from schemas.texts import message

HEADER, FIRST = 3, 4
"""Rows of the titles and of the first line of a table, from 0."""
_A4 = 9
_LINE = 12.5
_TALLEST = 400.0
_FONT: dict[str, Any] = {"font_name": "Calibri", "font_size": 10, "valign": "vcenter"}
_CELL = _FONT | {"font_size": 9, "border": 1, "border_color": "#BFBFBF", "text_wrap": True, "valign": "top"}
_ANSWER = _CELL | {"bg_color": "#FFF8E1"}
_STYLES: dict[str, dict[str, Any]] = {
    "title": _FONT | {"bold": True, "font_size": 14, "font_color": "#1F3864"},
    "banner": _FONT | {"bold": True, "font_color": "#9C0006"},
    "guide": _FONT | {"text_wrap": True, "valign": "top", "font_color": "#404040"},
    "said": _FONT | {"text_wrap": True, "bold": True, "font_size": 12, "font_color": "#1F3864"},
    "none": _FONT | {"italic": True, "font_color": "#404040"},
    "header": _CELL | {"bold": True, "font_color": "#FFFFFF", "bg_color": "#1F3864", "align": "center", "valign": "vcenter"},
    "to_fill": _CELL | {"bold": True, "font_color": "#1F3864", "bg_color": "#FFD966", "align": "center", "valign": "vcenter"},
    "text": _CELL,
    "bold": _CELL | {"bold": True},
    "small": _CELL | {"font_size": 8, "font_color": "#595959"},
    "centre": _CELL | {"align": "center"},
    "count": _CELL | {"num_format": "#,##0", "align": "right"},
    "signed": _CELL | {"num_format": "+#,##0;-#,##0;0", "align": "right"},
    "share": _CELL | {"num_format": "0.00%", "align": "right"},
    "date": _CELL | {"num_format": "dd/mm/yyyy", "align": "center"},
    "red": _CELL | {"bold": True, "font_color": "#9C0006", "bg_color": "#FFC7CE", "align": "center"},
    "amber": _CELL | {"font_color": "#9C5700", "bg_color": "#FFEB9C", "align": "center"},
    "answer": _ANSWER,
    "answer_date": _ANSWER | {"num_format": "dd/mm/yyyy", "align": "center"},
    "hidden": _CELL | {"font_color": "#7F7F7F"},
    "missing": {"bg_color": "#F8CBAD"},
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its title is `column_{name}` of `messages.toml`, its width in characters."""

    name: str
    width: float
    style: str = "text"


@dataclass(frozen=True, slots=True)
class Coloured:
    """A text in a style of its own, whatever the column is."""

    text: str
    style: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands above a table: the name of the sheet, its title, one line that warns, and what it is for."""

    sheet: str
    title: str
    banner: str
    guide: str


def title_of(column: str, lang: str) -> str:
    return message(f"column_{column}", lang)


def lines_of(text: str, width: float) -> int:
    """The number of lines that a text takes in a column of `width` characters."""
    return sum(max(1, len(textwrap.wrap(line, max(4, int(1.1 * width))))) for line in text.split("\n"))


class Sheets:
    """A workbook being written into `content`, A4 landscape, with its formats."""

    def __init__(self, content: BytesIO, title: str, lang: str = "fr") -> None:
        self.workbook = xlsxwriter.Workbook(content, {"in_memory": True})
        self.title, self.lang = title, lang
        self.styles: dict[str, Format] = {name: self.workbook.add_format(style) for name, style in _STYLES.items()}
        self.workbook.set_properties({"title": title})

    def page(self, heading: Heading, columns: Sequence[Column], left: int = 0) -> Worksheet:
        """A sheet with its heading; the guide stands over `columns` from `left` on."""
        page: Worksheet = self.workbook.add_worksheet(heading.sheet)
        page.hide_gridlines(2)
        page.write_string(0, 0, heading.title, self.styles["title"])
        page.set_row(0, 22)
        page.write_string(1, 0, heading.banner, self.styles["banner"])
        page.merge_range(2, left, 2, len(columns) - 1, heading.guide, self.styles["guide"])
        page.set_row(2, _LINE * 1.2 * lines_of(heading.guide, 0.9 * sum(column.width for column in columns[left:])) + 2)
        page.set_landscape()
        page.set_paper(_A4)
        page.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        page.set_footer(f"&L{self.title}&R{message('review_page', self.lang, current='&P', last='&N')}")
        return page

    def table(
        self, heading: Heading, columns: Sequence[Column], rows: Sequence[Mapping[str, Any]], *, nothing: str = "",
        guide_over: slice = slice(0, None),
    ) -> Worksheet:  # fmt: skip
        """A sheet that holds one table, with filters; printed as wide as a page. `nothing` stands where there is no line."""
        page = self.page(heading, columns[: guide_over.stop], guide_over.start)
        self.header(page, HEADER, columns)
        for number, row in enumerate(rows, start=FIRST):
            self.line(page, number, columns, row)
        if not rows:
            page.write_string(FIRST, 0, nothing, self.styles["none"])
        page.freeze_panes(FIRST, 0)
        page.repeat_rows(HEADER)
        page.autofilter(HEADER, 0, HEADER + max(len(rows), 1), len(columns) - 1)
        page.fit_to_pages(1, 0)
        return page

    def header(self, page: Worksheet, row: int, columns: Sequence[Column]) -> None:
        titles = [title_of(column.name, self.lang) for column in columns]
        for number, (column, title) in enumerate(zip(columns, titles, strict=True)):
            page.set_column(number, number, column.width)
            page.write_string(row, number, title, self.styles["to_fill" if column.style.startswith("answer") else "header"])
        tall = max(lines_of(title, 0.8 * column.width) for column, title in zip(columns, titles, strict=True))
        page.set_row(row, _LINE * max(2, tall) + 4)

    def line(self, page: Worksheet, row: int, columns: Sequence[Column], values: Mapping[str, Any]) -> None:
        """A line of a table; a severity has its colour, and what is missing is an empty cell."""
        for number, column in enumerate(columns):
            value, style = values.get(column.name), column.style
            if isinstance(value, Severity):
                value, style = value.label(self.lang), str(value)
            elif isinstance(value, Coloured):
                style, value = value.style, value.text
            if value is None or value == "":
                page.write_blank(row, number, None, self.styles[style])
            elif isinstance(value, date):
                page.write_datetime(row, number, value, self.styles[style])
            elif isinstance(value, int | float):
                page.write_number(row, number, value, self.styles[style])
            else:
                page.write_string(row, number, value, self.styles[style])
        tall = max(lines_of(str(values.get(column.name) or ""), column.width) for column in columns)
        page.set_row(row, min(_TALLEST, _LINE * tall + 3))


def titles_in(sheet: Sheet, wanted: Mapping[str, str]) -> tuple[int, dict[str, int]] | None:
    """The row of a sheet that holds all titles of `wanted` (title -> name), and the column of each name; None without such a row."""
    for row, cells in enumerate(sheet.rows):
        found = {wanted[str(cell).strip()]: column for column, cell in enumerate(cells) if str(cell).strip() in wanted}
        if len(found) == len(wanted):
            return row, found
    return None
