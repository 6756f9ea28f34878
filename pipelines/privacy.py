"""Where a file holds personal data: names of persons, telephones, identity papers, positions of households. Pure.

A count needs none of it, and a list of persons puts them at risk: such a file is refused at the door. What is given is only
where the data stand, never the data. Found are headers that name them, and cells that hold them whatever their header says.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from pipelines.model import OpenedFile, Persons, Sheet, Unread, letters, runs
from schemas.cells import plain

_TEXTS_KEPT = 20_000
"""How many texts are remembered with their kind: most cells repeat a few, and a process may run for months."""
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
    rf"^noms?$|^(chefs? de menages?|beneficiaires?)$|\bnoms? (complets?|(et )?prenoms?|(du |de la |de l |de |des |d )?({_PERSON}))\b"
    r"|\bprenoms?\b"
)
_PHONE_HEADER = re.compile(r"\b(telephones?|tel|contacts?|whatsapp|cellulaire|mobile|e mail|email|courriel)\b")
_IDENTITY_HEADER = re.compile(r"\b(nina|cni|passeports?|(piece|carte)s? d identite)\b")
_POSITION_HEADER = re.compile(r"\b(gps|latitude|longitude|coordonnees)\b|^(lat|long|lon)$")
_OF_A_PLACE = re.compile(r"\b(sites?|cercles?|communes?|regions?|villages?|quartiers?|localites?)\b")


@lru_cache(maxsize=_TEXTS_KEPT)
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

_COUNTED = r"(?:m[ée]nages?|familles?|individus?|personnes?|pdi|enfants?|femmes?|hommes?|janv|f[ée]vr|mars|avril|mai|juin|juil|ao[ûu]t|sept|oct|nov|d[ée]c)"
_PAIR = r"[\s./_-]{1,3}\d{2}"
_PHONE = re.compile(
    r"(?:\(?(?:\+|\b00)\s?223\)?|\(223\)|\b223)(?:[\s.-]?\d){8}\b"  # with the code of Mali
    r"|(?:\+|\b00)\d{1,3}[\s.-]?(?:\d[\s.-]?){8,11}\d\b"  # another international number
    rf"|(?<![\d/.,-])[5-9]\d(?:{_PAIR}){{3}}(?![\d.-])(?!\s*{_COUNTED})"  # 76 12 34 56
    r"|(?<![\d.,/-])[5-9]\d(?:\d{6}|[ .]\d{3}[ .]\d{3}|\d{2}[ .-]\d{4})(?![\d.,/-])"  # 76123456, 76 123 456, 7612 3456
    r"|(?i:\b(?:t[ée]l(?:[ée]phone)?|cel(?:lulaire)?|whatsapp|contact)\b)[\s.:n°]*\d{2}(?:[\s.-]?\d{2}){3}\b"
    r"|[\w.+-]+@[\w-]+\.\w+"
)
_FOUR_PAIRS = re.compile(r"(\d{2})[\s./_-]{1,3}(\d{2})[\s./_-]{1,3}(\d{2})[\s./_-]{1,3}(\d{2})")
_IDENTITY = re.compile(
    r"(?<!\d)[12]\d{12,14}\s?[A-Z]?(?![\dA-Z])"
    r"|(?i:\bnina\b)[\s.:n°]*\d[\d\s.]{8,}"
    r"|(?i:\b(?:cni|passeport|carte d['’]identit[ée])\b)[\s.:n°]*[A-Za-z]{0,3}\d{5,}"
)
_POSITION = re.compile(
    r"-?\d{1,2}[.,]\d{4,}\s*°?\s*[NSEWO]?\s*[;,/ ]\s*[-−]?\d{1,2}[.,]\d{4,}"
    r"|\d{1,2}\s?°\s?\d{1,2}\s?['’′]|(?i:\blat(?:itude)?)\W{0,3}-?\d{1,2}[.,]\d{3,}|\b[NS]\s?\d{1,2}[.,]\d{3,}"
)
_FIXED, _MOBILE = range(20_000_000, 22_000_000), range(50_000_000, 100_000_000)
"""Telephones of Mali as numbers. No count of people is that high: a mobile one is known alone, fixed lines by three of them."""
_LINEAGE = re.compile(r"\b([^\W\d_][\w’'-]+) (?:ag|walet|ould|mint|bint) ([^\W\d_][\w’'-]+)", re.IGNORECASE)
"""`Iyad Ag Ghali`, `Fatima Walet Issa`: son and daughter of."""
_INITIAL = re.compile(r"\b[A-Z]\. ?([^\W\d_]{3,})")
"""`A. Traoré`."""
_SHORTEST_IN_LOWER_CASE = 4
_WORD = re.compile(r"[^\W\d_]+(?:[’'-][^\W\d_]+)*")
_CIVILITY = frozenset({"m", "mr", "mme", "mlle", "monsieur", "madame", "mademoiselle", "elhadj", "elhadji", "hadj"})
_NAMED_AFTER = frozenset(
    {"avenue", "barrage", "camp", "carrefour", "centre", "college", "csref", "cscom", "clinique", "ecole", "fondation", "gare",
     "groupe", "hopital", "institut", "lycee", "marche", "medersa", "mosquee", "place", "pont", "quartier", "rue", "stade", "tour",
     "universite", "village", "hameau", "site", "fraction", "campement"}
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


@lru_cache(maxsize=_TEXTS_KEPT)
def text_kind(text: str) -> str | None:
    """The kind of personal data in a text, None without any."""
    text = unicodedata.normalize("NFKC", text)
    if "@" in text or any(char.isdigit() for char in text):
        for kind, pattern in ((POSITION, _POSITION), (IDENTITY, _IDENTITY)):
            if pattern.search(text):
                return kind
        if any(not _counts_upwards(found[0]) for found in _PHONE.finditer(text)):
            return PHONE
    return NAME if _names_a_person(text) else None


def _counts_upwards(number: str) -> bool:
    """`50 60 70 80`: four numbers in a row and no telephone."""
    pairs = _FOUR_PAIRS.fullmatch(number)
    return pairs is not None and list(pairs.groups()) == sorted(set(pairs.groups()))


def _names_a_person(text: str) -> bool:
    """A given name beside a family name; an initial or a title before a family name; two names joined by descent."""
    given, family = _person_names()
    words = _WORD.findall(text)
    if len(words) < 2:
        return False
    if any(found[1][:1].isupper() or found[2][:1].isupper() for found in _LINEAGE.finditer(text)):
        return not _NAMED_AFTER.intersection(map(plain, words))
    initial = [word for word in words if len(word) > 1 or plain(word) in _CIVILITY]
    keys = [plain(word) for word in initial]
    for at in range(len(keys) - 1):
        first, second = keys[at], keys[at + 1]
        named = first != second and ((first in given and second in family) or (first in family and second in given))
        written = initial[at][:1].isupper() and initial[at + 1][:1].isupper()
        long = min(len(first), len(second)) >= _SHORTEST_IN_LOWER_CASE
        titled = first in _CIVILITY and second in family | given and initial[at + 1][:1].isupper()
        if (titled or (named and (written or long))) and not _NAMED_AFTER.intersection(keys[max(0, at - 2) : at]):
            return True
    return any(plain(found[1]) in family for found in _INITIAL.finditer(text))


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
    if (kind_of_title := text_kind(sheet.name)) is not None:
        # the title itself is what may not be told
        yield Persons("", "", "", 0, kind_of_title)
    for (column, kind), rows in sorted(cells.items()):
        if kind != _MAYBE_PHONE:
            yield from (_range(sheet, column, run, kind) for run in runs(rows, _GAP))
        elif len(rows) >= _NUMBERS_IN_A_COLUMN:
            yield _range(sheet, column, rows, PHONE)


def _kind(value: Any, exempt: Exempt) -> str | None:
    if isinstance(value, Unread):
        value = value.text
    if isinstance(value, str):
        kind = text_kind(value)
        return None if (kind == NAME and exempt.names) or (kind == POSITION and exempt.positions) else kind
    if isinstance(value, int) and value in _MOBILE:
        return PHONE
    return _MAYBE_PHONE if isinstance(value, int) and value in _FIXED else None


def _headed_columns(sheet: Sheet, exempt: Exempt) -> Iterator[tuple[int, Persons]]:
    """Columns with something in them below a header that announces personal data. A form has labels, and so has a row far down a
    sheet texts of its own: there two such headers side by side make a list of persons."""
    for number, row in enumerate(sheet.rows, start=1):
        texts = [value for value in row if isinstance(value, str)]
        if len(texts) < 2 or any(isinstance(value, int | float) for value in row):
            continue
        announced = {
            column: kind
            for column, value in enumerate(row)
            if isinstance(value, str)
            and len(value) <= _LONGEST_HEADER
            and (kind := header_kind(value, exempt if number <= HEADER_WITHIN else NOTHING))
        }
        if exempt.names:
            listed = {column: kind for column, value in enumerate(row) if isinstance(value, str) and (kind := header_kind(value))}
            announced = listed if len(listed) >= 2 else {}
        if number > HEADER_WITHIN and len(announced) < 2:
            continue
        for column, kind in announced.items():
            below = [at for at, cells in enumerate(sheet.rows[number:], start=number + 1)
                     if column < len(cells) and cells[column] is not None]  # fmt: skip
            if below:
                header = str(row[column])
                # a header that holds a person's data itself is not told
                told = header if text_kind(header) is None and not any(map(str.isdigit, header)) else None
                yield column, _range(sheet, column, [number, *below], kind, told)


def _range(sheet: Sheet, column: int, rows: list[int], kind: str, header: str | None = None) -> Persons:
    letter = letters(column)
    return Persons(sheet.name, f"{letter}{rows[0]}", f"{letter}{rows[-1]}", rows[0], kind, header)
