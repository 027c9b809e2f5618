"""Column names of a request against those of the signature."""

from __future__ import annotations

from collections.abc import Sequence

from slipway_server.protocols.reader import invalid


class Names:
    """The signature's column names, in order; `optional` ones may be left out."""

    def __init__(self, names: Sequence[str], optional: Sequence[str] = ()) -> None:
        self.names = list(names)
        self.known = frozenset(names)
        self.optional = frozenset(optional)

    def check(self, given: Sequence[str]) -> None:
        """Raise `RequestError` for a column that is missing, unknown or given twice."""
        present = frozenset(given)
        missing = [name for name in self.names if name not in present and name not in self.optional]
        if missing:
            raise invalid(f"column {listed(missing)} missing; the signature asks for {listed(self.names)}", missing[0])
        extra = [name for name in given if name not in self.known]
        if extra:
            raise invalid(f"column {listed(extra)} unknown; the signature has {listed(self.names)}", extra[0])
        if len(present) != len(given):
            twice = next(name for index, name in enumerate(given) if name in given[:index])
            raise invalid(f"column {twice!r} is given twice", twice)


def listed(names: Sequence[str]) -> str:
    """The first names, for a sentence."""
    shown = ", ".join(repr(name) for name in names[:8])
    return shown + (f" and {len(names) - 8} more" if len(names) > 8 else "")
