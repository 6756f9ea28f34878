"""The store: everything received, decided and published, in SQLite or PostgreSQL.

`Store.open(url)` is the way in; a failure of the database itself is a `StoreError`. Importing this package imports no pandas.
"""

from pipelines.io.store.register import DecisionRefused, NewDecision
from pipelines.io.store.releases import MoveRefused, Opening, ReleaseRow, Signature, WrittenFile
from pipelines.io.store.repository import (
    Known,
    RegionRow,
    SavedDraft,
    SavedSubmission,
    Store,
    StoreError,
    SubmissionRow,
)

__all__ = [
    "DecisionRefused", "Known", "MoveRefused", "NewDecision", "Opening", "RegionRow", "ReleaseRow", "SavedDraft", "SavedSubmission",
    "Signature", "Store", "StoreError", "SubmissionRow", "WrittenFile",
]  # fmt: skip
