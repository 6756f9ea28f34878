"""The minutes of the CMP meeting at which the figures of a month were signed (`Procès-verbal de la réunion de la CMP`).

All that they say is given as a `Meeting`; they are in French, and the same meeting gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from docx.document import Document as Docx
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Cm, Pt

from pipelines.io import agenda as told
from pipelines.io.letterhead import Sender, blank, finish, heading, letterhead, page_numbers, say, table
from pipelines.model import Compared, Period
from schemas import texts
from schemas.codes import (
    Action,
    Measure,
    MemberKind,
    MemberReply,
    NoticeReply,
    PopulationGroup,
    Promise,
    ReservationKind,
    RevisionReason,
    Unit,
)
from schemas.texts import message

_LEFT = WD_ALIGN_PARAGRAPH.LEFT


@dataclass(frozen=True, slots=True)
class Participant:
    """An organisation of the commission, and whether somebody of it was there; `name` and `function` when people gave them."""

    organisation: str
    kind: MemberKind
    present: bool
    name: str | None = None
    function: str | None = None


@dataclass(frozen=True, slots=True)
class Signed:
    """Who signs the figures, and as what."""

    name: str
    function: str


@dataclass(frozen=True, slots=True)
class Headline:
    """A national figure, and what it was in what it is compared with; None where there is none."""

    group: PopulationGroup
    measure: Measure
    unit: Unit
    value: int | None
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Waived:
    """What a region was excepted from: by whom, why, and until when."""

    promise: Promise
    granted_by: str
    granted_on: date
    until: date
    reason: str


@dataclass(frozen=True, slots=True)
class OfRegion:
    """How a region stands: its return by version (None when none came), the region whose return holds its rows, the persons that are
    carried forward, its visa, and its waivers. `reply` is what it said of the adjustments that it was told, None when nothing was."""

    region: str
    version: int | None = None
    received_in: str | None = None
    carried: int | None = None
    visa_by: str | None = None
    visa_on: date | None = None
    visa_number: str | None = None
    waivers: tuple[Waived, ...] = ()
    reply: NoticeReply | None = None
    reply_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """A decision of the commission: the discrepancy in one sentence, the numbers on which it was taken side by side, what was decided,
    and what that changes, in persons (None for a decision that changes no number)."""

    number: int
    place_id: str
    sentence: str
    values: tuple[Compared, ...]
    action: Action
    source: str | None
    by: str
    on: date
    reason: str
    effect: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a member says of the figures that circulated."""

    organisation: str
    reply: MemberReply
    reason: str | None = None
    given_by: str | None = None
    given_on: date | None = None


@dataclass(frozen=True, slots=True)
class Revised:
    """Why a published month is published anew: what it stands in for, and (region, before, now) of the IDPs, in persons."""

    reason_code: RevisionReason
    reason: str
    replaces: str
    by_region: Sequence[tuple[str, int | None, int | None]] = ()


@dataclass(frozen=True, slots=True)
class Before:
    """What the figures are compared with: a revision of a month, or its draft (`revision` 0), which nobody published."""

    period: Period
    revision: int = 0

    def title(self) -> str:
        """`Publication de novembre 2019, révision 1`, or `Projet de novembre 2019 (non publié)`."""
        key = "cmp_minutes_before" if self.revision else "cmp_minutes_before_draft"
        return message(key, month_name=texts.month(str(self.period)), revision=str(self.revision))


@dataclass(frozen=True, slots=True)
class Meeting:
    """The meeting of the CMP about one revision of a month. `compared_with` is what its figures are compared with (None when there is
    nothing), `due` the day by which members were asked to reply, `reservations` are (kind, sentence) in the order of the release,
    `fingerprint` that of the key that signs its files."""

    period: Period
    revision: int
    held_on: date
    number: str
    participants: Sequence[Participant]
    signatories: Sequence[Signed]
    headlines: Sequence[Headline]
    regions: Sequence[OfRegion]
    decisions: Sequence[Taken] = ()
    answers: Sequence[Answer] = ()
    due: date | None = None
    reservations: Sequence[tuple[ReservationKind, str]] = ()
    compared_with: Before | None = None
    revised: Revised | None = None
    fingerprint: str | None = None


