"""What is known: what was seen, and what follows from that alone."""
