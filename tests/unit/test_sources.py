"""The register of sources: who a spelling stands for, and whom it copies."""

from __future__ import annotations

import pytest

from pipelines import sources
from pipelines.layouts import layouts
from pipelines.sources import Register, register, source_of
from schemas.codes import PopulationGroup


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("SLDSES", "sldses"),
        ("SLDSES (service local du développement social) de Bankass", "sldses"),
        ("Service local du Développement Social de Koro", "sldses"),
        ("drdses de mopti", "drdses"),
        ("Acteurs RRM", "rrm"),
        ("ERM", "rrm"),
        ("RRM/NRC", "nrc"),
        ("OIM/IOM", "dtm"),
        ("UNHCR", "hcr"),
        ("Cluster Santé", "cluster_sante"),
        ("Mission conjointe ONU/ONG", "mission_conjointe"),
        ("Solidarites international", "solidarites"),
        ("PROTECTION  CIVILE", "protection_civile"),
    ],
)
def test_an_organisation_is_known_by_its_spellings(written: str, meant: str) -> None:
    assert source_of(written).id == meant


@pytest.mark.parametrize("written", ["Village de Nando -> Ségué", "CRSX", "NRC Consulting", "ONG exemple"])
def test_nothing_that_only_looks_like_a_source_is_one(written: str) -> None:
    found = source_of(written)
    assert not found.registered
    assert found.lineage == found.id == sources.row_name(written)


def test_where_a_place_stands_for_the_organisation_the_number_is_that_of_the_publisher() -> None:
    assert source_of("Village de Nando -> Ségué", None, "OCHA Flash Update 2").id == "ocha"
    assert not source_of("Village de Nando -> Ségué", None, "Note de terrain").registered
    assert not source_of("ONG exemple", None, "OCHA Flash Update 2").registered, "an organisation speaks for itself"


def test_who_quotes_the_returns_depends_on_the_group() -> None:
    unhcr = source_of("HCR")
    assert unhcr.lineage_of(PopulationGroup.IDP) == source_of("DNDS").lineage_of(PopulationGroup.IDP) == "cmp"
    assert unhcr.lineage_of(PopulationGroup.REPATRIATED_REFUGEE) == "hcr"


@pytest.mark.parametrize("written", ["OCHA / DNDS", "ONG exemple et OIM"])
def test_a_joint_statement_with_one_who_quotes_the_returns_is_no_independent_one(written: str) -> None:
    assert source_of(written).lineage == "cmp"


def test_a_file_that_names_nobody_is_of_the_source_of_its_layout() -> None:
    assert source_of(None, "dtm-baseline-v2").id == "dtm"
    assert source_of("  ", "sitrep-dnds-v1").id == "cmp"
    assert source_of(None, None).id == "partenaire"


def test_a_spelling_of_two_sources_is_refused() -> None:
    crs, drc = register().by_id["crs"], register().by_id["drc"]
    with pytest.raises(ValueError, match="stands for"):
        Register([crs, type(drc)("other", drc.name, drc.kind, "x", drc.reliability, drc.measures, names=("Crs",))])


def test_the_register_speaks_of_layouts_that_exist() -> None:
    assert {layout for source in register().sources for layout in source.layouts} <= {layout.id for layout in layouts()}
