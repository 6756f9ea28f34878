"""The return and its own past: real changes are big, so what explains them counts more than how big they are."""

from __future__ import annotations

import pytest

from pipelines import triangulation
from pipelines.model import Past, Period
from schemas import texts
from schemas.codes import Severity
from schemas.fields import IDP, RETURNEE
from tests.fiche import as_past, changed, compile_fiches, past_of, stock
from tests.rules.examples import ONE_LESS_AT_BLA, add, arrival, fallen, grown, returned, risen, set_
from tests.triangulation.months import BLA, MACINA, NIONO, SEGOU, SEGOU_REGION, alert, evidence, found, history, only, stated

BEFORE = [changed(*ONE_LESS_AT_BLA)]
CALM = (520, 521, 519, 522, 518, 521, 520)


def rules_of(*args: object, **more: object) -> set[str]:
    return {rule for rule, _ in found(evidence(*args, **more))}  # type: ignore[arg-type]


# --- real jumps -------------------------------------------------------------------------------------------------------------


def test_a_jump_that_movements_and_an_assessment_explain_is_no_alarm() -> None:
    """June 2019 in small: many more people, seen arriving, assessed, and counted by a partner too."""
    seen = risen(
        arrival(480, 90),
        alerts=[alert("E1", place_id=SEGOU, kind="assessment")],
        statements=[stated(980)],
        past=history(SEGOU, *CALM),
    )
    assert found(seen) == []


def test_a_rise_that_the_return_itself_assessed_needs_no_alert() -> None:
    assert found(risen(arrival(480, 90), set_("basis", "évaluation"))) == []


def test_an_event_that_is_far_too_small_explains_no_rise() -> None:
    assert [rule for rule, _ in found(risen(arrival(480, 90), alerts=[alert("A1", place_id=SEGOU, individuals=100)]))] == [
        "RISE_WITHOUT_EVENT"
    ]


def test_a_fall_that_movements_make_is_explained() -> None:
    left = arrival(270, 50, "retour", to_region="Mopti", to_cercle="Bankass", from_region="Ségou", from_cercle="Ségou")
    fallen_ = changed(left, set_("individuals", 250), set_("households", 50))
    assert found(evidence(fallen_, before=[changed()])) == []


@pytest.mark.parametrize(
    ("movement", "more"),
    [
        ("intégration locale", {}),
        ("réinstallation", {"to_region": "Mopti", "to_cercle": "Bankass"}),
    ],
)
def test_those_who_found_a_lasting_solution_leave_the_stock(movement: str, more: dict[str, str]) -> None:
    gone = arrival(270, 50, movement, **{"to_region": None, "to_cercle": None, **more}, from_region="Ségou", from_cercle="Ségou")
    assert found(evidence(changed(gone, set_("individuals", 250), set_("households", 50)), before=[changed()])) == []


# --- stock and flow -----------------------------------------------------------------------------------------------------------


def test_a_move_is_subtracted_once_where_it_leaves_and_added_where_it_arrives() -> None:
    moved = arrival(100, 20, "secondaire", to_cercle="Macina", from_region="Ségou", from_cercle="Niono")
    fiche = changed(
        moved, set_("individuals", 110, 1), set_("households", 20, 1), set_("individuals", 201, 2), set_("households", 40, 2)
    )
    assert found(evidence(fiche, before=[changed()])) == []
    forgotten = changed(moved, set_("individuals", 110, 1), set_("households", 20, 1))
    assert found(evidence(forgotten, before=[changed()])) == [("STOCK_FLOW", MACINA)]


def test_the_identity_is_unknown_where_a_movement_was_rejected_or_none_is_listed() -> None:
    rejected = changed(arrival(100), arrival(-5, -1, to_cercle="Bla"))
    assert "STOCK_FLOW" not in rules_of(rejected, before=BEFORE)
    assert "STOCK_FLOW" not in rules_of(changed(set_("individuals", 640)), before=BEFORE)


def test_the_identity_holds_between_months_that_follow_each_other_only() -> None:
    october = as_past(compile_fiches(changed(*ONE_LESS_AT_BLA)), period=Period(2019, 10))
    assert "STOCK_FLOW" not in rules_of(changed(arrival(100)), before=october)


@pytest.mark.parametrize(("extra", "severity"), [(51, Severity.AMBER), (200, Severity.RED)])
def test_a_residual_grows_serious_with_its_share(extra: int, severity: Severity) -> None:
    gap = only(evidence(changed(arrival(extra)), before=BEFORE))
    assert (gap.rule, gap.gap, gap.severity) == ("STOCK_FLOW", -extra, severity)


