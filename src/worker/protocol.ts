/** What page and worker say to each other. */
import type { Dataset } from "../data/dataset.ts";
import type { Backend } from "../graph/backend.ts";
import type { ModelConfig } from "../nn/model_config.ts";
import type { TrainerConfig } from "../train/config.ts";
import type { Recovered, TrainerStats } from "../train/types.ts";
import type { CallName } from "./calls.ts";
import type { SentError } from "./sent_errors.ts";

/** "auto" takes what `bestBackend` takes. */
export type BackendChoice = "auto" | "webgpu" | "wasm" | "cpu";

/** What the worker makes its trainer of. */
export interface CreateMessage {
  readonly model: ModelConfig;
  readonly parameters: SentParameters;
  readonly backend: BackendChoice;
  readonly autotune: boolean;
  readonly memoryBudget: number;
  readonly config: TrainerConfig;
}

/** What came of it. */
export interface Created {
  readonly backendKind: Backend["kind"];
  /** Why it is not the first of those that "auto" tries. */
  readonly passedOver: readonly SentError[];
}

/** Values of parameters, by their places in `model.variables`. */
export type SentParameters = readonly (readonly [place: number, values: Float32Array])[];

/**
 * An argument on its way: something that the worker has by a number, options without what cannot be sent, or plain data.
 * What is of the wrong kind goes as it is, for the trainer to refuse.
 */
export type SentArgument =
  | { readonly value: unknown }
  | { readonly dataset: number }
  /** `forget`: nobody will ask for it again. */
  | { readonly dataset: number; readonly forget: boolean }
  /** A data set that the worker does not have, and need not. */
  | { readonly unknownDataset: true }
  | SentOptions
  | { readonly drawings: readonly { readonly canvas: number; readonly rest: object }[] };

/** Options that a call takes. */
export interface SentOptions {
  readonly values: object;
  /** Those that are data sets. */
  readonly datasets: Readonly<Record<string, SentArgument>>;
  /** Names of those that are functions. */
  readonly listeners: readonly string[];
  readonly hasSignal: boolean;
}

/** What comes to the worker with a call, before it is done. */
export interface Luggage {
  /** Parameters that the page has set since the last message. */
  readonly parameters: SentParameters;
  /** Counts the messages that brought parameters. */
  readonly parametersSerial: number;
  /** Data sets that the worker does not have yet, by the numbers that calls know them by; `isRead`: without their `read`. */
  readonly datasets: readonly (readonly [key: number, dataset: Dataset, isRead: boolean])[];
  /** Canvases likewise. */
  readonly canvases: readonly (readonly [key: number, canvas: OffscreenCanvas])[];
}

/** Page → worker. `abort` names the call that its signal aborts. */
export type Request =
  | { readonly id: number; readonly call: "create"; readonly sent: CreateMessage }
  | { readonly id: number; readonly call: "dispose" }
  | { readonly id: number; readonly call: CallName; readonly sent: readonly SentArgument[]; readonly luggage: Luggage }
  | { readonly abort: number }
  | { readonly luggage: Luggage }
  | ReadAnswer;

/** Worker → page: images of a data set whose `read` is there, or nobody waits for them any more. */
export type ReadRequest =
  | { readonly read: number; readonly dataset: number; readonly rows: readonly number[] }
  | { readonly endRead: number };

/** Page → worker: these images, with their targets where the data set has some. */
export type ReadAnswer = { readonly read: number } & (
  | { readonly images: Uint8Array | Float32Array; readonly targets?: Float32Array }
  | { readonly error: SentError }
);

/** What the page knows of the trainer between the answers. */
export interface TrainerState {
  readonly stats: TrainerStats;
  readonly paused: boolean;
  /** The call that came last. */
  readonly heard: number;
  readonly model: ModelNews;
}

/** What has become of the worker's model since the last message. */
export interface ModelNews {
  /** What its trainer wrote into it. */
  readonly values: SentParameters;
  /** Places of those that training moved, and of which nobody knows the values but the device. */
  readonly moved: readonly number[];
  /** The last message that brought parameters. */
  readonly serial: number;
}

/** One call of a listener. */
export interface SentEvent {
  /** The option that holds the listener: "onStep". */
  readonly listener: string;
  readonly args: readonly unknown[];
}

/** Worker → page: its trainer's device is lost, or the trainer goes on, on a fresh one. */
export type DeviceNews = { readonly state: TrainerState | undefined } & (
  | { readonly deviceLost: SentError }
  | { readonly recovered: Recovered }
);

/** Worker → page. */
export type Response = CallResponse | ReadRequest | DeviceNews;

/** Events of a call, or its end. */
export type CallResponse = { readonly id: number; readonly state: TrainerState | undefined } & (
  | { readonly events: readonly SentEvent[] }
  | { readonly answer: unknown }
  /** `aborted`: by the page, which knows why. */
  | { readonly error: SentError; readonly aborted: boolean }
);
