"""What all commands share: where they print, how they end, and how they read a month, a day, a region and the settings. The clock and
the environment are read by commands and nowhere below.

What a function needs is imported inside it, so that quick commands stay quick.
"""

import json
import sys
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.markup import escape
from typer.core import TyperCommand, TyperGroup

from pipelines.model import Period
from schemas.texts import message

if TYPE_CHECKING:
    from pipelines.settings import Settings

DONE, NEEDS_A_PERSON, WRONG_USAGE, FAILED = 0, 1, 2, 3

# written to a file or a log, a line is not cut to the width of a screen
out = Console(width=None if sys.stdout.isatty() else 130)
err = Console(stderr=True, width=None if sys.stderr.isatty() else 130)


class _HelpInLanguage:
    """Describes `--help` itself in the language of the run."""

    def get_help_option(self, ctx: Any) -> Any:
        option = super().get_help_option(ctx)  # type: ignore[misc]
        if option is not None:
            option.help = message("cli_help_option", ctx.find_root().obj or "fr")
        return option


class Command(_HelpInLanguage, TyperCommand):
    """A command with its help in the language of the run."""


class Group(_HelpInLanguage, TyperGroup):
    """A group of commands with its help in the language of the run."""


class SettingsError(Exception):
    """The settings file or a CMP_ variable cannot be used."""


def read_settings() -> "Settings":
    """The settings of the folder in which the command runs. Raises SettingsError."""
    from pydantic import ValidationError

    from pipelines.settings import SETTINGS_FILE, Settings

    try:
        return Settings()
    except ValidationError as failure:
        first = failure.errors()[0]
        raise SettingsError(f"{'.'.join(map(str, first['loc']))} : {first.get('input')!r}") from failure
    except tomllib.TOMLDecodeError as failure:
        raise SettingsError(f"{SETTINGS_FILE} : {failure}") from failure


def period_of(text: str, lang: str) -> Period:
    """A month as typed; anything else is wrong usage."""
    try:
        return Period.parse(text)
    except ValueError:
        raise wrong_usage(message("cli_bad_period", lang, period=text)) from None


def day_of(text: str | None, lang: str) -> date | None:
    """A day as typed, or None; anything else is wrong usage."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise wrong_usage(message("cli_bad_day", lang, day=str(text))) from None


def wrong_usage(sentence: str) -> typer.Exit:
    """Says what is wrong; to be raised."""
    err.print(sentence, highlight=False)
    return typer.Exit(WRONG_USAGE)


def print_json(value: Any) -> None:
    """The machine form on standard output, and nothing else there."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


@contextmanager
def spinner(text: str) -> Iterator[Callable[[str], None]]:
    """A line of progress on the error stream, so that standard output stays clean; nothing when it is not a terminal."""
    if not err.is_terminal:
        yield lambda _: None
        return
    with err.status(text) as status:
        yield status.update


def has_store(settings: "Settings", lang: str) -> bool:
    """A SQLite store is not created by a question about it."""
    if settings.database_url is None and not (settings.processed_dir / "cmp.sqlite").exists():
        err.print(message("cli_no_store", lang, store=str(settings.processed_dir / "cmp.sqlite")))
        return False
    return True


def region_meant(name: str, settings: "Settings", lang: str) -> str:
    """The region of a name or code."""
    from pipelines.io import reference

    gazetteer = reference.gazetteer(reference.confirmed_in(settings.store_url))
    meant = gazetteer.meant(name, "region")
    if len(meant) != 1:
        near = [item.name for item in gazetteer.match(name, "region").suggestions]
        raise wrong_usage(escape(message("cli_unknown_region", lang, region=name, suggestion=near)))
    return meant[0]
