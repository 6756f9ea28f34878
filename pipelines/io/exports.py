"""The canonical export: sorted CSV whose bytes are the same for the same inputs and decisions, and its hash. How files are
written whole, and how no text of an author becomes a formula in them. pandas is imported only by what is given a frame."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from pipelines.model import Compiled

_RUNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def would_run(text: str) -> bool:
    """Whether a spreadsheet program could take a text for a formula: `=HYPERLINK(…)`, `+1`, `-2+3`, `@SUM`, whatever blanks
    stand before."""
    return text.startswith(_RUNS) or text.lstrip().startswith(_RUNS)


def inert(text: str) -> str:
    """The text for a CSV file or a cell without `quote_prefix`: one that would run begins with an apostrophe, which spreadsheet
    programs read as *this is text* (OWASP, CSV injection)."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")  # a carriage return is not quoted in CSV and would begin a row
    return f"'{text}" if would_run(text) else text


def canonical_csv(frame: pd.DataFrame) -> bytes:
    """UTF-8, LF, every column sorted in its order, missing values empty, texts that would run in a spreadsheet inert. Numbers
    stay numbers, negative ones too."""
    from pandas.api.types import is_numeric_dtype

    ordered = frame.sort_values(list(frame.columns), ignore_index=True, na_position="first")
    for name in ordered.columns:
        if not is_numeric_dtype(ordered[name]):
            ordered[name] = ordered[name].map(lambda value: inert(value) if isinstance(value, str) else value)
    return ordered.to_csv(index=False, lineterminator="\n").encode("utf-8")


def dataset(compiled: Compiled) -> dict[str, bytes]:
    """The canonical files of a month. Store ids are left out: they depend on the order in which files arrived and
    decisions were typed."""
    return {
        "figures.csv": canonical_csv(compiled.figures),
        "bridge.csv": canonical_csv(compiled.adjustments.drop(columns=["submission_id", "decision_id"], errors="ignore")),
    }


def values_hash(compiled: Compiled) -> str:
    """The hash of the numbers alone: every figure with what it is of, without status, basis and grade."""
    from pipelines.compilation import FIGURE_COLUMNS

    told = [*FIGURE_COLUMNS[: FIGURE_COLUMNS.index("value") + 1], "missing_reason"]
    return hashlib.sha256(canonical_csv(compiled.figures[told])).hexdigest()


def dataset_hash(files: dict[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(name.encode() + b"\0" + hashlib.sha256(files[name]).digest())
    return digest.hexdigest()


def write_file(path: Path, content: bytes) -> None:
    """Writes whole or not at all: a killed program leaves the old file or the new one, and what it left beside it goes now."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.write_bytes(content)
    fresh.replace(path)
    for left in path.parent.glob(f".{path.name}.*"):
        left.unlink(missing_ok=True)


def write_workbook_of_people(path: Path, content: bytes, seals: Path | None = None) -> Path | None:
    """Writes a workbook in which people take notes. One that was changed since it was written is set aside under a numbered
    name, which is returned: notes are never overwritten. What was written is remembered in `seals`, beside the file unless
    given."""
    seal = (seals or path.parent) / f".written-{path.name}.sha256"
    ours = seal.read_text("ascii").split() if seal.exists() else []
    fresh = hashlib.sha256(content).hexdigest()
    found = hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else fresh
    aside = None
    if found not in (fresh, *ours):
        aside = _free_name(path)
        path.replace(aside)
    # both are ours: a program killed before the second writing leaves the former workbook, which nobody changed
    write_file(seal, "\n".join(sorted({fresh, found} if aside is None else {fresh})).encode("ascii"))
    write_file(path, content)
    return aside


def withdraw_workbooks_of_people(folder: Path, keep: Collection[str], seals: Path) -> list[Path]:
    """Takes away what was written into `folder` for people and is not among the names to `keep`. What somebody changed since is
    set aside under a numbered name; those names are returned. Files of other origin are not touched."""
    aside = []
    for seal in sorted(seals.glob(".written-*.sha256")):
        path = folder / seal.name.removeprefix(".written-").removesuffix(".sha256")
        if path.name in keep:
            continue
        if path.exists():
            if hashlib.sha256(path.read_bytes()).hexdigest() in seal.read_text("ascii").split():
                path.unlink()
            else:
                aside.append(path.replace(_free_name(path)))
        seal.unlink()
    return aside


def _free_name(path: Path) -> Path:
    number = 1
    while (name := path.with_name(f"{path.stem}_notes-{number}{path.suffix}")).exists():
        number += 1
    return name
