"""A month as comparisons see it: returns, a past, a history, and what others say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd

from pipelines import compilation, triangulation
from pipelines.checking import Rulebook
from pipelines.model import PRESENCE_COLUMNS, STATEMENT_COLUMNS, Discrepancy, Past
from pipelines.triangulation import HISTORY_COLUMNS, Evidence
from schemas import fields
from schemas.codes import Measure, PopulationGroup, Unit
from tests.fiche import GAZETTEER, PERIOD, Fiche, check, month_of, past_of

SEGOU, NIONO, MACINA, BLA, SEGOU_REGION = "C027", "C025", "C024", "C023", "R04"
AS_OF = date(2020, 1, 15)
Row = dict[str, Any]


def stated(value: int | None, place_id: str = SEGOU, unit: str = Unit.INDIVIDUAL, **more: Any) -> Row:
    """A number that a partner of its own lineage states about a place on the last day of the month."""
    group = more.get("population_group", PopulationGroup.IDP)
    return {
        "place_id": place_id, "population_group": str(group), "unit": str(unit), "value": value, "as_of": PERIOD.last_day,
        "measure": str(Measure.STOCK if group == PopulationGroup.IDP else Measure.CUMULATIVE), "source_id": "nrc",
        "organisation": "NRC", "lineage": "nrc", "scope": "whole", "table": fields.STOCK.name, "file": "liste.xlsx", "sheet": "Liste",
        "row": 3, "cell": f"E{place_id[1:]}", "document": None, "quoted": None, **more,
    }  # fmt: skip


def circulated(value: int | None, place_id: str = SEGOU_REGION, **more: Any) -> Row:
    own = {"source_id": "sldses", "organisation": "SLDSES", "lineage": "cmp", "table": fields.CIRCULATED.name, "file": "totaux.xlsx",
           "sheet": "Totaux", "cell": "E3"}  # fmt: skip
    return stated(value, place_id, **{**own, **more})


def alert(number: str | None, day: int = 5, place_id: str = NIONO, **more: Any) -> Row:
    event_on = date(2019, 12, day)
    blank = dict.fromkeys(fields.ALERT.names)
    own = {"alert_number": number, "kind": "alert", "event_on": event_on, "alert_on": event_on, "organisation": "NRC", "place_id": place_id,
           "households": None, "individuals": 480, "file": "alertes.xlsx", "sheet": "Alertes", "row": 100 + day, "cell": f"M{100 + day}"}  # fmt: skip
    return {**blank, **own, **more}


def actor(place_id: str, **more: Any) -> Row:
    return {"place_id": place_id, "organisation": "NRC", "sector": "nfi", "started_on": date(2019, 1, 1), "ended_on": None,
            "source_id": "nrc", "file": "3w.xlsx", "sheet": "3W", "row": 3, "cell": "A3", **more}  # fmt: skip


def history(place_id: str, *values: int) -> pd.DataFrame:
    """The IDPs of a place in the months before this one, the last value that of last month."""
    periods = [PERIOD]
    for _ in values:
        periods.append(periods[-1].previous())
    rows = [
        (str(period), place_id, GAZETTEER.place(place_id).level, "idp", "stock", "individual", value, 0)
        for period, value in zip(reversed(periods[1:]), values, strict=True)
    ]
    return pd.DataFrame(rows, columns=HISTORY_COLUMNS).astype({"value": "Int64"})


def evidence(
    *fiches: Fiche, before: Sequence[Fiche] | Past | None = None, statements: Sequence[Row] = (), alerts: Sequence[Row] = (),
    presence: Sequence[Row] = (), past: pd.DataFrame | None = None, thresholds: Mapping[str, Mapping[str, float]] | None = None,
) -> Evidence:  # fmt: skip
    """The month of some fiches; `before` are those of the month before, or the past itself; `past` is its history."""
    rulebook = Rulebook(thresholds or {})
    held = past_of(*before) if isinstance(before, list | tuple) else before
    month = month_of(*check(*fiches), past=held)
    told = pd.DataFrame(list(alerts), columns=[*fields.ALERT.names, "place_id", "file", "sheet", "row", "cell"])
    return compilation.evidence_of(
        month, compilation.compile_month(month, rulebook), rulebook, AS_OF,
        history=past if past is not None else pd.DataFrame(columns=HISTORY_COLUMNS),
        statements=pd.DataFrame(list(statements), columns=STATEMENT_COLUMNS).astype({"value": "Int64"}), alerts=told,
        events=triangulation.events(told, PERIOD, GAZETTEER, AS_OF),
        presence=pd.DataFrame(list(presence), columns=PRESENCE_COLUMNS),
    )  # fmt: skip


def found(seen: Evidence) -> list[tuple[str, str]]:
    """(rule, place) of what does not agree, by impact."""
    return [(gap.rule, gap.place_id) for gap in triangulation.discrepancies(seen)]


def only(seen: Evidence) -> Discrepancy:
    [gap] = triangulation.discrepancies(seen)
    return gap
