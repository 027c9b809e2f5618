#!/usr/bin/env bash
# build-monitoring.sh FOLDER: Prometheus, its operator and its config reloader from Go modules, and its definitions, into FOLDER.
. "$(dirname "$0")/lib.sh"
target=$1
[ ! -d "$target" ] || exit 0 # another run was waited for, and has built it
build=$target.unfinished
rm -rf "$build"
mkdir "$build"

export CGO_ENABLED=0 GOTOOLCHAIN=local GOFLAGS=-mod=readonly
module=github.com/prometheus-operator/prometheus-operator prometheus=github.com/prometheus/prometheus
version=github.com/prometheus/common/version.Version
cd "$CLUSTER_DIR/go/monitoring"
go build -trimpath -o "$build/" -ldflags "-s -w -X $version=${PROMETHEUS_OPERATOR_VERSION#v}" \
  "$module/cmd/operator" "$module/cmd/prometheus-config-reloader"
plugins=$(go list -m -f '{{.Dir}}' "$prometheus")/plugins/plugins.go
echo "{\"Replace\": {\"$plugins\": \"$PWD/plugins/plugins.go\"}}" >"$build/overlay.json"
go build -trimpath -o "$build/" -ldflags "-s -w -X $version=$PROMETHEUS_VERSION" -overlay "$build/overlay.json" "$prometheus/cmd/prometheus"
rm "$build/overlay.json"
cp "$(go list -m -f '{{.Dir}}' "$module")"/example/prometheus-operator-crd/*.yaml "$build/"
chmod u+w "$build"/*.yaml

# Whole or not at all: an interrupted build leaves nothing under the final name, and Go's own cache keeps the work.
mv -T "$build" "$target"
