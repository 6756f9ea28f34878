"""The types that travel between the steps."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from pipelines.model import Finding, Identification, Period
from schemas.codes import Effect
from tests.fiche import check, good_fiche


def test_a_month_reads_and_writes_itself() -> None:
    assert str(Period.parse(" 2019-02 ")) == "2019-02"


@pytest.mark.parametrize("text", ["2019-13", "2019-00", "2019-1", "19-12", "2019/12", "2019-12-01", "décembre", "", "201x-12"])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="YYYY-MM"):
        Period.parse(text)


@pytest.mark.parametrize(
    ("month", "before", "after", "last"),
    [
        ("2019-12", "2019-11", "2020-01", date(2019, 12, 31)),
        ("2020-01", "2019-12", "2020-02", date(2020, 1, 31)),
        ("2020-02", "2020-01", "2020-03", date(2020, 2, 29)),
        ("2019-02", "2019-01", "2019-03", date(2019, 2, 28)),
    ],
)
def test_months_know_their_neighbours_and_their_last_day(month: str, before: str, after: str, last: date) -> None:
    period = Period.parse(month)
    assert (str(period.previous()), str(period.next()), period.last_day) == (before, after, last)
    assert period.first_day == date(period.year, period.month, 1)


def test_months_are_counted_across_years_and_sort_by_time() -> None:
    assert Period(2020, 2).months_since(Period(2019, 11)) == 3
    assert sorted([Period(2020, 1), Period(2019, 12)]) == [Period(2019, 12), Period(2020, 1)]


def test_a_visa_needs_date_minutes_and_validator() -> None:
    whole = {"validated": True, "validated_on": date(2020, 1, 4), "minutes_number": "PV-1", "validated_by": "A"}
    assert Identification(**whole).has_visa
    assert not any(Identification(**{**whole, name: None}).has_visa for name in whole)


def test_findings_are_listed_by_what_they_do_then_by_where_they_are() -> None:
    [checked] = check(good_fiche())
    inform, refuse = (
        Finding("NAME_ALIAS", Effect.INFORM, "PDI", "A3", 3),
        Finding("SHEET_MISSING", Effect.REJECT_SUBMISSION),
    )
    wide, narrow = Finding("X", Effect.JUSTIFY, "PDI", "AA3", 3), Finding("X", Effect.JUSTIFY, "PDI", "B3", 3)
    assert sorted((inform, wide, refuse, narrow), key=Finding.sort_key) == [refuse, narrow, wide, inform]
    assert checked.status == "accepted"
    assert replace(checked, findings=(refuse,)).status == "refused"
