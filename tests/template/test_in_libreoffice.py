"""What the formulas of a fiche modèle say once a spreadsheet has calculated them: the check of every row, the procès-verbal, the
drop-down lists. LibreOffice stands for Excel, and each word is held against what `validate` finds in the same row."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from schemas.fields import IDP, MOVEMENT, ORIGIN, REPATRIATED, RETURN_TABLES, RETURNEE, SEX_AGE_FIELDS, SHELTER_FIELDS, Table
from tests.cli.conftest import Command
from tests.fiche import GAZETTEER
from tests.template.filling import CHECK, CORE, JANUARY, VISA, Filling, cell_of, column, recalculate
from tests.template.test_filled_in import fill_everything

pytestmark = [
    pytest.mark.xdist_group("sample"),
    pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed"),
]


@dataclass(frozen=True)
class Defect:
    """Changes to a good row of a sheet, the word of its check and the rule that `validate` finds there (None: only with the past)."""

    table: Table
    values: dict[str, Any]
    word: str
    rule: str | None = None
    place: tuple[str, str | None, str] | None = None


def parts(names: Iterator[str] | list[str], value: int) -> dict[str, int]:
    return dict.fromkeys(names, value)


SEX_AGE, SHELTER = [item.name for item in SEX_AGE_FIELDS], [item.name for item in SHELTER_FIELDS]
NIORO = "Nioro du Sahel"
KITA, BADIA = ("Kita", None, "cercle entier"), ("Kita", "Badia", "commune")
DEFECTS = [
    Defect(IDP, {"households": None}, "À remplir : Ménages", "COUNT_REQUIRED"),
    Defect(IDP, {"households": None, "individuals": None}, "À remplir", "COUNT_REQUIRED"),
    Defect(IDP, {"basis": None}, "À remplir : Base du chiffre", "FIELD_REQUIRED"),
    Defect(IDP, {"commune": None}, "À remplir : Commune", "COMMUNE_MISSING"),
    Defect(IDP, {"individuals": "douze"}, "Nombre entier attendu", "COUNT_NOT_NUMBER"),
    Defect(IDP, {"individuals": 48.5}, "Nombre entier attendu", "COUNT_NOT_NUMBER"),
    Defect(IDP, {"individuals": -48}, "Nombre négatif", "COUNT_NEGATIVE"),
    Defect(IDP, {"basis": "rumeur"}, "Hors liste : Base du chiffre", "CHOICE_UNKNOWN"),
    Defect(IDP, {"observed_on": "hier"}, "Date illisible", "DATE_INVALID"),
    Defect(IDP, {"observed_on": date(2020, 2, 1)}, "Date après la fin du mois", "DATE_FUTURE"),
    Defect(IDP, {"cercle": "Xyzt"}, "Hors liste : Cercle", "PLACE_UNKNOWN"),
    Defect(IDP, {"commune": "Badia"}, "Commune hors du cercle", "PLACE_MISPLACED"),
    Defect(IDP, {"households": 0}, "Individus sans ménage", "INDIVIDUALS_WITHOUT_HOUSEHOLD"),
    Defect(IDP, {"households": 100}, "Ménages > individus", "HOUSEHOLDS_OVER_INDIVIDUALS"),
    Defect(IDP, {"individuals": 201}, "Taille de ménage impossible", "SIZE_EXTREME"),
    Defect(IDP, {"individuals": 91}, "À expliquer : taille du ménage", "SIZE_UNUSUAL"),
    Defect(IDP, {"individuals": 91, "remarks": "Grandes familles, liste vérifiée"}, "OK", "SIZE_UNUSUAL"),
    Defect(IDP, parts(SEX_AGE, 5), "Âge/sexe ≠ individus", "SEX_AGE_SUM"),
    Defect(IDP, {SEX_AGE[0]: 49}, "Âge/sexe ≠ individus", "SEX_AGE_SUM"),
    Defect(IDP, {SEX_AGE[0]: 40}, "OK"),
    Defect(IDP, parts(SHELTER, 7), "Logement ≠ individus", "SHELTER_SUM"),
    Defect(IDP, {"shelter_unit": "ménages", **parts(SHELTER, 8)}, "Logement ≠ ménages", "SHELTER_SUM"),
    Defect(IDP, {"primary": 40, "secondary": 9}, "Primaire/secondaire ≠ individus", "DISPLACEMENT_SUM"),
    Defect(IDP, {"under_12_months": 40, "over_12_months": 9}, "Durée ≠ individus", "DURATION_SUM"),
    Defect(IDP, {"basis": "alerte"}, "Alerte sans évaluation", "ALERT_WITHOUT_ASSESSMENT"),
    Defect(IDP, {}, "Cercle entier déjà saisi", "CERCLE_AND_COMMUNES", BADIA),
    Defect(RETURNEE, {"households": 50, "individuals": 218}, "Cumul en baisse", None, KITA),
    Defect(RETURNEE, {"households": 100}, "Ménages > individus", "HOUSEHOLDS_OVER_INDIVIDUALS"),
    Defect(RETURNEE, {"individuals": 201}, "Taille de ménage impossible", "SIZE_EXTREME"),
    Defect(REPATRIATED, {"individuals": 91, "asylum_country": "Niger"}, "OK"),
    Defect(ORIGIN, {"origin_region": "Mopti", "individuals": 47}, "Provenances ≠ feuille PDI", "ORIGIN_SUM"),
    Defect(ORIGIN, {"origin_region": "Ailleurs"}, "Hors liste : Région d'origine", "ORIGIN_UNKNOWN"),
    Defect(ORIGIN, {"origin_region": "Mopti", "origin_cercle": "Gao"}, "Hors liste : Cercle d'origine", "ORIGIN_UNKNOWN"),
]  # fmt: skip
MOVES = [
    ({"movement": "arrivée", "from_region": "Gao"}, "À remplir : lieu du mouvement", "MOVEMENT_WITHOUT_PLACE"),
    ({"movement": "départ", "to_region": "Gao"}, "À remplir : lieu du mouvement", "MOVEMENT_WITHOUT_PLACE"),
    ({"movement": "arrivée", "to_cercle": "Kita", "households": -3}, "Négatif : corrections seules", "MOVEMENT_NEGATIVE"),
    ({"movement": "correction", "to_cercle": "Kita", "households": -3, "individuals": -15}, "OK", None),
    ({"movement": "retour", "from_cercle": "Gao"}, "Hors liste : Cercle de départ", "PLACE_UNKNOWN"),
    ({"movement": "retour", "from_cercle": "Kita", "from_commune": "Badia"}, "OK", None),
    ({"movement": "arrivée", "from_region": "Gao", "from_cercle": "Gao", "to_cercle": "Kita"}, "OK", None),
]  # fmt: skip


def free_places() -> Iterator[tuple[str, str, str]]:
    """Communes of Kayes that no row written beforehand speaks of, once that of Nioro covers a commune."""
    for cercle in ("Kéniéba", "Bafoulabé", NIORO):
        place_id = GAZETTEER.match(cercle, "cercle", "R01").place_id
        for commune in GAZETTEER.children(str(place_id)):
            if (name := GAZETTEER.place(commune).name) not in ("Oualia", "Nioro"):
                yield cercle, name, "commune"


@dataclass(frozen=True)
class Bad:
    filling: Filling
    path: Path
    rows: list[tuple[Table, int, str, str | None]]


def bad_fiche(source: Path, path: Path) -> Bad:
    """Every defect on a row of its own; the last rows of PDI tell one place twice, and a site beside its commune."""
    filling, places, rows = Filling(source), free_places(), []
    filling.identify(**VISA)
    filling.answer_prefilled()
    for table in (IDP, RETURNEE):
        filling.put(table, _row_of(filling, table, NIORO), level="commune", commune="Nioro")
    for defect in DEFECTS:
        cercle, commune, level = defect.place or next(places)
        core = {} if defect.table is ORIGIN else CORE
        values = {"cercle": cercle, "commune": commune, "level": level, "households": 10, "individuals": 48, **core}
        if defect.table is ORIGIN:
            filling.add(IDP, **values, **CORE)
        row = _row_of(filling, defect.table, cercle) if defect.place is KITA else None
        values |= defect.values
        row = filling.put(defect.table, row, **values) if row else filling.add(defect.table, **values)
        rows.append((defect.table, row, defect.word, defect.rule))
    for move, word, rule in MOVES:
        values = {"households": 3, "individuals": 15, "observed_on": JANUARY, "basis": "évaluation", **move}
        rows.append((MOVEMENT, filling.add(MOVEMENT, **values), word, rule))
    cercle, commune, level = next(places)
    twice = {"cercle": cercle, "commune": commune, "level": level, "households": 10, **CORE}
    rows.append((IDP, filling.add(IDP, **twice, individuals=50), "Lieu déjà saisi", None))
    rows.append((IDP, filling.add(IDP, **twice, individuals=60), "Lieu déjà saisi", "PLACE_REPEATED"))
    cercle, commune, level = next(places)
    whole = {"cercle": cercle, "commune": commune, "households": 10, "individuals": 50, **CORE}
    rows.append((IDP, filling.add(IDP, **whole, level=level), "OK", None))
    rows.append((IDP, filling.add(IDP, **whole, level="site", site="École"), "Commune déjà saisie", "PLACE_REPEATED"))
    return Bad(filling, filling.save(path), rows)


def _row_of(filling: Filling, table: Table, cercle: str) -> int:
    return next(row for row in filling.prefilled(table) if filling.get(table, row, "cercle") == cercle)


@dataclass(frozen=True)
class Calculated:
    bad: Bad
    good: dict[str, Filling]
    books: dict[str, openpyxl.Workbook]
    saved: Path
    """Where LibreOffice saved the files."""


@pytest.fixture(scope="module")
def calculated(fiches: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Calculated:
    """The fiches as they came, filled in rightly, and with defects, through one run of LibreOffice."""
    folder = tmp_path_factory.mktemp("calculated")
    bad = bad_fiche(fiches["Kayes"], folder / "bad.xlsx")
    good = {}
    for region, (cercle, commune) in {"Bamako": ("", ""), "Ménaka": ("Inékar", "Inékar")}.items():
        filling = good[region] = Filling(fiches[region])
        filling.identify(**VISA)
        filling.answer_prefilled()
        for row in filling.prefilled(IDP):
            filling.put(IDP, row, remarks="Liste apurée")
        for row in filling.prefilled(RETURNEE):
            filling.put(RETURNEE, row, households=20_000, individuals=99_000)
        if cercle:
            fill_everything(filling, cercle, commune)
        filling.save(folder / f"{region}.xlsx")
    lists = _lists_in_cells(fiches["Kayes"], folder / "lists.xlsx")
    files = [bad.path, lists, *(folder / f"{region}.xlsx" for region in good), fiches["Bamako"], fiches["Ménaka"]]
    return Calculated(bad, good, recalculate(files, folder), folder / "calculated")


def checks(book: openpyxl.Workbook, filling: Filling, table: Table, rows: list[int]) -> list[Any]:
    return column(book[table.label.fr], CHECK, rows)


@pytest.mark.parametrize("region", ["Bamako", "Ménaka"])
def test_every_row_filled_in_rightly_says_so(region: str, calculated: Calculated) -> None:
    filling, book = calculated.good[region], calculated.books[f"{region}.xlsx"]
    begun = {table: filling.prefilled(table) for table in RETURN_TABLES}
    for table, rows in begun.items():
        assert checks(book, filling, table, rows) == ["OK"] * len(rows), table.name
        after = filling.header(table) + len(rows) + 1
        assert checks(book, filling, table, [after]) in ([None], [""])
    assert sum(map(len, begun.values())) >= 12 if region == "Bamako" else 9


def test_every_defect_has_its_word(calculated: Calculated) -> None:
    book = calculated.books["bad.xlsx"]
    said = [(table.name, row, checks(book, calculated.bad.filling, table, [row])[0]) for table, row, _, _ in calculated.bad.rows]
    assert said == [(table.name, row, word) for table, row, word, _ in calculated.bad.rows]


def test_the_words_foretell_what_validate_finds(calculated: Calculated, cmp_idp: Command) -> None:
    result = cmp_idp("validate", calculated.bad.path, "--json")
    found: dict[tuple[str, int], set[str]] = {}
    for finding in json.loads(result.out)["files"][0]["findings"]:
        found.setdefault((finding["sheet"], finding["row"]), set()).add(finding["code"])
    expected = {(table.label.fr, row): {rule} for table, row, _, rule in calculated.bad.rows if rule}
    assert found == expected


def test_a_fiche_that_was_never_calculated_shows_what_it_would(fiches: dict[str, Path], calculated: Calculated) -> None:
    for path in (fiches["Bamako"], fiches["Ménaka"]):
        stored, counted = openpyxl.load_workbook(path, data_only=True), calculated.books[path.name]
        formulas = openpyxl.load_workbook(path)
        differing = [
            (page.title, cell.coordinate, stored[page.title][cell.coordinate].value, counted[page.title][cell.coordinate].value)
            for page in formulas
            for row in page.iter_rows()
            for cell in row
            if cell.data_type == "f"
            and (stored[page.title][cell.coordinate].value or "") != (counted[page.title][cell.coordinate].value or "")
        ]
        assert differing == []


def test_a_fiche_saved_by_libreoffice_reads_the_same(calculated: Calculated, fiches: dict[str, Path], cmp_idp: Command) -> None:
    for region in calculated.good:
        files = [calculated.saved / f"{region}.xlsx", calculated.saved / fiches[region].name]
        filled, untouched = json.loads(cmp_idp("validate", *files, "--json").out)["files"]
        assert (filled["status"], filled["findings"]) == ("accepted", [])
        assert [finding["code"] for finding in untouched["findings"]] == ["SHEET_UNFILLED", "VISA_MISSING", "PREPARER_MISSING"]


# --- procès-verbal ------------------------------------------------------------------------------------------------------


def minutes(book: openpyxl.Workbook, label: str) -> list[Any]:
    titles = (
        "PDI : ménages", "PDI : individus", "Individus, mois précédent", "Variation (personnes)", "Individus sur simple alerte",
        "PDI retournées (cumul)",
    )  # fmt: skip
    return [cell_of(book, label, title) for title in titles]


def test_the_minutes_add_up_the_region_by_cercle(calculated: Calculated) -> None:
    bamako, menaka = calculated.books["Bamako.xlsx"], calculated.books["Ménaka.xlsx"]
    assert minutes(bamako, "Bamako") == [120, 630, 2350, 630 - 2350, 0, 594_000]
    assert minutes(bamako, "Total de la région") == minutes(bamako, "Bamako")
    assert minutes(menaka, "Ménaka") == [20, 105, 17_758, 105 - 17_758, 0, 99_000]
    assert minutes(menaka, "Inékar") == [10, 48, "—", "—", 0, 48]
    assert minutes(menaka, "Andéramboukane") == ["—"] * 6
    assert minutes(menaka, "Total de la région") == [30, 153, 17_758, 153 - 17_758, 0, 99_048]
    assert cell_of(menaka, "Total de la région", "Variation (%)") == pytest.approx((153 - 17_758) / 17_758)


def test_the_minutes_carry_the_visa(calculated: Calculated) -> None:
    texts = [cell.value for row in calculated.books["Bamako.xlsx"]["Procès-verbal"].iter_rows() for cell in row if cell.value]
    assert {"PV-1", "Directrice régionale", "Agent A", "Mouvements de populations, janvier 2020 — Région : Bamako"} <= set(texts)
    assert not any(str(text).startswith("PROVISOIRE") for text in texts)


def test_the_minutes_say_what_rests_on_alerts_and_what_is_open(calculated: Calculated) -> None:
    book = calculated.books["bad.xlsx"]
    assert minutes(book, "Cercle hors liste")[:2] == [10, 48]
    alerts = sum(minutes(book, cercle)[4] for cercle in ("Kéniéba", "Bafoulabé", NIORO))
    assert alerts == minutes(book, "Total de la région")[4] == 48
    page = book["Procès-verbal"]
    row = next(row for row in page.iter_rows() if str(row[0].value).startswith("Lignes remplies"))
    begun, still_open = (cell.value for cell in row if isinstance(cell.value, int))
    assert begun == sum(len(calculated.bad.filling.prefilled(table)) for table in RETURN_TABLES)
    words = [
        word
        for table in RETURN_TABLES
        for word in checks(book, calculated.bad.filling, table, calculated.bad.filling.prefilled(table))
    ]
    assert still_open == sum(word != "OK" for word in words) > 30


# --- drop-down lists ------------------------------------------------------------------------------------------------------

LISTS = [
    (IDP, "commune", {"cercle": "Kita"}, 33, "Badia"),
    (IDP, "commune", {"cercle": None}, 1, "(choisir d'abord le lieu à gauche)"),
    (ORIGIN, "origin_cercle", {"origin_region": "Mopti"}, 8, "Bandiagara"),
    (MOVEMENT, "from_commune", {"from_region": "Gao", "from_cercle": "Ansongo"}, 7, "Ansongo"),
    (MOVEMENT, "to_cercle", {}, 7, "Bafoulabé"),
    (MOVEMENT, "to_commune", {"to_cercle": "Kita"}, 33, "Badia"),
]
"""Sheet, column, the places chosen to its left, how many words are offered, and the first."""
_FAR = 60


def _lists_in_cells(source: Path, path: Path) -> Path:
    """Each list beside its row as formulas of a cell, on the first entry row and below."""
    filling = Filling(source)
    for at, (table, name, chosen, _, _) in enumerate(LISTS):
        page, first = filling.page(table), filling.header(table) + 1
        row = first + 20 + at
        filling.put(table, row, **chosen)
        letter = page.cell(first, filling.columns(table)[table[name].label.fr]).column_letter
        rules = page.data_validations.dataValidation
        source_of = next(rule.formula1 for rule in rules if str(rule.sqref).startswith(f"{letter}{first}:"))
        here = openpyxl.formula.translate.Translator(f"={source_of}", f"A{first}").translate_formula(f"A{row}")[1:]
        page.cell(row, _FAR).value, page.cell(row, _FAR + 1).value = f"=ROWS({here})", f"=INDEX({here},1)"
    return filling.save(path)


def test_lists_offer_the_places_within_the_one_chosen(calculated: Calculated) -> None:
    book, offered = calculated.books["lists.xlsx"], []
    for at, (table, _, _, _, _) in enumerate(LISTS):
        row = calculated.bad.filling.header(table) + 21 + at
        offered.append([book[table.label.fr].cell(row, _FAR + step).value for step in (0, 1)])
    assert offered == [[count, first] for _, _, _, count, first in LISTS]
