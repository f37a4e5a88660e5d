// RUN: fovea-opt %s -fovea-split-keys | FileCheck %s

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#kg = affine_map<(b, h, i, j, d, e) -> (b, j, h floordiv 3, d)>
#vg = affine_map<(b, h, i, j, d, e) -> (b, j, h floordiv 3, e)>
#qt = affine_map<(b, h, i, j, d, e) -> (b, i, h, d)>
#ot = affine_map<(b, h, i, j, d, e) -> (b, i, h, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
#lse = affine_map<(b, h, i, j, d, e) -> (i, b, h)>
#slope = affine_map<(b, h, i, j, d, e) -> (h)>

// CHECK-DAG: #[[$REPEAT:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1 floordiv 4, d2, d3)>
// CHECK-DAG: #[[$K:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1 floordiv 4, d3, d4)>
// CHECK-DAG: #[[$KG:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d3, d1 floordiv 6, d4)>
// CHECK-DAG: #[[$SLOPE:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d1 floordiv 2)>
// CHECK-DAG: #[[$LOG0:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1 * 4, d2)>
// CHECK-DAG: #[[$OUT3:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1 * 4 + 3, d2, d3)>
// CHECK-DAG: #[[$LOGT1:.*]] = affine_map<(d0, d1, d2) -> (d1, d2 * 2 + 1, d0)>
// CHECK-DAG: #[[$MAX1:.*]] = affine_map<(d0, d1, d2) -> (d0, d1 * 2 + 1, d2)>

