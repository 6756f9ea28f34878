"""The return and what alerts, assessments and actors say: flows question a stock, none of them enters it."""

from __future__ import annotations

from datetime import date

import pytest

from pipelines import triangulation
from pipelines.triangulation.against_events import persons_of
from schemas import texts
from schemas.codes import Severity
from tests.fiche import changed
from tests.rules.examples import ONE_LESS_AT_BLA, arrival, on_alert, set_
from tests.triangulation.months import BLA, MACINA, NIONO, SEGOU, actor, alert, evidence, found, only

BEFORE = [changed(*ONE_LESS_AT_BLA)]
LISTING = arrival(50, 9, to_cercle="Bla")
"""A return that lists a movement has claimed to list them all."""


def test_three_reports_of_one_displacement_are_one_event_and_one_question() -> None:
    alerts = [
        alert("A1"),
        alert("A2", 6, organisation="DRC", individuals=470),
        alert("E1", 9, kind="assessment", individuals=465),
    ]
    gap = only(evidence(changed(LISTING), alerts=alerts))
    assert (gap.rule, gap.place_id, gap.gap, gap.severity) == ("EVENT_WITHOUT_TRACE", NIONO, 465, Severity.RED)


@pytest.mark.parametrize(
    ("more", "raised"),
    [
        ({"individuals": 99}, False),
        ({"individuals": None, "households": 30}, True),
        ({"individuals": None}, False),
        ({"status": "closed"}, False),
        ({"day": 27}, False),
        ({"day": 26}, True),
    ],
    ids=str,
)
def test_an_event_is_looked_for_in_the_returns_when_it_is_large_and_had_time_to_arrive(
    more: dict[str, object], raised: bool
) -> None:
    day = int(more.pop("day", 5))  # type: ignore[call-overload]
    seen = evidence(changed(LISTING), alerts=[alert("A1", day, **more)])
    assert (("EVENT_WITHOUT_TRACE", NIONO) in found(seen)) is raised


def test_arrivals_anywhere_in_the_cercle_or_that_quote_the_alert_are_its_trace() -> None:
    for moved in (arrival(300, 60, to_cercle="Niono"), arrival(300, 60, to_cercle="Bla", alert_number="A1")):
        assert ("EVENT_WITHOUT_TRACE", NIONO) not in found(evidence(changed(moved), alerts=[alert("A1")]))


def test_where_no_movement_is_listed_the_stock_shows_the_trace() -> None:
    """Without a past nothing can be known, and nothing is said."""
    assert found(evidence(changed(), alerts=[alert("A1")])) == []
    assert found(evidence(changed(), before=BEFORE, alerts=[alert("A1")])) == [("EVENT_WITHOUT_TRACE", NIONO)]
    risen = changed(set_("individuals", 610, 1), set_("households", 117, 1))
    assert found(evidence(risen, before=BEFORE, alerts=[alert("A1")])) == []


def test_an_older_wave_is_no_other_count_of_the_same_people() -> None:
    alerts = [alert("A1"), alert("A2", 7, organisation="DRC", individuals=100, wave="old", cites="A1")]
    assert "EVENT_COUNTS" not in {
        rule for rule, _ in found(evidence(changed(arrival(480, 90, to_cercle="Niono")), alerts=alerts))
    }


def test_households_alone_are_weighed_as_persons() -> None:
    seen = evidence(changed(), alerts=[alert("A1", individuals=None, households=100)])
    assert persons_of(seen.events[0], seen) == (round(100 * 884 / 170),) * 2


@pytest.mark.parametrize(("days", "severity"), [(15, None), (16, Severity.AMBER), (30, Severity.AMBER), (31, Severity.RED)])
def test_a_figure_on_an_alert_grows_serious_with_its_days(days: int, severity: Severity | None) -> None:
    gaps = triangulation.discrepancies(on_alert(days))
    assert [gap.severity for gap in gaps] == ([severity] if severity else [])


def test_cover_is_told_once_a_cercle_with_its_places() -> None:
    seen = evidence(changed(), presence=[actor(BLA)])
    gaps = triangulation.discrepancies(seen)
    assert {(gap.rule, gap.place_id) for gap in gaps} == {("RRM_COVER", place) for place in (SEGOU, NIONO, MACINA)}
    assert {gap.gap for gap in gaps} == {0}


def test_cover_is_unknown_when_no_actor_has_told_where_it_is() -> None:
    assert found(evidence(changed())) == []


@pytest.mark.parametrize(
    ("more", "covered"),
    [
        ({}, True),
        ({"ended_on": date(2019, 12, 1)}, True),
        ({"ended_on": date(2019, 11, 30)}, False),
        ({"started_on": date(2020, 1, 1)}, False),
        ({"place_id": "R04"}, True),
        ({"place_id": "ML"}, True),
    ],
    ids=str,
)
def test_an_actor_covers_where_it_was_in_the_month(more: dict[str, object], covered: bool) -> None:
    here = {"place_id": SEGOU, **more}
    others = [actor(place) for place in (NIONO, MACINA, BLA)]
    seen = evidence(changed(), presence=[*others, actor(**here)])  # type: ignore[arg-type]
    assert (found(seen) == []) is covered


def test_an_assessment_of_the_month_is_cover() -> None:
    seen = evidence(changed(arrival(480, 90)), presence=[actor(NIONO), actor(MACINA), actor(BLA)],
                    alerts=[alert("E1", kind="assessment", place_id=SEGOU)])  # fmt: skip
    assert "RRM_COVER" not in {rule for rule, _ in found(seen)}


def test_an_alert_without_number_is_named_as_one() -> None:
    gap = only(evidence(changed(LISTING), alerts=[alert(None)]))
    assert texts.rule_sentence(gap.rule, gap.params).startswith(
        "Alerte sans numéro : 480 personnes arrivées dans le cercle de Niono"
    )
    assert "y comptent aucune arrivée" in texts.rule_sentence(gap.rule, gap.params)
