"""What has still to be delivered of the notifications, and how far the log has been followed for them."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables, written out as in every step."""
    op.create_table("notified", sa.Column("seq", NUMBER, primary_key=True, autoincrement=False))
    op.create_table(
        "deliveries",
        sa.Column("seq", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("channel", sa.String(63), primary_key=True),
        sa.Column("target", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("mood", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due", sa.Float, nullable=False),
        sa.Column("dead", sa.Boolean, nullable=False),
    )


def downgrade() -> None:
    """Undelivered notifications are lost."""
    op.drop_table("deliveries")
    op.drop_table("notified")
