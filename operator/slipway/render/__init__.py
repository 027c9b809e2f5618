"""Pure: releases and revisions to Kubernetes manifests. Every name is deterministic."""
