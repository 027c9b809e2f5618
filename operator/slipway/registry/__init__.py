"""Model registries: one protocol, MLflow behind it."""
