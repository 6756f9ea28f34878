"""Personal data are found by what stands in the cells; ordinary remarks are left alone."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines import privacy
from pipelines.io import reference
from pipelines.model import OpenedFile, Sheet

SECRETS = [
    ("voir le chef 76 12 34 56", "phone"),
    ("76-12-34-56", "phone"),
    ("76.12.34.56", "phone"),
    ("+223 66123456", "phone"),
    ("00223 66 12 34 56", "phone"),
    ("Tél : 66123456", "phone"),
    ("contact: 20 22 45 67", "phone"),
    ("NINA 18703101001001A", "identity"),
    ("187031010010012", "identity"),
    ("CNI n° ML1234567", "identity"),
    ("14.4974, -4.1956", "position"),
    ("Amadou Traoré", "name"),
    ("TRAORE AMADOU", "name"),
    ("ménage de Fatoumata Coulibaly", "name"),
    ("Mohamed Ag Ahmed", "name"),
    ("Fatima Walet Issa", "name"),
    ("M. Diarra", "name"),
    ("Mme Keïta", "name"),
]
ORDINARY = [
    "Personnes venues de Diallassagou et de Bankass",
    "Lycée Moussa Traoré",
    "École Amadou Touré, 3 classes occupées",
    "arrivées les 25 26 27 28 novembre",
    "PV n° 04/2019-12/DRDSES-SEGOU",
    "N°03/2019-12/ERM",
    "12 345 678",
    "du 23.12.2019 au 31.12.2019",
    "2019-12-31",
    "MLI00100513",
    "Évaluation conjointe DRDSES, NRC et Protection civile",
    "liste vérifiée porte à porte, 120 ménages radiés",
    "Directeur régional, chef de service",
    "65 ménages dont 12 dirigés par une femme",
    "Site de Sénou, hangar n° 3",
    "taille moyenne 5,4 ; maximum 12,9",
]


@pytest.mark.parametrize(("text", "kind"), SECRETS)
def test_a_text_that_holds_personal_data_is_known(text: str, kind: str) -> None:
    assert privacy.text_kind(text) == kind


@pytest.mark.parametrize("text", ORDINARY)
def test_an_ordinary_remark_is_left_alone(text: str) -> None:
    assert privacy.text_kind(text) is None


def test_no_name_of_a_place_is_taken_for_a_person() -> None:
    names = [row[column] for row in reference.rows("places") for column in ("name", "name_ascii")]
    names += [row["alias"] for row in reference.rows("place_aliases")]
    assert [name for name in names if privacy.text_kind(name)] == []


@pytest.mark.parametrize(
    "header",
    ["Nom", "Noms et prénoms", "Nom du chef de ménage", "Téléphone", "Contact", "N° CNI", "GPS", "Latitude", "Nom complet"],
)
def test_a_header_that_announces_personal_data_is_known(header: str) -> None:
    assert privacy.header_kind(header)


@pytest.mark.parametrize(
    "header", ["Nom du site", "Nom de la commune", "GPS du site", "Nombre de ménages", "Femmes chefs de ménage"]
)
def test_a_header_of_places_or_counts_is_left_alone(header: str) -> None:
    assert privacy.header_kind(header) is None


def found(*rows: tuple[Any, ...], exempt: privacy.Exempt = privacy.NOTHING) -> list[tuple[str, str, str]]:
    file = OpenedFile("x.xlsx", "0", (Sheet("Feuil1", rows),))
    return [(item.cell, item.last_cell, item.kind) for item in privacy.persons(file, {"Feuil1": exempt})]


def test_cells_that_follow_each_other_are_one_range() -> None:
    rows = (("x",), ("Amadou Traoré",), ("Awa Diarra",), (None,), (None,), ("Issa Maïga",))
    assert found(*rows) == [("A2", "A3", "name"), ("A6", "A6", "name")]


def test_a_column_under_its_header_is_one_range_whatever_is_in_it() -> None:
    assert found(("Cercle", "Téléphone"), ("Bla", 76121212), ("San", "néant")) == [("B1", "B3", "phone")]


def test_three_numbers_of_eight_digits_are_telephones_and_one_is_not() -> None:
    assert found(("Cercle", "Divers"), ("Bla", 76121212), ("San", 66121212), ("Niono", 91121212)) == [("B2", "B4", "phone")]
    assert found(("Cercle", "Divers"), ("Bla", 76121212)) == []


def test_officers_sign_an_identification_and_sites_have_a_position() -> None:
    assert found(("Préparé par", "Amadou Traoré"), exempt=privacy.Exempt(names=True)) == []
    assert found(("Site", "14.4974, -4.1956"), exempt=privacy.Exempt(positions=True)) == []
    assert found(("Préparé par", "76 12 34 56"), exempt=privacy.Exempt(names=True)) == [("B1", "B1", "phone")]
