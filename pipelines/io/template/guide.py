"""The *Mode d'emploi*: the first sheet of the fiche modèle, one printed page."""

from __future__ import annotations

from collections.abc import Mapping

from xlsxwriter.worksheet import Worksheet

from pipelines.io.template import paper
from pipelines.io.template.entry import KIND_COLOURS, protect
from pipelines.io.template.model import FRENCH, FicheModel, say, typeset
from pipelines.io.template.paper import BOX, FONT, LINE, Book
from schemas import texts

STYLES: Mapping[str, paper.Style] = {
    "guide_part": {**FONT, "bold": True, "font_size": 12, "font_color": "#1F3864", "bottom": 1, "bottom_color": "#1F3864"},
    "guide_text": {**FONT, "font_size": 11, "text_wrap": True, "valign": "top"},
    "guide_number": {**FONT, "font_size": 11, "bold": True, "align": "center", "valign": "top"},
    "guide_due": {**BOX, "font_size": 11, "bold": True, "align": "center"},
    "guide_step": {**BOX, "font_size": 11, "indent": 1},
    **{f"guide_{kind}": {**BOX, **colours, "bold": True, "align": "center"} for kind, colours in KIND_COLOURS.items()},
}
WIDTHS = (4, 15, 88)
_TEXT = 1.08
"""Characters of a text on one unit of width, in the body font."""
_PARTS = (
    ("start", ("where", "order", "places", "previous")),
    ("values", ("required", "zero", "numbers", "basis")),
    ("after", ("check", "minutes", "send", "correct")),
    ("never", ("persons", "frame")),
)
"""Parts of the page and their sentences, in `messages.toml`."""
_LEGEND = (
    ("required", "required"), ("optional", "optional"), ("previous", "previous"), ("guide_fill", "fill"), ("guide_explain", "explain"),
    ("guide_wrong", "wrong"), ("guide_right", "right"),
)  # fmt: skip
"""Style of the sample and what it stands for."""
_STEPS = ("visa", "queries", "meeting", "publication")


class Guide:
    """Writes the page."""

    def __init__(self, book: Book, page: Worksheet, model: FicheModel) -> None:
        self.book, self.page, self.model = book, page, model
        self.row = 0

    def write(self, title: str) -> None:
        for column, width in enumerate(WIDTHS):
            self.page.set_column(column, column, width)
        self.page.merge_range(0, 0, 0, 2, title, self.book.styles["wrapped_title"])
        self.page.set_row(0, paper.lines(title, sum(WIDTHS) * 0.65) * (LINE + 5))
        self.row = 1
        self._calendar()
        for part, sentences in _PARTS:
            self._part(part)
            for number, key in enumerate(sentences, start=1):
                self._sentence(str(number), say(f"guide_{part}_{self._told(key)}", **self._params()))
        self._legend()
        self._set_up()

    def _told(self, key: str) -> str:
        """The sentence about last month's places says so when there are none."""
        return "no_previous" if key == "previous" and self.model.previous is None else key

    def _params(self) -> dict[str, str]:
        past = self.model.previous
        return {"region_name": self.model.region, "recipient": self.model.recipient, "visa_day": self._day("visa"),
                "check": say("column_check"), "past": past.name if past else ""}  # fmt: skip

    def _day(self, step: str) -> str:
        return texts.day(self.model.due[step], FRENCH)

    def _part(self, part: str) -> None:
        self.page.merge_range(self.row, 0, self.row, 2, say(f"guide_{part}"), self.book.styles["guide_part"])
        self.page.set_row(self.row, LINE + 10)
        self.row += 1

    def _sentence(self, number: str, text: str) -> None:
        self.page.write_string(self.row, 0, number, self.book.styles["guide_number"])
        self.page.merge_range(self.row, 1, self.row, 2, typeset(text), self.book.styles["guide_text"])
        self.page.set_row(self.row, paper.lines(text, sum(WIDTHS[1:]) * _TEXT) * 15.0 + 4)
        self.row += 1

    def _calendar(self) -> None:
        self._part("calendar")
        for step in _STEPS:
            means = say(f"guide_calendar_{step}", recipient=self.model.recipient)
            self._pair(self._day(step), means, "guide_due", LINE + 4)

    def _legend(self) -> None:
        self._part("colours")
        for style, key in _LEGEND:
            self._pair(say(f"guide_colour_{key}"), say(f"guide_colour_{key}_means"), style, LINE + 4)

    def _pair(self, left: str, right: str, style: str, height: float) -> None:
        self.page.merge_range(self.row, 0, self.row, 1, left, self.book.styles[style])
        self.page.write_string(self.row, 2, typeset(right), self.book.styles["guide_step"])
        self.page.set_row(self.row, height)
        self.row += 1

    def _set_up(self) -> None:
        footer = say("entry_footer", region_name=self.model.region, month=self.model.month)
        paper.print_setup(self.page, footer=footer)
        self.page.set_portrait()
        self.page.fit_to_pages(1, 1)
        self.page.activate()
        protect(self.page)
