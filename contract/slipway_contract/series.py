"""Time series of the inference server by which revisions are judged."""

REQUESTS = "inference_requests"
"""Counter of answers by `route` and `code`; Prometheus shows it as inference_requests_total."""
DURATION = "inference_request_duration_seconds"
"""Histogram of the seconds to an answer, by `route`, of the requests that latency is judged on."""
BULK_DURATION = "inference_bulk_request_duration_seconds"
"""The same for requests of more rows than SLIPWAY_LATENCY_MAX_ROWS."""
IN_FLIGHT = "inference_in_flight_requests"
"""Requests that are being answered now."""
INFO = "inference_model_info"
"""1, with what is served as labels: `revision` joins it to what the operator knows."""
FROM_THE_START = (200, 500, 504)
"""Codes whose counters a server shows from its first second on, at 0, of every route of predictions."""
PREDICTIONS = ("invocations", "v2")
"""Routes whose requests are predictions."""
OTHERS = ("probe", "other")
"""Routes whose requests say nothing about a model."""
