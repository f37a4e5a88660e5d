// RUN: fovea-opt %s -split-input-file -fovea-form-wavefronts | FileCheck %s

// A loop from the last row to the first needs all that the first one makes.
#id = affine_map<(m, n) -> (m, n)>
#lhs = affine_map<(m, n, k) -> (m, k)>
#rhs = affine_map<(m, n, k) -> (n, k)>
#out = affine_map<(m, n, k) -> (m, n)>
// CHECK-LABEL: func @do_not_follow_backwards
// CHECK-NOT:     sections
// CHECK:         return
func.func @do_not_follow_backwards(%in: memref<4096x8xf32>, %h: memref<1x8xf32>,
    %w: memref<8x8xf32>, %r: memref<1x8x8xf32>) attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %t = arith.constant 4096 : index
  %y = memref.alloc() : memref<4096x8xf32>
  %z = memref.alloc() : memref<4096x8xf32>
  %out = memref.alloc() : memref<4096x8xf32>
  scf.for %i = %c0 to %t step %c1 {
    %a = memref.subview %in[%i, 0] [1, 8] [1, 1]
        : memref<4096x8xf32> to memref<1x8xf32, strided<[8, 1], offset: ?>>
    %b = memref.subview %y[%i, 0] [1, 8] [1, 1]
        : memref<4096x8xf32> to memref<1x8xf32, strided<[8, 1], offset: ?>>
    fovea.gates ins(%h, %r : memref<1x8xf32>, memref<1x8x8xf32>)
        captures(%a : memref<1x8xf32, strided<[8, 1], offset: ?>>)
        outs(%b : memref<1x8xf32, strided<[8, 1], offset: ?>>) {capture_maps = [#id]} cell {
    ^bb0(%s: f32, %x: f32):
      %n = arith.addf %s, %x : f32
      fovea.yield %n : f32
    }
  }
  fovea.contract ins(%y, %w : memref<4096x8xf32>, memref<8x8xf32>)
      outs(%z : memref<4096x8xf32>) {indexing_maps = [#lhs, #rhs, #out]} epilogue {
  ^bb0(%s: f32):
    fovea.yield %s : f32
  }
  scf.for %i = %c0 to %t step %c1 {
    %m = arith.constant 4095 : index
    %at = arith.subi %m, %i : index
    %a = memref.subview %z[%at, 0] [1, 8] [1, 1]
        : memref<4096x8xf32> to memref<1x8xf32, strided<[8, 1], offset: ?>>
    %b = memref.subview %out[%at, 0] [1, 8] [1, 1]
        : memref<4096x8xf32> to memref<1x8xf32, strided<[8, 1], offset: ?>>
    fovea.gates ins(%h, %r : memref<1x8xf32>, memref<1x8x8xf32>)
        captures(%a : memref<1x8xf32, strided<[8, 1], offset: ?>>)
        outs(%b : memref<1x8xf32, strided<[8, 1], offset: ?>>) {capture_maps = [#id]} cell {
    ^bb0(%s: f32, %x: f32):
      %n = arith.addf %s, %x : f32
      fovea.yield %n : f32
    }
  }
  return
}

// -----

// The second loop reads the first row of the product in every step.
#id = affine_map<(m, n) -> (m, n)>
#lhs = affine_map<(m, n, k) -> (m, k)>
#rhs = affine_map<(m, n, k) -> (n, k)>
#out = affine_map<(m, n, k) -> (m, n)>
// CHECK-LABEL: func @do_not_follow_what_needs_all_steps
// CHECK-NOT:     sections
// CHECK:         return
func.func @do_not_follow_what_needs_all_steps(%in: memref<4096x8xf32>, %h: memref<1x8xf32>,
    %w: memref<8x8xf32>, %r: memref<1x8x8xf32>) attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %t = arith.constant 4096 : index
  %y = memref.alloc() : memref<4096x8xf32>
  %z = memref.alloc() : memref<4096x8xf32>
  %out = memref.alloc() : memref<4096x8xf32>
  scf.for %i = %c0 to %t step %c1 {
    %a = memref.subview %in[%i, 0] [1, 8] [1, 1]
        : memref<4096x8xf32> to memref<1x8xf32, strided<[8, 1], offset: ?>>
    %b = memref.subview %y[%i, 0] [1, 8] [1, 1]
        : memref<4096x8xf32> to memref<1x8xf32, strided<[8, 1], offset: ?>>
    fovea.gates ins(%h, %r : memref<1x8xf32>, memref<1x8x8xf32>)
        captures(%a : memref<1x8xf32, strided<[8, 1], offset: ?>>)
        outs(%b : memref<1x8xf32, strided<[8, 1], offset: ?>>) {capture_maps = [#id]} cell {
    ^bb0(%s: f32, %x: f32):
      %n = arith.addf %s, %x : f32
      fovea.yield %n : f32
    }
  }
  fovea.contract ins(%y, %w : memref<4096x8xf32>, memref<8x8xf32>)
      outs(%z : memref<4096x8xf32>) {indexing_maps = [#lhs, #rhs, #out]} epilogue {
  ^bb0(%s: f32):
    fovea.yield %s : f32
  }
  scf.for %i = %c0 to %t step %c1 {
    %a = memref.subview %z[%c0, 0] [1, 8] [1, 1]
        : memref<4096x8xf32> to memref<1x8xf32, strided<[8, 1], offset: ?>>
    %b = memref.subview %out[%c0, 0] [1, 8] [1, 1]
        : memref<4096x8xf32> to memref<1x8xf32, strided<[8, 1], offset: ?>>
    fovea.gates ins(%h, %r : memref<1x8xf32>, memref<1x8x8xf32>)
        captures(%a : memref<1x8xf32, strided<[8, 1], offset: ?>>)
        outs(%b : memref<1x8xf32, strided<[8, 1], offset: ?>>) {capture_maps = [#id]} cell {
    ^bb0(%s: f32, %x: f32):
      %n = arith.addf %s, %x : f32
      fovea.yield %n : f32
    }
  }
  return
}

// -----

// A copy of what the first loop has made is no product.
#id = affine_map<(m, n) -> (m, n)>
#lhs = affine_map<(m, n, k) -> (m, k)>
#rhs = affine_map<(m, n, k) -> (n, k)>
#out = affine_map<(m, n, k) -> (m, n)>
// CHECK-LABEL: func @do_not_pass_what_shares_the_last_row
// CHECK-NOT:     sections
// CHECK:         return
func.func @do_not_pass_what_shares_the_last_row(%in: memref<4096x8xf32>, %h: memref<1x8xf32>,
    %w: memref<8x8xf32>, %r: memref<1x8x8xf32>) attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %t = arith.constant 4096 : index
  %y = memref.alloc() : memref<4096x8xf32>
  %z = memref.alloc() : memref<4096x8xf32>
  %out = memref.alloc() : memref<4096x8xf32>
  scf.for %i = %c0 to %t step %c1 {
    %a = memref.subview %in[%i, 0] [1, 8] [1, 1]
        : memref<4096x8xf32> to memref<1x8xf32, strided<[8, 1], offset: ?>>
    %b = memref.subview %y[%i, 0] [1, 8] [1, 1]
        : memref<4096x8xf32> to memref<1x8xf32, strided<[8, 1], offset: ?>>
    fovea.gates ins(%h, %r : memref<1x8xf32>, memref<1x8x8xf32>)
        captures(%a : memref<1x8xf32, strided<[8, 1], offset: ?>>)
        outs(%b : memref<1x8xf32, strided<[8, 1], offset: ?>>) {capture_maps = [#id]} cell {
    ^bb0(%s: f32, %x: f32):
      %n = arith.addf %s, %x : f32
      fovea.yield %n : f32
    }
  }
  memref.copy %y, %z : memref<4096x8xf32> to memref<4096x8xf32>
  scf.for %i = %c0 to %t step %c1 {
    %a = memref.subview %z[%i, 0] [1, 8] [1, 1]
        : memref<4096x8xf32> to memref<1x8xf32, strided<[8, 1], offset: ?>>
    %b = memref.subview %out[%i, 0] [1, 8] [1, 1]
        : memref<4096x8xf32> to memref<1x8xf32, strided<[8, 1], offset: ?>>
    fovea.gates ins(%h, %r : memref<1x8xf32>, memref<1x8x8xf32>)
        captures(%a : memref<1x8xf32, strided<[8, 1], offset: ?>>)
        outs(%b : memref<1x8xf32, strided<[8, 1], offset: ?>>) {capture_maps = [#id]} cell {
    ^bb0(%s: f32, %x: f32):
      %n = arith.addf %s, %x : f32
      fovea.yield %n : f32
    }
  }
  return
}

// -----

// The product sums over the steps.
#id = affine_map<(m, n) -> (m, n)>
#lhs = affine_map<(m, n, k) -> (m, k)>
#rhs = affine_map<(m, n, k) -> (n, k)>
#out = affine_map<(m, n, k) -> (m, n)>
#across = affine_map<(m, n, k) -> (k, n)>
#square = affine_map<(m, n, k) -> (m, k)>
// CHECK-LABEL: func @do_not_follow_a_product_across_rows
// CHECK-NOT:     sections
// CHECK:         return
func.func @do_not_follow_a_product_across_rows(%in: memref<4096x8xf32>, %h: memref<1x8xf32>,
    %w: memref<8x8xf32>, %r: memref<1x8x8xf32>, %q: memref<4096x4096xf32>)
    attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %t = arith.constant 4096 : index
  %y = memref.alloc() : memref<4096x8xf32>
  %z = memref.alloc() : memref<4096x8xf32>
  %out = memref.alloc() : memref<4096x8xf32>
  scf.for %i = %c0 to %t step %c1 {
    %a = memref.subview %in[%i, 0] [1, 8] [1, 1]
        : memref<4096x8xf32> to memref<1x8xf32, strided<[8, 1], offset: ?>>
    %b = memref.subview %y[%i, 0] [1, 8] [1, 1]
        : memref<4096x8xf32> to memref<1x8xf32, strided<[8, 1], offset: ?>>
    fovea.gates ins(%h, %r : memref<1x8xf32>, memref<1x8x8xf32>)
        captures(%a : memref<1x8xf32, strided<[8, 1], offset: ?>>)
        outs(%b : memref<1x8xf32, strided<[8, 1], offset: ?>>) {capture_maps = [#id]} cell {
    ^bb0(%s: f32, %x: f32):
      %n = arith.addf %s, %x : f32
      fovea.yield %n : f32
    }
  }
  fovea.contract ins(%y, %q : memref<4096x8xf32>, memref<4096x4096xf32>)
      outs(%z : memref<4096x8xf32>) {indexing_maps = [#across, #square, #out]} epilogue {
  ^bb0(%s: f32):
    fovea.yield %s : f32
  }
  scf.for %i = %c0 to %t step %c1 {
    %a = memref.subview %z[%i, 0] [1, 8] [1, 1]
        : memref<4096x8xf32> to memref<1x8xf32, strided<[8, 1], offset: ?>>
    %b = memref.subview %out[%i, 0] [1, 8] [1, 1]
        : memref<4096x8xf32> to memref<1x8xf32, strided<[8, 1], offset: ?>>
    fovea.gates ins(%h, %r : memref<1x8xf32>, memref<1x8x8xf32>)
        captures(%a : memref<1x8xf32, strided<[8, 1], offset: ?>>)
        outs(%b : memref<1x8xf32, strided<[8, 1], offset: ?>>) {capture_maps = [#id]} cell {
    ^bb0(%s: f32, %x: f32):
      %n = arith.addf %s, %x : f32
      fovea.yield %n : f32
    }
  }
  return
}
