// RUN: fovea-opt %s -fovea-lower-product | FileCheck %s

// CHECK: #[[$UNROLL:.*]] = #llvm.loop_unroll<disable = true>
// CHECK: #[[$KEPT:.*]] = #llvm.loop_annotation<unroll = #[[$UNROLL]]>

// CHECK-LABEL: func @rows_share_the_panel
// CHECK-SAME:    %[[A:[a-z0-9]+]]: memref<?x?xf32>, %[[B:[a-z0-9]+]]: memref<?x8xf32>,
// CHECK-SAME:    %[[C:[a-z0-9]+]]: memref<?x8xf32>,
// CHECK-SAME:    %[[R:[a-z0-9]+]]: index, %[[K:[a-z0-9]+]]: index
// CHECK:         %[[NEXT:.*]] = arith.addi %[[R]]
// CHECK:         %[[ZERO:.*]] = arith.constant dense<0.000000e+00> : vector<8xf32>
// CHECK:         %[[STEPS:.*]] = arith.constant 4
// CHECK:         %[[REST:.*]] = arith.remui %[[K]], %[[STEPS]]
// CHECK:         %[[WHOLE:.*]] = arith.subi %[[K]], %[[REST]]
// CHECK:         %[[MOST:.*]]:2 = scf.for %[[I:.*]] = %{{.*}} to %[[WHOLE]]
// CHECK-SAME:      iter_args(%[[S0:.*]] = %[[ZERO]], %[[S1:.*]] = %[[ZERO]])
// CHECK:           %[[PANEL:.*]] = vector.load %[[B]][%[[I]]
// CHECK:           memref.load %[[A]][%[[R]], %[[I]]]
// CHECK:           vector.fma %{{.*}}, %[[PANEL]], %[[S0]]
// CHECK:           memref.load %[[A]][%[[NEXT]], %[[I]]]
// CHECK:           vector.fma %{{.*}}, %[[PANEL]], %[[S1]]
// CHECK-COUNT-6:   vector.fma
// CHECK-NOT:       vector.fma
// CHECK:           scf.yield
// CHECK:         %[[SUMS:.*]]:2 = scf.for %{{.*}} = %[[WHOLE]] to %[[K]]
// CHECK-SAME:      iter_args(%{{.*}} = %[[MOST]]#0, %{{.*}} = %[[MOST]]#1)
// CHECK-COUNT-2:   vector.fma
// CHECK-NOT:       vector.fma
// CHECK:           scf.yield
// CHECK:         vector.store %[[SUMS]]#0, %[[C]][%[[R]]
// CHECK:         vector.store %[[SUMS]]#1, %[[C]][%[[NEXT]]
// CHECK-NOT:     fovea_kernel.product
func.func @rows_share_the_panel(%a: memref<?x?xf32>, %b: memref<?x8xf32>, %c: memref<?x8xf32>,
    %r: index, %k: index) {
  %c0 = arith.constant 0 : index
  fovea_kernel.product %a, %b row %r depth %k rows 2 vectors 1 lanes 8 finish {
  ^bb0(%row: index, %v: vector<8xf32>):
    vector.store %v, %c[%row, %c0] : memref<?x8xf32>, vector<8xf32>
    fovea_kernel.yield
  } : memref<?x?xf32>, memref<?x8xf32>
  return
}

