"""Decision trees: where they split, their arrays, and the same read back from a compiled graph."""
