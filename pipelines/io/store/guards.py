"""What never changes, held by the database itself: triggers, in SQLite and in PostgreSQL.

A hand that writes to the database past this program is refused as the program is, and told which promise stands in the way. Like
the views, triggers are code over the tables and the only text of them is here: `Store.open` drops them before it migrates and
creates them again after, in the same transaction. The last migration states the `fingerprint` of views, triggers and grants
together, so that a changed text needs a revision to reach existing databases.

* `release`: begins as a draft or `returned`, moves along `MOVES` only, keeps what it was circulated and signed with, and once it is
  published nothing of it changes. Only a draft can be deleted.
* The rows of a release (`OF_RELEASE`): none comes, changes or goes where its state closes it.
* What people said (`KEPT`): written once. An audit event follows the one before.

SQLite needs more than PostgreSQL: `INSERT OR REPLACE` and `UPDATE OR REPLACE` remove the row in the way without asking its DELETE
trigger, so that whoever writes a row is asked what it would push out, by its key or by its hidden `rowid`. PostgreSQL needs what
SQLite has of itself, one writer at a time: a row of a release locks its release until the end of the transaction, so that it is
not published in between. Its functions see their own tables only, whatever the search path of the session; TRUNCATE is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select, text

from pipelines.io.store import roles, tables, views
from pipelines.io.store.audit import GENESIS

STARTS = ("draft", "returned")
"""A numbered release is `returned` while it is filled."""
MOVES = (
    ("draft", "draft"), ("returned", "returned"), ("returned", "circulated"), ("circulated", "returned"),
    ("circulated", "signed"), ("signed", "returned"), ("signed", "published"),
)  # fmt: skip
"""The states that a row of `release` has before and after an UPDATE; no other pair is allowed."""

SIGNATURE = ("signed_by", "signed_function", "signed_on", "meeting_on", "minutes_number", "embargo_until")
PUBLICATION = ("published_by", "published_on", "grades_published", "disclosure_threshold")
IDENTITY = ("id", "period", "revision")
CIRCULATED = tuple(
    column.name for column in tables.release.columns if column.name not in (*IDENTITY, "state", *SIGNATURE, *PUBLICATION)
)
"""What members were shown: it stays, whatever becomes of the release, until that is filled anew."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The states of a release in which no row of a table is inserted, updated, or deleted."""

    insert: tuple[str, ...]
    update: tuple[str, ...]
    delete: tuple[str, ...]


_SHOWN = ("circulated", "signed", "published")
_SIGNED = ("signed", "published")
_PUBLISHED = ("published",)
OF_RELEASE: Mapping[str, Closed] = {
    **dict.fromkeys(
        ("figure", "adjustment", "release_return", "release_row", "release_place", "release_territory", "finding"),
        Closed(_SHOWN, _SHOWN, _SHOWN),
    ),
    # a signature can be given up, and its names with it, but no name is put under it afterwards
    **dict.fromkeys(("signatory", "participant"), Closed(_SIGNED, _SIGNED, _PUBLISHED)),
    **dict.fromkeys(("reservation", "release_file"), Closed(_PUBLISHED, _PUBLISHED, _PUBLISHED)),
}
KEPT: Mapping[str, tuple[str, ...]] = {
    "reply": (), "decision": ("undoes",), "visa": (), "waiver": (), "explanation": (), "audit_event": ("previous_hash", "hash"),
}  # fmt: skip
"""Tables of which no row is ever changed, with their unique columns beside the key."""

_PREFIX = "guard_"
_REPLY_CLOSED = "NEW.organisation IS NOT NULL AND {state} IN ('signed', 'published')"
_NO_LATE_REPLY = "a member replies before the release is signed: reply"
_FOLLOWS = "an audit event follows the last one: audit_event"


def fingerprint() -> str:
    """What tells one text of the views, triggers and grants from another."""
    texts = (views.fingerprint(), *_sqlite(), *_postgresql("{schema}"), *roles.grants("{schema}"))
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]


def create(connection: Connection) -> None:
    """Puts all guards on the tables."""
    if connection.dialect.name == "sqlite":
        statements = _sqlite()
    else:
        schema = str(connection.execute(select(func.current_schema())).scalar_one())
        statements = _postgresql(connection.dialect.identifier_preparer.quote(schema))
    for statement in statements:
        connection.exec_driver_sql(statement)


