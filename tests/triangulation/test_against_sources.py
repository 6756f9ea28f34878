"""The return and other sources: what is comparable, who is a witness, and what is one and the same people."""

from __future__ import annotations

from datetime import date

import pytest

from pipelines import triangulation
from schemas import texts
from schemas.codes import Action, Owner, Severity
from schemas.fields import IDP, MOVEMENT
from tests.fiche import GAZETTEER, PERIOD_END, Fiche, changed, stock
from tests.rules.examples import ONE_LESS_AT_BLA, set_, two_regions
from tests.triangulation.months import BLA, NIONO, SEGOU, SEGOU_REGION, Row, circulated, evidence, found, only, stated

BEFORE = [changed(*ONE_LESS_AT_BLA)]


def reasons(*rows: Row) -> list[str]:
    return [item.reason for item in triangulation.set_aside(evidence(changed(), statements=rows))]


# --- comparability --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "compared"),
    [(date(2019, 12, 16), True), (date(2019, 12, 15), False), (date(2020, 1, 15), True), (date(2020, 1, 16), False)],
)
def test_only_numbers_of_within_fifteen_days_are_compared(day: date, compared: bool) -> None:
    seen = evidence(changed(), statements=[stated(900, as_of=day)])
    assert found(seen) == ([("SOURCE_GAP", SEGOU)] if compared else [])
    assert [item.reason for item in triangulation.set_aside(seen)] == ([] if compared else ["not_comparable_date"])


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (stated(900, as_of=None), "not_comparable_undated"),
        (stated(300, scope="partial"), "not_comparable_partial"),
        (stated(900, scope="rounded"), "not_comparable_rounded"),
        (stated(None, scope="inaccessible"), "not_comparable_inaccessible"),
        (stated(900, measure="arrivals"), "not_comparable_flow_alone"),
        (stated(900, "C030"), "not_comparable_no_return"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_not_compared_is_listed_with_the_reason(row: Row, reason: str) -> None:
    seen = evidence(changed(), statements=[row])
    assert triangulation.discrepancies(seen) == ()
    [aside] = triangulation.set_aside(seen)
    assert aside.reason == reason
    for lang in texts.LANGUAGES:
        sentence = texts.message(aside.reason, lang, **aside.params)
        assert "{" not in sentence
        assert "None" not in sentence


def test_households_and_individuals_of_a_source_are_set_aside_together() -> None:
    [aside] = triangulation.set_aside(
        evidence(changed(), statements=[stated(60, unit="household", scope="partial"), stated(300, scope="partial")])
    )
    assert "60 ménages et 300 individus" in texts.message(aside.reason, **aside.params)


def test_a_flow_never_stands_against_a_stock() -> None:
    assert reasons(stated(9000, measure="arrivals", table="sitrep")) == ["not_comparable_flow_alone"]


# --- thresholds and sides -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("value", "severity"), [(769, None), (770, Severity.RED)])
def test_a_gap_of_fewer_than_250_persons_is_not_raised(value: int, severity: Severity | None) -> None:
    gaps = triangulation.discrepancies(evidence(changed(), statements=[stated(value)]))
    assert [gap.severity for gap in gaps] == ([severity] if severity else [])


def test_amber_and_red_follow_the_asymmetry() -> None:
    fiche = changed(set_("individuals", 5200), set_("households", 1000))
    amber, red = (only(evidence(fiche, statements=[stated(value)])).severity for value in (5900, 6900))
    assert (amber, red) == (Severity.AMBER, Severity.RED)
    assert found(evidence(fiche, statements=[stated(5700)])) == []


def test_sources_of_one_lineage_are_one_witness_the_nearest_in_date() -> None:
    near = stated(900, source_id="dtm", organisation="DTM", lineage="cmp", as_of=date(2019, 12, 30))
    far = stated(950, source_id="hcr", organisation="HCR", lineage="cmp", as_of=date(2020, 1, 10))
    gap = only(evidence(changed(), statements=[near, far]))
    assert [value.source for value in gap.values if value.takes] == ["DTM"]
    assert "(source qui se nourrit des mêmes listes)" in texts.rule_sentence(gap.rule, gap.params)


def test_witnesses_of_two_lineages_stand_side_by_side_in_one_discrepancy() -> None:
    gap = only(evidence(changed(), statements=[stated(900), stated(880, organisation="HCR", source_id="hcr", lineage="hcr")]))
    assert [(value.source, value.value) for value in gap.values] == [("Fiche", 520), ("HCR", 880), ("NRC", 900)]


def test_sources_that_repeat_one_number_are_said_to_be_one() -> None:
    rows = [stated(525, source_id=name.lower(), organisation=name, lineage="cmp") for name in ("DTM", "HCR")]
    [aside] = triangulation.set_aside(evidence(changed(), statements=rows))
    assert "DTM et HCR donnent" in texts.message(aside.reason, **aside.params)


# --- lists of communes ----------------------------------------------------------------------------------------------------


def test_a_list_that_copies_the_returns_is_added_up_to_the_cercle_that_the_return_counts_as_a_whole() -> None:
    communes = GAZETTEER.children(SEGOU)[:3]
    dtm = {"source_id": "dtm", "organisation": "DTM", "lineage": "cmp"}
    rows = [stated(300, place, row=at, **dtm) for at, place in enumerate(communes, start=3)]
    gap = only(evidence(changed(), statements=rows))
    assert (gap.place_id, gap.gap) == (SEGOU, 380)


def test_some_communes_of_a_partner_are_a_part_of_the_cercle() -> None:
    """It works where it works: what it does not count is not missing."""
    communes = GAZETTEER.children(SEGOU)
    few = evidence(changed(), statements=[stated(100, communes[0])])
    assert triangulation.discrepancies(few) == ()
    assert [(item.place_id, item.reason) for item in triangulation.set_aside(few)] == [(SEGOU, "not_comparable_partial")]
    many = evidence(changed(), statements=[stated(300, place, row=at) for at, place in enumerate(communes[:3], start=3)])
    assert found(many) == [("PART_OVER_WHOLE", SEGOU)]


def test_a_list_is_compared_commune_by_commune_where_the_return_is() -> None:
    fiche = Fiche()
    for name, households, individuals in (("Cinzana", 100, 500), ("Farako", 100, 520)):
        fiche.add(IDP, **stock("Ségou", name, households, individuals, level="commune"))
    seen = evidence(fiche)
    cinzana, farako = (seen.gazetteer.match(name, "commune", SEGOU).place_id for name in ("Cinzana", "Farako"))
    assert found(evidence(fiche, statements=[stated(900, str(cinzana)), stated(530, str(farako))])) == [("SOURCE_GAP", cinzana)]


def test_the_gap_of_a_region_is_that_of_its_cercle_and_told_once() -> None:
    whole = stated(1264, SEGOU_REGION, table="statement")
    assert found(evidence(changed(), statements=[whole, stated(900, table="statement")])) == [("SOURCE_GAP", SEGOU)]


# --- additions and parts ----------------------------------------------------------------------------------------------------


def test_villages_of_one_commune_are_one_addition() -> None:
    rows = [stated(value, NIONO, scope="additional", row=at, cell=f"E{at}") for at, value in ((3, 100), (4, 50))]
    gap = only(evidence(changed(), statements=rows))
    assert (gap.gap, gap.additional, gap.proposed) == (150, True, Action.TAKE_SOURCE)
    assert [value.value for value in gap.values if value.takes] == [150]


def test_additions_of_two_organisations_are_two_questions() -> None:
    rows = [stated(100, NIONO, scope="additional", organisation=name, source_id=name.lower()) for name in ("NRC", "DRC")]
    assert found(evidence(changed(), statements=rows)) == [("UNREGISTERED_PEOPLE", NIONO)] * 2


def test_who_answers_is_the_region_unless_the_partner_is_to() -> None:
    addition = only(evidence(changed(), statements=[stated(100, NIONO, scope="additional")]))
    differing = only(evidence(changed(), statements=[stated(900)]))
    assert (addition.owner, addition.partner) == (Owner.REGION, None)
    assert (differing.owner, differing.partner) == (Owner.PARTNER, "NRC")


# --- what circulates --------------------------------------------------------------------------------------------------------


def test_a_local_service_that_is_quoted_circulates_too() -> None:
    said = circulated(900, table="statement")
    assert found(evidence(changed(), statements=[said])) == [("CIRCULATED_GAP", SEGOU_REGION)]


def test_returnees_are_compared_with_their_cumulative_count() -> None:
    gap = only(evidence(changed(), statements=[circulated(100, unit="household", population_group="idp_returnee")]))
    assert (gap.measure, gap.gap) == ("cumulative", -70)


# --- agreement ------------------------------------------------------------------------------------------------------------


def test_an_independent_source_within_the_threshold_confirms() -> None:
    near = evidence(changed(), statements=[stated(540)])
    assert triangulation.agreed(near) == {(SEGOU, "idp", "stock")}
    assert triangulation.agreed(evidence(changed(), statements=[stated(540, lineage="cmp", source_id="dtm")])) == frozenset()
    assert triangulation.agreed(evidence(changed(), statements=[stated(700)])) == frozenset()


def test_one_independent_source_that_disagrees_is_no_confirmation() -> None:
    rows = [stated(540), stated(700, organisation="HCR", source_id="hcr", lineage="hcr")]
    assert triangulation.agreed(evidence(changed(), statements=rows)) == frozenset()


# --- the same people twice --------------------------------------------------------------------------------------------------


def test_two_places_that_had_one_number_already_are_not_said_again() -> None:
    twins = changed(set_("households", 100, 1), set_("individuals", 520, 1), set_("individuals", 54, 3))
    before = [changed(set_("households", 100, 1), set_("individuals", 520, 1))]
    assert found(evidence(twins, before=before)) == []


def test_arrivals_that_two_places_take_over_from_one_alert_are_counted_twice() -> None:
    def arrived(cercle: str) -> dict[str, object]:
        return {"movement": "arrivée", "to_region": "Ségou", "to_cercle": cercle, "households": 60, "individuals": 300,
                "observed_on": PERIOD_END, "basis": "enregistrement", "alert_number": "N°04"}  # fmt: skip

    fiche = changed(set_("individuals", 820), set_("households", 160), set_("individuals", 353, 3), set_("households", 70, 3))
    fiche.add(MOVEMENT, **arrived("Ségou")).add(MOVEMENT, **arrived("Bla"))
    gap = next(item for item in triangulation.discrepancies(evidence(fiche, before=[changed()])) if item.rule == "DOUBLE_COUNT")
    assert gap.place_id in (SEGOU, BLA)
    assert "selon la même alerte N°04" in texts.rule_sentence(gap.rule, gap.params)


@pytest.mark.parametrize(("arrived", "raised"), [(96, False), (60, False), (45, True)])
def test_the_two_ends_of_a_move_may_differ_by_a_few(arrived: int, raised: bool) -> None:
    assert (("SECONDARY_MIRROR", SEGOU) in found(two_regions(arrived))) is raised