// CHECK-LABEL: func @turns_of_a_known_depth
// CHECK:         scf.for
// CHECK-COUNT-4:   vector.fma
// CHECK:         scf.for
// CHECK-COUNT-1:   vector.fma
// CHECK-NOT:     vector.fma
// CHECK-LABEL: func @whole_turns_of_a_known_depth
// CHECK:         scf.for
// CHECK-NOT:     scf.for
// CHECK-LABEL: func @less_than_a_turn
// CHECK:         scf.for
// CHECK-COUNT-1:   vector.fma
// CHECK-NOT:     vector.fma
func.func @turns_of_a_known_depth(%a: memref<?x?xf32>, %b: memref<?x8xf32>) {
  %c0 = arith.constant 0 : index
  %k = arith.constant 6 : index
  fovea_kernel.product %a, %b row %c0 depth %k rows 1 vectors 1 lanes 8 finish {
  ^bb0(%row: index, %v: vector<8xf32>):
    fovea_kernel.yield
  } : memref<?x?xf32>, memref<?x8xf32>
  return
}
func.func @whole_turns_of_a_known_depth(%a: memref<?x?xf32>, %b: memref<?x8xf32>) {
  %c0 = arith.constant 0 : index
  %k = arith.constant 64 : index
  fovea_kernel.product %a, %b row %c0 depth %k rows 1 vectors 1 lanes 8 finish {
  ^bb0(%row: index, %v: vector<8xf32>):
    fovea_kernel.yield
  } : memref<?x?xf32>, memref<?x8xf32>
  return
}
func.func @less_than_a_turn(%a: memref<?x?xf32>, %b: memref<?x8xf32>) {
  %c0 = arith.constant 0 : index
  %k = arith.constant 3 : index
  fovea_kernel.product %a, %b row %c0 depth %k rows 1 vectors 1 lanes 8 finish {
  ^bb0(%row: index, %v: vector<8xf32>):
    fovea_kernel.yield
  } : memref<?x?xf32>, memref<?x8xf32>
  return
}

// CHECK-LABEL: func @rows_hand_on_what_they_carry
// CHECK-SAME:    %[[MOST:[a-z0-9]*]]: vector<8xf32>
// CHECK:         %[[SUMS:.*]]:2 = scf.for
// CHECK:         %[[SUMS:.*]]:2 = scf.for
// CHECK:         %[[FIRST:.*]] = arith.maxnumf %[[SUMS]]#0, %[[MOST]]
// CHECK:         %[[LAST:.*]] = arith.maxnumf %[[SUMS]]#1, %[[FIRST]]
// CHECK:         return %[[LAST]]
func.func @rows_hand_on_what_they_carry(%a: memref<?x?xf32>, %b: memref<?x8xf32>, %k: index,
    %most: vector<8xf32>) -> vector<8xf32> {
  %c0 = arith.constant 0 : index
  %0 = fovea_kernel.product %a, %b row %c0 depth %k rows 2 vectors 1 lanes 8
      carry(%most : vector<8xf32>) finish {
  ^bb0(%row: index, %v: vector<8xf32>, %m: vector<8xf32>):
    %next = arith.maxnumf %v, %m : vector<8xf32>
    fovea_kernel.yield %next : vector<8xf32>
  } : memref<?x?xf32>, memref<?x8xf32>
  return %0 : vector<8xf32>
}

// CHECK-LABEL: func @start_from_init
// CHECK-SAME:    %{{.*}}: memref<?x?xf32>, %{{.*}}: memref<?x16xf32>, %[[C:.*]]: memref<?x16xf32>
// CHECK:         %[[V:.*]] = vector.load %[[C]]
// CHECK:         %[[W:.*]] = vector.load %[[C]]
// CHECK:         scf.for
// CHECK-SAME:      iter_args(%{{.*}} = %[[V]], %{{.*}} = %[[W]])
func.func @start_from_init(%a: memref<?x?xf32>, %b: memref<?x16xf32>, %c: memref<?x16xf32>,
    %k: index) {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  fovea_kernel.product %a, %b row %c0 depth %k rows 1 vectors 2 lanes 8 init {
  ^bb0(%row: index):
    %v = vector.load %c[%row, %c0] : memref<?x16xf32>, vector<8xf32>
    %w = vector.load %c[%row, %c8] : memref<?x16xf32>, vector<8xf32>
    fovea_kernel.yield %v, %w : vector<8xf32>, vector<8xf32>
  } finish {
  ^bb0(%row: index, %v: vector<8xf32>, %w: vector<8xf32>):
    vector.store %v, %c[%row, %c0] : memref<?x16xf32>, vector<8xf32>
    fovea_kernel.yield
  } : memref<?x?xf32>, memref<?x16xf32>
  return
}

