//go:build tools

// Package tools names what is built or copied as it is, so that go.mod and go.sum cover it: programs, and the module with
// the Gateway API's definitions.
package tools

import (
	_ "github.com/rancher/local-path-provisioner"
	_ "github.com/traefik/traefik/v3/cmd/traefik"
	_ "sigs.k8s.io/gateway-api/apis/v1"
)
