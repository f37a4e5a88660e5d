// RUN: fovea-opt %s -fovea-plan-arena | FileCheck %s

func.func private @kernel_0(memref<?x8xf32>, memref<?x8xf32>) attributes {fovea_kernel.kernel}

// CHECK-LABEL: func @share_the_slot_of_a_buffer_that_is_dead
// CHECK:         %[[SLOTS:.*]]:3 = call @share_the_slot_of_a_buffer_that_is_dead.layout(%{{.*}})
// CHECK:         %[[N:.*]] = fovea_kernel.symbol 0 : index
// CHECK:         %[[A:.*]] = fovea_kernel.arena %[[SLOTS]]#0 sizes(%[[N]]) : memref<?x8xf32>
// CHECK:         %[[B:.*]] = fovea_kernel.arena %[[SLOTS]]#1 sizes(%[[N]]) : memref<?x8xf32>
// CHECK:         fovea_kernel.launch @kernel_0(%[[A]], %[[B]])
// CHECK:         %[[C:.*]] = fovea_kernel.arena %[[SLOTS]]#0 sizes(%[[N]]) : memref<?x8xf32>
// CHECK:         fovea_kernel.launch @kernel_0(%[[B]], %[[C]])
func.func @share_the_slot_of_a_buffer_that_is_dead(
    %x: memref<?x8xf32> {fovea.shape = ["n", ""]})
    attributes {fovea.entry, fovea.symbols = ["n"]} {
  %c0 = arith.constant 0 : index
  %n = memref.dim %x, %c0 : memref<?x8xf32>
  %a = memref.alloc(%n) : memref<?x8xf32>
  %b = memref.alloc(%n) : memref<?x8xf32>
  fovea_kernel.launch @kernel_0(%a, %b) : memref<?x8xf32>, memref<?x8xf32>
  %c = memref.alloc(%n) : memref<?x8xf32>
  fovea_kernel.launch @kernel_0(%b, %c) : memref<?x8xf32>, memref<?x8xf32>
  return
}

// CHECK-LABEL: func @do_not_share_while_a_view_is_read
// CHECK:         %[[SLOTS:.*]]:3 = call
// CHECK:         fovea_kernel.arena %[[SLOTS]]#0
// CHECK:         %[[VIEW:.*]] = memref.subview
// CHECK:         fovea_kernel.arena %[[SLOTS]]#1
// CHECK:         memref.load %[[VIEW]]
func.func @do_not_share_while_a_view_is_read() attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %a = memref.alloc() : memref<16xf32>
  %view = memref.subview %a[0] [4] [1] : memref<16xf32> to memref<4xf32, strided<[1]>>
  %b = memref.alloc() : memref<8xf32>
  %x = memref.load %view[%c0] : memref<4xf32, strided<[1]>>
  memref.store %x, %b[%c0] : memref<8xf32>
  return
}

// CHECK-LABEL: func @allocate_when_size_depends_on_data
// CHECK-SAME:    %[[SIZES:.*]]: memref<1xindex>
// CHECK:         %[[N:.*]] = memref.load %[[SIZES]]
// CHECK:         %[[A:.*]] = fovea_kernel.allocate(%[[N]]) : memref<?x8xf32>
// CHECK:         fovea_kernel.launch @kernel_0(%[[A]], %[[A]])
func.func @allocate_when_size_depends_on_data(%sizes: memref<1xindex>) attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %n = memref.load %sizes[%c0] : memref<1xindex>
  %a = memref.alloc(%n) : memref<?x8xf32>
  fovea_kernel.launch @kernel_0(%a, %a) : memref<?x8xf32>, memref<?x8xf32>
  return
}

// The size of a shared slot is the largest of its buffers'; slots start at multiples of 64 bytes.
// CHECK-LABEL: func private @share_the_slot_of_a_buffer_that_is_dead.layout
// CHECK-SAME:    %[[N:.*]]: index) -> (index, index, index)
// CHECK:         %[[SIZE:.*]] = arith.maxsi %[[N]]
// CHECK:         arith.muli %{{.*}}, %[[SIZE]]
// CHECK:         arith.maxsi
// CHECK:         arith.ceildivsi
// CHECK:         %[[SECOND:.*]] = arith.addi %[[START:.*]], %
// CHECK:         %[[TOTAL:.*]] = arith.addi %[[SECOND]]
// The sum in floating point does not overflow; above 2^62 the total is INT64_MAX.
// CHECK:         %[[ROUGH:.*]] = arith.addf
// CHECK:         %[[LIMIT:.*]] = arith.constant 4.6116860184273879E+18 : f64
// CHECK:         %[[FITS:.*]] = arith.cmpf ole, %[[ROUGH]], %[[LIMIT]]
// CHECK:         %[[MOST:.*]] = arith.constant 9223372036854775807 : index
// CHECK:         %[[BYTES:.*]] = arith.select %[[FITS]], %[[TOTAL]], %[[MOST]]
// CHECK:         return %[[START]], %[[SECOND]], %[[BYTES]]
