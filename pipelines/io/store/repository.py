"""`Store`: what the steps and the commands may do with the database. One public method, one transaction.

Writers stand in line: SQLite begins with the write lock, PostgreSQL takes one advisory lock. So version numbers and the
audit chain need no retry. Rows of frames travel column by column, never one value at a time. pandas is imported only by
the methods that take or give frames. Instants are kept as UTC text, the same on both databases.
"""

from __future__ import annotations

import json
import os
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import date, datetime
from errno import ENOSPC
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import (
    Connection,
    Date,
    Engine,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    case,
    cast,
    create_engine,
    delete,
    event,
    func,
    insert,
    inspect,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError

from pipelines.io.store import guards, register, releases, roles, tables, views
from pipelines.io.store.audit import GENESIS
from pipelines.io.store.audit import append as _append
from pipelines.io.store.audit import as_json as _json
from pipelines.io.store.audit import instant as _instant
from pipelines.io.store.audit import link as _link
from pipelines.io.store.book import ReleaseBook
from pipelines.io.store.migrations import HEAD
from pipelines.io.store.register import NewDecision, Told
from pipelines.io.store.register import upsert_discrepancies as _upsert_discrepancies
from pipelines.io.store.releases import ReleaseRow
from pipelines.model import (
    COVER_COLUMNS,
    PRESENCE_COLUMNS,
    STATEMENT_COLUMNS,
    Answered,
    Checked,
    Compiled,
    Decision,
    Event,
    Finding,
    Identification,
    NotComparable,
    OpenedFile,
    Past,
    Period,
    PeriodFinding,
    RegionalVisa,
    Reply,
    RowCounts,
    SectorCover,
    SubmissionHead,
)
from pipelines.release import Visa, same_person
from schemas import fields
from schemas.codes import TOTAL, Action, AdjustmentKind, Effect, Level, ReleaseState, SubmissionStatus

if TYPE_CHECKING:
    import pandas as pd

Messages = Callable[[Finding], tuple[str, str]]
ACTOR = "cmp-idp"
_ALIAS_CONFIRMED, _ALIAS_SUBJECT = "place_alias.confirmed", "place_alias:"
_WRITERS = 0x434D50  # the advisory lock of PostgreSQL that stands for "a writer of this store"

_DRAFT = ReleaseState.DRAFT
_FIGURE = tuple(column.name for column in tables.figure.columns if column.name not in ("id", "release_id"))
_ADJUSTMENT = tuple(column.name for column in tables.adjustment.columns if column.name not in ("id", "release_id"))
_OBSERVATION = tuple(column.name for column in tables.observation.columns if column.name not in ("id", "submission_id"))
_ALERT = tuple(column.name for column in tables.alert.columns if column.name not in ("id", "period", "sha256", "event_id"))


class StoreError(Exception):
    """The database could not do it. `cause` is one of `locked`, `read_only`, `full`, `unreachable`, `damaged`, `driver`,
    `newer` (written by a later version of this program), `denied` (the role of this user may not do it, see `roles`),
    `no_snapshot` and `failed`."""

    def __init__(self, message: str, cause: str = "failed") -> None:
        super().__init__(message)
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Known:
    """A file that the store has seen for a month."""

    id: int
    status: str
    rules_hash: str
    version: int | None


@dataclass(frozen=True, slots=True)
class SavedSubmission:
    """`version` is None for a refused file; `fresh` is False when nothing had to be written."""

    id: int
    version: int | None
    fresh: bool


@dataclass(frozen=True, slots=True)
class SavedDraft:
    """`changed` is False when the draft was already that of the same dataset, rules and day."""

    id: int
    changed: bool


@dataclass(frozen=True, slots=True)
class SubmissionRow:
    """One received file as lists show it. `current` when it is the one its region is counted by."""

    id: int
    period: str
    region_id: str | None
    region: str | None
    version: int | None
    stated_version: int | None
    status: str
    file: str
    sha256: str
    layout: str | None
    validated: bool
    rows_read: int
    rows_accepted: int
    rows_rejected: int
    rows_recognised: int
    received_at: str
    current: bool


@dataclass(frozen=True, slots=True)
class RegionRow:
    """A region of the draft, or the country. `totals` is (population group, unit) -> number, None when missing."""

    place_id: str
    name: str
    pcode: str | None
    level: str
    totals: Mapping[tuple[str, str], int | None]
    carried_months: int


class Store(ReleaseBook):
    """An open store. Use it as a context manager, or close it. A method that fails leaves the store as it was."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, url: str, *, migrate: bool = True, busy_seconds: float = 30.0) -> Self:
        """Opens `sqlite:///path` or `postgresql://…` and brings its schema to this version.

        Raises StoreError when the database cannot be reached, is locked for longer than `busy_seconds`, or is newer than
        this program.
        """
        store = cls(_engine(url, busy_seconds))
        try:
            if migrate:
                store._migrate()
        except BaseException:
            store.close()
            raise
        return store

    @staticmethod
    def exists(url: str) -> bool:
        """Whether there is a store to ask. A SQLite file is looked for; a server is taken at its word."""
        address = make_url(url)
        return address.get_backend_name() != "sqlite" or bool(address.database and Path(address.database).exists())

    def close(self) -> None:
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- places ---------------------------------------------------------------------------------------------------------

    def seed_places(
        self,
        places: Iterable[Mapping[str, Any]],
        codes: Iterable[Mapping[str, Any]],
        aliases: Iterable[Mapping[str, Any]],
    ) -> bool:
        """Brings places, their codes by vintage and their aliases to what the reference tables say; False when they already
        said so. Mappings are as read from CSV (empty text is missing, other columns are ignored).

        A place is never removed, since figures name it; an alias that the store holds is never overwritten, since a person
        may have confirmed it.
        """
        wanted = [_seed(tables.place, row) for row in places]
        coded = [_seed(tables.place_code, row) for row in codes]
        named = [_seed(tables.place_alias, row) for row in aliases]
        with self._read() as connection:
            if not any(_seed_differences(connection, wanted, coded, named)):
                return False
        with self._write() as connection:
            _write_seed(connection, *_seed_differences(connection, wanted, coded, named))
        return True

    def find_place(self, name_or_code: str) -> list[dict[str, Any]]:
        """Places by name (case and accents aside), by alias, by id, or by p-code of any vintage: `place_id`, `level`, `name`,
        `pcode` (2021), `region`, `cercle`, `commune`; larger places first."""
        path = "SELECT place_id, level, name, pcode, region, cercle, commune FROM place_path"
        wanted = _plain(name_or_code)
        with self._read() as connection:
            rows = [dict(row) for row in connection.execute(text(path)).mappings()]
            found = {row["place_id"] for row in rows if wanted in (_plain(row["name"]), _plain(row["place_id"]))}
            coded = select(tables.place_code.c.place_id, tables.place_code.c.pcode)
            found |= {place for place, pcode in connection.execute(coded) if _plain(pcode) == wanted}
            named = select(tables.place_alias.c.place_id, tables.place_alias.c.alias)
            found |= {place for place, alias in connection.execute(named) if _plain(alias) == wanted}
        order = [str(level) for level in reversed(Level)]
        return sorted((row for row in rows if row["place_id"] in found), key=lambda r: (order.index(r["level"]), r["place_id"]))

    def aliases(self) -> list[dict[str, Any]]:
        """Every spelling the store holds, packaged or confirmed by a person, as in `place_alias`, by level and spelling."""
        a = tables.place_alias.c
        with self._read() as connection:
            return _dicts(connection, select(tables.place_alias).order_by(a.level, a.alias, a.parent_id, a.id))

    def confirmed_aliases(self) -> list[dict[str, Any]]:
        """The spellings that people confirmed here, each known by its audit event; none in a database without tables yet."""
        a, e = tables.place_alias, tables.audit_event
        subject = literal(_ALIAS_SUBJECT) + cast(a.c.id, Text)
        said = select(e.c.id).where(e.c.action == _ALIAS_CONFIRMED, e.c.subject == subject)
        query = select(a).where(said.exists()).order_by(a.c.level, a.c.alias, a.c.parent_id, a.c.id)
        with self._read() as connection:
            return _dicts(connection, query) if inspect(connection).has_table(a.name) else []

    def confirm_alias(
        self, alias: str, level: str, parent_id: str | None, place_id: str, *, by: str, on: date, reason: str | None,
        at: datetime, actor: str,
    ) -> int:  # fmt: skip
        """Keeps a spelling that a person (`by`, who decided) confirmed for a place, with its audit event by `actor`, both or
        neither. What may be confirmed is for the caller to judge: the very spelling, level and parent that the store already
        holds is a mistake of the program (IntegrityError)."""
        said = {"alias": alias, "level": level, "parent_id": parent_id, "place_id": place_id}
        with self._write() as connection:
            decided = {"source": reason, "confirmed_by": by, "confirmed_on": on}
            key = connection.execute(insert(tables.place_alias).values(**said, **decided)).inserted_primary_key
            assert key is not None
            details = said | {"confirmed_by": by, "confirmed_on": on.isoformat(), "reason": reason}
            _append(connection, at, actor, _ALIAS_CONFIRMED, f"{_ALIAS_SUBJECT}{key[0]}", details)
            return int(key[0])

    # --- submissions ----------------------------------------------------------------------------------------------------

    def known_submission(self, period: Period, sha256: str) -> Known | None:
        """What the store already holds of a file for a month."""
        with self._read() as connection:
            return _known(connection, period, sha256)

    def save_submission(
        self,
        checked: Checked,
        *,
        period: Period,
        rules_hash: str,
        received_at: datetime,
        messages: Messages,
        answer: Answered | None = None,
        actor: str = ACTOR,
    ) -> SavedSubmission:
        """Keeps a checked return: the submission, its rows, its findings and the audit event, all or nothing. `answer` is what
        it answers: its replies are also written on the findings of that file, when the store has it.

        The same bytes under the same rules are already there: nothing happens. Under other rules they are judged again in
        place: the id stays, and so does the version. A file of its own is the next version of its region. Versions count
        accepted files in the order of their arrival; a refused file has none, and one that changes its status when judged
        again takes its place in that order. Raises ValueError when `checked.rows` is not what `model.Checked` says.
        """
        with self._write() as connection:
            known = _known(connection, period, checked.file.sha256)
            if known is not None and known.rules_hash == rules_hash:
                return SavedSubmission(known.id, known.version, fresh=False)
            values = _submission_values(checked, period, rules_hash) | {"answers": _answer_json(answer)}
            if known is None:
                values |= {"received_at": _instant(received_at)}
                saved = _new_submission(connection, values)
            else:
                saved = _rejudged_submission(connection, known, values)
            _insert_observations(connection, saved.id, checked.rows)
            _insert_findings(connection, [_finding(item, messages, submission_id=saved.id) for item in checked.findings])
            if answer is not None:
                _write_replies(connection, period, answer)
            action = "submission.received" if known is None else "submission.judged_again"
            details = {
                "period": str(period), "sha256": checked.file.sha256, "region_id": checked.identification.region_id,
                "version": saved.version, "status": str(checked.status), "rules_hash": rules_hash,
                **({"answers": answer.sha256} if answer is not None else {}),
            }  # fmt: skip
            _append(connection, received_at, actor, action, f"submission:{saved.id}", details)
            return saved

    def current_heads(self, period: Period) -> tuple[SubmissionHead, ...]:
        """The return each region is counted by: its highest accepted version, in the order of region ids. It is `validated` by the
        visa in it, or by one that came beside it and holds for its content and totals."""
        with self._read() as connection:
            return _current_heads(connection, period)

    def submissions(self, period: Period) -> tuple[SubmissionRow, ...]:
        """Every file received for a month in the order of arrival, refused and superseded ones too."""
        names = [name for name in SubmissionRow.__dataclass_fields__ if name not in ("current", "region")]
        s, heads = tables.submission, _heads(period)
        region = func.coalesce(tables.place.c.name, s.c.region).label("region")
        query = (
            select(*(s.c[name] for name in names), region, s.c.id.in_(heads).label("current"))
            .select_from(s.outerjoin(tables.place, tables.place.c.place_id == s.c.region_id))
            .where(s.c.period == str(period))
            .order_by(s.c.id)
        )
        with self._read() as connection:
            return tuple(
                SubmissionRow(**{**row, "current": bool(row["current"])}) for row in connection.execute(query).mappings()
            )

    def observations(self, period: Period) -> pd.DataFrame:
        """The rows of the current returns, accepted and rejected: `submission_id`, `region_id`, `table`, `sheet`, `row`,
        `accepted`, places and the fields of `observation_fields()`, by region, table, sheet and row. Counts are Int64;
        texts and dates are objects, None when missing."""
        o, s = tables.observation, tables.submission
        wide = [o.c[name].label("table" if name == "table_name" else name) for name in _OBSERVATION]
        query = (
            select(o.c.submission_id, s.c.region_id, *wide)
            .join_from(o, s)
            .where(s.c.id.in_(_heads(period)))
            .order_by(s.c.region_id, o.c.table_name, o.c.sheet, o.c.row)
        )
        with self._read() as connection:
            counts = {"Int64": {field.name for field in fields.observation_fields() if field.is_count}}
            return _frame(connection, query, counts | {"int64": {"submission_id", "row"}, "bool": {"accepted"}})

    def observations_for(
        self, period: Period, place_ids: Iterable[str], table_names: Iterable[str], *, revision: int = 0
    ) -> list[dict[str, Any]]:
        """Rows of the current returns at some places (or moving from or to them), each with the `file`, `sha256`, `region_id`
        and `columns` (JSON, table -> field -> letters) that lead to its cells; with a `revision`, the rows that release was made with."""
        o, source = _rows_of_release(period, revision) if revision else _rows_of_month(period)
        places = list(place_ids)
        here = or_(o.place_id.in_(places), o.from_place_id.in_(places), o.to_place_id.in_(places))
        query = source.where(o.table_name.in_(list(table_names)), here)
        with self._read() as connection:
            return _dicts(connection, query)

    def persons_named(
        self, submission_id: int, field: str, name: str, table_names: Iterable[str], place_id: str | None = None
    ) -> int | None:
        """The individuals of the accepted rows of a return in which `field` is written `name` (and that are counted at a place,
        when one is given); signs aside, None when no row says a number."""
        o = tables.observation.c
        query = select(func.sum(func.abs(o.individuals))).where(
            o.submission_id == submission_id, o[field] == name, o.table_name.in_(list(table_names)), o.accepted
        )
        with self._read() as connection:
            found = connection.execute(query if place_id is None else query.where(o.place_id == place_id)).scalar()
            return None if found is None else int(found)

    def persons_of_alerts(self, period: Period, file: str, sheet: str, field: str, name: str, place_id: str | None) -> int | None:
        """The individuals of the rows of a sheet of alerts in which `field` is written `name` and that are left at a place (or at
        none); None when no row says a number."""
        a = tables.alert.c
        query = select(func.sum(a.individuals)).where(
            a.period == str(period), a.file == file, a.sheet == sheet, a[field] == name, a.place_id.is_not_distinct_from(place_id)
        )
        with self._read() as connection:
            found = connection.execute(query).scalar()
            return None if found is None else int(found)

    def findings(self, period: Period, *, revision: int = 0) -> list[dict[str, Any]]:
        """What was found in the month: of the current returns, of the refused files, and of the draft; with a `revision`, of the
        returns that release was made with and of its month. `params` is JSON.

        `submission_id` and `file` are those of the file a finding points at; `region_id` is the region of its return, None
        when it is of the draft (its `place_id` tells); `source` is `submission` or `draft`.
        """
        f, s, r = tables.finding, tables.submission, tables.release
        of_draft, used = f.c.release_id.is_not(None), tables.release_return.c
        made_with = select(used.submission_id).where(used.release_id.in_(releases.release_id(period, revision)))
        counted = s.c.id.in_(made_with) if revision else or_(s.c.id.in_(_heads(period)), _refused(period))
        query = (
            select(
                func.coalesce(f.c.submission_id, f.c.about_submission_id).label("submission_id"),
                s.c.file, s.c.status, s.c.region_id.label("_region_id"), f.c.release_id, f.c.place_id, f.c.code, f.c.effect,
                f.c.sheet, f.c.cell, f.c.row, f.c.value, f.c.params, f.c.message, f.c.remedy, f.c.reply,
            )
            .select_from(
                f.outerjoin(s, s.c.id == func.coalesce(f.c.submission_id, f.c.about_submission_id))
                .outerjoin(r, r.c.id == f.c.release_id)
            )
            .where(or_(
                and_(f.c.submission_id.is_not(None), counted),
                and_(r.c.period == str(period), r.c.revision == revision),
            ))
            .order_by(of_draft, case((of_draft, ""), else_=func.coalesce(s.c.region_id, "")), func.coalesce(f.c.submission_id, 0), f.c.id)
        )  # fmt: skip
        with self._read() as connection:
            return [_of_source(row) for row in _dicts(connection, query)]

    def checked(self, period: Period, sha256: str) -> Checked | None:
        """A stored return as `model.Checked` describes it, its file without sheets; None when the store does not have it."""
        s, o, f = tables.submission, tables.observation, tables.finding
        wide = [o.c[name].label("table" if name == "table_name" else name) for name in _OBSERVATION]
        counts = {"Int64": {field.name for field in fields.observation_fields() if field.is_count}}
        with self._read() as connection:
            row = connection.execute(select(s).where(s.c.period == str(period), s.c.sha256 == sha256)).one_or_none()
            if row is None:
                return None
            ordered = select(*wide).where(o.c.submission_id == row.id).order_by(o.c.id)
            rows = _frame(connection, ordered, counts | {"int64": {"row"}, "bool": {"accepted"}})
            found = connection.execute(select(f).where(f.c.submission_id == row.id).order_by(f.c.id)).all()
        return _as_checked(row, rows, [_as_finding(item) for item in found])

    def answers(self, period: Period) -> dict[str, Answered]:
        """What the files of a month answer, by their sha256, in the order of their arrival."""
        s = tables.submission.c
        query = select(s.sha256, s.answers).where(s.period == str(period), s.answers.is_not(None)).order_by(s.id)
        with self._read() as connection:
            return {sha256: _as_answer(text) for sha256, text in connection.execute(query)}

    # --- drafts ---------------------------------------------------------------------------------------------------------

    def past(self, period: Period) -> Past | None:
        """What a month is compared with: the last published release of an earlier month, else the draft of the month before."""
        with self._read() as connection:
            release = _last_published(connection, period) or _release(connection, period.previous(), revision=0)
            return _totals_of(connection, release) if release is not None else None

    def past_totals(self, period: Period) -> dict[tuple[str, str, str], dict[str, int]]:
        """The known totals of `past` without a frame: (place, group, measure) -> unit -> value."""
        found: dict[tuple[str, str, str], dict[str, int]] = {}
        with self._read() as connection:
            release = _last_published(connection, period) or _release(connection, period.previous(), revision=0)
            for row in connection.execute(_totals(release.id)) if release is not None else ():
                if row.value is not None:
                    found.setdefault((row.place_id, row.population_group, row.measure), {})[row.unit] = row.value
        return found

    def month_totals(self, period: Period) -> Past | None:
        """The totals of one month itself: of its last published revision, else of its draft; None without either."""
        with self._read() as connection:
            release = releases.published(connection, period) or _release(connection, period, revision=0)
            return _totals_of(connection, release) if release is not None else None

    def save_draft(
        self,
        compiled: Compiled,
        *,
        as_of: date,
        rules_hash: str,
        dataset_sha256: str,
        compared_with: str | None,
        compiled_at: datetime,
        messages: Messages,
        discrepancies: Iterable[Told] = (),
        not_comparable: Iterable[tuple[NotComparable, str]] = (),
        actor: str = ACTOR,
    ) -> SavedDraft:
        """Replaces the draft of a month: release, figures, bridge, findings of the month and discrepancies, all or nothing.

        `discrepancies` come with their sentence, their remedy and the day a new one is due; what is `not_comparable` with
        its sentence. A discrepancy that was there keeps its first day, its decisions, and the owner and due date it had;
        decided and with other values, it is reopened; one no longer found is closed. `adjustments` may have a `decision_id`.
        An audit event is added only when the dataset, the rules or the day changed. Raises ValueError when a frame is not
        what `model.Compiled` says.
        """
        stamp = {"as_of": as_of, "rules_hash": rules_hash, "dataset_sha256": dataset_sha256, "compared_with": compared_with}
        with self._write() as connection:
            seen = {"acts_seen": releases.acts_given(connection, compiled.period)}
            release, changed = _draft(connection, compiled.period, stamp, seen, compiled_at)
            _insert_returns(connection, release, compiled.period)
            _insert_frame(connection, tables.figure, compiled.figures, _FIGURE, {"release_id": release})
            adjustments = compiled.adjustments
            if "decision_id" not in adjustments:
                adjustments = adjustments.assign(decision_id=None)
            _insert_frame(connection, tables.adjustment, adjustments, _ADJUSTMENT, {"release_id": release})
            _insert_findings(connection, [_period_finding(item, messages, release) for item in compiled.findings])
            _upsert_discrepancies(connection, compiled.period, tuple(discrepancies), as_of)
            register.replace_not_comparable(connection, compiled.period, not_comparable)
            if changed:
                details = {name: str(value) for name, value in stamp.items() if value is not None}
                _append(connection, compiled_at, actor, "draft.compiled", f"release:{compiled.period}", details)
            return SavedDraft(release, changed)

    def draft_release(self, period: Period) -> ReleaseRow | None:
        """The draft of a month."""
        with self._read() as connection:
            return _release(connection, period, revision=0)

    def region_board(self, period: Period) -> list[RegionRow]:
        """The regions of the draft and the country, in the order of their ids: stocks of IDPs and cumulative returnees and
        repatriated. `carried_months` is that of the IDP stock."""
        f = tables.figure.c
        query = (
            select(f.place_id, f.level, f.population_group, f.measure, f.unit, f.value, f.carried_months)
            .where(f.release_id.in_(_draft_id(period)), f.level.in_(["region", "country"]), _is_total())
            .where(f.measure.in_(["stock", "cumulative"]))
            .order_by(f.place_id, f.population_group, f.unit)
        )
        with self._read() as connection:
            rows = connection.execute(query).all()
            names = _names(connection, {row.place_id for row in rows})
        grouped: dict[str, list[Any]] = {}
        for row in rows:
            grouped.setdefault(row.place_id, []).append(row)
        return [_board_row(place_id, *names[place_id], of_place) for place_id, of_place in grouped.items()]

    def figure_totals(self, period: Period, place_id: str, *, revision: int = 0) -> list[dict[str, Any]]:
        """The totals of a place in the draft, or in a numbered revision."""
        f = tables.figure.c
        names = ("population_group", "measure", "unit", "value", "missing_reason", "obs_status", "basis", "grade")
        query = (
            select(*(f[name] for name in names), f.carried_months)
            .where(f.release_id.in_(releases.release_id(period, revision)), f.place_id == place_id, _is_total())
            .order_by(f.population_group, f.measure, f.unit)
        )
        with self._read() as connection:
            return _dicts(connection, query)

    def bridge(self, period: Period, place_id: str, *, revision: int = 0) -> list[dict[str, Any]]:
        """The items that lead from the regional return to each number of a place, with the `file` and `sha256` they cite, or the
        decision: `action`, `decided_by`, `decided_on`, `decision_reason`, `decision_source`."""
        a, s, used, d = tables.adjustment, tables.submission, tables.release_return, tables.decision
        opens = and_(used.c.release_id == a.c.release_id, used.c.region_id == a.c.place_id, a.c.kind == AdjustmentKind.RETURN)
        cited = func.coalesce(a.c.submission_id, used.c.submission_id)
        items = [cited.label(name) if name == "submission_id" else a.c[name] for name in _ADJUSTMENT]
        query = (
            select(*items, s.c.file, s.c.sha256, d.c.action, d.c.decided_by, d.c.decided_on)
            .add_columns(d.c.reason.label("decision_reason"), d.c.source.label("decision_source"))
            .select_from(a.outerjoin(used, opens).outerjoin(s, s.c.id == cited).outerjoin(d, d.c.id == a.c.decision_id))
            .where(a.c.release_id.in_(releases.release_id(period, revision)), a.c.place_id == place_id)
            .order_by(a.c.population_group, a.c.measure, a.c.unit, a.c.item)
        )
        with self._read() as connection:
            return _dicts(connection, query)

    def dataset(self, period: Period, revision: int = 0) -> Compiled:
        """The figures and the bridge of the draft, or of a numbered release, as they were compiled; no findings. Their canonical
        export has the hash that is kept with them as long as nobody changed them."""
        of = tables.figure.c.release_id.in_(releases.release_id(period, revision))
        to = tables.adjustment.c.release_id.in_(releases.release_id(period, revision))
        whole = {"Int64": {"value", "row"}, "int64": {"carried_months", "item"}}
        with self._read() as connection:
            figures = _frame(connection, select(*(tables.figure.c[name] for name in _FIGURE)).where(of), whole)
            adjustments = _frame(connection, select(*(tables.adjustment.c[name] for name in _ADJUSTMENT)).where(to), whole)
        return Compiled(period, figures, adjustments, ())

    def history(self, period: Period, months: int = 24) -> pd.DataFrame:
        """The totals of the months before `period`, at most so many: the columns of `HISTORY_COLUMNS`, each month as last
        published, else as drafted."""
        from pipelines.triangulation.evidence import HISTORY_COLUMNS

        f, r = tables.figure.c, tables.release.c
        first = period
        for _ in range(months):
            first = first.previous()
        within = and_(r.period >= str(first), r.period < str(period), r.state.in_([_DRAFT, ReleaseState.PUBLISHED]))
        with self._read() as connection:
            last = dict(connection.execute(select(r.period, r.id).where(within).order_by(r.revision)).all())
            columns = [r[name] if name == "period" else f[name] for name in HISTORY_COLUMNS]
            query = (
                select(*columns)
                .join_from(tables.figure, tables.release)
                .where(f.release_id.in_(list(last.values())), _is_total())
                .order_by(r.period, f.place_id, f.population_group, f.measure, f.unit)
            )
            return _frame(connection, query, {"Int64": {"value"}, "int64": {"carried_months"}})

    def periods(self) -> tuple[Period, ...]:
        """The months of which the store holds a file or a release, oldest first."""
        query = select(tables.submission.c.period).union(select(tables.release.c.period))
        with self._read() as connection:
            return tuple(sorted(Period.parse(period) for (period,) in connection.execute(query)))

    def view(self, name: str, period: Period | None = None) -> pd.DataFrame:
        """One of the views for analysts as a frame, of one month or of all; whole numbers are Int64, missing texts None.
        Raises KeyError for a name that is no view."""
        if name not in views.VIEWS:
            raise KeyError(name)
        query = text(f"SELECT * FROM {name}")
        if period is not None:
            query = text(f"SELECT * FROM {name} WHERE period = :period").bindparams(period=str(period))
        with self._read() as connection:
            frame = _frame(connection, query, {})
        ordered = [column for column in _VIEW_ORDER if column in frame]
        return frame.sort_values(ordered, ignore_index=True, kind="stable") if ordered else frame

    def release_view(self, name: str, period: Period, revision: int) -> pd.DataFrame:
        """What the files of a release are made from, whatever its state: `figure`, `bridge`, `completeness`, `revision`, `territory`
        (the columns of the official view of that name, grades included) or `site` (those of `SITE_COLUMNS` but the last)."""
        query = text(views.OF_RELEASE[name]("r.period = :period AND r.revision = :revision"))
        with self._read() as connection:
            frame = _frame(connection, query.bindparams(period=str(period), revision=revision), {})
        ordered = [column for column in (*_VIEW_ORDER, "site", "site_type") if column in frame]
        return frame.sort_values(ordered, ignore_index=True, kind="stable", na_position="first")

    # --- discrepancies and decisions ------------------------------------------------------------------------------------

    def discrepancies(self, period: Period) -> list[dict[str, Any]]:
        """All discrepancies of a month, closed ones too, the heaviest first: the columns of the table with `place`, `pcode` and
        `level`; `values` lists what is compared (`source`, `value`, `unit`, `as_of`, `where`, `source_id`, `takes`), `params`
        is a mapping, `decisions` lists all that was decided about it in order, each with `undone`, `holds` (for the one
        that holds now) and the `values` it was taken on, and `reopened_because` is the decision that other values have left behind, or None."""
        d = tables.discrepancy
        with self._read() as connection:
            query = select(d).where(d.c.period == str(period)).order_by(d.c.impact.desc(), d.c.id)
            rows = _with_names(connection, _dicts(connection, query))
            decided = register.decisions_told(connection, period)
        for row in rows:
            row["values"] = json.loads(row.pop("compared"))
            row["params"] = json.loads(row["params"])
            row["reopened_because"] = json.loads(row["reopened_because"]) if row["reopened_because"] else None
            row["additional"] = bool(row["additional"])
            row["decisions"] = decided.get(row["id"], [])
        return rows

    def not_comparable(self, period: Period) -> list[dict[str, Any]]:
        """The numbers of a month that are not held against each other: `place`, `pcode`, `level`, `population_group`, `values`,
        `reason` (a key), `params` and `sentence`, in the order of the run."""
        n = tables.not_comparable
        with self._read() as connection:
            rows = _with_names(connection, _dicts(connection, select(n).where(n.c.period == str(period)).order_by(n.c.id)))
        for row in rows:
            row["values"] = json.loads(row.pop("compared"))
            row["params"] = json.loads(row["params"])
        return rows

    def decide(
        self, discrepancy_id: str, *, action: Action | None, by: str, on: date, reason: str, at: datetime, actor: str,
        source: str | None = None, households: int | None = None, individuals: int | None = None, undoes: int | None = None,
        group_id: str | None = None, owner: str | None = None, due: date | None = None, fingerprint: str | None = None,
    ) -> int:  # fmt: skip
        """Writes a decision with its audit event, both or neither, and gives its id; the discrepancy stands from then on at what
        it says. See `NewDecision`. Raises DecisionRefused."""
        wanted = NewDecision(
            discrepancy_id, action, by, on, reason, source, households, individuals, undoes, group_id, owner, due, fingerprint
        )
        return self.decide_all([wanted], at=at, actor=actor)[0]

    def decide_all(self, decisions: Sequence[NewDecision], *, at: datetime, actor: str) -> tuple[int, ...]:
        """Writes the decisions of a meeting, all or none of them. Raises DecisionRefused of the first that cannot be written."""
        with self._write() as connection:
            return tuple(register.write_decision(connection, wanted, at, actor) for wanted in decisions)

    def decisions(self, period: Period) -> list[Decision]:
        """All decisions about the discrepancies of a month in their order, undone ones and those that undo too."""
        with self._read() as connection:
            return [register.as_decision(row) for row in register.decisions(connection, period)]

    def standing_decisions(self, period: Period) -> list[Decision]:
        """Those that hold now: the last of each discrepancy that is not undone, taken on the values that are still there."""
        with self._read() as connection:
            return [register.as_decision(row) for row in register.standing_decisions(connection, period)]

    # --- sources --------------------------------------------------------------------------------------------------------

    def save_sources(
        self, period: Period, statements: pd.DataFrame, presence: pd.DataFrame, cover: pd.DataFrame, hashes: Mapping[str, str]
    ) -> None:  # fmt: skip
        """Replaces what sources state, who is present where, and how far that reaches, of a month: the columns of
        `STATEMENT_COLUMNS`, `PRESENCE_COLUMNS` and `COVER_COLUMNS`; `hashes` gives the sha256 of each received file. Raises
        ValueError for other columns."""
        with self._write() as connection:
            for table, frame in (
                (tables.statement, statements.rename(columns={"table": "table_name"})),
                (tables.presence, presence),
            ):
                connection.execute(delete(table).where(table.c.period == str(period)))
                columns = [column.name for column in table.columns if column.name not in ("id", "period", "sha256")]
                sha256 = {"sha256": [hashes.get(file) for file in frame["file"]]}
                _insert_frame(connection, table, frame, columns, {"period": str(period)}, sha256)
            connection.execute(delete(tables.sector_cover).where(tables.sector_cover.c.period == str(period)))
            _insert_frame(connection, tables.sector_cover, cover, COVER_COLUMNS, {"period": str(period)})

    def statements(self, period: Period) -> pd.DataFrame:
        """What sources state about places, the columns of `STATEMENT_COLUMNS`, in the order it was saved in."""
        return self._said(period, tables.statement, STATEMENT_COLUMNS)

    def presence(self, period: Period) -> pd.DataFrame:
        """Who is present where, the columns of `PRESENCE_COLUMNS`, in the order it was saved in."""
        return self._said(period, tables.presence, PRESENCE_COLUMNS)

    def cover(self, period: Period) -> list[SectorCover]:
        """How far each sector reaches the IDPs of each cercle, by place and sector."""
        c = tables.sector_cover.c
        query = select(*(c[name] for name in COVER_COLUMNS)).where(c.period == str(period)).order_by(c.place_id, c.sector)
        with self._read() as connection:
            return [SectorCover(**row) for row in _dicts(connection, query)]

    def _said(self, period: Period, table: Table, names: Sequence[str]) -> pd.DataFrame:
        columns = [table.c["table_name"].label("table") if name == "table" else table.c[name] for name in names]
        query = select(*columns).where(table.c.period == str(period)).order_by(table.c.id)
        with self._read() as connection:
            return _frame(connection, query, {"Int64": {"value", "row"} & set(names)})

    # --- alerts ---------------------------------------------------------------------------------------------------------

    def save_alerts(self, period: Period, rows: pd.DataFrame, hashes: Mapping[str, str], events: Iterable[Event] = ()) -> None:
        """Replaces the alerts and events of a month. `rows` has the fields of `ALERT`, `place_id`, `file`, `sheet`, `row` and
        `cell`; `hashes` gives the sha256 of each file; an alert is told by the event that has its file, sheet and row. Raises
        ValueError for other columns, KeyError for an unknown file."""
        with self._write() as connection:
            for table in (tables.alert, tables.event):
                connection.execute(delete(table).where(table.c.period == str(period)))
            sha256 = [hashes[file] for file in rows["file"]] if len(rows) else []
            _insert_frame(connection, tables.alert, rows, _ALERT, {"period": str(period)}, {"sha256": sha256})
            for item in events:
                _insert_event(connection, period, item)

    def alerts(self, period: Period) -> pd.DataFrame:
        """The alerts of a month: `id`, `event_id`, `file`, `sha256`, `sheet`, `row`, `cell`, `place_id` and the fields of
        `ALERT`, by file, sheet and row."""
        a = tables.alert
        query = select(*(c for c in a.columns if c.name != "period")).where(a.c.period == str(period))
        with self._read() as connection:
            counts = {field.name for field in fields.ALERT.counts} | {"event_id"}
            ordered = query.order_by(a.c.file, a.c.sha256, a.c.sheet, a.c.row)
            return _frame(connection, ordered, {"Int64": counts, "int64": {"id", "row"}})

    def events(self, period: Period) -> list[dict[str, Any]]:
        """The events of a month, oldest first: the columns of the table with `place`, `pcode`, `level`, `organisations` and
        `alert_numbers` as lists, and `rows`, the (file, sheet, row) of each alert that tells of it."""
        e, a = tables.event, tables.alert.c
        with self._read() as connection:
            query = select(e).where(e.c.period == str(period)).order_by(e.c.first_on, e.c.key)
            found = _with_names(connection, _dicts(connection, query))
            told = select(a.event_id, a.file, a.sheet, a.row).where(a.period == str(period), a.event_id.is_not(None))
            rows = connection.execute(told.order_by(a.file, a.sheet, a.row)).all()
        for item in found:
            for name in ("organisations", "alert_numbers"):
                item[name] = json.loads(item[name])
            item["assessed"] = bool(item["assessed"])
            item["rows"] = [(row.file, row.sheet, row.row) for row in rows if row.event_id == item["id"]]
        return found

    # --- audit ----------------------------------------------------------------------------------------------------------

    def record(self, at: datetime, actor: str, action: str, subject: str, details: Mapping[str, Any]) -> int:
        """Adds a link to the audit chain; gives its id."""
        with self._write() as connection:
            return _append(connection, at, actor, action, subject, details)

    def verify_chain(self) -> int | None:
        """The id of the first audit event that was altered or does not follow the one before; None when the chain is whole.
        Events cut off its end leave no trace here: compare the last hash with a published one."""
        previous = GENESIS
        with self._read() as connection:
            for row in connection.execute(select(tables.audit_event).order_by(tables.audit_event.c.id)):
                link = _link(previous, row.at, row.actor, row.action, row.subject, row.details)
                if row.previous_hash != previous or row.hash != link:
                    return int(row.id)
                previous = row.hash
        return None

    # --- copies ---------------------------------------------------------------------------------------------------------

    def snapshot(self, path: Path) -> None:
        """Writes the whole store as it is now to a SQLite file of its own that is only read: complete or not at all, in the place
        of a file that is there. Raises StoreError, with the cause `no_snapshot` for a server, which has its own means (pg_dump)."""
        if self._engine.dialect.name != "sqlite":
            raise StoreError("only a SQLite store is copied to a file: use pg_dump", "no_snapshot")
        part = path.with_name(f"{path.name}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            for old in (part, path):
                if old.exists():
                    old.chmod(0o644)  # Windows neither removes nor replaces what is only read
            part.unlink(missing_ok=True)
            with _plain_failures(), self._engine.connect() as connection:
                # a copy cannot be made inside a transaction, so none is begun
                connection.execution_options(sqlite_begin="").exec_driver_sql("VACUUM INTO ?", (str(part),))
            _to_disk(part)
            part.chmod(0o444)
            part.replace(path)
        except OSError as failure:
            raise StoreError(str(failure), "full" if failure.errno == ENOSPC else "failed") from failure
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)

    # --- transactions ---------------------------------------------------------------------------------------------------

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        """One snapshot for all queries of a method."""
        snapshot = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        options = snapshot if self._engine.dialect.name == "postgresql" else {}
        with _plain_failures(), self._engine.connect() as connection, connection.execution_options(**options).begin():
            yield connection

    @contextmanager
    def _write(self, **more: str) -> Iterator[Connection]:
        """The only writer, until it commits."""
        options = {"sqlite_begin": "BEGIN IMMEDIATE", **more}
        with _plain_failures(), self._engine.connect() as connection, connection.execution_options(**options).begin():
            if connection.dialect.name == "postgresql":
                connection.execute(select(func.pg_advisory_xact_lock(_WRITERS)))
            yield connection

    def _migrate(self) -> None:
        """Brings the schema to `HEAD`. Alembic is imported only when there is something to do."""
        with self._read() as connection:
            if _schema_revision(connection) == HEAD:
                return
        with self._write(sqlite_links="OFF") as connection:
            if _schema_revision(connection) != HEAD:  # another process may have migrated while this one stood in line
                _upgrade(connection)


# --- the engine -----------------------------------------------------------------------------------------------------------


def _engine(url: str, busy_seconds: float) -> Engine:
    address = _address(url)
    options: dict[str, Any] = {}
    if address.get_backend_name() == "sqlite":
        if address.database and address.database != ":memory:":
            Path(address.database).parent.mkdir(parents=True, exist_ok=True)
        options = {"timeout": busy_seconds}
    else:
        wait = int(busy_seconds * 1000)
        options = {"options": f"-c lock_timeout={wait} -c timezone=UTC", "connect_timeout": max(2, int(busy_seconds))}
    try:
        engine = create_engine(address, connect_args=options)
    except ImportError as missing:
        raise StoreError(f"no driver for {address.drivername}: {missing}", "driver") from missing
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _address(url: str) -> URL:
    """`postgresql://` means psycopg 3."""
    address = make_url(url)
    if address.get_backend_name() not in ("sqlite", "postgresql"):
        raise StoreError(f"neither SQLite nor PostgreSQL: {address.drivername}", "driver")
    return address.set(drivername="postgresql+psycopg") if address.drivername == "postgresql" else address


def _prepare_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # the driver's own BEGIN would leave table definitions outside the transaction
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    # links cannot be let go inside a transaction, and a migration that makes a table anew must not take its dependants along
    connection.exec_driver_sql(f"PRAGMA foreign_keys={options.get('sqlite_links', 'ON')}")
    connection.exec_driver_sql(options.get("sqlite_begin", "BEGIN"))


def _to_disk(path: Path) -> None:
    with path.open("rb+") as written:
        os.fsync(written.fileno())


_SQLITE_CAUSES = (
    ("locked", "locked"), ("readonly", "read_only"), ("read-only", "read_only"), ("full", "full"),
    ("unable to open", "unreachable"), ("not a database", "damaged"), ("malformed", "damaged"),
)  # fmt: skip
_POSTGRESQL_CAUSES = {"55P03": "locked", "40P01": "locked", "40001": "locked", "25006": "read_only", "53100": "full"}
_DENIED = "42501"


@contextmanager
def _plain_failures() -> Iterator[None]:
    """What the database could not do, or not for this user, becomes a StoreError; a row or a query it refuses is a mistake of the
    program."""
    try:
        yield
    except (IntegrityError, DataError, ProgrammingError) as refusal:
        if getattr(refusal.orig, "sqlstate", None) != _DENIED:
            raise
        raise StoreError(str(refusal.orig).splitlines()[0], "denied") from refusal
    except DBAPIError as failure:
        raise StoreError(str(failure.orig), _cause(failure)) from failure


def _cause(failure: DBAPIError) -> str:
    said = str(failure.orig).lower()
    state = getattr(failure.orig, "sqlstate", None)
    if state is not None:
        return _POSTGRESQL_CAUSES.get(state, "unreachable" if state[:2] in ("08", "57", "28", "3D") else "failed")
    if type(failure.orig).__module__.startswith("psycopg"):
        return "unreachable"  # no state means that no server answered
    return next((cause for sign, cause in _SQLITE_CAUSES if sign in said), "failed")


def _schema_revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _upgrade(connection: Connection) -> None:
    """Migrates inside the transaction of `connection`. Views and guards are code over the tables: they go before and come back after."""
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", "pipelines.io.store:migrations")
    config.attributes["connection"] = connection
    guards.drop(connection)
    views.drop(connection)
    try:
        command.upgrade(config, "head")
    except CommandError as failure:
        raise StoreError(f"the store was written by a later version of this program: {failure}", "newer") from failure
    if connection.dialect.name == "sqlite" and connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
        raise StoreError("a row lost the row that it belongs to", "damaged")
    views.create(connection)
    guards.create(connection)
    roles.grant(connection)


# --- frames ---------------------------------------------------------------------------------------------------------------

_VIEW_ORDER = (
    "period", "revision", "pcode", "level", "region", "cercle", "commune", "population_group", "measure", "unit", "sex", "age",
    "shelter", "displacement", "origin_pcode", "cause", "vulnerability", "sector", "item", "id", "key", "source_id", "file", "sheet", "row", "cell",
)  # fmt: skip


def _insert_frame(
    connection: Connection,
    table: Table,
    frame: pd.DataFrame,
    columns: Sequence[str],
    same: Mapping[str, Any],
    more: Mapping[str, Sequence[Any]] | None = None,
) -> None:
    """Inserts the rows of a frame whose columns are exactly `columns`, with the values of `same` on every row."""
    if not len(frame):
        return
    _expect(frame, columns, columns, table.name)
    _insert_columns(connection, table, {name: _values(frame[name], table.c[name]) for name in columns} | dict(more or {}), same)


def _insert_columns(connection: Connection, table: Table, columns: Mapping[str, Sequence[Any]], same: Mapping[str, Any]) -> None:
    """One statement for all rows, given column by column: the driver loops, not SQLAlchemy."""
    length = len(next(iter(columns.values())))
    every = dict(columns) | {name: [value] * length for name, value in same.items()}
    quote = connection.dialect.identifier_preparer.quote
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    names, marks = ", ".join(map(quote, every)), ", ".join([mark] * len(every))
    if connection.dialect.name == "sqlite":
        every |= {name: _iso(values) for name, values in every.items() if isinstance(table.c[name].type, Date)}
    rows = list(zip(*every.values(), strict=True))
    connection.exec_driver_sql(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", rows)


def _expect(frame: pd.DataFrame, needed: Iterable[str], allowed: Iterable[str], what: str) -> None:
    missing, extra = sorted(set(needed) - set(frame.columns)), sorted(set(frame.columns) - set(allowed))
    if missing or extra:
        raise ValueError(f"not the columns of {what}: missing {missing}, unexpected {extra}")


def _values(series: pd.Series, column: Any) -> list[Any]:
    """The values of one column as the driver takes them; every kind of missing becomes None. Raises TypeError or ValueError
    for a count that is not whole."""
    if column.type.python_type is int and series.dtype != bool:
        # by way of float64, whose conversion refuses a fraction where that of Float64 cuts it off
        series = (series.astype("float64") if series.dtype.kind == "f" else series).astype("Int64")
    elif isinstance(column.type, Date) and series.dtype.kind == "M":
        series = series.dt.date
    values = series.to_numpy(dtype=object)
    values = values.copy()
    values[series.isna().to_numpy()] = None
    return list(values.tolist())


def _iso(values: Sequence[date | None]) -> list[str | None]:
    return [None if value is None else value.isoformat()[:10] for value in values]


def _frame(connection: Connection, query: Any, types: Mapping[str, set[str]]) -> pd.DataFrame:
    """The result of a query. `types` is dtype -> columns; other columns are Int64 when all they hold is whole, else objects with
    None for missing."""
    from schemas.frames import pd

    result = connection.execute(query)
    names = list(result.keys())
    rows = result.all()
    dtypes = {name: dtype for dtype, columns in types.items() for name in columns}
    columns = zip(*rows, strict=True) if rows else ([] for _ in names)
    return pd.DataFrame(
        {name: _series(list(values), dtypes.get(name)) for name, values in zip(names, columns, strict=True)}, columns=names
    )


def _series(values: list[Any], dtype: str | None) -> pd.Series:
    from schemas.frames import pd

    if dtype is None:
        kinds = {type(value) for value in values}
        dtype = "Int64" if int in kinds and kinds <= {int, type(None)} else "object"
    return pd.Series(values, dtype=dtype)


def _dicts(connection: Connection, query: Select[Any]) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(query).mappings()]


# --- places ---------------------------------------------------------------------------------------------------------------


def _plain(name: str) -> str:
    """A name without case and accents."""
    letters = unicodedata.normalize("NFKD", name)
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).casefold().strip()


def _seed(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    return {column.name: _seed_value(column, row.get(column.name)) for column in table.columns if column.name != "id"}


def _seed_value(column: Any, value: Any) -> Any:
    if value is None or value == "":
        return None
    if isinstance(column.type, Date):
        return value if isinstance(value, date) else date.fromisoformat(value)
    return float(value) if column.type.python_type is float else value


Seed = tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]


def _seed_differences(
    connection: Connection, places: list[dict[str, Any]], codes: list[dict[str, Any]], aliases: list[dict[str, Any]]
) -> Seed:
    """Places to add, places to correct, all codes when any differs, and aliases to add."""
    held = {row["place_id"]: row for row in _dicts(connection, select(tables.place))}
    added = [row for row in places if row["place_id"] not in held]
    corrected = [row for row in places if row["place_id"] in held and row != held[row["place_id"]]]
    coded = {tuple(row.values()) for row in _dicts(connection, select(tables.place_code))}
    recoded = codes if coded != {tuple(row.values()) for row in codes} else []
    known = {_alias_key(row) for row in _dicts(connection, select(tables.place_alias))}
    return added, corrected, recoded, [row for row in aliases if _alias_key(row) not in known]


def _alias_key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return row["alias"], row["level"], row["parent_id"]


def _write_seed(connection: Connection, added: list[Any], corrected: list[Any], codes: list[Any], aliases: list[Any]) -> None:
    if added:
        connection.execute(insert(tables.place), added)
    for row in corrected:
        connection.execute(update(tables.place).where(tables.place.c.place_id == row["place_id"]).values(row))
    if codes:  # whole, since two places may have exchanged their codes
        connection.execute(delete(tables.place_code))
        connection.execute(insert(tables.place_code), codes)
    if aliases:
        connection.execute(insert(tables.place_alias), aliases)


def _with_names(connection: Connection, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with `place`, `pcode` and `level` of their place, None where they have none."""
    names = _names(connection, {row["place_id"] for row in rows} - {None})
    for row in rows:
        row["place"], row["pcode"], row["level"] = names.get(row["place_id"], (None, None, None))
    return rows


def _names(connection: Connection, place_ids: set[str]) -> dict[str, tuple[str, str | None, str]]:
    """Name, 2021 code and level of some places."""
    p, c = tables.place, tables.place_code
    query = select(p.c.place_id, p.c.name, c.c.pcode, p.c.level).select_from(
        p.outerjoin(c, and_(c.c.place_id == p.c.place_id, c.c.vintage == views.VINTAGE))
    )
    rows = connection.execute(query.where(p.c.place_id.in_(place_ids)))
    return {row.place_id: (row.name, row.pcode, row.level) for row in rows}


# --- submissions ----------------------------------------------------------------------------------------------------------


def _known(connection: Connection, period: Period, sha256: str) -> Known | None:
    s = tables.submission.c
    query = select(s.id, s.status, s.rules_hash, s.version).where(s.period == str(period), s.sha256 == sha256)
    row = connection.execute(query).one_or_none()
    return Known(*row) if row is not None else None


def _heads(period: Period) -> Select[Any]:
    """The ids of the return each region is counted by: the highest version its author printed, the last to arrive among
    equals. A file without a printed version counts as the next one."""

    def printed(of: Any) -> Any:
        return func.coalesce(of.stated_version, of.version)

    s, later = tables.submission.c, tables.submission.alias("later").c
    follows = select(later.id).where(
        later.period == s.period, later.region_id == s.region_id, later.status == SubmissionStatus.ACCEPTED,
        or_(printed(later) > printed(s), and_(printed(later) == printed(s), later.version > s.version)),
    )  # fmt: skip
    return select(s.id).where(s.period == str(period), s.status == SubmissionStatus.ACCEPTED, ~follows.exists())


def _rows_of_month(period: Period) -> tuple[Any, Select[Any]]:
    """The rows of the current returns, and where they come from."""
    o, s = tables.observation, tables.submission
    query = select(o, s.c.region_id, s.c.file, s.c.sha256, s.c.columns).join_from(o, s).where(s.c.id.in_(_heads(period)))
    return o.c, query.order_by(s.c.region_id, o.c.table_name, o.c.sheet, o.c.row)


def _rows_of_release(period: Period, revision: int) -> tuple[Any, Select[Any]]:
    """The rows that a release was made with, and where they came from."""
    o, u = tables.release_row, tables.release_return
    same = and_(u.c.release_id == o.c.release_id, u.c.region_id == o.c.region_id)
    query = (
        select(o, u.c.file, u.c.sha256, u.c.columns)
        .join_from(o, u, same)
        .where(o.c.release_id.in_(releases.release_id(period, revision)))
    )
    return o.c, query.order_by(o.c.region_id, o.c.table_name, o.c.sheet, o.c.row)


def _refused(period: Period) -> Any:
    s = tables.submission.c
    return and_(s.period == str(period), s.status == SubmissionStatus.REFUSED)


def _current_heads(connection: Connection, period: Period) -> tuple[SubmissionHead, ...]:
    s = tables.submission
    rows = connection.execute(select(s).where(s.c.id.in_(_heads(period))).order_by(s.c.region_id)).all()
    beside = releases.visas(connection, period)
    return tuple(_head(connection, row, period, beside) for row in rows)


def _head(connection: Connection, row: Any, period: Period, beside: Sequence[Visa]) -> SubmissionHead:
    """`visa` is who validated it, when and under which minutes: the visa in the file where it is whole and not by who prepared it,
    else the last that came beside it and still holds."""
    columns = json.loads(row.columns)
    visa = None
    if row.validated and row.validated_on and row.minutes_number and row.validated_by:
        own = RegionalVisa(row.validated_by, row.validated_on, row.minutes_number)
        visa = None if same_person(row.validated_by, row.prepared_by) else own
    given = [item for item in beside if item.region_id == row.region_id]
    if visa is None and given:
        totals = releases.totals_said(connection, row.id)
        held = next((item for item in given if item.holds_for(row.sha256, totals, row.prepared_by)), None)
        visa = RegionalVisa(held.validated_by, held.validated_on, held.minutes_number) if held else None
    return SubmissionHead(row.id, row.region_id, period, row.version, row.file, row.sha256, visa is not None, columns, visa)


def _submission_values(checked: Checked, period: Period, rules_hash: str) -> dict[str, Any]:
    form, counts = checked.identification, checked.counts
    named = ("region_id", "region", "prepared_by", "function", "prepared_on", "validated_on", "minutes_number", "validated_by")
    return {name: getattr(form, name) for name in named} | {
        "period": str(period), "layout": checked.layout, "file": checked.file.name, "sha256": checked.file.sha256,
        "status": str(checked.status), "validated": bool(form.validated), "stated_version": form.version,
        "rows_read": counts.read, "rows_accepted": counts.accepted, "rows_rejected": counts.rejected,
        "rows_recognised": counts.recognised, "columns": _json(checked.columns), "rules_hash": rules_hash,
    }  # fmt: skip


def _new_submission(connection: Connection, values: dict[str, Any]) -> SavedSubmission:
    version = _take_version(connection, values, before=None)
    key = connection.execute(insert(tables.submission).values(**values, version=version)).inserted_primary_key
    assert key is not None
    return SavedSubmission(int(key[0]), version, fresh=True)


def _rejudged_submission(connection: Connection, known: Known, values: dict[str, Any]) -> SavedSubmission:
    """Replaces what was said of a file. Its number changes only when its status or its region did."""
    s, o, f = tables.submission, tables.observation, tables.finding
    mine = s.c.id == known.id
    region = connection.execute(select(s.c.region_id).where(mine)).scalar()
    version = known.version
    if (known.status, region) != (values["status"], values["region_id"]):
        connection.execute(update(s).where(mine).values(status=str(SubmissionStatus.REFUSED), version=None))
        if known.version is not None:
            _close_gap(connection, values["period"], region, known.version)
        version = _take_version(connection, values, before=known.id)
    connection.execute(update(s).where(mine).values(**values, version=version))
    connection.execute(delete(o).where(o.c.submission_id == known.id))
    connection.execute(delete(f).where(f.c.submission_id == known.id))
    return SavedSubmission(known.id, version, fresh=True)


def _accepted_of(period: str, region: str | None) -> Any:
    s = tables.submission.c
    return and_(s.period == period, s.region_id == region, s.version.is_not(None))


def _take_version(connection: Connection, values: Mapping[str, Any], before: int | None) -> int | None:
    """The number of a file among the accepted ones of its region, in the order of arrival; None when it is refused.

    A file that arrived earlier than others (`before` is its id) pushes those up by one.
    """
    if values["status"] != SubmissionStatus.ACCEPTED:
        return None
    s = tables.submission.c
    of_region = _accepted_of(values["period"], values["region_id"])
    earlier = of_region if before is None else and_(of_region, s.id < before)
    version = 1 + int(connection.execute(select(func.count()).where(earlier)).scalar_one())
    if before is not None:
        later = select(s.id).where(of_region, s.version >= version).order_by(s.version.desc())
        _shift(connection, later, 1)
    return version


def _close_gap(connection: Connection, period: str, region: str | None, version: int) -> None:
    s = tables.submission.c
    _shift(connection, select(s.id).where(_accepted_of(period, region), s.version > version).order_by(s.version), -1)


def _shift(connection: Connection, ids: Select[Any], step: int) -> None:
    """One by one in the given order, so that no two files have the same number in between."""
    s = tables.submission
    for (key,) in connection.execute(ids).all():
        connection.execute(update(s).where(s.c.id == key).values(version=s.c.version + step))


def _insert_observations(connection: Connection, submission: int, rows: pd.DataFrame) -> None:
    """The rows as `model.Checked` describes them; a column it does not know is an error, one that is absent is missing."""
    frame = rows.rename(columns={"table": "table_name"})
    if not len(frame):
        return
    _expect(frame, ("table_name", "sheet", "row", "accepted"), _OBSERVATION, "checked rows")
    found = {name: _values(frame[name], tables.observation.c[name]) for name in _OBSERVATION if name in frame}
    _insert_columns(connection, tables.observation, found, {"submission_id": submission})


def _finding(item: Finding, messages: Messages, **owner: Any) -> dict[str, Any]:
    message, remedy = messages(item)
    own = {name: getattr(item, name) for name in ("code", "sheet", "cell", "row", "value", "reply")}
    blank = {"submission_id": None, "release_id": None, "about_submission_id": None, "place_id": None}
    return blank | own | {"effect": str(item.effect), "params": _json(item.params), "message": message, "remedy": remedy} | owner


def _as_finding(row: Any) -> Finding:
    own = {name: getattr(row, name) for name in ("code", "sheet", "cell", "row", "value", "reply")}
    return Finding(effect=Effect(row.effect), params=json.loads(row.params), **own)


def _as_checked(row: Any, rows: pd.DataFrame, findings: Sequence[Finding]) -> Checked:
    named = ("region", "region_id", "prepared_by", "function", "prepared_on", "validated", "validated_on", "minutes_number",
             "validated_by")  # fmt: skip
    form = {name: getattr(row, name) for name in named}
    return Checked(
        file=OpenedFile(row.file, row.sha256),
        layout=row.layout,
        identification=Identification(period=Period.parse(row.period), version=row.stated_version, **form),
        rows=rows,
        columns=json.loads(row.columns),
        findings=tuple(findings),
        counts=RowCounts(row.rows_read, row.rows_accepted, row.rows_rejected, row.rows_recognised),
    )


# --- replies --------------------------------------------------------------------------------------------------------------


def _answer_json(answer: Answered | None) -> str | None:
    return None if answer is None else _json(asdict(answer))


def _as_answer(text: str) -> Answered:
    held = json.loads(text)
    return Answered(**(held | {"replies": tuple(Reply(**reply) for reply in held["replies"])}))


def _write_replies(connection: Connection, period: Period, answer: Answered) -> None:
    from pipelines.correction import replies_by_finding

    f, s = tables.finding, tables.submission
    mine = select(s.c.id).where(s.c.period == str(period), s.c.sha256 == answer.sha256)
    rows = connection.execute(select(f).where(f.c.submission_id.in_(mine)).order_by(f.c.id)).all()
    for position, reply in replies_by_finding([_as_finding(row) for row in rows], answer):
        connection.execute(update(f).where(f.c.id == rows[position].id).values(reply=reply))


def _period_finding(item: PeriodFinding, messages: Messages, release: int) -> dict[str, Any]:
    return _finding(item.finding, messages, release_id=release, about_submission_id=item.submission_id, place_id=item.place_id)


def _insert_findings(connection: Connection, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(tables.finding), rows)


def _of_source(row: dict[str, Any]) -> dict[str, Any]:
    of_draft = row.pop("release_id") is not None
    region = row.pop("_region_id")
    return row | {"region_id": None if of_draft else region, "source": "draft" if of_draft else "submission"}


# --- releases -------------------------------------------------------------------------------------------------------------

_RELEASE = releases.COLUMNS


def _release(connection: Connection, period: Period, revision: int) -> ReleaseRow | None:
    r = tables.release.c
    row = connection.execute(select(*_RELEASE).where(r.period == str(period), r.revision == revision)).one_or_none()
    return ReleaseRow(*row) if row is not None else None


def _last_published(connection: Connection, period: Period) -> ReleaseRow | None:
    r = tables.release.c
    query = select(*_RELEASE).where(r.period < str(period), r.state == ReleaseState.PUBLISHED)
    row = connection.execute(query.order_by(r.period.desc(), r.revision.desc()).limit(1)).one_or_none()
    return ReleaseRow(*row) if row is not None else None


def _totals(release_id: int) -> Select[Any]:
    f = tables.figure.c
    columns = (f.place_id, f.level, f.population_group, f.measure, f.unit, f.value, f.basis, f.carried_months)
    whole = select(*columns).where(f.release_id == release_id, _is_total())
    return whole.order_by(f.place_id, f.population_group, f.measure, f.unit)


def _totals_of(connection: Connection, release: ReleaseRow) -> Past:
    frame = _frame(connection, _totals(release.id), {"Int64": {"value"}, "int64": {"carried_months"}})
    return Past(release.name, Period.parse(release.period), release.revision > 0, frame)


def _draft_id(period: Period) -> Select[Any]:
    return releases.release_id(period, 0)


def _is_total() -> Any:
    return and_(*(tables.figure.c[name] == TOTAL for name in tables.BREAKDOWNS))


def _draft(
    connection: Connection, period: Period, stamp: Mapping[str, Any], seen: Mapping[str, Any], compiled_at: datetime
) -> tuple[int, bool]:
    """The emptied draft of a month, and whether it is another one than before."""
    r, held = tables.release, _release(connection, period, revision=0)
    values = {**stamp, **seen, "compiled_at": _instant(compiled_at)}
    if held is None:
        query = insert(r).values(period=str(period), revision=0, state=str(_DRAFT), **values)
        key = connection.execute(query).inserted_primary_key
        assert key is not None
        return int(key[0]), True
    for table in (tables.release_return, tables.figure, tables.adjustment, tables.finding):
        connection.execute(delete(table).where(table.c.release_id == held.id))
    connection.execute(update(r).where(r.c.id == held.id).values(**values))
    return held.id, any(getattr(held, name) != value for name, value in stamp.items())


def _insert_returns(connection: Connection, release: int, period: Period) -> None:
    """Writes down which returns the release is made with, as they are now."""
    s = tables.submission.c
    heads = {head.id: head for head in _current_heads(connection, period)}
    rows = connection.execute(select(s.id, s.rows_accepted, s.rows_rejected, s.columns).where(s.id.in_(list(heads))))
    lines = []
    for row in rows:
        head = heads[row.id]
        visa = asdict(head.visa) if head.visa else dict.fromkeys(("validated_by", "validated_on", "minutes_number"))
        lines.append(
            {
                "release_id": release, "region_id": head.region_id, "submission_id": head.id, "version": head.version,
                "validated": head.validated, "rows_accepted": row.rows_accepted, "rows_rejected": row.rows_rejected,
                "file": head.file, "sha256": head.sha256, "columns": row.columns, **visa,
            }
        )  # fmt: skip
    if lines:
        connection.execute(insert(tables.release_return), lines)


def _board_row(place_id: str, name: str, pcode: str | None, level: str, rows: Sequence[Any]) -> RegionRow:
    totals = {(row.population_group, row.unit): row.value for row in rows}
    carried = max((row.carried_months for row in rows if row.measure == "stock"), default=0)
    return RegionRow(place_id, name, pcode, level, totals, carried)


# --- alerts -------------------------------------------------------------------------------------------------------------


def _insert_event(connection: Connection, period: Period, item: Event) -> None:
    """The event, and its link on the alerts that tell of it."""
    (h_low, h_high), (i_low, i_high) = item.households or (None, None), item.individuals or (None, None)
    named = ("key", "place_id", "first_on", "last_on", "witnesses", "age_days", "origin", "shock")
    key = connection.execute(
        insert(tables.event).values(
            **{name: getattr(item, name) for name in named}, period=str(period), assessed=bool(item.assessed), households_low=h_low,
            households_high=h_high, individuals_low=i_low, individuals_high=i_high, status=str(item.status),
            organisations=_json(item.organisations), alert_numbers=_json(item.alert_numbers),
        )
    ).inserted_primary_key  # fmt: skip
    assert key is not None
    a = tables.alert.c
    this = and_(
        a.period == str(period), a.file == bindparam("of_file"), a.sheet == bindparam("of_sheet"), a.row == bindparam("of_row")
    )
    told = [dict(zip(("of_file", "of_sheet", "of_row"), row, strict=True)) for row in item.rows]
    if told:
        connection.execute(update(tables.alert).where(this).values(event_id=key[0]), told)
