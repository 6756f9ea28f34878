"""Every named constraint is tried: a good row passes; with one thing wrong, written or changed, it is refused by that name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import CheckConstraint, ForeignKeyConstraint, UniqueConstraint, and_
from sqlalchemy.exc import IntegrityError

from pipelines.io.store import Store, guards
from pipelines.io.store.tables import metadata
from schemas import codes, fields

DAY, EARLIER = date(2019, 12, 20), date(2019, 12, 1)
Row = dict[str, Any]

GOOD: dict[str, Row] = {
    "place": {"place_id": "R05", "level": "region", "name": "Mopti", "valid_from": EARLIER},
    "place_code": {"place_id": "R05", "vintage": "cod-2021", "pcode": "ML05"},
    "place_alias": {"id": 1, "alias": "Mopty", "level": "region", "parent_id": "R05", "place_id": "R05"},
    "submission": {
        "id": 1, "period": "2019-12", "region_id": "R05", "version": 1, "file": "f.xlsx", "sha256": "aa", "status": "accepted",
        "validated": True, "rows_read": 3, "rows_accepted": 1, "rows_rejected": 1, "rows_recognised": 1, "columns": "{}",
        "rules_hash": "r", "received_at": "2020-01-06T09:30:00Z",
    },
    "observation": {"id": 1, "submission_id": 1, "table_name": "idp", "sheet": "PDI", "row": 6, "accepted": True},
    "release": {
        "id": 1, "period": "2019-12", "revision": 1, "state": "published", "as_of": DAY, "rules_hash": "r",
        "dataset_sha256": "d", "compiled_at": "2020-01-06T09:30:00Z", "settings_hash": "s", "values_sha256": "v", "disclosure_threshold": 10, "compiled_by": "Aminata Diarra",
        "circulated_on": DAY, "signed_by": "Fatoumata Keïta", "signed_function": "Directrice", "signed_on": DAY, "meeting_on": DAY,
        "minutes_number": "12", "embargo_until": DAY, "published_by": "Fatoumata Keïta", "published_on": DAY,
    },
    "release_return": {
        "release_id": 1, "region_id": "R05", "submission_id": 1, "version": 1, "validated": True, "rows_accepted": 1,
        "rows_rejected": 1,
    },
    "release_row": {
        "id": 1, "release_id": 1, "region_id": "R05", "submission_id": 1, "table_name": "idp", "sheet": "PDI", "row": 6,
        "accepted": True,
    },
    "signatory": {"release_id": 1, "position": 1, "name": "Fatoumata Keïta", "function": "Directrice"},
    "participant": {"release_id": 1, "organisation": "OIM", "kind": "un", "present": True},
    "reply": {
        "id": 1, "release_id": 1, "organisation": "OIM", "reply": "agreed", "given_by": "M. Sow", "given_on": DAY,
        "values_sha256": "v",
    },
    "reservation": {
        "release_id": 1, "position": 1, "kind": "member", "place_id": "R05", "message": "m", "params": "{}", "sentence": "s",
    },
    "release_file": {"release_id": 1, "edition": "public", "name": "f.csv", "sha256": "ff", "size": 1},
    "release_place": {"release_id": 1, "place_id": "R05", "pcode": "ML05", "level": "region", "name": "Mopti", "region": "Mopti"},
    "release_territory": {
        "release_id": 1, "vintage": "cod-2025", "place_id": "R05", "population_group": "idp", "measure": "stock",
        "unit": "individual", "level": "region", "value": 5, "undivided": 0,
    },
    "visa": {
        "id": 1, "period": "2019-12", "region_id": "R05", "sha256": "aa", "totals": "{}", "validated_by": "Gouverneur",
        "validated_on": DAY, "minutes_number": "3", "recorded_by": "DNDS", "recorded_on": DAY,
    },
    "explanation": {
        "id": 1, "period": "2019-12", "region_id": "R05", "code": "X", "finding_key": "k", "reason": "crue", "given_by": "DNDS",
        "given_on": DAY,
    },
    "finding": {
        "id": 1, "submission_id": 1, "code": "X", "effect": "inform", "params": "{}", "message": "m", "remedy": "r",
    },
    "event": {
        "id": 1, "period": "2019-12", "key": "e1", "witnesses": 2, "assessed": False, "first_on": EARLIER, "last_on": DAY,
        "households_low": 1, "households_high": 2, "individuals_low": 5, "individuals_high": 9,
    },
    "alert": {"id": 1, "period": "2019-12", "file": "a.xlsx", "sha256": "bb", "sheet": "Alertes", "row": 5},
    "statement": {
        "id": 1, "period": "2019-12", "place_id": "R05", "population_group": "idp", "measure": "stock", "unit": "individual",
        "value": 5, "as_of": DAY, "source_id": "dtm", "scope": "whole", "table_name": "stock", "row": 5,
    },
    "presence": {"id": 1, "period": "2019-12", "place_id": "R05", "organisation": "NRC", "source_id": "3w", "row": 5},
    "sector_cover": {
        "period": "2019-12", "place_id": "R05", "sector": "food", "actors": 1, "organisations": "NRC", "persons": 5,
        "persons_without": 5, "wanted": 1, "rank": 1,
    },
    "not_comparable": {
        "id": 1, "period": "2019-12", "place_id": "R05", "population_group": "idp", "compared": "[]", "reason": "other_scope",
        "params": "{}", "sentence": "s",
    },
    "discrepancy": {
        "id": "d1", "rule": "X", "period": "2019-12", "place_id": "R05", "population_group": "idp", "measure": "stock",
        "compared": "[]", "gap": 5, "fingerprint": "f", "status": "open", "sentence": "s", "first_seen": EARLIER,
        "last_seen": DAY,
    },
    "decision": {"id": 1, "action": "keep", "decided_by": "DNDS", "decided_on": DAY, "reason": "PV 12"},
    "waiver": {
        "id": 1, "promise": "visa", "region_id": "R05", "period": "2019-12", "granted_by": "DNDS", "granted_on": EARLIER,
        "expires_on": DAY, "reason": "accès",
    },
    "figure": {
        "id": 1, "release_id": 1, "place_id": "R05", "level": "region", "population_group": "idp", "measure": "stock",
        "unit": "individual", "sex": "_T", "age": "_T", "shelter": "_T", "displacement": "_T", "origin_id": "_T", "cause": "_T",
        "vulnerability": "_T", "value": 5, "obs_status": "A", "grade": "B",
    },
    "adjustment": {
        "id": 1, "release_id": 1, "place_id": "R05", "population_group": "idp", "measure": "stock", "unit": "individual",
        "item": 0, "kind": "return", "value": 5, "reason": "fiche",
    },
    "audit_event": {
        "id": 1, "at": "2020-01-06T09:30:00Z", "actor": "DNDS", "action": "x", "subject": "s", "details": "{}",
        "previous_hash": "0", "hash": "1",
    },
}  # fmt: skip
ALSO: dict[str, list[Row]] = {
    "place_alias": [{"id": 2, "alias": "Mopti Ville", "parent_id": None}],
    "decision": [{"id": 2, "undoes": 1}],
}
REFUSED: Row = {"id": 2, "sha256": "cc", "status": "refused", "version": None}
OF_RELEASE: Row = {"submission_id": None, "release_id": 1}

BAD: dict[str, Row] = {
    "ck_place_level": {"level": "village"},
    "ck_place_name": {"name": "  "},
    "ck_place_lat": {"lat": 91.0},
    "ck_place_lon": {"lon": 181.0},
    "ck_place_validity": {"valid_to": date(2019, 11, 1)},
    "ck_place_code_parent": {"vintage": "x", "parent_id": "R05"},
    "uq_place_code_pcode": {"place_id": "R07"},
    "fk_place_code_place_id": {"place_id": "X"},
    "fk_place_code_parent_id": {"vintage": "x", "parent_id": "X"},
    "ck_place_alias_level": {"level": "village"},
    "ck_place_alias_alias": {"alias": ""},
    "uq_place_alias_alias": {"id": 3},
    "uq_place_alias_anywhere": {"id": 3, "alias": "Mopti Ville", "parent_id": None},
    "ck_submission_status": {**REFUSED, "status": "lost"},
    "ck_submission_numbered_when_accepted": {**REFUSED, "version": 2},
    "ck_submission_version": {"version": 0},
    "ck_submission_accepted_of_a_region": {"region_id": None},
    "ck_submission_no_silent_loss": {"rows_read": 4},
    "ck_submission_rows_accepted": {"rows_accepted": -1, "rows_read": 1},
    "ck_submission_rows_rejected": {"rows_rejected": -1, "rows_read": 1},
    "ck_submission_rows_recognised": {"rows_recognised": -1, "rows_read": 1},
    "uq_submission_file": {"id": 2, "version": 2},
    "uq_submission_version": {"id": 2, "sha256": "cc"},
    "ck_observation_table_name": {"table_name": "totals"},
    "ck_observation_row": {"row": 0},
    "uq_observation_source_row": {"id": 2},
    "ck_release_state": {"state": "superseded"},
    "ck_release_revision": {"revision": -1},
    "ck_release_numbered_after_the_draft": {"revision": 0},
    "uq_release_revision": {"id": 2},
    "ck_release_reason_code": {"reason_code": "mood"},
    "ck_release_revision_has_a_reason": {"revision": 2, "reason_code": "method", "reason": None},
    "ck_release_circulated_by_somebody": {"compiled_by": None},
    "ck_release_signed_by_somebody": {"signed_function": None},
    "ck_release_published_by_somebody": {"published_on": None},
    "ck_release_four_eyes": {"published_by": "Aminata Diarra"},
    "ck_release_embargo": {"embargo_until": date(2020, 1, 1)},
    "ck_release_in_order": {"circulated_on": date(2020, 1, 1)},
    "uq_release_row_source_row": {"id": 2},
    "ck_reply_of_a_member_or_a_region": {"organisation": None},
    "ck_reply_reply": {"reply": "accepted"},
    "ck_reply_reason": {"reply": "reservation", "reason": None},
    "fk_reply_region_id": {"organisation": None, "region_id": "X", "reply": "accepted"},
    "ck_release_file_size": {"size": -1},
    "ck_release_return_version": {"version": 0},
    "ck_release_return_rows_accepted": {"rows_accepted": -1},
    "ck_release_return_rows_rejected": {"rows_rejected": -1},
    "ck_finding_one_owner": {"release_id": 1},
    "ck_finding_about_submission_id": {"about_submission_id": 1},
    "ck_finding_effect": {"effect": "shrug"},
    "fk_finding_about_submission_id": {**OF_RELEASE, "about_submission_id": 99},
    "fk_finding_release_id": {**OF_RELEASE, "release_id": 99},
    "ck_event_last_on": {"last_on": date(2019, 11, 1)},
    "ck_event_witnesses": {"witnesses": 0},
    "ck_event_households": {"households_low": 9},
    "ck_event_individuals": {"individuals_low": 10},
    "uq_event_key": {"id": 2},
    "ck_alert_row": {"row": 0},
    "uq_alert_source_row": {"id": 2},
    "ck_adjustment_kind": {"item": 1, "kind": "wrong"},
    "ck_statement_row": {"row": 0},
    "ck_statement_value": {"value": -1},
    "ck_statement_states_a_number": {"value": None},
    "ck_presence_row": {"row": 0},
    "ck_presence_status": {"status": "gone"},
    "ck_sector_cover_sector": {"sector": "sport"},
    "ck_sector_cover_actors": {"actors": -1},
    "ck_sector_cover_persons": {"persons": -1, "persons_without": None},
    "ck_sector_cover_persons_without": {"persons_without": 6},
    "ck_sector_cover_wanted": {"wanted": -1, "rank": None},
    "ck_sector_cover_rank": {"wanted": 0},
    "ck_not_comparable_reason": {"reason": " "},
    "ck_event_age_days": {"age_days": -1},
    "ck_discrepancy_impact": {"impact": -1},
    "ck_decision_households": {"households": -1},
    "ck_decision_individuals": {"individuals": -1},
    "ck_discrepancy_last_seen": {"last_seen": date(2019, 11, 1)},
    "uq_decision_undone_once": {"id": 3, "undoes": 1},
    "ck_decision_undoes": {"id": 3, "undoes": 3},
    "ck_waiver_expires_on": {"expires_on": date(2019, 11, 1)},
    "ck_figure_missing_has_reason": {"value": None},
    "ck_figure_value": {"value": -1},
    "ck_figure_carried_months": {"carried_months": -1},
    "uq_figure_once": {"id": 2},
    "ck_adjustment_item": {"item": -1},
    "ck_adjustment_opens_with_return": {"kind": "moved_in"},
    "ck_adjustment_value": {"value": None},
    "uq_adjustment_item": {"id": 2},
    "uq_audit_event_previous_hash": {"id": 2, "hash": "2"},
    "uq_audit_event_hash": {"id": 2, "previous_hash": "1"},
}
_SAID = ("decision", "waiver", "audit_event", "signatory", "reply", "visa", "explanation")
"""Where a text may be anything but empty."""


def bad_row(table: str, name: str) -> Row:
    """What to change in the good row of a table to break one constraint; what follows from the name is not listed."""
    if name in BAD:
        return BAD[name]
    kind, column = name.split("_", maxsplit=1)[0], name.split(f"_{table}_", 1)[1]
    if kind == "fk":
        return {column: 99 if metadata.tables[table].c[column].type.python_type is int else "X"}
    if column == "period":
        return {"period": "2019-13"}
    field = {**fields.ALERT.by_name, **{f.name: f for f in fields.observation_fields()}}.get(column)
    if table in ("observation", "alert") and field is not None and field.is_count:
        return {column: -1}
    if metadata.tables[table].c[column].type.python_type is str:
        return {column: " " if table in _SAID else "wrong"}
    raise KeyError(name)


NAMED = [
    (table.name, str(constraint.name))
    for table in metadata.sorted_tables
    for constraint in sorted(table.constraints, key=lambda c: str(c.name))
    if isinstance(constraint, CheckConstraint | ForeignKeyConstraint | UniqueConstraint)
] + [("place_alias", "uq_place_alias_anywhere")]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store with one good row in every table."""
    if request.param == "sqlite":
        url, drop = f"sqlite:///{tmp_path_factory.mktemp('world') / 'cmp.sqlite'}", None
    else:
        server = request.getfixturevalue("postgres")
        name = server.create()
        url, drop = server.url_of(name), lambda: server.drop(name)
    with Store.open(url) as store:
        with store._write() as connection:
            guards.drop(connection)  # constraints hold without them
            connection.execute(metadata.tables["place"].insert(), [GOOD["place"], {**GOOD["place"], "place_id": "R07"}])
            for table in metadata.sorted_tables:
                if table.name != "place":
                    connection.execute(table.insert(), GOOD[table.name])
                for more in ALSO.get(table.name, []):
                    connection.execute(table.insert(), {**GOOD[table.name], **more})
        yield store
    if drop:
        drop()


