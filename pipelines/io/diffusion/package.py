"""The Frictionless Data Package of an edition: what each file holds, column by column, under which licence and from whom."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any

from pipelines.io.diffusion.edition import Header
from schemas import texts
from schemas.codes import Edition
from schemas.fields import Field, Kind, Table

NAME = "datapackage.json"
_TYPES = {Kind.TEXT: "string", Kind.CHOICE: "string", Kind.DATE: "date", Kind.INTEGER: "integer", Kind.SIGNED: "integer"}
_LICENCES: Mapping[Edition, Mapping[str, str]] = {
    Edition.PUBLIC: {"name": "CC-BY-4.0", "path": "https://creativecommons.org/licenses/by/4.0/deed.fr"},
    Edition.INTERNAL: {"name": "other-closed"},
}
_MEDIA = {
    "csv": "text/csv", "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}  # fmt: skip
HXL_ROW = 2
"""The row of the HXL file, from 1, that is no data."""


def package(header: Header, files: Mapping[str, bytes], tables: Mapping[str, Table], lang: str = "fr") -> bytes:
    """`datapackage.json` (Data Package 1) for `files`; `tables` declares the columns of the CSV files, by file name. A file without
    columns there is described by its bytes alone: Parquet says its types itself, and frictionless reads whole numbers that may
    be missing out of it as decimals."""
    params = {"month": texts.month(header.period, lang), "revision_number": str(header.revision), "edition": header.edition}
    licence = {**_LICENCES[header.edition], "title": texts.message(f"release_licence_{header.edition}", lang)}
    described = {
        "profile": "data-package",
        "name": f"pdi-mali-{header.period}-r{header.revision}-{header.edition}",
        "title": texts.message("release_package_title", lang, **params),
        "description": texts.message("release_package_about", lang, **params),
        "version": f"{header.period}.{header.revision}",
        "created": datetime.combine(header.published_on, time(), UTC).isoformat(),
        "licenses": [licence],
        "sources": [{"title": texts.message("release_source", lang)}],
        "contributors": [{"title": texts.message("letter_commission", lang), "role": "publisher"}],
        "keywords": ["PDI", "IDP", "Mali", "CMP", header.period],
        "resources": [_resource(name, files[name], tables.get(name), lang) for name in sorted(files)],
    }
    return (json.dumps(described, ensure_ascii=False, indent=2) + "\n").encode("utf-8")


def _resource(name: str, content: bytes, table: Table | None, lang: str) -> dict[str, Any]:
    stem, _, suffix = name.rpartition(".")
    described: dict[str, Any] = {
        "name": name.lower().replace("_", "-").replace(".", "-"), "path": name, "format": suffix, "mediatype": _MEDIA[suffix],
        "bytes": len(content), "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
    }  # fmt: skip
    if table is None:
        return {**described, "title": texts.message(f"release_file_{suffix}", lang), "profile": "data-resource", "type": "file"}
    described |= {
        "title": table.label.in_(lang),
        "description": table.about.in_(lang),
        "profile": "tabular-data-resource",
        "encoding": "utf-8",
    }
    described["schema"] = {"fields": [_column(field, lang) for field in table.fields], "missingValues": [""]}
    if stem.endswith("_hxl"):
        described["dialect"] = {"commentRows": [HXL_ROW]}
    return described


def _column(field: Field, lang: str) -> dict[str, Any]:
    constraints: dict[str, Any] = {"required": True} if field.required else {}
    if field.choices is not None:
        constraints["enum"] = [str(code) for code in field.choices]
    return {
        "name": field.name, "type": _TYPES[field.kind], "title": field.label.in_(lang), "description": field.about.in_(lang),
        **({"constraints": constraints} if constraints else {}),
    }  # fmt: skip
