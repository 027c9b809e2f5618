#!/usr/bin/env bash
# Prints the node image to create the cluster from; builds it where it cannot be pulled and is not there yet.
. "$(dirname "$0")/lib.sh"

if [ "$("$CLUSTER_DIR/registry.sh")" = pulled ]; then
  say "- node image: $KIND_NODE_IMAGE (Docker reaches its registry)"
  docker image inspect "$KIND_NODE_IMAGE" >/dev/null 2>&1 || step "pulling it" docker pull "$KIND_NODE_IMAGE"
  echo "$KIND_NODE_IMAGE"
  exit
fi

programs=$("$CLUSTER_DIR/programs.sh")
image=slipway-node/node:$(hash_of cluster/node cluster/go cluster/versions.env cluster/build-node-image.sh)
say "- node image: $image, built from Go modules and Debian packages (Docker reaches no registry)"
if ! docker image inspect "$image" >/dev/null 2>&1; then
  rootfs=$("$CLUSTER_DIR/node-rootfs.sh")
  step "the node image" "$CLUSTER_DIR/build-node-image.sh" "$image" "$rootfs" "$programs"
fi
echo "$image"
