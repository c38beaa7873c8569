import type { PassedOver } from "../best_backend.ts";
import { ArgumentError } from "../core/errors.ts";
import { checkOptions, describeValue, type OptionKinds } from "../core/options.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Backend } from "../graph/backend.ts";
import type { Model } from "../nn/model.ts";
import { resolveOptimizer } from "../nn/optimizer_names.ts";
import type { Optimizer } from "../nn/optimizers.ts";
import type { TrainerConfig } from "../train/config.ts";
import { changedRates } from "../train/learning_rates.ts";
import { checkModel, TRAINER } from "../train/options.ts";
import type { ImageBatch, Trainer, TrainerStats } from "../train/types.ts";
import { memoryBudget } from "../webgpu/memory_budget.ts";
import type { CallName } from "./calls.ts";
import { type NodeThread, startWorker } from "./channel.ts";
import { WorkerClient } from "./client.ts";
import { allParameters } from "./model_mirror.ts";
import type { BackendChoice, Created } from "./protocol.ts";
import { deserializeError } from "./sent_errors.ts";

/** What `createWorkerTrainer` makes a trainer of: what `createTrainer` takes, and where the worker comes from. */
export interface WorkerTrainerOptions extends TrainerConfig {
  /**
   * The worker, or how to make it. Default: `host.js` beside this file, in Node as a thread. A page that loads the
   * library from another origin, or through a bundler, passes its own:
   * `() => new Worker(new URL("./my_worker.js", import.meta.url), { type: "module" })`, whose file imports
   * "corteza/worker-host". Node does so to have WebGPU: `setGpu` of "corteza/worker-host".
   */
  worker?: Worker | NodeThread | (() => Worker | NodeThread);
  /** Default "auto": what `bestBackend` takes, WebGPU on hardware, else WebAssembly, else WebGPU in software, else the CPU. */
  backend?: BackendChoice;
  /** As in `webgpu`; the worker remembers in the browser's IndexedDB. Default false. */
  autotune?: boolean;
  /** As in `webgpu`; found in the page, which knows more of its device than a worker does. */
  memoryBudget?: number;
}

/** A trainer whose work happens in a Web Worker; same interface, and what it runs on. */
export interface WorkerTrainer extends Trainer {
  /** What the worker runs on. */
  readonly backendKind: Backend["kind"];
  /** Why "auto" passed over what it tries before, first things first; see `reason`. Empty where it took the first. */
  readonly passedOver: readonly PassedOver[];
  /** The same in words, as the `why` of `bestBackend`'s. */
  readonly why: string | undefined;
}

const OPTIONS: OptionKinds<WorkerTrainerOptions> = {
  worker: "any",
  backend: "string",
  autotune: "boolean",
  memoryBudget: "number",
  ...TRAINER,
};

/**
 * Makes a trainer in a worker; the page stays free. Throws what `createTrainer` and `webgpu` throw, `ArgumentError` for a
 * loss of one's own, which cannot be sent, and `WorkerError` where there are no workers.
 */
export async function createWorkerTrainer(model: Model, options: WorkerTrainerOptions): Promise<WorkerTrainer> {
  checkModel("createWorkerTrainer", model);
  checkOptions("createWorkerTrainer", options, OPTIONS);
  const { worker: given, backend = "auto", autotune = false, memoryBudget: budget, ...others } = options;
  const { onDeviceLost, onRecovered, ...rest } = others;
  if (backend !== "auto" && backend !== "webgpu" && backend !== "wasm" && backend !== "cpu") {
    throw new ArgumentError(
      `createWorkerTrainer: backend must be "auto", "webgpu", "wasm" or "cpu", which the worker opens itself, got ` +
        `${describeValue(backend)}.`,
    );
  }
  const optimizer = resolveOptimizer("createWorkerTrainer", options.optimizer);
  const config: TrainerConfig = { ...rest, optimizer };
  checkSendable(config);
  const worker =
    given === undefined
      ? startWorker(new URL(/* @vite-ignore */ "./host.js", import.meta.url))
      : typeof given === "function"
        ? given()
        : given;
  const client = new WorkerClient(worker, model, { onDeviceLost, onRecovered });
  try {
    const parameters = allParameters(model);
    const memory = budget ?? memoryBudget();
    const message = { model: model.toJSON(), parameters, backend, autotune, memoryBudget: memory, config };
    const created = await client.create(message);
    return new RemoteTrainer(client, optimizer, created);
  } catch (error) {
    client.dispose();
    throw error;
  }
}

