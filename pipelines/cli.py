"""The command line. French unless `--lang en`; exit codes 0 done, 1 data need a person, 2 wrong usage, 3 the program failed.

Commands that run no flow import neither Prefect nor pandas: what a command needs is imported inside it. Annotations are not
deferred here, since Typer reads the help texts of one language from them.
"""

import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from typer import rich_utils

from pipelines.cli_release import add_export, release_commands
from pipelines.model import Period
from pipelines.terminal import (
    DONE,
    FAILED,
    NEEDS_A_PERSON,
    WRONG_USAGE,
    Command,
    Group,
    SettingsError,
    day_of,
    err,
    has_store,
    out,
    period_of,
    print_json,
    read_settings,
    region_meant,
    spinner,
    wrong_usage,
)
from schemas import texts
from schemas.codes import Effect
from schemas.texts import message

if TYPE_CHECKING:
    from pipelines.model import FileReport
    from pipelines.settings import Settings


def language_of(arguments: Sequence[str]) -> str:
    """`--lang` wherever it stands, else CMP_LANG or the settings file: help is written before options are parsed."""
    for at, word in enumerate(arguments):
        if word.startswith("--lang="):
            return "en" if word == "--lang=en" else "fr"
        if word == "--lang" and at + 1 < len(arguments):
            return "en" if arguments[at + 1] == "en" else "fr"
    try:
        return read_settings().lang
    except Exception:  # the command itself reports settings that cannot be read
        return "fr"


def build(lang: str) -> typer.Typer:
    """The application with every help text in `lang`."""

    def say(key: str, **params: Any) -> str:
        return message(key, lang, **params)

    for name in ("ARGUMENTS_PANEL_TITLE", "OPTIONS_PANEL_TITLE", "COMMANDS_PANEL_TITLE", "ERRORS_PANEL_TITLE", "ABORTED_TEXT",
                 "DEFAULT_STRING", "REQUIRED_LONG_STRING", "RICH_HELP"):  # fmt: skip
        setattr(rich_utils, name, texts.raw(f"cli_typer_{name.lower()}", lang))

    app = typer.Typer(
        name="cmp-idp", cls=Group, help=say("cli_app"), no_args_is_help=True, add_completion=False,
        context_settings={"help_option_names": ["-h", "--help"], "obj": lang}, pretty_exceptions_enable=False,
    )  # fmt: skip
    period_argument = Annotated[str, typer.Argument(metavar="PERIOD", help=say("cli_period"))]
    lang_option = Annotated[str, typer.Option("--lang", metavar="fr|en", help=say("cli_lang"))]
    json_option = Annotated[bool, typer.Option("--json", help=say("cli_json"))]

    @app.callback()
    def root(lang_: lang_option = lang) -> None:
        pass

    @app.command("consolidate", cls=Command, help=say("cli_consolidate"))
    def consolidate(
        period: period_argument,
        as_of: Annotated[str | None, typer.Option("--as-of", metavar="AAAA-MM-JJ", help=say("cli_as_of"))] = None,
        strict: Annotated[bool, typer.Option("--strict", help=say("cli_strict"))] = False,
        as_json: json_option = False,
        lang_: lang_option = lang,
    ) -> None:
        raise typer.Exit(_consolidate(period_of(period, lang), day_of(as_of, lang), strict, as_json, lang))

    @app.command("validate", cls=Command, help=say("cli_validate"))
    def validate(
        files: Annotated[list[Path], typer.Argument(metavar="FILES…", help=say("cli_files"))],
        period: Annotated[str | None, typer.Option("--period", metavar="AAAA-MM", help=say("cli_validate_period"))] = None,
        retour: Annotated[Path | None, typer.Option("--retour", metavar="DIR", help=say("cli_retour"))] = None,
        as_json: json_option = False,
        lang_: lang_option = lang,
    ) -> None:
        raise typer.Exit(_validate(files, period_of(period, lang) if period else None, retour, as_json, lang))

    @app.command("status", cls=Command, help=say("cli_status"))
    def status(period: period_argument, as_json: json_option = False, lang_: lang_option = lang) -> None:
        raise typer.Exit(_status(period_of(period, lang), as_json, lang))

    @app.command("explain", cls=Command, help=say("cli_explain"))
    def explain(
        place: Annotated[str, typer.Argument(metavar="PLACE", help=say("cli_place"))],
        period: period_argument,
        draft: Annotated[bool, typer.Option("--draft", help=say("cli_explain_draft"))] = False,
        revision: Annotated[int | None, typer.Option("--revision", metavar="N", min=1, help=say("cli_explain_revision"))] = None,
        as_json: json_option = False,
        lang_: lang_option = lang,
    ) -> None:
        if draft and revision is not None:
            raise wrong_usage(message("cli_draft_and_revision", lang))
        raise typer.Exit(_explain(place, period_of(period, lang), draft, revision, as_json, lang))

    @app.command("template", cls=Command, help=say("cli_template"))
    def template(
        period: Annotated[str, typer.Option("--period", metavar="AAAA-MM", help=say("cli_period"))],
        region: Annotated[list[str] | None, typer.Option("--region", metavar="NAME", help=say("cli_template_region"))] = None,
        folder: Annotated[Path | None, typer.Option("--out", metavar="DIR", help=say("cli_template_out"))] = None,
        as_json: json_option = False,
        lang_: lang_option = lang,
    ) -> None:
        raise typer.Exit(_template(period_of(period, lang), region or [], folder, as_json, lang))

    app.add_typer(_places_commands(lang))
    app.add_typer(release_commands(lang))
    add_export(app, lang)
    _add_meeting_commands(app, lang)
    return app


