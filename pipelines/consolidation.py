"""What a consolidation does, from the files a directorate sent to the draft of the month. Read `consolidate` first.

Every step is a plain function of this module; `perform` runs it, either plainly or as a Prefect task (`flows.py`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar

from pipelines import checking, compilation, correction, deciding, intake, settling, sources, triangulation
from pipelines.checking import Dossier, Rulebook
from pipelines.compilation import Month
from pipelines.io import correspondence, draft_of_month, exports, questions, reference, workbooks
from pipelines.io.correspondence import Written
from pipelines.io.letterhead import Sender
from pipelines.io.store import SavedSubmission, Store
from pipelines.model import (
    Checked,
    Compiled,
    Decision,
    Discrepancy,
    FileReport,
    Finding,
    LateVersion,
    OpenedFile,
    Period,
    PeriodFinding,
    Reading,
    RowCounts,
    SourceRows,
    Triangulated,
)
from pipelines.places import Alias, Gazetteer
from pipelines.release import CARRIED_RULE
from pipelines.settings import Settings
from schemas import fields, texts
from schemas.codes import WAITS_FOR_THE_REGION, Effect, SourceKind, SubmissionStatus

T = TypeVar("T")
Perform = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Job:
    """One consolidation: which month, as seen on which day, with which settings. `now` only dates what the store received;
    `confirmed` are the spellings of places that people have confirmed in the store."""

    period: Period
    settings: Settings
    as_of: date
    now: datetime
    confirmed: tuple[Alias, ...] = ()

    @property
    def rulebook(self) -> Rulebook:
        return Rulebook(self.settings.thresholds)

    @property
    def gazetteer(self) -> Gazetteer:
        return reference.gazetteer(self.confirmed)

    @property
    def inbox(self) -> Path:
        return self.settings.raw_dir / str(self.period)

    @property
    def outbox(self) -> Path:
        return self.settings.processed_dir / str(self.period)

    @property
    def rules_hash(self) -> str:
        """Identifies all that judges a file: rules and thresholds, layouts, reference tables and confirmed spellings. A file
        judged by others is judged anew."""
        spellings = json.dumps(sorted(self.confirmed, key=str)) if self.confirmed else ""
        return hashlib.sha256((self.rulebook.hash() + reference.fingerprint() + spellings).encode()).hexdigest()

    def store(self) -> Store:
        self.settings.processed_dir.mkdir(parents=True, exist_ok=True)
        return Store.open(self.settings.store_url)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a consolidation found and wrote: submissions in the order of their regions, refused files, files written, what is to
    be sent back to the regions, and the letters that ask regions and partners about what does not agree."""

    period: Period
    saved: tuple[SavedSubmission, ...]
    refused: tuple[Checked, ...]
    written: tuple[Path, ...]
    sent_back: Written
    asked: questions.Written


def job(period: Period, settings: Settings, as_of: date | None = None) -> Job:
    """A job for `period`; `as_of` is the publication day of the calendar unless given. Raises StoreError."""
    confirmed = reference.confirmed_in(settings.store_url)
    return Job(period, settings, as_of or settings.publication_day(period), datetime.now(UTC), confirmed)


def plainly(step: Callable[..., T], *args: Any) -> T:
    return step(*args)


def consolidate(job: Job, perform: Perform = plainly) -> Outcome:
    """From the files in `data/raw/PERIOD` to the draft of the month. Raises StoreError and OSError, never for what a file holds."""
    files = perform(read, job)
    dossiers = perform(check, job, files)
    located = perform(locate, job, dossiers)
    checked = perform(judge, job, located)
    parts = perform(read_sources, job)
    saved = perform(store, job, checked)
    month, compiled = perform(compile_, job)
    told = perform(triangulate, job, month, compiled, parts)
    draft = perform(decide, job, month, compiled, told, parts)
    written = perform(report, job, draft)
    back = perform(send_back, job, files)
    asked = perform(ask, job)
    refused = tuple(item for item in checked if item.status == "refused")
    return Outcome(job.period, saved, refused, written, back, asked)


# --- the steps ----------------------------------------------------------------------------------------------------------


def read(job: Job) -> list[OpenedFile]:
    """The returns of the month, every file in the folder, readable or not."""
    return [workbooks.open_file(path, job.settings.limits) for path in workbooks.files_in(job.inbox / "returns")]


def check(job: Job, files: Sequence[OpenedFile]) -> list[Dossier]:
    """Layout, headers, identification and single cells of every file."""
    readings = [intake.read(file, intake.layouts()) for file in files]
    return checking.check_cells(readings, job.gazetteer, job.rulebook, job.period)


def locate(job: Job, dossiers: Sequence[Dossier]) -> list[Dossier]:
    """Every name to a place."""
    return checking.locate_rows(dossiers, job.gazetteer)


