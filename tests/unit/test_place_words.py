"""The grammar of places in words."""

from __future__ import annotations

import pytest

from pipelines.place_words import is_country, parse, says_partial


@pytest.mark.parametrize(
    ("text", "level", "name"),
    [
        ("cercle de Bankass", "cercle", "Bankass"),
        ("Cercle d'Ansongo", "cercle", "Ansongo"),
        ("Commune rurale de Ségué", "commune", "Ségué"),
        ("ville de Bankass", "commune", "Bankass"),
        ("Région de Mopti", "region", "Mopti"),
        ("village de Nando", "village", "Nando"),
        ("Cerclebourg", None, "Cerclebourg"),
        ("Dire", None, "Dire"),
        ("Mali", "country", "Mali"),
    ],
)
def test_a_level_is_what_is_written_before_the_name(text: str, level: str | None, name: str) -> None:
    [place] = parse(text).places
    assert (place.level, place.name) == (level, name)


def test_a_way_ends_where_the_people_are() -> None:
    said = parse("Village de Nando -> cercle de Koro -> Ségué")
    assert (said.origin, [place.name for place in said.places]) == ("Village de Nando", ["Ségué"])


def test_several_places_are_each_for_itself() -> None:
    assert [place.name for place in parse("Diallassagou / Léssagou/Ségué").places] == ["Diallassagou", "Léssagou", "Ségué"]


@pytest.mark.parametrize("text", ["zones accessibles du cercle de Bankass", "une partie de la commune de Ségué"])
def test_an_extent_is_told_from_its_place(text: str) -> None:
    said = parse(text)
    assert said.partial and says_partial(text)
    assert said.places[0].level in ("cercle", "commune")


@pytest.mark.parametrize("text", ["", " ", "/", "->", " -> "])
def test_nothing_is_no_place(text: str) -> None:
    assert parse(text).places == ()


def test_only_words_for_the_country_mean_it() -> None:
    assert is_country("République du Mali") and not is_country("Malicounda")
    assert not says_partial("tous les départements")
