"""Sources against each other: alerts into events, and every comparison that can end in a discrepancy. Pure.

`events.py` groups alerts; `evidence.py` and `statements.py` are what a month is compared with; `comparisons.py` makes discrepancies
of what the rules find. The rules, one function each: `against_sources.py`, `against_events.py`, `against_past.py`. `cover.py` tells who works where, by sector. Nothing here changes a figure.
"""

from pipelines.triangulation import against_events, against_past
from pipelines.triangulation.against_sources import agreed, set_aside
from pipelines.triangulation.comparisons import DISCREPANCY_RULES, discrepancies
from pipelines.triangulation.cover import cover
from pipelines.triangulation.events import events
from pipelines.triangulation.evidence import HISTORY_COLUMNS, Evidence, no_rows

__all__ = [
    "DISCREPANCY_RULES",
    "HISTORY_COLUMNS",
    "PRESENCE_COLUMNS",
    "STATEMENT_COLUMNS",
    "Evidence",
    "against_events",
    "against_past",
    "agreed",
    "cover",
    "discrepancies",
    "events",
    "no_rows",
    "set_aside",
]  # fmt: skip
