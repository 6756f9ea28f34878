"""A made country of twelve months in which every disagreement is known, since it was planted: what rules are measured on.

`country.py` is what happens to people, `sheets.py` how it is written down, `plants.py` what is written wrongly, `scoring.py` what
the program says of it.
"""

from tests.benchmarks.corpus.plants import KINDS, Corpus, Kind, make, real
from tests.benchmarks.corpus.scoring import Found, Score, run, score

__all__ = ["KINDS", "Corpus", "Found", "Kind", "Score", "make", "real", "run", "score"]
