#loc = loc(unknown)
#loc15 = loc("/stft/padding/Pad")
#loc17 = loc("/stft/Conv")
#loc19 = loc("/stft/Slice_1")
#loc21 = loc("/stft/Slice_3")
#loc22 = loc("/stft/Pow")
#loc23 = loc("/stft/Pow_1")
#loc24 = loc("/stft/Add")
#loc25 = loc("/stft/Sqrt")
#loc26 = loc("/encoder.0/Conv")
#loc27 = loc("/Relu")
#loc28 = loc("/encoder.1/Conv")
#loc29 = loc("/Relu_1")
#loc30 = loc("/encoder.2/Conv")
#loc31 = loc("/Relu_2")
#loc32 = loc("/encoder.3/Conv")
#loc33 = loc("/Relu_3")
#loc34 = loc("/Transpose")
#loc36 = loc("/recurrent/Squeeze")
#loc37 = loc("/Relu_4")
#loc38 = loc("/output/Conv")
#loc39 = loc("/Sigmoid")
#map = affine_map<(d0, d1) -> (d0, d1)>
#map1 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d3, d2 * 128 + d4)>
#map2 = affine_map<(d0, d1, d2, d3, d4) -> (d1, d3, d4)>
#map3 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2)>
#map4 = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#map5 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d3, d2 + d4)>
#map6 = affine_map<(d0, d1, d2, d3, d4) -> (d1)>
#map7 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d3, d2 * 2 + d4)>
#map8 = affine_map<(d0, d1, d2) -> (d0, d2, d1)>
#map9 = affine_map<(d0, d1, d2, d3, d4) -> (d2 + d4, d0, d3)>
module {
  fovea.weight @output.weight from "silero_vad_16k_sequence.reproducer.mlir.weights.safetensors" offset 1088 : tensor<1x128x1xf32> loc(#loc1)
  fovea.weight @"onnx::LSTM_211" from "silero_vad_16k_sequence.reproducer.mlir.weights.safetensors" offset 1600 : tensor<1x1024xf32> loc(#loc2)
  fovea.weight @"onnx::LSTM_210" from "silero_vad_16k_sequence.reproducer.mlir.weights.safetensors" offset 5696 : tensor<1x512x128xf32> loc(#loc3)
  fovea.weight @"onnx::LSTM_209" from "silero_vad_16k_sequence.reproducer.mlir.weights.safetensors" offset 267840 : tensor<1x512x128xf32> loc(#loc4)
  fovea.weight @encoder.3.bias from "silero_vad_16k_sequence.reproducer.mlir.weights.safetensors" offset 529984 : tensor<128xf32> loc(#loc5)
  fovea.weight @encoder.3.weight from "silero_vad_16k_sequence.reproducer.mlir.weights.safetensors" offset 530496 : tensor<128x64x3xf32> loc(#loc6)
  fovea.weight @encoder.2.bias from "silero_vad_16k_sequence.reproducer.mlir.weights.safetensors" offset 628800 : tensor<64xf32> loc(#loc7)
  fovea.weight @encoder.2.weight from "silero_vad_16k_sequence.reproducer.mlir.weights.safetensors" offset 629056 : tensor<64x64x3xf32> loc(#loc8)
  fovea.weight @encoder.1.bias from "silero_vad_16k_sequence.reproducer.mlir.weights.safetensors" offset 678208 : tensor<64xf32> loc(#loc9)
  fovea.weight @encoder.1.weight from "silero_vad_16k_sequence.reproducer.mlir.weights.safetensors" offset 678464 : tensor<64x128x3xf32> loc(#loc10)
  fovea.weight @encoder.0.bias from "silero_vad_16k_sequence.reproducer.mlir.weights.safetensors" offset 776768 : tensor<128xf32> loc(#loc11)
  fovea.weight @encoder.0.weight from "silero_vad_16k_sequence.reproducer.mlir.weights.safetensors" offset 777280 : tensor<128x129x3xf32> loc(#loc12)
  fovea.weight @stft.forward_basis_buffer from "silero_vad_16k_sequence.reproducer.mlir.weights.safetensors" offset 975424 : tensor<258x1x256xf32> loc(#loc13)
  func.func @main(%arg0: tensor<?x576xf32> {fovea.name = "input", fovea.shape = ["sequence_length", ""]} loc(unknown), %arg1: tensor<1x1x128xf32> {fovea.name = "h"} loc(unknown), %arg2: tensor<1x1x128xf32> {fovea.name = "c"} loc(unknown)) -> (tensor<?xf32> {fovea.name = "speech_probs", fovea.shape = ["sequence_length"]}, tensor<1x1x128xf32> {fovea.name = "hn"}, tensor<1x1x128xf32> {fovea.name = "cn"}) attributes {fovea.entry} {
    %cst = arith.constant dense<-0.624597728> : tensor<1xf32> loc(#loc14)
    %0 = fovea.get_weight @output.weight : tensor<1x128x1xf32> loc(#loc1)
    %1 = fovea.get_weight @"onnx::LSTM_211" : tensor<1x1024xf32> loc(#loc2)
    %2 = fovea.get_weight @"onnx::LSTM_210" : tensor<1x512x128xf32> loc(#loc3)
    %3 = fovea.get_weight @"onnx::LSTM_209" : tensor<1x512x128xf32> loc(#loc4)
    %4 = fovea.get_weight @encoder.3.bias : tensor<128xf32> loc(#loc5)
    %5 = fovea.get_weight @encoder.3.weight : tensor<128x64x3xf32> loc(#loc6)
    %6 = fovea.get_weight @encoder.2.bias : tensor<64xf32> loc(#loc7)
    %7 = fovea.get_weight @encoder.2.weight : tensor<64x64x3xf32> loc(#loc8)
    %8 = fovea.get_weight @encoder.1.bias : tensor<64xf32> loc(#loc9)
    %9 = fovea.get_weight @encoder.1.weight : tensor<64x128x3xf32> loc(#loc10)
    %10 = fovea.get_weight @encoder.0.bias : tensor<128xf32> loc(#loc11)
    %11 = fovea.get_weight @encoder.0.weight : tensor<128x129x3xf32> loc(#loc12)
    %12 = fovea.get_weight @stft.forward_basis_buffer : tensor<258x1x256xf32> loc(#loc13)
    %c576 = arith.constant 576 : index loc(#loc15)
    %c128 = arith.constant 128 : index loc(#loc15)
    %c1 = arith.constant 1 : index loc(#loc15)
    %c0 = arith.constant 0 : index loc(#loc15)
    %dim = tensor.dim %arg0, %c0 : tensor<?x576xf32> loc(#loc15)
    %13 = tensor.empty(%dim) : tensor<?x832xf32> loc(#loc15)
    %14 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel", "parallel"]} outs(%13 : tensor<?x832xf32>) {
    ^bb0(%out: f32 loc("/stft/padding/Pad")):
      %51 = linalg.index 0 : index loc(#loc15)
      %52 = linalg.index 1 : index loc(#loc15)
      %53 = arith.subi %52, %c128 : index loc(#loc15)
      %54 = arith.subi %c576, %c1 : index loc(#loc15)
      %55 = arith.addi %54, %54 : index loc(#loc15)
      %56 = arith.maxsi %55, %c1 : index loc(#loc15)
      %57 = arith.remsi %53, %56 : index loc(#loc15)
      %58 = arith.cmpi slt, %57, %c0 : index loc(#loc15)
      %59 = arith.addi %57, %56 : index loc(#loc15)
      %60 = arith.select %58, %59, %57 : index loc(#loc15)
      %61 = arith.subi %56, %60 : index loc(#loc15)
      %62 = arith.minsi %60, %61 : index loc(#loc15)
      %extracted = tensor.extract %arg0[%51, %62] : tensor<?x576xf32> loc(#loc15)
      linalg.yield %extracted : f32 loc(#loc15)
    } -> tensor<?x832xf32> loc(#loc15)
    %expanded = tensor.expand_shape %14 [[0], [1, 2]] output_shape [%dim, 1, 832] : tensor<?x832xf32> into tensor<?x1x832xf32> loc(#loc16)
    %15 = tensor.empty(%dim) : tensor<?x258x5xf32> loc(#loc17)
    %16 = fovea.contract ins(%expanded, %12 : tensor<?x1x832xf32>, tensor<258x1x256xf32>) outs(%15 : tensor<?x258x5xf32>) {indexing_maps = [#map1, #map2, #map3]} epilogue {
    ^bb0(%arg3: f32 loc("/stft/Conv")):
      fovea.yield %arg3 : f32 loc(#loc17)
    } -> tensor<?x258x5xf32> loc(#loc17)
    %extracted_slice = tensor.extract_slice %16[0, 0, 0] [%dim, 129, 5] [1, 1, 1] : tensor<?x258x5xf32> to tensor<?x129x5xf32> loc(#loc18)
    %extracted_slice_0 = tensor.extract_slice %extracted_slice[0, 0, 1] [%dim, 129, 4] [1, 1, 1] : tensor<?x129x5xf32> to tensor<?x129x4xf32> loc(#loc19)
    %extracted_slice_1 = tensor.extract_slice %16[0, 129, 0] [%dim, 129, 5] [1, 1, 1] : tensor<?x258x5xf32> to tensor<?x129x5xf32> loc(#loc20)
    %extracted_slice_2 = tensor.extract_slice %extracted_slice_1[0, 0, 1] [%dim, 129, 4] [1, 1, 1] : tensor<?x129x5xf32> to tensor<?x129x4xf32> loc(#loc21)
    %17 = tensor.empty(%dim) : tensor<?x129x4xf32> loc(#loc22)
    %18 = linalg.generic {indexing_maps = [#map4, #map4], iterator_types = ["parallel", "parallel", "parallel"]} ins(%extracted_slice_0 : tensor<?x129x4xf32>) outs(%17 : tensor<?x129x4xf32>) {
    ^bb0(%in: f32 loc("/stft/Slice_1"), %out: f32 loc("/stft/Pow")):
      %51 = arith.mulf %in, %in : f32 loc(#loc22)
      linalg.yield %51 : f32 loc(#loc22)
    } -> tensor<?x129x4xf32> loc(#loc22)
    %19 = tensor.empty(%dim) : tensor<?x129x4xf32> loc(#loc23)
    %20 = linalg.generic {indexing_maps = [#map4, #map4], iterator_types = ["parallel", "parallel", "parallel"]} ins(%extracted_slice_2 : tensor<?x129x4xf32>) outs(%19 : tensor<?x129x4xf32>) {
    ^bb0(%in: f32 loc("/stft/Slice_3"), %out: f32 loc("/stft/Pow_1")):
      %51 = arith.mulf %in, %in : f32 loc(#loc23)
      linalg.yield %51 : f32 loc(#loc23)
    } -> tensor<?x129x4xf32> loc(#loc23)
    %21 = tensor.empty(%dim) : tensor<?x129x4xf32> loc(#loc24)
    %22 = linalg.generic {indexing_maps = [#map4, #map4, #map4], iterator_types = ["parallel", "parallel", "parallel"]} ins(%18, %20 : tensor<?x129x4xf32>, tensor<?x129x4xf32>) outs(%21 : tensor<?x129x4xf32>) {
    ^bb0(%in: f32 loc("/stft/Pow"), %in_11: f32 loc("/stft/Pow_1"), %out: f32 loc("/stft/Add")):
      %51 = arith.addf %in, %in_11 : f32 loc(#loc24)
      linalg.yield %51 : f32 loc(#loc24)
    } -> tensor<?x129x4xf32> loc(#loc24)
    %23 = tensor.empty(%dim) : tensor<?x129x4xf32> loc(#loc25)
    %24 = linalg.generic {indexing_maps = [#map4, #map4], iterator_types = ["parallel", "parallel", "parallel"]} ins(%22 : tensor<?x129x4xf32>) outs(%23 : tensor<?x129x4xf32>) {
    ^bb0(%in: f32 loc("/stft/Add"), %out: f32 loc("/stft/Sqrt")):
      %51 = math.sqrt %in : f32 loc(#loc25)
      linalg.yield %51 : f32 loc(#loc25)
    } -> tensor<?x129x4xf32> loc(#loc25)
    %cst_3 = arith.constant 0.000000e+00 : f32 loc(#loc26)
    %padded = tensor.pad %24 low[0, 0, 1] high[0, 0, 1] {
    ^bb0(%arg3: index loc("/encoder.0/Conv"), %arg4: index loc("/encoder.0/Conv"), %arg5: index loc("/encoder.0/Conv")):
      tensor.yield %cst_3 : f32 loc(#loc26)
    } : tensor<?x129x4xf32> to tensor<?x129x6xf32> loc(#loc26)
    %25 = tensor.empty(%dim) : tensor<?x128x4xf32> loc(#loc26)
    %26 = fovea.contract ins(%padded, %11 : tensor<?x129x6xf32>, tensor<128x129x3xf32>) captures(%10 : tensor<128xf32>) outs(%25 : tensor<?x128x4xf32>) {indexing_maps = [#map5, #map2, #map6, #map3]} epilogue {
    ^bb0(%arg3: f32 loc("/encoder.0/Conv"), %arg4: f32 loc("/encoder.0/Conv")):
      %51 = arith.addf %arg3, %arg4 : f32 loc(#loc26)
      fovea.yield %51 : f32 loc(#loc26)
    } -> tensor<?x128x4xf32> loc(#loc26)
    %27 = tensor.empty(%dim) : tensor<?x128x4xf32> loc(#loc27)
    %28 = linalg.generic {indexing_maps = [#map4, #map4], iterator_types = ["parallel", "parallel", "parallel"]} ins(%26 : tensor<?x128x4xf32>) outs(%27 : tensor<?x128x4xf32>) {
    ^bb0(%in: f32 loc("/encoder.0/Conv"), %out: f32 loc("/Relu")):
      %cst_11 = arith.constant 0.000000e+00 : f32 loc(#loc27)
      %51 = arith.maximumf %in, %cst_11 : f32 loc(#loc27)
      linalg.yield %51 : f32 loc(#loc27)
    } -> tensor<?x128x4xf32> loc(#loc27)
    %cst_4 = arith.constant 0.000000e+00 : f32 loc(#loc28)
    %padded_5 = tensor.pad %28 low[0, 0, 1] high[0, 0, 1] {
    ^bb0(%arg3: index loc("/encoder.1/Conv"), %arg4: index loc("/encoder.1/Conv"), %arg5: index loc("/encoder.1/Conv")):
      tensor.yield %cst_4 : f32 loc(#loc28)
    } : tensor<?x128x4xf32> to tensor<?x128x6xf32> loc(#loc28)
    %29 = tensor.empty(%dim) : tensor<?x64x2xf32> loc(#loc28)
    %30 = fovea.contract ins(%padded_5, %9 : tensor<?x128x6xf32>, tensor<64x128x3xf32>) captures(%8 : tensor<64xf32>) outs(%29 : tensor<?x64x2xf32>) {indexing_maps = [#map7, #map2, #map6, #map3]} epilogue {
    ^bb0(%arg3: f32 loc("/encoder.1/Conv"), %arg4: f32 loc("/encoder.1/Conv")):
      %51 = arith.addf %arg3, %arg4 : f32 loc(#loc28)
      fovea.yield %51 : f32 loc(#loc28)
    } -> tensor<?x64x2xf32> loc(#loc28)
    %31 = tensor.empty(%dim) : tensor<?x64x2xf32> loc(#loc29)
    %32 = linalg.generic {indexing_maps = [#map4, #map4], iterator_types = ["parallel", "parallel", "parallel"]} ins(%30 : tensor<?x64x2xf32>) outs(%31 : tensor<?x64x2xf32>) {
    ^bb0(%in: f32 loc("/encoder.1/Conv"), %out: f32 loc("/Relu_1")):
      %cst_11 = arith.constant 0.000000e+00 : f32 loc(#loc29)
      %51 = arith.maximumf %in, %cst_11 : f32 loc(#loc29)
      linalg.yield %51 : f32 loc(#loc29)
    } -> tensor<?x64x2xf32> loc(#loc29)
    %cst_6 = arith.constant 0.000000e+00 : f32 loc(#loc30)
    %padded_7 = tensor.pad %32 low[0, 0, 1] high[0, 0, 1] {
    ^bb0(%arg3: index loc("/encoder.2/Conv"), %arg4: index loc("/encoder.2/Conv"), %arg5: index loc("/encoder.2/Conv")):
      tensor.yield %cst_6 : f32 loc(#loc30)
    } : tensor<?x64x2xf32> to tensor<?x64x4xf32> loc(#loc30)
    %33 = tensor.empty(%dim) : tensor<?x64x1xf32> loc(#loc30)
    %34 = fovea.contract ins(%padded_7, %7 : tensor<?x64x4xf32>, tensor<64x64x3xf32>) captures(%6 : tensor<64xf32>) outs(%33 : tensor<?x64x1xf32>) {indexing_maps = [#map7, #map2, #map6, #map3]} epilogue {
    ^bb0(%arg3: f32 loc("/encoder.2/Conv"), %arg4: f32 loc("/encoder.2/Conv")):
      %51 = arith.addf %arg3, %arg4 : f32 loc(#loc30)
      fovea.yield %51 : f32 loc(#loc30)
    } -> tensor<?x64x1xf32> loc(#loc30)
    %35 = tensor.empty(%dim) : tensor<?x64x1xf32> loc(#loc31)
    %36 = linalg.generic {indexing_maps = [#map4, #map4], iterator_types = ["parallel", "parallel", "parallel"]} ins(%34 : tensor<?x64x1xf32>) outs(%35 : tensor<?x64x1xf32>) {
    ^bb0(%in: f32 loc("/encoder.2/Conv"), %out: f32 loc("/Relu_2")):
      %cst_11 = arith.constant 0.000000e+00 : f32 loc(#loc31)
      %51 = arith.maximumf %in, %cst_11 : f32 loc(#loc31)
      linalg.yield %51 : f32 loc(#loc31)
    } -> tensor<?x64x1xf32> loc(#loc31)
    %cst_8 = arith.constant 0.000000e+00 : f32 loc(#loc32)
    %padded_9 = tensor.pad %36 low[0, 0, 1] high[0, 0, 1] {
    ^bb0(%arg3: index loc("/encoder.3/Conv"), %arg4: index loc("/encoder.3/Conv"), %arg5: index loc("/encoder.3/Conv")):
      tensor.yield %cst_8 : f32 loc(#loc32)
    } : tensor<?x64x1xf32> to tensor<?x64x3xf32> loc(#loc32)
    %37 = tensor.empty(%dim) : tensor<?x128x1xf32> loc(#loc32)
    %38 = fovea.contract ins(%padded_9, %5 : tensor<?x64x3xf32>, tensor<128x64x3xf32>) captures(%4 : tensor<128xf32>) outs(%37 : tensor<?x128x1xf32>) {indexing_maps = [#map5, #map2, #map6, #map3]} epilogue {
    ^bb0(%arg3: f32 loc("/encoder.3/Conv"), %arg4: f32 loc("/encoder.3/Conv")):
      %51 = arith.addf %arg3, %arg4 : f32 loc(#loc32)
      fovea.yield %51 : f32 loc(#loc32)
    } -> tensor<?x128x1xf32> loc(#loc32)
    %39 = tensor.empty(%dim) : tensor<?x128x1xf32> loc(#loc33)
    %40 = linalg.generic {indexing_maps = [#map4, #map4], iterator_types = ["parallel", "parallel", "parallel"]} ins(%38 : tensor<?x128x1xf32>) outs(%39 : tensor<?x128x1xf32>) {
    ^bb0(%in: f32 loc("/encoder.3/Conv"), %out: f32 loc("/Relu_3")):
      %cst_11 = arith.constant 0.000000e+00 : f32 loc(#loc33)
      %51 = arith.maximumf %in, %cst_11 : f32 loc(#loc33)
      linalg.yield %51 : f32 loc(#loc33)
    } -> tensor<?x128x1xf32> loc(#loc33)
    %41 = tensor.empty(%dim) : tensor<?x1x128xf32> loc(#loc34)
    %42 = linalg.generic {indexing_maps = [#map8, #map4], iterator_types = ["parallel", "parallel", "parallel"]} ins(%40 : tensor<?x128x1xf32>) outs(%41 : tensor<?x1x128xf32>) {
    ^bb0(%in: f32 loc("/Relu_3"), %out: f32 loc("/Transpose")):
      linalg.yield %in : f32 loc(#loc34)
    } -> tensor<?x1x128xf32> loc(#loc34)
    %y, %y_h, %y_c = fovea.lstm %42, %3, %2 bias(%1 : tensor<1x1024xf32>) initial_h(%arg1 : tensor<1x1x128xf32>) initial_c(%arg2 : tensor<1x1x128xf32>) {activations = [#fovea.activation<sigmoid>, #fovea.activation<tanh>, #fovea.activation<tanh>], gate_order = [#fovea.gate<i>, #fovea.gate<o>, #fovea.gate<f>, #fovea.gate<c>]} : tensor<?x1x128xf32>, tensor<1x512x128xf32>, tensor<1x512x128xf32> -> tensor<?x1x1x128xf32>, tensor<1x1x128xf32>, tensor<1x1x128xf32> loc(#loc35)
    %collapsed = tensor.collapse_shape %y [[0], [1], [2, 3]] : tensor<?x1x1x128xf32> into tensor<?x1x128xf32> loc(#loc36)
    %43 = tensor.empty(%dim) : tensor<?x1x128xf32> loc(#loc37)
    %44 = linalg.generic {indexing_maps = [#map4, #map4], iterator_types = ["parallel", "parallel", "parallel"]} ins(%collapsed : tensor<?x1x128xf32>) outs(%43 : tensor<?x1x128xf32>) {
    ^bb0(%in: f32 loc("/recurrent/Squeeze"), %out: f32 loc("/Relu_4")):
      %cst_11 = arith.constant 0.000000e+00 : f32 loc(#loc37)
      %51 = arith.maximumf %in, %cst_11 : f32 loc(#loc37)
      linalg.yield %51 : f32 loc(#loc37)
    } -> tensor<?x1x128xf32> loc(#loc37)
    %45 = arith.subi %dim, %c1 : index loc(#loc38)
    %46 = arith.cmpi sge, %45, %c0 : index loc(#loc38)
    fovea.require %46, %45, %c0 fault  shape node "/output/Conv" loc(#loc38)
    %47 = tensor.empty(%dim) : tensor<1x1x?xf32> loc(#loc38)
    %48 = fovea.contract ins(%44, %0 : tensor<?x1x128xf32>, tensor<1x128x1xf32>) captures(%cst : tensor<1xf32>) outs(%47 : tensor<1x1x?xf32>) {indexing_maps = [#map9, #map2, #map6, #map3]} epilogue {
    ^bb0(%arg3: f32 loc("/output/Conv"), %arg4: f32 loc("/output/Conv")):
      %51 = arith.addf %arg3, %arg4 : f32 loc(#loc38)
      fovea.yield %51 : f32 loc(#loc38)
    } -> tensor<1x1x?xf32> loc(#loc38)
    %49 = tensor.empty(%dim) : tensor<1x1x?xf32> loc(#loc39)
    %50 = linalg.generic {indexing_maps = [#map4, #map4], iterator_types = ["parallel", "parallel", "parallel"]} ins(%48 : tensor<1x1x?xf32>) outs(%49 : tensor<1x1x?xf32>) {
    ^bb0(%in: f32 loc("/output/Conv"), %out: f32 loc("/Sigmoid")):
      %cst_11 = arith.constant 1.000000e+00 : f32 loc(#loc39)
      %51 = arith.negf %in : f32 loc(#loc39)
      %52 = math.exp %51 : f32 loc(#loc39)
      %53 = arith.addf %cst_11, %52 : f32 loc(#loc39)
      %54 = arith.divf %cst_11, %53 : f32 loc(#loc39)
      linalg.yield %54 : f32 loc(#loc39)
    } -> tensor<1x1x?xf32> loc(#loc39)
    %collapsed_10 = tensor.collapse_shape %50 [[0, 1, 2]] : tensor<1x1x?xf32> into tensor<?xf32> loc(#loc40)
    return %collapsed_10, %y_h, %y_c : tensor<?xf32>, tensor<1x1x128xf32>, tensor<1x1x128xf32> loc(#loc)
  } loc(#loc)
} loc(#loc)
#loc1 = loc("output.weight")
#loc2 = loc("onnx::LSTM_211")
#loc3 = loc("onnx::LSTM_210")
#loc4 = loc("onnx::LSTM_209")
#loc5 = loc("encoder.3.bias")
#loc6 = loc("encoder.3.weight")
#loc7 = loc("encoder.2.bias")
#loc8 = loc("encoder.2.weight")
#loc9 = loc("encoder.1.bias")
#loc10 = loc("encoder.1.weight")
#loc11 = loc("encoder.0.bias")
#loc12 = loc("encoder.0.weight")
#loc13 = loc("stft.forward_basis_buffer")
#loc14 = loc("output.bias")
#loc16 = loc("/stft/Unsqueeze")
#loc18 = loc("/stft/Slice")
#loc20 = loc("/stft/Slice_2")
#loc35 = loc("/recurrent/LSTM")
#loc40 = loc("/Reshape")

