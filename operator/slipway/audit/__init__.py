"""What was decided, by whom and why: outboxes in the objects → one chain of records in a store."""

from slipway.audit.delivery import Consumer, deliver, letters, pending
from slipway.audit.line import record

__all__ = ["Consumer", "deliver", "letters", "pending", "record"]
