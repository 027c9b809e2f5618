"""What moves production traffic."""

from slipway.traffic.shift import shift

__all__ = ["shift"]
