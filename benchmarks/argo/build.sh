#!/usr/bin/env bash
# Builds the controller of Argo Rollouts from its Go module unless the cache has it. Prints the folder that holds it and
# its manifests. Built inside the module, where its own replacements and go.sum apply; Go checks the module's sum.
. "$(dirname "${BASH_SOURCE[0]}")/../../cluster/lib.sh"

ARGO_VERSION=v1.8.5
target=$SLIPWAY_CACHE/argo-rollouts-$ARGO_VERSION
if [ ! -d "$target" ]; then
  command -v go >/dev/null || die "Go is missing" "Argo Rollouts is built here to be measured: install Go (go.dev/dl)"
  one_at_a_time programs
  build=$target.unfinished
  if [ -d "$build" ]; then chmod -R u+w "$build" && rm -rf "$build"; fi
  module=$(go mod download -json "github.com/argoproj/argo-rollouts@$ARGO_VERSION" | sed -n 's/.*"Dir": "\(.*\)",*/\1/p')
  [ -d "$module" ] || die "the module of Argo Rollouts $ARGO_VERSION does not come" "look at: go env GOPROXY"
  mkdir "$build"
  cp -r "$module" "$build/source"
  chmod -R u+w "$build"
  step "Argo Rollouts $ARGO_VERSION from its Go module (about 5 minutes, once)" env CGO_ENABLED=0 GOTOOLCHAIN=local GOFLAGS=-mod=readonly \
    nice -n 19 go build -C "$build/source" -trimpath -ldflags "-s -w" -o "$build/rollouts-controller" ./cmd/rollouts-controller
  mv "$build/source/manifests" "$build/manifests"
  rm -rf "$build/source"
  # Whole or not at all.
  mv -T "$build" "$target"
fi
echo "$target"
