"""Conversions to ONNX, the first of which that holds is kept."""
