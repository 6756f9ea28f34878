"""The workbook of the meeting read back: every cell that somebody filled in is checked, and nothing is written while one is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from xlsxwriter.utility import xl_rowcol_to_cell

from pipelines.io import meeting, workbooks
from pipelines.io.agenda import Point, action_meant, label
from pipelines.io.decisions import PART_REFUSED, Wanted
from pipelines.io.exports import inert
from pipelines.io.sheets import title_of, titles_in
from pipelines.model import Period, Sheet, Unread
from pipelines.settings import Limits
from schemas.cells import as_date, plain
from schemas.texts import LANGUAGES, message

_READ_BACK = (meeting.REFERENCE, *meeting.TO_FILL, meeting.FINGERPRINT)


class MeetingError(Exception):
    """A file that is no workbook of the meeting. The text, in the language of the run, says why."""


@dataclass(slots=True)
class Filled:
    """The decisions of a workbook in the order of its lines, and a sentence for each cell that is wrong."""

    wanted: list[Wanted] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read_meeting(
    path: Path, period: Period, points: Sequence[Point], *, by: str | None, on: date | None, today: date, lang: str = "fr",
    limits: Limits = workbooks.DEFAULT_LIMITS,
) -> Filled:  # fmt: skip
    """The lines that somebody filled in. `by` and `on` stand in where a line does not say who decided and when; lines without
    decision, source or reason are nobody's. Lines may have been sorted, moved or deleted. Raises MeetingError for another
    workbook, OSError when it cannot be read from disk."""
    opened = workbooks.open_file(path, limits)
    for sheet in opened.sheets:
        for of_sheet in LANGUAGES:
            if found := _titles(sheet, of_sheet):
                reader = _Reader(sheet, found[1], {point.id: point for point in points}, period, by, on, today, lang)
                return reader.read(found[0])
    raise MeetingError(
        message("import_not_a_meeting", lang, file=path.name, sheet_title=message("meeting_sheet_to_decide", lang))
    )


def _titles(sheet: Sheet, lang: str) -> tuple[int, dict[str, int]] | None:
    """The header row and the column of each title; the table of decisions taken has no fingerprint and is not this one."""
    return titles_in(sheet, {title_of(column, lang): column for column in _READ_BACK})


@dataclass(frozen=True, slots=True)
class _Reader:
    sheet: Sheet
    columns: Mapping[str, int]
    points: Mapping[str, Point]
    period: Period
    by: str | None
    on: date | None
    today: date
    lang: str

    def read(self, header: int) -> Filled:
        filled, lines = Filled(), dict[str, tuple[int, Wanted]]()
        for row, cells in enumerate(self.sheet.rows[header + 1 :], start=header + 1):
            said = {name: _blank_as_none(cells[at]) if at < len(cells) else None for name, at in self.columns.items()}
            if all(said[name] is None for name in (meeting.DECISION, meeting.SOURCE, meeting.REASON)):
                continue
            wanted, problems = self._line(row, said)
            filled.problems += problems
            if wanted is None or problems:
                continue
            first, same = lines.setdefault(wanted.point.id, (row, wanted))
            if first == row:
                filled.wanted.append(wanted)
            elif same != wanted:
                filled.problems.append(
                    self._say(row, meeting.DECISION, "import_twice", other=first + 1, place=self._place(wanted.point))
                )
        return filled

    def _line(self, row: int, said: Mapping[str, Any]) -> tuple[Wanted | None, list[str]]:
        """The decision of a line, and all that is wrong in it."""
        unread = list(self._unread(row, said))
        point = (
            None if isinstance(said[meeting.REFERENCE], Unread) else self.points.get(str(said[meeting.REFERENCE] or "").strip())
        )
        if unread:
            return None, unread
        if point is None:
            told = str(said[meeting.REFERENCE] or "")
            return None, [
                self._say(
                    row, meeting.REFERENCE, "import_unknown" if told else "import_no_reference", id=told, period=str(self.period)
                )
            ]
        if said[meeting.FINGERPRINT] is None or str(said[meeting.FINGERPRINT]).strip() != point.fingerprint:
            return None, [self._say(row, meeting.DECISION, "import_changed", place=self._place(point), period=str(self.period))]
        wanted = self._wanted(point, said)
        return wanted, list(self._wrong(row, said, wanted))

    def _wanted(self, point: Point, said: Mapping[str, Any]) -> Wanted:
        typed = None if said[meeting.DECISION] is None else str(said[meeting.DECISION]).strip()
        on = as_date(said[meeting.ON]) if said[meeting.ON] is not None else self.on
        return Wanted(
            point, (action_meant(typed) or typed) if typed else None, _text(said[meeting.BY]) or self.by, on, _text(said[meeting.REASON]),
            _source(point, said[meeting.SOURCE], self.lang),
        )  # fmt: skip

    def _wrong(self, row: int, said: Mapping[str, Any], wanted: Wanted) -> Iterator[str]:
        """Each wrong cell of a line once."""
        for refused in wanted.refusals(self.today):
            if refused.key == "decision_no_day" and said[meeting.ON] is not None:
                yield self._say(row, meeting.ON, "import_bad_day", typed_day=str(said[meeting.ON]))
            else:
                column = PART_REFUSED.get(refused.key, meeting.DECISION)
                yield self._tell(row, column, refused.text(self.lang))
        if wanted.same is not None and wanted.same["undone"]:
            yield self._say(
                row, meeting.DECISION, "import_undone", number_of=str(wanted.same["id"]), place=self._place(wanted.point)
            )

    def _unread(self, row: int, said: Mapping[str, Any]) -> Iterator[str]:
        for name, value in said.items():
            if isinstance(value, Unread):
                yield self._say(row, name, f"import_unread_{value.kind}", there=value.text)

    def _say(self, row: int, column: str, key: str, **params: Any) -> str:
        return self._tell(row, column, message(key, self.lang, **params))

    def _tell(self, row: int, column: str, what: str) -> str:
        cell = xl_rowcol_to_cell(row, self.columns[column])
        return message(
            "import_problem", self.lang, at=message("import_cell", self.lang, sheet_title=self.sheet.name, cell=cell), what=what
        )

    def _place(self, point: Point) -> str:
        return label(point.place_id, self.lang)


def _blank_as_none(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


def _text(value: Any) -> str | None:
    """What somebody typed: a number as it is written, a day as ISO."""
    if value is None:
        return None
    return str(int(value)) if isinstance(value, float) and value == int(value) else str(value).strip()


def _source(point: Point, typed: Any, lang: str) -> str | None:
    """The source of this discrepancy that a cell names, as its list shows it, else what is typed."""
    said = _text(typed)
    if said is None or said == message("meeting_no_source", lang):
        return None
    listed = {text: source for source in point.sources for text in (source, inert(source))}
    return listed.get(said) or next((source for text, source in listed.items() if plain(text) == plain(said)), said)
