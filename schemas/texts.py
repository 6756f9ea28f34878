"""The texts for people: the rule catalogue (`rules.toml`) and all other messages (`messages.toml`), filled and formatted in
French or English."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import format_decimal, format_percent

from schemas import codes, fields

LANGUAGES = ("fr", "en")


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of `rules.toml`. `thresholds` are its numbers, which settings may change; `effects` says by what a column asks
    (`count`, `mandatory`, `optional`) where the effect depends on it, and `effect` is then the strongest."""

    code: str
    effect: codes.Effect
    effects: Mapping[str, codes.Effect]
    text: fields.Text
    remedy: fields.Text
    why: str
    example: fields.Text
    """What a right answer looks like, shown beside a marked cell; both texts empty where an example would say nothing."""
    thresholds: Mapping[str, float]
    also: fields.Text | None = None
    """What is said of it after the sentence of another rule about the same defect, where the whole would repeat that."""
    owner: codes.Owner | None = None
    """Who is to answer a discrepancy of this rule, and what is proposed to decide; None for a rule on files."""
    proposed: codes.Action | None = None

    def effect_on(self, role: str) -> codes.Effect:
        return self.effects.get(role, self.effect)


@cache
def rules() -> Mapping[str, Rule]:
    rows = tomllib.loads(files("schemas").joinpath("rules.toml").read_text("utf-8"))
    return {code: read_rule(code, row) for code, row in rows.items()}


def read_rule(code: str, row: Mapping[str, Any]) -> Rule:
    """A row of the catalogue. Raises KeyError or ValueError when it lacks something or names no code."""
    told = row["effect"]
    effects = {role: codes.Effect(effect) for role, effect in told.items()} if isinstance(told, Mapping) else {}
    return Rule(
        code=code,
        effect=min(effects.values(), key=list(codes.Effect).index) if effects else codes.Effect(told),
        effects=effects,
        text=fields.Text(row["fr"], row["en"]),
        remedy=fields.Text(row["remedy_fr"], row["remedy_en"]),
        why=row["why"],
        example=fields.Text(row.get("example_fr", ""), row.get("example_en", "")),
        thresholds={name: value for name, value in row.items() if isinstance(value, int | float)},
        also=fields.Text(row["also_fr"], row["also_en"]) if "also_fr" in row else None,
        owner=codes.Owner(row["owner"]) if "owner" in row else None,
        proposed=codes.Action(row["proposed"]) if "proposed" in row else None,
    )


def rule_sentence(code: str, params: Mapping[str, Any], lang: str = "fr") -> str:
    """What is wrong, in one sentence of `lang`, followed by those of what is `joined` to it. Raises KeyError for an unknown code or a parameter the text needs."""
    rule = rules()[code]
    told = _filled(rule, rule.text, params, lang) + _elsewhere(params.get("also_at") or (), lang)
    joined = ((rules()[other], more) for other, more in params.get("joined") or ())
    return " ".join([told, *(_filled(other, other.also or other.text, more, lang) for other, more in joined)])


def _filled(rule: Rule, text: fields.Text, params: Mapping[str, Any], lang: str) -> str:
    return text.in_(lang).format_map(_formatted({**rule.thresholds, **params}, lang))


_NAMED_CELLS = 8


def _elsewhere(cells: Sequence[str], lang: str) -> str:
    """Where else one and the same defect stands, so that all of it can be corrected at once."""
    if not cells:
        return ""
    more = message("also_at_more", lang, count=len(cells) - _NAMED_CELLS) if len(cells) > _NAMED_CELLS else ""
    return message("also_at", lang, cells=list(cells[:_NAMED_CELLS])) + more + "."


def rule_remedy(code: str, params: Mapping[str, Any], lang: str = "fr") -> str:
    rule = rules()[code]
    return _filled(rule, rule.remedy, params, lang)


@cache
def _messages() -> Mapping[str, Mapping[str, str]]:
    rows: dict[str, dict[str, str]] = tomllib.loads(files("schemas").joinpath("messages.toml").read_text("utf-8"))
    return rows


def message(key: str, lang: str = "fr", **params: Any) -> str:
    """The text `key` of `messages.toml`. Raises KeyError for an unknown key."""
    return _messages()[key][lang].format_map(_formatted(params, lang))


def number(value: float | None, lang: str = "fr") -> str:
    """A number as people of `lang` write it: 207 751 with a narrow no-break space, 5,4."""
    if value is None:
        return "—"
    return str(format_decimal(value, format="#,##0.#", locale=lang))


def percent(value: float, lang: str = "fr", *, signed: bool = False) -> str:
    text = str(format_percent(abs(value), format="#,##0.#\u00a0%" if lang == "fr" else "#,##0.#%", locale=lang))
    return (("+" if value >= 0 else "−") if signed else "") + text


