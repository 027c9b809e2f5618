"""What people read: OpenAPI made from the model's own signature, and the page that shows it."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from slipway_server import __version__
from slipway_server.model.bundle import Bundle, Column
from slipway_server.serving.service import Service
from slipway_server.wire.documents.page import POLICY, page

_JSON_TYPES: dict[str, dict[str, Any]] = {
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer", "format": "int32"},
    "long": {"type": "integer", "format": "int64"},
    "float": {"type": "number", "format": "float"},
    "double": {"type": "number", "format": "double"},
    "string": {"type": "string"},
    "binary": {"type": "string", "format": "byte"},
    "datetime": {"type": "string", "format": "date-time"},
}
_PAGES = {
    "/livez": "200 while a restart would not help",
    "/readyz": "200 once the model answered its own input example, until the process drains",
    "/metrics": "Prometheus' metrics",
    "/metrics/requests": "Those of them that decide about a release",
    "/slipway/info": "What is served, how, and why so",
    "/slipway/example": "The model's own input example, ready for /invocations",
    "/v2": "Open Inference Protocol v2",
}


def application(service: Service) -> FastAPI:
    """The FastAPI application with `/docs` and `/openapi.json`. Raises `RequestError` 503 while the model loads."""
    title, version = service.name or "slipway-server", service.version or __version__
    app = FastAPI(title=title, version=version, docs_url=None, redoc_url=None)
    document = schema(service.current().bundle, app.title, app.version)
    shown = HTMLResponse(page(document), headers={"Content-Security-Policy": POLICY})
    app.openapi = lambda: document  # type: ignore[method-assign]
    app.get("/docs", include_in_schema=False, response_model=None)(lambda: shown)
    return app


def schema(bundle: Bundle, title: str, version: str) -> dict[str, Any]:
    """The OpenAPI document of a model."""
    problem = {"description": "What was wrong, where, and what to do", "content": {"application/problem+json": {}}}
    body: dict[str, Any] = {"schema": _body(bundle)}
    if bundle.example is not None:
        body["example"] = bundle.example
    predictions = {"type": "object", "properties": {"predictions": {"type": "array", "items": {}}}}
    answers = {
        "200": {"description": "One prediction per row", "content": {"application/json": {"schema": predictions}}},
        **dict.fromkeys(("400", "413", "415", "429", "503", "504"), problem),
    }
    invocations = {
        "summary": "Predict (MLflow's scoring protocol)",
        "description": bundle.why,
        "requestBody": {"required": True, "content": {"application/json": body, "text/csv": {}}},
        "responses": answers,
    }
    pages = {
        path: {"get": {"summary": text, "responses": {"200": {"description": "OK"}}}} for path, text in _PAGES.items()
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version},
        "paths": {"/invocations": {"post": invocations}, **pages},
        "components": {"schemas": {"Row": _row(bundle)}},
    }


def _body(bundle: Bundle) -> dict[str, Any]:
    names = [column.name for column in bundle.signature.columns]
    split = {
        "type": "object",
        "required": ["columns", "data"],
        "properties": {
            "columns": {"type": "array", "items": {"enum": names} if names else {"type": "string"}},
            "data": {"type": "array", "items": {"type": "array"}},
        },
    }
    rows = {"type": "array", "items": {"$ref": "#/components/schemas/Row"}}
    one_of = [{"required": [name]} for name in ("dataframe_split", "dataframe_records", "instances", "inputs")]
    return {
        "type": "object",
        "properties": {
            "dataframe_split": split,
            "dataframe_records": rows,
            "instances": rows,
            "inputs": {},
            "params": {"type": "object"},
        },
        "oneOf": one_of,
    }


def _row(bundle: Bundle) -> dict[str, Any]:
    signature = bundle.signature
    if signature.tensors:
        return {"type": "array", "description": f"shape {list(signature.tensors[0].shape)}"}
    return {
        "type": "object",
        "properties": {column.name: _cell(column, column.name in bundle.missing) for column in signature.columns},
        "required": [column.name for column in signature.columns if column.required],
        "additionalProperties": not signature.columns,
    }


def _cell(column: Column, missing: bool) -> dict[str, Any]:
    found = dict(_JSON_TYPES[column.type])
    if missing:
        found["type"] = [found["type"], "null"]
    return found
