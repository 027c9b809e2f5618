#!/usr/bin/env bash
# Builds the Go programs unless the cache has them. Prints the folder that holds them.
. "$(dirname "$0")/lib.sh"

programs=$SLIPWAY_CACHE/programs-$(hash_of cluster/go/kubernetes cluster/go/addons cluster/go/settings.sh cluster/build-programs.sh)
if [ ! -d "$programs" ]; then
  grep -q "k8s.io/kubernetes $KUBERNETES_VERSION" "$CLUSTER_DIR/go/kubernetes/go.mod" ||
    die "cluster/go/kubernetes/go.mod is older than cluster/versions.env" "run: make cluster-lock"
  command -v go >/dev/null ||
    die "Go is missing" "no container registry answers, so Kubernetes is built here: install Go $GO_MINIMUM or newer (go.dev/dl)"
  have=$(go env GOVERSION)
  printf '%s\n' "go$GO_MINIMUM" "$have" | sort -CV || die "Go is $have" "install Go $GO_MINIMUM or newer (go.dev/dl)"
  step "Kubernetes, etcd, CoreDNS, kind and helm from Go modules (about 10 minutes, once)" \
    flock "$SLIPWAY_CACHE/programs.lock" "$CLUSTER_DIR/build-programs.sh" "$programs"
fi
echo "$programs"
