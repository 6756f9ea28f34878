"""The workbooks of the regions. `filled` writes one from given rows; the others write the *fiche modèle* of a month, which a
directorate fills in: `month` gathers what it holds, `entry` the sheets to fill in with the checks of `checks` and the lists of
`lists`, `guide` the instructions, `minutes` the procès-verbal. `paper` is what all of them share."""

from pipelines.io.template.filled import PlaceNames, write_return, write_tables

__all__ = ["PlaceNames", "write_return", "write_tables"]
