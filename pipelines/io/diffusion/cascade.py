"""From the returns to the official figure as a waterfall: a native chart over a table that says the same in numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.io.diffusion.items import Item, Items, key_of
from pipelines.io.diffusion.pages import Book, Cell, Column, Missing, Page, Row, plain
from pipelines.io.diffusion.places import STOCK, Place, Places, records
from schemas import fields, texts
from schemas.codes import AdjustmentKind, Level, MissingReason
from schemas.frames import pd

WIDTHS = (46, 92, 16)
"""Of what people read: the step, its explanation, its value."""
_ROWS = {Level.COUNTRY: 22, Level.REGION: 13}
_WIDE = {Level.COUNTRY: 1080, Level.REGION: 720}
_HELD = ("base", "up", "down", "official", "top")
"""What the chart is drawn from stands in hidden columns right of it."""
_LOOKS: Mapping[str, dict[str, Any]] = {
    "base": {"fill": {"none": True}, "border": {"none": True}},
    "up": {"fill": {"color": "#9DC3E6"}, "border": {"color": "#1F3864"}},
    # hatched: which bars fall is seen without colours
    "down": {"pattern": {"pattern": "wide_upward_diagonal", "fg_color": "#833C0B", "bg_color": "#FFFFFF"}, "border": {"color": "#833C0B"}},
    "official": {"fill": {"color": "#1F3864"}},
}  # fmt: skip
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
class Bar:
    """Where a bar starts, how far it rises or falls, the height of the last one, and where its label stands: above it."""

    base: int
    up: int
    down: int
    official: int
    top: int


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
    def bars(self) -> list[Bar]:
        drawn, at = [], 0
        for step in self.steps:
            value = 0 if isinstance(step.value, Missing) else step.value
            if step.end:
                drawn.append(Bar(0, 0, 0, value, value))
                continue
            drawn.append(Bar(min(at, at + value), max(value, 0), max(-value, 0), 0, max(at, at + value)))
            at += value
        return drawn


def waterfalls(bridge: pd.DataFrame, places: Places, items: Items, country: str, lang: str) -> Iterator[Waterfall]:
    """The country, from what each region's return says of the region itself, then each region that has adjustments."""
    by_place: dict[str | None, list[Item]] = {}
    for row in records(bridge):
        if key_of(row) == STOCK and row["level"] in (Level.COUNTRY, Level.REGION):
            by_place.setdefault(row["region"], []).append(row)
    for rows in by_place.values():
        rows.sort(key=lambda row: int(row["item"]))
    for place in places.of(Level.COUNTRY):
        steps = _country_steps(by_place, places, items, lang)
        yield Waterfall(country, Level.COUNTRY, [*steps, _official(places, place, lang)])
    for place in places.of(Level.REGION):
        if any(row["kind"] != AdjustmentKind.RETURN for row in by_place.get(place.region, ())):
            steps = [_step(row, places, place, items) for row in by_place[place.region]]
            yield Waterfall(str(place.region), Level.REGION, [*steps, _official(places, place, lang)])


def _country_steps(by_place: Mapping[str | None, list[Item]], places: Places, items: Items, lang: str) -> list[Step]:
    """The bars of the regions, unless what the country's bridge opens with is not the sum of them; then the country's own items."""
    [country] = places.of(Level.COUNTRY)
    opening = [row for row in by_place.get(None, ()) if row["kind"] == AdjustmentKind.RETURN]
    others = [row for row in by_place.get(None, ()) if row["kind"] != AdjustmentKind.RETURN]
    regions = [
        step
        for place in places.of(Level.REGION)
        for step in _region_steps(by_place.get(place.region, ()), places, place, items, lang)
    ]
    told = sum(step.value for step in regions if isinstance(step.value, int))
    if told != sum(int(row["value"] or 0) for row in opening):
        regions = [_step(row, places, country, items) for row in opening]
    return regions + [_step(row, places, country, items) for row in others]


