"""Evaluates an ONNX model by the onnx package: MODEL INPUTS.npz OUTPUTS.npz."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import sys
import zipfile

import numpy as np
import onnx
from onnx.reference import ReferenceEvaluator


def main(argv: list[str]) -> int:
    """Reads the inputs, evaluates, and writes the outputs under their names."""
    model, inputs, outputs = argv
    evaluator = ReferenceEvaluator(onnx.load(model))
    with np.load(inputs) as given:
        feeds = {name: given[name] for name in evaluator.input_names if name in given}
    results = evaluator.run(None, feeds)
    arrays = {
        name: np.asarray(value, order="C")
        for name, value in zip(evaluator.output_names, results, strict=True)
    }
    # Not np.savez, whose own parameters take the names of outputs away.
    with zipfile.ZipFile(outputs, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array(file, array, allow_pickle=False)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