def drop(connection: Connection) -> None:
    """Takes all guards off, those of an older version too; only migrations and tests of the tables themselves do."""
    if connection.dialect.name == "sqlite":
        found = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND substr(name, 1, :length) = :prefix"
        remove = "DROP TRIGGER {name}"
    else:
        found = (
            "SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
            "WHERE n.nspname = current_schema() AND substr(p.proname, 1, :length) = :prefix"
        )
        remove = "DROP FUNCTION {name}() CASCADE"
    for (name,) in connection.execute(text(found), {"prefix": _PREFIX, "length": len(_PREFIX)}).all():
        connection.exec_driver_sql(remove.format(name=name))


def missing(connection: Connection) -> list[str]:
    """The guards that somebody took off, or changed (SQLite) or switched off (PostgreSQL)."""
    if connection.dialect.name == "sqlite":
        held = {str(sql) for sql in connection.execute(text("SELECT sql FROM sqlite_master WHERE type = 'trigger'")).scalars()}
        return [_named(statement) for statement in _sqlite() if statement not in held]
    enabled = text("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'")
    on = {str(name) for name in connection.execute(enabled).scalars()}
    made = (statement for statement in _postgresql("x") if statement.lstrip().startswith("CREATE TRIGGER"))
    return [name for name in map(_named, made) if name not in on]


def _named(statement: str) -> str:
    return statement.split("CREATE TRIGGER ", 1)[1].split(maxsplit=1)[0]


# --- a release: the same conditions on both -------------------------------------------------------------------------------


def _listed(words: Iterable[str]) -> str:
    return "(" + ", ".join(f"'{word}'" for word in words) + ")"


def _changed(columns: Sequence[str], differs: str) -> str:
    return "(" + " OR ".join(f"NEW.{column} {differs} OLD.{column}" for column in columns) + ")"


def _release_updates(differs: str) -> Iterator[tuple[str, str]]:
    """(condition under which an UPDATE of a release is refused, promise), in the order in which they are asked."""
    yield "OLD.state = 'published'", "a published release never changes: release"
    moves = _listed(f"{before}>{after}" for before, after in MOVES)
    yield f"OLD.state || '>' || NEW.state NOT IN {moves}", "a release moves from state to state in order: release"
    yield _changed(IDENTITY, differs), "a release keeps its period and revision: release"
    shown = _changed(CIRCULATED, differs)
    yield f"OLD.state IN ('circulated', 'signed') AND {shown}", "a release keeps what it was circulated with: release"
    signed = _changed(SIGNATURE, differs)
    yield f"NEW.state = 'published' AND {signed}", "a release is published as it was signed: release"


def _release_inserts() -> Iterator[tuple[str, str]]:
    yield f"NEW.state NOT IN {_listed(STARTS)}", "a release begins as a draft or returned: release"


def _release_deletes() -> Iterator[tuple[str, str]]:
    yield "OLD.state = 'published'", "a published release never changes: release"
    yield "OLD.state <> 'draft'", "a release that was circulated is never deleted: release"


def _kept(table: str) -> str:
    return f"what was recorded never changes: {table}"


# --- SQLite ---------------------------------------------------------------------------------------------------------------


def _sqlite() -> tuple[str, ...]:
    return (*_sqlite_release(), *_sqlite_rows(), *_sqlite_kept())


def _trigger(name: str, moment: str, table: str, when: str, promise: str) -> str:
    refuse = f"SELECT RAISE(ABORT, '{promise}')"
    return f"CREATE TRIGGER {_PREFIX}{table}_{name} {moment} ON {table} WHEN {when} BEGIN {refuse}; END"


def _sqlite_release() -> Iterator[str]:
    replaced = "(r.id = NEW.id OR (r.period = NEW.period AND r.revision = NEW.revision))"
    asked = {
        "INSERT": [
            *_release_inserts(),
            (
                f"EXISTS (SELECT 1 FROM release r WHERE r.state <> 'draft' AND {replaced})",
                "a release that was circulated is never replaced: release",
            ),
        ],
        "UPDATE": [*_release_updates("IS NOT")],
        "DELETE": [*_release_deletes()],
    }
    for operation, conditions in asked.items():
        when = " OR ".join(f"({condition})" for condition, _ in conditions)
        said = " ".join(f"WHEN {condition} THEN RAISE(ABORT, '{promise}')" for condition, promise in conditions)
        yield (
            f"CREATE TRIGGER {_PREFIX}release_{operation.lower()} BEFORE {operation} ON release WHEN {when} "
            f"BEGIN SELECT CASE {said} END; END"
        )


