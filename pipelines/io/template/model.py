"""What a *fiche modèle* holds before anybody fills it in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pipelines.model import Period
from schemas import texts
from schemas.codes import RowLevel
from schemas.fields import IDP, REPATRIATED, RETURNEE, Table

STOCK_TABLES = (IDP.name, RETURNEE.name, REPATRIATED.name)
"""The sheets whose places come back every month."""
FRENCH = "fr"
"""The fiche is French, whatever the language of the program."""


def say(key: str, **params: Any) -> str:
    return texts.message(key, FRENCH, **params)


def typeset(text: str) -> str:
    """A paragraph whose lines do not break before French double punctuation."""
    for mark in (" :", " ;", " ?", " »", " %"):
        text = text.replace(mark, "\u00a0" + mark[1])
    return text.replace("« ", "«\u00a0")


@dataclass(frozen=True, slots=True)
class Stock:
    """What one place had the month before. `level` is what its row covered; `what` the site, or the country of asylum."""

    table: str
    cercle: str
    commune: str | None
    level: RowLevel
    what: str | None
    households: int | None
    individuals: int | None


@dataclass(frozen=True, slots=True)
class Previous:
    """The month before as the store has it: `name` says whether it is a release or a draft. `cercles` and `region` are IDPs, in
    persons, None when missing."""

    name: str
    period: Period
    stocks: Sequence[Stock]
    cercles: Mapping[str, int | None]
    region: int | None

    def of(self, table: str) -> list[Stock]:
        return [stock for stock in self.stocks if stock.table == table]


@dataclass(frozen=True, slots=True)
class FicheModel:
    """One directorate and month. `country` has (region, cercle, communes) for every cercle; `due` the day of each step of the
    calendar; `thresholds` gives the numbers of a rule by its code; `layout` is the file of `schemas/layouts`."""

    region: str
    directorate: str
    period: Period
    country: Sequence[tuple[str, str, Sequence[str]]]
    ministry: str
    recipient: str
    signatories: Sequence[str]
    due: Mapping[str, date]
    thresholds: Callable[[str], Mapping[str, float]]
    layout: Mapping[str, Any]
    previous: Previous | None = None

    @property
    def month(self) -> str:
        return texts.month(str(self.period), FRENCH)

    @property
    def cercles(self) -> list[str]:
        """The region's own."""
        return [cercle for region, cercle, _ in self.country if region == self.region]

    def stocks(self, table: Table) -> list[Stock]:
        """Last month's rows of a sheet, nothing when the store does not know the month."""
        return self.previous.of(table.name) if self.previous else []
