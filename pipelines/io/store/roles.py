"""Who may do what in PostgreSQL: three roles, and what each is granted. SQLite has no roles; there the file is the door.

* `cmp_reader` sees what is published: the `official_*` views and `place_path`, and nothing else.
* `cmp_operator` compiles and circulates: reads all and writes what that takes. It neither signs nor publishes (a trigger refuses,
  see `guards`), and what people said once (decisions, waivers, visas, explanations, replies, audit events) it adds, never changes.
* `cmp_publisher` signs and publishes: reads all, moves a release and writes what goes with its signature and publication. It
  compiles nothing.

The migration creates the roles, which takes the right to create roles (CREATEROLE); without it a notice says so and all goes on. A
database administrator then runs, before the store is opened for the first time, or later followed by the grants,

    CREATE ROLE cmp_reader NOLOGIN; CREATE ROLE cmp_operator NOLOGIN; CREATE ROLE cmp_publisher NOLOGIN;

The grants follow every migration, by the owner of the tables; `script` is all of it for `psql`:

    python -c "from pipelines.io.store import roles; print(roles.script())" | psql …

People get a login of their own, a member of one role: `CREATE ROLE aminata LOGIN IN ROLE cmp_operator`. Who is of `cmp_operator` and of
`cmp_publisher` publishes nothing. The store is to be opened once by its owner before the others open it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, func, select, text

from pipelines.io.store import tables, views

READER, OPERATOR, PUBLISHER = ROLES = ("cmp_reader", "cmp_operator", "cmp_publisher")

_VERSION = "alembic_version"
_COMPILED = (
    "place", "place_code", "place_alias", "submission", "observation", "finding", "alert", "event", "statement", "presence",
    "sector_cover", "not_comparable", "discrepancy", "release", "release_return", "release_row", "release_place",
    "release_territory", "figure", "adjustment",
)  # fmt: skip
_SAID = ("decision", "waiver", "visa", "explanation", "reply", "audit_event")
_SIGNED = ("signatory", "participant")
_PUBLISHED = ("reservation", "release_file", "reply", "audit_event")
_MOVED = (
    "state", "signed_by", "signed_function", "signed_on", "meeting_on", "minutes_number", "embargo_until", "published_by",
    "published_on", "grades_published", "disclosure_threshold",
)  # fmt: skip
"""What a release gets when it is signed, published or sent back."""


def grants(schema: str) -> tuple[str, ...]:
    """What gives each role its rights and takes all others from it."""
    return tuple(_grants(schema))


def _grants(schema: str) -> Iterator[str]:
    held = [*(table.name for table in tables.metadata.sorted_tables), *views.VIEWS, _VERSION]

    def on(names: Sequence[str]) -> str:
        return ", ".join(f"{schema}.{name}" for name in names)

    def numbers(names: Sequence[str]) -> str:
        return on([f"{name}_id_seq" for name in names if _numbered(name)])

    yield f"REVOKE ALL ON {on(held)} FROM {', '.join(ROLES)}"
    yield f"GRANT SELECT ON {on([*views.READABLE, _VERSION])} TO {READER}"
    yield f"GRANT SELECT ON {on(held)} TO {OPERATOR}, {PUBLISHER}"
    yield f"GRANT INSERT, UPDATE, DELETE ON {on(_COMPILED)} TO {OPERATOR}"
    yield f"GRANT INSERT ON {on(_SAID)} TO {OPERATOR}"
    yield f"GRANT DELETE ON {on(_SIGNED)} TO {OPERATOR}"  # who sends a release back clears what may be there
    yield f"GRANT USAGE ON SEQUENCE {numbers((*_COMPILED, *_SAID))} TO {OPERATOR}"
    yield f"GRANT UPDATE ({', '.join(_MOVED)}) ON {schema}.release TO {PUBLISHER}"
    yield f"GRANT INSERT ON {on((*_SIGNED, *_PUBLISHED))} TO {PUBLISHER}"
    yield f"GRANT DELETE ON {on(_SIGNED)} TO {PUBLISHER}"
    yield f"GRANT USAGE ON SEQUENCE {numbers(_PUBLISHED)} TO {PUBLISHER}"


def _numbered(name: str) -> bool:
    column = tables.metadata.tables[name].columns.get("id")
    return column is not None and column.type.python_type is int


def grant(connection: Connection) -> None:
    """Gives the roles their rights, where there are such roles."""
    if connection.dialect.name == "sqlite":
        return
    known = set(connection.execute(text("SELECT rolname FROM pg_roles")).scalars())
    if not known.issuperset(ROLES):
        return
    name = str(connection.execute(select(func.current_schema())).scalar_one())
    schema = connection.dialect.identifier_preparer.quote(name)
    may_use = text("SELECT pg_has_role(nspowner, 'USAGE') FROM pg_namespace WHERE nspname = :name")
    if connection.execute(may_use, {"name": name}).scalar():
        connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA {schema} TO {', '.join(ROLES)}")
    for statement in grants(schema):
        connection.exec_driver_sql(statement)


def script(schema: str = "public") -> str:
    """All that a database administrator runs where the owner of the tables may not create roles."""
    created = [f"CREATE ROLE {role} NOLOGIN" for role in ROLES]
    usage = f"GRANT USAGE ON SCHEMA {schema} TO {', '.join(ROLES)}"
    return "".join(f"{statement};\n" for statement in (*created, usage, *grants(schema)))
