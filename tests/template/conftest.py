from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.io import reference
from pipelines.io.store import Store
from pipelines.io.template.month import write_fiches
from pipelines.model import Period
from pipelines.settings import Settings
from tests.cli.conftest import cmp_idp

__all__ = ["cmp_idp"]

PERIOD = Period(2020, 1)


@pytest.fixture(scope="session")
def fiches(sample_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The fiches modèles of January 2020 of three regions, after the sample months: region -> file. Only to be read."""
    folder = tmp_path_factory.mktemp("modeles")
    chosen = [one for one in reference.expected_directorates(PERIOD) if one.place_id in ("R01", "R09", "R10")]
    settings = Settings(data_dir=sample_dir)
    with Store.open(settings.store_url) as store:
        return {item.region: item.path for item in write_fiches(folder, PERIOD, chosen, settings, store)}


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The fiche modèle of Ménaka where the store knows nothing of the month before."""
    [menaka] = [one for one in reference.expected_directorates(PERIOD) if one.place_id == "R10"]
    [written] = write_fiches(tmp_path_factory.mktemp("bare"), PERIOD, [menaka], Settings(), None)
    return written.path
