"""Alerts into events. Pure."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pandas as pd

from pipelines.model import Event, Period
from pipelines.places import Gazetteer
from schemas.codes import AlertKind

SAME_EVENT_DAYS = 14
"""Alerts at one place within two weeks are witnesses of one event: RRM assists at most 15 days after an alert is validated."""


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
