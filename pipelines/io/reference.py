"""The reference tables packaged in `schemas/reference`: places with their codes and aliases, and the expected directorates."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from pipelines.io.store import Store
from pipelines.model import Period
from pipelines.places import Alias, Gazetteer, normalise
from schemas.codes import MemberKind


@dataclass(frozen=True, slots=True)
class Directorate:
    """A regional directorate (DRDSES) and when it is expected to report. `reports_within` is the region whose return holds
    its rows until it has its own."""

    place_id: str
    name: str
    valid_from: str
    valid_to: str
    reports_within: str


@dataclass(frozen=True, slots=True)
class Member:
    """An organisation of the CMP; `organisation` is how the commission's reports print it."""

    organisation: str
    name_fr: str
    name_en: str
    kind: MemberKind

    def name(self, lang: str) -> str:
        return self.name_en if lang == "en" else self.name_fr


def rows(table: str) -> list[dict[str, str]]:
    """The rows of `schemas/reference/{table}.csv`."""
    text = files("schemas").joinpath("reference", f"{table}.csv").read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def fingerprint() -> str:
    """Identifies the packaged reference tables and layouts, and the code that judges a file with them."""
    digest = hashlib.sha256()
    folders = (*(files("schemas").joinpath(name) for name in ("reference", "layouts")), files("schemas"), files("pipelines"))
    for folder in folders:
        for item in sorted(folder.iterdir(), key=lambda item: item.name):
            if item.name.endswith((".csv", ".toml", ".py")):
                digest.update(item.name.encode() + b"\0" + item.read_bytes())
    return digest.hexdigest()


def gazetteer(confirmed: tuple[Alias, ...] = ()) -> Gazetteer:
    """The packaged places with their codes and spellings. `confirmed` are the spellings that people of this installation have
    confirmed: only what matches names needs them, and where both speak of one name they outrank the packaged ones."""
    return _gazetteer(tuple(sorted(confirmed, key=str)))


@lru_cache(maxsize=8)
def _gazetteer(confirmed: tuple[Alias, ...]) -> Gazetteer:
    columns = ("alias", "level", "parent_id", "place_id")
    ours = [dict(zip(columns, (alias, level, parent or "", place), strict=True)) for alias, level, parent, place in confirmed]
    decided = {(normalise(row["alias"]), row["level"], row["parent_id"]) for row in ours}
    packaged = [row for row in rows("place_aliases") if (normalise(row["alias"]), row["level"], row["parent_id"]) not in decided]
    return Gazetteer.from_rows(rows("places"), rows("place_codes"), [*packaged, *ours])


def confirmed_in(store_url: str) -> tuple[Alias, ...]:
    """The spellings confirmed in a store; none when there is no store yet, and none is made. Raises StoreError."""
    if not Store.exists(store_url):
        return ()
    with Store.open(store_url, migrate=False) as store:
        return tuple((row["alias"], row["level"], row["parent_id"], row["place_id"]) for row in store.confirmed_aliases())


def expected_directorates(period: Period) -> tuple[Directorate, ...]:
    """The directorates that owe a return for a month, in the order of their regions' ids."""
    found = (
        Directorate(row["place_id"], row["name_fr"], row["valid_from"], row["valid_to"], row["reports_within"])
        for row in rows("directorates")
    )
    expected = (one for one in found if not one.reports_within and _in_force(one.valid_from, one.valid_to, period))
    return tuple(sorted(expected, key=lambda one: one.place_id))


def expected_regions(period: Period) -> tuple[str, ...]:
    """The regions whose directorate owes a return for a month, in the order of their ids."""
    return tuple(one.place_id for one in expected_directorates(period))


def ministry(period: Period) -> str:
    """The name of the ministry in charge in a month."""
    known = [row for row in rows("ministries") if _in_force(row["valid_from"], row["valid_to"], period)]
    return known[-1]["name_fr"]


def members(period: Period) -> tuple[Member, ...]:
    """The members of the CMP in a month, in the order in which its reports print them."""
    return tuple(
        Member(row["organisation"], row["name_fr"], row["name_en"], MemberKind(row["kind"]))
        for row in rows("members")
        if _in_force(row["valid_from"], row["valid_to"], period)
    )


def crosswalk(vintage: str) -> dict[str, str]:
    """Of the places of the list in use, the place of another list in which each wholly lies, the country when it lies in several
    regions. A place that is not there lies where the place above it lies; empty for a list without a crosswalk."""
    return {row["place_id"]: row["within_id"] for row in rows("crosswalk") if row["vintage"] == vintage}


def _in_force(valid_from: str, valid_to: str, period: Period) -> bool:
    return (not valid_from or valid_from[:7] <= str(period)) and (not valid_to or str(period) <= valid_to[:7])
