"""Contract and rules applied: readings in, checked submissions out. Pure.

The order is what keeps it at one message per defect: door, sheets, identification, single cells (pandera), places, rows
(pandera again, on the verdicts), the return as a whole. A cell that failed is missing for all that comes after it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from typing import Any

import pandera.pandas as pa
from pandera.errors import SchemaErrors

from pipelines import correction, rules
from pipelines.layouts import layout_named
from pipelines.location import PLACE_COLUMNS, SOURCE_PLACES, locate, locate_source
from pipelines.model import (
    Checked,
    Finding,
    Identification,
    Period,
    Reading,
    RowCounts,
    SheetReading,
    SourceRows,
    Unread,
    cell_of,
    letters,
)
from pipelines.places import Gazetteer, Match
from pipelines.rules import Hit, RowRule
from pipelines.sources import source_of_row
from schemas import cells, fields, tables, texts
from schemas.codes import Effect, Level, PopulationGroup, Unit
from schemas.frames import pd

_COUNTS = tuple(item.name for item in fields.observation_fields() if item.is_count)
_VALUES = tuple(item.name for item in fields.observation_fields())
_READABLE = 1e15
"""From here on a number is somebody's slip, and is quoted as it was typed."""
_RETURNS = frozenset({"return"})
_OF_RETURNS = frozenset(table.name for table in fields.RETURN_TABLES)
_SOURCES = frozenset(table.name for table in fields.SOURCE_TABLES)


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Effects and thresholds in force: those of `rules.toml`, some thresholds changed by settings."""

    changes: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def thresholds(self, code: str) -> Mapping[str, float]:
        return {**texts.rules()[code].thresholds, **self.changes.get(code, {})}

    def hash(self) -> str:
        """Identifies the rules a result was made with: effects and thresholds, not wording."""
        rows = {code: [rule.effect, rule.effects, self.thresholds(code)] for code, rule in texts.rules().items()}
        return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()

    def finding(self, code: str, hit: Hit, columns: Mapping[str, Mapping[str, str]]) -> Finding:
        cell = hit.cell
        if cell is None and hit.table is not None and hit.field is not None and hit.row is not None:
            cell = cell_of(columns.get(hit.table, {}).get(hit.field), hit.row)
        params = {**self.thresholds(code), **{name: _plain(value) for name, value in hit.params.items()}}
        value = None if hit.value is None or code == "PERSONAL_DATA" else str(_plain(hit.value))
        return Finding(code, texts.rules()[code].effect_on(hit.role), hit.sheet, cell, hit.row, value, params)


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
        self.doubted: set[tuple[str, int, str]] = set()
        self.findings: list[Finding] = []
        self.rows = _empty_rows()
        self.names = pd.DataFrame()

    @property
    def refused(self) -> bool:
        return any(finding.effect is Effect.REJECT_SUBMISSION for finding in self.findings)

    def hit(self, code: str, hit: Hit) -> None:
        """What is found in a source never blocks a publication: nothing of it enters a total."""
        found = self.rulebook.finding(code, hit, self.columns)
        if found.effect is Effect.BLOCK_PUBLICATION and self.reading.kind not in (None, "return"):
            found = replace(found, effect=Effect.JUSTIFY)
        self.findings.append(found)

    def cells_of(self, hits: Sequence[Hit]) -> list[str]:
        """Where else a defect stands: `Sheet C8`, in order, each once."""
        cells = (cell_of(self.columns.get(str(hit.table), {}).get(str(hit.field)), hit.row or 0) for hit in hits)
        return list(dict.fromkeys(f"{hit.sheet} {cell}" for hit, cell in zip(hits, cells, strict=True) if cell))

    def hit_unread(self, sheet: SheetReading, row: int, column: str, found: Unread, *, optional: bool = False) -> None:
        params = {"column": fields.table_named(sheet.table)[column].label.fr, "value": found.text}
        hit = Hit(sheet.table, sheet.sheet, row, column, value=found.text, params=params, optional=optional)
        self.hit(rules.UNREAD_RULES[found.kind], hit)

    def word_at(self, sheet: str, table: str, column: str, row: int) -> str | None:
        """What was typed in a cell that counts as empty: `ND`, `-`."""
        cells_of = next((found.rows for found in self.reading.file.sheets if found.name == sheet), ())
        letter = self.columns.get(table, {}).get(column)
        line = cells_of[row - 1] if letter and row <= len(cells_of) else ()
        at = next((at for at in range(len(line)) if letters(at) == letter), None)
        return line[at] if at is not None and isinstance(line[at], str) else None

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
        for name, (value, _) in self.reading.form.items():
            # a return without its region or month is refused, and that says it all
            if isinstance(value, Unread) and name not in ("region", "period"):
                hit = self.form.hit(name, column=fields.IDENTIFICATION[name].label.fr, value=value.text)
                self.hit(rules.UNREAD_RULES[value.kind], hit)
        for code, rule in rules.FORM_RULES.items():
            for hit in rule(self.form):
                self.hit(code, hit)

    def place(self, gazetteer: Gazetteer) -> None:
        assert self.identification.region_id is not None
        self.rows, self.names = locate(self.rows, gazetteer, self.identification.region_id)

    def judge_submission(self, gazetteer: Gazetteer) -> None:
        view = rules.SubmissionView(self.reading, self.rows, gazetteer, self.identification.period, frozenset(self.doubted))
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
        item.name: cells.reader_of(item, layout.words(item.name))(_form_value(reading, item.name))
        for item in fields.IDENTIFICATION.fields
    }
    match = gazetteer.match(str(typed["region"] or ""), "region", None, None)
    period = _period(_form_value(reading, "period"))
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


def _form_value(reading: Reading, name: str) -> Any:
    value = reading.form.get(name, (None, None))[0]
    return None if isinstance(value, Unread) else value


def _period(value: Any) -> Period | None:
    month = cells.as_month(value)
    return Period(*month) if month else None


# --- single cells -------------------------------------------------------------------------------------------------------


@cache
def _contract(layout: str, table: str, typed: bool) -> pa.DataFrameSchema:
    told = layout_named(layout)
    return tables.contract(told.sheet(table).table, told.words_by_field(), typed=typed)


def _check_cells(dossiers: Sequence[Dossier]) -> None:
    """Runs each sheet's contract once over all dossiers of a layout, reports what failed and keeps the rest typed."""
    typed: list[pd.DataFrame] = []
    for layout, table in _sheets_of(dossiers):
        frames = [
            sheet.frame.assign(_dossier=number, table=table, sheet=sheet.sheet)
            for number, dossier in enumerate(dossiers)
            for sheet in dossier.reading.sheets
            if dossier.reading.layout == layout and sheet.table == table and not sheet.frame.empty
        ]
        if frames:
            cells_read = pd.concat(frames, ignore_index=True)
            _report_cells(cells_read, table, layout, dossiers)
            typed.append(_typed(cells_read, table, layout))
    wide = _wide(typed)
    of_dossier = {int(str(number)): rows for number, rows in wide.groupby("_dossier", sort=False)} if typed else {}
    for number, dossier in enumerate(dossiers):
        dossier.rows = of_dossier.get(number, wide.iloc[:0]).drop(columns="_dossier", errors="ignore").reset_index(drop=True)
        _report_unread_totals(dossier)


