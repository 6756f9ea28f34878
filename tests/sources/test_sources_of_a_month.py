"""Sources of every shape beside the returns of a month: read, stored where the store has a table for them, told, and never added."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from schemas import fields
from tests.flow.months import MONTH, MOPTI, Folder, fiche_of
from tests.sources import grids

pytestmark = pytest.mark.xdist_group("months")


def workbook(title: str, rows: tuple[grids.Row, ...]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def put(folder: Folder, kind: str, name: str, content: bytes) -> None:
    path = folder.root / "raw" / MONTH / kind / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def test_sources_of_every_shape_stand_beside_the_returns_and_change_no_figure(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.receive("mopti.xlsx", fiche_of("Mopti", MOPTI).workbook())
    put(folder, "alerts", "veille.xlsx", workbook("VEILLE", grids.RRM))
    put(folder, "sources", "dtm.xlsx", workbook("Feuil1", grids.DTM_2019))
    put(folder, "sources", "sitrep.xlsx", workbook("Feuil1", grids.SITREP))
    put(folder, "sources", "liste.csv", "Cercle;Personnes;Date\nKoro;1 250;20/12/2019\nMopti;3;20/12/2019\n".encode("cp1252"))
    put(folder, "alerts", "ehtools.xlsx", workbook("EHTools", grids.EHTOOLS))
    put(folder, "sources", "3w.xlsx", workbook("3W", grids.PRESENCE))
    put(folder, "sources", "hcr.xlsx", workbook("Rapatriements", grids.REPATRIATIONS))
    put(folder, "sources", "bankass.xlsx", workbook("Chiffres cités", grids.BANKASS))
    folder.consolidate()
    assert folder.total(None) == 1901
    assert folder.query("SELECT DISTINCT table_name FROM statement ORDER BY 1") == [("sitrep",), ("statement",), ("stock",)]
    assert folder.query("SELECT organisation, sector, status FROM presence ORDER BY 1, 2") == [
        ("CRS", "nfi", "completed"), ("IRC", "health", "planned"), ("NRC", "coordination", "ongoing"), ("NRC", "wash", "ongoing"),
    ]  # fmt: skip
    assert folder.query("SELECT cercle, sector, organisations FROM response_cover WHERE actors > 0 ORDER BY 1, 2") == [
        ("Bankass", "coordination", "NRC"), ("Bankass", "wash", "NRC"),
    ]  # fmt: skip
    assert folder.query("SELECT alert_number, table_households FROM alert WHERE alert_number = '4043'") == [("4043", 1897)]
    assert folder.query("SELECT cercle, households FROM alert WHERE alert_number IS NULL ORDER BY cercle") == [
        ("DIOILA", 12),
        ("GAO_CER", 40),
    ]
    told = {code for [code] in folder.query("SELECT code FROM finding WHERE release_id IS NOT NULL")}
    assert {"CODE_WRONG", "DATE_AS_TEXT", "PLACE_MISPLACED"} <= told
    assert not {"LAYOUT_UNKNOWN", "LAYOUT_OTHER", "FILE_NOT_WORKBOOK"} & told


def test_what_returns_ask_for_and_nobody_answers_is_kept_with_the_month(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    fiche = fiche_of("Mopti", MOPTI).add(
        fields.NEED, cercle="Bankass", commune="Bankass", level="commune", need_1="vivres", need_2="EHA"
    )
    folder.receive("mopti.xlsx", fiche.workbook())
    put(folder, "sources", "3w.xlsx", workbook("3W", grids.PRESENCE))
    for _ in range(2):
        folder.consolidate()
    asked = folder.query(
        "SELECT cercle, sector, actors, persons_without, wanted, rank FROM response_cover WHERE wanted > 0 ORDER BY sector"
    )
    assert asked == [("Bankass", "food", 0, 401, 1, 1), ("Bankass", "wash", 1, 0, 1, 2)]
    assert folder.query("SELECT count(*) FROM response_cover WHERE cercle = 'Bankass' AND wanted = 0") == [(10,)], (
        "9 needs, 1 presence"
    )


def test_a_source_with_telephones_is_refused_and_the_month_goes_on(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.receive("mopti.xlsx", fiche_of("Mopti", MOPTI).workbook())
    named = (*grids.PARTNER[:1], (*grids.PARTNER[1], "Contact"), *((*row, "76 12 34 56") for row in grids.PARTNER[2:4]))
    put(folder, "sources", "liste.xlsx", workbook("Liste", named))
    folder.consolidate()
    assert folder.total(None) == 1901
    assert folder.query("SELECT code, cell, value FROM finding WHERE code = 'PERSONAL_DATA'") == [("PERSONAL_DATA", "F2", None)]
    stored = b"".join(path.read_bytes() for path in (tmp_path / "processed").rglob("*") if path.is_file())
    assert b"76 12 34 56" not in stored


@pytest.mark.parametrize("column", ["population_group", "unit", "value", "stated_on", "organisation", "region"])
@pytest.mark.parametrize("typed", [None, "xxx"])
def test_a_circulated_total_that_lacks_what_it_is_compared_by_stops_no_month(
    tmp_path: Path, column: str, typed: str | None
) -> None:
    folder = Folder(tmp_path)
    folder.receive("mopti.xlsx", fiche_of("Mopti", MOPTI).workbook())
    total = {
        "region": "Mopti",
        "population_group": "PDI",
        "unit": "individus",
        "value": 9,
        "stated_on": date(2019, 12, 28),
        "organisation": "X",
    }
    total[column] = typed
    table = fields.CIRCULATED
    rows = (tuple(item.label.fr for item in table.fields), tuple(total.get(name) for name in table.names))
    put(folder, "sources", "totaux.xlsx", workbook("Totaux circulés", rows))
    folder.consolidate()
    assert folder.total(None) == 1901
