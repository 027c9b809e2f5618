"""Column names of a request against those of the signature."""

from __future__ import annotations

from collections.abc import Sequence

from slipway_server.protocols.reader import invalid


class Names:
    """The signature's column names, in order; `optional` ones may be left out.

    `reordered`: they stand in another order than the registered signature's, so that none may be left to its position.
    """

    def __init__(self, names: Sequence[str], optional: Sequence[str] = (), *, reordered: bool = False) -> None:
        self.names = list(names)
        self.known = frozenset(names)
        self.optional = frozenset(optional)
        self.reordered = reordered

    def by_position(self) -> list[str]:
        """The names of rows that come without any. Raises `RequestError` where their order can't be known."""
        if self.reordered:
            raise invalid(
                "name the columns of the rows: the model was fitted in another order than that of its signature, "
                f"which has {listed(self.names)}"
            )
        return self.names

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


def in_order(fitted: Sequence[str], given: Sequence[str]) -> list[str] | None:
    """The given names in the order of the fitted ones; None where they are not the same columns.

    LightGBM keeps `a b` as `a_b`, so that the two are one where nothing tells them apart.
    """
    for form in (str, _underscored):
        places = {form(name): name for name in given}
        wanted = [form(name) for name in fitted]
        if len(places) == len(given) == len(fitted) and places.keys() == set(wanted):
            return [places[name] for name in wanted]
    return None


def _underscored(name: str) -> str:
    return str(name).replace(" ", "_")


def listed(names: Sequence[str]) -> str:
    """The first names, for a sentence."""
    shown = ", ".join(repr(name) for name in names[:8])
    return shown + (f" and {len(names) - 8} more" if len(names) > 8 else "")
