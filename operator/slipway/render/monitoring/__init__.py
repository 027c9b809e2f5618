"""What the Prometheus Operator reads of a release: monitors, recording rules, alerts."""
