"""The covering letter: what it says, that it fits a page, and that nobody's data are in it."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from docx import Document

from pipelines import correction
from pipelines.correction import SentBack
from pipelines.io.correspondence import sent_back
from pipelines.io.letter import letter, letter_name
from pipelines.io.letterhead import Sender
from pipelines.model import Finding, Period
from schemas.codes import Effect
from schemas.fields import IDP
from tests.fiche import PERIOD, Fiche, changed, check
from tests.rules.examples import identify, set_

SENDER = Sender("Ministère de la Santé et du Développement social", "La Directrice nationale")
DUE = date(2020, 1, 8)


def sent_of(fiche: Fiche) -> SentBack:
    sent = sent_back(check(fiche)[0])
    assert sent is not None
    return sent


def written(
    *sent: SentBack, attached: tuple[tuple[str, ...], ...] | None = None, due: date | None = DUE, period: Period | None = PERIOD
) -> bytes:
    names = attached or tuple((f"{item.file.name.removesuffix('.xlsx')}_A_CORRIGER.xlsx",) for item in sent)
    return letter(sent, names, sender=SENDER, period=period, due=due, dated=date(2019, 12, 31))


def text_of(content: bytes) -> str:
    return (
        "\n".join(paragraph.text for paragraph in Document(BytesIO(content)).paragraphs)
        .replace("\u00a0", " ")
        .replace("\u202f", " ")
    )


FOUR = (
    set_("individuals", "environ 500"),
    set_("individuals", 99, 1),
    identify("minutes_number", None),
    set_("basis", "devinette", 2),
)


def test_it_names_region_month_file_counts_points_and_the_day() -> None:
    said = text_of(written(sent_of(changed(*FOUR))))
    for part in (
        "RÉPUBLIQUE DU MALI", "Ministère de la Santé et du Développement social", "Ségou", "décembre 2019", "fiche-1.xlsx (version 1)",
        "70 ménages et 253 personnes déplacées internes", "4 points", "lignes rejetées : 1", "points qui bloquent la publication : 2",
        "points à justifier : 1", "08/01/2020", "fiche-1_A_CORRIGER.xlsx", "« À corriger »", "« Votre réponse »", "La Directrice nationale",
    ):  # fmt: skip
        assert part in said, part


def test_it_tells_the_three_gravest_with_their_cells() -> None:
    said = text_of(written(sent_of(changed(*FOUR))))
    told = [line for line in said.splitlines() if line.startswith("–")]
    assert [line.split(" : ")[0] for line in told] == [
        "–  Feuille PDI, cellule G3", "–  Feuille Identification, cellule B10", "–  Feuille PDI, cellule AA5",
    ]  # fmt: skip
    assert "environ 500" in told[0]


def test_of_one_point_it_speaks_in_the_singular() -> None:
    said = text_of(written(sent_of(changed(identify("validated", "non")))))
    assert "un point (" in said
    assert "En voici le détail" in said


def test_a_refused_file_is_said_to_count_for_nothing() -> None:
    said = text_of(written(sent_of(changed(lambda fiche: fiche.drop_column(IDP, "basis")))))
    assert "fiche refusée, à corriger" in said
    assert "rien n'en est compté" in said
    assert "personnes déplacées internes sont comptés" not in said


def test_personal_data_are_named_and_not_quoted() -> None:
    fiche = changed(lambda f: f.add_column(IDP, "Téléphone", "76 12 34 56"), identify("prepared_by", "Awa Traoré"))
    said = text_of(written(sent_of(fiche)))
    assert "données personnelles" in said
    assert "il ne contient pas votre fiche" in said.lower()
    assert "76 12" not in said
    assert "Traoré" not in said


def test_an_original_beside_the_workbook_is_mentioned() -> None:
    sent = sent_of(changed(*FOUR))
    assert "d'origine est également joint" in text_of(written(sent, attached=(("a.xlsx", "fiche.xls"),)))
    assert "d'origine" not in text_of(written(sent))


def test_without_a_month_it_gives_no_day() -> None:
    said = text_of(written(sent_of(changed(identify("period", "?"))), due=None, period=None))
    assert "mois non précisé" in said
    assert "Sans réponse à cette date" not in said


def test_its_name_is_that_of_the_region_or_else_of_the_file() -> None:
    assert letter_name(sent_of(changed(*FOUR)), PERIOD) == "lettre_segou_2019-12.docx"
    unknown = sent_of(changed(identify("region", "Atlantide")))
    assert letter_name(unknown, PERIOD) == "lettre_fichier-fiche-1_2019-12.docx"


def test_same_input_gives_the_same_bytes() -> None:
    sent = sent_of(changed(*FOUR))
    assert written(sent) == written(sent)
    properties = Document(BytesIO(written(sent))).core_properties
    assert (properties.author, properties.created.date()) == ("DNDS", date(2019, 12, 31))


def worst(sent: SentBack) -> tuple[SentBack, ...]:
    """Four files with long names, each with points of every kind and as much text as rules say."""
    finding = Finding("PLACE_UNKNOWN", Effect.BLOCK_PUBLICATION, "Vulnérabilités et besoins", "AB1048", 1048, "x",
                      {"name": "Quartier " * 30, "kept_at": "Tombouctou", "suggestion": ["Soumpi Commune rurale"] * 2})  # fmt: skip
    refusing = replace(finding, effect=Effect.REJECT_SUBMISSION)
    points = tuple(correction.Point(at, refusing if at < 9 else finding) for at in range(40))
    name = f"fiche régionale des mouvements de populations de Tombouctou et Taoudénit, {'version corrigée ' * 3}"
    return tuple(
        replace(
            sent, file=replace(sent.file, name=f"{name}{at}.xlsx"), refused=at > 0, asked=points, region="Tombouctou", version=12
        )
        for at in range(4)
    )


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed here")
@pytest.mark.parametrize("several", [True, False], ids=["worst", "usual"])
def test_it_fits_a_page(several: bool, tmp_path: Path) -> None:
    sent = sent_of(changed(*FOUR))
    files = worst(sent) if several else (sent,)
    attached = tuple((f"{item.file.name}_A_CORRIGER.xlsx", item.file.name) for item in files)
    (tmp_path / "lettre.docx").write_bytes(written(*files, attached=attached))
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    subprocess.run(
        ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), str(tmp_path / "lettre.docx")],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    pages = re.findall(rb"/Type\s*/Page\b(?!s)", (tmp_path / "lettre.pdf").read_bytes())
    assert len(pages) == 1
