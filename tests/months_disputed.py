"""A month with disagreements of several kinds, saved as a run saves it: what the tests of the meeting start from."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import astuple, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from pipelines.io import reference
from pipelines.io.store import Store
from pipelines.model import (
    COVER_COLUMNS,
    PRESENCE_COLUMNS,
    STATEMENT_COLUMNS,
    Compared,
    Discrepancy,
    Event,
    NotComparable,
    SectorCover,
)
from pipelines.settings import Settings
from pipelines.triangulation import no_rows
from schemas import fields, texts
from schemas.codes import Action, EventStatus, Owner, Severity
from tests.store.samples import DECEMBER, NOVEMBER, PUBLICATION, checked, compiled, rows, save, save_draft

MEETING = date(2020, 1, 12)
DUE = date(2020, 1, 8)
MOPTI, BANKASS, SEGOU, NIONO, GAO = "R05", "C030", "R04", "C025", "R07"
REASON = "Liste vérifiée avec le service local"


def _place(place_id: str) -> dict[str, str]:
    place = reference.gazetteer().place(place_id)
    return {"name": place.name, "level": place.level}


def _fiche(value: int, file: str, cell: str, unit: str = "individual") -> Compared:
    return Compared("Fiche", value, unit, "2019-12-31", f"{file}, PDI, {cell}", Compared.RETURN)


def circulated(stated: int = 84000, **changes: Any) -> Discrepancy:
    values = (
        _fiche(80000, "fiche_mopti.xlsx", "H4"),
        Compared(
            "Service local de Mopti", stated, "individual", "2019-12-20", "totaux_mopti.xlsx, Feuille 1, D2", "sldses", True
        ),
    )
    params = {"organisation": "Service local de Mopti", "stated": stated, "unit": "individual", "at_place": _place(MOPTI),
              "stated_on": "2019-12-20", "now": 80000, "gap": stated - 80000}  # fmt: skip
    item = Discrepancy("aa11aa11aa11", f"f-{stated}", "CIRCULATED_GAP", DECEMBER, MOPTI, "idp", "stock", "individual", values, stated - 80000,
                       abs(stated - 80000), Severity.AMBER, params, Owner.REGION, national_share=abs(stated - 80000) / 200_000)  # fmt: skip
    return replace(item, **changes)


def of_source(**changes: Any) -> Discrepancy:
    values = (
        _fiche(12000, "fiche_segou.xlsx", "H9"),
        Compared("DTM", 9000, "individual", "2019-12-28", "dtm_decembre.xlsx, Cercles, F31", "dtm", True),
        Compared("DTM", 1800, "household", "2019-12-28", "dtm_decembre.xlsx, Cercles, E31", "dtm", True),
        Compared("NRC", 9100, "individual", "2019-12-30", "nrc.xlsx, Suivi, C8", "nrc", True),
    )
    params = {"organisation": "DTM", "stated": 9000, "unit": "individual", "at_place": _place(NIONO), "stated_on": "2019-12-28",
              "now": 12000, "gap": 3000, "more": False, "of_return": 0.25, "same_lineage": False}  # fmt: skip
    item = Discrepancy("bb22bb22bb22", "f-2", "SOURCE_GAP", DECEMBER, NIONO, "idp", "stock", "individual", values, -3000, 3000, Severity.RED,
                       params, Owner.PARTNER, "DTM", Action.ASK_REGION, 0.015)  # fmt: skip
    return replace(item, **changes)


def unregistered(**changes: Any) -> Discrepancy:
    values = (
        _fiche(806, "fiche_mopti.xlsx", "H12"),
        Compared("ERM", 628, "individual", "2019-12-22", "msa_bankass.xlsx, Bilan, B7", "rrm", True),
    )
    params = {"organisation": "ERM", "stated": 628, "unit": "individual", "at_place": _place(BANKASS), "stated_on": "2019-12-22",
              "registered": [806, "individual"]}  # fmt: skip
    item = Discrepancy("cc33cc33cc33", "f-3", "UNREGISTERED_PEOPLE", DECEMBER, BANKASS, "idp", "stock", "individual", values, 628, 628,
                       Severity.AMBER, params, Owner.REGION, proposed=Action.TAKE_SOURCE, national_share=0.00314, additional=True)  # fmt: skip
    return replace(item, **changes)


def frozen(**changes: Any) -> Discrepancy:
    values = (
        _fiche(40, "fiche_segou.xlsx", "H2"),
        Compared("projet 2019-11", 40, "individual", "2019-11-30", source_id=Compared.PAST),
    )
    params = {"at_place": _place(SEGOU), "count": 3, "persons": 40, "past_month": "2019-11"}
    item = Discrepancy("dd44dd44dd44", "f-4", "COUNT_FROZEN", DECEMBER, SEGOU, "idp", "stock", "individual", values, 0, 40, Severity.AMBER,
                       params, Owner.REGION, proposed=Action.KEEP, national_share=0.0002)  # fmt: skip
    return replace(item, **changes)


DISPUTED = (circulated(), of_source(), unregistered(), frozen())

APART = NotComparable(
    DECEMBER, BANKASS, "idp",
    (_fiche(806, "fiche_mopti.xlsx", "G12", "household"), Compared("ERM", 287, "household", "2019-12-22", "msa_bankass.xlsx, Bilan, B4", "rrm")),
    "not_comparable_partial",
    {"organisation": "ERM", "counts": [[287, "household"]], "quoted": "partie accessible", "stated_on": "2019-12-22", "at_place": _place(BANKASS),
     "beside_source": Compared.RETURN, "beside_counts": [[806, "household"]], "beside_on": "2019-12-31", "make_whole": None},
)  # fmt: skip

EVENT = Event(
    "e1", DECEMBER, BANKASS, date(2019, 12, 3), date(2019, 12, 9), ("ML-0412", "ML-0418"), 2, False, (70, 90), (400, 540),
    EventStatus.VERIFYING, 43, ("DRC", "NRC"), "Koro", "armed_attack",
)  # fmt: skip


def told(items: Iterable[Discrepancy]) -> list[tuple[Discrepancy, str, str, date | None]]:
    return [(item, texts.rule_sentence(item.rule, item.params), texts.rule_remedy(item.rule, item.params), DUE) for item in items]


def figures(mopti: int = 80000) -> list[dict[str, Any]]:
    return [
        {"place_id": MOPTI, "value": mopti}, {"place_id": SEGOU, "value": 40}, {"place_id": BANKASS, "level": "cercle", "value": 806},
        {"place_id": NIONO, "level": "cercle", "value": 12000},
        {"place_id": NIONO, "level": "cercle", "unit": "household", "value": 2400},
        {"place_id": "ML", "level": "country", "value": 200_000},
    ]  # fmt: skip


def secondary_moves() -> pd.DataFrame:
    return rows(150).assign(
        table="movement", sheet="Mouvements", place_id=None, movement="secondary", from_place_id=BANKASS, to_place_id=MOPTI, households=25
    ).astype({"households": "Int64"})  # fmt: skip


COVER = (
    SectorCover(BANKASS, "education", 0, "", 806, 806, 0, None), SectorCover(BANKASS, "food", 1, "=NRC", 806, 628, 1, 1),
    SectorCover(BANKASS, "shelter", 0, "", 806, 806, 2, 2), SectorCover(NIONO, "cccm", 2, "CRS, NRC", 12000, 0, None, None),
    SectorCover(NIONO, "wash", 1, "NRC", None, None, None, None),
)  # fmt: skip
"""Two gaps, what is covered, and a sector that nobody asks for and nobody works in."""


def cover() -> pd.DataFrame:
    counts = dict.fromkeys(("actors", "persons", "persons_without", "wanted", "rank"), "Int64")
    return pd.DataFrame([astuple(line) for line in COVER], columns=COVER_COLUMNS, dtype=object).astype(counts)


def month(root: Path, items: Iterable[Discrepancy] = DISPUTED, *, as_of: date = PUBLICATION) -> Settings:
    """A data folder whose store holds November, and December with these disagreements."""
    settings = Settings(data_dir=root)
    settings.processed_dir.mkdir(parents=True, exist_ok=True)
    with Store.open(settings.store_url) as store:
        store.seed_places(*(reference.rows(table) for table in ("places", "place_codes", "place_aliases")))
        save(store, checked(frame=secondary_moves()))
        save_draft(store, compiled(figures(76000), period=NOVEMBER))
        run(store, items, as_of=as_of)
        store.save_alerts(
            DECEMBER, pd.DataFrame(columns=[*fields.ALERT.names, "place_id", "file", "sheet", "row", "cell"]), {}, (EVENT,)
        )
        store.save_sources(DECEMBER, no_rows(STATEMENT_COLUMNS), no_rows(PRESENCE_COLUMNS), cover(), {})
    return settings


def copied(root: Path, to: Path) -> Settings:
    """The data folder of another month, made once and copied."""
    shutil.copytree(root / "processed", to / "processed")
    return Settings(data_dir=to)


def run(store: Store, items: Iterable[Discrepancy], *, as_of: date = PUBLICATION) -> None:
    """The month saved anew with these disagreements."""
    sentence = texts.message(APART.reason, **APART.params)
    save_draft(store, compiled(figures()), as_of=as_of, discrepancies=told(items), not_comparable=[(APART, sentence)])


def later(days: int) -> date:
    return PUBLICATION + timedelta(days=days)
