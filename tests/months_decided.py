"""Disagreements and what was decided about them: what the tests of decisions start from."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from pipelines import deciding, settling
from pipelines.model import Compared, Compiled, Decision, Discrepancy, Past
from schemas.codes import Action, Owner, Severity
from tests.fiche import GAZETTEER, PERIOD

MEETING = date(2020, 1, 12)


def number(
    value: int | None, source: str = "fiche", unit: str = "individual", *, as_of: str = "2019-12-31", **more: Any
) -> Compared:
    """One of the numbers of a disagreement; any source but the return has its row in the register."""
    source_id = None if source == "fiche" else source.casefold()
    return Compared(source, value, unit, as_of, **{"source_id": source_id, **more})


def disagreement(place_id: str, *values: Compared, key: str = "k1", **more: Any) -> Discrepancy:
    told = [value.value for value in values if value.value is not None]
    gap = told[-1] - told[0] if len(told) > 1 else told[0]
    fields = {
        "fingerprint": "f1", "rule": "CIRCULATED_GAP", "population_group": "idp", "measure": "stock", "unit": "individual",
        "impact": abs(gap), "severity": Severity.RED, "params": {}, "owner": Owner.REGION,
    }  # fmt: skip
    return Discrepancy(**{**fields, **more}, key=key, period=PERIOD, place_id=place_id, values=values, gap=gap)


def decision(about: Discrepancy, action: Action = Action.TAKE_SOURCE, *, id: int = 1, **more: Any) -> Decision:
    fields = {
        "decided_by": "Awa Traoré",
        "decided_on": MEETING,
        "reason": "Vérifié avec le service local",
        "fingerprint": about.fingerprint,
    }
    return Decision(**{**fields, **more}, id=id, discrepancy_id=about.key, action=action)


def decided(
    compiled: Compiled, about: Iterable[Discrepancy], decisions: Iterable[Decision], past: Past | None = None
) -> Compiled:
    """The month with the decisions in it."""
    found, _ = deciding.settlements(tuple(decisions), tuple(about), compiled, past, GAZETTEER)
    return settling.settle(compiled, found, GAZETTEER)
