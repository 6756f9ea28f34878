"""What people decide, from the command line and from the workbook of the meeting: checked, then written, all of it or nothing.

What may be decided is judged by `deciding.refusal`; the register of the store keeps each decision with the values it was taken on.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from pipelines import deciding
from pipelines.io import reference
from pipelines.io.agenda import Point, counted_as, label, points, signed
from pipelines.io.store import DecisionRefused, NewDecision, Store
from pipelines.model import Compared, Period
from schemas.codes import WAITS_FOR_THE_REGION, Action, DiscrepancyStatus, Owner, Unit
from schemas.texts import message

SMALL, FROZEN = "small", "frozen"
GROUPS = (SMALL, FROZEN)


class RefusedError(Exception):
    """A decision that is not written down. The text, in the language of the run, says why and what to do."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A decision as somebody wants it: `action` as typed when it is no known word."""

    point: Point
    action: Action | str | None
    by: str | None
    on: date | None
    reason: str | None
    source: str | None = None

    def refusal(self, today: date) -> deciding.Refusal | None:
        refused = deciding.refusal(self.point.asked, self.action, self.by, self.on, self.reason, self.source, today=today)
        return refused or self._refused_as_earlier()

    def _refused_as_earlier(self) -> deciding.Refusal | None:
        """A decision dated before the one that holds would change nothing."""
        holds = self.point.standing
        if holds is None or self.on is None or self.on >= holds["decided_on"] or self.same:
            return None
        told = {"day": self.on, "decided_on": holds["decided_on"], "decided_by": holds["decided_by"], "number": str(holds["id"])}
        return deciding.Refusal("decision_day_before_standing", told)

    def refusals(self, today: date) -> Iterator[deciding.Refusal]:
        """Everything that is missing or wrong, each once: what follows a wrong part is judged as if that part were right."""
        wanted, told = self, set[str]()
        while (refused := wanted.refusal(today)) is not None and refused.key not in told:
            yield refused
            told.add(refused.key)
            wanted = replace(wanted, **_right(refused.key, self))

    @property
    def outcome(self) -> Mapping[str, int]:
        """The new number of the place by unit, or what is added to it; empty when no number changes."""
        return deciding.outcome(self.point.asked, Action(str(self.action)), self.source)

    @property
    def same(self) -> Mapping[str, Any] | None:
        """The same decision of the same person and day, taken before on these values, whether it still holds or was taken back."""
        said = (str(self.action), self.by, self.on, self.reason, self.source_named)
        return next(
            (
                decision
                for decision in reversed(self.point.decisions)
                if not decision["undoes"] and decision["fingerprint"] == self.point.fingerprint
                and tuple(decision[name] for name in ("action", "decided_by", "decided_on", "reason", "source")) == said
            ),
            None,
        )  # fmt: skip

    @property
    def source_named(self) -> str | None:
        """The source by the name it has beside its number."""
        if not self.source:
            return None
        typed = self.source.strip().casefold()
        named = (
            value.source for value in self.point.values if typed in (value.source.casefold(), (value.source_id or "").casefold())
        )
        return next(named, self.source.strip())

    def written(self, answer_days: int, group_id: str | None = None) -> NewDecision:
        """As the store takes it. Who is asked has `answer_days` to answer, counted from the decision."""
        assert self.on is not None
        waits = self.action in WAITS_FOR_THE_REGION
        values = self.outcome
        return NewDecision(
            self.point.id, Action(str(self.action)), str(self.by), self.on, str(self.reason), source=self.source_named,
            households=values.get(str(Unit.HOUSEHOLD)), individuals=values.get(str(Unit.INDIVIDUAL)), group_id=group_id,
            owner=str(Owner.REGION) if waits else None, due=self.on + timedelta(days=answer_days) if waits else None,
            fingerprint=self.point.fingerprint,
        )  # fmt: skip


def _right(refused: str, wanted: Wanted) -> dict[str, Any]:
    """What stands in for the part of a decision that was refused."""
    rights: dict[str, dict[str, Any]] = {
        "by": {"by": "AA"}, "on": {"on": _day_right(wanted)}, "reason": {"reason": "A" * deciding.SHORTEST_REASON},
    }  # fmt: skip
    return rights.get(PART_REFUSED.get(refused, ""), {"action": Action.ASK_REGION, "source": None})


def _day_right(wanted: Wanted) -> date:
    holds = wanted.point.standing
    return max(wanted.point.period.last_day, holds["decided_on"]) if holds else wanted.point.period.last_day