def _add_meeting_commands(app: typer.Typer, lang: str) -> None:
    """`cmp-idp discrepancies` and `cmp-idp decide`."""

    def say(key: str) -> str:
        return message(key, lang)

    lang_option = Annotated[str, typer.Option("--lang", metavar="fr|en", help=say("cli_lang"))]
    json_option = Annotated[bool, typer.Option("--json", help=say("cli_json"))]

    @app.command("discrepancies", cls=Command, help=say("cli_discrepancies"))
    def discrepancies(
        period: Annotated[str, typer.Argument(metavar="PERIOD", help=say("cli_period"))],
        every: Annotated[bool, typer.Option("--all", help=say("cli_discrepancies_all"))] = False,
        region: Annotated[str | None, typer.Option("--region", metavar="NAME", help=say("cli_discrepancies_region"))] = None,
        export: Annotated[
            Path | None, typer.Option("--export", metavar="FILE.xlsx", help=say("cli_discrepancies_export"))
        ] = None,
        filled: Annotated[
            Path | None, typer.Option("--import", metavar="FILE.xlsx", help=say("cli_discrepancies_import"))
        ] = None,
        by: Annotated[str | None, typer.Option("--by", metavar="NAME", help=say("cli_discrepancies_by"))] = None,
        day: Annotated[str | None, typer.Option("--date", metavar="AAAA-MM-JJ", help=say("cli_discrepancies_date"))] = None,
        as_of: Annotated[str | None, typer.Option("--as-of", metavar="AAAA-MM-JJ", help=say("cli_discrepancies_as_of"))] = None,
        as_json: json_option = False,
        lang_: lang_option = lang,
    ) -> None:
        month, seen = period_of(period, lang), day_of(as_of, lang)
        if export is not None and filled is not None:
            raise wrong_usage(message("cli_export_and_import", lang))
        if filled is not None:
            raise typer.Exit(_discrepancies_import(month, filled, by, day_of(day, lang), as_json, lang))
        raise typer.Exit(_discrepancies(month, every, region, export, seen, as_json, lang))

    @app.command("decide", cls=Command, help=say("cli_decide"))
    def decide(
        by: Annotated[str, typer.Option("--by", metavar="NAME", help=say("cli_decide_by"))],
        reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help=say("cli_decide_reason"))],
        about: Annotated[str | None, typer.Argument(metavar="ID", help=say("cli_decide_about"))] = None,
        action: Annotated[str | None, typer.Argument(metavar="ACTION", help=say("cli_decide_action"))] = None,
        day: Annotated[str | None, typer.Option("--date", metavar="AAAA-MM-JJ", help=say("cli_decide_date"))] = None,
        source: Annotated[str | None, typer.Option("--source", metavar="NAME", help=say("cli_decide_source"))] = None,
        undo: Annotated[int | None, typer.Option("--undo", metavar="DECISION_ID", help=say("cli_decide_undo"))] = None,
        group: Annotated[str | None, typer.Option("--group", metavar="small|frozen", help=say("cli_decide_group"))] = None,
        period: Annotated[str | None, typer.Option("--period", metavar="AAAA-MM", help=say("cli_decide_period"))] = None,
        region: Annotated[str | None, typer.Option("--region", metavar="NAME", help=say("cli_decide_region"))] = None,
        as_json: json_option = False,
        lang_: lang_option = lang,
    ) -> None:
        words, on = [word for word in (about, action) if word is not None], day_of(day, lang) or date.today()
        if undo is not None:
            if words or group or source or period or region:
                raise wrong_usage(message("cli_decide_form_undo", lang))
            raise typer.Exit(_decide_undo(undo, by.strip(), on, reason.strip(), as_json, lang))
        if group is not None:
            if len(words) != 1 or source or period is None or group not in ("small", "frozen"):
                raise wrong_usage(message("cli_decide_form_group", lang))
            month = period_of(period, lang)
            raise typer.Exit(_decide_group(group, month, region, words[0], by.strip(), on, reason.strip(), as_json, lang))
        if period or region:
            raise wrong_usage(message("cli_decide_not_group", lang))
        if len(words) != 2:
            raise wrong_usage(message("cli_decide_form", lang))
        raise typer.Exit(_decide(words[0], words[1], source, by.strip(), on, reason.strip(), as_json, lang))


