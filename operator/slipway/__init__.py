"""Slipway: a Kubernetes operator that releases machine-learning models."""

__version__ = "0.1.0"
