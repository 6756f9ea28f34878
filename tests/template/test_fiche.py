"""How a fiche modèle is made: what it knows beforehand, what is locked, and that everything in it derives from the declarations."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from pipelines import intake
from pipelines.checking import Rulebook
from pipelines.io import reference
from pipelines.io.template import month
from pipelines.io.template.checks import checks_of
from pipelines.io.template.fiche import fiche
from pipelines.io.template.grid import CHECK, PREVIOUS, Grid
from pipelines.io.template.lists import Lists
from pipelines.io.template.model import FicheModel, Previous, Stock, say
from pipelines.io.template.paper import BLANK_ROWS
from pipelines.model import Period
from pipelines.settings import Settings
from schemas import fields, texts
from schemas.cells import plain
from schemas.codes import RowLevel
from schemas.fields import IDP, REPATRIATED, RETURNEE
from tests.template.filling import Filling

pytestmark = pytest.mark.xdist_group("sample")
PERIOD = Period(2020, 1)
LAYOUT = intake.layout_named(month.LAYOUT)


def model(region: str = "R10", period: Period = PERIOD, previous: Previous | None = None, **settings: Any) -> FicheModel:
    [directorate] = [one for one in reference.expected_directorates(period) if one.place_id == region]
    return replace(month._model(directorate, period, Settings(**settings), None), previous=previous)


def stock(cercle: str, commune: str | None = None, table: str = "idp", what: str | None = None) -> Stock:
    level = RowLevel.SITE if what and table == "idp" else RowLevel.COMMUNE if commune else RowLevel.CERCLE
    return Stock(table, cercle, commune, level, what, 10, 50)


def last_month(*stocks: Stock) -> Previous:
    return Previous("projet 2019-12 (non publié)", PERIOD.previous(), stocks, {"Ménaka": 50}, 50)


def texts_of(book: openpyxl.Workbook, title: str) -> list[str]:
    return [str(cell.value) for row in book[title].iter_rows() for cell in row if cell.value is not None]


def test_the_same_model_gives_the_same_bytes() -> None:
    assert fiche(model()) == fiche(model())


def test_the_layout_knows_every_sheet_and_column(fiches: dict[str, Path]) -> None:
    book = openpyxl.load_workbook(fiches["Bamako"])
    assert book.sheetnames == [
        "Mode d'emploi", "Identification", *(table.label.fr for table in fields.RETURN_TABLES), "Procès-verbal", "Listes",
    ]  # fmt: skip
    assert {plain(say("sheet_guide")), plain(say("sheet_minutes")), plain("Listes")} <= LAYOUT.service_sheets
    for table in fields.RETURN_TABLES:
        sheet = LAYOUT.sheet(table.name)
        titles = {plain(title) for title in Filling(fiches["Bamako"]).columns(table)}
        assert titles - set(sheet.headers) == titles & sheet.service
        assert {sheet.headers[title] for title in titles & set(sheet.headers)} == set(table.names)
    service = {plain(say(f"column_{name}")) for name in (CHECK, *PREVIOUS)}
    assert {word for table in fields.RETURN_TABLES for word in LAYOUT.sheet(table.name).service} == service


@pytest.mark.parametrize("table", fields.RETURN_TABLES, ids=lambda table: table.name)
def test_only_entry_cells_may_be_typed_in(table: fields.Table, fiches: dict[str, Path]) -> None:
    filling = Filling(fiches["Bamako"])
    page, header, columns = filling.page(table), filling.header(table), filling.columns(table)
    assert page.protection.sheet and page.protection.password is None
    assert not page.protection.formatColumns and not page.protection.autoFilter  # both may be used
    labels = {item.label.fr for item in table.fields}
    for title, column in columns.items():
        assert page.cell(header, column).protection.locked
        below = [page.cell(row, column) for row in (header + 1, header + BLANK_ROWS)]
        assert [cell.protection.locked for cell in below] == [title not in labels] * 2
        assert [cell.data_type == "f" for cell in below] == [title not in labels] * 2
    assert page.freeze_panes == page.cell(header + 1, columns["Contrôle"] + 1).coordinate
    assert page.print_title_rows == f"${header}:${header}"


def test_excel_takes_every_formula(fiches: dict[str, Path]) -> None:
    """Excel refuses a formula of over 8192 characters or 64 levels, a list rule over 255 characters, and calls a file damaged."""
    book = openpyxl.load_workbook(fiches["Kayes"])
    formulas = [cell.value for page in book for row in page.iter_rows() for cell in row if cell.data_type == "f"]
    assert len(formulas) > 7 * BLANK_ROWS
    assert max(map(len, formulas)) < 8192
    assert max(map(_depth, formulas)) <= 64
    rules_of = [rule for page in book for rule in page.data_validations.dataValidation]
    assert {rule.type for rule in rules_of} == {"list", "whole", "date", None}
    assert max(len(str(rule.formula1 or "")) for rule in rules_of) <= 255
    assert max(len(rule.prompt or "") for rule in rules_of) <= 255
    modern = re.compile(r"\b(XLOOKUP|FILTER|UNIQUE|SORT|LET|LAMBDA|TEXTJOIN|IFS|SWITCH|INDIRECT)\(")
    assert [formula for formula in formulas if modern.search(formula)] == []


def _depth(formula: str) -> int:
    depth = deepest = 0
    for character in formula:
        depth += (character == "(") - (character == ")")
        deepest = max(deepest, depth)
    return deepest


# --- checks ---------------------------------------------------------------------------------------------------------------


class _Page:
    """Takes what is written and forgets it."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: "Listes" if name == "get_name" else None


