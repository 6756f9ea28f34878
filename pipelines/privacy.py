"""Where a file holds personal data: names of persons, telephones, identity papers, positions of households. Pure.

A count needs none of it, and a list of persons puts them at risk: such a file is refused at the door. What is given is only
where the data stand, never the data. Found are headers that name them, and cells that hold them whatever their header says.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from pipelines.model import OpenedFile, Persons, Sheet, letters, runs
from schemas.cells import plain

NAME, PHONE, IDENTITY, POSITION = "name", "phone", "identity", "position"


@dataclass(frozen=True, slots=True)
class Exempt:
    """What a sheet may hold: officers' `names` on an identification, `positions` of sites and events."""

    names: bool = False
    positions: bool = False


NOTHING = Exempt()

# --- headers ------------------------------------------------------------------------------------------------------------

_PERSON = r"chefs?|menages?|beneficiaires?|personnes?|deplaces?|pdi|responsables?|agents?|enfants?|meres?|peres?|maris?|epouses?"
_NAME_HEADER = re.compile(
    rf"^noms?$|\bnoms? (complets?|(et )?prenoms?|(du |de la |de l |de |des |d )?({_PERSON}))\b|\bprenoms?\b"
)
_PHONE_HEADER = re.compile(r"\b(telephones?|tel|contacts?|whatsapp|cellulaire)\b")
_IDENTITY_HEADER = re.compile(r"\b(nina|cni|passeports?|(piece|carte)s? d identite)\b")
_POSITION_HEADER = re.compile(r"\b(gps|latitude|longitude|coordonnees)\b")
_OF_A_PLACE = re.compile(r"\b(sites?|cercles?|communes?|regions?|villages?|quartiers?|localites?)\b")


def header_kind(header: str, exempt: Exempt = NOTHING) -> str | None:
    """The kind of personal data that a header announces; a position is one unless it is that of a site or another place."""
    words = plain(header)
    if _NAME_HEADER.search(words) and not exempt.names:
        return NAME
    if _PHONE_HEADER.search(words):
        return PHONE
    if _IDENTITY_HEADER.search(words):
        return IDENTITY
    if _POSITION_HEADER.search(words) and not exempt.positions and not _OF_A_PLACE.search(words):
        return POSITION
    return None


# --- cells --------------------------------------------------------------------------------------------------------------

_PHONE = re.compile(
    r"(?:\+|\b00)\s?\d{1,3}[\s.-]?(?:\d[\s.-]?){7,10}\d?\b"  # an international number
    r"|(?<![\d/.,-])(?:2[01]|44|[5-9]\d)(?:[\s.-]\d{2}){3}(?![\d/.-])"  # 76 12 34 56
    r"|(?i:\b(?:t[ée]l(?:[ée]phone)?|cel(?:lulaire)?|whatsapp|contact)\b)[\s.:n°]*\d{2}[\s.-]?\d{2}[\s.-]?\d{2}[\s.-]?\d{2}\b"
)
_IDENTITY = re.compile(r"(?<!\d)[12]\d{12,14}\s?[A-Z]?(?![\dA-Z])|(?i:\b(?:nina|cni|passeport)\b)[\s.:n°]*[A-Z]{0,3}\d{5,}")
_POSITION = re.compile(r"(?<![\d.])(?:1\d|2[0-5])[.,]\d{3,}\s*°?\s*[NSns]?\s*[;,/ ]\s*[-−]?(?:1[0-2]|\d)[.,]\d{3,}")
_MOBILE = range(20_000_000, 100_000_000)
"""A telephone of Mali as a number: eight digits, 2 for fixed lines, 5 to 9 for mobile ones."""
_WORD = re.compile(r"[^\W\d_]+(?:[’'-][^\W\d_]+)*")
_CIVILITY = frozenset({"m", "mr", "mme", "mlle", "monsieur", "madame", "mademoiselle", "elhadj", "elhadji", "hadj"})
_NAMED_AFTER = frozenset(
    {"avenue", "barrage", "camp", "carrefour", "centre", "college", "csref", "cscom", "clinique", "ecole", "fondation", "gare",
     "groupe", "hopital", "institut", "lycee", "marche", "medersa", "mosquee", "place", "pont", "quartier", "rue", "stade", "tour",
     "universite"}
)  # fmt: skip
"""What bears the name of a person and is none."""
_MAYBE_PHONE = "number"
_NUMBERS_IN_A_COLUMN = 3
"""From so many such numbers in a column, it is one of telephones: no place of refuge holds twenty million people."""


