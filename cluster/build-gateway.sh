#!/usr/bin/env bash
# build-gateway.sh FOLDER: Traefik and the definitions of the Gateway API, from Go modules into FOLDER.
. "$(dirname "$0")/lib.sh"
target=$1
[ ! -d "$target" ] || exit 0 # another run was waited for, and has built it
build=$target.unfinished
rm -rf "$build"
mkdir "$build"

. "$CLUSTER_DIR/go/settings.sh"
cd "$CLUSTER_DIR/go/addons"

# With a copy of the module that asks nearly two hundred DNS services for certificates: here none is ever asked for one,
# and their libraries are most of the download and of the compilation.
lego=github.com/go-acme/lego/v4
cp -r "$(go mod download -json "$lego" | sed -n 's/.*"Dir": "\(.*\)",*/\1/p')" "$build/lego"
chmod -R u+w "$build/lego"
cp dns/none.go "$build/lego/providers/dns/zz_gen_dns_providers.go"
cp go.mod go.sum "$build/"
go mod edit -replace="$lego=$build/lego" "$build/go.mod"
go build -modfile "$build/go.mod" -ldflags "-s -w -X github.com/traefik/traefik/v3/pkg/version.Version=$TRAEFIK_VERSION" \
  -o "$build/traefik" github.com/traefik/traefik/v3/cmd/traefik
rm -r "$build/lego" "$build/go.mod" "$build/go.sum"

mkdir "$build/crds"
cp "$(go list -m -f '{{.Dir}}' sigs.k8s.io/gateway-api)"/config/crd/standard/*.yaml "$build/crds/"
chmod u+w "$build/crds"/*

# Whole or not at all: see build-programs.sh.
mv -T "$build" "$target"
