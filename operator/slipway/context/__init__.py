"""Everything impure that a pass needs, in one argument."""
