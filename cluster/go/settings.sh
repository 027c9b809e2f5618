# shellcheck shell=bash
# How all Go programs here are built. Sourced by the build scripts.
# Static, from locked modules. Without what only debuggers read, and with fewer collections of the compiler's garbage: that
# saves a tenth of the work.
export CGO_ENABLED=0 GOTOOLCHAIN=local GOGC=${GOGC:-200}
export GOFLAGS='-mod=readonly -trimpath -buildvcs=false -gcflags=all=-dwarf=false'
