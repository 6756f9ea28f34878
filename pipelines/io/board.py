"""The month at a glance: what each region sent, what it adds up to, what its rules found. Shared by `status`, the end of
`consolidate` and the draft workbook; imports no pandas."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipelines.io import agenda, reference
from pipelines.io.agenda import Point
from pipelines.io.store import ReleaseRow, Store
from pipelines.model import Period, RegionalVisa
from pipelines.release import VISA_RULES
from schemas.codes import Effect, PopulationGroup, ReleaseState, Unit

Totals = Mapping[str, Mapping[str, int | None]]


@dataclass(frozen=True, slots=True)
class RegionLine:
    """One region of the board. `totals` and `previous` are group -> unit -> number, None when missing; `received_in` names the
    region whose return holds this one's rows; `discrepancies` counts the open ones about places of the region."""

    place_id: str
    name: str
    pcode: str | None
    received: bool
    received_in: str | None
    validated: bool
    carried_forward: bool
    totals: Totals
    previous: Totals
    findings: Mapping[str, int] = field(default_factory=dict)
    discrepancies: int = 0


@dataclass(frozen=True, slots=True)
class Board:
    period: Period
    state: str | None
    """Of the month's last release, or of its draft; None when the month was never consolidated."""
    compared_with: str | None
    regions: tuple[RegionLine, ...]
    totals: Totals
    previous: Totals
    refused_files: tuple[str, ...]
    release: ReleaseRow | None
    """The last release of the month; None while there is but the draft, which is what the board shows all the same."""
    differs: bool
    """Whether the draft is no longer what that release holds."""
    discrepancies: tuple[Point, ...]
    """The open ones, what weighs most first."""

    @property
    def is_official(self) -> bool:
        """Whether what is shown is what was published."""
        return self.release is not None and self.release.state == ReleaseState.PUBLISHED and not self.differs


def board(store: Store, period: Period) -> Board:
    release, numbered = store.draft_release(period), store.releases(period)
    last = numbered[-1] if numbered else None
    now = {row.place_id: row for row in store.region_board(period)}
    before = {row.place_id: row for row in store.region_board(period.previous())}
    heads = {head.region_id: head for head in store.current_heads(period)}
    counts, hosts = _findings(store, period, _visas(store, period))
    waiting = tuple(point for point in agenda.points(store, period, release.as_of) if point.is_open) if release else ()
    lines = tuple(
        RegionLine(
            place_id=region,
            name=reference.gazetteer().place(region).name,
            pcode=reference.gazetteer().pcode(region),
            received=region in heads,
            received_in=hosts.get(region),
            validated=region in heads and heads[region].validated,
            carried_forward=region in now and now[region].carried_months > 0,
            totals=_nested(now[region].totals if region in now else {}),
            previous=_nested(before[region].totals if region in before else {}),
            findings=dict(counts.get(region, {})),
            discrepancies=sum(point.region_id == region for point in waiting),
        )
        for region in reference.expected_regions(period)
    )
    country = "ML"
    return Board(
        period=period,
        state=last.state if last else release.state if release else None,
        compared_with=release.compared_with if release else None,
        regions=lines,
        totals=_nested(now[country].totals if country in now else {}),
        previous=_nested(before[country].totals if country in before else {}),
        release=last,
        differs=bool(last and release and last.dataset_sha256 != release.dataset_sha256),
        refused_files=tuple(item.file for item in store.submissions(period) if item.status == "refused"),
        discrepancies=waiting,
    )


@dataclass(frozen=True, slots=True)
class FindingLine:
    """A finding of the month: whose, where, and what."""

    region: str | None
    effect: Effect
    code: str
    file: str | None
    sheet: str | None
    cell: str | None
    row: int | None
    value: str | None
    params: Mapping[str, Any]
    reply: str | None = None
    visa: RegionalVisa | None = None
    """That came beside the return and answers the finding, which then only informs."""


def findings_of(store: Store, period: Period) -> list[FindingLine]:
    """All findings of a month, the gravest first, then by region, file, sheet and row."""
    order, visas = list(Effect), _visas(store, period)
    rows = sorted(
        store.findings(period),
        key=lambda row: (order.index(_effect(row, visas)), region_of_finding(row) or "", row["file"] or "",
                         row["sheet"] or "", row["row"] or 0, row["code"]),
    )  # fmt: skip
    return [_finding_line(row, visas) for row in rows]


def _finding_line(row: Mapping[str, Any], visas: Mapping[str, RegionalVisa]) -> FindingLine:
    region = region_of_finding(row)
    return FindingLine(
        region=reference.gazetteer().place(region).name if region else None, effect=_effect(row, visas), code=row["code"],
        file=row["file"], sheet=row["sheet"], cell=row["cell"], row=row["row"], value=row["value"], params=json.loads(row["params"]),
        reply=row["reply"], visa=visas.get(region or "") if row["code"] in VISA_RULES else None,
    )  # fmt: skip


def _visas(store: Store, period: Period) -> dict[str, RegionalVisa]:
    """The visa of each region whose return is validated. Where its file is found to have none, it came beside it."""
    return {head.region_id: head.visa for head in store.current_heads(period) if head.visa is not None}


def _effect(row: Mapping[str, Any], visas: Mapping[str, RegionalVisa]) -> Effect:
    """What a finding does now: one about a visa that came since stands in no way."""
    answered = row["code"] in VISA_RULES and region_of_finding(row) in visas
    return Effect.INFORM if answered else Effect(row["effect"])


def _nested(totals: Mapping[tuple[str, str], int | None]) -> dict[str, dict[str, int | None]]:
    return {str(group): {str(unit): totals.get((str(group), str(unit))) for unit in Unit} for group in PopulationGroup}


def _findings(store: Store, period: Period, visas: Mapping[str, RegionalVisa]) -> tuple[dict[str, Counter[str]], dict[str, str]]:
    """Findings by effect of each region, and which region's return holds the rows of a region that sent none."""
    counts: dict[str, Counter[str]] = {}
    hosts: dict[str, str] = {}
    for row in store.findings(period):
        region = region_of_finding(row)
        if region is None:
            continue
        counts.setdefault(region, Counter())[_effect(row, visas)] += 1
        host = json.loads(row["params"] or "{}").get("received_in") if row["code"] == "RETURN_MISSING" else None
        if host:
            hosts[region] = host
    return counts, hosts


def region_of_finding(row: Mapping[str, Any]) -> str | None:
    """Whose a finding is: the region of the return, else that of the place it is about."""
    place_id = row["place_id"]
    return row["region_id"] or ((reference.gazetteer().region_of(place_id) or place_id) if place_id else None)
