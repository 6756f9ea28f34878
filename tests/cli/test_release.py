"""`cmp-idp release …` and `cmp-idp export` as people type them: what is said, and what each ends with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.flow.months import MONTH, Folder
from tests.months_published import COMPILER, DIFFUSION, DIRECTOR

pytestmark = pytest.mark.xdist_group("publication")


def test_the_status_tells_all_that_stands_in_the_way_and_what_to_do(cmp_idp: Command, drafted: Folder) -> None:
    said = cmp_idp("release", "status", MONTH, "--date", "2020-01-15", data=drafted.root)
    assert said.code == 1
    assert "projet, rien ne circule" in said.text
    assert "Ce qui peut être fait maintenant : consolidate, release circulate." in said.text
    assert "Ce qui s'oppose encore à la publication, au 15/01/2020 : 10." in said.text
    assert "cmp-idp release waive 2019-12 Kayes --promise return" in said.text
    told = json.loads(cmp_idp("release", "status", MONTH, "--date", "2020-01-15", "--json", data=drafted.root).out)
    assert [item["key"] for item in told["obstacles"]].count("no_return") == 7
    assert all(item["to_do"] for item in told["obstacles"])


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("circulate", MONTH, "--by", COMPILER, "--date", "2999-01-01"), 2, "futur"),
        (("circulate", MONTH, "--by", "."), 2, "nommer une personne"),
        (("circulate", MONTH), 2, "--by"),
        (("circulate", "2018-01", "--by", COMPILER), 1, "jamais été consolidé"),
        (("circulate", MONTH, "--by", COMPILER, "--date", "2020-01-09", "--until", "2020-01-01"), 1, "échéance"),
        (("reply", MONTH, "Personne", "agreed", "--by", "X Y"), 2, "ni un membre"),
        (("reply", MONTH, "OIM", "oui", "--by", "X Y"), 2, "« réserve »"),
        (("reply", MONTH, "OIM", "agreed", "--by", "X Y"), 1, "pas encore circulé"),
        (("revise", MONTH, "--why", "envie", "--reason", "parce que", "--by", COMPILER), 2, "changement de méthode"),
        (("revise", MONTH, "--why", "Changement de methode", "--reason", "parce que", "--by", COMPILER), 1, "rien à réviser"),
        (("sign", MONTH, "--by", DIRECTOR, "--function", "DN", "--minutes", "1", "--with", "Awa"), 2, "Nom, fonction"),
        (("sign", MONTH, "--by", DIRECTOR, "--function", "DN", "--minutes", "1", "--present", "OTAN"), 2, "Membres"),
        (("sign", MONTH, "--by", DIRECTOR, "--function", " ", "--minutes", "1"), 2, "valeur vide"),
        (("publish", MONTH, "--by", DIRECTOR, "--date", "2020-01-15"), 1, "décembre 2019 ne peut pas être publié. Raisons : 10."),
        (("justify", MONTH, "--rule", "RIEN", "--reason", "parce que", "--by", COMPILER), 2, "RIEN"),
        (("justify", MONTH, "--rule", "CODE_WRONG", "--reason", "parce que", "--by", COMPILER), 1, "Aucun constat"),
        (("waive", MONTH, "Kidal", "--until", "2019-12-01", "--reason", "parce que", "--by", DIRECTOR), 1, "expirerait"),
        (("waive", MONTH, "Nulle-Part", "--until", "2020-12-01", "--reason", "parce que", "--by", DIRECTOR), 2, "Nulle-Part"),
        (("waive", MONTH, "Kidal", "--until", "2020-12-01", "--promise", "tout", "--reason", "x y", "--by", DIRECTOR), 2, "validation régionale"),
        (("visa", MONTH, "Kayes", "--validator", "Awa Ba", "--minutes", "3", "--by", COMPILER), 1, "rien à valider"),
        (("verify", "absent.xlsx"), 2, "absent.xlsx"),
        (("verify",), 0, "Aucune diffusion publiée"),
        (("list",), 0, "rien n'a encore circulé"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_said_in_a_sentence(
    cmp_idp: Command, drafted: Folder, words: tuple[str, ...], code: int, said: str
) -> None:
    told = cmp_idp("release", *words, data=drafted.root)
    assert (told.code, said in told.text) == (code, True), told.text
    assert "Traceback" not in told.text


def test_nothing_was_written_by_what_was_refused(drafted: Folder) -> None:
    written = ("reply", "visa", "waiver", "explanation", "signatory")
    assert [drafted.query(f"SELECT count(*) FROM {table}") for table in written] == [[(0,)]] * len(written)
    assert drafted.query("SELECT count(*) FROM release WHERE revision > 0") == [(0,)]


def test_an_official_file_is_told_in_both_languages_and_for_machines(cmp_idp: Command, published: Folder) -> None:
    path = published.root / DIFFUSION / "revision-1" / "publique" / f"PDI_Mali_{MONTH}_r1.xlsx"
    french = cmp_idp("release", "verify", path, data=published.root)
    assert (french.code, "OFFICIEL" in french.text) == (0, True)
    assert "OFFICIAL" in cmp_idp("release", "verify", path, "--lang", "en", data=published.root).text
    form = json.loads(cmp_idp("release", "verify", path, "--json", data=published.root).out)
    assert (form["official"], form["period"], form["revision"], form["edition"]) == (True, MONTH, 1, "public")


def test_a_region_contests_an_adjustment_in_french_words(cmp_idp: Command, published: Folder, tmp_path: Path) -> None:
    folder = published.copy(tmp_path / "data")
    words = ("release", "reply", MONTH, "Gao", "contesté", "--reason", "nos listes disent autre chose", "--by", "DRDSES de Gao")
    told = cmp_idp(*words, data=folder.root)
    assert (told.code, "Gao, contesté" in told.text, "revient devant la CMP" in told.text) == (0, True, True)


def test_a_draft_workbook_is_never_official(cmp_idp: Command, published: Folder) -> None:
    draft = published.root / "processed" / MONTH / f"Consolidation_{MONTH}_PROJET.xlsx"
    assert cmp_idp("release", "verify", draft, data=published.root).code == 1


def test_a_published_month_is_exported_again_with_the_same_bytes(cmp_idp: Command, published: Folder, tmp_path: Path) -> None:
    told = cmp_idp("export", MONTH, "--edition", "internal", "--out", tmp_path, "--json", data=published.root)
    names = [Path(name) for name in json.loads(told.out)["files"]]
    before = published.root / DIFFUSION / "revision-1" / "interne"
    assert {path.name: path.read_bytes() for path in names} == {path.name: path.read_bytes() for path in before.iterdir()}
    assert cmp_idp("export", MONTH, "--revision", "7", data=published.root).code == 1
    assert cmp_idp("export", MONTH, "--edition", "secret", data=published.root).code == 2
    assert cmp_idp("export", MONTH, "--as-known", "2019-12-31", data=published.root).code == 1


def test_the_table_of_a_published_month_says_so(cmp_idp: Command, published: Folder) -> None:
    assert json.loads(cmp_idp("status", MONTH, "--json", data=published.root).out)["state"] == "published"
    assert "Révision 1 : publiée, le 15/01/2020." in cmp_idp("status", MONTH, data=published.root).text
    assert "maintenant : consolidate, release revise." in cmp_idp("release", "status", MONTH, data=published.root).text
    assert "publiée le 15/01/2020" in cmp_idp("release", "list", data=published.root).text
