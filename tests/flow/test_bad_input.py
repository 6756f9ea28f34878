"""Bad files in a month: each is refused with one message that says what to do, and the others go on."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from pipelines.io import show
from pipelines.model import Period
from schemas import fields
from tests.fiche import Fiche
from tests.flow.months import GAO, MONTH, MOPTI, SEGOU, Folder, fiche_of

pytestmark = pytest.mark.xdist_group("months")
PERSON = ("Aminata Sentinelle", 76_123_459)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 504


def without_sheet() -> Fiche:
    fiche = fiche_of("Gao", GAO)
    del fiche.sheets[fields.IDP.label.fr]
    return fiche


def of_persons() -> Fiche:
    return fiche_of("Gao", GAO).add_column(fields.IDP, "Nom et prénoms du chef de ménage", PERSON[0])


def of_telephones() -> Fiche:
    return fiche_of("Tombouctou", (("Goundam", "Goundam", 3, 15),)).add_column(fields.RETURNEE, "Téléphone", PERSON[1])


def a_document() -> bytes:
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("word/document.xml", "<document/>")
    return content.getvalue()


BAD = {
    "lettre.xlsx": ("FILE_NOT_WORKBOOK", b"Monsieur le Directeur,"),
    "lettre_renommee.xlsx": ("FILE_NOT_WORKBOOK", a_document()),
    "copie_interrompue.xlsx": ("FILE_NOT_WORKBOOK", fiche_of("Gao", GAO).workbook()[:4000]),
    "fiche.pdf": ("FILE_NOT_WORKBOOK", b"%PDF-1.4\n%%EOF\n"),
    "vide.xlsx": ("FILE_EMPTY", b""),
    "protege.xlsx": ("FILE_ENCRYPTED", OLE + "EncryptedPackage".encode("utf-16-le") + b"\x00" * 480),
    "sans_pdi.xlsx": ("SHEET_MISSING", without_sheet().workbook()),
    "atlantide.xlsx": ("REGION_UNKNOWN", fiche_of("Atlantide", GAO).workbook()),
    "octobre.xlsx": ("PERIOD_WRONG", fiche_of("Gao", GAO, "2019-10").workbook()),
    "personnes.xlsx": ("PERSONAL_DATA", of_persons().workbook()),
    "telephones.xlsx": ("PERSONAL_DATA", of_telephones().workbook()),
}
GOOD = {"segou.xlsx": fiche_of("Ségou", SEGOU).workbook(), "mopti.xlsx": fiche_of("Mopti", MOPTI).workbook()}


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """A month with two good returns among all the bad ones, consolidated."""
    folder = Folder(tmp_path_factory.mktemp("bad"))
    for name, (_, content) in BAD.items():
        folder.receive(name, content)
    for name, content in GOOD.items():
        folder.receive(name, content)
    folder.consolidate()
    return folder


@pytest.mark.parametrize("name", BAD)
def test_one_message_a_bad_file(month: Folder, name: str) -> None:
    with month.job().store() as store:
        found = [row for row in store.findings(Period.parse(MONTH)) if row["file"] == name]
    assert [(row["code"], row["effect"]) for row in found] == [(BAD[name][0], "reject_submission")]
    assert found[0]["message"].endswith(".")
    assert found[0]["remedy"].endswith(".")
    assert "{" not in found[0]["message"] + found[0]["remedy"]
    [(status, version, accepted)] = month.query("SELECT status, version, rows_accepted FROM submission WHERE file = ?", name)
    assert (status, version, accepted) == ("refused", None, 0)
    assert month.query("SELECT o.id FROM observation o JOIN submission s ON s.id = o.submission_id WHERE s.file = ?", name) == []


def test_summary_counts_every_refused_file(month: Folder) -> None:
    board = month.board()
    status = show.status_json(board)
    assert sorted(status["refused_files"]) == sorted(BAD)
    assert [line["region"] for line in status["regions"] if line["received"]] == ["Ségou", "Mopti"]
    assert any(all(name in line for name in BAD) for line in show.headlines(board, "fr"))


def test_the_other_files_go_on(month: Folder, tmp_path: Path) -> None:
    alone = Folder(tmp_path)
    for name, content in GOOD.items():
        alone.receive(name, content)
    alone.consolidate()
    assert month.total("Ségou") == 730
    assert month.total("Mopti") == 1901
    assert month.total(None) == 2631
    assert month.total("Gao") is None
    assert [month.outputs()[name] == alone.outputs()[name] for name in ("figures.csv", "bridge.csv")] == [True, True]
    assert month.dataset_sha256() == alone.dataset_sha256()


def test_nothing_of_a_person_is_kept(month: Folder) -> None:
    """Neither in the store, nor in anything written; the file itself stays where it was received."""
    written = [path for path in (month.root / "processed").rglob("*") if path.is_file()]
    assert {path.name for path in written} >= {"cmp.sqlite", "figures.csv", f"Consolidation_{MONTH}_PROJET.xlsx"}
    for path in written:
        content = path.read_bytes()
        if path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as archive:
                content = b"".join(archive.read(name) for name in archive.namelist())
        for word in (PERSON[0], "Sentinelle", str(PERSON[1])):
            assert word.encode() not in content, f"{word} in {path.name}"
            assert word.encode("utf-16-le") not in content


def test_bad_file_in_place_of_a_return_leaves_the_region_carried(tmp_path: Path) -> None:
    """A refused file is no return: its region is carried forward, not zero, and not lost."""
    folder = Folder(tmp_path)
    for region, rows in (("Ségou", SEGOU), ("Mopti", MOPTI)):
        folder.receive(f"{region}.xlsx", fiche_of(region, rows, "2019-11").workbook(), "2019-11")
    folder.consolidate("2019-11")
    folder.receive("segou.xlsx", GOOD["segou.xlsx"])
    folder.receive("mopti.xlsx", b"")
    folder.consolidate()
    assert folder.total("Mopti") == 1901
    assert folder.board().refused_files == ("mopti.xlsx",)
    folder.receive("mopti.xlsx", GOOD["mopti.xlsx"])
    folder.consolidate()
    line = next(line for line in folder.board().regions if line.name == "Mopti")
    assert (line.received, line.carried_forward) == (True, False)


def test_empty_month_is_drafted_as_missing(tmp_path: Path) -> None:
    """No file at all is not zero persons."""
    folder = Folder(tmp_path)
    (tmp_path / "raw" / MONTH / "returns").mkdir(parents=True)
    folder.consolidate()
    regions = folder.board().regions
    assert len(regions) == 10
    assert {line.totals["idp"]["individual"] for line in regions} == {None}
    assert folder.board().totals["idp"]["individual"] is None
