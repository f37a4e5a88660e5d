// RUN: fovea-opt %s -fovea-lower-entry | FileCheck %s

// CHECK: module attributes {fovea.nodes = ["Gather_1", "Reshape_3"]}

// Weights that the code reads get places at multiples of 64 bytes.
// CHECK: fovea.weight @unused from "w.safetensors" : tensor<4xf32>
// CHECK: fovea.weight @first from "w.safetensors" {fovea_kernel.offset = 0 : i64}
// CHECK: fovea.weight @second from "w.safetensors" {fovea_kernel.offset = 128 : i64}
fovea.weight @unused from "w.safetensors" : tensor<4xf32>
fovea.weight @first from "w.safetensors" : tensor<5x4xf32>
fovea.weight @second from "w.safetensors" : tensor<3xf16>

// CHECK-LABEL: func @fovea_run_arguments(
// CHECK-SAME:    %[[CALL:.*]]: !llvm.ptr)
// CHECK:         llvm.getelementptr %[[CALL]]
// CHECK:         %[[N:.*]] = arith.index_cast
// CHECK:         %[[X:.*]] = fovea_kernel.view %{{.*}} sizes(%[[N]]) : !llvm.ptr -> memref<?x8xf32>
// CHECK:         memref.load %[[X]]
func.func private @arguments.layout(%n: index) -> index {
  return %n : index
}
func.func @arguments(%x: memref<?x8xf32> {fovea.shape = ["n", ""]})
    attributes {fovea.entry, fovea.symbols = ["n"]} {
  %c0 = arith.constant 0 : index
  %v = memref.load %x[%c0, %c0] : memref<?x8xf32>
  return
}

// CHECK-LABEL: func @fovea_run_buffers(
// CHECK-SAME:    %[[CALL:.*]]: !llvm.ptr)
// CHECK:         fovea_kernel.view {{.*}} -> memref<5x4xf32>
// CHECK:         fovea_kernel.view {{.*}} -> memref<3xf16>
// CHECK:         %[[OUTPUT:.*]] = llvm.call %{{.*}}(%[[CALL]], %{{.*}}, %{{.*}}, %{{.*}})
// CHECK:         fovea_kernel.view %[[OUTPUT]] sizes() : !llvm.ptr -> memref<4xf32>
// CHECK:         %[[MEMORY:.*]] = llvm.call %{{.*}}(%[[CALL]], %{{.*}}) :
// CHECK:         fovea_kernel.view %[[MEMORY]] sizes(%{{.*}}) : !llvm.ptr -> memref<?xf32>
// CHECK:         fovea_kernel.view %{{.*}} sizes() : !llvm.ptr -> memref<8xf32>
// CHECK-NOT:     fovea_kernel.arena
// CHECK:         return
func.func private @buffers.layout() -> index {
  %size = arith.constant 64 : index
  return %size : index
}
func.func @buffers() attributes {fovea.entry, fovea.symbols = []} {
  %c0 = arith.constant 0 : index
  %w = fovea.get_weight @first : memref<5x4xf32>
  %v = fovea.get_weight @second : memref<3xf16>
  %o = fovea_kernel.output 0 () : memref<4xf32>
  %a = fovea_kernel.allocate (%c0) : memref<?xf32>
  %b = fovea_kernel.arena %c0 sizes() : memref<8xf32>
  return
}

// CHECK-LABEL: func private @checks(
// CHECK-SAME:    %[[CALL:.*]]: !llvm.ptr, %[[RAW:.*]]: index, %[[EXTENT:.*]]: index
// CHECK:         %[[NEGATIVE:.*]] = arith.cmpi slt, %[[RAW]]
// CHECK:         %[[MOVED:.*]] = arith.addi %[[RAW]], %[[EXTENT]]
// CHECK:         %[[WRAPPED:.*]] = arith.select %[[NEGATIVE]], %[[MOVED]], %[[RAW]]
// CHECK:         %[[INSIDE:.*]] = arith.cmpi ult, %[[WRAPPED]], %[[EXTENT]]
// CHECK:         arith.select %[[INSIDE]], %[[WRAPPED]]
// CHECK:         scf.if
// CHECK:           llvm.call %{{.*}}(%[[CALL]]
// CHECK:         scf.if
// CHECK:           llvm.call %{{.*}}(%[[CALL]]
func.func private @checks(%call: !llvm.ptr, %raw: index, %extent: index, %ok: i1) -> index {
  %i = fovea.checked_index %raw in %extent wrap node "Gather_1" : index
  fovea.require %ok, %i, %extent fault shape node "Reshape_3"
  return %i : index
}

// CHECK-LABEL: func @fovea_plan_arguments(
// CHECK-SAME:    %[[DIMS:.*]]: !llvm.ptr) -> i64
// CHECK:         %[[N:.*]] = llvm.load %[[DIMS]]
// CHECK:         %[[SYMBOL:.*]] = arith.index_cast %[[N]]
// CHECK:         %[[BYTES:.*]] = call @arguments.layout(%[[SYMBOL]])
// CHECK:         %[[RESULT:.*]] = arith.index_cast %[[BYTES]]
// CHECK:         return %[[RESULT]] : i64
