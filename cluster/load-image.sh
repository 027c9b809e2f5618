#!/usr/bin/env bash
# load-image.sh IMAGE: brings an image of the engine to every node of the kind cluster that does not have it.
# What `kind load docker-image` does, without its copy on disk.
. "$(dirname "$0")/lib.sh"

for node in $(docker ps --quiet --filter "label=io.x-k8s.kind.cluster=$CLUSTER_NAME"); do
  [ -z "$(docker exec "$node" ctr -n k8s.io images ls -q "name==docker.io/$1")" ] || continue
  say "- loading $1"
  SECONDS=0
  docker save "$1" | docker exec -i "$node" ctr -n k8s.io images import - >/dev/null ||
    die "could not load $1" "is the cluster up? make cluster-up"
  say "  done in $SECONDS s"
done
