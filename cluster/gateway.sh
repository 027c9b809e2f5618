#!/usr/bin/env bash
# Installs the Gateway API and a gateway into the cluster: a Gateway named `public` in namespace `gateway`, on port 80 of the
# Service of the same name. For tests and demonstrations: Slipway works with any implementation of the Gateway API.
. "$(dirname "$0")/lib.sh"

manifests=$CLUSTER_DIR/gateway/manifests
has_definitions() { kubectl get crd httproutes.gateway.networking.k8s.io >/dev/null 2>&1; }

program=$("$CLUSTER_DIR/gateway-program.sh")
if [ -n "$program" ]; then
  "$CLUSTER_DIR/engine.sh"
  image=slipway-node/traefik:$(cat "$CLUSTER_DIR/gateway/Dockerfile" <(basename "$program") | short_hash)
  docker image inspect "$image" >/dev/null 2>&1 ||
    step "image $image" docker build --tag "$image" --file "$CLUSTER_DIR/gateway/Dockerfile" "$program"
  "$CLUSTER_DIR/load-image.sh" "$image"
  definitions=$program/crds
else
  image=$TRAEFIK_IMAGE
  definitions=$GATEWAY_API_DOWNLOADS/$GATEWAY_API_VERSION/standard-install.yaml
fi

new=
if ! has_definitions; then
  new=1
  say "- the Gateway API's definitions ($GATEWAY_API_VERSION, standard channel)"
  kubectl apply --server-side -f "$definitions" >/dev/null
  kubectl wait --for=condition=Established --timeout 30s crd/httproutes.gateway.networking.k8s.io >/dev/null
fi
say "- a gateway"
SECONDS=0
kubectl kustomize "$manifests" | sed "s|image: traefik\$|image: $image|" | kubectl apply -f - >/dev/null
kubectl -n gateway rollout status deployment/traefik --timeout 120s >/dev/null || {
  kubectl -n gateway get pods >&2
  die "the gateway does not become ready" "look at: kubectl -n gateway describe pods; kubectl -n gateway logs deployment/traefik"
}
kubectl -n gateway wait --for=condition=Programmed --timeout 60s gateway/public >/dev/null ||
  die "nobody carries out Gateway public" "look at: kubectl -n gateway describe gateway public"

# An operator that started before the definitions were there does not watch routes: it learns of them when it looks again.
if [ -n "$new" ] && kubectl -n slipway-system get deployment slipway >/dev/null 2>&1; then
  kubectl -n slipway-system rollout restart deployment/slipway >/dev/null
  kubectl -n slipway-system rollout status deployment/slipway --timeout 120s >/dev/null
fi
say "  ready after $SECONDS s: http://public.gateway in the cluster"
