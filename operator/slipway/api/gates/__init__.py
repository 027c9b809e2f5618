"""The specs of gates, and the verdict that a gate gives."""
