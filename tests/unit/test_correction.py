"""What goes back, what comes back, and what a version changed: without any file."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from pipelines import correction
from pipelines.correction import MARK
from pipelines.model import Answered, Change, Checked, Finding, OpenedFile, PeriodFinding, Reply, Sheet, Unread
from schemas.codes import Effect
from schemas.fields import IDENTIFICATION, IDP
from tests.fiche import PERIOD, Fiche, changed, check, stock
from tests.rules.examples import add, identify, set_

SHA = "a" * 64


def list_sheet(
    *rows: tuple[Any, ...], sha256: Any = SHA, version: Any = 1, period: Any = "2019-12", title: str = "À corriger"
) -> Sheet:
    """A list as it comes back: (number, reply, code, sheet, cell, about) of each line."""
    top: tuple[Any, ...] = ("À corriger — fiche", None, None, MARK, sha256, version, period)
    lines = tuple((number, reply, None, *keys) for number, reply, *keys in rows)
    return Sheet(title, (top, ("N°", "Votre réponse"), *lines))


def with_list(fiche: Fiche, *rows: tuple[Any, ...], **more: Any) -> OpenedFile:
    file = fiche.file("reponse.xlsx")
    return replace(file, sheets=(list_sheet(*rows, **more), *file.sheets))


def one(fiche: Fiche) -> Checked:
    return check(fiche)[0]


def point(code: str, effect: Effect, reply: str | None = None, **more: Any) -> Finding:
    return Finding(code, effect, "PDI", "G3", 3, reply=reply, **more)


# --- what goes back -----------------------------------------------------------------------------------------------------


def test_a_return_without_points_does_not_go_back() -> None:
    assert correction.send_back(one(changed()), region="Ségou") is None


def test_findings_for_information_alone_send_nothing_back() -> None:
    informed = one(changed(identify("region", "SEGOU")))
    assert [finding.effect for finding in informed.findings] == [Effect.INFORM]
    assert correction.send_back(informed, region="Ségou") is None


def test_an_explained_point_asks_for_nothing_but_one_that_blocks_still_does() -> None:
    checked = replace(one(changed()), findings=(point("SIZE_UNUSUAL", Effect.JUSTIFY, reply="familles élargies"),))
    assert correction.send_back(checked, region="Ségou") is None
    blocked = replace(
        checked, findings=(*checked.findings, point("VISA_MISSING", Effect.BLOCK_PUBLICATION, reply="réunion le 12"))
    )
    sent = correction.send_back(blocked, region="Ségou")
    assert sent is not None
    assert [p.finding.code for p in sent.asked] == ["VISA_MISSING"]
    assert [p.finding.code for p in sent.explained] == ["SIZE_UNUSUAL"]


def test_points_are_ranked_by_effect_then_as_they_stand_in_the_workbook() -> None:
    fiche = changed(
        set_("individuals", 99, 1), set_("basis", "devinette"), set_("individuals", "x", 2), identify("minutes_number", None),
        set_("code", "ML9999"),
    )  # fmt: skip
    sent = correction.send_back(one(fiche), region="Ségou")
    assert sent is not None
    assert [(p.number, p.finding.sheet, p.finding.cell) for p in sent.points] == [
        (1, "PDI", "G5"), (2, "Identification", "B10"), (3, "PDI", "AA3"), (4, "PDI", "G4"), (5, "PDI", "C3"),
    ]  # fmt: skip


def test_findings_of_the_month_about_a_return_go_back_with_it() -> None:
    late = PeriodFinding(Finding("PLACE_CARRIED_FORWARD", Effect.JUSTIFY), "C025")
    sent = correction.send_back(one(changed()), region="Ségou", month=[late], totals={"household": 170, "individual": 884})
    assert sent is not None
    assert [(p.finding.code, p.about) for p in sent.asked] == [("PLACE_CARRIED_FORWARD", "C025")]
    assert (sent.households, sent.individuals, sent.refused) == (170, 884, False)


def test_of_personal_data_nothing_else_is_said() -> None:
    checked = one(changed(lambda f: f.add_column(IDP, "Téléphone", "76 00 00 00")))
    assert {finding.code for finding in checked.findings} == {"PERSONAL_DATA"}
    other = Finding("COLUMN_UNKNOWN", Effect.JUSTIFY, "PDI", "AF2", 2, "Awa Traoré", {"column": "Awa Traoré"})
    checked = replace(checked, findings=(*checked.findings, other))
    sent = correction.send_back(checked, region="Ségou")
    assert sent is not None
    assert sent.personal
    assert sent.file.sheets == ()
    assert [p.finding.code for p in sent.points] == ["PERSONAL_DATA"]


# --- what comes back ----------------------------------------------------------------------------------------------------


def test_replies_are_read_with_what_they_are_about() -> None:
    rows = (
        (1, "familles élargies", "SIZE_UNUSUAL", "PDI", "G3", None),
        (2, "  ", "VISA_MISSING", "Identification", "B8", None),
        (3, 45, "COLUMN_MISSING", "PDI", None, "Base du chiffre"),
        (4, date(2020, 1, 7), "VISA_INCOMPLETE", "Identification", "B9", None),
    )
    found = correction.answered(with_list(changed(), *rows))
    assert found == Answered(
        SHA, 1, "2019-12",
        (
            Reply("SIZE_UNUSUAL", "PDI", "G3", "familles élargies"),
            Reply("COLUMN_MISSING", "PDI", None, "45", "Base du chiffre"),
            Reply("VISA_INCOMPLETE", "Identification", "B9", "07/01/2020"),
        ),
    )  # fmt: skip


def test_a_list_is_known_by_its_mark_and_not_by_its_title() -> None:
    assert correction.answered(with_list(changed(), title="Feuil1")) is not None
    assert correction.answered(changed().file()) is None
    own = Sheet("À corriger", (("Liste du bureau",),))
    assert correction.answered(replace(changed().file(), sheets=(own,))) is None


def test_rows_sorted_and_columns_moved_by_the_author_are_followed() -> None:
    sheet = list_sheet((1, "un", "SIZE_UNUSUAL", "PDI", "G3", None), (2, "deux", "SIZE_UNUSUAL", "PDI", "G4", None))
    top, header, *lines = sheet.rows
    wider = tuple((row[0], "note", *row[1:]) for row in (top, header, *lines[::-1]))
    found = correction.answered(OpenedFile("f.xlsx", SHA, (Sheet("x", wider),)))
    assert found is not None
    assert [(reply.cell, reply.text) for reply in found.replies] == [("G4", "deux"), ("G3", "un")]


@pytest.mark.parametrize(
    ("more", "version"),
    [({"sha256": None}, None), ({"sha256": "abc"}, None), ({"version": None}, 1), ({"version": Unread("error", "#REF!")}, 1)],
    ids=["emptied", "overwritten", "no version", "error"],
)
def test_a_list_whose_hidden_cells_were_touched(more: dict[str, Any], version: int | None) -> None:
    found = correction.answered(with_list(changed(), **more))
    assert (found.version if found else None) == version


def test_a_line_without_a_known_point_is_no_reply() -> None:
    found = correction.answered(
        with_list(changed(), (1, "texte", "NO_SUCH_RULE", "PDI", "G3", None), (None, "libre", None, None, None, None))
    )
    assert found is not None
    assert found.replies == ()


@pytest.mark.parametrize("number", ["76 12 34 56", "76123456", "+223 66 12 34 56", "65-12-34-56"])
def test_telephone_numbers_are_taken_out_of_replies(number: str) -> None:
    found = correction.answered(with_list(changed(), (1, f"appeler Awa au {number} svp", "SIZE_UNUSUAL", "PDI", "G3", None)))
    assert found is not None
    assert found.replies[0].text == "appeler Awa au (numéro de téléphone retiré) svp"


def test_a_reply_that_names_a_person_is_not_taken_over() -> None:
    found = correction.answered(with_list(changed(), (1, "demander à Awa Traoré", "SIZE_UNUSUAL", "PDI", "G3", None)))
    assert found is not None
    assert found.replies[0].text == "(réponse non reprise : elle contient des données personnelles)"


@pytest.mark.parametrize("text", ["vérifié le 28-12-2019", "207 751 personnes", "voir PV 2019-12-04", "compté 1 250 000"])
def test_dates_and_counts_in_replies_stay(text: str) -> None:
    found = correction.answered(with_list(changed(), (1, text, "SIZE_UNUSUAL", "PDI", "G3", None)))
    assert found is not None
    assert found.replies[0].text == text


@pytest.mark.parametrize(("printed", "effective"), [(1, 3), (None, 3), (3, 3), (7, 7)])
def test_a_file_that_answers_another_is_the_next_version(printed: int | None, effective: int) -> None:
    assert correction.effective_version(printed, Answered(SHA, 2, None)) == effective
    assert correction.effective_version(printed, None) == printed


def test_the_list_is_no_sheet_of_the_return_and_its_file_no_twin() -> None:
    first = changed(set_("individuals", 901))
    from tests.fiche import check_files

    original, answer = check_files([first.file("v1.xlsx"), with_list(first, sha256=first.file().sha256)])
    assert [finding.code for finding in answer.findings] == ["SIZE_UNUSUAL"]
    assert (original.identification.version, answer.identification.version) == (1, 2)


def test_an_answer_to_another_month_counts_for_nothing() -> None:
    file = with_list(changed(), (1, "oui", "SIZE_UNUSUAL", "PDI", "G3", None), period="2019-11")
    assert correction.answered_for(file, PERIOD) is None
    assert correction.stale_answer(file, PERIOD) is not None
    assert correction.stale_answer(with_list(changed()), PERIOD) is None


# --- replies to their findings ------------------------------------------------------------------------------------------


def test_a_reply_follows_its_row_when_rows_were_put_in_above() -> None:
    before = one(changed(set_("individuals", 901)))
    fiche = changed(set_("individuals", 901))
    fiche.sheets["PDI"].insert(2, [stock("Tominian", "Tominian", 8, 41).get(name) for name in IDP.names])
    after = one(fiche)
    assert [finding.cell for finding in after.findings] == ["G4"]
    answer = Answered(SHA, 1, None, (Reply("SIZE_UNUSUAL", "PDI", "G3", "familles élargies"),))
    assert [f.reply for f in correction.with_replies(after, answer, before).findings] == ["familles élargies"]
    assert [f.reply for f in correction.with_replies(after, answer, None).findings] == [None]


def test_a_reply_holds_in_a_plain_next_version_only_for_the_same_value() -> None:
    before = one(changed(set_("individuals", 901)))
    before = replace(before, findings=tuple(replace(f, reply="familles élargies") for f in before.findings))
    same, other = (one(changed(set_("individuals", value), identify("version", 2))) for value in (901, 902))
    assert [f.reply for f in correction.with_replies(same, None, before).findings] == ["familles élargies"]
    assert [f.reply for f in correction.with_replies(other, None, before).findings] == [None]


def test_findings_of_one_rule_without_a_cell_keep_their_own_replies() -> None:
    fiche = changed(lambda f: f.drop_column(IDP, "basis"), lambda f: f.drop_column(IDP, "observed_on"))
    after = one(fiche)
    replies = (
        Reply("COLUMN_MISSING", "PDI", None, "date", "Date du chiffre"),
        Reply("COLUMN_MISSING", "PDI", None, "base", "Base du chiffre"),
    )
    told = correction.with_replies(after, Answered(SHA, 1, None, replies), None)
    assert {f.params["column"]: f.reply for f in told.findings} == {"Base du chiffre": "base", "Date du chiffre": "date"}


def test_findings_of_the_month_are_answered_by_their_place() -> None:
    found = [PeriodFinding(Finding("CHANGE_LARGE", Effect.JUSTIFY, "PDI", "G9"), place) for place in ("C027", "C025")]
    first = Answered(SHA, 1, None, (Reply("CHANGE_LARGE", "PDI", "G3", "avant", "C027"),))
    last = Answered(SHA, 2, None, (Reply("CHANGE_LARGE", "PDI", "G3", "après", "C027"),))
    assert [item.finding.reply for item in correction.with_month_replies(found, (first, last))] == ["après", None]


def test_replies_are_written_on_the_findings_of_the_file_answered() -> None:
    findings = (point("SIZE_UNUSUAL", Effect.JUSTIFY), point("SIZE_UNUSUAL", Effect.JUSTIFY))
    answer = Answered(SHA, 1, None, (Reply("SIZE_UNUSUAL", "PDI", "G3", "oui"),))
    assert list(correction.replies_by_finding(findings, answer)) == [(0, "oui")]


# --- what changed since -------------------------------------------------------------------------------------------------


def changes(before: Fiche, after: Fiche) -> list[tuple[Any, ...]]:
    since = correction.since(one(before), one(after))
    assert since is not None
    assert since.changes is not None
    return [(c.kind, c.sheet, c.cell, c.field, c.before, c.after) for c in since.changes]


def test_points_are_corrected_remain_or_are_new() -> None:
    before = one(changed(set_("individuals", 99), set_("individuals", "x", 1), set_("code", "ML9999")))
    after = one(changed(set_("individuals", 99), set_("basis", "devinette", 2), identify("version", 2)))
    since = correction.since(before, after)
    assert since is not None
    assert [(f.code, f.cell) for f in since.corrected] == [("COUNT_NOT_NUMBER", "G4")]
    assert [(f.code, f.cell) for f in since.remaining] == [("HOUSEHOLDS_OVER_INDIVIDUALS", "F3")]
    assert [(f.code, f.cell) for f in since.new] == [("CHOICE_UNKNOWN", "AA5")]
    assert (since.file, since.version) == ("fiche-1.xlsx", 1)


def test_a_changed_cell_is_told_with_both_values() -> None:
    assert changes(changed(), changed(set_("individuals", 521))) == [("cell", "PDI", "G3", "individuals", 520, 521)]


def test_what_could_not_be_read_is_quoted_as_it_was() -> None:
    assert changes(changed(set_("individuals", "environ 520")), changed()) == [
        ("cell", "PDI", "G3", "individuals", "environ 520", 520)
    ]


def test_a_row_put_in_changes_no_other_row() -> None:
    fiche = changed()
    fiche.sheets["PDI"].insert(3, [stock("Tominian", "Tominian", 8, 41).get(name) for name in IDP.names])
    added = {"cercle": "Tominian", "commune": "Tominian", "households": 8, "individuals": 41}
    assert changes(changed(), fiche) == [(Change.ADDED, "PDI", "A4", None, None, added)]
    assert changes(fiche, changed()) == [(Change.REMOVED, "PDI", "A4", None, added, None)]


def test_a_row_whose_place_was_corrected_is_the_same_row() -> None:
    assert changes(changed(set_("cercle", "Tamalagou", 1)), changed()) == [("cell", "PDI", "A4", "cercle", "Tamalagou", "Niono")]


def test_another_row_in_its_place_is_another_row() -> None:
    other = changed(
        lambda f: f.drop_row(IDP, 3),
        add(IDP, **stock("Tominian", "Mafouné", 99, 500, basis="évaluation", observed_on=date(2019, 12, 2), level="commune")),
    )
    assert [item[0] for item in changes(changed(), other)] == [Change.ADDED, Change.REMOVED]


def test_the_visa_is_compared_and_persons_are_not_named() -> None:
    before = changed(identify("validated", "non"), identify("minutes_number", None))
    after = changed(identify("prepared_by", "Awa Traoré"))
    assert changes(before, after) == [
        ("cell", None, None, "prepared_by", None, None),
        ("cell", None, None, "validated", False, True),
        ("cell", None, None, "minutes_number", None, "PV-04"),
    ]


def test_a_refused_version_has_no_cells_to_compare() -> None:
    refused, good = one(changed(lambda f: f.drop_column(IDP, "basis"))), one(changed())
    since = correction.since(refused, good)
    assert since is not None
    assert (since.changes, [f.code for f in since.corrected]) == (None, ["COLUMN_MISSING"])


def test_nothing_is_said_of_a_version_with_personal_data() -> None:
    personal = one(changed(lambda f: f.add_column(IDP, "Téléphone", "76 00 00 00")))
    assert correction.since(personal, one(changed())) is None
    assert correction.since(one(changed()), personal) is None


def test_a_version_follows_the_one_it_answers_or_else_the_one_below() -> None:
    v1, v2 = one(changed()), one(changed(identify("version", 2), set_("individuals", 521)))
    other = one(changed(identify("version", 1), identify("region", "Gao")))
    plain = one(changed(identify("version", 4)))
    assert correction.previous_of(plain, [v1, v2, other]) is v2
    assert correction.previous_of(v1, [v2, other]) is None
    answering = replace(plain, file=with_list(changed(), sha256=v1.file.sha256))
    assert correction.previous_of(answering, [v1, v2]) is v1
    assert correction.previous_of(answering, [v2]) is v2


@pytest.mark.parametrize(
    ("value", "field", "text"),
    [
        (1250, "individuals", "1\u202f250"),
        (None, "individuals", "—"),
        (True, "validated", "oui"),
        ("registration", "basis", "enregistrement"),
        ("devinette", "basis", "devinette"),
        (date(2019, 12, 31), "observed_on", "31/12/2019"),
        ({"cercle": "Bla", "households": 10}, None, "Bla, 10 ménages"),
    ],
)
def test_values_are_said_in_french(value: Any, field: str | None, text: str) -> None:
    assert correction.said(value, field) == text


def test_a_change_goes_by_the_title_of_its_column() -> None:
    assert correction.label(Change("cell", "PDI", "G3", "individuals", 1, 2)) == "Individus"
    assert correction.label(Change("cell", None, None, "minutes_number", 1, 2)) == IDENTIFICATION["minutes_number"].label.fr
    assert correction.label(Change(Change.ADDED, "PDI", "A4", None, None, {})) == ""


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (Change("cell", "PDI", "G3", "individuals", 520, None), "Individus : 520 → —"),
        (Change("cell", None, None, "prepared_by", None, None), "Préparé par : modifié"),
        (Change(Change.ADDED, "PDI", "A4", None, None, {"cercle": "Bla", "individuals": 53}), "Bla, 53 individus"),
        (Change(Change.REMOVED, "PDI", "A4", None, {"cercle": "Bla"}, None), "Bla"),
    ],
)
def test_a_change_is_one_sentence(change: Change, sentence: str) -> None:
    assert correction.change_sentence(change) == sentence


def test_what_a_version_changed_is_counted_in_one_sentence() -> None:
    since = correction.since(one(changed(set_("individuals", "x"))), one(changed()))
    assert since is not None
    assert correction.since_sentence(since).endswith("— Points corrigés : 1 ; points qui restent : 0 ; nouveaux points : 0.")
    assert correction.since_sentence(since, "en").startswith("What changed since version 1 (fiche-1.xlsx)")


def test_a_sheet_without_the_mark_has_no_lines() -> None:
    assert list(correction.lines(Sheet("À corriger", (("N°", "Votre réponse"),)))) == []
