"""Somebody who sees only the public edition tries to work out what it withholds, and fails for every cell.

The attacker shares no code with the module: he writes down the sums that hold, solves them by elimination with fractions and narrows
what is left by intervals of whole numbers, with what each status says of its cell.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from fractions import Fraction
from itertools import product
from math import ceil, floor
from typing import Any

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.disclosure import Protected, protect
from schemas.codes import AgeBand, Sex
from schemas.fields import BREAKDOWNS
from tests.properties.strategies import MODEST

THRESHOLD = 10
SEXES, AGES = ("F", "M", "_U"), ("0-4", "5-17", "60+", "_U")
RECENT, LONG, ILL = "displaced_under_12_months", "displaced_over_12_months", "chronic_illness"
LEVELS = ("country", "region", "cercle", "commune")
Place = tuple[str, ...]
Table = dict[Place, dict[tuple[str, str, str], int]]
"""Of each place its cells (sex, age, criterion); ("_T", "_T", "_T") is the total."""
TOTAL = ("_T", "_T", "_T")
NO_SITES = pd.DataFrame(columns=["pcode", "region", "cercle", "commune", "site", "site_type", "households", "individuals"])


def figures_of(table: Table) -> pd.DataFrame:
    """The table as rows of the view, each place by its names."""
    lines = []
    for place, cells in table.items():
        level = LEVELS[len(place)]
        names = dict(zip(LEVELS[1:], (*place, None, None, None), strict=False))
        for (sex, age, criterion), value in cells.items():
            dims = dict.fromkeys(BREAKDOWNS, "_T") | {"sex": sex, "age": age, "vulnerability": criterion}
            lines.append(
                {"period": "2019-12", "revision": 1, "pcode": "/".join(("ML", *place)), "level": level, **names,
                 "population_group": "idp", "measure": "stock", "unit": "individual", **dims, "value": value,
                 "missing_reason": None, "obs_status": "A", "basis": "registration", "grade": "B"}
            )  # fmt: skip
    return pd.DataFrame(lines).astype({"value": "Int64"})


def added_up(own: Mapping[Place, Mapping[tuple[str, str, str], int]]) -> Table:
    """Cells said of places themselves, with margins, in all places above as well."""
    table: Table = defaultdict(lambda: defaultdict(int))
    for place, cells in own.items():
        for (sex, age, criterion), value in cells.items():
            keys = {(sex, age, criterion), (sex, "_T", criterion), ("_T", age, criterion)}
            if criterion == "_T":
                keys.add(TOTAL)
            for depth, key in product(range(len(place) + 1), sorted(keys)):
                table[place[:depth]][key] += value
    return {place: dict(cells) for place, cells in table.items()}


COUNT = st.one_of(st.just(0), st.integers(0, 4), st.integers(0, 60))


@st.composite
def own_cells(draw: st.DrawFn) -> dict[tuple[str, str, str], int]:
    """What is said of one place: sex and age, how long displaced (of all, or not), and who is ill."""
    kept = draw(st.sampled_from([AGES[:2], AGES[:3], ("5-17",)]))
    cells = {(sex, age, "_T"): draw(COUNT) for sex in SEXES[:2] for age in kept}
    if draw(st.integers(0, 2)) == 0:
        cells["_U", "_U", "_T"] = draw(st.integers(1, 20))
    total = sum(cells.values())
    if draw(st.integers(0, 2)):
        recent = draw(st.integers(0, total))
        left = total - recent
        cells |= {("_T", "_T", RECENT): recent, ("_T", "_T", LONG): draw(st.sampled_from([left, left, left // 2]))}
    if draw(st.booleans()):
        cells["_T", "_T", ILL] = draw(st.integers(0, total))
    return cells


@st.composite
def countries(draw: st.DrawFn) -> dict[Place, dict[tuple[str, str, str], int]]:
    own: dict[Place, dict[tuple[str, str, str], int]] = {}
    for region in range(draw(st.integers(1, 2))):
        for cercle in range(draw(st.integers(1, 2))):
            communes = draw(st.integers(0, 3))
            if not communes or draw(st.integers(0, 3)) == 0:
                own[f"R{region}", f"R{region}C{cercle}"] = draw(own_cells())
            for commune in range(communes):
                own[f"R{region}", f"R{region}C{cercle}", f"R{region}C{cercle}K{commune}"] = draw(own_cells())
    return own


# --- the attacker -------------------------------------------------------------------------------------------------------

Name = tuple[Any, ...]
Equation = tuple[dict[Name, Fraction], Fraction]
Interval = tuple[float, float]


def attacked(public: pd.DataFrame, known: Mapping[Name, int] | None = None) -> dict[Name, Interval]:
    """For every withheld cell (place, sex, age, criterion), the least and the most that it can be. `known` are cells that the
    attacker knows from elsewhere."""
    values: dict[Name, int | None] = {}
    status: dict[Name, str] = {}
    for row in public.to_dict("records"):
        place = tuple(row[level] for level in LEVELS[1:] if not pd.isna(row[level]))
        name = (place, row["sex"], row["age"], row["vulnerability"])
        values[name] = None if pd.isna(row["value"]) else int(row["value"])
        status[name] = row["conf_status"]
    withheld = [name for name, value in values.items() if value is None]
    limits = first_limits(withheld, values, status)
    below = parts_of_places(values)
    equations = [solved(equation, {**values, **(known or {})}, below) for equation in sums(values)]
    for equation in equations:
        for name in equation[0]:
            limits.setdefault(name, (0, 10**6))
    apart: dict[str, list[Equation]] = defaultdict(list)
    for equation in equations:
        if equation[0]:
            apart[criterion_of(next(iter(equation[0])))].append(equation)
    for together in apart.values():
        limits = narrowed(limits, [*together, *eliminated(together)])
    return {name: limits[name] for name in withheld if name not in (known or {})}


def criterion_of(name: Name) -> str:
    """What an unknown is about; no sum joins two of them."""
    criterion = RECENT if name[0] == "unsaid" else str(name[-1])
    return RECENT if criterion == LONG else criterion


def first_limits(withheld: list[Name], values: Mapping[Name, int | None], status: Mapping[Name, str]) -> dict[Name, Interval]:
    """What a status says of a cell; nothing where a place withholds its whole breakdown."""
    limits: dict[Name, Interval] = {}
    for name in withheld:
        total = values[name[0], *TOTAL]
        assert total is not None
        crossed = name[3] == "_T"
        beside = {status[other] for other in status if other[0] == name[0] and other[3] == "_T" and other[1:] != TOTAL}
        if crossed and len(beside) > 1:
            limits[name] = (1, THRESHOLD - 1) if status[name] == "A" else (THRESHOLD, total)
        elif not crossed and total >= THRESHOLD and status[name] == "A":
            limits[name] = (1, THRESHOLD - 1)
        else:
            limits[name] = (0, total)
    return limits


def sums(values: Mapping[Name, int | None]) -> list[dict[Name, int]]:
    """The sums that hold, each as coefficients that add up to nothing."""
    found = []
    crossing: dict[Place, list[Name]] = defaultdict(list)
    for name in values:
        if name[3] == "_T":
            crossing[name[0]].append(name)
    for place, here in crossing.items():
        inner = [name for name in here if "_T" not in name[1:3]]
        margins = [name for name in here if name[1:3].count("_T") == 1]
        for margin in margins if inner else []:
            parts = [name for name in inner if name[1] == margin[1] or name[2] == margin[2]]
            found.append({margin: -1} | dict.fromkeys(parts, 1))
        for dim in (1, 2):
            parts = [name for name in margins if name[dim] != "_T"]
            found.append({(place, *TOTAL): -1} | dict.fromkeys(parts, 1))
        lasting = [(place, "_T", "_T", criterion) for criterion in (RECENT, LONG)]
        if all(name in values for name in lasting):
            found.append({(place, *TOTAL): -1, ("unsaid", place): 1} | dict.fromkeys(lasting, 1))
    unsaid = {name[1]: name for sum_ in found for name in sum_ if name[0] == "unsaid"}
    for place, name in unsaid.items():
        parts = [unsaid[other] for other in unsaid if other and other[:-1] == place]
        if parts:
            found.append({name: -1, ("unsaid", place, "beside"): 1} | dict.fromkeys(parts, 1))
    for name, below in parts_of_places(values).items():
        if name in values and name[1:] != TOTAL:
            found.append({name: -1, ("beside", *name): 1} | dict.fromkeys(below, 1))
    return found


def parts_of_places(values: Mapping[Name, int | None]) -> dict[Name, list[Name]]:
    """The cells of the places right below, for every cell that has some."""
    below: dict[Name, list[Name]] = defaultdict(list)
    for name in values:
        if len(name) == 4 and name[0]:
            below[name[0][:-1], *name[1:]].append(name)
    return below


def solved(coefficients: Mapping[Name, int], values: Mapping[Name, int | None], below: Mapping[Name, list[Name]]) -> Equation:
    """An equation with what is printed moved to the right."""
    left: dict[Name, Fraction] = {}
    right = Fraction(0)
    for name, factor in coefficients.items():
        value = told_apart(name, values, below)
        if value is None:
            left[name] = Fraction(factor)
        else:
            right -= factor * value
    return left, right


def told_apart(name: Name, values: Mapping[Name, int | None], below: Mapping[Name, list[Name]]) -> int | None:
    """The value of a cell, or of what stands beside cells where totals tell it: nobody."""
    if name[0] == "beside":
        total = sum(int(values[other[0], *TOTAL] or 0) for other in below[name[1:]])
        return 0 if total == values[name[1], *TOTAL] else None
    return values.get(name)


def said_of_all(own: Mapping[Place, Mapping[tuple[str, str, str], int]]) -> dict[Name, int]:
    """Where the duration of displacement is said of everybody: the attacker knows that it is."""
    durations = [("_T", "_T", RECENT), ("_T", "_T", LONG)]
    return {
        ("unsaid", place): 0
        for place, cells in added_up(own).items()
        if TOTAL in cells and sum(cells.get(key, 0) for key in durations) == cells[TOTAL]
    }


def eliminated(equations: list[Equation]) -> list[Equation]:
    """The equations in reduced row echelon form."""
    rows = [({**left}, right) for left, right in equations if left]
    done: list[Equation] = []
    while rows:
        left, right = rows.pop()
        if not left:
            continue
        pivot = next(iter(left))
        by = left[pivot]
        lead = {name: factor / by for name, factor in left.items()}, right / by
        rows = [without(row, lead, pivot) for row in rows]
        done = [without(row, lead, pivot) for row in done]
        done.append(lead)
    return done


def without(row: Equation, lead: Equation, pivot: Name) -> Equation:
    factor = row[0].get(pivot, Fraction(0))
    if not factor:
        return row
    left = {name: row[0].get(name, Fraction(0)) - factor * lead[0].get(name, Fraction(0)) for name in {**row[0], **lead[0]}}
    return {name: value for name, value in left.items() if value}, row[1] - factor * lead[1]


def narrowed(limits: dict[Name, Interval], equations: list[Equation]) -> dict[Name, Interval]:
    """What is left when no equation narrows an interval of whole numbers any more."""
    changed = True
    while changed:
        changed = False
        for left, right in equations:
            for name, factor in left.items():
                others = [
                    sorted((other_factor * Fraction(limits[other][0]), other_factor * Fraction(limits[other][1])))
                    for other, other_factor in left.items()
                    if other != name
                ]
                ends = sorted(
                    ((right - sum(high for _, high in others)) / factor, (right - sum(low for low, _ in others)) / factor)
                )
                low, high = max(limits[name][0], ceil(ends[0])), min(limits[name][1], floor(ends[1]))
                assert low <= high, "the attacker reads the public edition as it was not meant"
                if (low, high) != limits[name]:
                    limits[name], changed = (low, high), True
    return limits


# --- what holds ---------------------------------------------------------------------------------------------------------


def nothing_is_given_away(public: pd.DataFrame, known: Mapping[Name, int] | None = None) -> None:
    given_away = {name: found for name, found in attacked(public, known).items() if found[0] == found[1]}
    assert not given_away


def only_sensitive_cells_are_withheld(figures: pd.DataFrame, public: Protected) -> None:
    shown = public.figures
    free = shown[shown["conf_status"] == "F"]
    columns = ["pcode", "sex", "age", "vulnerability", "value", "missing_reason", "obs_status"]
    whole = set(figures[columns].itertuples(index=False, name=None))
    assert set(free[columns].itertuples(index=False, name=None)) <= whole
    is_total = (free[["sex", "age", "vulnerability"]] == "_T").all(axis=1)
    assert int(is_total.sum()) == int((figures[["sex", "age", "vulnerability"]] == "_T").all(axis=1).sum())
    unknown = (free[["sex", "age"]] == "_U").any(axis=1)
    assert not (free["value"].between(1, THRESHOLD - 1) & ~is_total & ~unknown).any()
    hidden = shown[shown["conf_status"] != "F"]
    assert hidden["value"].isna().all()
    assert set(hidden["missing_reason"]) <= {"confidential"}
    assert set(hidden["obs_status"]) <= {"O"}


@given(countries())
@settings(MODEST, max_examples=30)
def test_no_withheld_cell_can_be_worked_out(own: dict[Place, dict[tuple[str, str, str], int]]) -> None:
    figures = figures_of(added_up(own))
    public = protect(figures, NO_SITES, threshold=THRESHOLD)
    only_sensitive_cells_are_withheld(figures, public)
    nothing_is_given_away(public.figures, said_of_all(own))


@given(countries(), st.data())
@settings(MODEST, max_examples=12)
def test_two_revisions_do_not_give_each_other_away(
    own: dict[Place, dict[tuple[str, str, str], int]], data: st.DataObject
) -> None:
    """An attacker who is told which cells did not change reads them in the edition before."""
    first = figures_of(added_up(own))
    before = protect(first, NO_SITES, threshold=THRESHOLD)
    revised = {**own, data.draw(st.sampled_from(sorted(own))): data.draw(own_cells())}
    second = figures_of(added_up(revised))
    after = protect(second, NO_SITES, threshold=THRESHOLD, earlier=[before])
    withheld, unchanged = cells_of(before.figures, withheld=True), cells_of(first, withheld=False)
    assert not withheld.keys() & cells_of(after.figures, withheld=False).keys()
    printed = {name: value for name, value in cells_of(before.figures, withheld=False).items() if unchanged[name] == value}
    now = cells_of(second, withheld=False)
    known = {name: value for name, value in printed.items() if now.get(name) == value}
    nothing_is_given_away(after.figures, {**said_of_all(revised), **known})


def cells_of(figures: pd.DataFrame, *, withheld: bool) -> dict[Name, Any]:
    chosen = figures[figures["value"].isna() == withheld]
    return {
        (tuple(row[level] for level in LEVELS[1:] if not pd.isna(row[level])), row["sex"], row["age"], row["vulnerability"]): row[
            "value"
        ]
        for row in chosen.to_dict("records")
    }


def test_the_attacker_is_no_fool() -> None:
    """He finds a lone withheld cell, and one that only its status and whole numbers tell."""
    assert {str(sex) for sex in Sex} <= set(SEXES)
    assert set(AGES[:3]) <= {str(age) for age in AgeBand}
    table = figures_of(added_up({("R", "C"): {("F", "0-4", "_T"): 3, ("M", "0-4", "_T"): 40, ("F", "60+", "_T"): 30}}))
    lone = table.assign(conf_status="F")
    at = lone[(lone["sex"] == "F") & (lone["age"] == "0-4") & (lone["level"] == "cercle")].index
    lone.loc[at, ["value", "conf_status"]] = [pd.NA, "A"]
    assert list(attacked(lone).values()) == [(3, 3)]
