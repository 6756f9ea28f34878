"""The sample month, to the person.

The figures of December 2019 are kept as CSV beside this file: every total of every place, and the breakdowns of the regions.
When a change to them is wanted, write them anew and read the difference before it is committed:

    CMP_WRITE_GOLDEN=1 .venv/bin/pytest tests/golden -n 0
"""

from __future__ import annotations

import csv
import io
import json
import os
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from data import make_sample
from pipelines.io.store import Store
from pipelines.model import Period
from tests.conftest import SAMPLE
from tests.flow.months import BREAKDOWNS, IS_TOTAL, Folder, query

pytestmark = pytest.mark.xdist_group("sample")
HERE = Path(__file__).parent
PERIODS = ("2019-11", "2019-12")
PLACE = "level, region, cercle, commune"
SAME_PLACE = "a.level = b.level AND a.region IS b.region AND a.cercle IS b.cercle AND a.commune IS b.commune"
SAME_KEY = "a.population_group = b.population_group AND a.measure = b.measure AND a.unit = b.unit AND a.period = b.period"
LARGEST_FIRST = "CASE level WHEN 'country' THEN 0 WHEN 'region' THEN 1 WHEN 'cercle' THEN 2 ELSE 3 END"
TABLES = {
    "2019-12_totals.csv": f"""
        SELECT {PLACE}, population_group AS "group", measure, unit, value, basis, grade, obs_status
        FROM draft_figure WHERE period = '2019-12' AND {IS_TOTAL}
        ORDER BY {LARGEST_FIRST}, region, cercle, commune, population_group, measure, unit""",
    "2019-12_breakdowns_region.csv": f"""
        SELECT region, population_group AS "group", measure, unit, {", ".join(BREAKDOWNS)}, value, missing_reason
        FROM draft_figure WHERE period = '2019-12' AND level = 'region' AND NOT ({IS_TOTAL})
        ORDER BY region, population_group, measure, unit, {", ".join(f"{name} = '_T', {name}" for name in BREAKDOWNS)}""",
}  # fmt: skip

DEFECTS = [
    ("Bamako", "SIZE_UNUSUAL", "PDI", "G5"),
    ("Kayes", "CODE_WRONG", "PDI", "C8"),
    ("Kayes", "NAME_NORMALISED", "Provenance", "E5"),
    ("Kayes", "PLACE_MISPLACED", "PDI", "B7"),
    ("Sikasso", "CODE_WRONG", "PDI", "C10"),
    ("Koulikoro", "REGION_NAME", "Identification", "B4"),
    ("Gao", "PLACE_OF_OTHER_REGION", "PDI", "A8"),
    ("Kidal", "VISA_MISSING", "Identification", "B10"),
]
"""The defects of the real tables that December keeps: region of the return, rule, sheet, cell."""


def as_csv(root: Path, sql: str) -> str:
    text = io.StringIO()
    with closing(sqlite3.connect(root / "processed" / "cmp.sqlite")) as connection:
        rows = connection.execute(sql)
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([column[0] for column in rows.description])
        writer.writerows(rows)
    return text.getvalue()


@pytest.mark.parametrize("name", TABLES)
def test_figures_are_those_kept(sample_dir: Path, name: str) -> None:
    found = as_csv(sample_dir, TABLES[name])
    if os.environ.get("CMP_WRITE_GOLDEN"):
        (HERE / name).write_text(found, encoding="utf-8", newline="\n")
    assert found.splitlines() == (HERE / name).read_text(encoding="utf-8").splitlines()
    assert len(found.splitlines()) > 200


def national(root: Path, period: str) -> dict[tuple[str, str, str], int]:
    rows = query(
        root, f"SELECT population_group, measure, unit, value FROM draft_figure WHERE period = ? AND level = 'country' AND {IS_TOTAL}",
        period,
    )  # fmt: skip
    return {(group, measure, unit): value for group, measure, unit, value in rows}


