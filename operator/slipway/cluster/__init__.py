"""The cluster: the protocol that the operator asks for, and the API server behind it."""
