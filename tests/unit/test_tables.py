"""What the cells of a sheet must look like."""

from __future__ import annotations

from typing import Any

import pandas as pd
from pandera.errors import SchemaErrors

from schemas import fields, tables


def failures(field: str, *cells: Any, typed: bool = True) -> list[tuple[str, int]]:
    frame = pd.DataFrame({name: [None] * len(cells) for name in fields.SITE.names}, dtype=object)
    for required, cell in (("cercle", "Bla"), ("level", "site"), ("site", "A"), ("households", 1), ("individuals", 5)):
        frame[required] = pd.Series([cell] * len(cells), dtype=object)
    frame[field] = pd.Series(cells, dtype=object)
    try:
        tables.contract(fields.SITE, typed=typed).validate(frame, lazy=True)
    except SchemaErrors as errors:
        return sorted(zip(errors.failure_cases["check"], errors.failure_cases["index"], strict=True), key=lambda pair: pair[1])
    return []


def test_each_cell_fails_one_check_at_most() -> None:
    assert failures("households", 3, None, "abc", -1, 2.5) == [
        ("COUNT_REQUIRED", 1),
        ("COUNT_NOT_NUMBER", 2),
        ("COUNT_NEGATIVE", 3),
        ("COUNT_NOT_NUMBER", 4),
    ]


def test_a_number_typed_as_text_is_said_and_costs_nothing() -> None:
    assert failures("households", "1 250") == [("NUMBER_AS_TEXT", 0)]
    assert failures("households", "1 250", typed=False) == []


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
    assert fields.table_named("site") is fields.SITE