def minutes_name(period: Period, revision: int) -> str:
    """`PV_CMP_2019-12_r1.docx`."""
    return message("cmp_minutes_file", period=str(period), version=str(revision))


def minutes(meeting: Meeting, sender: Sender) -> bytes:
    """The minutes as a docx, dated of the meeting."""
    document = blank()
    month = texts.month(str(meeting.period))
    page_numbers(
        document, message("cmp_minutes_foot", minutes_number=meeting.number, month_name=month, revision=str(meeting.revision))
    )
    _head(document, meeting, sender, month)
    parts = (
        ("participants", _participants), ("revised", _revised), ("figures", _figures), ("regions", _regions), ("decisions", _decisions),
        ("answers", _answers), ("reservations", _reservations), ("closing", _closing),
    )  # fmt: skip
    shown = [(name, write) for name, write in parts if name != "revised" or meeting.revised is not None]
    for number, (name, write) in enumerate(shown, start=1):
        heading(document, f"{number}. {message(f'cmp_minutes_{name}')}")
        write(document, meeting)
    return finish(document, meeting.held_on)


def _head(document: Docx, meeting: Meeting, sender: Sender, month: str) -> None:
    centre = WD_ALIGN_PARAGRAPH.CENTER
    letterhead(document, sender, numbered=False)
    title = say(document, message("cmp_minutes_title"), bold=True, size=15, after=2, align=centre)
    title.paragraph_format.space_before = Pt(12)
    key = "cmp_minutes_subtitle_revised" if meeting.revised is not None else "cmp_minutes_subtitle"
    say(document, message(key, month_name=month, revision=str(meeting.revision)), bold=True, size=11, after=6, align=centre)
    table(document, [message("cmp_minutes_number"), message("cmp_minutes_held_on"), message("cmp_minutes_month"),
                     message("cmp_minutes_revision")],
          [[texts.minutes_number(meeting.number), texts.day(meeting.held_on), month, str(meeting.revision)]], (4.1, 4.1, 4.1, 4.1), size=9.5)  # fmt: skip
    say(document, message("cmp_minutes_opening", day=meeting.held_on, month_name=month, last_day=meeting.period.last_day))


# --- who was there ------------------------------------------------------------------------------------------------------


def _participants(document: Docx, meeting: Meeting) -> None:
    if not meeting.participants:
        say(document, message("cmp_minutes_nobody"))
        return
    there = sum(one.present for one in meeting.participants)
    away = len(meeting.participants) - there
    counts = {"there": told.counted("cmp_minutes_present", there), "away": told.counted("cmp_minutes_absent", away)}
    say(document, message("cmp_minutes_attendance", **counts))
    titles = [message(f"cmp_minutes_column_{name}") for name in ("kind", "organisation", "represented", "presence")]
    table(document, titles, list(_attendance(meeting.participants)), (4.2, 5.0, 4.7, 2.5), size=9)


def _attendance(participants: Sequence[Participant]) -> Iterator[list[str]]:
    """A line for each organisation, by kind; a kind is named on its first line."""
    for kind in MemberKind:
        of_kind = [one for one in participants if one.kind is kind]
        for at, one in enumerate(sorted(of_kind, key=lambda one: (not one.present, one.organisation.casefold()))):
            who = ", ".join(part for part in (one.name, one.function) if part)
            yield [
                _capital(kind.fr) if at == 0 else "", one.organisation, who or "—",
                message("cmp_minutes_there" if one.present else "cmp_minutes_away"),
            ]  # fmt: skip


# --- figures ------------------------------------------------------------------------------------------------------------