def test_december_is_the_published_total(sample_dir: Path) -> None:
    totals = national(sample_dir, "2019-12")
    assert totals["idp", "stock", "household"] == 38_753
    assert totals["idp", "stock", "individual"] == 207_751
    assert totals["idp_returnee", "cumulative", "individual"] == 561_606
    assert Folder(sample_dir).total("Ségou") == 24_291


def test_november_is_the_published_total(sample_dir: Path) -> None:
    assert national(sample_dir, "2019-11")["idp", "stock", "individual"] == 201_429


def findings(root: Path, period: str = "2019-12") -> list[dict[str, Any]]:
    with Store.open(Folder(root).settings.store_url) as store:
        return store.findings(Period.parse(period))


@pytest.mark.parametrize(("region", "code", "sheet", "cell"), DEFECTS, ids=lambda value: value)
def test_defect_is_named_with_its_cell(sample_dir: Path, region: str, code: str, sheet: str, cell: str) -> None:
    [region_id] = {row[0] for row in query(sample_dir, "SELECT place_id FROM place WHERE level = 'region' AND name = ?", region)}
    found = [row for row in findings(sample_dir) if (row["code"], row["sheet"], row["cell"]) == (code, sheet, cell)]
    assert [row["region_id"] for row in found] == [region_id]
    assert found[0]["file"] == f"fiche_2019-12_{region.lower()}.xlsx"
    assert found[0]["message"]
    assert found[0]["remedy"]


def test_no_defect_refuses_a_file_or_rejects_a_row(sample_dir: Path) -> None:
    assert not [row for row in findings(sample_dir) if row["effect"] in ("reject_submission", "reject_row")]
    rows = query(sample_dir, "SELECT period, count(*), sum(status = 'accepted'), sum(rows_rejected) FROM submission GROUP BY 1")
    assert rows == [("2019-11", 9, 9, 0), ("2019-12", 9, 9, 0)]


def test_november_keeps_none_of_the_real_defects(sample_dir: Path) -> None:
    codes = {row["code"] for row in findings(sample_dir, "2019-11")}
    assert codes & {"CODE_WRONG", "VISA_MISSING", "REGION_NAME"} == set()


def test_menaka_is_counted_once_in_menaka(sample_dir: Path) -> None:
    """Its row stands in Gao's return: moved by the bridge, not carried forward on top."""
    folder = Folder(sample_dir)
    out = next(item for item in folder.bridge("Gao") if item[0] == "moved_out")
    assert [(kind, value) for kind, value, _ in folder.bridge("Ménaka")] == [("return", None), ("moved_in", -int(out[1] or 0))]
    assert folder.total("Ménaka") == -int(out[1] or 0) > 0
    line = next(line for line in folder.board().regions if line.name == "Ménaka")
    assert (line.received, line.received_in, line.carried_forward) == (False, "Gao", False)
    assert "RETURN_MISSING" in {row["code"] for row in findings(sample_dir) if row["place_id"] == line.place_id}


def test_segou_has_an_open_discrepancy_that_changes_nothing(sample_dir: Path) -> None:
    [row] = query(sample_dir, "SELECT region, status, gap, compared FROM open_discrepancy WHERE rule = 'CIRCULATED_GAP'")
    assert row[:3] == ("Ségou", "open", 1_849)
    told = [(item["value"], item["where"]) for item in json.loads(row[3])]
    assert told == [
        (24_291, "fiche_2019-12_segou.xlsx (version 1)"),
        (26_140, "totaux_circules_2019-12_segou.xlsx, Totaux circulés, E5"),
        (22_960, None),
    ]
    grades = query(
        sample_dir, f"""SELECT DISTINCT grade FROM draft_figure WHERE period = '2019-12' AND level = 'region' AND region = 'Ségou'
        AND population_group = 'idp' AND measure = 'stock' AND {IS_TOTAL}""",
    )  # fmt: skip
    assert grades == [("D",)]