def test_no_constraint_is_forgotten() -> None:
    assert set(BAD) <= {name for _, name in NAMED}
    for table, name in NAMED:
        bad_row(table, name)


@pytest.mark.parametrize(("table", "name"), NAMED, ids=[name for _, name in NAMED])
def test_a_bad_row_is_refused_by_name(world: Store, table: str, name: str) -> None:
    to, bad = metadata.tables[table], bad_row(table, name)
    this = and_(*(column == GOOD[table][column.name] for column in to.primary_key))
    write = to.update().where(this).values(bad) if name.startswith("fk_") else to.insert().values({**GOOD[table], **bad})
    with pytest.raises(IntegrityError) as refusal, world._write() as connection:
        connection.execute(write)
    assert names(refusal.value, table, name), str(refusal.value.orig)


def names(refusal: IntegrityError, table: str, name: str) -> bool:
    """PostgreSQL names every constraint; SQLite names CHECKs, the columns of a UNIQUE, and no link."""
    diagnosis = getattr(refusal.orig, "diag", None)
    if diagnosis is not None:
        return bool(diagnosis.constraint_name == name)
    said = str(refusal.orig)
    if name.startswith("ck_"):
        return said == f"CHECK constraint failed: {name}"
    if name.startswith("fk_"):
        return said == "FOREIGN KEY constraint failed"
    if name == "uq_place_alias_anywhere":
        return said == "UNIQUE constraint failed: place_alias.alias, place_alias.level"
    unique = next(c for c in metadata.tables[table].constraints if c.name == name)
    assert isinstance(unique, UniqueConstraint)
    return said == "UNIQUE constraint failed: " + ", ".join(f"{table}.{column.name}" for column in unique.columns)


