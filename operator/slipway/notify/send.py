"""Sends one message to one URL. The only importer of Apprise, which is large: none of it where nobody is notified."""

from __future__ import annotations

import logging

from slipway.notify.message import Message


class Undeliverable(Exception):
    """The message did not arrive; the text says why, and never the URL."""


def prepare() -> None:
    """Load Apprise's hundred plugins, at a time when nothing waits for the interpreter. Takes seconds."""
    import apprise

    logging.getLogger("apprise").addFilter(_warning)
    apprise.Apprise.instantiate("json://localhost")


def send(url: str, message: Message) -> None:
    """Send `message` to `url`. Raises Undeliverable.

    Blocks for as long as the URL allows: where it does not say (`cto`, `rto`), 4 s each to connect and to read.
    """
    import apprise

    service = apprise.Apprise()
    if not service.add(url):
        raise Undeliverable("the URL is not supported by Apprise (github.com/caronc/apprise)")
    kind, form = apprise.NotifyType(message.mood.value), apprise.NotifyFormat.TEXT
    if not service.notify(body=message.body, title=message.title, notify_type=kind, body_format=form):
        raise Undeliverable(f"{service[0].service_name} rejected it")


def _warning(record: logging.LogRecord) -> bool:
    """What Apprise says of a service that refuses; the rest of its log has URLs in full, and those are credentials."""
    return record.levelno == logging.WARNING
