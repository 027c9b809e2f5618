"""Fetching: verified against its pins, refused when it could run code, reported in one sentence."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import py_compile
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import msgspec
import pytest

from slipway_contract.fetching import MOST_BYTES
from slipway_server.errors import ModelError
from slipway_server.fetch import libraries, report
from slipway_server.fetch.command import Order, fetch
from slipway_server.fetch.download.source import name_of, resolve
from slipway_server.model import bundle as bundles
from slipway_server.model.digest import UnhashableError, manifest, manifest_digest
from tests.server.conftest import SETTINGS


def _fetch(order: Order, **settings: Any) -> tuple[int, dict[str, Any]]:
    """Fetch, and read the report."""
    place = order.out.parent / "report.json"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        code = fetch(msgspec.structs.replace(order, report=str(place)), msgspec.structs.replace(SETTINGS, **settings))
    found: dict[str, Any] = json.loads(place.read_bytes())
    return code, found


def test_the_manifest_is_what_sha256sum_prints(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"2")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x").write_bytes(b"1")
    lines = [f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in (("a/x", b"1"), ("b", b"2"))]
    assert manifest(tmp_path) == "".join(lines)
    assert manifest_digest(tmp_path) == "sha256:" + hashlib.sha256("".join(lines).encode()).hexdigest()


def test_what_mlflow_writes_while_downloading_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "model").write_bytes(b"1")
    before = manifest_digest(tmp_path)
    (tmp_path / "registered_model_meta").write_text("name: x")
    assert manifest_digest(tmp_path) == before
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "registered_model_meta").write_text("name: x")
    assert manifest_digest(tmp_path) != before


@pytest.mark.parametrize("change", ["content", "name", "more", "less"])
def test_every_change_of_the_files_changes_the_digest(tmp_path: Path, change: str) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    before = manifest_digest(tmp_path)
    match change:
        case "content":
            (tmp_path / "a").write_text("A")
        case "name":
            (tmp_path / "a").rename(tmp_path / "c")
        case "more":
            (tmp_path / "c").touch()
        case "less":
            (tmp_path / "a").unlink()
    assert manifest_digest(tmp_path) != before


def test_links_and_empty_directories_have_no_digest(tmp_path: Path) -> None:
    with pytest.raises(UnhashableError, match="no files"):
        manifest_digest(tmp_path)
    (tmp_path / "link").symlink_to("/etc/passwd")
    with pytest.raises(UnhashableError, match="neither a file nor a directory"):
        manifest_digest(tmp_path)


def test_a_fetch_reports_digest_flavor_and_proof_within_a_termination_message(
    saved: Callable[[str], Path], tmp_path: Path
) -> None:
    order = Order(str(saved("forest")), tmp_path / "out", expect_digest=manifest_digest(saved("forest")))
    code, found = _fetch(order)
    assert (code, found["ok"], found["compiled"], found["flavor"]) == (0, True, True, "sklearn")
    assert found["digest"] == order.expect_digest
    assert found["proof"]["predict"]["holds"]
    assert (tmp_path / "report.json").stat().st_size <= 4096
    assert (tmp_path / "out" / "MLmodel").exists()


@pytest.mark.parametrize("pin", ["expected", "file"])
def test_another_digest_than_the_pinned_one_is_refused(saved: Callable[[str], Path], tmp_path: Path, pin: str) -> None:
    wrong = "sha256:" + "0" * 64
    file = tmp_path / "digest"
    file.write_text(wrong + "\n")
    order = Order(str(saved("forest")), tmp_path / "out", wrong if pin == "expected" else None, str(file))
    code, found = _fetch(order)
    assert (code, found["reason"], found["retryable"]) == (3, "DigestMismatch", False)
    assert wrong in found["message"]
    assert not (tmp_path / "out" / bundles.FOLDER).exists()


@pytest.mark.parametrize("content", [None, "", " \n"])
def test_a_pin_that_is_not_written_yet_pins_nothing(
    saved: Callable[[str], Path], tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "digest"
    if content is not None:
        file.write_text(content)
    assert _fetch(Order(str(saved("ridge")), tmp_path / "out", pin_file=str(file)))[0] == 0


def test_a_second_fetch_into_the_same_place_starts_afresh(saved: Callable[[str], Path], tmp_path: Path) -> None:
    order = Order(str(saved("ridge")), tmp_path / "out")
    first = _fetch(order)[1]["digest"]
    (order.out / "left over").touch()
    assert _fetch(order)[1]["digest"] == first


def test_a_damaged_artifact_is_found_before_anything_serves(saved: Callable[[str], Path], tmp_path: Path) -> None:
    shutil.copytree(saved("forest"), tmp_path / "model")
    model = tmp_path / "model" / "model.skops"
    model.write_bytes(model.read_bytes()[:1000])
    code, found = _fetch(Order(str(tmp_path / "model"), tmp_path / "out"))
    assert (code, found["reason"]) == (3, "LoadFailed")
    assert "can't be loaded" in found["message"]


def test_code_runs_only_where_it_is_allowed(saved: Callable[[str], Path], tmp_path: Path) -> None:
    order = Order(str(saved("sleeper")), tmp_path / "out")
    code, found = _fetch(order, allow_code=False)
    assert (code, found["reason"]) == (3, "UnsafeModel")
    assert _fetch(order, allow_code=True)[1]["flavor"] == "pyfunc"


def test_a_pickle_is_read_only_where_it_is_allowed(saved: Callable[[str], Path], tmp_path: Path) -> None:
    import cloudpickle
    import skops.io

    from slipway_server.flavors.sklearn_files import TRUSTED

    model = tmp_path / "model"
    shutil.copytree(saved("forest"), model)
    (model / "model.pkl").write_bytes(cloudpickle.dumps(skops.io.load(model / "model.skops", trusted=sorted(TRUSTED))))
    text = (model / "MLmodel").read_text().replace("model.skops", "model.pkl")
    (model / "MLmodel").write_text(text.replace("serialization_format: skops", "serialization_format: cloudpickle"))
    code, found = _fetch(Order(str(model), tmp_path / "out"))
    assert (code, found["reason"]) == (3, "UnsafeModel")
    assert _fetch(Order(str(model), tmp_path / "out"), allow_pickle=True)[1]["compiled"]


def test_a_model_cannot_vouch_for_its_own_types(tmp_path: Path) -> None:
    import skops.io
    from sklearn.preprocessing import FunctionTransformer

    from slipway_server.flavors.sklearn_files import from_skops

    path = tmp_path / "model.skops"
    skops.io.dump(FunctionTransformer(func=shutil.rmtree), path)
    with pytest.raises(ModelError, match=r"shutil.rmtree") as caught:
        from_skops(path)
    assert caught.value.reason == "UnsafeModel"


def test_an_artifact_with_our_own_folder_in_it_is_refused(saved: Callable[[str], Path], tmp_path: Path) -> None:
    shutil.copytree(saved("ridge"), tmp_path / "model")
    (tmp_path / "model" / bundles.FOLDER).mkdir()
    (tmp_path / "model" / bundles.FOLDER / bundles.ONNX_FILE).touch()
    code, found = _fetch(Order(str(tmp_path / "model"), tmp_path / "out"))
    assert (code, found["reason"]) == (3, "UnsafeModel")


@pytest.mark.parametrize("content", ["", "flavors: {}", "[]", "{", "flavors: {python_function: {}}"])
def test_a_directory_that_is_no_model_is_refused_in_words(tmp_path: Path, content: str) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "MLmodel").write_text(content)
    code, found = _fetch(Order(str(tmp_path / "model"), tmp_path / "out"))
    assert (code, found["reason"]) == (3, "Invalid")
    assert "MLmodel" in found["message"]


def test_a_directory_that_does_not_exist(tmp_path: Path) -> None:
    assert _fetch(Order(str(tmp_path / "none"), tmp_path / "out"))[1]["reason"] == "NotFound"


def test_a_registry_that_does_not_answer_may_be_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import mlflow

    before = mlflow.get_tracking_uri()
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    mlflow.set_tracking_uri("http://127.0.0.1:9")
    try:
        code, found = _fetch(Order("models:/m/1", tmp_path / "out"))
    finally:
        mlflow.set_tracking_uri(before)
    assert (code, found["reason"], found["retryable"]) == (1, "RegistryUnreachable", True)


@pytest.mark.parametrize("uri", ["models:/", "models:/m", "models:/m/Staging", "models:/m@", "models:/m/1/2"])
def test_an_address_that_names_no_version_is_refused(uri: str) -> None:
    with pytest.raises(ModelError, match="no model address"):
        resolve(uri)


def test_the_name_within_an_address() -> None:
    assert [name_of(uri) for uri in ("models:/m/1", "models:/m@a", "/some/where")] == ["m", "m", ""]


def test_a_report_keeps_to_its_limit_and_gives_up_the_proof_first() -> None:
    body = report.encode({"ok": True, "why": "x", "proof": {"found": "y" * 5000}})
    assert json.loads(body) == {"ok": True, "why": "x"}
    long = ModelError("Invalid", "a\n b" * 5000)
    assert len(report.encode(report.failure(long))) < MOST_BYTES


def test_libraries_of_the_native_path_are_those_that_the_small_image_lacks() -> None:
    small = libraries.closure(libraries.serving())
    needed = libraries.closure(["scikit-learn", "skops"]) - small
    assert {"onnxruntime", "msgspec", "numpy", "uvicorn"} <= small
    assert {"scikit-learn", "scipy", "joblib", "skops"} <= needed
    assert not {"pandas", "scikit-learn", "mlflow-skinny", "skl2onnx"} & small


def test_libraries_are_copied_beside_a_model_that_is_not_compiled(
    saved: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(libraries, "closure", lambda roots: {"joblib"} if "scikit-learn" in list(roots) else set())
    for name, copied in (("boosted", True), ("ridge", False)):
        out = tmp_path / name
        assert _fetch(Order(str(saved(name)), out, libraries=True))[0] == 0
        assert (out / bundles.FOLDER / bundles.LIBRARIES / "joblib" / "__init__.py").exists() == copied


def test_libraries_come_with_their_bytecode_so_that_no_start_compiles_them(tmp_path: Path) -> None:
    py_compile.compile(joblib.__file__)
    libraries.copy_all({"joblib"}, tmp_path)
    module = tmp_path / "joblib" / "__init__.py"
    cached = Path(importlib.util.cache_from_source(str(module)))
    written_for = int.from_bytes(cached.read_bytes()[8:12], "little")
    assert written_for == int(module.stat().st_mtime)


@pytest.mark.parametrize(
    ("flavor", "named"), [("xgboost", "os.system"), ("lightgbm", "lightgbm.sklearn.LGBMClassifier")]
)
def test_a_model_may_name_no_class_but_the_known_ones(tmp_path: Path, flavor: str, named: str) -> None:
    (tmp_path / "model").mkdir()
    loader = {"loader_module": f"mlflow.{flavor}"}
    content = {"flavors": {"python_function": loader, flavor: {"model_class": named}}}
    (tmp_path / "model" / "MLmodel").write_text(json.dumps(content))
    code, found = _fetch(Order(str(tmp_path / "model"), tmp_path / "out"))
    assert (code, found["reason"]) == (3, "UnsafeModel")
    assert named in found["message"]
