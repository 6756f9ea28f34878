"""What publication needs: who put a release before the CMP, who signed it and who published it; the rows it was made with, the
places as it names them, its members and their replies, its reservations and its files; visas that came beside a return, and
explanations of findings."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None
views = "49d35d929a838777"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

PERIOD = (
    "length(period) = 7 AND substr(period, 5, 1) = '-' AND trim(period, '0123456789') = '-' AND "
    "substr(period, 6, 2) IN ('01', '02', '03', '04', '05', '06', '07', '08', '09', '10', '11', '12')"
)


def upgrade() -> None:
    _release()
    _release_return()
    _words()
    _release_row()
    _signatory()
    _participant()
    _reply()
    _reservation()
    _release_file()
    _release_place()
    _release_territory()
    _visa()
    _explanation()
    _roles()


def downgrade() -> None:
    raise NotImplementedError("the store only goes forward: restore the copy made before the upgrade")


def _release() -> None:
    with op.batch_alter_table("release") as release:
        release.add_column(sa.Column("values_sha256", TEXT, nullable=True))
        release.add_column(sa.Column("acts_seen", TEXT, nullable=True))
        release.add_column(sa.Column("settings_hash", TEXT, nullable=True))
        release.add_column(sa.Column("compiled_by", TEXT, nullable=True))
        release.add_column(sa.Column("circulated_on", sa.Date(), nullable=True))
        release.add_column(sa.Column("reply_by", sa.Date(), nullable=True))
        release.add_column(sa.Column("signed_by", TEXT, nullable=True))
        release.add_column(sa.Column("signed_function", TEXT, nullable=True))
        release.add_column(sa.Column("signed_on", sa.Date(), nullable=True))
        release.add_column(sa.Column("meeting_on", sa.Date(), nullable=True))
        release.add_column(sa.Column("minutes_number", TEXT, nullable=True))
        release.add_column(sa.Column("embargo_until", sa.Date(), nullable=True))
        release.add_column(sa.Column("published_by", TEXT, nullable=True))
        release.add_column(sa.Column("published_on", sa.Date(), nullable=True))
        release.add_column(sa.Column("reason_code", TEXT, nullable=True))
        release.add_column(sa.Column("reason", TEXT, nullable=True))
        release.add_column(sa.Column("grades_published", sa.Boolean(), server_default=sa.false(), nullable=False))
        release.add_column(sa.Column("disclosure_threshold", sa.Integer(), nullable=True))
        release.create_check_constraint(
            op.f("ck_release_circulated_by_somebody"),
            "state = 'draft' OR (length(trim(coalesce(compiled_by, ''))) > 0 AND circulated_on IS NOT NULL AND settings_hash IS NOT NULL "
            "AND values_sha256 IS NOT NULL)",
        )
        release.create_check_constraint(op.f("ck_release_embargo"), "published_on >= embargo_until")
        release.create_check_constraint(op.f("ck_release_four_eyes"), "signed_by <> compiled_by AND published_by <> compiled_by")
        release.create_check_constraint(op.f("ck_release_in_order"), "published_on >= signed_on AND signed_on >= circulated_on")
        release.create_check_constraint(
            op.f("ck_release_published_by_somebody"),
            "state <> 'published' OR (length(trim(coalesce(published_by, ''))) > 0 AND published_on IS NOT NULL AND disclosure_threshold IS NOT NULL)",
        )
        release.create_check_constraint(
            op.f("ck_release_reason_code"),
            "reason_code IN ('late_return', 'correction_by_region', 'duplicate_removed', 'decision', 'method', 'error')",
        )
        release.create_check_constraint(
            op.f("ck_release_revision_has_a_reason"),
            "revision < 2 OR (reason_code IS NOT NULL AND length(trim(coalesce(reason, ''))) > 0)",
        )
        release.create_check_constraint(
            op.f("ck_release_signed_by_somebody"),
            "state NOT IN ('signed', 'published') OR (length(trim(coalesce(signed_by, ''))) > 0 AND length(trim(coalesce(signed_function, ''))) > 0 AND signed_on IS NOT NULL AND meeting_on IS NOT NULL AND length(trim(coalesce(minutes_number, ''))) > 0)",
        )


def _release_return() -> None:
    with op.batch_alter_table("release_return") as held:
        held.add_column(sa.Column("file", TEXT, nullable=True))
        held.add_column(sa.Column("sha256", TEXT, nullable=True))
        held.add_column(sa.Column("columns", TEXT, nullable=True))
        held.add_column(sa.Column("validated_by", TEXT, nullable=True))
        held.add_column(sa.Column("validated_on", sa.Date(), nullable=True))
        held.add_column(sa.Column("minutes_number", TEXT, nullable=True))
    for name in ("file", "sha256", "columns", "validated_by", "validated_on", "minutes_number"):
        op.execute(f"UPDATE release_return SET {name} = (SELECT s.{name} FROM submission s WHERE s.id = submission_id)")


def _words() -> None:
    """What a waiver may be about."""
    with op.batch_alter_table("waiver") as waiver:
        waiver.drop_constraint(op.f("ck_waiver_promise"), type_="check")
        waiver.create_check_constraint(op.f("ck_waiver_promise"), "promise IN ('visa', 'return')")


def _release_row() -> None:
    op.create_table(
        "release_row",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("release_id", ID, nullable=False),
        sa.Column("region_id", TEXT, nullable=False),
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
        sa.ForeignKeyConstraint(["from_place_id"], ["place.place_id"], name=op.f("fk_release_row_from_place_id")),
        sa.ForeignKeyConstraint(["origin_place_id"], ["place.place_id"], name=op.f("fk_release_row_origin_place_id")),
        sa.ForeignKeyConstraint(["place_id"], ["place.place_id"], name=op.f("fk_release_row_place_id")),
        sa.ForeignKeyConstraint(["region_id"], ["place.place_id"], name=op.f("fk_release_row_region_id")),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_release_row_release_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_release_row_submission_id")),
        sa.ForeignKeyConstraint(["to_place_id"], ["place.place_id"], name=op.f("fk_release_row_to_place_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release_row")),
        sa.UniqueConstraint("release_id", "submission_id", "table_name", "sheet", "row", name=op.f("uq_release_row_source_row")),
    )


def _signatory() -> None:
    op.create_table(
        "signatory",
        sa.Column("release_id", ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("function", TEXT, nullable=False),
        sa.CheckConstraint("length(trim(function)) > 0", name=op.f("ck_signatory_function")),
        sa.CheckConstraint("length(trim(name)) > 0", name=op.f("ck_signatory_name")),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_signatory_release_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("release_id", "position", name=op.f("pk_signatory")),
    )


def _participant() -> None:
    op.create_table(
        "participant",
        sa.Column("release_id", ID, nullable=False),
        sa.Column("organisation", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("present", sa.Boolean(), nullable=False),
        sa.CheckConstraint("kind IN ('state', 'un', 'rrm', 'ngo', 'other')", name=op.f("ck_participant_kind")),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_participant_release_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("release_id", "organisation", name=op.f("pk_participant")),
    )


def _reply() -> None:
    op.create_table(
        "reply",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("release_id", ID, nullable=False),
        sa.Column("organisation", TEXT, nullable=True),
        sa.Column("region_id", TEXT, nullable=True),
        sa.Column("reply", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=True),
        sa.Column("given_by", TEXT, nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("values_sha256", TEXT, nullable=False),
        sa.CheckConstraint(
            "(organisation IS NULL OR reply IN ('agreed', 'reservation')) AND (region_id IS NULL OR reply IN ('accepted', 'contested'))",
            name=op.f("ck_reply_reply"),
        ),
        sa.CheckConstraint(
            "reply IN ('agreed', 'accepted') OR length(trim(coalesce(reason, ''))) > 0", name=op.f("ck_reply_reason")
        ),
        sa.CheckConstraint("(organisation IS NULL) <> (region_id IS NULL)", name=op.f("ck_reply_of_a_member_or_a_region")),
        sa.CheckConstraint("length(trim(given_by)) > 0", name=op.f("ck_reply_given_by")),
        sa.ForeignKeyConstraint(["region_id"], ["place.place_id"], name=op.f("fk_reply_region_id")),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_reply_release_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reply")),
    )


def _reservation() -> None:
    op.create_table(
        "reservation",
        sa.Column("release_id", ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("place_id", TEXT, nullable=True),
        sa.Column("message", TEXT, nullable=False),
        sa.Column("params", TEXT, nullable=False),
        sa.Column("sentence", TEXT, nullable=False),
        sa.CheckConstraint(
            "kind IN ('member', 'no_reply', 'waiver', 'carried_forward', 'row_rejected', 'finding', 'discrepancy', 'contested')",
            name=op.f("ck_reservation_kind"),
        ),
        sa.ForeignKeyConstraint(["place_id"], ["place.place_id"], name=op.f("fk_reservation_place_id")),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_reservation_release_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("release_id", "position", name=op.f("pk_reservation")),
    )


def _release_file() -> None:
    op.create_table(
        "release_file",
        sa.Column("release_id", ID, nullable=False),
        sa.Column("edition", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("sha256", TEXT, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("edition IN ('internal', 'public')", name=op.f("ck_release_file_edition")),
        sa.CheckConstraint("size >= 0", name=op.f("ck_release_file_size")),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_release_file_release_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("release_id", "edition", "name", name=op.f("pk_release_file")),
    )


def _release_place() -> None:
    op.create_table(
        "release_place",
        sa.Column("release_id", ID, nullable=False),
        sa.Column("place_id", TEXT, nullable=False),
        sa.Column("pcode", TEXT, nullable=True),
        sa.Column("level", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("region", TEXT, nullable=True),
        sa.Column("cercle", TEXT, nullable=True),
        sa.Column("commune", TEXT, nullable=True),
        sa.CheckConstraint("level IN ('site', 'commune', 'cercle', 'region', 'country')", name=op.f("ck_release_place_level")),
        sa.ForeignKeyConstraint(["place_id"], ["place.place_id"], name=op.f("fk_release_place_place_id")),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_release_place_release_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("release_id", "place_id", name=op.f("pk_release_place")),
    )


def _release_territory() -> None:
    op.create_table(
        "release_territory",
        sa.Column("release_id", ID, nullable=False),
        sa.Column("vintage", TEXT, nullable=False),
        sa.Column("place_id", TEXT, nullable=False),
        sa.Column("population_group", TEXT, nullable=False),
        sa.Column("measure", TEXT, nullable=False),
        sa.Column("unit", TEXT, nullable=False),
        sa.Column("level", TEXT, nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("undivided", sa.BigInteger(), nullable=False),
        sa.Column("pcode", TEXT, nullable=True),
        sa.Column("region", TEXT, nullable=True),
        sa.Column("cercle", TEXT, nullable=True),
        sa.CheckConstraint("level IN ('commune', 'cercle', 'region', 'country')", name=op.f("ck_release_territory_level")),
        sa.CheckConstraint(
            "measure IN ('stock', 'arrivals', 'departures', 'returns', 'integrations', 'relocations', 'corrections', 'cumulative')",
            name=op.f("ck_release_territory_measure"),
        ),
        sa.CheckConstraint(
            "population_group IN ('idp', 'idp_returnee', 'repatriated_refugee')",
            name=op.f("ck_release_territory_population_group"),
        ),
        sa.CheckConstraint("unit IN ('household', 'individual')", name=op.f("ck_release_territory_unit")),
        sa.ForeignKeyConstraint(["place_id"], ["place.place_id"], name=op.f("fk_release_territory_place_id")),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_release_territory_release_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint(
            "release_id", "vintage", "place_id", "population_group", "measure", "unit", name=op.f("pk_release_territory")
        ),
    )


def _visa() -> None:
    op.create_table(
        "visa",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("period", TEXT, nullable=False),
        sa.Column("region_id", TEXT, nullable=False),
        sa.Column("sha256", TEXT, nullable=False),
        sa.Column("totals", TEXT, nullable=False),
        sa.Column("validated_by", TEXT, nullable=False),
        sa.Column("validated_on", sa.Date(), nullable=False),
        sa.Column("minutes_number", TEXT, nullable=False),
        sa.Column("recorded_by", TEXT, nullable=False),
        sa.Column("recorded_on", sa.Date(), nullable=False),
        sa.CheckConstraint(PERIOD, name=op.f("ck_visa_period")),
        sa.CheckConstraint("length(trim(minutes_number)) > 0", name=op.f("ck_visa_minutes_number")),
        sa.CheckConstraint("length(trim(recorded_by)) > 0", name=op.f("ck_visa_recorded_by")),
        sa.CheckConstraint("length(trim(validated_by)) > 0", name=op.f("ck_visa_validated_by")),
        sa.ForeignKeyConstraint(["region_id"], ["place.place_id"], name=op.f("fk_visa_region_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visa")),
    )


def _explanation() -> None:
    op.create_table(
        "explanation",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("period", TEXT, nullable=False),
        sa.Column("region_id", TEXT, nullable=True),
        sa.Column("code", TEXT, nullable=False),
        sa.Column("finding_key", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("given_by", TEXT, nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.CheckConstraint(PERIOD, name=op.f("ck_explanation_period")),
        sa.CheckConstraint("length(trim(given_by)) > 0", name=op.f("ck_explanation_given_by")),
        sa.CheckConstraint("length(trim(reason)) > 0", name=op.f("ck_explanation_reason")),
        sa.ForeignKeyConstraint(["region_id"], ["place.place_id"], name=op.f("fk_explanation_region_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_explanation")),
    )
    op.create_index(op.f("ix_explanation_period"), "explanation", ["period"], unique=False)


def _roles() -> None:
    """Who may do what on PostgreSQL; roles are of the server, and another store on it may have made them."""
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute(
        """
        DO $roles$
        DECLARE wanted text;
        BEGIN
            FOREACH wanted IN ARRAY ARRAY['cmp_reader', 'cmp_operator', 'cmp_publisher'] LOOP
                IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
                    BEGIN
                        EXECUTE 'CREATE ROLE ' || wanted || ' NOLOGIN';
                    EXCEPTION
                        WHEN duplicate_object OR unique_violation THEN NULL;
                        WHEN insufficient_privilege THEN
                            RAISE NOTICE USING MESSAGE = 'role ' || wanted || ' is missing and may not be created here: a database '
                                || 'administrator runs the script of pipelines/io/store/roles.py';
                    END;
                END IF;
            END LOOP;
        END
        $roles$
        """
    )