PART_REFUSED: Mapping[str, str] = {
    "decision_no_person": "by", "decision_no_day": "on", "decision_day_early": "on", "decision_day_future": "on",
    "decision_day_before_standing": "on",
    "decision_no_reason": "reason", "decision_reason_short": "reason", "decision_no_source": "source",
    "decision_unknown_source": "source", "decision_source_not_taken": "source", "decision_source_twice": "source",
    "decision_source_unused": "source",
}  # fmt: skip
"""The part of a decision that a refusal is about; its action otherwise."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a decision does to one number of the draft: `before` is None when there was none."""

    unit: Unit
    before: int | None
    after: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """A decision that is in the store: its id, whether it was there before, and what it changes."""

    id: int
    wanted: Wanted
    already: bool = False
    changes: tuple[Change, ...] = ()


# --- which discrepancy --------------------------------------------------------------------------------------------------


def find(store: Store, name: str, day: date, lang: str = "fr") -> Point:
    """The discrepancy whose id is `name` or begins so. Raises RefusedError when there is none, or several."""
    typed = name.strip().casefold()
    months = sorted(store.periods(), reverse=True)
    found = [point for period in months for point in points(store, period, day) if typed and point.id.startswith(typed)]
    if not found:
        raise RefusedError(message("decide_unknown", lang, id=name))
    if len(found) > 1 and typed not in {point.id for point in found}:
        choices = [f"{point.id} ({label(point.place_id, lang)}, {point.period})" for point in found[:5]]
        raise RefusedError(message("decide_several", lang, id=name, choices=choices))
    return next((point for point in found if point.id == typed), found[0])


# --- one, undone, several -----------------------------------------------------------------------------------------------


def decide(store: Store, wanted: Wanted, *, today: date, at: datetime, answer_days: int, lang: str = "fr") -> Recorded:
    """Writes one decision. The same one written twice is there once. Raises RefusedError."""
    if refused := [refusal.text(lang) for refusal in wanted.refusals(today)]:
        raise RefusedError("\n".join(refused))
    same = wanted.same
    if same is not None and same is wanted.point.standing:
        return Recorded(same["id"], wanted, already=True)
    changes = changes_of(store, wanted)
    [written] = _write(store, [wanted.written(answer_days)], at, str(wanted.by), lang)
    return Recorded(written, wanted, changes=changes)


def changes_of(store: Store, wanted: Wanted) -> tuple[Change, ...]:
    """What the return says of the place (the draft, where it says nothing), and what the decision makes of it: the draft may hold an
    earlier decision about the same numbers."""
    point, values = wanted.point, wanted.outcome
    if not values:
        return ()
    told: dict[str, int] = {
        str(Unit(value.unit)): value.value
        for value in point.values
        if value.source_id == Compared.RETURN and value.value is not None
    }
    drafted = _of_unit(store.figure_totals(point.period, point.place_id), point)
    now = drafted if point.additional else {**drafted, **told}
    ours = {decision["id"] for decision in point.decisions}
    steps = [item for item in store.bridge(point.period, point.place_id) if item["decision_id"] in ours]
    added = {unit: _of_unit(steps, point).get(unit) or 0 for unit in values}  # what people on top are in the draft already
    return tuple(
        Change(unit, now.get(unit), values[unit] + ((now.get(unit) or 0) - added[unit] if point.additional else 0))
        for unit in Unit
        if unit in values
    )


def _of_unit(rows: Iterable[Mapping[str, Any]], point: Point) -> dict[str, int]:
    """The known values of the number that a discrepancy is about, by unit."""
    found: dict[str, int] = {}
    for row in rows:
        if (row["population_group"], row["measure"]) == (point.group, point.measure) and row["value"] is not None:
            found[row["unit"]] = found.get(row["unit"], 0) + row["value"]
    return found


def undo(
    store: Store, decision_id: int, *, by: str, on: date, reason: str, today: date, at: datetime, lang: str = "fr"
) -> tuple[int, Point]:  # fmt: skip
    """Takes a decision back, by a new one: nothing is erased. Gives its id and the discrepancy as it stands since. Raises
    RefusedError."""
    about = next(
        (
            point
            for period in sorted(store.periods(), reverse=True)
            for point in points(store, period, today)
            if any(decision["id"] == decision_id for decision in point.decisions)
        ),
        None,
    )
    if about is None:
        raise RefusedError(message("decide_no_decision", lang, number_of=str(decision_id)))
    # what a decision needs of a person, a day and a reason is needed to take one back, whatever has become of the discrepancy
    asked = replace(about.asked, status=DiscrepancyStatus.OPEN)
    if refused := deciding.refusal(asked, Action.ACCEPT_CHANGE, by, on, reason, today=today):
        raise RefusedError(refused.text(lang))
    [written] = _write(store, [NewDecision(about.id, None, by, on, reason, undoes=decision_id)], at, by, lang)
    return written, find(store, about.id, today, lang)


@dataclass(frozen=True, slots=True)
class Together:
    """What was decided as a group, and how many open discrepancies were left out of it, by the reason why."""

    recorded: tuple[Recorded, ...]
    left: Mapping[str, int]


