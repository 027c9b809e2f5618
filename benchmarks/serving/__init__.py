"""How fast the server is, beside `mlflow models serve` and MLServer on the same models, machine and minute."""
