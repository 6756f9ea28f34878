"""From the returns to the official figure as a waterfall: a native chart over a table that says the same in numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from pipelines.io.diffusion.pages import Book, Cell, Column, Missing, Page, Row, capital, plain
from pipelines.io.diffusion.places import STOCK, Place, Places, records
from schemas import fields, texts
from schemas.codes import AdjustmentKind, Level, MissingReason

_ROWS = {Level.COUNTRY: 17, Level.REGION: 12}
_WIDE = {Level.COUNTRY: 960, Level.REGION: 640}
_SCALE = 72
"""Of the printed page, in percent: as wide as the paper. Fitting to the width would lose the page breaks."""


@dataclass(frozen=True, slots=True)
class Step:
    """A bar: what is added or taken away, or, as `end`, where the bars lead."""

    label: str
    reason: str
    value: int | Missing
    end: bool = False


@dataclass(frozen=True, slots=True)
class Waterfall:
    place: str
    level: Level
    steps: Sequence[Step]

    @property
    def check(self) -> str:
        """The message that says whether the steps lead to the last bar."""
        *steps, official = self.steps
        return bridge_check([step.value for step in steps], official.value)

    @property
    def bars(self) -> list[tuple[int, int, int, int]]:
        """Where each bar starts, how far it rises or falls, and the height of the last one."""
        drawn, at = [], 0
        for step in self.steps:
            value = 0 if isinstance(step.value, Missing) else step.value
            if step.end:
                drawn.append((0, 0, 0, value))
                continue
            drawn.append((min(at, at + value), max(value, 0), max(-value, 0), 0))
            at += value
        return drawn


def waterfalls(bridge: pd.DataFrame, places: Places, country: str, lang: str) -> Iterator[Waterfall]:
    """The country, from what each region's return says, then each region that has adjustments."""
    items: dict[str | None, list[Mapping[str, Any]]] = {}
    for row in records(bridge):
        if (row["population_group"], row["measure"], row["unit"]) == STOCK and row["level"] in (Level.COUNTRY, Level.REGION):
            items.setdefault(row["region"], []).append(row)
    for rows in items.values():
        rows.sort(key=lambda row: int(row["item"]))
    for place in places.of(Level.COUNTRY):
        steps = _country_steps(items, places, lang)
        yield Waterfall(country, Level.COUNTRY, [*steps, _official(places, place, lang)])
    for place in places.of(Level.REGION):
        if any(row["kind"] != AdjustmentKind.RETURN for row in items.get(place.region, ())):
            steps = [_step(row, places, place, lang) for row in items[place.region]]
            yield Waterfall(str(place.region), Level.REGION, [*steps, _official(places, place, lang)])


def _country_steps(items: Mapping[str | None, list[Mapping[str, Any]]], places: Places, lang: str) -> list[Step]:
    """One bar a region, unless what the country's bridge opens with is not the sum of them."""
    opening = [row for row in items.get(None, ()) if row["kind"] == AdjustmentKind.RETURN]
    others = [row for row in items.get(None, ()) if row["kind"] != AdjustmentKind.RETURN]
    regions = [
        _step(row, places, place, lang, label=str(place.region))
        for place in places.of(Level.REGION)
        for row in items.get(place.region, ())
        if row["kind"] == AdjustmentKind.RETURN
    ]
    told = sum(step.value for step in regions if isinstance(step.value, int))
    [country] = places.of(Level.COUNTRY)
    if told != sum(int(row["value"] or 0) for row in opening):
        regions = [_step(row, places, country, lang) for row in opening]
    return regions + [_step(row, places, country, lang) for row in others]


def _step(row: Mapping[str, Any], places: Places, place: Place, lang: str, label: str | None = None) -> Step:
    kind = AdjustmentKind(row["kind"])
    short = texts.message("cascade_return" if kind is AdjustmentKind.RETURN else "cascade_item", lang, number_of=str(row["item"]))
    return Step(label or short, capital(row["reason"] or kind.label(lang)), bridge_value(row, places, place))


def bridge_value(row: Mapping[str, Any], places: Places, place: Place) -> int | Missing:
    """The value of an item; a return without one was not received, or does not say it."""
    if row["value"] is not None:
        return int(row["value"])
    return Missing(MissingReason.NO_RETURN if places.is_silent(place) else MissingReason.NOT_REPORTED)


def bridge_check(values: Sequence[int | Missing], official: int | Missing) -> str:
    """The message that says whether items add up to a figure. Nothing but missing items goes with a missing figure."""
    known = [value for value in values if isinstance(value, int)]
    if not known and isinstance(official, Missing):
        return "bridge_nothing"
    return "bridge_adds_up" if not isinstance(official, Missing) and sum(known) == official else "bridge_does_not_add_up"


