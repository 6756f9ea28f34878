"""The reference tables packaged in `schemas/reference`: places with their codes and aliases, and the expected directorates."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from pipelines.model import Period
from pipelines.places import Gazetteer


@dataclass(frozen=True, slots=True)
class Directorate:
    """A regional directorate (DRDSES) and when it is expected to report. `reports_within` is the region whose return holds
    its rows until it has its own."""

    place_id: str
    name: str
    valid_from: str
    valid_to: str
    reports_within: str


def rows(table: str) -> list[dict[str, str]]:
    """The rows of `schemas/reference/{table}.csv`."""
    text = files("schemas").joinpath("reference", f"{table}.csv").read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def fingerprint() -> str:
    """Identifies the packaged reference tables and layouts."""
    digest = hashlib.sha256()
    for folder in ("reference", "layouts"):
        for item in sorted(files("schemas").joinpath(folder).iterdir(), key=lambda item: item.name):
            if item.name.endswith((".csv", ".toml")):
                digest.update(item.name.encode() + b"\0" + item.read_bytes())
    return digest.hexdigest()


@cache
def gazetteer() -> Gazetteer:
    return Gazetteer.from_rows(rows("places"), rows("place_codes"), rows("place_aliases"))


def expected_regions(period: Period) -> tuple[str, ...]:
    """The regions whose directorate owes a return for a month, in the order of their ids."""
    month = str(period)
    return tuple(
        sorted(
            row["place_id"]
            for row in rows("directorates")
            if not row["reports_within"]
            and (not row["valid_from"] or row["valid_from"][:7] <= month)
            and (not row["valid_to"] or month <= row["valid_to"][:7])
        )
    )
