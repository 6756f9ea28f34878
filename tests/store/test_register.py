"""Discrepancies across runs, and the decisions about them: nothing is erased."""

from __future__ import annotations

import shutil
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines import deciding
from pipelines.io.store import DecisionRefused, NewDecision, Store
from pipelines.model import Compared, Finding, NotComparable
from schemas.codes import WAITS_FOR_THE_REGION, Action, Effect, Owner
from tests.store.samples import (
    DECEMBER,
    NOVEMBER,
    NOW,
    PUBLICATION,
    checked,
    compiled,
    decide,
    everything,
    gap,
    publish,
    save,
    save_draft,
    told,
    wanted,
)  # fmt: skip


def status_of(store: Store, key: str = "d1") -> str:
    return next(str(row["status"]) for row in store.discrepancies(DECEMBER) if row["id"] == key)


def standing(store: Store) -> list[str]:
    return [str(item.action) for item in store.standing_decisions(DECEMBER)]


# --- what a run finds -----------------------------------------------------------------------------------------------------


def test_a_discrepancy_says_everything(store: Store) -> None:
    saved = save(store, checked())
    finding = Finding("CHANGE_LARGE", Effect.JUSTIFY, "PDI", "H6", 6, reply="vérifié")
    item = gap(submission_id=saved.id, finding=finding, partner="OIM", additional=True)
    save_draft(store, discrepancies=told(item))
    (row,) = store.discrepancies(DECEMBER)
    assert (row["status"], row["first_seen"], row["last_seen"], row["due"]) == (
        "open",
        PUBLICATION,
        PUBLICATION,
        date(2020, 1, 8),
    )
    assert (row["place"], row["pcode"], row["level"]) == ("Mopti", "ML05", "region")
    assert (row["unit"], row["gap"], row["impact"], row["severity"], row["share"]) == ("individual", 50, 50, "red", 0.002)
    assert row["values"][1] == {
        "source": "DTM", "value": 250, "unit": "individual", "as_of": "2019-12-28", "where": "dtm.xlsx", "source_id": "dtm",
        "takes": True,
    }  # fmt: skip
    assert (row["sentence"], row["remedy"], row["proposed"]) == ("les deux sources diffèrent", "retenir la fiche", "ask_region")
    assert (row["owner"], row["partner"], row["params"], row["additional"]) == ("region", "OIM", {"place": "Mopti"}, True)
    assert (row["submission_id"], row["sheet"], row["cell"], row["row"], row["reply"]) == (saved.id, "PDI", "H6", 6, "vérifié")
    assert (row["decisions"], row["reopened_because"]) == ([], None)


def test_a_discrepancy_lives_across_runs(store: Store) -> None:
    save_draft(store, discrepancies=told())
    later = date(2020, 1, 20)
    save_draft(store, discrepancies=[(gap(), "autre phrase", "autre remède", date(2020, 1, 28))], as_of=later)
    (row,) = store.discrepancies(DECEMBER)
    assert (row["first_seen"], row["last_seen"], row["sentence"], row["due"]) == (
        PUBLICATION, later, "autre phrase", date(2020, 1, 8),
    )  # fmt: skip


def test_the_heaviest_comes_first(store: Store) -> None:
    save_draft(store, discrepancies=told(gap("light", impact=10), gap("heavy", impact=900), gap("middle", impact=90)))
    assert [row["id"] for row in store.discrepancies(DECEMBER)] == ["heavy", "middle", "light"]


def test_what_is_no_longer_found_is_closed(store: Store) -> None:
    save_draft(store, discrepancies=told(gap("d1"), gap("d2")))
    save_draft(store, compiled(period=NOVEMBER), discrepancies=told(gap("n1", period=NOVEMBER)))
    save_draft(store, discrepancies=told(gap("d2")))
    assert (status_of(store, "d1"), status_of(store, "d2")) == ("closed", "open")
    assert store.discrepancies(NOVEMBER)[0]["status"] == "open"


def test_what_is_not_comparable_is_replaced_by_each_run(store: Store) -> None:
    values = (Compared("fiche", 806, "household", "2022-06-30"), Compared("ERM", 287, "household", "2022-06-12"))
    item = NotComparable(DECEMBER, "C051", "idp", values, "other_scope", {"seen": 287})
    for _ in range(2):
        save_draft(store, not_comparable=[(item, "l'ERM n'a vu que la partie accessible")])
    (row,) = store.not_comparable(DECEMBER)
    assert (row["place"], row["population_group"], row["reason"], row["params"]) == (
        "Bankass",
        "idp",
        "other_scope",
        {"seen": 287},
    )
    assert [value["value"] for value in row["values"]] == [806, 287]
    assert row["sentence"] == "l'ERM n'a vu que la partie accessible"
    assert store.not_comparable(NOVEMBER) == []
    save_draft(store)
    assert store.not_comparable(DECEMBER) == []


