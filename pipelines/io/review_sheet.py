"""The names that wait for a person as an Excel sheet to send out, and the same sheet read back with its decisions.

The same names give the same bytes: the file carries the last day of the newest month it speaks of, and no other date.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_range_abs, xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from pipelines.io import exports, workbooks
from pipelines.io.archive import normalise_zip
from pipelines.io.place_names import Confirmation, ListError, Unplaced, above, label, labels
from pipelines.io.sheets import titles_in
from pipelines.model import Period, Sheet
from pipelines.places import LEVELS, Gazetteer
from pipelines.settings import Limits
from schemas.cells import as_date
from schemas.codes import Level
from schemas.texts import LANGUAGES, message

_SHOWN_PLACES = 2
_COLUMNS = (
    ("name", 19.0), ("level", 9.5), ("parent", 19.0), ("persons", 10.0), ("where", 26.0), ("suggestions", 31.0),
    ("decision", 30.0), ("by", 15.0), ("on", 11.0), ("reason", 19.0),
)  # fmt: skip
"""Columns of the sheet with their width. Their titles are `review_…` of `messages.toml`."""
_TO_FILL = ("decision", "by", "on", "reason")
_READ_BACK = ("name", "level", "parent", *_TO_FILL)
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
"""A text that starts so could become a formula when somebody edits the cell."""
_HEADER, _FIRST = 3, 4
_LINE = 15.0
_A4 = 9
_FONT: dict[str, Any] = {"font_name": "Calibri", "font_size": 10, "valign": "vcenter"}
_BOX = _FONT | {"border": 1, "border_color": "#BFBFBF", "text_wrap": True}
_STYLES: dict[str, dict[str, Any]] = {
    "title": _FONT | {"bold": True, "font_size": 14, "font_color": "#1F3864"},
    "guide": _FONT | {"text_wrap": True, "valign": "top", "font_color": "#404040"},
    "header": _BOX | {"bold": True, "font_color": "#FFFFFF", "bg_color": "#1F3864", "align": "center"},
    "to_fill": _BOX | {"bold": True, "font_color": "#1F3864", "bg_color": "#FFD966", "align": "center"},
    "name": _BOX | {"bold": True},
    "quoted_name": _BOX | {"bold": True, "quote_prefix": True},
    "text": _BOX,
    "count": _BOX | {"num_format": "#,##0", "align": "right"},
    "answer": _BOX | {"bg_color": "#FFF8E1"},
    "answer_date": _BOX | {"bg_color": "#FFF8E1", "num_format": "dd/mm/yyyy", "align": "center"},
}


def title_of(column: str, lang: str) -> str:
    return message(f"review_{column}", lang)


# --- writing ------------------------------------------------------------------------------------------------------------


def write_review(path: Path, items: Sequence[Unplaced], gazetteer: Gazetteer, lang: str = "fr") -> Path | None:
    """Writes the names with a drop-down of places each, whole or not at all. A sheet that somebody had filled in at this path is
    set aside under a new name, which is returned. Raises OSError when the file cannot be written."""
    content = BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True})
    title = message("review_file_title", lang)
    newest = max((at.period for item in items for at in item.where), default="2000-01")
    book.set_properties({"title": title})
    styles = {name: book.add_format(style) for name, style in _STYLES.items()}
    page: Worksheet = book.add_worksheet(title)
    lists = _Lists(book.add_worksheet(message("review_lists", lang)), gazetteer, lang)
    _heading(page, styles, title, lang)
    for row, item in enumerate(items, start=_FIRST):
        _write_row(page, row, item, styles, gazetteer, lang)
        source = lists.source(item)
        page.data_validation(row, _at("decision"), row, _at("decision"), {
            "validate": "list", "source": source, "error_type": "stop", "error_title": message("review_bad_value", lang),
            "error_message": message("review_outside", lang),
        })  # fmt: skip
    page.data_validation(_FIRST, _at("on"), max(_FIRST, _FIRST + len(items) - 1), _at("on"), {
        "validate": "date", "criteria": ">=", "value": date(2012, 1, 1), "error_type": "stop",
        "error_title": message("review_bad_value", lang), "error_message": message("review_bad_day", lang),
    })  # fmt: skip
    _set_up(page, len(items), title, lang)
    book.close()
    return exports.write_workbook_of_people(path, normalise_zip(content.getvalue(), Period.parse(newest).last_day))


def _at(column: str) -> int:
    return next(number for number, (name, _) in enumerate(_COLUMNS) if name == column)


def _heading(page: Worksheet, styles: dict[str, Format], title: str, lang: str) -> None:
    page.hide_gridlines(2)
    page.write_string(0, 0, title, styles["title"])
    page.set_row(0, 22)
    page.merge_range(1, 0, 1, len(_COLUMNS) - 1, message("review_guide", lang), styles["guide"])
    page.set_row(1, 4 * _LINE)
    for column, (name, width) in enumerate(_COLUMNS):
        page.set_column(column, column, width)
        page.write_string(_HEADER, column, title_of(name, lang), styles["to_fill" if name in _TO_FILL else "header"])
    page.set_row(_HEADER, 2 * _LINE)


def _write_row(page: Worksheet, row: int, item: Unplaced, styles: dict[str, Format], gazetteer: Gazetteer, lang: str) -> None:
    near = [f"{rank}. {label(gazetteer, found.place_id, lang)}" for rank, found in enumerate(item.suggestions, start=1)]
    texts = {
        "level": Level(item.level).label(lang),
        "parent": label(gazetteer, item.parent_id, lang) if item.parent_id else message("review_whole_country", lang),
        "where": _where(item, lang),
        "suggestions": "\n".join(near) or message("review_nothing_near", lang),
    }
    for column, (name, _) in enumerate(_COLUMNS):
        if name == "name":
            page.write_string(row, column, item.name, styles["quoted_name" if item.name.startswith(_DANGEROUS) else "name"])
        elif name == "persons" and item.persons is not None:
            page.write_number(row, column, item.persons, styles["count"])
        elif name in _TO_FILL:
            page.write_blank(row, column, None, styles["answer_date" if name == "on" else "answer"])
        else:
            page.write_string(row, column, texts.get(name, ""), styles["text"])
    page.set_row(row, _LINE * max(1, *(_lines(texts.get(name, item.name), width) for name, width in _COLUMNS)))


def _lines(text: str, width: float) -> int:
    """The number of lines that a text takes in a column."""
    return sum(max(1, math.ceil(len(line) / (width - 2))) for line in text.split("\n"))


def _where(item: Unplaced, lang: str) -> str:
    """The first places it was written at, one a line."""
    told = list(dict.fromkeys(f"{at} ({at.period})" for at in item.where))
    more = len(told) - _SHOWN_PLACES
    shown = told[:_SHOWN_PLACES]
    if more > 0:
        shown[-1] = message("places_more", lang, first=shown[-1], count=more)
    return "\n".join(shown)


class _Lists:
    """A hidden sheet with one column for each different drop-down: suggestions, places under the parent, then all of the level."""

    def __init__(self, page: Worksheet, gazetteer: Gazetteer, lang: str) -> None:
        page.hide()
        self._page, self._gazetteer, self._lang = page, gazetteer, lang
        self._written: dict[tuple[str, ...], str] = {}

    def source(self, item: Unplaced) -> str:
        words = self._words(item)
        if words not in self._written:
            column = len(self._written)
            self._page.write_column(0, column, words)
            self._page.set_column(column, column, 34)
            self._written[words] = f"='{self._page.get_name()}'!{xl_range_abs(0, column, len(words) - 1, column)}"
        return self._written[words]

    def _words(self, item: Unplaced) -> tuple[str, ...]:
        every = labels(self._gazetteer, item.level, self._lang)
        near = [label(self._gazetteer, suggestion.place_id, self._lang) for suggestion in item.suggestions]
        under = sorted(text for text, place_id in every.items() if above(self._gazetteer, place_id) == item.parent_id)
        return tuple(dict.fromkeys([*near, *under, *sorted(every)]))


def _set_up(page: Worksheet, rows: int, title: str, lang: str) -> None:
    page.freeze_panes(_FIRST, 1)
    page.repeat_rows(_HEADER)
    page.autofilter(_HEADER, 0, _HEADER + max(rows, 1), len(_COLUMNS) - 1)
    page.set_landscape()
    page.set_paper(_A4)
    page.fit_to_pages(1, 0)
    page.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    page.set_footer(f"&L{title}&R{message('review_page', lang, current='&P', last='&N')}")


# --- reading back -------------------------------------------------------------------------------------------------------


def read_review(
    path: Path, *, by: str, on: date, gazetteer: Gazetteer, lang: str = "fr", limits: Limits = workbooks.DEFAULT_LIMITS
) -> tuple[list[Confirmation], list[str]]:
    """The decisions of a sheet that came back, in its order, and a sentence for each that cannot be read. Lines without a decision
    are nobody's. `by` and `on` stand in where the sheet does not say who and when. Raises ListError for another workbook,
    OSError when it cannot be read from disk."""
    opened = workbooks.open_file(path, limits)
    for sheet in opened.sheets:
        for of_sheet in LANGUAGES:
            if at := _titles(sheet, of_sheet):
                return _decisions(sheet, at, _Reader(gazetteer, of_sheet, by, on, lang))
    raise ListError(message("places_not_a_review", lang, file=path.name))


def _titles(sheet: Sheet, lang: str) -> tuple[int, dict[str, int]] | None:
    """The header row and the column of each title."""
    return titles_in(sheet, {title_of(column, lang): column for column in _READ_BACK})


class _Reader:
    """What a line of the sheet says, read with the words of the language it was written in."""

    def __init__(self, gazetteer: Gazetteer, written_in: str, by: str, on: date, lang: str) -> None:
        self.by, self.on, self.lang = by, on, lang
        self._levels = {Level(level).label(written_in): level for level in LEVELS}
        self._places = {level: labels(gazetteer, level, written_in) for level in LEVELS}

    def decision(self, said: dict[str, Any], cell: str) -> Confirmation:
        level = self._levels.get(str(said["level"]))
        place = str(said["decision"])
        parent = self._parent(level, said["parent"])
        known = self._places[level].get(place, place) if level else place
        on = as_date(said["on"]) if said["on"] is not None else self.on
        if on is None:
            raise ListError(message("alias_bad_day", self.lang, day=str(said["on"])))
        return Confirmation(
            str(said["name"]),
            known,
            str(said["by"] or self.by),
            on,
            level,
            parent,
            str(said["reason"]) if said["reason"] else None,
            cell,
        )

    def _parent(self, level: str | None, written: Any) -> str | None:
        """The id of the place above. A name looked for in the whole country is confirmed under the place above the one chosen."""
        for upper in reversed(LEVELS[: LEVELS.index(level)] if level else LEVELS):
            if (place_id := self._places[upper].get(str(written))) is not None:
                return place_id
        return None


def _decisions(sheet: Sheet, at: tuple[int, dict[str, int]], reader: _Reader) -> tuple[list[Confirmation], list[str]]:
    header, columns = at
    taken: list[Confirmation] = []
    unreadable: list[str] = []
    for row, cells in enumerate(sheet.rows[header + 1 :], start=header + 1):
        said = {name: cells[column] if column < len(cells) else None for name, column in columns.items()}
        if said["name"] is None or said["decision"] is None:
            continue
        cell = f"{sheet.name} {xl_rowcol_to_cell(row, columns['decision'])}"
        try:
            taken.append(reader.decision(said, cell))
        except ListError as why:
            unreadable.append(f"{cell} : {why}")
    return taken, unreadable
