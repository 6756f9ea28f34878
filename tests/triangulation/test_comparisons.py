"""What every comparison shares: one cause is one discrepancy, with a key that stays and a fingerprint that follows the values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import triangulation
from pipelines.triangulation.against_past import modified_z
from pipelines.triangulation.comparisons import asymmetry
from schemas import texts
from schemas.codes import Owner, Severity
from tests.fiche import changed
from tests.rules.examples import ONE_LESS_AT_BLA, set_
from tests.triangulation.months import NIONO, SEGOU, circulated, evidence, found, history, only, stated

BEFORE = [changed(*ONE_LESS_AT_BLA)]


def test_the_key_stays_and_the_fingerprint_follows_the_values() -> None:
    one, other = (only(evidence(changed(), statements=[circulated(value)])) for value in (900, 901))
    assert one.key == other.key
    assert one.fingerprint != other.fingerprint


def test_two_services_about_one_region_are_two_discrepancies_the_widest_first() -> None:
    seen = evidence(
        changed(), statements=[circulated(900), circulated(500, organisation="Mairie", source_id="mairie", lineage="mairie")]
    )
    gaps = triangulation.discrepancies(seen)
    assert len({gap.key for gap in gaps}) == len(gaps)
    assert [gap.impact for gap in gaps] == sorted((gap.impact for gap in gaps), reverse=True)


def test_a_discrepancy_shows_both_numbers_with_the_cells_where_they_stand() -> None:
    gap = only(evidence(changed(), before=BEFORE, statements=[stated(900, cell="E7")]))
    assert [(value.source, value.value, value.where, value.takes) for value in gap.values] == [
        ("Fiche", 520, "fiche-1.xlsx, PDI, G3", False),
        ("NRC", 900, "liste.xlsx, Liste, E7", True),
        ("projet de 2019-11", 520, None, False),
    ]
    assert (gap.owner, gap.partner, gap.severity) == (Owner.PARTNER, "NRC", Severity.RED)


def test_the_share_is_that_of_the_national_total() -> None:
    assert only(evidence(changed(), statements=[circulated(906)])).national_share == pytest.approx(22 / 884)


def test_a_gap_in_households_weighs_as_persons() -> None:
    gap = only(evidence(changed(), statements=[circulated(180, unit="household")]))
    assert (gap.gap, gap.impact) == (10, round(10 * 884 / 170))


def test_one_cause_seen_by_several_rules_is_one_discrepancy_that_says_it_all() -> None:
    jumped = changed(set_("individuals", 1000), set_("households", 190))
    gap = only(evidence(jumped, before=BEFORE, past=history(SEGOU, 500, 505, 500, 510, 515, 512, 518, 520)))
    assert gap.rule == "RISE_WITHOUT_EVENT"
    assert [code for code, _ in gap.params["joined"]] == ["HISTORY_OUTLIER"]
    sentence = texts.rule_sentence(gap.rule, gap.params)
    assert "sans alerte ni évaluation qui l'explique. En 7 mois, rien n'y avait changé de plus de" in sentence


def test_what_is_told_together_reopens_when_either_part_changes() -> None:
    jumped = changed(set_("individuals", 1000), set_("households", 190))
    longer, shorter = (history(SEGOU, *values) for values in ((500, 505, 500, 510, 515, 512, 518, 520), (515, 512, 518, 520)))
    one, other = (only(evidence(jumped, before=BEFORE, past=past)) for past in (longer, shorter))
    assert one.key == other.key
    assert one.fingerprint != other.fingerprint


def test_two_places_are_two_causes() -> None:
    assert sorted(found(evidence(changed(), statements=[stated(900), stated(600, NIONO)]))) == [
        ("SOURCE_GAP", NIONO),
        ("SOURCE_GAP", SEGOU),
    ]


def test_the_order_of_what_sources_say_changes_nothing() -> None:
    said = [circulated(900), stated(900), stated(600, NIONO), stated(287, scope="partial", organisation="RRM", source_id="rrm")]
    there, back = (triangulation.discrepancies(evidence(changed(), statements=rows)) for rows in (said, said[::-1]))
    assert there == back


def test_a_threshold_changed_in_the_settings_changes_what_is_found() -> None:
    seen = [stated(560)]
    assert found(evidence(changed(), statements=seen)) == []
    strict = {"SOURCE_GAP": {"amber": 0.05, "persons": 10}}
    assert found(evidence(changed(), statements=seen, thresholds=strict)) == [("SOURCE_GAP", SEGOU)]


def test_a_month_without_past_or_sources_has_nothing_to_compare() -> None:
    seen = evidence(changed())
    assert triangulation.discrepancies(seen) == ()
    assert triangulation.set_aside(seen) == ()
    assert triangulation.agreed(seen) == frozenset()


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_asymmetry_is_symmetric_and_between_0_and_2(one: int, other: int) -> None:
    assert asymmetry(one, other) == asymmetry(other, one)
    assert 0 <= asymmetry(one, other) <= 2
    assert (asymmetry(one, other) == 0) == (one == other)


SIXTEENTHS = st.integers(-16, 16).map(lambda value: value / 16)


@given(st.lists(SIXTEENTHS, min_size=6, max_size=30), SIXTEENTHS, st.integers(-5, 5))
def test_the_score_of_a_change_does_not_depend_on_where_changes_are_centred(
    changes: list[float], change: float, shift: int
) -> None:
    """Moving all changes moves none of them nearer to the others."""
    one, other = modified_z(changes, change), modified_z([value + shift for value in changes], change + shift)
    assert one == (None if other is None else pytest.approx(other))


def test_the_score_by_hand() -> None:
    assert modified_z([0.0, 0.1, 0.2, 0.3, 0.4], 0.6) == pytest.approx(0.6745 * 0.4 / 0.1)
    assert modified_z([0.0, 0.0, 0.0, 0.0, 0.5], 0.5) == pytest.approx(0.5 / (1.253314 * 0.1))
    assert modified_z([0.1, 0.1, 0.1], 0.5) is None


def test_a_past_that_arrives_later_is_another_number_beside_and_no_other_discrepancy() -> None:
    """A decision about what circulates stays when the month before is consolidated afterwards."""
    alone, beside = (only(evidence(changed(), before=before, statements=[circulated(900)])) for before in (None, BEFORE))
    assert (alone.key, alone.fingerprint) == (beside.key, beside.fingerprint)
    assert [value.source_id for value in beside.values] == ["return", "sldses", "past"]