def _places_commands(lang: str) -> typer.Typer:
    """`cmp-idp places match|review|confirm`."""

    def say(key: str) -> str:
        return message(key, lang)

    places = typer.Typer(name="places", cls=Group, help=say("cli_places"), no_args_is_help=True)
    lang_option = Annotated[str, typer.Option("--lang", metavar="fr|en", help=say("cli_lang"))]
    json_option = Annotated[bool, typer.Option("--json", help=say("cli_json"))]

    @places.callback()
    def root(lang_: lang_option = lang) -> None:
        pass

    @places.command("match", cls=Command, help=say("cli_places_match"))
    def match(
        file: Annotated[Path, typer.Argument(metavar="FILE", help=say("cli_places_list"))],
        vintage: Annotated[str, typer.Option("--vintage", metavar="cod-AAAA", help=say("cli_places_vintage"))] = "cod-2021",
        as_json: json_option = False,
        lang_: lang_option = lang,
    ) -> None:
        raise typer.Exit(_places_match(file, vintage, as_json, lang))

    @places.command("review", cls=Command, help=say("cli_places_review"))
    def review(
        period: Annotated[str | None, typer.Argument(metavar="PERIOD", help=say("cli_places_review_period"))] = None,
        to: Annotated[Path | None, typer.Option("--out", metavar="FILE.xlsx", help=say("cli_places_out"))] = None,
        as_json: json_option = False,
        lang_: lang_option = lang,
    ) -> None:
        raise typer.Exit(_places_review(period_of(period, lang) if period else None, to, as_json, lang))

    @places.command("confirm", cls=Command, help=say("cli_places_confirm"))
    def confirm(
        name: Annotated[str, typer.Argument(metavar="NAME", help=say("cli_places_name"))],
        by: Annotated[str, typer.Option("--by", metavar="NAME", help=say("cli_places_by"))],
        place: Annotated[str | None, typer.Argument(metavar="PLACE", help=say("cli_places_place"))] = None,
        level: Annotated[str | None, typer.Option("--level", metavar="LEVEL", help=say("cli_places_level"))] = None,
        parent: Annotated[str | None, typer.Option("--parent", metavar="PLACE", help=say("cli_places_parent"))] = None,
        reason: Annotated[str | None, typer.Option("--reason", metavar="TEXT", help=say("cli_places_reason"))] = None,
        day: Annotated[str | None, typer.Option("--date", metavar="AAAA-MM-JJ", help=say("cli_places_date"))] = None,
        lang_: lang_option = lang,
    ) -> None:
        raise typer.Exit(_places_confirm(name, place, level, parent, by.strip(), reason, day_of(day, lang) or date.today(), lang))

    return places


UsageError: type[Exception] = typer.BadParameter.__bases__[0]
"""What Typer raises for words it does not understand."""


def main() -> None:
    """Entry point of `cmp-idp`."""
    lang = language_of(sys.argv[1:])
    sys.exit(_run(lang))


def _run(lang: str) -> int:
    try:
        return build(lang)(standalone_mode=False) or DONE
    except (KeyboardInterrupt, typer.Abort):
        err.print(message("cli_interrupted", lang))
        return FAILED
    except SettingsError as wrong:
        err.print(message("cli_bad_settings", lang, why=str(wrong)), highlight=False)
        return WRONG_USAGE
    except UsageError as wrong:
        _explain_usage(wrong, lang)
        return WRONG_USAGE
    except Exception as failure:  # the last resort: a sentence and exit code 3, the traceback only when asked for
        err.print(f"[bold red]{escape(_failure(failure, lang))}[/]", highlight=False)
        if "CMP_TRACEBACK" in os.environ:
            err.print_exception()
        return FAILED