def _sheets_of(dossiers: Sequence[Dossier]) -> list[tuple[str, str]]:
    """(layout, table) of all that was read, in the order of the fields."""
    found = {(str(dossier.reading.layout), sheet.table) for dossier in dossiers for sheet in dossier.reading.sheets}
    order = [table.name for table in fields.ALL_TABLES]
    return sorted(found, key=lambda item: (item[0], order.index(item[1])))


def _report_cells(cells_read: pd.DataFrame, table: str, layout: str, dossiers: Sequence[Dossier]) -> None:
    """One finding per failing cell; the cell becomes empty for the rules that follow. A row without any of its mandatory
    counts draws one finding, whatever else is empty in it. How texts were read is told once for a column."""
    declared = layout_named(layout).sheet(table).table
    said = _report_unread(cells_read, dossiers) | _report_uncounted(cells_read, declared, dossiers)
    typed = all(sheet.typed for dossier in dossiers for sheet in dossier.reading.sheets)
    how_read: dict[tuple[int, str, str], list[Any]] = {}
    for code, column, index in _failures(_contract(layout, table, typed), cells_read):
        if code.endswith("_REQUIRED") and (index, column) in said:
            continue
        if code in tables.HOW_READ_RULES:
            how_read.setdefault((int(str(cells_read.at[index, "_dossier"])), code, column), []).append(index)
            continue
        _report_cell(code, cells_read.loc[index], declared[column], dossiers)
        cells_read.at[index, column] = None
    for (number, code, column), found in how_read.items():
        row, item = cells_read.loc[found[0]], declared[column]
        meant = cells.reader_of(item, layout_named(layout).words(column))(row[column])
        more = {"meant": meant, "others": len(found) - 1}
        _report_cell(code, row, item, dossiers[number : number + 1], **more)


