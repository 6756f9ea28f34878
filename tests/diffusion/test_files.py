"""The files of both editions of an illustrative release: the same bytes each time, right for the programs that read them, and all saying
the same numbers."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import frictionless
import hxl
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet
from pysdmx.io.csv.sdmx20.reader import read as read_sdmx

from pipelines.io.diffusion.files import files
from pipelines.io.diffusion.tabular import sdmx_age
from schemas import fields
from schemas.codes import AgeBand
from tests.diffusion.conftest import Made

INTERNAL = {
    "PDI_Mali_2019-12_r2.xlsx", "bridge.csv", "completeness.csv", "datapackage.json", "figures.csv", "figures.parquet", "figures_hxl.csv",
    "figures_sdmx.csv", "hapi_idps.csv", "revision.csv", "sites.csv", "territory.csv",
}  # fmt: skip


def csv(content: bytes) -> pd.DataFrame:
    return pd.read_csv(BytesIO(content), dtype=str, keep_default_na=False)


def test_the_same_edition_gives_the_same_bytes(public: Made) -> None:
    assert files(public.edition) == public.files


def test_each_edition_has_its_files_and_no_table_without_rows(internal: Made, public: Made) -> None:
    assert set(internal.files) == INTERNAL
    assert set(public.files) == INTERNAL - {"sites.csv"}


@pytest.mark.parametrize("edition", ["internal", "public"])
def test_frictionless_finds_every_file_as_the_data_package_describes_it(
    edition: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    made: Made = request.getfixturevalue(edition)
    for name, content in made.files.items():
        (tmp_path / name).write_bytes(content)
    report = frictionless.validate(str(tmp_path / "datapackage.json"))
    assert report.valid, [(task.name, task.errors[:2]) for task in report.tasks if not task.valid]
    described = json.loads(made.files["datapackage.json"])
    assert {resource["path"] for resource in described["resources"]} == set(made.files) - {"datapackage.json"}
    assert (
        described["title"]
        == f"Personnes déplacées internes au Mali, décembre 2019, révision 2, édition {made.edition.header.edition.fr}"
    )
    columns = {
        field["name"]: field
        for field in next(r for r in described["resources"] if r["path"] == "figures.csv")["schema"]["fields"]
    }
    assert columns["value"]["type"] == "integer" and columns["obs_status"]["constraints"]["enum"] == ["A", "P", "I", "O"]


def test_all_forms_of_the_figures_say_the_same(public: Made) -> None:
    plain = csv(public.files["figures.csv"])
    assert len(plain) == len(public.edition.figures)
    table = parquet.read_table(BytesIO(public.files["figures.parquet"]))
    assert table.schema.field("value").type == pa.int64() and table.schema.field("pcode").type == pa.string()
    typed = table.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
    pd.testing.assert_frame_equal(csv(typed.to_csv(index=False).encode()), plain)
    tagged = csv(public.files["figures_hxl.csv"])
    pd.testing.assert_frame_equal(tagged.iloc[1:].reset_index(drop=True), plain)
    [sdmx] = read_sdmx(public.files["figures_sdmx.csv"].decode())
    assert sdmx.structure == "Dataflow=DNDS:DF_IDP(1.0)"
    back = {"REF_AREA": "pcode", "UNIT_MEASURE": "unit", "ORIGIN": "origin_pcode", "OBS_VALUE": "value", "TIME_PERIOD": "period"}
    told = sdmx.data.rename(columns=back).rename(columns=str.lower)
    order = ["period", "pcode", *fields.FIGURE_KEY]
    common = [name for name in plain.columns if name in told.columns]
    expected = plain.assign(age=plain["age"].map(sdmx_age)).sort_values(order, ignore_index=True)
    pd.testing.assert_frame_equal(told[common].sort_values(order, ignore_index=True).astype(str), expected[common].astype(str))


def test_sdmx_codes_and_statuses(public: Made) -> None:
    [sdmx] = read_sdmx(public.files["figures_sdmx.csv"].decode())
    data = sdmx.data
    assert all(
        re.fullmatch(r"[A-Za-z0-9_@$\-]+", code)
        for name in ("REF_AREA", "AGE", "ORIGIN", "CAUSE")
        for code in data[name].unique()
    )
    assert [sdmx_age(age) for age in (*AgeBand, "_T", "_U")] == ["Y0T4", "Y5T17", "Y18T59", "Y_GE60", "_T", "_U"]
    dimensions = [
        "REF_AREA",
        "AGE",
        "ORIGIN",
        *(name.upper() for name in fields.FIGURE_KEY if name not in ("unit", "origin_pcode")),
    ]
    assert not data.duplicated([*dimensions, "UNIT_MEASURE"]).any()
    assert set(data.loc[data["CONF_STATUS"] == "A", "OBS_VALUE"]) == {""}
    assert (data.loc[data["OBS_VALUE"] == "", "MISSING_REASON"] != "").all()


def test_libhxl_reads_the_tags(public: Made) -> None:
    source = hxl.data(BytesIO(public.files["figures_hxl.csv"]))
    assert hxl.validate(source)["is_valid"]
    stock = (
        hxl.data(BytesIO(public.files["figures_hxl.csv"]))
        .with_rows("#adm+code-origin=ML05")
        .with_rows("#indicator+measure=stock")
    )
    row = next(iter(stock))
    assert row.get("#adm1+name") == "Mopti" and row.get("#affected+num")


def test_hapi_rows_are_the_stock_of_persons(public: Made) -> None:
    rows = csv(public.files["hapi_idps.csv"])
    people = rows.assign(population=pd.to_numeric(rows["population"])).groupby("admin_level")["population"].sum()
    assert people.to_dict() == {"0": 207751, "1": 207751, "2": 207751}
    mopti = rows[(rows["admin1_name"] == "Mopti") & (rows["admin2_name"] == "Mopti")].iloc[0]
    assert (mopti["admin1_code"], mopti["admin2_code"], mopti["reference_period_end"]) == ("ML05", "ML0506", "2019-12-31")


def test_grades_are_published_only_when_the_cmp_says_so(internal: Made, public: Made, small: Made) -> None:
    assert b",grade," in internal.files["figures.csv"]
    for name, content in public.files.items():
        if name.endswith((".csv", ".json")):
            assert b"grade" not in content.lower(), name
    published = files(replace(small.edition, header=replace(public.edition.header, grades_published=True)))
    assert b",grade," in published["figures.csv"] and b"GRADE" in published["figures_sdmx.csv"]


def test_a_column_that_nobody_described_is_not_published(small: Made) -> None:
    with pytest.raises(ValueError, match="phone"):
        files(replace(small.edition, figures=small.edition.figures.assign(phone="76 00 00 00")))
