# The cluster, the images and MLflow. Included by the Makefile; cluster/README.md says how it works.
export CLUSTER

.PHONY: cluster-up cluster-down cluster-lock
cluster-up: ## A Kubernetes cluster: kind, or the current context with CLUSTER=existing
	@cluster/up.sh

cluster-down: ## Delete the kind cluster (images and cache stay)
	@cluster/down.sh

cluster-lock: # After a change in cluster/versions.env
	@cluster/lock.sh
