"""Findings of a return: one message per defect, effects that do what they say, rows that are all accounted for."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pandas as pd
import pytest

from pipelines import checking, intake
from pipelines.checking import Rulebook
from pipelines.model import Finding, OpenedFile, Period, RowCounts, Sheet, SourceRows
from pipelines.rules import Hit
from schemas import fields, texts
from schemas.codes import Effect
from schemas.fields import IDP, MOVEMENT, ORIGIN, RETURNEE, Table
from tests.fiche import GAZETTEER, PERIOD_END, Change, changed, check, check_files, codes_of, good_fiche, stock


def codes(*changes: Change) -> list[str]:
    return codes_of(check(changed(*changes))[0])


def set_(field: str, value: Any, row: int = 0, table: Table = IDP) -> Change:
    return lambda fiche: fiche.set(table, field, value, row)


def test_a_good_return_is_accepted_whole_and_draws_nothing() -> None:
    [checked] = check(good_fiche())
    assert (checked.findings, checked.status) == ((), "accepted")
    assert checked.counts == RowCounts(read=22, accepted=8, rejected=0, recognised=14)


def test_a_core_only_return_without_optional_sheets_passes() -> None:
    fiche = good_fiche()
    fiche.sheets = {title: fiche.sheets[title] for title in ("Identification", "PDI")}
    kept = [item.name in ("cercle", "level", "households", "individuals", "basis", "observed_on") for item in IDP.fields]
    fiche.sheets["PDI"] = [[cell for cell, keep in zip(row, kept, strict=True) if keep] for row in fiche.sheets["PDI"][1:]]
    assert codes_of(check(fiche)[0]) == []


@pytest.mark.parametrize(
    "values",
    [
        {"individuals": "abc", "households": 9999},
        {"households": "?", "shelter_unit": "ménages", "shelter_rented": 9999},
        {"individuals": None, "primary": 9999},
    ],
    ids=["text", "blank", "empty"],
)
def test_rules_on_a_cell_that_failed_are_unknown(values: dict[str, Any]) -> None:
    found = codes(*(set_(field, value) for field, value in values.items()))
    assert len(found) == 1
    assert found[0] in ("COUNT_NOT_NUMBER", "COUNT_REQUIRED")


def test_a_detail_that_failed_leaves_its_sums_and_totals_unknown() -> None:
    details = [set_(item.name, 10) for item in fields.SEX_AGE_FIELDS[1:]]
    total = ["TOTAL", None, None, None, None, 170, 884, 450]
    assert codes(*details, set_("female_0_4", "45O"), lambda fiche: fiche.line(IDP, *total)) == ["DETAIL_NOT_NUMBER"]


def test_an_unreadable_level_does_not_put_the_code_in_doubt() -> None:
    assert codes(set_("level", "arrondissement"), set_("code", "ML0305")) == ["CHOICE_UNKNOWN"]


def test_a_misspelt_cercle_is_one_finding_in_all_sheets_together() -> None:
    both = (set_("cercle", "Tamalagou", 1), set_("cercle", "Tamalagou", 1, RETURNEE))
    assert codes(*both) == ["PLACE_UNKNOWN"]


def test_a_missing_row_throws_out_a_total_once_however_many_columns_it_has() -> None:
    [checked] = check(changed(lambda fiche: fiche.drop_row(IDP), lambda fiche: fiche.line(IDP, "Total", *[None] * 4, 170, 884)))
    [finding] = checked.findings
    assert (finding.code, finding.cell, finding.params["also"]) == ("TOTAL_MISMATCH", "F6", ["Individus"])
    assert "« Ménages »" in texts.rule_sentence(finding.code, finding.params)
    assert "« Individus »" in texts.rule_sentence(finding.code, finding.params)


def test_subtotals_are_compared_with_their_block_and_the_last_total_with_all_rows() -> None:
    def blocks(*printed: int) -> list[str]:
        fiche = good_fiche()
        rows = fiche.sheets["PDI"][2:]
        totals = [["Sous-total", *[None] * 4, None, value] for value in printed]
        fiche.sheets["PDI"][2:] = [*rows[:2], totals[0], *rows[2:], totals[1], ["Total", *[None] * 5, printed[2]]]
        return [str(finding.cell) for finding in check(fiche)[0].findings]

    assert blocks(730, 154, 884) == []
    assert blocks(731, 154, 884) == ["G5"]
    assert blocks(730, 154, 885) == ["G9"]


def test_a_duplicate_row_is_rejected_and_only_it() -> None:
    [checked] = check(changed(lambda fiche: fiche.add(IDP, **stock("Bla", "Bla", 10, 53))))
    assert checked.counts == RowCounts(read=23, accepted=8, rejected=1, recognised=14)
    assert list(checked.rows.loc[~checked.rows["accepted"].astype(bool), "row"]) == [7]


def test_a_duplicate_row_does_not_put_the_origins_in_doubt() -> None:
    def origin(fiche: Any) -> None:
        fiche.add(IDP, **stock("Bla", "Bla", 10, 53))
        fiche.add(ORIGIN, cercle="Bla", level="cercle entier", origin_region="Mopti", households=10, individuals=53)

    assert codes(origin) == ["ROW_DUPLICATE"]


def test_origins_of_a_place_without_a_stock_row_or_number_are_not_compared() -> None:
    def origin(**more: Any) -> Change:
        return lambda fiche: fiche.add(
            ORIGIN,
            **{
                "cercle": "San",
                "level": "cercle entier",
                "origin_region": "Mopti",
                "households": 1,
                "individuals": 5,
                **more,
            },
        )

    assert codes(origin()) == []
    assert codes(origin(cercle="Bla", individuals="cinq")) == ["COUNT_NOT_NUMBER"]


def test_sites_beside_the_row_of_their_commune_are_a_repeated_place() -> None:
    def site(fiche: Any) -> None:
        fiche.set(IDP, "level", "commune", 3)
        fiche.add(IDP, **stock("Bla", "Bla", 3, 15, level="site", site="École"))

    assert codes(site) == ["PLACE_REPEATED"]


def test_two_rejected_rows_for_one_place_are_not_called_repeated() -> None:
    twice = (set_("individuals", "x", 3), lambda fiche: fiche.add(IDP, **stock("Bla", "Bla", 10, "x")))
    assert codes(*twice) == ["COUNT_NOT_NUMBER", "COUNT_NOT_NUMBER"]


def test_a_rejected_row_keeps_its_place_and_the_file_goes_on() -> None:
    [checked] = check(changed(set_("individuals", "abc", 1)))
    row = checked.rows[checked.rows["row"] == 4].iloc[0]
    assert (row["place_id"], bool(row["accepted"]), int(row["households"])) == ("C025", False, 40)
    assert checked.status == "accepted"


def test_corrections_may_be_negative_and_other_movements_not_larger_in_households() -> None:
    def move(movement: str, households: int, individuals: int) -> Change:
        return lambda fiche: fiche.add(
            MOVEMENT,
            movement=movement,
            to_cercle="Bla",
            households=households,
            individuals=individuals,
            observed_on=PERIOD_END,
            basis="enregistrement",
        )

    assert codes(move("correction", -3, -50)) == []
    assert codes(move("correction", 5, -50)) == []
    assert codes(move("arrivée", 9, 5)) == ["HOUSEHOLDS_OVER_INDIVIDUALS"]
    assert codes(move("arrivée", 0, 5)) == ["INDIVIDUALS_WITHOUT_HOUSEHOLD"]


def test_returns_are_judged_alike_alone_and_together() -> None:
    fiches = [
        good_fiche(),
        changed(set_("individuals", "abc")),
        changed(set_("cercle", "Tamalagou")).identify("version", 2),
    ]
    fiches[1].identify("version", 3)
    together = [item.findings for item in check(*fiches)]
    assert together == [check(fiche)[0].findings for fiche in fiches]
    assert [len(found) for found in together] == [0, 1, 1]


def test_a_source_among_the_returns_is_refused_and_the_others_go_on() -> None:
    alerts = OpenedFile("alertes.xlsx", "1", (Sheet("Alertes", (("N° d'alerte", "Région"), ("A1", "Ségou"))),))
    refused, accepted = check_files([alerts, good_fiche().file()])
    assert (codes_of(refused), accepted.status) == (["LAYOUT_OTHER"], "accepted")


def test_the_month_is_not_judged_when_none_was_asked_for() -> None:
    assert codes_of(check(good_fiche().identify("period", "2018-01"), period=None)[0]) == ["PERIOD_DOUBTFUL"]


@pytest.mark.parametrize("typed", ["2019-12", " 2019-12", "12/2019", "1/12/2019", date(2019, 12, 5), datetime(2019, 12, 5, 10)])
def test_the_month_is_read_in_the_ways_people_write_it(typed: Any) -> None:
    assert codes_of(check(good_fiche().identify("period", typed))[0]) == []


def test_the_visa_is_read_with_its_words() -> None:
    [checked] = check(good_fiche().identify("validated", "X"))
    assert checked.identification.has_visa
    [checked] = check(good_fiche().identify("validated", "En attente"))
    assert codes_of(checked) == ["VISA_MISSING"]


def test_settings_change_a_threshold_and_with_it_the_hash_of_the_rules() -> None:
    strict = Rulebook({"SIZE_UNUSUAL": {"high": 5.1}})
    reading = intake.read(good_fiche().file(), intake.layouts())
    found = checking.check([reading], GAZETTEER, strict, Period(2019, 12))[0].findings
    assert {finding.code for finding in found} == {"SIZE_UNUSUAL"}
    assert found[0].params["high"] == 5.1
    assert strict.hash() != Rulebook().hash() == Rulebook({"SIZE_UNUSUAL": {"high": 9.0}}).hash()


def test_values_of_a_finding_are_kept_as_json_can() -> None:
    params = {
        "code": Effect.INFORM,
        "day": date(2019, 12, 1),
        "list": [1, pd.NA],
        "map": {"a": 2.0},
        "none": None,
        "share": 1 / 3,
    }
    finding = Rulebook().finding("FIELD_REQUIRED", Hit(params=params), {})
    assert finding.params == {
        "code": "inform",
        "day": "2019-12-01",
        "list": [1, None],
        "map": {"a": 2},
        "none": None,
        "share": 0.3333,
    }


def source(title: str, table: Table, *rows: dict[str, Any]) -> list[SourceRows]:
    grid = [[item.label.fr for item in table.fields], *([row.get(name) for name in table.names] for row in rows)]
    file = OpenedFile("source.xlsx", "2", (Sheet(title, tuple(tuple(row) for row in grid)),))
    return checking.check_source(intake.read(file, intake.layouts()), GAZETTEER, Rulebook())


ALERT = {
    "alert_number": "A-1",
    "kind": "alerte",
    "event_on": date(2019, 12, 2),
    "alert_on": date(2019, 12, 3),
    "organisation": "NRC",
    "region": "Ségou",
    "cercle": "Niono",
    "commune": "Diabaly",
    "individuals": 300,
}


def test_alerts_are_typed_and_placed_as_far_as_their_names_are_known() -> None:
    [alerts] = source(
        "Alertes", fields.ALERT, ALERT, {**ALERT, "commune": "Tamalagou"}, {**ALERT, "region": None, "commune": None}
    )
    assert list(alerts.rows["place_id"]) == ["K424", "C025", "C025"]
    assert list(alerts.rows["event_on"]) == [date(2019, 12, 2)] * 3
    assert [(item.code, item.cell) for item in alerts.findings] == [("PLACE_UNKNOWN", "K3"), ("FIELD_REQUIRED", "I4")]


def test_a_cercle_written_under_another_region_still_places_an_alert() -> None:
    [alerts] = source("Alertes", fields.ALERT, {**ALERT, "region": "Mopti"})
    assert list(alerts.rows["place_id"]) == ["K424"]
    assert [(item.code, item.cell) for item in alerts.findings] == [("PLACE_OF_OTHER_REGION", "J2")]


def test_a_source_whose_region_is_unknown_has_no_place() -> None:
    [alerts] = source("Alertes", fields.ALERT, {**ALERT, "region": "Atlantide"})
    assert list(alerts.rows["place_id"]) == [None]
    assert [item.code for item in alerts.findings] == ["PLACE_UNKNOWN"]


def test_a_circulated_total_without_its_value_is_rejected() -> None:
    total = {
        "region": "Ségou",
        "population_group": "PDI",
        "unit": "individus",
        "value": 900,
        "stated_on": date(2020, 1, 6),
        "organisation": "SLDSES",
    }
    [totals] = source("Totaux circulés", fields.CIRCULATED, total, {**total, "value": "neuf cents"})
    assert (list(totals.rows["value"]), list(totals.rows["cell"])) == ([900], ["E2"])
    assert [item.code for item in totals.findings] == ["COUNT_NOT_NUMBER"]


@pytest.mark.parametrize(
    ("file", "code"),
    [
        (OpenedFile("x", "3", problem="FILE_EMPTY"), "FILE_EMPTY"),
        (good_fiche().file(), "LAYOUT_OTHER"),
        (OpenedFile("x", "3", (Sheet("Feuil1", ()),)), "LAYOUT_UNKNOWN"),
    ],
    ids=["empty", "return", "unknown"],
)
def test_a_source_that_is_none_is_refused_with_one_message(file: OpenedFile, code: str) -> None:
    [refused] = checking.check_source(intake.read(file, intake.layouts()), GAZETTEER, Rulebook())
    assert [finding.code for finding in refused.findings] == [code]
    assert refused.rows.empty


def test_findings_carry_the_thresholds_they_were_judged_by() -> None:
    [finding] = check(changed(set_("individuals", 105)))[0].findings
    assert isinstance(finding, Finding)
    assert (finding.params["low"], finding.params["size"], finding.value) == (3.5, 1.05, "105")


@pytest.mark.parametrize("typed", [1e300, -(10**30), float("inf"), 12.5])
def test_a_number_that_is_nobodys_count_is_quoted_and_not_read(typed: float) -> None:
    [finding] = check(changed(set_("individuals", typed)))[0].findings
    assert finding.code == "COUNT_NOT_NUMBER"
    assert texts.rule_sentence(finding.code, finding.params).startswith("« ")
    assert finding.value is not None


@pytest.mark.parametrize(
    ("header", "refused"),
    [
        ("Nom du chef de ménage", True), ("Noms et prénoms", True), ("Nom", True), ("Nom complet", True), ("N° téléphone", True),
        ("Contact du responsable du site", True), ("NINA", True), ("Carte d'identité", True), ("Coordonnées GPS", True),
        ("Nom du village", False), ("Nom de la localité", False), ("GPS du site", False), ("Nombre de puits", False),
    ],
)  # fmt: skip
def test_headers_of_persons_are_refused_and_those_of_places_are_not(header: str, refused: bool) -> None:
    [checked] = check(changed(lambda fiche: fiche.add_column(IDP, header)))
    assert ("PERSONAL_DATA" in {finding.code for finding in checked.findings}) is refused


def test_one_wrong_code_on_several_sheets_is_one_message_that_names_all_its_cells() -> None:
    fiche = changed(lambda f: f.set(fields.IDP, "code", "ML0305"), lambda f: f.set(fields.RETURNEE, "code", "ML0305"))
    [finding] = check(fiche)[0].findings
    assert (finding.code, finding.sheet, finding.cell, finding.params["also_at"]) == ("CODE_WRONG", "PDI", "C3", ["Retournés C3"])
    assert texts.rule_sentence(finding.code, finding.params).endswith(" De même en Retournés C3.")


def test_a_code_of_the_cercle_on_a_row_of_its_chief_town_says_which_is_which() -> None:
    fiche = changed(lambda f: f.set(fields.IDP, "code", "ML0406"), lambda f: f.set(fields.IDP, "level", "commune"))
    [finding] = check(fiche)[0].findings
    assert (finding.params["code_place"], finding.params["place"]) == ("Ségou (cercle)", "Ségou")


def test_a_title_that_names_a_person_refuses_the_file_and_is_not_told() -> None:
    fiche = good_fiche()
    fiche.sheets["Amadou Traoré 76 12 34 56"] = [["x"]]
    [finding] = check(fiche)[0].findings
    sentence = texts.rule_sentence(finding.code, finding.params)
    assert (finding.code, finding.sheet, finding.cell) == ("PERSONAL_DATA", None, None)
    assert sentence.startswith("Le titre d'une feuille contient des données personnelles")
    assert "Amadou" not in str(finding) and "76 12" not in sentence
