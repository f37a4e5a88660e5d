"""The dimensions of the attention grid: what can be crossed with what, and what is refused.

A new value of a dimension is one more entry here, one more case in `region_text.py` or
`program_text.py` and one more in `oracle.py`. What the compiler refuses stands in REFUSED, and
moves to its dimension when it is made.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from dataclasses import dataclass

SCORES = ("none", "scale", "softcap", "alibi", "relative")
MASKS = ("none", "causal", "offset", "window", "prefix", "documents", "lengths", "bool", "bias")
NORMALIZERS = ("softmax", "lse_max", "prob", "prob_lse", "sink")
LAYOUTS = ("bhsd", "bshd", "sbhd", "keys_transposed", "channels_first", "packed", "pages",
           "sequences")  # fmt: skip
DTYPES = ("f32", "bf16", "f16", "f64")
# Query heads for each key head; "mqa": all of them, "dynamic": 2, with heads of run-time number.
GROUPS = ("1", "2", "4", "mqa", "dynamic")
# Channels of a query and of a value; 0 is known only at run time, above 1024 another form.
HEADS = ((16, 16), (20, 20), (64, 64), (72, 40), (33, 80), (128, 128), (256, 256), (1, 3), (0, 0),
         (8, 1040))  # fmt: skip
# Known numbers of queries, few enough for the form that streams keys past them.
FEW_QUERIES = (1, 4, 2, 7, 12, 3, 16, 5)
# Instruction sets of the target "cpu", all of which run every program: 16 lanes (where this machine
# has them) and 8.
CPUS = ("host", "x86-64-v3")
TARGETS = ("cpu", "reference")

# The dimensions of docs/Crossings.md, any three values of which are crossed; and those of which
# any two are.
NAMED = {"score": SCORES, "mask": MASKS, "normalizer": NORMALIZERS, "layout": LAYOUTS,
         "dtype": DTYPES}  # fmt: skip
OTHERS = {"group": GROUPS, "heads": HEADS}

# Values that no crossing has yet: the compiler refuses each, whatever it is crossed with.
REFUSED = {"dtype": ("f8E4M3FN",), "normalizer": ("sigmoid",), "layout": ("shared_head",)}

MEANINGS = {
    "score": {
        "none": "scale 1, no region",
        "scale": "a scale",
        "softcap": "scale and softcap; with the mask `bias` by a score region",
        "alibi": "a slope for each head times j - i: `alibi`, or a score region where the mask is "
        "one",
        "relative": "a captured table by the distance j - i, cut off at 16 either way",
    },
    "mask": {
        "none": "all keys",
        "causal": "`causal` at offset 0",
        "offset": "`causal` at an offset that data gives",
        "window": "`window` at an offset that data gives",
        "prefix": "a region: causal, and a prefix of each batch row's length",
        "documents": "a region: equal ids, captured for queries, read from a table for keys",
        "lengths": "a region: keys below the captured length of the batch row",
        "bool": "a captured tensor of bools",
        "bias": "a captured tensor of floats, -inf among them, added to the score",
    },
    "normalizer": {
        "softmax": "softmax",
        "lse_max": "softmax, the logarithms of the sums and the largest scores as further results",
        "prob": "softmax and a probability region",
        "prob_lse": "this, and the logarithms of the sums as a second result",
        "sink": "softmax with a further score for each head in its sum (from the logarithms)",
        "sigmoid": "`normalizer = #fovea.normalizer<sigmoid>`",
    },
    "layout": {
        "bhsd": "[B, H, S, D] throughout",
        "bshd": "[B, S, H, D] throughout",
        "sbhd": "[S, B, H, D] throughout",
        "keys_transposed": "keys [B, H, D, T], the others [B, H, S, D]",
        "channels_first": "[B, H, D, S] throughout",
        "packed": "slices of one [B, S, heads of query, key and value, D]",
        "pages": "keys and values in pages of 8 to 32 rows that a table names, with lengths",
        "sequences": "queries and keys of 0 to 5 sequences one behind the other, `sequences`; with "
        "the mask `offset` also `align_ends`",
        "shared_head": "keys and values [B, T, D], without a dimension of heads",
    },
}


@dataclass(frozen=True)
class Crossing:
    """One program of the grid."""

    score: str = "scale"
    mask: str = "none"
    normalizer: str = "softmax"
    layout: str = "bhsd"
    dtype: str = "f32"
    group: str = "1"
    heads: tuple[int, int] = (16, 16)
    # 0 is known only at run time.
    queries: int = 0

    def __str__(self) -> str:
        depth, width = (size or "?" for size in self.heads)
        named = [self.score, self.mask, self.normalizer, self.layout, self.dtype]
        sizes = [f"group={self.group}", f"heads={depth}:{width}", f"queries={self.queries or '?'}"]
        return " ".join([*named, *sizes])

    @property
    def streams(self) -> bool:
        """Whether keys are streamed past few queries: heads fill vectors and are contiguous."""
        filled = all(size and size % 16 == 0 for size in self.heads)
        contiguous = self.layout not in ("keys_transposed", "channels_first")
        return filled and contiguous and self.dtype != "f64"

    @property
    def query_heads(self) -> int:
        """Query heads; of a run-time number, as many as the cases have."""
        return {"1": 3, "2": 4, "4": 8, "mqa": 5, "dynamic": 4}[self.group]

    @property
    def key_heads(self) -> int:
        return {"1": 3, "2": 2, "4": 2, "mqa": 1, "dynamic": 2}[self.group]

    @property
    def page(self) -> int:
        """Rows of a page; those that are no multiple of 16 are not streamed."""
        return {"1": 16, "2": 32, "4": 24, "mqa": 16, "dynamic": 8}[self.group]

    @property
    def ratio(self) -> int:
        return self.query_heads // self.key_heads

    @property
    def scale(self) -> float:
        """1 without a score change, else one that is no power of two."""
        return 1.0 if self.score == "none" else 0.15

    @property
    def working(self) -> str:
        """The type of scores, probabilities and logarithms."""
        return "f64" if self.dtype == "f64" else "f32"

    @property
    def alibi_is_sugar(self) -> bool:
        """Whether the slopes are an operand instead of a capture of the score region."""
        return self.score == "alibi" and self.mask in ("none", "causal", "offset", "window")

    @property
    def has_lse(self) -> bool:
        """Whether the logarithms are a result of the program; `lse` is these alone."""
        return "lse" in self.normalizer

    @property
    def has_max(self) -> bool:
        """Whether the largest scores are a result of the program, behind the logarithms."""
        return self.normalizer == "lse_max"

    @property
    def aligns_ends(self) -> bool:
        """Whether sugar counts from the last query and key of a sequence."""
        return self.layout == "sequences" and self.mask == "offset"

    @property
    def has_prob(self) -> bool:
        return self.normalizer in ("prob", "prob_lse")


def legal(values: dict[str, object]) -> bool:
    """False for values that cannot be of one program: slices of one tensor share what they are
    slices of."""
    if values.get("layout") != "packed":
        return True
    depth, width = values.get("heads", (16, 16))
    return values.get("group") != "dynamic" and depth == width and depth != 0
