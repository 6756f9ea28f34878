"""What the CMP may decide about a discrepancy, what the decision then means for the figures, and in which order to look. Pure.

Discrepancies come as the triangulation made them or as the store keeps them; `question` makes the same thing of both. What puts decisions
into figures imports pandas; what is asked of a person does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from pipelines.model import (
    Compared,
    Compiled,
    Decision,
    DecisionConflict,
    DecisionLapsed,
    Discrepancy,
    Past,
    Period,
    PeriodFinding,
    Settlement,
)
from pipelines.places import Gazetteer
from schemas import texts
from schemas.codes import CHANGES_A_NUMBER, TOTAL, Action, Basis, DiscrepancyStatus, Effect, Measure, Unit

if TYPE_CHECKING:
    import pandas as pd

    from pipelines.checking import Rulebook
    from pipelines.settling import Reach

FROZEN = ("COUNT_FROZEN", "PLACE_FROZEN")
SHORTEST_REASON = 10
"""Letters and digits without which a reason says nothing to who reads it next year."""
COMMISSION_AFTER_DAYS = 7

_LEVELS_OF_PEOPLE = (Measure.STOCK, Measure.CUMULATIVE)


@dataclass(frozen=True, slots=True)
class Question:
    """A discrepancy as it is put to the CMP. The return's own number is the first of `values` when its `source_id` says so; `past`
    is what the place had in the month before, by unit, where anything is known of it."""

    id: str
    rule: str
    period: Period
    place_id: str
    population_group: str
    measure: str
    values: tuple[Compared, ...]
    impact: int
    gap: int = 0
    additional: bool = False
    status: DiscrepancyStatus = DiscrepancyStatus.OPEN
    past: Mapping[str, int] = field(default_factory=dict)

    @property
    def told(self) -> int | None:
        """What the return says, in the unit of the discrepancy; None when no return says anything."""
        first = self.values[0] if self.values else None
        return first.value if first is not None and first.source_id in (None, Compared.RETURN) and not first.takes else None


def question(item: Discrepancy | Mapping[str, Any], past: Past | None = None) -> Question:
    """The question of a discrepancy, or of its row in the store (`values` is a list of mappings)."""
    if isinstance(item, Discrepancy):
        common = (item.period, item.place_id, item.population_group, item.measure)
        before = totals_at(past.figures, *common[1:]) if past is not None else {}
        return Question(item.key, item.rule, *common, item.values, item.impact, item.gap, item.additional, past=before)
    place, group, measure = (str(item[name]) for name in ("place_id", "population_group", "measure"))
    values = tuple(_compared(value) for value in item["values"])
    impact = item.get("impact")
    return Question(
        str(item["id"]), str(item["rule"]), Period.parse(str(item["period"])), place, group, measure, values,
        int(abs(item["gap"]) if impact is None else impact), int(item["gap"]), bool(item.get("additional")),
        DiscrepancyStatus(item.get("status") or DiscrepancyStatus.OPEN),
        totals_at(past.figures, place, group, measure) if past is not None else {},
    )  # fmt: skip


def _compared(value: Mapping[str, Any]) -> Compared:
    count = value.get("value")
    return Compared(
        str(value["source"]), None if count is None else int(count), str(value["unit"]), str(value.get("as_of") or ""),
        value.get("where"), value.get("source_id"), bool(value.get("takes")),
    )  # fmt: skip


def totals_at(figures: pd.DataFrame, place_id: str, group: str, measure: str) -> dict[str, int]:
    """The known totals of a place by unit, of figures with or without their breakdowns."""
    from pipelines.compilation import DIMENSIONS

    chosen = figures[(figures["place_id"] == place_id) & (figures["population_group"] == group) & (figures["measure"] == measure)]
    broken_down = [name for name in DIMENSIONS if name in chosen]
    known = chosen[chosen["value"].notna() & (chosen[broken_down] == TOTAL).all(axis=1)]
    return {str(unit): int(value) for unit, value in zip(known["unit"], known["value"], strict=True)}


# --- what may be decided ------------------------------------------------------------------------------------------------


def possible(asked: Question) -> tuple[Action, ...]:
    """What may be decided, in the order of the list of actions. Last month's number is carried forward only where people are
    counted and not their movements; what shows no difference has no number to replace; people who come on top neither replace a number nor take one away."""
    possible_ones = {
        Action.TAKE_SOURCE: any(value.takes and value.value is not None for value in asked.values),
        Action.CARRY_FORWARD: bool(asked.past) and asked.gap != 0 and not asked.additional and asked.measure in _LEVELS_OF_PEOPLE,
        Action.EXCLUDE: not asked.additional and asked.gap != 0 and (asked.told or 0) > 0,
    }
    return tuple(action for action in Action if possible_ones.get(action, True))


def sources(asked: Question) -> tuple[str, ...]:
    """The sources whose number may be taken, as people call them."""
    return tuple(dict.fromkeys(value.source for value in asked.values if value.takes and value.value is not None))


def outcome(asked: Question, action: Action, source: str | None = None) -> dict[str, int]:
    """The new value of the place by unit, or the number added to it when the source's people come on top; empty when the
    decision changes no number. A unit that the source does not give is left out: it stays as it is."""
    if action is Action.TAKE_SOURCE:
        return {unit: int(value.value or 0) for unit, value in _taken(asked, source).items()}
    if action is Action.CARRY_FORWARD:
        return dict(asked.past)
    return {str(unit): 0 for unit in Unit} if action is Action.EXCLUDE else {}


def _taken(asked: Question, source: str | None) -> dict[str, Compared]:
    """The number of a source in each unit that it gives."""
    return {
        value.unit: value for value in reversed(asked.values) if value.takes and value.value is not None and _is(value, source)
    }


def _is(value: Compared, source: str | None) -> bool:
    wanted = (source or "").strip().casefold()
    return bool(wanted) and wanted in (value.source.strip().casefold(), (value.source_id or "").casefold())


def left_alone(action: Action, values: Mapping[str, int]) -> tuple[Unit, ...]:
    """The units that a decision which changes a number does not change."""
    return tuple(unit for unit in Unit if unit not in values) if action in CHANGES_A_NUMBER and values else ()


def left_sentence(action: Action, values: Mapping[str, int], lang: str = "fr") -> str:
    """That a source gives individuals only, so that households stay as they are (or the other way round); else empty."""
    left = left_alone(action, values)
    return texts.message("decision_left", lang, unit=left[0]) if left else ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a decision cannot be taken: a key of `messages.toml` and what fills it in."""

    key: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def text(self, lang: str = "fr") -> str:
        return texts.message(self.key, lang, **self.params)


