"""The contract of each sheet, derived from `fields.py`: pandera checks on what the cells hold, and the reading of a cell that
passed into its typed value.

Each check carries in `error=` the code of its rule in `rules.toml`. A cell fails at most one check.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cache
from typing import Any

import pandas as pd
import pandera.pandas as pa

from schemas.codes import Code
from schemas.fields import Field, Kind, Table

ColumnCheck = Callable[[pd.Series], pd.Series]

_DIGITS = re.compile(r"[+-]?\d+")
_SPACES = re.compile(r"[\s\u00a0\u202f\u2009]+")
_MOST = 10**9
_LONGEST = 20
_DATES = ("%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%Y-%m-%d")


def plain(text: str) -> str:
    """Folded for comparison: no accents, lower case, single spaces, punctuation as spaces."""
    folded = unicodedata.normalize("NFKD", text.replace("’", "'")).encode("ascii", "ignore").decode()
    return " ".join(re.sub(r"[^a-z0-9+]+", " ", folded.lower()).split())


def as_integer(value: Any) -> int | None:
    """The whole number in a cell, or None: 12, 12.0, "1 250" with any kind of space. No count of people is over a billion: a
    telephone number is not read as one."""
    number: int | None = None
    if isinstance(value, int | float) and not isinstance(value, bool):
        number = int(value) if _is_whole(value) else None
    elif isinstance(value, str):
        digits = _SPACES.sub("", value)
        number = int(digits) if len(digits) <= _LONGEST and _DIGITS.fullmatch(digits) else None
    return number if number is not None and abs(number) <= _MOST else None


def _is_whole(value: float) -> bool:
    return math.isfinite(value) and value == int(value)


def as_date(value: Any) -> date | None:
    """The date in a cell, or None: an Excel date, 31/12/2019, 31-12-2019, 31.12.2019, 2019-12-31."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        for pattern in _DATES:
            try:
                return datetime.strptime(value.strip(), pattern).date()
            except ValueError:
                continue
    return None


@cache
def _choice_words(choices: type[Code]) -> Mapping[str, str]:
    words: dict[str, str] = {}
    for code in choices:
        for word in (str(code), code.fr, code.en):
            words.setdefault(plain(word), str(code))
    return words


def as_choice(value: Any, choices: type[Code], synonyms: Mapping[str, str] = {}) -> str | None:
    """The code a cell means, by its value, its French or English label, or a synonym of the layout; None otherwise."""
    if value is None:
        return None
    word = plain(as_text(value) or "")
    return _choice_words(choices).get(word) or synonyms.get(word)


def as_text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, float) and _is_whole(value):
        return str(int(value))
    return str(value).strip() or None


def reader_of(field: Field, synonyms: Mapping[str, str] | None = None) -> Callable[[Any], Any]:
    """How a cell of `field` becomes its typed value: int, date, code or text; None when empty or not readable."""
    if field.is_count:
        return as_integer
    if field.kind is Kind.DATE:
        return as_date
    if field.kind is Kind.CHOICE and field.choices is not None:
        choices, words = field.choices, dict(synonyms or {})
        return lambda value: as_choice(value, choices, words)
    return as_text


def count_required(cells: pd.Series) -> pd.Series:
    return cells.notna()


def field_required(cells: pd.Series) -> pd.Series:
    return cells.notna()


def count_not_number(cells: pd.Series) -> pd.Series:
    return cells.isna() | cells.map(as_integer).notna()


def count_negative(cells: pd.Series) -> pd.Series:
    return ~(cells.map(as_integer) < 0)


def detail_not_number(cells: pd.Series) -> pd.Series:
    numbers = cells.map(as_integer)
    return cells.isna() | (numbers.notna() & ~(numbers < 0))


def date_invalid(cells: pd.Series) -> pd.Series:
    return cells.isna() | cells.map(as_date).notna()


def _choice_unknown(field: Field, synonyms: Mapping[str, str]) -> ColumnCheck:
    read = reader_of(field, synonyms)

    def choice_unknown(cells: pd.Series) -> pd.Series:
        return cells.isna() | cells.map(read).notna()

    return choice_unknown


COLUMN_RULES = (
    "COUNT_REQUIRED", "COUNT_NOT_NUMBER", "COUNT_NEGATIVE", "DETAIL_NOT_NUMBER", "CHOICE_UNKNOWN", "FIELD_REQUIRED", "DATE_INVALID",
)  # fmt: skip
"""The rules that pandera holds on single columns."""


def _checks(field: Field, synonyms: Mapping[str, str]) -> dict[str, ColumnCheck]:
    if field.is_count and not field.required:
        return {"DETAIL_NOT_NUMBER": detail_not_number}
    checks: dict[str, ColumnCheck] = {}
    if field.is_count:
        checks = {"COUNT_REQUIRED": count_required, "COUNT_NOT_NUMBER": count_not_number}
        return checks if field.kind is Kind.SIGNED else {**checks, "COUNT_NEGATIVE": count_negative}
    if field.required:
        checks["FIELD_REQUIRED"] = field_required
    if field.kind is Kind.DATE:
        checks["DATE_INVALID"] = date_invalid
    if field.kind is Kind.CHOICE:
        checks["CHOICE_UNKNOWN"] = _choice_unknown(field, synonyms)
    return checks


def contract(table: Table, choices: Mapping[str, Mapping[str, str]] | None = None) -> pa.DataFrameSchema:
    """The pandera schema of a sheet: one object column per field of `table` and the checks its kind asks for.

    `choices` holds the layout's synonyms of code lists: field -> word -> code. Validate with `lazy=True`; in the failure
    cases `check` is the rule's code, `column` the field and `index` the row of the frame.
    """
    synonyms = choices or {}
    columns = {
        field.name: pa.Column(
            object,
            [
                # pandera skips missing values unless told: a required cell must be seen
                pa.Check(check, error=code, ignore_na=not code.endswith("_REQUIRED"))
                for code, check in _checks(field, synonyms.get(field.name, {})).items()
            ],
            nullable=True,
        )
        for field in table.fields
    }
    return pa.DataFrameSchema(columns, strict=False, name=table.name)
