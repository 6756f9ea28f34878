"""How a comparison becomes a discrepancy: the list of rules, keys and fingerprints, and what is one defect told by several. Pure.

A rule looks at `Evidence` and yields what does not agree. Where several rules speak of one place, the first that is declared keeps
the discrepancy and the others are told with it (`joins`), so that one cause is one line for the people who decide.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from graphlib import TopologicalSorter
from typing import Any

from pipelines.model import Compared, Discrepancy, Finding, NotComparable
from pipelines.triangulation.evidence import Cell, Evidence, Thresholds
from schemas import texts
from schemas.codes import Action, Measure, Owner, PopulationGroup, Severity, Unit

RETURN, PAST = Compared.RETURN, Compared.PAST


@dataclass(frozen=True, slots=True)
class Rule:
    """`find` gives what does not agree; `joins` are the rules with which it is told where they spoke of the same place first."""

    code: str
    find: Find
    joins: frozenset[str]
    unless: frozenset[str]
    """Rules that say as much: where they spoke of the place, this one does not."""
    after: frozenset[str]
    """The rules whose findings this one reads besides."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the rules before have found."""

    found: tuple[Discrepancy, ...]

    def about(self, evidence: Evidence, place_id: str, group: str, codes: Iterable[str]) -> list[Discrepancy]:
        """Those of some rules about a place, what holds it or what it holds."""
        wanted = frozenset(codes)
        return [
            item
            for item in self.found
            if item.rule in wanted and item.population_group == group
            and (evidence.within(place_id, item.place_id) or evidence.within(item.place_id, place_id))
        ]  # fmt: skip


Find = Callable[[Evidence, Thresholds, Told], Iterator[Discrepancy]]
DISCREPANCY_RULES: dict[str, Rule] = {}


def comparison(
    code: str, *, joins: Iterable[str] = (), unless: Iterable[str] = (), after: Iterable[str] = ()
) -> Callable[[Find], Find]:
    """Declares the rule `code`: it comes after those that it joins or reads."""

    def register(find: Find) -> Find:
        DISCREPANCY_RULES[code] = Rule(code, find, frozenset(joins), frozenset(unless), frozenset(after))
        return find

    return register


@cache
def _in_order() -> tuple[str, ...]:
    """The rules, each after those that it joins or reads, whatever the order of declaration."""
    graph = {code: sorted(rule.joins | rule.unless | rule.after) for code, rule in sorted(DISCREPANCY_RULES.items())}
    return tuple(TopologicalSorter(graph).static_order())


def discrepancies(evidence: Evidence) -> tuple[Discrepancy, ...]:
    """All that does not agree in a month, by impact."""
    found: list[Discrepancy] = []
    for code in _in_order():
        rule = DISCREPANCY_RULES[code]
        new = list(rule.find(evidence, evidence.thresholds(code), Told(tuple(found))))
        for item in sorted(new, key=_by_impact):
            if any(_is_one(evidence, rule.unless, item, other) for other in found):
                continue
            same = next((at for at, other in enumerate(found) if other.key == item.key), None)
            first = next((at for at, other in enumerate(found) if _is_one(evidence, rule.joins, item, other)), None)
            if same is not None:
                found[same] = _with_values(found[same], item)
            elif first is not None:
                found[first] = _together(found[first], item)
            else:
                found.append(item)
    return tuple(sorted(found, key=_by_impact))


def _by_impact(item: Discrepancy) -> tuple[int, str]:
    return -item.impact, item.key


def _is_one(evidence: Evidence, codes: frozenset[str], item: Discrepancy, other: Discrepancy) -> bool:
    return bool(
        _rules_of(other) & codes and other.population_group == item.population_group
        and evidence.within(item.place_id, other.place_id)
    )  # fmt: skip


def _rules_of(item: Discrepancy) -> frozenset[str]:
    """The rule that a discrepancy is of, and those told with it."""
    return frozenset({item.rule, *(code for code, _ in item.params.get("joined", ()))})


def _with_values(first: Discrepancy, second: Discrepancy) -> Discrepancy:
    """One defect in households and individuals: the values of both beside each other, told as the first."""
    known = {(value.source_id, value.unit) for value in first.values}
    here = second.values if second.place_id == first.place_id else ()
    more = tuple(value for value in here if (value.source_id, value.unit) not in known)
    return replace(first, values=(*first.values, *more), fingerprint=digest([first.fingerprint, second.fingerprint])[:12])


def _together(first: Discrepancy, second: Discrepancy) -> Discrepancy:
    """The first with what the second adds: its values, and its sentence after that of the first."""
    joined = [*first.params.get("joined", ()), [second.rule, {k: v for k, v in second.params.items() if k != "joined"}],
              *second.params.get("joined", ())]  # fmt: skip
    params = {**first.params, "joined": joined}
    finding = first.finding or second.finding
    severe = Severity.RED if Severity.RED in (first.severity, second.severity) else Severity.AMBER
    return replace(
        _with_values(first, second), params=params, severity=severe, impact=max(first.impact, second.impact),
        finding=replace(finding, code=first.rule, params=params) if finding else None,
        submission_id=first.submission_id or second.submission_id,
        national_share=max(first.national_share or 0.0, second.national_share or 0.0) or None,
    )  # fmt: skip


