// RUN: fovea-opt %s -split-input-file -verify-diagnostics

func.func @parallel_c1(%n: index) {
  // expected-error @+1 {{parallel_c1: expected a body that takes one index}}
  fovea_kernel.parallel %n {
  ^bb0(%task: i64):
    fovea_kernel.yield
  }
  return
}

// -----

func.func private @kernel(memref<4xf32>) attributes {fovea_kernel.kernel}

func.func @launch_c2(%a: memref<4xf32>, %c: memref<i1>) {
  // expected-error @+1 {{launch_c2: expected a value of each condition, got 2 for 1}}
  fovea_kernel.launch @kernel(%a) when(%c) is [true, false] : memref<4xf32>
  return
}

// -----

func.func @grid_c1(%n: index) {
  // expected-error @+1 {{grid_c1: expected a body that takes two indices}}
  fovea_kernel.grid %n threads(128) {
  ^bb0(%block: index):
    fovea_kernel.yield
  }
  return
}

// -----

func.func @grid_c2(%n: index) {
  // expected-error @+1 {{grid_c2: expected a multiple of 32 threads, from 32 to 1024, got 100}}
  fovea_kernel.grid %n threads(100) {
  ^bb0(%block: index, %thread: index):
    fovea_kernel.yield
  }
  return
}

// -----

func.func @scratch_c1_static_shape() {
  // expected-error @+1 {{scratch_c1: expected a static shape and the identity layout}}
  %s = fovea_kernel.scratch : memref<?x64xf32>
  return
}

// -----

func.func @scratch_c1_identity_layout() {
  // expected-error @+1 {{scratch_c1: expected a static shape and the identity layout}}
  %s = fovea_kernel.scratch : memref<4x64xf32, strided<[128, 1]>>
  return
}

// -----

func.func @product_c1_rank_2(%a: memref<?xf32>, %b: memref<?x8xf32>, %k: index) {
  // expected-error @+1 {{product_c1: expected a panel of f32, f16 or bf16 of width 8 with}}
  fovea_kernel.product %a, %b row %k depth %k rows 2 vectors 1 lanes 8 finish {
  ^bb0(%row: index, %v: vector<8xf32>):
    fovea_kernel.yield
  } : memref<?xf32>, memref<?x8xf32>
  return
}

// -----

func.func @product_c1_width(%a: memref<?x?xf32>, %b: memref<?x?xf32>, %k: index) {
  // expected-error @+1 {{product_c1: expected a panel of f32, f16 or bf16 of width 8 with}}
  fovea_kernel.product %a, %b row %k depth %k rows 2 vectors 1 lanes 8 finish {
  ^bb0(%row: index, %v: vector<8xf32>):
    fovea_kernel.yield
  } : memref<?x?xf32>, memref<?x?xf32>
  return
}

// -----

func.func @product_c1_pairs_of_f32(%a: memref<?x?xf32>, %b: memref<?x16xf32>, %k: index) {
  // expected-error @+1 {{product_c1: expected a panel of f32, f16 or bf16 of width 8 with}}
  fovea_kernel.product %a, %b row %k depth %k rows 1 vectors 1 lanes 8 finish {
  ^bb0(%row: index, %v: vector<8xf32>):
    fovea_kernel.yield
  } : memref<?x?xf32>, memref<?x16xf32>
  return
}

// -----

func.func @product_c1_elements(%a: memref<?x?xf32>, %b: memref<?x8xf64>, %k: index) {
  // expected-error @+1 {{product_c1: expected a panel of f32, f16 or bf16 of width 8 with}}
  fovea_kernel.product %a, %b row %k depth %k rows 2 vectors 1 lanes 8 finish {
  ^bb0(%row: index, %v: vector<8xf32>):
    fovea_kernel.yield
  } : memref<?x?xf32>, memref<?x8xf64>
  return
}

// -----

func.func @product_c1_contiguous(%a: memref<?x?xf32>, %b: memref<4x8xf32, strided<[16, 2]>>,
    %k: index) {
  // expected-error @+1 {{product_c1: expected a panel of f32, f16 or bf16 of width 8 with}}
  fovea_kernel.product %a, %b row %k depth %k rows 2 vectors 1 lanes 8 finish {
  ^bb0(%row: index, %v: vector<8xf32>):
    fovea_kernel.yield
  } : memref<?x?xf32>, memref<4x8xf32, strided<[16, 2]>>
  return
}

// -----

func.func @product_c2_no_rows(%a: memref<?x?xf32>, %b: memref<?x8xf32>, %k: index) {
  // expected-error @+1 {{product_c2: expected at least one row, vector and lane}}
  fovea_kernel.product %a, %b row %k depth %k rows 0 vectors 1 lanes 8 finish {
  ^bb0(%row: index, %v: vector<8xf32>):
    fovea_kernel.yield
  } : memref<?x?xf32>, memref<?x8xf32>
  return
}

// -----

