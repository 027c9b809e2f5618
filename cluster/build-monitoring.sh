#!/usr/bin/env bash
# build-monitoring.sh FOLDER: Prometheus, its operator and its config reloader from Go modules, and its definitions, into FOLDER.
. "$(dirname "$0")/lib.sh"
target=$1
[ ! -d "$target" ] || exit 0 # another run was waited for, and has built it
build=$target.unfinished
rm -rf "$build"
mkdir "$build"

. "$CLUSTER_DIR/go/settings.sh"
module=github.com/prometheus-operator/prometheus-operator
version=github.com/prometheus/common/version.Version
cd "$CLUSTER_DIR/go/monitoring"
go build -o "$build/" -ldflags "-s -w -X $version=${PROMETHEUS_OPERATOR_VERSION#v}" \
  "$module/cmd/operator" "$module/cmd/prometheus-config-reloader"
cp "$(go list -m -f '{{.Dir}}' "$module")"/example/prometheus-operator-crd/*.yaml "$build/"
chmod u+w "$build"/*.yaml

# Prometheus from a copy of its module, with its own go.mod and go.sum. Of two dozen service discoveries one is needed here,
# and the others are most of the compilation. (Debian's package would spare us all of it, but leaves out this very one.)
# Its module is numbered v0.305.0 where it calls itself 3.5.0.
published=$(go mod download -json "github.com/prometheus/prometheus@v0.${PROMETHEUS_VERSION/3./30}" | sed -n 's/.*"Dir": "\(.*\)",*/\1/p')
cp -r "$published" "$build/source"
chmod -R u+w "$build/source"
cd "$build/source"
printf 'package plugins\n\nimport _ "github.com/prometheus/prometheus/discovery/kubernetes"\n' >plugins/plugins.go
go build -ldflags "-s -w -X $version=$PROMETHEUS_VERSION" -o "$build/" ./cmd/prometheus
rm -r "$build/source"

# Whole or not at all: an interrupted build leaves nothing under the final name, and Go's own cache keeps the work.
mv -T "$build" "$target"