def refusal(
    asked: Question, action: Action | str | None, by: str | None, on: date | None, reason: str | None, source: str | None = None, *,
    today: date,
) -> Refusal | None:  # fmt: skip
    """The first thing that is missing or wrong in a decision, or None when it may be taken. `today` is the day on which it is
    written down."""
    return (
        _refused_action(asked, action, source)
        or _refused_person(by)
        or _refused_day(asked.period, on, today)
        or _refused_reason(reason)
    )


def _refused_action(asked: Question, action: Action | str | None, source: str | None) -> Refusal | None:
    if action is None or not str(action).strip():
        return Refusal("decision_no_action", {"actions": list(possible(asked))})
    if action not in list(Action):
        return Refusal("decision_unknown_action", {"typed_action": str(action), "actions": list(possible(asked))})
    if asked.status is DiscrepancyStatus.CLOSED:
        return Refusal("decision_closed")
    if action not in possible(asked):
        nothing = action in (Action.CARRY_FORWARD, Action.EXCLUDE) and asked.gap == 0
        return Refusal("decision_no_difference" if nothing else f"decision_cannot_{action}")
    if action != Action.TAKE_SOURCE:
        return Refusal("decision_source_unused", {"action": Action(action), "source": source}) if _given(source) else None
    return _refused_source(asked, source)


