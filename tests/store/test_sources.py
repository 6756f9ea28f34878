"""What sources state and who is present: replaced by each run, never part of a total."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest

from pipelines.io.store import Store
from pipelines.model import PRESENCE_COLUMNS, STATEMENT_COLUMNS
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
        "source_id": "3w", "file": "3w.xlsx", "sheet": "3W", "row": 4, "cell": "A4",
    }  # fmt: skip
    return pd.DataFrame([{**about, **change} for change in changes], columns=PRESENCE_COLUMNS, dtype=object)


def test_what_sources_state_is_given_back_as_it_was(store: Store) -> None:
    said = statements(
        {}, {"value": None, "scope": "inaccessible", "unit": "household"},
        {"place_id": None, "table": "printed", "file": "printed.csv", "sheet": None, "row": None, "cell": None, "document": "CMP"},
    )  # fmt: skip
    there = presence({}, {"sector": None, "ended_on": date(2019, 12, 1)})
    store.save_sources(DECEMBER, said, there, HASHES)
    pd.testing.assert_frame_equal(store.statements(DECEMBER), said, check_dtype=False)
    assert store.statements(DECEMBER).dtypes[["value", "row"]].tolist() == ["Int64", "Int64"]
    pd.testing.assert_frame_equal(store.presence(DECEMBER), there, check_dtype=False)
    seen = store.view("source_statement", DECEMBER)
    assert set(zip(seen["cercle"], seen["table_name"], seen["sha256"], strict=True)) == {
        ("Bankass", "stock", "ab"), (None, "printed", None),
    }  # fmt: skip


def test_they_are_replaced_month_by_month(store: Store) -> None:
    store.save_sources(NOVEMBER, statements({"value": 1}), presence({}), HASHES)
    for _ in range(2):
        store.save_sources(DECEMBER, statements({}, {"unit": "household"}), presence({}), HASHES)
    assert (len(store.statements(DECEMBER)), len(store.presence(DECEMBER))) == (2, 1)
    store.save_sources(DECEMBER, no_rows(STATEMENT_COLUMNS), no_rows(PRESENCE_COLUMNS), {})
    assert list(store.statements(DECEMBER)) == STATEMENT_COLUMNS
    assert (store.statements(DECEMBER).empty, store.presence(DECEMBER).empty) == (True, True)
    assert store.statements(NOVEMBER)["value"].tolist() == [1]


def test_nothing_of_a_source_is_kept_when_a_column_is_missing(store: Store) -> None:
    store.save_sources(DECEMBER, statements({}), presence({}), HASHES)
    with pytest.raises(ValueError, match="not the columns of presence"):
        store.save_sources(DECEMBER, statements({}, {}), presence({}).drop(columns="sector"), HASHES)
    assert len(store.statements(DECEMBER)) == 1
