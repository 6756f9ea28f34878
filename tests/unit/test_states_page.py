"""The page of the life of a release says every move of the table, in both languages."""

from __future__ import annotations

from pipelines.io.documents import states_page
from pipelines.release import TRANSITIONS, Transition
from schemas import texts
from schemas.codes import ReleaseState, Role


def test_every_move_has_its_arrow_and_its_line_with_who_and_on_what_condition() -> None:
    page = states_page()
    for move in TRANSITIONS:
        assert f"    {move.start or '[*]'} --> {move.end} : {move.command}\n" in page
        line = next(line for line in page.splitlines() if texts.message(move.condition, "en") in line)
        assert texts.message(move.condition, "fr") in line
        assert line.startswith(f"| {f'`{move.start}`' if move.start else '—'} | `{move.end}` | {move.role.en} / {move.role.fr} | `{move.command}` |")  # fmt: skip


def test_the_page_is_that_of_the_table_it_is_given() -> None:
    one = (Transition(None, ReleaseState.DRAFT, "consolidate", Role.OPERATOR, "move_draft"),)
    page = states_page(one)
    assert page.count("-->") == 1
    assert "signed" not in page
    assert "| `draft` | projet | draft | — |" in page
