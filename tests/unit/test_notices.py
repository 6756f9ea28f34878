"""Notices of adjustment: who is told, each adjustment once, what the letter says, and what becomes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from docx import Document

from pipelines.io import reference
from pipelines.io.correspondence import Calendar
from pipelines.io.letterhead import Sender
from pipelines.io.notices import Notice, Total, Written, notices, of_release, reasons, write
from pipelines.io.store import Store
from pipelines.io.store.releases import Opening, Signature
from pipelines.model import Period
from pipelines.settings import Settings
from schemas.codes import Action, AdjustmentKind, Effect, Measure, PopulationGroup, RevisionReason, Unit
from tests.months_disputed import copied
from tests.months_settled import CHANGED, consolidated
from tests.store.samples import NOW

DAY = date(2020, 1, 15)
DECEMBER = Period(2019, 12)
SENDER = Sender("Ministère de la Santé et du Développement social", "La Directrice nationale")
CALENDAR = Calendar(DECEMBER, date(2020, 1, 17), date(2020, 1, 13))
SEGOU, NIONO, MOPTI, GAO, MENAKA = "R04", "C025", "R05", "R07", "C050"


def row(place_id: str, kind: str, value: int | None, **more: Any) -> dict[str, Any]:
    """An item as `Store.bridge` gives it, with its place."""
    blank = dict.fromkeys(("about_place_id", "submission_id", "sheet", "cell", "row", "decision_id", "file", "sha256", "action",
                           "decided_by", "decided_on", "decision_reason", "decision_source", "missing_reason"))  # fmt: skip
    base = {"place_id": place_id, "population_group": "idp", "measure": "stock", "unit": "individual", "item": 1, "kind": kind,
            "value": value, "reason": AdjustmentKind(kind).fr}  # fmt: skip
    return {**blank, **base, **more}


def made(*rows: dict[str, Any], findings: Any = ()) -> tuple[Notice, ...]:
    return notices(rows, reference.gazetteer(), period=DECEMBER, revision=1, findings=findings)


def text_of(path: Path) -> str:
    document = Document(str(path))
    cells = [cell.text for table in document.tables for line in table.rows for cell in line.cells]
    text = "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def letters(folder: Path, told: tuple[Notice, ...], calendar: Calendar = CALENDAR) -> Written:
    return write(folder, told, calendar, SENDER, "DNDS, point focal de la CMP")


# --- who is told what ---------------------------------------------------------------------------------------------------


def test_an_adjustment_is_told_once_at_its_lowest_place_with_both_units() -> None:
    rejected = {"about_place_id": NIONO, "submission_id": 7, "sheet": "PDI", "row": 9, "file": "segou.xlsx"}
    [notice] = made(
        *(row(place, "row_rejected", -30, cell="H9", **rejected) for place in (NIONO, SEGOU, "ML")),
        *(row(place, "row_rejected", -5, cell="G9", unit="household", **rejected) for place in (NIONO, SEGOU, "ML")),
        row(SEGOU, "return", 240), row(SEGOU, "return", 50, unit="household"), row("ML", "return", 9000),
        findings=[{"effect": Effect.REJECT_ROW, "submission_id": 7, "sheet": "PDI", "row": 9, "code": "COUNT_NEGATIVE",
                   "params": '{"value": -5, "column": "Ménages"}'}],
    )  # fmt: skip
    [item] = notice.items
    assert (item.place_id, item.amounts) == (NIONO, {Unit.HOUSEHOLD: -5, Unit.INDIVIDUAL: -30})
    assert item.where == "segou.xlsx, PDI, G9, H9"
    assert reasons(item)[0].endswith("non comptée. Le nombre -5 est négatif dans la colonne « Ménages ».")
    assert notice.totals == (
        Total(PopulationGroup.IDP, Measure.STOCK, {Unit.INDIVIDUAL: 240, Unit.HOUSEHOLD: 50}, {Unit.INDIVIDUAL: 210, Unit.HOUSEHOLD: 45}),
    )  # fmt: skip


def test_arithmetic_inside_a_return_and_what_it_opens_with_are_no_adjustment() -> None:
    assert made(row(SEGOU, "return", 240), row(SEGOU, "inside_cercle_row", -40, about_place_id="K100")) == ()


def test_what_is_declared_counts_a_commune_inside_a_whole_cercle_once_and_a_row_received_for_nothing_is_not_told() -> None:
    inside, received = ({"about_place_id": "K100", "submission_id": number, "sheet": "PDI", "row": 12} for number in (7, 3))
    [notice] = made(
        row(SEGOU, "return", 240), row(SEGOU, "inside_cercle_row", -40, **inside), row(SEGOU, "row_rejected", -5, about_place_id=NIONO),
        row(SEGOU, "moved_in", 9, **received), row(SEGOU, "inside_cercle_row", -9, **received),
    )  # fmt: skip
    assert [item.kind for item in notice.items] == [AdjustmentKind.ROW_REJECTED]
    assert (notice.totals[0].declared, notice.totals[0].official) == ({Unit.INDIVIDUAL: 200}, {Unit.INDIVIDUAL: 195})
    assert notice.counted_once


def test_a_row_that_changes_its_region_is_told_to_both_with_the_name_of_the_other() -> None:
    of_row = {"about_place_id": MENAKA, "submission_id": 3, "sheet": "PDI", "row": 8}
    out, taken = made(row(GAO, "moved_out", -17758, **of_row), row("R10", "moved_in", 17758, **of_row))
    assert [(notice.region, item.amounts[Unit.INDIVIDUAL], item.other) for notice in (out, taken) for item in notice.items] == [
        ("Gao", -17758, "R10"), ("Ménaka", 17758, GAO),
    ]  # fmt: skip
    assert "(Gao)" in reasons(taken.items[0])[0]


def test_what_another_region_told_of_a_place_is_told_to_that_one_alone() -> None:
    retold = {"about_place_id": MENAKA, "submission_id": 3, "sheet": "PDI", "row": 8}
    [notice] = made(row(MENAKA, "told_by_own_region", -12, **retold), row(GAO, "told_by_own_region", -12, **retold))
    assert notice.region == "Gao"
    assert "déclare elle-même" in reasons(notice.items[0])[0]


def test_two_places_carried_forward_are_two_and_the_heaviest_comes_first() -> None:
    carried = [
        row(SEGOU, "carried_forward", value, about_place_id=place, reason=f"reconduction (projet 2019-11) : {name}")
        for place, name, value in ((NIONO, "Niono", 10), ("C021", reference.gazetteer().place("C021").name, 70))
    ]
    [notice] = made(*carried)
    assert [item.amounts[Unit.INDIVIDUAL] for item in notice.items] == [70, 10]
    assert reasons(notice.items[1]) == ["Reconduction (projet 2019-11)"]


def test_what_a_decision_excludes_whole_is_no_zero() -> None:
    excluded = {"decision_id": 4, "action": "exclude", "decided_by": "Awa", "decided_on": date(2020, 1, 12), "decision_reason": "compté deux fois"}  # fmt: skip
    [notice] = made(row(SEGOU, "return", 40), row(SEGOU, "decision", -40, about_place_id=NIONO, **excluded))
    assert notice.totals[0].official == {Unit.INDIVIDUAL: None}
    assert notice.items[0].decision is not None
    assert notice.items[0].decision.action is Action.EXCLUDE


# --- the letters --------------------------------------------------------------------------------------------------------


@pytest.fixture
def data(made: Path, tmp_path: Path) -> Path:
    copied(made, tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def told(made: Path) -> tuple[Notice, ...]:
    with Store.open(Settings(data_dir=made).store_url) as store:
        return of_release(store, DECEMBER, reference.gazetteer(), revision=0)


def test_the_letter_says_what_was_declared_decided_by_whom_why_and_how_to_contest(
    told: tuple[Notice, ...], tmp_path: Path
) -> None:
    assert [(notice.region, [item.amounts for item in notice.items]) for notice in told] == [
        ("Ségou", [{Unit.INDIVIDUAL: CHANGED}])
    ]
    [path] = letters(tmp_path, told).letters
    assert path.name == "avis_2019-12_r0_segou.docx"
    said = text_of(path)
    for part in (
        "avis d'ajustement", "Sur le point suivant", "Niono (région de Ségou)", "−2 900 individus",
        "Décision n° 1 de la CMP : prendre la valeur d'une autre source (NRC), prise par Awa Traoré le 12/01/2020.",
        "Motif : « Liste vérifiée avec le service local »", "D'après NRC, 9 100 individus, au 30/12/2019. Cellule : nrc.xlsx, Suivi, C8", "DNDS, point focal de la CMP, le 17/01/2020 au plus tard",
        "BULLETIN DE RÉPONSE", "☐ Accepté", "☐ Contesté",
    ):  # fmt: skip
        assert part in said.replace("  ", " "), part
    # what may be done, the signature and the slip are on one page
    paragraphs = Document(str(path)).paragraphs
    heading = next(at for at, paragraph in enumerate(paragraphs) if paragraph.text == "Ce que vous pouvez faire")
    assert all(paragraph.paragraph_format.keep_with_next for paragraph in paragraphs[heading:-1])


def test_of_a_later_revision_only_what_changed_is_told(data: Path) -> None:
    with Store.open(Settings(data_dir=data).store_url) as store:
        for revision in (1, 2, 3):
            opening = Opening(
                "Fatou Diarra", DAY, DAY, "s", "v", RevisionReason.DECISION if revision > 1 else None, "Décision reprise"
            )
            store.circulate(DECEMBER, opening, (), at=NOW)
            store.sign(DECEMBER, Signature("Moussa Coulibaly", "Directeur", DAY, DAY, "12", None), at=NOW)
            store.publish(DECEMBER, by="Moussa Coulibaly", on=DAY, grades=False, threshold=10, said=(), written=(), approved=store.releases(DECEMBER)[-1], at=NOW)  # fmt: skip
            consolidated(store, decision_id=1 if revision == 1 else None, dataset_sha256="abc"[revision - 1] * 64)
        told = [[notice.region for notice in of_release(store, DECEMBER, reference.gazetteer(), revision=n)] for n in (1, 2, 3)]
    assert told == [["Ségou"], [], []]


def test_without_a_day_no_day_is_threatened(told: tuple[Notice, ...], tmp_path: Path) -> None:
    said = text_of(letters(tmp_path, told, replace(CALENDAR, due=None)).letters[0])
    assert "dans les meilleurs délais" in said
    assert "Sans réponse à cette date" not in said


def test_same_notices_give_the_same_bytes_and_one_that_somebody_numbered_is_set_aside(
    told: tuple[Notice, ...], tmp_path: Path
) -> None:
    one, other = letters(tmp_path / "a", told), letters(tmp_path / "b", told)
    assert one.letters[0].read_bytes() == other.letters[0].read_bytes()
    numbered = Document(str(one.letters[0]))
    numbered.paragraphs[5].add_run("N° 12")
    numbered.save(str(one.letters[0]))
    [aside] = letters(tmp_path / "a", ()).aside
    assert "N° 12" in text_of(aside)
    assert letters(tmp_path / "b", ()).paths == ()
    assert [path for path in (tmp_path / "b").iterdir() if path.is_file()] == []
