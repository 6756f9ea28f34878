"""Who may do what in PostgreSQL, tried as each role. A person logs in as a member of one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError

from pipelines.io.store import Store, StoreError, roles
from pipelines.io.store.releases import Opening, Signature, WrittenFile
from pipelines.model import Period
from schemas.codes import Edition
from tests.store.conftest import ALIASES, CODES, PLACES, PostgresServer
from tests.store.samples import (
    DECEMBER,
    NOVEMBER,
    NOW,
    checked,
    compiled,
    decide,
    publish,
    save,
    save_draft,
    told,
)  # fmt: skip
from tests.store.test_guards import BESIDE, PUBLISH, REGION_SAYS, SIGNATURE

LOGINS = {
    "reader": "cmp_reader",
    "operator": "cmp_operator",
    "publisher": "cmp_publisher",
    "everyman": "cmp_operator, cmp_publisher",
}


@dataclass
class Office:
    """A store of some months and its address for each who works with it."""

    url: str
    releases: dict[str, int]

    def open(self, login: str) -> Store:
        return Store.open(make_url(self.url).set(username=login).render_as_string(hide_password=False))

    def attempt(self, login: str, *statements: str, role: str | None = None) -> str | None:
        """What the database says to the last of some statements, None when it does them; nothing is kept."""
        with self.open(login) as store, store._engine.connect() as connection:
            try:
                for statement in (*((f"SET ROLE {role}",) if role else ()), *statements):
                    connection.exec_driver_sql(statement.format(**self.releases))
            except DBAPIError as refusal:
                return str(refusal.orig).splitlines()[0]
            finally:
                connection.rollback()
        return None


@pytest.fixture(scope="module")
def office(postgres: PostgresServer) -> Iterator[Office]:
    name = postgres.create()
    url = postgres.url_of(name)
    with Store.open(url) as store:
        store.seed_places(PLACES, CODES, ALIASES)
        for period in (DECEMBER, NOVEMBER):
            save(store, checked(), period=period)
        save_draft(store, compiled(period=NOVEMBER))
        save_draft(store, discrepancies=told())
        decide(store)
        found = {
            "published": publish(store, 1, NOVEMBER), "signed": publish(store, 2, NOVEMBER, until="signed"),
            "circulated": publish(store, 1, DECEMBER, until="circulated"),
        }  # fmt: skip
    for login, role in LOGINS.items():
        postgres._do(f"CREATE ROLE {login} LOGIN IN ROLE {role}")
    yield Office(url, found)
    postgres.drop(name)
    for login in LOGINS:
        postgres._do(f"DROP ROLE {login}")


def denied(what: str) -> str:
    return f"permission denied for {what}"


SIGN = f"UPDATE release SET state = 'signed', {SIGNATURE} WHERE id = {{circulated}}"
ISSUE = PUBLISH + " WHERE id = {signed}"
ONLY = "only cmp_publisher signs and publishes: release"


@pytest.mark.parametrize("login", LOGINS)
def test_a_store_opens_for_each(office: Office, login: str) -> None:
    with office.open(login) as store:
        assert store.view("official_figure", NOVEMBER)["value"].notna().any()


def test_a_reader_sees_what_is_published_and_nothing_else(office: Office) -> None:
    with office.open("reader") as store:
        for name in ("official_series", "official_bridge", "official_revision_effect", "place_path"):
            store.view(name)
        for name in ("draft_figure", "open_discrepancy", "source_statement"):
            with pytest.raises(StoreError, match=denied(f"view {name}")) as failure:
                store.view(name)
            assert failure.value.cause == "denied"
    for table in ("release", "figure", "submission", "decision", "audit_event", "alert"):
        assert office.attempt("reader", f"SELECT * FROM {table}") == denied(f"table {table}")


def test_a_reader_looks_behind_no_view(office: Office) -> None:
    """A function that costs nothing is asked before the condition of a view, unless the view is a barrier."""
    spy = (
        "CREATE FUNCTION pg_temp.spy(period text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$ BEGIN "
        "IF period = '2019-12' THEN RAISE EXCEPTION USING MESSAGE = 'seen'; END IF; RETURN true; END $$"
    )
    for view in ("official_figure", "official_release", "official_bridge"):
        look = f"SELECT * FROM {view} WHERE pg_temp.spy(period)"
        assert office.attempt("reader", spy, look) is None
        open_it = f"ALTER VIEW {view} RESET (security_barrier)"
        assert office.attempt("postgres", open_it, "SET ROLE cmp_reader", spy, look) == "seen"


def test_an_operator_compiles(office: Office) -> None:
    with office.open("operator") as store:
        save_draft(store, compiled(period=NOVEMBER), discrepancies=())
        save(store, checked("c" * 64), period=NOVEMBER)
        assert store.seed_places([*PLACES, {**PLACES[1], "place_id": "R06", "name": "Tombouctou"}], CODES, ALIASES)
        assert store.verify_chain() is None
    opened = "INSERT INTO reply (release_id, " + BESIDE["reply"].replace("{id}", "{circulated}") + ")"
    assert office.attempt("operator", "UPDATE release SET state = 'returned' WHERE id = {circulated}", opened) is None


def test_an_operator_neither_signs_nor_publishes(office: Office) -> None:
    assert office.attempt("operator", SIGN) == ONLY
    assert office.attempt("operator", ISSUE) == ONLY
    assert office.attempt("operator", "UPDATE release SET state = 'returned' WHERE id = {signed}") == ONLY
    assert office.attempt("operator", "UPDATE release SET state = 'returned', signed_by = 'X' WHERE id = {circulated}") == ONLY
    for table in ("signatory", "participant", "reservation", "release_file"):
        row = f"INSERT INTO {table} (release_id, {BESIDE[table].replace('{id}', '{circulated}')})"
        assert office.attempt("operator", row) == denied(f"table {table}")


def test_an_operator_touches_nothing_that_was_said(office: Office) -> None:
    for table in ("decision", "waiver", "visa", "explanation", "reply", "audit_event"):
        for statement in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}", f"TRUNCATE {table}"):
            assert office.attempt("operator", statement) == denied(f"table {table}")
    assert office.attempt("operator", "ALTER TABLE figure DISABLE TRIGGER ALL") == "must be owner of table figure"
    assert office.attempt("operator", "DROP TRIGGER guard_release_signed ON release") == "must be owner of relation release"


def test_a_publisher_signs_and_publishes(office: Office) -> None:
    beside = [
        f"INSERT INTO {table} (release_id, {BESIDE[table].replace('{id}', '{' + of + '}')})"
        for table, of in {"signatory": "circulated", "participant": "circulated", "reservation": "signed", "release_file": "signed",
                          "reply": "circulated"}.items()
    ]  # fmt: skip
    assert office.attempt("publisher", *beside, SIGN, ISSUE, REGION_SAYS.replace("{id}", "{published}")) is None
    back = "UPDATE release SET state = 'returned', signed_by = NULL WHERE id = {signed}"
    assert office.attempt("publisher", "DELETE FROM signatory WHERE release_id = {signed}", back) is None
    with office.open("publisher") as store:
        store.record(NOW, "Fatoumata Keïta", "note", "release:2019-12", {})


def test_a_release_lives_between_two_roles(office: Office) -> None:
    """As the program moves it: what a person of the other role tries comes to nothing."""
    january = Period(2020, 1)
    opening = Opening("Aminata Diarra", date(2020, 2, 7), date(2020, 2, 11), "s", "v")
    signature = Signature(
        "Fatoumata Keïta", "Directrice", date(2020, 2, 12), date(2020, 2, 12), "PV 2", None, participants=[("OIM", "un", True)]
    )
    moment = {"by": "Aminata Diarra", "on": date(2020, 2, 9), "at": NOW}
    with office.open("operator") as operator, office.open("publisher") as publisher:
        save_draft(operator, compiled(period=january))
        row = operator.circulate(january, opening, [], at=NOW)
        operator.reply(row, "agreed", organisation="OIM", reason=None, **moment)
        operator.send_back(january, reason="une ligne manque", **moment)
        operator.circulate(january, opening, [], at=NOW)
        with pytest.raises(StoreError, match="permission denied for table signatory"):
            operator.sign(january, signature, at=NOW)
        publisher.sign(january, signature, at=NOW)
        with pytest.raises(StoreError, match="only cmp_publisher"):
            operator.send_back(january, reason="trop tard", **{**moment, "on": date(2020, 2, 12)})
        publisher.send_back(january, reason="le total est faux", **{**moment, "on": date(2020, 2, 12)})
        with pytest.raises(StoreError, match="permission denied for table release"):
            publisher.circulate(january, opening, [], at=NOW)
        operator.circulate(january, opening, [], at=NOW)
        signed = publisher.sign(january, signature, at=NOW)
        issued = {
            "approved": signed,
            "grades": False,
            "threshold": 10,
            "said": [],
            "written": [WrittenFile(Edition.PUBLIC, "f.csv", "ff", 1)],
        }
        with pytest.raises(StoreError, match="denied"):
            operator.publish(january, by="Fatoumata Keïta", on=date(2020, 2, 15), at=NOW, **issued)
        publisher.publish(january, by="Fatoumata Keïta", on=date(2020, 2, 15), at=NOW, **issued)
        published = operator.published(january)
        assert published is not None
        assert (published.state, operator.candidate(january), operator.verify_chain()) == ("published", None, None)


def test_a_publisher_compiles_nothing(office: Office) -> None:
    for table in ("figure", "adjustment", "release_return", "submission", "observation", "place", "discrepancy", "finding"):
        assert office.attempt("publisher", f"DELETE FROM {table}") == denied(f"table {table}")
    assert office.attempt("publisher", "UPDATE release SET dataset_sha256 = 'x' WHERE revision = 0") == denied("table release")
    assert office.attempt("publisher", "INSERT INTO decision (action) VALUES ('keep')") == denied("table decision")


def test_who_compiles_publishes_nothing_whatever_role_he_takes(office: Office) -> None:
    assert office.attempt("everyman", SIGN) == ONLY
    assert office.attempt("everyman", SIGN, role="cmp_publisher") == ONLY
    assert office.attempt("operator", SIGN, role="cmp_publisher") == 'permission denied to set role "cmp_publisher"'


def test_an_owner_alone_may_do_all_unless_it_takes_a_role(office: Office) -> None:
    assert office.attempt("postgres", SIGN) is None
    assert office.attempt("postgres", SIGN, role="cmp_publisher") is None
    assert office.attempt("postgres", SIGN, role="cmp_operator") == ONLY


def test_a_store_without_roles_is_none_the_less_a_store(postgres: PostgresServer, postgres_template: str) -> None:
    """Whoever may not create roles goes on without."""
    name = postgres.create()
    postgres._do("CREATE ROLE owner_alone LOGIN")
    postgres._do(f"ALTER DATABASE {name} OWNER TO owner_alone")
    renamed = {role: f"{role}_away" for role in roles.ROLES}
    for role, away in renamed.items():
        postgres._do(f"ALTER ROLE {role} RENAME TO {away}")
    try:
        url = make_url(postgres.url_of(name)).set(username="owner_alone").render_as_string(hide_password=False)
        with Store.open(url) as store:
            store.seed_places(PLACES, CODES, ALIASES)
            save_draft(store)
            publish(store, 1)
            assert len(store.view("official_figure"))
            with store._read() as connection:
                known = set(connection.execute(text("SELECT rolname FROM pg_roles")).scalars())
        assert not known & set(roles.ROLES)
    finally:
        for role, away in renamed.items():
            postgres._do(f"ALTER ROLE {away} RENAME TO {role}")
        postgres.drop(name)
        postgres._do("DROP ROLE owner_alone")


def test_what_an_administrator_runs_is_what_the_owner_would(postgres: PostgresServer) -> None:
    name = postgres.create()
    with Store.open(postgres.url_of(name)) as store, store._write() as connection:
        for statement in roles.script().split(";\n")[len(roles.ROLES) : -1]:
            connection.exec_driver_sql(statement)
    postgres.drop(name)
