"""What is planted: each a cause at one place and month, with the rules that are a right answer to it, or none where nothing may be
said."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from pipelines.model import Period
from schemas.codes import StatementStatus
from tests.benchmarks.corpus.country import (
    BY_CERCLE,
    FIRST,
    REGIONS,
    RETURN_TO,
    WITHOUT_MOVEMENTS,
    Draft,
    Spot,
    live,
    people,
    settle,
    tell,
    totals,
)
from tests.benchmarks.corpus.sheets import WITHOUT_PARTNER
from tests.fiche import GAZETTEER


@dataclass(frozen=True)
class Plant:
    """`places` are all that a right answer may be about; `periods` the months in which it may be given, once in each."""

    kind: str
    place_id: str
    places: tuple[str, ...]
    periods: tuple[Period, ...]

    @property
    def region(self) -> str:
        return GAZETTEER.region_of(self.place_id) or self.place_id

    @property
    def cercle(self) -> str:
        return GAZETTEER.cercle_of(self.place_id) or self.place_id

    @property
    def group(self) -> str:
        return KINDS[self.kind].group


Grow = Callable[[Draft, Plant], Iterable[Spot] | None]
"""Plants it; gives the other places that an answer may be about."""
Fits = Callable[[Spot], bool]


@dataclass(frozen=True)
class Kind:
    """`accepts` are the rules that find it; none for what really happened, or cannot be compared: nothing may be said then."""

    name: str
    accepts: frozenset[str]
    grow: Grow
    fits: Fits
    severity: str | None = None
    """What it is to be told as; any when None."""
    count: int = 4
    since: int = 1
    months: int = 1
    whole_region: bool = False
    freezes: bool = False
    group: str = "idp"
    real: bool = False
    inside: bool = True
    """Whether it can show at places inside its own."""


KINDS: dict[str, Kind] = {}


def _listing(spot: Spot) -> bool:
    return spot.region not in WITHOUT_MOVEMENTS


def kind(*accepts: str, fits: Fits = _listing, **more: object) -> Callable[[Grow], Grow]:
    """Declares what a function plants: `fits` are the places where it can be, `count` how many, `since` after how many months."""

    def declare(grow: Grow) -> Grow:
        name = grow.__name__
        KINDS[name] = Kind(name, frozenset(accepts), grow, fits, **more)  # type: ignore[arg-type]
        return grow

    return declare


@dataclass(frozen=True)
class Corpus:
    """The months in their order, what was planted in them (one plant a month), and the totals that were sent (of each region, and of
    ML) in each."""

    months: tuple[Draft, ...]
    plants: tuple[Plant, ...]
    sent: tuple[dict[str, int], ...]


def make(seed: int, months: int = 12, regions: Sequence[str] = REGIONS, *, kinds: Iterable[Kind] | None = None) -> Corpus:
    """A country of `regions` over `months`, with all kinds of plants, or some: `real()` makes a clean one."""
    spots = settle(Random(f"{seed} places"), regions)
    periods = [FIRST]
    while len(periods) < months:
        periods.append(periods[-1].next())
    plants = schedule(Random(f"{seed} plants"), spots, periods, KINDS.values() if kinds is None else kinds)
    drafts: list[Draft] = []
    grown: list[Plant] = []
    sent: list[dict[str, int]] = []
    for period in periods:
        draft = _month(seed, period, spots, [plant for plant in plants if period in plant.periods], grown)
        tell(draft, len(drafts))
        drafts.append(draft)
        sent.append(totals(draft, sent[-1] if sent else {}))
        spots = {key: Spot(**vars(spot)) for key, spot in draft.spots.items()}
    return Corpus(tuple(drafts), tuple(grown), tuple(sent))


def _month(seed: int, period: Period, spots: dict[str, Spot], now: Sequence[Plant], grown: list[Plant]) -> Draft:
    frozen = frozenset(plant.region for plant in now if KINDS[plant.kind].freezes)
    busy = {spot.cercle for spot in spots.values() for plant in now if plant.place_id in (spot.place_id, spot.region)}
    draft = Draft(period, spots, Random(f"{seed} {period}"), frozen, busy)
    live(draft, first=period == FIRST)
    for plant in now:
        more = tuple(spot.place_id for spot in KINDS[plant.kind].grow(draft, plant) or ())
        grown.append(replace(plant, places=(*plant.places, *more), periods=(period,)))
    return draft


def real() -> list[Kind]:
    """What happens in a clean country too."""
    return [kind for kind in KINDS.values() if kind.real]


def schedule(random: Random, spots: Mapping[str, Spot], periods: Sequence[Period], kinds: Iterable[Kind]) -> tuple[Plant, ...]:
    """Each plant in a cercle of its own, with a month of rest before and after; those about a region have the region for themselves.
    Rare kinds are placed first."""
    taken: set[tuple[str, int]] = set()
    plants: list[Plant] = []
    for item in sorted(kinds, key=lambda item: (not item.whole_region, item.count)):
        options = [
            (spot, at) for spot in spots.values() if item.fits(spot) for at in range(item.since, len(periods) - item.months + 1)
        ]
        random.shuffle(options)
        for spot, at in _room(options, item, taken, spots):
            alike = [plant for plant in plants if plant.kind == item.name]
            if len(alike) == item.count:
                break
            if any(spot.place_id == plant.place_id for plant in alike):
                continue
            span = periods[at : at + item.months]
            where = spot.region if item.whole_region else spot.place_id
            plants.append(Plant(item.name, where, (where,), tuple(span)))
            held = _cercles(spots, spot.region) if item.whole_region else {spot.cercle}
            taken |= {(cercle, month) for cercle in held for month in range(at - 1, at + item.months + 1)}
    return tuple(plants)


def _room(
    options: Iterable[tuple[Spot, int]], item: Kind, taken: set[tuple[str, int]], spots: Mapping[str, Spot]
) -> Iterable[tuple[Spot, int]]:
    for spot, at in options:
        held = _cercles(spots, spot.region) if item.whole_region else {spot.cercle}
        if not any((cercle, month) in taken for cercle in held for month in range(at, at + item.months)):
            yield spot, at


def _cercles(spots: Mapping[str, Spot], region: str) -> set[str]:
    return {spot.cercle for spot in spots.values() if spot.region == region}


# --- helpers of what follows --------------------------------------------------------------------------------------------


def _spot(draft: Draft, plant: Plant) -> Spot:
    return draft.spots[plant.place_id]


def _elsewhere(draft: Draft, plant: Plant, *, fits: Fits = _listing) -> Spot:
    """A place of another region that lists its movements, in a cercle where nothing else is planted."""
    free = [
        spot for spot in draft.spots.values() if spot.region != plant.region and spot.region not in draft.frozen and fits(spot)
    ]
    spot = draft.random.choice([spot for spot in free if spot.cercle not in draft.busy])
    draft.busy.add(spot.cercle)
    return spot


def _new_place(draft: Draft, cercle: str, households: int, persons: int) -> Spot:
    """A commune of a cercle where nobody was counted before."""
    free = [place for place in GAZETTEER.children(cercle) if place not in draft.spots]
    spot = Spot(free[draft.random.randrange(len(free))], households, persons, 0, 0)
    draft.spots[spot.place_id] = spot
    return spot


def _has_room(spot: Spot) -> bool:
    return _listing(spot) and len(GAZETTEER.children(spot.cercle)) > 4


def _mid_sized(spot: Spot) -> bool:
    return _listing(spot) and 1_000 <= spot.individuals <= 4_500


def _with_partner(spot: Spot) -> bool:
    return spot.region not in WITHOUT_PARTNER | BY_CERCLE and 2_200 <= spot.individuals <= 4_500


def _home(spot: Spot) -> bool:
    return spot.region in RETURN_TO


# --- what circulates, and what partners say -----------------------------------------------------------------------------


@kind("CIRCULATED_GAP")
def circulated_total(draft: Draft, plant: Plant) -> None:
    """The local service of a cercle circulates another total than the return's."""
    more = draft.random.choice([-1, 1]) * draft.random.randint(40, 900)
    draft.circulated.append({"place_id": plant.cercle, "value": people(draft, plant.cercle) + more})


