"""A month on its way to publication, in three states: drafted, signed and published. What the tests of publication start from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from pipelines import publication
from pipelines.model import Period
from pipelines.publication import Act, Refused, Signing
from schemas import fields
from schemas.codes import MemberReply, Promise
from tests.flow.months import GAO, MONTH, MOPTI, SEGOU, Folder, fiche_of

NOW = datetime(2020, 2, 20, 9, tzinfo=UTC)
COMPILER, DIRECTOR = "Aminata Coulibaly", "Mamadou Diarra"
MEETING = date(2020, 1, 13)
REASON = "vérifié avec la direction régionale"
DIFFUSION = f"processed/{MONTH}/diffusion"


def act(folder: Folder, by: str = COMPILER, on: date = date(2020, 1, 9)) -> Act:
    return Act(Period.parse(MONTH), folder.settings, by, on, NOW)


def signing(**more: Any) -> Signing:
    return Signing(**{"function": "Directeur national", "meeting_on": MEETING, "minutes_number": "12/2020", **more})


def refusal(call: Callable[..., Any], *args: Any, **named: Any) -> list[str]:
    """The keys of what refuses an act; nothing was refused when it is empty."""
    try:
        call(*args, **named)
    except Refused as why:
        return [key for key, _ in why.reasons]
    return []


@pytest.fixture(scope="session")
def drafted(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """Three regions of ten have sent their return; seven never did, and have nothing to carry forward."""
    folder = Folder(tmp_path_factory.mktemp("drafted") / "data")
    segou = fiche_of("Ségou", SEGOU).set(fields.IDP, "individuals", 2000)  # twenty persons a household: to be explained
    for name, fiche in (
        ("segou", segou),
        ("mopti", fiche_of("Mopti", MOPTI)),
        ("gao", fiche_of("Gao", GAO).identify("validated", "non")),
    ):
        folder.receive(f"{name}.xlsx", fiche.workbook())
    folder.consolidate()
    publication.make_key(folder.settings)
    return folder


def explained(folder: Folder) -> None:
    """All that the gate asks of the drafted month but the signature."""
    publication.justify(act(folder), REASON)
    for region in ("R01", "R02", "R03", "R06", "R08", "R09", "R10"):
        publication.waive(act(folder, DIRECTOR), Promise.RETURN, region, date(2020, 3, 31), "pas de fiche attendue")
    publication.waive(act(folder, DIRECTOR), Promise.VISA, "R07", date(2020, 3, 31), "visa attendu")


@pytest.fixture(scope="session")
def signed(drafted: Folder, tmp_path_factory: pytest.TempPathFactory) -> Folder:
    folder = drafted.copy(tmp_path_factory.mktemp("signed") / "data")
    explained(folder)
    publication.circulate(act(folder))
    publication.reply_of_member(act(folder), "OIM", MemberReply.AGREED, None)
    publication.reply_of_member(act(folder), "HCR", MemberReply.RESERVATION, "rapatriés à rapprocher")
    publication.sign(act(folder, DIRECTOR, MEETING), signing(present=("OIM",), others=(("Awa Traoré", "Présidente"),)))
    return folder


@pytest.fixture(scope="session")
def published(signed: Folder, tmp_path_factory: pytest.TempPathFactory) -> Folder:
    folder = signed.copy(tmp_path_factory.mktemp("published") / "data")
    publication.publish(act(folder, DIRECTOR, date(2020, 1, 15)))
    return folder


def files(folder: Folder, revision: int = 1) -> dict[str, bytes]:
    """The files of a revision, the copy of the store aside: it is a database."""
    root = folder.root / DIFFUSION / f"revision-{revision}"
    found = sorted(path for path in root.rglob("*") if path.is_file() and path.suffix != ".sqlite" and path.name[0] != ".")
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in found}