def _revised(document: Docx, meeting: Meeting) -> None:
    made = meeting.revised
    assert made is not None
    say(document, message("cmp_minutes_replaces", replaced=made.replaces, reason_code=made.reason_code, reason=made.reason))
    lines = [
        [region, _value(before), _value(now), told.signed((now or 0) - (before or 0))]
        for region, before, now in made.by_region
        if before != now
    ]
    if not lines:
        say(document, message("cmp_minutes_no_net_effect"))
        return
    titles = [message(f"cmp_minutes_column_{name}") for name in ("region", "before", "now", "net")]
    net = sum((now or 0) - (before or 0) for _, before, now in made.by_region)
    lines.append([message("cmp_minutes_net_total"), "", "", told.signed(net)])
    table(document, titles, lines, (6.4, 3.4, 3.4, 3.2), size=9, right=(1, 2, 3))


def _figures(document: Docx, meeting: Meeting) -> None:
    figure, value, change, share = (
        message(f"cmp_minutes_column_{name}") for name in ("figure", "value", "change", "change_share")
    )
    names = [f"{line.group.fr}, {line.measure.fr} ({line.unit.fr})" for line in meeting.headlines]
    if meeting.compared_with is None:
        say(document, message("cmp_minutes_first"))
        lines = [[name, _value(line.value)] for name, line in zip(names, meeting.headlines, strict=True)]
        table(document, [figure, value], lines, (8.2, 8.2), size=9, right=(1,))
        return
    past = meeting.compared_with.title()
    say(document, message("cmp_minutes_compared", past=past[:1].lower() + past[1:]))
    lines = [
        [name, _value(line.value), _value(line.before), _gap(line.value, line.before), _share(line.value, line.before)]
        for name, line in zip(names, meeting.headlines, strict=True)
    ]
    table(
        document,
        [figure, value, past, change, share],
        lines,
        (6.0, 2.4, 3.8, 2.4, 1.8),
        size=9,
        right=(1, 2, 3, 4),
        together=True,
    )


def _value(value: int | None) -> str:
    return texts.number(value) if value is not None else message("agenda_no_value")


def _gap(now: int | None, before: int | None) -> str:
    return "—" if now is None or before is None else told.signed(now - before)


def _share(now: int | None, before: int | None) -> str:
    if now is None or not before:
        return "—"
    tiny = 0 < abs(now - before) / before < told.SMALLEST_SHARE
    return told.part((now - before) / before) if tiny else texts.percent((now - before) / before, signed=now != before)


# --- regions ------------------------------------------------------------------------------------------------------------


def _regions(document: Docx, meeting: Meeting) -> None:
    titles = [message(f"cmp_minutes_column_{name}") for name in ("region", "received", "visa", "waiver")]
    lines = [[line.region, _received(line), _visa(line), _waivers(line.waivers)] for line in meeting.regions]
    table(document, titles, lines, (2.5, 3.9, 4.4, 5.6))
    for line in meeting.regions:
        if line.reply is not None:
            reason = message("cmp_minutes_because", reason=line.reply_reason) if line.reply_reason else ""
            say(document, message("cmp_minutes_region_reply", region=line.region, reply=line.reply, because=reason), after=2)


def _received(line: OfRegion) -> str:
    parts = []
    if line.version is not None:
        parts.append(message("cmp_minutes_received", version=line.version))
    elif line.received_in:
        parts.append(message("cmp_minutes_received_in", region=line.received_in))
    else:
        parts.append(message("cmp_minutes_not_received"))
    if line.carried is not None:
        parts.append(message("cmp_minutes_carried", counted=told.persons(line.carried)))
    return "\n".join(parts)


def _visa(line: OfRegion) -> str:
    if not (line.visa_by and line.visa_on):
        return message("cmp_minutes_no_visa")
    number = message("cmp_minutes_visa_number", minutes_number=line.visa_number) if line.visa_number else ""
    return message("cmp_minutes_visa", by=line.visa_by, day=line.visa_on) + number


