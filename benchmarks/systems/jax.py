"""JAX: dot_product_attention and a product, compiled by XLA for as many threads as it may use
processors; weights are constants of the compiled function."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from attention import Attention
from cases import Case

from systems import Loaded, Settings


def load(_name: str, case: Case, _settings: Settings) -> Loaded:
    problem, feed = case.problem, case.problem.inputs()
    jax.config.update("jax_default_matmul_precision", "highest")
    if isinstance(problem, Attention):
        # Its layout has the heads inside.
        arguments = [jnp.asarray(np.ascontiguousarray(feed[n].swapaxes(1, 2))) for n in "qkv"]
        function = lambda q, k, v: jax.nn.dot_product_attention(  # noqa: E731
            q, k, v, scale=problem.scale, is_causal=problem.causal
        )
    else:
        weights = jnp.asarray(feed["w"])
        arguments, function = [jnp.asarray(feed["x"])], lambda x: x @ weights
    compiled = jax.jit(function).lower(*arguments).compile()
    last: list[jax.Array] = []

    def call() -> None:
        last[:] = [compiled(*arguments).block_until_ready()]

    def output() -> np.ndarray:
        y = np.asarray(last[0].astype(jnp.float32))
        return y.swapaxes(1, 2) if isinstance(problem, Attention) else y

    return Loaded(jax.__version__, call, output)
