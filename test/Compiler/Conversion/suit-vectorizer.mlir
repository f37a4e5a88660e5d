// RUN: fovea-opt %s -fovea-suit-vectorizer | FileCheck %s

// CHECK: #[[NEVER:.*]] = #llvm.loop_unroll<disable = true>
// CHECK: #[[$KEPT:.*]] = #llvm.loop_annotation<unroll = #[[NEVER]]>

// The inner loop of twelve steps is kept, and finds its maximum by LLVM's operation; -0 and +0 are
// alike.
// CHECK-LABEL: func @keep_rows
// CHECK:         scf.for
// CHECK:           %[[MOST:.*]] = scf.for {{.*}} iter_args(%[[SO:.*]] = %{{.*}})
// CHECK-NEXT:        %[[X:.*]] = memref.load
// CHECK-NEXT:        %[[NEXT:.*]] = llvm.intr.maximum(%[[X]], %[[SO]])
// CHECK-SAME:          {fastmathFlags = #llvm.fastmath<nsz>}
// CHECK-NEXT:        scf.yield %[[NEXT]]
// CHECK-NEXT:      } {llvm.loop_annotation = #[[$KEPT]]}
// CHECK-NEXT:      memref.store %[[MOST]]
// CHECK-NEXT:    }
// CHECK-NEXT:    return
func.func @keep_rows(%x: memref<6x12xf32>, %y: memref<6xf32>, %low: f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c6 = arith.constant 6 : index
  %c12 = arith.constant 12 : index
  scf.for %i = %c0 to %c6 step %c1 {
    %most = scf.for %j = %c0 to %c12 step %c1 iter_args(%so = %low) -> f32 {
      %v = memref.load %x[%i, %j] : memref<6x12xf32>
      %next = arith.maximumf %v, %so : f32
      scf.yield %next : f32
    }
    memref.store %most, %y[%i] : memref<6xf32>
  }
  return
}

// Of 8 steps LLVM makes vectors across the loop around them; loops of vectors are as they should
// be.
// CHECK-LABEL: func @leave_others
// CHECK-NOT:     llvm.loop_annotation
func.func @leave_others(%x: memref<64xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %c12 = arith.constant 12 : index
  %c16 = arith.constant 16 : index
  %c64 = arith.constant 64 : index
  scf.for %i = %c0 to %c8 step %c1 {
    %v = memref.load %x[%i] : memref<64xf32>
    memref.store %v, %x[%c8] : memref<64xf32>
  }
  scf.for %i = %c0 to %c12 step %c1 {
    %v = vector.load %x[%i] : memref<64xf32>, vector<16xf32>
    vector.store %v, %x[%c16] : memref<64xf32>, vector<16xf32>
  }
  scf.for %i = %c0 to %c64 step %c16 {
    %v = memref.load %x[%i] : memref<64xf32>
    memref.store %v, %x[%c8] : memref<64xf32>
  }
  return
}

// What is used besides stays as it is; so does a maximum of another loop's value, and one of f16,
// which is computed in f32.
// CHECK-LABEL: func @leave_maxima
// CHECK-NOT:     llvm.intr
func.func @leave_maxima(%x: memref<64xf32>, %h: memref<64xf16>, %low: f32, %short: f16) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  %most, %shortest = scf.for %i = %c0 to %c64 step %c1 iter_args(%so = %low, %s = %short)
      -> (f32, f16) {
    %v = memref.load %x[%i] : memref<64xf32>
    %next = arith.maximumf %v, %so : f32
    memref.store %next, %x[%i] : memref<64xf32>
    %w = memref.load %h[%i] : memref<64xf16>
    %less = arith.minimumf %w, %s : f16
    scf.yield %next, %less : f32, f16
  }
  return %most : f32
}
