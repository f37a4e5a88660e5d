// RUN: fovea-opt %s -fovea-kernel-to-llvm | FileCheck %s

// CHECK: fovea.weight @w
fovea.weight @w from "w.safetensors" : tensor<4xf32>

// CHECK-LABEL: llvm.func @descriptor_of_view
// CHECK-SAME:    %[[P:.*]]: !llvm.ptr, %[[N:.*]]: i64
// CHECK:         %[[ALLOCATED:.*]] = llvm.insertvalue %[[P]], %{{.*}}[0]
// CHECK:         llvm.insertvalue %[[P]], %[[ALLOCATED]][1]
// CHECK:         llvm.insertvalue %[[N]], %{{.*}}[3, 0]
// CHECK:         %[[EIGHT:.*]] = llvm.mlir.constant(8 : index)
// CHECK:         llvm.insertvalue %[[EIGHT]], %{{.*}}[3, 1]
// CHECK-NOT:     fovea_kernel.view
func.func @descriptor_of_view(%p: !llvm.ptr, %n: index) -> f32 {
  %m = fovea_kernel.view %p sizes(%n) : !llvm.ptr -> memref<?x8xf32>
  %x = memref.load %m[%n, %n] : memref<?x8xf32>
  return %x : f32
}

// CHECK-LABEL: llvm.func @strides_of_view
// CHECK-SAME:    %{{.*}}: !llvm.ptr, %[[STRIDE:.*]]: i64
// CHECK:         llvm.insertvalue %[[STRIDE]], %{{.*}}[4, 0]
// CHECK:         %[[TWO:.*]] = llvm.mlir.constant(2 : index)
// CHECK:         llvm.insertvalue %[[TWO]], %{{.*}}[4, 1]
func.func @strides_of_view(%p: !llvm.ptr, %n: index) -> f32 {
  %m = fovea_kernel.view %p sizes() strides(%n) : !llvm.ptr -> memref<4x8xf32, strided<[?, 2]>>
  %x = memref.load %m[%n, %n] : memref<4x8xf32, strided<[?, 2]>>
  return %x : f32
}

// CHECK-LABEL: llvm.func @pointer_of_rebase
// CHECK-SAME:    %[[P:.*]]: !llvm.ptr, %[[N:.*]]: i64
// CHECK:         %[[START:.*]] = llvm.getelementptr %{{.*}}[%{{.*}}] : {{.*}}, f32
// CHECK:         llvm.insertvalue %[[START]], %{{.*}}[1]
// CHECK:         %[[ZERO:.*]] = llvm.mlir.constant(0 : index)
// CHECK:         llvm.insertvalue %[[ZERO]], %{{.*}}[2]
func.func @pointer_of_rebase(%p: !llvm.ptr, %n: index) -> f32 {
  %m = fovea_kernel.view %p sizes() : !llvm.ptr -> memref<4x8xf32>
  %row = memref.reinterpret_cast %m to offset: [%n], sizes: [8], strides: [1]
      : memref<4x8xf32> to memref<8xf32, strided<[1], offset: ?>>
  %a = fovea_kernel.rebase %row
      : memref<8xf32, strided<[1], offset: ?>> -> memref<8xf32, strided<[1]>>
  %x = memref.load %a[%n] : memref<8xf32, strided<[1]>>
  return %x : f32
}

// The translation to LLVM IR reads a branch's own annotation alone.
// CHECK-LABEL: llvm.func @annotated_loop
// CHECK:         llvm.br ^bb1({{.*}}) {loop_annotation = #{{.*}}}
// CHECK-NOT:     llvm.loop_annotation
func.func @annotated_loop(%n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  cf.br ^bb1(%c0 : index)
^bb1(%i: index):
  %more = arith.cmpi slt, %i, %n : index
  cf.cond_br %more, ^bb2, ^bb3
^bb2:
  %next = arith.addi %i, %c1 : index
  cf.br ^bb1(%next : index)
    {llvm.loop_annotation = #llvm.loop_annotation<unroll = <disable = true>>}
^bb3:
  return
}
