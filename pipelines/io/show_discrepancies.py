"""What the commands on discrepancies print for people, and the machine form (DESIGN 7). No pandas."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.markup import escape

from pipelines.io import agenda as told
from pipelines.io.agenda import Agenda, Point
from pipelines.io.decisions import Recorded, Together, recorded_lines
from pipelines.io.meeting_filled import Filled
from schemas import texts
from schemas.codes import Severity
from schemas.texts import message

_COLOURS = {Severity.RED: "red", Severity.AMBER: "yellow"}


def machine_form(points: Sequence[Point], lang: str) -> list[dict[str, Any]]:
    """The contract of `discrepancies --json`."""
    return [told.machine_form(point, lang) for point in points]


def lines(agenda: Agenda, shown: Sequence[Point], lang: str) -> Iterator[str]:
    """The summary, each discrepancy in the order of what it weighs, then the pairs that are not compared and why."""
    yield f"[bold]{escape(message('discrepancies_title', lang, month_name=texts.month(str(agenda.period), lang)))}[/]"
    yield escape(told.summary(agenda.points, lang))
    for point in shown:
        yield ""
        yield from _point_lines(point, agenda, lang)
    if agenda.not_comparable:
        yield ""
        yield f"[bold]{escape(message('discrepancies_not_comparable', lang))}[/]"
        for row in agenda.not_comparable:
            yield ""
            yield f"  [bold]{escape(told.label(row['place_id'], lang))}[/], {told.group_label(row['population_group'], lang)}"
            for value in row["values"]:
                yield f"      {escape(told.value_line(value, lang))}"
            yield f"      {escape(message('discrepancies_why', lang, why=told.not_comparable_words(row, lang)))}"
    if any(point.is_open for point in shown):
        yield ""
        yield escape(message("discrepancies_next", lang))


def _point_lines(point: Point, agenda: Agenda, lang: str) -> Iterator[str]:
    colour = _COLOURS[point.severity]
    counted = told.counted_as(point.group, point.measure, point.unit, lang)
    yield (
        f"[bold]{point.number}. {escape(told.label(point.place_id, lang))}[/], {counted} · [{colour}]{point.severity.label(lang)}[/]"
        f" · {point.status.label(lang)} · {point.id}"
    )
    yield f"   {escape(point.sentence(lang))}"
    for value in point.values:
        yield f"      {escape(told.value_line(value, lang))}"
    yield f"   {escape(told.weight_line(point, lang))}"
    yield f"   → {escape(told.proposal(point, lang))}"
    yield "   " + escape(
        message(
            "discrepancies_owner", lang, owner=told.owner_words(point.owner, point.partner, lang),
            due=told.due_words(point, lang), age=told.age_words(point.age_days, lang),
        )
    )  # fmt: skip
    for line in told.answered_lines(point, agenda.day, lang):
        yield f"   [dim]{escape(line)}[/]"
    if point.standing is not None and not point.is_open:
        yield f"   [green]{escape(message('discrepancies_decided', lang, number_of=str(point.standing['id']), decision=told.decision_words(point.standing, lang)))}[/]"


# --- decide -------------------------------------------------------------------------------------------------------------


def decided_lines(recorded: Recorded, lang: str) -> Iterator[str]:
    yield from recorded_lines(recorded, lang)
    if not recorded.already:
        yield message("decide_next", lang, period=str(recorded.wanted.point.period))


def undone_lines(number: int, undone: int, point: Point, lang: str) -> Iterator[str]:
    yield message(
        "decide_undone",
        lang,
        number_of=str(number),
        undone=str(undone),
        place=told.label(point.place_id, lang),
        status=point.status,
    )
    if point.standing is not None:
        yield message(
            "decide_holds_again", lang, number_of=str(point.standing["id"]), decision=told.decision_words(point.standing, lang)
        )
    yield message("decide_next", lang, period=str(point.period))


def together_lines(done: Together, materiality: int, lang: str) -> Iterator[str]:
    for recorded in done.recorded:
        point = recorded.wanted.point
        yield f"  {point.id} · {told.label(point.place_id, lang)} · {point.sentence(lang)}"
    first = done.recorded[0].wanted
    yield told.counted(
        "decide_together", len(done.recorded), lang, action=first.action, by=first.by, day=first.on,
        persons=told.persons(sum(recorded.wanted.point.impact for recorded in done.recorded), lang),
    )  # fmt: skip
    for key, count in sorted(done.left.items()):
        yield told.counted(f"decide_left_{key}", count, lang, materiality=materiality)
    yield message("decide_next", lang, period=str(first.point.period))


def imported_lines(filled: Filled, new: Sequence[Recorded], known: Sequence[Recorded], lang: str) -> Iterator[str]:
    """What was recorded of a workbook, or every cell that is wrong and that nothing was."""
    if filled.problems:
        yield from filled.problems
        yield told.counted("import_problems", len(filled.problems), lang)
        return
    if not filled.wanted:
        yield message("import_nothing", lang)
        return
    for recorded in new:
        yield from recorded_lines(recorded, lang)
    yield told.counted("import_recorded", len(new), lang)
    if known:
        yield told.counted("import_known", len(known), lang)
    if new:
        yield message("decide_next", lang, period=str(new[0].wanted.point.period))
