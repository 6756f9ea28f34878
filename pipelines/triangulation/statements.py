"""What sources state of a month, made ready to be compared. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING, Any

from pipelines import sources
from pipelines.model import Compared
from schemas import fields
from schemas.codes import Measure, PopulationGroup, Scope
from schemas.frames import pd

if TYPE_CHECKING:
    from pipelines.triangulation.evidence import Evidence

NEAR_DAYS = 15
"""Numbers further apart in time are of different situations."""
PRINTED = "printed"
TABLES = {
    PopulationGroup.IDP: fields.IDP.name, PopulationGroup.IDP_RETURNEE: fields.RETURNEE.name,
    PopulationGroup.REPATRIATED_REFUGEE: fields.REPATRIATED.name,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stated:
    """One number that a source states about a place."""

    place_id: str
    group: str
    measure: str
    unit: str
    value: int | None
    as_of: date | None
    source_id: str
    organisation: str
    lineage: str
    scope: str
    table: str
    where: str
    quoted: str | None = None
    """What it covers, in the words of the source."""
    rows: int = 1
    """How many lines of the source it adds up."""

    @property
    def local(self) -> bool:
        """Whether it comes from a service of the directorates, outside their returns."""
        return self.table == fields.CIRCULATED.name or sources.is_local(self.source_id)

    @property
    def day(self) -> str | None:
        """The day it is of, ISO; None when the source does not say."""
        return self.as_of.isoformat() if self.as_of else None

    @property
    def is_named(self) -> bool:
        """Whether somebody stands behind it: a list that names nobody confirms nothing."""
        return not sources.is_unnamed(self.source_id)

    @property
    def published(self) -> bool:
        """Whether it is quoted from a publication and no file of the month says it."""
        return self.where.startswith(sources.PRINTED)

    def compared(self, *, takes: bool = True) -> Compared:
        return Compared(self.organisation, self.value, self.unit, str(self.as_of or ""), self.where, self.source_id, takes)


class Statements:
    """What sources state of a month, ready to be compared."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence

    @cached_property
    def all(self) -> tuple[Stated, ...]:
        frame = self.evidence.statements
        if frame.empty:
            return ()
        order = ["place_id", "population_group", "measure", "unit", "source_id", "file", "sheet", "row"]
        rows = frame.sort_values(order, kind="stable")
        return tuple(_stated(row) for row in rows.to_dict("records"))

    @cached_property
    def stocks(self) -> tuple[Stated, ...]:
        """The numbers of the same kind as the return's: stocks and cumulative counts, lists of communes added up to the level that
        the return speaks of."""
        told = [
            item
            for item in self.all
            if item.measure in (Measure.STOCK, Measure.CUMULATIVE) and item.value is not None and item.table != PRINTED
        ]
        lists = [item for item in told if item.table == fields.STOCK.name]
        return tuple([item for item in told if item.table != fields.STOCK.name] + self._added_up(lists))

    @cached_property
    def printed(self) -> tuple[Stated, ...]:
        """The totals of printed reports."""
        return tuple(item for item in self.all if item.table == PRINTED)

    def _added_up(self, lists: Sequence[Stated]) -> list[Stated]:
        """A list of communes stands at the communes that the return speaks of too. Where the return counts their cercle as a whole,
        a list that copies the returns is added up to it, since there one commune often stands for its whole cercle; that of a
        partner is a part of the cercle, for all that is known."""
        found: list[Stated] = []
        gazetteer = self.evidence.gazetteer
        ordered = sorted(lists, key=lambda item: (series_of(item), gazetteer.cercle_of(item.place_id) or item.place_id))
        for (series, cercle), group in groupby(ordered, lambda item: (series_of(item), gazetteer.cercle_of(item.place_id))):
            items = list(group)
            by_place = [
                _of_one_file(list(same), place)
                for place, same in groupby(sorted(items, key=lambda i: i.place_id), lambda i: i.place_id)
            ]
            table = TABLES[PopulationGroup(series[1])]
            alike = all(self.evidence.cells(item.place_id, table) for item in by_place)
            copies = items[0].lineage == sources.RETURNS_LINEAGE
            if cercle is None or alike or any(item.place_id == cercle for item in by_place):
                found.extend(by_place)
            elif copies:
                found.append(add_up(by_place, cercle))
            elif any(self.evidence.cells(place, table) for place in gazetteer.children(cercle)):
                found.extend(by_place)
            else:
                found.append(replace(add_up(by_place, cercle), scope=str(Scope.PARTIAL)))
        return found

    @cached_property
    def comparable(self) -> Mapping[tuple[str, str, str, str], list[Stated]]:
        """(place, group, measure, unit) -> the numbers of the whole place, of within 15 days of the reference date; of the sources
        of one lineage only the nearest in date, since they count as one witness; of services that circulate numbers outside the return,
        each."""
        found: dict[tuple[str, str, str, str], list[Stated]] = defaultdict(list)
        for item in self.stocks:
            if self.why_not(item) is None:
                found[item.place_id, item.group, item.measure, item.unit].append(item)
        return {key: self._witnesses(items) for key, items in found.items()}

    def _witnesses(self, items: Sequence[Stated]) -> list[Stated]:
        end = self.evidence.period.last_day

        def nearness(item: Stated) -> tuple[Any, ...]:
            return (
                item.lineage,
                item.local,
                abs(((item.as_of or end) - end).days),
                item.source_id,
                item.organisation,
                item.where,
            )

        ordered = sorted(items, key=nearness)

        def witness(item: Stated) -> tuple[Any, ...]:
            return item.lineage, item.local, item.organisation if item.local else ""

        return [next(iter(of_one)) for _, of_one in groupby(sorted(ordered, key=witness), witness)]

    def why_not(self, item: Stated) -> str | None:
        """Why a number is not held against the stock of the month; None when it is."""
        if item.scope != Scope.WHOLE:
            return f"not_comparable_{item.scope}"
        if item.as_of is None:
            return "not_comparable_undated"
        if abs((item.as_of - self.evidence.period.last_day).days) > NEAR_DAYS:
            return "not_comparable_date"
        return None


def _stated(row: Mapping[Any, Any]) -> Stated:
    value, as_of = row["value"], row["as_of"]
    where = ", ".join(str(row[name]) for name in ("file", "sheet", "cell") if isinstance(row[name], str) and row[name])
    return Stated(
        row["place_id"], row["population_group"], row["measure"], row["unit"], None if pd.isna(value) else int(value),
        as_of if isinstance(as_of, date) and not pd.isna(as_of) else None, str(row["source_id"]), str(row["organisation"]),
        str(row["lineage"]), str(row["scope"]), str(row["table"]), where, row["quoted"] if isinstance(row["quoted"], str) else None,
    )  # fmt: skip


def series_of(item: Stated) -> tuple[str, ...]:
    return (item.source_id, item.group, item.measure, item.unit, item.scope, str(item.as_of), item.organisation)


def _of_one_file(items: Sequence[Stated], place_id: str) -> Stated:
    """What a source says of a place, its rows added up; of two files that both say it, the last by name: one list, written twice."""
    last = max(item.where.split(",")[0] for item in items)
    return add_up([item for item in items if item.where.split(",")[0] == last], place_id)


def add_up(items: Sequence[Stated], place_id: str) -> Stated:
    first = items[0]
    if len(items) == 1:
        return replace(first, place_id=place_id)
    where = f"{first.where} … {items[-1].where.rsplit(', ', 1)[-1]}"
    return replace(first, place_id=place_id, value=sum(item.value or 0 for item in items), where=where, rows=len(items))
