"""What production serves: moving it, watching it, taking it back, and what it leaves behind."""
