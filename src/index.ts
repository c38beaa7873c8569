/** "corteza": build, train and use convolutional networks in a web page. */

export { type BestBackendOptions, bestBackend, type PassedOver } from "./best_backend.ts";
export type { AffineRanges } from "./core/affine.ts";
export type { AugmentOptions, FillMode, Flip, ImageAugmentation } from "./core/augmentation.ts";
export * from "./core/errors.ts";
export type { ImagesPictureOptions } from "./core/images_picture.ts";
export type { MapsPictureOptions } from "./core/maps_picture.ts";
export type { Mixing } from "./core/mixing.ts";
export type { Tensor, TypedArray } from "./core/tensor.ts";
export { balancedClassWeights } from "./data/balanced_weights.ts";
export { type CsvOptions, csv } from "./data/csv.ts";
export { type DataSourceOptions, dataSource, readSample } from "./data/data_source.ts";
export {
  type Dataset,
  type DatasetInput,
  type DatasetOutput,
  dataset,
  type NestedNumbers,
  type RowReader,
  type RowReading,
} from "./data/dataset.ts";
export * from "./data/digit.ts";
export { type DoubtfulLabel, doubtfulLabels } from "./data/doubtful_labels.ts";
export * from "./data/idx.ts";
export { type InputOptions, multiDataset, type OutputOptions, type Several } from "./data/multi_dataset.ts";
export { npy, npz, parseNpy, parseNpz } from "./data/npy.ts";
export type { Background, PictureOptions } from "./data/picture.ts";
export {
  type ClassCount,
  checkData,
  DataReport,
  type DataWarning,
  type ImageReference,
  type NearDuplicate,
} from "./data/pictures/check_data.ts";
export { type ImportControl, importControl } from "./data/pictures/control.ts";
export { ImageFolderError } from "./data/pictures/folder_error.ts";
export { imageFolder, type PageImageFolderOptions } from "./data/pictures/image_folder.ts";
export type { FileAt, ImageFiles } from "./data/pictures/listing.ts";
export {
  deletePictures,
  type KeepPicturesOptions,
  type KeptPictures,
  keepPictures,
  listPictures,
  type OpenPicturesOptions,
  openPictures,
} from "./data/pictures/opfs/kept.ts";
export { type PictureDatasetOptions, pictureDataset } from "./data/pictures/picture_dataset.ts";
export { sampleImageData } from "./data/pictures/sample_image_data.ts";
export type {
  ImageDataset,
  ImageFolderOptions,
  ImportProgress,
  ImportReport,
  SkippedFile,
  SkipReason,
} from "./data/pictures/types.ts";
export { type SplitOptions, split } from "./data/split.ts";
export { sample, subset } from "./data/subset.ts";
export { type SyntheticOptions, synthetic } from "./data/synthetic.ts";
export { type Recording, type RecordOptions, type Webcam, type WebcamOptions, webcam } from "./data/webcam/webcam.ts";
export { withoutClass } from "./data/without_class.ts";
export { loadModel } from "./formats/load_model.ts";
export { type ModelSource, type OpenModelOptions, openModel } from "./formats/open_model.ts";
export { loadSafetensors, safetensorsMetadata } from "./formats/safetensors.ts";
export { toSafetensors } from "./formats/safetensors_writer.ts";
export { saveModel } from "./formats/save_model.ts";
export type { Backend, VariableSnapshot } from "./graph/backend.ts";
export { type KernelTime, Profile, type ProfileData } from "./graph/profile.ts";
export type { EpsilonPlace, UpdateFormula, UpdateRule, UpdateTreatment } from "./graph/update_rule.ts";
export type { ActivationName } from "./nn/activation_names.ts";
export { type Constraint, maxNorm, minMaxNorm, unitNorm } from "./nn/constraints.ts";
export {
  defineLayer,
  type OwnLayerContext,
  type OwnLayerDefinition,
  type OwnMultiOutputDefinition,
  type OwnWeight,
} from "./nn/define_layer.ts";
export type { Initializer, InitializerName } from "./nn/initializers.ts";
export type { AnyLayer, Layer, LayerConfig, LayerInputs, MultiOutputLayer } from "./nn/layer.ts";
export { activation } from "./nn/layers/activation.ts";
export {
  elu,
  leakyReLU,
  type PReLUOptions,
  prelu,
  type ReLUOptions,
  reLU,
  softmax,
} from "./nn/layers/advanced_activations.ts";
export { averagePooling2d } from "./nn/layers/average_pooling.ts";
export { type BatchNormalizationOptions, batchNormalization } from "./nn/layers/batch_normalization.ts";
export { type ConstantOptions, constant } from "./nn/layers/constant.ts";
export { type Conv2dLayerOptions, conv2d } from "./nn/layers/conv2d.ts";
export {
  type Conv2dTransposeLayerOptions,
  conv2dTranspose,
  type DepthwiseConv2dLayerOptions,
  depthwiseConv2d,
  type SeparableConv2dLayerOptions,
  separableConv2d,
} from "./nn/layers/conv2d_variants.ts";
export { type DenseOptions, dense } from "./nn/layers/dense.ts";
export { type DropoutLayerOptions, dropout, spatialDropout2d } from "./nn/layers/dropout.ts";
export { flatten } from "./nn/layers/flatten.ts";
export { gaussianNoise } from "./nn/layers/gaussian_noise.ts";
export {
  type GlobalPooling2dOptions,
  globalAveragePooling2d,
  globalMaxPooling2d,
} from "./nn/layers/global_pooling.ts";
export { type NormalizationOptions, normalization } from "./nn/layers/input_normalization.ts";
export { add, average, concatenate, maximum, minimum, multiply, subtract } from "./nn/layers/merge.ts";
export {
  type GroupNormalizationOptions,
  groupNormalization,
  type LayerNormalizationOptions,
  layerNormalization,
  unitNormalization,
} from "./nn/layers/normalization.ts";
export { type OperationOptions, operation } from "./nn/layers/operation.ts";
export { maxPooling2d, type Pooling2dOptions } from "./nn/layers/pooling.ts";
export {
  cropping2d,
  permute,
  rescaling,
  reshape,
  type Sides,
  type UpSampling2dOptions,
  upSampling2d,
  zeroPadding2d,
} from "./nn/layers/reshaping.ts";
export type { ScaleAndShiftOptions } from "./nn/layers/scale_and_shift.ts";
export { type SplitTensorOptions, splitTensor } from "./nn/layers/split.ts";
export type { WeightOptions } from "./nn/layers/weights.ts";
export {
  binaryCrossentropy,
  categoricalCrossentropy,
  categoricalHinge,
  cosineSimilarity,
  hinge,
  huber,
  kullbackLeiblerDivergence,
  type LossChoice,
  type LossConfig,
  type LossFunction,
  meanAbsoluteError,
  meanSquaredError,
  sparseCategoricalCrossentropy,
} from "./nn/losses.ts";
export {
  accuracy,
  auc,
  binaryAccuracy,
  f1Score,
  type MetricChoice,
  type MetricConfig,
  type MetricFunction,
  type NamedMetricFunction,
  precision,
  recall,
  topKCategoricalAccuracy,
  topKCategoricalAccuracy as topK,
} from "./nn/metrics.ts";
export type { BuildOptions, FoldedActivation, Model } from "./nn/model.ts";
export { type ModelConfig, modelFromConfig } from "./nn/model_config.ts";
export type { OptimizerChoice } from "./nn/optimizer_names.ts";
export type * from "./nn/optimizer_options.ts";
export {
  adadelta,
  adafactor,
  adagrad,
  adam,
  adamax,
  adamw,
  ftrl,
  lamb,
  lion,
  nadam,
  type Optimizer,
  rmsprop,
  sgd,
} from "./nn/optimizers.ts";
export type { LayerMakers } from "./nn/own_layers.ts";
export type { PlacedLayer } from "./nn/placed_layer.ts";
export { l1, l1l2, l2, type Regularizer } from "./nn/regularizers.ts";
export {
  cosineDecay,
  cosineDecayRestarts,
  cyclicLearningRate,
  exponentialDecay,
  inverseTimeDecay,
  learningRateAt,
  momentumAt,
  multiStepDecay,
  oneCycle,
  piecewiseConstantDecay,
  polynomialDecay,
  type Schedule,
  stepDecay,
  warmup,
} from "./nn/schedules.ts";
export { model, sequential } from "./nn/sequential.ts";
export type { ModelSummary, SummaryOptions, SummaryRow } from "./nn/summary.ts";
export { input, type Origin, type SymbolicTensor, type TensorType } from "./nn/symbolic_tensor.ts";
export { freeze, type Head, type LayerChoice, splitAt, unfreeze, upTo, withHead } from "./nn/transfer.ts";
export { adaptNormalization } from "./train/adapt_normalization.ts";
export type { ClassWeights } from "./train/class_weights.ts";
export {
  type Classification,
  type Classifier,
  type ClassifierImage,
  type ClassifierOptions,
  createClassifier,
} from "./train/classifier.ts";
export type { TrainerConfig } from "./train/config.ts";
export { createTrainer, type TrainerOptions } from "./train/create_trainer.ts";
export { type EarlyStopping, earlyStopping } from "./train/early_stopping.ts";
export { type FeaturesOptions, features } from "./train/features.ts";
export type { LossesChoice, LossWeights, MetricsChoice } from "./train/heads.ts";
export type { MonitorMode } from "./train/monitor.ts";
export { createPredictor, type ModelPredictor } from "./train/predictor.ts";
export {
  type AugmentationPreview,
  type PreviewOptions,
  previewAugmentation,
} from "./train/preview_augmentation.ts";
export { type ReduceOnPlateau, reduceOnPlateau } from "./train/reduce_on_plateau.ts";
export type * from "./train/types.ts";
export { type WasmOptions, WasmUnavailableError, wasm } from "./wasm/open.ts";
export { webgpu } from "./webgpu/backend.ts";
export {
  type AutotuneOptions,
  indexedDbTuningStore,
  memoryTuningStore,
  type TuningStore,
} from "./webgpu/tuning_store.ts";
