"""Receiving returns: versions, refusals, judging again, and nothing half done."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import text

from pipelines.io.store import Store, guards, repository
from pipelines.model import Answered, Finding, Period, Reply
from schemas import fields
from schemas.codes import Effect
from tests.store.samples import COLUMNS, DECEMBER, NOW, checked, everything, in_french, rows, save

VISA = {"validated": True, "validated_on": date(2020, 1, 4), "minutes_number": "PV 12", "validated_by": "Gouverneur"}


def versions(store: Store) -> list[tuple[str, int | None, bool]]:
    return [(row.sha256[:1], row.version, row.current) for row in store.submissions(DECEMBER)]


def test_a_return_is_kept_with_its_rows_and_findings(store: Store) -> None:
    finding = Finding("AGE_SUM", Effect.JUSTIFY, "PDI", "H6", 6, "120", {"gap": 3, "on": date(2019, 12, 1)})
    saved = save(store, checked(findings=(finding,), **VISA))
    assert (saved.version, saved.fresh) == (1, True)
    (head,) = store.current_heads(DECEMBER)
    assert (head.id, head.region_id, head.version, head.validated) == (saved.id, "R05", 1, True)
    assert head.columns == COLUMNS
    (row,) = store.submissions(DECEMBER)
    assert (row.rows_read, row.rows_accepted, row.rows_rejected, row.rows_recognised) == (5, 2, 1, 2)
    assert (row.region, row.received_at) == ("Mopti", "2020-01-06T09:30:00Z")
    (found,) = store.findings(DECEMBER)
    assert (found["code"], found["region_id"], found["file"]) == ("AGE_SUM", "R05", "fiche_aa.xlsx")
    assert (found["message"], found["source"]) == ("constat AGE_SUM", "submission")
    assert json.loads(found["params"]) == {"gap": 3, "on": "2019-12-01"}


def test_observations_come_back_as_they_were(store: Store) -> None:
    save(store, checked(frame=rows(120, None, rejected=-5, remarks="à vérifier", row=[9, 7, 8])))
    frame = store.observations(DECEMBER)
    assert list(frame["row"]) == [7, 8, 9]
    assert frame["individuals"].dtype == "Int64"
    assert frame["individuals"].tolist() == [pd.NA, -5, 120]
    assert list(frame["accepted"]) == [True, False, True]
    assert set(frame["observed_on"]) == {date(2019, 12, 20)}
    assert set(frame["remarks"]) == {"à vérifier"}
    assert list(frame["commune"]) == [None, None, None]
    assert frame["commune"].dtype == object
    assert {"table", "region_id", "submission_id", *(field.name for field in fields.observation_fields())} <= set(frame)


def test_no_rows_is_an_empty_frame(store: Store) -> None:
    save(store, checked(frame=rows().iloc[:0]))
    frame = store.observations(DECEMBER)
    assert frame.empty
    assert "individuals" in frame
    assert frame["individuals"].dtype == "Int64"


def test_the_same_file_twice_is_nothing(store: Store) -> None:
    first = save(store, checked())
    before = everything(store)
    again = save(store, checked())
    assert (again.id, again.version, again.fresh) == (first.id, 1, False)
    assert everything(store) == before


def test_the_same_file_may_serve_another_month(store: Store) -> None:
    save(store, checked())
    assert save(store, checked(), period=Period(2020, 1)).fresh
    assert store.periods() == (DECEMBER, Period(2020, 1))


def test_a_corrected_file_is_the_next_version(store: Store) -> None:
    save(store, checked("a" * 64))
    second = save(store, checked("b" * 64, rows(300)))
    assert second.version == 2
    assert [(head.version, head.id) for head in store.current_heads(DECEMBER)] == [(2, second.id)]
    assert versions(store) == [("a", 1, False), ("b", 2, True)]
    assert store.observations(DECEMBER)["individuals"].tolist() == [300]


def test_each_region_counts_its_own_versions(store: Store) -> None:
    save(store, checked("a" * 64))
    assert save(store, checked("b" * 64, region="R07")).version == 1
    assert [head.region_id for head in store.current_heads(DECEMBER)] == ["R05", "R07"]


def test_a_refused_file_supersedes_nothing(store: Store) -> None:
    save(store, checked("a" * 64))
    refused = save(store, checked("b" * 64, refused=True))
    assert refused.version is None
    nowhere = save(store, checked("c" * 64, rows().iloc[:0], region=None, refused=True))
    assert nowhere.version is None
    assert save(store, checked("d" * 64)).version == 2
    assert versions(store) == [("a", 1, False), ("b", None, False), ("c", None, False), ("d", 2, True)]
    assert [row["file"] for row in store.findings(DECEMBER)] == ["fiche_cc.xlsx", "fiche_bb.xlsx"]  # no region comes first


def test_findings_of_superseded_files_are_past(store: Store) -> None:
    save(store, checked("a" * 64, findings=(Finding("OLD", Effect.INFORM),)))
    save(store, checked("b" * 64, findings=(Finding("NEW", Effect.INFORM),)))
    assert [row["code"] for row in store.findings(DECEMBER)] == ["NEW"]


def test_other_rules_judge_a_file_again_in_place(store: Store) -> None:
    first = save(store, checked(findings=(Finding("OLD", Effect.INFORM),)))
    save(store, checked("b" * 64, region="R07"))
    again = save(store, checked(frame=rows(120, 80, 5), findings=(Finding("NEW", Effect.INFORM),)), rules="rules-2")
    assert (again.id, again.version, again.fresh) == (first.id, 1, True)
    assert [row["code"] for row in store.findings(DECEMBER)] == ["NEW"]
    assert store.observations(DECEMBER)["accepted"].tolist().count(True) == 5
    known = store.known_submission(DECEMBER, "a" * 64)
    assert known is not None
    assert (known.rules_hash, known.version, known.status) == ("rules-2", 1, "accepted")
    assert store.known_submission(DECEMBER, "f" * 64) is None


def test_a_file_accepted_later_takes_its_place_in_the_order_of_arrival(store: Store) -> None:
    """As if the new rules had been there from the start."""
    save(store, checked("a" * 64))
    save(store, checked("b" * 64, refused=True))
    save(store, checked("c" * 64))
    save(store, checked("d" * 64))
    assert save(store, checked("b" * 64), rules="rules-2").version == 2
    assert versions(store) == [("a", 1, False), ("b", 2, False), ("c", 3, False), ("d", 4, True)]
    assert save(store, checked("b" * 64, refused=True), rules="rules-3").version is None
    assert versions(store) == [("a", 1, False), ("b", None, False), ("c", 2, False), ("d", 3, True)]


def test_a_file_found_to_be_of_another_region_moves(store: Store) -> None:
    save(store, checked("a" * 64))
    save(store, checked("b" * 64))
    assert save(store, checked("a" * 64, region="R07"), rules="rules-2").version == 1
    assert [(head.region_id, head.version) for head in store.current_heads(DECEMBER)] == [("R05", 1), ("R07", 1)]


def test_a_tick_is_no_visa(store: Store) -> None:
    save(store, checked(validated=True))
    assert not store.current_heads(DECEMBER)[0].validated


@pytest.mark.parametrize(
    "frame", [rows(5).assign(guess=1), rows(5).drop(columns="sheet")], ids=["a column too many", "a column missing"]
)
def test_rows_must_keep_their_contract(store: Store, frame: pd.DataFrame) -> None:
    before = everything(store)
    with pytest.raises(ValueError, match="not the columns"):
        save(store, checked(frame=frame))
    assert everything(store) == before


def test_a_count_must_be_whole(store: Store) -> None:
    frame = rows(5).astype({"individuals": "Float64"})
    frame.loc[0, "individuals"] = 5.5
    with pytest.raises((TypeError, ValueError)):
        save(store, checked(frame=frame))
    assert store.submissions(DECEMBER) == ()


@pytest.mark.parametrize("step", ["_insert_observations", "_insert_findings", "_append"])
@pytest.mark.parametrize("again", [False, True], ids=["new", "judged again"])
def test_a_failure_on_the_way_leaves_the_store_as_it_was(
    store: Store, monkeypatch: pytest.MonkeyPatch, step: str, again: bool
) -> None:
    save(store, checked(findings=(Finding("OLD", Effect.INFORM),)))
    before = everything(store)
    real = getattr(repository, step)

    def fails(*args: object) -> None:
        real(*args)
        raise RuntimeError("the power is gone")

    monkeypatch.setattr(repository, step, fails)
    with pytest.raises(RuntimeError, match="the power is gone"):
        save(store, checked() if again else checked("b" * 64), rules="rules-2")
    assert everything(store) == before


_KILLED = """
import sys, time
from pipelines.io.store import Store, guards, repository
from tests.store.samples import checked, save

