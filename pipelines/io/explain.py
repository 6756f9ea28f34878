"""From a number back to the file, sheet and cells it comes from, with what disagrees with it and what was decided. No pandas.

Of a published month the official figure is explained, from the release's own copy of the rows; of any other the working draft.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import date
from typing import Any

from rich.console import RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from pipelines import deciding
from pipelines.io import agenda as told
from pipelines.io import reference
from pipelines.io.agenda import Point, cell_of
from pipelines.io.board import region_of_finding
from pipelines.io.store import ReleaseRow, Store
from pipelines.model import FLOW_ENDS, Compared, Period
from pipelines.release import CARRIED_RULE, RETURN_RULE, VISA_RULES, Waiver, finding_key
from schemas import codes, texts
from schemas.texts import message, number

_STOCK_SHEETS = {
    ("idp", "stock"): "idp",
    ("idp_returnee", "cumulative"): "returnee",
    ("repatriated_refugee", "cumulative"): "repatriated",
}
ROWS_SHOWN = 15
"""Rows printed behind one number; `--json` has them all."""
POINTS_SHOWN = 5
"""Discrepancies told of one number, and places below it that are named; `--json` has them all."""
FINDINGS_SHOWN = 15
_CELL_OF = {"household": "households", "individual": "individuals"}

_AMOUNT, _RULE = 16, 12
"""Width of the column of numbers of a bridge, and of the rule above its last line, in letters."""

Key = tuple[str, str, str]
"""Population group, measure and unit of a number."""


@dataclass(frozen=True, slots=True)
class Story:
    """Why the numbers of one place are what they are: totals, the bridge items of each, the rows behind them, what was said.
    `points` are the discrepancies about the place itself that are open or were decided, `below` those about places inside it; `apart` are numbers about it that are not compared, and why.
    A finding has in `lifted` by what it no longer stands in the way, as keys of `messages.toml` with what fills them in; `regions` are, for
    the country, its regions by name with the totals of each. `release` is the numbered release whose numbers these are, None for the working
    draft."""

    place_id: str
    name: str
    pcode: str | None
    level: str
    period: Period
    figures: Sequence[Mapping[str, Any]]
    bridge: Sequence[Mapping[str, Any]]
    rows: Sequence[Mapping[str, Any]]
    findings: Sequence[Mapping[str, Any]]
    points: Sequence[Point] = ()
    below: Sequence[Point] = ()
    apart: Sequence[Mapping[str, Any]] = ()
    release: ReleaseRow | None = None
    regions: Sequence[tuple[str, Mapping[Key, Mapping[str, Any]]]] = ()

    @property
    def grades_are_internal(self) -> bool:
        """Whether the release is one that does not publish its grades."""
        return self.release is not None and not self.release.grades_published

    @property
    def says_something(self) -> bool:
        return bool(self.figures or self.points)


def find(store: Store, text: str) -> list[str]:
    """The places a person means by a name, code or id; several when a name is shared."""
    return [place["place_id"] for place in store.find_place(text)]


def chosen(store: Store, period: Period, *, draft: bool = False, revision: int | None = None) -> ReleaseRow | None:
    """The release that is explained: the last published one, or the numbered one asked for, whatever its state; None for the working
    draft, when it is asked for or nothing is published. Raises KeyError for a number that the month does not have."""
    if revision is not None:
        found = next((row for row in store.releases(period) if row.revision == revision), None)
        if found is None:
            raise KeyError(revision)
        return found
    return None if draft else store.published(period)


def stories(store: Store, place_ids: Iterable[str], period: Period, release: ReleaseRow | None = None) -> list[Story]:
    """The story of each place in a release, or in the draft of a month, with discrepancies as they stand on its day."""
    shown = release or store.draft_release(period)
    points = told.points(store, period, shown.as_of if shown else period.last_day)
    return [_story(store, place_id, period, points, release) for place_id in place_ids]


def _story(store: Store, place_id: str, period: Period, points: Sequence[Point], release: ReleaseRow | None) -> Story:
    gazetteer, revision = reference.gazetteer(), release.revision if release else 0
    place = gazetteer.place(place_id)
    inside = _inside(place_id)
    rows = store.observations_for(period, sorted(inside), [*_STOCK_SHEETS.values(), "movement"], revision=revision)
    bridge = store.bridge(period, place_id, revision=revision)
    if release is not None:
        points = _as_decided(points, release, bridge)
    live = [point for point in points if point.is_open or point.decisions]
    regions = reference.expected_regions(period) if place.level == "country" else ()
    return Story(
        place_id=place_id, name=place.name, pcode=gazetteer.pcode(place_id), level=place.level, period=period,
        figures=sorted(store.figure_totals(period, place_id, revision=revision), key=_reading_order), bridge=bridge, rows=rows,
        findings=_findings(store, period, inside, rows, release, points),
        points=[point for point in live if point.place_id == place_id],
        below=[point for point in live if point.place_id in inside - {place_id}],
        apart=[row for row in store.not_comparable(period) if row["place_id"] == place_id], release=release,
        regions=[(gazetteer.place(region).name, {_key(row): row for row in store.figure_totals(period, region, revision=revision)}) for region in regions],
    )  # fmt: skip


def _as_decided(points: Sequence[Point], release: ReleaseRow, bridge: Sequence[Mapping[str, Any]]) -> list[Point]:
    """The points with what was decided before the release was signed, and what stands in its bridge; later decisions are those of a
    later revision."""
    cited = {item["decision_id"] for item in bridge}
    last = release.signed_on or release.circulated_on or release.as_of
    return [
        replace(point, decisions=tuple(one for one in point.decisions if one["id"] in cited or one["decided_on"] <= last))
        for point in points
    ]


def _findings(
    store: Store, period: Period, inside: set[str], rows: Sequence[Mapping[str, Any]], release: ReleaseRow | None,
    points: Sequence[Point],
) -> list[Mapping[str, Any]]:  # fmt: skip
    """What was found of these rows, whoever's file they stand in; of the whole returns of these regions; and of the month about
    these places. The gravest first, each with what lifts it."""
    at = {(row["submission_id"], row["sheet"], row["row"]) for row in rows}
    found = [
        row for row in store.findings(period, revision=release.revision if release else 0)
        if (row["submission_id"], row["sheet"], row["row"]) in at or row["region_id"] in inside
        or (row["source"] == "draft" and row["place_id"] in inside)
    ]  # fmt: skip
    order = list(codes.Effect)
    ordered = sorted(found, key=lambda row: order.index(codes.Effect(row["effect"])))
    answers = _answers(store, period, release, points)
    return [row | {"lifted": list(_lifted(row, answers))} for row in ordered]


# --- what lifts a finding -----------------------------------------------------------------------------------------------

Words = tuple[str, Mapping[str, Any]]
"""A key of `messages.toml` and what fills it in."""


@dataclass(frozen=True, slots=True)
class _Answers:
    """What was given about the findings of a month: the visa (by, on, number) of each region whose return has one, waivers that held on
    the day of the release (all that still hold for the draft), the decision to carry a region forward, and explanations by finding key."""

    visas: Mapping[str, tuple[Any, ...]]
    waivers: Sequence[Waiver]
    carried: Mapping[str, Mapping[str, Any]]
    explanations: Mapping[str, Mapping[str, Any]]


def _answers(store: Store, period: Period, release: ReleaseRow | None, points: Sequence[Point]) -> _Answers:
    shown = release or store.draft_release(period)
    named = ("validated_by", "validated_on", "minutes_number")
    held = [row for row in store.release_returns(period, shown.revision if shown else 0) if row["validated"]]
    visas = {row["region_id"]: tuple(row[name] for name in named) for row in held}
    if release is None:  # what was given since the last consolidation holds for the next
        visas |= {head.region_id: astuple(head.visa) for head in store.current_heads(period) if head.visa is not None}
    published = release and (release.published_on or release.signed_on)
    waivers = [
        waiver for waiver in store.waivers(period)
        if (waiver.holds_on(published) if published else shown is None or waiver.expires_on >= shown.as_of)
    ]  # fmt: skip
    carried = {
        point.place_id: point.standing for point in points
        if point.rule == CARRIED_RULE and point.status is codes.DiscrepancyStatus.DECIDED and point.standing is not None
    }  # fmt: skip
    return _Answers(visas, waivers, carried, store.explanations(period))


def _lifted(row: Mapping[str, Any], answers: _Answers) -> Iterator[Words]:
    """Why a finding no longer stands in the way of a publication; nothing while it does."""
    code, region = row["code"], region_of_finding(row) or ""
    params = json.loads(row["params"] or "{}")
    if code in VISA_RULES and region in answers.visas:
        by, day, number_of = answers.visas[region]
        yield "explain_lifted_visa", {"by": by, "day": day, "minutes_number": number_of}
    elif code in (*VISA_RULES, RETURN_RULE):
        # rows that came in another region's return want a visa, as those of a return of one's own do
        wanted = codes.Promise.VISA if code in VISA_RULES or params.get("received_in") else codes.Promise.RETURN
        for waiver in answers.waivers:
            if (waiver.region_id, waiver.promise) == (region, wanted):
                yield "explain_lifted_waiver", {"by": waiver.granted_by, "until": waiver.expires_on, "reason": waiver.reason}
        if code == RETURN_RULE and (decision := answers.carried.get(region)) is not None:
            yield "explain_lifted_carried", {"number_of": str(decision["id"]), "by": decision["decided_by"], "day": decision["decided_on"]}  # fmt: skip
    if row["reply"]:
        yield "sent_back_reply", {"reply": row["reply"]}
    about = row["place_id"] or region_of_finding(row)
    said = answers.explanations.get(finding_key(code, about, row["sheet"], row["cell"], row["row"], row["value"], params))
    if said is not None:
        yield "explain_lifted_explained", {"by": said["given_by"], "day": said["given_on"], "reason": said["reason"]}


def _reading_order(figure: Mapping[str, Any]) -> tuple[int, int, int]:
    """Stocks first, in the order of the code lists."""
    lists: tuple[tuple[str, type[codes.Code]], ...] = (
        ("population_group", codes.PopulationGroup), ("measure", codes.Measure), ("unit", codes.Unit),
    )  # fmt: skip
    first, second, third = (list(kind).index(kind(figure[name])) for name, kind in lists)
    return first, second, third


def _inside(place_id: str) -> set[str]:
    gazetteer = reference.gazetteer()
    found, queue = {place_id}, [place_id]
    while queue:
        children = gazetteer.children(queue.pop())
        found.update(children)
        queue.extend(children)
    return found


# --- for people ---------------------------------------------------------------------------------------------------------


def lines(story: Story, lang: str) -> Iterator[RenderableType]:
    """What is printed of a place. A line too long for the screen goes on below its own beginning."""
    for line in _lines(story, lang):
        text = line.lstrip(" ") if isinstance(line, str) else ""
        indent = len(line) - len(text) if isinstance(line, str) else 0
        yield Padding(text, (0, 0, 0, indent), expand=False) if indent else line


def _lines(story: Story, lang: str) -> Iterator[RenderableType]:
    yield title(story, lang)
    if story.release is not None and (story.points or story.below):
        yield message("explain_points_now", lang)
    for figure in story.figures:
        yield from _figure_lines(story, figure, lang)
    yield from _other_lines(story, lang)
    yield from _apart_lines(story, lang)
    if story.findings:
        yield message("explain_findings", lang)
        for finding in story.findings[:FINDINGS_SHOWN]:
            yield _finding_line(finding, lang)
            for key, params in finding["lifted"]:
                yield f"      {escape(message(key, lang, **params))}"
        if len(story.findings) > FINDINGS_SHOWN:
            yield told.counted("explain_more_findings", len(story.findings) - FINDINGS_SHOWN, lang)


def title(story: Story, lang: str) -> str:
    """The place, the month, and whose numbers these are: the official ones, those of a release on its way, or the draft's."""
    release, label = story.release, codes.Level(story.level).label(lang)
    place = {"place": story.name, "kind": label, "pcode": story.pcode, "period": str(story.period)}
    if release is None:
        return message("explain_title", lang, **place)
    state = codes.ReleaseState(release.state)
    said = {"revision": str(release.revision), "minutes_number": release.minutes_number, "published_on": release.published_on,
            "circulated_on": release.circulated_on, "signed_on": release.signed_on}  # fmt: skip
    return message("explain_title_of", lang, **place, what=message(f"explain_title_{state}", lang, **said))


