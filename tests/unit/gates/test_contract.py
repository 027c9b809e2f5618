"""The contract gate: signature, requirements and storage, from the model's own files."""

import json
from dataclasses import replace

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from slipway.api.gates.specs import ContractGate
from slipway.api.gates.verdict import GateResult, Verdict
from slipway.gates.inline import requirements
from slipway.gates.inline.contract import ContractError, ModelFiles, Trust, files, judge

A, B = {"type": "double", "name": "a", "required": True}, {"type": "long", "name": "b", "required": True}
TENSOR = {"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 2]}}
SKOPS = {"sklearn": {"pickled_model": "model.skops", "serialization_format": "skops"}, "python_function": {"env": {}}}


def model(
    inputs: list[dict[str, object]], outputs: list[dict[str, object]] | None = None, **more: object
) -> ModelFiles:
    signature = {"inputs": json.dumps(inputs), "outputs": json.dumps([TENSOR] if outputs is None else outputs)}
    mlmodel = yaml.safe_dump({"flavors": SKOPS, "signature": signature} | more)
    return files(mlmodel, None)


def verdict(candidate: ModelFiles, production: ModelFiles | None, **gate: object) -> GateResult:
    return judge(ContractGate.model_validate(gate), candidate, production, {}, Trust())


def test_the_same_signature_is_compatible() -> None:
    result = verdict(model([A, B]), model([A, B]))
    assert (result.verdict, result.details["signature"]) == (Verdict.PASS, "Compatible")


@pytest.mark.parametrize(
    ("inputs", "outputs", "text"),
    [
        ([A], None, "input b (long) is gone"),
        ([A, B, {"type": "string", "name": "c"}], None, "input c (string) is new and required"),
        ([A, {**B, "type": "string"}], None, "input b was long and is string"),
        ([A, {**B, "type": "double"}], None, "input b was long and is double"),
        ([A, B], [{**TENSOR, "tensor-spec": {"dtype": "float64", "shape": [-1, 3]}}], "became 0 (tensor"),
        ([A, B], [], "is gone"),
    ],
)
def test_a_change_that_breaks_callers_fails_and_says_which(
    inputs: list[dict[str, object]], outputs: list[dict[str, object]] | None, text: str
) -> None:
    result = verdict(model(inputs, outputs), model([A, B]))
    assert result.verdict is Verdict.FAIL
    assert text in result.message
    assert verdict(model(inputs, outputs), model([A, B]), allowBreaking=True).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("inputs", "text"),
    [
        ([A, B, {"type": "string", "name": "c", "required": False}], "optional input c (string) is new"),
        ([{**A, "required": False}, B], "input a was required and is optional"),
    ],
)
def test_a_change_that_takes_more_than_before_is_widened(inputs: list[dict[str, object]], text: str) -> None:
    result = verdict(model(inputs), model([A, B]))
    assert (result.verdict, result.details["signature"]) == (Verdict.PASS, "Widened")
    assert text in result.message


def test_an_integer_may_become_a_long_but_an_optional_input_not_required() -> None:
    small = {"type": "integer", "name": "a"}
    assert verdict(model([{**small, "type": "long"}]), model([small])).details["signature"] == "Widened"
    assert verdict(model([small]), model([{**small, "required": False}])).verdict is Verdict.FAIL


def test_order_matters_only_to_callers_that_pass_by_position() -> None:
    assert verdict(model([B, A]), model([A, B])).verdict is Verdict.PASS
    one, two = {"type": "double"}, {"type": "long"}
    assert verdict(model([two, one]), model([one, two])).verdict is Verdict.FAIL


def test_a_model_without_a_signature_fails() -> None:
    bare = files(yaml.safe_dump({"flavors": SKOPS}), None)
    assert "no signature" in verdict(bare, None).message
    assert verdict(bare, None).verdict is Verdict.FAIL


def test_a_production_without_a_signature_is_inconclusive() -> None:
    bare = files(yaml.safe_dump({"flavors": SKOPS}), None)
    assert verdict(model([A]), bare).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("flavors", "text"),
    [
        ({"sklearn": {"serialization_format": "cloudpickle"}}, "stored as cloudpickle"),
        ({"lightgbm": {"data": "model.pkl"}}, "stored as pickle (model.pkl)"),
        ({"python_function": {"python_model": "python_model.pkl"}}, "contains Python code"),
        ({"python_function": {"model_code_path": "slow.py"}}, "contains Python code (model_code_path: slow.py)"),
    ],
)
def test_pickles_and_own_code_fail_unless_the_connection_allows_them(flavors: dict[str, object], text: str) -> None:
    risky = model([A], flavors=flavors)
    result = verdict(risky, None)
    assert (result.verdict, text in result.message) == (Verdict.FAIL, True)
    assert judge(ContractGate(), risky, None, {}, Trust(allow_code=True, allow_pickle=True)).verdict is Verdict.PASS


def test_only_listed_flavours_serve() -> None:
    assert "flavour sklearn is not allowed" in verdict(model([A]), None, allowedFlavors=["onnx"]).message
    assert verdict(model([A]), None, allowedFlavors=["sklearn"]).verdict is Verdict.PASS


