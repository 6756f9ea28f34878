"""Totals that circulate beside the returns."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd

from pipelines import triangulation
from pipelines.model import Discrepancy
from tests.fiche import GAZETTEER, PERIOD


def circulated(**more: Any) -> dict[str, Any]:
    return {
        "population_group": "idp",
        "unit": "individual",
        "value": 900,
        "stated_on": date(2020, 1, 6),
        "organisation": "SLDSES",
        "place_id": "R04",
        "file": "totaux.xlsx",
        "sheet": "Totaux",
        "cell": "E3",
        **more,
    }


TOTALS = pd.DataFrame(
    [
        ("R04", "idp", "stock", "individual", 884),
        ("R04", "idp_returnee", "cumulative", "household", 170),
        ("R05", "idp", "stock", "individual", None),
    ],
    columns=["place_id", "population_group", "measure", "unit", "value"],
)


def gaps(*rows: dict[str, Any]) -> tuple[Discrepancy, ...]:
    frame = pd.DataFrame(list(rows), columns=list(circulated()))
    return triangulation.discrepancies(triangulation.Sources(PERIOD, TOTALS, frame, GAZETTEER, {"R04": "fiche.xlsx (version 1)"}))


def test_a_circulated_total_that_differs_names_both_sources_and_where_they_stand() -> None:
    [gap] = gaps(circulated())
    assert (gap.gap, gap.population_group, gap.measure) == (16, "idp", "stock")
    assert [(item["source"], item["value"], item["where"]) for item in gap.values] == [
        ("fiche", 884, "fiche.xlsx (version 1)"),
        ("SLDSES", 900, "totaux.xlsx, Totaux, E3"),
    ]


def test_totals_that_agree_or_have_nothing_to_compare_with_are_no_discrepancy() -> None:
    assert gaps(circulated(value=884), circulated(value=None), circulated(place_id="R05"), circulated(place_id="R06")) == ()


def test_returnees_are_compared_with_their_cumulative_count() -> None:
    [gap] = gaps(circulated(population_group="idp_returnee", unit="household", value=100))
    assert (gap.measure, gap.gap) == ("cumulative", -70)


def test_the_key_stays_and_the_fingerprint_follows_the_value() -> None:
    [one], [other] = gaps(circulated()), gaps(circulated(value=901))
    assert one.key == other.key
    assert one.fingerprint != other.fingerprint


def test_the_widest_gap_comes_first() -> None:
    found = gaps(circulated(), circulated(organisation="Mairie", value=500))
    assert [gap.gap for gap in found] == [-384, 16]
