"""Personal data are found by what stands in the cells; ordinary remarks are left alone."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines import privacy
from pipelines.io import reference
from pipelines.model import OpenedFile, Sheet, Unread

SECRETS = [
    ("voir le chef 76 12 34 56", "phone"),
    ("76-12-34-56", "phone"),
    ("76.12.34.56", "phone"),
    ("+223 66123456", "phone"),
    ("00223 66 12 34 56", "phone"),
    ("Tél : 66123456", "phone"),
    ("contact: 20 22 45 67", "phone"),
    ("76123456", "phone"),
    ("appeler le 66131313", "phone"),
    ("76 12 34 56/66 13 13 13", "phone"),
    ("76/12/34/56", "phone"),
    ("76 123 456", "phone"),
    ("7612 3456", "phone"),
    ("76_12_34_56", "phone"),
    ("76 - 12 - 34 - 56", "phone"),
    ("(223) 76123456", "phone"),
    ("22376123456", "phone"),
    ("７６１２３４５６", "phone"),
    ("a.traore@example.org", "phone"),
    ("nina: 1 87 03 101 001 001 A", "identity"),
    ("carte d'identité n° B0123456", "identity"),
    ("14°29'50\"N", "position"),
    ("Lat 14.4974 Long -4.1956", "position"),
    ("-4.1956, 14.4974", "position"),
    ("Iyad Ag Ghali", "name"),
    ("Mohamed ag Najim", "name"),
    ("Sidi Mohamed Ould Ahmed", "name"),
    ("Amadou B. Traoré", "name"),
    ("A. Traoré", "name"),
    ("amadou traoré", "name"),
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
    "14,967 ; 2,993",
    "13.250, 4.500 personnes retournées",
    "Taux 12,500 ; 5,750",
    "21 22 23 24 décembre",
    "50 60 70 80 ménages par hameau",
    "78 45 12 30 ménages dans quatre quartiers",
    "Fiches 55-60-61-62",
    "Village de Sidi Coulibaly",
    "20191231",
    "Agent E. (illustratif)",
    "Vague 2, cite N°03/2019-12/ERM",
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


def test_a_mobile_number_is_known_alone_and_a_fixed_line_by_three() -> None:
    assert found(("Cercle", "Divers"), ("Bla", 76121212)) == [("B2", "B2", "phone")]
    assert found(("Cercle", "Divers"), ("Bla", 20212121)) == []
    assert found(("Cercle", "Divers"), ("Bla", 20212121), ("San", 20222222), ("Niono", 21232323)) == [("B2", "B4", "phone")]


def test_what_is_told_of_a_place_holds_nothing_of_a_person() -> None:
    rows = (("Cercle", "Téléphone 76 12 34 56 Amadou Traoré"), ("Bla", 1))
    secret = "Amadou Traoré 76 12 34 56"
    formula = Sheet("Feuil1", (("x", Unread(Unread.FORMULA, f'="{secret}"')),))
    for sheet in (Sheet("Feuil1", rows), Sheet(secret, (("x",),)), formula):
        told = privacy.persons(OpenedFile("x.xlsx", "0", (sheet,)))
        assert told
        assert not any(word in str(told) for word in ("76 12", "Amadou", "Traoré"))


def test_a_list_of_persons_is_found_below_a_form_and_far_down_a_sheet() -> None:
    listed = (("Nom", "Prénom", "Âge"), ("X", "Y", "32 ans"))
    assert [cell for cell, _, _ in found(("Région", "Mopti"), *listed, exempt=privacy.Exempt(names=True))] == ["A2", "B2"]
    assert [cell for cell, _, _ in found(*(("a", 1),) * 30, *listed)] == ["A31", "B31"]


def test_officers_sign_an_identification_and_sites_have_a_position() -> None:
    assert found(("Préparé par", "Amadou Traoré"), exempt=privacy.Exempt(names=True)) == []
    assert found(("Site", "14.4974, -4.1956"), exempt=privacy.Exempt(positions=True)) == []
    assert found(("Préparé par", "76 12 34 56"), exempt=privacy.Exempt(names=True)) == [("B1", "B1", "phone")]
