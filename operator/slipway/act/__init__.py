"""Carries out what was planned: one atomic write, and the Event that tells of it."""
