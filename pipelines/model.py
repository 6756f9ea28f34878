"""The frozen types that travel between the steps, in the order in which a return meets them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from dataclasses import fields as dataclass_fields
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from schemas.codes import Action, Effect, EventStatus, Measure, Movement, Owner, Severity, SubmissionStatus

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A reference month. A stock is that of its last day."""

    year: int
    month: int

    @classmethod
    def parse(cls, text: str) -> Period:
        """Reads `YYYY-MM`. Raises ValueError for anything else."""
        year, dash, month = text.strip().partition("-")
        if not (dash and len(year) == 4 and len(month) == 2 and (year + month).isdigit() and 1 <= int(month) <= 12):
            raise ValueError(f"not a month written YYYY-MM: {text!r}")
        return cls(int(year), int(month))

    @classmethod
    def of(cls, day: date) -> Period:
        return cls(day.year, day.month)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    @property
    def first_day(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def last_day(self) -> date:
        return date.fromordinal(self.next().first_day.toordinal() - 1)

    def next(self) -> Period:
        return Period(self.year + 1, 1) if self.month == 12 else Period(self.year, self.month + 1)

    def previous(self) -> Period:
        return Period(self.year - 1, 12) if self.month == 1 else Period(self.year, self.month - 1)

    def months_since(self, earlier: Period) -> int:
        return (self.year - earlier.year) * 12 + self.month - earlier.month


FLOW_ENDS: tuple[tuple[Movement, Measure, str], ...] = (
    (Movement.ARRIVAL, Measure.ARRIVALS, "to_place_id"),
    (Movement.DEPARTURE, Measure.DEPARTURES, "from_place_id"),
    (Movement.RETURN, Measure.RETURNS, "from_place_id"),
    (Movement.SECONDARY, Measure.DEPARTURES, "from_place_id"),
    (Movement.SECONDARY, Measure.ARRIVALS, "to_place_id"),
    (Movement.INTEGRATION, Measure.INTEGRATIONS, "from_place_id"),
    (Movement.RELOCATION, Measure.RELOCATIONS, "from_place_id"),
    (Movement.CORRECTION, Measure.CORRECTIONS, "to_place_id"),
)
"""Which flow a movement is, and at which of its ends it is counted."""


def letters(column: int) -> str:
    """The column letters of a 0-based index: 0 is A, 26 is AA."""
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def cell_of(column: str | None, row: int) -> str | None:
    """The address of a value: a column map holds letters, or a whole address where one cell speaks for every row."""
    return column if column is None or column[-1:].isdigit() else f"{column}{row}"


def runs(numbers: Sequence[int], gap: int = 1) -> Iterator[list[int]]:
    """Ascending numbers in runs of those at most `gap` apart: 4, 5, 9 are [4, 5] and [9]."""
    run: list[int] = []
    for number in numbers:
        if run and number - run[-1] > gap:
            yield run
            run = []
        run.append(number)
    if run:
        yield run


@dataclass(frozen=True, slots=True)
class Unread:
    """A cell that holds something and no value: an Excel error, a formula that was never calculated, or the part of a merged
    range below the cell that carries its number. It stands in the rows of a sheet where the value would, so that nothing
    reads as empty that is not. `text` is what stands there: `#REF!`, the formula, or the address of the carrying cell."""

    kind: str
    text: str

    ERROR: ClassVar[str] = "error"
    FORMULA: ClassVar[str] = "formula"
    MERGED: ClassVar[str] = "merged"


@dataclass(frozen=True, slots=True)
class Merge:
    """A merged range: rows from 1, columns from 0 (A), both ends inside."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """The values of one sheet, `rows[0]` being row 1 and the first value of each row column A; an `Unread` where a cell holds
    no value. Hidden rows are numbered from 1, hidden columns from 0."""

    name: str
    rows: tuple[tuple[Any, ...], ...]
    hidden: bool = False
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    merged: tuple[Merge, ...] = ()
    typed: bool = True
    """False for a file that holds nothing but texts, as CSV does."""


class Problem(StrEnum):
    """Why a file is refused at the door, before any layout looks at it: each is the code of a rule."""

    EMPTY = "FILE_EMPTY"
    NOT_WORKBOOK = "FILE_NOT_WORKBOOK"
    ENCRYPTED = "FILE_ENCRYPTED"
    TOO_LARGE = "FILE_TOO_LARGE"
    ZIP_BOMB = "FILE_ZIP_BOMB"
    UNSAFE_NAMES = "FILE_UNSAFE_NAMES"
    ENTITIES = "FILE_ENTITIES"
    TOO_MANY_PARTS = "FILE_TOO_MANY_PARTS"
    TOO_MANY_SHEETS = "FILE_TOO_MANY_SHEETS"
    SHEET_TOO_LARGE = "FILE_SHEET_TOO_LARGE"


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A received file. `name` is safe to print. `problem` is the code of the rule that refuses it at the door (a `Problem`), or
    None when it could be read; `details` are what the text of that rule needs."""

    name: str
    sha256: str
    sheets: tuple[Sheet, ...] = ()
    problem: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    dates_from_1904: bool = False
    """Days are counted from 1904-01-01 (Excel for Mac of old), not from 1900. Cells with the format of a date are dates already;
    this is for a number that stands where a date is due: its day is 1 462 later."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule says of a submission. `cell` is an A1 address in the author's own file, `row` its 1-based row; `value` is
    None for personal data. The text is in `rules.toml` and is filled with `params`."""

    code: str
    effect: Effect
    sheet: str | None = None
    cell: str | None = None
    row: int | None = None
    value: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    reply: str | None = None
    """What the author wrote about it in the workbook sent back to him."""

    def sort_key(self) -> tuple[Any, ...]:
        order = list(Effect).index(self.effect)
        return (order, self.sheet or "", self.row or 0, len(self.cell or ""), self.cell or "", self.code)


@dataclass(frozen=True, slots=True)
class Identification:
    """The first sheet of a return. Texts as the author typed them; `region_id` is the matched place."""

    region: str | None = None
    region_id: str | None = None
    period: Period | None = None
    version: int | None = None
    prepared_by: str | None = None
    function: str | None = None
    prepared_on: date | None = None
    validated: bool = False
    validated_on: date | None = None
    minutes_number: str | None = None
    validated_by: str | None = None

    @property
    def has_visa(self) -> bool:
        """Region first: a visa names when, under which minutes and by whom."""
        return bool(self.validated and self.validated_on and self.minutes_number and self.validated_by)


@dataclass(frozen=True, slots=True)
class RowCounts:
    """No silent loss: read = accepted + rejected + recognised (as title, header, subtotal or empty)."""

    read: int = 0
    accepted: int = 0
    rejected: int = 0
    recognised: int = 0

    def __add__(self, other: RowCounts) -> RowCounts:
        return RowCounts(
            self.read + other.read, self.accepted + other.accepted, self.rejected + other.rejected,
            self.recognised + other.recognised,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Persons:
    """A range of cells that holds personal data: where, and of what `kind` (`name`, `phone`, `identity` or `position`), never
    what. Of the title of a sheet, `sheet` and the cells are empty. `header` is the header of the column when that tells it and
    holds no person's data itself."""

    sheet: str
    cell: str
    last_cell: str
    row: int
    kind: str
    header: str | None = None


@dataclass(frozen=True, slots=True)
class PrintedTotal:
    """A total or subtotal row found inside a sheet: recognised, compared with the rows, never counted."""

    table: str
    row: int
    values: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class SheetReading:
    """One table of a file as its layout understands it. `frame` has a column per field found (raw values) and `row`, the
    1-based row of the sheet; `columns` maps each field to its column letters, or to a whole address when one cell above the
    table speaks for every row."""

    table: str
    sheet: str
    frame: pd.DataFrame
    columns: Mapping[str, str]
    recognised: int
    read: int
    header_row: int | None
    totals: tuple[PrintedTotal, ...] = ()
    unread: tuple[tuple[int, str, Unread], ...] = ()
    """(row, field, what stands there) of each cell of a row or total that holds no value; in `frame` it is empty."""
    typed: bool = True
    empty: bool = False
    """No header and nothing that a header could name: an empty sheet, or titles and notes only."""
    missing_columns: tuple[str, ...] = ()
    unknown_columns: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    """(header, cell, suggested headers) of each column that is no field of the layout; a column that holds values under an
    empty header goes by its letters."""
    repeated_columns: tuple[tuple[str, str], ...] = ()
    """(header, cell) of each second column under a title already taken."""
    second_tables: tuple[str, ...] = ()
    """The first cell of each further table of the sheet that was not read."""
    hidden_rows: tuple[int, ...] = ()
    """The rows of data that the author does not see."""
    hidden_columns: tuple[str, ...] = ()
    """The header cells of columns that the author does not see."""
    merged_down: tuple[tuple[str, str, int], ...] = ()
    """(field, cell of the first, how many) of text columns with cells merged over several rows, each of which has the text."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A whole file as its layout understands it, before any rule on values."""

    file: OpenedFile
    layout: str | None
    form: Mapping[str, tuple[Any, str]] = field(default_factory=dict)
    """Identification: field -> (raw value, cell)."""
    form_sheet: str | None = None
    sheets: tuple[SheetReading, ...] = ()
    unknown_sheets: tuple[str, ...] = ()
    missing_sheets: tuple[str, ...] = ()
    repeated_sheets: tuple[tuple[str, str], ...] = ()
    """(title, title of the first) of each further sheet that stands for one already found."""
    renamed_sheets: tuple[tuple[str, str], ...] = ()
    """(title, title in the layout) of sheets known by their headers alone."""
    hidden_sheets: tuple[str, ...] = ()
    """Sheets that were read though their author does not see them."""
    persons: tuple[Persons, ...] = ()
    """Where the file holds personal data. It is then refused, and nothing else of it is kept."""
    kind: str | None = None
    """What the layout is: a return, or a source."""

    def sheet(self, table: str) -> SheetReading | None:
        return next((sheet for sheet in self.sheets if sheet.table == table), None)


@dataclass(frozen=True, slots=True)
class Checked:
    """A submission with its rows typed, placed and judged.

    `rows` is wide, one line a source row: `table`, `sheet`, `row`, `accepted`, the fields of `observation_fields()`
    and the places found (`place_id`, `place_method`, `place_score`, `origin_place_id`, `from_place_id`, `to_place_id`).
    """

    file: OpenedFile
    layout: str | None
    identification: Identification
    rows: pd.DataFrame
    columns: Mapping[str, Mapping[str, str]]
    """table -> field -> column letters: with a row's sheet and number, the cell of any of its values."""
    findings: tuple[Finding, ...]
    counts: RowCounts

    @property
    def status(self) -> SubmissionStatus:
        refused = any(finding.effect is Effect.REJECT_SUBMISSION for finding in self.findings)
        return SubmissionStatus.REFUSED if refused else SubmissionStatus.ACCEPTED


@dataclass(frozen=True, slots=True)
class Reply:
    """What an author wrote beside a point of the list sent back to him. `about` tells points without a cell apart: the place of
    a finding of the month, or the column that is missing."""

    code: str
    sheet: str | None
    cell: str | None
    text: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """What a file that was sent back answers: the file, its version and month as the list in it says, and the replies."""

    sha256: str
    version: int
    period: str | None
    replies: tuple[Reply, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """A value that differs between two versions of a return: a cell, a field of the identification (without a cell), or a whole
    row (`field` None) that was added or taken out. `cell` is its address in the later file, or in the earlier one for a row
    taken out. Values are those read; both are None where they name a person."""

    kind: str
    sheet: str | None
    cell: str | None
    field: str | None
    before: Any
    after: Any

    CELL: ClassVar[str] = "cell"
    ADDED: ClassVar[str] = "row_added"
    REMOVED: ClassVar[str] = "row_removed"


@dataclass(frozen=True, slots=True)
class Since:
    """What a version changed against an earlier one. `corrected` are findings of the earlier file, `remaining` and `new` of the
    later; those for information are left out. `changes` is None when one of the two was refused and holds no row."""

    file: str
    version: int
    corrected: tuple[Finding, ...]
    remaining: tuple[Finding, ...]
    new: tuple[Finding, ...]
    changes: tuple[Change, ...] | None


@dataclass(frozen=True, slots=True)
class PeriodFinding:
    """A finding that needs more than one file (the past, another return): it belongs to the draft, and still points at a cell
    when there is one."""

    finding: Finding
    place_id: str
    submission_id: int | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """What is compared with: the last published release before a period, else the draft of the month before.

    `figures` has place_id, level, population_group, measure, unit, value, basis, carried_months (how long carried
    forward) for totals only; `name` is how people are told which one it is."""

    name: str
    period: Period
    published: bool
    figures: pd.DataFrame


@dataclass(frozen=True, slots=True)
class RegionalVisa:
    """Who validated a return for its region, when, and under which minutes."""

    validated_by: str
    validated_on: date
    minutes_number: str


@dataclass(frozen=True, slots=True)
class SubmissionHead:
    """What compilation needs to know of a current submission."""

    id: int
    region_id: str
    period: Period
    version: int
    file: str
    sha256: str
    validated: bool
    columns: Mapping[str, Mapping[str, str]]
    visa: RegionalVisa | None = None


@dataclass(frozen=True, slots=True)
class LateVersion:
    """A return that arrived after a higher printed version of the same region, and so is not the one counted."""

    submission_id: int
    region_id: str
    file: str
    version: int
    current_version: int


@dataclass(frozen=True, slots=True)
class Compiled:
    """A draft: `figures` (the columns of FIGURE less the names of places, with place_id), `adjustments` (the bridge, its
    opening `return` items among them), and what the month as a whole draws in findings."""

    period: Period
    figures: pd.DataFrame
    adjustments: pd.DataFrame
    findings: tuple[PeriodFinding, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """One of the numbers that do not agree, as it is shown side by side with the others."""

    source: str
    """As people call it: the return, the past it is held against, or an organisation."""
    value: int | None
    unit: str
    as_of: str
    """The day the number is of, ISO."""
    where: str | None = None
    """File, sheet and cell."""
    source_id: str | None = None
    """The row of the register of sources, `RETURN` for the return itself and `PAST` for what it was in the past."""
    takes: bool = False
    """Whether a decision may put this number in the place of the return's."""

    RETURN: ClassVar[str] = "return"
    PAST: ClassVar[str] = "past"


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """Two sources, or a source and its past, that do not agree about a place. `key` is stable between runs, `fingerprint` follows
    the values. `gap` is signed, in `unit`; `impact` is the persons at stake, by which discrepancies are ranked, and
    `national_share` their share of the national total of the group. Sentence and remedy are in `rules.toml`, filled with
    `params`."""

    key: str
    fingerprint: str
    rule: str
    period: Period
    place_id: str
    population_group: str
    measure: str
    unit: str
    values: tuple[Compared, ...]
    gap: int
    impact: int
    severity: Severity
    params: Mapping[str, Any]
    owner: Owner
    partner: str | None = None
    """The organisation that is to answer, where it is no regional directorate."""
    proposed: Action = Action.ASK_REGION
    national_share: float | None = None
    additional: bool = False
    """Whether a source's number comes on top of the return's, and does not stand against it."""
    submission_id: int | None = None
    finding: Finding | None = None
    """What goes back to the author, marked at its cell, when the discrepancy is about a cell of a return."""


@dataclass(frozen=True, slots=True)
class NotComparable:
    """Two numbers about one place that are not held against each other, and why (`reason` is a key of `messages.toml` filled with
    `params`)."""

    period: Period
    place_id: str
    population_group: str
    values: tuple[Compared, ...]
    reason: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Triangulated:
    """What the sources of a month make of its returns: what does not agree, what is not compared, and the (place, group, measure)
    that a source of an independent lineage confirms."""

    discrepancies: tuple[Discrepancy, ...]
    set_aside: tuple[NotComparable, ...]
    agreed: frozenset[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Decision:
    """What the CMP decided about a discrepancy, on the values that `fingerprint` stands for. `households` and `individuals` are
    the new values of the place where the action sets them; `undoes` is the id of the decision that this one takes back."""

    id: int
    discrepancy_id: str
    action: Action
    decided_by: str
    decided_on: date
    reason: str
    fingerprint: str | None = None
    source: str | None = None
    households: int | None = None
    individuals: int | None = None
    undoes: int | None = None


@dataclass(frozen=True, slots=True)
class Settlement:
    """A decision as the table of the month takes it: `delta` is added to one total of a place and of all above it. `months` is
    how long before the month the value taken was counted, None when nobody says; `additional` people come on top of the figure."""

    decision_id: int
    place_id: str
    population_group: str
    measure: str
    unit: str
    delta: int
    reason: str
    basis: str | None = None
    action: Action = Action.TAKE_SOURCE
    months: int | None = 0
    additional: bool = False


@dataclass(frozen=True, slots=True, order=True)
class DecisionLapsed:
    """A decision that changed a number and changes it no more, since its disagreement is not found any longer."""

    place_id: str
    decision_id: int


@dataclass(frozen=True, slots=True, order=True)
class DecisionConflict:
    """Two standing decisions that would both change one number: the later one holds."""

    place_id: str
    population_group: str
    measure: str
    unit: str
    holds: int
    set_aside: int
    """Ids of decisions."""


@dataclass(frozen=True, slots=True)
class Event:
    """The displacement that one or several alerts talk about; counts are a range (low, high), or None when nobody gave one.
    `age_days` runs from the first alert to the day the month is seen on (`as_of`)."""

    key: str
    period: Period
    place_id: str
    first_on: date
    last_on: date
    alert_numbers: tuple[str, ...]
    witnesses: int
    assessed: bool
    households: tuple[int, int] | None
    individuals: tuple[int, int] | None
    status: EventStatus = EventStatus.UNVERIFIED
    age_days: int = 0
    organisations: tuple[str, ...] = ()
    origin: str | None = None
    shock: str | None = None
    rows: tuple[tuple[str, str, int], ...] = ()
    """(file, sheet, row) of each alert that tells of it."""


@dataclass(frozen=True, slots=True)
class SourceRows:
    """A source file that is no return, typed and placed: `rows` has the fields of its table, `place_id`, `placed_level` and
    `place_ids`, `source_id` (the row of the register that its organisation is) and its `lineage` for IDPs, `file`, `sheet`, `row`
    and `cell` (of its first count, else its first column)."""

    file: OpenedFile
    table: str
    rows: pd.DataFrame
    findings: tuple[Finding, ...]
    columns: Mapping[str, str] = field(default_factory=dict)
    """field -> column letters, or a whole address where one cell speaks for every row: with a row's number, the cell of any of its
    values."""
    layout: str | None = None


STATEMENT_COLUMNS = [
    "place_id", "population_group", "measure", "unit", "value", "as_of", "source_id", "organisation", "lineage", "scope",
    "table", "file", "sheet", "row", "cell", "document", "quoted",
]  # fmt: skip
"""One line for each number that a source states about a place: `value` Int64 (missing when the source only says that a place is
out of reach), `as_of` the day it is of, `source_id` its row of the register, `scope` what it covers (`codes.Scope`), `table` the
kind of source (`stock`, `circulated`, `statement`, `sitrep`, `printed`), `quoted` the place as the source writes it."""

PRESENCE_COLUMNS = [
    "place_id", "organisation", "sector", "started_on", "ended_on", "status", "source_id", "file", "sheet", "row", "cell",
]  # fmt: skip
"""One line for each actor, sector and place; `ended_on` is missing for one who is still there, `status` is an `ActivityStatus`."""


@dataclass(frozen=True, slots=True)
class SectorCover:
    """How far one sector reaches the IDPs of a cercle in a month. `actors` counts the organisations that work there, `organisations`
    names them; of the `persons` of the cercle, `persons_without` live in communes where none of them works, both missing where no
    return counts persons. `wanted` counts the rows of needs that rank a need this sector answers, `rank` is the best of these ranks;
    `wanted` is missing where no row of the cercle ranks any need."""

    place_id: str
    sector: str
    actors: int
    organisations: str
    persons: int | None
    persons_without: int | None
    wanted: int | None
    rank: int | None

    @property
    def is_gap(self) -> bool:
        """Whether the returns ask for the sector where nobody of it works."""
        return bool(self.wanted and self.persons_without)


COVER_COLUMNS = [item.name for item in dataclass_fields(SectorCover)]


@dataclass(frozen=True, slots=True)
class FileReport:
    """What `validate` says of one file. `region` and `period` are None for a source, which is no return."""

    path: str
    layout: str | None
    region: str | None
    period: str | None
    status: str
    rows: RowCounts
    totals: Mapping[str, Mapping[str, int | None]]
    findings: tuple[Finding, ...]
    since: Since | None = None
    """Against the version it answers or follows, when that is among the files checked."""
