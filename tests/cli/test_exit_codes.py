"""0 done, 1 data need a person, 2 wrong usage, 3 the program failed; what is wrong is said on the error output, in French."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.fiche import good_fiche
from tests.flow.months import SEGOU, fiche_of

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "raw" / "2019-12"


def returned(folder: Path, content: bytes, name: str = "fiche.xlsx") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


# --- 0 ------------------------------------------------------------------------------------------------------------------


def test_good_return_is_done(tmp_path: Path, cmp_idp: Command) -> None:
    result = cmp_idp("validate", returned(tmp_path, good_fiche().workbook()), data=tmp_path)
    assert (result.code, result.err) == (0, "")
    assert "Aucun constat" in result.text
    assert [path.name for path in tmp_path.iterdir()] == ["fiche.xlsx"]  # validate stores nothing


def test_findings_to_explain_are_no_failure(cmp_idp: Command, tmp_path: Path) -> None:
    """Kayes draws questions and notes, and nothing that blocks."""
    result = cmp_idp("validate", SAMPLE / "returns" / "fiche_2019-12_kayes.xlsx", data=tmp_path)
    assert result.code == 0
    assert "Koutiala" in result.text


@pytest.mark.parametrize("command", [("status", "2019-12"), ("explain", "Kita", "2019-12")], ids=lambda words: words[0])
def test_question_about_a_month_is_answered(command: tuple[str, ...], sample_dir: Path, cmp_idp: Command) -> None:
    result = cmp_idp(*command, data=sample_dir)
    assert (result.code, result.err) == (0, "")
    assert "PROJET, NON OFFICIEL" in result.text


# --- 1 ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["fiche_2019-12_kidal.xlsx"])
def test_return_that_blocks_publication_needs_a_person(name: str, cmp_idp: Command, tmp_path: Path) -> None:
    assert cmp_idp("validate", SAMPLE / "returns" / name, data=tmp_path).code == 1


def test_refused_file_needs_a_person(tmp_path: Path, cmp_idp: Command) -> None:
    good, bad = returned(tmp_path, good_fiche().workbook()), returned(tmp_path, b"", "vide.xlsx")
    result = cmp_idp("validate", good, bad, data=tmp_path)
    assert result.code == 1
    assert "REFUSÉE" in result.text
    assert "Renvoyer la fiche" in result.text


def test_return_of_another_month_needs_a_person(tmp_path: Path, cmp_idp: Command) -> None:
    fiche = returned(tmp_path, fiche_of("Ségou", SEGOU).workbook())
    assert cmp_idp("validate", fiche, "--period", "2019-12", data=tmp_path).code == 0
    assert cmp_idp("validate", fiche, "--period", "2019-11", data=tmp_path).code == 1


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("status", "2018-01"), "n'a pas encore été consolidé"),
        (("explain", "Atlantide", "2019-12"), "Lieu inconnu : « Atlantide »"),
        (("explain", "Kita", "2018-01"), "Aucun chiffre pour « Kita » en 2018-01"),
    ],
    ids=["status of another month", "unknown place", "explain of another month"],
)  # fmt: skip
def test_nothing_to_tell_needs_a_person(command: tuple[str, ...], said: str, sample_dir: Path, cmp_idp: Command) -> None:
    result = cmp_idp(*command, data=sample_dir)
    assert (result.code, result.out) == (1, "")
    assert said in result.text


@pytest.mark.parametrize("command", [("status", "2019-12"), ("explain", "Kita", "2019-12")], ids=lambda words: words[0])
def test_question_before_the_first_consolidation(command: tuple[str, ...], tmp_path: Path, cmp_idp: Command) -> None:
    """A question creates nothing."""
    result = cmp_idp(*command, data=tmp_path)
    assert (result.code, result.out) == (1, "")
    assert "cmp-idp consolidate" in result.text
    assert list(tmp_path.iterdir()) == []


# --- 2 ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        ("status", "2019-13"), ("status", "décembre"), ("explain", "Kita", "12/2019"), ("consolidate", "2019"),
        ("consolidate", "2019-12", "--as-of", "demain"), ("consolidate", "2019-12"), ("validate", "fichier_absent.xlsx"),
        ("status", "2019-12", "--inconnu"), ("inconnue",), ("status",), ("validate",), ("explain", "Kita"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_wrong_usage(command: tuple[str, ...], tmp_path: Path, cmp_idp: Command) -> None:
    result = cmp_idp(*command, data=tmp_path)
    assert (result.code, result.out) == (2, "")
    assert result.err.strip()
    assert "Traceback" not in result.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("status", "2019-13"), "« 2019-13 » n'est pas un mois : écrire AAAA-MM"),
        (("consolidate", "2019-12", "--as-of", "demain"), "« demain » n'est pas une date"),
        (("validate", "absent.xlsx"), "Fichier introuvable : absent.xlsx"),
    ],
    ids=["period", "day", "file"],
)  # fmt: skip
def test_wrong_usage_says_what_to_write(command: tuple[str, ...], said: str, tmp_path: Path, cmp_idp: Command) -> None:
    assert said in cmp_idp(*command, data=tmp_path).text


def test_settings_that_cannot_be_read_are_wrong_usage(tmp_path: Path, cmp_idp: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CMP_LANG", "de")
    result = cmp_idp("status", "2019-12", data=tmp_path)
    assert (result.code, result.out) == (2, "")
    assert "Traceback" not in result.err


# --- 3 ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [("status", "2019-12"), ("explain", "Kita", "2019-12")], ids=lambda words: words[0])
@pytest.mark.parametrize("what", ["a folder", "no database"])
def test_store_that_cannot_be_used_is_a_failure(what: str, command: tuple[str, ...], tmp_path: Path, cmp_idp: Command) -> None:
    store = tmp_path / "processed" / "cmp.sqlite"
    store.parent.mkdir()
    if what == "a folder":
        store.mkdir()
    else:
        store.write_bytes(b"ceci n'est pas une base\n" * 200)
    result = cmp_idp(*command, data=tmp_path)
    assert (result.code, result.out) == (3, "")
    assert "La base de données n'a pas pu être utilisée" in result.text
    assert "Traceback" not in result.err


def test_database_that_does_not_answer_is_a_failure(tmp_path: Path, cmp_idp: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CMP_DATABASE_URL", "mysql://localhost/cmp")
    result = cmp_idp("status", "2019-12", data=tmp_path)
    assert (result.code, result.out) == (3, "")


# --- quick commands -----------------------------------------------------------------------------------------------------


def test_quick_commands_import_neither_prefect_nor_pandas(sample_dir: Path) -> None:
    script = """
import contextlib, io, sys
from pipelines import cli
for command in (["--help"], ["status", "2019-12"], ["status", "2019-12", "--json"], ["explain", "Kita", "2019-12"],
                ["explain", "Ségou", "2019-12"]):
    sys.argv = ["cmp-idp", *command]
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.suppress(SystemExit):
        cli.main()
    heavy = sorted({"prefect", "pandas", "pandera", "openpyxl", "numpy", "alembic"} & set(sys.modules))
    print(command[0], len(out.getvalue()) > 100, heavy)
"""
    environ = {**os.environ, "CMP_DATA_DIR": str(sample_dir)}
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environ, cwd=root, check=False)
    expected = [f"{name} True []" for name in ("--help", "status", "status", "explain", "explain")]
    assert (done.stdout.splitlines(), done.stderr) == (expected, "")
