// RUN: fovea-opt %s -fovea-schedule-cpu | FileCheck %s

// Indices of regions have 64 bits; lanes have 32 where that is known to give the same.

#few = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#keys = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#values = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#one = affine_map<(b, h, i, j, d, e) -> ()>
#by_key = affine_map<(b, h, i, j, d, e) -> (j)>
#out = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!q = memref<1x2x4x64xf32>
!k = memref<1x2x?x64xf32>

// CHECK-LABEL: func private @positions
// CHECK-NOT:     vector<{{[0-9]+}}xi64>
// CHECK:         arith.cmpi sle, %{{.*}} : vector<{{[0-9]+}}xi32>
// CHECK-NOT:     vector<{{[0-9]+}}xi64>
// CHECK:         return
func.func private @positions(%q: !q, %k: !k) attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %k, %k : !q, !k, !k) outs(%q : !q)
      {indexing_maps = [#few, #keys, #values, #out]} mask {
      ^bb0(%b: index, %h: index, %i: index, %j: index):
        %most = arith.constant 1073741823 : index
        %x = arith.addi %j, %most : index
        %y = arith.cmpi sle, %x, %i : index
        fovea.yield %y : i1
      }
  return
}

// 3 * (2^30 - 1) is more than 2^31.
// CHECK-LABEL: func private @do_not_narrow_products_that_may_not_fit
// CHECK:         arith.muli %{{.*}} : vector<{{[0-9]+}}xi64>
// CHECK:         arith.cmpi sle, %{{.*}} : vector<{{[0-9]+}}xi64>
// CHECK:         return
func.func private @do_not_narrow_products_that_may_not_fit(%q: !q, %k: !k)
    attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %k, %k : !q, !k, !k) outs(%q : !q)
      {indexing_maps = [#few, #keys, #values, #out]} mask {
      ^bb0(%b: index, %h: index, %i: index, %j: index):
        %three = arith.constant 3 : index
        %x = arith.muli %j, %three : index
        %y = arith.cmpi sle, %x, %i : index
        fovea.yield %y : i1
      }
  return
}

// One number of any size is moved to the nearest of 32 bits: no key is that far.
// CHECK-LABEL: func private @bound_a_number
// CHECK-NOT:     vector<{{[0-9]+}}xi64>
// CHECK:         %[[LOW:.*]] = arith.minsi %{{.*}}, %c2147483647
// CHECK:         %[[NEAR:.*]] = arith.maxsi %[[LOW]], %c-2147483648
// CHECK:         %[[WORD:.*]] = arith.index_cast %[[NEAR]] : index to i32
// CHECK:         vector.broadcast %[[WORD]] : i32 to
// CHECK:         arith.cmpi slt, %{{.*}} : vector<{{[0-9]+}}xi32>
// CHECK-NOT:     vector<{{[0-9]+}}xi64>
// CHECK:         return
func.func private @bound_a_number(%q: !q, %k: !k, %n: memref<i64>)
    attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %k, %k : !q, !k, !k) captures(%n : memref<i64>) outs(%q : !q)
      {indexing_maps = [#few, #keys, #values, #one, #out]} mask {
      ^bb0(%b: index, %h: index, %i: index, %j: index, %n_: i64):
        %x = arith.index_cast %n_ : i64 to index
        %y = arith.cmpi slt, %j, %x : index
        fovea.yield %y : i1
      }
  return
}

// CHECK-LABEL: func private @do_not_bound_when_order_is_unsigned
// CHECK:         arith.cmpi ult, %{{.*}} : vector<{{[0-9]+}}xi64>
// CHECK:         return
func.func private @do_not_bound_when_order_is_unsigned(%q: !q, %k: !k, %n: memref<i64>)
    attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %k, %k : !q, !k, !k) captures(%n : memref<i64>) outs(%q : !q)
      {indexing_maps = [#few, #keys, #values, #one, #out]} mask {
      ^bb0(%b: index, %h: index, %i: index, %j: index, %n_: i64):
        %x = arith.index_cast %n_ : i64 to index
        %y = arith.cmpi ult, %j, %x : index
        fovea.yield %y : i1
      }
  return
}

// CHECK-LABEL: func private @do_not_narrow_captured_lanes
// CHECK-NOT:     arith.trunci
// CHECK:         arith.cmpi eq, %{{.*}} : vector<{{[0-9]+}}xi64>
// CHECK-NOT:     arith.trunci
// CHECK:         return
func.func private @do_not_narrow_captured_lanes(%q: !q, %k: !k, %ids: memref<?xi64>)
    attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %k, %k : !q, !k, !k) captures(%ids : memref<?xi64>) outs(%q : !q)
      {indexing_maps = [#few, #keys, #values, #by_key, #out]} mask {
      ^bb0(%b: index, %h: index, %i: index, %j: index, %its: i64):
        %x = arith.index_cast %its : i64 to index
        %y = arith.cmpi eq, %x, %i : index
        fovea.yield %y : i1
      }
  return
}

// A remainder of what needs 64 bits fits again.
// CHECK-LABEL: func private @narrow_what_fits_again
// CHECK:         %[[WIDE:.*]] = arith.remsi %{{.*}} : vector<{{[0-9]+}}xi64>
// CHECK:         %[[NARROW:.*]] = arith.trunci %[[WIDE]] : vector<{{[0-9]+}}xi64> to
// CHECK:         arith.cmpi sle, %[[NARROW]], %{{.*}} : vector<{{[0-9]+}}xi32>
// CHECK:         return
func.func private @narrow_what_fits_again(%q: !q, %k: !k) attributes {fovea_kernel.kernel} {
  fovea.attention ins(%q, %k, %k : !q, !k, !k) outs(%q : !q)
      {indexing_maps = [#few, #keys, #values, #out]} mask {
      ^bb0(%b: index, %h: index, %i: index, %j: index):
        %c = arith.constant 1000003 : index
        %five = arith.constant 5 : index
        %x = arith.muli %j, %c : index
        %r = arith.remsi %x, %five : index
        %y = arith.cmpi sle, %r, %i : index
        fovea.yield %y : i1
      }
  return
}
