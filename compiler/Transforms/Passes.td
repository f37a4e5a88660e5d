//===- Passes.td - passes at tensor level --------------------*- tablegen -*-===//
//
// One entry per pass: what it needs, what it does, when it gives up.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TRANSFORMS_PASSES
#define FOVEA_COMPILER_TRANSFORMS_PASSES

include "mlir/Pass/PassBase.td"

def CountWhile : Pass<"fovea-count-while", "::mlir::func::FuncOp"> {
  let summary = "Make counted loops of loops with a condition";
  let description = [{
    Runs first, so that all later passes see one kind of loop. Each `scf.while` becomes an `scf.for`
    whose body begins with `fovea.proceed_if`. It counts what the loop itself counts, up to a bound
    that is part of the condition where that is known here and allows two steps or more (a single
    step would be taken out of its loop); else there is no bound. A loop with no other condition
    than a bound becomes a plain `scf.for`.
    A loop that does more before its condition than to compute scalars, or hands on something else
    than it carries, does that once in front and then at the end of each step, and carries the
    answer. Never gives up.
  }];
  let statistics = [Statistic<"numCounted", "counted", "loops that became scf.for">,
    Statistic<"numRotated", "rotated", "loops that computed before they asked">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::scf::SCFDialect",
    "::fovea::FoveaDialect"];
}

