// RUN: fovea-opt %s -fovea-kernel-to-llvm -verify-diagnostics

func.func @fail_on_what_has_no_llvm_form(%n: index) {
  // expected-error @+1 {{failed to legalize operation 'fovea_kernel.parallel'}}
  fovea_kernel.parallel %n {
  ^bb0(%task: index):
  }
  return
}
