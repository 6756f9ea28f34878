"""The sheets of the fiche modèle that a directorate fills in: the identification and the tables, with their drop-down lists, last
month's figures, live checks and locked headers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from pipelines.io.template import checks, paper
from pipelines.io.template.checks import REFUGE, Check
from pipelines.io.template.grid import CHECK, PREVIOUS, ROW, Grid
from pipelines.io.template.lists import GLUE, Lists
from pipelines.io.template.model import FicheModel, Stock, say
from pipelines.io.template.paper import BOX, FONT, LINE, Book
from schemas import fields
from schemas.codes import RowLevel, YesNo
from schemas.fields import Field, Kind

_LOCKED_GREY = {**BOX, "bg_color": "#EDEDED", "font_color": "#595959"}
KIND_COLOURS = {
    "right": {"font_color": "#375623", "bg_color": "#E2EFDA"},
    "fill": {"font_color": "#7F6000", "bg_color": "#FFF2CC"},
    "explain": {"font_color": "#833C0B", "bg_color": "#FCE4D6"},
    "wrong": {"font_color": "#9C0006", "bg_color": "#FFC7CE"},
}
"""How a state of the check column looks; `fill` is also the colour of mandatory cells still empty."""
STYLES: Mapping[str, paper.Style] = {
    **paper.STYLES,
    "entry_text": {**paper.STYLES["text"], "locked": False},
    "entry_count": {**paper.STYLES["count"], "locked": False},
    "entry_date": {**paper.STYLES["date"], "locked": False},
    "entry_form": {**paper.STYLES["text"], "locked": False},
    "entry_form_date": {**paper.STYLES["form_date"], "locked": False},
    "fixed": {**_LOCKED_GREY, "align": "left", "indent": 1, "bold": True},
    "previous": {**_LOCKED_GREY, "num_format": "#,##0", "align": "right"},
    "previous_header": {**paper.STYLES["optional"], "bg_color": "#D0CECE", "font_color": "#404040", "italic": True},
    "check": {**BOX, "align": "left", "indent": 1, "bold": True},
    "check_header": {**paper.STYLES["optional"], "bg_color": "#404040", "font_color": "#FFFFFF"},
    "sum_text": {**FONT, "bold": True, "align": "left", "indent": 1, "bg_color": "#F2F2F2", "top": 1, "bottom": 1},
    "sum": {**FONT, "bold": True, "align": "right", "num_format": "#,##0", "bg_color": "#F2F2F2", "top": 1, "bottom": 1},
}
_PROTECTION = {"format_columns": True, "format_rows": True, "autofilter": True, "select_locked_cells": True}
_CHECK_WIDTH = 31.0
_LONGEST_TITLE, _LONGEST_MESSAGE = 32, 255
"""Excel's limits for what is said beside an entry cell."""


def protect(page: Worksheet) -> None:
    """Without a password: it keeps formulas and headers from slips, not from people."""
    page.protect("", _PROTECTION)


def colour_states(book: Book, page: Worksheet, area: tuple[int, int, int, int], conditions: list[tuple[str, str]]) -> None:
    """Colours cells by (condition, kind), the first that holds."""
    for when, kind in conditions:
        style = book.workbook.add_format(KIND_COLOURS[kind])
        page.conditional_format(*area, {"type": "formula", "criteria": f"={when}", "format": style, "stop_if_true": True})


def told_beside(field: Field, rule: Mapping[str, Any] | None) -> dict[str, Any]:
    """The rule of a cell with what is said beside it when it is chosen."""
    title = {"input_title": field.label.fr} if len(field.label.fr) <= _LONGEST_TITLE else {}
    about = say("entry_about_required" if field.required else "entry_about_optional", about=field.about.fr)
    return {**(rule or {"validate": "any"}), **title, "input_message": about[:_LONGEST_MESSAGE]}


# --- identification -------------------------------------------------------------------------------------------------------


