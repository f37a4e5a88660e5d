//===- Recurrent.cpp - LSTM and GRU modules for tests ---------------------===//
//
// The text of the module and its inputs, from the choices of a case.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Compiler/Targets/Reference/Recurrent.h"

using namespace llvm;
using namespace fovea;
using namespace fovea::reference;

static std::string typeOf(ArrayRef<int64_t> shape, StringRef element = "f32") {
  std::string text = "tensor<";
  for (int64_t extent : shape)
    text += std::to_string(extent) + "x";
  return text + element.str() + ">";
}

/// Names of gates or activations as attributes.
static std::string listOf(StringRef names, StringRef attribute) {
  SmallVector<StringRef> parts;
  names.split(parts, ' ');
  std::string text = "[";
  for (auto [index, part] : llvm::enumerate(parts))
    text += (index ? ", #fovea." : "#fovea.") + attribute.str() + "<" + part.str() + ">";
  return text + "]";
}

Tensors fovea::reference::runNamed(const RecurrentCase &c, bool lstm, Mode mode) {
  int64_t d = c.directions, gates = lstm ? 4 : 3, p = c.state;
  auto state = [&](int64_t width) {
    return c.batchMajor ? SmallVector<int64_t>{2, d, width} : SmallVector<int64_t>{d, 2, width};
  };
  SmallVector<int64_t> x =
      c.batchMajor ? SmallVector<int64_t>{2, 3, 2} : SmallVector<int64_t>{3, 2, 2};
  SmallVector<int64_t> y =
      c.batchMajor ? SmallVector<int64_t>{2, 3, d, p} : SmallVector<int64_t>{3, d, 2, p};
  std::string parameters, operands, types;
  Tensors tensors;
  auto add = [&](const std::string &name, ArrayRef<int64_t> shape, int seed) {
    std::string type = typeOf(shape);
    parameters += (tensors.empty() ? "%" : ", %") + name + ": " + type;
    if (tensors.size() < 3)
      types += (tensors.empty() ? "" : ", ") + type;
    else
      operands += " " + name + "(%" + name + " : " + type + ")";
    tensors.push_back(wave(shape, seed));
  };
  add("x", x, 0);
  add("w", {d, gates * 2, 2}, 1);
  add("r", {d, gates * 2, p}, 2);
  add("bias", {d, gates * 4}, 3);
  add("initial_h", state(p), 4);
  if (lstm)
    add("initial_c", state(2), 5);
  if (c.peephole)
    add("peephole", {d, 6}, 6);
  if (p != 2)
    add("projection", {d, p, 2}, 7);
  if (c.lengths) {
    parameters += ", %lengths: tensor<2xi32>";
    operands += " lengths(%lengths : tensor<2xi32>)";
    tensors.push_back(Tensor::of(DType::I32, {2}, {1, 0}));
  }
  std::string results = typeOf(y) + ", " + typeOf(state(p));
  if (lstm)
    results += ", " + typeOf(state(2));
  std::string order = c.order.empty() ? (lstm ? "i o f c" : "z r n") : c.order;
  std::string activations = c.activations;
  for (int64_t each = 0; c.activations.empty() && each < d; ++each)
    activations += std::string(each ? " " : "") + (lstm ? "sigmoid tanh tanh" : "sigmoid tanh");
  std::string count = lstm ? "3" : "2";
  std::string text = "func.func @main(" + parameters + ") -> (" + results + ") {\n%y:" + count +
                     " = fovea." + (lstm ? "lstm" : "gru") + " %x, %w, %r" + operands +
                     " {gate_order = " + listOf(order, "gate") +
                     ", activations = " + listOf(activations, "activation") +
                     (c.batchMajor ? ", layout = #fovea.layout<batch_major>" : "") + c.attributes +
                     "} : " + types + " -> " + results + "\nreturn %y#0, %y#1" +
                     (lstm ? ", %y#2" : "") + " : " + results + "\n}";
  return evaluate(text, tensors, mode);
}
