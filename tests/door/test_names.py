"""Names of files neither break nor fool what is printed of them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from pipelines.consolidation import validate
from pipelines.io.workbooks import open_file, safe_name
from pipelines.settings import Settings
from tests.door import made

NAMES = {
    "fiche_2019-12_ségou (v2) d'Aïcha.xlsx": "fiche_2019-12_ségou (v2) d'Aïcha.xlsx",
    "Ségou\u00a0final.xlsx": "Ségou\u00a0final.xlsx",
    "fiche\n2019.xlsx": "fiche_2019.xlsx",
    "fiche\x1b[31m.xlsx": "fiche_[31m.xlsx",
    "fiche\u202excslx.exe": "fiche_xcslx.exe",
    "fi\u200bche\ufeff.xlsx": "fi_che_.xlsx",
    "..\\..\\fiche.xlsx": ".._.._fiche.xlsx",
    "C:\\temp\\fiche.xlsx": "C__temp_fiche.xlsx",
    "a/b.xlsx": "a_b.xlsx",
    "fiche\udce9.xlsx": "fiche_.xlsx",
    "..": "_",
    " ": "_",
    "": "_",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_made_safe_and_a_usual_one_kept(name: str) -> None:
    assert safe_name(name) == NAMES[name]
    assert safe_name(safe_name(name)) == NAMES[name]


def test_a_long_name_keeps_its_beginning_and_its_kind() -> None:
    short = safe_name("x" * 300 + ".xlsx")
    assert len(short) <= 150
    assert short.startswith("xxx")
    assert short.endswith("….xlsx")
    assert safe_name(short) == short
    assert len(safe_name("x" * 300)) == 150


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no such names")
def test_what_is_told_of_a_file_carries_its_safe_name(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/fi\x1b[2Jche\xe9.xlsx"))
    path.write_bytes(made.zipped(made.good_members()))
    assert open_file(path).name == "fi_[2Jche_.xlsx"
    [report] = validate([path], Settings(data_dir=tmp_path))
    assert report.path == str(tmp_path / "fi_[2Jche_.xlsx")
