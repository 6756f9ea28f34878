"""A good fiche régionale as cells, small changes to it, and the month it makes: what most tests start from."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import openpyxl
import pandas as pd

from pipelines import checking, compilation, intake
from pipelines.checking import Rulebook
from pipelines.io import reference
from pipelines.model import Checked, Compiled, LateVersion, OpenedFile, Past, Period, Sheet, SubmissionHead
from schemas import fields

Grid = list[list[Any]]
PERIOD = Period(2019, 12)
PERIOD_END = date(2019, 12, 28)
GAZETTEER = reference.gazetteer()
"""Read once: tests never change it."""

PLACES = (
    ("Ségou", "Ségou", 100, 520),
    ("Niono", "Niono", 40, 210),
    ("Macina", "Macina", 20, 101),
    ("Bla", "Bla", 10, 53),
)
"""Cercle, commune, households, individuals of the good return of Ségou."""


class Fiche:
    """The sheets of a return as grids, row 1 first. `set` and friends change a cell by sheet title, field and data row."""

    def __init__(self) -> None:
        self.sheets: dict[str, Grid] = {"Identification": _identification()}
        self.marks: dict[str, dict[str, Any]] = {}
        for table in fields.RETURN_TABLES:
            self.sheets[table.label.fr] = [
                [f"Fiche régionale — {table.label.fr}"],
                [item.label.fr for item in table.fields],
            ]

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

    def rename(self, table: fields.Table, field: str, header: str | None) -> Fiche:
        self.sheets[table.label.fr][1][table.names.index(field)] = header
        return self

    def drop_row(self, table: fields.Table, row: int = 0) -> Fiche:
        del self.sheets[table.label.fr][row + 2]
        return self

    def line(self, table: fields.Table, *values: Any) -> Fiche:
        """Adds a row as typed, from column A."""
        self.sheets[table.label.fr].append([*values, *[None] * (len(table.names) - len(values))])
        return self

    def drop_column(self, table: fields.Table, field: str) -> Fiche:
        at = self.sheets[table.label.fr][1].index(table[field].label.fr)
        for row in self.sheets[table.label.fr][1:]:
            del row[at]
        return self

    def add_column(self, table: fields.Table, header: str | None, value: Any = 1) -> Fiche:
        grid = self.sheets[table.label.fr]
        grid[1].append(header)
        for row in grid[2:]:
            row.append(value)
        return self

    def mark(self, title: str, **marks: Any) -> Fiche:
        """What a sheet says beside its values: `hidden`, `hidden_rows`, `hidden_columns`, `merged`."""
        self.marks[title] = marks
        return self

    def file(self, name: str = "fiche.xlsx", problem: str | None = None) -> OpenedFile:
        sheets = tuple(Sheet(title, tuple(map(tuple, grid)), **self.marks.get(title, {})) for title, grid in self.sheets.items())
        digest = hashlib.sha256(repr(self.sheets).encode()).hexdigest()
        return OpenedFile(name, digest, sheets if problem is None else (), problem)

    def workbook(self) -> bytes:
        """The same cells as a real .xlsx file."""
        book = openpyxl.Workbook()
        book.remove(book.active)
        for title, grid in self.sheets.items():
            sheet = book.create_sheet(title)
            for row in grid:
                sheet.append(row)
        content = io.BytesIO()
        book.save(content)
        return content.getvalue()


def _identification() -> Grid:
    values = {
        "region": "Ségou",
        "period": "2019-12",
        "version": 1,
        "prepared_by": "Agent A",
        "function": "Chargé des données",
        "prepared_on": date(2019, 12, 30),
        "validated": "oui",
        "validated_on": date(2020, 1, 4),
        "minutes_number": "PV-04",
        "validated_by": "Directeur régional",
    }
    return [["Fiche régionale"], *([item.label.fr, values[item.name]] for item in fields.IDENTIFICATION.fields)]


def stock(cercle: str, commune: str | None, households: int, individuals: int, **more: Any) -> dict[str, Any]:
    return {
        "cercle": cercle,
        "commune": commune,
        "level": "cercle entier",
        "households": households,
        "individuals": individuals,
        "basis": "enregistrement",
        "observed_on": PERIOD_END,
        **more,
    }


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


def check(*fiches: Fiche, period: Period | None = PERIOD) -> list[Checked]:
    """The fiches through intake and rules, as files `fiche-1.xlsx`, `fiche-2.xlsx`, …"""
    return check_files([fiche.file(f"fiche-{number}.xlsx") for number, fiche in enumerate(fiches, start=1)], period)


def check_files(files: Sequence[OpenedFile], period: Period | None = PERIOD) -> list[Checked]:
    """Files of the same cells, names and order are checked once: nothing changes what comes out of a check."""
    key = (period, *((file.name, file.sha256, file.problem, file.sheets) for file in files))
    if key not in _CHECKED:
        _CHECKED[key] = _check_files(files, period)
    return list(_CHECKED[key])


_CHECKED: dict[tuple[Any, ...], list[Checked]] = {}


def _check_files(files: Sequence[OpenedFile], period: Period | None) -> list[Checked]:
    readings = [intake.read(file, intake.layouts()) for file in files]
    return checking.check(readings, GAZETTEER, Rulebook(), period)


def codes_of(checked: Checked) -> list[str]:
    return [finding.code for finding in checked.findings]


def month_of(
    *checked: Checked,
    past: Past | None = None,
    expected: Sequence[str] = ("R04",),
    period: Period = PERIOD,
    late: tuple[LateVersion, ...] = (),
) -> compilation.Month:
    """A month of checked returns, numbered from 1; those refused are left out, as the store does."""
    kept = [(number, item) for number, item in enumerate(checked, start=1) if item.status == "accepted"]
    frames = [item.rows.assign(submission_id=number, region_id=item.identification.region_id) for number, item in kept]
    heads = tuple(
        SubmissionHead(
            number,
            str(item.identification.region_id),
            period,
            item.identification.version or 1,
            item.file.name,
            item.file.sha256,
            item.identification.has_visa,
            item.columns,
        )
        for number, item in kept
    )
    observations = pd.concat(frames, ignore_index=True) if frames else no_observations()
    return compilation.Month(period, observations, heads, past, tuple(expected), GAZETTEER, late)


def no_observations() -> pd.DataFrame:
    """What the store gives of a month without any return: the columns of a good one and no row."""
    [checked] = check(good_fiche())
    return checked.rows.iloc[:0].assign(submission_id=pd.Series(dtype="int64"), region_id=pd.Series(dtype=object))


def compile_fiches(*fiches: Fiche, past: Past | None = None, expected: Sequence[str] = ("R04",), **more: Any) -> Compiled:
    return compilation.compile_month(month_of(*check(*fiches), past=past, expected=expected, **more), Rulebook())


def as_past(compiled: Compiled, name: str = "projet de 2019-11", period: Period | None = None) -> Past:
    """A compiled month as the next one is compared with it."""
    figures = compiled.figures[(compiled.figures[compilation.DIMENSIONS] == "_T").all(axis=1)]
    return Past(name, period or PERIOD.previous(), False, figures.reset_index(drop=True))


def past_of(*fiches: Fiche, expected: Sequence[str] = ("R04",)) -> Past:
    """The month before, made of these fiches; the same ones make it once."""
    key = (tuple(expected), *(fiche.file().sha256 for fiche in fiches))
    if key not in _PAST:
        _PAST[key] = as_past(compile_fiches(*fiches, expected=expected))
    return replace(_PAST[key], figures=_PAST[key].figures.copy())


_PAST: dict[tuple[Any, ...], Past] = {}


def value(
    compiled: Compiled, place_id: str, unit: str = "individual", group: str = "idp", measure: str = "stock", **dims: str
) -> int | None:
    """One figure, all dimensions total unless given; None when the value is missing. KeyError when there is no such figure."""
    row = figure(compiled, place_id, unit, group, measure, **dims)
    return None if pd.isna(row["value"]) else int(row["value"])


def figure(
    compiled: Compiled, place_id: str, unit: str = "individual", group: str = "idp", measure: str = "stock", **dims: str
) -> pd.Series:
    wanted = {
        "place_id": place_id,
        "unit": unit,
        "population_group": group,
        "measure": measure,
        **dict.fromkeys(compilation.DIMENSIONS, "_T"),
        **dims,
    }
    figures = compiled.figures
    rows = figures[(figures[list(wanted)] == pd.Series(wanted)).all(axis=1)]
    if len(rows) != 1:
        raise KeyError(f"{len(rows)} figures for {wanted}")
    return rows.iloc[0]


def bridge(
    compiled: Compiled, place_id: str, unit: str = "individual", group: str = "idp", measure: str = "stock"
) -> list[tuple[str, int | None]]:
    """(kind, value) of each item of one bridge, in order."""
    rows = compiled.adjustments
    rows = rows[(rows["place_id"] == place_id) & (rows["unit"] == unit) & (rows["population_group"] == group)]
    rows = rows[rows["measure"] == measure]
    return [(kind, None if pd.isna(value) else int(value)) for kind, value in zip(rows["kind"], rows["value"], strict=True)]
