"""PyTorch's ways to do what a case does, on the same tensors; nothing where it is not there.

Peers whose names end in tf32 round the operands of f32's products to 10 bits: they are measured,
but no case is held to them.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import ctypes
import math
import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from .artifact import Shaped
from .device import AnyDevice
from .timing import Contender

# Dry runs with PyTorch are for its own tests alone: its import takes seconds.
DRY = "FOVEA_VISIT_DRY_PEERS"
Call = Callable[[], Any]
Tensors = dict[str, Any]
Facts = dict[str, Any]


class Peers:
    """PyTorch on the device's memory and stream. `missing` says why there are no peers."""

    def __init__(self, device: AnyDevice) -> None:
        self._device, self.torch, self.missing = device, None, ""
        self._last: dict[str, Any] = {}
        dry = device.kind == "emulated"
        if dry and not os.environ.get(DRY):
            self.missing = "a dry run has no peers"
            return
        try:
            import torch
        except Exception as error:
            self.missing = f"PyTorch is not there: {error}"[:200]
            return
        if not dry and not torch.cuda.is_available():
            self.missing = "PyTorch is there, but does not see the device"
            return
        torch.manual_seed(0)
        self.torch = torch
        self._place = "cpu" if dry else "cuda:0"

    def _stream(self) -> AbstractContextManager[Any]:
        """In which PyTorch puts its work on the device's stream."""
        if self._place == "cpu":
            return nullcontext()
        return self.torch.cuda.stream(self.torch.cuda.ExternalStream(self._device.stream))

    def tensor(self, shaped: Shaped) -> Any:
        """A view of memory that somebody else keeps."""
        torch = self.torch
        types = {"bf16": torch.bfloat16, "f16": torch.float16, "f32": torch.float32,
                 "i64": torch.int64}  # fmt: skip
        if self._place == "cpu":
            memory = (ctypes.c_char * shaped.bytes).from_address(shaped.pointer)
            return torch.frombuffer(memory, dtype=types[shaped.dtype]).reshape(shaped.shape)
        letters = {"bf16": "<i2", "f16": "<f2", "f32": "<f4", "i64": "<i8"}

        class Exposed:
            __cuda_array_interface__ = {
                "shape": shaped.shape, "typestr": letters[shaped.dtype], "version": 3,
                "data": (shaped.pointer, False),
            }  # fmt: skip

        tensor = torch.as_tensor(Exposed(), device=self._place)
        return tensor.view(types[shaped.dtype]) if shaped.dtype == "bf16" else tensor

    def contenders(self, section: str, facts: Facts, inputs: dict[str, Shaped]) -> list[Contender]:
        """One for each way; what it gave last is in `result`."""
        if not self.torch:
            return []
        self._last.clear()
        tensors = {name: self.tensor(shaped) for name, shaped in inputs.items()}
        made = {
            "attention": self._attention,
            "decode": self._attention,
            "flex": self._flex,
            "gemm": self._gemm,
            "rnn": self._recurrence,
            "model": self._model,
        }[section]
        with self._stream(), self.torch.no_grad():
            calls = made(facts, tensors)
        version = self.torch.__version__
        return [Contender(name, self._enqueued(name, call), version)
                for name, call in calls.items()]  # fmt: skip

    def _enqueued(self, name: str, call: Call) -> Callable[[], None]:
        def enqueue() -> None:
            with self._stream(), self.torch.no_grad():
                self._last[name] = call()

        return enqueue

    def difference(self, ours: Shaped, names: list[str]) -> tuple[float, float] | None:
        """The largest difference from the first of the peers that gave a result, and the largest
        magnitude of that."""
        theirs = next((self._last[name] for name in names if name in self._last), None)
        if not self.torch or theirs is None:
            return None
        with self._stream():
            mine = self.tensor(ours).float().flatten()
            other = theirs.float().flatten()
            return float((mine - other).abs().max()), float(other.abs().max())

    def _attention(self, facts: Facts, tensors: Tensors) -> dict[str, Call]:
        """scaled_dot_product_attention by each of its backends."""
        from torch.nn.attention import SDPBackend, sdpa_kernel
        from torch.nn.functional import scaled_dot_product_attention

        options = {"is_causal": facts["kind"] == "causal", "scale": facts["scale"]}
        if facts["grouped"]:
            options["enable_gqa"] = True
        names = {"flash": "FLASH_ATTENTION", "cudnn": "CUDNN_ATTENTION",
                 "efficient": "EFFICIENT_ATTENTION"}  # fmt: skip

        def by(backend: Any) -> Call:
            def call() -> Any:
                with sdpa_kernel(backend):
                    return scaled_dot_product_attention(*(tensors[n] for n in "qkv"), **options)

            return call

        found = {f"torch_{key}": by(getattr(SDPBackend, name)) for key, name in names.items()
                 if hasattr(SDPBackend, name)}  # fmt: skip
        if self._place == "cpu":
            return {"torch_math": by(SDPBackend.MATH)}
        return found

    def _flex(self, facts: Facts, tensors: Tensors) -> dict[str, Call]:
        from torch.nn.attention.flex_attention import create_block_mask, flex_attention

        compiled = self.torch.compile(flex_attention, dynamic=False)
        mask = None
        if facts["kind"] == "causal":
            rows, keys = tensors["q"].shape[2], tensors["k"].shape[2]
            mask = create_block_mask(lambda b, h, i, j: i >= j, None, None, rows, keys,
                                     device=self._place)  # fmt: skip
        q, k, v = (tensors[name] for name in "qkv")
        return {"torch_flex": lambda: compiled(q, k, v, block_mask=mask, scale=facts["scale"])}

    def _gemm(self, facts: Facts, tensors: Tensors) -> dict[str, Call]:
        """Of f32 in f32, and with operands cut to TF32."""
        torch = self.torch
        x, w = tensors["x"], tensors["w"].T

        switch = torch.backends.cuda.matmul
        return self._in_f32_and_tf32(switch, x, lambda: torch.matmul(x, w))

    def _in_f32_and_tf32(self, switch: Any, x: Any, compute: Call) -> dict[str, Call]:
        """The same with `switch.allow_tf32` off and, of f32, on."""

        def by(tf32: bool) -> Call:
            def call() -> Any:
                switch.allow_tf32 = tf32
                return compute()

            return call

        found = {"torch": by(False)}
        if x.dtype == self.torch.float32:
            found["torch_tf32"] = by(True)
        return found

    def _recurrence(self, facts: Facts, tensors: Tensors) -> dict[str, Call]:
        """PyTorch's module, which is cuDNN's on a GPU, with the case's weights."""
        torch = self.torch
        x, w, r, b = (tensors[name] for name in "xwrb")
        hidden = r.shape[2]
        module = getattr(torch.nn, facts["kind"].upper())(x.shape[2], hidden)
        module = module.to(x.device, x.dtype)
        for name, value in zip(("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"),
                               (w[0], r[0], *b[0].chunk(2)), strict=True):  # fmt: skip
            getattr(module, name).data.copy_(value)
        module.flatten_parameters()

        return self._in_f32_and_tf32(torch.backends.cudnn, x, lambda: module(x)[0])

    def _model(self, facts: Facts, tensors: Tensors) -> dict[str, Call]:
        """A BERT of these sizes with weights of its own: what it costs, not what it says."""
        torch = self.torch
        width, heads, wide = facts["width"], facts["heads"], facts["wide"]
        ids, kept = tensors["input_ids"], tensors["attention_mask"]
        make = torch.nn

        class Layer(make.Module):
            def __init__(self) -> None:
                super().__init__()
                self.qkv, self.out = make.Linear(width, 3 * width), make.Linear(width, width)
                self.up, self.down = make.Linear(width, wide), make.Linear(wide, width)
                self.norms = make.ModuleList(make.LayerNorm(width, 1e-12) for _ in range(2))

            def forward(self, x: Any, mask: Any) -> Any:
                batch, steps, _ = x.shape
                parts = self.qkv(x).view(batch, steps, 3, heads, width // heads)
                q, k, v = parts.permute(2, 0, 3, 1, 4)
                y = make.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
                x = self.norms[0](x + self.out(y.transpose(1, 2).reshape(batch, steps, width)))
                return self.norms[1](x + self.down(make.functional.gelu(self.up(x))))

        table = make.Embedding(1024, width).to(self._place)
        layers = make.ModuleList(Layer() for _ in range(facts["layers"])).to(self._place).eval()

        def call() -> Any:
            mask = (1.0 - kept[:, None, None, :].float()) * -math.inf
            mask = torch.nan_to_num(mask, nan=0.0)
            x = table(ids)
            for layer in layers:
                x = layer(x, mask)
            return x.mean(1)

        return {"torch": call}
