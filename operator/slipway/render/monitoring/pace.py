"""The spans of time that alerting rules look at, all in proportion to one: the fastest alert's long window."""

from __future__ import annotations

from dataclasses import dataclass

from slipway.api.base import seconds
from slipway.settings import Monitoring

SCRAPES = 4
"""A rate needs a few scrapes in its window; fewer, and one that is missed makes a gap."""
_UNITS = ((86400, "d"), (3600, "h"), (60, "m"), (1, "s"))


@dataclass(frozen=True)
class Pace:
    """Spans as PromQL writes them. With a window of 1 h they are those of the SRE Workbook, chapter 5."""

    window: float
    """Seconds."""
    scrape: float
    """Seconds between two scrapes, and between two evaluations."""

    @classmethod
    def of(cls, settings: Monitoring) -> Pace:
        """The configured pace."""
        return cls(seconds(settings.alert_window), seconds(settings.scrape_interval))

    @property
    def interval(self) -> str:
        """How often to scrape and to evaluate."""
        return prometheus(max(1, round(self.scrape)))

    def seconds(self, hours: float) -> int:
        """What stands for `hours` where the window is 1 h: whole seconds, and never less than a few scrapes."""
        return round(max(hours * self.window, SCRAPES * self.scrape))

    def over(self, hours: float) -> str:
        """A range."""
        return prometheus(self.seconds(hours))

    def held(self, hours: float) -> str:
        """How long an alert is pending: one evaluation at least."""
        return prometheus(round(max(hours * self.window, self.scrape)))


def prometheus(span: int) -> str:
    """`span` seconds in the largest unit that leaves no rest: 90 → 90s, 3600 → 1h."""
    size, unit = next((size, unit) for size, unit in _UNITS if span % size == 0)
    return f"{span // size}{unit}"
