"""`cmp-idp template`: which files it writes, and what it says of them."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pytest

from tests.cli.conftest import Command

pytestmark = pytest.mark.xdist_group("sample")


def test_one_workbook_for_each_region_named(cmp_idp: Command, sample_dir: Path, tmp_path: Path) -> None:
    arguments = ("--period", "2020-01", "--region", "Menaka", "--region", "Bamako", "--out", tmp_path)
    result = cmp_idp("template", *arguments, data=sample_dir)
    assert (result.code, result.err) == (0, "")
    assert sorted(path.name for path in tmp_path.glob("*.xlsx")) == ["fiche_2020-01_bamako.xlsx", "fiche_2020-01_menaka.xlsx"]
    assert "Mois précédent dans les fiches : projet 2019-12 (non publié)." in result.text
    assert str(tmp_path / "fiche_2020-01_menaka.xlsx") in result.out


def test_without_a_store_none_is_made(cmp_idp: Command, tmp_path: Path) -> None:
    result = cmp_idp("template", "--period", "2016-03", "--json", data=tmp_path)
    answer = json.loads(result.out)
    assert (result.code, result.err, answer["period"], answer["past"]) == (0, "", "2016-03", None)
    assert [set(file) for file in answer["files"]] == [{"region", "file", "set_aside"}] * 10
    assert [file["region"] for file in answer["files"]][-2:] == ["Bamako", "Ménaka"]
    assert all(Path(file["file"]).parent == tmp_path / "processed" / "2016-03" / "modeles" for file in answer["files"])
    assert not (tmp_path / "processed" / "cmp.sqlite").exists()


def test_a_fiche_already_filled_in_is_kept(cmp_idp: Command, tmp_path: Path) -> None:
    arguments = ("template", "--period", "2020-01", "--region", "Ménaka", "--out", tmp_path)
    cmp_idp(*arguments, data=tmp_path)
    path = tmp_path / "fiche_2020-01_menaka.xlsx"
    first = path.read_bytes()
    assert "gardée" not in cmp_idp(*arguments, data=tmp_path).text
    assert path.read_bytes() == first
    book = openpyxl.load_workbook(path)
    book["Identification"]["B7"] = "Agent A"
    book.save(path)
    filled = path.read_bytes()
    told = cmp_idp(*arguments, data=tmp_path).text
    assert "gardée sous" in told
    assert (tmp_path / "fiche_2020-01_menaka_notes-1.xlsx").read_bytes() == filled
    assert path.read_bytes() == first


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--period", "2020-01", "--region", "Sigou"), "Région inconnue : « Sigou » ; noms proches : Ségou"),
        (("--period", "2015-12", "--region", "Ménaka"), "Aucune fiche n'est attendue de « Ménaka » en 2015-12"),
        (("--period", "2020-13"), "« 2020-13 » n'est pas un mois"),
        ((), "Il manque : --period."),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...], sentence: str, cmp_idp: Command, tmp_path: Path) -> None:
    result = cmp_idp("template", *arguments, data=tmp_path)
    assert (result.code, result.out) == (2, "")
    assert sentence in result.text
    assert list(tmp_path.iterdir()) == []
