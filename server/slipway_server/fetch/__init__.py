"""Fetching: from a registry's name to a verified, prepared directory that can be served without credentials."""
