"""The live checks of the fiche modèle: what the check column of a row says, worked out by Excel while the author types.

Each `Check` foretells a rule of `rules.toml`, with its thresholds. The first that holds gives the row its word, so their order is
that of the work: fill in, then correct, then explain. A remark explains a figure that is only unusual.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from pipelines.io.template.grid import CHECK, Grid
from pipelines.io.template.lists import GLUE, Lists
from pipelines.io.template.model import STOCK_TABLES, FicheModel, say
from schemas import fields
from schemas.codes import Basis, Code, Movement, RowLevel, Unit
from schemas.fields import Field, Kind


@dataclass(frozen=True, slots=True)
class Check:
    """`when` is the Excel condition of a row that fails, `word` what its check column then says, `at` the cells to colour, and
    `rule` the code of the rule that it foretells."""

    word: str
    when: str
    at: tuple[str, ...]
    rule: str


@dataclass(frozen=True, slots=True)
class Place:
    """The columns that name a place: the whole of a refuge, or one end of a move. `region` is empty for the region's own."""

    region: str
    cercle: str
    commune: str


REFUGE = Place("", "cercle", "commune")
ELSEWHERE = (
    Place("origin_region", "origin_cercle", ""), Place("from_region", "from_cercle", "from_commune"),
    Place("to_region", "to_cercle", "to_commune"),
)  # fmt: skip


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def region_cell(grid: Grid, place: Place, model: FicheModel) -> str:
    """The region of a place elsewhere; a move whose region is left empty stays within the region of the fiche."""
    cell = grid.cell(place.region)
    return cell if grid.table[place.region].required else f'IF({cell}="",{quoted(model.region)},{cell})'


def places_elsewhere(grid: Grid) -> list[Place]:
    return [place for place in ELSEWHERE if place.region in grid.at]


def row_formula(grid: Grid, checks: list[Check]) -> str:
    """The formula of the check column: empty for an untouched row, the word of the first check that fails, else that of a right
    row."""
    typed = grid.cells([name for name in grid.columns if name in grid.table.by_name])
    nested = quoted(say("check_ok"))
    for check in reversed(checks):
        nested = f"IF({check.when},{quoted(check.word)},{nested})"
    return f'=IF(COUNTA({typed})=0,"",{nested})'


def checks_of(grid: Grid, lists: Lists, model: FicheModel, grids: Mapping[str, Grid]) -> list[Check]:
    """The checks of one sheet, in their order."""
    return [
        *_to_fill(grid),
        *_numbers(grid),
        *_choices(grid, lists),
        *_dates(grid, model.period.last_day),
        *_places(grid, lists, model),
        *_households(grid, model),
        *_sums(grid),
        *_origins(grid, grids[fields.IDP.name]),
        *_alerts(grid),
        *_repeats(grid),
        *_returnees(grid),
        *_unusual(grid, model),
    ]


# --- to fill in -----------------------------------------------------------------------------------------------------------


def _to_fill(grid: Grid) -> Iterator[Check]:
    counts = tuple(item.name for item in grid.fields if item.is_count and item.required)
    if counts:
        yield Check(say("check_fill"), f"COUNTA({grid.cells(counts)})=0", counts, "COUNT_REQUIRED")
    for item in grid.fields:
        if item.required:
            rule = "COUNT_REQUIRED" if item.is_count else "FIELD_REQUIRED"
            yield Check(say("check_fill_field", column=item.label.fr), f'{grid.cell(item.name)}=""', (item.name,), rule)
    if {"level", "commune"} <= set(grid.at):
        empty = f'AND({grid.cell("level")}<>{_word(RowLevel.CERCLE)},{grid.cell("commune")}="")'
        label = grid.table["commune"].label.fr
        yield Check(say("check_fill_field", column=label), empty, ("commune",), "COMMUNE_MISSING")
    if grid.table is fields.MOVEMENT:
        yield _movement_place(grid)


