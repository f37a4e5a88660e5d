// RUN: fovea-opt %s -split-input-file -fovea-form-sections | FileCheck %s

// Halves of one buffer are apart. What the second loop needs comes before both, a copy of what the
// first has made behind both, and a copy of a buffer to itself is none.
// CHECK-LABEL: func @form_sections
// CHECK-SAME:    %[[IN:[a-z0-9]+]]: memref<8xf32>
// CHECK:         %[[OUT:.*]] = memref.alloc() : memref<2x8xf32>
// CHECK:         %[[LEFT:.*]] = memref.subview %[[OUT]][0, 0]
// CHECK:         %[[WHOLE:.*]] = memref.subview %[[OUT]][0, 0]
// CHECK:         %[[RIGHT:.*]] = memref.subview %[[OUT]][1, 0]
// CHECK:         memref.copy %[[IN]], %[[H:.*]] :
// CHECK:         fovea_kernel.sections {
// CHECK-NEXT:      scf.for
// CHECK-NEXT:        linalg.exp ins(%[[IN]] : {{.*}} outs(%[[LEFT]] :
// CHECK:         }, {
// CHECK-NEXT:      scf.for
// CHECK-NEXT:        linalg.exp ins(%[[H]] : {{.*}} outs(%[[RIGHT]] :
// CHECK:         memref.copy %[[WHOLE]], %{{.*}}
// CHECK-NOT:     memref.copy
// CHECK:         return
func.func @form_sections(%in: memref<8xf32>, %t: index) attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %out = memref.alloc() : memref<2x8xf32>
  %saved = memref.alloc() : memref<1x8xf32>
  %left = memref.subview %out[0, 0] [1, 8] [1, 1]
      : memref<2x8xf32> to memref<8xf32, strided<[1]>>
  %whole = memref.subview %out[0, 0] [1, 8] [1, 1]
      : memref<2x8xf32> to memref<1x8xf32, strided<[8, 1]>>
  scf.for %i = %c0 to %t step %c1 {
    linalg.exp ins(%in : memref<8xf32>) outs(%left : memref<8xf32, strided<[1]>>)
  }
  memref.copy %whole, %saved : memref<1x8xf32, strided<[8, 1]>> to memref<1x8xf32>
  memref.copy %left, %left : memref<8xf32, strided<[1]>> to memref<8xf32, strided<[1]>>
  %right = memref.subview %out[1, 0] [1, 8] [1, 1]
      : memref<2x8xf32> to memref<8xf32, strided<[1], offset: 8>>
  %h = memref.alloc() : memref<8xf32>
  memref.copy %in, %h : memref<8xf32> to memref<8xf32>
  scf.for %i = %c0 to %t step %c1 {
    linalg.exp ins(%h : memref<8xf32>) outs(%right : memref<8xf32, strided<[1], offset: 8>>)
  }
  return
}

// -----

// Three loops, the second of which needs the first: the first and the last share nothing, but what
// lies between would have to come behind the last.
// CHECK-LABEL: func @do_not_form_sections_of_dependent_loops
// CHECK-NOT:     sections
func.func @do_not_form_sections_of_dependent_loops(%t: index) attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = memref.alloc() : memref<8xf32>
  %b = memref.alloc() : memref<8xf32>
  scf.for %i = %c0 to %t step %c1 {
    linalg.exp ins(%a : memref<8xf32>) outs(%a : memref<8xf32>)
  }
  scf.for %i = %c0 to %t step %c1 {
    linalg.exp ins(%a : memref<8xf32>) outs(%b : memref<8xf32>)
  }
  scf.for %i = %c0 to %t step %c1 {
    linalg.exp ins(%b : memref<8xf32>) outs(%b : memref<8xf32>)
  }
  return
}

// -----

// CHECK-LABEL: func @do_not_form_sections_through_a_copy
// CHECK-NOT:     sections
func.func @do_not_form_sections_through_a_copy(%t: index) attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = memref.alloc() : memref<8xf32>
  %b = memref.alloc() : memref<8xf32>
  scf.for %i = %c0 to %t step %c1 {
    linalg.exp ins(%a : memref<8xf32>) outs(%a : memref<8xf32>)
  }
  memref.copy %a, %b : memref<8xf32> to memref<8xf32>
  scf.for %i = %c0 to %t step %c1 {
    linalg.exp ins(%b : memref<8xf32>) outs(%b : memref<8xf32>)
  }
  return
}

// -----

// Slices that overlap, and such of which only the run knows where they start.
// CHECK-LABEL: func @do_not_form_sections_of_overlapping_slices
// CHECK-NOT:     sections
func.func @do_not_form_sections_of_overlapping_slices(%t: index, %at: index)
    attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = memref.alloc() : memref<16xf32>
  %low = memref.subview %a[0] [9] [1] : memref<16xf32> to memref<9xf32, strided<[1]>>
  %high = memref.subview %a[8] [8] [1] : memref<16xf32> to memref<8xf32, strided<[1], offset: 8>>
  %any = memref.subview %a[%at] [4] [1] : memref<16xf32> to memref<4xf32, strided<[1], offset: ?>>
  scf.for %i = %c0 to %t step %c1 {
    linalg.exp ins(%low : memref<9xf32, strided<[1]>>) outs(%low : memref<9xf32, strided<[1]>>)
  }
  scf.for %i = %c0 to %t step %c1 {
    linalg.exp ins(%high : memref<8xf32, strided<[1], offset: 8>>)
        outs(%high : memref<8xf32, strided<[1], offset: 8>>)
  }
  scf.for %i = %c0 to %t step %c1 {
    linalg.exp ins(%any : memref<4xf32, strided<[1], offset: ?>>)
        outs(%any : memref<4xf32, strided<[1], offset: ?>>)
  }
  return
}

// -----

// CHECK-LABEL: func @do_not_form_sections_of_other_steps_or_checks
// CHECK-NOT:     sections
func.func @do_not_form_sections_of_other_steps_or_checks(%t: index, %u: index)
    attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = memref.alloc() : memref<8xf32>
  %b = memref.alloc() : memref<8xf32>
  %ok = arith.cmpi slt, %t, %u : index
  scf.for %i = %c0 to %t step %c1 {
    linalg.exp ins(%a : memref<8xf32>) outs(%a : memref<8xf32>)
  }
  scf.for %i = %c0 to %u step %c1 {
    linalg.exp ins(%b : memref<8xf32>) outs(%b : memref<8xf32>)
  }
  fovea.require %ok, %t, %u fault length node "lstm"
  scf.for %i = %c0 to %u step %c1 {
    linalg.exp ins(%a : memref<8xf32>) outs(%a : memref<8xf32>)
  }
  return
}
