#!/usr/bin/env bash
# Says "pulled" where Docker reaches the registry that kindest/node comes from, else "built".
# Asked once in twelve hours. SLIPWAY_IMAGES=pulled|built decides instead.
. "$(dirname "$0")/lib.sh"

memory=$SLIPWAY_CACHE/registry
if [ -n "${SLIPWAY_IMAGES:-}" ]; then
  answer=$SLIPWAY_IMAGES
elif [ -n "$(find "$memory" -mmin -720 2>/dev/null)" ]; then
  answer=$(cat "$memory")
else
  answer=built
  ! within 10 docker manifest inspect "${KIND_NODE_IMAGE}" >/dev/null 2>&1 || answer=pulled
  echo "$answer" >"$memory.$$" && mv "$memory.$$" "$memory"
fi
case $answer in
  pulled | built) echo "$answer" ;;
  *) die "SLIPWAY_IMAGES=$answer" "say pulled or built" ;;
esac
