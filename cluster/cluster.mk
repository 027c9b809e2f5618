# The cluster, the images and MLflow. Included by the Makefile; cluster/README.md says how it works.
export CLUSTER IMAGE_REPOSITORY SLIPWAY_IMAGES

.PHONY: cluster-up cluster-down cluster-lock images mlflow mlflow-ui mlflow-lock gateway
cluster-up: ## A Kubernetes cluster: kind, or with CLUSTER=existing the current context
	@cluster/up.sh

cluster-down: ## Delete the kind cluster (images and cache stay)
	@cluster/down.sh

images: cluster-up ## Build what changed of the images, and load it into the cluster
	@cluster/images.sh

mlflow: images ## A real MLflow server in the cluster
	@cluster/mlflow.sh

mlflow-ui: ## MLflow at http://localhost:5000 until interrupted (PORT=…)
	@cluster/mlflow-ui.sh $(PORT)

gateway: cluster-up ## The Gateway API and a gateway in the cluster, for canary steps
	@cluster/gateway.sh

cluster-lock: # after a change in cluster/versions.env
	@cluster/lock.sh

mlflow-lock: # after a change in manifests/mlflow/requirements.in
	@manifests/mlflow/lock