def decide_group(
    store: Store, kind: str, period: Period, region_id: str | None, action: Action, *, by: str, on: date, reason: str, materiality: int,
    today: date, at: datetime, answer_days: int, lang: str = "fr",
) -> Together:  # fmt: skip
    """Answers together what is below `materiality` (`small`), or the counts of a region that stopped moving (`frozen`). Raises
    RefusedError: an action that changes a number, or nothing to answer."""
    if refused := deciding.group_refusal(action):
        raise RefusedError(refused.text(lang))
    found = {point.id: point for point in points(store, period, today, region_id=region_id)}
    asked = [point.asked for point in found.values() if point.is_open]
    if kind == FROZEN:
        if region_id is None:
            raise RefusedError(message("decide_frozen_where", lang))
        group = deciding.frozen_of_region(asked, region_id, reference.gazetteer())
    else:
        group = deciding.small(asked, materiality)
    if not group.chosen:
        raise RefusedError(message(f"decide_none_{kind}", lang, materiality=materiality, period=str(period)))
    wanted = [Wanted(found[question.id], action, by, on, reason) for question in group.chosen]
    for item in wanted:
        if refused := item.refusal(today):
            raise RefusedError(refused.text(lang))
    group_id = hashlib.sha256(
        "|".join([kind, str(action), str(on), by, *(item.point.id for item in wanted)]).encode()
    ).hexdigest()[:12]
    ids = _write(store, [item.written(answer_days, group_id) for item in wanted], at, by, lang)
    left = Counter(against.key for _, against in group.refused)
    return Together(tuple(Recorded(id_, item) for id_, item in zip(ids, wanted, strict=True)), left)


def record_all(
    store: Store, wanted: Sequence[Wanted], *, by: str | None, at: datetime, answer_days: int, lang: str = "fr"
) -> tuple[list[Recorded], list[Recorded]]:
    """Writes the decisions of a meeting in one transaction, those that are there already aside. Gives what is new and what is not.
    Every one must have passed `Wanted.refusal`. Raises RefusedError when the store has changed meanwhile; nothing is written then."""
    known = [Recorded(same["id"], item, already=True) for item in wanted if (same := item.same)]
    new = [item for item in wanted if not item.same]
    changes = [changes_of(store, item) for item in new]
    actor = by or ", ".join(dict.fromkeys(str(item.by) for item in new))
    ids = _write(store, [item.written(answer_days) for item in new], at, actor, lang) if new else ()
    return [Recorded(id_, item, changes=change) for id_, item, change in zip(ids, new, changes, strict=True)], known


def _write(store: Store, decisions: Sequence[NewDecision], at: datetime, actor: str, lang: str) -> tuple[int, ...]:
    try:
        return store.decide_all(decisions, at=at, actor=actor)
    except DecisionRefused as refused:
        raise RefusedError(message(f"decide_refused_{refused.key}", lang, id=refused.discrepancy_id)) from None


# --- told ---------------------------------------------------------------------------------------------------------------


def recorded_lines(recorded: Recorded, lang: str = "fr") -> list[str]:
    """What was written down, and which numbers change from what to what."""
    wanted, point = recorded.wanted, recorded.wanted.point
    action = Action(str(wanted.action))
    what = message("agenda_action_of", lang, action=action, source=wanted.source_named) if wanted.source else action.label(lang)
    key = "decide_already" if recorded.already else "decide_recorded"
    lines = [
        message(
            key,
            lang,
            number_of=str(recorded.id),
            id=point.id,
            place=label(point.place_id, lang),
            action=what,
            by=wanted.by,
            day=wanted.on,
        )
    ]
    if recorded.already:
        return lines
    if point.standing is not None:
        lines.append(message("decide_replaces", lang, number_of=str(point.standing["id"])))
    for change in recorded.changes:
        name = counted_as(point.group, point.measure, change.unit, lang)
        moved = signed(change.after - (change.before or 0), lang)
        lines.append(
            message(
                "decide_change",
                lang,
                place=label(point.place_id, lang),
                name=name,
                before=change.before,
                after=change.after,
                moved=moved,
            )
        )
    if left := deciding.left_sentence(action, dict.fromkeys((str(change.unit) for change in recorded.changes), 0), lang):
        lines.append(message("decide_left", lang, left=left))
    return lines if recorded.changes else [*lines, message("decide_no_change", lang)]


def recorded_json(recorded: Recorded) -> dict[str, Any]:
    wanted = recorded.wanted
    return {
        "decision": recorded.id, "id": wanted.point.id, "period": str(wanted.point.period), "action": str(wanted.action),
        "source": wanted.source_named, "by": wanted.by, "date": str(wanted.on), "reason": wanted.reason, "already": recorded.already,
        "changes": [{"unit": str(change.unit), "before": change.before, "after": change.after} for change in recorded.changes],
    }  # fmt: skip
