"""What was decided, by whom and why: outboxes in the objects → one chain of records in a store."""

from slipway.audit.delivery import deliver, letters, pending
from slipway.audit.line import log_decision

__all__ = ["deliver", "letters", "log_decision", "pending"]
