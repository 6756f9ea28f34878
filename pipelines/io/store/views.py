"""What analysts read: the views of the store, in SQL that SQLite and PostgreSQL both run.

This is the only text of the views. They are not kept in migrations: a view is code over the tables, SQLite cannot alter a
table under one, and a second copy would drift. `Store.open` drops them before it migrates and creates them again after,
in the same transaction. The last migration states the fingerprint of this text and of the guards, so that a changed view needs a
revision (possibly empty) to reach existing databases; a test holds both together.

A release keeps the names, codes and parents of the places as they were when it circulated (`release_place`): the `official_*` views
and the files read these, while a draft follows the tables of places.

Whoever may read only what is published (`roles`) may not see the rest through a view either: in PostgreSQL such views are barriers,
which no function of the reader's own looks behind.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

from sqlalchemy import Connection

VINTAGE = "cod-2021"
_BREAKDOWNS = ("sex", "age", "shelter", "displacement", "origin_id", "cause", "vulnerability")
_LAST = """r.state = 'published' AND r.revision = (
    SELECT max(q.revision) FROM release q WHERE q.period = r.period AND q.state = 'published')"""


def _total(*free: str, figure: str = "f") -> str:
    """That a figure is a total in every breakdown but those named."""
    return " AND ".join(f"{figure}.{name} = '_T'" for name in _BREAKDOWNS if name not in free)


def _lists(vintage: str) -> str:
    """A place `p` with its code of a list (`c`) and the places above it there (`p1` to `p3`)."""
    return f"""LEFT JOIN place_code c ON c.place_id = p.place_id AND c.vintage = {vintage}
LEFT JOIN place p1 ON p1.place_id = c.parent_id
LEFT JOIN place_code c1 ON c1.place_id = p1.place_id AND c1.vintage = {vintage}
LEFT JOIN place p2 ON p2.place_id = c1.parent_id
LEFT JOIN place_code c2 ON c2.place_id = p2.place_id AND c2.vintage = {vintage}
LEFT JOIN place p3 ON p3.place_id = c2.parent_id"""


_REGION = """CASE p.level WHEN 'region' THEN p.name WHEN 'cercle' THEN p1.name WHEN 'commune' THEN p2.name
        WHEN 'site' THEN p3.name END AS region"""
_CERCLE = "CASE p.level WHEN 'cercle' THEN p.name WHEN 'commune' THEN p1.name WHEN 'site' THEN p2.name END AS cercle"


def path(vintage: str) -> str:
    """Every place with its code of a list, its region, cercle and commune there. `vintage` is SQL for the name of the list."""
    return f"""
SELECT p.place_id, c.pcode, p.level, p.name,
    {_REGION},
    {_CERCLE},
    CASE p.level WHEN 'commune' THEN p.name WHEN 'site' THEN p1.name END AS commune
FROM place p
{_lists(vintage)}
"""


def _place(of: str, name: str = "p", *, draft: bool = False, release: str = "r.id") -> str:
    """To join a place: as its release names it, or, for a draft, as it is named now."""
    if draft:
        return f"place_path {name} ON {name}.place_id = {of}"
    return f"release_place {name} ON {name}.release_id = {release} AND {name}.place_id = {of}"


def _code(of: str, name: str, *, draft: bool) -> str:
    """To join a place of which only the code is wanted."""
    if draft:
        return f"place_code {name} ON {name}.place_id = {of} AND {name}.vintage = '{VINTAGE}'"
    return _place(of, name)


_GRADE = "CASE WHEN r.grades_published THEN f.grade END"
"""Grades stay inside until the CMP publishes them."""


def _figures(which: str, *more: str, grade: str = _GRADE, draft: bool = False) -> str:
    """Figures with the names of their places. An origin that the 2021 list does not know keeps its own id."""
    columns = "".join(f",\n    {column}" for column in more)
    return f"""
SELECT r.period, r.revision, p.pcode, f.level, p.region, p.cercle, p.commune, f.population_group, f.measure, f.unit,
    f.sex, f.age, f.shelter, f.displacement, COALESCE(o.pcode, f.origin_id) AS origin_pcode, f.cause, f.vulnerability,
    f.value, f.missing_reason, f.obs_status, f.basis, {grade} AS grade{columns}