def judge(job: Job, dossiers: Sequence[Dossier]) -> list[Checked]:
    """The checked returns in the order of their regions and printed versions, whatever the order of the files."""
    checked = checking.check_rows(dossiers, job.gazetteer)
    return sorted(checked, key=lambda c: (c.identification.region_id or "", c.identification.version or 0, c.file.sha256))


def read_sources(job: Job) -> list[SourceRows]:
    """Alerts, totals circulated outside the returns, and what other organisations count."""
    found: list[SourceRows] = []
    known: set[str] = set()
    for folder in ("alerts", "sources"):
        for path in workbooks.files_in(job.inbox / folder):
            file = workbooks.open_file(path, job.settings.limits)
            if file.sha256 in known:  # the same file under another name says nothing twice
                continue
            known.add(file.sha256)
            reading = intake.read(file, intake.layouts())
            found.extend(checking.check_source(reading, job.gazetteer, job.rulebook))
    return found


def store(job: Job, checked: Sequence[Checked]) -> tuple[SavedSubmission, ...]:
    """One transaction per submission: a kill leaves each one wholly in or wholly out, and running again goes on."""
    with job.store() as opened:
        opened.seed_places(*(reference.rows(table) for table in ("places", "place_codes", "place_aliases")))
        return tuple(_store_one(job, opened, item) for item in checked)


def compile_(job: Job) -> tuple[Month, Compiled]:
    """The month as its returns make it, from what the store holds: no source and no decision has touched it yet."""
    with job.store() as opened:
        month = Month(
            period=job.period,
            observations=opened.observations(job.period),
            heads=opened.current_heads(job.period),
            past=opened.past(job.period),
            expected=reference.expected_regions(job.period),
            gazetteer=job.gazetteer,
            late=_late_versions(opened, job.period),
        )
    return month, compilation.compile_month(month, job.rulebook)


def triangulate(job: Job, month: Month, compiled: Compiled, parts: Sequence[SourceRows]) -> Triangulated:
    """The returns against their past, the alerts and all other sources; what sources say is kept in the store."""
    alerts, stated, present = _rows_of(parts, fields.ALERT), sources.statements(parts), sources.presence(parts)
    events = triangulation.events(alerts, job.period, job.gazetteer, job.as_of)
    hashes = {part.file.name: part.file.sha256 for part in parts}
    with job.store() as opened:
        evidence = compilation.evidence_of(
            month, compiled, job.rulebook, job.as_of, history=opened.history(job.period), statements=_with_printed(stated, job.period),
            alerts=alerts, events=events, earlier_numbers=frozenset(opened.alerts(job.period.previous())["alert_number"].dropna()),
            presence=present,
        )  # fmt: skip
        opened.save_sources(job.period, stated, present, triangulation.cover(evidence), hashes)
        opened.save_alerts(job.period, alerts[[*fields.ALERT.names, *_WHERE]], hashes, events)
    return Triangulated(triangulation.discrepancies(evidence), triangulation.set_aside(evidence), triangulation.agreed(evidence))


def decide(job: Job, month: Month, compiled: Compiled, told: Triangulated, parts: Sequence[SourceRows]) -> Compiled:
    """The draft: the decisions that stand in figures and bridge, what is doubted and what is confirmed in the grades. Written in one
    transaction."""
    with job.store() as opened:
        answers = opened.answers(job.period).values()
        decisions = opened.decisions(job.period)
        settlements, conflicts = deciding.settlements(decisions, told.discrepancies, compiled, month.past, job.gazetteer)
        places = {row["id"]: row["place_id"] for row in opened.discrepancies(job.period)}
        lapsed = deciding.lapsed(decisions, told.discrepancies, places)
        draft = settling.settle(compiled, settlements, job.gazetteer)
        draft = compilation.doubt(draft, _doubted(told.discrepancies, decisions))
        draft = compilation.agreed(draft, told.agreed)
        found = (
            *compiled.findings, *_source_findings(parts), *deciding.conflict_findings((*conflicts, *lapsed), decisions, job.gazetteer, job.rulebook),
        )  # fmt: skip
        draft = replace(draft, findings=correction.with_month_replies(found, answers))
        opened.save_draft(
            draft,
            as_of=job.as_of,
            rules_hash=job.rules_hash,
            dataset_sha256=exports.dataset_hash(exports.dataset(draft)),
            compared_with=month.past.name if month.past else None,
            compiled_at=job.now,
            messages=in_french,
            discrepancies=[
                (gap, *in_french_discrepancy(gap), job.settings.answer_due(job.period, job.as_of))
                for gap in correction.with_discrepancy_replies(told.discrepancies, answers)
            ],
            not_comparable=[(item, texts.message(item.reason, **item.params)) for item in told.set_aside],
        )
    return draft


