// RUN: fovea-opt %s -split-input-file -fovea-group-rows | FileCheck %s

#all = affine_map<(b, h) -> (b, h)>
#gate = affine_map<(b, h) -> (b, 1, h)>
!state = memref<8x16xf32>
!gates = memref<8x4x16xf32>

// A norm, a cell and a copy of a step need the same rows. What names buffers comes before them.
// CHECK-LABEL: func @group_a_step
// CHECK-SAME:    %[[Y:[a-z0-9]+]]: memref<5x8x16xf32>
// CHECK:         scf.for %[[T:.*]] =
// CHECK-NEXT:      %[[NORMED:.*]] = memref.alloc
// CHECK-NEXT:      %[[NOW:.*]] = memref.subview %[[Y]][%[[T]], 0, 0]
// CHECK:           fovea_kernel.rows %c8{{.*}} {
// CHECK-NEXT:        fovea.layer_norm {{.*}} outs(%[[NORMED]] :
// CHECK-NEXT:        linalg.generic {{.*}} ins(%[[NORMED]] :
// CHECK:             memref.copy %{{.*}}, %[[NOW]]
// CHECK-NEXT:      }
// CHECK-NEXT:    }
func.func @group_a_step(%y: memref<5x8x16xf32>, %sums: !gates, %scale: memref<4x16xf32>)
    attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c5 = arith.constant 5 : index
  %h = memref.alloc() : !state
  scf.for %t = %c0 to %c5 step %c1 {
    %normed = memref.alloc() : !gates
    fovea.layer_norm ins(%sums, %scale : !gates, memref<4x16xf32>) outs(%normed : !gates)
        {axis = 1 : i64, epsilon = 1.0e-05 : f64}
    linalg.generic {indexing_maps = [#gate, #all], iterator_types = ["parallel", "parallel"]}
        ins(%normed : !gates) outs(%h : !state) {
    ^bb0(%x: f32, %old: f32):
      %new = arith.addf %x, %old : f32
      linalg.yield %new : f32
    }
    %now = memref.subview %y[%t, 0, 0] [1, 8, 16] [1, 1, 1]
        : memref<5x8x16xf32> to memref<8x16xf32, strided<[16, 1], offset: ?>>
    memref.copy %h, %now : !state to memref<8x16xf32, strided<[16, 1], offset: ?>>
  }
  return
}

// -----

!state = memref<8x16xf32>

// Threads do not meet between computations in front of loops, and one by itself, or with a copy of
// a buffer to itself, is no group.
// CHECK-LABEL: func @do_not_group_outside_of_loops
// CHECK-NOT:     fovea_kernel.rows
func.func @do_not_group_outside_of_loops(%a: !state, %b: !state, %n: index)
    attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  memref.copy %a, %b : !state to !state
  memref.copy %b, %a : !state to !state
  scf.for %t = %c0 to %n step %c1 {
    memref.copy %a, %a : !state to !state
    memref.copy %a, %b : !state to !state
  }
  return
}

// -----

#all = affine_map<(b, h) -> (b, h)>
#turned = affine_map<(b, h) -> (h, b)>
!state = memref<8x8xf32>

