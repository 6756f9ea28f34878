"""Files written whole, and notes that people took never overwritten."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from pipelines.io.exports import canonical_csv, inert, write_workbook_of_people


def test_a_workbook_nobody_touched_is_simply_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "projet.xlsx"
    assert write_workbook_of_people(path, b"first") is None
    assert write_workbook_of_people(path, b"second") is None
    assert path.read_bytes() == b"second"
    assert [item.name for item in tmp_path.glob("*.xlsx") if not item.name.startswith(".")] == ["projet.xlsx"]


def test_a_workbook_with_notes_is_set_aside_each_time(tmp_path: Path) -> None:
    path = tmp_path / "projet.xlsx"
    write_workbook_of_people(path, b"first")
    path.write_bytes(b"first, with notes")
    assert write_workbook_of_people(path, b"second") == tmp_path / "projet_notes-1.xlsx"
    path.write_bytes(b"second, with notes")
    assert write_workbook_of_people(path, b"third") == tmp_path / "projet_notes-2.xlsx"
    assert (tmp_path / "projet_notes-1.xlsx").read_bytes() == b"first, with notes"
    assert path.read_bytes() == b"third"


def test_a_workbook_of_unknown_hand_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "projet.xlsx"
    path.write_bytes(b"made elsewhere")
    assert write_workbook_of_people(path, b"new") == tmp_path / "projet_notes-1.xlsx"


RUNNING = ('=HYPERLINK("http://x","y")', "+1", "@SUM(A1)", "-2+3", "\t=1", "\r=1", "\n=1", " =1+1", "＝1", "-")


@pytest.mark.parametrize("text", RUNNING)
def test_a_text_that_would_run_is_inert_in_a_csv_file(text: str) -> None:
    frame = pd.DataFrame({"place": [text, "Gao"], "value": [-5, 3], "share": [-0.5, None]})
    rows = list(csv.reader(io.StringIO(canonical_csv(frame).decode("utf-8"), newline="")))
    assert sorted(rows[1:]) == sorted([["'" + text.replace("\r", "\n"), "-5", "-0.5"], ["Gao", "3", ""]])


@pytest.mark.parametrize("text", ["Gao", "Ségou-Centre", "12 ménages", "a=b", "", "n° 3", "'déjà'", "— rien"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert inert(text) == text


def test_what_is_missing_stays_missing_in_a_csv_file() -> None:
    frame = pd.DataFrame({"place": ["Gao", None], "day": [date(2019, 12, 31), None], "any": [-1, "=1"]})
    assert canonical_csv(frame).decode() == "place,day,any\n,,'=1\nGao,2019-12-31,-1\n"