def _finding_line(finding: Mapping[str, Any], lang: str) -> str:
    where = " › ".join(part for part in (finding["file"], finding["sheet"], finding["cell"]) if part)
    parts = (codes.Effect(finding["effect"]).label(lang), where)
    sentence = texts.rule_sentence(finding["code"], json.loads(finding["params"]), lang)
    return f"  {escape(' · '.join(part for part in parts if part))} : {escape(sentence)}"


def _key(item: Mapping[str, Any]) -> Key:
    return item["population_group"], item["measure"], item["unit"]


def _about(point: Point) -> Key:
    return str(point.group), str(point.measure), str(point.unit)


def _figure_lines(story: Story, figure: Mapping[str, Any], lang: str) -> Iterator[RenderableType]:
    key = _key(figure)
    name = " — ".join(
        (codes.PopulationGroup(key[0]).label(lang), codes.Measure(key[1]).label(lang), codes.Unit(key[2]).label(lang))
    )
    if figure["value"] is None:
        yield message("explain_missing", lang, name=name, reason=codes.MissingReason(figure["missing_reason"]))
    else:
        basis = codes.Basis(figure["basis"]).label(lang) if figure["basis"] else "—"
        internal = message("explain_grade_internal", lang) if story.grades_are_internal else ""
        status = codes.ObsStatus(figure["obs_status"])
        state = "" if status is codes.ObsStatus.NORMAL else message("explain_figure_state", lang, state=status)
        yield message(
            "explain_figure",
            lang,
            name=name,
            value=figure["value"],
            grade=figure["grade"],
            internal=internal,
            basis=basis,
            state=state,
        )
    # what is missing for want of a return has nothing more to tell; what a decision took away has
    items = [item for item in story.bridge if _key(item) == key]
    if items and (figure["value"] is not None or any(item["decision_id"] for item in items)):
        yield _block(story, figure, items, lang)
    yield from _point_lines(story, [point for point in story.points if _about(point) == key], lang)
    yield from _other_unit_lines(story, key, lang)
    yield from _below_lines(story, [point for point in story.below if _about(point) == key], lang)
    if figure["value"] is not None:
        yield from _region_lines(story, key, lang) if story.regions else _row_lines(story, key, lang)


