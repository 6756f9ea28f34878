"""The minutes of the CMP meeting: all that was said stands in them, and nothing that was not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from docx import Document

from pipelines.io.letterhead import Sender
from pipelines.io.minutes import (
    Answer,
    Before,
    Headline,
    Meeting,
    OfRegion,
    Participant,
    Revised,
    Signed,
    Taken,
    Waived,
    minutes,
    minutes_name,
)
from pipelines.io.minutes_of_release import meeting
from pipelines.io.store import Store
from pipelines.io.store.releases import Opening, Signature
from pipelines.model import Compared, Period
from pipelines.release import Reply, Reservation
from schemas import texts
from schemas.codes import (
    Action,
    Measure,
    MemberKind,
    MemberReply,
    NoticeReply,
    PopulationGroup,
    Promise,
    ReservationKind,
    RevisionReason,
    Unit,
)
from tests.months_disputed import DISPUTED, copied, frozen
from tests.months_settled import CHANGED, consolidated, decision
from tests.store.samples import NOW, decide

DECEMBER = Period(2019, 12)
SENDER = Sender("Ministère de la Santé et du Développement social", "Le Directeur national du Développement social")
HELD = date(2020, 1, 12)
IDP, STOCK, PERSONS = PopulationGroup.IDP, Measure.STOCK, Unit.INDIVIDUAL

MEETING = Meeting(
    DECEMBER, 1, HELD, "12/2020/CMP",
    participants=(
        Participant("Croix-Rouge malienne", MemberKind.OTHER, True), Participant("OIM", MemberKind.UN, False),
        Participant("DNDS", MemberKind.STATE, True, "Awa Traoré", "point focal"), Participant("HCR", MemberKind.UN, True),
    ),
    signatories=(Signed("Moussa Coulibaly", "Directeur national du Développement social"), Signed("Fanta Keïta", "Présidente de la CMP")),
    headlines=(Headline(IDP, STOCK, PERSONS, 207751, 199385), Headline(IDP, STOCK, Unit.HOUSEHOLD, 35000)),
    regions=(
        OfRegion("Ségou", 2, visa_by="Gouverneur de Ségou", visa_on=date(2020, 1, 4), visa_number="PV n° 3/2020"),
        OfRegion("Ménaka", received_in="Gao", reply=NoticeReply.CONTESTED, reply_reason="17 000 et non 17 758", waivers=(
            Waived(Promise.VISA, "Moussa Coulibaly", date(2020, 1, 10), date(2020, 2, 29), "Accès coupé en décembre"),)),
        OfRegion("Kidal", carried=1250),
    ),
    decisions=(
        Taken(1, "C025", "DTM compte 9 000 individus dans le cercle de Niono.", (
            Compared("Fiche", 12000, "individual", "2019-12-31"), Compared("NRC", 9100, "individual", "2019-12-30")),
            Action.TAKE_SOURCE, "NRC", "Awa Traoré", HELD, "Liste vérifiée avec le service local", -2900),
        Taken(2, "R04", "Le chiffre ne bouge plus depuis 3 mois.", (), Action.KEEP, None, "Awa Traoré", HELD, "Compté de nouveau"),
    ),
    answers=(
        Answer("OIM", MemberReply.NONE), Answer("HCR", MemberReply.AGREED, None, "J. Diallo", date(2020, 1, 11)),
        Answer("NRC", MemberReply.RESERVATION, "Niono reste à évaluer", "S. Maïga", date(2020, 1, 11)),
    ),
    due=date(2020, 1, 11), reservations=((ReservationKind.MEMBER, "NRC : Niono reste à évaluer."),),
    compared_with=Before(Period(2019, 11), 1), fingerprint="3f2a-91c0-77de-04b1-aa52",
)  # fmt: skip


def text_of(content: bytes) -> str:
    document = Document(BytesIO(content))
    rows = [" | ".join(cell.text for cell in line.cells) for table in document.tables for line in table.rows]
    text = "\n".join([*(paragraph.text for paragraph in document.paragraphs), *rows])
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def test_all_that_was_said_stands_in_them() -> None:
    said = text_of(minutes(MEETING, SENDER))
    for part in (
        "PROCÈS-VERBAL DE LA RÉUNION DE LA CMP", "12/2020/CMP | 12/01/2020 | décembre 2019 | 1", "3 organisations présentes, 1 absente.",
        "Services de l'État | DNDS | Awa Traoré, point focal | présente", "| OIM | — | absente",
        "Chiffre | Arrêté | Publication de novembre 2019, révision 1 | Évolution | En %", "empreinte est : 3f2a-91c0-77de-04b1-aa52. Qui reçoit",
        "PDI, effectif (individus) | 207 751 | 199 385 | +8 366 | +4,2 %", "PDI, effectif (ménages) | 35 000 | pas de chiffre | — | —",
        "Ségou | Reçue, version 2 | Gouverneur de Ségou, le 04/01/2020 (PV n° 3/2020) | —",
        "Ménaka | Lignes reçues dans la fiche de Gao | Sans visa | validation régionale : accordée par Moussa Coulibaly le 10/01/2020, "
        "jusqu'au 29/02/2020 ; « Accès coupé en décembre »",
        "région de Ménaka : contesté : « 17 000 et non 17 758 »", "Kidal | Non reçue\nReconduction : 1 250 personnes | Sans visa",
        "1 | Niono (région de Ségou)\nDTM compte 9 000 individus dans le cercle de Niono. | Fiche : 12 000 individus, au 31/12/2019\n"
        "NRC : 9 100 individus, au 30/12/2019 | Prendre la valeur d'une autre source (NRC)\nPar Awa Traoré, le 12/01/2020\n"
        "Motif : « Liste vérifiée avec le service local » | −2 900",
        "« Compté de nouveau » | aucun chiffre ne change", "1 décision change un chiffre ; effet : −2 900 personnes.",
        "NRC | Réserve | Niono reste à évaluer | S. Maïga, 11/01/2020", "OIM | Sans réponse à l'échéance | — | —",
        "–  Réserve d'un membre : NRC : Niono reste à évaluer.", "Fanta Keïta | Présidente de la CMP",
    ):  # fmt: skip
        assert part in said, part
    assert "révision remplace" not in said


def test_a_revision_says_why_and_what_it_changes_by_region() -> None:
    revised = Revised(RevisionReason.LATE_RETURN, "La fiche de Ségou est arrivée le 20 janvier", "diffusion 2019-12, révision 1", (
        ("Ségou", 40, 90), ("Gao", 100, 100), ("Kidal", None, 7)))  # fmt: skip
    said = text_of(minutes(replace(MEETING, revision=2, revised=revised), SENDER))
    assert (
        "Cette révision remplace : diffusion 2019-12, révision 1. Motif : fiche arrivée en retard — « La fiche de Ségou" in said
    )
    assert "Ségou | 40 | 90 | +50" in said
    assert "Kidal | pas de chiffre | 7 | +7" in said
    assert "Gao | 100" not in said
    assert "Effet net pour le pays |  |  | +57" in said
    assert "Décisions prises depuis la signature de : diffusion 2019-12, révision 1." in said
    unmoved = replace(revised, by_region=(("Gao", 1, 1),))
    assert "Aucun total régional" in text_of(minutes(replace(MEETING, revised=unmoved), SENDER))


def test_what_did_not_happen_is_said_as_that() -> None:
    bare = Meeting(DECEMBER, 1, HELD, "1", (), (), (), ())
    said = text_of(minutes(bare, SENDER))
    for part in ("Aucun participant", "Aucune publication antérieure", "Aucune décision", "Aucun membre", "sans réserve"):
        assert part in said, part


def test_same_meeting_gives_the_same_bytes_dated_of_its_day() -> None:
    content = minutes(MEETING, SENDER)
    assert content == minutes(MEETING, SENDER)
    told = Document(BytesIO(content)).core_properties
    assert (told.author, told.created.date()) == ("DNDS", HELD)
    assert minutes_name(DECEMBER, 2) == "PV_CMP_2019-12_r2.docx"


def test_they_are_filled_from_the_release_that_was_signed(made: Path, tmp_path: Path) -> None:
    people = (("DNDS", "state", False), ("HCR", "un", False), ("OIM", "un", False))

    def signed(store: Store, reason: RevisionReason | None = None) -> None:
        why = "Décision n° 1 reprise" if reason else None
        opening = Opening("Fatou Diarra", date(2020, 1, 13), date(2020, 1, 14), "s", "v", reason, why)
        store.circulate(DECEMBER, opening, (), at=NOW)
        signature = Signature(
            "Moussa Coulibaly", "Directeur national", date(2020, 1, 15), HELD, "12/2020", None,
            others=(("J. Diallo", "Représentant du HCR"),), participants=people,
        )  # fmt: skip
        store.sign(DECEMBER, signature, at=NOW)

    with Store.open(copied(made, tmp_path).store_url) as store:
        consolidated(store, decision_id=1, compared_with="projet 2019-11 (non publié)")
        store.circulate(DECEMBER, Opening("Fatou Diarra", date(2020, 1, 13), date(2020, 1, 14), "s", "v"), (), at=NOW)
        with pytest.raises(ValueError, match="nobody signed"):
            meeting(store, store.releases(DECEMBER)[0], regions=(), replies=(), said=())
        store.send_back(DECEMBER, by="Fatou Diarra", on=date(2020, 1, 13), reason="à revoir", at=NOW)
        signed(store)
        [first] = store.releases(DECEMBER)
        replies = (Reply("OIM", MemberReply.NONE),)
        said = ((Reservation(ReservationKind.NO_REPLY, "reservation_no_reply_one", {}), "OIM n'a pas répondu."),)
        held = meeting(store, first, regions=(), replies=replies, said=said)
        store.publish(DECEMBER, by="Moussa Coulibaly", on=date(2020, 1, 15), grades=False, threshold=10, said=said, written=(), approved=first, at=NOW)  # fmt: skip
        consolidated(
            store,
            (*DISPUTED[:-1], frozen(values=DISPUTED[-1].values[:1], fingerprint="f-new")),
            decision_id=None,
            dataset_sha256="e" * 64,
        )
        [new] = decide(store, decision("aa11aa11aa11", Action.KEEP, on=date(2020, 1, 15)))
        then = meeting(store, store.releases(DECEMBER)[0], regions=(), replies=(), said=())
        signed(store, RevisionReason.DECISION)
        later = meeting(store, store.releases(DECEMBER)[1], regions=(), replies=(), said=())
    assert [(item.number, item.action, item.effect) for item in held.decisions] == [
        (1, Action.TAKE_SOURCE, CHANGED), (2, Action.KEEP, None),
    ]  # fmt: skip
    assert held.headlines[0] == Headline(IDP, STOCK, PERSONS, 200_000, 200_000)
    assert [(one.organisation, one.present, one.name) for one in held.participants] == [
        ("DNDS", True, None), ("HCR", True, "J. Diallo"), ("OIM", False, None),
    ]  # fmt: skip
    assert held.signatories[0] == Signed("Moussa Coulibaly", "Directeur national")
    assert (held.revised, held.reservations) == (None, ((ReservationKind.NO_REPLY, "OIM n'a pas répondu."),))
    assert held.compared_with == Before(Period(2019, 11))
    assert "Projet de novembre 2019 (non publié)" in text_of(minutes(held, SENDER))
    # the first decision was taken back by nothing, and told in the first minutes; that of the day of the signature came after it
    assert [item.number for item in later.decisions] == [new]
    assert later.compared_with == Before(DECEMBER, 1)
    assert [item.sentence.split(" ;")[-1] for item in then.decisions if item.number == 2] == [
        " chiffres du jour de la décision, changés depuis"
    ]
    assert later.revised is not None
    assert (later.revised.replaces, later.revised.by_region[0]) == ("diffusion 2019-12, révision 1", ("Ségou", 40, 40))
    assert "« Liste vérifiée avec le service local »" in text_of(minutes(held, SENDER))


def test_a_number_of_minutes_is_not_named_twice() -> None:
    said = [
        texts.minutes_number(text)
        for text in ("PV n° 01/2019-12/DRDSES", "PV 7", "n° 12", "Procès-verbal n°3", "12/2020/CMP", "PVC-4", "PV")
    ]
    assert said == ["01/2019-12/DRDSES", "7", "12", "3", "12/2020/CMP", "PVC-4", "PV"]
