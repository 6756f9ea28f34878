"""A good and a bad example of every rule, as data. The good one draws no finding at all; the bad one draws exactly one, of that
rule, at that cell. `test_rules.py` holds that no rule is without."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from pipelines.correction import MARK
from pipelines.model import LateVersion, Merge, Unread
from pipelines.triangulation import Evidence
from schemas import fields
from schemas.fields import ALERT, IDP, MOVEMENT, ORIGIN, PRESENCE, RETURNEE, STATEMENT
from tests.door import made
from tests.fiche import PERIOD_END, Change, Fiche, changed, stock
from tests.triangulation.months import actor, alert, circulated, evidence, history, stated

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@dataclass(frozen=True, slots=True)
class OfReturn:
    """Changes to the good fiche. `sheet` and `cell` are where the bad one is found out."""

    bad: tuple[Change, ...]
    sheet: str | None
    cell: str | None
    good: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class OfBytes:
    """What a file holds, byte for byte."""

    bad: Callable[[], bytes]
    good: Callable[[], bytes] = lambda: changed().workbook()


@dataclass(frozen=True, slots=True)
class OfFiles:
    """Several files of one month; the finding is on one of them."""

    bad: tuple[tuple[Change, ...], ...]
    good: tuple[tuple[Change, ...], ...]
    sheet: str | None
    cell: str | None


@dataclass(frozen=True, slots=True)
class OfMonth:
    """A month and the one before: changes to the good fiche in each. `place_id` is what the finding is about."""

    bad: tuple[Change, ...]
    bad_before: tuple[Change, ...]
    good: tuple[Change, ...]
    good_before: tuple[Change, ...]
    place_id: str
    sheet: str | None = None
    cell: str | None = None
    expected: tuple[str, ...] = ("R04",)
    good_expected: tuple[str, ...] = ("R04",)
    bad_late: tuple[LateVersion, ...] = ()
    bad_others: tuple[Fiche, ...] = ()
    """Returns of other regions that arrive beside the bad one."""


@dataclass(frozen=True, slots=True)
class OfGap:
    """A month beside its past and its sources. `place_id` is what the discrepancy is about, `sheet` and `cell` what is marked in the
    return when it is about a cell of it."""

    bad: Callable[[], Evidence]
    good: Callable[[], Evidence]
    place_id: str
    sheet: str | None = None
    cell: str | None = None


@dataclass(frozen=True, slots=True)
class OfSourceFile:
    """One row of a source, by the names of its fields, under the title of a sheet of its layout. `cell` is where the bad one is
    found out."""

    title: str
    table: fields.Table
    bad: dict[str, Any]
    good: dict[str, Any]
    cell: str


@dataclass(frozen=True, slots=True)
class OfDecisions:
    """What two services say of one place, each taken by a decision of its own."""

    bad: tuple[int, int]
    good: tuple[int, int]
    place_id: str
    gone: bool = False
    """Whether the bad one is that what was decided upon is no longer found."""


Example = OfReturn | OfBytes | OfFiles | OfMonth | OfGap | OfDecisions | OfSourceFile


def quoted(**values: Any) -> dict[str, Any]:
    """A good row of figures that somebody quotes."""
    row = {
        "stated_on": date(2019, 12, 20),
        "organisation": "NRC",
        "place": "cercle de Niono",
        "individuals": 52,
        "status": "enregistré",
    }
    return row | values


def alerted(**values: Any) -> dict[str, Any]:
    """A good alert."""
    row = {"alert_number": "01/2019-12/RRM", "kind": "alerte", "event_on": date(2019, 12, 2), "alert_on": date(2019, 12, 3),
           "organisation": "NRC", "region": "Ségou", "cercle": "Niono", "households": 100, "individuals": 550}  # fmt: skip
    return row | values


def present(**values: Any) -> dict[str, Any]:
    """A good row of a presence table."""
    row = {
        "organisation": "NRC",
        "sector": "EHA",
        "cercle": "Niono",
        "started_on": date(2019, 6, 1),
        "ended_on": date(2019, 12, 31),
    }
    return row | values


def set_(field: str, value: Any, row: int = 0, table: fields.Table = IDP) -> Change:
    return lambda fiche: fiche.set(table, field, value, row)


def gao_alone() -> Fiche:
    """A return of Gao that says nothing of any other region."""
    return Fiche().identify("region", "Gao").add(IDP, **stock("Gao", "Gao", 10, 52))


def gao_with_niono() -> Fiche:
    """A return of Gao that also tells Niono, a cercle of Ségou."""
    fiche = Fiche().identify("region", "Gao").add(IDP, **stock("Gao", "Gao", 10, 52))
    return fiche.add(IDP, **stock("Niono", "Niono", 40, 210))


def identify(field: str, value: Any) -> Change:
    return lambda fiche: fiche.identify(field, value)


def add(table: fields.Table, **values: Any) -> Change:
    return lambda fiche: fiche.add(table, **values)


def line(table: fields.Table, *values: Any) -> Change:
    return lambda fiche: fiche.line(table, *values)


def sheet(title: str, *rows: list[Any]) -> Change:
    return lambda fiche: fiche.sheets.update({title: [list(row) for row in rows]})


def without_sheet(title: str) -> Change:
    return lambda fiche: fiche.sheets.pop(title)


def counted(number: int | None) -> Change:
    """The same number, or none, in every count of the sheet PDI."""

    def change(fiche: Fiche) -> None:
        for row in range(len(fiche.sheets["PDI"]) - 2):
            fiche.set(IDP, "households", number, row).set(IDP, "individuals", number, row)

    return change


def without_rows(table: fields.Table, first: int = 0) -> Change:
    def change(fiche: Fiche) -> None:
        del fiche.sheets[table.label.fr][2 + first :]

    return change


def rename(field: str, header: str | None, table: fields.Table = IDP) -> Change:
    return lambda fiche: fiche.rename(table, field, header)


def arrival(individuals: int, households: int = 20, movement: str = "arrivée", **more: Any) -> Change:
    values = {"to_region": "Ségou", "to_cercle": "Ségou", "observed_on": PERIOD_END, "basis": "enregistrement", **more}
    return add(MOVEMENT, movement=movement, households=households, individuals=individuals, **values)


def origin(individuals: int, region: str = "Mopti") -> Change:
    return add(
        ORIGIN,
        cercle="Ségou",
        commune="Ségou",
        level="cercle entier",
        origin_region=region,
        households=individuals // 5,
        individuals=individuals,
    )


def only(*sheets: tuple[str, list[list[Any]]]) -> Change:
    def change(fiche: Fiche) -> None:
        fiche.sheets = {title: [list(row) for row in grid] for title, grid in sheets}

    return change


def sexes_and_ages(*values: int) -> tuple[Change, ...]:
    return tuple(set_(item.name, value) for item, value in zip(fields.SEX_AGE_FIELDS, values, strict=True))


def hide(title: str, **marks: Any) -> Change:
    return lambda fiche: fiche.mark(title, **marks)


def rename_sheet(title: str, new: str) -> Change:
    return lambda fiche: fiche.sheets.update({new: fiche.sheets.pop(title)})


def all_dates(day: date) -> tuple[Change, ...]:
    return tuple(set_("observed_on", day, row, table) for table in (IDP, RETURNEE) for row in range(4))


SECOND_TABLE = (line(IDP), line(IDP, "Récapitulatif"), line(IDP, "Cercle", "Ménages", "Individus"), line(IDP, "Bla", 10, 53))
ERROR, FORMULA = Unread(Unread.ERROR, "#REF!"), Unread(Unread.FORMULA, "=SUM(H3:O3)")


def zip_of_a_letter() -> bytes:
    import io
    import zipfile

    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<document/>")
    return content.getvalue()


ALERTS = ("Alertes", [[item.label.fr for item in fields.ALERT.fields]])
ONE_LESS_AT_BLA = (set_("individuals", 52, 3),)
"""A past that is not identical to the month, or COUNT_FROZEN would rightly say so."""

REGION, SEGOU, NIONO, MACINA, BANKASS = "R04", "C027", "C025", "C024", "C030"


def circulated_by_cercle(segou: int) -> list[dict[str, Any]]:
    return [circulated(value, place) for place, value in (("C027", segou), ("C025", 210), ("C024", 101), ("C023", 53))]


def two_regions(arrived: int) -> Evidence:
    """People who left Bankass, in Mopti, for Ségou, as both regions tell it."""
    gone = {"movement": "départ", "from_region": "Mopti", "from_cercle": "Bankass", "to_region": "Ségou", "to_cercle": "Ségou",
            "households": 17, "individuals": 96, "observed_on": PERIOD_END, "basis": "enregistrement"}  # fmt: skip
    mopti = Fiche().identify("region", "Mopti").add(IDP, **stock("Bankass", "Bankass", 80, 401)).add(MOVEMENT, **gone)
    return evidence(changed(arrival(arrived, 4, from_region="Mopti", from_cercle="Bankass")), mopti)


def on_alert(days: int) -> Evidence:
    return evidence(changed(set_("basis", "alerte"), set_("observed_on", date(2019, 12, 31) - timedelta(days=days))))


def returned(moved: int) -> Evidence:
    """150 more returnees at Ségou, and the returns that movements bring there from Niono."""
    back = arrival(moved, moved // 5, "retour", from_region="Ségou", from_cercle="Niono")
    now = changed(
        back, set_("individuals", 670, 0, RETURNEE), set_("individuals", 210 - moved, 1), set_("households", 40 - moved // 5, 1)
    )
    return evidence(now, before=[changed()])


def risen(*changes: Change, **more: Any) -> Evidence:
    return evidence(changed(set_("individuals", 1000), set_("households", 190), *changes), before=[changed()], **more)


def fallen(to: int, **more: Any) -> Evidence:
    """A return of Ségou that lists no movement, with fewer people than last month at its first place."""
    return evidence(changed(set_("individuals", to), set_("households", to // 5)), before=[changed()], **more)


def grown(by: int) -> Evidence:
    """A little more everywhere, each place below what would be asked of it alone."""
    more = [set_("individuals", value + by, row) for row, value in enumerate((520, 210, 101, 53))]
    sizes = [set_("households", (value + by) // 5, row) for row, value in enumerate((520, 210, 101, 53))]
    return evidence(changed(*more, *sizes), before=[changed()])


def printed(value: int) -> Evidence:
    """What the store holds for November, 883 in Ségou, and what was printed of it."""
    said = stated(value, REGION, table="printed", source_id="cmp", organisation="CMP", lineage="cmp", as_of=date(2019, 11, 30))
    return evidence(changed(), before=[changed(*ONE_LESS_AT_BLA)], statements=[said])


def concentrated(people: int) -> Evidence:
    """A region of ten places, and people who come to the smallest of them, as an assessment saw them."""
    names = ("Koro", "Douentza", "Mopti", "Djenné", "Ténenkou", "Youwarou", "Bandiagara")

    def mopti(*more: tuple[str, int]) -> Fiche:
        fiche = Fiche().identify("region", "Mopti")
        for name, value in (*((name, 300 + 10 * at) for at, name in enumerate(names)), *more):
            fiche.add(IDP, **stock(name, name, value // 5, value))
        return fiche

    now = mopti(("Bankass", 10 + people))
    now.add(MOVEMENT, movement="arrivée", to_region="Mopti", to_cercle="Bankass", households=people // 5, individuals=people,
            observed_on=PERIOD_END, basis="enregistrement")  # fmt: skip
    return evidence(now, before=[mopti(("Bankass", 10))], alerts=[alert("A1", place_id=BANKASS, individuals=people)])


EXAMPLES: dict[str, Example] = {
    # --- the file
    "FILE_EMPTY": OfBytes(lambda: b""),
    "FILE_NOT_WORKBOOK": OfBytes(zip_of_a_letter),
    "FILE_ENCRYPTED": OfBytes(lambda: OLE + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(600)),
    "FILE_TOO_LARGE": OfBytes(made.large),
    "FILE_ZIP_BOMB": OfBytes(made.bomb),
    "FILE_UNSAFE_NAMES": OfBytes(made.climbing),
    "FILE_ENTITIES": OfBytes(made.many_laughs),
    "FILE_TOO_MANY_PARTS": OfBytes(made.many_members),
    "FILE_TOO_MANY_SHEETS": OfBytes(made.many_sheets),
    "FILE_SHEET_TOO_LARGE": OfBytes(made.far_cell),
    "FILE_TWIN": OfFiles(
        bad=((), (set_("individuals", 521),)),
        good=((), (set_("individuals", 521), identify("version", 2))),
        sheet="Identification",
        cell="B4",
    ),
    "LAYOUT_UNKNOWN": OfReturn((only(("Feuil1", [["Bonjour"]])),), None, None),
    "LAYOUT_OTHER": OfReturn((only(ALERTS),), None, None),
    "SHEET_MISSING": OfReturn((without_sheet("PDI"),), "PDI", None, good=(without_sheet("Sites"),)),
    "SHEET_TWICE": OfReturn((sheet("Déplacés", ["Cercle", "Ménages"], ["Bla", 3]),), "Déplacés", None),
    "SHEET_UNKNOWN": OfReturn((sheet("Brouillon", [1, 2]),), "Brouillon", None, good=(sheet("Listes", ["oui"], ["non"]),)),
    "SHEET_WITHOUT_HEADER": OfReturn((lambda fiche: fiche.sheets["PDI"].pop(1),), "PDI", None, good=(sheet("Sites", ["Néant"]),)),
    "SHEET_WITHOUT_ROWS": OfReturn((without_rows(IDP),), "PDI", None, good=(without_rows(RETURNEE),)),
    "SHEET_UNFILLED": OfReturn((counted(None),), "PDI", None, good=(counted(0),)),
    "SHEET_RENAMED": OfReturn((rename_sheet("PDI", "Feuil2"),), "Feuil2", None, good=(rename_sheet("PDI", "Déplacés internes"),)),
    "SHEET_HIDDEN": OfReturn((hide("Retournés", hidden=True),), "Retournés", None),
    "ROWS_HIDDEN": OfReturn(
        (hide("PDI", hidden_rows=frozenset({4, 5})),), "PDI", "A4", good=(hide("PDI", hidden_rows=frozenset({1})),)
    ),
    "COLUMN_HIDDEN": OfReturn((hide("PDI", hidden_columns=frozenset({5})),), "PDI", "F2"),
    "TABLE_NOT_READ": OfReturn(SECOND_TABLE, "PDI", "A9", good=SECOND_TABLE[:2]),
    "CELLS_MERGED": OfReturn(
        (hide("PDI", merged=(Merge(4, 26, 5, 26),)), set_("basis", None, 2)),
        "PDI",
        "AA4",
        good=(hide("PDI", merged=(Merge(1, 0, 1, 5),)),),
    ),
    "COLUMN_MISSING": OfReturn(
        (lambda fiche: fiche.drop_column(IDP, "basis"),),
        "PDI",
        None,
        good=(lambda fiche: fiche.drop_column(IDP, "code"),),
    ),
    "COLUMN_UNKNOWN": OfReturn(
        (lambda fiche: fiche.add_column(IDP, "Température"),), "PDI", "AE2", good=(rename("households", "NB. MENAGES"),)
    ),
    "COLUMN_TWICE": OfReturn((lambda fiche: fiche.add_column(IDP, "Nb ménages"),), "PDI", "AE2"),
    "PERSONAL_DATA": OfReturn(
        (lambda fiche: fiche.add_column(IDP, "Téléphone du chef de ménage", "76 00 00 00"),),
        "PDI",
        "AE2",
        good=(rename("site", "Nom du site"),),
    ),
    # --- identification
    "REGION_UNKNOWN": OfReturn((identify("region", "Atlantide"),), "Identification", "B2"),
    "REGION_NAME": OfReturn((identify("region", "SEGOU"),), "Identification", "B2"),
    "PERIOD_UNREADABLE": OfReturn(
        (identify("period", "fin d'année"),), "Identification", "B3", good=(identify("period", "12/2019"),)
    ),
    "PERIOD_WRONG": OfReturn(
        (identify("period", "2019-11"),), "Identification", "B3", good=(identify("period", date(2019, 12, 1)),)
    ),
    "PERIOD_DOUBTFUL": OfReturn(all_dates(date(2020, 1, 20)), "Identification", "B3", good=all_dates(date(2019, 12, 20))),
    "VERSION_UNREADABLE": OfReturn((identify("version", "v2"),), "Identification", "B4", good=(identify("version", None),)),
    "PREPARER_MISSING": OfReturn((identify("prepared_by", None),), "Identification", "B5", good=(identify("function", None),)),
    "VISA_MISSING": OfReturn((identify("validated", "non"),), "Identification", "B8", good=(identify("validated", "Validé"),)),
    "VISA_INCOMPLETE": OfReturn((identify("minutes_number", "N/A"),), "Identification", "B10"),
    "VISA_BY_PREPARER": OfReturn((identify("validated_by", "AGENT  a"),), "Identification", "B11"),
    "ANSWER_OF_OTHER_MONTH": OfReturn(
        (sheet("À corriger", [None, MARK, "0" * 64, 1, "2019-11"]),),
        "Identification",
        "B3",
        good=(sheet("À corriger", [None, MARK, "0" * 64, 1, "2019-12"]),),
    ),
    # --- one cell
    "CELL_ERROR": OfReturn((set_("individuals", ERROR),), "PDI", "G3"),
    "FORMULA_NOT_CALCULATED": OfReturn((set_("female_0_4", FORMULA),), "PDI", "H3"),
    "COUNT_MERGED": OfReturn((hide("PDI", merged=(Merge(5, 6, 6, 6),)), set_("individuals", None, 3)), "PDI", "G6"),
    "NUMBER_AS_TEXT": OfReturn((set_("individuals", "520 individus"),), "PDI", "G3"),
    "DATE_AS_TEXT": OfReturn((set_("observed_on", "28 décembre 2019"),), "PDI", "AB3"),
    "COUNT_REQUIRED": OfReturn(
        (set_("households", "ND"),),
        "PDI",
        "F3",
        good=(set_("households", 0), set_("individuals", 0)),
    ),
    "COUNT_NOT_NUMBER": OfReturn((set_("individuals", "environ 500"),), "PDI", "G3", good=(set_("individuals", 520.0),)),
    "COUNT_NEGATIVE": OfReturn((set_("individuals", -520),), "PDI", "G3"),
    "DETAIL_NOT_NUMBER": OfReturn((set_("female_0_4", "beaucoup"),), "PDI", "H3", good=(set_("female_0_4", 12),)),
    "CHOICE_UNKNOWN": OfReturn((set_("basis", "devinette"),), "PDI", "AA3", good=(set_("basis", "Recensement"),)),
    "FIELD_REQUIRED": OfReturn((set_("basis", None),), "PDI", "AA3", good=(set_("remarks", None),)),
    "DATE_INVALID": OfReturn((set_("observed_on", "hier"),), "PDI", "AB3", good=(set_("observed_on", datetime(2019, 12, 31)),)),
    # --- one row
    "DATE_FUTURE": OfReturn(
        (set_("observed_on", date(2020, 1, 1)),), "PDI", "AB3", good=(set_("observed_on", date(2019, 12, 31)),)
    ),
    "SIZE_UNUSUAL": OfReturn((set_("individuals", 901),), "PDI", "G3", good=(set_("individuals", 900),)),
    "SIZE_EXTREME": OfReturn((set_("individuals", 2001),), "PDI", "G3", good=(set_("individuals", 350),)),
    "HOUSEHOLDS_OVER_INDIVIDUALS": OfReturn((set_("individuals", 99),), "PDI", "F3"),
    "INDIVIDUALS_WITHOUT_HOUSEHOLD": OfReturn((set_("households", 0),), "PDI", "F3"),
    "INDIVIDUALS_CONTRADICTED": OfReturn(
        (set_("individuals", 620), *sexes_and_ages(*[65] * 8), set_("primary", 500), set_("secondary", 20)),
        "PDI",
        "G3",
        good=(*sexes_and_ages(*[65] * 8), set_("primary", 500), set_("secondary", 20)),
    ),
    "SEX_AGE_SUM": OfReturn(sexes_and_ages(65, 65, 65, 65, 65, 65, 65, 64), "PDI", "G3", good=sexes_and_ages(*[65] * 8)),
    "SHELTER_SUM": OfReturn(
        (set_("shelter_rented", 521),), "PDI", "Q3", good=(set_("shelter_rented", 100), set_("shelter_unit", "ménages"))
    ),
    "DISPLACEMENT_SUM": OfReturn(
        (set_("primary", 500), set_("secondary", 21)), "PDI", "W3", good=(set_("primary", 500), set_("secondary", 20))
    ),
    "DURATION_SUM": OfReturn((set_("under_12_months", 521),), "PDI", "Y3", good=(set_("under_12_months", 519),)),
    "ALERT_WITHOUT_ASSESSMENT": OfReturn((set_("basis", "alerte"),), "PDI", "AA3", good=(set_("basis", "évaluation"),)),
    "PLACE_UNKNOWN": OfReturn((set_("cercle", "Tamalagou"),), "PDI", "A3"),
    "PLACE_MISPLACED": OfReturn((set_("commune", "Diabaly"),), "PDI", "B3", good=(set_("commune", "Cinzana"),)),
    "PLACE_OF_OTHER_REGION": OfReturn((set_("cercle", "Gao"), set_("commune", "Gao")), "PDI", "A3"),
    "COMMUNE_MISSING": OfReturn((set_("commune", None), set_("level", "commune")), "PDI", "B3", good=(set_("commune", None),)),
    "NAME_NORMALISED": OfReturn((set_("cercle", "CERCLE DE SEGOU"),), "PDI", "A3"),
    "NAME_ALIAS": OfReturn((set_("commune", "Baguindadougou"),), "PDI", "B3"),
    "CODE_WRONG": OfReturn((set_("code", "ML0305"),), "PDI", "C3", good=(set_("code", "ML0406"),)),
    "CODE_UNKNOWN": OfReturn((set_("code", "ML9999"),), "PDI", "C3"),
    "ORIGIN_UNKNOWN": OfReturn((origin(520, region="Atlantide"),), "Provenance", "E3", good=(origin(520),)),
    "MOVEMENT_NEGATIVE": OfReturn((arrival(-100, -20),), "Mouvements", "I3", good=(arrival(-100, -20, movement="correction"),)),
    "MOVEMENT_WITHOUT_PLACE": OfReturn(
        (arrival(100, to_region=None, to_cercle=None, from_region="Mopti"),), "Mouvements", "A3", good=(arrival(100),)
    ),
    # --- several rows
    "ROW_DUPLICATE": OfReturn((add(IDP, **stock("Bla", "Bla", 10, 53)),), "PDI", "A7"),
    "PLACE_REPEATED": OfReturn(
        (add(IDP, **stock("Bla", "Bla", 3, 15)),),
        "PDI",
        "A7",
        good=(
            set_("level", "site", 3),
            set_("site", "École", 3),
            add(IDP, **stock("Bla", "Bla", 3, 15, level="site", site="Marché")),
        ),
    ),
    "CERCLE_AND_COMMUNES": OfReturn(
        (add(IDP, **stock("Ségou", "Cinzana", 4, 20, level="commune")),),
        "PDI",
        "B7",
        good=(set_("level", "commune"), add(IDP, **stock("Ségou", "Cinzana", 4, 20, level="commune"))),
    ),
    "TOTAL_MISMATCH": OfReturn(
        (line(IDP, "TOTAL", None, None, None, None, 170, 885),),
        "PDI",
        "G7",
        good=(line(IDP, "TOTAL", None, None, None, None, 170, 884),),
    ),
    "ORIGIN_SUM": OfReturn((origin(519),), "Provenance", "I3", good=(origin(500), origin(20, "Gao"))),
    # --- the month
    "RETURN_MISSING": OfMonth((), ONE_LESS_AT_BLA, (), ONE_LESS_AT_BLA, "R10", expected=("R04", "R10")),
    "PLACE_TOLD_TWICE": OfMonth((), ONE_LESS_AT_BLA, (), ONE_LESS_AT_BLA, "C025", "PDI", "G4", bad_others=(gao_with_niono(),)),
    "VERSION_LATE": OfMonth(
        (), ONE_LESS_AT_BLA, (), ONE_LESS_AT_BLA, "R04", bad_late=(LateVersion(1, "R04", "fiche_v1.xlsx", 1, 2),)
    ),
    "PLACE_CARRIED_FORWARD": OfMonth(
        (lambda fiche: fiche.drop_row(IDP, 3),),
        (set_("individuals", 519),),
        (set_("households", 0, 3), set_("individuals", 0, 3)),
        (),
        "C023",
    ),
    # --- the return and other sources
    "CIRCULATED_GAP": OfGap(
        lambda: evidence(changed(), statements=[circulated(900)]),
        lambda: evidence(changed(), statements=[circulated(884)]),
        REGION,
    ),
    "UNREGISTERED_PEOPLE": OfGap(
        lambda: evidence(changed(), statements=[stated(628, NIONO, scope="additional")]),
        lambda: evidence(changed(), statements=[stated(210, NIONO)]),
        NIONO,
    ),
    "PART_OVER_WHOLE": OfGap(
        lambda: evidence(changed(), statements=[stated(600, scope="partial")]),
        lambda: evidence(changed(), statements=[stated(287, scope="partial")]),
        SEGOU,
    ),
    "SOURCE_GAP": OfGap(
        lambda: evidence(changed(), statements=[stated(800)]), lambda: evidence(changed(), statements=[stated(540)]), SEGOU
    ),
    "REGION_SUM": OfGap(
        lambda: evidence(changed(set_("individuals", 526)), statements=[circulated(890), *circulated_by_cercle(514)]),
        lambda: evidence(changed(set_("individuals", 526)), statements=[circulated(890), *circulated_by_cercle(526)]),
        REGION,
    ),
    "DOUBLE_COUNT": OfGap(
        lambda: evidence(changed(set_("households", 100, 1), set_("individuals", 520, 1))),
        lambda: evidence(changed(set_("households", 100, 1), set_("individuals", 521, 1))),
        SEGOU,
        "PDI",
        "G3",
    ),
    "SECONDARY_MIRROR": OfGap(lambda: two_regions(arrived=20), lambda: two_regions(arrived=96), SEGOU),
    # --- the return and alerts, assessments, actors
    "FIGURE_ON_ALERT": OfGap(lambda: on_alert(days=16), lambda: on_alert(days=15), SEGOU, "PDI", "G3"),
    "EVENT_COUNTS": OfGap(
        lambda: evidence(changed(), alerts=[alert("A1"), alert("A2", 7, organisation="DRC", individuals=200)]),
        lambda: evidence(changed(), alerts=[alert("A1"), alert("A2", 7, organisation="DRC", individuals=470)]),
        NIONO,
    ),
    "EVENT_WITHOUT_TRACE": OfGap(
        lambda: evidence(changed(arrival(50, 9, to_cercle="Bla")), alerts=[alert("A1")]),
        lambda: evidence(changed(arrival(460, 90, to_cercle="Niono")), alerts=[alert("A1")]),
        NIONO,
    ),
    "RRM_COVER": OfGap(
        lambda: evidence(changed(), presence=[actor(NIONO), actor(MACINA)]),
        lambda: evidence(changed(), presence=[actor(NIONO), actor(MACINA), actor(SEGOU)]),
        SEGOU,
    ),
    # --- the return and its past
    "RETURNEES_FALL": OfGap(
        lambda: evidence(changed(), before=[changed(*ONE_LESS_AT_BLA, set_("individuals", 521, 0, RETURNEE))]),
        lambda: evidence(changed(), before=[changed(*ONE_LESS_AT_BLA, set_("individuals", 519, 0, RETURNEE))]),
        SEGOU,
        "Retournés",
        "F3",
    ),
    "RETURNS_UNMATCHED": OfGap(lambda: returned(60), lambda: returned(150), SEGOU, "Retournés", "F3"),
    "HOUSEHOLD_SIZE_SHIFT": OfGap(
        lambda: evidence(changed(set_("households", 145)), before=[changed(*ONE_LESS_AT_BLA)]),
        lambda: evidence(changed(set_("households", 110)), before=[changed(*ONE_LESS_AT_BLA)]),
        SEGOU,
        "PDI",
        "F3",
    ),
    "RETURN_CARRIED": OfGap(
        lambda: evidence(gao_alone(), before=[changed()]),
        lambda: evidence(gao_alone(), changed(*ONE_LESS_AT_BLA), before=[changed()]),
        REGION,
    ),
    "COUNT_FROZEN": OfGap(
        lambda: evidence(changed(), before=[changed()]),
        lambda: evidence(changed(), before=[changed(*ONE_LESS_AT_BLA)]),
        REGION,
        "PDI",
        "G6",
    ),
    "PLACE_FROZEN": OfGap(
        lambda: evidence(changed(), before=[changed(*ONE_LESS_AT_BLA)], past=history(SEGOU, 519, 520, 520, 520)),
        lambda: evidence(changed(), before=[changed(*ONE_LESS_AT_BLA)], past=history(SEGOU, 519, 520, 520)),
        SEGOU,
        "PDI",
        "G3",
    ),
    "STOCK_FLOW": OfGap(
        lambda: evidence(changed(arrival(100)), before=[changed(*ONE_LESS_AT_BLA)]),
        lambda: evidence(changed(arrival(50)), before=[changed(*ONE_LESS_AT_BLA)]),
        SEGOU,
        "PDI",
        "G3",
    ),
    "RISE_WITHOUT_EVENT": OfGap(
        lambda: risen(arrival(480, 90)),
        lambda: risen(arrival(480, 90), alerts=[alert("A1", place_id=SEGOU)]),
        SEGOU,
        "PDI",
        "G3",
    ),
    "HISTORY_OUTLIER": OfGap(
        lambda: fallen(250, past=history(SEGOU, 520, 521, 519, 522, 518, 521, 520)),
        lambda: fallen(250, past=history(SEGOU, 520, 300, 519, 250, 518, 260, 520)),
        SEGOU,
        "PDI",
        "G3",
    ),
    "CHANGE_LARGE": OfGap(lambda: fallen(269), lambda: fallen(270), SEGOU, "PDI", "G3"),
    "GROWTH_UNEXPLAINED": OfGap(lambda: grown(99), lambda: grown(22), REGION),
    "PRINTED_GAP": OfGap(lambda: printed(889), lambda: printed(883), REGION),
    "NEW_CONCENTRATION": OfGap(lambda: concentrated(900), lambda: concentrated(400), BANKASS, "PDI", "G10"),
    # --- decisions
    "DECISIONS_CONFLICT": OfDecisions(bad=(900, 910), good=(900, 900), place_id="R04"),
    "DECISION_LAPSED": OfDecisions(bad=(900, 900), good=(900, 900), place_id="R04", gone=True),
    # --- what sources state
    "SOURCE_UNKNOWN": OfSourceFile("Chiffres cités", STATEMENT, quoted(organisation="ONG exemple"), quoted(), "B2"),
    "ALERT_TEXT_AND_TABLE": OfSourceFile(
        "Alertes",
        ALERT,
        alerted(table_households=200, table_individuals=150),
        alerted(table_households=100, table_individuals=550),
        "Q2",
    ),
    "ALERT_SIZE": OfSourceFile("Alertes", ALERT, alerted(individuals=1000), alerted(individuals=800), "N2"),
    "STATEMENT_WITHOUT_PLACE": OfSourceFile(
        "Chiffres cités", STATEMENT, quoted(place=None), quoted(place=None, cercle="Niono"), "C2"
    ),
    "STATEMENT_WITHOUT_NUMBER": OfSourceFile(
        "Chiffres cités", STATEMENT, quoted(individuals=None), quoted(individuals=None, status="inaccessible"), "I2"
    ),
    "STATEMENT_OF_SEVERAL_PLACES": OfSourceFile(
        "Chiffres cités",
        STATEMENT,
        quoted(place="cercle de Niono / cercle de Bla"),
        quoted(place="cercle de Niono / cercle de Bla", individuals=None, status="inaccessible"),
        "C2",
    ),
    "PLACE_UNCLEAR": OfSourceFile("Chiffres cités", STATEMENT, quoted(place="Niono"), quoted(place="commune de Niono"), "C2"),
    "PRESENCE_REVERSED": OfSourceFile("3W", PRESENCE, present(ended_on=date(2019, 5, 31)), present(), "G2"),
}
