/** "corteza": build, train and use convolutional networks in a web page. */

export { type BestBackendOptions, bestBackend } from "./best_backend.ts";
export type { AffineRanges } from "./core/affine.ts";
export * from "./core/errors.ts";
export type { Tensor, TypedArray } from "./core/tensor.ts";
export { cpu } from "./cpu/backend.ts";
export { type Dataset, dataset, sample, subset } from "./data/dataset.ts";
export * from "./data/digit.ts";
export * from "./data/idx.ts";
export { loadSafetensors, safetensorsMetadata, toSafetensors } from "./formats/safetensors.ts";
export type { Backend } from "./graph/backend.ts";
export { type KernelTime, Profile, type ProfileData } from "./graph/profile.ts";
export type { InitializerName } from "./nn/initializers.ts";
export type { Layer, LayerConfig } from "./nn/layer.ts";
export { activation } from "./nn/layers/activation.ts";
export { type BatchNormalizationOptions, batchNormalization } from "./nn/layers/batch_normalization.ts";
export { conv2d } from "./nn/layers/conv2d.ts";
export { dense } from "./nn/layers/dense.ts";
export { flatten } from "./nn/layers/flatten.ts";
export { type GlobalAveragePooling2dOptions, globalAveragePooling2d } from "./nn/layers/global_average_pooling2d.ts";
export { maxPooling2d } from "./nn/layers/max_pooling2d.ts";
export { add, average, multiply } from "./nn/layers/merge.ts";
export { type BuildOptions, type Model, model, type PlacedLayer, sequential } from "./nn/model.ts";
export { type ModelConfig, modelFromConfig } from "./nn/model_config.ts";
export { adam, type Optimizer, sgd } from "./nn/optimizers.ts";
export {
  cosineDecay,
  cosineDecayRestarts,
  exponentialDecay,
  learningRateAt,
  oneCycle,
  piecewiseConstantDecay,
  polynomialDecay,
  type Schedule,
  stepDecay,
  warmup,
} from "./nn/schedules.ts";
export type { ModelSummary, SummaryRow } from "./nn/summary.ts";
export { input, type SymbolicTensor } from "./nn/symbolic_tensor.ts";
export { type Classification, type Classifier, createClassifier } from "./train/classifier.ts";
export { createTrainer, type TrainerOptions } from "./train/trainer.ts";
export type * from "./train/types.ts";
export {
  type AutotuneOptions,
  indexedDbTuningStore,
  memoryTuningStore,
  type TuningStore,
} from "./webgpu/autotune.ts";
export { webgpu } from "./webgpu/backend.ts";
