"""What happens to people: places, their stocks, who moves where, and the alerts and assessments of it. Seeded, without a clock.

A clean country adds up: a stock is that of the month before and its movements, returnees rise by those who came back, a large
arrival has its alerts and its assessment, partners count within a few percent. Nothing is frozen and nothing is exact that is not
so in life: some places do not move in a month, some lists are off by a few people.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

from pipelines.model import Period
from schemas.codes import AlertKind, AlertStatus, Movement, Shock, StatementStatus, Wave
from tests.fiche import GAZETTEER

FIRST = Period(2019, 1)
REGIONS = tuple(f"R{number:02d}" for number in range(1, 11))
WITHOUT_MOVEMENTS = frozenset({"R03", "R08"})
"""Their returns list no movement, as some never do."""
BY_CERCLE = frozenset({"R02", "R04"})
"""Where the partner gives totals of cercles and of the region, and elsewhere of communes."""
RETURN_TO = frozenset({"R05", "R06", "R07"})
LARGE = 10
"""So many places are far larger than all others, so that the ranks of the largest do not change by themselves."""
RRM_MEMBERS = ("NRC", "IRC", "DRC", "CRS")
QUIET_DAYS = 7
"""No event happens in the last week of a month: its people are counted in the same month."""


@dataclass
class Spot:
    """A place of refuge, as its return counts it now."""

    place_id: str
    households: int
    individuals: int
    returnees: int
    repatriated: int
    still: int = 0
    """For how many months nobody has moved."""
    awaited: tuple[str, int] | None = None
    """The alert of people who came in the last days of a month, and how many: they are registered in the next."""

    @property
    def region(self) -> str:
        return GAZETTEER.region_of(self.place_id) or self.place_id

    @property
    def cercle(self) -> str:
        return GAZETTEER.cercle_of(self.place_id) or self.place_id

    @property
    def size(self) -> float:
        return self.individuals / self.households if self.individuals and self.households else 5.2

    def of(self, persons: int) -> int:
        """Households of so many of its people."""
        return max(1, round(persons / self.size)) if persons else 0


@dataclass(frozen=True)
class Move:
    """One movement as the returns in `tellers` list it."""

    movement: Movement
    left: str | None
    reached: str | None
    households: int
    individuals: int
    day: date
    tellers: frozenset[str]
    alert_number: str | None = None


@dataclass
class Draft:
    """One month as it will be written down."""

    period: Period
    spots: dict[str, Spot]
    random: Random
    frozen: frozenset[str] = frozenset()
    busy: set[str] = field(default_factory=set)
    """Cercles in which something is planted: nothing else happens there."""
    moves: list[Move] = field(default_factory=list)
    alerts: list[dict[str, Any]] = field(default_factory=list)
    circulated: list[dict[str, Any]] = field(default_factory=list)
    statements: list[dict[str, Any]] = field(default_factory=list)
    partner: dict[str, float] = field(default_factory=dict)
    """Place -> what the partner counts, as a share of the return's."""
    copied: dict[str, float] = field(default_factory=dict)
    """Place -> what DTM counts, as a share of the return's, where it is not the same."""
    without_return: set[str] = field(default_factory=set)
    """Regions whose return does not come this month."""
    refugee_agency: dict[str, float] = field(default_factory=dict)
    """Cercle -> what UNHCR counts, as a share of the return's."""
    printed: dict[str, int] = field(default_factory=dict)
    """Region -> by how much the report of the month before differs from what was sent."""
    on_alert: dict[str, int] = field(default_factory=dict)
    """Place -> for how many days its figure has rested on an alert."""
    without_actor: set[str] = field(default_factory=set)

    def lists_movements(self, region: str) -> bool:
        return region not in WITHOUT_MOVEMENTS and region not in self.frozen

    def day(self, low: int = 1, high: int = 20) -> date:
        return self.period.first_day + timedelta(days=self.random.randint(low, high) - 1)

    def own(self, region: str) -> list[Spot]:
        return [spot for spot in self.spots.values() if spot.region == region]

    # --- what happens -----------------------------------------------------------------------------------------------

    def arrive(self, spot: Spot, persons: int, alert_number: str | None = None, day: date | None = None) -> None:
        self._move(Movement.ARRIVAL, None, spot, persons, alert_number, day)

    def leave(self, spot: Spot, persons: int) -> None:
        self._move(Movement.DEPARTURE, spot, None, persons)

    def correct(self, spot: Spot, persons: int) -> None:
        self._move(Movement.CORRECTION, None, spot, persons)

    def go_home(self, spot: Spot, home: Spot, persons: int, *, falls: bool = True, rises: bool = True) -> None:
        """People return from a place of refuge to their home; unless the lists forget it at one of the ends."""
        self._move(Movement.RETURN, spot, None, persons, reached_id=home.place_id, counted=falls)
        if rises:
            home.returnees += persons

    def move_on(self, start: Spot, end: Spot, persons: int, *, leaving: bool = True, arriving: bool = True) -> None:
        """People displaced again, from one region to another; told by both unless one end forgets them."""
        tellers = {start.region for _ in range(leaving)} | {end.region for _ in range(arriving)}
        households, day = start.of(persons), self.day()
        self.moves.append(Move(Movement.SECONDARY, start.place_id, end.place_id, households, persons, day, frozenset(tellers)))
        if leaving:
            self._add(start, -households, -persons)
        if arriving:
            self._add(end, households, persons)

    def jump(self, spot: Spot, persons: int) -> None:
        """The list changes and nobody moved."""
        self._add(spot, -spot.of(-persons) if persons < 0 else spot.of(persons), persons)

    def _move(
        self, movement: Movement, start: Spot | None, end: Spot | None, persons: int, alert_number: str | None = None,
        day: date | None = None, *, reached_id: str | None = None, counted: bool = True,
    ) -> None:  # fmt: skip
        spot = start or end
        assert spot is not None
        households = spot.of(abs(persons)) * (1 if persons >= 0 else -1)
        reached = reached_id or (end.place_id if end else None)
        self.moves.append(Move(movement, start.place_id if start else None, reached, households, persons, day or self.day(),
                               frozenset({spot.region}), alert_number))  # fmt: skip
        if counted:
            sign = -1 if start is not None else 1
            self._add(spot, sign * households, sign * persons)

    def _add(self, spot: Spot, households: int, persons: int) -> None:
        spot.individuals += persons
        spot.households = max(spot.households + households, 1)

    # --- what is told of it -----------------------------------------------------------------------------------------

    def event(
        self, place_id: str, counts: Sequence[int], *, assessed: int | None = None, repeated: bool = False, size: float = 5.2,
        day: date | None = None,
    ) -> tuple[str, date]:  # fmt: skip
        """An alert of each count, by as many organisations, and the assessment; gives the number of the first alert and its day."""
        at, first = day or self.day(2, 18), len(self.alerts) + 1
        who = self.random.sample(RRM_MEMBERS, len(counts))
        shock, origin = self.random.choice((Shock.ARMED_ATTACK, Shock.CLASH)), f"Hameau {self.random.randint(1, 900)}"
        status = AlertStatus.AWAITING_RESPONSE if assessed is not None else AlertStatus.AWAITING_ASSESSMENT
        for number, (organisation, persons) in enumerate(zip(who, counts, strict=True)):
            about = GAZETTEER.cercle_of(place_id) or place_id if self.random.random() < 0.25 else place_id
            self._alert(about, organisation, at, at + timedelta(days=1 + number), persons, size, shock, origin, status)
        number = self.alerts[first - 1]["alert_number"]
        if repeated:
            told = at + timedelta(days=8)
            self._alert(
                place_id,
                "RRM",
                at,
                told,
                counts[0],
                size,
                shock,
                origin,
                status,
                wave=Wave.OLD,
                remarks=f"Voir l'alerte {number}",
            )
        if assessed is not None:
            self._alert(place_id, "RRM", at, at + timedelta(days=6), assessed, size, shock, origin, AlertStatus.ASSESSED,
                        kind=AlertKind.ASSESSMENT)  # fmt: skip
        return number, at

    def _alert(
        self, place_id: str, organisation: str, event_on: date, alert_on: date, persons: int, size: float, shock: Shock, origin: str,
        status: AlertStatus, *, kind: AlertKind = AlertKind.ALERT, wave: Wave = Wave.NEW, remarks: str | None = None,
    ) -> None:  # fmt: skip
        number = f"{organisation}-{self.period.year}{self.period.month:02d}-{len(self.alerts) + 1:03d}"
        self.alerts.append({
            "alert_number": number, "kind": kind, "event_on": event_on, "alert_on": alert_on, "organisation": organisation, "shock": shock,
            "status": status, "place_id": place_id, "origin": origin if self.random.random() < 0.7 else None,
            "households": max(1, round(persons / size)), "individuals": persons,
            "wave": wave, "remarks": remarks,
        })  # fmt: skip

    def come(self, spot: Spot, persons: int, *, witnesses: int = 2, assessed: bool = True) -> None:
        """A displacement that everybody tells alike, to a few percent: alerts, assessment, arrivals in the return."""
        about = [self.near(persons, 0.06) for _ in range(witnesses)]
        found = self.near(persons, 0.05) if assessed else None
        number, day = self.event(spot.place_id, about, assessed=found, size=spot.size, repeated=self.random.random() < 0.25)
        self.arrive(spot, persons, number, day)

    def near(self, value: int, share: float) -> int:
        return round(value * (1 + self.random.uniform(-share, share)))

    def say(self, place_id: str, organisation: str, persons: int, status: StatementStatus, *, days: int = 2) -> None:
        """A figure that a document quotes, of so many days before the end of the month."""
        self.statements.append({
            "stated_on": self.period.last_day - timedelta(days=days), "organisation": organisation, "place_id": place_id, "individuals": persons,
            "status": status, "document": "Point de situation",
        })  # fmt: skip


