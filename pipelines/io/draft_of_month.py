"""The draft workbook of a month, filled from the store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from pipelines import correction
from pipelines.io import reference
from pipelines.io.board import Board, FindingLine, RegionLine, board, findings_of, open_discrepancies
from pipelines.io.correspondence import changes_of_month
from pipelines.io.draft import BoardRow, DraftWorkbook, Headline, draft_name, write_draft
from pipelines.io.store import Store
from pipelines.model import Period, Since
from schemas import texts
from schemas.codes import PopulationGroup, Unit

_HEADLINES = (
    (PopulationGroup.IDP, Unit.HOUSEHOLD), (PopulationGroup.IDP, Unit.INDIVIDUAL), (PopulationGroup.IDP_RETURNEE, Unit.INDIVIDUAL),
    (PopulationGroup.REPATRIATED_REFUGEE, Unit.INDIVIDUAL),
)  # fmt: skip


def write(folder: Path, store: Store, period: Period, as_of: date, lang: str) -> list[Path]:
    """Writes the workbook into `folder`; gives its path, and that of the former one when somebody had taken notes in it.
    Raises OSError when it cannot be written."""
    path = folder / draft_name(str(period), lang)
    aside = write_draft(path, _workbook(store, period, as_of, lang), lang)
    return [path, aside] if aside else [path]


def _workbook(store: Store, period: Period, as_of: date, lang: str) -> DraftWorkbook:
    found = board(store, period)
    gazetteer = reference.gazetteer()
    places = (place for level in ("region", "cercle", "commune") for place in gazetteer.places(level))
    return DraftWorkbook(
        period=str(period),
        as_of=as_of,
        compared_with=found.compared_with,
        board=[_row(line) for line in found.regions],
        country=_country(found),
        headlines=[
            Headline(str(group), str(unit), found.totals[str(group)][str(unit)], found.previous[str(group)][str(unit)])
            for group, unit in _HEADLINES
        ],
        figures=store.view("draft_figure", period),
        bridge=store.view("draft_bridge", period),
        findings=[_finding(line, lang) for line in findings_of(store, period)],
        discrepancies=[_discrepancy(row) for row in open_discrepancies(store, period)],
        changes=[row for region, since in changes_of_month(store, period) for row in _changes(region, since, lang)],
        place_names={code: place.name for place in places if (code := gazetteer.pcode(place.place_id))},
    )


def _row(line: RegionLine) -> BoardRow:
    idp, individual = str(PopulationGroup.IDP), str(Unit.INDIVIDUAL)
    return BoardRow(
        region=line.name, pcode=line.pcode or "", received=line.received, received_in=line.received_in, validated=line.validated,
        households=line.totals[idp][str(Unit.HOUSEHOLD)], individuals=line.totals[idp][individual],
        previous_individuals=line.previous[idp][individual],
        returnee_individuals=line.totals[str(PopulationGroup.IDP_RETURNEE)][individual], carried_forward=line.carried_forward,
        findings=line.findings,
    )  # fmt: skip


def _country(found: Board) -> BoardRow:
    line = RegionLine(
        place_id="ML", name=reference.gazetteer().place("ML").name, pcode="ML", received_in=None, totals=found.totals,
        received=all(line.received for line in found.regions), validated=all(line.validated for line in found.regions),
        carried_forward=any(line.carried_forward for line in found.regions), previous=found.previous,
        findings={effect: sum(line.findings.get(effect, 0) for line in found.regions)
                  for effect in sorted({effect for line in found.regions for effect in line.findings})},
    )  # fmt: skip
    return _row(line)


def _finding(found: FindingLine, lang: str) -> dict[str, Any]:
    return {
        "region": found.region, "file": found.file, "sheet": found.sheet, "cell": found.cell, "row": found.row, "code": found.code,
        "effect": str(found.effect), "value": found.value, "message": texts.rule_sentence(found.code, found.params, lang),
        "remedy": texts.rule_remedy(found.code, found.params, lang), "reply": found.reply,
    }  # fmt: skip


def _discrepancy(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("id", "place", "sentence", "gap", "values")} | {"proposed": row["remedy"]}


def _changes(region: str, since: Since, lang: str) -> Iterator[dict[str, Any]]:
    """The lines of one region on the sheet of changes: points corrected, remaining and new, then the values that changed."""
    own = {"region": region, "file": since.file, "version": since.version}
    for kind in ("corrected", "remaining", "new"):
        for found in getattr(since, kind):
            sentence = texts.rule_sentence(found.code, found.params, lang)
            yield own | {"kind": kind, "sheet": found.sheet, "cell": found.cell, "sentence": sentence, "reply": found.reply}
    for change in since.changes or ():
        sentence = correction.change_sentence(change, lang)
        yield own | {"kind": change.kind, "sheet": change.sheet, "cell": change.cell, "sentence": sentence, "reply": None}
