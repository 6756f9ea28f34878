"""Numbers, dates and sentences as people read them, in French and in English."""

from __future__ import annotations

from datetime import date

import pytest

from schemas import texts
from schemas.codes import Grade, Measure, Unit

NARROW = "\u202f"


def test_french_numbers_group_thousands_with_a_narrow_no_break_space() -> None:
    assert texts.number(207751) == f"207{NARROW}751"
    assert texts.number(207751, "en") == "207,751"


def test_decimals_follow_the_language() -> None:
    assert texts.number(5.36) == "5,4"
    assert texts.number(5.36, "en") == "5.4"


def test_a_missing_number_is_a_dash_and_not_zero() -> None:
    assert texts.number(None) == "—"
    assert texts.number(0) == "0"


@pytest.mark.parametrize(
    ("value", "lang", "signed", "text"),
    [
        (0.2, "fr", False, "20\u00a0%"),
        (0.2, "en", False, "20%"),
        (-0.125, "fr", True, "−12,5\u00a0%"),
        (0.125, "en", True, "+12.5%"),
    ],
)
def test_percentages_keep_their_sign_only_when_asked(value: float, lang: str, signed: bool, text: str) -> None:
    assert texts.percent(value, lang, signed=signed) == text


def test_days_are_written_the_way_of_the_language() -> None:
    assert texts.day(date(2019, 12, 31)) == "31/12/2019"
    assert texts.day("2019-12-31", "en") == "2019-12-31"


def test_a_sentence_needs_all_its_values() -> None:
    with pytest.raises(KeyError, match="individuals"):
        texts.rule_sentence("SIZE_UNUSUAL", {"households": 3, "size": 1})


def test_unknown_codes_and_messages_are_errors_of_the_program() -> None:
    with pytest.raises(KeyError):
        texts.rule_sentence("NO_SUCH_RULE", {})
    with pytest.raises(KeyError):
        texts.message("no_such_message")


def test_flows_carry_the_sign_of_what_they_do_to_a_stock() -> None:
    flows = {"arrivals": 1200, "returns": 30, "departures": -5, "corrections": -7}
    bla = {"name": "Bla", "level": "cercle"}
    params = {
        "at_place": bla,
        "before": 1,
        "past_month": "2019-11",
        "flows": flows,
        "expected": 2,
        "now": 3,
        "gap": 1,
        "more": True,
    }
    sentence = texts.rule_sentence("STOCK_FLOW", params)
    assert f"+ 1{NARROW}200 arrivées − 30 retours + 5 départs (hors retours) − 7 corrections du registre" in sentence


def test_row_and_version_numbers_are_not_grouped() -> None:
    assert "ligne 1234." in texts.rule_sentence("ROW_DUPLICATE", {"first_row": 1234})
    assert "version — " in texts.rule_sentence("FILE_TWIN", {"version": None, "other": "a.xlsx"})


def test_codes_dates_and_lists_in_a_sentence_are_read_in_its_language() -> None:
    params = {"sheets": [Unit.HOUSEHOLD, date(2019, 12, 1), None]}
    assert texts.rule_sentence("LAYOUT_UNKNOWN", params).endswith("ménages, 01/12/2019, —.")
    assert texts.rule_sentence("LAYOUT_UNKNOWN", params, "en").endswith("households, 2019-12-01, —.")


def test_a_date_that_is_missing_from_a_sentence_is_a_dash() -> None:
    params = {
        "organisation": "SLDSES",
        "stated": 5,
        "unit": "individual",
        "at_place": {"name": "Bla", "level": "cercle"},
        "stated_on": None,
        "now": 4,
        "gap": 1,
    }
    assert "individus pour le cercle de Bla (—)" in texts.rule_sentence("CIRCULATED_GAP", params)


@pytest.mark.parametrize("member", [*Measure, *Grade])
def test_every_code_has_two_labels(member: Measure) -> None:
    assert member.label("fr") == member.fr != ""
    assert member.label("en") == member.en != ""


def test_a_code_is_found_by_its_value_alone() -> None:
    assert Measure("stock") is Measure.STOCK
