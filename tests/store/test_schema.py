"""The migrated database is what the metadata say, and its views are what the contract says."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Table, inspect, text
from sqlalchemy.exc import IntegrityError

from pipelines.io.diffusion.edition import TERRITORY_COLUMNS
from pipelines.io.store import Store, StoreError, guards, views
from pipelines.io.store.migrations import HEAD
from pipelines.io.store.tables import metadata
from schemas import fields

VIEW_COLUMNS = {
    "official_figure": fields.FIGURE.names,
    "draft_figure": fields.FIGURE.names,
    "official_series": fields.FIGURE.names,
    "official_bridge": (
        "period", "revision", "pcode", "level", "region", "cercle", "commune", "population_group", "measure", "unit", "item",
        "kind", "value", "reason", "file", "sha256", "sheet", "cell", "action", "decided_by", "decided_on", "decision_reason",
        "decision_id", "decision_source", "about_pcode",
    ),
    "official_bridge_total": (
        "period", "revision", "pcode", "level", "region", "cercle", "commune", "population_group", "measure", "unit", "item",
        "kind", "value", "missing_reason",
    ),
    "official_known": (*fields.FIGURE.names, "known_from", "known_until"),
    "official_release": (
        "period", "revision", "state", "published_on", "published_by", "signed_by", "signed_function", "signed_on", "meeting_on",
        "minutes_number", "reason_code", "reason", "dataset_sha256", "reservations",
    ),
    "official_reservation": ("period", "revision", "position", "kind", "pcode", "sentence"),
    "official_revision": (
        "period", "revision", "pcode", "level", "population_group", "measure", "unit", "value", "previous_value", "difference",
        "change", "region", "cercle", "commune", "reason_code", "reason", "published_on",
    ),
    "official_revision_effect": (
        "period", "revision", "pcode", "level", "region", "population_group", "measure", "unit", "value", "previous_value",
        "difference", "added", "changed", "removed", "reason_code", "reason", "published_on",
    ),
    "official_revision_statistics": (
        "period", "revision", "reason_code", "reason", "published_on", "days_since_first", "added", "changed", "removed",
        "idp_individuals", "previous_idp_individuals", "difference",
    ),
    "official_territory": tuple(TERRITORY_COLUMNS),
    "official_completeness": (
        "period", "pcode", "region", "received", "validated", "version", "rows_accepted", "rows_rejected", "carried_forward",
    ),
    "open_discrepancy": (
        "id", "rule", "period", "pcode", "level", "region", "cercle", "commune", "population_group", "measure", "compared", "gap",
        "share", "status", "sentence", "proposed", "owner", "due", "first_seen", "last_seen", "unit", "impact", "severity",
        "partner", "age_days", "escalated",
    ),
    "official_secondary": (
        "period", "revision", "told_by_pcode", "told_by", "origin_pcode", "origin_region", "origin_cercle", "origin_commune",
        "pcode", "region", "cercle", "commune", "households", "individuals", "file", "sha256", "sheet", "row",
    ),
    "official_lasting": (
        "period", "revision", "pcode", "level", "region", "cercle", "commune", "displaced_over_12_months",
        "displaced_under_12_months", "returned", "returned_since_2012", "integrated", "relocated",
    ),
    "source_statement": (
        "period", "source_id", "organisation", "lineage", "scope", "pcode", "level", "region", "cercle", "commune",
        "population_group", "measure", "unit", "value", "as_of", "table_name", "document", "quoted", "file", "sha256", "sheet",
        "row", "cell",
    ),
    "event_board": (
        "period", "key", "pcode", "level", "region", "cercle", "commune", "status", "age_days", "first_on", "last_on", "origin",
        "shock", "witnesses", "organisations", "alert_numbers", "assessed", "households_low", "households_high",
        "individuals_low", "individuals_high",
    ),
    "response_cover": (
        "period", "pcode", "region", "cercle", "sector", "actors", "organisations", "persons", "persons_without", "wanted", "rank",
    ),
    "origin_destination": (
        "period", "revision", "origin_pcode", "origin_name", "pcode", "region", "cercle", "commune", "level", "cause", "unit",
        "value",
    ),
}  # fmt: skip
for _name in ("bridge", "secondary", "lasting"):
    VIEW_COLUMNS[f"draft_{_name}"] = VIEW_COLUMNS[f"official_{_name}"]
WIDE = (
    "idp_households", "idp_individuals", "idp_female", "idp_male", "idp_under_18", "idp_60_plus", "idp_host_family",
    "idp_on_sites", "idp_primary", "idp_secondary", "returnee_households", "returnee_individuals", "repatriated_households",
    "repatriated_individuals", "arrivals", "departures", "returns", "basis", "grade", "obs_status",
)  # fmt: skip
for _level, _names in {"region": ("region",), "cercle": ("region", "cercle"), "commune": ("region", "cercle", "commune")}.items():
    VIEW_COLUMNS[f"official_{_level}"] = ("period", "revision", "pcode", *_names, *WIDE)
PROMISED = {
    "official_figure", "official_region", "official_cercle", "official_commune", "official_series", "official_bridge",
    "official_revision", "official_completeness", "open_discrepancy", "origin_destination", "draft_figure", "draft_bridge",
    "official_secondary", "draft_secondary", "official_lasting", "draft_lasting", "source_statement", "event_board",
    "response_cover", "official_bridge_total", "official_known", "official_release", "official_reservation",
    "official_revision_effect", "official_revision_statistics", "official_territory",
}  # fmt: skip


def scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", "pipelines.io.store:migrations")
    return ScriptDirectory.from_config(config)


def described(connection: Connection) -> dict[str, Any]:
    """Everything a database says of its tables."""
    see = inspect(connection)
    return {
        table: {
            "columns": sorted(
                (c["name"], str(c["type"]), c["nullable"], getattr(c["type"], "collation", None), str(c["default"]))
                for c in see.get_columns(table)
            ),
            "key": see.get_pk_constraint(table)["constrained_columns"],
            "checks": sorted((c["name"], c["sqltext"]) for c in see.get_check_constraints(table)),
            "unique": sorted((c["name"], c["column_names"]) for c in see.get_unique_constraints(table)),
            "links": sorted(
                (c["name"], c["constrained_columns"], c["referred_table"], c["options"]) for c in see.get_foreign_keys(table)
            ),
            "indexes": sorted((i["name"], i["column_names"], bool(i["unique"])) for i in see.get_indexes(table)),
        }
        for table in see.get_table_names()
        if table != "alembic_version"
    }


def test_migrations_make_what_the_metadata_say(empty_url: str) -> None:
    with Store.open(empty_url) as store:
        with store._read() as connection:
            assert compare_metadata(MigrationContext.configure(connection), metadata) == []
            migrated = described(connection)
        with store._write() as connection:
            guards.drop(connection)
            views.drop(connection)
            metadata.drop_all(connection)
            metadata.create_all(connection)
            assert migrated == described(connection)


_DAY = "'2019-12-20'"
OLD: dict[str, dict[str, str]] = {
    "place": {"place_id": "'R05'", "level": "'region'", "name": "'Mopti'"},
    "submission": {
        "id": "1", "period": "'2019-12'", "region_id": "'R05'", "version": "1", "file": "'f.xlsx'", "sha256": "'aa'",
        "status": "'accepted'", "validated": "true", "rows_read": "1", "rows_accepted": "1", "rows_rejected": "0",
        "rows_recognised": "0", "columns": "'{}'", "rules_hash": "'r'", "received_at": "'x'",
    },
    "observation": {
        "id": "1", "submission_id": "1", "table_name": "'movement'", "sheet": "'M'", "row": "6", "accepted": "true",
        "movement": "'return'", "households": "-2",
    },
    "event": {"id": "1", "period": "'2019-12'", "key": "'e1'", "witnesses": "2", "assessed": "true"},
    "alert": {
        "id": "1", "period": "'2019-12'", "file": "'a.xlsx'", "sha256": "'bb'", "sheet": "'A'", "row": "5", "event_id": "1",
        "remarks": "'vu'",
    },
    "discrepancy": {
        "id": "'d1'", "rule": "'X'", "period": "'2019-12'", "place_id": "'R05'", "population_group": "'idp'", "measure": "'stock'",
        "compared": """'[{"source":"fiche","unit":"household","value":9}]'""", "gap": "-7", "share": "0.5", "fingerprint": "'f'",
        "status": "'decided'", "sentence": "'s'", "proposed": "'demander'", "first_seen": _DAY, "last_seen": _DAY,
    },
    "decision": {
        "id": "1", "discrepancy_id": "'d1'", "action": "'keep'", "decided_by": "'CMP'", "decided_on": _DAY, "reason": "'PV'",
        "fingerprint": "'f'",
    },
    "release": {
        "id": "1", "period": "'2019-12'", "revision": "0", "state": "'draft'", "as_of": _DAY, "rules_hash": "'r'",
        "dataset_sha256": "'d'", "compiled_at": "'x'",
    },
    "figure": {
        "id": "1", "release_id": "1", "place_id": "'R05'", "level": "'region'", "population_group": "'idp'", "measure": "'stock'",
        "unit": "'individual'", **dict.fromkeys(("sex", "age", "shelter", "displacement", "origin_id", "cause", "vulnerability"),
        "'_T'"), "value": "5", "obs_status": "'A'", "grade": "'B'",
    },
    "adjustment": {
        "id": "1", "release_id": "1", "place_id": "'R05'", "population_group": "'idp'", "measure": "'stock'",
        "unit": "'individual'", "item": "0", "kind": "'return'", "value": "5", "reason": "'fiche'", "submission_id": "1",
    },
}  # fmt: skip
"""A store of the version before, as SQL literals."""


def old_store(url: str) -> None:
    with Store.open(url, migrate=False) as store, store._write() as connection:
        config = Config()
        config.set_main_option("script_location", "pipelines.io.store:migrations")
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        for table, row in OLD.items():
            connection.exec_driver_sql(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join(row.values())})")
        connection.execute(text("INSERT INTO decision SELECT 2, discrepancy_id, action, decided_by, decided_on, reason, value, "
                                "fingerprint, 1 FROM decision"))  # fmt: skip
        connection.execute(text("CREATE VIEW open_discrepancy AS SELECT id, proposed FROM discrepancy"))


def test_what_a_store_held_before_is_still_there(empty_url: str) -> None:
    old_store(empty_url)
    with Store.open(empty_url) as store, store._read() as connection:
        held = {table: connection.execute(text(f"SELECT * FROM {table} ORDER BY 1")).mappings().all() for table in OLD}
    assert {table: len(rows) for table, rows in held.items()} == {table: 2 if table == "decision" else 1 for table in OLD}
    assert (held["alert"][0]["event_id"], held["alert"][0]["remarks"], held["alert"][0]["cites"]) == (1, "vu", None)
    assert (held["observation"][0]["households"], held["figure"][0]["value"], held["adjustment"][0]["submission_id"]) == (
        -2,
        5,
        1,
    )
    assert (held["event"][0]["status"], held["event"][0]["organisations"]) == ("assessed", "[]")
    assert [(row["discrepancy_id"], row["undoes"]) for row in held["decision"]] == [("d1", None), ("d1", 1)]
    row = held["discrepancy"][0]
    assert (row["remedy"], row["proposed"], row["share"], row["impact"], row["unit"]) == ("demander", None, None, 7, "household")


def test_links_hold_after_a_migration(empty_url: str) -> None:
    old_store(empty_url)
    with Store.open(empty_url) as store:
        with pytest.raises(IntegrityError), store._write() as connection:
            connection.execute(text("DELETE FROM discrepancy"))
        with pytest.raises(IntegrityError), store._write() as connection:
            guards.drop(connection)  # which keep a decision as it is; here its link is asked
            connection.execute(text("UPDATE decision SET undoes = 99 WHERE id = 2"))
        with store._write() as connection:
            connection.execute(text("DELETE FROM event"))
            assert connection.execute(text("SELECT event_id FROM alert")).scalar() is None


def test_every_constraint_has_a_name() -> None:
    names = [c.name for table in metadata.tables.values() for c in table.constraints]
    assert None not in names
    assert all(len(str(name)) <= 63 for name in names)  # PostgreSQL cuts longer ones


def test_the_last_migration_is_the_head() -> None:
    assert scripts().get_heads() == [HEAD]


def test_a_changed_view_guard_or_grant_needs_a_revision() -> None:
    """Put the new fingerprint in a new revision, or, before a release, in the last one."""
    assert scripts().get_revision(HEAD).module.views == guards.fingerprint()


def test_migrations_import_nothing_of_the_project() -> None:
    for path in Path(scripts().versions).glob("0*.py"):
        lines = path.read_text(encoding="utf-8").splitlines()
        assert [line for line in lines if line.startswith(("from ", "import "))] == [
            "import sqlalchemy as sa", "from alembic import op",
        ]  # fmt: skip


def test_views_are_the_contract(store: Store) -> None:
    with store._read() as connection:
        see = inspect(connection)
        assert set(see.get_view_names()) == PROMISED | {"place_path"}
        for view, names in VIEW_COLUMNS.items():
            assert tuple(column["name"] for column in see.get_columns(view)) == tuple(names), view


def test_an_open_store_is_not_migrated_again(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.io.store.repository._upgrade", lambda _: pytest.fail("migrated again"))
    Store.open(store_url).close()


def test_a_failed_migration_leaves_nothing(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: Connection) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(guards, "create", fails)
        with pytest.raises(RuntimeError, match="killed"):
            Store.open(empty_url)
    with Store.open(empty_url, migrate=False) as store, store._read() as connection:
        assert inspect(connection).get_table_names() == []


def test_a_newer_store_is_refused(store: Store, store_url: str) -> None:
    with store._write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError) as failure:
        Store.open(store_url)
    assert failure.value.cause == "newer"


def test_sqlite_is_set_up_to_be_shared(tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path / 'cmp.sqlite'}", busy_seconds=3) as store, store._read() as connection:
        asked = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in
                 ("journal_mode", "foreign_keys", "busy_timeout")}  # fmt: skip
    assert asked == {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 3000}


def test_a_locked_store_says_so(tmp_path: Path) -> None:
    path = tmp_path / "cmp.sqlite"
    with Store.open(f"sqlite:///{path}", busy_seconds=0.1) as store:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError) as failure:
            store.seed_places([{"place_id": "ML", "level": "country", "name": "Mali"}], [], [])
        assert failure.value.cause == "locked"
        other.close()


@pytest.mark.parametrize(
    ("content", "cause"), [(b"this is a letter, not a database" * 40, "damaged"), (None, "unreachable")], ids=["letter", "folder"]
)
def test_what_is_no_database_says_so(tmp_path: Path, content: bytes | None, cause: str) -> None:
    path = tmp_path / "cmp.sqlite"
    path.mkdir() if content is None else path.write_bytes(content)
    with pytest.raises(StoreError) as failure:
        Store.open(f"sqlite:///{path}")
    assert failure.value.cause == cause


def test_a_server_that_does_not_answer_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as failure:
        Store.open(f"postgresql:///cmp?host={tmp_path}", busy_seconds=2)
    assert failure.value.cause == "unreachable"


def test_another_kind_of_database_is_refused() -> None:
    with pytest.raises(StoreError) as failure:
        Store.open("mysql://localhost/cmp")
    assert failure.value.cause == "driver"


def test_the_store_opens_without_pandas_or_alembic(tmp_path: Path) -> None:
    url = f"sqlite:///{(tmp_path / 'cmp.sqlite').as_posix()}"
    Store.open(url).close()
    code = (
        "import sys; from pipelines.io.store import Store; from pipelines.model import Period\n"
        f"with Store.open({url!r}) as store: store.region_board(Period(2019, 12)), store.findings(Period(2019, 12))\n"
        "print([name for name in ('pandas', 'pandera', 'alembic') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def columns_of(table: Table) -> set[str]:
    return {column.name for column in table.columns}


def test_wide_tables_hold_every_field() -> None:
    assert {field.name for field in fields.observation_fields()} <= columns_of(metadata.tables["observation"])
    assert set(fields.ALERT.names) <= columns_of(metadata.tables["alert"])
