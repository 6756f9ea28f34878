"""The life of a release: its states and who may move it, what stands in the way of its publication, and what it is published in
spite of. Pure.

Only the CMP publishes. A release goes from the draft to the members, who reply, to those who sign it, who did not compile it, and is
then published for good; a correction is another revision. `obstacles` is the gate: all that refuses a publication, each with what to
do about it. What is not material does not refuse it and is said with it (`reservations`), *avec réserves*.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from schemas.codes import (
    Effect,
    MemberReply,
    Promise,
    ReleaseState,
    ReservationKind,
    Role,
)

VISA_RULES = ("VISA_MISSING", "VISA_INCOMPLETE", "VISA_BY_PREPARER")
"""Findings that a visa which came beside the return, or a waiver, answers."""
RETURN_RULE = "RETURN_MISSING"
CARRIED_RULE = "RETURN_CARRIED"
"""The discrepancy about a region whose figures stand in for a return that did not come: a decision answers it."""


# --- states -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Transition:
    """One move of a release. `command` is what people type, `condition` a key of `messages.toml`. A start of None is no release yet;
    `superseded` follows from a later revision and is never written."""

    start: ReleaseState | None
    end: ReleaseState
    command: str
    role: Role
    condition: str


_S = ReleaseState
TRANSITIONS: tuple[Transition, ...] = (
    Transition(None, _S.DRAFT, "consolidate", Role.OPERATOR, "move_draft"),
    Transition(_S.DRAFT, _S.DRAFT, "consolidate", Role.OPERATOR, "move_redraft"),
    Transition(_S.DRAFT, _S.CIRCULATED, "release circulate", Role.OPERATOR, "move_circulate"),
    Transition(_S.DRAFT, _S.CIRCULATED, "release revise", Role.OPERATOR, "move_revise"),
    Transition(_S.CIRCULATED, _S.CIRCULATED, "release circulate", Role.OPERATOR, "move_refresh"),
    Transition(_S.CIRCULATED, _S.RETURNED, "release return", Role.OPERATOR, "move_return"),
    Transition(_S.RETURNED, _S.CIRCULATED, "release circulate", Role.OPERATOR, "move_recirculate"),
    Transition(_S.CIRCULATED, _S.SIGNED, "release sign", Role.PUBLISHER, "move_sign"),
    Transition(_S.SIGNED, _S.RETURNED, "release return", Role.PUBLISHER, "move_unsign"),
    Transition(_S.SIGNED, _S.PUBLISHED, "release publish", Role.PUBLISHER, "move_publish"),
    Transition(_S.PUBLISHED, _S.SUPERSEDED, "release publish", Role.PUBLISHER, "move_supersede"),
)


def may_move(start: ReleaseState | None, end: ReleaseState) -> bool:
    """Whether a release goes from one state to the other in one step."""
    return any(move.start is start and move.end is end for move in TRANSITIONS)


def moves_from(start: ReleaseState | None) -> tuple[Transition, ...]:
    """What may be done with a release, in the order of the table; what happens to it by itself is left out."""
    return tuple(move for move in TRANSITIONS if move.start is start and move.end is not ReleaseState.SUPERSEDED)


def state_of(written: ReleaseState, revision: int, last_published: int | None) -> ReleaseState:
    """The state of a release as people see it: a published one is superseded once a later one is."""
    later = written is ReleaseState.PUBLISHED and last_published is not None and revision < last_published
    return ReleaseState.SUPERSEDED if later else written


_TITLES = frozenset({"m", "mr", "mme", "mlle", "dr", "pr", "monsieur", "madame", "mademoiselle", "docteur"})


def same_person(one: str | None, other: str | None) -> bool:
    """Whether two names may be of one person, whatever the case, the accents, the punctuation, the order of the words and titles; what
    stands in brackets or after a comma followed by a function is part of no name. A name is also that of who has it and more, or its
    initials: where two names may be one person, they count as one."""
    first, second = _words(one), _words(other)
    if not first or not second:
        return False
    if "".join(first) == "".join(second) or first == second:
        return True
    short, long = sorted((first, second), key=len)
    return len(short) > 1 and _within(short, long)


def _within(short: tuple[str, ...], long: tuple[str, ...]) -> bool:
    """Whether each word of a name is one of another, or its initial; one whole word at least is the same."""
    left = list(long)
    whole = 0
    for word in sorted(short, key=len, reverse=True):
        found = (
            word if word in left else next((held for held in left if 1 in (len(word), len(held)) and word[0] == held[0]), None)
        )
        if found is None:
            return False
        whole += found == word and len(word) > 1
        left.remove(found)
    return whole > 0


def _words(name: str | None) -> tuple[str, ...]:
    bare = re.sub(r"\([^)]*\)|\[[^]]*]", " ", name or "")
    letters = unicodedata.normalize("NFKD", bare).casefold()
    plain = "".join(letter if letter.isalnum() else " " for letter in letters if not unicodedata.combining(letter))
    return tuple(sorted(word for word in plain.split() if word not in _TITLES))


# --- what people gave -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Visa:
    """A regional validation that came beside the return. It holds for the file and the totals it was given on."""

    region_id: str
    sha256: str
    totals: Mapping[str, Any]
    validated_by: str
    validated_on: date
    minutes_number: str

    def holds_for(self, sha256: str, totals: Mapping[str, Any], prepared_by: str | None) -> bool:
        """A new version, other totals, or a validator who prepared the return himself, and it is none."""
        return self.sha256 == sha256 and self.totals == totals and not same_person(self.validated_by, prepared_by)


@dataclass(frozen=True, slots=True)
class Waiver:
    """A named exception with a reason and a last day."""

    promise: Promise
    region_id: str
    granted_by: str
    granted_on: date
    expires_on: date
    reason: str

    def holds_on(self, day: date) -> bool:
        return self.granted_on <= day <= self.expires_on


@dataclass(frozen=True, slots=True)
class Reply:
    """What a member says, or None of it by the deadline."""

    organisation: str
    reply: MemberReply
    reason: str | None = None
    given_by: str | None = None
    given_on: date | None = None


def finding_key(code: str, about: str | None, sheet: str | None, cell: str | None, row: int | None, value: str | None,
                params: Mapping[str, Any]) -> str:  # fmt: skip
    """What an explanation is given to: the finding as it stands. `about` is its region or place; a value that changes makes it
    another one, a new version of the file alone does not."""
    said = [code, about, sheet, cell, row, value, dict(params)]
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False, default=str).encode()).hexdigest()[:16]


# --- what is looked at ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RegionState:
    """How a region stands in a release. `received_in` is the region whose return holds its rows when it sent none; `carried` the
    persons that stand in for a return that did not come, None when nothing does; `carry_decided` whether the CMP decided so."""

    region_id: str
    name: str
    received: bool
    received_in: str | None = None
    visa: bool = False
    carried: int | None = None
    carry_decided: bool = False
    rows_rejected: int = 0


@dataclass(frozen=True, slots=True)
class Point:
    """A finding or a discrepancy as the gate looks at it. `stake` is how many persons it is about, None when nobody knows, and then
    it is material."""

    code: str
    effect: Effect
    where: str
    sentence: str
    stake: int | None
    explained: bool
    id: str = ""


@dataclass(frozen=True, slots=True)
class Situation:
    """All that decides whether a signed release may be published on a day. `members` are the organisations asked, `contested` the
    names of regions that contest an adjustment, with their reason."""

    period: str
    revision: int
    state: ReleaseState | None
    on: date
    by: str
    compiled_by: str | None
    embargo_until: date | None
    regions: Sequence[RegionState]
    findings: Sequence[Point]
    discrepancies: Sequence[Point]
    waivers: Sequence[Waiver]
    replies: Sequence[Reply]
    contested: Mapping[str, str] = field(default_factory=dict)
    bridge_holds: bool = True
    dataset_holds: bool = True
    draft_moved: bool = False
    """Whether the draft, or a return it is made with, is no longer what circulates."""
    acts_left_out: bool = False
    """Whether a decision or a visa has been given since the last consolidation."""
    has_key: bool = True
    materiality: int = 50

    def waiver(self, promise: Promise, region_id: str) -> Waiver | None:
        """The waiver of a region that holds on the day, the one that lasts longest."""
        held = [w for w in self.waivers if w.promise is promise and w.region_id == region_id and w.holds_on(self.on)]
        return max(held, key=lambda waiver: waiver.expires_on, default=None)

    def expired(self, promise: Promise, region_id: str) -> Waiver | None:
        """A waiver of a region that has run out."""
        held = [w for w in self.waivers if w.promise is promise and w.region_id == region_id and w.expires_on < self.on]
        return max(held, key=lambda waiver: waiver.expires_on, default=None)

    def is_material(self, point: Point) -> bool:
        return point.stake is None or point.stake >= self.materiality


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One reason for which a release is not published: `gate_{key}` of `messages.toml` says it, `gate_{key}_do` what to do."""

    key: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reservation:
    """One thing in spite of which a release is published: `reservation_{kind}` of `messages.toml`, or `key` where there are
    several of a kind."""

    kind: ReservationKind
    key: str
    params: Mapping[str, Any]
    place_id: str | None = None