@kind("CIRCULATED_GAP", fits=_home, group="idp_returnee")
def circulated_returnees(draft: Draft, plant: Plant) -> None:
    returnees = sum(spot.returnees for spot in draft.spots.values() if spot.cercle == plant.cercle)
    draft.circulated.append(
        {"place_id": plant.cercle, "value": returnees + draft.random.randint(100, 900), "group": "idp_returnee"}
    )


@kind("SOURCE_GAP", fits=_with_partner, severity="amber")
def partner_amber(draft: Draft, plant: Plant) -> None:
    """Over a tenth apart, and under a quarter."""
    draft.partner[plant.place_id] = draft.random.choice([draft.random.uniform(0.80, 0.87), draft.random.uniform(1.14, 1.26)])


@kind("SOURCE_GAP", fits=_with_partner, severity="red")
def partner_red(draft: Draft, plant: Plant) -> None:
    """Over a quarter apart."""
    draft.partner[plant.place_id] = draft.random.choice([draft.random.uniform(0.4, 0.74), draft.random.uniform(1.35, 2.2)])


@kind("SOURCE_GAP", fits=_with_partner, severity="red")
def partner_and_dtm(draft: Draft, plant: Plant) -> None:
    """All others agree against the return: one disagreement with several witnesses."""
    share = draft.random.uniform(0.4, 0.7)
    draft.partner[plant.place_id], draft.copied[plant.place_id] = share, share


