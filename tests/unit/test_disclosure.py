"""What the public edition withholds, by hand and for the sample month."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipelines.disclosure import Protected, protect
from tests.properties.test_disclosure_properties import (
    ILL,
    LONG,
    NO_SITES,
    RECENT,
    added_up,
    figures_of,
    nothing_is_given_away,
    said_of_all,
)

AGES = ("0-4", "5-17", "18-59", "60+")
Cells = dict[tuple[str, str, str], int]


def persons(female: tuple[int, ...], male: tuple[int, ...], **criteria: int) -> Cells:
    """The people of a place by sex and age, and by criterion."""
    cells = {(sex, age, "_T"): n for sex, row in (("F", female), ("M", male)) for age, n in zip(AGES, row, strict=True)}
    return cells | {("_T", "_T", name): value for name, value in criteria.items()}


def shown(public: Protected, *place: str) -> dict[tuple[str, str, str], str]:
    """Every sensitive cell of a place: its value, or the status of one withheld."""
    frame = public.figures
    here = frame[frame["pcode"] == "/".join(("ML", *place))]
    cells = zip(here["sex"], here["age"], here["vulnerability"], here["value"], here["conf_status"], strict=True)
    return {
        key: status if pd.isna(value) else str(value) for *key_, value, status in cells if (key := tuple(key_)) != ("_T",) * 3
    }


def withheld(public: Protected) -> set[tuple[str, str, str, str]]:
    frame = public.figures[public.figures["conf_status"] != "F"]
    return set(frame[["pcode", "sex", "age", "vulnerability"]].itertuples(index=False, name=None))


BIG = persons((90, 120, 200, 30), (80, 110, 150, 25))


def test_a_small_cell_draws_the_cheapest_cells_that_hide_it() -> None:
    """Three old women: their margin of 60 and over is printed, so an old man's cell, and the same ages of another sister."""
    own = {("R", "C", "K1"): persons((90, 120, 200, 3), (80, 110, 150, 25)), ("R", "C", "K2"): BIG}
    figures = figures_of(added_up(own))
    public = protect(figures, NO_SITES, threshold=10)
    first, second = shown(public, "R", "C", "K1"), shown(public, "R", "C", "K2")
    assert {key: value for key, value in first.items() if not value.isdigit()} == {
        ("F", "60+", "_T"): "A",
        ("M", "60+", "_T"): "D",
        ("F", "0-4", "_T"): "D",
        ("M", "0-4", "_T"): "D",
    }
    assert {key for key, value in second.items() if value == "D"} == {key for key, value in first.items() if not value.isdigit()}
    assert all(value.isdigit() for value in shown(public, "R", "C").values())
    nothing_is_given_away(public.figures)


def test_totals_and_other_breakdowns_are_always_published() -> None:
    own = {("R", "C", "K1"): persons((1, 0, 2, 0), (0, 0, 1, 0)), ("R", "C", "K2"): BIG}
    figures = figures_of(added_up(own))
    total = figures[(figures[["sex", "age"]] == "_T").all(axis=1)].iloc[:1]
    others = total.assign(shelter="rented", value=2), total.assign(origin_pcode="ML05", cause="_U", value=1)
    figures = pd.concat([figures, *others], ignore_index=True).astype({"value": "Int64"})
    public = protect(figures, NO_SITES, threshold=10).figures
    free = public[(public[["sex", "age", "vulnerability"]] == "_T").all(axis=1)]
    assert list(free["value"]) == list(figures.loc[(figures[["sex", "age"]] == "_T").all(axis=1), "value"])
    assert set(free["conf_status"]) == {"F"}
    assert list(public.columns) == [*figures.columns, "conf_status"]


def test_one_person_alone_hides_among_all_cells_of_the_place() -> None:
    """With zeros printed, or a status that tells small from large, the total would tell."""
    own = {("R", "C", "K1"): persons((0, 0, 0, 1), (0, 0, 0, 0)), ("R", "C", "K2"): BIG}
    public = protect(figures_of(added_up(own)), NO_SITES, threshold=10)
    assert set(shown(public, "R", "C", "K1").values()) == {"A"}
    nothing_is_given_away(public.figures)


def test_nothing_is_published_of_a_breakdown_that_nothing_hides() -> None:
    """All that the country says is one cell: rows withheld would still tell it."""
    public = protect(figures_of(added_up({("R", "C", "K1"): {("F", "0-4", "_T"): 3}})), NO_SITES, threshold=10).figures
    assert set(public["value"]) == {3}
    assert (public[["sex", "age"]] == "_T").all(axis=None)


def test_people_of_whom_nothing_is_known_tell_nothing() -> None:
    own = {("R", "C", "K1"): {("_U", "_U", "_T"): 4}, ("R", "C", "K2"): BIG | {("_U", "_U", "_T"): 5}}
    public = protect(figures_of(added_up(own)), NO_SITES, threshold=10)
    assert shown(public, "R", "C", "K1") == {("_T", "_U", "_T"): "4", ("_U", "_T", "_T"): "4", ("_U", "_U", "_T"): "4"}
    assert shown(public, "R", "C", "K2")["_U", "_U", "_T"] == "A"
    nothing_is_given_away(public.figures)


