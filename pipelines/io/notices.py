"""Notices of adjustment: what the figures of a region owe to somebody else than the region, told to it before they are signed.

Every region with an adjustment is written to, in French: what it declared, each adjustment with its reason and its cell, the figure
that comes of it, and how to accept or to contest it. The same bridge gives the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from docx.document import Document as Docx
from docx.enum.text import WD_ALIGN_PARAGRAPH

from pipelines.io import agenda as told
from pipelines.io.correspondence import Calendar
from pipelines.io.exports import withdraw_workbooks_of_people, write_workbook_of_people
from pipelines.io.letterhead import Sender, address, blank, finish, heading, letterhead, page_numbers, say, sign, table
from pipelines.io.store import Store
from pipelines.model import Compared, Period
from pipelines.places import Gazetteer
from schemas import texts
from schemas.cells import plain
from schemas.codes import Action, AdjustmentKind, Effect, Measure, NoticeReply, PopulationGroup, Unit
from schemas.texts import message

FOLDER = "avis"
_SEALS = ".written"
TOLD = (
    AdjustmentKind.ROW_REJECTED, AdjustmentKind.MOVED_OUT, AdjustmentKind.MOVED_IN, AdjustmentKind.TOLD_BY_OWN_REGION,
    AdjustmentKind.CARRIED_FORWARD, AdjustmentKind.DECISION,
)  # fmt: skip
"""What a region is told of. A commune that its whole-cercle row already counts is arithmetic of its own return."""
_OF_RETURN = frozenset({AdjustmentKind.ROW_REJECTED, AdjustmentKind.TOLD_BY_OWN_REGION})
"""Told to the region whose return holds the row, not to the one whose place it names: nothing of that one's changes."""
_LEVELS = (Measure.STOCK, Measure.CUMULATIVE)
_COUNTRY = told.COUNTRY

Key = tuple[PopulationGroup, Measure]
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Decided:
    """The decision behind an adjustment, with the number of its record; `cited` are the numbers that it took, or took away, whose
    cell is known."""

    number: int
    action: Action
    source: str | None
    by: str
    on: date
    reason: str
    cited: tuple[Compared, ...] = ()


@dataclass(frozen=True, slots=True)
class Adjusted:
    """One adjustment, at the lowest place where it is made. `amounts` are signed, by unit; `other` is the region that the row came
    from or went to; `reason` says in French why, the decision aside; `cells` are the addresses of the numbers in the return."""

    kind: AdjustmentKind
    place_id: str
    group: PopulationGroup
    measure: Measure
    amounts: Mapping[Unit, int]
    reason: str = ""
    other: str | None = None
    decision: Decided | None = None
    file: str | None = None
    sheet: str | None = None
    cells: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        """`fiche_gao.xlsx, PDI, F8, G8`; empty for what stands in no return."""
        return ", ".join(part for part in (self.file, self.sheet, *self.cells) if part)

    @property
    def known_by(self) -> tuple[Any, ...]:
        """What makes it the same adjustment in two revisions; the file and the cell may be those of another version of a return."""
        decision = self.decision.number if self.decision else None
        return (self.kind, self.place_id, self.group, self.measure, *self.amounts.items(), self.other, decision)


@dataclass(frozen=True, slots=True)
class Total:
    """What a region declared in its return and what the figure is, by unit; None where there is none."""

    group: PopulationGroup
    measure: Measure
    declared: Mapping[Unit, int | None]
    official: Mapping[Unit, int | None]


@dataclass(frozen=True, slots=True)
class Notice:
    """What one region is told of one candidate revision. `totals` are those of its stocks, and of the flows that an item changes;
    with `counted_once`, communes that a whole-cercle row of its return counts as well are in what it declared once."""

    region_id: str
    region: str
    period: Period
    revision: int
    items: tuple[Adjusted, ...]
    totals: tuple[Total, ...]
    counted_once: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """The letters that were written, and what was set aside since somebody had worked in it."""

    folder: Path
    letters: tuple[Path, ...] = ()
    aside: tuple[Path, ...] = ()

    @property
    def paths(self) -> tuple[Path, ...]:
        return (*self.letters, *self.aside)


# --- who is told what ---------------------------------------------------------------------------------------------------


def of_release(store: Store, period: Period, gazetteer: Gazetteer, *, revision: int) -> tuple[Notice, ...]:
    """The notices of a revision that circulates, in the order of region ids; with `revision=0`, of the working draft. A region whose
    adjustments are those of the revision before has been told."""
    made = _of_revision(store, period, gazetteer, revision)
    if revision < 2:
        return made
    before = {notice.region_id: _known(notice) for notice in _of_revision(store, period, gazetteer, revision - 1)}
    return tuple(notice for notice in made if before.get(notice.region_id) != _known(notice))


