#!/usr/bin/env bash
# rootfs.sh IMAGE PACKAGE…: a minimal Debian root file system with these packages, as a Docker image.
. "$(dirname "$0")/lib.sh"
image=$1
shift
# usr-is-merged: or a package that needs all of Perl says so.
packages=$(IFS=,; echo "usr-is-merged,$*")

scratch=$(mktemp -d)
chmod 755 "$scratch"
trap 'rm -rf "$scratch"' EXIT
mmdebstrap --quiet --variant=minbase --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr --include="$packages" \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/lib/*/gconv/*' "$DEBIAN_SUITE" "$scratch/root.tar"
docker import "$scratch/root.tar" "$image"
