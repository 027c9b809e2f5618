#!/usr/bin/env bash
# load-image.sh IMAGE: brings an image of the engine to every node of the kind cluster that does not have it.
# `kind load docker-image` would copy the whole image each time; this copies the layers that the node lacks.
. "$(dirname "$0")/lib.sh"
image=$1

on() { docker exec -i "$1" ctr -n k8s.io "${@:2}"; }

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

load_missing() {
  [ -s "$scratch/image.tar" ] || docker save --output "$scratch/image.tar" "$image"
  on "$1" content ls -q | python3 "$CLUSTER_DIR/missing_layers.py" "$scratch/image.tar" "$image" >"$scratch/missing.tar" &&
    on "$1" images import - <"$scratch/missing.tar"
}

nodes=$(docker ps --quiet --filter "label=io.x-k8s.kind.cluster=$CLUSTER_NAME")
[ -n "$nodes" ] || die "there is no cluster to load $image into" "run: make cluster-up"
for node in $nodes; do
  [ -z "$(on "$node" images ls -q "name==docker.io/$image")" ] || continue
  say "- loading $image"
  SECONDS=0
  { load_missing "$node" || docker save "$image" | on "$node" images import --all-platforms -; } >"$LOG_DIR/load-image.log" 2>&1 ||
    die "could not load $image" "the log: $LOG_DIR/load-image.log"
  say "  done in $SECONDS s"
done