# --- a month ------------------------------------------------------------------------------------------------------------


def settle(random: Random, regions: Iterable[str]) -> dict[str, Spot]:
    """Up to three communes of each cercle."""
    chosen = [commune for region in regions for cercle in GAZETTEER.children(region)
              for commune in sorted(random.sample(GAZETTEER.children(cercle), min(3, len(GAZETTEER.children(cercle)))))]  # fmt: skip
    listed = [place for place in chosen if GAZETTEER.region_of(place) not in WITHOUT_MOVEMENTS]
    largest = set(random.sample(listed, min(LARGE, len(listed) // 4)))
    return {place: _spot(random, place, large=place in largest) for place in chosen}


def _spot(random: Random, place_id: str, *, large: bool) -> Spot:
    region = GAZETTEER.region_of(place_id)
    low, high = (9_000, 16_000) if large else (250, 900) if region == "R08" else (900, 4_500)
    persons, home = random.randint(low, high), region in RETURN_TO
    returnees, repatriated = random.randint(2_000, 9_000), random.randint(300, 2_500)
    return Spot(
        place_id, round(persons / random.uniform(4.9, 5.6)), persons, returnees if home else 0, repatriated if home else 0
    )


def live(draft: Draft, *, first: bool) -> None:
    """What a month is made of where nothing special happens."""
    random = draft.random
    homes = [spot for spot in draft.spots.values() if spot.region in RETURN_TO and spot.region not in draft.frozen]
    for spot in list(draft.spots.values()):
        if spot.region in draft.frozen or first or not spot.individuals:
            spot.still = 2
            continue
        if not draft.lists_movements(spot.region):
            draft.jump(spot, _changed(random, spot.individuals))
        elif spot.still > 1 or random.random() > 0.25:
            _come_and_go(draft, spot, homes)
            spot.still = 0
        else:
            spot.still += 1
    if not first:
        _displace(draft)
        _move_on(draft)


def _changed(random: Random, persons: int) -> int:
    most = max(3, min(60, persons // 60))
    return random.choice([-1, 1]) * random.randint(1, most)


def _come_and_go(draft: Draft, spot: Spot, homes: Sequence[Spot]) -> None:
    random, people = draft.random, spot.individuals
    draft.arrive(spot, random.randint(3, max(4, min(140, people // 60))))
    if random.random() < 0.6:
        draft.leave(spot, random.randint(1, max(2, min(90, people // 90))))
    if random.random() < 0.4 and homes:
        draft.go_home(spot, random.choice(homes), random.randint(1, max(2, min(90, people // 100))))
    if random.random() < 0.1:
        draft.correct(spot, random.choice([-1, 1]) * random.randint(1, 20))
    if random.random() < 0.1:
        draft.jump(spot, random.choice([-1, 1]) * random.randint(1, min(12, max(1, people // 100))))
    if spot.individuals == people:
        draft.arrive(spot, 2)


def _free(draft: Draft) -> list[Spot]:
    """One place in each cercle where nothing else happens."""
    found: dict[str, list[Spot]] = {}
    for spot in draft.spots.values():
        if spot.cercle not in draft.busy and draft.lists_movements(spot.region):
            found.setdefault(spot.cercle, []).append(spot)
    return [draft.random.choice(found[cercle]) for cercle in sorted(found)]


def _displace(draft: Draft) -> None:
    """Several events of a month may be in one cercle, never at one place."""
    free = [spot for spot in draft.spots.values() if spot.cercle not in draft.busy and draft.lists_movements(spot.region)]
    for spot in draft.random.sample(free, min(9, len(free) // 4)):
        draft.come(
            spot, draft.random.randint(80, 450), witnesses=draft.random.randint(1, 3), assessed=draft.random.random() < 0.7
        )


def _move_on(draft: Draft) -> None:
    free = _free(draft)
    draft.random.shuffle(free)
    for start, end in zip(free[0:8:2], free[1:8:2], strict=False):
        if start.region != end.region:
            draft.move_on(start, end, draft.random.randint(15, min(150, start.individuals // 8)))


def tell(draft: Draft, at: int) -> None:
    """What everybody else says of the month, in agreement with the return."""
    random = draft.random
    for spot in draft.spots.values():
        draft.partner.setdefault(spot.place_id, 1 + random.uniform(-0.03, 0.03))
    stated = {(row["place_id"]) for row in draft.circulated}
    cercles = sorted({spot.cercle for spot in draft.spots.values() if spot.region not in draft.without_return} - stated)
    for cercle in random.sample(cercles, min(6, len(cercles))):
        draft.circulated.append({"place_id": cercle, "value": people(draft, cercle)})
    whole = sorted({spot.region for spot in draft.spots.values()})[at % len({spot.region for spot in draft.spots.values()})]
    if whole not in draft.without_return:
        draft.circulated.append({"place_id": whole, "value": people(draft, whole)})
    for cercle in sorted({spot.cercle for spot in draft.spots.values() if spot.repatriated}):
        draft.refugee_agency.setdefault(cercle, 1 + random.uniform(-0.02, 0.02))


def people(draft: Draft, place_id: str) -> int:
    """The displaced persons in a place as its return counts them."""
    return sum(spot.individuals for spot in draft.spots.values() if place_id in _chain(spot.place_id))


def _chain(place_id: str) -> Iterator[str]:
    yield place_id
    yield from GAZETTEER.ancestors(place_id)


def totals(draft: Draft, before: Mapping[str, int]) -> dict[str, int]:
    """The displaced persons of each region and of the country as they are counted; a region without a return as `before`."""
    regions = sorted({spot.region for spot in draft.spots.values()})
    counted = {region: before[region] if region in draft.without_return else people(draft, region) for region in regions}
    return {"ML": sum(counted.values()), **counted}
