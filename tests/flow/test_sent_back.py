"""A damaged return goes back, is answered, and comes in as the next version."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from pipelines.model import Period
from schemas import fields
from tests.fiche import Fiche
from tests.flow.months import GAO, MONTH, SEGOU, Folder, fiche_of

pytestmark = pytest.mark.xdist_group("months")


def damaged() -> Fiche:
    """A wrong count, an unusual size, and no minutes of the meeting."""
    fiche = fiche_of("Ségou", (*SEGOU, ("Bla", "Bla", 10, 95)))
    return fiche.set(fields.IDP, "households", "quarante", row=1).identify("minutes_number", None)


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    folder = Folder(tmp_path_factory.mktemp("sent"))
    folder.receive("segou.xlsx", damaged().workbook())
    folder.receive("gao.xlsx", fiche_of("Gao", GAO).workbook())
    folder.consolidate()
    return folder


@pytest.fixture(scope="module")
def answer(sent: Folder) -> bytes:
    """The count corrected, the size explained, the visa still without its minutes."""
    book = openpyxl.load_workbook(BytesIO(sent.outputs()["retours/segou_A_CORRIGER.xlsx"]))
    book["PDI"]["F4"].value = 40
    reply(book, "SIZE_UNUSUAL", "familles élargies, vu avec le SLDSES au 76 12 34 56")
    reply(book, "VISA_INCOMPLETE", "réunion le 12 janvier")
    content = BytesIO()
    book.save(content)
    return content.getvalue()


@pytest.fixture(scope="module")
def answered(sent: Folder, answer: bytes, tmp_path_factory: pytest.TempPathFactory) -> Folder:
    folder = sent.copy(tmp_path_factory.mktemp("answered") / "data")
    folder.receive("segou_A_CORRIGER.xlsx", answer)
    folder.consolidate()
    return folder


def reply(book: Any, code: str, text: str) -> None:
    [row] = [row for row in book.worksheets[0].iter_rows() if row[9].value == code]
    row[7].value = text


def lines(folder: Folder, name: str) -> list[list[Any]]:
    page = openpyxl.load_workbook(BytesIO(folder.outputs()[f"retours/{name}"])).worksheets[0]
    return [[cell.value for cell in row[:8]] for row in page.iter_rows()]


def versions(folder: Folder) -> list[tuple[Any, ...]]:
    with folder.job().store() as store:
        return [
            (row.file, row.version, row.stated_version, row.current)
            for row in store.submissions(Period.parse(MONTH))
            if row.region == "Ségou"
        ]


def findings(folder: Folder) -> dict[str, str | None]:
    with folder.job().store() as store:
        rows = store.findings(Period.parse(MONTH))
    return {row["code"]: row["reply"] for row in rows if row["region_id"] == "R04"}


def test_only_what_asks_for_an_action_goes_back(sent: Folder) -> None:
    back = sorted(name for name in sent.outputs() if name.startswith("retours/"))
    assert back == ["retours/lettre_segou_2019-12.docx", "retours/segou_A_CORRIGER.xlsx"]
    points = [(row[1], row[2], row[3]) for row in lines(sent, "segou_A_CORRIGER.xlsx") if isinstance(row[0], int)]
    assert points == [
        ("ligne rejetée", "PDI", "F4"), ("bloque la publication", "Identification", "B10"), ("à justifier", "PDI", "G5"),
    ]  # fmt: skip


def test_the_answer_is_the_next_version_though_its_number_was_left(answered: Folder) -> None:
    assert versions(answered) == [("segou.xlsx", 1, 1, False), ("segou_A_CORRIGER.xlsx", 2, 2, True)]
    assert answered.total("Ségou") == 825
    assert answered.query("SELECT count(*) FROM finding WHERE code IN ('FILE_TWIN', 'VERSION_LATE', 'SHEET_UNKNOWN')") == [(0,)]


def test_the_corrected_point_is_gone_and_replies_are_kept(answered: Folder) -> None:
    assert findings(answered) == {
        "VISA_INCOMPLETE": "réunion le 12 janvier",
        "SIZE_UNUSUAL": "familles élargies, vu avec le SLDSES au (numéro de téléphone retiré)",
    }
    first = "SELECT code, reply IS NOT NULL FROM finding f JOIN submission s ON s.id = f.submission_id WHERE s.file = 'segou.xlsx' ORDER BY code"
    assert answered.query(first) == [("COUNT_NOT_NUMBER", 0), ("SIZE_UNUSUAL", 1), ("VISA_INCOMPLETE", 1)]
    assert b"76 12" not in (answered.root / "processed" / "cmp.sqlite").read_bytes()


def test_replies_are_shown_in_the_draft_workbook(answered: Folder) -> None:
    book = openpyxl.load_workbook(BytesIO(answered.outputs()[f"Consolidation_{MONTH}_PROJET.xlsx"]))
    rows = list(book["Questions ouvertes"].iter_rows(values_only=True))
    header = next(row for row in rows if row[0] == "N°")
    told = {row[-1]: row[header.index("Réponse de la région")] for row in rows}
    assert told["VISA_INCOMPLETE"] == "réunion le 12 janvier"


def test_the_draft_workbook_tells_what_new_versions_changed(sent: Folder, answered: Folder) -> None:
    name = f"Consolidation_{MONTH}_PROJET.xlsx"
    assert "Nouvelles versions" not in openpyxl.load_workbook(BytesIO(sent.outputs()[name])).sheetnames
    page = openpyxl.load_workbook(BytesIO(answered.outputs()[name]))["Nouvelles versions"]
    rows = [row for row in page.iter_rows(values_only=True) if row[0] == "Ségou"]
    assert [(row[2], row[3], row[4]) for row in rows] == [
        ("point corrigé", "PDI", "F4"),
        ("point qui reste", "Identification", "B10"),
        ("point qui reste", "PDI", "G5"),
        ("valeur modifiée", "PDI", "F4"),
    ]
    assert [(row[1], row[5]) for row in rows][-1] == ("version 1 (segou.xlsx)", "Ménages : quarante → 40")
    assert [row[6] for row in rows][1] == "réunion le 12 janvier"


def test_the_page_shows_what_changed_since(answered: Folder) -> None:
    rows = lines(answered, "segou_v2_A_CORRIGER.xlsx")
    text = [row[0] for row in rows]
    assert "Ce qui a changé depuis la version 1 (segou.xlsx)" in text
    assert "Points corrigés : 1 ; points qui restent : 2 ; nouveaux points : 0." in text
    assert ("modifié", "PDI", "F4", "Ménages : quarante → 40") in [tuple(row[1:5]) for row in rows]
    explained = [row for row in rows if row[1] == "à justifier" and isinstance(row[0], int)]
    assert [row[7] for row in explained] == ["familles élargies, vu avec le SLDSES au (numéro de téléphone retiré)"]


def test_the_workbook_of_the_answered_version_is_withdrawn(answered: Folder) -> None:
    back = sorted(name for name in answered.outputs() if name.startswith("retours/"))
    assert back == ["retours/lettre_segou_2019-12.docx", "retours/segou_v2_A_CORRIGER.xlsx"]


def test_both_versions_in_a_fresh_store_give_the_same(answered: Folder, answer: bytes, tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.receive("segou_A_CORRIGER.xlsx", answer)
    folder.receive("gao.xlsx", (answered.root / "raw" / MONTH / "returns" / "gao.xlsx").read_bytes())
    folder.receive("segou.xlsx", (answered.root / "raw" / MONTH / "returns" / "segou.xlsx").read_bytes())
    folder.consolidate()
    assert versions(folder) == versions(answered)
    assert findings(folder) == findings(answered)
    assert folder.outputs() == answered.outputs()


def test_when_all_is_answered_nothing_goes_back(answered: Folder, tmp_path: Path) -> None:
    folder = answered.copy(tmp_path / "data")
    book = openpyxl.load_workbook(BytesIO(folder.outputs()["retours/segou_v2_A_CORRIGER.xlsx"]))
    book["Identification"]["B10"].value = "PV-04"
    content = BytesIO()
    book.save(content)
    folder.receive("segou_v2_A_CORRIGER.xlsx", content.getvalue())
    outcome = folder.consolidate()
    assert versions(folder)[-1] == ("segou_v2_A_CORRIGER.xlsx", 3, 3, True)
    assert findings(folder) == {"SIZE_UNUSUAL": "familles élargies, vu avec le SLDSES au (numéro de téléphone retiré)"}
    assert (outcome.sent_back.workbooks, [name for name in folder.outputs() if name.startswith("retours/")]) == ((), [])


def test_a_plain_corrected_file_is_compared_with_the_version_before(sent: Folder, tmp_path: Path) -> None:
    folder = sent.copy(tmp_path / "data")
    fiche = damaged().identify("version", 2).set(fields.IDP, "households", 41, row=1)
    folder.receive("segou_v2.xlsx", fiche.workbook())
    folder.consolidate()
    rows = [tuple(row[1:5]) for row in lines(folder, "segou_v2_A_CORRIGER.xlsx")]
    assert ("modifié", "PDI", "F4", "Ménages : quarante → 41") in rows


def test_a_finding_of_the_month_goes_back_and_its_reply_comes_in(sent: Folder, tmp_path: Path) -> None:
    """A place of the month before without a row is asked for in the region's list, without a cell."""
    folder = Folder(tmp_path)
    folder.receive("nov.xlsx", fiche_of("Ségou", (*SEGOU, ("Bla", "Bla", 10, 53)), "2019-11").workbook(), "2019-11")
    folder.consolidate("2019-11")
    folder.receive("dec.xlsx", fiche_of("Ségou", SEGOU[:1]).workbook())
    folder.consolidate()
    book = openpyxl.load_workbook(BytesIO(folder.outputs()["retours/dec_A_CORRIGER.xlsx"]))
    asked = [row for row in book.worksheets[0].iter_rows() if row[9].value == "PLACE_CARRIED_FORWARD"]
    assert [(row[2].value, row[3].value) for row in asked] == [("tout le fichier", "—")] * 2
    niono = next(row for row in asked if "Niono" in row[4].value)
    niono[7].value = "zone inaccessible"
    content = BytesIO()
    book.save(content)
    folder.receive("dec_A_CORRIGER.xlsx", content.getvalue())
    folder.consolidate()
    told = folder.query("SELECT message, reply FROM finding WHERE code = 'PLACE_CARRIED_FORWARD' AND release_id IS NOT NULL")
    assert {("Niono" in message, answer) for message, answer in told} == {(True, "zone inaccessible"), (False, None)}


