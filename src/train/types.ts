import type { AugmentOptions } from "../core/augmentation.ts";
import type { MapsPictureOptions } from "../core/maps_picture.ts";
import type { Schedule } from "../core/schedule.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Dataset } from "../data/dataset.ts";
import type { ImageBatch } from "../data/values.ts";
import type { Backend } from "../graph/backend.ts";
import type { Profile } from "../graph/profile.ts";
import type { ClassWeights } from "./class_weights.ts";
import type { EarlyStopping } from "./early_stopping.ts";
import type { ReduceOnPlateau } from "./reduce_on_plateau.ts";

/** What is known after a step. Steps arrive in bundles: the GPU is read a few times a second, not at every step. */
export interface StepEvent {
  /** Counted from 0 over the life of the trainer. */
  readonly step: number;
  /** Whole passes over the data set before this step. */
  readonly epoch: number;
  /** Place within the epoch, from 0. */
  readonly stepInEpoch: number;
  /** Steps of an epoch. */
  readonly stepsPerEpoch: number;
  /** Mean loss over the batch, before the step's update. */
  readonly loss: number;
  /** Share of the batch classified right, 0…1; left out where the loss knows no classes, such as "mse". */
  readonly accuracy?: number;
  /**
   * The trainer's `metrics` of this batch, by name, with the same readings as the loss. Those that keep more than 300
   * counts are left out, and come with the epoch: `auc` at its usual 200 thresholds, scores of more than 100 classes.
   */
  readonly metrics: Readonly<Record<string, number>>;
  /** Of the last submissions; 0 until one is done. */
  readonly imagesPerSecond: number;
  /** Likewise. */
  readonly millisecondsPerStep: number;
  /** Estimate until the end of this `fit`. */
  readonly secondsLeft: number;
}

/** What is known at the end of an epoch. */
export interface EpochEvent {
  /** Counted from 0 over the passes of the data set. */
  readonly epoch: number;
  /** Means over the epoch's training images, taken while it ran. */
  readonly loss: number;
  /** Left out where the loss knows no classes, such as "mse". */
  readonly accuracy?: number;
  /** The trainer's `metrics` by name, over the same images. */
  readonly metrics: Readonly<Record<string, number>>;
  /** On `validationData`, with the weights at the end of the epoch. */
  readonly validationLoss?: number;
  /** As `accuracy`, on `validationData`. */
  readonly validationAccuracy?: number;
  /** As `metrics`, on `validationData`. */
  readonly validationMetrics?: Readonly<Record<string, number>>;
  /** Of the step after the epoch, before `reduceOnPlateau` lowers it. */
  readonly learningRate: number;
  /** Of training, without validation and pauses. */
  readonly seconds: number;
}

/** What a `fit` leaves. */
export interface History {
  /** The epochs that this `fit` ended. */
  readonly epochs: readonly EpochEvent[];
  /** Loss of every step of this `fit`. */
  readonly stepLosses: readonly number[];
  /** How long it trained, in seconds; counted as the option of this name. */
  readonly seconds: number;
  /** With `earlyStopping`: the best epoch by its monitor. */
  readonly bestEpoch?: number;
  /** With `earlyStopping`: whether it ended this `fit`. */
  readonly stoppedEarly?: boolean;
  /** With `onDiverge` "skip" or "rollback": each step that did not count, by its number, and the rate with which it went on. */
  readonly divergences?: readonly { readonly step: number; readonly learningRate: number }[];
}

