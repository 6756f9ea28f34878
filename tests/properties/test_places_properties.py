"""What holds of the matching ladder for any name, any case, any dirt."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipelines.io import reference
from pipelines.places import Gazetteer, MatchMethod, normalise

REFERENCE = Path(__file__).resolve().parents[2] / "schemas" / "reference"


def rows(name: str) -> list[dict[str, str]]:
    with (REFERENCE / name).open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


TABLES = (rows("places.csv"), rows("place_codes.csv"), rows("place_aliases.csv"))
GAZETTEER = Gazetteer.from_rows(*TABLES)
UPSIDE_DOWN = Gazetteer.from_rows(*(list(reversed(table)) for table in TABLES))
SPELLINGS = {r["place_id"]: sorted({r["name"], r["name_ascii"]}) for r in TABLES[0]}
CASES = [
    (place.place_id, spelling, vintage)
    for vintage, levels in (("cod-2021", ("region", "cercle", "commune")), ("cod-2025", ("region", "cercle")))
    for level in levels
    for place in GAZETTEER.places(level, vintage)
    for spelling in SPELLINGS[place.place_id]
]
CODES = sorted({r["pcode"] for r in TABLES[1]})
WORDS = sorted({r["name"] for r in TABLES[0]} | {r["alias"] for r in TABLES[2]})
KIND = {"region": "Région de ", "cercle": "Cercle de ", "commune": "Commune de "}


def stripped(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def numbers(text: str) -> list[str]:
    return re.findall(r"[0-9]+", normalise(text))


def one_letter_changed(name: str, at: int, letter: str) -> str:
    return name[:at] + letter + name[at + 1 :]


DIRT: st.SearchStrategy[Callable[[str], str]] = st.sampled_from(
    (
        str.upper,
        str.lower,
        str.swapcase,
        stripped,
        lambda s: f"  {s} ",
        lambda s: s.replace(" ", "-"),
        lambda s: s.replace("'", "’"),
        lambda s: s.replace("-", " "),
        lambda s: unicodedata.normalize("NFD", s),
    )
)
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def damaged(name: str, how: str, at: int, letter: str) -> str:
    """A name with one letter more, less or other, or two letters in each other's place."""
    at %= len(name)
    if how == "swapped":
        at = min(at, max(0, len(name) - 2))
        return name[:at] + name[at : at + 2][::-1] + name[at + 2 :]
    return name[:at] + {"added": letter + name[at], "lost": "", "changed": letter}[how] + name[at + 1 :]


NAMES = st.one_of(
    st.sampled_from(WORDS),
    st.builds("{} {}".format, st.sampled_from(WORDS), st.sampled_from(("I", "II", "3", "Nord", "(ville)"))),
    st.builds(one_letter_changed, st.sampled_from(WORDS), st.integers(0, 12), st.sampled_from("aeiouknst2")),
    st.text(max_size=20),
)
LEVELS = st.sampled_from(("region", "cercle", "commune"))
PARENTS = st.one_of(
    st.none(),
    st.sampled_from([p.place_id for level in ("region", "cercle") for p in GAZETTEER.places(level)]),
)
ANY_CODE = st.one_of(
    st.none(),
    st.sampled_from(CODES),
    st.sampled_from(CODES).map(lambda code: f" {code.replace('ML', 'MLI')} "),
    st.text(max_size=10),
)


def test_every_official_name_is_found_under_its_parent() -> None:
    for place_id, spelling, vintage in CASES:
        level, parent = GAZETTEER.place(place_id).level, GAZETTEER.parent(place_id, vintage)
        match = GAZETTEER.match(spelling, level, parent, vintage=vintage)
        assert (match.place_id, match.method) == (place_id, MatchMethod.EXACT), (spelling, match)


@settings(deadline=None, max_examples=400)
@given(st.sampled_from(CASES), st.lists(DIRT, max_size=3), st.booleans())
def test_a_dirty_official_name_is_still_found(case: tuple[str, str, str], dirt: list[Callable[[str], str]], kind: bool) -> None:
    place_id, name, vintage = case
    level = GAZETTEER.place(place_id).level
    for soil in dirt:
        name = soil(name)
    if kind:
        name = KIND[level] + name
    match = GAZETTEER.match(name, level, GAZETTEER.parent(place_id, vintage), vintage=vintage)
    assert match.place_id == place_id, (name, match)
    assert match.method in (MatchMethod.EXACT, MatchMethod.NORMALISED)


