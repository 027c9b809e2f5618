#!/usr/bin/env bash
# build-programs.sh FOLDER: kind, helm, kubectl and what the node image needs, from Go modules into FOLDER.
# One `go build` per module: packages that programs share are compiled once.
. "$(dirname "$0")/lib.sh"
target=$1
[ ! -d "$target" ] || exit 0 # another run was waited for, and has built it
build=$target.unfinished
rm -rf "$build"
mkdir "$build"

. "$CLUSTER_DIR/go/settings.sh"
minor=${KUBERNETES_VERSION#v1.}
flags="-s -w -X k8s.io/component-base/version.gitVersion=$KUBERNETES_VERSION"
flags+=" -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=${minor%%.*}"
flags+=" -X k8s.io/client-go/pkg/version.gitVersion=$KUBERNETES_VERSION"
flags+=" -X helm.sh/helm/v3/internal/version.version=$HELM_VERSION"

cd "$CLUSTER_DIR/go/kubernetes"
go build -ldflags "$flags" -o "$build/" ./kubenode ./pause sigs.k8s.io/kind helm.sh/helm/v3/cmd/helm
ln -s kubenode "$build/kubectl"
cd "$CLUSTER_DIR/go/addons"
go build -ldflags "-s -w" -o "$build/" ./coredns github.com/rancher/local-path-provisioner

# Whole or not at all: an interrupted build leaves nothing under the final name, and Go's own cache keeps the work.
mv -T "$build" "$target"