def test_notes_in_a_workbook_not_yet_sent_are_set_aside(sent: Folder, tmp_path: Path) -> None:
    folder = sent.copy(tmp_path / "data")
    path = folder.root / "processed" / MONTH / "retours" / "segou_A_CORRIGER.xlsx"
    noted = path.read_bytes() + b"note"
    path.write_bytes(noted)
    outcome = folder.consolidate()
    assert [item.name for item in outcome.sent_back.aside] == ["segou_A_CORRIGER_notes-1.xlsx"]
    assert outcome.sent_back.aside[0].read_bytes() == noted
    assert path.read_bytes() == sent.outputs()["retours/segou_A_CORRIGER.xlsx"]


def test_notes_in_a_workbook_no_longer_asked_for_are_set_aside(sent: Folder, answer: bytes, tmp_path: Path) -> None:
    folder = sent.copy(tmp_path / "data")
    path = folder.root / "processed" / MONTH / "retours" / "segou_A_CORRIGER.xlsx"
    path.write_bytes(path.read_bytes() + b"note")
    folder.receive("segou_A_CORRIGER.xlsx", answer)
    folder.consolidate()
    assert not path.exists()
    assert path.with_name("segou_A_CORRIGER_notes-1.xlsx").exists()


def test_what_was_sent_back_of_a_file_that_is_gone_stays(sent: Folder, tmp_path: Path) -> None:
    folder = sent.copy(tmp_path / "data")
    (folder.root / "raw" / MONTH / "returns" / "segou.xlsx").unlink()
    folder.consolidate()
    assert folder.outputs()["retours/segou_A_CORRIGER.xlsx"] == sent.outputs()["retours/segou_A_CORRIGER.xlsx"]


