"""What all workbooks for the regions share: the look of their cells, column widths, page set-up, and the rules of entry cells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from io import BytesIO
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from schemas import texts
from schemas.fields import Field, Kind

A3, A4 = 8, 9
WIDE = 16
"""From so many columns a sheet is printed on A3."""
MAX_WIDTH = 46.0
LINE = 15.0
"""Height of one line of text, in points."""
BLANK_ROWS = 300
"""Rows to fill in on each sheet."""
_LIST_WIDTH = 24.0

Style = Mapping[str, Any]
FONT: Style = {"font_name": "Calibri", "font_size": 10, "valign": "vcenter"}
BOX: Style = {**FONT, "border": 1, "border_color": "#BFBFBF"}
_HEADER: Style = {**BOX, "bold": True, "text_wrap": True, "align": "center"}
_TITLE: Style = {**FONT, "bold": True, "font_size": 14, "font_color": "#1F3864"}
_NOTICE: Style = {**FONT, "bold": True, "font_color": "#9C5700", "bg_color": "#FFEB9C"}
STYLES: Mapping[str, Style] = {
    "title": _TITLE,
    "wrapped_title": {**_TITLE, "text_wrap": True},
    "note": {**FONT, "italic": True, "font_color": "#595959"},
    "notice": _NOTICE,
    "wrapped_note": {**FONT, "italic": True, "font_color": "#595959", "text_wrap": True, "valign": "top"},
    "wrapped_notice": {**_NOTICE, "text_wrap": True},
    "required": {**_HEADER, "font_color": "#FFFFFF", "bg_color": "#1F3864"},
    "optional": {**_HEADER, "font_color": "#1F3864", "bg_color": "#D9E2F3"},
    "label": {**BOX, "bold": True, "font_color": "#1F3864", "bg_color": "#D9E2F3", "indent": 1},
    "form_required": {**BOX, "bold": True, "font_color": "#FFFFFF", "bg_color": "#1F3864", "indent": 1},
    "form_date": {**BOX, "num_format": "dd/mm/yyyy", "align": "left", "indent": 1},
    "text": {**BOX, "align": "left", "indent": 1},
    "long_text": {**BOX, "align": "left", "indent": 1, "text_wrap": True},
    "count": {**BOX, "num_format": "#,##0", "align": "right"},
    "date": {**BOX, "num_format": "dd/mm/yyyy", "align": "center"},
    "total_text": {**BOX, "bold": True, "bg_color": "#F2F2F2", "top": 2, "indent": 1},
    "total_count": {**BOX, "bold": True, "bg_color": "#F2F2F2", "top": 2, "num_format": "#,##0", "align": "right"},
}
STYLE_OF = {Kind.INTEGER: "count", Kind.SIGNED: "count", Kind.DATE: "date"}


class Page(Worksheet):  # type: ignore[misc]
    """A sheet whose formulas hold no function newer than Excel 2010. The library would look for forty of them in every formula,
    which takes most of the time of a fiche modèle."""

    def _prepare_formula(self, formula: str, expand_future_functions: bool = False) -> str:
        return formula.removeprefix("=")


class Book:
    """A workbook with its styles. The same calls give the same bytes: it carries only the date it is given."""

    def __init__(self, target: Path | BytesIO, title: str, dated: date, styles: Mapping[str, Style] = STYLES) -> None:
        # in_memory keeps the time of writing out of the zip
        self.workbook = xlsxwriter.Workbook(target if isinstance(target, BytesIO) else str(target), {"in_memory": True})
        self.workbook.set_properties({"title": title, "created": datetime.combine(dated, time())})
        self.styles: dict[str, Format] = {name: self.workbook.add_format(dict(s)) for name, s in styles.items()}

    def add_sheet(self, title: str) -> Worksheet:
        page: Worksheet = self.workbook.add_worksheet(title, Page)
        page.hide_gridlines(2)
        return page

    def close(self) -> None:
        """Raises OSError when the file cannot be written."""
        try:
            self.workbook.close()
        except xlsxwriter.exceptions.FileCreateError as error:
            raise OSError(str(error)) from error


def put(page: Worksheet, row: int, column: int, value: Any, style: Format) -> None:
    if value is None:
        page.write_blank(row, column, None, style)
    elif isinstance(value, date):
        page.write_datetime(row, column, datetime.combine(value, time()), style)
    elif isinstance(value, int):
        page.write_number(row, column, value, style)
    else:
        page.write_string(row, column, str(value), style)


def shown(field: Field, value: Any) -> Any:
    """What the cell holds: the French label of a code, everything else as given."""
    if value is None or field.choices is None:
        return value
    return next((word.fr for word in field.choices if word == value), value)


# --- what may be typed ----------------------------------------------------------------------------------------------------


def list_rule(source: str, *, strict: bool) -> dict[str, Any]:
    """A drop-down list. When not `strict`, the list advises and does not forbid."""
    message = texts.message("entry_choose" if strict else "entry_not_official")
    return {"validate": "list", "source": source, "error_type": "stop" if strict else "warning",
            "error_title": texts.message("entry_not_listed"), "error_message": message}  # fmt: skip


def value_rule(field: Field, latest: date | None = None) -> dict[str, Any] | None:
    """The rule of a number or a date, None when anything may be typed. A date is not later than `latest`."""
    if field.kind is Kind.INTEGER:
        return _limit_rule("integer", 0, texts.message("entry_count"))
    if field.kind is Kind.SIGNED:
        return _limit_rule("integer", -10_000_000, texts.message("entry_signed"))
    if field.kind is not Kind.DATE:
        return None
    earliest = date(2012, 1, 1)
    if latest is None:
        return _limit_rule("date", earliest, texts.message("entry_date"))
    rule = _limit_rule("date", earliest, texts.message("entry_date_until", latest=latest))
    del rule["value"]
    return rule | {"criteria": "between", "minimum": earliest, "maximum": latest}


def _limit_rule(kind: str, minimum: int | date, message: str) -> dict[str, Any]:
    return {"validate": kind, "criteria": ">=", "value": minimum, "error_type": "stop",
            "error_title": texts.message("entry_not_valid"), "error_message": message}  # fmt: skip


# --- lines, widths, pages -------------------------------------------------------------------------------------------------


def lines(text: str, width: float) -> int:
    """The number of lines that a text takes when wrapped at `width` characters."""
    count, used = 1, 0
    for word in text.split():
        if used and used + 1 + len(word) > width:
            count, used = count + 1, len(word)
        else:
            used += len(word) + (1 if used else 0)
    return count


def column_width(field: Field, values: Iterable[Any] = ()) -> float:
    """Wide enough for the words of the header, for every value and for the words of the list; long texts wrap."""
    header = max(len(words) for words in re.findall(r"\S+(?: \d+-\d+)?", field.label.fr)) + 2.5
    written = [f"{value:,}" if isinstance(value, int) else str(value) for value in values if value is not None]
    content = max(map(len, written), default=0) + 3.0
    return min(max(header, content, _floor(field)), MAX_WIDTH)


def _floor(field: Field) -> float:
    """The width that a column keeps whatever it holds."""
    if field.choices is not None:
        return min(max(len(word.fr) for word in field.choices) + 4.0, _LIST_WIDTH)
    floors = {Kind.TEXT: min(field.width, 24), Kind.DATE: 12}
    return float(floors.get(field.kind, 9))


def print_setup(page: Worksheet, paper: int = A4, *, footer: str = "&L&A&RPage &P / &N") -> None:
    page.set_landscape()
    page.set_paper(paper)
    page.fit_to_pages(1, 0)
    page.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    page.set_footer(footer)
