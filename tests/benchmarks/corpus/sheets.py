"""How a month of the country is written down: the returns of the regions and the files of everybody else, as cells."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pandas as pd

from pipelines.model import STATEMENT_COLUMNS, OpenedFile, Period, Sheet
from schemas import fields
from schemas.codes import Basis, Cause, PopulationGroup, RowLevel, Unit
from schemas.fields import CIRCULATED, IDP, MOVEMENT, ORIGIN, REPATRIATED, RETURNEE
from tests.benchmarks.corpus.country import BY_CERCLE, Draft, Move, Spot
from tests.fiche import GAZETTEER, Fiche

PARTNER = "PAM"
"""It counts by itself, in the regions where it works."""
WITHOUT_PARTNER = frozenset({"R01", "R09"})
ACTORS = ("NRC", "CRS", "Solidarités", "DRC")
_SEX_AGE = dict(zip((item.name for item in fields.SEX_AGE_FIELDS), (9, 18, 20, 5, 9, 17, 18, 4), strict=True))
_SHELTER = dict(zip((item.name for item in fields.SHELTER_FIELDS), (55, 20, 12, 5, 3, 5), strict=True))


def returns(draft: Draft) -> list[OpenedFile]:
    regions = sorted({spot.region for spot in draft.spots.values()} - draft.without_return)
    return [_return(draft, region).file(f"fiche_{draft.period}_{region}.xlsx") for region in regions]


def sources(draft: Draft) -> list[OpenedFile]:
    """All that is sent beside the returns."""
    files = [_dtm(draft), *_partner(draft), _circulated(draft)]
    if draft.alerts:
        files.append(
            _table(f"alertes_{draft.period}.xlsx", fields.ALERT, [_placed(row, draft) for row in draft.alerts], "Alertes")
        )
    if draft.statements:
        files.append(_table(f"chiffres_{draft.period}.xlsx", fields.STATEMENT, [_placed(row, draft) for row in draft.statements],
                            "Chiffres cités"))  # fmt: skip
    if draft.refugee_agency:
        files.append(_refugee_agency(draft))
    return [*files, _presence(draft)]


def printed(draft: Draft, sent: Mapping[str, int]) -> pd.DataFrame:
    """What the report of the month before printed of the totals that were `sent` then."""
    before = draft.period.previous()
    rows = [
        {"place_id": place, "population_group": "idp", "measure": "stock", "unit": "individual", "value": total + draft.printed.get(place, 0),
         "as_of": before.last_day, "source_id": "cmp", "organisation": "CMP", "lineage": "cmp", "scope": "whole", "table": "printed",
         "file": "printed.csv", "row": at, "document": f"Rapport CMP {before}"}
        for at, (place, total) in enumerate(sent.items(), start=2)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=STATEMENT_COLUMNS, dtype=object).astype({"value": "Int64", "row": "Int64"})


# --- a return -----------------------------------------------------------------------------------------------------------


def _return(draft: Draft, region: str) -> Fiche:
    last = draft.period.last_day
    fiche = Fiche().identify("region", _name(region)).identify("period", str(draft.period))
    fiche.identify("prepared_on", last - timedelta(days=1)).identify("validated_on", last + timedelta(days=4))
    for spot in draft.own(region):
        _stock_rows(fiche, draft, spot)
    for move in draft.moves:
        if region in move.tellers:
            fiche.add(MOVEMENT, **_movement(move))
    return fiche


def _stock_rows(fiche: Fiche, draft: Draft, spot: Spot) -> None:
    where = {**_place(spot.place_id), "level": RowLevel.COMMUNE.fr}
    days = draft.on_alert.get(spot.place_id)
    basis = Basis.REGISTRATION if days is None else Basis.ALERT
    observed = draft.period.last_day - timedelta(days=3 if days is None else days)
    counted = {"basis": basis.fr, "observed_on": observed}
    people = {"households": spot.households, "individuals": spot.individuals}
    if not spot.individuals:
        people["households"] = 0
    fiche.add(IDP, **where, **people, **_split(spot.individuals, _SEX_AGE), shelter_unit=Unit.INDIVIDUAL.fr,
              **_split(spot.individuals, _SHELTER), **_split(spot.individuals, {"primary": 85, "secondary": 15}),
              **_split(spot.individuals, {"under_12_months": 35, "over_12_months": 65}), **counted)  # fmt: skip
    for origin, persons in _split(spot.individuals, {"Mopti": 70, "Gao": 30}).items():
        if persons:
            fiche.add(ORIGIN, **where, origin_region=origin, cause=Cause.INSECURITY.fr, households=min(persons, spot.of(persons)),
                      individuals=persons)  # fmt: skip
    registered = {"basis": Basis.REGISTRATION.fr, "observed_on": draft.period.last_day - timedelta(days=3)}
    for table, persons in ((RETURNEE, spot.returnees), (REPATRIATED, spot.repatriated)):
        if persons:
            fiche.add(table, **where, households=max(1, round(persons / 5.5)), individuals=persons, **registered)


def _movement(move: Move) -> dict[str, Any]:
    ends = {f"{side}_{level}": name for side, place in (("from", move.left), ("to", move.reached)) if place
            for level, name in _place(place, region=True).items()}  # fmt: skip
    return {"movement": move.movement.fr, **ends, "households": move.households, "individuals": move.individuals,
            "observed_on": move.day, "basis": Basis.REGISTRATION.fr, "alert_number": move.alert_number}  # fmt: skip


def _split(total: int, weights: Mapping[str, int]) -> dict[str, int]:
    """`total` in whole parts that add up to it."""
    whole, parts, done = sum(weights.values()), {}, 0
    for name, weight in weights.items():
        parts[name] = total * weight // whole
        done += parts[name]
    return {**parts, next(iter(parts)): next(iter(parts.values())) + total - done}


# --- everybody else -----------------------------------------------------------------------------------------------------


def _dtm(draft: Draft) -> OpenedFile:
    """The lists of the directorates once more: DTM is no second witness."""
    head = ("Snapshot Date", "Admin 1", "Admin 1 pcode", "Admin 2", "Admin 2 pcode", "Admin 3", "Admin 3 pcode", "Total No. of IDPs HH",
            "Total No. of IDPs Ind.", "Num_RET_from_Abroad_HH", "Num_RET_from_Abroad_IND", "Num_Ret_IDP_HH", "Num_Ret_IDP_IND")  # fmt: skip
    rows: list[Sequence[Any]] = [head]
    for spot in _counted(draft):
        line, share = (spot.region, spot.cercle, spot.place_id), draft.copied.get(spot.place_id, 1.0)
        codes = [cell for place in line for cell in (_name(place), GAZETTEER.pcode(place))]
        rows.append((draft.period.last_day, *codes, round(spot.households * share), round(spot.individuals * share), None, None,
                     round(spot.returnees / 5.5) or None, spot.returnees or None))  # fmt: skip
    return _file(f"dtm_{draft.period}.xlsx", "Baseline", rows)


def _partner(draft: Draft) -> Iterator[OpenedFile]:
    rows: list[dict[str, Any]] = []
    for region in sorted({spot.region for spot in draft.spots.values()} - WITHOUT_PARTNER):
        lines = [(spot, draft.partner[spot.place_id]) for spot in _counted(draft) if spot.region == region]
        if region in BY_CERCLE:
            rows.extend(_totals_of(draft, region, lines))
        else:
            rows.extend(
                _line(spot.place_id, spot.households * share, spot.individuals * share, draft.period) for spot, share in lines
            )
    table = fields.STOCK
    names = ("region", "cercle", "commune", "households", "individuals", "observed_on", "organisation")
    if rows:
        yield _table(f"partenaire_{draft.period}.xlsx", table, rows, "Liste", names)


def _totals_of(draft: Draft, region: str, lines: Iterable[tuple[Spot, float]]) -> Iterator[dict[str, Any]]:
    sums: dict[str, list[float]] = {}
    for spot, share in lines:
        total = sums.setdefault(spot.cercle, [0, 0])
        total[0] += spot.households * share
        total[1] += spot.individuals * share
    whole = [sum(round(total[at]) for total in sums.values()) for at in (0, 1)]
    share = draft.partner.get(region, 1.0)
    yield _line(region, whole[0] * share, whole[1] * share, draft.period)
    for cercle, (households, persons) in sums.items():
        yield _line(cercle, households, persons, draft.period)


def _line(place_id: str, households: float, persons: float, period: Period) -> dict[str, Any]:
    return {**_place(place_id, region=True), "households": round(households), "individuals": round(persons),
            "observed_on": period.last_day - timedelta(days=4), "organisation": PARTNER}  # fmt: skip


def _circulated(draft: Draft) -> OpenedFile:
    rows = [
        {**_place(row["place_id"], region=True), "population_group": PopulationGroup(row.get("group", "idp")).fr, "unit": Unit.INDIVIDUAL.fr, "value": row["value"],
         "stated_on": draft.period.last_day + timedelta(days=2), "organisation": f"SLDSES de {_name(row['place_id'])}",
         "document": "Point mensuel"}
        for row in draft.circulated
    ]  # fmt: skip
    return _table(f"totaux_{draft.period}.xlsx", CIRCULATED, rows, "Totaux circulés")


def _refugee_agency(draft: Draft) -> OpenedFile:
    rows: list[Sequence[Any]] = [
        ("Région de retour", "Cercle de retour", "Pays d'asile", "Cumul ménages", "Cumul individus", "À la date du")
    ]
    for cercle, share in sorted(draft.refugee_agency.items()):
        persons = round(sum(spot.repatriated for spot in draft.spots.values() if spot.cercle == cercle) * share)
        rows.append(
            (
                _name(GAZETTEER.region_of(cercle) or ""),
                _name(cercle),
                "Niger",
                round(persons / 5.5),
                persons,
                draft.period.last_day,
            )
        )
    return _file(f"hcr_{draft.period}.xlsx", "Rapatriements", rows)


def _presence(draft: Draft) -> OpenedFile:
    rows = []
    for at, spot in enumerate(_counted(draft)):
        gone = spot.place_id in draft.without_actor
        rows.append({**_place(spot.place_id, region=True), "organisation": ACTORS[at % len(ACTORS)], "sector": "Vivres", "started_on": date(2018, 6, 1),
                     "ended_on": draft.period.first_day - timedelta(days=10) if gone else None})  # fmt: skip
    return _table(f"presence_{draft.period}.xlsx", fields.PRESENCE, rows, "3W")


def _counted(draft: Draft) -> list[Spot]:
    return [spot for spot in draft.spots.values() if spot.individuals]


# --- cells --------------------------------------------------------------------------------------------------------------


def _name(place_id: str) -> str:
    return GAZETTEER.place(place_id).name


def _place(place_id: str, *, region: bool = False) -> dict[str, str]:
    line = (place_id, *GAZETTEER.ancestors(place_id))
    levels = {GAZETTEER.place(place).level: _name(place) for place in line}
    return {
        level: levels[level] for level in ("region", "cercle", "commune") if level in levels and (region or level != "region")
    }


def _placed(row: Mapping[str, Any], draft: Draft) -> dict[str, Any]:
    return {**_place(row["place_id"], region=True), **{name: value for name, value in row.items() if name != "place_id"}}


def _table(
    name: str, table: fields.Table, rows: Iterable[Mapping[str, Any]], title: str, columns: Sequence[str] | None = None
) -> OpenedFile:
    names = columns or table.names
    cells = [[_cell(row.get(column)) for column in names] for row in rows]
    return _file(name, title, [[table[column].label.fr for column in names], *cells])


def _cell(value: Any) -> Any:
    """As a person types it: codes by their French labels."""
    return getattr(value, "fr", value)


def _file(name: str, title: str, rows: Sequence[Sequence[Any]]) -> OpenedFile:
    digest = hashlib.sha256(repr((name, rows)).encode()).hexdigest()
    return OpenedFile(name, digest, (Sheet(title, tuple(map(tuple, rows))),))
