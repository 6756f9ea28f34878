"""What the tests of whole months share: the two sample months, consolidated once per worker by the plain functions."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.months_published import drafted, published, signed  # noqa: F401 - fixtures

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "raw"


def pytest_configure() -> None:
    """Settings of the person who runs the tests are none of theirs."""
    for name in ("CMP_DATA_DIR", "CMP_DATABASE_URL", "CMP_LANG", "CMP_CALENDAR", "CMP_THRESHOLDS", "CMP_TRACEBACK"):
        os.environ.pop(name, None)


@pytest.fixture(scope="session")
def sample_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the sample months November and December 2019, consolidated. Only to be read."""
    from tests.flow.months import Folder

    folder = Folder(tmp_path_factory.mktemp("sample"))
    for period in ("2019-11", "2019-12"):
        shutil.copytree(SAMPLE / period, folder.root / "raw" / period)
        folder.consolidate(period)
    return folder.root


@pytest.fixture
def sample_copy(sample_dir: Path, tmp_path: Path) -> Path:
    """The same folder, to be changed."""
    return Path(shutil.copytree(sample_dir, tmp_path / "data"))


@pytest.fixture(scope="session")
def disputed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a month in which much does not agree. Only to be read, or copied with `months_disputed.copied`."""
    from tests.months_disputed import month

    root = tmp_path_factory.mktemp("disputed")
    month(root)
    return root


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same after its meeting: decided, asked, undone and consolidated again."""
    from tests.months_settled import settled

    root = tmp_path_factory.mktemp("settled")
    settled(root)
    return root
