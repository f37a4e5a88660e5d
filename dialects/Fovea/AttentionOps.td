//===- AttentionOps.td - attention ---------------------------*- tablegen -*-===//
//
// Attention as one operation: scores, score / mask / probability regions, row rule, weighted sum.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_ATTENTION_OPS
#define FOVEA_ATTENTION_OPS

include "dialects/Fovea/FoveaBase.td"

def Fovea_AttentionOp : Fovea_DestinationOp<"attention", [AttrSizedOperandSegments]> {
  let summary = "weighted mean of values, weights from query-key scores";
  let description = [{
    For every batch b, head h, query i and value channel e:
    ```
    s[j] = score(scale * sum_d query[b,h,i,d] * key[b,h,j,d], b, h, i, j, captures)
    keep[j] = mask(b, h, i, j, captures)                     (all true without a mask region)
    p[j] = prob(softmax over kept j of s, b, h, i, j, captures)
    out[b,h,i,e] = sum over kept j of p[j] * value[b,h,j,e]
    lse[b,h,i] = log(sum over kept j of exp(s[j]))
    max[b,h,i] = max over kept j of s[j]
    ```
    A row that keeps no key gives out 0, lse and max -inf; one that keeps a score of NaN or +inf has
    NaN in both. An excluded key is never read into the row, so a NaN there does not leak. Scores,
    probabilities, lse and max are f64 where the query is f64, f32 otherwise; out is rounded or
    extended to its own type.

    `indexing_maps` (query, key, value, captures, out, lse, max) are over the dimensions
    (b, h, i, j, d, e), so that a layout is a map, and a key head shared by G query heads is
    `h floordiv G`. A capture arrives in the regions as the scalar that its map names; a capture
    whose map has no results and whose block argument is shaped is a table for `fovea.capture_load`.

    Sugar, folded into the regions in this order by `fovea-materialize-mods`: `alibi m` appends
    s + m[h] * (j - i) to the score region, `softcap c` appends c * tanh(s / c); `causal` keeps
    j <= i + offset; `window [l, r]` keeps i + offset - l <= j <= i + offset + r (-1 is unbounded).

    `lengths n` keeps the keys j < n[b] alone. `pages table` says where the keys and values of a
    batch lie: the maps of both have `j floordiv P` and `j mod P` in place of b and j, a page and a
    row of it, and the page of key j is number table[b, j floordiv P] of the pool. With lengths,
    entries of pages that hold none of the n[b] keys are not looked at.

    `sequences (q, k)` packs sequences of different lengths one behind the other: number n has the
    queries q[n] .. q[n+1]-1 of dimension i and the keys k[n] .. k[n+1]-1 of dimension j, and keeps
    no other. Regions and sugar see n as b, and i and j counted from the sequence's first; captures'
    maps stay over all. With `align_ends` sugar counts the offset from the sequence's number of
    keys less that of its queries, so that the last query stands at the last key.

    A run stops where lengths, pages or sequences leave what there is.

    `schedule` overrides the target's choice of how, never what (see Schedules).

    Constraints:
    - attention_c1: query, key and value have one element type out of f32, f64, f16, bf16, and out
      has one of these.
    - attention_c2: one indexing map per operand with 6 dimensions, no symbols, and as many
      results as the operand's rank.
    - attention_c3: the query map permutes (b, h, i, d), the out map (b, h, i, e).
    - attention_c4: the key map permutes (b, H, j, d), the value map (b, H, j, e), with H either
      h or h floordiv G for one positive G; with pages, (j floordiv P, H, j mod P, d) and the same
      with e, for one P of at least 2.
    - attention_c5: extents of the same dimension agree; query heads = G * key heads; any other
      index that a capture's map computes stays inside the capture.
    - attention_c6: the maps of lse and max permute (b, h, i), their element type is that of
      scores.
    - attention_c7: a capture's map uses b, h, i and j alone.
    - attention_c8: region arguments are (score | none | probability), b, h, i, j, captures; they
      yield a score, i1 and a probability.
    - attention_c9: regions contain only elementwise scalar operations and fovea.capture_load.
    - attention_c10: causal and window need an offset.
    - attention_c11: window has two entries, each >= -1.
    - attention_c12: scale is finite, softcap is finite and positive.
    - attention_c13: outs are out, optionally lse and, behind lse, optionally max; results are as
      the outs that are tensors.
    - attention_c14: of a schedule, tiles are two counts and kv_split is one, each at least 1.
    - attention_c15: lengths are i32 or i64 of shape [B]; pages are of shape [B, blocks], and pages
      of the pool have the static size P.
    - attention_c16: sequences are two i32 or i64 of one shape [N + 1], go without lengths and
      pages, and with a batch extent of 1, and indices of capture_load come from positions and
      constants alone; align_ends needs sequences.
    - attention_c17: slopes of alibi are of shape [H] and of the scores' type.

    ```mlir
    %r = fovea.attention
        ins(%q, %k, %v : tensor<2x4x7x16xf32>, tensor<2x4x9x16xf32>, tensor<2x4x9x16xf32>)
        outs(%o : tensor<2x4x7x16xf32>)
        {scale = 0.25 : f64, indexing_maps = [
          affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>,
          affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>,
          affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>,
          affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>]}
        -> tensor<2x4x7x16xf32>
    ```
  }];
  let arguments = (ins Fovea_Buffer:$query, Fovea_Buffer:$key, Fovea_Buffer:$value,
    Variadic<Fovea_Buffer>:$captures, Optional<Index>:$offset, Optional<Fovea_Buffer>:$lengths,
    Optional<Fovea_Buffer>:$pages, Optional<Fovea_Buffer>:$query_starts,
    Optional<Fovea_Buffer>:$key_starts, Optional<Fovea_Buffer>:$slopes,
    Variadic<Fovea_Buffer>:$inits,
    AffineMapArrayAttr:$indexing_maps, DefaultValuedAttr<F64Attr, "1.0">:$scale,
    DefaultValuedAttr<Fovea_ScorerAttr, "Scorer::Dot">:$scorer,
    DefaultValuedAttr<Fovea_NormalizerAttr, "Normalizer::Softmax">:$normalizer,
    UnitAttr:$causal, OptionalAttr<DenseI64ArrayAttr>:$window, OptionalAttr<F64Attr>:$softcap,
    UnitAttr:$align_ends, OptionalAttr<Fovea_ScheduleAttr>:$schedule);
  let regions = (region MaxSizedRegion<1>:$score, MaxSizedRegion<1>:$mask, MaxSizedRegion<1>:$prob);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    `ins` `(` $query `,` $key `,` $value `:` type($query) `,` type($key) `,` type($value) `)`
    (`captures` `(` $captures^ `:` type($captures) `)`)?
    (`lengths` `(` $lengths^ `:` type($lengths) `)`)? (`pages` `(` $pages^ `:` type($pages) `)`)?
    (`sequences` `(` $query_starts^ `,` $key_starts `:` type($query_starts) `,`
    type($key_starts) `)`)? (`align_ends` $align_ends^)?
    (`offset` `(` $offset^ `)`)? (`causal` $causal^)? (`window` $window^)?
    (`alibi` `(` $slopes^ `:` type($slopes) `)`)? (`softcap` $softcap^)?
    `outs` `(` $inits `:` type($inits) `)` attr-dict
    (`score` $score^)? (`mask` $mask^)? (`prob` $prob^)? (`->` type($results)^)?
  }];
  let builders = [OpBuilder<(ins "::mlir::TypeRange":$results, "::mlir::Value":$query,
      "::mlir::Value":$key, "::mlir::Value":$value, "::mlir::ValueRange":$captures,
      "::mlir::ValueRange":$inits, "::mlir::ArrayAttr":$maps, "::mlir::FloatAttr":$scale), [{
    build($_builder, $_state, results, query, key, value, captures, /*offset=*/{}, /*lengths=*/{},
          /*pages=*/{}, /*query_starts=*/{}, /*key_starts=*/{}, /*slopes=*/{}, inits, maps, scale,
          ScorerAttr::get($_builder.getContext(), Scorer::Dot),
          NormalizerAttr::get($_builder.getContext(), Normalizer::Softmax), /*causal=*/{},
          /*window=*/{}, /*softcap=*/{}, /*align_ends=*/{}, /*schedule=*/{});
  }]>];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// Numbers of the iteration dimensions (b, h, i, j, d, e) in the indexing maps.
    enum Dim : unsigned { B = 0, H = 1, I = 2, J = 3, D = 4, E = 5 };
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitsMutable(); }
    ::mlir::Value getOut() { return getInits().front(); }
    bool hasLse() { return getInits().size() >= 2; }
    ::mlir::Value getLse() { return hasLse() ? getInits()[1] : ::mlir::Value(); }
    bool hasMax() { return getInits().size() == 3; }
    ::mlir::Value getMax() { return hasMax() ? getInits()[2] : ::mlir::Value(); }
    ::mlir::AffineMap getMap(unsigned operand) {
      return ::llvm::cast<::mlir::AffineMapAttr>(getIndexingMaps()[operand]).getValue();
    }
    ::mlir::AffineMap getQueryMap() { return getMap(0); }
    ::mlir::AffineMap getKeyMap() { return getMap(1); }
    ::mlir::AffineMap getValueMap() { return getMap(2); }
    ::mlir::AffineMap getCaptureMap(unsigned capture) { return getMap(3 + capture); }
    ::mlir::AffineMap getOutMap() { return getMap(3 + getCaptures().size()); }
    ::mlir::AffineMap getLseMap() { return getMap(4 + getCaptures().size()); }
    ::mlir::AffineMap getMaxMap() { return getMap(5 + getCaptures().size()); }
    /// Type of scores, probabilities, lse and max: f64 for queries in f64, f32 for shorter ones.
    ::mlir::FloatType getScoreType();
    /// Query heads per key head (G of the key map's `h floordiv G`).
    int64_t getGroup();
    /// Keys of a batch, possibly dynamic.
    int64_t getKeyCount();
    /// True when something is left for fovea-materialize-lengths or fovea-materialize-mods.
    bool hasSugar() {
      return getCausal() || getWindow() || getSlopes() || getSoftcap() || getLengths() ||
             getQueryStarts();
    }
    /// Keys of a page (P of the key map's `j floordiv P`); 0 without pages.
    int64_t getPageSize();
    /// Which result of the map of key or value names the page.
    static unsigned getPagePlace(::mlir::AffineMap map);
    /// From (b, h, i, j, d, e) to the entry of the table of pages.
    ::mlir::AffineMap getPagesMap();
    /// The map of key or value; with pages, with 0 for the page and for the row of it.
    ::mlir::AffineMap getMapInPage(::mlir::AffineMap map);
  }];
}

