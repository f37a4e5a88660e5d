// RUN: fovea-opt %s -split-input-file -verify-diagnostics

// weight_c1: a static shape.
// expected-error @+1 {{weight_c1: expected a static tensor of numbers, got 'tensor<?x4xf32>'}}
fovea.weight @w from "w.safetensors" : tensor<?x4xf32>

// -----

// weight_c1: a tensor.
// expected-error @+1 {{weight_c1: expected a static tensor of numbers, got 'f32'}}
fovea.weight @w from "w.safetensors" : f32

// -----

// weight_c1: a byte size that fits in 63 bits.
// expected-error @+1 {{weight_c1: expected a byte size below 2^63}}
fovea.weight @w from "w.safetensors" : tensor<4294967296x4294967296xf32>

// -----

// expected-error @+1 {{weight_c2: expected a non-negative offset, got -4}}
fovea.weight @w from "w.safetensors" offset -4 : tensor<4xf32>

// -----

// weight_c3: the recipe comes with the weight that it packs.
// expected-error @+1 {{weight_c3: expected `packs` with a weight and a recipe}}
"fovea.weight"() {sym_name = "p", source = "", type = tensor<1x8x16xf32>,
                  panels = #fovea.panels<width = 16, n = [1], k = [0]>} : () -> ()

// -----

// weight_c3: the packed weight exists.
// expected-error @+1 {{weight_c3: expected a fovea.weight named w}}
fovea.weight @p from "" packs @w <width = 16, n = [1], k = [0]> : tensor<1x8x16xf32>

// -----

// weight_c3: panels have a width.
fovea.weight @w from "w.safetensors" : tensor<8x12xf32>
// expected-error @+1 {{weight_c3: expected a positive panel width}}
fovea.weight @p from "" packs @w <width = 0, n = [1], k = [0]> : tensor<1x8x16xf32>

// -----

// weight_c3: the type is the packed type.
fovea.weight @w from "w.safetensors" : tensor<8x20xf32>
// expected-error @+1 {{weight_c3: expected the packed shape (2, 8, 16) in 'f32'}}
fovea.weight @p from "" packs @w <width = 16, n = [1], k = [0]> : tensor<1x8x16xf32>

// -----

// weight_c3: panels have the weight's elements.
fovea.weight @w from "w.safetensors" : tensor<8x16xf32>
// expected-error @+1 {{weight_c3: expected the packed shape (1, 8, 16) in 'f32'}}
fovea.weight @p from "" packs @w <width = 16, n = [1], k = [0]> : tensor<1x8x16xf16>

// -----

// weight_c3: what is packed is of floats that products take.
fovea.weight @w from "w.safetensors" : tensor<8x16xf64>
// expected-error @+1 {{weight_c3: expected the packed weight to be plain and in f32, f16 or bf16}}
fovea.weight @p from "" packs @w <width = 16, n = [1], k = [0]> : tensor<1x8x16xf64>

// -----

// weight_c3: words are of bf16 or i8.
fovea.weight @w from "w.safetensors" : tensor<8x16xf16>
// expected-error @+1 {{or in words of bf16 or i8, got 'tensor<8x16xf16>' in groups of 2}}
fovea.weight @p from "" packs @w <width = 16, n = [1], k = [0], group = 2, step = 2>
    : tensor<1x4x16x2xf16>

// -----

// weight_c3: steps are of whole words.
fovea.weight @w from "w.safetensors" : tensor<8x16xbf16>
// expected-error @+1 {{weight_c3: expected a step that is a multiple of the group, got 3}}
fovea.weight @p from "" packs @w <width = 16, n = [1], k = [0], group = 2, step = 3>
    : tensor<1x4x16x2xbf16>

// -----

// weight_c3: panels of i8 end with their columns' sums.
fovea.weight @w from "w.safetensors" : tensor<8x16xi8>
// expected-error @+1 {{weight_c3: expected the packed shape (1, 3, 16, 4) in 'i8'}}
fovea.weight @p from "" packs @w <width = 16, n = [1], k = [0], group = 4, step = 4>
    : tensor<1x2x16x4xi8>

// -----

// weight_c3: what is packed is not packed itself.
fovea.weight @w from "w.safetensors" : tensor<8x16xf32>
fovea.weight @p from "" packs @w <width = 16, n = [1], k = [0]> : tensor<1x8x16xf32>
// expected-error @+1 {{weight_c3: expected the packed weight to be plain and in f32}}
fovea.weight @q from "" packs @p <width = 16, n = [2], k = [1]> : tensor<1x1x8x16xf32>

// -----

// weight_c3: a recipe names dimensions that are there.
fovea.weight @w from "w.safetensors" : tensor<8x16xf32>
// expected-error @+1 {{weight_c3: expected n, k and beside to list dimensions of}}
fovea.weight @p from "" packs @w <width = 16, n = [1], k = [2]> : tensor<1x8x16xf32>

// -----

// weight_c3: a recipe names a dimension once.
fovea.weight @w from "w.safetensors" : tensor<8x16xf32>
// expected-error @+1 {{weight_c3: expected n, k and beside to list dimensions of}}
fovea.weight @p from "" packs @w <width = 16, n = [1], k = [0, 1]> : tensor<1x8x16xf32>

// -----

// weight_c4: the number of weights is in front.
fovea.weight @a from "w.safetensors" : tensor<8xf32>
fovea.weight @b from "w.safetensors" : tensor<8xf32>
// expected-error @+1 {{weight_c4: expected plain weights of one type, which}}
fovea.weight @joined from "" joins [@a, @b] : tensor<3x8xf32>

// -----

// weight_c4: at least one weight.
fovea.weight @a from "w.safetensors" : tensor<8xf32>
fovea.weight @b from "w.safetensors" : tensor<8xf32>
// expected-error @+1 {{weight_c4: expected plain weights of one type, which}}
fovea.weight @joined from "" joins [] : tensor<0x8xf32>

// -----

// weight_c4: weights of one type.
fovea.weight @a from "w.safetensors" : tensor<8xf32>
fovea.weight @c from "w.safetensors" : tensor<8x1xf32>
// expected-error @+1 {{weight_c4: expected plain weights of one type, which}}
fovea.weight @joined from "" joins [@a, @c] : tensor<2x8xf32>

// -----

// weight_c4: the elements are theirs.
fovea.weight @a from "w.safetensors" : tensor<8xf32>
fovea.weight @b from "w.safetensors" : tensor<8xf32>
// expected-error @+1 {{weight_c4: expected plain weights of one type, which}}
fovea.weight @joined from "" joins [@a, @b] : tensor<2x8xf16>

// -----

// weight_c4: the weights exist.
fovea.weight @a from "w.safetensors" : tensor<8xf32>
fovea.weight @b from "w.safetensors" : tensor<8xf32>
// expected-error @+1 {{weight_c4: expected plain weights of one type, which}}
fovea.weight @joined from "" joins [@a, @none] : tensor<2x8xf32>

// -----

// weight_c4: no weight that is joined itself.
fovea.weight @a from "w.safetensors" : tensor<8xf32>
fovea.weight @b from "w.safetensors" : tensor<8xf32>
fovea.weight @ab from "" joins [@a, @b] : tensor<2x8xf32>
// expected-error @+1 {{weight_c4: expected plain weights of one type, which}}
fovea.weight @joined from "" joins [@ab] : tensor<1x2x8xf32>

// -----

// weight_c4: what is joined is not packed as well.
fovea.weight @a from "w.safetensors" : tensor<8x16xf32>
// expected-error @+1 {{weight_c4: expected plain weights of one type}}
fovea.weight @joined from "" packs @a <width = 16, n = [1], k = [0]> joins [@a]
    : tensor<1x8x16xf32>

// -----

func.func @get_weight_c1_names_a_weight() -> tensor<4xf32> {
  // expected-error @+1 {{get_weight_c1: expected a fovea.weight named}}
  %w = fovea.get_weight @get_weight_c1_names_a_weight : tensor<4xf32>
  return %w : tensor<4xf32>
}

// -----

fovea.weight @w from "w.safetensors" : tensor<4xf32>
func.func @get_weight_c1_same_shape() -> tensor<5xf32> {
  // expected-error @+1 {{get_weight_c1: expected a result like 'tensor<4xf32>'}}
  %w = fovea.get_weight @w : tensor<5xf32>
  return %w : tensor<5xf32>
}

// -----

fovea.weight @w from "w.safetensors" : tensor<4xf32>
func.func @get_weight_c1_same_element_type() -> memref<4xf16> {
  // expected-error @+1 {{get_weight_c1: expected a result like 'tensor<4xf32>'}}
  %w = fovea.get_weight @w : memref<4xf16>
  return %w : memref<4xf16>
}

// -----

// weight_c5: what is rounded along which dimensions.
// expected-error @+1 {{weight_c5: expected `rounds` with `along`, without `packs` and `joins`}}
"fovea.weight"() {sym_name = "q", source = "", type = tensor<8x16xi8>,
                  along = array<i64: 1>} : () -> ()

// -----

// weight_c5: the rounded weight is of floats.
fovea.weight @w from "w.safetensors" : tensor<8x16xi8>
// expected-error @+1 {{weight_c5: expected a plain fovea.weight in f32, f16 or bf16 named w}}
fovea.weight @q from "" rounds @w along [1] : tensor<8x16xi8>

// -----

// weight_c5: dimensions of the weight, at most once.
fovea.weight @w from "w.safetensors" : tensor<8x16xf32>
// expected-error @+1 {{weight_c5: expected `along` to list dimensions of 'tensor<8x16xf32>'}}
fovea.weight @q from "" rounds @w along [2] : tensor<8x16xi8>

// -----

// weight_c5: integers of the weight's shape, or scales of its channels.
fovea.weight @w from "w.safetensors" : tensor<8x16xf32>
// expected-error @+1 {{weight_c5: expected integers of i8 or one scale of f32 a channel}}
fovea.weight @q from "" rounds @w along [1] : tensor<16xf32>

// -----

// weight_c3: parts beside each other make columns of a panel.
fovea.weight @w from "w.safetensors" : tensor<3x8x16xf32>
// expected-error @+1 {{weight_c3: expected the packed shape (1, 16, 48) in 'f32'}}
fovea.weight @p from "" packs @w <width = 16, n = [1], k = [2] beside = [0]> : tensor<1x16x16xf32>

// -----

// proceed_if_c1: a loop around it.
func.func @no_loop(%on: i1) {
  // expected-error @+1 {{proceed_if_c1: expected an scf.for around it}}
  fovea.proceed_if %on
  return
}

// -----

// proceed_if_c1: nothing is computed before it that the loop's results may lie in.
func.func @late(%on: i1, %n: index, %x: tensor<4xf32>) {
  scf.for %i = %n to %n step %n {
    %y = math.exp %x : tensor<4xf32>
    // expected-error @+1 {{proceed_if_c1: expected nothing but scalars before it, got math.exp}}
    fovea.proceed_if %on
  }
  return
}
