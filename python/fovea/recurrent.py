"""Recurrent layers of PyTorch and Keras as operands and attributes of fovea.lstm and fovea.gru.

    layers = fovea.recurrent.from_torch("gru", {k: v.numpy() for k, v in gru.state_dict().items()})
    layer = fovea.recurrent.from_keras("lstm", *keras_layer.get_weights())
    layer.operands()     # {"w": [D, G*H, I], "r": [D, G*H, P], "bias": [D, 2*G*H], ...}
    layer.attributes()   # the text between the braces: gate_order = [...], activations = [...], ...

Numbers are moved, never changed; docs/Spec.md (Recurrent layers of other frameworks) has the
formulas.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

Array = np.ndarray
GATES = {"lstm": 4, "gru": 3}
# Gates in the order of the rows of weights; c and n are the candidate (PyTorch's g, Keras' h).
_TORCH_ORDER = {"lstm": "ifco", "gru": "rzn"}
_KERAS_ORDER = {"lstm": "ifco", "gru": "zrn"}
# Keras' functions by name; hard_sigmoid is Keras 3's relu6(x + 3) / 6.
_KERAS_FUNCTIONS = {
    "sigmoid": "sigmoid",
    "tanh": "tanh",
    "relu": "relu",
    "elu": "elu, alpha = 1.0 : f64",
    "softsign": "softsign",
    "softplus": "softplus",
    "linear": "affine, alpha = 1.0 : f64, beta = 0.0 : f64",
    "hard_sigmoid": f"hard_sigmoid, alpha = {1 / 6!r} : f64, beta = 0.5 : f64",
}


@dataclass(frozen=True)
class Layer:
    """One recurrent layer of one or two directions (D), in the layout of fovea's operations."""

    kind: str
    w: Array
    r: Array
    bias: Array | None
    projection: Array | None
    gate_order: str
    # Texts of #fovea.activation, one direction's behind the other's.
    activations: tuple[str, ...]
    direction: str = "forward"
    # Of a GRU: the reset gate before or after the product with the state.
    reset: str = "after"
    batch_major: bool = False

    def operands(self) -> dict[str, Array]:
        """The operands that the layer has, by their names."""
        named = {"w": self.w, "r": self.r, "bias": self.bias, "projection": self.projection}
        return {name: array for name, array in named.items() if array is not None}

    def attributes(self) -> str:
        """The operation's attributes, as they stand between its braces."""
        gates = ", ".join(f"#fovea.gate<{gate}>" for gate in self.gate_order)
        functions = ", ".join(f"#fovea.activation<{text}>" for text in self.activations)
        parts = [f"gate_order = [{gates}]", f"activations = [{functions}]",
                 f"direction = #fovea.direction<{self.direction}>"]  # fmt: skip
        if self.batch_major:
            parts.append("layout = #fovea.layout<batch_major>")
        if self.kind == "gru":
            parts += [f"reset = #fovea.reset<{self.reset}>", "keep = #fovea.keep<old>"]
        return ", ".join(parts)


def _checked(kind: str) -> int:
    """The number of gates of a kind."""
    if kind not in GATES:
        raise ValueError(f"kind is '{kind}', expected one of {', '.join(GATES)}")
    return GATES[kind]


def _expect(name: str, array: Array, shape: tuple[int, ...]) -> Array:
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}, expected {shape}")
    return array


def _direction(count: int) -> str:
    return "bidirectional" if count == 2 else "forward"


