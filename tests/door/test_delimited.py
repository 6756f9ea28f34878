"""Text as French Excel writes it: in many encodings, with a semicolon or a tab, and commas inside numbers."""

from __future__ import annotations

import csv
from functools import partial

import pytest

from pipelines.model import Unread
from tests.door.conftest import Open

TEXTS = (
    "Région;Cercle;Ménages;Déplacés\nSégou;Ségou;12;60\nMénaka;Tidermène;5;20\n",
    "Cercle;Effectif\nGao;12\nSégou;4\n",
    "RÉGION;MÉNAGES\nSÉGOU;12\n",
    "Commune;Date;Remarque\nBourem;31/12/2019;reçu à l'école « Aïcha » n° 3\n",
    "où;là\n1;2\n",
    "Août;Été\n1;2\n",
    "Tessalit;à vérifier\nx;y\n",
    "MÉNAKA;GAO\n1;2\n",
    "ÂGE;SEXE\nF;M\n",
    "Tidermène;Inékar;Andéramboukane\n1;2;3\n",
    "Aîné;Côté;Forêt;Garçon;Noël;Maïs\n1;2;3;4;5;6\n",
    "Niafunké;Effectif\nDiré;1\u00a0234\n",
    "Koro;Bankass\n1\u00a0234;5\n",
    "Baguinéda-Camp;Kalabancoro\n1;2\n",
    "Cercle;Commune\nGao;Gao\n",
)
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1", "cp850", "mac_roman")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_accents_come_out_right_in_every_encoding(received: Open, encoding: str) -> None:
    for words in TEXTS:
        expected = tuple(tuple(line.split(";")) for line in words.splitlines())
        [sheet] = received(words.encode(encoding), "fiche.csv").sheets
        assert sheet.rows == expected, (encoding, words)


def test_signs_of_windows_come_out_right(received: Open) -> None:
    words = "Ménages en famille d’accueil;Œuvre – coût €\n5;12,5 €\n"
    [sheet] = received(words.encode("cp1252"), "fiche.csv").sheets
    assert sheet.rows == (("Ménages en famille d’accueil", "Œuvre – coût €"), ("5", "12,5 €"))


def test_other_languages_are_guessed(received: Open) -> None:
    words = "المنطقة;عدد الأسر;ملاحظة\nغاو;12;تم التحقق من الأرقام في الميدان\nكيدال;7;لم يتم التحقق بعد\n" * 3
    [sheet] = received(words.encode("cp1256"), "fiche.csv").sheets
    assert sheet.rows[0] == ("المنطقة", "عدد الأسر", "ملاحظة")


SEPARATED = {
    "semicolon": ("a;b\n1,5;x\n", (("a", "b"), ("1,5", "x"))),
    "comma": ("a,b\n1.5,x\n", (("a", "b"), ("1.5", "x"))),
    "tab": ("a\tb\n1,5\tx;y\n", (("a", "b"), ("1,5", "x;y"))),
    "bar": ("a|b\n1,5|x\n", (("a", "b"), ("1,5", "x"))),
    "French numbers without header": ("12,5;3\n13,5;4\n", (("12,5", "3"), ("13,5", "4"))),
    "a comma in every row": ("Cercle;Taux\nGao;12,5\nBla;3,5\n", (("Cercle", "Taux"), ("Gao", "12,5"), ("Bla", "3,5"))),
    "French numbers alone": ("Taux\n12,5\n13,5\n", (("Taux",), ("12,5",), ("13,5",))),
    "sentences": ("Cercle;Note\nGao;voir a, b, c\nBla;rien\n", (("Cercle", "Note"), ("Gao", "voir a, b, c"), ("Bla", "rien"))),
    "quoted": ('a;b\n"x;y";"d\'""eau"""\n', (("a", "b"), ("x;y", "d'\"eau\""))),
    "quoted lines": ('a;b\n"Nombre de\nménages";2\n', (("a", "b"), ("Nombre de ménages", "2"))),
    "quotation mark inside": ('a;b\n5" de pluie;2\n', (("a", "b"), ('5" de pluie', "2"))),
    "quotation mark never closed": ('a;b\n"Gao;2\nBla;3\n', (("a", "b"), ('"Gao', "2"), ("Bla", "3"))),
    "titles above": ("Fiche de Gao\n\na;b\n1;2\n3;4\n", (("Fiche de Gao", None), (None, None), ("a", "b"), ("1", "2"), ("3", "4"))),
    "told to Excel": ("sep=|\na|b;c\n1|2;3\n", (("a", "b;c"), ("1", "2;3"))),
    "empty ends": (" a ;b;;;\n1; ;;;\n;;;;\n;;;;\n", (("a", "b"), ("1", None))),
    "uneven": ("a;b;c\n1\n1;2;3\n", (("a", "b", "c"), ("1", None, None), ("1", "2", "3"))),
    "lines of DOS": ("a;b\r\n1;2\r\n", (("a", "b"), ("1", "2"))),
    "lines of old Macs": ("a;b\r1;2\r", (("a", "b"), ("1", "2"))),
    "one column": ("Cercle\nGao\n", (("Cercle",), ("Gao",))),
    "errors": ("a;b\n#N/A;#VALEUR!\n", (("a", "b"), (Unread(Unread.ERROR, "#N/A"), Unread(Unread.ERROR, "#VALEUR!")))),
    "no number is made of a text": ("code;n\n007;1 234\n", (("code", "n"), ("007", "1 234"))),
}  # fmt: skip


@pytest.mark.parametrize("how", SEPARATED)
def test_columns_are_told_by_the_separator_that_keeps_rows_even(received: Open, how: str) -> None:
    words, expected = SEPARATED[how]
    [sheet] = received(words.encode(), "Liste de Gao.csv").sheets
    assert (sheet.name, sheet.rows) == ("Liste de Gao", expected)


def test_rows_of_a_file_without_any_table(received: Open) -> None:
    assert received(b"\n\n;;\n", "vide.csv").sheets[0].rows == ()
    assert received(b"", "vide.csv").problem == "FILE_EMPTY"


@pytest.mark.parametrize("limit", [131_072, 10_000_000], ids=["as usual", "lifted by another library"])
def test_a_cell_without_end_is_no_table(received: Open, limit: int, request: pytest.FixtureRequest) -> None:
    request.addfinalizer(partial(csv.field_size_limit, csv.field_size_limit(limit)))
    assert received(b"a;b\n" + b"x" * 200_000 + b";1\n", "liste.csv").problem == "FILE_NOT_WORKBOOK"


@pytest.mark.parametrize("content", [b"\xff\xfea\x00b", b"a\x00;\x00b\x00\n\x00\xd8\x00\xd8"], ids=["half", "surrogates"])
def test_text_that_is_damaged_is_no_table(received: Open, content: bytes) -> None:
    assert received(content, "liste.csv").problem == "FILE_NOT_WORKBOOK"