@kind("SOURCE_GAP", fits=_with_partner)
def dtm_apart(draft: Draft, plant: Plant) -> None:
    """DTM, which copies the lists of the directorates, has another number."""
    draft.copied[plant.place_id] = draft.random.uniform(0.5, 0.8)


@kind("SOURCE_GAP", fits=_home, group="repatriated_refugee")
def partner_repatriated(draft: Draft, plant: Plant) -> None:
    """UNHCR has registered far more people coming back than the return."""
    draft.refugee_agency[plant.cercle] = 1.5


@kind("UNREGISTERED_PEOPLE")
def unregistered(draft: Draft, plant: Plant) -> None:
    draft.say(plant.place_id, "Chef de village", draft.random.randint(150, 900), StatementStatus.NOT_REGISTERED)


@kind(fits=_mid_sized)
def other_date(draft: Draft, plant: Plant) -> None:
    """Somebody quotes what the place counted six weeks ago."""
    draft.say(plant.place_id, "PAM", round(_spot(draft, plant).individuals * 0.6), StatementStatus.REGISTERED, days=42)


@kind(fits=_mid_sized)
def partial_scope(draft: Draft, plant: Plant) -> None:
    """Rapid responders have seen the part of a cercle that they could reach: it contradicts nothing."""
    draft.say(plant.cercle, "Acteurs RRM", people(draft, plant.cercle) // 3, StatementStatus.UNDER_ASSESSMENT)


@kind("REGION_SUM", fits=lambda spot: spot.region in BY_CERCLE, whole_region=True, inside=False, count=3)
def region_sum(draft: Draft, plant: Plant) -> None:
    """The partner's total of a region is not the sum of its cercles."""
    draft.partner[plant.region] = draft.random.uniform(0.92, 0.98)


@kind("PRINTED_GAP", whole_region=True, inside=False, count=3)
def printed_gap(draft: Draft, plant: Plant) -> None:
    """The report of the month before printed another number of the region than the store holds."""
    draft.printed[plant.region] = draft.random.choice([-1, 1]) * draft.random.randint(50, 1_500)


# --- against the past ---------------------------------------------------------------------------------------------------


@kind("HOUSEHOLD_SIZE_SHIFT", fits=_mid_sized)
def household_size(draft: Draft, plant: Plant) -> None:
    spot = _spot(draft, plant)
    spot.households = round(spot.households * draft.random.uniform(0.65, 0.74))


@kind("HISTORY_OUTLIER", fits=lambda spot: spot.region == "R03" and spot.individuals > 1_500, since=8)
def history_outlier(draft: Draft, plant: Plant) -> None:
    """A place falls as it never has, in a region that lists no movements."""
    spot = _spot(draft, plant)
    draft.jump(spot, -round(spot.individuals * draft.random.uniform(0.20, 0.35)))


@kind("GROWTH_UNEXPLAINED", fits=lambda spot: spot.region == "R08", whole_region=True, count=2)
def places_lost(draft: Draft, plant: Plant) -> None:
    """A third of a region's people are gone from small places, each too small to be asked about."""
    for spot in sorted((spot for spot in draft.own(plant.region) if spot.individuals > 100), key=lambda spot: spot.individuals)[
        :4
    ]:
        draft.jump(spot, -min(spot.individuals, 240))
        spot.households = max(1, round(spot.individuals / 5.2))


@kind("GROWTH_UNEXPLAINED", fits=lambda spot: spot.region == "R03", whole_region=True, count=1, since=2)
def places_added(draft: Draft, plant: Plant) -> None:
    """Two new places in each cercle of a region that lists no movements."""
    cercles = sorted({spot.cercle for spot in draft.own(plant.region)})
    persons = round(people(draft, plant.region) * 0.16 / (2 * len(cercles)))
    for at, cercle in enumerate(cercles * 2):
        more = persons + 11 * at
        _new_place(draft, cercle, round(more / 5.2), more)


@kind("STOCK_FLOW", fits=_mid_sized)
def residual(draft: Draft, plant: Plant) -> None:
    """The stock changes by more than the movements say."""
    spot = _spot(draft, plant)
    least = max(75, round(spot.individuals * 0.03))
    draft.jump(spot, draft.random.choice([-1, 1]) * draft.random.randint(least, 240))


@kind("RISE_WITHOUT_EVENT", fits=_mid_sized)
def rise_without_event(draft: Draft, plant: Plant) -> None:
    """Arrivals that the return lists and nobody has alerted of."""
    spot = _spot(draft, plant)
    draft.arrive(spot, max(300, round(spot.individuals * draft.random.uniform(0.25, 0.6))))


@kind("RISE_WITHOUT_EVENT", fits=lambda spot: spot.region == "R03" and spot.individuals < 4_000)
def rise_unlisted(draft: Draft, plant: Plant) -> None:
    """The same in a region that lists no movements."""
    spot = _spot(draft, plant)
    draft.jump(spot, max(300, round(spot.individuals * draft.random.uniform(0.25, 0.6))))


@kind("STOCK_FLOW", "RISE_WITHOUT_EVENT", fits=_has_room)
def new_place_unexplained(draft: Draft, plant: Plant) -> Iterable[Spot]:
    """People are counted where nobody was, and nobody has come."""
    persons = draft.random.randint(300, 900)
    return [_new_place(draft, plant.cercle, round(persons / 5.2), persons)]


@kind("COUNT_FROZEN", whole_region=True, freezes=True, months=4, count=2)
def frozen(draft: Draft, plant: Plant) -> None:
    """Nobody moves and no number does: that is what `frozen` regions of a draft are."""
    assert plant.region in draft.frozen


@kind("RETURNEES_FALL", fits=_home, group="idp_returnee")
def returnees_fall(draft: Draft, plant: Plant) -> None:
    spot = _spot(draft, plant)
    spot.returnees -= draft.random.randint(300, 900)


@kind("STOCK_FLOW", "RETURNS_UNMATCHED", fits=_mid_sized)
def returned_and_still_counted(draft: Draft, plant: Plant) -> None:
    """People went home, and the list of their place of refuge keeps them."""
    home = _elsewhere(draft, plant, fits=_home)
    draft.go_home(_spot(draft, plant), home, draft.random.randint(120, 400), falls=False)


@kind("RETURNS_UNMATCHED", fits=_home, group="idp_returnee")
def returned_and_not_counted(draft: Draft, plant: Plant) -> None:
    """People went home, and the list of their home does not have them."""
    start = _elsewhere(draft, plant, fits=_mid_sized)
    draft.go_home(start, _spot(draft, plant), draft.random.randint(90, 400), rises=False)


# --- movements with two ends, people counted twice ----------------------------------------------------------------------


@kind("SECONDARY_MIRROR", fits=_mid_sized)
def mirror_not_received(draft: Draft, plant: Plant) -> Iterable[Spot]:
    """A region says that people left for this place, and its own region has not seen them."""
    start = _elsewhere(draft, plant, fits=_mid_sized)
    draft.move_on(start, _spot(draft, plant), draft.random.randint(90, 400), arriving=False)
    return [start]


@kind("SECONDARY_MIRROR", fits=_mid_sized)
def mirror_not_sent(draft: Draft, plant: Plant) -> Iterable[Spot]:
    """A region counts people who came from this place, and the region of this place keeps them."""
    end = _elsewhere(draft, plant, fits=_mid_sized)
    draft.move_on(_spot(draft, plant), end, draft.random.randint(90, 400), leaving=False)
    return [end]


@kind("DOUBLE_COUNT", fits=lambda spot: _mid_sized(spot) and _has_room(spot))
def twice_in_a_region(draft: Draft, plant: Plant) -> Iterable[Spot]:
    """A commune takes over the very count of its neighbour."""
    spot = _spot(draft, plant)
    return [_new_place(draft, plant.cercle, spot.households, spot.individuals)]


@kind("DOUBLE_COUNT", fits=lambda spot: _mid_sized(spot) and _has_room(spot))
def twice_in_two_regions(draft: Draft, plant: Plant) -> Iterable[Spot]:
    other = _elsewhere(draft, plant, fits=_mid_sized)
    return [other, _new_place(draft, plant.cercle, other.households, other.individuals)]


@kind("DOUBLE_COUNT", fits=lambda spot: _mid_sized(spot) and spot.region not in ("R09", "R10"), count=3)
def twice_by_one_alert(draft: Draft, plant: Plant) -> Iterable[Spot]:
    """Two communes of a cercle each count all the people of one alert."""
    spots = [spot for spot in draft.spots.values() if spot.cercle == plant.cercle]
    persons = draft.random.randint(300, 500)
    number, day = draft.event(plant.cercle, [persons, draft.near(persons, 0.03)], assessed=persons)
    for spot in spots[:2]:
        draft.arrive(spot, persons, number, day)
    return spots[:2]


# --- alerts, assessments, actors ----------------------------------------------------------------------------------------


@kind("EVENT_WITHOUT_TRACE")
def event_without_trace(draft: Draft, plant: Plant) -> None:
    """Alerted, in half of the cases assessed, and no arrival in any return."""
    persons = draft.random.randint(150, 800)
    draft.event(plant.place_id, [persons, draft.near(persons, 0.03)], assessed=persons if draft.random.random() < 0.5 else None)


@kind("EVENT_COUNTS", fits=_mid_sized)
def event_counts(draft: Draft, plant: Plant) -> None:
    """Two organisations report one displacement, and one of them far more people."""
    persons = draft.random.randint(400, 700)
    number, day = draft.event(plant.place_id, [round(persons / draft.random.uniform(1.5, 3)), persons])
    draft.arrive(_spot(draft, plant), persons, number, day)


@kind("FIGURE_ON_ALERT", severity="amber")
def on_alert_20_days(draft: Draft, plant: Plant) -> None:
    draft.on_alert[plant.place_id] = 20


@kind("FIGURE_ON_ALERT", severity="red")
def on_alert_40_days(draft: Draft, plant: Plant) -> None:
    draft.on_alert[plant.place_id] = 40


@kind("RRM_COVER")
def no_actor(draft: Draft, plant: Plant) -> None:
    draft.without_actor.add(plant.place_id)


@kind("NEW_CONCENTRATION", fits=lambda spot: _mid_sized(spot) and spot.individuals < 2_000, count=3)
def new_concentration(draft: Draft, plant: Plant) -> None:
    """A small place becomes one of the largest of the country; all agree."""
    draft.come(_spot(draft, plant), draft.random.randint(14_000, 18_000), witnesses=3)


# --- what really happened -----------------------------------------------------------------------------------------------


@kind(fits=lambda spot: _mid_sized(spot) and spot.individuals < 3_000, real=True, count=8)
def real_jump(draft: Draft, plant: Plant) -> None:
    """A large arrival that alerts, assessment, return and partners tell alike."""
    draft.come(_spot(draft, plant), draft.random.randint(700, 2_200), witnesses=3)


@kind(fits=lambda spot: _mid_sized(spot) and spot.individuals > 2_000, real=True)
def real_return(draft: Draft, plant: Plant) -> None:
    """Half of a place goes home, and is counted there."""
    spot = _spot(draft, plant)
    draft.go_home(spot, _elsewhere(draft, plant, fits=_home), spot.individuals // 2)


@kind(fits=_has_room, real=True)
def real_new_place(draft: Draft, plant: Plant) -> None:
    """People come to a commune where nobody was counted before; all agree."""
    persons = draft.random.randint(400, 900)
    draft.come(_new_place(draft, plant.cercle, 0, 0), persons)


@kind(fits=_mid_sized, real=True)
def real_correction(draft: Draft, plant: Plant) -> None:
    """A register is cleaned, and its return says so."""
    spot = _spot(draft, plant)
    draft.correct(spot, -round(spot.individuals * draft.random.uniform(0.1, 0.3)))


@kind(fits=_mid_sized, real=True, months=2)
def real_late_registration(draft: Draft, plant: Plant) -> None:
    """People come in the last days of a month and are registered in the next."""
    spot = _spot(draft, plant)
    if draft.period == plant.periods[0]:
        persons = draft.random.randint(400, 700)
        number, _ = draft.event(spot.place_id, [persons, draft.near(persons, 0.04)], size=spot.size, day=draft.day(28, 28))
        spot.awaited = (number, persons)
    elif spot.awaited is not None:
        draft.arrive(spot, spot.awaited[1], spot.awaited[0], draft.day(2, 6))


@kind(real=True, whole_region=True, months=2, count=2, since=2)
def real_missing_return(draft: Draft, plant: Plant) -> None:
    """The return of a region does not come, and comes again the month after."""
    if draft.period == plant.periods[0]:
        draft.without_return.add(plant.region)
