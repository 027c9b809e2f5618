"""Gates that the operator judges itself, from what the registry says: no pod, no numpy."""
