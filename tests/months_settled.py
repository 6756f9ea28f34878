"""The disputed month after its meeting: one decision that changes a number and is in the bridge, one that changes none."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from pipelines.io.store import NewDecision, Store
from pipelines.model import Discrepancy
from pipelines.settings import Settings
from schemas import texts
from schemas.codes import Action
from tests.months_disputed import APART, DISPUTED, MEETING, NIONO, REASON, SEGOU, figures, month, told
from tests.store.samples import PUBLICATION, compiled, decide, save_draft

TAKEN, KEPT = "bb22bb22bb22", "dd44dd44dd44"
CHANGED = 9100 - 12000


def decision(about: str, action: Action, **more: Any) -> NewDecision:
    return NewDecision(about, action, **{"by": "Awa Traoré", "on": MEETING, "reason": REASON, **more})


def settled(root: Path, items: Iterable[Discrepancy] = DISPUTED, *, as_of: date = PUBLICATION) -> Settings:
    """December with its two decisions: the count of NRC taken for Niono, and the return of Ségou kept."""
    items = tuple(items)
    settings = month(root, items, as_of=as_of)
    with Store.open(settings.store_url) as store:
        taken, _ = decide(store, decision(TAKEN, Action.TAKE_SOURCE, source="NRC"), decision(KEPT, Action.KEEP))
        consolidated(store, items, decision_id=taken, as_of=as_of)
    return settings


def consolidated(
    store: Store, items: Iterable[Discrepancy] = DISPUTED, *, decision_id: int | None, as_of: date = PUBLICATION, **stamp: Any
) -> None:
    """The draft of the month, with what a decision about Niono changes there and in its region."""
    after = CHANGED if decision_id else 0
    values = [row | {"value": row["value"] + after} if _is_persons_of_niono(row) else row for row in [*figures(), *LASTING]]
    opened = [
        {"place_id": place, "value": value, "reason": "déclaré dans les fiches"} for place, value in ((NIONO, 12000), (SEGOU, 40))
    ]
    bridge: list[dict[str, Any]] = [
        {"place_id": place, "item": 1, "kind": "decision", "value": CHANGED, "reason": "décision", "about_place_id": NIONO, "decision_id": decision_id}
        for place in (NIONO, SEGOU) if decision_id
    ]  # fmt: skip
    sentence = texts.message(APART.reason, **APART.params)
    save_draft(
        store,
        compiled(values, items=[*opened, *bridge]),
        as_of=as_of,
        discrepancies=told(items),
        not_comparable=[(APART, sentence)],
        **stamp,
    )


def _is_persons_of_niono(row: dict[str, Any]) -> bool:
    return row["place_id"] == NIONO and not {"unit", "measure", "vulnerability"} & set(row)


LASTING: list[dict[str, Any]] = [
    {"place_id": NIONO, "level": "cercle", "vulnerability": "displaced_over_12_months", "value": 7000},
    {"place_id": NIONO, "level": "cercle", "measure": "integrations", "value": 12},
    {"place_id": SEGOU, "vulnerability": "displaced_over_12_months", "value": 0},
]  # fmt: skip
"""Somebody at Niono; at Ségou a zero, which says nothing."""
