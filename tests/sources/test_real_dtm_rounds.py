"""The five rounds as IOM and DNDS published them, where the reference files are at hand."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from pipelines import consolidation
from pipelines.model import FileReport
from pipelines.settings import Settings

SAMPLES = Path(__file__).parents[3] / "shared" / "reference" / "samples"
pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the published DTM workbooks are not beside this checkout")

ROUNDS = {
    "Round_12": ("2014-12", 12_633, 61_621, 394_655),
    "Round_19": ("2016-01", 9_676, 49_883, 453_059),
    "Round_28": ("2016-12", 6_867, 36_690, 474_231),
    "December_2017": ("2017-12", 7_716, 38_172, 526_505),
    "Round_60": ("2019-12", 38_753, 207_751, 561_606),
}


def report(name: str) -> FileReport:
    [path] = SAMPLES.glob(f"dtm_mali_*{name}.xlsx")
    [found] = consolidation.validate([path], Settings())
    return found


@pytest.mark.parametrize("name", ROUNDS)
def test_a_published_round_adds_up_to_its_own_columns(name: str) -> None:
    found = report(name)
    idp, returnees = found.totals["idp"], found.totals["idp_returnee"]
    assert (found.period, idp["household"], idp["individual"], returnees["individual"]) == ROUNDS[name]
    assert (found.region, found.status, found.rows.rejected) == (None, "accepted", 0)


@pytest.mark.parametrize("name", ROUNDS)
def test_every_row_of_a_published_round_finds_its_cercle(name: str) -> None:
    codes = {finding.code for finding in report(name).findings}
    assert "PLACE_UNKNOWN" not in codes and "PLACE_OF_OTHER_REGION" not in codes


@pytest.mark.parametrize("name", ROUNDS)
def test_each_wrong_code_is_reported_once(name: str) -> None:
    wrong = Counter(finding.value for finding in report(name).findings if finding.code == "CODE_WRONG")
    assert set(wrong.values()) <= {1}
    if name == "Round_60":
        assert {"MLI003005", "MLI008002"} <= set(wrong)