@pytest.mark.parametrize(
    ("first", "last"),
    [("2020-01-15", "2020-01-15"), ("2019-12-31", "2020-01-01"), ("2020-02-28", "2020-03-01"), ("2021-02-28", "2021-03-01"),
     ("2019-06-30", "2022-11-05"), ("1999-12-31", "2000-03-01")],
)  # fmt: skip
def test_what_waits_has_an_age_in_days(store: Store, first: str, last: str) -> None:
    began, now = date.fromisoformat(first), date.fromisoformat(last)
    for day in (began, now):
        save_draft(store, discrepancies=told(), as_of=day)
    assert store.view("open_discrepancy")["age_days"].tolist() == [(now - began).days]


def test_what_waits_is_listed_and_escalated_after_its_day(store: Store) -> None:
    found = [(gap(key, **more), "phrase", "remède", due) for key, more, due in (
        ("late", {"partner": "OIM"}, date(2020, 1, 14)), ("today", {}, PUBLICATION), ("never", {}, None), ("decided", {}, None),
    )]  # fmt: skip
    save_draft(store, discrepancies=found)
    decide(store, wanted("today", Action.ASK_REGION), wanted("decided"))
    seen = store.view("open_discrepancy").set_index("id")
    assert seen["escalated"].to_dict() == {"late": 1, "today": 0, "never": 0}
    assert seen.loc["today", "status"] == "asked"
    assert seen.loc["late", ["unit", "impact", "severity", "partner", "share"]].tolist() == [
        "individual",
        50,
        "red",
        "OIM",
        0.002,
    ]


# --- what people decide ---------------------------------------------------------------------------------------------------


def test_a_decision_is_kept_with_what_it_was_taken_on(store: Store) -> None:
    save_draft(store, discrepancies=told())
    decided = store.decide(
        "d1", action=Action.TAKE_SOURCE, by="CMP", on=date(2020, 1, 12), reason="PV 12", at=NOW, actor="dnds", source="dtm",
        households=40, individuals=250, group_id="séance", owner=Owner.DNDS, due=date(2020, 2, 1), fingerprint="f1",
    )  # fmt: skip
    (row,) = store.discrepancies(DECEMBER)
    assert (row["status"], row["owner"], row["due"]) == ("decided", "dnds", date(2020, 2, 1))
    (line,) = row["decisions"]
    assert line | {"id": decided, "action": "take_source", "source": "dtm", "households": 40, "individuals": 250,
                   "group_id": "séance", "undone": False} == line  # fmt: skip
    assert [value["value"] for value in line["values"]] == [200, 250]
    (item,) = store.decisions(DECEMBER)
    assert (item.id, item.discrepancy_id, item.action, item.decided_by, item.decided_on, item.reason, item.fingerprint) == (
        decided, "d1", Action.TAKE_SOURCE, "CMP", date(2020, 1, 12), "PV 12", "f1",
    )  # fmt: skip
    assert (item.source, item.households, item.individuals, item.undoes) == ("dtm", 40, 250, None)
    assert store.standing_decisions(DECEMBER) == [item]
    audited = everything(store)["audit_event"][-1]
    assert (audited[2], audited[3], audited[4]) == ("dnds", "discrepancy.decided", "discrepancy:d1")
    assert store.verify_chain() is None


@pytest.mark.parametrize("action", list(Action))
def test_what_the_region_is_to_answer_is_asked_and_the_rest_decided(store: Store, action: Action) -> None:
    save_draft(store, discrepancies=told())
    decide(store, wanted(action=action))
    expected = "asked" if action in (Action.ASK_REGION, Action.CORRECT_BY_REGION) else "decided"
    assert status_of(store) == expected
    save_draft(store, discrepancies=told())
    assert status_of(store) == expected
    assert standing(store) == [action]


def test_a_decision_holds_until_the_values_change_and_is_then_quoted(store: Store) -> None:
    save_draft(store, discrepancies=told())
    (decided,) = decide(store, wanted(owner=Owner.RRM))
    save_draft(store, discrepancies=told())
    assert status_of(store) == "decided"
    assert store.view("open_discrepancy").empty
    for _ in range(2):
        save_draft(store, discrepancies=told(gap(fingerprint="f2", stated=300)))
        (row,) = store.discrepancies(DECEMBER)
        assert (row["status"], row["owner"], row["due"]) == ("reopened", "rrm", date(2020, 1, 8))
        because = row["reopened_because"]
        assert (because["decision_id"], because["action"], because["decided_by"], because["decided_on"], because["reason"]) == (
            decided, "keep", "CMP", "2020-01-12", "PV 12",
        )  # fmt: skip
        assert [value["value"] for value in because["values"]] == [200, 250]
        assert [value["value"] for value in row["values"]] == [200, 300]
    assert standing(store) == []
    assert list(store.view("open_discrepancy", DECEMBER)["id"]) == ["d1"]
    decide(store)
    (row,) = store.discrepancies(DECEMBER)
    assert (row["status"], row["reopened_because"], len(row["decisions"])) == ("decided", None, 2)


