"""Sources against each other: alerts grouped into events, circulated totals held against the region's own return. Pure.

Nothing here changes a figure. A discrepancy has a key that is stable between runs and a fingerprint of its values.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pandas as pd

from pipelines.model import Discrepancy, Event, Period
from pipelines.places import Gazetteer
from schemas.codes import AlertKind, Measure, PopulationGroup

SAME_EVENT_DAYS = 14
"""Alerts at one place within two weeks are witnesses of one event: RRM assists at most 15 days after an alert is validated."""

DiscrepancyRule = Callable[["Sources"], Iterator[Discrepancy]]
DISCREPANCY_RULES: dict[str, DiscrepancyRule] = {}


def discrepancy_rule(code: str) -> Callable[[DiscrepancyRule], DiscrepancyRule]:
    def register(rule: DiscrepancyRule) -> DiscrepancyRule:
        DISCREPANCY_RULES[code] = rule
        return rule

    return register


class Sources:
    """What is compared in a month. `totals`: place_id, population_group, measure, unit, value; `circulated`: the typed rows of
    CIRCULATED with `place_id`, `file`, `sheet`, `cell`; `where`: place_id -> the file and cell of the return's own number."""

    def __init__(
        self, period: Period, totals: pd.DataFrame, circulated: pd.DataFrame, gazetteer: Gazetteer, where: Mapping[str, str]
    ) -> None:
        self.period = period
        self.circulated = circulated
        self.gazetteer = gazetteer
        self.where = where
        known = totals[totals["value"].notna()]
        keys = zip(known["place_id"], known["population_group"], known["measure"], known["unit"], strict=True)
        self.values = dict(zip(keys, known["value"].astype(int), strict=True))


def discrepancies(sources: Sources) -> tuple[Discrepancy, ...]:
    found = [item for rule in DISCREPANCY_RULES.values() for item in rule(sources)]
    return tuple(sorted(found, key=lambda item: (-abs(item.gap), item.key)))


@discrepancy_rule("CIRCULATED_GAP")
def circulated_gap(sources: Sources) -> Iterator[Discrepancy]:
    """A total that a local service circulates outside the return, and the return's own total."""
    for row in sources.circulated.to_dict("records"):
        group = PopulationGroup(row["population_group"])
        measure = Measure.STOCK if group is PopulationGroup.IDP else Measure.CUMULATIVE
        now = sources.values.get((row["place_id"], str(group), str(measure), row["unit"]))
        if now is None or pd.isna(row["value"]) or int(row["value"]) == now:
            continue
        stated = int(row["value"])
        own = {"source": "fiche", "value": now, "unit": row["unit"], "as_of": str(sources.period.last_day),
               "where": sources.where.get(row["place_id"])}  # fmt: skip
        other = {"source": row["organisation"], "value": stated, "unit": row["unit"], "as_of": str(row["stated_on"]),
                 "where": f"{row['file']}, {row['sheet']}, {row['cell']}"}  # fmt: skip
        params = {"organisation": row["organisation"], "stated": stated, "unit": row["unit"], "stated_on": str(row["stated_on"]),
                  "place": sources.gazetteer.place(row["place_id"]).name, "now": now, "gap": stated - now}  # fmt: skip
        yield _discrepancy("CIRCULATED_GAP", sources.period, row["place_id"], group, measure, (own, other), stated - now, params)


def _discrepancy(
    rule: str, period: Period, place_id: str, group: str, measure: str, values: tuple[Mapping[str, Any], ...], gap: int,
    params: Mapping[str, Any],
) -> Discrepancy:  # fmt: skip
    key = _digest([rule, str(period), place_id, str(group), str(measure), sorted(f"{v['source']}/{v['unit']}" for v in values)])
    print_ = _digest([[v["source"], v["value"], v["as_of"]] for v in values])
    return Discrepancy(key[:12], print_[:12], rule, period, place_id, str(group), str(measure), values, gap, params)


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def events(alerts: pd.DataFrame, period: Period, gazetteer: Gazetteer) -> tuple[Event, ...]:
    """Alerts of one cercle whose events lie within 14 days of the first are one event with several witnesses. Its value is the
    assessment if there is one, else the range of the alerts; counts never decide the grouping.

    `alerts` are typed rows of ALERT with `place_id` and `number` (their position); rows without place or date stay single.
    """
    found: list[Event] = []
    placed = alerts[alerts["place_id"].notna() & alerts["event_on"].notna()]
    cercles = placed["place_id"].map(lambda place: gazetteer.cercle_of(place) or place)
    for cercle, group in placed.assign(cercle=cercles).groupby("cercle", sort=True):
        ordered = group.sort_values(["event_on", "alert_number"])
        while not ordered.empty:
            first = ordered["event_on"].iloc[0]
            together = ordered["event_on"].map(lambda day, first=first: (day - first).days <= SAME_EVENT_DAYS)
            found.append(_event(str(cercle), ordered[together], period))
            ordered = ordered[~together]
    return tuple(found)


def _event(place_id: str, alerts: pd.DataFrame, period: Period) -> Event:
    assessed = alerts[alerts["kind"] == AlertKind.ASSESSMENT]
    told = assessed if not assessed.empty else alerts
    numbers = tuple(sorted(str(number) for number in alerts["alert_number"]))
    return Event(
        key=_digest([place_id, str(alerts["event_on"].iloc[0])])[:12],
        period=period,
        place_id=place_id,
        first_on=alerts["event_on"].min(),
        last_on=alerts["event_on"].max(),
        alert_numbers=numbers,
        witnesses=int(alerts["organisation"].nunique()),
        assessed=not assessed.empty,
        households=_span(told["households"]),
        individuals=_span(told["individuals"]),
    )


def _span(values: pd.Series) -> tuple[int, int] | None:
    given = values.dropna()
    return (int(given.min()), int(given.max())) if len(given) else None
