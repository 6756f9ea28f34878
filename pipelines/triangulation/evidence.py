"""What a month is compared with: its returns, its past, and what everybody else says. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

import pandas as pd

from pipelines.model import PRESENCE_COLUMNS, STATEMENT_COLUMNS, Event, Past, Period, SubmissionHead
from pipelines.places import Gazetteer

HISTORY_COLUMNS = ["period", "place_id", "level", "population_group", "measure", "unit", "value", "carried_months"]
"""The totals of earlier months (`period` as text), each as last published, else as drafted."""


def no_rows(columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame(columns=columns, dtype=object)


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that comparisons look at. `totals`: the month's totals by place (`place_id`, `level`, `population_group`, `measure`,
    `unit`, `value`, `basis`, `grade`, `carried_months`), before any decision; `figures` the same with their breakdowns; `rows`
    the observations of the current returns with `home_region`, `retold` and `inside`."""

    period: Period
    as_of: date
    gazetteer: Gazetteer
    thresholds: Callable[[str], Mapping[str, float]]
    totals: pd.DataFrame
    figures: pd.DataFrame
    rows: pd.DataFrame
    heads: tuple[SubmissionHead, ...] = ()
    past: Past | None = None
    history: pd.DataFrame = field(default_factory=lambda: no_rows(HISTORY_COLUMNS))
    statements: pd.DataFrame = field(default_factory=lambda: no_rows(STATEMENT_COLUMNS))
    alerts: pd.DataFrame = field(default_factory=pd.DataFrame)
    events: tuple[Event, ...] = ()
    presence: pd.DataFrame = field(default_factory=lambda: no_rows(PRESENCE_COLUMNS))
