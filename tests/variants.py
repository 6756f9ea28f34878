"""The list of real spellings beside the project, with the place each one stands for: what the ladder is measured by.

The list itself is no part of the project; what needs it skips, with this reason, where it is not there."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pipelines.io import reference
from pipelines.places import DEFAULT_VINTAGE, Gazetteer, normalise

LIST = Path(__file__).resolve().parents[2] / "shared" / "reference" / "name_variants.csv"
WHY_SKIPPED = "the list of real spellings is not beside the project"


@dataclass(frozen=True, slots=True)
class Spelling:
    """`parent` is a name or a code, or nothing, as the list has it; `vintage` is the list of its codes."""

    name: str
    level: str
    parent: str
    vintage: str
    place_id: str
    confidence: str


def spellings() -> list[Spelling]:
    with LIST.open(encoding="utf-8", newline="") as handle:
        return [_spelling(row) for row in csv.DictReader(handle)]


def _spelling(row: dict[str, str]) -> Spelling:
    level, _, after = row["level"].partition("_")
    vintage = "cod-2025" if after else DEFAULT_VINTAGE
    [place_id] = [p for p, v in reference.gazetteer().by_code(row["pcode"].split()[0]) if v == vintage]
    return Spelling(row["variant"], level, row["parent"], vintage, place_id, row["confidence"])


def gazetteer_without(listed: Iterable[Spelling]) -> Gazetteer:
    """The ladder alone: without the aliases that such a list would have taught it, at whatever level."""
    known = {normalise(item.name) for item in listed}
    aliases = [row for row in reference.rows("place_aliases") if normalise(row["alias"]) not in known]
    return Gazetteer.from_rows(reference.rows("places"), reference.rows("place_codes"), aliases)


@dataclass(frozen=True, slots=True)
class Score:
    """How many spellings came out how. `suggested` are those left to a person with the right place among three suggestions."""

    total: int
    right: int
    wrong: int
    suggested: int

    @property
    def to_a_person(self) -> int:
        return self.total - self.right - self.wrong


def score(gazetteer: Gazetteer, listed: Iterable[Spelling]) -> Score:
    total = right = wrong = suggested = 0
    for item in listed:
        match = gazetteer.match_under(item.name, item.level, item.parent, item.vintage)
        total += 1
        right += match.place_id == item.place_id
        wrong += match.place_id not in (item.place_id, None)
        suggested += match.place_id is None and item.place_id in [s.place_id for s in match.suggestions[:3]]
    return Score(total, right, wrong, suggested)
