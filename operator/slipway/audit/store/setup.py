"""The store and the key that the settings name."""

from __future__ import annotations

from slipway.audit.checkpoint import KeyProblem, Signer
from slipway.audit.store.protocol import StoreError
from slipway.audit.store.sql import SqlStore
from slipway.settings import Audit


class AuditSetup(Exception):
    """The settings under `audit` cannot be used; the text says where and why."""


def store(settings: Audit) -> SqlStore:
    """The store. Nothing connects yet: one that is down is tried again and again. Raises AuditSetup."""
    try:
        return SqlStore(settings.url_file.read_text().strip() if settings.url_file else settings.url)
    except (OSError, StoreError) as error:
        raise AuditSetup(f"audit.url: {error}") from error


def signer(settings: Audit) -> Signer | None:
    """The key that checkpoints are signed with. Raises AuditSetup."""
    try:
        return Signer.load(settings.key) if settings.key else None
    except KeyProblem as error:
        raise AuditSetup(f"audit.key: {error}") from error