def _report_cell(code: str, row: pd.Series, item: fields.Field, dossiers: Sequence[Dossier], **more: Any) -> None:
    """A finding at one cell: `dossiers` are all of those read together, or the only one that it can be of."""
    dossier = dossiers[0] if len(dossiers) == 1 else dossiers[int(row["_dossier"])]
    params: dict[str, Any] = {"column": item.label.fr, "value": row[item.name], **more}
    if item.choices:
        params["choices"] = [choice.fr for choice in item.choices]
    if code.endswith("_REQUIRED"):
        params["typed"] = dossier.word_at(row["sheet"], row["table"], item.name, int(row["row"]))
    dossier.hit(code, Hit(row["table"], row["sheet"], int(row["row"]), item.name, value=row[item.name], params=params))


def _report_uncounted(cells_read: pd.DataFrame, declared: fields.Table, dossiers: Sequence[Dossier]) -> set[tuple[Any, str]]:
    """A row without any of its mandatory counts has one finding, at the first of them. Where the layout leaves a mandatory count
    optional, a row still wants one of any kind. Gives the (index, column) that need no word of their own."""
    wanted = [item for item in declared.counts if item.required]
    by_contract = bool(wanted)
    if not wanted and any(item.required for item in fields.table_named(declared.name).counts):
        wanted = list(declared.counts)
    if not wanted:
        return set()
    names = [item.name for item in wanted]
    uncounted = cells_read.index[cells_read[names].isna().all(axis=1)]
    if by_contract:
        return {(index, item.name) for index in uncounted for item in declared.fields if item.name != names[0]}
    for index in uncounted:
        _report_cell("COUNT_REQUIRED", cells_read.loc[index], wanted[0], dossiers)
    return set()


def _report_unread(cells_read: pd.DataFrame, dossiers: Sequence[Dossier]) -> set[tuple[Any, str]]:
    """The cells that hold no value, each with its finding; gives (index, column) of them, so that no other rule calls them empty."""
    done: set[tuple[Any, str]] = set()
    if not any(sheet.unread for dossier in dossiers for sheet in dossier.reading.sheets):
        return done
    where = zip(cells_read["_dossier"], cells_read["sheet"], cells_read["row"], strict=True)
    index_of = dict(zip(where, cells_read.index, strict=True))
    for number, dossier in enumerate(dossiers):
        for sheet in dossier.reading.sheets:
            for row, column, found in sheet.unread:
                index = index_of.get((number, sheet.sheet, row))
                if index is not None and sheet.table == cells_read.at[index, "table"]:
                    done.add((index, column))
                    dossier.doubted.add((sheet.table, row, column))
                    dossier.hit_unread(sheet, row, column, found)
    return done