/** How a trainer trains. */
export interface FitOptions {
  /** Whole passes over the data set, counted from now. Default 1, or with `steps` or `seconds` as many as these take. */
  epochs?: number;
  /** Stop after this many steps of this `fit`, even inside an epoch. A later `fit` goes on there. */
  steps?: number;
  /**
   * Stop after so many seconds of training, more than 0, even inside an epoch; what was sent to the device until then is still
   * done. Compiling, validation, and the time in which a pause or another call holds the training do not count.
   */
  seconds?: number;
  /** Evaluated at the end of each epoch. */
  validationData?: Dataset;
  /** Instead: this share of the data set, its last images, is kept for validation and not trained on, as in Keras. */
  validationSplit?: number;
  /** A new order each epoch, from the trainer's seed; default true. */
  shuffle?: boolean;
  /**
   * Trains on random copies of the images instead of the images, others at each step, made on the device: flipped, shifted,
   * rotated, zoomed, slanted, cropped, in other colours, with noise, with a square cut out, mixed with others of the batch. The
   * trainer's seed fixes them. Where images are mixed, the loss weighs both targets, each with its own weights of class and
   * sample; accuracy and metrics count the image's own, whose share is at least half. For [height, width, channels] images. Contrast, brightness and saturation leave colours of bytes within 0…1; images of floats,
   * whose range is their own, are not bounded. Default: none.
   */
  augment?: AugmentOptions;
  /**
   * What the loss of each class's images is multiplied by, by class index: a list, or an object in which a missing class
   * has weight 1. As in Keras the mean divides by the number of images, not by their weights.
   */
  classWeight?: ClassWeights;
  /** Ends before the last epoch when a value no longer becomes better: `earlyStopping({ patience: 3 })`. */
  earlyStopping?: EarlyStopping;
  /** Lowers the learning rate when a value no longer becomes better: `reduceOnPlateau({ patience: 3 })`. */
  reduceOnPlateau?: ReduceOnPlateau;
  /**
   * What becomes of a step whose loss or gradient is not a finite number, which is never applied. "stop" (default): `fit` ends with a
   * `DivergedError`. "skip": its batch is left out, and counts as a step; after 10 in a row it ends. "rollback": all goes back to a state of
   * before, with half the learning rate from there on, and steps are taken and told anew; after 5 times in a row at the same step it
   * ends. States are taken at the beginning, behind each epoch and every 256 steps: all backends go back to the same.
   */
  onDiverge?: "stop" | "skip" | "rollback";
  /** Aborting rejects with the signal's reason; the trainer stays usable and keeps the steps done so far. */
  signal?: AbortSignal;
  /** Called after every step, in bundles a few times a second. What it throws ends `fit`, which rejects with it, and it is called no more. */
  onStep?: (event: StepEvent) => void;
  /** Called at the end of each epoch, after its validation. What it throws ends `fit` likewise. */
  onEpoch?: (event: EpochEvent) => void;
}

/** What of `fit`'s options its program depends on; `signal`: aborting rejects at once, though the compiling goes on. */
export type PrepareOptions = Pick<
  FitOptions,
  "shuffle" | "augment" | "classWeight" | "validationSplit" | "validationData" | "signal"
>;

/** How a checkpoint is taken over. */
export interface RestoreOptions {
  /** Take over the checkpoint's settings of the optimizer and its seed, where they are others than the trainer's. Default false. */
  adopt?: boolean;
}

/** What a model is worth on a data set. */
export interface Evaluation {
  /** Mean over the images, weighted where the data set has weights. */
  readonly loss: number;
  /** Left out where the loss knows no classes, such as "mse". */
  readonly accuracy?: number;
  /** The trainer's `metrics` by name. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Counts [true class][predicted class]; empty where images are not of one class each. */
  readonly confusion: readonly (readonly number[])[];
  /**
   * Where `evaluate` was asked for them: the model's outputs [count, …outputShape] for each image, in the data set's order,
   * as the loss takes them: logits where it contains the softmax or the sigmoid. Of a model with one output.
   */
  readonly outputs?: Tensor<Float32Array>;
  /** The same of any model: a list in the order of `model.outputNames`. */
  readonly allOutputs?: readonly Tensor<Float32Array>[];
}

