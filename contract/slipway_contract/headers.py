"""Headers of every answer of the inference server."""

MODEL_VERSION = "X-Model-Version"
"""The version of the model that answers."""
REVISION = "X-Slipway-Revision"
"""The ModelRevision that answers: a gate that meets another one has not measured the candidate."""