FROM figure f
JOIN release r ON r.id = f.release_id
JOIN {_place("f.place_id", draft=draft)}
LEFT JOIN {_code("f.origin_id", "o", draft=draft)}
WHERE {which}
"""


def _one(group: str, measure: str, unit: str, *, take: str = "f.value") -> str:
    """One total of a place."""
    about = f"f.population_group = '{group}' AND f.measure = '{measure}' AND f.unit = '{unit}'"
    return f"MAX(CASE WHEN {about} AND {_total()} THEN {take} END)"


def _part(column: str, *words: str, free: str | None = None, other: str = "") -> str:
    """The IDP individuals of some words of a breakdown, the named second breakdown left out or summed over."""
    listed = ", ".join(f"'{word}'" for word in words)
    about = f"f.population_group = 'idp' AND f.measure = 'stock' AND f.unit = 'individual' AND f.{column} IN ({listed})"
    return f"CAST(SUM(CASE WHEN {about} AND {_total(column, free or column)}{other} THEN f.value END) AS BIGINT)"


def _part_of_either(column: str, *words: str, over: str) -> str:
    """A part as published, else summed over the cells of a crossed breakdown."""
    crossed = _part(column, *words, free=over, other=f" AND f.{over} NOT IN ('_T', '_U')")
    return f"COALESCE({_part(column, *words)},\n    {crossed})"


_WIDE = {
    "idp_households": _one("idp", "stock", "household"),
    "idp_individuals": _one("idp", "stock", "individual"),
    "idp_female": _part_of_either("sex", "F", over="age"),
    "idp_male": _part_of_either("sex", "M", over="age"),
    "idp_under_18": _part_of_either("age", "0-4", "5-17", over="sex"),
    "idp_60_plus": _part_of_either("age", "60+", over="sex"),
    "idp_host_family": _part("shelter", "host_family"),
    "idp_on_sites": _part("shelter", "spontaneous_site", "planned_site", "collective_centre"),
    "idp_primary": _part("displacement", "primary"),
    "idp_secondary": _part("displacement", "secondary"),
    "returnee_households": _one("idp_returnee", "cumulative", "household"),
    "returnee_individuals": _one("idp_returnee", "cumulative", "individual"),
    "repatriated_households": _one("repatriated_refugee", "cumulative", "household"),
    "repatriated_individuals": _one("repatriated_refugee", "cumulative", "individual"),
    "arrivals": _one("idp", "arrivals", "individual"),
    "departures": _one("idp", "departures", "individual"),
    "returns": _one("idp", "returns", "individual"),
    "basis": _one("idp", "stock", "individual", take="f.basis"),
    "grade": _one("idp", "stock", "individual", take=_GRADE),
    "obs_status": _one("idp", "stock", "individual", take="f.obs_status"),
}


def _places(level: str, *names: str) -> str:
    """One row per period and place of a level, the last revision, the common figures side by side."""
    where = ", ".join(f"p.{name}" for name in names)
    wide = ",\n    ".join(f"{expression} AS {name}" for name, expression in _WIDE.items())
    return f"""
SELECT r.period, r.revision, p.pcode, {where},
    {wide}
FROM figure f
JOIN release r ON r.id = f.release_id
JOIN {_place("f.place_id")}
WHERE f.level = '{level}' AND {_LAST}
GROUP BY r.period, r.revision, f.place_id, p.pcode, {where}
"""


def _bridge(which: str, *, draft: bool = False) -> str:
    """The items of the bridge; that which opens a region's cites the return the release was made with, and a decision of the CMP
    who took it, when, why and on what. The file cited is the release's own note of it."""
    return f"""
SELECT r.period, r.revision, p.pcode, p.level, p.region, p.cercle, p.commune, a.population_group, a.measure, a.unit,
    a.item, a.kind, a.value, a.reason, u.file, u.sha256, a.sheet, a.cell, d.action, d.decided_by, d.decided_on,
    d.reason AS decision_reason, a.decision_id, d.source AS decision_source, COALESCE(b.pcode, a.about_place_id) AS about_pcode
FROM adjustment a
JOIN release r ON r.id = a.release_id
JOIN {_place("a.place_id", draft=draft)}
LEFT JOIN release_return u ON u.release_id = r.id AND (u.submission_id = a.submission_id
    OR (a.submission_id IS NULL AND a.kind = 'return' AND u.region_id = a.place_id))
LEFT JOIN decision d ON d.id = a.decision_id
LEFT JOIN {_code("a.about_place_id", "b", draft=draft)}
WHERE {which}
"""


