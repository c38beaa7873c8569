import { ArgumentError, DisposedError, WorkerError } from "../core/errors.ts";
import type { Schedule } from "../core/schedule.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Dataset } from "../data/dataset.ts";
import { Profile } from "../graph/profile.ts";
import type { Model } from "../nn/model.ts";
import { checkLearningRate, type Optimizer, withGlobalClipNorm } from "../nn/optimizers.ts";
import type { LossesChoice, LossWeights, MetricsChoice } from "../train/heads.ts";
import { isBatchList } from "../train/one_input.ts";
import type {
  BatchScore,
  EpochEvent,
  EvaluateOptions,
  Evaluation,
  FitOptions,
  History,
  ImageBatch,
  Inspection,
  InspectOptions,
  MapsDrawing,
  PrepareOptions,
  StepEvent,
  Trainer,
  TrainerStats,
} from "../train/types.ts";
import type { BackendChoice, CallName, Calls, Request, Response, SentLosses } from "./protocol.ts";
import { deserializeError } from "./protocol.ts";

export interface WorkerTrainerOptions {
  /**
   * The worker, or how to make it. Default: `worker-host.js` beside this file. A page that loads the library from
   * another origin, or through a bundler, passes its own:
   * `() => new Worker(new URL("./my_worker.js", import.meta.url), { type: "module" })`, whose file imports "corteza/worker-host".
   */
  worker?: Worker | (() => Worker);
  /** Default "auto": WebGPU where it works, else the CPU. */
  backend?: BackendChoice;
  /** As in `webgpu`; the worker remembers in the browser's IndexedDB. Default false. */
  autotune?: boolean;
  /** As with `createTrainer`, but no function: a worker cannot be sent one. */
  loss: LossesChoice;
  /** As in `createTrainer`. */
  lossWeights?: LossWeights;
  /** As in `createTrainer`. */
  metrics?: MetricsChoice;
  /** As in `createTrainer`. */
  optimizer: Optimizer;
  /** As in `createTrainer`. */
  clipNorm?: number;
  /** As in `createTrainer`. */
  batchSize?: number;
  /** As in `createTrainer`. */
  seed?: number;
  /** As in `createTrainer`. */
  recompute?: boolean;
  /** As in `createTrainer`. */
  precision?: "float32" | "mixed";
}

/** A trainer whose work happens in a Web Worker; same interface, and what it runs on. */
export interface WorkerTrainer extends Trainer {
  /** What the worker runs on. */
  readonly backendKind: "webgpu" | "cpu";
  /** Why WebGPU was not taken, when "auto" fell back to the CPU. */
  readonly whyNotWebGpu: string | undefined;
}

/** Makes a trainer in a worker; the page stays free. Throws what `createTrainer` and `webgpu` throw. */
export async function createWorkerTrainer(model: Model, options: WorkerTrainerOptions): Promise<WorkerTrainer> {
  const { worker: given, loss } = options;
  if (!canBeSent(loss)) {
    throw new ArgumentError(
      "createWorkerTrainer: a loss of your own is a function, which cannot be sent to a worker; use createTrainer on the " +
        "page, or one of the losses by name.",
    );
  }
  const worker =
    given === undefined
      ? new Worker(new URL(/* @vite-ignore */ "./worker-host.js", import.meta.url), { type: "module" })
      : typeof given === "function"
        ? given()
        : given;
  const client = new WorkerClient(worker);
  try {
    const created = await client.call("create", {
      model: model.toJSON(),
      parameters: model.parameters,
      backend: options.backend ?? "auto",
      autotune: options.autotune ?? false,
      loss,
      lossWeights: options.lossWeights ?? {},
      metrics: options.metrics ?? [],
      optimizer:
        options.clipNorm === undefined
          ? options.optimizer
          : withGlobalClipNorm("createWorkerTrainer", options.optimizer, options.clipNorm),
      batchSize: options.batchSize ?? 32,
      seed: options.seed ?? 0,
      recompute: options.recompute ?? false,
      precision: options.precision ?? "float32",
    });
    return new RemoteTrainer(client, model, created);
  } catch (error) {
    client.terminate();
    throw error;
  }
}

/** Whether no loss is a function. */
function canBeSent(loss: LossesChoice): loss is SentLosses {
  if (typeof loss === "object") return Object.values(loss).every((one) => typeof one !== "function");
  return typeof loss === "string";
}

interface Listeners {
  onStep?: ((event: StepEvent) => void) | undefined;
  onEpoch?: ((event: EpochEvent) => void) | undefined;
}

interface Pending extends Listeners {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** Sends calls to the worker and sorts its answers. */
class WorkerClient {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;
  #failure: Error | undefined;
  stats: TrainerStats | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.addEventListener("message", (event: MessageEvent<Response>) => this.#receive(event.data));
    worker.addEventListener("error", (event) => {
      this.#fail(new WorkerError(`The training worker failed: ${event.message || "its script could not be loaded"}.`));
    });
  }

