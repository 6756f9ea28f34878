"""The workbook of an edition: the official figures for people, to be read on screen, printed, or read aloud by a screen reader.

No cell where a number is due is empty: what is missing says why. The same edition gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from pipelines.io.diffusion import cascade
from pipelines.io.diffusion.edition import EditionOf
from pipelines.io.diffusion.items import Items
from pipelines.io.diffusion.pages import Book, Cell, Column, Link, Missing, Page, Row, Split, capital, plain
from pipelines.io.diffusion.places import (
    COMMON,
    FAMILIES,
    HEADLINES,
    STOCK,
    STOCK_HOUSEHOLDS,
    Place,
    Places,
    Total,
    records,
)
from pipelines.model import Period
from schemas import codes, fields, texts
from schemas.codes import (
    CONFIDENTIAL,
    Action,
    AdjustmentKind,
    Basis,
    Code,
    ConfStatus,
    FigureChange,
    Grade,
    Level,
    Measure,
    MissingReason,
    ObsStatus,
    PopulationGroup,
    PublishedMissingReason,
    ReservationKind,
    Unit,
    YesNo,
)
from schemas.fields import Field, Table
from schemas.frames import pd

Tables = Mapping[str, tuple[Table, pd.DataFrame]]


def workbook(edition: EditionOf, tables: Tables, lang: str = "fr") -> bytes:
    """The bytes of `PDI_Mali_AAAA-MM_rN.xlsx`; `tables` is `frames.tables(edition)`."""
    return _Edition(edition, tables, lang).content()


class _Edition:
    """The sheets of one edition, in their order."""

    def __init__(self, edition: EditionOf, tables: Tables, lang: str) -> None:
        self.edition, self.header, self.tables, self.lang = edition, edition.header, tables, lang
        self.book = Book(edition.header, lang)
        self.say = self.book.say
        self.frame = {name: frame for name, (_, frame) in tables.items()}
        self.places = Places(self.frame[fields.FIGURE_EXPORT.name], self._silent())
        self.items = Items(self.frame.get("bridge", edition.bridge.iloc[:0]), {**self.places.names, **edition.places}, lang)
        self.graded = "grade" in self.frame[fields.FIGURE_EXPORT.name].columns
        self.country = self.say("country_mali")
        self.sheets = {
            "regions": self._regions, "cercles": self._cercles, "communes": self._communes, "bridge": self._bridge, "cascade": self._cascade,
            "revision": self._revision, "completeness": self._completeness, "sites": self._sites, "territory": self._territory,
            "notes": self._notes, "dictionary": self._dictionary,
        }  # fmt: skip
        optional = {
            "bridge": "bridge",
            "cascade": "bridge",
            "revision": "revision",
            "completeness": "completeness",
            "sites": "sites",
            "territory": "territory",
        }
        self.written = [name for name in self.sheets if optional.get(name) is None or optional[name] in self.frame]

    def content(self) -> bytes:
        self._summary()
        for name in self.written:
            self.sheets[name]()
        return self.book.content()

    def _silent(self) -> frozenset[str]:
        received = self.frame.get("completeness", pd.DataFrame(columns=["region", "received"]))
        return frozenset(received.loc[received["received"] == 0, "region"])

    def sheet(self, name: str) -> str:
        if name == "territory":
            return self.say("release_sheet_territory", year=self._territory_year())
        return self.say(f"release_sheet_{name}")

    def page(self, name: str, widths: Sequence[float], *notes: str, split: Split | None = None) -> Page:
        return Page(self.book, self.sheet(name), widths, *notes, split=split)

    def title(self, name: str, table: Table = fields.FIGURE_EXPORT) -> str:
        return table[name].label.in_(self.lang)

    def name_of(self, row: Mapping[str, Any]) -> str:
        """The name of a place that may be of the revision before alone."""
        if row["level"] == Level.COUNTRY:
            return self.country
        code = row["pcode"] or ""
        return (
            row.get("commune")
            or row.get("cercle")
            or row.get("region")
            or self.places.names.get(code)
            or self.edition.places.get(code, code)
        )

    # --- summary ---

    def _summary(self) -> None:
        widths = (40, 104)
        last_day = Period.parse(self.header.period).last_day
        about = self.say("release_summary_note", last_day=last_day, file=f"{self.header.stem}.xlsx")
        page = Page(self.book, self.say("release_sheet_summary"), widths, about)
        self._headline_table(page)
        self._facts(page)
        self._reservations(page)
        page.section(self.say("draft_guide"))
        page.sheet.fit_to_pages(1, 1)
        columns = [Column(self.say("release_sheet")), Column(self.say("release_holds"))]
        page.table(
            "Feuilles", columns, [Row([Link(self.sheet(name)), self.say(f"release_guide_{name}")]) for name in self.written]
        )

    def _headline_table(self, page: Page) -> None:
        page.section(self.say("release_headlines", month=texts.month(self.header.period, self.lang)))
        [country] = self.places.of(Level.COUNTRY)
        rows = [Row([self.say(f"draft_headline_{key[0]}_{key[2]}"), self.places.total(country, key)], "big") for key in HEADLINES]
        page.table(
            "Chiffres_nationaux",
            [Column(self.say("draft_indicator")), Column(self.title("value"), style="headline")],
            rows,
            tall=22,
        )

    def _facts(self, page: Page) -> None:
        header = self.header
        signed = " ; ".join(f"{one.name}, {one.function}" for one in header.signatories)
        facts: dict[str, Cell] = {
            "edition": header.edition, "revision": str(header.revision), "as_of": header.as_of, "published_on": header.published_on,
            "published_by": header.published_by, "meeting_on": header.meeting_on, "minutes": header.minutes_number, "signatories": signed,
        }  # fmt: skip
        if header.revision > 1 and header.reason_code is not None:
            facts |= {
                "reason": f"{capital(header.reason_code.label(self.lang))} : {header.reason}"
                if header.reason
                else header.reason_code
            }
        facts |= {"compared_with": header.compared_with or self.say("release_none_before"), "dataset": header.dataset_sha256,
                  "rules": header.rules_hash, "settings": header.settings_hash}  # fmt: skip
        page.section(self.say("release_publication"))
        columns = [Column(self.say("release_fact")), Column(self.say("release_told"))]
        page.table(
            "Publication",
            columns,
            [Row([self.say(f"release_fact_{name}"), _left(value, self.lang)]) for name, value in facts.items()],
        )

    def _reservations(self, page: Page) -> None:
        reservations = list(self.edition.reservations)
        page.section(self.say("summary_with_reservations" if reservations else "summary_without_reservation"))
        if reservations:
            columns = [Column(self.say("draft_nature")), Column(self.say("release_reservation"))]
            page.table("Reserves", columns, [Row([kind, sentence]) for kind, sentence in reservations])
        else:
            page.row += 1

    # --- figures of places ---

    def _regions(self) -> None:
        self._places("regions", Level.REGION, ("region",))

    def _cercles(self) -> None:
        self._places("cercles", Level.CERCLE, ("region", "cercle"))

    def _communes(self) -> None:
        self._places("communes", Level.COMMUNE, ("region", "cercle", "commune"))

    def _places(self, sheet: str, level: Level, names: Sequence[str]) -> None:
        columns = [
            Column(self.title("pcode"), 10), *(Column(self.title(name), _NAMES[name]) for name in names),
            *(Column(self.say(title), 12, "count") for title in COMMON), Column(self.title("basis"), 14),
            *([Column(self.title("grade"), 8, "centre")] if self.graded else []), Column(self.say("draft_status"), 16),
            Column(self.say("draft_remark"), 46 if level is Level.REGION else 30),
        ]  # fmt: skip
        # the stock of IDPs in all its parts on one page, what is beside it on the next
        stock = sum(key in (STOCK, STOCK_HOUSEHOLDS) for key, *_ in COMMON.values())
        split = Split(1 + len(names), 1 + len(names) + stock)
        page = self.page(sheet, [column.width for column in columns], self.say("release_places_note"), split=split)
        rows = [Row(self._place(place, names)) for place in self.places.of(level)]
        if level is Level.REGION:
            rows += [Row(self._place(place, names), "total") for place in self.places.of(Level.COUNTRY)]
        if rows:
            page.table(sheet.capitalize(), columns, rows, frozen=1 + len(names))
        else:
            page.note(self.say("release_no_places"))

    def _place(self, place: Place, names: Sequence[str]) -> list[Cell]:
        row = self.places.row(place)
        told: list[Cell] = [getattr(place, name) or self.country for name in names]
        numbers = [self.places.common(place, name) for name in COMMON]
        basis: Cell = Basis(row["basis"]) if row.get("basis") else Missing(MissingReason.NOT_REPORTED)
        grade: list[Cell] = [str(row.get("grade") or Grade.D)] if self.graded else []
        status = ObsStatus(row["obs_status"]) if row.get("obs_status") else ObsStatus.MISSING
        return [place.pcode, *told, *numbers, basis, *grade, status, self._remarks(place)]

    def _remarks(self, place: Place) -> str:
        """Of how many persons which breakdowns know nothing, those that say the same together, and whose rows came with whose return."""
        alike: dict[tuple[int, Code], list[str]] = {}
        total = self.places.total(place)
        for family in FAMILIES if isinstance(total, int) else ():
            rest = self.places.unknown(place, family)
            if not isinstance(rest, Missing) and 0 < rest[0] < total:  # type: ignore[operator]
                alike.setdefault(rest, []).append(self.say(f"draft_family_{family}"))
        said = [
            self.say("draft_remark_partial", family=", ".join(families), count=count, reason=reason)
            for (count, reason), families in alike.items()
        ]
        if place.level == Level.REGION:
            said += self._received_in(str(place.region))
        return capital(self.say("draft_separator").join(said))

    def _received_in(self, region: str) -> list[str]:
        """In whose returns rows of a region stand, and of whom its own has rows."""
        hosts, guests = self.items.hosts(region), self.items.guests(region)
        return [
            *([self.say("release_hosted", region_names=hosts)] if hosts else []),
            *([self.say("release_guests", region_names=guests)] if guests else []),
        ]

    # --- the bridge ---

    def _bridge(self) -> None:
        table = self.tables["bridge"][0]
        cites = "file" in table.by_name
        columns = [
            Column(self.title("region"), 12), Column(self.say("draft_bridge_figure"), 28), Column(table["item"].label.in_(self.lang), 5, "centre"),
            Column(table["kind"].label.in_(self.lang), 25), Column(table["reason"].label.in_(self.lang), 46), Column(self.title("value"), 18, "signed"),
            Column(self.say("bridge_decision"), 30),
            *([Column(table["file"].label.in_(self.lang), 28, "small"), Column(table["cell"].label.in_(self.lang), 13, "small")] if cites else []),
        ]  # fmt: skip
        page = self.page("bridge", [column.width for column in columns], self.say("release_bridge_note"))
        items: dict[tuple[str | None, Total], list[dict[str, Any]]] = {}
        for row in records(self.frame["bridge"]):
            items.setdefault((row["pcode"], (row["population_group"], row["measure"], row["unit"])), []).append(row)
        rows = [
            line
            for place in (*self.places.of(Level.COUNTRY), *self.places.of(Level.REGION))
            for key in _BRIDGED
            for line in self._block(place, key, items.get((place.pcode, key), []), cites)
        ]
        page.table("Pont", columns, rows, frozen=2)

    def _block(self, place: Place, key: Total, items: Sequence[dict[str, Any]], cites: bool) -> Iterator[Row]:
        """The items of one figure of a place, then where they lead, and whether they do."""
        if not items:
            return
        figure = self.say(f"draft_headline_{key[0]}_{key[2]}")
        region = place.region or self.country
        values = []
        for item in sorted(items, key=lambda row: int(row["item"])):
            values.append(cascade.bridge_value(item, self.places, place))
            yield Row([
                region, figure, str(item["item"]), AdjustmentKind(item["kind"]), self.items.explanation(item),
                plain(values[-1]) if item["kind"] == AdjustmentKind.RETURN else values[-1], self._decision(item),
                *([item["file"], _cell_of(item)] if cites else []),
            ])  # fmt: skip
        official = self.places.total(place, key)
        check = self.say(cascade.bridge_check(values, official))
        yield Row(
            [region, figure, "=", self.say("bridge_official"), check, plain(official), *[None] * (3 if cites else 1)], "total"
        )

    def _decision(self, item: Mapping[str, Any]) -> str | None:
        if not item.get("action"):
            return None
        action = capital(Action(item["action"]).label(self.lang))
        day = date.fromisoformat(item["decided_on"]) if item.get("decided_on") else None
        by = item.get("decided_by")
        decided = self.say("bridge_decided_by" if by else "bridge_decided", action=action, day=day, by=by)
        why = item.get("decision_reason")
        return self.say("bridge_decided_why", decided=decided, reason=why) if why else decided

    def _cascade(self) -> None:
        page = self.page("cascade", cascade.WIDTHS, self.say("release_cascade_note"))
        cascade.write(page, list(cascade.waterfalls(self.frame["bridge"], self.places, self.items, self.country, self.lang)))

    # --- what changed, what came ---

    def _revision(self) -> None:
        page = self.page(
            "revision",
            (14, 20, 24, 13, 16, 22, 13, 16, 18, 18),
            self.say("release_revision_note", revision_number=str(self.header.revision)),
        )
        rows = list(records(self.frame["revision"]))
        self._net_effect(page, rows)
        changes = [row for row in rows if _kind(row) is not None]
        changes.sort(key=lambda row: ((row["pcode"] or "")[:4], row["pcode"] or "", *_order(row)))
        page.section(self.say("revision_changes"))
        if not changes:
            page.note(self.say("revision_none"))
            return
        names = ("pcode", "level", "population_group", "measure", "unit")
        code, level, *about = (Column(self.title(name)) for name in names)
        counts = [
            Column(self.say(f"revision_{name}"), style=style)
            for name, style in (("before", "count"), ("now", "count"), ("difference", "signed"))
        ]
        columns = [Column(self.say("draft_change_kind")), code, Column(self.say("draft_place")), level, *about, *counts]
        page.table("Changements", columns, [Row(self._change(row)) for row in changes])

    def _net_effect(self, page: Page, rows: Sequence[Mapping[str, Any]]) -> None:
        """Per region and for the country: how many figures are new, changed and gone at and below it, and what that does to its stock."""
        page.section(self.say("revision_net"))
        kinds = tuple(FigureChange)
        columns = [
            Column(self.title("pcode")), Column(self.title("region")), *(Column(self.say(f"revision_count_{kind}"), style="count") for kind in kinds),
            Column(self.say("revision_net_individuals"), style="signed"), Column(self.say("revision_net_households"), style="signed"),
        ]  # fmt: skip
        told = []
        for place in (*self.places.of(Level.REGION), *self.places.of(Level.COUNTRY)):
            code = place.pcode or ""
            own = [row for row in rows if (row["pcode"] or "").startswith(code)]
            counts: list[Cell] = [sum(_kind(row) == kind for row in own) for kind in kinds]
            net = [
                self._difference(next((row for row in own if row["pcode"] == code and _key(row) == key), None))
                for key in (STOCK, STOCK_HOUSEHOLDS)
            ]
            told.append(Row([code, place.name or self.country, *counts, *net], "" if place.region else "total"))
        page.table("Effet_net", columns, told)

    def _change(self, row: Mapping[str, Any]) -> list[Cell]:
        values = [row["previous_value"], row["value"]]
        numbers: list[Cell] = [Missing(MissingReason.NOT_REPORTED) if value is None else int(value) for value in values]
        about: list[Cell] = [PopulationGroup(row["population_group"]), Measure(row["measure"]), Unit(row["unit"])]
        return [
            _kind(row),
            row["pcode"],
            self.name_of(row),
            Level(row["level"]),
            *about,
            *numbers,
            self._difference(row),
        ]

    def _difference(self, row: Mapping[str, Any] | None) -> Cell:
        """The difference in numbers, or why there is none; 0 for a figure that is not among the changes."""
        if row is None:
            return 0
        if row["difference"] is not None:
            return int(row["difference"])
        if row["value"] is None and row["previous_value"] is None:
            return Missing(MissingReason.NOT_REPORTED)
        return self.say("revision_only_added" if row["previous_value"] is None else "revision_only_removed")

    def _completeness(self) -> None:
        table, frame = self.tables["completeness"]
        shown = [field for field in table.fields if field.name not in ("period", "revision")]
        widths = [10, 16, 24, *[18] * (len(shown) - 3), 46]
        page = self.page("completeness", widths, self.say("release_completeness_note"))
        columns = [
            Column(
                field.label.in_(self.lang),
                18,
                "count" if field.name.startswith("rows") else "centre" if field.is_count else "text",
            )
            for field in shown
        ]
        rows = []
        for row in sorted(records(frame), key=lambda row: row["pcode"] or ""):
            remark = capital(self.say("draft_separator").join(self._received_in(row["region"])))
            rows.append(Row([*(self._told(field.name, row) for field in shown), remark]))
        page.table("Completude", [*columns, Column(self.say("draft_remark"))], rows, frozen=2)

    def _told(self, name: str, row: Mapping[str, Any]) -> Cell:
        """What came of a region; of one whose rows came with another's return, with which."""
        value, hosts = row[name], [] if row["received"] else self.items.hosts(row["region"])
        if name == "received" and hosts:
            return capital(self.say("draft_received_in", region=hosts))
        if name in ("received", "validated", "carried_forward"):
            return YesNo.YES if value else YesNo.NO
        if value is None and not row["received"]:
            return self.say("release_in_return", region_names=hosts) if hosts else Missing(MissingReason.NO_RETURN)
        return value if value is None or isinstance(value, str) else str(value) if name == "version" else int(value)

    def _sites(self) -> None:
        table, frame = self.tables["sites"]
        shown = [field for field in table.fields if field.name not in ("period", "revision")]
        widths = [max(14, field.width) for field in shown]
        page = self.page("sites", widths, self.say("release_sites_note"))
        columns = [Column(field.label.in_(self.lang), 14, "count" if field.is_count else "text") for field in shown]
        kinds = {field.name: field.choices for field in shown if field.choices}
        rows = []
        for row in sorted(records(frame), key=lambda row: (row["pcode"] or "", row["site"] or "")):
            suppressed = row["conf_status"] not in (None, ConfStatus.FREE)
            why = Missing(PublishedMissingReason(CONFIDENTIAL) if suppressed else MissingReason.NOT_REPORTED)
            hidden = {"site"} if suppressed else set()
            rows.append(Row([
                kinds[field.name](row[field.name]) if field.name in kinds and row[field.name] else
                why if row[field.name] is None and (field.is_count or field.name in hidden) else
                int(row[field.name]) if field.is_count else row[field.name] for field in shown
            ]))  # fmt: skip
        page.table("Sites", columns, rows, frozen=1)

    def _territory(self) -> None:
        table, frame = self.tables["territory"]
        shown = [field for field in table.fields if field.name not in ("period", "revision", "vintage")]
        widths = [max(15, field.width) for field in shown]
        page = self.page("territory", widths, self.say("release_territory_note", year=self._territory_year()))
        columns = [Column(field.label.in_(self.lang), 14, "count" if field.is_count else "text") for field in shown]
        ordered = sorted(records(frame), key=lambda row: (*_order(row), row["pcode"] or ""))
        page.table("Territoire", columns, [Row([_on_territory(field, row) for field in shown]) for row in ordered], frozen=1)

    def _territory_year(self) -> str:
        return str(self.frame["territory"]["vintage"].iloc[0]).rpartition("-")[2]

    # --- what it means ---

    def _notes(self) -> None:
        page = self.page("notes", (34, 118), "")
        rows = [
            Row([self.say(f"note_{name}_title"), self.say(f"note_{name}", file=f"{self.header.stem}.xlsx")]) for name in _NOTES
        ]
        lists: dict[str, type[Code]] = {
            "missing": PublishedMissingReason,
            "status": ObsStatus,
            "conf": ConfStatus,
            "basis": Basis,
        }
        lists |= {"grade": Grade} if self.graded else {}
        for name, kind in lists.items():
            told = self.say("draft_separator").join(f"{_word(code)}{code.label(self.lang)}" for code in kind)
            rows.append(Row([self.say(f"note_{name}_title"), self.say(f"note_{name}", codes_told=told)]))
        kinds = {kind for kind, _ in self.edition.reservations}
        if kinds:
            told = self.say("draft_separator").join(kind.label(self.lang) for kind in ReservationKind if kind in kinds)
            rows.append(Row([self.say("note_reservations_title"), self.say("note_reservations", codes_told=told)]))
        page.table("Notes", [Column(self.say("note_subject")), Column(self.say("note_text"))], rows, frozen=0)
        if self.edition.replies:
            page.section(self.say("note_replies"))
            said = [
                Row([member, reply.label(self.lang) + (f" : {reason}" if reason else "")])
                for member, reply, reason in self.edition.replies
            ]
            page.table("Reponses", [Column(self.say("note_member")), Column(self.say("note_reply"))], said)

    def _dictionary(self) -> None:
        """Each column once, with the files that have it, and its codes below it."""
        page = self.page("dictionary", (34, 18, 24, 40, 16, 62), self.say("release_dictionary_note"))
        holders: dict[Field, list[str]] = {}
        for name, (table, _) in self.tables.items():
            for field in table.fields:
                holders.setdefault(field, []).append(f"{name}.csv")
        rows = []
        for field, names in holders.items():
            kind = field.choices or _BREAKDOWN_CODES.get(field.name)
            told = self.say("dictionary_choice" if kind else f"dictionary_{field.kind}")
            where = ", ".join(names)
            rows.append(Row([where, field.name, None, field.label.in_(self.lang), told, field.about.in_(self.lang)], "strong"))
            words = [(str(code), code.label(self.lang)) for code in kind or ()]
            if field.name in fields.BREAKDOWNS:
                words += [(codes.TOTAL, self.say("dictionary_total")), (codes.UNKNOWN, self.say("dictionary_unknown"))]
            rows += [Row([where, field.name, word, label, None, None]) for word, label in words]
        titles = ("files", "column", "code", "title", "type", "about")
        page.table("Dictionnaire", [Column(self.say(f"dictionary_{title}")) for title in titles], rows, frozen=3)


