"""Names of places and the people who decide on them: any list of names matched, the names that nobody could place, and the
spellings that people confirm.

What may be confirmed is judged by `Gazetteer.objection` and against the spellings confirmed before; the store keeps each with
who decided it. `review_sheet.py` is the Excel form of the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pipelines.io import reference, workbooks
from pipelines.io.store import Store
from pipelines.model import Period
from pipelines.places import DEFAULT_VINTAGE, LEVELS, Alias, Gazetteer, Match, Objection, Suggestion, normalise
from pipelines.settings import Limits
from schemas import fields
from schemas.codes import Level
from schemas.texts import LANGUAGES, day, message

LIST_COLUMNS = ("name", "level", "parent")
LEVELS_NAMED = tuple(level for level in LEVELS if level != "country")
OF_2023 = "_2023"
"""Ends the name of a level that is meant as the list after the laws of 2023 has it: `cercle_2023`."""
VINTAGE_OF_2023 = "cod-2025"
UNPLACED_RULES = frozenset({"PLACE_UNKNOWN", "ORIGIN_UNKNOWN", "REGION_UNKNOWN"})
"""The findings that leave a name to a person. A commune under the wrong cercle is not one of them: its name is known, and only
the region knows which of the two is wrong."""


class ListError(Exception):
    """A list of names that cannot be used. The text, in the language of the run, says why and at which line."""


# --- any list of names --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """One line of a list: a name, what it should be, and what it is under. `vintage` is the list whose code is printed."""

    name: str
    level: str
    parent: str
    level_written: str
    vintage: str


def read_list(
    path: Path, vintage: str = DEFAULT_VINTAGE, lang: str = "fr", limits: Limits = workbooks.DEFAULT_LIMITS
) -> list[Asked]:
    """The names of a CSV or a workbook (its first sheet) with the columns `name`, `level` and `parent`; lines without anything
    in them are passed over, other columns too. Raises ListError, and OSError when the file cannot be read from disk."""
    if vintage not in reference.gazetteer().vintages:
        raise ListError(message("places_vintage", lang, vintage=vintage, known=list(reference.gazetteer().vintages)))
    opened = workbooks.open_file(path, limits)
    if opened.problem or not opened.sheets:
        raise ListError(message("places_unreadable", lang, file=path.name))
    header, *lines = opened.sheets[0].rows or ((),)
    at = {str(title).strip().casefold(): column for column, title in enumerate(header) if title is not None}
    missing = [column for column in LIST_COLUMNS if column not in at]
    if missing:
        raise ListError(message("places_columns", lang, file=path.name, wanted=list(LIST_COLUMNS), columns=missing))
    asked = []
    for number, line in enumerate(lines, start=2):
        cells = {column: _text(line[at[column]]) if at[column] < len(line) else "" for column in LIST_COLUMNS}
        if any(cells.values()):
            asked.append(_asked(cells, number, vintage, lang))
    return asked


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _asked(cells: Mapping[str, str], line: int, vintage: str, lang: str) -> Asked:
    written = cells["level"]
    of_2023 = written.casefold().endswith(OF_2023)
    level = level_meant(written[: -len(OF_2023)] if of_2023 else written)
    if level is None:
        raise ListError(message("places_level", lang, line=str(line), written=written, known=list(LEVELS_NAMED)))
    return Asked(cells["name"], level, cells["parent"], written, VINTAGE_OF_2023 if of_2023 else vintage)


def level_meant(written: str) -> str | None:
    """The level that a word means: its code, or its label in French or English."""
    wanted = written.strip().casefold()
    return next((level for level in LEVELS_NAMED if wanted in {level, *(Level(level).label(lang) for lang in LANGUAGES)}), None)


def matched(asked: Iterable[Asked], gazetteer: Gazetteer) -> list[tuple[Asked, Match, str | None]]:
    """Each line with the place found and its code in the list asked for. The code is None when a person is needed: no place was
    found, or that list gives the place no code."""
    found = []
    for item in asked:
        match = gazetteer.match_under(item.name, item.level, item.parent, item.vintage)
        code = gazetteer.pcode(match.place_id, item.vintage) if match.place_id else None
        found.append((item, match, code))
    return found


def matches_json(found: Iterable[tuple[Asked, Match, str | None]], gazetteer: Gazetteer) -> list[dict[str, Any]]:
    """The machine form of `places match`. A place without a code in the list is given as the one suggestion."""
    return [
        {
            "name": item.name, "level": item.level_written, "parent": item.parent, "pcode": code, "method": str(match.method),
            "suggestions": suggestions_json(_suggestions(match, code, gazetteer), gazetteer, item.vintage),
        }
        for item, match, code in found
    ]  # fmt: skip


def _suggestions(match: Match, code: str | None, gazetteer: Gazetteer) -> tuple[Suggestion, ...]:
    if match.place_id is None or code is not None:
        return match.suggestions
    return (Suggestion(match.place_id, gazetteer.place(match.place_id).name, match.score),)


def suggestions_json(suggestions: Iterable[Suggestion], gazetteer: Gazetteer, vintage: str) -> list[dict[str, Any]]:
    return [{"pcode": gazetteer.pcode(s.place_id, vintage), "name": s.name, "score": s.score} for s in suggestions]


# --- how people are shown a place ---------------------------------------------------------------------------------------


def vintage_of(gazetteer: Gazetteer, place_id: str) -> str:
    """The list to speak of a place by: the default one, or the newest that has it."""
    lists = (DEFAULT_VINTAGE, *reversed(gazetteer.vintages))
    return next(vintage for vintage in lists if gazetteer.pcode(place_id, vintage) is not None)


def above(gazetteer: Gazetteer, place_id: str) -> str | None:
    """The place above one, None above a region."""
    return gazetteer.parent(place_id, vintage_of(gazetteer, place_id)) if gazetteer.place(place_id).level != "region" else None


def label(gazetteer: Gazetteer, place_id: str, lang: str = "fr") -> str:
    """A place as people tell it from its namesakes: `Diabaly (cercle de Niono)`. No two places of a level share a label."""
    place, over = gazetteer.place(place_id), above(gazetteer, place_id)
    if over is None or place.level not in ("cercle", "commune"):
        return place.name
    return message(f"place_label_{place.level}", lang, name=place.name, above=gazetteer.place(over).name)


# --- names that nobody could place --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Where:
    period: str
    file: str
    sheet: str | None
    cell: str | None

    def __str__(self) -> str:
        return " › ".join(part for part in (self.file, self.sheet, self.cell) if part)


@dataclass(slots=True)
class Unplaced:
    """A name that waits for a person, once for each level and place above. `persons` are those of the newest month that names
    it, None when no number says it."""

    name: str
    level: str
    parent_id: str | None
    suggestions: tuple[Suggestion, ...]
    persons: int | None = None
    where: list[Where] = field(default_factory=list)


def unplaced(store: Store, gazetteer: Gazetteer, periods: Iterable[Period]) -> tuple[list[Unplaced], int]:
    """The names of current returns and of sources that no place was found for, those of most people first; and how many names
    are recognised by now, their months not having been consolidated since."""
    waiting: dict[tuple[str, str, str | None], Unplaced] = {}
    settled: set[tuple[str, str, str | None]] = set()
    for period in sorted(periods, reverse=True):
        of_month: dict[tuple[str, str, str | None], int] = {}
        for finding in store.findings(period):
            if finding["code"] not in UNPLACED_RULES or not finding["value"]:
                continue
            params = json.loads(finding["params"])
            name, level, parent_id = str(finding["value"]), _level_of(params), params.get("looked_in")
            key = (normalise(name), level, parent_id)
            match = gazetteer.match(name, level, parent_id)
            if match.place_id is not None:
                settled.add(key)
                continue
            persons = _persons(store, period, finding, params.get("field"), parent_id)
            if persons is not None:
                of_month[key] = of_month.get(key, 0) + persons
            found = waiting.setdefault(key, Unplaced(name, level, parent_id, match.suggestions))
            found.where.append(_where(period, finding))
        for key, persons in of_month.items():
            if waiting[key].persons is None:
                waiting[key].persons = persons
    ordered = sorted(
        waiting.values(), key=lambda item: (-(item.persons or 0), LEVELS.index(item.level), item.name, item.parent_id or "")
    )
    return ordered, len(settled)


def _level_of(params: Mapping[str, Any]) -> str:
    """`from_commune` names a commune; the region of a return is named by no field."""
    return str(params.get("field", "region")).rpartition("_")[2]


def _persons(store: Store, period: Period, finding: Mapping[str, Any], named_in: str | None, parent_id: str | None) -> int | None:
    """The persons of the rows that bear the name: of a return, or of a sheet of alerts. Other sources are not kept by row."""
    at = _where(period, finding)
    if named_in is None:
        return None
    if finding["submission_id"] is None:
        return store.persons_of_alerts(period, at.file, at.sheet or "", named_in, finding["value"], parent_id)
    if named_in in ("cercle", "commune"):
        return store.persons_named(finding["submission_id"], named_in, finding["value"], _STOCKS, parent_id)
    return store.persons_named(finding["submission_id"], named_in, finding["value"], (_TABLE_OF[named_in.partition("_")[0]],))


_STOCKS = (fields.IDP.name, fields.RETURNEE.name, fields.REPATRIATED.name)
"""The sheets whose persons are counted once: those of sites and needs are in them already."""
_TABLE_OF = {"origin": fields.ORIGIN.name, "from": fields.MOVEMENT.name, "to": fields.MOVEMENT.name}


def _where(period: Period, finding: Mapping[str, Any]) -> Where:
    """A finding of a source has its file before its sheet."""
    file, _, sheet = (finding["sheet"] or "").partition(" › ") if not finding["file"] else (finding["file"], "", finding["sheet"])
    return Where(str(period), file, sheet or None, finding["cell"])


def unplaced_json(items: Iterable[Unplaced], gazetteer: Gazetteer) -> list[dict[str, Any]]:
    """The machine form of `places review`."""
    return [
        {
            "name": item.name, "level": item.level, "parent": gazetteer.place(item.parent_id).name if item.parent_id else None,
            "parent_pcode": gazetteer.pcode(item.parent_id) if item.parent_id else None, "persons": item.persons,
            "where": [{"period": at.period, "file": at.file or None, "sheet": at.sheet, "cell": at.cell} for at in item.where],
            "suggestions": suggestions_json(item.suggestions, gazetteer, DEFAULT_VINTAGE),
        }
        for item in items
    ]  # fmt: skip


# --- confirming a spelling ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What somebody decided: this name stands for this place. `place` and `parent` are as people write them; a level or a parent
    left out is that of the place."""

    name: str
    place: str
    by: str
    on: date
    level: str | None = None
    parent: str | None = None
    reason: str | None = None
    at: str | None = None  #: where it was written, a row of a sheet


