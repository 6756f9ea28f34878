"""The public edition of a release: which cells it withholds, so that none can be worked out again. Pure.

Totals, shelter, displacement, origin and cause are always published. Sensitive are sex, age, their crossing, vulnerability and sites
by name: a cell of 1 to threshold-1 people is withheld (primary suppression), then others beside it, since parts add up to
printed totals: the cells of a place to its total, communes to their cercle, cercles to their region, regions to the country, people
displaced for under and over twelve months to all (secondary suppression).

**Guarantee.** For every withheld cell there is another table of whole numbers, none negative, that agrees with everything published
and has another value in that cell. Published are the other cells, that these sums hold wherever they hold in the data, and what
`conf_status` says of a cell: A is 1 to threshold-1, D at least the threshold. In a place that withholds a whole breakdown both say
nothing of a single cell (A where the place has fewer people than the threshold in all, else D). What an earlier edition printed, with
the value that it still has, is known already: it is withheld when small, and no move rests on it.

**How.** Another table is the true one after a *move*: one person goes from one cell of a place to another, margins follow, and the
sums of the tree are mended by the opposite move in a sister place, in what the place above counts beside them, or by the same move in the
place above and so on. A move is thus an exchange of cells times a path through the tree; the cheapest by persons newly withheld
is found exactly, by dynamic programming over the tree for all exchanges at once, and everything on it is withheld. What is
withheld later never undoes a move, so each is a proof that stays. A cell without any move draws its place's whole breakdown with
it, then that of the places around, and at last its rows are left out.

Sources: Hundepool et al., *Statistical Disclosure Control* (Wiley 2012), chapters on magnitude tables (secondary suppression, hypercubes,
network flows, linked and hierarchical tables) and on frequency tables (small counts); Cox, "Network models for complementary cell
suppression", JASA 90 (1995); SDMX code list CL_CONF_STATUS (A: primary confidentiality due to small counts, D: secondary
confidentiality set by the sender).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.codes import CONFIDENTIAL, TOTAL, UNKNOWN, ConfStatus, ObsStatus, Vulnerability
from schemas.fields import BREAKDOWNS, FIGURE_KEY
from schemas.frames import pd

PLACE = ["level", "region", "cercle", "commune"]
SITE = ["pcode", "region", "cercle", "commune", "site", "site_type"]
COUNTS = ["households", "individuals"]
SENSITIVE = ["sex", "age", "vulnerability"]
_DURATION = (str(Vulnerability.RECENT), str(Vulnerability.PROTRACTED))
_LEVELS = ("country", "region", "cercle", "commune")
_NEVER = 1e12
"""A cost above that of any table: what cannot be done."""
_NO_LIMIT = 10**12

Place = tuple[str, ...]
Key = tuple[Any, ...]
Matrix = NDArray[np.float64]
Counts = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Protected:
    """Figures and sites of a public edition, each with `conf_status`: what is withheld is missing with the reason `confidential`."""

    figures: pd.DataFrame
    sites: pd.DataFrame


def protect(figures: pd.DataFrame, sites: pd.DataFrame, *, threshold: int, earlier: Collection[Protected] = ()) -> Protected:
    """The figures and sites that the public may see.

    `figures` has the columns of the view `official_figure`, `sites` those of `SITE_COLUMNS` without `conf_status`. `earlier` are the
    public editions of the month already out: what they withhold stays withheld, and a value that they print hides nothing.
    Rows keep their order; those of a breakdown that nothing else can protect are left out. Raises ValueError for a sensitive
    breakdown crossed with another one, of which it knows no sums.
    """
    shown = figures.reset_index(drop=True)
    sensitive = (shown[SENSITIVE] != TOTAL).any(axis=1)
    _refuse_unknown(shown[sensitive])
    seen = _Seen.of(shown, earlier)
    status = np.full(len(shown), str(ConfStatus.FREE), dtype=object)
    left_out: list[int] = []
    for table in _tables(shown, sensitive, seen, threshold):
        table.protect()
        for row, word in table.statuses():
            status[row] = str(word)
        left_out.extend(table.left_out())
    shown = shown.assign(conf_status=status)
    hidden = shown["conf_status"] != ConfStatus.FREE
    shown["value"] = shown["value"].astype("Int64").mask(hidden)
    shown["missing_reason"] = shown["missing_reason"].astype(object).mask(hidden, CONFIDENTIAL)
    shown["obs_status"] = shown["obs_status"].astype(object).mask(hidden, str(ObsStatus.MISSING))
    return Protected(shown.drop(index=left_out).reset_index(drop=True), _protect_sites(sites, threshold, earlier))


def _refuse_unknown(rows: pd.DataFrame) -> None:
    others = [name for name in BREAKDOWNS if name not in SENSITIVE]
    known = (rows[others] == TOTAL).all(axis=1)
    known &= (rows["vulnerability"] == TOTAL) | (rows[["sex", "age"]] == TOTAL).all(axis=1)
    if not known.all():
        raise ValueError(f"no rule protects this breakdown:\n{rows.loc[~known, list(FIGURE_KEY)].head(3)}")


def _keys(frame: pd.DataFrame, columns: Sequence[str]) -> list[Key]:
    return list(zip(*(frame[name].astype(object).where(frame[name].notna(), "") for name in columns), strict=True))


@dataclass(frozen=True, slots=True)
class _Seen:
    """By row of the figures: whether an earlier edition withholds it, and whether one prints the value that it has now."""

    withheld: Mask
    printed: Mask

    @classmethod
    def of(cls, figures: pd.DataFrame, earlier: Collection[Protected]) -> _Seen:
        columns = [*PLACE, *FIGURE_KEY]
        withheld: set[Key] = set()
        printed: set[Key] = set()
        for edition in earlier:
            for key, value, status in zip(
                _keys(edition.figures, columns), edition.figures["value"], edition.figures["conf_status"], strict=True
            ):
                if status != ConfStatus.FREE:
                    withheld.add(key)
                elif not pd.isna(value):
                    printed.add((*key, int(value)))
        keys = _keys(figures, columns)
        values = [-1 if pd.isna(value) else int(value) for value in figures["value"]]
        return cls(
            np.array([key in withheld for key in keys], dtype=bool),
            np.array([(*key, value) in printed for key, value in zip(keys, values, strict=True)], dtype=bool),
        )


# --- the tables of a release --------------------------------------------------------------------------------------------


def _tables(figures: pd.DataFrame, sensitive: pd.Series, seen: _Seen, threshold: int) -> Iterator[_Table]:
    """One table per breakdown of one total: the cells of every place that has some, and how the places add up."""
    figures = figures.assign(place=pd.Series(_keys(figures, PLACE), dtype=object), row=range(len(figures)))
    totals = figures[(figures[list(BREAKDOWNS)] == TOTAL).all(axis=1)]
    cells = figures[sensitive & figures["value"].notna()]
    name = cells["vulnerability"].where(~cells["vulnerability"].isin(_DURATION), "duration")
    for (group, measure, unit, about), part in cells.groupby(["population_group", "measure", "unit", name], sort=True):
        same = (totals["population_group"] == group) & (totals["measure"] == measure) & (totals["unit"] == unit)
        of_place = {place: int(value) for place, value in totals.loc[same, ["place", "value"]].dropna().to_numpy()}
        dims = ["sex", "age"] if about == TOTAL else ["vulnerability"]
        yield _table(part, dims, of_place, seen, threshold)


def _table(part: pd.DataFrame, dims: list[str], totals: Mapping[Place, int], seen: _Seen, threshold: int) -> _Table:
    places = sorted(set(part["place"]), key=lambda place: (_LEVELS.index(place[0]), place))
    keys = sorted(set(_keys(part, dims)))
    at = {place: index for index, place in enumerate(places)}
    column = {key: index for index, key in enumerate(keys)}
    rows = np.full((len(places), len(keys)), -1, dtype=np.int64)
    values = np.zeros_like(rows)
    for place, key, row, value in zip(part["place"], _keys(part, dims), part["row"], part["value"], strict=True):
        rows[at[place], column[key]] = row
        values[at[place], column[key]] = int(value)
    there = rows >= 0
    whole = np.array([totals.get(place, _NO_LIMIT) for place in places], dtype=np.int64)
    parents = [_parent(place, at) for place in places]
    exchanges, rest = _of_sex_and_age(keys, there) if len(dims) == 2 else _of_criteria(keys, values, whole, parents)
    silent = _telling_nothing(keys, values, whole, parents)
    return _Table(
        rows=rows,
        values=values,
        totals=whole,
        parents=parents,
        exchanges=exchanges,
        rest=rest,
        threshold=threshold,
        withheld=there & (seen.withheld[rows] | ((values > 0) & (values < threshold) & ~silent)),
        printed=there & seen.printed[rows],
    )


def _parent(place: Place, at: Mapping[Place, int]) -> int:
    """The nearest place above that has the breakdown as well; -1 for none."""
    for above in range(_LEVELS.index(place[0]) - 1, -1, -1):
        found = (_LEVELS[above], *(name if rank <= above else "" for rank, name in enumerate(place[1:], start=1)))
        if found in at:
            return at[found]
    return -1


def _telling_nothing(keys: Sequence[Key], values: Counts, totals: Counts, parents: Sequence[int]) -> Mask:
    """The cells of unknown sex or age that are everybody of a place, or of places below: they tell nothing that totals do not."""
    unknown = np.array([UNKNOWN in key for key in keys])
    silent: Mask = unknown & (values == totals[:, None])
    of_silent = np.zeros_like(values)
    for place in reversed(range(len(parents))):
        silent[place] |= unknown & (of_silent[place] == values[place])
        if parents[place] >= 0:
            of_silent[parents[place]] += values[place] * silent[place]
    return silent


Exchange = tuple[frozenset[int], frozenset[int]]
"""The cells of a place that gain a person and those that lose one, so that all sums within the place stay as they are."""


@dataclass(frozen=True, slots=True)
class _Rest:
    """The last column of a table, which is no cell: whether it bars an exchange that names it, at a place and in what a place
    counts beside those below it."""

    barred: Mask
    barred_beside: Mask


def _of_sex_and_age(keys: Sequence[Key], there: Mask) -> tuple[list[Exchange], _Rest]:
    """Persons change sex, age or both, with or without a second person who changes the other way. A margin changes alone (the last
    column says so) only where a place has no crossing."""
    column = {key: index for index, key in enumerate(keys)}
    crossed = [key for key in keys if TOTAL not in key]
    exchanges = [_exchange(column, {one: 1, two: -1}) for one, two in combinations(crossed, 2)]
    for (sex, age), (other, band) in combinations(crossed, 2):
        if sex != other and age != band and (sex, band) in column and (other, age) in column:
            exchanges.append(_exchange(column, {(sex, age): 1, (other, band): 1, (sex, band): -1, (other, age): -1}))
    for dim in (0, 1):
        margins = [column[key] for key in keys if key[dim] != TOTAL and key[1 - dim] == TOTAL]
        exchanges += [(frozenset({one, len(keys)}), frozenset({two})) for one, two in combinations(margins, 2)]
    has_crossing: Mask = np.any(there[:, [column[key] for key in crossed]], axis=1)
    return exchanges, _Rest(has_crossing, np.zeros_like(has_crossing))


def _exchange(column: Mapping[Key, int], crossed: Mapping[Key, int]) -> Exchange:
    net: dict[int, int] = defaultdict(int)
    for (sex, age), change in crossed.items():
        for key in ((sex, age), (sex, TOTAL), (TOTAL, age)):
            if key in column:
                net[column[key]] += change
    return frozenset(at for at, change in net.items() if change > 0), frozenset(at for at, change in net.items() if change < 0)


def _of_criteria(keys: Sequence[Key], values: Counts, totals: Counts, parents: Sequence[int]) -> tuple[list[Exchange], _Rest]:
    """One person more or fewer meets a criterion. How long people are displaced adds up to all of them with those of whom it is
    not said (the last column); where it is said of all, one more for long is one fewer for short."""
    if keys[0][0] not in _DURATION:
        free = np.zeros(len(values), dtype=bool)
        return [(frozenset({0}), frozenset())], _Rest(free, free)
    exchanges = [(frozenset({one}), frozenset({two})) for one, two in combinations(range(len(keys) + 1), 2)]
    unsaid = totals - values.sum(axis=1)
    return exchanges, _Rest(unsaid == 0, unsaid == _sum_below(unsaid, parents))


def _sum_below(values: Counts, parents: Sequence[int]) -> Counts:
    """For every place, the sum over the places right below it."""
    below = np.zeros_like(values)
    for place, parent in enumerate(parents):
        if parent >= 0:
            below[parent] += values[place]
    return below


# --- one table ----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Table:
    """A breakdown of one total over the tree of places: matrices of places by cells, places from the country down.

    `rows` is the row of the figures (-1 for none), `parents` the index of the place above. The costs are matrices of places by
    exchanges: of an exchange done (`gain`) or undone (`loss`) in a place, alone, and with what it asks of the places below it.
    """

    rows: Counts
    values: Counts
    totals: Counts
    parents: list[int]
    exchanges: list[Exchange]
    rest: _Rest
    threshold: int
    withheld: Mask
    printed: Mask
    proven: Mask = field(init=False)
    whole: Mask = field(init=False)
    omitted: Mask = field(init=False)
    children: list[list[int]] = field(init=False)
    plus: Matrix = field(init=False)
    minus: Matrix = field(init=False)
    beside: Matrix = field(init=False)
    gain: Matrix = field(init=False)
    loss: Matrix = field(init=False)
    gain_below: Matrix = field(init=False)
    loss_below: Matrix = field(init=False)

    def __post_init__(self) -> None:
        places, cells = self.rows.shape
        self.children = [[] for _ in range(places)]
        for place, parent in enumerate(self.parents):
            if parent >= 0:
                self.children[parent].append(place)
        self.plus, self.minus = np.zeros((2, cells + 1, len(self.exchanges)))
        for number, (more, fewer) in enumerate(self.exchanges):
            self.plus[list(more), number] = 1
            self.minus[list(fewer), number] = 1
        self.proven = np.zeros_like(self.withheld)
        self.omitted = np.zeros(places, dtype=bool)
        # a zero that stays withheld: with a status of its own the public would know that it is none of the others
        self.whole = (self.withheld & (self.values == 0)).any(axis=1)
        self.withheld |= (self.rows >= 0) & self.whole[:, None]
        self.beside = self._beside()
        self.gain, self.loss, self.gain_below, self.loss_below = np.zeros((4, places, len(self.exchanges)))
        self._weigh(range(places))

    def statuses(self) -> Iterator[tuple[int, ConfStatus]]:
        """Row of the figures and status of every cell withheld."""
        for place, cell in np.argwhere(self.withheld & ~self.omitted[:, None]):
            value = self.totals[place] if self.whole[place] else self.values[place, cell]
            small = 0 < value < self.threshold
            yield int(self.rows[place, cell]), ConfStatus.SMALL if small else ConfStatus.SECONDARY

    def left_out(self) -> list[int]:
        """Rows of the figures that are not published at all."""
        rows = self.rows[self.omitted]
        return [int(row) for row in rows[rows >= 0]]

    # --- what exchanges cost

    def _beside(self) -> Matrix:
        """An exchange costs nothing among the people whom a place counts beside the places below it, where there are some in each
        of its cells, or where the places below do not add up to it; else it cannot be done there."""
        below = _sum_below(self.values, self.parents)
        barred = np.column_stack([self.values == below, self.rest.barred_beside])
        return np.where(barred, _NEVER, 0.0) @ (self.plus + self.minus)

    def _bounds(self, place: int) -> tuple[Counts, Counts]:
        """The least and the most that the public may think a withheld cell of a place to be."""
        values, limit = self.values[place], self.totals[place]
        if self.whole[place] or self.omitted[place]:
            return np.zeros_like(values), np.full_like(values, limit)
        small = values < self.threshold
        return np.where(small, 1, self.threshold), np.minimum(np.where(small, self.threshold - 1, _NO_LIMIT), limit)

    def _weigh(self, changed: Iterable[int]) -> None:
        """Computes the costs of some places, and of those above them, anew."""
        anew = set(changed)
        for place in sorted(anew | {above for one in anew for above in self._above(one)}, reverse=True):
            if place in anew:
                self._weigh_alone(place)
            below = self.children[place]
            for alone, with_below in ((self.gain, self.gain_below), (self.loss, self.loss_below)):
                asked = np.minimum(self.beside[place], with_below[below].min(axis=0)) if below else 0.0
                with_below[place] = alone[place] + asked

    def _weigh_alone(self, place: int) -> None:
        values, (least, most) = self.values[place], self._bounds(place)
        free = self.withheld[place] | self.omitted[place]
        movable = free | ((self.rows[place] >= 0) & (values >= self.threshold))
        movable &= ~self.printed[place]
        price = np.where(free, 0.0, values + 1.0)
        rest = _NEVER if self.rest.barred[place] and not self.omitted[place] else 0.0
        more = np.append(np.where(movable & (values + 1 <= most), price, _NEVER), rest)
        fewer = np.append(np.where(movable & (values - 1 >= least), price, _NEVER), rest)
        self.gain[place] = more @ self.plus + fewer @ self.minus
        self.loss[place] = fewer @ self.plus + more @ self.minus

    def _above(self, place: int) -> Iterator[int]:
        while (place := self.parents[place]) >= 0:
            yield place

    # --- moves

    def protect(self) -> None:
        """Withholds what is needed until every cell withheld has a move."""
        while len(open_cells := np.argwhere(self.withheld & ~self.proven & ~self.printed)):
            # the smallest places first: their moves serve those above as well
            for place, cell in open_cells[::-1]:
                if not (self.proven[place, cell] or self._prove(place, cell)):
                    self._draw_in(place, cell)

    def _prove(self, place: int, cell: int) -> bool:
        """Finds the cheapest move of a cell and withholds what is on it."""
        touching = np.flatnonzero(self.plus[cell] + self.minus[cell])
        if not len(touching):
            return False
        costs = [(self._with_below(more)[place] + self._cost_above(place, more))[touching] for more in (True, False)]
        more = bool(costs[0].min() <= costs[1].min())
        cost = costs[0 if more else 1]
        if cost.min() >= _NEVER:
            return False
        exchange = int(touching[int(cost.argmin())])
        path = {place, *self._path_below(place, exchange, more), *self._path_above(place, exchange, more)}
        cells = sorted(at for at in (*self.exchanges[exchange][0], *self.exchanges[exchange][1]) if at < self.rows.shape[1])
        for at in path:
            there = [one for one in cells if self.rows[at, one] >= 0]
            self.withheld[at, there] = True
            self.proven[at, there] = True
        self._weigh(path)
        return True

    def _alone(self, more: bool) -> Matrix:
        return self.gain if more else self.loss

    def _with_below(self, more: bool) -> Matrix:
        return self.gain_below if more else self.loss_below

    def _sisters(self, place: int) -> list[int]:
        return [sister for sister in self.children[self.parents[place]] if sister != place]

    def _cost_above(self, place: int, more: bool) -> Matrix:
        """What every exchange at a place asks of the others, those below it aside."""
        parent = self.parents[place]
        if parent < 0:
            return np.zeros(len(self.exchanges))
        cost: Matrix = np.minimum(self.beside[parent], self._alone(more)[parent] + self._cost_above(parent, more))
        sisters = self._sisters(place)
        if sisters:
            cost = np.minimum(cost, self._with_below(not more)[sisters].min(axis=0))
        return cost

    def _path_below(self, place: int, exchange: int, more: bool) -> Iterator[int]:
        below = self.children[place]
        if below and self.beside[place, exchange] > 0:
            costs = self._with_below(more)[below, exchange]
            chosen = below[int(costs.argmin())]
            yield chosen
            yield from self._path_below(chosen, exchange, more)

    def _path_above(self, place: int, exchange: int, more: bool) -> Iterator[int]:
        parent = self.parents[place]
        if parent < 0 or self.beside[parent, exchange] == 0:
            return
        sisters = self._sisters(place)
        same = self._alone(more)[parent, exchange] + self._cost_above(parent, more)[exchange]
        opposite = self._with_below(not more)[sisters, exchange]
        if sisters and opposite.min() <= same:
            chosen = sisters[int(opposite.argmin())]
            yield chosen
            yield from self._path_below(chosen, exchange, not more)
            return
        yield parent
        yield from self._path_above(parent, exchange, more)

    # --- the last resort

    def _draw_in(self, place: int, cell: int) -> None:
        """Withholds a whole breakdown, or leaves it out: of the place, of those in it, beside it and above it, of all. The first
        that gives the cell a move; with nothing published there is nothing to work out."""
        above = self.parents[place]
        beside = [place] if above < 0 else self.children[above]
        within = [other for other in range(len(self.parents)) if other == place or place in self._above(other)]
        before = self.withheld.copy(), self.whole.copy(), self.omitted.copy()
        for places in ([place], within, beside, [*beside, max(above, 0)], list(range(len(self.parents)))):
            for leave_out in (False, True):
                self.withheld, self.whole, self.omitted = (mask.copy() for mask in before)
                self.whole[places] = True
                self.omitted[places] |= leave_out
                self.withheld[places] = self.rows[places] >= 0
                self._weigh(range(len(self.parents)))
                if self._prove(place, cell):
                    return
        self.proven[:] = True


# --- sites --------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Site:
    row: int
    counts: dict[str, int]
    hidden: bool
    status: ConfStatus
    named: bool = True


def _protect_sites(sites: pd.DataFrame, threshold: int, earlier: Collection[Protected]) -> pd.DataFrame:
    """Small sites without their counts, and others of the commune with them.

    People on the sites of a type may be the shelter of the commune, which is always published. So a site withholds its counts
    together with another of its commune and type, such that both may have other counts; where there is none, it is not named
    either. A site is small when its persons or its households are.
    """
    shown = sites.reset_index(drop=True)
    withheld = {
        key
        for edition in earlier
        for key, status in zip(_keys(edition.sites, SITE), edition.sites["conf_status"], strict=True)
        if status != ConfStatus.FREE
    }
    communes: dict[Key, list[_Site]] = defaultdict(list)
    for row, key in enumerate(_keys(shown, SITE)):
        counts = {name: int(shown[name][row]) for name in COUNTS if not pd.isna(shown[name][row])}
        small = any(0 < value < threshold for value in counts.values())
        status = ConfStatus.SMALL if small else ConfStatus.SECONDARY
        communes[(*key[:4], key[-1])].append(_Site(row, counts, small or key in withheld, status))
    for of_a_type in communes.values():
        _hide_together(of_a_type, threshold)
    every = sorted((site for of_a_type in communes.values() for site in of_a_type), key=lambda site: site.row)
    hidden = pd.Series([site.hidden for site in every], index=shown.index, dtype=bool)
    unnamed = pd.Series([not site.named for site in every], index=shown.index, dtype=bool)
    shown["conf_status"] = [str(site.status if site.hidden else ConfStatus.FREE) for site in every]
    for name in COUNTS:
        shown[name] = shown[name].astype("Int64").mask(hidden)
    shown["site"] = shown["site"].astype(object).mask(unnamed, None)
    return shown


def _hide_together(sites: Sequence[_Site], threshold: int) -> None:
    """Hides more sites of a commune and type until every hidden one can have other counts; one that cannot loses its name."""
    by_size = sorted(sites, key=lambda site: (site.counts.get("individuals", 0), site.row))
    waiting = [site for site in by_size if site.hidden]
    while waiting:
        site = waiting.pop(0)
        for count in site.counts:
            others = [other for other in by_size if other is not site and _may_differ(site, other, count, threshold)]
            if any(other.hidden for other in others):
                continue
            if others:
                others[0].hidden = True
                waiting.append(others[0])
            else:
                site.named = False


def _may_differ(site: _Site, other: _Site, count: str, threshold: int) -> bool:
    """Whether one may have one more, and the other one fewer, for all that is published of them."""
    return any(
        _may_change(one, count, 1, threshold) and _may_change(two, count, -1, threshold)
        for one, two in ((site, other), (other, site))
    )


def _may_change(site: _Site, count: str, by: int, threshold: int) -> bool:
    value = site.counts.get(count)
    if value is None:
        return False
    least = 0 if value == 0 else 1 if value < threshold else threshold
    most = threshold - 1 if value < threshold else _NO_LIMIT
    changed = {**site.counts, count: value + by}
    people, households = changed.get("individuals", _NO_LIMIT), changed.get("households", 0)
    return least <= value + by <= most and (households <= people or site.counts["households"] > site.counts["individuals"])
