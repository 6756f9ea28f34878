"""The month's table: rows to figures at every level, what is carried forward, and the bridge from each return to the figure. Pure.

Figures and bridge are two computations over the same rows: figures add up what is counted, the bridge starts from all that a
file claims (rejected rows included) and itemises every step away from it. `assert_bridge` holds them against each other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from pipelines import rules
from pipelines.checking import Rulebook
from pipelines.model import FLOW_ENDS, Compiled, LateVersion, Past, Period, PeriodFinding, SubmissionHead
from pipelines.places import Gazetteer
from pipelines.triangulation import Evidence
from schemas import fields
from schemas.codes import (
    TOTAL,
    UNKNOWN,
    AdjustmentKind,
    AgeBand,
    Basis,
    Displacement,
    Grade,
    Measure,
    MissingReason,
    Movement,
    ObsStatus,
    PopulationGroup,
    RowLevel,
    Sex,
    Shelter,
    Unit,
    Vulnerability,
)
from schemas.frames import pd

COUNTRY = "ML"
KEY = ["population_group", "measure", "unit"]
DIMENSIONS = ["sex", "age", "shelter", "displacement", "origin_id", "cause", "vulnerability"]
FIGURE_COLUMNS = [
    "place_id",
    "level",
    *KEY,
    *DIMENSIONS,
    "value",
    "missing_reason",
    "obs_status",
    "basis",
    "grade",
    "carried_months",
]
ADJUSTMENT_COLUMNS = [
    "place_id", *KEY, "item", "kind", "value", "missing_reason", "reason", "about_place_id", "submission_id", "sheet", "cell", "row", "decision_id",
]  # fmt: skip

_STEP_COLUMNS = [*(name for name in ADJUSTMENT_COLUMNS if name != "item"), "told_by"]

_STOCKS: Mapping[str, tuple[PopulationGroup, Measure]] = {
    fields.IDP.name: (PopulationGroup.IDP, Measure.STOCK),
    fields.RETURNEE.name: (PopulationGroup.IDP_RETURNEE, Measure.CUMULATIVE),
    fields.REPATRIATED.name: (PopulationGroup.REPATRIATED_REFUGEE, Measure.CUMULATIVE),
}
_UNIT_FIELDS = {Unit.HOUSEHOLD: "households", Unit.INDIVIDUAL: "individuals"}
WEAKEST_LAST = [Basis.REGISTRATION, Basis.ASSESSMENT, Basis.KEY_INFORMANT, Basis.ESTIMATE, Basis.CARRIED_FORWARD, Basis.ALERT]
GRADES = list(Grade)


class BridgeError(Exception):
    """A figure is not its return plus its adjustments: a defect of the program, never of the data."""


@dataclass(frozen=True, slots=True)
class Month:
    """All that a month is compiled from. `observations` are the rows of the current return of each region, as the store gives
    them; `expected` the regions that owe one."""

    period: Period
    observations: pd.DataFrame
    heads: tuple[SubmissionHead, ...]
    past: Past | None
    expected: tuple[str, ...]
    gazetteer: Gazetteer
    late: tuple[LateVersion, ...] = ()


def compile_month(month: Month, rulebook: Rulebook) -> Compiled:
    """Draft figures, bridge and the findings of the month as a whole. Raises BridgeError when they do not add up."""
    rows = _with_home(month)
    items = _items(rows, month)
    carried = _carried(items, rows, month)
    counted = pd.concat([items[items["accepted"] & ~items["retold"]], carried], ignore_index=True)
    totals = _totals(counted, items, month)
    parts = pd.concat([_parts(rows[~rows["retold"]], month), _unknown_parts(carried)], ignore_index=True)
    figures = _figures(totals, parts, month)
    adjustments = _bridge(items, carried, totals, month)
    assert_bridge(totals, adjustments)
    view = rules.MonthView(
        month.period,
        totals,
        month.past,
        rows.assign(accepted=rows["accepted"] & ~rows["retold"]),
        carried,
        month.heads,
        month.expected,
        month.gazetteer,
        month.late,
    )
    return Compiled(month.period, figures, adjustments, _findings(view, rulebook))


def evidence_of(month: Month, compiled: Compiled, rulebook: Rulebook, as_of: date, **others: Any) -> Evidence:
    """A compiled month, its past and its returns as comparisons look at them; `others` are what other sources say."""
    totals = compiled.figures[(compiled.figures[DIMENSIONS] == TOTAL).all(axis=1)]
    return Evidence(
        period=month.period, as_of=as_of, gazetteer=month.gazetteer, thresholds=rulebook.thresholds, totals=totals,
        figures=compiled.figures, rows=_with_home(month), heads=month.heads, past=month.past, **others,
    )  # fmt: skip


def doubt(compiled: Compiled, keys: Collection[tuple[str, str, str]]) -> Compiled:
    """The month with grade D for each (place, group, measure) that an open discrepancy is about, breakdowns included."""
    grades = compiled.figures["grade"].mask(_named(compiled.figures, keys), str(Grade.D))
    return replace(compiled, figures=compiled.figures.assign(grade=grades))


def agreed(compiled: Compiled, keys: Collection[tuple[str, str, str]]) -> Compiled:
    """The month with grade A instead of B for each (place, group, measure) that a source of an independent lineage agrees with,
    breakdowns included. An agreement raises nothing else: what is not validated stays so."""
    figures = compiled.figures
    raised = _named(figures, keys) & (figures["grade"] == str(Grade.B))
    return replace(compiled, figures=figures.assign(grade=figures["grade"].mask(raised, str(Grade.A))))


def _named(figures: pd.DataFrame, keys: Collection[tuple[str, str, str]]) -> pd.Series:
    named = zip(figures["place_id"], figures["population_group"], figures["measure"], strict=True)
    return pd.Series([key in keys for key in named], index=figures.index, dtype=bool)


# --- what each row says -------------------------------------------------------------------------------------------------


def _with_home(month: Month) -> pd.DataFrame:
    """Rows with `home_region` (where their place is), whether `validated` by it, their `grade`, and `inside`: a commune row
    whose cercle has a whole-cercle row in the same sheet, and so is already counted there; `retold`: a row about another
    region's place that this region tells itself. In the order of region, sheet and row, whatever the order of arrival."""
    rows = month.observations.sort_values(["region_id", "table", "sheet", "row"], kind="stable", ignore_index=True)
    gazetteer = month.gazetteer
    rows["accepted"] = rows["accepted"].astype(bool)
    rows["place_id"] = rows["place_id"].astype(object).where(rows["place_id"].notna(), rows["region_id"])
    rows["home_region"] = rows["place_id"].map(lambda place: gazetteer.region_of(place) or place)
    rows["level_found"] = rows["place_id"].map(lambda place: gazetteer.place(place).level)
    visas = {head.id for head in month.heads if head.validated}
    rows["validated"] = rows["submission_id"].isin(visas) & (rows["home_region"] == rows["region_id"])
    rows["grade"] = [
        _grade(*args, month.period) for args in zip(rows["basis"], rows["observed_on"], rows["validated"], strict=True)
    ]
    rows["retold"] = _retold(rows, gazetteer)
    rows["inside"] = _inside(rows, gazetteer)
    return rows


