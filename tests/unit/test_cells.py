"""How a cell becomes a value, however it was typed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from babel.dates import get_month_names

from schemas import cells, fields
from schemas.cells import Words
from schemas.codes import Basis, Unit, YesNo


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        (12, 12),
        (12.0, 12),
        ("12", 12),
        (" 1 250 ", 1250),
        ("1\u202f250", 1250),
        ("1\u00a0250", 1250),
        ("-5", -5),
        ("+5", 5),
        (0, 0),
        ("1.250", 1250),
        ("1,250", 1250),
        ("1\u2009250", 1250),
        ("1'250", 1250),
        ("1 250 300", 1250300),
        ("12,0", 12),
        ("1 250,00", 1250),
        ("12 ménages", 12),
        ("1.250 Ménages", 1250),
        ("40 MGS", 40),
        ("néant", 0),
        ("NÉANT", 0),
        ("1817+80", 1897),
        ("1 200 + 30 + 4", 1234),
    ],
)
def test_whole_numbers_are_read_however_they_are_typed(cell: Any, number: int) -> None:
    assert cells.as_integer(cell, Unit.HOUSEHOLD, Words(zero=cells.folded(["néant"]))) == number


@pytest.mark.parametrize("cell", ["12+", "+5", "12+x", "12+-3", "1,5+2", "12 ménages + 3"])
def test_what_is_no_sum_of_whole_numbers_is_no_sum(cell: str) -> None:
    assert not cells.is_sum(cell)
    assert cells.as_integer(cell) == (5 if cell == "+5" else None)


@pytest.mark.parametrize("cell", ["12 ménages", "40 mgs"])
def test_a_number_of_the_other_unit_is_not_taken(cell: str) -> None:
    assert cells.as_integer(cell, Unit.INDIVIDUAL) is None
    assert cells.as_integer(cell) is not None


def test_only_the_words_of_a_layout_mean_zero() -> None:
    assert cells.as_integer("néant") is None
    assert cells.as_integer("RAS", None, Words(zero=cells.folded(["néant"]))) is None


@pytest.mark.parametrize(("cell", "typed"), [("12", True), (12, False), ("douze", False), (None, False)])
def test_a_number_held_as_text_is_known(cell: Any, typed: bool) -> None:
    assert cells.typed_number(cell) is typed


@pytest.mark.parametrize(
    "cell",
    [
        None,
        True,
        False,
        12.5,
        "12,5",
        "1.25",
        "1.2500",
        "1.250,300",
        "1,5 ménages",
        "environ 500",
        "500 ?",
        "12 chèvres",
        "douze",
        "",
        float("nan"),
        float("inf"),
        1e300,
        10**10,
        "9" * 40,
        date(2019, 1, 1),
        "#REF!",
    ],
)
def test_what_is_no_count_is_not_guessed(cell: Any) -> None:
    assert cells.as_integer(cell) is None


@pytest.mark.parametrize(
    "cell",
    [
        "31/12/2019",
        "31-12-2019",
        "31.12.2019",
        "2019-12-31",
        "2019-12-31T00:00:00",
        "31/12/19",
        "31 décembre 2019",
        "31 DECEMBRE 2019",
        "31 déc. 2019",
        "31-déc-19",
        "mardi 31 décembre 2019",
        "31/12/201ç",
        "31:12:2019",
        "31/1é/2019",
        43830,
        43830.0,
        date(2019, 12, 31),
        datetime(2019, 12, 31, 8),
    ],
)
def test_dates_are_read_day_first_however_they_are_typed(cell: Any) -> None:
    assert cells.as_date(cell) == date(2019, 12, 31)


@pytest.mark.parametrize("month", range(1, 13))
def test_every_french_month_is_known_in_full_and_short(month: int) -> None:
    names = [get_month_names(width, locale="fr")[month] for width in ("wide", "abbreviated")]
    assert {cells.as_date(f"1er {name} 2020") for name in names} == {date(2020, month, 1)}


@pytest.mark.parametrize(
    ("cell", "typed"), [("31/12/2019", True), (43830, True), (date(2019, 12, 31), False), ("hier", False), (None, False)]
)
def test_a_date_that_excel_does_not_know_as_one_is_known(cell: Any, typed: bool) -> None:
    assert cells.typed_date(cell) is typed


@pytest.mark.parametrize(
    "cell", ["2019-12", "12/2019", "2019/12", "12-2019", "décembre 2019", "Déc. 2019", "31/12/2019", date(2019, 12, 5), 43830]
)
def test_a_reference_month_is_read_however_it_is_typed(cell: Any) -> None:
    assert cells.as_month(cell) == (2019, 12)


@pytest.mark.parametrize("cell", [None, "13/2019", "fin d'année", "2019", 12, "brumaire 2019"])
def test_what_is_no_month_is_not_guessed(cell: Any) -> None:
    assert cells.as_month(cell) is None


@pytest.mark.parametrize(
    "cell",
    [None, 12, 99999, "12/31/2019", "31/02/2019", "32 décembre 2019", "3 brumaire 2019", "décembre 2019", "à/ç/2019", True],
)
def test_what_is_no_date_is_not_guessed(cell: Any) -> None:
    assert cells.as_date(cell) is None


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("Enregistrement", "registration"),
        ("ÉVALUATION", "assessment"),
        ("alert", "alert"),
        ("Informateur  clé", "key_informant"),
        ("recensement", "registration"),
    ],
)
def test_a_choice_is_known_by_code_label_or_synonym(cell: str, code: str) -> None:
    assert cells.as_choice(cell, Basis, Words(choices={"recensement": "registration"})) == code


def test_a_choice_typed_as_a_number_is_read_like_its_text() -> None:
    assert cells.as_choice(1.0, YesNo, Words(choices={"1": "yes"})) == "yes"
    assert cells.as_choice(2, YesNo, Words(choices={"1": "yes"})) is None
    assert cells.as_choice(None, YesNo) is None


@pytest.mark.parametrize(
    ("cell", "text"),
    [(12.0, "12"), (12.5, "12.5"), ("  Bla ", "Bla"), ("   ", None), (None, None), (float("inf"), "inf")],
)
def test_texts_lose_their_margins_and_nothing_else(cell: Any, text: str | None) -> None:
    assert cells.as_text(cell) == text


@pytest.mark.parametrize(
    ("field", "cell", "value"),
    [
        ("households", "1 000", 1000),
        ("observed_on", "31/12/2019", date(2019, 12, 31)),
        ("basis", "alerte", "alert"),
        ("cercle", 5, "5"),
    ],
)
def test_a_cell_is_read_by_the_kind_of_its_column(field: str, cell: Any, value: Any) -> None:
    assert cells.reader_of(fields.IDP[field])(cell) == value


@pytest.mark.parametrize("cell", ["574\n432", "3337 3", "20 12 2019", "2019 3337", "0,250", "0.500"])
def test_several_numbers_in_a_cell_are_never_joined(cell: str) -> None:
    assert cells.as_integer(cell) is None


def test_the_noise_of_a_formula_is_no_decimal() -> None:
    assert cells.as_integer(14967.000000000002) == 14967
    assert cells.as_integer(14967.5) is None
