"""The bridge always adds up, parts make their wholes, and order never matters."""

from __future__ import annotations

import random
from collections import defaultdict
from typing import Any

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import compilation
from pipelines.checking import Rulebook
from pipelines.compilation import COUNTRY, DIMENSIONS, KEY, Month, compile_month
from pipelines.model import Checked, Compiled, Past
from tests.fiche import GAZETTEER, Fiche, check, month_of, past_of
from tests.properties.strategies import MODEST, REGIONS, months

FAMILIES = ("sex", "age", "shelter", "displacement", "origin_id", "cause")
Generated = tuple[list[Fiche], list[Fiche] | None]
Values = dict[tuple[str, str, str, str], int]


def month(generated: Generated) -> tuple[list[Checked], Month]:
    fiches, before = generated
    past = None if before is None else past_of(*before, expected=REGIONS)
    checked = check(*fiches)
    return checked, month_of(*checked, past=past, expected=REGIONS)


def totals_of(compiled: Compiled) -> pd.DataFrame:
    return compiled.figures[(compiled.figures[DIMENSIONS] == "_T").all(axis=1)]


def values(frame: pd.DataFrame) -> Values:
    known = frame[frame["value"].notna()]
    return {tuple(row[:4]): int(row[4]) for row in known[["place_id", *KEY, "value"]].itertuples(index=False)}


def bridged(compiled: Compiled) -> Values:
    """The bridge added up by hand, item by item."""
    sums: Values = defaultdict(int)
    for row in compiled.adjustments.to_dict("records"):
        if not pd.isna(row["value"]):
            sums[(row["place_id"], *(row[name] for name in KEY))] += int(row["value"])
    return sums


def official_value_is_the_return_plus_its_adjustments(checked: list[Checked], compiled: Compiled) -> None:
    compilation.assert_bridge(totals_of(compiled), compiled.adjustments)
    official, sums = values(totals_of(compiled)), bridged(compiled)
    assert {key: sums[key] for key in official} == official
    assert {key for key, total in sums.items() if total and key not in official} == set()


def bridge_opens_with_all_that_the_files_claim(checked: list[Checked], compiled: Compiled) -> None:
    opening = compiled.adjustments[compiled.adjustments["item"] == 0]
    claims = values(opening)
    for region in (*REGIONS, COUNTRY):
        own = [item for item in checked if region in (COUNTRY, item.identification.region_id)]
        rows = [item.rows[item.rows["table"] == "idp"] for item in own]
        claimed = sum(int(frame["individuals"].sum()) for frame in rows)
        assert claims.get((region, "idp", "stock", "individual"), 0) == claimed


def country_is_the_sum_of_its_regions(checked: list[Checked], compiled: Compiled) -> None:
    totals = totals_of(compiled)
    known = totals[totals["value"].notna()]
    regions = known[known["level"] == "region"].groupby(KEY)["value"].sum()
    country = known[known["place_id"] == COUNTRY].set_index(KEY)["value"]
    assert regions.to_dict() == country.to_dict()


def home_of(place_id: str) -> str:
    return GAZETTEER.region_of(place_id) or place_id


def retold(row: dict[str, Any], own: set[str]) -> bool:
    """A row about another region's place, when that region itself speaks of the place, of its cercle or of what is in it."""
    place = row["place_id"]
    told = any(place in (other, GAZETTEER.cercle_of(other), home_of(other)) for other in own)
    return home_of(place) != row["teller"] and (told or GAZETTEER.cercle_of(place) in own)


