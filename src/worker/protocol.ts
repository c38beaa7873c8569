import {
  ArgumentError,
  CortezaError,
  DeviceLostError,
  DisposedError,
  DivergedError,
  FormatError,
  OutOfMemoryError,
  ShapeError,
  WebGpuUnavailableError,
} from "../core/errors.ts";
import type { Schedule } from "../core/schedule.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Dataset } from "../data/dataset.ts";
import type { ProfileData } from "../graph/profile.ts";
import type { LossConfig } from "../nn/losses.ts";
import type { ModelConfig } from "../nn/model_config.ts";
import type { Optimizer } from "../nn/optimizers.ts";
import type { LossWeights, MetricsChoice } from "../train/heads.ts";
import type {
  BatchScore,
  EpochEvent,
  Evaluation,
  FitOptions,
  History,
  ImageBatch,
  Inspection,
  InspectOptions,
  MapsDrawing,
  PrepareOptions,
  StepEvent,
  TrainerStats,
} from "../train/types.ts";

/** "auto" takes WebGPU where it works, else the CPU. */
export type BackendChoice = "auto" | "webgpu" | "cpu";

/** Losses as a worker can be sent them: no functions. */
export type SentLosses =
  | string
  | LossConfig
  | readonly (string | LossConfig)[]
  | Readonly<Record<string, string | LossConfig>>;

export interface CreateMessage {
  model: ModelConfig;
  parameters: Map<string, Tensor<Float32Array>>;
  backend: BackendChoice;
  autotune: boolean;
  loss: SentLosses;
  lossWeights: LossWeights;
  metrics: MetricsChoice;
  optimizer: Optimizer;
  batchSize: number;
  seed: number;
  recompute: boolean;
  precision: "float32" | "mixed";
}

/** A drawing on its way to the worker, which has the canvas by a number. */
export type SentDrawing = Omit<MapsDrawing, "canvas"> & { canvas: number };

/** Labels or targets of a batch: floats where they were, as a loss of one's own tells these from labels. */
export type SentTargets = number[] | Float32Array;

/** What the page may ask of the worker: arguments and answer of each call. */
export interface Calls {
  create: { args: CreateMessage; result: { backendKind: "webgpu" | "cpu"; whyNotWebGpu: string | undefined } };
  dataset: { args: { key: number; dataset: Dataset }; result: void };
  fit: {
    args: { dataset: number; validation: number | undefined } & Omit<
      FitOptions,
      "validationData" | "signal" | "onStep" | "onEpoch"
    >;
    result: History;
  };
  prepare: { args: { dataset: number } & Omit<PrepareOptions, "signal">; result: void };
  evaluate: { args: { dataset: number; outputs: boolean }; result: Evaluation };
  release: { args: { dataset: number }; result: void };
  inspect: { args: { image: ImageBatch } & InspectOptions; result: Inspection };
  draw: {
    args: {
      image: ImageBatch;
      drawings: SentDrawing[];
      options: { target?: number; readback?: boolean };
      /** Canvases that come to the worker with this call, by their numbers. */
      canvases: Map<number, OffscreenCanvas>;
    };
    result: void;
  };
  predict: { args: { x: ImageBatch }; result: Tensor<Float32Array> };
  predictAll: { args: { xs: readonly ImageBatch[] }; result: Tensor<Float32Array>[] };
  trainOnBatch: { args: { x: ImageBatch; y: SentTargets }; result: BatchScore };
  trainOnLists: { args: { xs: readonly ImageBatch[]; ys: readonly SentTargets[] }; result: BatchScore };
  setParameters: { args: { parameters: Map<string, Tensor<Float32Array>> }; result: void };
  parameters: { args: undefined; result: Map<string, Tensor<Float32Array>> };
  setLearningRate: { args: { learningRate: number | Schedule }; result: void };
  swapEma: { args: undefined; result: void };
  checkpoint: { args: undefined; result: Uint8Array };
  restore: { args: { bytes: Uint8Array }; result: void };
  profile: { args: { dataset: number | undefined; steps: number | undefined }; result: ProfileData };
  settled: { args: undefined; result: void };
  pause: { args: undefined; result: void };
  resume: { args: undefined; result: void };
  dispose: { args: undefined; result: void };
}

export type CallName = keyof Calls;

/** Page → worker. `abort` names the call that its signal aborts. */
export type Request =
  | { [Name in CallName]: { id: number; call: Name; args: Calls[Name]["args"] } }[CallName]
  | { abort: number };

/** Worker → page. */
export type Response =
  | { id: number; result: unknown; stats: TrainerStats | undefined }
  | { id: number; error: SerializedError }
  | { id: number; steps: StepEvent[]; stats: TrainerStats }
  | { id: number; epoch: EpochEvent; stats: TrainerStats };

/** An error as data; `fields` are the extra properties of its class. */
export interface SerializedError {
  name: string;
  code: string | undefined;
  message: string;
  fields: Record<string, unknown>;
}

export function serializeError(error: unknown): SerializedError {
  if (!(error instanceof Error)) return { name: "Error", code: undefined, message: String(error), fields: {} };
  const { name, message } = error;
  const fields = Object.fromEntries(
    ["bytes", "step", "parameter", "reason"].flatMap((key) => (key in error ? [[key, Reflect.get(error, key)]] : [])),
  );
  return { name, message, code: error instanceof CortezaError ? error.code : undefined, fields };
}

/** The same error on the other side, of the same class. */
export function deserializeError({ name, code, message, fields }: SerializedError): Error {
  switch (code) {
    case "shape":
      return new ShapeError(message);
    case "argument":
      return new ArgumentError(message);
    case "format":
      return new FormatError(message);
    case "webgpu-unavailable":
      return new WebGpuUnavailableError(fields["reason"] as WebGpuUnavailableError["reason"], message);
    case "out-of-memory":
      return new OutOfMemoryError(message, Number(fields["bytes"]));
    case "device-lost":
      return new DeviceLostError(message);
    case "diverged":
      return new DivergedError(message, Number(fields["step"]), {
        parameter: fields["parameter"] as DivergedError["parameter"],
      });
    case "disposed":
      return new DisposedError(message);
  }
  if (name === "AbortError") return new DOMException(message, "AbortError");
  const error = new Error(message);
  error.name = name;
  return error;
}
