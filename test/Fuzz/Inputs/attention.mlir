// Attention with all regions, captures, sugar and grouped heads.
#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h floordiv 2, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h floordiv 2, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
#lse = affine_map<(b, h, i, j, d, e) -> (b, h, i)>
#bias = affine_map<(b, h, i, j, d, e) -> (h, i, j)>
#table = affine_map<(b, h, i, j, d, e) -> ()>

func.func @main(%q: tensor<2x4x?x8xf32> {fovea.name = "q", fovea.shape = ["", "", "s", ""]},
    %k: tensor<2x2x9x8xf32> {fovea.name = "k"}, %bias: tensor<4x?x9xf32>
    {fovea.name = "bias", fovea.shape = ["", "s", ""]}, %table: tensor<9x4xf32>,
    %slopes: tensor<4xf32>) -> (tensor<2x4x?x8xf32>, tensor<2x4x?xf32>, tensor<2x4x?xf32>) {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %q, %c2 : tensor<2x4x?x8xf32>
  %e = tensor.empty(%n) : tensor<2x4x?x8xf32>
  %f = tensor.empty(%n) : tensor<2x4x?xf32>
  %r, %l, %m = fovea.attention
      ins(%q, %k, %k : tensor<2x4x?x8xf32>, tensor<2x2x9x8xf32>, tensor<2x2x9x8xf32>)
      captures(%bias, %table : tensor<4x?x9xf32>, tensor<9x4xf32>)
      offset(%c2) causal window [5, -1] alibi(%slopes : tensor<4xf32>) softcap 30.0
      outs(%e, %f, %f : tensor<2x4x?x8xf32>, tensor<2x4x?xf32>, tensor<2x4x?xf32>)
      {scale = 0.35 : f64, indexing_maps = [#q, #k, #v, #bias, #table, #o, #lse, #lse]}
      score {
      ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index, %add: f32, %t: tensor<9x4xf32>):
        %x = fovea.capture_load %t[%j, %h] : tensor<9x4xf32> -> f32
        %y = arith.addf %add, %x : f32
        %z = arith.addf %s, %y : f32
        fovea.yield %z : f32
      } mask {
      ^bb0(%b: index, %h: index, %i: index, %j: index, %add: f32, %t: tensor<9x4xf32>):
        %keep = arith.cmpi sle, %j, %i : index
        fovea.yield %keep : i1
      } prob {
      ^bb0(%p: f32, %b: index, %h: index, %i: index, %j: index, %add: f32, %t: tensor<9x4xf32>):
        %half = arith.constant 0.5 : f32
        %x = arith.mulf %p, %half : f32
        fovea.yield %x : f32
      } -> tensor<2x4x?x8xf32>, tensor<2x4x?xf32>, tensor<2x4x?xf32>
  return %r, %l, %m : tensor<2x4x?x8xf32>, tensor<2x4x?xf32>, tensor<2x4x?xf32>
}