@dataclass(frozen=True, slots=True)
class Outcome:
    """`status` is `recorded`, `already` or `refused`; `sentence` tells it in the language of the run."""

    status: str
    sentence: str
    at: str | None = None


class _RefusedError(Exception):
    """A confirmation that cannot be taken, as a key of `messages.toml` and what it needs."""

    def __init__(self, key: str, **params: Any) -> None:
        super().__init__(key)
        self.key, self.params = key, params


def confirm(store: Store, items: Sequence[Confirmation], *, at: datetime, lang: str = "fr") -> list[Outcome]:
    """Records each confirmation with its audit event, in its own transaction; one that is refused does not hold up the others.
    The places are written into a store that has none yet. Raises StoreError."""
    store.seed_places(*(reference.rows(table) for table in ("places", "place_codes", "place_aliases")))
    return [_confirm_one(store, item, at, lang) for item in items]


def _confirm_one(store: Store, item: Confirmation, at: datetime, lang: str) -> Outcome:
    held = store.aliases()
    gazetteer = reference.gazetteer(tuple(_alias(row) for row in store.confirmed_aliases()))
    try:
        alias = _resolve(item, gazetteer, lang)
        told = {"name": item.name, "place": label(gazetteer, alias[3], lang)}
        before = _against_held(alias, held, gazetteer, lang)
        if before is not None:
            return Outcome("already", message("alias_already", lang, **told, decided=_decided(before, lang)), item.at)
        if gazetteer.match(alias[0], alias[1], alias[2], vintage=vintage_of(gazetteer, alias[3])).place_id == alias[3]:
            return Outcome("already", message("alias_read", lang, **told), item.at)
    except _RefusedError as why:
        return Outcome("refused", message(why.key, lang, name=item.name, **why.params), item.at)
    store.confirm_alias(*alias, by=item.by, on=item.on, reason=item.reason, at=at, actor=item.by)
    return Outcome("recorded", message("alias_recorded", lang, **told, by=item.by), item.at)


