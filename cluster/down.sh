#!/usr/bin/env bash
# Deletes the cluster. Images and the cache stay: the next one takes seconds.
. "$(dirname "$0")/lib.sh"

[ "${CLUSTER:-kind}" != existing ] || die "CLUSTER=existing: not ours to delete"
one_at_a_time cluster
"$CLUSTER_DIR/engine.sh"
"$CLUSTER_DIR/tools.sh"
kind delete cluster --name "$CLUSTER_NAME"
