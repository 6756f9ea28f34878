"""One illustrative release, made from the draft of the sample month: both editions and their files, written once per worker."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipelines import consolidation
from pipelines.io import reference
from pipelines.io.board import board
from pipelines.io.diffusion import EditionOf, Header, Signatory
from pipelines.io.diffusion.edition import SITE_COLUMNS, TERRITORY_COLUMNS
from pipelines.io.diffusion.files import files
from pipelines.io.diffusion.frames import is_total
from pipelines.model import Period
from pipelines.settings import Settings
from schemas.codes import Edition, ReservationKind, RevisionReason

MONTH = "2019-12"
HEADER = Header(
    period=MONTH, revision=2, edition=Edition.INTERNAL, as_of=date(2020, 1, 12), published_on=date(2020, 1, 20), published_by="Awa Traoré",
    meeting_on=date(2020, 1, 15), minutes_number="PV-012/2020", signatories=(Signatory("Moussa Diarra", "Directeur national"),),
    dataset_sha256="ab" * 32, rules_hash="0123456789abcdef", settings_hash="fedcba9876543210", compared_with="2019-12, révision 1",
    reason_code=RevisionReason.LATE_RETURN, reason="Fiche de Ségou reçue le 14 janvier",
)  # fmt: skip
_COUNTED = ("population_group", "measure", "unit")
CITED = ("file", "sha256", "sheet", "cell", "decided_by", "decision_id", "decision_source", "decision_reason")


@dataclass(frozen=True)
class Made:
    edition: EditionOf
    files: dict[str, bytes]


def _completeness(store: Any) -> pd.DataFrame:
    rows = [
        {"period": MONTH, "pcode": line.pcode, "region": line.name, "received": int(line.received), "validated": int(line.validated),
         "version": 1 if line.received else None, "rows_accepted": 9 if line.received else None, "rows_rejected": 0 if line.received else None,
         "carried_forward": 0}
        for line in board(store, Period.parse(MONTH)).regions
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _revisions(figures: pd.DataFrame) -> pd.DataFrame:
    """As if revision 1 had come without a cercle of Ségou, and had said how many were repatriated to Kidal: what the view says then."""
    names = ["pcode", "level", "region", "cercle", "commune", *_COUNTED, "value"]
    rows = figures[is_total(figures)][names].copy()
    late = rows[rows["pcode"] == "ML0401"].set_index(list(_COUNTED))["value"]
    less = [
        late.get(tuple(row[name] for name in _COUNTED), 0) if row["pcode"] in ("ML", "ML04") else 0
        for row in rows.to_dict("records")
    ]
    rows["previous_value"] = (rows["value"] - pd.Series(less, index=rows.index)).mask(rows["pcode"] == "ML0401", pd.NA)
    gone = (rows["pcode"] == "ML08") & (rows["population_group"] == "repatriated_refugee")
    rows.loc[gone, "previous_value"] = 12
    rows["difference"] = rows["value"] - rows["previous_value"]
    rows["change"] = "changed"
    rows.loc[rows["pcode"] == "ML0401", "change"] = "added"
    rows.loc[gone, "change"] = "removed"
    rows = rows[(rows["change"] != "changed") | (rows["difference"].fillna(0) != 0)]
    return rows.assign(
        period=MONTH, revision=2, reason_code="late_return", reason=HEADER.reason, published_on=HEADER.published_on
    )


def _sites() -> pd.DataFrame:
    rows = [
        ("ML0901", "Bamako", "Bamako", "Commune VI", "Faladié", "spontaneous_site", 180, 912, "F"),
        ("ML0903", "Bamako", "Bamako", "Commune III", None, "spontaneous_site", None, None, "A"),
    ]
    return pd.DataFrame(rows, columns=SITE_COLUMNS).astype({"households": "Int64", "individuals": "Int64"})


def _territory() -> pd.DataFrame:
    rows = [
        (MONTH, 2, "cod-2025", "ML05", "region", "Mopti", None, "idp", "stock", "individual", 40210, 0),
        (MONTH, 2, "cod-2025", "ML18", "region", "Bandiagara", None, "idp", "stock", "individual", 35318, 102),
        (MONTH, 2, "cod-2025", "ML1802", "cercle", "Bandiagara", "Koro", "idp", "stock", "individual", 35216, 35216),
    ]
    return pd.DataFrame(rows, columns=TERRITORY_COLUMNS)


@pytest.fixture(scope="session")
def internal_edition(sample_dir: Path) -> EditionOf:
    period = Period.parse(MONTH)
    with consolidation.job(period, Settings(data_dir=sample_dir)).store() as store:
        figures, bridge = store.view("draft_figure", period), store.view("draft_bridge", period)
        completeness = _completeness(store)
    gazetteer = reference.gazetteer()
    return EditionOf(
        header=HEADER,
        figures=figures.assign(revision=2, conf_status="F"),
        bridge=bridge.assign(revision=2),
        completeness=completeness,
        revisions=_revisions(figures),
        sites=_sites(),
        territory=_territory(),
        reservations=[(ReservationKind.MEMBER, "OIM : les arrivées de Bankass restent à évaluer."),
                      (ReservationKind.WAIVER, "Ménaka : fiche reçue avec celle de Gao.")],
        places={code: place.name for level in ("region", "cercle", "commune") for place in gazetteer.places(level)
                if (code := gazetteer.pcode(place.place_id))},
    )  # fmt: skip


@pytest.fixture(scope="session")
def public_edition(internal_edition: EditionOf) -> EditionOf:
    """What disclosure control leaves: one small cell suppressed, no citation, and nothing on sites."""
    figures = internal_edition.figures.copy()
    cell = (figures["level"] == "commune") & (figures["sex"] == "F") & (figures["age"] == "_T") & (figures["value"] < 5000)
    figures.loc[cell, "value"] = pd.NA
    figures.loc[cell, "missing_reason"] = "confidential"
    figures.loc[cell, "conf_status"] = "A"
    return replace(
        internal_edition, header=replace(HEADER, edition=Edition.PUBLIC), figures=figures,
        bridge=internal_edition.bridge.drop(columns=list(CITED), errors="ignore"), sites=internal_edition.sites.iloc[:0],
    )  # fmt: skip


@pytest.fixture(scope="session")
def internal(internal_edition: EditionOf) -> Made:
    return Made(internal_edition, files(internal_edition))


@pytest.fixture(scope="session")
def public(public_edition: EditionOf) -> Made:
    return Made(public_edition, files(public_edition))


@pytest.fixture(scope="session")
def small(internal_edition: EditionOf) -> Made:
    """The totals of regions and country alone, for what is quick to write again."""
    figures, bridge = internal_edition.figures, internal_edition.bridge
    wide = ["region", "country"]
    return Made(
        replace(
            internal_edition, figures=figures[is_total(figures) & figures["level"].isin(wide)], bridge=bridge[bridge["level"].isin(wide)],
            revisions=internal_edition.revisions.iloc[:2],
        ),
        {},
    )  # fmt: skip
