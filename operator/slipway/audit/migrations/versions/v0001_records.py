"""The chain, what anchors it, and what was archived."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables. They are written out: `slipway.audit.store.tables` may move on, and this step may not."""
    op.create_table(
        "records",
        sa.Column("seq", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("hash", sa.String(64), nullable=False, unique=True),
        sa.Column("prev", sa.String(64), nullable=False, unique=True),
        sa.Column("source_uid", sa.String(64), nullable=False),
        sa.Column("source_seq", NUMBER, nullable=False),
        sa.Column("namespace", sa.String(63), nullable=False),
        sa.Column("release", sa.String(63), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.UniqueConstraint("source_uid", "source_seq", name="records_source_once"),
    )
    op.create_index("records_of_release", "records", ["namespace", "release", "seq"])
    op.create_table(
        "anchors",
        sa.Column("seq", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.create_table(
        "marks",
        sa.Column("source_uid", sa.String(64), primary_key=True),
        sa.Column("source_seq", NUMBER, nullable=False),
    )


def downgrade() -> None:
    """There is no way back: an audit log is not thrown away by a migration."""
    raise NotImplementedError("the first schema cannot be taken back")
