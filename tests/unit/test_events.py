"""Alerts into events."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from pipelines import triangulation
from pipelines.model import Event
from pipelines.triangulation.events import SAME_EVENT_DAYS, quoted_numbers
from schemas import fields
from schemas.codes import AlertStatus, EventStatus, Shock, Wave
from tests.fiche import GAZETTEER, PERIOD
from tests.properties.strategies import MODEST

SEGOU, NIONO, DIABALY, SOKOLO, BLA, KAYES = "R04", "C025", "K424", "K433", "C023", "R01"
AS_OF = date(2020, 1, 15)


def alert(number: str | None, day: int | None, **more: Any) -> dict[str, Any]:
    return {
        **dict.fromkeys(fields.ALERT.names),
        "alert_number": number,
        "kind": "alert",
        "event_on": day and date(2019, 12, day),
        "organisation": "NRC",
        "place_id": NIONO,
        "individuals": 100,
        **more,
    }


def events(*alerts: dict[str, Any]) -> tuple[Event, ...]:
    return triangulation.events(pd.DataFrame(list(alerts)), PERIOD, GAZETTEER, AS_OF)


def together(*alerts: dict[str, Any]) -> list[tuple[str, ...]]:
    """The numbers of each event's alerts."""
    return [event.alert_numbers for event in events(*alerts)]


def test_the_places_of_these_tests_are_those_they_name() -> None:
    assert GAZETTEER.parent(DIABALY) == GAZETTEER.parent(SOKOLO) == NIONO
    assert GAZETTEER.parent(NIONO) == SEGOU == GAZETTEER.parent(BLA)


# --- place and date -----------------------------------------------------------------------------------------------------


def test_three_reports_of_one_displacement_are_one_event_with_three_witnesses() -> None:
    [event] = events(
        alert("A1", 1, place_id=DIABALY),
        alert("A2", 3, organisation="DRC", individuals=140),
        alert("A3", 15, organisation="SLDSES", individuals=120, place_id=DIABALY),
    )
    assert (event.place_id, event.alert_numbers, event.witnesses) == (DIABALY, ("A1", "A2", "A3"), 3)
    assert (event.first_on, event.last_on, event.individuals) == (date(2019, 12, 1), date(2019, 12, 15), (100, 140))
    assert event.organisations == ("DRC", "NRC", "SLDSES")


def test_the_fifteenth_day_is_another_event() -> None:
    assert together(alert("A1", 1), alert("A2", 16), alert("A3", 15)) == [("A1", "A3"), ("A2",)]


def test_a_chain_of_alerts_does_not_grow_without_end() -> None:
    assert together(*(alert(f"A{day:02d}", day) for day in range(1, 31, 7))) == [("A01", "A08", "A15"), ("A22", "A29")]


def test_alerts_in_two_cercles_or_in_two_communes_are_two_events() -> None:
    assert [event.place_id for event in events(alert("A1", 1), alert("A2", 1, place_id=BLA))] == [BLA, NIONO]
    assert together(alert("A1", 1, place_id=DIABALY), alert("A2", 1, place_id=SOKOLO)) == [("A1",), ("A2",)]


def test_an_alert_known_by_its_cercle_joins_one_commune_of_it_and_never_two() -> None:
    near, far = alert("A1", 1, place_id=DIABALY), alert("A3", 12, place_id=SOKOLO)
    assert together(near, alert("A2", 11), far) == [("A1", "A2"), ("A3",)]
    assert together(near, alert("A2", 11, origin="Dogofry"), {**far, "origin": "Dogofry"}) == [("A1", "A2"), ("A3",)]
    assert together(near, {**alert("A3", 2, place_id=SOKOLO), "origin": "Toridaga"}, alert("A2", 11, origin="Toridaga")) == [
        ("A1",),
        ("A2", "A3"),
    ]


def test_an_alert_known_by_its_region_only_does_not_join_what_happened_in_a_commune() -> None:
    assert together(alert("A1", 1, place_id=SEGOU), alert("A2", 1, place_id=DIABALY)) == [("A2",), ("A1",)]
    [event] = events(alert("A1", 1, place_id=SEGOU), alert("A2", 1))
    assert event.place_id == NIONO


