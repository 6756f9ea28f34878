"""What looks like a disagreement and is none, each beside the real one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from pipelines.model import Past
from schemas.codes import Unit
from schemas.fields import MOVEMENT, RETURNEE
from tests.fiche import Fiche, changed, past_of
from tests.rules.examples import set_
from tests.triangulation.months import BLA, MACINA, NIONO, SEGOU, SEGOU_REGION, alert, evidence, found, stated

DIABALY = "K424"


def with_moves(*moves: dict[str, Any], individuals: int = 210, households: int = 40) -> Fiche:
    """The good return with Niono at some number of people, and movements."""
    fiche = changed(set_("individuals", individuals, 1), set_("households", households, 1))
    for move in moves:
        fiche.add(MOVEMENT, **{"observed_on": date(2019, 12, 6), "basis": "enregistrement", **move})
    return fiche


def arrival(individuals: int, commune: str | None = None, **more: Any) -> dict[str, Any]:
    return {"movement": "arrivée", "to_region": "Ségou", "to_cercle": "Niono", "to_commune": commune, "individuals": individuals,
            "households": individuals // 5, **more}  # fmt: skip


def test_a_region_that_is_not_its_cercles_in_both_units_is_told_once() -> None:
    parts = [(SEGOU, 100, 520), (NIONO, 40, 210), (MACINA, 20, 101), (BLA, 10, 53)]
    said = [stated(value, place, unit) for place, *values in parts for unit, value in zip(Unit, values, strict=True)]
    whole = [stated(170, SEGOU_REGION, Unit.HOUSEHOLD), stated(884, SEGOU_REGION)]
    assert found(evidence(changed(), statements=[*said, *whole])) == []
    whole = [stated(175, SEGOU_REGION, Unit.HOUSEHOLD), stated(900, SEGOU_REGION)]
    assert found(evidence(changed(), statements=[*said, *whole])) == [("REGION_SUM", SEGOU_REGION)]


def test_two_places_that_drift_to_one_number_are_not_counted_twice_and_one_that_leaps_to_it_is() -> None:
    alike = with_moves(individuals=520, households=100)
    drifted = [with_moves(individuals=512, households=99)]
    assert found(evidence(alike, before=drifted)) == []
    assert [rule for rule, _ in found(evidence(alike, before=[with_moves()]))] == ["DOUBLE_COUNT"]


def test_arrivals_in_another_commune_are_no_trace_of_an_event_and_those_told_for_its_cercle_are() -> None:
    told = [alert("A1", place_id=DIABALY)]
    other, whole = (
        evidence(with_moves(arrival(300, place), individuals=510, households=100), before=[with_moves()], alerts=told)
        for place in ("Sokolo", None)
    )
    assert ("EVENT_WITHOUT_TRACE", DIABALY) in found(other)
    assert found(whole) == []


def test_people_of_the_last_days_of_a_month_are_expected_in_the_next() -> None:
    seen = evidence(with_moves(arrival(300, alert_number="A9"), individuals=510, households=100), before=[with_moves()])
    assert found(seen) == [("RISE_WITHOUT_EVENT", NIONO)]
    assert found(replace(seen, earlier_numbers=frozenset({"A9"}))) == []


def test_nothing_is_asked_of_the_movements_after_a_month_that_was_carried_forward() -> None:
    now = with_moves(arrival(20), individuals=330, households=62)
    now.set(RETURNEE, "individuals", 290, 1).set(RETURNEE, "households", 55, 1)
    before = past_of(with_moves())
    carried = Past(before.name, before.period, before.published, before.figures.assign(carried_months=1))
    assert [rule for rule, _ in found(evidence(now, before=before))] == ["STOCK_FLOW", "RETURNS_UNMATCHED"]
    assert found(evidence(now, before=carried)) == []


def test_returnees_whose_place_of_refuge_sent_no_return_are_not_asked_about() -> None:
    now = with_moves(arrival(1), individuals=211)
    now.set(RETURNEE, "individuals", 290, 1).set(RETURNEE, "households", 55, 1)
    before = past_of(with_moves())
    assert found(evidence(now, before=before)) == [("RETURNS_UNMATCHED", NIONO)]
    silent = before.figures[before.figures["place_id"] == SEGOU_REGION].assign(place_id="R05")
    with_silent = Past(before.name, before.period, before.published, before.figures.pipe(lambda held: _joined(held, silent)))
    assert found(evidence(now, before=with_silent)) == [("RETURN_CARRIED", "R05")]


def _joined(held: Any, more: Any) -> Any:
    import pandas as pd

    return pd.concat([held, more], ignore_index=True)
