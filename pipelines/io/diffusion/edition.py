"""All that one edition of a release says, before it is written in any format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from schemas import fields
from schemas.codes import Edition, MemberReply, ReservationKind, RevisionReason

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Signatory:
    name: str
    function: str


@dataclass(frozen=True, slots=True)
class Header:
    """Who publishes what, on whose signature. All dates were given by people; `dataset_sha256` is the hash of the complete
    figures and bridge, the same in both editions; `compared_with` names the release before."""

    period: str
    revision: int
    edition: Edition
    as_of: date
    published_on: date
    published_by: str
    meeting_on: date
    minutes_number: str
    signatories: Sequence[Signatory]
    dataset_sha256: str
    rules_hash: str
    settings_hash: str
    compared_with: str | None = None
    reason_code: RevisionReason | None = None
    reason: str | None = None
    grades_published: bool = False

    @property
    def stem(self) -> str:
        """How its files begin: `PDI_Mali_2019-12_r1`."""
        return f"PDI_Mali_{self.period}_r{self.revision}"


@dataclass(frozen=True, slots=True)
class EditionOf:
    """One edition of a release.

    `figures` has the columns of the view `official_figure` and `conf_status` (`ConfStatus`); a suppressed value is missing with the
    reason `confidential`; `grade` is empty where grades are not published. `bridge` has the columns of the view
    `official_bridge` (in the public edition without file, sha256, sheet, cell and who decided). `completeness`, `revisions` and `territory`
    have those of the views of their name, each for this release alone; `sites` has `SITE_COLUMNS`. `reservations` are (kind,
    sentence in French) in the order of the release, `places` is p-code -> name of all places that figures and origins name.
    """

    header: Header
    figures: pd.DataFrame
    bridge: pd.DataFrame
    completeness: pd.DataFrame
    revisions: pd.DataFrame
    sites: pd.DataFrame
    territory: pd.DataFrame
    reservations: Sequence[tuple[ReservationKind, str]] = ()
    replies: Sequence[tuple[str, MemberReply, str | None]] = ()
    places: Mapping[str, str] = field(default_factory=dict)


SITE_COLUMNS = [name for name in fields.SITE_EXPORT.names if name not in ("period", "revision")]
TERRITORY_COLUMNS = list(fields.TERRITORY.names)
"""Figures on the places of another list: `undivided` is how much of `value` no place below it carries, since the list of the month
does not say where it lies."""
