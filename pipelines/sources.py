"""Who states numbers of people, and every number that they state, each with its cell. Pure.

The register is `schemas/reference/sources.toml`, the totals already published are `schemas/reference/printed.csv`. What files
say becomes one line a number (`statements`) and one line an actor, sector and place (`presence`): the frames that a month is
compared with.
"""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import pandas as pd

from pipelines.model import PRESENCE_COLUMNS, STATEMENT_COLUMNS, Period, SourceRows, cell_of
from schemas import fields
from schemas.cells import plain
from schemas.codes import Level, Measure, PopulationGroup, Reliability, Scope, SourceKind, SourceMeasure, Unit

RETURNS_LINEAGE = "cmp"
"""The lineage of the regional returns: a source of it says nothing that they do not."""


# --- the register -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Source:
    """One organisation of the register, or one that is not in it (`registered` False): its lineage is then its own."""

    id: str
    name: fields.Text
    kind: SourceKind
    lineage: str
    reliability: Reliability
    measures: frozenset[SourceMeasure]
    names: tuple[str, ...] = ()
    layouts: tuple[str, ...] = ()
    lineages: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    registered: bool = True

    def lineage_of(self, group: str) -> str:
        """Whom it copies, which may depend on the population group: UNHCR counts those who come back, and quotes the IDPs."""
        return self.lineages.get(str(group), self.lineage)


