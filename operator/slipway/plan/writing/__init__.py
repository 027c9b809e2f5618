"""What a plan may ask for, and how it is written down: effects, decisions, outboxes."""
