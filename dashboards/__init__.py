"""Grafana's boards as code. `make generate` writes them into the chart."""