def _explain_usage(wrong: Any, lang: str) -> None:
    """Typer speaks English whatever the language; the usual mistakes are told in ours."""
    kind = type(wrong).__name__
    if kind == "NoArgsIsHelpError":
        out.print(wrong.format_message(), highlight=False)
        return
    if kind == "NoSuchOption":
        told = message("cli_no_such_option", lang, option=wrong.option_name)
    elif kind == "MissingParameter":
        option = next((word for word in wrong.param.opts if word.startswith("--")), None)
        told = message("cli_missing_parameter", lang, name=option or wrong.param.metavar or wrong.param.name)
    elif command := re.match(r"No such command '(.+)'", wrong.message):
        told = message("cli_no_such_command", lang, name=command[1])
    else:
        told = message("cli_wrong_usage", lang, why=wrong.format_message())
    err.print(escape(told), highlight=False)
    err.print(message("cli_see_help", lang, command=wrong.ctx.command_path if wrong.ctx else "cmp-idp"), highlight=False)


def _failure(failure: Exception, lang: str) -> str:
    from pipelines.io.store import StoreError

    if isinstance(failure, StoreError):
        return message("cli_store_failed", lang, why=str(failure))
    if isinstance(failure, OSError):
        return message("cli_disk_failed", lang, why=str(failure))
    return message("cli_failed", lang, why=f"{type(failure).__name__}: {failure}")


# --- consolidate --------------------------------------------------------------------------------------------------------


def _consolidate(period: Period, as_of: date | None, strict: bool, as_json: bool, lang: str) -> int:
    settings = read_settings()
    if not (settings.raw_dir / str(period)).is_dir():
        err.print(message("cli_no_inbox", lang, folder=str(settings.raw_dir / str(period))))
        return WRONG_USAGE
    from pipelines import consolidation, engine

    job = consolidation.job(period, settings, as_of)
    with spinner(message("cli_starting", lang)) as say, engine.running(settings.processed_dir / ".prefect"):
        from pipelines import flows

        say(message("cli_running", lang, period=str(period)))
        outcome = flows.consolidate(job)
    board, findings = _board(settings, period)
    if as_json:
        from pipelines.io.show import status_json

        print_json(
            {
                **status_json(board),
                "written": [str(path) for path in (*outcome.written, *outcome.sent_back.paths, *outcome.asked.paths)],
            }
        )
    else:
        _print_board(board, findings, lang)
        out.print(message("cli_written", lang))
        for path in outcome.written:
            out.print(f"  {escape(str(path))}", highlight=False, soft_wrap=True)
        _print_sent_back(outcome.sent_back, lang)
        if outcome.asked.letters:
            asked = message("questions_count", lang, documents=len(outcome.asked.letters), folder=str(outcome.asked.folder))
            out.print(escape(asked), highlight=False, soft_wrap=True)
    needs = any(found.effect is not Effect.INFORM for found in findings) or bool(board.discrepancies)
    return NEEDS_A_PERSON if strict and needs else DONE


def _board(settings: "Settings", period: Period) -> tuple[Any, Any]:
    """The board of a month and its findings."""
    from pipelines.io.board import board, findings_of
    from pipelines.io.store import Store

    with Store.open(settings.store_url) as store:
        return board(store, period), findings_of(store, period)


def _print_board(board: Any, findings: Any, lang: str) -> None:
    from pipelines.io import show

    out.print(show.board_table(board, lang))
    for line in (*show.finding_lines(findings, lang), "", *show.headlines(board, lang)):
        out.print(line, highlight=False, soft_wrap=not out.is_terminal)


# --- the other commands -------------------------------------------------------------------------------------------------


def _print_sent_back(written: Any, lang: str) -> None:
    """How many workbooks and letters go back, and where they are; what somebody had worked in and was set aside."""
    if not written.workbooks:
        out.print(message("sent_back_none", lang), highlight=False)
    else:
        counts = {"workbooks": len(written.workbooks), "letters": len(written.letters)}
        out.print(escape(message("sent_back_count", lang, folder=str(written.folder), **counts)), highlight=False, soft_wrap=True)
    for path in written.aside:
        out.print(f"  {escape(str(path))}", highlight=False, soft_wrap=True)


