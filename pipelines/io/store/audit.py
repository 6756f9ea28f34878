"""The audit chain on a connection of the store: who did what, each link holding the hash of all before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from pipelines.io.store import tables

GENESIS = "0" * 64
"""What the first link of the audit chain follows."""


def append(connection: Connection, at: datetime, actor: str, action: str, subject: str, details: Mapping[str, Any]) -> int:
    """Adds a link after the last one; the caller is the only writer."""
    e = tables.audit_event
    previous = connection.execute(select(e.c.hash).order_by(e.c.id.desc()).limit(1)).scalar() or GENESIS
    said = {"at": instant(at), "actor": actor, "action": action, "subject": subject, "details": as_json(details)}
    key = connection.execute(insert(e).values(**said, previous_hash=previous, hash=link(previous, **said))).inserted_primary_key
    assert key is not None
    return int(key[0])


def link(previous_hash: str, at: str, actor: str, action: str, subject: str, details: str) -> str:
    """The hash of an event and of all before it."""
    said = {
        "previous_hash": previous_hash, "at": at, "actor": actor, "action": action, "subject": subject, "details": details,
    }  # fmt: skip
    return hashlib.sha256(as_json(said).encode()).hexdigest()


def as_json(value: Any) -> str:
    """The one way to write a value: same value, same text."""
    return json.dumps(_plain_json(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_json_leaf)


def _plain_json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        items = [_plain_json(item) for item in value]
        return sorted(items, key=str) if isinstance(value, set | frozenset) else items
    return value


def _json_leaf(value: Any) -> Any:
    """Numbers of numpy are numbers; everything else is its text."""
    return value.item() if hasattr(value, "item") else str(value)


def instant(at: datetime) -> str:
    """UTC to the second as ISO text; an instant without a zone is taken as UTC."""
    return (at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")
