"""How a release moves from state to state, on a connection of the store: each move with its audit event, both or neither.

A release is a copy: of the draft's figures, bridge and findings, of the rows and returns they were made with, and of the places as
they are named when it circulates. While it is `returned` it may be filled; afterwards nothing but its state changes, and once it is
published nothing at all (`guards.py`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, insert, literal, select, text, update

from pipelines.io.store import tables, views
from pipelines.io.store.audit import append, as_json
from pipelines.model import Period
from pipelines.release import Reply, Reservation, Visa, Waiver, may_move, same_person, state_of
from schemas.codes import Edition, MemberReply, Promise, ReleaseState, ReservationKind, RevisionReason


class MoveRefused(ValueError):  # noqa: N818 - it is the answer to a person, as people call it
    """A move that a release cannot make. `key` is a key of `messages.toml` (`refused_{key}`) and `params` fill it in."""

    def __init__(self, key: str, **params: Any) -> None:
        super().__init__(f"{key}: {params}")
        self.key = key
        self.params = params


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """A release as the store keeps it. `state` is what people see: a published one that a later one replaces is superseded."""

    id: int
    period: str
    revision: int
    state: str
    as_of: date
    compared_with: str | None
    rules_hash: str
    dataset_sha256: str
    compiled_at: str
    values_sha256: str | None = None
    acts_seen: str | None = None
    """The decisions and visas that the draft was consolidated with, as `acts_given` says them."""
    settings_hash: str | None = None
    compiled_by: str | None = None
    circulated_on: date | None = None
    reply_by: date | None = None
    signed_by: str | None = None
    signed_function: str | None = None
    signed_on: date | None = None
    meeting_on: date | None = None
    minutes_number: str | None = None
    embargo_until: date | None = None
    published_by: str | None = None
    published_on: date | None = None
    reason_code: str | None = None
    reason: str | None = None
    grades_published: bool = False
    disclosure_threshold: int | None = None
    """Below which the public edition withheld a sensitive count."""

    @property
    def was_published(self) -> bool:
        return self.state in (ReleaseState.PUBLISHED, ReleaseState.SUPERSEDED)

    @property
    def name(self) -> str:
        """What `compared_with` of a later release calls it."""
        return f"diffusion {self.period}, révision {self.revision}" if self.revision else f"projet {self.period} (non publié)"


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signs (`by`, with his function), on which minutes of which meeting, with whom, who was there, and from which day on the
    figures may be published."""

    by: str
    function: str
    on: date
    meeting_on: date
    minutes_number: str
    embargo_until: date | None
    others: Sequence[tuple[str, str]] = ()
    """(name, function) of those who sign with him."""
    participants: Sequence[tuple[str, str, bool]] = ()
    """(organisation, kind, whether it was there)."""


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file of a release, known by what is in it."""

    edition: Edition
    name: str
    sha256: str
    size: int


# --- reading ------------------------------------------------------------------------------------------------------------

COLUMNS = tuple(tables.release.c[name] for name in ReleaseRow.__dataclass_fields__)


def releases(connection: Connection, period: Period | None = None) -> list[ReleaseRow]:
    """The numbered releases of a month, or of all, by month and revision."""
    r = tables.release.c
    query = select(*COLUMNS).where(r.revision > 0).order_by(r.period, r.revision)
    rows = [ReleaseRow(*row) for row in connection.execute(query if period is None else query.where(r.period == str(period)))]
    last = {row.period: row.revision for row in rows if row.state == ReleaseState.PUBLISHED}
    return [_seen(row, last.get(row.period)) for row in rows]


def _seen(row: ReleaseRow, last: int | None) -> ReleaseRow:
    state = state_of(ReleaseState(row.state), row.revision, last)
    return ReleaseRow(**{name: getattr(row, name) for name in ReleaseRow.__dataclass_fields__} | {"state": str(state)})


def candidate(connection: Connection, period: Period) -> ReleaseRow | None:
    """The release of a month that is on its way: numbered, and not published yet."""
    return next((row for row in reversed(releases(connection, period)) if not row.was_published), None)


def published(connection: Connection, period: Period, revision: int | None = None) -> ReleaseRow | None:
    """The last published release of a month, or a given one."""
    rows = [row for row in releases(connection, period) if row.was_published]
    return next((row for row in reversed(rows) if revision in (None, row.revision)), None)


def signatories(connection: Connection, release: int) -> list[tuple[str, str]]:
    s = tables.signatory.c
    query = select(s.name, s.function).where(s.release_id == release).order_by(s.position)
    return [(row.name, row.function) for row in connection.execute(query)]


def participants(connection: Connection, release: int) -> list[tuple[str, str, bool]]:
    """(organisation, kind, whether it was there), in the order of their names."""
    p = tables.participant.c
    query = select(p.organisation, p.kind, p.present).where(p.release_id == release).order_by(p.organisation)
    return [(row.organisation, row.kind, bool(row.present)) for row in connection.execute(query)]


def replies(connection: Connection, release: ReleaseRow) -> list[Reply]:
    """What members said of these figures, in the order in which they said it."""
    return [
        Reply(row.organisation, MemberReply(row.reply), row.reason, row.given_by, row.given_on)
        for row in _replies(connection, release)
        if row.organisation is not None
    ]


def region_replies(connection: Connection, release: ReleaseRow) -> dict[str, Mapping[str, Any]]:
    """The last reply of each region to the notice of its adjustments: region id -> `reply`, `reason`, `given_by`, `given_on`."""
    return {row.region_id: dict(row._mapping) for row in _replies(connection, release) if row.region_id is not None}


def _replies(connection: Connection, release: ReleaseRow) -> list[Row[Any]]:
    r = tables.reply
    about = select(r).where(r.c.release_id == release.id, r.c.values_sha256 == release.values_sha256)
    return list(connection.execute(about.order_by(r.c.id)).all())


def reservations(connection: Connection, release: int) -> list[tuple[Reservation, str]]:
    """What a release is published in spite of, with the sentence as it was published."""
    r = tables.reservation.c
    rows = connection.execute(select(tables.reservation).where(r.release_id == release).order_by(r.position))
    return [
        (Reservation(ReservationKind(row.kind), row.message, json.loads(row.params), row.place_id), row.sentence) for row in rows
    ]


def place_names(connection: Connection, release: int) -> dict[str, str]:
    """P-code -> name of the places, as a release names them, in the order of the codes."""
    p = tables.release_place.c
    query = select(p.pcode, p.name).where(p.release_id == release, p.pcode.is_not(None)).order_by(p.pcode)
    return {row.pcode: row.name for row in connection.execute(query)}


PLACE_NAMES = ("pcode", "region", "cercle", "commune")


def renamed(connection: Connection, before: int, after: int) -> dict[tuple[str | None, ...], tuple[str | None, ...]]:
    """`PLACE_NAMES` in a release -> in a later one, of the places that these name differently."""
    then, now = tables.release_place.alias("then"), tables.release_place.alias("now")
    query = select(*(side.c[name] for side in (then, now) for name in PLACE_NAMES)).join_from(
        then, now, (now.c.place_id == then.c.place_id) & (now.c.release_id == after)
    )
    pairs = [(tuple(row[:4]), tuple(row[4:])) for row in connection.execute(query.where(then.c.release_id == before))]
    return {old: new for old, new in pairs if old != new}


def files(connection: Connection, release: int | None = None) -> list[tuple[ReleaseRow, WrittenFile]]:
    """The files of a release, or of all, with the release they are of."""
    f, of = tables.release_file.c, {row.id: row for row in releases(connection)}
    query = select(tables.release_file).order_by(f.release_id, f.edition, f.name)
    rows = connection.execute(query if release is None else query.where(f.release_id == release))
    return [(of[row.release_id], WrittenFile(Edition(row.edition), row.name, row.sha256, row.size)) for row in rows]


def visas(connection: Connection, period: Period) -> list[Visa]:
    """The visas that came beside the returns of a month, the last given first."""
    v = tables.visa.c
    rows = connection.execute(select(tables.visa).where(v.period == str(period)).order_by(v.id.desc()))
    return [
        Visa(row.region_id, row.sha256, json.loads(row.totals), row.validated_by, row.validated_on, row.minutes_number)
        for row in rows
    ]


def waivers(connection: Connection, period: Period) -> list[Waiver]:
    w = tables.waiver.c
    rows = connection.execute(select(tables.waiver).where(w.period == str(period)).order_by(w.id))
    return [
        Waiver(Promise(row.promise), row.region_id, row.granted_by, row.granted_on, row.expires_on, row.reason) for row in rows
    ]


def explanations(connection: Connection, period: Period) -> dict[str, Mapping[str, Any]]:
    """The last explanation of each finding of a month: finding key -> `reason`, `given_by`, `given_on`."""
    e = tables.explanation.c
    rows = connection.execute(select(tables.explanation).where(e.period == str(period)).order_by(e.id))
    return {row.finding_key: {"reason": row.reason, "given_by": row.given_by, "given_on": row.given_on} for row in rows}


def acts_given(connection: Connection, period: Period) -> str:
    """The last decision and the last visa of a month: what a draft is made with, told by their numbers."""
    e, d, v = tables.decision.c, tables.discrepancy, tables.visa.c
    decided = select(func.max(e.id)).join_from(tables.decision, d, d.c.id == e.discrepancy_id).where(d.c.period == str(period))
    validated = select(func.max(v.id)).where(v.period == str(period))
    return f"{connection.execute(decided).scalar() or 0}/{connection.execute(validated).scalar() or 0}"


def compilers(connection: Connection, release: ReleaseRow) -> list[str]:
    """Everybody who ever put this revision before the members."""
    e = tables.audit_event.c
    query = select(e.details).where(e.action == "release.circulated", e.subject == _subject(release)).order_by(e.id)
    return list(dict.fromkeys(str(json.loads(said)["by"]) for said in connection.execute(query).scalars()))


# --- circulating --------------------------------------------------------------------------------------------------------

_COPIED = (tables.figure, tables.adjustment, tables.release_return, tables.finding)
_FILLED = (*_COPIED, tables.release_row, tables.release_place, tables.release_territory)


@dataclass(frozen=True, slots=True)
class Opening:
    """Who puts the draft before the members, until when they reply, under which settings it was made, and, for a month that is
    published already, why it is published anew."""

    by: str
    on: date
    reply_by: date
    settings_hash: str
    values_sha256: str
    """Of the numbers alone: replies hold while these stay."""
    reason_code: RevisionReason | None = None
    reason: str | None = None


def circulate(connection: Connection, period: Period, opening: Opening, territory: Iterable[Mapping[str, Any]], at: datetime) -> ReleaseRow:  # fmt: skip
    """The draft of a month as a release that circulates: a new one, or the one that circulates or was sent back, filled anew.
    `territory` are the lines of `release_territory`. Raises MoveRefused."""
    r = tables.release
    draft = connection.execute(select(*COLUMNS).where(r.c.period == str(period), r.c.revision == 0)).one_or_none()
    if draft is None:
        raise MoveRefused("no_draft", period=str(period))
    held, last = candidate(connection, period), published(connection, period)
    if held is not None:
        _check_move(held, ReleaseState.CIRCULATED)
        if opening.reason_code is not None:
            raise MoveRefused("revision_open", period=str(period), revision=held.revision)
        opening = _kept(opening, held)
    if last is not None and held is None and opening.reason_code is None:
        raise MoveRefused("already_published", period=str(period), revision=last.revision)
    if last is None and opening.reason_code is not None:
        raise MoveRefused("nothing_to_revise", period=str(period))
    if last is not None and last.dataset_sha256 == draft.dataset_sha256:
        raise MoveRefused("nothing_new", period=str(period), revision=last.revision)
    row = _opened(connection, draft, opening, held, (last.revision if last else 0) + 1)
    _fill(connection, draft.id, row.id, territory)
    connection.execute(update(r).where(r.c.id == row.id).values(state=str(ReleaseState.CIRCULATED)))
    details = {"revision": row.revision, "dataset_sha256": row.dataset_sha256, "by": opening.by, "on": opening.on,
               "reply_by": opening.reply_by, "reason_code": opening.reason_code, "reason": opening.reason}  # fmt: skip
    append(connection, at, opening.by, "release.circulated", _subject(row), details)
    return _reread(connection, row)


def _kept(opening: Opening, held: ReleaseRow) -> Opening:
    """A revision that circulates again keeps the reason it was opened with."""
    if held.reason_code is None:
        return opening
    return replace(opening, reason_code=RevisionReason(held.reason_code), reason=held.reason)


def _opened(connection: Connection, draft: Row[Any], opening: Opening, held: ReleaseRow | None, revision: int) -> ReleaseRow:
    """The release to be filled: it is `returned` as long as that takes."""
    r = tables.release
    same = ("as_of", "compared_with", "rules_hash", "dataset_sha256", "compiled_at", "acts_seen")
    values = {name: getattr(draft, name) for name in same} | {
        "state": str(ReleaseState.RETURNED), "compiled_by": opening.by, "circulated_on": opening.on, "reply_by": opening.reply_by,
        "settings_hash": opening.settings_hash, "values_sha256": opening.values_sha256,
        "reason_code": opening.reason_code and str(opening.reason_code), "reason": opening.reason,
    }  # fmt: skip
    if held is None:
        key = connection.execute(insert(r).values(period=draft.period, revision=revision, **values)).inserted_primary_key
        assert key is not None
        where = r.c.id == key[0]
    else:
        where = r.c.id == held.id
        connection.execute(update(r).where(where).values(state=str(ReleaseState.RETURNED)))
        connection.execute(update(r).where(where).values(**values))
        for table in _FILLED:
            connection.execute(delete(table).where(table.c.release_id == held.id))
    return ReleaseRow(*connection.execute(select(*COLUMNS).where(where)).one())


def _fill(connection: Connection, draft: int, release: int, territory: Iterable[Mapping[str, Any]]) -> None:
    for table in _COPIED:
        columns = [column for column in table.columns if column.name not in ("id", "release_id")]
        source = select(literal(release), *columns).where(table.c.release_id == draft).order_by(*table.primary_key.columns)
        connection.execute(insert(table).from_select(["release_id", *(column.name for column in columns)], source))
    o, u, s = tables.observation, tables.release_return.c, tables.release_row
    columns = [o.c[column.name] for column in s.columns if column.name not in ("id", "release_id", "region_id")]
    rows = select(literal(release), u.region_id, *columns).join_from(
        o, tables.release_return, u.submission_id == o.c.submission_id
    )
    names = ["release_id", "region_id", *(column.name for column in columns)]
    connection.execute(insert(s).from_select(names, rows.where(u.release_id == draft).order_by(o.c.id)))
    _fill_places(connection, release, territory)


def _fill_places(connection: Connection, release: int, territory: Iterable[Mapping[str, Any]]) -> None:
    """The places as they are named now, and the lines of other lists with the names of these: neither changes afterwards."""
    named = [{**place, "release_id": release} for place in _places(connection, views.VINTAGE).values()]
    if named:
        connection.execute(insert(tables.release_place), named)
    lines = [{**line, "release_id": release} for line in territory]
    listed = {vintage: _places(connection, vintage) for vintage in {line["vintage"] for line in lines}}
    for line in lines:
        place = listed[line["vintage"]][line["place_id"]]
        line.update({name: place[name] for name in ("pcode", "region", "cercle")})
    if lines:
        connection.execute(insert(tables.release_territory), lines)


def _places(connection: Connection, vintage: str) -> dict[str, dict[str, Any]]:
    """Place id -> the columns of `place_path`, as a list has them."""
    rows = connection.execute(text(f"{views.path(':vintage')} ORDER BY p.place_id"), {"vintage": vintage}).mappings()
    return {row["place_id"]: dict(row) for row in rows}


# --- the other moves ----------------------------------------------------------------------------------------------------


def send_back(connection: Connection, period: Period, by: str, on: date, reason: str, at: datetime) -> ReleaseRow:
    """The release on its way goes back to who compiled it; a signature is given up. Raises MoveRefused."""
    row = _on_its_way(connection, period)
    _check_move(row, ReleaseState.RETURNED)
    last = row.signed_on or row.circulated_on
    if last is not None and on < last:
        raise MoveRefused("before_step", day=last, on=on)
    for table in (tables.signatory, tables.participant):
        connection.execute(delete(table).where(table.c.release_id == row.id))
    unsigned = dict.fromkeys(("signed_by", "signed_function", "signed_on", "meeting_on", "minutes_number", "embargo_until"))
    _move(connection, row, ReleaseState.RETURNED, unsigned)
    append(connection, at, by, "release.returned", _subject(row), {"by": by, "on": on, "reason": reason, "from": row.state})
    return _reread(connection, row)


def sign(connection: Connection, period: Period, signature: Signature, at: datetime) -> ReleaseRow:
    """The release that circulates, signed. Raises MoveRefused."""
    row = _on_its_way(connection, period)
    _check_move(row, ReleaseState.SIGNED)
    people = [(signature.by, signature.function), *signature.others]
    compiled = compilers(connection, row)
    if any(same_person(signature.by, name) for name in compiled):
        raise MoveRefused("four_eyes", by=signature.by)
    for place, (name, _) in enumerate(people):
        if place and any(same_person(name, other) for other in (*compiled, *(before for before, _ in people[:place]))):
            raise MoveRefused("signed_twice", by=name)
    lines = [{"release_id": row.id, "position": at, "name": name, "function": function} for at, (name, function) in enumerate(people, 1)]  # fmt: skip
    connection.execute(insert(tables.signatory), lines)
    there = [{"release_id": row.id, "organisation": o, "kind": str(k), "present": p} for o, k, p in signature.participants]
    if there:
        connection.execute(insert(tables.participant), there)
    values = {
        "signed_by": signature.by, "signed_function": signature.function, "signed_on": signature.on,
        "meeting_on": signature.meeting_on, "minutes_number": signature.minutes_number, "embargo_until": signature.embargo_until,
    }  # fmt: skip
    _move(connection, row, ReleaseState.SIGNED, values)
    details = {**values, "revision": row.revision, "dataset_sha256": row.dataset_sha256, "with": list(signature.others)}
    append(connection, at, signature.by, "release.signed", _subject(row), details)
    return _reread(connection, row)


def publish(
    connection: Connection, period: Period, *, by: str, on: date, approved: ReleaseRow, grades: bool, threshold: int, said: Sequence[tuple[Reservation, str]],
    written: Sequence[WrittenFile], at: datetime,
) -> ReleaseRow:  # fmt: skip
    """The signed release, published for good, with what it is published in spite of and the files by which it is known. `approved` is
    the release as the files were made from it. Raises MoveRefused."""
    row = _on_its_way(connection, period)
    _check_move(row, ReleaseState.PUBLISHED)
    if any(same_person(by, name) for name in compilers(connection, row)):
        raise MoveRefused("four_eyes", by=by)
    given = ("published_by", "published_on", "grades_published", "disclosure_threshold")
    if replace(row, **{name: getattr(approved, name) for name in given}) != approved:
        raise MoveRefused("dataset_moved", period=str(period))
    lines = [
        {"release_id": row.id, "position": place, "kind": str(item.kind), "place_id": item.place_id, "message": item.key,
         "params": as_json(item.params), "sentence": sentence}
        for place, (item, sentence) in enumerate(said, 1)
    ]  # fmt: skip
    if lines:
        connection.execute(insert(tables.reservation), lines)
    held = [
        {"release_id": row.id, "edition": str(file.edition), "name": file.name, "sha256": file.sha256, "size": file.size}
        for file in written
    ]
    if held:
        connection.execute(insert(tables.release_file), held)
    _move(
        connection,
        row,
        ReleaseState.PUBLISHED,
        {"published_by": by, "published_on": on, "grades_published": grades, "disclosure_threshold": threshold},
    )
    details = {"by": by, "on": on, "revision": row.revision, "dataset_sha256": row.dataset_sha256,
               "content": content_hashes(connection, row.id), "files": {f"{file.edition}/{file.name}": file.sha256 for file in written}}  # fmt: skip
    append(connection, at, by, "release.published", _subject(row), details)
    return _reread(connection, row)


def reply(
    connection: Connection, release: ReleaseRow, said: str, *, organisation: str | None = None, region_id: str | None = None,
    reason: str | None, by: str, on: date, at: datetime,
) -> None:  # fmt: skip
    """Keeps what a member says of circulated figures, or a region of the adjustments to its own. Raises MoveRefused."""
    if organisation is not None and release.state != ReleaseState.CIRCULATED:
        raise MoveRefused("not_circulated", period=release.period, state=ReleaseState(release.state))
    if release.circulated_on is not None and on < release.circulated_on:
        raise MoveRefused("before_step", day=release.circulated_on, on=on)
    values = {
        "organisation": organisation,
        "region_id": region_id,
        "reply": said,
        "reason": reason,
        "given_by": by,
        "given_on": on,
    }
    connection.execute(insert(tables.reply).values(release_id=release.id, values_sha256=release.values_sha256, **values))
    append(connection, at, by, "release.replied", _subject(release), {name: value for name, value in values.items() if value})


def _on_its_way(connection: Connection, period: Period) -> ReleaseRow:
    row = candidate(connection, period)
    if row is None:
        last = published(connection, period)
        if last is not None:
            raise MoveRefused("already_published", period=str(period), revision=last.revision)
        raise MoveRefused("not_circulated_yet", period=str(period))
    return row


def _check_move(row: ReleaseRow, to: ReleaseState) -> None:
    if not may_move(ReleaseState(row.state), to):
        raise MoveRefused("move", period=row.period, revision=row.revision, state=ReleaseState(row.state), to_state=to)


def _move(connection: Connection, row: ReleaseRow, to: ReleaseState, values: Mapping[str, Any]) -> None:
    connection.execute(update(tables.release).where(tables.release.c.id == row.id).values(state=str(to), **values))


def _reread(connection: Connection, row: ReleaseRow) -> ReleaseRow:
    return next(item for item in releases(connection, Period.parse(row.period)) if item.id == row.id)


def _subject(row: ReleaseRow) -> str:
    return f"release:{row.period}:{row.revision}"


# --- what people give -----------------------------------------------------------------------------------------------------


def give_visa(connection: Connection, period: Period, visa: Visa, by: str, on: date, at: datetime) -> None:
    values = {
        "period": str(period), "region_id": visa.region_id, "sha256": visa.sha256, "totals": as_json(visa.totals),
        "validated_by": visa.validated_by, "validated_on": visa.validated_on, "minutes_number": visa.minutes_number,
        "recorded_by": by, "recorded_on": on,
    }  # fmt: skip
    connection.execute(insert(tables.visa).values(**values))
    append(connection, at, by, "visa.recorded", f"region:{visa.region_id}:{period}", values)


def grant_waiver(connection: Connection, period: Period, waiver: Waiver, at: datetime) -> None:
    values = {
        "promise": str(waiver.promise), "region_id": waiver.region_id, "granted_by": waiver.granted_by,
        "granted_on": waiver.granted_on, "expires_on": waiver.expires_on, "reason": waiver.reason,
    }  # fmt: skip
    connection.execute(insert(tables.waiver).values(period=str(period), **values))
    append(connection, at, waiver.granted_by, "waiver.granted", f"region:{waiver.region_id}:{period}", values)


def explain(connection: Connection, period: Period, keys: Iterable[tuple[str, str | None, str]], reason: str, by: str, on: date, at: datetime) -> int:  # fmt: skip
    """One reason for some findings, each (code, region, key); gives how many."""
    lines = [
        {
            "period": str(period),
            "region_id": region,
            "code": code,
            "finding_key": key,
            "reason": reason,
            "given_by": by,
            "given_on": on,
        }
        for code, region, key in keys
    ]
    if lines:
        connection.execute(insert(tables.explanation), lines)
        details = {"reason": reason, "findings": [[line["code"], line["finding_key"]] for line in lines], "on": on}
        append(connection, at, by, "finding.explained", f"period:{period}", details)
    return len(lines)


def returns(connection: Connection, period: Period, revision: int) -> list[dict[str, Any]]:
    """The returns that the draft (revision 0) or a release was made with, by region."""
    u = tables.release_return
    query = select(u).where(u.c.release_id.in_(release_id(period, revision))).order_by(u.c.region_id)
    return [dict(row) for row in connection.execute(query).mappings()]


def persons_of_rows(connection: Connection, period: Period) -> dict[tuple[int, str, int], int]:
    """The individuals of each row of the returns of a month that says some."""
    o, s = tables.observation.c, tables.submission
    query = select(o.submission_id, o.sheet, o.row, func.max(func.abs(o.individuals))).join_from(tables.observation, s)
    said = query.where(s.c.period == str(period), o.individuals.is_not(None)).group_by(o.submission_id, o.sheet, o.row)
    return {(row[0], row[1], row[2]): int(row[3]) for row in connection.execute(said)}


def preparer(connection: Connection, submission: int) -> str | None:
    s = tables.submission.c
    return connection.execute(select(s.prepared_by).where(s.id == submission)).scalar()


def last_decision_before(connection: Connection, release: ReleaseRow) -> int:
    """The last decision that had been written down when a release was signed; 0 when none had, or nobody signed. The day of a decision does
    not tell: it may be that of the signature, or be typed in late."""
    e = tables.audit_event.c
    signed = select(func.max(e.id)).where(e.action == "release.signed", e.subject == _subject(release)).scalar_subquery()
    query = select(e.details).where(e.action == "discrepancy.decided", e.id < signed).order_by(e.id.desc())
    said = connection.execute(query).scalars().first()
    return int(json.loads(said)["decision_id"]) if said is not None else 0


def published_content(connection: Connection, release: ReleaseRow) -> dict[str, Any]:
    """What the audit chain holds of a publication: `dataset_sha256`, and in `content` the hash of each table; empty when it holds
    none."""
    e = tables.audit_event.c
    query = select(e.details).where(e.action == "release.published", e.subject == _subject(release)).order_by(e.id)
    said = connection.execute(query).scalars().first()
    return dict(json.loads(said)) if said is not None else {}


def published_files(connection: Connection, release: ReleaseRow) -> list[WrittenFile]:
    """The files of a release as the audit chain names them."""
    named = {f"{file.edition}/{file.name}": file for _, file in files(connection, release.id)}
    said = published_content(connection, release).get("files", {})
    return [file for name, file in named.items() if said.get(name) == file.sha256]


def ever_published(connection: Connection) -> list[tuple[str, int]]:
    e = tables.audit_event.c
    subjects = connection.execute(select(e.subject).where(e.action == "release.published").order_by(e.id)).scalars()
    return [(month, int(revision)) for _, month, revision in (subject.split(":") for subject in subjects)]


def content_hashes(connection: Connection, release: int) -> dict[str, str]:
    """Table -> hash of all that it says of a release: its own row, what it was made with, who signed, what members replied, and the
    decisions that its bridge cites."""
    a, d = tables.adjustment.c, tables.decision
    cited = select(a.decision_id).where(a.release_id == release, a.decision_id.is_not(None))
    queries: dict[str, Select[Any]] = {
        table.name: select(table).where(table.c.release_id == release).order_by(*table.primary_key.columns)
        for table in (*_FILLED, tables.signatory, tables.participant, tables.reservation, tables.release_file)
    }
    queries["release"] = select(tables.release).where(tables.release.c.id == release)
    queries["reply"] = select(tables.reply).where(tables.reply.c.release_id == release, tables.reply.c.organisation.is_not(None)).order_by(tables.reply.c.id)  # fmt: skip
    queries["decision"] = select(d).where(d.c.id.in_(cited)).order_by(d.c.id)
    return {name: _rows_hash(connection, query) for name, query in sorted(queries.items())}


def _rows_hash(connection: Connection, query: Select[Any]) -> str:
    digest = hashlib.sha256()
    for row in connection.execute(query):
        digest.update(as_json(list(row)).encode() + b"\n")
    return digest.hexdigest()


def totals_said(connection: Connection, submission: int) -> dict[str, list[int]]:
    """What a return says in all: sheet -> [rows, households, individuals] of its accepted rows. A visa is about these."""
    o = tables.observation.c
    sums = (func.count(), func.coalesce(func.sum(o.households), 0), func.coalesce(func.sum(o.individuals), 0))
    query = (
        select(o.table_name, *sums).where(o.submission_id == submission, o.accepted).group_by(o.table_name).order_by(o.table_name)
    )
    return {row[0]: [int(row[1]), int(row[2]), int(row[3])] for row in connection.execute(query)}


# --- what a release holds -------------------------------------------------------------------------------------------------


def release_id(period: Period, revision: int) -> Select[Any]:
    r = tables.release.c
    return select(r.id).where(r.period == str(period), r.revision == revision)
