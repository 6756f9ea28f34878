"""The hidden sheet of the fiche modèle: the words of its drop-down lists, the places of the country, and last month's stocks; and
the formulas that look into it. They use nothing that Excel 2010 or LibreOffice lacks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from xlsxwriter.utility import quote_sheetname, xl_range_abs
from xlsxwriter.worksheet import Worksheet

from pipelines.io.template.model import STOCK_TABLES, FicheModel, Stock, say
from schemas.codes import Code, RowLevel
from schemas.fields import Table

GLUE = "|"
"""Between the parts of a key; no name of a place holds it."""


def place_key(cercle: str, commune: str | None, level: str, what: str | None) -> str:
    """The key of a row of stocks. A row that covers the whole cercle is the same whichever chief town it names."""
    return GLUE.join((cercle, (commune or "") if level != RowLevel.CERCLE.fr else "", level, what or ""))


class Lists:
    """Writes the sheet. Its attributes are absolute references into it, such as `Listes!$A$2:$A$9`."""

    def __init__(self, page: Worksheet, model: FicheModel, tables: Iterable[Table]) -> None:
        self._page, self._title, self._column = page, quote_sheetname(page.get_name()), 0
        page.hide()
        page.protect("")
        self.words: dict[str, str] = {kind.__name__: self._list(kind.__name__, [w.fr for w in kind]) for kind in _choices(tables)}
        self.hint = self._list("hint", [say("entry_place_first")])
        own = [(cercle, commune) for region, cercle, communes in model.country if region == model.region for commune in communes]
        self.cercles = self._list("cercles", model.cercles)
        self.own_cercle = self._list("own_cercle", [cercle for cercle, _ in own])
        self.own_commune = self._list("own_commune", [commune for _, commune in own])
        self.regions = self._list("regions", list(dict.fromkeys(region for region, _, _ in model.country)))
        self.region_of = self._list("region_of", [region for region, _, _ in model.country])
        self.cercle_in = self._list("cercle_in", [cercle for _, cercle, _ in model.country])
        communes = [(f"{region}{GLUE}{cercle}", name) for region, cercle, names in model.country for name in names]
        self.cercle_of = self._list("cercle_of", [key for key, _ in communes])
        self.commune_in = self._list("commune_in", [name for _, name in communes])
        self.previous: dict[str, tuple[str, str, str]] = {}
        for table in STOCK_TABLES:
            if model.previous is not None and (stocks := model.previous.of(table)):
                self.previous[table] = self._stocks(table, stocks)

    def _list(self, name: str, values: Sequence[str | int]) -> str:
        self._page.write_string(0, self._column, name)
        for row, value in enumerate(values, start=1):
            if isinstance(value, int):
                self._page.write_number(row, self._column, value)
            else:
                self._page.write_string(row, self._column, value)
        self._page.set_column(self._column, self._column, min(max(len(str(value)) for value in (name, *values)) + 2, 40))
        found = f"{self._title}!{xl_range_abs(1, self._column, max(len(values), 1), self._column)}"
        self._column += 1
        return found

    def _stocks(self, table: str, stocks: Sequence[Stock]) -> tuple[str, str, str]:
        absent = say("entry_no_previous")
        keys = [place_key(item.cercle, item.commune, item.level.fr, item.what) for item in stocks]
        households = [absent if item.households is None else item.households for item in stocks]
        individuals = [absent if item.individuals is None else item.individuals for item in stocks]
        return (
            self._list(f"{table}_key", keys), self._list(f"{table}_households", households),
            self._list(f"{table}_individuals", individuals),
        )  # fmt: skip

    # --- formulas, without their equal sign -------------------------------------------------------------------------------

    def dependent(self, key: str, keys: str, values: str) -> str:
        """The values that stand beside `key`, or a hint when it is not among the keys. Equal keys stand together."""
        top = values.split(":", maxsplit=1)[0]
        return f"IF(COUNTIF({keys},{key})=0,{self.hint},OFFSET({top},MATCH({key},{keys},0)-1,0,COUNTIF({keys},{key}),1))"


def _choices(tables: Iterable[Table]) -> list[type[Code]]:
    found: dict[str, type[Code]] = {}
    for table in tables:
        for field in table.fields:
            if field.choices is not None:
                found[field.choices.__name__] = field.choices
    return list(found.values())
