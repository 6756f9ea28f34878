"""The return held against what others say of the same people: local services, partners, other regions. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from typing import Any

from pipelines.model import Compared, Discrepancy, NotComparable
from pipelines.sources import RETURNS_LINEAGE
from pipelines.triangulation.comparisons import (
    RETURN,
    About,
    Told,
    asymmetry,
    comparison,
    discrepancy,
    not_comparable,
    severity,
    told_by_return,
    told_in_past,
)
from pipelines.triangulation.evidence import Evidence, Moved, Thresholds
from pipelines.triangulation.statements import NEAR_DAYS, PRINTED, TABLES, Stated, add_up, series_of
from schemas import fields, texts
from schemas.codes import Measure, Movement, PopulationGroup, Scope, Unit

# --- the root cause: numbers that circulate outside the return --------------------------------------------------------------


@comparison("CIRCULATED_GAP", joins=("REGION_SUM",))
def circulated_gap(evidence: Evidence, _: Thresholds, told: Told) -> Iterator[Discrepancy]:
    """A total or a request that a local service circulates outside the return, and the return's own total: any gap counts, since
    both claim to come from the same lists."""
    for (place_id, group), items in _by_place(evidence, local=True):
        item = _widest(evidence, place_id, group, items)
        if item is None:
            continue
        own = _own(evidence, item)
        assert own is not None and own.value is not None and item.value is not None
        params = {"organisation": item.organisation, "stated": item.value, "unit": item.unit, "stated_on": item.day,
                  "now": own.value, "gap": abs(item.value - own.value)}  # fmt: skip
        yield discrepancy(
            evidence, About("CIRCULATED_GAP", place_id, group, item.measure, item.unit),
            _both_units(evidence, place_id, group, items), item.value - own.value, params,
            parties=(RETURN, "circulated"), beside=[_past_of(evidence, item)], persons=_persons_between(evidence, item, items),
        )  # fmt: skip


def _by_place(evidence: Evidence, *, local: bool) -> Iterator[tuple[tuple[str, str], list[Stated]]]:
    """(place, group) -> the comparable numbers of both units, local ones or those of other sources."""
    found: dict[tuple[str, str], list[Stated]] = defaultdict(list)
    for (place_id, group, _, _), items in sorted(evidence.stated.comparable.items()):
        found[place_id, group].extend(item for item in items if item.local is local)
    yield from ((key, items) for key, items in found.items() if items)


def _own(evidence: Evidence, item: Stated) -> Compared | None:
    return told_by_return(evidence, item.place_id, item.group, item.measure, item.unit, TABLES[PopulationGroup(item.group)])


def _past_of(evidence: Evidence, item: Stated) -> Compared | None:
    return told_in_past(evidence, item.place_id, item.group, item.measure, item.unit)


def _widest(evidence: Evidence, place_id: str, group: str, items: Sequence[Stated]) -> Stated | None:
    """The number that is furthest from the return's, persons before households; None when none differs or the return is silent."""
    apart = [(item, own) for item in items if (own := _own(evidence, item)) is not None and own.value != item.value]
    if not apart:
        return None
    order = [Unit.INDIVIDUAL, Unit.HOUSEHOLD]
    return min(
        apart,
        key=lambda pair: (order.index(Unit(pair[0].unit)), -abs((pair[0].value or 0) - (pair[1].value or 0)), pair[0].where),
    )[0]


def _persons_between(evidence: Evidence, item: Stated, items: Sequence[Stated]) -> int | None:
    """The persons between a source and the return where both count persons; None where a gap in households has to stand for them."""
    of_source = [other for other in items if other.unit == Unit.INDIVIDUAL and other.source_id == item.source_id
                 and other.organisation == item.organisation]  # fmt: skip
    own = _own(evidence, of_source[0]) if of_source else None
    return abs((of_source[0].value or 0) - own.value) if own is not None and own.value is not None else None


def _both_units(evidence: Evidence, place_id: str, group: str, items: Sequence[Stated]) -> list[Compared]:
    """The return's numbers beside those of each source, households and individuals."""
    values: list[Compared] = []
    for unit in (Unit.INDIVIDUAL, Unit.HOUSEHOLD):
        of_unit = [item for item in items if item.unit == unit]
        if of_unit and (own := _own(evidence, of_unit[0])) is not None:
            values.extend([own, *(item.compared() for item in of_unit)])
    return values


