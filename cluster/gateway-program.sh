#!/usr/bin/env bash
# Builds Traefik and takes the Gateway API's definitions from their Go modules, unless the cache has them. Prints the folder
# that holds them; nothing where images are pulled.
. "$(dirname "$0")/lib.sh"

[ "${CLUSTER:-kind}" != existing ] && [ "$("$CLUSTER_DIR/registry.sh")" = built ] || exit 0
program=$SLIPWAY_CACHE/gateway-$(hash_of cluster/go/addons cluster/go/settings.sh cluster/build-gateway.sh)
if [ ! -d "$program" ]; then
  command -v go >/dev/null || die "Go is missing" "no container registry answers, so Traefik is built here: install Go $GO_MINIMUM or newer (go.dev/dl)"
  step "Traefik and the Gateway API from Go modules (about 2 minutes, once)" \
    flock "$SLIPWAY_CACHE/programs.lock" "$CLUSTER_DIR/build-gateway.sh" "$program"
fi
echo "$program"
