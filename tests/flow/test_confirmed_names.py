"""A name that nobody knows, from the first consolidation to the one after somebody confirmed it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import openpyxl
import pytest

from pipelines.io import reference
from pipelines.io.place_names import Confirmation, confirm, unplaced
from pipelines.model import Period
from schemas import fields
from tests.fiche import stock
from tests.flow.months import MONTH, MOPTI, SEGOU, Folder, fiche_of

DAY = date(2019, 12, 28)
NOW = datetime(2020, 1, 12, 9, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path)
    fiche = fiche_of("Ségou", SEGOU)
    fiche.add(fields.IDP, **{**stock("Niono", "Djabali Koro", 60, 300, observed_on=DAY), "level": "commune"})
    fiche.add(fields.RETURNEE, **{**stock("Niono", "Diabaly", 5, 20, observed_on=DAY), "level": "commune"})
    fiche.drop_row(fields.IDP, 1)
    made.receive("segou.xlsx", fiche.workbook())
    made.receive("mopti.xlsx", fiche_of("Mopti", MOPTI).workbook())
    return made


def codes(folder: Folder) -> list[tuple[str, str]]:
    return folder.query("SELECT code, cell FROM finding WHERE code IN ('PLACE_UNKNOWN', 'NAME_ALIAS') ORDER BY code, cell")


def stocks(folder: Folder) -> dict[str, int]:
    rows = folder.query(
        "SELECT coalesce(commune, cercle), value FROM draft_figure WHERE measure = 'stock' AND unit = 'individual' AND sex = '_T' "
        "AND age = '_T' AND cercle = 'Niono' AND shelter = '_T' AND displacement = '_T' AND origin_pcode = '_T' AND cause = '_T' "
        "AND vulnerability = '_T' AND population_group = 'idp'"
    )
    return dict(rows)


def decide(folder: Folder, name: str, place: str) -> list[str]:
    with folder.job().store() as store:
        said = confirm(store, [Confirmation(name, place, "A. Traoré", DAY, level="commune")], at=NOW)
    return [outcome.status for outcome in said]


def test_from_an_unknown_name_to_its_place(folder: Folder) -> None:
    folder.consolidate()
    assert codes(folder) == [("PLACE_UNKNOWN", "B4")]
    assert stocks(folder) == {"Niono": 300}, "the people stay in the cercle"
    with folder.job().store() as store:
        [waiting], settled = unplaced(store, reference.gazetteer(), [Period.parse(MONTH)])
    assert (waiting.name, waiting.level, waiting.parent_id, waiting.persons, settled) == (
        "Djabali Koro",
        "commune",
        "C025",
        300,
        0,
    )
    assert waiting.suggestions[0].name == "Diabaly"

    assert decide(folder, "Djabali Koro", "Diabaly") == ["recorded"]
    folder.consolidate()
    assert codes(folder) == [("NAME_ALIAS", "B4")]
    assert stocks(folder) == {"Niono": 300, "Diabaly": 300}
    assert folder.query("SELECT count(*) FROM audit_event WHERE action = 'submission.judged_again'") == [(2,)]
    with folder.job().store() as store:
        assert store.verify_chain() is None
        assert unplaced(store, folder.job().gazetteer, store.periods()) == ([], 0)


def test_a_month_is_judged_anew_only_when_somebody_confirmed_a_name(folder: Folder) -> None:
    before = folder.job().rules_hash
    folder.consolidate()
    assert folder.job().rules_hash == before, "the packaged spellings that the store now holds are nobody's decision"
    folder.consolidate()
    assert folder.query("SELECT count(*) FROM audit_event WHERE action = 'submission.judged_again'") == [(0,)]
    decide(folder, "Djabali Koro", "Diabaly")
    after = folder.job().rules_hash
    assert after != before
    assert decide(folder, "Djabali Koro", "Diabaly") == ["already"]
    assert decide(folder, "Djabali Koro", "Sokolo") == ["refused"]
    assert folder.job().rules_hash == after
    folder.consolidate()
    folder.consolidate()
    assert folder.query("SELECT count(*) FROM audit_event WHERE action = 'submission.judged_again'") == [(2,)]


def test_a_job_creates_no_store(folder: Folder) -> None:
    assert folder.job().confirmed == ()
    assert not (folder.root / "processed").exists()


def test_names_of_alerts_wait_too(folder: Folder) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Alertes"
    alert = {
        "alert_number": "A-1", "kind": "alerte", "event_on": date(2019, 12, 2), "alert_on": date(2019, 12, 3), "organisation": "NRC",
        "region": "Ségou", "cercle": "Niono", "commune": "Djabali Koro", "individuals": 45,
    }  # fmt: skip
    book.active.append([field.label.fr for field in fields.ALERT.fields])
    for number in ("A-1", "A-2"):
        book.active.append([{**alert, "alert_number": number}.get(name) for name in fields.ALERT.names])
    path = folder.root / "raw" / MONTH / "alerts" / "alertes.xlsx"
    path.parent.mkdir(parents=True)
    book.save(path)
    folder.consolidate()
    with folder.job().store() as store:
        [waiting], _ = unplaced(store, reference.gazetteer(), store.periods())
    assert sorted((at.file, at.sheet, at.cell) for at in waiting.where) == [
        ("alertes.xlsx", "Alertes", "K2"), ("segou.xlsx", "PDI", "B4"),
    ]  # fmt: skip
    assert waiting.persons == 300 + 45 + 45


def test_the_region_of_a_refused_return_waits_as_a_region(folder: Folder) -> None:
    folder.receive("gao.xlsx", fiche_of("Région du Fleuve", (("Gao", "Gao", 60, 333),)).workbook())
    folder.consolidate()
    with folder.job().store() as store:
        waiting, _ = unplaced(store, reference.gazetteer(), store.periods())
        found = {item.name: item for item in waiting}["Région du Fleuve"]
        assert (found.level, found.parent_id, found.persons) == ("region", None, None)
        said = confirm(store, [Confirmation("Région du Fleuve", "Gao", "A. Traoré", DAY, level="region")], at=NOW)
    assert [outcome.status for outcome in said] == ["recorded"]
    folder.consolidate()
    assert folder.total("Gao") == 333


def test_the_same_name_under_two_parents_waits_twice(folder: Folder) -> None:
    fiche = fiche_of("Ségou", SEGOU)
    for cercle in ("Bla", "Macina"):
        fiche.add(fields.IDP, **{**stock(cercle, "Djabali Koro", 4, 20, observed_on=DAY), "level": "commune"})
    folder.receive("segou.xlsx", fiche.workbook())
    folder.consolidate()
    with folder.job().store() as store:
        waiting, _ = unplaced(store, reference.gazetteer(), store.periods())
    assert [(item.name, item.persons) for item in waiting] == [("Djabali Koro", 20), ("Djabali Koro", 20)]
    assert len({item.parent_id for item in waiting}) == 2
