"""A good fiche régionale as cells, and small changes to it: what most tests start from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from pipelines.model import OpenedFile, Sheet
from schemas import fields

Grid = list[list[Any]]
PERIOD_END = date(2019, 12, 28)

PLACES = (("Ségou", "Ségou", 100, 520), ("Niono", "Niono", 40, 210), ("Macina", "Macina", 20, 101), ("Bla", "Bla", 10, 53))
"""Cercle, commune, households, individuals of the good return of Ségou."""


class Fiche:
    """The sheets of a return as grids, row 1 first. `set` and friends change a cell by sheet title, field and data row."""

    def __init__(self) -> None:
        self.sheets: dict[str, Grid] = {"Identification": _identification()}
        for table in fields.RETURN_TABLES:
            self.sheets[table.label.fr] = [[f"Fiche régionale — {table.label.fr}"], [item.label.fr for item in table.fields]]

    def add(self, table: fields.Table, **values: Any) -> Fiche:
        self.sheets[table.label.fr].append([values.get(name) for name in table.names])
        return self

    def set(self, table: fields.Table, field: str, value: Any, row: int = 0) -> Fiche:
        """Changes a field of the `row`-th data row (sheet row 3 is data row 0)."""
        self.sheets[table.label.fr][row + 2][table.names.index(field)] = value
        return self

    def identify(self, field: str, value: Any) -> Fiche:
        label = fields.IDENTIFICATION[field].label.fr
        next(row for row in self.sheets["Identification"] if row[0] == label)[1] = value
        return self

    def drop_column(self, table: fields.Table, field: str) -> Fiche:
        at = self.sheets[table.label.fr][1].index(table[field].label.fr)
        for row in self.sheets[table.label.fr][1:]:
            del row[at]
        return self

    def add_column(self, table: fields.Table, header: str, value: Any = 1) -> Fiche:
        grid = self.sheets[table.label.fr]
        grid[1].append(header)
        for row in grid[2:]:
            row.append(value)
        return self

    def file(self, name: str = "fiche.xlsx", problem: str | None = None) -> OpenedFile:
        sheets = tuple(Sheet(title, tuple(tuple(row) for row in grid)) for title, grid in self.sheets.items())
        return OpenedFile(name, f"{hash(str(self.sheets)) & (2**64 - 1):064x}", sheets if problem is None else (), problem)


def _identification() -> Grid:
    values = {
        "region": "Ségou", "period": "2019-12", "version": 1, "prepared_by": "Agent A", "function": "Chargé des données",
        "prepared_on": date(2019, 12, 30), "validated": "oui", "validated_on": date(2020, 1, 4), "minutes_number": "PV-04",
        "validated_by": "Directeur régional",
    }  # fmt: skip
    return [["Fiche régionale"], *([item.label.fr, values[item.name]] for item in fields.IDENTIFICATION.fields)]


def stock(cercle: str, commune: str | None, households: int, individuals: int, **more: Any) -> dict[str, Any]:
    return {
        "cercle": cercle, "commune": commune, "level": "cercle entier", "households": households, "individuals": individuals,
        "basis": "enregistrement", "observed_on": PERIOD_END, **more,
    }  # fmt: skip


def good_fiche() -> Fiche:
    """A return of Ségou without any finding."""
    fiche = Fiche()
    for cercle, commune, households, individuals in PLACES:
        fiche.add(fields.IDP, **stock(cercle, commune, households, individuals))
        fiche.add(fields.RETURNEE, **stock(cercle, commune, households, individuals))
    return fiche


Change = Callable[[Fiche], Any]


def changed(*changes: Change) -> Fiche:
    fiche = good_fiche()
    for change in changes:
        change(fiche)
    return fiche