def _sqlite_rows() -> Iterator[str]:
    """For each table whose rows are of a release: the release that a row is of, the one it goes to, and the one of the row that it
    would push out."""
    for table, closed in OF_RELEASE.items():
        of_old, of_new = ("(SELECT r.state FROM release r WHERE r.id = " + row + ".release_id)" for row in ("OLD", "NEW"))
        pushed_out = (
            f"(SELECT r.state FROM {table} o JOIN release r ON r.id = o.release_id "
            "WHERE o.rowid = NEW.rowid AND NEW.rowid IS NOT {own})"
        )
        yield _row_trigger(table, "insert", "INSERT", of_new, closed.insert)
        yield _row_trigger(table, "replace", "INSERT", pushed_out.format(own="-1"), closed.delete)
        yield _row_trigger(table, "update", "UPDATE", of_old, closed.update)
        yield _row_trigger(table, "moved", "UPDATE", of_new, closed.update)
        yield _row_trigger(table, "renumbered", "UPDATE", pushed_out.format(own="OLD.rowid"), closed.delete)
        yield _row_trigger(table, "delete", "DELETE", of_old, closed.delete)


def _row_trigger(table: str, name: str, operation: str, state: str, closed: Sequence[str]) -> str:
    said = " ".join(f"WHEN '{word}' THEN RAISE(ABORT, 'a {word} release never changes: {table}')" for word in closed)
    return (
        f"CREATE TRIGGER {_PREFIX}{table}_{name} BEFORE {operation} ON {table} WHEN {state} IN {_listed(closed)} "
        f"BEGIN SELECT CASE {state} {said} END; END"
    )


def _sqlite_kept() -> Iterator[str]:
    for table, unique in KEPT.items():
        for operation in ("UPDATE", "DELETE"):
            yield _trigger(operation.lower(), f"BEFORE {operation}", table, "1", _kept(table))
        same = " OR ".join(f"o.{column} = NEW.{column}" for column in ("id", *unique))
        yield _trigger("replace", "BEFORE INSERT", table, f"EXISTS (SELECT 1 FROM {table} o WHERE {same})", _kept(table))
    of_new = "(SELECT r.state FROM release r WHERE r.id = NEW.release_id)"
    yield _trigger("insert", "BEFORE INSERT", "reply", _REPLY_CLOSED.format(state=of_new), _NO_LATE_REPLY)
    last = f"COALESCE((SELECT e.hash FROM audit_event e ORDER BY e.id DESC LIMIT 1), '{GENESIS}')"
    yield _trigger("follows", "BEFORE INSERT", "audit_event", f"NEW.previous_hash <> {last}", _FOLLOWS)
    # a number that SQLite gives itself is known only afterwards
    after = "NEW.id < (SELECT max(e.id) FROM audit_event e)"
    yield _trigger("numbered", "AFTER INSERT", "audit_event", after, _FOLLOWS)


# --- PostgreSQL -----------------------------------------------------------------------------------------------------------


def _postgresql(schema: str) -> tuple[str, ...]:
    return (*_postgresql_functions(schema), *_postgresql_triggers(schema))


def _function(schema: str, name: str, body: str, declared: str = "") -> str:
    """`RAISE … USING` takes a text whole, where its short form would need a sign that drivers read as theirs."""
    return (
        f"CREATE FUNCTION {schema}.{_PREFIX}{name}() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $guard$\n"
        f"{declared}BEGIN\n{body}END\n$guard$"
    )


def _refuse(message: str, code: str = "integrity_constraint_violation") -> str:
    return f"RAISE EXCEPTION USING ERRCODE = '{code}', MESSAGE = {message};"


def _if(conditions: Iterable[tuple[str, str]]) -> str:
    return "".join(f"    IF {condition} THEN {_refuse(repr(promise))} END IF;\n" for condition, promise in conditions)


def _postgresql_functions(schema: str) -> Iterator[str]:
    for operation, conditions, row in (
        ("insert", _release_inserts(), "NEW"),
        ("update", _release_updates("IS DISTINCT FROM"), "NEW"),
        ("delete", _release_deletes(), "OLD"),
    ):
        yield _function(schema, f"release_{operation}", f"{_if(conditions)}    RETURN {row};\n")
    yield _release_signed(schema)
    yield _of_release(schema)
    for name, promise in (("kept", "what was recorded never changes: "), ("emptied", "a table of record is never emptied: ")):
        yield _function(schema, name, "    " + _refuse(f"'{promise}' || TG_TABLE_NAME") + "\n")
    state = f"(SELECT r.state FROM {schema}.release r WHERE r.id = NEW.release_id FOR SHARE)"
    closed = _REPLY_CLOSED.format(state=state)
    yield _function(schema, "reply_insert", f"{_if([(closed, _NO_LATE_REPLY)])}    RETURN NEW;\n")
    last = f"SELECT e.id, e.hash INTO last FROM {schema}.audit_event e ORDER BY e.id DESC LIMIT 1;"
    broken = f"NEW.previous_hash <> COALESCE(last.hash, '{GENESIS}') OR NEW.id <= last.id"
    body = f"    {last}\n{_if([(broken, _FOLLOWS)])}    RETURN NEW;\n"
    yield _function(schema, "audit_event_insert", body, "DECLARE last record;\n")


