// RUN: fovea-opt %s -split-input-file -verify-diagnostics

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
func.func @contract_c1_one_map_per_operand(%a: memref<4x4xf32>) {
  // expected-error @+1 {{contract_c1: expected 3 indexing maps, got 2}}
  fovea.contract ins(%a, %a : memref<4x4xf32>, memref<4x4xf32>) outs(%a : memref<4x4xf32>)
      {indexing_maps = [#a, #b]} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      }
  return
}

// -----

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k)[s] -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @contract_c1_no_symbols(%a: memref<4x4xf32>) {
  // expected-error @+1 {{contract_c1: expected an indexing map with 3 dimensions and no symbols}}
  fovea.contract ins(%a, %a : memref<4x4xf32>, memref<4x4xf32>) outs(%a : memref<4x4xf32>)
      {indexing_maps = [#a, #b, #c]} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      }
  return
}

// -----

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m)>
func.func @contract_c1_as_many_results_as_the_rank(%a: memref<4x4xf32>) {
  // expected-error @+1 {{contract_c1: expected 2 results in the map of an operand of type}}
  fovea.contract ins(%a, %a : memref<4x4xf32>, memref<4x4xf32>) outs(%a : memref<4x4xf32>)
      {indexing_maps = [#a, #b, #c]} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      }
  return
}

// -----

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @contract_c1_one_result_per_tensor(%a: tensor<4x4xf32>) {
  // expected-error @+1 {{contract_c1: expected a result of type 'tensor<4x4xf32>'}}
  fovea.contract ins(%a, %a : tensor<4x4xf32>, tensor<4x4xf32>) outs(%a : tensor<4x4xf32>)
      {indexing_maps = [#a, #b, #c]} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      }
  return
}

// -----

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m + n, n)>
func.func @contract_c2(%a: memref<4x4xf32>) {
  // expected-error @+1 {{contract_c2: expected an out map that is a projected permutation}}
  fovea.contract ins(%a, %a : memref<4x4xf32>, memref<4x4xf32>) outs(%a : memref<4x4xf32>)
      {indexing_maps = [#a, #b, #c]} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      }
  return
}

// -----

#a = affine_map<(m, n, k) -> (m, k + 1)>
#b = affine_map<(m, n, k) -> (k * 2, n)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @contract_c3(%a: memref<4x4xf32>) {
  // expected-error @+1 {{contract_c3: expected dimension d2 as a result of its own}}
  fovea.contract ins(%a, %a : memref<4x4xf32>, memref<4x4xf32>) outs(%a : memref<4x4xf32>)
      {indexing_maps = [#a, #b, #c]} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      }
  return
}

// -----

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @contract_c4(%a: memref<4x5xf32>, %b: memref<6x4xf32>, %c: memref<4x4xf32>) {
  // expected-error @+1 {{contract_c4: expected extent 5 for dimension d2, got 6}}
  fovea.contract ins(%a, %b : memref<4x5xf32>, memref<6x4xf32>) outs(%c : memref<4x4xf32>)
      {indexing_maps = [#a, #b, #c]} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      }
  return
}

// -----

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @contract_c5(%a: memref<4x4xf32>) {
  // expected-error @+1 {{contract_c5: expected a capture map over the out map's dimensions}}
  fovea.contract ins(%a, %a : memref<4x4xf32>, memref<4x4xf32>) captures(%a : memref<4x4xf32>)
      outs(%a : memref<4x4xf32>) {indexing_maps = [#a, #b, #a, #c]} epilogue {
      ^bb0(%sum: f32, %x: f32):
        fovea.yield %sum : f32
      }
  return
}

// -----

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @contract_c6_one_element_type(%a: memref<4x4xf32>, %b: memref<4x4xi32>) {
  // expected-error @+1 {{contract_c6: expected lhs and rhs of one element type}}
  fovea.contract ins(%a, %b : memref<4x4xf32>, memref<4x4xi32>) outs(%a : memref<4x4xf32>)
      {indexing_maps = [#a, #b, #c]} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      }
  return
}

// -----

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @contract_c6_no_i16(%a: memref<4x4xi16>) {
  // expected-error @+1 {{contract_c6: expected lhs and rhs of one element type}}
  fovea.contract ins(%a, %a : memref<4x4xi16>, memref<4x4xi16>) outs(%a : memref<4x4xi16>)
      {indexing_maps = [#a, #b, #c]} epilogue {
      ^bb0(%sum: i16):
        fovea.yield %sum : i16
      }
  return
}

// -----

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @contract_c7_takes_the_sum(%a: memref<4x4xf16>) {
  // expected-error @+1 {{contract_c7: expected region arguments ('f32'), got ('f16')}}
  fovea.contract ins(%a, %a : memref<4x4xf16>, memref<4x4xf16>) outs(%a : memref<4x4xf16>)
      {indexing_maps = [#a, #b, #c]} epilogue {
      ^bb0(%sum: f16):
        fovea.yield %sum : f16
      }
  return
}

// -----

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @contract_c7_yields_an_element(%a: memref<4x4xf16>) {
  // expected-error @+1 {{contract_c7: expected a region that yields one 'f16'}}
  fovea.contract ins(%a, %a : memref<4x4xf16>, memref<4x4xf16>) outs(%a : memref<4x4xf16>)
      {indexing_maps = [#a, #b, #c]} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      }
  return
}

// -----

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @contract_c8_elementwise_operations_only(%a: memref<4x4xf32>) {
  %zero = arith.constant 0 : index
  // expected-error @+1 {{contract_c8: expected only elementwise scalar operations}}
  fovea.contract ins(%a, %a : memref<4x4xf32>, memref<4x4xf32>) outs(%a : memref<4x4xf32>)
      {indexing_maps = [#a, #b, #c]} epilogue {
      ^bb0(%sum: f32):
        // expected-note @+1 {{in this operation}}
        %x = memref.load %a[%zero, %zero] : memref<4x4xf32>
        fovea.yield %x : f32
      }
  return
}

// -----

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @contract_c8_no_outer_values(%a: memref<4x4xf32>, %outer: f32) {
  // expected-error @+1 {{contract_c8: expected a region that uses only its arguments}}
  fovea.contract ins(%a, %a : memref<4x4xf32>, memref<4x4xf32>) outs(%a : memref<4x4xf32>)
      {indexing_maps = [#a, #b, #c]} epilogue {
      ^bb0(%sum: f32):
        %x = arith.addf %sum, %outer : f32
        fovea.yield %x : f32
      }
  return
}

// -----

#a = affine_map<(m, n, k) -> (m + k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @contract_c4_computed_index(%a: memref<6xf32>, %b: memref<4x4xf32>) {
  // expected-error @+1 {{contract_c4: expected indices in [0, 6) for dimension 0}}
  fovea.contract ins(%a, %b : memref<6xf32>, memref<4x4xf32>) outs(%b : memref<4x4xf32>)
      {indexing_maps = [#a, #b, #c]} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      }
  return
}
