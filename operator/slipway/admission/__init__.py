"""The admission webhook: the API server tells who changes a ModelRelease, and the answer is a stamp on it."""