def _refused_source(asked: Question, source: str | None) -> Refusal | None:
    choices = list(sources(asked))
    if not _given(source):
        return Refusal("decision_no_source", {"sources": choices})
    named = [value for value in asked.values if _is(value, source)]
    taken = [value for value in named if value.takes and value.value is not None]
    if not named:
        return Refusal("decision_unknown_source", {"source": source, "sources": choices})
    if not taken:
        return Refusal("decision_source_not_taken", {"source": source, "sources": choices})
    twice = next((value for value in taken if len({v.value for v in taken if v.unit == value.unit}) > 1), None)
    if twice is not None:
        numbers = [value.value for value in taken if value.unit == twice.unit]
        return Refusal("decision_source_twice", {"source": source, "numbers": numbers, "unit": twice.unit})
    return None


def _given(text: str | None) -> bool:
    return bool((text or "").strip())


def _refused_person(by: str | None) -> Refusal | None:
    return None if sum(letter.isalpha() for letter in by or "") >= 2 else Refusal("decision_no_person")


def _refused_day(period: Period, on: date | None, today: date) -> Refusal | None:
    if on is None:
        return Refusal("decision_no_day")
    if on < period.last_day:
        return Refusal("decision_day_early", {"day": on, "last_day": period.last_day})
    return Refusal("decision_day_future", {"day": on, "today": today}) if on > today else None


def _refused_reason(reason: str | None) -> Refusal | None:
    if sum(letter.isalnum() for letter in reason or "") >= SHORTEST_REASON:
        return None
    return Refusal("decision_reason_short" if _given(reason) else "decision_no_reason", {"least": SHORTEST_REASON})


# --- which decisions stand, and what they change ------------------------------------------------------------------------


def standing(decisions: Iterable[Decision], fingerprints: Mapping[str, str]) -> tuple[Decision, ...]:
    """The decisions that hold, one a discrepancy, in the order they were taken (date, then id): the last that nobody has undone,
    in whatever order they were typed, and only on the values it was taken on. `fingerprints` are those of the discrepancies of now, by key."""
    by_id = sorted(decisions, key=lambda item: item.id, reverse=True)
    undone: set[int] = set()
    for item in by_id:  # the latest first, so that an undoing that was itself undone undoes nothing
        if item.undoes is not None and item.id not in undone:
            undone.add(item.undoes)
    last: dict[str, Decision] = {}
    for item in sorted(by_id, key=_when):
        if item.undoes is None and item.id not in undone:
            last[item.discrepancy_id] = item
    return tuple(
        item
        for item in sorted(last.values(), key=_when)
        if item.discrepancy_id in fingerprints and item.fingerprint in (None, fingerprints[item.discrepancy_id])
    )


def _when(item: Decision) -> tuple[date, int]:
    return item.decided_on, item.id


@dataclass(frozen=True, slots=True)
class _Change:
    """One number that a decision sets, or adds to."""

    decision: Decision
    asked: Question
    unit: str
    number: int

    @property
    def slot(self) -> tuple[str, str, str, str, str]:
        asked = self.asked
        return asked.place_id, asked.population_group, asked.measure, self.unit, asked.id if asked.additional else ""


def settlements(
    decisions: Sequence[Decision], discrepancies: Iterable[Discrepancy], compiled: Compiled, past: Past | None,
    gazetteer: Gazetteer, bases: Mapping[str, str] | None = None,
) -> tuple[tuple[Settlement, ...], tuple[DecisionConflict, ...]]:  # fmt: skip
    """What the standing decisions of a month change, against the month as its returns make it, and which of them would change
    one number twice. `bases` are the bases of sources by `source_id` where the register knows them.

    Of two decisions that would set one number, the later holds; two that set it to the same value agree. People added on top of
    a number stand beside a decision on the number itself. A number set at a place holds there whatever is set below it: its delta
    is what is left after those.
    """
    from pipelines.settling import Reach

    found = list(discrepancies)
    asked = {item.key: question(item, past) for item in found}
    stand = standing(decisions, {item.key: item.fingerprint for item in found})
    changes, conflicts = _last_of_each([change for item in stand for change in _changes(item, asked[item.discrepancy_id])])
    return _deltas(changes, compiled, past, Reach.of(compiled, gazetteer), bases or {}), conflicts


