"""Where the people of a row are counted when its names are right, wrong, or somewhere else."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from pipelines.location import NAME_COLUMNS, PLACE_COLUMNS, locate, locate_source
from pipelines.places import normalise
from tests.fiche import GAZETTEER

SEGOU, NIONO, CERCLE_OF_SEGOU = "R04", "C025", "C027"


def place(*, table: str = "idp", region: str = SEGOU, **names: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The places found for one row, and the names read in it."""
    rows, read = locate(pd.DataFrame([{"table": table, "sheet": "PDI", "row": 3, **names}], dtype=object), GAZETTEER, region)
    return rows.loc[0, list(PLACE_COLUMNS)].to_dict(), read.to_dict("records")


def problems(read: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(name["field"], name["problem"]) for name in read if name["problem"] is not None]


def test_a_commune_row_is_placed_at_its_commune_and_a_cercle_row_at_its_cercle() -> None:
    commune, _ = place(cercle="Niono", commune="Diabaly", level="commune")
    site, _ = place(cercle="Niono", commune="Diabaly", level="site")
    whole, _ = place(cercle="Niono", commune="Niono", level="cercle")
    assert (commune["place_id"], commune["placed_level"]) == ("K424", "commune")
    assert site["place_id"] == "K424"
    assert (whole["place_id"], whole["placed_level"]) == (NIONO, "cercle")


def test_a_misplaced_commune_leaves_its_people_in_the_cercle_that_was_written() -> None:
    found, read = place(cercle="Ségou", commune="Diabaly", level="commune")
    assert (found["place_id"], found["placed_level"]) == (CERCLE_OF_SEGOU, "cercle")
    [name] = [name for name in read if name["problem"]]
    assert (name["problem"], name["found_in"], name["kept_at"]) == ("misplaced", "Niono", "Ségou")


def test_a_commune_of_another_region_is_misplaced_too() -> None:
    found, read = place(cercle="Ségou", commune="Ansongo", level="commune")
    assert found["place_id"] == CERCLE_OF_SEGOU
    assert problems(read) == [("commune", "misplaced")]


def test_an_unknown_commune_leaves_its_people_in_the_cercle() -> None:
    found, read = place(cercle="Niono", commune="Tamalagou", level="commune")
    assert (found["place_id"], problems(read)) == (NIONO, [("commune", "unknown")])


def test_an_unknown_cercle_leaves_its_people_in_the_region_and_is_one_defect() -> None:
    found, read = place(cercle="Tamalagou", commune="Nulle part", level="commune")
    assert (found["place_id"], found["placed_level"]) == (SEGOU, "region")
    assert problems(read) == [("cercle", "unknown")]


def test_a_row_of_another_region_goes_home() -> None:
    found, read = place(cercle="Ménaka", commune="Ménaka", level="cercle", region="R07")
    assert found["place_id"] == "C050"
    [name] = [name for name in read if name["problem"]]
    assert (name["problem"], name["region_found"]) == ("other_region", "Ménaka")


def test_a_commune_without_its_cercle_is_looked_for_in_the_region() -> None:
    found, read = place(commune="Diabaly", level="commune")
    assert (found["place_id"], problems(read)) == ("K424", [])


def test_a_row_without_names_stays_in_the_region() -> None:
    found, read = place(level="commune")
    assert (found["place_id"], found["placed_level"], read) == (SEGOU, "region", [])


def test_the_code_speaks_of_the_level_that_the_row_covers() -> None:
    whole, _ = place(cercle="Ségou", commune="Ségou", code="ML0406", level="cercle")
    commune, _ = place(cercle="Niono", commune="Diabaly", code=GAZETTEER.pcode("K424"), level="commune")
    assert (whole["code_status"], commune["code_status"]) == ("agrees", "agrees")


def test_a_code_never_overrules_a_name() -> None:
    found, read = place(cercle="Ségou", code="ML0305", level="cercle")
    assert (found["place_id"], found["code_status"], read[0]["code_place"]) == (CERCLE_OF_SEGOU, "wrong", "Sikasso")


def test_a_code_is_not_judged_where_the_level_is_not_known() -> None:
    _, read = place(cercle="Niono", commune="Diabaly", code=GAZETTEER.pcode("K424"), level=None)
    assert {name["code_status"] for name in read} == {"absent"}


def test_origins_are_found_in_the_whole_country_as_far_as_they_are_known() -> None:
    at_cercle, _ = place(table="origin", cercle="Niono", level="cercle", origin_region="Mopti", origin_cercle="Mopti")
    at_region, read = place(table="origin", cercle="Niono", level="cercle", origin_region="Mopti", origin_cercle="Tamalagou")
    nowhere, unknown = place(table="origin", cercle="Niono", level="cercle", origin_region="Atlantide", origin_cercle="Mopti")
    assert (at_cercle["origin_place_id"], at_region["origin_place_id"], nowhere["origin_place_id"]) == (
        "C034",
        "R05",
        None,
    )
    assert problems(read) == [("origin_cercle", "unknown")]
    assert problems(unknown) == [("origin_region", "unknown")]


def test_an_origin_cercle_without_its_region_is_found_when_there_is_one_of_that_name() -> None:
    found, _ = place(table="origin", cercle="Niono", level="cercle", origin_cercle="Ansongo")
    assert GAZETTEER.place(found["origin_place_id"]).name == "Ansongo"


def test_ends_of_a_movement_without_a_region_are_in_the_region_of_the_return() -> None:
    found, _ = place(table="movement", movement="secondary", from_cercle="Niono", from_commune="Diabaly", to_cercle="Bla")
    elsewhere, read = place(table="movement", movement="arrival", to_cercle="Mopti")
    assert (found["from_place_id"], found["to_place_id"], found["place_id"]) == ("K424", "C023", None)
    assert (elsewhere["to_place_id"], problems(read)) == (None, [("to_cercle", "unknown")])


@pytest.mark.parametrize("rows", [[], [{"table": "idp", "sheet": "PDI", "row": 3, "cercle": "Bla", "level": "cercle"}]])
def test_no_row_gains_or_loses_a_line(rows: list[dict[str, Any]]) -> None:
    frame = pd.DataFrame(rows, columns=["table", "sheet", "row", "cercle", "level"], dtype=object)
    located, names = locate(frame, GAZETTEER, SEGOU)
    assert len(located) == len(names) == len(rows)
    assert list(names.columns) == list(NAME_COLUMNS)


def in_words(*places: str) -> list[str | None]:
    rows = pd.DataFrame({"table": "statement", "sheet": "s", "row": range(len(places)), "place": places})
    return list(locate_source(rows, GAZETTEER)[0]["place_id"])


@pytest.mark.parametrize(("level", "words"), [("region", "région de"), ("cercle", "cercle de")])
def test_every_region_and_cercle_is_found_by_its_level_and_name(level: str, words: str) -> None:
    places = GAZETTEER.places(level)
    assert in_words(*(f"{words} {place.name}" for place in places)) == [place.place_id for place in places]


def test_a_bare_name_is_a_place_only_where_one_level_alone_has_it() -> None:
    places = [place for level in ("region", "cercle", "commune") for place in GAZETTEER.places(level)]
    bearers: dict[str, set[str]] = {}
    for place in places:
        bearers.setdefault(normalise(place.name), set()).add(place.place_id)
    for place in places:
        [found] = in_words(place.name)
        assert found in (None, place.place_id)
        assert found is None or len(bearers[normalise(place.name)]) == 1
