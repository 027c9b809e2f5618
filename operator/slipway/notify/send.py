"""Sends one message to one URL. The only importer of Apprise, and only once there is something to send."""

from __future__ import annotations

import logging

from slipway.notify.message import Message


class Undeliverable(Exception):
    """The message did not arrive; the text says why, and never the URL."""


def send(url: str, message: Message) -> None:
    """Send `message` to `url`. Raises Undeliverable.

    Blocks for as long as the URL allows: where it does not say (`cto`, `rto`), 4 s each to connect and to read.
    """
    import apprise

    # Its debug log has URLs in full. What it says above that names the service and the kind of error.
    logging.getLogger("apprise").setLevel(logging.WARNING)
    target = apprise.Apprise.instantiate(url, suppress_exceptions=True)
    if target is None:
        raise Undeliverable("the URL is none that Apprise knows (github.com/caronc/apprise)")
    if not target.notify(body=message.body, title=message.title, notify_type=message.mood.value, body_format="text"):
        raise Undeliverable(f"{target.service_name} did not take it")