def all_checks(found: FicheModel) -> dict[str, list[Any]]:
    tables = {table.name: table for table in fields.RETURN_TABLES}
    lists = Lists(_Page(), found, [fields.IDENTIFICATION, *tables.values()])
    grids = {name: Grid(table.label.fr, table, found) for name, table in tables.items()}
    return {name: checks_of(grid, lists, found, grids) for name, grid in grids.items()}


FORETOLD = {
    "COUNT_REQUIRED", "FIELD_REQUIRED", "COMMUNE_MISSING", "MOVEMENT_WITHOUT_PLACE", "COUNT_NOT_NUMBER", "COUNT_NEGATIVE",
    "MOVEMENT_NEGATIVE", "CHOICE_UNKNOWN", "DATE_INVALID", "DATE_FUTURE", "PLACE_UNKNOWN", "PLACE_MISPLACED", "ORIGIN_UNKNOWN",
    "INDIVIDUALS_WITHOUT_HOUSEHOLD", "HOUSEHOLDS_OVER_INDIVIDUALS", "SIZE_EXTREME", "SIZE_UNUSUAL", "SEX_AGE_SUM", "SHELTER_SUM",
    "DISPLACEMENT_SUM", "DURATION_SUM", "ORIGIN_SUM", "ALERT_WITHOUT_ASSESSMENT", "PLACE_REPEATED", "CERCLE_AND_COMMUNES",
    "RETURNEES_FALL", "CHANGE_LARGE",
}  # fmt: skip


def test_the_rules_foretold_are_rules_of_the_program() -> None:
    found = all_checks(model(previous=last_month(stock("Ménaka"), stock("Ménaka", table=RETURNEE.name))))
    assert {check.rule for checks in found.values() for check in checks} == FORETOLD
    assert set(texts.rules()) >= FORETOLD