def test_without_place_or_any_date_there_is_no_event() -> None:
    assert events(alert("A1", 1, place_id=None), alert("A2", None)) == ()
    assert events() == ()


def test_without_the_date_of_the_event_an_alert_stands_alone_on_its_own_day() -> None:
    late = alert("A2", None, alert_on=date(2019, 12, 3))
    assert together(alert("A1", 1), late, alert("A3", 2)) == [("A1", "A3"), ("A2",)]
    assert events(late)[0].first_on == date(2019, 12, 3)


# --- what contradicts ---------------------------------------------------------------------------------------------------


def test_what_left_different_places_is_not_one_event() -> None:
    assert together(alert("A1", 1, origin="Saou"), alert("A2", 1, origin="Lessagou")) == [("A1",), ("A2",)]
    assert together(alert("A1", 1, origin="Bankass"), alert("A2", 1, origin="Koro")) == [("A1",), ("A2",)]


def test_an_origin_is_known_by_its_words_or_its_place_whatever_the_spelling_of_both() -> None:
    assert together(alert("A1", 1, origin="Village de SAOU"), alert("A2", 1, origin="Pissa, Saou et environs")) == [("A1", "A2")]
    assert together(alert("A1", 1, origin="cercle de Bankass"), alert("A2", 1, origin="Diallassagou")) == [("A1", "A2")]


def test_a_village_does_not_contradict_the_cercle_that_it_may_lie_in() -> None:
    assert together(alert("A1", 1, origin="Bankass"), alert("A2", 1, origin="Saou")) == [("A1", "A2")]
    assert together(alert("A1", 1), alert("A2", 1, origin="Saou")) == [("A1", "A2")]


def test_two_shocks_are_two_events_unless_people_left_the_same_place() -> None:
    attack, flood = alert("A1", 1, shock=Shock.ARMED_ATTACK), alert("A2", 1, shock=Shock.FLOOD)
    assert together(attack, flood) == [("A1",), ("A2",)]
    assert together(attack, alert("A2", 1), alert("A3", 1, shock=Shock.OTHER)) == [("A1", "A2", "A3")]
    clash = alert("A2", 1, shock=Shock.CLASH, origin="Saou")
    assert together({**attack, "origin": "Saou"}, clash) == [("A1", "A2")]


def test_an_old_wave_repeats_what_came_before_it_and_a_new_one_repeats_nothing() -> None:
    assert together(alert("A1", 1, wave=Wave.NEW), alert("A2", 5, wave=Wave.OLD)) == [("A1", "A2")]
    assert together(alert("A1", 1, wave=Wave.OLD), alert("A2", 5, wave=Wave.NEW)) == [("A1",), ("A2",)]
    assert together(alert("A1", 1, wave=Wave.NEW), alert("A2", 5, wave=Wave.NEW)) == [("A1", "A2")]


# --- what is quoted -----------------------------------------------------------------------------------------------------


def test_a_quoted_alert_is_the_same_event_whatever_else_differs() -> None:
    first = alert("NRC/03/2019", 1, wave=Wave.OLD, shock=Shock.FLOOD, origin="Saou")
    later = alert(
        "DRC-9", 30, organisation="DRC", wave=Wave.NEW, shock=Shock.FIRE, origin="Pissa", remarks="Suite de nrc 03-2019"
    )
    [event] = events(first, later)
    assert (event.alert_numbers, event.first_on, event.last_on) == (
        ("DRC-9", "NRC/03/2019"),
        date(2019, 12, 1),
        date(2019, 12, 30),
    )


def test_numbers_may_be_quoted_in_a_column_of_their_own() -> None:
    assert together(alert("A1", 1), {**alert("A2", 30), "cites": "A1, A0"}) == [("A1", "A2")]
    assert together(alert("A1", 1), {**alert("A2", 30), "cites": ("A1",)}) == [("A1", "A2")]


def test_alerts_that_quote_each_other_from_two_communes_are_an_event_of_their_cercle() -> None:
    [event] = events(alert("A1", 1, place_id=DIABALY), alert("A2", 2, place_id=SOKOLO, remarks="voir A1"))
    assert event.place_id == NIONO


