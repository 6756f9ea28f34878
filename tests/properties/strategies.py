"""Sheets and months as people might send them: right, wrong, half filled, in any order."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from schemas import fields
from schemas.fields import IDP, MOVEMENT, ORIGIN, RETURNEE
from tests.fiche import GAZETTEER, PERIOD_END, Fiche, stock

MODEST = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example, HealthCheck.data_too_large],
)
"""Enough to meet every kind of row, the same examples on every machine; shrinking a whole month would take minutes."""

REGIONS = ("R04", "R07", "R10")
FOREIGN = {"R04": "Mopti", "R07": "Ménaka", "R10": "Gao"}

CELLS = st.one_of(
    st.none(),
    st.integers(-50, 5000),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.dates(date(2018, 1, 1), date(2021, 1, 1)),
    st.text(max_size=12),
    st.sampled_from(
        [
            "Total",
            "Sous-total",
            "TOTAL GENERAL",
            "N/A",
            "-",
            "Ségou",
            "SEGOU",
            "Niono",
            "Gao",
            "Bla",
            "commune",
            "cercle entier",
            "site",
            "enregistrement",
            "alerte",
            "oui",
            "Ménages",
            "Individus",
            "Cercle",
            "1 250",
            "31/12/2019",
            "ML0406",
            "#REF!",
            "arrivée",
            "correction",
            "déplacement secondaire",
            "ménages",
        ]
    ),
)


@st.composite
def likely_rows(draw: st.DrawFn, table: fields.Table) -> list[Any]:
    """A row whose cells are mostly of the kind their column asks for."""
    right = {
        "cercle": "Bla",
        "commune": "Bla",
        "level": "cercle entier",
        "households": 10,
        "individuals": 50,
        "basis": "enregistrement",
        "observed_on": PERIOD_END,
        "origin_region": "Mopti",
        "movement": "arrivée",
        "to_cercle": "Bla",
        "site": "École",
    }
    kept = draw(st.sets(st.sampled_from(table.names)))
    spoilt = draw(st.dictionaries(st.sampled_from(table.names), CELLS, max_size=3))
    return [spoilt.get(name, right.get(name) if name not in kept else None) for name in table.names]


@st.composite
def sheets(draw: st.DrawFn, table: fields.Table) -> list[list[Any]]:
    """A banner, a header that may have lost or gained columns, and rows of every kind."""
    header: list[Any] = [item.label.fr for item in table.fields]
    for at in draw(st.sets(st.integers(0, len(header) - 1), max_size=2)):
        header[at] = draw(CELLS)
    header += draw(st.lists(CELLS, max_size=2))
    row = st.one_of(
        likely_rows(table),
        st.lists(CELLS, max_size=len(header) + 1),
        st.just([]),
        st.just(["Total", *[None] * 4, 10, 50]),
        st.just(list(header)),
    )
    banner = draw(st.lists(st.lists(CELLS, max_size=2), max_size=2))
    return [*banner, header, *draw(st.lists(row, max_size=12))]


@st.composite
def any_fiches(draw: st.DrawFn) -> Fiche:
    """A return whose identification is right and whose sheets are anything."""
    fiche = Fiche()
    for table in draw(
        st.sets(st.sampled_from(fields.RETURN_TABLES), min_size=1, max_size=3).map(lambda s: sorted(s, key=lambda t: t.name))
    ):
        fiche.sheets[table.label.fr] = draw(sheets(table))
    return fiche


@st.composite
def tidy_fiches(draw: st.DrawFn, region: str) -> Fiche:
    """An accepted return of a region: whole cercles, communes inside and outside them, misspelt and foreign places, duplicates,
    rejected rows, details, origins and movements."""
    fiche = Fiche().identify("region", GAZETTEER.place(region).name)
    fiche.identify("validated", draw(st.sampled_from(["oui", "non"])))
    cercles = [GAZETTEER.place(place).name for place in GAZETTEER.children(region)]
    communes = {
        GAZETTEER.place(place).name: [GAZETTEER.place(child).name for child in GAZETTEER.children(place)][:3]
        for place in GAZETTEER.children(region)
    }
    names = st.sampled_from([*cercles, *cercles, FOREIGN[region], "Tamalagou", cercles[0] + "h"])
    for table in (IDP, RETURNEE):
        for _ in range(draw(st.integers(0, 4))):
            cercle = draw(names)
            commune = draw(st.sampled_from([None, "Nulle part", *communes.get(cercle, [])]))
            level = draw(st.sampled_from(["cercle entier", "commune", "site"]))
            households = draw(st.integers(0, 300))
            people: Any = households * draw(st.integers(1, 8))
            more: dict[str, Any] = {"basis": draw(st.sampled_from(["enregistrement", "alerte", "informateur clé", None]))}
            if table is IDP:
                detail = draw(st.sampled_from(["female_0_4", "primary", "shelter_rented", "under_12_months"]))
                more |= {detail: draw(st.integers(0, 500)), "shelter_unit": draw(st.sampled_from([None, "ménages"]))}
                if level == "site":
                    more["site"] = draw(st.sampled_from(["École", "Marché"]))
            if draw(st.integers(0, 9)) == 0:
                people = draw(st.sampled_from(["abc", None, -5]))
            values = stock(cercle, commune, households, people, **{"level": level, **more})
            for _ in range(draw(st.sampled_from([1, 1, 1, 2]))):
                fiche.add(table, **values)
    for _ in range(draw(st.integers(0, 3))):
        fiche.add(
            ORIGIN,
            cercle=draw(names),
            level="cercle entier",
            origin_region=draw(st.sampled_from(["Mopti", "Atlantide"])),
            cause=draw(st.sampled_from([None, "autre"])),
            households=5,
            individuals=draw(st.integers(0, 400)),
        )
    for _ in range(draw(st.integers(0, 4))):
        kind = draw(st.sampled_from(["arrivée", "départ", "retour", "déplacement secondaire", "correction"]))
        fiche.add(
            MOVEMENT,
            movement=kind,
            from_cercle=draw(names),
            to_cercle=draw(names),
            households=3,
            observed_on=PERIOD_END,
            individuals=draw(st.integers(-20, 90)),
            basis="enregistrement",
        )
    return fiche


@st.composite
def months(draw: st.DrawFn) -> tuple[list[Fiche], list[Fiche] | None]:
    """Returns of some of the three regions, and perhaps those of the month before."""
    now, before = ([draw(tidy_fiches(region)) for region in REGIONS if draw(st.integers(0, 3))] for _ in range(2))
    return now, before if draw(st.booleans()) else None