def test_december_disagrees_where_it_is_made_to_and_november_nowhere(sample_dir: Path) -> None:
    """One of a kind, and two places without an actor; those that are only for information come last."""
    assert query(sample_dir, "SELECT count(*) FROM open_discrepancy WHERE period = '2019-11'") == [(0,)]
    rows = query(
        sample_dir, """SELECT rule, coalesce(commune, cercle, region), gap, severity, owner, sentence
        FROM open_discrepancy WHERE period = '2019-12'""",
    )  # fmt: skip
    sentences = [point.sentence("fr") for point in Folder(sample_dir).board().discrepancies]
    assert sorted((row[:5] for row in rows), key=lambda row: (row[0] == "RRM_COVER", -row[2], row[1])) == [
        ("CIRCULATED_GAP", "Ségou", 1_849, "amber", "region"),
        ("SOURCE_GAP", "Djenné", 854, "amber", "partner"),
        ("UNREGISTERED_PEOPLE", "Dinangourou", 640, "amber", "region"),
        ("EVENT_COUNTS", "Bandiagara", 500, "amber", "rrm"),
        ("EVENT_WITHOUT_TRACE", "Gossi", 370, "amber", "region"),
        ("RRM_COVER", "Diré", 0, "amber", "rrm"),
        ("RRM_COVER", "Tominian", 0, "amber", "rrm"),
    ]
    told = {row[5]: (row[0], row[1]) for row in rows}
    assert [told[sentence] for sentence in sentences[:2] + sentences[-2:]] == [
        ("CIRCULATED_GAP", "Ségou"), ("SOURCE_GAP", "Djenné"), ("RRM_COVER", "Tominian"), ("RRM_COVER", "Diré"),
    ]  # fmt: skip


def test_figures_of_another_kind_or_day_are_set_aside_with_the_reason(sample_dir: Path) -> None:
    assert query(sample_dir, "SELECT reason FROM not_comparable WHERE period = '2019-11'") == []
    found = query(
        sample_dir, """SELECT n.reason, p.name FROM not_comparable n JOIN place p ON p.place_id = n.place_id
        WHERE n.period = '2019-12' ORDER BY p.name""",
    )  # fmt: skip
    assert found == [
        ("not_comparable_rounded", "Ansongo"),
        ("not_comparable_partial", "Douentza"),
        ("not_comparable_date", "Niono"),
    ]


def test_grade_a_is_where_an_independent_source_agrees(sample_dir: Path) -> None:
    """The partner agrees in six cercles of Mopti, not in Djenné, and never saw Youwarou; UNHCR agrees everywhere."""
    cercle = f"period = '2019-12' AND level = 'cercle' AND unit = 'individual' AND {IS_TOTAL}"
    idp = query(
        sample_dir, f"""SELECT cercle, grade FROM draft_figure WHERE {cercle} AND population_group = 'idp' AND measure = 'stock'
        AND (region = 'Mopti' OR grade = 'A') ORDER BY cercle""",
    )  # fmt: skip
    assert idp == [
        ("Bandiagara", "A"), ("Bankass", "A"), ("Djenné", "D"), ("Douentza", "A"), ("Koro", "A"), ("Mopti", "A"), ("Ténenkou", "A"),
        ("Youwarou", "B"),
    ]  # fmt: skip
    repatriated = query(sample_dir, f"SELECT grade, count(*) FROM draft_figure WHERE {cercle} AND value > 0 "
                                    "AND population_group = 'repatriated_refugee' GROUP BY grade")  # fmt: skip
    assert repatriated == [("A", 7)]


