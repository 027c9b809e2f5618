#!/usr/bin/env bash
# build-node-image.sh IMAGE ROOTFS PROGRAMS: the node image, from a root file system and a folder of programs.
. "$(dirname "$0")/lib.sh"
image=$1 rootfs=$2 programs=$3

context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
cp -a "$CLUSTER_DIR/node/." "$context"
cp -l "$programs"/{kubenode,coredns,pause,local-path-provisioner} "$context" 2>/dev/null ||
  cp "$programs"/{kubenode,coredns,pause,local-path-provisioner} "$context"
echo "$KUBERNETES_VERSION" >"$context/version"
: >"$context/images.tar" # until there is one: the legacy builder wants every file that any stage names

# The names that kubeadm will ask for (kind/built.yaml tells it this repository), whatever etcd's and CoreDNS's own versions.
repository=slipway-node
names=("$repository/program:local")
while read -r name; do names+=("$name"); done < <(
  exec -a kubeadm "$programs/kubenode" config images list --kubernetes-version "$KUBERNETES_VERSION" --image-repository "$repository"
)

build() { docker build --quiet --build-arg "ROOTFS=$rootfs" --target "$1" --tag "$2" "$context"; }
for name in "${names[@]}"; do
  case $name in
    */coredns:*) build coredns "$name" ;;
    */pause:*)
      build pause "$name"
      sed -i "s|@PAUSE@|$name|" "$context/files/etc/containerd/config.toml"
      ;;
    *) build program "$name" ;;
  esac
done
docker save --output "$context/images.tar" "${names[@]}"
build node "$image"
