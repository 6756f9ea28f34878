"""Writes the sample months `data/raw/2019-11` and `data/raw/2019-12` from the tables of `data/sample_facts`.

December holds the real households and individuals of DTM round 60; every breakdown, movement, alert and partner source, and
all of November, is illustrative and says so in the workbook. November is December less its movements. The sources agree with
the returns but for the few disagreements that the month is there to show. The script checks what it is about to write and stops
before the first file when anything does not add up; run again, it writes the same bytes.

    python -m data.make_sample            (from the root of the repository)
    python -m data.make_sample FOLDER     (somewhere else)
"""

from __future__ import annotations

import csv
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from babel.dates import format_date

from pipelines.io.template import write_return, write_tables
from pipelines.model import Period
from pipelines.places import normalise
from schemas import fields
from schemas.codes import AgeBand, Movement, Sex, StatementStatus, Vulnerability

HERE = Path(__file__).resolve().parent
NOVEMBER, DECEMBER = Period(2019, 11), Period(2019, 12)
TOTALS = {NOVEMBER: {"individuals": 201_429}, DECEMBER: {"households": 38_753, "individuals": 207_751}}
RETURNEES_DECEMBER = 561_606
SLUGS = {
    "Kayes": "kayes", "Koulikouro": "koulikoro", "Sikasso": "sikasso", "Segou": "segou", "Mopti": "mopti",
    "Tombouctou": "tombouctou", "Gao": "gao", "Kidal": "kidal", "Bamako": "bamako",
}  # fmt: skip
"""The nine directorates that send a return, as round 60 prints them. Ménaka sends none: its row stands in Gao's."""
MOVEMENT_REGION = {"Koulikouro": "Koulikoro"}
WITHOUT_VISA = {(DECEMBER, "Kidal")}
CORRECTED = {
    "Koulikouro": "Koulikoro", "KaYes": "Kayes", "MLI003005 Kita": "MLI001005", "MLI008002 Kadiolo": "MLI003001",
}  # fmt: skip
"""What November writes right and December, like round 60, does not."""
BASIS = {
    "Bafoulabé": "key_informant", "Yorosso": "key_informant", "Tominian": "key_informant", "Dire": "key_informant",
    "Menaka": "key_informant", "Abeibara": "key_informant", "Tessalit": "key_informant", "Douentza": "assessment",
}  # fmt: skip
"""By cercle, illustrative; every other figure is an enregistrement."""
WITHOUT_DETAIL = {"Abeibara": "inaccessible", "Tessalit": "inaccessible", "Youwarou": "not_collected"}
SHELTER_IN_HOUSEHOLDS = {"Sikasso"}
CAUSE = {"Mopti": "communal_conflict", "Segou": "communal_conflict", "Gao": "insecurity"}
ORIGIN_CERCLES = {
    "Mopti": (("Bankass", "Koro"), ("Koro", "Bankass"), ("Bankass", "Mopti"), ("Koro", "Mopti")),
    "Segou": (("Niono", "Macina"), ("Macina", "Niono")),
}  # fmt: skip
SPLIT_FROM = 300
"""Places with fewer persons keep a single origin."""
NEEDS_SOUTH, NEEDS = ("cash", "food", "health"), ("food", "shelter", "nfi")
SOUTH = {"Kayes", "Koulikouro", "Sikasso", "Bamako"}
_MARK = "DONNÉES ILLUSTRATIVES"
_REAL_COUNTS = f"{_MARK} — Ménages et individus : DTM cycle 60 (réel)"
NOTICES: Mapping[Period, Mapping[str, str] | str] = {
    DECEMBER: {
        "identification": f"{_MARK} — Fiche reconstituée pour l'essai ; agents, PV et dates sont fictifs.",
        "idp": f"{_REAL_COUNTS} ; ventilations, bases et dates : illustratives.",
        "origin": f"{_MARK} — Région d'origine : DTM cycle 60 ; cercles, motifs et répartition : illustratifs.",
        "movement": f"{_MARK} — Tous les mouvements de cette feuille sont fictifs.",
        "returnee": f"{_REAL_COUNTS} ; bases et dates : illustratives.",
        "repatriated": f"{_MARK} — Tous les chiffres de cette feuille sont fictifs.",
        "need": f"{_MARK} — Tous les chiffres de cette feuille sont fictifs.",
        "site": f"{_MARK} — Tous les sites et chiffres de cette feuille sont fictifs.",
    },
    NOVEMBER: f"{_MARK} — Novembre 2019 est entièrement fictif ; seul le total national (201 429) est publié.",
}  # fmt: skip


