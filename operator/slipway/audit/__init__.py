"""What was decided, by whom and why: one line of JSON for each decision."""

from slipway.audit.line import record

__all__ = ["record"]
