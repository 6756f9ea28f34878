"""The life of a release: who may move what, what refuses a publication, and in spite of what it happens."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import product

import pytest

from pipelines.release import (
    TRANSITIONS,
    Point,
    RegionState,
    Reply,
    Situation,
    Visa,
    Waiver,
    finding_key,
    may_move,
    moves_from,
    obstacles,
    replies_of,
    reservations,
    same_person,
    state_of,
)
from schemas import texts
from schemas.codes import Effect, MemberReply, Promise, ReleaseState, ReservationKind, Role

S = ReleaseState
DAY = date(2020, 1, 15)
SEGOU = RegionState("R04", "Ségou", received=True, visa=True)
WAIVER = Waiver(Promise.VISA, "R08", "Awa Traoré", date(2020, 1, 9), date(2020, 3, 31), "accès impossible")


def ready(**more: object) -> Situation:
    """A signed month in whose way nothing stands."""
    fields: dict[str, object] = {
        "period": "2019-12", "revision": 1, "state": S.SIGNED, "on": DAY, "by": "Mamadou Diarra", "compiled_by": "Aminata Coulibaly",
        "embargo_until": DAY, "regions": (SEGOU,), "findings": (), "discrepancies": (), "waivers": (), "replies": (),
    }  # fmt: skip
    return Situation(**{**fields, **more})  # type: ignore[arg-type]


def keys(seen: Situation) -> list[str]:
    return [item.key for item in obstacles(seen)]


# --- states ---------------------------------------------------------------------------------------------------------------


def test_a_release_moves_as_the_table_says_and_no_other_way() -> None:
    listed = {(move.start, move.end) for move in TRANSITIONS}
    assert all(may_move(start, end) is ((start, end) in listed) for start, end in product((None, *S), S))


def test_nothing_leads_out_of_a_published_release() -> None:
    assert moves_from(S.PUBLISHED) == ()
    assert moves_from(S.SUPERSEDED) == ()


def test_only_the_publisher_signs_and_publishes() -> None:
    assert {move.role for move in TRANSITIONS if move.end in (S.SIGNED, S.PUBLISHED, S.SUPERSEDED)} == {Role.PUBLISHER}


def test_every_condition_has_its_text() -> None:
    assert all(texts.message(move.condition, lang) for move in TRANSITIONS for lang in texts.LANGUAGES)


@pytest.mark.parametrize(("revision", "last", "seen"), [(1, 2, S.SUPERSEDED), (2, 2, S.PUBLISHED), (1, None, S.PUBLISHED)])
def test_superseded_follows_from_a_later_revision(revision: int, last: int | None, seen: S) -> None:
    assert state_of(S.PUBLISHED, revision, last) is seen
    assert state_of(S.SIGNED, revision, last) is S.SIGNED


@pytest.mark.parametrize(
    "other",
    [
        "aminata COULIBALY", "Coulibaly, Aminata", "Aminatà  Coulibaly", "Mme Aminata Coulibaly", "A. Coulibaly", "AminataCoulibaly",
        "Aminata Coulibaly (DNDS)", "Aminata Coulibaly, DNDS",
    ],
)  # fmt: skip
def test_a_person_is_known_however_the_name_is_typed(other: str) -> None:
    assert same_person("Aminata Coulibaly", other)
    assert same_person(other, "Aminata Coulibaly")


@pytest.mark.parametrize(
    "other", ["Aminata Diarra", "Amadou Coulibaly", "B. Coulibaly", "Coulibaly", "A. C.", "", " . ", None, "M. (illustratif)"]
)
def test_another_person_is_another(other: str | None) -> None:
    assert not same_person("Aminata Coulibaly", other)
    assert not same_person(other, other) or other


# --- the gate -------------------------------------------------------------------------------------------------------------


def test_nothing_stands_in_the_way_of_a_month_that_is_ready() -> None:
    assert obstacles(ready()) == ()
    assert reservations(ready()) == ()


KIDAL = RegionState("R08", "Kidal", received=True)
MENAKA = RegionState("R10", "Ménaka", received=False, received_in="Gao")
SILENT = RegionState("R01", "Kayes", received=False, carried=1000)
FINDING = Point("CODE_WRONG", Effect.JUSTIFY, "Kayes PDI C8", "…", 1326, explained=False)
GAP = Point("SOURCE_GAP", Effect.JUSTIFY, "Djenné", "…", 854, explained=False, id="abc")


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"state": S.CIRCULATED}, ["not_signed"]),
        ({"state": None}, ["not_circulated"]),
        ({"state": S.DRAFT}, ["not_circulated"]),
        ({"acts_left_out": True, "draft_moved": True}, ["acts_left_out"]),
        ({"draft_moved": True}, ["draft_moved"]),
        ({"has_key": False}, ["no_key"]),
        ({"by": "coulibaly aminata"}, ["four_eyes"]),
        ({"regions": (KIDAL,)}, ["no_visa"]),
        ({"regions": (KIDAL,), "waivers": (WAIVER,)}, []),
        ({"regions": (KIDAL,), "waivers": (replace(WAIVER, expires_on=date(2020, 1, 14)),)}, ["waiver_expired"]),
        ({"regions": (KIDAL,), "waivers": (replace(WAIVER, granted_on=date(2020, 1, 16)),)}, ["no_visa"]),
        ({"regions": (KIDAL,), "waivers": (replace(WAIVER, region_id="R07"),)}, ["no_visa"]),
        ({"regions": (MENAKA,)}, ["told_by_another"]),
        ({"regions": (SILENT,)}, ["not_carried"]),
        ({"regions": (replace(SILENT, carry_decided=True),)}, []),
        ({"regions": (replace(SILENT, carried=None),)}, ["no_return"]),
        ({"regions": (replace(SILENT, carried=None),), "waivers": (replace(WAIVER, promise=Promise.RETURN, region_id="R01"),)}, []),
        ({"findings": (FINDING,)}, ["finding_unexplained"]),
        ({"findings": (replace(FINDING, explained=True),)}, []),
        ({"findings": (replace(FINDING, stake=49),)}, []),
        ({"findings": (replace(FINDING, stake=50),)}, ["finding_unexplained"]),
        ({"findings": (replace(FINDING, stake=None),)}, ["finding_unexplained"]),
        ({"findings": (replace(FINDING, effect=Effect.INFORM),)}, []),
        ({"findings": (replace(FINDING, effect=Effect.BLOCK_PUBLICATION, explained=True),)}, ["finding_blocks"]),
        ({"findings": (replace(FINDING, code="VISA_MISSING", effect=Effect.BLOCK_PUBLICATION),)}, []),
        ({"findings": (replace(FINDING, code="RETURN_MISSING", effect=Effect.BLOCK_PUBLICATION),)}, []),
        ({"discrepancies": (GAP,)}, ["discrepancy_unexplained"]),
        ({"discrepancies": (replace(GAP, explained=True),)}, []),
        ({"discrepancies": (replace(GAP, stake=10),)}, []),
        ({"discrepancies": (replace(GAP, effect=Effect.BLOCK_PUBLICATION, stake=1),)}, ["discrepancy_blocks"]),
        ({"discrepancies": (replace(GAP, code="RETURN_CARRIED", effect=Effect.BLOCK_PUBLICATION),)}, []),
        ({"bridge_holds": False}, ["bridge"]),
        ({"dataset_holds": False}, ["dataset"]),
        ({"embargo_until": date(2020, 1, 16)}, ["embargo"]),
        ({"embargo_until": None}, []),
    ],
)  # fmt: skip
def test_the_gate_names_each_reason(more: dict[str, object], expected: list[str]) -> None:
    assert keys(ready(**more)) == expected


def test_the_gate_names_all_reasons_at_once_and_each_says_what_to_do() -> None:
    seen = ready(
        state=S.CIRCULATED, by="Aminata Coulibaly", regions=(KIDAL, MENAKA, SILENT, replace(SILENT, carried=None)), findings=(FINDING,),
        discrepancies=(GAP,), bridge_holds=False, dataset_holds=False, embargo_until=date(2020, 2, 1),
    )  # fmt: skip
    assert len(keys(seen)) == len(set(keys(seen))) == 11
    for item in obstacles(seen):
        for lang in texts.LANGUAGES:
            assert texts.message(f"gate_{item.key}", lang, **item.params)
            assert texts.message(f"gate_{item.key}_do", lang, **item.params)


# --- reservations ---------------------------------------------------------------------------------------------------------


def test_what_is_published_all_the_same_is_said() -> None:
    seen = ready(
        regions=(
            replace(KIDAL, rows_rejected=2), MENAKA, replace(SILENT, carry_decided=True), replace(SEGOU, rows_rejected=1),
            RegionState("R09", "Bamako", received=False),
        ),
        waivers=(WAIVER, replace(WAIVER, region_id="R10"), replace(WAIVER, region_id="R09", promise=Promise.RETURN)),
        replies=(Reply("HCR", MemberReply.RESERVATION, "à vérifier"), Reply("OIM", MemberReply.AGREED), Reply("PAM", MemberReply.NONE)),
        contested={"Gao": "Ménaka doit rester dans Gao"},
        findings=(replace(FINDING, stake=7), replace(FINDING, stake=8), FINDING), discrepancies=(replace(GAP, stake=9),),
    )  # fmt: skip
    said = reservations(seen)
    kind = ReservationKind
    assert [item.kind for item in said] == [
        kind.WAIVER, kind.ROW_REJECTED, kind.WAIVER, kind.CARRIED_FORWARD, kind.ROW_REJECTED, kind.WAIVER, kind.MEMBER, kind.NO_REPLY, kind.CONTESTED, kind.FINDING,
        kind.DISCREPANCY,
    ]  # fmt: skip
    sentences = [texts.message(item.key, "fr", **item.params) for item in said]
    assert sentences[-2:] == [
        "2 constats à justifier, chacun de moins de 50 personnes, sont sans explication (15 personnes en tout).",
        "Un écart ouvert, de moins de 50 personnes, n'est pas décidé (9 personnes).",
    ]
    assert all(texts.message(item.key, "en", **item.params) for item in said)


def test_the_waiver_that_lasts_longest_is_the_one_said() -> None:
    longer = replace(WAIVER, expires_on=date(2020, 6, 30), granted_by="Ministre")
    assert ready(waivers=(longer, WAIVER)).waiver(Promise.VISA, "R08") == longer


def test_silence_is_a_reply_only_after_the_deadline() -> None:
    given = [Reply("OIM", MemberReply.RESERVATION, "…"), Reply("OIM", MemberReply.AGREED)]
    replies, awaited = replies_of(("OIM", "PAM"), given, DAY, DAY)
    assert (replies, awaited) == ((given[1],), ("PAM",))
    replies, awaited = replies_of(("OIM", "PAM"), given, date(2020, 1, 16), DAY)
    assert (replies, awaited) == ((given[1], Reply("PAM", MemberReply.NONE)), ())


# --- what people gave -----------------------------------------------------------------------------------------------------


def test_a_visa_is_bound_to_the_file_its_totals_and_another_person() -> None:
    visa = Visa("R08", "aa", {"idp": [5, 369, 1566]}, "Moussa Touré", DAY, "3/2020")
    assert visa.holds_for("aa", {"idp": [5, 369, 1566]}, "Issa Keïta")
    assert not visa.holds_for("bb", {"idp": [5, 369, 1566]}, "Issa Keïta")
    assert not visa.holds_for("aa", {"idp": [5, 369, 1567]}, "Issa Keïta")
    assert not visa.holds_for("aa", {"idp": [5, 369, 1566]}, "Touré Moussa")


def test_an_explanation_is_given_to_a_finding_as_it_stands() -> None:
    key = finding_key("CODE_WRONG", "R01", "PDI", "C8", 8, "MLI003005", {"name": "Kita"})
    assert key == finding_key("CODE_WRONG", "R01", "PDI", "C8", 8, "MLI003005", {"name": "Kita"})
    assert key != finding_key("CODE_WRONG", "R01", "PDI", "C8", 8, "MLI003006", {"name": "Kita"})
