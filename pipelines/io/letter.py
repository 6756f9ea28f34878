"""The letter that goes with what is sent back to a region: one page, in French, from the DNDS to the regional director.

Number and date are left for the hand that signs. The same arguments give the same bytes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from io import BytesIO

from docx import Document
from docx.document import Document as Docx
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Cm, Pt
from docx.text.paragraph import Paragraph

from pipelines.correction import Point, SentBack
from pipelines.io.archive import normalise_zip
from pipelines.io.returned import clean
from pipelines.model import Finding, Period
from schemas import texts
from schemas.cells import plain
from schemas.codes import Effect
from schemas.texts import message

GRAVEST = 3
_LONGEST_POINT = 200
_LONGEST_NAME = 48
_FILES_NAMED = 3


@dataclass(frozen=True, slots=True)
class Sender:
    """Who signs, and under which ministry: its name changes with time, so it is a setting."""

    ministry: str
    signatory: str


def letter_name(sent: SentBack, period: Period | None) -> str:
    """`lettre_segou_2019-12.docx`; by its file when nobody knows which region sent it."""
    slug = plain(sent.region).replace(" ", "-") if sent.region and sent.region_id else ""
    if not slug:
        slug = message("letter_slug_file", stem=plain(sent.file.name.rpartition(".")[0] or sent.file.name).replace(" ", "-"))
    return message("letter_file", slug=slug, period=str(period) if period else "mois-inconnu")


def letter(
    sent: Sequence[SentBack],
    attached: Sequence[Sequence[str]],
    *,
    sender: Sender,
    period: Period | None,
    due: date | None,
    dated: date,
) -> bytes:
    """One letter for all that goes back to a region; `attached` are the names of the files of each, the workbook first."""
    document: Docx = Document()
    _page(document)
    _letterhead(document, sender)
    _address(document, sent[0])
    month = texts.month(str(period)) if period else message("letter_no_month")
    refused = all(item.refused for item in sent)
    _say(document, message("letter_object_refused" if refused else "letter_object", month_name=month), bold=True, after=8)
    _say(document, message("letter_greeting"), after=4)
    _say(document, _received(sent, month))
    for item in sent[:_FILES_NAMED]:
        _say(document, _counted(item))
    points = [point for item in sent for point in item.asked]
    _points(document, points, several=len(sent) > 1, sent=sent)
    due_words = message("returned_due", day=due) if due else ""
    personal = all(item.personal for item in sent)
    expected = "letter_expected_personal" if personal else "letter_expected_one" if len(points) == 1 else "letter_expected"
    _say(document, message(expected, due=due_words))
    _say(document, _how(sent, attached))
    if due:
        blocks = any(point.finding.effect not in (Effect.JUSTIFY, Effect.INFORM) for point in points)
        _say(document, message("letter_consequence" if blocks else "letter_consequence_justify"))
    _say(document, message("letter_thanks"), after=10)
    _sign(document, sender)
    names = [name for files in attached for name in files]
    _say(document, message("letter_attached", files=[_short(name) for name in names[:4]]), size=8.5)
    return _finish(document, dated)


def _page(document: Docx) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.3)
    section.top_margin, section.bottom_margin = Cm(1.6), Cm(1.5)
    style = document.styles["Normal"]
    style.font.name, style.font.size = "Calibri", Pt(10)


def _say(
    document: Docx, text: str, *, bold: bool = False, size: float | None = None, after: float = 5,
    align: WD_ALIGN_PARAGRAPH = WD_ALIGN_PARAGRAPH.JUSTIFY, left: float = 0,
) -> Paragraph:  # fmt: skip
    paragraph = document.add_paragraph()
    run = paragraph.add_run(_unbroken(clean(text)))
    run.bold = bold
    if size is not None:
        run.font.size = Pt(size)
    paragraph.alignment = align
    shape = paragraph.paragraph_format
    shape.space_before, shape.space_after, shape.line_spacing, shape.left_indent = Pt(0), Pt(after), 1.0, Cm(left)
    return paragraph


def _letterhead(document: Docx, sender: Sender) -> None:
    centre = WD_ALIGN_PARAGRAPH.CENTER
    _say(document, message("letter_republic"), bold=True, size=13, after=0, align=centre)
    _say(document, message("letter_motto"), size=9.5, after=4, align=centre)
    for text in (sender.ministry, message("letter_directorate"), message("letter_commission")):
        _say(document, text, size=10, after=0, align=centre)
    place = _say(document, f"{message('letter_number')}\t{message('letter_dated')}", after=8, align=WD_ALIGN_PARAGRAPH.LEFT)
    place.paragraph_format.space_before = Pt(10)
    place.paragraph_format.tab_stops.add_tab_stop(Cm(11))


def _address(document: Docx, sent: SentBack) -> None:
    _say(
        document,
        message("letter_to", region=sent.region or "").strip(),
        after=10,
        align=WD_ALIGN_PARAGRAPH.LEFT,
        left=9,
        bold=True,
    )


def _received(sent: Sequence[SentBack], month: str) -> str:
    if len(sent) == 1:
        key = "letter_received" if sent[0].file.sheets else "letter_received_unread"
        return message(key, file=_short(sent[0].file.name), version=sent[0].version, month_name=month)
    named = [message("letter_one_file", file=_short(item.file.name), version=item.version) for item in sent[:_FILES_NAMED]]
    if len(sent) > _FILES_NAMED:
        named.append(message("letter_more_files", count=len(sent) - _FILES_NAMED))
    return message("letter_received_several", files=named, month_name=month)


def _counted(item: SentBack) -> str:
    name = _short(item.file.name)
    if item.refused:
        more = f" {message('letter_personal')}" if item.personal else ""
        return message("letter_refused", file=name) + more
    return message("letter_counted", file=name, households=item.households, individuals=item.individuals)


def _points(document: Docx, points: Sequence[Point], *, several: bool, sent: Sequence[SentBack]) -> None:
    counts = Counter(point.finding.effect for point in points)
    effects = [message(f"letter_effect_{effect}", number=counts[effect]) for effect in Effect if counts[effect]]
    if len(points) == 1:
        _say(document, message("letter_points_one", effect=points[0].finding.effect), after=2)
    else:
        count = message("letter_count_many", number=len(points))
        _say(document, message("letter_points", count=count, effects=effects), after=2)
    _say(document, message("letter_gravest" if len(points) > GRAVEST else "letter_gravest_one"), after=1)
    order = list(Effect)
    files = {id(point): item.file.name for item in sent for point in item.asked}
    for point in sorted(points, key=lambda point: order.index(point.finding.effect))[:GRAVEST]:
        where = _where(point.finding)
        where = f"{_short(files[id(point)])}, {where}" if several else where
        sentence = texts.rule_sentence(point.finding.code, point.finding.params)
        text = _cut(message("letter_point", where=where, sentence=sentence), _LONGEST_POINT)
        _say(document, f"–  {text[:1].upper()}{text[1:]}", after=2, left=0.6).paragraph_format.first_line_indent = Cm(-0.4)
    document.paragraphs[-1].paragraph_format.space_after = Pt(6)


def _where(finding: Finding) -> str:
    if finding.sheet is None:
        return message("letter_where_file")
    if finding.cell is not None:
        return message("letter_where_cell", sheet_title=_short(finding.sheet), cell=finding.cell)
    if finding.row is not None:
        return message("letter_where_row", sheet_title=_short(finding.sheet), row=finding.row)
    return message("letter_where_sheet", sheet_title=_short(finding.sheet))


def _how(sent: Sequence[SentBack], attached: Sequence[Sequence[str]]) -> str:
    alone = all(item.personal or not item.file.sheets for item in sent)
    one = "letter_how_one" if sum(len(item.asked) for item in sent) == 1 else "letter_how"
    key = "letter_how_alone" if alone else one if len(attached) == 1 else "letter_how_several"
    text = message(key, workbook=_short(attached[0][0]))
    return f"{text} {message('letter_original')}" if any(len(files) > 1 for files in attached) else text


def _sign(document: Docx, sender: Sender) -> None:
    right = {"align": WD_ALIGN_PARAGRAPH.LEFT, "left": 10.0}
    _say(document, sender.signatory, bold=True, after=26, **right)  # type: ignore[arg-type]
    _say(document, message("letter_signature"), size=9, after=8, **right)  # type: ignore[arg-type]


def _unbroken(text: str) -> str:
    """French signs stay on the line of their word."""
    return re.sub(r"(?<=«) | (?=[»:;?!])", "\u00a0", text)


def _short(name: str) -> str:
    """A name too long for the page without its middle: versions differ at the end."""
    tail = _LONGEST_NAME // 2
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - tail - 1].rstrip()}…{name[-tail:].lstrip()}"


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


def _finish(document: Docx, dated: date) -> bytes:
    """python-docx signs its template with its own name and the hour; neither belongs here."""
    told = document.core_properties
    told.author = told.last_modified_by = message("returned_author")
    told.comments = ""
    told.created = told.modified = datetime.combine(dated, time())
    content = BytesIO()
    document.save(content)
    return normalise_zip(content.getvalue(), dated)
