"""Reads from the API server what a plan may need, and turns it into the planner's views."""