def _changes(decision: Decision, asked: Question) -> list[_Change]:
    """The numbers written down with the decision, else those that its action means."""
    written = {str(Unit.HOUSEHOLD): decision.households, str(Unit.INDIVIDUAL): decision.individuals}
    values = {unit: number for unit, number in written.items() if number is not None}
    if decision.action not in CHANGES_A_NUMBER:
        return []
    if decision.action is Action.EXCLUDE or not values:
        values = outcome(asked, decision.action, decision.source)
    return [_Change(decision, asked, unit, number) for unit, number in sorted(values.items())]


def _last_of_each(changes: Iterable[_Change]) -> tuple[list[_Change], tuple[DecisionConflict, ...]]:
    last: dict[tuple[str, str, str, str, str], _Change] = {}
    rivals: list[_Change] = []
    for change in changes:
        if (before := last.get(change.slot)) is not None:
            rivals.append(before)
        last[change.slot] = change
    conflicts = {
        DecisionConflict(*rival.slot[:4], holds.decision.id, rival.decision.id)
        for rival in rivals
        if not _agree(rival, holds := last[rival.slot])
    }
    return list(last.values()), tuple(sorted(conflicts))


def _agree(one: _Change, other: _Change) -> bool:
    same_source = one.decision.source == other.decision.source
    return one.number == other.number and (same_source or not one.asked.additional)


def _deltas(
    changes: Iterable[_Change], compiled: Compiled, past: Past | None, reach: Reach, bases: Mapping[str, str]
) -> tuple[Settlement, ...]:
    taken = list(changes)
    rows_of = {(change.decision.id, change.unit): _told_of(change) for change in taken}
    drafts = sorted((_draft(change, compiled.period, past, bases) for change in taken), key=reach.order)
    now = {(str(p), str(g), str(m), str(u)): int(v) for p, g, m, u, v in _totals(compiled)}
    settled: list[Settlement] = []
    for drafted in drafts:
        draft = drafted
        where = (draft.population_group, draft.measure, draft.unit)
        value = now.get((draft.place_id, *where))
        if draft.action is Action.EXCLUDE:
            if value is None:
                continue
            if 0 < (told := rows_of.get((draft.decision_id, draft.unit), 0)) < value:  # one row of several: the others stay
                draft = replace(draft, action=Action.TAKE_SOURCE, delta=value - told)
        delta = draft.delta if draft.additional else draft.delta - (value or 0)
        if delta == 0 and value is not None:
            continue
        for place in reach.places(draft.place_id, *where[:2], additional=draft.additional):
            now[(place, *where)] = now.get((place, *where), 0) + delta
        settled.append(replace(draft, delta=delta))
    return tuple(settled)


def _told_of(change: _Change) -> int:
    """What the return says in the row that the discrepancy is about, in one unit; 0 when it does not say."""
    own = (value for value in change.asked.values if value.source_id == Compared.RETURN and value.unit == change.unit)
    return next((value.value or 0 for value in own), 0)


def _totals(compiled: Compiled) -> Iterable[tuple[Any, ...]]:
    from pipelines.compilation import DIMENSIONS

    figures = compiled.figures
    totals = figures[(figures[DIMENSIONS] == TOTAL).all(axis=1) & figures["value"].notna()]
    return zip(*(totals[name] for name in ("place_id", "population_group", "measure", "unit", "value")), strict=True)