_BRIDGE_TOTAL = f"""
SELECT r.period, r.revision, p.pcode, p.level, p.region, p.cercle, p.commune, f.population_group, f.measure, f.unit,
    a.item + 1 AS item, 'official' AS kind, f.value, f.missing_reason
FROM (
    SELECT release_id, place_id, population_group, measure, unit, MAX(item) AS item
    FROM adjustment GROUP BY release_id, place_id, population_group, measure, unit
) a
JOIN release r ON r.id = a.release_id
JOIN {_place("a.place_id")}
JOIN figure f ON f.release_id = a.release_id AND f.place_id = a.place_id AND f.population_group = a.population_group
    AND f.measure = a.measure AND f.unit = a.unit
WHERE r.state = 'published' AND {_total()}
"""


# A published revision with the one before it, and the days on which the first one and the next one were published.
def _step(which: str) -> str:
    """Releases with the published one before each, and the day of the first."""
    return f"""
    SELECT r.id, r.period, r.revision, r.reason_code, r.reason, r.published_on, (
        SELECT q.id FROM release q WHERE q.period = r.period AND q.state = 'published' AND q.revision < r.revision
        ORDER BY q.revision DESC LIMIT 1) AS previous_id, (
        SELECT q.published_on FROM release q WHERE q.period = r.period AND q.state = 'published'
        ORDER BY q.revision LIMIT 1) AS first_on
    FROM release r WHERE {which}
"""


_STEP = _step("r.state = 'published'")
_NEXT_ON = """(SELECT q.published_on FROM release q WHERE q.period = r.period AND q.state = 'published' AND q.revision > r.revision
        ORDER BY q.revision LIMIT 1)"""


def _total_of(name: str, release: str, **about: str) -> str:
    """Joins the total of a release that is about the same."""
    same = " AND ".join(f"{name}.{column} = {value}" for column, value in about.items())
    return f"LEFT JOIN figure {name} ON {name}.release_id = {release} AND {same}\n    AND {_total(figure=name)}"


def _side(release: str, is_now: int) -> str:
    """The totals of a revision, or of the one before it, beside the number of the revision."""
    return f"""SELECT s.id, {is_now} AS is_now, f.place_id, f.level, f.population_group, f.measure, f.unit, f.value
    FROM step s JOIN figure f ON f.release_id = {release} WHERE s.previous_id IS NOT NULL AND {_total()}"""


def _revision(which: str) -> str:
    """What differs from the published release before, the places named as in the later one."""
    return f"""
WITH step AS ({_step(which)}), side AS (
    {_side("s.id", 1)}
    UNION ALL
    {_side("s.previous_id", 0)}
), line AS (
    SELECT id, place_id, level, population_group, measure, unit, MAX(is_now) AS is_now, MIN(is_now) AS only_now,
        MAX(CASE WHEN is_now = 1 THEN value END) AS value, MAX(CASE WHEN is_now = 0 THEN value END) AS previous_value
    FROM side GROUP BY id, place_id, level, population_group, measure, unit
)
SELECT s.period, s.revision, p.pcode, l.level, l.population_group, l.measure, l.unit, l.value, l.previous_value,
    l.value - l.previous_value AS difference,
    CASE WHEN l.only_now = 1 THEN 'added' WHEN l.is_now = 0 THEN 'removed' ELSE 'changed' END AS change,
    p.region, p.cercle, p.commune, s.reason_code, s.reason, s.published_on
FROM line l
JOIN step s ON s.id = l.id
JOIN {_place("l.place_id", release="s.id")}
WHERE l.only_now = 1 OR l.is_now = 0 OR l.value <> l.previous_value OR (l.value IS NULL) <> (l.previous_value IS NULL)
"""


_COUNTED = ",\n    ".join(
    f"SUM(CASE WHEN change = '{change}' THEN 1 ELSE 0 END) AS {change}" for change in ("added", "changed", "removed")
)

_OF_AREA = {"place_id": "p.place_id"} | {name: f"a.{name}" for name in ("population_group", "measure", "unit")}