def _check_retour(folder: Path, files: list[Path], lang: str) -> None:
    """A mistyped folder is not made, and received files stay alone in theirs."""
    if folder.exists() and not folder.is_dir():
        raise wrong_usage(message("cli_retour_not_folder", lang, folder=str(folder)))
    if not folder.resolve().parent.is_dir():
        raise wrong_usage(message("cli_retour_no_parent", lang, folder=str(folder.parent)))
    if folder.resolve() in {path.resolve().parent for path in files}:
        raise wrong_usage(message("cli_retour_inbox", lang, folder=str(folder)))


def _validate(files: list[Path], period: Period | None, retour: Path | None, as_json: bool, lang: str) -> int:
    missing = [path for path in files if not path.is_file()]
    for path in missing:
        err.print(message("cli_is_folder" if path.is_dir() else "cli_no_file", lang, file=str(path)))
    if missing:
        return WRONG_USAGE
    if retour is not None:
        _check_retour(retour, files, lang)
    from pipelines import consolidation
    from pipelines.io import show

    month, written = period or _month_of_folder(files), None
    with spinner(message("cli_validating", lang)):
        if retour is None:
            reports = consolidation.validate(files, read_settings(), month)
        else:
            reports, written = consolidation.validate_and_send_back(files, read_settings(), month, retour)
    if as_json:
        print_json(show.validation_json(reports, lang))
    else:
        for report in reports:
            for line in show.validation_lines(report, lang):
                out.print(line, highlight=False, soft_wrap=not out.is_terminal)
        if written is not None:
            _print_sent_back(written, lang)
    return NEEDS_A_PERSON if any(_stops(report) for report in reports) else DONE


def _month_of_folder(files: list[Path]) -> Period | None:
    """The month of files that lie in one `…/AAAA-MM/returns/` folder, as received files do."""
    names = {path.resolve().parent.parent.name for path in files}
    try:
        return Period.parse(names.pop()) if len(names) == 1 else None
    except ValueError:
        return None


def _stops(report: "FileReport") -> bool:
    stopping = {Effect.REJECT_SUBMISSION, Effect.REJECT_ROW, Effect.BLOCK_PUBLICATION}
    return any(finding.effect in stopping for finding in report.findings)


def _status(period: Period, as_json: bool, lang: str) -> int:
    settings = read_settings()
    from pipelines.io import show

    if not has_store(settings, lang):
        return NEEDS_A_PERSON
    board, findings = _board(settings, period)
    if as_json:
        print_json(show.status_json(board))
    elif board.state is None:
        err.print(message("cli_never_consolidated", lang, period=str(period)))
    else:
        _print_board(board, findings, lang)
    return DONE if board.state is not None else NEEDS_A_PERSON


def _explain(place: str, period: Period, draft: bool, revision: int | None, as_json: bool, lang: str) -> int:
    settings = read_settings()
    if not has_store(settings, lang):
        return NEEDS_A_PERSON
    from pipelines.io import explain
    from pipelines.io.store import Store

    with Store.open(settings.store_url) as store:
        found = explain.find(store, place)
        if not found:
            err.print(message("cli_no_place", lang, place=place))
            return NEEDS_A_PERSON
        try:
            release = explain.chosen(store, period, draft=draft, revision=revision)
        except KeyError:
            known = [str(row.revision) for row in store.releases(period)]
            which = message("cli_known_revisions" if known else "cli_known_no_revision", lang, revisions=known)
            err.print(message("cli_no_revision", lang, period=str(period), revision=str(revision), known=which))
            return NEEDS_A_PERSON
        told = [story for story in explain.stories(store, found, period, release) if story.says_something]
    if not told:
        err.print(message("cli_no_figure", lang, place=place, period=str(period)))
        return NEEDS_A_PERSON
    if as_json:
        print_json([explain.as_json(story, lang) for story in told])
    else:
        for story in told:
            for line in explain.lines(story, lang):
                out.print(line, highlight=False)
    return DONE


# --- template -----------------------------------------------------------------------------------------------------------


