"""Small returns and drafts made by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from pipelines.io.store import NewDecision, SavedDraft, SavedSubmission, Store, releases, tables
from pipelines.model import (
    Checked,
    Compared,
    Compiled,
    Discrepancy,
    Finding,
    Identification,
    OpenedFile,
    Period,
    PeriodFinding,
    RowCounts,
)
from schemas.codes import Action, Effect, Owner, Severity

DECEMBER = Period(2019, 12)
NOVEMBER = Period(2019, 11)
NOW = datetime(2020, 1, 6, 9, 30, tzinfo=UTC)
PUBLICATION = date(2020, 1, 15)
COLUMNS = {"idp": {"households": "G", "individuals": "H"}}


def in_french(finding: Finding) -> tuple[str, str]:
    return f"constat {finding.code}", "corriger la cellule"


def rows(*individuals: int | None, rejected: int | None = None, **more: Any) -> pd.DataFrame:
    """One accepted row of sheet PDI for each number, and a rejected one."""
    values = [*individuals, *([rejected] if rejected is not None else [])]
    return pd.DataFrame(
        {
            "table": "idp", "sheet": "PDI", "row": range(6, 6 + len(values)),
            "accepted": [number < len(individuals) for number in range(len(values))],
            "place_id": "C051", "placed_level": "cercle", "place_method": "exact", "place_score": 1.0, "code_status": "agrees",
            "cercle": "Bankass", "commune": None, "level": "cercle", "basis": "registration",
            "households": pd.array([None] * len(values), dtype="Int64"),
            "individuals": pd.array(values, dtype="Int64"), "observed_on": date(2019, 12, 20), **more,
        }
    )  # fmt: skip


def checked(
    sha256: str = "a" * 64, frame: pd.DataFrame | None = None, *, region: str | None = "R05", refused: bool = False,
    findings: tuple[Finding, ...] = (), **identification: Any,
) -> Checked:  # fmt: skip
    frame = rows(120, 80, rejected=-5) if frame is None else frame
    accepted = int(frame["accepted"].sum()) if len(frame) else 0
    counts = RowCounts(len(frame) + 2, accepted, len(frame) - accepted, 2)
    if refused:
        findings = (Finding("FILE_UNREADABLE", Effect.REJECT_SUBMISSION), *findings)
    form = Identification(region="Mopti", region_id=region, period=DECEMBER, version=1, **identification)
    return Checked(OpenedFile(f"fiche_{sha256[:2]}.xlsx", sha256), "fiche-v1", form, frame, COLUMNS, findings, counts)


def save(store: Store, item: Checked, *, rules: str = "rules-1", period: Period = DECEMBER) -> SavedSubmission:
    return store.save_submission(item, period=period, rules_hash=rules, received_at=NOW, messages=in_french)


def figures(values: Iterable[dict[str, Any]]) -> pd.DataFrame:
    total = dict.fromkeys(("sex", "age", "shelter", "displacement", "origin_id", "cause", "vulnerability"), "_T")
    base = {
        "place_id": "R05", "level": "region", "population_group": "idp", "measure": "stock", "unit": "individual", **total,
        "value": None, "missing_reason": None, "obs_status": "A", "basis": "registration", "grade": "B", "carried_months": 0,
    }  # fmt: skip
    return pd.DataFrame([{**base, **value} for value in values]).astype({"value": "Int64", "missing_reason": object})


def adjustments(values: Iterable[dict[str, Any]]) -> pd.DataFrame:
    base = {
        "place_id": "R05", "population_group": "idp", "measure": "stock", "unit": "individual", "item": 0, "kind": "return",
        "value": None, "missing_reason": None, "reason": "fiche de la région", "about_place_id": None, "submission_id": None,
        "sheet": None, "cell": None, "row": None,
    }  # fmt: skip
    frame = pd.DataFrame([{**base, **value} for value in values])
    return frame.astype(dict.fromkeys(("value", "submission_id", "row"), "Int64"))


ISSUED = [
    {"value": 205},
    {"unit": "household", "value": None, "missing_reason": "not_reported", "obs_status": "O"},
    {"sex": "F", "age": "0-4", "value": 40}, {"sex": "F", "age": "5-17", "value": 60}, {"sex": "M", "age": "60+", "value": 5},
    {"sex": "_U", "age": "_U", "value": 100, "missing_reason": "not_reported"},
    {"origin_id": "R07", "value": 30}, {"origin_id": "R20", "value": 20}, {"origin_id": "_U", "value": 155},
    {"shelter": "host_family", "value": 150}, {"shelter": "spontaneous_site", "value": 20},
    {"shelter": "collective_centre", "value": 10},
    {"place_id": "C051", "level": "cercle", "value": 205}, {"place_id": "K051", "level": "commune", "value": 80},
    {"place_id": "ML", "level": "country", "value": 205}, {"place_id": "R07", "value": 11, "carried_months": 1},
    {"place_id": "R05", "measure": "corrections", "value": -3},
]  # fmt: skip


def compiled(
    values: Iterable[dict[str, Any]] = ISSUED,
    *,
    period: Period = DECEMBER,
    items: Iterable[dict[str, Any]] = ({"value": 200}, {"item": 1, "kind": "row_rejected", "value": 5, "reason": "ligne 8"}),
    findings: tuple[PeriodFinding, ...] = (),
) -> Compiled:
    return Compiled(period, figures(values), adjustments(items), findings)


def gap(key: str = "d1", fingerprint: str = "f1", *, period: Period = DECEMBER, stated: int = 250, **changes: Any) -> Discrepancy:
    values = (
        Compared("fiche", 200, "individual", "2019-12-31", "fiche_aa.xlsx"),
        Compared("DTM", stated, "individual", "2019-12-28", "dtm.xlsx", source_id="dtm", takes=True),
    )
    about: dict[str, Any] = {
        "key": key, "fingerprint": fingerprint, "rule": "SOURCES_DIFFER", "period": period, "place_id": "R05",
        "population_group": "idp", "measure": "stock", "unit": "individual", "values": values, "gap": stated - 200,
        "impact": abs(stated - 200), "severity": Severity.RED, "params": {"place": "Mopti"}, "owner": Owner.REGION,
        "national_share": 0.002,
    }  # fmt: skip
    return Discrepancy(**(about | changes))


def told(*items: Discrepancy) -> list[tuple[Discrepancy, str, str, date | None]]:
    """Discrepancies as a run hands them over."""
    return [(item, "les deux sources diffèrent", "retenir la fiche", date(2020, 1, 8)) for item in items or (gap(),)]


def wanted(discrepancy_id: str = "d1", action: Action | None = Action.KEEP, **changes: Any) -> NewDecision:
    about: dict[str, Any] = {"by": "CMP", "on": date(2020, 1, 12), "reason": "PV 12"}
    return NewDecision(discrepancy_id, action, **(about | changes))


def decide(store: Store, *decisions: NewDecision) -> tuple[int, ...]:
    return store.decide_all(decisions or (wanted(),), at=NOW, actor="dnds")


def save_draft(store: Store, item: Compiled | None = None, **changes: Any) -> SavedDraft:
    given: dict[str, Any] = {
        "as_of": PUBLICATION, "rules_hash": "rules-1", "dataset_sha256": "d" * 64, "compared_with": None, "compiled_at": NOW,
        "messages": in_french,
    }  # fmt: skip
    return store.save_draft(item or compiled(), **(given | changes))


STATES = ("returned", "circulated", "signed", "published")
_MOVES = {
    "circulated": "state = 'circulated'",
    "signed": "state = 'signed', signed_by = 'Fatoumata Keïta', signed_function = 'Directrice nationale', signed_on = '2020-01-13', "
    "meeting_on = '2020-01-12', minutes_number = 'PV 12'",
    "published": "state = 'published', published_by = 'Fatoumata Keïta', published_on = '{on}', grades_published = {grades}, disclosure_threshold = 10",
}


def publish(
    store: Store, revision: int, period: Period = DECEMBER, *, until: str = "published", grades: bool = True, also: Iterable[str] = (),
    territory: Iterable[Mapping[str, Any]] = (),
) -> int:  # fmt: skip
    """A revision with what the draft of the month holds, published ten days after the one before; or left in the state `until`.
    `also` are tables and values to insert beside, with `{key}` for the release; `territory` as for `releases.circulate`."""
    key = 1000 * period.month + revision
    on = PUBLICATION + timedelta(days=10 * (revision - 1))
    with store._write() as connection:
        draft = _begin(connection, key, revision, period)
        releases._fill(connection, draft, key, territory)
        for row in also:
            connection.exec_driver_sql(f"INSERT INTO {row.format(key=key)}")
        for state in STATES[1 : STATES.index(until) + 1]:
            moves = _MOVES[state].format(on=on, grades=str(grades).lower())
            connection.exec_driver_sql(f"UPDATE release SET {moves} WHERE id = {key}")
    return key


def _begin(connection: Connection, key: int, revision: int, period: Period) -> int:
    """A release to be filled from the draft, whose key this gives."""
    reason = "NULL, NULL" if revision == 1 else "'late_return', 'fiche reçue après la publication'"
    into = "id, period, revision, state, compiled_by, circulated_on, reply_by, settings_hash, values_sha256, reason_code, reason"
    stamp = f"{key}, period, {revision}, 'returned', 'Aminata Diarra', '2020-01-07', '2020-01-11', 's', 'v', {reason}"
    copied = "as_of, compared_with, rules_hash, dataset_sha256, compiled_at"
    draft = f"FROM release WHERE period = '{period}' AND revision = 0"
    connection.exec_driver_sql(f"INSERT INTO release ({into}, {copied}) SELECT {stamp}, {copied} {draft}")
    return int(connection.exec_driver_sql(f"SELECT id {draft}").scalar_one())


def everything(store: Store) -> dict[str, list[Any]]:
    """All rows of all tables, to tell whether anything changed."""
    with store._read() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(table.select())), key=repr)
            for table in tables.metadata.sorted_tables
        }