def _known(notice: Notice) -> frozenset[tuple[Any, ...]]:
    return frozenset(item.known_by for item in notice.items)


def _of_revision(store: Store, period: Period, gazetteer: Gazetteer, revision: int) -> tuple[Notice, ...]:
    regions = [row.place_id for row in store.region_board(period) if row.place_id != _COUNTRY]
    asked = store.discrepancies(period)
    decided = {row["place_id"] for row in asked if row["decisions"]} - {_COUNTRY}
    cited = {decision["id"]: _cited(decision) for row in asked for decision in row["decisions"]}
    # all adjustments reach their region, but for a decision about a commune that its cercle counts whole
    places = [*regions, *sorted(decided - set(regions))]
    rows = [row | {"place_id": place} for place in places for row in store.bridge(period, place, revision=revision)]
    return notices(rows, gazetteer, period=period, revision=revision, findings=store.findings(period), cited=cited)


def _cited(decision: Row) -> tuple[Compared, ...]:
    """The numbers that a decision takes, or the one that it excludes, where it is known in which cell they stand."""
    values = tuple(Compared(**value) for value in decision["values"])
    if decision["action"] == Action.EXCLUDE:
        about = [value for value in values if value.source_id == Compared.RETURN]
    else:
        aside = told.not_taken(decision)
        about = [value for value in values if value not in aside]
    return tuple(value for value in about if value.where)


def notices(
    bridge_rows: Iterable[Row], gazetteer: Gazetteer, *, period: Period, revision: int, findings: Iterable[Row] = (),
    cited: Mapping[int, tuple[Compared, ...]] | None = None,
) -> tuple[Notice, ...]:  # fmt: skip
    """One notice for each region that has something to be told, in the order of region ids, its items from the heaviest down.

    `bridge_rows` are items as `Store.bridge` gives them, of the regions and of any places below them: an adjustment stands at its
    place and at all above, and is told once. `findings` (as `Store.findings` gives them) say why a row was rejected, `cited` by the id of
    a decision which numbers it took.
    """
    rows = _without_moves_for_nothing([row for row in bridge_rows if row["place_id"] != _COUNTRY])
    found: dict[str, dict[tuple[Any, ...], list[Row]]] = {}
    for row in rows:
        if row["kind"] in TOLD and row["value"]:
            found.setdefault(_region(row["place_id"], gazetteer), {}).setdefault(_identity(row), []).append(row)
    ends, why, cited = _ends(rows, gazetteer), _why_rejected(findings), cited or {}
    made = []
    for region_id in sorted(found):
        told_ones = _told_items(region_id, found[region_id].values(), gazetteer, ends, why)
        items = tuple(_with_cells(item, cited) for item in told_ones)
        if items:
            own = [row for row in rows if row["place_id"] == region_id]
            once = any(row["kind"] == AdjustmentKind.INSIDE_CERCLE_ROW for row in own)
            made.append(Notice(region_id, gazetteer.place(region_id).name, period, revision, items, _totals(own, items), once))
    return tuple(made)


def _with_cells(item: Adjusted, cited: Mapping[int, tuple[Compared, ...]]) -> Adjusted:
    made = item.decision
    return item if made is None else replace(item, decision=replace(made, cited=cited.get(made.number, ())))


def _without_moves_for_nothing(rows: Sequence[Row]) -> list[Row]:
    """The rows without those received from another region that a whole-cercle row counts already: they change nothing there."""
    both = (AdjustmentKind.MOVED_IN, AdjustmentKind.INSIDE_CERCLE_ROW)
    kinds: dict[tuple[Any, ...], set[str]] = {}
    for row in rows:
        kinds.setdefault(_number_of(row), set()).add(row["kind"])
    return [row for row in rows if row["kind"] not in both or not kinds[_number_of(row)].issuperset(both)]


def _number_of(row: Row) -> tuple[Any, ...]:
    """One number of a return at one place."""
    return tuple(row[name] for name in ("place_id", "population_group", "measure", "unit", "submission_id", "sheet", "row"))


def _region(place_id: str, gazetteer: Gazetteer) -> str:
    return gazetteer.region_of(place_id) or place_id