# --- the gate -------------------------------------------------------------------------------------------------------------


def obstacles(seen: Situation) -> tuple[Obstacle, ...]:
    """Everything that refuses the publication, in the order in which it is best dealt with; empty when it may go ahead."""
    return (
        *_of_state(seen),
        *_of_regions(seen),
        *_of_findings(seen),
        *_of_discrepancies(seen),
        *_of_numbers(seen),
        *_of_day(seen),
    )


def _of_state(seen: Situation) -> Iterator[Obstacle]:
    params = {"state": seen.state, "period": seen.period}
    if seen.acts_left_out:
        yield Obstacle("acts_left_out", params)
    elif seen.draft_moved:
        yield Obstacle("draft_moved", params)
    if seen.state is ReleaseState.CIRCULATED:
        yield Obstacle("not_signed", params)
    elif seen.state is not ReleaseState.SIGNED:
        yield Obstacle("not_circulated", params)
    if same_person(seen.by, seen.compiled_by):
        yield Obstacle("four_eyes", {"by": seen.by})


def _of_regions(seen: Situation) -> Iterator[Obstacle]:
    for region in seen.regions:
        params = {"region_name": region.name, "period": seen.period}
        if region.received or region.received_in:
            if not region.visa and seen.waiver(Promise.VISA, region.region_id) is None:
                yield _no_visa(seen, region, params)
        elif seen.waiver(Promise.RETURN, region.region_id) is not None:
            continue
        elif region.carried is None:
            yield Obstacle("no_return", params)
        elif not region.carry_decided:
            yield Obstacle("not_carried", {**params, "persons": region.carried})


