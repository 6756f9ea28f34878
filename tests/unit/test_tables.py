"""How a cell becomes a value, and what it must look like."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pandas as pd
import pytest
from pandera.errors import SchemaErrors

from schemas import fields, tables
from schemas.codes import Basis, YesNo


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
    ],
)
def test_whole_numbers_are_read_with_any_kind_of_space(cell: Any, number: int) -> None:
    assert tables.as_integer(cell) == number


@pytest.mark.parametrize(
    "cell",
    [
        None,
        True,
        False,
        12.5,
        "12,5",
        "1.250",
        "douze",
        "",
        "12 ménages",
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
    assert tables.as_integer(cell) is None


@pytest.mark.parametrize(
    "cell", ["31/12/2019", "31-12-2019", "31.12.2019", "2019-12-31", date(2019, 12, 31), datetime(2019, 12, 31, 8)]
)
def test_dates_are_read_day_first(cell: Any) -> None:
    assert tables.as_date(cell) == date(2019, 12, 31)


@pytest.mark.parametrize("cell", [None, 43830, "12/31/2019", "décembre 2019", "31/12/19", True])
def test_what_is_no_date_is_not_guessed(cell: Any) -> None:
    assert tables.as_date(cell) is None


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
    assert tables.as_choice(cell, Basis, {"recensement": "registration"}) == code


def test_a_choice_typed_as_a_number_is_read_like_its_text() -> None:
    assert tables.as_choice(1.0, YesNo, {"1": "yes"}) == "yes"
    assert tables.as_choice(2, YesNo, {"1": "yes"}) is None
    assert tables.as_choice(None, YesNo) is None


@pytest.mark.parametrize(
    ("cell", "text"),
    [(12.0, "12"), (12.5, "12.5"), ("  Bla ", "Bla"), ("   ", None), (None, None), (float("inf"), "inf")],
)
def test_texts_lose_their_margins_and_nothing_else(cell: Any, text: str | None) -> None:
    assert tables.as_text(cell) == text


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
    assert tables.reader_of(fields.IDP[field])(cell) == value


def failures(field: str, *cells: Any) -> list[tuple[str, int]]:
    frame = pd.DataFrame({name: [None] * len(cells) for name in fields.SITE.names}, dtype=object)
    for required, cell in (("cercle", "Bla"), ("level", "site"), ("site", "A"), ("households", 1), ("individuals", 5)):
        frame[required] = pd.Series([cell] * len(cells), dtype=object)
    frame[field] = pd.Series(cells, dtype=object)
    try:
        tables.contract(fields.SITE).validate(frame, lazy=True)
    except SchemaErrors as errors:
        return sorted(zip(errors.failure_cases["check"], errors.failure_cases["index"], strict=True), key=lambda pair: pair[1])
    return []


def test_each_cell_fails_one_check_at_most() -> None:
    assert failures("households", 3, None, "abc", -1, "-7", 2.5) == [
        ("COUNT_REQUIRED", 1),
        ("COUNT_NOT_NUMBER", 2),
        ("COUNT_NEGATIVE", 3),
        ("COUNT_NEGATIVE", 4),
        ("COUNT_NOT_NUMBER", 5),
    ]


def test_optional_choices_may_be_empty_and_required_texts_may_not() -> None:
    assert failures("site_type", None, "site spontané", "tente") == [("CHOICE_UNKNOWN", 2)]
    assert failures("site", "École", None) == [("FIELD_REQUIRED", 1)]


def test_only_a_movement_may_hold_a_negative_count() -> None:
    signed = {item.name for table in fields.RETURN_TABLES for item in table.fields if item.kind is fields.Kind.SIGNED}
    assert signed == {"households", "individuals"}
    assert all(
        item.kind is not fields.Kind.SIGNED
        for table in fields.RETURN_TABLES
        if table is not fields.MOVEMENT
        for item in table.fields
    )


def test_every_column_of_the_returns_has_one_kind_and_two_labels() -> None:
    assert len(fields.observation_fields()) == len({item.name for item in fields.observation_fields()})
    for table in fields.ALL_TABLES:
        assert table.label.in_("fr") and table.label.in_("en")
        for item in table.fields:
            assert item.label.in_("fr") and item.label.in_("en")
            assert (item.choices is not None) == (item.kind is fields.Kind.CHOICE)
    assert fields.observation_fields_of("site") == fields.SITE.names
