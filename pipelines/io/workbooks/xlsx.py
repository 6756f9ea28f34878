"""xlsx and xlsm: the zip for calamine, and the marks of each sheet from its XML. Macros are not even unpacked.

Speed lies in not parsing: a sheet without errors, formulas left uncalculated or unusual markup is looked through by patterns of
bytes alone; any other is walked element by element."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping

from pipelines.io.workbooks import door
from pipelines.io.workbooks.door import Package
from pipelines.io.workbooks.marks import ERRORS, Listener, Marks, address, column, walk
from pipelines.model import Merge, Unread, letters
from pipelines.settings import Limits

WORKBOOK = "xl/workbook.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"
_STRINGS = "xl/sharedStrings.xml"
_ALSO_READ = ("[Content_Types].xml", "_rels/.rels", _STRINGS, "xl/styles.xml")
_TRUE = frozenset({"1", "true", "on"})

_SHEET_DATA = re.compile(rb"<sheetData\b[^>]*(?<!/)>")
_SHEET_DATA_END = b"</sheetData>"
_CELL_COLUMNS = re.compile(rb'<c r="([A-Z]{1,3})\d')
_CELL_ROWS = re.compile(rb'<c r="[A-Z]{1,3}(\d{1,7})"')
_UNCALCULATED = re.compile(rb"<f\b[^>]*+(?:(?<=/)>|(?<!/)>[^<]*+</f\s*>)\s*+(?!<v\b[^>]*+>[^<])", re.DOTALL)
"""A formula that no value follows."""
_HIDDEN = (b'hidden="1"', b'hidden="true"', b'ht="0')
_UNUSUAL = ((b"!", b"<!"), (b"'", b"='"), (b"", b'"e"'), (b"", b' = "'))
"""What makes a sheet worth a walk, each with a rarer sign of it that is found sooner: comments and marked sections, which could
hold anything, other quotes, errors, spaces."""
_LONGEST_ARRAY = 10_000
"""Cells of uncalculated array formulas that are marked one by one."""
_ROW = re.compile(rb"<row\b[^>]*>")
_COLUMN = re.compile(rb"<col\b[^>]*>")
_MERGED = re.compile(rb"<mergeCell\b[^>]*>")
_ATTRIBUTE = re.compile(rb"""([A-Za-z]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_STRING = re.compile(rb"<(?:[\w.-]+:)?si\b")
_NUMBER = re.compile(rb">\s*(\d{1,9})\s*<")
_LINE_ENDS = re.compile(r"\s+")


def marks(package: Package, limits: Limits) -> tuple[dict[str, Marks], bool]:
    """The marks of each sheet by its title, and whether days are counted from 1904. Reads of the package what calamine needs.
    Raises RefusedError for a sheet too large to be laid out."""
    book = _Book()
    walk(package.xml(WORKBOOK), book)
    door.not_too_many(len(book.sheets), limits)
    relations = Relations()
    walk(package.xml(_RELATIONS), relations)
    for name in _ALSO_READ:
        if name in package:
            package.xml(name)
    if _STRINGS in package:
        package.replace(_STRINGS, _without_count(package.read(_STRINGS)))
    found: dict[str, Marks] = {}
    parts: list[bytes] = []
    for title, relation in book.sheets:
        part = part_of(relations.targets[relation])
        data = package.xml(part)
        found[title] = read = _marks(data, title, limits)
        _without_new_errors(package, part, data, read)
        parts.append(data)
    _check_strings(package, parts, limits)
    return found, book.dates_from_1904


class _Book(Listener):
    def __init__(self) -> None:
        self.sheets: list[tuple[str, str]] = []
        self.dates_from_1904 = False

    def start(self, name: str, given: Mapping[str, str]) -> None:
        if name == "sheet":
            self.sheets.append((given["name"], given["id"]))
        elif name == "workbookPr":
            self.dates_from_1904 = given.get("date1904") in _TRUE


class Relations(Listener):
    """Which member each relation of the workbook leads to."""

    def __init__(self) -> None:
        self.targets: dict[str, str] = {}

    def start(self, name: str, given: Mapping[str, str]) -> None:
        if name == "Relationship" and given.get("TargetMode") != "External":
            self.targets[given["Id"]] = given["Target"]


def part_of(target: str) -> str:
    """The member that the target of a relation of the workbook is."""
    return posixpath.normpath(posixpath.join("/xl", target.replace("\\", "/"))).lstrip("/")


def _marks(data: bytes, title: str, limits: Limits) -> Marks:
    marks = _at_a_glance(data)
    if marks is not None and _is_small(marks, limits):
        return marks
    marks = _walked(data)  # a cell that only has a format may lie far away, one that holds something may not
    door.fits(title, marks.bottom, marks.right, limits)
    return marks


def _is_small(marks: Marks, limits: Limits) -> bool:
    return marks.bottom <= limits.rows and marks.right <= limits.columns and marks.bottom * marks.right <= limits.cells


# --- the quick way: patterns --------------------------------------------------------------------------------------------


def _at_a_glance(data: bytes) -> Marks | None:
    """The marks of a sheet written as Excel and its like write one, every cell with its address; None when only a walk can
    tell. `bottom` and `right` count cells that only have a format, too."""
    start = _SHEET_DATA.search(data)
    end = data.rfind(_SHEET_DATA_END)
    if start is None or end < start.end():
        return None
    body = data[start.end() : end]
    if any(rare in body and sign in body for rare, sign in _UNUSUAL) or (b"<f" in body and _UNCALCULATED.search(body)):
        return None
    rows = _CELL_ROWS.findall(body)
    if len(rows) != body.count(b"<c"):
        return None
    marks = Marks()
    if rows:
        last = max(set(_CELL_COLUMNS.findall(body)), key=lambda name: (len(name), name))
        marks.right = column(last.decode("ascii")) + 1
        marks.bottom = max(map(int, set(rows)))
    if any(sign in body for sign in _HIDDEN):
        for row in _tags(_ROW, body):
            if _is_hidden_row(row):
                if "r" not in row:
                    return None
                marks.hidden_rows.append((int(row["r"]), int(row["r"])))
    head = data[: start.start()]
    if b"hidden" in head or b'width="0' in head:
        for given in _tags(_COLUMN, head):
            _mark_column(marks, given)
    for given in _tags(_MERGED, data[end:]):
        _mark_merge(marks, given)
    return marks


def _tags(pattern: re.Pattern[bytes], data: bytes) -> Iterator[dict[str, str]]:
    """The attributes of each such tag: they are numbers and addresses."""
    for tag in pattern.finditer(data):
        yield {name.decode(): (double or single).decode() for name, double, single in _ATTRIBUTE.findall(tag[0])}


def _is_hidden_row(given: Mapping[str, str]) -> bool:
    flat = given.get("customHeight") in _TRUE and float(given.get("ht", 1)) == 0
    return given.get("hidden") in _TRUE or flat


def _mark_column(marks: Marks, given: Mapping[str, str]) -> None:
    if given.get("hidden") in _TRUE or float(given.get("width", 1)) == 0:
        marks.hidden_columns.append((int(given["min"]) - 1, int(given["max"]) - 1))


def _mark_merge(marks: Marks, given: Mapping[str, str]) -> None:
    first, _, last = given["ref"].partition(":")
    (top, left), (bottom, right) = address(first), address(last or first)
    if (top, left) != (bottom, right):
        marks.merged.append(Merge(top + 1, left, bottom + 1, right))


# --- the sure way: element by element -----------------------------------------------------------------------------------


def _walked(data: bytes) -> Marks:
    sheet = _Sheet()
    walk(data, sheet)
    return sheet.marks


class _Sheet(Listener):
    """Rows and cells without address follow the one before, as calamine counts them."""

    def __init__(self) -> None:
        self.marks = Marks()
        self._row = self._column = -1
        self._at = (0, 0)
        self._type = ""
        self._formula: Mapping[str, str] | None = None
        self._kept: list[str] | None = None
        self._texts: dict[str, str] = {}
        self._late_formula = False
        self._shared: dict[str, tuple[str, str]] = {}
        self._spill = _LONGEST_ARRAY

    def start(self, name: str, given: Mapping[str, str]) -> None:
        if name == "c":
            self._start_cell(given)
        elif name in ("v", "f", "is"):
            self._kept = []
            if name == "f":
                self._formula, self._late_formula = given, "v" in self._texts
        elif name == "row":
            self._row = int(given["r"]) - 1 if "r" in given else self._row + 1
            self._column = -1
            if _is_hidden_row(given):
                self.marks.hidden_rows.append((self._row + 1, self._row + 1))
        elif name == "col":
            _mark_column(self.marks, given)
        elif name == "mergeCell":
            _mark_merge(self.marks, given)

    def _start_cell(self, given: Mapping[str, str]) -> None:
        self._at = address(given["r"]) if "r" in given else (self._row, self._column + 1)
        self._column = self._at[1]
        self._type = given.get("t", "")
        self._formula, self._late_formula, self._texts = None, False, {}

    def data(self, text: str) -> None:
        if self._kept is not None:
            self._kept.append(text)

    def end(self, name: str) -> None:
        if name in ("v", "f", "is"):
            self._texts[name] = "".join(self._kept or ()).strip()
            self._kept = None
        elif name == "c":
            self._end_cell()

    def _end_cell(self) -> None:
        value = self._texts.get("v", "")
        if self._formula is not None:
            formula = self._formula_text(self._formula)
            # calamine loses a value written before its formula; an empty text is a value
            empty_text = self._type == "str" and "v" in self._texts
            known = not self._late_formula and (value or empty_text or "is" in self._texts)
            if not known:
                for at in self._spilled(self._formula):
                    self.marks.mark(*at, Unread(Unread.FORMULA, formula))
        if self._type == "e" and value:
            self.marks.mark(*self._at, Unread(Unread.ERROR, value))
        if "v" in self._texts or "is" in self._texts:
            self.marks.reach(*self._at)

    def _spilled(self, given: Mapping[str, str]) -> list[tuple[int, int]]:
        """The cells that a formula fills: its own, or those of an array."""
        first, _, last = given.get("ref", "").partition(":")
        if given.get("t") != "array" or not last:
            return [self._at]
        (top, left), (bottom, right) = address(first), address(last)
        cells = (bottom + 1 - top) * (right + 1 - left)
        if not 1 < cells <= self._spill:
            return [self._at]
        self._spill -= cells
        return [(row, at) for row in range(top, bottom + 1) for at in range(left, right + 1)]

    def _formula_text(self, given: Mapping[str, str]) -> str:
        """The formula as it shows in Excel. One that is shared is written once, at the first of its cells."""
        text = _LINE_ENDS.sub(" ", self._texts.get("f", ""))
        own = f"{letters(self._at[1])}{self._at[0] + 1}"
        if given.get("t") == "shared" and "si" in given:
            if text:
                self._shared[given["si"]] = (text, own)
            elif given["si"] in self._shared:
                return _moved(*self._shared[given["si"]], own)
        return f"={text}"


def _moved(formula: str, origin: str, to: str) -> str:
    from openpyxl.formula.tokenizer import TokenizerError
    from openpyxl.formula.translate import Translator, TranslatorError

    try:
        return str(Translator(f"={formula}", origin=origin).translate_formula(to))
    except (TokenizerError, TranslatorError):
        return f"={formula}"


# --- what calamine must be spared ---------------------------------------------------------------------------------------


def _without_new_errors(package: Package, part: str, data: bytes, marks: Marks) -> None:
    """calamine refuses a whole workbook for an error younger than itself (`#SPILL!`): it is given one that it knows."""
    strange = {unread.text for unread in marks.unread.values() if unread.kind == Unread.ERROR} - ERRORS
    for error in sorted(strange):
        pattern = re.compile(rb">\s*" + re.escape(error.encode()) + rb"\s*<")
        data = pattern.sub(b">#VALUE!<", data)
    if strange:
        package.replace(part, data)


def _without_count(strings: bytes) -> bytes:
    """calamine makes room for as many texts as the list says to hold, and one that lies stops the program."""
    head = _STRING.split(strings, maxsplit=1)[0]
    return head.replace(b"uniqueCount", b"notTheCount") + strings[len(head) :]


def _check_strings(package: Package, parts: list[bytes], limits: Limits) -> None:
    """A text is written once and shown in many cells, and calamine copies it into each."""
    if _STRINGS not in package:
        return
    lengths = [len(item) for item in _STRING.split(package.read(_STRINGS))[1:]]
    # the shortest cell, `<c><v>0</v></c>`, is sixteen bytes long
    if max(lengths, default=0) * sum(map(len, parts)) // 16 > limits.unpacked_megabytes * door.MEGABYTE:
        uses = (int(number) for data in parts for number in _NUMBER.findall(data))
        door.holds(sum(lengths[at] for at in uses if at < len(lengths)), limits)