def _retold(rows: pd.DataFrame, gazetteer: Gazetteer) -> pd.Series:
    """Region first: what a region says of its own places counts, and not what another return says of them as well."""
    own = rows[rows["accepted"] & (rows["home_region"] == rows["region_id"])]
    told = {table: set(own.loc[own["table"] == table, "place_id"]) for table in _STOCKS}
    within = {table: {above for place in places for above in chain_of(place, gazetteer)} for table, places in told.items()}

    def retold(table: str, place: str, home: str, teller: str, accepted: bool) -> bool:
        if home == teller or not accepted:
            return False
        by = table if table in _STOCKS else fields.IDP.name
        return place in within[by] or gazetteer.cercle_of(place) in told[by]

    columns = (rows[name] for name in ("table", "place_id", "home_region", "region_id", "accepted"))
    return pd.Series([retold(*values) for values in zip(*columns, strict=True)], index=rows.index, dtype=bool)


def _inside(rows: pd.DataFrame, gazetteer: Gazetteer) -> pd.Series:
    whole = rows[(rows["level_found"] == "cercle") & (rows["level"] == RowLevel.CERCLE) & rows["accepted"]]
    if "retold" in rows:
        whole = whole[~whole["retold"]]
    covered = set(zip(whole["table"], whole["place_id"], strict=True))
    cercles = rows["place_id"].where(rows["level_found"] == "commune").map(gazetteer.cercle_of, na_action="ignore")
    return pd.Series([pair in covered for pair in zip(rows["table"], cercles, strict=True)], index=rows.index, dtype=bool)


def _grade(basis: Any, observed_on: Any, validated: bool, period: Period) -> str:
    """A waits for an independent source. DESIGN 6: registered or assessed this month or last, and validated, is B."""
    recent = isinstance(observed_on, date) and observed_on >= period.previous().first_day
    if recent and basis in (Basis.REGISTRATION, Basis.ASSESSMENT):
        return str(Grade.B if validated else Grade.C)
    return str(Grade.C if recent and basis in (Basis.KEY_INFORMANT, Basis.CARRIED_FORWARD) else Grade.D)


def _items(rows: pd.DataFrame, month: Month) -> pd.DataFrame:
    """One line per counted number: each row's households and individuals, of stocks and of movements."""
    frames = [_stock_items(rows, table) for table in _STOCKS]
    frames.append(_flow_items(rows, month.gazetteer))
    items = pd.concat([frame for frame in frames if not frame.empty] or [frames[0]], ignore_index=True)
    items["carried_months"] = 0
    return items[items["value"].notna()].reset_index(drop=True)


_ITEM = [
    "place_id", "home_region", "region_id", "submission_id", "table", "sheet", "row", "accepted", "retold", "inside", "basis", "grade", "validated",
]  # fmt: skip


def _stock_items(rows: pd.DataFrame, table: str) -> pd.DataFrame:
    group, measure = _STOCKS[table]
    chosen = rows[rows["table"] == table]
    return _by_unit(chosen[_ITEM], chosen, group, measure)


