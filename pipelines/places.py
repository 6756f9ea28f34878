"""The matching ladder: from a name typed by someone to a place that keeps its id for ever.

A name climbs down the rungs until one holds it, and the rung is reported with the answer:

1. *exact*: the official spelling, and no other place of the same normal form where it was looked for;
2. *normalised*: the same letters and the same number once case, accents, punctuation and the words that only say
   what kind of place it is are gone ("Commune rurale de", "Cercle", "(ville)");
3. *alias*: a spelling that a person or an official list has confirmed;
4. *normalised* with a score below 1: the place's name qualified by the place above it ("Farako de Ségou"); its words in
   another order; or the same sounds under the rules by which French writes the languages of Mali (ou/u/w, k/c, doubled
   letters; failing that, what writers waver about: the last vowel, nk/ng, en/in). One place only, under a known parent,
   and no other place there within a letter of what was written;
5. *code*: the p-code means a place whose name agrees, or picks one of several places of that name;
6. nothing: a person chooses, from at most three suggestions (all of them when several places share the name).

Nothing is accepted because it looks alike. Codes changed meaning from list to list, so a code never overrules a
name: it is only judged (`CodeStatus`).
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

__all__ = [
    "CODE_NAME_AGREES",
    "DEFAULT_VINTAGE",
    "LEVELS",
    "Alias",
    "CodeStatus",
    "Gazetteer",
    "Match",
    "MatchMethod",
    "Objection",
    "Place",
    "Suggestion",
    "normalise",
]

LEVELS = ("country", "region", "cercle", "commune")
DEFAULT_VINTAGE = "cod-2021"

#: A code is believed when the name is at least this similar to the name of its place, that place being also the most
#: similar one where the name was looked for. Of 200 known spellings that differ from the official one in more than
#: form, none was this similar to another place under the same parent, and nearly three in four were to their own.
CODE_NAME_AGREES = 0.8

# What a suggestion is worth beside a place of the same spelling under the parent that was given.
_SAME_NAME_ELSEWHERE = 0.9  # a place of this very name, outside that parent
_ELSEWHERE = 0.7  # a place outside that parent which only looks like the name
_MIN_ELSEWHERE = 0.5  # and less than this is chance
_NUMBER_MISSING = 0.8  # "Kiffosso" for "Kiffosso 1": possible, yet below a place that agrees on the number
_SOUND_WEIGHT = 0.95
_PART_WEIGHT = 0.85
_MIN_SUGGESTION = 0.4
_MIN_SUGGESTION_AMONG_MANY = 0.55  # over hundreds of places less than this is chance
_CLEAR_ENOUGH = 0.75  # with a suggestion this good inside the parent, the rest of the country is not searched
_QUALIFIED_SCORE = 0.99
_SUGGESTIONS = 3


class MatchMethod(StrEnum):
    EXACT = "exact"
    NORMALISED = "normalised"
    ALIAS = "alias"
    CODE = "code"
    NONE = "none"


class CodeStatus(StrEnum):
    """What the code says of the place that was found, or of the name when no place was."""

    ABSENT = "absent"  #: no code was written
    AGREES = "agrees"  #: in the list asked for, the code is this place
    OTHER_VINTAGE = "other_vintage"  #: the code is this place in another list
    WRONG = "wrong"  #: in every list that knows it, the code is another place
    UNKNOWN = "unknown"  #: in no list, or not a code, or there is no name to hold it against


@dataclass(frozen=True, slots=True)
class Place:
    place_id: str
    level: str
    name: str
    lat: float | None
    lon: float | None
    valid_from: str
    valid_to: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    place_id: str
    name: str
    score: float


@dataclass(frozen=True, slots=True)
class Match:
    place_id: str | None
    method: MatchMethod
    score: float
    code_status: CodeStatus
    code_place_id: str | None
    suggestions: tuple[Suggestion, ...]


Alias = tuple[str, str, str | None, str]
"""A confirmed spelling: as written, the level it is a name of, the place above (or None), and the id of the place it stands for."""


class Objection(StrEnum):
    """Why a spelling cannot be confirmed for a place."""

    LEVEL = "level"  #: the place is of another level
    EMPTY = "empty"  #: nothing is left of it but words for a kind of place
    NUMBER = "number"  #: the place bears a number, and the spelling another one or none
    OFFICIAL = "official"  #: it is the official name of another place, there or elsewhere in the country
    NAMESAKES = "namesakes"  #: several places there bear this name, this one among them


# --- names -----------------------------------------------------------------------------------------------------------

_LINKS = frozenset({"de", "du", "des", "d", "of", "di"})
#: Words that say what a place is, and of which levels they say it (none: they say nothing of the level).
_KIND_WORDS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("commune", "communes", "cu", "cr", "ville", "city", "town"), frozenset({"commune"})),
    **dict.fromkeys(("cercle", "cercles", "cer", "circle"), frozenset({"cercle"})),
    **dict.fromkeys(("region", "regions", "regione"), frozenset({"region"})),
    # the District of Bamako is listed with the regions; the health districts are the cercles
    "district": frozenset({"region", "cercle"}),
    **dict.fromkeys(("arrondissement", "arr", "urbaine", "urbain", "rurale", "rural"), frozenset()),
}
_ROMAN = {
    "i": "1",
    "ii": "2",
    "iii": "3",
    "iv": "4",
    "v": "5",
    "vi": "6",
    "vii": "7",
    "viii": "8",
    "ix": "9",
    "x": "10",
}
_BAMBARA = str.maketrans({"ɛ": "e", "ɔ": "o", "ŋ": "n", "ɲ": "ny", "œ": "oe", "æ": "ae", "ø": "o", "ı": "i"})
_NUMBER_SIGN = re.compile(r"\bn\s*[°º]|№|#")
_TOKEN = re.compile(r"[a-z]+|[0-9]+")
_GLUED_ROMAN = re.compile(r"\bcommune(?=[ivx]+\b)")


def _tokens(name: str) -> list[str]:
    """Lower-case words and numbers of a name, Roman numerals read as numbers, no accents, no punctuation."""
    text = _NUMBER_SIGN.sub(" ", name.casefold())
    text = unicodedata.normalize("NFKD", text.translate(_BAMBARA))
    text = "".join(c for c in text if not unicodedata.combining(c))
    text = _GLUED_ROMAN.sub("commune ", text)
    words = _TOKEN.findall(text)
    return [
        _ROMAN.get(word, word) if i else word
        for i, word in enumerate(str(int(word)) if word.isdigit() else word for word in words)
    ]


def _normal(tokens: Iterable[str]) -> str:
    letters: list[str] = []
    numbers: list[str] = []
    kinds: list[str] = []
    links: list[str] = []
    for word in tokens:
        if word.isdigit():
            numbers.append(word)
        elif word in _KIND_WORDS:
            kinds.append(word)
        elif word in _LINKS:
            links.append(word)
        else:
            letters.append(word)
    if not letters:  # "Commune II" is a name, "2" is not the same name; "Di" alone is kept as it stands
        letters = ["commune"] if "commune" in kinds else kinds or links
    return " ".join(["".join(letters), *numbers]).strip()


def normalise(name: str) -> str:
    """The normal form of a name: its letters run together, then its numbers.

    Case, accents, apostrophes, hyphens, underscores and spaces are dropped, with the words that only say what kind of
    place it is and the links between words ("de", "du", "of"); Roman numerals become Arabic ones.
    """
    return _normal(_tokens(name))


def _numbers(normal: str) -> tuple[str, ...]:
    return tuple(word for word in normal.split(" ") if word.isdigit())


def _letters(normal: str) -> str:
    return normal.split(" ", maxsplit=1)[0]


def _claims_another_level(tokens: Iterable[str], level: str) -> bool:
    """Whether the name says it is a place of another level: "Cercle de Kayes" is no commune, though Kayes is one."""
    claimed: set[str] = set()
    for word in tokens:
        claimed |= _KIND_WORDS.get(word, frozenset())
    return bool(claimed) and level not in claimed


_SOUND_RULES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), by)
    for pattern, by in (
        (r"ph", "f"),
        (r"ch|sh", "x"),
        (r"gu(?=[ei])", "g"),
        (r"ck|qu|kh|q|c(?![eiy])", "k"),
        (r"c|z", "s"),
        (r"h", ""),
        (r"t(?=s)", ""),
        (r"dj|dy|di(?=[aeou])", "j"),
        (r"tj|ty|ti(?=[aeou])", "c"),
        (r"gni(?=[aeou])|gn|ny|ni(?=[aeou])", "ñ"),
        (r"y", "i"),
        (r"ou|o|w|v", "u"),
        (r"(?<!^)[nm](?=[bcdfgjklpqrstx])", ""),
        (r"(.)\1+", r"\1"),
        (r"(?<=..)[es]$", ""),
    )
)


#: What writers of one and the same name waver about, before and after the sounds. No rule makes two places of one cercle,
#: or two cercles of one region, sound alike; the tests hold that for every list.
_WAVERING_BEFORE = tuple(
    (re.compile(pattern), by)
    for pattern, by in (
        (r"(?<=n)(?:k|qu|c(?![eiyh]))", "g"),  # Diancounté, Diangounté
        (r"(?<=m)p", "b"),
        (r"(?<=n)t(?!i[aeou])", "d"),
        (r"(?:ei|ai|e|i)[nm](?=[bcdfgjklpqrstxz])", "in"),  # Fenkolo, Finkolo
    )
)
_WAVERING_AFTER = tuple(
    (re.compile(pattern), by)
    for pattern, by in (
        (r"(?<=[aeiu])k(?=[aeiu])", "g"),  # Zékoua, Zégoua
        (r"(?<=...)[aeiu]$", ""),  # Kidali, Kidal
    )
)


def _replaced(letters: str, rules: Iterable[tuple[re.Pattern[str], str]]) -> str:
    for pattern, by in rules:
        letters = pattern.sub(by, letters)
    return letters


def _sound(normal: str) -> str:
    """The sound of a normal form: one letter for each of the spellings that French gives to a sound of the languages
    of Mali. Numbers stay."""
    letters, *numbers = normal.split(" ")
    return " ".join([_replaced(letters, _SOUND_RULES), *numbers])


def _blurred_sound(normal: str) -> str:
    """The sound without what writers waver about: the last vowel, k or g between vowels, the consonant after a nasal."""
    letters, *numbers = normal.split(" ")
    for rules in (_WAVERING_BEFORE, _SOUND_RULES, _WAVERING_AFTER):
        letters = _replaced(letters, rules)
    return " ".join([letters, *numbers])


def _words_in_any_order(tokens: Sequence[str]) -> str | None:
    """The sounds of the words of a name in the order of the alphabet, with its numbers; None for a name of one word."""
    words = sorted(
        _blurred_sound(word) for word in tokens if not word.isdigit() and word not in _LINKS and word not in _KIND_WORDS
    )
    return " ".join([*words, *(word for word in tokens if word.isdigit())]) if len(words) > 1 else None


_SOUNDS: tuple[Callable[[str], str], ...] = (_sound, _blurred_sound)


# --- codes -----------------------------------------------------------------------------------------------------------

_CODE = re.compile(r"MLI?([0-9]*)")
_WIDE = re.compile(r"0([0-9]{2})(?:0([0-9]{2})(?:0?([0-9]{2}))?)?")


def _written_codes(code: str) -> tuple[tuple[str, bool], ...]:
    """The p-codes a text can stand for, each with whether it is written in the three-digit form.

    ML or MLI, then 2 digits a level (ML0103, MLI010312), or 3 for the region and the cercle (MLI001003, MLI00100612).
    """
    found = _CODE.fullmatch(re.sub(r"[^0-9A-Z]", "", code.upper()))
    if not found:
        return ()
    digits = found[1]
    readings: list[tuple[str, bool]] = []
    wide = _WIDE.fullmatch(digits)
    if wide:
        readings.append(("ML" + "".join(part or "" for part in wide.groups()), True))
    if len(digits) in (0, 2, 4, 6):
        readings.append(("ML" + digits, False))
    return tuple(readings)


# --- the gazetteer ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Scope:
    """The places among which a name is looked for, with their keys side by side for a fast comparison."""

    ids: frozenset[str]
    owners: tuple[str, ...]
    normals: tuple[str, ...]
    sounds: tuple[str, ...]


class Gazetteer:
    """Places, their codes in each list (vintage) and their confirmed spellings. Built once, never changed."""

    def __init__(
        self,
        places: Mapping[str, Place],
        spellings: Mapping[str, tuple[str, ...]],
        codes: Mapping[str, Mapping[str, tuple[str, str | None]]],
        vintages: tuple[str, ...],
        aliases: Iterable[Alias],
    ) -> None:
        self._places = places
        self._spellings = spellings
        self._codes = codes
        self.vintages = vintages
        self._children: dict[str, dict[str, list[str]]] = {v: defaultdict(list) for v in vintages}
        self._by_code: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for vintage in vintages:
            for place_id in sorted(codes[vintage]):
                pcode, parent = codes[vintage][place_id]
                self._by_code[pcode].append((place_id, vintage))
                if parent is not None:
                    self._children[vintage][parent].append(place_id)
        # A list that leaves the country out only corrects the next complete one.
        complete = [v for v in vintages if any(places[p].level == "country" for p in codes[v])]
        self._base = {v: next((c for c in vintages[i:] if c in complete), v) for i, v in enumerate(vintages)}
        self._keys: dict[str, set[str]] = {
            place_id: {normalise(spelling) for spelling in spellings[place_id]} for place_id in places
        }
        self._official: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._sounding: dict[tuple[Callable[[str], str], str, str], set[str]] = defaultdict(set)
        self._reordered: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._qualified: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._aliases: dict[tuple[str, str], set[tuple[str | None, str]]] = defaultdict(set)
        self._written_aliases: dict[tuple[str, str], set[tuple[str | None, str]]] = defaultdict(set)
        self._confirmed: dict[str, set[str]] = defaultdict(set)
        for place_id in places:
            self._index_names(place_id)
        for alias in aliases:
            self._index_alias(*alias)
        self._scopes: dict[tuple[str, str | None, str], _Scope] = {}
        self._matches: dict[tuple[str, str, str | None, str | None, str], Match] = {}

    def _index_names(self, place_id: str) -> None:
        """Every way to write the official names of a place that needs no person."""
        level = self._places[place_id].level
        for key in self._keys[place_id]:
            self._official[level, key].add(place_id)
            self._hear(level, key, place_id)
        for own in map(_tokens, self._spellings[place_id]):
            if in_order := _words_in_any_order(own):
                self._reordered[level, in_order].add(place_id)
            for upper in (_tokens(spelling) for above in self._all_ancestors(place_id) for spelling in self._spellings[above]):
                self._qualified[level, _normal(own + upper)].add(place_id)
                self._qualified[level, _normal(upper + own)].add(place_id)

    def _index_alias(self, alias: str, level: str, parent: str | None, place_id: str) -> None:
        tokens = _tokens(alias)
        key = _normal(tokens)
        if self._other_number(key, place_id):  # nobody can confirm that "Commune 2" is Commune I
            return
        self._written_aliases[level, alias.strip().casefold()].add((parent, place_id))
        if _claims_another_level(tokens, level):  # "TAOUDENI_CER" for a region is not "Taoudeni" for one
            return
        self._aliases[level, key].add((parent, place_id))
        if self._places[place_id].level == level:
            self._confirmed[place_id].add(key)
            self._hear(level, key, place_id)

    def _hear(self, level: str, key: str, place_id: str) -> None:
        for sound in _SOUNDS:
            self._sounding[sound, level, sound(key)].add(place_id)

    @classmethod
    def from_rows(
        cls,
        places: Iterable[Mapping[str, str]],
        codes: Iterable[Mapping[str, str]],
        aliases: Iterable[Mapping[str, str]],
    ) -> Gazetteer:
        """From the rows of places.csv, place_codes.csv and place_aliases.csv, as csv.DictReader yields them."""
        known: dict[str, Place] = {}
        spellings: dict[str, tuple[str, ...]] = {}
        for row in sorted(places, key=lambda r: r["place_id"]):
            place_id, level = row["place_id"], row["level"]
            if level not in LEVELS:
                raise ValueError(f"{place_id}: unknown level {level!r}")
            if place_id in known:
                raise ValueError(f"{place_id}: declared twice")
            known[place_id] = Place(
                place_id=place_id,
                level=level,
                name=row["name"],
                lat=float(row["lat"]) if row["lat"] else None,
                lon=float(row["lon"]) if row["lon"] else None,
                valid_from=row["valid_from"],
                valid_to=row["valid_to"],
            )
            spellings[place_id] = tuple(dict.fromkeys(s for s in (row["name"], row["name_ascii"]) if s))
        by_vintage: dict[str, dict[str, tuple[str, str | None]]] = defaultdict(dict)
        since: dict[str, str] = {}
        for row in codes:
            place_id, vintage, parent = row["place_id"], row["vintage"], row["parent_id"] or None
            for mentioned in (place_id, parent):
                if mentioned is not None and mentioned not in known:
                    raise ValueError(f"{vintage} {row['pcode']}: unknown place {mentioned!r}")
            by_vintage[vintage][place_id] = (row["pcode"], parent)
            since[vintage] = min(since.get(vintage, row["valid_from"]), row["valid_from"])
        confirmed: list[Alias] = []
        for row in aliases:
            if row["place_id"] not in known:
                raise ValueError(f"alias {row['alias']!r}: unknown place {row['place_id']!r}")
            confirmed.append((row["alias"], row["level"], row["parent_id"] or None, row["place_id"]))
        vintages = tuple(sorted(by_vintage, key=lambda v: (since[v], v)))
        return cls(known, spellings, by_vintage, vintages, confirmed)

    # -- places and codes

    def place(self, place_id: str) -> Place:
        return self._places[place_id]

    def _code_row(self, place_id: str, vintage: str) -> tuple[str, str | None] | None:
        self._check_vintage(vintage)
        if place_id not in self._places:
            raise KeyError(place_id)
        row = self._codes[vintage].get(place_id)
        return row if row is not None else self._codes[self._base[vintage]].get(place_id)

    def _check_vintage(self, vintage: str) -> None:
        if vintage not in self._children:
            raise ValueError(f"unknown vintage {vintage!r}: expected one of {', '.join(self.vintages)}")

    def pcode(self, place_id: str, vintage: str = DEFAULT_VINTAGE) -> str | None:
        """The p-code of a place in a list; None when that list does not have the place."""
        row = self._code_row(place_id, vintage)
        return row[0] if row else None

    def parent(self, place_id: str, vintage: str = DEFAULT_VINTAGE) -> str | None:
        row = self._code_row(place_id, vintage)
        return row[1] if row else None

    def children(self, place_id: str, vintage: str = DEFAULT_VINTAGE) -> tuple[str, ...]:
        self._check_vintage(vintage)
        candidates = {*self._children[vintage][place_id], *self._children[self._base[vintage]][place_id]}
        return tuple(sorted(c for c in candidates if self.parent(c, vintage) == place_id))

    def ancestors(self, place_id: str, vintage: str = DEFAULT_VINTAGE) -> tuple[str, ...]:
        """The places above, nearest first, up to the country."""
        above: list[str] = []
        parent = self.parent(place_id, vintage)
        while parent is not None:
            above.append(parent)
            parent = self.parent(parent, vintage)
        return tuple(above)

    def _at_level(self, place_id: str, vintage: str, level: str) -> str | None:
        lineage = (place_id, *self.ancestors(place_id, vintage))
        return next((p for p in lineage if self._places[p].level == level), None)

    def region_of(self, place_id: str, vintage: str = DEFAULT_VINTAGE) -> str | None:
        """The region of a place (itself for a region); None when the list does not say."""
        return self._at_level(place_id, vintage, "region")

    def cercle_of(self, place_id: str, vintage: str = DEFAULT_VINTAGE) -> str | None:
        return self._at_level(place_id, vintage, "cercle")

    def places(self, level: str, vintage: str = DEFAULT_VINTAGE) -> tuple[Place, ...]:
        """The places of a level that exist in a list, by id."""
        self._check_vintage(vintage)
        listed = {*self._codes[vintage], *self._codes[self._base[vintage]]}
        return tuple(self._places[p] for p in sorted(listed) if self._places[p].level == level)

    def by_code(self, code: str) -> tuple[tuple[str, str], ...]:
        """Every (place, vintage) a code can mean, the most plausible first.

        Two digits a level: the default list, then older ones from the newest back, then newer ones. Three digits for
        region and cercle, a form given up before 2023: the oldest list first, and none after the default one.
        """
        return self._readings(code, DEFAULT_VINTAGE)

    def _readings(self, code: str, vintage: str) -> tuple[tuple[str, str], ...]:
        now = self.vintages.index(vintage)
        until_default = self.vintages[: self.vintages.index(DEFAULT_VINTAGE) + 1]
        plain = (*reversed(self.vintages[: now + 1]), *self.vintages[now + 1 :])
        found: list[tuple[str, str]] = []
        for pcode, wide in _written_codes(code):
            for list_read in until_default if wide else plain:
                found += [(p, v) for p, v in self._by_code.get(pcode, ()) if v == list_read and (p, v) not in found]
        return tuple(found)

    def _all_ancestors(self, place_id: str) -> set[str]:
        above: set[str] = set()
        for vintage in self.vintages:
            above.update(a for a in self.ancestors(place_id, vintage) if self._places[a].level != "country")
        return above

    # -- where a name is looked for

    def _scope(self, level: str, parent_id: str | None, vintage: str) -> _Scope:
        key = (level, parent_id, vintage)
        scope = self._scopes.get(key)
        if scope is None:
            ids = self._ids_under(level, parent_id, vintage)
            rows = sorted((normal, place_id) for place_id in ids for normal in self._keys[place_id] | self._confirmed[place_id])
            scope = self._scopes[key] = _Scope(
                ids=frozenset(ids),
                owners=tuple(place_id for _, place_id in rows),
                normals=tuple(normal for normal, _ in rows),
                sounds=tuple(_sound(normal) for normal, _ in rows),
            )
        return scope

    def _ids_under(self, level: str, parent_id: str | None, vintage: str) -> set[str]:
        """The places of a level under a parent.

        A commune is under a cercle when any list up to the one asked for says so: eleven changed cercle and are still
        typed under the old one. A region is the one of the list asked for, because the region answers for its return.
        A list without communes borrows those of the last list that has them.
        """
        upto = self.vintages[: self.vintages.index(vintage) + 1]
        if parent_id is None or self._places[parent_id].level == "country":
            return next((ids for v in reversed(upto) if (ids := {p.place_id for p in self.places(level, v)})), set())
        above = self._places[parent_id].level
        if (above, level) == ("region", "cercle"):
            return set(self.children(parent_id, vintage))
        if (above, level) == ("cercle", "commune"):
            return {child for v in upto for child in self.children(parent_id, v)}
        if (above, level) == ("region", "commune"):
            cercles = self.children(parent_id, vintage)
            last = next((v for v in reversed(upto) if self.places(level, v)), vintage)
            return {child for cercle in cercles for child in self.children(cercle, last)}
        return set()

    # -- the ladder

    def match(
        self,
        name: str,
        level: str,
        parent_id: str | None = None,
        code: str | None = None,
        vintage: str = DEFAULT_VINTAGE,
    ) -> Match:
        """The place that a name stands for among those of a level (under a parent if one is known).

        The answer depends on nothing else, and is kept: the same question costs a look-up.
        """
        key = (name, level, parent_id, code, vintage)
        known = self._matches.get(key)
        if known is None:
            known = self._matches[key] = self._match(name, level, parent_id, code, vintage)
        return known

    def _match(self, name: str, level: str, parent_id: str | None, code: str | None, vintage: str) -> Match:
        self._check_vintage(vintage)
        if level not in LEVELS:
            raise ValueError(f"unknown level {level!r}: expected one of {', '.join(LEVELS)}")
        scope = self._scope(level, parent_id, vintage)
        readings = self._readings(code, vintage) if code and code.strip() else ()
        tokens = _tokens(name)
        normal = _normal(tokens)
        other_level = _claims_another_level(tokens, level)

        def found(place_id: str, method: MatchMethod, score: float) -> Match:
            status, code_place = self._judge_code(code, readings, vintage, {place_id})
            return Match(place_id, method, score, status, code_place, ())

        namesakes = self._official.get((level, normal), set()) & scope.ids if not other_level else set()
        if len(namesakes) == 1:
            (only,) = namesakes
            exact = name.strip() in self._spellings[only]
            return found(only, MatchMethod.EXACT if exact else MatchMethod.NORMALISED, 1.0)
        if namesakes:
            meant = {p for p, _ in readings} & namesakes
            if len(meant) == 1:
                return found(meant.pop(), MatchMethod.CODE, 1.0)
            status, code_place = self._judge_code(code, readings, vintage, namesakes)
            every = tuple(Suggestion(p, self._places[p].name, 1.0) for p in sorted(namesakes))
            return Match(None, MatchMethod.NONE, 1.0, status, code_place, every)

        confirmed = self._written_aliases.get((level, name.strip().casefold()), set())
        if not confirmed and not other_level:
            confirmed = self._aliases.get((level, normal), set())
        aliased = {p for under, p in confirmed if p in scope.ids or (under is not None and under == parent_id)}
        # without a parent, a slip in the name of a place somewhere must not meet the alias of another
        if len(aliased) == 1 and (parent_id is not None or self._stands_out(normal, min(aliased), scope)):
            return found(aliased.pop(), MatchMethod.ALIAS, 1.0)

        if normal and not other_level:
            qualified = self._qualified.get((level, normal), set()) & scope.ids if len(tokens) > 1 else set()
            if len(qualified) == 1:
                return found(qualified.pop(), MatchMethod.NORMALISED, _QUALIFIED_SCORE)
            # "Kola" is not taken for Koula where there is only Koula: it is the name of a commune elsewhere.
            if (parent_id is not None or level == "region") and (level, normal) not in self._official:
                same = self._same_by_rule(tokens, normal, level, scope)
                if same is not None:
                    return found(same, MatchMethod.NORMALISED, round(self._likeness(normal, same), 4))

        return self._unmatched(normal, other_level, scope, level, parent_id, code, readings, vintage)

    def match_under(self, name: str, level: str, parent: str | None, vintage: str = DEFAULT_VINTAGE) -> Match:
        """The same with the place above as people write it: a name or a code of any list, or nothing.

        The list asked for decides what the parent is. Where the name is not found under it, another reading of the parent (a
        code of another list, a region of before or after 2023) is believed only when the name is exact and the only one of
        its kind in the country. A parent that means nothing leaves the name to a person.
        """
        anywhere = self.match(name, level, None, None, vintage)
        if parent is None or not parent.strip():
            return anywhere
        readings = self.parents(parent, level, vintage)
        found = [self.match(name, level, place_id, None, vintage) for place_id, read_in in readings if read_in == vintage]
        for match in found:
            if match.place_id is not None:
                return match
        others = [self.match(name, level, place_id, None, read_in) for place_id, read_in in readings]
        sure = list(dict.fromkeys(match.place_id for match in others if match.place_id is not None and match.score == 1))
        for match in others:
            if match.place_id in sure and match.place_id == anywhere.place_id:
                return match
        return self._only_suggested(found[0] if found else anywhere, sure)

    def _only_suggested(self, match: Match, first: Sequence[str]) -> Match:
        """A match left to a person: the places that another reading of the parent holds come first, then the one found."""
        named = first if match.place_id is None else [*first, match.place_id]
        score = _SAME_NAME_ELSEWHERE
        suggestions = [Suggestion(p, self._places[p].name, score) for p in dict.fromkeys(named)]
        suggestions += [s for s in match.suggestions if s.place_id not in named]
        ranked = tuple(sorted(suggestions, key=lambda s: -s.score))[:_SUGGESTIONS]
        top = ranked[0].score if ranked else 0.0
        return Match(None, MatchMethod.NONE, top, match.code_status, match.code_place_id, ranked)

    def parents(self, text: str, level: str, vintage: str = DEFAULT_VINTAGE) -> tuple[tuple[str, str], ...]:
        """Every (place, vintage) that a text can mean as the place above one of a level, the most plausible first: an id, a code
        or a name in the list asked for, then in the others from the newest back; the level just above before the higher ones."""
        self._check_vintage(vintage)
        if text in self._places:
            return ((text, vintage),)
        above = tuple(reversed(LEVELS[: LEVELS.index(level)]))
        if _written_codes(text):
            return tuple((p, v) for p, v in self._readings(text, vintage) if self._places[p].level in above)
        others = tuple(v for v in reversed(self.vintages) if v != vintage)
        found = ((self.match(text, upper, None, None, v).place_id, v) for v in (vintage, *others) for upper in above)
        return tuple((place_id, v) for place_id, v in found if place_id is not None)

    def meant(self, text: str, level: str | None = None, parent_id: str | None = None) -> tuple[str, ...]:
        """The places a person means who names one by its id, its official name or its code, in the default list first; several
        when the text does not choose."""
        text = text.strip()
        if text in self._places:
            return (text,)
        for vintage in (DEFAULT_VINTAGE, *(v for v in reversed(self.vintages) if v != DEFAULT_VINTAGE)):
            levels = LEVELS if level is None else (level,)
            coded = {p for p, v in self._readings(text, vintage) if v == vintage}
            named = {p for at in levels for p in self._official.get((at, normalise(text)), set())}
            found = {p for p in coded | named if self._places[p].level in levels and self._code_row(p, vintage)}
            if parent_id is not None:
                found = {p for p in found if p in self._scope(self._places[p].level, parent_id, vintage).ids}
            if found:
                return tuple(sorted(found))
        return ()

    def objection(
        self, name: str, level: str, parent_id: str | None, place_id: str, vintage: str = DEFAULT_VINTAGE
    ) -> Objection | None:
        """Why a spelling may not be confirmed for a place under a parent; None when it may, or when it is read so already."""
        if self._places[place_id].level != level:
            return Objection.LEVEL
        tokens = _tokens(name)
        if all(word in _KIND_WORDS or word in _LINKS for word in tokens):
            return Objection.EMPTY
        if not _claims_another_level(tokens, level):
            official = self.official(name, level, vintage)
            here = {place for place in official if self.contains(place, level, parent_id, vintage)}
            if here == {place_id}:
                return None
            if place_id in here:
                return Objection.NAMESAKES
            if here or (official and place_id not in official):
                return Objection.OFFICIAL
        its = self._names_numbers(place_id)
        return Objection.NUMBER if its and its != _numbers(_normal(tokens)) else None

    def official(self, name: str, level: str, vintage: str = DEFAULT_VINTAGE) -> tuple[str, ...]:
        """The places of a level in a list that officially bear this name, by id."""
        return tuple(sorted(self._official.get((level, normalise(name)), set()) & self._scope(level, None, vintage).ids))

    def contains(self, place_id: str, level: str, parent_id: str | None, vintage: str = DEFAULT_VINTAGE) -> bool:
        """Whether a name of this level under this parent may be read as that place."""
        return place_id in self._scope(level, parent_id, vintage).ids

    def _same_by_rule(self, tokens: Sequence[str], normal: str, level: str, scope: _Scope) -> str | None:
        """The one place of a scope with the same words in another order, or with the same sounds."""
        words = _words_in_any_order(tokens)
        reordered = self._reordered.get((level, words), set()) & scope.ids if words else set()
        if len(reordered) == 1:
            return reordered.pop()
        for sound in _SOUNDS:
            sounding = self._sounding.get((sound, level, sound(normal)), set()) & scope.ids
            if sounding:
                only = sounding.pop()
                return only if not sounding and self._stands_out(normal, only, scope) else None
        return None

    def _stands_out(self, normal: str, place_id: str, scope: _Scope) -> bool:
        """Whether no other place of the scope is as near to what was written as this one, or within a letter of it: a slip
        in the name of the one must never be read as the other."""
        own, others = len(normal), len(normal)
        for owner, key in zip(scope.owners, scope.normals, strict=True):
            distance = OSA.distance(normal, key)
            if owner == place_id:
                own = min(own, distance)
            else:
                others = min(others, distance)
        return others > max(own, 1)

    def _unmatched(
        self,
        normal: str,
        other_level: bool,
        scope: _Scope,
        level: str,
        parent_id: str | None,
        code: str | None,
        readings: tuple[tuple[str, str], ...],
        vintage: str,
    ) -> Match:
        inside = self._similar(normal, scope)
        agreeing = {
            p
            for p, _ in readings
            if self._places[p].level == level
            and normal
            and self._same_number(normal, p)
            and self._likeness(normal, p) >= CODE_NAME_AGREES
        }
        best = max(inside.values(), default=0.0)
        nearest = {p for p in agreeing & scope.ids if inside.get(p, 0.0) >= best} if not other_level else set()
        believed = {p for p in nearest if self._stands_out(normal, p, scope)}
        if len(believed) == 1:
            (only,) = believed
            status, code_place = self._judge_code(code, readings, vintage, believed)
            return Match(only, MatchMethod.CODE, round(self._likeness(normal, only), 4), status, code_place, ())
        scores = dict(inside)
        if parent_id is not None and best < _CLEAR_ENOUGH:
            for p, score in self._similar(normal, self._scope(level, None, vintage)).items():
                farther = score * (_SAME_NAME_ELSEWHERE if score >= _SOUND_WEIGHT else _ELSEWHERE)
                if farther >= _MIN_ELSEWHERE:
                    scores.setdefault(p, farther)
        for p in self._official.get((level, normal), set()) & self._scope(level, None, vintage).ids:
            scores[p] = max(scores.get(p, 0.0), _SAME_NAME_ELSEWHERE)
        for p in agreeing:  # the code and the name agree on a place that is not where it was looked for
            scores[p] = max(scores.get(p, 0.0), self._likeness(normal, p) * _SAME_NAME_ELSEWHERE)
        shown = {p: score for p, score in scores.items() if score >= _MIN_SUGGESTION}
        if parent_id is not None and normal and len(scope.ids) <= _SUGGESTIONS:  # so few that a person may as well see them all
            shown = {p: self._likeness(normal, p) for p in scope.ids if not self._other_number(normal, p)} | shown
        ranked = sorted((-round(score, 4), p) for p, score in shown.items())
        suggestions = tuple(Suggestion(p, self._places[p].name, -score) for score, p in ranked[:_SUGGESTIONS])
        status, code_place = self._judge_code(code, readings, vintage, agreeing)
        if readings and not normal:
            status = CodeStatus.UNKNOWN
        top = suggestions[0].score if suggestions else 0.0
        return Match(None, MatchMethod.NONE, top, status, code_place, suggestions)

    def _judge_code(
        self, code: str | None, readings: tuple[tuple[str, str], ...], vintage: str, places: set[str]
    ) -> tuple[CodeStatus, str | None]:
        """What the code says of these places, and the place it means (the most plausible when it means another)."""
        if code is None or not code.strip():
            return CodeStatus.ABSENT, None
        if not readings:
            return CodeStatus.UNKNOWN, None
        mine = [(p, v) for p, v in readings if p in places]
        if not mine:
            return CodeStatus.WRONG, readings[0][0]
        current = [p for p, v in mine if v == vintage]
        return (CodeStatus.AGREES, current[0]) if current else (CodeStatus.OTHER_VINTAGE, mine[0][0])

    # -- likeness

    def _names_numbers(self, place_id: str) -> tuple[str, ...]:
        return next((n for n in sorted(_numbers(k) for k in self._keys[place_id]) if n), ())

    def _same_number(self, normal: str, place_id: str) -> bool:
        return _numbers(normal) == self._names_numbers(place_id)

    def _other_number(self, normal: str, place_id: str) -> bool:
        """Whether the name bears a number and the place another one."""
        mine, its = _numbers(normal), self._names_numbers(place_id)
        return bool(mine and its) and mine != its

    def _likeness(self, normal: str, place_id: str) -> float:
        return max(fuzz.ratio(normal, key) for key in self._keys[place_id] | self._confirmed[place_id]) / 100

    def _similar(self, normal: str, scope: _Scope) -> dict[str, float]:
        """How similar the places of a scope are to a name; those that bear another number are left out."""
        if not normal:
            return {}
        scores: dict[str, float] = {}
        sound = _sound(normal)
        for keys, query, scorer, weight in (
            (scope.normals, normal, fuzz.ratio, 1.0),
            (scope.sounds, sound, fuzz.ratio, _SOUND_WEIGHT),
            (scope.normals, normal, fuzz.partial_ratio, _PART_WEIGHT),
        ):
            many = len(keys) > 100
            cutoff = 100 * (_MIN_SUGGESTION_AMONG_MANY if many else _MIN_SUGGESTION) / weight
            if scorer is fuzz.partial_ratio:
                if len(normal) < 4 or many:
                    continue
                cutoff = 70.0
            for _, score, at in process.extract(query, keys, scorer=scorer, score_cutoff=cutoff, limit=12):
                p = scope.owners[at]
                if self._other_number(normal, p):
                    continue
                value = weight * score / 100
                if not self._same_number(normal, p):
                    value = _NUMBER_MISSING * fuzz.ratio(_letters(normal), _letters(scope.normals[at])) / 100
                scores[p] = max(scores.get(p, 0.0), value)
        return scores
