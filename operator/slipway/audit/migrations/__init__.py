"""The store's schema, step by step, for Alembic."""

from __future__ import annotations

from sqlalchemy import Connection, inspect, text

HEAD = "0002"
"""The schema that this version reads and writes; the newest file in `versions`. Later ones have larger numbers."""


def current(connection: Connection) -> str | None:
    """The schema that is there; None: none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def upgrade(connection: Connection) -> None:
    """Bring the schema to HEAD, in the transaction of `connection`. Needs the right to make tables."""
    from alembic import command  # imported only where there is something to do: the operator stays small
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "slipway.audit:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
