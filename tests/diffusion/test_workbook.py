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
from schemas import texts
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
    assert facts["Écarts vus au"] == "12/01/2020"
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
    assert gao[-1]["Explication"] == "Vérifié : les postes donnent le chiffre."
    assert (gao[1]["Fichier"], gao[1]["Cellule"]) == ("fiche_2019-12_gao.xlsx", "PDI!G8")


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


def test_the_waterfall_starts_with_the_returns_and_ends_with_the_figure(internal: Made, book: Workbook) -> None:
    country = {str(row["Étape"]): row for row in rows(book["Cascade"], "Cascade_1")}
    assert country.pop("Chiffre officiel")["Chiffre officiel"] == sum(row["Valeur"] for row in country.values()) == 207751
    assert "Ménaka" not in country and country["Ménaka (dans la fiche de Gao)"]["Valeur"] == 17758
    assert country["Gao"]["Valeur"] == 58040  # its own people, without those of Ménaka
    gao = rows(book["Cascade"], "Cascade_2")
    assert (gao[1]["Étape"], gao[1]["Départ de la barre"], gao[1]["Retiré"]) == ("Poste n° 1 : Ménaka", 58040, 17758)
    assert [book["Cascade"].column_dimensions[letter].hidden for letter in "CD"] == [False, True]
    with zipfile.ZipFile(BytesIO(internal.files[NAME])) as parts:
        charts = [parts.read(name).decode() for name in parts.namelist() if name.startswith("xl/charts/chart")]
    assert charts and not any("plotVisOnly" in chart for chart in charts)  # drawn from what is hidden
    assert texts.number(17758) in charts[0]  # what is written above a bar


def test_a_decision_is_told_by_its_place_and_its_source(small: Made, public: Made) -> None:
    bridge = small.edition.bridge
    stock = (bridge["population_group"] == "idp") & (bridge["measure"] == "stock") & (bridge["unit"] == "individual")
    opening = bridge[stock & bridge["pcode"].isin(["ML", "ML05"]) & (bridge["item"] == 0)]
    about = {
        "item": 1, "kind": "decision", "value": 640, "about_pcode": "ML050505", "reason": "décision par Awa Traoré", "action": "take_source",
        "decided_by": "Awa Traoré", "decided_on": "2020-01-15", "decision_source": "Mission conjointe", "decision_id": 3,
    }  # fmt: skip
    bridge = pd.concat([bridge, opening.assign(**about).astype(bridge.dtypes.to_dict())], ignore_index=True)
    hidden = bridge.drop(columns=list(CITED))
    for edition, told in (
        (replace(small.edition, bridge=bridge), "Dinangourou : Mission conjointe, décision n° 3"),
        (replace(small.edition, bridge=hidden, header=public.edition.header), "Dinangourou : décision de la CMP"),
    ):
        shown = opened(files(edition)[NAME])
        where = {row["Région"] for row in rows(shown["Pont"], "Pont") if row["Explication"] == told}
        assert where == {"Mali", "Mopti"}
        assert told in [row["Étape"] for row in rows(shown["Cascade"], "Cascade_1")]


def test_rows_in_the_return_of_another_region_are_told(book: Workbook, public_book: Workbook) -> None:
    for shown in (book, public_book):
        came = {row["Région"]: row for row in rows(shown["Complétude"], "Completude")}
        assert (came["Ménaka"]["Fiche reçue"], came["Ménaka"]["Lignes comptées"]) == (
            "Non ; dans la fiche de Gao",
            "dans la fiche de Gao",
        )
        assert came["Gao"]["Remarques"] == "La fiche contient aussi des lignes de Ménaka"
        regions = {row["Région"]: row for row in rows(shown["Régions"], "Regions")}
        assert regions["Ménaka"]["Remarques"] == "Lignes reçues dans la fiche de Gao"


def test_what_lies_in_no_smaller_place_is_not_said_of_the_smallest(book: Workbook) -> None:
    told = {row["Code"]: row["Dont non placé plus bas"] for row in rows(book["Territoire 2025"], "Territoire")}
    assert told == {"ML05": 0, "ML18": 102, "ML1802": "—"}
    assert "découpage de 2025" in str(book["Territoire 2025"]["A3"].value)


def test_wide_sheets_are_printed_on_pages_side_by_side(book: Workbook) -> None:
    for sheet in book:
        assert sheet.page_setup.paperSize == 9, sheet.title
    for name, places in (("Régions", "$A:$B"), ("Cercles", "$A:$C"), ("Communes", "$A:$D")):
        sheet = book[name]
        assert sheet.print_title_cols == places and len(sheet.col_breaks.brk) == 1
        assert sheet.page_setup.scale >= 68
        titles = [cell.value for cell in sheet[1] if cell.value]
        assert titles[0] == name and len(titles) == 3  # the title stands over each page


def test_english(small: Made) -> None:
    english = opened(files(small.edition, "en")[NAME])
    assert english.sheetnames[:2] == ["Summary", "Regions"] and english.properties.language == "en-GB"
    assert pd.notna(english["Summary"]["A1"].value)
    assert {row["Explanation"] for row in rows(english["Bridge"], "Pont") if row["No."] == "0"} == {"Declared in the returns"}
