#!/usr/bin/env bash
# Builds the images that are not there yet, brings them to the cluster, and writes their names to .tools/images.env.
# A tag is the hash of all that goes into the image: what did not change is neither built nor loaded.
# IMAGE_REPOSITORY=registry.example/team pushes them there instead: for clusters other than kind.
# images.sh --build: builds them, and needs no cluster for that.
. "$(dirname "$0")/lib.sh"

only=${1:-}
names=$TOOLS_DIR/images.env
repository=${IMAGE_REPOSITORY:-slipway}

# sources DOCKERFILE TARGET: the paths that its stages copy from the build context.
sources() {
  awk -v target="$2" '
    /^FROM/ { used = $NF == target || $NF == target "-packages" || $NF == "installer" || $NF == "runtime" }
    used && /^COPY/ && !/--from=/ { print $2 }' "$1"
}

# image TARGET DOCKERFILE
image() {
  local target=$1 dockerfile=$2 reference paths
  paths=$(cd "$REPO_DIR" && sources "$dockerfile" "$target")
  # shellcheck disable=SC2086  # one path per word
  reference=$repository/$target:$( (hash_of "$dockerfile" $paths && echo "$python") | short_hash)
  if ! docker image inspect "$reference" >/dev/null 2>&1; then
    step "image $reference" docker build --network host --build-arg "PYTHON_IMAGE=$python" \
      --build-arg http_proxy --build-arg https_proxy --build-arg no_proxy \
      --target "$target" --tag "$reference" --file "$REPO_DIR/$dockerfile" "$REPO_DIR"
  fi
  if [ "$only" = --build ]; then
    return
  elif [ -n "${IMAGE_REPOSITORY:-}" ]; then
    step "pushing $reference" docker push "$reference"
  else
    "$CLUSTER_DIR/load-image.sh" "$reference"
  fi
  echo "$(tr "[:lower:]" "[:upper:]" <<<"$target")_IMAGE=$reference" >>"$names.$$"
}

[ "${CLUSTER:-kind}" != existing ] || [ -n "${IMAGE_REPOSITORY:-}" ] ||
  die "CLUSTER=existing: that cluster needs a registry to take the images from" "set IMAGE_REPOSITORY=registry.example/team"
one_at_a_time images
"$CLUSTER_DIR/engine.sh"
python=$("$CLUSTER_DIR/python-image.sh")

trap 'rm -f "$names.$$"' EXIT
image operator Dockerfile
image server Dockerfile
image native Dockerfile
image mlflow manifests/mlflow/Dockerfile
[ "$only" != --build ] || exit 0
mv "$names.$$" "$names"
sed 's/^/  /' "$names" >&2
