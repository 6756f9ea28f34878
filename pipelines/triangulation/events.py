"""Alerts into events. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import combinations
from typing import Any

from pipelines.model import Event, Period
from pipelines.places import Gazetteer, normalise
from schemas.cells import plain
from schemas.codes import AlertKind, AlertStatus, EventStatus, Shock, Wave
from schemas.frames import pd

SAME_EVENT_DAYS = 14
"""Alerts at one place within two weeks can be witnesses of one event: RRM assists at most 15 days after an alert is validated."""

_COME_TO: Mapping[str, EventStatus] = {
    AlertStatus.PRELIMINARY: EventStatus.UNVERIFIED,
    AlertStatus.AWAITING_ASSESSMENT: EventStatus.VERIFYING,
    AlertStatus.IN_ASSESSMENT: EventStatus.VERIFYING,
    AlertStatus.ASSESSED: EventStatus.ASSESSED,
    # an intervention is waited for once the assessment is done
    AlertStatus.AWAITING_RESPONSE: EventStatus.ASSESSED,
    AlertStatus.IN_RESPONSE: EventStatus.ANSWERED,
    AlertStatus.CLOSED: EventStatus.CLOSED,
}
_UNDER_WAY = (AlertStatus.PRELIMINARY, AlertStatus.AWAITING_ASSESSMENT, AlertStatus.IN_ASSESSMENT)


def events(alerts: pd.DataFrame, period: Period, gazetteer: Gazetteer, as_of: date) -> tuple[Event, ...]:
    """Alerts about one displacement are one event with several witnesses, in the order of first day and place.

    Alerts that quote each other are one event, whatever else they say. The others are taken by their dates: each joins the event
    it agrees with most, or opens its own. To join, it must agree with every alert of the event in place (the same, or the one just
    above or below: an alert known by its cercle joins one of its communes, never two), lie within 14 days of the event's first
    day, and not be contradicted in origin, shock or wave. Counts decide nothing.

    `alerts` are typed rows of ALERT with `place_id`, and `file`, `sheet`, `row` where known; `cites` and `lineage` are heeded when
    they are there. A row that names no place makes no event unless a placed one quotes it or is quoted by it; one without date of
    the event stands alone on the day of its alert, and makes none when that is missing too. Neither the order of rows nor their
    index matters.
    """
    told = sorted(
        (_Alert.of(dict(zip(alerts.columns, row, strict=True)), gazetteer) for row in alerts.itertuples(index=False, name=None)),
        key=lambda alert: alert.order,
    )
    opened: list[list[_Alert]] = []
    for cluster in sorted(_quoting(told, gazetteer), key=lambda alerts: alerts[0].order):
        if all(alert.place_id is None for alert in cluster) or all(alert.day is None for alert in cluster):
            continue
        joined = max((event for event in opened if _may_join(cluster, event, gazetteer)),
                     key=lambda event: _closeness(cluster, event), default=None)  # fmt: skip
        if joined is None:
            opened.append(cluster)
        else:
            joined.extend(cluster)
    found = [_event(sorted(event, key=lambda alert: alert.order), period, gazetteer, as_of) for event in opened]
    return tuple(sorted(found, key=lambda event: (event.first_on, event.place_id, event.key)))


# --- one alert ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class _Alert:
    """A row as events see it; what is missing is None. `day` is that of the event, or of the alert for want of it."""

    number: str | None
    kind: str | None
    place_id: str | None
    day: date | None
    dated: bool
    alert_on: date | None
    confirmed: bool
    organisation: str | None
    lineage: str | None
    shock: str | None
    status: str | None
    wave: str | None
    origin: str | None
    origins: tuple[tuple[frozenset[str], frozenset[str]], ...]
    """Of each place left that the alert names: the places it can be, and the words of its name."""
    households: int | None
    individuals: int | None
    remarks: str
    cites: frozenset[str]
    at: tuple[str, str, int] | None

    @classmethod
    def of(cls, row: Mapping[str, Any], gazetteer: Gazetteer) -> _Alert:
        got = {name: None if _is_missing(value) else value for name, value in row.items()}
        event_on, alert_on, origin = got.get("event_on"), got.get("alert_on"), got.get("origin")
        file, sheet, number = got.get("file"), got.get("sheet"), got.get("row")
        organisation = _text(got.get("organisation"))
        return cls(
            number=_text(got.get("alert_number")), kind=got.get("kind"), place_id=got.get("place_id"),
            day=event_on or alert_on, dated=event_on is not None, alert_on=alert_on,
            confirmed=got.get("confirmed_on") is not None, organisation=organisation,
            lineage=_text(got.get("lineage")) or organisation, shock=got.get("shock"), status=got.get("status"),
            wave=got.get("wave"), origin=_text(origin), origins=tuple(_origins(str(origin or ""), gazetteer)),
            households=_whole(got.get("households")), individuals=_whole(got.get("individuals")),
            remarks=str(got.get("remarks") or ""), cites=frozenset(map(_hyphened, _listed(got.get("cites")))),
            at=(str(file), str(sheet), int(number)) if file and sheet and number is not None else None,
        )  # fmt: skip

    @property
    def order(self) -> tuple[Any, ...]:
        """By date; beyond it, everything that tells two rows apart, so that the order of rows never matters."""
        return (self.day or date.max, not self.dated, *(str(value if value is not None else "") for value in (
            self.number, self.place_id, self.kind, self.organisation, self.origin, self.shock, self.wave, self.status,
            self.alert_on, self.confirmed, self.households, self.individuals, self.lineage, self.remarks, sorted(self.cites))),
            self.at or ("", "", 0))  # fmt: skip

    @property
    def is_assessment(self) -> bool:
        """Whether it says what an assessment found: one under way has found nothing yet."""
        return self.kind == AlertKind.ASSESSMENT and self.status not in _UNDER_WAY

    @property
    def come_to(self) -> EventStatus:
        by_status = _COME_TO.get(self.status, EventStatus.UNVERIFIED) if self.status else EventStatus.UNVERIFIED
        by_kind = EventStatus.ASSESSED if self.is_assessment else EventStatus.UNVERIFIED
        by_date = EventStatus.VERIFYING if self.confirmed or self.kind == AlertKind.ASSESSMENT else EventStatus.UNVERIFIED
        return _furthest((by_status, by_kind, by_date))


def _is_missing(value: Any) -> bool:
    return value is None or (not isinstance(value, list | tuple | set | frozenset) and bool(pd.isna(value)))


def _text(value: Any) -> str | None:
    text = " ".join(str(value).split()) if value is not None else ""
    return text or None


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)


def _listed(cites: Any) -> Iterable[str]:
    if isinstance(cites, str):
        return [part for part in re.split(r"[,;\n]", cites) if part.strip()]
    return [str(part) for part in cites or ()]


def _furthest(statuses: Iterable[EventStatus]) -> EventStatus:
    return max(statuses, key=list(EventStatus).index)


# --- what quotes what ---------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _hyphened(text: str) -> str:
    """A text as its words between hyphens: `N°03/février` and `n° 03 / Fevrier` are both `-n-03-fevrier-`."""
    words = plain(re.sub("[°º№]", " ", text)).replace("+", " ").split()
    return f"-{'-'.join(words)}-" if words else ""


_SAYS_A_NUMBER = r"-(?:n|no|num|numero|alerte|alertes|rapport)"


def quoted_numbers(text: str | None, numbers: Iterable[str]) -> tuple[str, ...]:
    """Those of `numbers` that a text quotes, the longest first taken: `ERM-1-2019` does not quote `ERM-1`. A number that has
    letters too is known wherever it stands; one of digits, or of one letter apart, must be called a number (`alerte n° 12`),
    since `à 12` counts something."""
    left, found = _hyphened(text or ""), []
    for number in sorted(set(numbers), key=lambda number: (-len(_hyphened(number)), number)):
        folded = _hyphened(number)
        if not left or not any(letter.isdigit() for letter in folded):
            continue
        letters = sum(letter.isalpha() for letter in folded)
        known = letters >= 2 or (letters == 1 and folded.count("-") == 2)
        without = re.sub(("" if known else _SAYS_A_NUMBER) + re.escape(folded), "-", left)
        if without != left:
            left = without
            found.append(number)
    return tuple(sorted(found))


def _quoting(alerts: Sequence[_Alert], gazetteer: Gazetteer) -> Iterator[list[_Alert]]:
    """The alerts in clusters that quote each other, those that nobody quotes alone. An alert told in two files is one cluster:
    it has one number, one sender, and places that agree."""
    numbered: dict[str, list[int]] = {}
    for at, alert in enumerate(alerts):
        if alert.number and (folded := _hyphened(alert.number)):
            numbered.setdefault(folded, []).append(at)
    above = list(range(len(alerts)))

    def top(at: int) -> int:
        while above[at] != at:
            above[at] = above[above[at]]
            at = above[at]
        return at

    def join(one: int, other: int) -> None:
        low, high = sorted((top(one), top(other)))
        above[high] = low

    for at, alert in enumerate(alerts):
        for number in {*quoted_numbers(alert.remarks, numbered), *alert.cites} & set(numbered):
            holders = numbered[number]
            for other in () if at in holders else _meant(alert, [alerts[holder] for holder in holders], holders):
                join(at, other)
    for holders in numbered.values():
        for one, other in combinations(holders, 2):
            if _is_same_report(alerts[one], alerts[other], gazetteer):
                join(one, other)
    clusters: dict[int, list[_Alert]] = {}
    for at, alert in enumerate(alerts):
        clusters.setdefault(top(at), []).append(alert)
    yield from clusters.values()


def _meant(alert: _Alert, quoted: Sequence[_Alert], at: Sequence[int]) -> Sequence[int]:
    """Which of the alerts of one number: the quoting organisation's own; else any, when only one organisation has it."""
    own = [place for place, other in zip(at, quoted, strict=True) if _folded(other.organisation) == _folded(alert.organisation)]
    return own or (at if len({_folded(other.organisation) for other in quoted}) == 1 else ())


