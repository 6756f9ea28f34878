"""A month from its draft to a revised publication: two people, replies, reservations, files that are the same whenever they are made."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import shutil
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date
from functools import partial
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from pipelines import publication
from pipelines.model import Period
from schemas.codes import Edition, MemberReply, NoticeReply, RevisionReason
from tests.flow.months import MONTH, MOPTI, SEGOU, Folder, fiche_of
from tests.months_published import COMPILER, DIFFUSION, DIRECTOR, MEETING, act, explained, files, refusal, signing

pytestmark = pytest.mark.xdist_group("publication")


@pytest.fixture
def copy(request: pytest.FixtureRequest, tmp_path: Path) -> Folder:
    origin: Folder = request.getfixturevalue(request.param)
    return origin.copy(tmp_path / "data")


# --- before the meeting ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("copy", ["drafted"], indirect=True)
def test_nothing_is_official_before_two_people_did_their_part(copy: Folder) -> None:
    publish = lambda by=DIRECTOR: refusal(publication.publish, act(copy, by, date(2020, 1, 15)))  # noqa: E731
    assert publish()[0] == "gate_not_circulated"
    assert refusal(publication.sign, act(copy, DIRECTOR, MEETING), signing()) == ["refused_not_circulated_yet"]
    publication.circulate(act(copy))
    assert refusal(publication.sign, act(copy, DIRECTOR, date(2020, 1, 11)), signing(meeting_on=date(2020, 1, 11))) == [
        "refused_replies_awaited"
    ]
    assert refusal(publication.sign, act(copy, "coulibaly, AMINATA", MEETING), signing()) == ["refused_four_eyes"]
    publication.sign(act(copy, DIRECTOR, MEETING), signing())
    expected = [*["gate_no_return"] * 4, "gate_no_visa", *["gate_no_return"] * 3, "gate_finding_unexplained"]
    assert publish() == expected
    assert publish(COMPILER)[0] == "gate_four_eyes"
    assert copy.query("SELECT count(*) FROM official_figure") == [(0,)]
    explained(copy)
    assert publish() == []
    assert copy.query("SELECT DISTINCT revision FROM official_figure") == [(1,)]


@pytest.mark.parametrize("copy", ["drafted"], indirect=True)
def test_a_visa_beside_the_return_is_void_for_another_version(copy: Folder) -> None:
    given = {"validated_by": "Moussa Touré", "minutes_number": "3/2020", "validated_on": date(2020, 1, 8)}
    preparer = copy.query("SELECT prepared_by FROM submission WHERE region_id = 'R07'")[0][0]
    assert refusal(publication.give_visa, act(copy), "R07", **{**given, "validated_by": str(preparer)}) == [
        "refused_visa_by_preparer"
    ]
    assert refusal(publication.give_visa, act(copy), "R01", **given) == ["refused_visa_without_return"]
    publication.give_visa(act(copy), "R07", **given)
    copy.consolidate()
    held = "SELECT validated, validated_by FROM release_return WHERE region_id = 'R07'"
    assert copy.query(held) == [(1, "Moussa Touré")]
    other = fiche_of("Gao", (("Gao", "Gao", 60, 334),)).identify("validated", "non").identify("version", 2)
    copy.receive("gao_2.xlsx", other.workbook())
    copy.consolidate()
    assert copy.query(held) == [(0, None)]


@pytest.mark.parametrize("copy", ["drafted"], indirect=True)
def test_replies_hold_until_a_number_changes(copy: Folder) -> None:
    first = publication.circulate(act(copy)).release
    publication.reply_of_member(act(copy), "OIM", MemberReply.AGREED, None)
    again = publication.circulate(act(copy, on=date(2020, 1, 10))).release
    with act(copy).store() as store:
        assert [reply.organisation for reply in store.replies(again)] == ["OIM"]
    assert (again.id, again.reply_by) == (first.id, first.reply_by)
    copy.receive("segou_2.xlsx", fiche_of("Ségou", SEGOU).identify("version", 2).workbook())
    copy.consolidate()
    assert refusal(publication.sign, act(copy, DIRECTOR, MEETING), signing()) == ["refused_draft_moved"]
    changed = publication.circulate(act(copy, on=date(2020, 1, 11))).release
    with act(copy).store() as store:
        assert store.replies(changed) == []


@pytest.mark.parametrize("copy", ["signed"], indirect=True)
def test_a_release_sent_back_loses_its_signature(copy: Folder) -> None:
    publication.send_back(act(copy, DIRECTOR, date(2020, 1, 14)), "une région se corrige")
    with act(copy).store() as store:
        row = store.candidate(Period.parse(MONTH))
        assert row is not None
        assert (row.state, row.signed_by, store.signatories(row)) == ("returned", None, [])
    assert refusal(publication.publish, act(copy, DIRECTOR, date(2020, 1, 15))) == ["gate_not_circulated"]


@pytest.mark.parametrize("copy", ["signed"], indirect=True)
def test_what_was_signed_is_what_is_true_on_the_day(copy: Folder) -> None:
    """A visa given, or another version of a return, and the figures go round again."""
    publish = partial(publication.publish, act(copy, DIRECTOR, date(2020, 1, 15)))
    visa = {"validated_by": "Moussa Touré", "minutes_number": "3/2020", "validated_on": date(2020, 1, 8)}
    publication.give_visa(act(copy, on=date(2020, 1, 14)), "R07", **visa)
    assert refusal(publish) == ["gate_acts_left_out"]
    copy.consolidate()
    assert refusal(publish) == ["gate_draft_moved"]
    publication.send_back(act(copy, on=date(2020, 1, 14)), "visa de Gao")
    publication.circulate(act(copy, on=date(2020, 1, 14)), date(2020, 1, 14))
    publication.sign(act(copy, DIRECTOR, date(2020, 1, 15)), signing())
    copy.receive("mopti_2.xlsx", fiche_of("Mopti", MOPTI).identify("version", 2).identify("minutes_number", "9/2020").workbook())
    copy.consolidate()
    assert refusal(publish) == ["gate_draft_moved"]


@pytest.mark.parametrize("copy", ["drafted"], indirect=True)
def test_who_ever_put_the_figures_before_the_members_signs_nothing_of_them(copy: Folder) -> None:
    publication.circulate(act(copy))
    publication.circulate(act(copy, DIRECTOR, date(2020, 1, 10)))
    assert refusal(publication.sign, act(copy, COMPILER, MEETING), signing()) == ["refused_four_eyes"]
    assert refusal(publication.sign, act(copy, "Awa Traoré", MEETING), signing(others=((COMPILER, "témoin"),))) == [
        "refused_signed_twice"
    ]
    assert refusal(publication.sign, act(copy, "Awa Traoré", MEETING), signing(others=(("Mme A. Traoré", "témoin"),))) == [
        "refused_signed_twice"
    ]


@pytest.mark.parametrize("copy", ["drafted"], indirect=True)
def test_no_day_is_before_the_day_it_follows(copy: Folder) -> None:
    assert refusal(publication.circulate, act(copy, on=date(2019, 12, 30))) == ["refused_month_not_over"]
    publication.circulate(act(copy))
    early = act(copy, on=date(2020, 1, 8))
    assert refusal(publication.reply_of_member, early, "OIM", MemberReply.AGREED, None) == ["refused_before_step"]
    assert refusal(publication.send_back, early, "trop tôt") == ["refused_before_step"]
    sign = partial(publication.sign, act(copy, DIRECTOR, MEETING))
    assert refusal(sign, signing(meeting_on=date(2019, 12, 1))) == ["refused_month_not_over"]
    assert refusal(sign, signing(embargo_until=date(2020, 1, 14))) == ["refused_embargo_early"]
    assert refusal(sign, signing(meeting_on=date(2020, 1, 14))) == ["refused_future"]


# --- publishing -----------------------------------------------------------------------------------------------------------


def test_what_is_published_is_said_with_its_reservations(published: Folder) -> None:
    kinds = published.query("SELECT kind, count(*) FROM official_reservation GROUP BY kind ORDER BY kind")
    assert kinds == [("member", 1), ("no_reply", 1), ("waiver", 8)]
    [row] = published.query("SELECT state, published_by, signed_by, minutes_number FROM official_release")
    assert row == ("published", DIRECTOR, DIRECTOR, "12/2020")
    assert {name.split("/")[0] for name in files(published)} == {"PV_CMP_2019-12_r1.docx", "interne", "publique"}


def test_every_file_is_known_as_official_and_a_changed_one_is_not(published: Folder, tmp_path: Path) -> None:
    root = published.root / DIFFUSION / "revision-1"
    for edition in ("interne", "publique"):
        assert publication.verify_file(root / edition, published.settings).official
    alone = Path(shutil.copy(root / "publique" / "figures.csv", tmp_path / "chiffres.csv"))
    assert publication.verify_file(alone, published.settings).official
    alone.write_bytes(alone.read_bytes() + b"\n")
    assert not publication.verify_file(alone, published.settings).official


def test_the_public_edition_names_nobody_and_no_cell(published: Folder) -> None:
    public = {
        name: content for name, content in files(published).items() if name.startswith("publique/") and name.endswith(".csv")
    }
    told = b"".join(public.values())
    assert b".xlsx" not in told
    assert b",grade" not in public["publique/figures.csv"].splitlines()[0]


def test_a_published_month_is_not_touched_by_what_comes_later(published: Folder, tmp_path: Path) -> None:
    """Files judged again, other returns, another draft: every official view says the same."""
    folder = published.copy(tmp_path / "data")
    views = [name for (name,) in folder.query("SELECT name FROM sqlite_master WHERE type = 'view' AND name LIKE 'official_%'")]
    before = {name: folder.query(f"SELECT * FROM {name}") for name in views}
    folder.receive("segou_2.xlsx", fiche_of("Ségou", SEGOU).identify("version", 2).workbook())
    folder.settings = folder.settings.model_copy(update={"thresholds": {"SIZE_UNUSUAL": {"high": 30}}})
    folder.consolidate()
    assert {name: folder.query(f"SELECT * FROM {name}") for name in views} == before
    assert publication.verify_store(folder.settings)[1] == []


def test_files_written_again_name_places_as_when_they_were_published(published: Folder, tmp_path: Path) -> None:
    folder = published.copy(tmp_path / "data")
    with closing(sqlite3.connect(folder.root / "processed" / "cmp.sqlite")) as store, store:
        store.execute("UPDATE place SET name = name || ' (bis)'")
        store.execute("UPDATE place_code SET pcode = 'X' || pcode")
    for edition, inside in publication.EDITION_FOLDERS.items():
        _, _, paths = publication.export(folder.settings, MONTH, None, edition, tmp_path / inside)
        written = folder.root / DIFFUSION / "revision-1" / inside
        assert {path.name: path.read_bytes() for path in paths} == {path.name: path.read_bytes() for path in written.iterdir()}
    assert publication.verify_store(folder.settings)[1] == []


ALTERATIONS = {
    "figure": "UPDATE figure SET value = value + 1 WHERE id = (SELECT max(f.id) FROM figure f JOIN release r ON r.id = f.release_id "
    "WHERE r.state = 'published' AND f.value IS NOT NULL)",
    "adjustment": "UPDATE adjustment SET reason = 'autre' WHERE release_id IN (SELECT id FROM release WHERE revision = 1)",
    "release_row": "DELETE FROM release_row WHERE row = 4",
    "release_place": "UPDATE release_place SET name = 'Ailleurs' WHERE pcode = 'ML05' AND release_id IN (SELECT id FROM release "
    "WHERE revision = 1)",
    "signatory": "UPDATE signatory SET name = 'Un Autre'",
    "participant": "UPDATE participant SET present = 1",
    "reservation": "DELETE FROM reservation WHERE kind = 'member'",
    "reply": "UPDATE reply SET reply = 'agreed'",
    "release": "UPDATE release SET published_on = '2020-01-16' WHERE revision = 1",
    "release_file": "UPDATE release_file SET sha256 = 'aa' WHERE name = 'figures.csv'",
    "audit_event": "UPDATE audit_event SET actor = 'Un Autre' WHERE action = 'release.published'",
}


@pytest.mark.parametrize("table", ALTERATIONS)
def test_what_is_altered_behind_the_triggers_is_found(published: Folder, tmp_path: Path, table: str) -> None:
    folder = published.copy(tmp_path / "data")
    with closing(sqlite3.connect(folder.root / "processed" / "cmp.sqlite")) as store, store:
        for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            store.execute(f"DROP TRIGGER {name}")
        assert store.execute(ALTERATIONS[table]).rowcount > 0
    found = {item.key: item.params for item in publication.verify_store(folder.settings)[1]}
    assert "chain" in found if table == "audit_event" else found["tables"]["names"] == [table]
    assert ("dataset" in found) is (table in ("figure", "adjustment"))


def test_what_is_no_longer_there_is_found_too(published: Folder, tmp_path: Path) -> None:
    """Guards that were taken off, and a release that was made away with."""
    folder = published.copy(tmp_path / "data")
    with closing(sqlite3.connect(folder.root / "processed" / "cmp.sqlite")) as store, store:
        store.execute("DROP TRIGGER guard_release_update")
        store.execute("UPDATE release SET state = 'returned' WHERE revision = 1")
    found = {item.key: item.params for item in publication.verify_store(folder.settings)[1]}
    assert found == {"guards": {"names": ["guard_release_update"]}, "missing": {"period": MONTH, "revision": 1}}


def test_no_row_makes_a_forged_file_official(published: Folder, tmp_path: Path) -> None:
    folder = published.copy(tmp_path / "data")
    forged = tmp_path / "faux.csv"
    forged.write_bytes((folder.root / DIFFUSION / "revision-1" / "publique" / "figures.csv").read_bytes() + b"\n")
    digest = hashlib.sha256(forged.read_bytes()).hexdigest()
    with closing(sqlite3.connect(folder.root / "processed" / "cmp.sqlite")) as store, store:
        store.execute("DROP TRIGGER guard_release_file_insert")
        store.execute(f"INSERT INTO release_file SELECT release_id, edition, 'faux.csv', '{digest}', 1 FROM release_file LIMIT 1")
    assert not publication.verify_file(forged, folder.settings).official


def test_another_key_writes_no_other_official_files(published: Folder, tmp_path: Path) -> None:
    folder = published.copy(tmp_path / "data")
    before = files(folder)
    folder.settings.key_path.unlink()
    publication.make_key(folder.settings)
    assert refusal(publication.publish, act(folder, DIRECTOR, date(2020, 1, 15))) == ["refused_files_differ"]
    assert files(folder) == before


# --- killed ---------------------------------------------------------------------------------------------------------------

STEPS = ("gate", "make", "record", "write", "snapshot")
WITHIN = [
    ("pipelines.io.store.releases", "append", 1),  # before the audit event and the commit
    ("pathlib.Path", "replace", 1),
    ("pathlib.Path", "replace", 9),  # some files are there, others not
]


def killed_run(root: str, module: str, name: str, call: int) -> None:
    """In a process of its own: publishes and kills itself."""

    def perform(step: Callable[..., Any], *args: Any) -> Any:
        result = step(*args)
        if module == "step" and step.__name__ == name:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    if module != "step":
        owner: Any = Path if module == "pathlib.Path" else import_module(module)
        original, calls = getattr(owner, name), count(1)

        def killing(*args: Any, **kwargs: Any) -> Any:
            if next(calls) == call:
                os.kill(os.getpid(), signal.SIGKILL)
            return original(*args, **kwargs)

        setattr(owner, name, killing)
    publication.publish(act(Folder(Path(root)), DIRECTOR, date(2020, 1, 15)), perform)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
@pytest.mark.parametrize(("module", "name", "call"), [*(("step", step, 1) for step in STEPS), *WITHIN])
def test_killed_anywhere_and_run_again_it_is_published_once_with_the_same_files(
    signed: Folder, published: Folder, tmp_path: Path, module: str, name: str, call: int
) -> None:  # fmt: skip
    folder = signed.copy(tmp_path / "data")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.flow.test_publication"])
    process = context.Process(target=killed_run, args=(str(folder.root), module, name, call))
    process.start()
    process.join(timeout=60)
    assert process.exitcode == -signal.SIGKILL
    publication.publish(act(folder, DIRECTOR, date(2020, 1, 15)))
    assert folder.query("SELECT count(*) FROM audit_event WHERE action = 'release.published'") == [(1,)]
    assert files(folder) == files(published)
    assert publication.verify_store(folder.settings)[1] == []


# --- revisions ------------------------------------------------------------------------------------------------------------


def test_a_second_revision_says_what_it_changed_and_leaves_the_first(published: Folder, tmp_path: Path) -> None:
    folder = published.copy(tmp_path / "data")
    first = folder.query("SELECT * FROM official_figure WHERE revision = 1")
    why, reason = RevisionReason.CORRECTION_BY_REGION, "Ségou a corrigé Niono"
    later = {"on": date(2020, 2, 3)}
    assert refusal(publication.circulate, act(folder), None, why, reason) == ["refused_before_last"]
    assert refusal(publication.circulate, act(folder, **later)) == ["refused_already_published"]
    assert refusal(publication.circulate, act(folder, **later), None, why, reason) == ["refused_nothing_new"]
    rows = (("Ségou", "Ségou", 100, 520), ("Niono", "Niono", 40, 230))
    folder.receive("segou_2.xlsx", fiche_of("Ségou", rows).identify("version", 2).workbook())
    folder.consolidate()
    publication.circulate(act(folder, **later), date(2020, 2, 5), why, reason)
    assert refusal(publication.circulate, act(folder, **later), None, why, reason) == ["refused_revision_open"]
    publication.reply_of_region(act(folder, **later), "R04", NoticeReply.ACCEPTED, None)
    publication.sign(act(folder, DIRECTOR, date(2020, 2, 6)), signing(meeting_on=date(2020, 2, 6), minutes_number="13/2020"))
    done = publication.publish(act(folder, DIRECTOR, date(2020, 2, 6)))
    assert (done.release.revision, done.release.reason_code) == (2, str(why))
    assert folder.query("SELECT * FROM official_figure WHERE revision = 1") == first
    effect = folder.query("SELECT level, region, previous_value, value, difference, reason_code FROM official_revision_effect "
                          "WHERE population_group = 'idp' AND measure = 'stock' AND unit = 'individual' ORDER BY level")  # fmt: skip
    assert effect == [("country", None, 4444, 2984, -1460, str(why)), ("region", "Ségou", 2210, 750, -1460, str(why))]
    assert folder.query("SELECT revision, state FROM official_release ORDER BY revision") == [(1, "superseded"), (2, "published")]
    known = publication.frames_known_on
    month = Period.parse(MONTH)
    assert set(known(folder.settings, month, date(2020, 2, 5))["revision"]) == {1}
    assert set(known(folder.settings, month, date(2020, 2, 6))["revision"]) == {2}
    assert known(folder.settings, month, date(2020, 1, 14)).empty
    old = folder.root / DIFFUSION / "revision-1" / "publique"
    assert publication.verify_file(old, folder.settings).later_revision == 2
    row, into, _ = publication.export(folder.settings, month, 1, Edition.PUBLIC, tmp_path / "again")
    assert {path.name: path.read_bytes() for path in into.iterdir()} == {path.name: path.read_bytes() for path in old.iterdir()}
    assert row.state == "superseded"