# The changes inside a region, and in the whole country, beside what its own total became.
_REVISION_EFFECT = f"""
WITH step AS ({_STEP}), area AS (
    SELECT period, revision, 'region' AS level, region, population_group, measure, unit,
    {_COUNTED}
    FROM official_revision WHERE region IS NOT NULL
    GROUP BY period, revision, region, population_group, measure, unit
    UNION ALL
    SELECT period, revision, 'country' AS level, NULL AS region, population_group, measure, unit,
    {_COUNTED}
    FROM official_revision GROUP BY period, revision, population_group, measure, unit
)
SELECT a.period, a.revision, p.pcode, a.level, a.region, a.population_group, a.measure, a.unit, now.value,
    before.value AS previous_value,
    CASE WHEN before.id IS NULL THEN now.value WHEN now.id IS NULL THEN -before.value
        ELSE now.value - before.value END AS difference,
    a.added, a.changed, a.removed, s.reason_code, s.reason, s.published_on
FROM area a
JOIN step s ON s.period = a.period AND s.revision = a.revision
JOIN release_place p ON p.release_id = s.id AND p.level = a.level AND (a.level = 'country' OR p.name = a.region)
{_total_of("now", "s.id", **_OF_AREA)}
{_total_of("before", "s.previous_id", **_OF_AREA)}
"""


def _completeness(which: str) -> str:
    """Who had reported when a release was made."""
    return f"""
SELECT r.period, p.pcode, p.region,
    CASE WHEN u.submission_id IS NULL THEN 0 ELSE 1 END AS received,
    CASE WHEN u.validated THEN 1 ELSE 0 END AS validated,
    u.version, u.rows_accepted, u.rows_rejected,
    CASE WHEN t.carried_months > 0 THEN 1 ELSE 0 END AS carried_forward
FROM release r
JOIN (
    SELECT f.release_id, f.place_id,
        MAX(CASE WHEN f.population_group = 'idp' AND f.measure = 'stock' THEN f.carried_months ELSE 0 END) AS carried_months
    FROM figure f WHERE f.level = 'region' AND {_total()} GROUP BY f.release_id, f.place_id
) t ON t.release_id = r.id
JOIN {_place("t.place_id")}
LEFT JOIN release_return u ON u.release_id = r.id AND u.region_id = t.place_id
WHERE {which}
"""


def _day(column: str) -> str:
    """The number of a day, counted as both databases count: the Julian day by whole divisions."""
    year, month, day = (f"CAST(substr(CAST({column} AS TEXT), {part}) AS INTEGER)" for part in ("1, 4", "6, 2", "9, 2"))
    before_march = f"(({month} - 14) / 12)"
    return (
        f"(1461 * ({year} + 4800 + {before_march})) / 4 + (367 * ({month} - 2 - 12 * {before_march})) / 12"
        f" - (3 * (({year} + 4900 + {before_march}) / 100)) / 4 + {day}"
    )


_NATIONAL = {"level": "'country'", "population_group": "'idp'", "measure": "'stock'", "unit": "'individual'"}
_STATISTICS = f"""
WITH step AS ({_STEP}), done AS (
    SELECT period, revision,
    {_COUNTED}
    FROM official_revision GROUP BY period, revision
)
SELECT s.period, s.revision, s.reason_code, s.reason, s.published_on,
    ({_day("s.published_on")}) - ({_day("s.first_on")}) AS days_since_first,
    COALESCE(d.added, 0) AS added, COALESCE(d.changed, 0) AS changed, COALESCE(d.removed, 0) AS removed,
    now.value AS idp_individuals, before.value AS previous_idp_individuals, now.value - before.value AS difference
FROM step s
LEFT JOIN done d ON d.period = s.period AND d.revision = s.revision
{_total_of("now", "s.id", **_NATIONAL)}
{_total_of("before", "s.previous_id", **_NATIONAL)}
"""

_OPEN_DISCREPANCY = f"""
SELECT d.id, d.rule, d.period, p.pcode, p.level, p.region, p.cercle, p.commune, d.population_group, d.measure,
    d.compared, d.gap, d.share, d.status, d.sentence, d.proposed, d.owner, d.due, d.first_seen, d.last_seen,
    d.unit, d.impact, d.severity, d.partner, ({_day("d.last_seen")}) - ({_day("d.first_seen")}) AS age_days,
    CASE WHEN d.last_seen > d.due THEN 1 ELSE 0 END AS escalated
FROM discrepancy d JOIN place_path p ON p.place_id = d.place_id
WHERE d.status IN ('open', 'asked', 'reopened')
"""