@settings(deadline=None, max_examples=500)
@given(NAMES, LEVELS, PARENTS, ANY_CODE)
def test_whatever_is_asked(name: str, level: str, parent: str | None, code: str | None) -> None:
    match = GAZETTEER.match(name, level, parent, code)
    assert match is GAZETTEER.match(name, level, parent, code), "the same question is answered once"
    assert (match.place_id is None) == (match.method is MatchMethod.NONE)
    assert 0.0 <= match.score <= 1.0
    scores = [s.score for s in match.suggestions]
    assert scores == sorted(scores, reverse=True)
    mine = numbers(name)
    if match.place_id is not None:
        assert match.suggestions == ()
        assert GAZETTEER.place(match.place_id).level == level
        for its in (numbers(spelling) for spelling in SPELLINGS[match.place_id]):
            assert mine == its
        if match.score < 1:
            assert match.method in (MatchMethod.NORMALISED, MatchMethod.CODE)
        if match.method is MatchMethod.CODE:
            assert match.place_id in {p for p, _ in GAZETTEER.by_code(code or "")}
    for suggestion in match.suggestions:
        its = numbers(GAZETTEER.place(suggestion.place_id).name)
        assert not (mine and its) or mine == its


@settings(deadline=None, max_examples=200)
@given(NAMES, LEVELS, PARENTS, ANY_CODE)
def test_the_order_of_the_tables_changes_nothing(name: str, level: str, parent: str | None, code: str | None) -> None:
    assert UPSIDE_DOWN.match(name, level, parent, code) == GAZETTEER.match(name, level, parent, code)


@given(st.text(max_size=30))
def test_a_normal_form_is_its_own_normal_form(name: str) -> None:
    once = normalise(name)
    assert normalise(once.upper()) == once


@settings(deadline=None)
@given(st.sampled_from([case for case in CASES if case[2] == "cod-2021"]), ANY_CODE)
def test_a_code_never_overrules_a_name(case: tuple[str, str, str], code: str | None) -> None:
    place_id, name, _ = case
    match = GAZETTEER.match(name, GAZETTEER.place(place_id).level, GAZETTEER.parent(place_id), code)
    assert match.place_id == place_id


@settings(deadline=None, max_examples=1500)
@given(
    st.sampled_from(CASES), st.sampled_from(("added", "lost", "changed", "swapped")), st.integers(0, 40), st.sampled_from(LETTERS),
    st.sampled_from(("parent", "region", "nothing")),
)  # fmt: skip
def test_a_slip_of_one_letter_is_never_read_as_another_place(
    case: tuple[str, str, str], how: str, at: int, letter: str, under: str
) -> None:
    """Under its parent, its region or nothing: unless the slip makes the very name of the other place."""
    place_id, name, vintage = case
    level = GAZETTEER.place(place_id).level
    parent = None if under == "nothing" else GAZETTEER.parent(place_id, vintage)
    if under == "region" and level == "commune":
        parent = GAZETTEER.region_of(place_id, vintage)
    written = damaged(name, how, at, letter)
    match = GAZETTEER.match(written, level, parent, vintage=vintage)
    if match.place_id not in (place_id, None):
        assert normalise(written) in {normalise(spelling) for spelling in SPELLINGS[match.place_id]}, (written, match)


@settings(deadline=None, max_examples=40)
@given(NAMES, st.sampled_from([case for case in CASES if case[2] == "cod-2021" and GAZETTEER.place(case[0]).level != "region"]))
def test_what_may_be_confirmed_is_read_so_and_changes_no_other_name(name: str, case: tuple[str, str, str]) -> None:
    place_id = case[0]
    level, parent = GAZETTEER.place(place_id).level, GAZETTEER.parent(place_id)
    before = GAZETTEER.match(name, level, parent)
    assume(GAZETTEER.objection(name, level, parent, place_id) is None and before.method is not MatchMethod.ALIAS)
    taught = reference.gazetteer(((name, level, parent, place_id),))
    assert taught.match(name, level, parent).place_id == place_id
    for sibling in GAZETTEER.children(str(parent)):
        for spelling in SPELLINGS[sibling]:
            assert taught.match(spelling, level, parent).place_id == sibling