class FormSheet:
    """Label, value and check, one below the other. Its `cells` are where formulas of other sheets find the values."""

    WIDTHS = (28, 52, 34)
    FIXED = ("region", "period")

    def __init__(self, book: Book, page: Worksheet, model: FicheModel, lists: Lists) -> None:
        self.book, self.page, self.model, self.lists = book, page, model, lists
        self.first = 3
        self.rows = {item.name: self.first + at for at, item in enumerate(fields.IDENTIFICATION.fields)}

    def cell(self, name: str, *, outside: bool = True) -> str:
        here = xl_rowcol_to_cell(self.rows[name], 1, row_abs=True, col_abs=True)
        return f"{self.page.get_name()}!{here}" if outside else here

    def write(self, title: str, note: str) -> None:
        for column, width in enumerate(self.WIDTHS):
            self.page.set_column(column, column, width)
        self.page.merge_range(0, 0, 0, 2, title, self.book.styles["wrapped_title"])
        self.page.set_row(0, paper.lines(title, sum(self.WIDTHS) * 0.65) * (LINE + 5))
        self.page.merge_range(1, 0, 1, 2, note, self.book.styles["wrapped_note"])
        self.page.set_row(1, paper.lines(note, sum(self.WIDTHS) * 0.95) * (LINE + 1))
        values = {"region": self.model.region, "period": str(self.model.period), "version": 1}
        for item in fields.IDENTIFICATION.fields:
            self._write_pair(item, values.get(item.name))
        area = (self.first, 2, self.first + len(self.rows) - 1, 2)
        cell = f"$C{self.first + 1}"
        fill, right = say("check_fill"), say("check_ok")
        wanted = [(f'{cell}="{right}"', "right"), (f'LEFT({cell},{len(fill)})="{fill}"', "fill"), (f"LEN({cell})>0", "wrong")]
        colour_states(self.book, self.page, area, wanted)
        paper.print_setup(self.page)
        self.page.set_portrait()
        protect(self.page)

    def _write_pair(self, item: Field, value: Any) -> None:
        row, styles = self.rows[item.name], self.book.styles
        self.page.write_string(row, 0, item.label.fr, styles["form_required" if item.required else "label"])
        entry = "entry_form_date" if item.kind is Kind.DATE else "entry_form"
        paper.put(self.page, row, 1, value, styles["fixed" if item.name in self.FIXED else entry])
        self.page.set_row(row, LINE + 5)
        rule = paper.value_rule(item)
        if item.choices is not None:
            rule = paper.list_rule(f"={self.lists.words[item.choices.__name__]}", strict=True)
        self.page.data_validation(row, 1, row, 1, told_beside(item, rule))
        formula = self._check(item)
        cached = say("check_fill") if item.name == "prepared_by" else say("check_visa") if item.name == "validated" else ""
        if formula:
            self.page.write_formula(row, 2, f"={formula}", styles["check"], cached)

    def _check(self, item: Field) -> str | None:
        cell, right, fill = self.cell(item.name, outside=False), checks.quoted(say("check_ok")), checks.quoted(say("check_fill"))
        validated = f"{self.cell('validated', outside=False)}={checks.quoted(YesNo.YES.fr)}"
        if item.name == "prepared_by":
            return f'IF({cell}="",{fill},{right})'
        if item.name == "validated":
            return f"IF({validated},{right},{checks.quoted(say('check_visa'))})"
        if item.name == "validated_by":
            same = f"{cell}={self.cell('prepared_by', outside=False)}"
            own = checks.quoted(say("check_visa_by_preparer"))
            return f'IF({cell}="",IF({validated},{fill},""),IF({same},{own},{right}))'
        date = f"NOT(ISNUMBER({cell}))" if item.kind is Kind.DATE else "FALSE"
        said = f"IF({date},{checks.quoted(say('check_date'))},{right})"
        if item.name in ("validated_on", "minutes_number"):
            return f'IF({cell}="",IF({validated},{fill},""),{said})'
        return f'IF({cell}="","",{said})' if item.kind is Kind.DATE else None


# --- tables ---------------------------------------------------------------------------------------------------------------