@dataclass(frozen=True)
class Source:
    """A file of December's `sources/`: its facts, its layout and, in the sender's order, its columns; all of the table's when
    empty."""

    slug: str
    facts: str
    layout: str
    table: str
    title: str
    notice: str
    columns: tuple[str, ...] = ()


_PLACE, _COUNTS = ("region", "cercle"), ("households", "individuals")
SOURCES = (
    Source("totaux_circules_{}_segou", "circulated_2019_12", "totaux-circules-v1", "circulated", "Totaux circulés localement",
           "Total fictif, différent de la fiche régionale à dessein."),
    Source("liste_partenaire_{}_mopti", "partner_list_2019_12", "liste-partenaire-v1", "stock", "Liste d'un partenaire à Mopti",
           "Organisation et chiffres fictifs ; proches de la fiche régionale, sauf à Djenné, à dessein.",
           (*_PLACE, *_COUNTS, "observed_on", "organisation", "remarks")),
    Source("presence_3w_{}", "presence_2019_12", "presence-3w-v1", "presence", "Présence des acteurs",
           "Acteurs et présences fictifs ; personne à Tominian ni à Diré, à dessein."),
    Source("chiffres_cites_{}", "quoted_2019_12", "chiffres-cites-v1", "statement", "Chiffres cités par d'autres",
           "Chiffres et documents fictifs ; un seul se compare à la fiche, à dessein.",
           ("stated_on", "organisation", "place", *_PLACE, "commune", "population_group", *_COUNTS, "status", "document", "remarks")),
    Source("rapatriements_hcr_{}", "unhcr_2019_12", "hcr-rapatriements-v1", "stock", "Rapatriements comptés par le HCR",
           "Chiffres fictifs, que le HCR n'a pas publiés.",
           (*_PLACE, "asylum_country", "repatriated_households", "repatriated_individuals", "observed_on", "organisation", "document",
            "remarks")),
)  # fmt: skip
APART = {"Djenné"}
"""Where the partner's list and the return differ, by 12 to 20 %; elsewhere they agree within 5 %."""
UNCOVERED = {"Tominian", "Dire"}
"""Where nobody works: the figures of both rest on key informants."""
COVERED_FROM = 100
"""Places with fewer persons need no actor to be covered."""
NOT_COUNTED = {"N°08/2019-12/ERM"}
"""The alert whose people no return counts as arrived."""
TOLD_TWICE = ("N°03/2019-12/ERM", "N°07/2019-12/ERM")
"""Two organisations that tell of one event with counts far apart."""
Facts = list[dict[str, str]]
Rows = dict[str, list[dict[str, Any]]]
Key = tuple[str, str]
"""A place of refuge: its cercle, and its commune when the row covers only that."""


class SampleError(Exception):
    """The sample does not add up; nothing was written."""


