"""Tests of operators of ONNX, by kernels of a GPU under the emulator.

They are those of test/Integration/Onnx, which say what they compare; left out are those of forms,
of artefacts and of the reference.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import test_branches as branches
import test_cache_update as cache_update
import test_convolutions as convolutions
import test_dropout as dropout
import test_last_step as last_step
import test_lstm as lstm
import test_run_time_broadcast as broadcast
import test_run_time_parameters as parameters
import test_run_time_scales as scales
import test_symbolic_weights as symbolic_weights

test_a_branch = branches.test_a_branch_gives_another_result
test_behind_a_branch = branches.test_code_behind_a_branch_does_not_rely_on_it
test_the_cache = cache_update.test_the_cache_has_what_is_new
test_convolutions = convolutions.test_any_size_gives_the_formula
test_dropout = dropout.test_the_mask_is_all_true
test_last_step = last_step.test_a_step_has_the_bits_of_all_steps
test_no_last_step = last_step.test_an_empty_sequence_has_no_last_step
test_clip = lstm.test_clip_comes_behind_the_peepholes
test_broadcast_of_two = broadcast.test_two_operands
test_broadcast_of_integers = broadcast.test_integers
test_broadcast_of_three = broadcast.test_three_operands
test_broadcast_to_a_size = broadcast.test_a_size_that_is_known
test_expand = broadcast.test_expand
test_batches_of_products = broadcast.test_batches_of_products
test_gemm = broadcast.test_the_term_of_gemm_is_expanded_alone
test_a_common_size = broadcast.test_a_common_size_goes_on
test_a_mask_with_sizes = broadcast.test_a_mask_with_sizes_of_its_own
test_a_step_of_zero = parameters.test_a_step_of_zero_is_named
test_wrong_axes = parameters.test_axes_that_are_not_there_or_twice_are_named
test_scales = scales.test_one_scale_or_one_a_channel
test_conv = symbolic_weights.test_conv
test_conv_requires = symbolic_weights.test_conv_requires_what_it_is_told
test_recurrences = symbolic_weights.test_recurrences
test_recurrences_require = symbolic_weights.test_recurrences_require_what_they_are_told
test_rotary_embedding = symbolic_weights.test_rotary_embedding
