"""The fiches modèles of a month, filled from the reference tables, the settings and what the store holds of the month before."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

from pipelines import compilation
from pipelines.checking import Rulebook
from pipelines.io import reference
from pipelines.io.exports import write_workbook_of_people
from pipelines.io.reference import Directorate
from pipelines.io.store import Store
from pipelines.io.template.fiche import fiche
from pipelines.io.template.model import FicheModel, Previous, Stock
from pipelines.model import Past, Period
from pipelines.settings import Settings
from schemas.cells import plain
from schemas.codes import Measure, PopulationGroup, RowLevel, Unit
from schemas.fields import IDP, REPATRIATED

LAYOUT = "fiche-v1"


def fiche_name(period: Period, region: str) -> str:
    """The name of the file of a region: `fiche_2020-01_kayes.xlsx`."""
    return f"fiche_{period}_{plain(region).replace(' ', '-')}.xlsx"


@dataclass(frozen=True, slots=True)
class Written:
    """A file written. `set_aside` is where an earlier one that somebody had changed is kept now; `past` names the month before
    as the store has it, None when it does not."""

    region: str
    path: Path
    set_aside: Path | None
    past: str | None


def write_fiches(
    folder: Path, period: Period, directorates: Sequence[Directorate], settings: Settings, store: Store | None
) -> Iterator[Written]:
    """Writes the fiche of each directorate into `folder`, one at a time. `store` is None when there is none. Raises OSError when a
    file cannot be written."""
    past = _Past.of(store, period) if store is not None else None
    folder.mkdir(parents=True, exist_ok=True)
    for directorate in directorates:
        model = _model(directorate, period, settings, past)
        path = folder / fiche_name(period, model.region)
        aside = write_workbook_of_people(path, fiche(model))
        yield Written(model.region, path, aside, past.totals.name if past is not None else None)


def _model(directorate: Directorate, period: Period, settings: Settings, past: _Past | None) -> FicheModel:
    rulebook, region = Rulebook(settings.thresholds), directorate.place_id
    return FicheModel(
        region=reference.gazetteer().place(region).name,
        directorate=directorate.name,
        period=period,
        country=_country(),
        ministry=settings.ministry or reference.ministry(period),
        recipient=settings.recipient,
        signatories=settings.signatories,
        due={step: period.last_day + timedelta(days=days) for step, days in settings.calendar},
        thresholds=rulebook.thresholds,
        layout=_layout(),
        previous=past.in_region(region) if past is not None else None,
    )


def _layout() -> Mapping[str, Any]:
    return tomllib.loads(files("schemas").joinpath("layouts", f"{LAYOUT}.toml").read_text("utf-8"))


def _country() -> list[tuple[str, str, list[str]]]:
    """(region, cercle, communes) by the official names, each level in alphabetical order."""
    gazetteer = reference.gazetteer()
    found = []
    for region in gazetteer.places("region"):
        for cercle in gazetteer.children(region.place_id):
            communes = sorted((gazetteer.place(commune).name for commune in gazetteer.children(cercle)), key=_alphabetical)
            found.append((region.name, gazetteer.place(cercle).name, communes))
    return sorted(found, key=lambda row: (_alphabetical(row[0]), _alphabetical(row[1])))


def _alphabetical(name: str) -> tuple[str, str]:
    return plain(name), name


# --- the month before -----------------------------------------------------------------------------------------------------


class _Past:
    """The month before of the whole country."""

    def __init__(self, totals: Past, month: compilation.Month) -> None:
        self.totals = totals
        self.stocks = compilation.stocks_by_place(month)

    @classmethod
    def of(cls, store: Store, period: Period) -> _Past | None:
        """None when the store has neither a release nor a draft of it."""
        before = period.previous()
        totals = store.month_totals(before)
        if totals is None:
            return None
        month = compilation.Month(
            period=before, observations=store.observations(before), heads=store.current_heads(before), past=store.past(before),
            expected=reference.expected_regions(before), gazetteer=reference.gazetteer(),
        )  # fmt: skip
        return cls(totals, month)

    def in_region(self, region: str) -> Previous:
        gazetteer = reference.gazetteer()
        persons = self._persons()
        return Previous(
            name=self.totals.name,
            period=self.totals.period,
            stocks=sorted(self._stocks(region), key=_stock_order),
            cercles={gazetteer.place(cercle).name: persons.get(cercle) for cercle in gazetteer.children(region)},
            region=persons.get(region),
        )

    def _persons(self) -> dict[str, int]:
        """place_id -> IDPs."""
        rows = self.totals.figures
        rows = rows[(rows["population_group"] == PopulationGroup.IDP) & (rows["measure"] == Measure.STOCK)]
        rows = rows[(rows["unit"] == Unit.INDIVIDUAL) & rows["value"].notna()]
        return {str(place): int(value) for place, value in zip(rows["place_id"], rows["value"], strict=True)}

    def _stocks(self, region: str) -> Iterator[Stock]:
        """What only the region is known of cannot be put in a row: it stands in the total of the procès-verbal alone."""
        gazetteer = reference.gazetteer()
        rows = self.stocks[(self.stocks["home_region"] == region) & self.stocks["level"].notna()]
        for row in rows.to_dict("records"):
            level, cercle = RowLevel(row["level"]), gazetteer.cercle_of(row["place_id"])
            if cercle is None:
                continue
            in_commune = gazetteer.place(row["place_id"]).level == "commune" and level != RowLevel.CERCLE
            yield Stock(
                table=row["table"],
                cercle=gazetteer.place(cercle).name,
                commune=gazetteer.place(row["place_id"]).name if in_commune else None,
                level=level,
                what=_what(row, level),
                households=int(row["households"]),
                individuals=int(row["individuals"]),
            )


def _what(row: Mapping[Any, Any], level: RowLevel) -> str | None:
    """What else tells a row of one place from another: its site, or its country of asylum."""
    if row["table"] == REPATRIATED.name:
        return row["asylum_country"]  # type: ignore[no-any-return]
    return row["site"] if row["table"] == IDP.name and level is RowLevel.SITE else None


def _stock_order(stock: Stock) -> tuple[Any, ...]:
    return (
        stock.table,
        _alphabetical(stock.cercle),
        list(RowLevel).index(stock.level),
        _alphabetical(stock.commune or ""),
        stock.what or "",
    )