def _official(places: Places, place: Place, lang: str) -> Step:
    return Step(texts.message("bridge_official", lang), "", places.total(place), end=True)


def write(page: Page, waterfalls_: Sequence[Waterfall]) -> None:
    """Each waterfall as its table, with its chart below."""
    say, lang = page.say, page.book.lang
    columns = [
        Column(say("cascade_step"), style="text"), Column(fields.BRIDGE["reason"].label.in_(lang)), Column(fields.FIGURE["value"].label.in_(lang), style="signed"),
        *(Column(say(f"cascade_{name}"), style="count") for name in ("base", "up", "down", "official")),
    ]  # fmt: skip
    breaks = []
    for number, waterfall in enumerate(waterfalls_, start=1):
        if number % 2 == 0:  # the country alone, then two regions a page
            breaks.append(page.row)
        page.section(_title(waterfall, page.book))
        rows = [
            Row(_cells(step, bar, say(waterfall.check)), "total" if step.end else "")
            for step, bar in zip(waterfall.steps, waterfall.bars, strict=True)
        ]
        first, last = page.table(f"Cascade_{number}", columns, rows)
        _chart(page, waterfall, first, last)
    page.sheet.set_print_scale(_SCALE)
    page.sheet.set_h_pagebreaks(breaks)


def _title(waterfall: Waterfall, book: Book) -> str:
    return book.say("cascade_title_country" if waterfall.level is Level.COUNTRY else "cascade_title", place_name=waterfall.place)


def _cells(step: Step, bar: tuple[int, int, int, int], check: str) -> list[Cell]:
    base, up, down, official = bar
    shown: list[Cell] = [base, up or None, down or None, None]
    if step.end:
        shown = [None, None, None, step.value if isinstance(step.value, Missing) else official]
    elif isinstance(step.value, Missing):
        shown = [None, None, None, None]
    return [step.label, check if step.end else step.reason, plain(step.value) if step.end else step.value, *shown]


def _chart(page: Page, waterfall: Waterfall, first: int, last: int) -> None:
    book, name = page.book, page.name
    chart = book.workbook.add_chart({"type": "column", "subtype": "stacked"})
    looks: Sequence[tuple[int, dict[str, Any], str | None]] = (
        (3, {"fill": {"none": True}, "border": {"none": True}}, None),
        (4, {"fill": {"color": "#9DC3E6"}, "border": {"color": "#1F3864"}}, "#,##0;;"),
        # hatched: which bars fall is seen without colours
        (5, {"pattern": {"pattern": "wide_upward_diagonal", "fg_color": "#833C0B", "bg_color": "#FFFFFF"}, "border": {"color": "#833C0B"}}, '"−"#,##0;;'),
        (6, {"fill": {"color": "#1F3864"}}, "#,##0;;"),
    )  # fmt: skip
    for column, look, labels in looks:
        series = {
            "name": [name, first - 1, column], "categories": [name, first, 0, last, 0], "values": [name, first, column, last, column],
            "gap": 45, **look,
        }  # fmt: skip
        if labels:
            font = {"size": 9, "bold": True, "color": "#FFFFFF" if column == 6 else "#000000"}
            series["data_labels"] = {
                "value": True,
                "num_format": labels,
                "font": font,
                "position": "inside_end" if column == 6 else "inside_base",
            }
        chart.add_series(series)
    chart.set_title({"name": _title(waterfall, book), "name_font": {"size": 12}})
    chart.set_legend({"position": "bottom", "delete_series": [0]})
    chart.set_y_axis(
        {
            "num_format": "#,##0",
            "major_gridlines": {"visible": True, "line": {"color": "#D9D9D9"}},
            "name": page.say("cascade_axis"),
        }
    )
    chart.set_size({"width": _WIDE[waterfall.level], "height": 20 * _ROWS[waterfall.level]})
    page.sheet.insert_chart(page.row, 0, chart, {"description": _spoken(waterfall, book), "object_position": 1, "x_offset": 4})
    page.row += _ROWS[waterfall.level] + 2


def _spoken(waterfall: Waterfall, book: Book) -> str:
    """The chart in words, for who does not see it."""
    told = (
        f"{step.label} : {book.words(step.value) if isinstance(step.value, Missing) else texts.number(step.value, book.lang)}"
        for step in waterfall.steps
    )
    return book.say("cascade_spoken", place_name=waterfall.place, told=" ; ".join(told))
