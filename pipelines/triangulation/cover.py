"""Who works where in the month, and how far each sector of the response reaches the people displaced there. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass

from pipelines.model import COVER_COLUMNS, SectorCover
from pipelines.triangulation.evidence import Evidence
from schemas import fields
from schemas.codes import NEED_SECTORS, NOBODY_AT_WORK, EventStatus, Level, Measure, Need, PopulationGroup, Sector, Unit
from schemas.frames import pd

_RANKS = {"need_1": 1, "need_2": 2, "need_3": 3}


@dataclass(frozen=True, slots=True, order=True)
class AtWork:
    """An actor of a sector at a place, by the source it is in the register, under the name its file gives it."""

    place_id: str
    sector: str
    source_id: str
    organisation: str


def at_work(evidence: Evidence) -> Sequence[AtWork]:
    """Who was at work in the month: present on one of its days, with an activity neither only planned nor suspended."""
    first, last = evidence.period.first_day, evidence.period.last_day
    known = evidence.presence[evidence.presence["place_id"].notna() & ~evidence.presence["status"].isin(NOBODY_AT_WORK)]
    found = {
        AtWork(row["place_id"], str(row["sector"]), str(row["source_id"]), str(row["organisation"]))
        for row in known.to_dict("records")
        if (pd.isna(row["started_on"]) or row["started_on"] <= last) and (pd.isna(row["ended_on"]) or row["ended_on"] >= first)
    }
    return sorted(found)


def reached(evidence: Evidence, place_id: str, there: Iterable[str]) -> bool:
    """Whether one of the places `there` is the place, a part of it (which part of the people lives there is not known) or what
    holds it."""
    return any(evidence.within(place_id, at) or evidence.within(at, place_id) for at in there)


def cover(evidence: Evidence) -> pd.DataFrame:
    """COVER_COLUMNS, a line for each cercle with IDPs or an open event and each sector that answers a need or works there, in the
    order of place and sector; counts are Int64. Empty when no actor has told where it is: unknown cover is no gap."""
    lines = [] if evidence.presence.empty else [astuple(line) for line in _lines(evidence)]
    frame = pd.DataFrame(lines, columns=COVER_COLUMNS, dtype=object)
    return frame.astype(dict.fromkeys(("actors", "persons", "persons_without", "wanted", "rank"), "Int64"))


def _lines(evidence: Evidence) -> Iterator[SectorCover]:
    working, living, wanted = at_work(evidence), _living(evidence), _wanted(evidence)
    for cercle in _cercles(evidence):
        by_sector: dict[str, list[AtWork]] = defaultdict(list)
        for actor in working:
            if reached(evidence, cercle, [actor.place_id]):
                by_sector[actor.sector].append(actor)
        persons, asked = evidence.stock(cercle), wanted.get(cercle)
        for sector in Sector:
            if sector not in by_sector and sector not in NEED_SECTORS.values():
                continue
            actors = by_sector[sector]
            named = {actor.source_id: actor.organisation for actor in reversed(actors)}
            without = _without(evidence, persons, living[cercle], {actor.place_id for actor in actors})
            ranks = None if asked is None else asked[sector]
            yield SectorCover(
                cercle, str(sector), len(named), ", ".join(sorted(named.values())), persons, without,
                None if ranks is None else len(ranks), min(ranks) if ranks else None,
            )  # fmt: skip


def _cercles(evidence: Evidence) -> list[str]:
    """The cercles with IDPs, however they are counted, or with an event that is not closed."""
    peopled = {
        place
        for (place, group, measure, _), count in evidence.now.items()
        if (group, measure) == (PopulationGroup.IDP, Measure.STOCK) and count > 0
    }
    alerted = {event.place_id for event in evidence.events if event.status is not EventStatus.CLOSED}
    return sorted({cercle for place in peopled | alerted if (cercle := evidence.gazetteer.cercle_of(place)) is not None})


def _living(evidence: Evidence) -> Mapping[str, Mapping[str, int]]:
    """cercle -> its communes that hold IDPs -> their persons; the cercle itself holds those whose commune is not told."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    stocks = {
        place: count
        for (place, group, measure, unit), count in evidence.now.items()
        if (group, measure, unit) == (PopulationGroup.IDP, Measure.STOCK, Unit.INDIVIDUAL)
    }
    for place, count in stocks.items():
        cercle = evidence.gazetteer.cercle_of(place)
        if cercle is not None and evidence.level(place) == Level.COMMUNE:
            found[cercle][place] = count
    for place, count in stocks.items():
        if evidence.level(place) == Level.CERCLE:
            found[place][place] = max(0, count - sum(found[place].values()))
    return found


def _without(evidence: Evidence, persons: int | None, living: Mapping[str, int], there: Collection[str]) -> int | None:
    """The persons of a cercle who live where none of the actors works. Communes already inside the row of their whole cercle may
    count more than it does: never more than the cercle."""
    if persons is None:
        return None
    return min(persons, sum(count for place, count in living.items() if not reached(evidence, place, there)))


def _wanted(evidence: Evidence) -> Mapping[str, Mapping[str, Sequence[int]]]:
    """cercle -> sector -> the rank that each row of needs gives to what it answers, the best where it answers two of them. A cercle
    that no row ranks a need for is not there."""
    found: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    rows = evidence.told[(evidence.told["table"] == fields.NEED.name) & evidence.told["place_id"].notna()]
    for row in rows.to_dict("records"):
        if (cercle := evidence.gazetteer.cercle_of(row["place_id"])) is None:
            continue
        ranked = {NEED_SECTORS[Need(row[name])]: rank for name, rank in reversed(_RANKS.items()) if isinstance(row[name], str)}
        for sector, rank in ranked.items():
            found[cercle][sector].append(rank)
    return found
