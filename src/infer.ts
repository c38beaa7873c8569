/** "corteza/infer": what a page needs that uses a trained network: nothing of training is in it. */
export * from "./core/errors.ts";
export type { Tensor, TypedArray } from "./core/tensor.ts";
export { type DigitImageOptions, normalizeDigitImage } from "./data/digit_image.ts";
export type { Background, PictureOptions } from "./data/picture.ts";
export { loadModel } from "./formats/load_model.ts";
export { type ModelSource, type OpenModelOptions, openModel } from "./formats/open_model.ts";
export { loadSafetensors, safetensorsMetadata } from "./formats/safetensors.ts";
export type { Backend } from "./graph/backend.ts";
export { type ConstantOptions, constant } from "./nn/layers/constant.ts";
export { type OperationOptions, operation } from "./nn/layers/operation.ts";
export type { Model } from "./nn/model.ts";
export { type ModelConfig, modelFromConfig } from "./nn/model_config.ts";
export type { LayerMakers } from "./nn/own_layers.ts";
export {
  type Classification,
  type Classifier,
  type ClassifierImage,
  type ClassifierOptions,
  createClassifier,
} from "./train/classifier.ts";
export { createPredictor, type ModelPredictor } from "./train/predictor.ts";
export { type WasmOptions, WasmUnavailableError, wasm } from "./wasm/open.ts";
export { webgpu } from "./webgpu/backend.ts";