# --- other organisations --------------------------------------------------------------------------------------------------


@comparison("UNREGISTERED_PEOPLE")
def unregistered_people(evidence: Evidence, t: Thresholds, told: Told) -> Iterator[Discrepancy]:
    """People that a source knows and no list holds: they contradict no register, they may be added to it."""
    latest: dict[tuple[str, ...], Stated] = {}
    for item in sorted(evidence.stated.stocks, key=lambda item: (item.day or "", item.where)):
        if item.scope == Scope.ADDITIONAL:  # what a source says of a village later stands for what it said before
            latest[(*_told_by(item), item.unit, item.quoted or item.where)] = item
    added = list(latest.values())
    for _, group in groupby(sorted(added, key=_told_by), _told_by):
        by_unit = {unit: add_up(list(same), item.place_id) for unit, same in _by_unit(group) for item in same[:1]}
        item = by_unit.get(str(Unit.INDIVIDUAL)) or by_unit[str(Unit.HOUSEHOLD)]
        assert item.value is not None
        if item.value < t["persons"]:
            continue
        own = _own(evidence, item)
        params = {"organisation": item.organisation, "stated": item.value, "unit": item.unit, "stated_on": item.day,
                  "registered": [own.value, item.unit] if own else None}  # fmt: skip
        yield discrepancy(
            evidence, About("UNREGISTERED_PEOPLE", item.place_id, item.group, item.measure, item.unit),
            [own, *(each.compared() for _, each in sorted(by_unit.items(), reverse=True))], item.value, params, additional=True,
            partner=item.organisation, distinct=[item.organisation],
        )  # fmt: skip


def _told_by(item: Stated) -> tuple[str, ...]:
    return item.place_id, item.group, item.measure, item.organisation, item.source_id


def _by_unit(items: Iterable[Stated]) -> Iterator[tuple[str, list[Stated]]]:
    """The numbers of one source about one place by unit: villages of one commune are added up."""
    ordered = sorted(items, key=lambda item: (item.unit, item.where))
    for unit, same in groupby(ordered, lambda item: item.unit):
        yield str(unit), list(same)


@comparison("PART_OVER_WHOLE")
def part_over_whole(evidence: Evidence, t: Thresholds, told: Told) -> Iterator[Discrepancy]:
    """Part of a place never holds more people than the whole of it."""
    for item in evidence.stated.stocks:
        own = _own(evidence, item) if item.scope == Scope.PARTIAL and _near(evidence, item) else None
        if own is None or own.value is None or item.value is None or item.value - own.value <= own.value * t["share"]:
            continue
        params = {
            "organisation": item.organisation,
            "stated": item.value,
            "unit": item.unit,
            "stated_on": item.day,
            "now": own.value,
        }
        yield discrepancy(
            evidence, About("PART_OVER_WHOLE", item.place_id, item.group, item.measure, item.unit),
            [own, item.compared(takes=False)], item.value - own.value, params, partner=item.organisation,
            distinct=[item.organisation], beside=[_past_of(evidence, item)],
        )  # fmt: skip


def _near(evidence: Evidence, item: Stated) -> bool:
    return item.as_of is not None and abs((item.as_of - evidence.period.last_day).days) <= NEAR_DAYS