def _no_visa(seen: Situation, region: RegionState, params: Mapping[str, Any]) -> Obstacle:
    expired = seen.expired(Promise.VISA, region.region_id)
    if expired is not None:
        return Obstacle("waiver_expired", {**params, "day": expired.expires_on, "by": expired.granted_by})
    if not region.received:
        return Obstacle("told_by_another", {**params, "host": region.received_in})
    return Obstacle("no_visa", params)


def _of_findings(seen: Situation) -> Iterator[Obstacle]:
    answered = (*VISA_RULES, RETURN_RULE)
    for point in seen.findings:
        if point.code in answered:
            continue
        params = {"where": point.where, "sentence": point.sentence, "rule_code": point.code, "period": seen.period}
        if point.effect is Effect.BLOCK_PUBLICATION:
            yield Obstacle("finding_blocks", params)
        elif point.effect is Effect.JUSTIFY and not point.explained and seen.is_material(point):
            yield Obstacle("finding_unexplained", params)


def _of_discrepancies(seen: Situation) -> Iterator[Obstacle]:
    for point in seen.discrepancies:
        if point.code == CARRIED_RULE:  # told by region
            continue
        params = {"gap_id": point.id, "sentence": point.sentence, "period": seen.period}
        if point.effect is Effect.BLOCK_PUBLICATION:
            yield Obstacle("discrepancy_blocks", params)
        elif point.effect is Effect.JUSTIFY and not point.explained and seen.is_material(point):
            yield Obstacle("discrepancy_unexplained", params)


