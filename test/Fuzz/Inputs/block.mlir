// Norms, a weight, a product with an epilogue, rotary positions and a checked gather.
fovea.weight @w from "weights.bin" offset 64 : tensor<16x8xf32>
func.func @main(%x: tensor<?x8xf32> {fovea.name = "x", fovea.shape = ["n", ""]},
    %g: tensor<8xf32> {fovea.name = "g"}, %at: tensor<?xi64>
    {fovea.name = "at", fovea.shape = ["m"]}) -> tensor<?x16xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x8xf32>
  %m = tensor.dim %at, %c0 : tensor<?xi64>
  %positive = arith.cmpi sgt, %n, %c0 : index
  fovea.require %positive, %n, %c0 fault shape node "size"
  %w = fovea.get_weight @w : tensor<16x8xf32>
  %e0 = tensor.empty(%n) : tensor<?x8xf32>
  %a = fovea.layer_norm ins(%x, %g : tensor<?x8xf32>, tensor<8xf32>) bias(%g : tensor<8xf32>)
      outs(%e0 : tensor<?x8xf32>) {axis = 1 : i64, epsilon = 1.0e-5 : f64} -> tensor<?x8xf32>
  %b = fovea.rms_norm ins(%a, %g : tensor<?x8xf32>, tensor<8xf32>)
      outs(%e0 : tensor<?x8xf32>) {axis = 1 : i64, epsilon = 1.0e-6 : f64} -> tensor<?x8xf32>
  %e1 = tensor.empty(%m) : tensor<?x8xf32>
  %p = linalg.generic {indexing_maps = [affine_map<(a, b) -> (a)>, affine_map<(a, b) -> (a, b)>],
                       iterator_types = ["parallel", "parallel"]}
      ins(%at : tensor<?xi64>) outs(%e1 : tensor<?x8xf32>) {
  ^bb0(%raw: i64, %o: f32):
    %i = fovea.checked_index %raw in %n wrap node "pick" : i64
    %j = linalg.index 1 : index
    %v = tensor.extract %b[%i, %j] : tensor<?x8xf32>
    linalg.yield %v : f32
  } -> tensor<?x8xf32>
  %e2 = tensor.empty(%m) : tensor<?x16xf32>
  %r = fovea.contract ins(%p, %w : tensor<?x8xf32>, tensor<16x8xf32>) outs(%e2 : tensor<?x16xf32>)
      {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                        affine_map<(m, n, k) -> (m, n)>]}
      epilogue {
      ^bb0(%sum: f32):
        %t = math.tanh %sum : f32
        fovea.yield %t : f32
      } -> tensor<?x16xf32>
  return %r : tensor<?x16xf32>
}