@comparison("SOURCE_GAP")
def source_gap(evidence: Evidence, t: Thresholds, told: Told) -> Iterator[Discrepancy]:
    """The stock of another organisation. One line for a place, with a witness of each lineage side by side."""
    for (place_id, group), items in _by_place(evidence, local=False):
        if _told_below(evidence, place_id, group, items, t):
            continue
        worst = max(((gap, item) for item in items if (gap := _gap(evidence, item, t)) is not None),
                    key=lambda pair: (pair[1].unit == Unit.INDIVIDUAL, abs(pair[0]), pair[1].where), default=None)  # fmt: skip
        if worst is None:
            continue
        gap, item = worst
        own = _own(evidence, item)
        assert own is not None and own.value is not None and item.value is not None
        apart = asymmetry(own.value, item.value)
        same = item.lineage == RETURNS_LINEAGE
        params = {"organisation": item.organisation, "stated": item.value, "unit": item.unit, "stated_on": item.day,
                  "now": own.value, "gap": abs(gap), "more": gap > 0, "of_return": abs(gap) / own.value if own.value else None,
                  "same_lineage": same}  # fmt: skip
        yield discrepancy(
            evidence, About("SOURCE_GAP", place_id, group, item.measure, item.unit),
            _both_units(evidence, place_id, group, items), gap, params,
            beside=[_past_of(evidence, item)],
            severe=severity(apart, t), partner=item.organisation, parties=(RETURN, "sources"),
            persons=_persons_between(evidence, item, items),
        )  # fmt: skip


def _gap(evidence: Evidence, item: Stated, t: Thresholds) -> int | None:
    """Stated less told, where it is over the amber threshold and no handful of people."""
    own = _own(evidence, item)
    if own is None or own.value is None or item.value is None:
        return None
    gap = item.value - own.value
    persons = abs(gap) * (evidence.household_size if item.unit == Unit.HOUSEHOLD else 1)
    return gap if persons >= t["persons"] and severity(asymmetry(own.value, item.value), t) is not None else None


def _told_below(evidence: Evidence, place_id: str, group: str, items: Sequence[Stated], t: Thresholds) -> bool:
    """Whether the gap of a place is that of the places in it, of which the same source speaks."""
    if evidence.level(place_id) == "commune":
        return False
    sources = {item.source_id for item in items}
    below = sum(
        abs(gap)
        for (inner, inner_group), inner_items in _by_place(evidence, local=False)
        if inner != place_id and inner_group == group and evidence.within(inner, place_id)
        for item in inner_items
        if item.unit == Unit.INDIVIDUAL and item.source_id in sources and (gap := _gap(evidence, item, t)) is not None
    )
    whole = max(
        (abs(gap) for item in items if item.unit == Unit.INDIVIDUAL and (gap := _gap(evidence, item, t)) is not None), default=0
    )
    return below >= whole / 2 > 0


def agreed(evidence: Evidence) -> frozenset[tuple[str, str, str]]:
    """(place, group, measure) that a source of an independent lineage confirms: the persons it states are within the amber
    threshold of the return's."""
    limit = evidence.thresholds("SOURCE_GAP")["amber"]
    found = set()
    for (place_id, group, measure, unit), items in evidence.stated.comparable.items():
        own = evidence.now.get((place_id, group, measure, unit))
        independent = [
            item.value for item in items if item.lineage != RETURNS_LINEAGE and item.value is not None and item.is_named
        ]
        if unit == Unit.INDIVIDUAL and own and independent and all(asymmetry(own, value) <= limit for value in independent):
            found.add((place_id, group, measure))
    return frozenset(found)


@comparison("REGION_SUM")
def region_sum(evidence: Evidence, t: Thresholds, told: Told) -> Iterator[Discrepancy]:
    """What a source states of a region, and what it states of the cercles of that region."""
    stocks = [item for item in evidence.stated.all if item.value is not None and item.scope == Scope.WHOLE]
    told_of: set[tuple[str, ...]] = set()
    for whole in sorted(stocks, key=lambda item: item.unit != Unit.INDIVIDUAL):
        source = (whole.place_id, whole.group, whole.measure, whole.source_id, whole.organisation)
        if evidence.level(whole.place_id) != "region" or source in told_of:
            continue
        parts = [item for item in stocks if series_of(item) == series_of(whole) and evidence.level(item.place_id) == "cercle"
                 and evidence.within(item.place_id, whole.place_id)]  # fmt: skip
        wanted = {place for place in evidence.own_places if evidence.within(place, whole.place_id)}
        covered = all(any(evidence.within(place, part.place_id) for part in parts) for place in wanted)
        added = sum(part.value or 0 for part in parts)
        if len(parts) < 2 or not covered or whole.value is None or abs(whole.value - added) < t["persons"]:
            continue
        summed = Compared(texts.message("source_sum_of_cercles", organisation=whole.organisation), added, whole.unit, whole.day or "",
                          f"{parts[0].where} … {parts[-1].where.rsplit(', ', 1)[-1]}", f"{whole.source_id}:sum")  # fmt: skip
        params = {"organisation": whole.organisation, "stated": whole.value, "unit": whole.unit, "stated_on": whole.day,
                  "added": added, "gap": abs(whole.value - added)}  # fmt: skip
        told_of.add(source)
        yield discrepancy(
            evidence, About("REGION_SUM", whole.place_id, whole.group, whole.measure, whole.unit),
            [whole.compared(), summed, _own(evidence, whole)], whole.value - added, params, partner=whole.organisation,
            distinct=[whole.organisation],
        )  # fmt: skip