def unpacked(path: Path) -> dict[str, bytes]:
    """The parts of a workbook: another build of zlib packs the same ones into other bytes."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_sample_is_what_its_script_writes(tmp_path: Path) -> None:
    make_sample.main(tmp_path)
    written = {path.relative_to(tmp_path) for path in tmp_path.rglob("*.xlsx")}
    assert written == {path.relative_to(SAMPLE) for path in SAMPLE.rglob("*.xlsx")}
    assert [path for path in sorted(written) if unpacked(tmp_path / path) != unpacked(SAMPLE / path)] == []


def test_nothing_is_official(sample_dir: Path) -> None:
    views = [
        name for (name,) in query(sample_dir, "SELECT name FROM sqlite_master WHERE type = 'view' AND name LIKE 'official_%'")
    ]
    assert {"official_figure", "official_region", "official_bridge", "official_series"} <= set(views)
    assert {name: query(sample_dir, f"SELECT count(*) FROM {name}")[0][0] for name in views} == dict.fromkeys(views, 0)
    assert query(sample_dir, "SELECT DISTINCT state FROM release") == [("draft",)]


def test_december_is_compared_with_the_draft_of_november(sample_dir: Path) -> None:
    board = Folder(sample_dir).board()
    assert board.compared_with is not None
    assert "2019-11" in board.compared_with
    assert board.previous["idp"]["individual"] == 201_429
    assert Folder(sample_dir).board("2019-11").compared_with is None


def test_another_process_writes_the_same_sample_months(sample_dir: Path, tmp_path: Path) -> None:
    """Another hash seed, time zone, language and day; the real files."""
    (tmp_path / "raw").symlink_to(sample_dir / "raw", target_is_directory=True)
    script = "import sys; from pathlib import Path; from tests.flow.months import Folder; f = Folder(Path(sys.argv[1])); "
    script += "f.consolidate('2019-11'); f.consolidate('2019-12')"
    environ = {**os.environ, "PYTHONHASHSEED": "20191231", "TZ": "Pacific/Auckland", "LC_ALL": "C", "LANG": "C"}
    root = Path(__file__).resolve().parents[2]
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True, env=environ, cwd=root)
    for period in ("2019-11", "2019-12"):
        ours, theirs = Folder(sample_dir).outputs(period), Folder(tmp_path).outputs(period)
        own = {name for name in ours if not name.startswith(("retours/", "questions/"))}
        assert own == {"figures.csv", "bridge.csv", f"Consolidation_{period}_PROJET.xlsx"}
        assert {f"retours/fiche_{period}_gao_A_CORRIGER.xlsx", f"retours/lettre_gao_{period}.docx"} <= set(ours) == set(theirs)
        assert [name for name, content in ours.items() if content != theirs[name]] == []
        assert Folder(sample_dir).dataset_sha256(period) == Folder(tmp_path).dataset_sha256(period)


# --- promises, in SQL alone ---------------------------------------------------------------------------------------------


def test_bridge_adds_up_to_every_total(sample_dir: Path) -> None:
    pairs = f"""
        WITH a AS (SELECT * FROM draft_figure WHERE {IS_TOTAL}),
        b AS (SELECT period, {PLACE}, population_group, measure, unit, sum(value) AS value FROM draft_bridge
              GROUP BY period, {PLACE}, population_group, measure, unit)
        SELECT count(*), sum(a.value IS b.value) FROM a LEFT JOIN b ON {SAME_PLACE} AND {SAME_KEY}"""
    [(totals, explained)] = query(sample_dir, pairs)
    assert totals == explained > 500
    [(bridges,)] = query(
        sample_dir, f"SELECT count(*) FROM (SELECT DISTINCT period, {PLACE}, population_group, measure, unit FROM draft_bridge)"
    )
    assert bridges == totals


def test_national_is_the_sum_of_regions(sample_dir: Path) -> None:
    rows = query(
        sample_dir, f"""SELECT period, population_group, measure, unit, sum(CASE level WHEN 'country' THEN value END),
        sum(CASE level WHEN 'region' THEN value END) FROM draft_figure WHERE {IS_TOTAL} GROUP BY 1, 2, 3, 4""",
    )  # fmt: skip
    assert len(rows) == 20
    assert [row[:4] for row in rows if row[4] != row[5]] == []


def test_idps_of_a_region_are_those_of_its_cercles(sample_dir: Path) -> None:
    rows = query(
        sample_dir, f"""SELECT period, region, unit, sum(CASE level WHEN 'region' THEN value END),
        sum(CASE level WHEN 'cercle' THEN value END) FROM draft_figure
        WHERE {IS_TOTAL} AND population_group = 'idp' AND measure = 'stock' AND level IN ('region', 'cercle') GROUP BY 1, 2, 3""",
    )  # fmt: skip
    assert len(rows) == 2 * 10 * 2
    assert [row for row in rows if row[1] != "Bamako" and row[3] != row[4]] == []


PARTITIONS = [
    (("sex",), ("individual",)), (("age",), ("individual",)), (("sex", "age"), ("individual",)),
    (("displacement",), ("individual",)), (("shelter",), ("individual", "household")),
    (("origin_pcode",), ("individual", "household")), (("cause",), ("individual", "household")),
    (("origin_pcode", "cause"), ("individual", "household")),
]  # fmt: skip
"""The breakdowns that divide a stock. Vulnerability criteria overlap, so they are none."""


def each_partition() -> Iterator[Any]:
    for columns, units in PARTITIONS:
        for unit in units:
            yield pytest.param(columns, unit, id=f"{'-'.join(columns)}-{unit}")


@pytest.mark.parametrize(("columns", "unit"), list(each_partition()))
def test_breakdown_adds_up_to_its_total_everywhere(sample_dir: Path, columns: tuple[str, ...], unit: str) -> None:
    parts = " AND ".join(f"{name} {'<>' if name in columns else '='} '_T'" for name in BREAKDOWNS)
    chosen = f"population_group = 'idp' AND measure = 'stock' AND unit = '{unit}'"
    rows = query(
        sample_dir, f"""
        WITH a AS (SELECT * FROM draft_figure WHERE {IS_TOTAL} AND {chosen} AND value > 0),
        b AS (SELECT period, {PLACE}, population_group, measure, unit, sum(value) AS value, count(*) AS parts
              FROM draft_figure WHERE {parts} AND {chosen} GROUP BY period, {PLACE})
        SELECT a.period, a.level, a.region, a.cercle, a.commune, a.value, b.value
        FROM a LEFT JOIN b ON {SAME_PLACE} AND {SAME_KEY}""",
    )  # fmt: skip
    assert len(rows) > 100
    wrong = [row for row in rows if row[5] != row[6]]
    assert wrong == []


def test_rows_read_are_all_accounted_for(sample_dir: Path) -> None:
    rows = query(
        sample_dir, """SELECT s.file, s.rows_read - s.rows_accepted - s.rows_rejected - s.rows_recognised,
        s.rows_accepted - (SELECT count(*) FROM observation o WHERE o.submission_id = s.id AND o.accepted) FROM submission s""",
    )  # fmt: skip
    assert len(rows) == 18
    assert [row for row in rows if row[1:] != (0, 0)] == []


def test_every_region_number_leads_to_its_file(sample_dir: Path) -> None:
    """The opening item of a region's bridge cites the file and its sha256."""
    rows = query(
        sample_dir, """SELECT b.region, b.file, b.sha256 FROM draft_bridge b WHERE b.period = '2019-12' AND b.level = 'region'
        AND b.kind = 'return' AND b.population_group = 'idp' AND b.measure = 'stock' AND b.unit = 'individual'""",
    )  # fmt: skip
    known = dict(query(sample_dir, "SELECT file, sha256 FROM submission WHERE period = '2019-12'"))
    cited = {region: (file, sha256) for region, file, sha256 in rows}
    assert cited.pop("Ménaka") == (None, None)
    assert len(cited) == 9
    assert all(known[file] == sha256 for file, sha256 in cited.values())
