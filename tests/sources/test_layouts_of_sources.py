"""What partners and other services send is read as they type it: recognised, placed, totalled, and nothing dropped unseen."""

from __future__ import annotations

from datetime import date

import pytest

from pipelines import checking, intake
from pipelines.checking import Rulebook
from pipelines.model import Merge, OpenedFile, SourceRows
from tests.fiche import GAZETTEER
from tests.sources import grids


def read(file: OpenedFile) -> SourceRows:
    [rows] = checking.check_source(intake.read(file, intake.layouts()), GAZETTEER, Rulebook())
    return rows


def layout(file: OpenedFile) -> str | None:
    return intake.read(file, intake.layouts()).layout


def found(rows: SourceRows) -> list[tuple[str, str | None]]:
    return [(item.code, item.cell) for item in rows.findings]


@pytest.mark.parametrize(
    ("title", "rows", "known"),
    [
        ("Baseline Assessment", grids.DTM_2014, "dtm-baseline-v1"),
        ("data", grids.DTM_2017, "dtm-baseline-v1"),
        ("Feuil1", grids.DTM_2019, "dtm-baseline-v1"),
        ("Feuil1", grids.DTM_LATER, "dtm-baseline-v2"),
        ("Baseline Assessment", grids.DTM_LATER, "dtm-baseline-v2"),
        ("Alertes RRM", grids.RRM, "rrm-veille-v1"),
        ("VEILLE", grids.RRM, "rrm-veille-v1"),
        ("Feuil1", grids.SITREP, "sitrep-dnds-v1"),
        ("partenaire", grids.PARTNER, "liste-partenaire-v1"),
    ],
)
def test_a_source_is_known_by_its_headers_whatever_its_sheet_is_called(
    title: str, rows: tuple[grids.Row, ...], known: str
) -> None:
    assert layout(grids.file("x.xlsx", title, rows)) == known


def test_a_dtm_round_names_places_that_moved_since_and_codes_of_an_older_list() -> None:
    rows = read(grids.file("x.xlsx", "Baseline Assessment", grids.DTM_2014))
    assert list(rows.rows["place_id"].map(lambda place: GAZETTEER.place(place).name)) == ["Ménaka", "Kayes"]
    assert (int(rows.rows["individuals"].sum()), int(rows.rows["returnee_individuals"].sum())) == (69, 151)
    assert (list(rows.rows["cause_conflict"]), found(rows)) == (["yes", "yes"], [])


def test_a_dtm_round_with_text_dates_and_names_broken_by_a_replacement() -> None:
    rows = read(grids.file("x.xlsx", "data", grids.DTM_2017))
    assert set(rows.rows["observed_on"]) == {date(2017, 12, 31)}
    assert found(rows) == [
        ("DATE_AS_TEXT", "A2"), ("NAME_NORMALISED", "E2"), ("NAME_NORMALISED", "G2"), ("NAME_NORMALISED", "I2"), ("NAME_ALIAS", "E3"),
    ]  # fmt: skip


def test_a_wrong_code_is_said_once_and_the_name_is_believed() -> None:
    rows = read(grids.file("x.xlsx", "Feuil1", grids.DTM_2019))
    assert [GAZETTEER.place(place).name for place in rows.rows["place_id"]] == ["Kita", "Kita", "Diéma"]
    assert found(rows) == [("CODE_WRONG", "G2"), ("PLACE_MISPLACED", "H4")]


def test_returns_from_abroad_are_not_idp_returnees() -> None:
    [row] = read(grids.file("x.xlsx", "Feuil1", grids.DTM_LATER)).rows.to_dict("records")
    assert (row["returnee_individuals"], row["repatriated_individuals"]) == (125, 25)


def test_an_rrm_sheet_has_its_headings_on_row_seven_and_slips_of_the_keyboard() -> None:
    rows = read(grids.file("x.xlsx", "VEILLE", grids.RRM))
    assert list(rows.rows["event_on"]) == [date(2019, 12, 29), date(2019, 12, 5)]
    assert [GAZETTEER.place(place).name for place in rows.rows["place_id"]] == ["Gao", "Dioïla"]
    assert list(rows.rows["households"]) == [40, 12]
    assert (set(rows.rows["kind"]), set(rows.rows["organisation"])) == ({"alert"}, {"RRM"})
    assert rows.rows["alert_number"].isna().all()
    assert found(rows) == [("DATE_AS_TEXT", "A8"), ("NAME_NORMALISED", "C8"), ("NAME_NORMALISED", "C9")]


