#loc2 = loc("/tmp/gru_case.mlir":2:17)
#loc3 = loc("/tmp/gru_case.mlir":3:17)
#loc4 = loc("/tmp/gru_case.mlir":4:17)
#loc5 = loc("/tmp/gru_case.mlir":5:17)
module {
  func.func @main(%arg0: tensor<?x3x5xf32> {fovea.name = "x", fovea.shape = ["t", "", ""]} loc("/tmp/gru_case.mlir":2:17), %arg1: tensor<1x24x5xf32> {fovea.name = "w"} loc("/tmp/gru_case.mlir":3:17), %arg2: tensor<1x24x8xf32> {fovea.name = "r"} loc("/tmp/gru_case.mlir":4:17), %arg3: tensor<1x48xf32> {fovea.name = "b"} loc("/tmp/gru_case.mlir":5:17)) -> (tensor<?x1x3x8xf32> {fovea.name = "y", fovea.shape = ["t", "", "", ""]}, tensor<1x3x8xf32> {fovea.name = "h"}) attributes {fovea.entry} {
    %y, %y_h = fovea.gru %arg0, %arg1, %arg2 bias(%arg3 : tensor<1x48xf32>) {activations = [#fovea.activation<sigmoid>, #fovea.activation<tanh>], gate_order = [#fovea.gate<r>, #fovea.gate<z>, #fovea.gate<n>], reset = #fovea.reset<after>} : tensor<?x3x5xf32>, tensor<1x24x5xf32>, tensor<1x24x8xf32> -> tensor<?x1x3x8xf32>, tensor<1x3x8xf32> loc(#loc6)
    return %y, %y_h : tensor<?x1x3x8xf32>, tensor<1x3x8xf32> loc(#loc7)
  } loc(#loc1)
} loc(#loc)
#loc = loc("/tmp/gru_case.mlir":0:0)
#loc1 = loc("/tmp/gru_case.mlir":2:1)
#loc6 = loc("/tmp/gru_case.mlir":8:12)
#loc7 = loc("/tmp/gru_case.mlir":13:3)