/** Throws `ArgumentError` where there is a function in the options: a loss or a metric of one's own. */
function checkSendable(value: unknown, path = ""): void {
  if (typeof value === "function") {
    throw new ArgumentError(
      `createWorkerTrainer: ${path} is a function, which cannot be sent to a worker; use createTrainer on the page or in a ` +
        "worker script of your own, or what has a name: one of the losses and metrics of the library.",
    );
  }
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return;
  for (const [key, part] of Object.entries(value)) checkSendable(part, path === "" ? key : `${path}.${key}`);
}

/** All that a method takes, so that an argument which it gets later is sent too. */
type Arguments<Name extends CallName> = Parameters<Trainer[Name]>;
type Result<Name extends CallName> = ReturnType<Trainer[Name]>;

class RemoteTrainer implements WorkerTrainer {
  readonly backendKind: Backend["kind"];
  readonly passedOver: readonly PassedOver[];
  readonly #client: WorkerClient;
  /** What a learning rate is held against. */
  #optimizer: Optimizer;

  constructor(client: WorkerClient, optimizer: Optimizer, { backendKind, passedOver }: Created) {
    this.#client = client;
    this.#optimizer = optimizer;
    this.backendKind = backendKind;
    this.passedOver = passedOver.map((reason) => deserializeError(reason) as PassedOver);
  }

  get why(): string | undefined {
    return this.passedOver.length === 0 ? undefined : this.passedOver.map(({ message }) => message).join(" ");
  }

  fit(...args: Arguments<"fit">): Result<"fit"> {
    return this.#client.call("fit", args);
  }

  prepare(...args: Arguments<"prepare">): Result<"prepare"> {
    return this.#client.call("prepare", args);
  }

  evaluate(...args: Arguments<"evaluate">): Result<"evaluate"> {
    return this.#client.call("evaluate", args);
  }

  release(...args: Arguments<"release">): Result<"release"> {
    return this.#client.call("release", args);
  }

  profile(...args: Arguments<"profile">): Result<"profile"> {
    return this.#client.call("profile", args);
  }

  inspect(...args: Arguments<"inspect">): Result<"inspect"> {
    return this.#client.call("inspect", args);
  }

  draw(...args: Arguments<"draw">): Result<"draw"> {
    return this.#client.call("draw", args);
  }

  predict(x: ImageBatch): Promise<Tensor<Float32Array>>;
  predict(xs: readonly ImageBatch[]): Promise<Tensor<Float32Array>[]>;
  predict<Answer>(...args: readonly unknown[]): Promise<Answer> {
    return this.#client.call("predict", args);
  }

  trainOnBatch(...args: readonly unknown[]): Result<"trainOnBatch"> {
    return this.#client.call("trainOnBatch", args);
  }

  get paused(): boolean {
    return this.#client.paused;
  }

  pause(...args: Arguments<"pause">): Result<"pause"> {
    return this.#client.call("pause", args);
  }

  resume(...args: Arguments<"resume">): void {
    this.#client.tell("resume", args);
  }

  settled(...args: Arguments<"settled">): Result<"settled"> {
    return this.#client.call("settled", args);
  }

  setLearningRate(...args: Arguments<"setLearningRate">): void {
    this.#client.checkUsable();
    // Where the trainer would refuse it, this throws here and now, as the trainer does.
    changedRates("setLearningRate", this.#optimizer, args[0]);
    this.#client.tell("setLearningRate", args);
  }

  swapEma(...args: Arguments<"swapEma">): Result<"swapEma"> {
    return this.#client.call("swapEma", args);
  }

  checkpoint(...args: Arguments<"checkpoint">): Result<"checkpoint"> {
    return this.#client.call("checkpoint", args);
  }

  async restore(...args: Arguments<"restore">): Result<"restore"> {
    const [bytes, options] = args;
    // Read at the call, as what is sent.
    const adopted = options?.adopt ? bytes.slice() : undefined;
    await this.#client.call("restore", args);
    if (adopted === undefined) return;
    const [{ decodeCheckpoint }, { trainerConfig }] = await Promise.all([
      import("../formats/checkpoint.ts"),
      import("../formats/trainer_checkpoint.ts"),
    ]);
    this.#optimizer = { ...this.#optimizer, rule: trainerConfig(decodeCheckpoint(adopted).config).optimizer };
  }

  syncModel(...args: Arguments<"syncModel">): Result<"syncModel"> {
    return this.#client.call("syncModel", args);
  }

  stats(): TrainerStats {
    return this.#client.stats;
  }

  dispose(): void {
    this.#client.dispose();
  }
}
