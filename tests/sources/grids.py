"""One small workbook of each known source, as its organisation types it: the fixture that a layout needs."""

from __future__ import annotations

from datetime import date
from typing import Any

from pipelines.model import Merge, OpenedFile, Sheet

Row = tuple[Any, ...]

DTM_2014: tuple[Row, ...] = (
    (
        "Snapshot Date", "Survey Date", "Admin 0", "Admin 0 pcode", "Admin 1", "Admin 1 pcode", "Admin 2", "Admin 2 pcode",
        "Admin 3", "Admin 3 pcode", "Lowest Admin Level", "Total No# of IDPs HH", "Total No# of IDPs Ind#",
        "Total No# of Returnees HH#", "Total No# of Returnees Ind#", "Country of Origin of IDP", "Type of Displacement", "Conflict",
        "Insecurity", "Main displacement start date", "RoundNo", "Other reason",
    ),
    (date(2014, 12, 31), None, "Mali", "MLI", "Gao", "MLI07", "Menaka", "MLI0704", "Menaka", "MLI00700403", 3, 12, 60, 30, 151, "", "Conflict", 1, 0, date(2012, 1, 3), 12, 0),
    (date(2014, 12, 31), None, "Mali", "MLI", "Kayes", "MLI01", "Kayes", "MLI0101", "Kayes Commune", "MLI00100112", 3, 2, 9, 0, 0, "", "Conflict", 1, 0, date(2012, 1, 3), 12, 0),
)  # fmt: skip

DTM_2017: tuple[Row, ...] = (
    (
        "Snapshot Date", "CntryCrisisID", "Admin 0", "Admin 0 pcode", "Admin 1", "Admin 1 pcode", "Admin 2", "Admin 2 pcode",
        "Admin 3", "Admin 3 pcode", "No. of IDPs HH\nin individual settings", "Total No. of IDPs HH", "Total No. of IDPs Ind.",
        "Total No. of Returnees HH.", "Total No. of Returnees Ind.", "Confidentiality", "Conflict", "EcoNomic reasons",
    ),
    ("31-12-2017", 64, "MALI", "MLI", "KaYes", "MLI01", "KaYes", "MLI0103", "KaYes Commune", "ML010312", None, 2, 9, 0, 0, "No", "Yes", "No"),
    ("31-12-2017", 64, "MALI", "MLI", "Koulikouro", "MLI02", "Dioila", "MLI0202", "Guegneka", "ML020209", None, 3, 14, 0, 0, "No", "Yes", "No"),
)  # fmt: skip

DTM_2019: tuple[Row, ...] = (
    (
        "Snapshot Date", "Admin 0", "Admin 0 pcode", "Admin 1", "Admin 1 pcode", "Admin 2", "Admin 2 pcode", "Admin 3",
        "Admin 3 pcode", "Lowest Admin Level", "Total No. of IDPs HH", "Total No. of IDPs Ind.", "Main displacement start date",
        "Total No. of Returnees HH.", "Total No. of Returnees Ind.", "Country of Origin", "Admin 1 Area of Origin", "Type of Displacement",
    ),
    (date(2019, 12, 31), "Mali", "MLI", "Kayes", "MLI01", "Kita", "MLI003005", "Kita Commune", "MLI00100513", 3, 5, 25, date(2012, 3, 1), 0, 0, "Mali", "KaYes", "Conflict"),
    (date(2019, 12, 31), "Mali", "MLI", "Kayes", "MLI01", "Kita", "MLI003005", "Kita Commune", "MLI00100513", 3, 1, 4, date(2012, 3, 1), 0, 0, "Mali", "KaYes", "Conflict"),
    (date(2019, 12, 31), "Mali", "MLI", "Kayes", "MLI01", "Diema", "MLI001003", "Troungoumbé", "MLI00100614", 3, 2, 10, date(2012, 3, 1), 0, 0, "Mali", "KaYes", "Conflict"),
)  # fmt: skip

DTM_LATER: tuple[Row, ...] = (
    (
        "Snapshot Date", "Admin 1", "Admin 1 pcode", "Admin 2", "Admin 2 pcode", "Admin 3", "Admin 3 pcode", "Total No. of IDPs HH",
        "Total No. of IDPs Ind.", "Total No. of Returnees HH.", "Total No. of Returnees Ind.", "Num_RET_from_Abroad_HH",
        "Num_RET_from_Abroad_IND", "Num_Ret_IDP_HH", "Num_Ret_IDP_IND", "Methodology", "UpdatedDate",
    ),
    (date(2020, 6, 30), "Gao", "ML07", "Gao", "ML0703", "Gao", "ML070302", 10, 52, 30, 150, 5, 25, 25, 125, "KI", None),
)  # fmt: skip

RRM: tuple[Row, ...] = (
    ("MECANISME DE REPONSE RAPIDE",), ("Suivi de la veille humanitaire",), (None,), (None, None, "Version du 05/01/2020"), (None,), ("Usage interne",),
    ("Date événement", "Date alerte", "Cercle Accueil", "Commune", "Effectifs/Estimatif des ménages", "Effectifs des individus", "Type de choc"),
    ("2ç/12/2019", date(2019, 12, 30), "GAO_CER", "Gao", 40, 212, "attaque"),
    ("05:12:2019", "RAS", "DIOILA", "RAS", 12, "N/A", "RAS"),
)  # fmt: skip