_ORIGIN_DESTINATION = f"""
SELECT r.period, r.revision, COALESCE(o.pcode, f.origin_id) AS origin_pcode, o.name AS origin_name,
    p.pcode, p.region, p.cercle, p.commune, f.level, f.cause, f.unit, f.value
FROM figure f
JOIN release r ON r.id = f.release_id
JOIN {_place("f.place_id")}
LEFT JOIN {_place("f.origin_id", "o")}
WHERE r.state = 'published' AND f.origin_id <> '_T' AND f.population_group = 'idp' AND f.measure = 'stock'
    AND {_total("origin_id", "cause")}
"""


def _secondary(which: str, *, draft: bool = False) -> str:
    """Every secondary move that the returns of a release tell, as each region tells it: the region left and the region reached
    may both tell one, and then it is there twice, for the two to be held against each other. An end that was not recognised
    keeps the names written. A release has its own rows of those returns, so that a file judged again later changes nothing
    published."""
    rows = "observation o ON" if draft else "release_row o ON o.release_id = r.id AND"
    return f"""
SELECT r.period, r.revision, t.pcode AS told_by_pcode, t.name AS told_by,
    b.pcode AS origin_pcode, COALESCE(b.region, o.from_region) AS origin_region, COALESCE(b.cercle, o.from_cercle) AS origin_cercle,
    COALESCE(b.commune, o.from_commune) AS origin_commune,
    p.pcode, COALESCE(p.region, o.to_region) AS region, COALESCE(p.cercle, o.to_cercle) AS cercle,
    COALESCE(p.commune, o.to_commune) AS commune,
    o.households, o.individuals, u.file, u.sha256, o.sheet, o.row
FROM release r
JOIN release_return u ON u.release_id = r.id
JOIN {rows} o.submission_id = u.submission_id
JOIN {_place("u.region_id", "t", draft=draft)}
LEFT JOIN {_place("o.from_place_id", "b", draft=draft)}
LEFT JOIN {_place("o.to_place_id", draft=draft)}
WHERE o.table_name = 'movement' AND o.movement = 'secondary' AND o.accepted AND {which}
"""


def _lasting(which: str, *, draft: bool = False) -> str:
    """Persons displaced for long, and those whose displacement ended: in the month (returned, integrated, relocated) and since
    2012 (returned_since_2012). A column is empty where no return says it."""
    persons = {
        "displaced_over_12_months": _part("vulnerability", "displaced_over_12_months"),
        "displaced_under_12_months": _part("vulnerability", "displaced_under_12_months"),
        "returned": _one("idp", "returns", "individual"),
        "returned_since_2012": _one("idp_returnee", "cumulative", "individual"),
        "integrated": _one("idp", "integrations", "individual"),
        "relocated": _one("idp", "relocations", "individual"),
    }
    wide = ",\n    ".join(f"{expression} AS {name}" for name, expression in persons.items())
    return f"""
SELECT r.period, r.revision, p.pcode, f.level, p.region, p.cercle, p.commune,
    {wide}
FROM figure f
JOIN release r ON r.id = f.release_id
JOIN {_place("f.place_id", draft=draft)}
WHERE {which}
GROUP BY r.period, r.revision, f.place_id, p.pcode, f.level, p.region, p.cercle, p.commune
"""


_SOURCE_STATEMENT = """
SELECT t.period, t.source_id, t.organisation, t.lineage, t.scope, p.pcode, p.level, p.region, p.cercle, p.commune,
    t.population_group, t.measure, t.unit, t.value, t.as_of, t.table_name, t.document, t.quoted, t.file, t.sha256, t.sheet,
    t.row, t.cell
FROM statement t LEFT JOIN place_path p ON p.place_id = t.place_id
"""

_EVENT_BOARD = """
SELECT e.period, e.key, p.pcode, p.level, p.region, p.cercle, p.commune, e.status, e.age_days, e.first_on, e.last_on, e.origin,
    e.shock, e.witnesses, e.organisations, e.alert_numbers, CASE WHEN e.assessed THEN 1 ELSE 0 END AS assessed,
    e.households_low, e.households_high, e.individuals_low, e.individuals_high
FROM event e LEFT JOIN place_path p ON p.place_id = e.place_id
"""

_RESPONSE_COVER = """
SELECT s.period, p.pcode, p.region, p.cercle, s.sector, s.actors, s.organisations, s.persons, s.persons_without, s.wanted, s.rank
FROM sector_cover s JOIN place_path p ON p.place_id = s.place_id
"""