def _of_numbers(seen: Situation) -> Iterator[Obstacle]:
    if not seen.bridge_holds:
        yield Obstacle("bridge", {"period": seen.period})
    if not seen.dataset_holds:
        yield Obstacle("dataset", {"period": seen.period})


def _of_day(seen: Situation) -> Iterator[Obstacle]:
    if not seen.has_key:
        yield Obstacle("no_key")
    if seen.embargo_until is not None and seen.on < seen.embargo_until:
        yield Obstacle("embargo", {"day": seen.embargo_until, "on": seen.on})


# --- in spite of what ---------------------------------------------------------------------------------------------------


def reservations(seen: Situation) -> tuple[Reservation, ...]:
    """What is said with a release that is published all the same: waivers in force, members' reservations and silence, regions
    carried forward, rows not counted, contested adjustments, and how many open points were not material."""
    return (*_by_region(seen), *_by_member(seen), *_by_contest(seen), *_not_material(seen))


def _by_region(seen: Situation) -> Iterator[Reservation]:
    for region in seen.regions:
        params = {"region_name": region.name}
        promise = Promise.VISA if region.received or region.received_in else Promise.RETURN
        waiver = None if region.visa else seen.waiver(promise, region.region_id)
        if waiver is not None:
            said = {**params, "by": waiver.granted_by, "day": waiver.expires_on, "reason": waiver.reason}
            yield Reservation(ReservationKind.WAIVER, f"reservation_waiver_{promise}", said, region.region_id)
        if not region.received and region.carried is not None:
            said = {**params, "persons": region.carried}
            yield Reservation(ReservationKind.CARRIED_FORWARD, "reservation_carried_forward", said, region.region_id)
        if region.rows_rejected:
            said = {**params, "count": region.rows_rejected}
            yield Reservation(ReservationKind.ROW_REJECTED, _counted("reservation_row_rejected", said), said, region.region_id)


def _by_member(seen: Situation) -> Iterator[Reservation]:
    silent = [reply.organisation for reply in seen.replies if reply.reply is MemberReply.NONE]
    for reply in seen.replies:
        if reply.reply is MemberReply.RESERVATION:
            params = {"member_name": reply.organisation, "reason": reply.reason}
            yield Reservation(ReservationKind.MEMBER, "reservation_member", params)
    if silent:
        said: dict[str, Any] = {"names": silent, "count": len(silent)}
        yield Reservation(ReservationKind.NO_REPLY, _counted("reservation_no_reply", said), said)


def _by_contest(seen: Situation) -> Iterator[Reservation]:
    for region_name, reason in sorted(seen.contested.items()):
        yield Reservation(ReservationKind.CONTESTED, "reservation_contested", {"region_name": region_name, "reason": reason})


def _not_material(seen: Situation) -> Iterator[Reservation]:
    for kind, points in ((ReservationKind.FINDING, seen.findings), (ReservationKind.DISCREPANCY, seen.discrepancies)):
        small = [p for p in points if p.effect is Effect.JUSTIFY and not p.explained and not seen.is_material(p)]
        if small:
            said = {"count": len(small), "persons": sum(p.stake or 0 for p in small), "materiality": seen.materiality}
            yield Reservation(kind, _counted(f"reservation_{kind}", said), said)


def _counted(key: str, said: Mapping[str, Any]) -> str:
    return f"{key}_one" if said["count"] == 1 else key


# --- replies ------------------------------------------------------------------------------------------------------------


def replies_of(members: Iterable[str], given: Iterable[Reply], on: date, reply_by: date | None) -> tuple[tuple[Reply, ...], tuple[str, ...]]:  # fmt: skip
    """The reply of each member, the last it gave, and those still awaited: after the deadline silence is `none`."""
    last = {reply.organisation: reply for reply in given}
    past = reply_by is not None and on > reply_by
    replies = tuple(last.get(name, Reply(name, MemberReply.NONE)) for name in members if name in last or past)
    awaited = tuple(name for name in members if name not in last and not past)
    return replies, awaited
