#!/usr/bin/env bash
# Puts kind, helm and kubectl, in the pinned versions, into .tools/bin: as links to the one on the PATH, to the cache,
# to what was built from Go modules, or to a download.
. "$(dirname "$0")/lib.sh"

store=$SLIPWAY_CACHE/bin
mkdir -p "$store"
os=$(uname -s | tr '[:upper:]' '[:lower:]')
arch=$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')

# fetch URL SUM-URL: into the working folder, checked against the sum published beside it.
fetch() {
  local sum want
  curl -fsSL --connect-timeout 10 --retry 2 -O "$1" && sum=$(curl -fsSL --connect-timeout 10 "$2") || return 1
  want=${sum%% *}
  [ "$($SHA256 <"${1##*/}" | cut -d' ' -f1)" = "$want" ] || { say "- $1 is not what its checksum says: not used"; return 1; }
}

download() {
  local name=$1 version=$2 scratch
  scratch=$(mktemp -d)
  (
    cd "$scratch"
    case $name in
      kind) fetch "$KIND_DOWNLOADS/$version/kind-$os-$arch"{,.sha256sum} && mv kind-* "$name" ;;
      kubectl) fetch "$KUBECTL_DOWNLOADS/$version/bin/$os/$arch/kubectl"{,.sha256} ;;
      helm) fetch "$HELM_DOWNLOADS/helm-$version-$os-$arch.tar.gz"{,.sha256sum} && tar xzf helm-*.tar.gz && mv "$os-$arch/helm" . ;;
    esac
    chmod +x "$name" && mv "$name" "$store/$name-$version"
  ) || { rm -rf "$scratch"; return 1; }
  rm -rf "$scratch"
  say "- downloaded $name $version"
}

# provide NAME VERSION VERSION-COMMAND…
provide() {
  local name=$1 version=$2 found
  shift 2
  [ "$(readlink "$TOOLS_DIR/bin/$name")" != "$store/$name-$version" ] || [ ! -x "$store/$name-$version" ] || return 0
  if [ ! -x "$store/$name-$version" ]; then
    found=$(PATH=${PATH#*:} command -v "$name" || true)
    if [ -n "$found" ] && within 5 "$found" "$@" 2>/dev/null | grep -qF "$version"; then
      ln -sfn "$found" "$store/$name-$version"
    elif [ "$("$CLUSTER_DIR/registry.sh")" = built ] || ! download "$name" "$version"; then
      ln -sfn "$("$CLUSTER_DIR/programs.sh")/$name" "$store/$name-$version"
    fi
  fi
  ln -sfn "$store/$name-$version" "$TOOLS_DIR/bin/$name"
}

provide kubectl "$KUBERNETES_VERSION" version --client
provide kind "$KIND_VERSION" version
provide helm "$HELM_VERSION" version