// CHECK-LABEL: func @widen_half_precision_rows
// CHECK:         %[[HALF:.*]] = memref.load %{{.*}} : memref<?x?xf16>
// CHECK-NEXT:    %[[WIDE:.*]] = arith.extf %[[HALF]] : f16 to f32
// CHECK-NEXT:    vector.broadcast %[[WIDE]] : f32 to vector<8xf32>
func.func @widen_half_precision_rows(%a: memref<?x?xf16>, %b: memref<?x8xf32>, %k: index) {
  %c0 = arith.constant 0 : index
  fovea_kernel.product %a, %b row %c0 depth %k rows 1 vectors 1 lanes 8 finish {
  ^bb0(%row: index, %v: vector<8xf32>):
    fovea_kernel.yield
  } : memref<?x?xf16>, memref<?x8xf32>
  return
}

// Pairs of bf16 are two f32 by a shift and a mask; the shuffles that put their sums in order stand
// behind the loop. A vector without a second one is widened.
// CHECK-LABEL: func @panel_of_bf16
// CHECK:         scf.for
// CHECK:           vector.load %{{.*}} : memref<4x24xbf16>, vector<16xbf16>
// CHECK:           vector.bitcast %{{.*}} : vector<16xbf16> to vector<8xi32>
// CHECK:           arith.shli
// CHECK:           arith.andi
// CHECK:           arith.extf %{{.*}} : vector<8xbf16> to vector<8xf32>
// CHECK-NOT:       vector.shuffle
// CHECK:           scf.yield
// CHECK:         vector.shuffle {{.*}} [0, 8, 1, 9, 2, 10, 3, 11]
// CHECK:         vector.shuffle {{.*}} [4, 12, 5, 13, 6, 14, 7, 15]
// CHECK-NOT:     vector.shuffle
// CHECK:         return
func.func @panel_of_bf16(%a: memref<?x?xf32>, %b: memref<4x24xbf16>, %c: memref<?x24xf32>) {
  %c0 = arith.constant 0 : index
  %k = arith.constant 4 : index
  fovea_kernel.product %a, %b row %c0 depth %k rows 1 vectors 3 lanes 8 finish {
  ^bb0(%row: index, %u: vector<8xf32>, %v: vector<8xf32>, %w: vector<8xf32>):
    vector.store %u, %c[%row, %c0] : memref<?x24xf32>, vector<8xf32>
    fovea_kernel.yield
  } : memref<?x?xf32>, memref<4x24xbf16>
  return
}

// CHECK-LABEL: func @asks_for_a_row_a_step
// CHECK-SAME:    %[[NEXT:[a-z0-9]+]]: memref<?x32xf32>, %[[SOON:[a-z0-9]+]]: memref<?x8xf32>
// CHECK:         scf.for %[[I:[a-z0-9]+]] =
// CHECK-NEXT:      llvm.inline_asm has_side_effects "", "~{memory}"
// CHECK:           memref.prefetch %[[NEXT]][%[[I]], %{{.*}}], read, locality<3>, data
// CHECK:           memref.prefetch %[[NEXT]][%[[I]], %{{.*}}], read
// CHECK-NOT:       memref.prefetch %[[NEXT]][%[[I]]
// CHECK:           memref.prefetch %[[SOON]][%[[I]], %{{.*}}], read
// CHECK:           llvm.inline_asm
// CHECK:           scf.yield
func.func @asks_for_a_row_a_step(%next: memref<?x32xf32>, %soon: memref<?x8xf32>,
    %a: memref<?x?xf32>, %b: memref<4x8xf32>) {
  %c0 = arith.constant 0 : index
  %k = arith.constant 4 : index
  fovea_kernel.product %a, %b row %c0 depth %k rows 1 vectors 1 lanes 8
      ahead(%next, %soon : memref<?x32xf32>, memref<?x8xf32>) finish {
  ^bb0(%row: index, %v: vector<8xf32>):
    fovea_kernel.yield
  } : memref<?x?xf32>, memref<4x8xf32>
  return
}

