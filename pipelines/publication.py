"""From the draft to the official figure. Read `publish` first: its steps run through `perform`, as those of `consolidation.py` do.

Every function is one act of a person: `Act` says who acts, on which day, about which month. What people may do wrong is a `Refused`,
said in words; nothing has been written then.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines import compilation, disclosure, territory
from pipelines import release as rules_of_release
from pipelines.consolidation import plainly
from pipelines.io import exports, minutes, minutes_of_release, notices, reference, standing
from pipelines.io.correspondence import Calendar
from pipelines.io.diffusion import EditionOf, Header, Signatory, keys
from pipelines.io.diffusion import files as files_of
from pipelines.io.diffusion import manifest as manifest_of
from pipelines.io.diffusion.verify import KnownFile, Verdict, verify
from pipelines.io.letterhead import Sender
from pipelines.io.standing import Standing
from pipelines.io.store import MoveRefused, Opening, ReleaseRow, Signature, Store, WrittenFile
from pipelines.io.store.releases import PLACE_NAMES
from pipelines.model import Compiled, Period
from pipelines.release import Reservation, Visa, Waiver
from pipelines.settings import Settings
from schemas import texts
from schemas.codes import (
    TOTAL,
    ConfStatus,
    Edition,
    Effect,
    MemberReply,
    NoticeReply,
    Promise,
    ReleaseState,
    ReservationKind,
    RevisionReason,
)

if TYPE_CHECKING:
    import pandas as pd
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

VINTAGE = "cod-2025"
"""The list of places on which the figures of a release are read besides."""
EDITION_FOLDERS = {Edition.INTERNAL: "interne", Edition.PUBLIC: "publique"}
Perform = Callable[..., Any]


class Refused(Exception):  # noqa: N818 - it is the answer to a person, as people call it
    """What cannot be done: for each reason, a key of `messages.toml` (its text, and with `_do` what to do) and what fills it in."""

    def __init__(self, *reasons: tuple[str, Mapping[str, Any]]) -> None:
        super().__init__(", ".join(key for key, _ in reasons))
        self.reasons = reasons

    def in_words(self, lang: str) -> list[tuple[str, str]]:
        """(what is wrong, what to do) for each reason."""
        return [(texts.message(key, lang, **params), texts.message(f"{key}_do", lang, **params)) for key, params in self.reasons]


@dataclass(frozen=True, slots=True)
class Act:
    """Who does something about a month, and on which day. `now` only dates the audit event."""

    period: Period
    settings: Settings
    by: str
    on: date
    now: datetime

    def store(self) -> Store:
        return Store.open(self.settings.store_url)

    @property
    def outbox(self) -> Path:
        return self.settings.processed_dir / str(self.period)

    @property
    def sender(self) -> Sender:
        return Sender(self.settings.ministry or reference.ministry(self.period), self.settings.signatory)

    def folder(self, revision: int) -> Path:
        return folder_of(self.settings, self.period, revision)


def folder_of(settings: Settings, period: Period, revision: int) -> Path:
    return settings.processed_dir / str(period) / "diffusion" / f"revision-{revision}"


def refused(key: str, **params: Any) -> Refused:
    return Refused((f"refused_{key}", {name: str(value) if isinstance(value, int) else value for name, value in params.items()}))


def _moved(move: Callable[..., ReleaseRow], *args: Any, **named: Any) -> ReleaseRow:
    """A move of the store; what refuses it is said in words."""
    try:
        return move(*args, **named)
    except MoveRefused as why:
        raise refused(why.key, **why.params) from why


# --- before the meeting ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Circulated:
    release: ReleaseRow
    members: tuple[str, ...]
    notices: notices.Written


def circulate(act: Act, reply_by: date | None = None, why: RevisionReason | None = None, reason: str | None = None) -> Circulated:
    """The draft of the month put before the members, or, with a reason, a revision opened; each adjustment is told to its region.
    Raises Refused."""
    due = reply_by or act.settings.members_due(act.period, act.on)
    if due < act.on:
        raise refused("reply_day", day=due, on=act.on)
    _after_month(act, act.on)
    with act.store() as store:
        if store.draft_release(act.period) is None:
            raise refused("no_draft", period=str(act.period))
        _after_last(act, store)
        _all_acts_in(act, store)
        dataset, held = store.dataset(act.period), store.candidate(act.period)
        numbers = exports.values_hash(dataset)
        circulates = held is not None and held.state == ReleaseState.CIRCULATED and held.values_sha256 == numbers
        if reply_by is None and circulates and held is not None and held.reply_by is not None:
            due = held.reply_by  # nothing that was asked has changed
        opening = Opening(act.by, act.on, due, act.settings.hash, numbers, why, reason)
        release = _moved(store.circulate, act.period, opening, _territory(dataset), at=act.now)
        made = notices.of_release(store, act.period, reference.gazetteer(), revision=release.revision)
    calendar = Calendar(act.period, due, act.on)
    written = notices.write(act.folder(release.revision) / notices.FOLDER, made, calendar, act.sender, act.settings.recipient)
    return Circulated(release, tuple(member.organisation for member in reference.members(act.period)), written)


def _after_month(act: Act, day: date) -> None:
    if day < act.period.last_day:
        raise refused("month_not_over", day=act.period.last_day, on=day)


def _after_last(act: Act, store: Store) -> None:
    """A revision is not older than the one that it replaces."""
    last = store.published(act.period)
    if last is not None and last.published_on is not None and act.on < last.published_on:
        raise refused("before_last", day=last.published_on, on=act.on, revision=last.revision)


def _all_acts_in(act: Act, store: Store) -> None:
    """What has been decided or validated is in the draft."""
    draft = store.draft_release(act.period)
    if draft is not None and draft.acts_seen != store.acts_given(act.period):
        raise refused("acts_left_out", period=str(act.period))


def _territory(dataset: Compiled) -> list[dict[str, Any]]:
    """The totals on the places of the other list, as lines of the store."""
    totals = dataset.figures[(dataset.figures[compilation.DIMENSIONS] == TOTAL).all(axis=1)]
    recast = territory.recast(totals, reference.crosswalk(VINTAGE), reference.gazetteer(), VINTAGE)
    return [{**{str(k): v for k, v in row.items()}, "vintage": VINTAGE} for row in recast.to_dict("records")]


def send_back(act: Act, reason: str) -> ReleaseRow:
    """The release on its way goes back to who compiled it. Raises Refused."""
    with act.store() as store:
        return _moved(store.send_back, act.period, by=act.by, on=act.on, reason=reason, at=act.now)


def reply_of_member(act: Act, organisation: str, said: MemberReply, reason: str | None) -> ReleaseRow:
    """Keeps what a member says of the figures that circulate. Raises Refused."""
    with act.store() as store:
        release = store.candidate(act.period)
        if release is None:
            raise refused("not_circulated_yet", period=str(act.period))
        if said is MemberReply.RESERVATION and not (reason or "").strip():
            raise refused("reply_reason")
        try:
            store.reply(release, str(said), organisation=organisation, reason=reason, by=act.by, on=act.on, at=act.now)
        except MoveRefused as why:
            raise refused(why.key, **why.params) from why
    return release


def reply_of_region(act: Act, region_id: str, said: NoticeReply, reason: str | None) -> ReleaseRow:
    """Keeps what a region says of its adjustments, in the release on its way or the last published. Raises Refused."""
    with act.store() as store:
        release = store.candidate(act.period) or store.published(act.period)
        if release is None:
            raise refused("not_circulated_yet", period=str(act.period))
        if said is NoticeReply.CONTESTED and not (reason or "").strip():
            raise refused("reply_reason")
        store.reply(release, str(said), region_id=region_id, reason=reason, by=act.by, on=act.on, at=act.now)
    return release


def give_visa(act: Act, region_id: str, validated_by: str, minutes_number: str, validated_on: date) -> Visa:
    """A regional validation that came beside the return: for the file that counts now, and its totals. Raises Refused."""
    with act.store() as store:
        head = next((head for head in store.current_heads(act.period) if head.region_id == region_id), None)
        name = reference.gazetteer().place(region_id).name
        if head is None:
            raise refused("visa_without_return", region_name=name, period=str(act.period))
        preparer = store.preparer(head.id)
        if rules_of_release.same_person(validated_by, preparer):
            raise refused("visa_by_preparer", region_name=name)
        if validated_on > act.on:
            raise refused("future", day=validated_on, on=act.on)
        _after_month(act, validated_on)
        visa = Visa(region_id, head.sha256, store.totals_said(head.id), validated_by, validated_on, minutes_number)
        store.give_visa(act.period, visa, by=act.by, on=act.on, at=act.now)
    return visa


def waive(act: Act, promise: Promise, region_id: str, until: date, reason: str) -> Waiver:
    """A named exception for a region, until a day. Raises Refused."""
    if until < act.on:
        raise refused("waiver_day", day=until, on=act.on)
    waiver = Waiver(promise, region_id, act.by, act.on, until, reason)
    with act.store() as store:
        store.grant_waiver(act.period, waiver, at=act.now)
    return waiver


def justify(act: Act, reason: str, rule: str | None = None, region_id: str | None = None) -> int:
    """One explanation for the findings of a month that ask for one and have none, of a rule or a region where these are given; how
    many there were. Raises Refused when there was none."""
    with act.store() as store:
        found = [
            (item.code, item.region_id, item.key)
            for item in standing.open_findings(store, act.period)
            if not item.point.explained and item.point.effect is not Effect.BLOCK_PUBLICATION
            and rule in (None, item.code) and region_id in (None, item.region_id)
        ]  # fmt: skip
        if not found:
            raise refused("nothing_to_explain", period=str(act.period))
        return store.explain_findings(act.period, found, reason=reason, by=act.by, on=act.on, at=act.now)


# --- the meeting ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Signing:
    """What a signature states: see `store.Signature`."""

    function: str
    meeting_on: date
    minutes_number: str
    embargo_until: date | None = None
    others: Sequence[tuple[str, str]] = ()
    present: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Signed:
    release: ReleaseRow
    minutes: Path
    aside: Path | None


def sign(act: Act, signing: Signing) -> Signed:
    """The release that circulates, signed on the minutes of the meeting, which are written. Raises Refused."""
    with act.store() as store:
        found = examined(act, store)
        embargo = signing.embargo_until or act.settings.publication_day(act.period)
        _check_signing(act, signing, embargo, found, store)
        members = reference.members(act.period)
        there = tuple((member.organisation, str(member.kind), member.organisation in signing.present) for member in members)
        signature = Signature(act.by, signing.function, act.on, signing.meeting_on, signing.minutes_number, embargo, signing.others, there)  # fmt: skip
        release = _moved(store.sign, act.period, signature, at=act.now)
        path, aside = _write_minutes(act, store, release)
    return Signed(release, path, aside)


def _check_signing(act: Act, signing: Signing, embargo: date, found: Standing, store: Store) -> None:
    if found.release is None:
        return  # the store says why
    if any(rules_of_release.same_person(act.by, name) for name in store.compilers(found.release)):
        raise refused("four_eyes", by=act.by)
    if found.situation.acts_left_out:
        raise refused("acts_left_out", period=str(act.period))
    if found.situation.draft_moved:
        raise refused("draft_moved", period=str(act.period))
    if found.awaited and found.release.reply_by is not None:
        raise refused("replies_awaited", names=list(found.awaited), day=found.release.reply_by)
    if signing.meeting_on > act.on:
        raise refused("future", day=signing.meeting_on, on=act.on)
    _after_month(act, signing.meeting_on)
    if found.release.circulated_on is not None and act.on < found.release.circulated_on:
        raise refused("before_circulation", day=found.release.circulated_on, on=act.on)
    due = act.settings.publication_day(act.period)
    if embargo < due:
        raise refused("embargo_early", day=embargo, due=due)


def _write_minutes(act: Act, store: Store, release: ReleaseRow) -> tuple[Path, Path | None]:
    """The minutes of the meeting, as far as it has decided; somebody who changed them keeps what he wrote."""
    found = standing.standing(store, act.period, by=act.by, on=act.on, materiality=act.settings.materiality)
    said = [(item, standing.reservation_sentence(item)) for item in rules_of_release.reservations(found.situation)]
    regions = standing.of_regions(found, store, act.period)
    settings = act.settings
    key = keys.fingerprint(_key(settings).public_key()) if settings.key_path.exists() else None
    told = minutes_of_release.meeting(
        store, release, regions=regions, replies=found.situation.replies, said=said, fingerprint=key
    )
    path = act.folder(release.revision) / minutes.minutes_name(act.period, release.revision)
    return path, exports.write_workbook_of_people(path, minutes.minutes(told, act.sender))


# --- publishing -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Approved:
    """A release that may be published, and in spite of what; one that is published already and only lacks its files."""

    release: ReleaseRow
    said: tuple[tuple[Reservation, str], ...]
    key: Ed25519PrivateKey


Made = Mapping[Edition, Mapping[str, bytes]]
"""The files of both editions, their manifests among them."""


@dataclass(frozen=True, slots=True)
class Published:
    """What was published: the release, its folder, in spite of what, and whether it had been published before and only its files were
    written again."""

    release: ReleaseRow
    folder: Path
    said: tuple[str, ...]
    again: bool


def publish(act: Act, perform: Perform = plainly) -> Published:
    """The signed release becomes official: the gate, the files of both editions, one transaction, and the files on the disk. Killed
    anywhere and run again, it leaves the same files and one publication. Raises Refused, KeyRefused, StoreError and OSError."""
    approved = perform(gate, act)
    made = perform(make, act, approved)
    release, again = perform(record, act, approved, made)
    try:
        folder = perform(write, act, release, made)
        perform(snapshot, act, release, folder)
    except OSError as why:
        raise refused("half_written", period=str(act.period), why=str(why)) from why
    return Published(release, folder, tuple(sentence for _, sentence in approved.said), again)


def gate(act: Act) -> Approved:
    """All reasons that refuse the publication, or what it is published in spite of. A month that is published and has no revision on
    its way passes with what was recorded."""
    with act.store() as store:
        if store.candidate(act.period) is None and (last := store.published(act.period)) is not None:
            return Approved(last, tuple(store.reservations(last)), _key(act.settings))
        found = examined(act, store)
        wrong = rules_of_release.obstacles(found.situation)
        if wrong or found.release is None:
            raise Refused(*((f"gate_{item.key}", item.params) for item in wrong))
        last = store.published(act.period)
        said = tuple((item, standing.reservation_sentence(item)) for item in rules_of_release.reservations(found.situation))
        if found.release.signed_on is not None and act.on < found.release.signed_on:
            raise refused("before_signature", day=found.release.signed_on, on=act.on)
    given = replace(
        found.release, published_by=act.by, published_on=act.on, grades_published=act.settings.publish_grades,
        # what a revision withheld, the next one does too
        disclosure_threshold=max(act.settings.disclosure_threshold, (last.disclosure_threshold if last else None) or 0),
    )  # fmt: skip
    return Approved(given, said, _key(act.settings))


def _key(settings: Settings) -> Ed25519PrivateKey:
    if not settings.key_path.exists():
        raise refused("no_key", file=str(settings.key_path))
    return keys.load_key(settings.key_path)


def examined(act: Act, store: Store) -> Standing:
    """How the month stands, with its numbers added up and hashed anew."""
    release = store.candidate(act.period)
    holds = numbers_hold(store, act.period, release) if release is not None else (True, True)
    return standing.standing(
        store, act.period, by=act.by, on=act.on, materiality=act.settings.materiality, numbers_hold=holds,
        has_key=act.settings.key_path.exists(),
    )  # fmt: skip


def numbers_hold(store: Store, period: Period, release: ReleaseRow) -> tuple[bool, bool]:
    """Whether the bridge of a release adds up, and whether its figures are still those that its hash was taken of."""
    dataset = store.dataset(period, release.revision)
    totals = dataset.figures[(dataset.figures[compilation.DIMENSIONS] == TOTAL).all(axis=1)]
    try:
        compilation.assert_bridge(totals, dataset.adjustments)
        adds_up = True
    except compilation.BridgeError:
        adds_up = False
    return adds_up, exports.dataset_hash(exports.dataset(dataset)) == release.dataset_sha256


def make(act: Act, approved: Approved) -> Made:
    """The files of both editions; the same for the same release, whenever they are made."""
    with act.store() as store:
        release, period = approved.release, act.period
        return {edition: edition_files(store, period, release, approved.said, edition, approved.key) for edition in Edition}


def record(act: Act, approved: Approved, made: Made) -> tuple[ReleaseRow, bool]:
    """The publication itself: state, reservations, files and audit event in one transaction."""
    with act.store() as store:
        if approved.release.was_published:
            _same_files(store, approved.release, made)
            return approved.release, True
        written = [
            WrittenFile(edition, name, hashlib.sha256(content).hexdigest(), len(content))
            for edition, contents in made.items()
            for name, content in sorted(contents.items())
        ]
        given = approved.release
        assert given.published_on is not None and given.published_by is not None and given.disclosure_threshold is not None
        row = _moved(
            store.publish, act.period, by=given.published_by, on=given.published_on, approved=given, grades=given.grades_published, threshold=given.disclosure_threshold, said=approved.said,
            written=written, at=act.now,
        )  # fmt: skip
        return row, False


def _same_files(store: Store, release: ReleaseRow, made: Made) -> None:
    """What is written again is what was published, to the byte."""
    known = {(file.edition, file.name): file.sha256 for _, file in store.release_files(release)}
    differing = [
        f"{EDITION_FOLDERS[edition]}/{name}"
        for edition, contents in made.items()
        for name, content in sorted(contents.items())
        if known.get((edition, name)) != hashlib.sha256(content).hexdigest()
    ]
    if differing:
        raise refused("files_differ", names=differing)


def write(act: Act, release: ReleaseRow, made: Made) -> Path:
    """The files on the disk, each whole or not at all."""
    folder = act.folder(release.revision)
    for edition, contents in made.items():
        for name, content in contents.items():
            exports.write_file(folder / EDITION_FOLDERS[edition] / name, content)
    return folder


def snapshot(act: Act, release: ReleaseRow, folder: Path) -> Path | None:
    """A copy of the store as it is, to be read only: for analysts offline. A server has its own way to be copied."""
    if act.settings.database_url is not None and not act.settings.database_url.startswith("sqlite"):
        return None
    path = folder / f"cmp_{release.period}_r{release.revision}.sqlite"
    with act.store() as store:
        store.snapshot(path)
    return path


# --- editions -------------------------------------------------------------------------------------------------------------


def edition_files(
    store: Store, period: Period, release: ReleaseRow, said: Sequence[tuple[Reservation, str]], edition: Edition,
    key: Ed25519PrivateKey | None,
) -> dict[str, bytes]:  # fmt: skip
    """The files of one edition, with their signed manifest when there is a key."""
    content = edition_of(store, period, release, said, edition)
    made = files_of.files(content)
    return made if key is None else made | manifest_of.manifest(content.header, made, key)


def edition_of(
    store: Store, period: Period, release: ReleaseRow, said: Sequence[tuple[Reservation, str]], edition: Edition
) -> EditionOf:
    """All that an edition says. The public one withholds small sensitive cells and says neither cells nor persons."""
    frames = {name: store.release_view(name, period, release.revision) for name in ("figure", "bridge", "completeness", "revision", "territory")}  # fmt: skip
    figures, sites = frames["figure"], store.release_view("site", period, release.revision)
    bridge = frames["bridge"]
    if edition is Edition.PUBLIC:
        shown = _protected(store, period, release)
        figures, sites = shown.figures, shown.sites
        hidden = ("file", "sha256", "sheet", "cell", "decided_by", "decision_id", "decision_source", "decision_reason")
        bridge = bridge.drop(columns=[name for name in hidden if name in bridge])
    else:
        figures, sites = (frame.assign(conf_status=str(ConfStatus.FREE)) for frame in (figures, sites))
    if not release.grades_published and edition is Edition.PUBLIC:
        figures = figures.assign(grade=None)
    revisions = frames["revision"].assign(published_on=release.published_on)
    return EditionOf(
        _header(store, release, edition), figures, bridge, frames["completeness"], revisions, sites, frames["territory"],
        tuple((ReservationKind(item.kind), sentence) for item, sentence in said), _replies(store, release), store.place_names(release),
    )  # fmt: skip


def _replies(store: Store, release: ReleaseRow) -> list[tuple[str, MemberReply, str | None]]:
    """What each member said, those who said nothing among them: the members are those of the day of the signature."""
    members = [organisation for organisation, *_ in store.participants(release)]
    replies, _ = rules_of_release.replies_of(members, store.replies(release), date.max, release.reply_by)
    return [(reply.organisation, reply.reply, reply.reason) for reply in replies]


def _protected(store: Store, period: Period, release: ReleaseRow) -> disclosure.Protected:
    """The public figures of a revision, and before them those of each earlier one, so that no two give a cell away."""
    before: list[tuple[ReleaseRow, disclosure.Protected]] = []
    earlier = [row for row in store.releases(period) if row.was_published and row.revision < release.revision]
    for row in (*earlier, release):
        figures, sites = store.release_view("figure", period, row.revision), store.release_view("site", period, row.revision)
        seen = tuple(_renamed(shown, store.renamed(first, row)) for first, shown in before)
        before.append((row, disclosure.protect(figures, sites, threshold=_threshold(row), earlier=seen)))
    return before[-1][1]


def _renamed(
    shown: disclosure.Protected, places: Mapping[tuple[str | None, ...], tuple[str | None, ...]]
) -> disclosure.Protected:
    """What an edition showed, its places named as a later one names them: a place is the same whatever it is called."""

    def named(frame: pd.DataFrame) -> pd.DataFrame:
        held = frame[list(PLACE_NAMES)].astype(object)
        keys = held.where(held.notna(), None).itertuples(index=False, name=None)
        now = [places.get(key, key) for key in keys]
        return frame.assign(**{name: [key[at] for key in now] for at, name in enumerate(PLACE_NAMES)})

    return disclosure.Protected(named(shown.figures), named(shown.sites)) if places else shown


def _threshold(release: ReleaseRow) -> int:
    assert release.disclosure_threshold is not None
    return release.disclosure_threshold


def _header(store: Store, release: ReleaseRow, edition: Edition) -> Header:
    assert release.published_on is not None and release.published_by is not None
    assert release.meeting_on is not None and release.minutes_number is not None
    return Header(
        period=release.period, revision=release.revision, edition=edition, as_of=release.as_of, published_on=release.published_on,
        published_by=release.published_by, meeting_on=release.meeting_on, minutes_number=release.minutes_number,
        signatories=[Signatory(name, function) for name, function in store.signatories(release)],
        dataset_sha256=release.dataset_sha256, rules_hash=release.rules_hash, settings_hash=release.settings_hash or "",
        compared_with=release.compared_with, reason_code=RevisionReason(release.reason_code) if release.reason_code else None,
        reason=release.reason, grades_published=release.grades_published,
    )  # fmt: skip


def export(settings: Settings, period: Period, revision: int | None, edition: Edition, into: Path | None) -> tuple[ReleaseRow, Path, list[Path]]:  # fmt: skip
    """The files of a published release written again, signed when the key is here; beside those of the publication unless `into`
    says where. Raises Refused."""
    if into is not None and into.exists() and not into.is_dir():
        raise refused("out_is_file", file=str(into))
    key = keys.load_key(settings.key_path) if settings.key_path.exists() else None
    with Store.open(settings.store_url) as store:
        release = store.published(period, revision)
        if release is None:
            raise refused("not_published", period=str(period))
        made = edition_files(store, period, release, store.reservations(release), edition, key)
        if key is not None:
            _same_files(store, release, {edition: made})
    folder = into or folder_of(settings, period, release.revision) / EDITION_FOLDERS[edition]
    for name, content in made.items():
        exports.write_file(folder / name, content)
    return release, folder, [folder / name for name in sorted(made)]


# --- verifying ------------------------------------------------------------------------------------------------------------


def verify_file(path: Path, settings: Settings, trusted: Sequence[Path] = ()) -> Verdict:
    """Whether a file or folder is official, by the keys trusted here and, where there is a store, by what it published."""
    known: list[KnownFile] = []
    latest: dict[str, int] = {}
    if Store.exists(settings.store_url):
        with Store.open(settings.store_url) as store:
            signed_by = {row.id: [f"{name}, {function}" for name, function in store.signatories(row)] for row in store.releases()}
            whole = store.verify_chain() is None
            for release in store.releases():
                if release.was_published and whole:
                    latest[release.period] = max(release.revision, latest.get(release.period, 0))
                    known += [_known(release, file, signed_by[release.id]) for file in store.published_files(release)]
    return verify(path, trusted_keys(settings, trusted), known, latest)


def _known(release: ReleaseRow, file: WrittenFile, signed_by: Sequence[str]) -> KnownFile:
    assert release.published_on is not None and release.minutes_number is not None
    return KnownFile(
        file.name, file.sha256, release.period, release.revision, file.edition, release.published_on, release.minutes_number, signed_by,
        release.dataset_sha256,
    )  # fmt: skip


def trusted_keys(settings: Settings, more: Sequence[Path] = ()) -> dict[str, Ed25519PublicKey]:
    """The public keys of this installation (every `*.pub` beside its own key), and those given."""
    paths = [*sorted(settings.key_path.parent.glob("*.pub")), *more]
    found = (keys.read_public_key(path) for path in paths)
    return {keys.fingerprint(key): key for key in found}


@dataclass(frozen=True, slots=True)
class Altered:
    """What no longer is what was published: `verify_store_{key}` of `messages.toml`."""

    key: str
    params: Mapping[str, Any]


def verify_store(settings: Settings, period: Period | None = None) -> tuple[list[ReleaseRow], list[Altered]]:
    """Every published release (of a month) computed anew from its rows and held against the audit chain and the signed manifests on
    this disk, and the chain and the guards themselves: what was looked at, and what was altered since."""
    wrong: list[Altered] = []
    trusted = trusted_keys(settings)
    with Store.open(settings.store_url) as store:
        if (link := store.verify_chain()) is not None:
            wrong.append(Altered("chain", {"event": link}))
        if gone := store.missing_guards():
            wrong.append(Altered("guards", {"names": gone}))
        seen = [row for row in store.releases(period) if row.was_published]
        held = {(row.period, row.revision) for row in seen}
        wrong += [
            Altered("missing", {"period": month, "revision": revision})
            for month, revision in store.ever_published()
            if (month, revision) not in held and (period is None or month == str(period))
        ]
        for row in seen:
            wrong += _verify_release(settings, store, row, trusted)
    return seen, wrong


def _verify_release(settings: Settings, store: Store, row: ReleaseRow, trusted: Mapping[str, Ed25519PublicKey]) -> list[Altered]:
    params = {"period": row.period, "revision": row.revision}
    adds_up, same = numbers_hold(store, Period.parse(row.period), row)
    wrong = [Altered(key, params) for key, holds in (("bridge", adds_up), ("dataset", same)) if not holds]
    if altered := store.altered(row):
        wrong.append(Altered("tables", {**params, "names": altered}))
    for name in EDITION_FOLDERS.values():
        path = folder_of(settings, Period.parse(row.period), row.revision) / name / "manifest.json"
        if path.exists():
            said = verify(path, trusted)
            if said.official and said.dataset_sha256 != row.dataset_sha256:
                wrong.append(Altered("manifest", {**params, "file": str(path)}))
    return wrong


def make_key(settings: Settings) -> tuple[Path, str]:
    """A new key for this installation, with its public part beside it, and its fingerprint. Raises KeyRefused when there is one."""
    public = keys.make_key(settings.key_path)
    path = settings.key_path.with_suffix(".pub")
    exports.write_file(path, keys.public_pem(public))
    return path, keys.fingerprint(public)


def frames_known_on(settings: Settings, period: Period, day: date) -> pd.DataFrame:
    """The official figures of a month as they were known on a day; no row before the first publication."""
    with Store.open(settings.store_url) as store:
        frame = store.view("official_known", period)
    said = frame["known_from"].astype(str) <= day.isoformat()
    until = frame["known_until"].isna() | (frame["known_until"].astype(str) > day.isoformat())
    return frame[said & until].reset_index(drop=True)
