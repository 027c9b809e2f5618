"""`slipway report`."""
