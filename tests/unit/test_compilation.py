"""The month's table and its bridge: what is counted, where, how often, and why the rest is not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pandas as pd
import pytest

from pipelines import compilation
from pipelines.checking import Rulebook
from pipelines.compilation import BridgeError, compile_month
from pipelines.model import Compiled, Period
from schemas.fields import IDP, MOVEMENT, NEED, ORIGIN, REPATRIATED, RETURNEE, SEX_AGE_FIELDS, Table
from tests.fiche import (
    GAZETTEER,
    PERIOD_END,
    Change,
    Fiche,
    as_past,
    bridge,
    changed,
    check,
    compile_fiches,
    figure,
    good_fiche,
    month_of,
    past_of,
    stock,
    value,
)

SEGOU, COUNTRY = "R04", "ML"
C_SEGOU, C_NIONO, C_MACINA, C_BLA, C_MENAKA = "C027", "C025", "C024", "C023", "C050"
CINZANA = "K464"
ALL = 884


def set_(field: str, new: Any, row: int = 0, table: Table = IDP) -> Change:
    return lambda fiche: fiche.set(table, field, new, row)


def add(table: Table, **values: Any) -> Change:
    return lambda fiche: fiche.add(table, **values)


def commune(name: str, individuals: int, cercle: str = "Ségou") -> Change:
    return add(IDP, **stock(cercle, name, individuals // 5, individuals, level="commune"))


def fiche_of(region: str, *rows: tuple[str, int]) -> Fiche:
    """A return of a region with whole-cercle rows of IDPs only."""
    fiche = Fiche().identify("region", region)
    for cercle, individuals in rows:
        fiche.add(IDP, **stock(cercle, None, individuals // 5, individuals))
    return fiche


def move(
    movement: str,
    individuals: int,
    *,
    left: str | None = None,
    reached: str | None = None,
    households: int = 0,
    **more: Any,
) -> Change:
    places = {"from_cercle": left, "to_cercle": reached, **more}
    return add(
        MOVEMENT,
        movement=movement,
        households=households,
        individuals=individuals,
        observed_on=PERIOD_END,
        basis="enregistrement",
        **places,
    )


def flow(compiled: Compiled, place_id: str, measure: str) -> int | None:
    return value(compiled, place_id, measure=measure)


# --- totals ---


def test_country_is_the_sum_of_what_the_returns_say() -> None:
    compiled = compile_fiches(good_fiche())
    assert value(compiled, COUNTRY) == value(compiled, SEGOU) == ALL
    assert value(compiled, COUNTRY, "household") == 170
    assert value(compiled, COUNTRY, group="idp_returnee", measure="cumulative") == ALL
    assert bridge(compiled, SEGOU) == [("return", ALL)]


def test_a_whole_cercle_row_never_appears_as_a_commune() -> None:
    compiled = compile_fiches(good_fiche())
    assert set(compiled.figures["level"]) == {"country", "region", "cercle"}


def test_communes_add_up_to_their_cercle() -> None:
    compiled = compile_fiches(changed(set_("level", "commune"), set_("commune", "Dioro"), commune("Cinzana", 30)))
    assert (value(compiled, CINZANA), value(compiled, C_SEGOU), value(compiled, COUNTRY)) == (30, 550, ALL + 30)


def test_a_commune_inside_a_whole_cercle_row_is_itemised_and_not_added() -> None:
    compiled = compile_fiches(changed(commune("Cinzana", 30)))
    assert (value(compiled, CINZANA), value(compiled, C_SEGOU), value(compiled, SEGOU), value(compiled, COUNTRY)) == (
        30,
        520,
        ALL,
        ALL,
    )
    for place in (C_SEGOU, SEGOU, COUNTRY):
        assert bridge(compiled, place)[1:] == [("inside_cercle_row", -30)]
    assert bridge(compiled, CINZANA) == [("return", 30)]


def test_a_rejected_row_is_claimed_then_taken_off_with_its_cell() -> None:
    compiled = compile_fiches(changed(lambda fiche: fiche.add(IDP, **stock("Bla", "Bla", 10, 53))))
    assert value(compiled, SEGOU) == ALL
    for place in (C_BLA, SEGOU, COUNTRY):
        assert bridge(compiled, place)[1:] == [("row_rejected", -53)]
    steps = compiled.adjustments[
        (compiled.adjustments["kind"] == "row_rejected") & (compiled.adjustments["unit"] == "individual")
    ]
    assert set(zip(steps["sheet"], steps["cell"], steps["row"], strict=True)) == {("PDI", "G7", 7)}


def test_a_place_whose_only_row_was_rejected_is_missing_and_says_so() -> None:
    compiled = compile_fiches(changed(set_("households", "abc", 3)))
    assert value(compiled, C_BLA) is None
    assert figure(compiled, C_BLA)["missing_reason"] == "rejected"
    assert figure(compiled, C_BLA)["obs_status"] == "O"
    assert bridge(compiled, C_BLA) == [("return", 53), ("row_rejected", -53)]


def test_a_row_of_another_region_is_moved_there_and_totals_stay_right() -> None:
    gao = fiche_of("Gao", ("Ansongo", 100), ("Ménaka", 40))
    compiled = compile_fiches(gao, expected=("R07", "R10"))
    assert (value(compiled, "R07"), value(compiled, "R10"), value(compiled, COUNTRY)) == (100, 40, 140)
    assert bridge(compiled, "R07") == [("return", 140), ("moved_out", -40)]
    assert bridge(compiled, "R10") == [("return", None), ("moved_in", 40)]
    assert bridge(compiled, COUNTRY) == [("return", 140)]
    told = [item.finding.params["received_in"] for item in compiled.findings if item.finding.code == "RETURN_MISSING"]
    assert told == ["Gao"]


def test_a_place_told_by_its_own_region_and_by_another_counts_once_as_its_own_region_says() -> None:
    gao = fiche_of("Gao", ("Ansongo", 100), ("Ménaka", 40))
    menaka = fiche_of("Ménaka", ("Ménaka", 55))
    for order in ((gao, menaka), (menaka, gao)):
        compiled = compile_fiches(*order, expected=("R07", "R10"))
        assert (value(compiled, "R07"), value(compiled, "R10"), value(compiled, COUNTRY)) == (100, 55, 155)
        assert bridge(compiled, "R07") == [("return", 140), ("told_by_own_region", -40)]
        assert bridge(compiled, "R10") == [("return", 55)]
        assert bridge(compiled, COUNTRY) == [("return", 195), ("told_by_own_region", -40)]
        [told] = [item.finding for item in compiled.findings if item.finding.code == "PLACE_TOLD_TWICE"]
        assert (told.params["told"], told.params["now"], told.cell) == (40, 55, "G4")


def test_a_place_its_own_region_is_silent_about_is_counted_from_another_return() -> None:
    gao = fiche_of("Gao", ("Ansongo", 100), ("Inékar", 40))
    menaka = fiche_of("Ménaka", ("Ménaka", 55))
    compiled = compile_fiches(gao, menaka, expected=("R07", "R10"))
    assert (value(compiled, "R07"), value(compiled, "R10"), value(compiled, COUNTRY)) == (100, 95, 195)


def test_a_foreign_rejected_row_is_taken_off_where_it_was_claimed() -> None:
    gao = fiche_of("Gao", ("Ansongo", 100), ("Ménaka", 40), ("Ménaka", 40))
    compiled = compile_fiches(gao, expected=("R07", "R10"))
    assert (value(compiled, "R07"), value(compiled, "R10"), value(compiled, COUNTRY)) == (100, 40, 140)
    assert sorted(bridge(compiled, "R07")) == [("moved_out", -40), ("return", 180), ("row_rejected", -40)]


def test_a_foreign_commune_inside_a_whole_cercle_row_leaves_both_regions_right() -> None:
    gao = fiche_of("Gao", ("Ansongo", 100), ("Ménaka", 40))
    gao.add(IDP, **stock("Ménaka", "Ménaka", 2, 10, level="commune"))
    compiled = compile_fiches(gao, expected=("R07", "R10"))
    assert (value(compiled, "R07"), value(compiled, "R10"), value(compiled, COUNTRY)) == (100, 40, 140)
    assert bridge(compiled, "R10")[1:] == [("inside_cercle_row", -10), ("moved_in", 40), ("moved_in", 10)]


def test_a_region_without_return_and_without_past_is_missing_not_zero() -> None:
    compiled = compile_fiches(good_fiche(), expected=("R04", "R10"))
    row = figure(compiled, "R10")
    assert (value(compiled, "R10"), row["missing_reason"], row["obs_status"], row["grade"]) == (
        None,
        "no_return",
        "O",
        "D",
    )
    assert bridge(compiled, "R10") == [("return", None)]


def test_a_sheet_without_rows_is_not_reported_rather_than_zero() -> None:
    compiled = compile_fiches(good_fiche())
    row = figure(compiled, SEGOU, group="repatriated_refugee", measure="cumulative")
    assert (pd.isna(row["value"]), row["missing_reason"]) == (True, "not_reported")


def test_repatriated_refugees_are_counted_by_country_of_asylum() -> None:
    rows = [add(REPATRIATED, **stock("Bla", "Bla", 2, 10, asylum_country=country)) for country in ("Niger", "Mauritanie")]
    compiled = compile_fiches(changed(*rows))
    assert value(compiled, C_BLA, group="repatriated_refugee", measure="cumulative") == 20


def test_a_month_without_any_return_compiles_to_missing_regions() -> None:
    compiled = compile_fiches(expected=("R04", "R05"))
    assert compiled.figures["value"].isna().all()
    assert set(compiled.figures["place_id"]) == {"R04", "R05"}
    assert [item.finding.code for item in compiled.findings] == ["RETURN_MISSING"] * 2


# --- carried forward ---


def test_a_place_without_a_row_is_carried_forward_with_its_age() -> None:
    before = past_of(good_fiche())
    first = compile_fiches(changed(lambda fiche: fiche.drop_row(IDP, 3)), past=before)
    row = figure(first, C_BLA)
    assert (row["value"], row["basis"], row["grade"], row["obs_status"], row["carried_months"]) == (
        53,
        "carried_forward",
        "C",
        "I",
        1,
    )
    assert value(first, COUNTRY) == ALL
    for place in (C_BLA, SEGOU, COUNTRY):
        assert bridge(first, place)[1:] == [("carried_forward", 53)]
    second = compile_fiches(changed(lambda fiche: fiche.drop_row(IDP, 3)), past=as_past(first))
    assert (figure(second, C_BLA)["carried_months"], figure(second, C_BLA)["grade"]) == (2, "D")


def test_carrying_stops_when_the_region_writes_zero() -> None:
    now = changed(set_("households", 0, 3), set_("individuals", 0, 3))
    compiled = compile_fiches(now, past=past_of(good_fiche()))
    assert (value(compiled, C_BLA), value(compiled, COUNTRY)) == (0, ALL - 53)
    again = compile_fiches(changed(lambda fiche: fiche.drop_row(IDP, 3)), past=as_past(compiled))
    assert value(again, COUNTRY) == ALL - 53


def test_a_region_without_return_is_carried_forward_whole_and_said_once() -> None:
    compiled = compile_fiches(past=past_of(good_fiche()))
    assert value(compiled, COUNTRY) == ALL
    assert figure(compiled, SEGOU)["obs_status"] == "I"
    assert bridge(compiled, SEGOU)[0] == ("return", None)
    told = [(item.finding.code, item.finding.params["carried"]) for item in compiled.findings]
    assert told == [("RETURN_MISSING", ALL)]


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ((), (set_("level", "commune", 3),)),
        ((set_("level", "commune", 3),), ()),
        ((set_("level", "commune", 3),), (set_("level", "site", 3), set_("site", "École", 3))),
    ],
    ids=["cercle-then-commune", "commune-then-cercle", "commune-then-site"],
)
def test_carrying_stops_when_rows_come_back_at_another_level(before: tuple[Change, ...], now: tuple[Change, ...]) -> None:
    compiled = compile_fiches(changed(*now), past=past_of(changed(*before)))
    assert value(compiled, COUNTRY) == ALL
    assert "carried_forward" not in set(compiled.adjustments["kind"])


def test_a_rejected_row_is_carried_forward_and_said_once() -> None:
    fiche = changed(set_("individuals", "abc", 3))
    compiled = compile_fiches(fiche, past=past_of(good_fiche()))
    assert value(compiled, C_BLA) == 53
    assert "PLACE_CARRIED_FORWARD" not in {item.finding.code for item in compiled.findings}


@pytest.mark.parametrize("name", ["Nyonoh", "Tamalagou"], ids=["near", "unlike-any"])
def test_a_misspelt_cercle_is_not_counted_a_second_time_from_the_past(name: str) -> None:
    compiled = compile_fiches(changed(set_("cercle", name, 1)), past=past_of(good_fiche()))
    assert (value(compiled, SEGOU), value(compiled, COUNTRY)) == (ALL, ALL)
    assert "carried_forward" not in {kind for kind, _ in bridge(compiled, COUNTRY)}


def test_a_misspelt_commune_is_not_counted_twice_and_its_silent_neighbour_is_not_lost() -> None:
    communes = (set_("level", "commune"), set_("commune", "Dioro"), commune("Cinzana", 30), commune("Markala", 70))
    now = (set_("level", "commune"), set_("commune", "Dioro"), commune("Sinzanah", 30))
    compiled = compile_fiches(changed(*now), past=past_of(changed(*communes)))
    assert value(compiled, C_SEGOU) == 520 + 30 + 70
    assert bridge(compiled, C_SEGOU)[1:] == [("carried_forward", 70)]


def test_a_commune_under_a_misspelt_cercle_answers_for_itself() -> None:
    before = changed(lambda fiche: fiche.drop_row(IDP), commune("Cinzana", 30), commune("Markala", 70))
    now = changed(lambda fiche: fiche.drop_row(IDP), commune("Cinzana", 35, cercle="Ségouville"), commune("Markala", 70))
    compiled = compile_fiches(now, past=past_of(before))
    assert value(compiled, COUNTRY) == ALL - 520 + 35 + 70


def test_rows_without_a_usable_name_leave_other_places_carried() -> None:
    def nameless(fiche: Fiche) -> None:
        fiche.set(IDP, "cercle", None, 1).set(IDP, "commune", None, 1)
        fiche.drop_row(IDP, 3).drop_row(IDP, 2)

    compiled = compile_fiches(changed(nameless), past=past_of(good_fiche()))
    assert bridge(compiled, C_BLA) == [("return", None), ("carried_forward", 53)]
    assert bridge(compiled, C_MACINA) == [("return", None), ("carried_forward", 101)]


def test_a_commune_without_its_cercle_and_misspelt_answers_for_what_it_is_near_to() -> None:
    before = changed(lambda fiche: fiche.drop_row(IDP), commune("Cinzana", 30))
    now = changed(lambda fiche: fiche.drop_row(IDP), commune("Sinzanah", 30), set_("cercle", None, 3))
    compiled = compile_fiches(now, past=past_of(before))
    assert value(compiled, COUNTRY) == ALL - 520 + 30


def test_a_region_with_an_unplaced_row_is_not_itself_said_to_be_carried_forward() -> None:
    before = changed()
    now = changed(set_("cercle", "Tamalagou", 1), lambda fiche: fiche.drop_row(IDP, 3))
    found = compile_fiches(now, past=past_of(before)).findings
    assert SEGOU not in {item.place_id for item in found if item.finding.code == "PLACE_CARRIED_FORWARD"}


def test_breakdowns_of_people_carried_forward_are_unknown() -> None:
    detail = [set_(item.name, 5, 3) for item in SEX_AGE_FIELDS]
    before = past_of(changed(*detail))
    compiled = compile_fiches(changed(lambda fiche: fiche.drop_row(IDP, 3)), past=before)
    for dims in (
        {"sex": "_U", "age": "_U"},
        {"sex": "_U"},
        {"age": "_U"},
        {"shelter": "_U"},
        {"displacement": "_U"},
        {"cause": "_U"},
    ):
        assert value(compiled, C_BLA, **dims) == 53
    assert value(compiled, C_BLA, "household", shelter="_U") == 10


# --- breakdowns ---


def test_sex_and_age_add_up_with_what_was_left_out() -> None:
    compiled = compile_fiches(changed(set_("female_0_4", 100), set_("male_18_59", 50)))
    assert value(compiled, C_SEGOU, sex="F", age="0-4") == 100
    assert (value(compiled, C_SEGOU, sex="M"), value(compiled, C_SEGOU, age="0-4")) == (50, 100)
    unknown = figure(compiled, C_SEGOU, sex="_U", age="_U")
    assert (unknown["value"], unknown["missing_reason"]) == (370, "not_reported")


def test_the_reason_of_blanks_travels_to_the_unknown_part() -> None:
    compiled = compile_fiches(changed(set_("missing_reason", "zone inaccessible")))
    assert figure(compiled, C_SEGOU, shelter="_U")["missing_reason"] == "inaccessible"
    assert figure(compiled, SEGOU, shelter="_U")["missing_reason"] == "not_reported"


def test_shelter_is_told_in_the_unit_it_was_counted_in() -> None:
    compiled = compile_fiches(changed(set_("shelter_unit", "ménages"), set_("shelter_rented", 60)))
    assert value(compiled, C_SEGOU, "household", shelter="rented") == 60
    assert value(compiled, C_SEGOU, "household", shelter="_U") == 40
    assert value(compiled, C_SEGOU, "individual", shelter="_U") == 520


def test_parts_that_exceed_their_total_count_as_left_out() -> None:
    compiled = compile_fiches(changed(set_("primary", 600)))
    assert value(compiled, C_SEGOU, displacement="_U") == 520


def test_origin_and_cause_are_a_partition_of_the_stock() -> None:
    row = {"cercle": "Ségou", "level": "cercle entier", "origin_region": "Mopti"}
    compiled = compile_fiches(
        changed(
            add(ORIGIN, **row, origin_cercle="Mopti", cause="affrontements armés", households=50, individuals=300),
            add(ORIGIN, **row, households=20, individuals=100),
        )
    )
    assert value(compiled, C_SEGOU, origin_id="C034", cause="armed_conflict") == 300
    assert value(compiled, C_SEGOU, origin_id="R05", cause="_U") == 100
    assert (value(compiled, C_SEGOU, origin_id="_U"), value(compiled, C_SEGOU, cause="_U")) == (120, 220)


def test_vulnerability_counts_criteria_and_is_no_partition() -> None:
    compiled = compile_fiches(
        changed(
            set_("under_12_months", 500),
            add(NEED, cercle="Ségou", level="cercle entier", female_headed_household=12, disability=7),
        )
    )
    assert value(compiled, C_SEGOU, "household", vulnerability="female_headed_household") == 12
    assert value(compiled, COUNTRY, vulnerability="disability") == 7
    assert value(compiled, C_SEGOU, vulnerability="displaced_under_12_months") == 500


# --- movements ---


def test_a_secondary_move_inside_a_region_leaves_one_place_and_enters_another_once() -> None:
    compiled = compile_fiches(changed(move("déplacement secondaire", 30, left="Niono", reached="Bla")))
    assert (flow(compiled, C_NIONO, "departures"), flow(compiled, C_BLA, "arrivals")) == (30, 30)
    assert (flow(compiled, SEGOU, "departures"), flow(compiled, SEGOU, "arrivals")) == (30, 30)
    assert value(compiled, C_BLA, measure="arrivals", displacement="secondary") == 30
    for place, measure in ((C_NIONO, "arrivals"), (C_BLA, "departures")):
        with pytest.raises(KeyError):
            flow(compiled, place, measure)


def test_a_secondary_move_out_of_the_region_is_the_other_regions_to_count() -> None:
    compiled = compile_fiches(changed(move("secondaire", 30, left="Niono", to_region="Mopti", reached="Mopti")))
    assert flow(compiled, COUNTRY, "departures") == 30
    assert "arrivals" not in set(compiled.figures["measure"])


def test_returns_departures_and_corrections_are_counted_where_they_happen() -> None:
    compiled = compile_fiches(
        changed(
            move("retour", 10, left="Niono"),
            move("départ", 5, left="Niono"),
            move("correction", -7, reached="Bla", households=-1),
            move("arrivée", 20, reached="Niono"),
        )
    )
    assert [flow(compiled, C_NIONO, m) for m in ("returns", "departures", "arrivals")] == [10, 5, 20]
    assert flow(compiled, C_BLA, "corrections") == -7
    assert figure(compiled, C_NIONO, measure="arrivals", displacement="_U")["missing_reason"] == "not_collected"


def test_a_movement_whose_place_is_unknown_is_counted_at_the_region() -> None:
    compiled = compile_fiches(changed(move("arrivée", 20, reached="Tamalagou")))
    assert flow(compiled, SEGOU, "arrivals") == 20


def test_the_identity_is_not_claimed_against_an_older_month() -> None:
    old = as_past(compile_fiches(changed(set_("individuals", 519))), period=Period(2019, 9))
    assert compile_fiches(changed(move("arrivée", 100, reached="Ségou", households=20)), past=old).findings == ()


# --- grades ---


@pytest.mark.parametrize(
    ("changes", "grade"),
    [
        ((), "B"),
        ((set_("basis", "évaluation"), set_("observed_on", date(2019, 11, 1))), "B"),
        ((set_("basis", "informateur clé"),), "C"),
        ((set_("basis", "reconduction"),), "C"),
        ((lambda fiche: fiche.identify("validated", "non"),), "C"),
        ((set_("observed_on", date(2019, 10, 31)),), "D"),
        ((set_("basis", "alerte"),), "D"),
        ((set_("basis", "estimation"),), "D"),
        ((set_("basis", None),), "D"),
        ((set_("observed_on", None),), "D"),
    ],
)
def test_the_grade_follows_basis_age_and_visa(changes: tuple[Callable[[Fiche], Any], ...], grade: str) -> None:
    assert figure(compile_fiches(changed(*changes)), C_SEGOU)["grade"] == grade


def test_a_total_is_as_good_as_its_weakest_row() -> None:
    compiled = compile_fiches(changed(set_("basis", "alerte", 3)))
    assert (figure(compiled, C_SEGOU)["grade"], figure(compiled, SEGOU)["grade"], figure(compiled, SEGOU)["basis"]) == (
        "B",
        "D",
        "alert",
    )


def test_a_region_without_visa_is_provisional_and_so_is_the_country() -> None:
    assert figure(compile_fiches(good_fiche()), COUNTRY)["obs_status"] == "A"
    assert figure(compile_fiches(good_fiche().identify("validated", "non")), COUNTRY)["obs_status"] == "P"


def test_an_open_discrepancy_makes_its_figure_a_d() -> None:
    compiled = compilation.doubt(compile_fiches(good_fiche()), {(C_BLA, "idp", "stock")})
    assert (figure(compiled, C_BLA)["grade"], figure(compiled, C_NIONO)["grade"]) == ("D", "B")
    assert figure(compiled, C_BLA, group="idp_returnee", measure="cumulative")["grade"] == "B"


def test_a_row_of_another_region_is_not_validated_by_its_own() -> None:
    gao = fiche_of("Gao", ("Ansongo", 100), ("Ménaka", 40))
    compiled = compile_fiches(gao, expected=("R07",))
    assert (figure(compiled, C_MENAKA)["obs_status"], figure(compiled, "R07")["obs_status"]) == ("P", "A")


# --- the bridge and what a return claims ---


def test_a_bridge_that_does_not_add_up_is_an_error_of_the_program() -> None:
    compiled = compile_fiches(good_fiche())
    totals = compiled.figures[(compiled.figures[compilation.DIMENSIONS] == "_T").all(axis=1)].copy()
    compilation.assert_bridge(totals, compiled.adjustments)
    totals.loc[totals["value"].first_valid_index(), "value"] += 1
    with pytest.raises(BridgeError, match="does not add up"):
        compilation.assert_bridge(totals, compiled.adjustments)


def test_what_a_return_adds_up_to_leaves_out_what_is_not_counted() -> None:
    fiche = changed(commune("Cinzana", 30), lambda f: f.add(IDP, **stock("Bla", "Bla", 10, 53)))
    totals = compilation.claimed_totals(check(fiche)[0].rows, GAZETTEER)
    assert totals["idp"] == {"household": 170, "individual": ALL}
    assert totals["repatriated_refugee"] == {"household": None, "individual": None}


def test_a_refused_return_adds_up_to_nothing_at_all() -> None:
    totals = compilation.claimed_totals(check(good_fiche().identify("region", "Atlantide"))[0].rows, GAZETTEER)
    assert set(totals) == {"idp", "idp_returnee", "repatriated_refugee"}
    assert all(counted is None for group in totals.values() for counted in group.values())


def test_own_values_take_off_what_the_places_below_hold() -> None:
    compiled = compile_fiches(changed(set_("level", "commune"), set_("commune", "Dioro")))
    own = compilation.own_values(as_past(compiled).figures, GAZETTEER)
    stocks = own[(own["population_group"] == "idp") & (own["unit"] == "individual")].set_index("place_id")["value"]
    assert (stocks[SEGOU], stocks[C_SEGOU], stocks["K467"]) == (0, 0, 520)


def test_the_same_month_compiles_to_the_same_bytes_whatever_the_order_of_rows() -> None:
    month = month_of(*check(good_fiche(), fiche_of("Gao", ("Ansongo", 100), ("Ménaka", 40))), past=past_of(good_fiche()))
    shuffled = compilation.Month(
        month.period, month.observations.iloc[::-1], month.heads[::-1], month.past, month.expected, GAZETTEER
    )
    one, two = (compile_month(item, Rulebook()) for item in (month, shuffled))
    assert one.figures.to_csv() == two.figures.to_csv()
    assert one.adjustments.to_csv() == two.adjustments.to_csv()
    assert one.findings == two.findings


def test_change_is_judged_against_a_past_that_is_there() -> None:
    assert compile_fiches(changed(set_("individuals", 899))).findings == ()
    assert compile_fiches(changed(set_("individuals", 600, 0, RETURNEE))).findings == ()


def test_returnees_of_a_place_whose_row_was_rejected_are_not_said_to_fall() -> None:
    before = past_of(changed(set_("individuals", 519)))
    communes = [stock("Ségou", name, 10, 50, level="commune") for name in ("Cinzana", "Dioro")]
    now = changed(set_("individuals", "abc", 0, RETURNEE), *(add(RETURNEE, **row) for row in communes))
    assert {item.finding.code for item in compile_fiches(now, past=before).findings} == set()


# --- stocks by place ----------------------------------------------------------------------------------------------------


def stocks(*fiches: Fiche, table: str = "idp", **more: Any) -> list[tuple[Any, ...]]:
    """(home region, place, level, site, individuals, months carried) of each stock of a sheet."""
    found = compilation.stocks_by_place(month_of(*check(*fiches), **more))
    assert list(found.columns) == compilation.STOCK_COLUMNS
    chosen = found[found["table"] == table]
    return [
        tuple(row) for row in chosen[["home_region", "place_id", "level", "site", "individuals", "carried_months"]].to_numpy()
    ]


def test_stocks_are_told_at_the_level_of_their_rows() -> None:
    now = changed(
        set_("level", "commune"), set_("commune", "Cinzana"), set_("level", "site", 1), set_("commune", "Niono", 1),
        set_("site", "École", 1), set_("level", None, 2),
    )  # fmt: skip
    assert stocks(now) == [
        (SEGOU, C_BLA, "cercle", None, 53, 0),
        (SEGOU, C_MACINA, "cercle", None, 101, 0),
        (SEGOU, GAZETTEER.match("Niono", "commune", C_NIONO).place_id, "site", "École", 210, 0),
        (SEGOU, CINZANA, "commune", None, 520, 0),
    ]


def test_stocks_add_up_to_what_is_counted() -> None:
    """A rejected row is carried forward, a commune inside its cercle row and a repeated claim of another region are left out."""
    now = changed(set_("individuals", "abc", 3), commune("Cinzana", 40))
    gao = fiche_of("Gao", ("Ségou", 77), ("Ménaka", 30))
    past = past_of(good_fiche())
    told = stocks(now, gao, past=past, expected=("R04", "R07"))
    assert (SEGOU, C_BLA, "cercle", None, 53, 1) in told
    assert ("R10", C_MENAKA, "cercle", None, 30, 0) in told
    assert CINZANA not in {row[1] for row in told}
    counted = compile_fiches(now, gao, past=past, expected=("R04", "R07"))
    assert sum(row[4] for row in told) == value(counted, COUNTRY)


def test_a_stock_of_which_only_the_region_is_known_has_no_level() -> None:
    told = stocks(changed(set_("cercle", "Xyzt", 3)))
    assert (SEGOU, SEGOU, None, None, 53, 0) in told


def test_a_month_without_returns_or_past_has_no_stocks() -> None:
    assert stocks() == []
