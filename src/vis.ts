/** "corteza/vis": pictures of trainings, results and networks, as one call each: a canvas and an accessible table. */
export type { Tensor, TypedArray } from "./core/tensor.ts";
export type { Model } from "./nn/model.ts";
export type { ModelSummary } from "./nn/summary.ts";
export type { EpochEvent, Evaluation, History, StepEvent, Trainer } from "./train/types.ts";
export { type ConfusionLike, type ConfusionOptions, showConfusion } from "./vis/confusion.ts";
export type { Shown } from "./vis/figure.ts";
export {
  countHistogram,
  type HistogramCounts,
  type HistogramData,
  type HistogramOptions,
  showHistogram,
} from "./vis/histogram.ts";
export { type HistoryLike, type ShownHistory, showHistory } from "./vis/history.ts";
export { type KernelsOptions, showKernels, showMaps } from "./vis/maps.ts";
export { showSummary } from "./vis/summary.ts";
