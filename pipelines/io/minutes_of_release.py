"""The minutes of the meeting that signed a release, filled from the store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pipelines.io import agenda as told
from pipelines.io.agenda import Point
from pipelines.io.minutes import Answer, Headline, Meeting, OfRegion, Participant, Revised, Signed, Taken
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


def meeting(
    store: Store, release: ReleaseRow, *, regions: Sequence[OfRegion], replies: Iterable[Reply],
    said: Iterable[tuple[Reservation, str]],
) -> Meeting:  # fmt: skip
    """The meeting that signed `release`: how each region stands, what members replied and what it is published in spite of are given,
    the rest is read. Raises ValueError for a release that nobody signed."""
    if release.meeting_on is None or release.minutes_number is None:
        raise ValueError(f"nobody signed revision {release.revision} of {release.period}")
    period = Period.parse(release.period)
    return Meeting(
        period, release.revision, release.meeting_on, release.minutes_number,
        participants=tuple(Participant(name, MemberKind(kind), there) for name, kind, there in store.participants(release)),
        signatories=tuple(Signed(name, function) for name, function in store.signatories(release)),
        headlines=headlines(store, release), regions=regions, decisions=decisions(store, release),
        answers=tuple(Answer(one.organisation, one.reply, one.reason, one.given_by, one.given_on) for one in replies),
        due=release.reply_by, reservations=tuple((item.kind, sentence) for item, sentence in said),
        compared_with=release.compared_with, revised=revised(store, release),
    )  # fmt: skip


def headlines(store: Store, release: ReleaseRow) -> tuple[Headline, ...]:
    """The national figures in both units, and what they were in the release that this one is compared with."""
    period = Period.parse(release.period)
    now, past = _totals(store, period, told.COUNTRY, release.revision), store.past_totals(period)
    return tuple(
        Headline(group, measure, unit, now.get((group, measure, unit)), past.get((told.COUNTRY, group, measure), {}).get(unit))
        for group, measure in _HEADLINES
        for unit in reversed(Unit)
    )


def decisions(store: Store, release: ReleaseRow) -> tuple[Taken, ...]:
    """What was decided about the month until it was signed and still held, in the order of its taking, with the persons that each
    changes at its place."""
    period = Period.parse(release.period)
    bridges: dict[str, Sequence[Mapping[str, Any]]] = {}
    found = []
    for point in told.points(store, period, release.as_of):
        for decision in point.decisions:
            if decision["undoes"] or decision["undone"] or decision["decided_on"] > (release.signed_on or release.as_of):
                continue
            if point.place_id not in bridges:
                bridges[point.place_id] = store.bridge(period, point.place_id, revision=release.revision)
            found.append(_taken(point, decision, bridges[point.place_id]))
    return tuple(sorted(found, key=lambda item: (item.on, item.number)))


def _taken(point: Point, decision: Mapping[str, Any], bridge: Sequence[Mapping[str, Any]]) -> Taken:
    action = Action(decision["action"])
    changed = [item["value"] for item in bridge if item["decision_id"] == decision["id"] and item["unit"] == Unit.INDIVIDUAL]
    return Taken(
        decision["id"], point.place_id, point.sentence("fr"), tuple(Compared(**value) for value in decision["values"]), action,
        decision["source"], decision["decided_by"], decision["decided_on"], decision["reason"],
        sum(changed) if changed or action in CHANGES_A_NUMBER else None,
    )  # fmt: skip


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
