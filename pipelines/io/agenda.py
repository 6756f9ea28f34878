"""What the meeting has before it: the disagreements of a month as people are shown them, in the order of what they weigh, with
the words in which each is told. Shared by the commands, the workbook of the meeting and the query letters; imports no pandas."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any

from pipelines import deciding
from pipelines.deciding import Question
from pipelines.io import place_names, reference
from pipelines.io.store import Store
from pipelines.model import Compared, Period, SectorCover
from pipelines.model import cell_of as cell_at
from pipelines.places import LEVELS
from schemas import texts
from schemas.cells import plain
from schemas.codes import (
    UNSETTLED,
    WAITS_FOR_THE_REGION,
    Action,
    AdjustmentKind,
    DiscrepancyStatus,
    Measure,
    Movement,
    Owner,
    PopulationGroup,
    Severity,
    Shock,
    Unit,
)
from schemas.texts import LANGUAGES, message, number, percent

COUNTRY = "ML"
SMALLEST_SHARE = 0.001
"""What one decimal of a percentage still shows."""


@dataclass(frozen=True, slots=True)
class Point:
    """A discrepancy as people are shown it. `number` is its place in the order of impact; `gap` is signed, in `unit`; `impact` the
    persons at stake and `share` their part of the national total. `decisions` are all that was decided about it, the oldest first,
    and `standing` the one that holds."""

    number: int
    id: str
    fingerprint: str
    rule: str
    period: Period
    place_id: str
    place: str
    pcode: str | None
    region_id: str | None
    region: str
    group: PopulationGroup
    measure: Measure
    unit: Unit
    values: tuple[Compared, ...]
    gap: int
    impact: int
    share: float | None
    severity: Severity
    status: DiscrepancyStatus
    params: Mapping[str, Any]
    told: str
    """Its sentence in French, as the store keeps it."""
    proposed: Action
    owner: Owner
    partner: str | None
    due: date | None
    age_days: int
    overdue_days: int
    reply: str | None
    former: Mapping[str, Any] | None
    """The decision that stood until the values changed."""
    additional: bool
    asked: Question
    decisions: tuple[Mapping[str, Any], ...] = ()
    standing: Mapping[str, Any] | None = None

    @property
    def is_open(self) -> bool:
        return self.status in UNSETTLED

    def sentence(self, lang: str) -> str:
        return self.told if lang == "fr" else texts.rule_sentence(self.rule, self.params, lang)

    def remedy(self, lang: str) -> str:
        return texts.rule_remedy(self.rule, self.params, lang)

    @property
    def possible(self) -> tuple[Action, ...]:
        return deciding.possible(self.asked)

    @property
    def sources(self) -> tuple[str, ...]:
        """Whose number may be taken in the place of the return's."""
        return deciding.sources(self.asked)


@dataclass(frozen=True, slots=True)
class Agenda:
    """The month before the CMP on `day`. `points` are all discrepancies, open ones first, by impact. `not_comparable` and `events` are
    rows of the store, the `values` of the former as `Compared`; each of `moves` is {from, to, households, individuals, where}, the ends ids of places.
    `cover` holds the sectors that are asked for where nobody of them works, most persons first, then those that are there."""

    period: Period
    day: date
    points: tuple[Point, ...]
    not_comparable: tuple[Mapping[str, Any], ...] = ()
    events: tuple[Mapping[str, Any], ...] = ()
    moves: tuple[Mapping[str, Any], ...] = ()
    cover: tuple[SectorCover, ...] = ()

    @property
    def open_points(self) -> tuple[Point, ...]:
        return tuple(point for point in self.points if point.is_open)


# --- from the store -----------------------------------------------------------------------------------------------------


def agenda(store: Store, period: Period, day: date, *, region_id: str | None = None) -> Agenda:
    """What there is to decide about a month, seen on `day`; of one region alone when it is given."""

    def here(row: Mapping[str, Any]) -> bool:
        return region_id in (None, region_of(row["place_id"]))

    return Agenda(
        period, day, points(store, period, day, region_id=region_id), tuple(_with_values(row) for row in store.not_comparable(period) if here(row)),
        tuple(filter(here, store.events(period))), _moves(store, period, region_id), _cover(store, period, region_id),
    )  # fmt: skip


