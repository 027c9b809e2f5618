# shellcheck shell=bash
# What the scripts in this folder share: names, versions, and a way to speak. Sourced, never run.
set -euo pipefail

CLUSTER_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPO_DIR=$(dirname "$CLUSTER_DIR")
# shellcheck source=versions.env
. "$CLUSTER_DIR/versions.env"

# Outside the checkout, so that a fresh clone finds what an earlier one built.
SLIPWAY_CACHE=${SLIPWAY_CACHE:-$HOME/.cache/slipway}
TOOLS_DIR=$REPO_DIR/.tools
LOG_DIR=$SLIPWAY_CACHE/log
mkdir -p "$LOG_DIR" "$TOOLS_DIR/bin"
export PATH="$TOOLS_DIR/bin:$PATH"

# Another name makes another cluster: nothing else of the scripts knows it.
CLUSTER_NAME=${CLUSTER_NAME:-slipway}

say() { printf '%s\n' "$*" >&2; }

# die WHAT-FAILED WHAT-TO-DO…
die() {
  say "error: $1"
  shift
  local advice
  for advice in "$@"; do say "  -> $advice"; done
  exit 1
}

# Where macOS has another name for it.
SHA256=sha256sum
command -v sha256sum >/dev/null || SHA256='shasum -a 256'
short_hash() { $SHA256 | cut -c1-12; }

# hash_of FILE-OR-FOLDER…: 12 digits that name their content, whatever their place, time or owner.
hash_of() {
  # shellcheck disable=SC2086  # may be two words
  (cd "$REPO_DIR" && find "$@" -type f ! -name '*.pyc' -print0 | LC_ALL=C sort -z | xargs -0 $SHA256) | short_hash
}

# step LABEL COMMAND…: runs a program with its output in a log, shows that it lives, and how long it took.
# COMMAND is a program, not a function: `set -e` would not act inside a function that is called here.
step() {
  local label=$1 log status=0 ticker
  log=$LOG_DIR/$(printf '%s' "$1" | tr -cs 'a-zA-Z0-9' '-').log
  shift
  say "- $label"
  SECONDS=0
  tick $$ &
  ticker=$!
  "$@" >"$log" 2>&1 </dev/null || status=$?
  kill "$ticker" 2>/dev/null || true
  wait "$ticker" 2>/dev/null || true
  if [ "$status" -ne 0 ]; then
    tail -n 15 "$log" | sed 's/^/    | /' >&2
    die "$label: failed after $SECONDS s" "the whole log: $log" "then run the same command again: what was finished is kept"
  fi
  say "  done in $SECONDS s"
}

# The sleep lets go of our output: whoever reads it must not wait for a sleep that outlives us.
tick() {
  while sleep 10 >/dev/null 2>&1 && kill -0 "$1" 2>/dev/null; do say "  … $SECONDS s"; done
}

# within SECONDS COMMAND…: `timeout` where there is one (macOS has none).
within() {
  if command -v timeout >/dev/null; then timeout "$@"; else shift && "$@"; fi
}

# one_at_a_time NAME: two builds of the same thing at once would only slow each other down.
one_at_a_time() {
  command -v flock >/dev/null || return 0
  exec 9>"$SLIPWAY_CACHE/$1.lock"
  flock -n 9 || { say "- waiting for another '$1' to finish"; flock 9; }
}

# install_packages NAME…: Debian packages, only where that is ours to do.
install_packages() {
  if [ ! -r /etc/debian_version ] || [ "$(id -u)" != 0 ]; then
    die "missing here: $*" "install it; on Debian or Ubuntu, as root, this script does so by itself"
  fi
  say "- installing Debian packages: $*"
  "$REPO_DIR/scripts/packages" "$@" >"$LOG_DIR/apt-$1.log" 2>&1 || die "could not install $*" "the log: $LOG_DIR/apt-$1.log"
}
