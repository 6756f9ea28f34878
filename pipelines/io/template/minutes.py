"""The *procès-verbal de validation régionale*: one printable page that fills itself from the entry sheets, for the regional meeting
to sign. Its number, date and authority are those of the sheet Identification: they are the visa."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from pipelines.io.template import paper
from pipelines.io.template.checks import quoted
from pipelines.io.template.entry import FormSheet, colour_states, protect
from pipelines.io.template.grid import CHECK, Grid
from pipelines.io.template.model import FicheModel, say, typeset
from pipelines.io.template.paper import FONT, Book
from schemas import fields
from schemas.codes import Basis, YesNo

_INK: paper.Style = {**FONT, "border": 1, "border_color": "#7F7F7F"}
_CENTRED: paper.Style = {**FONT, "align": "center", "text_wrap": True}
STYLES: Mapping[str, paper.Style] = {
    "state": {**_CENTRED, "bold": True},
    "state_small": {**_CENTRED, "italic": True},
    "pv_title": {**_CENTRED, "bold": True, "font_size": 16, "font_color": "#1F3864", "top": 2, "bottom": 2},
    "pv_subtitle": {**_CENTRED, "bold": True, "font_size": 12},
    "pv_label": {**_INK, "bold": True, "bg_color": "#D9E2F3", "indent": 1},
    "pv_value": {**_INK, "align": "left", "indent": 1},
    "pv_date": {**_INK, "align": "left", "indent": 1, "num_format": "dd/mm/yyyy"},
    "pv_text": {**FONT, "text_wrap": True, "valign": "top"},
    "pv_warning": {**_CENTRED, "bold": True, "font_color": "#9C0006"},
    "pv_head": {**_INK, "bold": True, "text_wrap": True, "align": "center", "bg_color": "#1F3864", "font_color": "#FFFFFF"},
    "pv_place": {**_INK, "indent": 1},
    "pv_count": {**_INK, "align": "right", "num_format": "#,##0"},
    "pv_change": {**_INK, "align": "right", "num_format": "+#,##0;-#,##0;0"},
    "pv_share": {**_INK, "align": "right", "num_format": "0.0%"},
    "pv_change_share": {**_INK, "align": "right", "num_format": "+0.0%;-0.0%;0.0%"},
    "pv_total_place": {**_INK, "bold": True, "indent": 1, "bg_color": "#F2F2F2", "top": 2},
    "pv_total_count": {**_INK, "bold": True, "align": "right", "num_format": "#,##0", "bg_color": "#F2F2F2", "top": 2},
    "pv_total_change": {**_INK, "bold": True, "align": "right", "num_format": "+#,##0;-#,##0;0", "bg_color": "#F2F2F2", "top": 2},
    "pv_total_share": {**_INK, "bold": True, "align": "right", "num_format": "0.0%", "bg_color": "#F2F2F2", "top": 2},
    "pv_total_change_share": {
        **_INK, "bold": True, "align": "right", "num_format": "+0.0%;-0.0%;0.0%", "bg_color": "#F2F2F2", "top": 2,
    },
    "pv_free": {**_INK, "text_wrap": True, "valign": "top", "locked": False},
    "pv_sign": {**_INK, "locked": False, "text_wrap": True, "indent": 1},
    "pv_note": {**FONT, "font_size": 9, "italic": True, "text_wrap": True, "font_color": "#404040"},
}  # fmt: skip
WIDTHS = (21, 10.5, 10.5, 12.5, 12, 11, 13.5, 9.5, 12.5)
_LAST = len(WIDTHS) - 1
_TALL = 30.0
"""Height of a line to sign on."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the table by cercle. `formula` is written with `{cercle}`, `{row}` and the letters of other columns."""

    label: str
    style: str
    formula: str
    total: str


