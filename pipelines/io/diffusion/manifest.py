"""The manifest of an edition: what was published, by whom, with which files; signed, so that a file can be checked anywhere."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pipelines.io.diffusion.edition import Header
from pipelines.io.diffusion.keys import fingerprint

MANIFEST, SIGNATURE, SUMS = "manifest.json", "manifest.sig", "SHA256SUMS"
FORMAT = "cmp-idp-release-1"


def manifest(header: Header, files: Mapping[str, bytes], key: Ed25519PrivateKey) -> dict[str, bytes]:
    """`manifest.json` (UTF-8, sorted keys) over `files`, `manifest.sig` (base64 of the Ed25519 signature of its bytes) and
    `SHA256SUMS` over all of them, for `sha256sum -c`. The same arguments give the same bytes, as Ed25519 draws no random number."""
    told: dict[str, Any] = {
        **asdict(header),
        "format": FORMAT,
        "signatories": [asdict(signatory) for signatory in header.signatories],
        "files": {name: {"sha256": _digest(content), "size": len(content)} for name, content in files.items()},
        "key": fingerprint(key.public_key()),
    }
    content = (json.dumps(told, ensure_ascii=False, indent=2, sort_keys=True, default=_written) + "\n").encode("utf-8")
    signed = {MANIFEST: content, SIGNATURE: base64.b64encode(key.sign(content)) + b"\n"}
    listed = {**files, **signed}
    return {**signed, SUMS: "".join(f"{_digest(listed[name])}  {name}\n" for name in sorted(listed)).encode("utf-8")}


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _written(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"not for a manifest: {value!r}")
