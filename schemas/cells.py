"""How a typed cell is read: whole numbers, dates and words of a list, however an agent typed them.

A reader gives the value, or None when the cell holds none that can be read without guessing. `typed_number` and `typed_date`
say whether a value had to be read out of a text, which is told to the author and never kept silent.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from babel.dates import get_month_names

from schemas.codes import Code, Unit
from schemas.fields import Field, Kind

MOST = 10**9
"""No count of people is over a billion: a telephone number is not read as one."""
_LONGEST = 30


def plain(text: str) -> str:
    """Folded for comparison: no accents, lower case, single spaces, punctuation as spaces."""
    folded = unicodedata.normalize("NFKD", text.replace("’", "'")).encode("ascii", "ignore").decode()
    return " ".join(re.sub(r"[^a-z0-9+]+", " ", folded.lower()).split())


@dataclass(frozen=True, slots=True)
class Words:
    """What a layout says of words typed in cells: those that mean zero, and its synonyms of the code list of a column."""

    zero: frozenset[str] = frozenset()
    """Folded. A word that is not here never means zero."""
    choices: Mapping[str, str] = field(default_factory=dict)


_NO_WORDS = Words()

# --- numbers ------------------------------------------------------------------------------------------------------------

_SPACE = r"[ \u00a0\u2009\u202f]"  # never a line break: two numbers below each other are two numbers
_PLAIN_NUMBER = re.compile(r"[+-]?\d+")
_GROUPED_NUMBER = re.compile(rf"[+-]?[1-9]\d{{0,2}}(?:([.,'’]|{_SPACE})\d{{3}})(?:\1\d{{3}})*")
_SUMMAND = re.compile(rf"\d+|[1-9]\d{{0,2}}(?:([.,'’]|{_SPACE})\d{{3}})(?:\1\d{{3}})*")
_ZERO_DECIMALS = re.compile(r"(?<=\d)[.,]0{1,2}$")
_UNIT_WORDS: Mapping[str, str] = {
    **dict.fromkeys(("menage", "menages", "mgs", "mgse", "hh", "famille", "familles", "foyer", "foyers"), Unit.HOUSEHOLD),
    **dict.fromkeys(
        ("individu", "individus", "ind", "personne", "personnes", "pers", "pdi", "hbts", "ames", "deplaces"), Unit.INDIVIDUAL
    ),
}
_WITH_UNIT = re.compile(r"(.*\d)\s*([^\W\d_][^\d]*)")


def as_integer(value: Any, unit: str | None = None, words: Words = _NO_WORDS) -> int | None:
    """The whole number in a cell, or None: 12, 12.0, and as text `1 250` with any kind of space, `1.250` and `1,250` (counts
    have no decimals), `12,0`, `12 ménages` in a column counted in households (`unit`), `1817+80` as the sum that it is, a word of the
    layout that means zero."""
    number: int | None = None
    if isinstance(value, int | float) and not isinstance(value, bool):
        number = round(value) if _is_nearly_whole(value) else None
    elif isinstance(value, str) and len(value) <= _LONGEST:
        number = _number_in(value.strip(), unit, words)
    return number if number is not None and abs(number) <= MOST else None


def _number_in(text: str, unit: str | None, words: Words) -> int | None:
    if plain(text) in words.zero:
        return 0
    if is_sum(text):
        return sum(_digits(part.strip()) for part in text.split("+"))
    with_unit = _WITH_UNIT.fullmatch(text)
    if with_unit:
        meant = _UNIT_WORDS.get(plain(with_unit[2]))
        if meant is None or unit not in (None, meant):
            return None
        text = with_unit[1]
    if not _GROUPED_NUMBER.fullmatch(text):
        text = _ZERO_DECIMALS.sub("", text)
    if not (_PLAIN_NUMBER.fullmatch(text) or _GROUPED_NUMBER.fullmatch(text)):
        return None
    return _digits(text)


def _digits(number: str) -> int:
    return int(re.sub(rf"[.,'’]|{_SPACE}", "", number))


def is_sum(value: Any) -> bool:
    """Whether a text adds up whole numbers: `1817+80`, as where a second count was added to the first."""
    parts = value.split("+") if isinstance(value, str) else ()
    return len(parts) > 1 and all(_SUMMAND.fullmatch(part.strip()) for part in parts)


def _is_nearly_whole(value: float) -> bool:
    """Whole but for the noise that formulas leave: 14967.000000000002."""
    return math.isfinite(value) and abs(value - round(value)) < 1e-6


def _is_whole(value: float) -> bool:
    return math.isfinite(value) and value == int(value)


def typed_number(value: Any, unit: str | None = None, words: Words = _NO_WORDS) -> bool:
    """Whether a cell holds a number as text, which Excel does not add up."""
    return isinstance(value, str) and as_integer(value, unit, words) is not None


# --- dates --------------------------------------------------------------------------------------------------------------

_DATES = ("%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%d %m %Y", "%Y-%m-%d", "%Y/%m/%d", "%d/%m/%y", "%d-%m-%y", "%d.%m.%y")
_UNSHIFTED = {ord(key): digit for key, digit in zip("&é\"'(è_çà", "123457890", strict=True)}
"""What the keys of the digits give on a French keyboard without the shift key; `-` for 6 is left out, it separates."""
_SLIPS = re.compile(r"[\dç&é\"'(è_à]{1,2}[/:.\-][\dç&é\"'(è_à]{1,2}[/:.\-][\dç&é\"'(è_à]{2,4}")
_TIME = re.compile(r"[T ]\d{1,2}:\d{2}(:\d{2})?(\.\d+)?$")
_IN_WORDS = re.compile(r"(\d{1,2})(?:er)?[\s./-]+([a-z]{3,})[\s./-]+(\d{4}|\d{2})")
_FIRST_SERIAL, _LAST_SERIAL = 40_909, 54_789
"""Excel's numbers of 1 January 2012, when the first displacements of the crisis were counted, and of 1 January 2050."""
_SERIAL_ZERO = date(1899, 12, 30)


