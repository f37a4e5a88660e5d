// Which form takes an attention, and why others do not.
//
// RUN: fovea-opt %s -fovea-schedule-cuda | FileCheck %s

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>

// CHECK-LABEL: func private @tiles
// CHECK-SAME:    form = "tile_attention"
// CHECK-SAME:    refused = [{form = "decode_tiles", reason = "shape"
// CHECK:         fovea_kernel.grid %{{.*}} threads(128)
// CHECK:           fovea_warp.copy_async
// CHECK:           fovea_warp.mma
// CHECK-NOT:     fovea.attention
func.func private @tiles(%q: memref<1x2x?x64xbf16>, %k: memref<1x2x?x64xbf16>,
    %o: memref<1x2x?x64xbf16>) attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %k, %k : memref<1x2x?x64xbf16>, memref<1x2x?x64xbf16>,
      memref<1x2x?x64xbf16>) outs(%o : memref<1x2x?x64xbf16>) {indexing_maps = [#q, #k, #v, #o]}
  return
}

// What judges a tile of keys is read once by each warp, whose lanes exchange what they found: the
// smallest and the largest id of the queries, then of the tile's keys.
// CHECK-LABEL: func private @judge_tiles
// CHECK-SAME:    form = "tile_attention"
// CHECK:         scf.for %{{.*}} step %c32
// CHECK:           arith.minsi
// CHECK:           arith.maxsi
// CHECK-COUNT-10: gpu.shuffle xor
// CHECK:         scf.for %{{.*}} step %c32
// CHECK-COUNT-10: gpu.shuffle xor
// CHECK:         fovea_warp.mma
func.func private @judge_tiles(%q: memref<1x2x?x64xbf16>, %own: memref<1x?xi32>,
    %o: memref<1x2x?x64xbf16>) attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %q, %q : memref<1x2x?x64xbf16>, memref<1x2x?x64xbf16>,
      memref<1x2x?x64xbf16>) captures(%own, %own : memref<1x?xi32>, memref<1x?xi32>)
      outs(%o : memref<1x2x?x64xbf16>) {indexing_maps = [#q, #k, #v,
      affine_map<(b, h, i, j, d, e) -> (b, i)>, affine_map<(b, h, i, j, d, e) -> (b, j)>, #o]}
      mask {
  ^bb0(%b: index, %h: index, %i: index, %j: index, %mine: i32, %its: i32):
    %same = arith.cmpi eq, %mine, %its : i32
    fovea.yield %same : i1
  }
  return
}

// CHECK-LABEL: func private @do_not_use_tiles_when_elements_are_f32
// CHECK-SAME:    form = "warp_attention"
// CHECK-SAME:    form = "tile_attention", reason = "dtype"
// CHECK:           fovea_warp.vote ballot
// CHECK-NOT:       fovea_warp.mma
// CHECK:         return
func.func private @do_not_use_tiles_when_elements_are_f32(%q: memref<1x2x20x64xf32>,
    %o: memref<1x2x20x64xf32>) attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %q, %q : memref<1x2x20x64xf32>, memref<1x2x20x64xf32>,
      memref<1x2x20x64xf32>) outs(%o : memref<1x2x20x64xf32>) {indexing_maps = [#q, #k, #v, #o]}
  return
}

// Few queries share what is read of keys; warps take turns in these, and meet to merge.
// CHECK-LABEL: func private @decode_by_products
// CHECK-SAME:    form = "decode_tiles"
// CHECK-NOT:       fovea_warp.copy_async
// CHECK:           fovea_warp.mma_sync
// CHECK:           gpu.barrier
// CHECK:         return
func.func private @decode_by_products(%q: memref<1x2x15x64xf16>,
    %o: memref<1x2x15x64xf16>) attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %q, %q : memref<1x2x15x64xf16>, memref<1x2x15x64xf16>,
      memref<1x2x15x64xf16>) outs(%o : memref<1x2x15x64xf16>) {indexing_maps = [#q, #k, #v, #o]}
  return
}

// CHECK-LABEL: func private @decode_by_multiply_adds
// CHECK-SAME:    form = "decode_attention"
// CHECK-SAME:    text = "a head of 80 and 80 elements is no multiple of 32 and of 64 up to 128"
// CHECK-SAME:    reason = "shape", text = "a product has 16 rows, and there are 15 queries"
// CHECK:           vector.load
// CHECK-NOT:       fovea_warp.mma_sync
// CHECK:           gpu.barrier
// CHECK:         return
func.func private @decode_by_multiply_adds(%q: memref<1x2x15x80xf16>,
    %o: memref<1x2x15x80xf16>) attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %q, %q : memref<1x2x15x80xf16>, memref<1x2x15x80xf16>,
      memref<1x2x15x80xf16>) outs(%o : memref<1x2x15x80xf16>) {indexing_maps = [#q, #k, #v, #o]}
  return
}

// CHECK-LABEL: func private @do_not_decode_uneven_rows
// CHECK-SAME:    form = "warp_attention"
// CHECK-SAME:    text = "a row of 20 elements is no multiple of 16 bytes"
// CHECK:           gpu.barrier
// CHECK:         return
func.func private @do_not_decode_uneven_rows(%q: memref<1x2x15x20xf16>,
    %o: memref<1x2x15x20xf16>) attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %q, %q : memref<1x2x15x20xf16>, memref<1x2x15x20xf16>,
      memref<1x2x15x20xf16>) outs(%o : memref<1x2x15x20xf16>) {indexing_maps = [#q, #k, #v, #o]}
  return
}

// CHECK-LABEL: func private @do_not_split_keys_when_queries_are_many
// CHECK-SAME:    form = "warp_attention"
// CHECK-NOT:       gpu.barrier
// CHECK:         return
func.func private @do_not_split_keys_when_queries_are_many(%q: memref<1x2x17x20xf16>,
    %o: memref<1x2x17x20xf16>) attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %q, %q : memref<1x2x17x20xf16>, memref<1x2x17x20xf16>,
      memref<1x2x17x20xf16>) outs(%o : memref<1x2x17x20xf16>) {indexing_maps = [#q, #k, #v, #o]}
  return
}

// CHECK-LABEL: func private @do_not_use_tiles_when_heads_are_uneven
// CHECK-SAME:    text = "the head size 20 is no multiple of 16 up to 256"
func.func private @do_not_use_tiles_when_heads_are_uneven(%q: memref<1x2x20x20xf16>,
    %o: memref<1x2x20x20xf16>) attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %q, %q : memref<1x2x20x20xf16>, memref<1x2x20x20xf16>,
      memref<1x2x20x20xf16>) outs(%o : memref<1x2x20x20xf16>) {indexing_maps = [#q, #k, #v, #o]}
  return
}

// CHECK-LABEL: func private @do_not_use_tiles_when_elements_are_apart
// CHECK-SAME:    reason = "layout", text = "the elements of a row are not next to each other"
func.func private @do_not_use_tiles_when_elements_are_apart(%q: memref<1x2x64x32xf16>,
    %k: memref<1x2x64x32xf16, strided<[4096, 2048, 1, 64]>>, %o: memref<1x2x64x32xf16>)
    attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %k, %q : memref<1x2x64x32xf16>,
      memref<1x2x64x32xf16, strided<[4096, 2048, 1, 64]>>, memref<1x2x64x32xf16>)
      outs(%o : memref<1x2x64x32xf16>) {indexing_maps = [#q, #k, #v, #o]}
  return
}

// CHECK-LABEL: func private @do_not_use_tiles_when_rows_are_misplaced
// CHECK-SAME:    text = "rows do not lie at multiples of 16 bytes"
func.func private @do_not_use_tiles_when_rows_are_misplaced(
    %q: memref<1x2x64x32xf16, strided<[4224, 2112, 33, 1]>>, %o: memref<1x2x64x32xf16>)
    attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %o, %o : memref<1x2x64x32xf16, strided<[4224, 2112, 33, 1]>>,
      memref<1x2x64x32xf16>, memref<1x2x64x32xf16>) outs(%o : memref<1x2x64x32xf16>)
      {indexing_maps = [#q, #k, #v, #o]}
  return
}

// CHECK-LABEL: func private @do_not_use_warps_when_elements_are_f64
// CHECK-SAME:    form = "row_attention"
// CHECK-SAME:    form = "warp_attention", reason = "dtype"
func.func private @do_not_use_warps_when_elements_are_f64(%q: memref<1x2x5x8xf64>,
    %o: memref<1x2x5x8xf64>) attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %q, %q : memref<1x2x5x8xf64>, memref<1x2x5x8xf64>, memref<1x2x5x8xf64>)
      outs(%o : memref<1x2x5x8xf64>) {indexing_maps = [#q, #k, #v, #o]}
  return
}

// CHECK-LABEL: func private @do_not_use_warps_when_heads_are_dynamic
// CHECK-SAME:    form = "warp_attention", reason = "shape", text = "the head size is known only
func.func private @do_not_use_warps_when_heads_are_dynamic(%q: memref<1x2x5x?xf32>,
    %o: memref<1x2x5x?xf32>) attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %q, %q : memref<1x2x5x?xf32>, memref<1x2x5x?xf32>, memref<1x2x5x?xf32>)
      outs(%o : memref<1x2x5x?xf32>) {indexing_maps = [#q, #k, #v, #o]}
  return
}

// The query's extent says the head size, also where the key's is not known.
// CHECK-LABEL: func private @heads_of_the_query
// CHECK-SAME:    form = "warp_attention"
// CHECK-SAME:    form = "decode_tiles", reason = "shape", text = "a row of 20 elements is
func.func private @heads_of_the_query(%q: memref<1x2x1x20xbf16>, %k: memref<1x2x?x?xbf16>,
    %v: memref<1x2x?x64xbf16>, %o: memref<1x2x1x64xbf16>) attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %k, %v : memref<1x2x1x20xbf16>, memref<1x2x?x?xbf16>,
      memref<1x2x?x64xbf16>) outs(%o : memref<1x2x1x64xbf16>) {indexing_maps = [#q, #k, #v, #o]}
  return
}

// CHECK-LABEL: func private @no_queries
// CHECK-SAME:    form = "warp_attention"
// CHECK-SAME:    form = "decode_attention", reason = "shape", text = "there are no queries"
func.func private @no_queries(%q: memref<1x2x0x64xbf16>, %k: memref<1x2x?x64xbf16>,
    %o: memref<1x2x0x64xbf16>) attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %k, %k : memref<1x2x0x64xbf16>, memref<1x2x?x64xbf16>,
      memref<1x2x?x64xbf16>) outs(%o : memref<1x2x0x64xbf16>) {indexing_maps = [#q, #k, #v, #o]}
  return
}
