#!/usr/bin/env bash
# Renews go.mod and go.sum of the Go modules from versions.env.
set -euo pipefail
cd "$(dirname "$0")"
# shellcheck source=versions.env
. ./versions.env
export GOFLAGS=-mod=mod GOTOOLCHAIN=local

# lock MODULE REQUIREMENT…
lock() {
  cd "go/$1"
  rm -f go.mod go.sum
  go mod init "slipway.dev/cluster/$1"
  go mod edit -go="$GO_MINIMUM.0"
  shift
  local requirement
  for requirement; do go mod edit -require="$requirement"; done
}

# Kubernetes, and the tools that are made from the same packages: compiled together, most of them only once.
(
  lock kubernetes "k8s.io/kubernetes@$KUBERNETES_VERSION" "sigs.k8s.io/kind@$KIND_VERSION" "helm.sh/helm/v3@$HELM_VERSION"
  # Kubernetes' own go.mod asks for its staging modules as v0.0.0: each is replaced by the version published with it.
  published=$(go mod download -json "k8s.io/kubernetes@$KUBERNETES_VERSION" | sed -n 's/.*"GoMod": "\(.*\)",*/\1/p')
  sed -n 's|^[[:space:]]*\(k8s\.io/[a-z-]*\) => \./staging/.*|\1|p' "$published" | while read -r module; do
    go mod edit -replace="$module=$module@v0.${KUBERNETES_VERSION#v1.}"
  done
  go mod tidy
)

# A module of their own: their dependencies must not raise those that Kubernetes was released with.
(
  lock addons "github.com/coredns/coredns@$COREDNS_VERSION" "github.com/rancher/local-path-provisioner@$LOCAL_PATH_VERSION"
  go mod tidy
)

# What runs Prometheus in the cluster (`make monitor_up`), where its images cannot be pulled.
(
  lock monitoring "github.com/prometheus-operator/prometheus-operator@$PROMETHEUS_OPERATOR_VERSION" \
    "github.com/prometheus/prometheus@v0.${PROMETHEUS_VERSION/3./30}"
  go mod tidy
)
