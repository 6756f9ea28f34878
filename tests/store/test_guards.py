"""What never changes is attacked by hand, in SQL, past the program: every promise of the guards, on both databases.

One store holds a release in every state, with a row in each table. Each attack is a transaction of its own and leaves nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from errno import ENOSPC
from itertools import product
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import IntegrityError, OperationalError

from pipelines.io.store import Store, StoreError, guards, repository, roles, tables, views
from pipelines.model import Finding, Period, PeriodFinding
from pipelines.release import TRANSITIONS
from schemas.codes import Effect, ReleaseState
from tests.store.conftest import seed
from tests.store.samples import (
    DECEMBER,
    NOW,
    STATES,
    checked,
    compiled,
    decide,
    publish,
    save,
    save_draft,
    told,
)  # fmt: skip
from tests.store.test_schema import old_store

PERIODS = {state: Period(2019, 9 + number) for number, state in enumerate(STATES)}
RELEASE = {state: 1000 * period.month + 1 for state, period in PERIODS.items()}
SHOWN, SIGNED, PUBLISHED = STATES[1:], STATES[2:], STATES[3:]
CLOSED = {
    "figure": (SHOWN, SHOWN, SHOWN), "adjustment": (SHOWN, SHOWN, SHOWN), "release_return": (SHOWN, SHOWN, SHOWN),
    "release_row": (SHOWN, SHOWN, SHOWN), "release_place": (SHOWN, SHOWN, SHOWN), "release_territory": (SHOWN, SHOWN, SHOWN),
    "finding": (SHOWN, SHOWN, SHOWN),
    "signatory": (SIGNED, SIGNED, PUBLISHED), "participant": (SIGNED, SIGNED, PUBLISHED),
    "reservation": (PUBLISHED, PUBLISHED, PUBLISHED), "release_file": (PUBLISHED, PUBLISHED, PUBLISHED),
}  # fmt: skip
"""table -> the states in which no row of it is inserted, updated, deleted."""
KEPT = ("reply", "decision", "visa", "waiver", "explanation", "audit_event")
BESIDE = {
    "release_territory": "vintage, place_id, population_group, measure, unit, level, value, undivided) VALUES "
    "({id}, 'cod-2025', 'R20', 'idp', 'stock', 'individual', 'region', 5, 0",
    "signatory": "position, name, function) VALUES ({id}, 1, 'Fatoumata Keïta', 'Directrice'",
    "participant": "organisation, kind, present) VALUES ({id}, 'OIM', 'un', true",
    "reservation": "position, kind, message, params, sentence) VALUES ({id}, 1, 'member', 'm', '{{}}', 's'",
    "release_file": "edition, name, sha256, size) VALUES ({id}, 'public', 'f.csv', 'ff', 1",
    "reply": "organisation, reply, given_by, given_on, values_sha256) VALUES ({id}, 'OIM', 'agreed', 'M. Sow', '2020-01-10', 'd'",
}  # fmt: skip
SAID = (
    "visa (period, region_id, sha256, totals, validated_by, validated_on, minutes_number, recorded_by, recorded_on) VALUES "
    "('2019-12', 'R05', 'a', '{}', 'Gouverneur', '2020-01-04', '3', 'DNDS', '2020-01-05')",
    "waiver (promise, region_id, period, granted_by, granted_on, expires_on, reason) VALUES "
    "('visa', 'R05', '2019-12', 'DNDS', '2020-01-04', '2020-02-04', 'accès')",
    "explanation (period, code, finding_key, reason, given_by, given_on) VALUES ('2019-12', 'X', 'k', 'crue', 'DNDS', '2020-01-05')",
)  # fmt: skip
REGION_SAYS = (
    "INSERT INTO reply (release_id, region_id, reply, given_by, given_on, values_sha256) "
    "VALUES ({id}, 'R05', 'accepted', 'DRDSES', '2020-01-20', 'd')"
)


class NothingRefusedError(Exception):
    """Raised to undo what should have been refused, or was rightly done."""


def attempt(store: Store, *statements: str) -> str | None:
    """What a guard says to the last of some statements; None when nothing is refused. Nothing is kept."""
    try:
        with store._write() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
            raise NothingRefusedError
    except NothingRefusedError:
        return None
    except IntegrityError as refusal:
        return str(refusal.orig).splitlines()[0]


def is_sqlite(store: Store) -> bool:
    return store._engine.dialect.name == "sqlite"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    if request.param == "sqlite":
        url, drop = f"sqlite:///{tmp_path_factory.mktemp('world') / 'cmp.sqlite'}", lambda: None
    else:
        server = request.getfixturevalue("postgres")
        name = server.create()
        url, drop = server.url_of(name), lambda: server.drop(name)
    with Store.open(url) as store:
        seed(store)
        for letter, (state, period) in zip("abcd", PERIODS.items(), strict=True):
            save(store, checked(letter * 64), period=period)
            found = (PeriodFinding(Finding("JUMP", Effect.JUSTIFY), "R05"),)
            save_draft(store, compiled(period=period, findings=found), discrepancies=told() if period == DECEMBER else ())
            publish(store, 1, period, until="returned")
            with store._write() as connection:
                for table, row in BESIDE.items():
                    connection.exec_driver_sql(f"INSERT INTO {table} (release_id, {row.format(id=RELEASE[state])})")
                move(connection, state)
        decide(store)
        with store._write() as connection:
            for row in SAID:
                connection.exec_driver_sql(f"INSERT INTO {row}")
        yield store
    drop()


SIGNATURE = (
    "signed_by = 'Fatoumata Keïta', signed_function = 'Directrice', signed_on = '2020-01-13', meeting_on = '2020-01-12', "
    "minutes_number = 'PV 12'"
)
PUBLICATION = "published_by = 'Fatoumata Keïta', disclosure_threshold = 10, published_on = '2020-01-15'"
ON_THE_WAY = {"signed": f", {SIGNATURE}", "published": f", {PUBLICATION}"}


def move(connection: Connection, to: str) -> None:
    for state in STATES[1 : STATES.index(to) + 1]:
        more = ON_THE_WAY.get(state, "")
        connection.exec_driver_sql(f"UPDATE release SET state = '{state}'{more} WHERE id = {RELEASE[to]}")


# --- rows of a release --------------------------------------------------------------------------------------------------


def copy(table: str, where: str, *, key: bool = False, **instead: str | int) -> str:
    """`INTO … SELECT …` of some rows of a table, some columns given; without the automatic key unless it is asked for."""
    names = [column.name for column in tables.metadata.tables[table].columns if key or column.name != "id"]
    names = [*(name for name in instead if name not in names), *names]
    columns = ", ".join(f'"{name}"' for name in names)
    values = ", ".join(str(instead.get(name, f'"{name}"')) for name in names)
    return f"INTO {table} ({columns}) SELECT {values} FROM {table} WHERE {where}"


@pytest.mark.parametrize("table", CLOSED)
def test_rows_of_a_release_stay_as_they_were(world: Store, table: str) -> None:
    closed = dict(zip(("insert", "update", "delete"), CLOSED[table], strict=True))
    for state, operation in product(STATES, closed):
        of = f"release_id = {RELEASE[state]}"
        refused = state in closed[operation]
        remove = f"DELETE FROM {table} WHERE {of}"
        put = "INSERT " + copy(table, f"release_id = {RELEASE['published']}", release_id=RELEASE[state])
        statements = {
            "insert": (put,) if refused else (remove, put),
            "update": (f"UPDATE {table} SET release_id = release_id WHERE {of}",),
            "delete": (remove,),
        }[operation]
        said = attempt(world, *statements)
        assert said == (f"a {state} release never changes: {table}" if refused else None), (operation, state)


@pytest.mark.parametrize("table", CLOSED)
def test_no_row_enters_or_leaves_a_published_release(world: Store, table: str) -> None:
    published, free = RELEASE["published"], RELEASE["returned"]
    refusal = f"a published release never changes: {table}"
    assert attempt(world, f"UPDATE {table} SET release_id = {published} WHERE release_id = {free}") == refusal
    assert attempt(world, f"UPDATE {table} SET release_id = {free} WHERE release_id = {published}") == refusal
    key = ", ".join(column.name for column in tables.metadata.tables[table].primary_key)
    upsert = f"INSERT {copy(table, f'release_id = {published}', key=True)} ON CONFLICT ({key}) DO UPDATE SET release_id = {free}"
    assert attempt(world, upsert) == refusal
    if not is_sqlite(world):
        assert attempt(world, f"TRUNCATE {table} CASCADE") == f"a table of record is never emptied: {table}"


@pytest.mark.parametrize("table", CLOSED)
def test_sqlite_replaces_no_row_of_a_published_release(world: Store, table: str) -> None:
    """REPLACE removes the row in the way without a DELETE; so does a hidden rowid that is taken."""
    if not is_sqlite(world):
        pytest.skip("PostgreSQL replaces no row")
    published, free = RELEASE["published"], RELEASE["returned"]
    refusal = f"a published release never changes: {table}"
    taken = f"(SELECT max(rowid) FROM {table} WHERE release_id = {published})"
    first = f"rowid = (SELECT min(rowid) FROM {table} WHERE release_id = {free})"
    for words in ("INSERT OR REPLACE", "REPLACE", "INSERT OR IGNORE"):
        assert attempt(world, f"{words} {copy(table, f'release_id = {published}')}") == refusal, words
        assert attempt(world, f"{words} {copy(table, first, rowid=taken)}") == refusal, words
    assert attempt(world, f"UPDATE OR REPLACE {table} SET rowid = {taken} WHERE {first}") == refusal
    assert attempt(world, f"UPDATE OR REPLACE {table} SET release_id = {published} WHERE {first}") == refusal


def test_findings_of_files_are_no_matter_of_a_release(world: Store) -> None:
    row = "(submission_id, code, effect, params, message, remedy) VALUES (1, 'X', 'inform', '{}', 'm', 'r')"
    theirs = "WHERE submission_id = 1"
    assert attempt(world, f"INSERT INTO finding {row}", f"UPDATE finding SET reply = 'vu' {theirs}") is None
    published = f"UPDATE finding SET submission_id = NULL, release_id = {RELEASE['published']} {theirs}"
    assert attempt(world, f"INSERT INTO finding {row}", published) == "a published release never changes: finding"


# --- a release -----------------------------------------------------------------------------------------------------------


def test_moves_are_those_of_the_table_of_states() -> None:
    """A draft is copied to circulate, so that its own row only stays a draft; a numbered release is `returned` while it is filled,
    whatever it was before; superseded is never written."""
    draft, returned, shown = ReleaseState.DRAFT, ReleaseState.RETURNED, ReleaseState.CIRCULATED
    moves = {(move.start, move.end) for move in TRANSITIONS if move.start and move.end is not ReleaseState.SUPERSEDED}
    assert {(str(a), str(b)) for a, b in moves - {(draft, shown), (shown, shown)} | {(returned, returned)}} == set(guards.MOVES)


@pytest.mark.parametrize("before", STATES)
def test_a_release_moves_in_order_only(world: Store, before: str) -> None:
    for after in STATES:
        filled = f", {SIGNATURE}, {PUBLICATION}" if after == "published" and before != "signed" else ON_THE_WAY.get(after, "")
        said = attempt(world, f"UPDATE release SET state = '{after}'{filled} WHERE id = {RELEASE[before]}")
        refusal = "a release moves from state to state in order: release"
        never = "a published release never changes: release"
        allowed = (before, after) in guards.MOVES
        assert said == (None if allowed else never if before == "published" else refusal), after


PUBLISH = f"UPDATE release SET state = 'published', {PUBLICATION}"


@pytest.mark.parametrize(
    ("statement", "promise"),
    [
        ("UPDATE release SET reason = 'autre' WHERE id = {published}", "a published release never changes"),
        ("UPDATE release SET published_on = '2020-01-14' WHERE id = {published}", "a published release never changes"),
        ("UPDATE release SET id = 5 WHERE id = {published}", "a published release never changes"),
        ("DELETE FROM release WHERE id = {published}", "a published release never changes"),
        ("DELETE FROM release WHERE id = {signed}", "a release that was circulated is never deleted"),
        ("DELETE FROM release WHERE id = {returned}", "a release that was circulated is never deleted"),
        ("UPDATE release SET revision = 7, reason_code = 'error', reason = 'x' WHERE id = {returned}",
         "a release keeps its period and revision"),
        ("UPDATE release SET id = 5 WHERE id = {returned}", "a release keeps its period and revision"),
        ("UPDATE release SET period = '2018-01' WHERE revision = 0", "a release keeps its period and revision"),
        ("UPDATE release SET state = 'returned', dataset_sha256 = 'x' WHERE id = {circulated}", "a release keeps what it was circulated with"),
        ("UPDATE release SET state = 'returned', compiled_by = 'x' WHERE id = {signed}", "a release keeps what it was circulated with"),
        (PUBLISH + ", as_of = '2020-01-01' WHERE id = {signed}", "a release keeps what it was circulated with"),
        (PUBLISH + ", minutes_number = '13' WHERE id = {signed}", "a release is published as it was signed"),
        (PUBLISH + ", embargo_until = '2019-12-01' WHERE id = {signed}", "a release is published as it was signed"),
    ],
)  # fmt: skip
def test_a_release_is_changed_by_hand_in_vain(world: Store, statement: str, promise: str) -> None:
    assert attempt(world, statement.format(**RELEASE)) == f"{promise}: release"


@pytest.mark.parametrize("state", SHOWN)
def test_a_release_does_not_begin_in_the_middle(world: Store, state: str) -> None:
    begun = copy("release", f"id = {RELEASE['published']}", period="'2018-01'", state=f"'{state}'")
    assert attempt(world, f"INSERT {begun}") == "a release begins as a draft or returned: release"


@pytest.mark.parametrize("state", SHOWN)
def test_a_release_is_never_replaced(world: Store, state: str) -> None:
    """By its number, by its month and revision, by a draft that takes its place, and by an upsert."""
    key = RELEASE[state]
    same = copy("release", f"id = {key}", key=True, state="'returned'")
    upsert = f"INSERT {same} ON CONFLICT (id) DO UPDATE SET state = 'returned', reason = 'x'"
    if not is_sqlite(world):
        never = "a published release never changes" if state == "published" else "a release keeps what it was circulated with"
        assert attempt(world, upsert) == f"{never}: release"
        assert attempt(world, "TRUNCATE release CASCADE") == "a table of record is never emptied: release"
        return
    refusal = "a release that was circulated is never replaced: release"
    assert attempt(world, upsert) == refusal
    renumbered = copy("release", f"id = {key}", state="'returned'")
    drafted = copy("release", "revision = 0 AND period = '2019-12'", key=True, id=key, period="'2018-01'")
    for words, attack in product(("INSERT OR REPLACE", "REPLACE", "INSERT OR IGNORE"), (same, renumbered, drafted)):
        assert attempt(world, f"{words} {attack}") == refusal
    pushed = f"UPDATE OR REPLACE release SET id = {key} WHERE id = {RELEASE['returned']}"
    assert attempt(world, pushed) == "a release keeps its period and revision: release"


def test_a_draft_goes_with_all_that_is_of_it(world: Store) -> None:
    draft = "(SELECT id FROM release WHERE period = '2019-12' AND revision = 0)"
    assert (
        attempt(world, f"UPDATE figure SET value = 7 WHERE release_id = {draft}", f"DELETE FROM release WHERE id = {draft}")
        is None
    )


# --- what people said -----------------------------------------------------------------------------------------------------


LATE = "a member replies before the release is signed: reply"
FOLLOWS = "an audit event follows the last one: audit_event"


@pytest.mark.parametrize("table", KEPT)
def test_what_was_said_stays(world: Store, table: str) -> None:
    refusal = f"what was recorded never changes: {table}"
    first = f"id = (SELECT min(id) FROM {table})"
    for statement in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}"):
        assert attempt(world, statement) == refusal
    upsert = f"INSERT {copy(table, first, key=True)} ON CONFLICT (id) DO UPDATE SET id = excluded.id"
    assert attempt(world, upsert) in (refusal, FOLLOWS)
    if not is_sqlite(world):
        assert attempt(world, f"TRUNCATE {table} CASCADE") == f"a table of record is never emptied: {table}"
        return
    for words in ("INSERT OR REPLACE", "REPLACE", "INSERT OR IGNORE"):
        assert attempt(world, f"{words} {copy(table, first, key=True)}") in (refusal, FOLLOWS)
    assert attempt(world, f"UPDATE OR REPLACE {table} SET id = id + 1") == refusal


def test_sqlite_replaces_nothing_by_what_else_is_unique(world: Store) -> None:
    if not is_sqlite(world):
        pytest.skip("PostgreSQL replaces no row")
    undo = copy("decision", "id = 1", undoes=1)
    assert attempt(world, f"INSERT {undo}", f"INSERT OR REPLACE {undo}") == "what was recorded never changes: decision"
    again = copy("audit_event", "id = 1", previous_hash="(SELECT hash FROM audit_event ORDER BY id DESC LIMIT 1)")
    assert attempt(world, f"INSERT OR REPLACE {again}") == "what was recorded never changes: audit_event"


def test_members_reply_before_a_signature_and_regions_afterwards_too(world: Store) -> None:
    for state in STATES:
        member = attempt(world, f"INSERT INTO reply (release_id, {BESIDE['reply'].format(id=RELEASE[state])})")
        assert member == (LATE if state in SIGNED else None), state
        assert attempt(world, REGION_SAYS.format(id=RELEASE[state])) is None


def test_an_audit_event_follows_the_last_one(world: Store) -> None:
    last = "(SELECT hash FROM audit_event ORDER BY id DESC LIMIT 1)"

    def put(key: str, previous: str) -> str:
        return f"INSERT INTO audit_event VALUES ({key}, 'x', 'x', 'x', 'x', '{{}}', {previous}, 'new')"

    assert attempt(world, put("9999", last)) is None
    assert attempt(world, put("9999", "'elsewhere'")) == FOLLOWS
    assert attempt(world, put("-5", last)) == FOLLOWS
    assert attempt(world, put("9999", last), put("9998", "'new'").replace("'new')", "'newer')")) == FOLLOWS
    store_of_one = (
        "INSERT INTO audit_event (at, actor, action, subject, details, previous_hash, hash) VALUES ('x','x','x','x','{}',"
    )
    assert attempt(world, f"{store_of_one} {last}, 'new')") is None
    world.record(NOW, "DNDS", "note", "x", {})
    assert world.verify_chain() is None


# --- beside one another ----------------------------------------------------------------------------------------------------


def test_a_release_is_not_published_under_a_row_that_is_being_written(store: Store) -> None:
    """Whoever writes past the program does not stand in its line."""
    if is_sqlite(store):
        pytest.skip("SQLite has one writer")
    save_draft(store)
    key = publish(store, 1, until="signed")
    row = text(f"INSERT INTO reservation (release_id, {BESIDE['reservation'].format(id=key)})")
    by_hand = create_engine(store._engine.url)
    with by_hand.connect() as one:
        one.execute(row)
        with pytest.raises(StoreError) as failure, store._write() as connection:
            connection.exec_driver_sql("SET LOCAL lock_timeout = 50")
            connection.exec_driver_sql(f"{PUBLISH} WHERE id = {key}")
        assert failure.value.cause == "locked"
        one.rollback()
    with by_hand.connect().execution_options(isolation_level="REPEATABLE READ") as one:
        one.execute(text("SELECT 1"))
        with store._write() as connection:
            connection.exec_driver_sql(f"{PUBLISH} WHERE id = {key}")
        with pytest.raises(OperationalError, match="could not serialize"):  # it still sees a signed release
            one.execute(row)
    by_hand.dispose()


def test_a_release_of_the_reader_s_own_deceives_no_guard(world: Store) -> None:
    """A temporary table stands before others of its name in PostgreSQL."""
    mine = f"CREATE TEMPORARY TABLE release AS SELECT {RELEASE['published']} AS id, 'draft' AS state, '' AS period, 0 AS revision"
    figures = "public.figure" if not is_sqlite(world) else "main.figure"
    said = attempt(world, mine, f"DELETE FROM {figures} WHERE release_id = {RELEASE['published']}")
    assert said == "a published release never changes: figure"


# --- copies ---------------------------------------------------------------------------------------------------------------


def test_a_copy_is_whole_only_read_and_guarded(store: Store, tmp_path: Path) -> None:
    save_draft(store)
    publish(store, 1)
    path = tmp_path / "diffusion" / "cmp.sqlite"
    if not is_sqlite(store):
        with pytest.raises(StoreError) as failure:
            store.snapshot(path)
        assert failure.value.cause == "no_snapshot"
        return
    for _ in range(2):  # a second one takes the place of the first
        store.snapshot(path)
    assert ([item.name for item in path.parent.iterdir()], path.stat().st_mode & 0o777) == (["cmp.sqlite"], 0o444)
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as copy:
        assert copy.execute("SELECT count(*) FROM official_figure").fetchone() != (0,)
        assert copy.execute("SELECT count(*) FROM sqlite_master WHERE name LIKE 'guard_%'").fetchone() != (0,)
    copy.close()


def test_a_copy_that_fails_leaves_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: Path) -> None:
        raise OSError(ENOSPC, "no space left")

    with Store.open(f"sqlite:///{tmp_path / 'cmp.sqlite'}") as store:
        path = tmp_path / "copy.sqlite"
        store.snapshot(path)
        before = path.read_bytes()
        seed(store)
        monkeypatch.setattr(repository, "_to_disk", fails)
        with pytest.raises(StoreError) as failure:
            store.snapshot(path)
        assert (failure.value.cause, path.read_bytes()) == ("full", before)
        assert not list(tmp_path.glob("*.part"))
        with pytest.raises(StoreError):
            store.snapshot(tmp_path / "cmp.sqlite" / "inside.sqlite")


# --- migrations -----------------------------------------------------------------------------------------------------------

_CATALOGUE = {
    "sqlite": "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE type IN ('view', 'trigger')",
    "postgresql": """
        SELECT 'trigger', t.tgname, t.tgrelid::regclass::text, pg_get_triggerdef(t.oid) || pg_get_functiondef(t.tgfoid)
            FROM pg_trigger t WHERE NOT t.tgisinternal
        UNION ALL SELECT 'view', c.relname, array_to_string(c.reloptions, ',') || array_to_string(c.relacl, ','), pg_get_viewdef(c.oid)
            FROM pg_class c WHERE c.relkind = 'v' AND c.relnamespace = 'public'::regnamespace
    """,
}


def catalogue(connection: Connection) -> list[tuple[str, ...]]:
    return sorted(map(repr, connection.exec_driver_sql(_CATALOGUE[connection.dialect.name]).all()))


def test_a_migration_loses_neither_view_nor_guard(empty_url: str) -> None:
    """Alembic makes a table of SQLite anew to alter it, and what stands on the old one goes with it."""
    old_store(empty_url)
    with Store.open(empty_url) as store, store._write() as connection:
        migrated = catalogue(connection)
        guards.drop(connection)
        assert not [item for item in catalogue(connection) if "trigger" in item[:12]]
        views.drop(connection)
        assert catalogue(connection) == []
        views.create(connection)
        guards.create(connection)
        roles.grant(connection)
        assert catalogue(connection) == migrated
        assert len([item for item in migrated if item[:7] == "('view'"]) == len(views.VIEWS)
        guarded = {table for table in tables.metadata.tables if any(f"guard_{table}_" in item for item in migrated)}
    assert guarded == {"release", *CLOSED, *KEPT}
