"""What the program says of a corpus, held against what was planted in it."""

from __future__ import annotations

import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

from pipelines import checking, consolidation, intake
from pipelines import sources as registered
from pipelines.checking import Rulebook
from pipelines.consolidation import Job
from pipelines.io import reference
from pipelines.model import Discrepancy, Finding, NotComparable, OpenedFile, Period, SourceRows
from pipelines.settings import Settings
from schemas.codes import Effect
from tests.benchmarks.corpus import sheets
from tests.benchmarks.corpus.plants import KINDS, Corpus, Plant
from tests.fiche import GAZETTEER

NOTHING = "(nothing)"
NO_CAUSE = "(no cause)"


@dataclass(frozen=True)
class Found:
    """A discrepancy, with the rules whose sentences follow its own."""

    period: Period
    rule: str
    place_id: str
    group: str
    severity: str
    also: tuple[str, ...]
    sentence: str

    def __str__(self) -> str:
        return f"{self.period} {'+'.join((self.rule, *self.also))} {GAZETTEER.place(self.place_id).name}: {self.sentence}"


@dataclass(frozen=True)
class Ran:
    """Of all months: the discrepancies, what was set aside as not comparable, and what files drew above information."""

    found: list[Found]
    set_aside: list[NotComparable]
    findings: list[Finding]


def run(corpus: Corpus) -> Ran:
    """Every month through the program, one after the other, in a store of its own; files are read from memory."""
    ran = Ran([], [], [])
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder))
        for at, draft in enumerate(corpus.months):
            job = Job(draft.period, settings, settings.publication_day(draft.period), datetime(2019, 1, 1, tzinfo=UTC))
            printed = sheets.printed(draft, corpus.sent[at - 1] if at else {})
            with mock.patch.object(registered, "printed", lambda _, told=printed: told):
                outcome = _consolidated(job, sheets.returns(draft), sheets.sources(draft), ran)
            assert not outcome.refused, [finding for item in outcome.refused for finding in item.findings]
    return ran


def _consolidated(job: Job, returns: Sequence[OpenedFile], others: Sequence[OpenedFile], ran: Ran) -> Any:
    """`consolidate` with the files given instead of read, and nothing written for people."""

    def perform(step: Callable[..., Any], *args: Any) -> Any:
        if step is consolidation.read:
            return list(returns)
        if step in (consolidation.report, consolidation.send_back):
            return ()
        result = [part for file in others for part in _source(file)] if step is consolidation.read_sources else step(*args)
        if step in (consolidation.judge, consolidation.read_sources):
            ran.findings.extend(found for item in result for found in item.findings if found.effect is not Effect.INFORM)
        if step is consolidation.triangulate:
            ran.found.extend(_found(gap) for gap in result.discrepancies)
            ran.set_aside.extend(result.set_aside)
        return result

    return consolidation.consolidate(job, perform)


def _source(file: OpenedFile) -> list[SourceRows]:
    return checking.check_source(intake.read(file, intake.layouts()), reference.gazetteer(), Rulebook())


def _found(gap: Discrepancy) -> Found:
    also = tuple(str(joined[0]) for joined in gap.params.get("joined", ()))
    return Found(
        gap.period,
        gap.rule,
        gap.place_id,
        gap.population_group,
        str(gap.severity),
        also,
        consolidation.in_french_discrepancy(gap)[0],
    )


# --- the score ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Score:
    """`answers`: of each plant and month, the discrepancies about it; `unasked`: those that nothing was planted for, or that speak of
    what really happened."""

    answers: Mapping[tuple[Plant, Period], tuple[Found, ...]]
    unasked: tuple[tuple[Found, Plant | None], ...]

    @property
    def missed(self) -> list[tuple[Plant, Period]]:
        return [key for key, found in self.answers.items() if not any(_is_right(item, key[0]) for item in found)]

    @property
    def recall(self) -> float:
        return 1 - len(self.missed) / len(self.answers) if self.answers else 1.0

    @property
    def told_more_than_once(self) -> list[tuple[Plant, Period]]:
        return [key for key, found in self.answers.items() if len(found) > 1]

    def false_alarms(self) -> Counter[Period]:
        return Counter(item.period for item, _ in self.unasked)

    def confusion(self) -> dict[str, Counter[str]]:
        """Kind of cause -> rule -> how many discrepancies; NOTHING where none was found."""
        table: dict[str, Counter[str]] = defaultdict(Counter)
        for (plant, _), found in self.answers.items():
            table[plant.kind].update([item.rule for item in found] or [NOTHING])
        for item, plant in self.unasked:
            table[plant.kind if plant else NO_CAUSE].update([item.rule])
        return dict(table)


def score(plants: Iterable[Plant], found: Iterable[Found]) -> Score:
    """Each discrepancy goes to the cause it answers: planted for its month, at its place, above or below it, one whose rules accept it
    first."""
    plants = tuple(plants)
    answers: dict[tuple[Plant, Period], list[Found]] = {
        (plant, period): [] for plant in plants if KINDS[plant.kind].accepts for period in plant.periods
    }
    unasked: list[tuple[Found, Plant | None]] = []
    for item in found:
        about = [plant for plant in plants if item.period in plant.periods and _is_about(item, plant)]
        cause = max(about, key=lambda plant: _fit(item, plant), default=None)
        if cause is None or not KINDS[cause.kind].accepts:
            unasked.append((item, cause))
        else:
            answers[cause, item.period].append(item)
    return Score({key: tuple(items) for key, items in answers.items()}, tuple(unasked))


def _is_right(item: Found, plant: Plant) -> bool:
    wanted = KINDS[plant.kind]
    return not wanted.accepts.isdisjoint((item.rule, *item.also)) and wanted.severity in (None, item.severity)


def _fit(item: Found, plant: Plant) -> tuple[bool, bool, bool]:
    return (_is_right(item, plant), item.group == plant.group, item.place_id == plant.place_id)


def _is_about(item: Found, plant: Plant) -> bool:
    """At one of its places, or above or inside it; the country is about nothing in particular."""
    found = item.place_id
    inside = KINDS[plant.kind].inside
    return found != "ML" and any(
        found == place or found in GAZETTEER.ancestors(place) or (inside and place in GAZETTEER.ancestors(found))
        for place in plant.places
    )
