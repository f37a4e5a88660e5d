"""The program of a visit to a GPU: Python's own library alone, numpy and PyTorch where they are."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