def test_thresholds_are_those_in_force() -> None:
    changed = {"SIZE_UNUSUAL": {"low": 2.25}, "SIZE_EXTREME": {"high": 31.0}, "CHANGE_LARGE": {"share": 0.35, "persons": 777.0}}
    found = all_checks(model(thresholds=changed, previous=last_month(stock("Ménaka"))))
    when = {check.rule: check.when for check in found["idp"]}
    assert "<2.25*" in when["SIZE_UNUSUAL"] and ">9*" in when["SIZE_UNUSUAL"]
    assert ">31*" in when["SIZE_EXTREME"]
    assert ">0.35*" in when["CHANGE_LARGE"] and ">777" in when["CHANGE_LARGE"]
    assert Rulebook().thresholds("SIZE_UNUSUAL")["high"] == 9


def test_words_of_the_check_column_fit_it_and_have_the_colour_of_their_kind() -> None:
    found = all_checks(model(previous=last_month(stock("Ménaka"), stock("Ménaka", table=RETURNEE.name))))
    words = {check.word: check.rule for checks in found.values() for check in checks}
    assert max(map(len, words)) <= 36
    filling = {rule for word, rule in words.items() if word.startswith(say("check_fill"))}
    assert filling == {"COUNT_REQUIRED", "FIELD_REQUIRED", "COMMUNE_MISSING", "MOVEMENT_WITHOUT_PLACE"}
    explaining = {rule for word, rule in words.items() if word.startswith(say("check_explain"))}
    assert explaining == {"SIZE_UNUSUAL", "CHANGE_LARGE"}
    assert say("check_ok") not in words


# --- what is known beforehand -----------------------------------------------------------------------------------------------


def test_places_come_back_at_the_level_they_were_told_and_without_numbers(fiches: dict[str, Path]) -> None:
    filling = Filling(fiches["Kayes"])
    told = [
        tuple(filling.get(IDP, row, name) for name in ("cercle", "commune", "level", "households", "individuals"))
        for row in filling.prefilled(IDP)
    ]
    assert told == [
        ("Bafoulabé", "Oualia", "commune", None, None),
        *((cercle, None, "cercle entier", None, None) for cercle in ("Diéma", "Kayes", "Kita", "Nioro du Sahel", "Yélimané")),
    ]
    values = openpyxl.load_workbook(fiches["Kayes"], data_only=True)["PDI"]
    columns = filling.columns(IDP)
    before = [values.cell(row, columns["Individus, mois précédent"]).value for row in filling.prefilled(IDP)]
    assert before == [21, 159, 45, 1326, 12, 61]


def test_a_place_told_in_the_return_of_another_region_comes_back_at_home(fiches: dict[str, Path]) -> None:
    filling = Filling(fiches["Ménaka"])
    assert [filling.get(IDP, row, "cercle") for row in filling.prefilled(IDP)] == ["Ménaka"]


def test_sites_and_countries_of_asylum_tell_rows_of_one_place_apart() -> None:
    stocks = (
        stock("Ménaka", "Ménaka", what="École"), stock("Ménaka", "Ménaka", what="Stade"),
        stock("Ménaka", table=REPATRIATED.name, what="Niger"), stock("Ménaka", table=REPATRIATED.name, what="Algérie"),
    )  # fmt: skip
    filling = Filling(fiche(model(previous=last_month(*stocks))))
    assert [filling.get(IDP, row, "site") for row in filling.prefilled(IDP)] == ["École", "Stade"]
    assert [filling.get(IDP, row, "level") for row in filling.prefilled(IDP)] == ["site", "site"]
    assert [filling.get(REPATRIATED, row, "asylum_country") for row in filling.prefilled(REPATRIATED)] == ["Niger", "Algérie"]


def test_the_past_is_named_on_its_sheets_or_absent(fiches: dict[str, Path], bare: Path) -> None:
    known, unknown = openpyxl.load_workbook(fiches["Bamako"]), openpyxl.load_workbook(bare)
    assert any("projet 2019-12 (non publié)" in text for text in texts_of(known, "PDI"))
    assert any("projet 2019-12 (non publié)" in text for text in texts_of(known, "Procès-verbal"))
    assert any("n'a aucun lieu sur cette feuille" in text for text in texts_of(known, "Rapatriés"))
    assert not any("mois précédent" in text for text in texts_of(unknown, "PDI"))
    assert any("absent de la base" in text for text in texts_of(unknown, "Procès-verbal"))


