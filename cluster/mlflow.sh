#!/usr/bin/env bash
# Installs MLflow into the cluster and waits until it answers.
. "$(dirname "$0")/lib.sh"

image=$(sed -n 's/^MLFLOW_IMAGE=//p' "$TOOLS_DIR/images.env" 2>/dev/null)
[ -n "$image" ] || die "there is no image of MLflow yet" "run: make images"
say "- MLflow"
SECONDS=0
kubectl kustomize "$REPO_DIR/manifests/mlflow" | sed "s|image: slipway/mlflow\$|image: $image|" | kubectl apply -f - >/dev/null
kubectl -n mlflow rollout status deployment/mlflow --timeout 180s >/dev/null || {
  kubectl -n mlflow get pods >&2
  die "MLflow does not become ready" "look at: kubectl -n mlflow describe pods; kubectl -n mlflow logs deployment/mlflow"
}
say "  ready after $SECONDS s: http://mlflow.mlflow:5000 in the cluster; from here: make mlflow-ui"
