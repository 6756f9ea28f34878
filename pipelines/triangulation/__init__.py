"""Sources against each other: alerts into events, and every comparison that can end in a discrepancy. Pure.

`events.py` groups alerts; `evidence.py` is what a month is compared with; `comparisons.py` holds one function a rule.
Nothing here changes a figure.
"""

from pipelines.triangulation.comparisons import DISCREPANCY_RULES, Sources, discrepancies
from pipelines.triangulation.events import events

__all__ = ["DISCREPANCY_RULES", "Sources", "discrepancies", "events"]