def test_lists_hold_the_own_places_and_the_whole_country(fiches: dict[str, Path]) -> None:
    page = openpyxl.load_workbook(fiches["Ménaka"])["Listes"]
    lists = {column[0].value: [cell.value for cell in column[1:] if cell.value is not None] for column in page.iter_cols()}
    assert page.sheet_state == "hidden"
    assert lists["cercles"] == ["Andéramboukane", "Inékar", "Ménaka", "Tidermène"]
    assert len(lists["regions"]) == 10
    assert len(lists["cercle_in"]) == len(set(lists["cercle_in"])) == 53
    assert len(lists["commune_in"]) == 701
    assert {"Kayes|Kita", "Bamako|Bamako"} <= set(lists["cercle_of"])


def test_official_names_are_read_back_exactly() -> None:
    gazetteer = reference.gazetteer()
    for region, cercle, communes in month._country():
        region_id = gazetteer.match(region, "region").place_id
        found = gazetteer.match(cercle, "cercle", region_id)
        methods = {str(gazetteer.match(commune, "commune", found.place_id).method) for commune in communes}
        assert (str(found.method), methods) == ("exact", {"exact"}), cercle


def test_dates_recipient_and_letterhead_follow_the_settings() -> None:
    settings = {"calendar": {"visa": 7}, "recipient": "Bureau de la CMP", "signatories": ("DRDSES", "Mairie")}
    book = openpyxl.load_workbook(BytesIO(fiche(model(**settings))))
    guide, minutes = texts_of(book, "Mode d'emploi"), texts_of(book, "Procès-verbal")
    assert {"07/02/2020", "08/02/2020", "12/02/2020", "15/02/2020"} <= set(guide)
    assert any("au plus tard le 07/02/2020 à\u00a0: Bureau de la CMP" in text for text in guide)
    assert {"DRDSES", "Mairie", "RÉPUBLIQUE DU MALI", "Un Peuple – Un But – Une Foi"} <= set(minutes)
    assert "Gouvernorat" not in minutes
    other = openpyxl.load_workbook(BytesIO(fiche(model(ministry="Ministère d'essai"))))
    assert "MINISTÈRE D'ESSAI" in texts_of(other, "Procès-verbal")


@pytest.mark.parametrize(
    ("period", "words"),
    [
        ("2016-12", "Reconstruction du Nord"),
        ("2019-12", "Solidarité et de l'Action humanitaire"),
        ("2021-01", "Développement social"),
    ],
)
def test_the_ministry_is_that_of_the_month(period: str, words: str) -> None:
    assert words in reference.ministry(Period.parse(period))


def test_dates_of_figures_end_with_the_month() -> None:
    filling = Filling(fiche(model()))
    page, column = filling.page(IDP), filling.columns(IDP)["Date du chiffre"]
    letter = page.cell(1, column).column_letter
    [rule] = [rule for rule in page.data_validations.dataValidation if str(rule.sqref).startswith(letter)]
    excel_day = (PERIOD.last_day - date(1899, 12, 30)).days
    assert (rule.operator or "between", rule.formula2, rule.errorStyle or "stop") == ("between", str(excel_day), "stop")


def test_instructions_and_minutes_are_one_page_each(fiches: dict[str, Path]) -> None:
    book = openpyxl.load_workbook(fiches["Kayes"])
    for title in ("Mode d'emploi", "Procès-verbal"):
        page = book[title]
        assert (page.page_setup.orientation, page.page_setup.paperSize) == ("portrait", 9)
        assert (page.page_setup.fitToWidth or 1, page.page_setup.fitToHeight or 1) == (1, 1)
        assert page.sheet_properties.pageSetUpPr.fitToPage
