#!/usr/bin/env bash
# mlflow-ui.sh [PORT]: reaches MLflow from this machine until interrupted.
. "$(dirname "$0")/lib.sh"

port=${1:-5000}
say "MLflow: http://localhost:$port (ctrl-c ends it); for Python: export MLFLOW_TRACKING_URI=http://localhost:$port"
exec kubectl -n mlflow port-forward service/mlflow "$port:5000"
