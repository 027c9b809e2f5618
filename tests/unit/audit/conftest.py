"""A real PostgreSQL for the audit store."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.postgresql import Postgres, running


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A server of the session's own."""
    with running() as server:
        yield server
