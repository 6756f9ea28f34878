"""The rules: one small function each, which says what is right and never raises. Pure.

A rule's effect, thresholds and texts are its row in `schemas/rules.toml`; single columns are held by the pandera checks of
`schemas/tables.py`. Seven kinds, by what they look at:

    door      the layout of the file, in its folder      -> hits
    reading   the file and its sheets                    -> hits
    form      the identification of the return           -> hits
    row       one row (or one place name) at a time      -> verdict: a boolean per row, True when right
    submission  the rows of one return together          -> hits
    batch     the returns of one month together          -> hits with the position of their return
    month     the compiled month against its past        -> hits with a place

A row rule is *unknown*, not failed, where a cell it needs is missing or drew a finding of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as attribute
from functools import cached_property
from typing import Any

from pipelines import correction
from pipelines.model import (
    Decision,
    DecisionConflict,
    DecisionLapsed,
    Identification,
    LateVersion,
    Past,
    Period,
    Problem,
    Reading,
    SheetReading,
    SubmissionHead,
    Unread,
    runs,
)
from pipelines.places import Gazetteer, MatchMethod
from pipelines.release import same_person
from pipelines.sources import row_name, source_of, source_of_row
from schemas import fields
from schemas.cells import plain
from schemas.codes import Basis, Measure, Movement, PopulationGroup, RowLevel, Scope, StatementStatus, Unit
from schemas.frames import pd

Thresholds = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Hit:
    """Where a rule failed. The cell is `cell`, or follows from `field` and `row` through the column map of `table`."""

    table: str | None = None
    sheet: str | None = None
    row: int | None = None
    field: str | None = None
    cell: str | None = None
    value: Any = None
    params: Mapping[str, Any] = attribute(default_factory=dict)
    place_id: str | None = None
    submission_id: int | None = None
    optional: bool = False
    """Whether the cell is one that may stay empty, whatever its column asks of others: that of a printed total."""

    @property
    def role(self) -> str:
        """What a rule whose effect depends on the column asks: a mandatory `count`, another `mandatory` column, or `optional`."""
        if self.optional or self.table is None or self.field is None:
            return "optional"
        blamed = fields.table_named(self.table)[self.field]
        return "optional" if not blamed.required else "count" if blamed.is_count else "mandatory"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`ok` is True for a right row; `params` are series or constants that the text needs."""

    ok: pd.Series
    params: Mapping[str, Any] = attribute(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RowRule:
    """`needs` are the cells without which the rule is unknown, `at` the column blamed (a column `field` when `at` is empty),
    `once` the columns whose values make one defect of many rows, `doubts` the cells that are not to be believed in a row that
    failed: rules declared further down that need one of them are unknown there, and so are totals over its column."""

    code: str
    judge: Callable[[pd.DataFrame, Thresholds], Verdict]
    tables: tuple[str, ...]
    needs: tuple[str, ...]
    at: str
    once: tuple[str, ...]
    doubts: tuple[str, ...]


DOOR_RULES: dict[str, Callable[[Reading, frozenset[str]], Iterable[Hit]]] = {}
READING_RULES: dict[str, Callable[[Reading], Iterable[Hit]]] = {}
FORM_RULES: dict[str, Callable[[FormView], Iterable[Hit]]] = {}
ROW_RULES: dict[str, RowRule] = {}
SUBMISSION_RULES: dict[str, Callable[[SubmissionView], Iterable[Hit]]] = {}
BATCH_RULES: dict[str, Callable[[Sequence[FormView]], Iterable[tuple[int, Hit]]]] = {}
MONTH_RULES: dict[str, Callable[[MonthView, Thresholds], Iterable[Hit]]] = {}

UNREAD_RULES = {Unread.ERROR: "CELL_ERROR", Unread.FORMULA: "FORMULA_NOT_CALCULATED", Unread.MERGED: "COUNT_MERGED"}
"""The rule that a cell without a value draws, by what stands in it."""

NAMES = "names"
"""The table name under which row rules see the place names read, one line each."""
_PLACED = tuple(table.name for table in fields.RETURN_TABLES if "cercle" in table.by_name)
_STATING = tuple(table.name for table in fields.SOURCE_TABLES if "organisation" in table.by_name)
_COUNTED = tuple(table.name for table in fields.RETURN_TABLES if {"households", "individuals"} <= set(table.names))


def all_codes() -> frozenset[str]:
    from pipelines.triangulation import DISCREPANCY_RULES
    from schemas.tables import COLUMN_RULES

    of_a_return = (DOOR_RULES, READING_RULES, FORM_RULES, ROW_RULES, SUBMISSION_RULES)
    of_a_month = (BATCH_RULES, MONTH_RULES, DISCREPANCY_RULES, DECISION_RULES)
    return frozenset(code for group in (COLUMN_RULES, UNREAD_RULES.values(), *of_a_return, *of_a_month) for code in group)


DoorRule = Callable[[Reading, frozenset[str]], Iterable[Hit]]


def door_rule(code: str) -> Callable[[DoorRule], DoorRule]:
    def register(rule: DoorRule) -> DoorRule:
        DOOR_RULES[code] = rule
        return rule

    return register


def reading_rule(code: str) -> Callable[[Callable[[Reading], Iterable[Hit]]], Callable[[Reading], Iterable[Hit]]]:
    def register(rule: Callable[[Reading], Iterable[Hit]]) -> Callable[[Reading], Iterable[Hit]]:
        READING_RULES[code] = rule
        return rule

    return register


def form_rule(code: str) -> Callable[[Callable[[FormView], Iterable[Hit]]], Callable[[FormView], Iterable[Hit]]]:
    def register(rule: Callable[[FormView], Iterable[Hit]]) -> Callable[[FormView], Iterable[Hit]]:
        FORM_RULES[code] = rule
        return rule

    return register


Judge = Callable[[pd.DataFrame, Thresholds], Verdict]


def row_rule(
    code: str,
    *,
    tables: tuple[str, ...],
    needs: tuple[str, ...],
    at: str,
    once: tuple[str, ...] = (),
    doubts: tuple[str, ...] = (),
) -> Callable[[Judge], Judge]:
    def register(judge: Judge) -> Judge:
        ROW_RULES[code] = RowRule(code, judge, tables, needs, at, once, doubts)
        return judge

    return register


def submission_rule(
    code: str,
) -> Callable[[Callable[[SubmissionView], Iterable[Hit]]], Callable[[SubmissionView], Iterable[Hit]]]:
    def register(rule: Callable[[SubmissionView], Iterable[Hit]]) -> Callable[[SubmissionView], Iterable[Hit]]:
        SUBMISSION_RULES[code] = rule
        return rule

    return register


BatchRule = Callable[[Sequence["FormView"]], Iterable[tuple[int, Hit]]]


def batch_rule(code: str) -> Callable[[BatchRule], BatchRule]:
    def register(rule: BatchRule) -> BatchRule:
        BATCH_RULES[code] = rule
        return rule

    return register


MonthRule = Callable[["MonthView", Thresholds], Iterable[Hit]]


def month_rule(code: str) -> Callable[[MonthRule], MonthRule]:
    def register(rule: MonthRule) -> MonthRule:
        MONTH_RULES[code] = rule
        return rule

    return register


DecisionRule = Callable[[Sequence[DecisionConflict | DecisionLapsed], Mapping[int, Decision], Gazetteer], Iterable[Hit]]
DECISION_RULES: dict[str, DecisionRule] = {}


def decision_rule(code: str) -> Callable[[DecisionRule], DecisionRule]:
    """What is said of the decisions that stand in a month; they come by their id."""

    def register(rule: DecisionRule) -> DecisionRule:
        DECISION_RULES[code] = rule
        return rule

    return register


# --- the file and its sheets --------------------------------------------------------------------------------------------


def _refused_at_the_door(problem: Problem) -> None:
    @reading_rule(problem)
    def refused(reading: Reading) -> Iterator[Hit]:
        if reading.file.problem == problem:
            yield Hit(params=reading.file.details)


for _problem in Problem:
    _refused_at_the_door(_problem)


@reading_rule("LAYOUT_UNKNOWN")
def layout_unknown(reading: Reading) -> Iterator[Hit]:
    if reading.file.problem is None and reading.layout is None and not reading.persons:
        yield Hit(params={"sheets": [sheet.name for sheet in reading.file.sheets]})


@door_rule("LAYOUT_OTHER")
def layout_other(reading: Reading, wanted: frozenset[str]) -> Iterator[Hit]:
    """A source among the returns, or a return among the sources."""
    if reading.kind is not None and reading.kind not in wanted and not reading.persons:
        yield Hit(params={"layout": reading.layout})


@reading_rule("SHEET_MISSING")
def sheet_missing(reading: Reading) -> Iterator[Hit]:
    for title in reading.missing_sheets:
        yield Hit(sheet=title, params={"sheet_title": title})


@reading_rule("SHEET_TWICE")
def sheet_twice(reading: Reading) -> Iterator[Hit]:
    for title, first_title in reading.repeated_sheets:
        yield Hit(sheet=title, params={"sheet_title": title, "first_title": first_title})


@reading_rule("SHEET_UNKNOWN")
def sheet_unknown(reading: Reading) -> Iterator[Hit]:
    for title in reading.unknown_sheets:
        yield Hit(sheet=title, params={"sheet_title": title})


@reading_rule("SHEET_WITHOUT_HEADER")
def sheet_without_header(reading: Reading) -> Iterator[Hit]:
    """A table whose columns are not named, or an identification without any of its labels."""
    for sheet in reading.sheets:
        if sheet.header_row is None and not sheet.empty:
            yield Hit(sheet=sheet.sheet, params={"sheet_title": sheet.sheet})
    if reading.form_sheet is not None and not reading.form:
        yield Hit(sheet=reading.form_sheet, params={"sheet_title": reading.form_sheet})


@reading_rule("SHEET_WITHOUT_ROWS")
def sheet_without_rows(reading: Reading) -> Iterator[Hit]:
    sheet = reading.sheet(fields.IDP.name)
    if sheet is not None and (sheet.header_row is not None or sheet.empty) and sheet.frame.empty:
        yield Hit(sheet=sheet.sheet, params={"sheet_title": sheet.sheet})


@reading_rule("SHEET_UNFILLED")
def sheet_unfilled(reading: Reading) -> Iterator[Hit]:
    """A fiche modèle sent back as it came: places, and not one number."""
    sheet = reading.sheet(fields.IDP.name)
    counts = [item.name for item in fields.IDP.counts if item.required]
    if (
        sheet is not None
        and not sheet.frame.empty
        and set(counts) <= set(sheet.columns)
        and sheet.frame[counts].isna().all(axis=None)
    ):
        yield Hit(sheet=sheet.sheet, params={"sheet_title": sheet.sheet, "rows": len(sheet.frame)})


@reading_rule("SHEET_RENAMED")
def sheet_renamed(reading: Reading) -> Iterator[Hit]:
    """Only among sheets that a title should tell: a source known by its headers may have any."""
    if reading.kind == "return":
        for title, meant in reading.renamed_sheets:
            yield Hit(sheet=title, params={"sheet_title": title, "meant": meant})


@reading_rule("SHEET_HIDDEN")
def sheet_hidden(reading: Reading) -> Iterator[Hit]:
    for title in reading.hidden_sheets:
        yield Hit(sheet=title, params={"sheet_title": title})


@reading_rule("ROWS_HIDDEN")
def rows_hidden(reading: Reading) -> Iterator[Hit]:
    """One finding for rows that follow each other."""
    for sheet in reading.sheets:
        for run in runs(sorted(sheet.hidden_rows)):
            params = {"rows": f"{run[0]}" if len(run) == 1 else f"{run[0]}-{run[-1]}"}
            yield Hit(sheet=sheet.sheet, row=run[0], cell=f"A{run[0]}", params=params)


@reading_rule("COLUMN_HIDDEN")
def column_hidden(reading: Reading) -> Iterator[Hit]:
    for sheet in reading.sheets:
        for cell in sheet.hidden_columns:
            yield Hit(sheet=sheet.sheet, row=sheet.header_row, cell=cell, params={"letters": cell.rstrip("0123456789")})


@reading_rule("TABLE_NOT_READ")
def table_not_read(reading: Reading) -> Iterator[Hit]:
    for sheet in reading.sheets:
        for cell in sheet.second_tables:
            yield Hit(sheet=sheet.sheet, row=_row_of(cell), cell=cell, params={"at": cell, "sheet_title": sheet.sheet})


@reading_rule("CELLS_MERGED")
def cells_merged(reading: Reading) -> Iterator[Hit]:
    for sheet in reading.sheets:
        for name, cell, count in sheet.merged_down:
            params = {"column": fields.table_named(sheet.table)[name].label.fr, "count": count}
            yield Hit(sheet=sheet.sheet, row=_row_of(cell), cell=cell, params=params)


@reading_rule("COLUMN_MISSING")
def column_missing(reading: Reading) -> Iterator[Hit]:
    """With the cell of the unknown header that looks like it, when there is one."""
    for sheet in reading.sheets:
        renamed = {column: (header, cell) for header, cell, column in _renamed_columns(sheet)}
        for column in sheet.missing_columns:
            header, cell = renamed.get(column, (None, None))
            params = {"column": column, "sheet_title": sheet.sheet, "renamed": header}
            yield Hit(sheet=sheet.sheet, row=sheet.header_row, cell=cell, value=header, params=params)


def _renamed_columns(sheet: SheetReading) -> Iterator[tuple[str, str, str]]:
    """(header, cell, mandatory column) of unknown headers that look most like a mandatory column that is missing; or, whatever it
    looks like, of the only unknown one when a single column is missing."""
    taken = set()
    for header, cell, names in sheet.unknown_columns:
        if names and names[0] in sheet.missing_columns and names[0] not in taken:
            taken.add(names[0])
            yield header, cell, names[0]
    if not taken and len(sheet.missing_columns) == len(sheet.unknown_columns) == 1:
        [(header, cell, names)], [column] = sheet.unknown_columns, sheet.missing_columns
        if not names:
            yield header, cell, column


@reading_rule("COLUMN_UNKNOWN")
def column_unknown(reading: Reading) -> Iterator[Hit]:
    for sheet in reading.sheets:
        renamed = {cell for _, cell, _ in _renamed_columns(sheet)}
        for header, cell, names in sheet.unknown_columns:
            if cell not in renamed:
                params = {"column": header, "suggestion": list(names)}
                yield Hit(sheet=sheet.sheet, row=_row_of(cell), cell=cell, value=header, params=params)


@reading_rule("COLUMN_TWICE")
def column_twice(reading: Reading) -> Iterator[Hit]:
    for sheet in reading.sheets:
        for header, cell in sheet.repeated_columns:
            yield Hit(sheet=sheet.sheet, row=_row_of(cell), cell=cell, value=header, params={"column": header})


@door_rule("PERSONAL_DATA")
def personal_data(reading: Reading, _: frozenset[str]) -> Iterator[Hit]:
    """Refused at the door, whatever the file is: where the data stand is said, never what they are."""
    for found in reading.persons:
        cells = found.cell if found.cell == found.last_cell else f"{found.cell}:{found.last_cell}"
        params = {"persons_in": cells, "person_data": found.kind, "header": found.header}
        yield Hit(sheet=found.sheet or None, row=found.row or None, cell=found.cell or None, params=params)


# --- identification -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FormView:
    """The identification as typed and as understood; `expected` is the month asked for, None when only validating."""

    reading: Reading
    identification: Identification
    region_method: str
    region_name: str | None
    suggestion: tuple[str, ...]
    expected: Period | None

    def unread(self, name: str) -> bool:
        """Whether the cell holds something that is no value: it has a finding of its own."""
        return isinstance(self.reading.form.get(name, (None, None))[0], Unread)

    def written(self, name: str) -> Any:
        """What stands in the cell, a value or not."""
        value = self.reading.form.get(name, (None, None))[0]
        return value.text if isinstance(value, Unread) else value

    def hit(self, name: str, **params: Any) -> Hit:
        value, cell = self.written(name), self.reading.form.get(name, (None, None))[1]
        return Hit(sheet=self.reading.form_sheet, cell=cell, row=_row_of(cell), value=value, params=params)


def _row_of(cell: str | None) -> int | None:
    return int("".join(c for c in cell if c.isdigit())) if cell else None


@form_rule("REGION_UNKNOWN")
def region_unknown(form: FormView) -> Iterator[Hit]:
    if form.identification.region_id is None:
        yield form.hit("region", region=form.written("region"), suggestion=list(form.suggestion))


@form_rule("REGION_NAME")
def region_name(form: FormView) -> Iterator[Hit]:
    if form.identification.region_id is not None and form.region_method != MatchMethod.EXACT:
        yield form.hit("region", region=form.identification.region, place=form.region_name, method=form.region_method)


@form_rule("PERIOD_UNREADABLE")
def period_unreadable(form: FormView) -> Iterator[Hit]:
    if form.identification.period is None:
        yield form.hit("period", period=form.written("period"))


@form_rule("PERIOD_WRONG")
def period_wrong(form: FormView) -> Iterator[Hit]:
    stated = form.identification.period
    if stated is not None and form.expected is not None and stated != form.expected:
        yield form.hit("period", stated=str(stated), expected=str(form.expected))


@form_rule("VERSION_UNREADABLE")
def version_unreadable(form: FormView) -> Iterator[Hit]:
    """Which version counts follows from its number: one that is not read, or below 1, counts as the first."""
    version = form.identification.version
    if form.written("version") is not None and not form.unread("version") and (version is None or version < 1):
        yield form.hit("version", version=None, typed_version=form.written("version"))


@form_rule("PREPARER_MISSING")
def preparer_missing(form: FormView) -> Iterator[Hit]:
    if not form.identification.prepared_by and not form.unread("prepared_by"):
        yield form.hit("prepared_by")


@form_rule("VISA_MISSING")
def visa_missing(form: FormView) -> Iterator[Hit]:
    if not form.identification.validated and not form.unread("validated"):
        yield form.hit("validated")


@form_rule("VISA_INCOMPLETE")
def visa_incomplete(form: FormView) -> Iterator[Hit]:
    found = form.identification
    names = ("validated_on", "minutes_number", "validated_by")
    missing = [name for name in names if not getattr(found, name) and not form.unread(name)]
    if found.validated and missing:
        yield form.hit(missing[0], missing=missing)


@form_rule("VISA_BY_PREPARER")
def visa_by_preparer(form: FormView) -> Iterator[Hit]:
    found = form.identification
    if found.has_visa and same_person(found.prepared_by, found.validated_by):
        hit = form.hit("validated_by")
        yield replace(hit, value=None)  # a person's name


@form_rule("ANSWER_OF_OTHER_MONTH")
def answer_of_other_month(form: FormView) -> Iterator[Hit]:
    """The list in the file was sent back with a return of another month: what is written in it is not about this one."""
    stale = correction.stale_answer(form.reading.file, form.identification.period)
    if stale is not None:
        yield form.hit("period", answered=stale.period, stated=str(form.identification.period))


@batch_rule("FILE_TWIN")
def file_twin(forms: Sequence[FormView]) -> Iterator[tuple[int, Hit]]:
    """Files of one region, month and version that are not the same file; the last of them by content is the one that is said."""
    groups: dict[tuple[Any, ...], dict[str, int]] = {}
    for position, form in enumerate(forms):
        found = form.identification
        twins = groups.setdefault((found.region_id, found.period, found.version), {})
        twins.setdefault(form.reading.file.sha256, position)
    for twins in groups.values():
        first, *others = (twins[sha256] for sha256 in sorted(twins))
        for position in others:
            form = forms[position]
            version, other = form.identification.version, forms[first].reading.file.name
            yield position, form.hit("version", version=version, other=other)


# --- one row ------------------------------------------------------------------------------------------------------------


def _sum_verdict(rows: pd.DataFrame, parts: list[str], whole: pd.Series, **params: Any) -> Verdict:
    """Parts against their whole: equal when all are given, not above it when some are, unknown when none is."""
    given = rows[parts].notna()
    total = rows[parts].fillna(0).sum(axis=1)
    some, complete = given.any(axis=1), given.all(axis=1)
    wrong = (complete & (total != whole)) | (some & ~complete & (total > whole))
    return Verdict(~wrong.fillna(False).astype(bool), {"sum": total, **params})


@row_rule(
    "DATE_FUTURE", tables=("idp", "movement", "returnee", "repatriated"), needs=("observed_on", "period_end"), at="observed_on"
)
def date_future(rows: pd.DataFrame, _: Thresholds) -> Verdict:
    return Verdict(rows["observed_on"] <= rows["period_end"])


_BOTH = ("households", "individuals")


def _signed(rows: pd.DataFrame) -> pd.Series:
    """A register correction may take away either; another movement that does has its own finding."""
    return (rows["movement"] == Movement.CORRECTION) | (rows["households"] < 0) | (rows["individuals"] < 0)


@row_rule("HOUSEHOLDS_OVER_INDIVIDUALS", tables=_COUNTED, needs=_BOTH, at="households", doubts=_BOTH)
def households_over_individuals(rows: pd.DataFrame, _: Thresholds) -> Verdict:
    return Verdict((rows["households"] <= rows["individuals"]) | _signed(rows))


@row_rule("INDIVIDUALS_WITHOUT_HOUSEHOLD", tables=_COUNTED, needs=_BOTH, at="households", doubts=_BOTH)
def individuals_without_household(rows: pd.DataFrame, _: Thresholds) -> Verdict:
    return Verdict(~((rows["households"] == 0) & (rows["individuals"] > 0)) | _signed(rows))


_SEX_AGE = tuple(item.name for item in fields.SEX_AGE_FIELDS)
_SHELTER = tuple(item.name for item in fields.SHELTER_FIELDS)
_ORDER, _DURATION = ("primary", "secondary"), ("under_12_months", "over_12_months")


@row_rule("INDIVIDUALS_CONTRADICTED", tables=("idp",), needs=("individuals",), at="individuals", doubts=("individuals",))
def individuals_contradicted(rows: pd.DataFrame, _: Thresholds) -> Verdict:
    """Two breakdowns or more, complete and of one mind, that say another number: then it is not they that are wrong."""
    in_persons = rows["shelter_unit"] != Unit.HOUSEHOLD
    sums = pd.DataFrame(
        {
            parts[0]: rows[list(parts)]
            .sum(axis=1)
            .where(rows[list(parts)].notna().all(axis=1) & (in_persons | (parts != _SHELTER)))
            for parts in (_SEX_AGE, _SHELTER, _ORDER, _DURATION)
        }
    )
    agreed = (sums.notna().sum(axis=1) >= 2) & (sums.min(axis=1) == sums.max(axis=1))
    told = sums.max(axis=1)
    return Verdict(~(agreed & (told != rows["individuals"])).fillna(False).astype(bool), {"sum": told})


def _size(rows: pd.DataFrame) -> pd.Series:
    return (rows["individuals"] / rows["households"].where(rows["households"] > 0)).astype("Float64")


@row_rule("SIZE_EXTREME", tables=("idp", "returnee", "repatriated"), needs=_BOTH, at="individuals", doubts=_BOTH)
def size_extreme(rows: pd.DataFrame, t: Thresholds) -> Verdict:
    size = _size(rows)
    return Verdict(~(size > t["high"]).fillna(False), {"size": size})


@row_rule("SIZE_UNUSUAL", tables=("idp",), needs=_BOTH, at="individuals")
def size_unusual(rows: pd.DataFrame, t: Thresholds) -> Verdict:
    size = _size(rows)
    outside = (size < t["low"]) | (size > t["high"])
    impossible = (size < 1) | (size > t["extreme"])
    return Verdict(~(outside & ~impossible).fillna(False), {"size": size})


@row_rule("SEX_AGE_SUM", tables=("idp",), needs=("individuals",), at="individuals", doubts=_SEX_AGE)
def sex_age_sum(rows: pd.DataFrame, _: Thresholds) -> Verdict:
    return _sum_verdict(rows, list(_SEX_AGE), rows["individuals"])


@row_rule("SHELTER_SUM", tables=("idp",), needs=_BOTH, at="shelter_host_family", doubts=_SHELTER)
def shelter_sum(rows: pd.DataFrame, _: Thresholds) -> Verdict:
    whole = rows["individuals"].where(rows["shelter_unit"] != Unit.HOUSEHOLD, rows["households"])
    return _sum_verdict(rows, list(_SHELTER), whole, expected=whole)


@row_rule("DISPLACEMENT_SUM", tables=("idp",), needs=("individuals",), at="primary", doubts=_ORDER)
def displacement_sum(rows: pd.DataFrame, _: Thresholds) -> Verdict:
    return _sum_verdict(rows, list(_ORDER), rows["individuals"])


@row_rule("DURATION_SUM", tables=("idp",), needs=("individuals",), at="under_12_months", doubts=_DURATION)
def duration_sum(rows: pd.DataFrame, _: Thresholds) -> Verdict:
    return _sum_verdict(rows, list(_DURATION), rows["individuals"])


@row_rule("ALERT_WITHOUT_ASSESSMENT", tables=("idp",), needs=("basis",), at="basis")
def alert_without_assessment(rows: pd.DataFrame, _: Thresholds) -> Verdict:
    return Verdict(rows["basis"] != Basis.ALERT)


@row_rule("COMMUNE_MISSING", tables=_PLACED, needs=("level", "cercle"), at="commune")
def commune_missing(rows: pd.DataFrame, _: Thresholds) -> Verdict:
    return Verdict((rows["level"] == RowLevel.CERCLE) | rows["commune"].notna())


_MOVING = ("movement", "households", "individuals")


@row_rule("MOVEMENT_NEGATIVE", tables=("movement",), needs=_MOVING, at="individuals", doubts=_BOTH)
def movement_negative(rows: pd.DataFrame, _: Thresholds) -> Verdict:
    negative = (rows["households"] < 0) | (rows["individuals"] < 0)
    return Verdict(~negative | (rows["movement"] == Movement.CORRECTION))


@row_rule("MOVEMENT_WITHOUT_PLACE", tables=("movement",), needs=("movement",), at="movement")
def movement_without_place(rows: pd.DataFrame, _: Thresholds) -> Verdict:
    """An end that was written and not recognised has its own finding; here nothing was written at the end that counts."""
    leaves = rows["movement"].isin([Movement.DEPARTURE, Movement.RETURN])
    enters = rows["movement"].isin([Movement.ARRIVAL, Movement.CORRECTION])
    left = rows[["from_region", "from_cercle", "from_commune"]].notna().any(axis=1)
    reached = rows[["to_region", "to_cercle", "to_commune"]].notna().any(axis=1)
    return Verdict((leaves & left) | (enters & reached) | (~leaves & ~enters & (left | reached)))


@row_rule("SOURCE_UNKNOWN", tables=_STATING, needs=("organisation",), at="organisation", once=("organisation",))
def source_unknown(rows: pd.DataFrame, _: Thresholds) -> Verdict:
    """With the source that its numbers count for, where a place stands instead of an organisation."""
    named = rows["organisation"]
    meant = pd.Series([source_of_row(row) for row in rows.to_dict("records")], index=rows.index, dtype=object)
    by_others = meant.map(lambda source: source.registered) & ~named.map(lambda name: source_of(name).registered)
    known = meant.map(lambda source: source.registered) & ~by_others
    params = {"row_name": named.map(row_name), "counts_for": meant.map(lambda source: source.name.fr).where(by_others, None)}
    return Verdict(known, params)


_IN_TEXT, _IN_TABLE = _BOTH, ("table_households", "table_individuals")


@row_rule("ALERT_TEXT_AND_TABLE", tables=("alert",), needs=(), at="table_households", doubts=(*_IN_TEXT, *_IN_TABLE))
def alert_text_and_table(rows: pd.DataFrame, _: Thresholds) -> Verdict:
    """The words of a report and its table, where both give a number."""
    wrong = pd.Series(False, index=rows.index)
    for said, listed in zip(_IN_TEXT, _IN_TABLE, strict=True):
        wrong |= (rows[said] != rows[listed]).fillna(False).astype(bool)
    return Verdict(~wrong, {name: rows[name] for name in (*_IN_TEXT, *_IN_TABLE)})


@row_rule("ALERT_SIZE", tables=("alert",), needs=_BOTH, at="individuals", doubts=_BOTH)
def alert_size(rows: pd.DataFrame, t: Thresholds) -> Verdict:
    size = _size(rows)
    alone = (rows["households"] == 0) & (rows["individuals"] > 0)
    return Verdict(~((size < t["low"]) | (size > t["high"]) | alone).fillna(False), {"size": size})


@row_rule("STATEMENT_WITHOUT_PLACE", tables=("statement",), needs=(), at="place", once=("table",))
def statement_without_place(rows: pd.DataFrame, _: Thresholds) -> Verdict:
    return Verdict(rows[["place", "region", "cercle", "commune"]].notna().any(axis=1))


@row_rule("STATEMENT_WITHOUT_NUMBER", tables=("statement",), needs=(), at="individuals")
def statement_without_number(rows: pd.DataFrame, _: Thresholds) -> Verdict:
    out_of_reach = (rows["status"] == StatementStatus.INACCESSIBLE) | (rows["scope"] == Scope.INACCESSIBLE)
    return Verdict(out_of_reach | rows[list(_BOTH)].notna().any(axis=1))


@row_rule("STATEMENT_OF_SEVERAL_PLACES", tables=("statement",), needs=("place",), at="place")
def statement_of_several_places(rows: pd.DataFrame, _: Thresholds) -> Verdict:
    """A number for several places together is at none of them; a place out of reach needs no number."""
    return Verdict((rows["place_ids"].map(len) < 2) | rows[list(_BOTH)].isna().all(axis=1))


@row_rule("PRESENCE_REVERSED", tables=("presence",), needs=("started_on", "ended_on"), at="ended_on", doubts=("ended_on",))
def presence_reversed(rows: pd.DataFrame, _: Thresholds) -> Verdict:
    return Verdict(rows["started_on"] <= rows["ended_on"])


@row_rule("PLACE_UNCLEAR", tables=(NAMES,), needs=(), at="", once=("name", "field"))
def place_unclear(names: pd.DataFrame, _: Thresholds) -> Verdict:
    return Verdict(names["problem"] != "unclear")


@row_rule("PLACE_UNKNOWN", tables=(NAMES,), needs=(), at="", once=("name", "field", "kept_at"))
def place_unknown(names: pd.DataFrame, _: Thresholds) -> Verdict:
    origin = names["field"].str.startswith("origin_")
    return Verdict((names["problem"] != "unknown") | origin)


@row_rule("ORIGIN_UNKNOWN", tables=(NAMES,), needs=(), at="", once=("name", "field"))
def origin_unknown(names: pd.DataFrame, _: Thresholds) -> Verdict:
    origin = names["field"].str.startswith("origin_")
    return Verdict((names["problem"] != "unknown") | ~origin)


@row_rule("PLACE_MISPLACED", tables=(NAMES,), needs=(), at="", once=("name", "field", "cercle"))
def place_misplaced(names: pd.DataFrame, _: Thresholds) -> Verdict:
    return Verdict(names["problem"] != "misplaced")


@row_rule("PLACE_OF_OTHER_REGION", tables=(NAMES,), needs=(), at="", once=("place_id",))
def place_of_other_region(names: pd.DataFrame, _: Thresholds) -> Verdict:
    return Verdict(names["problem"] != "other_region")


@row_rule("NAME_NORMALISED", tables=(NAMES,), needs=(), at="", once=("name", "place_id"))
def name_normalised(names: pd.DataFrame, _: Thresholds) -> Verdict:
    return Verdict((names["method"] != MatchMethod.NORMALISED) | names["problem"].notna())


@row_rule("NAME_ALIAS", tables=(NAMES,), needs=(), at="", once=("name", "place_id"))
def name_alias(names: pd.DataFrame, _: Thresholds) -> Verdict:
    by_alias = names["method"].isin([MatchMethod.ALIAS, MatchMethod.CODE])
    return Verdict(~by_alias | names["problem"].notna())


@row_rule("CODE_WRONG", tables=(NAMES,), needs=("place_id",), at="code", once=("code", "place_id"))
def code_wrong(names: pd.DataFrame, _: Thresholds) -> Verdict:
    return Verdict(names["code_status"] != "wrong")


@row_rule("CODE_UNKNOWN", tables=(NAMES,), needs=("place_id",), at="code", once=("code",))
def code_unknown(names: pd.DataFrame, _: Thresholds) -> Verdict:
    return Verdict(names["code_status"] != "unknown")


# --- the rows of one return together ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SubmissionView:
    """One return: its reading, and its typed and placed rows of all sheets (wide, with `table`, `sheet`, `row`). `doubted` are
    the cells (table, row, field) that another rule does not believe."""

    reading: Reading
    rows: pd.DataFrame
    gazetteer: Gazetteer
    period: Period | None = None
    doubted: frozenset[tuple[str, int, str]] = frozenset()

    @cached_property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        return {str(name): rows for name, rows in self.rows.groupby("table", sort=False)}

    def table(self, name: str) -> pd.DataFrame:
        return self.tables.get(name, self.rows.iloc[:0])

    @cached_property
    def repeats(self) -> tuple[tuple[pd.Series, int, bool], ...]:
        """(row, number of the first row for the same place, whether both say exactly the same)."""
        return tuple(found for name in _STOCK_TABLES for found in _repeats(self.table(name), fields.table_named(name)))

    @cached_property
    def inside_cercle_rows(self) -> tuple[tuple[pd.Series, str, int], ...]:
        """(row of a commune, its cercle, the row that already holds the whole cercle)."""
        return tuple(found for name in _STOCK_TABLES for found in _inside_cercle_rows(self.table(name), self.gazetteer))

    def doubted_columns(self, rows: pd.DataFrame) -> set[str]:
        """The columns of which a cell in these rows is doubted."""
        if not self.doubted or rows.empty:
            return set()
        here = set(zip(rows["table"], rows["row"].astype(int), strict=True))
        return {name for table, row, name in self.doubted if (table, row) in here}


_DATED_ROWS = 3
"""From so many dates, all of them after the month, the month is doubted and not each date."""


def all_dates_after(rows: pd.DataFrame, period: Period | None) -> bool:
    dates = rows["observed_on"].dropna()
    return period is not None and len(dates) >= _DATED_ROWS and bool((dates > period.last_day).all())


@submission_rule("PERIOD_DOUBTFUL")
def period_doubtful(view: SubmissionView) -> Iterator[Hit]:
    if view.period is not None and all_dates_after(view.rows, view.period):
        value, cell = view.reading.form["period"]
        params = {"stated": str(view.period), "count": len(view.rows["observed_on"].dropna())}
        yield Hit(sheet=view.reading.form_sheet, cell=cell, row=_row_of(cell), value=value, params=params)


_STOCK_TABLES = (fields.IDP.name, fields.RETURNEE.name, fields.REPATRIATED.name)
_REPEATABLE = ("asylum_country", "site")


def _repeats(rows: pd.DataFrame, table: fields.Table) -> Iterator[tuple[pd.Series, int, bool]]:
    """The second and later rows of a sheet that speak of the same place, level and site (or country of asylum)."""
    if len(rows) < 2:
        return
    known = rows[rows[["place_id", "level", "households", "individuals"]].notna().all(axis=1)]
    # a row left at its cercle or region because its name was not recognised has its own finding
    known = known[_placed_where_told(known)]
    if not known.duplicated(["place_id", "level"]).any():
        return
    what = [
        "|".join(plain(value) if isinstance(value, str) else "" for value in values)
        for values in zip(*(known[name] for name in _REPEATABLE), strict=True)
    ]
    known = known.assign(_what=what)
    key = ["place_id", "level", "_what"]
    for _, group in known[known.duplicated(key, keep=False)].groupby(key, sort=True):
        first = group.iloc[0]
        for _, row in group.iloc[1:].iterrows():
            yield row, int(first["row"]), all(_same(first[item], row[item]) for item in table.names)


def _placed_where_told(rows: pd.DataFrame) -> pd.Series:
    return rows["placed_level"] == rows["level"].where(rows["level"] != RowLevel.SITE, "commune")


def _same(a: Any, b: Any) -> bool:
    return bool((pd.isna(a) and pd.isna(b)) or (not pd.isna(a) and not pd.isna(b) and a == b))


@submission_rule("ROW_DUPLICATE")
def row_duplicate(view: SubmissionView) -> Iterator[Hit]:
    for row, first_row, same in view.repeats:
        if same:
            yield Hit(row["table"], row["sheet"], int(row["row"]), "cercle", value=row["cercle"], params={"first_row": first_row})


@submission_rule("PLACE_REPEATED")
def place_repeated(view: SubmissionView) -> Iterator[Hit]:
    """The place of another row once more, or a site in a commune that has a row of its own."""
    for row, first_row, same in (*view.repeats, *_sites_of_communes(view)):
        if not same:
            params = {"first_row": first_row, "place": view.gazetteer.place(row["place_id"]).name}
            yield Hit(row["table"], row["sheet"], int(row["row"]), "cercle", value=row["cercle"], params=params)


def _sites_of_communes(view: SubmissionView) -> Iterator[tuple[pd.Series, int, bool]]:
    for name in _STOCK_TABLES:
        rows = view.table(name)
        placed = rows[rows["placed_level"] == "commune"]
        sites = placed[placed["level"] == RowLevel.SITE]
        if sites.empty:
            continue
        whole = placed[placed["level"] == RowLevel.COMMUNE].drop_duplicates("place_id")
        communes: dict[str, int] = dict(whole[["place_id", "row"]].itertuples(index=False))
        for _, row in sites[sites["place_id"].isin(set(communes))].iterrows():
            yield row, int(communes[row["place_id"]]), False


@submission_rule("CERCLE_AND_COMMUNES")
def cercle_and_communes(view: SubmissionView) -> Iterator[Hit]:
    for row, cercle, cercle_row in view.inside_cercle_rows:
        params = {
            "place": view.gazetteer.place(row["place_id"]).name,
            "cercle": view.gazetteer.place(cercle).name,
            "cercle_row": cercle_row,
        }
        yield Hit(row["table"], row["sheet"], int(row["row"]), "commune", value=row["commune"], params=params)


def _inside_cercle_rows(rows: pd.DataFrame, gazetteer: Gazetteer) -> Iterator[tuple[pd.Series, str, int]]:
    if len(rows) < 2:
        return
    communes = rows[rows["placed_level"] == "commune"]
    whole = rows[(rows["placed_level"] == "cercle") & (rows["level"] == RowLevel.CERCLE)]
    first: dict[str, int] = dict(whole.drop_duplicates("place_id")[["place_id", "row"]].itertuples(index=False))
    for at, place_id in zip(communes.index, communes["place_id"], strict=True):
        cercle = gazetteer.cercle_of(place_id)
        if cercle is not None and cercle in first:
            yield communes.loc[at], cercle, int(first[cercle])


@submission_rule("TOTAL_MISMATCH")
def total_mismatch(view: SubmissionView) -> Iterator[Hit]:
    """A printed total is the sum of all rows above it, or of those since the last one; a row that repeats another, or that
    stands beside its whole cercle, has its own finding and may be in it or not. Unknown in a column that holds a cell which
    could not be read or is not believed; one finding for a row of totals, however many columns a missing row throws out."""
    for sheet in view.reading.sheets:
        if not sheet.totals:
            continue
        rows = view.table(sheet.table)
        numbers, since = rows["row"].astype(int), 0
        once = ~numbers.isin(
            [int(row["row"]) for row, *_ in (*view.repeats, *view.inside_cercle_rows) if row["table"] == sheet.table]
        )
        for total in sheet.totals:
            above, in_block = numbers < total.row, numbers.between(since + 1, total.row - 1)
            since = total.row
            names = sorted(_all_read(sheet, rows[above]) - view.doubted_columns(rows[above]), key=list(total.values).index)
            sums = [rows.loc[part, names].sum() for part in (above, in_block, above & once, in_block & once)]
            wrong = [name for name in names if total.values[name] not in {int(each[name]) for each in sums}]
            if wrong:
                labels = [fields.table_named(sheet.table)[name].label.fr for name in wrong]
                printed, summed = total.values[wrong[0]], int(sums[0][wrong[0]])
                params = {"column": labels[0], "printed": printed, "sum": summed, "also": labels[1:]}
                yield Hit(sheet.table, sheet.sheet, total.row, wrong[0], value=printed, params=params)


def _all_read(sheet: SheetReading, rows: pd.DataFrame) -> set[str]:
    """The totalled columns of which every cell was read as the author wrote it, and a mandatory one was written at all."""
    names = list({name: None for total in sheet.totals for name in total.values})
    written = sheet.frame.loc[sheet.frame["row"].isin(rows["row"]), names].notna().sum()
    read = rows[names].notna().sum()
    required = {item.name for item in fields.table_named(sheet.table).fields if item.required}
    wanted = {name: len(rows) if name in required else int(written[name]) for name in names}
    return {name for name in names if wanted[name] > 0 and int(read[name]) == wanted[name]}


@submission_rule("ORIGIN_SUM")
def origin_sum(view: SubmissionView) -> Iterator[Hit]:
    """Unknown where a row of the place is repeated, was not read, or is only kept there because its name was not recognised."""
    origins, stock = _individuals_by_place(view, fields.ORIGIN.name), _individuals_by_place(view, fields.IDP.name)
    repeated = {row["place_id"] for row, _, _ in view.repeats}
    for place_id in sorted(set(origins) & set(stock) - repeated):
        (total, first), (individuals, _) = origins[place_id], stock[place_id]
        if total is not None and individuals is not None and total != individuals:
            params = {"place": view.gazetteer.place(place_id).name, "sum": total, "individuals": individuals}
            yield Hit(fields.ORIGIN.name, first["sheet"], int(first["row"]), "individuals", value=total, params=params)


def _individuals_by_place(view: SubmissionView, table: str) -> dict[str, tuple[int | None, Mapping[Any, Any]]]:
    """place_id -> (persons in all its rows, the first of them): None where one of them was not read or is not believed."""
    rows = view.table(table)
    told = rows[_placed_where_told(rows)]
    found: dict[str, tuple[int | None, Mapping[Any, Any]]] = {}
    for row in told[["place_id", "sheet", "row", "individuals"]].to_dict("records"):
        known = not pd.isna(row["individuals"]) and (table, int(row["row"]), "individuals") not in view.doubted
        before, first = found.get(row["place_id"], (0, row))
        found[row["place_id"]] = (before + int(row["individuals"]) if known and before is not None else None, first)
    return found


# --- the month against its past -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MonthView:
    """A compiled month. `totals` and `past.figures` have one line per place, group, measure and unit (`place_id`, `level`,
    `population_group`, `measure`, `unit`, `value`, `carried_months`); `rows` are the observations compiled."""

    period: Period
    totals: pd.DataFrame
    past: Past | None
    rows: pd.DataFrame
    carried: pd.DataFrame
    """What is carried forward, one line per place, group, measure and unit."""
    heads: tuple[SubmissionHead, ...]
    expected: tuple[str, ...]
    gazetteer: Gazetteer
    late: tuple[LateVersion, ...] = ()

    def name(self, place_id: str) -> str:
        return self.gazetteer.place(place_id).name

    def values(self, measure: str, group: str, unit: str = Unit.INDIVIDUAL, *, past: bool = False) -> pd.Series:
        """place_id -> value (present ones only), below the country."""
        frame = self.totals if not past else (self.past.figures if self.past else self.totals.iloc[:0])
        rows = frame[(frame["measure"] == measure) & (frame["population_group"] == group) & (frame["unit"] == unit)]
        rows = rows[(rows["level"] != "country") & rows["value"].notna()]
        return rows.set_index("place_id")["value"].astype(int)

    def carried_persons(self) -> pd.DataFrame:
        """The IDPs carried forward, by place."""
        stock = (self.carried["population_group"] == PopulationGroup.IDP) & (self.carried["unit"] == Unit.INDIVIDUAL)
        return self.carried[stock].sort_values("place_id")

    def without_return(self) -> list[str]:
        received = {head.region_id for head in self.heads}
        return [region for region in self.expected if region not in received]


def _plain_value(value: Any) -> Any:
    return None if pd.isna(value) else value


@month_rule("RETURN_MISSING")
def return_missing(month: MonthView, _: Thresholds) -> Iterator[Hit]:
    carried = month.carried_persons()
    for region in month.without_return():
        host = _received_in(month, region)
        persons = int(carried.loc[carried["home_region"] == region, "value"].sum())
        params = {"place": month.name(region), "received_in": month.name(host) if host else None, "carried": persons}
        yield Hit(place_id=region, params=params)


def _received_in(month: MonthView, region: str) -> str | None:
    foreign = month.rows[(month.rows["home_region"] == region) & (month.rows["region_id"] != region)]
    return None if foreign.empty else str(foreign["region_id"].iloc[0])


@month_rule("PLACE_TOLD_TWICE")
def place_told_twice(month: MonthView, _: Thresholds) -> Iterator[Hit]:
    """Region first: the return of another region does not count where the place's own region has spoken."""
    now = month.values(Measure.STOCK, PopulationGroup.IDP)
    twice = month.rows[month.rows["retold"] & (month.rows["table"] == fields.IDP.name)]
    for row in twice.to_dict("records"):
        params = {"place": month.name(row["place_id"]), "told": _plain_value(row["individuals"]), "now": int(now.get(row["place_id"], 0)),
                  "region_found": month.name(row["home_region"]), "teller": month.name(row["region_id"])}  # fmt: skip
        yield Hit(table=row["table"], sheet=row["sheet"], row=int(row["row"]), field="individuals", value=params["told"],
                  submission_id=int(row["submission_id"]), place_id=row["place_id"], params=params)  # fmt: skip


@month_rule("VERSION_LATE")
def version_late(month: MonthView, _: Thresholds) -> Iterator[Hit]:
    for item in month.late:
        params = {
            "file": item.file,
            "version": item.version,
            "current_version": item.current_version,
            "place": month.name(item.region_id),
        }
        yield Hit(place_id=item.region_id, submission_id=item.submission_id, params=params)


@month_rule("PLACE_CARRIED_FORWARD")
def place_carried_forward(month: MonthView, _: Thresholds) -> Iterator[Hit]:
    """A region without a return says so once for all its places, and a rejected row says so itself."""
    rejected = set(month.rows.loc[(month.rows["table"] == "idp") & ~month.rows["accepted"].astype(bool), "place_id"])
    for row in month.carried_persons().to_dict("records"):
        if row["home_region"] in month.without_return() or row["place_id"] in rejected:
            continue
        params = {"place": month.name(row["place_id"]), "before": int(row["value"]), "months": int(row["carried_months"]),
                  "past": month.past.name if month.past else None}  # fmt: skip
        yield Hit(place_id=row["place_id"], params=params)


# --- what was decided ---------------------------------------------------------------------------------------------------


@decision_rule("DECISIONS_CONFLICT")
def decisions_conflict(
    conflicts: Sequence[DecisionConflict | DecisionLapsed], decisions: Mapping[int, Decision], gazetteer: Gazetteer
) -> Iterator[Hit]:
    """Once for each pair of decisions, whether they contradict each other in households, individuals or both."""
    pairs = {(item.holds, item.set_aside): item for item in conflicts if isinstance(item, DecisionConflict)}
    for (holds, aside), item in sorted(pairs.items()):
        params = {"place": gazetteer.place(item.place_id).name, "holds": str(holds), "set_aside": str(aside),
                  "decided_on": decisions[aside].decided_on, "by": decisions[aside].decided_by}  # fmt: skip
        yield Hit(place_id=item.place_id, params=params)


@decision_rule("DECISION_LAPSED")
def decision_lapsed(
    conflicts: Sequence[DecisionConflict | DecisionLapsed], decisions: Mapping[int, Decision], gazetteer: Gazetteer
) -> Iterator[Hit]:
    """No number goes back to that of the return without a word."""
    for item in sorted(item for item in conflicts if isinstance(item, DecisionLapsed)):
        decision = decisions[item.decision_id]
        place = gazetteer.place(item.place_id)
        params = {"at_place": {"name": place.name, "level": place.level}, "number": str(item.decision_id), "by": decision.decided_by,
                  "decided_on": decision.decided_on, "decided_action": decision.action}  # fmt: skip
        yield Hit(place_id=item.place_id, params=params)