def test_a_row_that_names_no_place_joins_the_alert_that_it_quotes() -> None:
    assert together(alert("A1", 1), alert("A2", 2, place_id=None, remarks="confirme A1")) == [("A1", "A2")]


def test_an_alert_told_in_two_files_is_one_witness_of_one_event() -> None:
    [event] = events(alert("ERM-7", 1, organisation="nrc"), alert("erm 7", 25, individuals=90))
    assert (event.witnesses, event.organisations, event.individuals) == (1, ("nrc",), (90, 100))


def test_a_number_is_quoted_as_a_number_and_not_as_a_count() -> None:
    assert quoted_numbers("Arrivés à 12 ménages, voir ERM n°12", ["12", "A 12", "A12"]) == ("12",)
    assert quoted_numbers("Suite de ERM-1-2019", ["ERM-1", "ERM-1-2019"]) == ("ERM-1-2019",)
    assert quoted_numbers("12 ménages", ["12"]) == quoted_numbers(None, ["12"]) == quoted_numbers("rien", ["sans"]) == ()


def test_a_number_that_two_organisations_use_names_the_alert_of_the_one_that_quotes_it() -> None:
    numbered = alert("N°5", 1), alert("N°5", 1, organisation="DRC", place_id=BLA)
    assert together(*numbered, alert("N°6", 30, organisation="DRC", place_id=BLA, remarks="voir alerte n° 5")) == [
        ("N°5", "N°6"),
        ("N°5",),
    ]
    assert len(together(*numbered, alert("N°6", 30, organisation="CRS", remarks="voir alerte n° 5"))) == 3


# --- what an event says -------------------------------------------------------------------------------------------------


def test_the_latest_assessment_outweighs_the_alerts_and_what_was_assessed_before() -> None:
    [event] = events(
        alert("A1", 1, individuals=900, households=150),
        alert("E1", 6, kind="assessment", alert_on=date(2019, 12, 8), individuals=700, households=130),
        alert("E2", 6, kind="assessment", alert_on=date(2019, 12, 12), individuals=610),
    )
    assert (event.assessed, event.individuals, event.households) == (True, (610, 610), None)


def test_an_assessment_that_counted_nobody_leaves_the_range_of_the_alerts() -> None:
    [event] = events(alert("A1", 1), alert("E1", 6, kind="assessment", individuals=None))
    assert (event.assessed, event.individuals) == (True, (100, 100))


def test_an_assessment_under_way_has_found_nothing_yet() -> None:
    [event] = events(alert("A1", 1), alert("E1", 6, kind="assessment", status=AlertStatus.IN_ASSESSMENT, individuals=40))
    assert (event.assessed, event.status, event.individuals) == (False, EventStatus.VERIFYING, (40, 100))


def test_counts_never_decide_what_is_one_event_and_may_be_missing() -> None:
    [event] = events(alert("A1", 1, individuals=1), alert("A2", 2, individuals=5000), alert("A3", 2, individuals=None))
    assert (event.individuals, event.households) == ((1, 5000), None)


def test_an_event_has_come_as_far_as_the_furthest_of_its_alerts() -> None:
    def status(**more: Any) -> EventStatus:
        return events(alert("A1", 1), alert("A2", 2, **more))[0].status

    assert status() == EventStatus.UNVERIFIED
    assert status(confirmed_on=date(2019, 12, 9)) == status(status=AlertStatus.AWAITING_ASSESSMENT) == EventStatus.VERIFYING
    assert status(kind="assessment") == status(status=AlertStatus.AWAITING_RESPONSE) == EventStatus.ASSESSED
    assert status(status=AlertStatus.IN_RESPONSE) == EventStatus.ANSWERED
    assert status(kind="assessment", status=AlertStatus.CLOSED) == EventStatus.CLOSED


def test_its_age_runs_from_the_first_alert_to_the_day_the_month_is_seen_on() -> None:
    assert events(alert("A1", 1))[0].age_days == 45
    assert events(alert("A1", 1, alert_on=date(2019, 12, 16)), alert("A2", 10, alert_on=date(2019, 12, 12)))[0].age_days == 34
    assert events(alert("A1", 1, alert_on=date(2020, 2, 1)))[0].age_days == 0


