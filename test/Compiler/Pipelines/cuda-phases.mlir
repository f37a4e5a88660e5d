// What tells the phases of CUDA devices from those of emulated ones: parts of keys and of depths,
// the refusal of f64, and the last conversion of kernels.
//
// RUN: fovea-opt %s -fovea-cuda-graph -dump-pass-pipeline 2>&1 | FileCheck %s --check-prefix=MANY
// RUN: fovea-opt %s -fovea-cuda-emulated-graph -dump-pass-pipeline 2>&1 \
// RUN:   | FileCheck %s --check-prefix=FEW
// RUN: fovea-opt %s -fovea-cuda-kernel -dump-pass-pipeline 2>&1 \
// RUN:   | FileCheck %s --check-prefix=REFUSE
// RUN: fovea-opt %s -fovea-cuda-emulated-kernel -dump-pass-pipeline 2>&1 \
// RUN:   | FileCheck %s --check-prefix=TAKE
// RUN: fovea-opt %s -fovea-cuda-llvm -dump-pass-pipeline 2>&1 | FileCheck %s --check-prefix=DEVICE
// RUN: fovea-opt %s -fovea-cuda-emulated-llvm -dump-pass-pipeline 2>&1 \
// RUN:   | FileCheck %s --check-prefix=EMULATED

// MANY:        fovea-split-keys{many-keys=512 part-keys=64 run-keys=1 tasks=256 unknown-sizes=true}
// MANY:        fovea-split-depth{many-elements=4096 part-elements=512 tasks=256}
// FEW:         fovea-split-keys{many-keys=512 part-keys=64 run-keys=1 tasks=8 unknown-sizes=true}
// FEW:         fovea-split-depth{many-elements=4096 part-elements=512 tasks=8}

// REFUSE:      fovea-math-to-arith
// REFUSE:      fovea-refuse-host-math

// TAKE:        fovea-math-to-arith
// TAKE-NOT:    fovea-refuse-host-math

// DEVICE:      fovea-outline-blocks
// DEVICE:      fovea-distribute-fragments
// DEVICE:      fovea-place-shared
// DEVICE:      fovea-expand-divisions
// DEVICE:      fovea-divide-integers
// DEVICE-NOT:  fovea-device-to-emulator
// DEVICE:      fovea-device-to-nvvm
// DEVICE:      fovea-device-table

// EMULATED:     fovea-outline-blocks
// EMULATED:     fovea-distribute-fragments
// EMULATED:     fovea-place-shared
// EMULATED:     fovea-expand-divisions
// EMULATED:     fovea-divide-integers
// EMULATED-NOT: fovea-device-to-nvvm
// EMULATED:     fovea-device-to-emulator{checks=true}
// EMULATED:     fovea-device-table

module {
}
