"""`cmp-idp release …` and `cmp-idp export`: what people do between the draft and the official figure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich.markup import escape

from pipelines.model import Period
from pipelines.terminal import (
    DONE,
    NEEDS_A_PERSON,
    Command,
    Group,
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
from schemas.codes import Code, Edition, MemberReply, NoticeReply, Promise, ReleaseState, RevisionReason
from schemas.texts import message

T = TypeVar("T", bound=Code)

if TYPE_CHECKING:
    from pipelines.publication import Act
    from pipelines.settings import Settings


def release_commands(lang: str) -> typer.Typer:
    """`cmp-idp release …`."""
    release = typer.Typer(name="release", cls=Group, help=message("cli_release", lang), no_args_is_help=True)

    @release.callback()
    def root(lang_: Annotated[str, typer.Option("--lang", metavar="fr|en", help=message("cli_lang", lang))] = lang) -> None:
        pass

    _add_looking(release, lang)
    _add_before(release, lang)
    _add_evidence(release, lang)
    _add_meeting(release, lang)
    return release


class _Options:
    """The options that commands share, with their help in one language."""

    def __init__(self, lang: str) -> None:
        def option(key: str, *names: str, metavar: str | None = None) -> Any:
            return typer.Option(*names, metavar=metavar, help=message(key, lang))

        self.period = Annotated[str, typer.Argument(metavar="PERIOD", help=message("cli_period", lang))]
        self.lang = Annotated[str, option("cli_lang", "--lang", metavar="fr|en")]
        self.json = Annotated[bool, option("cli_json", "--json")]
        self.by = Annotated[str, option("cli_release_by", "--by", metavar="NAME")]
        self.day = Annotated[str | None, option("cli_release_date", "--date", metavar="AAAA-MM-JJ")]
        self.reason = Annotated[str, option("cli_release_reason", "--reason", metavar="TEXT")]
        self.reason_if_any = Annotated[str | None, option("cli_release_reason", "--reason", metavar="TEXT")]
        self.region = Annotated[str, typer.Argument(metavar="REGION", help=message("cli_release_place", lang))]
        self.option = option


# --- looking --------------------------------------------------------------------------------------------------------------


def _add_looking(release: typer.Typer, lang: str) -> None:
    o = _Options(lang)

    @release.command("status", cls=Command, help=message("cli_release_status", lang))
    def status(period: o.period, day: o.day = None, as_json: o.json = False, lang_: o.lang = lang) -> None:  # type: ignore[name-defined]
        raise typer.Exit(_status(period_of(period, lang), day_of(day, lang) or date.today(), as_json, lang))

    @release.command("list", cls=Command, help=message("cli_release_list", lang))
    def listed(as_json: o.json = False, lang_: o.lang = lang) -> None:  # type: ignore[name-defined]
        raise typer.Exit(_list(as_json, lang))

    @release.command("verify", cls=Command, help=message("cli_release_verify", lang))
    def verify(
        what: Annotated[str | None, typer.Argument(metavar="FILE|PERIOD", help=message("cli_release_what", lang))] = None,
        trust: Annotated[list[Path] | None, o.option("cli_release_trust", "--key", metavar="FILE.pub")] = None,
        as_json: o.json = False,  # type: ignore[name-defined]
        lang_: o.lang = lang,  # type: ignore[name-defined]
    ) -> None:
        raise typer.Exit(_verify(what, trust or [], as_json, lang))

    @release.command("key", cls=Command, help=message("cli_release_key", lang))
    def key(
        new: Annotated[bool, o.option("cli_release_new_key", "--new")] = False,
        lang_: o.lang = lang,  # type: ignore[name-defined]
    ) -> None:
        raise typer.Exit(_key(new, lang))


# --- before the meeting ---------------------------------------------------------------------------------------------------


def _add_before(release: typer.Typer, lang: str) -> None:
    o = _Options(lang)

    @release.command("circulate", cls=Command, help=message("cli_release_circulate", lang))
    def circulate(
        period: o.period, by: o.by,  # type: ignore[name-defined]
        until: Annotated[str | None, o.option("cli_release_until", "--until", metavar="AAAA-MM-JJ")] = None,
        day: o.day = None, lang_: o.lang = lang,  # type: ignore[name-defined]
    ) -> None:  # fmt: skip
        with _act(period, by, day, lang) as act:
            raise typer.Exit(_circulate(act, day_of(until, lang), None, None, lang))

    @release.command("revise", cls=Command, help=message("cli_release_revise", lang))
    def revise(
        period: o.period, by: o.by, reason: o.reason,  # type: ignore[name-defined]
        why: Annotated[str, o.option("cli_release_why", "--why", metavar="CODE")],
        until: Annotated[str | None, o.option("cli_release_until", "--until", metavar="AAAA-MM-JJ")] = None,
        day: o.day = None, lang_: o.lang = lang,  # type: ignore[name-defined]
    ) -> None:  # fmt: skip
        code = _word(RevisionReason, why, lang)
        with _act(period, by, day, lang) as act:
            raise typer.Exit(_circulate(act, day_of(until, lang), code, _said(reason, lang), lang))

    @release.command("reply", cls=Command, help=message("cli_release_reply", lang))
    def reply(
        period: o.period,  # type: ignore[name-defined]
        who: Annotated[str, typer.Argument(metavar="MEMBER|REGION", help=message("cli_release_member", lang))],
        said: Annotated[str, typer.Argument(metavar="REPLY", help=message("cli_release_said", lang))],
        by: o.by, reason: o.reason_if_any = None, day: o.day = None, lang_: o.lang = lang,  # type: ignore[name-defined]
    ) -> None:  # fmt: skip
        with _act(period, by, day, lang) as act:
            raise typer.Exit(_reply(act, who, said, reason, lang))

    @release.command("return", cls=Command, help=message("cli_release_return", lang))
    def send_back(period: o.period, by: o.by, reason: o.reason, day: o.day = None, lang_: o.lang = lang) -> None:  # type: ignore[name-defined]
        from pipelines import publication

        with _act(period, by, day, lang) as act:
            row = publication.send_back(act, _said(reason, lang))
            _say("act_done_return", lang, month_name=_month(act, lang), revision=str(row.revision), by=row.compiled_by)


# --- what a region gives ----------------------------------------------------------------------------------------------------


def _add_evidence(release: typer.Typer, lang: str) -> None:
    o = _Options(lang)

    @release.command("visa", cls=Command, help=message("cli_release_visa", lang))
    def visa(
        period: o.period, region: o.region, by: o.by,  # type: ignore[name-defined]
        validator: Annotated[str, o.option("cli_release_validator", "--validator", metavar="NAME")],
        minutes: Annotated[str, o.option("cli_release_minutes", "--minutes", metavar="NUMBER")],
        validated: Annotated[str | None, o.option("cli_release_validated", "--validated", metavar="AAAA-MM-JJ")] = None,
        day: o.day = None, lang_: o.lang = lang,  # type: ignore[name-defined]
    ) -> None:  # fmt: skip
        from pipelines import publication

        with _act(period, by, day, lang) as act:
            place, on = region_meant(region, act.settings, lang), day_of(validated, lang) or act.on
            given = publication.give_visa(act, place, _somebody(validator, lang), _said(minutes, lang, "act_empty"), on)
            _say("act_done_visa", lang, region_name=_name(place), by=validator, minutes_number=minutes, sha=given.sha256[:12])

    @release.command("waive", cls=Command, help=message("cli_release_waive", lang))
    def waive(
        period: o.period, region: o.region, by: o.by, reason: o.reason,  # type: ignore[name-defined]
        until: Annotated[str, o.option("cli_release_waiver_until", "--until", metavar="AAAA-MM-JJ")],
        promise: Annotated[str, o.option("cli_release_promise", "--promise", metavar="visa|return")] = "visa",
        day: o.day = None, lang_: o.lang = lang,  # type: ignore[name-defined]
    ) -> None:  # fmt: skip
        from pipelines import publication

        code, last = _word(Promise, promise, lang), day_of(until, lang)
        assert last is not None
        with _act(period, by, day, lang) as act:
            place = region_meant(region, act.settings, lang)
            publication.waive(act, code, place, last, _said(reason, lang))
            _say("act_done_waive", lang, region_name=_name(place), promise=code, by=act.by, day=last)

    @release.command("justify", cls=Command, help=message("cli_release_justify", lang))
    def justify(
        period: o.period, by: o.by, reason: o.reason,  # type: ignore[name-defined]
        rule: Annotated[str | None, o.option("cli_release_rule", "--rule", metavar="CODE")] = None,
        region: Annotated[str | None, o.option("cli_release_region", "--region", metavar="NAME")] = None,
        day: o.day = None, lang_: o.lang = lang,  # type: ignore[name-defined]
    ) -> None:  # fmt: skip
        from pipelines import publication

        if rule is not None and rule not in texts.rules():
            raise wrong_usage(escape(message("act_bad_word", lang, said=rule, names=list(texts.rules())[:3])))
        with _act(period, by, day, lang) as act:
            place = region_meant(region, act.settings, lang) if region else None
            _say("act_done_justify", lang, count=publication.justify(act, _said(reason, lang), rule, place))


# --- the meeting, and after it --------------------------------------------------------------------------------------------


def _add_meeting(release: typer.Typer, lang: str) -> None:
    o = _Options(lang)

    @release.command("sign", cls=Command, help=message("cli_release_sign", lang))
    def sign(
        period: o.period, by: o.by,  # type: ignore[name-defined]
        function: Annotated[str, o.option("cli_release_function", "--function", metavar="TEXT")],
        minutes: Annotated[str, o.option("cli_release_minutes", "--minutes", metavar="NUMBER")],
        meeting: Annotated[str | None, o.option("cli_release_meeting", "--meeting", metavar="AAAA-MM-JJ")] = None,
        embargo: Annotated[str | None, o.option("cli_release_embargo", "--embargo", metavar="AAAA-MM-JJ")] = None,
        present: Annotated[list[str] | None, o.option("cli_release_present", "--present", metavar="MEMBER")] = None,
        others: Annotated[list[str] | None, o.option("cli_release_with", "--with", metavar="NAME, FUNCTION")] = None,
        day: o.day = None, lang_: o.lang = lang,  # type: ignore[name-defined]
    ) -> None:  # fmt: skip
        with _act(period, by, day, lang) as act:
            from pipelines.publication import Signing

            there = _members(act.period, present or [], lang)
            signing = Signing(
                _said(function, lang, "act_empty"), day_of(meeting, lang) or act.on, _said(minutes, lang, "act_empty"), day_of(embargo, lang),
                [_signatory(text, lang) for text in others or []], there,
            )  # fmt: skip
            raise typer.Exit(_sign(act, signing, lang))

    @release.command("publish", cls=Command, help=message("cli_release_publish", lang))
    def publish(period: o.period, by: o.by, day: o.day = None, lang_: o.lang = lang) -> None:  # type: ignore[name-defined]
        with _act(period, by, day, lang, publishing=True) as act:
            raise typer.Exit(_publish(act, lang))


def add_export(app: typer.Typer, lang: str) -> None:
    """`cmp-idp export`."""
    o = _Options(lang)

    @app.command("export", cls=Command, help=message("cli_export", lang))
    def export(
        period: o.period,  # type: ignore[name-defined]
        revision: Annotated[int | None, o.option("cli_export_revision", "--revision", metavar="N")] = None,
        edition: Annotated[str, o.option("cli_export_edition", "--edition", metavar="public|internal")] = "public",
        into: Annotated[Path | None, o.option("cli_export_out", "--out", metavar="DIR")] = None,
        known: Annotated[str | None, o.option("cli_export_known", "--as-known", metavar="AAAA-MM-JJ")] = None,
        as_json: o.json = False, lang_: o.lang = lang,  # type: ignore[name-defined]
    ) -> None:  # fmt: skip
        month, settings = period_of(period, lang), read_settings()
        if not has_store(settings, lang):
            raise typer.Exit(NEEDS_A_PERSON)
        with _refusals(lang):
            if known is not None:
                raise typer.Exit(_export_known(settings, month, day_of(known, lang), into, lang))
            raise typer.Exit(_export(settings, month, revision, _word(Edition, edition, lang), into, as_json, lang))


# --- what each does ---------------------------------------------------------------------------------------------------------


def _circulate(act: "Act", until: date | None, why: RevisionReason | None, reason: str | None, lang: str) -> int:
    from pipelines import publication

    done = publication.circulate(act, until, why, reason)
    row = done.release
    said = {"month_name": _month(act, lang), "revision": str(row.revision), "day": row.reply_by}
    if why is None:
        _say("act_done_circulate", lang, **said, count=len(done.members))
    else:
        _say("act_done_revise", lang, **said, why=why)
    if done.notices.letters:
        _say("act_done_notices", lang, count=len(done.notices.letters), folder=str(done.notices.folder))
    else:
        _say("act_done_no_notices", lang)
    return DONE


def _reply(act: "Act", who: str, said: str, reason: str | None, lang: str) -> int:
    from pipelines import publication

    member = _member(act.period, who)
    if member is not None:
        heard = _reply_word(MemberReply, said, lang)
        publication.reply_of_member(act, member, heard, reason)
        label, name = heard.label(lang), member
    else:
        place = _region_or_none(who, act.settings)
        if place is None:
            raise wrong_usage(escape(message("act_unknown_member", lang, said=who, names=_member_names(act.period))))
        answer = _reply_word(NoticeReply, said, lang)
        publication.reply_of_region(act, place, answer, reason)
        label, name = answer.label(lang), _name(place)
    _say("act_done_reply", lang, who=name, said=label)
    if member is None and answer is NoticeReply.CONTESTED:
        _say("act_done_contested", lang, period=str(act.period))
    return DONE


def _reply_word(kind: type[T], said: str, lang: str) -> T:
    code = _code(kind, said)
    if code is None or code == MemberReply.NONE:
        raise wrong_usage(escape(message("act_bad_reply", lang, said=said)))
    return code


def _sign(act: "Act", signing: Any, lang: str) -> int:
    from pipelines import publication

    done = publication.sign(act, signing)
    row = done.release
    _say("act_done_sign", lang, month_name=_month(act, lang), revision=str(row.revision), by=row.signed_by,
         minutes_number=row.minutes_number, day=row.embargo_until)  # fmt: skip
    if done.aside is not None:
        err.print(escape(message("places_set_aside", lang, file=str(done.aside))), highlight=False, soft_wrap=True)
    _say("act_done_minutes", lang, file=str(done.minutes))
    return DONE


def _publish(act: "Act", lang: str) -> int:
    from pipelines import publication

    with spinner(message("cli_starting", lang)):
        done = publication.publish(act)
    row = done.release
    _say("act_done_again" if done.again else "act_done_publish", lang, month_name=_month(act, lang), revision=str(row.revision),
         day=row.published_on, by=row.published_by)  # fmt: skip
    for line in _listed("act_with_reservations", done.said, lang):
        out.print(line, highlight=False, soft_wrap=not out.is_terminal)
    _say("act_done_folder", lang, folder=str(done.folder))
    return DONE


def _export(settings: "Settings", period: Period, revision: int | None, edition: Edition, into: Path | None, as_json: bool, lang: str) -> int:  # fmt: skip
    from pipelines import publication

    with spinner(message("cli_starting", lang)):
        row, folder, paths = publication.export(settings, period, revision, edition, into)
    if as_json:
        print_json(
            {"period": row.period, "revision": row.revision, "edition": str(edition), "files": [str(path) for path in paths]}
        )
    else:
        _say("act_done_export", lang, month_name=texts.month(row.period, lang), revision=str(row.revision), edition=edition,
             count=len(paths), folder=str(folder))  # fmt: skip
    return DONE


def _export_known(settings: "Settings", period: Period, day: date | None, into: Path | None, lang: str) -> int:
    from pipelines import publication
    from pipelines.io import exports

    assert day is not None
    frame = publication.frames_known_on(settings, period, day)
    month = texts.month(str(period), lang)
    if frame.empty:
        err.print(message("act_none_known", lang, month_name=month, day=day), highlight=False)
        return NEEDS_A_PERSON
    path = (into or settings.processed_dir / str(period) / "diffusion") / f"figures_{period}_connues_{day}.csv"
    exports.write_file(path, exports.canonical_csv(frame.drop(columns=["known_from", "known_until"])))
    _say("act_done_known", lang, count=len(frame), month_name=month, day=day, file=str(path))
    return DONE


def _verify(what: str | None, trust: list[Path], as_json: bool, lang: str) -> int:
    from pipelines import publication

    settings, period = read_settings(), _period_or_none(what)
    if what is not None and period is None:
        path = Path(what)
        if not path.exists():
            raise wrong_usage(message("cli_no_file", lang, file=what))
        with _refusals(lang):
            verdict = publication.verify_file(path, settings, trust)
        if as_json:
            print_json(verdict.as_json())
        else:
            for line in verdict.lines(lang):
                out.print(escape(line), highlight=False, soft_wrap=not out.is_terminal)
        return DONE if verdict.official else NEEDS_A_PERSON
    if not has_store(settings, lang):
        return NEEDS_A_PERSON
    with spinner(message("cli_starting", lang)):
        seen, wrong = publication.verify_store(settings, period)
    if as_json:
        print_json({"releases": [{"period": row.period, "revision": row.revision, "dataset_sha256": row.dataset_sha256} for row in seen],
                    "altered": [{"what": item.key, **item.params} for item in wrong]})  # fmt: skip
    else:
        whole = "verify_store_none" if not seen else "verify_store_whole_one" if len(seen) == 1 else "verify_store_whole"
        lines = [message(f"verify_store_{item.key}", lang, **_texts(item.params)) for item in wrong] or [
            message(whole, lang, count=len(seen))
        ]
        for line in lines:
            out.print(escape(line), highlight=False, soft_wrap=not out.is_terminal)
    return NEEDS_A_PERSON if wrong or (period is not None and not seen) else DONE


def _texts(params: Any) -> dict[str, str]:
    return {name: ", ".join(value) if isinstance(value, list) else str(value) for name, value in params.items()}


def _key(new: bool, lang: str) -> int:
    from pipelines import publication
    from pipelines.io.diffusion.keys import KeyRefused

    settings = read_settings()
    try:
        if new:
            path, fingerprint = publication.make_key(settings)
            _say("act_key_made", lang, file=str(settings.key_path))
            _say("act_key_public", lang, file=str(path))
            _say("act_key_say", lang, fingerprint=fingerprint)
            return DONE
        found = publication.trusted_keys(settings)
    except KeyRefused as why:
        err.print(escape(why.sentence(lang)), highlight=False, soft_wrap=True)
        return NEEDS_A_PERSON
    for fingerprint in found:
        out.print(fingerprint, highlight=False)
    if not found:
        err.print(message("act_key_none", lang), highlight=False)
    return DONE if found else NEEDS_A_PERSON


# --- how a month stands -----------------------------------------------------------------------------------------------------


def _status(period: Period, on: date, as_json: bool, lang: str) -> int:
    settings = read_settings()
    if not has_store(settings, lang):
        return NEEDS_A_PERSON
    from pipelines import publication
    from pipelines import release as rules_of_release
    from pipelines.io import standing

    act = publication.Act(period, settings, "", on, datetime.now(UTC))
    with act.store() as store:
        rows = store.releases(period)
        if store.draft_release(period) is None:
            err.print(message("cli_never_consolidated", lang, period=str(period)))
            return NEEDS_A_PERSON
        found = publication.examined(act, store)
        last = rows[-1] if rows else None
        answers = store.region_replies(last) if last else {}
        published = [sentence for _, sentence in store.reservations(last)] if last and last.was_published else []
    wrong = () if last and last.was_published else rules_of_release.obstacles(found.situation)
    said = rules_of_release.reservations(found.situation)
    if as_json:
        print_json(_status_json(period, rows, found, wrong, said, lang))
    else:
        would = [standing.reservation_sentence(item, lang) for item in said] if found.release is not None else []
        for line in (
            *_status_lines(period, rows, found, wrong, lang), *_answer_lines(answers, lang),
            *_listed("act_would_have_reservations", would, lang), *_listed("act_with_reservations", published, lang),
        ):  # fmt: skip
            out.print(line, highlight=False, soft_wrap=not out.is_terminal)
    return NEEDS_A_PERSON if wrong else DONE


def _status_lines(period: Period, rows: Sequence[Any], found: Any, wrong: Sequence[Any], lang: str) -> Iterator[str]:
    from pipelines.io import standing

    month = texts.month(str(period), lang)
    for row in rows:
        yield from _release_lines(row, lang)
    if not rows:
        yield message("act_status_none", lang, month_name=month)
    if found.release is not None:
        replies = [reply for reply in found.situation.replies if reply.given_by]
        total = len(found.situation.replies) + len(found.awaited)
        yield message("act_status_replies", lang, count=len(replies), total=total)
        for reply in found.situation.replies:
            yield f"  · {escape(standing.reply_words(reply, lang))}"
        if found.awaited:
            yield escape(message("act_status_awaited", lang, names=list(found.awaited)))
    yield message("act_status_moves", lang, commands=_possible(rows))
    if wrong:
        yield message("act_status_obstacles", lang, day=found.situation.on, count=len(wrong))
        yield from _obstacle_lines(standing.obstacle_lines(wrong, lang), lang)
    elif found.release is not None:
        yield message("act_status_ready", lang, day=found.situation.on)


def _possible(rows: Sequence[Any]) -> list[str]:
    """The commands that may come next: a month that is published is revised, one that is not circulates."""
    from pipelines.release import moves_from

    if rows and not rows[-1].was_published:
        return list(dict.fromkeys(move.command for move in moves_from(ReleaseState(rows[-1].state))))
    other = "release circulate" if rows else "release revise"
    return [move.command for move in moves_from(ReleaseState.DRAFT) if move.command != other]


def _answer_lines(answers: Mapping[str, Mapping[str, Any]], lang: str) -> Iterator[str]:
    """What regions said of the adjustments that they were told."""
    told = [
        f"{_name(region)} : {NoticeReply(reply['reply']).label(lang)}" + (f" ({reply['reason']})" if reply["reason"] else "")
        for region, reply in sorted(answers.items())
    ]
    yield from _listed("act_status_answers", told, lang)


def _listed(key: str, sentences: Sequence[str], lang: str) -> Iterator[str]:
    if sentences:
        yield message(key, lang)
        yield from (f"  · {escape(sentence)}" for sentence in sentences)


def _release_lines(row: Any, lang: str) -> Iterator[str]:
    yield message(
        "act_status_is", lang, month_name=texts.month(row.period, lang), revision=str(row.revision), state=ReleaseState(row.state)
    )
    yield escape(message("act_status_compiled", lang, by=row.compiled_by, day=row.circulated_on, due=row.reply_by))
    if row.reason_code:
        yield escape(message("act_status_reason", lang, why=RevisionReason(row.reason_code), reason=row.reason))
    if row.signed_by:
        yield escape(message("act_status_signed", lang, day=row.signed_on, by=row.signed_by, function_of=row.signed_function,
                             minutes_number=row.minutes_number))  # fmt: skip
    if row.published_by:
        yield escape(message("act_status_published", lang, day=row.published_on, by=row.published_by))


def _status_json(period: Period, rows: Sequence[Any], found: Any, wrong: Sequence[Any], said: Sequence[Any], lang: str) -> dict[str, Any]:  # fmt: skip
    from pipelines.io import standing

    return {
        "period": str(period), "releases": [_release_json(row) for row in rows],
        "replies": [{"member": reply.organisation, "reply": str(reply.reply), "reason": reply.reason} for reply in found.situation.replies],
        "awaited": list(found.awaited),
        "obstacles": [
            {"key": item.key, "sentence": sentence, "to_do": what}
            for item, (sentence, what) in zip(wrong, standing.obstacle_lines(wrong, lang), strict=True)
        ],
        "reservations": [{"kind": str(item.kind), "sentence": standing.reservation_sentence(item, lang)} for item in said],
    }  # fmt: skip


def _release_json(row: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return {name: value.isoformat() if isinstance(value, date) else value for name, value in asdict(row).items() if name != "id"}


def _list(as_json: bool, lang: str) -> int:
    settings = read_settings()
    if not has_store(settings, lang):
        return NEEDS_A_PERSON
    from pipelines.io.store import Store

    with Store.open(settings.store_url) as store:
        rows = store.releases()
    if as_json:
        print_json([_release_json(row) for row in rows])
        return DONE
    for row in rows:
        for line in _release_lines(row, lang):
            out.print(line, highlight=False, soft_wrap=not out.is_terminal)
    if not rows:
        err.print(message("act_nothing_listed", lang), highlight=False)
    return DONE


# --- reading what is typed ------------------------------------------------------------------------------------------------


@contextmanager
def _act(period: str, by: str, day: str | None, lang: str, *, publishing: bool = False) -> Iterator["Act"]:
    """Who acts, on which day; what refuses the act is told in words. The clock is read here and nowhere below."""
    month, today = period_of(period, lang), date.today()
    on = day_of(day, lang) or today
    if on > today:
        raise wrong_usage(message("act_future_day", lang, day=on))
    settings = read_settings()
    person = _somebody(by, lang)
    if not has_store(settings, lang):
        raise typer.Exit(NEEDS_A_PERSON)
    from pipelines.publication import Act

    with _refusals(lang, month if publishing else None):
        yield Act(month, settings, person, on, datetime.now(UTC))


@contextmanager
def _refusals(lang: str, publishing: Period | None = None) -> Iterator[None]:
    """What cannot be done is told with what to do; nothing was written."""
    from pipelines.io.diffusion.keys import KeyRefused
    from pipelines.publication import Refused

    try:
        yield
    except KeyRefused as why:
        err.print(escape(why.sentence(lang)), highlight=False, soft_wrap=not err.is_terminal)
        raise typer.Exit(NEEDS_A_PERSON) from None
    except Refused as why:
        if publishing is not None:
            month = texts.month(str(publishing), lang)
            err.print(message("act_refused_publication", lang, month_name=month, count=len(why.reasons)), highlight=False)
        else:
            err.print(message("act_refused", lang), highlight=False)
        for line in _obstacle_lines(why.in_words(lang), lang):
            err.print(line, highlight=False, soft_wrap=not err.is_terminal)
        raise typer.Exit(NEEDS_A_PERSON) from None


def _obstacle_lines(reasons: Iterable[tuple[str, str]], lang: str) -> Iterator[str]:
    for at, (sentence, what) in enumerate(reasons, 1):
        yield f"  {at}. {escape(sentence)}"
        yield f"     → {escape(message('act_to_do', lang, what=what))}"


def _somebody(name: str, lang: str) -> str:
    if sum(letter.isalpha() for letter in name) < 2:
        raise wrong_usage(message("act_nobody", lang))
    return name.strip()


def _said(text: str, lang: str, key: str = "act_no_reason") -> str:
    if not text.strip():
        raise wrong_usage(message(key, lang))
    return text.strip()


def _word(kind: type[T], typed: str, lang: str) -> T:
    """The code that a person means: by itself, or by its label in either language."""
    found = _code(kind, typed)
    if found is None:
        raise wrong_usage(escape(message("act_bad_word", lang, said=typed, names=[code.label(lang) for code in kind])))
    return found


def _code(kind: type[T], typed: str) -> T | None:
    from schemas.cells import plain

    return next((code for code in kind if plain(typed) in (plain(str(code)), plain(code.fr), plain(code.en))), None)


def _signatory(text: str, lang: str) -> tuple[str, str]:
    name, comma, function = text.partition(",")
    if not (comma and name.strip() and function.strip()):
        raise wrong_usage(escape(message("act_bad_signatory", lang, said=text)))
    return name.strip(), function.strip()


def _member_names(period: Period) -> list[str]:
    from pipelines.io import reference

    return [member.organisation for member in reference.members(period)]


def _member(period: Period, typed: str) -> str | None:
    """The member of the CMP that a name means: its short or its long one."""
    from pipelines.io import reference
    from schemas.cells import plain

    wanted = plain(typed)
    for member in reference.members(period):
        if wanted in (plain(member.organisation), plain(member.name_fr), plain(member.name_en)):
            return member.organisation
    return None


def _members(period: Period, typed: Sequence[str], lang: str) -> list[str]:
    names = [name.strip() for text in typed for name in text.split(",") if name.strip()]
    found = []
    for name in names:
        member = _member(period, name)
        if member is None:
            raise wrong_usage(escape(message("act_unknown_member", lang, said=name, names=_member_names(period))))
        found.append(member)
    return found


def _region_or_none(typed: str, settings: "Settings") -> str | None:
    from pipelines.io import reference

    meant = reference.gazetteer(reference.confirmed_in(settings.store_url)).meant(typed, "region")
    return meant[0] if len(meant) == 1 else None


def _period_or_none(text: str | None) -> Period | None:
    try:
        return Period.parse(text) if text is not None else None
    except ValueError:
        return None


def _name(place_id: str) -> str:
    from pipelines.io import reference

    return reference.gazetteer().place(place_id).name


def _month(act: "Act", lang: str) -> str:
    return texts.month(str(act.period), lang)


def _say(key: str, lang: str, **params: Any) -> None:
    out.print(escape(message(key, lang, **params)), highlight=False, soft_wrap=not out.is_terminal)
