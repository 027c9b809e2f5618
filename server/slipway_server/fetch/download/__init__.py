"""Artifacts: where they come from, and the digest that they are held to."""
