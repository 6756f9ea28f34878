"""What may be decided, what is refused and why, which decisions stand, and in which order to look."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict, replace
from datetime import date, timedelta
from typing import Any

import pytest

from pipelines import deciding
from pipelines.deciding import Question, Refusal, question
from pipelines.model import Compared, Decision, Discrepancy
from pipelines.settings import Settings
from schemas import texts
from schemas.codes import CHANGES_A_NUMBER, Action, DiscrepancyStatus
from tests.fiche import GAZETTEER, changed, past_of
from tests.months_decided import MEETING, decision, disagreement, number

SEGOU, MOPTI, C_NIONO, C_BLA = "R04", "R05", "C025", "C023"
LAST_DAY = date(2019, 12, 31)
TODAY = date(2020, 1, 15)
ALWAYS = (Action.KEEP, Action.ASK_REGION, Action.CORRECT_BY_REGION, Action.ACCEPT_CHANGE)
DTM = number(900, "OIM DTM", takes=True)
GAP = disagreement(SEGOU, number(884), DTM)


def as_row(item: Discrepancy, **more: Any) -> dict[str, Any]:
    """A discrepancy as the store gives it back."""
    names = ("rule", "place_id", "population_group", "measure", "gap", "impact", "additional")
    values = [asdict(value) for value in item.values]
    return {"id": item.key, "period": str(item.period), **{name: getattr(item, name) for name in names}, "values": values, **more}


# --- what may be decided ---


def test_a_discrepancy_and_its_row_in_the_store_are_one_question() -> None:
    past = past_of(changed())
    assert question(as_row(GAP), past) == question(GAP, past)
    assert question(GAP, past).past == {"household": 170, "individual": 884}


def test_a_number_that_may_replace_the_return_a_past_and_a_return_open_every_action() -> None:
    assert deciding.possible(question(GAP, past_of(changed()))) == tuple(Action)


@pytest.mark.parametrize(
    ("values", "more", "closed"),
    [
        ((number(884), replace(DTM, takes=False)), {}, Action.TAKE_SOURCE),
        ((number(884), replace(DTM, value=None)), {}, Action.TAKE_SOURCE),
        ((number(0), DTM), {}, Action.EXCLUDE),
        ((number(None), DTM), {}, Action.EXCLUDE),
        ((DTM,), {}, Action.EXCLUDE),
        ((number(884), DTM), {"place_id": MOPTI}, Action.CARRY_FORWARD),
    ],
    ids=["other scope", "no value", "nobody told", "nothing told", "no return", "nothing before"],
)
def test_what_has_nothing_to_go_by_cannot_be_decided(values: tuple[Compared, ...], more: dict[str, Any], closed: Action) -> None:
    asked = question(disagreement(more.get("place_id", SEGOU), *values), past_of(changed()))
    assert set(Action) - set(deciding.possible(asked)) == {closed}
    assert deciding.outcome(question(disagreement(SEGOU, number(884))), closed, "OIM DTM") in (
        {},
        {"household": 0, "individual": 0},
    )


def test_movements_are_not_carried_forward() -> None:
    past = past_of(changed())
    flow = replace(past, figures=past.figures.assign(measure="arrivals"))
    asked = question(disagreement(SEGOU, number(50), number(80, "OIM DTM"), measure="arrivals"), flow)
    assert asked.past
    assert Action.CARRY_FORWARD not in deciding.possible(asked)


def test_people_who_come_on_top_are_added_or_not_and_nothing_else() -> None:
    extra = disagreement(SEGOU, number(884), number(628, "RRM", takes=True), additional=True)
    assert deciding.possible(question(extra, past_of(changed()))) == (Action.KEEP, Action.TAKE_SOURCE, *ALWAYS[1:])


# --- what it means ---


def test_taking_a_source_sets_the_units_it_gives_and_says_what_stays() -> None:
    asked = question(disagreement(SEGOU, number(884), DTM, number(180, "OIM DTM", "household", takes=True)))
    assert deciding.outcome(asked, Action.TAKE_SOURCE, "OIM DTM") == {"individual": 900, "household": 180}
    alone = deciding.outcome(question(GAP), Action.TAKE_SOURCE, "oim dtm ")
    assert alone == {"individual": 900}
    assert deciding.left_sentence(Action.TAKE_SOURCE, alone) == "cette décision ne change pas les ménages"
    assert deciding.left_sentence(Action.TAKE_SOURCE, {"individual": 900, "household": 180}) == ""


def test_carrying_forward_sets_the_past_and_excluding_sets_nobody() -> None:
    asked = question(GAP, past_of(changed()))
    assert deciding.outcome(asked, Action.CARRY_FORWARD) == {"household": 170, "individual": 884}
    assert deciding.outcome(asked, Action.EXCLUDE) == {"household": 0, "individual": 0}


@pytest.mark.parametrize("action", sorted(set(Action) - CHANGES_A_NUMBER))
def test_other_actions_change_no_number(action: Action) -> None:
    assert deciding.outcome(question(GAP, past_of(changed())), action) == {}


# --- what is refused ---

RIGHT: dict[str, Any] = {
    "action": Action.TAKE_SOURCE, "by": "Awa Traoré", "on": MEETING, "reason": "Vérifié sur place", "source": "OIM DTM",
}  # fmt: skip


ASKED = question(GAP)


def refused(asked: Question = ASKED, **more: Any) -> Refusal | None:
    return deciding.refusal(asked, **{**RIGHT, **more}, today=TODAY)


def test_a_decision_with_person_date_reason_and_source_is_taken() -> None:
    assert refused() is None
    assert refused(on=LAST_DAY) is None
    assert refused(on=TODAY) is None
    assert refused(source="oim dtm") is None


@pytest.mark.parametrize("action", ALWAYS)
def test_no_source_is_needed_where_none_is_taken(action: Action) -> None:
    assert refused(action=str(action), source=" ") is None


TWICE = question(disagreement(SEGOU, number(884), DTM, replace(DTM, value=910)))
PARTIAL = question(disagreement(SEGOU, number(884), DTM, number(300, "RRM")))
CLOSED = replace(question(GAP), status=DiscrepancyStatus.CLOSED)


@pytest.mark.parametrize(
    ("more", "key", "words"),
    [
        ({"action": None}, "decision_no_action", "garder la fiche, prendre la valeur d'une autre source"),
        ({"action": " "}, "decision_no_action", "garder la fiche"),
        ({"action": "supprimer"}, "decision_unknown_action", "« supprimer »"),
        ({"asked": CLOSED}, "decision_closed", "clos"),
        ({"asked": question(disagreement(SEGOU, number(884)))}, "decision_cannot_take_source", "Aucune autre source"),
        ({"action": Action.CARRY_FORWARD}, "decision_cannot_carry_forward", "mois précédent"),
        ({"action": Action.EXCLUDE, "asked": question(disagreement(SEGOU, DTM))}, "decision_cannot_exclude", "rien à exclure"),
        ({"action": Action.KEEP}, "decision_source_unused", "« OIM DTM » ne sert pas à « garder la fiche »"),
        ({"source": None}, "decision_no_source", "OIM DTM"),
        ({"source": "  "}, "decision_no_source", "OIM DTM"),
        ({"source": "UNHCR"}, "decision_unknown_source", "« UNHCR »"),
        ({"source": "RRM", "asked": PARTIAL}, "decision_source_not_taken", "« RRM »"),
        ({"asked": TWICE}, "decision_source_twice", "900, 910 individus"),
        ({"by": None}, "decision_no_person", "nom"),
        ({"by": " . "}, "decision_no_person", "nom"),
        ({"on": None}, "decision_no_day", "JJ/MM/AAAA"),
        ({"on": LAST_DAY - timedelta(days=1)}, "decision_day_early", "30/12/2019"),
        ({"on": TODAY + timedelta(days=1)}, "decision_day_future", "16/01/2020"),
        ({"reason": None}, "decision_no_reason", "motif"),
        ({"reason": "\u202f \n"}, "decision_no_reason", "motif"),
        ({"reason": "ok ........."}, "decision_reason_short", "10"),
    ],
)
def test_what_is_missing_or_wrong_is_said_once_and_in_words(more: dict[str, Any], key: str, words: str) -> None:
    found = refused(**more)
    assert found is not None
    assert found.key == key
    assert words in found.text("fr")
    assert found.text("en") != found.text("fr")


def test_every_action_that_may_be_impossible_says_why() -> None:
    nothing = question(disagreement(SEGOU, DTM, additional=True))
    closed = set(Action) - set(deciding.possible(replace(nothing, values=())))
    assert closed == CHANGES_A_NUMBER
    for action in closed:
        found = refused(replace(nothing, values=()), action=action)
        assert found is not None
        assert found.text().endswith(".")


# --- which decisions stand ---

NOW = {"k1": "f1"}


def standing(*decisions: Decision) -> list[int]:
    return [item.id for item in deciding.standing(decisions, NOW)]


def undo(id: int, undoes: int, **more: Any) -> Decision:
    return decision(GAP, Action.KEEP, id=id, undoes=undoes, **more)


def test_the_decision_of_the_latest_day_stands_in_whatever_order_they_were_typed() -> None:
    first, second = decision(GAP, id=1), decision(GAP, id=2, decided_on=LAST_DAY)
    assert standing(first, second) == standing(second, first) == [1]
    assert standing(decision(GAP, id=1), decision(GAP, id=2)) == [2]


def test_decisions_that_stand_come_in_the_order_of_their_days() -> None:
    other = replace(GAP, key="k2")
    found = deciding.standing([decision(GAP, id=1), decision(other, id=2, decided_on=LAST_DAY)], {"k1": "f1", "k2": "f1"})
    assert [item.id for item in found] == [2, 1]


def test_a_decision_undone_leaves_the_one_before_and_an_undoing_undone_brings_it_back() -> None:
    one, two = decision(GAP, id=1), decision(GAP, Action.KEEP, id=2)
    assert standing(one, two, undo(3, 2)) == [1]
    assert standing(one, two, undo(3, 2), undo(4, 3)) == [2]
    assert standing(one, undo(2, 1)) == []


def test_a_decision_on_other_values_or_about_what_is_gone_does_not_hold() -> None:
    assert standing(decision(GAP, fingerprint="f0")) == []
    assert standing(decision(replace(GAP, key="k9"))) == []
    assert standing(decision(GAP, fingerprint=None)) == [1]


def test_a_decision_on_older_values_does_not_hide_behind_a_later_one() -> None:
    """The later one is what was decided; that it no longer holds reopens the discrepancy."""
    assert standing(decision(GAP, id=1), decision(GAP, id=2, fingerprint="f0")) == []


# --- several at once ---


def asked(key: str, impact: int, **more: Any) -> Question:
    return replace(question(disagreement(SEGOU, number(884), DTM, key=key)), impact=impact, **more)


def test_only_what_is_below_the_materiality_is_answered_as_a_group() -> None:
    settled = asked("c", 3, status=DiscrepancyStatus.DECIDED)
    group = deciding.small([asked("a", 49), asked("b", 50), settled], Settings().materiality)
    assert [item.id for item in group.chosen] == ["a"]
    assert {item.id: refusal.key for item, refusal in group.refused} == {"b": "group_not_small", "c": "group_settled"}
    assert {item.id: refusal.text() for item, refusal in group.refused}["b"].startswith(
        "Trop important pour une réponse groupée : impact de 50, à partir de 50"
    )


def test_frozen_counts_of_one_region_are_answered_as_a_group() -> None:
    frozen = asked("a", 500, rule="COUNT_FROZEN", place_id=C_NIONO)
    group = deciding.frozen_of_region(
        [frozen, replace(frozen, id="b", place_id=MOPTI), replace(frozen, id="c", rule="CIRCULATED_GAP")], SEGOU, GAZETTEER
    )
    assert [item.id for item in group.chosen] == ["a"]
    assert {item.id: refusal.key for item, refusal in group.refused} == {"b": "group_other_region", "c": "group_not_frozen"}
    assert "Ségou" in next(refusal.text() for item, refusal in group.refused if item.id == "b")


@pytest.mark.parametrize("action", Action)
def test_no_number_is_changed_by_a_group_answer(action: Action) -> None:
    assert (deciding.group_refusal(action) is not None) == (action in CHANGES_A_NUMBER)


# --- in which order ---


def test_what_weighs_most_comes_first_and_the_key_settles_a_tie() -> None:
    assert [item.id for item in deciding.ranked([asked("b", 5), asked("a", 5), asked("c", 9)])] == ["c", "a", "b"]


@pytest.mark.parametrize(
    ("impacts", "count", "sentence"),
    [
        ((), 0, ""),
        ((0, 0), 0, ""),
        ((90, 10), 1, "Le premier explique à lui seul 90 % de la différence."),
        ((89, 11), 2, "Les 2 premiers expliquent 100 % de la différence."),
        ((400, 280, 130, 60, 50, 40, 25, 15), 5, "Les 5 premiers expliquent 92 % de la différence."),
        ((2000, 1, 1), 1, "Le premier explique à lui seul 99 % de la différence."),
    ],
)
def test_how_many_explain_nine_tenths_is_said_in_words(impacts: tuple[int, ...], count: int, sentence: str) -> None:
    questions = [asked(str(at), impact) for at, impact in enumerate(impacts)]
    assert deciding.explaining(questions[::-1]) == count
    assert deciding.explained(questions).replace("\xa0", " ") == sentence


@pytest.mark.parametrize(
    ("days", "level", "sentence"),
    [
        (-1, 0, ""),
        (0, 0, ""),
        (1, 1, "Sans réponse 1 jour après l'échéance : la direction nationale relance."),
        (7, 1, "Sans réponse 7 jours après l'échéance : la direction nationale relance."),
        (8, 2, "Sans réponse 8 jours après l'échéance : la commission est saisie."),
    ],
)
def test_what_stays_without_answer_goes_up(days: int, level: int, sentence: str) -> None:
    as_of = LAST_DAY + timedelta(days=days)
    assert deciding.escalation(LAST_DAY, as_of) == level
    assert deciding.escalation_sentence(LAST_DAY, as_of) == sentence


def test_without_a_deadline_nothing_is_late() -> None:
    assert deciding.escalation(None, TODAY) == 0
    assert deciding.escalation_sentence(None, TODAY) == ""


def test_a_finding_of_two_decisions_names_both_and_who_took_the_one_set_aside() -> None:
    params = {"place": "Ségou", "holds": "12", "set_aside": "7", "decided_on": "2020-01-12", "by": "Awa Traoré"}
    assert texts.rule_sentence("DECISIONS_CONFLICT", params) == (
        "Ségou : les décisions n° 7 (du 12/01/2020, par Awa Traoré) et n° 12 changent le même chiffre ; "
        "seule la plus récente, n° 12, est appliquée."
    )


def test_to_ask_and_to_refuse_needs_no_pandas() -> None:
    asks = "import sys, pipelines.deciding; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asks], check=False, timeout=60).returncode == 0
