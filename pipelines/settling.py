"""Decisions into the table of the month: totals, their breakdowns and the bridge. Pure.

A delta is added at its place and at every place above. Its breakdown follows: people who come are a part that nobody described
(`_U`), people who leave are taken from that part while it lasts; beyond it the description of the place no longer holds, and is
withdrawn there and from the places above, so that no other place loses its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipelines.compilation import (
    ADJUSTMENT_COLUMNS,
    COUNTRY,
    DIMENSIONS,
    FIGURE_COLUMNS,
    GRADES,
    KEY,
    WEAKEST_LAST,
    assert_bridge,
    breakdowns,
    chain_of,
    one_reason,
    status_of,
    why_no_claim,
)
from pipelines.model import Compiled, Settlement
from pipelines.places import Gazetteer
from schemas.codes import TOTAL, UNKNOWN, Action, AdjustmentKind, Basis, Grade, Measure, MissingReason
from schemas.frames import pd

Key = tuple[str, str, str, str]
"""place, group, measure, unit."""
Cell = tuple[str, ...]
"""One value of each of DIMENSIONS."""

_WHOLE: Cell = (TOTAL,) * len(DIMENSIONS)


@dataclass(frozen=True, slots=True)
class Reach:
    """Which totals a decision about a place touches."""

    inside: frozenset[tuple[str, str, str]]
    """(place, group, measure) of communes that the whole-cercle row above them already counts."""
    gazetteer: Gazetteer

    @classmethod
    def of(cls, compiled: Compiled, gazetteer: Gazetteer) -> Reach:
        bridge = compiled.adjustments
        steps = bridge[bridge["kind"] == str(AdjustmentKind.INSIDE_CERCLE_ROW)]
        counted = zip(steps["about_place_id"], steps["population_group"], steps["measure"], strict=True)
        return cls(frozenset(counted), gazetteer)

    def places(self, place_id: str, group: str, measure: str, *, additional: bool) -> tuple[str, ...]:
        """The place and all above it. The number of a commune inside a whole-cercle row goes no further up than itself, as the
        cercle already counts it; people who come on top do."""
        alone = not additional and (place_id, group, measure) in self.inside
        return (place_id,) if alone else tuple(chain_of(place_id, self.gazetteer))

    def order(self, item: Settlement) -> tuple[Any, ...]:
        """From the lowest places up, people who come on top last: so no total ever falls below what is left in it."""
        depth = len(chain_of(item.place_id, self.gazetteer))
        return item.additional, -depth, item.place_id, item.population_group, item.measure, item.unit, item.reason


def settle(compiled: Compiled, settlements: Iterable[Settlement], gazetteer: Gazetteer) -> Compiled:
    """The month with the decisions in its figures, breakdowns and bridge. The order of `settlements` changes no byte. Raises
    BridgeError when figures and bridge do not add up."""
    reach = Reach.of(compiled, gazetteer)
    ordered = sorted(settlements, key=reach.order)
    if not ordered:
        return compiled
    places = [reach.places(s.place_id, s.population_group, s.measure, additional=s.additional) for s in ordered]
    keys = {_key(place, item) for item, chain in zip(ordered, places, strict=True) for place in chain}
    figures = compiled.figures
    touched = pd.Series([key in keys for key in _keys(figures)], index=figures.index, dtype=bool)
    table = _open(figures[touched], keys, gazetteer)
    for item, chain in zip(ordered, places, strict=True):
        _enter(table, item, chain)
    settled = pd.DataFrame([line for key in sorted(table) for line in _written(key, table[key])], columns=FIGURE_COLUMNS)
    figures = pd.concat([figures[~touched], settled.astype(figures.dtypes.to_dict())], ignore_index=True)
    for name in ("missing_reason", "basis"):
        figures[name] = figures[name].astype(object).where(figures[name].notna(), None)
    figures = figures.sort_values(FIGURE_COLUMNS[:12], ignore_index=True)
    adjustments = _bridge(compiled.adjustments, ordered, places, gazetteer)
    assert_bridge(figures[(figures[DIMENSIONS] == TOTAL).all(axis=1)], adjustments)
    return replace(compiled, figures=figures, adjustments=adjustments)


# --- figures ------------------------------------------------------------------------------------------------------------

Line = dict[str, Any]
Table = dict[Key, dict[Cell, Line]]


def _key(place_id: str, item: Settlement) -> Key:
    return place_id, item.population_group, item.measure, item.unit


def _keys(frame: pd.DataFrame) -> Iterator[Key]:
    return zip(frame["place_id"], *(frame[name] for name in KEY), strict=True)


def _open(figures: pd.DataFrame, keys: Iterable[Key], gazetteer: Gazetteer) -> Table:
    """The lines of each touched total, with a missing one where there is none yet."""
    table: Table = {key: {_WHOLE: _no_figure(key, gazetteer)} for key in keys}
    for row in figures.to_dict("records"):
        line: Line = {str(name): None if pd.isna(value) else value for name, value in row.items()}
        cell = tuple(line[name] for name in DIMENSIONS)
        table[line["place_id"], line["population_group"], line["measure"], line["unit"]][cell] = line
    return table


def _no_figure(key: Key, gazetteer: Gazetteer) -> Line:
    place_id, group, measure, unit = key
    return {
        "place_id": place_id, "level": gazetteer.place(place_id).level, "population_group": group, "measure": measure, "unit": unit,
        **dict.fromkeys(DIMENSIONS, TOTAL), "value": None, "missing_reason": str(MissingReason.NOT_REPORTED), "obs_status": None,
        "basis": None, "grade": None, "carried_months": 0,
    }  # fmt: skip


def _enter(table: Table, item: Settlement, chain: Sequence[str]) -> None:
    """One decision into the totals and breakdowns of its place and of those above."""
    for dims in breakdowns(item.population_group, item.measure, item.unit):
        _enter_breakdown(table, item, chain, dims)
    for place in chain:
        _enter_total(table[_key(place, item)][_WHOLE], item, itself=place == item.place_id)


def _enter_breakdown(table: Table, item: Settlement, chain: Sequence[str], dims: Sequence[str]) -> None:
    own = table[_key(item.place_id, item)]
    unknown = _cell(dims, UNKNOWN)
    left = own[unknown]["value"] if unknown in own else 0
    known = {}
    if item.delta < 0 and left + item.delta < 0:
        known = {cell: int(line["value"]) for cell, line in own.items() if _is_part(cell, dims) and cell != unknown}
    for place in chain:
        lines = table[_key(place, item)]
        for cell, persons in known.items():
            _add(lines, cell, -persons, item)
        _add(lines, unknown, item.delta + sum(known.values()), item)


def _cell(dims: Sequence[str], word: str) -> Cell:
    return tuple(word if name in dims else TOTAL for name in DIMENSIONS)


def _is_part(cell: Cell, dims: Sequence[str]) -> bool:
    """Whether a cell is a part of a breakdown, and neither one of its margins nor of another breakdown."""
    return all((value != TOTAL) == (name in dims) for name, value in zip(DIMENSIONS, cell, strict=True))


def _add(lines: dict[Cell, Line], cell: Cell, persons: int, item: Settlement) -> None:
    """A part from which everybody is taken away is one that nobody tells of any more, and no zero."""
    line = lines.get(cell)
    value = persons + (line["value"] if line else 0)
    if value == 0:
        lines.pop(cell, None)
        return
    reasons = [line["missing_reason"]] if line else []
    if persons > 0:
        stock = item.measure == Measure.STOCK
        reasons.append(str(MissingReason.NOT_REPORTED if stock else MissingReason.NOT_COLLECTED))
    given = line or {**lines[_WHOLE], **dict(zip(DIMENSIONS, cell, strict=True))}
    lines[cell] = {**given, "value": value, "missing_reason": _reason(reasons)}


def _reason(reasons: Iterable[Any]) -> str | None:
    return one_reason(pd.Series(list(reasons), dtype=object))


def _enter_total(line: Line, item: Settlement, *, itself: bool) -> None:
    missing = line["value"] is None
    line["value"] = (line["value"] or 0) + item.delta
    line["missing_reason"] = None
    excluded = item.action is Action.EXCLUDE
    if excluded and line["value"] == 0:
        # nobody says that nobody is there: what was said is not counted
        line |= {
            "value": None,
            "missing_reason": str(MissingReason.REJECTED),
            "basis": None,
            "grade": str(Grade.D),
            "carried_months": 0,
        }
    elif itself and not item.additional and not excluded:
        line |= {"basis": item.basis, "grade": _grade(item), "carried_months": _carried(item)}
    else:
        before = str(Grade.D) if missing and not itself else line["grade"]
        line["basis"] = line["basis"] if excluded else _last_of(WEAKEST_LAST, line["basis"], item.basis)
        line["grade"] = _last_of(GRADES, before, _grade(item))
        line["carried_months"] = max(line["carried_months"], _carried(item))


def _last_of(order: Sequence[str], *values: str | None) -> str | None:
    given = [order.index(value) for value in values if value is not None]
    return str(order[max(given)]) if given else None


def _grade(item: Settlement) -> str:
    """A decision stands in for a region's validation, but is none."""
    return str(Grade.C if item.months is not None and item.months <= 1 else Grade.D)


