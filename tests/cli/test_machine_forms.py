"""What `--json` prints, key by key, and where `explain` leads."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import python_calamine
from openpyxl.utils.cell import coordinate_to_tuple

from pipelines.io.store import Store
from schemas import fields
from schemas.codes import Effect, PopulationGroup
from tests.cli.conftest import Command
from tests.fiche import changed, good_fiche
from tests.flow.months import GAO, Folder, fiche_of

RAW = Path(__file__).resolve().parents[2] / "data" / "raw" / "2019-12"
GROUPS = {str(group) for group in PopulationGroup}
UNITS = {"household", "individual"}
EFFECTS = {str(effect) for effect in Effect}


def answer(cmp_idp: Command, *arguments: str | Path, data: Path, code: int = 0) -> Any:
    """The JSON on standard output; nothing else may be there, and nothing on the error output."""
    result = cmp_idp(*arguments, "--json", data=data)
    assert (result.code, result.err) == (code, "")
    return json.loads(result.out)


def assert_totals(totals: Any) -> None:
    assert set(totals) == GROUPS
    for units in totals.values():
        assert set(units) == UNITS
        assert all(value is None or type(value) is int for value in units.values())


# --- validate -----------------------------------------------------------------------------------------------------------


def validated(cmp_idp: Command, tmp_path: Path, content: bytes, code: int = 0) -> Any:
    path = tmp_path / "fiche.xlsx"
    path.write_bytes(content)
    [file] = answer(cmp_idp, "validate", path, data=tmp_path, code=code)["files"]
    return file


def assert_file(file: Any) -> None:
    assert set(file) == {"file", "layout", "region", "period", "status", "rows", "totals", "findings"}
    assert set(file["rows"]) == {"read", "accepted", "rejected", "recognised"}
    rows = file["rows"]
    assert rows["read"] == rows["accepted"] + rows["rejected"] + rows["recognised"]
    assert file["status"] in {"accepted", "refused"}
    for finding in file["findings"]:
        assert set(finding) == {"sheet", "cell", "row", "code", "effect", "value", "message", "remedy"}
        assert finding["effect"] in EFFECTS
        assert finding["message"]
        assert finding["remedy"]
        if finding["cell"] is not None:
            assert re.fullmatch(r"[A-Z]{1,3}[1-9]\d*", finding["cell"])
            assert finding["row"] == int(finding["cell"].lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))


def test_form_of_an_accepted_return(cmp_idp: Command, tmp_path: Path) -> None:
    file = validated(cmp_idp, tmp_path, good_fiche().workbook())
    assert_file(file)
    assert (file["region"], file["period"], file["status"]) == ("Ségou", "2019-12", "accepted")
    assert Path(file["file"]).name == "fiche.xlsx"
    assert file["layout"] == "fiche-v1"
    assert file["rows"]["accepted"] == 8
    assert_totals(file["totals"])
    assert file["totals"]["idp"] == file["totals"]["idp_returnee"] == {"household": 170, "individual": 884}
    assert file["totals"]["repatriated_refugee"] == {"household": None, "individual": None}
    assert file["findings"] == []


def test_form_of_a_finding(cmp_idp: Command, tmp_path: Path) -> None:
    """The cell is an address in the author's own file, and the value is what stands there."""
    fiche = changed(lambda f: f.set(fields.IDP, "households", "cent", row=1))
    file = validated(cmp_idp, tmp_path, fiche.workbook(), code=1)
    assert_file(file)
    [finding] = file["findings"]
    assert (finding["sheet"], finding["row"], finding["code"]) == ("PDI", 4, "COUNT_NOT_NUMBER")
    assert (finding["effect"], finding["value"]) == ("reject_row", "cent")
    book = openpyxl.load_workbook(tmp_path / "fiche.xlsx")
    assert book["PDI"][finding["cell"]].value == "cent"
    assert (file["rows"]["rejected"], file["totals"]["idp"]["individual"]) == (1, 884 - 210)


def test_form_of_a_refused_file(cmp_idp: Command, tmp_path: Path) -> None:
    file = validated(cmp_idp, tmp_path, b"Monsieur", code=1)
    assert_file(file)
    assert (file["status"], file["region"], file["period"], file["layout"]) == ("refused", None, None, None)
    assert [finding["code"] for finding in file["findings"]] == ["FILE_NOT_WORKBOOK"]
    assert file["rows"] == {"read": 0, "accepted": 0, "rejected": 0, "recognised": 0}