def _block(story: Story, figure: Mapping[str, Any], items: Sequence[Mapping[str, Any]], lang: str) -> Table:
    """From the return to the figure: each step with its reason, a rule, and what it comes to."""
    block = _columns()
    decided = {one["id"]: (point, one) for point in (*story.points, *story.below) for one in point.decisions}
    for item in items:
        block.add_row(*_item_cells(item, lang))
        # households and individuals are one question, told with the unit it is put in
        if item["decision_id"] in decided and decided[item["decision_id"]][0].unit == item["unit"]:
            for line in _alternatives(*decided[item["decision_id"]], lang):
                block.add_row("", f"[dim]{escape(line)}[/]")
    block.add_row("─" * _RULE, "")
    state = codes.ReleaseState(story.release.state) if story.release else codes.ReleaseState.DRAFT
    value = number(figure["value"], lang) if figure["value"] is not None else "—"
    revision = str(story.release.revision) if story.release else ""
    block.add_row(f"[bold]{value}[/]", f"[bold]{message(f'explain_result_{state}', lang, revision=revision)}[/]")
    return block


def _columns() -> Table:
    """Numbers below one another, each with its words."""
    block = Table.grid(padding=(0, 2, 0, 0))
    block.add_column(justify="right", no_wrap=True, min_width=_AMOUNT)
    block.add_column(overflow="fold")
    return block


