"""What authors answer in the workbooks sent back to them: the answers of a file, and the reply to each finding."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None
views = "829d036255ac9797"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("submission", sa.Column("answers", TEXT, nullable=True))
    op.add_column("finding", sa.Column("reply", TEXT, nullable=True))


def downgrade() -> None:
    raise NotImplementedError("the store only goes forward: restore the copy made before the upgrade")
