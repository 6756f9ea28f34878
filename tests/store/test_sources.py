"""What sources state and who is present: replaced by each run, never part of a total."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest

from pipelines.io.store import Store
from pipelines.model import COVER_COLUMNS, PRESENCE_COLUMNS, STATEMENT_COLUMNS, SectorCover
from pipelines.triangulation.evidence import no_rows
from tests.store.samples import DECEMBER, NOVEMBER

HASHES = {"dtm.xlsx": "ab", "3w.xlsx": "cd"}


def statements(*changes: dict[str, Any]) -> pd.DataFrame:
    about = {
        "place_id": "C051", "population_group": "idp", "measure": "stock", "unit": "individual", "value": 250,
        "as_of": date(2019, 12, 28), "source_id": "dtm", "organisation": "OIM", "lineage": "dtm_cmp", "scope": "whole",
        "table": "stock", "file": "dtm.xlsx", "sheet": "Feuil1", "row": 12, "cell": "F12", "document": None, "quoted": "Bankas",
    }  # fmt: skip
    return pd.DataFrame([{**about, **change} for change in changes], columns=STATEMENT_COLUMNS, dtype=object).astype(
        {"value": "Int64", "row": "Int64"}
    )


def presence(*changes: dict[str, Any]) -> pd.DataFrame:
    about = {
        "place_id": "C051", "organisation": "NRC", "sector": "shelter", "started_on": date(2019, 6, 1), "ended_on": None,
        "status": "ongoing", "source_id": "3w", "file": "3w.xlsx", "sheet": "3W", "row": 4, "cell": "A4",
    }  # fmt: skip
    return pd.DataFrame([{**about, **change} for change in changes], columns=PRESENCE_COLUMNS, dtype=object)


def cover(*changes: dict[str, Any]) -> pd.DataFrame:
    about = {
        "place_id": "C051", "sector": "shelter", "actors": 1, "organisations": "NRC", "persons": 806, "persons_without": 628,
        "wanted": 2, "rank": 1,
    }  # fmt: skip
    counts = dict.fromkeys(("actors", "persons", "persons_without", "wanted", "rank"), "Int64")
    return pd.DataFrame([{**about, **change} for change in changes], columns=COVER_COLUMNS, dtype=object).astype(counts)


def test_what_sources_state_is_given_back_as_it_was(store: Store) -> None:
    said = statements(
        {}, {"value": None, "scope": "inaccessible", "unit": "household"},
        {"place_id": None, "table": "printed", "file": "printed.csv", "sheet": None, "row": None, "cell": None, "document": "CMP"},
    )  # fmt: skip
    there = presence({}, {"sector": None, "ended_on": date(2019, 12, 1)})
    store.save_sources(DECEMBER, said, there, cover(), HASHES)
    pd.testing.assert_frame_equal(store.statements(DECEMBER), said, check_dtype=False)
    assert store.statements(DECEMBER).dtypes[["value", "row"]].tolist() == ["Int64", "Int64"]
    pd.testing.assert_frame_equal(store.presence(DECEMBER), there, check_dtype=False)
    seen = store.view("source_statement", DECEMBER)
    assert set(zip(seen["cercle"], seen["table_name"], seen["sha256"], strict=True)) == {
        ("Bankass", "stock", "ab"), (None, "printed", None),
    }  # fmt: skip


def test_they_are_replaced_month_by_month(store: Store) -> None:
    store.save_sources(NOVEMBER, statements({"value": 1}), presence({}), cover({}), HASHES)
    for _ in range(2):
        store.save_sources(DECEMBER, statements({}, {"unit": "household"}), presence({}), cover({}), HASHES)
    assert (len(store.statements(DECEMBER)), len(store.presence(DECEMBER))) == (2, 1)
    store.save_sources(DECEMBER, no_rows(STATEMENT_COLUMNS), no_rows(PRESENCE_COLUMNS), cover(), {})
    assert list(store.statements(DECEMBER)) == STATEMENT_COLUMNS
    assert (store.statements(DECEMBER).empty, store.presence(DECEMBER).empty, store.cover(DECEMBER)) == (True, True, [])
    assert store.statements(NOVEMBER)["value"].tolist() == [1]
    assert len(store.cover(NOVEMBER)) == 1


def test_nothing_of_a_source_is_kept_when_a_column_is_missing(store: Store) -> None:
    store.save_sources(DECEMBER, statements({}), presence({}), cover({}), HASHES)
    with pytest.raises(ValueError, match="not the columns of presence"):
        store.save_sources(DECEMBER, statements({}, {}), presence({}).drop(columns="sector"), cover({}), HASHES)
    assert len(store.statements(DECEMBER)) == 1
    with pytest.raises(ValueError, match="not the columns of sector_cover"):
        store.save_sources(DECEMBER, statements({}, {}), presence({}, {}), cover({}).drop(columns="rank"), HASHES)
    assert (len(store.statements(DECEMBER)), len(store.presence(DECEMBER))) == (1, 1)


def test_the_cover_of_a_sector_is_given_back_as_it_was_and_seen_by_analysts(store: Store) -> None:
    unknown: dict[str, Any] = {"persons": None, "persons_without": None, "wanted": None, "rank": None}
    store.save_sources(
        DECEMBER,
        statements(),
        presence(),
        cover(
            {},
            {"sector": "cash", "wanted": 0, "rank": None},
            {"sector": "cccm", "organisations": "CRS, NRC", "actors": 2, **unknown},
        ),
        {},
    )
    assert store.cover(DECEMBER) == [
        SectorCover("C051", "cash", 1, "NRC", 806, 628, 0, None), SectorCover("C051", "cccm", 2, "CRS, NRC", **unknown), SectorCover("C051", "shelter", 1, "NRC", 806, 628, 2, 1),
    ]  # fmt: skip
    seen = store.view("response_cover", DECEMBER)
    assert seen["sector"].tolist() == ["cash", "cccm", "shelter"]
    assert set(seen["cercle"]) == {"Bankass"} and set(seen["pcode"]) == {"ML0502"}
    assert (seen["persons_without"].tolist()[2], seen["persons_without"].isna().tolist()) == (628, [False, True, False])
