"""Names to places: where the people of each row are, where they come from, and what was made of every name. Pure.

The ladder itself is in `places.py`; here it is applied to rows. A name that cannot be placed leaves the people one level up
(commune to cercle, cercle to region), never out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from pipelines.place_words import Named, PlaceWords, is_country, parse
from pipelines.places import CodeStatus, Gazetteer, Match, MatchMethod, Suggestion
from schemas.codes import Level, RowLevel
from schemas.frames import pd

PLACE_COLUMNS = (
    "place_id", "placed_level", "place_method", "place_score", "code_status", "origin_place_id", "from_place_id", "to_place_id",
)  # fmt: skip
NAME_COLUMNS = (
    "table", "sheet", "row", "field", "name", "method", "problem", "place_id", "place", "found_in", "region_found", "cercle",
    "kept_at", "looked_in", "suggestion", "code", "code_field", "code_status", "code_place",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class NameRead:
    """What was made of one name: `problem` is None, `unknown`, `misplaced` or `other_region`; places are given by name, and
    `looked_in` is the id of the place under which an unknown name was looked for."""

    field: str
    name: str
    method: str
    problem: str | None = None
    place_id: str | None = None
    place: str | None = None
    found_in: str | None = None
    region_found: str | None = None
    cercle: str | None = None
    kept_at: str | None = None
    looked_in: str | None = None
    suggestion: tuple[str, ...] = ()
    code: str | None = None
    code_field: str = "code"
    code_status: str = str(CodeStatus.ABSENT)
    code_place: str | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """Where the people of a row are counted; `place_id` None only when nothing was written."""

    place_id: str | None
    level: str | None
    match: Match | None
    names: tuple[NameRead, ...] = ()


def _named(gazetteer: Gazetteer, place_id: str | None) -> str | None:
    return gazetteer.place(place_id).name if place_id else None


def _name_read(gazetteer: Gazetteer, field: str, name: str, match: Match, **more: Any) -> NameRead:
    coded = match.code_place_id if match.code_status is not CodeStatus.ABSENT else None
    code_place = _named(gazetteer, coded)
    if coded is not None and match.place_id is not None and code_place == gazetteer.place(match.place_id).name:
        code_place = f"{code_place} ({gazetteer.place(coded).level})"  # a cercle and its chief town share their name
    return NameRead(
        field=field, name=name, method=str(match.method), place_id=match.place_id, place=_named(gazetteer, match.place_id),
        suggestion=tuple(item.name for item in match.suggestions), code_status=str(match.code_status),
        code_place=code_place, **more,
    )  # fmt: skip


class Locator:
    """Places the rows of one region's return. Memoises by the names of a row."""

    def __init__(self, gazetteer: Gazetteer, region_id: str) -> None:
        self.gazetteer = gazetteer
        self.region_id = region_id
        self.refuge = cache(self._refuge)
        self.elsewhere = cache(self._elsewhere)

    def _name(self, place_id: str | None) -> str | None:
        return _named(self.gazetteer, place_id)

    def _read(self, field: str, name: str, match: Match, **more: Any) -> NameRead:
        return _name_read(self.gazetteer, field, name, match, **more)

    def _refuge(self, cercle: str | None, commune: str | None, code: str | None, level: str | None) -> Placed:
        """A place of refuge by the names of its row. The code speaks of the level that the row covers."""
        in_commune = level in (RowLevel.COMMUNE, RowLevel.SITE)
        at_cercle = self._cercle(cercle, code if level == RowLevel.CERCLE else None)
        if commune is None:
            return at_cercle
        if at_cercle.place_id == self.region_id and cercle is not None:
            return at_cercle  # an unknown cercle is one defect: its commune is not judged as well
        parent = self.region_id if cercle is None else at_cercle.place_id
        at_commune = self._commune(commune, parent, code if in_commune else None)
        names = at_cercle.names + at_commune.names
        if in_commune and at_commune.place_id is not None:
            return Placed(at_commune.place_id, "commune", at_commune.match, names)
        return Placed(at_cercle.place_id, at_cercle.level, at_cercle.match, names)

    def _cercle(self, name: str | None, code: str | None) -> Placed:
        if name is None:
            return Placed(self.region_id, "region", None)
        match = self.gazetteer.match(name, "cercle", self.region_id, code)
        if match.place_id is not None:
            return Placed(match.place_id, "cercle", match, (self._read("cercle", name, match, code=code),))
        elsewhere = self.gazetteer.match(name, "cercle", None, code)
        if elsewhere.place_id is not None:
            region = self._name(self.gazetteer.region_of(elsewhere.place_id))
            here = self._name(self.region_id)
            read = self._read("cercle", name, elsewhere, problem="other_region", region_found=region, kept_at=here, code=code)
            return Placed(elsewhere.place_id, "cercle", elsewhere, (read,))
        at_home = self._name(self.region_id)
        read = self._read("cercle", name, match, problem="unknown", kept_at=at_home, looked_in=self.region_id, code=code)
        return Placed(self.region_id, "region", match, (read,))

    def _commune(self, name: str, parent: str | None, code: str | None) -> Placed:
        match = self.gazetteer.match(name, "commune", parent, code)
        if match.place_id is not None:
            return Placed(match.place_id, "commune", match, (self._read("commune", name, match, code=code),))
        kept_at = self._name(parent)
        elsewhere = self.gazetteer.match(name, "commune", self.region_id, None)
        if elsewhere.place_id is None:
            elsewhere = self.gazetteer.match(name, "commune", None, None)
        if elsewhere.place_id is not None:
            found_in = self._name(self.gazetteer.parent(elsewhere.place_id))
            read = self._read("commune", name, elsewhere, problem="misplaced", found_in=found_in, cercle=kept_at, kept_at=kept_at)
        else:
            read = self._read("commune", name, match, problem="unknown", kept_at=kept_at, looked_in=parent, code=code)
        return Placed(None, None, match, (read,))

    def _elsewhere(self, prefix: str, region: str | None, cercle: str | None, commune: str | None) -> Placed:
        """A place anywhere in the country: an origin, or one end of a movement."""
        place_id: str | None = None
        names: list[NameRead] = []
        for level, name in (("region", region), ("cercle", cercle), ("commune", commune)):
            if name is None:
                continue
            parent = place_id or (self.region_id if region is None and prefix != "origin" else None)
            match = self.gazetteer.match(name, level, parent, None)
            problem = None if match.place_id else "unknown"
            kept_at = self._name(place_id or self.region_id) if problem else None
            looked_in = parent if problem else None
            names.append(self._read(f"{prefix}_{level}", name, match, problem=problem, kept_at=kept_at, looked_in=looked_in))
            if problem:
                break
            place_id = match.place_id
        level_found = self.gazetteer.place(place_id).level if place_id else None
        return Placed(place_id, level_found, None, tuple(names))


