"""Figures that documents quote, reports whose text and table differ, presence of actors, and what services ask for."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from pipelines import checking, intake, sources
from pipelines.checking import Rulebook
from pipelines.io import workbooks
from pipelines.model import OpenedFile, SourceRows
from tests.fiche import GAZETTEER
from tests.sources import grids

REFERENCE = Path(__file__).parents[3] / "shared" / "reference"


def read(file: OpenedFile) -> SourceRows:
    [part] = checking.check_source(intake.read(file, intake.layouts()), GAZETTEER, Rulebook())
    return part


def found(part: SourceRows) -> list[tuple[str, str | None]]:
    return [(item.code, item.cell) for item in part.findings]


def stated(part: SourceRows) -> list[tuple[str, str, int | None, str, str]]:
    frame = sources.statements([part])
    return [
        (
            _place(row["place_id"]),
            row["unit"],
            None if pd.isna(row["value"]) else int(row["value"]),
            row["scope"],
            row["source_id"],
        )
        for row in frame.to_dict("records")
    ]


def _place(place_id: str) -> str:
    place = GAZETTEER.place(place_id)
    return f"{place.level} {place.name}"


BANKASS = {
    ("cercle Bankass", "household", 806, "whole", "sldses"),
    ("cercle Bankass", "individual", 5086, "whole", "sldses"),
    ("cercle Bankass", "household", 287, "partial", "rrm"),
    ("commune Ségué", "individual", 628, "additional", "ocha"),
    ("commune Bankass", "household", 144, "partial", "mission_conjointe"),
    ("commune Bankass", "individual", 827, "partial", "mission_conjointe"),
    ("cercle Bankass", "individual", 4000, "rounded", "cluster_sante"),
    ("commune Diallassagou", "individual", None, "inaccessible", "ocha"),
    ("commune Léssagou Habé", "individual", None, "inaccessible", "ocha"),
    ("commune Ségué", "individual", None, "inaccessible", "ocha"),
}


def test_each_count_of_one_displacement_says_what_it_covers() -> None:
    part = read(grids.file("bankass.csv", "bankass", grids.BANKASS, typed=False))
    assert set(stated(part)) == BANKASS
    assert len(stated(part)) == len(BANKASS)
    assert found(part) == [("SOURCE_UNKNOWN", "B4"), ("NAME_ALIAS", "C7")]


@pytest.mark.skipif(not REFERENCE.is_dir(), reason="the reference files are not beside this checkout")
def test_the_published_files_are_read_as_they_are() -> None:
    part = read(workbooks.open_file(REFERENCE / "triangulation_case_bankass_2022.csv"))
    assert set(stated(part)) == BANKASS
    alerts = read(workbooks.open_file(REFERENCE / "samples" / "ehtools_alert_records_rdc.csv"))
    assert [cell for code, cell in found(alerts) if code == "ALERT_TEXT_AND_TABLE"] == ["J4", "J5"]
    assert list(alerts.rows["alert_number"]) == ["3855", "4043", "4538", "4909"]


def test_a_report_whose_table_disagrees_with_its_text_is_flagged_once() -> None:
    part = read(grids.file("ehtools.csv", "ehtools", grids.EHTOOLS, typed=False))
    rows = part.rows.set_index("alert_number")
    assert [(code, cell) for code, cell in found(part) if code != "PLACE_UNKNOWN"] == [
        ("ALERT_TEXT_AND_TABLE", "H4"), ("ALERT_TEXT_AND_TABLE", "H5"), ("NUMBER_AS_TEXT", "H3"), ("NUMBER_AS_TEXT", "I3"),
    ]  # fmt: skip
    assert (rows.loc["4043", "table_households"], rows.loc["4043", "table_individuals"]) == (1897, 9485), (
        "the sum that is written"
    )
    assert set(rows.loc[["3855", "4043", "4538"], "status"]) == {"assessed"}
    assert rows.loc["3855", "shock"] == "armed_attack"


def test_places_of_another_country_are_told_once_each_and_stop_nothing() -> None:
    part = read(grids.file("ehtools.csv", "ehtools", grids.EHTOOLS, typed=False))
    assert [cell for code, cell in found(part) if code == "PLACE_UNKNOWN"] == ["J2", "J4", "J5"]
    assert part.rows["place_id"].isna().all()


HEADERS = ("Date", "Qui le dit", "Lieu", "Cercle", "Individus", "Statut", "Couverture")


def quoting(place: str | None, cercle: str | None = None, individuals: int | None = 40, scope: str | None = None) -> SourceRows:
    row = (date(2019, 12, 20), "NRC", place, cercle, individuals, "enregistré", scope)
    return read(grids.file("x.xlsx", "Chiffres cités", (HEADERS, row)))


@pytest.mark.parametrize(
    ("place", "cercle", "meant"),
    [
        ("cercle de Bankass", None, "cercle Bankass"),
        ("commune de Ségué", None, "commune Ségué"),
        ("Commune rurale de Ségué", None, "commune Ségué"),
        ("ville de Bankass", None, "commune Bankass"),
        ("région de Mopti", None, "region Mopti"),
        ("Région : Mopti", None, "region Mopti"),
        ("district de Bamako", None, "region Bamako"),
        ("Mali", None, "country Mali"),
        ("l'ensemble du pays", None, None),
        ("Village de Nando -> Ségué", None, "commune Ségué"),
        ("Ségué", "Bankass", "commune Ségué"),
        ("cercle de Bankass", "Bankass", "cercle Bankass"),
        ("Bankass", None, None),
        ("Mopti", None, None),
        ("village de Nando", None, None),
        ("commune de Ségou Ségué", None, None),
        ("cercle de Bankas", None, None),
        ("commune de Farako", None, None),
        (None, "Bankass", "cercle Bankass"),
        ("Nando", "Bankass", "cercle Bankass"),
    ],
)
def test_a_place_in_words_is_the_only_one_that_they_can_mean(place: str | None, cercle: str | None, meant: str | None) -> None:
    part = quoting(place, cercle)
    assert [where for where, *_ in stated(part)] == ([meant] if meant else [])
    unclear = "PLACE_UNCLEAR" in {code for code, _ in found(part)}
    assert unclear is (meant is None or place == "Nando"), "what is not understood is said"


def test_a_number_of_a_place_that_is_not_understood_is_no_number_of_its_whole_cercle() -> None:
    assert [(place, scope) for place, _, _, scope, _ in stated(quoting("Nando", "Bankass"))] == [("cercle Bankass", "partial")]


def test_a_name_of_several_places_is_looked_for_in_the_cercles_of_the_file() -> None:
    farako = (date(2019, 12, 20), "NRC", "commune de Farako", None, 40, "enregistré", None)
    segou = (date(2019, 12, 20), "NRC", "cercle de Ségou", None, 90, "enregistré", None)
    assert found(read(grids.file("x.xlsx", "Chiffres cités", (HEADERS, farako)))) == [("PLACE_UNCLEAR", "C2")]
    together = read(grids.file("x.xlsx", "Chiffres cités", (HEADERS, farako, segou)))
    assert [GAZETTEER.cercle_of(row) for row in together.rows["place_id"]] == ["C027", "C027"]


def test_the_scope_that_is_written_outweighs_the_words() -> None:
    assert [scope for *_, scope, _ in stated(quoting("zones accessibles du cercle de Bankass"))] == ["partial"]
    assert [scope for *_, scope, _ in stated(quoting("zones accessibles du cercle de Bankass", scope="tout le lieu"))] == [
        "whole"
    ]


def test_one_number_of_several_places_is_at_none_of_them() -> None:
    part = quoting("cercle de Bankass / cercle de Koro")
    assert (stated(part), found(part)) == ([], [("STATEMENT_OF_SEVERAL_PLACES", "C2")])


def test_who_is_present_where_and_since_when() -> None:
    part = read(grids.file("3w.xlsx", "3W", grids.PRESENCE))
    told = sources.presence([part]).to_dict("records")
    assert [(_place(row["place_id"]), *(row[name] for name in ("source_id", "sector", "ended_on", "status", "cell"))) for row in told] == [
        ("cercle Bankass", "nrc", "coordination", None, "ongoing", "A3"),
        ("cercle Koro", "crs", "nfi", date(2019, 1, 1), "completed", "A4"),
        ("cercle Ménaka", "irc", "health", None, "planned", "A5"),
        ("commune Ségué", "nrc", "wash", date(2020, 3, 31), "ongoing", "A2"),
    ], "what ended without a day is known for its first day, what has no status is under way"  # fmt: skip
    assert (found(part), len(part.rows)) == ([], 4)
    assert sources.statements([part]).empty


def test_repatriations_of_one_place_add_up_over_the_countries_of_asylum() -> None:
    part = read(grids.file("hcr.xlsx", "Rapatriements", grids.REPATRIATIONS))
    frame = sources.statements([part])
    assert found(part) == []
    assert [(_place(row["place_id"]), row["unit"], row["value"]) for row in frame.to_dict("records")] == [
        ("cercle Ansongo", "household", 60), ("cercle Ansongo", "individual", 300),
        ("commune Goundam", "household", 110), ("commune Goundam", "individual", 525),
    ]  # fmt: skip
    assert (set(frame["measure"]), set(frame["lineage"]), set(frame["as_of"])) == ({"cumulative"}, {"hcr"}, {date(2019, 12, 31)})
    assert list(part.rows["asylum_country"]) == ["Mauritanie", "Niger", "Niger"]


TOTALS = ("Région", "Cercle", "Groupe", "Unité", "Valeur", "Date", "Circulé par", "Nature", "Niveau")


def circulated(*rows: tuple[object, ...]) -> SourceRows:
    return read(grids.file("totaux.xlsx", "Totaux circulés", (TOTALS, *rows)))


def test_a_request_of_a_local_service_reads_like_a_total() -> None:
    part = circulated(("Mopti", "Bankass", "PDI", "individus", 5086, date(2019, 12, 20), "SLDSES de Bankass", "requête", None))
    assert stated(part) == [("cercle Bankass", "individual", 5086, "whole", "sldses")]
    assert (found(part), list(part.rows["nature"])) == ([], ["request"])


def test_a_total_of_the_country_needs_no_region_and_any_other_does() -> None:
    day = date(2019, 12, 20)
    part = circulated(
        (None, None, "PDI", "individus", 200000, day, "OCHA", None, "pays"),
        ("Mali", None, "PDI", "individus", 200001, day, "OCHA", None, None),
        (None, None, "PDI", "individus", 200002, day, "OCHA", None, None),
    )
    assert [(place, value) for place, _, value, *_ in stated(part)] == [("country Mali", 200000), ("country Mali", 200001)]
    assert found(part) == [("FIELD_REQUIRED", "A4")]


def test_an_alert_says_which_alerts_it_quotes_and_what_its_table_holds() -> None:
    rows = (
        ("N° d'alerte", "Nature", "Date de l'événement", "Date d'alerte", "Source principale", "Région", "Cercle Accueil",
         "Estimatif des ménages", "Estimatif des individus", "Ménages au tableau", "Individus (tableau)", "Alertes citées"),
        ("07/2019-12/ERM", "ERM", date(2019, 12, 9), date(2019, 12, 12), "NRC", "Mopti", "Koro", 100, 520, 100, 520, "N°03/2019-12/ERM ; 05"),
    )  # fmt: skip
    part = read(grids.file("alertes.xlsx", "Alertes", rows))
    [row] = part.rows.to_dict("records")
    assert (row["cites"], row["table_individuals"], row["kind"]) == ("N°03/2019-12/ERM ; 05", 520, "assessment")
    assert (row["source_id"], row["lineage"], found(part)) == ("nrc", "nrc", [])


def test_figures_are_known_by_their_headers_under_any_title() -> None:
    for title in ("Feuil1", "OCHA flash"):
        assert intake.read(grids.file("x.xlsx", title, grids.BANKASS), intake.layouts()).layout == "chiffres-cites-v1"
        assert intake.read(grids.file("x.xlsx", title, grids.EHTOOLS), intake.layouts()).layout == "ehtools-v1"
        assert intake.read(grids.file("x.xlsx", title, grids.REPATRIATIONS), intake.layouts()).layout == "hcr-rapatriements-v1"
        assert intake.read(grids.file("x.xlsx", title, grids.PRESENCE), intake.layouts()).layout == "presence-3w-v1"
