"""The layouts that CONTRIBUTING shows work as they stand there: one file and one fixture take in a new workbook."""

from __future__ import annotations

import re
import textwrap
import tomllib
from datetime import date
from pathlib import Path

import pytest

from pipelines import checking, intake, sources
from pipelines.checking import Rulebook
from pipelines.layouts import Layout, parse_layout
from pipelines.model import Discrepancy, OpenedFile, Period, Sheet
from pipelines.sources import Register
from pipelines.triangulation import against_sources, comparisons
from pipelines.triangulation.comparisons import Told
from schemas import texts
from schemas.fields import SITE
from tests.fiche import GAZETTEER, changed
from tests.rules.examples import add
from tests.triangulation.months import evidence

PAGE = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text("utf-8")
[ROWS] = re.findall(r"```toml\n# schemas/reference/sources.toml\n(.*?)```", PAGE, re.S)
SHOWN = re.findall(r"```toml\n(# schemas/layouts/.*?)```.*?```python\n(.*?)```", PAGE, re.S)


@pytest.mark.parametrize(("layout", "fixture"), SHOWN, ids=[layout.split("\n")[0] for layout, _ in SHOWN])
def test_a_layout_shown_to_newcomers_works(layout: str, fixture: str, monkeypatch: pytest.MonkeyPatch) -> None:
    added = parse_layout(tomllib.loads(layout))
    every = (*intake.layouts(), added)

    known = Register([*sources.register().sources, *sources.parse_register(ROWS).sources])

    def named(layout_id: str) -> Layout:
        return next(item for item in every if item.id == layout_id)

    monkeypatch.setattr(checking, "layout_named", named)
    monkeypatch.setattr(intake, "layouts", lambda: every)
    monkeypatch.setattr(sources, "register", lambda: known)
    names = {"checking": checking, "intake": intake, "date": date, "GAZETTEER": GAZETTEER, "Rulebook": Rulebook, "Period": Period, "sources": sources,
             "OpenedFile": OpenedFile, "Sheet": Sheet}  # fmt: skip
    exec(fixture, names)  # the page's own test
    [shown] = [value for name, value in names.items() if name.startswith("test_")]
    shown()  # type: ignore[operator]


COMPARISON = re.search(r"## Add a comparison.*?```python\n(.*?)```.*?```toml\n(.*?)```", PAGE, re.S)


def test_the_comparison_shown_to_newcomers_works(monkeypatch: pytest.MonkeyPatch) -> None:
    assert COMPARISON is not None
    code, row = (textwrap.dedent(block) for block in COMPARISON.groups())
    [(name, told)] = tomllib.loads(row).items()
    known = {**texts.rules(), name: texts.read_rule(name, told)}
    monkeypatch.setattr(texts, "rules", lambda: known)
    monkeypatch.setattr(comparisons, "DISCREPANCY_RULES", dict(comparisons.DISCREPANCY_RULES))  # known to this test alone
    names = {**vars(against_sources)}
    exec(code, names)  # the page's own rule
    sites_over_stock = names["sites_over_stock"]

    def gaps(persons: int) -> list[Discrepancy]:
        site = {
            "cercle": "Bla",
            "commune": "Bla",
            "level": "cercle entier",
            "site": "École",
            "households": 10,
            "individuals": persons,
        }
        return list(sites_over_stock(evidence(changed(add(SITE, **site))), {"persons": 50}, Told(())))

    assert gaps(103) == []
    [gap] = gaps(104)
    assert (gap.rule, gap.gap) == (name, 51)
    for lang in texts.LANGUAGES:
        assert "104" in texts.rule_sentence(name, gap.params, lang)


def test_the_page_shows_a_return_and_a_source() -> None:
    assert {tomllib.loads(layout)["kind"] for layout, _ in SHOWN} == {"return", "circulated"}