def _carried(item: Settlement) -> int:
    return (item.months or 0) if item.basis == Basis.CARRIED_FORWARD else 0


def _written(key: Key, lines: Mapping[Cell, Line]) -> Iterator[Line]:
    """The lines of one total with the margins of its breakdowns, all with the basis and grade of the total. What a decision has
    changed no region has validated."""
    families = breakdowns(*key[1:])
    margins = {cell for cell in lines for dims in families if _is_margin(cell, dims)}
    kept = {cell: line for cell, line in lines.items() if cell not in margins}
    whole = kept[_WHOLE]
    for line in (*kept.values(), *(line for dims in families if len(dims) == 2 for line in _margins(kept, dims))):
        missing = line["value"] is None
        inherited = {name: whole[name] for name in ("basis", "grade", "carried_months")}
        yield {**line, **inherited, "obs_status": status_of(missing, whole["carried_months"], True)}


def _is_margin(cell: Cell, dims: Sequence[str]) -> bool:
    told = [name for name, value in zip(DIMENSIONS, cell, strict=True) if value != TOTAL]
    return len(dims) == 2 and len(told) == 1 and told[0] in dims


def _margins(lines: Mapping[Cell, Line], dims: Sequence[str]) -> Iterator[Line]:
    parts = {cell: line for cell, line in lines.items() if _is_part(cell, dims)}
    for kept, other in ((dims[0], dims[1]), (dims[1], dims[0])):
        by_word: dict[str, list[Line]] = {}
        for line in parts.values():
            by_word.setdefault(line[kept], []).append(line)
        for group in by_word.values():
            reason = _reason(line["missing_reason"] for line in group)
            yield {**group[0], other: TOTAL, "value": sum(line["value"] for line in group), "missing_reason": reason}