def facts(name: str) -> Facts:
    """The rows of one table of `data/sample_facts`."""
    with (HERE / "sample_facts" / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def layout(name: str) -> dict[str, Any]:
    """A layout as written in `schemas/layouts`."""
    return tomllib.loads(files("schemas").joinpath("layouts", f"{name}.toml").read_text("utf-8"))


# --- numbers --------------------------------------------------------------------------------------------------------


@cache
def shares(breakdown: str) -> dict[str, int]:
    """category -> percent, of `proportions.csv`."""
    return {row["category"]: int(row["percent"]) for row in facts("proportions") if row["breakdown"] == breakdown}


def split(total: int, weights: Mapping[str, int]) -> dict[str, int]:
    """`total` in whole parts by the largest remainder; ties go to the first. The parts add up to `total`."""
    whole = sum(weights.values())
    parts = {name: total * weight // whole for name, weight in weights.items()}
    order = sorted(weights, key=lambda name: -(total * weights[name] % whole))
    for name in order[: total - sum(parts.values())]:
        parts[name] += 1
    return parts


def split_sex_age(total: int) -> dict[str, int]:
    """The eight columns by sex and age. Sex and age are taken as independent."""
    sexes, ages = shares("sex"), shares("age")
    return split(total, {fields.sex_age_name(s, a): sexes[s] * ages[a] for s in Sex for a in AgeBand})


def split_shelter(total: int) -> dict[str, int]:
    """The shelter columns; types that the published shares leave out are 0."""
    parts = split(total, {f"shelter_{name}": percent for name, percent in shares("shelter").items()})
    return {item.name: parts.get(item.name, 0) for item in fields.SHELTER_FIELDS}


# --- places and months ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """A row of round 60, or what November makes of it. `reported` is False where the month has no row at all."""

    number: int
    region: str
    cercle: str
    commune: str
    level: str
    code: str
    origin: str
    idp: tuple[int, int]
    returnee: tuple[int, int]
    reported: bool = True

    @property
    def key(self) -> Key:
        return self.cercle, self.commune if self.level == "commune" else ""

    @property
    def named(self) -> dict[str, Any]:
        return {"cercle": self.cercle, "commune": self.commune, "code": self.code, "level": self.level}


def december() -> list[Place]:
    return [
        Place(
            number, row["region"], row["cercle"], row["commune"], row["level"], row["code"], row["origin_region"],
            (int(row["idp_households"]), int(row["idp_individuals"])),
            (int(row["returnee_households"]), int(row["returnee_individuals"])),
        )
        for number, row in enumerate(facts("dtm_round60_2019_12"))
    ]  # fmt: skip


def november(places: Iterable[Place]) -> list[Place]:
    """The month before: each stock less its movements. Places that only appear in December have no row."""
    stock, returned = stock_changes(facts("movements_2019_12")), returnee_changes(facts("movements_2019_12"))
    return [_month_before(place, stock[place.key], returned[place.key]) for place in places]


def _month_before(place: Place, change: Pair, returned: Pair) -> Place:
    idp = (place.idp[0] - change.households, place.idp[1] - change.individuals)
    return replace(
        place,
        origin=CORRECTED.get(place.origin, place.origin),
        code=CORRECTED.get(f"{place.code} {place.cercle}", place.code),
        idp=idp,
        returnee=(place.returnee[0] - returned.households, place.returnee[1] - returned.individuals),
        reported=idp[1] > 0 or place.idp[1] == 0,
    )


@dataclass
class Pair:
    """Households and individuals."""

    households: int = 0
    individuals: int = 0

    def add(self, row: Mapping[str, Any], sign: int) -> None:
        self.households += sign * int(row["households"])
        self.individuals += sign * int(row["individuals"])


class _Pairs(dict[Key, Pair]):
    def __missing__(self, key: Key) -> Pair:
        return self.setdefault(key, Pair())


def stock_changes(movements: Iterable[Mapping[str, Any]]) -> dict[Key, Pair]:
    """What the movements do to the stock of each place: arrivals - returns - other departures ± corrections."""
    changes = _Pairs()
    for row in movements:
        if row["movement"] in ("arrival", "secondary", "correction"):
            changes[row["to_cercle"], row["to_commune"] or ""].add(row, +1)
        if row["movement"] in ("return", "departure", "secondary"):
            changes[row["from_cercle"], row["from_commune"] or ""].add(row, -1)
    return changes


def returnee_changes(movements: Iterable[Mapping[str, Any]]) -> dict[Key, Pair]:
    """The returnees that each place gains by the returns."""
    changes = _Pairs()
    for row in movements:
        if row["movement"] == "return":
            changes[row["to_cercle"], row["to_commune"] or ""].add(row, +1)
    return changes


# --- the sheets of one return ---------------------------------------------------------------------------------------


def rows_of(region: str, period: Period, places: Sequence[Place]) -> Rows:
    """The rows of every sheet of a region's return."""
    seen = [place for place in places if place.reported]
    rows: Rows = {
        "idp": [idp_row(place, period) for place in seen],
        "origin": [row for place in seen if place.idp[1] for row in origin_rows(place)],
        "movement": [],
        "returnee": [count_row(place, place.returnee, period) for place in places],
        "repatriated": repatriated_rows(region, period, places),
        "need": [need_row(place) for place in seen if place.idp[1] and place.cercle not in WITHOUT_DETAIL],
        "site": [],
    }
    if period == DECEMBER:
        rows["movement"] = movement_rows(region)
        rows["site"] = site_rows(region, places)
    return rows


def count_row(place: Place, counts: tuple[int, int], period: Period) -> dict[str, Any]:
    day = date(period.year, period.month, 20 + place.number * 5 % 11)
    basis = BASIS.get(place.cercle, "registration")
    return place.named | {"households": counts[0], "individuals": counts[1], "basis": basis, "observed_on": day}


def idp_row(place: Place, period: Period) -> dict[str, Any]:
    row = count_row(place, place.idp, period)
    if place.cercle in WITHOUT_DETAIL:
        return row | {"missing_reason": WITHOUT_DETAIL[place.cercle]}
    households, individuals = place.idp
    in_households = place.region in SHELTER_IN_HOUSEHOLDS
    row |= split_sex_age(individuals) | split_shelter(households if in_households else individuals)
    row |= split(individuals, shares("displacement")) | split(individuals, shares("duration"))
    return row | {"shelter_unit": "household" if in_households else "individual"}


def origin_rows(place: Place) -> Iterator[dict[str, Any]]:
    """One row or two by place, adding up to its stock."""
    common = place.named | {"origin_region": place.origin, "cause": CAUSE.get(place.region, "armed_conflict")}
    pairs = ORIGIN_CERCLES.get(place.region)
    if pairs is None or place.idp[1] < SPLIT_FROM:
        yield common | {"households": place.idp[0], "individuals": place.idp[1]}
        return
    parts = [split(count, shares("origin")) for count in place.idp]
    for cercle, part in zip(pairs[place.number % len(pairs)], ("first", "second"), strict=True):
        yield common | {"origin_cercle": cercle, "households": parts[0][part], "individuals": parts[1][part]}


def movement_rows(region: str) -> list[dict[str, Any]]:
    wanted = MOVEMENT_REGION.get(region, region)
    return [typed(row) for row in facts("movements_2019_12") if row["region"] == wanted]


def typed(row: Mapping[str, str]) -> dict[str, Any]:
    """A line of facts as cell values: whole numbers, dates, None where empty."""
    return {name: _value(name, text) for name, text in row.items()}


def _value(name: str, text: str) -> Any:
    if not text:
        return None
    if name == "value" or name.endswith(("households", "individuals")):
        return int(text)
    return date.fromisoformat(text) if name.endswith("_on") else text


def repatriated_rows(region: str, period: Period, places: Sequence[Place]) -> list[dict[str, Any]]:
    by_cercle, month = {place.cercle: place for place in places}, str(period).replace("-", "_")
    rows = []
    for row in facts("repatriated"):
        if row["region"] == region:
            counts = int(row[f"households_{month}"]), int(row[f"individuals_{month}"])
            rows.append(count_row(by_cercle[row["cercle"]], counts, period) | {"asylum_country": row["asylum_country"]})
    return rows


def need_row(place: Place) -> dict[str, Any]:
    """Counts by criterion, rounded down, and the priority needs of the area."""
    households, individuals = place.idp
    counts = {
        name: (households if name == Vulnerability.FEMALE_HEADED else individuals) * percent // 100
        for name, percent in shares("vulnerability").items()
    }
    hosted = split_shelter(households)["shelter_host_family"]
    needs = NEEDS_SOUTH if place.region in SOUTH else NEEDS
    hosts = {"host_families": hosted * shares("host_families")["host_families"] // 100}
    return place.named | counts | hosts | {f"need_{rank}": need for rank, need in enumerate(needs, start=1)}


def site_rows(region: str, places: Sequence[Place]) -> list[dict[str, Any]]:
    codes = {place.commune: place.code for place in places if place.level == "commune"}
    return [
        typed(row) | {"level": "site", "code": codes.get(row["commune"])}
        for row in facts("sites_2019_12")
        if row["region"] == region
    ]


def identification(region: str, period: Period) -> dict[str, Any]:
    """Who prepared and who validated: roles, no real person."""
    number = list(SLUGS).index(region)
    following = period.next()
    form: dict[str, Any] = {
        "version": 1,
        "prepared_by": f"Agent {'ABCDEFGHI'[number]}. (illustratif)",
        "function": "Chargé des mouvements de populations (illustratif)",
        "prepared_on": date(following.year, following.month, 2 + number % 2),
        "validated": "no",
    }
    if (period, region) in WITHOUT_VISA:
        return form
    return form | {
        "validated": "yes",
        "validated_on": date(following.year, following.month, 4 + number % 2),
        "minutes_number": f"PV n° {number + 1:02d}/{period}/DRDSES-{SLUGS[region].upper()}",
        "validated_by": f"Directeur régional {'KLMNPQRST'[number]}. (illustratif)",
    }


# --- checks ---------------------------------------------------------------------------------------------------------


def require(holds: bool, what: str) -> None:
    if not holds:
        raise SampleError(what)


def check(returns: Mapping[Period, Mapping[str, Rows]]) -> None:
    """Raises SampleError unless every identity of the sample holds in the rows about to be written."""
    for period, regions in returns.items():
        check_totals(period, regions)
        for region, rows in regions.items():
            check_sums(region, rows)
            check_origins(region, rows)
    for region in SLUGS:
        check_past(region, returns[NOVEMBER][region], returns[DECEMBER][region])
    check_stock_flow(returns[NOVEMBER], returns[DECEMBER])
    check_sites(returns[DECEMBER])
    check_alert_numbers(returns[DECEMBER])
    check_alerts(returns[DECEMBER])
    check_partner_list(returns[DECEMBER])
    check_presence(returns[DECEMBER])
    check_quoted(returns[DECEMBER])
    check_unhcr(returns[DECEMBER])
    check_illustrative()


def check_totals(period: Period, regions: Mapping[str, Rows]) -> None:
    for unit, expected in TOTALS[period].items():
        found = sum(row[unit] for rows in regions.values() for row in rows["idp"])
        require(found == expected, f"{period}: {found} PDI ({unit}), not {expected}")
    returnees = sum(row["individuals"] for rows in regions.values() for row in rows["returnee"])
    if period == DECEMBER:
        require(returnees == RETURNEES_DECEMBER, f"{returnees} returnees, not {RETURNEES_DECEMBER}")


def check_sums(region: str, rows: Rows) -> None:
    """Sexes and ages, shelter, displacement and duration add up to each row."""
    sex_age = [item.name for item in fields.SEX_AGE_FIELDS]
    groups = (sex_age, ["primary", "secondary"], ["under_12_months", "over_12_months"])
    for row in rows["idp"]:
        where = f"{region}, {row['cercle']}, {row['commune']}"
        if row.get("missing_reason"):
            continue
        for names in groups:
            require(sum(row[name] for name in names) == row["individuals"], f"{where}: {names} do not add up")
        housed = row["households" if row["shelter_unit"] == "household" else "individuals"]
        require(sum(row[item.name] for item in fields.SHELTER_FIELDS) == housed, f"{where}: shelter does not add up")


def check_origins(region: str, rows: Rows) -> None:
    for unit in ("households", "individuals"):
        stock, origins = Counter[Key](), Counter[Key]()
        for row in rows["idp"]:
            stock[row["cercle"], row["commune"]] += row[unit]
        for row in rows["origin"]:
            origins[row["cercle"], row["commune"]] += row[unit]
        require(+stock == +origins, f"{region}: origins ({unit}) differ from the stocks")


def check_past(region: str, before: Rows, now: Rows) -> None:
    """No count is frozen for a whole region, no cumulative count falls, household sizes stay usual."""
    require(stocks(before) != stocks(now), f"{region}: identical to the month before")
    for table in ("returnee", "repatriated"):
        past = {_row_key(row): row["individuals"] for row in before[table]}
        for row in now[table]:
            require(past[_row_key(row)] <= row["individuals"], f"{region}, {row['cercle']}: {table} fall")
        moved = [row for row in now[table] if past[_row_key(row)] != row["individuals"]]
        require(bool(moved) or not sum(past.values()), f"{region}: {table} identical to the month before")
    unusual = {_row_key(row) for row in now["idp"] if not usual_size(row)}
    for row in before["idp"]:
        require(usual_size(row) or _row_key(row) in unusual, f"{row['cercle']}, {row['commune']}: household size")


def usual_size(row: Mapping[str, Any]) -> bool:
    return not row["households"] or 3.6 <= row["individuals"] / row["households"] <= 8.9


def stocks(rows: Rows) -> dict[tuple[str, ...], tuple[int, int]]:
    return {_row_key(row): (row["households"], row["individuals"]) for row in rows["idp"]}


def _row_key(row: Mapping[str, Any]) -> tuple[str, ...]:
    return row["cercle"], row["commune"] if row["level"] == "commune" else "", row.get("asylum_country") or ""


def check_stock_flow(before: Mapping[str, Rows], now: Mapping[str, Rows]) -> None:
    """Stock = stock of the month before + arrivals - returns - other departures ± corrections, for every place."""
    past = {key: pair for rows in before.values() for key, pair in stocks(rows).items()}
    present = {key: pair for rows in now.values() for key, pair in stocks(rows).items()}
    require(past.keys() <= present.keys(), "a place of November has no row in December")
    changes = stock_changes(row for rows in now.values() for row in rows["movement"])
    require({(*key, "") for key in changes} <= present.keys(), "a movement names a place without a row")
    for key, pair in present.items():
        earlier, change = past.get(key, (0, 0)), changes.get((key[0], key[1]), Pair())
        expected = earlier[0] + change.households, earlier[1] + change.individuals
        require(pair == expected, f"{key}: {pair}, not {expected}")


def check_sites(regions: Mapping[str, Rows]) -> None:
    """The sites of a place hold at most the people that its row shelters in sites of that type."""
    for rows in regions.values():
        sheltered = {(row["cercle"], row["commune"]): row.get("shelter_spontaneous_site", 0) for row in rows["idp"]}
        housed = Counter[Key]()
        for row in rows["site"]:
            housed[row["cercle"], row["commune"]] += row["individuals"]
        for key, count in housed.items():
            require(count <= sheltered[key], f"{key}: {count} persons in sites, {sheltered[key]} sheltered there")


def check_alert_numbers(regions: Mapping[str, Rows]) -> None:
    known = {row["alert_number"] for row in facts("alerts")}
    quoted = {row["alert_number"] for rows in regions.values() for row in rows["movement"] if row["alert_number"]}
    require(quoted <= known, f"alerts quoted but not in the list: {sorted(quoted - known)}")


def check_alerts(regions: Mapping[str, Rows]) -> None:
    """Every event of December is in the returns but one, and one is told of with counts far apart."""
    arrivals = Counter[str]()
    for rows in regions.values():
        for row in rows["movement"]:
            if row["movement"] in (Movement.ARRIVAL, Movement.SECONDARY):
                arrivals[normalise(row["to_cercle"])] += row["individuals"]
    alerts = {row["alert_number"]: row for row in facts("alerts") if row["month"] == str(DECEMBER)}
    missed = {number for number, row in alerts.items() if 2 * arrivals[cercle_name(row)] < int(row["individuals"])}
    require(missed == NOT_COUNTED, f"alerts whose people no return counts: {sorted(missed)}")
    one, other = (alerts[number] for number in TOLD_TWICE)
    same = all(one[name] == other[name] for name in ("event_on", "shock", "wave")) and cercle_name(one) == cercle_name(other)
    require(same and one["organisation"] != other["organisation"], f"{TOLD_TWICE} are not two witnesses of one event")
    require(apart(int(one["individuals"]), int(other["individuals"])) > 0.25, f"{TOLD_TWICE} count alike")


def cercle_name(row: Mapping[str, Any]) -> str:
    """A cercle as either spelling of it is known; Ménaka's also goes by MENAKA_CER."""
    return normalise(row["cercle"].removesuffix("_CER"))


def apart(one: int, other: int) -> float:
    """How far two counts are from each other, over the mean of both."""
    return abs(one - other) / ((one + other) / 2)


def by_cercle(rows: Iterable[Mapping[str, Any]]) -> dict[str, Pair]:
    found: dict[str, Pair] = {}
    for row in rows:
        found.setdefault(cercle_name(row), Pair()).add(row, +1)
    return found


def check_partner_list(regions: Mapping[str, Rows]) -> None:
    """The partner is near the return of Mopti everywhere but where they are to differ."""
    told = by_cercle(regions["Mopti"]["idp"])
    for row in facts("partner_list_2019_12"):
        where, own = f"partner list, {row['cercle']}", told[cercle_name(row)]
        for unit, count in (("households", own.households), ("individuals", own.individuals)):
            low, high = (0.12, 0.20) if row["cercle"] in APART else (0.0, 0.05)
            require(low <= apart(count, int(row[unit])) <= high, f"{where}: {row[unit]} {unit} for {count}")
        far = abs(int(row["individuals"]) - own.individuals) >= 250
        require(far or row["cercle"] not in APART, f"{where}: a gap of less than 250 persons")


def check_presence(regions: Mapping[str, Rows]) -> None:
    """Every cercle with displaced people has an actor in December, but those that are to have none."""
    last = DECEMBER.last_day.isoformat()
    there = {cercle_name(row) for row in facts("presence_2019_12")
             if row["started_on"] <= last and (row["ended_on"] or last) >= DECEMBER.first_day.isoformat()}  # fmt: skip
    needed = {row["cercle"] for rows in regions.values() for row in rows["idp"] if row["individuals"] >= COVERED_FROM}
    bare = {cercle for cercle in needed if normalise(cercle) not in there}
    require(bare == UNCOVERED, f"cercles without an actor: {sorted(bare)}")


def check_quoted(regions: Mapping[str, Rows]) -> None:
    """A part is less than its whole, an estimate is round, an old figure is old, and people on no list are of a commune."""
    told = by_cercle(row for rows in regions.values() for row in rows["idp"])
    for row in facts("quoted_2019_12"):
        count, old = int(row["individuals"]), (DECEMBER.last_day - date.fromisoformat(row["stated_on"])).days > 15
        holds = {
            StatementStatus.NOT_REGISTERED: bool(row["commune"]),
            StatementStatus.UNDER_ASSESSMENT: count < told[cercle_name(row)].individuals,
            StatementStatus.ESTIMATE: count % 1000 == 0,
            StatementStatus.REGISTERED: old,
        }
        require(holds[StatementStatus(row["status"])], f"quoted figures, {row['cercle']}: {row['status']} {count}")


def check_unhcr(regions: Mapping[str, Rows]) -> None:
    """UNHCR counts in the places of the returns, from the same countries, and within 2 %."""
    told = {(normalise(row["cercle"]), row["asylum_country"]): row for rows in regions.values() for row in rows["repatriated"]}
    stated = {(cercle_name(row), row["asylum_country"]): row for row in facts("unhcr_2019_12")}
    require(told.keys() == stated.keys(), f"UNHCR: other places than the returns: {sorted(told.keys() ^ stated.keys())}")
    for key, row in stated.items():
        for unit in ("households", "individuals"):
            near = apart(told[key][unit], int(row[f"repatriated_{unit}"])) <= 0.02
            require(near, f"UNHCR, {key[0]}: {row[f'repatriated_{unit}']} {unit} for {told[key][unit]}")


def check_illustrative() -> None:
    """Whoever an invented number is put in the mouth of is marked as invented too."""
    for name in ("alerts", *(source.facts for source in SOURCES)):
        for row in facts(name):
            require("(illustratif)" in row["organisation"], f"{name}: {row['organisation']} is not marked as illustrative")


# --- writing --------------------------------------------------------------------------------------------------------


def build() -> dict[Period, dict[str, Rows]]:
    """The rows of every return of both months, by region as round 60 prints it."""
    now = december()
    months = {NOVEMBER: november(now), DECEMBER: now}
    return {
        period: {region: rows_of(region, period, [p for p in places if p.region == region]) for region in SLUGS}
        for period, places in months.items()
    }


def write_returns(folder: Path, period: Period, regions: Mapping[str, Rows]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for region, slug in SLUGS.items():
        write_return(
            folder / f"fiche_{period}_{slug}.xlsx",
            region_name=CORRECTED.get(region, region) if period == NOVEMBER else region,
            period=period,
            identification=identification(region, period),
            rows=regions[region],
            layout=layout("fiche-v1"),
            notice=NOTICES[period],
        )


def month_name(period: Period) -> str:
    return str(format_date(period.first_day, "MMMM yyyy", locale="fr"))


def write_alerts(folder: Path, period: Period) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    rows = [typed(row) for row in facts("alerts") if row["month"] == str(period)]
    write_tables(
        folder / f"alertes_{period}.xlsx",
        title=f"Alertes et évaluations, {month_name(period)}",
        dated=period.last_day,
        rows={"alert": rows},
        layout=layout("alertes-v1"),
        notice=f"{_MARK} — Toutes les alertes de cette feuille sont fictives.",
    )


def write_source(folder: Path, period: Period, source: Source) -> None:
    """A source bears the date of the latest of its rows, and never one after the month."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [typed(row) for row in facts(source.facts)]
    days = [row[name] for row in rows for name in ("stated_on", "observed_on") if row.get(name)]
    write_tables(
        folder / f"{source.slug.format(period)}.xlsx",
        title=f"{source.title}, {month_name(period)}",
        dated=max(days, default=period.last_day),
        rows={source.table: rows},
        layout=layout(source.layout),
        notice=f"{_MARK} — {source.notice}",
        columns={source.table: source.columns} if source.columns else None,
    )


def main(raw: Path) -> None:
    """Checks the whole sample, then writes it under `raw`. Raises SampleError before anything is written."""
    returns = build()
    check(returns)
    for period, regions in returns.items():
        month = raw / str(period)
        write_returns(month / "returns", period, regions)
        write_alerts(month / "alerts", period)
    for source in SOURCES:
        write_source(raw / str(DECEMBER) / "sources", DECEMBER, source)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "raw")