func.func @product_c2_accumulators(%a: memref<?x?xf32>, %b: memref<?x8xf32>, %k: index) {
  // expected-error @+1 {{product_c2: expected at least one row, vector and lane and at most 30}}
  fovea_kernel.product %a, %b row %k depth %k rows 31 vectors 1 lanes 8 finish {
  ^bb0(%row: index, %v: vector<8xf32>):
    fovea_kernel.yield
  } : memref<?x?xf32>, memref<?x8xf32>
  return
}

// -----

func.func @product_c3(%a: memref<?x?xf32>, %b: memref<?x8xf32>, %k: index, %v: vector<4xf32>) {
  // expected-error @+1 {{product_c3: expected an init region that takes an index and yields 1}}
  fovea_kernel.product %a, %b row %k depth %k rows 2 vectors 1 lanes 8 init {
  ^bb0(%row: index):
    fovea_kernel.yield %v : vector<4xf32>
  } finish {
  ^bb0(%row: index, %sum: vector<8xf32>):
    fovea_kernel.yield
  } : memref<?x?xf32>, memref<?x8xf32>
  return
}

// -----

func.func @product_c4(%a: memref<?x?xf32>, %b: memref<?x8xf32>, %k: index) {
  // expected-error @+1 {{product_c4: expected a finish region that takes an index, 1}}
  fovea_kernel.product %a, %b row %k depth %k rows 2 vectors 1 lanes 8 finish {
  ^bb0(%row: index, %v: vector<8xf32>, %w: vector<8xf32>):
    fovea_kernel.yield
  } : memref<?x?xf32>, memref<?x8xf32>
  return
}

// -----

func.func @product_c4_carried(%a: memref<?x?xf32>, %b: memref<?x8xf32>, %k: index,
    %m: vector<8xf32>) {
  // expected-error @+1 {{product_c4: expected a finish region that takes an index, 1}}
  %0 = fovea_kernel.product %a, %b row %k depth %k rows 2 vectors 1 lanes 8
      carry(%m : vector<8xf32>) finish {
  ^bb0(%row: index, %v: vector<8xf32>, %w: vector<8xf32>):
    fovea_kernel.yield
  } : memref<?x?xf32>, memref<?x8xf32>
  return
}

// -----

func.func @product_c5(%a: memref<?x?xf32>, %b: memref<?x8xf32>, %k: index) {
  // expected-error @+1 {{product_c5: expected to ask ahead for a matrix of static width}}
  fovea_kernel.product %a, %b row %k depth %k rows 2 vectors 1 lanes 8
      ahead(%a : memref<?x?xf32>) finish {
  ^bb0(%row: index, %v: vector<8xf32>):
    fovea_kernel.yield
  } : memref<?x?xf32>, memref<?x8xf32>
  return
}

// -----

func.func @product_c5_strides(%a: memref<?x?xf32>, %b: memref<?x8xf32>, %k: index,
    %c: memref<6x4x16xf32>) {
  // expected-error @+1 {{or for one whose rows several steps ask for, got 'memref<6x4x16xf32>'}}
  fovea_kernel.product %a, %b row %k depth %k rows 2 vectors 1 lanes 8
      ahead(%c : memref<6x4x16xf32>) finish {
  ^bb0(%row: index, %v: vector<8xf32>):
    fovea_kernel.yield
  } : memref<?x?xf32>, memref<?x8xf32>
  return
}

// -----

func.func private @plain()
func.func @launch_c1_names_a_kernel() {
  // expected-error @+1 {{launch_c1: expected a kernel named plain}}
  fovea_kernel.launch @plain()
  return
}

// -----

func.func private @kernel_0(memref<4x8xf32>) attributes {fovea_kernel.kernel}
func.func @launch_c1_number_of_arguments() {
  // expected-error @+1 {{launch_c1: expected 1 arguments, got 0}}
  fovea_kernel.launch @kernel_0()
  return
}

// -----

func.func private @kernel_0(memref<4x8xf32>) attributes {fovea_kernel.kernel}
func.func @launch_c1_types_of_arguments(%a: memref<4x9xf32>) {
  // expected-error @+1 {{launch_c1: expected an argument of type 'memref<4x8xf32>', got}}
  fovea_kernel.launch @kernel_0(%a) : memref<4x9xf32>
  return
}

// -----

func.func private @kernel_0(memref<4x8xf32>) attributes {fovea_kernel.kernel}
func.func @launch_c1_strides_of_arguments(%a: memref<4x8xf32, strided<[16, 1], offset: ?>>) {
  // expected-error @+1 {{launch_c1: expected an argument of type 'memref<4x8xf32>', got}}
  fovea_kernel.launch @kernel_0(%a) : memref<4x8xf32, strided<[16, 1], offset: ?>>
  return
}

// -----

// expected-error@+2 {{sections_c1: expected at least two sections, got 1}}
func.func @sections_c1() {
  fovea_kernel.sections {
  }
  return
}