def _template(period: Period, regions: list[str], folder: Path | None, as_json: bool, lang: str) -> int:
    settings = read_settings()
    directorates = _directorates(period, regions, lang)
    from pipelines.io.template.month import write_fiches

    into = folder or settings.processed_dir / str(period) / "modeles"
    written = []
    with spinner(message("cli_starting", lang)) as say, _store_if_any(settings) as store:
        for item in write_fiches(into, period, directorates, settings, store):
            say(message("cli_template_writing", lang, region_name=item.region))
            written.append(item)
    past = written[0].past if written else None
    if as_json:
        files = [{"region": item.region, "file": str(item.path), "set_aside": str(item.set_aside) if item.set_aside else None}
                 for item in written]  # fmt: skip
        print_json({"period": str(period), "past": past, "files": files})
        return DONE
    told = (
        message("cli_template_past", lang, past=past)
        if past
        else message("cli_template_no_past", lang, period=str(period.previous()))
    )
    out.print(told, highlight=False)
    out.print(message("cli_written", lang))
    for item in written:
        out.print(f"  {escape(str(item.path))}", highlight=False, soft_wrap=True)
        if item.set_aside:
            out.print(escape(message("cli_template_aside", lang, file=str(item.set_aside))), highlight=False, soft_wrap=True)
    return DONE


def _directorates(period: Period, regions: list[str], lang: str) -> list[Any]:
    """The directorates expected in a month, or those of the regions named."""
    from pipelines.io import reference

    expected = {one.place_id: one for one in reference.expected_directorates(period)}
    gazetteer = reference.gazetteer(reference.confirmed_in(read_settings().store_url) if regions else ())
    wanted: dict[str, Any] = {}
    for name in regions:
        match = gazetteer.match(name, "region")
        if match.place_id is None:
            near = [item.name for item in match.suggestions]
            raise wrong_usage(escape(message("cli_unknown_region", lang, region=name, suggestion=near)))
        if match.place_id not in expected:
            raise wrong_usage(escape(message("cli_region_not_expected", lang, region=name, period=str(period))))
        wanted[match.place_id] = expected[match.place_id]
    return list((wanted or expected).values())


@contextmanager
def _store_if_any(settings: "Settings") -> Iterator[Any]:
    """The store, or None when there is none yet: it is not created to be asked about the past."""
    if settings.database_url is None and not (settings.processed_dir / "cmp.sqlite").exists():
        yield None
        return
    from pipelines.io.store import Store

    with Store.open(settings.store_url) as store:
        yield store


# --- discrepancies and what is decided about them -----------------------------------------------------------------------


def _discrepancies(
    period: Period, every: bool, region: str | None, export: Path | None, as_of: date | None, as_json: bool, lang: str
) -> int:
    settings = read_settings()
    if export is not None and export.suffix.lower() != ".xlsx":
        raise wrong_usage(message("cli_export_suffix", lang, file=str(export)))
    region_id = region_meant(region, settings, lang) if region else None
    if not has_store(settings, lang):
        return NEEDS_A_PERSON
    from pipelines.io import agenda, show_discrepancies
    from pipelines.io.store import Store

    with Store.open(settings.store_url) as store:
        release = store.draft_release(period)
        if release is None:
            err.print(message("cli_never_consolidated", lang, period=str(period)))
            return NEEDS_A_PERSON
        found = agenda.agenda(store, period, as_of or min(date.today(), release.as_of), region_id=region_id)
    shown = found.points if every else found.open_points
    if export is not None:
        from pipelines.io import meeting

        aside = meeting.write_meeting(export, found, lang)
        if aside is not None:
            err.print(message("places_set_aside", lang, file=str(aside)), highlight=False, soft_wrap=True)
        err.print(
            escape(message("discrepancies_written", lang, file=str(export), period=str(period))), highlight=False, soft_wrap=True
        )
    if as_json:
        print_json(show_discrepancies.machine_form(shown, lang))
    elif export is None:
        for line in show_discrepancies.lines(found, shown, lang):
            out.print(line, highlight=False, soft_wrap=not out.is_terminal)
    return NEEDS_A_PERSON if found.open_points else DONE