# --- the same people twice ------------------------------------------------------------------------------------------------


@comparison("DOUBLE_COUNT")
def double_count(evidence: Evidence, t: Thresholds, told: Told) -> Iterator[Discrepancy]:
    """Two places with the very same households and individuals, or two places that each count the arrivals of one alert."""
    yield from _same_counts(evidence, t)
    yield from _same_alert(evidence, t)


def _same_counts(evidence: Evidence, t: Thresholds) -> Iterator[Discrepancy]:
    idp = evidence.told[(evidence.told["table"] == fields.IDP.name) & ~evidence.told["inside"].astype(bool)]
    known = idp[idp["place_id"].notna() & idp["households"].notna() & (idp["individuals"].fillna(0) >= t["persons"])]
    counts = ["households", "individuals"]
    twice = known[known.groupby(counts)["place_id"].transform("nunique") > 1]
    for _, group in twice.groupby(counts, sort=True):
        rows = group.sort_values(["place_id", "sheet", "row"]).to_dict("records")
        if any(_came_by_it(evidence, row, t) for row in rows):
            yield _counted_twice(evidence, rows[0], rows[1], int(rows[0]["individuals"]))


def _came_by_it(evidence: Evidence, row: Mapping[Any, Any], t: Thresholds) -> bool:
    """Whether a place came by its number this month. Two numbers that have moved a little and meet are chance, and those that were
    one already have been said."""
    before = evidence.stock(row["place_id"], past=True)
    return before is None or int(row["individuals"]) - before >= t["share"] * int(row["individuals"])


def _counted_twice(evidence: Evidence, one: Mapping[Any, Any], other: Mapping[Any, Any], persons: int, alert: str | None = None) -> Discrepancy:  # fmt: skip
    """About the place that rose the most, since it is the one that took the people of the other over."""

    def rise(row: Mapping[Any, Any]) -> int:
        return (evidence.stock(row["place_id"]) or 0) - (evidence.stock(row["place_id"], past=True) or 0)

    first, second = (other, one) if rise(one) > rise(other) else (one, other)
    values = []
    for row, source_id in ((second, RETURN), (first, f"place:{first['place_id']}")):
        cell = evidence.cell_of_row(row)
        label = texts.message("source_return_of", at_place=evidence.named(row["place_id"]))
        values.append(
            Compared(label, int(row["individuals"]), str(Unit.INDIVIDUAL), str(evidence.period.last_day), str(cell), source_id)
        )
    params = {
        "other_place": evidence.named(first["place_id"]),
        "persons": persons,
        "households": int(second["households"] or 0),
        "alert": alert,
    }
    past = told_in_past(evidence, second["place_id"], PopulationGroup.IDP, Measure.STOCK, Unit.INDIVIDUAL)
    return discrepancy(
        evidence, About("DOUBLE_COUNT", second["place_id"]), values, persons, params, cell=evidence.cell_of_row(second),
        distinct=[first["place_id"]], beside=[past],
    )  # fmt: skip


def _same_alert(evidence: Evidence, t: Thresholds) -> Iterator[Discrepancy]:
    """Arrivals that quote one alert at two places, each as many as the event had in all."""
    moves = evidence.movements
    quoting = moves[(moves["movement"] == Movement.ARRIVAL) & moves["alert_number"].notna() & moves["to_place_id"].notna()]
    for number, group in quoting.groupby("alert_number", sort=True):
        rows = (
            group[group["individuals"].fillna(0) >= t["persons"]].sort_values(["to_place_id", "sheet", "row"]).to_dict("records")
        )
        for one, other in pairwise(rows):
            alike = asymmetry(int(one["individuals"]), int(other["individuals"])) <= t["alike"]
            if alike and one["to_place_id"] != other["to_place_id"]:
                placed = [{**row, "place_id": row["to_place_id"]} for row in (one, other)]
                yield _counted_twice(evidence, placed[0], placed[1], int(one["individuals"]), alert=str(number))


