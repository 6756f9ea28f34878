"""A fiche modèle in the hands of a directorate: fills in cells by the titles of their columns, as people do, through openpyxl."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Sequence
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from schemas import fields
from schemas.fields import Table

CHECK = "Contrôle"
JANUARY = date(2020, 1, 28)
CORE = {"basis": "enregistrement", "observed_on": JANUARY}
"""What every row of a stock needs beside its place and its counts."""
VISA = {
    "prepared_by": "Agent A", "validated": "oui", "validated_on": date(2020, 2, 4), "minutes_number": "PV-1",
    "validated_by": "Directrice régionale",
}  # fmt: skip


class Filling:
    """A workbook being filled in. Rows are numbered as in Excel."""

    def __init__(self, source: Path | bytes) -> None:
        self.book = openpyxl.load_workbook(BytesIO(source) if isinstance(source, bytes) else source)
        self._headers: dict[str, tuple[int, dict[str, int]]] = {}

    def page(self, table: Table) -> Worksheet:
        return self.book[table.label.fr]

    def _header(self, table: Table) -> tuple[int, dict[str, int]]:
        if table.name not in self._headers:
            page = self.page(table)
            row = next(row for row in range(1, 16) if CHECK in [cell.value for cell in page[row]])
            self._headers[table.name] = row, {cell.value: cell.column for cell in page[row] if cell.value}
        return self._headers[table.name]

    def header(self, table: Table) -> int:
        """The row of the titles."""
        return self._header(table)[0]

    def columns(self, table: Table) -> dict[str, int]:
        """Title of a column -> its number."""
        return self._header(table)[1]

    def put(self, table: Table, row: int, **values: Any) -> int:
        columns = self.columns(table)
        for name, value in values.items():
            self.page(table).cell(row, columns[table[name].label.fr]).value = value
        return row

    def get(self, table: Table, row: int, name: str) -> Any:
        title = table[name].label.fr if name in table.by_name else name
        return self.page(table).cell(row, self.columns(table)[title]).value

    def prefilled(self, table: Table) -> list[int]:
        """The rows whose place is written beforehand."""
        first, rows = self.header(table) + 1, []
        while self.get(table, first + len(rows), table.names[0]) is not None:
            rows.append(first + len(rows))
        return rows

    def add(self, table: Table, **values: Any) -> int:
        """A row below those begun; gives its number."""
        return self.put(table, self.header(table) + 1 + len(self.prefilled(table)), **values)

    def identify(self, **values: Any) -> None:
        for row in self.book["Identification"].iter_rows(min_col=1, max_col=2):
            for name, value in values.items():
                if row[0].value == fields.IDENTIFICATION[name].label.fr:
                    row[1].value = value

    def answer_prefilled(self, households: int = 20, individuals: int = 105) -> None:
        """The mandatory cells of every row written beforehand, and no other."""
        for table in (fields.IDP, fields.RETURNEE, fields.REPATRIATED):
            for row in self.prefilled(table):
                self.put(table, row, households=households, individuals=individuals, **CORE)

    def save(self, path: Path) -> Path:
        self.book.save(path)
        return path


_ALWAYS_RECALCULATE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>
"""


def recalculate(files: Sequence[Path], folder: Path) -> dict[str, openpyxl.Workbook]:
    """The files opened, calculated and saved by LibreOffice: name -> values."""
    profile = folder / "profile"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_ALWAYS_RECALCULATE, encoding="utf-8")
    out = folder / "calculated"
    command = ["soffice", f"-env:UserInstallation={profile.as_uri()}", "--headless", "--convert-to", "xlsx", "--outdir", out]
    subprocess.run([*map(str, command), *map(str, files)], check=True, capture_output=True)
    return {path.name: openpyxl.load_workbook(out / path.name, data_only=True) for path in files}


def column(page: Worksheet, title: str, rows: Iterable[int]) -> list[Any]:
    """The values of a column under its title."""
    header = next(row for row in page.iter_rows(max_row=15) if CHECK in [cell.value for cell in row])
    at = next(cell.column for cell in header if cell.value == title)
    return [page.cell(row, at).value for row in rows]


def cell_of(book: openpyxl.Workbook, label: str, column_title: str) -> Any:
    """A cell of the procès-verbal by the first cell of its row and the title of its column."""
    page = book["Procès-verbal"]
    head = next(row for row in page.iter_rows() if row[0].value == "Cercle")
    at = next(cell.column for cell in head if cell.value == column_title)
    row = next(row for row in page.iter_rows(min_row=head[0].row) if row[0].value == label)
    return page.cell(row[0].row, at).value
