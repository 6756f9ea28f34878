"""What the terminal shows and what `--json` prints (DESIGN 7). No pandas."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.box import SIMPLE
from rich.markup import escape
from rich.table import Table

from pipelines.io import agenda
from pipelines.io.board import Board, FindingLine, RegionLine
from pipelines.model import FileReport, Finding, RegionalVisa, Since
from schemas import codes, texts
from schemas.codes import Effect, PopulationGroup, Unit
from schemas.texts import message, number, percent

_COLOURS = {
    Effect.REJECT_SUBMISSION: "red", Effect.REJECT_ROW: "red", Effect.BLOCK_PUBLICATION: "dark_orange", Effect.JUSTIFY: "yellow",
    Effect.INFORM: "dim",
}  # fmt: skip
_IDP, _RETURNEE = str(PopulationGroup.IDP), str(PopulationGroup.IDP_RETURNEE)
_HOUSEHOLD, _INDIVIDUAL = str(Unit.HOUSEHOLD), str(Unit.INDIVIDUAL)


def finding_sentence(finding: Finding, lang: str) -> str:
    return texts.rule_sentence(finding.code, finding.params, lang)


# --- the board ----------------------------------------------------------------------------------------------------------


def board_table(board: Board, lang: str) -> Table:
    """One line a region: received, validated, households, individuals, change, findings by effect, open discrepancies."""
    named = {"month_name": texts.month(str(board.period), lang), "revision": str(board.release.revision) if board.release else ""}
    table = Table(
        title=message("board_title_official" if board.is_official else "board_title", lang, **named),
        title_justify="left",
        box=SIMPLE,
        padding=(0, 1, 0, 0),
    )
    for key in ("region", "received", "validated"):
        table.add_column(message(f"board_{key}", lang), no_wrap=True)
    for key in ("households", "individuals", "change", "returnees", "refused", "block", "justify", "inform", "gaps"):
        table.add_column(message(f"board_{key}", lang), justify="right", no_wrap=True)
    for line in board.regions:
        table.add_row(*_cells(line, lang))
    table.add_section()
    table.add_row(*_total_cells(board, lang), style="bold")
    return table


def _cells(line: RegionLine, lang: str) -> list[str]:
    if line.received:
        received = message("board_yes", lang)
    elif line.received_in:
        received = message("board_in", lang, region_name=line.received_in)
    else:
        received = message("board_carried" if line.carried_forward else "board_no", lang)
    validated = message("board_yes" if line.validated else "board_no", lang)
    return [line.name, received, validated, *_numbers(line.totals, line.previous, lang), *_effects(line.findings, lang),
            _count(line.discrepancies, lang)]  # fmt: skip


def _total_cells(board: Board, lang: str) -> list[str]:
    received = sum(line.received for line in board.regions)
    validated = sum(line.validated for line in board.regions)
    findings: Counter[str] = Counter()
    for line in board.regions:
        findings.update(line.findings)
    share = f"{received}/{len(board.regions)}"
    return [message("board_country", lang), share, f"{validated}/{len(board.regions)}",
            *_numbers(board.totals, board.previous, lang), *_effects(findings, lang), _count(len(board.discrepancies), lang)]  # fmt: skip


def _numbers(totals: Mapping[str, Any], previous: Mapping[str, Any], lang: str) -> list[str]:
    now, before = totals[_IDP][_INDIVIDUAL], previous[_IDP][_INDIVIDUAL]
    change = percent((now - before) / before, lang, signed=True) if now is not None and before else "—"
    return [number(totals[_IDP][_HOUSEHOLD], lang), number(now, lang), change, number(totals[_RETURNEE][_INDIVIDUAL], lang)]


def _effects(findings: Mapping[str, int], lang: str) -> list[str]:
    refused = findings.get(Effect.REJECT_SUBMISSION, 0) + findings.get(Effect.REJECT_ROW, 0)
    counts = (refused, *(findings.get(effect, 0) for effect in (Effect.BLOCK_PUBLICATION, Effect.JUSTIFY, Effect.INFORM)))
    return [_count(count, lang) for count in counts]


def _count(count: int, lang: str) -> str:
    return number(count, lang) if count else "·"


SHOWN = 5
"""Discrepancies that the board of a month tells; `discrepancies` lists them all."""


def headlines(board: Board, lang: str) -> Iterator[str]:
    """The national sentence, what it is compared with, what does not agree, and the refused files."""
    yield message("board_headline", lang, month_name=texts.month(str(board.period), lang), households=board.totals[_IDP][_HOUSEHOLD],
                  individuals=board.totals[_IDP][_INDIVIDUAL], returnees=board.totals[_RETURNEE][_INDIVIDUAL])  # fmt: skip
    yield message("board_compared", lang, past=board.compared_with) if board.compared_with else message("board_no_past", lang)
    yield escape(agenda.summary(board.discrepancies, lang))
    for point in board.discrepancies[:SHOWN]:
        yield f"  {point.number}. {escape(point.sentence(lang))}"
    if board.discrepancies:
        yield message("board_discrepancies", lang, period=str(board.period))
    if board.refused_files:
        yield message("board_refused_files", lang, files=list(board.refused_files))
    yield _of_release(board, lang)


def _of_release(board: Board, lang: str) -> str:
    """What the table is: a draft while nothing circulates, else how far the month has come."""
    if board.release is None:
        return message("board_draft", lang)
    day = board.release.published_on or board.release.circulated_on
    told = message(
        "board_release", lang, revision=str(board.release.revision), state=codes.ReleaseState(board.release.state), day=day
    )
    return told + " " + message("board_differs" if board.differs else "board_same", lang)


LINES_OF_FINDINGS = 40


def finding_lines(findings: Sequence[FindingLine], lang: str) -> Iterator[str]:
    """One line a finding with its cell, as many as a screen or two hold; the workbook has them all."""
    if findings:
        yield message("board_findings", lang)
    for found in findings[:LINES_OF_FINDINGS]:
        where = " ".join(part for part in (found.region or found.file, found.sheet, found.cell) if part)
        colour = _COLOURS[found.effect]
        sentence = texts.rule_sentence(found.code, found.params, lang)
        reply = f" — {message('sent_back_reply', lang, reply=found.reply)}" if found.reply else ""
        visa = f" — {_visa_words(found.visa, lang)}" if found.visa else ""
        yield f"  [{colour}]{found.effect.label(lang)}[/] · {escape(where)} · {escape(sentence + reply + visa)}"
    if len(findings) > LINES_OF_FINDINGS:
        yield "  " + message("board_more", lang, count=len(findings) - LINES_OF_FINDINGS)


def _visa_words(visa: RegionalVisa, lang: str) -> str:
    said = {"by": visa.validated_by, "day": visa.validated_on, "minutes_number": visa.minutes_number}
    return message("explain_lifted_visa", lang, **said)


def status_json(board: Board) -> dict[str, Any]:
    return {
        "period": str(board.period),
        "state": board.state,
        "regions": [
            {
                "region": line.name, "pcode": line.pcode, "received": line.received, "received_in": line.received_in,
                "validated": line.validated, "carried_forward": line.carried_forward, "totals": line.totals,
                "findings": {str(effect): line.findings.get(str(effect), 0) for effect in Effect},
            }
            for line in board.regions
        ],
        "country": {"totals": board.totals},
        "refused_files": list(board.refused_files),
    }  # fmt: skip


# --- validate -----------------------------------------------------------------------------------------------------------


def validation_json(reports: Sequence[FileReport], lang: str) -> dict[str, Any]:
    return {"files": [_file_json(report, lang) for report in reports]}


def _file_json(report: FileReport, lang: str) -> dict[str, Any]:
    rows = report.rows
    return {
        "file": report.path, "layout": report.layout, "region": report.region, "period": report.period, "status": report.status,
        "rows": {"read": rows.read, "accepted": rows.accepted, "rejected": rows.rejected, "recognised": rows.recognised},
        "totals": report.totals,
        "findings": [_finding_json(finding, lang) for finding in report.findings],
        **({"since": _since_json(report.since, lang)} if report.since is not None else {}),
    }  # fmt: skip


def _since_json(since: Since, lang: str) -> dict[str, Any]:
    """What a version changed; there only when the version it answers or follows is among the files checked."""
    from pipelines import correction

    lists = {name: [_finding_json(found, lang) for found in getattr(since, name)] for name in ("corrected", "remaining", "new")}
    changes = None if since.changes is None else [
        {"kind": change.kind, "sheet": change.sheet, "cell": change.cell, "field": correction.label(change, lang) or None,
         "before": _plain_value(change.before), "after": _plain_value(change.after)}
        for change in since.changes
    ]  # fmt: skip
    return {"file": since.file, "version": since.version, **lists, "changes": changes}


def _plain_value(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain_value(item) for name, item in value.items()}
    return value if value is None or isinstance(value, int | str) else str(value)


def _finding_json(finding: Finding, lang: str) -> dict[str, Any]:
    return {
        "sheet": finding.sheet, "cell": finding.cell, "row": finding.row, "code": finding.code, "effect": str(finding.effect),
        "value": finding.value, "message": finding_sentence(finding, lang),
        "remedy": texts.rule_remedy(finding.code, finding.params, lang),
        **({"reply": finding.reply} if finding.reply else {}),
    }  # fmt: skip


def validation_lines(report: FileReport, lang: str) -> Iterator[str]:
    rows, totals = report.rows, report.totals.get(_IDP, {})
    state = message(f"validate_{report.status}", lang)
    yield f"[bold]{escape(Path(report.path).name)}[/] — {state} — " + message(
        "validate_rows" if report.totals else "validate_source_rows", lang, region=report.region, period=report.period, read=rows.read,
        accepted=rows.accepted, rejected=rows.rejected, recognised=rows.recognised, households=totals.get(_HOUSEHOLD),
        individuals=totals.get(_INDIVIDUAL),
    )  # fmt: skip
    for finding in report.findings:
        parts = (f"[{_COLOURS[finding.effect]}]{finding.effect.label(lang)}[/]", escape(finding.sheet or ""), finding.cell)
        yield f"  {' '.join(part for part in parts if part)} : {escape(finding_sentence(finding, lang))}"
        if finding.effect is not Effect.INFORM:
            yield f"      → {escape(texts.rule_remedy(finding.code, finding.params, lang))}"
        if finding.reply:
            yield f"      ← {escape(message('sent_back_reply', lang, reply=finding.reply))}"
    if report.since is not None:
        yield from _since_lines(report.since, lang)
    if not report.findings:
        yield "  " + message("validate_clean", lang)


LINES_OF_CHANGES = 20


def _since_lines(since: Since, lang: str) -> Iterator[str]:
    """What a version changed against the one it answers or follows."""
    from pipelines.correction import change_sentence, since_sentence

    yield f"  {escape(since_sentence(since, lang))}"
    for change in (since.changes or ())[:LINES_OF_CHANGES]:
        where = " ".join(part for part in (change.sheet, change.cell) if part)
        kind = message(f"returned_change_{change.kind}", lang)
        yield f"      {escape(' · '.join(part for part in (kind, where, change_sentence(change, lang)) if part))}"
    if since.changes is not None and len(since.changes) > LINES_OF_CHANGES:
        yield f"      {message('returned_since_more', lang, count=len(since.changes) - LINES_OF_CHANGES)}"
