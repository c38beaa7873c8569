/** "corteza/onnx": networks of ONNX files, and ONNX files of networks. */
export type { Tensor, TypedArray } from "./core/tensor.ts";
export { type ToOnnxOptions, toOnnx } from "./formats/onnx/export/to_onnx.ts";
export { loadOnnxTensor, type OnnxGraph, type OnnxTensorInfo, onnxGraph } from "./formats/onnx/graph.ts";
export {
  type LoadOnnxOptions,
  loadOnnx,
  type OnnxLayout,
  type OnnxModel,
  type OnnxTensorLayout,
} from "./formats/onnx/load.ts";