def _waivers(waivers: Iterable[Waived]) -> str:
    said = [
        message("cmp_minutes_waiver", promise=item.promise, by=item.granted_by, day=item.granted_on, until=item.until, reason=item.reason)
        for item in waivers
    ]  # fmt: skip
    return "\n".join(said) or "—"


# --- what was decided ---------------------------------------------------------------------------------------------------


def _decisions(document: Docx, meeting: Meeting) -> None:
    if meeting.revised is not None:
        say(document, message("cmp_minutes_decisions_since", replaced=meeting.revised.replaces))
    if not meeting.decisions:
        say(document, message("cmp_minutes_no_decision"))
        return
    titles = [message(f"cmp_minutes_column_{name}") for name in ("number", "question", "numbers", "decision", "effect")]
    lines = [
        [
            str(item.number), f"{told.label(item.place_id)}\n{item.sentence}", "\n".join(_side_by_side(item.values)), _decided(item),
            message("cmp_minutes_no_effect") if item.effect is None else told.signed(item.effect),
        ]
        for item in meeting.decisions
    ]  # fmt: skip
    table(document, titles, lines, (0.9, 4.6, 3.9, 4.6, 2.4), size=8, right=(4,))
    changed = [item.effect for item in meeting.decisions if item.effect is not None]
    if changed:
        say(document, told.counted("cmp_minutes_changed", len(changed), total=told.signed(sum(changed))))


def _side_by_side(values: Sequence[Compared]) -> Iterator[str]:
    """`NRC : 9 100 individus, au 30/12/2019` a line; where each stands is in the workbook of the month."""
    for value in values:
        yield told.value_words(value)[0]


def _decided(item: Taken) -> str:
    action = told.action_words(item.action, item.source)
    return "\n".join((
        _capital(action), message("cmp_minutes_decided_by", by=item.by, day=item.on), message("notice_decision_reason", reason=item.reason),
    ))  # fmt: skip


# --- what members say ---------------------------------------------------------------------------------------------------


def _answers(document: Docx, meeting: Meeting) -> None:
    if meeting.due is not None:
        say(document, message("cmp_minutes_asked", due=meeting.due))
    if not meeting.answers:
        say(document, message("cmp_minutes_no_answer"))
        return
    order = list(MemberReply)
    lines = [
        [answer.organisation, _capital(answer.reply.fr), answer.reason or "—",
         ", ".join(part for part in (answer.given_by, texts.day(answer.given_on) if answer.given_on else None) if part) or "—"]
        for answer in sorted(meeting.answers, key=lambda one: (order.index(one.reply), one.organisation.casefold()))
    ]  # fmt: skip
    titles = [message(f"cmp_minutes_column_{name}") for name in ("organisation", "reply", "why", "given_by")]
    table(document, titles, lines, (4.0, 3.2, 5.8, 3.4), size=9)


def _reservations(document: Docx, meeting: Meeting) -> None:
    if not meeting.reservations:
        say(document, message("cmp_minutes_no_reservation"))
        return
    say(document, message("cmp_minutes_with_reservations"), after=2)
    for kind, sentence in meeting.reservations:
        line = say(document, f"–  {_capital(kind.fr)} : {sentence}", after=2, left=0.6, align=_LEFT)
        line.paragraph_format.first_line_indent = Cm(-0.4)


def _closing(document: Docx, meeting: Meeting) -> None:
    adopted = message("cmp_minutes_adopted", month_name=texts.month(str(meeting.period)), revision=str(meeting.revision))
    say(document, adopted).paragraph_format.keep_with_next = True
    if meeting.fingerprint is not None:
        told_key = message("cmp_minutes_key", fingerprint=meeting.fingerprint)
        say(document, told_key).paragraph_format.keep_with_next = True
    titles = [message(f"cmp_minutes_column_{name}") for name in ("name", "function", "signature")]
    table(
        document,
        titles,
        [[one.name, one.function, "\n\n"] for one in meeting.signatories],
        (4.8, 5.6, 6.0),
        size=9.5,
        together=True,
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
