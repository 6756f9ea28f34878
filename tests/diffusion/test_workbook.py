"""The workbook of an edition as people find it."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from io import BytesIO

import openpyxl
import pandas as pd
import pytest
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from pipelines.io.diffusion.files import files
from tests.diffusion.conftest import CITED, Made

SHEETS = [
    "Synthèse",
    "Régions",
    "Cercles",
    "Communes",
    "Pont",
    "Cascade",
    "Révision",
    "Complétude",
    "Sites",
    "Territoire 2025",
    "Notes",
    "Dictionnaire",
]
NAME = "PDI_Mali_2019-12_r2.xlsx"


def opened(content: bytes) -> Workbook:
    return openpyxl.load_workbook(BytesIO(content))


@pytest.fixture(scope="module")
def book(internal: Made) -> Workbook:
    return opened(internal.files[NAME])


@pytest.fixture(scope="module")
def public_book(public: Made) -> Workbook:
    return opened(public.files[NAME])


def rows(sheet: Worksheet, table: str) -> list[dict[str, object]]:
    cells = [[cell.value for cell in row] for row in sheet[sheet.tables[table].ref]]
    return [dict(zip([str(title) for title in cells[0]], row, strict=True)) for row in cells[1:]]


def test_sheets_by_edition(book: Workbook, public_book: Workbook, small: Made) -> None:
    assert book.sheetnames == SHEETS
    assert public_book.sheetnames == [name for name in SHEETS if name != "Sites"]
    first = replace(small.edition, header=replace(small.edition.header, revision=1))
    assert "Révision" not in opened(files(first)["PDI_Mali_2019-12_r1.xlsx"]).sheetnames


def test_it_says_what_it_is(book: Workbook) -> None:
    facts = {row["Élément"]: row["Valeur"] for row in rows(book["Synthèse"], "Publication")}
    assert facts["Édition"] == "Interne" and facts["N° du procès-verbal"] == "PV-012/2020"
    assert facts["Motif de la révision"] == "Fiche arrivée en retard : Fiche de Ségou reçue le 14 janvier"
    assert facts["Signataires"] == "Moussa Diarra, Directeur national"
    assert [row["Réserve"] for row in rows(book["Synthèse"], "Reserves")][1] == "Ménaka : fiche reçue avec celle de Gao."
    assert book["Synthèse"]["A2"].value == "CHIFFRE OFFICIEL — ÉDITION INTERNE, NE PAS DIFFUSER"
    assert "cmp-idp release verify" in str([row["Ce qu'il faut savoir"] for row in rows(book["Notes"], "Notes")])


def test_no_cell_of_a_table_is_empty(book: Workbook, public_book: Workbook) -> None:
    for workbook in (book, public_book):
        for sheet in workbook:
            assert sheet.tables, sheet.title
            for table in sheet.tables.values():
                empty = [cell.coordinate for row in sheet[table.ref] for cell in row if cell.value in (None, "")]
                assert not empty, (sheet.title, empty[:5])


def test_the_numbers_are_those_of_the_figures(internal: Made, book: Workbook) -> None:
    figures = internal.edition.figures
    stock = figures[(figures["population_group"] == "idp") & (figures["measure"] == "stock") & (figures["unit"] == "individual")]
    total = stock[
        (stock[["sex", "age", "shelter", "displacement", "origin_pcode", "cause", "vulnerability"]] == "_T").all(axis=1)
    ]
    women = stock[(stock["sex"] == "F") & (stock["age"] == "_T")].set_index("pcode")["value"]
    for sheet in ("Régions", "Cercles", "Communes"):
        told = {row["Code"]: row for row in rows(book[sheet], sheet.replace("é", "e"))}
        level = {"Régions": ["region", "country"], "Cercles": ["cercle"], "Communes": ["commune"]}[sheet]
        assert {code: row["PDI individus"] for code, row in told.items()} == (
            total[total["level"].isin(level)].set_index("pcode")["value"].to_dict()
        )
        assert all(row["Femmes"] == women[code] for code, row in told.items() if isinstance(row["Femmes"], int) and row["Femmes"])
    assert {row["Code"]: row["Rapatriés"] for row in rows(book["Régions"], "Regions")}["ML10"] == "n. c. (fiche non reçue)"


def test_suppressed_is_said_and_nothing_internal_is_public(public: Made, public_book: Workbook) -> None:
    assert "masqué (secret statistique)" in {row["Femmes"] for row in rows(public_book["Communes"], "Communes")}
    assert "Note" not in rows(public_book["Régions"], "Regions")[0]
    with zipfile.ZipFile(BytesIO(public.files[NAME])) as parts:
        text = b"".join(parts.read(name) for name in parts.namelist())
    assert b"fiche_2019-12_gao" not in text and b"Note de fiabilit" not in text


def test_the_bridge_leads_to_the_official_figure(book: Workbook) -> None:
    gao = [row for row in rows(book["Pont"], "Pont") if (row["Région"], row["Chiffre"]) == ("Gao", "PDI (individus)")]
    assert [(row["N°"], row["Valeur"]) for row in gao] == [("0", 75798), ("1", -17758), ("=", 58040)]
    assert gao[-1]["Explication"] == "Vérifié : la somme des postes donne le chiffre."
    assert gao[1]["Fichier"] == "fiche_2019-12_gao.xlsx"


def test_a_decision_stands_in_the_bridge_and_a_gap_is_not_hidden(small: Made, public: Made) -> None:
    bridge = small.edition.bridge.copy()
    moved = (bridge["pcode"] == "ML07") & (bridge["item"] == 1)
    bridge.loc[moved, ["kind", "reason", "action", "decided_by", "decided_on", "decision_reason"]] = [
        "decision", "décision par Awa Traoré : compté deux fois", "exclude", "Awa Traoré", "2020-01-15", "compté deux fois"
    ]  # fmt: skip
    bridge.loc[bridge["pcode"] == "ML01", "value"] = 1
    told = rows(opened(files(replace(small.edition, bridge=bridge))[NAME])["Pont"], "Pont")
    assert "Exclure ce chiffre, par Awa Traoré le 15/01/2020 : compté deux fois" in {row["Décision de la CMP"] for row in told}
    kayes = {row["Explication"] for row in told if row["Région"] == "Kayes" and row["N°"] == "="}
    assert "ERREUR : la somme des postes ne donne pas le chiffre." in kayes

    shown = files(replace(small.edition, header=public.edition.header, bridge=bridge.drop(columns=list(CITED), errors="ignore")))
    assert "Exclure ce chiffre, le 15/01/2020" in {row["Décision de la CMP"] for row in rows(opened(shown[NAME])["Pont"], "Pont")}
    assert "Awa" not in shown["bridge.csv"].decode() and "deux fois" not in shown["bridge.csv"].decode()


def test_the_revision_is_told_by_region(book: Workbook) -> None:
    net = {row["Région"]: row for row in rows(book["Révision"], "Effet_net")}
    assert (net["Ségou"]["Chiffres ajoutés"], net["Ségou"]["Effet net, PDI individus"]) == (4, 77)
    assert net["Kidal"]["Chiffres retirés"] == 2 and net["Mali"]["Effet net, PDI individus"] == 77
    changes = rows(book["Révision"], "Changements")
    assert {"Nature": "Retiré", "Lieu": "Kidal", "Différence": "plus de valeur"}.items() <= changes[-1].items()
    assert {row["Nature"] for row in changes} == {"Ajouté", "Modifié", "Retiré"}


def test_it_can_be_read_aloud_and_printed(internal: Made, book: Workbook) -> None:
    assert book.properties.language == "fr-FR" and book.properties.title.startswith(
        "Personnes déplacées internes au Mali, décembre 2019"
    )
    with zipfile.ZipFile(BytesIO(internal.files[NAME])) as parts:
        drawing = next(parts.read(name).decode() for name in parts.namelist() if name.startswith("xl/drawings/drawing"))
    assert drawing.count("descr=") == 3 and "Graphique en cascade, Gao, effectif des PDI en individus. Fiche : 75" in drawing
    for sheet in book:
        assert "Page &P sur &N" in str(sheet.oddFooter.right.text), sheet.title
        assert sheet.page_setup.orientation == "landscape"
    for name in ("Régions", "Cercles", "Communes", "Pont", "Complétude", "Dictionnaire"):
        assert book[name].freeze_panes and book[name].print_title_rows, name


def test_the_waterfall_starts_with_the_returns_and_ends_with_the_figure(book: Workbook) -> None:
    country = rows(book["Cascade"], "Cascade_1")
    assert [row["Étape"] for row in country][-2:] == ["Ménaka", "Chiffre officiel"]
    assert country[-1]["Chiffre officiel"] == sum(row["Ajouté"] for row in country if isinstance(row["Ajouté"], int)) == 207751
    gao = rows(book["Cascade"], "Cascade_2")
    assert (gao[1]["Départ de la barre"], gao[1]["Retiré"]) == (58040, 17758)


def test_english(small: Made) -> None:
    english = opened(files(small.edition, "en")[NAME])
    assert english.sheetnames[:2] == ["Summary", "Regions"] and english.properties.language == "en-GB"
    assert pd.notna(english["Summary"]["A1"].value)