def _discrepancies_import(period: Period, file: Path, by: str | None, on: date | None, as_json: bool, lang: str) -> int:
    """The decisions of a filled workbook, all or none. The clock is read here and nowhere below."""
    if not file.is_file():
        raise wrong_usage(message("cli_no_file", lang, file=str(file)))
    settings = read_settings()
    if not has_store(settings, lang):
        return NEEDS_A_PERSON
    from pipelines.io import agenda, decisions, meeting_filled, show_discrepancies
    from pipelines.io.store import Store

    who, today = (by or "").strip() or None, date.today()
    with Store.open(settings.store_url) as store:
        points = agenda.points(store, period, today)
        try:
            filled = meeting_filled.read_meeting(
                file, period, points, by=who, on=on, today=today, lang=lang, limits=settings.limits
            )
            if filled.problems:
                recorded, known = list[decisions.Recorded](), list[decisions.Recorded]()
            else:
                recorded, known = decisions.record_all(
                    store, filled.wanted, by=who, at=datetime.now(UTC), answer_days=settings.calendar.queries, lang=lang
                )
        except meeting_filled.MeetingError as why:
            raise wrong_usage(escape(str(why))) from None
        except decisions.RefusedError as why:
            err.print(escape(str(why)), highlight=False)
            return NEEDS_A_PERSON
    if as_json:
        print_json({"recorded": [decisions.recorded_json(item) for item in recorded],
                     "known": [decisions.recorded_json(item) for item in known], "problems": filled.problems})  # fmt: skip
    else:
        for line in show_discrepancies.imported_lines(filled, recorded, known, lang):
            out.print(escape(line), highlight=False, soft_wrap=not out.is_terminal)
    return NEEDS_A_PERSON if filled.problems else DONE


def _decide(about: str, word: str, source: str | None, by: str, on: date, reason: str, as_json: bool, lang: str) -> int:
    """One decision. The clock is read here and nowhere below."""
    settings, action = read_settings(), _action(word, lang)
    if not has_store(settings, lang):
        return NEEDS_A_PERSON
    from pipelines.io import decisions, show_discrepancies
    from pipelines.io.store import Store

    today = date.today()
    with Store.open(settings.store_url) as store, _refused_in_words():
        wanted = decisions.Wanted(decisions.find(store, about, today, lang), action, by, on, reason, source)
        recorded = decisions.decide(
            store, wanted, today=today, at=datetime.now(UTC), answer_days=settings.calendar.queries, lang=lang
        )
    if as_json:
        print_json(decisions.recorded_json(recorded))
    else:
        for line in show_discrepancies.decided_lines(recorded, lang):
            out.print(escape(line), highlight=False, soft_wrap=not out.is_terminal)
    return DONE


def _action(word: str, lang: str) -> Any:
    """The action that a word names."""
    from pipelines.io import agenda
    from schemas.codes import Action

    action = agenda.action_meant(word)
    if action is None:
        words = [agenda.word_of(known, lang) for known in Action]
        raise wrong_usage(escape(message("cli_decide_action_unknown", lang, typed_action=word, actions=words)))
    return action


@contextmanager
def _refused_in_words() -> Iterator[None]:
    """A decision that cannot be taken is told in one sentence; nothing was written."""
    from pipelines.io.decisions import RefusedError

    try:
        yield
    except RefusedError as why:
        err.print(escape(str(why)), highlight=False, soft_wrap=not err.is_terminal)
        raise typer.Exit(NEEDS_A_PERSON) from None


def _decide_undo(number: int, by: str, on: date, reason: str, as_json: bool, lang: str) -> int:
    settings = read_settings()
    if not has_store(settings, lang):
        return NEEDS_A_PERSON
    from pipelines.io import decisions, show_discrepancies
    from pipelines.io.store import Store

    with Store.open(settings.store_url) as store, _refused_in_words():
        written, point = decisions.undo(
            store, number, by=by, on=on, reason=reason, today=date.today(), at=datetime.now(UTC), lang=lang
        )
    if as_json:
        print_json({"decision": written, "undoes": number, "id": point.id, "status": str(point.status), "by": by,
                     "date": str(on), "reason": reason})  # fmt: skip
    else:
        for line in show_discrepancies.undone_lines(written, number, point, lang):
            out.print(escape(line), highlight=False, soft_wrap=not out.is_terminal)
    return DONE


def _decide_group(
    kind: str, period: Period, region: str | None, word: str, by: str, on: date, reason: str, as_json: bool, lang: str
) -> int:
    settings, action = read_settings(), _action(word, lang)
    region_id = region_meant(region, settings, lang) if region else None
    if not has_store(settings, lang):
        return NEEDS_A_PERSON
    from pipelines.io import decisions, show_discrepancies
    from pipelines.io.store import Store

    with Store.open(settings.store_url) as store, _refused_in_words():
        done = decisions.decide_group(
            store, kind, period, region_id, action, by=by, on=on, reason=reason, materiality=settings.materiality,
            today=date.today(), at=datetime.now(UTC), answer_days=settings.calendar.queries, lang=lang,
        )  # fmt: skip
    if as_json:
        print_json({"recorded": [decisions.recorded_json(item) for item in done.recorded], "left": dict(done.left)})
    else:
        for line in show_discrepancies.together_lines(done, settings.materiality, lang):
            out.print(escape(line), highlight=False, soft_wrap=not out.is_terminal)
    return DONE