def mirror_gap(evidence: Evidence, moved: Moved, start: str, end: str, t: Thresholds) -> int:
    """Left less arrived where both regions list their movements: positive when the region reached did not see them come, negative
    when it counts as displaced again more than left. 0 within the tolerance."""
    regions = {evidence.gazetteer.region_of(start), evidence.gazetteer.region_of(end)}
    if not regions <= evidence.listing:
        return 0
    tolerance = max(t["persons"], t["share"] * max(moved.left, moved.arrived))
    if moved.left - moved.arrived > tolerance:
        return moved.left - moved.arrived
    return moved.left - moved.arrived_secondary if moved.arrived_secondary - moved.left > tolerance else 0


@comparison("SECONDARY_MIRROR")
def secondary_mirror(evidence: Evidence, t: Thresholds, told: Told) -> Iterator[Discrepancy]:
    """People who left one region for another, as the two ends tell it. Within one region one row tells both."""
    for (start, end), moved in sorted(evidence.moves_between.items()):
        gap = mirror_gap(evidence, moved, start, end, t)
        if not gap:
            continue
        arrived = moved.arrived if gap > 0 else moved.arrived_secondary
        silent = end if gap > 0 else start
        source = [Compared(texts.message(f"source_{side}", at_place=evidence.named(place)), value, str(Unit.INDIVIDUAL),
                           str(evidence.period.last_day), None, f"{side}:{place}")
                  for side, place, value in (("left", start, moved.left), ("arrived", end, arrived))]  # fmt: skip
        params = {"from_place": evidence.named(start), "to_place": evidence.named(end), "left": moved.left, "arrived": arrived,
                  "silent_place": evidence.named(silent), "gap": abs(gap)}  # fmt: skip
        measure = Measure.ARRIVALS if gap > 0 else Measure.DEPARTURES
        yield discrepancy(
            evidence, About("SECONDARY_MIRROR", silent, measure=str(measure)), source, gap, params, distinct=[start, end],
        )  # fmt: skip


# --- what is not held against each other ------------------------------------------------------------------------------------


def set_aside(evidence: Evidence) -> tuple[NotComparable, ...]:
    """The numbers that are not compared with the stock of their place, each source once for a place, with the reason. They stand
    beside the return's numbers or, when no return speaks of the place, beside the fullest that a source gives of it."""
    found = list(_copies(evidence))
    said = [*evidence.stated.stocks, *(item for item in evidence.stated.all if item.value is None or item.measure not in _LEVELS)]
    aside = [(item, reason) for item in said if (reason := _why_aside(evidence, item)) is not None]
    keyed = sorted(aside, key=lambda pair: _aside_key(*pair))
    for _, group in groupby(keyed, key=lambda pair: _aside_key(*pair)):
        pairs = list(group)
        found.append(_aside(evidence, [item for item, _ in pairs], pairs[0][1]))
    return tuple(sorted(found, key=lambda item: (item.place_id, item.population_group, item.reason, str(item.values))))


def _aside_key(item: Stated, reason: str) -> tuple[str, ...]:
    return item.place_id, item.group, item.measure, reason, item.organisation, str(item.as_of), item.quoted or ""


_LEVELS = (Measure.STOCK, Measure.CUMULATIVE)
_RELEVANT_DAYS = 45
"""Published totals further from the month than this are of no use beside it."""


def _why_aside(evidence: Evidence, item: Stated) -> str | None:
    if item.table == PRINTED or (item.published and not _within(evidence, item, _RELEVANT_DAYS)):
        return None
    if item.scope == Scope.INACCESSIBLE:
        return "not_comparable_inaccessible"
    if item.scope == Scope.ADDITIONAL or item.value is None:
        return None
    if item.measure not in _LEVELS:
        return "not_comparable_flow"
    reason = evidence.stated.why_not(item)
    if reason is not None or _own(evidence, item) is not None:
        return reason
    return None if item.published else "not_comparable_no_return"


