"""Recurrent layers of PyTorch and Keras as operands and attributes of fovea.lstm and fovea.gru,
and as operands of a plain RNN, whose text fovea.recurrent_text writes.

    layers = fovea.recurrent.from_torch("gru", {k: v.numpy() for k, v in gru.state_dict().items()})
    layer = fovea.recurrent.from_keras("lstm", *keras_layer.get_weights())
    layer.operands()     # {"w": [D, G*H, I], "r": [D, G*H, P], "bias": [D, 2*G*H], ...}
    layer.joined(y)      # y of the operation as the framework gives it
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
GATES = {"lstm": 4, "gru": 3, "rnn": 1}
# Gates in the order of the rows of weights; c and n are the candidate (PyTorch's g, Keras' h).
_TORCH_ORDER = {"lstm": "ifco", "gru": "rzn", "rnn": ""}
_KERAS_ORDER = {"lstm": "ifco", "gru": "zrn", "rnn": ""}
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
    # How y of two directions becomes the framework's: "concat" or "sum".
    merge: str = "concat"

    def operands(self) -> dict[str, Array]:
        """The operands that the layer has, by their names."""
        named = {"w": self.w, "r": self.r, "bias": self.bias, "projection": self.projection}
        return {name: array for name, array in named.items() if array is not None}

    def joined(self, y: Array) -> Array:
        """y [T, D, B, P] (batch major: [B, T, D, P]) without D: its directions one behind the other
        or added. One that goes backwards gives its steps in their own order, as Keras does."""
        if self.direction == "reverse":
            y = np.flip(y, 1 if self.batch_major else 0)
        if not self.batch_major:
            y = np.moveaxis(y, 1, 2)
        if self.merge == "sum":
            return y.sum(2)
        return np.ascontiguousarray(y).reshape(*y.shape[:2], -1)

    def attributes(self) -> str:
        """The operation's attributes, as they stand between its braces; a plain RNN is a cell of
        fovea.rnn and has none."""
        if self.kind == "rnn":
            raise ValueError("a plain RNN is no operation: fovea.recurrent_text writes its cell")
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


def _torch_layer(
    kind: str, own: Mapping[str, Array], prefix: str, suffixes: list[str]
) -> tuple[Array, Array, Array | None, Array | None]:
    """w, r, bias and projection of a layer, whose directions have these suffixes."""
    gates = _checked(kind)

    def stacked(name: str) -> Array | None:
        found = [suffix for suffix in suffixes if f"{name}{suffix}" in own]
        if not found:
            return None
        for suffix in suffixes:
            if suffix not in found:
                raise ValueError(f"{prefix}{name}{found[0]} is there, but not {name}{suffix}")
        arrays = [own[f"{name}{suffix}"] for suffix in suffixes]
        for suffix, array in zip(suffixes, arrays, strict=True):
            _expect(f"{prefix}{name}{suffix}", array, arrays[0].shape)
        return np.stack(arrays)

    w, r = stacked("weight_ih"), stacked("weight_hh")
    if w is None or r is None:
        raise ValueError(f"{prefix}weight_hh{suffixes[0]} is missing")
    if w.ndim != 3 or r.ndim != 3:
        raise ValueError(f"{prefix}weight_ih and weight_hh of {suffixes[0]} must have rank 2")
    projection, rows = stacked("weight_hr"), w.shape[1]
    if projection is not None:
        if kind != "lstm":
            raise ValueError(f"{prefix}weight_hr{suffixes[0]} projects a state, and {kind} has "
                             "no projection")  # fmt: skip
        _expect(f"{prefix}weight_hr{suffixes[0]}", projection,
                (len(suffixes), r.shape[2], rows // gates))  # fmt: skip
    # Without a projection, the width of the state is that of the gates.
    hidden = r.shape[2] if projection is None else projection.shape[2]
    if rows != gates * hidden:
        raise ValueError(f"{prefix}weight_ih{suffixes[0]} has {rows} rows, but {kind} of "
                         f"{hidden} units has {gates * hidden}")  # fmt: skip
    _expect(f"{prefix}weight_hh{suffixes[0]}", r, (len(suffixes), rows, r.shape[2]))
    ih, hh = stacked("bias_ih"), stacked("bias_hh")
    if (ih is None) != (hh is None):
        one, other = ("bias_ih", "bias_hh") if hh is None else ("bias_hh", "bias_ih")
        raise ValueError(f"{prefix}{one}{suffixes[0]} is there, but not {other}{suffixes[0]}")
    bias = None if ih is None or hh is None else np.concatenate([ih, hh], 1)
    if bias is not None:
        _expect(f"{prefix}bias_ih and bias_hh", bias, (len(suffixes), 2 * rows))
    return w, r, bias, projection


def from_torch(
    kind: str,
    state: Mapping[str, Array],
    prefix: str = "",
    batch_first: bool = False,
    nonlinearity: str = "tanh",
) -> list[Layer]:
    """The layers of a torch.nn.LSTM, GRU or RNN (or, of one layer, LSTMCell, GRUCell or RNNCell)
    from the arrays of its state_dict; `prefix` is what stands in front of the names, as in
    "encoder.rnn.", `nonlinearity` that of an RNN."""
    gates = _checked(kind)
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(f"nonlinearity is '{nonlinearity}', expected tanh or relu")
    own = {name.removeprefix(prefix): np.asarray(array)
           for name, array in state.items() if name.startswith(prefix)}  # fmt: skip
    if "weight_ih" in own:
        own = {f"{name}_l0": array for name, array in own.items()}
    functions = (nonlinearity,) if kind == "rnn" else ("sigmoid", "tanh", "tanh")[: gates - 1]
    layers: list[Layer] = []
    while f"weight_ih_l{len(layers)}" in own:
        suffixes = [f"_l{len(layers)}", f"_l{len(layers)}_reverse"]
        suffixes = [suffix for suffix in suffixes if f"weight_ih{suffix}" in own]
        layers.append(
            Layer(kind, *_torch_layer(kind, own, prefix, suffixes), _TORCH_ORDER[kind],
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
    merge_mode: str = "concat",
) -> Layer:
    """A keras.layers.LSTM, GRU or SimpleRNN ("rnn") from its get_weights(); `backward` are the
    weights of the second direction of a Bidirectional, and `merge_mode` ("concat" or "sum") how it
    joins both. Keras sequences are batch major. Of go_backwards, Keras gives y in
    the order of its steps: fovea's y is that turned around."""
    gates = _checked(kind)
    for name in (activation, recurrent_activation):
        if name not in _KERAS_FUNCTIONS:
            raise ValueError(f"activation '{name}' is not one of {', '.join(_KERAS_FUNCTIONS)}")
    if merge_mode not in ("concat", "sum"):
        raise ValueError(f"merge_mode is '{merge_mode}', expected concat or sum")
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
    functions = [recurrent_activation, activation, activation][: gates - 1] or [activation]
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
        merge=merge_mode,
    )