def _is_same_report(one: _Alert, other: _Alert, gazetteer: Gazetteer) -> bool:
    if _folded(one.organisation) != _folded(other.organisation) or not any(c.isdigit() for c in one.number or ""):
        return False
    placed = one.place_id is None or other.place_id is None or _near(one.place_id, other.place_id, gazetteer)
    numbered_anew = one.day and other.day and abs((one.day - other.day).days) > _SAME_NUMBER_DAYS
    return placed and not numbered_anew


_SAME_NUMBER_DAYS = 180
"""Numbers may start again with the year."""


def _folded(text: str | None) -> str:
    return plain(text) if text else ""


# --- what goes together -------------------------------------------------------------------------------------------------


def _may_join(cluster: Sequence[_Alert], event: Sequence[_Alert], gazetteer: Gazetteer) -> bool:
    if not all(any(alert.dated for alert in part) for part in (cluster, event)):
        return False
    opened = min(alert.day for alert in event if alert.day)
    joins = min(alert.day for alert in cluster if alert.day)
    if abs((joins - opened).days) > SAME_EVENT_DAYS:
        return False
    return all(_agree(one, other, gazetteer) for one in cluster for other in event)


def _agree(one: _Alert, other: _Alert, gazetteer: Gazetteer) -> bool:
    if one.place_id and other.place_id and not _near(one.place_id, other.place_id, gazetteer):
        return False
    left = _same_origin(one, other, gazetteer)
    if left is False or _is_another_wave(one, other):
        return False
    return left is True or one.shock == other.shock or Shock.OTHER in (one.shock, other.shock) or not (one.shock and other.shock)


