// RUN: fovea-opt %s -split-input-file -fovea-form-wavefronts | FileCheck %s

// In wave w the first loop runs chunk w, of 768 steps with 64 multiply-adds, the second chunk w - 1
// and its rows of the product. What the second one only copies comes before both.
#id = affine_map<(m, n) -> (m, n)>
#lhs = affine_map<(m, n, k) -> (m, k)>
#rhs = affine_map<(m, n, k) -> (n, k)>
#out = affine_map<(m, n, k) -> (m, n)>
// CHECK-LABEL: func @let_the_second_layer_follow
// CHECK-SAME:    %[[IN:[a-z0-9]+]]: memref<4096x8xf32>, %[[H:[a-z0-9]+]]: memref<1x8xf32>
// CHECK:         %[[T:.*]] = arith.constant 4096 : index
// CHECK:         %[[Y:.*]] = memref.alloc() : memref<4096x8xf32>
// CHECK:         %[[Z:.*]] = memref.alloc() : memref<4096x8xf32>
// CHECK:         memref.copy %[[H]], %[[G:.*]] :
// CHECK:         %[[CHUNK:.*]] = arith.constant 768 : index
// CHECK:         %[[CHUNKS:.*]] = arith.ceildivsi %[[T]], %[[CHUNK]]
// CHECK:         %[[WAVES:.*]] = arith.addi %[[CHUNKS]], %{{.*}}
// CHECK:         scf.for %[[WAVE:.*]] = %{{.*}} to %[[WAVES]] step
// CHECK:           %[[END:.*]] = arith.minsi %{{.*}}, %[[T]]
// CHECK:           %[[MIDDLE:.*]] = arith.minsi %{{.*}}, %[[T]]
// CHECK:           %[[START:.*]] = arith.minsi %{{.*}}, %[[T]]
// CHECK:           fovea_kernel.sections {
// CHECK-NEXT:        scf.for %{{.*}} = %[[MIDDLE]] to %[[END]] step
// CHECK:               fovea.gates ins(%[[H]]
// CHECK:           }, {
// CHECK-DAG:         %[[LHS:.*]] = memref.subview %[[Y]][%{{.*}}, 0] [%{{.*}}, 8]
// CHECK-DAG:         %[[ROWS:.*]] = memref.subview %[[Z]][%{{.*}}, 0] [%{{.*}}, 8]
// CHECK:             fovea.contract ins(%[[LHS]], {{.*}} outs(%[[ROWS]]
// CHECK:             scf.for %{{.*}} = %[[START]] to %[[MIDDLE]] step
// CHECK:               fovea.gates ins(%[[G]]
// CHECK-NOT:     fovea.gates
func.func @let_the_second_layer_follow(%in: memref<4096x8xf32>, %h: memref<1x8xf32>,
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
  %g = memref.alloc() : memref<1x8xf32>
  memref.copy %h, %g : memref<1x8xf32> to memref<1x8xf32>
  fovea.contract ins(%y, %w : memref<4096x8xf32>, memref<8x8xf32>)
      outs(%z : memref<4096x8xf32>) {indexing_maps = [#lhs, #rhs, #out]} epilogue {
  ^bb0(%s: f32):
    fovea.yield %s : f32
  }
  scf.for %i = %c0 to %t step %c1 {
    %a = memref.subview %z[%i, 0] [1, 8] [1, 1]
        : memref<4096x8xf32> to memref<1x8xf32, strided<[8, 1], offset: ?>>
    %b = memref.subview %out[%i, 0] [1, 8] [1, 1]
        : memref<4096x8xf32> to memref<1x8xf32, strided<[8, 1], offset: ?>>
    fovea.gates ins(%g, %r : memref<1x8xf32>, memref<1x8x8xf32>)
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

// Sections are for these.
#id = affine_map<(m, n) -> (m, n)>
#lhs = affine_map<(m, n, k) -> (m, k)>
#rhs = affine_map<(m, n, k) -> (n, k)>
#out = affine_map<(m, n, k) -> (m, n)>
// CHECK-LABEL: func @do_not_cut_independent_loops
// CHECK-NOT:     sections
// CHECK:         return
func.func @do_not_cut_independent_loops(%in: memref<4096x8xf32>, %h: memref<1x8xf32>,
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
  scf.for %i = %c0 to %t step %c1 {
    %a = memref.subview %in[%i, 0] [1, 8] [1, 1]
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

#id = affine_map<(m, n) -> (m, n)>
#lhs = affine_map<(m, n, k) -> (m, k)>
#rhs = affine_map<(m, n, k) -> (n, k)>
#out = affine_map<(m, n, k) -> (m, n)>
// CHECK-LABEL: func @do_not_cut_other_numbers_of_steps
// CHECK-NOT:     sections
// CHECK:         return
func.func @do_not_cut_other_numbers_of_steps(%in: memref<4096x8xf32>, %h: memref<1x8xf32>,
    %w: memref<8x8xf32>, %r: memref<1x8x8xf32>, %u: index) attributes {fovea.entry} {
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
  scf.for %i = %c0 to %u step %c1 {
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

// A step of plain RNN is a product and a copy into the state.
#lhs = affine_map<(m, n, k) -> (m, k)>
#rhs = affine_map<(m, n, k) -> (n, k)>
#out = affine_map<(m, n, k) -> (m, n)>
!row = memref<1x8xf32, strided<[8, 1], offset: ?>>
// CHECK-LABEL: func @let_plain_layers_follow
// CHECK:         scf.for
// CHECK:           fovea_kernel.sections {
// CHECK-NEXT:        scf.for
// CHECK:               fovea.contract
// CHECK:           }, {
// CHECK:             fovea.contract
// CHECK:             scf.for
// CHECK:               fovea.contract
// CHECK-NOT:     fovea.contract
func.func @let_plain_layers_follow(%in: memref<4096x8xf32>, %h: memref<1x8xf32>,
    %g: memref<1x8xf32>, %w: memref<8x8xf32>) attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %t = arith.constant 4096 : index
  %y = memref.alloc() : memref<4096x8xf32>
  %z = memref.alloc() : memref<4096x8xf32>
  %out = memref.alloc() : memref<4096x8xf32>
  scf.for %i = %c0 to %t step %c1 {
    %a = memref.subview %in[%i, 0] [1, 8] [1, 1] : memref<4096x8xf32> to !row
    %b = memref.subview %y[%i, 0] [1, 8] [1, 1] : memref<4096x8xf32> to !row
    fovea.contract ins(%h, %w : memref<1x8xf32>, memref<8x8xf32>) captures(%a : !row)
        outs(%b : !row) {indexing_maps = [#lhs, #rhs, #out, #out]} epilogue {
    ^bb0(%s: f32, %x: f32):
      %n = arith.addf %s, %x : f32
      fovea.yield %n : f32
    }
    memref.copy %b, %h : !row to memref<1x8xf32>
  }
  fovea.contract ins(%y, %w : memref<4096x8xf32>, memref<8x8xf32>)
      outs(%z : memref<4096x8xf32>) {indexing_maps = [#lhs, #rhs, #out]} epilogue {
  ^bb0(%s: f32):
    fovea.yield %s : f32
  }
  scf.for %i = %c0 to %t step %c1 {
    %a = memref.subview %z[%i, 0] [1, 8] [1, 1] : memref<4096x8xf32> to !row
    %b = memref.subview %out[%i, 0] [1, 8] [1, 1] : memref<4096x8xf32> to !row
    fovea.contract ins(%g, %w : memref<1x8xf32>, memref<8x8xf32>) captures(%a : !row)
        outs(%b : !row) {indexing_maps = [#lhs, #rhs, #out, #out]} epilogue {
    ^bb0(%s: f32, %x: f32):
      %n = arith.addf %s, %x : f32
      fovea.yield %n : f32
    }
    memref.copy %b, %g : !row to memref<1x8xf32>
  }
  return
}