# --- what a rule builds with --------------------------------------------------------------------------------------------


def asymmetry(one: float, other: float) -> float:
    """|x−y| over the mean of both, from 0 to 2 (the bilateral asymmetry of mirror statistics)."""
    return abs(one - other) / ((abs(one) + abs(other)) / 2) if one or other else 0.0


def severity(value: float, thresholds: Thresholds) -> Severity | None:
    """By the amber and red thresholds of a rule; None below both."""
    if value > thresholds["red"]:
        return Severity.RED
    return Severity.AMBER if value > thresholds["amber"] else None


def told_by_return(evidence: Evidence, place_id: str, group: str, measure: str, unit: str, table: str = "idp") -> Compared | None:
    """The return's own number of a place, or what is carried forward in its stead."""
    key = (place_id, str(group), str(measure), str(unit))
    if key not in evidence.now:
        return None
    name = "households" if unit == Unit.HOUSEHOLD else "individuals"
    source = "source_carried" if key in evidence.carried and not evidence.cells(place_id, table) else "source_return"
    return Compared(texts.message(source), evidence.now[key], str(unit), str(evidence.period.last_day),
                    evidence.where(place_id, table, name), RETURN)  # fmt: skip


def told_in_past(evidence: Evidence, place_id: str, group: str, measure: str, unit: str) -> Compared | None:
    key = (place_id, str(group), str(measure), str(unit))
    if evidence.past is None or key not in evidence.before:
        return None
    return Compared(evidence.past.name, evidence.before[key], str(unit), str(evidence.past.period.last_day), None, PAST)


@dataclass(frozen=True, slots=True)
class About:
    """What a discrepancy is about."""

    rule: str
    place_id: str
    group: str = str(PopulationGroup.IDP)
    measure: str = str(Measure.STOCK)
    unit: str = str(Unit.INDIVIDUAL)


def discrepancy(
    evidence: Evidence, about: About, values: Sequence[Compared | None], gap: int, params: Mapping[str, Any], *,
    severe: Severity | None = Severity.AMBER, persons: int | None = None, cell: Cell | None = None, distinct: Iterable[str] = (), beside: Sequence[Compared | None] = (),
    parties: Iterable[str] | None = None, **more: Any,
) -> Discrepancy:  # fmt: skip
    """Key and fingerprint as DESIGN 5 has them: the key knows rule, period, place, group, measure and sources (and what else
    tells two of one rule apart, `distinct`), the fingerprint the values. `persons` is the impact where the gap is not it; `beside`
    are numbers that are shown with the others and are no part of the disagreement; `parties` names who disagrees in the key where
    it must not follow which sources happen to have spoken, so that a witness who comes later reopens a decision and loses none."""
    told = texts.rules()[about.rule]
    shown = tuple(value for value in values if value is not None)
    if told.owner is not Owner.PARTNER:
        more.pop("partner", None)  # the organisation is named among the values; somebody else is to answer
    key = digest([about.rule, str(evidence.period), about.place_id, about.group, str(about.measure),
                  sorted(set(parties) if parties is not None else {str(value.source_id) for value in shown}), *distinct])  # fmt: skip
    impact = persons if persons is not None else _persons(evidence, about.unit, gap)
    national = evidence.national(about.group)
    said = {"at_place": evidence.named(about.place_id), **params}
    finding = None
    if cell is not None:
        finding = Finding(
            about.rule, told.effect, cell.sheet, cell.cell, cell.row, None if cell.value is None else str(cell.value), said
        )
    return Discrepancy(
        key=key[:12], fingerprint=digest([[v.source_id, v.unit, v.value, v.as_of] for v in shown])[:12], rule=about.rule,
        period=evidence.period, place_id=about.place_id, population_group=about.group, measure=str(about.measure),
        unit=str(about.unit), values=(*shown, *(value for value in beside if value is not None)), gap=gap, impact=impact, severity=severe or Severity.AMBER, params=said, owner=told.owner or Owner.DNDS,
        proposed=told.proposed or Action.ASK_REGION, national_share=impact / national if national else None,
        submission_id=cell.submission_id if cell else None, finding=finding, **more,
    )  # fmt: skip


def _persons(evidence: Evidence, unit: str, gap: int) -> int:
    return round(abs(gap) * evidence.household_size) if unit == Unit.HOUSEHOLD else abs(gap)


def not_comparable(evidence: Evidence, place_id: str, group: str, values: Sequence[Compared | None], reason: str, **params: Any) -> NotComparable:  # fmt: skip
    shown = tuple(value for value in values if value is not None)
    said = {"at_place": evidence.named(place_id), **params}
    return NotComparable(evidence.period, place_id, str(group), shown, reason, said)


def digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