def _alias(row: Mapping[str, Any]) -> Alias:
    return row["alias"], row["level"], row["parent_id"], row["place_id"]


def _resolve(item: Confirmation, gazetteer: Gazetteer, lang: str) -> Alias:
    """The spelling, its level, the place above and the place; raises _RefusedError for what the gazetteer knows to be wrong."""
    parent_id = _parent_of(item, gazetteer)
    place_id = _place_of(item, gazetteer, parent_id, lang)
    level = item.level or gazetteer.place(place_id).level
    if item.parent is None:
        parent_id = above(gazetteer, place_id)
    vintage = vintage_of(gazetteer, place_id)
    objection = gazetteer.objection(item.name, level, parent_id, place_id, vintage)
    if objection is None and item.level is None:
        # without the level of the name, it may be that of another place at any level
        bearers = {place for at in LEVELS for place in gazetteer.official(item.name, at, vintage)}
        if bearers and place_id not in bearers:
            official = [label(gazetteer, place, lang) for place in sorted(bearers)]
            raise _RefusedError(f"alias_{Objection.OFFICIAL}", place=label(gazetteer, place_id, lang), official=official)
    if objection is not None:
        more = _meaning(objection, item.name, level, gazetteer, place_id, lang)
        raise _RefusedError(f"alias_{objection}", place=label(gazetteer, place_id, lang), **more)
    return item.name.strip(), level, parent_id, place_id