def test_a_refused_file_goes_back_until_another_takes_its_place(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    refused = fiche_of("Gao", GAO).drop_column(fields.IDP, "basis").workbook()
    folder.receive("gao.xlsx", refused)
    folder.consolidate()
    assert "retours/gao_A_CORRIGER.xlsx" in folder.outputs()
    book = openpyxl.load_workbook(BytesIO(folder.outputs()["retours/gao_A_CORRIGER.xlsx"]))
    assert book["À corriger"]["A3"].value.startswith("Ce fichier est refusé")
    folder.receive("gao_v2.xlsx", fiche_of("Gao", GAO).workbook())
    folder.consolidate()
    assert [name for name in folder.outputs() if name.startswith("retours/")] == []


def test_a_file_with_personal_data_leaves_no_reply_and_no_copy(sent: Folder, tmp_path: Path) -> None:
    folder = sent.copy(tmp_path / "data")
    book = openpyxl.load_workbook(BytesIO(folder.outputs()["retours/segou_A_CORRIGER.xlsx"]))
    reply(book, "SIZE_UNUSUAL", "demander à Awa Traoré")
    page = book["PDI"]
    page.cell(2, page.max_column + 1).value = "Téléphone du chef de ménage"
    page.cell(3, page.max_column).value = "76 12 34 56"
    book.save(folder.root / "raw" / MONTH / "returns" / "segou_A_CORRIGER.xlsx")
    folder.consolidate()
    assert [item[0] for item in versions(folder) if item[3]] == ["segou.xlsx"]
    store = (folder.root / "processed" / "cmp.sqlite").read_bytes()
    assert b"Traor" not in store
    assert b"76 12" not in store
    name = "retours/segou_A_CORRIGER_A_CORRIGER.xlsx"
    again = openpyxl.load_workbook(BytesIO(folder.outputs()[name]))
    assert again.sheetnames == ["À corriger"]
