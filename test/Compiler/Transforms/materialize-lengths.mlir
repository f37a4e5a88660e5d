// RUN: fovea-opt %s -fovea-materialize-lengths -canonicalize -cse | FileCheck %s

#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
#kp = affine_map<(b, h, i, j, d, e) -> (j floordiv 16, j mod 16, h, d)>
#vp = affine_map<(b, h, i, j, d, e) -> (j floordiv 16, j mod 16, h, e)>
!q = tensor<3x2x5x8xf32>
!p = tensor<?x16x2x8xf32>

// Every length is at most the number of keys, and compared with the key's position.
// CHECK-DAG:   #[[$BATCH:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0)>
// CHECK-DAG:   #[[$QUERY:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d2)>
// CHECK-LABEL: func @lengths
// CHECK-SAME:    %[[N:[a-z0-9]+]]: tensor<3xi32>)
// CHECK-DAG:     %[[KEYS:.*]] = arith.constant 5 : index
// CHECK:         scf.for %[[B:.*]] =
// CHECK:           tensor.extract %[[N]][%[[B]]]
// CHECK:           arith.cmpi ule, %[[LENGTH:.*]], %[[KEYS]]
// CHECK:           fovea.require %{{.*}}, %[[LENGTH]], %[[KEYS]] fault length
// CHECK:         = fovea.attention ins
// CHECK-SAME:      captures(%[[N]] : tensor<3xi32>) outs
// CHECK-SAME:      #[[$BATCH]]
// CHECK-SAME:      mask {
// CHECK-NEXT:      ^bb0({{.*}}, %[[J:[a-z0-9]+]]: index, %[[ONE:[a-z0-9]+]]: i32):
// CHECK-NEXT:        %[[MOST:.*]] = arith.index_cast %[[ONE]]
// CHECK-NEXT:        %[[KEEP:.*]] = arith.cmpi slt, %[[J]], %[[MOST]]
// CHECK-NEXT:        fovea.yield %[[KEEP]]
func.func @lengths(%x: !q, %o: !q, %n: tensor<3xi32>) -> !q {
  %r = fovea.attention ins(%x, %x, %x : !q, !q, !q) lengths(%n : tensor<3xi32>) outs(%o : !q)
      {indexing_maps = [#q, #k, #v, #o]} -> !q
  return %r : !q
}

// Of the table, the entries of pages that hold a key are looked at; it stays.
// CHECK-LABEL: func @pages
// CHECK-SAME:    %[[K:[a-z0-9]+]]: tensor<?x16x2x8xf32>, %[[V:[a-z0-9]+]]: tensor<?x16x2x8xf32>,
// CHECK-SAME:    %[[N:[a-z0-9]+]]: tensor<3xi32>, %[[TABLE:[a-z0-9]+]]: tensor<3x?xi64>)
// CHECK:         %[[POOL:.*]] = arith.minsi
// CHECK:         scf.for %[[B:.*]] =
// CHECK:           tensor.extract %[[N]][%[[B]]]
// CHECK:           %[[USED:.*]] = arith.ceildivsi %{{.*}}, %c16
// CHECK:           scf.for %[[BLOCK:.*]] = %{{.*}} to %[[USED]]
// CHECK:             tensor.extract %[[TABLE]][%[[B]], %[[BLOCK]]]
// CHECK:             arith.cmpi ult, %[[PAGE:.*]], %[[POOL]]
// CHECK:             fovea.require %{{.*}}, %[[PAGE]], %[[POOL]] fault index
// CHECK:         = fovea.attention ins
// CHECK-SAME:      captures(%[[N]] : tensor<3xi32>) pages(%[[TABLE]] : tensor<3x?xi64>) outs
func.func @pages(%x: !q, %o: !q, %k: !p, %v: !p, %n: tensor<3xi32>, %t: tensor<3x?xi64>) -> !q {
  %r = fovea.attention ins(%x, %k, %v : !q, !p, !p) lengths(%n : tensor<3xi32>)
      pages(%t : tensor<3x?xi64>) outs(%o : !q) {indexing_maps = [#q, #kp, #vp, #o]} -> !q
  return %r : !q
}

// Each query captures the keys that it keeps, its sequence, and where that starts.
// CHECK-LABEL: func @sequences
// CHECK-SAME:    %[[QS:[a-z0-9]+]]: tensor<?xi32>, %[[KS:[a-z0-9]+]]: tensor<?xi32>)
// CHECK:         fovea.require {{.*}} fault shape
// CHECK:         fovea.require {{.*}} fault length
// CHECK:         fovea.require {{.*}} fault shape
// CHECK:         fovea.require {{.*}} fault shape
// CHECK:         fovea.require {{.*}} fault length
// CHECK:         fovea.require {{.*}} fault shape
// CHECK:         %[[TABLES:.*]]:5 = scf.for
// CHECK:           scf.for
// CHECK-COUNT-5:     tensor.insert
// CHECK:         = fovea.attention ins
// CHECK-SAME:      captures(%[[TABLES]]#0, %[[TABLES]]#1, %[[TABLES]]#2, %[[TABLES]]#3,
// CHECK-SAME:        %[[TABLES]]#4
// CHECK-NOT:       causal
// CHECK-SAME:      #[[$QUERY]], #[[$QUERY]], #[[$QUERY]], #[[$QUERY]], #[[$QUERY]]
// CHECK-SAME:      score {
// CHECK-NEXT:      ^bb0(%{{[a-z0-9]+}}: f32, %{{[a-z0-9]+}}: index, %{{[a-z0-9]+}}: index,
// CHECK-SAME:          %[[I:[a-z0-9]+]]: index, %[[J:[a-z0-9]+]]: index,
// CHECK-SAME:          %{{[a-z0-9]+}}: i32, %{{[a-z0-9]+}}: i32, %{{[a-z0-9]+}}: i32,
// CHECK-SAME:          %[[Q0:[a-z0-9]+]]: i32, %[[K0:[a-z0-9]+]]: i32):
// CHECK:             %[[FROM:.*]] = arith.index_cast %[[Q0]]
// CHECK:             %[[START:.*]] = arith.maxsi %[[FROM]], %c0
// CHECK:             %[[QUERY:.*]] = arith.subi %[[I]], %[[START]]
// CHECK:             %[[FIRST:.*]] = arith.index_cast %[[K0]]
// CHECK:             %[[KEYS:.*]] = arith.maxsi %[[FIRST]], %c0
// CHECK:             %[[APART:.*]] = arith.subi %[[J]], %[[KEYS]]
// CHECK:             %[[KEY:.*]] = arith.maxsi %[[APART]], %c0
// CHECK:             arith.subi %[[KEY]], %[[QUERY]]
// CHECK:           mask {
// CHECK-NEXT:      ^bb0(%{{[a-z0-9]+}}: index, %{{[a-z0-9]+}}: index, %{{[a-z0-9]+}}: index,
// CHECK-SAME:          %[[J:[a-z0-9]+]]: index, %[[FIRST:[a-z0-9]+]]: i32,
// CHECK-SAME:          %[[END:[a-z0-9]+]]: i32,
// CHECK-NEXT:        %[[FROM:.*]] = arith.index_cast %[[FIRST]]
// CHECK-NEXT:        %[[A:.*]] = arith.cmpi sle, %[[FROM]], %[[J]]
// CHECK-NEXT:        %[[TO:.*]] = arith.index_cast %[[END]]
// CHECK-NEXT:        %[[B:.*]] = arith.cmpi slt, %[[J]], %[[TO]]
// CHECK-NEXT:        %[[KEEP:.*]] = arith.andi %[[A]], %[[B]]
// CHECK-NEXT:        fovea.yield %[[KEEP]]
func.func @sequences(%x: tensor<1x2x?x8xf32>, %o: tensor<1x2x?x8xf32>, %qs: tensor<?xi32>,
    %ks: tensor<?xi32>) -> tensor<1x2x?x8xf32> {
  %at = arith.constant 0 : index
  %r = fovea.attention
      ins(%x, %x, %x : tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>)
      sequences(%qs, %ks : tensor<?xi32>, tensor<?xi32>) align_ends offset(%at) causal
      outs(%o : tensor<1x2x?x8xf32>) {indexing_maps = [#q, #k, #v, #o]} score {
      ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
        %apart = arith.subi %j, %i : index
        %whole = arith.index_cast %apart : index to i32
        %float = arith.sitofp %whole : i32 to f32
        %y = arith.addf %s, %float : f32
        fovea.yield %y : f32
      } -> tensor<1x2x?x8xf32>
  return %r : tensor<1x2x?x8xf32>
}

// What is the same in every step is checked in front of the first.
// CHECK-LABEL: func @check_before_the_steps
// CHECK:         fovea.require
// CHECK:         fovea.rnn
// CHECK-NOT:       fovea.require
// CHECK:           fovea.attention
func.func @check_before_the_steps(%x: tensor<7x3x2x5x8xf32>, %k: !q, %h: !q, %n: tensor<3xi32>)
    -> !q {
  %y, %last = fovea.rnn %x init(%h) cell {
  ^bb0(%xt: !q, %s: !q):
    %r = fovea.attention ins(%xt, %k, %k : !q, !q, !q) lengths(%n : tensor<3xi32>) outs(%s : !q)
        {indexing_maps = [#q, #k, #v, #o]} -> !q
    fovea.yield %r, %r : !q, !q
  } : tensor<7x3x2x5x8xf32>, !q -> tensor<7x3x2x5x8xf32>, !q
  return %last : !q
}

// CHECK-LABEL: func @do_not_check_lengths_of_a_step_before_it
// CHECK-NOT:     fovea.require
// CHECK:         fovea.rnn
// CHECK:           fovea.require
// CHECK:           fovea.attention
func.func @do_not_check_lengths_of_a_step_before_it(%x: tensor<7x3x2x5x8xf32>, %k: !q, %h: !q,
    %n: tensor<7x3xi32>) -> !q {
  %y, %last = fovea.rnn %x along(%n : tensor<7x3xi32>) init(%h) cell {
  ^bb0(%xt: !q, %nt: tensor<3xi32>, %s: !q):
    %r = fovea.attention ins(%xt, %k, %k : !q, !q, !q) lengths(%nt : tensor<3xi32>) outs(%s : !q)
        {indexing_maps = [#q, #k, #v, #o]} -> !q
    fovea.yield %r, %r : !q, !q
  } : tensor<7x3x2x5x8xf32>, !q -> tensor<7x3x2x5x8xf32>, !q
  return %last : !q
}

// The bias counts from the sequence's first, as regions do; softcap stays for later.
// CHECK-LABEL: func @alibi_of_sequences
// CHECK-SAME:    %[[SLOPES:[a-z0-9]+]]: tensor<2xf32>
// CHECK:         = fovea.attention ins
// CHECK-SAME:      captures(%[[SLOPES]],
// CHECK-SAME:      softcap
// CHECK-SAME:      score {
// CHECK:             %[[QUERY:.*]] = arith.subi
// CHECK:             %[[APART:.*]] = arith.subi
// CHECK-NEXT:        %[[KEY:.*]] = arith.maxsi %[[APART]]
// CHECK-NEXT:        arith.subi %[[KEY]], %[[QUERY]]
func.func @alibi_of_sequences(%x: tensor<1x2x?x8xf32>, %o: tensor<1x2x?x8xf32>,
    %slopes: tensor<2xf32>, %qs: tensor<?xi32>) -> tensor<1x2x?x8xf32> {
  %r = fovea.attention
      ins(%x, %x, %x : tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>)
      sequences(%qs, %qs : tensor<?xi32>, tensor<?xi32>) alibi(%slopes : tensor<2xf32>)
      softcap 5.0 outs(%o : tensor<1x2x?x8xf32>) {indexing_maps = [#q, #k, #v, #o]}
      -> tensor<1x2x?x8xf32>
  return %r : tensor<1x2x?x8xf32>
}

// Of a sequence that may have no steps nothing is checked then.
// CHECK-LABEL: func @check_before_the_steps_there_are
// CHECK-SAME:    (%[[X:.*]]: tensor<?x3x2x5x8xf32>
// CHECK:         %[[T:.*]] = tensor.dim %[[X]]
// CHECK:         %[[SOME:.*]] = arith.cmpi {{.*}}%[[T]]
// CHECK:         %[[COUNT:.*]] = arith.select %[[SOME]]
// CHECK:         scf.for {{.*}} to %[[COUNT]] step
// CHECK:           fovea.require
// CHECK:         fovea.rnn
func.func @check_before_the_steps_there_are(%x: tensor<?x3x2x5x8xf32>, %k: !q, %h: !q,
    %n: tensor<3xi32>) -> !q {
  %y, %last = fovea.rnn %x init(%h) cell {
  ^bb0(%xt: !q, %s: !q):
    %r = fovea.attention ins(%xt, %k, %k : !q, !q, !q) lengths(%n : tensor<3xi32>) outs(%s : !q)
        {indexing_maps = [#q, #k, #v, #o]} -> !q
    fovea.yield %r, %r : !q, !q
  } : tensor<?x3x2x5x8xf32>, !q -> tensor<?x3x2x5x8xf32>, !q
  return %last : !q
}
