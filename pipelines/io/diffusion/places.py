"""The common figures of each place side by side, with the reason where one is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.io.diffusion.pages import Missing
from schemas import fields
from schemas.codes import (
    TOTAL,
    UNKNOWN,
    AgeBand,
    Code,
    Displacement,
    Level,
    Measure,
    MissingReason,
    PopulationGroup,
    PublishedMissingReason,
    Sex,
    Shelter,
    Unit,
)
from schemas.frames import pd

Total = tuple[str, str, str]
"""Group, measure, unit."""
STOCK: Total = (PopulationGroup.IDP, Measure.STOCK, Unit.INDIVIDUAL)
STOCK_HOUSEHOLDS: Total = (PopulationGroup.IDP, Measure.STOCK, Unit.HOUSEHOLD)
RETURNEES: Total = (PopulationGroup.IDP_RETURNEE, Measure.CUMULATIVE, Unit.INDIVIDUAL)
REPATRIATED: Total = (PopulationGroup.REPATRIATED_REFUGEE, Measure.CUMULATIVE, Unit.INDIVIDUAL)
HEADLINES: tuple[Total, ...] = (STOCK, STOCK_HOUSEHOLDS, RETURNEES, REPATRIATED)


def _flow(measure: Measure) -> Total:
    return (PopulationGroup.IDP, measure, Unit.INDIVIDUAL)


COMMON: Mapping[str, tuple[Total, str, tuple[Code, ...]]] = {
    "draft_households": (STOCK_HOUSEHOLDS, "", ()),
    "draft_individuals": (STOCK, "", ()),
    "draft_female": (STOCK, "sex", (Sex.FEMALE,)),
    "draft_male": (STOCK, "sex", (Sex.MALE,)),
    "draft_under_18": (STOCK, "age", (AgeBand.CHILD, AgeBand.SCHOOL)),
    "draft_over_60": (STOCK, "age", (AgeBand.OLDER,)),
    "draft_host_family": (STOCK, "shelter", (Shelter.HOST_FAMILY,)),
    "draft_sites": (STOCK, "shelter", (Shelter.SPONTANEOUS_SITE, Shelter.PLANNED_SITE, Shelter.COLLECTIVE_CENTRE)),
    "draft_primary": (STOCK, "displacement", (Displacement.PRIMARY,)),
    "draft_secondary": (STOCK, "displacement", (Displacement.SECONDARY,)),
    "draft_returnees": (RETURNEES, "", ()),
    "draft_repatriated": (REPATRIATED, "", ()),
    "draft_arrivals": (_flow(Measure.ARRIVALS), "", ()),
    "draft_departures": (_flow(Measure.DEPARTURES), "", ()),
    "draft_returns": (_flow(Measure.RETURNS), "", ()),
}
"""The number columns of the sheets of places: title, total, and the members of one breakdown that are added up."""
FAMILIES = ("sex", "age", "shelter", "displacement")


@dataclass(frozen=True, slots=True)
class Place:
    pcode: str | None
    level: str
    region: str | None
    cercle: str | None
    commune: str | None

    @property
    def name(self) -> str | None:
        """None for the country."""
        return self.commune or self.cercle or self.region


def records(frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """The rows with None for what is missing."""
    for row in frame.to_dict("records"):
        yield {str(name): None if pd.isna(value) else value for name, value in row.items()}


class Places:
    """The figures of an edition by place. `silent` are the regions of which no return was received."""

    def __init__(self, figures: pd.DataFrame, silent: frozenset[str] = frozenset()) -> None:
        self._silent = silent
        self._totals: dict[Place, dict[Total, Mapping[str, Any]]] = {}
        self._parts: dict[Place, dict[str, dict[str, Mapping[str, Any]]]] = {}
        for row in records(figures):
            place = Place(*(row[name] for name in ("pcode", "level", "region", "cercle", "commune")))
            key = (row["population_group"], row["measure"], row["unit"])
            by = [name for name in fields.BREAKDOWNS if row[name] != TOTAL]
            if not by:
                self._totals.setdefault(place, {})[key] = row
            elif len(by) == 1 and key == STOCK:
                self._parts.setdefault(place, {}).setdefault(by[0], {})[row[by[0]]] = row

    def of(self, level: Level) -> list[Place]:
        """The places of a level that have a total, in the order of their codes."""
        return sorted(
            (place for place in self._totals if place.level == level), key=lambda place: (place.pcode or "", place.name or "")
        )

    @property
    def names(self) -> Mapping[str, str]:
        """Code -> name of all places but the country."""
        return {place.pcode: place.name for place in self._totals if place.pcode and place.name}

    def row(self, place: Place, key: Total = STOCK) -> Mapping[str, Any]:
        return self._totals.get(place, {}).get(key, {})

    def total(self, place: Place, key: Total = STOCK) -> int | Missing:
        return self._value(self.row(place, key), place)

    def is_silent(self, place: Place) -> bool:
        return place.region in self._silent

    def _value(self, row: Mapping[str, Any], place: Place) -> int | Missing:
        if row.get("value") is not None:
            return int(row["value"])
        absent = MissingReason.NO_RETURN if self.is_silent(place) else MissingReason.NOT_REPORTED
        return Missing(PublishedMissingReason(row["missing_reason"]) if row.get("missing_reason") else absent)

    def common(self, place: Place, name: str) -> int | Missing:
        """A figure of `COMMON`. A member of a breakdown that nobody wrote counts 0 only when others are written: the rest is then
        unknown, which `unknown` tells. One suppressed member suppresses the sum."""
        key, dimension, members = COMMON[name]
        total = self.total(place, key)
        if not dimension or isinstance(total, Missing) or total == 0:
            return total
        written = self._parts.get(place, {}).get(dimension, {})
        values = [self._value(written[member], place) for member in members if member in written]
        if missing := [value for value in values if isinstance(value, Missing)]:
            return missing[0]
        rest = self.unknown(place, dimension)
        if isinstance(rest, Missing):
            return rest
        count, reason = rest
        if count >= total or (count and not values):
            return Missing(reason)
        return sum(value for value in values if isinstance(value, int))

    def unknown(self, place: Place, dimension: str) -> tuple[int, Code] | Missing:
        """How many persons a breakdown leaves out, and why; `Missing` when that is suppressed itself."""
        written = self._parts.get(place, {}).get(dimension, {})
        if not written:
            total = self.total(place)
            return total if isinstance(total, Missing) else (total, MissingReason.NOT_REPORTED)
        if (rest := written.get(UNKNOWN)) is None:
            return 0, MissingReason.NOT_REPORTED
        value = self._value(rest, place)
        if isinstance(value, Missing):
            return value
        return value, PublishedMissingReason(rest["missing_reason"]) if rest["missing_reason"] else MissingReason.NOT_REPORTED
