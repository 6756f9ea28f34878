"""Whether a file is official, found out without a network: by the signature of a manifest, or by what the store knows.

Whatever is looked at may have been made to deceive. Files are read up to a size, never through a link, and nothing is repeated
from a manifest that no trusted key vouches for.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import stat
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any, BinaryIO

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from defusedxml.ElementTree import fromstring
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipelines.io.diffusion.keys import fingerprint
from pipelines.io.diffusion.manifest import FORMAT, MANIFEST, SIGNATURE, SUMS
from schemas import texts
from schemas.codes import Authenticity, Edition

_MANIFEST_SIZE, _SIGNATURE_SIZE, _FILE_SIZE = 1_000_000, 1_000, 512_000_000
"""Bytes; no release has larger files."""
_PARENTS, _LAYERS, _FOLDERS = 4, 5, 400
"""How far up other release folders are looked for, how far down from there, and in how many folders at most."""
_DRAFT_SIZE = 64_000_000


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file that the store knows to have been published. `signed_by` holds "name, function"."""

    name: str
    sha256: str
    period: str
    revision: int
    edition: Edition
    published_on: date
    minutes_number: str
    signed_by: Sequence[str]
    dataset_sha256: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of a file. All about its release is None unless it is official or stands in the place of an official one
    (`CHANGED`, `INCOMPLETE`). `later_known` says whether anything here could tell of a later revision; `detail` completes the reason
    (a name, or a message of the catalogue), `beside` are names in the same folder that are not of the release."""

    file: str
    official: bool
    reason: Authenticity
    detail: str = ""
    period: str | None = None
    revision: int | None = None
    edition: Edition | None = None
    published_on: date | None = None
    minutes_number: str | None = None
    signed_by: Sequence[str] = ()
    key: str | None = None
    dataset_sha256: str | None = None
    later_revision: int | None = None
    later_known: bool = False
    beside: Sequence[str] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "file": self.file, "official": self.official, "reason": str(self.reason), "period": self.period, "revision": self.revision,
            "edition": None if self.edition is None else str(self.edition),
            "published_on": None if self.published_on is None else self.published_on.isoformat(),
            "minutes_number": self.minutes_number, "signed_by": list(self.signed_by), "key": self.key,
            "dataset_sha256": self.dataset_sha256, "later_revision": self.later_revision, "later_known": self.later_known,
        }  # fmt: skip

    def lines(self, lang: str = "fr") -> list[str]:
        """The verdict for a person: official or not, why, of which release, and whether a later revision exists."""
        head = "verify_official" if self.official else "verify_not_official"
        said = [texts.message(head, lang, file=self.file), self._why(lang)]
        if self.period is not None:
            said.append(
                texts.message(
                    "verify_release", lang, month=texts.month(self.period, lang), revision_number=str(self.revision), edition=self.edition,
                    published_on=self.published_on, minutes_number=self.minutes_number, signed_by=" ; ".join(self.signed_by),
                )
            )  # fmt: skip
            said.append(self._later(lang))
        if self.beside:
            said.append(texts.message("verify_beside", lang, names=list(self.beside)))
        return said

    def _why(self, lang: str) -> str:
        if self.reason is Authenticity.REFUSED:
            return texts.message(self.detail, lang)
        return texts.message(f"verify_{self.reason}", lang, fingerprint=self.key, name=self.detail)

    def _later(self, lang: str) -> str:
        if self.later_revision is not None:
            return texts.message("verify_later", lang, later=str(self.later_revision))
        return texts.message("verify_last" if self.later_known else "verify_later_unknown", lang)


class _Refused(Exception):  # noqa: N818
    """`reason` is a message of the catalogue."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


# --- manifests ------------------------------------------------------------------------------------------------------------

_Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")]
_Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Listed(BaseModel):
    model_config = ConfigDict(frozen=True)

    sha256: _Sha256
    size: Annotated[int, Field(ge=0, le=_FILE_SIZE)]