  call<Name extends CallName>(
    call: Name,
    args: Calls[Name]["args"],
    options: Listeners & { signal?: AbortSignal | undefined; transfer?: Transferable[] } = {},
  ): Promise<Calls[Name]["result"]> {
    const { signal, transfer, onStep, onEpoch } = options;
    if (this.#failure) return Promise.reject(this.#failure);
    if (signal?.aborted) return Promise.reject(signal.reason);
    const id = this.#nextId++;
    const abort = () => this.#send({ abort: id });
    signal?.addEventListener("abort", abort, { once: true });
    return new Promise<unknown>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject, onStep, onEpoch });
      this.#send({ id, call, args } as Request, transfer);
    })
      .catch((error: unknown) => {
        throw signal?.aborted ? signal.reason : error;
      })
      .finally(() => signal?.removeEventListener("abort", abort)) as Promise<Calls[Name]["result"]>;
  }

  #send(request: Request, transfer: Transferable[] = []): void {
    this.#worker.postMessage(request, transfer);
  }

  #receive(response: Response): void {
    const pending = this.#pending.get(response.id);
    if ("stats" in response && response.stats) this.stats = response.stats;
    if (pending === undefined) return;
    if ("steps" in response) for (const step of response.steps) pending.onStep?.(step);
    else if ("epoch" in response) pending.onEpoch?.(response.epoch);
    else {
      this.#pending.delete(response.id);
      if ("error" in response) pending.reject(deserializeError(response.error));
      else pending.resolve(response.result);
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#pending.values()) reject(this.#failure);
    this.#pending.clear();
  }

  terminate(): void {
    this.#worker.terminate();
    this.#fail(new DisposedError("This trainer was disposed of; make a new one."));
  }
}

const NO_STATS: TrainerStats = {
  dispatchesPerStep: 0,
  submitsPerStep: 1,
  gpuBytes: 0,
  datasetBytes: 0,
  pipelines: 0,
  flopsPerStep: 0,
  steps: 0,
  backend: "",
};

class RemoteTrainer implements WorkerTrainer {
  readonly backendKind: "webgpu" | "cpu";
  readonly whyNotWebGpu: string | undefined;
  readonly #client: WorkerClient;
  readonly #model: Model;
  readonly #datasetKeys = new WeakMap<Dataset, number>();
  #nextDataset = 1;
  /** Canvases that the worker has. */
  readonly #canvasKeys = new WeakMap<MapsDrawing["canvas"], number>();
  #nextCanvas = 1;
  #paused = false;
  #sentVersion: number;

  constructor(client: WorkerClient, model: Model, created: Calls["create"]["result"]) {
    this.#client = client;
    this.#model = model;
    this.backendKind = created.backendKind;
    this.whyNotWebGpu = created.whyNotWebGpu;
    this.#sentVersion = this.#modelVersion();
  }

