import type { DeviceLostError } from "../core/errors.ts";
import type { OptimizerChoice } from "../nn/optimizer_names.ts";
import type { LossesChoice, LossWeights, MetricsChoice } from "./heads.ts";
import type { Recovered } from "./types.ts";

/** How a trainer trains, wherever it runs: what `createTrainer` and `createWorkerTrainer` take alike. */
export interface TrainerConfig {
  /**
   * A name, as Keras has them ("sparseCategoricalCrossentropy", "mse"), a loss with options, `huber({ delta: 2 })`, or a
   * function (graph, outputs, targets) => node of one value a sample. Cross-entropies take logits; a final softmax or
   * sigmoid is folded. Of a model with several outputs: a list in their order, or an object by `model.outputNames`; one
   * loss alone is that of each.
   */
  loss: LossesChoice;
  /** What the loss of each output is multiplied by in their sum: a list, or an object by names. Default 1. */
  lossWeights?: LossWeights;
  /**
   * Measured beside loss and accuracy: names, metrics with options, or functions (graph, outputs, targets) => node of one value
   * a sample (`MetricFunction`). In `evaluate`, `trainOnBatch` and each epoch and step of `fit`. Of a
   * model with several outputs: an object of lists by `model.outputNames`. Reports call them "<output>_<metric>", beside
   * "<output>_loss" of each, and have no accuracy of the whole. Each image counts once, whatever `sampleWeights` or
   * `classWeight` say.
   */
  metrics?: MetricsChoice;
  /**
   * The same metrics, in which an image counts as often as the data set's `sampleWeights` say; reports call them
   * "weightedAccuracy" and so on.
   */
  weightedMetrics?: MetricsChoice;
  /** How the parameters move: what `adam()` and its kin make, or a name, which stands for the default options: "adam". */
  optimizer: OptimizerChoice;
  /** Images of one step; default 32, as in Keras. */
  batchSize?: number;
  /**
   * Shortens all gradients by one factor where the norm of all of them together is larger, as the optimizers'
   * `globalClipNorm`. Default: what the optimizer says.
   */
  clipNorm?: number;
  /** Fixes the order of the images and the random numbers of layers such as dropout; default 0. */
  seed?: number;
  /**
   * Keep only some layers' outputs for the backward pass and compute the others once more: less memory for deep networks,
   * more time for a step, the same results. Where the first layers outweigh all others, as in VGG, nothing is gained: their
   * outputs and gradients meet at the end whatever was kept. Default false.
   */
  recompute?: boolean;
  /**
   * Gradient accumulation: a step takes its batch in so many parts, one after the other, adds their gradients up and updates
   * once, so that only a part's activations lie on the device at a time: batches of 256 where 64 fit. "auto": 1, or the least
   * power of two with which the step finds memory, looked for when it is compiled (`stats().microBatches` tells it). Losses, metrics, gradients and updates
   * are those of the whole batch but for rounding, whatever rows are weighted or fill up a last, shorter batch. Two things are
   * not: `batchNormalization` normalises each part by the part's own statistics, as everywhere in gradient accumulation,
   * and moves its moving statistics once, by their means over the parts; and `dropout` and `gaussianNoise` draw other random numbers, as many. The batch itself, its images
   * and targets, lies on the device as a whole. `evaluate` and `predict` take parts of the same size. A checkpoint does
   * not hold it: another trainer may go on with other parts. Default: the batch as a whole.
   */
  microBatches?: number | "auto";
  /**
   * "mixed": activations and their gradients lie in memory as 16-bit floats between kernels, half the memory and traffic,
   * while parameters, optimizer state, sums, statistics and losses stay in f32; the loss is scaled by a factor that adapts
   * itself, and a step whose gradients overflow is skipped (Micikevicius et al. 2018). Evaluation and prediction are in f32
   * all the same. The CPU backend scales the loss too but stores no halves. Default "float32".
   */
  precision?: "float32" | "mixed";
  /**
   * Whether to go on by itself where a WebGPU device is lost that the library opened: on a fresh one, to the results of an
   * undisturbed run. What is needed for that is copied to the host about every half second to few seconds of a `fit`, and at
   * its end; steps since then are done again, and told once. Calls wait meanwhile. Not where weights are set from outside during
   * a `fit`, which then goes on from these. Other trainers on the same backend should have it too. Default true.
   */
  recover?: boolean;
  /** Called when the device is lost, with `recover`. */
  onDeviceLost?: (error: DeviceLostError) => void;
  /** Called when the trainer goes on, on a fresh device. */
  onRecovered?: (recovered: Recovered) => void;
}