def test_a_situation_report_names_its_communes_in_title_rows() -> None:
    merged = (Merge(7, 0, 7, 3), Merge(11, 0, 11, 3))
    rows = read(grids.file("x.xlsx", "Feuil1", grids.SITREP, merged))
    assert list(rows.rows["commune"]) == ["Diallassagou", "Diallassagou", "Ségué"]
    assert [GAZETTEER.place(place).name for place in rows.rows["place_id"]] == ["Diallassagou", "Diallassagou", "Ségué"]
    assert list(rows.rows["origin"]) == ["Saou, Pissa et Doundé", "Lessagou", "Ségué"]
    assert (set(rows.rows["stated_on"]), set(rows.rows["document"])) == ({date(2019, 12, 18)}, {"3"})
    assert (int(rows.rows["individuals"].sum()), found(rows)) == (290, [])


def test_a_wrong_subtotal_of_a_situation_report_is_said_at_its_cell() -> None:
    wrong = tuple((*row[:3], 264) if row[0] == "Total commune de Diallassagou" else row for row in grids.SITREP)
    assert found(read(grids.file("x.xlsx", "Feuil1", wrong))) == [("TOTAL_MISMATCH", "D10")]


def test_a_place_named_once_above_a_table_is_blamed_at_its_own_cell() -> None:
    wrong = tuple(("Cercle : Atlantide",) if row[0] == "Cercle : Bankass" else row for row in grids.SITREP)
    rows = read(grids.file("x.xlsx", "Feuil1", wrong))
    assert found(rows) == [("PLACE_UNKNOWN", "A4")]
    assert {GAZETTEER.place(place).name for place in rows.rows["place_id"]} == {"Mopti"}


def test_a_partner_list_is_mapped_by_its_layout_alone() -> None:
    rows = read(grids.file("x.xlsx", "partenaire", grids.PARTNER))
    assert [GAZETTEER.place(place).name for place in rows.rows["place_id"]] == ["Socoura", "Koro"]
    assert (list(rows.rows["individuals"]), set(rows.rows["organisation"])) == ([1250, 15], {"ONG exemple"})
    assert found(rows) == [("SOURCE_UNKNOWN", "A1"), ("NUMBER_AS_TEXT", "D3")]


def test_a_list_that_knows_only_texts_draws_no_finding_for_them() -> None:
    texts = tuple(tuple(str(value) if value is not None else None for value in row) for row in grids.PARTNER)
    rows = read(grids.file("liste.csv", "liste", texts, typed=False))
    assert (list(rows.rows["individuals"]), found(rows)) == ([1250, 15], [("SOURCE_UNKNOWN", "A1")])


def test_every_row_of_a_source_is_accounted_for() -> None:
    for rows in (grids.DTM_2014, grids.RRM, grids.SITREP, grids.PARTNER):
        reading = intake.read(grids.file("x.xlsx", "VEILLE" if rows is grids.RRM else "Feuil1", rows), intake.layouts())
        [sheet] = reading.sheets
        assert sheet.read == sheet.recognised + len(sheet.frame) == len(rows)


@pytest.mark.parametrize("title", ["CR de Sokoura", "SOKOURA", "Commune rurale de Sokoura"])
def test_the_rows_under_a_title_are_never_those_of_the_commune_before(title: str) -> None:
    renamed = tuple((title,) if row[0] == "Commune rurale de Ségué" else row for row in grids.SITREP)
    rows = read(grids.file("x.xlsx", "Feuil1", renamed))
    assert [GAZETTEER.place(place).name for place in rows.rows["place_id"]] == ["Diallassagou", "Diallassagou", "Sokoura"]


def test_a_title_that_names_no_commune_leaves_its_rows_in_the_cercle_and_says_so() -> None:
    renamed = tuple(("Deuxième vague",) if row[0] == "Commune rurale de Ségué" else row for row in grids.SITREP)
    rows = read(grids.file("x.xlsx", "Feuil1", renamed))
    assert GAZETTEER.place(rows.rows["place_id"].iloc[2]).name == "Bankass"
    assert [code for code, _ in found(rows)] == ["PLACE_UNKNOWN"]


def test_a_watch_sheet_is_known_by_its_headings_under_any_title() -> None:
    for title in ("VEILLE 2020", "Feuil1"):
        assert layout(grids.file("x.xlsx", title, grids.RRM)) == "rrm-veille-v1"
