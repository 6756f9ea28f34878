"""What the commands on names of places print for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from pipelines.io.place_names import Asked, Outcome, Unplaced, label
from pipelines.places import Gazetteer, Match, Suggestion
from schemas.codes import Level
from schemas.texts import message, number


def match_table(found: Sequence[tuple[Asked, Match, str | None]], gazetteer: Gazetteer, lang: str) -> Table:
    table = _table(
        ("places_name", "places_level_title", "places_parent_title", "places_code", "places_found", "places_how"), lang
    )
    for item, match, code in found:
        if match.place_id is None:
            place, how = "", _suggested(match.suggestions, gazetteer, lang)
        else:
            place, how = label(gazetteer, match.place_id, lang), message(f"method_{match.method}", lang)
            how = how if code else message("places_no_code", lang, vintage=item.vintage)
        cells = (item.name, item.level_written, item.parent, code or "—", place, how)
        table.add_row(*map(escape, cells), style=None if code else "bold")
    return table


def match_headline(found: Sequence[tuple[Asked, Match, str | None]], lang: str) -> str:
    waiting = sum(code is None for _, _, code in found)
    return message("places_counted", lang, matched=len(found) - waiting, total=len(found), waiting=waiting)


def review_table(items: Sequence[Unplaced], gazetteer: Gazetteer, lang: str) -> Table:
    titles = ("places_name", "places_level_title", "places_parent_title", "places_persons", "places_where", "places_suggestions")
    table = _table(titles, lang)
    for item in items:
        parent = label(gazetteer, item.parent_id, lang) if item.parent_id else message("review_whole_country", lang)
        where = str(item.where[0])
        if len(item.where) > 1:
            where = message("places_more", lang, first=where, count=len(item.where) - 1)
        suggested = _suggested(item.suggestions, gazetteer, lang)
        cells = (item.name, Level(item.level).label(lang), parent, number(item.persons, lang), where, suggested)
        table.add_row(*map(escape, cells))
    return table


def review_lines(items: Sequence[Unplaced], settled: int, lang: str) -> list[str]:
    lines = [message("places_waiting", lang, count=len(items)) if items else message("places_none_waiting", lang)]
    return [*lines, message("places_settled", lang, count=settled)] if settled else lines


def outcome_lines(outcomes: Sequence[Outcome], unreadable: Sequence[str], lang: str) -> list[str]:
    """What became of each confirmation, with the cell of a sheet it came from; then how many, and what to do next."""
    told = [f"{outcome.at} : {outcome.sentence}" if outcome.at else outcome.sentence for outcome in outcomes]
    counts = Counter(outcome.status for outcome in outcomes)
    lines = [*told, *unreadable]
    if len(lines) != 1:
        refused = counts["refused"] + len(unreadable)
        lines.append(message("places_confirmed", lang, recorded=counts["recorded"], already=counts["already"], refused=refused))
    if not lines[:-1] and not outcomes:
        lines.append(message("places_no_decision", lang, column=message("review_decision", lang)))
    return [*lines, message("places_rerun", lang)] if counts["recorded"] else lines


def _table(titles: Sequence[str], lang: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in titles:
        table.add_column(message(title, lang), justify="right" if title == "places_persons" else "left", overflow="fold")
    return table


def _suggested(suggestions: Sequence[Suggestion], gazetteer: Gazetteer, lang: str) -> str:
    """The suggestions with how close they are, the closest first."""
    return "\n".join(f"{label(gazetteer, s.place_id, lang)} ({number(round(100 * s.score), lang)} %)" for s in suggestions) or "—"
