"""`slipway audit`."""