// CHECK-LABEL: func @parts_asked_for
// CHECK-SAME:    %[[Q:[a-z0-9]+]]: tensor<?x2x3x16xbf16>
// CHECK:         %[[ALL:.*]] = linalg.generic {indexing_maps = [#[[$REPEAT]],
// CHECK-SAME:      ins(%[[Q]]
// CHECK-SAME:      outs(%{{.*}} : tensor<?x8x3x16xbf16>)
// CHECK:         %[[P:.*]]:2 = fovea.attention ins(%[[ALL]],
// CHECK-SAME:      outs(%{{.*}}, %{{.*}} : tensor<?x8x3x16xf32>, tensor<?x8x3xf32>)
// CHECK-SAME:      fovea.key_parts = 4
// CHECK-SAME:      #[[$K]]
// CHECK-SAME:      schedule = #fovea.schedule<kv_split = 4>
// CHECK-SAME:      mask {
// CHECK:           ^bb0(%{{.*}}: index, %[[H:.*]]: index, %{{.*}}: index, %[[J:.*]]: index):
// CHECK:             %[[SIZE:.*]] = arith.constant 3 : index
// CHECK:             %[[OLD:.*]] = arith.divsi %[[H]]
// CHECK:             %[[WHOLE:.*]] = arith.muli %[[OLD]]
// CHECK:             %[[PART:.*]] = arith.subi %[[H]], %[[WHOLE]]
// CHECK:             %[[FIRST:.*]] = arith.muli %[[PART]], %[[SIZE]]
// CHECK:             %[[END:.*]] = arith.addi %[[FIRST]], %[[SIZE]]
// CHECK:             arith.cmpi sle, %[[FIRST]], %[[J]]
// CHECK:             arith.cmpi slt, %[[J]], %[[END]]
// CHECK:         %[[R:.*]] = linalg.generic {indexing_maps = [#[[$LOG0]],
// CHECK-SAME:      #[[$OUT3]],
// CHECK-SAME:      ins(%[[P]]#1, %[[P]]#1, %[[P]]#1, %[[P]]#1, %[[P]]#0,
// CHECK:           arith.truncf
// CHECK:         return %[[R]]
func.func @parts_asked_for(%q: tensor<?x2x3x16xbf16>, %k: tensor<?x2x9x16xbf16>)
    -> tensor<?x2x3x16xbf16> {
  %r = fovea.attention
      ins(%q, %k, %k : tensor<?x2x3x16xbf16>, tensor<?x2x9x16xbf16>, tensor<?x2x9x16xbf16>)
      outs(%q : tensor<?x2x3x16xbf16>) {indexing_maps = [#q, #k, #v, #o],
      schedule = #fovea.schedule<kv_split = 4>} -> tensor<?x2x3x16xbf16>
  return %r : tensor<?x2x3x16xbf16>
}

// CHECK-LABEL: func @keys_of_the_run
// CHECK:         linalg.generic
// CHECK:         %[[N:.*]] = tensor.dim
// CHECK:         %[[C:.*]] = arith.ceildivui %[[N]]
// CHECK:         %[[I:.*]] = arith.index_cast %[[C]]
// CHECK:         %[[SIZE:.*]] = tensor.from_elements %[[I]] : tensor<i64>
// CHECK:         fovea.attention
// CHECK-SAME:      captures(%{{.*}}, %[[SIZE]] : tensor<6xf32>, tensor<i64>)
// CHECK-SAME:      outs(%{{.*}} : tensor<2x12x1x16xf32>, tensor<2x12x1xf32>)
// CHECK-SAME:      #[[$KG]]
// CHECK-SAME:      #[[$SLOPE]]
// CHECK-SAME:      score {
// CHECK:           ^bb0(%{{[a-z0-9]+}}: f32, %{{[a-z0-9]+}}: index, %[[H:[a-z0-9]+]]: index,
// CHECK:             %[[OLD:.*]] = arith.divsi %[[H]]
// CHECK:             arith.index_cast %[[OLD]]
// CHECK:         } mask {
// CHECK:           ^bb0(%{{[a-z0-9]+}}: index, %[[H:[a-z0-9]+]]: index, %{{[a-z0-9]+}}: index,
// CHECK:             %[[OLD:.*]] = arith.divsi %[[H]]
// CHECK:             %[[BEFORE:.*]] = arith.cmpi sge, %{{.*}}, %[[OLD]]
// CHECK:             %[[KEEP:.*]] = arith.andi %[[BEFORE]], %{{.*}}
// CHECK:             fovea.yield %[[KEEP]]
// CHECK:         linalg.generic
// CHECK:         linalg.generic {indexing_maps = [#{{.*}}, #[[$LOGT1]],
// CHECK:           math.log
func.func @keys_of_the_run(%q: tensor<2x1x6x16xf32>, %k: tensor<2x?x2x16xf32>,
    %m: tensor<6xf32>, %l: tensor<1x2x6xf32>) -> (tensor<2x1x6x16xf32>, tensor<1x2x6xf32>) {
  %r:2 = fovea.attention
      ins(%q, %k, %k : tensor<2x1x6x16xf32>, tensor<2x?x2x16xf32>, tensor<2x?x2x16xf32>)
      captures(%m : tensor<6xf32>) outs(%q, %l : tensor<2x1x6x16xf32>, tensor<1x2x6xf32>)
      {indexing_maps = [#qt, #kg, #vg, #slope, #ot, #lse],
       schedule = #fovea.schedule<kv_split = 2>} score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index, %slope: f32):
    %head = arith.index_cast %h : index to i32
    %real = arith.sitofp %head : i32 to f32
    %t = arith.mulf %real, %slope : f32
    %u = arith.addf %s, %t : f32
    fovea.yield %u : f32
  } mask {
  ^bb0(%b: index, %h: index, %i: index, %j: index, %slope: f32):
    %keep = arith.cmpi sge, %j, %h : index
    fovea.yield %keep : i1
  } -> tensor<2x1x6x16xf32>, tensor<1x2x6xf32>
  return %r#0, %r#1 : tensor<2x1x6x16xf32>, tensor<1x2x6xf32>
}

// The largest score of a row is that of its parts', NaN where one is.
// CHECK-LABEL: func @largest_scores
// CHECK:         %[[PARTS:.*]]:3 = fovea.attention
// CHECK:           -> tensor<1x4x1x16xf32>, tensor<1x4x1xf32>, tensor<1x4x1xf32>
// CHECK:         linalg.generic {{.*}} ins(%[[PARTS]]#1, %[[PARTS]]#1 :
// CHECK:         %[[MAX:.*]] = linalg.generic
// CHECK-SAME:      #[[$MAX1]], {{.*}} ins(%[[PARTS]]#2, %[[PARTS]]#2 :
// CHECK-NEXT:      ^bb0(%[[A:.*]]: f32, %[[B:.*]]: f32, %{{.*}}: f32):
// CHECK-NEXT:        %[[C:.*]] = arith.maximumf %[[A]], %[[B]]
// CHECK-NEXT:        linalg.yield %[[C]]
// CHECK:         return %[[MAX]]
func.func @largest_scores(%q: tensor<1x2x1x16xf32>, %k: tensor<1x2x90x16xf32>,
    %l: tensor<1x2x1xf32>) -> tensor<1x2x1xf32> {
  %r:3 = fovea.attention
      ins(%q, %k, %k : tensor<1x2x1x16xf32>, tensor<1x2x90x16xf32>, tensor<1x2x90x16xf32>)
      outs(%q, %l, %l : tensor<1x2x1x16xf32>, tensor<1x2x1xf32>, tensor<1x2x1xf32>)
      {indexing_maps = [affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>,
        affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>,
        affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>, #o,
        affine_map<(b, h, i, j, d, e) -> (b, h, i)>, affine_map<(b, h, i, j, d, e) -> (b, h, i)>],
       schedule = #fovea.schedule<kv_split = 2>}
      -> tensor<1x2x1x16xf32>, tensor<1x2x1xf32>, tensor<1x2x1xf32>
  return %r#2 : tensor<1x2x1xf32>
}
