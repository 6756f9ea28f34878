"""A decision stays or says that it went; nothing is counted, hidden or confirmed by accident."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from pipelines import deciding, settling, sources, triangulation
from pipelines.model import Decision
from schemas import texts
from schemas.codes import Action
from schemas.fields import ALERT, IDP
from tests.fiche import GAZETTEER, changed, compile_fiches, stock, value
from tests.flow.months import MONTH, SEGOU, Folder, fiche_of
from tests.rules.examples import add, set_
from tests.triangulation.months import NIONO, circulated, evidence, found, only, stated


def taken(key: str, fingerprint: str, action: Action = Action.TAKE_SOURCE, source: str | None = None, id: int = 1) -> Decision:
    return Decision(id, key, action, "CMP", date(2020, 1, 12), "Liste vérifiée sur place", fingerprint, source)


def test_a_witness_who_comes_later_reopens_and_loses_no_decision() -> None:
    alone = only(evidence(changed(), statements=[stated(900)]))
    seconded = only(
        evidence(changed(), statements=[stated(900), stated(520, organisation="DRC", source_id="drc", lineage="drc")])
    )
    assert alone.key == seconded.key
    assert alone.fingerprint != seconded.fingerprint


def test_a_decision_whose_disagreement_is_gone_is_told() -> None:
    gap = only(evidence(changed(), statements=[stated(900)]))
    decision = taken(gap.key, gap.fingerprint, source="NRC")
    assert deciding.lapsed([decision], [gap], {gap.key: gap.place_id}) == ()
    [gone] = deciding.lapsed([decision], [], {gap.key: gap.place_id})
    assert (gone.place_id, gone.decision_id) == (gap.place_id, 1)
    kept = taken(gap.key, gap.fingerprint, Action.KEEP)
    assert deciding.lapsed([kept], [], {gap.key: gap.place_id}) == ()


def test_one_row_of_several_is_excluded_and_the_others_stay() -> None:
    on_alert = add(
        IDP, **stock("Niono", "Niono", 10, 50, level="site", site="École", basis="alerte", observed_on=date(2019, 11, 1))
    )
    now = changed(set_("level", "site", 1), set_("site", "Marché", 1), on_alert)
    gap = next(item for item in triangulation.discrepancies(evidence(now)) if item.rule == "FIGURE_ON_ALERT")
    compiled = compile_fiches(now)
    decided = [taken(gap.key, gap.fingerprint, Action.EXCLUDE)]
    settled, _ = deciding.settlements(decided, [gap], compiled, None, GAZETTEER)
    after = settling.settle(compiled, settled, GAZETTEER)
    assert (value(compiled, NIONO), value(after, NIONO), value(after, NIONO, unit="household")) == (260, 210, 40)


def test_people_of_two_organisations_are_both_added() -> None:
    rows = [
        stated(count, NIONO, scope="additional", organisation=name, source_id=name.lower())
        for name, count in (("NRC", 628), ("DRC", 300))
    ]
    gaps = triangulation.discrepancies(evidence(changed(), statements=rows))
    compiled = compile_fiches(changed())
    decided = [taken(gap.key, gap.fingerprint, source=gap.values[1].source, id=at) for at, gap in enumerate(gaps, start=1)]
    settled, conflicts = deciding.settlements(decided, gaps, compiled, None, GAZETTEER)
    assert conflicts == ()
    assert value(settling.settle(compiled, settled, GAZETTEER), NIONO) == 210 + 928


def test_what_a_source_says_later_of_a_village_stands_for_what_it_said_before() -> None:
    rows = [
        stated(count, NIONO, scope="additional", quoted="Tamala", as_of=date(2019, 12, day), cell=f"E{day}")
        for count, day in ((628, 20), (640, 22))
    ]
    assert only(evidence(changed(), statements=rows)).gap == 640


def test_an_undated_addition_is_told_without_a_day() -> None:
    gap = only(evidence(changed(), statements=[stated(628, NIONO, scope="additional", as_of=None)]))
    assert "(—)" in texts.rule_sentence(gap.rule, gap.params)


def test_a_service_that_agrees_hides_none_that_does_not() -> None:
    both = [circulated(884, organisation="SLDSES de Ségou"), circulated(1200, organisation="SLDSES de Niono", cell="E4")]
    gap = only(evidence(changed(), statements=both))
    assert {item.value for item in gap.values if item.takes} == {884, 1200}


@pytest.mark.parametrize(
    "name", ["DRDSES Mopti", "SLDSES Bankass", "DNDS Mali", "OIM Mali", "OCHA (source CMP)", "OCHA, selon la DNDS"]
)
def test_whoever_repeats_the_returns_is_no_independent_source(name: str) -> None:
    assert sources.source_of(name).lineage_of("idp") == sources.RETURNS_LINEAGE


def test_a_list_that_names_nobody_confirms_nothing() -> None:
    nobody = stated(525, source_id="partenaire", organisation="partenaire", lineage="partenaire")
    assert triangulation.agreed(evidence(changed(), statements=[nobody])) == frozenset()


def test_a_cercle_that_is_told_by_commune_from_now_on_has_not_grown() -> None:
    by_commune = changed(lambda fiche: fiche.drop_row(IDP, 0))
    for name, households, individuals in (("Cinzana", 60, 300), ("Farako", 44, 222)):
        by_commune.add(IDP, **stock("Ségou", name, households, individuals, level="commune"))
    assert found(evidence(by_commune, before=[changed()])) == []


def test_the_same_alerts_under_two_names_are_one_file(tmp_path: Path) -> None:
    from openpyxl import Workbook

    folder = Folder(tmp_path)
    folder.receive("fiche.xlsx", fiche_of("Ségou", SEGOU).workbook())
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Alertes"
    sheet.append([item.label.fr for item in ALERT.fields])
    row = {"alert_number": "A1", "kind": "alerte", "event_on": date(2019, 12, 5), "alert_on": date(2019, 12, 6), "organisation": "NRC",
           "region": "Ségou", "cercle": "Niono", "individuals": 300}  # fmt: skip
    sheet.append([row.get(name) for name in ALERT.names])
    alerts = tmp_path / "raw" / MONTH / "alerts"
    alerts.mkdir(parents=True)
    book.save(alerts / "a.xlsx")
    (alerts / "b.xlsx").write_bytes((alerts / "a.xlsx").read_bytes())
    folder.consolidate()
    assert folder.query("SELECT count(*), count(DISTINCT event_id) FROM alert") == [(1, 1)]


def test_an_alert_without_an_organisation_is_told_as_such() -> None:
    from tests.triangulation.months import alert

    told = [alert("A1", organisation=None), alert("A2", 7, organisation="DRC", individuals=100)]
    gap = next(item for item in triangulation.discrepancies(evidence(changed(), alerts=told)) if item.rule == "EVENT_COUNTS")
    assert "organisation non précisée" in texts.rule_sentence(gap.rule, gap.params)
    assert "nan" not in texts.rule_sentence(gap.rule, replace(gap).params)
