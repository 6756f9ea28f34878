"""The key with which the CMP signs what it publishes (Ed25519, RFC 8032), and the fingerprint by which people tell one from another."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from schemas.texts import message

_GROUPS = 5
"""Of four hexadecimal digits: 80 bits, more than anybody can search for a second key with the same fingerprint."""


class KeyRefused(ValueError):  # noqa: N818 - it is the answer to a person
    """Why a key was neither made nor read; `reason` is a message of the catalogue."""

    def __init__(self, reason: str, path: Path) -> None:
        super().__init__(f"{reason}: {path}")
        self.reason, self.path = reason, path

    def sentence(self, lang: str = "fr") -> str:
        return message(self.reason, lang, path=str(self.path))


def make_key(path: Path, password: bytes | None = None) -> Ed25519PublicKey:
    """Writes a new private key (PEM, PKCS#8, encrypted when there is a password) that only its owner may read, and gives the
    public one. Raises KeyRefused when the file exists: a key is never overwritten."""
    key = Ed25519PrivateKey.generate()
    locked = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    content = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise KeyRefused("key_exists", path) from None
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    return key.public_key()


def load_key(path: Path, password: bytes | None = None) -> Ed25519PrivateKey:
    """Reads a private key. Raises KeyRefused when it is absent, is no Ed25519 key, or needs another password."""
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password)
    except OSError:
        raise KeyRefused("key_absent", path) from None
    except TypeError:
        raise KeyRefused("key_password_needed" if password is None else "key_password_not_needed", path) from None
    except (ValueError, UnsupportedAlgorithm):
        raise KeyRefused("key_unreadable" if password is None else "key_password_wrong", path) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyRefused("key_other_kind", path)
    return key


def public_pem(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def read_public_key(path: Path) -> Ed25519PublicKey:
    """Reads a public key (PEM). Raises KeyRefused when it is absent or no Ed25519 key."""
    try:
        key = serialization.load_pem_public_key(path.read_bytes())
    except OSError:
        raise KeyRefused("key_absent", path) from None
    except (ValueError, UnsupportedAlgorithm):
        raise KeyRefused("key_unreadable", path) from None
    if not isinstance(key, Ed25519PublicKey):
        raise KeyRefused("key_other_kind", path)
    return key


def fingerprint(key: Ed25519PublicKey) -> str:
    """The head of the sha256 of the 32 bytes of a public key, for reading aloud: `3f2a-91c0-77de-04b1-aa52`."""
    digits = hashlib.sha256(key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)).hexdigest()
    return "-".join(digits[4 * group : 4 * group + 4] for group in range(_GROUPS))