@cache
def _months() -> Mapping[str, int]:
    """Month names and their abbreviations, French and English, folded: as CLDR has them, and cut to three or four letters."""
    found: dict[str, int] = {}
    for locale in ("en", "fr"):
        for number, name in get_month_names("wide", locale=locale).items():
            found[plain(name)] = number
        for number, name in get_month_names("abbreviated", locale=locale).items():
            found[plain(name)] = number
    for name, number in list(found.items()):
        for cut in (name[:4], name[:3]):
            clash = {other for word, other in found.items() if word.startswith(cut)}
            if len(clash) == 1:
                found.setdefault(cut, number)
    return found


def as_date(value: Any) -> date | None:
    """The date in a cell, or None: an Excel date, its serial number (a date cell that lost its format), 31/12/2019, 31-12-2019,
    31.12.2019, 2019-12-31, 31/12/19, `31 décembre 2019`, `1er janv. 2020`, and the digits of a French keyboard without the
    shift key (`2ç/12/201ç`) or `:` for `/`, as they stand in alert sheets."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        serial = _is_whole(value) and _FIRST_SERIAL <= value <= _LAST_SERIAL
        return _SERIAL_ZERO + timedelta(days=int(value)) if serial else None
    if isinstance(value, str) and len(value) <= _LONGEST:
        text = _TIME.sub("", " ".join(value.split()))
        return _date_in_digits(text) or _date_in_words(text) or _date_with_slips(text)
    return None


def _date_in_digits(text: str) -> date | None:
    for pattern in _DATES:
        try:
            return datetime.strptime(text, pattern).date()
        except ValueError:
            continue
    return None


def _date_in_words(text: str) -> date | None:
    folded = " ".join(unicodedata.normalize("NFKD", text.lower()).encode("ascii", "ignore").decode().split())
    found = _IN_WORDS.search(folded.replace(". ", " "))
    month = _months().get(found[2]) if found else None
    if not found or month is None:
        return None
    year = int(found[3]) + (2000 if len(found[3]) == 2 else 0)
    try:
        return date(year, month, int(found[1]))
    except ValueError:
        return None


def _date_with_slips(text: str) -> date | None:
    if not _SLIPS.fullmatch(text.lower()):
        return None
    parts = re.split(r"[/:.\-]", text.lower().translate(_UNSHIFTED))
    return _date_in_digits("/".join(parts))


def typed_date(value: Any) -> bool:
    """Whether a cell holds a date as text or as a bare number, which Excel neither sorts nor compares as a date."""
    return not isinstance(value, date) and value is not None and as_date(value) is not None


def as_month(value: Any) -> tuple[int, int] | None:
    """(year, month) of a reference month: 2019-12, 12/2019, 2019/12, `décembre 2019`, or any date of it."""
    if isinstance(value, str):
        text = plain(value)
        for pattern in (
            r"(?P<year>\d{4}) (?P<month>\d{1,2})",
            r"(?P<month>\d{1,2}) (?P<year>\d{4})",
            r"(?P<name>[a-z]+) (?P<year>\d{4})",
        ):
            found = re.fullmatch(pattern, text)
            if found:
                parts = found.groupdict()
                month = _months().get(parts["name"]) if "name" in parts else int(parts["month"])
                return (int(parts["year"]), month) if month and 1 <= month <= 12 else None
    day = as_date(value)
    return (day.year, day.month) if day else None


# --- words --------------------------------------------------------------------------------------------------------------


@cache
def _choice_words(choices: type[Code]) -> Mapping[str, str]:
    words: dict[str, str] = {}
    for code in choices:
        for word in (str(code), code.fr, code.en):
            words.setdefault(plain(word), str(code))
    return words


def as_choice(value: Any, choices: type[Code], words: Words = _NO_WORDS) -> str | None:
    """The code a cell means, by its value, its French or English label, or a synonym of the layout; None otherwise."""
    if value is None:
        return None
    word = plain(as_text(value) or "")
    return _choice_words(choices).get(word) or words.choices.get(word)


def as_text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, float) and _is_whole(value):
        return str(int(value))
    return str(value).strip() or None


def reader_of(field: Field, words: Words = _NO_WORDS) -> Callable[[Any], Any]:
    """How a cell of `field` becomes its typed value: int, date, code or text; None when empty or not readable."""
    if field.is_count:
        unit = field.unit
        return lambda value: as_integer(value, unit, words)
    if field.kind is Kind.DATE:
        return as_date
    if field.kind is Kind.CHOICE and field.choices is not None:
        choices = field.choices
        return lambda value: as_choice(value, choices, words)
    return as_text


def folded(words: Iterable[str]) -> frozenset[str]:
    return frozenset(plain(word) for word in words)
