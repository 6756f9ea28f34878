"""The draft workbook of a month with disagreements, filled from the store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from pipelines.io import draft_of_month
from pipelines.io.store import Store
from tests.months_disputed import DECEMBER, circulated, copied, run
from tests.store.samples import PUBLICATION, compiled, save_draft
from tests.unit.test_draft_workbook import rows_of

pytestmark = pytest.mark.filterwarnings("ignore:.*extension is not supported")


@pytest.fixture
def store(made: Path, tmp_path: Path) -> Iterator[Store]:
    with Store.open(copied(made, tmp_path).store_url) as opened:
        yield opened


def written(store: Store, folder: Path, lang: str = "fr") -> Any:
    [path] = draft_of_month.write(folder, store, DECEMBER, PUBLICATION, lang)
    return openpyxl.load_workbook(path)


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def test_gaps_are_ranked_with_words_and_settled_ones_last(store: Store, tmp_path: Path) -> None:
    rows = list(rows_of(written(store, tmp_path)["Écarts"], "N°"))
    assert [(row["N°"], row["Réf."], row["Où il en est"]) for row in rows] == [
        (1, "aa11aa11aa11", "ouvert"), (2, "cc33cc33cc33", "ouvert"), (3, "bb22bb22bb22", "décidé"), (4, "dd44dd44dd44", "décidé"),
    ]  # fmt: skip
    first, _, taken, _ = rows
    assert plain(first["La fiche"]) == "Fiche : 80 000 individus, au 31/12/2019\nfiche_mopti.xlsx, PDI, H4"
    assert plain(first["Autre source"]).startswith("Service local de Mopti : 84 000 individus, au 20/12/2019\ntotaux_mopti.xlsx")
    assert first["Proposition"].startswith("Interroger la région. ")
    assert first["Décision"].splitlines()[0] == "À décider."
    assert taken["Décision"].startswith(
        "Décision n° 1 : prendre la valeur d'une autre source (NRC), par Awa Traoré le 12/01/2020 : «"
    )
    assert first["Échéance"] == datetime(2020, 1, 8)


def test_what_is_no_longer_found_and_was_never_decided_is_left_out(store: Store, tmp_path: Path) -> None:
    run(store, ())
    rows = list(rows_of(written(store, tmp_path)["Écarts"], "N°"))
    assert {row["Réf."] for row in rows} == {"bb22bb22bb22", "dd44dd44dd44"}
    assert {row["Où il en est"] for row in rows} == {"clos"}
    remarks = [row["Remarques"] for row in rows_of(written(store, tmp_path)["Chiffres"], "Lieu")]
    assert not any("décision" in said for said in remarks)


def test_figures_point_to_the_gaps_and_decisions_about_them(store: Store, tmp_path: Path) -> None:
    remarks = {row["Lieu"]: row["Remarques"] for row in rows_of(written(store, tmp_path)["Chiffres"], "Lieu")}
    assert "à décider : écart n° 1" in remarks["Mopti"]
    assert "à décider : écart n° 2" in remarks["Bankass"]
    assert "décision n° 1 de la CMP" in remarks["Niono"]
    assert "décision n° 2 de la CMP" in remarks["Ségou"]


def test_the_bridge_of_a_region_names_the_decision_below_it(store: Store, tmp_path: Path) -> None:
    rows = [row for row in rows_of(written(store, tmp_path)["Pont"], "Région") if row["Étape"] == "Décision de la CMP"]
    assert [(row["Région"], row["Valeur"]) for row in rows] == [("Ségou", -2900)]
    assert rows[0]["Motif de l'ajustement"] == (
        "Décision n° 1 de la CMP à Niono (région de Ségou), prendre la valeur d'une autre source (NRC), par Awa Traoré le 12/01/2020 : "
        "« Liste vérifiée avec le service local »"
    )


def test_lasting_displacement_shows_only_where_somebody_is_told_of(store: Store, tmp_path: Path) -> None:
    rows = list(rows_of(written(store, tmp_path)["Déplacement durable"], "Lieu"))
    assert [(row["Lieu"], row["Région"], row["Déplacés depuis plus de 12 mois"], row["Intégrés sur place"]) for row in rows] == [
        ("Niono", "Ségou", 7000, 12)
    ]
    assert rows[0]["Réinstallés ailleurs"] == "n. c."


def test_secondary_moves_have_both_ends_and_the_row_that_tells_them(store: Store, tmp_path: Path) -> None:
    [row] = rows_of(written(store, tmp_path)["Déplacement secondaire"], "Déclaré par")
    assert [row[title] for title in ("Déclaré par", "Lieu quitté", "Lieu d'arrivée", "Ménages", "Personnes")] == [
        "Mopti", "Mopti › Bankass", "Mopti", 25, 150,
    ]  # fmt: skip
    assert row["Où c'est déclaré"] == "fiche_aa.xlsx › Mouvements › ligne 6"


def test_events_and_what_is_not_compared_have_their_sheets(store: Store, tmp_path: Path) -> None:
    book = written(store, tmp_path)
    [event] = rows_of(book["Événements"], "Région")
    assert (event["Lieu"], event["Où il en est"], event["Âge (jours)"]) == ("Bankass (région de Mopti)", "en vérification", 43)
    [pair] = rows_of(book["Non comparables"], "Région")
    assert "ne compte qu'une partie" in pair["Pourquoi ils ne se comparent pas"]


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_same_month_gives_the_same_bytes(store: Store, tmp_path: Path, lang: str) -> None:
    one, two = (draft_of_month.write(tmp_path / name, store, DECEMBER, PUBLICATION, lang)[0] for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


def test_the_english_edition_tells_gaps_and_decisions_in_english(store: Store, tmp_path: Path) -> None:
    book = written(store, tmp_path, "en")
    first, _, taken, _ = rows_of(book["Gaps"], "No.")
    assert first["Question"].startswith("Service local de Mopti circulates 84,000 individuals")
    assert first["The return"].startswith("Return: 80,000 individuals")
    assert (first["Severity"], first["Where it stands"], taken["Where it stands"]) == ("To look at", "open", "decided")
    assert taken["Decision"].startswith("Decision no. 1: take another source's value (NRC), by Awa Traoré on 2020-01-12")
    decided = next(row for row in rows_of(book["Bridge"], "Region") if row["Step"] == "Decision of the CMP")
    assert decided["Reason for the adjustment"].startswith("Decision no. 1 of the CMP at Niono (region of Ségou)")


def test_a_text_that_would_run_is_only_a_text(store: Store, tmp_path: Path) -> None:
    attack = "=1+1"
    item = circulated(partner=attack)
    save_draft(store, compiled(), discrepancies=[(item, attack, attack, None)])
    cells = [cell for row in written(store, tmp_path)["Écarts"].iter_rows() for cell in row if cell.value == attack]
    assert len(cells) == 2
    assert all(cell.data_type != "f" and cell.quotePrefix for cell in cells)