def _draft(change: _Change, period: Period, past: Past | None, bases: Mapping[str, str]) -> Settlement:
    """The settlement with the number itself in the place of its delta."""
    decision, asked = change.decision, change.asked
    basis, months = _origin(change, period, past, bases)
    return Settlement(
        decision.id, asked.place_id, asked.population_group, asked.measure, change.unit, change.number, _reason(change), basis,
        decision.action, months, asked.additional,
    )  # fmt: skip


def _origin(change: _Change, period: Period, past: Past | None, bases: Mapping[str, str]) -> tuple[str | None, int | None]:
    """Basis of the number taken, and how many months before this one it was counted."""
    if change.decision.action is Action.EXCLUDE:
        return None, 0
    if change.decision.action is Action.CARRY_FORWARD:
        return str(Basis.CARRIED_FORWARD), _months_carried(change, period, past)
    taken = _taken(change.asked, change.decision.source).get(change.unit)
    basis = bases.get(taken.source_id or "") if taken else None
    return basis or str(Basis.ESTIMATE), _months_since(taken.as_of if taken else "", period)


def _months_carried(change: _Change, period: Period, past: Past | None) -> int:
    if past is None:
        return 1
    asked, rows = change.asked, past.figures
    same = (rows["place_id"] == asked.place_id) & (rows["population_group"] == asked.population_group)
    ages = rows.loc[same & (rows["measure"] == asked.measure) & (rows["unit"] == change.unit), "carried_months"]
    return period.months_since(past.period) + (int(ages.max()) if len(ages) else 0)


def _months_since(as_of: str, period: Period) -> int | None:
    try:
        return max(0, period.months_since(Period.of(date.fromisoformat(as_of))))
    except ValueError:
        return None


def _reason(change: _Change) -> str:
    """How the bridge tells of the decision."""
    decision = change.decision
    if decision.action is Action.TAKE_SOURCE:
        key = "decision_adds" if change.asked.additional else "decision_takes"
        what = texts.message(key, source=decision.source)
    else:
        what = decision.action.fr
    values = {change.unit for change in _changes(decision, change.asked)}
    left = left_sentence(decision.action, dict.fromkeys(values, 0))
    told = texts.message(
        "decision_in_bridge", day=decision.decided_on, by=decision.decided_by, what=what, reason=decision.reason.strip()
    )
    return f"{told} ({left})" if left else told


def lapsed(
    decisions: Sequence[Decision], discrepancies: Iterable[Discrepancy], places: Mapping[str, str]
) -> tuple[DecisionLapsed, ...]:
    """The decisions that would change a number and whose discrepancy is no longer found; `places` are those of all discrepancies of
    the month, by key. One whose values have changed is reopened and says so itself."""
    found = {item.key for item in discrepancies}
    still = standing(decisions, {item.discrepancy_id: item.fingerprint or "" for item in decisions})
    gone = (item for item in still if item.action in CHANGES_A_NUMBER and item.discrepancy_id not in found)
    return tuple(DecisionLapsed(places[item.discrepancy_id], item.id) for item in gone if item.discrepancy_id in places)


def conflict_findings(
    conflicts: Iterable[DecisionConflict | DecisionLapsed],
    decisions: Iterable[Decision],
    gazetteer: Gazetteer,
    rulebook: Rulebook,
) -> tuple[PeriodFinding, ...]:
    """Findings of the month about numbers that two decisions would change, one a pair, and about decisions that change none any more."""
    from pipelines import rules

    by_id = {item.id: item for item in decisions}
    return tuple(
        PeriodFinding(rulebook.finding(code, hit, {}), str(hit.place_id))
        for code, rule in rules.DECISION_RULES.items()
        for hit in rule(tuple(conflicts), by_id, gazetteer)
    )


# --- several at once ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Group:
    """What may be answered together, and why the others may not."""

    chosen: tuple[Question, ...]
    refused: tuple[tuple[Question, Refusal], ...]