def _meaning(objection: Objection, name: str, level: str, gazetteer: Gazetteer, place_id: str, lang: str) -> dict[str, Any]:
    """What the sentence of an objection says besides the name and the place."""
    if objection is Objection.LEVEL:
        return {"wanted": Level(level), "found": Level(gazetteer.place(place_id).level)}
    if objection is Objection.OFFICIAL:
        official = gazetteer.official(name, level, vintage_of(gazetteer, place_id))
        return {"official": [label(gazetteer, place, lang) for place in official]}
    return {}


def _parent_of(item: Confirmation, gazetteer: Gazetteer) -> str | None:
    if not item.parent:
        return None
    readings = gazetteer.parents(item.parent, item.level or "commune")
    if not readings:
        raise _RefusedError("alias_unknown_parent", parent=item.parent)
    return readings[0][0]


def _place_of(item: Confirmation, gazetteer: Gazetteer, parent_id: str | None, lang: str) -> str:
    wanted = item.place.strip()
    levels = LEVELS if item.level is None else (item.level,)
    labelled = tuple(p for level in levels if (p := labels(gazetteer, level, lang).get(wanted)))
    meant = gazetteer.meant(wanted, item.level, parent_id) or gazetteer.meant(wanted, item.level)
    # "Kayes" is the label of the region alone, and yet the name of a cercle and of a commune too
    found = meant if item.level is None and len(meant) > 1 else labelled or meant
    found = found or gazetteer.meant(wanted)  # a place of another level is named as such
    if not found:
        raise _RefusedError("alias_unknown_place", place=item.place)
    if len(found) > 1:
        choices = (
            f"{label(gazetteer, p, lang)}, {Level(gazetteer.place(p).level).label(lang)}, {gazetteer.pcode(p) or p}"
            for p in found
        )
        raise _RefusedError("alias_which_place", place=item.place, choices=" ; ".join(choices))
    return found[0]


def labels(gazetteer: Gazetteer, level: str, lang: str = "fr") -> dict[str, str]:
    """The places of a level in any list: label -> id."""
    places = {place.place_id for vintage in gazetteer.vintages for place in gazetteer.places(level, vintage)}
    return {label(gazetteer, place_id, lang): place_id for place_id in sorted(places)}


def _against_held(alias: Alias, held: Iterable[Mapping[str, Any]], gazetteer: Gazetteer, lang: str) -> Mapping[str, Any] | None:
    """The same confirmation when it was taken before; raises _RefusedError when one stands for another place."""
    spelling, level, parent_id, place_id = alias
    for row in held:
        if row["level"] != level or normalise(row["alias"]) != normalise(spelling):
            continue
        if row["place_id"] == place_id:
            if row["parent_id"] == parent_id:
                return row
            continue
        # two cercles may each have their own place of a name; under one parent it must mean one place
        meet = row["parent_id"] == parent_id or gazetteer.contains(row["place_id"], level, parent_id)
        if meet or gazetteer.contains(place_id, level, row["parent_id"]):
            raise _RefusedError("alias_contradicts", place=label(gazetteer, row["place_id"], lang), decided=_decided(row, lang))
    return None


def _decided(row: Mapping[str, Any], lang: str) -> str:
    """Who confirmed a spelling, and when if that is known."""
    on = [day(row["confirmed_on"], lang)] if row["confirmed_on"] else []
    return ", ".join([row["confirmed_by"] or "—", *on])
