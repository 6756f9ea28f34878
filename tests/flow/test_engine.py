"""The flow through Prefect: quiet, private, and retried where a lock or a slow disk passes."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pipelines import engine
from pipelines.io.store import StoreError
from schemas.texts import number
from tests.flow.months import GAO, MOPTI, SEGOU, Folder, fiche_of

pytestmark = pytest.mark.xdist_group("prefect")  # one server at a time
STEPS = [
    "read",
    "check",
    "locate",
    "judge",
    "read_sources",
    "store",
    "compile",
    "triangulate",
    "decide",
    "report",
    "send_back",
    "ask",
]
MONTH = "2019-11"


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_month_through_prefect_from_nothing(tmp_path: Path) -> None:
    """The installed command in a home of its own: our output alone, and nothing written outside the data folder."""
    folder = Folder(tmp_path / "data")
    for region, rows in (("Ségou", SEGOU), ("Mopti", MOPTI), ("Gao", GAO)):
        folder.receive(f"{region}.xlsx", fiche_of(region, rows, MONTH).workbook(), MONTH)
    received = files_of(folder.root / "raw")
    elsewhere = {name: tmp_path / name for name in ("home", "tmp", "cwd")}
    for path in elsewhere.values():
        path.mkdir()
    environ = {
        "PATH": os.environ["PATH"], "HOME": str(elsewhere["home"]), "TMPDIR": str(elsewhere["tmp"]), "CMP_DATA_DIR": str(folder.root),
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]), "PYTHONDONTWRITEBYTECODE": "1", "LANG": "C.UTF-8",
    }  # fmt: skip

    def run(*more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "from pipelines.cli import main; main()", "consolidate", MONTH, *more]
        return subprocess.run(
            command, env=environ, cwd=elsewhere["cwd"], capture_output=True, text=True, timeout=240, check=False
        )

    first = run()
    assert (first.returncode, first.stderr) == (0, "")
    assert "PROJET, NON OFFICIEL" in first.stdout.strip().splitlines()[0]
    for text in ("Ségou", "Mopti", "Gao", number(2964, "fr"), "Fichiers écrits"):
        assert text in first.stdout
    for noise in ("prefect", "Prefect", "INFO", "WARNING", "http://", "Traceback"):
        assert noise not in first.stdout.replace(str(tmp_path), "")
    assert set(folder.outputs(MONTH)) == {"figures.csv", "bridge.csv", f"Consolidation_{MONTH}_PROJET.xlsx"}
    assert task_runs(folder) == {step: ["COMPLETED"] for step in STEPS}

    again = run("--json")
    assert (again.returncode, again.stderr) == (0, "")
    status = json.loads(again.stdout)
    assert (status["period"], status["state"], status["country"]["totals"]["idp"]["individual"]) == (MONTH, "draft", 2964)
    assert sorted(Path(path).name for path in status["written"]) == sorted(Path(name).name for name in folder.outputs(MONTH))

    assert [path for other in elsewhere.values() for path in other.rglob("*")] == []
    assert files_of(folder.root / "raw") == received
    assert {path.name for path in (folder.root / "processed").iterdir()} == {".prefect", "cmp.sqlite", MONTH}


def task_runs(folder: Folder) -> dict[str, list[str]]:
    """The states of each task's runs, from the state kept under processed/.prefect."""
    states: dict[str, list[str]] = {}
    with closing(sqlite3.connect(folder.root / "processed" / ".prefect" / "prefect.db")) as connection:
        assert connection.execute("SELECT DISTINCT state_type FROM flow_run").fetchall() == [("COMPLETED",)]
        for name, state in connection.execute("SELECT name, state_type FROM task_run ORDER BY start_time"):
            states.setdefault(name.rpartition("-")[0], []).append(state)
    return states


# --- retries ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Prefect in this process, whose environment is given back afterwards."""
    before = dict(os.environ)
    try:
        with engine.running(tmp_path_factory.mktemp("prefect")):
            yield
    finally:
        os.environ.clear()
        os.environ.update(before)


class Step:
    """A step that fails some times before it succeeds."""

    __name__ = "store"

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.calls = 0

    def __call__(self, value: int) -> int:
        self.calls += 1
        if self.failures:
            raise self.failures.pop(0)
        return value + 1


@pytest.mark.parametrize("failure", [OSError("disk busy"), StoreError("database is locked", "locked")], ids=["disk", "lock"])
@pytest.mark.usefixtures("running")
def test_step_on_files_or_store_is_tried_again(failure: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipelines import flows

    step = Step(failure)
    monkeypatch.setattr(flows, "RETRIED", frozenset({step}))
    assert flows.as_task(step, 41) == 42
    assert step.calls == 2


@pytest.mark.usefixtures("running")
def test_failure_that_stays_reaches_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    from pipelines import flows

    step = Step(*(OSError(f"disk full {number}") for number in range(9)))
    monkeypatch.setattr(flows, "RETRIED", frozenset({step}))
    with pytest.raises(OSError, match="disk full 2"):
        flows.as_task(step, 41)
    assert step.calls == 3


@pytest.mark.usefixtures("running")
def test_step_in_memory_is_not_tried_again() -> None:
    from pipelines import flows

    step = Step(ValueError("a defect of the program"))
    with pytest.raises(ValueError, match="a defect of the program"):
        flows.as_task(step, 41)
    assert step.calls == 1