def _identity(row: Row) -> tuple[Any, ...]:
    """What the same adjustment has in common at every place and in both units."""
    named = ("kind", "population_group", "measure", "submission_id", "sheet", "row", "decision_id")
    # without a row or a decision, only the place itself tells two apart
    nowhere = row["row"] is None and row["decision_id"] is None
    return (*(row[name] for name in named), _about(row) if nowhere else None)


def _about(row: Row) -> str:
    return str(row["about_place_id"] or row["place_id"])


def _ends(rows: Iterable[Row], gazetteer: Gazetteer) -> Mapping[tuple[Any, Any, Any], str]:
    """The region whose return a row stands in, by its file, sheet and number."""
    return {
        (row["submission_id"], row["sheet"], row["row"]): row["place_id"]
        for row in rows
        if row["kind"] == AdjustmentKind.MOVED_OUT and gazetteer.place(row["place_id"]).level == "region"
    }


def _why_rejected(findings: Iterable[Row]) -> Mapping[tuple[Any, Any, Any], str]:
    """The gravest thing that was said of each rejected row."""
    why: dict[tuple[Any, Any, Any], str] = {}
    for found in findings:
        if found["effect"] == Effect.REJECT_ROW:
            given = found["params"]
            params = json.loads(given) if isinstance(given, str) else given
            at = (found["submission_id"], found["sheet"], found["row"])
            why.setdefault(at, texts.rule_sentence(found["code"], params))
    return why


def _told_items(
    region_id: str, grouped: Iterable[Sequence[Row]], gazetteer: Gazetteer, ends: Mapping[tuple[Any, Any, Any], str],
    why: Mapping[tuple[Any, Any, Any], str],
) -> Iterator[Adjusted]:  # fmt: skip
    """The adjustments of one region, the largest number of persons first."""
    items = []
    for rows in grouped:
        first = rows[0]
        if first["kind"] in _OF_RETURN and not any(row["place_id"] == region_id for row in rows):
            continue
        at = (first["submission_id"], first["sheet"], first["row"])
        item = replace(_adjusted(rows, gazetteer), reason=why.get(at, _bare_reason(first, gazetteer)))
        if item.kind in (AdjustmentKind.MOVED_OUT, AdjustmentKind.TOLD_BY_OWN_REGION):
            item = replace(item, other=_region(item.place_id, gazetteer))
        elif item.kind is AdjustmentKind.MOVED_IN:
            item = replace(item, other=ends.get(at))
        items.append(item)
    kinds, groups, measures = list(AdjustmentKind), list(PopulationGroup), list(Measure)
    yield from sorted(items, key=lambda item: (
        groups.index(item.group), measures.index(item.measure), -abs(item.amounts.get(Unit.INDIVIDUAL, 0)), kinds.index(item.kind),
        item.place_id, item.where,
    ))  # fmt: skip


def _adjusted(rows: Sequence[Row], gazetteer: Gazetteer) -> Adjusted:
    """One adjustment from all the lines that tell of it."""
    first = rows[0]
    depth = {level: at for at, level in enumerate(("country", "region", "cercle", "commune"))}
    lowest = max((_about(row) for row in rows), key=lambda place: (depth[gazetteer.place(place).level], place))
    amounts = {Unit(row["unit"]): int(row["value"]) for row in rows}
    decision = Decided(
        first["decision_id"], Action(first["action"]), first["decision_source"], first["decided_by"], first["decided_on"],
        first["decision_reason"],
    ) if first["decision_id"] is not None else None  # fmt: skip
    return Adjusted(
        AdjustmentKind(first["kind"]), lowest, PopulationGroup(first["population_group"]), Measure(first["measure"]),
        {unit: amounts[unit] for unit in Unit if unit in amounts}, decision=decision, file=first["file"], sheet=first["sheet"],
        cells=tuple(sorted({row["cell"] for row in rows if row["cell"]})),
    )  # fmt: skip


def _bare_reason(row: Row, gazetteer: Gazetteer) -> str:
    """The reason of the bridge without the name of the place, which has a column of its own."""
    reason = str(row["reason"] or AdjustmentKind(row["kind"]).fr)
    return reason.removesuffix(f" : {gazetteer.place(_about(row)).name}")