def _by_unit(base: pd.DataFrame, chosen: pd.DataFrame, group: PopulationGroup, measure: Measure | pd.Series) -> pd.DataFrame:
    return pd.concat(
        [
            base.assign(
                population_group=str(group),
                measure=measure.astype(object) if isinstance(measure, pd.Series) else str(measure),
                unit=str(unit), value=chosen[name].astype("Int64"), field=name,
            )
            for unit, name in _UNIT_FIELDS.items()
        ],
        ignore_index=True,
    )  # fmt: skip


def _flow_items(rows: pd.DataFrame, gazetteer: Gazetteer) -> pd.DataFrame:
    flows = flow_rows(rows, gazetteer)
    return _by_unit(flows[_ITEM], flows, PopulationGroup.IDP, flows["measure"])


def flow_rows(rows: pd.DataFrame, gazetteer: Gazetteer) -> pd.DataFrame:
    """Movement rows as flows at a place, with `measure` and `displacement`. A move is subtracted once, where it leaves; a
    secondary displacement into another region is that region's to count as an arrival. An end that is not known is counted
    at the region of the return."""
    moves = rows[rows["table"] == fields.MOVEMENT.name]
    frames = []
    for movement, measure, end in FLOW_ENDS:
        chosen = moves[moves["movement"] == movement]
        chosen = chosen.assign(place_id=chosen[end].where(chosen[end].notna(), chosen["region_id"]))
        chosen["home_region"] = chosen["place_id"].map(lambda place: gazetteer.region_of(place) or place)
        if movement is Movement.SECONDARY:
            chosen = chosen[chosen[end].notna() & (chosen["home_region"] == chosen["region_id"])]
        secondary = str(Displacement.SECONDARY) if movement is Movement.SECONDARY else UNKNOWN
        # the movements of a region that sends its own sheet are its own to tell
        tellers = set(moves.loc[moves["accepted"], "region_id"])
        retold = chosen["accepted"] & (chosen["home_region"] != chosen["region_id"]) & chosen["home_region"].isin(tellers)
        frames.append(chosen.assign(measure=str(measure), displacement=secondary, inside=False, retold=retold))
    return pd.concat(frames, ignore_index=True)


def claimed_totals(rows: pd.DataFrame, gazetteer: Gazetteer) -> dict[str, dict[str, int | None]]:
    """What one return adds up to, by group and unit: its accepted rows, communes inside a whole-cercle row aside; None when a
    sheet has no row."""
    counted = rows[rows["accepted"].astype(bool)].copy()
    if not counted.empty:
        counted["level_found"] = counted["placed_level"]
        counted = counted[~_inside(counted, gazetteer)]
    totals: dict[str, dict[str, int | None]] = {}
    for table, (group, _) in _STOCKS.items():
        chosen = counted[counted["table"] == table]
        totals[str(group)] = {str(unit): int(chosen[name].sum()) if len(chosen) else None for unit, name in _UNIT_FIELDS.items()}
    return totals


# --- what is carried forward --------------------------------------------------------------------------------------------


def _carried(items: pd.DataFrame, rows: pd.DataFrame, month: Month) -> pd.DataFrame:
    """Places with a stock in the past and no accepted row now: missing, not zero, and so counted as they were."""
    if month.past is None:
        return items.iloc[:0]
    own = own_values(month.past.figures, month.gazetteer)
    months = month.period.months_since(month.past.period)
    lines = []
    for table, (group, measure) in _STOCKS.items():
        stock = own[(own["population_group"] == group) & (own["measure"] == measure) & (own["value"] > 0)]
        silent = _silent(set(stock["place_id"]), rows[(rows["table"] == table) & rows["accepted"]], month.gazetteer)
        for row in stock[stock["place_id"].isin(silent)].to_dict("records"):
            age = months + int(row["carried_months"])
            lines.append(
                {
                    **{name: row[name] for name in ("place_id", *KEY, "value")},
                    "home_region": month.gazetteer.region_of(row["place_id"]) or row["place_id"],
                    "region_id": None, "submission_id": None, "table": table, "sheet": None, "row": None, "field": None,
                    "accepted": True, "retold": False, "inside": False, "validated": False, "carried_months": age,
                    "basis": str(Basis.CARRIED_FORWARD), "grade": str(Grade.C if age <= 1 else Grade.D),
                }
            )  # fmt: skip
    carried = pd.DataFrame(lines, columns=items.columns)
    return carried.astype({"value": "Int64", "accepted": bool, "retold": bool, "inside": bool, "validated": bool})


def _silent(places: set[str], rows: pd.DataFrame, gazetteer: Gazetteer) -> set[str]:
    """Of the places counted in the past, those that no row of now speaks of: not itself, not its whole cercle, nothing in it."""
    kept_above = (rows["level_found"] == "region") | (
        (rows["level_found"] == "cercle") & (rows["level"] != RowLevel.CERCLE) & rows["commune"].notna()
    )
    told = set(rows.loc[~kept_above, "place_id"])
    within = {above for place in set(rows["place_id"]) for above in chain_of(place, gazetteer)}
    silent = {place for place in places if place not in within and gazetteer.cercle_of(place) not in told}
    return silent - _answered(silent, rows[kept_above], gazetteer)


