"""What a month is compared with: its returns, its past, and what everybody else says. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

import pandas as pd

from pipelines.model import Event, Past, Period, SubmissionHead
from pipelines.places import Gazetteer

STATEMENT_COLUMNS = [
    "place_id", "population_group", "measure", "unit", "value", "as_of", "source_id", "organisation", "lineage", "scope",
    "table", "file", "sheet", "row", "cell", "document", "quoted",
]  # fmt: skip
"""One line for each number that a source states about a place: `value` Int64 (missing when the source only says that a place is
out of reach), `as_of` the day it is of, `source_id` its row of the register, `scope` what it covers (`codes.Scope`), `table` the
kind of source (`stock`, `circulated`, `statement`, `sitrep`, `printed`), `quoted` the place as the source writes it."""

PRESENCE_COLUMNS = ["place_id", "organisation", "sector", "started_on", "ended_on", "source_id", "file", "sheet", "row", "cell"]
"""One line for each actor, sector and place; `ended_on` is missing for one who is still there."""

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
