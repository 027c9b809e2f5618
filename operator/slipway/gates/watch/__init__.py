"""Judgements on request counters: sequential tests that are valid at every look."""
