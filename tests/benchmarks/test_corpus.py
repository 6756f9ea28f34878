"""The made country itself: that it adds up, that its files are clean, and that a small one is told right."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from pipelines import checking, intake
from pipelines.checking import Rulebook
from pipelines.model import FLOW_ENDS, Period
from schemas.codes import Effect, Measure, Movement
from tests.benchmarks.bench_disagreements import ALARMS, lines
from tests.benchmarks.corpus import Corpus, Found, make, real, run, score, sheets
from tests.benchmarks.corpus.country import WITHOUT_MOVEMENTS, Draft
from tests.benchmarks.corpus.plants import KINDS, Plant
from tests.fiche import GAZETTEER, check_files

SEED, MONTHS, SOME = 2019, 3, ("R01", "R05", "R06")
TAKES_AWAY = {Measure.DEPARTURES, Measure.RETURNS, Measure.INTEGRATIONS, Measure.RELOCATIONS}
UNTOLD = 12
"""So many persons a list may be off by without a movement."""


@pytest.fixture(scope="module")
def clean() -> Corpus:
    return make(SEED, kinds=real())


@pytest.fixture(scope="module")
def small() -> Corpus:
    return make(SEED, MONTHS, SOME, kinds=[replace(kind, count=1) for kind in KINDS.values() if not kind.whole_region])


def moved(draft: Draft) -> Counter[str]:
    """Place -> persons gained by the movements that its own return lists."""
    gained: Counter[str] = Counter()
    for move in draft.moves:
        for movement, measure, end in FLOW_ENDS:
            place = move.reached if end.startswith("to_") else move.left
            if move.movement is movement and place and GAZETTEER.region_of(place) in move.tellers:
                gained[place] += -move.individuals if measure in TAKES_AWAY else move.individuals
    return gained


def test_stocks_of_a_clean_country_are_those_of_the_month_before_and_its_movements(clean: Corpus) -> None:
    for before, draft in zip(clean.months, clean.months[1:], strict=False):
        gained = moved(draft)
        for place, spot in draft.spots.items():
            if spot.region not in WITHOUT_MOVEMENTS:
                held = before.spots[place].individuals if place in before.spots else 0
                assert abs(spot.individuals - held - gained[place]) <= UNTOLD


def test_returnees_of_a_clean_country_rise_by_those_who_came_back(clean: Corpus) -> None:
    for before, draft in zip(clean.months, clean.months[1:], strict=False):
        back: Counter[str] = Counter()
        for move in draft.moves:
            if move.movement is Movement.RETURN and move.reached:
                back[move.reached] += move.individuals
        assert {
            place: spot.returnees - before.spots[place].returnees for place, spot in draft.spots.items() if place in before.spots
        } == {place: back[place] for place in draft.spots if place in before.spots}


def test_large_arrivals_of_a_clean_country_have_an_alert(clean: Corpus) -> None:
    numbers: set[str] = set()
    for draft in clean.months:
        numbers |= {row["alert_number"] for row in draft.alerts}
        large = [move for move in draft.moves if move.movement is Movement.ARRIVAL and move.individuals > 140]
        assert all(move.alert_number in numbers for move in large)


def test_files_of_a_clean_month_are_taken_as_they_are(clean: Corpus) -> None:
    draft = clean.months[1]
    checked = check_files(sheets.returns(draft), draft.period)
    parts = [
        part
        for file in sheets.sources(draft)
        for part in checking.check_source(intake.read(file, intake.layouts()), GAZETTEER, Rulebook())
    ]
    found = [finding for item in (*checked, *parts) for finding in item.findings if finding.effect is not Effect.INFORM]
    assert found == []
    assert all(len(part.rows) and part.rows["place_id"].notna().all() for part in parts)
    assert len(checked) == 10


def test_the_same_seed_makes_the_same_files_and_another_one_does_not() -> None:
    def digests(seed: int) -> list[str]:
        return [file.sha256 for draft in make(seed, 2, SOME).months for file in (*sheets.returns(draft), *sheets.sources(draft))]

    assert digests(1) == digests(1) != digests(2)


def test_every_kind_is_planted_and_no_cercle_holds_two_causes_in_a_month() -> None:
    plants = make(SEED).plants
    assert {plant.kind for plant in plants} == set(KINDS)
    assert len({plant.kind for plant in make(SEED, kinds=real()).plants}) == sum(kind.real for kind in KINDS.values())
    held = Counter((place, period) for plant in plants for period in plant.periods for place in {plant.cercle})
    assert set(held.values()) == {1}


# --- the score ----------------------------------------------------------------------------------------------------------

JULY, AUGUST = Period(2019, 7), Period(2019, 8)
NIONO, DIABALY, SEGOU, BLA = "C025", "K424", "R04", "C023"


def found(rule: str, place_id: str, period: Period = JULY, severity: str = "amber", also: tuple[str, ...] = ()) -> Found:
    return Found(period, rule, place_id, "idp", severity, also, "…")


RESIDUAL = Plant("residual", DIABALY, (DIABALY,), (JULY,))


def test_a_cause_is_found_by_its_rule_at_its_place_or_above_it() -> None:
    for place in (DIABALY, NIONO, SEGOU):
        assert score([RESIDUAL], [found("STOCK_FLOW", place)]).missed == []
    assert score([RESIDUAL], [found("SOURCE_GAP", DIABALY, also=("STOCK_FLOW",))]).missed == []


def test_another_place_month_or_rule_does_not_find_it() -> None:
    for item in (
        found("STOCK_FLOW", BLA),
        found("STOCK_FLOW", DIABALY, AUGUST),
        found("STOCK_FLOW", "ML"),
        found("SOURCE_GAP", DIABALY),
    ):
        assert score([RESIDUAL], [item]).missed == [(RESIDUAL, JULY)]
    assert score([RESIDUAL], [found("STOCK_FLOW", BLA)]).false_alarms() == {JULY: 1}


def test_a_cause_told_as_less_than_it_is_is_not_found() -> None:
    grave = Plant("partner_red", DIABALY, (DIABALY,), (JULY,))
    assert score([grave], [found("SOURCE_GAP", DIABALY)]).recall == 0
    assert score([grave], [found("SOURCE_GAP", DIABALY, severity="red")]).recall == 1


def test_a_second_discrepancy_of_one_cause_is_seen_and_what_really_happened_is_nothing_to_tell() -> None:
    twice = score([RESIDUAL], [found("STOCK_FLOW", DIABALY), found("HISTORY_OUTLIER", DIABALY)])
    assert twice.told_more_than_once == [(RESIDUAL, JULY)]
    jump = Plant("real_jump", DIABALY, (DIABALY,), (JULY,))
    assert score([jump], [found("HISTORY_OUTLIER", DIABALY)]).false_alarms() == {JULY: 1}


def test_a_small_country_is_told_right(small: Corpus) -> None:
    ran = run(small)
    told = score(small.plants, ran.found)
    assert told.missed == [], "\n".join(lines(told, told))
    assert told.told_more_than_once == [], "\n".join(lines(told, told))
    assert max(told.false_alarms().values(), default=0) <= ALARMS, "\n".join(lines(told, told))
    assert {finding.code for finding in ran.findings} <= {"ALERT_WITHOUT_ASSESSMENT"}
    aside = {(item.period, item.place_id) for item in ran.set_aside}
    apart = [plant for plant in small.plants if plant.kind in ("partial_scope", "other_date")]
    assert {plant.kind for plant in apart} == {"partial_scope", "other_date"}
    for plant in apart:
        assert not aside.isdisjoint((period, place) for period in plant.periods for place in (plant.place_id, plant.cercle))
