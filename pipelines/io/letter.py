"""The letter that goes with what is sent back to a region: one page, in French, from the DNDS to the regional director.

Number and date are left for the hand that signs. The same arguments give the same bytes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date

from docx.document import Document as Docx
from docx.shared import Cm, Pt

from pipelines.correction import Point, SentBack
from pipelines.io.letterhead import Sender, address, blank, cut, finish, letterhead, say, short, sign
from pipelines.model import Finding, Period
from schemas import texts
from schemas.cells import plain
from schemas.codes import Effect
from schemas.texts import message

GRAVEST = 3
_LONGEST_POINT = 200
_FILES_NAMED = 3


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
    document = blank()
    letterhead(document, sender)
    address(document, message("letter_to", region=sent[0].region or ""))
    month = texts.month(str(period)) if period else message("letter_no_month")
    refused = all(item.refused for item in sent)
    say(document, message("letter_object_refused" if refused else "letter_object", month_name=month), bold=True, after=8)
    say(document, message("letter_greeting"), after=4)
    say(document, _received(sent, month))
    for item in sent[:_FILES_NAMED]:
        say(document, _counted(item))
    points = [point for item in sent for point in item.asked]
    _points(document, points, several=len(sent) > 1, sent=sent)
    due_words = message("returned_due", day=due) if due else ""
    personal = all(item.personal for item in sent)
    expected = "letter_expected_personal" if personal else "letter_expected_one" if len(points) == 1 else "letter_expected"
    say(document, message(expected, due=due_words))
    say(document, _how(sent, attached))
    if due:
        blocks = any(point.finding.effect not in (Effect.JUSTIFY, Effect.INFORM) for point in points)
        say(document, message("letter_consequence" if blocks else "letter_consequence_justify"))
    say(document, message("letter_thanks"), after=10)
    sign(document, sender)
    names = [name for files in attached for name in files]
    say(document, message("letter_attached", files=[short(name) for name in names[:4]]), size=8.5)
    return finish(document, dated)


def _received(sent: Sequence[SentBack], month: str) -> str:
    if len(sent) == 1:
        key = "letter_received" if sent[0].file.sheets else "letter_received_unread"
        return message(key, file=short(sent[0].file.name), version=sent[0].version, month_name=month)
    named = [message("letter_one_file", file=short(item.file.name), version=item.version) for item in sent[:_FILES_NAMED]]
    if len(sent) > _FILES_NAMED:
        named.append(message("letter_more_files", count=len(sent) - _FILES_NAMED))
    return message("letter_received_several", files=named, month_name=month)


def _counted(item: SentBack) -> str:
    name = short(item.file.name)
    if item.refused:
        more = f" {message('letter_personal')}" if item.personal else ""
        return message("letter_refused", file=name) + more
    return message("letter_counted", file=name, households=item.households, individuals=item.individuals)


def _points(document: Docx, points: Sequence[Point], *, several: bool, sent: Sequence[SentBack]) -> None:
    counts = Counter(point.finding.effect for point in points)
    effects = [message(f"letter_effect_{effect}", number=counts[effect]) for effect in Effect if counts[effect]]
    if len(points) == 1:
        say(document, message("letter_points_one", effect=points[0].finding.effect), after=2)
    else:
        count = message("letter_count_many", number=len(points))
        say(document, message("letter_points", count=count, effects=effects), after=2)
    say(document, message("letter_gravest" if len(points) > GRAVEST else "letter_gravest_one"), after=1)
    order = list(Effect)
    files = {id(point): item.file.name for item in sent for point in item.asked}
    for point in sorted(points, key=lambda point: order.index(point.finding.effect))[:GRAVEST]:
        where = _where(point.finding)
        where = f"{short(files[id(point)])}, {where}" if several else where
        sentence = texts.rule_sentence(point.finding.code, point.finding.params)
        text = cut(message("letter_point", where=where, sentence=sentence), _LONGEST_POINT)
        say(document, f"–  {text[:1].upper()}{text[1:]}", after=2, left=0.6).paragraph_format.first_line_indent = Cm(-0.4)
    document.paragraphs[-1].paragraph_format.space_after = Pt(6)


def _where(finding: Finding) -> str:
    if finding.sheet is None:
        return message("letter_where_file")
    if finding.cell is not None:
        return message("letter_where_cell", sheet_title=short(finding.sheet), cell=finding.cell)
    if finding.row is not None:
        return message("letter_where_row", sheet_title=short(finding.sheet), row=finding.row)
    return message("letter_where_sheet", sheet_title=short(finding.sheet))


def _how(sent: Sequence[SentBack], attached: Sequence[Sequence[str]]) -> str:
    alone = all(item.personal or not item.file.sheets for item in sent)
    one = "letter_how_one" if sum(len(item.asked) for item in sent) == 1 else "letter_how"
    key = "letter_how_alone" if alone else one if len(attached) == 1 else "letter_how_several"
    text = message(key, workbook=short(attached[0][0]))
    return f"{text} {message('letter_original')}" if any(len(files) > 1 for files in attached) else text
