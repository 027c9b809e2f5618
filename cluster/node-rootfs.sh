#!/usr/bin/env bash
# Prints the image with the root file system of the node; makes it from Debian packages where it is not there yet.
. "$(dirname "$0")/lib.sh"

packages='systemd systemd-sysv dbus containerd runc containernetworking-plugins iptables ebtables ipset conntrack ethtool
    socat iproute2 kmod procps mount util-linux hostname jq ca-certificates'
image=slipway-node/rootfs:$DEBIAN_SUITE-$( (echo "$packages" && hash_of cluster/rootfs.sh) | short_hash)
one_at_a_time rootfs
if ! docker image inspect "$image" >/dev/null 2>&1; then
  command -v mmdebstrap >/dev/null || install_packages mmdebstrap
  # shellcheck disable=SC2086  # one word per package
  step "the node's root file system from Debian packages (about a minute, once)" "$CLUSTER_DIR/rootfs.sh" "$image" $packages
fi
echo "$image"
