#!/usr/bin/env bash
# Sees to it that a Docker engine answers: installs it, starts it, or says what is missing.
. "$(dirname "$0")/lib.sh"

answers() { within 10 docker version >/dev/null 2>&1; }

is_running() { grep -qsx "$1" "/proc/$(cat "$2" 2>/dev/null)/comm"; }

# An engine that has a pid file is starting (then it will answer), stopping (then we wait), or long dead. After a reboot its
# number may belong to something else, and no new engine starts as long as anything has it.
settle_old_engine() {
  local pid=/var/run/docker.pid child=/var/run/docker/containerd/containerd.pid
  for _ in $(seq 60); do
    is_running dockerd "$pid" || break
    ! answers || return 0
    sleep 0.5
  done
  is_running dockerd "$pid" || rm -f "$pid"
  is_running containerd "$child" || rm -f "$child"
}

start_by_hand() {
  local log=$SLIPWAY_CACHE/dockerd.log pid
  settle_old_engine
  ! answers || return 0
  say "- starting the Docker engine (log: $log)"
  # A session of its own: it outlives this shell. It must not inherit our lock (9).
  setsid nohup dockerd >>"$log" 2>&1 </dev/null 9>&- &
  pid=$!
  for _ in $(seq 60); do
    answers && return 0
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.5
  done
  tail -n 10 "$log" | sed 's/^/    | /' >&2
  die "the Docker engine does not start" "the log: $log"
}

command -v docker >/dev/null && answers && exit 0
one_at_a_time engine
command -v docker >/dev/null && answers && exit 0 # another run was waited for, and has started it

case ${DOCKER_HOST:-unix:///var/run/docker.sock} in
  unix:///var/run/docker.sock) ;;
  *) die "no Docker engine answers at DOCKER_HOST=$DOCKER_HOST" "start it, or unset DOCKER_HOST" ;;
esac
[ "$(uname -s)" = Linux ] || die "no Docker engine answers" "start Docker Desktop (or colima, OrbStack …)"
[ "$(id -u)" = 0 ] || die "no Docker engine answers" \
  "start it (sudo systemctl start docker), and be in the group that may use it (sudo usermod -aG docker \$USER)"

command -v dockerd >/dev/null || install_packages docker.io iptables
if [ -d /run/systemd/system ]; then
  systemctl start docker || die "systemd could not start Docker" "look at: journalctl -u docker"
  answers || die "Docker was started, but does not answer" "look at: journalctl -u docker"
else
  start_by_hand
fi