def _territory(which: str) -> str:
    """The figures of a release on the places of another list."""
    return f"""
SELECT r.period, r.revision, t.vintage, t.pcode, t.level, t.region, t.cercle, t.population_group, t.measure, t.unit, t.value,
    t.undivided
FROM release_territory t
JOIN release r ON r.id = t.release_id
WHERE {which}
"""


_RELEASE = f"""
SELECT r.period, r.revision, CASE WHEN {_NEXT_ON} IS NULL THEN 'published' ELSE 'superseded' END AS state, r.published_on,
    r.published_by, r.signed_by, r.signed_function, r.signed_on, r.meeting_on, r.minutes_number, r.reason_code, r.reason,
    r.dataset_sha256, (SELECT count(*) FROM reservation v WHERE v.release_id = r.id) AS reservations
FROM release r WHERE r.state = 'published'
"""

_RESERVATION = f"""
SELECT r.period, r.revision, v.position, v.kind, p.pcode, v.sentence
FROM reservation v
JOIN release r ON r.id = v.release_id
LEFT JOIN {_place("v.place_id")}
WHERE r.state = 'published'
"""


def _sites(which: str) -> str:
    """The sites that the returns of a release name, by place."""
    return f"""
SELECT p.pcode, p.region, p.cercle, p.commune, o.site, o.site_type, o.households, o.individuals
FROM release_row o
JOIN release r ON r.id = o.release_id
LEFT JOIN {_place("COALESCE(o.place_id, o.region_id)")}
WHERE o.table_name = 'site' AND o.accepted AND {which}
"""


OF_RELEASE: Mapping[str, Callable[[str], str]] = {
    "figure": lambda which: _figures(which, grade="f.grade"), "bridge": _bridge, "completeness": _completeness,
    "revision": _revision, "territory": _territory, "site": _sites,
}  # fmt: skip
"""What the files of a numbered release are made from, whatever its state: name -> query, given which release `r` is meant."""

VIEWS: Mapping[str, str] = {
    "place_path": path(f"'{VINTAGE}'"),
    "official_figure": _figures("r.state = 'published'"),
    "draft_figure": _figures("r.state = 'draft'", grade="f.grade", draft=True),
    "official_series": _figures(_LAST),
    "official_known": _figures("r.state = 'published'", "r.published_on AS known_from", f"{_NEXT_ON} AS known_until"),
    "official_region": _places("region", "region"),
    "official_cercle": _places("cercle", "region", "cercle"),
    "official_commune": _places("commune", "region", "cercle", "commune"),
    "official_bridge": _bridge("r.state = 'published'"),
    "official_bridge_total": _BRIDGE_TOTAL,
    "draft_bridge": _bridge("r.state = 'draft'", draft=True),
    "official_release": _RELEASE,
    "official_reservation": _RESERVATION,
    "official_revision": _revision("r.state = 'published'"),
    "official_revision_effect": _REVISION_EFFECT,
    "official_revision_statistics": _STATISTICS,
    "official_territory": _territory(_LAST),
    "official_completeness": _completeness(_LAST),
    "open_discrepancy": _OPEN_DISCREPANCY,
    "origin_destination": _ORIGIN_DESTINATION,
    "official_secondary": _secondary(_LAST),
    "draft_secondary": _secondary("r.state = 'draft'", draft=True),
    "official_lasting": _lasting(_LAST),
    "draft_lasting": _lasting("r.state = 'draft'", draft=True),
    "source_statement": _SOURCE_STATEMENT,
    "event_board": _EVENT_BOARD,
    "response_cover": _RESPONSE_COVER,
}
"""Name -> query; a view stands after those that it reads."""
READABLE = ("place_path", *(name for name in VIEWS if name.startswith("official_")))
"""The views of what is published, and of the places that they name."""


def fingerprint() -> str:
    """What tells one text of the views from another."""
    return hashlib.sha256("\n".join(f"{name}:{query}" for name, query in VIEWS.items()).encode()).hexdigest()[:16]


def drop(connection: Connection) -> None:
    """Drops the views of this version; those of an older one that are gone since are its migration's to drop."""
    for name in reversed(list(VIEWS)):
        connection.exec_driver_sql(f"DROP VIEW IF EXISTS {name}")


def create(connection: Connection) -> None:
    for name, query in VIEWS.items():
        barrier = " WITH (security_barrier)" if name in READABLE and connection.dialect.name == "postgresql" else ""
        connection.exec_driver_sql(f"CREATE VIEW {name}{barrier} AS {query.strip()}")