// Rows are made of columns, of rows that lie one further on, or are fewer.
// CHECK-LABEL: func @do_not_group_other_rows
// CHECK-NOT:     fovea_kernel.rows
func.func @do_not_group_other_rows(%n: index) attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = memref.alloc() : memref<9x8xf32>
  %low = memref.subview %a[0, 0] [8, 8] [1, 1] : memref<9x8xf32> to memref<8x8xf32, strided<[8, 1]>>
  %high = memref.subview %a[1, 0] [8, 8] [1, 1]
      : memref<9x8xf32> to memref<8x8xf32, strided<[8, 1], offset: 8>>
  %b = memref.alloc() : !state
  %c = memref.alloc() : !state
  %few = memref.alloc() : memref<4x8xf32>
  %some = memref.alloc() : memref<4x8xf32>
  scf.for %t = %c0 to %n step %c1 {
    memref.copy %b, %low : !state to memref<8x8xf32, strided<[8, 1]>>
    memref.copy %high, %b : memref<8x8xf32, strided<[8, 1], offset: 8>> to !state
    linalg.generic {indexing_maps = [#turned, #all], iterator_types = ["parallel", "parallel"]}
        ins(%b : !state) outs(%c : !state) {
    ^bb0(%x: f32, %old: f32):
      linalg.yield %x : f32
    }
    memref.copy %few, %some : memref<4x8xf32> to memref<4x8xf32>
  }
  return
}

// -----

#all = affine_map<(b, h) -> (b, h)>
#row = affine_map<(b, h) -> (b)>
!state = memref<8x8xf32>

// A table that a region reads may be what another computation writes, and a product is none of
// rows: what follows them is a group of its own. A sum over each row is one of its computations.
// CHECK-LABEL: func @group_between_others
// CHECK:         scf.for
// CHECK-NEXT:      linalg.generic
// CHECK:           memref.load
// CHECK:           fovea_kernel.rows
// CHECK-NEXT:        memref.copy
// CHECK-NEXT:        linalg.generic {{.*}} iterator_types = ["parallel", "reduction"]
// CHECK:           linalg.matmul
// CHECK-NEXT:      memref.copy
// CHECK-NEXT:    }
func.func @group_between_others(%a: !state, %sums: memref<8xf32>, %n: index)
    attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %b = memref.alloc() : !state
  scf.for %t = %c0 to %n step %c1 {
    linalg.generic {indexing_maps = [#all], iterator_types = ["parallel", "parallel"]}
        outs(%b : !state) {
    ^bb0(%old: f32):
      %x = memref.load %a[%c0, %c1] : !state
      linalg.yield %x : f32
    }
    memref.copy %b, %a : !state to !state
    linalg.generic {indexing_maps = [#all, #row], iterator_types = ["parallel", "reduction"]}
        ins(%a : !state) outs(%sums : memref<8xf32>) {
    ^bb0(%x: f32, %sum: f32):
      %next = arith.addf %sum, %x : f32
      linalg.yield %next : f32
    }
    linalg.matmul ins(%a, %a : !state, !state) outs(%b : !state)
    memref.copy %b, %a : !state to !state
  }
  return
}

// -----

!long = memref<4x4096xf32>
!state = memref<?x16xf32>

// Few long rows are shared out by parts of them. How many rows there are only the run may know, as
// long as they are equally many.
// CHECK-LABEL: func @group_unknown_rows
// CHECK-SAME:    %[[N:[a-z0-9]+]]: index, %{{.*}}: index
// CHECK:         scf.for
// CHECK-NEXT:      memref.copy
// CHECK-NEXT:      memref.copy
// CHECK:           fovea_kernel.rows %[[N]] {
// CHECK-NEXT:        memref.copy
// CHECK-NEXT:        memref.copy
// CHECK-NEXT:      }
// CHECK-NEXT:      memref.copy
// CHECK-NEXT:    }
func.func @group_unknown_rows(%n: index, %m: index) attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %long = memref.alloc() : !long
  %other = memref.alloc() : !long
  %a = memref.alloc(%n) : !state
  %b = memref.alloc(%n) : !state
  %c = memref.alloc(%m) : !state
  %d = memref.alloc(%m) : !state
  scf.for %t = %c0 to %n step %c1 {
    memref.copy %long, %other : !long to !long
    memref.copy %other, %long : !long to !long
    memref.copy %a, %b : !state to !state
    memref.copy %b, %a : !state to !state
    memref.copy %c, %d : !state to !state
  }
  return
}

// -----

!state = memref<8x16xf32>
!columns = memref<8x16xf32, strided<[32, 1]>>
!others = memref<8x16xf32, strided<[32, 1], offset: 16>>

// Columns keep the rows of what they are columns of. States that exchange their places in every
// step are apart in each.
// CHECK-LABEL: func @group_columns_and_turns
// CHECK:         scf.for {{.*}} iter_args(%[[NOW:.*]] = %{{.*}}, %[[THEN:.*]] = %{{.*}})
// CHECK:           fovea_kernel.rows
// CHECK-NEXT:        memref.copy %[[NOW]]
// CHECK-NEXT:        memref.copy
// CHECK-NEXT:        memref.copy %{{.*}}, %[[THEN]]
// CHECK-NEXT:      }
// CHECK-NEXT:      scf.yield %[[THEN]], %[[NOW]]
// CHECK:         scf.for
// CHECK-NOT:       fovea_kernel.rows
func.func @group_columns_and_turns(%n: index) attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %both = memref.alloc() : memref<8x32xf32>
  %h = memref.alloc() : !state
  %other = memref.alloc() : !state
  %left = memref.subview %both[0, 0] [8, 16] [1, 1] : memref<8x32xf32> to !columns
  %right = memref.subview %both[0, 16] [8, 16] [1, 1] : memref<8x32xf32> to !others
  %end:2 = scf.for %t = %c0 to %n step %c1 iter_args(%now = %h, %then = %other)
      -> (!state, !state) {
    memref.copy %now, %left : !state to !columns
    memref.copy %left, %right : !columns to !others
    memref.copy %right, %then : !others to !state
    scf.yield %then, %now : !state, !state
  }
  %last:2 = scf.for %t = %c0 to %n step %c1 iter_args(%now = %h, %same = %h)
      -> (!state, !state) {
    memref.copy %now, %left : !state to !columns
    memref.copy %left, %same : !columns to !state
    scf.yield %same, %now : !state, !state
  }
  return
}
