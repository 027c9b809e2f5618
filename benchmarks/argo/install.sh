#!/usr/bin/env bash
# Runs the controller of Argo Rollouts in the current kind cluster, for as long as something is measured against it.
# `install.sh remove` takes it away again.
. "$(dirname "${BASH_SOURCE[0]}")/../../cluster/lib.sh"

here=$REPO_DIR/benchmarks/argo
built=$("$here/build.sh")
role=$built/manifests/role/argo-rollouts-clusterrole.yaml

if [ "${1:-}" = remove ]; then
  kubectl delete --ignore-not-found --wait=false -f "$here/controller.yaml" -f "$role" >/dev/null
  kubectl delete --ignore-not-found -k "$built/manifests/crds" >/dev/null
  exit
fi

image=slipway-peer/argo-rollouts:$(hash_of "$here/build.sh" "$here/Dockerfile")
if ! docker image inspect "$image" >/dev/null 2>&1; then
  step "image $image" docker build --tag "$image" --file "$here/Dockerfile" "$built"
fi
"$CLUSTER_DIR/load-image.sh" "$image"
kubectl apply --server-side -k "$built/manifests/crds" >/dev/null
kubectl apply --server-side -f "$role" -f <(sed "s|IMAGE|$image|" "$here/controller.yaml") >/dev/null
kubectl --namespace argo-rollouts rollout status deployment/argo-rollouts --timeout 90s >/dev/null