def report(job: Job, compiled: Compiled) -> tuple[Path, ...]:
    """The canonical CSV files and the draft workbook of the month."""
    written = []
    for name, content in exports.dataset(compiled).items():
        path = job.outbox / name
        exports.write_file(path, content)
        written.append(path)
    with job.store() as opened:
        written.extend(draft_of_month.write(job.outbox, opened, job.period, job.as_of, job.settings.lang))
    return tuple(written)


def send_back(job: Job, files: Sequence[OpenedFile]) -> Written:
    """The workbooks and letters that go back to the regions; those no longer asked for are taken away."""
    paths = {file.sha256: job.inbox / "returns" / file.name for file in files}
    with job.store() as opened:
        sent = [
            (item, paths[item.file.sha256] if there else None)
            for item, there in correspondence.of_month(opened, job.period, files)
        ]
    calendar = correspondence.Calendar(job.period, job.settings.replies_due(job.period), job.period.last_day)
    return correspondence.write(
        job.outbox / correspondence.FOLDER, sent, calendar, _sender(job.settings, job.period), withdraw=True
    )


def ask(job: Job) -> questions.Written:
    """The letters that put the open points of each region and partner to them; those no longer asked for are taken away."""
    calendar = correspondence.Calendar(job.period, job.settings.answer_due(job.period, job.as_of), job.as_of)
    with job.store() as opened:
        return questions.write(job.outbox / questions.FOLDER, opened, job.period, calendar, _sender(job.settings, job.period))


# --- their details ------------------------------------------------------------------------------------------------------


def _sender(settings: Settings, period: Period | None) -> Sender:
    of_month = reference.ministry(period) if period else texts.message("letter_ministry")
    return Sender(settings.ministry or of_month, settings.signatory)


def _store_one(job: Job, opened: Store, item: Checked) -> SavedSubmission:
    """With what its author replied, unless the file holds personal data: nothing of it is kept then."""
    personal = any(finding.code == correction.PERSONAL for finding in item.findings)
    answer = None if personal else correction.answered_for(item.file, item.identification.period)
    before = None if personal else correspondence.previous(opened, job.period, item, answer)
    return opened.save_submission(
        correction.with_replies(item, answer, before), period=job.period, rules_hash=job.rules_hash, received_at=job.now,
        messages=in_french, answer=answer,
    )  # fmt: skip


def in_french(finding: Finding) -> tuple[str, str]:
    """Sentence and remedy of a finding as the store keeps them."""
    return texts.rule_sentence(finding.code, finding.params), texts.rule_remedy(finding.code, finding.params)


def in_french_discrepancy(gap: Discrepancy) -> tuple[str, str]:
    return texts.rule_sentence(gap.rule, gap.params), texts.rule_remedy(gap.rule, gap.params)


def _rows_of(parts: Iterable[SourceRows], table: fields.Table) -> Any:
    from schemas.frames import pd

    frames = [source.rows for source in parts if source.table == table.name and not source.rows.empty]
    if frames:
        return pd.concat(frames, ignore_index=True)
    return pd.DataFrame(columns=[*table.names, *_WHERE, "source_id"])


_WHERE = ("place_id", "file", "sheet", "row", "cell")


def _with_printed(stated: Any, period: Period) -> Any:
    """What files state of the month, the reports printed before it, and what others have published of about its time."""
    from schemas.frames import pd

    known = sources.printed(period.next())
    printed = known["table"] == SourceKind.PRINTED
    before = pd.Series([day <= period.previous().last_day for day in known["as_of"]], index=known.index, dtype=bool)
    return pd.concat([stated, known[before | ~printed]], ignore_index=True) if len(known) else stated


def _doubted(found: Iterable[Discrepancy], decisions: Sequence[Decision]) -> set[tuple[str, str, str]]:
    """The (place, group, measure) that a discrepancy still puts in question: one for information does not, nor one decided upon, nor
    that a region is carried forward, which its basis says already."""
    gaps = list(found)
    standing = deciding.standing(decisions, {gap.key: gap.fingerprint for gap in gaps})
    decided = {item.discrepancy_id for item in standing if item.action not in WAITS_FOR_THE_REGION}
    return {
        (gap.place_id, gap.population_group, gap.measure)
        for gap in gaps
        if gap.key not in decided and gap.rule != CARRIED_RULE and texts.rules()[gap.rule].effect is not Effect.INFORM
    }


def _source_findings(parts: Iterable[SourceRows]) -> tuple[PeriodFinding, ...]:
    """Findings of sources belong to the month; the sheet is given with its file, since no submission names it."""
    return tuple(
        PeriodFinding(replace(finding, sheet=f"{source.file.name} › {finding.sheet}" if finding.sheet else source.file.name),
                      compilation.COUNTRY)
        for source in parts
        for finding in source.findings
    )  # fmt: skip