def stops(*args):
    print("in the middle", flush=True)
    time.sleep(60)

repository._append = stops
save(Store.open(sys.argv[1]), checked("b" * 64))
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_a_killed_process_leaves_the_store_as_it_was(tmp_path: Path, sqlite_template: Path) -> None:
    path = tmp_path / "cmp.sqlite"
    path.write_bytes(sqlite_template.read_bytes())
    url = f"sqlite:///{path}"
    with Store.open(url) as store:
        save(store, checked())
        before = everything(store)
    root = Path(__file__).parents[2]
    process = subprocess.Popen([sys.executable, "-c", _KILLED, url], stdout=subprocess.PIPE, cwd=root)
    assert process.stdout is not None
    assert process.stdout.readline().strip() == b"in the middle"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    with Store.open(url) as store:
        assert everything(store) == before
        assert save(store, checked("b" * 64)).version == 2


def test_two_at_once_get_two_numbers(store_url: str) -> None:
    def receive(letter: str) -> None:
        with Store.open(store_url) as opened:
            save(opened, checked(letter * 64))

    threads = [threading.Thread(target=receive, args=(letter,)) for letter in "abcdef"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Store.open(store_url) as store:
        assert sorted(row.version or 0 for row in store.submissions(DECEMBER)) == [1, 2, 3, 4, 5, 6]
        assert store.verify_chain() is None


def test_rows_of_a_place_lead_to_their_cells(store: Store) -> None:
    save(store, checked())
    found = store.observations_for(DECEMBER, ["C051"], ["idp"])
    assert [(row["sheet"], row["row"], row["individuals"]) for row in found] == [("PDI", 6, 120), ("PDI", 7, 80), ("PDI", 8, -5)]
    assert found[0]["file"] == "fiche_aa.xlsx"
    assert json.loads(found[0]["columns"])["idp"]["individuals"] == "H"
    assert store.observations_for(DECEMBER, ["R07"], ["idp"]) == []
    assert store.observations_for(DECEMBER, ["C051"], ["movement"]) == []


def test_text_order_is_the_same_on_both_databases(store: Store) -> None:
    frame = pd.concat([rows(1, sheet=name) for name in ("pdi", "PDI", "École", "Zone")], ignore_index=True)
    save(store, checked(frame=frame))
    assert list(store.observations(DECEMBER)["sheet"]) == ["PDI", "Zone", "pdi", "École"]


def test_the_audit_chain_shows_a_tampered_row(store: Store) -> None:
    for letter in "abc":
        save(store, checked(letter * 64))
    assert store.verify_chain() is None
    with store._write() as connection:
        ids = [key for (key,) in connection.execute(text("SELECT id FROM audit_event ORDER BY id"))]
        guards.drop(connection)  # as someone would who owns the database
        connection.execute(text("UPDATE audit_event SET actor = 'somebody' WHERE id = :id"), {"id": ids[1]})
    assert store.verify_chain() == ids[1]


def test_the_audit_chain_shows_a_removed_row(store: Store) -> None:
    ids = [store.record(NOW, "DNDS", "note", "x", {"n": number}) for number in range(3)]
    with store._write() as connection:
        guards.drop(connection)
        connection.execute(text("DELETE FROM audit_event WHERE id = :id"), {"id": ids[1]})
    assert store.verify_chain() == ids[2]


def test_concurrent_audit_events_stand_in_line(store_url: str) -> None:
    def note(number: int) -> None:
        with Store.open(store_url) as opened:
            for turn in range(5):
                opened.record(NOW, f"agent {number}", "note", "x", {"turn": turn})

    threads = [threading.Thread(target=note, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Store.open(store_url) as store:
        assert store.verify_chain() is None
        with store._read() as connection:
            assert connection.execute(text("SELECT count(*) FROM audit_event")).scalar() == 20


def test_messages_are_rendered_once_for_each_finding(store: Store) -> None:
    asked: list[str] = []

    def render(finding: Finding) -> tuple[str, str]:
        asked.append(finding.code)
        return in_french(finding)

    item = checked(findings=(Finding("ONE", Effect.INFORM), Finding("TWO", Effect.INFORM)))
    store.save_submission(item, period=DECEMBER, rules_hash="r", received_at=NOW, messages=render)
    assert asked == ["ONE", "TWO"]


# --- replies --------------------------------------------------------------------------------------------------------------

SIZE = Finding("SIZE_UNUSUAL", Effect.JUSTIFY, "PDI", "H6", 6, "120", {"size": 12})
SHAPE = Finding("COLUMN_MISSING", Effect.JUSTIFY, "PDI", None, 4, None, {"column": "Date"})
ANSWER = Answered(
    "a" * 64,
    1,
    "2019-12",
    (Reply("SIZE_UNUSUAL", "PDI", "H6", "familles élargies"), Reply("COLUMN_MISSING", "PDI", None, "oui", "Date")),
)


def test_a_return_comes_back_as_it_was_checked(store: Store) -> None:
    item = checked(findings=(replace(SIZE, reply="familles élargies"), SHAPE), prepared_by="Agent A", **VISA)
    save(store, item)
    found = store.checked(DECEMBER, item.file.sha256)
    assert found is not None
    assert found.findings == item.findings
    assert found.identification == replace(item.identification)
    assert (found.file, found.columns, found.counts, found.status) == (item.file, item.columns, item.counts, item.status)
    assert list(found.rows["individuals"]) == list(item.rows["individuals"])
    assert set(item.rows.columns) <= set(found.rows.columns)
    assert store.checked(DECEMBER, "f" * 64) is None


def test_replies_are_kept_with_the_file_and_with_what_it_answers(store: Store) -> None:
    save(store, checked("a" * 64, findings=(SIZE, SHAPE)))
    answering = checked("b" * 64, findings=(replace(SHAPE, reply="oui"),))
    store.save_submission(answering, period=DECEMBER, rules_hash="r", received_at=NOW, messages=in_french, answer=ANSWER)
    assert store.answers(DECEMBER) == {"b" * 64: ANSWER}
    first = store.checked(DECEMBER, "a" * 64)
    assert first is not None
    assert [finding.reply for finding in first.findings] == ["familles élargies", "oui"]
    assert [(row["code"], row["reply"]) for row in store.findings(DECEMBER)] == [("COLUMN_MISSING", "oui")]
    assert store.verify_chain() is None


def test_a_file_that_answers_one_the_store_never_saw_is_kept(store: Store) -> None:
    store.save_submission(checked("b" * 64), period=DECEMBER, rules_hash="r", received_at=NOW, messages=in_french, answer=ANSWER)
    assert store.answers(DECEMBER) == {"b" * 64: ANSWER}