def points(store: Store, period: Period, day: date, *, region_id: str | None = None) -> tuple[Point, ...]:
    """The discrepancies of a month, open ones first, by impact. Their numbers are those of the whole country."""
    past = store.past_totals(period)
    found = [_point(row, day, past) for row in store.discrepancies(period)]
    order = {asked.id: number for number, asked in enumerate(deciding.ranked(point.asked for point in found))}
    ordered = sorted(found, key=lambda point: (not point.is_open, order[point.id]))
    numbered = (replace(point, number=number) for number, point in enumerate(ordered, start=1))
    return tuple(point for point in numbered if region_id in (None, point.region_id))


def region_of(place_id: str) -> str | None:
    """The region a place lies in, itself when it is one, None for the country."""
    return None if place_id == COUNTRY else reference.gazetteer().region_of(place_id) or place_id


def _former(decision: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    return decision and {**decision, "decided_on": date.fromisoformat(decision["decided_on"])}


def _with_values(row: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**row, "values": tuple(Compared(**value) for value in row["values"])}


def _point(row: Mapping[str, Any], day: date, past: Mapping[tuple[str, str, str], Mapping[str, int]]) -> Point:
    status, region = DiscrepancyStatus(row["status"]), region_of(row["place_id"])
    before = past.get((row["place_id"], row["population_group"], row["measure"]), {})
    asked = replace(deciding.question(row), past=before)
    standing = next((decision for decision in row["decisions"] if decision["holds"]), None)
    return Point(
        number=0, id=row["id"], fingerprint=row["fingerprint"], rule=row["rule"], period=Period.parse(row["period"]),
        place_id=row["place_id"], place=row["place"], pcode=row["pcode"], region_id=region, region=region_name(region),
        group=PopulationGroup(row["population_group"]), measure=Measure(row["measure"]), unit=Unit(row["unit"]), values=asked.values,
        gap=row["gap"], impact=row["impact"], share=row["share"], severity=Severity(row["severity"]), status=status,
        params=row["params"], told=row["sentence"], proposed=Action(row["proposed"] or texts.rules()[row["rule"]].proposed or Action.ASK_REGION),
        owner=Owner(row["owner"] or Owner.DNDS), partner=row["partner"], due=row["due"], age_days=max(0, (day - row["first_seen"]).days),
        overdue_days=deciding.days_late(row["due"], day) if status in UNSETTLED else 0, reply=row["reply"],
        former=_former(row["reopened_because"]), additional=row["additional"], asked=asked, decisions=tuple(row["decisions"]), standing=standing,
    )  # fmt: skip


def _moves(store: Store, period: Period, region_id: str | None) -> tuple[Mapping[str, Any], ...]:
    """Secondary displacements as each return tells them: two returns that tell of one are two lines, and nothing is summed."""
    gazetteer = reference.gazetteer()
    everywhere = {
        place.place_id for vintage in gazetteer.vintages for level in LEVELS for place in gazetteer.places(level, vintage)
    }
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in store.observations_for(period, everywhere, ["movement"]):
        ends = row["from_place_id"], row["to_place_id"]
        if row["movement"] != Movement.SECONDARY or not row["accepted"]:
            continue
        if region_id not in (None, *(region_of(end) for end in ends if end)):
            continue
        line = found.setdefault((*(end or "" for end in ends), row["file"]), {  # type: ignore[arg-type]
            "from": ends[0], "to": ends[1], "households": None, "individuals": None, "where": [],
        })  # fmt: skip
        for unit in ("households", "individuals"):
            if row[unit] is not None:
                line[unit] = (line[unit] or 0) + row[unit]
        line["where"].append(" › ".join(part for part in (row["file"], row["sheet"], cell_of(row, "individuals")) if part))
    return tuple(found[key] for key in sorted(found))


def cell_of(row: Mapping[str, Any], field: str) -> str | None:
    """The A1 address of a field of a source row in its author's own file."""
    return cell_at(json.loads(row["columns"]).get(row["table_name"], {}).get(field), row["row"])


def _cover(store: Store, period: Period, region_id: str | None) -> tuple[SectorCover, ...]:
    """What is missing by the persons it is missing for, and what is there by place; a sector that nobody asks for and that is not
    there is neither."""
    told = [line for line in store.cover(period) if region_id in (None, region_of(line.place_id))]
    gaps = sorted((line for line in told if line.is_gap), key=lambda line: (-(line.persons_without or 0), line.rank or 0))
    there = sorted(
        (line for line in told if line.actors and not line.is_gap), key=lambda line: region_name(region_of(line.place_id))
    )
    return (*gaps, *there)


# --- the words of it ----------------------------------------------------------------------------------------------------


def label(place_id: str, lang: str = "fr") -> str:
    """A place as people tell it from its namesakes: `Bankass (région de Mopti)`; the country by its name."""
    gazetteer = reference.gazetteer()
    return message("agenda_country", lang) if place_id == COUNTRY else place_names.label(gazetteer, place_id, lang)


def region_name(region_id: str | None, lang: str = "fr") -> str:
    return reference.gazetteer().place(region_id).name if region_id else message("agenda_country", lang)


def amount(value: int | None, unit: str, lang: str = "fr") -> str:
    """`80 000 individus`; a word where the number is missing."""
    if value is None:
        return message("agenda_no_value", lang)
    one = abs(value) < 2 if lang == "fr" else abs(value) == 1
    return message(f"agenda_{unit}_{'one' if one else 'many'}", lang, value=value)


def counted(key: str, count: int, lang: str = "fr", **params: Any) -> str:
    """The text `{key}_one` or `{key}_many`, filled with `count`."""
    return message(f"{key}_{'one' if count == 1 or (lang == 'fr' and count == 0) else 'many'}", lang, count=count, **params)


def persons(count: int, lang: str = "fr") -> str:
    return counted("agenda_persons", count, lang)


def days(count: int, lang: str = "fr") -> str:
    return counted("agenda_days", count, lang)


def signed(gap: int, lang: str = "fr") -> str:
    return ("+" if gap > 0 else "−" if gap < 0 else "") + number(abs(gap), lang)


def gap_words(gap: int, unit: str, lang: str = "fr") -> str:
    """A signed number with its unit: `+4 000 individus`."""
    return ("+" if gap > 0 else "−" if gap < 0 else "") + amount(abs(gap), unit, lang)


def age_words(age: int, lang: str = "fr") -> str:
    return message("agenda_age", lang, age=days(age, lang)) if age else message("agenda_new", lang)


def part(share: float | None, lang: str = "fr") -> str:
    """A share of the national total; what is too small for one decimal is told as that, never as nothing."""
    if share is None:
        return message("agenda_no_share", lang)
    if 0 < abs(share) < SMALLEST_SHARE:
        return message("agenda_tiny_share", lang, smallest=percent(SMALLEST_SHARE, lang))
    return percent(abs(share), lang)


def value_words(value: Compared, lang: str = "fr") -> tuple[str, str]:
    """A number with its source and day, and where it stands (empty when nobody says)."""
    key = "agenda_value" if value.as_of else "agenda_value_undated"
    as_of = day_or_text(value.as_of, lang)
    said = message(key, lang, source=source_words(value, lang), amount=amount(value.value, value.unit, lang), as_of=as_of)
    return said, value.where or ""


def value_line(value: Compared, lang: str = "fr") -> str:
    """`Fiche : 80 000 individus, au 31/12/2019 (fiche_mopti.xlsx, PDI, H4)`."""
    said, where = value_words(value, lang)
    return f"{said} ({where})" if where else said


def weight_line(point: Point, lang: str = "fr") -> str:
    """How far the numbers are apart, and what that weighs in the country."""
    key = "discrepancies_gap_unknown" if point.share is None else "discrepancies_gap" if point.gap else "discrepancies_no_gap"
    gap = gap_words(point.gap, point.unit, lang)
    return message(key, lang, gap=gap, persons=persons(point.impact, lang), part=part(point.share, lang))


def source_words(value: Compared, lang: str = "fr") -> str:
    """A source as people call it: the return by its word, an organisation by its name."""
    key = next(
        (key for key in ("source_return", "source_return_arrivals", "source_carried") if value.source == message(key)), None
    )
    return message(key, lang) if key and value.source_id == Compared.RETURN else value.source


def counted_as(group: PopulationGroup, measure: Measure, unit: Unit, lang: str = "fr") -> str:
    return f"{group.label(lang)}, {measure.label(lang)}, {unit.label(lang)}"


def owner_words(owner: Owner, partner: str | None, lang: str = "fr") -> str:
    return partner or owner.label(lang)


def due_words(point: Point, lang: str = "fr") -> str:
    """Until when an answer is due."""
    if point.due is None:
        return message("agenda_no_due", lang)
    return message("agenda_due", lang, day=point.due)


def action_words(action: str, source: str | None, lang: str = "fr") -> str:
    said = Action(action).label(lang)
    return message("agenda_action_of", lang, action=said, source=source) if source else said


def decision_words(decision: Mapping[str, Any], lang: str = "fr") -> str:
    """`garder la fiche, par A. Diarra le 12/01/2020 : « vérifié au téléphone »`."""
    action = action_words(decision["action"], decision.get("source"), lang)
    key = "agenda_undone_by" if decision.get("undoes") else "agenda_decision"
    return message(key, lang, action=action, by=decision["decided_by"], day=decision["decided_on"], reason=decision["reason"])


def summary(points: Iterable[Point], lang: str = "fr") -> str:
    """How many are open, and how few of them explain how much."""
    open_points = [point for point in points if point.is_open]
    if not open_points:
        return message("agenda_nothing_open", lang)
    asked = [point.asked for point in open_points]
    said = counted("agenda_open", len(asked), lang)
    few = deciding.explaining(asked) < len(asked)
    return f"{said} {deciding.explained(asked, lang)}".rstrip() if few else said


def not_comparable_words(row: Mapping[str, Any], lang: str = "fr") -> str:
    """Why two numbers are not held against each other."""
    return str(row["sentence"]) if lang == "fr" else message(row["reason"], lang, **row["params"])


@cache
def _action_words() -> Mapping[str, Action]:
    found: dict[str, Action] = {}
    for action in Action:
        words = (
            str(action),
            *(action.label(lang) for lang in LANGUAGES),
            *(message(f"action_word_{action}", lang) for lang in LANGUAGES),
        )
        found.update({plain(word): action for word in words})
    return found


def action_meant(text: str) -> Action | None:
    """The action that a word names: what is typed (« garder », `keep`), its label or its code, in French or English."""
    return _action_words().get(plain(text))


def word_of(action: Action, lang: str = "fr") -> str:
    """What people type for an action."""
    return message(f"action_word_{action}", lang)


def rule_title(rule: str, lang: str = "fr") -> str:
    return message(f"rule_title_{rule}", lang)


def day_or_text(as_of: str, lang: str = "fr") -> str:
    """The day of a number as people write it; what is no day as it is, and a dash for nothing."""
    if not as_of:
        return "—"
    try:
        return texts.day(as_of, lang)
    except ValueError:
        return as_of


def answered_lines(point: Point, day: date, lang: str = "fr") -> list[str]:
    """What is known beside the numbers: the answer given, to whom it goes when none came in time, what was decided before."""
    lines = [message("agenda_reply", lang, reply=point.reply)] if point.reply else []
    if point.is_open and not point.reply and (late := deciding.escalation_sentence(point.due, day, lang)):
        lines.append(late)
    if point.former is not None:
        lines.append(message("agenda_reopened", lang, decision=decision_words(point.former, lang)))
    elif point.status is DiscrepancyStatus.ASKED and point.standing is not None:
        lines.append(message("agenda_asked", lang, decision=decision_words(point.standing, lang)))
    return lines


def span(low: int | None, high: int | None, lang: str = "fr") -> str:
    """A range of counts; one number when both ends are the same."""
    if low is None or high is None:
        return message("agenda_no_value", lang)
    return number(low, lang) if low == high else message("agenda_span", lang, low=low, high=high)


def shock_words(shock: str | None, lang: str = "fr") -> str:
    return Shock(shock).label(lang) if shock in set(Shock) else shock or ""


def origin_words(origin: str | None, lang: str = "fr") -> str:
    known = (
        {
            place.place_id
            for vintage in reference.gazetteer().vintages
            for level in LEVELS
            for place in reference.gazetteer().places(level, vintage)
        }
        if origin
        else ()
    )
    return label(origin, lang) if origin and origin in known else origin or ""


def group_label(group: str, lang: str = "fr") -> str:
    return PopulationGroup(group).label(lang)


def item_words(item: Mapping[str, Any], lang: str = "fr") -> str:
    """An item of the bridge that a decision made: `décision n° 3 de la CMP, …, par Awa Traoré le 12/01/2020 : « … »`, with the place
    that was decided about when it is another one."""
    elsewhere = item["about_place_id"] not in (None, item["place_id"])
    return message(
        "agenda_item_at" if elsewhere else "agenda_item", lang, number_of=str(item["decision_id"]),
        place=label(item["about_place_id"], lang) if elsewhere else "", action=action_words(item["action"], item["decision_source"], lang), by=item["decided_by"],
        day=item["decided_on"], reason=item["decision_reason"],
    )  # fmt: skip


def reason_words(item: Mapping[str, Any], lang: str = "fr") -> str:
    """The reason of an item of the bridge, whose beginning is its kind, in the language asked for."""
    kind, reason = AdjustmentKind(item["kind"]), str(item["reason"] or "")
    if lang == "fr" or not reason.startswith(kind.fr):
        return reason
    return kind.label(lang) + reason.removeprefix(kind.fr).replace(" :", ":", 1)


def not_taken(decision: Mapping[str, Any]) -> tuple[Compared, ...]:
    """The numbers that a decision left aside, as they stood when it was taken; none while it only asks, or takes another back."""
    action = Action(decision["action"])
    if decision["undoes"] or action in WAITS_FOR_THE_REGION:
        return ()
    values = tuple(Compared(**value) for value in decision["values"])
    retained = {Action.KEEP: Compared.RETURN, Action.ACCEPT_CHANGE: Compared.RETURN, Action.CARRY_FORWARD: Compared.PAST}
    wanted = retained.get(action) or (decision["source"] or "").strip().casefold()
    return tuple(value for value in values if wanted not in ((value.source_id or "").casefold(), value.source.strip().casefold()))


def taken_words(decision: Mapping[str, Any], lang: str = "fr") -> str:
    """What a decision puts in the place of the return's number."""
    numbers = [amount(decision[f"{unit}s"], unit, lang) for unit in Unit if decision[f"{unit}s"] is not None]
    return "\n".join(part for part in (decision["source"], *numbers) if part)


def holds_words(point: Point, decision: Mapping[str, Any], lang: str = "fr") -> str:
    """Whether a decision holds, was taken back, or was taken on values that have changed since."""
    if decision["undoes"]:
        return ""
    key = "undone" if decision["undone"] else "holds" if point.standing is decision else "replaced"
    if point.former is not None and point.former["decision_id"] == decision["id"]:
        key = "reopened"
    elif key == "holds" and point.status is DiscrepancyStatus.CLOSED:
        key = "closed"
    return message(f"agenda_state_{key}", lang)


def proposal(point: Point, lang: str = "fr") -> str:
    """What is proposed, and how to go about it: `Interroger la région. Demander…`. To take the value of people who come on top is
    to add them."""
    adds = point.additional and point.proposed is Action.TAKE_SOURCE
    action = message("agenda_adds", lang) if adds else point.proposed.label(lang)
    if point.proposed is Action.ASK_REGION and point.owner is not Owner.REGION:
        action = message("agenda_ask", lang, owner=owner_words(point.owner, point.partner, lang))
    return message("agenda_proposal", lang, action=f"{action[:1].upper()}{action[1:]}", remedy=point.remedy(lang))


def machine_form(point: Point, lang: str = "fr") -> dict[str, Any]:
    """A discrepancy as `discrepancies --json` prints it (DESIGN 7)."""
    return {
        "id": point.id, "rule": point.rule, "period": str(point.period), "pcode": point.pcode, "group": str(point.group),
        "measure": str(point.measure), "values": [value_form(value) for value in point.values], "gap": point.gap, "share": point.share,
        "status": str(point.status), "sentence": point.sentence(lang), "proposed": str(point.proposed), "owner": str(point.owner),
        "due": point.due.isoformat() if point.due else None,
    }  # fmt: skip


def value_form(value: Compared) -> dict[str, Any]:
    return {"source": value.source, "value": value.value, "unit": value.unit, "as_of": value.as_of, "where": value.where}
