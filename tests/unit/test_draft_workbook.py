"""The workbook of the validation meeting: what it says, that it says so the same way each time, and that nothing typed by others
can act in it."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from pipelines.io.draft import BoardRow, DraftWorkbook, Headline, draft_name, write_draft
from schemas import fields, texts
from schemas.codes import MissingReason, Severity

pytestmark = pytest.mark.filterwarnings("ignore:.*extension is not supported")  # openpyxl drops Excel 2010 data bars

BANNERS = {"fr": "PROJET, NON OFFICIEL", "en": "DRAFT, NOT OFFICIAL"}
SHEETS = ["Tableau de bord", "Chiffres", "Pont", "Écarts", "Questions ouvertes", "Pour information", "Ventilations"]
ATTACKS = ("=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1:A9)", '=HYPERLINK("http://example.org","x")')


def figure(place: tuple[Any, ...], value: int | None, **more: Any) -> dict[str, Any]:
    """A row of the view `draft_figure`; `place` is (pcode, level, region, cercle, commune)."""
    row = dict.fromkeys(fields.BREAKDOWNS, "_T") | {
        "period": "2019-12", "revision": 0, "population_group": "idp", "measure": "stock", "unit": "individual", "value": value,
        "missing_reason": None, "obs_status": "P", "basis": "registration", "grade": "B",
    }  # fmt: skip
    return row | dict(zip(("pcode", "level", "region", "cercle", "commune"), place, strict=True)) | more


MALI = ("ML", "country", None, None, None)
GAO = ("ML07", "region", "Gao", None, None)
KIDAL = ("ML08", "region", "Kidal", None, None)
ANSONGO = ("ML0701", "cercle", "Gao", "Ansongo", None)
BARA = ("ML070102", "commune", "Gao", "Ansongo", "Bara")
RETURNEE = {"population_group": "idp_returnee", "measure": "cumulative"}


def figures() -> pd.DataFrame:
    rows = [
        figure(BARA, 1000),
        figure(BARA, 200, unit="household"),
        figure(BARA, 600, sex="F"),
        figure(BARA, 300, sex="M"),
        figure(BARA, 100, sex="_U", missing_reason="inaccessible"),
        figure(BARA, 1000, age="_U", missing_reason="not_collected"),
        figure(BARA, 700, displacement="primary"),
        figure(BARA, 300, displacement="_U", missing_reason="not_reported"),
        figure(BARA, 1000, shelter="host_family"),
        figure(ANSONGO, 1000),
        figure(ANSONGO, 200, unit="household"),
        figure(GAO, 1410, basis="carried_forward", obs_status="I", grade="C"),
        figure(GAO, 280, unit="household"),
        figure(GAO, 50, **RETURNEE),
        figure(GAO, 1410, origin_pcode="ML0507", cause="insecurity"),
        figure(GAO, 40, unit="household", vulnerability="female_headed_household"),
        figure(KIDAL, None, missing_reason="no_return", obs_status="O", basis=None, grade="D"),
        figure(KIDAL, None, unit="household", missing_reason="no_return", obs_status="O", basis=None, grade="D"),
        figure(MALI, 1410),
        figure(MALI, 280, unit="household"),
        figure(MALI, 50, **RETURNEE),
    ]
    return pd.DataFrame(rows).astype({"value": "Int64"})


def item(place: tuple[Any, ...], number: int, kind: str, value: int | None, **more: Any) -> dict[str, Any]:
    row = {
        "period": "2019-12", "revision": 0, "population_group": "idp", "measure": "stock", "unit": "individual", "item": number,
        "kind": kind, "value": value, "reason": "", "file": None, "sha256": None, "sheet": None, "cell": None,
    }  # fmt: skip
    return row | dict(zip(("pcode", "level", "region", "cercle", "commune"), place, strict=True)) | more


def bridge() -> pd.DataFrame:
    household = {"unit": "household"}
    source = {"file": "Fiche_Gao.xlsx", "sha256": "9f2b7c41d0aa53e1", "sheet": "PDI", "cell": "F11"}
    rows = [
        item(GAO, 1, "row_rejected", -90, reason="ligne rejetée : Bara", **source),
        item(GAO, 0, "return", 1090, **source),
        item(GAO, 2, "carried_forward", 410, reason="reconduction du mois précédent : Gao"),
        item(GAO, 0, "return", 280, **household),
        item(GAO, 0, "return", 50, **RETURNEE),
        item(KIDAL, 0, "return", None),
        item(MALI, 0, "return", 1000),
        item(MALI, 1, "carried_forward", 410, reason="reconduction du mois précédent : Gao"),
        item(MALI, 0, "return", 999, **household),
        item(MALI, 0, "return", 50, **RETURNEE),
    ]
    return pd.DataFrame(rows).astype({"value": "Int64"})


def finding(effect: str, message: str, **more: Any) -> dict[str, Any]:
    return {"region": "Gao", "file": "Fiche_Gao.xlsx", "sheet": "PDI", "cell": "G6", "row": 6, "code": "SIZE_UNUSUAL",
            "effect": effect, "value": "77", "message": message, "remedy": "Vérifier."} | more  # fmt: skip


GAP = {
    "number": 1, "reference": "a1b2c3d4e5f6", "region": "Gao", "place": "Gao", "group_counted": "PDI, effectif, individus",
    "question": "Un autre total circule pour Gao.", "return": "Fiche : 24 291 individus", "others": "Service local : 25 541 individus",
    "gap": -1250, "share": 0.0062, "severity": Severity.RED, "proposal": "Interroger la région. Demander à Gao.", "owner": "DNDS",
    "due": date(2020, 1, 8), "state": "ouvert", "decision": "À décider.", "pcode": "ML07", "open": True, "decisions": [],
}  # fmt: skip
EVENT = {
    "region": "Gao", "place": "Ansongo", "first_on": date(2019, 12, 3), "last_on": date(2019, 12, 9), "alerts": "ML-0412", "organisations": "DRC",
    "witnesses": 1, "households": "70 à 90", "individuals": "400 à 540", "assessed": "non", "state": "en vérification", "age_days": 43,
    "origin": None, "shock": "",
}  # fmt: skip
PAIR = {"region": "Gao", "place": "Gao", "group": "PDI", "pair": "Fiche : 806 ménages", "why": "Une partie seulement."}
LASTING = {"place": "Gao", "level": "Région", "level_code": "region", "region": "Gao", "cercle": None, "over_12_months": 900,
           "under_12_months": None, "returned": 0, "returned_since_2012": 50, "integrated": None, "relocated": None}  # fmt: skip
MOVE = {
    "told_by": "Gao",
    "from": "Mopti › Koro",
    "to": "Gao › Ansongo",
    "households": 25,
    "individuals": 150,
    "returns": "f.xlsx › M › ligne 8",
}
LISTS: dict[str, Any] = {"events": [EVENT], "not_comparable": [PAIR], "lasting": [LASTING], "secondary": [MOVE]}


def workbook(**more: Any) -> DraftWorkbook:
    gao = BoardRow("Gao", "ML07", True, None, True, 280, 1410, 1000, 50, True, {"justify": 2, "inform": 1})
    kidal = BoardRow("Kidal", "ML08", False, None, False, None, None, 77, None, False)
    menaka = BoardRow("Ménaka", "ML10", False, "Gao", False, 0, 0, 0, 0, False)
    return DraftWorkbook(
        **{
            "period": "2019-12",
            "as_of": date(2020, 1, 15),
            "compared_with": "projet de novembre 2019",
            "board": (gao, kidal, menaka),
            "country": BoardRow("Mali", "ML", True, None, False, 280, 1410, 1077, 50, True, {"justify": 2, "inform": 1}),
            "headlines": (Headline("idp", "individual", 1410, 1077), Headline("repatriated_refugee", "individual", 9, None)),
            "figures": figures(),
            "bridge": bridge(),
            "findings": [
                finding("inform", "Nom lu par une variante."),
                finding("justify", "Taille inhabituelle."),
                finding("block_publication", "Fiche sans visa.", cell=None),
                finding("reject_row", "Nombre illisible.", region=None, sheet=None, cell=None, row=None),
            ],
            "discrepancies": [GAP],
            "place_names": {"ML0507": "Koro"},
        }
        | more
    )


Opened = Callable[..., Workbook]


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    """Writes a workbook and reads it again, with formulas or with their results."""

    def write(draft: DraftWorkbook | None = None, lang: str = "fr", *, results: bool = False) -> Workbook:
        path = tmp_path / draft_name("2019-12", lang)
        write_draft(path, draft or workbook(), lang)
        return openpyxl.load_workbook(path, data_only=results)

    return write


def rows_of(sheet: Worksheet, first_title: str) -> Iterator[dict[str, Any]]:
    """The rows below the table header that starts with `first_title`, by column title."""
    header: list[Any] | None = None
    for values in sheet.iter_rows(values_only=True):
        if header is not None:
            if values[0] is None:
                return
            yield dict(zip(header, values, strict=True))
        elif values[0] == first_title:
            header = list(values)


def texts_of(book: Workbook) -> list[str]:
    return [cell for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row if isinstance(cell, str)]


def places(book: Workbook) -> dict[str, dict[str, Any]]:
    return {row["Lieu"]: row for row in rows_of(book["Chiffres"], "Lieu")}


def test_the_file_is_named_after_its_month_and_state() -> None:
    assert draft_name("2019-12") == "Consolidation_2019-12_PROJET.xlsx"
    assert draft_name("2019-12", "en") == "Consolidation_2019-12_DRAFT.xlsx"


@pytest.mark.parametrize("lang", texts.LANGUAGES)
def test_every_sheet_says_that_it_is_a_draft_on_screen_and_on_paper(opened: Opened, lang: str) -> None:
    book = opened(lang=lang)
    assert len(book.sheetnames) == len(SHEETS)
    for sheet in book:
        assert sheet["A1"].value.startswith(BANNERS[lang])
        assert BANNERS[lang] in sheet.oddHeader.center.text
        assert BANNERS[lang] in sheet.oddFooter.left.text
        assert sheet.print_title_rows.startswith("$1:")
    assert BANNERS[lang] in book.properties.title


def test_every_sheet_prints_in_landscape_on_the_width_of_one_page(opened: Opened) -> None:
    for sheet in opened():
        assert sheet.page_setup.orientation == "landscape"
        assert (sheet.sheet_properties.pageSetUpPr.fitToPage, sheet.page_setup.fitToHeight) == (True, 0)


def test_sheets_that_are_tables_keep_their_header_in_view_and_filter(opened: Opened) -> None:
    book = opened()
    assert book.sheetnames == SHEETS
    for name in SHEETS[1:]:
        first_column, header = book[name].auto_filter.ref.split(":")[0][0], book[name].auto_filter.ref.split(":")[0][1:]
        assert first_column == "A"
        assert book[name].freeze_panes.endswith(str(int(header) + 1))


@pytest.mark.parametrize("lang", texts.LANGUAGES)
def test_the_same_draft_gives_the_same_bytes(tmp_path: Path, lang: str) -> None:
    for name in ("one.xlsx", "two.xlsx"):
        write_draft(tmp_path / name, workbook(**LISTS), lang)
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "two.xlsx").read_bytes()


def test_the_only_date_in_the_file_is_the_one_given(opened: Opened) -> None:
    properties = opened().properties
    assert properties.created == properties.modified == datetime(2020, 1, 15)


def test_the_board_gives_numbers_and_their_change_against_a_named_past(opened: Opened) -> None:
    sheet = opened()["Tableau de bord"]
    country = {row["Ensemble du pays"]: row for row in rows_of(sheet, "Ensemble du pays")}
    assert country["PDI (individus)"]["Décembre 2019"] == 1410
    assert country["PDI (individus)"]["Projet de novembre 2019"] == 1077
    assert country["PDI (individus)"]["Variation"] == 333
    assert country["PDI (individus)"]["Variation (%)"] == pytest.approx(333 / 1077)
    regions = {row["Région"]: row for row in rows_of(sheet, "Région")}
    assert regions["Gao"]["PDI ménages"] == 280
    assert regions["Gao"]["Individus (projet de novembre 2019)"] == 1000
    assert regions["Gao"]["Variation (personnes)"] == 410
    assert (regions["Gao"]["À justifier"], regions["Gao"]["Pour information"], regions["Gao"]["Lignes rejetées"]) == (2, 1, 0)
    assert regions["Total Mali"]["PDI individus"] == 1410
    assert regions["Total Mali"]["Fiche reçue"] == "1 sur 3"
    assert "Variations par rapport à : projet de novembre 2019." in sheet["A3"].value


def test_states_of_a_region_are_written_and_not_only_coloured(opened: Opened) -> None:
    regions = {row["Région"]: row for row in rows_of(opened()["Tableau de bord"], "Région")}
    assert (regions["Gao"]["Fiche reçue"], regions["Gao"]["Validée par la région"]) == ("oui", "oui")
    assert regions["Gao"]["Reconduit du mois précédent"] == "oui"
    assert (regions["Kidal"]["Fiche reçue"], regions["Kidal"]["Validée par la région"]) == ("non", "non")
    assert regions["Ménaka"]["Fiche reçue"] == "non ; dans la fiche de Gao"


def test_a_region_without_a_number_shows_why_and_never_zero(opened: Opened) -> None:
    kidal = next(row for row in rows_of(opened()["Tableau de bord"], "Région") if row["Région"] == "Kidal")
    for title in ("PDI ménages", "PDI individus", "Variation (personnes)", "Variation (%)", "PDI retournées"):
        assert kidal[title] == "n. c. (fiche non reçue)"
    assert kidal["Individus (projet de novembre 2019)"] == 77


def test_without_a_past_the_board_says_so(opened: Opened) -> None:
    gao = replace(workbook().board[0], previous_individuals=None)
    sheet = opened(workbook(compared_with=None, board=(gao,)))["Tableau de bord"]
    assert texts.message("draft_no_past") in sheet["A3"].value
    row = next(rows_of(sheet, "Région"))
    assert row["Individus (précédent)"] == row["Variation (%)"] == "n. c. (pas de chiffre précédent)"


def test_a_change_from_zero_has_no_percentage(opened: Opened) -> None:
    menaka = next(row for row in rows_of(opened()["Tableau de bord"], "Région") if row["Région"] == "Ménaka")
    assert (menaka["Variation (personnes)"], menaka["Variation (%)"]) == (0, "—")


def test_the_board_checks_live_that_regions_add_up(opened: Opened) -> None:
    wrong = workbook(country=replace(workbook().country, households=281))
    for results, said in ((False, None), (True, ["ÉCART", "OK", "OK"])):
        book = opened(wrong, results=results)
        check = next(row for row in book["Tableau de bord"].iter_rows() if row[0].value == texts.message("draft_sum_check"))
        cells = [check[at] for at in (3, 4, 8)]
        if said is not None:
            assert [cell.value for cell in cells] == said
        else:
            first, last = cells[0].row - 4, cells[0].row - 2
            assert cells[0].value == f'=IF(SUM(D{first}:D{last})=D{last + 1},"OK","ÉCART")'


def test_places_stand_in_the_order_of_the_country_with_their_numbers(opened: Opened) -> None:
    found = places(opened())
    assert list(found) == ["Mali", "Gao", "Ansongo", "Bara", "Kidal"]
    bara = found["Bara"]
    assert (bara["PDI ménages"], bara["PDI individus"], bara["Femmes"], bara["Hommes"]) == (200, 1000, 600, 300)
    assert (bara["En famille d'accueil"], bara["Sur des sites"]) == (1000, 0)
    assert bara["Déplacés primaires"] == 700
    assert (bara["Base la plus faible"], bara["Note"], bara["Statut"]) == ("enregistrement", "B", "valeur provisoire")
    assert (found["Gao"]["PDI retournées"], found["Gao"]["Statut"]) == (50, "valeur reconduite")
    assert [row["Niveau"] for row in found.values()] == ["Pays", "Région", "Cercle", "Commune", "Région"]


def test_a_missing_number_carries_the_mark_of_its_reason(opened: Opened) -> None:
    book = opened()
    found = places(book)
    marks = {reason: f"n. c. ({at})" for at, reason in enumerate(MissingReason, start=1)}
    assert found["Kidal"]["PDI individus"] == found["Kidal"]["Rapatriés"] == marks[MissingReason.NO_RETURN]
    assert found["Kidal"]["Remarques"] == "PDI ménages : fiche non reçue ; PDI individus : fiche non reçue"
    assert found["Bara"]["Moins de 18 ans"] == found["Bara"]["60 ans et plus"] == marks[MissingReason.NOT_COLLECTED]
    assert found["Bara"]["Déplacés secondaires"] == found["Bara"]["PDI retournées"] == marks[MissingReason.NOT_REPORTED]
    legend = next(text for text in texts_of(book) if text.startswith("n. c. ="))
    assert all(f"({at}) {reason.fr}" in legend for at, reason in enumerate(MissingReason, start=1))


def test_what_a_breakdown_leaves_out_is_said(opened: Opened) -> None:
    bara = places(opened())["Bara"]["Remarques"]
    assert "sexe : 100 personnes sans précision (zone inaccessible)" in bara
    assert "primaire ou secondaire : 300 personnes sans précision (non renseigné)" in bara
    assert "âge" not in bara


def test_no_cell_of_the_table_of_places_is_empty(opened: Opened) -> None:
    assert all(value is not None for row in places(opened()).values() for value in row.values())


def bridge_rows(book: Workbook) -> list[dict[str, Any]]:
    return list(rows_of(book["Pont"], "Région"))


def test_the_bridge_itemises_every_step_with_its_cell(opened: Opened) -> None:
    steps = [row for row in bridge_rows(opened()) if (row["Région"], row["Chiffre"]) == ("Gao", "PDI (individus)")]
    assert [row["Valeur"] for row in steps] == [1090, -90, 410, 1410]
    assert [row["N°"] for row in steps] == [0, 1, 2, "—"]
    assert steps[1]["Étape"] == "Ligne rejetée"
    assert steps[1]["Motif de l'ajustement"] == "Ligne rejetée : Bara"
    assert [steps[1][title] for title in ("Fichier", "Feuille", "Cellule")] == ["Fiche_Gao.xlsx", "PDI", "F11"]
    assert steps[1]["Empreinte (sha256)"] == "9f2b7c41d0aa"
    assert steps[2]["Fichier"] == "—"


def test_each_check_adds_up_its_own_block(opened: Opened) -> None:
    sheet = opened()["Pont"]
    checks = [row for row in sheet.iter_rows() if isinstance(row[6].value, str) and row[6].value.startswith("=")]
    assert len(checks) == 12
    for row in checks:
        last = row[0].row - 1
        first = last
        while sheet.cell(first, 3).value != 0:
            first -= 1
        assert row[3].value == "Valeur du projet"
        official, items = f"F{last + 1}", f"F{first}:F{last}" if first < last else f"F{first}"
        nothing, holds = f"COUNT({items},{official})=0", f"AND(COUNT({official})=1,SUM({items})={official})"
        assert row[6].value == f'=IF({nothing},"n. c.",IF({holds},"OK","ÉCART"))'


def test_the_check_tells_right_from_wrong_from_unknown(opened: Opened) -> None:
    book = opened(results=True)
    rows = [row for row in bridge_rows(book) if row["Étape"] == "Valeur du projet"]
    said = {(row["Région"], row["Chiffre"]): row["Contrôle"] for row in rows}
    assert said["Gao", "PDI (individus)"] == said["Mali", "PDI (individus)"] == "OK"
    assert said["Mali", "PDI (ménages)"] == "ÉCART"
    assert said["Kidal", "PDI (individus)"] == "n. c."
    assert "5 OK ; 1 ÉCART ; 6 n. c." in texts_of(book)


def test_a_claim_without_a_figure_does_not_pass_the_check(opened: Opened) -> None:
    none = figures()
    draft = workbook(figures=none[none["population_group"] != "idp_returnee"])
    rows = bridge_rows(opened(draft, results=True))
    gao = [row for row in rows if (row["Région"], row["Chiffre"]) == ("Gao", "PDI retournées (individus)")]
    assert [row["Valeur"] for row in gao] == [50, "n. c. (non renseigné)"]
    assert gao[-1]["Contrôle"] == "ÉCART"


def test_a_missing_return_opens_its_bridge_with_the_reason(opened: Opened) -> None:
    rows = bridge_rows(opened())
    assert next(row["Valeur"] for row in rows if row["Région"] == "Kidal") == "n. c. (fiche non reçue)"
    assert next(row["Valeur"] for row in rows if row["Région"] == "Ménaka") == "n. c. (fiche non reçue)"


def test_open_questions_begin_with_the_most_serious(opened: Opened) -> None:
    rows = list(rows_of(opened()["Questions ouvertes"], "N°"))
    assert [row["Nature"] for row in rows] == ["ligne rejetée", "bloque la publication", "à justifier"]
    assert [row["N°"] for row in rows] == [1, 2, 3]
    assert all(row["Réponse de la région"] is None and row["Décision proposée"] is None for row in rows)
    justify = rows[2]
    assert [justify[title] for title in ("Région ou lieu", "Fichier", "Feuille", "Cellule")] == [
        "Gao",
        "Fiche_Gao.xlsx",
        "PDI",
        "G6",
    ]
    assert (justify["Ce qui ne va pas"], justify["Ce qu'il faut faire"]) == ("Taille inhabituelle.", "Vérifier.")
    assert justify["Référence"] == "SIZE_UNUSUAL"
    assert (rows[1]["Cellule"], rows[0]["Cellule"]) == ("ligne 6", "—")


def test_a_gap_stands_with_its_values_what_it_weighs_and_what_was_decided(opened: Opened) -> None:
    settled = GAP | {"number": 2, "severity": Severity.AMBER, "gap": 0, "share": None, "due": None, "open": False, "state": "décidé",
                     "decision": "Décision n° 3 : garder la fiche, par Awa Traoré le 12/01/2020 : « vérifié »", "decisions": ["3"]}  # fmt: skip
    book = opened(workbook(discrepancies=[GAP, settled]))
    first, second = rows_of(book["Écarts"], "N°")
    assert [first[title] for title in ("Région", "Lieu", "Question", "La fiche", "Autre source")] == [
        "Gao", "Gao", GAP["question"], GAP["return"], GAP["others"],
    ]  # fmt: skip
    assert (first["Écart"], first["Part du total national"], first["Gravité"]) == (-1250, 0.0062, "Grave")
    assert (first["Responsable"], first["Échéance"], first["Où il en est"]) == ("DNDS", datetime(2020, 1, 8), "ouvert")
    assert (first["Proposition"], first["Décision"]) == (GAP["proposal"], "À décider.")
    assert (second["Écart"], second["Part du total national"], second["Gravité"]) == (0, "n. c.", "À examiner")
    assert (second["Échéance"], second["Décision"]) == ("—", settled["decision"])
    assert places(book)["Gao"]["Remarques"].endswith("à décider : écart n° 1 ; décision n° 3 de la CMP")
    assert "écart n°" not in places(book)["Ansongo"]["Remarques"]


def test_the_board_counts_open_gaps_and_says_how_few_explain_how_much(opened: Opened) -> None:
    gao = replace(workbook().board[0], discrepancies=3)
    draft = workbook(
        board=(gao,),
        country=replace(workbook().country, discrepancies=4),
        summary="4 écarts ouverts. Ces 2 écarts expliquent 91 %.",
    )
    sheet = opened(draft)["Tableau de bord"]
    regions = {row["Région"]: row["Écarts ouverts"] for row in rows_of(sheet, "Région")}
    assert (regions["Gao"], regions["Total Mali"]) == (3, 4)
    assert "écarts entre sources à décider : 4" in sheet["A4"].value
    assert sheet["A5"].value == draft.summary


def test_a_month_without_gaps_says_so(opened: Opened) -> None:
    assert texts.message("draft_no_discrepancies") in texts_of(opened(workbook(discrepancies=())))


def test_sheets_about_what_moves_are_there_only_when_they_say_something(opened: Opened) -> None:
    more = ["Événements", "Non comparables", "Déplacement durable", "Déplacement secondaire"]
    assert not set(more) & set(opened().sheetnames)
    book = opened(workbook(**LISTS))
    assert book.sheetnames == [*SHEETS[:5], *more, *SHEETS[5:]]
    cells = [cell for row in book[SHEETS[0]].iter_rows() for cell in row if cell.hyperlink]
    assert [cell.hyperlink.location.split("'")[1] for cell in cells] == [cell.value for cell in cells] == book.sheetnames[1:]
    [event] = rows_of(book["Événements"], "Région")
    assert (event["Où il en est"], event["Âge (jours)"], event["Première alerte"]) == (
        "en vérification",
        43,
        datetime(2019, 12, 3),
    )
    [pair] = rows_of(book["Non comparables"], "Région")
    assert pair["Pourquoi ils ne se comparent pas"] == "Une partie seulement."
    [lasting] = rows_of(book["Déplacement durable"], "Lieu")
    assert [
        lasting[title] for title in ("Déplacés depuis plus de 12 mois", "Retournés dans le mois", "Retournés depuis 2012")
    ] == [900, 0, 50]
    assert (
        lasting["Déplacés depuis moins de 12 mois"] == lasting["Intégrés sur place"] == lasting["Réinstallés ailleurs"] == "n. c."
    )
    [move] = rows_of(book["Déplacement secondaire"], "Déclaré par")
    assert [move[title] for title in ("Lieu quitté", "Lieu d'arrivée", "Ménages", "Personnes")] == [
        "Mopti › Koro",
        "Gao › Ansongo",
        25,
        150,
    ]


def test_a_decision_in_the_bridge_is_told_in_words(opened: Opened) -> None:
    words = "décision n° 3 de la CMP, prendre la valeur d'une autre source (NRC), par Awa Traoré le 12/01/2020 : « vérifié »"
    steps = pd.concat(
        [bridge(), pd.DataFrame([item(GAO, 3, "decision", -10, reason="décision", decision=words)])], ignore_index=True
    )
    row = next(row for row in bridge_rows(opened(workbook(bridge=steps))) if row["Étape"] == "Décision de la CMP")
    assert (row["Motif de l'ajustement"], row["Valeur"]) == (f"D{words[1:]}", -10)


def test_the_english_edition_tells_the_kind_of_an_adjustment_in_english(opened: Opened) -> None:
    rows = rows_of(opened(lang="en")["Bridge"], "Region")
    assert {row["Reason for the adjustment"] for row in rows} >= {
        "Row rejected: Bara",
        "Carried forward from the month before: Gao",
    }


def test_findings_for_information_stand_apart(opened: Opened) -> None:
    rows = list(rows_of(opened()["Pour information"], "N°"))
    assert [row["Ce qui a été constaté"] for row in rows] == ["Nom lu par une variante."]


def test_a_month_without_questions_says_so(opened: Opened) -> None:
    book = opened(workbook(findings=(), discrepancies=()))
    assert texts.message("draft_no_questions") in texts_of(book)
    assert texts.message("draft_no_notes") in texts_of(book)


def test_breakdowns_name_their_categories_and_share(opened: Opened) -> None:
    rows = list(rows_of(opened()["Ventilations"], "Région"))
    assert {row["Région"] for row in rows} == {"Gao"}
    headed, origin = rows
    assert (headed["Catégorie"], headed["Valeur"], headed["Unité"]) == ("ménage dirigé par une femme", 40, "ménages")
    assert headed["Part du total"] == pytest.approx(40 / 280)
    assert (origin["Ventilation"], origin["Catégorie"]) == ("Origine, Motif", "Koro / insécurité")


def test_a_draft_without_figures_is_still_written(opened: Opened) -> None:
    book = opened(workbook(figures=figures().iloc[:0], bridge=bridge().iloc[:0]))
    assert places(book) == {}
    assert texts.message("draft_no_breakdowns") in texts_of(book)


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_others_typed_never_becomes_a_formula(opened: Opened, attack: str) -> None:
    steps = bridge()
    steps.loc[:, ["reason", "file", "sheet", "cell"]] = attack
    hostile = dict.fromkeys(("region", "file", "sheet", "cell", "message", "remedy", "code"), attack)
    draft = workbook(
        findings=[finding("justify", "x") | hostile, finding("inform", "x") | hostile],
        discrepancies=[GAP | dict.fromkeys(("place", "question", "return", "others", "proposal", "owner", "decision"), attack)],
        events=[EVENT | {"alerts": attack, "origin": attack}], not_comparable=[PAIR | {"pair": attack}], secondary=[MOVE | {"from": attack}],
        bridge=steps, compared_with=attack, place_names={"ML0507": attack},
    )  # fmt: skip
    found = 0
    for sheet in opened(draft):
        assert sheet.title == SHEETS[0] or not sheet._hyperlinks
        for cell in (cell for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)):
            if cell.data_type == "f":
                assert attack not in cell.value
            elif cell.value == attack:
                found += 1
                assert cell.quotePrefix or sheet.title == SHEETS[0]
    assert found > 10


def test_a_text_longer_than_a_cell_is_cut_and_not_lost(opened: Opened) -> None:
    book = opened(workbook(findings=[finding("justify", "x" * 40_000)]))
    assert max(map(len, texts_of(book))) == 32_000


def test_counts_use_the_number_format_that_excel_localises(opened: Opened) -> None:
    sheet = opened()["Chiffres"]
    individuals = [cell for cell in sheet["F"] if isinstance(cell.value, int)]
    assert individuals
    assert {cell.number_format for cell in individuals} == {"#,##0"}


def headings(lang: str) -> set[str]:
    """The words of the workbook that differ between the languages: those of one must not stand in the other."""
    rows = tomllib.loads(files("schemas").joinpath("messages.toml").read_text("utf-8"))
    drawn = [row for key, row in rows.items() if key.startswith("draft_") and row["fr"] != row["en"]]
    other = {row["en" if lang == "fr" else "fr"] for row in drawn}
    labels = {item.label.in_(lang) for item in fields.FIGURE.fields}
    return {text for row in drawn if "{" not in (text := row[lang])} - other | {word for word in labels if "é" in word}


@pytest.mark.parametrize(("lang", "other"), [("fr", "en"), ("en", "fr")])
def test_each_edition_speaks_one_language(opened: Opened, lang: str, other: str) -> None:
    book = opened(workbook(compared_with=None, discrepancies=(), lasting=[dict.fromkeys(LASTING)]), lang)
    words = {*texts_of(book), *book.sheetnames}
    assert not words & headings(other)
    assert len(words & headings(lang)) > 60


def test_an_unknown_effect_is_an_error_and_leaves_the_earlier_file(tmp_path: Path) -> None:
    path = tmp_path / "draft.xlsx"
    path.write_bytes(b"earlier")
    broken = workbook(findings=[finding("no such effect", "x")])
    with pytest.raises(ValueError, match="no such effect"):
        write_draft(path, broken)
    assert path.read_bytes() == b"earlier"
