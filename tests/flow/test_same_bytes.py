"""Same inputs, same bytes: run again, with files in another order, or after any kill."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from importlib import import_module
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from schemas import fields
from tests.flow.months import GAO, MONTH, MOPTI, SEGOU, Folder, fiche_of

pytestmark = pytest.mark.xdist_group("months")
DRAFT = f"Consolidation_{MONTH}_PROJET.xlsx"
FILES = {
    "figures.csv",
    "bridge.csv",
    DRAFT,
    *(
        f"questions/questions_{MONTH}_{who}{kind}"
        for who in ("kayes", "mecanisme-de-reponse-rapide")
        for kind in (".xlsx", ".docx")
    ),
}
"""The rise at Mopti without an event is a question to the Rapid Response Mechanism, the return that did not come one to Kayes."""
SENT_BACK = {
    f"retours/{name}"
    for name in ("gao_A_CORRIGER.xlsx", "lettre_gao_2019-12.docx", "mopti_A_CORRIGER.xlsx", "lettre_mopti_2019-12.docx")
}
"""What goes back of a rejected row and of an unusual size; the return that holds a note only is kept."""


@pytest.fixture(scope="module")
def fiches() -> dict[str, bytes]:
    """The returns of three regions, with something to find in each: a note, an unusual size, a rejected row."""
    segou = fiche_of("Segou", SEGOU)
    mopti = fiche_of("Mopti", MOPTI).set(fields.IDP, "individuals", 4000)
    gao = fiche_of("Gao", (*GAO, ("Gao", "Gounzoureye", 7, 30)))
    gao.set(fields.IDP, "households", "sept", row=1)
    return {f"{name}.xlsx": fiche.workbook() for name, fiche in (("segou", segou), ("mopti", mopti), ("gao", gao))}


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """November consolidated, so that December has a past and regions to carry forward."""
    folder = Folder(tmp_path_factory.mktemp("november"))
    for region, rows in (("Ségou", SEGOU), ("Mopti", MOPTI), ("Gao", GAO), ("Kayes", (("Kayes", "Kayes", 5, 25),))):
        folder.receive(f"{region}.xlsx", fiche_of(region, rows, "2019-11").workbook(), "2019-11")
    folder.consolidate("2019-11")
    return folder


@pytest.fixture(scope="module")
def received(before: Folder, fiches: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """The three returns of December beside it, not consolidated yet."""
    folder = before.copy(tmp_path_factory.mktemp("received") / "data")
    for name, content in fiches.items():
        folder.receive(name, content)
    return folder


@pytest.fixture(scope="module")
def undisturbed(received: Folder, tmp_path_factory: pytest.TempPathFactory) -> Folder:
    folder = received.copy(tmp_path_factory.mktemp("undisturbed") / "data")
    folder.consolidate()
    assert set(folder.outputs()) == FILES | SENT_BACK
    return folder


def assert_same(folder: Folder, other: Folder) -> None:
    """The same files with the same bytes, and the same hash kept with the draft."""
    assert set(folder.outputs()) == set(other.outputs()) <= FILES | SENT_BACK
    assert [name for name, content in folder.outputs().items() if content != other.outputs()[name]] == []
    assert folder.dataset_sha256() == other.dataset_sha256()


def assert_whole(folder: Folder) -> None:
    """No half of anything: every submission has all its rows, every draft its bridge, and the audit chain holds."""
    assert folder.query("PRAGMA integrity_check") == [("ok",)]
    assert folder.query("PRAGMA foreign_key_check") == []
    if not folder.query("SELECT 1 FROM sqlite_master WHERE name = 'submission'"):
        return  # killed before the first migration was whole
    rows = folder.query(
        """SELECT s.file, s.rows_accepted, s.rows_read - s.rows_accepted - s.rows_rejected - s.rows_recognised,
        (SELECT count(*) FROM observation o WHERE o.submission_id = s.id AND o.accepted),
        (SELECT count(*) FROM audit_event a WHERE a.subject = 'submission:' || s.id) FROM submission s"""
    )
    assert [row for row in rows if row[1] != row[3] or row[2] != 0 or row[4] != 1] == []
    [(figures, bridge)] = folder.query("SELECT (SELECT sum(value) FROM draft_figure f WHERE f.period = ? AND f.level = 'country' "
        "AND f.population_group = 'idp' AND f.measure = 'stock' AND sex || age || shelter || displacement || origin_pcode || cause || "
        "vulnerability = '_T_T_T_T_T_T_T'), (SELECT sum(value) FROM draft_bridge b WHERE b.period = ? AND b.level = 'country' "
        "AND b.population_group = 'idp' AND b.measure = 'stock')", MONTH, MONTH)  # fmt: skip
    assert figures == bridge
    with folder.job().store() as store:
        assert store.verify_chain() is None


# --- again --------------------------------------------------------------------------------------------------------------


def test_running_again_writes_the_same_and_records_nothing(undisturbed: Folder, tmp_path: Path) -> None:
    folder = undisturbed.copy(tmp_path / "data")
    counted = "SELECT (SELECT count(*) FROM submission), (SELECT count(*) FROM audit_event), (SELECT count(*) FROM figure)"
    counts = folder.query(counted)
    outcome = folder.consolidate()
    assert [item.fresh for item in outcome.saved] == [False] * 3
    assert folder.query(counted) == counts
    assert_same(folder, undisturbed)


def test_same_file_under_another_name_is_the_same_file(
    undisturbed: Folder, fiches: dict[str, bytes], tmp_path: Path
) -> None:  # fmt: skip
    folder = undisturbed.copy(tmp_path / "data")
    folder.receive("segou (copie).xlsx", fiches["segou.xlsx"])
    folder.consolidate()
    assert folder.query("SELECT count(*) FROM submission WHERE period = ?", MONTH) == [(3,)]
    assert folder.total("Ségou") == undisturbed.total("Ségou") == 730
    assert folder.outputs()["figures.csv"] == undisturbed.outputs()["figures.csv"]


def test_corrected_file_supersedes_and_both_stay(undisturbed: Folder, fiches: dict[str, bytes], tmp_path: Path) -> None:
    folder = undisturbed.copy(tmp_path / "data")
    book = openpyxl.load_workbook(BytesIO(fiches["segou.xlsx"]))
    header = [cell.value for cell in book["PDI"][2]]
    book["PDI"].cell(3, header.index(fields.IDP["individuals"].label.fr) + 1).value = 521
    version = next(row for row in book["Identification"].iter_rows() if row[0].value == fields.IDENTIFICATION["version"].label.fr)
    version[1].value = 2
    book.save(folder.root / "raw" / MONTH / "returns" / "segou_v2.xlsx")
    folder.consolidate()

    kept = "SELECT version, file FROM submission WHERE period = ? AND region_id = 'R04' ORDER BY version"
    assert folder.query(kept, MONTH) == [(1, "segou.xlsx"), (2, "segou_v2.xlsx")]
    rows = "SELECT count(*) FROM observation o JOIN submission s ON s.id = o.submission_id WHERE s.file = ?"
    assert folder.query(rows, "segou.xlsx") == folder.query(rows, "segou_v2.xlsx") == [(4,)]
    assert folder.total("Ségou") == 731
    assert folder.total(None) == (undisturbed.total(None) or 0) + 1
    cited = (
        "SELECT DISTINCT file FROM draft_bridge WHERE period = ? AND region = 'Ségou' AND level = 'region' AND kind = 'return'"
    )
    assert folder.query(cited, MONTH) == [("segou_v2.xlsx",)]
    assert_whole(folder)


@pytest.mark.parametrize("order", [("segou", "mopti", "gao"), ("gao", "segou", "mopti")], ids="-".join)
def test_order_of_arrival_changes_no_byte(
    before: Folder, undisturbed: Folder, fiches: dict[str, bytes], tmp_path: Path, order: tuple[str, ...]
) -> None:  # fmt: skip
    """One by one, consolidated after each, as a month goes."""
    folder = before.copy(tmp_path / "data")
    for name in order:
        folder.receive(f"{name}.xlsx", fiches[f"{name}.xlsx"])
        folder.consolidate()
    assert_same(folder, undisturbed)


def test_older_version_that_arrives_late_does_not_supersede(tmp_path: Path) -> None:
    totals = []
    versions = [
        fiche_of("Gao", (("Gao", "Gao", 60, persons),)).identify("version", number).workbook()
        for number, persons in ((1, 333), (2, 340))
    ]
    for name, order in (("in order", versions), ("late", reversed(versions))):
        folder = Folder(tmp_path / name)
        for number, content in enumerate(order):
            folder.receive(f"arrival_{number}.xlsx", content)
            folder.consolidate()
        totals.append(folder.total("Gao"))
        late = folder.query("SELECT count(*) FROM finding WHERE code = 'VERSION_LATE'")
        assert late == [(1 if name == "late" else 0,)]
    assert totals == [340, 340]


# --- killed -------------------------------------------------------------------------------------------------------------

REPOSITORY = "pipelines.io.store.repository"
KILLS = [
    ("step", "read", 1),
    ("step", "store", 1),
    ("step", "compile_", 1),
    (REPOSITORY, "_insert_observations", 1),  # a submission without its rows
    (REPOSITORY, "_insert_findings", 2),  # the second submission without its findings
    (REPOSITORY, "_append", 3),  # the third without its audit event
    (REPOSITORY, "_insert_returns", 1),  # the draft emptied and not filled again
    (REPOSITORY, "_upsert_discrepancies", 1),  # the draft without its discrepancies
    ("pipelines.io.exports", "canonical_csv", 4),
    ("pathlib.Path", "replace", 2),  # one file in place, the next written beside it
]
"""Where the program is killed: a function and its call, just before it returns; `step` is a step of the consolidation."""


def killed_run(root: str, module: str, name: str, call: int) -> None:
    """In a process of its own: consolidates and kills itself."""
    perform: Callable[..., Any] | None = None
    if module == "step":

        def perform(step: Callable[..., Any], *args: Any) -> Any:
            result = step(*args)
            if step.__name__ == name:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

    else:
        owner_name, _, class_name = module.rpartition(".") if module == "pathlib.Path" else (module, "", "")
        owner: Any = import_module(owner_name)
        owner = getattr(owner, class_name) if class_name else owner
        original, calls = getattr(owner, name), count(1)

        def killing(*args: Any, **kwargs: Any) -> Any:
            last = next(calls) == call
            # a rename is over before anybody could die in it
            result = None if last and name == "replace" else original(*args, **kwargs)
            if last:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        setattr(owner, name, killing)
    folder = Folder(Path(root))
    folder.consolidate(**({"perform": perform} if perform else {}))


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
@pytest.mark.parametrize(("module", "name", "call"), KILLS, ids=[f"{name}-{call}" for _, name, call in KILLS])
def test_killed_anywhere_the_store_is_whole_and_the_rest_follows(
    received: Folder, undisturbed: Folder, tmp_path: Path, module: str, name: str, call: int
) -> None:  # fmt: skip
    folder = received.copy(tmp_path / "data")
    run_until_killed(folder, module, name, call)
    assert_whole(folder)
    folder.consolidate()
    assert_whole(folder)
    assert_same(folder, undisturbed)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
@pytest.mark.parametrize("call", [1, 3, 4])
def test_killed_over_the_files_of_an_earlier_run(
    before: Folder, undisturbed: Folder, fiches: dict[str, bytes], tmp_path: Path, call: int
) -> None:  # fmt: skip
    """The workbook of the earlier run is no workbook with notes: nothing is set aside."""
    folder = before.copy(tmp_path / "data")
    folder.receive("segou.xlsx", fiches["segou.xlsx"])
    folder.consolidate()
    for name, content in fiches.items():
        folder.receive(name, content)
    run_until_killed(folder, "pathlib.Path", "replace", call)
    folder.consolidate()
    assert_same(folder, undisturbed)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
@pytest.mark.parametrize(("name", "call"), [("_upgrade", 1), ("_write_seed", 1)])
def test_killed_while_the_store_is_made(fiches: dict[str, bytes], tmp_path: Path, name: str, call: int) -> None:
    folder, other = Folder(tmp_path / "killed"), Folder(tmp_path / "whole")
    for each in (folder, other):
        each.receive("segou.xlsx", fiches["segou.xlsx"])
    run_until_killed(folder, REPOSITORY, name, call)
    assert_whole(folder)
    assert not folder.query("SELECT 1 FROM sqlite_master WHERE name = 'place'") or folder.query("SELECT * FROM place") == []
    folder.consolidate()
    other.consolidate()
    assert_same(folder, other)


def run_until_killed(folder: Folder, module: str, name: str, call: int) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.flow.months"])  # imports pandas once for all runs
    process = context.Process(target=killed_run, args=(str(folder.root), module, name, call))
    process.start()
    process.join(timeout=60)
    assert process.exitcode == -signal.SIGKILL, f"{module}.{name} was not reached: exit code {process.exitcode}"


# --- missing is not zero ------------------------------------------------------------------------------------------------


def test_region_without_a_return_is_carried_forward_until_it_arrives(
    before: Folder, fiches: dict[str, bytes], tmp_path: Path
) -> None:
    folder = before.copy(tmp_path / "data")
    folder.receive("segou.xlsx", fiches["segou.xlsx"])
    folder.consolidate()
    mopti = folder.bridge("Mopti")
    assert folder.total("Mopti") == 1901
    assert [(kind, value) for kind, value, _ in mopti] == [("return", None), ("carried_forward", 401), ("carried_forward", 1500)]
    assert all("2019-11" in reason and "1 mois" in reason for kind, _, reason in mopti if kind == "carried_forward")
    assert "Bankass" in mopti[1][2]
    status = (
        "SELECT DISTINCT obs_status, basis, grade FROM draft_figure WHERE period = ? AND level = 'region' AND region = 'Mopti' "
    )
    status += "AND population_group = 'idp'"
    assert folder.query(status, MONTH) == [("I", "carried_forward", "C")]
    assert "Mopti" in [line.name for line in folder.board().regions if line.carried_forward]

    folder.receive("mopti.xlsx", fiches["mopti.xlsx"])
    folder.consolidate()
    assert [(kind, value) for kind, value, _ in folder.bridge("Mopti")] == [("return", 4401)]
    assert folder.total("Mopti") == 4401
    assert "Mopti" not in [line.name for line in folder.board().regions if line.carried_forward]


def test_carried_twice_is_two_months_old(before: Folder, tmp_path: Path) -> None:
    folder = before.copy(tmp_path / "data")
    for period in (MONTH, "2020-01"):
        (folder.root / "raw" / period / "returns").mkdir(parents=True)
        folder.consolidate(period)
    assert folder.total("Gao", "2020-01") == 333
    [(_, none, _), (kind, value, reason)] = folder.bridge("Gao", "2020-01")
    assert (none, kind, value) == (None, "carried_forward", 333)
    assert "2 mois" in reason
    grade = "SELECT DISTINCT grade FROM draft_figure WHERE period = '2020-01' AND level = 'region' AND region = 'Gao'"
    assert folder.query(grade + " AND population_group = 'idp'") == [("D",)]


def test_zero_is_zero_and_not_carried(before: Folder, tmp_path: Path) -> None:
    folder = before.copy(tmp_path / "data")
    folder.receive("gao.xlsx", fiche_of("Gao", (("Gao", "Gao", 0, 0),)).workbook())
    folder.consolidate()
    assert folder.total("Gao") == 0
    assert [(kind, value) for kind, value, _ in folder.bridge("Gao")] == [("return", 0)]


def test_first_month_without_a_return_is_missing_and_not_zero(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.receive("segou.xlsx", fiche_of("Ségou", SEGOU).workbook())
    folder.consolidate()
    row = "SELECT value, missing_reason, obs_status FROM draft_figure WHERE level = 'region' AND region = 'Mopti' AND measure = 'stock'"
    assert set(folder.query(row)) == {(None, "no_return", "O")}
    assert folder.total(None) == 730