def _within(evidence: Evidence, item: Stated, days: int) -> bool:
    return item.as_of is not None and abs((item.as_of - evidence.period.last_day).days) <= days


def _aside(evidence: Evidence, items: Sequence[Stated], reason: str) -> NotComparable:
    """The numbers of one source about one place, households and individuals, beside those of the return or of another source."""
    items = sorted(items, key=lambda item: item.unit != Unit.HOUSEHOLD)
    first = items[0]
    besides = [beside for item in items if (beside := _own(evidence, item) or _fullest(evidence, item)) is not None]
    if reason in ("not_comparable_no_return", "not_comparable_inaccessible"):
        besides = []
    beside = besides[0] if besides else None
    params = {
        "organisation": first.organisation, "counts": [[item.value, item.unit] for item in items], "quoted": first.quoted,
        "stated_on": str(first.as_of) if first.as_of else None, "beside_on": beside.as_of if beside else None,
        "beside_counts": [[each.value, each.unit] for each in besides], "beside_source": _called(beside),
        "make_whole": _make_whole(evidence, first, beside),
    }  # fmt: skip
    if beside is None and reason not in ("not_comparable_no_return", "not_comparable_inaccessible"):
        reason = f"{reason}_alone"
    values = [*besides, *(item.compared(takes=False) for item in items)]
    return not_comparable(evidence, first.place_id, first.group, values, reason, **params)


def _make_whole(evidence: Evidence, item: Stated, beside: Compared | None) -> int | None:
    """The number beside, when the parts that a source counts of a place add up to it."""
    if item.scope != Scope.PARTIAL or not item.quoted:
        return None
    parts = {
        other.quoted: other.value or 0
        for other in evidence.stated.all
        if (*_aside_key(other, "")[:3], *_aside_key(other, "")[4:6], other.unit, other.scope)
        == (*_aside_key(item, "")[:3], *_aside_key(item, "")[4:6], item.unit, Scope.PARTIAL)
    }
    whole = beside.value if beside is not None and beside.unit == item.unit else None
    return whole if len(parts) > 1 and whole is not None and sum(parts.values()) == whole else None


def _called(beside: Compared | None) -> str | None:
    return None if beside is None else beside.source_id if beside.source_id == RETURN else beside.source


def _fullest(evidence: Evidence, item: Stated) -> Compared | None:
    """The largest number that another source gives of the whole place, one of about the same day before any other."""
    others = [
        other for other in evidence.stated.all
        if (other.place_id, other.group, other.unit) == (item.place_id, item.group, item.unit) and other.scope == Scope.WHOLE
        and other.organisation != item.organisation and other.value is not None and _within(evidence, other, _RELEVANT_DAYS)
    ]  # fmt: skip

    def nearness(other: Stated) -> tuple[Any, ...]:
        apart = abs((other.as_of - item.as_of).days) if other.as_of and item.as_of else _RELEVANT_DAYS
        return apart > NEAR_DAYS, -(other.value or 0), other.organisation

    best = min(others, key=nearness, default=None)
    return best.compared(takes=False) if best else None


def _copies(evidence: Evidence) -> Iterator[NotComparable]:
    """Sources of one lineage that repeat one number are one witness."""
    whole = [item for item in evidence.stated.stocks if evidence.stated.why_not(item) is None]
    keyed = sorted(whole, key=lambda i: (i.place_id, i.group, i.measure, i.unit, i.lineage, i.organisation, i.where))
    for (place, group, _, unit, _), same in groupby(keyed, lambda i: (i.place_id, i.group, i.measure, i.unit, i.lineage)):
        items = {item.organisation: item for item in same}
        if len(items) > 1 and len({item.value for item in items.values()}) == 1:
            values = [item.compared(takes=False) for item in items.values()]
            yield not_comparable(evidence, place, group, values, "not_comparable_lineage", organisation=list(items),
                                 counts=[[values[0].value, unit]])  # fmt: skip