def _movement_place(grid: Grid) -> Check:
    ends = {name: f"COUNTA({grid.cells([f'{name}_region', f'{name}_cercle', f'{name}_commune'])})" for name in ("from", "to")}
    kind = grid.cell("movement")
    leaves, enters = (
        f"OR({','.join(f'{kind}={_word(move)}' for move in moves)})"
        for moves in ((Movement.DEPARTURE, Movement.RETURN), (Movement.ARRIVAL, Movement.CORRECTION))
    )
    when = f"IF({leaves},{ends['from']},IF({enters},{ends['to']},{ends['from']}+{ends['to']}))=0"
    return Check(say("check_fill_move"), when, ("movement",), "MOVEMENT_WITHOUT_PLACE")


# --- cells ----------------------------------------------------------------------------------------------------------------


def _numbers(grid: Grid) -> Iterator[Check]:
    """Texts first: the sums of the second check would fail on them. The sheet colours the one cell that is wrong, see
    `not_a_count`."""
    counts = [item for item in grid.fields if item.is_count]
    names = [item.name for item in counts]
    word, rule = say("check_number"), "COUNT_NOT_NUMBER"
    ranges = grid.cells(names).split(",")
    yield Check(word, f"COUNTA({grid.cells(names)})<>COUNT({grid.cells(names)})", (), rule)
    yield Check(word, "+".join(f"SUMPRODUCT(ABS({one}-INT({one})))" for one in ranges) + ">0", (), rule)
    unsigned = [item.name for item in counts if item.kind is Kind.INTEGER]
    if unsigned:
        yield Check(say("check_negative"), f"MIN({grid.cells(unsigned)})<0", (), "COUNT_NEGATIVE")
    else:
        when = f"AND({grid.cell('movement')}<>{_word(Movement.CORRECTION)},MIN({grid.cells(names)})<0)"
        yield Check(say("check_negative_move"), when, ("households", "individuals"), "MOVEMENT_NEGATIVE")


def not_a_count(grid: Grid, item: Field) -> str:
    """The condition of a count that is no whole number, or is negative where it may not be."""
    cell = grid.cell(item.name)
    negative = f"{cell}<0" if item.kind is Kind.INTEGER else "FALSE"
    return f'AND({cell}<>"",IF(ISNUMBER({cell}),OR({negative},{cell}<>INT({cell})),TRUE))'


def _choices(grid: Grid, lists: Lists) -> Iterator[Check]:
    for item in grid.fields:
        if item.choices is not None:
            yield _listed(item, f"COUNTIF({lists.words[item.choices.__name__]},{grid.cell(item.name)})=0", grid, "CHOICE_UNKNOWN")


def _listed(item: Field, missing: str, grid: Grid, rule: str) -> Check:
    when = f'AND({grid.cell(item.name)}<>"",{missing})'
    return Check(say("check_not_listed", column=item.label.fr), when, (item.name,), rule)


def _dates(grid: Grid, last_day: date) -> Iterator[Check]:
    for item in grid.fields:
        if item.kind is Kind.DATE:
            cell = grid.cell(item.name)
            yield Check(say("check_date"), f'AND({cell}<>"",NOT(ISNUMBER({cell})))', (item.name,), "DATE_INVALID")
            when = f"{cell}>=DATE({last_day.year},{last_day.month},{last_day.day})+1"
            yield Check(say("check_date_late"), when, (item.name,), "DATE_FUTURE")


def _places(grid: Grid, lists: Lists, model: FicheModel) -> Iterator[Check]:
    if REFUGE.cercle in grid.at:
        cercle, commune = grid.cell(REFUGE.cercle), grid.cell(REFUGE.commune)
        yield _listed(grid.table[REFUGE.cercle], f"COUNTIF({lists.cercles},{cercle})=0", grid, "PLACE_UNKNOWN")
        stray = f'AND({commune}<>"",COUNTIFS({lists.own_cercle},{cercle},{lists.own_commune},{commune})=0)'
        yield Check(say("check_stray_commune"), stray, (REFUGE.commune,), "PLACE_MISPLACED")
    for place in places_elsewhere(grid):
        rule = "ORIGIN_UNKNOWN" if place.region == "origin_region" else "PLACE_UNKNOWN"
        region, cercle = region_cell(grid, place, model), grid.cell(place.cercle)
        yield _listed(grid.table[place.region], f"COUNTIF({lists.regions},{grid.cell(place.region)})=0", grid, rule)
        missing = f"COUNTIFS({lists.region_of},{region},{lists.cercle_in},{cercle})=0"
        yield _listed(grid.table[place.cercle], missing, grid, rule)
        if place.commune:
            key = f"{region}&{quoted(GLUE)}&{cercle}"
            missing = f"COUNTIFS({lists.cercle_of},{key},{lists.commune_in},{grid.cell(place.commune)})=0"
            yield _listed(grid.table[place.commune], missing, grid, rule)


