"""Who finds out what about a file: official or not, of which release, and whether there is a later one. All without a network."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from pipelines.io.diffusion import keys
from pipelines.io.diffusion.manifest import MANIFEST, SIGNATURE, SUMS, manifest
from pipelines.io.diffusion.verify import KnownFile, Verdict, verify
from schemas.codes import Authenticity, Edition
from schemas.texts import LANGUAGES, message
from tests.diffusion.conftest import HEADER

KEY = Ed25519PrivateKey.from_private_bytes(b"1" * 32)
OTHER = Ed25519PrivateKey.from_private_bytes(b"2" * 32)
PRINT = keys.fingerprint(KEY.public_key())
TRUSTED = {PRINT: KEY.public_key()}
BOOK = "PDI_Mali_2019-12_r2.xlsx"
FILES = {BOOK: b"PK illustrative workbook", "figures.csv": b"pcode,value\nML,207751\n"}


def write(folder: Path, revision: int = 2, key: Ed25519PrivateKey = KEY, files: dict[str, bytes] = FILES) -> Path:
    """A release folder with two small files that stand for all."""
    folder.mkdir(parents=True)
    for name, content in {**files, **manifest(replace(HEADER, revision=revision), files, key)}.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    """Deep enough that the folders of other tests are not looked into."""
    path = tmp_path / "a" / "b" / "c" / "d" / "stick"
    path.mkdir(parents=True)
    return path


@pytest.fixture
def folder(stick: Path) -> Path:
    return write(stick / "revision-2" / "interne")


def known(name: str = BOOK, sha256: str = "0" * 64, revision: int = 2) -> KnownFile:
    return KnownFile(
        name,
        sha256,
        "2019-12",
        revision,
        Edition.INTERNAL,
        date(2020, 1, 20),
        "PV-012/2020",
        ("Moussa Diarra, Directeur national",),
        "ab" * 32,
    )


def told(verdict: Verdict) -> tuple[bool, Authenticity]:
    for lang in LANGUAGES:
        assert all(verdict.lines(lang)) and "{" not in "".join(verdict.lines(lang))
    return verdict.official, verdict.reason


# --- official ---


@pytest.mark.parametrize("name", [BOOK, "figures.csv", MANIFEST, SIGNATURE, SUMS, ""])
def test_each_file_of_a_release_and_its_folder_is_official(folder: Path, name: str) -> None:
    verdict = verify(folder / name, TRUSTED)
    assert told(verdict) == (True, Authenticity.SIGNED)
    assert verdict.as_json() == {
        "file": name or "interne", "official": True, "reason": "signed", "period": "2019-12", "revision": 2, "edition": "internal",
        "published_on": "2020-01-20", "minutes_number": "PV-012/2020", "signed_by": ["Moussa Diarra, Directeur national"], "key": PRINT,
        "dataset_sha256": "ab" * 32, "later_revision": None, "later_known": False,
    }  # fmt: skip
    assert verdict.lines()[2:] == [
        "Publication : décembre 2019, révision 2, édition interne ; publiée le 20/01/2020, procès-verbal n° PV-012/2020. "
        "Signé : Moussa Diarra, Directeur national.",
        message("verify_later_unknown"),
    ]


def test_sums_are_those_that_sha256sum_reads(folder: Path) -> None:
    if shutil.which("sha256sum") is None:
        pytest.skip("no sha256sum here")
    done = subprocess.run(["sha256sum", "-c", "--strict", SUMS], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stdout.count(": OK") == 4


def test_the_same_key_and_files_give_the_same_manifest() -> None:
    assert manifest(HEADER, FILES, KEY) == manifest(HEADER, dict(reversed(FILES.items())), KEY)


def test_a_renamed_file_is_known_by_its_content_in_its_folder_and_near_it(folder: Path) -> None:
    alone = folder.parents[1] / "à lire.xlsx"
    shutil.copy(folder / BOOK, alone)
    assert told(verify(alone, TRUSTED)) == (True, Authenticity.SIGNED)
    assert told(verify((folder / BOOK).rename(folder / "copie.xlsx"), TRUSTED)) == (True, Authenticity.SIGNED)


def test_a_file_alone_is_known_to_the_store(stick: Path) -> None:
    (stick / BOOK).write_bytes(FILES[BOOK])
    sha256 = hashlib.sha256(FILES[BOOK]).hexdigest()
    verdict = verify(stick / BOOK, {}, [known("other.xlsx"), known(sha256=sha256)], {"2019-12": 2})
    assert told(verdict) == (True, Authenticity.IN_STORE)
    assert (verdict.later_revision, verdict.later_known) == (None, True) and message("verify_last") in verdict.lines()


# --- later revisions ---


def test_a_later_revision_is_told_by_the_store_or_by_a_folder_beside(folder: Path) -> None:
    by_store = verify(folder / BOOK, TRUSTED, latest={"2019-12": 3})
    assert (by_store.later_revision, by_store.later_known) == (3, True)
    write(folder.parents[1] / "revision-4" / "interne", 4)
    beside = verify(folder, TRUSTED, latest={"2019-12": 3})
    assert beside.later_revision == 4 and "ATTENTION : la révision 4 existe et remplace celle-ci." in beside.lines()


def test_nobody_can_invent_a_later_revision(folder: Path) -> None:
    write(folder.parents[1] / "revision-9" / "interne", 9, OTHER)
    assert verify(folder, TRUSTED).later_revision is None


# --- not official ---


def test_one_byte_changed(folder: Path) -> None:
    (folder / "figures.csv").write_bytes(FILES["figures.csv"].replace(b"207751", b"207750"))
    for path in (folder / "figures.csv", folder):
        verdict = verify(path, TRUSTED)
        assert told(verdict) == (False, Authenticity.CHANGED) and verdict.revision == 2
    assert told(verify(folder / BOOK, TRUSTED)) == (True, Authenticity.SIGNED)


def test_a_file_with_the_name_of_a_published_one(stick: Path) -> None:
    (stick / BOOK).write_bytes(b"made up")
    assert told(verify(stick / BOOK, TRUSTED, [known()])) == (False, Authenticity.CHANGED)
    assert told(verify(stick / BOOK, TRUSTED)) == (False, Authenticity.UNKNOWN_FILE)
    both = [known("figures.csv"), known("figures.csv", revision=1)]
    assert told(verify((stick / BOOK).rename(stick / "figures.csv"), TRUSTED, both)) == (False, Authenticity.UNKNOWN_FILE)


def test_a_missing_file_and_one_too_many(folder: Path) -> None:
    (folder / "note.txt").write_text("x")
    assert verify(folder, TRUSTED).beside == ("note.txt",) and told(verify(folder, TRUSTED))[0]
    assert told(verify(folder / "note.txt", TRUSTED)) == (False, Authenticity.UNKNOWN_FILE)
    (folder / BOOK).unlink()
    assert told(verify(folder, TRUSTED)) == (False, Authenticity.INCOMPLETE)


@pytest.mark.parametrize(
    ("trusted", "reason"), [({}, Authenticity.KEY_UNKNOWN), ({PRINT: OTHER.public_key()}, Authenticity.KEY_UNKNOWN)]
)
def test_a_key_that_is_not_trusted_is_named_and_nothing_else_is_repeated(
    folder: Path, trusted: Any, reason: Authenticity
) -> None:
    for path in (folder, folder / BOOK, folder / MANIFEST):
        verdict = verify(path, trusted)
        assert told(verdict) == (False, reason)
        assert (verdict.key, verdict.period, verdict.signed_by) == (PRINT, None, ())


@pytest.mark.parametrize(
    "signature", [b"", b"no base64!", base64.b64encode(b"x" * 64), base64.b64encode(OTHER.sign(b"x")), b"A" * 5000]
)
def test_a_wrong_signature(folder: Path, signature: bytes) -> None:
    (folder / SIGNATURE).write_bytes(signature)
    assert told(verify(folder / BOOK, TRUSTED)) == (False, Authenticity.SIGNATURE_WRONG)


def test_a_manifest_changed_after_it_was_signed_and_sums_of_others(folder: Path) -> None:
    (folder / SUMS).write_text("0" * 64 + "  other\n")
    assert told(verify(folder / SUMS, TRUSTED)) == (False, Authenticity.CHANGED)
    content = (folder / MANIFEST).read_text()
    (folder / MANIFEST).write_text(content.replace('"revision": 2', '"revision": 7'))
    assert told(verify(folder, TRUSTED)) == (False, Authenticity.SIGNATURE_WRONG)


def test_a_draft_is_never_official_whatever_its_name(stick: Path) -> None:
    path = stick / BOOK
    book = xlsxwriter.Workbook(path)
    book.set_properties({"status": message("draft_banner")})
    book.close()
    assert told(verify(path, TRUSTED, [known()])) == (False, Authenticity.DRAFT)


# --- hostile ---

_GOOD = {"sha256": "0" * 64, "size": 1}
HOSTILE: dict[str, Callable[[dict[str, Any]], Any]] = {
    "a way out of the folder": lambda told: told | {"files": {"../../etc/passwd": _GOOD}},
    "an absolute name": lambda told: told | {"files": {"/etc/passwd": _GOOD}},
    "a Windows name": lambda told: told | {"files": {"..\\x": _GOOD}},
    "a hidden line": lambda told: told | {"files": {"x\n": _GOOD}},
    "a huge file": lambda told: told | {"files": {"x": {"sha256": "0" * 64, "size": 10**15}}},
    "too many files": lambda told: told | {"files": {f"f{number}": _GOOD for number in range(1001)}},
    "a list": lambda told: [told],
    "a terminal sequence as key": lambda told: told | {"key": "\x1b[2J"},
    "another month": lambda told: told | {"period": "2019-13"},
    "a number without end": lambda told: told | {"revision": 10**400},
}


@pytest.mark.parametrize("how", HOSTILE)
def test_a_manifest_made_to_harm_is_refused_in_a_sentence(folder: Path, how: str) -> None:
    content = json.dumps(HOSTILE[how](json.loads((folder / MANIFEST).read_text()))).encode()
    (folder / MANIFEST).write_bytes(content)
    (folder / SIGNATURE).write_bytes(base64.b64encode(KEY.sign(content)))
    for path in (folder, folder / BOOK):
        verdict = verify(path, TRUSTED)
        assert told(verdict) == (False, Authenticity.REFUSED) and verdict.detail == "verify_refused_manifest"


@pytest.mark.parametrize("content", [b"", b"no json", b"\xff\xfe\x00", b"[" * 100_000, b'{"a":' * 50_000, b" " * 1_100_000])
def test_what_is_no_manifest_is_refused_in_a_sentence(folder: Path, content: bytes) -> None:
    (folder / MANIFEST).write_bytes(content)
    assert told(verify(folder, TRUSTED)) == (False, Authenticity.REFUSED)


def test_links_pipes_and_absent_files_are_refused_in_a_sentence(folder: Path, stick: Path) -> None:
    (stick / "link.xlsx").symlink_to(folder / BOOK)
    (stick / "linked").symlink_to(folder)
    os.mkfifo(stick / "pipe")
    huge = stick / "huge.xlsx"
    with huge.open("wb") as file:
        file.truncate(10**12)
    expected = {
        "link.xlsx": "link",
        "linked": "link",
        "pipe": "kind",
        "huge.xlsx": "size",
        "absent": "absent",
        "a\0b": "unreadable",
    }
    for name, reason in expected.items():
        verdict = verify(stick / name, TRUSTED)
        assert told(verdict) == (False, Authenticity.REFUSED) and verdict.detail == f"verify_refused_{reason}", name
    assert verify(stick, TRUSTED).detail == "verify_refused_no_manifest"
    (folder / BOOK).unlink()
    (folder / BOOK).symlink_to("/etc/hostname")
    assert verify(folder, TRUSTED).detail == "verify_refused_link"


def test_a_name_does_nothing_to_the_terminal(stick: Path) -> None:
    (stick / "a\x1b[2J.xlsx").write_bytes(b"x")
    assert "\x1b" not in "".join(verify(stick / "a\x1b[2J.xlsx", TRUSTED).lines())


# --- keys ---


def test_a_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "cmp.pem"
    public = keys.make_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert keys.fingerprint(keys.load_key(path).public_key()) == keys.fingerprint(public)
    (tmp_path / "cmp.pub").write_bytes(keys.public_pem(public))
    assert keys.fingerprint(keys.read_public_key(tmp_path / "cmp.pub")) == keys.fingerprint(public)
    with pytest.raises(keys.KeyRefused, match="key_exists") as refused:
        keys.make_key(path)
    assert refused.value.sentence().startswith("Il y a déjà un fichier")


def test_why_a_key_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "cmp.pem"
    keys.make_key(path, b"secret")
    assert keys.load_key(path, b"secret")
    (tmp_path / "junk.pem").write_bytes(b"junk")
    for read, reason in (
        (lambda: keys.load_key(path), "key_password_needed"),
        (lambda: keys.load_key(path, b"other"), "key_password_wrong"),
        (lambda: keys.load_key(tmp_path / "absent"), "key_absent"),
        (lambda: keys.load_key(tmp_path / "junk.pem"), "key_unreadable"),
        (lambda: keys.read_public_key(path), "key_unreadable"),
    ):
        with pytest.raises(keys.KeyRefused, match=reason):
            read()


def test_a_fingerprint_is_the_head_of_the_sha256_of_the_key() -> None:
    public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"  # RFC 8032, 7.1, test 1
    assert keys.fingerprint(Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))) == "21fe-31df-a154-a261-626b"
