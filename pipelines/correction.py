"""What goes back to the author of a return, what he answers, and what his next version changed. Pure.

A return with something to act on goes back with its points in a list. The list carries in hidden columns which file it is
about and which finding each line is, so that what the author writes beside a point is known again however and whenever the
workbook comes back. A file that answers another is its next version, whatever number its author left on it.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from pipelines import privacy
from pipelines.model import (
    Answered,
    Change,
    Checked,
    Discrepancy,
    Finding,
    Identification,
    OpenedFile,
    Period,
    PeriodFinding,
    Reply,
    Sheet,
    Since,
    Unread,
)
from schemas import fields, texts
from schemas.cells import plain
from schemas.codes import Effect, SubmissionStatus, Unit, YesNo
from schemas.frames import pd

MARK = "cmp-idp:a-corriger:1"
"""Stands in a hidden cell of the list and tells it from any other sheet; right of it the sha256, version and month of the file
that the list is about."""
KEYS = ("code", "sheet", "cell", "about", "fill")
"""What the hidden columns of a line hold, from the column of the mark on: the finding, and the fill its cell had before."""
PERSONAL = "PERSONAL_DATA"
_MARK_WITHIN = 12
_TELEPHONE = re.compile(r"(?<!\d)(?:\+?223[ .\-]?)?[5-9]\d([ .\-\u00a0\u202f]?)\d{2}\1\d{2}\1\d{2}(?!\d)")
"""A Malian mobile number: 76 12 34 56."""
_PERSONS = frozenset({"prepared_by", "validated_by", "function"})
"""Fields of the identification that name a person: that they changed is said, not what they hold."""
_ALIKE = 0.5
_PLACES = ("place_id", "origin_place_id", "from_place_id", "to_place_id", "level", "site")


# --- what is sent back --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Point:
    """One line of the list. `about` is what tells it from others without a cell (see `model.Reply`)."""

    number: int
    finding: Finding
    about: str = ""


@dataclass(frozen=True, slots=True)
class SentBack:
    """A return on its way back. `asked` are the points somebody has to act on, `explained` those to be justified that have been,
    `told` those for information. `households` and `individuals` are what is counted of it, None when nothing is."""

    file: OpenedFile
    region_id: str | None
    region: str | None
    period: Period | None
    version: int
    refused: bool
    households: int | None
    individuals: int | None
    asked: tuple[Point, ...]
    explained: tuple[Point, ...] = ()
    told: tuple[Point, ...] = ()
    since: Since | None = None

    @property
    def points(self) -> tuple[Point, ...]:
        return (*self.asked, *self.explained, *self.told)

    @property
    def personal(self) -> bool:
        """Refused for personal data: neither the file nor any value of it may be copied."""
        return any(point.finding.code == PERSONAL for point in self.asked)


def send_back(
    checked: Checked,
    *,
    region: str | None,
    month: Iterable[PeriodFinding] = (),
    totals: Mapping[str, int | None] | None = None,
    since: Since | None = None,
) -> SentBack | None:
    """What goes back of a return, or None when nothing asks its author for an action: findings for information alone, and
    points to be justified that he has explained, send nothing back. `month` are the findings of the month about it, `totals`
    what is counted of it by unit.

    Of a file refused for personal data only that is said, and its sheets are left behind: other findings could quote them.
    """
    found = [(finding, about(finding)) for finding in checked.findings]
    found += [(item.finding, about(item.finding, item.place_id)) for item in month]
    personal = any(finding.code == PERSONAL for finding, _ in found)
    if personal:
        found = [(finding, key) for finding, key in found if finding.code == PERSONAL]
    order = {sheet.name: at for at, sheet in enumerate(checked.file.sheets)}
    found.sort(key=lambda item: _rank(item[0], order))
    groups: dict[str, list[tuple[Finding, str]]] = {"asked": [], "explained": [], "told": []}
    for finding, key in found:
        groups[_group(finding)].append((finding, key))
    if not groups["asked"]:
        return None
    numbers = iter(range(1, len(found) + 1))
    points = {name: tuple(Point(next(numbers), *item) for item in groups[name]) for name in groups}
    form, counted = checked.identification, totals or {}
    return SentBack(
        file=replace(checked.file, sheets=()) if personal else checked.file,
        region_id=form.region_id,
        region=region,
        period=form.period,
        version=form.version or 1,
        refused=checked.status is SubmissionStatus.REFUSED,
        households=counted.get("household"),
        individuals=counted.get("individual"),
        since=None if personal else since,
        **points,
    )


def _group(finding: Finding) -> str:
    if finding.effect is Effect.INFORM:
        return "told"
    return "explained" if finding.effect is Effect.JUSTIFY and finding.reply else "asked"


def _rank(finding: Finding, order: Mapping[str, int]) -> tuple[Any, ...]:
    """The gravest first, then as they stand in the workbook; what has no sheet first."""
    letters, row = split(finding.cell) if finding.cell else ("", finding.row or 0)
    sheet = -1 if finding.sheet is None else order.get(finding.sheet, len(order))
    return (list(Effect).index(finding.effect), sheet, finding.sheet or "", row, len(letters), letters, finding.code)


def about(finding: Finding, place_id: str = "") -> str:
    """What tells a finding from others of its rule on the same sheet without a cell."""
    return place_id or str(finding.params.get("column") or "")


def split(cell: str) -> tuple[str, int]:
    """`AB12` as letters and row."""
    letters = cell.rstrip("0123456789")
    return letters, int(cell[len(letters) :] or 0)


# --- what comes back ----------------------------------------------------------------------------------------------------


def is_list(sheet: Sheet) -> bool:
    """Whether a sheet is a list that was sent back, under whatever title."""
    return _mark(sheet) is not None


def of_author(file: OpenedFile) -> OpenedFile:
    """The file as its author means it: without the list that was sent back to him."""
    own = tuple(sheet for sheet in file.sheets if not is_list(sheet))
    return file if len(own) == len(file.sheets) else replace(file, sheets=own)


def answered(file: OpenedFile) -> Answered | None:
    """What a file answers, read from the list in it; None when it has none, or one whose hidden cells were emptied. Telephone
    numbers are taken out of replies: they are personal data."""
    for sheet in file.sheets:
        at = _mark(sheet)
        if at is not None:
            row, column = at
            sha256, version, period = (_at(sheet, row, column + step) for step in (1, 2, 3))
            if isinstance(sha256, str) and re.fullmatch(r"[0-9a-f]{64}", sha256):
                number = int(version) if isinstance(version, int | float) else 1
                month = period if isinstance(period, str) else None
                replies = (Reply(line.code, line.sheet, line.cell, line.reply, line.about) for line in lines(sheet) if line.reply)
                return Answered(sha256, number, month, tuple(replies))
    return None


def answered_for(file: OpenedFile, period: Period | None) -> Answered | None:
    """What a file answers, unless that is a return of another month than its own."""
    found = answered(file)
    return None if found is None or _of_other_month(found, period) else found


def stale_answer(file: OpenedFile, period: Period | None) -> Answered | None:
    """What a file answers when that is a return of another month than its own."""
    found = answered(file)
    return found if found is not None and _of_other_month(found, period) else None


def _of_other_month(found: Answered, period: Period | None) -> bool:
    return found.period is not None and period is not None and found.period != str(period)


def effective_version(printed: int | None, answer: Answered | None) -> int | None:
    """A file that answers another comes after it, even when its author left the number as it was."""
    return printed if answer is None else max(printed or 0, answer.version + 1)


def _mark(sheet: Sheet) -> tuple[int, int] | None:
    for at, row in enumerate(sheet.rows[:_MARK_WITHIN]):
        for column, value in enumerate(row):
            if value == MARK:
                return at, column
    return None


def _at(sheet: Sheet, row: int, column: int) -> Any:
    """A cell's value, from 0; None outside the sheet and where none could be read."""
    line = sheet.rows[row] if 0 <= row < len(sheet.rows) else ()
    value = line[column] if 0 <= column < len(line) else None
    return None if isinstance(value, Unread) else value


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a list that came back: which point it is, what its cell looked like before it was marked, and the reply."""

    number: int
    code: str
    sheet: str | None
    cell: str | None
    about: str
    fill: str
    reply: str


def lines(sheet: Sheet) -> Iterator[Line]:
    """The points of a list, wherever its author moved their rows or columns; nothing when the sheet is no list."""
    mark = _mark(sheet)
    if mark is None:
        return
    titles: dict[str, int] = {}
    for at, row in enumerate(sheet.rows):
        if not titles:
            found = {key: _column(row, message) for key, message in _TITLES.items()}
            titles = {key: column for key, column in found.items() if column is not None} if found["reply"] is not None else {}
            continue
        code, title, cell, key, fill = (_text(_at(sheet, at, mark[1] + step)) for step in range(len(KEYS)))
        if code in texts.rules():
            number = _at(sheet, at, titles.get("number", 0))
            reply = _told(_at(sheet, at, titles["reply"]))
            yield Line(
                int(number) if isinstance(number, int | float) else 0, str(code), title, cell, key or "", fill or "", reply
            )


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


_TITLES = {"number": "returned_number", "reply": "returned_reply"}


def _column(row: Sequence[Any], title: str) -> int | None:
    wanted = plain(texts.message(title))
    return next((column for column, value in enumerate(row) if isinstance(value, str) and plain(value) == wanted), None)


def _told(value: Any) -> str:
    """A reply as text: people also answer with a number or a date. One that names persons is not taken over."""
    if isinstance(value, date):
        return texts.day(value)
    text = "" if value is None else str(value).strip()
    text = _TELEPHONE.sub(texts.message("returned_telephone"), text)
    return texts.message("returned_not_taken") if privacy.text_kind(text) else text


# --- replies to their findings ------------------------------------------------------------------------------------------


def with_replies(after: Checked, answer: Answered | None, before: Checked | None) -> Checked:
    """A version with each finding that its author answered carrying the reply. `before` is the version answered, or the one it
    follows: a reply given then still holds for the same finding on the same value, and rows that moved since are followed."""
    moved = _Rows(before, after).moved if before is not None else _unmoved
    given: list[tuple[tuple[Hashable, ...], Any]] = []
    if answer is not None:
        given = [((r.code, *moved(r.sheet, r.cell), r.about), r.text) for r in answer.replies]
    elif before is not None:
        given = [((f.code, *moved(f.sheet, f.cell), about(f), f.value), f.reply) for f in before.findings if f.reply]
    replies = _queues(given)

    def reply(finding: Finding) -> Finding:
        key: tuple[Hashable, ...] = (finding.code, finding.sheet, finding.cell, about(finding))
        key = key if answer is not None else (*key, finding.value)
        return replace(finding, reply=replies[key].popleft()) if replies.get(key) else finding

    return replace(after, findings=tuple(reply(finding) for finding in after.findings)) if replies else after


def with_month_replies(found: Iterable[PeriodFinding], answers: Iterable[Answered]) -> tuple[PeriodFinding, ...]:
    """Findings of the month with what authors answered to them, the last answer first. They are known by their place, since
    the cell they point at may have moved."""
    told = {(reply.code, reply.about): reply.text for answer in answers for reply in answer.replies if reply.about}

    def reply(item: PeriodFinding) -> PeriodFinding:
        text = told.get((item.finding.code, item.place_id))
        return replace(item, finding=replace(item.finding, reply=text)) if text else item

    return tuple(reply(item) for item in found)


def with_discrepancy_replies(found: Iterable[Discrepancy], answers: Iterable[Answered]) -> tuple[Discrepancy, ...]:
    """The same for the discrepancies that were marked in a workbook sent back."""
    told = tuple(answers)

    def reply(item: Discrepancy) -> Discrepancy:
        if item.finding is None:
            return item
        [answered] = with_month_replies([PeriodFinding(item.finding, item.place_id)], told)
        return replace(item, finding=answered.finding)

    return tuple(reply(item) for item in found)


def replies_by_finding(findings: Sequence[Finding], answer: Answered) -> Iterator[tuple[int, str]]:
    """(position, reply) of each finding of the file answered that its author replied to."""
    replies = _queues(((r.code, r.sheet, r.cell, r.about), r.text) for r in answer.replies)
    for position, finding in enumerate(findings):
        waiting = replies.get((finding.code, finding.sheet, finding.cell, about(finding)))
        if waiting:
            yield position, waiting.popleft()


def _queues(pairs: Iterable[tuple[tuple[Hashable, ...], Any]]) -> dict[tuple[Hashable, ...], deque[Any]]:
    queues: dict[tuple[Hashable, ...], deque[Any]] = defaultdict(deque)
    for key, value in pairs:
        queues[key].append(value)
    return dict(queues)


def _unmoved(sheet: str | None, cell: str | None) -> tuple[str | None, str | None]:
    return sheet, cell


# --- what changed since -------------------------------------------------------------------------------------------------


def previous_of(checked: Checked, among: Sequence[Checked]) -> Checked | None:
    """The version that a return answers, or else, when that is not there, the highest of the same region and month below its
    own."""
    form = checked.identification
    answer = answered_for(checked.file, form.period)
    known = [item for item in among if answer is not None and item.file.sha256 == answer.sha256]
    if known:
        return known[0]
    below = [
        item
        for item in among
        if item.identification.region_id == form.region_id is not None
        and item.identification.period == form.period
        and item.status is SubmissionStatus.ACCEPTED
        and (item.identification.version or 1) < (form.version or 1)
    ]
    return max(below, key=lambda item: (item.identification.version or 1, item.file.sha256), default=None)


def since(before: Checked, after: Checked) -> Since | None:
    """What a version changed against an earlier one; None when either was refused for personal data."""
    if any(finding.code == PERSONAL for finding in (*before.findings, *after.findings)):
        return None
    rows = _Rows(before, after)
    earlier, later = ([f for f in item.findings if f.effect is not Effect.INFORM] for item in (before, after))
    waiting = _queues(((f.code, *rows.moved(f.sheet, f.cell), about(f)), f) for f in earlier)
    remaining, new, matched = [], [], set()
    for finding in later:
        queue = waiting.get((finding.code, finding.sheet, finding.cell, about(finding)))
        if queue:
            matched.add(id(queue.popleft()))
            remaining.append(finding)
        else:
            new.append(finding)
    corrected = tuple(finding for finding in earlier if id(finding) not in matched)
    return Since(
        before.file.name, before.identification.version or 1, corrected, tuple(remaining), tuple(new),
        None if rows.empty else (*_form_changes(before.identification, after.identification), *rows.changes()),
    )  # fmt: skip


def _form_changes(before: Identification, after: Identification) -> Iterator[Change]:
    for item in fields.IDENTIFICATION.fields:
        old, new = getattr(before, item.name), getattr(after, item.name)
        if old != new and item.name != "version":
            hidden = item.name in _PERSONS
            yield Change(Change.CELL, None, None, item.name, None if hidden else old, None if hidden else new)


Row = Mapping[str, Any]


class _Rows:
    """The rows of two versions side by side: those that hold the same, then those of the same place, then those that have at
    least half of their values in common are one row; the others were added or taken out."""

    def __init__(self, before: Checked, after: Checked) -> None:
        self.before, self.after = before, after
        self.empty = SubmissionStatus.REFUSED in (before.status, after.status)
        self.pairs: list[tuple[Row, Row]] = []
        self._typed = _typed(before), _typed(after)
        self.removed, self.added = ([] if self.empty else _records(item.rows) for item in (before, after))
        for key in (_content, _place):
            self._pair(key)
        self._pair_alike()
        self._rows = {(old["sheet"], old["row"]): (new["sheet"], new["row"]) for old, new in self.pairs}
        self._fields = {
            (old["sheet"], letters): (old["table"], name)
            for old, _ in self.pairs
            for name, letters in before.columns.get(old["table"], {}).items()
        }

    def _pair(self, key: Callable[[Row], Hashable]) -> None:
        waiting = _queues(((row["table"], key(row)), row) for row in self.removed if key(row) is not None)
        added, taken = [], set()
        for row in self.added:
            queue = waiting.get((row["table"], key(row)))
            if queue:
                self.pairs.append((old := queue.popleft(), row))
                taken.add(id(old))
            else:
                added.append(row)
        self.removed, self.added = [row for row in self.removed if id(row) not in taken], added

    def _pair_alike(self) -> None:
        """Rows whose place was corrected, the most alike and the nearest first."""
        alike = [
            (-score, abs(old["row"] - new["row"]), at, to)
            for at, old in enumerate(self.removed)
            for to, new in enumerate(self.added)
            if old["table"] == new["table"] and (score := _alike(old, new)) >= _ALIKE
        ]
        taken: tuple[set[int], set[int]] = (set(), set())
        for _, _, at, to in sorted(alike):
            if at not in taken[0] and to not in taken[1]:
                self.pairs.append((self.removed[at], self.added[to]))
                taken[0].add(at)
                taken[1].add(to)
        self.removed = [row for at, row in enumerate(self.removed) if at not in taken[0]]
        self.added = [row for to, row in enumerate(self.added) if to not in taken[1]]

    def moved(self, sheet: str | None, cell: str | None) -> tuple[str | None, str | None]:
        """Where a cell of the earlier version is in the later one; where it was when nothing tells of a move."""
        if sheet is None or cell is None:
            return sheet, cell
        letters, row = split(cell)
        title, number = self._rows.get((sheet, row), (sheet, row))
        table, name = self._fields.get((sheet, letters), ("", ""))
        return title, f"{self.after.columns.get(table, {}).get(name, letters)}{number}"

    def changes(self) -> list[Change]:
        """By sheet and row of the later version, rows taken out last."""
        order = {table.name: at for at, table in enumerate(fields.RETURN_TABLES)}
        found = [(order[new["table"]], new["row"], change) for old, new in self.pairs for change in self._of_row(old, new)]
        found += [(order[row["table"]], row["row"], self._whole(Change.ADDED, row, self.after)) for row in self.added]
        gone = [(order[row["table"]], row["row"], self._whole(Change.REMOVED, row, self.before)) for row in self.removed]
        return [change for part in (found, gone) for _, _, change in sorted(part, key=lambda item: item[:2])]

    def _of_row(self, old: Row, new: Row) -> Iterator[Change]:
        letters = self.after.columns.get(new["table"], {})
        for name in fields.table_named(new["table"]).names:
            was, now = _value(self.before, self._typed[0], old, name), _value(self.after, self._typed[1], new, name)
            if was != now:
                cell = f"{letters[name]}{new['row']}" if name in letters else None
                yield Change(Change.CELL, new["sheet"], cell, name, was, now)

    @staticmethod
    def _whole(kind: str, row: Row, item: Checked) -> Change:
        columns = item.columns.get(row["table"], {})
        names = fields.table_named(row["table"]).names
        first = next((columns[name] for name in names if name in columns and row[name] is not None), "A")
        said = {name: row[name] for name in names if row[name] is not None and name in _SHOWN}
        values = (None, said) if kind == Change.ADDED else (said, None)
        return Change(kind, row["sheet"], f"{first}{row['row']}", None, *values)


_SHOWN = frozenset({"cercle", "commune", "site", "movement", "households", "individuals"})
"""What a row that was added or taken out is told by."""


def _value(item: Checked, typed: Mapping[tuple[Any, Any], Any], row: Row, name: str) -> Any:
    """The value read; where it could not be, what its finding quotes."""
    if row[name] is not None:
        return row[name]
    letters = item.columns.get(row["table"], {}).get(name)
    return typed.get((row["sheet"], f"{letters}{row['row']}"))


def _typed(item: Checked) -> dict[tuple[Any, Any], Any]:
    return {(f.sheet, f.cell): f.value for f in item.findings if f.cell is not None and f.value is not None}


def _records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    plain_rows = rows.astype(object)
    return [
        {str(name): value for name, value in row.items()} for row in plain_rows.where(plain_rows.notna(), None).to_dict("records")
    ]


def _content(row: Row) -> Hashable:
    return tuple(row[name] for name in fields.table_named(row["table"]).names)


def _place(row: Row) -> Hashable:
    key = tuple(row.get(name) for name in _PLACES)
    return key if any(key[:4]) else None


def _alike(old: Row, new: Row) -> float:
    """The share of the values of two rows that they have in common."""
    pairs = [(old[name], new[name]) for name in fields.table_named(new["table"]).names]
    told = [pair for pair in pairs if pair != (None, None)]
    return sum(was == now for was, now in told) / len(told) if told else 0.0


def said(value: Any, field: str | None, lang: str = "fr") -> str:
    """A value of a change as people read it. What was empty is a dash, what names a person is left out by `since`."""
    if isinstance(value, Mapping):
        return ", ".join(_named(item, name, lang) for name, item in value.items())
    if isinstance(value, bool):
        return (YesNo.YES if value else YesNo.NO).label(lang)
    if isinstance(value, date):
        return texts.day(value, lang)
    if isinstance(value, int | float):
        return texts.number(value, lang)
    choices = _field(field).choices if field else None
    if choices is not None and value in set(choices):
        return choices(value).label(lang)
    return "—" if value is None else str(value)


def _named(value: Any, name: str, lang: str) -> str:
    unit = _field(name).unit
    words = said(value, name, lang)
    return f"{words} {Unit(unit).label(lang)}" if unit else words


def label(change: Change, lang: str = "fr") -> str:
    """The title of the field that changed; empty for a whole row."""
    return _field(change.field).label.in_(lang) if change.field else ""


def change_sentence(change: Change, lang: str = "fr") -> str:
    """`Individus : 52 → 520`, or what a row that was added or taken out holds."""
    if change.field is None:
        return said(change.after if change.kind == Change.ADDED else change.before, None, lang)
    name = label(change, lang)
    if change.before is None and change.after is None:
        return texts.message("returned_change_person", lang, label_name=name)
    before, after = (said(value, change.field, lang) for value in (change.before, change.after))
    return texts.message("returned_change", lang, label_name=name, before=before, after=after)


def since_sentence(since: Since, lang: str = "fr") -> str:
    counts: dict[str, Any] = {name: len(getattr(since, name)) for name in ("corrected", "remaining", "new")}
    title = texts.message("returned_since", lang, version=since.version, file=since.file)
    return f"{title} — {texts.message('returned_since_counts', lang, **counts)}"


def _field(name: str | None) -> fields.Field:
    return _FIELDS[str(name)]


_FIELDS = {item.name: item for item in (*fields.IDENTIFICATION.fields, *fields.observation_fields())}
