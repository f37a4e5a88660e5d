// RUN: fovea-opt %s -split-input-file -fovea-form-kernels | FileCheck %s

// CHECK-LABEL: func @make_equal_kernels_once
// CHECK-SAME:    %[[X:.*]]: memref<4x8xf32>, %[[Y:.*]]: memref<4x8xf32>
// CHECK-NEXT:    fovea_kernel.launch @kernel_0_exp(%[[X]], %[[Y]])
// CHECK-NEXT:    fovea_kernel.launch @kernel_0_exp(%[[Y]], %[[X]])
// CHECK-NEXT:    return
// CHECK:       func private @kernel_0_exp
// CHECK-SAME:    attributes {fovea_kernel.kernel} {
// CHECK-NOT:   func private
func.func @make_equal_kernels_once(%x: memref<4x8xf32>, %y: memref<4x8xf32>)
    attributes {fovea.entry} {
  linalg.exp ins(%x : memref<4x8xf32>) outs(%y : memref<4x8xf32>)
  linalg.exp ins(%y : memref<4x8xf32>) outs(%x : memref<4x8xf32>)
  return
}

// -----

// CHECK-LABEL: func @outline_copies
// CHECK:         fovea_kernel.launch @kernel_0_generic
// CHECK:       func private @kernel_0_generic
// CHECK:         linalg.generic
func.func @outline_copies(%x: memref<4x8xf32>, %y: memref<4x8xf32>) attributes {fovea.entry} {
  memref.copy %x, %y : memref<4x8xf32> to memref<4x8xf32>
  return
}

// -----

// CHECK-LABEL: func @repeat_constants_in_the_kernel
// CHECK-SAME:    %[[X:.*]]: memref<4xf32>
// CHECK:         fovea_kernel.launch @kernel_0_fill(%[[X]]) : memref<4xf32>
// CHECK:       func private @kernel_0_fill
// CHECK-NEXT:    %[[TWO:.*]] = arith.constant 2.000000e+00
// CHECK-NEXT:    linalg.fill ins(%[[TWO]]
func.func @repeat_constants_in_the_kernel(%x: memref<4xf32>) attributes {fovea.entry} {
  %two = arith.constant 2.0 : f32
  linalg.fill ins(%two : f32) outs(%x : memref<4xf32>)
  return
}

// -----

!low = memref<4x8xf32, strided<[8, 1]>>
!high = memref<4x8xf32, strided<[8, 1], offset: 32>>

// The kernel sees both parts from offset 0.
// CHECK-LABEL: func @mark_kernels_whose_buffers_may_overlap
// CHECK:         fovea_kernel.launch @kernel_0_exp
// CHECK:       func private @kernel_0_exp
// CHECK-SAME:    memref<4x8xf32, strided<[8, 1]>>, %{{.*}}: memref<4x8xf32, strided<[8, 1]>>)
// CHECK-SAME:    attributes {fovea_kernel.kernel, fovea_kernel.may_alias}
func.func @mark_kernels_whose_buffers_may_overlap(%z: memref<8x8xf32>) attributes {fovea.entry} {
  %a = memref.subview %z[0, 0] [4, 8] [1, 1] : memref<8x8xf32> to !low
  %b = memref.subview %z[4, 0] [4, 8] [1, 1] : memref<8x8xf32> to !high
  linalg.exp ins(%a : !low) outs(%b : !high)
  return
}

// -----

// CHECK-LABEL: func @do_not_outline_from_other_functions
// CHECK-NEXT:    linalg.exp
// CHECK-NOT:     fovea_kernel.launch
func.func @do_not_outline_from_other_functions(%x: memref<4xf32>) {
  linalg.exp ins(%x : memref<4xf32>) outs(%x : memref<4xf32>)
  return
}

// -----

// One kernel and one launch, which keeps the nodes. The two buffers are apart: nothing is marked.
// CHECK-LABEL: func @outline_groups_of_rows
// CHECK:         fovea_kernel.launch @kernel_0_rows
// CHECK-SAME:    {fovea.computations = ["first", "second"]}
// CHECK-NOT:     fovea_kernel.launch
// CHECK:       func private @kernel_0_rows
// CHECK-SAME:    attributes {fovea_kernel.kernel} {
// CHECK:         fovea_kernel.rows
// CHECK-NEXT:      linalg.exp
// CHECK-NEXT:      linalg.generic
func.func @outline_groups_of_rows(%x: memref<4x8xf32>, %y: memref<4x8xf32>)
    attributes {fovea.entry} {
  %c4 = arith.constant 4 : index
  fovea_kernel.rows %c4 {
    linalg.exp ins(%x : memref<4x8xf32>) outs(%y : memref<4x8xf32>) loc("first")
    memref.copy %y, %x : memref<4x8xf32> to memref<4x8xf32> loc("second")
  }
  return
}
