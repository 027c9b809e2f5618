"""`python -m dashboards FOLDER` writes the boards' JSON; with `--check` it says whether what is there is up to date."""

from __future__ import annotations

import sys
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from dashboards import operator, overview

BOARDS = {overview.UID: overview.overview, operator.UID: operator.operator}


def rendered() -> dict[str, str]:
    """File name → JSON of each board."""
    encoder = JSONEncoder(sort_keys=True, indent=2)
    return {f"{uid}.json": encoder.encode(make().build()) + "\n" for uid, make in BOARDS.items()}


def main(arguments: list[str]) -> int:
    """Exit code 1 where a committed board is not what it would be now."""
    folder = Path(arguments[-1])
    for name, text in rendered().items():
        path = folder / name
        if "--check" not in arguments:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            sys.stderr.write(f"{path} is outdated\n  -> run: make generate\n")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
