"""Alerts into events, and totals that circulate beside the returns."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd

from pipelines import triangulation
from pipelines.model import Discrepancy, Event
from tests.fiche import GAZETTEER, PERIOD

NIONO, DIABALY, BLA = "C025", "K424", "C023"


def alert(number: str, day: int, **more: Any) -> dict[str, Any]:
    return {
        "alert_number": number,
        "kind": "alert",
        "event_on": date(2019, 12, day),
        "organisation": "NRC",
        "place_id": NIONO,
        "households": None,
        "individuals": 100,
        **more,
    }


def events(*alerts: dict[str, Any]) -> tuple[Event, ...]:
    frame = pd.DataFrame(list(alerts))
    return triangulation.events(frame, PERIOD, GAZETTEER)


def test_alerts_within_fourteen_days_at_one_cercle_are_one_event() -> None:
    [event] = events(alert("A1", 1), alert("A2", 15, organisation="DRC", individuals=140, place_id=DIABALY))
    assert (event.place_id, event.alert_numbers, event.witnesses) == (NIONO, ("A1", "A2"), 2)
    assert (event.first_on, event.last_on, event.individuals) == (date(2019, 12, 1), date(2019, 12, 15), (100, 140))


def test_the_fifteenth_day_is_another_event() -> None:
    assert [event.alert_numbers for event in events(alert("A1", 1), alert("A2", 16), alert("A3", 15))] == [
        ("A1", "A3"),
        ("A2",),
    ]


def test_alerts_in_two_cercles_are_two_events() -> None:
    assert [event.place_id for event in events(alert("A1", 1), alert("A2", 1, place_id=BLA))] == [BLA, NIONO]


def test_an_alert_known_by_its_region_only_is_an_event_of_the_region() -> None:
    assert [event.place_id for event in events(alert("A1", 1, place_id="R04"))] == ["R04"]


def test_an_assessment_outweighs_the_alerts_it_followed() -> None:
    [event] = events(alert("A1", 1, individuals=900), alert("E1", 6, kind="assessment", individuals=610, households=120))
    assert (event.assessed, event.individuals, event.households) == (True, (610, 610), (120, 120))


def test_counts_never_decide_what_is_one_event_and_may_be_missing() -> None:
    [event] = events(alert("A1", 1, individuals=None), alert("A2", 2, individuals=None))
    assert (event.individuals, event.households, event.assessed) == (None, None, False)


def test_alerts_without_place_or_date_make_no_event() -> None:
    assert events(alert("A1", 1, place_id=None), alert("A2", 1, event_on=None)) == ()


def test_events_do_not_depend_on_the_order_of_alerts() -> None:
    alerts = [alert("A1", 1), alert("A2", 9), alert("A3", 20), alert("A4", 3, place_id=BLA)]
    assert events(*alerts) == events(*alerts[::-1])


def circulated(**more: Any) -> dict[str, Any]:
    return {
        "population_group": "idp",
        "unit": "individual",
        "value": 900,
        "stated_on": date(2020, 1, 6),
        "organisation": "SLDSES",
        "place_id": "R04",
        "file": "totaux.xlsx",
        "sheet": "Totaux",
        "cell": "E3",
        **more,
    }


TOTALS = pd.DataFrame(
    [
        ("R04", "idp", "stock", "individual", 884),
        ("R04", "idp_returnee", "cumulative", "household", 170),
        ("R05", "idp", "stock", "individual", None),
    ],
    columns=["place_id", "population_group", "measure", "unit", "value"],
)


def gaps(*rows: dict[str, Any]) -> tuple[Discrepancy, ...]:
    frame = pd.DataFrame(list(rows), columns=list(circulated()))
    return triangulation.discrepancies(triangulation.Sources(PERIOD, TOTALS, frame, GAZETTEER, {"R04": "fiche.xlsx (version 1)"}))


def test_a_circulated_total_that_differs_names_both_sources_and_where_they_stand() -> None:
    [gap] = gaps(circulated())
    assert (gap.gap, gap.population_group, gap.measure) == (16, "idp", "stock")
    assert [(item["source"], item["value"], item["where"]) for item in gap.values] == [
        ("fiche", 884, "fiche.xlsx (version 1)"),
        ("SLDSES", 900, "totaux.xlsx, Totaux, E3"),
    ]


def test_totals_that_agree_or_have_nothing_to_compare_with_are_no_discrepancy() -> None:
    assert gaps(circulated(value=884), circulated(value=None), circulated(place_id="R05"), circulated(place_id="R06")) == ()


def test_returnees_are_compared_with_their_cumulative_count() -> None:
    [gap] = gaps(circulated(population_group="idp_returnee", unit="household", value=100))
    assert (gap.measure, gap.gap) == ("cumulative", -70)


def test_the_key_stays_and_the_fingerprint_follows_the_value() -> None:
    [one], [other] = gaps(circulated()), gaps(circulated(value=901))
    assert one.key == other.key
    assert one.fingerprint != other.fingerprint


def test_the_widest_gap_comes_first() -> None:
    found = gaps(circulated(), circulated(organisation="Mairie", value=500))
    assert [gap.gap for gap in found] == [-384, 16]
