"""Spellings that people confirm: kept with who decided, told from the packaged ones, and the persons that a name concerns."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy.exc import IntegrityError

from pipelines.io.store import Store
from tests.store.conftest import ALIASES
from tests.store.samples import DECEMBER, NOVEMBER, NOW, checked, everything, rows, save
from tests.store.test_drafts import alert_rows

DAY = date(2020, 1, 4)


def confirm(store: Store, alias: str = "Bankasso", parent: str | None = "R05", **more: Any) -> int:
    said = {"by": "A. Traoré", "on": DAY, "reason": "appel", "at": NOW, "actor": "Point focal", **more}
    return store.confirm_alias(alias, "cercle", parent, "C051", **said)


def test_a_confirmed_spelling_is_kept_with_who_decided(store: Store) -> None:
    assert store.confirmed_aliases() == []
    assert {row["alias"] for row in store.aliases()} == {row["alias"] for row in ALIASES}
    key = confirm(store)
    [row] = store.confirmed_aliases()
    assert row == {
        "id": key, "alias": "Bankasso", "level": "cercle", "parent_id": "R05", "place_id": "C051", "source": "appel",
        "confirmed_by": "A. Traoré", "confirmed_on": DAY,
    }  # fmt: skip
    assert len(store.aliases()) == len(ALIASES) + 1
    assert [place["place_id"] for place in store.find_place("bankasso")] == ["C051"]
    assert store.verify_chain() is None


def test_a_spelling_that_is_there_is_refused_whole(store: Store) -> None:
    confirm(store)
    before = everything(store)
    with pytest.raises(IntegrityError):
        confirm(store)
    assert everything(store) == before


def test_a_spelling_packaged_later_does_not_undo_the_decision(store: Store) -> None:
    confirm(store)
    store.seed_places([], [], [{"alias": "Bankasso", "level": "cercle", "parent_id": "R05", "place_id": "K051"}])
    assert [row["place_id"] for row in store.confirmed_aliases()] == ["C051"]


def test_a_database_without_tables_has_no_confirmed_spelling(empty_url: str) -> None:
    with Store.open(empty_url, migrate=False) as store:
        assert store.confirmed_aliases() == []


def test_a_store_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    assert not Store.exists(f"sqlite:///{(tmp_path / 'cmp.sqlite').as_posix()}")
    assert not Store.exists("sqlite://")
    assert Store.exists("postgresql://somewhere/cmp"), "a server is asked"
    assert list(tmp_path.iterdir()) == []


def test_the_persons_of_a_name(store: Store) -> None:
    named = rows(120, 80, None, rejected=5, commune=["Kala", "Kala", "Kala", "Kala"])
    other = rows(7, commune="Sokolo", row=[20])
    moved = rows(-30, commune=None, from_cercle="Kala", table="movement", sheet="Mouvements", place_id=None)
    saved = save(store, checked(frame=pd.concat([named, other, moved], ignore_index=True)))
    assert store.persons_named(saved.id, "commune", "Kala", ["idp"], "C051") == 200
    assert store.persons_named(saved.id, "commune", "Kala", ["idp", "returnee"]) == 200
    assert store.persons_named(saved.id, "commune", "Kala", ["idp"], "R05") is None
    assert store.persons_named(saved.id, "commune", "kala", ["idp"]) is None
    assert store.persons_named(saved.id, "from_cercle", "Kala", ["movement"]) == 30


def test_the_persons_of_an_alert(store: Store) -> None:
    store.save_alerts(DECEMBER, alert_rows("1", "2"), {"alertes.xlsx": "ab"})
    of_bankass = ("alertes.xlsx", "Alertes", "cercle", "Bankass", "C051")
    assert store.persons_of_alerts(DECEMBER, *of_bankass) == 80
    assert store.persons_of_alerts(DECEMBER, *of_bankass[:4], None) is None
    assert store.persons_of_alerts(DECEMBER, *of_bankass[:3], "Koro", "C051") is None
    assert store.persons_of_alerts(NOVEMBER, *of_bankass) is None
