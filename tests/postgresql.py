"""A real PostgreSQL for the tests that need one: in a temporary folder, on a Unix socket, ended with the tests."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine, text

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 60


@dataclass(frozen=True)
class Postgres:
    """A running server."""

    socket: Path

    def url(self, database: str, role: str = "postgres") -> str:
        """The URL of a database for a role."""
        return f"postgresql+pg8000://{role}@/{database}?unix_sock={self.socket}/.s.PGSQL.5432"

    def sql(self, statements: str, database: str = "postgres") -> None:
        """Run statements as the superuser, each by itself."""
        engine = create_engine(self.url(database), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in filter(str.strip, statements.split(";")):
                connection.execute(text(statement))
        engine.dispose()


@contextmanager
def running() -> Iterator[Postgres]:
    """A server of its own. PostgreSQL refuses to run as root: then it runs as nobody."""
    programs = Path(
        subprocess.run([ROOT / "scripts/postgresql"], check=True, capture_output=True, text=True).stdout.strip()
    )
    home = Path(tempfile.mkdtemp(prefix="slipway-postgresql-"))
    user = "nobody" if os.geteuid() == 0 else None
    if user:
        os.chown(home, pwd.getpwnam(user).pw_uid, -1)
    data = home / "data"
    subprocess.run(
        [programs / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8"],
        check=True, capture_output=True, user=user, cwd=home,
    )  # fmt: skip
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(
            [programs / "postgres", "-D", data, "-k", home, "-c", "listen_addresses=", "-c", "fsync=off"],
            user=user, cwd=home, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            postgres = Postgres(home)
            _wait(postgres, server, home / "log")
            yield postgres
        finally:
            server.send_signal(signal.SIGINT)  # fast shutdown
            server.wait(30)
            shutil.rmtree(home)


def _wait(postgres: Postgres, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not (postgres.socket / ".s.PGSQL.5432").exists() or "ready to accept" not in log.read_text():
        assert server.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)