class _Signatory(BaseModel):
    model_config = ConfigDict(frozen=True)

    name: str
    function: str


class _Manifest(BaseModel):
    """What is read of a manifest. A name of a file is never a way to another folder."""

    model_config = ConfigDict(frozen=True)

    format: Annotated[str, Field(pattern=f"^{FORMAT}$")]
    period: Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
    revision: Annotated[int, Field(ge=1, le=10_000)]
    edition: Edition
    published_on: date
    minutes_number: str
    signatories: list[_Signatory]
    dataset_sha256: _Sha256
    files: Annotated[dict[_Name, _Listed], Field(max_length=1000)]
    key: Annotated[str, Field(pattern=r"^[0-9a-f]{4}(-[0-9a-f]{4}){1,15}$")]


@dataclass(frozen=True, slots=True)
class _Found:
    """A manifest and what its signature is worth: `reason` is SIGNED, KEY_UNKNOWN or SIGNATURE_WRONG."""

    folder: Path
    told: _Manifest
    reason: Authenticity
    names: Mapping[str, str] = field(default_factory=dict)  # sha256 -> name

    @property
    def holds(self) -> bool:
        return self.reason is Authenticity.SIGNED


def _manifest_in(folder: Path, trusted: Mapping[str, Ed25519PublicKey]) -> _Found | None:
    """The manifest of a folder, None where there is none. Raises _Refused for one that cannot be read as one."""
    if not os.path.lexists(folder / MANIFEST):
        return None
    content = _content(folder / MANIFEST, _MANIFEST_SIZE)
    try:
        told = _Manifest.model_validate_json(content)
    except ValidationError:
        raise _Refused("verify_refused_manifest") from None
    if (key := trusted.get(told.key)) is None or fingerprint(key) != told.key:
        reason = Authenticity.KEY_UNKNOWN
    else:
        reason = Authenticity.SIGNED if _signed(folder / SIGNATURE, content, key) else Authenticity.SIGNATURE_WRONG
    return _Found(folder, told, reason, {listed.sha256: name for name, listed in told.files.items()})


def _signed(path: Path, content: bytes, key: Ed25519PublicKey) -> bool:
    try:
        key.verify(base64.b64decode(_content(path, _SIGNATURE_SIZE).strip(), validate=True), content)
    except (InvalidSignature, binascii.Error, _Refused):
        return False
    return True


def _around(folder: Path, trusted: Mapping[str, Ed25519PublicKey]) -> list[_Found]:
    """The manifests whose signature holds in `folder`, above it, and in the folders below those: what a USB stick carries."""
    found = {}
    for place in _folders(folder):
        try:
            manifest = _manifest_in(place, trusted)
        except _Refused:
            continue  # what is wrong elsewhere says nothing of this file
        if manifest is not None and manifest.holds:
            found[place] = manifest
    return sorted(found.values(), key=lambda one: (one.told.period, one.told.revision, one.told.edition), reverse=True)


def _folders(folder: Path) -> list[Path]:
    """`folder` and its parents, nearest first, each with what is below it; links are not followed."""
    seen: dict[Path, None] = {}
    for base in (folder, *list(folder.parents)[:_PARENTS]):
        layer = [base]
        for _ in range(_LAYERS):
            seen |= dict.fromkeys(layer)
            if len(seen) >= _FOLDERS:
                return list(seen)[:_FOLDERS]
            layer = [below for place in layer for below in _below(place)][:_FOLDERS]
    return list(seen)


def _below(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return sorted(Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False))[:_FOLDERS]
    except OSError:
        return []


# --- files ----------------------------------------------------------------------------------------------------------------


def _open(path: Path, most: int) -> BinaryIO:
    """A plain file that is not too large, opened without following a link. Raises _Refused."""
    try:
        found = os.lstat(path)
        if stat.S_ISLNK(found.st_mode):
            raise _Refused("verify_refused_link")
        if not stat.S_ISREG(found.st_mode):
            raise _Refused("verify_refused_kind")
        if found.st_size > most:
            raise _Refused("verify_refused_size")
        return os.fdopen(
            os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)),
            "rb",
        )
    except FileNotFoundError:
        raise _Refused("verify_refused_absent") from None
    except (OSError, ValueError):  # a name with a zero byte is a ValueError
        raise _Refused("verify_refused_unreadable") from None


