"""Each defect is said once, at its cell, and nothing else is; what is no defect draws nothing."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from pipelines import consolidation
from pipelines.model import FileReport, Period
from pipelines.settings import Settings
from tests.damage.damages import CLEAN, DAMAGES, HARMLESS, MOPTI, Damage, through_openpyxl


def report(content: bytes, folder: Path, base: Path = MOPTI) -> FileReport:
    path = folder / base.name
    path.write_bytes(content)
    [found] = consolidation.validate([path], Settings(), Period.parse(base.parents[1].name))
    return found


@cache
def clean_totals(base: Path) -> Mapping[str, Any]:
    [found] = consolidation.validate([base], Settings(), Period.parse(base.parents[1].name))
    return found.totals


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_one_defect_is_one_message_at_its_cell(damage: Damage, tmp_path: Path) -> None:
    found = report(damage.content(), tmp_path, damage.base)
    assert [(item.code, item.sheet, item.cell) for item in found.findings] == [(damage.code, damage.sheet, damage.cell)]


@pytest.mark.parametrize(
    "damage", [d for d in DAMAGES.values() if d.reads_the_same], ids=[n for n, d in DAMAGES.items() if d.reads_the_same]
)
def test_what_can_be_read_without_guessing_costs_nobody(damage: Damage, tmp_path: Path) -> None:
    found = report(damage.content(), tmp_path, damage.base)
    assert (found.totals, found.rows.rejected) == (clean_totals(damage.base), 0)


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_no_row_of_a_damaged_return_is_lost(damage: Damage, tmp_path: Path) -> None:
    rows = report(damage.content(), tmp_path, damage.base).rows
    assert rows.read == rows.accepted + rows.rejected + rows.recognised


@pytest.mark.parametrize("base", CLEAN, ids=lambda path: path.stem)
def test_a_clean_return_draws_nothing(base: Path, tmp_path: Path) -> None:
    assert report(base.read_bytes(), tmp_path, base).findings == ()


@pytest.mark.parametrize("change", HARMLESS.values(), ids=HARMLESS)
def test_what_is_no_defect_draws_nothing_and_costs_nobody(change: Any, tmp_path: Path) -> None:
    found = report(through_openpyxl(MOPTI.read_bytes(), change), tmp_path)
    assert (found.findings, found.totals) == ((), clean_totals(MOPTI))


def test_personal_data_are_told_without_being_told(tmp_path: Path) -> None:
    for name in ("telephone-in-a-remark", "name-in-a-remark", "column-of-names", "column-of-telephones"):
        found = report(DAMAGES[name].content(), tmp_path)
        [finding] = found.findings
        assert (found.status, finding.value) == ("refused", None)
        assert not any(secret in str(finding) for secret in ("76 12", "76121212", "Traoré", "Amadou"))