@cache
def _person_names() -> tuple[frozenset[str], frozenset[str]]:
    """Given and family names common in Mali, folded."""
    text = files("schemas").joinpath("reference", "person_names.csv").read_text("utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    given, family = (frozenset(plain(row["name"]) for row in rows if row["kind"] == kind) for kind in ("given", "family"))
    return given, family


@cache
def text_kind(text: str) -> str | None:
    """The kind of personal data in a text, None without any."""
    if any(char.isdigit() for char in text):
        for kind, pattern in ((PHONE, _PHONE), (IDENTITY, _IDENTITY), (POSITION, _POSITION)):
            if pattern.search(text):
                return kind
    return NAME if _names_a_person(text) else None


def _names_a_person(text: str) -> bool:
    """A given name beside a family name, both written as names; or a title before a family name."""
    words = _WORD.findall(text)
    if len(words) < 2:
        return False
    given, family = _person_names()
    keys = [plain(word) for word in words]
    for at in range(len(words) - 1):
        first, second = keys[at], keys[at + 1]
        named = (first in given and second in family) or (first in family and second in given) or _ag(keys, at)
        titled = first in _CIVILITY and second in family | given
        written = words[at][:1].isupper() and words[at + 1][:1].isupper()
        if (titled or (named and first != second and written)) and not _NAMED_AFTER.intersection(keys[max(0, at - 2) : at]):
            return True
    return False


def _ag(keys: list[str], at: int) -> bool:
    """`Mohamed Ag Ahmed`, `Fatima Walet Issa`: son and daughter of."""
    return keys[at + 1] in ("ag", "walet") and at + 2 < len(keys) and bool(_person_names()[0] & {keys[at], keys[at + 2]})


# --- a file -------------------------------------------------------------------------------------------------------------


HEADER_WITHIN = 20
_LONGEST_HEADER = 60
_GAP = 2
"""Cells of a kind in a column with at most one row between them are one range."""


def persons(file: OpenedFile, exempt: Mapping[str, Exempt] | None = None) -> tuple[Persons, ...]:
    """Every range of a file that holds personal data, sheet by sheet; `exempt` says what a sheet may hold, by its title."""
    known = exempt or {}
    return tuple(found for sheet in file.sheets for found in _in_sheet(sheet, known.get(sheet.name, NOTHING)))


def _in_sheet(sheet: Sheet, exempt: Exempt) -> Iterator[Persons]:
    """A column under a header that announces such data is one range, whatever it holds; so is every run of cells that hold some."""
    headed = dict(_headed_columns(sheet, exempt))
    yield from headed.values()
    cells: dict[tuple[int, str], list[int]] = {}
    for number, row in enumerate(sheet.rows, start=1):
        for column, value in enumerate(row):
            kind = _kind(value, exempt)
            if kind and column not in headed:
                cells.setdefault((column, kind), []).append(number)
    for (column, kind), rows in sorted(cells.items()):
        if kind != _MAYBE_PHONE:
            yield from (_range(sheet, column, run, kind) for run in runs(rows, _GAP))
        elif len(rows) >= _NUMBERS_IN_A_COLUMN:
            yield _range(sheet, column, rows, PHONE)


def _kind(value: Any, exempt: Exempt) -> str | None:
    if isinstance(value, str):
        kind = text_kind(value)
        return None if (kind == NAME and exempt.names) or (kind == POSITION and exempt.positions) else kind
    return _MAYBE_PHONE if isinstance(value, int) and value in _MOBILE else None


def _headed_columns(sheet: Sheet, exempt: Exempt) -> Iterator[tuple[int, Persons]]:
    """Columns with something in them below a header that announces personal data. Forms have labels, not headers."""
    if exempt.names:
        return
    for number, row in enumerate(sheet.rows[:HEADER_WITHIN], start=1):
        texts = [value for value in row if isinstance(value, str)]
        if len(texts) < 2 or any(isinstance(value, int | float) for value in row):
            continue
        for column, value in enumerate(row):
            kind = header_kind(value, exempt) if isinstance(value, str) and len(value) <= _LONGEST_HEADER else None
            below = [at for at, cells in enumerate(sheet.rows[number:], start=number + 1)
                     if column < len(cells) and cells[column] is not None] if kind else []  # fmt: skip
            if kind and below:
                yield column, _range(sheet, column, [number, *below], kind, str(value))


def _range(sheet: Sheet, column: int, rows: list[int], kind: str, header: str | None = None) -> Persons:
    letter = letters(column)
    return Persons(sheet.name, f"{letter}{rows[0]}", f"{letter}{rows[-1]}", rows[0], kind, header)
