"""Every number that a source states is one line with its place, day, witness and cell."""

from __future__ import annotations

from datetime import date

import pandas as pd

from pipelines import checking, intake, sources
from pipelines.checking import Rulebook
from pipelines.model import STATEMENT_COLUMNS, OpenedFile, Period
from tests.fiche import GAZETTEER
from tests.sources import grids


def stated(*files: OpenedFile) -> pd.DataFrame:
    parts = [part for file in files for part in checking.check_source(intake.read(file, intake.layouts()), GAZETTEER, Rulebook())]
    return sources.statements(parts)


def cells(frame: pd.DataFrame) -> list[tuple[str, str, int, str]]:
    return [(row["population_group"], row["unit"], int(row["value"]), row["cell"]) for row in frame.to_dict("records")]


def test_each_number_of_a_stock_row_is_a_statement_at_its_own_cell() -> None:
    found = stated(grids.file("x.xlsx", "Feuil1", grids.DTM_LATER))
    assert list(found.columns) == STATEMENT_COLUMNS
    assert cells(found) == [
        ("idp", "household", 10, "H2"), ("idp", "individual", 52, "I2"),
        ("idp_returnee", "household", 25, "N2"), ("idp_returnee", "individual", 125, "O2"),
        ("repatriated_refugee", "household", 5, "L2"), ("repatriated_refugee", "individual", 25, "M2"),
    ]  # fmt: skip
    assert list(found["measure"]) == ["stock"] * 2 + ["cumulative"] * 4
    assert set(found["lineage"]) == {"cmp"}, "DTM is no second witness beside the CMP"


def individuals(found: pd.DataFrame) -> dict[str, tuple[int, str, str]]:
    rows = found.query("population_group == 'idp' and unit == 'individual'").to_dict("records")
    return {GAZETTEER.place(row["place_id"]).name: (row["value"], row["cell"], row["scope"]) for row in rows}


def test_rows_of_one_place_in_a_list_are_one_number() -> None:
    found = individuals(stated(grids.file("x.xlsx", "Feuil1", grids.DTM_2019)))
    assert found == {"Kita": (29, "L2", "whole"), "Diéma": (10, "L4", "whole")}


def test_a_commune_that_is_not_recognised_makes_its_cercle_the_place_of_the_whole_list() -> None:
    rows = (*grids.PARTNER[:3], ("Koro", "Diankabou", 1, 5, date(2019, 12, 20)), ("Koro", "Atlantide", 2, 10, date(2019, 12, 20)))
    found = individuals(stated(grids.file("x.xlsx", "partenaire", rows)))
    assert found == {"Socoura": (1250, "D3", "whole"), "Koro": (15, "D4", "whole")}
    nowhere = (*grids.PARTNER[:3], ("Atlantide", "Atlantide", 1, 5, date(2019, 12, 20)))
    assert set(individuals(stated(grids.file("x.xlsx", "partenaire", nowhere)))) == {"Socoura"}


def test_a_situation_report_states_arrivals() -> None:
    found = stated(grids.file("x.xlsx", "Feuil1", grids.SITREP))
    assert set(found["measure"]) == {"arrivals"}
    assert list(found["value"]) == [50, 263, 5, 27]
    assert (set(found["document"]), set(found["as_of"]), set(found["source_id"])) == ({"3"}, {date(2019, 12, 18)}, {"cmp"})


def test_an_organisation_that_the_register_lacks_is_a_witness_of_its_own() -> None:
    found = stated(grids.file("x.xlsx", "partenaire", grids.PARTNER))
    assert (set(found["source_id"]), set(found["lineage"])) == ({"ong_exemple"}, {"ong_exemple"})
    assert set(found["quoted"]) == {"Socoura", "Koro"}


def test_statements_do_not_depend_on_the_order_of_the_files() -> None:
    files = [grids.file("a.xlsx", "Feuil1", grids.DTM_2019), grids.file("b.xlsx", "Feuil1", grids.SITREP)]
    pd.testing.assert_frame_equal(stated(*files), stated(*files[::-1]))


def test_alerts_are_no_statements() -> None:
    assert stated(grids.file("x.xlsx", "VEILLE", grids.RRM)).empty


def test_what_was_printed_ends_with_the_month_asked_for() -> None:
    at_end_of_2020 = sources.printed(Period(2020, 12)).query(
        "place_id == 'ML' and unit == 'individual' and population_group == 'idp'"
    )
    last = at_end_of_2020[at_end_of_2020["as_of"] == date(2020, 12, 31)]
    told = {(row["source_id"], row["lineage"], row["table"], row["value"]) for row in last.to_dict("records")}
    assert told == {
        ("cmp", "cmp", "printed", 332_957),
        ("hcr", "cmp", "statement", 332_957),
        ("idmc", "cmp", "statement", 6_659),
        ("idmc", "cmp", "statement", 326_298),
    }
    assert sources.printed(Period(2013, 12)).empty
    january = sources.printed(Period(2021, 1))
    assert 346_864 in set(january["value"]) and 346_864 not in set(at_end_of_2020["value"])
