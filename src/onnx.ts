/** "corteza/onnx": networks of ONNX files. */
export type { Tensor, TypedArray } from "./core/tensor.ts";
export { loadOnnxTensor, type OnnxGraph, type OnnxTensorInfo, onnxGraph } from "./formats/onnx/graph.ts";
export {
  type LoadOnnxOptions,
  loadOnnx,
  type OnnxLayout,
  type OnnxModel,
  type OnnxTensorLayout,
} from "./formats/onnx/load.ts";
