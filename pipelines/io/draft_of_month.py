"""The draft workbook of a month, filled from the store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from pipelines import correction
from pipelines.io import agenda, agenda_rows, reference
from pipelines.io.agenda import Agenda, Point
from pipelines.io.board import Board, FindingLine, RegionLine, board, findings_of
from pipelines.io.correspondence import changes_of_month
from pipelines.io.draft import BoardRow, DraftWorkbook, Headline, draft_name, write_draft
from pipelines.io.store import Store
from pipelines.model import Period, Since
from schemas import fields, texts
from schemas.codes import DiscrepancyStatus, Level, PopulationGroup, Unit
from schemas.frames import pd
from schemas.texts import message

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
    found, before_cmp = board(store, period), agenda.agenda(store, period, as_of)
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
        bridge=_bridge(store, period, lang),
        findings=[_finding(line, lang) for line in findings_of(store, period)],
        discrepancies=[_discrepancy(point, before_cmp, lang) for point in before_cmp.points if point.is_open or point.decisions],
        events=[agenda_rows.event(row, lang) for row in before_cmp.events],
        not_comparable=[agenda_rows.pair(row, lang) for row in before_cmp.not_comparable],
        lasting=list(_lasting(store.view("draft_lasting", period), lang)),
        secondary=list(_secondary(store.view("draft_secondary", period), lang)),
        summary=agenda.summary(before_cmp.points, lang),
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
        findings=line.findings, discrepancies=line.discrepancies,
    )  # fmt: skip


def _country(found: Board) -> BoardRow:
    line = RegionLine(
        place_id="ML", name=reference.gazetteer().place("ML").name, pcode="ML", received_in=None, totals=found.totals,
        received=all(line.received for line in found.regions), validated=all(line.validated for line in found.regions),
        carried_forward=any(line.carried_forward for line in found.regions), previous=found.previous,
        findings={effect: sum(line.findings.get(effect, 0) for line in found.regions)
                  for effect in sorted({effect for line in found.regions for effect in line.findings})},
        discrepancies=len(found.discrepancies),
    )  # fmt: skip
    return _row(line)


def _finding(found: FindingLine, lang: str) -> dict[str, Any]:
    return {
        "region": found.region, "file": found.file, "sheet": found.sheet, "cell": found.cell, "row": found.row, "code": found.code,
        "effect": str(found.effect), "value": found.value, "message": texts.rule_sentence(found.code, found.params, lang),
        "remedy": texts.rule_remedy(found.code, found.params, lang), "reply": found.reply,
    }  # fmt: skip


def _bridge(store: Store, period: Period, lang: str) -> pd.DataFrame:
    """The bridge, the decisions of regions and country in words."""
    frame = store.view("draft_bridge", period)
    gazetteer = reference.gazetteer()
    words: dict[tuple[Any, ...], str] = {}
    for place_id in ("ML", *reference.expected_regions(period)) if frame["action"].notna().any() else ():
        for item in store.bridge(period, place_id):
            if item["decision_id"]:
                key = tuple(item[name] for name in ("population_group", "measure", "unit", "item"))
                words[gazetteer.pcode(place_id), *key] = agenda.item_words(item, lang)
    keys = zip(*(frame[name] for name in ("pcode", "population_group", "measure", "unit", "item")), strict=True)
    return frame.assign(decision=pd.Series([words.get(key) for key in keys], dtype=object))


def _discrepancy(point: Point, before_cmp: Agenda, lang: str) -> dict[str, Any]:
    """A line of the sheet of discrepancies; under `decision` what was decided, answered and asked about it."""
    standing = None if point.is_open else point.standing
    said = message("draft_gap_undecided", lang)
    if standing is not None:
        said = message("draft_gap_decision", lang, number_of=str(standing["id"]), decision=agenda.decision_words(standing, lang))
    return {
        **agenda_rows.discrepancy(point, before_cmp.day, lang), "pcode": point.pcode, "open": point.is_open,
        "decision": "\n".join((said, *agenda.answered_lines(point, before_cmp.day, lang))),
        "decisions": [str(standing["id"])] if standing is not None and point.status is DiscrepancyStatus.DECIDED else [],
    }  # fmt: skip


_LASTING = {
    "over_12_months": "displaced_over_12_months", "under_12_months": "displaced_under_12_months", "returned": "returned",
    "returned_since_2012": "returned_since_2012", "integrated": "integrated", "relocated": "relocated",
}  # fmt: skip
"""The columns of the sheet, and of the view."""


def _lasting(frame: pd.DataFrame, lang: str) -> Iterator[dict[str, Any]]:
    """Where anybody is told of, the country first, then each region with its cercles and communes."""
    counts = frame[list(_LASTING.values())]
    order = [str(level) for level in Level]
    rows = frame[counts.fillna(0).gt(0).any(axis=1)].astype(object)
    told = sorted(
        rows.to_dict("records"), key=lambda row: (row["level"] != Level.COUNTRY, row["pcode"] or "", order.index(row["level"]))
    )
    for row in told:
        names = {name: None if pd.isna(row[name]) else row[name] for name in ("region", "cercle", "commune")}
        level = Level(row["level"])
        yield {
            "place": names["commune"] or names["cercle"] or names["region"] or agenda.label("ML", lang),
            "level": (fields.FIGURE[str(level)].label.in_(lang) if str(level) in fields.FIGURE.by_name else level.label(lang).capitalize()),
            "level_code": str(level), "region": names["region"], "cercle": names["cercle"],
            **{name: None if pd.isna(row[column]) else int(row[column]) for name, column in _LASTING.items()},
        }  # fmt: skip


def _secondary(frame: pd.DataFrame, lang: str) -> Iterator[dict[str, Any]]:
    """Each secondary move that a return tells, with both ends and the row that tells it."""
    told = frame[frame["households"].notna() | frame["individuals"].notna()].astype(object)
    for row in told.to_dict("records"):
        said: dict[str, Any] = {str(name): None if pd.isna(value) else value for name, value in row.items()}
        ends = {
            end: " › ".join(part for name in ("region", "cercle", "commune") if (part := said[f"{prefix}{name}"]))
            for end, prefix in (("from", "origin_"), ("to", ""))
        }
        yield {
            "told_by": said["told_by"], **{end: words or message("agenda_place_unknown", lang) for end, words in ends.items()},
            "households": said["households"], "individuals": said["individuals"],
            "returns": " › ".join((said["file"], said["sheet"], message("draft_row", lang, at=str(said["row"])))),
        }  # fmt: skip


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
