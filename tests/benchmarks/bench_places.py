"""How well names of places are matched on a list of real spellings, beside hdx-python-country on the same list with the same
places and the same parents. Prints, and asserts nothing.

Each line is: who matches, right without a person, wrong without a person, left to a person, and of those left how many have the
right place among the first three suggestions."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from pipelines.io import reference
from tests.variants import LIST, WHY_SKIPPED, Score, Spelling, gazetteer_without, score, spellings

LEVELS = {"region": 1, "cercle": 2, "commune": 3}
TARGET = 0.97
HDX = "hdx-python-country"


def hdx_rows(vintage: str) -> Iterator[dict[str, Any]]:
    """Our own places as the rows that hdx-python-country sets itself up from."""
    gazetteer = reference.gazetteer()
    for level, number in LEVELS.items():
        for place in gazetteer.places(level, vintage):
            parent = gazetteer.parent(place.place_id, vintage)
            yield {
                "Location": "MLI", "Admin Level": str(number), "P-Code": gazetteer.pcode(place.place_id, vintage), "Name": place.name,
                "Parent P-Code": gazetteer.pcode(parent, vintage) if parent else "ML",
            }  # fmt: skip


def hdx_score(listed: Sequence[Spelling]) -> Score:
    """Its names, phonetic and fuzzy matching included. It gives no suggestions."""
    from hdx.location.adminlevel import AdminLevel

    gazetteer = reference.gazetteer()
    matchers: dict[tuple[str, str], Any] = {}
    for key in sorted({(item.level, item.vintage) for item in listed}):
        matchers[key] = AdminLevel(admin_level=LEVELS[key[0]])
        matchers[key].setup_from_iterable(hdx_rows(key[1]), ["MLI"])
    right = wrong = 0
    for item in listed:
        readings = gazetteer.parents(item.parent, item.level, item.vintage) if item.parent else ()
        parent = gazetteer.pcode(readings[0][0], item.vintage) if readings else None
        found, _ = matchers[item.level, item.vintage].get_pcode("MLI", item.name, parent=parent)
        right += found == gazetteer.pcode(item.place_id, item.vintage)
        wrong += found not in (gazetteer.pcode(item.place_id, item.vintage), None)
    return Score(len(listed), right, wrong, 0)


def line(who: str, found: Score, *, suggests: bool = True) -> str:
    share = [f"{100 * count / found.total:5.1f} %" for count in (found.right, found.wrong, found.to_a_person)]
    rest = f"{found.suggested} of {found.to_a_person}" if suggests else "gives none"
    return f"{who:42} right {share[0]}  wrong {share[1]}  to a person {share[2]}  right one suggested {rest}\n"


def main() -> None:
    if not LIST.exists():
        sys.stdout.write(f"names of places: not measured, {WHY_SKIPPED}\n")
        return
    listed = spellings()
    sys.stdout.write(f"names of places: {len(listed)} real spellings, the parent as the list gives it\n")
    ours = score(reference.gazetteer(), listed)
    holds = ours.wrong == 0 and ours.right / ours.total >= TARGET and ours.suggested == ours.to_a_person
    sys.stdout.write(line("cmp-idp", ours))
    sys.stdout.write(
        f"{'':42} target: right {100 * TARGET:.0f} %, wrong 0, all right ones suggested  holds {'yes' if holds else 'no'}\n"
    )
    sys.stdout.write(line("cmp-idp without the aliases of the list", score(gazetteer_without(listed), listed)))
    if importlib.util.find_spec("hdx") is None:
        sys.stdout.write(f"{HDX}: not installed, so not measured (make bench-deps)\n")
    else:
        sys.stdout.write(line(HDX, hdx_score(listed), suggests=False))


if __name__ == "__main__":
    main()