def _answered(silent: set[str], rows: pd.DataFrame, gazetteer: Gazetteer) -> set[str]:
    """The silent places that rows with an unrecognised name speak of. Their people are counted in the cercle or region where
    the row is kept; carrying the place forward on top would count them twice. A row answers for the place its name suggests
    or, when as many places are silent as rows are left, for one of these."""
    answered: set[str] = set()
    for holder, group in rows.groupby("place_id", sort=True):
        left = 0
        for row in group.to_dict("records"):
            meant = _meant(str(holder), row, gazetteer)
            hit = next((found for place in meant if (found := _at_or_in(place, silent - answered, gazetteer))), None)
            answered |= hit or set()
            left += hit is None
        open_places = _at_or_in(str(holder), silent - answered, gazetteer)
        answered |= open_places if len(open_places) == left else set()
    return answered


def _at_or_in(place_id: str, places: set[str], gazetteer: Gazetteer) -> set[str]:
    return {place for place in places if place_id in chain_of(place, gazetteer)}


def _meant(holder: str, row: Mapping[Any, Any], gazetteer: Gazetteer) -> list[str]:
    """The places that the names of a row kept at `holder` come near to, best first."""
    cercle, commune = row["cercle"], row["commune"]
    if isinstance(commune, str) and (gazetteer.place(holder).level == "cercle" or not isinstance(cercle, str)):
        return [item.place_id for item in gazetteer.match(commune, "commune", holder, None).suggestions]
    if not isinstance(cercle, str):
        return []
    cercles = [item.place_id for item in gazetteer.match(cercle, "cercle", holder, None).suggestions]
    if row["level"] == RowLevel.CERCLE or not isinstance(commune, str):
        return cercles
    communes = [gazetteer.match(commune, "commune", place, None).place_id for place in cercles]
    return [place for place in communes if place is not None]


def own_values(figures: pd.DataFrame, gazetteer: Gazetteer) -> pd.DataFrame:
    """Totals less what the places below them hold: what was said of each place itself."""
    totals = figures[(figures["level"] != "country") & figures["value"].notna()]
    parent = pd.Series([gazetteer.parent(place) for place in totals["place_id"]], index=totals.index, dtype=object)
    below = totals.assign(place_id=parent).groupby(["place_id", *KEY])["value"].sum().rename("below")
    own = totals.merge(below, how="left", left_on=["place_id", *KEY], right_index=True)
    own["value"] = own["value"].astype(int) - own["below"].fillna(0).astype(int)
    return own.drop(columns="below").sort_values(["place_id", *KEY], ignore_index=True)


def chain_of(place_id: str, gazetteer: Gazetteer) -> list[str]:
    """The place and all that contain it, up to the country."""
    chain = [place_id]
    while (parent := gazetteer.parent(chain[-1])) is not None:
        chain.append(parent)
    return chain if chain[-1] == COUNTRY else [*chain, COUNTRY]


STOCK_COLUMNS = [
    "table", "home_region", "place_id", "level", "site", "asylum_country", "households", "individuals", "carried_months",
]  # fmt: skip


def stocks_by_place(month: Month) -> pd.DataFrame:
    """The stocks of a month where its returns tell them: one line per table, place, level, site and country of asylum, as they are
    counted, and what is carried forward. STOCK_COLUMNS; `level` is that of the row, and None where only the region is known."""
    rows = _with_home(month)
    items = _items(rows, month)
    carried = _carried(items, rows, month)
    counted = rows[rows["accepted"] & ~rows["retold"] & ~rows["inside"] & rows["table"].isin(_STOCKS)]
    counted = counted.assign(carried_months=0, level=_told_level(counted))
    key = STOCK_COLUMNS[:6]
    told = pd.concat([counted[STOCK_COLUMNS], _carried_stocks(carried, month.gazetteer)], ignore_index=True)
    sums = {name: (name, "sum") for name in ("households", "individuals")}
    stocks = told.groupby(key, dropna=False, sort=True).agg(**sums, carried_months=("carried_months", "max")).reset_index()
    stocks[key] = stocks[key].astype(object).where(stocks[key].notna(), None)
    return stocks[STOCK_COLUMNS]


def _told_level(rows: pd.DataFrame) -> pd.Series:
    """What each row covers, by its own word or else by the place that was found."""
    levels = rows["level"].where(rows["level"].notna(), rows["level_found"])
    return levels.astype(object).where(rows["level_found"] != "region", None)


def _carried_stocks(carried: pd.DataFrame, gazetteer: Gazetteer) -> pd.DataFrame:
    """Lines of what is carried forward, households and individuals side by side."""
    names = {str(unit): name for unit, name in _UNIT_FIELDS.items()}
    lines: dict[tuple[str, str], dict[str, Any]] = {}
    for row in carried.to_dict("records"):
        level = gazetteer.place(row["place_id"]).level
        line = lines.setdefault((row["table"], row["place_id"]), dict.fromkeys(STOCK_COLUMNS))
        line |= {name: row[name] for name in ("table", "home_region", "place_id", "carried_months")}
        line |= {"level": None if level == "region" else level, names[row["unit"]]: int(row["value"])}
    counts = {"households": "Int64", "individuals": "Int64", "carried_months": "int64"}
    return pd.DataFrame(list(lines.values()), columns=STOCK_COLUMNS, dtype=object).astype(counts)


