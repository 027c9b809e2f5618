#!/usr/bin/env bash
# Prometheus' operator, Prometheus and Alertmanager in the namespace `monitoring`, and how to reach them.
# Where images can be pulled it is the chart kube-prometheus-stack, Grafana included; else all is built here.
. "$(dirname "$0")/lib.sh"

manifests=$REPO_DIR/manifests/monitoring

pulled() {
  step "kube-prometheus-stack $KUBE_PROMETHEUS_STACK_VERSION" helm upgrade --install kube-prometheus-stack \
    kube-prometheus-stack --repo "$KUBE_PROMETHEUS_STACK_CHARTS" --version "$KUBE_PROMETHEUS_STACK_VERSION" \
    --namespace monitoring --create-namespace --values "$manifests/kube-prometheus-stack.yaml" --wait --timeout 10m
}

# programs: the folder with the binaries and the definitions, built once.
programs() {
  local folder
  folder=$SLIPWAY_CACHE/monitoring-$(hash_of cluster/go/monitoring cluster/go/settings.sh cluster/build-monitoring.sh)
  if [ ! -d "$folder" ]; then
    command -v go >/dev/null || die "Go is missing" "Prometheus' operator is built here: install Go $GO_MINIMUM or newer (go.dev/dl)"
    step "Prometheus and its operator from Go modules (about 5 minutes, once)" \
      flock "$SLIPWAY_CACHE/programs.lock" "$CLUSTER_DIR/build-monitoring.sh" "$folder"
  fi
  echo "$folder"
}

# image TARGET FOLDER ROOTFS: its name, once it is in the cluster.
image() {
  local reference
  reference=slipway-monitoring/$1:$( (hash_of cluster/image/monitoring.Dockerfile && echo "$2 $3") | short_hash)
  docker image inspect "$reference" >/dev/null 2>&1 ||
    docker build --quiet --build-arg "ROOTFS=$3" --target "$1" --tag "$reference" \
      --file "$CLUSTER_DIR/image/monitoring.Dockerfile" "$2" >/dev/null
  "$CLUSTER_DIR/load-image.sh" "$reference"
  echo "$reference"
}

built() {
  local folder rootfs target edits=()
  folder=$(programs)
  rootfs=slipway-node/rootfs:alertmanager-$DEBIAN_SUITE-$(hash_of cluster/rootfs.sh)
  if ! docker image inspect "$rootfs" >/dev/null 2>&1; then
    command -v mmdebstrap >/dev/null || install_packages mmdebstrap
    step "Alertmanager from its Debian package (once)" "$CLUSTER_DIR/rootfs.sh" "$rootfs" prometheus-alertmanager
  fi
  for target in operator reloader prometheus alertmanager; do
    edits+=(-e "s|slipway-monitoring/$target\\b|$(image "$target" "$folder" "$rootfs")|")
  done
  kubectl apply --server-side --force-conflicts -f "$folder" >/dev/null
  kubectl wait --for=condition=Established --timeout 60s -f "$folder" >/dev/null
  kubectl kustomize "$manifests/built" | sed "${edits[@]}" | kubectl apply -f - >/dev/null
}

ready() {
  kubectl -n monitoring wait --for=create "$1" --timeout 60s >/dev/null &&
    kubectl -n monitoring rollout status "$1" --timeout 180s >/dev/null
}

one_at_a_time monitoring
case $("$CLUSTER_DIR/registry.sh") in
  pulled) pulled ;;
  built)
    built
    say "- waiting for Prometheus and Alertmanager"
    for workload in deployment/prometheus-operator statefulset/prometheus-prometheus statefulset/alertmanager-alertmanager; do
      ready "$workload" || die "$workload does not become ready" "look at: kubectl -n monitoring describe pods"
    done
    ;;
esac

cat >&2 <<TEXT
monitoring is up, in the namespace monitoring:
  Prometheus     http://prometheus-operated.monitoring.svc:9090       from here: kubectl -n monitoring port-forward service/prometheus-operated 9090
  Alertmanager   http://alertmanager-operated.monitoring.svc:9093     from here: kubectl -n monitoring port-forward service/alertmanager-operated 9093
TEXT
if grafana=$(kubectl -n monitoring get service -l app.kubernetes.io/name=grafana -o name 2>/dev/null) && [ -n "$grafana" ]; then
  say "  Grafana        from here: kubectl -n monitoring port-forward $grafana 3000:80"
fi
