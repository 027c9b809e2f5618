"""`python -m slipway.render.monitoring.rule_file OUT` writes the operator's own rules for the chart.

With `--check` nothing is written, and a difference is an error.
"""

from __future__ import annotations

import sys
from pathlib import Path

import yaml

from slipway.render.monitoring.operator_alerts import operator_group
from slipway.settings import Monitoring

PLACEHOLDERS = Monitoring(runbook_url="RUNBOOK_URL", grafana_url="GRAFANA_URL")
"""The chart fills in its own."""
_HEADER = "# Made by `make generate` from operator/slipway/render/monitoring/operator_alerts.py.\n"


def operator_rules() -> str:
    """What the chart's PrometheusRule for the operator has as its spec; also a rule file for Prometheus itself."""
    return _HEADER + yaml.safe_dump({"groups": [operator_group(PLACEHOLDERS)]}, sort_keys=False, width=120)


def main(arguments: list[str]) -> int:
    """Exit code 1 where the file is not what it would be now."""
    path = Path(arguments[-1])
    if "--check" in arguments:
        if path.read_text() != operator_rules():
            sys.stderr.write(f"{path} is outdated\n  -> run: make generate\n")
            return 1
        return 0
    path.write_text(operator_rules())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
