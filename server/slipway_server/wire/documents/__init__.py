"""What people and programs read about the model: OpenAPI, and a page made from it."""