def test_every_problem_is_listed() -> None:
    needy = ModelFiles(model([A], flavors={"sklearn": {"serialization_format": "pickle"}}).mlmodel, "numpy==1.0\n")
    result = judge(ContractGate(), needy, model([B]), {"numpy": "2.4"}, Trust())
    assert (result.measured, len(result.details["problems"])) == (4, 4)


@pytest.mark.parametrize("trust", [Trust(), Trust(allow_code=True, allow_pickle=True)])
def test_types_that_no_server_loads_fail_whatever_the_connection_allows(trust: Trust) -> None:
    odd = replace(model([A]), unlisted_types=("__main__.Scaler", "os.system"))
    found = judge(ContractGate(), odd, None, {}, trust)
    assert found.verdict is Verdict.FAIL
    assert "holds types that may run code: __main__.Scaler, os.system" in found.message


@pytest.mark.parametrize("types", [None, ()])
def test_types_that_were_not_read_or_are_all_known_are_no_problem(types: tuple[str, ...] | None) -> None:
    assert judge(ContractGate(), replace(model([A]), unlisted_types=types), None, {}, Trust()).verdict is Verdict.PASS


def test_requirements_against_an_unknown_image_are_inconclusive() -> None:
    needy = ModelFiles(model([A]).mlmodel, "numpy\n")
    assert judge(ContractGate(), needy, None, None, Trust()).verdict is Verdict.INCONCLUSIVE
    assert judge(ContractGate(), needy, None, {"numpy": "2.4"}, Trust()).verdict is Verdict.PASS


IMAGE = {"scikit-learn": "1.6.1", "NumPy": "2.4.6", "typing_extensions": "4.1"}


@pytest.mark.parametrize(
    "text",
    [
        "scikit-learn==1.6.1",
        "numpy>=2,<3  # comment",
        "mlflow==3.17.2",
        "Typing.Extensions",
        "torch; python_version < '3'",
        "numpy==2.4.6 \\\n --hash=sha256:00",
        "--index-url https://example.com",
        "",
    ],
)
def test_requirements_that_the_image_meets(text: str) -> None:
    assert requirements.problems(text, IMAGE) == ()


def test_a_package_may_be_there_as_another_build_of_it() -> None:
    assert requirements.problems("xgboost==3.1.0", {"xgboost-cpu": "3.1.0"}) == ()
    (problem,) = requirements.problems("xgboost==3.1.0", {"xgboost-cpu": "3.0.0"})
    assert problem == "xgboost==3.1.0 is required, but the server image has 3.0.0"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("scikit-learn==1.7.2", "scikit-learn==1.7.2 is required, but the server image has 1.6.1"),
        ("torch>=2", "torch>=2 is required, but torch is not installed in the server image"),
        ("numpy @ https://example.com/numpy.whl", "the server image has 2.4.6"),
        ("-e .", "is not installed"),
        ("-r other.txt", "is not installed"),
        ("./wheel.whl", "is not installed"),
        ("???", "is no requirement"),
    ],
)
def test_requirements_that_the_image_does_not_meet(text: str, sentence: str) -> None:
    (problem,) = requirements.problems(text, IMAGE)
    assert sentence in problem


def test_what_the_training_process_happened_to_import_can_be_ignored() -> None:
    needy = ModelFiles(model([A]).mlmodel, "numpy==2.4.6\nPyTest==9.2\n")
    assert judge(ContractGate(), needy, None, IMAGE, Trust()).verdict is Verdict.FAIL
    assert judge(ContractGate(ignored_requirements=("pytest",)), needy, None, IMAGE, Trust()).verdict is Verdict.PASS


def test_a_lock_file_tells_what_an_image_has() -> None:
    lock = (
        "# a lock\nNumPy==2.4.6 \\\n    --hash=sha256:00\nuvicorn[standard]==0.54.0 ; python_version > '3'\n-r other\n"
    )
    assert requirements.environment(lock) == {"numpy": "2.4.6", "uvicorn": "0.54.0"}


def test_a_lock_for_several_interpreters_counts_with_the_lines_for_this_one() -> None:
    old, here = "numpy==1.0 ; python_full_version < '3'", "numpy==2.4.6 ; python_full_version >= '3' \\"
    ahead = "numpy==9.0 ; python_full_version >= '9' --hash=sha256:00"
    assert requirements.environment("\n".join((old, here, ahead))) == {"numpy": "2.4.6"}
    assert requirements.environment("numpy==2.4.6 ; nonsense") == {"numpy": "2.4.6"}


@pytest.mark.parametrize("text", ["", "a: [", "- 1", "flavors: 3", "{" * 3000])
def test_an_mlmodel_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ContractError, match="MLmodel is not"):
        files(text, None)


columns = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from("abcd"), "type": st.sampled_from(["long", "double", "string"])},
        optional={"required": st.booleans()},
    ),
    max_size=4,
    unique_by=lambda column: column["name"],
)


@given(columns)
def test_any_signature_is_compatible_with_itself(inputs: list[dict[str, object]]) -> None:
    assert verdict(model(inputs), model(inputs)).details["changes"] == []


@given(columns, columns)
def test_what_breaks_nobody_never_takes_an_input_away(
    old: list[dict[str, object]], new: list[dict[str, object]]
) -> None:
    if verdict(model(new), model(old)).verdict is Verdict.PASS:
        assert {column["name"] for column in old} <= {column["name"] for column in new}
