"""`slipway lint`."""
