// Sequences as one launch: LSTM of 512 units in f32, GRU of 768 units in bf16, weights kept. What
// the host would launch for each step is in the kernels of its loops, resident_0 and resident_1.
// The second one's sums are written out, so that its cell is in the innermost loop: it divides
// nothing, which ptxas makes calls of.
//
// RUN: fovea-ptx %s | FileCheck %s
// CHECK-DAG: .visible .entry resident_0(
// CHECK-DAG: .visible .entry resident_1(
// CHECK-DAG: atom.add.acq_rel.gpu.u32
// CHECK-DAG: ld.shared.b32
// CHECK-DAG: shfl.sync.bfly

#own = affine_map<(m, n) -> (m, n)>
#i = affine_map<(m, n) -> (m, 0, n)>
#o = affine_map<(m, n) -> (m, 1, n)>
#f = affine_map<(m, n) -> (m, 2, n)>
#g = affine_map<(m, n) -> (m, 3, n)>

func.func @sequences(%t: index, %x: memref<?x1x4x512xf32>, %w: memref<4x512x512xf32>,
    %h0: memref<1x512xf32>, %h1: memref<1x512xf32>, %c: memref<1x512xf32>,
    %v: memref<3x768x768xbf16>, %g0: memref<?x768xbf16>, %g1: memref<?x768xbf16>)
    attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a:2 = scf.for %s = %c0 to %t step %c1 iter_args(%old = %h0, %new = %h1)
      -> (memref<1x512xf32>, memref<1x512xf32>) {
    %row = memref.subview %x[%s, 0, 0, 0] [1, 1, 4, 512] [1, 1, 1, 1]
        : memref<?x1x4x512xf32> to memref<1x4x512xf32, strided<[2048, 512, 1], offset: ?>>
    fovea_kernel.launch @lstm(%old, %w, %row, %c, %new)
        : memref<1x512xf32>, memref<4x512x512xf32>,
          memref<1x4x512xf32, strided<[2048, 512, 1], offset: ?>>, memref<1x512xf32>,
          memref<1x512xf32>
    scf.yield %new, %old : memref<1x512xf32>, memref<1x512xf32>
  }
  %b:2 = scf.for %s = %c0 to %t step %c1 iter_args(%old = %g0, %new = %g1)
      -> (memref<?x768xbf16>, memref<?x768xbf16>) {
    fovea_kernel.launch @gru(%old, %v, %new)
        : memref<?x768xbf16>, memref<3x768x768xbf16>, memref<?x768xbf16>
    scf.yield %new, %old : memref<?x768xbf16>, memref<?x768xbf16>
  }
  return
}

func.func private @lstm(%h: memref<1x512xf32>, %w: memref<4x512x512xf32>,
    %x: memref<1x4x512xf32, strided<[2048, 512, 1]>>, %c: memref<1x512xf32>,
    %y: memref<1x512xf32>) attributes {fovea_kernel.kernel} {
  fovea.gates ins(%h, %w : memref<1x512xf32>, memref<4x512x512xf32>)
      captures(%x, %x, %x, %x, %c : memref<1x4x512xf32, strided<[2048, 512, 1]>>,
          memref<1x4x512xf32, strided<[2048, 512, 1]>>,
          memref<1x4x512xf32, strided<[2048, 512, 1]>>,
          memref<1x4x512xf32, strided<[2048, 512, 1]>>, memref<1x512xf32>)
      outs(%y, %c : memref<1x512xf32>, memref<1x512xf32>)
      {capture_maps = [#i, #o, #f, #g, #own]} cell {
  ^bb0(%si: f32, %so: f32, %sf: f32, %sg: f32, %xi: f32, %xo: f32, %xf: f32, %xg: f32, %old: f32):
    %ti = arith.addf %si, %xi : f32
    %to = arith.addf %so, %xo : f32
    %tf = arith.addf %sf, %xf : f32
    %tg = arith.addf %sg, %xg : f32
    %i = math.tanh %ti : f32
    %o = math.tanh %to : f32
    %f = math.tanh %tf : f32
    %g = math.tanh %tg : f32
    %kept = arith.mulf %f, %old : f32
    %added = arith.mulf %i, %g : f32
    %next = arith.addf %kept, %added : f32
    %seen = math.tanh %next : f32
    %out = arith.mulf %o, %seen : f32
    fovea.yield %out, %next : f32, f32
  }
  return
}

func.func private @gru(%h: memref<?x768xbf16>, %w: memref<3x768x768xbf16>,
    %y: memref<?x768xbf16>) attributes {fovea_kernel.kernel} {
  fovea.gates ins(%h, %w : memref<?x768xbf16>, memref<3x768x768xbf16>)
      captures(%h : memref<?x768xbf16>) outs(%y : memref<?x768xbf16>) {capture_maps = [#own]} cell {
  ^bb0(%sz: f32, %sr: f32, %sn: f32, %old: bf16):
    %wide = arith.extf %old : bf16 to f32
    %rn = arith.mulf %sr, %sn : f32
    %n = arith.addf %rn, %sz : f32
    %d = arith.subf %wide, %n : f32
    %zd = arith.mulf %sz, %d : f32
    %next = arith.addf %n, %zd : f32
    %out = arith.truncf %next : f32 to bf16
    fovea.yield %out : bf16
  }
  return
}