# --- numbers against each other -------------------------------------------------------------------------------------------


def _households(grid: Grid, model: FicheModel) -> Iterator[Check]:
    if not {"households", "individuals"} <= set(grid.at):
        return
    households, individuals = grid.cell("households"), grid.cell("individuals")
    both = ("households", "individuals")
    counted = f"{grid.cell('movement')}<>{_word(Movement.CORRECTION)}" if "movement" in grid.at else "TRUE"
    yield Check(
        say("check_without_household"), f"AND({counted},{households}=0,{individuals}>0)", both, "INDIVIDUALS_WITHOUT_HOUSEHOLD"
    )
    yield Check(say("check_swapped"), f"AND({counted},{households}>{individuals})", both, "HOUSEHOLDS_OVER_INDIVIDUALS")
    if grid.table.name in STOCK_TABLES:
        high = _number(model.thresholds("SIZE_EXTREME")["high"])
        yield Check(say("check_size_extreme"), f"{individuals}>{high}*{households}", both, "SIZE_EXTREME")


def _sums(grid: Grid) -> Iterator[Check]:
    """Parts against their whole: equal when all are given, not above it when some are."""
    if grid.table is not fields.IDP:
        return
    households, individuals = grid.cell("households"), grid.cell("individuals")
    shelter = [item.name for item in fields.SHELTER_FIELDS]
    in_households = f"{grid.cell('shelter_unit')}={_word(Unit.HOUSEHOLD)}"
    sex_age = [item.name for item in fields.SEX_AGE_FIELDS]
    yield _sum(grid, "check_sum_sex_age", sex_age, individuals, "SEX_AGE_SUM", "individuals")
    yield _sum(grid, "check_sum_shelter_households", shelter, households, "SHELTER_SUM", "shelter_unit", in_households)
    not_in_households = f"NOT({in_households})"
    yield _sum(grid, "check_sum_shelter", shelter, individuals, "SHELTER_SUM", "shelter_unit", not_in_households)
    yield _sum(grid, "check_sum_displacement", ["primary", "secondary"], individuals, "DISPLACEMENT_SUM", "individuals")
    duration = ["under_12_months", "over_12_months"]
    yield _sum(grid, "check_sum_duration", duration, individuals, "DURATION_SUM", "individuals")


def _sum(grid: Grid, key: str, parts: list[str], whole: str, rule: str, beside: str, condition: str = "TRUE") -> Check:
    cells = grid.cells(parts)
    wrong = f"OR(AND(COUNT({cells})={len(parts)},SUM({cells})<>{whole}),SUM({cells})>{whole})"
    return Check(say(key), f"AND({condition},{wrong})", (*parts, beside), rule)


def _origins(grid: Grid, idp: Grid) -> Iterator[Check]:
    """All origins of a place against its stock on the sheet PDI, where that has the place."""
    if grid.table is not fields.ORIGIN:
        return
    cercle, commune, level = (grid.cell(name) for name in ("cercle", "commune", "level"))
    whole = _word(RowLevel.CERCLE)

    def at_place(sheet: Grid, *, in_cercle: bool) -> str:
        column = {name: sheet.column(name, outside=sheet is idp) for name in ("cercle", "commune", "level")}
        if in_cercle:
            return f"{column['cercle']},{cercle},{column['level']},{whole}"
        return f"{column['cercle']},{cercle},{column['commune']},{commune},{column['level']},{quoted('<>' + RowLevel.CERCLE.fr)}"

    def differs(*, in_cercle: bool) -> str:
        told, stock = at_place(grid, in_cercle=in_cercle), at_place(idp, in_cercle=in_cercle)
        sums = f"SUMIFS({grid.column('individuals')},{told})<>SUMIFS({idp.column('individuals', outside=True)},{stock})"
        return f"AND(COUNTIFS({stock})>0,{sums})"

    when = f"IF({level}={whole},{differs(in_cercle=True)},{differs(in_cercle=False)})"
    yield Check(say("check_sum_origin"), when, ("individuals",), "ORIGIN_SUM")