def _of_release(schema: str) -> str:
    """The arguments of the trigger are the states that are closed to it. The release stays locked against a change of state."""
    said = "'a ' || held.state || ' release never changes: ' || TG_TABLE_NAME"
    detail = "'release ' || held.period || ', revision ' || held.revision"

    def check(row: str) -> str:
        return (
            f"        SELECT r.state, r.period, r.revision INTO held FROM {schema}.release r WHERE r.id = {row}.release_id FOR SHARE;\n"
            "        IF held.state = ANY (TG_ARGV) THEN\n"
            f"            RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = {said}, DETAIL = {detail};\n"
            "        END IF;\n"
        )

    body = (
        f"    IF TG_OP <> 'INSERT' AND OLD.release_id IS NOT NULL THEN\n{check('OLD')}    END IF;\n"
        "    IF TG_OP = 'DELETE' THEN\n        RETURN OLD;\n    END IF;\n"
        "    IF NEW.release_id IS NOT NULL AND (TG_OP = 'INSERT' OR NEW.release_id <> OLD.release_id OR OLD.release_id IS NULL) THEN\n"
        f"{check('NEW')}    END IF;\n    RETURN NEW;\n"
    )
    return _function(schema, "of_release", body, "DECLARE held record;\n")


def _release_signed(schema: str) -> str:
    """Who signs and publishes is of `cmp_publisher` and does not compile, whoever he is for the moment (SET ROLE). A superuser may,
    and so may who owns the table, since a database of one person has one role."""
    theirs = _changed((*SIGNATURE, *PUBLICATION), "IS DISTINCT FROM")
    declared = (
        "DECLARE\n"
        f"    publishers oid := (SELECT oid FROM pg_roles WHERE rolname = '{roles.PUBLISHER}');\n"
        f"    operators oid := (SELECT oid FROM pg_roles WHERE rolname = '{roles.OPERATOR}');\n"
        "    free name[] := ARRAY(SELECT rolname FROM pg_roles WHERE rolsuper OR oid ="
        " (SELECT relowner FROM pg_class WHERE pg_class.oid = TG_RELID));\n"
    )
    only = f"'only {roles.PUBLISHER} signs and publishes: release'"
    compiles = "NOT {who} = ANY (free) AND COALESCE(pg_has_role({who}, operators, 'MEMBER'), false)"
    body = (
        f"    IF (NEW.state IN {_listed(_SIGNED)} OR OLD.state = 'signed' OR {theirs})\n"
        "        AND NOT current_user = ANY (free)\n"
        "        AND (NOT COALESCE(pg_has_role(current_user, publishers, 'USAGE'), false)\n"
        f"            OR {compiles.format(who='current_user')}\n            OR {compiles.format(who='session_user')}) THEN\n"
        f"        {_refuse(only, 'insufficient_privilege')}\n    END IF;\n    RETURN NEW;\n"
    )
    return _function(schema, "release_signed", body, declared)


def _postgresql_triggers(schema: str) -> Iterator[str]:
    def on(table: str, name: str, operation: str, function: str, arguments: str = "", each: str = "ROW") -> str:
        return (
            f"CREATE TRIGGER {_PREFIX}{table}_{name} BEFORE {operation} ON {schema}.{table} FOR EACH {each} "
            f"EXECUTE FUNCTION {schema}.{_PREFIX}{function}({arguments})"
        )

    for operation in ("insert", "update", "delete"):
        yield on("release", operation, operation.upper(), f"release_{operation}")
    yield on("release", "signed", "UPDATE", "release_signed")
    for table, closed in OF_RELEASE.items():
        for operation in ("insert", "update", "delete"):
            states = ", ".join(f"'{state}'" for state in getattr(closed, operation))
            yield on(table, operation, operation.upper(), "of_release", states)
    for table in KEPT:
        yield on(table, "kept", "UPDATE OR DELETE", "kept")
    yield on("reply", "insert", "INSERT", "reply_insert")
    yield on("audit_event", "insert", "INSERT", "audit_event_insert")
    for table in ("release", *OF_RELEASE, *KEPT):
        yield on(table, "emptied", "TRUNCATE", "emptied", each="STATEMENT")