def test_a_criterion_is_hidden_up_the_tree() -> None:
    """Alone in its cercle and region, a small cell needs a sister of its region."""
    own = {
        ("R1", "C1", "K1"): persons((90, 9, 9, 9), (90, 9, 9, 9), **{ILL: 4}),
        ("R2", "C2", "K2"): BIG | {("_T", "_T", ILL): 40},
        ("R3", "C3", "K3"): BIG | {("_T", "_T", ILL): 90},
    }
    public = protect(figures_of(added_up(own)), NO_SITES, threshold=10)
    ill = {cell[0]: None for cell in withheld(public) if cell[3] == ILL}
    assert set(ill) == {"ML/R1/C1/K1", "ML/R1/C1", "ML/R1", "ML/R2/C2/K2", "ML/R2/C2", "ML/R2"}


@pytest.mark.parametrize("unsaid", [0, 30])
def test_under_and_over_twelve_months_hide_together_where_they_are_all(unsaid: int) -> None:
    own = {
        ("R", "C", "K1"): BIG | {("_T", "_T", RECENT): 4, ("_T", "_T", LONG): 801 - unsaid},
        ("R", "C", "K2"): BIG | {("_T", "_T", RECENT): 400, ("_T", "_T", LONG): 405 - unsaid},
    }
    own["R", "C", "K1"]["_T", "_T", LONG] = sum(BIG.values()) - 4 - unsaid
    own["R", "C", "K2"]["_T", "_T", LONG] = sum(BIG.values()) - 400 - unsaid
    public = protect(figures_of(added_up(own)), NO_SITES, threshold=10)
    hidden = {cell for cell in withheld(public) if cell[0] == "ML/R/C/K1"}
    assert {cell[3] for cell in hidden} == ({RECENT} if unsaid else {RECENT, LONG})
    nothing_is_given_away(public.figures, said_of_all(own))


def test_two_small_cells_whose_sum_tells_both_need_a_third() -> None:
    """Eighteen in two cells under ten are nine and nine."""
    own = {("R", "C", f"K{at}"): BIG | {("_T", "_T", ILL): value} for at, value in enumerate((9, 9, 40))}
    public = protect(figures_of(added_up(own)), NO_SITES, threshold=10)
    assert {cell[0] for cell in withheld(public)} == {"ML/R/C/K0", "ML/R/C/K1", "ML/R/C/K2"}
    nothing_is_given_away(public.figures)


def test_people_counted_beside_the_communes_hide_no_more_than_they_are() -> None:
    """Of the twenty beside the commune all are recent: there cannot be more of them."""
    own = {
        ("R", "C", "K"): {("F", "0-4", "_T"): 64, ("_T", "_T", RECENT): 9, ("_T", "_T", LONG): 50},
        ("R", "C"): {("F", "0-4", "_T"): 20, ("_T", "_T", RECENT): 20, ("_T", "_T", LONG): 0},
    }
    public = protect(figures_of(added_up(own)), NO_SITES, threshold=10)
    assert ("ML/R/C/K", "_T", "_T", RECENT) in withheld(public)
    nothing_is_given_away(public.figures)


def test_margins_alone_are_protected_as_they_are() -> None:
    figures = figures_of(added_up({("R", "C", "K1"): persons((40, 50, 60, 3), (40, 50, 60, 9)), ("R", "C", "K2"): BIG}))
    figures = figures[(figures[["sex", "age"]] == "_T").any(axis=1)]
    public = protect(figures, NO_SITES, threshold=20)
    assert {cell[:3] for cell in withheld(public) if cell[0] == "ML/R/C/K1"} == {
        ("ML/R/C/K1", "_T", "60+"),
        ("ML/R/C/K1", "_T", "0-4"),
    }
    nothing_is_given_away(public.figures)


def test_a_breakdown_of_which_no_sum_is_known_is_refused() -> None:
    figures = figures_of(added_up({("R", "C", "K1"): persons((40, 50, 60, 3), (40, 50, 60, 9))}))
    with pytest.raises(ValueError, match="no rule protects"):
        protect(figures.assign(vulnerability=ILL), NO_SITES, threshold=10)


# --- revisions ----------------------------------------------------------------------------------------------------------


def test_what_an_edition_withholds_stays_withheld_and_what_it_prints_hides_nothing() -> None:
    own: dict[tuple[str, ...], Cells] = {
        ("R", "C", "K1"): BIG | {("_T", "_T", ILL): 4},
        ("R", "C", "K2"): BIG | {("_T", "_T", ILL): 30},
        ("R", "C", "K3"): BIG | {("_T", "_T", ILL): 40},
    }
    before = protect(figures_of(added_up(own)), NO_SITES, threshold=10)
    assert {cell[0] for cell in withheld(before)} == {"ML/R/C/K1", "ML/R/C/K2"}
    own["R", "C", "K2"] = BIG | {("_T", "_T", ILL): 60}
    own["R", "C", "K1"] = BIG | {("_T", "_T", ILL): 14}
    now = figures_of(added_up(own))
    assert withheld(protect(now, NO_SITES, threshold=10)) == set()
    after = protect(now, NO_SITES, threshold=10, earlier=[before])
    assert withheld(after) == withheld(before)
    own["R", "C", "K1"], own["R", "C", "K2"] = (BIG | {("_T", "_T", ILL): value} for value in (4, 0))
    gone = protect(figures_of(added_up(own)), NO_SITES, threshold=10, earlier=[before])
    assert withheld(gone) >= withheld(before)
    assert "ML/R/C/K3" not in {cell[0] for cell in withheld(gone)}, "printed before, it would hide nothing"


