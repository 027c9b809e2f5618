"""Gates: pure functions from what was measured to a verdict with its evidence. One file per gate."""