def day(value: date | str, lang: str = "fr") -> str:
    value = date.fromisoformat(value) if isinstance(value, str) else value
    return str(format_date(value, "dd/MM/yyyy" if lang == "fr" else "yyyy-MM-dd", locale=lang))


def month(period: str, lang: str = "fr") -> str:
    """`2019-12` as people say it: décembre 2019."""
    return str(format_date(date.fromisoformat(f"{period}-01"), "MMMM yyyy", locale=lang))


class _Formatted(dict[str, str]):
    def __missing__(self, key: str) -> str:
        raise KeyError(f"the text needs the parameter {key!r}")


def _formatted(params: Mapping[str, Any], lang: str) -> _Formatted:
    filled = _Formatted({name: _format(name, value, lang) for name, value in params.items()})
    if "event_numbers" in filled:
        filled["Event_numbers"] = filled["event_numbers"][0].upper() + filled["event_numbers"][1:]
    for name, value in params.items():
        if name.endswith("place") and isinstance(value, Mapping):
            filled.update(_place_forms(name, value, lang))
    return filled


def _place_forms(name: str, place: Mapping[str, str], lang: str) -> dict[str, str]:
    """A place as sentences need it: `{at_place}` the cercle of Bankass, and with a capital, after "in" and after "of"."""
    told = place_phrase(place, lang)
    if lang == "en":
        inside, of = f"in {told}", f"of {told}"
    else:
        inside = "au Mali" if place["level"] == "country" else f"dans {told}"
        of = f"du {told.removeprefix('le ')}" if told.startswith("le ") else f"de {told}"
    forms = {name: told, f"in_{name}": inside, f"of_{name}": of}
    return forms | {key[0].upper() + key[1:]: text[0].upper() + text[1:] for key, text in forms.items()}


_DISTRICTS = ("Bamako",)
_VOWELS = "aâàeéèêëiîïoôuûAÂÀEÉÈÊËIÎÏOÔUÛ"


def place_phrase(place: Mapping[str, str], lang: str = "fr") -> str:
    """A place (`name`, `level`) as a sentence names it: le cercle de Bankass, le cercle d'Ansongo."""
    name, level = place["name"], place["level"]
    kind = "district" if level == "region" and name in _DISTRICTS else level
    return message(f"place_{kind}", lang, name=name, de=f"d'{name}" if name[:1] in _VOWELS else f"de {name}")


def _format(name: str, value: Any, lang: str) -> str:
    if name in _FORMATS:
        return _FORMATS[name](value, lang)
    if isinstance(value, codes.Code):
        return value.label(lang)
    if isinstance(value, date):
        return day(value, lang)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number(value, lang)
    if isinstance(value, list | tuple):
        return ", ".join(_format("", item, lang) for item in value)
    return "—" if value is None else str(value)


def _suggestion(names: Any, lang: str) -> str:
    return message("suggestion" if len(names) == 1 else "suggestions", lang, names=list(names)) if names else ""


def _received_in(region: Any, lang: str) -> str:
    return message("received_in", lang, region_name=region) if region else ""


def _renamed(header: Any, lang: str) -> str:
    return message("renamed", lang, header=header) if header else ""


def _also(names: Any, lang: str) -> str:
    return message("also", lang, names=[f"« {name} »" if lang == "fr" else f"'{name}'" for name in names]) if names else ""


def _carried(persons: Any, lang: str) -> str:
    return message("carried", lang, persons=persons) if persons else ""


def _identification_labels(names: Any, lang: str) -> str:
    return ", ".join(fields.IDENTIFICATION[name].label.in_(lang) for name in names)


def _flows(values: Any, lang: str) -> str:
    parts = []
    for measure, value in values.items():
        sign = "+" if codes.FLOW_SIGNS[codes.Measure(measure)] * value >= 0 else "−"
        parts.append(f"{sign} {number(abs(value), lang)} {codes.Measure(measure).label(lang)}")
    return " ".join(parts) or message("no_movement", lang)


def _code_label(kind: type[codes.Code]) -> Callable[[Any, str], str]:
    return lambda value, lang: kind(value).label(lang)


def _iso_day(value: Any, lang: str) -> str:
    return day(value, lang) if value is not None else "—"


def _past_month(period: Any, lang: str) -> str:
    return message("end_of_month", lang, month=month(str(period), lang))


def _event_numbers(numbers: Any, lang: str) -> str:
    if not numbers:
        return message("event_without_number", lang)
    return message("event_number" if len(numbers) == 1 else "event_numbers", lang, numbers=list(numbers))


_MINUTES_PREFIX = re.compile(r"^\s*(?:(?:PV|proc[eè]s[- ]verbal)(?![^\W\d_]|[-/]))?[\s.]*(?:n\s*[°ºo.]+\s*)?", re.IGNORECASE)


