"""Figures: the operator's own, and those that it reads from serving pods."""
