#!/usr/bin/env bash
# mkdocs 1.6.1: `mkdocs build --strict` counts warnings by a log handler, and `--quiet` sets the logger's level to ERROR. So
# with both, a broken link is no failure.
# Seen: --strict ends with 1 ("Aborted with 1 warnings in strict mode!"), --quiet --strict with 0 and no word.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check mkdocs==1.6.1
mkdir "$work/docs"
echo 'site_name: Example' >"$work/mkdocs.yml"
echo '[broken](nowhere.md)' >"$work/docs/index.md"
cd "$work"
"$work/venv/bin/mkdocs" --version
build() { "$work/venv/bin/mkdocs" build "$@" >"$work/log" 2>&1 && ended=0 || ended=$?; echo "mkdocs build $*: ended with $ended"; }
build --strict
strict=$ended
build --quiet --strict
[ "$strict" = 1 ] && [ "$ended" = 0 ]
