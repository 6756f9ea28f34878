"""Files written whole, and notes that people took never overwritten."""

from __future__ import annotations

from pathlib import Path

from pipelines.io.exports import write_workbook_of_people


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
