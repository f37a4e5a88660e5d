// Upstream operations: slices, reshapes, loops, branches, reductions, named and generic linalg.
#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
func.func @main(%x: tensor<6x?xf32> {fovea.shape = ["", "n"]}, %flag: tensor<i1>, %k: tensor<i64>)
    -> (tensor<6xf32>, tensor<?x3xf32>, tensor<2x3x?xf32>, tensor<6x?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c6 = arith.constant 6 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c1 : tensor<6x?xf32>
  %e = tensor.empty() : tensor<6xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<6xf32>) -> tensor<6xf32>
  %sum = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<6x?xf32>) outs(%f : tensor<6xf32>) {
    ^bb0(%a: f32, %acc: f32):
      %b = arith.addf %a, %acc : f32
      linalg.yield %b : f32
    } -> tensor<6xf32>
  %pe = tensor.empty(%n) : tensor<?x6xf32>
  %t = linalg.transpose ins(%x : tensor<6x?xf32>) outs(%pe : tensor<?x6xf32>) permutation = [1, 0]
  %cut = tensor.extract_slice %t[0, 1] [%n, 3] [1, 2] : tensor<?x6xf32> to tensor<?x3xf32>
  %cube = tensor.expand_shape %x [[0, 1], [2]] output_shape [2, 3, %n]
      : tensor<6x?xf32> into tensor<2x3x?xf32>
  %raw = tensor.extract %k[] : tensor<i64>
  %steps = fovea.checked_index %raw in %c6 node "steps" : i64
  %loop = scf.for %i = %c0 to %steps step %c1 iter_args(%s = %x) -> tensor<6x?xf32> {
    %part = tensor.extract_slice %s[%i, 0] [1, %n] [1, 1] : tensor<6x?xf32> to tensor<1x?xf32>
    %p = math.exp %part : tensor<1x?xf32>
    %back = tensor.insert_slice %p into %s[%i, 0] [1, %n] [1, 1]
        : tensor<1x?xf32> into tensor<6x?xf32>
    scf.yield %back : tensor<6x?xf32>
  }
  %on = tensor.extract %flag[] : tensor<i1>
  %which = scf.if %on -> tensor<6x?xf32> {
    %neg = arith.negf %loop : tensor<6x?xf32>
    scf.yield %neg : tensor<6x?xf32>
  } else {
    scf.yield %x : tensor<6x?xf32>
  }
  return %sum, %cut, %cube, %which
      : tensor<6xf32>, tensor<?x3xf32>, tensor<2x3x?xf32>, tensor<6x?xf32>
}