def _item_cells(item: Mapping[str, Any], lang: str) -> tuple[str, str]:
    why = told.item_words(item, lang) if item["decision_id"] else told.reason_words(item, lang)
    if item["value"] is None:
        return "—", f"{escape(why)} : {codes.MissingReason(item['missing_reason']).label(lang)}"
    value = told.signed(item["value"], lang) if item["item"] or item["value"] < 0 else number(item["value"], lang)
    where = " › ".join(str(part) for part in (item["file"], item["sheet"], item["cell"]) if part)
    return value, escape(why) + (f"  [dim]({escape(where)})[/]" if where else "")


def _alternatives(point: Point, decision: Mapping[str, Any], lang: str) -> Iterator[str]:
    """What a decision left aside: the numbers of the other sources, and what else might have been decided where that would have given
    a number. On the numbers on which it was taken, not on those of today."""
    if decision["undone"]:
        return
    for value in told.not_taken(decision):
        yield message("explain_not_taken", lang, numbers=told.value_line(value, lang))
    for action, source, gives in other_actions(point, decision):
        if gives:
            yield message("explain_other_action", lang, other=_other_words(action, source, gives, point, lang))


def other_actions(point: Point, decision: Mapping[str, Any]) -> list[tuple[codes.Action, str | None, Mapping[str, int]]]:
    """The actions that were possible and not taken, each with its source and what it would have given by unit; nothing for one that
    changes no number."""
    if decision["undoes"]:
        return []
    values = tuple(Compared(**value) for value in decision["values"]) or point.asked.values
    asked = replace(point.asked, values=values)
    taken = codes.Action(decision["action"]), (decision["source"] or "").strip().casefold() or None
    told_now = {value.unit: value.value for value in reversed(values) if value.source_id in (None, Compared.RETURN) and value.value is not None}  # fmt: skip
    found: list[tuple[codes.Action, str | None, Mapping[str, int]]] = []
    for action in deciding.possible(asked):
        for source in deciding.sources(asked) if action is codes.Action.TAKE_SOURCE else (None,):
            ids = {value.source_id for value in values if value.source == source}
            if taken[0] is action and (source is None or taken[1] in (source.casefold(), *ids)):
                continue
            kept = action in (codes.Action.KEEP, codes.Action.ACCEPT_CHANGE)
            found.append((action, source, told_now if kept else deciding.outcome(asked, action, source)))
    return found


