"""What every letter of the DNDS is made of: page, letterhead, address, signature, and bytes without the hour of writing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from io import BytesIO

from docx import Document
from docx.document import Document as Docx
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Cm, Pt
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


def letterhead(document: Docx, sender: Sender) -> None:
    """Republic, ministry, directorate and commission; number and date are left for the hand that signs."""
    centre = WD_ALIGN_PARAGRAPH.CENTER
    say(document, message("letter_republic"), bold=True, size=13, after=0, align=centre)
    say(document, message("letter_motto"), size=9.5, after=4, align=centre)
    for text in (sender.ministry, message("letter_directorate"), message("letter_commission")):
        say(document, text, size=10, after=0, align=centre)
    place = say(document, f"{message('letter_number')}\t{message('letter_dated')}", after=8, align=WD_ALIGN_PARAGRAPH.LEFT)
    place.paragraph_format.space_before = Pt(10)
    place.paragraph_format.tab_stops.add_tab_stop(Cm(11))


def address(document: Docx, recipient: str) -> None:
    say(document, recipient.strip(), after=10, align=WD_ALIGN_PARAGRAPH.LEFT, left=9, bold=True)


def sign(document: Docx, sender: Sender) -> None:
    right = {"align": WD_ALIGN_PARAGRAPH.LEFT, "left": 10.0}
    say(document, sender.signatory, bold=True, after=26, **right)  # type: ignore[arg-type]
    say(document, message("letter_signature"), size=9, after=8, **right)  # type: ignore[arg-type]


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