# --- figures ------------------------------------------------------------------------------------------------------------


def _expand(frame: pd.DataFrame, gazetteer: Gazetteer) -> pd.DataFrame:
    """Each line once for its place and once for every place above it (`at`); lines `inside` a cercle row stay at their place."""
    chains = {place: chain_of(place, gazetteer) for place in frame["place_id"].unique()}
    pairs = pd.DataFrame([(place, at) for place, chain in chains.items() for at in chain], columns=["place_id", "at"])
    wide = frame.merge(pairs, on="place_id")
    return wide[~wide["inside"].astype(bool) | (wide["at"] == wide["place_id"])]


def _totals(counted: pd.DataFrame, items: pd.DataFrame, month: Month) -> pd.DataFrame:
    """place_id, level, KEY, value, missing_reason, basis, grade, provisional, carried_months, own: one line per total."""
    wide = _expand(counted, month.gazetteer)
    wide = wide.assign(
        basis_rank=wide["basis"].map({str(b): at for at, b in enumerate(WEAKEST_LAST)}),
        grade_rank=wide["grade"].map({str(g): at for at, g in enumerate(GRADES)}),
        own=wide["at"] == wide["place_id"],
        provisional=~wide["validated"].astype(bool),
    )
    totals = wide.groupby(["at", *KEY], sort=True).agg(
        value=("value", "sum"), basis_rank=("basis_rank", "max"), grade_rank=("grade_rank", "max"),
        provisional=("provisional", "any"), carried_months=("carried_months", "max"), own=("own", "any"),
    ).reset_index(names=["place_id", *KEY])  # fmt: skip
    totals["basis"] = totals["basis_rank"].map(lambda at: None if pd.isna(at) else str(WEAKEST_LAST[int(at)]))
    totals["grade"] = totals["grade_rank"].map(lambda at: str(Grade.D) if pd.isna(at) else str(GRADES[int(at)]))
    totals["missing_reason"] = None
    totals = pd.concat([totals, _missing(totals, items, month)], ignore_index=True)
    totals["level"] = totals["place_id"].map(lambda place: month.gazetteer.place(place).level)
    totals["value"] = totals["value"].astype("Int64")
    return totals.drop(columns=["basis_rank", "grade_rank"]).sort_values(["place_id", *KEY], ignore_index=True)


def _missing(totals: pd.DataFrame, items: pd.DataFrame, month: Month) -> pd.DataFrame:
    """What is missing, with its reason, and not zero: an expected region without any row for a stock, a place whose only row
    was rejected."""
    present = set(zip(totals["place_id"], *(totals[name] for name in KEY), strict=True))
    received = {head.region_id for head in month.heads}
    absent = {
        (region, str(group), str(measure), str(unit)): MissingReason.NOT_REPORTED
        if region in received
        else MissingReason.NO_RETURN
        for region in month.expected
        for group, measure in _STOCKS.values()
        for unit in Unit
    }
    rejected = items[~items["accepted"]]
    for key in zip(rejected["place_id"], *(rejected[name] for name in KEY), strict=True):
        absent[key] = MissingReason.REJECTED
    lines = [
        {**dict(zip(["place_id", *KEY], key, strict=True)), "value": pd.NA, "missing_reason": str(reason), "basis": None,
         "grade": str(Grade.D), "provisional": True, "carried_months": 0, "own": False}
        for key, reason in sorted(absent.items())
        if key not in present
    ]  # fmt: skip
    return pd.DataFrame(lines, columns=totals.columns)


def _figures(totals: pd.DataFrame, parts: pd.DataFrame, month: Month) -> pd.DataFrame:
    whole = totals.assign(**dict.fromkeys(DIMENSIONS, TOTAL))
    broken = _expand(parts, month.gazetteer).groupby(["at", *KEY, *DIMENSIONS], sort=True).agg(
        value=("value", "sum"), missing_reason=("missing_reason", one_reason)
    ).reset_index(names=["place_id", *KEY, *DIMENSIONS])  # fmt: skip
    inherited = totals[["place_id", *KEY, "level", "basis", "grade", "provisional", "carried_months"]]
    broken = broken.merge(inherited, on=["place_id", *KEY])
    figures = pd.concat([whole, broken], ignore_index=True)
    figures["obs_status"] = [
        status_of(*row) for row in zip(figures["value"].isna(), figures["carried_months"], figures["provisional"], strict=True)
    ]
    figures["value"] = figures["value"].astype("Int64")
    figures["carried_months"] = figures["carried_months"].astype(int)
    figures["missing_reason"] = figures["missing_reason"].astype(object).where(figures["missing_reason"].notna(), None)
    return figures[FIGURE_COLUMNS].sort_values(FIGURE_COLUMNS[:12], ignore_index=True)


def one_reason(reasons: pd.Series) -> str | None:
    """The reason shared by all that is missing, else simply not reported."""
    given = sorted(set(reasons.dropna()))
    if not given:
        return None
    return str(given[0]) if len(given) == 1 else str(MissingReason.NOT_REPORTED)


def status_of(missing: bool, carried_months: int, provisional: bool) -> str:
    if missing:
        return str(ObsStatus.MISSING)
    if carried_months:
        return str(ObsStatus.IMPUTED)
    return str(ObsStatus.PROVISIONAL if provisional else ObsStatus.NORMAL)


