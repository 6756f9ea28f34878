"""From a number back to the file, sheet and cells it comes from. No pandas."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.markup import escape

from pipelines.io import reference
from pipelines.io.store import Store
from pipelines.model import FLOW_ENDS, Period
from schemas import codes, texts
from schemas.texts import message, number

_STOCK_SHEETS = {
    ("idp", "stock"): "idp",
    ("idp_returnee", "cumulative"): "returnee",
    ("repatriated_refugee", "cumulative"): "repatriated",
}
ROWS_SHOWN = 15
"""Rows printed behind one number; `--json` has them all."""
_CELL_OF = {"household": "households", "individual": "individuals"}


@dataclass(frozen=True, slots=True)
class Story:
    """Why the numbers of one place are what they are: totals, the bridge items of each, the rows behind them, what was said."""

    place_id: str
    name: str
    pcode: str | None
    level: str
    period: Period
    figures: Sequence[Mapping[str, Any]]
    bridge: Sequence[Mapping[str, Any]]
    rows: Sequence[Mapping[str, Any]]
    findings: Sequence[Mapping[str, Any]]


def find(store: Store, text: str) -> list[str]:
    """The places a person means by a name, code or id; several when a name is shared."""
    return [place["place_id"] for place in store.find_place(text)]


def story(store: Store, place_id: str, period: Period) -> Story:
    gazetteer = reference.gazetteer()
    place = gazetteer.place(place_id)
    inside = _inside(place_id)
    rows = store.observations_for(period, sorted(inside), [*_STOCK_SHEETS.values(), "movement"])
    at = {(row["submission_id"], row["sheet"], row["row"]) for row in rows}
    findings = [
        row for row in store.findings(period)
        if (row["submission_id"], row["sheet"], row["row"]) in at or (row["place_id"] in inside and row["submission_id"] is None)
    ]  # fmt: skip
    return Story(
        place_id=place_id, name=place.name, pcode=gazetteer.pcode(place_id), level=place.level, period=period,
        figures=sorted(store.figure_totals(period, place_id), key=_reading_order), bridge=store.bridge(period, place_id), rows=rows, findings=findings,
    )  # fmt: skip


def _reading_order(figure: Mapping[str, Any]) -> tuple[int, int, int]:
    """Stocks first, in the order of the code lists."""
    lists: tuple[tuple[str, type[codes.Code]], ...] = (
        ("population_group", codes.PopulationGroup), ("measure", codes.Measure), ("unit", codes.Unit),
    )  # fmt: skip
    first, second, third = (list(kind).index(kind(figure[name])) for name, kind in lists)
    return first, second, third


def _inside(place_id: str) -> set[str]:
    gazetteer = reference.gazetteer()
    found, queue = {place_id}, [place_id]
    while queue:
        children = gazetteer.children(queue.pop())
        found.update(children)
        queue.extend(children)
    return found


def cell_of(row: Mapping[str, Any], field: str) -> str | None:
    """The A1 address of a field in the author's own file."""
    letter = json.loads(row["columns"]).get(row["table_name"], {}).get(field)
    return f"{letter}{row['row']}" if letter else None


def lines(story: Story, lang: str) -> Iterator[str]:
    label = codes.Level(story.level).label(lang)
    yield message("explain_title", lang, place=story.name, kind=label, pcode=story.pcode, period=str(story.period))
    for figure in story.figures:
        yield from _figure_lines(story, figure, lang)
    if story.findings:
        yield message("explain_findings", lang)
        for finding in story.findings:
            parts = (codes.Effect(finding["effect"]).label(lang), finding["sheet"], finding["cell"])
            sentence = texts.rule_sentence(finding["code"], json.loads(finding["params"]), lang)
            yield f"  {escape(' '.join(part for part in parts if part))} : {escape(sentence)}"


