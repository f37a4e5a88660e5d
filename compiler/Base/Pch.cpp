//===- Pch.cpp - anchors the precompiled header ---------------------------===//
//
// Empty on purpose: the build needs one source to own compiler/Pch.h.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
