"""How a month stands before its publication: what the gate looks at (`release.Situation`), gathered from the store. No pandas."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pipelines import release as rules_of_release
from pipelines.io import agenda, reference
from pipelines.io.agenda import Point
from pipelines.io.board import region_of_finding
from pipelines.io.minutes import OfRegion, Waived
from pipelines.io.store import ReleaseRow, Store
from pipelines.model import Period
from pipelines.release import CARRIED_RULE, RETURN_RULE, RegionState, Reply, Situation, finding_key, replies_of
from schemas import codes, texts
from schemas.codes import DiscrepancyStatus, Effect, NoticeReply, ReleaseState

_IDPS = ("idp", "stock", "individual")


@dataclass(frozen=True, slots=True)
class Standing:
    """A month before its publication: the release on its way (None before it circulates), what the gate sees, the members who have
    not replied and may still, and what regions said of their adjustments."""

    release: ReleaseRow | None
    situation: Situation
    awaited: tuple[str, ...]
    region_replies: Mapping[str, Mapping[str, Any]]


def standing(
    store: Store, period: Period, *, by: str, on: date, materiality: int, numbers_hold: tuple[bool, bool] = (True, True), has_key: bool = True,
) -> Standing:  # fmt: skip
    """How the release on its way stands on a day, or the draft when none is. `numbers_hold`: whether the bridge adds up and whether
    the figures are still those that circulated."""
    release, points = store.candidate(period), agenda.points(store, period, on)
    given = store.replies(release) if release else []
    said = store.region_replies(release) if release else {}
    members = [member.organisation for member in reference.members(period)]
    replies, awaited = replies_of(members, given, on, release.reply_by if release else None)
    seen = Situation(
        period=str(period), revision=release.revision if release else 0,
        state=ReleaseState(release.state) if release else ReleaseState.DRAFT, on=on, by=by,
        compiled_by=release.compiled_by if release else None, embargo_until=release.embargo_until if release else None,
        regions=tuple(_regions(store, period, release, points)), findings=tuple(_findings(store, period)),
        discrepancies=tuple(map(_discrepancy, points)),
        waivers=store.waivers(period), replies=replies,
        contested={
            reference.gazetteer().place(region).name: str(reply["reason"])
            for region, reply in said.items() if reply["reply"] == NoticeReply.CONTESTED
        },
        bridge_holds=numbers_hold[0], dataset_holds=numbers_hold[1], materiality=materiality, has_key=has_key,
        draft_moved=release is not None and _moved(store, period, release), acts_left_out=_acts_left_out(store, period),
    )  # fmt: skip
    return Standing(release, seen, awaited, said)


def _moved(store: Store, period: Period, release: ReleaseRow) -> bool:
    """Whether the draft is no longer what circulates: its figures or bridge, or the returns it is made with."""
    draft = store.draft_release(period)
    returns = [
        {
            row["region_id"]: (row["sha256"], bool(row["validated"]), row["validated_by"])
            for row in store.release_returns(period, revision)
        }
        for revision in (0, release.revision)
    ]
    return draft is None or draft.dataset_sha256 != release.dataset_sha256 or returns[0] != returns[1]


def _acts_left_out(store: Store, period: Period) -> bool:
    draft = store.draft_release(period)
    return draft is not None and draft.acts_seen != store.acts_given(period)


def of_regions(found: Standing, store: Store, period: Period) -> tuple[OfRegion, ...]:
    """The same regions as the minutes tell of them."""
    returns = {row["region_id"]: row for row in store.release_returns(period, found.situation.revision)}
    lines = []
    for region in found.situation.regions:
        held, reply = returns.get(region.region_id, {}), found.region_replies.get(region.region_id)
        waivers = tuple(
            Waived(waiver.promise, waiver.granted_by, waiver.granted_on, waiver.expires_on, waiver.reason)
            for waiver in found.situation.waivers if waiver.region_id == region.region_id and waiver.holds_on(found.situation.on)
        )  # fmt: skip
        lines.append(
            OfRegion(
                region.name, held.get("version"), region.received_in, region.carried, held.get("validated_by"), held.get("validated_on"),
                held.get("minutes_number"), waivers, NoticeReply(reply["reply"]) if reply else None, reply["reason"] if reply else None,
            )
        )  # fmt: skip
    return tuple(lines)


# --- regions --------------------------------------------------------------------------------------------------------------


def _regions(store: Store, period: Period, release: ReleaseRow | None, points: Sequence[Point]) -> Iterator[RegionState]:
    gazetteer = reference.gazetteer()
    revision = release.revision if release else 0
    returns = {row["region_id"]: row for row in store.release_returns(period, revision)}
    hosts = _hosts(store, period)
    decided = {
        point.place_id for point in points
        if point.rule == CARRIED_RULE and point.status is DiscrepancyStatus.DECIDED
    }  # fmt: skip
    for region in reference.expected_regions(period):
        held = returns.get(region)
        yield RegionState(
            region_id=region, name=gazetteer.place(region).name, received=held is not None, received_in=hosts.get(region),
            visa=bool(held and held["validated"]),
            carried=None if held is not None else _carried(store, period, region, revision),
            carry_decided=region in decided, rows_rejected=held["rows_rejected"] if held else 0,
        )  # fmt: skip


def _hosts(store: Store, period: Period) -> dict[str, str]:
    """The region whose return holds the rows of one that sent none."""
    told = [row for row in store.findings(period) if row["code"] == RETURN_RULE]
    hosts = {region_of_finding(row): json.loads(row["params"] or "{}").get("received_in") for row in told}
    return {region: host for region, host in hosts.items() if region and host}


def _carried(store: Store, period: Period, region: str, revision: int) -> int | None:
    for row in store.figure_totals(period, region, revision=revision):
        if (row["population_group"], row["measure"], row["unit"]) == _IDPS and row["carried_months"] > 0:
            return int(row["value"]) if row["value"] is not None else None
    return None


# --- findings and discrepancies -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpenFinding:
    """A finding that the gate looks at, with what an explanation of it is kept under."""

    key: str
    code: str
    region_id: str | None
    point: rules_of_release.Point


def open_findings(store: Store, period: Period) -> Iterator[OpenFinding]:
    """The findings of the current returns and of the month that block or are to be explained. What was found in a source is no
    matter of the returns, and stands in no way."""
    explained, persons = store.explanations(period), store.persons_of_rows(period)
    totals = {row.place_id: row.totals.get(("idp", "individual")) for row in store.region_board(period)}
    for row in store.findings(period):
        effect = Effect(row["effect"])
        of_source = row["source"] == "draft" and row["place_id"] == agenda.COUNTRY and row["sheet"] is not None
        if effect not in (Effect.BLOCK_PUBLICATION, Effect.JUSTIFY) or of_source:
            continue
        region = region_of_finding(row)
        params = json.loads(row["params"] or "{}")
        about = row["place_id"] or region
        key = finding_key(row["code"], about, row["sheet"], row["cell"], row["row"], row["value"], params)
        stake = persons.get((row["submission_id"], row["sheet"], row["row"]))
        if stake is None and row["row"] is None:
            stake = totals.get(str(about))
        yield OpenFinding(
            key, row["code"], region,
            rules_of_release.Point(
                row["code"], effect, _where(row, region), texts.rule_sentence(row["code"], params), stake,
                bool(row["reply"]) or key in explained,
            ),
        )  # fmt: skip


def _findings(store: Store, period: Period) -> Iterator[rules_of_release.Point]:
    return (found.point for found in open_findings(store, period))


def _where(row: Mapping[str, Any], region: str | None) -> str:
    name = reference.gazetteer().place(region).name if region else texts.message("gate_whole_month")
    return " ".join(part for part in (name, row["sheet"], row["cell"]) if part)


def _discrepancy(point: Point) -> rules_of_release.Point:
    effect = texts.rules()[point.rule].effect if point.is_open else Effect.INFORM
    return rules_of_release.Point(
        point.rule, effect, agenda.label(point.place_id, "fr"), point.sentence("fr"), point.impact,
        not point.is_open or bool(point.reply), point.id,
    )  # fmt: skip


# --- in words -------------------------------------------------------------------------------------------------------------


def obstacle_lines(obstacles: Sequence[rules_of_release.Obstacle], lang: str) -> Iterator[tuple[str, str]]:
    """Each reason that refuses a publication, and what to do about it."""
    for item in obstacles:
        yield texts.message(f"gate_{item.key}", lang, **item.params), texts.message(f"gate_{item.key}_do", lang, **item.params)


def reservation_sentence(item: rules_of_release.Reservation, lang: str = "fr") -> str:
    return texts.message(item.key, lang, **item.params)


def reply_words(reply: Reply, lang: str) -> str:
    """A member's reply in one line."""
    said = codes.MemberReply(reply.reply).label(lang)
    return f"{reply.organisation} : {said}" + (f" ({reply.reason})" if reply.reason else "")
