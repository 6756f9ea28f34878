"""What sources state, who is present where and what that covers, and what is decided when they disagree. `discrepancy.share` becomes the share of the
national total, and what it held, a share of the largest number compared, is given up until the month is run again."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None
views = "64e718a9da29f6d7"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

PERIOD = (
    "length(period) = 7 AND substr(period, 5, 1) = '-' AND trim(period, '0123456789') = '-' AND "
    "substr(period, 6, 2) IN ('01', '02', '03', '04', '05', '06', '07', '08', '09', '10', '11', '12')"
)
GROUPS = "population_group IN ('idp', 'idp_returnee', 'repatriated_refugee')"
MEASURES = "measure IN ('stock', 'arrivals', 'departures', 'returns', 'integrations', 'relocations', 'corrections', 'cumulative')"
UNITS = "unit IN ('household', 'individual')"
ACTIONS = "('keep', 'take_source', 'carry_forward', 'exclude', 'ask_region', 'correct_by_region', 'accept_change')"


def upgrade() -> None:
    _statement()
    _presence()
    _sector_cover()
    _not_comparable()
    _alert()
    _event()
    _discrepancy()
    _decision()
    _words()


def downgrade() -> None:
    raise NotImplementedError("the store only goes forward: restore the copy made before the upgrade")


def _statement() -> None:
    op.create_table(
        "statement",
        sa.Column("id", ID, nullable=False, autoincrement=True),
        sa.Column("period", TEXT, nullable=False),
        sa.Column("place_id", TEXT, nullable=True),
        sa.Column("population_group", TEXT, nullable=False),
        sa.Column("measure", TEXT, nullable=False),
        sa.Column("unit", TEXT, nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=True),
        sa.Column("as_of", sa.Date(), nullable=True),
        sa.Column("source_id", TEXT, nullable=False),
        sa.Column("organisation", TEXT, nullable=True),
        sa.Column("lineage", TEXT, nullable=True),
        sa.Column("scope", TEXT, nullable=False),
        sa.Column("table_name", TEXT, nullable=False),
        sa.Column("file", TEXT, nullable=True),
        sa.Column("sha256", TEXT, nullable=True),
        sa.Column("sheet", TEXT, nullable=True),
        sa.Column("row", sa.Integer(), nullable=True),
        sa.Column("cell", TEXT, nullable=True),
        sa.Column("document", TEXT, nullable=True),
        sa.Column("quoted", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement")),
        sa.ForeignKeyConstraint(["place_id"], ["place.place_id"], name=op.f("fk_statement_place_id")),
        sa.CheckConstraint(PERIOD, name=op.f("ck_statement_period")),
        sa.CheckConstraint(GROUPS, name=op.f("ck_statement_population_group")),
        sa.CheckConstraint(MEASURES, name=op.f("ck_statement_measure")),
        sa.CheckConstraint(UNITS, name=op.f("ck_statement_unit")),
        sa.CheckConstraint(
            "scope IN ('whole', 'partial', 'additional', 'rounded', 'inaccessible')",
            name=op.f("ck_statement_scope"),
        ),
        sa.CheckConstraint("value >= 0", name=op.f("ck_statement_value")),
        sa.CheckConstraint("value IS NOT NULL OR scope = 'inaccessible'", name=op.f("ck_statement_states_a_number")),
        sa.CheckConstraint("row >= 1", name=op.f("ck_statement_row")),
    )
    op.create_index(op.f("ix_statement_period"), "statement", ["period"])


def _presence() -> None:
    op.create_table(
        "presence",
        sa.Column("id", ID, nullable=False, autoincrement=True),
        sa.Column("period", TEXT, nullable=False),
        sa.Column("place_id", TEXT, nullable=True),
        sa.Column("organisation", TEXT, nullable=False),
        sa.Column("sector", TEXT, nullable=True),
        sa.Column("started_on", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("status", TEXT, nullable=True),
        sa.Column("source_id", TEXT, nullable=False),
        sa.Column("file", TEXT, nullable=True),
        sa.Column("sha256", TEXT, nullable=True),
        sa.Column("sheet", TEXT, nullable=True),
        sa.Column("row", sa.Integer(), nullable=True),
        sa.Column("cell", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_presence")),
        sa.ForeignKeyConstraint(["place_id"], ["place.place_id"], name=op.f("fk_presence_place_id")),
        sa.CheckConstraint(PERIOD, name=op.f("ck_presence_period")),
        sa.CheckConstraint("status IN ('planned', 'ongoing', 'suspended', 'completed')", name=op.f("ck_presence_status")),
        sa.CheckConstraint("row >= 1", name=op.f("ck_presence_row")),
    )
    op.create_index(op.f("ix_presence_period"), "presence", ["period"])


def _sector_cover() -> None:
    op.create_table(
        "sector_cover",
        sa.Column("period", TEXT, nullable=False),
        sa.Column("place_id", TEXT, nullable=False),
        sa.Column("sector", TEXT, nullable=False),
        sa.Column("actors", sa.BigInteger(), nullable=False),
        sa.Column("organisations", TEXT, nullable=False),
        sa.Column("persons", sa.BigInteger(), nullable=True),
        sa.Column("persons_without", sa.BigInteger(), nullable=True),
        sa.Column("wanted", sa.BigInteger(), nullable=True),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("period", "place_id", "sector", name=op.f("pk_sector_cover")),
        sa.ForeignKeyConstraint(["place_id"], ["place.place_id"], name=op.f("fk_sector_cover_place_id")),
        sa.CheckConstraint(PERIOD, name=op.f("ck_sector_cover_period")),
        sa.CheckConstraint(
            "sector IN ('food', 'shelter', 'nfi', 'wash', 'health', 'nutrition', 'protection', 'education', 'cash', 'livelihood', "
            "'cccm', 'logistics', 'rapid_response', 'coordination', 'other')",
            name=op.f("ck_sector_cover_sector"),
        ),
        sa.CheckConstraint("actors >= 0", name=op.f("ck_sector_cover_actors")),
        sa.CheckConstraint("persons >= 0", name=op.f("ck_sector_cover_persons")),
        sa.CheckConstraint("wanted >= 0", name=op.f("ck_sector_cover_wanted")),
        sa.CheckConstraint("persons_without >= 0 AND persons_without <= persons", name=op.f("ck_sector_cover_persons_without")),
        sa.CheckConstraint(
            "rank IS NULL OR (rank >= 1 AND wanted IS NOT NULL AND wanted >= 1)", name=op.f("ck_sector_cover_rank")
        ),
    )


def _not_comparable() -> None:
    op.create_table(
        "not_comparable",
        sa.Column("id", ID, nullable=False, autoincrement=True),
        sa.Column("period", TEXT, nullable=False),
        sa.Column("place_id", TEXT, nullable=False),
        sa.Column("population_group", TEXT, nullable=False),
        sa.Column("compared", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("params", TEXT, nullable=False),
        sa.Column("sentence", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_not_comparable")),
        sa.ForeignKeyConstraint(["place_id"], ["place.place_id"], name=op.f("fk_not_comparable_place_id")),
        sa.CheckConstraint(PERIOD, name=op.f("ck_not_comparable_period")),
        sa.CheckConstraint(GROUPS, name=op.f("ck_not_comparable_population_group")),
        sa.CheckConstraint("length(trim(reason)) > 0", name=op.f("ck_not_comparable_reason")),
    )
    op.create_index(op.f("ix_not_comparable_period"), "not_comparable", ["period"])


def _alert() -> None:
    with op.batch_alter_table("alert") as alert:
        alert.add_column(sa.Column("cites", TEXT, nullable=True))
        alert.add_column(sa.Column("table_households", sa.BigInteger(), nullable=True))
        alert.add_column(sa.Column("table_individuals", sa.BigInteger(), nullable=True))
        alert.create_check_constraint(op.f("ck_alert_table_households"), "table_households >= 0")
        alert.create_check_constraint(op.f("ck_alert_table_individuals"), "table_individuals >= 0")


def _event() -> None:
    with op.batch_alter_table("event") as event:
        event.add_column(sa.Column("status", TEXT, nullable=False, server_default="unverified"))
        event.add_column(sa.Column("age_days", sa.Integer(), nullable=False, server_default="0"))
        event.add_column(sa.Column("organisations", TEXT, nullable=False, server_default="[]"))
        event.add_column(sa.Column("alert_numbers", TEXT, nullable=False, server_default="[]"))
        event.add_column(sa.Column("origin", TEXT, nullable=True))
        event.add_column(sa.Column("shock", TEXT, nullable=True))
        event.create_check_constraint(
            op.f("ck_event_status"), "status IN ('unverified', 'verifying', 'assessed', 'answered', 'closed')"
        )
        event.create_check_constraint(op.f("ck_event_age_days"), "age_days >= 0")
    op.execute("UPDATE event SET status = 'assessed' WHERE assessed")


def _discrepancy() -> None:
    with op.batch_alter_table("discrepancy") as discrepancy:
        discrepancy.add_column(sa.Column("unit", TEXT, nullable=False, server_default="individual"))
        discrepancy.add_column(sa.Column("impact", sa.BigInteger(), nullable=False, server_default="0"))
        discrepancy.add_column(sa.Column("severity", TEXT, nullable=False, server_default="amber"))
        discrepancy.add_column(sa.Column("remedy", TEXT, nullable=True))
        discrepancy.add_column(sa.Column("params", TEXT, nullable=False, server_default="{}"))
        discrepancy.add_column(sa.Column("partner", TEXT, nullable=True))
        discrepancy.add_column(sa.Column("additional", sa.Boolean(), nullable=False, server_default=sa.false()))
        discrepancy.add_column(sa.Column("submission_id", ID, nullable=True))
        discrepancy.add_column(sa.Column("sheet", TEXT, nullable=True))
        discrepancy.add_column(sa.Column("cell", TEXT, nullable=True))
        discrepancy.add_column(sa.Column("row", sa.Integer(), nullable=True))
        discrepancy.add_column(sa.Column("reply", TEXT, nullable=True))
        discrepancy.add_column(sa.Column("reopened_because", TEXT, nullable=True))
        discrepancy.create_foreign_key(op.f("fk_discrepancy_submission_id"), "submission", ["submission_id"], ["id"])
    # what was proposed was a sentence; from now on it is one of the actions, and the sentence stands beside it
    op.execute("UPDATE discrepancy SET remedy = proposed, proposed = NULL, share = NULL, impact = abs(gap)")
    op.execute("UPDATE discrepancy SET unit = 'household' WHERE compared LIKE '%\"unit\":\"household\"%'")
    with op.batch_alter_table("discrepancy") as discrepancy:
        discrepancy.drop_constraint(op.f("ck_discrepancy_measure"), type_="check")
        discrepancy.create_check_constraint(op.f("ck_discrepancy_measure"), MEASURES)
        discrepancy.drop_constraint(op.f("ck_discrepancy_status"), type_="check")
        discrepancy.create_check_constraint(
            op.f("ck_discrepancy_status"), "status IN ('open', 'asked', 'decided', 'reopened', 'closed')"
        )
        discrepancy.create_check_constraint(op.f("ck_discrepancy_unit"), UNITS)
        discrepancy.create_check_constraint(op.f("ck_discrepancy_severity"), "severity IN ('amber', 'red')")
        discrepancy.create_check_constraint(op.f("ck_discrepancy_proposed"), f"proposed IN {ACTIONS}")
        discrepancy.create_check_constraint(op.f("ck_discrepancy_owner"), "owner IN ('region', 'partner', 'rrm', 'dnds')")
        discrepancy.create_check_constraint(op.f("ck_discrepancy_impact"), "impact >= 0")


def _decision() -> None:
    with op.batch_alter_table("decision") as decision:
        decision.drop_column("value")  # no version of this program ever wrote it
        decision.add_column(sa.Column("source", TEXT, nullable=True))
        decision.add_column(sa.Column("households", sa.BigInteger(), nullable=True))
        decision.add_column(sa.Column("individuals", sa.BigInteger(), nullable=True))
        decision.add_column(sa.Column("compared", TEXT, nullable=True))
        decision.add_column(sa.Column("group_id", TEXT, nullable=True))
        decision.drop_constraint(op.f("ck_decision_action"), type_="check")
        decision.create_check_constraint(op.f("ck_decision_action"), f"action IN {ACTIONS}")
        decision.create_check_constraint(op.f("ck_decision_households"), "households >= 0")
        decision.create_check_constraint(op.f("ck_decision_individuals"), "individuals >= 0")


def _words() -> None:
    """People who settle where they are or are resettled elsewhere, and what the CMP decided."""
    with op.batch_alter_table("observation") as observation:
        observation.drop_constraint(op.f("ck_observation_movement"), type_="check")
        observation.create_check_constraint(
            op.f("ck_observation_movement"),
            "NOT accepted OR \"movement\" IN ('arrival', 'departure', 'return', 'secondary', 'integration', 'relocation', "
            "'correction')",
        )
    with op.batch_alter_table("figure") as figure:
        figure.drop_constraint(op.f("ck_figure_measure"), type_="check")
        figure.create_check_constraint(op.f("ck_figure_measure"), MEASURES)
    with op.batch_alter_table("adjustment") as adjustment:
        adjustment.drop_constraint(op.f("ck_adjustment_measure"), type_="check")
        adjustment.create_check_constraint(op.f("ck_adjustment_measure"), MEASURES)
        adjustment.drop_constraint(op.f("ck_adjustment_kind"), type_="check")
        adjustment.create_check_constraint(
            op.f("ck_adjustment_kind"),
            "kind IN ('return', 'row_rejected', 'moved_out', 'moved_in', 'told_by_own_region', 'inside_cercle_row', "
            "'carried_forward', 'decision')",
        )
