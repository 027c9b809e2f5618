"""The release's own objects beside production."""