def RequireExtents : Pass<"fovea-require-extents", "::mlir::func::FuncOp"> {
  let summary = "Check at run time that extents agree that operations rely on";
  let description = [{
    Runs first, on what a frontend made. Where an operation relies on extents that agree, on a slice
    or an index inside its tensor, on a reshape that keeps the number of elements or on a size that
    is not negative, and neither types nor symbols nor earlier requirements prove it, a
    `fovea.require` before the operation stops the run otherwise. Indices into the tables of
    attention regions are bounded from the positions where they are computed from these alone, and
    computed beforehand otherwise.
    Elements that a linalg body reads at an index without such bounds get a `fovea.checked_index`.
    Fails on constant sizes that do not agree.
  }];
  let statistics = [Statistic<"numRequired", "required", "requirements emitted">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect", "::fovea::FoveaDialect"];
}

def SkipEmptyResults : Pass<"fovea-skip-empty-results", "::mlir::func::FuncOp"> {
  let summary = "Replace what computes tensors without elements by tensor.empty";
  let description = [{
    Runs behind `fovea-require-extents`, whose checks stay. An operation all of whose results have a
    static size of 0 becomes `tensor.empty`; an insertion or concatenation of an empty part goes.
    Gives up on operations with effects and on those that have a result with elements, too.
  }];
  let statistics = [Statistic<"numSkipped", "skipped", "operations with nothing to compute">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect"];
}

def ExpandRecurrence : Pass<"fovea-expand-recurrence", "::mlir::func::FuncOp"> {
  let summary = "Expand LSTM and GRU into one product over all steps and a recurrence";
  let description = [{
    Needs nothing. Per direction, the product of the input with W over all steps becomes one
    `fovea.contract` into [T, B, gates, H], with the input bias (and, where the cell only adds it,
    the recurrent bias) in its epilogue; the steps become a `fovea.rnn` whose cell is one product
    with R and one `linalg.generic` with all gates (two when a GRU resets before its product, three
    products when the rows of its gates z and r do not follow each other). Weights are viewed, never
    copied. f16 and bf16 cells keep gates and cell state in f32.
    Never gives up.
  }];
  let statistics = [
    Statistic<"numLstm", "lstm", "LSTM operations expanded">,
    Statistic<"numGru", "gru", "GRU operations expanded">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::tensor::TensorDialect"];
}

def ReadLastStep : Pass<"fovea-read-last-step", "::mlir::func::FuncOp"> {
  let summary = "Make one step of a recurrence's output where a model takes one";
  let description = [{
    Runs behind `fovea-expand-recurrence`. When all that reads y of a `fovea.rnn` without lengths
    takes its first or last step, through reshapes, joins and elementwise operations that keep the
    steps a dimension, these read one step: the final state where the recurrence ends there and
    gives a state as y_t, else what a recurrence over that step alone gives. No step is stored.
    Gives up when y has another reader.
  }];
  let statistics = [Statistic<"numRead", "read", "recurrences of which one step is read">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect"];
}

def HoistStepProducts : Pass<"fovea-hoist-step-products", "::mlir::func::FuncOp"> {
  let summary = "Take products of a step's inputs over all steps in front of a recurrence";
  let description = [{
    Runs behind `fovea-expand-recurrence`. In the cell of a `fovea.rnn`, a `fovea.contract` of a
    step of x, or of a sequence along it, with a value from outside of the cell becomes one over all
    steps, [T, B, ...], in front of the recurrence, which goes through the result as one more
    sequence: what `fovea-expand-recurrence` makes of LSTM and GRU, for cells that were written by
    hand. Captures that are steps of sequences become these. Steps behind a row's end are computed,
    too, and stay in their rows.
    Gives up when the product hangs on a state or on anything else that the cell computes, follows a
    `fovea.require` of the cell (extents that only the run can compare), has a schedule, sums up the
    batch or puts it elsewhere, or has extents that are none of its operands' (a convolution).
  }];
  let statistics = [Statistic<"numHoisted", "hoisted", "products taken over all steps">];
  let dependentDialects = ["::mlir::tensor::TensorDialect"];
}

def LowerRnn : Pass<"fovea-lower-rnn", "::mlir::func::FuncOp"> {
  let summary = "Lower a recurrence to a loop over its steps";
  let description = [{
    Needs nothing. Each `fovea.rnn` becomes a rolled `scf.for` that carries y and the states; a step
    reads x[t] through a slice, runs the cell, keeps the states of rows that have ended and writes
    y[t] in place. A y without uses is not carried. A reverse recurrence visits T-1 .. 0. The
    function's attribute `fovea.graph_records` keeps a record of each for the ledger.
    A dynamic size of y is computed in front of the loop; one that hangs on what the cell itself
    computes is refused.
  }];
  let statistics = [Statistic<"numLowered", "lowered", "recurrences turned into loops">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect", "::mlir::scf::SCFDialect",
    "::mlir::tensor::TensorDialect"];
}

def GatherLoops : Pass<"fovea-gather-loops", "::mlir::func::FuncOp"> {
  let summary = "Move independent loops side by side";
  let description = [{
    Needs recurrences lowered to loops over tensors. A loop moves down to the next one with the same
    bounds and step that needs none of its results, and operations in between that need them move
    behind that one, so that `fovea-form-sections` finds the loops without anything of consequence
    between them and bufferization lets them share no buffer.
    Gives up when one of these operations has effects, when products of a step read more bytes of
    weights than a core keeps in its cache, or when only the run knows how many; leaves loops within
    loops.
  }];
  let statistics = [Statistic<"numGathered", "gathered", "loops moved beside another">,
    Statistic<"numLeft", "left", "loops of equally many steps left where they are">];
}

def FuseGates : Pass<"fovea-fuse-gates", "::mlir::ModuleOp"> {
  let summary = "Finish the gates of a recurrent cell where their products are made";
  let description = [{
    Needs recurrences lowered to loops, with elementwise operations as linalg.generic. In the body
    of a loop, the products of one state [M, K] become `fovea.gates`, in whichever way they are
    written: one `fovea.contract` with a weight [G, N, K] whose gates are read one by one through
    maps with a constant result; one with [G * N, K] of which slices are read; or several with
    weights of one type, which are joined: constant ones by the compiler, others in front of the
    outermost loop that does not make them. The form, not the operation that the recurrence
    came from, decides. Elementwise operations over [M, N] that read the results at their own places
    become part of the cell, e.g. the choice of rows that have not ended. A result that is carried
    on and also inserted into a sequence is written to both places.
    With `single`, so does one product into [M, N] whose state comes from its result, in the step
    before, by elementwise operations and products alone: plain RNN, a projection of h.
    Gives up on weights of dynamic sizes, on more than 8 gates, and on products with a schedule.
  }];
  let options = [Option<"single", "single", "bool", "false", "make gates of one product, too">];
  let statistics = [Statistic<"numFused", "fused", "groups of products with their gates fused">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect"];
}

def FoldWeightViews : Pass<"fovea-fold-weight-views", "::mlir::ModuleOp"> {
  let summary = "Make weights of views of weights";
  let description = [{
    Needs nothing. A reshape of a weight, and a slice that is one run of its bytes, becomes a
    `fovea.weight` of its own with the same source, so that it can be packed. Chains are followed.
    Gives up on slices that are no run, and on packed weights.
  }];
  let statistics = [Statistic<"numFolded", "folded", "views that became weights">];
}

def ExpandRope : Pass<"fovea-expand-rope", "::mlir::func::FuncOp"> {
  let summary = "Expand rotary positions into one elementwise operation";
  let description = [{
    Needs nothing. Each `fovea.rope` becomes one `linalg.generic` over (b, h, s, place, pair), in
    which the partner of a channel is at 1 - place; channels behind rotary_dim are copied. Tables
    that are read at positions are gathered (and checked) once a block, by the first that reads
    them; the node of that one is named when a position is out of range.
    Never gives up.
  }];
  let statistics = [
    Statistic<"numExpanded", "expanded", "rotary operations expanded">,
    Statistic<"numGathered", "gathered", "pairs of tables gathered at positions">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect"];
}

def MaterializeLengths : Pass<"fovea-materialize-lengths", "::mlir::func::FuncOp"> {
  let summary = "Fold lengths and packed sequences into attention's regions";
  let description = [{
    Needs attention without contradictory extents (fovea-require-extents). The host checks lengths,
    tables of pages and starts of sequences. Lengths become a comparison of the mask region with a
    capture. Of sequences, each query captures the first and the last key that it keeps, causal and
    window included, and, for regions that see positions, where its sequence starts; alibi becomes
    one of these. Afterwards no attention has lengths or sequences; pages stay.
    Never gives up.
  }];
  let statistics = [Statistic<"numFolded", "folded", "attention operations folded or checked">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::scf::SCFDialect",
    "::mlir::tensor::TensorDialect"];
}

def MaterializeMods : Pass<"fovea-materialize-mods", "::mlir::func::FuncOp"> {
  let summary = "Fold alibi, softcap, causal and window into attention's regions";
  let description = [{
    Needs nothing. alibi and softcap go behind the score region, slopes as a capture; causal and
    window are conjoined to the mask region. A constant offset becomes a constant there, any other a
    capture. Afterwards no attention has alibi, softcap, causal, window or offset.
    Never gives up.
  }];
  let statistics = [Statistic<"numFolded", "folded", "attention operations without sugar now">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::tensor::TensorDialect"];
}

def SpecializeFewQueries : Pass<"fovea-specialize-few-queries", "::mlir::func::FuncOp"> {
  let summary = "Attend to one query, to some and to many by operations of their own";
  let description = [{
    Needs attention without sugar; runs before `fovea-fold-query-groups`. Where the run says the
    number S of queries, attention becomes an `scf.if` of three: with S = 1 a copy that knows it;
    with S up to 16 a loop over copies of 16 / G queries, of which G heads share keys (12 / G on
    fewer than 4096 keys), the last filled up with zeros; else what there was. Regions see the
    positions that they did. Without turns a copy of 16 / G queries and one of 16 replace the loop.
    Gives up where the number of keys is provably S, on f64, on a schedule, and on head sizes that
    are no multiple of `head-step`. With captures that are tables or of queries, some are left to
    what there was.
  }];
  let options = [Option<"headStep", "head-step", "int64_t", "16",
    "what head sizes are multiples of where few queries have forms of their own">,
    Option<"inTurns", "in-turns", "bool", "true", "attend to some queries in turns">];
  let statistics = [
    Statistic<"numSpecialized", "specialized", "attention operations of any number of queries">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::scf::SCFDialect",
    "::mlir::tensor::TensorDialect"];
}

def FoldQueryGroups : Pass<"fovea-fold-query-groups", "::mlir::func::FuncOp"> {
  let summary = "Make heads that share keys and have few queries each queries of one head";
  let description = [{
    Needs attention without sugar. Where G query heads share a key head and have S queries each, as
    when a decoder makes some tokens, (h, i) becomes (h floordiv G, h mod G * S + i), so that keys
    and values are read once for the group. Regions and captures see the positions that they did.
    Gives up when the number of heads or queries is known only at run time; of more than one query,
    when a group has more than 16, or a capture that is no table is of heads or queries.
  }];
  let statistics = [Statistic<"numFolded", "folded", "attention operations with folded groups">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect"];
}

def SplitKeys : Pass<"fovea-split-keys", "::mlir::func::FuncOp"> {
  let summary = "Attend to parts of the keys by themselves and merge the results";
  let description = [{
    Needs attention without sugar; runs behind `fovea-fold-query-groups`. The query is repeated for
    N parts of the keys, so that head h becomes heads h * N + part, which share the keys of h and
    keep those of their part, ceildiv(keys, N) each. An elementwise operation merges the parts by
    their log-sum-exp, in their order, so that results do not depend on the number of threads.
    N is the schedule's `kv_split`, which is refused where it is impossible. Without one, an
    attention with at least `many-keys` keys whose batch and heads are fewer than `tasks` is split
    into a power of two, so that there are `tasks` tasks, or parts of `part-keys` keys; at most 64.
    A batch or a number of keys that is known only at run time is taken for 1 and for many with
    `unknown-sizes`, and is not split without. Of such keys, a part that nobody asked for has at
    least `run-keys`, so that a run with few leaves the last parts empty. Gives up on more than 16
    queries a head or an unknown number, an unknown number of heads, and probability regions.
  }];
  let options = [
    Option<"tasks", "tasks", "int64_t", "8", "tasks that run at the same time">,
    Option<"manyKeys", "many-keys", "int64_t", "4096", "keys from which on to split">,
    Option<"partKeys", "part-keys", "int64_t", "1024", "least keys of a part">,
    Option<"unknownSizes", "unknown-sizes", "bool", "false",
           "split where the batch or the keys are known only at run time">,
    Option<"runKeys", "run-keys", "int64_t", "1",
           "least keys of a part where the run says how many there are">];
  let statistics = [Statistic<"numSplit", "split", "attention operations with keys in parts">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::tensor::TensorDialect"];
}

def DecomposeTensorOps : Pass<"fovea-decompose-tensor-ops", "::mlir::func::FuncOp"> {
  let summary = "Decompose tensor operations that cannot be bufferized or lowered";
  let description = [{
    Runs last, before bufferization. `tensor.concat` becomes a chain of `tensor.insert_slice`,
    `tensor.pad` a fill and an insertion, a constant of one value and more than 1024 elements a
    fill. `linalg.softmax` of f16 and bf16 becomes one of f32, and over another dimension than the
    last one maximum, exponentials, sum and quotient. Gives up on softmax over buffers.
  }];
  let statistics = [Statistic<"numDecomposed", "decomposed", "operations decomposed">];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::math::MathDialect", "::mlir::tensor::TensorDialect"];
}

def CollapseContract : Pass<"fovea-collapse-contract", "::mlir::func::FuncOp"> {
  let summary = "Merge dimensions of a product that are neighbours in every operand";
  let description = [{
    Needs nothing; runs after `fovea-fuse-epilogue`, since the result is reshaped. Dimensions that
    are neighbours in the same order in every map that has either become one, by
    `tensor.collapse_shape` of operands and `tensor.expand_shape` of the result: [B, S, K] x [N, K]
    is one product of B * S rows.
    Gives up on a pair of dimensions when a capture or operand has one without the other, in another
    order or inside an expression, and when an operand is a slice whose rows do not lie together.
  }];
  let statistics = [Statistic<"numMerged", "merged", "dimensions merged into their neighbours">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect"];
}

def ChannelsLast : Pass<"fovea-channels-last", "::mlir::func::FuncOp"> {
  let summary = "Write convolutions over one dimension with the channels last";
  let description = [{
    Needs nothing; runs when epilogues are fused. A `fovea.contract` of windows of its lhs (place *
    step + tap, or the place itself) with a `fovea.get_weight`, whose result has the places behind
    the channels, becomes a product [places, k] x [channels, k] whose result is transposed by
    `linalg.transpose`: the weight can be packed then, and a window is one run of elements of the
    transposed lhs. `fovea-sink-transposes` lets the transpositions between convolutions meet.
    Gives up when a window reaches over two dimensions or has holes (dilation), when the channels
    are fewer than the lanes of a vector, and when the places would fill more of the vectors.
  }];
  let options = [Option<"lanes", "lanes", "int64_t", "16", "f32 lanes of a vector register">];
  let statistics = [Statistic<"numTurned", "turned", "convolutions with the channels last">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect"];
}

def SinkTransposes : Pass<"fovea-sink-transposes", "::mlir::func::FuncOp"> {
  let summary = "Move transpositions behind operations that do not mind the order";
  let description = [{
    Needs nothing; runs behind `fovea-channels-last`. A `linalg.transpose` moves behind elementwise
    operations all of whose inputs of full rank are transposed alike, behind slices, casts, and
    insertions into tensors that are empty, filled or transposed alike. Two that meet become one or
    none; one that moves dimensions of size 1 alone becomes a reshape.
    Gives up at everything else: there the transposition stays.
  }];
  let statistics = [Statistic<"numSunk", "sunk", "operations that a transposition moved behind">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect"];
}

def FuseEpilogue : Pass<"fovea-fuse-epilogue", "::mlir::func::FuncOp"> {
  let summary = "Fold elementwise consumers into the epilogue of a product";
  let description = [{
    Needs nothing. An elementwise `linalg.generic` that alone reads the result of a
    `fovea.contract`, through a permutation, becomes part of its epilogue; its other inputs become
    captures. Repeated until nothing changes. A reshape between the two is moved behind first.
    Gives up when the product has other readers or is read in two ways, and when the generic
    reduces, has several results, reads its destination, a position (`linalg.index`) or a tensor
    element, or iterates over another space than the product.
  }];
  let statistics = [Statistic<"numFused", "fused", "elementwise operations in an epilogue now">];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect"];
}

def FuseElementwise : Pass<"fovea-fuse-elementwise", "::mlir::func::FuncOp"> {
  let summary = "Fuse elementwise operations with the elementwise producers of their inputs";
  let description = [{
    Needs nothing; runs after `fovea-fuse-epilogue`. An elementwise `linalg.generic` absorbs the
    producer of an input when each of the producer's elements is used once, or costs about as much
    as a load. What overwrites the result of another operation gets an empty destination.
    Gives up when fusion would compute an expensive producer more than once, when the producer has
    several results, when either reads tensors at computed positions, and, for a producer with other
    readers, when the consumer has 64 scalar operations already.
  }];
  let statistics = [Statistic<"numFused", "fused", "elementwise operations fused away">];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::linalg::LinalgDialect"];
}

def RaiseAttention : Pass<"fovea-raise-attention", "::mlir::func::FuncOp"> {
  let summary = "Raise softmax between two products to attention";
  let description = [{
    Runs on linalg, before products and elementwise operations are fused. Follows one element of the
    second product back to queries and keys through whatever lies between: elementwise operations
    become score, mask and probability regions, reshapes, transposes and repeats become indexing
    maps, constant factors the scale. A selection against -inf that is provably nothing but
    exclusion becomes the mask; finite constants stay in the score. Rows without keys give 0, so a
    last selection of 0 for NaN probabilities goes; a row with a score of NaN or +inf, which it
    would have cleared too, stays NaN. f16 and bf16 scores are computed in f32. Where a region
    sees positions, the run stops above 2^30 of them, as fovea-require-extents has it. A softmax
    that is spelled out is recognized first.
    Gives up when scores or probabilities have other readers, when the softmax is over another
    dimension than the keys, when an operand's layout is no indexing map, on scores in f64 of
    shorter queries and the reverse, and on scores that are moved by anything but reshapes,
    transposes and repeats.
  }];
  let options = [Option<"report", "report", "bool", /*default=*/"false",
    "remark on each softmax that stays, with the operation that does not fit and the reason">];
  let statistics = [
    Statistic<"numRaised", "raised", "attention operations made">,
    Statistic<"numRefused", "refused", "softmax operations kept">,
    Statistic<"numSoftmax", "recognized", "softmax operations found spelled out">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect", "::fovea::FoveaDialect"];
}

#endif // FOVEA_COMPILER_TRANSFORMS_PASSES
