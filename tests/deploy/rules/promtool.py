"""promtool, as the tests of the rules use it: a plain rule file, series as they are scraped, alerts as expected."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from slipway.api.release import ModelRelease
from slipway.render.monitoring.monitors import rule_groups
from slipway.render.monitoring.operator_alerts import operator_group
from slipway.settings import Monitoring

ROOT = Path(__file__).parents[3]
SETTINGS = Monitoring(scrape_interval="1m", runbook_url="https://runbooks", grafana_url="https://grafana")
BOARD = "https://grafana/d/w7-inference-overview?var-namespace=demo&var-release=cancer"
OPERATOR_BOARD = "https://grafana/d/w7-slipway-operator"

Rule = dict[str, Any]


def release(**slo: Any) -> ModelRelease:
    """The release that the rules are made for: p95 of 200 ms, 0.5 % errors."""
    return ModelRelease.parse(
        {
            "metadata": {"name": "cancer", "namespace": "demo", "uid": "u"},
            "spec": {
                "model": {"name": "cancer", "candidate": {"alias": "staging"}},
                "slo": {"latency": {"p95": "200ms"}, "errors": {"ratio": 0.005}, **slo},
            },
        }
    )


def groups(of: ModelRelease | None = None) -> list[Rule]:
    """All rules: those of a release, and the operator's own."""
    return [*rule_groups(of or release(), SETTINGS), operator_group(SETTINGS)]


@dataclass(frozen=True)
class Expected:
    """One alert that must fire: its labels besides the severity, and what its templates become."""

    labels: Mapping[str, str]
    severity: str = "warning"
    values: Mapping[str, str] = field(default_factory=dict)


def run(command: str, *arguments: str | Path) -> str:
    """What promtool says. Fails with that where it ends with an error."""
    found = shutil.which("promtool", path=f"{ROOT / '.tools' / 'bin'}{os.pathsep}{os.environ['PATH']}")
    assert found, "promtool is not here: cluster/promtool.sh brings it"
    done = subprocess.run([found, command, "rules", *map(str, arguments)], capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


def rule_file(folder: Path, of: ModelRelease | None = None) -> Path:
    """The rules as Prometheus reads them without any operator."""
    path = folder / "rules.yaml"
    path.write_text(yaml.safe_dump({"groups": groups(of)}, width=1000))
    return path


def holds(folder: Path, series: Mapping[str, str], at: str, alert: str, expected: Sequence[Expected]) -> None:
    """With `series` (a minute between two values), exactly the `expected` ones of `alert` fire at the time `at`."""
    rule_file(folder)
    test = {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "alert_rule_test": [
            {"eval_time": at, "alertname": alert, "exp_alerts": [_described(alert, each) for each in expected]}
        ],
    }
    path = folder / "test.yaml"
    path.write_text(
        yaml.safe_dump({"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": [test]}, width=1000)
    )
    run("test", path)


def yields(folder: Path, series: Mapping[str, str], at: str, expression: str, samples: Sequence[str]) -> None:
    """With `series`, and the rules evaluated on them, `expression` has these series alone, each 1, at the time `at`."""
    rule_file(folder)
    asked = {"expr": expression, "eval_time": at, "exp_samples": [{"labels": each, "value": 1} for each in samples]}
    test = {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [asked],
    }
    path = folder / "test.yaml"
    path.write_text(
        yaml.safe_dump({"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": [test]}, width=1000)
    )
    run("test", path)


def _described(alert: str, expected: Expected) -> Rule:
    rule = next(
        rule
        for group in groups()
        for rule in group["rules"]
        if rule.get("alert") == alert and rule["labels"]["severity"] == expected.severity and _fits(rule, expected)
    )
    annotations = dict(rule["annotations"])
    for key, text in annotations.items():
        for template, value in {**_labels(expected), **expected.values}.items():
            text = text.replace("{{ " + template + " }}", value)
        annotations[key] = text
    labels = {**expected.labels, "severity": expected.severity}
    return {"exp_labels": labels, "exp_annotations": annotations}


def _fits(rule: Rule, expected: Expected) -> bool:
    """Whether this is the rule that looks at the expected window: several rules may share a name and a severity."""
    return rule["labels"].get("window") == expected.labels.get("window")


def _labels(expected: Expected) -> dict[str, str]:
    return {f"$labels.{name}": value for name, value in expected.labels.items()}
