"""A place written in words, as documents quote it. Pure.

    words  := place { "/" place }        several places, each for itself
            | place "->" place           people who left one place for another; they are at the second
    place  := [ extent ] [ level ] name
    extent := "zones accessibles de", "une partie de", …      the number covers a part of the place
    level  := "région de", "cercle de", "commune (rurale) de", "ville de", …, or none

"Mali", "pays" and the like are the country. What the words mean is decided by the ladder (`places.py`): a level that is written is
the only one looked in; without one, the name must be a place of one level alone. Nothing is accepted because it looks alike.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from schemas.cells import plain

_LINK = r"(?:\s*:\s*|\s+(?:de\s+la\s+|de\s+l'|des\s+|de\s+|du\s+|d'|of\s+)?)"
_LEVELS: tuple[tuple[str, str], ...] = (
    ("region", r"(?:r[ée]gion|region|district)"),
    ("cercle", r"(?:cercle|circle)"),
    ("commune", r"(?:commune(?:\s+(?:rurale|urbaine))?|cr|cu|ville|town|city)"),
    ("village", r"(?:village|site|quartier|localit[ée]|hameau)s?"),
)
"""A town is known by its commune; villages and sites are in no list held here."""
_LEVEL = tuple((level, re.compile(rf"{word}{_LINK}(?P<name>.+)", re.IGNORECASE)) for level, word in _LEVELS)
_EXTENT = re.compile(
    r"(?:(?:les\s+)?zones?\s+accessibles?|(?:une\s+|en\s+)?partie|accessible\s+areas?|part)"
    r"\s+(?:de\s+la\s+|de\s+l'|des\s+|de\s+|du\s+|d'|of\s+(?:the\s+)?)(?P<rest>.+)",
    re.IGNORECASE,
)
_PARTIAL = re.compile(r"\b(?:zones? accessibles?|partiel(?:le)?(?:ment)?|(?:une|en) partie|accessible areas?|part of)\b")
_COUNTRY = frozenset(
    plain(word)
    for word in ("Mali", "République du Mali", "Pays", "Tout le pays", "Ensemble du pays", "National", "Niveau national")
)
_WAY = re.compile(r"\s*(?:->|→|=>|⇒)\s*")
_EACH = re.compile(r"\s*[/;]\s*")


@dataclass(frozen=True, slots=True)
class Named:
    """One place: `level` is None when the words do not say it, `village` when it is below those of the lists."""

    written: str
    name: str
    level: str | None


@dataclass(frozen=True, slots=True)
class PlaceWords:
    places: tuple[Named, ...]
    origin: str | None = None
    """The place left, as written."""
    partial: bool = False


def parse(text: str) -> PlaceWords:
    """What the words say, before any list is asked. Of a way through several places, the first is left and the last reached."""
    origin, *reached = [part for part in _WAY.split(text.strip()) if part] or [""]
    said = reached[-1] if reached else origin
    extent = _EXTENT.fullmatch(said)
    said = extent["rest"] if extent else said
    places = tuple(_named(part.strip()) for part in _EACH.split(said) if part.strip())
    return PlaceWords(places, origin if reached else None, extent is not None)


def _named(text: str) -> Named:
    if is_country(text):
        return Named(text, text, "country")
    for level, pattern in _LEVEL:
        found = pattern.fullmatch(text)
        if found:
            return Named(text, found["name"].strip(), level)
    return Named(text, text, None)


def is_country(text: str) -> bool:
    """Whether a text means the whole country."""
    return plain(text) in _COUNTRY


def says_partial(text: str) -> bool:
    """Whether a place or a note says that a number covers a part only: "zones accessibles", "couvre une partie"."""
    return _PARTIAL.search(plain(text)) is not None


def names_a_place(text: str) -> bool:
    """Whether a text is a way or a village, and so no organisation: "Village de Nando -> Ségué"."""
    said = parse(text)
    return said.origin is not None or any(place.level == "village" for place in said.places)
