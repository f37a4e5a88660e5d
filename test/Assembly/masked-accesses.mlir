// NEON has no masked loads and stores. Columns end in the fourth lane of the last vector, so that
// each access has a mask; a branch leads most of them to a plain one.
//
// RUN: fovea compile %s --target=armv8-a --emit=llvm -o %t.ll
// RUN: FileCheck %s --input-file=%t.ll
// CHECK-LABEL: define {{.*}} @kernel_0_contract.body
// CHECK:         %[[WHOLE:.*]] = call i1 @llvm.vector.reduce.and.v4i1(<4 x i1> %[[MASK:.*]])
// CHECK:         br i1 %[[WHOLE]], label %[[PLAIN:.*]], label %[[PARTS:.*]], !prof
// CHECK:       [[PLAIN]]:
// CHECK-NEXT:    %[[ALL:.*]] = load <4 x float>
// CHECK:       [[PARTS]]:
// CHECK-NEXT:    %[[SOME:.*]] = {{.*}}@llvm.masked.load{{.*}}, <4 x i1> %[[MASK]],
// CHECK:         phi <4 x float> [ %[[ALL]], %[[PLAIN]] ], [ %[[SOME]], %[[PARTS]] ]
// CHECK:         store <4 x float>
// CHECK:         call void @llvm.masked.store.v4f32.p0
//
// RUN: fovea compile %s --target=x86-64-v3 --emit=llvm -o %t.ll
// RUN: FileCheck %s --input-file=%t.ll --check-prefix=MASKED
// MASKED-NOT: llvm.vector.reduce.and

func.func @main(%a: tensor<24x16xf32> {fovea.name = "a"}, %b: tensor<16x31xf32> {fovea.name = "b"})
    -> (tensor<24x31xf32> {fovea.name = "c"}) {
  %o = tensor.empty() : tensor<24x31xf32>
  %c = fovea.contract ins(%a, %b : tensor<24x16xf32>, tensor<16x31xf32>)
      outs(%o : tensor<24x31xf32>)
      {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>,
                        affine_map<(m, n, k) -> (m, n)>]} epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      } -> tensor<24x31xf32>
  return %c : tensor<24x31xf32>
}
