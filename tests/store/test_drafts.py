"""Drafts, what they are compared with, discrepancies across runs, and what analysts read."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import text

from pipelines.io.store import Store, repository
from pipelines.model import Event, Finding, Period, PeriodFinding
from schemas import fields
from schemas.codes import Effect, EventStatus
from tests.store.conftest import ALIASES, CODES, PLACES
from tests.store.samples import (
    DECEMBER,
    ISSUED,
    NOVEMBER,
    PUBLICATION,
    checked,
    compiled,
    everything,
    publish,
    rows,
    save,
    save_draft,
    told,
)  # fmt: skip

OFFICIAL = (
    "official_figure", "official_region", "official_cercle", "official_commune", "official_series", "official_bridge",
    "official_revision", "official_completeness", "origin_destination", "official_secondary", "official_lasting",
)  # fmt: skip


def test_a_draft_is_replaced_whole(store: Store) -> None:
    first = save_draft(store)
    second = save_draft(store, compiled([{"value": 300}]), dataset_sha256="e" * 64)
    assert (first.changed, second.changed) == (True, True)
    assert first.id == second.id
    release = store.draft_release(DECEMBER)
    assert release is not None
    assert (release.state, release.revision, release.as_of, release.dataset_sha256) == ("draft", 0, PUBLICATION, "e" * 64)
    assert [(row["unit"], row["value"]) for row in store.figure_totals(DECEMBER, "R05")] == [("individual", 300)]


def test_the_same_draft_again_changes_nothing_but_numbers_of_rows(store: Store) -> None:
    save_draft(store)
    before = store.view("draft_figure")
    assert not save_draft(store).changed
    pd.testing.assert_frame_equal(store.view("draft_figure"), before)
    assert len(everything(store)["audit_event"]) == 1


def test_a_failure_on_the_way_leaves_the_draft_as_it_was(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    save_draft(store, discrepancies=told())
    before = everything(store)
    for step in ("_insert_frame", "_insert_findings", "_upsert_discrepancies", "_append"):
        real = getattr(repository, step)

        def fails(*args: Any, real: Any = real, **more: Any) -> None:
            real(*args, **more)
            raise RuntimeError("the power is gone")

        with monkeypatch.context() as patched:
            patched.setattr(repository, step, fails)
            with pytest.raises(RuntimeError, match="the power is gone"):
                save_draft(store, compiled([{"value": 1}]), dataset_sha256="e" * 64)
        assert everything(store) == before


@pytest.mark.parametrize("spoil", [lambda f: f.assign(guess=1), lambda f: f.drop(columns="grade")])
def test_figures_must_keep_their_contract(store: Store, spoil: Any) -> None:
    item = compiled()
    object.__setattr__(item, "figures", spoil(item.figures))
    with pytest.raises(ValueError, match="not the columns of figure"):
        save_draft(store, item)
    assert store.draft_release(DECEMBER) is None


def test_the_board_has_regions_and_country(store: Store) -> None:
    save_draft(store)
    board = {row.place_id: row for row in store.region_board(DECEMBER)}
    assert list(board) == ["ML", "R05", "R07"]
    assert board["R05"].totals == {("idp", "household"): None, ("idp", "individual"): 205}
    assert (board["R05"].name, board["R05"].pcode, board["R07"].carried_months) == ("Mopti", "ML05", 1)
    assert store.region_board(NOVEMBER) == []


def test_the_bridge_cites_the_return_it_opens_with(store: Store) -> None:
    save(store, checked())
    items = [
        {"value": 200},
        {
            "item": 1,
            "kind": "row_rejected",
            "value": 5,
            "reason": "ligne 8",
            "submission_id": 1,
            "sheet": "PDI",
            "cell": "H8",
            "row": 8,
        },
    ]
    save_draft(store, compiled(items=items))
    opening, rejected = store.bridge(DECEMBER, "R05")
    assert (opening["file"], opening["value"], opening["cell"]) == ("fiche_aa.xlsx", 200, None)
    assert (rejected["file"], rejected["cell"], rejected["row"]) == ("fiche_aa.xlsx", "H8", 8)
    draft = store.view("draft_bridge")
    assert list(draft["file"]) == ["fiche_aa.xlsx"] * 2
    assert list(draft["value"]) == [200, 5]


def test_findings_of_the_month_come_after_those_of_the_files(store: Store) -> None:
    saved = save(store, checked(findings=(Finding("CELL", Effect.JUSTIFY),)))
    month = (
        PeriodFinding(Finding("JUMP", Effect.JUSTIFY, "PDI", "H6", 6), "R05", saved.id),
        PeriodFinding(Finding("RETURN_MISSING", Effect.BLOCK_PUBLICATION, params={"received_in": "R05"}), "R10"),
    )
    save_draft(store, compiled(findings=month))
    found = [(row["code"], row["source"], row["submission_id"], row["place_id"]) for row in store.findings(DECEMBER)]
    assert found == [
        ("CELL", "submission", saved.id, None), ("JUMP", "draft", saved.id, "R05"), ("RETURN_MISSING", "draft", None, "R10"),
    ]  # fmt: skip
    save_draft(store, compiled())
    assert [row["code"] for row in store.findings(DECEMBER)] == ["CELL"]


# --- the past -----------------------------------------------------------------------------------------------------------


def test_there_may_be_no_past(store: Store) -> None:
    assert store.past(DECEMBER) is None


def test_the_past_is_the_draft_of_the_month_before(store: Store) -> None:
    save_draft(store, compiled(period=NOVEMBER))
    past = store.past(DECEMBER)
    assert past is not None
    assert (past.name, past.period, past.published) == ("projet 2019-11 (non publié)", NOVEMBER, False)
    assert set(past.figures) == {"place_id", "level", "population_group", "measure", "unit", "value", "basis", "carried_months"}
    assert len(past.figures) == 7  # totals only
    assert past.figures["value"].dtype == "Int64"
    assert past.figures.loc[past.figures["place_id"] == "R07", "carried_months"].tolist() == [1]
    assert store.past(Period(2020, 1)) is None


def test_the_past_is_the_last_release_when_there_is_one(store: Store) -> None:
    october = Period(2019, 10)
    for period in (october, NOVEMBER):
        save_draft(store, compiled(period=period))
    publish(store, 1, october)
    publish(store, 2, october)
    past = store.past(DECEMBER)
    assert past is not None
    assert (past.name, past.published) == ("diffusion 2019-10, révision 2", True)
    own = store.past(october)
    assert own is None


def test_the_totals_of_a_month_are_those_of_its_release_or_else_of_its_draft(store: Store) -> None:
    assert store.month_totals(NOVEMBER) is None
    save_draft(store, compiled(period=NOVEMBER))
    draft = store.month_totals(NOVEMBER)
    assert draft is not None
    assert (draft.name, draft.period, draft.published) == ("projet 2019-11 (non publié)", NOVEMBER, False)
    assert len(draft.figures) == 7
    publish(store, 1, NOVEMBER)
    publish(store, 2, NOVEMBER)
    release = store.month_totals(NOVEMBER)
    assert release is not None
    assert (release.name, release.published) == ("diffusion 2019-11, révision 2", True)
    assert store.month_totals(DECEMBER) is None


# --- alerts -------------------------------------------------------------------------------------------------------------


def alert_rows(*numbers: str) -> pd.DataFrame:
    empty = {field.name: None for field in fields.ALERT.fields}
    return pd.DataFrame(
        [
            {
                **empty, "alert_number": number, "kind": "alert", "event_on": date(2019, 12, 3), "alert_on": date(2019, 12, 4),
                "organisation": "NRC", "region": "Mopti", "cercle": "Bankass", "individuals": 40, "file": "alertes.xlsx",
                "sheet": "Alertes", "row": row, "cell": f"N{row}", "place_id": "C051",
            }
            for row, number in enumerate(numbers, start=5)
        ]
    )  # fmt: skip


def event(*rows: int, **changes: Any) -> Event:
    """An event that the alerts on some rows tell of."""
    about: dict[str, Any] = {
        "key": "e1", "period": DECEMBER, "place_id": "C051", "first_on": date(2019, 12, 1), "last_on": date(2019, 12, 5),
        "alert_numbers": ("1", "2"), "witnesses": 2, "assessed": False, "households": None, "individuals": (40, 60),
        "status": EventStatus.VERIFYING, "age_days": 45, "organisations": ("DRC", "NRC"), "origin": "Ogossagou",
        "shock": "armed_attack", "rows": tuple(("alertes.xlsx", "Alertes", row) for row in rows),
    }  # fmt: skip
    return Event(**(about | changes))


def test_alerts_are_replaced_with_their_events(store: Store) -> None:
    for _ in range(2):
        store.save_alerts(DECEMBER, alert_rows("1", "2", "3"), {"alertes.xlsx": "ab"}, [event(5, 6)])
    frame = store.alerts(DECEMBER)
    assert list(frame["alert_number"]) == ["1", "2", "3"]
    assert list(frame["event_id"].notna()) == [True, True, False]
    assert frame["individuals"].tolist() == [40, 40, 40]
    assert set(frame["sha256"]) == {"ab"}
    assert (frame["cell"][0], frame["event_on"][0]) == ("N5", date(2019, 12, 3))
    store.save_alerts(Period(2020, 1), alert_rows("1"), {"alertes.xlsx": "ab"})
    store.save_alerts(DECEMBER, alert_rows(), {})
    assert store.alerts(DECEMBER).empty
    assert len(store.alerts(Period(2020, 1))) == 1
    assert everything(store)["event"] == []


def test_an_alert_without_a_number_is_told_by_its_row(store: Store) -> None:
    rows = alert_rows("1", "1", "").replace({"alert_number": {"": None}})
    store.save_alerts(DECEMBER, rows, {"alertes.xlsx": "ab"}, [event(6, 7), event(5, key="e0", place_id=None, alert_numbers=())])
    assert store.alerts(DECEMBER)["event_id"].nunique() == 2
    without, told_of = store.events(DECEMBER)
    assert (without["key"], without["place"], without["rows"]) == ("e0", None, [("alertes.xlsx", "Alertes", 5)])
    assert (told_of["place"], told_of["pcode"], told_of["level"]) == ("Bankass", "ML0502", "cercle")
    assert (told_of["status"], told_of["age_days"], told_of["origin"], told_of["shock"]) == (
        "verifying",
        45,
        "Ogossagou",
        "armed_attack",
    )
    assert (told_of["organisations"], told_of["alert_numbers"]) == (["DRC", "NRC"], ["1", "2"])
    assert (told_of["households_low"], told_of["individuals_low"], told_of["individuals_high"]) == (None, 40, 60)
    assert told_of["rows"] == [("alertes.xlsx", "Alertes", 6), ("alertes.xlsx", "Alertes", 7)]
    assert store.events(NOVEMBER) == []


# --- what analysts read -------------------------------------------------------------------------------------------------


@pytest.fixture
def published(store: Store) -> Store:
    save(store, checked(validated=True, validated_on=date(2020, 1, 4), minutes_number="12", validated_by="Gouverneur"))
    save_draft(store)
    publish(store, 1)
    return store


def test_nothing_is_official_before_a_release(store: Store) -> None:
    save(store, checked())
    save_draft(store)
    assert {view: len(store.view(view)) for view in OFFICIAL} == dict.fromkeys(OFFICIAL, 0)
    assert len(store.view("draft_figure")) == len(ISSUED)


def test_official_and_draft_figures_are_the_same_columns(published: Store) -> None:
    draft, official = published.view("draft_figure"), published.view("official_figure", DECEMBER)
    assert tuple(draft) == tuple(official) == fields.FIGURE.names
    pd.testing.assert_frame_equal(draft.drop(columns="revision"), official.drop(columns="revision"))
    assert set(draft["revision"]) == {0}
    commune = official[official["level"] == "commune"].iloc[0]
    assert (commune["region"], commune["cercle"], commune["commune"]) == ("Mopti", "Bankass", "Dialassagou")
    assert set(official["origin_pcode"]) == {"_T", "_U", "ML07", "R20"}  # no 2021 code: its own id


def test_the_wide_views_show_the_common_figures(published: Store) -> None:
    row = published.view("official_region").set_index("region").loc["Mopti"]
    assert (row["idp_individuals"], row["idp_female"], row["idp_male"], row["idp_under_18"]) == (205, 100, 5, 100)
    assert (row["idp_60_plus"], row["idp_host_family"], row["idp_on_sites"]) == (5, 150, 30)
    assert pd.isna(row["idp_households"])  # missing is not zero
    assert pd.isna(row["arrivals"])
    assert (row["basis"], row["grade"], row["obs_status"]) == ("registration", "B", "A")
    assert published.view("official_cercle")["idp_individuals"].tolist() == [205]
    assert published.view("official_commune")["idp_individuals"].tolist() == [80]


def test_published_sums_come_before_summed_cells(store: Store) -> None:
    save_draft(store, compiled([*ISSUED, {"sex": "F", "value": 140}]))
    publish(store, 1)
    assert store.view("official_region").set_index("region").loc["Mopti"]["idp_female"] == 140


def test_numbers_are_whole_on_both_databases(published: Store) -> None:
    with published._read() as connection:
        row = connection.execute(text("SELECT * FROM official_region WHERE region = 'Mopti'")).mappings().one()
        assert {type(row[name]) for name in row if name.startswith("idp_")} <= {int, type(None)}
        row = connection.execute(text("SELECT * FROM official_completeness WHERE region = 'Mopti'")).mappings().one()
        assert (row["received"], row["validated"], row["carried_forward"]) == (1, 1, 0)


def test_only_the_last_revision_is_current(published: Store) -> None:
    save_draft(published, compiled([{"value": 210}, {"place_id": "R10", "value": 7}]), dataset_sha256="e" * 64)
    publish(published, 2)
    region = published.view("official_region")
    assert list(zip(region["revision"], region["region"], region["idp_individuals"], strict=True)) == [
        (2, "Mopti", 210), (2, "Ménaka", 7),
    ]  # fmt: skip
    assert set(published.view("official_series")["revision"]) == {2}
    assert set(published.view("official_figure")["revision"]) == {1, 2}
    changed = published.view("official_revision").set_index(["pcode", "unit", "measure"])
    assert changed.loc[("ML05", "individual", "stock"), ["value", "previous_value", "difference"]].tolist() == [210, 205, 5]
    assert pd.isna(changed.loc[("ML07", "individual", "stock"), "value"])
    assert changed.loc[("ML10", "individual", "stock"), "value"] == 7
    assert set(changed["revision"]) == {2}


def test_completeness_is_that_of_the_day_of_the_release(published: Store) -> None:
    save(published, checked("b" * 64, rows(1, 2, 3, 4)))
    seen = published.view("official_completeness").set_index("region")
    mopti, gao = seen.loc["Mopti"], seen.loc["Gao"]
    assert (mopti["received"], mopti["validated"], mopti["version"], mopti["rows_accepted"], mopti["rows_rejected"]) == (
        1,
        1,
        1,
        2,
        1,
    )
    assert (gao["received"], gao["validated"], gao["carried_forward"]) == (0, 0, 1)


def test_origins_and_destinations(published: Store) -> None:
    flows = published.view("origin_destination")
    assert dict(zip(flows["origin_pcode"], flows["value"], strict=True)) == {"ML07": 30, "R20": 20, "_U": 155}
    assert set(flows["origin_name"].dropna()) == {"Gao", "Bandiagara"}
    assert set(flows["region"]) == {"Mopti"}


def test_lasting_displacement_is_side_by_side(store: Store) -> None:
    parts = [
        {"vulnerability": "displaced_over_12_months", "value": 120}, {"vulnerability": "displaced_under_12_months", "value": 60},
        {"measure": "returns", "value": 12}, {"measure": "integrations", "value": 3}, {"measure": "relocations", "value": 0},
        {"population_group": "idp_returnee", "measure": "cumulative", "value": 900},
    ]  # fmt: skip
    save_draft(store, compiled([*ISSUED, *parts]))
    publish(store, 1)
    for view in ("draft_lasting", "official_lasting"):
        seen = store.view(view, DECEMBER).set_index("region")
        mopti = seen[seen["level"] == "region"].loc["Mopti"]
        assert mopti[["displaced_over_12_months", "displaced_under_12_months", "returned", "integrated", "relocated"]].tolist() == [
            120, 60, 12, 3, 0,
        ]  # fmt: skip
        assert mopti["returned_since_2012"] == 900
        assert pd.isna(seen.loc["Gao", "integrated"])  # missing is not zero


def test_secondary_moves_are_told_with_both_ends(store: Store) -> None:
    moves = rows(30, 20, 10, rejected=5, movement=["secondary", "secondary", "arrival", "secondary"]).assign(
        table="movement", sheet="Mouvements", place_id=None, from_place_id=["K051", None, "C051", "C051"],
        from_region=["Mopti", "Mopti", "Mopti", "Mopti"], from_cercle=["Bankass", "Bankas", "Bankass", "Bankass"], to_place_id="R07",
    )  # fmt: skip
    save(store, checked(frame=moves))
    save_draft(store)
    seen = store.view("draft_secondary", DECEMBER)
    assert store.view("official_secondary").empty
    assert set(zip(seen["origin_cercle"], seen["origin_commune"], seen["region"], seen["individuals"], strict=True)) == {
        ("Bankass", "Dialassagou", "Gao", 30), ("Bankas", None, "Gao", 20),
    }  # fmt: skip
    assert (set(seen["told_by"]), set(seen["file"]), sorted(seen["row"])) == ({"Mopti"}, {"fiche_aa.xlsx"}, [6, 7])
    publish(store, 1)
    assert store.view("official_secondary", DECEMBER)["individuals"].tolist() == seen["individuals"].tolist()


def test_events_are_on_a_board(store: Store) -> None:
    store.save_alerts(DECEMBER, alert_rows("1"), {"alertes.xlsx": "ab"}, [event(5)])
    (row,) = store.view("event_board", DECEMBER).to_dict("records")
    assert (row["cercle"], row["status"], row["age_days"], row["individuals_high"], row["assessed"]) == (
        "Bankass", "verifying", 45, 60, 0,
    )  # fmt: skip


# --- earlier months -----------------------------------------------------------------------------------------------------


def test_the_history_is_what_was_last_published_else_drafted(store: Store) -> None:
    from pipelines.triangulation.evidence import HISTORY_COLUMNS

    september, october = Period(2019, 9), Period(2019, 10)
    save_draft(store, compiled([{"value": 1}], period=september))
    for revision, value in enumerate((2, 3), start=1):
        save_draft(store, compiled([{"value": value}, {"sex": "F", "value": 1}], period=october))
        publish(store, revision, october)
    save_draft(store, compiled([{"value": 99}], period=october))
    save_draft(store, compiled([{"value": None, "missing_reason": "no_return"}], period=NOVEMBER))
    save_draft(store, compiled([{"value": 7}]))
    seen = store.history(DECEMBER)
    assert list(seen) == HISTORY_COLUMNS
    assert seen["period"].tolist() == ["2019-09", "2019-10", "2019-11"]
    assert seen["value"].tolist() == [1, 3, pd.NA]
    assert store.history(DECEMBER, months=2)["period"].tolist() == ["2019-10", "2019-11"]
    assert store.history(september).empty


def test_an_unknown_view_is_a_mistake(store: Store) -> None:
    with pytest.raises(KeyError):
        store.view("figure; DROP TABLE figure")


# --- places -------------------------------------------------------------------------------------------------------------


def test_seeding_again_changes_nothing(store: Store) -> None:
    before = everything(store)
    assert not store.seed_places(PLACES, CODES, ALIASES)
    assert everything(store) == before


def test_a_corrected_reference_reaches_the_store(store: Store) -> None:
    exchanged = {"ML05": "ML07", "ML07": "ML05"}
    codes = [{**row, "pcode": exchanged.get(row["pcode"], row["pcode"])} for row in CODES]
    places = [{**row, "name": "Mopti (région)"} if row["place_id"] == "R05" else row for row in PLACES]
    assert store.seed_places(places, codes, ALIASES)
    assert store.find_place("ML07")[0]["name"] == "Mopti (région)"


def test_a_confirmed_alias_is_never_overwritten(store: Store) -> None:
    assert not store.seed_places(PLACES, CODES, [{**ALIASES[0], "place_id": "K051"}])
    assert [place["place_id"] for place in store.find_place("Bankas")] == ["C051"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("menaka", ["R10"]), ("MÉNAKA ", ["R10"]), ("R10", ["R10"]), ("ml10", ["R10"]), ("ML2002", ["C051"]), ("gawo", ["R07"]),
        ("nowhere", []),
    ],
)  # fmt: skip
def test_places_are_found_as_people_write_them(store: Store, words: str, found: list[str]) -> None:
    assert [place["place_id"] for place in store.find_place(words)] == found