def _region_steps(rows: Sequence[Item], places: Places, place: Place, items: Items, lang: str) -> Iterator[Step]:
    """What a region's own return says of it, then, a bar for each return, what those of other regions hold of it."""
    region = str(place.region)
    received: dict[str | None, int] = {}
    for row in rows:
        if row["kind"] == AdjustmentKind.MOVED_IN:
            host = items.host(row)
            received[host] = received.get(host, 0) + int(row["value"] or 0)
    elsewhere = sum(int(row["value"] or 0) for row in rows if row["kind"] == AdjustmentKind.MOVED_OUT)
    for row in rows:
        if row["kind"] == AdjustmentKind.RETURN:
            said = bridge_value(row, places, place)
            reason = texts.message("cascade_without_guests", lang) if elsewhere else items.reason(row)
            if isinstance(said, int) or not received:
                yield Step(region, reason, said + elsewhere if isinstance(said, int) else said)
    for host, value in received.items():
        name = texts.message("item_received_in" if host else "item_received_elsewhere", lang, place_name=region, region_name=host)
        yield Step(name, texts.message("cascade_received_in", lang), value)


def _step(row: Item, places: Places, place: Place, items: Items) -> Step:
    return Step(items.name(row), items.reason(row), bridge_value(row, places, place))


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
        *(Column(say(f"cascade_{name}"), style="count") for name in _HELD),
    ]  # fmt: skip
    page.sheet.set_column(len(WIDTHS), len(columns) - 1, None, None, {"hidden": True})
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


def _cells(step: Step, bar: Bar, check: str) -> list[Cell]:
    shown: list[Cell] = [bar.base, bar.up or None, bar.down or None, None, bar.top]
    if step.end:
        shown = [None, None, None, step.value if isinstance(step.value, Missing) else bar.official, bar.top]
    elif isinstance(step.value, Missing):
        shown = [None, None, None, None, bar.top]
    return [step.label, check if step.end else step.reason, plain(step.value) if step.end else step.value, *shown]


def _chart(page: Page, waterfall: Waterfall, first: int, last: int) -> None:
    """Stacked columns of which the lowest is not seen, and above them, on a line that is not seen, their labels: a stacked column
    has room for a label inside alone, which is where a small one cannot be read."""
    book, title = page.book, _title(waterfall, page.book)
    chart = book.workbook.add_chart({"type": "column", "subtype": "stacked"})
    for held, look in _LOOKS.items():
        chart.add_series(_series(page, held, first, last) | {"gap": 45, **look})
    labels = {
        "value": True, "position": "above", "font": {"size": 10, "bold": True, "color": "#000000"},
        "custom": [{"value": _label(step, book)} for step in waterfall.steps],
    }  # fmt: skip
    above = book.workbook.add_chart({"type": "line"})
    unseen = {"line": {"none": True}, "marker": {"type": "none"}}
    above.add_series(_series(page, "top", first, last) | unseen | {"data_labels": labels})
    chart.combine(above)
    chart.show_hidden_data()
    chart.set_title({"name": title, "name_font": {"size": 12}})
    chart.set_legend({"position": "bottom", "delete_series": [_HELD.index("base"), _HELD.index("top")]})
    chart.set_x_axis({"num_font": {"size": 9}})
    lines = {"visible": True, "line": {"color": "#D9D9D9"}}
    chart.set_y_axis({"num_format": "#,##0", "major_gridlines": lines, "name": page.say("cascade_axis")})
    chart.set_size({"width": _WIDE[waterfall.level], "height": 20 * _ROWS[waterfall.level]})
    page.sheet.insert_chart(page.row, 0, chart, {"description": _spoken(waterfall, book), "object_position": 1, "x_offset": 4})
    page.row += _ROWS[waterfall.level] + 2


def _series(page: Page, held: str, first: int, last: int) -> dict[str, Any]:
    """The column of `_HELD` of the table whose cells are in rows `first` to `last`, by the names of its steps."""
    column = len(WIDTHS) + _HELD.index(held)
    return {
        "name": [page.name, first - 1, column], "categories": [page.name, first, 0, last, 0],
        "values": [page.name, first, column, last, column],
    }  # fmt: skip


def _label(step: Step, book: Book) -> str:
    if isinstance(step.value, Missing):
        return book.say("draft_missing_bare")
    return texts.number(step.value, book.lang).replace("-", "−")


def _spoken(waterfall: Waterfall, book: Book) -> str:
    """The chart in words, for who does not see it."""
    told = (
        f"{step.label} : {book.words(step.value) if isinstance(step.value, Missing) else texts.number(step.value, book.lang)}"
        for step in waterfall.steps
    )
    return book.say("cascade_spoken", place_name=waterfall.place, told=" ; ".join(told))