def _near(one: str, other: str, gazetteer: Gazetteer) -> bool:
    """The same place, or one just above the other."""
    return one == other or gazetteer.parent(one) == other or gazetteer.parent(other) == one


def _is_another_wave(one: _Alert, other: _Alert) -> bool:
    """An old wave repeats what came before it; a new one repeats nothing."""
    if {one.wave, other.wave} != {Wave.NEW, Wave.OLD}:
        return False
    new, old = (one, other) if one.wave == Wave.NEW else (other, one)
    return new.day is not None and old.day is not None and new.day > old.day


_SAYS_NOTHING = re.compile(
    r"\b(?:de|du|des|d|la|le|les|l|un|une|et|autres?|environs?|plusieurs|divers|villages?|hameaux?|localites?|secteurs?|communes?|"
    r"cercles?|regions?|rurale|urbaine)\b"
)
"""Words of an origin that name no place, in folded text."""


def _origins(text: str, gazetteer: Gazetteer) -> Iterator[tuple[frozenset[str], frozenset[str]]]:
    for part in re.split(r"[,;/+&\n()]|\bet\b|\band\b", text):
        words = frozenset(_SAYS_NOTHING.sub(" ", plain(part)).split())
        if words:
            yield frozenset(gazetteer.meant(part)) if normalise(part) else frozenset(), words


def _same_origin(one: _Alert, other: _Alert, gazetteer: Gazetteer) -> bool | None:
    """Whether both left from one place: None when that cannot be told, as of a village and of a cercle it may lie in."""
    answers = {_same_place_left(a, b, gazetteer) for a in one.origins for b in other.origins}
    if True in answers:
        return True
    return False if answers == {False} else None


