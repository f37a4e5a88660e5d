// RUN: fovea-opt %s | fovea-opt | FileCheck %s

// CHECK: fovea.weight @w from "model.safetensors" offset 1024 : tensor<384x384xf32>
fovea.weight @w from "model.safetensors" offset 1024 : tensor<384x384xf32>

// CHECK: fovea.weight @start from "model.safetensors" : tensor<3x20x8xf32>
fovea.weight @start from "model.safetensors" : tensor<3x20x8xf32>

// CHECK: fovea.weight @panels from "" packs @start <width = 16, n = [1], k = [2]>
// CHECK-SAME: : tensor<3x2x8x16xf32>
fovea.weight @panels from "" packs @start <width = 16, n = [1], k = [2]> : tensor<3x2x8x16xf32>

// CHECK: fovea.weight @both from "" joins [@forget, @update] : tensor<2x8x4xf32>
fovea.weight @forget from "model.safetensors" : tensor<8x4xf32>
fovea.weight @update from "model.safetensors" offset 128 : tensor<8x4xf32>
fovea.weight @both from "" joins [@forget, @update] : tensor<2x8x4xf32>

// CHECK-LABEL: func @get_weight
// CHECK:         fovea.get_weight @w : tensor<384x384xf32>
// CHECK:         fovea.get_weight @start : memref<3x20x8xf32>
func.func @get_weight() -> (tensor<384x384xf32>, memref<3x20x8xf32>) {
  %w = fovea.get_weight @w : tensor<384x384xf32>
  %s = fovea.get_weight @start : memref<3x20x8xf32>
  return %w, %s : tensor<384x384xf32>, memref<3x20x8xf32>
}

// CHECK-LABEL: func @checked_index
// CHECK-SAME:    %[[RAW:[a-z0-9]+]]: i64, %[[SMALL:[a-z0-9]+]]: i32, %[[EXTENT:[a-z0-9]+]]: index
// CHECK:         fovea.checked_index %[[RAW]] in %[[EXTENT]] wrap node "embed/Gather" : i64
// CHECK:         fovea.checked_index %[[SMALL]] in %[[EXTENT]] node "Gather_1" : i32
func.func @checked_index(%raw: i64, %small: i32, %extent: index) -> (index, index) {
  %i = fovea.checked_index %raw in %extent wrap node "embed/Gather" : i64
  %j = fovea.checked_index %small in %extent node "Gather_1" : i32
  return %i, %j : index, index
}

// CHECK-LABEL: func @require
// CHECK:         fovea.require %{{.*}}, %{{.*}}, %{{.*}} fault shape node "Reshape_3"
// CHECK:         fovea.require %{{.*}}, %{{.*}}, %{{.*}} fault length node "lstm"
// CHECK:         fovea.require %{{.*}}, %{{.*}}, %{{.*}} fault index node "Slice"
func.func @require(%ok: i1, %have: index, %want: index) {
  fovea.require %ok, %have, %want fault shape node "Reshape_3"
  fovea.require %ok, %have, %want fault length node "lstm"
  fovea.require %ok, %have, %want fault index node "Slice"
  return
}

// CHECK-LABEL: func @proceed_if
// CHECK:         scf.for
// CHECK:           fovea.proceed_if %{{.*}}
func.func @proceed_if(%ids: tensor<20xi64>, %end: i64, %c0: index, %c1: index, %most: index) {
  scf.for %i = %c0 to %most step %c1 {
    %last = tensor.extract %ids[%i] : tensor<20xi64>
    %goes_on = arith.cmpi ne, %last, %end : i64
    fovea.proceed_if %goes_on
  }
  return
}
