"""The minutes of the meeting that signed a release, filled from the store."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pipelines.io import agenda as told
from pipelines.io.agenda import Point
from pipelines.io.minutes import Answer, Before, Headline, Meeting, OfRegion, Participant, Revised, Signed, Taken
from pipelines.io.store import ReleaseRow, Store
from pipelines.model import Compared, Period
from pipelines.release import Reply, Reservation
from schemas import texts
from schemas.codes import CHANGES_A_NUMBER, Action, Measure, MemberKind, PopulationGroup, RevisionReason, Unit

_HEADLINES = (
    (PopulationGroup.IDP, Measure.STOCK), (PopulationGroup.IDP_RETURNEE, Measure.CUMULATIVE),
    (PopulationGroup.REPATRIATED_REFUGEE, Measure.CUMULATIVE),
)  # fmt: skip
_IDPS = (str(PopulationGroup.IDP), str(Measure.STOCK), str(Unit.INDIVIDUAL))


_CHAIR = "DNDS"
"""It chairs the commission and publishes for it: a meeting without it is none."""


def meeting(
    store: Store, release: ReleaseRow, *, regions: Sequence[OfRegion], replies: Iterable[Reply],
    said: Iterable[tuple[Reservation, str]], fingerprint: str | None = None,
) -> Meeting:  # fmt: skip
    """The meeting that signed `release`: how each region stands, what members replied, what it is published in spite of and the
    `fingerprint` of the key that signs its files are given, the rest is read. Raises ValueError for a release that nobody signed."""
    if release.meeting_on is None or release.minutes_number is None:
        raise ValueError(f"nobody signed revision {release.revision} of {release.period}")
    period = Period.parse(release.period)
    before, signatories = compared_with(store, release), store.signatories(release)
    return Meeting(
        period, release.revision, release.meeting_on, release.minutes_number,
        participants=tuple(_participants(store.participants(release), signatories)),
        signatories=tuple(Signed(name, function) for name, function in signatories),
        headlines=headlines(store, release, before), regions=regions, decisions=decisions(store, release),
        answers=tuple(Answer(one.organisation, one.reply, one.reason, one.given_by, one.given_on) for one in replies),
        due=release.reply_by, reservations=tuple((item.kind, sentence) for item, sentence in said),
        compared_with=before, revised=revised(store, release), fingerprint=fingerprint,
    )  # fmt: skip


def _participants(asked: Iterable[tuple[str, str, bool]], signatories: Sequence[tuple[str, str]]) -> Iterator[Participant]:
    """Who was there: those noted, the chair, and every organisation that the function of a signatory names."""
    for organisation, kind, noted in asked:
        named = re.compile(rf"(?<!\w){re.escape(organisation)}(?!\w)")
        name, function = next((one for one in signatories if named.search(one[1])), (None, None))
        if function is None and organisation == _CHAIR:
            function = texts.message("cmp_minutes_chair")
        yield Participant(organisation, MemberKind(kind), noted or function is not None, name, function)


def compared_with(store: Store, release: ReleaseRow) -> Before | None:
    """The revision before, or for the first one of a month what it was compiled against; None when that is nowhere any more."""
    period = Period.parse(release.period)
    if release.revision > 1:
        return Before(period, release.revision - 1)
    draft = store.draft_release(period.previous())
    known = (*store.releases(), *([draft] if draft is not None else []))
    return next((Before(Period.parse(row.period), row.revision) for row in known if row.name == release.compared_with), None)


def headlines(store: Store, release: ReleaseRow, before: Before | None) -> tuple[Headline, ...]:
    """The national figures in both units, and what they were in what they are compared with."""
    now = _totals(store, Period.parse(release.period), told.COUNTRY, release.revision)
    past = _totals(store, before.period, told.COUNTRY, before.revision) if before is not None else {}
    return tuple(
        Headline(group, measure, unit, now.get((group, measure, unit)), past.get((group, measure, unit)))
        for group, measure in _HEADLINES
        for unit in reversed(Unit)
    )


def decisions(store: Store, release: ReleaseRow) -> tuple[Taken, ...]:
    """What was decided about the month until it was signed and still held, in the order of its taking, with the persons that each
    changes at its place; of a later revision only what its predecessor could not tell yet."""
    period = Period.parse(release.period)
    before = next((row for row in store.releases(period) if row.revision == release.revision - 1), None)
    told_then = store.last_decision_before(before) if before is not None else 0
    bridges: dict[str, Sequence[Mapping[str, Any]]] = {}
    found = []
    for point in told.points(store, period, release.as_of):
        for decision in point.decisions:
            if decision["undoes"] or decision["undone"] or decision["decided_on"] > (release.signed_on or release.as_of):
                continue
            if decision["id"] <= told_then:
                continue
            if point.place_id not in bridges:
                bridges[point.place_id] = store.bridge(period, point.place_id, revision=release.revision)
            found.append(_taken(point, decision, bridges[point.place_id]))
    return tuple(sorted(found, key=lambda item: (item.on, item.number)))


def _taken(point: Point, decision: Mapping[str, Any], bridge: Sequence[Mapping[str, Any]]) -> Taken:
    action = Action(decision["action"])
    changed = [item["value"] for item in bridge if item["decision_id"] == decision["id"] and item["unit"] == Unit.INDIVIDUAL]
    values = tuple(Compared(**value) for value in decision["values"])
    # the sentence has the numbers of today in it, and belongs to a decision only while they are those that it was taken on
    same = not values or _numbers(values) == _numbers(point.values)
    sentence = point.sentence("fr") if same else texts.message("cmp_minutes_changed_since", title=told.rule_title(point.rule))
    return Taken(
        decision["id"], point.place_id, sentence, values, action,
        decision["source"], decision["decided_by"], decision["decided_on"], decision["reason"],
        sum(changed) if changed or action in CHANGES_A_NUMBER else None,
    )  # fmt: skip


def _numbers(values: Iterable[Compared]) -> list[tuple[str, str, int | None, str]]:
    """What is compared, without the cells it stands in: another version of a file may move them."""
    return [(value.source, value.unit, value.value, value.as_of) for value in values]


def revised(store: Store, release: ReleaseRow) -> Revised | None:
    """Why a later revision was opened, and the IDPs of each region before and now; None for the first one of a month."""
    if release.reason_code is None:
        return None
    period, before = Period.parse(release.period), release.revision - 1
    regions = [row for row in store.region_board(period) if row.place_id != told.COUNTRY]
    lines = tuple(
        (row.name, _totals(store, period, row.place_id, before).get(_IDPS), _totals(store, period, row.place_id, release.revision).get(_IDPS))
        for row in regions
    )  # fmt: skip
    replaces = texts.message("cmp_minutes_replaced", period=release.period, version=str(before))
    return Revised(RevisionReason(release.reason_code), release.reason or "", replaces, lines)


def _totals(store: Store, period: Period, place_id: str, revision: int) -> dict[tuple[str, str, str], int | None]:
    rows = store.figure_totals(period, place_id, revision=revision)
    return {(row["population_group"], row["measure"], row["unit"]): row["value"] for row in rows}
