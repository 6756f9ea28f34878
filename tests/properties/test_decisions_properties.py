"""Whatever is decided, the bridge adds up, parts make their wholes, nobody is counted below zero, and undoing leaves no trace."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import deciding, settling
from pipelines.checking import Rulebook
from pipelines.compilation import COUNTRY, DIMENSIONS, KEY, Month, breakdowns, compile_month
from pipelines.model import Compiled, Decision, Discrepancy
from schemas.codes import Action
from tests.fiche import GAZETTEER, Fiche, changed, compile_fiches
from tests.months_decided import decision, disagreement, number
from tests.properties.strategies import MODEST, months
from tests.properties.test_month_properties import bridged, month, totals_of, values

SILENT = ("K532", "C030", "R05")
"""A commune, its cercle and its region, which send nothing."""
MEASURES = (("idp", "stock"), ("idp", "arrivals"), ("idp", "departures"), ("idp_returnee", "cumulative"))
Decided = tuple[Month, Compiled, list[Discrepancy], list[Decision]]


@st.composite
def decided_months(draw: st.DrawFn, most: int = 6) -> Decided:
    """A month, and decisions of every kind about places that it tells of and others, some of them twice about one number."""
    generated: tuple[list[Fiche], list[Fiche] | None] = draw(months())
    _, asked = month(generated)
    compiled = compile_month(asked, Rulebook())
    places = sorted({*compiled.figures["place_id"], *SILENT, COUNTRY})
    found, decisions = [], []
    for at in range(1, draw(st.integers(1, most)) + 1):
        group, measure = draw(st.sampled_from((*MEASURES[:1] * 3, *MEASURES)))
        place, additional = draw(st.sampled_from(places)), draw(st.integers(0, 3)) == 0
        told = deciding.totals_at(compiled.figures, place, group, measure)
        units = draw(st.sampled_from([("individual",), ("household",), ("household", "individual")]))
        taken = tuple(number(_near(draw, told.get(unit, 0)), "OIM DTM", unit, takes=True) for unit in units)
        gap = disagreement(
            place, number(told.get("individual")), *taken, key=f"k{at}", population_group=group, measure=measure,
            additional=additional, unit=units[0],
        )  # fmt: skip
        may = deciding.possible(deciding.question(gap, asked.past))
        action = draw(st.sampled_from([Action.TAKE_SOURCE, *may]))
        source = "OIM DTM" if action is Action.TAKE_SOURCE else None
        found.append(gap)
        decisions.append(decision(gap, action, id=at, source=source, decided_on=date(2020, 1, draw(st.integers(1, 3)))))
    return asked, compiled, found, decisions


def _near(draw: st.DrawFn, value: int) -> int:
    return draw(st.sampled_from([0, max(0, value - 1), max(0, value - 40), value // 2, value, value + 1, value + 500]))


def settled(compiled: Compiled, found: list[Discrepancy], decisions: list[Decision], asked: Month) -> Compiled:
    items, _ = deciding.settlements(decisions, found, compiled, asked.past, GAZETTEER)
    return settling.settle(compiled, items, GAZETTEER)


def bytes_of(compiled: Compiled) -> tuple[str, str]:
    return compiled.figures.to_csv(), compiled.adjustments.to_csv()


def every_value_is_its_bridge(now: Compiled) -> None:
    official, sums = values(totals_of(now)), bridged(now)
    assert {key: sums[key] for key in official} == official
    assert {key for key, total in sums.items() if total and key not in official} == set()
    items = now.adjustments.groupby(["place_id", *KEY])["item"]
    assert (items.min() == 0).all()
    assert (items.max() + 1 == items.size()).all()


def country_is_its_regions_and_what_was_decided_about_it(now: Compiled) -> None:
    totals = totals_of(now)
    known = totals[totals["value"].notna()]
    sums = known[known["level"] == "region"].groupby(KEY)["value"].sum().to_dict()
    steps = now.adjustments[(now.adjustments["kind"] == "decision") & (now.adjustments["about_place_id"] == COUNTRY)]
    for key, delta in steps.groupby(KEY)["value"].sum().items():
        sums[key] = sums.get(key, 0) + delta
    country = known[known["place_id"] == COUNTRY].set_index(KEY)["value"].to_dict()
    assert {key: total for key, total in sums.items() if total} == {key: total for key, total in country.items() if total}


def every_breakdown_adds_up(now: Compiled) -> None:
    totals = values(totals_of(now))
    figures = now.figures[now.figures["vulnerability"] == "_T"]
    for key, lines in figures.groupby(["place_id", *KEY]):
        for dims in breakdowns(*key[1:]):
            others = [name for name in DIMENSIONS if name not in dims]
            family = lines[(lines[others] == "_T").all(axis=1)]
            for kept in (dims, *((name,) for name in dims if len(dims) == 2)):
                told = family[(family[list(kept)] != "_T").all(axis=1)]
                told = told[(told[[name for name in dims if name not in kept]] == "_T").all(axis=1)]
                assert int(told["value"].sum()) == totals.get(key, 0), (key, kept)


def nobody_is_counted_below_zero(now: Compiled) -> None:
    counted = now.figures[now.figures["value"].notna() & (now.figures["measure"] != "corrections")]
    assert (counted["value"] >= 0).all()


def what_is_missing_says_why_and_what_is_told_does_not(now: Compiled) -> None:
    totals = totals_of(now)
    assert (totals["value"].isna() == totals["missing_reason"].notna()).all()
    assert ((now.figures["obs_status"] == "O") == now.figures["value"].isna()).all()
    assert now.figures["grade"].notna().all()
    assert not now.figures.duplicated(["place_id", *KEY, *DIMENSIONS]).any()


PROMISES = (
    every_value_is_its_bridge,
    country_is_its_regions_and_what_was_decided_about_it,
    every_breakdown_adds_up,
    nobody_is_counted_below_zero,
    what_is_missing_says_why_and_what_is_told_does_not,
)


@settings(MODEST, max_examples=24)
@given(decided_months())
def test_any_decisions_keep_the_promises_of_the_bridge(drawn: Decided) -> None:
    asked, compiled, found, decisions = drawn
    now = settled(compiled, found, decisions, asked)
    for promise in PROMISES:
        promise(now)


@settings(MODEST, max_examples=8)
@given(decided_months())
def test_what_is_undone_leaves_no_trace(drawn: Decided) -> None:
    asked, compiled, found, decisions = drawn
    undoing = [replace(item, id=100 + item.id, action=Action.KEEP, undoes=item.id) for item in decisions]
    assert bytes_of(settled(compiled, found, [*decisions, *undoing], asked)) == bytes_of(compiled)
    kept = decisions[1:]
    assert bytes_of(settled(compiled, found, [*decisions, undoing[0]], asked)) == bytes_of(settled(compiled, found, kept, asked))


@settings(MODEST, max_examples=8)
@given(decided_months(), st.randoms(use_true_random=False))
def test_the_order_in_which_decisions_are_read_changes_no_byte(drawn: Decided, chance: random.Random) -> None:
    asked, compiled, found, decisions = drawn
    mixed, gaps = list(decisions), list(found)
    chance.shuffle(mixed)
    chance.shuffle(gaps)
    one = deciding.settlements(decisions, found, compiled, asked.past, GAZETTEER)
    two = deciding.settlements(mixed, gaps, compiled, asked.past, GAZETTEER)
    assert one == two
    there = settling.settle(compiled, one[0], GAZETTEER)
    assert bytes_of(there) == bytes_of(settling.settle(compiled, one[0][::-1], GAZETTEER))


@settings(MODEST, max_examples=8)
@given(decided_months())
def test_a_number_is_set_once_to_what_the_last_decision_says(drawn: Decided) -> None:
    """By hand: the last standing decision on a number that replaces it, and the last that adds to it there."""
    asked, compiled, found, decisions = drawn
    items, conflicts = deciding.settlements(decisions, found, compiled, asked.past, GAZETTEER)
    slots = [(item.place_id, item.population_group, item.measure, item.unit, item.additional) for item in items]
    assert len(slots) == len(set(slots))
    by_id = {item.id: item for item in decisions}
    for conflict in conflicts:
        later, earlier = by_id[conflict.holds], by_id[conflict.set_aside]
        assert (later.decided_on, later.id) > (earlier.decided_on, earlier.id)
    assert not {item.decision_id for item in items} - set(by_id)


@settings(MODEST, max_examples=12)
@given(decided_months(most=1))
def test_one_decision_takes_no_other_place_its_description(drawn: Decided) -> None:
    asked, compiled, found, decisions = drawn
    now, place = settled(compiled, found, decisions, asked), found[0].place_id
    before, own, after = _described(compiled, COUNTRY), _described(compiled, place), _described(now, COUNTRY)
    for cell, persons in before.items():
        assert after.get(cell, 0) in (persons, persons - own.get(cell, 0))


def _described(compiled: Compiled, place: str) -> dict[tuple[Any, ...], int]:
    rows = compiled.figures[(compiled.figures["place_id"] == place) & (compiled.figures["vulnerability"] == "_T")]
    known = rows[(rows[DIMENSIONS] != "_T").any(axis=1) & (rows[DIMENSIONS] != "_U").all(axis=1)]
    joint = known[~((known["sex"] == "_T") ^ (known["age"] == "_T")) & ~((known["origin_id"] == "_T") ^ (known["cause"] == "_T"))]
    return {
        tuple(line[:-1]): int(line[-1])
        for line in joint[[*KEY, *DIMENSIONS, "value"]].itertuples(index=False)
        if not pd.isna(line[-1])
    }


@pytest.mark.parametrize("promise", PROMISES[:3])
def test_each_promise_sees_a_country_that_is_off_by_one(promise: Callable[[Compiled], None]) -> None:
    right = compile_fiches(changed())
    promise(right)
    figures = right.figures
    off = (figures["place_id"] == COUNTRY) & (figures[DIMENSIONS] == "_T").all(axis=1)
    with pytest.raises(AssertionError):
        promise(replace(right, figures=figures.assign(value=figures["value"] + off.astype(int))))