def from_torch(
    kind: str, state: Mapping[str, Array], prefix: str = "", batch_first: bool = False
) -> list[Layer]:
    """The layers of a torch.nn.LSTM or GRU (or, of one layer, LSTMCell or GRUCell) from the arrays
    of its state_dict; `prefix` is what stands in front of the names, as in "encoder.rnn."."""
    gates = _checked(kind)
    own = {name.removeprefix(prefix): np.asarray(array)
           for name, array in state.items() if name.startswith(prefix)}  # fmt: skip
    if "weight_ih" in own:
        own = {f"{name}_l0": array for name, array in own.items()}
    layers: list[Layer] = []
    while f"weight_ih_l{len(layers)}" in own:
        suffixes = [f"_l{len(layers)}", f"_l{len(layers)}_reverse"]
        suffixes = [suffix for suffix in suffixes if f"weight_ih{suffix}" in own]

        def stacked(name: str, suffixes: list[str] = suffixes) -> Array | None:
            if f"{name}{suffixes[0]}" not in own:
                return None
            return np.stack([own[f"{name}{suffix}"] for suffix in suffixes])

        w, r = stacked("weight_ih"), stacked("weight_hh")
        assert w is not None
        if r is None:
            raise ValueError(f"{prefix}weight_hh{suffixes[0]} is missing")
        _expect("weight_hh", r, (len(suffixes), w.shape[1], r.shape[2]))
        ih, hh = stacked("bias_ih"), stacked("bias_hh")
        bias = None if ih is None or hh is None else np.concatenate([ih, hh], 1)
        functions = ("sigmoid", "tanh", "tanh")[: gates - 1]
        layers.append(
            Layer(kind, w, r, bias, stacked("weight_hr"), _TORCH_ORDER[kind],
                  functions * len(suffixes), _direction(len(suffixes)), batch_major=batch_first)
        )  # fmt: skip
    if not layers:
        raise ValueError(f"no {prefix}weight_ih_l0 among {', '.join(state) or 'no names'}")
    return layers


def _keras_bias(kind: str, bias: Array, rows: int, reset_after: bool) -> Array:
    """Wb and Rb, [2 * rows]; Keras adds one bias alone but in a GRU that resets after."""
    if kind == "gru" and reset_after:
        return _expect("bias", bias, (2, rows)).reshape(-1)
    return np.concatenate([_expect("bias", bias, (rows,)), np.zeros_like(bias)])


def from_keras(
    kind: str,
    kernel: Array,
    recurrent_kernel: Array,
    bias: Array | None = None,
    *,
    backward: Sequence[Array] = (),
    activation: str = "tanh",
    recurrent_activation: str = "sigmoid",
    reset_after: bool = True,
    go_backwards: bool = False,
) -> Layer:
    """A keras.layers.LSTM or GRU from its get_weights(); `backward` are the weights of the second
    direction of a Bidirectional. Keras sequences are batch major. Of go_backwards, Keras gives y in
    the order of its steps: fovea's y is that turned around."""
    gates = _checked(kind)
    for name in (activation, recurrent_activation):
        if name not in _KERAS_FUNCTIONS:
            raise ValueError(f"activation '{name}' is not one of {', '.join(_KERAS_FUNCTIONS)}")
    if backward and go_backwards:
        raise ValueError("a layer with backward weights has both directions: no go_backwards")
    given = [[kernel, recurrent_kernel, *([] if bias is None else [bias])]]
    given += [list(backward)] if backward else []
    hidden = np.asarray(recurrent_kernel).shape[0]
    rows = gates * hidden
    ws, rs, biases = [], [], []
    for weights in given:
        arrays = [np.asarray(array) for array in weights]
        if len(arrays) != len(given[0]):
            raise ValueError("both directions have a bias, or none has")
        ws.append(_expect("kernel", arrays[0], (np.asarray(kernel).shape[0], rows)).T)
        rs.append(_expect("recurrent_kernel", arrays[1], (hidden, rows)).T)
        biases += [_keras_bias(kind, array, rows, reset_after) for array in arrays[2:]]
    functions = [recurrent_activation, activation, activation][: gates - 1]
    return Layer(
        kind,
        np.stack(ws),
        np.stack(rs),
        np.stack(biases) if biases else None,
        None,
        _KERAS_ORDER[kind],
        tuple(_KERAS_FUNCTIONS[name] for name in functions) * len(given),
        "reverse" if go_backwards else _direction(len(given)),
        "after" if reset_after else "before",
        batch_major=True,
    )