# --- names of places ----------------------------------------------------------------------------------------------------


def _places_match(file: Path, vintage: str, as_json: bool, lang: str) -> int:
    if not file.is_file():
        raise wrong_usage(message("cli_no_file", lang, file=str(file)))
    from pipelines.io import place_names, reference, show_places

    settings = read_settings()
    gazetteer = reference.gazetteer(reference.confirmed_in(settings.store_url))
    try:
        with spinner(message("cli_matching", lang)):
            found = place_names.matched(place_names.read_list(file, vintage, lang, settings.limits), gazetteer)
    except place_names.ListError as why:
        raise wrong_usage(escape(str(why))) from None
    if as_json:
        print_json(place_names.matches_json(found, gazetteer))
    else:
        out.print(show_places.match_table(found, gazetteer, lang))
        out.print(show_places.match_headline(found, lang), highlight=False)
    return NEEDS_A_PERSON if any(code is None for _, _, code in found) else DONE


def _places_review(period: Period | None, to: Path | None, as_json: bool, lang: str) -> int:
    settings = read_settings()
    if not has_store(settings, lang):
        return NEEDS_A_PERSON
    from pipelines.io import place_names, reference, show_places
    from pipelines.io.store import Store

    gazetteer = reference.gazetteer(reference.confirmed_in(settings.store_url))
    with spinner(message("cli_matching", lang)), Store.open(settings.store_url) as store:
        items, settled = place_names.unplaced(store, gazetteer, [period] if period else store.periods())
    if as_json:
        print_json(place_names.unplaced_json(items, gazetteer))
    elif items:
        out.print(show_places.review_table(items, gazetteer, lang))
    for line in show_places.review_lines(items, settled, lang):
        (err if as_json else out).print(line, highlight=False)
    if to is not None and items:
        from pipelines.io import review_sheet

        aside = review_sheet.write_review(to, items, gazetteer, lang)
        if aside is not None:
            err.print(message("places_set_aside", lang, file=str(aside)), highlight=False, soft_wrap=True)
        err.print(message("places_written", lang, file=str(to)), highlight=False, soft_wrap=True)
    return NEEDS_A_PERSON if items else DONE


def _places_confirm(
    name: str, place: str | None, level: str | None, parent: str | None, by: str, reason: str | None, on: date, lang: str
) -> int:
    """One confirmation, or those of a filled sheet. The clock is read here and nowhere below."""
    if not by:
        raise wrong_usage(message("cli_by_missing", lang))
    from pipelines.io import place_names, reference, show_places
    from pipelines.io.store import Store

    settings, unreadable = read_settings(), list[str]()
    if place is not None:
        at_level = place_names.level_meant(level) if level else None
        if level and at_level is None:
            raise wrong_usage(message("cli_level_unknown", lang, word=level, known=list(place_names.LEVELS_NAMED)))
        items = [place_names.Confirmation(name, place, by, on, at_level, parent, reason)]
    elif Path(name).is_file():
        from pipelines.io import review_sheet

        try:
            items, unreadable = review_sheet.read_review(
                Path(name), by=by, on=on, gazetteer=reference.gazetteer(), lang=lang, limits=settings.limits
            )
        except place_names.ListError as why:
            raise wrong_usage(escape(str(why))) from None
    elif Path(name).suffix:
        raise wrong_usage(message("cli_no_file", lang, file=name))
    else:
        raise wrong_usage(message("cli_place_missing", lang, name=name))
    outcomes: list[place_names.Outcome] = []
    if items:
        settings.processed_dir.mkdir(parents=True, exist_ok=True)
        with Store.open(settings.store_url) as store:
            outcomes = place_names.confirm(store, items, at=datetime.now(UTC), lang=lang)
    for line in show_places.outcome_lines(outcomes, unreadable, lang):
        out.print(escape(line), highlight=False, soft_wrap=not out.is_terminal)
    done = items and not unreadable and all(outcome.status != "refused" for outcome in outcomes)
    return DONE if done else NEEDS_A_PERSON