def people_are_counted_or_carried_once_and_never_lost(checked: list[Checked], compiled: Compiled) -> None:
    """An independent count: accepted rows, less communes inside a whole cercle and what a place's own region tells itself,
    and what the bridge carries forward."""
    rows = [
        {**row, "teller": item.identification.region_id}
        for item in checked
        for row in item.rows[(item.rows["table"] == "idp") & item.rows["accepted"].astype(bool)].to_dict("records")
    ]
    own = {row["place_id"] for row in rows if home_of(row["place_id"]) == row["teller"]}
    rows = [row for row in rows if not retold(row, own)]
    whole = {row["place_id"] for row in rows if row["level"] == "cercle" and row["placed_level"] == "cercle"}
    counted = sum(
        int(row["individuals"])
        for row in rows
        if not (row["placed_level"] == "commune" and GAZETTEER.cercle_of(row["place_id"]) in whole)
    )
    bridge = compiled.adjustments
    carried = bridge[(bridge["kind"] == "carried_forward") & (bridge["place_id"] == COUNTRY) & (bridge["unit"] == "individual")]
    carried = int(carried.loc[carried["population_group"] == "idp", "value"].sum())
    official = values(totals_of(compiled)).get((COUNTRY, "idp", "stock", "individual"), 0)
    assert official == counted + carried


def every_breakdown_adds_up_to_its_total(checked: list[Checked], compiled: Compiled) -> None:
    totals = values(totals_of(compiled))
    stocks = compiled.figures[(compiled.figures["population_group"] == "idp") & (compiled.figures["measure"] == "stock")]
    for family in FAMILIES:
        others = [name for name in DIMENSIONS if name != family]
        alone = stocks[(stocks[family] != "_T") & (stocks[others] == "_T").all(axis=1)]
        for key, total in alone.groupby(["place_id", *KEY])["value"].sum().items():
            assert totals[key] == total
    joint = stocks[(stocks["sex"] != "_T") & (stocks["age"] != "_T")]
    for key, total in joint.groupby(["place_id", *KEY])["value"].sum().items():
        assert totals[key] == total


def missing_values_have_their_reason_and_values_have_none(checked: list[Checked], compiled: Compiled) -> None:
    figures = totals_of(compiled)
    assert (figures["value"].isna() == figures["missing_reason"].notna()).all()
    assert (figures.loc[figures["value"].isna(), "obs_status"] == "O").all()


PROMISES = (
    official_value_is_the_return_plus_its_adjustments,
    bridge_opens_with_all_that_the_files_claim,
    country_is_the_sum_of_its_regions,
    people_are_counted_or_carried_once_and_never_lost,
    every_breakdown_adds_up_to_its_total,
    missing_values_have_their_reason_and_values_have_none,
)


@settings(MODEST, max_examples=16)
@given(months())
def test_any_month_keeps_the_promises_of_the_bridge(generated: Generated) -> None:
    checked, asked = month(generated)
    compiled = compile_month(asked, Rulebook())
    for promise in PROMISES:
        promise(checked, compiled)


@settings(MODEST, max_examples=8)
@given(months(), st.randoms(use_true_random=False))
def test_the_order_of_files_and_rows_changes_no_byte(generated: Generated, chance: random.Random) -> None:
    _, asked = month(generated)
    at = list(range(len(asked.observations)))
    heads = list(asked.heads)
    chance.shuffle(at)
    chance.shuffle(heads)
    past = asked.past
    if past is not None:
        past = Past(past.name, past.period, past.published, past.figures.iloc[::-1])
    shuffled = Month(asked.period, asked.observations.iloc[at], tuple(heads), past, asked.expected, GAZETTEER)
    one, two, again = (compile_month(item, Rulebook()) for item in (asked, shuffled, asked))
    for other in (two, again):
        assert one.figures.to_csv() == other.figures.to_csv()
        assert one.adjustments.to_csv() == other.adjustments.to_csv()
        assert one.findings == other.findings


@settings(MODEST, max_examples=6)
@given(months())
def test_the_order_of_files_changes_no_figure_from_the_reading_on(generated: Generated) -> None:
    fiches, before = generated
    there, back = (compile_month(month((order, before))[1], Rulebook()) for order in (fiches, fiches[::-1]))
    assert there.figures.to_csv() == back.figures.to_csv()
    told = [name for name in there.adjustments.columns if name != "submission_id"]
    assert there.adjustments[told].to_csv() == back.adjustments[told].to_csv()