def test_value_of_personal_data_is_null(cmp_idp: Command, tmp_path: Path) -> None:
    fiche = changed(lambda f: f.add_column(fields.IDP, "Téléphone", "76123459"))
    path = tmp_path / "fiche.xlsx"
    path.write_bytes(fiche.workbook())
    result = cmp_idp("validate", path, "--json", data=tmp_path)
    [file] = json.loads(result.out)["files"]
    assert_file(file)
    assert [(finding["code"], finding["value"]) for finding in file["findings"]] == [("PERSONAL_DATA", None)]
    assert "76123459" not in result.out + cmp_idp("validate", path, data=tmp_path).text


@pytest.mark.parametrize("path", sorted([*(RAW / "alerts").iterdir(), *(RAW / "sources").iterdir()]), ids=lambda path: path.name)
def test_source_is_no_return(path: Path, cmp_idp: Command, tmp_path: Path) -> None:
    [file] = answer(cmp_idp, "validate", path, data=tmp_path)["files"]
    assert_file(file)
    assert (file["region"], file["status"]) == (None, "accepted")
    assert file["rows"]["accepted"] > 0


def test_files_come_back_in_the_order_given(cmp_idp: Command, tmp_path: Path) -> None:
    names = ["fiche_2019-12_sikasso.xlsx", "fiche_2019-12_bamako.xlsx", "fiche_2019-12_kayes.xlsx"]
    files = answer(cmp_idp, "validate", *(RAW / "returns" / name for name in names), data=tmp_path)["files"]
    assert [file["region"] for file in files] == ["Sikasso", "Bamako", "Kayes"]
    assert [finding["cell"] for finding in files[0]["findings"] if finding["code"] == "CODE_WRONG"] == ["C10"]


def test_language_of_messages(cmp_idp: Command, tmp_path: Path) -> None:
    (tmp_path / "fiche.xlsx").write_bytes(b"")
    said = {
        lang: answer(cmp_idp, "validate", tmp_path / "fiche.xlsx", "--lang", lang, data=tmp_path, code=1)["files"][0]["findings"][
            0
        ]
        for lang in ("fr", "en")
    }
    assert said["fr"]["message"] == "Le fichier est vide (0 octet)."
    assert said["en"]["message"] == "The file is empty (0 bytes)."
    assert said["fr"]["code"] == said["en"]["code"]


# --- status -------------------------------------------------------------------------------------------------------------


def test_form_of_a_status(cmp_idp: Command, sample_dir: Path) -> None:
    status = answer(cmp_idp, "status", "2019-12", data=sample_dir)
    assert {"period", "state", "regions", "country"} <= set(status)
    assert (status["period"], status["state"]) == ("2019-12", "draft")
    assert_totals(status["country"]["totals"])
    assert status["country"]["totals"]["idp"] == {"household": 38_753, "individual": 207_751}
    assert status["country"]["totals"]["idp_returnee"]["individual"] == 561_606
    assert len(status["regions"]) == 10
    for line in status["regions"]:
        assert {"region", "pcode", "received", "validated", "carried_forward", "totals", "findings"} <= set(line)
        assert re.fullmatch(r"ML\d\d", line["pcode"])
        assert [type(line[name]) for name in ("received", "validated", "carried_forward")] == [bool] * 3
        assert_totals(line["totals"])
        assert set(line["findings"]) <= EFFECTS
        assert all(type(count) is int for count in line["findings"].values())
    assert sum(line["totals"]["idp"]["individual"] for line in status["regions"]) == 207_751


def test_status_tells_received_from_validated(cmp_idp: Command, sample_dir: Path) -> None:
    lines = {line["region"]: line for line in answer(cmp_idp, "status", "2019-12", data=sample_dir)["regions"]}
    assert [name for name, line in lines.items() if not line["received"]] == ["Ménaka"]
    assert [name for name, line in lines.items() if not line["validated"]] == ["Kidal", "Ménaka"]
    assert not any(line["carried_forward"] for line in lines.values())
    assert lines["Ségou"]["totals"]["idp"]["individual"] == 24_291
    assert lines["Kidal"]["findings"]["block_publication"] == 1


def test_status_for_people(cmp_idp: Command, sample_dir: Path) -> None:
    text = cmp_idp("status", "2019-12", data=sample_dir).text.replace("\u202f", " ").replace("\u00a0", " ")
    for said in ("38 753", "207 751", "561 606", "24 291", "dans Gao", "26 140", "PROJET, NON OFFICIEL"):
        assert said in text


def test_status_of_no_month_is_null_and_needs_a_person(cmp_idp: Command, sample_dir: Path) -> None:
    result = cmp_idp("status", "2018-01", "--json", data=sample_dir)
    assert result.code == 1
    assert not result.out or json.loads(result.out)["state"] is None


