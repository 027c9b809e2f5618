"""What a model is: its files, its signature, its bundle, and rows on their way to it."""
