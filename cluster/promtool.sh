#!/usr/bin/env bash
# Puts promtool, which checks and tests alerting rules, into .tools/bin: the one on the PATH, Debian's, or a download.
. "$(dirname "$0")/lib.sh"

target=$TOOLS_DIR/bin/promtool
[ ! -x "$target" ] || exit 0
store=$SLIPWAY_CACHE/bin/promtool-$PROMETHEUS_VERSION
mkdir -p "$SLIPWAY_CACHE/bin"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Unpacked, not installed: the package would start a Prometheus on this machine.
from_debian() {
  command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return 1
  (cd "$scratch" && { apt-get download prometheus || { flock "$SLIPWAY_CACHE/packages.lock" apt-get update && apt-get download prometheus; }; } &&
    dpkg-deb --extract prometheus_*.deb . && mv usr/bin/promtool "$store") >"$LOG_DIR/promtool.log" 2>&1
}

download() {
  local os arch name
  os=$(uname -s | tr '[:upper:]' '[:lower:]')
  arch=$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')
  name=prometheus-$PROMETHEUS_VERSION.$os-$arch
  (cd "$scratch" && curl -fsSL --connect-timeout 10 --retry 2 -O "$PROMETHEUS_DOWNLOADS/v$PROMETHEUS_VERSION/$name.tar.gz" &&
    curl -fsSL --connect-timeout 10 "$PROMETHEUS_DOWNLOADS/v$PROMETHEUS_VERSION/sha256sums.txt" | grep "$name.tar.gz" | $SHA256 --check &&
    tar xzf "$name.tar.gz" && mv "$name/promtool" "$store") >"$LOG_DIR/promtool.log" 2>&1
}

if [ ! -x "$store" ]; then
  if found=$(PATH=${PATH#*:} command -v promtool); then
    store=$found
  elif ! from_debian && ! download; then
    die "promtool is missing" "install it (part of Prometheus), or see the log: $LOG_DIR/promtool.log"
  fi
fi
ln -sfn "$store" "$target"
