"""Every command has help in French and in English. The commands are found in the application: a new one is held to it too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main

from pipelines import cli
from tests.cli.conftest import Command

ENGLISH = re.compile(
    r"the|this|that|and|of|for|with|without|from|into|shows?|files?|month|default|required|commands|print|language|write|read|"
    r"checks?|help|where|which|why|when|what|who|option|argument|missing|exit|output|store|by|as|is|are|be|to|run|returns?|"
    r"person|people|number|figures|findings|day|year"
)
"""Words of English that are no words of French."""
FRENCH = re.compile(r"les?|la|des|du|une?|et|pour|avec|sans|fichiers?|mois|lieu|langue|sortie|obligatoire")
"""Words of French that are no words of English."""


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, command
    for name, below in getattr(command, "commands", {}).items():
        yield from commands(below, (*path, name))


def application(lang: str) -> dict[tuple[str, ...], Any]:
    return dict(commands(typer.main.get_command(cli.build(lang))))


COMMANDS = sorted(application("fr"))
IDS = [" ".join(path) or "cmp-idp" for path in COMMANDS]


def words_of(text: str, language: re.Pattern[str]) -> list[str]:
    """Words of a language in sentences, without names of options, values to fill in (capitals), types, and months as they are written."""
    text = re.sub(r"--?[a-z][a-z-]*|<[^>]*>|\bfr\|en\b|\bcmp-idp\b", " ", text)
    for path in COMMANDS:
        for name in path:
            text = re.sub(rf"(^|\W){re.escape(name)}(\W|$)", r"\1\2", text)
    words = {word.lower() for word in re.findall(r"[^\W\d_]+", text) if not word.isupper()}
    return sorted(word for word in words if language.fullmatch(word))


def test_the_commands_of_the_main_job_are_there() -> None:
    assert {("consolidate",), ("validate",), ("status",), ("explain",)} <= set(COMMANDS)


@pytest.mark.parametrize("path", COMMANDS, ids=IDS)
def test_help_is_in_french(path: tuple[str, ...], cmp_idp: Command) -> None:
    result = cmp_idp(*path, "--help")
    assert (result.code, result.err) == (0, "")
    assert words_of(result.out, ENGLISH) == []
    assert words_of(result.out, FRENCH)
    assert "Usage: cmp-idp" in result.out


@pytest.mark.parametrize("path", COMMANDS, ids=IDS)
def test_help_is_in_english_on_demand(path: tuple[str, ...], cmp_idp: Command) -> None:
    result = cmp_idp(*path, "--help", "--lang", "en")
    assert (result.code, result.err) == (0, "")
    assert words_of(result.out, FRENCH) == []
    assert words_of(result.out, ENGLISH)


@pytest.mark.parametrize("path", COMMANDS, ids=IDS)
def test_every_parameter_is_described_in_both_languages(path: tuple[str, ...]) -> None:
    described = {}
    for lang in ("fr", "en"):
        command = application(lang)[path]
        texts = {"": command.help, **{param.name: param.help for param in command.params}}
        assert {name for name, text in texts.items() if not (text or "").strip()} == set()
        described[lang] = texts
    assert described["fr"].keys() == described["en"].keys()
    assert {name for name, text in described["fr"].items() if text == described["en"][name]} == set()


@pytest.mark.parametrize("path", COMMANDS, ids=IDS)
def test_commands_of_a_month_have_a_machine_form(path: tuple[str, ...]) -> None:
    options = {option for param in application("fr")[path].params for option in param.opts}
    assert not path or path[0] not in {"consolidate", "validate", "status", "explain"} or "--json" in options
    assert "--lang" in options


def test_language_of_the_settings(cmp_idp: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CMP_LANG", "en")
    assert "Monthly consolidation" in cmp_idp("--help").text
    assert "Consolidation mensuelle" in cmp_idp("--lang", "fr", "--help").text


def test_without_a_command_the_help_is_shown(cmp_idp: Command) -> None:
    assert "Commandes" in cmp_idp().text