def _totals(rows: Iterable[Row], items: Sequence[Adjusted]) -> tuple[Total, ...]:
    """From all items of one region."""
    touched = {(item.group, item.measure) for item in items}
    lines: dict[Key, dict[Unit, list[Row]]] = {}
    for row in rows:
        key = PopulationGroup(row["population_group"]), Measure(row["measure"])
        if key in touched or key[1] in _LEVELS:
            lines.setdefault(key, {}).setdefault(Unit(row["unit"]), []).append(row)
    groups, measures = list(PopulationGroup), list(Measure)
    ordered = sorted(lines, key=lambda key: (groups.index(key[0]), measures.index(key[1])))
    return tuple(
        Total(*key, {unit: _declared(of) for unit, of in lines[key].items()}, {unit: _official(of) for unit, of in lines[key].items()})
        for key in ordered
    )  # fmt: skip


def _declared(rows: Sequence[Row]) -> int | None:
    """What the return says, communes inside a whole-cercle row once."""
    said = [row["value"] for row in rows if row["kind"] in (AdjustmentKind.RETURN, AdjustmentKind.INSIDE_CERCLE_ROW)]
    known = [value for value in said if value is not None]
    return sum(known) if known else None


def _official(rows: Sequence[Row]) -> int | None:
    """What the items add up to; nothing where nothing is said, or all of it was excluded."""
    values = [row["value"] for row in rows if row["value"] is not None]
    excluded = any(row["action"] == Action.EXCLUDE for row in rows)
    return None if not values or (excluded and sum(values) == 0) else sum(values)


# --- the letters --------------------------------------------------------------------------------------------------------


def notice_name(notice: Notice) -> str:
    """`avis_2019-12_r1_gao.docx`."""
    slug = plain(notice.region).replace(" ", "-")
    return message("notice_file", period=str(notice.period), version=str(notice.revision), slug=slug)


def write(folder: Path, made: Sequence[Notice], calendar: Calendar, sender: Sender, recipient: str) -> Written:
    """Writes the letters of a revision into `folder`, and takes away those of regions to which nothing is told any more. Whatever
    somebody numbered or changed since is set aside under a numbered name. `recipient` is who takes the reply. Raises OSError."""
    contents = {notice_name(notice): letter(notice, calendar, sender, recipient) for notice in made}
    seals = folder / _SEALS
    aside = [moved for name, content in contents.items() if (moved := write_workbook_of_people(folder / name, content, seals))]
    aside += withdraw_workbooks_of_people(folder, contents, seals)
    return Written(folder, tuple(folder / name for name in contents), tuple(aside))


def letter(notice: Notice, calendar: Calendar, sender: Sender, recipient: str) -> bytes:
    """The notice to one region: what it declared, each adjustment, the figure, what it may do until `calendar.due`, and a slip to
    answer on. `calendar.dated` is the day of the document."""
    document, month = blank(), texts.month(str(notice.period))
    page_numbers(document, message("notice_foot", region=notice.region, month_name=month))
    letterhead(document, sender)
    address(document, message("letter_to", region=notice.region))
    say(document, message("notice_object", month_name=month), bold=True, after=8)
    say(document, message("letter_greeting"), after=4)
    say(document, told.counted("notice_opening", len(notice.items), month_name=month, revision=str(notice.revision)))
    heading(document, message("notice_totals"))
    _totals_table(document, notice)
    if notice.counted_once:
        say(document, message("notice_counted_once"), size=8.5)
    heading(document, message("notice_items"))
    _items_table(document, notice)
    # what may be done, the signature and the slip stand on one page, so that neither is alone on the next
    first = len(document.paragraphs)
    until = message("notice_until", due=calendar.due) if calendar.due else message("notice_until_none")
    heading(document, message("notice_what"))
    say(document, message("notice_may", recipient=recipient, until=until))
    if calendar.due:
        say(document, message("notice_consequence"))
    say(document, message("letter_thanks"), after=10)
    sign(document, sender)
    _slip(document, notice, calendar, recipient, month)
    for paragraph in document.paragraphs[first:-1]:
        paragraph.paragraph_format.keep_with_next = True
    return finish(document, calendar.dated)


def _totals_table(document: Docx, notice: Notice) -> None:
    titles = [message(f"notice_column_{name}") for name in (
        "heading", "households_declared", "households_official", "individuals_declared", "individuals_change", "individuals_official",
    )]  # fmt: skip
    lines = [
        [
            _key_words(total.group, total.measure), *(_number(of, total, Unit.HOUSEHOLD) for of in (total.declared, total.official)),
            _number(total.declared, total, Unit.INDIVIDUAL), _change(total), _number(total.official, total, Unit.INDIVIDUAL),
        ]
        for total in notice.totals
    ]  # fmt: skip
    table(document, titles, lines, (4.9, 2.2, 2.2, 2.3, 2.5, 2.3), right=range(1, 6))


