"""Cells to rows: headers wherever they stand, totals that are not counted, and nothing dropped unseen."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from pipelines import checking, intake
from pipelines.checking import Rulebook
from pipelines.intake import layouts, letters, suggest
from pipelines.model import OpenedFile, Reading, Sheet, SheetReading, Unread
from schemas.fields import IDP, RETURN_TABLES, SOURCE_TABLES
from tests.fiche import GAZETTEER, PERIOD, Fiche, changed, check, codes_of, good_fiche

HEADER = ["Cercle", "Niveau de la ligne", "Ménages", "Individus", "Base du chiffre", "Date du chiffre"]


def read(fiche: Fiche) -> Reading:
    return intake.read(fiche.file(), layouts())


def pdi(*rows: list[Any], header: list[Any] | None = None) -> SheetReading:
    """The reading of a sheet PDI with this header and these rows."""
    fiche = good_fiche()
    fiche.sheets["PDI"] = [header or HEADER, *rows]
    sheet = read(fiche).sheet("idp")
    assert sheet is not None
    return sheet


def test_header_is_found_below_banner_rows() -> None:
    fiche = good_fiche()
    fiche.sheets["PDI"] = [["DNDS"], [None, "Mois : décembre"], [], ["Situation des PDI"], *fiche.sheets["PDI"]]
    sheet = read(fiche).sheet("idp")
    assert sheet is not None
    assert (sheet.header_row, len(sheet.frame), list(sheet.frame["row"])) == (6, 4, [7, 8, 9, 10])


def test_a_header_is_not_looked_for_below_the_fifteenth_row() -> None:
    assert pdi(HEADER, ["Bla", "cercle", 1, 5, "alerte", None], header=["Titre"]).header_row == 2
    fiche = good_fiche()
    fiche.sheets["PDI"] = [["x", "y"]] * 15 + fiche.sheets["PDI"]
    assert codes_of(check(fiche)[0]) == ["SHEET_WITHOUT_HEADER"]


def test_columns_are_found_by_synonym_and_in_any_order() -> None:
    sheet = pdi(["5", "3", "Bla"], header=["NBRE INDIVIDUS", "nb. ménages", "Nom du cercle"])
    assert sheet.columns == {"individuals": "A", "households": "B", "cercle": "C"}
    assert sheet.frame.loc[0, "individuals"] == "5"


@pytest.mark.parametrize(
    "row",
    [["TOTAL", None, 5, 25], ["Sous-total Bla", None, 5, 25], ["Total général", "cercle", 5, 25], [None, None, 5, 25]],
    ids=["total", "subtotal", "total-with-level", "numbers-alone"],
)
def test_totals_are_recognised_and_not_counted(row: list[Any]) -> None:
    sheet = pdi(["Bla", "cercle", 2, 10], ["San", "cercle", 3, 15], row)
    assert list(sheet.frame["cercle"]) == ["Bla", "San"]
    assert [(total.row, dict(total.values)) for total in sheet.totals] == [(4, {"households": 5, "individuals": 25})]
    assert (sheet.read, sheet.recognised) == (4, 2)


def test_a_total_named_in_the_commune_column_is_not_counted_again() -> None:
    header = ["Cercle", "Commune", *HEADER[1:]]
    sheet = pdi(["Bla", "Bla", "commune", 2, 10], ["Bla", "TOTAL", None, 2, 10], header=header)
    assert (len(sheet.frame), len(sheet.totals)) == (1, 1)


def test_numbers_alone_that_are_no_sum_stay_a_row() -> None:
    sheet = pdi(["Bla", "cercle", 2, 10], ["San", "cercle", 3, 15], [None, None, 4, 20], [None, None, 5, None])
    assert (len(sheet.frame), sheet.totals) == (4, ())


def test_blocks_may_have_unnamed_subtotals() -> None:
    block = [["Bla", "cercle", 2, 10], ["San", "cercle", 3, 15], [None, None, 5, 25]]
    sheet = pdi(*block, ["Niono", "cercle", 1, 5], ["Macina", "cercle", 1, 6], [None, None, 2, 11])
    assert [total.row for total in sheet.totals] == [4, 7]


def test_empty_rows_titles_and_repeated_headers_are_recognised() -> None:
    sheet = pdi(
        ["Bla", "cercle", 2, 10],
        [],
        [None, "  "],
        ["Cercle de San"],
        HEADER,
        ["San", "cercle", 1, 5],
        ["N/A", "-", "RAS"],
    )
    assert list(sheet.frame["cercle"]) == ["Bla", "San"]
    assert (sheet.read, sheet.recognised) == (8, 6)


def test_words_for_empty_are_empty_and_never_zero() -> None:
    sheet = pdi(["Bla", "cercle", "ND", "-", "alerte"])
    assert sheet.frame.loc[0, ["households", "individuals"]].isna().all()


@pytest.mark.parametrize(("index", "text"), [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ"), (702, "AAA")])
def test_column_letters_are_those_of_excel(index: int, text: str) -> None:
    assert letters(index) == text


def test_an_unknown_column_is_reported_with_its_nearest_title() -> None:
    [column] = pdi(header=[*HEADER, "Déplacement primaires (pers.)"]).unknown_columns
    assert column[:2] == ("Déplacement primaires (pers.)", "G1")
    assert "Déplacement primaire" in column[2]


def test_a_renamed_mandatory_column_is_one_defect_with_its_cell() -> None:
    fiche = good_fiche().rename(IDP, "individuals", "Total des individus recensés")
    [finding] = check(fiche)[0].findings
    assert (finding.code, finding.cell, finding.params["renamed"]) == (
        "COLUMN_MISSING",
        "G2",
        "Total des individus recensés",
    )


def test_a_column_without_title_but_with_values_is_not_dropped_unseen() -> None:
    [finding] = check(changed(lambda fiche: fiche.add_column(IDP, None, 7)))[0].findings
    assert (finding.code, finding.cell, finding.params["column"]) == ("COLUMN_UNKNOWN", "AE2", "AE")


def test_a_row_with_values_in_unknown_columns_only_is_not_dropped_unseen() -> None:
    sheet = pdi(["Bla", "cercle", 2, 10], [None] * 7 + [40, 41])
    assert [cell for _, cell, _ in sheet.unknown_columns] == ["H1", "I1"]
    assert sheet.read == sheet.recognised + len(sheet.frame)


def test_a_repeated_column_is_reported_and_the_first_one_kept() -> None:
    sheet = pdi(["Bla", 1, 2], header=["Cercle", "Ménages", "Nb ménages"])
    assert (sheet.repeated_columns, sheet.columns["households"]) == ((("Nb ménages", "C1"),), "B")


def test_a_second_sheet_of_the_same_kind_is_reported() -> None:
    fiche = good_fiche()
    fiche.sheets["Déplacés"] = fiche.sheets["PDI"]
    assert read(fiche).repeated_sheets == (("Déplacés", "PDI"),)


def test_sheets_are_known_by_title_whatever_its_case_and_accents() -> None:
    fiche = good_fiche()
    fiche.sheets["RETOURNES "] = fiche.sheets.pop("Retournés")
    sheet = read(fiche).sheet("returnee")
    assert sheet is not None
    assert sheet.sheet == "RETOURNES "


def test_the_form_is_read_by_label_wherever_it_stands() -> None:
    fiche = good_fiche()
    fiche.sheets["Identité"] = [[None, None, *row] for row in fiche.sheets.pop("Identification")]
    reading = read(fiche)
    assert (reading.form["region"], reading.form_sheet) == (("Ségou", "D2"), "Identité")


def test_a_label_at_the_edge_has_an_empty_value() -> None:
    fiche = good_fiche()
    fiche.sheets["Identification"].append(["Visé par"])
    fiche.sheets["Identification"] = [row[:1] if row[0] == "Version" else row for row in fiche.sheets["Identification"]]
    assert read(fiche).form["version"] == (None, "B4")


def test_an_identification_without_labels_is_one_defect() -> None:
    fiche = good_fiche()
    fiche.sheets["Identification"] = [["Bonjour"]]
    assert codes_of(check(fiche)[0]) == ["SHEET_WITHOUT_HEADER"]


def test_a_missing_sheet_does_not_hide_whose_return_it_is() -> None:
    fiche = good_fiche()
    del fiche.sheets["PDI"]
    [checked] = check(fiche)
    assert (codes_of(checked), checked.identification.region_id) == (["SHEET_MISSING"], "R04")


@pytest.mark.parametrize("rows", [[], [["Néant"]], [[None, None]]], ids=["empty", "a-note", "blank-cells"])
def test_an_optional_sheet_without_anything_is_no_defect(rows: list[Any]) -> None:
    fiche = good_fiche()
    fiche.sheets["Sites"] = rows
    assert codes_of(check(fiche)[0]) == []


def test_an_empty_sheet_of_idps_is_said_to_have_no_rows() -> None:
    fiche = good_fiche()
    fiche.sheets["PDI"] = []
    assert codes_of(check(fiche)[0]) == ["SHEET_WITHOUT_ROWS"]


def test_optional_sheets_alone_do_not_make_a_return() -> None:
    file = OpenedFile("x.xlsx", "0", (Sheet("Sites", (("Nom du site",),)),))
    assert intake.read(file, layouts()).layout is None


def test_suggestions_are_near_or_none() -> None:
    assert suggest("Menage", ["Ménages", "Individus"]) == ("Ménages",)
    assert suggest("Zzz", ["Ménages", "Individus"]) == ()


def test_every_header_of_the_fields_is_known_to_its_layout() -> None:
    known = {sheet.table.name: sheet.headers for layout in layouts() for sheet in layout.sheets}
    for table in (*RETURN_TABLES, *SOURCE_TABLES):
        assert {intake.plain(item.label.fr) for item in table.fields} <= set(known[table.name])
    assert intake.layout_named("fiche-v1").sheet("idp").title == "PDI"


def test_a_layout_may_not_name_a_field_that_does_not_exist() -> None:
    row = {
        "id": "x",
        "kind": "return",
        "total_words": [],
        "sheets": {"idp": {"title": "PDI", "shape": "table", "synonyms": {"nobody": ["x"]}}},
    }
    with pytest.raises(KeyError, match="nobody"):
        intake.parse_layout(row)


def test_a_row_without_any_number_is_one_defect() -> None:
    fiche = changed(lambda f: f.add(IDP, cercle="San", commune="San"))
    assert codes_of(check(fiche)[0]) == ["COUNT_REQUIRED"]


def test_a_signature_below_the_table_is_no_row() -> None:
    fiche = changed(lambda f: f.line(IDP), lambda f: f.line(IDP, "Fait à Ségou, le 30 décembre"))
    [checked] = check(fiche)
    assert (codes_of(checked), checked.counts.accepted) == ([], 8)


def test_a_second_table_beside_the_first_is_said_once_and_the_first_is_read() -> None:
    rows = (["Bla", "cercle", 10, 53, None, None, None, "Bla", 10, 53], ["San", "cercle", 2, 10, None, None, None, "San", 2, 10])
    sheet = pdi(*rows, header=[*HEADER, None, "Cercle", "Ménages", "Individus"])
    assert (sheet.second_tables, sheet.repeated_columns, sheet.unknown_columns) == (("H1",), (), ())
    assert list(sheet.frame["individuals"]) == [53, 10]


def test_the_returnees_below_the_idps_are_read_as_returnees() -> None:
    fiche = good_fiche()
    below = fiche.sheets.pop("Retournés")
    fiche.sheets["PDI"] += [[], ["Tableau 2 : PDI retournées, cumul"], *below[1:]]
    [checked] = check(fiche)
    assert (codes_of(checked), checked.counts.accepted) == ([], 8)
    assert list(checked.rows["table"]) == ["idp"] * 4 + ["returnee"] * 4


def test_columns_shared_by_two_tables_do_not_make_returnees_of_idps() -> None:
    fiche = good_fiche()
    fiche.sheets["PDI"] = [
        HEADER,
        ["Bla", "cercle", 10, 53, "alerte", None],
        ["PDI retournées"],
        HEADER,
        ["Bla", "cercle", 3, 15, "alerte", None],
    ]
    del fiche.sheets["Retournés"]
    assert [(sheet.table, list(sheet.frame["individuals"])) for sheet in read(fiche).sheets[:2]] == [
        ("idp", [53]),
        ("returnee", [15]),
    ]


def test_a_group_above_its_columns_is_part_of_their_header() -> None:
    fiche = good_fiche()
    fiche.sheets["PDI"] = [
        ["Cercle", "Niveau de la ligne", "PDI", None, "Femmes", None, "Base du chiffre", "Date du chiffre"],
        [None, None, "Ménages", "Individus", "0-4 ans", "5-17 ans", None, None],
        ["Bla", "cercle", 10, 53, 7, 9, "alerte", None],
    ]
    sheet = read(fiche).sheet("idp")
    assert sheet is not None
    assert (sheet.header_row, sheet.unknown_columns) == (2, ())
    assert [sheet.frame.loc[0, name] for name in ("households", "individuals", "female_0_4", "female_5_17")] == [10, 53, 7, 9]


def test_an_uncalculated_row_of_formulas_is_a_total_and_is_said() -> None:
    formulas = [Unread(Unread.FORMULA, f"=SUM({letter}2:{letter}3)") for letter in "CD"]
    sheet = pdi(["Bla", "cercle", 2, 10], ["San", "cercle", 3, 15], [None, None, *formulas])
    assert (len(sheet.frame), [total.row for total in sheet.totals], [row for row, _, _ in sheet.unread]) == (2, [4], [4, 4])


def test_days_counted_from_1904_are_dates_all_the_same() -> None:
    fiche = changed(lambda fiche: fiche.set(IDP, "observed_on", 43827 - 1462))
    [checked] = checking.check(
        [intake.read(replace(fiche.file(), dates_from_1904=True), layouts())], GAZETTEER, Rulebook(), PERIOD
    )
    assert [(finding.code, finding.params["meant"]) for finding in checked.findings] == [("DATE_AS_TEXT", "2019-12-28")]


@pytest.mark.parametrize(
    ("field", "codes"),
    [
        ("region", ["REGION_UNKNOWN"]),
        ("period", ["PERIOD_UNREADABLE"]),
        ("validated_on", ["CELL_ERROR"]),
        ("prepared_by", ["CELL_ERROR"]),
    ],
)
def test_an_error_in_the_identification_is_one_message(field: str, codes: list[str]) -> None:
    assert codes_of(check(good_fiche().identify(field, Unread(Unread.ERROR, "#REF!")))[0]) == codes


def test_two_sheets_with_the_same_headers_are_told_apart_by_nothing() -> None:
    fiche = good_fiche()
    fiche.sheets["Feuil1"] = [HEADER, ["Bla", "cercle", 10, 53, "alerte", None]]
    del fiche.sheets["PDI"], fiche.sheets["Retournés"]
    reading = read(fiche)
    assert (reading.missing_sheets, reading.unknown_sheets) == (("PDI",), ("Feuil1",))


def test_a_row_of_texts_under_its_headers_is_data_even_when_a_word_of_it_is_a_header() -> None:
    header = [*HEADER, "Observations"]
    for word in ("Location", "Retournés", "Site"):
        sheet = pdi(["Bla", "cercle", "10", "53", "alerte", "28/12/2019", word], header=header)
        assert (sheet.header_row, list(sheet.frame["individuals"])) == (1, ["53"])


@pytest.mark.parametrize("label", ["Grand Total", "G/Total", "Totale", "Ségou Total", "Somme", "Ségou"])
def test_sums_without_basis_or_date_are_totals_whatever_they_are_called(label: str) -> None:
    sheet = pdi(["Bla", None, 2, 10, "alerte", None], ["San", None, 3, 15, "alerte", None], [label, None, 5, 25, None, None])
    assert (len(sheet.frame), [total.row for total in sheet.totals]) == (2, [4])


def test_the_sum_of_a_single_row_is_a_total_too() -> None:
    sheet = pdi(["Bla", "cercle", 2, 10, "alerte", None], [None, None, 2, 10, None, None])
    assert (len(sheet.frame), len(sheet.totals)) == (1, 1)


def test_a_row_with_a_date_of_its_own_is_no_total_whatever_it_is_called() -> None:
    header = ["Observations", *HEADER]
    sheet = pdi(["Total provisoire", "Bla", "cercle", 2, 10, "alerte", date(2019, 12, 28)], header=header)
    assert (list(sheet.frame["cercle"]), sheet.totals) == (["Bla"], ())
    first = pdi(["ensemble du cercle", "Bla", 2, 10, None, None], header=["Niveau de la ligne", "Cercle", *HEADER[2:]])
    assert (list(first.frame["cercle"]), first.totals) == (["Bla"], ())


@pytest.mark.parametrize(
    "row",
    [
        [1, 2, 3, 4, 5, 6],
        ["(1)", "(2)", "(3)", "(4)", "(5)", "(6)"],
        ["(lieu)", None, "(nombre)", "(nombre)", None, "jj/mm/aaaa"],
    ],
)
def test_a_row_that_numbers_or_explains_the_columns_is_no_place(row: list[Any]) -> None:
    assert list(pdi(row, ["Bla", "cercle", 2, 10, "alerte", None]).frame["cercle"]) == ["Bla"]


def test_signatures_below_a_table_are_no_rows() -> None:
    fiche = changed(
        lambda f: f.line(IDP),
        lambda f: f.line(IDP, "Fait à Ségou, le 30 décembre", None, "Le Directeur régional"),
        lambda f: f.line(IDP, "Source :", "DRDSES"),
    )
    [checked] = check(fiche)
    assert (codes_of(checked), checked.counts.accepted) == ([], 8)


def test_sheets_without_their_titles_are_told_by_the_titles_inside() -> None:
    fiche = good_fiche()
    fiche.sheets = {f"Feuil{at}": grid for at, grid in enumerate(fiche.sheets.values())}
    [checked] = check(fiche)
    assert {"SHEET_UNKNOWN", "SHEET_MISSING"}.isdisjoint(codes_of(checked)) or checked.counts.accepted == 8
    assert sorted(set(checked.rows["table"])) == ["idp", "returnee"]


def test_an_error_in_a_header_is_quoted_as_it_stands() -> None:
    sheet = pdi(["Bla", "cercle", 2, 10, None, None, 7], header=[*HEADER, Unread(Unread.ERROR, "#REF!")])
    assert [text for text, _, _ in sheet.unknown_columns] == ["#REF!"]