class Register:
    """The sources by their spellings. A spelling that stands for two sources raises ValueError."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self.sources = tuple(sources)
        self.by_id = {source.id: source for source in self.sources}
        self._by_name: dict[str, Source] = {}
        for source in self.sources:
            for name in {plain(word) for word in (source.id, source.name.fr, source.name.en, *source.names)}:
                known = self._by_name.setdefault(name, source)
                if known is not source:
                    raise ValueError(f"{name!r} stands for {known.id} and for {source.id}")
        self._of_layout = {layout: source for source in self.sources for layout in source.layouts}

    def of_layout(self, layout: str | None) -> Source | None:
        """The source whose files in this layout name nobody."""
        return self._of_layout.get(layout or "")

    def named(self, organisation: str) -> Source | None:
        """The source that a spelling stands for: as it is in the register, with a place behind it ("SLDSES de Bankass"), with more
        in brackets, or several of them joined ("OCHA / HCR"): then one that quotes the returns before any other, so that no
        joint statement passes for an independent one."""
        whole = self._one(organisation)
        if whole is not None:
            return whole
        parts = [self._one(part) for part in _JOINED.split(organisation) if plain(part)]
        known = [part for part in parts if part is not None]
        if not known or len(known) < len(parts):
            return next((part for part in known if part.lineage == RETURNS_LINEAGE), None)
        return next((part for part in known if part.lineage == RETURNS_LINEAGE), known[0])

    def _one(self, organisation: str) -> Source | None:
        for text in (organisation, _IN_BRACKETS.sub(" ", organisation)):
            words = plain(text).split()
            for size in range(len(words), 0, -1):
                found = self._by_name.get(" ".join(words[:size]))
                if found is not None and (size == len(words) or words[size] in _BEFORE_A_PLACE):
                    return found
        return None


_JOINED = re.compile(r"[/,;&+]|\bet\b|\band\b")
_IN_BRACKETS = re.compile(r"\([^)]*\)?")
_BEFORE_A_PLACE = frozenset({"de", "du", "des", "d", "a"})
"""The words that lead from an organisation to its place: SLDSES *de* Bankass."""


@cache
def register() -> Register:
    """The packaged register. Raises KeyError or ValueError when a row of it lacks something or is no code."""
    rows = tomllib.loads(files("schemas").joinpath("reference", "sources.toml").read_text("utf-8"))
    return Register(_source(name, row) for name, row in rows.items())


def _source(name: str, row: Mapping[str, Any]) -> Source:
    return Source(
        id=name,
        name=fields.Text(row["fr"], row["en"]),
        kind=SourceKind(row["kind"]),
        lineage=row["lineage"],
        reliability=Reliability(row["reliability"]),
        measures=frozenset(map(SourceMeasure, row["measures"])),
        names=tuple(row["names"]),
        layouts=tuple(row.get("layouts", ())),
        lineages={str(PopulationGroup(group)): lineage for group, lineage in row.get("lineages", {}).items()},
        note=row.get("note", ""),
    )


def source_of(organisation: str | None, layout: str | None = None) -> Source:
    """Who states what a row says: the organisation written in it, else the one that files of this layout are of. An organisation
    that the register does not have is a source of its own, named after it."""
    return _source_of(organisation, layout)


@lru_cache(maxsize=4096)
def _source_of(organisation: str | None, layout: str | None) -> Source:
    known = register()
    meant = known.of_layout(layout)
    if organisation is None or not plain(organisation):
        return meant or known.by_id["partenaire"]
    found = known.named(organisation)
    if found is not None:
        return found
    own = row_name(organisation)
    kind = meant.kind if meant else SourceKind.STATEMENT
    text = fields.Text(organisation.strip(), organisation.strip())
    return Source(own, text, kind, own, Reliability.F, frozenset(SourceMeasure), registered=False)


def row_name(organisation: str) -> str:
    """The name that a row of the register would have for an organisation: ong_exemple."""
    return plain(organisation).replace("+", " plus ").replace(" ", "_")


# --- what sources state ---------------------------------------------------------------------------------------------------


_NUMBERS: Mapping[str, tuple[tuple[str, PopulationGroup | None, Unit | None], ...]] = {
    fields.STOCK.name: (
        ("households", PopulationGroup.IDP, Unit.HOUSEHOLD),
        ("individuals", PopulationGroup.IDP, Unit.INDIVIDUAL),
        ("returnee_households", PopulationGroup.IDP_RETURNEE, Unit.HOUSEHOLD),
        ("returnee_individuals", PopulationGroup.IDP_RETURNEE, Unit.INDIVIDUAL),
        ("repatriated_households", PopulationGroup.REPATRIATED_REFUGEE, Unit.HOUSEHOLD),
        ("repatriated_individuals", PopulationGroup.REPATRIATED_REFUGEE, Unit.INDIVIDUAL),
    ),
    fields.SITREP.name: (
        ("households", PopulationGroup.IDP, Unit.HOUSEHOLD),
        ("individuals", PopulationGroup.IDP, Unit.INDIVIDUAL),
    ),
    fields.CIRCULATED.name: (("value", None, None),),
}
"""Which column of a table counts whom, and in what; None where the row itself says it."""
_DATED_BY = {fields.STOCK.name: "observed_on"}
"""The column with the day of a number, where it is not `stated_on`."""
_LISTS = frozenset({fields.STOCK.name, fields.SITREP.name})
"""Tables in which several rows of one place are parts of one number: people from another place of origin, or from another village."""


def stock_measure(group: str) -> Measure:
    """How a number of people is counted when nobody moves: returnees and repatriated refugees add up since 2012."""
    return Measure.STOCK if group == PopulationGroup.IDP else Measure.CUMULATIVE


def statements(parts: Sequence[SourceRows]) -> pd.DataFrame:
    """STATEMENT_COLUMNS, one line for each number that a source states about a place: households and individuals of each
    population group, whatever the table. `value` is Int64, `cell` the number's own cell (of the first row, where several rows
    of a list add up to the number of a place). Sorted; alerts are no statements, they become events.

    A row without place, date or group has a finding of its own and is left out; so is a number that is missing, unless the row
    says that the place is out of reach."""
    return _framed(line for part in parts if part.table in _NUMBERS for line in _of_part(part))


def _of_part(part: SourceRows) -> Iterator[dict[str, Any]]:
    lines = [line for row in part.rows.to_dict("records") for line in _of_row(row, part)]
    return iter(_added_up(lines) if part.table in _LISTS else lines)


def _of_row(row: Mapping[Any, Any], part: SourceRows) -> Iterator[dict[str, Any]]:
    source = source_of(_text(row.get("organisation")), part.layout)
    as_of = row.get(_DATED_BY.get(part.table, "stated_on"))
    if not isinstance(as_of, date):
        return
    for place_id in _places(row):
        for column, of_group, of_unit in _NUMBERS[part.table]:
            group, unit = of_group or _text(row.get("population_group")), of_unit or _text(row.get("unit"))
            value = row.get(column)
            if group is None or unit is None or pd.isna(value):
                continue
            yield {
                "place_id": place_id,
                "population_group": str(group),
                "measure": str(Measure.ARRIVALS if part.table == fields.SITREP.name else stock_measure(group)),
                "unit": str(unit),
                "value": int(value),
                "as_of": as_of,
                "source_id": source.id,
                "organisation": _text(row.get("organisation")) or source.name.fr,
                "lineage": source.lineage_of(group),
                "scope": str(_scope(row)),
                "table": part.table,
                "file": row["file"],
                "sheet": row["sheet"],
                "row": int(row["row"]),
                "cell": cell_of(part.columns.get(column), int(row["row"])) or row["cell"],
                "document": _text(row.get("document")),
                "quoted": _quoted(row),
            }


def _places(row: Mapping[Any, Any]) -> tuple[str, ...]:
    place_id = _text(row.get("place_id"))
    return (place_id,) if place_id else ()


def _scope(row: Mapping[Any, Any]) -> Scope:
    """What a number covers of the place it is at. A commune that was not recognised leaves its people in the cercle, and is no
    number of the cercle."""
    finest = next((level for level in ("commune", "cercle", "region") if _text(row.get(level))), None)
    return Scope.PARTIAL if finest is not None and row.get("placed_level") not in (finest, Level.COUNTRY) else Scope.WHOLE


def _quoted(row: Mapping[Any, Any]) -> str | None:
    """The place as the source writes it: the finest name of the row."""
    return next((name for column in ("commune", "cercle", "region") if (name := _text(row.get(column)))), None)


_APART = (
    "file", "sheet", "place_id", "population_group", "measure", "unit", "as_of", "source_id", "organisation", "document",
)  # fmt: skip


def _added_up(lines: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of a list that speak of one place, added up at the first of them."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for line in lines:
        key = tuple(line[name] for name in _APART)
        first = found.get(key)
        found[key] = line if first is None else {**first, "value": first["value"] + line["value"]}
    return list(found.values())


def _text(value: Any) -> str | None:
    return str(value) if isinstance(value, str) and value.strip() else None


def _framed(lines: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    ordered = sorted(lines, key=lambda line: tuple((line[name] is not None, line[name] or "") for name in _ORDER))
    frame = pd.DataFrame(ordered, columns=STATEMENT_COLUMNS, dtype=object)
    return frame.astype({"value": "Int64", "row": "Int64"})


_ORDER = (
    "table",
    "place_id",
    "population_group",
    "measure",
    "unit",
    "as_of",
    "source_id",
    "organisation",
    "file",
    "sheet",
    "row",
    "cell",
)


def presence(parts: Sequence[SourceRows]) -> pd.DataFrame:
    """PRESENCE_COLUMNS, one line for each actor, sector and place that presence tables name."""
    return pd.DataFrame(columns=PRESENCE_COLUMNS, dtype=object)


# --- what was printed -------------------------------------------------------------------------------------------------------


def printed(until: Period) -> pd.DataFrame:
    """STATEMENT_COLUMNS: the totals that were published up to a month, as CMP and DTM printed them (`table` is `printed`) or as others
    state them (`statement`); `document` is the product, `row` the row of `printed.csv`."""
    return _framed(line for line in _printed() if line["as_of"] <= until.last_day)


@cache
def _printed() -> tuple[Mapping[str, Any], ...]:
    text = files("schemas").joinpath("reference", _PRINTED).read_text("utf-8")
    return tuple(_printed_line(row, number) for number, row in enumerate(csv.DictReader(text.splitlines()), start=2))


_PRINTED = "printed.csv"


def _printed_line(row: Mapping[str, str], number: int) -> dict[str, Any]:
    source = register().by_id[row["source_id"]]
    return {
        "place_id": row["place_id"],
        "population_group": str(PopulationGroup(row["population_group"])),
        "measure": str(Measure(row["measure"])),
        "unit": str(Unit(row["unit"])),
        "value": int(row["value"]),
        "as_of": date.fromisoformat(row["as_of"]),
        "source_id": source.id,
        "organisation": source.name.fr,
        "lineage": source.lineage_of(row["population_group"]),
        "scope": str(Scope.WHOLE),
        "table": str(SourceKind.PRINTED if source.kind is SourceKind.PRINTED else SourceKind.STATEMENT),
        "file": _PRINTED,
        "sheet": None,
        "row": number,
        "cell": None,
        "document": row["product"],
        "quoted": None,
    }
