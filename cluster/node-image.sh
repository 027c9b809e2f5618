#!/usr/bin/env bash
# Prints the node image to create the cluster from; builds it where it cannot be pulled and is not there yet.
. "$(dirname "$0")/lib.sh"

if [ "$("$CLUSTER_DIR/registry.sh")" = pulled ]; then
  say "- node image: $KIND_NODE_IMAGE (Docker reaches its registry)"
  docker image inspect "$KIND_NODE_IMAGE" >/dev/null 2>&1 || step "pulling it" docker pull "$KIND_NODE_IMAGE"
  echo "$KIND_NODE_IMAGE"
  exit
fi

exists() { docker image inspect "$1" >/dev/null 2>&1; }

programs=$("$CLUSTER_DIR/programs.sh")
image=slipway-node/node:$(hash_of cluster/node cluster/go cluster/versions.env cluster/build-node-image.sh)
say "- node image: $image, built from Go modules and Debian packages (Docker reaches no registry)"
if ! exists "$image"; then
  packages='systemd systemd-sysv dbus containerd runc containernetworking-plugins iptables ebtables ipset conntrack ethtool
    socat iproute2 kmod procps mount util-linux hostname jq ca-certificates'
  rootfs=slipway-node/rootfs:$DEBIAN_SUITE-$( (echo "$packages" && hash_of cluster/rootfs.sh) | short_hash)
  if ! exists "$rootfs"; then
    command -v mmdebstrap >/dev/null || install_packages mmdebstrap
    # shellcheck disable=SC2086  # one word per package
    step "the node's root file system from Debian packages (about 1.5 minutes, once)" "$CLUSTER_DIR/rootfs.sh" "$rootfs" $packages
  fi
  step "the node image" "$CLUSTER_DIR/build-node-image.sh" "$image" "$rootfs" "$programs"
fi
echo "$image"
