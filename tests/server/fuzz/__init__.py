"""Whatever a client sends: no answer is a 5xx, none is missing, and each is counted."""