def test_a_decision_holds_again_when_its_values_come_back(store: Store) -> None:
    save_draft(store, discrepancies=told())
    decide(store)
    save_draft(store, discrepancies=told(gap(fingerprint="f2")))
    save_draft(store, discrepancies=told())
    (row,) = store.discrepancies(DECEMBER)
    assert (row["status"], row["reopened_because"], standing(store)) == ("decided", None, ["keep"])


def test_what_was_asked_is_open_again_when_the_region_answers_with_other_values(store: Store) -> None:
    save_draft(store, discrepancies=told())
    decide(store, wanted(action=Action.ASK_REGION))
    save_draft(store, discrepancies=told(gap(fingerprint="f2")))
    (row,) = store.discrepancies(DECEMBER)
    assert (row["status"], row["reopened_because"]["action"]) == ("open", "ask_region")


@pytest.mark.parametrize(("decided", "status"), [(None, "open"), ("f1", "decided"), ("f0", "reopened")])
def test_what_comes_back_asks_its_last_decision(store: Store, decided: str | None, status: str) -> None:
    if decided:
        save_draft(store, discrepancies=told(gap(fingerprint=decided)))
        decide(store)
    save_draft(store, discrepancies=told())
    save_draft(store)
    assert status_of(store) == "closed"
    save_draft(store, discrepancies=told())
    assert status_of(store) == status


def test_undoing_is_a_decision_and_brings_back_what_was_before(store: Store) -> None:
    save_draft(store, discrepancies=told())
    (first,) = decide(store)
    (second,) = decide(store, wanted(action=Action.EXCLUDE))
    assert standing(store) == ["exclude"]
    (third,) = decide(store, wanted(action=None, undoes=second, reason="erreur de ligne"))
    assert (status_of(store), standing(store)) == ("decided", ["keep"])
    decide(store, wanted(action=None, undoes=first))
    assert (status_of(store), standing(store)) == ("open", [])
    kept = store.decisions(DECEMBER)
    assert [(item.id, item.action, item.undoes) for item in kept][:3] == [
        (first, Action.KEEP, None), (second, Action.EXCLUDE, None), (third, Action.EXCLUDE, second),
    ]  # fmt: skip
    assert [line["undone"] for line in store.discrepancies(DECEMBER)[0]["decisions"]] == [True, True, False, False]
    done = [row[3] for row in everything(store)["audit_event"]]
    assert done.count("discrepancy.decision_undone") == 2
    save_draft(store, discrepancies=told())
    assert status_of(store) == "open"


def test_the_decision_of_the_latest_day_holds_in_whatever_order_they_are_typed(store: Store) -> None:
    save_draft(store, discrepancies=told())
    decide(store, wanted(action=Action.EXCLUDE, on=date(2020, 1, 14)), wanted(action=Action.ASK_REGION, on=date(2020, 1, 10)))
    assert (status_of(store), standing(store)) == ("decided", ["exclude"])


@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("decide"), st.sampled_from(list(Action)), st.integers(1, 3)),
            st.tuples(st.just("undo"), st.integers(1, 8), st.just(0)),
            st.tuples(st.just("run"), st.sampled_from(["f1", "f2", None]), st.just(0)),
        ),
        max_size=8,
    )
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_stands_follows_from_values_and_decisions_alone(tmp_path: Path, sqlite_template: Path, steps: list[Any]) -> None:
    """Status and standing decisions agree with each other and with the pure reading of the same decisions, whatever happened."""
    shutil.copy(sqlite_template, tmp_path / "cmp.sqlite")
    written = 0
    with Store.open(f"sqlite:///{(tmp_path / 'cmp.sqlite').as_posix()}") as store:
        save_draft(store, discrepancies=told())
        for what, which, day in steps:
            if what == "run":
                save_draft(store, discrepancies=told(gap(fingerprint=which)) if which else [])
            else:
                item = wanted(action=which, on=date(2020, 1, day)) if what == "decide" else wanted(action=None, undoes=which)
                with suppress(DecisionRefused):
                    written += len(decide(store, item))
            (row,) = store.discrepancies(DECEMBER)
            holds = store.standing_decisions(DECEMBER)
            assert len(store.decisions(DECEMBER)) == written  # nothing is erased
            assert tuple(holds) == deciding.standing(store.decisions(DECEMBER), {"d1": row["fingerprint"]})
            assert [line["id"] for line in row["decisions"] if line["holds"]] == [item.id for item in holds]
            waits = [item.action in WAITS_FOR_THE_REGION for item in holds]
            if row["status"] != "closed":
                assert (row["status"] == "decided", row["status"] == "asked") == (waits == [False], waits == [True])
                left = any(not line["undone"] and line["undoes"] is None for line in row["decisions"])
                assert (row["reopened_because"] is not None) == (left and not holds)