def small(questions: Iterable[Question], materiality: int) -> Group:
    """Those that weigh less than `materiality` persons."""

    def why(asked: Question) -> Refusal | None:
        if asked.impact < materiality:
            return None
        return Refusal("group_not_small", {"persons": asked.impact, "materiality": materiality})

    return _group(questions, why)


def frozen_of_region(questions: Iterable[Question], region_id: str, gazetteer: Gazetteer) -> Group:
    """The counts of a region that have stopped moving."""

    def why(asked: Question) -> Refusal | None:
        if asked.rule not in FROZEN:
            return Refusal("group_not_frozen")
        if gazetteer.region_of(asked.place_id) != region_id:
            return Refusal("group_other_region", {"place": gazetteer.place(region_id).name})
        return None

    return _group(questions, why)


def _group(questions: Iterable[Question], why: Callable[[Question], Refusal | None]) -> Group:
    chosen, refused = [], []
    for asked in ranked(questions):
        waits = asked.status in (DiscrepancyStatus.OPEN, DiscrepancyStatus.REOPENED)
        settled = None if waits else Refusal("group_settled", {"status": asked.status})
        if (against := settled or why(asked)) is None:
            chosen.append(asked)
        else:
            refused.append((asked, against))
    return Group(tuple(chosen), tuple(refused))


def group_refusal(action: Action) -> Refusal | None:
    """A number is changed one discrepancy at a time: each has a value, and a reason, of its own."""
    return Refusal("group_changes_number", {"action": action}) if action in CHANGES_A_NUMBER else None


# --- in which order -----------------------------------------------------------------------------------------------------


def ranked(questions: Iterable[Question]) -> list[Question]:
    """The one that weighs most first, by key where two weigh the same; those for information come last."""
    return sorted(questions, key=lambda asked: (texts.rules()[asked.rule].effect is Effect.INFORM, -asked.impact, asked.id))


def explaining(questions: Iterable[Question], share: float = 0.9) -> int:
    """How many of the largest together make at least `share` (whole percents) of all that is at stake; 0 when nothing is."""
    weights = [_weight(asked) for asked in ranked(questions)]
    reached, whole = 0, sum(weights)
    for count, weight in enumerate(weights, start=1):
        reached += weight
        if whole and reached * 100 >= round(share * 100) * whole:
            return count
    return 0


def _weight(asked: Question) -> int:
    """The persons of a difference; what shows no difference, as a count that does not move, explains
    none, and alerts that differ from each other are in no total."""
    of_alerts = all((value.source_id or "").startswith("event:") for value in asked.values)
    informs = texts.rules()[asked.rule].effect is Effect.INFORM
    return 0 if of_alerts or informs or not asked.gap else asked.impact


def explained(questions: Sequence[Question], lang: str = "fr", share: float = 0.9) -> str:
    """« Les 5 premiers expliquent 93 % de la différence », the share rounded down; empty when nothing is at stake."""
    count = explaining(questions, share)
    if not count:
        return ""
    weights = [_weight(asked) for asked in ranked(questions)]
    told = sum(weights[:count]) * 100 // sum(weights) / 100
    return texts.message("explained_one" if count == 1 else "explained", lang, count=count, share=told)


def escalation(due: date | None, as_of: date) -> int:
    """0 while there is time, 1 from the day after the deadline (the national directorate), 2 when a week has gone by (the
    commission)."""
    late = days_late(due, as_of)
    return 0 if late == 0 else 1 if late <= COMMISSION_AFTER_DAYS else 2


def days_late(due: date | None, as_of: date) -> int:
    return max(0, (as_of - due).days) if due is not None else 0


def escalation_sentence(due: date | None, as_of: date, lang: str = "fr") -> str:
    """To whom a discrepancy without an answer goes, and since when it is late; empty while there is time."""
    level, late = escalation(due, as_of), days_late(due, as_of)
    if not level:
        return ""
    days = texts.message("late_one" if late == 1 else "late", lang, days=late)
    return texts.message(f"escalation_{level}", lang, since=days)
