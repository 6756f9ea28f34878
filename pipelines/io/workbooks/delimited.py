"""csv, tsv and txt: text in one of the encodings that Excel writes in French, and columns by the separator that keeps rows even."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from io import StringIO
from typing import Any

from charset_normalizer import from_bytes

from pipelines.io.workbooks import door
from pipelines.io.workbooks.door import RefusedError
from pipelines.io.workbooks.marks import text
from pipelines.model import Problem, Sheet
from pipelines.settings import Limits

SUFFIXES = frozenset({".csv", ".tsv", ".txt"})
_MARKED = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe\x00\x00", "utf-32"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_ONE_BYTE = ("cp1252", "cp850", "mac_roman")
"""How Excel saves French text without Unicode, most usual first: *CSV*, *CSV (MS-DOS)*, *CSV (Macintosh)*."""
_SMALL = frozenset("éèêëàâäùûüçîïôöœæ")
_CAPITALS = frozenset("ÉÈÀÇÊÎ")
_RARE_CAPITALS = frozenset("ËÂÄÙÛÜÔÖÏŒÆ")
_SIGNS = frozenset("°«»’‘“”–—…€²\u00a0\u202f")
_SEPARATORS = {"\t": 0.2, ";": 0.2, "|": 0.2, ",": 0.5}
"""With the share of rows that must have as many columns as most; titles stand above many a table. The comma comes last: French
numbers and sentences hold one."""
_EVEN = 0.6
"""The same share for a text whose name does not say that it is a table."""
_ONE_COLUMN = "\x1f"
"""A separator that no text holds."""
_COMMA_OF_COLUMNS = re.compile(r"(?<!\d),|,(?!\d)")
_BEYOND_ASCII = re.compile(rb"[^\n]*[\x80-\xff][^\n]*")
_SAMPLE = 500
"""Rows that are enough to tell an encoding or a separator."""
_NO_TABLE = ("<", "{", "%PDF", "MIME-Version:")
"""How web pages, notes in RTF or JSON and mails begin, whatever their name says."""
_BINARY = frozenset(map(chr, range(32))) - frozenset("\t\n\r\f\v\x1a")


def sheet(content: bytes, name: str, suffix: str, limits: Limits) -> Sheet:
    """The one sheet of a file of text: texts as typed. Its name is that of the file. Raises RefusedError for what is no table."""
    words = decoded(content)
    if words.lstrip().startswith(_NO_TABLE) or _BINARY & set(words):
        raise RefusedError(Problem.NOT_WORKBOOK)
    if "\n" not in words:
        words = words.replace("\r", "\n")
    told = words[4:5] if words.lower().startswith("sep=") else ""
    if told:
        # an instruction to Excel, which does not count it as a row
        words = words.partition("\n")[2]
    separator = told or separator_of(words, strict=suffix not in SUFFIXES)
    if separator is None:
        raise RefusedError(Problem.NOT_WORKBOOK)
    return _laid_out(_rows(words, separator), name, limits)


def decoded(content: bytes) -> str:
    """The text. What is no UTF is read as the one-byte code that makes most French sense; without any accent that is French,
    charset-normalizer guesses."""
    for mark, encoding in _MARKED:
        if content.startswith(mark):
            return _strictly(content, encoding)
    wide = _wide(content)
    if wide:
        return _strictly(content, wide)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        pass
    telling = b"\n".join(_BEYOND_ASCII.findall(content)[:_SAMPLE])
    sense = {encoding: _french(telling.decode(encoding, "replace")) for encoding in _ONE_BYTE}
    best = max(_ONE_BYTE, key=lambda encoding: sense[encoding])
    guess = from_bytes(telling).best() if sense[best] <= 0 else None
    return content.decode(guess.encoding if guess else best, "replace")


def _strictly(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as failure:
        raise RefusedError(Problem.NOT_WORKBOOK) from failure


def _wide(content: bytes) -> str | None:
    """UTF-16 without mark: every other byte of Latin text is zero."""
    sample = content[:4000]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    few, most = len(sample) * 0.02, len(sample) * 0.35
    if odd > most and even <= few:
        return "utf-16-le"
    return "utf-16-be" if even > most and odd <= few else None


def _french(reading: str) -> float:
    """How much French sense the signs beyond ASCII make where they stand."""
    around = zip(f" {reading}", reading, f"{reading[1:]} ", strict=False)
    return sum(_sense(before, sign, after) for before, sign, after in around if sign > "\x7f")


def _sense(before: str, sign: str, after: str) -> float:
    """1 for a small letter in a word, less for what may be a misreading, -1 for what French does not write."""
    if sign in _SMALL and not (before + after).isdigit():
        alone = not (before.isalpha() or after.isalpha())
        return 1 if alone or before.islower() or after.islower() else 0.2
    if before.isdigit() and sign.isalpha():
        return -1  # a no-break space between thousands
    if sign in _CAPITALS or sign in _SIGNS:
        return 0.1 if before.islower() else 0.5
    return 0.1 if sign in _RARE_CAPITALS else -1


def separator_of(words: str, *, strict: bool) -> str | None:
    """The separator that gives most rows the same number of columns; the first of them on a tie. A text without any is one
    column, or no table at all when `strict`. A comma between digits alone is that of a number."""
    sample = words[: _SAMPLE * 400]
    best, share = None, 0.0
    for separator, least in _SEPARATORS.items():
        if separator not in sample or (separator == "," and not _COMMA_OF_COLUMNS.search(sample)):
            continue
        widths = [len(row) for row in _rows(sample, separator)[:_SAMPLE] if any(cell.strip() for cell in row)]
        if not widths:
            return separator
        split = Counter(width for width in widths if width > 1)
        even = split.most_common(1)[0][1] / len(widths) if split else 0.0
        if even > share and even >= (_EVEN if strict else least) and (len(widths) > 1 or not strict):
            best, share = separator, even
    return best or (None if strict else _ONE_COLUMN)


_LONGEST_CELL = 131_072
"""Characters; the csv module of Python has the same limit, which any library of the process may lift."""


def _rows(words: str, separator: str) -> list[list[str]]:
    """The cells as text. A quotation mark that is never closed, or closed inside a cell, is a sign like any other."""
    try:
        rows = _split(words, separator)
    except csv.Error as failure:
        raise RefusedError(Problem.NOT_WORKBOOK) from failure
    if any(len(cell) > _LONGEST_CELL for row in rows for cell in row):
        raise RefusedError(Problem.NOT_WORKBOOK)
    return rows


def _split(words: str, separator: str) -> list[list[str]]:
    try:
        return list(csv.reader(StringIO(words, newline=""), delimiter=separator, strict=True))
    except csv.Error as failure:
        never_closed = "end of data" in str(failure)
    plain = StringIO(words, newline="")
    if never_closed:
        return list(csv.reader(plain, delimiter=separator, quoting=csv.QUOTE_NONE))
    return list(csv.reader(plain, delimiter=separator))


def _laid_out(rows: Iterable[Sequence[str]], name: str, limits: Limits) -> Sheet:
    table: list[list[Any]] = [[text(cell) for cell in row] for row in rows]
    for row in table:
        while row and row[-1] is None:
            row.pop()
    while table and not table[-1]:
        table.pop()
    width = max(map(len, table), default=0)
    door.fits(name, len(table), width, limits)
    return Sheet(name, tuple((*row, *[None] * (width - len(row))) for row in table), typed=False)
