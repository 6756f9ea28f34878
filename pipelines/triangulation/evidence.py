"""What a month is compared with: its returns, its past, and what everybody else says. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from pipelines.model import PRESENCE_COLUMNS, STATEMENT_COLUMNS, Event, Past, Period, SubmissionHead
from pipelines.places import Gazetteer
from pipelines.triangulation.statements import Statements
from schemas import fields
from schemas.codes import Measure, Movement, PopulationGroup, Unit
from schemas.frames import pd

HISTORY_COLUMNS = ["period", "place_id", "level", "population_group", "measure", "unit", "value", "carried_months"]
"""The totals of earlier months (`period` as text), each as last published, else as drafted."""

COUNTRY = "ML"
Key = tuple[str, str, str, str]
"""place, population group, measure, unit."""
Thresholds = Mapping[str, float]


def no_rows(columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame(columns=columns, dtype=object)


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a return says a number: its file and version, and the sheet and cell when one row says it."""

    submission_id: int
    file: str
    sheet: str
    row: int
    cell: str | None
    value: Any

    def __str__(self) -> str:
        return f"{self.file}, {self.sheet}, {self.cell or f'ligne {self.row}'}"


@dataclass(frozen=True, slots=True)
class Moved:
    """People who went from one cercle to another, as the region left and the region reached tell it."""

    left: int
    arrived: int
    arrived_secondary: int
    row: Mapping[Any, Any]