def _same_place_left(
    one: tuple[frozenset[str], frozenset[str]], other: tuple[frozenset[str], frozenset[str]], gazetteer: Gazetteer
) -> bool | None:
    (places, words), (other_places, other_words) = one, other
    if words <= other_words or other_words <= words:
        return True
    if places and other_places:
        return any(a == b or a in gazetteer.ancestors(b) or b in gazetteer.ancestors(a) for a in places for b in other_places)
    return None if places or other_places else False


def _closeness(cluster: Sequence[_Alert], event: Sequence[_Alert]) -> tuple[int, ...]:
    """How much an event has in common with those that may join it; among equals the first opened is taken."""
    joins = min(alert.day for alert in cluster if alert.day)
    places, shocks = ({getattr(alert, name) for alert in event} for name in ("place_id", "shock"))
    origins = {words for alert in event for words in _words(alert)}
    return (
        sum(bool(_words(alert) & origins) for alert in cluster),
        sum(alert.place_id in places for alert in cluster),
        sum(alert.shock in shocks for alert in cluster if alert.shock),
        -min(abs((joins - alert.day).days) for alert in event if alert.day),
    )


def _words(alert: _Alert) -> frozenset[frozenset[str]]:
    return frozenset(words for _, words in alert.origins)


# --- the event ----------------------------------------------------------------------------------------------------------


def _event(alerts: Sequence[_Alert], period: Period, gazetteer: Gazetteer, as_of: date) -> Event:
    days = [alert.day for alert in alerts if alert.day]
    place_id = _place(alerts, gazetteer)
    first_told = min(day for alert in alerts if (day := alert.alert_on or alert.day))
    sources = _organisations(alerts)
    households, individuals = _value(alerts)
    return Event(
        key=_digest(_opening(alerts[0])),
        period=period,
        place_id=place_id,
        first_on=min(days),
        last_on=max(days),
        alert_numbers=tuple(sorted({alert.number for alert in alerts if alert.number})),
        witnesses=max(len({_folded(alert.lineage) for alert in alerts if alert.lineage}), 1),
        assessed=any(alert.is_assessment for alert in alerts),
        households=households,
        individuals=individuals,
        status=_furthest(alert.come_to for alert in alerts),
        age_days=max((as_of - first_told).days, 0),
        organisations=tuple(sorted(sources.values())),
        origin=next((alert.origin for alert in _best_first(alerts) if alert.origin), None),
        shock=next((alert.shock for alert in _best_first(alerts) if alert.shock), None),
        rows=tuple(sorted({alert.at for alert in alerts if alert.at})),
    )


def _opening(alert: _Alert) -> list[Any]:
    """What an event is known by from run to run: the alert that opened it, without its counts, which may be corrected."""
    return [alert.place_id, str(alert.day), alert.number, alert.organisation, alert.origin, alert.shock, alert.wave, alert.kind,
            None if any(letter.isdigit() for letter in alert.number or "") else alert.at]  # fmt: skip


def _place(alerts: Sequence[_Alert], gazetteer: Gazetteer) -> str:
    """The finest place that lies within all that the alerts name; where they name different ones, the first above all."""
    named = sorted({alert.place_id for alert in alerts if alert.place_id})
    lines = {place: (place, *gazetteer.ancestors(place)) for place in named}
    finest = max(named, key=lambda place: (len(lines[place]), place))
    if all(place in lines[finest] for place in named):
        return finest
    return next((place for place in lines[finest] if all(place in line for line in lines.values())), finest)


def _organisations(alerts: Sequence[_Alert]) -> dict[str, str]:
    found: dict[str, str] = {}
    for alert in alerts:
        if alert.organisation:
            found.setdefault(_folded(alert.organisation), alert.organisation)
    return found


def _best_first(alerts: Sequence[_Alert]) -> list[_Alert]:
    return sorted(alerts, key=lambda alert: not alert.is_assessment)


Span = tuple[int, int] | None


def _value(alerts: Sequence[_Alert]) -> tuple[Span, Span]:
    """The latest assessment that counted, else the range of all."""
    counted = [alert for alert in alerts if alert.is_assessment and (alert.households, alert.individuals) != (None, None)]
    latest = max((_told_on(alert) for alert in counted), default=None)
    chosen = [alert for alert in counted if _told_on(alert) == latest] or alerts
    return _span(alert.households for alert in chosen), _span(alert.individuals for alert in chosen)


def _told_on(alert: _Alert) -> date:
    return alert.alert_on or alert.day or date.min


def _span(values: Iterable[int | None]) -> Span:
    given = [value for value in values if value is not None]
    return (min(given), max(given)) if given else None


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:12]