# --- breakdowns ---------------------------------------------------------------------------------------------------------

_SPLIT_FLOWS = (Measure.ARRIVALS, Measure.DEPARTURES)
_PART = ["place_id", "inside", *KEY, *DIMENSIONS, "value", "missing_reason"]
Cell = tuple[str, Mapping[str, str]]

_SEX_AGE: tuple[Cell, ...] = tuple(
    (fields.sex_age_name(sex, age), {"sex": str(sex), "age": str(age)}) for sex in Sex for age in AgeBand
)
_SHELTER: tuple[Cell, ...] = tuple((fields.shelter_name(kind), {"shelter": str(kind)}) for kind in Shelter)
_DISPLACEMENT: tuple[Cell, ...] = tuple((str(kind), {"displacement": str(kind)}) for kind in Displacement)


def breakdowns(group: str, measure: str, unit: str) -> tuple[tuple[str, ...], ...]:
    """The dimensions by which a total is broken down into parts that add up to it; two together have margins as well."""
    if group != PopulationGroup.IDP:
        return ()
    if measure == Measure.STOCK:
        of_persons = (("sex", "age"), ("displacement",)) if unit == Unit.INDIVIDUAL else ()
        return (("shelter",), ("origin_id", "cause"), *of_persons)
    return (("displacement",),) if measure in _SPLIT_FLOWS else ()


def _parts(rows: pd.DataFrame, month: Month) -> pd.DataFrame:
    """Every breakdown as lines that add up to their total: what a row leaves out is a part of its own, `_U`."""
    accepted = rows[rows["accepted"]]
    idp = accepted[accepted["table"] == fields.IDP.name]
    by_household = idp["shelter_unit"] == Unit.HOUSEHOLD
    frames = [
        _margins(_partition(idp, _SEX_AGE, Unit.INDIVIDUAL, ("sex", "age")), ("sex", "age")),
        _partition(idp, _SHELTER, Unit.INDIVIDUAL, ("shelter",), given=~by_household),
        _partition(idp, _SHELTER, Unit.HOUSEHOLD, ("shelter",), given=by_household),
        _partition(idp, _DISPLACEMENT, Unit.INDIVIDUAL, ("displacement",)),
        *(_margins(frame, ("origin_id", "cause")) for frame in _origins(accepted, idp)),
        *_vulnerabilities(accepted, idp),
        *_flow_parts(accepted, month.gazetteer),
    ]
    return pd.concat([frame for frame in frames if not frame.empty] or [_no_parts()], ignore_index=True)


def _no_parts() -> pd.DataFrame:
    return pd.DataFrame(columns=_PART).astype({"inside": bool, "value": "Int64"})


def _lines(base: pd.DataFrame, value: pd.Series, unit: Unit, dims: Mapping[str, Any], measure: str | pd.Series = str(Measure.STOCK),
           reason: Any = None) -> pd.DataFrame:  # fmt: skip
    columns = {**dict.fromkeys(DIMENSIONS, TOTAL), **dims}
    lines = base[["place_id", "inside"]].assign(
        population_group=str(PopulationGroup.IDP), measure=measure, unit=str(unit), value=value.astype("Int64"), **columns
    )
    lines["missing_reason"] = reason if reason is not None else None
    return lines.reindex(columns=_PART)[lines["value"].notna()]


def _partition(
    idp: pd.DataFrame, cells: Sequence[Cell], unit: Unit, dims: Sequence[str], given: pd.Series | None = None
) -> pd.DataFrame:
    """The cells of each row and what they leave out. Parts that exceed their total are a finding of the row and count as
    left out, so that a breakdown never says more people than its total."""
    whole = idp[_UNIT_FIELDS[unit]].astype("Int64")
    values = idp[[name for name, _ in cells]].astype("Int64")
    usable = values.fillna(0).sum(axis=1) <= whole
    if given is not None:
        usable &= given
    values = values.where(usable.fillna(False).astype(bool))
    frames = [_lines(idp, values[name], unit, where) for name, where in cells]
    rest = whole - values.fillna(0).sum(axis=1)
    # an all-zero row without any part still says nothing about its parts; only people left out are unknown
    frames.append(_unknown(idp, rest, unit, dims))
    return pd.concat(frames, ignore_index=True)


def _unknown(
    base: pd.DataFrame, rest: pd.Series, unit: Unit, dims: Sequence[str], measure: str = str(Measure.STOCK)
) -> pd.DataFrame:
    rest = rest.where(rest > 0)
    reason = base["missing_reason"].where(base["missing_reason"].notna(), str(MissingReason.NOT_REPORTED))
    return _lines(base, rest, unit, dict.fromkeys(dims, UNKNOWN), measure, reason)


def _margins(frame: pd.DataFrame, dims: tuple[str, str]) -> pd.DataFrame:
    """A breakdown by two dimensions, and by each of them alone."""
    first, second = dims
    return pd.concat([frame, frame.assign(**{second: TOTAL}), frame.assign(**{first: TOTAL})], ignore_index=True)


