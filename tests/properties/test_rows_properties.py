"""No silent loss, whatever a sheet holds."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import intake
from pipelines.model import Checked
from schemas import texts
from schemas.codes import Effect
from tests.fiche import Fiche, check
from tests.properties.strategies import MODEST, any_fiches, tidy_fiches


def accounted_for(checked: Checked) -> None:
    """Every row is counted once, and a row is rejected for a reason that is given."""
    counts = checked.counts
    assert counts.accepted + counts.rejected + counts.recognised == counts.read
    assert min(counts.accepted, counts.rejected, counts.recognised) >= 0
    if checked.status == "accepted":
        told = {(finding.sheet, finding.row) for finding in checked.findings if finding.effect is Effect.REJECT_ROW}
        assert counts.rejected == len(told)
        assert len(checked.rows) == counts.accepted + counts.rejected
    else:
        assert counts.accepted == len(checked.rows) == 0


@MODEST
@given(any_fiches())
def test_every_row_of_any_sheet_is_accepted_rejected_or_recognised(fiche: Fiche) -> None:
    [checked] = check(fiche)
    accounted_for(checked)
    filled = sum(len(sheet.rows) for sheet in fiche.file().sheets if sheet.name != "Identification")
    assert checked.counts.read == filled


@MODEST
@given(any_fiches())
def test_every_finding_of_any_sheet_can_be_said_in_both_languages(fiche: Fiche) -> None:
    for finding in check(fiche)[0].findings:
        for lang in texts.LANGUAGES:
            assert texts.rule_sentence(finding.code, finding.params, lang)
            assert texts.rule_remedy(finding.code, finding.params, lang)


@MODEST
@given(any_fiches())
def test_no_cell_draws_two_findings_of_one_column_check(fiche: Fiche) -> None:
    checks = {
        "COUNT_REQUIRED",
        "COUNT_NOT_NUMBER",
        "COUNT_NEGATIVE",
        "DETAIL_NOT_NUMBER",
        "CHOICE_UNKNOWN",
        "FIELD_REQUIRED",
        "DATE_INVALID",
    }
    cells = [(f.sheet, f.cell) for f in check(fiche)[0].findings if f.code in checks]
    assert len(cells) == len(set(cells))


@MODEST
@given(any_fiches())
def test_every_filled_cell_of_a_table_is_read_reported_or_in_a_recognised_row(fiche: Fiche) -> None:
    reading = intake.read(fiche.file(), intake.layouts())
    layout = intake.layout_named("fiche-v1")
    for sheet in (sheet for sheet in reading.sheets if sheet.header_row is not None):
        grid = fiche.sheets[sheet.sheet]
        reported = {cell.rstrip("0123456789") for _, cell, _ in sheet.unknown_columns} | {
            cell.rstrip("0123456789") for _, cell in sheet.repeated_columns
        }
        known = reported | set(sheet.columns.values())
        for number in sheet.frame["row"]:
            filled = {intake.letters(at) for at, cell in enumerate(grid[number - 1]) if layout.value(cell) is not None}
            assert filled <= known


@settings(MODEST, max_examples=15)
@given(st.lists(any_fiches(), min_size=2, max_size=3).flatmap(st.permutations))
def test_a_return_is_judged_the_same_whatever_comes_with_it(fiches: list[Fiche]) -> None:
    for version, fiche in enumerate(fiches, start=1):
        fiche.identify("version", version)
    together = check(*fiches)
    alone = [check(fiche)[0] for fiche in fiches]
    assert [(item.findings, item.counts) for item in together] == [(item.findings, item.counts) for item in alone]


@settings(MODEST, max_examples=15)
@given(tidy_fiches("R04"))
def test_a_tidy_return_is_never_refused(fiche: Fiche) -> None:
    [checked] = check(fiche)
    assert checked.status == "accepted"
    accounted_for(checked)
