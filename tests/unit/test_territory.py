"""Figures of a release on the regions and cercles of 2025: nobody is divided, nobody is lost."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.compilation import COUNTRY, KEY, chain_of
from pipelines.io import reference
from pipelines.model import Period
from pipelines.territory import TerritoryError, assert_recast, recast
from schemas.codes import CrosswalkBasis, MemberKind
from tests.fiche import GAZETTEER
from tests.flow.months import BREAKDOWNS
from tests.properties.strategies import MODEST

VINTAGE = "cod-2025"
CROSSWALK = reference.crosswalk(VINTAGE)


def place_of(level: str, name: str) -> str:
    """A place of the list in use, else of that of 2025."""
    lists = (GAZETTEER.places(level), GAZETTEER.places(level, VINTAGE))
    return next(place.place_id for places in lists for place in places if place.name == name)


def totals_of(said: dict[str, int], *, unit: str = "individual") -> pd.DataFrame:
    """What was said of places, added up to the country."""
    sums: Counter[str] = Counter()
    for place, value in said.items():
        sums.update(dict.fromkeys(chain_of(place, GAZETTEER), value))
    return pd.DataFrame(
        [
            {"place_id": place, "level": GAZETTEER.place(place).level, "population_group": "idp", "measure": "stock",
             "unit": unit, "value": value}
            for place, value in sums.items()
        ]
    ).astype({"value": "Int64"})  # fmt: skip


def read(totals: pd.DataFrame) -> dict[str, tuple[int, int]]:
    lines = recast(totals, CROSSWALK, GAZETTEER, VINTAGE)
    return {row["place_id"]: (row["value"], row["undivided"]) for row in lines.to_dict("records")}


@pytest.mark.parametrize(
    ("level", "name", "region", "lowest"),
    [
        ("cercle", "Kita", "Kita", None),
        ("cercle", "Nioro du Sahel", "Nioro", None),
        ("cercle", "Diéma", "Nioro", None),
        ("region", "Gao", "Gao", None),
        ("cercle", "Bourem", "Gao", None),
        ("cercle", "Koro", "Bandiagara", "Koro"),
        ("commune", "Sangha", "Bandiagara", "Sangha"),
        ("commune", "Ouélessébougou", "Bougouni", "Ouéléssébougou"),
        ("cercle", "Bamako", "Bamako", "Bamako"),
        ("commune", "Commune I", "Bamako", "Bamako"),
        ("cercle", "Tombouctou", None, None),
        ("region", "Mopti", None, None),
    ],
)
def test_where_people_are_found(level: str, name: str, region: str | None, lowest: str | None) -> None:
    """In one cercle, in one region without a cercle, or only in the country: those of Tombouctou may be of Taoudénit now."""
    expected = {COUNTRY: (50, 0 if region else 50)}
    if region:
        expected[place_of("region", region)] = (50, 0 if lowest else 50)
    if lowest:
        found = next(place.place_id for place in GAZETTEER.places("cercle", VINTAGE) if place.name == lowest)
        expected[found] = (50, 50)
    assert read(totals_of({place_of(level, name): 50})) == expected


def test_a_place_of_which_nothing_was_said_has_no_line_and_zero_is_something_said() -> None:
    said = {place_of("cercle", "Kita"): 0, place_of("cercle", "Koro"): 7}
    found = read(totals_of(said))
    assert found[place_of("region", "Kita")] == (0, 0)
    assert place_of("region", "Nioro") not in found
    missing = totals_of(said)
    missing.loc[missing["place_id"] == place_of("cercle", "Kita"), "value"] = pd.NA
    missing.loc[missing["place_id"] == place_of("region", "Kayes"), "value"] = pd.NA
    assert place_of("region", "Kita") not in read(missing)


def test_communes_that_say_more_than_their_whole_cercle_leave_it_whole() -> None:
    bandiagara, sangha = place_of("cercle", "Bandiagara"), place_of("commune", "Sangha")
    totals = totals_of({bandiagara: 100})
    inside = totals.iloc[:1].assign(place_id=sangha, level="commune")
    found = read(pd.concat([totals, inside.assign(value=130)], ignore_index=True))
    assert found == {COUNTRY: (100, 0), place_of("region", "Bandiagara"): (100, 100)}
    found = read(pd.concat([totals, inside.assign(value=30)], ignore_index=True))
    assert found[place_of("region", "Bandiagara")] == (100, 70)


def test_totals_that_are_not_conserved_are_a_defect() -> None:
    totals = totals_of({place_of("cercle", "Koro"): 7})
    lines = recast(totals, CROSSWALK, GAZETTEER, VINTAGE)
    with pytest.raises(TerritoryError, match="not conserved"):
        assert_recast(totals, lines.assign(value=lines["value"] - 1))


PLACES = [place.place_id for level in ("region", "cercle", "commune") for place in GAZETTEER.places(level)]


@given(st.dictionaries(st.sampled_from(PLACES), st.integers(0, 400), min_size=1, max_size=25), st.randoms(use_true_random=False))
@settings(MODEST, max_examples=25)
def test_nobody_is_lost_or_divided(said: dict[str, int], shuffle: random.Random) -> None:
    totals = pd.concat([totals_of(said), totals_of(said, unit="household")], ignore_index=True)
    lines = recast(totals, CROSSWALK, GAZETTEER, VINTAGE)
    assert (lines[["value", "undivided"]] >= 0).all(axis=None)
    country = lines[lines["place_id"] == COUNTRY]
    assert list(country["value"]) == [sum(said.values())] * 2
    assert dict(lines.groupby("unit")["undivided"].sum()) == dict.fromkeys(("household", "individual"), sum(said.values()))
    for place, unit, value, undivided in lines[["place_id", "unit", "value", "undivided"]].itertuples(index=False):
        below = lines[lines["place_id"].isin(GAZETTEER.children(place, VINTAGE)) & (lines["unit"] == unit)]
        assert value - undivided == below["value"].sum()
    order = list(totals.index)
    shuffle.shuffle(order)
    pd.testing.assert_frame_equal(recast(totals.loc[order], CROSSWALK, GAZETTEER, VINTAGE), lines)


@pytest.mark.xdist_group("sample")
def test_people_of_the_sample_month_by_the_level_where_they_are_found(sample_dir: Path) -> None:
    whole = " AND ".join(f"f.{name.replace('pcode', 'id')} = '_T'" for name in BREAKDOWNS)
    with closing(sqlite3.connect(sample_dir / "processed" / "cmp.sqlite")) as connection:
        totals = pd.read_sql(
            f"""SELECT f.place_id, f.level, f.population_group, f.measure, f.unit, f.value FROM figure f
            JOIN release r ON r.id = f.release_id WHERE r.period = '2019-12' AND {whole}""",
            connection,
        )
    lines = recast(totals, CROSSWALK, GAZETTEER, VINTAGE)
    idps = lines[(lines[KEY] == ["idp", "stock", "individual"]).all(axis=1)]
    assert dict(idps.groupby("level")["undivided"].sum()) == {"cercle": 15_038, "region": 182_966, "country": 9_747}


def test_the_crosswalk_agrees_with_the_lists_and_with_itself() -> None:
    rows = reference.rows("crosswalk")
    assert {row["vintage"] for row in rows} == {VINTAGE}
    assert len(CROSSWALK) == len(rows)
    assert {row["basis"] for row in rows} == {str(basis) for basis in CrosswalkBasis}
    assert {place.place_id for level in ("region", "cercle") for place in GAZETTEER.places(level)} <= set(CROSSWALK)
    for place, within in CROSSWALK.items():
        assert GAZETTEER.pcode(place) is not None
        assert within == COUNTRY or GAZETTEER.pcode(within, VINTAGE) is not None
        assert GAZETTEER.place(within).level in ("country", "region", "cercle")
        # a part lies in what its whole lies in
        for whole in (CROSSWALK[above] for above in chain_of(place, GAZETTEER)[1:-1]):
            assert whole in (COUNTRY, within, GAZETTEER.parent(within, VINTAGE))


def test_members_of_the_commission_in_the_order_of_its_reports() -> None:
    members = reference.members(Period(2019, 12))
    assert [member.organisation for member in members][:3] == ["DGPC", "HCR", "OCHA"]
    assert {member.kind for member in members} == {MemberKind.STATE, MemberKind.UN, MemberKind.NGO, MemberKind.RRM}
    assert members[-1].name("en") == "Coordination of the Rapid Response Mechanism"
    assert members[-1].name("fr").startswith("Coordination du mécanisme")
