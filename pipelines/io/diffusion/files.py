"""All files of an edition of a release but its manifest."""

from __future__ import annotations

from pipelines.io.diffusion import package, tabular, workbook
from pipelines.io.diffusion.edition import EditionOf
from pipelines.io.diffusion.frames import tables
from pipelines.io.exports import canonical_csv
from schemas.fields import FIGURE_EXPORT, Table, Text


def files(edition: EditionOf, lang: str = "fr") -> dict[str, bytes]:
    """Name -> content of the workbook, the canonical CSV files, the figures as Parquet, SDMX-CSV, HXL and HAPI, and the data package
    that describes them. The same edition gives the same bytes. Raises ValueError for a column that `schemas/fields.py` does not declare.
    """
    held = tables(edition)
    declared: dict[str, Table] = {f"{name}.csv": table for name, (table, _) in held.items()}
    written = {f"{name}.csv": canonical_csv(frame) for name, (_, frame) in held.items()}
    table, figures = held[FIGURE_EXPORT.name]
    written["figures.parquet"] = tabular.parquet_of(table, figures)
    declared["figures_sdmx.csv"], written["figures_sdmx.csv"] = tabular.sdmx_csv(figures)
    declared["figures_hxl.csv"] = Table("figures_hxl", Text("Chiffres (HXL)", "Figures (HXL)"), table.about, table.fields)
    written["figures_hxl.csv"] = tabular.hxl_csv(figures)
    declared["hapi_idps.csv"], written["hapi_idps.csv"] = tabular.hapi_table(), tabular.hapi_csv(figures)
    written[f"{edition.header.stem}.xlsx"] = workbook.workbook(edition, held, lang)
    written[package.NAME] = package.package(edition.header, written, declared, lang)
    return dict(sorted(written.items()))
