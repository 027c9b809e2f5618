#!/usr/bin/env bash
# Prints the image to build on: PYTHON_IMAGE where it can be pulled, else a stand-in made from Debian packages.
. "$(dirname "$0")/lib.sh"

if [ "$("$CLUSTER_DIR/registry.sh")" = pulled ]; then
  echo "$PYTHON_IMAGE"
  exit
fi

context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
cp "$CLUSTER_DIR/image/base.Dockerfile" "$context/Dockerfile"
certificates=${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}
[ -r "$certificates" ] || install_packages ca-certificates
cp "$certificates" "$context/certificates.crt"
# The machine's Python: `make test` may be making the checkout's own beside this, and for some seconds that has no pip.
pip_settings() { PATH=${PATH//"$REPO_DIR/.venv/bin:"/} python3 -m pip config list 2>/dev/null || true; }
{
  echo '[global]'
  echo 'cert = /etc/ssl/certs/ca-certificates.crt'
  pip_settings |
    sed -n "s/^[^.]*\.\(index-url\|extra-index-url\|trusted-host\|proxy\)='\(.*\)'\$/\1 = \2/p"
} >"$context/pip.conf"

packages="python3 python3-venv libgomp1"
image=slipway-node/python:3.11-$DEBIAN_SUITE-$( (echo "$packages" && cat "$context"/* "$CLUSTER_DIR/rootfs.sh") | short_hash)
if ! docker image inspect "$image" >/dev/null 2>&1; then
  command -v mmdebstrap >/dev/null || install_packages mmdebstrap
  rootfs=slipway-node/rootfs:python-$DEBIAN_SUITE-$( (echo "$packages" && hash_of cluster/rootfs.sh) | short_hash)
  # shellcheck disable=SC2086  # one word per package
  docker image inspect "$rootfs" >/dev/null 2>&1 ||
    step "a base image with Python from Debian packages, in place of $PYTHON_IMAGE (once)" \
      "$CLUSTER_DIR/rootfs.sh" "$rootfs" $packages
  docker build --quiet --build-arg "ROOTFS=$rootfs" --tag "$image" "$context" >/dev/null
fi
echo "$image"
