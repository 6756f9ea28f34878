"""Opening of bytes as if they had been received."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.io import workbooks
from pipelines.model import OpenedFile
from pipelines.settings import Limits

Open = Callable[..., OpenedFile]


@pytest.fixture
def received(tmp_path: Path) -> Open:
    """Puts a file into a folder and opens it."""

    def open_(content: bytes, name: str = "fiche.xlsx", limits: Limits = workbooks.DEFAULT_LIMITS) -> OpenedFile:
        path = tmp_path / name
        path.write_bytes(content)
        return workbooks.open_file(path, limits)

    return open_
