"""The data dictionary with the views, the rule catalogue, the settings page and the life of a release, written from what they describe.

python -m pipelines.io.documents            writes them
python -m pipelines.io.documents --check    ends with 1 when one is stale
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from pipelines.io.store import Store, views
from pipelines.release import TRANSITIONS, Transition
from pipelines.settings import Calendar, Limits, Settings
from schemas import codes, fields, texts

DOCS = Path(__file__).resolve().parents[2] / "docs"


def dictionary() -> str:
    """Every column of every table with its type, unit, labels and code list, and every view."""
    lines = [
        "# Data dictionary",
        "",
        "Generated from `schemas/fields.py`, `schemas/codes.py` and the views of the store; do not edit.",
        "",
    ]
    for table in fields.ALL_TABLES:
        lines += [f"## {table.label.en} — {table.label.fr} (`{table.name}`)", "", f"{table.about.en}. / {table.about.fr}.", ""]
        lines += [
            "| column | French header | English | type | unit | required | what it holds |",
            "|---|---|---|---|---|---|---|",
        ]
        lines += [_field_row(item) for item in table.fields]
        lines.append("")
    lines += [*_views(), "## Code lists", ""]
    for kind in _code_lists():
        lines += [f"### {kind.__name__}", "", "| code | French | English |", "|---|---|---|"]
        lines += [f"| `{code}` | {code.fr} | {code.en} |" for code in kind]
        lines.append("")
    return "\n".join(lines)


def _views() -> Iterator[str]:
    """What analysts read, each view with the columns that the database itself names."""
    yield from ("## Views — Vues", "", "| view | what it holds | columns |", "|---|---|---|")
    with Store.open("sqlite://") as store:
        for name in views.VIEWS:
            about = " / ".join(texts.message(f"view_{name}", lang) for lang in ("en", "fr"))
            yield f"| `{name}` | {about} | {', '.join(f'`{column}`' for column in store.view(name))} |"
    yield ""


def _field_row(item: fields.Field) -> str:
    kind = f"{item.kind}: {item.choices.__name__}" if item.choices else str(item.kind)
    about = f"{item.about.en} / {item.about.fr}"
    return f"| `{item.name}` | {item.label.fr} | {item.label.en} | {kind} | {item.unit or ''} | {'yes' if item.required else ''} | {about} |"


def _code_lists() -> Iterator[type[codes.Code]]:
    for value in vars(codes).values():
        if isinstance(value, type) and issubclass(value, codes.Code) and value is not codes.Code:
            yield value


def rule_catalogue() -> str:
    """Every rule with its effect, thresholds, texts, remedies and reason."""
    lines = ["# Rules", "", f"Generated from `schemas/rules.toml`; do not edit. {len(texts.rules())} rules.", ""]
    lines += ["| effect | in French | what it does |", "|---|---|---|"]
    lines += [f"| `{effect}` | {effect.fr} | {effect.en} |" for effect in codes.Effect]
    for effect in codes.Effect:
        lines += ["", f"## `{effect}`"]
        for rule in (rule for rule in texts.rules().values() if rule.effect is effect):
            lines += [
                "",
                f"### {rule.code}",
                "",
                f"* fr : {rule.text.fr} → {rule.remedy.fr}",
                f"* en: {rule.text.en} → {rule.remedy.en}",
            ]
            lines += [f"* example: {rule.example.fr} / {rule.example.en}"] if rule.example.fr else []
            lines.append(f"* why: {rule.why}")
            if rule.thresholds:
                lines.append("* thresholds: " + ", ".join(f"`{name}` = {value:g}" for name, value in rule.thresholds.items()))
    return "\n".join(lines) + "\n"


def settings_page() -> str:
    """Every setting with its variable, default and meaning."""
    lines = ["# Settings", "", "Generated from `pipelines/settings.py`; do not edit.", "",
             "From `cmp-idp.toml` in the working folder, or from variables, which win.", "",
             "| key | variable | default | meaning |", "|---|---|---|---|"]  # fmt: skip
    for name, item in Settings.model_fields.items():
        if name not in ("calendar", "limits"):
            default = item.get_default(call_default_factory=True, validated_data={})
            shown = default.as_posix() if isinstance(default, Path) else default
            lines.append(f"| `{name}` | `CMP_{name.upper()}` | `{shown}` | {item.description} |")
    for name, item in Calendar.model_fields.items():
        lines.append(f"| `calendar.{name}` | `CMP_CALENDAR__{name.upper()}` | `{item.default}` | {item.description} (J+) |")
    for name, item in Limits.model_fields.items():
        lines.append(f"| `limits.{name}` | `CMP_LIMITS__{name.upper()}` | `{item.default}` | {item.description} |")
    return "\n".join(lines) + "\n"


def states_page(transitions: Sequence[Transition] = TRANSITIONS) -> str:
    """The states of a release as a diagram, and who moves it, by which command and on what condition."""
    named = list(dict.fromkeys(state for move in transitions for state in (move.start, move.end) if state is not None))
    lines = ["# The life of a release — La vie d'une diffusion", "",
             "Generated from `pipelines/release.py`; do not edit.", "", "```mermaid", "stateDiagram-v2"]  # fmt: skip
    lines += [f'    state "{state.fr} / {state.en}" as {state}' for state in named]
    lines += [f"    {move.start or '[*]'} --> {move.end} : {move.command}" for move in transitions]
    lines += ["```", "", "| state | French | English | from here, with |", "|---|---|---|---|"]
    for state in named:
        onward = dict.fromkeys(f"`{move.command}` → `{move.end}`" for move in transitions if move.start is state)
        lines.append(f"| `{state}` | {state.fr} | {state.en} | {', '.join(onward) or '—'} |")
    lines += ["", "| from | to | who | command | on what condition |", "|---|---|---|---|---|"]
    for move in transitions:
        start = f"`{move.start}`" if move.start else "—"
        condition = " / ".join(texts.message(move.condition, lang) for lang in ("en", "fr"))
        lines.append(f"| {start} | `{move.end}` | {move.role.en} / {move.role.fr} | `{move.command}` | {condition} |")
    return "\n".join(lines) + "\n"


PAGES = {"dictionary.md": dictionary, "rules.md": rule_catalogue, "settings.md": settings_page, "states.md": states_page}


def main(arguments: Sequence[str]) -> int:
    stale = [name for name, page in PAGES.items() if _old(name) != page()]
    if "--check" in arguments:
        if stale:
            sys.stderr.write(f"stale: {', '.join(stale)}; run `make docs`\n")
        return 1 if stale else 0
    DOCS.mkdir(exist_ok=True)
    for name in stale:
        (DOCS / name).write_text(PAGES[name](), encoding="utf-8", newline="\n")
    return 0


def _old(name: str) -> str | None:
    path = DOCS / name
    return path.read_text(encoding="utf-8") if path.exists() else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
