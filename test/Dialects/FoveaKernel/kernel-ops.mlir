// RUN: fovea-opt %s | fovea-opt | FileCheck %s

// CHECK-LABEL: func @parallel
// CHECK-SAME:    %[[N:.*]]: index
// CHECK:         fovea_kernel.parallel %[[N]] {
// CHECK-NEXT:    ^bb0(%{{.*}}: index):
func.func @parallel(%n: index) {
  fovea_kernel.parallel %n {
  ^bb0(%task: index):
    fovea_kernel.yield
  }
  return
}

// CHECK-LABEL: func @scratch
// CHECK:         fovea_kernel.scratch : memref<96x64xf32>
func.func @scratch() {
  %s = fovea_kernel.scratch : memref<96x64xf32>
  return
}

// CHECK-LABEL: func @product
// CHECK:         fovea_kernel.product %{{.*}}, %{{.*}} row %{{[a-z0-9]+}} depth %{{[a-z0-9]+}}
// CHECK-SAME:      rows 6 vectors 4 lanes 16 finish {
// CHECK:         ^bb0(%{{.*}}: index, %[[V:[a-z0-9]+]]: vector<16xf32>, %{{.*}}:
// CHECK:           vector.store %[[V]]
// CHECK:           fovea_kernel.yield
// CHECK:         } : memref<?x?xf32>, memref<?x64xf32>
func.func @product(%a: memref<?x?xf32>, %b: memref<?x64xf32>, %c: memref<?x64xf32>, %r: index,
    %k: index) {
  %c0 = arith.constant 0 : index
  fovea_kernel.product %a, %b row %r depth %k rows 6 vectors 4 lanes 16 finish {
  ^bb0(%row: index, %v0: vector<16xf32>, %v1: vector<16xf32>, %v2: vector<16xf32>,
       %v3: vector<16xf32>):
    vector.store %v0, %c[%row, %c0] : memref<?x64xf32>, vector<16xf32>
    fovea_kernel.yield
  } : memref<?x?xf32>, memref<?x64xf32>
  return
}

// CHECK-LABEL: func @product_that_goes_on_from_a_sum
// CHECK:         fovea_kernel.product
// CHECK-SAME:      rows 2 vectors 1 lanes 8 init {
// CHECK:         ^bb0(%{{.*}}: index):
// CHECK:           fovea_kernel.yield %{{.*}} : vector<8xf32>
// CHECK:         } finish {
// CHECK:         } : memref<?x?xf16, strided<[?, ?], offset: ?>>, memref<4x8xf32>
func.func @product_that_goes_on_from_a_sum(%a: memref<?x?xf16, strided<[?, ?], offset: ?>>,
    %b: memref<4x8xf32>, %c: memref<?x8xf32>, %k: index) {
  %c0 = arith.constant 0 : index
  fovea_kernel.product %a, %b row %c0 depth %k rows 2 vectors 1 lanes 8 init {
  ^bb0(%row: index):
    %v = vector.load %c[%row, %c0] : memref<?x8xf32>, vector<8xf32>
    fovea_kernel.yield %v : vector<8xf32>
  } finish {
  ^bb0(%row: index, %v: vector<8xf32>):
    vector.store %v, %c[%row, %c0] : memref<?x8xf32>, vector<8xf32>
    fovea_kernel.yield
  } : memref<?x?xf16, strided<[?, ?], offset: ?>>, memref<4x8xf32>
  return
}

// CHECK-LABEL: func @product_that_carries_a_maximum
// CHECK:         %{{.*}} = fovea_kernel.product
// CHECK-SAME:      lanes 8 carry(%{{.*}} : vector<8xf32>) finish {
// CHECK:           fovea_kernel.yield %{{.*}} : vector<8xf32>
func.func @product_that_carries_a_maximum(%a: memref<?x?xf32>, %b: memref<4x8xf32>, %k: index,
    %most: vector<8xf32>) -> vector<8xf32> {
  %c0 = arith.constant 0 : index
  %0 = fovea_kernel.product %a, %b row %c0 depth %k rows 2 vectors 1 lanes 8
      carry(%most : vector<8xf32>) finish {
  ^bb0(%row: index, %v: vector<8xf32>, %m: vector<8xf32>):
    %next = arith.maxnumf %v, %m : vector<8xf32>
    fovea_kernel.yield %next : vector<8xf32>
  } : memref<?x?xf32>, memref<4x8xf32>
  return %0 : vector<8xf32>
}

// CHECK-LABEL: func @product_that_asks_for_what_comes_next
// CHECK:         fovea_kernel.product
// CHECK-SAME:      lanes 8 ahead(%{{.*}} : memref<?x16xf32>) finish {
// CHECK:         memref<?x?xf32>, memref<4x8xbf16>
func.func @product_that_asks_for_what_comes_next(%a: memref<?x?xf32>, %b: memref<4x8xbf16>,
    %next: memref<?x16xf32>, %k: index) {
  %c0 = arith.constant 0 : index
  fovea_kernel.product %a, %b row %c0 depth %k rows 2 vectors 1 lanes 8
      ahead(%next : memref<?x16xf32>) finish {
  ^bb0(%row: index, %v: vector<8xf32>):
    fovea_kernel.yield
  } : memref<?x?xf32>, memref<4x8xbf16>
  return
}

