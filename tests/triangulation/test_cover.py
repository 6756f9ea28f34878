"""Cover by sector: who works where in the month, and which needs of the returns nobody answers there."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import triangulation
from pipelines.model import COVER_COLUMNS, PRESENCE_COLUMNS, SectorCover
from pipelines.triangulation import Evidence
from schemas.codes import NEED_SECTORS, ActivityStatus, Need, Sector
from schemas.fields import IDP, NEED
from tests.fiche import GAZETTEER, Fiche, stock
from tests.properties.strategies import MODEST
from tests.rules.examples import add
from tests.triangulation.months import BLA, MACINA, NIONO, SEGOU, SEGOU_REGION, Row, actor, alert, evidence

COMMUNES = {"Ségou": 300, "Baguindabougou": 200, "Bellen": 20}
BY_NAME = {GAZETTEER.place(place).name: place for place in GAZETTEER.children(SEGOU)}
TOWN, BAGUINDABOUGOU, BELLEN = (BY_NAME[name] for name in COMMUNES)


def by_commune(*needs: tuple[str, ...], cercle: str = "Ségou") -> Fiche:
    """Ségou by commune and Niono as a whole; each of `needs` is a row that ranks some."""
    fiche = Fiche()
    for name, persons in COMMUNES.items():
        fiche.add(IDP, **stock("Ségou", name, persons // 5, persons, level="commune"))
    fiche.add(IDP, **stock("Niono", "Niono", 40, 210))
    for ranked in needs:
        named = {f"need_{rank}": word for rank, word in enumerate(ranked, start=1)}
        add(NEED, cercle=cercle, commune="Ségou", level="commune", **named)(fiche)
    return fiche


def covered(seen: Evidence) -> dict[tuple[str, str], SectorCover]:
    """What is told of each cercle and sector."""
    rows = triangulation.cover(seen).astype(object)
    lines = [SectorCover(**row) for row in rows.where(rows.notna(), None).to_dict("records")]
    return {(line.place_id, line.sector): line for line in lines}


def month(*presence: Row, needs: tuple[tuple[str, ...], ...] = (("vivres", "abri"),), **more: Any) -> Evidence:
    return evidence(by_commune(*needs), presence=presence, **more)


def test_a_commune_of_a_cercle_is_without_a_sector_where_no_actor_of_it_works() -> None:
    seen = covered(month(actor(TOWN, sector="food"), actor(TOWN, sector="food", organisation="CRS", source_id="crs")))
    food, shelter = seen[SEGOU, "food"], seen[SEGOU, "shelter"]
    assert food == SectorCover(SEGOU, "food", 2, "CRS, NRC", 520, 220, 1, 1)
    assert shelter == SectorCover(SEGOU, "shelter", 0, "", 520, 520, 1, 2)
    assert food.is_gap and shelter.is_gap
    assert not seen[SEGOU, "health"].is_gap, "nobody asked for it"


@pytest.mark.parametrize(
    ("place_id", "without"), [(TOWN, 220), (BELLEN, 500), (SEGOU, 0), (SEGOU_REGION, 0), ("ML", 0), (NIONO, 520), (BLA, 520)]
)
def test_presence_covers_what_its_place_holds(place_id: str, without: int) -> None:
    assert covered(month(actor(place_id, sector="food")))[SEGOU, "food"].persons_without == without


def test_people_counted_for_a_whole_cercle_are_reached_by_an_actor_in_part_of_it() -> None:
    somewhere = GAZETTEER.children(NIONO)[0]
    assert covered(month(actor(somewhere, sector="food")))[NIONO, "food"].persons_without == 0


@pytest.mark.parametrize(
    ("more", "there"),
    [
        ({}, True),
        ({"status": ActivityStatus.ONGOING}, True),
        ({"status": ActivityStatus.COMPLETED, "ended_on": date(2019, 12, 1)}, True),
        ({"status": ActivityStatus.COMPLETED, "ended_on": date(2019, 11, 30)}, False),
        ({"status": ActivityStatus.PLANNED}, False),
        ({"status": ActivityStatus.SUSPENDED}, False),
        ({"started_on": date(2019, 12, 31)}, True),
        ({"started_on": date(2020, 1, 1)}, False),
    ],
    ids=str,
)
def test_an_actor_counts_when_it_was_at_work_in_the_month(more: Row, there: bool) -> None:
    """For the cover of a sector and for the rule on cercles without any actor alike."""
    seen = month(actor(SEGOU, sector="food", **more), actor(NIONO))
    assert covered(seen)[SEGOU, "food"].actors == there
    raised = {gap.place_id for gap in triangulation.discrepancies(seen) if gap.rule == "RRM_COVER"}
    assert (SEGOU in raised) is not there


def test_cover_is_unknown_when_no_actor_has_told_where_it_is() -> None:
    frame = triangulation.cover(month())
    assert frame.empty and list(frame) == COVER_COLUMNS


def test_one_actor_under_two_spellings_is_one() -> None:
    seen = covered(month(actor(TOWN, sector="food"), actor(BELLEN, sector="food", organisation="Norwegian Refugee Council")))
    assert (seen[SEGOU, "food"].actors, seen[SEGOU, "food"].persons_without) == (1, 200)


def test_what_is_wanted_is_counted_by_row_with_its_best_rank() -> None:
    seen = covered(month(actor(BLA), needs=(("abri", "vivres"), ("santé", "eau, hygiène et assainissement", "vivres"))))
    wanted = {sector: (line.wanted, line.rank) for (place, sector), line in seen.items() if place == SEGOU and line.wanted}
    assert wanted == {"food": (2, 2), "shelter": (1, 1), "health": (1, 1), "wash": (1, 2)}
    assert seen[SEGOU, "education"].wanted == 0
    assert seen[NIONO, "food"].wanted is None, "no row of Niono ranks a need: what it wants is not known"
    assert not seen[NIONO, "food"].is_gap


def test_a_sector_that_answers_no_need_is_told_where_somebody_works_in_it() -> None:
    told = {place for place, sector in covered(month(actor(SEGOU, sector="cccm"))) if sector == "cccm"}
    assert told == {SEGOU}


def test_a_cercle_with_an_open_event_is_told_and_its_persons_stay_unknown() -> None:
    presence = actor(NIONO, sector="food")
    seen = covered(month(presence, alerts=[alert("A1", place_id=MACINA), alert("A2", place_id=BLA, status="closed")]))
    assert {place for place, _ in seen} == {SEGOU, NIONO, MACINA}
    assert (seen[MACINA, "food"].persons, seen[MACINA, "food"].persons_without) == (None, None)


def test_communes_inside_a_whole_cercle_row_leave_the_rest_at_the_cercle() -> None:
    def both(whole: int) -> Evidence:
        fiche = by_commune(("vivres",)).add(IDP, **stock("Ségou", None, whole // 5, whole))
        return evidence(fiche, presence=[actor(TOWN, sector="food")])

    assert covered(both(1000))[SEGOU, "food"].persons_without == 220, "who is not told by commune may be in the town"
    assert covered(both(100))[SEGOU, "food"].persons_without == 100, "never more than the cercle"


def test_every_need_is_answered_by_a_sector() -> None:
    assert set(NEED_SECTORS) == set(Need)


SECTORS = st.sampled_from([Sector.FOOD, Sector.SHELTER, Sector.CCCM])
PLACES = st.sampled_from([TOWN, BAGUINDABOUGOU, BELLEN, SEGOU, NIONO, BLA, SEGOU_REGION, "ML"])
ACTORS = st.builds(
    lambda place, sector, name, status: actor(place, sector=str(sector), organisation=name, source_id=name.lower(), status=status),
    PLACES, SECTORS, st.sampled_from(["NRC", "CRS", "IRC"]), st.sampled_from([None, *ActivityStatus]),
)  # fmt: skip
MONTH = month(actor(NIONO))


def with_(presence: list[Row]) -> Evidence:
    return replace(MONTH, presence=pd.DataFrame(presence, columns=PRESENCE_COLUMNS))


@MODEST
@given(st.lists(ACTORS, min_size=1, max_size=8), ACTORS)
def test_one_actor_more_never_leaves_more_people_without(presence: list[Row], more: Row) -> None:
    before, after = covered(with_(presence)), covered(with_([*presence, more]))
    assert set(before) <= set(after)
    for key, line in before.items():
        assert after[key].persons_without <= line.persons_without  # type: ignore[operator]
        assert after[key].actors >= line.actors


@MODEST
@given(st.lists(ACTORS, min_size=1, max_size=8).flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(rows))))
def test_the_order_of_rows_changes_nothing(orders: tuple[list[Row], list[Row]]) -> None:
    one, other = (triangulation.cover(with_(presence)) for presence in orders)
    pd.testing.assert_frame_equal(one, other)


@MODEST
@given(st.lists(ACTORS, min_size=1, max_size=8))
def test_no_more_people_are_without_than_the_cercle_holds(presence: list[Row]) -> None:
    for line in covered(with_(presence)).values():
        assert 0 <= line.persons_without <= line.persons  # type: ignore[operator]
        assert line.persons_without == line.persons or line.actors, "without any actor, all are without"
