"""Protocols: bytes of a request to checked inputs, an answer to bytes. One file per thing that clients speak."""
