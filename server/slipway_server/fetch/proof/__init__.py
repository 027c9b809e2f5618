"""The proof: rows of every kind, asked of the model and of what it was compiled to."""
