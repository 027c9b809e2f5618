"""Every reason, action and condition of the product: its word, what it says, and what a person does about it.

Code takes a word from here and writes none of its own; `python -m slipway.api.reasons` writes the reference.
"""

from slipway.api.reasons import attempts, conditions, decisions, phases, rules, stalls
from slipway.api.reasons.reason import REGISTERED, Reason

__all__ = ["REGISTERED", "Reason", "attempts", "conditions", "decisions", "phases", "rules", "stalls"]
