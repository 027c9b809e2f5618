#!/usr/bin/env bash
# Brings the cluster up, from whatever state: nothing there, engine stopped, node stopped, node broken, already up.
. "$(dirname "$0")/lib.sh"

context=kind-$CLUSTER_NAME
node=$CLUSTER_NAME-control-plane

kube() { kubectl --context "$context" "$@"; }

healthy() {
  [ -x "$TOOLS_DIR/bin/kubectl" ] || return 1
  [ "$(kube --request-timeout 5s get node "$node" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}' 2>/dev/null)" = True ]
}

# A stopped kubelet leaves its last word, Ready, behind for 40 s: it has spoken since only if its Lease is younger than that.
await_healthy() {
  local deadline=$((SECONDS + $1)) started
  started=$(date -u +%Y-%m-%dT%H:%M:%S)
  until healthy && [[ $(kube --request-timeout 5s -n kube-node-lease get lease "$node" -o 'jsonpath={.spec.renewTime}' 2>/dev/null) > $started ]]; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 1
  done
}

# Ready is said of the node; a pod also needs its account and names.
await_usable() {
  say "- waiting for accounts and DNS"
  kube wait --for=create serviceaccount/default --timeout 60s >/dev/null &&
    kube -n kube-system rollout status deployment/coredns --timeout 90s >/dev/null
}

use_existing() {
  if ! command -v kubectl || ! command -v helm; then "$CLUSTER_DIR/tools.sh"; fi >/dev/null
  kubectl --request-timeout 10s get --raw /readyz >/dev/null ||
    die "CLUSTER=existing, but the current context ($(kubectl config current-context 2>&1)) does not answer" \
      "choose one that does: kubectl config use-context NAME"
  say "cluster: existing, context $(kubectl config current-context)"
}

node_exists() { [ -n "$(docker ps -aq --filter "name=^$node\$")" ]; }

# Where root lacks a capability the engine refuses `--privileged`: kind then meets a docker that asks for less.
fit_docker() {
  "$@" true 2>/dev/null || PATH=$CLUSTER_DIR/shim:$PATH
}

# After a reboot the node's container is stopped, or was just started by the engine. Or all is well but the kubeconfig is gone.
wake() {
  say "- waking the cluster"
  docker start "$node" >/dev/null || return 1
  (
    fit_docker docker exec --privileged "$node"
    kind export kubeconfig --name "$CLUSTER_NAME"
  ) >"$LOG_DIR/wake.log" 2>&1 && await_healthy 60 && await_usable
}

create() {
  local image config=built
  image=$("$CLUSTER_DIR/node-image.sh")
  [ "$image" != "$KIND_NODE_IMAGE" ] || config=pulled
  fit_docker docker run --rm --privileged --entrypoint "" "$image"
  step "creating the cluster" kind create cluster --name "$CLUSTER_NAME" --image "$image" \
    --config "$CLUSTER_DIR/kind/$config.yaml" --wait 120s
  await_usable || die "the cluster is up, but its DNS is not" "look at: kubectl -n kube-system get pods"
}

if [ "${CLUSTER:-kind}" = existing ]; then
  use_existing
  exit
fi
one_at_a_time cluster
"$CLUSTER_DIR/engine.sh"
# Beside the compilation, for it mostly waits for the network. Whether it succeeds is seen when its result is needed.
{ node_exists || [ "$("$CLUSTER_DIR/registry.sh")" = pulled ] || "$CLUSTER_DIR/node-rootfs.sh" >/dev/null; } 9>&- &
"$CLUSTER_DIR/tools.sh"

if healthy; then
  say "cluster: $context is up"
elif node_exists && wake; then
  say "cluster: $context is up again"
else
  ! node_exists || say "- the old cluster does not come back: creating it anew"
  ! node_exists || kind delete cluster --name "$CLUSTER_NAME" >/dev/null 2>&1
  create
  say "cluster: $context is up"
fi
kubectl config use-context "$context" >/dev/null
