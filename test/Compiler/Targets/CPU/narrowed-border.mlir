// The block that a causal mask cuts is computed some queries after the other, with keys of their
// own, in a tile of two vectors; what is kept whole takes the wide tile. Few queries have the
// smaller tile everywhere.
// RUN: fovea-opt %s -fovea-schedule-cpu | FileCheck %s

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>

// CHECK-LABEL: func private @causal
// CHECK:         fovea_kernel.scratch : memref<96x64xf32>
// CHECK:         scf.for %[[LANE:.*]] = %c0{{.*}} to %c64{{.*}} step %c32
// CHECK:           memref.reinterpret_cast %{{.*}} to offset: [%[[LANE]]], sizes: [96, 32]
// CHECK:           fovea_kernel.product {{.*}} rows 8 vectors 2 lanes 16 carry
// CHECK:           fovea_kernel.product {{.*}} rows 8 vectors 2 lanes 16 init
// CHECK:         fovea_kernel.product {{.*}} rows 6 vectors 4 lanes 16 carry
// CHECK:         fovea_kernel.product {{.*}} rows 6 vectors 4 lanes 16 init
func.func private @causal(%q: memref<1x2x2048x64xf32>, %o: memref<1x2x2048x64xf32>)
    attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %q, %q : memref<1x2x2048x64xf32>, memref<1x2x2048x64xf32>,
      memref<1x2x2048x64xf32>) outs(%o : memref<1x2x2048x64xf32>)
      {indexing_maps = [#q, #k, #v, #o]} mask {
    ^bb0(%b: index, %h: index, %i: index, %j: index):
      %keep = arith.cmpi sle, %j, %i : index
      fovea.yield %keep : i1
    }
  return
}

// CHECK-LABEL: func private @do_not_narrow_few_queries
// CHECK:         fovea_kernel.scratch : memref<96x32xf32>
// CHECK-NOT:     sizes: [96, 32]
// CHECK-NOT:     vectors 4
// CHECK:         return
func.func private @do_not_narrow_few_queries(%q: memref<1x2x512x64xf32>,
    %o: memref<1x2x512x64xf32>) attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %q, %q : memref<1x2x512x64xf32>, memref<1x2x512x64xf32>,
      memref<1x2x512x64xf32>) outs(%o : memref<1x2x512x64xf32>)
      {indexing_maps = [#q, #k, #v, #o]} mask {
    ^bb0(%b: index, %h: index, %i: index, %j: index):
      %keep = arith.cmpi sle, %j, %i : index
      fovea.yield %keep : i1
    }
  return
}

// A mask that bounds no distance says nothing of the keys of some queries.
// CHECK-LABEL: func private @do_not_narrow_tiles
// CHECK-NOT:     vectors 2
// CHECK:         return
func.func private @do_not_narrow_tiles(%q: memref<1x2x2048x64xf32>, %o: memref<1x2x2048x64xf32>)
    attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %q, %q : memref<1x2x2048x64xf32>, memref<1x2x2048x64xf32>,
      memref<1x2x2048x64xf32>) outs(%o : memref<1x2x2048x64xf32>)
      {indexing_maps = [#q, #k, #v, #o]} mask {
    ^bb0(%b: index, %h: index, %i: index, %j: index):
      %c128 = arith.constant 128 : index
      %row = arith.floordivsi %i, %c128 : index
      %column = arith.floordivsi %j, %c128 : index
      %keep = arith.cmpi eq, %row, %column : index
      fovea.yield %keep : i1
    }
  return
}
