"""What every letter of the DNDS is made of: page, letterhead, address, signature, and bytes without the hour of writing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from io import BytesIO
from typing import Any

from docx import Document
from docx.document import Document as Docx
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt
from docx.table import Table, _Cell, _Row
from docx.text.paragraph import Paragraph

from pipelines.io.archive import normalise_zip
from pipelines.io.returned import clean
from schemas.texts import message

_LONGEST_NAME = 48


@dataclass(frozen=True, slots=True)
class Sender:
    """Who signs, and under which ministry: its name changes with time, so it is a setting."""

    ministry: str
    signatory: str


def blank() -> Docx:
    """An empty A4 page with the margins and the letters of the DNDS."""
    document: Docx = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.3)
    section.top_margin, section.bottom_margin = Cm(1.6), Cm(1.5)
    style = document.styles["Normal"]
    style.font.name, style.font.size = "Calibri", Pt(10)
    return document


def say(
    document: Docx, text: str, *, bold: bool = False, size: float | None = None, after: float = 5,
    align: WD_ALIGN_PARAGRAPH = WD_ALIGN_PARAGRAPH.JUSTIFY, left: float = 0,
) -> Paragraph:  # fmt: skip
    """Adds a paragraph: `size` and `after` in points, `left` in centimetres."""
    paragraph = document.add_paragraph()
    run = paragraph.add_run(_unbroken(clean(text)))
    run.bold = bold
    if size is not None:
        run.font.size = Pt(size)
    paragraph.alignment = align
    shape = paragraph.paragraph_format
    shape.space_before, shape.space_after, shape.line_spacing, shape.left_indent = Pt(0), Pt(after), 1.0, Cm(left)
    return paragraph


def letterhead(document: Docx, sender: Sender, *, numbered: bool = True) -> None:
    """Republic, ministry, directorate and commission; number and date are left for the hand that signs, unless the document says
    them itself (`numbered` is False)."""
    centre = WD_ALIGN_PARAGRAPH.CENTER
    say(document, message("letter_republic"), bold=True, size=13, after=0, align=centre)
    say(document, message("letter_motto"), size=9.5, after=4, align=centre)
    for text in (sender.ministry, message("letter_directorate"), message("letter_commission")):
        say(document, text, size=10, after=0, align=centre)
    if not numbered:
        return
    place = say(document, f"{message('letter_number')}\t{message('letter_dated')}", after=8, align=WD_ALIGN_PARAGRAPH.LEFT)
    place.paragraph_format.space_before = Pt(10)
    place.paragraph_format.tab_stops.add_tab_stop(Cm(11))


def address(document: Docx, recipient: str) -> None:
    say(document, recipient.strip(), after=10, align=WD_ALIGN_PARAGRAPH.LEFT, left=9, bold=True)


def sign(document: Docx, sender: Sender) -> None:
    right = {"align": WD_ALIGN_PARAGRAPH.LEFT, "left": 10.0}
    say(document, sender.signatory, bold=True, after=26, **right)  # type: ignore[arg-type]
    say(document, message("letter_signature"), size=9, after=8, **right)  # type: ignore[arg-type]


WIDTH = 16.4
"""What a page holds between its margins, in centimetres."""
_TITLE_GREY = "E7EAF0"


def table(
    document: Docx, titles: Sequence[str], lines: Iterable[Sequence[str]], widths: Sequence[float], *, size: float = 8.5,
    right: Sequence[int] = (), together: bool = False,
) -> Table:  # fmt: skip
    """Adds a table whose titles come again on every page and whose rows are not cut by its end. `widths` in centimetres; `right` are
    the columns of numbers; with `together` it stays on one page with what follows."""
    lines = list(lines)
    drawn: Table = document.add_table(rows=1 + len(lines), cols=len(titles))
    drawn.style = "Table Grid"
    drawn.autofit = False
    for column, width in zip(drawn.columns, widths, strict=True):
        column.width = Cm(width)
    for at, (row, texts_) in enumerate(zip(drawn.rows, (titles, *lines), strict=True)):
        _property(row, "w:cantSplit")
        if at == 0:
            _property(row, "w:tblHeader")
        for number, (cell, text, width) in enumerate(zip(row.cells, texts_, widths, strict=True)):
            cell.width = Cm(width)
            _fill(cell, text, size=size, bold=at == 0, right=number in right, together=together or at == 0)
    say(document, "", size=3, after=3)
    return drawn


def _property(row: _Row, name: str) -> None:
    row._tr.get_or_add_trPr().append(OxmlElement(name))


def _fill(cell: _Cell, text: str, *, size: float, bold: bool, right: bool, together: bool) -> None:
    """The lines of a text as paragraphs of a cell."""
    for at, line in enumerate(clean(text).split("\n")):
        paragraph = cell.paragraphs[0] if at == 0 else cell.add_paragraph()
        run = paragraph.add_run(_unbroken(line))
        run.bold, run.font.size = bold, Pt(size)
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT if right else WD_ALIGN_PARAGRAPH.LEFT
        paragraph.paragraph_format.space_after = Pt(1)
        paragraph.paragraph_format.line_spacing = 1.0
        paragraph.paragraph_format.keep_with_next = together
    if bold:
        shade = OxmlElement("w:shd")
        for name, value in (("w:val", "clear"), ("w:color", "auto"), ("w:fill", _TITLE_GREY)):
            shade.set(qn(name), value)
        cell._tc.get_or_add_tcPr().append(shade)


def heading(document: Docx, text: str) -> None:
    """A title inside a document: on the page of what follows it, and known as one to who has it read out."""
    paragraph = document.add_paragraph(style="Heading 2")
    run = paragraph.add_run(_unbroken(clean(text)))
    run.font.name, run.font.size = "Calibri", Pt(11)
    paragraph.paragraph_format.space_before, paragraph.paragraph_format.space_after = Pt(8), Pt(3)


def page_numbers(document: Docx, about: str) -> None:
    """The foot of every page: what the document is, and `page 2 / 5`, counted by who opens it."""
    paragraph = document.sections[0].footer.paragraphs[0]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    before, between = message("document_page").split("|")
    for text in (f"{about} — {before}", "PAGE", between, "NUMPAGES"):
        # a field has its letters from the run that each of its parts stands in
        parts = [_field_part(*part) for part in (("begin", ""), (None, text), ("end", ""))] if text.isupper() else [None]
        for part in parts:
            run = paragraph.add_run("" if part is not None else _unbroken(text))
            run.font.size = Pt(8)
            if part is not None:
                run._r.append(part)


def _field_part(kind: str | None, content: str) -> Any:
    part = OxmlElement("w:fldChar" if kind else "w:instrText")
    if kind:
        part.set(qn("w:fldCharType"), kind)
    else:
        part.text = content
    return part


def _unbroken(text: str) -> str:
    """French signs stay on the line of their word."""
    return re.sub(r"(?<=«) | (?=[»:;?!])", "\u00a0", text)


def short(name: str) -> str:
    """A name too long for the page without its middle: versions differ at the end."""
    tail = _LONGEST_NAME // 2
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - tail - 1].rstrip()}…{name[-tail:].lstrip()}"


def cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


def finish(document: Docx, dated: date) -> bytes:
    """python-docx signs its template with its own name and the hour; neither belongs here."""
    told = document.core_properties
    told.author = told.last_modified_by = message("returned_author")
    told.comments = ""
    told.created = told.modified = datetime.combine(dated, time())
    content = BytesIO()
    document.save(content)
    return normalise_zip(content.getvalue(), dated)