def _late_versions(opened: Store, period: Period) -> tuple[LateVersion, ...]:
    """Accepted returns that arrived after the one their region is counted by."""
    accepted = [item for item in opened.submissions(period) if item.status == SubmissionStatus.ACCEPTED]
    current = {item.region_id: item for item in accepted if item.current}
    return tuple(
        LateVersion(
            item.id, str(item.region_id), item.file, item.stated_version or 0, current[item.region_id].stated_version or 0
        )
        for item in accepted
        if item.id > current[item.region_id].id
    )


def validate(paths: Iterable[Path], settings: Settings, period: Period | None = None) -> list[FileReport]:
    """Files checked and nothing stored, in the order given. `period` is the month they should be for, when it is known."""
    return [report for report, _ in _validated(paths, settings, period)]


def validate_and_send_back(
    paths: Iterable[Path], settings: Settings, period: Period | None, folder: Path
) -> tuple[list[FileReport], Written]:
    """The same, and what goes back to the authors written into `folder`; nothing of a file that a later version among them
    follows. Raises OSError when it cannot be written."""
    found = _validated(paths, settings, period)
    followed = {before.file.sha256 for _, versions in found if versions and (before := versions[1])}
    reports, sent = [report for report, _ in found], []
    for report, versions in found:
        item = correspondence.sent_back(versions[0], before=versions[1]) if versions else None
        if item is not None and item.file.sha256 not in followed:
            sent.append((item, Path(report.path)))
    months = {item.period or period for item, _ in sent}
    month = months.pop() if len(months) == 1 else period
    dated = month.last_day if month else max((item.period.last_day for item, _ in sent if item.period), default=date(1980, 1, 1))
    calendar = correspondence.Calendar(month, settings.replies_due(month) if month else None, dated)
    return reports, correspondence.write(folder, sent, calendar, _sender(settings, month))


Versions = tuple[Checked, Checked | None]
"""A return and the version it answers or follows."""


def _validated(paths: Iterable[Path], settings: Settings, period: Period | None) -> list[tuple[FileReport, Versions | None]]:
    rulebook = Rulebook(settings.thresholds)
    gazetteer = reference.gazetteer(reference.confirmed_in(settings.store_url))
    readings = [(path, intake.read(workbooks.open_file(path, settings.limits), intake.layouts())) for path in paths]
    returns = [reading for _, reading in readings if not _is_source(reading)]
    judged = iter(_with_replies(checking.check(returns, gazetteer, rulebook, period)))
    found: list[tuple[FileReport, Versions | None]] = []
    for path, reading in readings:
        if _is_source(reading):
            found.append((_source_report(path, reading, rulebook, gazetteer), None))
        else:
            versions = next(judged)
            found.append((_return_report(path, *versions), versions))
    return found


def _with_replies(checked: Sequence[Checked]) -> list[Versions]:
    """In the order of versions, since replies to one hold for the next; given back in the order they came."""
    done: dict[int, Versions] = {}
    for at, item in sorted(enumerate(checked), key=lambda pair: pair[1].identification.version or 1):
        before = correction.previous_of(item, [earlier for earlier, _ in done.values()])
        answer = correction.answered_for(item.file, item.identification.period)
        done[at] = correction.with_replies(item, answer, before), before
    return [done[at] for at in range(len(checked))]


def _is_source(reading: Reading) -> bool:
    return reading.layout is not None and intake.layout_named(reading.layout).kind != "return"


def _return_report(path: Path, checked: Checked, before: Checked | None) -> FileReport:
    found = checked.identification
    region = reference.gazetteer().place(found.region_id).name if found.region_id else found.region
    return FileReport(workbooks.safe_path(path), checked.layout, region, str(found.period) if found.period else None, str(checked.status),
                      checked.counts, compilation.claimed_totals(checked.rows, reference.gazetteer()), checked.findings,
                      correction.since(before, checked) if before is not None else None)  # fmt: skip


def _source_report(path: Path, reading: Reading, rulebook: Rulebook, gazetteer: Gazetteer) -> FileReport:
    parts = checking.check_source(reading, gazetteer, rulebook)
    findings = tuple(finding for part in parts for finding in part.findings)
    refused = any(finding.effect is Effect.REJECT_SUBMISSION for finding in findings)
    read, recognised = (sum(getattr(sheet, name) for sheet in reading.sheets) for name in ("read", "recognised"))
    accepted = sum(len(part.rows) for part in parts)
    months = {str(Period.of(day)) for part in parts for day in part.rows.get("observed_on", ()) if isinstance(day, date)}
    return FileReport(workbooks.safe_path(path), reading.layout, None, months.pop() if len(months) == 1 else None, "refused" if refused else "accepted",
                      RowCounts(read, accepted, read - recognised - accepted, recognised), checking.source_totals(parts), findings)  # fmt: skip
