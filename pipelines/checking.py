"""Contract and rules applied: readings in, checked submissions out. Pure.

The order is what keeps it at one message per defect: door, sheets, identification, single cells (pandera), places, rows
(pandera again, on the verdicts), the return as a whole. A cell that failed is missing for all that comes after it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from pipelines import correction, rules
from pipelines.intake import layout_named
from pipelines.location import PLACE_COLUMNS, locate
from pipelines.model import Checked, Finding, Identification, Period, Reading, RowCounts, SheetReading, SourceRows
from pipelines.places import Gazetteer, Match
from pipelines.rules import Hit, RowRule
from schemas import fields, tables, texts
from schemas.codes import Effect

_COUNTS = tuple(item.name for item in fields.observation_fields() if item.is_count)
_VALUES = tuple(item.name for item in fields.observation_fields())
_READABLE = 1e15
"""From here on a number is somebody's slip, and is quoted as it was typed."""
_RETURNS = frozenset({"return"})
_SOURCES = frozenset(table.name for table in fields.SOURCE_TABLES)


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Effects and thresholds in force: those of `rules.toml`, some thresholds changed by settings."""

    changes: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def thresholds(self, code: str) -> Mapping[str, float]:
        return {**texts.rules()[code].thresholds, **self.changes.get(code, {})}

    def hash(self) -> str:
        """Identifies the rules a result was made with: effects and thresholds, not wording."""
        rows = {code: [rule.effect, self.thresholds(code)] for code, rule in texts.rules().items()}
        return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()

    def finding(self, code: str, hit: Hit, columns: Mapping[str, Mapping[str, str]]) -> Finding:
        cell = hit.cell
        if cell is None and hit.table is not None and hit.field is not None and hit.row is not None:
            letter = columns.get(hit.table, {}).get(hit.field)
            cell = f"{letter}{hit.row}" if letter else None
        params = {**self.thresholds(code), **{name: _plain(value) for name, value in hit.params.items()}}
        value = None if hit.value is None or code == "PERSONAL_DATA" else str(_plain(hit.value))
        return Finding(code, texts.rules()[code].effect, hit.sheet, cell, hit.row, value, params)


def _plain(value: Any) -> Any:
    """A value as JSON can keep it."""
    if isinstance(value, str | bool) or value is None:
        return value if not hasattr(value, "value") else str(value)
    if isinstance(value, date):
        return value.isoformat()[:10]
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    return None if pd.isna(value) else _plain_number(value)


def _plain_number(value: Any) -> int | float | str:
    number = float(value)
    if not abs(number) < _READABLE:
        return str(value)
    return int(number) if number == int(number) else round(number, 4)


def check(readings: Sequence[Reading], gazetteer: Gazetteer, rulebook: Rulebook, expected: Period | None) -> list[Checked]:
    """The readings judged together (pandera's cost is per call), in their order. `expected` is the month asked for."""
    return check_rows(locate_rows(check_cells(readings, gazetteer, rulebook, expected), gazetteer), gazetteer)


def check_cells(readings: Sequence[Reading], gazetteer: Gazetteer, rulebook: Rulebook, expected: Period | None) -> list[Dossier]:
    """Door, sheets, identification and single cells."""
    dossiers = [Dossier(reading, rulebook) for reading in readings]
    for dossier in dossiers:
        dossier.judge_reading(_RETURNS)
        dossier.identify(gazetteer, expected)
    _check_batch(dossiers)
    _check_cells([dossier for dossier in dossiers if not dossier.refused])
    return dossiers


def locate_rows(dossiers: Sequence[Dossier], gazetteer: Gazetteer) -> list[Dossier]:
    """Every name to a place."""
    for dossier in dossiers:
        if not dossier.refused:
            dossier.place(gazetteer)
    return list(dossiers)


def check_rows(dossiers: Sequence[Dossier], gazetteer: Gazetteer) -> list[Checked]:
    """Rows, then each return as a whole."""
    alive = [dossier for dossier in dossiers if not dossier.refused]
    _check_rows(alive)
    for dossier in alive:
        dossier.judge_submission(gazetteer)
    return [dossier.finish() for dossier in dossiers]


def _check_batch(dossiers: Sequence[Dossier]) -> None:
    known = [(dossier, dossier.form) for dossier in dossiers if dossier.form is not None and not dossier.refused]
    for code, rule in rules.BATCH_RULES.items():
        for position, hit in rule([form for _, form in known]):
            known[position][0].hit(code, hit)


class Dossier:
    """One return on its way through the checks."""

    def __init__(self, reading: Reading, rulebook: Rulebook) -> None:
        self.reading = reading
        self.rulebook = rulebook
        self.columns = {sheet.table: dict(sheet.columns) for sheet in reading.sheets}
        self.identification = Identification()
        self.form: rules.FormView | None = None
        self.findings: list[Finding] = []
        self.rows = _empty_rows()
        self.names = pd.DataFrame()

    @property
    def refused(self) -> bool:
        return any(finding.effect is Effect.REJECT_SUBMISSION for finding in self.findings)

    def hit(self, code: str, hit: Hit) -> None:
        self.findings.append(self.rulebook.finding(code, hit, self.columns))

    def judge_reading(self, wanted: frozenset[str]) -> None:
        """`wanted` are the kinds of layout that may be here; of any other, nothing more is judged."""
        for code, door in rules.DOOR_RULES.items():
            for hit in door(self.reading, wanted):
                self.hit(code, hit)
        if not self.refused:
            for code, rule in rules.READING_RULES.items():
                for hit in rule(self.reading):
                    self.hit(code, hit)

    def identify(self, gazetteer: Gazetteer, expected: Period | None) -> None:
        if not self.reading.form:
            return
        self.identification, match = _identification(self.reading, gazetteer)
        self.form = rules.FormView(
            reading=self.reading,
            identification=self.identification,
            region_method=str(match.method),
            region_name=gazetteer.place(match.place_id).name if match.place_id else None,
            suggestion=tuple(item.name for item in match.suggestions),
            expected=expected,
        )
        for code, rule in rules.FORM_RULES.items():
            for hit in rule(self.form):
                self.hit(code, hit)

    def place(self, gazetteer: Gazetteer) -> None:
        assert self.identification.region_id is not None
        self.rows, self.names = locate(self.rows, gazetteer, self.identification.region_id)

    def judge_submission(self, gazetteer: Gazetteer) -> None:
        view = rules.SubmissionView(self.reading, self.rows, gazetteer)
        for code, rule in rules.SUBMISSION_RULES.items():
            for hit in rule(view):
                self.hit(code, hit)

    def finish(self) -> Checked:
        rows = self.rows.reset_index(drop=True)
        rejected = {(f.sheet, f.row) for f in self.findings if f.effect is Effect.REJECT_ROW}
        at = zip(rows["sheet"], rows["row"], strict=True)
        rows["accepted"] = pd.Series([(sheet, row) not in rejected for sheet, row in at], dtype=bool)
        return Checked(
            file=self.reading.file,
            layout=self.reading.layout,
            identification=self.identification,
            rows=_empty_rows() if self.refused else rows,
            columns=self.columns,
            findings=tuple(sorted(self.findings, key=Finding.sort_key)),
            counts=self._counts(rows),
        )

    def _counts(self, rows: pd.DataFrame) -> RowCounts:
        read = sum(sheet.read for sheet in self.reading.sheets)
        recognised = sum(sheet.recognised for sheet in self.reading.sheets)
        accepted = 0 if self.refused else int(rows["accepted"].sum())
        return RowCounts(read, accepted, read - recognised - accepted, recognised)


def _empty_rows() -> pd.DataFrame:
    return pd.DataFrame(columns=["table", "sheet", "row", "accepted", *_VALUES, *PLACE_COLUMNS], dtype=object)


def _identification(reading: Reading, gazetteer: Gazetteer) -> tuple[Identification, Match]:
    layout = layout_named(str(reading.layout))
    typed = {
        item.name: tables.reader_of(item, layout.choices.get(item.name))(reading.form.get(item.name, (None, None))[0])
        for item in fields.IDENTIFICATION.fields
    }
    match = gazetteer.match(str(typed["region"] or ""), "region", None, None)
    period = _period(reading.form.get("period", (None, None))[0])
    answer = correction.answered_for(reading.file, period)
    found = Identification(
        region=typed["region"],
        region_id=match.place_id,
        period=period,
        version=correction.effective_version(typed["version"], answer),
        prepared_by=typed["prepared_by"],
        function=typed["function"],
        prepared_on=typed["prepared_on"],
        validated=typed["validated"] == "yes",
        validated_on=typed["validated_on"],
        minutes_number=typed["minutes_number"],
        validated_by=typed["validated_by"],
    )
    return found, match


def _period(value: Any) -> Period | None:
    """AAAA-MM as text, MM/AAAA, or any date of the month."""
    if isinstance(value, str):
        text = value.strip()
        month, _, year = text.partition("/")
        try:
            return Period.parse(f"{year}-{month.zfill(2)}" if len(year) == 4 else text)
        except ValueError:
            pass
    day = tables.as_date(value)
    return Period(day.year, day.month) if day else None


# --- single cells -------------------------------------------------------------------------------------------------------


@cache
def _contract(layout: str, table: str) -> pa.DataFrameSchema:
    return tables.contract(next(item for item in fields.ALL_TABLES if item.name == table), layout_named(layout).choices)


def _check_cells(dossiers: Sequence[Dossier]) -> None:
    """Runs each sheet's contract once over all dossiers of a layout, reports what failed and keeps the rest typed."""
    typed: dict[int, list[pd.DataFrame]] = {number: [] for number in range(len(dossiers))}
    for layout in sorted({str(dossier.reading.layout) for dossier in dossiers}):
        for table in fields.RETURN_TABLES:
            frames = []
            for number, dossier in enumerate(dossiers):
                sheet = dossier.reading.sheet(table.name) if dossier.reading.layout == layout else None
                if sheet is not None and not sheet.frame.empty:
                    frames.append(sheet.frame.assign(_dossier=number, table=table.name, sheet=sheet.sheet))
            if frames:
                cells = pd.concat(frames, ignore_index=True)
                _report_cells(cells, table, layout, dossiers)
                for dossier_number, rows in _typed(cells, table, layout).groupby("_dossier", sort=False):
                    typed[int(str(dossier_number))].append(rows.drop(columns="_dossier"))
    for number, dossier in enumerate(dossiers):
        dossier.rows = _wide(typed[number])


def _report_cells(cells: pd.DataFrame, table: fields.Table, layout: str, dossiers: Sequence[Dossier]) -> None:
    """One finding per failing cell; the cell becomes empty for the rules that follow. A row without any of its mandatory
    counts draws one finding, whatever else is empty in it."""
    counts = [item.name for item in table.counts if item.required]
    uncounted = set(cells.index[cells[counts].isna().all(axis=1)]) if counts else set()
    for code, column, index in _failures(_contract(layout, table.name), cells):
        if index in uncounted and code.endswith("_REQUIRED") and column != counts[0]:
            continue
        row, item = cells.loc[index], table[column]
        params = {"column": item.label.fr, "value": row[column], "choices": [c.fr for c in item.choices or ()]}
        if not item.choices:
            params.pop("choices")
        hit = Hit(table.name, row["sheet"], int(row["row"]), column, value=row[column], params=params)
        dossiers[int(row["_dossier"])].hit(code, hit)
        cells.at[index, column] = None


def _failures(schema: pa.DataFrameSchema, frame: pd.DataFrame) -> Iterator[tuple[str, str, Any]]:
    """(rule, column, index) for each failing cell, the first rule of a cell only: pandera's failure cases in its order."""
    try:
        schema.validate(frame, lazy=True)
    except SchemaErrors as errors:
        cases = errors.failure_cases.sort_values("index", kind="stable").drop_duplicates(["column", "index"])
        yield from zip(cases["check"], cases["column"], cases["index"], strict=True)


def _typed(cells: pd.DataFrame, table: fields.Table, layout: str) -> pd.DataFrame:
    choices = layout_named(layout).choices
    typed = cells[["_dossier", "table", "sheet", "row"]].copy()
    for item in table.fields:
        values = cells[item.name].map(tables.reader_of(item, choices.get(item.name)), na_action="ignore")
        typed[item.name] = values.astype("Int64") if item.is_count else values.astype(object)
    return typed


def _wide(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """All sheets of a return as one frame of `observation_fields()`, counts as Int64, the rest as objects (None when empty)."""
    if not frames:
        return _empty_rows()[["table", "sheet", "row", *_VALUES]].astype(dict.fromkeys(_COUNTS, "Int64"))
    wide = pd.concat([frame.reindex(columns=["table", "sheet", "row", *_VALUES]) for frame in frames], ignore_index=True)
    for name in wide.columns:
        wide[name] = wide[name].astype("Int64") if name in _COUNTS else _objects(wide[name])
    return wide


def _objects(values: pd.Series) -> pd.Series:
    plain = values.astype(object)
    return plain.where(plain.notna(), None)


# --- rows ---------------------------------------------------------------------------------------------------------------


def _check_rows(dossiers: Sequence[Dossier]) -> None:
    """Runs each row rule once over all dossiers; pandera judges the frame of verdicts, one column a rule."""
    rows = _together([_with_context(dossier) for dossier in dossiers])
    names = _together([dossier.names for dossier in dossiers])
    for frame, in_names in ((rows, False), (names, True)):
        if frame.empty:
            continue
        chosen = [rule for rule in rules.ROW_RULES.values() if (rules.NAMES in rule.tables) is in_names]
        verdicts, params = _verdicts(frame, chosen, dossiers[0].rulebook)
        _report_rows(frame, verdicts, params, dossiers)


def _with_context(dossier: Dossier) -> pd.DataFrame:
    period = dossier.identification.period
    return dossier.rows.assign(period_end=period.last_day if period else None)


def _together(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    return (
        pd.concat([frame.assign(_dossier=number) for number, frame in enumerate(frames)], ignore_index=True)
        if frames
        else pd.DataFrame()
    )


def _verdicts(
    frame: pd.DataFrame, chosen: Sequence[RowRule], rulebook: Rulebook
) -> tuple[pd.DataFrame, dict[str, Mapping[str, Any]]]:
    verdicts, params = {}, {}
    for rule in chosen:
        known = frame[list(rule.needs)].notna().all(axis=1)
        if rules.NAMES not in rule.tables:
            known &= frame["table"].isin(rule.tables)
        judged = frame[known]
        verdict = rule.judge(judged, rulebook.thresholds(rule.code)) if len(judged) else rules.Verdict(pd.Series(dtype=bool))
        ok = verdict.ok.astype("boolean").fillna(True).astype(bool)
        verdicts[rule.code] = ok.reindex(frame.index, fill_value=True)
        params[rule.code] = verdict.params
    return pd.DataFrame(verdicts, index=frame.index), params


@cache
def _verdict_contract(codes: tuple[str, ...]) -> pa.DataFrameSchema:
    return pa.DataFrameSchema({code: pa.Column(bool, pa.Check(lambda ok: ok, error=code)) for code in codes})


def _report_rows(
    frame: pd.DataFrame, verdicts: pd.DataFrame, params: Mapping[str, Mapping[str, Any]], dossiers: Sequence[Dossier]
) -> None:
    seen: set[tuple[Any, ...]] = set()
    for code, _, index in _failures(_verdict_contract(tuple(verdicts.columns)), verdicts):
        row, rule = frame.loc[index], rules.ROW_RULES[code]
        if rule.once:
            defect = (code, row["_dossier"], *(row[name] for name in rule.once))
            if defect in seen:
                continue
            seen.add(defect)
        blamed = rule.at or str(row["field"])
        hit = Hit(row["table"], row["sheet"], int(row["row"]), blamed, value=_value(row, blamed),
                  params={**_row_params(row, rule), **{k: _at(v, index) for k, v in params[code].items()}})  # fmt: skip
        dossiers[int(row["_dossier"])].hit(code, hit)


def _value(row: pd.Series, blamed: str) -> Any:
    value = row["name"] if "name" in row.index and blamed != "code" else row.get(blamed)
    return None if not isinstance(value, list | tuple) and pd.isna(value) else value


def _row_params(row: pd.Series, rule: RowRule) -> dict[str, Any]:
    if rules.NAMES in rule.tables:
        return {name: row[name] for name in ("name", "place", "found_in", "region_found", "cercle", "kept_at", "suggestion",
                                             "code", "code_place")}  # fmt: skip
    return {name: row[name] for name in rule.needs}


def _at(value: Any, index: Any) -> Any:
    return value.loc[index] if isinstance(value, pd.Series) else value


# --- sources ------------------------------------------------------------------------------------------------------------


def check_source(reading: Reading, gazetteer: Gazetteer, rulebook: Rulebook) -> list[SourceRows]:
    """Alerts and circulated totals through the same contract and place matching as returns; one result per known sheet."""
    dossier = Dossier(reading, rulebook)
    dossier.judge_reading(_SOURCES)
    if dossier.refused:
        return [SourceRows(reading.file, "", pd.DataFrame(), tuple(dossier.findings))]
    return [_source_rows(dossier, sheet, gazetteer) for sheet in reading.sheets]


def _source_rows(dossier: Dossier, sheet: SheetReading, gazetteer: Gazetteer) -> SourceRows:
    table = next(item for item in fields.SOURCE_TABLES if item.name == sheet.table)
    cells = sheet.frame.assign(_dossier=0, table=table.name, sheet=sheet.sheet)
    _report_cells(cells, table, str(dossier.reading.layout), [dossier])
    rejected = {finding.row for finding in dossier.findings if finding.effect is Effect.REJECT_ROW}
    rows = _typed(cells, table, str(dossier.reading.layout)).drop(columns=["_dossier", "table"])
    rows = rows[~rows["row"].isin(rejected)].reset_index(drop=True)
    first_count = sheet.columns.get(table.counts[0].name, "A")
    rows["cell"] = [f"{first_count}{row}" for row in rows["row"]]
    rows["file"] = dossier.reading.file.name
    rows["place_id"] = [_place_source(row, dossier, sheet, gazetteer) for row in rows.to_dict("records")]
    findings = tuple(sorted(dossier.findings, key=Finding.sort_key))
    return SourceRows(dossier.reading.file, table.name, rows.astype({"place_id": object}), findings)


def _place_source(row: Mapping[Any, Any], dossier: Dossier, sheet: SheetReading, gazetteer: Gazetteer) -> str | None:
    """Region, then cercle, then commune, as far as they are recognised; the first that is not draws a finding."""
    place_id: str | None = None
    for level in ("region", "cercle", "commune"):
        name = row.get(level)
        if not isinstance(name, str):
            continue
        match = gazetteer.match(name, level, place_id, None)
        if match.place_id is None and level == "cercle":
            match = gazetteer.match(name, level, None, None)
        if match.place_id is None:
            kept_at = gazetteer.place(place_id).name if place_id else "—"
            params = {"name": name, "kept_at": kept_at, "suggestion": [item.name for item in match.suggestions]}
            dossier.hit("PLACE_UNKNOWN", Hit(sheet.table, sheet.sheet, int(row["row"]), level, value=name, params=params))
            break
        place_id = match.place_id
    return place_id