class EntrySheet:
    """A title, what to do, the sums of what was typed, the header row, and the rows to fill in."""

    def __init__(self, book: Book, page: Worksheet, grid: Grid, model: FicheModel, lists: Lists, found: list[Check]) -> None:
        self.book, self.page, self.grid, self.model, self.lists, self.checks = book, page, grid, model, lists, found
        self.stocks = model.stocks(grid.table)

    def write(self, title: str, note: str) -> None:
        self._write_heading(title, note)
        self._write_header()
        formulas = self._formulas()
        for at in range(self.grid.first, self.grid.last + 1):
            number = at - self.grid.first
            self._write_row(at, formulas, self.stocks[number] if number < len(self.stocks) else None)
        self._add_rules()
        self._add_colours()
        self._set_up()

    # --- what is written ----------------------------------------------------------------------------------------------

    def _write_heading(self, title: str, note: str) -> None:
        styles = self.book.styles
        self.page.write_string(0, 0, title, styles["title"])
        self.page.set_row(0, LINE + 7)
        self.page.write_string(1, 0, note, styles["note"])
        if self.grid.header == 4 and self.model.previous is not None:
            for column in range(1, len(self.grid.columns)):
                self.page.write_blank(2, column, None, styles["notice"])
            key = "entry_previous" if self.stocks else "entry_previous_none"
            self.page.write_string(2, 0, say(key, past=self.model.previous.name), styles["notice"])
        if self.grid.table is not fields.MOVEMENT:  # arrivals and departures have no sum
            self._write_sums(self.grid.header - 1)

    def _write_sums(self, row: int) -> None:
        for column, name in enumerate(self.grid.columns):
            if name not in PREVIOUS and not (name in self.grid.table.by_name and self.grid.table[name].is_count):
                self.page.write_blank(row, column, None, self.book.styles["sum_text"])
                continue
            cells = self.grid.column(name)
            told = [getattr(stock, PREVIOUS[name]) for stock in self.stocks] if name in PREVIOUS else []
            cached = sum(value for value in told if value is not None) if told else ""
            self.page.write_formula(row, column, f'=IF(COUNT({cells})=0,"",SUM({cells}))', self.book.styles["sum"], cached)
        self.page.write_string(row, 0, say("entry_sum"), self.book.styles["sum_text"])

    def _write_header(self) -> None:
        deepest = 1
        for column, name in enumerate(self.grid.columns):
            label, style, width = self._heading(name)
            self.page.set_column(column, column, width)
            self.page.write_string(self.grid.header, column, label, self.book.styles[style])
            deepest = max(deepest, paper.lines(label, width - 3))
        self.page.set_row(self.grid.header, deepest * LINE + 6)

    def _heading(self, name: str) -> tuple[str, str, float]:
        """Label, style and width of a column."""
        if name == CHECK:
            return say("column_check"), "check_header", _CHECK_WIDTH
        if name in PREVIOUS:
            return say(f"column_{name}"), "previous_header", 13.0
        item = self.grid.table[name]
        return item.label.fr, "required" if item.required else "optional", paper.column_width(item, self._names(name))

    def _names(self, name: str) -> list[str]:
        """What a column of places is likely to hold."""
        own = [(cercle, communes) for region, cercle, communes in self.model.country if region == self.model.region]
        if name == REFUGE.cercle:
            return [cercle for cercle, _ in own]
        return [commune for _, communes in own for commune in communes] if name == REFUGE.commune else []

    def _formulas(self) -> dict[str, str]:
        """Service column -> formula of a row."""
        found = {CHECK: checks.row_formula(self.grid, self.checks)}
        if self.grid.with_previous:
            keys, *values = self.lists.previous[self.grid.table.name]
            for name, column in zip(PREVIOUS, values, strict=True):
                found[name] = f'=IFERROR(INDEX({column},MATCH({self._key()},{keys},0)),"")'
        return found

    def _key(self) -> str:
        """`place_key` of a row as a formula."""
        cercle, commune, level = (self.grid.cell(name) for name in ("cercle", "commune", "level"))
        glue = f"&{checks.quoted(GLUE)}&"
        named = f'IF({level}={checks.quoted(RowLevel.CERCLE.fr)},"",{commune})'
        what = '""'
        if "site" in self.grid.at:
            what = f'IF({level}={checks.quoted(RowLevel.SITE.fr)},{self.grid.cell("site")},"")'
        elif "asylum_country" in self.grid.at:
            what = self.grid.cell("asylum_country")
        return glue.join((cercle, named, level, what))

    def _write_row(self, at: int, formulas: Mapping[str, str], stock: Stock | None) -> None:
        given = _prefilled(self.grid, stock) if stock else {}
        for column, name in enumerate(self.grid.columns):
            if name in formulas:
                style = "check" if name == CHECK else "previous"
                cached = "" if stock is None else say("check_fill") if name == CHECK else getattr(stock, PREVIOUS[name])
                cached = say("entry_no_previous") if cached is None else cached
                self.page.write_formula(at, column, formulas[name].replace(ROW, str(at + 1)), self.book.styles[style], cached)
            else:
                kind = paper.STYLE_OF.get(self.grid.table[name].kind, "text")
                paper.put(self.page, at, column, given.get(name), self.book.styles[f"entry_{kind}"])

    # --- what helps -----------------------------------------------------------------------------------------------------

    def _add_rules(self) -> None:
        for item in self.grid.fields:
            column = self.grid.at[item.name]
            area = (self.grid.first, column, self.grid.last, column)
            self.page.data_validation(*area, told_beside(item, self._rule(item)))

    def _rule(self, item: Field) -> dict[str, Any] | None:
        if item.choices is not None:
            return paper.list_rule(f"={self.lists.words[item.choices.__name__]}", strict=True)
        places = self._place_lists()
        if item.name in places:
            return paper.list_rule(f"={places[item.name]}".replace(ROW, str(self.grid.first + 1)), strict=False)
        return paper.value_rule(item, self.model.period.last_day)

    def _place_lists(self) -> dict[str, str]:
        """Column -> formula of its drop-down: each place within the one chosen to its left."""
        grid, lists = self.grid, self.lists
        found: dict[str, str] = {}
        if REFUGE.cercle in grid.at:
            found[REFUGE.cercle] = lists.cercles
            found[REFUGE.commune] = lists.dependent(grid.cell(REFUGE.cercle), lists.own_cercle, lists.own_commune)
        for place in checks.places_elsewhere(grid):
            region = checks.region_cell(grid, place, self.model)
            found[place.region] = lists.regions
            found[place.cercle] = lists.dependent(region, lists.region_of, lists.cercle_in)
            if place.commune:
                key = f"{region}&{checks.quoted(GLUE)}&{grid.cell(place.cercle)}"
                found[place.commune] = lists.dependent(key, lists.cercle_of, lists.commune_in)
        return found

    def _add_colours(self) -> None:
        grid, first = self.grid, str(self.grid.first + 1)
        kinds = [(when.replace(ROW, first), kind) for when, kind in checks.check_kinds(grid)]
        colour_states(self.book, self.page, self._area(CHECK), kinds)
        state = grid.cell(CHECK).replace(ROW, first)
        for item in grid.fields:
            if item.required:
                cell = grid.cell(item.name).replace(ROW, first)
                colour_states(self.book, self.page, self._area(item.name), [(f'AND({state}<>"",{cell}="")', "fill")])
            if item.is_count:
                wrong = checks.not_a_count(grid, item).replace(ROW, first)
                colour_states(self.book, self.page, self._area(item.name), [(wrong, "wrong")])
        for check in self.checks:
            if not check.word.startswith(say("check_fill")):
                kind = "explain" if check.word.startswith(say("check_explain")) else "wrong"
                for name in check.at:
                    colour_states(self.book, self.page, self._area(name), [(f"{state}={checks.quoted(check.word)}", kind)])

    def _area(self, name: str) -> tuple[int, int, int, int]:
        return self.grid.first, self.grid.at[name], self.grid.last, self.grid.at[name]

    def _set_up(self) -> None:
        grid = self.grid
        self.page.freeze_panes(grid.first, grid.at[CHECK] + 1)
        self.page.repeat_rows(grid.header)
        self.page.autofilter(grid.header, 0, grid.last, len(grid.columns) - 1)
        footer = say("entry_footer", region_name=self.model.region, month=self.model.month)
        paper.print_setup(self.page, footer=footer)
        if len(grid.columns) >= paper.WIDE:
            self.page.fit_to_pages(2, 0)
            self.page.repeat_columns(0, grid.at[CHECK])
        self.page.set_selection(grid.first, 0, grid.first, 0)
        protect(self.page)


def _prefilled(grid: Grid, stock: Stock) -> dict[str, str | None]:
    """What a row of last month's places already holds: the place, never a number."""
    what = next((name for name in ("site", "asylum_country") if name in grid.at), "")
    return {"cercle": stock.cercle, "commune": stock.commune, "level": stock.level.fr, what: stock.what}
