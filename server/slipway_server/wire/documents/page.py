"""The page at /docs: the OpenAPI document for people. It loads nothing, so it works in a cluster without internet."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from typing import Any

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""Content-Security-Policy of the page: names of columns come from the model, and must never run."""
_COMMAND = "curl -s HOST/slipway/example | curl -H 'Content-Type: application/json' -d @- HOST/invocations"
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1b1f24 }
table { border-collapse: collapse; width: 100% } h2 { margin-top: 2rem }
td, th { text-align: left; padding: .3rem .8rem .3rem 0; vertical-align: top; border-bottom: 1px solid #d0d7de }
pre { background: #f6f8fa; padding: 1rem; overflow-x: auto }
@media (prefers-color-scheme: dark) {
  body { background: #0d1117; color: #e6edf3 } pre { background: #161b22 } td, th { border-color: #30363d }
  a { color: #58a6ff }
}
"""


def page(document: dict[str, Any]) -> str:
    """`document`, an OpenAPI document of `documentation.schema`, as HTML without scripts."""
    info, paths = document["info"], document["paths"]
    post = paths["/invocations"]["post"]
    example = post["requestBody"]["content"]["application/json"].get("example")
    title = escape(f"{info['title']} {info['version']}")
    gets = [(path, what["get"]["summary"]) for path, what in paths.items() if "get" in what]
    links = [(f'<a href="{path}">GET {path}</a>', escape(what)) for path, what in gets]
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>'
        f"<h1>{title}</h1><p>{escape(post['description'])}.</p>"
        f"<h2>POST /invocations</h2><p>{escape(post['summary'])}.</p>{_call(example)}"
        f"{_columns(document['components']['schemas']['Row'])}"
        f"<h2>Also here</h2>{_table(('Path', 'What'), links)}"
        '<p><a href="/openapi.json">/openapi.json</a> has all of this for programs.</p></html>'
    )


def _call(example: Any) -> str:
    if example is None:
        return "<p>The model brings no input example.</p>"
    body = json.dumps(example, ensure_ascii=False)
    shown = escape(body if len(body) <= 2000 else f"{body[:2000]} …", quote=False)
    return f"<p>The model's own input example:</p><pre>{shown}</pre><pre>{_COMMAND}</pre>"


def _columns(row: dict[str, Any]) -> str:
    if "properties" not in row:
        return f"<p>A row is an array: {escape(str(row.get('description', '')))}.</p>"
    rows = [
        (escape(name), escape(_type(cell)), "yes" if name in row["required"] else "no")
        for name, cell in row["properties"].items()
    ]
    return f"<h2>Columns</h2>{_table(('Name', 'Type', 'Required'), rows)}" if rows else ""


def _type(cell: dict[str, Any]) -> str:
    kinds = cell["type"] if isinstance(cell["type"], list) else [cell["type"]]
    return " or ".join(kinds) + (f" ({cell['format']})" if "format" in cell else "")


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """`rows` are HTML already."""
    heads = "".join(f"<th>{text}" for text in head)
    return f"<table><tr>{heads}" + "".join("<tr>" + "".join(f"<td>{cell}" for cell in row) for row in rows) + "</table>"