# --- the place's own history ----------------------------------------------------------------------------------------------------


def test_what_is_usual_at_a_place_is_no_outlier_there() -> None:
    assert "HISTORY_OUTLIER" not in {
        rule for rule, _ in found(fallen(250, past=history(SEGOU, 520, 260, 520, 255, 518, 262, 520)))
    }


def test_fewer_than_six_changes_are_no_history() -> None:
    [short] = found(fallen(250, past=history(SEGOU, *CALM[1:])))
    [long] = found(fallen(250, past=history(SEGOU, *CALM)))
    assert (short[0], long[0]) == ("CHANGE_LARGE", "HISTORY_OUTLIER")


def test_a_past_that_never_moved_has_no_scale_and_a_change_there_is_still_seen() -> None:
    assert found(fallen(250, past=history(SEGOU, *[520] * 9))) == [("CHANGE_LARGE", SEGOU)]


def test_months_carried_forward_are_no_history() -> None:
    past = history(SEGOU, *CALM).assign(carried_months=[0, 0, 0, 1, 1, 0, 0])
    assert found(fallen(250, past=past)) == [("CHANGE_LARGE", SEGOU)]


# --- regions ----------------------------------------------------------------------------------------------------------------


def test_places_added_are_told_apart_from_growth_in_the_same_places() -> None:
    added = add(IDP, **stock("Baroueli", "Baroueli", 60, 320))
    gap = only(evidence(changed(added, set_("individuals", 540)), before=[changed()]))
    sentence = texts.rule_sentence(gap.rule, gap.params)
    assert (gap.rule, gap.place_id) == ("GROWTH_UNEXPLAINED", SEGOU_REGION)
    assert "20 dans les mêmes lieux, 320 dans des lieux nouveaux (Barouéli), 0 dans des lieux qui disparaissent" in sentence


def test_a_region_is_not_told_for_what_is_told_of_its_places() -> None:
    assert found(risen()) == [("RISE_WITHOUT_EVENT", SEGOU)]


def test_growth_of_a_region_has_amber_and_red() -> None:
    assert only(grown(70)).severity is Severity.RED


# --- returnees ----------------------------------------------------------------------------------------------------------------


def test_returnees_do_not_fall_where_their_row_was_rejected() -> None:
    now = changed(set_("individuals", "abc", 0, RETURNEE))
    assert "RETURNEES_FALL" not in rules_of(now, before=BEFORE)


def test_returns_and_the_cumulative_count_may_differ_by_a_few() -> None:
    assert found(returned(100)) == []
    assert [rule for rule, _ in found(returned(90))] == ["RETURNS_UNMATCHED"]


# --- what stands still --------------------------------------------------------------------------------------------------------


def test_a_place_is_still_only_while_nothing_interrupts_it() -> None:
    assert found(evidence(changed(), before=BEFORE, past=history(SEGOU, 520, 519, 520, 520))) == []
    gap = only(evidence(changed(), before=BEFORE, past=history(SEGOU, 519, 520, 520, 520, 520)))
    assert (gap.rule, gap.params["months"]) == ("PLACE_FROZEN", 4)


def test_a_place_with_nobody_left_is_not_frozen() -> None:
    nobody = changed(set_("individuals", 0), set_("households", 0))
    before = [changed(set_("individuals", 0), set_("households", 0), *ONE_LESS_AT_BLA)]
    assert found(evidence(nobody, before=before, past=history(SEGOU, 0, 0, 0, 0))) == []


def test_a_frozen_region_is_told_once_for_all_its_places() -> None:
    assert found(evidence(changed(), before=[changed()], past=history(SEGOU, 520, 520, 520, 520))) == [
        ("COUNT_FROZEN", SEGOU_REGION)
    ]


# --- what people have read ------------------------------------------------------------------------------------------------------


def test_what_was_printed_of_another_month_is_not_held_against_this_past() -> None:
    from datetime import date

    said = stated(
        889, SEGOU_REGION, table="printed", source_id="cmp", organisation="CMP", lineage="cmp", as_of=date(2019, 10, 31)
    )
    assert found(evidence(changed(), before=BEFORE, statements=[said])) == []


def test_a_past_without_a_name_of_its_own_is_still_a_past() -> None:
    past: Past = past_of(changed(*ONE_LESS_AT_BLA))
    gaps = triangulation.discrepancies(evidence(changed(arrival(100)), before=past))
    assert [value.source for value in gaps[0].values] == ["Fiche", "projet de 2019-11"]
    assert {NIONO, BLA}.isdisjoint({gap.place_id for gap in gaps})
