"""The first schema: the tables of the store. Views are not part of the history (see `pipelines.io.store.views`)."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None
views = "829d036255ac9797"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    _audit_event()
    _place()
    _release()
    _discrepancy()
    _event()
    _figure()
    _place_alias()
    _place_code()
    _submission()
    _waiver()
    _alert()
    _decision()
    _finding()
    _observation()
    _release_return()
    _adjustment()


def downgrade() -> None:
    raise NotImplementedError("the store only goes forward: restore the copy made before the upgrade")


def _audit_event() -> None:
    op.create_table(
        "audit_event",
        sa.Column("id", ID, nullable=False, autoincrement=True),
        sa.Column("at", TEXT, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("action", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("details", TEXT, nullable=False),
        sa.Column("previous_hash", TEXT, nullable=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
        sa.UniqueConstraint("previous_hash", name=op.f("uq_audit_event_previous_hash")),
        sa.UniqueConstraint("hash", name=op.f("uq_audit_event_hash")),
        sa.CheckConstraint("length(trim(actor)) > 0", name=op.f("ck_audit_event_actor")),
        sa.CheckConstraint("length(trim(action)) > 0", name=op.f("ck_audit_event_action")),
    )


def _place() -> None:
    op.create_table(
        "place",
        sa.Column("place_id", TEXT, nullable=False),
        sa.Column("level", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("place_id", name=op.f("pk_place")),
        sa.CheckConstraint(
            "level IN ('site', 'commune', 'cercle', 'region', 'country')",
            name=op.f("ck_place_level"),
        ),
        sa.CheckConstraint("length(trim(name)) > 0", name=op.f("ck_place_name")),
        sa.CheckConstraint("lat BETWEEN -90 AND 90", name=op.f("ck_place_lat")),
        sa.CheckConstraint("lon BETWEEN -180 AND 180", name=op.f("ck_place_lon")),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_place_validity")),
    )


def _release() -> None:
    op.create_table(
        "release",
        sa.Column("id", ID, nullable=False, autoincrement=True),
        sa.Column("period", TEXT, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("compared_with", TEXT, nullable=True),
        sa.Column("rules_hash", TEXT, nullable=False),
        sa.Column("dataset_sha256", TEXT, nullable=False),
        sa.Column("compiled_at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release")),
        sa.UniqueConstraint("period", "revision", name=op.f("uq_release_revision")),
        sa.CheckConstraint(
            "length(period) = 7 AND substr(period, 5, 1) = '-' AND trim(period, '0123456789') = '-' AND "
            "substr(period, 6, 2) IN ('01', '02', '03', '04', '05', '06', '07', '08', '09', '10', '11', '12')",
            name=op.f("ck_release_period"),
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'circulated', 'returned', 'signed', 'published')",
            name=op.f("ck_release_state"),
        ),
        sa.CheckConstraint("revision >= 0", name=op.f("ck_release_revision")),
        sa.CheckConstraint("(revision = 0) = (state = 'draft')", name=op.f("ck_release_numbered_after_the_draft")),
    )


def _discrepancy() -> None:
    op.create_table(
        "discrepancy",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("rule", TEXT, nullable=False),
        sa.Column("period", TEXT, nullable=False),
        sa.Column("place_id", TEXT, nullable=False),
        sa.Column("population_group", TEXT, nullable=False),
        sa.Column("measure", TEXT, nullable=False),
        sa.Column("compared", TEXT, nullable=False),
        sa.Column("gap", sa.BigInteger(), nullable=False),
        sa.Column("share", sa.Float(), nullable=True),
        sa.Column("fingerprint", TEXT, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("sentence", TEXT, nullable=False),
        sa.Column("proposed", TEXT, nullable=True),
        sa.Column("owner", TEXT, nullable=True),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("first_seen", sa.Date(), nullable=False),
        sa.Column("last_seen", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discrepancy")),
        sa.ForeignKeyConstraint(["place_id"], ["place.place_id"], name=op.f("fk_discrepancy_place_id")),
        sa.CheckConstraint(
            "length(period) = 7 AND substr(period, 5, 1) = '-' AND trim(period, '0123456789') = '-' AND "
            "substr(period, 6, 2) IN ('01', '02', '03', '04', '05', '06', '07', '08', '09', '10', '11', '12')",
            name=op.f("ck_discrepancy_period"),
        ),
        sa.CheckConstraint(
            "population_group IN ('idp', 'idp_returnee', 'repatriated_refugee')",
            name=op.f("ck_discrepancy_population_group"),
        ),
        sa.CheckConstraint(
            "measure IN ('stock', 'arrivals', 'departures', 'returns', 'corrections', 'cumulative')",
            name=op.f("ck_discrepancy_measure"),
        ),
        sa.CheckConstraint("status IN ('open', 'decided', 'reopened', 'closed')", name=op.f("ck_discrepancy_status")),
        sa.CheckConstraint("last_seen >= first_seen", name=op.f("ck_discrepancy_last_seen")),
    )
    op.create_index(op.f("ix_discrepancy_period"), "discrepancy", ["period"])


def _event() -> None:
    op.create_table(
        "event",
        sa.Column("id", ID, nullable=False, autoincrement=True),
        sa.Column("period", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("place_id", TEXT, nullable=True),
        sa.Column("first_on", sa.Date(), nullable=True),
        sa.Column("last_on", sa.Date(), nullable=True),
        sa.Column("witnesses", sa.Integer(), nullable=False),
        sa.Column("households_low", sa.BigInteger(), nullable=True),
        sa.Column("households_high", sa.BigInteger(), nullable=True),
        sa.Column("individuals_low", sa.BigInteger(), nullable=True),
        sa.Column("individuals_high", sa.BigInteger(), nullable=True),
        sa.Column("assessed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        sa.ForeignKeyConstraint(["place_id"], ["place.place_id"], name=op.f("fk_event_place_id")),
        sa.UniqueConstraint("period", "key", name=op.f("uq_event_key")),
        sa.CheckConstraint(
            "length(period) = 7 AND substr(period, 5, 1) = '-' AND trim(period, '0123456789') = '-' AND "
            "substr(period, 6, 2) IN ('01', '02', '03', '04', '05', '06', '07', '08', '09', '10', '11', '12')",
            name=op.f("ck_event_period"),
        ),
        sa.CheckConstraint("last_on >= first_on", name=op.f("ck_event_last_on")),
        sa.CheckConstraint("witnesses >= 1", name=op.f("ck_event_witnesses")),
        sa.CheckConstraint(
            "households_low >= 0 AND households_high >= households_low",
            name=op.f("ck_event_households"),
        ),
        sa.CheckConstraint(
            "individuals_low >= 0 AND individuals_high >= individuals_low",
            name=op.f("ck_event_individuals"),
        ),
    )


def _figure() -> None:
    op.create_table(
        "figure",
        sa.Column("id", ID, nullable=False, autoincrement=True),
        sa.Column("release_id", ID, nullable=False),
        sa.Column("place_id", TEXT, nullable=False),
        sa.Column("level", TEXT, nullable=False),
        sa.Column("population_group", TEXT, nullable=False),
        sa.Column("measure", TEXT, nullable=False),
        sa.Column("unit", TEXT, nullable=False),
        sa.Column("sex", TEXT, nullable=False),
        sa.Column("age", TEXT, nullable=False),
        sa.Column("shelter", TEXT, nullable=False),
        sa.Column("displacement", TEXT, nullable=False),
        sa.Column("origin_id", TEXT, nullable=False),
        sa.Column("cause", TEXT, nullable=False),
        sa.Column("vulnerability", TEXT, nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=True),
        sa.Column("missing_reason", TEXT, nullable=True),
        sa.Column("obs_status", TEXT, nullable=False),
        sa.Column("basis", TEXT, nullable=True),
        sa.Column("grade", TEXT, nullable=False),
        sa.Column("carried_months", sa.Integer(), nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_figure")),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_figure_release_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["place_id"], ["place.place_id"], name=op.f("fk_figure_place_id")),
        sa.UniqueConstraint(
            "release_id",
            "place_id",
            "population_group",
            "measure",
            "unit",
            "sex",
            "age",
            "shelter",
            "displacement",
            "origin_id",
            "cause",
            "vulnerability",
            name=op.f("uq_figure_once"),
        ),
        sa.CheckConstraint("level IN ('commune', 'cercle', 'region', 'country')", name=op.f("ck_figure_level")),
        sa.CheckConstraint(
            "population_group IN ('idp', 'idp_returnee', 'repatriated_refugee')",
            name=op.f("ck_figure_population_group"),
        ),
        sa.CheckConstraint(
            "measure IN ('stock', 'arrivals', 'departures', 'returns', 'corrections', 'cumulative')",
            name=op.f("ck_figure_measure"),
        ),
        sa.CheckConstraint("unit IN ('household', 'individual')", name=op.f("ck_figure_unit")),
        sa.CheckConstraint("sex IN ('F', 'M', '_T', '_U')", name=op.f("ck_figure_sex")),
        sa.CheckConstraint("age IN ('0-4', '5-17', '18-59', '60+', '_T', '_U')", name=op.f("ck_figure_age")),
        sa.CheckConstraint(
            "shelter IN ('host_family', 'rented', 'spontaneous_site', 'planned_site', 'collective_centre', 'other', '_T', '_U')",
            name=op.f("ck_figure_shelter"),
        ),
        sa.CheckConstraint(
            "displacement IN ('primary', 'secondary', '_T', '_U')",
            name=op.f("ck_figure_displacement"),
        ),
        sa.CheckConstraint(
            "cause IN ('armed_conflict', 'communal_conflict', 'insecurity', 'attack_on_civilians', "
            "'natural_disaster', 'economic', 'other', '_T', '_U')",
            name=op.f("ck_figure_cause"),
        ),
        sa.CheckConstraint(
            "vulnerability IN ('female_headed_household', 'unaccompanied_child', 'pregnant_or_lactating', "
            "'disability', 'older_person_alone', 'chronic_illness', 'no_civil_document', "
            "'displaced_under_12_months', 'displaced_over_12_months', '_T')",
            name=op.f("ck_figure_vulnerability"),
        ),
        sa.CheckConstraint(
            "missing_reason IN ('not_reported', 'not_collected', 'inaccessible', 'not_applicable', 'no_return', 'rejected')",
            name=op.f("ck_figure_missing_reason"),
        ),
        sa.CheckConstraint("obs_status IN ('A', 'P', 'I', 'O')", name=op.f("ck_figure_obs_status")),
        sa.CheckConstraint(
            "basis IN ('registration', 'assessment', 'key_informant', 'alert', 'estimate', 'carried_forward')",
            name=op.f("ck_figure_basis"),
        ),
        sa.CheckConstraint("grade IN ('A', 'B', 'C', 'D')", name=op.f("ck_figure_grade")),
        sa.CheckConstraint(
            "value IS NOT NULL OR missing_reason IS NOT NULL",
            name=op.f("ck_figure_missing_has_reason"),
        ),
        sa.CheckConstraint("value >= 0 OR measure = 'corrections'", name=op.f("ck_figure_value")),
        sa.CheckConstraint("carried_months >= 0", name=op.f("ck_figure_carried_months")),
    )


def _place_alias() -> None:
    op.create_table(
        "place_alias",
        sa.Column("id", ID, nullable=False, autoincrement=True),
        sa.Column("alias", TEXT, nullable=False),
        sa.Column("level", TEXT, nullable=False),
        sa.Column("parent_id", TEXT, nullable=True),
        sa.Column("place_id", TEXT, nullable=False),
        sa.Column("source", TEXT, nullable=True),
        sa.Column("confirmed_by", TEXT, nullable=True),
        sa.Column("confirmed_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place_alias")),
        sa.ForeignKeyConstraint(["parent_id"], ["place.place_id"], name=op.f("fk_place_alias_parent_id")),
        sa.ForeignKeyConstraint(["place_id"], ["place.place_id"], name=op.f("fk_place_alias_place_id")),
        sa.UniqueConstraint("alias", "level", "parent_id", name=op.f("uq_place_alias_alias")),
        sa.CheckConstraint(
            "level IN ('site', 'commune', 'cercle', 'region', 'country')",
            name=op.f("ck_place_alias_level"),
        ),
        sa.CheckConstraint("length(trim(alias)) > 0", name=op.f("ck_place_alias_alias")),
    )
    op.create_index(
        "uq_place_alias_anywhere", "place_alias", ["alias", "level"], unique=True,
        sqlite_where=sa.text("parent_id IS NULL"), postgresql_where=sa.text("parent_id IS NULL"),
    )  # fmt: skip


def _place_code() -> None:
    op.create_table(
        "place_code",
        sa.Column("place_id", TEXT, nullable=False),
        sa.Column("vintage", TEXT, nullable=False),
        sa.Column("pcode", TEXT, nullable=False),
        sa.Column("parent_id", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("place_id", "vintage", name=op.f("pk_place_code")),
        sa.ForeignKeyConstraint(["place_id"], ["place.place_id"], name=op.f("fk_place_code_place_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["place.place_id"], name=op.f("fk_place_code_parent_id")),
        sa.UniqueConstraint("vintage", "pcode", name=op.f("uq_place_code_pcode")),
        sa.CheckConstraint("parent_id <> place_id", name=op.f("ck_place_code_parent")),
    )


def _submission() -> None:
    op.create_table(
        "submission",
        sa.Column("id", ID, nullable=False, autoincrement=True),
        sa.Column("period", TEXT, nullable=False),
        sa.Column("region_id", TEXT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("layout", TEXT, nullable=True),
        sa.Column("file", TEXT, nullable=False),
        sa.Column("sha256", TEXT, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("region", TEXT, nullable=True),
        sa.Column("prepared_by", TEXT, nullable=True),
        sa.Column("function", TEXT, nullable=True),
        sa.Column("prepared_on", sa.Date(), nullable=True),
        sa.Column("validated", sa.Boolean(), nullable=False),
        sa.Column("validated_on", sa.Date(), nullable=True),
        sa.Column("minutes_number", TEXT, nullable=True),
        sa.Column("validated_by", TEXT, nullable=True),
        sa.Column("stated_version", sa.BigInteger(), nullable=True),
        sa.Column("rows_read", sa.Integer(), nullable=False),
        sa.Column("rows_accepted", sa.Integer(), nullable=False),
        sa.Column("rows_rejected", sa.Integer(), nullable=False),
        sa.Column("rows_recognised", sa.Integer(), nullable=False),
        sa.Column("columns", TEXT, nullable=False),
        sa.Column("rules_hash", TEXT, nullable=False),
        sa.Column("received_at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission")),
        sa.ForeignKeyConstraint(["region_id"], ["place.place_id"], name=op.f("fk_submission_region_id")),
        sa.UniqueConstraint("period", "sha256", name=op.f("uq_submission_file")),
        sa.UniqueConstraint("period", "region_id", "version", name=op.f("uq_submission_version")),
        sa.CheckConstraint(
            "length(period) = 7 AND substr(period, 5, 1) = '-' AND trim(period, '0123456789') = '-' AND "
            "substr(period, 6, 2) IN ('01', '02', '03', '04', '05', '06', '07', '08', '09', '10', '11', '12')",
            name=op.f("ck_submission_period"),
        ),
        sa.CheckConstraint("status IN ('accepted', 'refused')", name=op.f("ck_submission_status")),
        sa.CheckConstraint(
            "(version IS NOT NULL) = (status = 'accepted')",
            name=op.f("ck_submission_numbered_when_accepted"),
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_submission_version")),
        sa.CheckConstraint(
            "status = 'refused' OR region_id IS NOT NULL",
            name=op.f("ck_submission_accepted_of_a_region"),
        ),
        sa.CheckConstraint(
            "rows_read = rows_accepted + rows_rejected + rows_recognised",
            name=op.f("ck_submission_no_silent_loss"),
        ),
        sa.CheckConstraint("rows_accepted >= 0", name=op.f("ck_submission_rows_accepted")),
        sa.CheckConstraint("rows_rejected >= 0", name=op.f("ck_submission_rows_rejected")),
        sa.CheckConstraint("rows_recognised >= 0", name=op.f("ck_submission_rows_recognised")),
    )


def _waiver() -> None:
    op.create_table(
        "waiver",
        sa.Column("id", ID, nullable=False, autoincrement=True),
        sa.Column("promise", TEXT, nullable=False),
        sa.Column("region_id", TEXT, nullable=True),
        sa.Column("period", TEXT, nullable=False),
        sa.Column("granted_by", TEXT, nullable=False),
        sa.Column("granted_on", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiver")),
        sa.ForeignKeyConstraint(["region_id"], ["place.place_id"], name=op.f("fk_waiver_region_id")),
        sa.CheckConstraint(
            "length(period) = 7 AND substr(period, 5, 1) = '-' AND trim(period, '0123456789') = '-' AND "
            "substr(period, 6, 2) IN ('01', '02', '03', '04', '05', '06', '07', '08', '09', '10', '11', '12')",
            name=op.f("ck_waiver_period"),
        ),
        sa.CheckConstraint("length(trim(promise)) > 0", name=op.f("ck_waiver_promise")),
        sa.CheckConstraint("length(trim(granted_by)) > 0", name=op.f("ck_waiver_granted_by")),
        sa.CheckConstraint("length(trim(reason)) > 0", name=op.f("ck_waiver_reason")),
        sa.CheckConstraint("expires_on >= granted_on", name=op.f("ck_waiver_expires_on")),
    )


def _alert() -> None:
    op.create_table(
        "alert",
        sa.Column("id", ID, nullable=False, autoincrement=True),
        sa.Column("period", TEXT, nullable=False),
        sa.Column("file", TEXT, nullable=False),
        sa.Column("sha256", TEXT, nullable=False),
        sa.Column("sheet", TEXT, nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("cell", TEXT, nullable=True),
        sa.Column("place_id", TEXT, nullable=True),
        sa.Column("event_id", ID, nullable=True),
        sa.Column("alert_number", TEXT, nullable=True),
        sa.Column("kind", TEXT, nullable=True),
        sa.Column("event_on", sa.Date(), nullable=True),
        sa.Column("alert_on", sa.Date(), nullable=True),
        sa.Column("confirmed_on", sa.Date(), nullable=True),
        sa.Column("organisation", TEXT, nullable=True),
        sa.Column("shock", TEXT, nullable=True),
        sa.Column("status", TEXT, nullable=True),
        sa.Column("region", TEXT, nullable=True),
        sa.Column("cercle", TEXT, nullable=True),
        sa.Column("commune", TEXT, nullable=True),
        sa.Column("origin", TEXT, nullable=True),
        sa.Column("households", sa.BigInteger(), nullable=True),
        sa.Column("individuals", sa.BigInteger(), nullable=True),
        sa.Column("wave", TEXT, nullable=True),
        sa.Column("remarks", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
        sa.ForeignKeyConstraint(["place_id"], ["place.place_id"], name=op.f("fk_alert_place_id")),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_alert_event_id"), ondelete="SET NULL"),
        sa.UniqueConstraint("period", "sha256", "sheet", "row", name=op.f("uq_alert_source_row")),
        sa.CheckConstraint(
            "length(period) = 7 AND substr(period, 5, 1) = '-' AND trim(period, '0123456789') = '-' AND "
            "substr(period, 6, 2) IN ('01', '02', '03', '04', '05', '06', '07', '08', '09', '10', '11', '12')",
            name=op.f("ck_alert_period"),
        ),
        sa.CheckConstraint("row >= 1", name=op.f("ck_alert_row")),
        sa.CheckConstraint("households >= 0", name=op.f("ck_alert_households")),
        sa.CheckConstraint("individuals >= 0", name=op.f("ck_alert_individuals")),
        sa.CheckConstraint("kind IN ('alert', 'assessment')", name=op.f("ck_alert_kind")),
        sa.CheckConstraint(
            "shock IN ('armed_attack', 'clash', 'ultimatum', 'military_operation', 'communal_conflict', "
            "'flood', 'fire', 'restriction', 'other')",
            name=op.f("ck_alert_shock"),
        ),
        sa.CheckConstraint(
            "status IN ('preliminary', 'awaiting_assessment', 'in_assessment', 'assessed', 'awaiting_response', "
            "'in_response', 'closed')",
            name=op.f("ck_alert_status"),
        ),
        sa.CheckConstraint("wave IN ('new', 'old')", name=op.f("ck_alert_wave")),
    )
    op.create_index(op.f("ix_alert_event_id"), "alert", ["event_id"])


def _decision() -> None:
    op.create_table(
        "decision",
        sa.Column("id", ID, nullable=False, autoincrement=True),
        sa.Column("discrepancy_id", TEXT, nullable=True),
        sa.Column("action", TEXT, nullable=False),
        sa.Column("decided_by", TEXT, nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=True),
        sa.Column("fingerprint", TEXT, nullable=True),
        sa.Column("undoes", ID, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
        sa.ForeignKeyConstraint(["discrepancy_id"], ["discrepancy.id"], name=op.f("fk_decision_discrepancy_id")),
        sa.ForeignKeyConstraint(["undoes"], ["decision.id"], name=op.f("fk_decision_undoes")),
        sa.UniqueConstraint("undoes", name=op.f("uq_decision_undone_once")),
        sa.CheckConstraint("length(trim(action)) > 0", name=op.f("ck_decision_action")),
        sa.CheckConstraint("length(trim(decided_by)) > 0", name=op.f("ck_decision_decided_by")),
        sa.CheckConstraint("length(trim(reason)) > 0", name=op.f("ck_decision_reason")),
        sa.CheckConstraint("undoes <> id", name=op.f("ck_decision_undoes")),
    )
    op.create_index(op.f("ix_decision_discrepancy_id"), "decision", ["discrepancy_id"])


def _finding() -> None:
    op.create_table(
        "finding",
        sa.Column("id", ID, nullable=False, autoincrement=True),
        sa.Column("submission_id", ID, nullable=True),
        sa.Column("release_id", ID, nullable=True),
        sa.Column("about_submission_id", ID, nullable=True),
        sa.Column("place_id", TEXT, nullable=True),
        sa.Column("code", TEXT, nullable=False),
        sa.Column("effect", TEXT, nullable=False),
        sa.Column("sheet", TEXT, nullable=True),
        sa.Column("cell", TEXT, nullable=True),
        sa.Column("row", sa.Integer(), nullable=True),
        sa.Column("value", TEXT, nullable=True),
        sa.Column("params", TEXT, nullable=False),
        sa.Column("message", TEXT, nullable=False),
        sa.Column("remedy", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding")),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_finding_submission_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_finding_release_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["about_submission_id"], ["submission.id"], name=op.f("fk_finding_about_submission_id")),
        sa.ForeignKeyConstraint(["place_id"], ["place.place_id"], name=op.f("fk_finding_place_id")),
        sa.CheckConstraint("(submission_id IS NULL) <> (release_id IS NULL)", name=op.f("ck_finding_one_owner")),
        sa.CheckConstraint(
            "about_submission_id IS NULL OR release_id IS NOT NULL",
            name=op.f("ck_finding_about_submission_id"),
        ),
        sa.CheckConstraint(
            "effect IN ('reject_submission', 'reject_row', 'block_publication', 'justify', 'inform')",
            name=op.f("ck_finding_effect"),
        ),
    )
    op.create_index(op.f("ix_finding_release_id"), "finding", ["release_id"])
    op.create_index(op.f("ix_finding_submission_id"), "finding", ["submission_id"])


def _observation() -> None:
    op.create_table(
        "observation",
        sa.Column("id", ID, nullable=False, autoincrement=True),
        sa.Column("submission_id", ID, nullable=False),
        sa.Column("table_name", TEXT, nullable=False),
        sa.Column("sheet", TEXT, nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("place_id", TEXT, nullable=True),
        sa.Column("origin_place_id", TEXT, nullable=True),
        sa.Column("from_place_id", TEXT, nullable=True),
        sa.Column("to_place_id", TEXT, nullable=True),
        sa.Column("place_method", TEXT, nullable=True),
        sa.Column("place_score", sa.Float(), nullable=True),
        sa.Column("code_status", TEXT, nullable=True),
        sa.Column("placed_level", TEXT, nullable=True),
        sa.Column("cercle", TEXT, nullable=True),
        sa.Column("commune", TEXT, nullable=True),
        sa.Column("code", TEXT, nullable=True),
        sa.Column("level", TEXT, nullable=True),
        sa.Column("site", TEXT, nullable=True),
        sa.Column("households", sa.BigInteger(), nullable=True),
        sa.Column("individuals", sa.BigInteger(), nullable=True),
        sa.Column("female_0_4", sa.BigInteger(), nullable=True),
        sa.Column("female_5_17", sa.BigInteger(), nullable=True),
        sa.Column("female_18_59", sa.BigInteger(), nullable=True),
        sa.Column("female_60_plus", sa.BigInteger(), nullable=True),
        sa.Column("male_0_4", sa.BigInteger(), nullable=True),
        sa.Column("male_5_17", sa.BigInteger(), nullable=True),
        sa.Column("male_18_59", sa.BigInteger(), nullable=True),
        sa.Column("male_60_plus", sa.BigInteger(), nullable=True),
        sa.Column("shelter_unit", TEXT, nullable=True),
        sa.Column("shelter_host_family", sa.BigInteger(), nullable=True),
        sa.Column("shelter_rented", sa.BigInteger(), nullable=True),
        sa.Column("shelter_spontaneous_site", sa.BigInteger(), nullable=True),
        sa.Column("shelter_planned_site", sa.BigInteger(), nullable=True),
        sa.Column("shelter_collective_centre", sa.BigInteger(), nullable=True),
        sa.Column("shelter_other", sa.BigInteger(), nullable=True),
        sa.Column("primary", sa.BigInteger(), nullable=True),
        sa.Column("secondary", sa.BigInteger(), nullable=True),
        sa.Column("under_12_months", sa.BigInteger(), nullable=True),
        sa.Column("over_12_months", sa.BigInteger(), nullable=True),
        sa.Column("basis", TEXT, nullable=True),
        sa.Column("observed_on", sa.Date(), nullable=True),
        sa.Column("missing_reason", TEXT, nullable=True),
        sa.Column("remarks", TEXT, nullable=True),
        sa.Column("origin_region", TEXT, nullable=True),
        sa.Column("origin_cercle", TEXT, nullable=True),
        sa.Column("cause", TEXT, nullable=True),
        sa.Column("movement", TEXT, nullable=True),
        sa.Column("from_region", TEXT, nullable=True),
        sa.Column("from_cercle", TEXT, nullable=True),
        sa.Column("from_commune", TEXT, nullable=True),
        sa.Column("to_region", TEXT, nullable=True),
        sa.Column("to_cercle", TEXT, nullable=True),
        sa.Column("to_commune", TEXT, nullable=True),
        sa.Column("alert_number", TEXT, nullable=True),
        sa.Column("asylum_country", TEXT, nullable=True),
        sa.Column("female_headed_household", sa.BigInteger(), nullable=True),
        sa.Column("unaccompanied_child", sa.BigInteger(), nullable=True),
        sa.Column("pregnant_or_lactating", sa.BigInteger(), nullable=True),
        sa.Column("disability", sa.BigInteger(), nullable=True),
        sa.Column("older_person_alone", sa.BigInteger(), nullable=True),
        sa.Column("chronic_illness", sa.BigInteger(), nullable=True),
        sa.Column("no_civil_document", sa.BigInteger(), nullable=True),
        sa.Column("host_families", sa.BigInteger(), nullable=True),
        sa.Column("need_1", TEXT, nullable=True),
        sa.Column("need_2", TEXT, nullable=True),
        sa.Column("need_3", TEXT, nullable=True),
        sa.Column("site_type", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_observation")),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission.id"], name=op.f("fk_observation_submission_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["place_id"], ["place.place_id"], name=op.f("fk_observation_place_id")),
        sa.ForeignKeyConstraint(["origin_place_id"], ["place.place_id"], name=op.f("fk_observation_origin_place_id")),
        sa.ForeignKeyConstraint(["from_place_id"], ["place.place_id"], name=op.f("fk_observation_from_place_id")),
        sa.ForeignKeyConstraint(["to_place_id"], ["place.place_id"], name=op.f("fk_observation_to_place_id")),
        sa.UniqueConstraint("submission_id", "table_name", "sheet", "row", name=op.f("uq_observation_source_row")),
        sa.CheckConstraint(
            "table_name IN ('idp', 'origin', 'movement', 'returnee', 'repatriated', 'need', 'site')",
            name=op.f("ck_observation_table_name"),
        ),
        sa.CheckConstraint("row >= 1", name=op.f("ck_observation_row")),
        sa.CheckConstraint(
            "NOT accepted OR \"level\" IN ('site', 'commune', 'cercle')",
            name=op.f("ck_observation_level"),
        ),
        sa.CheckConstraint(
            "NOT accepted OR \"households\" >= 0 OR table_name IN ('movement')",
            name=op.f("ck_observation_households"),
        ),
        sa.CheckConstraint(
            "NOT accepted OR \"individuals\" >= 0 OR table_name IN ('movement')",
            name=op.f("ck_observation_individuals"),
        ),
        sa.CheckConstraint('NOT accepted OR "female_0_4" >= 0', name=op.f("ck_observation_female_0_4")),
        sa.CheckConstraint('NOT accepted OR "female_5_17" >= 0', name=op.f("ck_observation_female_5_17")),
        sa.CheckConstraint('NOT accepted OR "female_18_59" >= 0', name=op.f("ck_observation_female_18_59")),
        sa.CheckConstraint('NOT accepted OR "female_60_plus" >= 0', name=op.f("ck_observation_female_60_plus")),
        sa.CheckConstraint('NOT accepted OR "male_0_4" >= 0', name=op.f("ck_observation_male_0_4")),
        sa.CheckConstraint('NOT accepted OR "male_5_17" >= 0', name=op.f("ck_observation_male_5_17")),
        sa.CheckConstraint('NOT accepted OR "male_18_59" >= 0', name=op.f("ck_observation_male_18_59")),
        sa.CheckConstraint('NOT accepted OR "male_60_plus" >= 0', name=op.f("ck_observation_male_60_plus")),
        sa.CheckConstraint(
            "NOT accepted OR \"shelter_unit\" IN ('household', 'individual')",
            name=op.f("ck_observation_shelter_unit"),
        ),
        sa.CheckConstraint(
            'NOT accepted OR "shelter_host_family" >= 0',
            name=op.f("ck_observation_shelter_host_family"),
        ),
        sa.CheckConstraint('NOT accepted OR "shelter_rented" >= 0', name=op.f("ck_observation_shelter_rented")),
        sa.CheckConstraint(
            'NOT accepted OR "shelter_spontaneous_site" >= 0',
            name=op.f("ck_observation_shelter_spontaneous_site"),
        ),
        sa.CheckConstraint(
            'NOT accepted OR "shelter_planned_site" >= 0',
            name=op.f("ck_observation_shelter_planned_site"),
        ),
        sa.CheckConstraint(
            'NOT accepted OR "shelter_collective_centre" >= 0',
            name=op.f("ck_observation_shelter_collective_centre"),
        ),
        sa.CheckConstraint('NOT accepted OR "shelter_other" >= 0', name=op.f("ck_observation_shelter_other")),
        sa.CheckConstraint('NOT accepted OR "primary" >= 0', name=op.f("ck_observation_primary")),
        sa.CheckConstraint('NOT accepted OR "secondary" >= 0', name=op.f("ck_observation_secondary")),
        sa.CheckConstraint('NOT accepted OR "under_12_months" >= 0', name=op.f("ck_observation_under_12_months")),
        sa.CheckConstraint('NOT accepted OR "over_12_months" >= 0', name=op.f("ck_observation_over_12_months")),
        sa.CheckConstraint(
            "NOT accepted OR \"basis\" IN ('registration', 'assessment', 'key_informant', 'alert', 'estimate', "
            "'carried_forward')",
            name=op.f("ck_observation_basis"),
        ),
        sa.CheckConstraint(
            "NOT accepted OR \"missing_reason\" IN ('not_reported', 'not_collected', 'inaccessible', "
            "'not_applicable', 'no_return', 'rejected')",
            name=op.f("ck_observation_missing_reason"),
        ),
        sa.CheckConstraint(
            "NOT accepted OR \"cause\" IN ('armed_conflict', 'communal_conflict', 'insecurity', "
            "'attack_on_civilians', 'natural_disaster', 'economic', 'other')",
            name=op.f("ck_observation_cause"),
        ),
        sa.CheckConstraint(
            "NOT accepted OR \"movement\" IN ('arrival', 'departure', 'return', 'secondary', 'correction')",
            name=op.f("ck_observation_movement"),
        ),
        sa.CheckConstraint(
            'NOT accepted OR "female_headed_household" >= 0',
            name=op.f("ck_observation_female_headed_household"),
        ),
        sa.CheckConstraint(
            'NOT accepted OR "unaccompanied_child" >= 0',
            name=op.f("ck_observation_unaccompanied_child"),
        ),
        sa.CheckConstraint(
            'NOT accepted OR "pregnant_or_lactating" >= 0',
            name=op.f("ck_observation_pregnant_or_lactating"),
        ),
        sa.CheckConstraint('NOT accepted OR "disability" >= 0', name=op.f("ck_observation_disability")),
        sa.CheckConstraint(
            'NOT accepted OR "older_person_alone" >= 0',
            name=op.f("ck_observation_older_person_alone"),
        ),
        sa.CheckConstraint('NOT accepted OR "chronic_illness" >= 0', name=op.f("ck_observation_chronic_illness")),
        sa.CheckConstraint('NOT accepted OR "no_civil_document" >= 0', name=op.f("ck_observation_no_civil_document")),
        sa.CheckConstraint('NOT accepted OR "host_families" >= 0', name=op.f("ck_observation_host_families")),
        sa.CheckConstraint(
            "NOT accepted OR \"need_1\" IN ('food', 'shelter', 'nfi', 'wash', 'health', 'nutrition', 'education', "
            "'protection', 'livelihood', 'cash', 'transport')",
            name=op.f("ck_observation_need_1"),
        ),
        sa.CheckConstraint(
            "NOT accepted OR \"need_2\" IN ('food', 'shelter', 'nfi', 'wash', 'health', 'nutrition', 'education', "
            "'protection', 'livelihood', 'cash', 'transport')",
            name=op.f("ck_observation_need_2"),
        ),
        sa.CheckConstraint(
            "NOT accepted OR \"need_3\" IN ('food', 'shelter', 'nfi', 'wash', 'health', 'nutrition', 'education', "
            "'protection', 'livelihood', 'cash', 'transport')",
            name=op.f("ck_observation_need_3"),
        ),
        sa.CheckConstraint(
            "NOT accepted OR \"site_type\" IN ('host_family', 'rented', 'spontaneous_site', 'planned_site', "
            "'collective_centre', 'other')",
            name=op.f("ck_observation_site_type"),
        ),
    )


def _release_return() -> None:
    op.create_table(
        "release_return",
        sa.Column("release_id", ID, nullable=False),
        sa.Column("region_id", TEXT, nullable=False),
        sa.Column("submission_id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("validated", sa.Boolean(), nullable=False),
        sa.Column("rows_accepted", sa.Integer(), nullable=False),
        sa.Column("rows_rejected", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("release_id", "region_id", name=op.f("pk_release_return")),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_release_return_release_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["region_id"], ["place.place_id"], name=op.f("fk_release_return_region_id")),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_release_return_submission_id")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_release_return_version")),
        sa.CheckConstraint("rows_accepted >= 0", name=op.f("ck_release_return_rows_accepted")),
        sa.CheckConstraint("rows_rejected >= 0", name=op.f("ck_release_return_rows_rejected")),
    )


def _adjustment() -> None:
    op.create_table(
        "adjustment",
        sa.Column("id", ID, nullable=False, autoincrement=True),
        sa.Column("release_id", ID, nullable=False),
        sa.Column("place_id", TEXT, nullable=False),
        sa.Column("population_group", TEXT, nullable=False),
        sa.Column("measure", TEXT, nullable=False),
        sa.Column("unit", TEXT, nullable=False),
        sa.Column("item", sa.Integer(), nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=True),
        sa.Column("missing_reason", TEXT, nullable=True),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("about_place_id", TEXT, nullable=True),
        sa.Column("submission_id", ID, nullable=True),
        sa.Column("sheet", TEXT, nullable=True),
        sa.Column("cell", TEXT, nullable=True),
        sa.Column("row", sa.Integer(), nullable=True),
        sa.Column("decision_id", ID, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adjustment")),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_adjustment_release_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["place_id"], ["place.place_id"], name=op.f("fk_adjustment_place_id")),
        sa.ForeignKeyConstraint(["about_place_id"], ["place.place_id"], name=op.f("fk_adjustment_about_place_id")),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_adjustment_submission_id")),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_adjustment_decision_id")),
        sa.UniqueConstraint(
            "release_id",
            "place_id",
            "population_group",
            "measure",
            "unit",
            "item",
            name=op.f("uq_adjustment_item"),
        ),
        sa.CheckConstraint(
            "population_group IN ('idp', 'idp_returnee', 'repatriated_refugee')",
            name=op.f("ck_adjustment_population_group"),
        ),
        sa.CheckConstraint(
            "measure IN ('stock', 'arrivals', 'departures', 'returns', 'corrections', 'cumulative')",
            name=op.f("ck_adjustment_measure"),
        ),
        sa.CheckConstraint("unit IN ('household', 'individual')", name=op.f("ck_adjustment_unit")),
        sa.CheckConstraint(
            "kind IN ('return', 'row_rejected', 'moved_out', 'moved_in', 'told_by_own_region', 'inside_cercle_row', 'carried_forward')",
            name=op.f("ck_adjustment_kind"),
        ),
        sa.CheckConstraint(
            "missing_reason IN ('not_reported', 'not_collected', 'inaccessible', 'not_applicable', 'no_return', 'rejected')",
            name=op.f("ck_adjustment_missing_reason"),
        ),
        sa.CheckConstraint("item >= 0", name=op.f("ck_adjustment_item")),
        sa.CheckConstraint("item > 0 OR kind = 'return'", name=op.f("ck_adjustment_opens_with_return")),
        sa.CheckConstraint(
            "value IS NOT NULL OR (kind = 'return' AND missing_reason IS NOT NULL)",
            name=op.f("ck_adjustment_value"),
        ),
    )
