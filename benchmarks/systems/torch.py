"""PyTorch: scaled_dot_product_attention, compiled FlexAttention, a linear layer, nn.LSTM and nn.GRU
in f32 and cast to bf16, and MKL's products with prepacked weights, which come with it."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from attention import WINDOW, Attention
from cases import Case
from problem import Feed
from recurrence import Recurrence, joined, reordered

from systems import Loaded, Settings

Call = Callable[[], Any]


def _tensor(array: np.ndarray) -> torch.Tensor:
    if array.dtype.name == "bfloat16":
        return torch.from_numpy(array.view(np.uint16)).view(torch.bfloat16)
    return torch.from_numpy(array)


def _sdpa(problem: Attention, feed: Feed, settings: Settings) -> Call:
    sdpa = torch.nn.functional.scaled_dot_product_attention
    q, k, v = (_tensor(feed[name]) for name in "qkv")
    if settings.get("form") == "rows":
        heads = problem.heads // problem.groups
        rows = q.view(problem.batch, heads, problem.groups, problem.depth)
        return lambda: sdpa(rows, k, v).view(problem.queries)
    causal, grouped = problem.causal, problem.groups > 1
    return lambda: sdpa(q, k, v, is_causal=causal, enable_gqa=grouped)


def _flex(problem: Attention, feed: Feed) -> Call:
    from torch.nn.attention import flex_attention as flex

    q, k, v = (_tensor(feed[name]) for name in "qkv")
    kind, length = problem.kind, problem.length
    options = {}

    def keep(_b, _h, i, j):  # noqa: ANN001, ANN202
        return (j <= i) & (j >= i - WINDOW) if kind == "window" else j <= i

    if problem.causal:
        mask = flex.create_block_mask(keep, None, None, length, length, device="cpu")
        options["block_mask"] = mask
    if kind == "alibi":
        slopes = _tensor(feed["m"])
        options["score_mod"] = lambda score, _b, h, i, j: score + (j - i) * slopes[h]
    compiled = torch.compile(flex.flex_attention)
    return lambda: compiled(q, k, v, **options)


def _mkl(feed: Feed) -> Call:
    x, w = (_tensor(feed[name]) for name in "xw")
    transposed = w.t().contiguous()
    rows = x.shape[0]
    packed = torch.ops.mkl._mkl_reorder_linear_weight(transposed, rows)
    linear = torch.ops.mkl._mkl_linear
    return lambda: linear(x, packed, transposed, None, rows)


# As nn.LSTM and nn.GRU have the gates.
ORDERS = {"lstm": "ifco", "gru": "rzn"}


def _recurrent(problem: Recurrence, feed: Feed, dtype: torch.dtype) -> Call:
    """Gives the outputs and the last states, a tuple of two in an LSTM."""
    order, size = ORDERS[problem.kind], problem.hidden
    layer = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[problem.kind](size, size).eval()
    biases = zip(("bias_ih_l0", "bias_hh_l0"), np.split(feed["b"][0], 2), strict=True)
    rows = {"weight_ih_l0": feed["w"][0], "weight_hh_l0": feed["r"][0], **dict(biases)}
    layer.load_state_dict(
        {name: _tensor(reordered(problem, array, order)) for name, array in rows.items()}
    )
    layer, x = layer.to(dtype), _tensor(feed["x"]).to(dtype)
    return lambda: layer(x)


def _joined(y: torch.Tensor, last: torch.Tensor | tuple[torch.Tensor, ...]) -> np.ndarray:
    states = last if isinstance(last, tuple) else (last,)
    return joined(y.float().numpy(), [state.float().numpy() for state in states])


def load(name: str, case: Case, settings: Settings) -> Loaded:
    torch.set_num_threads(settings["threads"])
    feed = case.problem.inputs()
    if name == "mkl":
        run = _mkl(feed)
    elif name == "torch_flex":
        run = _flex(case.problem, feed)
    elif isinstance(case.problem, Recurrence):
        dtype = torch.bfloat16 if name == "torch_bf16" else torch.float32
        run = _recurrent(case.problem, feed, dtype)
    elif isinstance(case.problem, Attention):
        run = _sdpa(case.problem, feed, settings)
    else:
        x, w = (_tensor(feed[name]) for name in "xw")
        transposed = w.t().contiguous()
        run = lambda: torch.nn.functional.linear(x, transposed)  # noqa: E731
    last: list[Any] = []

    def call() -> None:
        with torch.inference_mode():
            last[:] = [run()]

    def output() -> np.ndarray:
        return _joined(*last[0]) if isinstance(last[0], tuple) else last[0].float().numpy()

    return Loaded(torch.__version__, call, output)
