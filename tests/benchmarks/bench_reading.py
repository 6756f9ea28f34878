"""How much dearer it is to open a file safely than to read its values with calamine alone. Prints, and asserts nothing.

Each line is: name, measured, target, whether it holds, spread (the same of the slowest of the middle half of the rounds)."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import python_calamine
import xlsxwriter

from pipelines.io import workbooks

ROUNDS = 21
TARGET = 4.0
SAMPLE = Path("data/raw/2019-12/returns")


def calamine_alone(path: Path) -> None:
    with python_calamine.CalamineWorkbook.from_path(str(path)) as workbook:
        for name in workbook.sheet_names:
            workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)


def large_return(folder: Path, *, rows: int = 60, sheets: int = 7, columns: int = 30) -> Path:
    """A return as large as they get: names, numbers and dates, and a calculated total under each sheet."""
    path = folder / "fiche.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        for number in range(sheets):
            sheet = book.add_worksheet(f"Feuille {number + 1}")
            sheet.write_row(0, 0, [f"Colonne {at}" for at in range(columns)])
            for row in range(1, rows + 1):
                sheet.write_row(row, 0, [f"Commune {row} de la feuille {number}", "enregistrement"])
                sheet.write_row(row, 2, [row * at for at in range(columns - 3)])
                sheet.write_datetime(row, columns - 1, date(2019, 12, 1 + row % 28), day)
            for column in range(2, columns - 1):
                letter = workbooks.door.letters(column)
                sheet.write_formula(rows + 1, column, f"=SUM({letter}2:{letter}{rows + 1})", value=rows)
    return path


def seconds(step: Callable[[Path], object], paths: Sequence[Path]) -> float:
    start = time.perf_counter()
    for path in paths:
        step(path)
    return time.perf_counter() - start


def ratios(paths: Sequence[Path]) -> list[float]:
    """Ratio of each round, sorted. Both are measured in turn, so that a busy machine slows both."""
    return sorted(seconds(workbooks.open_file, paths) / seconds(calamine_alone, paths) for _ in range(ROUNDS))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        cases = {
            "open_file / calamine, sample returns": sorted(SAMPLE.glob("*.xlsx")),
            "open_file / calamine, 60 rows by 7 sheets": [large_return(Path(folder))],
            "open_file / calamine, 5 000 rows": [large_return(Path(folder), rows=5_000, sheets=1)],
        }
        for name, paths in cases.items():
            found = ratios(paths)
            middle, high = found[len(found) // 2], found[len(found) * 3 // 4]
            holds = "yes" if middle <= TARGET else "no"
            sys.stdout.write(f"{name:45} {middle:5.2f}x  target {TARGET:.0f}x  holds {holds}  spread {high - middle:.2f}\n")


if __name__ == "__main__":
    main()