def _key_words(group: PopulationGroup, measure: Measure) -> str:
    return f"{group.fr}, {measure.fr}"


def _number(of: Mapping[Unit, int | None], total: Total, unit: Unit) -> str:
    value = of.get(unit)
    return texts.number(value) if value is not None else message("agenda_no_value")


def _change(total: Total) -> str:
    """What the adjustments come to; a number that nobody declared is all adjustment."""
    declared, official = total.declared.get(Unit.INDIVIDUAL), total.official.get(Unit.INDIVIDUAL)
    if declared is None and official is None:
        return "—"
    return told.signed((official or 0) - (declared or 0))


def _items_table(document: Docx, notice: Notice) -> None:
    titles = [message(f"notice_column_{name}") for name in ("number", "place", "amount", "reason")]
    lines = [
        [
            str(number),
            f"{told.label(item.place_id)}\n{_key_words(item.group, item.measure)}",
            _amounts(item),
            "\n".join(reasons(item)),
        ]
        for number, item in enumerate(notice.items, start=1)
    ]
    table(document, titles, lines, (0.9, 4.2, 3.3, 8.0), right=(2,))


def _amounts(item: Adjusted) -> str:
    """`+17 758 individus`, households below."""
    return "\n".join(told.gap_words(item.amounts[unit], unit) for unit in reversed(Unit) if unit in item.amounts)


def reasons(item: Adjusted) -> list[str]:
    """Why, in words; the decision with who took it, when and why; and the cell, each a line."""
    if item.decision is not None:
        made = item.decision
        action = told.action_words(made.action, made.source)
        lines = [message("notice_decision", number_of=str(made.number), action=action, by=made.by, day=made.on),
                 message("notice_decision_reason", reason=made.reason), *map(_source_words, made.cited)]  # fmt: skip
    elif item.kind is AdjustmentKind.ROW_REJECTED:
        lines = [message("notice_rejected", reason=_sentence(item))]
    elif item.kind in (AdjustmentKind.MOVED_OUT, AdjustmentKind.TOLD_BY_OWN_REGION):
        lines = [message(f"notice_{item.kind}", region=told.region_name(item.other))]
    elif item.kind is AdjustmentKind.MOVED_IN:
        key = "notice_moved_in" if item.other else "notice_moved_in_somewhere"
        lines = [message(key, region=told.region_name(item.other))]
    else:
        lines = [item.reason[:1].upper() + item.reason[1:]]
    return [*lines, message("notice_where", where=item.where)] if item.where else lines


def _source_words(value: Compared) -> str:
    """`D'après Mission conjointe, 640 individus, au 21/12/2019. Cellule : chiffres.xlsx, Feuille 1, I5`."""
    amount, as_of = told.amount(value.value, value.unit), told.day_or_text(value.as_of)
    return message("notice_decision_source", source=told.source_words(value), amount=amount, as_of=as_of, where=value.where)


def _sentence(item: Adjusted) -> str:
    """Why the row was rejected, where a finding says it."""
    return item.reason if item.reason != AdjustmentKind.ROW_REJECTED.fr else message("notice_rejected_unsaid")


def _slip(document: Docx, notice: Notice, calendar: Calendar, recipient: str, month: str) -> None:
    """What the region cuts off and sends back."""
    left = WD_ALIGN_PARAGRAPH.LEFT
    due = message("notice_slip_due", due=calendar.due) if calendar.due else ""
    lines = (
        (message("notice_slip_cut"), {"size": 8, "after": 6}),
        (message("notice_slip_title"), {"bold": True, "size": 11, "after": 2}),
        (message("notice_slip_about", region=notice.region, month_name=month, revision=str(notice.revision)), {"after": 2}),
        (message("notice_slip_to", recipient=recipient) + due, {"after": 5}),
        (message("notice_slip_accepts", reply=_capital(NoticeReply.ACCEPTED.fr)), {"after": 2}),
        (message("notice_slip_contests", reply=_capital(NoticeReply.CONTESTED.fr)), {"after": 4}),
    )  # fmt: skip
    for text, shape in lines:
        say(document, text, align=left, **shape)  # type: ignore[arg-type]
    titles = [message(f"notice_slip_column_{name}") for name in ("number", "why", "figure")]
    table(document, titles, [["\n", "", ""]] * 3, (1.6, 10.8, 4.0), together=True)
    say(document, message("notice_slip_who"), align=left, after=6)
    say(document, message("notice_slip_signed"), align=left)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