# --- sites --------------------------------------------------------------------------------------------------------------


def sites(*rows: tuple[str, str, str, Any, Any]) -> pd.DataFrame:
    names = {"region": "R", "cercle": "C"}
    return pd.DataFrame(
        [
            {
                "pcode": commune,
                **names,
                "commune": commune,
                "site": site,
                "site_type": kind,
                "households": few,
                "individuals": many,
            }
            for commune, site, kind, few, many in rows
        ]
    ).astype({"households": "Int64", "individuals": "Int64"})


def sites_shown(frame: pd.DataFrame, earlier: tuple[Protected, ...] = ()) -> list[tuple[str | None, str, bool]]:
    """Name, status and whether a count is left, of each site."""
    public = protect(figures_of(added_up({("R", "C", "K1"): BIG})), frame, threshold=10, earlier=earlier).sites
    left = public[["households", "individuals"]].notna().any(axis=1)
    names = public["site"].astype(object).where(public["site"].notna(), None)
    return list(zip(names, public["conf_status"], left, strict=True))


PLANNED, SPONTANEOUS = "planned_site", "spontaneous_site"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([("K", "École", PLANNED, 40, 200)], [("École", "F", True)]),
        # the smallest of its type goes with it, since the shelter of the commune tells their sum
        (
            [("K", "École", PLANNED, 4, 21), ("K", "Stade", PLANNED, 90, 500), ("K", "Marché", PLANNED, 40, 200)],
            [("École", "A", False), ("Stade", "F", True), ("Marché", "D", False)],
        ),
        # two small ones hide each other
        (
            [("K", "École", PLANNED, 4, 21), ("K", "Stade", PLANNED, 3, 16), ("K", "Marché", PLANNED, 40, 200)],
            [("École", "A", False), ("Stade", "A", False), ("Marché", "F", True)],
        ),
        # but not two of one household: neither can have fewer
        (
            [("K", "École", PLANNED, 1, 5), ("K", "Stade", PLANNED, 1, 5), ("K", "Marché", PLANNED, 40, 200)],
            [("École", "A", False), ("Stade", "A", False), ("Marché", "D", False)],
        ),
        # none of its type: the shelter of the commune is its count, so that it is not named
        (
            [("K", "École", PLANNED, 4, 21), ("K", "Stade", SPONTANEOUS, 90, 500), ("L", "Marché", PLANNED, 40, 200)],
            [(None, "A", False), ("Stade", "F", True), ("Marché", "F", True)],
        ),
        ([("K", "École", PLANNED, None, 7), ("K", "Stade", PLANNED, None, 30)], [("École", "A", False), ("Stade", "D", False)]),
    ],
)  # fmt: skip
def test_small_sites(rows: list[tuple[str, str, str, Any, Any]], expected: list[tuple[str | None, str, bool]]) -> None:
    assert sites_shown(sites(*rows)) == expected


def test_a_site_withheld_once_stays_withheld() -> None:
    small = sites(("K", "École", PLANNED, 4, 21), ("K", "Stade", PLANNED, 90, 500), ("K", "Marché", PLANNED, 40, 200))
    before = protect(figures_of(added_up({("R", "C", "K1"): BIG})), small, threshold=10)
    grown = small.assign(households=[14, 90, 40])
    assert sites_shown(grown, (before,)) == [("École", "D", False), ("Stade", "F", True), ("Marché", "D", False)]


# --- the sample month ---------------------------------------------------------------------------------------------------


@pytest.mark.xdist_group("sample")
def test_the_sample_month_gives_nothing_away(sample_dir: Path) -> None:
    with closing(sqlite3.connect(sample_dir / "processed" / "cmp.sqlite")) as connection:
        figures = pd.read_sql("SELECT * FROM draft_figure WHERE period = '2019-12'", connection)
    public = protect(figures, NO_SITES, threshold=10).figures
    assert len(public) == len(figures)
    assert public["conf_status"].value_counts().to_dict() == {"F": 2725, "A": 178, "D": 92}
    kept = public["conf_status"] == "F"
    pd.testing.assert_frame_equal(public.loc[kept, figures.columns], figures.loc[kept], check_dtype=False)
    stock = public[(public[["population_group", "measure"]] == ["idp", "stock"]).all(axis=1)]
    stock = stock[(stock[["shelter", "displacement", "origin_pcode", "cause"]] == "_T").all(axis=1)]
    for _, of_unit in stock.groupby("unit"):
        nothing_is_given_away(of_unit)