def locate(rows: pd.DataFrame, gazetteer: Gazetteer, region_id: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Adds PLACE_COLUMNS to the rows of one return (wide, any tables), and gives the names read: a frame of NAME_COLUMNS, one
    line per name of each row."""
    locator = Locator(gazetteer, region_id)
    placed = [_place_row(row, locator) for row in _records(rows)]
    columns = pd.DataFrame([found for found, _ in placed], columns=list(PLACE_COLUMNS), index=rows.index, dtype=object)
    names = [
        {"table": row["table"], "sheet": row["sheet"], "row": row["row"], **{s: getattr(read, s) for s in NameRead.__slots__}}
        for row, (_, reads) in zip(_records(rows), placed, strict=True)
        for read in reads
    ]
    return pd.concat([rows, columns], axis=1), pd.DataFrame(names, columns=list(NAME_COLUMNS), dtype=object)


def locate_source(rows: pd.DataFrame, gazetteer: Gazetteer) -> tuple[pd.DataFrame, pd.DataFrame]:
    """SOURCE_PLACES of each row of a source, and the names read: a frame of NAME_COLUMNS, one line per name of each row.

    Region, then cercle, then commune, as far as they are recognised, each with the code beside it (`cercle_code`, …); a source
    speaks of the whole country, so a cercle is also found outside the region written beside it. Where a row has its place in
    words (`place`), they are looked for inside what its columns say, and a name that several places bear inside the cercles that
    the other rows name; words for several places give them all in `place_ids`."""
    source = SourceLocator(gazetteer)
    levels = [name for level in _LEVELS for name in (level, f"{level}_code")]
    wanted = rows.reindex(columns=["table", "sheet", "row", "place", *levels]).astype(object).to_dict("records")
    in_columns = [source.place(*(_written(row[name]) for name in levels)) for row in wanted]
    words = [parse(text) if (text := _written(row["place"])) else None for row in wanted]
    cercles = source.cercles(in_columns, words)
    located = [
        (*source.in_words(said, found, cercles), found) if said else ((found.place_id,) if found.place_id else (), (), found)
        for said, found in zip(words, in_columns, strict=True)
    ]
    names = [
        {"table": row["table"], "sheet": row["sheet"], "row": row["row"], **{s: getattr(read, s) for s in NameRead.__slots__}}
        for row, (_, reads, found) in zip(wanted, located, strict=True)
        for read in (*found.names, *reads)
    ]
    places = [ids for ids, _, _ in located]
    alone = [ids[0] if len(ids) == 1 else None for ids in places]
    at = [gazetteer.place(place_id).level if place_id else None for place_id in alone]
    cercle = [gazetteer.cercle_of(place_id) if place_id else None for place_id in alone]
    coarser = [
        any(read.problem for read in reads) if said else _is_coarser(row, found)
        for row, said, (_, reads, found) in zip(wanted, words, located, strict=True)
    ]
    where = pd.DataFrame(
        dict(zip(SOURCE_PLACES, (alone, at, places, cercle, coarser), strict=True)), index=rows.index, dtype=object
    )
    return where, pd.DataFrame(names, columns=list(NAME_COLUMNS), dtype=object)


SOURCE_PLACES = ("place_id", "placed_level", "place_ids", "cercle_id", "coarser")
"""Where a row of a source is; `place_ids` are all its places, `place_id` the only one, `cercle_id` the cercle of that, `coarser` whether
the row names a finer place, which was not understood."""
_LEVELS = ("region", "cercle", "commune")


def _is_coarser(row: Mapping[Any, Any], found: Placed) -> bool:
    finest = next((level for level in reversed(_LEVELS) if _written(row[level])), None)
    return finest is not None and found.level not in (finest, Level.COUNTRY)


def _written(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


class SourceLocator:
    """Places the rows of a source. Memoises by the names and codes of a row."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self.gazetteer = gazetteer
        self.country = gazetteer.places("country")[0].place_id
        self.place = cache(self._place)

    def _place(self, *written: str | None) -> Placed:
        place_id: str | None = None
        names: list[NameRead] = []
        for level, name, code in zip(_LEVELS, written[::2], written[1::2], strict=True):
            if name is None:
                continue
            if level == "region" and is_country(name):
                place_id = self.country
                continue
            match = self.gazetteer.match(name, level, place_id, code)
            if match.place_id is not None:
                names.append(self._read(level, name, code, match, None, place_id))
                place_id = match.place_id
                continue
            anywhere = self.gazetteer.match(name, level, None, code) if place_id is not None else match
            problem = self._problem(level, anywhere, place_id)
            names.append(self._read(level, name, code, match if problem == "unknown" else anywhere, problem, place_id))
            if level != "cercle" or anywhere.place_id is None:
                break
            place_id = anywhere.place_id
        return Placed(place_id, self.gazetteer.place(place_id).level if place_id else None, None, tuple(names))

    def cercles(self, in_columns: Iterable[Placed], words: Iterable[PlaceWords | None]) -> tuple[str, ...]:
        """The cercles that a file names, in columns or in words."""
        found = {self.gazetteer.cercle_of(placed.place_id) for placed in in_columns if placed.place_id}
        told = {named.name for said in words if said for named in said.places if named.level == "cercle"}
        found |= {self.gazetteer.match(name, "cercle").place_id for name in told}
        return tuple(sorted(place_id for place_id in found if place_id))

    def in_words(self, said: PlaceWords, above: Placed, cercles: Sequence[str]) -> tuple[tuple[str, ...], tuple[NameRead, ...]]:
        """The places that words mean, under what the columns of the row say; those of the columns where a word is not understood."""
        matches = [(named, self._named(named, above.place_id, cercles)) for named in said.places]
        reads = tuple(self._read_words(named, match) for named, match in matches)
        known = tuple(dict.fromkeys(match.place_id for _, match in matches if match.place_id))
        if known and len(reads) == sum(match.place_id is not None for _, match in matches):
            return known, reads
        return ((above.place_id,) if above.place_id else ()), reads

    def _named(self, named: Named, above: str | None, cercles: Sequence[str]) -> Match:
        """The only place that a name can mean: at the level it says, or at one level alone; inside what the row says, else in the
        whole country, else in the cercles that the file names."""
        levels = (named.level,) if named.level else ("region", "cercle", "commune")
        if named.level == "country":
            return replace(_NOT_FOUND, place_id=self.country, method=MatchMethod.EXACT, score=1.0)
        if named.level not in (None, *_LEVELS):
            return _NOT_FOUND
        looked_in: tuple[str | None, ...] = (above,) if above else (None, *cercles)
        found = [self.gazetteer.match(named.name, level, parent) for level in levels for parent in looked_in[:1]]
        bare = named.level is None
        known = self._known(found, bare)
        if above and not known:  # the columns and the words may say the same place
            known = self._known((self.gazetteer.match(named.name, level, None) for level in levels), bare) & {above}
        if not known:
            known = self._known(
                (self.gazetteer.match(named.name, level, parent) for level in levels for parent in looked_in[1:]), bare
            )
        if len(known) == 1:
            (only,) = known
            return next(
                (match for match in found if match.place_id == only), replace(_NOT_FOUND, place_id=only, method=MatchMethod.EXACT)
            )
        if known:
            return replace(_NOT_FOUND, suggestions=tuple(self._with_level(place_id) for place_id in sorted(known)))
        likely = sorted((item for match in found for item in match.suggestions), key=lambda item: (-item.score, item.place_id))
        return replace(_NOT_FOUND, suggestions=tuple(likely[:3]))

    @staticmethod
    def _known(matches: Iterable[Match], sure: bool) -> set[str]:
        """The places found; where no level is written, none that only sounds alike: it may be a place of another level."""
        return {match.place_id for match in matches if match.place_id is not None and (match.score == 1 or not sure)}

    def _with_level(self, place_id: str) -> Suggestion:
        place = self.gazetteer.place(place_id)
        return Suggestion(place_id, f"{place.name} ({Level(place.level).fr})", 1.0)

    def _read_words(self, named: Named, match: Match) -> NameRead:
        problem = None if match.place_id else "unclear"
        return _name_read(self.gazetteer, "place", named.written if problem else named.name, match, problem=problem)

    def _problem(self, level: str, anywhere: Match, above: str | None) -> str | None:
        """What is wrong with a name that is not where its row says; nothing when an earlier list had it there."""
        if anywhere.place_id is None or above is None:
            return "unknown"
        if level != "cercle":
            return "misplaced"
        earlier = {self.gazetteer.region_of(anywhere.place_id, vintage) for vintage in self.gazetteer.vintages}
        return None if above in earlier else "other_region"

    def _read(self, level: str, name: str, code: str | None, match: Match, problem: str | None, above: str | None) -> NameRead:
        place, above_name = match.place_id, _named(self.gazetteer, above)
        where: dict[str, Any] = {"cercle": above_name, "kept_at": above_name}
        if problem == "misplaced" and place is not None:
            where["found_in"] = _named(self.gazetteer, self.gazetteer.parent(place))
        if problem == "other_region" and place is not None:
            where["region_found"] = _named(self.gazetteer, self.gazetteer.region_of(place))
        if problem == "unknown":
            where["looked_in"] = above
        return _name_read(self.gazetteer, level, name, match, problem=problem, code=code, code_field=f"{level}_code", **where)


_NOT_FOUND = Match(None, MatchMethod.NONE, 0.0, CodeStatus.ABSENT, None, ())


def _records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    wanted = [
        "table", "sheet", "row", "cercle", "commune", "code", "level", "origin_region", "origin_cercle", "movement",
        "from_region", "from_cercle", "from_commune", "to_region", "to_cercle", "to_commune",
    ]  # fmt: skip
    records = rows.reindex(columns=wanted).astype(object).to_dict("records")
    return [{str(name): value for name, value in record.items()} for record in records]


def _place_row(row: Mapping[str, Any], locator: Locator) -> tuple[tuple[Any, ...], tuple[NameRead, ...]]:
    text = _texts(row)
    found: tuple[Any, ...]
    if row["table"] == "movement":
        left = locator.elsewhere("from", text("from_region"), text("from_cercle"), text("from_commune"))
        reached = locator.elsewhere("to", text("to_region"), text("to_cercle"), text("to_commune"))
        found = (None, None, None, None, None, None, left.place_id, reached.place_id)
        return found, left.names + reached.names
    placed = locator.refuge(text("cercle"), text("commune"), text("code"), text("level"))
    match = placed.match
    origin = Placed(None, None, None)
    if row["table"] == "origin":
        origin = locator.elsewhere("origin", text("origin_region"), text("origin_cercle"), None)
    found = (
        placed.place_id, placed.level, str(match.method) if match else str(MatchMethod.NONE), match.score if match else 0.0,
        str(match.code_status) if match else str(CodeStatus.ABSENT), origin.place_id, None, None,
    )  # fmt: skip
    return found, placed.names + origin.names


def _texts(row: Mapping[str, Any]) -> Callable[[str], str | None]:
    def text(field: str) -> str | None:
        value = row[field]
        return value if isinstance(value, str) else None

    return text
