"""The files of a report, by name."""

from __future__ import annotations

import json
from collections.abc import Mapping

from slipway.report import mermaid
from slipway.report.card import card
from slipway.report.lineage import lineage
from slipway.report.page import page
from slipway.report.snapshot import Snapshot, snapshot
from slipway.report.story import Story


def files(story: Story) -> Mapping[str, str]:
    """File name → text. All of them are there, whatever could not be read: what is missing is said inside."""
    return {
        "lineage.mmd": mermaid.text(lineage(story)),
        "metrics_snapshot.json": _json(snapshot(story).wire()),
        "audit.jsonl": "".join(f"{json.dumps(record, sort_keys=True)}\n" for record in story.records),
        "model_card.md": card(story),
        "report.html": page(story),
    }


def snapshot_schema() -> str:
    """The JSON Schema of metrics_snapshot.json, as docs/metrics_snapshot.schema.json has it."""
    return _json(Snapshot.model_json_schema(by_alias=True, mode="serialization"))


def _json(value: object) -> str:
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
