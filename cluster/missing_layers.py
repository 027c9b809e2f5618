"""What a node lacks of an image: `docker save` on a file in, an OCI archive without the layers that the node has out.

    missing_layers.py ARCHIVE IMAGE <DIGESTS-OF-THE-NODE >OCI-ARCHIVE

A change of code is a megabyte of an image of hundreds: importing the rest again is what takes the time.
"""

import hashlib
import io
import json
import sys
import tarfile
from typing import Any

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar"


def main(archive: str, image: str) -> None:
    known = set(sys.stdin.read().split())
    with tarfile.open(archive) as saved, tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as out:
        (entry,) = json.loads(read(saved, "manifest.json"))
        config = read(saved, entry["Config"])
        layers = []
        for path, digest in zip(entry["Layers"], json.loads(config)["rootfs"]["diff_ids"], strict=True):
            if path.startswith("blobs/") and not path.endswith(digest.removeprefix("sha256:")):
                raise SystemExit("this engine keeps layers compressed: their names tell nothing about the node's")
            member = file_of(saved, path)
            layers.append({"mediaType": LAYER, "digest": digest, "size": member.size})
            if digest not in known:
                known.add(digest)
                add(out, blob_path(digest), saved.extractfile(member), member.size)
        manifest = encode(
            {"schemaVersion": 2, "mediaType": MANIFEST, "config": blob(out, CONFIG, config), "layers": layers}
        )
        named = blob(out, MANIFEST, manifest) | {"annotations": {"io.containerd.image.name": f"docker.io/{image}"}}
        write(out, "index.json", encode({"schemaVersion": 2, "manifests": [named]}))
        write(out, "oci-layout", encode({"imageLayoutVersion": "1.0.0"}))


def file_of(saved: tarfile.TarFile, path: str) -> tarfile.TarInfo:
    """An engine writes a layer that it meets twice as a link to the first."""
    member = saved.getmember(path)
    while member.issym():
        path = f"{path.rpartition('/')[0]}/{member.linkname}"
        parts: list[str] = []
        for part in path.split("/"):
            parts = parts[:-1] if part == ".." else [*parts, part]
        path = "/".join(parts)
        member = saved.getmember(path)
    return member


def read(saved: tarfile.TarFile, path: str) -> bytes:
    file = saved.extractfile(path)
    if file is None:
        raise SystemExit(f"{path} is not a file in the saved image")
    return file.read()


def encode(value: Any) -> bytes:
    return json.dumps(value).encode()


def blob_path(digest: str) -> str:
    return "blobs/" + digest.replace(":", "/")


def blob(out: tarfile.TarFile, media_type: str, content: bytes) -> dict[str, Any]:
    digest = "sha256:" + hashlib.sha256(content).hexdigest()
    write(out, blob_path(digest), content)
    return {"mediaType": media_type, "digest": digest, "size": len(content)}


def write(out: tarfile.TarFile, path: str, content: bytes) -> None:
    add(out, path, io.BytesIO(content), len(content))


def add(out: tarfile.TarFile, path: str, content: Any, size: int) -> None:
    info = tarfile.TarInfo(path)
    info.size = size
    out.addfile(info, content)


if __name__ == "__main__":
    main(*sys.argv[1:])