def _content(path: Path, most: int) -> bytes:
    with _open(path, most) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise _Refused("verify_refused_size")
    return content


def _digest(path: Path) -> str:
    with _open(path, _FILE_SIZE) as file:
        digest = hashlib.sha256()
        while part := file.read(1 << 20):
            digest.update(part)
    return digest.hexdigest()


_PROPERTIES = "docProps/core.xml"


def _is_draft(path: Path) -> bool:
    """Whether a workbook says of itself that it is a draft, whatever its name."""
    banners = {texts.message("draft_banner", lang) for lang in texts.LANGUAGES}
    try:
        with _open(path, _DRAFT_SIZE) as file, zipfile.ZipFile(file) as book:
            if book.getinfo(_PROPERTIES).file_size > _MANIFEST_SIZE:
                return False
            said = fromstring(book.read(_PROPERTIES).decode("utf-8"))
    except Exception:  # whatever is wrong with it, it does not say that it is a draft
        return False
    return any(element.tag.endswith("}contentStatus") and element.text in banners for element in said)


def _shown(name: str) -> str:
    """A name that can do nothing to the terminal."""
    return "".join(letter if letter.isprintable() else "�" for letter in name)


# --- the verdict ----------------------------------------------------------------------------------------------------------


def verify(
    path: Path, trusted: Mapping[str, Ed25519PublicKey], known: Sequence[KnownFile] = (), latest: Mapping[str, int] | None = None
) -> Verdict:
    """Whether `path` (a file of a release, its manifest, or its folder) is official.

    `trusted` are the public keys believed, by `keys.fingerprint`; `known` the published files of the store and `latest` the last
    published revision by period, where there is a store. A file is recognised by its content, in the store or in a manifest of
    its folder, of a folder above or of one beside. Never raises: what cannot be looked at is `REFUSED` with its sentence.
    """
    name = _shown(path.name)
    try:
        around = _around(_folder_of(path), trusted)
        verdict = _of_folder(path, trusted) if path.is_dir() and not path.is_symlink() else _of_file(path, trusted, known, around)
    except _Refused as refused:
        return Verdict(name, False, Authenticity.REFUSED, refused.reason)
    except (OSError, ValueError):
        return Verdict(name, False, Authenticity.REFUSED, "verify_refused_unreadable")
    return _with_later(replace(verdict, file=name), around, latest or {})


def _folder_of(path: Path) -> Path:
    return path.absolute() if path.is_dir() else path.absolute().parent


def _with_later(verdict: Verdict, around: Sequence[_Found], latest: Mapping[str, int]) -> Verdict:
    """The verdict with the later revision that the store or the folders around tell of."""
    if verdict.period is None or verdict.revision is None:
        return verdict
    told = [found.told.revision for found in around if found.told.period == verdict.period]
    last = max([*told, latest.get(verdict.period, 0)])
    later = last if last > verdict.revision else None
    return replace(verdict, later_revision=later, later_known=later is not None or verdict.period in latest)


def _of_release(official: bool, reason: Authenticity, told: _Manifest | KnownFile, detail: str = "") -> Verdict:
    key = told.key if isinstance(told, _Manifest) else None
    signed_by = told.signed_by if isinstance(told, KnownFile) else [f"{one.name}, {one.function}" for one in told.signatories]
    return Verdict(
        "", official, reason, detail, told.period, told.revision, told.edition, told.published_on, told.minutes_number, tuple(signed_by), key,
        told.dataset_sha256,
    )  # fmt: skip


def _unsigned(found: _Found) -> Verdict:
    """Nothing is said of a release that nobody vouches for, except whose key is claimed."""
    return Verdict("", False, found.reason, key=found.told.key)


