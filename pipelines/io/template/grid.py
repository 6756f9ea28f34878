"""Where things stand on an entry sheet of the fiche modèle: its columns, its rows, and the references that formulas use."""

from __future__ import annotations

from collections.abc import Sequence

from xlsxwriter.utility import quote_sheetname, xl_col_to_name

from pipelines.io.template.model import STOCK_TABLES, FicheModel
from pipelines.io.template.paper import BLANK_ROWS
from schemas.fields import Field, Table

CHECK = "check"
PREVIOUS = {"previous_households": "households", "previous_individuals": "individuals"}
"""The columns that only serve the author: the live check, and last month's figure of a count."""
ROW = "§"
"""Stands for the row number in a formula of a row."""


class Grid:
    """One entry sheet. Rows and columns count from 0."""

    def __init__(self, title: str, table: Table, model: FicheModel) -> None:
        self.title, self.table = title, table
        self.with_previous = bool(model.stocks(table))
        self.columns = _columns(table, self.with_previous)
        self.at = {name: column for column, name in enumerate(self.columns)}
        self.header = 4 if table.name in STOCK_TABLES and model.previous else 3
        self.first, self.last = self.header + 1, self.header + BLANK_ROWS

    @property
    def fields(self) -> list[Field]:
        """In the order of the columns."""
        return [self.table[name] for name in self.columns if name in self.table.by_name]

    def cell(self, name: str) -> str:
        """A cell of the row that the formula stands in: `$H§`."""
        return f"${xl_col_to_name(self.at[name])}{ROW}"

    def cells(self, names: Sequence[str]) -> str:
        """Cells of the row, as arguments of a function; neighbours as a range."""
        columns = sorted(self.at[name] for name in names)
        runs: list[list[int]] = []
        for column in columns:
            if runs and runs[-1][-1] == column - 1:
                runs[-1].append(column)
            else:
                runs.append([column])
        letters = [(xl_col_to_name(run[0]), xl_col_to_name(run[-1])) for run in runs]
        return ",".join(f"${a}{ROW}" if a == b else f"${a}{ROW}:${b}{ROW}" for a, b in letters)

    def column(self, name: str, *, outside: bool = False) -> str:
        """All entry cells of a column: `$H$7:$H$306`; with the sheet when the formula stands `outside`."""
        letter = xl_col_to_name(self.at[name])
        here = f"${letter}${self.first + 1}:${letter}${self.last + 1}"
        return f"{quote_sheetname(self.title)}!{here}" if outside else here


def _columns(table: Table, with_previous: bool) -> list[str]:
    """The fields in their order; the check after the names of the place, where it stays in view; last month beside this month."""
    names = list(table.names)
    names.insert(names.index("commune") + 1 if "commune" in names else 1, CHECK)
    if with_previous:
        at = names.index("households")
        names[at:at] = list(PREVIOUS)
    return names