def _origins(accepted: pd.DataFrame, idp: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Origin and cause, from the sheet Provenance, as a partition of the stock of each place."""
    stock = idp.groupby("place_id").agg(
        households=("households", "sum"), individuals=("individuals", "sum"), inside=("inside", "all"),
        missing_reason=("missing_reason", one_reason),
    ).reset_index()  # fmt: skip
    origins = (
        accepted[accepted["table"] == fields.ORIGIN.name]
        .drop(columns="inside")
        .merge(stock[["place_id", "inside"]], on="place_id")
    )
    for unit, name in _UNIT_FIELDS.items():
        told = origins.groupby("place_id")[name].sum().reindex(stock["place_id"]).fillna(0).astype("Int64").to_numpy()
        fits = told <= stock[name].astype("Int64")
        kept = origins[origins["place_id"].isin(stock.loc[fits, "place_id"])]
        where = {
            "origin_id": kept["origin_place_id"].where(kept["origin_place_id"].notna(), UNKNOWN),
            "cause": kept["cause"].where(kept["cause"].notna(), UNKNOWN),
        }
        rest = stock[name].astype("Int64") - pd.Series(told, dtype="Int64").where(fits, 0)
        yield pd.concat(
            [_lines(kept, kept[name], unit, where), _unknown(stock, rest, unit, ("origin_id", "cause"))], ignore_index=True
        )


def _vulnerabilities(accepted: pd.DataFrame, idp: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Counts per criterion. A person may meet several, so they are no partition and have no unknown part."""
    needs = accepted[accepted["table"] == fields.NEED.name]
    for item in fields.VULNERABILITY_FIELDS:
        yield _lines(needs, needs[item.name], Unit(str(item.unit)), {"vulnerability": item.name})
    yield _lines(idp, idp["under_12_months"], Unit.INDIVIDUAL, {"vulnerability": str(Vulnerability.RECENT)})
    yield _lines(idp, idp["over_12_months"], Unit.INDIVIDUAL, {"vulnerability": str(Vulnerability.PROTRACTED)})


def _flow_parts(accepted: pd.DataFrame, gazetteer: Gazetteer) -> Iterator[pd.DataFrame]:
    """Secondary displacement among arrivals and departures; of the others a return does not say."""
    flows = flow_rows(accepted, gazetteer)
    flows = flows[~flows["retold"].astype(bool)]
    flows = flows[flows["measure"].isin(_SPLIT_FLOWS)]
    for unit, name in _UNIT_FIELDS.items():
        reason = flows["missing_reason"].where(flows["displacement"] != UNKNOWN, None)
        reason = reason.where(flows["displacement"] != UNKNOWN, str(MissingReason.NOT_COLLECTED))
        yield _lines(flows, flows[name], unit, {"displacement": flows["displacement"]}, flows["measure"], reason)


def _unknown_parts(carried: pd.DataFrame) -> pd.DataFrame:
    """Of people carried forward only the total is known."""
    idp = carried[carried["population_group"] == PopulationGroup.IDP].assign(missing_reason=str(MissingReason.NOT_REPORTED))
    frames = []
    for unit in Unit:
        chosen = idp[idp["unit"] == unit]
        for dims in breakdowns(PopulationGroup.IDP, Measure.STOCK, unit):
            frame = _unknown(chosen, chosen["value"], unit, dims)
            frames.append(_margins(frame, (dims[0], dims[1])) if len(dims) == 2 else frame)
    return pd.concat([frame for frame in frames if not frame.empty] or [_no_parts()], ignore_index=True)


# --- the bridge ---------------------------------------------------------------------------------------------------------


def _bridge(items: pd.DataFrame, carried: pd.DataFrame, totals: pd.DataFrame, month: Month) -> pd.DataFrame:
    """For every place and measure: item 0, all that the return claims, then each adjustment to the official value."""
    claims = _claims(items, month)
    steps = pd.concat([_steps(items, month), _carried_steps(carried, month)], ignore_index=True)
    # by region and row, not by submission id, which depends on the order of arrival
    steps = steps.sort_values(["place_id", *KEY, "kind", "about_place_id", "told_by", "sheet", "row"], ignore_index=True)
    steps["item"] = steps.groupby(["place_id", *KEY]).cumcount() + 1
    opening = totals[["place_id", *KEY]].merge(claims, how="outer", on=["place_id", *KEY])
    opening = opening.merge(steps[["place_id", *KEY]].drop_duplicates(), how="outer", on=["place_id", *KEY])
    received = {head.region_id for head in month.heads}
    opening["missing_reason"] = [
        None if pd.notna(value) else str(why_no_claim(place, received, month.gazetteer))
        for place, value in zip(opening["place_id"], opening["value"], strict=True)
    ]
    opening = opening.assign(item=0, kind=str(AdjustmentKind.RETURN), reason=str(AdjustmentKind.RETURN.fr))
    bridge = pd.concat([opening, steps], ignore_index=True).reindex(columns=ADJUSTMENT_COLUMNS)
    bridge["value"] = bridge["value"].astype("Int64")
    numbers = ["row", "submission_id", "decision_id"]
    bridge[numbers] = bridge[numbers].astype("Int64")
    for name in ("missing_reason", "reason", "about_place_id", "sheet", "cell"):
        bridge[name] = bridge[name].astype(object).where(bridge[name].notna(), None)
    return bridge.sort_values(["place_id", *KEY, "item"], ignore_index=True)


def why_no_claim(place_id: str, received: set[str], gazetteer: Gazetteer) -> MissingReason:
    region = gazetteer.region_of(place_id) or place_id
    return MissingReason.NOT_REPORTED if region in received or place_id == COUNTRY else MissingReason.NO_RETURN


def _claims(items: pd.DataFrame, month: Month) -> pd.DataFrame:
    """A region claims everything its file holds, other regions' rows included; below, each place what is said of it."""
    below = _expand(items.assign(inside=False), month.gazetteer)
    below = below[below["at"].map(lambda place: month.gazetteer.place(place).level).isin(["commune", "cercle"])]
    of_region = items.assign(at=items["region_id"])
    of_country = items.assign(at=COUNTRY)
    claims = pd.concat([below, of_region, of_country], ignore_index=True)
    return claims.groupby(["at", *KEY], sort=True)["value"].sum().reset_index().rename(columns={"at": "place_id"})


def _steps(items: pd.DataFrame, month: Month) -> pd.DataFrame:
    """Every claimed number that is not counted where it was claimed."""
    lines: list[dict[str, Any]] = []
    foreign = items["home_region"] != items["region_id"]
    for item in items[~items["accepted"] | foreign | items["inside"]].to_dict("records"):
        lines.extend(_steps_of(item, month))
    return pd.DataFrame(lines, columns=_STEP_COLUMNS)


def _steps_of(item: Mapping[Any, Any], month: Month) -> Iterator[dict[str, Any]]:
    own, home, told, value = item["place_id"], item["home_region"], item["region_id"], int(item["value"])
    below = [place for place in chain_of(own, month.gazetteer) if month.gazetteer.place(place).level in ("commune", "cercle")]
    if not item["accepted"]:
        for place in (*below, told, COUNTRY):
            yield _step(item, place, AdjustmentKind.ROW_REJECTED, -value, month)
        return
    if item["retold"]:
        for place in (*below, told, COUNTRY):
            yield _step(item, place, AdjustmentKind.TOLD_BY_OWN_REGION, -value, month)
        return
    if home != told:
        yield _step(item, told, AdjustmentKind.MOVED_OUT, -value, month)
        yield _step(item, home, AdjustmentKind.MOVED_IN, value, month)
    if item["inside"]:
        for place in (*below[1:], home, COUNTRY):
            yield _step(item, place, AdjustmentKind.INSIDE_CERCLE_ROW, -value, month)


def _step(item: Mapping[Any, Any], place: str, kind: AdjustmentKind, value: int, month: Month) -> dict[str, Any]:
    columns = next((head.columns for head in month.heads if head.id == item["submission_id"]), {})
    letter = columns.get(item["table"], {}).get(item["field"])
    return {
        "place_id": place, **{name: item[name] for name in KEY}, "kind": str(kind), "value": value,
        "reason": f"{kind.fr} : {month.gazetteer.place(item['place_id']).name}", "about_place_id": item["place_id"],
        "told_by": item["region_id"],
        "submission_id": item["submission_id"], "sheet": item["sheet"], "row": item["row"],
        "cell": f"{letter}{item['row']}" if letter else None,
    }  # fmt: skip


def _carried_steps(carried: pd.DataFrame, month: Month) -> pd.DataFrame:
    lines = [
        {
            "place_id": place, **{name: item[name] for name in KEY}, "kind": str(AdjustmentKind.CARRIED_FORWARD),
            "value": int(item["value"]), "about_place_id": item["place_id"],
            "reason": f"{AdjustmentKind.CARRIED_FORWARD.fr} ({month.past.name if month.past else ''}), "
                      f"{item['carried_months']} mois sans chiffre accepté : {month.gazetteer.place(item['place_id']).name}",
        }
        for item in carried.to_dict("records")
        for place in chain_of(item["place_id"], month.gazetteer)
    ]  # fmt: skip
    return pd.DataFrame(lines, columns=_STEP_COLUMNS)


def assert_bridge(totals: pd.DataFrame, adjustments: pd.DataFrame) -> None:
    """Official value = return + adjustments, to the person, for every place and measure; else BridgeError."""
    bridged = adjustments.groupby(["place_id", *KEY])["value"].sum()
    official = totals.dropna(subset="value").set_index(["place_id", *KEY])["value"]
    both = pd.concat([bridged.rename("bridge"), official.rename("official")], axis=1).fillna(0)
    wrong = both[both["bridge"] != both["official"]]
    if not wrong.empty:
        raise BridgeError(f"the bridge does not add up:\n{wrong.head(10)}")


def _findings(view: rules.MonthView, rulebook: Rulebook) -> tuple[PeriodFinding, ...]:
    columns = {head.id: head.columns for head in view.heads}
    found = [
        PeriodFinding(rulebook.finding(code, hit, columns.get(hit.submission_id or -1, {})), str(hit.place_id), hit.submission_id)
        for code, rule in rules.MONTH_RULES.items()
        for hit in rule(view, rulebook.thresholds(code))
    ]
    return tuple(sorted(found, key=lambda item: (*item.finding.sort_key(), item.place_id)))
