#!/usr/bin/env bash
# kube-apiserver: a JSON patch cannot `test` a value that holds <, > or &, although it holds exactly that value.
#
# Versions: k8s.io/apimachinery v0.34.4 and gopkg.in/evanphx/json-patch.v4 v4.12.0, as Kubernetes 1.34 has them.
# Behaviour: the API server writes the object with Go's encoding/json, which turns < into \u003c, and json-patch then
# compares the two texts byte by byte (bytes.Equal). So the same text is another value. A client that writes letters
# outside ASCII as \u00e9, as Python's json does, meets the same the other way round.
# Output seen:
#   application/json-patch+json, test of the very value that the object has:
#   plain text             passes
#   <docs>                 fails: testing value /spec/value failed: test failed
#   <docs> sent as \u003c  passes
#   caf\u00e9 sent as such fails: testing value /spec/value failed: test failed
#   café                   passes
# Exits with 1 if the behaviour has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"
cat >go.mod <<'MOD'
module finding

go 1.24

require (
	gopkg.in/evanphx/json-patch.v4 v4.12.0
	k8s.io/apimachinery v0.34.4
)
MOD
cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// try stores value in an object, and tests it with a patch that has it as sent.
func try(label, value, sent string, passes bool) bool {
	object := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "example.com/v1", "kind": "Note", "spec": map[string]any{"value": value},
	}}
	stored, err := runtime.Encode(unstructured.UnstructuredJSONScheme, object) // as the API server does
	if err != nil {
		panic(err)
	}
	patch, err := jsonpatch.DecodePatch([]byte(`[{"op":"test","path":"/spec/value","value":"` + sent + `"}]`))
	if err != nil {
		panic(err)
	}
	_, err = patch.Apply(stored)
	said := "passes"
	if err != nil {
		said = "fails: " + err.Error()
	}
	fmt.Printf("%-22s %s\n", label, said)
	return (err == nil) == passes
}

func main() {
	fmt.Println("application/json-patch+json, test of the very value that the object has:")
	same := try("plain text", "plain text", "plain text", true)
	same = try("<docs>", "<docs>", "<docs>", false) && same
	same = try(`<docs> sent as \u003c`, "<docs>", `\u003cdocs\u003e`, true) && same
	same = try(`caf\u00e9 sent as such`, "café", `caf\u00e9`, false) && same
	same = try("café", "café", "café", true) && same
	if !same {
		os.Exit(1)
	}
}
GO
export GOFLAGS=-mod=mod GOTOOLCHAIN=local
go run .