def minutes_number(value: str | None, lang: str = "fr") -> str:
    """The number of minutes without the `PV n°` that some people write with it: what it stands in says so already."""
    return "—" if value is None else _MINUTES_PREFIX.sub("", value, count=1) or value


def _low_high(values: Any, lang: str) -> str:
    low, high = values
    return message("low_high_one" if low == high else "low_high_range", lang, low=low, high=high)


def _registered(own: Any, lang: str) -> str:
    return message("registered", lang, now=own[0], unit=own[1]) if own else message("registered_none", lang)


def _counts(values: Any, lang: str) -> str:
    """`806 ménages et 5 086 individus`."""
    told = [f"{number(value, lang)} {codes.Unit(unit).label(lang)}" for value, unit in values]
    return str(format_list(told, locale=lang))


def _arrived(persons: Any, lang: str) -> str:
    return message(("arrived_none", "arrived_one")[persons] if persons < 2 else "arrived_some", lang, arrivals=persons)


def _rank_before(rank: Any, lang: str) -> str:
    return message("rank_before", lang, rank=rank) if rank else message("rank_before_none", lang)


_FORMATS: Mapping[str, Callable[[Any, str], str]] = {
    "decided_action": _code_label(codes.Action),
    "past_month": _past_month,
    "event_numbers": _event_numbers,
    "event_on": _iso_day,
    "minutes_number": minutes_number,
    "low_high": _low_high,
    "arrived_told": _arrived,
    "organisation": lambda value, lang: format_list(value, locale=lang) if isinstance(value, list) else str(value),
    "counts": _counts,
    "beside_counts": _counts,
    "beside_on": lambda value, lang: day(value, lang) if value else "—",
    "quoted": lambda value, lang: message("quoted_scope", lang, words=value) if value else "",
    "make_whole": lambda value, lang: message("make_whole", lang, whole=value) if value else "",
    "beside_source": lambda value, lang: message("the_return", lang) if value == "return" else str(value),
    "registered": _registered,
    "rank_before": _rank_before,
    "more": lambda value, lang: message("gap_more" if value else "gap_less", lang),
    "same_lineage": lambda value, lang: message("same_lineage", lang) if value else "",
    "assessed": lambda value, lang: message("event_assessed", lang) if value else "",
    "alert": lambda value, lang: message("counted_by_one_alert", lang, number=value) if value else "",
    "origins": lambda value, lang: message("origins", lang, names=value) if value else "",
    "on_sites": lambda value, lang: "" if value is None else message("on_sites", lang, share=value),
    "added_places": lambda value, lang: message("named_places", lang, names=value) if value else "",
    "lost_places": lambda value, lang: message("named_places", lang, names=value) if value else "",
    "uncovered": lambda value, lang: message("named_places", lang, names=value) if value else "",
    "of_return": lambda value, lang: "" if value is None else message("of_return", lang, share=value),
    "usual": percent,
    "share_now": percent,
    "share_before": percent,
    "report": _code_label(codes.AlertKind),
    "suggestion": _suggestion,
    "received_in": _received_in,
    "renamed": _renamed,
    "counts_for": lambda value, lang: message("source_publisher", lang, source=value) if value else message("source_apart", lang),
    "kept_at": lambda value, lang: str(value) if value else message("kept_in_source", lang),
    "also": _also,
    "carried": _carried,
    "missing": _identification_labels,
    "flows": _flows,
    "share": percent,
    "change": lambda value, lang: percent(value, lang, signed=True),
    "method": lambda value, lang: message(f"method_{value}", lang),
    "unit": _code_label(codes.Unit),
    "movement": _code_label(codes.Movement),
    "level": _code_label(codes.RowLevel),
    "observed_on": _iso_day,
    "stated_on": _iso_day,
    "decided_on": _iso_day,
    "period_end": _iso_day,
    "started_on": _iso_day,
    "ended_on": _iso_day,
    "typed": lambda value, lang: message("typed", lang, word=value) if value else "",
    "others": lambda value, lang: message("others", lang, count=value) if value else "",
    "persons_in": lambda value, lang: message("persons_in", lang, at=value) if value else message("persons_in_title", lang),
    "person_data": lambda value, lang: message(f"person_{value}", lang),
    "header": lambda value, lang: message("under_header", lang, column=value) if value else "",
    "row": lambda value, lang: str(value),
    "first_row": lambda value, lang: str(value),
    "cercle_row": lambda value, lang: str(value),
    "current_version": lambda value, lang: str(value),
    "version": lambda value, lang: "—" if value is None else str(value),
}


def raw(key: str, lang: str = "fr") -> str:
    """The text `key` as it stands, for libraries that fill it in themselves."""
    return _messages()[key][lang]
