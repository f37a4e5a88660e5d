// A model for the pass plug-in of Check.cmake.
func.func @main(%q: tensor<2x4x9x16xf32> {fovea.name = "q"},
                %k: tensor<2x2x7x16xf32> {fovea.name = "k"},
                %v: tensor<2x2x7x16xf32> {fovea.name = "v"})
    -> (tensor<2x4x9x16xf32> {fovea.name = "y"}) attributes {fovea.entry} {
  %offset = arith.constant -2 : index
  %e = tensor.empty() : tensor<2x4x9x16xf32>
  %r = fovea.attention
      ins(%q, %k, %v : tensor<2x4x9x16xf32>, tensor<2x2x7x16xf32>, tensor<2x2x7x16xf32>)
      offset(%offset) causal outs(%e : tensor<2x4x9x16xf32>)
      {scale = 0.25 : f64, indexing_maps = [
        affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>,
        affine_map<(b, h, i, j, d, e) -> (b, h floordiv 2, j, d)>,
        affine_map<(b, h, i, j, d, e) -> (b, h floordiv 2, j, e)>,
        affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>]}
      -> tensor<2x4x9x16xf32>
  return %r : tensor<2x4x9x16xf32>
}