/** What a step on a batch of one's own tells. */
export interface BatchScore {
  /** Mean over the batch, before the step's update. */
  readonly loss: number;
  /** Share of the batch classified right, 0…1; left out where the loss knows no classes, and with several outputs. */
  readonly accuracy?: number;
  /** The trainer's `metrics` of this batch, by name, before the step's update; without those that `StepEvent` leaves out. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** What an evaluation is to bring. */
export interface EvaluateOptions {
  /** Also bring each image's outputs, from the same pass as the counts; default false. */
  outputs?: boolean;
  /** Aborting rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** What training costs. */
export interface TrainerStats {
  /** Kernel launches of one training step. */
  readonly dispatchesPerStep: number;
  /** Queue submissions of one training step; below 1 when several steps share one. */
  readonly submitsPerStep: number;
  /** Bytes of the GPU's memory held now, data set included; 0 on the CPU. */
  readonly gpuBytes: number;
  /** Of these, the data set's. */
  readonly datasetBytes: number;
  /** Bytes of copies on the host for a lost device, which all trainers on a backend have in common. */
  readonly snapshotBytes: number;
  /** Compiled kernels of a step. */
  readonly pipelines: number;
  /** Its floating-point operations. */
  readonly flopsPerStep: number;
  /** Steps taken or under way. */
  readonly steps: number;
  /** With the option of this name: parts that a step takes its batch in. */
  readonly microBatches?: number;
  /** Which backend runs, for people. */
  readonly backend: string;
  /**
   * How the data set is held that was trained on last: all of it lies on the device; in several buffers, where one would be larger
   * than the device binds ("split": a dispatch more for each); or batches are brought there ahead of the steps that take them: of a
   * `dataSource`, and of a data set that is larger than the device or its memory budget takes. All give the same bits.
   */
  readonly residency?: "resident" | "split" | "streamed";
  /** Seconds for which the device waited for such batches, since the training on that data set was compiled. */
  readonly dataWaitSeconds: number;
}

/** What a trainer tells when it goes on after a lost device. */
export interface Recovered {
  /** Steps that were done before and are done again, with the same results. */
  readonly stepsRedone: number;
  /** Where the trainer runs now. */
  readonly backend: Pick<Backend, "kind" | "description">;
}

export type { ImageBatch };

/** One layer's values for one image; shapes have no batch axis. */
export interface LayerInspection {
  /** Of the layer. */
  readonly name: string;
  /** As in the layer's config: "conv2d", "maxPooling2d". */
  readonly kind: string;
  /** Before the layer's activation; left out where it has none. */
  readonly linear?: Tensor<Float32Array>;
  /** What the next layer gets. */
  readonly output: Tensor<Float32Array>;
  /** d logit of the target class / d output. */
  readonly gradient: Tensor<Float32Array>;
}

/** What `inspect` is to find out beside the layers' values. */
export interface InspectOptions {
  /** The class whose logit the gradients are of; default: the most probable one. */
  readonly target?: number | undefined;
  /** Also the loss's gradients by the parameters, with a program of their own, compiled at the first such call. Default false. */
  readonly parameterGradients?: boolean | undefined;
}

/** What a model does with one image, layer by layer. */
export interface Inspection {
  /** The image as the first layer gets it. */
  readonly input: Tensor<Float32Array>;
  /** d logit of the target class / d input: its magnitude is the saliency of each pixel (Simonyan et al. 2014). */
  readonly inputGradient: Tensor<Float32Array>;
  /** In the model's order. */
  readonly layers: readonly LayerInspection[];
  /** [classes], before the softmax or the sigmoid. */
  readonly logits: Tensor<Float32Array>;
  /**
   * [classes], of the softmax or the sigmoid that the model ends in or that its loss contains; else of a softmax over several
   * outputs, of a sigmoid of one.
   */
  readonly probabilities: Tensor<Float32Array>;
  /** The parameters that made these values, by Keras' names: those of the same moment, also while training goes on. */
  readonly parameters: ReadonlyMap<string, Tensor<Float32Array>>;
  /** The class whose logit the gradients are of. */
  readonly target: number;
  /**
   * With the option `parameterGradients`: d cross-entropy of the target class, −log of its probability, / d parameter, for
   * this image and with statistics as in inference, by names; only of parameters that are trained.
   */
  readonly parameterGradients?: ReadonlyMap<string, Tensor<Float32Array>>;
}

/** Which values of a network to draw, and where. */
export interface MapsDrawing extends MapsPictureOptions {
  /**
   * It gets the picture's size. A canvas of the page is handed over to the trainer's worker, where it has one, and belongs
   * to this trainer from then on.
   */
  readonly canvas: HTMLCanvasElement | OffscreenCanvas;
  /** Name of the layer. */
  readonly layer: string;
  /**
   * Its output (default), its values before the activation, the gradient of the target's logit by its output, or its kernel,
   * a picture for each pair of channels.
   */
  readonly values?: "output" | "linear" | "gradient" | "kernel" | undefined;
}

/** Trains a model, here or in a worker. */
export interface Trainer {
  /**
   * Trains; continues where the last call ended, also in the middle of a pass over the data set. One call at a time. At its
   * end, however it ends, the model's `parameters` are the trained ones. Throws `DivergedError` where the loss or a gradient of a
   * step is not finite: that step is not applied, and training can go on. A learning rate so large that it makes infinite
   * parameters of finite gradients is told at the next step, which names a parameter. Throws `DataSourceError` where a
   * `dataSource` cannot be read, after the steps before that batch.
   */
  fit(dataset: Dataset, options?: FitOptions): Promise<History>;
  /**
   * Compiles what `fit` runs for this data set with these options, and uploads the data set, so that the next `fit` takes
   * its first step at once: while a visitor still reads, say. Changes no weights. A `fit` that is called meanwhile goes on
   * from where this is. Throws what `fit` throws of a data set or options that do not fit, and `ArgumentError` during one.
   */
  prepare(dataset: Dataset, options?: PrepareOptions): Promise<void>;
  /**
   * Holds a running `fit`, or the next one, after the steps in flight; resolves when they are done. `resume` goes on, and so
   * does whatever ends that `fit`: a pause holds no later one.
   */
  pause(): Promise<void>;
  /** Goes on after `pause`. */
  resume(): void;
  /** Whether it is held by `pause`. */
  readonly paused: boolean;
  /**
   * One step on images [batch, …inputShape] with class labels or rows of targets; at most `batchSize` images. Bytes are pixels
   * 0–255 and become 0…1, all other numbers are taken as they are. No accuracy where the loss knows no classes. A running
   * `fit` gives way to it. Throws `DivergedError`, and changes nothing, where the loss or a gradient is not finite. `syncModel`
   * copies the weights afterwards.
   */
  trainOnBatch(x: ImageBatch, y: ArrayLike<number>): Promise<BatchScore>;
  /**
   * The same for a list of inputs, in the order of `model.inputNames`, and a list of labels or targets, in that of
   * `model.outputNames`; with several outputs the loss is their weighted sum, and there is no accuracy.
   */
  trainOnBatch(xs: readonly ImageBatch[], ys: readonly ArrayLike<number>[]): Promise<BatchScore>;
  /**
   * Mean loss, accuracy and confusion matrix over a data set, and with `outputs` what the model says of each image.
   * Several at a time are done one after the other.
   */
  evaluate(dataset: Dataset, options?: EvaluateOptions): Promise<Evaluation>;
  /**
   * Frees what the trainer keeps of a data set that is no longer needed: its place on the device, and in a worker its copy
   * there. Evaluations under way are finished first. It may be used again, and is then uploaded again; a data set that `fit`
   * is training on stays until that ends and another one is trained on.
   * A data set whose arrays are changed in place keeps what it held when it was first used, until it is released.
   */
  release(dataset: Dataset): Promise<void>;
  /**
   * The model's outputs [count, …outputShape] for one or many images; probabilities where the loss contains the softmax or
   * the sigmoid that makes them. Arrays of bytes hold pixels 0–255, which become 0…1; all other numbers are taken as they are.
   * They are read before the call returns. Throws `ArgumentError` for NaN, infinite values and what holds no numbers.
   */
  predict(x: ImageBatch): Promise<Tensor<Float32Array>>;
  /** The same for a list of inputs, in the order of `model.inputNames`: a list of outputs, in that of `model.outputNames`. */
  predict(xs: readonly ImageBatch[]): Promise<Tensor<Float32Array>[]>;
  /**
   * Looks inside at one image [height, width, channels]: every layer's values before and after its activation, and the
   * gradients of one class's logit (default: the most probable class) by them and by the image; on request those of its
   * cross-entropy by the parameters. With the present weights, statistics as in inference. Its program is compiled at the
   * first call.
   */
  inspect(image: ImageBatch, options?: InspectOptions): Promise<Inspection>;
  /**
   * Draws what layers give for one image, with the present weights, as pictures of their maps: 0 white, above it blue, below
   * it orange, each picture with a range of its own. WebGPU draws from its buffers to the canvas, and no value comes back;
   * on a software adapter, or with `readback`, or where a canvas cannot have a WebGPU context, and on the CPU, values are
   * read and painted. Resolves when drawn, so that a loop of calls never runs ahead of the device; beside a running `fit`
   * too. Throws `ArgumentError` for a layer that the model does not have, or a picture that cannot be made.
   */
  draw(
    image: ImageBatch,
    drawings: readonly MapsDrawing[],
    options?: { target?: number; readback?: boolean },
  ): Promise<void>;
  /**
   * Changes the learning rate from the next step on; a schedule counts all steps of this trainer, finished ones too. One
   * that moves the momentum is taken only where the optimizer's own did.
   */
  setLearningRate(learningRate: number | Schedule): void;
  /**
   * Exchanges the trained weights and their moving averages (an optimizer with `useEma`): evaluate, predict, inspect,
   * syncModel and classifiers then see the averages. A second call puts them back, and so do `fit` and `trainOnBatch`
   * before they train; a checkpoint is the same either way. Throws `ArgumentError` where there are no averages yet.
   */
  swapEma(): Promise<void>;
  /** Everything needed to go on exactly: weights, optimizer state, counters, seed, model and optimizer config. */
  checkpoint(): Promise<Uint8Array>;
  /**
   * Takes over a checkpoint of a trainer with the same model, loss, optimizer, batch size and seed, and goes on where that one
   * was. Throws `FormatError` that names what differs, unless `adopt` takes the optimizer's settings and the seed over; also for
   * weights that are not finite. What was not taken changed nothing.
   */
  restore(bytes: Uint8Array, options?: RestoreOptions): Promise<void>;
  /**
   * Copies the trained weights into the model's `parameters`. `fit`, `restore` and `swapEma` do it themselves; during a `fit`
   * and after `trainOnBatch` the model's parameters throw `ArgumentError` until this was called.
   */
  syncModel(): Promise<void>;
  /** What training costs and has done, as of now. */
  stats(): TrainerStats;
  /**
   * Resolves when training runs on the kernels that it will keep. On a software GPU it begins on kernels that compile
   * quickly and goes over to faster ones, with the same results, during its first seconds (`quickStart` of `webgpu`).
   */
  settled(): Promise<void>;
  /**
   * Where the time of a training step goes: a row a kernel. Measures `steps` steps (default 5) on `dataset` (default
   * the one of the last `fit`) and puts everything back as it was; a running `fit` gives way meanwhile, whether it is
   * paused or resumed during the measurement.
   */
  profile(dataset?: Dataset, options?: { steps?: number }): Promise<Profile>;
  /** Frees what the trainer holds; it is of no use afterwards. */
  dispose(): void;
}
