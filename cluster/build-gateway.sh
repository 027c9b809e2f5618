#!/usr/bin/env bash
# build-gateway.sh FOLDER: Traefik and the definitions of the Gateway API, from Go modules into FOLDER.
. "$(dirname "$0")/lib.sh"
target=$1
[ ! -d "$target" ] || exit 0 # another run was waited for, and has built it
build=$target.unfinished
rm -rf "$build"
mkdir "$build"

export CGO_ENABLED=0 GOTOOLCHAIN=local GOFLAGS=-mod=readonly
cd "$CLUSTER_DIR/gateway/program"
go build -trimpath -ldflags "-s -w -X github.com/traefik/traefik/v3/pkg/version.Version=$TRAEFIK_VERSION" \
  -o "$build/traefik" github.com/traefik/traefik/v3/cmd/traefik
mkdir "$build/crds"
cp "$(go list -m -f '{{.Dir}}' sigs.k8s.io/gateway-api)"/config/crd/standard/*.yaml "$build/crds/"
chmod u+w "$build/crds"/*

# Whole or not at all: see build-programs.sh.
mv -T "$build" "$target"