func.func private @kernel_0(memref<4x8xf32>, index) attributes {fovea_kernel.kernel}
func.func private @kernel_1() attributes {fovea_kernel.kernel}

// CHECK-LABEL: func @launch
// CHECK-SAME:    %[[A:.*]]: memref<4x8xf32>, %[[N:.*]]: index
// CHECK:         fovea_kernel.launch @kernel_0(%[[A]], %[[N]]) : memref<4x8xf32>, index
// CHECK:         fovea_kernel.launch @kernel_0(%[[A]], %[[N]]) tasks(%[[N]]) : memref
// CHECK:         fovea_kernel.launch @kernel_1()
func.func @launch(%a: memref<4x8xf32>, %n: index) {
  fovea_kernel.launch @kernel_0(%a, %n) : memref<4x8xf32>, index
  fovea_kernel.launch @kernel_0(%a, %n) tasks(%n) : memref<4x8xf32>, index
  fovea_kernel.launch @kernel_1()
  return
}

// CHECK-LABEL: func @buffers
// CHECK-SAME:    %[[N:.*]]: index, %[[OFFSET:.*]]: index
// CHECK:         fovea_kernel.output 0(%[[N]]) : memref<?x8xf32>
// CHECK:         fovea_kernel.output 1() : memref<4xf32>
// CHECK:         fovea_kernel.allocate(%[[N]]) : memref<?x8xf32>
// CHECK:         fovea_kernel.arena %[[OFFSET]] sizes(%[[N]]) : memref<?x8xf32>
// CHECK:         fovea_kernel.symbol 0 : index
func.func @buffers(%n: index, %offset: index) {
  %o = fovea_kernel.output 0 (%n) : memref<?x8xf32>
  %p = fovea_kernel.output 1 () : memref<4xf32>
  %a = fovea_kernel.allocate (%n) : memref<?x8xf32>
  %b = fovea_kernel.arena %offset sizes(%n) : memref<?x8xf32>
  %s = fovea_kernel.symbol 0 : index
  return
}

// CHECK-LABEL: func @view
// CHECK:         %[[P:.*]] = fovea_kernel.call : !llvm.ptr
// CHECK:         fovea_kernel.view %[[P]] sizes(%{{.*}}) : !llvm.ptr -> memref<?x8xf32>
// CHECK:         fovea_kernel.view %[[P]] sizes() strides(%{{.*}}) : !llvm.ptr -> memref<4x8xf32
func.func @view(%n: index) {
  %p = fovea_kernel.call : !llvm.ptr
  %m = fovea_kernel.view %p sizes(%n) : !llvm.ptr -> memref<?x8xf32>
  %s = fovea_kernel.view %p sizes() strides(%n) : !llvm.ptr -> memref<4x8xf32, strided<[?, 1]>>
  return
}

// CHECK-LABEL: func @steps
// CHECK:         fovea_kernel.steps : index
// CHECK:         fovea_kernel.leave_unless %{{.*}} of %{{.*}}
func.func @steps(%on: i1, %i: index) {
  %n = fovea_kernel.steps : index
  fovea_kernel.leave_unless %on of %i
  return
}

// CHECK-LABEL: func @sections
// CHECK:         fovea_kernel.sections {
// CHECK-NEXT:      fovea_kernel.launch @plain
// CHECK-NEXT:    }, {
// CHECK-NEXT:      fovea_kernel.launch @plain
// CHECK-NEXT:    }
func.func @sections() {
  fovea_kernel.sections {
    fovea_kernel.launch @plain()
  }, {
    fovea_kernel.launch @plain()
  }
  return
}
func.func private @plain() attributes {fovea_kernel.kernel} {
  return
}

// CHECK-LABEL: func @rows
// CHECK:         fovea_kernel.rows %{{.*}} {
// CHECK-NEXT:      memref.copy
// CHECK-NEXT:      memref.copy
// CHECK-NEXT:    }
func.func @rows(%n: index, %a: memref<?x8xf32>, %b: memref<?x8xf32>) {
  fovea_kernel.rows %n {
    memref.copy %a, %b : memref<?x8xf32> to memref<?x8xf32>
    memref.copy %b, %a : memref<?x8xf32> to memref<?x8xf32>
  }
  return
}

// CHECK-LABEL: func @grid
// CHECK:         fovea_kernel.grid %{{.*}} threads(128) {
// CHECK-NEXT:    ^bb0(%{{.*}}: index, %{{.*}}: index):
// CHECK:           fovea_kernel.rebase %{{.*}} -> memref<8xf32, strided<[1]>>
// CHECK-NEXT:      fovea_kernel.meet
// CHECK-NEXT:      fovea_kernel.keep from(%{{.*}} : memref<8xf32, strided<[1]>>) {
func.func @grid(%n: index, %row: memref<8xf32, strided<[1], offset: ?>>) {
  fovea_kernel.grid %n threads(128) {
  ^bb0(%block: index, %thread: index):
    %a = fovea_kernel.rebase %row
        : memref<8xf32, strided<[1], offset: ?>> -> memref<8xf32, strided<[1]>>
    fovea_kernel.meet
    fovea_kernel.keep from(%a : memref<8xf32, strided<[1]>>) {
    }
  }
  return
}
