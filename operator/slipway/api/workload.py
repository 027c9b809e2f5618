"""How a revision's pods are configured: the parts of a ModelRelease that end up in the Deployment."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field
from pydantic.config import JsonDict

from slipway.api.base import Frozen, validated

MOST_AT_LEAST_LEAST = {
    "rule": "self.maxReplicas >= self.minReplicas",
    "message": "autoscaling.maxReplicas must not be smaller than autoscaling.minReplicas",
}

_MAP_LIMIT = 32
_FREE_FORM: JsonDict = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}

Quantity = Annotated[
    str | int,
    Field(
        json_schema_extra={
            "x-kubernetes-int-or-string": True,
            "pattern": r"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?[0-9]+))?$",
        }
    ),
]
StringMap = Annotated[dict[str, Annotated[str, Field(max_length=1024)]], Field(max_length=_MAP_LIMIT)]


class Resources(Frozen):
    """Resource requests and limits of one serving container, as in a pod."""

    requests: dict[str, Quantity] = Field(
        {"cpu": "100m", "memory": "256Mi"},
        max_length=8,
        description="Requested amounts, by resource name.",
    )
    limits: dict[str, Quantity] = Field({"memory": "1Gi"}, max_length=8, description="Limits, by resource name.")


class EnvVar(Frozen):
    """A literal environment variable. References to Secrets are not allowed in serving pods."""

    name: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=128, description="Name of the variable.")
    value: str = Field("", max_length=4096, description="Its value.")


class PodTemplate(Frozen):
    """The parts of the pod that a release may set: scheduling and metadata, nothing that grants privileges."""

    labels: StringMap = Field(default_factory=dict, description="Additional labels of the pods.")
    annotations: StringMap = Field(default_factory=dict, description="Additional annotations of the pods.")
    env: Annotated[tuple[EnvVar, ...], Field(max_length=_MAP_LIMIT)] = Field(
        default=(), description="Additional environment variables of the serving container."
    )
    node_selector: StringMap = Field(default_factory=dict, description="Node labels the pods require.")
    tolerations: Annotated[
        tuple[Annotated[dict[str, Any], Field(json_schema_extra=_FREE_FORM)], ...], Field(max_length=16)
    ] = Field(default=(), description="Tolerations, as in a pod.")
    affinity: dict[str, Any] | None = Field(None, description="Affinity, as in a pod.", json_schema_extra=_FREE_FORM)
    priority_class_name: str | None = Field(None, max_length=253, description="Priority class of the pods.")


class Autoscaling(Frozen, json_schema_extra=validated(MOST_AT_LEAST_LEAST)):
    """One HorizontalPodAutoscaler, on the revision that production serves."""

    min_replicas: int = Field(ge=1, le=100, description="Minimum number of serving pods.")
    max_replicas: int = Field(ge=1, le=100, description="Maximum number of serving pods.")
    target_cpu_utilization: int = Field(
        80,
        ge=1,
        le=100,
        alias="targetCPUUtilization",
        description="Target average CPU utilization, in percent of the requested CPU.",
    )


class Server(Frozen):
    """The inference server that serves the model."""

    replicas: int = Field(
        2, ge=1, le=100, description="Number of serving pods. A candidate starts at this size beside production."
    )
    autoscaling: Autoscaling | None = Field(
        None,
        description="Let an autoscaler choose the number of serving pods. A candidate starts at production's "
        "current number. If unset, an HPA of your own that targets the live Deployment keeps "
        "control of its replica count.",
    )
    min_ready_seconds: int = Field(
        0,
        ge=0,
        le=600,
        description="How many seconds a new pod must be ready before it counts as available, as in a Deployment.",
    )
    image: str | None = Field(
        None,
        max_length=512,
        min_length=1,
        description="Server image, pinned when a revision is created. Defaults to the image configured in "
        "the operator.",
    )
    workers: int | None = Field(
        None,
        ge=1,
        le=16,
        description="Number of server processes in each pod, which share its port and its resources. Defaults to 1.",
    )
    resources: Resources = Field(Resources(), description="Resources of one serving container.")
    pod_template: PodTemplate = Field(PodTemplate(), description="Scheduling and labels of the serving pods.")