def test_a_decision_about_what_is_closed_may_be_taken_back(store: Store) -> None:
    save_draft(store, discrepancies=told())
    (decided,) = decide(store)
    save_draft(store)
    decide(store, wanted(action=None, undoes=decided))
    assert status_of(store) == "closed"
    save_draft(store, discrepancies=told())
    assert status_of(store) == "open"


REFUSED: dict[str, NewDecision] = {
    "unknown": wanted("nothing"),
    "closed": wanted("gone"),
    "values_changed": wanted(fingerprint="f0"),
    "already_undone": wanted("twice", None, undoes=1),
    "undoes_an_undo": wanted("twice", None, undoes=2),
    "nobody": wanted(by=" "),
    "no_reason": wanted(reason=""),
}


@pytest.mark.parametrize("key", REFUSED)
def test_what_cannot_be_decided_is_refused_and_nothing_of_its_meeting_is_written(store: Store, key: str) -> None:
    save_draft(store, discrepancies=told(gap(), gap("gone"), gap("twice"), gap("other")))
    decide(store, wanted("twice"))
    decide(store, wanted("twice", None, undoes=1))
    save_draft(store, discrepancies=told(gap(), gap("twice"), gap("other")))
    before = everything(store)
    with pytest.raises(DecisionRefused) as refusal:
        decide(store, wanted("other"), REFUSED[key])
    assert (refusal.value.key, refusal.value.discrepancy_id) == (key, REFUSED[key].discrepancy_id)
    assert everything(store) == before


def test_a_decision_of_another_discrepancy_is_not_its_to_undo(store: Store) -> None:
    save_draft(store, discrepancies=told(gap(), gap("d2")))
    (decided,) = decide(store)
    with pytest.raises(DecisionRefused, match="unknown"):
        decide(store, wanted("d2", None, undoes=decided))


def test_a_decision_needs_an_action(store: Store) -> None:
    save_draft(store, discrepancies=told())
    with pytest.raises(ValueError, match="an action"):
        decide(store, wanted(action=None))


def test_many_are_decided_as_a_group(store: Store) -> None:
    save_draft(store, discrepancies=told(gap("d1"), gap("d2"), gap("d3")))
    decide(store, *(wanted(key, group_id="Mopti, effectifs figés") for key in ("d1", "d2")))
    groups = {row["id"]: [line["group_id"] for line in row["decisions"]] for row in store.discrepancies(DECEMBER)}
    assert groups == {"d1": ["Mopti, effectifs figés"], "d2": ["Mopti, effectifs figés"], "d3": []}


def test_decisions_are_those_of_their_month(store: Store) -> None:
    save_draft(store, discrepancies=told())
    save_draft(store, compiled(period=NOVEMBER), discrepancies=told(gap("n1", period=NOVEMBER)))
    decide(store, wanted("d1"), wanted("n1", Action.EXCLUDE))
    assert [item.discrepancy_id for item in store.decisions(NOVEMBER)] == ["n1"]
    assert standing(store) == ["keep"]


def test_the_bridge_cites_the_decision(store: Store) -> None:
    save_draft(store, discrepancies=told())
    (decided,) = decide(store, wanted(action=Action.TAKE_SOURCE, source="dtm", individuals=250))
    item = compiled(items=[{"value": 200}, {"item": 1, "kind": "decision", "value": 50, "reason": "valeur de la DTM"}])
    cited = item.adjustments.assign(decision_id=[None, decided]).astype({"decision_id": "Int64"})
    object.__setattr__(item, "adjustments", cited)
    save_draft(store, item, discrepancies=told())
    opening, settled = store.bridge(DECEMBER, "R05")
    assert (opening["decision_id"], opening["action"], opening["decided_by"]) == (None, None, None)
    assert (settled["decision_id"], settled["action"], settled["decided_by"], settled["decided_on"]) == (
        decided, "take_source", "CMP", date(2020, 1, 12),
    )  # fmt: skip
    assert (settled["reason"], settled["decision_reason"]) == ("valeur de la DTM", "PV 12")
    publish(store, 1)
    for view in ("draft_bridge", "official_bridge"):
        cited = store.view(view)
        assert cited["decided_by"].tolist() == [None, "CMP"]
        assert cited["decision_reason"].tolist() == [None, "PV 12"]
