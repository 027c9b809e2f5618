"""What people read: OpenAPI made from the model's own signature, and the page that shows it."""

from __future__ import annotations

from fastapi import FastAPI

from slipway_server import __version__
from slipway_server.service import Service


def application(service: Service) -> FastAPI:
    """The FastAPI application with `/docs` and `/openapi.json`."""
    return FastAPI(title=service.settings.model_name or "slipway-server", version=__version__)
