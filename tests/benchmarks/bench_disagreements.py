"""How many planted disagreements the program finds in twelve made months of all regions, and what it says where nothing is wrong.
Prints, and asserts nothing.

Each of the first lines is: what, measured, target, whether it holds. Then which rules answered each kind of cause (the confusion
table), and what was missed, told twice or told for nothing.

    python -m tests.benchmarks.bench_disagreements          (SEED and MONTHS may follow)
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator

from tests.benchmarks.corpus import Score, make, real, run, score

RECALL, ALARMS, ANSWERS = 0.95, 3, 1
SEED, MONTHS = 2019, 12


def measured(name: str, value: str, target: str, holds: bool) -> str:
    return f"{name:62} {value:>8}  target {target:6}  holds {'yes' if holds else 'no'}"


def lines(clean: Score, planted: Score) -> Iterator[str]:
    worst = max(clean.false_alarms().values(), default=0)
    most = max((len(found) for found in planted.answers.values()), default=0)
    yield measured(f"disagreements planted: {len(planted.answers)}, found", f"{100 * planted.recall:.1f} %", f"{100 * RECALL:.0f} %",
                   planted.recall >= RECALL)  # fmt: skip
    yield measured("false alarms in a clean month, at most", str(worst), str(ALARMS), worst <= ALARMS)
    yield measured("discrepancies for one cause, at most", str(most), str(ANSWERS), most <= ANSWERS)
    spread = ", ".join(f"{period}: {count}" for period, count in sorted(clean.false_alarms().items()))
    yield f"false alarms of the clean months: {spread or 'none'}; of the months with plants: {planted.false_alarms().total()}"
    yield ""
    yield from confusion(planted)
    yield from listed("missed", (f"{plant.kind} in {plant.place_id}, {period}" for plant, period in planted.missed))
    yield from listed("told more than once", (str(item) for key in planted.told_more_than_once for item in planted.answers[key]))
    yield from listed("told for nothing, clean months", (str(item) for item, _ in clean.unasked))
    yield from listed("told for nothing, months with plants", (str(item) for item, _ in planted.unasked))


def confusion(found: Score) -> Iterator[str]:
    """What was planted, and by which rules it was told."""
    yield f"{'planted':30} {'times':>5}  told by"
    times = Counter(plant.kind for plant, _ in found.answers)
    for kind, rules in sorted(found.confusion().items(), key=lambda item: (item[0] not in times, item[0])):
        told = ", ".join(f"{rule} {count}" for rule, count in sorted(rules.items(), key=lambda item: (-item[1], item[0])))
        yield f"{kind:30} {times[kind] or '':>5}  {told}"


def listed(title: str, items: Iterable[str]) -> Iterator[str]:
    told = list(items)
    if told:
        yield from ("", f"{title}:", *(f"  {item}" for item in told))


def main() -> None:
    given = [int(value) for value in sys.argv[1:]]
    seed, months = (*given, *(SEED, MONTHS)[len(given) :])
    scores = []
    for kinds in (real(), None):
        corpus = make(seed, months, kinds=kinds)
        scores.append(score(corpus.plants, run(corpus).found))
    sys.stdout.write("".join(f"{line}\n" for line in lines(*scores)))


if __name__ == "__main__":
    main()
