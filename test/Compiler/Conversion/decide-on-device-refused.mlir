// RUN: fovea-opt %s -split-input-file -verify-diagnostics -fovea-decide-on-device

func.func @do_not_guess_sizes(%n: memref<i64> {fovea.name = "n"}) attributes {fovea.entry} {
  %word = memref.load %n[] : memref<i64>
  %size = arith.index_cast %word : i64 to index
  // expected-error @+1 {{a size, a place or a number of steps depends on elements of input 'n'}}
  %x = memref.alloc(%size) : memref<?xf32>
  return
}

// -----

func.func @do_not_guess_steps(%n: memref<i64>, %x: memref<8xf32>) attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %word = memref.load %n[] : memref<i64>
  %count = arith.index_cast %word : i64 to index
  // expected-error @+1 {{a size, a place or a number of steps depends on elements of input 0}}
  scf.for %i = %c0 to %count step %c1 {
    linalg.fill ins(%zero : f32) outs(%x : memref<8xf32>)
  }
  return
}

// -----

func.func @do_not_carry_past_the_end(%on: memref<8xi1>, %x: memref<8xf32>, %y: memref<8xf32>)
    attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  // expected-error @+1 {{what a loop carries that ends early depends on elements of input 0}}
  %r:2 = scf.for %i = %c0 to %c8 step %c1 iter_args(%a = %x, %b = %y)
      -> (memref<8xf32>, memref<8xf32>) {
    %goes = memref.load %on[%i] : memref<8xi1>
    fovea.proceed_if %goes
    linalg.exp ins(%a : memref<8xf32>) outs(%b : memref<8xf32>)
    scf.yield %b, %a : memref<8xf32>, memref<8xf32>
  }
  memref.copy %r#0, %x : memref<8xf32> to memref<8xf32>
  return
}

// -----

func.func @do_not_run_through_without_a_bound(%on: memref<i1>, %x: memref<8xf32>)
    attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %most = arith.constant 9223372036854775807 : index
  %zero = arith.constant 0.0 : f32
  // expected-error @+1 {{the end of a loop without a bound depends on elements of input 0}}
  scf.for %i = %c0 to %most step %c1 {
    %goes = memref.load %on[] : memref<i1>
    fovea.proceed_if %goes
    linalg.fill ins(%zero : f32) outs(%x : memref<8xf32>)
  }
  return
}

// -----

func.func @do_not_take_the_size_of_one_branch(%on: memref<i1>, %x: memref<?xf32>, %n: index)
    attributes {fovea.entry} {
  %zero = arith.constant 0.0 : f32
  %is = memref.load %on[] : memref<i1>
  // expected-error @+1 {{the size of what a condition chooses depends on elements of input 0}}
  %r = scf.if %is -> (memref<?xf32>) {
    %own = memref.alloc(%n) : memref<?xf32>
    linalg.fill ins(%zero : f32) outs(%own : memref<?xf32>)
    scf.yield %own : memref<?xf32>
  } else {
    scf.yield %x : memref<?xf32>
  }
  memref.copy %r, %x : memref<?xf32> to memref<?xf32>
  return
}
