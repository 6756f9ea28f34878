"""`validate --retour DIR` and what `consolidate` says of what goes back."""

from __future__ import annotations

import json
import shutil
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest

from schemas.fields import IDP
from tests.cli.conftest import Command
from tests.fiche import changed
from tests.rules.examples import identify, set_

FILES = ["fiche_A_CORRIGER.xlsx", "lettre_segou_2019-12.docx"]


@pytest.fixture
def fiche(tmp_path: Path) -> Path:
    path = tmp_path / "recu" / "fiche.xlsx"
    path.parent.mkdir()
    path.write_bytes(changed(set_("individuals", "environ 500"), identify("validated", "non")).workbook())
    return path


def written(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


@pytest.mark.parametrize("there", [True, False], ids=["there", "made"])
def test_what_goes_back_is_written_and_counted(there: bool, fiche: Path, tmp_path: Path, cmp_idp: Command) -> None:
    folder = tmp_path / "retours"
    if there:
        folder.mkdir()
    result = cmp_idp("validate", fiche, "--retour", folder, data=tmp_path / "data")
    assert (result.code, result.err) == (1, "")
    assert "1 classeur(s) à corriger et 1 lettre(s)" in result.text
    assert written(folder) == FILES
    assert not (tmp_path / "data").exists()


def test_nothing_goes_back_of_a_good_return(fiche: Path, tmp_path: Path, cmp_idp: Command) -> None:
    fiche.write_bytes(changed().workbook())
    result = cmp_idp("validate", fiche, "--retour", tmp_path / "retours", data=tmp_path)
    assert result.code == 0
    assert "Rien à renvoyer" in result.text
    assert not (tmp_path / "retours").exists()


def test_notes_are_set_aside_and_said(fiche: Path, tmp_path: Path, cmp_idp: Command) -> None:
    folder = tmp_path / "retours"
    cmp_idp("validate", fiche, "--retour", folder, data=tmp_path)
    (folder / FILES[0]).write_bytes(b"notes")
    result = cmp_idp("validate", fiche, "--retour", folder, data=tmp_path)
    assert "fiche_A_CORRIGER_notes-1.xlsx" in result.text
    assert (folder / "fiche_A_CORRIGER_notes-1.xlsx").read_bytes() == b"notes"


def test_a_folder_that_cannot_be_is_wrong_usage(fiche: Path, tmp_path: Path, cmp_idp: Command) -> None:
    for folder, sentence in (
        (fiche, "n'est pas un dossier"),
        (tmp_path / "fautif" / "retours", "n'existe pas"),
        (fiche.parent, "contient les fichiers à contrôler"),
    ):
        result = cmp_idp("validate", fiche, "--retour", folder, data=tmp_path)
        assert (result.code, result.out) == (2, "")
        assert sentence in result.text
    assert written(fiche.parent) == ["fiche.xlsx"]


def test_a_folder_that_cannot_be_written_is_a_failure(fiche: Path, tmp_path: Path, cmp_idp: Command) -> None:
    (tmp_path / "retours" / FILES[0]).mkdir(parents=True)
    result = cmp_idp("validate", fiche, "--retour", tmp_path / "retours", data=tmp_path)
    assert result.code == 3
    assert "n'a pas pu être lu ou écrit" in result.text


def test_an_answer_is_compared_with_what_it_answers(fiche: Path, tmp_path: Path, cmp_idp: Command) -> None:
    cmp_idp("validate", fiche, "--retour", tmp_path / "retours", data=tmp_path)
    book = openpyxl.load_workbook(BytesIO((tmp_path / "retours" / FILES[0]).read_bytes()))
    column = IDP.names.index("individuals") + 1
    book["PDI"].cell(3, column).value = 520
    [row] = [row for row in book.worksheets[0].iter_rows() if row[9].value == "VISA_MISSING"]
    row[7].value = "réunion le 12 janvier"
    answer = fiche.with_name("fiche_A_CORRIGER.xlsx")
    book.save(answer)
    shutil.rmtree(tmp_path / "retours")

    told = cmp_idp("validate", fiche, answer, "--retour", tmp_path / "retours", data=tmp_path).text
    assert "réponse de la région : réunion le 12 janvier" in told
    assert "Points corrigés : 1 ; points qui restent : 1 ; nouveaux points : 0." in told
    assert "modifié · PDI G3 · Individus : environ 500 → 520" in told
    assert written(tmp_path / "retours") == ["fiche_v2_A_CORRIGER.xlsx", "lettre_segou_2019-12.docx"]

    first, second = json.loads(cmp_idp("validate", fiche, answer, "--json", data=tmp_path).out)["files"]
    assert "since" not in first
    assert (second["since"]["file"], second["since"]["version"]) == ("fiche.xlsx", 1)
    assert [item["code"] for item in second["since"]["corrected"]] == ["COUNT_NOT_NUMBER"]
    assert second["since"]["changes"] == [
        {"kind": "cell", "sheet": "PDI", "cell": "G3", "field": "Individus", "before": "environ 500", "after": 520}
    ]
    assert [finding.get("reply") for finding in second["findings"]] == ["réunion le 12 janvier"]


def test_consolidate_says_what_goes_back_and_where(fiche: Path, tmp_path: Path, cmp_idp: Command) -> None:
    inbox = tmp_path / "data" / "raw" / "2019-12" / "returns"
    inbox.mkdir(parents=True)
    shutil.copy(fiche, inbox)
    result = cmp_idp("consolidate", "2019-12", data=tmp_path / "data")
    assert (result.code, result.err) == (0, "")
    assert "1 classeur(s) à corriger et 1 lettre(s)" in result.text
    assert written(tmp_path / "data" / "processed" / "2019-12" / "retours") == FILES
