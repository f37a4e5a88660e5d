"""IREE: attention as two products and a softmax, which it computes faster on CPUs than its own
attention operation, and a product with constant weights; data tiling is on."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import importlib.metadata

import iree.compiler
import iree.runtime
import numpy as np
from attention import Attention
from cases import Case
from gemm import Gemm
from problem import Feed

from systems import Loaded, Settings

OPTIONS = ("--iree-llvmcpu-target-cpu=host", "--iree-opt-level=O3", "--iree-opt-data-tiling")


def attention_module(problem: Attention) -> str:
    """Batch and heads are one dimension."""
    heads, length = problem.batch * problem.heads, problem.length
    t = f"tensor<{heads}x{length}x{problem.depth}xf32>"
    s = f"tensor<{heads}x{length}x{length}xf32>"
    kept = ("sle", "%j, %i") if problem.causal else ("eq", "%i, %i")
    return f"""
#q = affine_map<(b, i, j, d) -> (b, i, d)>
#k = affine_map<(b, i, j, d) -> (b, j, d)>
#s = affine_map<(b, i, j, d) -> (b, i, j)>
#e = affine_map<(b, i, j) -> (b, i, j)>
func.func @main(%q: {t}, %k: {t}, %v: {t}) -> {t} {{
  %scale = arith.constant {problem.scale} : f32
  %low = arith.constant 0xFF800000 : f32
  %zero = arith.constant 0.0 : f32
  %se = tensor.empty() : {s}
  %sz = linalg.fill ins(%zero : f32) outs(%se : {s}) -> {s}
  %qk = linalg.generic {{indexing_maps = [#q, #k, #s],
      iterator_types = ["parallel", "parallel", "parallel", "reduction"]}}
      ins(%q, %k : {t}, {t}) outs(%sz : {s}) {{
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %r = arith.addf %o, %m : f32
    linalg.yield %r : f32
  }} -> {s}
  %sc = linalg.generic {{indexing_maps = [#e, #e],
      iterator_types = ["parallel", "parallel", "parallel"]}} ins(%qk : {s}) outs(%se : {s}) {{
  ^bb0(%a: f32, %o: f32):
    %m = arith.mulf %a, %scale : f32
    %i = linalg.index 1 : index
    %j = linalg.index 2 : index
    %keep = arith.cmpi {kept[0]}, {kept[1]} : index
    %r = arith.select %keep, %m, %low : f32
    linalg.yield %r : f32
  }} -> {s}
  %sm = linalg.softmax dimension(2) ins(%sc : {s}) outs(%se : {s}) -> {s}
  %ye = tensor.empty() : {t}
  %yz = linalg.fill ins(%zero : f32) outs(%ye : {t}) -> {t}
  %y = linalg.batch_matmul ins(%sm, %v : {s}, {t}) outs(%yz : {t}) -> {t}
  return %y : {t}
}}
"""


def gemm_module(problem: Gemm) -> str:
    """Weights are an argument: as text they would be larger than what the compiler reads soon."""
    x = f"tensor<{problem.rows}x{problem.depth}xf32>"
    w = f"tensor<{problem.depth}x{problem.columns}xf32>"
    y = f"tensor<{problem.rows}x{problem.columns}xf32>"
    return f"""
func.func @main(%x: {x}, %w: {w}) -> {y} {{
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : {y}
  %z = linalg.fill ins(%zero : f32) outs(%e : {y}) -> {y}
  %y = linalg.matmul ins(%x, %w : {x}, {w}) outs(%z : {y}) -> {y}
  return %y : {y}
}}
"""


def _arguments(problem: Attention | Gemm, feed: Feed) -> list[np.ndarray]:
    if isinstance(problem, Gemm):
        return [feed["x"], feed["w"]]
    return [feed[n].reshape(-1, *feed[n].shape[2:]) for n in "qkv"]


def load(_name: str, case: Case, settings: Settings) -> Loaded:
    problem = case.problem
    text = attention_module(problem) if isinstance(problem, Attention) else gemm_module(problem)
    code = iree.compiler.compile_str(text, target_backends=["llvm-cpu"], extra_args=list(OPTIONS))
    driver = "local-sync" if settings["threads"] == 1 else "local-task"
    iree.runtime.flags.parse_flags(f"--task_topology_group_count={settings['threads']}")
    module = iree.runtime.load_vm_flatbuffer(code, driver=driver)
    device = iree.runtime.get_device(driver)
    arguments = [iree.runtime.asdevicearray(device, array)
                 for array in _arguments(problem, problem.inputs())]  # fmt: skip
    last: list[np.ndarray] = []

    def call() -> None:
        # Reading the result is what waits for it; on this device it is a view of its memory.
        last[:] = [module.main(*arguments).to_host()]

    def output() -> np.ndarray:
        size = problem.queries if isinstance(problem, Attention) else last[0].shape
        return last[0].reshape(size)

    return Loaded(importlib.metadata.version("iree-base-runtime"), call, output)
