"""The onnx package's cases of Attention with double for float, and softmax_precision double.

The reference is the package's evaluator on the same model. Random inputs of the cases are floats:
here they get digits behind those of a float, so that rounding to it anywhere is seen.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import fovea
import numpy as np
import onnx
import pytest
from node_cases import Case, collect, with_symbolic_sizes
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

# Sums of some ten products of about 1.
RTOL, ATOL = 1e-12, 1e-14
DOUBLE, FLOAT = TensorProto.DOUBLE, TensorProto.FLOAT


def _query_type(case: Case) -> int:
    return case.model.graph.input[0].type.tensor_type.elem_type


CASES = {
    name: case
    for name, case in collect().items()
    if [node.op_type for node in case.model.graph.node] == ["Attention"]
    and _query_type(case) == FLOAT
}


def _in_double(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with double for float. The evaluator takes the root of a given scale in float,
    which is exact for a power of 4."""
    result = onnx.ModelProto()
    result.CopyFrom(model)
    for value in [*result.graph.input, *result.graph.output]:
        if value.type.tensor_type.elem_type == FLOAT:
            value.type.tensor_type.elem_type = DOUBLE
    for attribute in result.graph.node[0].attribute:
        if attribute.name == "scale":
            attribute.f = 4.0**-3
    return result


def _values(case: Case) -> dict[str, np.ndarray]:
    """The inputs that the case gives, by name, with doubles for floats."""
    given = [np.asarray(value) for value in case.data[0][0] if value is not None]
    names = [value.name for value in case.model.graph.input]
    return {
        name: array.astype(float) * (1 + 2.0**-30) if array.dtype == np.float32 else array
        for name, array in zip(names, given, strict=True)
    }


def _check(model: onnx.ModelProto, values: dict[str, np.ndarray]) -> None:
    wanted = ReferenceEvaluator(model).run(None, values)
    got = list(fovea.compile(model.SerializeToString(), threads=1)(**values).values())
    assert [array.dtype for array in got] == [array.dtype for array in wanted]
    for have, want in zip(got, wanted, strict=True):
        np.testing.assert_allclose(have, want, rtol=RTOL, atol=ATOL)


@pytest.mark.parametrize("name", CASES)
def test_static_sizes(name: str) -> None:
    _check(_in_double(CASES[name].model), _values(CASES[name]))


@pytest.mark.parametrize("name", CASES)
def test_symbolic_sizes(name: str) -> None:
    _check(with_symbolic_sizes(_in_double(CASES[name].model)), _values(CASES[name]))


INFO = helper.make_tensor_value_info


def _attention(kinds: dict[str, int], shape: tuple[int, ...], **attributes: object) -> bytes:
    inputs = [INFO(name, kind, shape) for name, kind in kinds.items()]
    node = helper.make_node("Attention", list(kinds), ["y"], name="here", **attributes)
    graph = helper.make_graph([node], "g", inputs, [INFO("y", kinds["q"], None)])
    opset = [helper.make_opsetid("", 23)]
    return bytes(helper.make_model(graph, opset_imports=opset, ir_version=10).SerializeToString())


def _exactly(q: np.ndarray, k: np.ndarray, v: np.ndarray) -> np.ndarray:
    scores = q.astype(float) @ k.astype(float).swapaxes(-1, -2) / np.sqrt(q.shape[-1])
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True) @ v.astype(float)


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_softmax_precision_double(dtype: type) -> None:
    """Scores of about 160000, which differ by about 1, have few digits of a float behind the point.
    With float16 they are smaller."""
    shape, rng = (1, 2, 5, 16), np.random.default_rng(3)
    large = 200 if dtype == np.float32 else 16
    q, k, v = (rng.standard_normal(shape) for _ in "qkv")
    parts = {"q": large + q, "k": large + k / large, "v": v}
    values = {name: part.astype(dtype) for name, part in parts.items()}
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    kinds = dict.fromkeys("qkv", kind)
    want = _exactly(**values)
    limit = 2 * np.finfo(dtype).eps * np.abs(want).max()
    plain = fovea.compile(_attention(kinds, shape))(**values)["y"]
    precise = fovea.compile(_attention(kinds, shape, softmax_precision=DOUBLE))(**values)["y"]
    assert precise.dtype == dtype
    assert np.abs(precise - want).max() < limit
    assert dtype == np.float16 or np.abs(plain - want).max() > 100 * limit


@pytest.mark.parametrize("other", ["q", "k", "v"])
def test_one_type_for_query_key_and_value(other: str) -> None:
    kinds = dict.fromkeys("qkv", DOUBLE) | {other: FLOAT}
    with pytest.raises(fovea.FoveaError, match=r"FV0202.*has element type"):
        fovea.compile(_attention(kinds, (1, 2, 5, 16)))


def test_decomposed_attention_is_raised() -> None:
    """MatMul, Div, Add, Softmax, MatMul in double become one kernel, as in float."""
    shape, rng = ("b", "h", "n", 16), np.random.default_rng(5)
    nodes = [
        helper.make_node("Transpose", ["k"], ["t"], perm=[0, 1, 3, 2]),
        helper.make_node("MatMul", ["q", "t"], ["s"]),
        helper.make_node("Constant", [], ["four"], value_float=4.0),
        helper.make_node("CastLike", ["four", "q"], ["root"]),
        helper.make_node("Div", ["s", "root"], ["scaled"]),
        helper.make_node("Add", ["scaled", "bias"], ["biased"]),
        helper.make_node("Softmax", ["biased"], ["p"], axis=-1),
        helper.make_node("MatMul", ["p", "v"], ["y"]),
    ]
    inputs = [INFO(name, DOUBLE, shape) for name in "qkv"] + [INFO("bias", DOUBLE, ["n", "n"])]
    graph = helper.make_graph(nodes, "g", inputs, [INFO("y", DOUBLE, None)])
    opset = [helper.make_opsetid("", 23)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=10)
    module = fovea.compile(model.SerializeToString())
    assert [record["form"] for record in module.ledger["kernels"]] == ["row_attention"]
    values = {name: rng.standard_normal((2, 3, 7, 16)) for name in "qkv"}
    values["bias"] = rng.standard_normal((7, 7))
    (want,) = ReferenceEvaluator(model).run(None, values)
    np.testing.assert_allclose(module(**values)["y"], want, rtol=RTOL, atol=ATOL)