def _of_folder(folder: Path, trusted: Mapping[str, Ed25519PublicKey]) -> Verdict:
    """A folder is official when its manifest is and all files listed are there, unchanged."""
    found = _manifest_in(folder, trusted)
    if found is None:
        raise _Refused("verify_refused_no_manifest")
    if not found.holds:
        return _unsigned(found)
    for name, listed in sorted(found.told.files.items()):
        if not os.path.lexists(folder / name):
            return _of_release(False, Authenticity.INCOMPLETE, found.told, name)
        if _digest(folder / name) != listed.sha256:
            return _of_release(False, Authenticity.CHANGED, found.told, name)
    others = {place.name for place in folder.iterdir()} - {*found.told.files, MANIFEST, SIGNATURE, SUMS}
    return replace(_of_release(True, Authenticity.SIGNED, found.told), beside=tuple(_shown(name) for name in sorted(others)))


def _of_file(
    path: Path, trusted: Mapping[str, Ed25519PublicKey], known: Sequence[KnownFile], around: Sequence[_Found]
) -> Verdict:
    digest = _digest(path)
    here = path.absolute().parent
    if path.name in (MANIFEST, SIGNATURE, SUMS):
        return _of_manifest(path, trusted)
    own = _own_manifest(here, trusted)
    if isinstance(own, _Found) and own.holds and digest in own.names:
        return _of_release(True, Authenticity.SIGNED, own.told)
    in_store = [file for file in known if file.sha256 == digest]
    if in_store:
        return _of_release(True, Authenticity.IN_STORE, max(in_store, key=lambda file: (file.period, file.revision)))
    if found := next((found for found in around if digest in found.names), None):
        return _of_release(True, Authenticity.SIGNED, found.told)
    if _is_draft(path):
        return Verdict("", False, Authenticity.DRAFT)
    if isinstance(own, _Refused):
        raise own
    return _unrecognised(path.name, digest, own, known)


def _own_manifest(folder: Path, trusted: Mapping[str, Ed25519PublicKey]) -> _Found | _Refused | None:
    """The manifest beside a file; what is wrong with it is told only when nothing else recognises the file."""
    try:
        return _manifest_in(folder, trusted)
    except _Refused as refused:
        return refused


def _of_manifest(path: Path, trusted: Mapping[str, Ed25519PublicKey]) -> Verdict:
    """The three files that vouch for the others stand for the release; the list of sums has to be that of the manifest."""
    found = _manifest_in(path.absolute().parent, trusted)
    if found is None:
        raise _Refused("verify_refused_no_manifest")
    if not found.holds:
        return _unsigned(found)
    if path.name == SUMS:
        sums = {name: digest for digest, _, name in (line.partition("  ") for line in _text(path).splitlines())}
        listed = {name: one.sha256 for name, one in found.told.files.items()}
        listed |= {name: _digest(found.folder / name) for name in (MANIFEST, SIGNATURE)}
        if sums != listed:
            return _of_release(False, Authenticity.CHANGED, found.told, SUMS)
    return _of_release(True, Authenticity.SIGNED, found.told)


def _text(path: Path) -> str:
    return _content(path, _MANIFEST_SIZE).decode("utf-8", "replace")


def _unrecognised(name: str, digest: str, own: _Found | None, known: Sequence[KnownFile]) -> Verdict:
    """Why a file that nobody knows is not official: it bears the name of an official one, or its manifest is worth nothing."""
    if own is not None and not own.holds and (name in own.told.files or digest in own.names):
        return _unsigned(own)
    if own is not None and own.holds and name in own.told.files:
        return _of_release(False, Authenticity.CHANGED, own.told, name)
    named = {(file.period, file.revision, file.edition): file for file in known if file.name == name}
    if len(named) == 1:
        return _of_release(False, Authenticity.CHANGED, next(iter(named.values())), _shown(name))
    return Verdict("", False, Authenticity.UNKNOWN_FILE)
