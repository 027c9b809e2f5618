"""Predicting: from checked inputs to an answer."""