  #modelVersion(): number {
    return this.#model.variables.reduce((sum, variable) => sum + variable.version, 0);
  }

  /** Sends parameters that `model.setParameters` changed; messages keep their order, so the next call sees them. */
  #sendParameters(): void {
    const version = this.#modelVersion();
    if (version === this.#sentVersion) return;
    this.#sentVersion = version;
    void this.#client.call("setParameters", { parameters: this.#model.parameters });
  }

  #datasetKey(dataset: Dataset): number {
    let key = this.#datasetKeys.get(dataset);
    if (key === undefined) {
      key = this.#nextDataset++;
      this.#datasetKeys.set(dataset, key);
      void this.#client.call("dataset", { key, dataset });
    }
    return key;
  }

  fit(dataset: Dataset, options: FitOptions = {}): Promise<History> {
    this.#sendParameters();
    const { validationData, signal, onStep, onEpoch, ...rest } = options;
    const validation = validationData === undefined ? undefined : this.#datasetKey(validationData);
    return this.#client.call(
      "fit",
      { ...rest, dataset: this.#datasetKey(dataset), validation },
      { signal, onStep, onEpoch },
    );
  }

  prepare(dataset: Dataset, { signal, ...options }: PrepareOptions = {}): Promise<void> {
    this.#sendParameters();
    return this.#client.call("prepare", { ...options, dataset: this.#datasetKey(dataset) }, { signal });
  }

  evaluate(dataset: Dataset, { outputs = false, signal }: EvaluateOptions = {}): Promise<Evaluation> {
    this.#sendParameters();
    return this.#client.call("evaluate", { dataset: this.#datasetKey(dataset), outputs }, { signal });
  }

  async release(dataset: Dataset): Promise<void> {
    const key = this.#datasetKeys.get(dataset);
    if (key === undefined) return;
    this.#datasetKeys.delete(dataset);
    await this.#client.call("release", { dataset: key });
  }

  inspect(image: ImageBatch, options: InspectOptions = {}): Promise<Inspection> {
    return this.#client.call("inspect", { image, ...options });
  }

  async draw(
    image: ImageBatch,
    drawings: readonly MapsDrawing[],
    options: { target?: number; readback?: boolean } = {},
  ): Promise<void> {
    this.#sendParameters();
    const canvases = new Map<number, OffscreenCanvas>();
    const sent = drawings.map(({ canvas, ...drawing }) => ({ ...drawing, canvas: this.#canvasKey(canvas, canvases) }));
    await this.#client.call("draw", { image, drawings: sent, options, canvases }, { transfer: [...canvases.values()] });
  }

  /** The number of a canvas; one that the worker does not have yet is put into `sent`. */
  #canvasKey(canvas: MapsDrawing["canvas"], sent: Map<number, OffscreenCanvas>): number {
    let key = this.#canvasKeys.get(canvas);
    if (key === undefined) {
      key = this.#nextCanvas++;
      sent.set(key, handedOver(canvas));
      this.#canvasKeys.set(canvas, key);
    }
    return key;
  }

  predict(x: ImageBatch): Promise<Tensor<Float32Array>>;
  predict(xs: readonly ImageBatch[]): Promise<Tensor<Float32Array>[]>;
  predict(x: ImageBatch | readonly ImageBatch[]): Promise<Tensor<Float32Array> | Tensor<Float32Array>[]> {
    this.#sendParameters();
    return isBatchList(x) ? this.#client.call("predictAll", { xs: x }) : this.#client.call("predict", { x });
  }

  trainOnBatch(x: ImageBatch, y: ArrayLike<number>): Promise<BatchScore>;
  trainOnBatch(xs: readonly ImageBatch[], ys: readonly ArrayLike<number>[]): Promise<BatchScore>;
  trainOnBatch(
    x: ImageBatch | readonly ImageBatch[],
    y: ArrayLike<number> | readonly ArrayLike<number>[],
  ): Promise<BatchScore> {
    this.#sendParameters();
    const sent = (one: ArrayLike<number>) => (one instanceof Float32Array ? one : Array.from(one));
    return isBatchList(x)
      ? this.#client.call("trainOnLists", { xs: x, ys: (y as readonly ArrayLike<number>[]).map(sent) })
      : this.#client.call("trainOnBatch", { x, y: sent(y as ArrayLike<number>) });
  }

  get paused(): boolean {
    return this.#paused;
  }

  pause(): Promise<void> {
    this.#paused = true;
    return this.#client.call("pause", undefined);
  }

  settled(): Promise<void> {
    return this.#client.call("settled", undefined);
  }

  async profile(dataset?: Dataset, options: { steps?: number } = {}): Promise<Profile> {
    this.#sendParameters();
    const key = dataset === undefined ? undefined : this.#datasetKey(dataset);
    return new Profile(await this.#client.call("profile", { dataset: key, steps: options.steps }));
  }

  resume(): void {
    this.#paused = false;
    void this.#client.call("resume", undefined);
  }

  setLearningRate(learningRate: number | Schedule): void {
    checkLearningRate("setLearningRate", learningRate);
    void this.#client.call("setLearningRate", { learningRate });
  }

  swapEma(): Promise<void> {
    return this.#client.call("swapEma", undefined);
  }

  checkpoint(): Promise<Uint8Array> {
    return this.#client.call("checkpoint", undefined);
  }

  restore(bytes: Uint8Array): Promise<void> {
    return this.#client.call("restore", { bytes });
  }

  async syncModel(): Promise<void> {
    const parameters = await this.#client.call("parameters", undefined);
    for (const variable of this.#model.variables) {
      const tensor = parameters.get(variable.name);
      if (tensor) variable.remember(tensor.data);
    }
  }

  stats(): TrainerStats {
    return this.#client.stats ?? NO_STATS;
  }

  dispose(): void {
    this.#client.call("dispose", undefined).then(
      () => this.#client.terminate(),
      () => this.#client.terminate(),
    );
  }
}

/** A canvas as the worker can draw in it. Throws `ArgumentError` for one that something was drawn in, or that was handed over before. */
function handedOver(canvas: MapsDrawing["canvas"]): OffscreenCanvas {
  if (!("transferControlToOffscreen" in canvas)) return canvas;
  try {
    return canvas.transferControlToOffscreen();
  } catch (cause) {
    throw new ArgumentError(
      "draw: this canvas cannot be handed over to the worker: it has a context already, or belongs to another trainer. " +
        "Pass a new <canvas>.",
      { cause },
    );
  }
}
