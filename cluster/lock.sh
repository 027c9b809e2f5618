#!/usr/bin/env bash
# Renews go.mod and go.sum of the Go modules from versions.env.
set -euo pipefail
cd "$(dirname "$0")"
# shellcheck source=versions.env
. ./versions.env
export GOFLAGS=-mod=mod GOTOOLCHAIN=local

# lock FOLDER REQUIREMENT…
lock() {
  cd "$1"
  rm -f go.mod go.sum
  go mod init "slipway.dev/cluster/${1##*/}"
  go mod edit -go="$GO_MINIMUM.0"
  shift
  local requirement
  for requirement; do go mod edit -require="$requirement"; done
}

# Kubernetes, and the tools that are made from the same packages: compiled together, most of them only once.
(
  lock go/kubernetes "k8s.io/kubernetes@$KUBERNETES_VERSION" "sigs.k8s.io/kind@$KIND_VERSION" "helm.sh/helm/v3@$HELM_VERSION"
  # Kubernetes' own go.mod asks for its staging modules as v0.0.0: each is replaced by the version published with it.
  published=$(go mod download -json "k8s.io/kubernetes@$KUBERNETES_VERSION" | sed -n 's/.*"GoMod": "\(.*\)",*/\1/p')
  sed -n 's|^[[:space:]]*\(k8s\.io/[a-z-]*\) => \./staging/.*|\1|p' "$published" | while read -r module; do
    go mod edit -replace="$module=$module@v0.${KUBERNETES_VERSION#v1.}"
  done
  go mod tidy
)

# A module of their own: their dependencies must not raise those that Kubernetes was released with. All in one, so that the
# Kubernetes client, most of each of them, is compiled once for all.
# Traefik asks for forks by replace and shuts out a version by exclude; both count only in the main module, so they are repeated.
(
  lock go/addons "github.com/coredns/coredns@$COREDNS_VERSION" "github.com/rancher/local-path-provisioner@$LOCAL_PATH_VERSION" \
    "github.com/traefik/traefik/v3@$TRAEFIK_VERSION" "sigs.k8s.io/gateway-api@$GATEWAY_API_VERSION"
  published=$(go mod download -json "github.com/traefik/traefik/v3@$TRAEFIK_VERSION" | sed -n 's/.*"GoMod": "\(.*\)",*/\1/p')
  sed -n '/^replace/,/^)/s/^[[:space:]]*\([^ ]*\) => \([^ ]*\) \(v.*\)$/\1=\2@\3/p' "$published" | while read -r fork; do
    go mod edit -replace="$fork"
  done
  sed -n 's/^exclude \([^ ]*\) \(v.*\)$/\1@\2/p' "$published" | while read -r unwanted; do
    go mod edit -exclude="$unwanted"
  done
  sed -n '/^require/,/^)/s|^[[:space:]]*\([^ ]*\) \(v[^ ]*\).*|\1@\2|p' "$published" | while read -r requirement; do
    go mod edit -require="$requirement"
  done
  go mod tidy
)

# What runs Prometheus in the cluster (`make monitor_up`), where its images cannot be pulled.
(
  lock monitoring "github.com/prometheus-operator/prometheus-operator@$PROMETHEUS_OPERATOR_VERSION"
  go mod tidy
)
