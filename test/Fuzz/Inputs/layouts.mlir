// Attention with lengths and pages, and over packed sequences; a product of bytes.
#q = affine_map<(b, h, i, j, d, e) -> (b, i, h, d)>
#o = affine_map<(b, h, i, j, d, e) -> (b, i, h, e)>
#kp = affine_map<(b, h, i, j, d, e) -> (j floordiv 16, j mod 16, h floordiv 2, d)>
#vp = affine_map<(b, h, i, j, d, e) -> (j floordiv 16, j mod 16, h floordiv 2, e)>
#ks = affine_map<(b, h, i, j, d, e) -> (b, j, h, d)>
#vs = affine_map<(b, h, i, j, d, e) -> (b, j, h, e)>
#row = affine_map<(b, h, i, j, d, e) -> (i)>

func.func @main(%q: tensor<1x?x4x16xf32> {fovea.name = "q", fovea.shape = ["", "s", "", ""]},
    %k: tensor<?x16x2x16xf32> {fovea.name = "k", fovea.shape = ["p", "", "", ""]},
    %n: tensor<1xi32> {fovea.name = "n"}, %pages: tensor<1x?xi32>
    {fovea.name = "pages", fovea.shape = ["", "m"]}, %starts: tensor<?xi64>
    {fovea.name = "starts", fovea.shape = ["n"]}, %own: tensor<?xi32>
    {fovea.name = "own", fovea.shape = ["s"]}, %x: tensor<6x8xi8> {fovea.name = "x"},
    %y: tensor<8x5xi8> {fovea.name = "y"}) -> (tensor<1x?x4x16xf32>, tensor<6x5xi32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %s = tensor.dim %q, %c1 : tensor<1x?x4x16xf32>
  %e = tensor.empty(%s) : tensor<1x?x4x16xf32>
  %a = fovea.attention
      ins(%q, %k, %k : tensor<1x?x4x16xf32>, tensor<?x16x2x16xf32>, tensor<?x16x2x16xf32>)
      lengths(%n : tensor<1xi32>) pages(%pages : tensor<1x?xi32>) offset(%c0) window [9, -1]
      outs(%e : tensor<1x?x4x16xf32>) {scale = 0.25 : f64, indexing_maps = [#q, #kp, #vp, #o]}
      -> tensor<1x?x4x16xf32>
  %r = fovea.attention
      ins(%a, %a, %a : tensor<1x?x4x16xf32>, tensor<1x?x4x16xf32>, tensor<1x?x4x16xf32>)
      captures(%own : tensor<?xi32>)
      sequences(%starts, %starts : tensor<?xi64>, tensor<?xi64>) align_ends offset(%c0) causal
      outs(%e : tensor<1x?x4x16xf32>) {scale = 0.25 : f64, indexing_maps = [#q, #ks, #vs, #row, #o]}
      mask {
      ^bb0(%b: index, %h: index, %i: index, %j: index, %id: i32):
        %at = arith.index_cast %b : index to i32
        %keep = arith.cmpi sge, %id, %at : i32
        fovea.yield %keep : i1
      } -> tensor<1x?x4x16xf32>
  %f = tensor.empty() : tensor<6x5xi32>
  %z = fovea.contract ins(%x, %y : tensor<6x8xi8>, tensor<8x5xi8>) outs(%f : tensor<6x5xi32>)
      {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>,
                        affine_map<(m, n, k) -> (m, n)>]} epilogue {
      ^bb0(%sum: i32):
        fovea.yield %sum : i32
      } -> tensor<6x5xi32>
  return %r, %z : tensor<1x?x4x16xf32>, tensor<6x5xi32>
}