# --- the bridge ---------------------------------------------------------------------------------------------------------


def _bridge(
    before: pd.DataFrame, settlements: Sequence[Settlement], places: Sequence[Sequence[str]], gazetteer: Gazetteer
) -> pd.DataFrame:
    """The bridge with one item a decision at each place that it changes, after those that were there."""
    last = before.groupby(["place_id", *KEY])["item"].max().to_dict()
    opened = before[(before["kind"] == str(AdjustmentKind.RETURN)) & before["value"].notna()]
    received = set(opened["place_id"])
    lines: list[Line] = []
    pairs = sorted(zip(settlements, places, strict=True), key=lambda pair: (pair[0].decision_id, pair[0].place_id))
    for item, chain in pairs:
        for place in chain:
            key = _key(place, item)
            if key not in last:
                last[key] = 0
                lines.append(_opening(key, received, gazetteer))
            last[key] += 1
            lines.append(
                {**dict(zip(["place_id", *KEY], key, strict=True)), "item": last[key], "kind": str(AdjustmentKind.DECISION),
                 "value": item.delta, "reason": item.reason, "about_place_id": item.place_id, "decision_id": item.decision_id}
            )  # fmt: skip
    added = pd.DataFrame(lines, columns=ADJUSTMENT_COLUMNS, dtype=object)
    texts = ["missing_reason", "reason", "about_place_id", "sheet", "cell"]
    added[texts] = added[texts].where(added[texts].notna(), None)
    bridge = pd.concat([before, added.astype(before.dtypes.to_dict())], ignore_index=True)
    return bridge.sort_values(["place_id", *KEY, "item"], ignore_index=True)


def _opening(key: Key, received: set[str], gazetteer: Gazetteer) -> Line:
    """Where no return says anything, the bridge begins with that."""
    reason = why_no_claim(key[0], received - {COUNTRY}, gazetteer)
    return {
        **dict(zip(["place_id", *KEY], key, strict=True)), "item": 0, "kind": str(AdjustmentKind.RETURN),
        "missing_reason": str(reason), "reason": str(AdjustmentKind.RETURN.fr),
    }  # fmt: skip
