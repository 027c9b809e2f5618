"""The operator's configuration: one YAML file, read once at start."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import yaml
from pydantic import ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from slipway.api.actors import SHORTEST_KEY
from slipway.api.base import Duration, Frozen, seconds
from slipway.gates.inline import requirements

DEFAULT_PATH = Path("/etc/slipway/config.yaml")


class Strict(Frozen):
    """A part of the configuration: a misspelt key is an error, not a default."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True, extra="forbid")


class SettingsError(Exception):
    """The configuration cannot be used; the text says where and why."""


class Images(Strict):
    """Images that the operator puts into pods."""

    server: str = Field(description="Server image of a release that names none.")
    native: str = Field(description="Image of the init container: it fetches, verifies and compiles the model.")
    jobs: str = Field(description="Image of the built-in gate Jobs.")


class Registry(Strict):
    """One MLflow connection. Releases refer to it by name."""

    url: str = Field(pattern=r"^https?://", description="Tracking URI.")
    poll_interval: Duration = "15s"
    timeout: Duration = "10s"
    credentials_secret: str | None = Field(
        None, description="Secret in the release's namespace whose keys become the init container's environment."
    )
    allow_code: bool = Field(False, description="Whether models that bring their own Python code may be served.")
    allow_pickle: bool = Field(False, description="Whether pickled models may be loaded.")

    @property
    def poll_seconds(self) -> float:
        """Seconds between two listings."""
        return seconds(self.poll_interval)

    @property
    def timeout_seconds(self) -> float:
        """Seconds after which one call has failed."""
        return seconds(self.timeout)


class Webhook(Strict):
    """The admission webhook that says who changed a release."""

    host: str = Field(description="Name by which the API server calls the operator's Service.")
    configuration: str = Field(description="Name of the MutatingWebhookConfiguration.")
    key_file: Path = Field(Path("/etc/slipway-webhook/key"), description="Secret key that stamps are made with.")

    def key(self) -> bytes:
        """The key. Raises SettingsError."""
        try:
            key = self.key_file.read_bytes().strip()
        except OSError as error:
            raise SettingsError(f"webhook.keyFile: {error}") from error
        if len(key) < SHORTEST_KEY:
            raise SettingsError(f"webhook.keyFile: {self.key_file} has fewer than {SHORTEST_KEY} bytes")
        return key


class Audit(Strict):
    """Where the audit log is kept and what its checkpoints are signed with."""

    url: str = Field("sqlite:////var/lib/slipway/audit.db", description="Database: sqlite:////PATH or postgresql://…")
    url_file: Path | None = Field(None, description="File with the URL instead: it may hold a password.")
    key: Path | None = Field(None, description="Ed25519 private key in PEM form; null: no checkpoints are made.")


class Prometheus(Strict):
    """Where raw request counters are read, instead of from the pods themselves."""

    url: str = Field(pattern=r"^https?://", description="Base URL of Prometheus' HTTP API.")
    timeout: Duration = "2s"

    @property
    def timeout_seconds(self) -> float:
        """Seconds after which one query has failed."""
        return seconds(self.timeout)


class Monitoring(Strict):
    """What is made for the Prometheus Operator beside each release: a ServiceMonitor and a PrometheusRule."""

    enabled: Literal["auto"] | bool = Field("auto", description="auto: where the cluster knows these kinds.")
    labels: dict[str, str] = Field(default_factory=dict, description="Labels that your Prometheus selects them by.")
    scrape_interval: Duration = Field("15s", description="How often pods are scraped and rules evaluated.")
    alert_window: Duration = Field(
        "1h", description="Long window of the fastest burn-rate alert; every other span of an alert follows from it."
    )
    runbook_url: str = Field("docs/runbooks", description="Where the runbooks are; an alert's page is below it.")
    grafana_url: str = Field("", description="Your Grafana; empty: dashboard links are paths on it.")

    @property
    def wanted(self) -> bool:
        """Whether to make them where the cluster knows these kinds."""
        return self.enabled is not False


class Settings(Strict):
    """Everything that the operator's administrator decides."""

    images: Images
    registries: dict[str, Registry] = Field(min_length=1)
    audit: Audit = Audit()
    watch_namespaces: tuple[str, ...] = ()
    webhook: Webhook | None = Field(None, description="None: nobody knows who changed a release.")
    notification_channels: Path | None = Field(
        None, description="Folder with a file of URLs for each channel; None: nobody is notified."
    )
    prometheus: Prometheus | None = Field(
        None, description="Source of request counters while a revision is judged; none: the pods themselves."
    )
    server_packages: str = Field(
        "",
        description="What the default server image has installed: lines of a lock file; empty: not known.",
    )
    monitoring: Monitoring = Monitoring()
    resync_interval: Duration = "120s"
    max_parallel_reconciles: int = Field(10, ge=1, le=100)
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$")

    def packages(self, image: str) -> dict[str, str] | None:
        """Package → version in `image`; None where that is not known."""
        if image != self.images.server or not self.server_packages.strip():
            return None
        return requirements.environment(self.server_packages)

    @classmethod
    def load(cls, path: Path = DEFAULT_PATH) -> Settings:
        """The settings in `path`. Raises SettingsError."""
        try:
            return cls.model_validate(yaml.safe_load(path.read_text()))
        except (OSError, yaml.YAMLError, ValidationError) as error:
            raise SettingsError(f"{path}: {error}") from error
