"""What the steps of a publication may do with the store: `Store` is this and more. One method, one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from pipelines.io.store import guards, releases
from pipelines.io.store.releases import Opening, ReleaseRow, Signature, WrittenFile
from pipelines.model import Period
from pipelines.release import Reply, Reservation, Visa, Waiver


class ReleaseBook:
    """The releases of the store: how they move, what is said of them and what they hold."""

    def _read(self) -> AbstractContextManager[Connection]:
        raise NotImplementedError

    def _write(self, **more: str) -> AbstractContextManager[Connection]:
        raise NotImplementedError

    # --- reading --------------------------------------------------------------------------------------------------------

    def releases(self, period: Period | None = None) -> list[ReleaseRow]:
        """The numbered releases of a month, or of all months, in their order."""
        with self._read() as connection:
            return releases.releases(connection, period)

    def candidate(self, period: Period) -> ReleaseRow | None:
        """The release of a month that is on its way: circulated, sent back or signed."""
        with self._read() as connection:
            return releases.candidate(connection, period)

    def published(self, period: Period, revision: int | None = None) -> ReleaseRow | None:
        """The last published release of a month, or a given one."""
        with self._read() as connection:
            return releases.published(connection, period, revision)

    def signatories(self, release: ReleaseRow) -> list[tuple[str, str]]:
        """(name, function) of those who signed, in their order."""
        with self._read() as connection:
            return releases.signatories(connection, release.id)

    def participants(self, release: ReleaseRow) -> list[tuple[str, str, bool]]:
        """(organisation, kind, whether it was there)."""
        with self._read() as connection:
            return releases.participants(connection, release.id)

    def replies(self, release: ReleaseRow) -> list[Reply]:
        """What members said of the figures as they circulate now."""
        with self._read() as connection:
            return releases.replies(connection, release)

    def region_replies(self, release: ReleaseRow) -> dict[str, Mapping[str, Any]]:
        """The last reply of each region to the notice of its adjustments."""
        with self._read() as connection:
            return releases.region_replies(connection, release)

    def reservations(self, release: ReleaseRow) -> list[tuple[Reservation, str]]:
        """What a release was published in spite of, each with its sentence."""
        with self._read() as connection:
            return releases.reservations(connection, release.id)

    def place_names(self, release: ReleaseRow) -> dict[str, str]:
        """The places as a release names them: p-code -> name."""
        with self._read() as connection:
            return releases.place_names(connection, release.id)

    def renamed(self, before: ReleaseRow, after: ReleaseRow) -> dict[tuple[str | None, ...], tuple[str | None, ...]]:
        """The places that two releases name differently: (pcode, region, cercle, commune) in the one -> in the other."""
        with self._read() as connection:
            return releases.renamed(connection, before.id, after.id)

    def release_files(self, release: ReleaseRow | None = None) -> list[tuple[ReleaseRow, WrittenFile]]:
        """The files of a release, or of all releases."""
        with self._read() as connection:
            return releases.files(connection, release.id if release else None)

    def acts_given(self, period: Period) -> str:
        """What a draft is made with besides its returns: the last decision and the last visa of a month."""
        with self._read() as connection:
            return releases.acts_given(connection, period)

    def compilers(self, release: ReleaseRow) -> list[str]:
        """Everybody who ever put this revision before the members."""
        with self._read() as connection:
            return releases.compilers(connection, release)

    def waivers(self, period: Period) -> list[Waiver]:
        with self._read() as connection:
            return releases.waivers(connection, period)

    def explanations(self, period: Period) -> dict[str, Mapping[str, Any]]:
        """The last explanation of each finding of a month, by finding key."""
        with self._read() as connection:
            return releases.explanations(connection, period)

    def release_returns(self, period: Period, revision: int = 0) -> list[dict[str, Any]]:
        """The returns that the draft, or a release, was made with: the columns of `release_return`, by region."""
        with self._read() as connection:
            return releases.returns(connection, period, revision)

    def persons_of_rows(self, period: Period) -> dict[tuple[int, str, int], int]:
        """The individuals of each row of the returns of a month that says some: (submission, sheet, row) -> number."""
        with self._read() as connection:
            return releases.persons_of_rows(connection, period)

    def preparer(self, submission_id: int) -> str | None:
        """Who prepared a return."""
        with self._read() as connection:
            return releases.preparer(connection, submission_id)

    def last_decision_before(self, release: ReleaseRow) -> int:
        """The id of the last decision that had been written down when a release was signed, 0 when none had."""
        with self._read() as connection:
            return releases.last_decision_before(connection, release)

    def published_files(self, release: ReleaseRow) -> list[WrittenFile]:
        """The files of a release as the audit chain names them, which no row beside it can add to."""
        with self._read() as connection:
            return releases.published_files(connection, release)

    def ever_published(self) -> list[tuple[str, int]]:
        """(month, revision) of every publication that the audit chain tells of."""
        with self._read() as connection:
            return releases.ever_published(connection)

    def missing_guards(self) -> list[str]:
        """The triggers that this program made and that are no longer there."""
        with self._read() as connection:
            return guards.missing(connection)

    def altered(self, release: ReleaseRow) -> list[str]:
        """The tables in which a published release is no longer what the audit chain says was published; `audit_event` where that says
        nothing, or another hash of the figures than the release."""
        with self._read() as connection:
            held = releases.published_content(connection, release)
            if held.get("dataset_sha256") != release.dataset_sha256:
                return ["audit_event"]
            now = releases.content_hashes(connection, release.id)
            return [name for name, digest in now.items() if held.get("content", {}).get(name) != digest]

    def totals_said(self, submission_id: int) -> dict[str, list[int]]:
        """What a return says in all: sheet -> [rows, households, individuals] of its accepted rows."""
        with self._read() as connection:
            return releases.totals_said(connection, submission_id)

    # --- moves; each raises MoveRefused -----------------------------------------------------------------------------------

    def circulate(self, period: Period, opening: Opening, territory: Iterable[Mapping[str, Any]], *, at: datetime) -> ReleaseRow:
        """The draft of a month before the members, or a revision opened; see `releases.circulate`."""
        with self._write() as connection:
            return releases.circulate(connection, period, opening, territory, at)

    def send_back(self, period: Period, *, by: str, on: date, reason: str, at: datetime) -> ReleaseRow:
        with self._write() as connection:
            return releases.send_back(connection, period, by, on, reason, at)

    def sign(self, period: Period, signature: Signature, *, at: datetime) -> ReleaseRow:
        with self._write() as connection:
            return releases.sign(connection, period, signature, at)

    def publish(
        self, period: Period, *, by: str, on: date, approved: ReleaseRow, grades: bool, threshold: int, said: Sequence[tuple[Reservation, str]],
        written: Sequence[WrittenFile], at: datetime,
    ) -> ReleaseRow:  # fmt: skip
        """The signed release, published for good; see `releases.publish`."""
        with self._write() as connection:
            return releases.publish(
                connection,
                period,
                by=by,
                on=on,
                approved=approved,
                grades=grades,
                threshold=threshold,
                said=said,
                written=written,
                at=at,
            )

    # --- what people give -------------------------------------------------------------------------------------------------

    def reply(
        self, release: ReleaseRow, said: str, *, organisation: str | None = None, region_id: str | None = None, reason: str | None,
        by: str, on: date, at: datetime,
    ) -> None:  # fmt: skip
        """What a member says of circulated figures, or a region of its adjustments."""
        with self._write() as connection:
            releases.reply(
                connection, release, said, organisation=organisation, region_id=region_id, reason=reason, by=by, on=on, at=at
            )

    def give_visa(self, period: Period, visa: Visa, *, by: str, on: date, at: datetime) -> None:
        with self._write() as connection:
            releases.give_visa(connection, period, visa, by, on, at)

    def grant_waiver(self, period: Period, waiver: Waiver, *, at: datetime) -> None:
        with self._write() as connection:
            releases.grant_waiver(connection, period, waiver, at)

    def explain_findings(
        self, period: Period, keys: Iterable[tuple[str, str | None, str]], *, reason: str, by: str, on: date, at: datetime
    ) -> int:
        """One reason for some findings, each (code, region, key); gives how many."""
        with self._write() as connection:
            return releases.explain(connection, period, keys, reason, by, on, at)
