"""The tables of an edition with the columns and types that `schemas/fields.py` declares."""

from __future__ import annotations

from collections.abc import Mapping

from pipelines.io.diffusion.edition import EditionOf
from schemas import fields
from schemas.codes import AdjustmentKind, Edition
from schemas.fields import Kind, Table
from schemas.frames import pd


def tables(edition: EditionOf) -> Mapping[str, tuple[Table, pd.DataFrame]]:
    """Name -> declaration and typed rows of each table that has any, in the order of `fields.EXPORT_TABLES`.

    Counts are nullable whole numbers (`Int64`), all else is text or None, dates as `YYYY-MM-DD`. The grade is left out of what
    is public while the CMP does not publish grades, the revision of what has none before it. Raises ValueError for a column
    that is not declared: nothing is published that nobody described.
    """
    header = edition.header
    public = header.edition is Edition.PUBLIC
    frames = {
        fields.FIGURE_EXPORT: edition.figures,
        fields.BRIDGE: _without_names(edition.bridge) if public else edition.bridge,
        fields.COMPLETENESS: edition.completeness,
        fields.REVISION: edition.revisions if header.revision > 1 else edition.revisions.iloc[:0],
        fields.SITE_EXPORT: edition.sites,
        fields.TERRITORY: edition.territory,
    }
    hidden = {"grade"} if public and not header.grades_published else set()
    kept = {
        table.name: _typed(table, frame.drop(columns=list(hidden), errors="ignore"))
        for table, frame in frames.items()
        if len(frame)
    }
    return kept


def _without_names(bridge: pd.DataFrame) -> pd.DataFrame:
    """The bridge whose items do not tell in words who decided and what was said of a region: the code of the action stays."""
    words = bridge["reason"].mask(bridge["kind"] == AdjustmentKind.DECISION, AdjustmentKind.DECISION.fr)
    return bridge.assign(reason=words)


def _typed(table: Table, frame: pd.DataFrame) -> tuple[Table, pd.DataFrame]:
    if unknown := set(frame.columns) - set(table.names):
        raise ValueError(f"columns of {table.name} that schemas/fields.py does not declare: {', '.join(sorted(unknown))}")
    held = tuple(field for field in table.fields if field.name in frame.columns)
    columns = {field.name: _column(frame[field.name], field.kind) for field in held}
    return Table(table.name, table.label, table.about, held), pd.DataFrame(columns).reset_index(drop=True)


def _column(cells: pd.Series, kind: Kind) -> pd.Series:
    if kind in (Kind.INTEGER, Kind.SIGNED):
        return pd.to_numeric(cells).astype("Int64")
    longest = 10 if kind is Kind.DATE else None
    return pd.Series([None if pd.isna(cell) else str(cell)[:longest] for cell in cells], index=cells.index, dtype=object)


def is_total(figures: pd.DataFrame) -> pd.Series:
    """Which figures are broken down by nothing."""
    from schemas.codes import TOTAL

    return (figures[list(fields.BREAKDOWNS)] == TOTAL).all(axis=1)