SITREP: tuple[Row, ...] = (
    ("DNDS — Rapport de situation n° : 3",),
    ("Rapport de situation n° : 3",),
    ("Région", "Mopti"),
    ("Cercle : Bankass",),
    ("Date :", date(2019, 12, 18)),
    ("Localité de départ", "Site d'accueil", "Nombre de ménages", "Nombre de personnes"),
    ("Commune rurale de Diallassagou", None, None, None),
    ("Saou, Pissa et Doundé", "Bankass ville", 40, 212),
    ("Lessagou", "Bankass ville", 10, 51),
    ("Total commune de Diallassagou", None, 50, 263),
    ("Commune rurale de Ségué", None, None, None),
    ("Ségué", "Site de Koro", 5, 27),
    ("Total commune de Ségué", None, 5, 27),
    ("Total général", None, 55, 290),
)

PARTNER: tuple[Row, ...] = (
    ("Organisation : ONG exemple", None, None, None, None),
    ("Cercle d'accueil", "Commune d'accueil", "HH", "Personnes", "À la date du"),
    ("Mopti", "Socoura", 12, "1 250", date(2019, 12, 20)),
    ("Koro", None, 3, 15, date(2019, 12, 20)),
    ("Total", None, 15, 1265, None),
)


def file(name: str, title: str, rows: tuple[Row, ...], merged: tuple[Merge, ...] = (), typed: bool = True) -> OpenedFile:
    width = max(map(len, rows))
    return OpenedFile(
        name, "0", (Sheet(title, tuple((*row, *[None] * (width - len(row))) for row in rows), merged=merged, typed=typed),)
    )


BANKASS: tuple[Row, ...] = (
    ("as_of", "source_actor", "place", "households", "individuals", "children", "status", "note", "source"),
    ("2022-06-29", "SLDSES de Bankass", "cercle de Bankass", "806", "5086", "3457", "enregistré", None, "OCHA, flash 2"),
    ("2022-06-29", "Acteurs RRM", "zones accessibles du cercle de Bankass", "287", None, None, "évaluation rapide en cours", None, "OCHA, flash 2"),
    ("2022-06-29", "Village de Nando -> Ségué", "commune de Ségué", None, "628", None, "signalé non enregistré", None, "OCHA, flash 2"),
    ("2022-06-23", "Mission conjointe ONU/ONG", "ville de Bankass", "144", "827", "586", "assistance ciblée", "couvre une partie", "OCHA, flash 2"),
    ("2022-06-30", "Cluster Santé", "cercle de Bankass", None, "4000", None, "estimation arrondie", None, "Bulletin n° 2"),
    ("2022-06-29", "OCHA", "Diallassagou / Léssagou / Ségué", None, None, None, "inaccessible", None, "OCHA, flash 2"),
)  # fmt: skip
"""The counts of one displacement around Bankass in June 2022, as OCHA's flash update no. 2 on Bandiagara (1 July 2022) and the bulletin
no. 2 of the health cluster (15 July 2022) print them: facts in the form of this project."""

EHTOOLS: tuple[Row, ...] = (
    ("alert_no", "start_date", "cluster", "cause", "status", "text_households", "text_individuals", "table_households",
     "table_individuals", "admin1", "admin2", "health_zone", "main_source"),
    ("3855", "2021-03-18", "Multisec", "Attaques, affrontements armés", "EVALUATION TERMINÉE", "727", "4362", None, None, "Ituri", "Irumu", "Rwampara", "UNICEF"),
    ("4043", "2021-08-01", "Multisec", "Attaques, affrontements armés", "EVALUATION TERMINÉE", "1897", "9485", "1817+80", "9085+400", "Ituri", "Djugu", "Bambu", "Mercy Corps"),
    ("4538", "2022-11-01", "Protection", "Attaques, affrontements armés", "EVALUATION TERMINÉE", "720", "3600", "2400", "2500", "Tanganyika", "Moba", "Kansimba", "Croix-Rouge RDC"),
    ("4909", "2023-09-04", None, None, None, "322", "1610", "2800", "1610", "Sud-Kivu", "Kalehe", "Kalehe", None),
)  # fmt: skip
"""Four alert records that EHTools, the platform of the Democratic Republic of the Congo, publishes: numbers in text and table."""

PRESENCE: tuple[Row, ...] = (
    ("Organisation", "Secteur", "Région", "Cercle", "Commune", "Date de début", "Date de fin", "Statut", "Bailleur"),
    ("NRC", "EHA", "Mopti", "Bankass", "Ségué", date(2019, 6, 1), date(2020, 3, 31), "en cours", "x"),
    ("NRC", "ERM", "Mopti", "Bankass", None, date(2019, 6, 1), None, None, "x"),
    ("CRS", "Abris/AME", "Mopti", "Koro", None, date(2019, 1, 1), None, "achevée", "x"),
    ("IRC", "santé", "Ménaka", "Ménaka", None, date(2020, 2, 1), None, "planifiée", "x"),
)

REPATRIATIONS: tuple[Row, ...] = (
    ("HCR Mali", None, None, None, None, None),
    ("Situation au", date(2019, 12, 31), None, None, None, None),
    ("Région de retour", "Cercle de retour", "Commune", "Pays d'asile", "Ménages", "Individus"),
    ("Tombouctou", "Goundam", "Goundam", "Mauritanie", 100, 480),
    ("Tombouctou", "Goundam", "Goundam", "Niger", 10, 45),
    ("Gao", "Ansongo", None, "Niger", 60, 300),
    ("Total", None, None, None, 170, 825),
)