@pytest.mark.parametrize("period", ["2019-00", "2019-1", "19-12", "2019-123", "2019/12", "a019-12", "2019-1a", ""])
def test_a_period_is_a_month(world: Store, period: str) -> None:
    with pytest.raises(IntegrityError), world._write() as connection:
        connection.execute(metadata.tables["waiver"].insert(), {**GOOD["waiver"], "id": 2, "period": period})


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("submission", REFUSED), ("submission", {**REFUSED, "region_id": None}),
        ("observation", {"id": 2, "row": 7, "accepted": False, "individuals": -5, "level": "hameau"}),
        ("observation", {"id": 2, "table_name": "movement", "individuals": -5}),
        ("finding", {"id": 2, **OF_RELEASE, "about_submission_id": 1}),
        ("figure", {"id": 2, "measure": "corrections", "value": -5}),
        ("figure", {"id": 2, "sex": "_U", "missing_reason": "not_reported"}),
        ("adjustment", {"id": 2, "unit": "household", "value": None, "missing_reason": "no_return"}),
        ("adjustment", {"id": 2, "item": 1, "kind": "row_rejected", "value": -5}),
        ("release", {"id": 2, "revision": 0, "state": "draft"}),
        ("alert", {"id": 2, "period": "2020-01"}),
        ("observation", {"id": 2, "row": 7, "table_name": "movement", "movement": "integration"}),
        ("figure", {"id": 2, "measure": "relocations"}),
        ("adjustment", {"id": 2, "item": 1, "kind": "decision", "value": -5}),
        ("statement", {"id": 2, "value": None, "scope": "inaccessible", "row": None}),
        ("presence", {"id": 2, "row": None, "status": "planned"}),
        ("sector_cover", {"sector": "wash", "persons": None, "persons_without": None, "wanted": None, "rank": None}),
        ("sector_cover", {"sector": "health", "wanted": 0, "rank": None}),
        ("discrepancy", {"id": "d2", "status": "asked"}),
        ("release", {"id": 2, "revision": 2, "reason_code": "method", "reason": "autre arrondi"}),
        ("reply", {"id": 2, "organisation": None, "region_id": "R05", "reply": "contested", "reason": "recompté"}),
    ],
)  # fmt: skip
def test_good_rows_pass(world: Store, table: str, row: Row) -> None:
    class UndoError(Exception):
        pass

    with pytest.raises(UndoError), world._write() as connection:
        connection.execute(metadata.tables[table].insert(), {**GOOD[table], **row})
        raise UndoError


def test_codes_are_those_of_the_lists() -> None:
    check = next(c for c in metadata.tables["figure"].constraints if c.name == "ck_figure_measure")
    assert isinstance(check, CheckConstraint)
    assert all(f"'{word}'" in str(check.sqltext) for word in codes.Measure)