def _alerts(grid: Grid) -> Iterator[Check]:
    if grid.table is fields.IDP:
        yield Check(say("check_alert"), f"{grid.cell('basis')}={_word(Basis.ALERT)}", ("basis",), "ALERT_WITHOUT_ASSESSMENT")


# --- rows against each other, and against last month ----------------------------------------------------------------------


def _repeats(grid: Grid) -> Iterator[Check]:
    """A place twice, beside its whole cercle, or a site in a commune that has a row of its own."""
    if grid.table.name not in STOCK_TABLES:
        return
    cercle, commune, level = (grid.cell(name) for name in ("cercle", "commune", "level"))
    cercles, communes, levels = (grid.column(name) for name in ("cercle", "commune", "level"))
    whole = _word(RowLevel.CERCLE)
    same = [f"({cercles}={cercle})", f"({levels}={level})", f"((({communes}={commune})+({level}={whole}))>0)"]
    same += [f"({grid.column(name)}={grid.cell(name)})" for name in ("site", "asylum_country") if name in grid.at]
    at = ("cercle", "commune", "level")
    yield Check(say("check_repeated"), f"SUMPRODUCT({'*'.join(same)})>1", at, "PLACE_REPEATED")
    covered = f"AND({level}<>{whole},COUNTIFS({cercles},{cercle},{levels},{whole})>0)"
    yield Check(say("check_whole_cercle"), covered, at, "CERCLE_AND_COMMUNES")
    in_commune = f"COUNTIFS({cercles},{cercle},{communes},{commune},{levels},{_word(RowLevel.COMMUNE)})>0"
    yield Check(say("check_whole_commune"), f"AND({level}={_word(RowLevel.SITE)},{in_commune})", at, "PLACE_REPEATED")


def _returnees(grid: Grid) -> Iterator[Check]:
    if grid.table is fields.RETURNEE and grid.with_previous:
        now, before = grid.cell("individuals"), grid.cell("previous_individuals")
        when = f"AND(ISNUMBER({before}),{now}<N({before}))"
        yield Check(say("check_returnees_fall"), when, ("individuals", "previous_individuals"), "RETURNEES_FALL")


def _unusual(grid: Grid, model: FicheModel) -> Iterator[Check]:
    """What may be right and wants a word: a remark on the row is that word."""
    if grid.table is not fields.IDP:
        return
    households, individuals, unsaid = grid.cell("households"), grid.cell("individuals"), f'{grid.cell("remarks")}=""'
    size = {name: _number(value) for name, value in model.thresholds("SIZE_UNUSUAL").items()}
    outside = f"OR({individuals}<{size['low']}*{households},{individuals}>{size['high']}*{households})"
    yield Check(say("check_explain_size"), f"AND({unsaid},{outside})", ("households", "individuals"), "SIZE_UNUSUAL")
    if grid.with_previous:
        before, change = grid.cell("previous_individuals"), model.thresholds("CHANGE_LARGE")
        gap = f"ABS({individuals}-N({before}))"
        large = f"N({before})>0,{gap}>{_number(change['share'])}*N({before}),{gap}>{_number(change['persons'])}"
        at = ("individuals", "previous_individuals")
        yield Check(say("check_explain_change"), f"AND({unsaid},{large})", at, "CHANGE_LARGE")


def _word(code: Code) -> str:
    """A code as its French word in a formula."""
    return quoted(code.fr)


def _number(value: float) -> str:
    return format(value, ".15g")


def check_kinds(grid: Grid) -> list[tuple[str, str]]:
    """(condition on a row, kind) of what the check column says: right, to fill in, to explain; `wrong` is everything else."""
    cell = grid.cell(CHECK)
    starts = [(f"LEFT({cell},{len(word)})={quoted(word)}", kind) for word, kind in
              ((say("check_fill"), "fill"), (say("check_explain"), "explain"))]  # fmt: skip
    return [(f"{cell}={quoted(say('check_ok'))}", "right"), *starts, (f"LEN({cell})>0", "wrong")]
