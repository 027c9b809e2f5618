"""Names, times and text as everything else writes them: the lowest layer, which imports nothing of ours."""