class Minutes:
    """Writes the page. `grids` are the entry sheets by table, `form` the identification."""

    def __init__(self, book: Book, page: Worksheet, model: FicheModel, grids: Mapping[str, Grid], form: FormSheet) -> None:
        self.book, self.page, self.model, self.grids, self.form = book, page, model, grids, form
        self.row = 0

    def write(self) -> None:
        for column, width in enumerate(WIDTHS):
            self.page.set_column(column, column, width)
        self._letterhead()
        self._titles()
        self._visa()
        self._text(say("minutes_opening", month=self.model.month, last_day=self.model.period.last_day), lines=2)
        self._figures()
        self._open_checks()
        self._meeting()
        self._signatures()
        self._set_up()

    # --- head -------------------------------------------------------------------------------------------------------------

    def _merge(self, first: int, last: int, value: Any, style: str, cached: Any = None) -> None:
        """A text, or a formula with its value, across columns of the current row."""
        formats = self.book.styles[style]
        if first == last:
            self.page.write_blank(self.row, first, None, formats)
        else:
            self.page.merge_range(self.row, first, self.row, last, "", formats)
        if isinstance(value, str) and value.startswith("="):
            self.page.write_formula(self.row, first, value, formats, cached)
        elif value:
            self.page.write_string(self.row, first, value, formats)

    def _down(self, height: float | None = None) -> None:
        if height is not None:
            self.page.set_row(self.row, height)
        self.row += 1

    def _letterhead(self) -> None:
        """The State on the right, the services on the left."""
        left = [(self.model.ministry.upper(), "state", 28.0), (say("minutes_rule"), "state_small", 12.0),
                (say("minutes_direction"), "state", 28.0), (say("minutes_rule"), "state_small", 12.0),
                (say("minutes_regional_direction", directorate=self.model.directorate), "state", 42.0)]  # fmt: skip
        right = [(say("minutes_republic"), "state"), (say("minutes_rule"), "state_small"), (say("minutes_motto"), "state_small")]
        for at, (text, style, height) in enumerate(left):
            self._merge(0, 4, text, style)
            if at < len(right):
                self._merge(5, _LAST, *right[at])
            self._down(height)
        self._down(8)

    def _titles(self) -> None:
        self._merge(0, _LAST, say("minutes_title"), "pv_title")
        self._down(26)
        region = self.form.cell("region")
        lead = say("minutes_subtitle", month=self.model.month)
        self._merge(0, _LAST, f"={quoted(lead)}&{region}", "pv_subtitle", lead + self.model.region)
        self._down(20)
        parts = [self.form.cell(name) for name in ("validated_on", "minutes_number", "validated_by")]
        signed = ",".join(f'{part}<>""' for part in parts)
        warning = say("minutes_provisional")
        formula = f'=IF(AND({self.form.cell("validated")}={quoted(YesNo.YES.fr)},{signed}),"",{quoted(warning)})'
        self._merge(0, _LAST, formula, "pv_warning", warning)
        self._down(18)

    def _visa(self) -> None:
        """The visa as the sheet Identification says it, two pairs a line."""
        names = ("minutes_number", "validated_on", "validated_by", "version", "prepared_by", "prepared_on")
        for left, right in zip(names[::2], names[1::2], strict=True):
            for name, (label, first, last) in ((left, (0, 1, 4)), (right, (5, 7, _LAST))):
                item = fields.IDENTIFICATION[name]
                self._merge(label, first - 1, item.label.fr, "pv_label")
                cell = self.form.cell(name)
                style = "pv_date" if name.endswith("_on") else "pv_value"
                self._merge(first, last, f'=IF({cell}="","",{cell})', style, 1 if name == "version" else "")
            self._down(20)
        self._down(8)

    def _text(self, text: str, *, lines: int) -> None:
        self._merge(0, _LAST, typeset(text), "pv_text")
        self._down(lines * 14.0 + 2)

    # --- figures ----------------------------------------------------------------------------------------------------------

    def _sum(self, table: str, name: str, *more: str) -> tuple[str, str]:
        """The sum of a count of the rows of a cercle, and of all rows; a dash where nothing was written, which is not zero."""
        grid, none = self.grids[table], quoted(say("minutes_none"))
        counts, cercles = grid.column(name, outside=True), grid.column("cercle", outside=True)
        also = "".join(f",{part}" for part in more)
        of_cercle = f'=IF(COUNTIFS({cercles},{{cercle}},{counts},">=0")=0,{none},SUMIFS({counts},{cercles},{{cercle}}{also}))'
        total = f"SUMIFS({counts}{also})" if more else f"SUM({counts})"
        return of_cercle, f"=IF(COUNT({counts})=0,{none},{total})"

    def _columns(self) -> list[Column]:
        idp, none = fields.IDP.name, quoted(say("minutes_none"))
        alert = (self.grids[idp].column("basis", outside=True), quoted(Basis.ALERT.fr))
        change = f"=IF(OR(NOT(ISNUMBER(C{{row}})),NOT(ISNUMBER(D{{row}}))),{none},C{{row}}-D{{row}})"
        share = f"=IF(NOT(ISNUMBER(E{{row}})),{none},IF(D{{row}}=0,{none},E{{row}}/D{{row}}))"
        alert_share = f"=IF(NOT(ISNUMBER(G{{row}})),{none},IF(C{{row}}=0,0,G{{row}}/C{{row}}))"
        return [
            Column(say("minutes_households"), "count", *self._sum(idp, "households")),
            Column(say("minutes_individuals"), "count", *self._sum(idp, "individuals")),
            Column(say("column_previous_individuals"), "count", "", ""),
            Column(say("minutes_change"), "change", change, change),
            Column(say("minutes_change_share"), "change_share", share, share),
            Column(say("minutes_alert"), "count", *self._sum(idp, "individuals", *alert)),
            Column(say("minutes_alert_share"), "share", alert_share, alert_share),
            Column(say("minutes_returnees"), "count", *self._sum(fields.RETURNEE.name, "individuals")),
        ]

    def _figures(self) -> None:
        columns = self._columns()
        self._merge(0, 0, say("minutes_cercle"), "pv_head")
        for at, column in enumerate(columns, start=1):
            self._merge(at, at, column.label, "pv_head")
        self._down(48)
        first = self.row
        past = self.model.previous
        for cercle in self.model.cercles:
            self._line(columns, cercle, past.cercles.get(cercle) if past else None)
        self._unlisted(columns, first)
        self._total(columns, past.region if past else None)
        source = say("minutes_source", past=past.name) if past else say("minutes_no_source")
        self._merge(0, _LAST, typeset(f"{source} {say('minutes_notes')}"), "pv_note")
        self._down(28)

    def _line(self, columns: list[Column], cercle: str, before: int | None) -> None:
        self._merge(0, 0, cercle, "pv_place")
        cell = xl_rowcol_to_cell(self.row, 0, col_abs=True)
        for at, column in enumerate(columns, start=1):
            style = self.book.styles[f"pv_{column.style}"]
            if not column.formula:
                paper.put(self.page, self.row, at, say("minutes_none") if before is None else before, style)
                continue
            formula = column.formula.format(cercle=cell, row=self.row + 1)
            self.page.write_formula(self.row, at, formula, style, say("minutes_none"))
        self._down(19)

    def _unlisted(self, columns: list[Column], first: int) -> None:
        """What rows under a name that is no cercle of the region hold, so that nothing is missing from the total."""
        self._merge(0, 0, say("minutes_unlisted"), "pv_place")
        number, none = self.row + 1, quoted(say("minutes_none"))
        for at, column in enumerate(columns, start=1):
            style, letter = self.book.styles[f"pv_{column.style}"], xl_col_to_name(at)
            if column.total and "{row}" not in column.total:
                rest = f"{letter}{number + 1}-SUM({letter}{first + 1}:{letter}{number - 1})"
                formula = f"=IF(NOT(ISNUMBER({letter}{number + 1})),{none},IF({rest}=0,{none},{rest}))"
                self.page.write_formula(self.row, at, formula, style, say("minutes_none"))
            else:
                self.page.write_string(self.row, at, say("minutes_none"), style)
        self._down(19)

    def _total(self, columns: list[Column], before: int | None) -> None:
        self._merge(0, 0, say("minutes_total"), "pv_total_place")
        for at, column in enumerate(columns, start=1):
            style = self.book.styles[f"pv_total_{column.style}"]
            if not column.total:
                paper.put(self.page, self.row, at, say("minutes_none") if before is None else before, style)
                continue
            formula = column.total.format(row=self.row + 1)
            self.page.write_formula(self.row, at, formula, style, say("minutes_none"))
        self._down(22)

    def _open_checks(self) -> None:
        """How many rows were begun, and of how many the check is not right."""
        right = quoted(say("check_ok"))
        ranges = [grid.column(CHECK, outside=True) for grid in self.grids.values()]
        begun = "+".join(f"SUMPRODUCT(--(LEN({cells})>0))" for cells in ranges)
        rightly = "+".join(f"COUNTIF({cells},{right})" for cells in ranges)
        untouched = len(self.model.previous.stocks) if self.model.previous else 0
        self._merge(0, 3, say("minutes_begun"), "pv_label")
        self._merge(4, 4, f"={begun}", "pv_count", untouched)
        self._merge(5, 7, say("minutes_open"), "pv_label")
        self._merge(_LAST, _LAST, f"={begun}-({rightly})", "pv_count", untouched)
        cell = xl_rowcol_to_cell(self.row, _LAST, row_abs=True, col_abs=True)
        states = [(f"{cell}>0", "wrong"), (f"{cell}=0", "right")]
        colour_states(self.book, self.page, (self.row, _LAST, self.row, _LAST), states)
        self._down(17)
        self._down(6)

    # --- foot -------------------------------------------------------------------------------------------------------------

    def _meeting(self) -> None:
        self._merge(0, _LAST, say("minutes_remarks"), "pv_label")
        self._down(16)
        self._merge(0, _LAST, "", "pv_free")
        self._down(80)
        self._down(6)
        self._text(say("minutes_closing"), lines=2)

    def _signatures(self) -> None:
        spans = ((0, 1), (2, 3), (4, 5), (6, _LAST))
        for span, key in zip(spans, ("body", "name", "function", "signature"), strict=True):
            self._merge(*span, say(f"minutes_sign_{key}"), "pv_head")
        self._down(18)
        for body in self.model.signatories:
            for span, text in zip(spans, (body, "", "", ""), strict=True):
                self._merge(*span, text, "pv_sign")
            self._down(_TALL)
        self._down(6)
        self._merge(4, _LAST, say("minutes_done_at"), "pv_text")
        self._down(18)

    def _set_up(self) -> None:
        footer = say("entry_footer", region_name=self.model.region, month=self.model.month)
        paper.print_setup(self.page, footer=footer)
        self.page.set_portrait()
        self.page.fit_to_pages(1, 1)
        self.page.center_horizontally()
        self.page.print_area(0, 0, self.row - 1, _LAST)
        protect(self.page)
