"""The register of discrepancies and the decisions about them, on a connection of the store.

Nothing is erased. What a discrepancy stands at follows from its values and from its last decision that is not undone: none, it
is open; one taken on these values, it is decided, or asked when the region is to answer; one taken on other values, it is
reopened, or open again when it was only asked, and says what it was decided on.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, insert, select, update

from pipelines.io.store import tables
from pipelines.io.store.audit import append, as_json
from pipelines.model import Decision, Discrepancy, NotComparable, Period
from schemas.codes import WAITS_FOR_THE_REGION, Action, DiscrepancyStatus, Owner

Told = tuple[Discrepancy, str, str, date | None]
"""A discrepancy with its sentence, its remedy and the day by which a new one is to be answered."""


class DecisionRefused(ValueError):  # noqa: N818 - it is the answer to a person, as people call it
    """A decision that cannot be written. `key` is why: `unknown` (no such discrepancy, or no such decision of it), `closed` (it
    is no longer found), `values_changed` (it was taken on other values), `already_undone`, `undoes_an_undo`, `nobody` and
    `no_reason`. `discrepancy_id` is the one it is about."""

    def __init__(self, key: str, discrepancy_id: str) -> None:
        super().__init__(f"{key}: {discrepancy_id}")
        self.key = key
        self.discrepancy_id = discrepancy_id


@dataclass(frozen=True, slots=True)
class NewDecision:
    """What a person decides (`by`, who need not be the one who types). `fingerprint`, when given, is that of the values as the
    person saw them; `action` may be left out only when the decision `undoes` another. `owner` (an `Owner`) and `due` say who is to answer
    from now on, and by when; decisions taken together share a `group_id`."""

    discrepancy_id: str
    action: Action | None
    by: str
    on: date
    reason: str
    source: str | None = None
    households: int | None = None
    individuals: int | None = None
    undoes: int | None = None
    group_id: str | None = None
    owner: str | None = None
    due: date | None = None
    fingerprint: str | None = None


# --- what a run finds -----------------------------------------------------------------------------------------------------


def upsert_discrepancies(connection: Connection, period: Period, found: Sequence[Told], as_of: date) -> None:
    """What was found is written over what was there; what is no longer found is closed."""
    d = tables.discrepancy
    held = {row.id: row for row in connection.execute(select(d).where(d.c.period == str(period)))}
    standing = _standing(connection, _of_period(period))
    for item, sentence, remedy, due in found:
        stands = _stands(item.fingerprint, standing.get(item.key))
        values = _values(item) | {"sentence": sentence, "remedy": remedy} | stands
        before = held.pop(item.key, None)
        if before is None:
            new = {"owner": str(item.owner), "due": due, "first_seen": as_of, "last_seen": as_of}
            connection.execute(insert(d).values(id=item.key, **values, **new))
        else:
            kept = {"owner": before.owner or str(item.owner), "due": before.due or due}
            seen = {"last_seen": max(as_of, before.first_seen)}
            connection.execute(update(d).where(d.c.id == item.key).values(**values, **kept, **seen))
    connection.execute(update(d).where(d.c.id.in_(list(held))).values(status=str(DiscrepancyStatus.CLOSED)))


def _values(item: Discrepancy) -> dict[str, Any]:
    named = ("rule", "place_id", "population_group", "measure", "unit", "fingerprint", "partner", "submission_id")
    cell = {name: getattr(item.finding, name, None) for name in ("sheet", "cell", "row", "reply")}
    return {name: getattr(item, name) for name in named} | cell | {
        "period": str(item.period), "compared": as_json([asdict(value) for value in item.values]), "gap": int(item.gap),
        "impact": int(item.impact), "severity": str(item.severity), "share": item.national_share, "params": as_json(item.params),
        "proposed": str(item.proposed), "additional": bool(item.additional),
    }  # fmt: skip


def _stands(fingerprint: str, decision: Row[Any] | None) -> dict[str, Any]:
    """The status of a discrepancy, and the decision that its values have left behind."""
    if decision is None:
        return {"status": str(DiscrepancyStatus.OPEN), "reopened_because": None}
    waits = decision.action in WAITS_FOR_THE_REGION
    if decision.fingerprint in (None, fingerprint):
        return {"status": str(DiscrepancyStatus.ASKED if waits else DiscrepancyStatus.DECIDED), "reopened_because": None}
    quoted = {
        "decision_id": decision.id, "action": decision.action, "decided_by": decision.decided_by, "reason": decision.reason,
        "decided_on": decision.decided_on.isoformat(), "source": decision.source, "fingerprint": decision.fingerprint,
        "values": json.loads(decision.compared or "[]"),
    }  # fmt: skip
    return {
        "status": str(DiscrepancyStatus.OPEN if waits else DiscrepancyStatus.REOPENED), "reopened_because": as_json(quoted),
    }  # fmt: skip


def replace_not_comparable(connection: Connection, period: Period, found: Iterable[tuple[NotComparable, str]]) -> None:
    n = tables.not_comparable
    connection.execute(delete(n).where(n.c.period == str(period)))
    rows = [
        {
            "period": str(item.period), "place_id": item.place_id, "population_group": str(item.population_group),
            "compared": as_json([asdict(value) for value in item.values]), "reason": item.reason,
            "params": as_json(item.params), "sentence": sentence,
        }
        for item, sentence in found
    ]  # fmt: skip
    if rows:
        connection.execute(insert(n), rows)


# --- what people decide ---------------------------------------------------------------------------------------------------


def write_decision(connection: Connection, wanted: NewDecision, at: datetime, actor: str) -> int:
    """The decision, what the discrepancy stands at from then on, and the audit event. Raises DecisionRefused."""
    d = tables.discrepancy
    about = connection.execute(select(d).where(d.c.id == wanted.discrepancy_id)).one_or_none()
    undone = _checked(connection, wanted, about)
    assert about is not None
    action = wanted.action or (undone.action if undone is not None else None)
    if action is None:
        raise ValueError("a decision is an action, or undoes another decision")
    said = {
        "discrepancy_id": about.id, "action": str(action), "decided_by": wanted.by, "decided_on": wanted.on,
        "reason": wanted.reason, "source": wanted.source, "households": wanted.households, "individuals": wanted.individuals,
        "undoes": wanted.undoes, "group_id": wanted.group_id, "fingerprint": about.fingerprint,
    }  # fmt: skip
    key = connection.execute(insert(tables.decision).values(**said, compared=about.compared)).inserted_primary_key
    assert key is not None
    _settle(connection, about, wanted)
    details = {name: value for name, value in said.items() if value is not None} | {"decision_id": key[0]}
    done = "discrepancy.decided" if wanted.undoes is None else "discrepancy.decision_undone"
    append(connection, at, actor, done, f"discrepancy:{about.id}", details)
    return int(key[0])


def _checked(connection: Connection, wanted: NewDecision, about: Row[Any] | None) -> Row[Any] | None:
    """The decision that this one takes back, if any. Raises DecisionRefused when it cannot be written."""
    c = tables.decision.c
    undone = None
    if wanted.undoes is not None:
        of_it = _decision_where(c.id == wanted.undoes, c.discrepancy_id == wanted.discrepancy_id)
        undone = connection.execute(of_it).one_or_none()
    refusals = {
        "unknown": about is None or (wanted.undoes is not None and undone is None),
        "nobody": not wanted.by.strip(),
        "no_reason": not wanted.reason.strip(),
        "undoes_an_undo": undone is not None and undone.undoes is not None,
        "already_undone": undone is not None and connection.execute(_decision_where(c.undoes == undone.id)).first() is not None,
        # what is no longer found asks for no decision, but one about it may be taken back
        "closed": about is not None and wanted.undoes is None and about.status == DiscrepancyStatus.CLOSED,
        "values_changed": about is not None and wanted.fingerprint not in (None, about.fingerprint),
    }
    for key, refused in refusals.items():
        if refused:
            raise DecisionRefused(key, wanted.discrepancy_id)
    return undone


def _settle(connection: Connection, about: Row[Any], wanted: NewDecision) -> None:
    d = tables.discrepancy
    stands = _stands(about.fingerprint, _standing(connection, d.c.id == about.id).get(about.id))
    if about.status == DiscrepancyStatus.CLOSED:
        stands["status"] = str(DiscrepancyStatus.CLOSED)
    owner = None if wanted.owner is None else str(Owner(wanted.owner))
    given = {name: value for name, value in (("owner", owner), ("due", wanted.due)) if value is not None}
    connection.execute(update(d).where(d.c.id == about.id).values(**stands, **given))


def _decision_where(*conditions: Any) -> Select[Any]:
    return select(tables.decision).where(*conditions)


# --- reading --------------------------------------------------------------------------------------------------------------


def decisions(connection: Connection, period: Period) -> list[Row[Any]]:
    """Every decision about the discrepancies of a month, undone ones too, in their order."""
    return list(connection.execute(_decisions(_of_period(period))).all())


def standing_decisions(connection: Connection, period: Period) -> list[Row[Any]]:
    """The last decision of each discrepancy that is not undone, where the values are still those it was taken on, by date."""
    d = tables.discrepancy.c
    now = dict(connection.execute(select(d.id, d.fingerprint).where(_of_period(period))).all())
    held = _standing(connection, _of_period(period))
    return [row for key, row in held.items() if row.fingerprint in (None, now[key])]


def as_decision(row: Row[Any]) -> Decision:
    named = ("id", "discrepancy_id", "decided_by", "decided_on", "reason", "fingerprint", "source", "households", "individuals",
             "undoes")  # fmt: skip
    return Decision(action=Action(row.action), **{name: getattr(row, name) for name in named})


def decisions_told(connection: Connection, period: Period) -> dict[str, list[dict[str, Any]]]:
    """The decisions about each discrepancy as mappings, with `values` (what they were taken on), `undone`, and `holds` for the
    one that holds now."""
    listed, holding = decisions(connection, period), {row.id for row in standing_decisions(connection, period)}
    undone = {row.undoes for row in listed}
    told: dict[str, list[dict[str, Any]]] = {}
    for row in listed:
        line = dict(row._mapping) | {"undone": row.id in undone, "holds": row.id in holding}
        line["values"] = json.loads(line.pop("compared") or "[]")
        told.setdefault(row.discrepancy_id, []).append(line)
    return told


def _of_period(period: Period) -> Any:
    return tables.discrepancy.c.period == str(period)


def _decisions(which: Any) -> Select[Any]:
    e, d = tables.decision, tables.discrepancy
    return select(e).join(d, d.c.id == e.c.discrepancy_id).where(which).order_by(e.c.id)


def _standing(connection: Connection, which: Any) -> dict[str, Row[Any]]:
    """The last decision not undone of each discrepancy, by its date and then in the order they were written, whatever the values
    are now."""
    e, undo = tables.decision.c, tables.decision.alias("undo").c
    holds = _decisions(which).where(e.undoes.is_(None), ~select(undo.id).where(undo.undoes == e.id).exists())
    last = {row.discrepancy_id: row for row in connection.execute(holds.order_by(None).order_by(e.decided_on, e.id))}
    return dict(sorted(last.items(), key=lambda item: (item[1].decided_on, item[1].id)))
