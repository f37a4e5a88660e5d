#loc2 = loc("/tmp/pb/mx.mlir":1:17)
#loc3 = loc("/tmp/pb/mx.mlir":1:56)
module {
  func.func @main(%arg0: tensor<64xf32> {fovea.name = "x"} loc("/tmp/pb/mx.mlir":1:17), %arg1: tensor<64xf32> {fovea.name = "z"} loc("/tmp/pb/mx.mlir":1:56)) -> (tensor<64xf32> {fovea.name = "y"}) attributes {fovea.entry} {
    %0 = arith.maxnumf %arg0, %arg1 : tensor<64xf32> loc(#loc4)
    %1 = arith.minnumf %0, %arg1 : tensor<64xf32> loc(#loc5)
    return %1 : tensor<64xf32> loc(#loc6)
  } loc(#loc1)
} loc(#loc)
#loc = loc("/tmp/pb/mx.mlir":0:0)
#loc1 = loc("/tmp/pb/mx.mlir":1:1)
#loc4 = loc("/tmp/pb/mx.mlir":2:8)
#loc5 = loc("/tmp/pb/mx.mlir":3:8)
#loc6 = loc("/tmp/pb/mx.mlir":4:3)

