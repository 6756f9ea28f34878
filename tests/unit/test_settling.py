"""Decisions in the figures of a month: numbers worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from pipelines import compilation, deciding, settling
from pipelines.compilation import BridgeError
from pipelines.model import Compiled, Decision, Discrepancy, Settlement
from schemas.codes import Action
from schemas.fields import IDP, ORIGIN
from tests.fiche import (
    GAZETTEER,
    Change,
    Fiche,
    bridge,
    changed,
    compile_fiches,
    figure,
    past_of,
    stock,
    value,
)
from tests.months_decided import decided, decision, disagreement, number

SEGOU, MOPTI, COUNTRY = "R04", "R05", "ML"
C_SEGOU, C_NIONO, C_BLA, C_BANKASS = "C027", "C025", "C023", "C030"
CINZANA, DIORO, SEGUE = "K464", "K465", "K532"


def set_(field: str, new: Any, row: int = 0) -> Change:
    return lambda fiche: fiche.set(IDP, field, new, row)


def take(place: str, persons: int, source: str = "OIM DTM", *, key: str = "k1", told: int = 0, **more: Any) -> Discrepancy:
    return disagreement(place, number(told), number(persons, source, takes=True), key=key, **more)


def taking(about: Discrepancy, *, id: int = 1, **more: Any) -> Decision:
    return decision(about, id=id, source=about.values[1].source, **more)


def settled(compiled: Compiled, *about: Discrepancy) -> Compiled:
    """The month where the source of every discrepancy is taken, in their order."""
    return decided(compiled, about, [taking(item, id=at) for at, item in enumerate(about, start=1)])


def parts(compiled: Compiled, place: str, family: str, unit: str = "individual") -> dict[str, int]:
    rows = compiled.figures
    others = [name for name in compilation.DIMENSIONS if name != family]
    rows = rows[(rows["place_id"] == place) & (rows["unit"] == unit) & (rows["population_group"] == "idp")]
    rows = rows[(rows["measure"] == "stock") & (rows[family] != "_T") & (rows[others] == "_T").all(axis=1)]
    return {str(word): int(count) for word, count in zip(rows[family], rows["value"], strict=True)}


# --- the case of Bankass ---


def bankass() -> Compiled:
    mopti = Fiche().identify("region", "Mopti").add(IDP, **stock("Bankass", None, 806, 5086))
    return compile_fiches(mopti, expected=(MOPTI,))


UNREGISTERED = disagreement(
    SEGUE, number(628, "SLDSES de Bankass", takes=True), additional=True, rule="CIRCULATED_GAP"
)  # no return says anything of the commune


def test_persons_not_registered_come_on_top_of_the_register() -> None:
    now = decided(bankass(), [UNREGISTERED], [decision(UNREGISTERED, id=12, source="SLDSES de Bankass")])
    assert [value(now, place) for place in (SEGUE, C_BANKASS, MOPTI, COUNTRY)] == [628, 5714, 5714, 5714]
    assert value(now, C_BANKASS, "household") == value(now, COUNTRY, "household") == 806
    assert bridge(now, C_BANKASS) == [("return", 5086), ("decision", 628)]
    assert bridge(now, SEGUE) == [("return", None), ("decision", 628)]
    assert parts(now, COUNTRY, "sex") == {"_U": 5714}
    assert parts(now, SEGUE, "shelter") == {"_U": 628}


def test_a_place_without_a_figure_gets_one_that_nobody_has_validated() -> None:
    now = decided(bankass(), [UNREGISTERED], [decision(UNREGISTERED, source="SLDSES de Bankass")])
    line = figure(now, SEGUE)
    assert (line["level"], line["basis"], line["grade"], line["obs_status"], line["missing_reason"]) == (
        "commune", "estimate", "C", "P", None,
    )  # fmt: skip
    with pytest.raises(KeyError):
        figure(now, SEGUE, "household")


def test_the_bridge_tells_who_decided_what_and_why() -> None:
    now = decided(
        bankass(), [UNREGISTERED], [decision(UNREGISTERED, id=12, source="SLDSES de Bankass", reason="À ajouter aux enregistrés")]
    )
    steps = now.adjustments[now.adjustments["kind"] == "decision"]
    assert set(steps["place_id"]) == {SEGUE, C_BANKASS, MOPTI, COUNTRY}
    assert set(steps["about_place_id"]) == {SEGUE}
    assert set(steps["decision_id"]) == {12}
    assert set(steps["reason"]) == {
        "décision du 12/01/2020, par Awa Traoré, ajouter les personnes non enregistrées selon SLDSES de Bankass : À ajouter aux enregistrés "
        "(cette décision ne change pas les ménages)"
    }


def test_added_people_make_a_missing_region_what_is_known_of_it() -> None:
    nothing = compile_fiches(changed(), expected=(SEGOU, MOPTI))
    assert figure(nothing, MOPTI)["missing_reason"] == "no_return"
    now = decided(nothing, [UNREGISTERED], [decision(UNREGISTERED, source="SLDSES de Bankass")])
    line = figure(now, MOPTI)
    assert (line["value"], line["missing_reason"], line["obs_status"], line["grade"]) == (628, None, "P", "D")
    assert value(now, MOPTI, "household") is None
    assert value(now, COUNTRY) == 884 + 628
    opening = now.adjustments[(now.adjustments["place_id"] == SEGUE) & (now.adjustments["item"] == 0)]
    assert list(opening["missing_reason"]) == ["no_return"]


# --- a total that another source gives ---


def segou(*changes: Change) -> Compiled:
    """Ségou with 24 291 persons, 23 927 of them in its first cercle."""
    return compile_fiches(changed(set_("individuals", 23_927), set_("households", 4000), *changes))


def test_a_region_total_is_taken_from_a_source_and_its_cercles_stay() -> None:
    before = segou()
    assert value(before, SEGOU) == 24_291
    now = settled(before, take(SEGOU, 26_140, told=24_291))
    assert [value(now, place) for place in (C_SEGOU, SEGOU, COUNTRY)] == [23_927, 26_140, 26_140]
    assert bridge(now, SEGOU) == bridge(now, COUNTRY) == [("return", 24_291), ("decision", 1849)]
    assert bridge(now, C_SEGOU) == [("return", 23_927)]
    line = figure(now, SEGOU)
    assert (line["basis"], line["grade"], line["obs_status"]) == ("estimate", "C", "P")
    assert (figure(now, C_SEGOU)["grade"], figure(now, C_SEGOU)["obs_status"]) == ("B", "A")


@pytest.mark.parametrize(("as_of", "grade"), [("2020-01-04", "C"), ("2019-11-01", "C"), ("2019-10-31", "D"), ("", "D")])
def test_a_number_older_than_a_month_is_graded_so(as_of: str, grade: str) -> None:
    gap = disagreement(SEGOU, number(884), number(900, "OIM DTM", takes=True, as_of=as_of))
    assert figure(decided(compile_fiches(changed()), [gap], [taking(gap)]), SEGOU)["grade"] == grade


def test_a_basis_that_the_register_of_sources_knows_is_kept() -> None:
    gap, before = take(SEGOU, 900), compile_fiches(changed())
    found, _ = deciding.settlements([taking(gap)], [gap], before, None, GAZETTEER, {"oim dtm": "registration"})
    assert figure(settling.settle(before, found, GAZETTEER), SEGOU)["basis"] == "registration"


def test_numbers_written_down_with_the_decision_are_those_that_hold() -> None:
    gap = take(SEGOU, 900)
    now = decided(compile_fiches(changed()), [gap], [taking(gap, individuals=901, households=171)])
    assert (value(now, SEGOU), value(now, SEGOU, "household")) == (901, 171)


def test_a_source_that_says_the_same_changes_nothing() -> None:
    before = compile_fiches(changed())
    assert settled(before, take(SEGOU, 884)) is before


# --- carried forward and excluded ---


def test_the_month_before_is_carried_forward_in_both_units() -> None:
    past = past_of(changed(set_("individuals", 500), set_("households", 96)))
    gap = disagreement(C_SEGOU, number(520), number(500, "2019-11"))
    now = decided(compile_fiches(changed(), past=past), [gap], [decision(gap, Action.CARRY_FORWARD)], past)
    assert [value(now, place) for place in (C_SEGOU, SEGOU, COUNTRY)] == [500, 864, 864]
    assert value(now, C_SEGOU, "household") == 96
    line = figure(now, C_SEGOU)
    assert (line["basis"], line["carried_months"], line["grade"], line["obs_status"]) == ("carried_forward", 1, "C", "I")
    assert (figure(now, COUNTRY)["basis"], figure(now, COUNTRY)["obs_status"]) == ("carried_forward", "I")


def test_what_is_carried_forward_a_second_month_is_old() -> None:
    past = past_of(changed())
    past.figures["carried_months"] = 1
    gap = disagreement(C_SEGOU, number(520), number(500, "2019-11"))
    before = compile_fiches(changed(set_("individuals", 600)))
    line = figure(decided(before, [gap], [decision(gap, Action.CARRY_FORWARD)], past), C_SEGOU)
    assert (line["value"], line["carried_months"], line["grade"]) == (520, 2, "D")


def test_an_excluded_figure_is_missing_and_no_zero() -> None:
    gap = take(C_BLA, 10, told=53)
    now = decided(compile_fiches(changed()), [gap], [decision(gap, Action.EXCLUDE)])
    line = figure(now, C_BLA)
    assert (value(now, C_BLA), line["missing_reason"], line["obs_status"], line["grade"]) == (None, "rejected", "O", "D")
    assert (value(now, SEGOU), value(now, COUNTRY), value(now, COUNTRY, "household")) == (831, 831, 160)
    assert bridge(now, C_BLA) == [("return", 53), ("decision", -53)]
    assert parts(now, C_BLA, "sex") == {}
    assert figure(now, C_BLA, group="idp_returnee", measure="cumulative")["value"] == 53


def test_where_all_is_excluded_the_places_above_are_missing_too() -> None:
    gap = disagreement(SEGOU, number(884), number(900, "OIM DTM"))
    now = decided(compile_fiches(changed()), [gap], [decision(gap, Action.EXCLUDE)])
    assert (value(now, SEGOU), value(now, COUNTRY), value(now, C_BLA)) == (None, None, 53)


# --- breakdowns ---


def described(*changes: Change) -> Compiled:
    """Ségou (cercle) with 520 persons of whom 300 are girls of 0-4 and 100 boys; Niono with 210, all girls of 0-4."""
    return compile_fiches(
        changed(set_("female_0_4", 300), set_("male_0_4", 100), set_("female_0_4", 210, 1), set_("shelter_rented", 400), *changes)
    )


def test_people_who_come_are_a_part_that_nobody_described() -> None:
    now = settled(described(), take(C_SEGOU, 600))
    assert parts(now, C_SEGOU, "sex") == {"F": 300, "M": 100, "_U": 200}
    assert parts(now, COUNTRY, "sex") == {"F": 510, "M": 100, "_U": 354}


def test_people_who_leave_are_taken_from_the_part_that_nobody_described() -> None:
    now = settled(described(), take(C_SEGOU, 420))
    assert parts(now, C_SEGOU, "sex") == {"F": 300, "M": 100, "_U": 20}
    assert parts(now, COUNTRY, "sex") == {"F": 510, "M": 100, "_U": 174}


def test_beyond_it_the_description_is_withdrawn_at_that_place_alone() -> None:
    now = settled(described(), take(C_SEGOU, 390))
    assert parts(now, C_SEGOU, "sex") == parts(now, C_SEGOU, "age") == {"_U": 390}
    assert parts(now, C_NIONO, "sex") == {"F": 210}
    assert parts(now, COUNTRY, "sex") == parts(now, SEGOU, "sex") == {"F": 210, "_U": 544}
    # 120 of the 520 had no shelter told, so of 130 who leave ten would have to be tenants: nobody knows which
    assert parts(now, COUNTRY, "shelter") == {"_U": 754}
    line = figure(now, COUNTRY, sex="F", age="0-4")
    assert (line["value"], line["grade"], line["obs_status"], line["missing_reason"]) == (210, "C", "P", None)


def test_each_breakdown_is_judged_for_itself() -> None:
    now = settled(described(set_("shelter_rented", 380)), take(C_SEGOU, 390))
    assert parts(now, C_SEGOU, "sex") == {"_U": 390}
    assert parts(now, C_SEGOU, "shelter") == {"rented": 380, "_U": 10}


def test_origins_keep_their_margins() -> None:
    origin: Change = lambda fiche: fiche.add(  # noqa: E731
        ORIGIN, cercle="Ségou", level="cercle entier", origin_region="Mopti", cause="autre", households=5, individuals=400
    )
    now = settled(described(origin), take(C_SEGOU, 450))
    assert parts(now, C_SEGOU, "origin_id") == {"R05": 400, "_U": 50}
    gone = settled(described(origin), take(C_SEGOU, 399))
    assert parts(gone, C_SEGOU, "cause") == {"_U": 399}
    assert parts(gone, COUNTRY, "origin_id") == {"_U": 763}


def test_vulnerable_people_are_no_partition_and_stay() -> None:
    now = settled(described(set_("over_12_months", 500)), take(C_SEGOU, 390))
    assert value(now, C_SEGOU, vulnerability="displaced_over_12_months") == 500


# --- several decisions ---


def test_a_number_set_above_holds_whatever_is_set_below() -> None:
    below, above = take(C_SEGOU, 600, key="k1"), take(SEGOU, 1000, key="k2")
    for order in ((below, above), (above, below)):
        now = settled(compile_fiches(changed()), *order)
        assert [value(now, place) for place in (C_SEGOU, SEGOU, COUNTRY)] == [600, 1000, 1000]
    assert sorted(bridge(now, SEGOU)) == [("decision", 36), ("decision", 80), ("return", 884)]


def test_people_on_top_come_on_top_of_what_is_set() -> None:
    extra = take(CINZANA, 100, key="k1", additional=True)
    now = settled(compile_fiches(changed()), extra, take(C_SEGOU, 400, key="k2"))
    assert [value(now, place) for place in (CINZANA, C_SEGOU, SEGOU)] == [100, 500, 864]


def test_of_two_decisions_on_one_number_the_later_holds_and_both_are_named() -> None:
    one, two = take(C_SEGOU, 600, key="k1"), take(C_SEGOU, 610, "Mairie", key="k2")
    before = compile_fiches(changed())
    found, conflicts = deciding.settlements([taking(two, id=7), taking(one, id=3)], [one, two], before, None, GAZETTEER)
    assert [(item.decision_id, item.delta) for item in found] == [(7, 90)]
    assert [(item.place_id, item.unit, item.holds, item.set_aside) for item in conflicts] == [(C_SEGOU, "individual", 7, 3)]


def test_decisions_on_households_and_on_persons_do_not_contradict_each_other() -> None:
    one = take(C_SEGOU, 600, key="k1")
    two = disagreement(C_SEGOU, number(100, unit="household"), number(120, "Mairie", "household", takes=True), key="k2")
    before = compile_fiches(changed())
    found, conflicts = deciding.settlements([taking(one), taking(two, id=2)], [one, two], before, None, GAZETTEER)
    assert ([(item.unit, item.delta) for item in found], conflicts) == ([("household", 20), ("individual", 80)], ())


def test_a_commune_inside_a_whole_cercle_row_changes_nothing_above() -> None:
    inside = compile_fiches(changed(lambda fiche: fiche.add(IDP, **stock("Ségou", "Cinzana", 6, 30, level="commune"))))
    now = settled(inside, take(CINZANA, 50))
    assert [value(now, place) for place in (CINZANA, C_SEGOU, SEGOU)] == [50, 520, 884]
    added = settled(inside, take(CINZANA, 50, additional=True))
    assert [value(added, place) for place in (CINZANA, C_SEGOU, SEGOU)] == [80, 570, 934]


def test_a_decision_on_the_country_is_its_own_step_of_the_national_bridge() -> None:
    now = settled(compile_fiches(changed()), take(COUNTRY, 1000))
    assert (value(now, COUNTRY), value(now, SEGOU)) == (1000, 884)
    assert bridge(now, COUNTRY) == [("return", 884), ("decision", 116)]


def test_items_follow_those_that_were_there() -> None:
    inside = compile_fiches(changed(lambda fiche: fiche.add(IDP, **stock("Ségou", "Cinzana", 6, 30, level="commune"))))
    now = settled(inside, take(C_SEGOU, 500), take(SEGOU, 900, key="k2"))
    rows = now.adjustments[(now.adjustments["place_id"] == SEGOU) & (now.adjustments["unit"] == "individual")]
    rows = rows[rows["measure"] == "stock"]
    assert list(zip(rows["item"], rows["kind"], rows["value"], strict=True)) == [
        (0, "return", 914), (1, "inside_cercle_row", -30), (2, "decision", -20), (3, "decision", 36),
    ]  # fmt: skip


def test_a_bridge_that_does_not_add_up_is_never_given() -> None:
    before = compile_fiches(changed())
    broken = Compiled(before.period, before.figures, before.adjustments.iloc[1:], ())
    with pytest.raises(BridgeError):
        settling.settle(broken, [Settlement(1, SEGOU, "idp", "stock", "individual", 5, "motif", "estimate")], GAZETTEER)


# --- what an independent source agrees with ---


@pytest.mark.parametrize(
    ("fiche", "grade"),
    [(changed, "A"), (lambda: changed(lambda fiche: fiche.identify("validated", "non")), "C")],
    ids=["validated", "not validated"],
)
def test_an_independent_source_raises_what_is_validated_and_nothing_else(fiche: Callable[[], Fiche], grade: str) -> None:
    now = compilation.agreed(compile_fiches(fiche()), {(C_SEGOU, "idp", "stock")})
    rows = now.figures[now.figures["place_id"] == C_SEGOU]
    stocks = rows[rows["measure"] == "stock"]
    assert len(stocks) > 2
    assert set(stocks["grade"]) == {grade}
    assert "A" not in set(pd.concat([rows[rows["measure"] != "stock"], now.figures[now.figures["place_id"] != C_SEGOU]])["grade"])
