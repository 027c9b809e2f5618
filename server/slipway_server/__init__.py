"""The inference server that Slipway releases models on."""

__version__ = "0.1.0"