def _other_words(action: codes.Action, source: str | None, gives: Mapping[str, int], point: Point, lang: str) -> str:
    """`reconduire le mois précédent → 40 individus`."""
    said = told.action_words(action, source, lang)
    if action is codes.Action.EXCLUDE:
        return message("explain_gives", lang, action=said, numbers=message("agenda_no_value", lang))
    numbers = [told.amount(gives[unit], unit, lang) for unit in codes.Unit if unit in gives]
    if action is codes.Action.TAKE_SOURCE and point.additional:
        numbers = [f"+{amount}" for amount in numbers]
    return message("explain_gives", lang, action=said, numbers=numbers)


def _point_lines(story: Story, points: Sequence[Point], lang: str) -> Iterator[RenderableType]:
    for point in points[:POINTS_SHOWN]:
        key = "explain_open" if point.is_open else "explain_settled"
        status = point.status.label(lang)
        yield "    " + escape(message(key, lang, number_of=str(point.number), id=point.id, severity=point.severity, status=status,
                                      sentence=point.sentence(lang)))  # fmt: skip
        for value in point.values:
            yield f"        {escape(told.value_line(value, lang))}"
        if point.is_open:
            yield f"        {escape(told.weight_line(point, lang))}"
            yield f"        → {escape(told.proposal(point, lang))}"
        for decision in point.decisions:
            yield from _decision_lines(story, point, decision, lang)
    if len(points) > POINTS_SHOWN:
        yield "    " + told.counted("explain_more_points", len(points) - POINTS_SHOWN, lang, period=str(story.period))


def _other_unit_lines(story: Story, key: Key, lang: str) -> Iterator[str]:
    """Households and individuals of a place are one question, told once with the unit it is put in."""
    keys = {_key(figure) for figure in story.figures} - {key}
    for point in story.points:
        if point.is_open and _about(point) in keys and _about(point)[:2] == key[:2]:
            yield "    " + message("explain_other_unit", lang, number_of=str(point.number), unit=point.unit)


