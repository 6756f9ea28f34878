"""Figures of a release read on the regions and cercles of another list of places. Pure.

Where a place of the release lies on the other list is a table of facts (`schemas/reference/crosswalk.csv`): in one cercle, in one region,
or across several. Nobody is divided by a guess: what was said of a place stays together and goes where the whole place lies, up to
the country when that is all that is known. So totals are conserved, to the person.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipelines.compilation import COUNTRY, KEY, chain_of, own_values
from pipelines.places import Gazetteer
from schemas.frames import pd

COLUMNS = ["place_id", "level", *KEY, "value", "undivided"]
_TOP_DOWN = ("country", "region", "cercle", "commune")


class TerritoryError(Exception):
    """Figures on two lists of places do not have the same totals: a defect of the program, never of the data."""


def recast(totals: pd.DataFrame, crosswalk: Mapping[str, str], gazetteer: Gazetteer, vintage: str) -> pd.DataFrame:
    """The totals of a release on the places of another list.

    `totals` has `place_id`, `level`, `population_group`, `measure`, `unit` and `value`, one line per total of the release; `crosswalk` says
    of a place in which place of `vintage` it wholly lies (a place that it does not name lies where the place above it lies).
    Gives COLUMNS, country first, places and keys in order: `undivided` is how much of `value` no place right below carries, of a
    place without any below all of it. A missing total is no line, and so is a place of which nothing was said. Raises
    TerritoryError unless the country has the same totals before and after.
    """
    said = _said(totals, gazetteer)
    said["at"] = [_lies_in(place, crosswalk, gazetteer) for place in said["place_id"]]
    undivided = said.groupby(["at", *KEY])["value"].sum().rename("undivided")
    chains = {place: _chain(place, gazetteer, vintage) for place in said["at"].unique()}
    pairs = pd.DataFrame([(place, above) for place, chain in chains.items() for above in chain], columns=["at", "place_id"])
    values = said.drop(columns="place_id").merge(pairs, on="at").groupby(["place_id", *KEY])["value"].sum()
    lines = pd.concat([values, undivided.rename_axis(["place_id", *KEY])], axis=1).fillna({"undivided": 0}).reset_index()
    lines["level"] = [gazetteer.place(place).level for place in lines["place_id"]]
    lines = lines.astype({"value": "Int64", "undivided": "Int64"})
    order = lines["level"].map(_TOP_DOWN.index)
    recast_ = lines.assign(order=order).sort_values(["order", "place_id", *KEY], ignore_index=True)[COLUMNS]
    assert_recast(totals, recast_)
    return recast_


def assert_recast(totals: pd.DataFrame, recast_: pd.DataFrame) -> None:
    """The country has the same totals on both lists, and nobody is undivided in two places; else TerritoryError."""
    known = totals[totals["value"].notna()]
    before = known[known["place_id"] == COUNTRY].set_index(KEY)["value"].astype(int)
    after = recast_[recast_["place_id"] == COUNTRY].set_index(KEY)["value"].astype(int)
    parts = recast_.groupby(KEY)["undivided"].sum().astype(int)
    sides = pd.concat([before.rename("before"), after.rename("after"), parts.rename("parts")], axis=1)
    wrong = sides[(sides["before"] != sides["after"]) | (sides["after"] != sides["parts"])]
    if not wrong.empty:
        raise TerritoryError(f"the totals are not conserved:\n{wrong.head(10)}")


def _said(totals: pd.DataFrame, gazetteer: Gazetteer) -> pd.DataFrame:
    """place_id, KEY, value: what was said of each place itself, the places below it aside; together the total of the country.

    Where those below have more people than the place, as communes told beside their whole cercle may, nobody can be told apart: the
    place stays whole."""
    known = totals[totals["value"].notna()]
    below_country = own_values(known, gazetteer)
    regions = known[known["level"] == "region"].groupby(KEY)["value"].sum().rename("below")
    country = known[known["place_id"] == COUNTRY].merge(regions, how="left", left_on=KEY, right_index=True)
    country["value"] = country["value"].astype(int) - country["below"].fillna(0).astype(int)
    own = pd.concat([country, below_country], ignore_index=True)[["place_id", "level", *KEY, "value"]]
    own = _whole_where_negative(own, known, gazetteer)
    # nothing was said of a place whose people are all said of places below it; a zero said of a place itself is a value
    parents = {(gazetteer.parent(row[0]), *row[1:]) for row in own[["place_id", *KEY]].itertuples(index=False, name=None)}
    lines = own[["place_id", *KEY]].itertuples(index=False, name=None)
    kept = [bool(value) or line not in parents for line, value in zip(lines, own["value"], strict=True)]
    return own.loc[kept, ["place_id", *KEY, "value"]].reset_index(drop=True)


def _whole_where_negative(own: pd.DataFrame, known: pd.DataFrame, gazetteer: Gazetteer) -> pd.DataFrame:
    value_of = {tuple(row[:-1]): int(row[-1]) for row in known[["place_id", *KEY, "value"]].itertuples(index=False, name=None)}
    short = own[own["value"] < 0]
    whole: dict[tuple[Any, ...], int] = {
        key: value_of[key] for key in short[["place_id", *KEY]].itertuples(index=False, name=None) if value_of[key] >= 0
    }
    if not whole:
        return own
    inside: list[bool] = []
    values: list[int] = []
    for place, *key, value in own[["place_id", *KEY, "value"]].itertuples(index=False, name=None):
        above = chain_of(place, gazetteer)[1:]
        inside.append(any((other, *key) in whole for other in above))
        values.append(whole.get((place, *key), value))
    return own.assign(value=values)[[not hidden for hidden in inside]]


def _lies_in(place: str, crosswalk: Mapping[str, str], gazetteer: Gazetteer) -> str:
    """Where a place lies on the other list, by its own line or by that of the nearest place above that has one."""
    return next((crosswalk[at] for at in chain_of(place, gazetteer) if at in crosswalk), COUNTRY)


def _chain(place: str, gazetteer: Gazetteer, vintage: str) -> list[str]:
    chain = [place]
    while (above := gazetteer.parent(chain[-1], vintage)) is not None:
        chain.append(above)
    return chain if chain[-1] == COUNTRY else [*chain, COUNTRY]
