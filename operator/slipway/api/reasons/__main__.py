"""`python -m slipway.api.reasons [--check] REFERENCE RUNBOOK`: what is said of reasons, as Markdown.

The reference has them all; in the runbook of a stall the table between two marks is written.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from slipway.api.reasons import REGISTERED, Reason

_HEAD = """<!-- Made by `make generate` from operator/slipway/api/reasons. Do not edit. -->
# Reasons, actions and conditions

Every word that Slipway puts into a condition, a phase, an Event or an audit record. Scripts may select by them: they do
not change within an API version.
"""
_BEGIN, _END = "<!-- reasons: made by `make generate` -->", "<!-- end of reasons -->"
_TITLES = {
    "Condition": "Conditions of a ModelRelease",
    "Phase": "Phases of a ModelRevision",
    "Phase of a release": "Further phases of a ModelRelease",
    "Attempt": "Why a ModelRevision is in its phase",
    "Fetch report": "Why fetching failed",
    "Decision": "Decisions: actions of audit records, reasons of Events",
    "Rule": "Rules: `rule:NAME` as the actor of a record",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the pages, or with --check say whether they are up to date. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="slipway.api.reasons", description=main.__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file would change")
    parser.add_argument("reference", type=Path)
    parser.add_argument("runbook", type=Path)
    given = parser.parse_args(arguments)
    pages = {given.reference: reference(), given.runbook: runbook(given.runbook.read_text())}
    stale = [str(path) for path, text in pages.items() if not path.exists() or path.read_text() != text]
    if given.check and stale:
        sys.stderr.write(f"out of date: {', '.join(stale)}; run `make generate`\n")
        return 1
    for path, text in pages.items():
        if not given.check:
            path.write_text(text)
    return 0


def runbook(text: str) -> str:
    """`text` with the table of stalls between its marks. Raises ValueError for a text without them."""
    before, _, rest = text.partition(_BEGIN)
    _, found, after = rest.partition(_END)
    if not found:
        raise ValueError(f"no table between {_BEGIN} and {_END}")
    rows = [row(reason) for reason in REGISTERED.values() if reason.used == "Stalled" and reason.remedy]
    table = "\n".join(["| reason | what it says | what to do |", "|---|---|---|", *rows])
    return f"{before}{_BEGIN}\n{table}\n{_END}{after}"


def reference() -> str:
    """The whole page."""
    used = dict.fromkeys(reason.used for reason in REGISTERED.values())
    order = sorted(used, key=lambda name: (list(_TITLES).index(name) if name in _TITLES else 0.5, name))
    return "\n".join([_HEAD, *(line for name in order for line in _section(name))])


def _section(used: str) -> Iterator[str]:
    yield f"## {_TITLES.get(used, f'Reasons of `{used}`')}\n"
    yield "| word | what it says | what to do |"
    yield "|---|---|---|"
    for reason in REGISTERED.values():
        if reason.used == used:
            yield row(reason)
    yield ""


def row(reason: Reason) -> str:
    """One line of a table."""
    return f"| `{reason}` | {reason.sentence} | {reason.remedy} |"


if __name__ == "__main__":
    sys.exit(main())
