"""Environment variables by which the operator configures a serving pod."""

PREFIX = "SLIPWAY_"
MODEL_NAME = "SLIPWAY_MODEL_NAME"
MODEL_VERSION = "SLIPWAY_MODEL_VERSION"
REVISION = "SLIPWAY_REVISION"
LATENCY_THRESHOLD_SECONDS = "SLIPWAY_LATENCY_THRESHOLD_SECONDS"
"""The latency objective: a bucket of the duration histogram ends there."""
LATENCY_MAX_ROWS = "SLIPWAY_LATENCY_MAX_ROWS"
"""Requests of more rows are timed apart; 100 where it is left out."""
LAME_DUCK_SECONDS = "SLIPWAY_LAME_DUCK_SECONDS"
"""How long a pod that is ending still takes requests."""
ALLOW_CODE = "SLIPWAY_ALLOW_CODE"
"""Whether models may bring Python code."""
ALLOW_PICKLE = "SLIPWAY_ALLOW_PICKLE"
"""Whether models may be pickles."""
SERVING = (
    MODEL_NAME,
    MODEL_VERSION,
    REVISION,
    LATENCY_THRESHOLD_SECONDS,
    LATENCY_MAX_ROWS,
    LAME_DUCK_SECONDS,
    ALLOW_CODE,
    ALLOW_PICKLE,
)
"""Those that the server reads."""
