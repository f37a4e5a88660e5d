//===- SupportTableTest.cpp - the table of operators ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Onnx/OperatorTable.h"
#include "compiler/Frontends/Onnx/Support.h"

#include <gtest/gtest.h>

using namespace fovea;

TEST(SupportTable, IsSortedByName) {
  std::vector<OnnxSupportRow> rows = onnxSupportTable();
  ASSERT_GT(rows.size(), 75u);
  for (size_t i = 1; i < rows.size(); ++i)
    EXPECT_LT(rows[i - 1].name, rows[i].name);
}

TEST(SupportTable, FindsEveryRow) {
  for (const onnx_frontend::Operator &row : onnx_frontend::operatorTable()) {
    EXPECT_EQ(onnx_frontend::findOperator(row.name), &row);
    EXPECT_LE(row.sinceOpset, onnx_frontend::kNewestOpset);
  }
  EXPECT_EQ(onnx_frontend::findOperator("Nonsense"), nullptr);
}
