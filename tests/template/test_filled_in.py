"""What a directorate sends back: a fiche modèle filled in passes without a finding, one left as it came is no return of zeros."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from schemas import fields
from schemas.fields import IDP, MOVEMENT, NEED, ORIGIN, REPATRIATED, RETURNEE, SEX_AGE_FIELDS, SHELTER_FIELDS, SITE
from tests.cli.conftest import Command
from tests.template.filling import CORE, JANUARY, VISA, Filling

pytestmark = pytest.mark.xdist_group("sample")
BAMAKO, MENAKA, KAYES = "Bamako", "Ménaka", "Kayes"


def validated(cmp_idp: Command, path: Path) -> Any:
    result = cmp_idp("validate", path, "--period", "2020-01", "--json")
    return json.loads(result.out)["files"][0]


def codes(report: Any) -> list[str]:
    return [finding["code"] for finding in report["findings"]]


@pytest.mark.parametrize("region", [BAMAKO, MENAKA, KAYES])
def test_mandatory_cells_alone_are_enough(region: str, fiches: dict[str, Path], tmp_path: Path, cmp_idp: Command) -> None:
    filling = Filling(fiches[region])
    filling.identify(**VISA)
    filling.answer_prefilled()
    report = validated(cmp_idp, filling.save(tmp_path / "fiche.xlsx"))
    rows = len(filling.prefilled(IDP))
    assert (report["region"], report["period"], report["status"], report["findings"]) == (region, "2020-01", "accepted", [])
    assert report["totals"]["idp"] == {"household": 20 * rows, "individual": 105 * rows}


def fill_everything(filling: Filling, cercle: str, commune: str) -> None:
    """A row with every column on every sheet, at a place that is not there yet."""
    place = {"cercle": cercle, "commune": commune, "level": "commune"}
    counts = {"households": 10, "individuals": 48}
    sex_age = dict.fromkeys((item.name for item in SEX_AGE_FIELDS), 6)
    shelter = dict.fromkeys((item.name for item in SHELTER_FIELDS), 8)
    halves = {"primary": 40, "secondary": 8, "under_12_months": 20, "over_12_months": 28}
    filling.add(IDP, **place, **counts, **CORE, **sex_age, shelter_unit="individus", **shelter, **halves, remarks="Liste du mois")
    for cause, (households, individuals) in {"insécurité": (4, 20), "affrontements armés": (6, 28)}.items():
        origin = {"origin_region": "Mopti", "origin_cercle": "Bankass", "cause": cause}
        filling.add(ORIGIN, **place, **origin, households=households, individuals=individuals)
    filling.add(
        MOVEMENT, movement="arrivée", from_region="Mopti", from_cercle="Bankass", from_commune="Bankass", to_cercle=cercle,
        to_commune=commune, households=3, individuals=15, observed_on=JANUARY, basis="évaluation",
    )  # fmt: skip
    filling.add(RETURNEE, **place, **counts, **CORE)
    filling.add(REPATRIATED, **place, asylum_country="Niger", **counts, **CORE)
    filling.add(NEED, **place, **dict.fromkeys((item.name for item in NEED.counts), 2), need_1="vivres", need_2="abri")
    filling.add(SITE, **place, site="École", site_type="centre collectif", households=2, individuals=9)


@pytest.mark.parametrize(("region", "cercle", "commune"), [(MENAKA, "Inékar", "Inékar"), (KAYES, "Kéniéba", "Dabia")])
def test_every_column_of_every_sheet(
    region: str, cercle: str, commune: str, fiches: dict[str, Path], tmp_path: Path, cmp_idp: Command
) -> None:
    filling = Filling(fiches[region])
    filling.identify(**VISA, function="Chargé des données", prepared_on=JANUARY)
    filling.answer_prefilled()
    fill_everything(filling, cercle, commune)
    report = validated(cmp_idp, filling.save(tmp_path / "fiche.xlsx"))
    assert report["findings"] == []
    assert report["rows"]["accepted"] == sum(len(filling.prefilled(table)) for table in fields.RETURN_TABLES)


def test_a_fiche_without_last_month_is_filled_from_the_lists(bare: Path, tmp_path: Path, cmp_idp: Command) -> None:
    filling = Filling(bare)
    assert filling.prefilled(IDP) == []
    assert "Individus, mois précédent" not in filling.columns(IDP)
    filling.identify(**VISA)
    fill_everything(filling, "Ménaka", "Ménaka")
    assert validated(cmp_idp, filling.save(tmp_path / "fiche.xlsx"))["findings"] == []


@pytest.mark.parametrize("region", [BAMAKO, MENAKA])
def test_a_fiche_sent_back_as_it_came_is_refused_in_one_sentence(region: str, fiches: dict[str, Path], cmp_idp: Command) -> None:
    report = validated(cmp_idp, fiches[region])
    assert report["status"] == "refused"
    assert codes(report) == ["SHEET_UNFILLED", "VISA_MISSING", "PREPARER_MISSING"]
    assert report["totals"]["idp"] == {"household": None, "individual": None}


def test_an_empty_fiche_without_last_month_has_no_rows(bare: Path, cmp_idp: Command) -> None:
    report = validated(cmp_idp, bare)
    assert codes(report) == ["VISA_MISSING", "SHEET_WITHOUT_ROWS", "PREPARER_MISSING"]
    assert report["rows"]["accepted"] == 0


def test_a_prefilled_row_left_empty_is_rejected_at_its_cell(fiches: dict[str, Path], tmp_path: Path, cmp_idp: Command) -> None:
    filling = Filling(fiches[BAMAKO])
    filling.identify(**VISA)
    filling.answer_prefilled()
    left = filling.prefilled(IDP)[2]
    filling.put(IDP, left, households=None, individuals=None)
    [finding] = validated(cmp_idp, filling.save(tmp_path / "fiche.xlsx"))["findings"]
    assert (finding["code"], finding["row"], finding["sheet"]) == ("COUNT_REQUIRED", left, "PDI")
