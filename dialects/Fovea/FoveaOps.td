//===- FoveaOps.td - all operations of the dialect -----------*- tablegen -*-===//
//
// Includes every family in reading order; the generated code comes from this file.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_OPS
#define FOVEA_OPS

include "dialects/Fovea/ModuleOps.td"
include "dialects/Fovea/AttentionOps.td"
include "dialects/Fovea/ContractOps.td"
include "dialects/Fovea/RecurrentOps.td"
include "dialects/Fovea/GateOps.td"
include "dialects/Fovea/NormOps.td"

#endif // FOVEA_OPS