@dataclass(frozen=True)
class Evidence:
    """All that comparisons look at. `totals`: the month's totals by place (`place_id`, `level`, `population_group`, `measure`,
    `unit`, `value`, `basis`, `grade`, `carried_months`), before any decision; `figures` the same with their breakdowns; `rows`
    the observations of the current returns with `home_region`, `retold` and `inside`."""

    period: Period
    as_of: date
    gazetteer: Gazetteer
    thresholds: Callable[[str], Thresholds]
    totals: pd.DataFrame
    figures: pd.DataFrame
    rows: pd.DataFrame
    heads: tuple[SubmissionHead, ...] = ()
    past: Past | None = None
    history: pd.DataFrame = field(default_factory=lambda: no_rows(HISTORY_COLUMNS))
    statements: pd.DataFrame = field(default_factory=lambda: no_rows(STATEMENT_COLUMNS))
    alerts: pd.DataFrame = field(default_factory=pd.DataFrame)
    events: tuple[Event, ...] = ()
    earlier_numbers: frozenset[str] = frozenset()
    """The alert numbers of the month before."""
    presence: pd.DataFrame = field(default_factory=lambda: no_rows(PRESENCE_COLUMNS))

    @cached_property
    def stated(self) -> Statements:
        """The statements, ready to be compared."""
        return Statements(self)

    # --- numbers --------------------------------------------------------------------------------------------------------

    @cached_property
    def now(self) -> Mapping[Key, int]:
        """The month's own totals, before any decision."""
        return _by_key(self.totals)

    @cached_property
    def before(self) -> Mapping[Key, int]:
        """The totals of the past that the month is held against; empty without one."""
        return _by_key(self.past.figures) if self.past is not None else {}

    @cached_property
    def carried(self) -> frozenset[Key]:
        """The totals that rest on people carried forward, in whole or in part."""
        return frozenset(_by_key(self.totals[self.totals["carried_months"] > 0]))

    @cached_property
    def carried_before(self) -> frozenset[Key]:
        """The totals of the past that rest on people carried forward."""
        if self.past is None:
            return frozenset()
        return frozenset(_by_key(self.past.figures[self.past.figures["carried_months"] > 0]))

    @cached_property
    def series(self) -> Mapping[Key, Sequence[tuple[Period, int]]]:
        """The months before this one of each total, oldest first; months without a number, or carried forward, left out."""
        told = self.history[self.history["value"].notna()]
        told = told[told["carried_months"].fillna(0).astype(int) == 0] if len(told) else told
        found: dict[Key, list[tuple[Period, int]]] = defaultdict(list)
        for row in told.sort_values("period").to_dict("records"):
            key = (row["place_id"], row["population_group"], row["measure"], row["unit"])
            found[key].append((Period.parse(str(row["period"])), int(row["value"])))
        return dict(found)

    def stock(self, place_id: str, unit: str = Unit.INDIVIDUAL, *, past: bool = False) -> int | None:
        """The IDPs of a place, now or in the past."""
        return (self.before if past else self.now).get((place_id, str(PopulationGroup.IDP), str(Measure.STOCK), str(unit)))

    def flow(self, place_id: str, measure: Measure, unit: str = Unit.INDIVIDUAL) -> int:
        """The people of one flow at a place, 0 when no movement says so."""
        return self.now.get((place_id, str(PopulationGroup.IDP), str(measure), str(unit)), 0)

    def national(self, group: str, unit: str = Unit.INDIVIDUAL) -> int | None:
        measure = Measure.STOCK if group == PopulationGroup.IDP else Measure.CUMULATIVE
        return self.now.get((COUNTRY, str(group), str(measure), str(unit)))

    @cached_property
    def household_size(self) -> float:
        """Persons per household over the country, by which households are weighed as persons."""
        households, individuals = self.stock(COUNTRY, Unit.HOUSEHOLD), self.stock(COUNTRY)
        return individuals / households if households and individuals else 5.5

    @cached_property
    def follows(self) -> bool:
        """Whether the past is the month before."""
        return self.past is not None and self.past.period == self.period.previous()

    # --- rows -----------------------------------------------------------------------------------------------------------

    @cached_property
    def told(self) -> pd.DataFrame:
        """The rows that count: accepted, and not also told by the place's own region."""
        return self.rows[self.rows["accepted"].astype(bool) & ~self.rows["retold"].astype(bool)]

    @cached_property
    def movements(self) -> pd.DataFrame:
        return self.told[self.told["table"] == fields.MOVEMENT.name]

    @cached_property
    def moves_between(self) -> Mapping[tuple[str, str], Moved]:
        """(cercle left, cercle reached) of two regions -> the persons that each end tells. What is told by neither is left out."""
        found: dict[tuple[str, str], Moved] = {}
        region, cercle = self.gazetteer.region_of, self.gazetteer.cercle_of
        for row in self.movements.sort_values(["region_id", "sheet", "row"]).to_dict("records"):
            start, end = row["from_place_id"], row["to_place_id"]
            if pd.isna(start) or pd.isna(end) or pd.isna(row["individuals"]) or region(start) == region(end):
                continue
            key = (cercle(start) or start, cercle(end) or end)
            so_far = found.get(key, Moved(0, 0, 0, row))
            persons, teller, movement = int(row["individuals"]), row["region_id"], row["movement"]
            leaves = persons if teller == region(start) and movement in (Movement.SECONDARY, Movement.DEPARTURE) else 0
            comes = persons if teller == region(end) and movement in (Movement.SECONDARY, Movement.ARRIVAL) else 0
            again = persons if teller == region(end) and movement == Movement.SECONDARY else 0
            found[key] = Moved(so_far.left + leaves, so_far.arrived + comes, so_far.arrived_secondary + again, so_far.row)
        return found

    @cached_property
    def own_places(self) -> tuple[str, ...]:
        """The finest places whose IDPs a return counts this month, in order."""
        idp = self.told[(self.told["table"] == fields.IDP.name) & ~self.told["inside"].astype(bool)]
        return tuple(sorted(set(idp["place_id"].dropna())))

    @cached_property
    def regions(self) -> tuple[str, ...]:
        """The regions of the places that returns count."""
        return tuple(sorted({self.gazetteer.region_of(place) or place for place in self.own_places}))

    @cached_property
    def listing(self) -> frozenset[str]:
        """The regions whose return lists movements, none of them rejected: one without any has not claimed to list them."""
        moved = self.rows[self.rows["table"] == fields.MOVEMENT.name]
        return frozenset(set(moved["region_id"]) - set(moved.loc[~moved["accepted"].astype(bool), "region_id"]))

    def cells(self, place_id: str, table: str = fields.IDP.name, name: str = "individuals") -> list[Cell]:
        """The cells of a return that say a number of a place itself."""
        rows = self._rows_at.get((table, place_id), [])
        return [self._cell(row, name) for row in rows]

    @cached_property
    def _rows_at(self) -> Mapping[tuple[str, str], list[Mapping[Any, Any]]]:
        found: dict[tuple[str, str], list[Mapping[Any, Any]]] = defaultdict(list)
        for row in self.told[self.told["place_id"].notna()].to_dict("records"):
            found[row["table"], row["place_id"]].append(row)
        return found

    def _cell(self, row: Mapping[Any, Any], name: str) -> Cell:
        head = self._heads[int(row["submission_id"])]
        letter = head.columns.get(row["table"], {}).get(name)
        value = row.get(name)
        return Cell(head.id, head.file, row["sheet"], int(row["row"]), f"{letter}{int(row['row'])}" if letter else None,
                    None if pd.isna(value) else value)  # fmt: skip

    def cell_of_row(self, row: Mapping[Any, Any], name: str = "individuals") -> Cell:
        return self._cell(row, name)

    @cached_property
    def _heads(self) -> Mapping[int, SubmissionHead]:
        return {head.id: head for head in self.heads}

    def where(self, place_id: str, table: str = fields.IDP.name, name: str = "individuals") -> str | None:
        """Where the number of a place stands: its cell, or the return that adds it up."""
        cells = self.cells(place_id, table, name)
        if len(cells) == 1:
            return str(cells[0])
        region = self.gazetteer.region_of(place_id) or place_id
        head = next((head for head in self.heads if head.region_id == region), None)
        return f"{head.file} (version {head.version})" if head else None

    # --- places ---------------------------------------------------------------------------------------------------------

    def level(self, place_id: str) -> str:
        return self.gazetteer.place(place_id).level

    def named(self, place_id: str) -> dict[str, str]:
        """A place as texts of either language name it."""
        place = self.gazetteer.place(place_id)
        return {"name": place.name, "level": place.level}

    def chain(self, place_id: str) -> Iterator[str]:
        """A place and all that contain it."""
        at: str | None = place_id
        while at is not None:
            yield at
            at = self.gazetteer.parent(at)

    def within(self, place_id: str | None, holder: str) -> bool:
        return place_id is not None and (holder == COUNTRY or holder in self.chain(place_id))


def _by_key(frame: pd.DataFrame) -> dict[Key, int]:
    known = frame[frame["value"].notna()]
    keys = zip(known["place_id"], known["population_group"], known["measure"], known["unit"], strict=True)
    return dict(zip(keys, known["value"].astype(int), strict=True))
