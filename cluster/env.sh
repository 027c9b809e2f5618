# shellcheck shell=sh
# Source this (`. cluster/env.sh` from the checkout's root) to have the pinned kubectl, kind and helm first on the PATH.
PATH="$(pwd)/.tools/bin:$PATH"
export PATH
