"""A whole month played on a copy: December 2019 of the sample consolidated, decided, signed and published by two people, revised once,
exported and verified, a line for each step. Names, visas, replies and decisions are illustrative.

python -m data.rehearsal            plays it in data/processed/rehearsal, which is made anew

Every step is a command that a person could type; what should be refused is tried as well. It ends with 1 at the first step that does
not end as it should.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import openpyxl

MONTH, BEFORE = "2019-12", "2019-11"
AMINATA, MAMADOU = "Aminata Coulibaly (illustratif)", "Mamadou Diarra (illustratif)"
ROOT = Path(__file__).resolve().parent
PLACE = ROOT / "processed" / "rehearsal"


class Broken(Exception):  # noqa: N818
    """A step that did not end as it should."""


@dataclass
class Rehearsal:
    """What is played, where. `log` are the steps with the exit code, the seconds and the last line that each printed."""

    root: Path
    log: list[str] = field(default_factory=list)
    tell: Callable[[str], None] = print

    def step(self, title: str, *words: str, ends: int = 0, shows: str = "") -> str:
        """Runs `cmp-idp WORDS`; it must end with `ends` and say `shows`. Gives what it printed."""
        started = time.perf_counter()
        command = [sys.executable, "-c", "from pipelines.cli import main; main()", *words]
        done = subprocess.run(
            command, env=os.environ | {"CMP_DATA_DIR": str(self.root)}, capture_output=True, text=True, check=False
        )
        said = done.stdout + done.stderr
        if done.returncode != ends or shows not in said:
            raise Broken(f"{title} : cmp-idp {' '.join(words)}\n{said}\ncode {done.returncode}, attendu {ends} {shows!r}")
        heard = next(line.strip() for line in said.splitlines() if line.strip() and shows in line)
        self.note(f"{title} — {heard} ({time.perf_counter() - started:.1f} s)")
        self.tell(f"      $ cmp-idp {shlex.join(words)}")
        return done.stdout

    def note(self, line: str) -> None:
        self.log.append(f"{len(self.log) + 1:>2}. {line}")
        self.tell(self.log[-1])

    def quietly(self, *words: str) -> str:
        """What a command prints, whatever it ends with."""
        return self._run(words).stdout

    def _run(self, words: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "from pipelines.cli import main; main()", *words]
        environment = os.environ | {"CMP_DATA_DIR": os.path.relpath(self.root, ROOT.parent)}
        return subprocess.run(command, env=environment, cwd=ROOT.parent, capture_output=True, text=True, check=False)


def play(root: Path = PLACE, tell: Callable[[str], None] = print) -> list[str]:
    """Plays the month in `root` and gives its lines. Raises Broken."""
    show = Rehearsal(root, tell=tell)
    _prepare(root)
    _consolidate(show)
    _discuss(show)
    _publish(show)
    _attack(show)
    _revise(show)
    _hand_out(show)
    return show.log


def _prepare(root: Path) -> None:
    """The inputs, and a copy of the store where there is one in which the month was not put before the members yet."""
    shutil.rmtree(root, ignore_errors=True)
    for period in (BEFORE, MONTH):
        shutil.copytree(ROOT / "raw" / period, root / "raw" / period)
    store = ROOT / "processed" / "cmp.sqlite"
    (root / "processed").mkdir()
    if store.exists() and root == PLACE:
        with closing(sqlite3.connect(f"file:{store.as_posix()}?mode=ro", uri=True)) as source:
            if source.execute("SELECT count(*) FROM release WHERE revision > 0").fetchone() == (0,):
                source.execute("VACUUM INTO ?", (str(root / "processed" / "cmp.sqlite"),))


def _consolidate(show: Rehearsal) -> None:
    show.step("Consolider novembre", "consolidate", BEFORE, shows="À fin novembre")
    show.step("Consolider décembre", "consolidate", MONTH, shows="À fin décembre")
    show.step("Créer la clé de la CMP", "release", "key", "--new", shows="Empreinte")
    show.step(
        "Voir ce qui s'oppose à la publication", "release", "status", MONTH, "--date", "2020-01-08", ends=1, shows="s'oppose"
    )


def _discuss(show: Rehearsal) -> None:
    """Until the meeting: explanations, waivers, decisions, the figures before the members, their replies."""
    said = ("--by", AMINATA, "--reason", "Vérifié par téléphone avec la direction régionale (illustratif)")
    show.step("Expliquer les constats", "release", "justify", MONTH, *said, "--date", "2020-01-09")
    for region, why in (
        ("Kidal", "Accès impossible, visa attendu (illustratif)"),
        ("Ménaka", "Fiche transmise par Gao (illustratif)"),
    ):
        show.step(f"Accorder une dérogation à {region}", "release", "waive", MONTH, region, "--until", "2020-03-31", "--by", MAMADOU,
                  "--reason", why, "--date", "2020-01-09")  # fmt: skip
    for title, words in _decisions(show):
        show.step(title, *words)
    show.step("Consolider avec les décisions", "consolidate", MONTH, shows="À fin décembre")
    show.step("Mettre en circulation", "release", "circulate", MONTH, "--by", AMINATA, "--date", "2020-01-09")
    show.step(
        "L'OIM est d'accord",
        "release",
        "reply",
        MONTH,
        "OIM",
        "agreed",
        "--by",
        "OIM Bamako (illustratif)",
        "--date",
        "2020-01-10",
    )
    show.step("Le HCR émet une réserve", "release", "reply", MONTH, "HCR", "reservation", "--by", "HCR Bamako (illustratif)", "--reason",
              "Les rapatriés de Gao restent à rapprocher (illustratif)", "--date", "2020-01-11")  # fmt: skip
    show.step("Gao accepte son avis", "release", "reply", MONTH, "Gao", "accepted", "--by", "DRDSES de Gao (illustratif)", "--date",
              "2020-01-11")  # fmt: skip


def _decisions(show: Rehearsal) -> Iterator[tuple[str, tuple[str, ...]]]:
    """People whom no list has are added; everything else stays as the returns say."""
    listed = json.loads(show.quietly("discrepancies", MONTH, "--json"))
    for item in listed:
        source = next((value["source"] for value in item["values"]), "")
        action = ("take_source", "--source", source) if item["rule"] == "UNREGISTERED_PEOPLE" else ("keep",)
        words = (
            "decide",
            item["id"],
            *action,
            "--by",
            AMINATA,
            "--date",
            "2020-01-09",
            "--reason",
            "Décision de séance (illustratif)",
        )
        yield f"Décider de l'écart {item['id']}", words


def _publish(show: Rehearsal) -> None:
    """Two people: who compiled cannot sign, and nothing is published before its day."""
    sign = ("release", "sign", MONTH, "--function", "Directeur national (illustratif)", "--minutes", "12/2020", "--date", "2020-01-13",
            "--present", "OIM,HCR,OCHA,RRM", "--with", "Awa Traoré (illustratif), présidente de séance")  # fmt: skip
    show.step("Qui a compilé veut signer", *sign, "--by", AMINATA, ends=1, shows="une autre personne")
    show.step("Signer", *sign, "--by", MAMADOU)
    publish = ("release", "publish", MONTH, "--by", MAMADOU, "--date")
    show.step("Publier avant l'embargo", *publish, "2020-01-14", ends=1, shows="embargo")
    show.step("Publier", *publish, "2020-01-15", shows="PUBLIÉE")
    show.step("Expliquer un chiffre officiel", "explain", "Ségou", MONTH, shows="OFFICIEL")


def _attack(show: Rehearsal) -> None:
    """By hand, in the database and in a file."""
    try:
        with closing(sqlite3.connect(show.root / "processed" / "cmp.sqlite")) as store, store:
            store.execute(
                "UPDATE figure SET value = value + 1 WHERE release_id IN (SELECT id FROM release WHERE state = 'published')"
            )
    except sqlite3.IntegrityError as refused:
        show.note(f"Changer une ligne publiée à la main — refusé par la base : {refused}")
    else:
        raise Broken("a published row was changed")
    show.step("Recalculer ce qui est publié", "release", "verify", MONTH)
    public = show.root / "processed" / MONTH / "diffusion" / "revision-1" / "publique"
    show.step("Vérifier le classeur public", "release", "verify", str(public / f"PDI_Mali_{MONTH}_r1.xlsx"))
    forged = show.root / "faux" / "figures.csv"
    forged.parent.mkdir()
    forged.write_bytes((public / "figures.csv").read_bytes().replace(b"207", b"208", 1))
    show.step("Vérifier un fichier modifié", "release", "verify", str(forged), ends=1)


def _revise(show: Rehearsal) -> None:
    """Ségou corrects San: a new version, and a second revision with its reason."""
    _correct_san(show.root / "raw" / MONTH / "returns" / "fiche_2019-12_segou.xlsx")
    show.step("Consolider la fiche corrigée de Ségou", "consolidate", MONTH, shows="À fin décembre")
    said = ("--by", AMINATA, "--reason", "Correction de San expliquée par la direction (illustratif)", "--date", "2020-02-03")
    show.step("Expliquer ce qu'elle soulève", "release", "justify", MONTH, *said)
    for item in json.loads(show.quietly("discrepancies", MONTH, "--json")):
        show.step(f"Décider de l'écart {item['id']}", "decide", item["id"], "keep", *said)
    show.step("Consolider de nouveau", "consolidate", MONTH, shows="À fin décembre")
    show.step("Ouvrir la révision 2", "release", "revise", MONTH, "--why", "correction_by_region", "--by", AMINATA, "--until", "2020-02-05",
              "--reason", "La direction de Ségou a corrigé San (illustratif)", "--date", "2020-02-03")  # fmt: skip
    show.step("Signer la révision 2", "release", "sign", MONTH, "--by", MAMADOU, "--function", "Directeur national (illustratif)",
              "--minutes", "13/2020", "--present", "OIM,OCHA", "--date", "2020-02-06")  # fmt: skip
    show.step("Publier la révision 2", "release", "publish", MONTH, "--by", MAMADOU, "--date", "2020-02-06", shows="révision 2")


def _correct_san(fiche: Path) -> None:
    """Version 2 of the return: twelve persons more at San, women and men alike, in every sheet that counts them."""
    book = openpyxl.load_workbook(fiche)
    form = {row[0].value: row[1] for row in book["Identification"].iter_rows(max_col=2)}
    new = {
        "Version": 2,
        "Date de préparation": datetime(2020, 1, 28),
        "Date de validation": datetime(2020, 1, 30),
        "N° du PV": "PV n° 09/2020",
    }
    for label, value in new.items():
        form[label].value = value
    idp = book["PDI"]
    titles = {cell.value: cell.column for cell in idp[4]}
    at = next(row[0].row for row in idp.iter_rows(min_row=5) if row[0].value == "San")
    more = {"Individus": 12, "Femmes 18-59 ans": 6, "Hommes 18-59 ans": 6, "Site spontané": 12, "Déplacement primaire": 12,
            "Arrivés depuis moins de 12 mois": 12}  # fmt: skip
    for title, persons in more.items():
        idp.cell(at, titles[title]).value += persons
    origin = book["Provenance"]
    first = next(row for row in origin.iter_rows(min_row=5) if row[0].value == "San")
    first[8].value += 12
    for sheet, column in ((idp, titles["Individus"]), (origin, 9)):
        total = next((row for row in sheet.iter_rows(min_row=5) if str(row[0].value).upper().startswith("TOTAL")), None)
        if total is not None and isinstance(total[column - 1].value, int):
            total[column - 1].value += 12
    book.save(fiche.with_name("fiche_2019-12_segou_v2.xlsx"))


def _hand_out(show: Rehearsal) -> None:
    """A stick with the first revision, verified elsewhere; the second one exported for the public."""
    stick = show.root / "cle_usb"
    diffusion = show.root / "processed" / MONTH / "diffusion"
    shutil.copytree(diffusion / "revision-1" / "publique", stick / "revision-1")
    show.step("Vérifier la clé USB d'un partenaire", "release", "verify", str(stick / "revision-1"), shows="révision 2")
    show.step("Exporter l'édition publique", "export", MONTH, "--out", str(stick / "revision-2"))
    show.step("Exporter l'édition interne", "export", MONTH, "--edition", "internal", "--out", str(show.root / "interne"))
    show.step("Les chiffres connus fin janvier", "export", MONTH, "--as-known", "2020-01-31")
    show.step("Où en est le mois", "release", "status", MONTH, shows="remplacée")


if __name__ == "__main__":
    try:
        play()
    except Broken as failure:
        print(failure)
        sys.exit(1)
    print(f"Tout est dans {PLACE.relative_to(ROOT.parent)}.")
