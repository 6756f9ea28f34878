"""The tables of the store, once, as SQLAlchemy Core metadata. Neither pandas nor pandera is imported here.

Every constraint has a name that says what it holds, so that a refused row names its promise. Code lists come from
`schemas.codes`; the wide columns of `observation` and `alert` come from `schemas.fields`. A new column needs a migration:
the tests compare this metadata with the migrated database, constraint by constraint.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.types import TypeEngine

from schemas import codes, fields
from schemas.codes import TOTAL, UNKNOWN, Code

NAMING = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(constraint_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
}
metadata = MetaData(naming_convention=NAMING)

ID = BigInteger().with_variant(Integer(), "sqlite")  # only INTEGER gives SQLite an automatic key
COUNT = BigInteger()
TEXT = Text().with_variant(Text(collation="C"), "postgresql")  # one order of texts on both databases
BREAKDOWNS = ("sex", "age", "shelter", "displacement", "origin_id", "cause", "vulnerability")
FIGURE_STATES = tuple(state for state in codes.ReleaseState if state is not codes.ReleaseState.SUPERSEDED)
FIGURE_LEVELS = (codes.Level.COMMUNE, codes.Level.CERCLE, codes.Level.REGION, codes.Level.COUNTRY)
_PLACES = ("place_id", "origin_place_id", "from_place_id", "to_place_id")
MONTHS = tuple(f"{month:02d}" for month in range(1, 13))


def _listed(column: str, words: Iterable[str]) -> str:
    quoted = ", ".join(f"'{word}'" for word in words)
    return f"{column} IN ({quoted})"


def _choice(column: str, words: Iterable[Code], *extra: str) -> CheckConstraint:
    return CheckConstraint(_listed(column, (*map(str, words), *extra)), name=column)


def _period() -> CheckConstraint:
    """`YYYY-MM`, in the SQL that both databases read: what is left without its outer digits is the dash."""
    digits = "length(period) = 7 AND substr(period, 5, 1) = '-' AND trim(period, '0123456789') = '-'"
    return CheckConstraint(f"{digits} AND " + _listed("substr(period, 6, 2)", MONTHS), name="period")


def _filled(column: str) -> CheckConstraint:
    return CheckConstraint(f"length(trim({column})) > 0", name=column)


def _not_negative(*columns: str) -> tuple[CheckConstraint, ...]:
    return tuple(CheckConstraint(f"{column} >= 0", name=column) for column in columns)


def _key() -> Column[int]:
    return Column("id", ID, primary_key=True, autoincrement=True)


def _place(name: str = "place_id", *, required: bool = False) -> Column[str]:
    return Column(name, TEXT, ForeignKey("place.place_id"), nullable=not required)


def _text(name: str, *, required: bool = False) -> Column[str]:
    return Column(name, TEXT, nullable=not required)


def _count(name: str, *, required: bool = False) -> Column[int]:
    return Column(name, COUNT, nullable=not required)


def _list(name: str) -> Column[str]:
    """A list as JSON."""
    return Column(name, TEXT, nullable=False, server_default="[]")


def _owner(name: str, target: str) -> Column[int]:
    """A link to the row that owns this one: when the owner goes, so does this."""
    return Column(name, ID, ForeignKey(target, ondelete="CASCADE"), nullable=False)


def _wide(declared: Iterable[fields.Field]) -> tuple[Column[Any], ...]:
    types: dict[fields.Kind, TypeEngine[Any]] = {
        fields.Kind.INTEGER: COUNT, fields.Kind.SIGNED: COUNT, fields.Kind.DATE: Date(),
    }  # fmt: skip
    return tuple(Column(field.name, types.get(field.kind, TEXT), nullable=True) for field in declared)


def _source_cell() -> tuple[Column[Any], ...]:
    """Where a source says it. A table that comes with this program has no received file, and so no sha256."""
    return _text("file"), _text("sha256"), _text("sheet"), Column("row", Integer), _text("cell")


def _observation_checks() -> tuple[CheckConstraint, ...]:
    """What an accepted row may hold. A rejected row is kept as it was typed, wrong values included."""
    found = (_observation_check(field) for field in fields.observation_fields())
    return tuple(check for check in found if check is not None)


def _observation_check(field: fields.Field) -> CheckConstraint | None:
    if field.is_count:
        signed = [t.name for t in fields.RETURN_TABLES if field.name in t.names and t[field.name].kind is fields.Kind.SIGNED]
        rule = f'"{field.name}" >= 0' + (" OR " + _listed("table_name", signed) if signed else "")
    elif field.choices is not None:
        rule = _listed(f'"{field.name}"', map(str, field.choices))
    else:
        return None
    return CheckConstraint(f"NOT accepted OR {rule}", name=field.name)


def _observed() -> tuple[Column[Any], ...]:
    """A row of a return: where it stands, where its places are, and what it holds."""
    return (
        _text("table_name", required=True), _text("sheet", required=True), Column("row", Integer, nullable=False),
        Column("accepted", Boolean, nullable=False), *(_place(name) for name in _PLACES), _text("place_method"),
        Column("place_score", Float), _text("code_status"), _text("placed_level"), *_wide(fields.observation_fields()),
    )  # fmt: skip


def _alert_checks() -> tuple[CheckConstraint, ...]:
    counts = _not_negative(*(field.name for field in fields.ALERT.counts))
    return (*counts, *(_choice(field.name, field.choices) for field in fields.ALERT.fields if field.choices is not None))


place = Table(
    "place",
    metadata,
    Column("place_id", TEXT, primary_key=True),
    _text("level", required=True),
    _text("name", required=True),
    Column("lat", Float),
    Column("lon", Float),
    Column("valid_from", Date),
    Column("valid_to", Date),
    _choice("level", codes.Level),
    _filled("name"),
    CheckConstraint("lat BETWEEN -90 AND 90", name="lat"),
    CheckConstraint("lon BETWEEN -180 AND 180", name="lon"),
    CheckConstraint("valid_to >= valid_from", name="validity"),
)

place_code = Table(
    "place_code",
    metadata,
    Column("place_id", TEXT, ForeignKey("place.place_id"), primary_key=True),
    Column("vintage", TEXT, primary_key=True),
    _text("pcode", required=True),
    _place("parent_id"),
    UniqueConstraint("vintage", "pcode", name="pcode"),
    CheckConstraint("parent_id <> place_id", name="parent"),
)

place_alias = Table(
    "place_alias",
    metadata,
    _key(),
    _text("alias", required=True),
    _text("level", required=True),
    _place("parent_id"),
    _place(required=True),
    _text("source"),
    _text("confirmed_by"),
    Column("confirmed_on", Date),
    UniqueConstraint("alias", "level", "parent_id", name="alias"),
    # an alias without a parent is unique too, which a constraint over a NULL does not see
    Index(
        "uq_place_alias_anywhere", "alias", "level", unique=True,
        sqlite_where=text("parent_id IS NULL"), postgresql_where=text("parent_id IS NULL"),
    ),
    _choice("level", codes.Level),
    _filled("alias"),
)  # fmt: skip

submission = Table(
    "submission",
    metadata,
    _key(),
    _text("period", required=True),
    _place("region_id"),
    Column("version", Integer),
    _text("layout"),
    _text("file", required=True),
    _text("sha256", required=True),
    _text("status", required=True),
    _text("region"),
    _text("prepared_by"),
    _text("function"),
    Column("prepared_on", Date),
    Column("validated", Boolean, nullable=False),
    Column("validated_on", Date),
    _text("minutes_number"),
    _text("validated_by"),
    _count("stated_version"),
    Column("rows_read", Integer, nullable=False),
    Column("rows_accepted", Integer, nullable=False),
    Column("rows_rejected", Integer, nullable=False),
    Column("rows_recognised", Integer, nullable=False),
    _text("columns", required=True),
    _text("rules_hash", required=True),
    _text("received_at", required=True),
    _text("answers"),
    UniqueConstraint("period", "sha256", name="file"),
    UniqueConstraint("period", "region_id", "version", name="version"),
    _period(),
    _choice("status", codes.SubmissionStatus),
    # a refused file takes no number, so it can never stand before an accepted one
    CheckConstraint("(version IS NOT NULL) = (status = 'accepted')", name="numbered_when_accepted"),
    CheckConstraint("version >= 1", name="version"),
    CheckConstraint("status = 'refused' OR region_id IS NOT NULL", name="accepted_of_a_region"),
    CheckConstraint("rows_read = rows_accepted + rows_rejected + rows_recognised", name="no_silent_loss"),
    *_not_negative("rows_accepted", "rows_rejected", "rows_recognised"),
)

observation = Table(
    "observation",
    metadata,
    _key(),
    _owner("submission_id", "submission.id"),
    *_observed(),
    UniqueConstraint("submission_id", "table_name", "sheet", "row", name="source_row"),
    CheckConstraint(_listed("table_name", (table.name for table in fields.RETURN_TABLES)), name="table_name"),
    CheckConstraint("row >= 1", name="row"),
    *_observation_checks(),
)

release = Table(
    "release",
    metadata,
    _key(),
    _text("period", required=True),
    Column("revision", Integer, nullable=False),
    _text("state", required=True),
    Column("as_of", Date, nullable=False),
    _text("compared_with"),
    _text("rules_hash", required=True),
    _text("dataset_sha256", required=True),
    _text("compiled_at", required=True),
    _text("values_sha256"),
    _text("acts_seen"),
    _text("settings_hash"),
    _text("compiled_by"),
    Column("circulated_on", Date),
    Column("reply_by", Date),
    _text("signed_by"),
    _text("signed_function"),
    Column("signed_on", Date),
    Column("meeting_on", Date),
    _text("minutes_number"),
    Column("embargo_until", Date),
    _text("published_by"),
    Column("published_on", Date),
    _text("reason_code"),
    _text("reason"),
    Column("grades_published", Boolean, nullable=False, server_default=false()),
    Column("disclosure_threshold", Integer),
    UniqueConstraint("period", "revision", name="revision"),
    _period(),
    _choice("state", FIGURE_STATES),
    _choice("reason_code", codes.RevisionReason),
    CheckConstraint("revision >= 0", name="revision"),
    CheckConstraint("(revision = 0) = (state = 'draft')", name="numbered_after_the_draft"),
    CheckConstraint("revision < 2 OR (reason_code IS NOT NULL AND length(trim(coalesce(reason, ''))) > 0)", name="revision_has_a_reason"),
    CheckConstraint(
        "state = 'draft' OR (length(trim(coalesce(compiled_by, ''))) > 0 AND circulated_on IS NOT NULL AND settings_hash IS NOT NULL "
        "AND values_sha256 IS NOT NULL)",
        name="circulated_by_somebody",
    ),
    CheckConstraint(
        "state NOT IN ('signed', 'published') OR (length(trim(coalesce(signed_by, ''))) > 0 AND length(trim(coalesce(signed_function, ''))) > 0 "
        "AND signed_on IS NOT NULL AND meeting_on IS NOT NULL AND length(trim(coalesce(minutes_number, ''))) > 0)",
        name="signed_by_somebody",
    ),
    CheckConstraint(
        "state <> 'published' OR (length(trim(coalesce(published_by, ''))) > 0 AND published_on IS NOT NULL "
        "AND disclosure_threshold IS NOT NULL)",
        name="published_by_somebody",
    ),
    CheckConstraint("signed_by <> compiled_by AND published_by <> compiled_by", name="four_eyes"),
    CheckConstraint("published_on >= embargo_until", name="embargo"),
    CheckConstraint("published_on >= signed_on AND signed_on >= circulated_on", name="in_order"),
)  # fmt: skip

# What a release was made with, as it was that day: a file received or judged again later changes nothing official.
release_return = Table(
    "release_return",
    metadata,
    Column("release_id", ID, ForeignKey("release.id", ondelete="CASCADE"), primary_key=True),
    Column("region_id", TEXT, ForeignKey("place.place_id"), primary_key=True),
    Column("submission_id", ID, ForeignKey("submission.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("validated", Boolean, nullable=False),
    Column("rows_accepted", Integer, nullable=False),
    Column("rows_rejected", Integer, nullable=False),
    _text("file"),
    _text("sha256"),
    _text("columns"),
    _text("validated_by"),
    Column("validated_on", Date),
    _text("minutes_number"),
    CheckConstraint("version >= 1", name="version"),
    *_not_negative("rows_accepted", "rows_rejected"),
)

# The rows of those returns, as they were that day.
release_row = Table(
    "release_row",
    metadata,
    _key(),
    _owner("release_id", "release.id"),
    Column("region_id", TEXT, ForeignKey("place.place_id"), nullable=False),
    Column("submission_id", ID, ForeignKey("submission.id"), nullable=False),
    *_observed(),
    UniqueConstraint("release_id", "submission_id", "table_name", "sheet", "row", name="source_row"),
)

signatory = Table(
    "signatory",
    metadata,
    Column("release_id", ID, ForeignKey("release.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    _text("name", required=True),
    _text("function", required=True),
    _filled("name"),
    _filled("function"),
)

participant = Table(
    "participant",
    metadata,
    Column("release_id", ID, ForeignKey("release.id", ondelete="CASCADE"), primary_key=True),
    Column("organisation", TEXT, primary_key=True),
    _text("kind", required=True),
    Column("present", Boolean, nullable=False),
    _choice("kind", codes.MemberKind),
)

# What members say of circulated figures, and regions of the adjustments to theirs; the last one of each counts.
reply = Table(
    "reply",
    metadata,
    _key(),
    _owner("release_id", "release.id"),
    _text("organisation"),
    _place("region_id"),
    _text("reply", required=True),
    _text("reason"),
    _text("given_by", required=True),
    Column("given_on", Date, nullable=False),
    _text("values_sha256", required=True),  # to what: numbers that change ask for a new reply
    CheckConstraint("(organisation IS NULL) <> (region_id IS NULL)", name="of_a_member_or_a_region"),
    CheckConstraint(
        "(organisation IS NULL OR reply IN ('agreed', 'reservation')) AND (region_id IS NULL OR reply IN ('accepted', 'contested'))",
        name="reply",
    ),
    CheckConstraint("reply IN ('agreed', 'accepted') OR length(trim(coalesce(reason, ''))) > 0", name="reason"),
    _filled("given_by"),
)  # fmt: skip

# What a release is published in spite of.
reservation = Table(
    "reservation",
    metadata,
    Column("release_id", ID, ForeignKey("release.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    _text("kind", required=True),
    _place(),
    _text("message", required=True),
    _text("params", required=True),
    _text("sentence", required=True),
    _choice("kind", codes.ReservationKind),
)

# The files of a published release by what is in them: by these a file is known as official.
release_file = Table(
    "release_file",
    metadata,
    Column("release_id", ID, ForeignKey("release.id", ondelete="CASCADE"), primary_key=True),
    Column("edition", TEXT, primary_key=True),
    Column("name", TEXT, primary_key=True),
    _text("sha256", required=True),
    _count("size", required=True),
    _choice("edition", codes.Edition),
    *_not_negative("size"),
)

# The places as a release names them: what is corrected afterwards in `place` and `place_code` changes nothing of it.
release_place = Table(
    "release_place",
    metadata,
    Column("release_id", ID, ForeignKey("release.id", ondelete="CASCADE"), primary_key=True),
    Column("place_id", TEXT, ForeignKey("place.place_id"), primary_key=True),
    _text("pcode"),
    _text("level", required=True),
    _text("name", required=True),
    _text("region"),
    _text("cercle"),
    _text("commune"),
    _choice("level", codes.Level),
)

# The figures of a release on the places of another list, with their codes and names there.
release_territory = Table(
    "release_territory",
    metadata,
    Column("release_id", ID, ForeignKey("release.id", ondelete="CASCADE"), primary_key=True),
    Column("vintage", TEXT, primary_key=True),
    Column("place_id", TEXT, ForeignKey("place.place_id"), primary_key=True),
    Column("population_group", TEXT, primary_key=True),
    Column("measure", TEXT, primary_key=True),
    Column("unit", TEXT, primary_key=True),
    _text("level", required=True),
    _count("value", required=True),
    _count("undivided", required=True),
    _text("pcode"),
    _text("region"),
    _text("cercle"),
    _choice("level", FIGURE_LEVELS),
    _choice("population_group", codes.PopulationGroup),
    _choice("measure", codes.Measure),
    _choice("unit", codes.Unit),
)

# A regional validation that came beside the return. It holds for this file with these totals, and for no other.
visa = Table(
    "visa",
    metadata,
    _key(),
    _text("period", required=True),
    _place("region_id", required=True),
    _text("sha256", required=True),
    _text("totals", required=True),
    _text("validated_by", required=True),
    Column("validated_on", Date, nullable=False),
    _text("minutes_number", required=True),
    _text("recorded_by", required=True),
    Column("recorded_on", Date, nullable=False),
    _period(),
    _filled("validated_by"),
    _filled("minutes_number"),
    _filled("recorded_by"),
)

# Why what a rule found may stand, in the words of a person. It holds while the finding stays what it was.
explanation = Table(
    "explanation",
    metadata,
    _key(),
    _text("period", required=True),
    _place("region_id"),
    _text("code", required=True),
    _text("finding_key", required=True),
    _text("reason", required=True),
    _text("given_by", required=True),
    Column("given_on", Date, nullable=False),
    Index(None, "period"),
    _period(),
    _filled("reason"),
    _filled("given_by"),
)

finding = Table(
    "finding",
    metadata,
    _key(),
    Column("submission_id", ID, ForeignKey("submission.id", ondelete="CASCADE"), index=True),
    Column("release_id", ID, ForeignKey("release.id", ondelete="CASCADE"), index=True),
    Column("about_submission_id", ID, ForeignKey("submission.id")),
    _place(),
    _text("code", required=True),
    _text("effect", required=True),
    _text("sheet"),
    _text("cell"),
    Column("row", Integer),
    _text("value"),
    _text("params", required=True),
    _text("message", required=True),
    _text("remedy", required=True),
    _text("reply"),
    CheckConstraint("(submission_id IS NULL) <> (release_id IS NULL)", name="one_owner"),
    # the file that a finding of the month points at; a finding of a file has it as its owner
    CheckConstraint("about_submission_id IS NULL OR release_id IS NOT NULL", name="about_submission_id"),
    _choice("effect", codes.Effect),
)

event = Table(
    "event",
    metadata,
    _key(),
    _text("period", required=True),
    _text("key", required=True),
    _place(),
    Column("first_on", Date),
    Column("last_on", Date),
    Column("witnesses", Integer, nullable=False),
    _count("households_low"),
    _count("households_high"),
    _count("individuals_low"),
    _count("individuals_high"),
    Column("assessed", Boolean, nullable=False),
    Column("status", TEXT, nullable=False, server_default="unverified"),
    Column("age_days", Integer, nullable=False, server_default="0"),
    _list("organisations"),
    _list("alert_numbers"),
    _text("origin"),
    _text("shock"),
    UniqueConstraint("period", "key", name="key"),
    _period(),
    _choice("status", codes.EventStatus),
    CheckConstraint("age_days >= 0", name="age_days"),
    CheckConstraint("last_on >= first_on", name="last_on"),
    CheckConstraint("witnesses >= 1", name="witnesses"),
    CheckConstraint("households_low >= 0 AND households_high >= households_low", name="households"),
    CheckConstraint("individuals_low >= 0 AND individuals_high >= individuals_low", name="individuals"),
)

alert = Table(
    "alert",
    metadata,
    _key(),
    _text("period", required=True),
    _text("file", required=True),
    _text("sha256", required=True),
    _text("sheet", required=True),
    Column("row", Integer, nullable=False),
    _text("cell"),
    _place(),
    Column("event_id", ID, ForeignKey("event.id", ondelete="SET NULL"), index=True),
    *_wide(fields.ALERT.fields),
    # a cumulative alert file may serve two months unchanged, hence the period
    UniqueConstraint("period", "sha256", "sheet", "row", name="source_row"),
    _period(),
    CheckConstraint("row >= 1", name="row"),
    *_alert_checks(),
)

# What sources state about places. None of it enters a total.
statement = Table(
    "statement",
    metadata,
    _key(),
    _text("period", required=True),
    _place(),
    _text("population_group", required=True),
    _text("measure", required=True),
    _text("unit", required=True),
    _count("value"),
    Column("as_of", Date),
    _text("source_id", required=True),
    _text("organisation"),
    _text("lineage"),
    _text("scope", required=True),
    _text("table_name", required=True),
    *_source_cell(),
    _text("document"),
    _text("quoted"),
    Index(None, "period"),
    _period(),
    _choice("population_group", codes.PopulationGroup),
    _choice("measure", codes.Measure),
    _choice("unit", codes.Unit),
    _choice("scope", codes.Scope),
    *_not_negative("value"),
    CheckConstraint("value IS NOT NULL OR scope = 'inaccessible'", name="states_a_number"),
    CheckConstraint("row >= 1", name="row"),
)

presence = Table(
    "presence",
    metadata,
    _key(),
    _text("period", required=True),
    _place(),
    _text("organisation", required=True),
    _text("sector"),
    Column("started_on", Date),
    Column("ended_on", Date),
    _text("status"),
    _text("source_id", required=True),
    *_source_cell(),
    Index(None, "period"),
    _period(),
    _choice("status", codes.ActivityStatus),
    CheckConstraint("row >= 1", name="row"),
)

sector_cover = Table(
    "sector_cover",
    metadata,
    Column("period", TEXT, primary_key=True),
    Column("place_id", TEXT, ForeignKey("place.place_id"), primary_key=True),
    Column("sector", TEXT, primary_key=True),
    _count("actors", required=True),
    _text("organisations", required=True),
    _count("persons"),
    _count("persons_without"),
    _count("wanted"),
    Column("rank", Integer),
    _period(),
    _choice("sector", codes.Sector),
    *_not_negative("actors", "persons", "wanted"),
    CheckConstraint("persons_without >= 0 AND persons_without <= persons", name="persons_without"),
    CheckConstraint("rank IS NULL OR (rank >= 1 AND wanted IS NOT NULL AND wanted >= 1)", name="rank"),
)

discrepancy = Table(
    "discrepancy",
    metadata,
    Column("id", TEXT, primary_key=True),
    _text("rule", required=True),
    _text("period", required=True),
    _place(required=True),
    _text("population_group", required=True),
    _text("measure", required=True),
    Column("unit", TEXT, nullable=False, server_default="individual"),
    _text("compared", required=True),
    _count("gap", required=True),
    Column("impact", COUNT, nullable=False, server_default="0"),
    Column("severity", TEXT, nullable=False, server_default="amber"),
    Column("share", Float),
    _text("fingerprint", required=True),
    _text("status", required=True),
    _text("sentence", required=True),
    _text("remedy"),
    Column("params", TEXT, nullable=False, server_default="{}"),
    _text("proposed"),
    _text("owner"),
    _text("partner"),
    Column("due", Date),
    Column("additional", Boolean, nullable=False, server_default=false()),
    Column("submission_id", ID, ForeignKey("submission.id")),
    _text("sheet"),
    _text("cell"),
    Column("row", Integer),
    _text("reply"),
    _text("reopened_because"),
    Column("first_seen", Date, nullable=False),
    Column("last_seen", Date, nullable=False),
    Index(None, "period"),
    _period(),
    _choice("population_group", codes.PopulationGroup),
    _choice("measure", codes.Measure),
    _choice("unit", codes.Unit),
    _choice("severity", codes.Severity),
    _choice("status", codes.DiscrepancyStatus),
    _choice("proposed", codes.Action),
    _choice("owner", codes.Owner),
    *_not_negative("impact"),
    CheckConstraint("last_seen >= first_seen", name="last_seen"),
)

decision = Table(
    "decision",
    metadata,
    _key(),
    Column("discrepancy_id", TEXT, ForeignKey("discrepancy.id"), index=True),
    _text("action", required=True),
    _text("decided_by", required=True),
    Column("decided_on", Date, nullable=False),
    _text("reason", required=True),
    _text("source"),
    _count("households"),
    _count("individuals"),
    _text("fingerprint"),
    _text("compared"),
    Column("undoes", ID, ForeignKey("decision.id")),
    _text("group_id"),
    UniqueConstraint("undoes", name="undone_once"),
    _choice("action", codes.Action),
    *_not_negative("households", "individuals"),
    _filled("decided_by"),
    _filled("reason"),
    CheckConstraint("undoes <> id", name="undoes"),
)

# Numbers about one place that are not held against each other, and why.
not_comparable = Table(
    "not_comparable",
    metadata,
    _key(),
    _text("period", required=True),
    _place(required=True),
    _text("population_group", required=True),
    _text("compared", required=True),
    _text("reason", required=True),
    _text("params", required=True),
    _text("sentence", required=True),
    Index(None, "period"),
    _period(),
    _choice("population_group", codes.PopulationGroup),
    _filled("reason"),
)

waiver = Table(
    "waiver",
    metadata,
    _key(),
    _text("promise", required=True),
    _place("region_id"),
    _text("period", required=True),
    _text("granted_by", required=True),
    Column("granted_on", Date, nullable=False),
    Column("expires_on", Date, nullable=False),
    _text("reason", required=True),
    _period(),
    _choice("promise", codes.Promise),
    _filled("granted_by"),
    _filled("reason"),
    CheckConstraint("expires_on >= granted_on", name="expires_on"),
)

figure = Table(
    "figure",
    metadata,
    _key(),
    _owner("release_id", "release.id"),
    _place(required=True),
    _text("level", required=True),
    _text("population_group", required=True),
    _text("measure", required=True),
    _text("unit", required=True),
    *(_text(name, required=True) for name in BREAKDOWNS),
    _count("value"),
    _text("missing_reason"),
    _text("obs_status", required=True),
    _text("basis"),
    _text("grade", required=True),
    Column("carried_months", Integer, nullable=False, server_default="0"),
    UniqueConstraint("release_id", "place_id", "population_group", "measure", "unit", *BREAKDOWNS, name="once"),
    _choice("level", FIGURE_LEVELS),
    _choice("population_group", codes.PopulationGroup),
    _choice("measure", codes.Measure),
    _choice("unit", codes.Unit),
    _choice("sex", codes.Sex, TOTAL, UNKNOWN),
    _choice("age", codes.AgeBand, TOTAL, UNKNOWN),
    _choice("shelter", codes.Shelter, TOTAL, UNKNOWN),
    _choice("displacement", codes.Displacement, TOTAL, UNKNOWN),
    _choice("cause", codes.Cause, TOTAL, UNKNOWN),
    _choice("vulnerability", codes.Vulnerability, TOTAL),
    _choice("missing_reason", codes.MissingReason),
    _choice("obs_status", codes.ObsStatus),
    _choice("basis", codes.Basis),
    _choice("grade", codes.Grade),
    CheckConstraint("value IS NOT NULL OR missing_reason IS NOT NULL", name="missing_has_reason"),
    CheckConstraint("value >= 0 OR measure = 'corrections'", name="value"),
    CheckConstraint("carried_months >= 0", name="carried_months"),
)

adjustment = Table(
    "adjustment",
    metadata,
    _key(),
    _owner("release_id", "release.id"),
    _place(required=True),
    _text("population_group", required=True),
    _text("measure", required=True),
    _text("unit", required=True),
    Column("item", Integer, nullable=False),
    _text("kind", required=True),
    _count("value"),
    _text("missing_reason"),
    _text("reason", required=True),
    _place("about_place_id"),
    Column("submission_id", ID, ForeignKey("submission.id")),
    _text("sheet"),
    _text("cell"),
    Column("row", Integer),
    Column("decision_id", ID, ForeignKey("decision.id")),
    UniqueConstraint("release_id", "place_id", "population_group", "measure", "unit", "item", name="item"),
    _choice("population_group", codes.PopulationGroup),
    _choice("measure", codes.Measure),
    _choice("unit", codes.Unit),
    _choice("kind", codes.AdjustmentKind),
    _choice("missing_reason", codes.MissingReason),
    CheckConstraint("item >= 0", name="item"),
    CheckConstraint("item > 0 OR kind = 'return'", name="opens_with_return"),
    CheckConstraint("value IS NOT NULL OR (kind = 'return' AND missing_reason IS NOT NULL)", name="value"),
)

audit_event = Table(
    "audit_event",
    metadata,
    _key(),
    _text("at", required=True),
    _text("actor", required=True),
    _text("action", required=True),
    _text("subject", required=True),
    _text("details", required=True),
    _text("previous_hash", required=True),
    _text("hash", required=True),
    UniqueConstraint("previous_hash", name="previous_hash"),
    UniqueConstraint("hash", name="hash"),
    _filled("actor"),
    _filled("action"),
)
