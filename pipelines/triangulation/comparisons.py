"""The comparisons: one function a rule. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pandas as pd

from pipelines.model import Compared, Discrepancy, Period
from pipelines.places import Gazetteer
from schemas import texts
from schemas.codes import Action, Measure, Owner, PopulationGroup, Severity

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
        group, unit = PopulationGroup(row["population_group"]), str(row["unit"])
        measure = Measure.STOCK if group is PopulationGroup.IDP else Measure.CUMULATIVE
        now = sources.values.get((row["place_id"], str(group), str(measure), unit))
        if now is None or pd.isna(row["value"]) or int(row["value"]) == now:
            continue
        stated = int(row["value"])
        own = Compared("fiche", now, unit, str(sources.period.last_day), sources.where.get(row["place_id"]))
        other = Compared(row["organisation"], stated, unit, str(row["stated_on"]),
                         f"{row['file']}, {row['sheet']}, {row['cell']}", takes=True)  # fmt: skip
        params = {"organisation": row["organisation"], "stated": stated, "unit": unit, "stated_on": str(row["stated_on"]),
                  "place": sources.gazetteer.place(row["place_id"]).name, "now": now, "gap": stated - now}  # fmt: skip
        yield discrepancy(
            "CIRCULATED_GAP", sources.period, row["place_id"], group, measure, unit, (own, other), stated - now, params
        )


def discrepancy(
    rule: str, period: Period, place_id: str, group: str, measure: str, unit: str, values: tuple[Compared, ...], gap: int,
    params: Mapping[str, Any], *, severity: Severity = Severity.AMBER, impact: int | None = None, **more: Any,
) -> Discrepancy:  # fmt: skip
    """Key and fingerprint as DESIGN 5 has them: the key knows rule, period, place, group, measure and sources, the fingerprint the
    values."""
    key = digest([rule, str(period), place_id, str(group), str(measure), sorted(f"{v.source}/{v.unit}" for v in values)])
    print_ = digest([[v.source, v.value, v.as_of] for v in values])
    told = texts.rules()[rule]
    return Discrepancy(
        key[:12], print_[:12], rule, period, place_id, str(group), str(measure), str(unit), values, gap,
        abs(gap) if impact is None else impact, severity, params, told.owner or Owner.DNDS, proposed=told.proposed or Action.ASK_REGION,
        **more,
    )  # fmt: skip


def digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