def _figure_lines(story: Story, figure: Mapping[str, Any], lang: str) -> Iterator[str]:
    key = (figure["population_group"], figure["measure"], figure["unit"])
    name = " — ".join(
        (codes.PopulationGroup(key[0]).label(lang), codes.Measure(key[1]).label(lang), codes.Unit(key[2]).label(lang))
    )
    if figure["value"] is None:
        yield message("explain_missing", lang, name=name, reason=codes.MissingReason(figure["missing_reason"]))
        return
    basis = codes.Basis(figure["basis"]).label(lang) if figure["basis"] else "—"
    yield message("explain_figure", lang, name=name, value=figure["value"], grade=figure["grade"], basis=basis)
    for item in story.bridge:
        if (item["population_group"], item["measure"], item["unit"]) == key:
            yield "    " + _item_line(item, lang)
    yield from _row_lines(story, key, lang)


def _item_line(item: Mapping[str, Any], lang: str) -> str:
    if item["value"] is None:
        return f"{'—':>12}  {escape(item['reason'])} : {codes.MissingReason(item['missing_reason']).label(lang)}"
    sign = "+" if item["item"] and item["value"] > 0 else ""
    where = " › ".join(str(part) for part in (item["file"], item["sheet"], item["cell"]) if part)
    return f"{sign + number(item['value'], lang):>12}  {escape(item['reason'])}" + (
        f"  [dim]({escape(where)})[/]" if where else ""
    )


def _row_lines(story: Story, key: tuple[str, str, str], lang: str) -> Iterator[str]:
    field = _CELL_OF[key[2]]
    behind = list(_rows_behind(story, key))
    for row, place_id in behind[:ROWS_SHOWN]:
        yield message(
            "explain_row", lang, value=row[field], place=reference.gazetteer().place(place_id).name, file=row["file"],
            sheet=row["sheet"], cell=cell_of(row, field), sha256=row["sha256"][:12], observed_on=row["observed_on"],
            basis=codes.Basis(row["basis"]) if row["basis"] else None,
        )  # fmt: skip

    if len(behind) > ROWS_SHOWN:
        yield message("explain_more_rows", lang, count=len(behind) - ROWS_SHOWN)


def _rows_behind(story: Story, key: tuple[str, str, str]) -> Iterator[tuple[Mapping[str, Any], str]]:
    """The source rows of one number, each with the place it is counted at."""
    inside = _inside(story.place_id)
    for row in story.rows:
        if row[_CELL_OF[key[2]]] is None:
            continue
        if row["table_name"] == _STOCK_SHEETS.get((key[0], key[1])):
            yield row, row["place_id"]
        elif row["table_name"] == "movement" and key[0] == "idp":
            for movement, measure, end in FLOW_ENDS:
                if (row["movement"], key[1]) == (movement, measure) and row[end] in inside:
                    yield row, row[end]


def as_json(story: Story) -> dict[str, Any]:
    return {
        "place": story.name, "pcode": story.pcode, "level": story.level, "period": str(story.period),
        "figures": [dict(figure) for figure in story.figures],
        "bridge": [dict(item) for item in story.bridge],
        "rows": [_row_json(row) for row in story.rows],
        "findings": [{name: finding[name] for name in ("code", "effect", "sheet", "cell", "row", "value", "message", "remedy")}
                     for finding in story.findings],
    }  # fmt: skip


def _row_json(row: Mapping[str, Any]) -> dict[str, Any]:
    gazetteer = reference.gazetteer()
    ends = {
        name.removesuffix("_place_id") or "at": row[name] for name in ("place_id", "from_place_id", "to_place_id") if row[name]
    }
    return {
        "file": row["file"], "sha256": row["sha256"], "sheet": row["sheet"], "row": row["row"], "table": row["table_name"],
        "accepted": bool(row["accepted"]),
        "places": {end.replace("place_id", "at"): gazetteer.place(place_id).name for end, place_id in ends.items()},
        "cells": {field: {"cell": cell_of(row, field), "value": row[field]} for field in _CELL_OF.values()},
    }  # fmt: skip
