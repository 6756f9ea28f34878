"""The contract of each sheet, derived from `fields.py`: pandera checks on what the cells hold. How a cell that passes becomes
its typed value is in `cells.py`.

Each check carries in `error=` the code of its rule in `rules.toml`. A cell fails at most one check that costs its value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandera.pandas as pa

from schemas.cells import Words, is_sum, reader_of, typed_date, typed_number
from schemas.fields import Field, Kind, Table
from schemas.frames import pd

ColumnCheck = Callable[[pd.Series], pd.Series]


def given(cells: pd.Series) -> pd.Series:
    return cells.notna()


def _readable(read: Callable[[Any], Any]) -> ColumnCheck:
    def readable(cells: pd.Series) -> pd.Series:
        return cells.isna() | cells.map(read).notna()

    return readable


def _not_negative(read: Callable[[Any], Any]) -> ColumnCheck:
    def not_negative(cells: pd.Series) -> pd.Series:
        return ~(cells.map(read) < 0)

    return not_negative


def _whole_and_positive(read: Callable[[Any], Any]) -> ColumnCheck:
    def whole_and_positive(cells: pd.Series) -> pd.Series:
        numbers = cells.map(read)
        return cells.isna() | (numbers.notna() & ~(numbers < 0))

    return whole_and_positive


def _typed_as_such(read_from_text: Callable[[Any], bool]) -> ColumnCheck:
    def typed_as_such(cells: pd.Series) -> pd.Series:
        return pd.Series([not read_from_text(value) for value in cells], index=cells.index, dtype=bool)

    return typed_as_such


HOW_READ_RULES = ("NUMBER_AS_TEXT", "DATE_AS_TEXT")
"""These say how a cell was read and leave its value: one finding for a column, at its first such cell."""
COLUMN_RULES = (
    "COUNT_REQUIRED", "COUNT_NOT_NUMBER", "COUNT_NEGATIVE", "DETAIL_NOT_NUMBER", "CHOICE_UNKNOWN", "FIELD_REQUIRED", "DATE_INVALID",
    *HOW_READ_RULES,
)  # fmt: skip
"""The rules that pandera holds on single columns."""


def _checks(field: Field, words: Words, typed: bool) -> dict[str, ColumnCheck]:
    read = reader_of(field, words)
    checks: dict[str, ColumnCheck] = {}
    if field.is_count:
        if field.required:
            checks |= {"COUNT_REQUIRED": given, "COUNT_NOT_NUMBER": _readable(read)}
            if field.kind is not Kind.SIGNED:
                checks["COUNT_NEGATIVE"] = _not_negative(read)
        else:
            checks["DETAIL_NOT_NUMBER"] = _whole_and_positive(read)
        told = (lambda value: typed_number(value, field.unit, words)) if typed else is_sum
        return {**checks, "NUMBER_AS_TEXT": _typed_as_such(told)}
    if field.required:
        checks["FIELD_REQUIRED"] = given
    if field.kind is Kind.DATE:
        checks["DATE_INVALID"] = _readable(read)
        checks |= {"DATE_AS_TEXT": _typed_as_such(typed_date)} if typed else {}
    if field.kind is Kind.CHOICE:
        checks["CHOICE_UNKNOWN"] = _readable(read)
    return checks


def contract(table: Table, words: Mapping[str, Words] | None = None, *, typed: bool = True) -> pa.DataFrameSchema:
    """The pandera schema of a sheet: one object column per field of `table` and the checks its kind asks for.

    `words` holds what the layout says of words typed in a column, by field; `typed` is False for a file that knows only texts
    (CSV), where how a cell was read is told of sums alone (`1817+80`). Validate with `lazy=True`; in the failure cases `check` is the rule's code, `column` the field and `index` the row of
    the frame.
    """
    known = words or {}
    columns = {
        field.name: pa.Column(
            object,
            [
                # pandera skips missing values unless told: a required cell must be seen
                pa.Check(check, error=code, ignore_na=not code.endswith("_REQUIRED"))
                for code, check in _checks(field, known.get(field.name, Words()), typed).items()
            ],
            nullable=True,
        )
        for field in table.fields
    }
    return pa.DataFrameSchema(columns, strict=False, name=table.name)
