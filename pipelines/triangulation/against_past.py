"""The return held against its own past. Real changes are big: what is asked for is an explanation, never a correction. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from math import log
from statistics import mean, median
from typing import Any

from pipelines.model import Compared, Discrepancy
from pipelines.triangulation.against_events import events_at, persons_of
from pipelines.triangulation.against_sources import mirror_gap
from pipelines.triangulation.comparisons import About, Told, comparison, discrepancy, severity, told_by_return, told_in_past
from pipelines.triangulation.evidence import COUNTRY, Evidence, Thresholds
from schemas import fields, texts
from schemas.codes import FLOW_SIGNS, TOTAL, UNKNOWN, Basis, Measure, Movement, PopulationGroup, Severity, Shelter, Unit
from schemas.frames import pd

IDP, STOCK, PERSONS = str(PopulationGroup.IDP), str(Measure.STOCK), str(Unit.INDIVIDUAL)
ON_SITES = (Shelter.SPONTANEOUS_SITE, Shelter.PLANNED_SITE, Shelter.COLLECTIVE_CENTRE)


def _stocks(evidence: Evidence, place_id: str) -> tuple[int, int] | None:
    """The IDPs of a place before and now, when both are known and it is the return that speaks now."""
    before, now = evidence.stock(place_id, past=True), evidence.stock(place_id)
    return (before, now) if before is not None and now is not None else None


def _sides(evidence: Evidence, place_id: str, group: str = IDP, measure: str = STOCK, unit: str = PERSONS, table: str = "idp") -> list[Compared | None]:  # fmt: skip
    return [
        told_by_return(evidence, place_id, group, measure, unit, table),
        told_in_past(evidence, place_id, group, measure, unit),
    ]


def _past_params(evidence: Evidence) -> dict[str, Any]:
    assert evidence.past is not None
    return {"past_month": str(evidence.past.period), "past": evidence.past.name}


# --- returns that did not come ------------------------------------------------------------------------------------------


@comparison("RETURN_CARRIED")
def return_carried(evidence: Evidence, _: Thresholds, told: Told) -> Iterator[Discrepancy]:
    """A region of which no return says a word stands with the people of its past: whether it may is for the CMP to decide."""
    spoken = {head.region_id for head in evidence.heads} | set(evidence.rows["home_region"])
    for region in sorted(
        {place for place, *_ in evidence.carried if place != COUNTRY and evidence.level(place) == "region"} - spoken
    ):
        now = evidence.stock(region)
        if now is None:
            continue
        values = [*_sides(evidence, region), *_sides(evidence, region, unit=str(Unit.HOUSEHOLD))]
        yield discrepancy(
            evidence, About("RETURN_CARRIED", region), values, now, {"now": now, **_past_params(evidence)}, severe=Severity.RED
        )


# --- cumulative returnees -----------------------------------------------------------------------------------------------


@comparison("RETURNEES_FALL")
def returnees_fall(evidence: Evidence, _: Thresholds, told: Told) -> Iterator[Discrepancy]:
    """Returnees are counted cumulatively since 2012: what falls is a mistake or a correction that has to be explained."""
    group, measure = str(PopulationGroup.IDP_RETURNEE), str(Measure.CUMULATIVE)
    rows = evidence.told[evidence.told["table"] == fields.RETURNEE.name]
    for place in sorted(set(rows["place_id"].dropna())):
        now, before = (side.get((place, group, measure, PERSONS)) for side in (evidence.now, evidence.before))
        if now is None or before is None or now >= before:
            continue
        cells = evidence.cells(place, fields.RETURNEE.name)
        yield discrepancy(
            evidence, About("RETURNEES_FALL", place, group, measure), _sides(evidence, place, group, measure, table=fields.RETURNEE.name),
            now - before, {"before": before, "now": now, "gap": before - now, **_past_params(evidence)}, severe=Severity.RED,
            cell=cells[0] if cells else None,
        )  # fmt: skip


@comparison("RETURNS_UNMATCHED", joins=("RETURNEES_FALL",))
def returns_unmatched(evidence: Evidence, t: Thresholds, told: Told) -> Iterator[Discrepancy]:
    """By cercle: the returns that movements bring there, and what the cumulative returnees rose by. Only between two months that
    follow each other."""
    if not evidence.follows:
        return
    group, measure = str(PopulationGroup.IDP_RETURNEE), str(Measure.CUMULATIVE)
    returned = _returns_to_cercles(evidence)
    rows = evidence.told[evidence.told["table"] == fields.RETURNEE.name]
    cercles = {evidence.gazetteer.cercle_of(place) for place in rows["place_id"].dropna()} | set(returned)
    for cercle in sorted(place for place in cercles if place is not None):
        key = (cercle, group, measure, PERSONS)
        if evidence.gazetteer.region_of(cercle) not in evidence.listing or key not in evidence.now or key not in evidence.before:
            continue
        if key in evidence.carried_before:
            continue
        rise, moved = evidence.now[key] - evidence.before[key], returned.get(cercle, 0)
        if rise < 0 or abs(rise - moved) <= max(t["persons"], t["share"] * max(rise, moved)):
            continue
        if rise > moved and _a_return_is_missing(evidence):
            continue
        moves = Compared(texts.message("source_movements"), moved, PERSONS, str(evidence.period.last_day), None, "movements")
        cells = evidence.cells(cercle, fields.RETURNEE.name)
        yield discrepancy(
            evidence, About("RETURNS_UNMATCHED", cercle, group, measure),
            [*_sides(evidence, cercle, group, measure, table=fields.RETURNEE.name), moves], rise - moved,
            {"rise": rise, "moved": moved, "gap": abs(rise - moved), **_past_params(evidence)}, cell=cells[0] if len(cells) == 1 else None,
        )  # fmt: skip


def _a_return_is_missing(evidence: Evidence) -> bool:
    """Whether a region that was counted before has sent nothing: those who left it for home are in no list of the month."""
    told = {head.region_id for head in evidence.heads}
    carried = {place for place, *_ in evidence.carried if place != COUNTRY}
    return any((evidence.gazetteer.region_of(place) or place) not in told for place in carried)


def _returns_to_cercles(evidence: Evidence) -> Mapping[str, int]:
    moves = evidence.movements
    back = moves[(moves["movement"] == Movement.RETURN) & moves["to_place_id"].notna()]
    cercles = back["to_place_id"].map(lambda place: evidence.gazetteer.cercle_of(place) or place)
    return {str(cercle): int(total) for cercle, total in back["individuals"].fillna(0).groupby(cercles).sum().items()}


# --- stocks -------------------------------------------------------------------------------------------------------------


@comparison("HOUSEHOLD_SIZE_SHIFT")
def household_size_shift(evidence: Evidence, t: Thresholds, told: Told) -> Iterator[Discrepancy]:
    """Persons per household of a place against its past: people do not change the size of their households in a month."""
    for place in evidence.own_places:
        counts = [evidence.stock(place, unit, past=past) for past in (True, False) for unit in (Unit.HOUSEHOLD, Unit.INDIVIDUAL)]
        if evidence.past is None or any(not count for count in counts):
            continue
        households_before, before, households, now = (int(count or 0) for count in counts)
        size_before, size = before / households_before, now / households
        severe = severity(abs(size - size_before) / size_before, t)
        if severe is None or now < t["persons"] or _size_is_told(evidence, place):
            continue
        cells = evidence.cells(place, name="households")
        gap = households - round(now / size_before)
        yield discrepancy(
            evidence, About("HOUSEHOLD_SIZE_SHIFT", place, unit=str(Unit.HOUSEHOLD)),
            [*_sides(evidence, place, unit=str(Unit.HOUSEHOLD)), *_sides(evidence, place)], gap,
            {"size": size, "size_before": size_before, "households": households, "now": now, **_past_params(evidence)},
            severe=severe, cell=cells[0] if cells else None,
        )  # fmt: skip


def _size_is_told(evidence: Evidence, place_id: str) -> bool:
    """A size that no household has is a finding at its row already."""
    limits = evidence.thresholds("SIZE_UNUSUAL")
    cells = zip(evidence.cells(place_id, name="households"), evidence.cells(place_id), strict=True)
    sizes = [one.value / other.value for other, one in cells if other.value and one.value]
    return any(not limits["low"] <= size <= limits["high"] for size in sizes)


@comparison("COUNT_FROZEN")
def count_frozen(evidence: Evidence, t: Thresholds, told: Told) -> Iterator[Discrepancy]:
    """A region of which no number moved since last month. A list that nobody reads again stays as it is."""
    for region in evidence.regions if evidence.past is not None else ():
        places = [place for place in evidence.own_places if evidence.within(place, region)]
        counted = [place for place in places if evidence.stock(place) or evidence.stock(place, past=True)]
        if len(counted) < t["places"] or any(evidence.stock(place) != evidence.stock(place, past=True) for place in counted):
            continue
        cells = evidence.cells(counted[0])
        persons = sum(evidence.stock(place) or 0 for place in counted)
        params = {"count": len(counted), "persons": persons, **_past_params(evidence)}
        yield discrepancy(evidence, About("COUNT_FROZEN", region), _sides(evidence, region), 0, params, persons=persons,
                          cell=cells[0] if cells else None)  # fmt: skip


@comparison("PLACE_FROZEN", joins=("SOURCE_GAP", "COUNT_FROZEN"))
def place_frozen(evidence: Evidence, t: Thresholds, told: Told) -> Iterator[Discrepancy]:
    """A place whose number has stayed for several months, in a region where others move."""
    frozen = {item.place_id for item in told.found if item.rule == "COUNT_FROZEN"}
    for place in evidence.own_places if evidence.past is not None else ():
        months, persons = _months_frozen(evidence, place), evidence.stock(place) or 0
        if months < t["months"] or persons < t["persons"] or any(evidence.within(place, region) for region in frozen):
            continue
        cells = evidence.cells(place)
        yield discrepancy(evidence, About("PLACE_FROZEN", place), _sides(evidence, place), 0, {"months": months, "persons": persons},
                          persons=persons, cell=cells[0] if cells else None)  # fmt: skip


def _months_frozen(evidence: Evidence, place_id: str) -> int:
    """How many months before this one had the very number of this month, without a break."""
    now, months, expected = evidence.stock(place_id), 0, evidence.period.previous()
    for period, value in reversed(evidence.series.get((place_id, IDP, STOCK, PERSONS), ())):
        if period != expected or value != now:
            break
        months, expected = months + 1, period.previous()
    return months


def residual(evidence: Evidence, place_id: str) -> int | None:
    """What movements leave unexplained of a place's stock; None where the past is not the month before, or the return of its region
    does not list movements."""
    if not evidence.follows or _speaker(evidence, place_id) not in evidence.listing or evidence.stock(place_id) is None:
        return None
    if (place_id, IDP, STOCK, PERSONS) in evidence.carried_before:  # the movements of the month without a return are in no list
        return None
    return (evidence.stock(place_id) or 0) - _expected(evidence, place_id)


def _speaker(evidence: Evidence, place_id: str) -> str | None:
    rows = evidence.told[(evidence.told["table"] == fields.IDP.name) & (evidence.told["place_id"] == place_id)]
    return None if rows.empty else str(rows["region_id"].iloc[0])


def _expected(evidence: Evidence, place_id: str) -> int:
    return (evidence.stock(place_id, past=True) or 0) + sum(
        sign * evidence.flow(place_id, measure) for measure, sign in FLOW_SIGNS.items()
    )


@comparison("STOCK_FLOW", joins=("SOURCE_GAP", "DOUBLE_COUNT", "CIRCULATED_GAP", "EVENT_WITHOUT_TRACE", "SECONDARY_MIRROR"))
def stock_flow(evidence: Evidence, t: Thresholds, told: Told) -> Iterator[Discrepancy]:
    """The stock, and what last month's stock and the movements of the month make. Arrivals that only the place they left has told
    are the defect of another rule."""
    for place in evidence.own_places:
        gap, now = residual(evidence, place), evidence.stock(place)
        if gap is None or now is None or abs(gap) <= max(t["share"] * now, t["persons"]):
            continue
        if abs(gap - _told_elsewhere(evidence, place)) <= max(t["share"] * now, t["persons"]):
            continue
        flows = {str(measure): evidence.flow(place, measure) for measure in FLOW_SIGNS}
        cells = evidence.cells(place)
        before = evidence.stock(place, past=True)
        params = {"before": before or 0, "new_place": before is None, "expected": _expected(evidence, place), "now": now, "gap": abs(gap),
                  "more": gap > 0, "flows": {name: value for name, value in flows.items() if value}, **_past_params(evidence)}  # fmt: skip
        severe = Severity.RED if abs(gap) > max(t["red"] * now, t["persons"]) else Severity.AMBER
        yield discrepancy(evidence, About("STOCK_FLOW", place), _sides(evidence, place), gap, params, severe=severe,
                          cell=cells[0] if cells else None)  # fmt: skip


def _told_elsewhere(evidence: Evidence, place_id: str) -> int:
    """The arrivals that the cercle of a place does not tell and the region they left does."""
    limits = evidence.thresholds("SECONDARY_MIRROR")
    cercle = evidence.gazetteer.cercle_of(place_id) or place_id
    return sum(
        gap for (start, end), moved in evidence.moves_between.items()
        if end == cercle and (gap := mirror_gap(evidence, moved, start, end, limits)) > 0
    )  # fmt: skip


def accounted(evidence: Evidence, place_id: str) -> int:
    """The persons by which events and assessments account for a rise at a place."""
    total = 0
    for event in events_at(place_id, evidence):
        counted = persons_of(event, evidence)
        total += counted[1] if counted else 0
    rows = evidence.told[(evidence.told["table"] == fields.IDP.name) & (evidence.told["place_id"] == place_id)]
    assessed = rows[
        (rows["basis"] == Basis.ASSESSMENT)
        & rows["observed_on"].map(lambda day: not pd.isna(day) and day >= evidence.period.first_day)
    ]
    return max(total + _quoting_earlier(evidence, place_id), int(assessed["individuals"].fillna(0).sum()))


def _quoting_earlier(evidence: Evidence, place_id: str) -> int:
    """The arrivals at a place that quote an alert of the month before: people of its last days are registered in this one."""
    moves = evidence.movements
    late = moves[moves["alert_number"].isin(evidence.earlier_numbers) & (moves["to_place_id"] == place_id)]
    return int(late["individuals"].fillna(0).sum())


def _is_explained(evidence: Evidence, place_id: str, change: int, t: Thresholds) -> bool:
    """Whether movements make the change and, for a rise, an event or an assessment stands behind most of it."""
    gap = residual(evidence, place_id)
    limits = evidence.thresholds("STOCK_FLOW")
    moved = gap is not None and abs(gap) <= max(limits["share"] * (evidence.stock(place_id) or 0), limits["persons"])
    if change <= 0:
        return moved
    told = accounted(evidence, place_id) + _came_from_elsewhere(evidence, place_id)
    return told >= t["accounted"] * change and (moved or gap is None)


_JUMPS = (
    "SOURCE_GAP",
    "DOUBLE_COUNT",
    "CIRCULATED_GAP",
    "COUNT_FROZEN",
    "STOCK_FLOW",
    "EVENT_WITHOUT_TRACE",
    "HOUSEHOLD_SIZE_SHIFT",
)


@comparison("RISE_WITHOUT_EVENT", joins=_JUMPS)
def rise_without_event(evidence: Evidence, t: Thresholds, told: Told) -> Iterator[Discrepancy]:
    """A rise behind which there is neither an event nor an assessment."""
    for place in evidence.own_places:
        sides = _stocks(evidence, place)
        change = sides[1] - sides[0] if sides else 0
        if sides is None or change < t["persons"] or change <= t["share"] * sides[0]:
            continue
        if accounted(evidence, place) + _came_from_elsewhere(evidence, place) >= t["accounted"] * change:
            continue
        cells = evidence.cells(place)
        params = {
            "before": sides[0],
            "now": sides[1],
            "gap": change,
            "accounted": accounted(evidence, place),
            **_past_params(evidence),
        }
        yield discrepancy(evidence, About("RISE_WITHOUT_EVENT", place), _sides(evidence, place), change, params,
                          cell=cells[0] if cells else None)  # fmt: skip


def _came_from_elsewhere(evidence: Evidence, place_id: str) -> int:
    """Arrivals that are no new displacement of an event nearby: moves that both ends tell, and secondary ones that the region reached
    tells; whether the region left does is the matter of another rule."""
    cercle = evidence.gazetteer.cercle_of(place_id) or place_id
    mirrored = sum(min(moved.left, moved.arrived) for (_, end), moved in evidence.moves_between.items() if end == cercle)
    moves = evidence.movements
    inside = moves[(moves["movement"] == Movement.SECONDARY) & (moves["to_place_id"] == place_id)]
    return max(mirrored, int(inside["individuals"].fillna(0).sum()))


def modified_z(changes: Sequence[float], change: float) -> float | None:
    """How unusual a change is beside those of the past: 0.6745 (x − median) / MAD, after Iglewicz and Hoaglin (1993); with the mean
    absolute deviation (× 1.2533) where the MAD is 0, and None where that is 0 too: a past without any change has no scale."""
    if not changes:
        return None
    middle = median(changes)
    spread = [abs(value - middle) for value in changes]
    if median(spread):
        return 0.6745 * (change - middle) / median(spread)
    return (change - middle) / (1.253314 * mean(spread)) if mean(spread) else None


def _log_changes(evidence: Evidence, place_id: str) -> list[float]:
    """The changes of a place from month to month in its history, as logarithms of ratios."""
    points = evidence.series.get((place_id, IDP, STOCK, PERSONS), ())
    pairs = pairwise(points)
    return [
        log(value / before) for (first, before), (second, value) in pairs if first.next() == second and before > 0 and value > 0
    ]


@comparison("HISTORY_OUTLIER", joins=(*_JUMPS, "RISE_WITHOUT_EVENT"))
def history_outlier(evidence: Evidence, t: Thresholds, told: Told) -> Iterator[Discrepancy]:
    """A change unlike any that the place has known, with at least six months of changes to tell."""
    for place in evidence.own_places:
        found = _unusual(evidence, place, t)
        if found is None:
            continue
        score, usual, (before, now) = found
        cells = evidence.cells(place)
        params = {"before": before, "now": now, "change": (now - before) / before, "usual": usual, "months": len(_log_changes(evidence, place)),
                  **_past_params(evidence)}  # fmt: skip
        yield discrepancy(evidence, About("HISTORY_OUTLIER", place), _sides(evidence, place), now - before, params,
                          severe=severity(score, t), cell=cells[0] if cells else None)  # fmt: skip


def _unusual(evidence: Evidence, place_id: str, t: Thresholds) -> tuple[float, float, tuple[int, int]] | None:
    """The score of a change, the largest change known as a share, and the numbers; None when it is not unusual, or explained."""
    sides, changes = _stocks(evidence, place_id), _log_changes(evidence, place_id)
    if (
        sides is None
        or not evidence.follows
        or min(sides) <= 0
        or len(changes) < t["points"]
        or abs(sides[1] - sides[0]) < t["persons"]
    ):
        return None
    score = modified_z(changes, log(sides[1] / sides[0]))
    if score is None or severity(abs(score), t) is None or _is_explained(evidence, place_id, sides[1] - sides[0], t):
        return None
    return abs(score), max(abs(2.718281828459045**change - 1) for change in changes), sides


@comparison("CHANGE_LARGE", joins=("SOURCE_GAP", "CIRCULATED_GAP"), unless=(*_JUMPS[2:], "RISE_WITHOUT_EVENT", "HISTORY_OUTLIER"))
def change_large(evidence: Evidence, t: Thresholds, told: Told) -> Iterator[Discrepancy]:
    """A large change of a place whose history is too short to say what is usual there."""
    points = evidence.thresholds("HISTORY_OUTLIER")["points"]
    for place in evidence.own_places:
        sides, changes = _stocks(evidence, place), _log_changes(evidence, place)
        scale = len(changes) >= points and min(sides or (0, 0)) > 0 and modified_z(changes, 0.0) is not None
        if sides is None or not sides[0] or scale:
            continue
        before, now = sides
        change = now - before
        if abs(change) <= t["share"] * before or abs(change) <= t["persons"] or _is_explained(evidence, place, change, t):
            continue
        cells = evidence.cells(place)
        yield discrepancy(
            evidence, About("CHANGE_LARGE", place), _sides(evidence, place), change,
            {"before": before, "now": now, "change": change / before, **_past_params(evidence)}, cell=cells[0] if cells else None,
        )  # fmt: skip


@comparison("GROWTH_UNEXPLAINED", after=(*_JUMPS, "RISE_WITHOUT_EVENT", "HISTORY_OUTLIER", "CHANGE_LARGE"))
def growth_unexplained(evidence: Evidence, t: Thresholds, told: Told) -> Iterator[Discrepancy]:
    """What a region's change owes to places counted in both months, to places added and to places lost, where neither movements nor
    the discrepancies of single places account for it."""
    if evidence.past is None:
        return
    for region in evidence.regions:
        sides = _stocks(evidence, region)
        if sides is None or not sides[0]:
            continue
        change = sides[1] - sides[0]
        same, added, lost = _decomposed(evidence, region)
        left = _unaccounted(evidence, region, told)
        severe = severity(abs(left) / sides[0], t)
        if severe is None or abs(left) < t["persons"]:
            continue
        params = {"before": sides[0], "now": sides[1], "change": change / sides[0], "same": same, "added": sum(added.values()),
                  "lost": sum(lost.values()), "added_places": _names(evidence, added), "lost_places": _names(evidence, lost),
                  "gap": abs(left), **_past_params(evidence)}  # fmt: skip
        yield discrepancy(evidence, About("GROWTH_UNEXPLAINED", region), _sides(evidence, region), left, params, severe=severe)


def _decomposed(evidence: Evidence, region: str) -> tuple[int, Mapping[str, int], Mapping[str, int]]:
    """Persons gained at places counted in both months; places added and lost, with what they hold or held."""
    same, added, lost = 0, {}, {}
    for place in _places_of(evidence, region):
        now, before = evidence.stock(place) or 0, evidence.stock(place, past=True) or 0
        if before and now:
            same += now - before
        elif now:
            added[place] = now
        elif before:
            lost[place] = before
    return same, added, lost


def _places_of(evidence: Evidence, region: str) -> list[str]:
    """The places of a region that can be held against the past: where it told a cercle as a whole, and communes are told now, the
    cercle."""
    found: dict[str, None] = {}
    for place in evidence.own_places:
        if not evidence.within(place, region):
            continue
        cercle = evidence.gazetteer.cercle_of(place)
        if cercle is not None and cercle != place and evidence.stock(cercle, past=True) is not None:
            whole = all(evidence.stock(commune, past=True) is None for commune in evidence.gazetteer.children(cercle))
            found[cercle if whole else place] = None
        else:
            found[place] = None
    return list(found)


_ONE_PLACE = 0.8
"""A change of which one place makes more than this share is a matter of that place, at which its own rules have looked."""


def _unaccounted(evidence: Evidence, region: str, told: Told) -> int:
    """The change of a region less what movements make, what events and assessments account for, and what is told of its places."""
    known = {item.place_id for item in told.found if item.population_group == IDP}
    places = [place for place in _places_of(evidence, region) if place not in known]
    rests = {place: _unexplained(evidence, place) for place in places}
    both = [rest for place, rest in rests.items() if evidence.stock(place) and evidence.stock(place, past=True)]
    of_one = max(map(abs, both), default=0) > _ONE_PLACE * abs(sum(both))
    return sum(rests.values()) - (sum(both) if of_one else 0)


def _unexplained(evidence: Evidence, place_id: str) -> int:
    now, before = evidence.stock(place_id) or 0, evidence.stock(place_id, past=True) or 0
    gap = residual(evidence, place_id)
    rest = gap if gap is not None else now - before
    return max(0, rest - accounted(evidence, place_id)) if rest > 0 else rest


def _names(evidence: Evidence, places: Mapping[str, int]) -> list[str]:
    return [evidence.gazetteer.place(place).name for place in sorted(places, key=lambda place: (-places[place], place))[:5]]


@comparison("PRINTED_GAP")
def printed_gap(evidence: Evidence, t: Thresholds, told: Told) -> Iterator[Discrepancy]:
    """What this store holds for an earlier month, and what the report of that month printed: the change that is announced is wrong
    when it starts from another number than people have read."""
    printed = [
        item for item in evidence.stated.printed if evidence.past is not None and item.as_of == evidence.past.period.last_day
    ]
    for item in printed:
        held = evidence.before.get((item.place_id, item.group, item.measure, item.unit))
        if held is None or item.value is None or abs(held - item.value) <= t["persons"]:
            continue
        past = told_in_past(evidence, item.place_id, item.group, item.measure, item.unit)
        params = {"printed": item.value, "held": held, "unit": item.unit, "gap": abs(held - item.value), **_past_params(evidence)}
        yield discrepancy(evidence, About("PRINTED_GAP", item.place_id, item.group, item.measure, item.unit),
                          [past, item.compared(takes=False)], held - item.value, params)  # fmt: skip


@comparison("NEW_CONCENTRATION", joins=(*_JUMPS, "RISE_WITHOUT_EVENT", "HISTORY_OUTLIER", "CHANGE_LARGE"))
def new_concentration(evidence: Evidence, t: Thresholds, told: Told) -> Iterator[Discrepancy]:
    """A place that enters the largest of the country: its rank and its share of the national stock both jump."""
    if evidence.past is None:
        return
    ranks = [_ranks(evidence, past=past) for past in (True, False)]
    whole = [evidence.stock(COUNTRY, past=past) for past in (True, False)]
    for place in evidence.own_places:
        now, before = evidence.stock(place) or 0, evidence.stock(place, past=True) or 0
        if not whole[0] or not whole[1] or ranks[1].get(place, 10**6) > t["rank"] or now - before < t["persons"]:
            continue
        rank, rank_before = ranks[1][place], ranks[0].get(place, len(ranks[0]) + 1)
        share, share_before = now / whole[1], before / whole[0]
        if rank_before - rank < t["places"] or share - share_before < t["points"]:
            continue
        cells = evidence.cells(place)
        params = {"now": now, "before": before, "rank": rank, "rank_before": rank_before if before else None, "share_now": share,
                  "share_before": share_before, "origins": _origins(evidence, place), "on_sites": _on_sites(evidence, place),
                  **_past_params(evidence)}  # fmt: skip
        yield discrepancy(evidence, About("NEW_CONCENTRATION", place), _sides(evidence, place), now - before, params,
                          cell=cells[0] if cells else None)  # fmt: skip


def _ranks(evidence: Evidence, *, past: bool) -> Mapping[str, int]:
    """Places by their stock, the largest 1; in the past those that are counted now."""
    held = {place: evidence.stock(place, past=past) or 0 for place in evidence.own_places}
    ordered = sorted((place for place, value in held.items() if value), key=lambda place: (-held[place], place))
    return {place: at for at, place in enumerate(ordered, start=1)}


def _origins(evidence: Evidence, place_id: str) -> list[str]:
    """The two main origins of the people of a place, by name."""
    figures = evidence.figures
    chosen = figures[(figures["place_id"] == place_id) & (figures["population_group"] == IDP) & (figures["unit"] == PERSONS)
                     & (figures["measure"] == STOCK) & (figures["cause"] == TOTAL)
                     & ~figures["origin_id"].isin([TOTAL, UNKNOWN]) & figures["value"].notna()]  # fmt: skip
    ordered = chosen.sort_values(["value", "origin_id"], ascending=[False, True])
    return [evidence.gazetteer.place(origin).name for origin in ordered["origin_id"].head(2)]


def _on_sites(evidence: Evidence, place_id: str) -> float | None:
    """The share of a place's people whose shelter is known that lives on sites; None when no shelter is known."""
    figures = evidence.figures
    chosen = figures[(figures["place_id"] == place_id) & (figures["population_group"] == IDP) & (figures["unit"] == PERSONS)
                     & (figures["measure"] == STOCK) & ~figures["shelter"].isin([TOTAL, UNKNOWN]) & figures["value"].notna()]  # fmt: skip
    known = int(chosen["value"].sum())
    return float(chosen.loc[chosen["shelter"].isin(list(ON_SITES)), "value"].sum()) / known if known else None
