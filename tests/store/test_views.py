"""What analysts read of a published month, and of its revisions."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import text

from pipelines import publication
from pipelines.io.store import Store, views
from tests.store.samples import (
    DECEMBER,
    checked,
    compiled,
    decide,
    publish,
    rows,
    save,
    save_draft,
    told,
    wanted,
)  # fmt: skip

NEXT = [
    {"value": 210},  # Mopti, from 205
    {"unit": "household", "value": 40},  # was missing
    {"place_id": "C051", "level": "cercle", "value": 205}, {"place_id": "K051", "level": "commune", "value": 85},
    {"place_id": "ML", "level": "country", "value": 217},
    {"place_id": "R10", "value": 7}, {"place_id": "R05", "measure": "corrections", "value": -3},
    {"sex": "F", "value": 120},  # no total: not told
]  # fmt: skip
TERRITORY = [
    {"vintage": "cod-2025", "population_group": "idp", "measure": "stock", "unit": "individual", **line}
    for line in (
        {"place_id": "R20", "level": "region", "value": 205, "undivided": 120},
        {"place_id": "C051", "level": "cercle", "value": 85, "undivided": 0},
    )
]
MEMBER = (
    "reservation (release_id, position, kind, place_id, message, params, sentence) "
    "VALUES ({key}, 1, 'waiver', 'R05', 'm', '[]', 'Dérogation pour Mopti.')"
)


def lines(frame: pd.DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    """The rows as plain values, a missing one as None."""
    held = frame[list(columns)].astype(object)
    return [tuple(row) for row in held.where(held.notna(), None).itertuples(index=False)]


def day(value: Any) -> str:
    """SQLite keeps a day as text."""
    return str(value)[:10]


@pytest.fixture
def revised(store: Store) -> Store:
    save(store, checked())
    save_draft(store)
    publish(store, 1)
    save_draft(store, compiled(NEXT), dataset_sha256="e" * 64)
    publish(store, 2, also=(MEMBER,), territory=TERRITORY)
    return store


def test_a_revision_tells_what_differs_and_nothing_else(revised: Store) -> None:
    frame = revised.view("official_revision", DECEMBER)
    assert set(
        lines(frame, "pcode", "region", "cercle", "commune", "unit", "change", "value", "previous_value", "difference")
    ) == {
        ("ML", None, None, None, "individual", "changed", 217, 205, 12),
        ("ML05", "Mopti", None, None, "individual", "changed", 210, 205, 5),
        ("ML05", "Mopti", None, None, "household", "changed", 40, None, None),
        ("ML050203", "Mopti", "Bankass", "Dialassagou", "individual", "changed", 85, 80, 5),
        ("ML07", "Gao", None, None, "individual", "removed", None, 11, None),
        ("ML10", "Ménaka", None, None, "individual", "added", 7, None, None),
    }
    assert set(lines(frame, "revision", "reason_code", "reason")) == {(2, "late_return", "fiche reçue après la publication")}
    assert {day(value) for value in frame["published_on"]} == {"2020-01-25"}


def test_the_effect_of_a_revision_is_told_by_region_and_for_the_country(revised: Store) -> None:
    frame = revised.view("official_revision_effect", DECEMBER)
    told = lines(
        frame, "level", "region", "pcode", "unit", "value", "previous_value", "difference", "added", "changed", "removed"
    )
    assert set(told) == {
        ("country", None, "ML", "individual", 217, 205, 12, 1, 3, 1), ("country", None, "ML", "household", None, None, None, 0, 1, 0),
        ("region", "Mopti", "ML05", "individual", 210, 205, 5, 0, 2, 0), ("region", "Mopti", "ML05", "household", 40, None, None, 0, 1, 0),
        ("region", "Gao", "ML07", "individual", None, 11, -11, 0, 0, 1), ("region", "Ménaka", "ML10", "individual", 7, None, 7, 1, 0, 0),
    }  # fmt: skip


def test_each_revision_has_its_line(revised: Store) -> None:
    counted = ("added", "changed", "removed", "idp_individuals", "previous_idp_individuals", "difference")
    statistics = revised.view("official_revision_statistics", DECEMBER)
    assert lines(statistics, "revision", "reason_code", "days_since_first", *counted) == [
        (1, None, 0, 0, 0, 0, 205, None, None), (2, "late_return", 10, 1, 4, 1, 217, 205, 12),
    ]  # fmt: skip
    release = revised.view("official_release", DECEMBER)
    said = (
        "revision",
        "state",
        "published_by",
        "signed_function",
        "minutes_number",
        "reason_code",
        "dataset_sha256",
        "reservations",
    )
    assert lines(release, *said) == [
        (1, "superseded", "Fatoumata Keïta", "Directrice nationale", "PV 12", None, "d" * 64, 0),
        (2, "published", "Fatoumata Keïta", "Directrice nationale", "PV 12", "late_return", "e" * 64, 1),
    ]  # fmt: skip
    assert lines(revised.view("official_reservation"), "revision", "position", "kind", "pcode", "sentence") == [
        (2, 1, "waiver", "ML05", "Dérogation pour Mopti.")
    ]


@pytest.mark.parametrize(
    ("asked", "known"), [("2020-01-14", []), ("2020-01-15", [205]), ("2020-01-24", [205]), ("2020-01-25", [210])]
)
def test_figures_are_read_as_known_on_a_day(revised: Store, asked: str, known: list[int]) -> None:
    on = f"CAST('{asked}' AS date)" if revised._engine.dialect.name == "postgresql" else f"'{asked}'"
    query = f"known_from <= {on} AND (known_until IS NULL OR known_until > {on}) AND sex = '_T' AND shelter = '_T' AND origin_pcode = '_T'"
    about = "pcode = 'ML05' AND measure = 'stock' AND unit = 'individual'"
    with revised._read() as connection:
        found = connection.execute(text(f"SELECT value FROM official_known WHERE {about} AND {query}")).scalars().all()
    assert list(found) == known


def test_figures_are_read_on_another_list(revised: Store) -> None:
    frame = revised.view("official_territory", DECEMBER)
    assert set(lines(frame, "revision", "vintage", "pcode", "level", "region", "cercle", "value", "undivided")) == {
        (2, "cod-2025", "ML20", "region", "Bandiagara", None, 205, 120),
        (2, "cod-2025", "ML2002", "cercle", "Bandiagara", "Bankass", 85, 0),
    }


def test_grades_stay_inside_until_they_are_published(store: Store) -> None:
    save_draft(store)
    publish(store, 1, grades=False)
    assert store.view("draft_figure")["grade"].notna().all()
    for view in (
        "official_figure",
        "official_series",
        "official_region",
        "official_cercle",
        "official_commune",
        "official_known",
    ):
        assert store.view(view)["grade"].isna().all(), view
    publish(store, 2, grades=True)
    assert store.view("official_series")["grade"].notna().all()
    assert store.view("official_region").set_index("region").loc["Mopti", "grade"] == "B"


def test_the_bridge_ends_with_the_figure_and_names_the_decision(store: Store) -> None:
    save(store, checked())
    save_draft(store, discrepancies=told())
    decide(store, wanted(source="PV 12 de la CMP"))
    items = [
        {"value": 200},
        {"item": 1, "kind": "decision", "value": 5, "reason": "doublon", "decision_id": 1, "about_place_id": "K051"},
    ]
    item = compiled(items=items)
    object.__setattr__(item, "adjustments", item.adjustments.astype({"decision_id": "Int64"}))
    save_draft(store, item, discrepancies=told())
    publish(store, 1)
    for view in ("draft_bridge", "official_bridge"):
        bridge = store.view(view, DECEMBER)
        assert lines(bridge, "item", "value", "file", "decided_by", "decision_id", "decision_source", "about_pcode") == [
            (0, 200, "fiche_aa.xlsx", None, None, None, None), (1, 5, None, "CMP", 1, "PV 12 de la CMP", "ML050203"),
        ]  # fmt: skip
    total = store.view("official_bridge_total", DECEMBER)
    assert lines(total, "pcode", "unit", "item", "kind", "value") == [("ML05", "individual", 2, "official", 205)]


def test_a_file_judged_again_changes_nothing_published(store: Store) -> None:
    moves = rows(30, movement="secondary").assign(table="movement", sheet="Mouvements", from_place_id="K051", to_place_id="R07")
    save(store, checked(frame=moves))
    save_draft(store)
    publish(store, 1)
    before = {name: store.view(name) for name in ("official_secondary", "official_bridge", "official_completeness")}
    assert before["official_secondary"]["individuals"].tolist() == [30]
    again = checked(frame=moves.assign(individuals=pd.array([31], dtype="Int64")), validated=True, validated_on=date(2020, 1, 4))
    object.__setattr__(again.file, "name", "autre nom.xlsx")
    save(store, again, rules="rules-2")
    save_draft(store)
    assert store.view("draft_secondary")["individuals"].tolist() == [31]
    assert set(store.view("draft_bridge")["file"].dropna()) == {"autre nom.xlsx"}
    for name, frame in before.items():
        pd.testing.assert_frame_equal(store.view(name), frame)


TOLD = [
    {"value": 200},
    {"item": 1, "kind": "row_rejected", "value": 5, "reason": "ligne 8", "about_place_id": "K051"},
]
RENAMED = (
    "UPDATE place SET name = name || ' (bis)'", "UPDATE place_code SET pcode = 'X' || pcode",
    "UPDATE place_code SET parent_id = 'R07' WHERE place_id = 'C051'",
)  # fmt: skip
"""Another name and code for every place, and another region for a cercle of both lists."""


def named_twice(store: Store) -> None:
    """Two revisions, each with something to say in every view; then all places are renamed."""
    moves = rows(30, movement="secondary").assign(table="movement", sheet="Mouvements", from_place_id="K051", to_place_id="R07")
    site = rows(12, site="Camp", site_type="planned_site").assign(table="site", sheet="Sites", place_id="K051")
    save(store, checked(frame=pd.concat([moves, site], ignore_index=True)))
    save_draft(store, compiled(items=TOLD))
    publish(store, 1)
    save_draft(store, compiled([*NEXT, {"origin_id": "R07", "value": 30}], items=TOLD), dataset_sha256="e" * 64)
    publish(store, 2, also=(MEMBER,), territory=TERRITORY)


def rename(store: Store) -> None:
    with store._write() as connection:
        for statement in RENAMED:
            connection.exec_driver_sql(statement)


def told_of_releases(store: Store) -> dict[str, pd.DataFrame]:
    """Every view of what is published, and what the files of both revisions are made from."""
    names = [name for name in views.VIEWS if name.startswith("official_") or name == "origin_destination"]
    files = {
        f"{name} {revision}": store.release_view(name, DECEMBER, revision) for name in views.OF_RELEASE for revision in (1, 2)
    }
    return {name: store.view(name) for name in names} | files


def test_a_release_keeps_the_names_codes_and_parents_of_its_places(store: Store) -> None:
    named_twice(store)
    release = store.published(DECEMBER)
    assert release is not None
    before, names = told_of_releases(store), store.place_names(release)
    assert {name for name, frame in before.items() if frame.empty} == {"revision 1", "territory 1"}
    drafts = {name: store.view(name) for name in views.VIEWS if name.startswith("draft_")}
    rename(store)
    for name, frame in told_of_releases(store).items():
        pd.testing.assert_frame_equal(frame, before[name], obj=name)
    assert store.place_names(release) == names and names["ML0502"] == "Bankass"
    for name, frame in drafts.items():
        assert not store.view(name).equals(frame), name
    draft = store.view("draft_figure")
    assert set(lines(draft[draft["level"] == "cercle"], "pcode", "region", "cercle")) == {
        ("XML0502", "Gao (bis)", "Bankass (bis)")
    }
    assert "XML07" in set(draft["origin_pcode"])
    assert "XML050203" in set(store.view("draft_bridge")["about_pcode"])


def test_a_revision_names_places_as_it_found_them(store: Store) -> None:
    named_twice(store)
    rename(store)
    save_draft(store, compiled([{"place_id": "C051", "level": "cercle", "value": 190}]), dataset_sha256="f" * 64)
    publish(store, 3, territory=TERRITORY)
    told = store.view("official_revision")
    said = set(lines(told[told["unit"] == "individual"], "revision", "pcode", "region", "cercle", "change"))
    assert {line for line in said if line[0] == 2 and line[3]} == {(2, "ML050203", "Mopti", "Bankass", "changed")}
    assert {line for line in said if line[0] == 3 and line[3]} == {
        (3, "XML0502", "Gao (bis)", "Bankass (bis)", "changed"), (3, "XML050203", "Gao (bis)", "Bankass (bis)", "removed"),
    }  # fmt: skip
    effect = store.view("official_revision_effect")
    assert {(revision, pcode) for revision, pcode in lines(effect[effect["region"].notna()], "revision", "pcode")} >= {
        (2, "ML05"), (3, "XML05"), (3, "XML07"),
    }  # fmt: skip
    assert set(lines(store.view("official_territory"), "pcode", "region", "cercle")) == {
        ("XML20", "Bandiagara (bis)", None), ("XML2002", "Gao (bis)", "Bankass (bis)"),
    }  # fmt: skip


def test_what_was_withheld_of_a_place_stays_so_when_it_is_renamed(store: Store) -> None:
    """Else the two editions together would tell what the first one hid."""
    for revision, few in ((1, 3), (2, 30)):
        camps = rows(few, 40, 50, site="Camp", site_type="planned_site").assign(table="site", sheet="Sites", place_id="K051")
        save(store, checked(str(revision) * 64, frame=camps.assign(site=["Nord", "Est", "Sud"])))
        values = [{"value": 205}, {"vulnerability": "disability", "value": few}]
        save_draft(store, compiled(values), dataset_sha256=str(revision) * 64)
        publish(store, revision)
        rename(store)
    shown = publication._protected(store, DECEMBER, store.releases(DECEMBER)[-1])
    assert lines(shown.figures, "pcode", "vulnerability", "value") == [("XML05", "_T", 205), ("XML05", "disability", None)]
    assert lines(shown.sites, "pcode", "site", "individuals") == [
        ("XML050203", "Est", None), ("XML050203", "Nord", None), ("XML050203", "Sud", 50),
    ]  # fmt: skip


def test_numbers_of_counts_are_whole(revised: Store) -> None:
    """PostgreSQL sums into numbers with a comma unless it is asked for others."""
    with revised._read() as connection:
        for view in ("official_revision_effect", "official_revision_statistics", "official_release", "official_bridge_total"):
            for row in connection.execute(text(f"SELECT * FROM {view}")).mappings():
                kinds = {type(value).__name__ for value in row.values()}
                assert kinds <= {"int", "str", "date", "NoneType"}, view
