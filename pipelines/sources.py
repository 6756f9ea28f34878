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

from pipelines.model import PRESENCE_COLUMNS, STATEMENT_COLUMNS, Period, SourceRows, cell_of
from pipelines.place_words import names_a_place, says_partial
from schemas import fields
from schemas.cells import plain
from schemas.codes import (
    ActivityStatus,
    Level,
    Measure,
    PopulationGroup,
    Reliability,
    Scope,
    SourceKind,
    SourceMeasure,
    StatementStatus,
    Unit,
)
from schemas.frames import pd

PRINTED = "printed.csv"
"""The packaged table of what was published."""
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
    alone: bool = False
    """Whether its spellings stand for it only when nothing follows: "ONG du Delta" is the name of somebody."""

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
        quoted = next(
            (found for part in _QUOTED.findall(organisation) if (found := self._one(part)) and found.lineage == RETURNS_LINEAGE),
            None,
        )
        if whole is not None or quoted is not None:
            return quoted or whole
        parts = [self._one(part) for part in _JOINED.split(organisation) if plain(part)]
        known = [part for part in parts if part is not None]
        if not known or len(known) < len(parts):
            return next((part for part in known if part.lineage == RETURNS_LINEAGE), None)
        return next((part for part in known if part.lineage == RETURNS_LINEAGE), known[0])

    def publisher(self, document: str) -> Source | None:
        """Whose document it is by its first words: "OCHA Flash Update 2"."""
        words = plain(document).split()
        return next((found for size in range(len(words), 0, -1) if (found := self._by_name.get(" ".join(words[:size])))), None)

    def _one(self, organisation: str) -> Source | None:
        for text in (organisation, _IN_BRACKETS.sub(" ", organisation)):
            words = plain(text).split()
            for size in range(len(words), 0, -1):
                found = self._by_name.get(" ".join(words[:size]))
                if found is not None and (size == len(words) or _may_be_followed(found, words[size])):
                    return found
        return None


def _may_be_followed(source: Source, word: str) -> bool:
    """A place may follow ("SLDSES de Bankass"); behind a service that the returns are made of, anything ("DRDSES Mopti"): it must
    never pass for an independent source."""
    return not source.alone and (word in _BEFORE_A_PLACE or source.lineage == RETURNS_LINEAGE)


_JOINED = re.compile(r"[/,;&+]|\bet\b|\band\b")
_QUOTED = re.compile(r"(?:source|selon|d'après|citant|citing)\s*:?\s*(?:la |le |les |l')?([^),;]+)", re.IGNORECASE)
"""Whom a statement quotes: "OCHA (source CMP)" says nothing that the CMP does not."""
_IN_BRACKETS = re.compile(r"\([^)]*\)?")
_BEFORE_A_PLACE = frozenset({"de", "du", "des", "d", "a"})
"""The words that lead from an organisation to its place: SLDSES *de* Bankass."""


@cache
def register() -> Register:
    """The packaged register."""
    return parse_register(files("schemas").joinpath("reference", "sources.toml").read_text("utf-8"))


def parse_register(text: str) -> Register:
    """A register from its TOML. Raises KeyError or ValueError when a row of it lacks something or is no code."""
    return Register(_source(name, row) for name, row in tomllib.loads(text).items())


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
        alone=row.get("alone", False),
    )


def source_of(organisation: str | None, layout: str | None = None, document: str | None = None) -> Source:
    """Who states what a row says: the organisation written in it, else the one that files of this layout are of. Where a village or a
    way ("Nando -> Ségué") stands for the organisation, it is who publishes the document, if the register has him. An organisation
    that the register does not have is a source of its own, named after it."""
    return _source_of(register(), organisation, layout, document)


@lru_cache(maxsize=4096)
def _source_of(known: Register, organisation: str | None, layout: str | None, document: str | None) -> Source:
    meant = known.of_layout(layout)
    if organisation is None or not plain(organisation):
        return meant or known.by_id["partenaire"]
    found = known.named(organisation) or (known.publisher(document) if document and names_a_place(organisation) else None)
    if found is not None:
        return found
    own = row_name(organisation)
    kind = meant.kind if meant else SourceKind.STATEMENT
    text = fields.Text(organisation.strip(), organisation.strip())
    return Source(own, text, kind, own, Reliability.F, frozenset(SourceMeasure), registered=False)


