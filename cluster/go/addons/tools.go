//go:build tools

// Package tools names the programs that are built as they are, so that go.mod and go.sum cover them.
package tools

import _ "github.com/rancher/local-path-provisioner"
