"""The *fiche modèle*: the workbook of one directorate and month, ready to be filled in."""

from __future__ import annotations

from io import BytesIO

from pipelines.io.template import entry, guide, minutes
from pipelines.io.template.checks import checks_of
from pipelines.io.template.entry import EntrySheet, FormSheet
from pipelines.io.template.grid import Grid
from pipelines.io.template.guide import Guide
from pipelines.io.template.lists import Lists
from pipelines.io.template.minutes import Minutes
from pipelines.io.template.model import FicheModel, say
from pipelines.io.template.paper import Book
from schemas import fields
from schemas.fields import Table

STYLES = {**entry.STYLES, **guide.STYLES, **minutes.STYLES}


def fiche(model: FicheModel) -> bytes:
    """The workbook. The same model gives the same bytes."""
    content = BytesIO()
    head = f"{model.layout['title']['fr']} — {model.region}, {model.month}"
    book = Book(content, head, model.period.last_day, STYLES)
    sheets = model.layout["sheets"]
    first = book.add_sheet(say("sheet_guide"))
    pages = {name: book.add_sheet(sheet["title"]) for name, sheet in sheets.items()}
    last = book.add_sheet(say("sheet_minutes"))
    tables = {table.name: table for table in (fields.IDENTIFICATION, *fields.RETURN_TABLES)}
    lists = Lists(book.add_sheet(model.layout["lists_sheet"]), model, tables.values())
    grids = {name: Grid(sheet["title"], tables[name], model) for name, sheet in sheets.items() if sheet["shape"] == "table"}

    Guide(book, first, model).write(f"{head} — {first.get_name()}")
    form = FormSheet(book, pages[fields.IDENTIFICATION.name], model, lists)
    form.write(f"{head} — {form.page.get_name()}", sheets[fields.IDENTIFICATION.name]["note"])
    for name, grid in grids.items():
        sheet = EntrySheet(book, pages[name], grid, model, lists, checks_of(grid, lists, model, grids))
        sheet.write(f"{head} — {grid.title}", _note(sheets[name], grid.table))
    Minutes(book, last, model, grids, form).write()
    book.close()
    return content.getvalue()


def _note(sheet: dict[str, str], table: Table) -> str:
    return sheet.get("note", table.about.fr)
