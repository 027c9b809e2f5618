"""Requests that are tables: rows of numbers, rows of several types, CSV."""
