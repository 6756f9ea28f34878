"""What goes back to the regions in a month: which returns, under which names, with which letters, and written so that nobody's
notes are lost."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from pipelines import compilation, correction
from pipelines.correction import SentBack
from pipelines.io import reference, returned
from pipelines.io.board import region_of_finding
from pipelines.io.exports import withdraw_workbooks_of_people, write_workbook_of_people
from pipelines.io.letter import letter, letter_name
from pipelines.io.letterhead import Sender
from pipelines.io.store import Store, SubmissionRow
from pipelines.model import Answered, Checked, Compared, Finding, OpenedFile, Period, PeriodFinding, Since
from schemas import texts
from schemas.codes import UNSETTLED, Effect, PopulationGroup, SubmissionStatus

FOLDER = "retours"
_SEALS = ".written"
"""Out of the way of people who send the folder on."""


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: workbooks (and originals beside them), letters, and what was set aside since somebody had worked in it."""

    folder: Path
    workbooks: tuple[Path, ...] = ()
    originals: tuple[Path, ...] = ()
    letters: tuple[Path, ...] = ()
    aside: tuple[Path, ...] = ()

    @property
    def paths(self) -> tuple[Path, ...]:
        return (*self.workbooks, *self.originals, *self.letters, *self.aside)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days of the letter: until when, and what the files are dated."""

    period: Period | None
    due: date | None
    dated: date


# --- which returns ------------------------------------------------------------------------------------------------------


def of_month(opened: Store, period: Period, files: Iterable[OpenedFile]) -> list[tuple[SentBack, bool]]:
    """What goes back of a month, with whether its file is still there to be copied: the return each region is counted by, and
    what was refused and not replaced since. In the order of regions and versions."""
    at_hand = {file.sha256: file for file in files}
    rows = opened.submissions(period)
    answers = opened.answers(period)
    answered = {answer.sha256 for answer in answers.values()}
    found = []
    for row in rows:
        if row.current or (row.status == SubmissionStatus.REFUSED and row.sha256 not in answered and not _replaced(row, rows)):
            checked = opened.checked(period, row.sha256)
            assert checked is not None
            checked = replace(checked, file=at_hand.get(row.sha256, checked.file))
            month = _of_month(opened, period, row)
            before = previous(opened, period, checked, answers.get(row.sha256))
            sent = sent_back(checked, month=month, before=before)
            if sent is not None:
                found.append((sent, row.sha256 in at_hand))
    return sorted(found, key=lambda item: (item[0].region_id or "", item[0].version, item[0].file.sha256))


def sent_back(checked: Checked, *, month: Iterable[PeriodFinding] = (), before: Checked | None = None) -> SentBack | None:
    """What goes back of one return: its region by name, what is counted of it, and what it changed since `before`."""
    form, gazetteer = checked.identification, reference.gazetteer()
    region = gazetteer.place(form.region_id).name if form.region_id else form.region
    accepted = checked.status is SubmissionStatus.ACCEPTED
    totals = compilation.claimed_totals(checked.rows, gazetteer)[str(PopulationGroup.IDP)] if accepted else None
    since = correction.since(before, checked) if before is not None else None
    return correction.send_back(checked, region=region, month=month, totals=totals, since=since)


def changes_of_month(opened: Store, period: Period) -> list[tuple[str, Since]]:
    """What the return each region is counted by changed against the one it answers or follows, by the name of the region."""
    answers, found = opened.answers(period), []
    for row in opened.submissions(period):
        if row.current:
            checked = opened.checked(period, row.sha256)
            before = previous(opened, period, checked, answers.get(row.sha256)) if checked else None
            since = correction.since(before, checked) if before and checked else None
            if since is not None:
                found.append((row.region_id or "", str(row.region), since))
    return [(region, since) for _, region, since in sorted(found, key=lambda item: item[0])]


def previous(opened: Store, period: Period, checked: Checked, answer: Answered | None) -> Checked | None:
    """The stored version that a return answers or follows."""
    if answer is not None and (known := opened.checked(period, answer.sha256)) is not None:
        return known
    among = [
        other
        for row in opened.submissions(period)
        if row.region_id == checked.identification.region_id is not None and row.sha256 != checked.file.sha256
        if (other := opened.checked(period, row.sha256)) is not None
    ]
    return correction.previous_of(checked, among)


def _replaced(row: SubmissionRow, rows: Sequence[SubmissionRow]) -> bool:
    """Whether a file of its region was accepted that is of a higher version, or of the same and later."""
    own = (row.stated_version or 1, row.id)
    return any(
        other.region_id == row.region_id is not None and other.status == SubmissionStatus.ACCEPTED
        and (other.stated_version or other.version or 1, other.id) > own
        for other in rows
    )  # fmt: skip


def _of_month(opened: Store, period: Period, row: SubmissionRow) -> list[PeriodFinding]:
    """The findings of the month about a file, and of its region when it is the one counted; the discrepancies about a cell of it
    that wait for an answer."""
    asked = [_asked(gap) for gap in opened.discrepancies(period) if gap["submission_id"] == row.id and gap["status"] in UNSETTLED]
    return asked + [
        _period_finding(found)
        for found in opened.findings(period)
        if found["source"] == "draft"
        and (
            found["submission_id"] == row.id or (found["submission_id"] is None and row.current and _is_of(found, row.region_id))
        )
    ]


def _asked(gap: Mapping[str, Any]) -> PeriodFinding:
    own = next((value["value"] for value in gap["values"] if value["source_id"] == Compared.RETURN), None)
    finding = Finding(
        gap["rule"], texts.rules()[gap["rule"]].effect, gap["sheet"], gap["cell"], gap["row"], None if own is None else str(own),
        _params_of(gap), gap["reply"],
    )  # fmt: skip
    return PeriodFinding(finding, gap["place_id"], gap["submission_id"])


def _params_of(gap: Mapping[str, Any]) -> Mapping[str, Any]:
    told: Mapping[str, Any] = json.loads(gap["params"]) if isinstance(gap["params"], str) else gap["params"]
    return told


def _is_of(found: Mapping[str, Any], region_id: str | None) -> bool:
    return region_id is not None and region_of_finding(found) == region_id


def _period_finding(found: Mapping[str, Any]) -> PeriodFinding:
    own = ("code", "sheet", "cell", "row", "value", "reply")
    finding = Finding(effect=Effect(found["effect"]), params=json.loads(found["params"]), **{name: found[name] for name in own})
    return PeriodFinding(finding, found["place_id"], found["submission_id"])


# --- written ------------------------------------------------------------------------------------------------------------


def write(
    folder: Path, sent: Sequence[tuple[SentBack, Path | None]], calendar: Calendar, sender: Sender, *, withdraw: bool = False
) -> Written:
    """Writes workbooks and letters into `folder`; each return comes with the path of its file, None when that is gone: what
    was written of it then stays as it is. With `withdraw`, what this program wrote there before and no longer sends back is
    taken away. Whatever somebody changed since is set aside under a numbered name. Raises OSError."""
    names = _names([item for item, _ in sent])
    files: dict[str, list[tuple[SentBack, list[str]]]] = {}
    contents: dict[str, bytes] = {}
    workbooks, originals, kept = [], [], set()
    for (item, path), name in zip(sent, names, strict=True):
        title = letter_name(item, calendar.period)
        if path is None:
            kept |= {f"{name}.xlsx", f"{name}.xlsm", item.file.name, title}
            continue
        parcel = returned.parcel(item, path.read_bytes(), name=name, due=calendar.due, dated=calendar.dated)
        contents.update(parcel.files)
        first, *others = parcel.files
        workbooks.append(first)
        originals.extend(others)
        files.setdefault(title, []).append((item, list(parcel.files)))
    letters = list(files)
    for title, bundle in files.items():
        contents[title] = letter(
            [item for item, _ in bundle], [names for _, names in bundle], sender=sender, period=calendar.period, due=calendar.due,
            dated=calendar.dated,
        )  # fmt: skip
    seals = folder / _SEALS
    aside = [moved for name, content in contents.items() if (moved := write_workbook_of_people(folder / name, content, seals))]
    if withdraw:
        aside += withdraw_workbooks_of_people(folder, kept | set(contents), seals)
    told = {name: tuple(folder / item for item in items) for name, items in
            {"workbooks": workbooks, "originals": originals, "letters": letters}.items()}  # fmt: skip
    return Written(folder, aside=tuple(aside), **told)


def _names(sent: Sequence[SentBack]) -> list[str]:
    """A name for each workbook; two files of one name (an .xls and an .xlsx) are told apart by a number."""
    names: list[str] = []
    for item in sent:
        name, number = returned.name_of(item), 1
        while (free := name if number == 1 else f"{name}_{number}").casefold() in {taken.casefold() for taken in names}:
            number += 1
        names.append(free)
    return names
