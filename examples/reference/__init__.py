"""Models written from their formulas in float64 numpy: what the examples are checked against."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