def Fovea_CaptureLoadOp : Fovea_Op<"capture_load", [Pure]> {
  let summary = "element of a table captured by a scalar region";
  let description = [{
    `table[indices]`, for tables whose position is computed inside a score, mask or probability
    region (relative-position buckets, document ids). Every index must be in range at all positions
    (b, h, i, j), also where a mask excludes the score; the run stops before the attention
    otherwise. Of an index that depends on the score the nearest in range is taken.

    Constraints:
    - capture_load_c1: one index per dimension of the table.
    - capture_load_c2: the result has the table's element type.

    ```mlir
    %x = fovea.capture_load %table[%i, %j] : tensor<32x12xf32> -> f32
    ```
  }];
  let arguments = (ins Fovea_Buffer:$table, Variadic<Index>:$indices);
  let results = (outs AnyType:$result);
  let assemblyFormat = "$table `[` $indices `]` attr-dict `:` type($table) `->` type($result)";
  let hasVerifier = 1;
}

def Fovea_YieldOp : Fovea_Op<"yield", [Pure, ReturnLike, Terminator]> {
  let summary = "values that a region gives back";
  let description = [{
    Ends score, mask, probability and epilogue regions and recurrent cells.

    ```mlir
    fovea.yield %x : f32
    ```
  }];
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}

#endif // FOVEA_ATTENTION_OPS
