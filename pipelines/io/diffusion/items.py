"""The items of the bridge as people read them: which place an item is about, what it rests on, and in whose return it was received."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.io.diffusion.pages import capital
from pipelines.io.diffusion.places import Total, records
from schemas import texts
from schemas.codes import Action, AdjustmentKind, Level
from schemas.frames import pd

Item = Mapping[str, Any]


class Items:
    """The items of a bridge in words. `names` is p-code -> name of the places that they are about; where the bridge does not say
    which decision an item is, as in the public edition, no source is told either."""

    def __init__(self, bridge: pd.DataFrame, names: Mapping[str, str], lang: str) -> None:
        self._names, self._lang = names, lang
        self._hosts: dict[tuple[Any, ...], list[str]] = {}
        of_regions = [row for row in records(bridge) if row["level"] == Level.REGION]
        for row in of_regions:
            if row["kind"] == AdjustmentKind.MOVED_OUT and row["value"] is not None:
                self._hosts.setdefault(_moved(row, -int(row["value"])), []).append(row["region"])
        self._received_in: dict[str, set[str]] = {}
        for row in of_regions:
            if row["kind"] == AdjustmentKind.MOVED_IN and (host := self.host(row)):
                self._received_in.setdefault(row["region"], set()).add(host)

    def host(self, item: Item) -> str | None:
        """The region in whose return a row was received that is counted in its own; None unless exactly one is known to be it."""
        if item["kind"] != AdjustmentKind.MOVED_IN or item["value"] is None:
            return None
        hosts = set(self._hosts.get(_moved(item, int(item["value"])), ()))
        return hosts.pop() if len(hosts) == 1 else None

    def hosts(self, region: str) -> Sequence[str]:
        """The regions in whose returns rows of a region were received, in order."""
        return sorted(self._received_in.get(region, ()))

    def guests(self, region: str) -> Sequence[str]:
        """The regions of which a region's return has rows, in order."""
        return sorted(home for home, hosts in self._received_in.items() if region in hosts)

    def place(self, item: Item) -> str | None:
        """The name of the place that an item is about."""
        return self._names.get(item.get("about_pcode") or "")

    def name(self, item: Item) -> str:
        """An item in a few words: what a bar is called."""
        kind, place, number = AdjustmentKind(item["kind"]), self.place(item), str(item["item"])
        if kind is AdjustmentKind.RETURN:
            return self._say("cascade_return")
        if kind is AdjustmentKind.DECISION:
            return self._at(place, self._decision(item))
        if place is None:
            return self._say("cascade_item", number_of=number)
        if host := self.host(item):
            return self._say("item_received_in", place_name=place, region_name=host)
        return self._say("cascade_item_at", number_of=number, place_name=place)

    def explanation(self, item: Item) -> str:
        """Why there is an item; a decision, and a row received in another region's return, by what `name` says of it."""
        if item["kind"] == AdjustmentKind.DECISION or self.host(item):
            return capital(self.name(item))
        return self.reason(item)

    def reason(self, item: Item) -> str:
        """Why there is an item, as it was written, in French; else as its kind says."""
        kind = AdjustmentKind(item["kind"])
        if item["reason"] and (self._lang == "fr" or item.get("decision_id") is not None):
            return capital(item["reason"])
        named = kind is not AdjustmentKind.RETURN and self.place(item)
        label = capital(kind.label(self._lang))
        return self._say("item_about", what=label, place_name=named) if named else label

    def _decision(self, item: Item) -> str:
        """The source, or where there is none the action, and the number of a decision; `décision de la CMP` where no number is told."""
        if item.get("decision_id") is None:
            return AdjustmentKind.DECISION.label(self._lang)
        source = item.get("decision_source") or (Action(item["action"]).label(self._lang) if item.get("action") else None)
        number = str(int(item["decision_id"]))
        return (
            self._say("item_decision", what=source, number_of=number)
            if source
            else self._say("item_decision_number", number_of=number)
        )

    def _at(self, place: str | None, what: str) -> str:
        return self._say("item_at", place_name=place, what=what) if place else capital(what)

    def _say(self, key: str, **params: Any) -> str:
        return texts.message(key, self._lang, **params)


def key_of(item: Item) -> Total:
    """Group, measure and unit of what an item counts."""
    return (item["population_group"], item["measure"], item["unit"])


def _moved(item: Item, value: int) -> tuple[Any, ...]:
    """What an item that takes a row out of one region has in common with that which brings it into another."""
    return (*key_of(item), item.get("about_pcode"), value)
