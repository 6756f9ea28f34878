"""The return held against alerts, assessments and the presence of actors. Flows question a stock; none of them enters it. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from pipelines.model import Compared, Discrepancy, Event
from pipelines.triangulation.comparisons import RETURN, About, Told, asymmetry, comparison, discrepancy, severity, told_by_return
from pipelines.triangulation.cover import at_work, reached
from pipelines.triangulation.evidence import Evidence, Thresholds
from schemas import fields, texts
from schemas.codes import AlertKind, Basis, EventStatus, Measure, Movement, PopulationGroup, Severity, Unit, Wave
from schemas.frames import pd

MOVES_IN = (Movement.ARRIVAL, Movement.SECONDARY)


def about_event(event: Event) -> dict[str, Any]:
    """An event as sentences name it."""
    return {
        "event_numbers": list(event.alert_numbers),
        "event_on": str(event.first_on),
        "organisations": list(event.organisations),
    }


def persons_of(event: Event, evidence: Evidence) -> tuple[int, int] | None:
    """The persons of an event, from its households where nobody counted persons; None when nobody counted anything."""
    if event.individuals is not None:
        return event.individuals
    if event.households is None:
        return None
    return round(event.households[0] * evidence.household_size), round(event.households[1] * evidence.household_size)


def arrivals_near(event: Event, evidence: Evidence) -> int:
    """The persons that returns count as arriving where an event is (or at its cercle as a whole), or that quote one of its alerts;
    those who come to another commune or quote another alert are other people."""
    moves = evidence.movements
    coming = moves[moves["movement"].isin(MOVES_IN)]
    above = {event.place_id, evidence.gazetteer.cercle_of(event.place_id)}
    there = coming["to_place_id"].map(
        lambda place: place in above or (isinstance(place, str) and evidence.within(place, event.place_id))
    )
    quoting = coming["alert_number"].isin(event.alert_numbers)
    return int(coming.loc[there.astype(bool) | quoting, "individuals"].fillna(0).sum())


def events_at(place_id: str, evidence: Evidence) -> list[Event]:
    """The events that can be behind a rise at a place: there, in its cercle, or known by its region only."""
    holder = evidence.gazetteer.cercle_of(place_id) or place_id
    return [
        event for event in evidence.events if evidence.within(event.place_id, holder) or evidence.within(place_id, event.place_id)
    ]


@comparison("FIGURE_ON_ALERT")
def figure_on_alert(evidence: Evidence, t: Thresholds, told: Told) -> Iterator[Discrepancy]:
    """A figure that still rests on an alert, by the days since its date."""
    idp = evidence.told[(evidence.told["table"] == fields.IDP.name) & (evidence.told["basis"] == Basis.ALERT)]
    for row in (
        idp[idp["place_id"].notna() & idp["observed_on"].notna()].sort_values(["place_id", "sheet", "row"]).to_dict("records")
    ):
        days = (evidence.period.last_day - row["observed_on"]).days
        severe = severity(days, t)
        if severe is None or pd.isna(row["individuals"]):
            continue
        cell, persons = evidence.cell_of_row(row), int(row["individuals"])
        counted = [(persons, Unit.INDIVIDUAL, cell)]
        if not pd.isna(row["households"]):
            counted.append((int(row["households"]), Unit.HOUSEHOLD, evidence.cell_of_row(row, "households")))
        own = [Compared(texts.message("source_return"), value, str(unit), str(row["observed_on"]), str(at), RETURN)
               for value, unit, at in counted]  # fmt: skip
        params = {"persons": persons, "observed_on": str(row["observed_on"]), "days": days}
        yield discrepancy(
            evidence, About("FIGURE_ON_ALERT", row["place_id"]), own, persons, params, severe=severe, cell=cell,
            distinct=[str(row["site"] or ""), str(row["level"])],
        )  # fmt: skip


@comparison("EVENT_COUNTS")
def event_counts(evidence: Evidence, t: Thresholds, told: Told) -> Iterator[Discrepancy]:
    """Witnesses of one event who count differently: two organisations, or an alert and the assessment that followed it."""
    for event in evidence.events:
        counted = _witnesses(event, evidence)
        if len({value for _, _, value, _ in counted}) < 2:
            continue
        low, high = min(counted, key=_count_of), max(counted, key=_count_of)
        apart = asymmetry(low[2], high[2])
        severe = severity(apart, t)
        if severe is None or high[2] - low[2] < t["persons"]:
            continue
        values = [Compared(name, value, str(Unit.INDIVIDUAL), str(event.last_on), where, f"event:{event.key}:{at}", takes=False)
                  for at, (name, _, value, where) in enumerate(counted)]  # fmt: skip
        params = {**about_event(event), "low": low[2], "low_source": low[0], "high": high[2], "high_source": high[0],
                  "assessed": event.assessed}  # fmt: skip
        yield discrepancy(
            evidence, About("EVENT_COUNTS", event.place_id, measure=str(Measure.ARRIVALS)), values, high[2] - low[2], params,
            severe=severe, partner=low[0] if low[0] == high[0] else None, distinct=[event.key],
        )  # fmt: skip


Witness = tuple[str, str, int, str]
"""organisation, kind, persons, where."""


def _count_of(witness: Witness) -> int:
    return witness[2]


def _witnesses(event: Event, evidence: Evidence) -> list[Witness]:
    """The latest count of each organisation and kind of report; alerts of an older wave speak of other people."""
    if evidence.alerts.empty:
        return []
    at = set(event.rows)
    rows = evidence.alerts[
        [key in at for key in zip(evidence.alerts["file"], evidence.alerts["sheet"], evidence.alerts["row"], strict=True)]
    ]
    rows = rows[(rows["wave"] != Wave.OLD) & rows["individuals"].notna()]
    found: dict[tuple[str, str], Witness] = {}
    for row in rows.sort_values(["event_on", "file", "sheet", "row"], na_position="first").to_dict("records"):
        name = row["organisation"] if isinstance(row["organisation"], str) else texts.message("source_unnamed")
        kind = AlertKind(row["kind"]) if isinstance(row["kind"], str) else AlertKind.ALERT
        where = f"{row['file']}, {row['sheet']}, {row['cell']}"
        label = texts.message("source_witness", organisation=name, report=kind, number=row["alert_number"])
        found[name, str(kind)] = (label, str(kind), int(row["individuals"]), where)
    return [found[key] for key in sorted(found)]


@comparison("EVENT_WITHOUT_TRACE", joins=("SOURCE_GAP",))
def event_without_trace(evidence: Evidence, t: Thresholds, told: Told) -> Iterator[Discrepancy]:
    """An event of the month whose people no return counts as arrived. One of the very last days may come with the next month."""
    last = evidence.period.last_day - timedelta(days=int(t["days"]))
    for event in evidence.events:
        persons = persons_of(event, evidence)
        if persons is None or persons[0] < t["persons"] or not evidence.period.first_day <= event.first_on <= last:
            continue
        region = evidence.gazetteer.region_of(event.place_id)
        arrived = _seen_in_returns(event, evidence, region)
        if event.status is EventStatus.CLOSED or arrived is None:
            continue
        if arrived >= t["share"] * persons[0]:
            continue
        low, high = persons
        own = told_by_return(
            evidence, event.place_id, PopulationGroup.IDP, Measure.ARRIVALS, Unit.INDIVIDUAL, fields.MOVEMENT.name
        )
        values = [
            Compared(texts.message("source_return_arrivals"), own.value if own else arrived, str(Unit.INDIVIDUAL),
                     str(evidence.period.last_day), own.where if own else evidence.where(event.place_id), RETURN),
            *_of_event(event, evidence, high, takes=event.assessed and not arrived),
        ]  # fmt: skip
        params = {**about_event(event), "low_high": [low, high], "arrived_told": arrived, "event_status": str(event.status),
                  "age_days": event.age_days}  # fmt: skip
        yield discrepancy(
            evidence, About("EVENT_WITHOUT_TRACE", event.place_id), values, high - arrived, params,
            severe=Severity.RED if event.assessed else Severity.AMBER, additional=True, distinct=[event.key],
        )  # fmt: skip


def _of_event(event: Event, evidence: Evidence, persons: int, *, takes: bool) -> list[Compared]:
    """What an event counts. Only people whom an assessment saw, and whom no return counts at all, may be added by a decision."""
    source = texts.message("source_event", event_numbers=list(event.alert_numbers), assessed=event.assessed)
    where = " ; ".join(_cells_of(event, evidence)) or None
    counts = [(persons, Unit.INDIVIDUAL), *([(event.households[1], Unit.HOUSEHOLD)] if event.households else [])]
    return [Compared(source, value, str(unit), str(event.last_on), where, f"event:{event.key}", takes) for value, unit in counts]


def _cells_of(event: Event, evidence: Evidence) -> list[str]:
    """Where the alerts of an event say how many they are."""
    at, alerts = set(event.rows), evidence.alerts
    rows = zip(*(alerts[name] for name in ("file", "sheet", "row", "cell")), strict=True) if len(alerts) else ()
    return [f"{file}, {sheet}, {cell}" for file, sheet, row, cell in rows if (file, sheet, row) in at]


def _seen_in_returns(event: Event, evidence: Evidence, region: str | None) -> int | None:
    """The arrivals that movements tell where a region lists them, else what the stock there rose by; None when neither can be
    known."""
    if region in evidence.listing:
        return arrivals_near(event, evidence)
    holder = evidence.gazetteer.cercle_of(event.place_id) or event.place_id
    before, now = evidence.stock(holder, past=True), evidence.stock(holder)
    told = region in {head.region_id for head in evidence.heads} and before is not None and now is not None
    return max(arrivals_near(event, evidence), (now or 0) - (before or 0)) if told else None


@comparison("RRM_COVER")
def rrm_cover(evidence: Evidence, t: Thresholds, told: Told) -> Iterator[Discrepancy]:
    """Cercles with communes that hold displaced people or an alert, where no actor works or assesses. Only judged when actors have
    told where they are."""
    if evidence.presence.empty:
        return
    there = {row.place_id for row in at_work(evidence)} | {event.place_id for event in evidence.events if event.assessed}
    for cercle, communes in sorted(_communes_in_need(evidence, t).items()):
        bare = [(place, persons, why) for place, persons, why in communes if not reached(evidence, place, there)]
        if not bare:
            continue
        persons = sum(count for _, count, _ in bare)
        own = told_by_return(evidence, cercle, PopulationGroup.IDP, Measure.STOCK, Unit.INDIVIDUAL)
        named = [evidence.gazetteer.place(place).name for place, _, _ in bare if place != cercle]
        params = {"uncovered": named, "count": len(bare), "persons": persons, "alerts": sum(why == "alert" for _, _, why in bare)}
        yield discrepancy(evidence, About("RRM_COVER", cercle), [own], 0, params, persons=persons)


def _communes_in_need(evidence: Evidence, t: Thresholds) -> Mapping[str, Sequence[tuple[str, int, str]]]:
    """cercle -> (place, persons, what asks for an actor there)."""
    found: dict[str, dict[str, tuple[str, int, str]]] = defaultdict(dict)
    for place in evidence.own_places:
        cercle, persons = evidence.gazetteer.cercle_of(place), evidence.stock(place) or 0
        if cercle is not None and persons >= t["persons"]:
            found[cercle][place] = (place, persons, "stock")
    for event in evidence.events:
        cercle, counted = evidence.gazetteer.cercle_of(event.place_id), persons_of(event, evidence)
        if cercle is not None and event.status is not EventStatus.CLOSED:
            found[cercle].setdefault(event.place_id, (event.place_id, counted[0] if counted else 0, "alert"))
    return {cercle: [places[place] for place in sorted(places)] for cercle, places in found.items()}