_BRIDGED: tuple[Total, ...] = tuple(
    (group, measure, unit)
    for group, measure in ((PopulationGroup.IDP, Measure.STOCK), (PopulationGroup.IDP_RETURNEE, Measure.CUMULATIVE),
                           (PopulationGroup.REPATRIATED_REFUGEE, Measure.CUMULATIVE))
    for unit in (Unit.INDIVIDUAL, Unit.HOUSEHOLD)
)  # fmt: skip
_NOTES = ("idp", "returnee", "repatriated", "stock", "flow", "breakdown", "territory", "official", "verify", "files")
_BREAKDOWN_CODES: Mapping[str, type[Code]] = {
    "sex": codes.Sex, "age": codes.AgeBand, "shelter": codes.Shelter, "displacement": codes.Displacement, "cause": codes.Cause,
    "vulnerability": codes.Vulnerability,
}  # fmt: skip


_NAMES = {"region": 12, "cercle": 15, "commune": 19}
"""How wide the columns of places are."""


def _cell_of(item: Mapping[str, Any]) -> str | None:
    """`PDI!G8`."""
    sheet, cell = item.get("sheet"), item.get("cell")
    return f"{sheet}!{cell}" if sheet and cell else None


def _on_territory(field: Field, row: Mapping[str, Any]) -> Cell:
    """A cell of the other territory; below a cercle there is no place, so nothing of it is left above one."""
    value = row[field.name]
    if field.choices and value:
        return field.choices(value)
    if not field.is_count:
        return value  # type: ignore[no-any-return]
    if field.name == "undivided" and row["level"] == Level.CERCLE:
        return None
    return Missing(MissingReason.NOT_REPORTED) if value is None else int(value)


def _left(value: Cell, lang: str) -> Cell:
    """A date in words, so that all facts stand at the left."""
    return texts.day(value, lang) if isinstance(value, date) else value


def _word(code: Code) -> str:
    """A code that is a letter is told with its label."""
    return f"{code} = " if len(code) == 1 else ""


def _key(row: Mapping[str, Any]) -> Total:
    return (row["population_group"], row["measure"], row["unit"])


def _order(row: Mapping[str, Any]) -> tuple[int, ...]:
    """Groups, measures and units in the order of their lists."""
    lists: tuple[type[Code], ...] = (PopulationGroup, Measure, Unit)
    return tuple(list(kind).index(kind(word)) for kind, word in zip(lists, _key(row), strict=True))


def _kind(row: Mapping[str, Any]) -> FigureChange | None:
    """What became of a figure: as the view says, else by its values; None when nothing did."""
    if row.get("change"):
        return FigureChange(row["change"])
    if row["value"] == row["previous_value"]:
        return None
    if row["previous_value"] is None:
        return FigureChange.ADDED
    return FigureChange.REMOVED if row["value"] is None else FigureChange.CHANGED
