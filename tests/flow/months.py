"""A data folder into which returns arrive, consolidated by the plain functions: what the tests of whole months start from."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from pipelines import consolidation
from pipelines.consolidation import Job, Outcome
from pipelines.io.board import Board, board
from pipelines.model import Period
from pipelines.settings import Settings
from schemas import fields
from tests.fiche import Fiche, stock

MONTH = "2019-12"
Row = tuple[str, str | None, int, int]
"""Cercle, commune, households, individuals."""

SEGOU: tuple[Row, ...] = (("Ségou", "Ségou", 100, 520), ("Niono", "Niono", 40, 210))
MOPTI: tuple[Row, ...] = (("Mopti", "Mopti", 300, 1500), ("Bankass", "Bankass", 80, 401))
GAO: tuple[Row, ...] = (("Gao", "Gao", 60, 333),)


def fiche_of(region: str, rows: tuple[Row, ...], period: str = MONTH) -> Fiche:
    """A return that draws no finding of its own."""
    last = Period.parse(period).last_day
    fiche = Fiche().identify("region", region).identify("period", period)
    fiche.identify("prepared_on", last - timedelta(days=1)).identify("validated_on", last + timedelta(days=4))
    for cercle, commune, households, individuals in rows:
        day: date = last - timedelta(days=3)
        for table in (fields.IDP, fields.RETURNEE):
            fiche.add(table, **stock(cercle, commune, households, individuals, observed_on=day))
    return fiche


class Folder:
    """A data folder. Files are given as bytes, since a workbook written twice differs in its date of creation."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.settings = Settings(data_dir=root)

    def receive(self, name: str, content: bytes, period: str = MONTH) -> Path:
        path = self.root / "raw" / period / "returns" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def copy(self, to: Path) -> Folder:
        return Folder(Path(shutil.copytree(self.root, to)))

    def job(self, period: str = MONTH) -> Job:
        return consolidation.job(Period.parse(period), self.settings)

    def consolidate(self, period: str = MONTH, perform: Callable[..., Any] = consolidation.plainly) -> Outcome:
        return consolidation.consolidate(self.job(period), perform)

    def board(self, period: str = MONTH) -> Board:
        with self.job(period).store() as store:
            return board(store, Period.parse(period))

    def outputs(self, period: str = MONTH) -> dict[str, bytes]:
        """Every file written for a month, hidden ones too; aside from the mark by which the program knows its own workbook."""
        folder = self.root / "processed" / period
        files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".written-"))
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}

    def dataset_sha256(self, period: str = MONTH) -> str:
        [[digest]] = self.query("SELECT dataset_sha256 FROM release WHERE period = ?", period)
        return str(digest)

    def query(self, sql: str, *params: Any) -> list[tuple[Any, ...]]:
        return query(self.root, sql, *params)

    def total(self, region: str | None, period: str = MONTH, unit: str = "individual") -> int | None:
        """The IDP stock of a region, or of the country."""
        where = "level = 'country'" if region is None else "level = 'region' AND region = ?"
        [[value]] = self.query(
            f"SELECT value FROM draft_figure WHERE period = ? AND unit = ? AND {where} AND {IS_TOTAL} "
            "AND population_group = 'idp' AND measure = 'stock'",
            period, unit, *([region] if region else []),
        )  # fmt: skip
        return None if value is None else int(value)

    def bridge(self, region: str, period: str = MONTH) -> list[tuple[str, int | None, str]]:
        """(kind, value, reason) of each item that makes the IDP individuals of a region."""
        return self.query(
            "SELECT kind, value, reason FROM draft_bridge WHERE period = ? AND level = 'region' AND region = ? "
            "AND population_group = 'idp' AND measure = 'stock' AND unit = 'individual' ORDER BY item",
            period, region,
        )  # fmt: skip


BREAKDOWNS = ("sex", "age", "shelter", "displacement", "origin_pcode", "cause", "vulnerability")
IS_TOTAL = " AND ".join(f"{name} = '_T'" for name in BREAKDOWNS)


def query(root: Path, sql: str, *params: Any) -> list[tuple[Any, ...]]:
    """Rows of a query on the SQLite store of a data folder, read without any code of the program."""
    with closing(sqlite3.connect(root / "processed" / "cmp.sqlite")) as connection:
        return connection.execute(sql, params).fetchall()
