"""The agenda as lines of tables, in words: what the workbook of the meeting and the draft workbook both show. Each function gives
{column: text, number, day or severity}; who writes a line sees to it that no text becomes a formula."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from pipelines.io import agenda as told
from pipelines.io.agenda import Point
from pipelines.model import Compared
from schemas.codes import Action, EventStatus
from schemas.texts import message


def discrepancy(point: Point, day: date, lang: str) -> dict[str, Any]:
    """The return's own numbers beside those of the others, what they weigh, and who is to answer what until when."""
    own = [value for value in point.values if value.source_id == Compared.RETURN]
    others = [value for value in point.values if value not in own]
    return {
        "number": point.number, "reference": point.id, "region": told.region_name(point.region_id, lang),
        "place": told.label(point.place_id, lang), "group_counted": told.counted_as(point.group, point.measure, point.unit, lang),
        "question": point.sentence(lang), "return": _said(own, lang), "others": _said(others, lang), "gap": point.gap,
        "share": point.share, "severity": point.severity, "proposal": told.proposal(point, lang),
        "owner": told.owner_words(point.owner, point.partner, lang), "due": point.due,
        "age": told.days(point.age_days, lang) if point.age_days else message("agenda_new", lang),
        "answered": "\n".join(told.answered_lines(point, day, lang)), "state": point.status.label(lang),
    }  # fmt: skip


def _said(values: list[Compared], lang: str) -> str:
    return "\n".join(part for value in values for part in told.value_words(value, lang) if part)


def event(row: Mapping[str, Any], lang: str) -> dict[str, Any]:
    return {
        "region": told.region_name(told.region_of(row["place_id"]), lang), "place": told.label(row["place_id"], lang),
        "first_on": row["first_on"], "last_on": row["last_on"], "alerts": ", ".join(row["alert_numbers"]),
        "organisations": ", ".join(row["organisations"]), "witnesses": row["witnesses"],
        "households": told.span(row["households_low"], row["households_high"], lang),
        "individuals": told.span(row["individuals_low"], row["individuals_high"], lang),
        "assessed": message("board_yes" if row["assessed"] else "board_no", lang), "state": EventStatus(row["status"]).label(lang),
        "age_days": row["age_days"], "origin": told.origin_words(row["origin"], lang), "shock": told.shock_words(row["shock"], lang),
    }  # fmt: skip


def pair(row: Mapping[str, Any], lang: str) -> dict[str, Any]:
    """Numbers that are not compared, and why."""
    return {
        "region": told.region_name(told.region_of(row["place_id"]), lang), "place": told.label(row["place_id"], lang),
        "group": told.group_label(row["population_group"], lang), "pair": _said(list(row["values"]), lang),
        "why": told.not_comparable_words(row, lang),
    }  # fmt: skip


def move(row: Mapping[str, Any], lang: str) -> dict[str, Any]:
    ends = {end: told.label(row[end], lang) if row[end] else message("agenda_place_unknown", lang) for end in ("from", "to")}
    return {**ends, "households": row["households"], "individuals": row["individuals"], "returns": "\n".join(row["where"])}


def decision(point: Point, row: Mapping[str, Any], lang: str) -> dict[str, Any]:
    """A decision about a discrepancy, with what it puts in the place of the return's number and whether it holds."""
    action = Action(row["action"]).label(lang)
    return {
        "decision_id": str(row["id"]), "reference": point.id, "region": told.region_name(point.region_id, lang),
        "place": told.label(point.place_id, lang), "question": point.sentence(lang),
        "action": message("agenda_undoes", lang, id=str(row["undoes"])) if row["undoes"] else action,
        "taken": told.taken_words(row, lang), "by": row["decided_by"], "on": row["decided_on"], "reason": row["reason"],
        "holds": told.holds_words(point, row, lang),
    }  # fmt: skip
