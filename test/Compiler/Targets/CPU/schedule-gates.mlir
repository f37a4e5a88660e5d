// RUN: fovea-opt %s -fovea-schedule-cpu | FileCheck %s

#x = affine_map<(b, h) -> (b, h)>
#scale = affine_map<(b, h) -> (h)>

// Eight rows are two strips of four. What the cell reads of each row is asked for during the
// product before it, a row in 16 of its 64 steps; what is the same for all rows is not.
// CHECK-LABEL: func private @many_rows
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<8x16xf32>,
// CHECK:         scf.for {{.*}} step %c4
// CHECK:           %[[DATA:[a-z_0-9]+]], {{.*}} = memref.extract_strided_metadata %[[X]]
// CHECK:           %[[AHEAD:.*]] = memref.reinterpret_cast %[[DATA]]
// CHECK-SAME:        sizes: [4, 16, 16], strides: [16, 0, 1]
// CHECK-NOT:       memref.prefetch
// CHECK:           fovea_kernel.product {{.*}} rows 4 vectors 4 lanes 16 ahead(%[[AHEAD]] :
// CHECK-NOT:     fovea_kernel.product
// CHECK:         return
func.func private @many_rows(%h: memref<8x64xf32>, %w: memref<1x256x16xf32>, %x: memref<8x16xf32>,
    %s: memref<16xf32>, %o: memref<8x16xf32>) attributes {fovea_kernel.kernel} {
  fovea.gates ins(%h, %w : memref<8x64xf32>, memref<1x256x16xf32>)
      captures(%x, %s : memref<8x16xf32>, memref<16xf32>) outs(%o : memref<8x16xf32>)
      {capture_maps = [#x, #scale], panels = 16 : i64} cell {
      ^bb0(%s0: f32, %s1: f32, %s2: f32, %s3: f32, %xs: f32, %scale: f32):
        %p = arith.mulf %s0, %s1 : f32
        %q = arith.mulf %s2, %s3 : f32
        %r = arith.addf %p, %q : f32
        %t = arith.mulf %r, %scale : f32
        %u = arith.addf %t, %xs : f32
        fovea.yield %u : f32
      }
  return
}

// One row has few requests, which come first.
// CHECK-LABEL: func private @one_row
// CHECK:         memref.prefetch
// CHECK:         fovea_kernel.product
// CHECK-NOT:     ahead
// CHECK:         return
func.func private @one_row(%h: memref<1x64xf32>, %w: memref<1x128x16xf32>, %x: memref<1x16xf32>,
    %o: memref<1x16xf32>) attributes {fovea_kernel.kernel} {
  fovea.gates ins(%h, %w : memref<1x64xf32>, memref<1x128x16xf32>)
      captures(%x : memref<1x16xf32>) outs(%o : memref<1x16xf32>)
      {capture_maps = [#x], panels = 16 : i64} cell {
      ^bb0(%s0: f32, %s1: f32, %xs: f32):
        %p = arith.mulf %s0, %s1 : f32
        %u = arith.addf %p, %xs : f32
        fovea.yield %u : f32
      }
  return
}