def test_sources_of_one_lineage_are_one_witness() -> None:
    assert events(alert("A1", 1, lineage="rrm"), alert("A2", 1, organisation="DRC", lineage="rrm"))[0].witnesses == 1
    assert events(alert("A1", 1, organisation=None))[0].witnesses == 1


def test_an_event_keeps_the_rows_that_tell_of_it_and_what_they_say() -> None:
    rows = [{"file": "a.xlsx", "sheet": "Alertes", "row": 9}, {"file": "a.xlsx", "sheet": "Alertes", "row": 4}]
    [event] = events(alert("A1", 1, **rows[0]), alert("A2", 2, origin="Saou", shock=Shock.CLASH, **rows[1]))
    assert event.rows == (("a.xlsx", "Alertes", 4), ("a.xlsx", "Alertes", 9))
    assert (event.origin, event.shock) == ("Saou", Shock.CLASH)


def test_the_key_stays_when_counts_are_corrected_or_a_witness_is_added() -> None:
    [first] = events(alert("A1", 1))
    [later] = events(alert("A1", 1, individuals=60, status=AlertStatus.CLOSED), alert("A2", 3, place_id=DIABALY))
    assert first.key == later.key


# --- whatever is sent ---------------------------------------------------------------------------------------------------

ALERTS = st.lists(
    st.builds(
        alert,
        st.sampled_from([None, "A1", "A2", "N°5", "ERM-7", "ERM-7-2019", "RAS"]),
        st.one_of(st.none(), st.integers(1, 31)),
        place_id=st.sampled_from([None, SEGOU, NIONO, DIABALY, SOKOLO, BLA]),
        organisation=st.sampled_from([None, "NRC", "DRC"]),
        origin=st.sampled_from([None, "Saou", "Pissa, Saou", "Bankass", "Koro"]),
        shock=st.sampled_from([None, Shock.FLOOD, Shock.CLASH, Shock.OTHER]),
        wave=st.sampled_from([None, Wave.NEW, Wave.OLD]),
        kind=st.sampled_from(["alert", "assessment", None]),
        alert_on=st.one_of(st.none(), st.dates(date(2019, 12, 1), date(2020, 1, 5))),
        individuals=st.one_of(st.none(), st.integers(0, 900)),
        remarks=st.sampled_from([None, "voir A1", "suite d'ERM-7", "alerte n°5"]),
    ),
    max_size=9,
).map(lambda rows: [{**row, "file": "a.xlsx", "sheet": "Alertes", "row": at} for at, row in enumerate(rows, start=2)])


@MODEST
@given(ALERTS, st.randoms(use_true_random=False))
def test_events_do_not_depend_on_the_order_of_alerts(alerts: list[dict[str, Any]], random: Any) -> None:
    shuffled = list(alerts)
    random.shuffle(shuffled)
    assert events(*alerts) == events(*shuffled)


@MODEST
@given(ALERTS)
def test_every_placed_and_dated_alert_is_in_one_event_and_keys_tell_events_apart(alerts: list[dict[str, Any]]) -> None:
    found = events(*alerts)
    told = Counter(row for event in found for row in event.rows)
    assert set(told.values()) <= {1}
    assert {("a.xlsx", "Alertes", row["row"]) for row in alerts if row["place_id"] and row["event_on"]} <= set(told)
    assert len({event.key for event in found}) == len(found)


@MODEST
@given(ALERTS)
def test_without_quotes_no_event_is_longer_than_two_weeks_or_in_two_communes(alerts: list[dict[str, Any]]) -> None:
    unquoted = [{**row, "remarks": None, "alert_number": f"Z{row['row']}"} for row in alerts]
    where = {row["row"]: row["place_id"] for row in unquoted}
    for event in events(*unquoted):
        assert (event.last_on - event.first_on).days <= SAME_EVENT_DAYS
        communes = {where[row] for _, _, row in event.rows} & {DIABALY, SOKOLO}
        assert len(communes) <= 1
