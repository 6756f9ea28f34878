"""From regional Excel returns to the official number of internally displaced persons. Start at `consolidation.py`."""