def _decision_lines(story: Story, point: Point, decision: Mapping[str, Any], lang: str) -> Iterator[str]:
    """By whom, when and why; then the number that it changed, and the numbers that it left aside."""
    state = told.holds_words(point, decision, lang)
    key = "explain_decision" if state else "explain_decision_undoing"
    undone = {"undone": str(decision["undoes"])} if decision["undoes"] else {}
    words = told.decision_words(decision, lang)
    yield "        " + escape(message(key, lang, number_of=str(decision["id"]), state=state, decision=words, **undone))
    if decision["undoes"]:
        return
    changed = _changed(story, decision)
    numbers = [told.gap_words(item["value"], item["unit"], lang) for item in changed]
    # a release does not change with what was decided since
    holds = story.release is not None or (decision["holds"] and point.status is not codes.DiscrepancyStatus.CLOSED)
    if numbers:
        yield "            " + message("explain_changed" if holds else "explain_changed_still", lang, numbers=numbers,
                                       period=str(story.period))  # fmt: skip
    elif holds:
        later = decision["action"] in codes.CHANGES_A_NUMBER and story.release is None
        yield "            " + message("explain_changed_later" if later else "explain_unchanged", lang, period=str(story.period))
    if point.unit not in {item["unit"] for item in changed}:  # else they stand with the step of the bridge
        for line in _alternatives(point, decision, lang):
            yield f"            [dim]{escape(line)}[/]"


