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
from pipelines.compilation import COUNTRY, DIMENSIONS, KEY, Month, breakdowns, chain_of, compile_month
from pipelines.model import Compiled, Decision, Discrepancy
from schemas.codes import Action
from schemas.fields import IDP, MOVEMENT, ORIGIN, RETURNEE
from tests.fiche import GAZETTEER, PERIOD_END, Fiche, changed, compile_fiches, stock
from tests.months_decided import decision, disagreement, number
from tests.properties.strategies import MODEST, REGIONS, months
from tests.properties.test_month_properties import Generated, bridged, month, totals_of, values

SILENT = ("K532", "C030", "R05")
"""A commune, its cercle and its region, which send nothing."""
MEASURES = (("idp", "stock"), ("idp", "arrivals"), ("idp", "departures"), ("idp_returnee", "cumulative"))
DETAILS = (
    "female_0_4",
    "male_0_4",
    "female_18_59",
    "primary",
    "secondary",
    "shelter_rented",
    "shelter_host_family",
    "over_12_months",
)
Decided = tuple[Month, Compiled, list[Discrepancy], list[Decision]]


def described_fiche(region: str, chance: random.Random) -> Fiche:
    """A return of a region most of whose people are described, in whole cercles and in communes, with movements."""
    fiche = Fiche().identify("region", GAZETTEER.place(region).name)
    for place in chance.sample(GAZETTEER.children(region), 3):
        cercle, communes = GAZETTEER.place(place).name, GAZETTEER.children(place)[:2]
        for commune in chance.choice([(None,), (None, *communes), communes, communes[:1]]):
            people = chance.choice([0, 10, 100, 1000])
            details = {name: chance.randint(0, people // 4) for name in chance.sample(DETAILS, 5)}
            name, level = (None, "cercle entier") if commune is None else (GAZETTEER.place(commune).name, "commune")
            fiche.add(IDP, **stock(cercle, name, people // 5, people, level=level, **details))
            fiche.add(RETURNEE, **stock(cercle, name, people // 5, people, level=level))
        fiche.add(ORIGIN, cercle=cercle, level="cercle entier", origin_region="Mopti", cause="autre", households=1, individuals=7)
        fiche.add(
            MOVEMENT,
            movement="arrivée",
            to_cercle=cercle,
            households=2,
            individuals=9,
            observed_on=PERIOD_END,
            basis="enregistrement",
        )
    return fiche


@st.composite
def decided_months(draw: st.DrawFn) -> Decided:
    """A month of any returns, and decisions about it."""
    return decide(draw(months()), random.Random(draw(st.integers(0, 2**32))))


def described_month(seed: int) -> Decided:
    """A month of well described returns, and decisions about it; each seed another."""
    chance = random.Random(seed)
    before = [described_fiche(region, chance) for region in REGIONS] if chance.random() < 0.5 else None
    return decide(([described_fiche(region, chance) for region in REGIONS if chance.random() < 0.8], before), chance)


def decide(generated: Generated, chance: random.Random) -> Decided:
    """Decisions of every kind about places that the month tells of and others, some of them twice about one number."""
    _, asked = month(generated)
    compiled = compile_month(asked, Rulebook())
    places = _places(chance, compiled)
    drawn = [_decided(chance, compiled, asked, chance.choice(places), id) for id in range(1, chance.randint(4, 14))]
    return asked, compiled, [gap for gap, _ in drawn], [taken for _, taken in drawn]


def _places(chance: random.Random, compiled: Compiled) -> list[str]:
    """Two places that somebody described, where there are such, with all above them, so that decisions meet; and any other."""
    figures = compiled.figures
    described = figures[figures["value"].gt(0) & (figures[["sex", "shelter", "displacement"]] != "_T").any(axis=1)]
    described = described[(described[DIMENSIONS] != "_U").all(axis=1)]
    anywhere = sorted({*figures["place_id"], *SILENT})
    homes = sorted(set(described["place_id"]) - {COUNTRY}) or anywhere
    lowest = [place for place in homes if GAZETTEER.place(place).level != "region"] or homes
    return [
        *chain_of(chance.choice(lowest), GAZETTEER),
        *chain_of(chance.choice(lowest), GAZETTEER),
        chance.choice(anywhere),
        chance.choice(SILENT),
    ]


def _decided(chance: random.Random, compiled: Compiled, asked: Month, place: str, id: int) -> tuple[Discrepancy, Decision]:
    group, measure = chance.choice((*MEASURES[:1] * 3, *MEASURES))
    told = deciding.totals_at(compiled.figures, place, group, measure)
    units = chance.choice([("individual",), ("household",), ("household", "individual")])
    taken = tuple(number(_near(chance, told.get(unit, 0)), "OIM DTM", unit, takes=True) for unit in units)
    gap = disagreement(
        place, number(told.get("individual")), *taken, key=f"k{id}", population_group=group, measure=measure, unit=units[0],
        additional=chance.random() < 0.2,
    )  # fmt: skip
    action = chance.choice([Action.TAKE_SOURCE, *deciding.possible(deciding.question(gap, asked.past))])
    source = "OIM DTM" if action is Action.TAKE_SOURCE else None
    return gap, decision(gap, action, id=id, source=source, decided_on=date(2020, 1, chance.randint(1, 3)))


def _near(chance: random.Random, value: int) -> int:
    return chance.choice([0, value // 20, value // 3, max(0, value - 1), value, value + 500])


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


def any_decisions_keep_the_promises_of_the_bridge(drawn: Decided) -> None:
    asked, compiled, found, decisions = drawn
    now = settled(compiled, found, decisions, asked)
    for promise in PROMISES:
        promise(now)


def what_is_undone_leaves_no_trace(drawn: Decided) -> None:
    asked, compiled, found, decisions = drawn
    undoing = [replace(item, id=100 + item.id, action=Action.KEEP, undoes=item.id) for item in decisions]
    assert bytes_of(settled(compiled, found, [*decisions, *undoing], asked)) == bytes_of(compiled)
    kept = decisions[1:]
    assert bytes_of(settled(compiled, found, [*decisions, undoing[0]], asked)) == bytes_of(settled(compiled, found, kept, asked))


def the_order_in_which_decisions_are_read_changes_no_byte(drawn: Decided) -> None:
    asked, compiled, found, decisions = drawn
    mixed, gaps, chance = list(decisions), list(found), random.Random(len(decisions))
    chance.shuffle(mixed)
    chance.shuffle(gaps)
    one = deciding.settlements(decisions, found, compiled, asked.past, GAZETTEER)
    two = deciding.settlements(mixed, gaps, compiled, asked.past, GAZETTEER)
    assert one == two
    there = settling.settle(compiled, one[0], GAZETTEER)
    assert bytes_of(there) == bytes_of(settling.settle(compiled, one[0][::-1], GAZETTEER))


def a_number_is_set_once_to_what_the_last_decision_says(drawn: Decided) -> None:
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


def one_decision_takes_no_other_place_its_description(drawn: Decided) -> None:
    asked, compiled, found, decisions = drawn
    now, place = settled(compiled, found[:1], decisions[:1], asked), found[0].place_id
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


HOLD = (
    any_decisions_keep_the_promises_of_the_bridge,
    what_is_undone_leaves_no_trace,
    the_order_in_which_decisions_are_read_changes_no_byte,
    a_number_is_set_once_to_what_the_last_decision_says,
    one_decision_takes_no_other_place_its_description,
)


@pytest.mark.parametrize("seed", range(20))
def test_decisions_about_well_described_months(seed: int) -> None:
    drawn = described_month(seed)
    for hold in HOLD:
        hold(drawn)


@settings(MODEST, max_examples=12)
@given(decided_months())
def test_decisions_about_any_month(drawn: Decided) -> None:
    for hold in HOLD:
        hold(drawn)


@pytest.mark.parametrize("promise", PROMISES[:3])
def test_each_promise_sees_a_country_that_is_off_by_one(promise: Callable[[Compiled], None]) -> None:
    right = compile_fiches(changed())
    promise(right)
    figures = right.figures
    off = (figures["place_id"] == COUNTRY) & (figures[DIMENSIONS] == "_T").all(axis=1)
    with pytest.raises(AssertionError):
        promise(replace(right, figures=figures.assign(value=figures["value"] + off.astype(int))))