# --- explain ------------------------------------------------------------------------------------------------------------


def test_explain_names_file_sheet_and_cell(cmp_idp: Command, sample_dir: Path) -> None:
    text = cmp_idp("explain", "Kita", "2019-12", data=sample_dir).text
    assert "fiche_2019-12_kayes.xlsx › PDI › G8" in text
    assert "fiche_2019-12_kayes.xlsx › PDI › F8" in text
    assert "Koutiala, pas Kita" in text


@pytest.mark.parametrize("words", ["Kita", "kita", "KITA", "ML0105"])
def test_explain_knows_a_place_by_name_and_by_code(words: str, cmp_idp: Command, sample_dir: Path) -> None:
    stories = answer(cmp_idp, "explain", words, "2019-12", data=sample_dir)
    assert "ML0105" in [story["pcode"] for story in stories]


@cache
def grid_of(path: Path, sheet: str) -> list[list[Any]]:
    return python_calamine.CalamineWorkbook.from_path(path).get_sheet_by_name(sheet).to_python(skip_empty_area=False)


@pytest.mark.parametrize("place", ["Kita", "Ménaka", "Bamako", "Ségou", "Mali"])
def test_every_cell_of_an_explanation_holds_its_number(place: str, cmp_idp: Command, sample_dir: Path) -> None:
    stories = answer(cmp_idp, "explain", place, "2019-12", data=sample_dir)
    cells = 0
    for row in (row for story in stories for row in story["rows"]):
        grid = grid_of(RAW / "returns" / row["file"], row["sheet"])
        for told in row["cells"].values():
            if told["value"] is not None:
                line, column = coordinate_to_tuple(told["cell"])
                assert grid[line - 1][column - 1] == told["value"]
                cells += 1
    assert cells > 0


def test_explanation_adds_up(cmp_idp: Command, sample_dir: Path) -> None:
    """Bridge items to the figure, and rows to the opening of the bridge."""
    [story] = answer(cmp_idp, "explain", "Ménaka", "2019-12", data=sample_dir)[:1]
    assert (story["level"], story["pcode"]) == ("region", "ML10")
    [figure] = [
        item for item in story["figures"]
        if (item["population_group"], item["measure"], item["unit"]) == ("idp", "stock", "individual")
    ]  # fmt: skip
    items = [
        item["value"] for item in story["bridge"]
        if (item["population_group"], item["measure"], item["unit"]) == ("idp", "stock", "individual")
    ]  # fmt: skip
    assert sum(value or 0 for value in items) == figure["value"] > 0
    told = [row["cells"]["individuals"]["value"] for row in story["rows"] if row["table"] == "idp"]
    assert sum(told) == figure["value"]
    assert {row["file"] for row in story["rows"] if row["table"] == "idp"} == {"fiche_2019-12_gao.xlsx"}


def test_explain_a_number_carried_forward(cmp_idp: Command, tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.receive("gao.xlsx", fiche_of("Gao", GAO, "2019-11").workbook(), "2019-11")
    folder.consolidate("2019-11")
    (tmp_path / "raw" / "2019-12" / "returns").mkdir(parents=True)
    folder.consolidate("2019-12")
    text = cmp_idp("explain", "Gao", "2019-12", data=tmp_path).text
    assert "333" in text
    assert "2019-11" in text
    assert "reconduction" in text


def test_the_store_of_a_question_is_left_as_it_was(cmp_idp: Command, sample_copy: Path) -> None:
    def chain() -> tuple[int | None, int]:
        with Store.open(Folder(sample_copy).settings.store_url) as store:
            return store.verify_chain(), Folder(sample_copy).query("SELECT count(*) FROM audit_event")[0][0]

    before = chain()
    for command in (("status", "2019-12"), ("explain", "Mali", "2019-12")):
        assert cmp_idp(*command, data=sample_copy).code == 0
    assert chain() == before


def test_a_return_in_the_folder_of_another_month_is_refused_at_its_month(cmp_idp: Command, tmp_path: Path) -> None:
    november = Path(__file__).resolve().parents[2] / "data/raw/2019-11/returns/fiche_2019-11_kidal.xlsx"
    misplaced = tmp_path / "2019-12" / "returns" / november.name
    misplaced.parent.mkdir(parents=True)
    misplaced.write_bytes(november.read_bytes())
    result = cmp_idp("validate", misplaced, "--json")
    [file] = json.loads(result.out)["files"]
    stops = [(found["code"], found["cell"]) for found in file["findings"] if found["effect"] != "inform"]
    assert (result.code, file["status"], stops) == (1, "refused", [("PERIOD_WRONG", "B5")])