def _changed(story: Story, decision: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [item for item in story.bridge if item["decision_id"] == decision["id"]]


def _below_lines(story: Story, points: Sequence[Point], lang: str) -> Iterator[str]:
    """How many are open in the places below, and where, the heaviest first."""
    waiting = Counter(point.place_id for point in points if point.is_open)
    if not waiting:
        return
    named = [f"{told.label(place_id, lang)} ({count})" for place_id, count in list(waiting.items())[:POINTS_SHOWN]]
    yield "    " + escape(told.counted("explain_below", waiting.total(), lang, places=", ".join(named) + ("…" if len(waiting) > POINTS_SHOWN else ""),
                                       period=str(story.period)))  # fmt: skip


def _other_lines(story: Story, lang: str) -> Iterator[RenderableType]:
    """Discrepancies about what the place has no number of: an event without a trace in the return, a flow nobody told."""
    keys = {_key(figure) for figure in story.figures}
    own = [point for point in story.points if _about(point) not in keys]
    below = [point for point in story.below if _about(point) not in keys]
    if own or any(point.is_open for point in below):
        yield message("explain_other_points", lang)
        yield from _point_lines(story, own, lang)
        yield from _below_lines(story, below, lang)


def _apart_lines(story: Story, lang: str) -> Iterator[str]:
    """Numbers that seem to disagree and do not."""
    if not story.apart:
        return
    yield message("explain_apart", lang)
    for row in story.apart[:POINTS_SHOWN]:
        yield f"    {escape(told.not_comparable_words(row, lang))}"
    if len(story.apart) > POINTS_SHOWN:
        yield "    " + told.counted("explain_more_apart", len(story.apart) - POINTS_SHOWN, lang)


def _region_lines(story: Story, key: Key, lang: str) -> Iterator[RenderableType]:
    """The country by its regions, and how to go on to the rows of one."""
    named = [(name, figures[key]) for name, figures in story.regions if key in figures]
    known = [(name, figure["value"]) for name, figure in named if figure["value"] is not None]
    block = _columns()
    for name, value in known:
        block.add_row(number(value, lang), escape(name))
    silent = [name for name, figure in named if figure["value"] is None]
    if silent:
        block.add_row("—", escape(", ".join(silent)))
    yield block
    yield message("explain_region_more", lang, period=str(story.period))


def _row_lines(story: Story, key: Key, lang: str) -> Iterator[str]:
    field = _CELL_OF[key[2]]
    behind = list(_rows_behind(story, key))
    for row, place_id in behind[:ROWS_SHOWN]:
        yield message(
            "explain_row", lang, value=row[field], place=reference.gazetteer().place(place_id).name, file=row["file"],
            sheet=row["sheet"], cell=cell_of(row, field), sha256=row["sha256"][:12], observed_on=row["observed_on"],
            basis=codes.Basis(row["basis"]) if row["basis"] else None,
        )  # fmt: skip

    if len(behind) > ROWS_SHOWN:
        yield message("explain_more_rows", lang, count=len(behind) - ROWS_SHOWN)


def _rows_behind(story: Story, key: Key) -> Iterator[tuple[Mapping[str, Any], str]]:
    """The source rows of one number, each with the place it is counted at."""
    inside = _inside(story.place_id)
    for row in story.rows:
        if row[_CELL_OF[key[2]]] is None:
            continue
        if row["table_name"] == _STOCK_SHEETS.get((key[0], key[1])):
            yield row, row["place_id"]
        elif row["table_name"] == "movement" and key[0] == "idp":
            for movement, measure, end in FLOW_ENDS:
                if (row["movement"], key[1]) == (movement, measure) and row[end] in inside:
                    yield row, row[end]


# --- for machines -------------------------------------------------------------------------------------------------------


def as_json(story: Story, lang: str = "fr") -> dict[str, Any]:
    said = ("code", "effect", "file", "sheet", "cell", "row", "value", "message", "remedy")
    lifted = [[message(key, lang, **params) for key, params in finding["lifted"]] for finding in story.findings]
    return {
        "place": story.name, "pcode": story.pcode, "level": story.level, "period": str(story.period), "release": _release_json(story),
        "figures": [dict(figure) for figure in story.figures],
        "bridge": [{name: _day(value) for name, value in item.items()} for item in story.bridge],
        "rows": [_row_json(row) for row in story.rows],
        "findings": [
            {name: finding[name] for name in said} | {"lifted": by} for finding, by in zip(story.findings, lifted, strict=True)
        ],
        "discrepancies": [_point_json(story, point, lang) for point in story.points],
        "discrepancies_below": [_point_json(story, point, lang) for point in story.below],
        "not_comparable": [
            {"group": row["population_group"], "values": [told.value_form(Compared(**value)) for value in row["values"]],
             "reason": row["reason"], "sentence": told.not_comparable_words(row, lang)}
            for row in story.apart
        ],
    }  # fmt: skip


def _release_json(story: Story) -> dict[str, Any]:
    """Whose numbers these are; revision 0 is the working draft."""
    release = story.release
    if release is None:
        return {"revision": 0, "state": str(codes.ReleaseState.DRAFT), "official": False}
    named = ("published_on", "minutes_number", "signed_by", "dataset_sha256", "grades_published")
    said = {name: _day(getattr(release, name)) for name in named}
    official = release.state == codes.ReleaseState.PUBLISHED
    return {"revision": release.revision, "state": str(release.state), "official": official, **said}


def _day(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _point_json(story: Story, point: Point, lang: str) -> dict[str, Any]:
    """A discrepancy in the form of `discrepancies --json`, with its place, its unit and what was decided."""
    decisions = [
        {
            "id": decision["id"], "action": decision["action"], "source": decision["source"], "by": decision["decided_by"],
            "date": _day(decision["decided_on"]), "reason": decision["reason"], "undoes": decision["undoes"],
            "holds": decision["holds"], "undone": decision["undone"],
            "changed": [{"unit": item["unit"], "value": item["value"]} for item in _changed(story, decision)],
            "not_taken": [told.value_form(value) for value in told.not_taken(decision)],
            "other_actions": [
                {"action": str(action), "source": source, "gives": dict(gives)} for action, source, gives in other_actions(point, decision)
            ],
        }
        for decision in point.decisions
    ]  # fmt: skip
    more = {"number": point.number, "place": point.place, "unit": str(point.unit), "impact": point.impact, "severity": str(point.severity)}  # fmt: skip
    return {**told.machine_form(point, lang), **more, "decisions": decisions}


def _row_json(row: Mapping[str, Any]) -> dict[str, Any]:
    gazetteer = reference.gazetteer()
    ends = {
        name.removesuffix("_place_id") or "at": row[name] for name in ("place_id", "from_place_id", "to_place_id") if row[name]
    }
    return {
        "file": row["file"], "sha256": row["sha256"], "sheet": row["sheet"], "row": row["row"], "table": row["table_name"],
        "accepted": bool(row["accepted"]),
        "places": {end.replace("place_id", "at"): gazetteer.place(place_id).name for end, place_id in ends.items()},
        "cells": {field: {"cell": cell_of(row, field), "value": row[field]} for field in _CELL_OF.values()},
    }  # fmt: skip