def source_of_row(row: Mapping[Any, Any], layout: str | None = None) -> Source:
    """The source of a typed row of any source table."""
    return source_of(_text(row.get("organisation")), layout, _text(row.get("document")))


def is_local(source_id: str) -> bool:
    """Whether a source of the register is a service of the directorates, whose numbers outside the return are the root of the
    disagreement."""
    known = register().by_id.get(source_id)
    return known is not None and known.kind is SourceKind.LOCAL


def is_unnamed(source_id: str) -> bool:
    """Whether a source of the register stands for all who gave no name."""
    known = register().by_id.get(source_id)
    return known is not None and known.alone


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
    fields.STATEMENT.name: (
        ("households", None, Unit.HOUSEHOLD),
        ("individuals", None, Unit.INDIVIDUAL),
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

    A row without place or group has a finding of its own and is left out; so is a number that is missing, unless the row says that
    the place is out of reach. One without a date has None for it."""
    return _framed(line for part in parts if part.table in _NUMBERS for line in _of_part(part))


def _of_part(part: SourceRows) -> Iterator[dict[str, Any]]:
    rows = part.rows.to_dict("records")
    if part.table not in _LISTS:
        return (line for row in rows for line in _of_row(row, part))
    return iter(_added_up(line for row in _kept_together(rows) for line in _of_row(row, part)))


def _kept_together(rows: Sequence[Mapping[Any, Any]]) -> Iterator[Mapping[Any, Any]]:
    """The rows of a list. A commune that was not recognised leaves its people in the cercle, which then has all rows of its own:
    they are the number of the cercle, and no longer of its communes."""
    whole = {row["cercle_id"] for row in rows if row["coarser"] and row["placed_level"] == Level.CERCLE}
    for row in rows:
        above = row["cercle_id"]
        kept = {"place_ids": (above,), "coarser": False, "commune": None}
        yield {**row, **kept} if above is not None and above in whole else row


def _of_row(row: Mapping[Any, Any], part: SourceRows) -> Iterator[dict[str, Any]]:
    source, organisation = source_of_row(row, part.layout), _text(row.get("organisation"))
    named = organisation if organisation and not (source.registered and names_a_place(organisation)) else source.name.fr
    as_of = row.get(_DATED_BY.get(part.table, "stated_on"))
    scope, numbers = scope_of(row), tuple(_numbers(row, part))
    for place_id in _places(row):
        for column, group, unit, value in numbers:
            yield {
                "place_id": place_id,
                "population_group": group,
                "measure": str(Measure.ARRIVALS if part.table == fields.SITREP.name else stock_measure(group)),
                "unit": unit,
                "value": value,
                "as_of": as_of if isinstance(as_of, date) else None,
                "source_id": source.id,
                "organisation": named,
                "lineage": source.lineage_of(group),
                "scope": str(scope),
                "table": part.table,
                "file": row["file"],
                "sheet": row["sheet"],
                "row": int(row["row"]),
                "cell": cell_of(part.columns.get(column), int(row["row"])) or row["cell"],
                "document": _text(row.get("document")),
                "quoted": _quoted(row),
            }


def _numbers(row: Mapping[Any, Any], part: SourceRows) -> Iterator[tuple[str, str, str, int | None]]:
    """(column, group, unit, value) of each number of a row; one without a value where the row says that its place is out of reach."""
    default = str(PopulationGroup.IDP) if part.table == fields.STATEMENT.name else None
    stated = [
        (column, str(group), str(unit), int(value))
        for column, of_group, of_unit in _NUMBERS[part.table]
        if (group := of_group or _text(row.get("population_group")) or default)
        and (unit := of_unit or _text(row.get("unit")))
        and not pd.isna(value := row.get(column))
    ]
    if not stated and row.get("status") == StatementStatus.INACCESSIBLE:
        yield "status", _text(row.get("population_group")) or str(PopulationGroup.IDP), str(Unit.INDIVIDUAL), None
    yield from stated


def _places(row: Mapping[Any, Any]) -> tuple[str, ...]:
    """Where the numbers of a row are; one number for several places is at none of them."""
    places = row.get("place_ids") or ()
    return tuple(places) if len(places) == 1 or row.get("status") == StatementStatus.INACCESSIBLE else ()


_SCOPE_OF = {
    StatementStatus.INACCESSIBLE: Scope.INACCESSIBLE,
    StatementStatus.NOT_REGISTERED: Scope.ADDITIONAL,
    StatementStatus.ESTIMATE: Scope.ROUNDED,
    StatementStatus.UNDER_ASSESSMENT: Scope.PARTIAL,
    StatementStatus.ASSISTED: Scope.PARTIAL,
}
"""What is said of people, and what their number then covers: an assessment under way has not seen all, help reaches some."""


def scope_of(row: Mapping[Any, Any]) -> Scope:
    """What the numbers of a row cover of its place: what is written, else what follows from what is said of the people and from the
    words of place and remarks. A number of a commune that was not recognised is no number of the whole cercle."""
    written = _text(row.get("scope"))
    if written is not None:
        return Scope(written)
    status = row.get("status")
    if status in _SCOPE_OF:
        return _SCOPE_OF[StatementStatus(str(status))]
    words = (_text(row.get("place")), _text(row.get("remarks")) if "children" in row else None)
    partial = any(says_partial(text) for text in words if text) or row.get("coarser")
    return Scope.PARTIAL if partial else Scope.WHOLE


def _quoted(row: Mapping[Any, Any]) -> str | None:
    """The place as the source writes it: the finest name of the row."""
    return next((name for column in ("place", "commune", "cercle", "region") if (name := _text(row.get(column)))), None)


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
    """PRESENCE_COLUMNS, one line for each actor, sector and place of presence tables, sorted. An activity whose status nobody gives is
    under way; one that ended, without a day, is known for its first day alone. Rows without place, actor, sector or first day have
    findings of their own."""
    found = [
        line
        for part in parts
        if part.table == fields.PRESENCE.name
        for row in part.rows.to_dict("records")
        for line in _present(row, part)
    ]
    ordered = sorted(found, key=lambda line: tuple((line[name] is not None, line[name] or "") for name in PRESENCE_COLUMNS))
    return pd.DataFrame(ordered, columns=PRESENCE_COLUMNS, dtype=object)


def _present(row: Mapping[Any, Any], part: SourceRows) -> Iterator[dict[str, Any]]:
    organisation, sector = _text(row.get("organisation")), _text(row.get("sector"))
    started, ended, status = row.get("started_on"), row.get("ended_on"), _text(row.get("status")) or str(ActivityStatus.ONGOING)
    if not (organisation and sector and isinstance(started, date)):
        return
    if not isinstance(ended, date):
        ended = started if status == ActivityStatus.COMPLETED else None
    for place_id in _places(row):
        yield {
            "place_id": place_id, "organisation": organisation, "sector": sector, "started_on": started, "ended_on": ended,
            "status": status,
            "source_id": source_of_row(row, part.layout).id, "file": row["file"], "sheet": row["sheet"], "row": int(row["row"]),
            "cell": cell_of(part.columns.get("organisation"), int(row["row"])) or row["cell"],
        }  # fmt: skip


# --- what was printed -------------------------------------------------------------------------------------------------------


def printed(until: Period) -> pd.DataFrame:
    """STATEMENT_COLUMNS: the totals that were published up to a month, as CMP and DTM printed them (`table` is `printed`) or as others
    state them (`statement`); `document` is the product, `row` the row of `printed.csv`."""
    return _framed(line for line in _printed() if line["as_of"] <= until.last_day)


@cache
def _printed() -> tuple[Mapping[str, Any], ...]:
    text = files("schemas").joinpath("reference", PRINTED).read_text("utf-8")
    return tuple(_printed_line(row, number) for number, row in enumerate(csv.DictReader(text.splitlines()), start=2))


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
        "scope": str(Scope(row["scope"])),
        "table": str(SourceKind.PRINTED if source.kind is SourceKind.PRINTED else SourceKind.STATEMENT),
        "file": PRINTED,
        "sheet": None,
        "row": number,
        "cell": None,
        "document": row["product"],
        "quoted": row["quoted"] or None,
    }
