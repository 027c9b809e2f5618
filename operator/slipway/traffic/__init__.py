"""What moves production traffic."""