def _report_unread_totals(dossier: Dossier) -> None:
    for sheet in dossier.reading.sheets:
        totals = {total.row for total in sheet.totals}
        for row, column, found in sheet.unread:
            if row in totals:
                dossier.hit_unread(sheet, row, column, found, optional=True)


def _failures(schema: pa.DataFrameSchema, frame: pd.DataFrame) -> Iterator[tuple[str, str, Any]]:
    """(rule, column, index) for each failing cell, the first rule of a cell only: pandera's failure cases in its order."""
    try:
        schema.validate(frame, lazy=True)
    except SchemaErrors as errors:
        cases = errors.failure_cases.sort_values("index", kind="stable").drop_duplicates(["column", "index"])
        yield from zip(cases["check"], cases["column"], cases["index"], strict=True)


def _typed(cells_read: pd.DataFrame, table: str, layout: str) -> pd.DataFrame:
    told = layout_named(layout)
    typed = cells_read[["_dossier", "table", "sheet", "row"]].copy()
    for item in told.sheet(table).table.fields:
        values = cells_read[item.name].map(cells.reader_of(item, told.words(item.name)), na_action="ignore")
        typed[item.name] = values.astype("Int64") if item.is_count else values.astype(object)
    return typed


def _wide(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """All sheets of all returns as one frame of `observation_fields()`, counts as Int64, the rest as objects (None when empty)."""
    if not frames:
        return _empty_rows()[["table", "sheet", "row", *_VALUES]].astype(dict.fromkeys(_COUNTS, "Int64"))
    columns = ["_dossier", "table", "sheet", "row", *_VALUES]
    wide = pd.concat([frame.reindex(columns=columns) for frame in frames], ignore_index=True)
    return pd.DataFrame({name: wide[name].astype("Int64") if name in _COUNTS else _objects(wide[name]) for name in columns})


def _objects(values: pd.Series) -> pd.Series:
    plain = values.astype(object)
    return plain.where(plain.notna(), None)


# --- rows ---------------------------------------------------------------------------------------------------------------


def _check_rows(dossiers: Sequence[Dossier]) -> None:
    """Runs each row rule once over all dossiers; pandera judges the frame of verdicts, one column a rule."""
    _judge_rows(_together([_with_context(dossier) for dossier in dossiers]), dossiers)
    _judge_names(_together([dossier.names for dossier in dossiers]), dossiers)


def _judge_rows(rows: pd.DataFrame, dossiers: Sequence[Dossier]) -> None:
    _judge(rows, [rule for rule in rules.ROW_RULES.values() if _OF_RETURNS & set(rule.tables)], dossiers)


def _judge_names(names: pd.DataFrame, dossiers: Sequence[Dossier]) -> None:
    _judge(names, [rule for rule in rules.ROW_RULES.values() if rules.NAMES in rule.tables], dossiers)


def _judge(frame: pd.DataFrame, chosen: Sequence[RowRule], dossiers: Sequence[Dossier]) -> None:
    if not frame.empty:
        verdicts, params = _verdicts(frame, chosen, dossiers[0].rulebook)
        _report_rows(frame, verdicts, params, dossiers)


def _with_context(dossier: Dossier) -> pd.DataFrame:
    period = dossier.identification.period
    doubtful = rules.all_dates_after(dossier.rows, period)
    return dossier.rows.assign(period_end=period.last_day if period and not doubtful else None)


def _together(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    return (
        pd.concat([frame.assign(_dossier=number) for number, frame in enumerate(frames)], ignore_index=True)
        if frames
        else pd.DataFrame()
    )


def _verdicts(
    frame: pd.DataFrame, chosen: Sequence[RowRule], rulebook: Rulebook
) -> tuple[pd.DataFrame, dict[str, Mapping[str, Any]]]:
    """A column of booleans a rule, in their order: a row whose cells an earlier rule does not believe is not judged by them."""
    verdicts, params = {}, {}
    doubted: dict[str, pd.Series] = {}
    for rule in chosen:
        known = frame[list(rule.needs)].notna().all(axis=1)
        if rules.NAMES not in rule.tables:
            known &= frame["table"].isin(rule.tables)
        for name in set(rule.needs) & set(doubted):
            known &= ~doubted[name]
        judged = frame[known]
        verdict = rule.judge(judged, rulebook.thresholds(rule.code)) if len(judged) else rules.Verdict(pd.Series(dtype=bool))
        ok = verdict.ok.astype("boolean").fillna(True).astype(bool).reindex(frame.index, fill_value=True)
        verdicts[rule.code], params[rule.code] = ok, verdict.params
        for name in rule.doubts:
            doubted[name] = doubted.get(name, False) | ~ok
    return pd.DataFrame(verdicts, index=frame.index), params


@cache
def _verdict_contract(codes: tuple[str, ...]) -> pa.DataFrameSchema:
    return pa.DataFrameSchema({code: pa.Column(bool, pa.Check(lambda ok: ok, error=code)) for code in codes})


def _report_rows(
    frame: pd.DataFrame, verdicts: pd.DataFrame, params: Mapping[str, Mapping[str, Any]], dossiers: Sequence[Dossier]
) -> None:
    found: dict[tuple[Any, ...], list[tuple[str, int, Any]]] = {}
    for code, _, index in _failures(_verdict_contract(tuple(verdicts.columns)), verdicts):
        row, rule = frame.loc[index], rules.ROW_RULES[code]
        number = int(row["_dossier"])
        dossiers[number].doubted |= {(row["table"], int(row["row"]), name) for name in rule.doubts}
        defect = (*(row[name] for name in rule.once),) if rule.once else (index,)
        found.setdefault((code, number, *defect), []).append((code, number, index))
    for (code, number, first), *others in found.values():
        dossier, rule = dossiers[number], rules.ROW_RULES[code]
        hit = _row_hit(frame.loc[first], rule)
        more = {name: _at(value, first) for name, value in params[code].items()}
        more["also_at"] = dossier.cells_of([_row_hit(frame.loc[index], rule) for _, _, index in others])
        dossier.hit(code, replace(hit, params={**_row_params(frame.loc[first], rule), **more}))


def _row_hit(row: pd.Series, rule: RowRule) -> Hit:
    in_names = rules.NAMES in rule.tables
    blamed = str(row["code_field"] if rule.at else row["field"]) if in_names else rule.at
    return Hit(row["table"], row["sheet"], int(row["row"]), blamed, value=_value(row, blamed))


def _value(row: pd.Series, blamed: str) -> Any:
    value = (row["code"] if blamed == row["code_field"] else row["name"]) if "code_field" in row.index else row.get(blamed)
    return None if not isinstance(value, list | tuple) and pd.isna(value) else value


def _row_params(row: pd.Series, rule: RowRule) -> dict[str, Any]:
    if rules.NAMES in rule.tables:
        return {name: row[name] for name in ("field", "name", "place", "found_in", "region_found", "cercle", "kept_at", "looked_in",
                                             "suggestion", "code", "code_place")}  # fmt: skip
    return {name: row[name] for name in rule.needs}


def _at(value: Any, index: Any) -> Any:
    return value.loc[index] if isinstance(value, pd.Series) else value


# --- sources ------------------------------------------------------------------------------------------------------------


def check_source(reading: Reading, gazetteer: Gazetteer, rulebook: Rulebook) -> list[SourceRows]:
    """Alerts, circulated totals and the stocks of other organisations through the same contract, place matching and totals as
    returns; one result per known sheet. The findings of the file as a whole are with the first."""
    dossier = Dossier(reading, rulebook)
    dossier.judge_reading(_SOURCES)
    if dossier.refused or not reading.sheets:
        return [SourceRows(reading.file, "", pd.DataFrame(), tuple(sorted(dossier.findings, key=Finding.sort_key)))]
    return [_source_rows(dossier, sheet, gazetteer) for sheet in reading.sheets]


def _source_rows(dossier: Dossier, sheet: SheetReading, gazetteer: Gazetteer) -> SourceRows:
    layout = str(dossier.reading.layout)
    cells_read = sheet.frame.assign(_dossier=0, table=sheet.table, sheet=sheet.sheet)
    _name_the_country(cells_read, layout, sheet.table)
    _report_cells(cells_read, sheet.table, layout, [dossier])
    rows = _typed(cells_read, sheet.table, layout).drop(columns="_dossier")
    where, names = locate_source(rows, gazetteer)
    rows[list(where.columns)] = where
    _judge_names(names.assign(_dossier=0), [dossier])
    _judge(rows.assign(_dossier=0), [rule for rule in rules.ROW_RULES.values() if sheet.table in rule.tables], [dossier])
    one = replace(dossier.reading, sheets=(sheet,))
    for hit in rules.SUBMISSION_RULES["TOTAL_MISMATCH"](rules.SubmissionView(one, rows, gazetteer)):
        dossier.hit("TOTAL_MISMATCH", hit)
    rejected = {
        finding.row for finding in dossier.findings if finding.effect is Effect.REJECT_ROW and finding.sheet == sheet.sheet
    }
    rows = rows[~rows["row"].isin(rejected)].reset_index(drop=True)
    table = fields.table_named(sheet.table)
    speaking = next(iter(table.counts), table.fields[0]).name
    rows["cell"] = [cell_of(sheet.columns.get(speaking, "A"), row) for row in rows["row"]]
    rows["file"] = dossier.reading.file.name
    sources = [source_of_row(row, layout) for row in rows.to_dict("records")]
    rows["source_id"] = [source.id for source in sources]
    rows["lineage"] = [source.lineage_of(PopulationGroup.IDP) for source in sources]
    findings = tuple(sorted(dossier.findings, key=Finding.sort_key))
    dossier.findings.clear()
    return SourceRows(
        dossier.reading.file,
        sheet.table,
        rows.drop(columns="table").astype(dict.fromkeys(SOURCE_PLACES, object)),
        findings,
        sheet.columns,
        layout,
    )


def _name_the_country(cells_read: pd.DataFrame, layout: str, table: str) -> None:
    """A total whose level is the country needs no region: it has the country in its place."""
    if {"level", "region"} <= set(cells_read.columns):
        level = cells.reader_of(fields.table_named(table)["level"], layout_named(layout).words("level"))
        of_country = cells_read["level"].map(level) == Level.COUNTRY
        cells_read.loc[of_country & cells_read["region"].isna(), "region"] = Level.COUNTRY.fr


_STOCK_COLUMNS: Mapping[str, Mapping[str, str]] = {
    PopulationGroup.IDP: {Unit.HOUSEHOLD: "households", Unit.INDIVIDUAL: "individuals"},
    PopulationGroup.IDP_RETURNEE: {Unit.HOUSEHOLD: "returnee_households", Unit.INDIVIDUAL: "returnee_individuals"},
    PopulationGroup.REPATRIATED_REFUGEE: {Unit.HOUSEHOLD: "repatriated_households", Unit.INDIVIDUAL: "repatriated_individuals"},
}
"""Which column of `fields.STOCK` counts whom."""


def source_totals(parts: Sequence[SourceRows]) -> dict[str, dict[str, int | None]]:
    """group -> unit -> the sum of a source's own column, None when it does not count them; empty for alerts and other flows,
    which are no total of anything."""
    stocks = [part.rows for part in parts if part.table == fields.STOCK.name]
    if not stocks:
        return {}
    rows = pd.concat(stocks, ignore_index=True)
    return {
        str(group): {str(unit): int(rows[name].sum()) if rows[name].notna().any() else None for unit, name in columns.items()}
        for group, columns in _STOCK_COLUMNS.items()
    }