// A turn reads at most 1024 bytes of the panel where few rows leave nothing but its way to the
// registers to wait for, and LLVM does not unroll it; a loop of single steps it may.
// CHECK-LABEL: func @turns_by_bytes
// CHECK:         scf.for
// CHECK-COUNT-12:  vector.fma
// CHECK-NOT:       vector.fma
// CHECK:         } {llvm.loop_annotation = #[[$KEPT]]}
// CHECK:         scf.for
// CHECK-COUNT-6:   vector.fma
// CHECK-NOT:       vector.fma
// CHECK-NOT:     llvm.loop_annotation
// CHECK-LABEL: func @do_not_annotate_turns_of_many_rows
// CHECK:         scf.for
// CHECK-COUNT-20:  vector.fma
// CHECK-NOT:     llvm.loop_annotation
func.func @turns_by_bytes(%a: memref<?x?xf32>, %b: memref<?x96xf32>) {
  %c0 = arith.constant 0 : index
  %k = arith.constant 65 : index
  fovea_kernel.product %a, %b row %c0 depth %k rows 1 vectors 6 lanes 16 finish {
  ^bb0(%row: index, %u: vector<16xf32>, %v: vector<16xf32>, %w: vector<16xf32>,
      %x: vector<16xf32>, %y: vector<16xf32>, %z: vector<16xf32>):
    fovea_kernel.yield
  } : memref<?x?xf32>, memref<?x96xf32>
  return
}
func.func @do_not_annotate_turns_of_many_rows(%a: memref<?x?xf32>, %b: memref<?x16xf32>) {
  %c0 = arith.constant 0 : index
  %k = arith.constant 64 : index
  fovea_kernel.product %a, %b row %c0 depth %k rows 5 vectors 1 lanes 16 finish {
  ^bb0(%row: index, %v: vector<16xf32>):
    fovea_kernel.yield
  } : memref<?x?xf32>, memref<?x16xf32>
  return
}

// Words of two steps: both come from one row of the panel, by a shift and by a mask, and nothing is
// shuffled.
// CHECK-LABEL: func @panel_of_steps_in_pairs
// CHECK:         scf.for %[[K:[a-z0-9]+]] =
// CHECK:           %[[W:.*]] = arith.divui %[[K]]
// CHECK:           vector.load %{{.*}}[%[[W]], %{{.*}}] : memref<4x96xbf16>, vector<32xbf16>
// CHECK:           %[[EVEN:.*]] = arith.bitcast %{{.*}} : vector<16xi32> to vector<16xf32>
// CHECK:           vector.fma %{{.*}}, %[[EVEN]], %{{.*}} : vector<16xf32>
// CHECK:           scf.yield
// CHECK-NOT:     vector.shuffle
// CHECK:         return
func.func @panel_of_steps_in_pairs(%a: memref<?x?xf32>, %b: memref<4x96xbf16>,
    %c: memref<?x48xf32>) {
  %c0 = arith.constant 0 : index
  %k = arith.constant 8 : index
  fovea_kernel.product %a, %b row %c0 depth %k rows 1 vectors 3 lanes 16 chains 4 finish {
  ^bb0(%row: index, %u: vector<16xf32>, %v: vector<16xf32>, %w: vector<16xf32>):
    vector.store %u, %c[%row, %c0] : memref<?x48xf32>, vector<16xf32>
    fovea_kernel.yield
  } : memref<?x?xf32>, memref<4x96xbf16>
  return
}
