"""One loaded model and whether it may answer."""
