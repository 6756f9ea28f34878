"""Every rule has a function, a row of texts and a pair of examples, and each bad example draws one message: its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pipelines import checking, deciding, intake, rules, triangulation
from pipelines.checking import Rulebook
from pipelines.io import workbooks
from pipelines.model import Compiled, Finding, OpenedFile, PeriodFinding, Problem, Sheet
from schemas import texts
from schemas.codes import Effect, SubmissionStatus
from tests.fiche import GAZETTEER, Fiche, changed, check, check_files, compile_fiches, past_of
from tests.months_decided import decision, disagreement, number
from tests.rules.examples import (
    EXAMPLES,
    Example,
    OfBytes,
    OfDecisions,
    OfFiles,
    OfGap,
    OfMonth,
    OfReturn,
    OfSourceFile,
    set_,
    zip_of_a_letter,
)

RETURNS = {code: example for code, example in EXAMPLES.items() if isinstance(example, OfReturn)}
BYTES = {code: example for code, example in EXAMPLES.items() if isinstance(example, OfBytes)}
FILES = {code: example for code, example in EXAMPLES.items() if isinstance(example, OfFiles)}
MONTHS = {code: example for code, example in EXAMPLES.items() if isinstance(example, OfMonth)}
GAPS = {code: example for code, example in EXAMPLES.items() if isinstance(example, OfGap)}
SOURCE_FILES = {code: example for code, example in EXAMPLES.items() if isinstance(example, OfSourceFile)}
DECISIONS = {code: example for code, example in EXAMPLES.items() if isinstance(example, OfDecisions)}


def findings_of(*fiches: Fiche) -> list[Finding]:
    return [finding for checked in check(*fiches) for finding in checked.findings]


def findings_of_bytes(content: bytes, folder: Path) -> list[Finding]:
    path = folder / "fiche.xlsx"
    path.write_bytes(content)
    [checked] = check_files([workbooks.open_file(path)])
    return list(checked.findings)


def month(example: OfMonth, *, bad: bool) -> Compiled:
    now, before = (example.bad, example.bad_before) if bad else (example.good, example.good_before)
    expected = example.expected if bad else example.good_expected
    late = example.bad_late if bad else ()
    others = example.bad_others if bad else ()
    return compile_fiches(changed(*now), *others, past=past_of(changed(*before)), expected=expected, late=late)


def findings_of_source(example: OfSourceFile, row: Mapping[str, Any]) -> list[Finding]:
    grid = (tuple(item.label.fr for item in example.table.fields), tuple(row.get(name) for name in example.table.names))
    file = OpenedFile("source.xlsx", "0", (Sheet(example.title, grid),))
    [part] = checking.check_source(intake.read(file, intake.layouts()), GAZETTEER, Rulebook())
    return list(part.findings)


def contradictions(values: tuple[int, int], place_id: str, *, gone: bool = False) -> tuple[PeriodFinding, ...]:
    found = [
        disagreement(place_id, number(884), number(value, source, takes=True), key=source)
        for source, value in zip(("SLDSES", "Mairie"), values, strict=True)
    ]
    taken = [decision(item, id=at, source=item.key, individuals=item.values[1].value) for at, item in enumerate(found, start=1)]
    _, conflicts = deciding.settlements(taken, found, compile_fiches(changed()), None, GAZETTEER)
    lapsed = deciding.lapsed(taken, found[1:] if gone else found, {item.key: place_id for item in found})
    return deciding.conflict_findings((*conflicts, *lapsed), taken, GAZETTEER, Rulebook())


def bad_params(code: str, folder: Path) -> Mapping[str, Any]:
    """The values that the text of a rule is filled with, from its bad example."""
    example: Example = EXAMPLES[code]
    if isinstance(example, OfReturn):
        return findings_of(changed(*example.bad))[0].params
    if isinstance(example, OfBytes):
        return findings_of_bytes(example.bad(), folder)[0].params
    if isinstance(example, OfFiles):
        return findings_of(*(changed(*changes) for changes in example.bad))[0].params
    if isinstance(example, OfMonth):
        return month(example, bad=True).findings[0].finding.params
    if isinstance(example, OfSourceFile):
        return findings_of_source(example, example.bad)[0].params
    if isinstance(example, OfDecisions):
        return contradictions(example.bad, example.place_id, gone=example.gone)[0].finding.params
    return triangulation.discrepancies(example.bad())[0].params


def test_rules_texts_and_examples_are_the_same_set() -> None:
    assert set(texts.rules()) == rules.all_codes() == set(EXAMPLES)


@pytest.mark.parametrize("code", RETURNS)
def test_bad_return_draws_one_finding_at_its_cell(code: str) -> None:
    example = RETURNS[code]
    found = findings_of(changed(*example.bad))
    assert [(item.code, item.sheet, item.cell) for item in found] == [(code, example.sheet, example.cell)]


@pytest.mark.parametrize("code", RETURNS)
def test_good_return_draws_no_finding(code: str) -> None:
    assert findings_of(changed(*RETURNS[code].good)) == []


@pytest.mark.parametrize("code", BYTES)
def test_unreadable_file_is_refused_with_one_message(code: str, tmp_path: Path) -> None:
    [finding] = findings_of_bytes(BYTES[code].bad(), tmp_path)
    assert (finding.code, finding.effect, finding.cell) == (code, Effect.REJECT_SUBMISSION, None)


@pytest.mark.parametrize("code", BYTES)
def test_readable_file_draws_no_finding(code: str, tmp_path: Path) -> None:
    assert findings_of_bytes(BYTES[code].good(), tmp_path) == []


@pytest.mark.parametrize(
    "content",
    [
        b"Monsieur le Directeur,\nveuillez trouver ci-joint la fiche.\n",
        zip_of_a_letter(),
        b"%PDF-1.4",
        b"PK\x03\x04 cut off",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 cut off",
    ],
    ids=["text", "letter", "pdf", "cut-off-xlsx", "cut-off-xls"],
)
def test_anything_that_is_no_workbook_is_said_to_be_none(content: bytes, tmp_path: Path) -> None:
    [finding] = findings_of_bytes(content, tmp_path)
    assert finding.code == "FILE_NOT_WORKBOOK"


def test_every_way_to_be_refused_at_the_door_is_a_refusing_rule() -> None:
    assert set(Problem) == set(BYTES)
    assert {texts.rules()[problem].effect for problem in Problem} == {Effect.REJECT_SUBMISSION}


@pytest.mark.parametrize("code", FILES)
def test_files_that_contradict_each_other_draw_one_finding(code: str) -> None:
    example = FILES[code]
    bad = findings_of(*(changed(*changes) for changes in example.bad))
    assert [(item.code, item.sheet, item.cell) for item in bad] == [(code, example.sheet, example.cell)]
    assert findings_of(*(changed(*changes) for changes in example.good)) == []


def test_the_same_file_twice_is_no_twin() -> None:
    assert findings_of(changed(), changed()) == []


def test_which_twin_is_said_does_not_depend_on_the_order_of_files() -> None:
    twins = (changed(), changed(set_("individuals", 521)), changed(set_("individuals", 522)))
    there, back = ([item.file.sha256 for item in check(*fiches) if item.findings] for fiches in (twins, twins[::-1]))
    assert len(there) == 2
    assert sorted(there) == sorted(back)


@pytest.mark.parametrize("code", MONTHS)
def test_bad_month_draws_one_finding_about_its_place(code: str) -> None:
    example = MONTHS[code]
    found = month(example, bad=True).findings
    told = [(item.finding.code, item.place_id, item.finding.sheet, item.finding.cell) for item in found]
    assert told == [(code, example.place_id, example.sheet, example.cell)]


@pytest.mark.parametrize("code", MONTHS)
def test_good_month_draws_no_finding(code: str) -> None:
    assert month(MONTHS[code], bad=False).findings == ()


@pytest.mark.parametrize("code", SOURCE_FILES)
def test_bad_row_of_a_source_draws_one_finding_at_its_cell(code: str) -> None:
    example = SOURCE_FILES[code]
    assert [(item.code, item.cell) for item in findings_of_source(example, example.bad)] == [(code, example.cell)]
    assert findings_of_source(example, example.good) == []


@pytest.mark.parametrize("code", GAPS)
def test_what_does_not_agree_is_one_discrepancy_about_its_place(code: str) -> None:
    example = GAPS[code]
    [gap] = triangulation.discrepancies(example.bad())
    cell = (gap.finding.sheet, gap.finding.cell) if gap.finding else (None, None)
    assert (gap.rule, gap.place_id, *cell) == (code, example.place_id, example.sheet, example.cell)


@pytest.mark.parametrize("code", GAPS)
def test_what_agrees_is_no_discrepancy(code: str) -> None:
    assert triangulation.discrepancies(GAPS[code].good()) == ()


@pytest.mark.parametrize("code", GAPS)
def test_every_discrepancy_has_somebody_to_answer_it_and_a_proposal(code: str) -> None:
    assert texts.rules()[code].owner is not None
    assert texts.rules()[code].proposed is not None


@pytest.mark.parametrize("code", DECISIONS)
def test_decisions_that_contradict_each_other_draw_one_finding(code: str) -> None:
    example = DECISIONS[code]
    found = contradictions(example.bad, example.place_id, gone=example.gone)
    assert [(item.finding.code, item.place_id) for item in found] == [(code, example.place_id)]
    assert contradictions(example.good, example.place_id) == ()


@pytest.mark.parametrize("code", EXAMPLES)
def test_text_and_remedy_are_filled_in_both_languages(code: str, tmp_path: Path) -> None:
    params = bad_params(code, tmp_path)
    for lang in texts.LANGUAGES:
        for sentence in (texts.rule_sentence(code, params, lang), texts.rule_remedy(code, params, lang)):
            assert sentence.strip() == sentence
            assert sentence.endswith(".")
            assert not re.search(r"[{}]|None|\bnan\b|<NA>", sentence)


ENGLISH = {
    "the",
    "is",
    "not",
    "row",
    "rows",
    "of",
    "and",
    "with",
    "was",
    "were",
    "return",
    "this",
    "households",
    "it",
    "file",
    "add",
}
FRENCH = {
    "le",
    "la",
    "les",
    "est",
    "une",
    "dans",
    "et",
    "ou",
    "ligne",
    "feuille",
    "fiche",
    "pas",
    "des",
    "du",
    "ménages",
    "être",
}


@pytest.mark.parametrize("code", [code for code, example in RETURNS.items() if example.cell is not None])
def test_a_rule_that_blames_a_cell_shows_what_a_right_one_looks_like(code: str) -> None:
    example = texts.rules()[code].example
    for lang in texts.LANGUAGES:
        assert example.in_(lang).strip()
        assert not re.search(r"[{}]|[.]$", example.in_(lang))


@pytest.mark.parametrize("code", EXAMPLES)
def test_no_text_mixes_its_language(code: str) -> None:
    rule = texts.rules()[code]
    for text, foreign in (
        (rule.text.fr, ENGLISH),
        (rule.remedy.fr, ENGLISH),
        (rule.text.en, FRENCH),
        (rule.remedy.en, FRENCH),
        (rule.example.fr, ENGLISH),
    ):
        own = re.sub(r"«[^»]*»|'[^']*'|\{[^}]*\}|\([^)]*\)", " ", text)
        assert not foreign & set(re.findall(r"\w+", own.lower())), text


@pytest.mark.parametrize("code", EXAMPLES)
def test_every_rule_says_why_it_exists(code: str) -> None:
    rule = texts.rules()[code]
    assert len(rule.why.split()) >= 4
    assert rule.why.endswith((".", ")"))


@pytest.mark.parametrize("code", [code for code, rule in texts.rules().items() if rule.effect is Effect.REJECT_SUBMISSION])
def test_refusing_rules_leave_no_row_behind(code: str) -> None:
    example = EXAMPLES[code]
    if isinstance(example, OfBytes):
        checked = check_files([changed().file(problem=code)])[0]
    else:
        assert isinstance(example, OfReturn)
        checked = check(changed(*example.bad))[0]
    assert checked.status is SubmissionStatus.REFUSED
    assert checked.rows.empty
    assert checked.counts.accepted == 0
    assert checked.counts.read == checked.counts.rejected + checked.counts.recognised


def test_personal_data_is_never_quoted() -> None:
    [column] = findings_of(changed(*RETURNS["PERSONAL_DATA"].bad))
    [person] = findings_of(changed(*RETURNS["VISA_BY_PREPARER"].bad))
    assert column.value is None
    assert person.value is None
