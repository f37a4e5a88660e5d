"""What a visit to a GPU runs, made on a machine without one."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
