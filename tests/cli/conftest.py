"""The command run in this process: exit code, standard output, error output."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines import cli


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """Both outputs without line breaks, so that a sentence is found wherever it was wrapped."""
        return " ".join((self.out + " " + self.err).split())


Command = Callable[..., Result]


@pytest.fixture
def cmp_idp(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """`cmp_idp("status", "2019-12", data=folder)`: the entry point with these arguments on that data folder."""

    def run(*arguments: str | Path, data: Path | None = None) -> Result:
        monkeypatch.setattr(sys, "argv", ["cmp-idp", *map(str, arguments)])
        if data is not None:
            monkeypatch.setenv("CMP_DATA_DIR", str(data))
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        captured = capsys.readouterr()
        code = ended.value.code
        return Result(code if isinstance(code, int) else int(code is not None), captured.out, captured.err)

    return run
