/** The worker's side: owns the backend and the trainer, answers the page's calls. */
import { firstThatWorks, type PassedOver } from "../best_backend.ts";
import { ArgumentError } from "../core/errors.ts";
import { onDemand } from "../core/on_demand.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Backend } from "../graph/backend.ts";
import { type ModelConfig, modelFromConfig } from "../nn/model_config.ts";
import type { LayerMakers } from "../nn/own_layers.ts";
import { createTrainer } from "../train/create_trainer.ts";
import type { Trainer } from "../train/types.ts";
import { wasm } from "../wasm/open.ts";
import { webgpu } from "../webgpu/backend.ts";
import { AskedReads } from "./asked_reads.ts";
import { CALLS, isCallName, type Treatment } from "./calls.ts";
import { type HostChannel, hostChannel } from "./channel.ts";
import { ModelInWorker } from "./model_mirror.ts";
import type {
  Created,
  CreateMessage,
  Luggage,
  Request,
  Response,
  SentArgument,
  SentEvent,
  SentOptions,
  TrainerState,
} from "./protocol.ts";
import { serializeError } from "./sent_errors.ts";

/** Backends as a worker may take them. */
export interface HostBackends {
  /** Makes the CPU backend, where there is neither WebGPU nor WebAssembly, or it was asked for. */
  cpu(): Promise<Backend>;
  /** Where adapters come from, as `webgpu` takes it; default `navigator.gpu`. */
  gpu?(): GPU | undefined | Promise<GPU | undefined>;
}

/** A trainer with what it needs. */
interface Made {
  readonly backend: Backend;
  readonly trainer: Trainer;
  readonly model: ModelInWorker;
}

/** Makes this worker listen to the page. A second call does nothing: one that had no trainer would answer for the first. */
export function serve(backends: HostBackends): void {
  if (Reflect.has(globalThis, SERVED)) return;
  Reflect.set(globalThis, SERVED, true);
  const host = new Host(backends, hostChannel());
  host.listen();
}

/** By a name that all copies of this module share: WebKit evaluates a worker's entry again where a chunk imports it. */
const SERVED = Symbol.for("corteza: this worker hosts a trainer");

class Host {
  readonly #backends: HostBackends;
  readonly #channel: HostChannel;
  readonly #datasets = new Map<number, Dataset>();
  readonly #canvases = new Map<number, OffscreenCanvas>();
  readonly #reads = new AskedReads((request) => this.#post(request));
  readonly #aborts = new Map<number, AbortController>();
  /** Calls under way. */
  readonly #running = new Set<Promise<void>>();
  #made: Made | undefined;
  #heard = 0;

  constructor(backends: HostBackends, channel: HostChannel) {
    this.#backends = backends;
    this.#channel = channel;
  }

  listen(): void {
    this.#channel.listen((data) => this.#hear(data as Request));
  }

  #hear(request: Request): void {
    if ("read" in request) this.#reads.answered(request);
    else if ("abort" in request) this.#aborts.get(request.abort)?.abort(ABORTED);
    else if ("id" in request) this.#begin(request);
    else this.#unload(request.luggage);
  }

  #begin(request: Extract<Request, { id: number }>): void {
    const answered = this.#answer(request);
    if (request.call === "dispose") return;
    this.#running.add(answered);
    void answered.finally(() => this.#running.delete(answered));
  }

  /** Does a call and answers it, whatever becomes of it: nothing that a handler throws may leave a call without an answer. */
  async #answer(request: Extract<Request, { id: number }>): Promise<void> {
    const { id } = request;
    const events = new Events((ready) => this.#post({ id, state: this.#state(), events: ready }));
    try {
      // No `await` before: calls begin in the order in which they come.
      const answer = await this.#do(request, events);
      events.flush();
      this.#post({ id, state: this.#state(), answer });
    } catch (error) {
      events.flush();
      this.#post({ id, state: this.#state(), error: serializeError(error), aborted: error === ABORTED });
    } finally {
      this.#aborts.delete(id);
    }
  }

  #do(request: Extract<Request, { id: number }>, events: Events): unknown {
    this.#heard = request.id;
    if (request.call === "create") return this.#create(request.sent);
    if (request.call === "dispose") return this.#dispose();
    this.#unload(request.luggage);
    if (!isCallName(request.call)) {
      throw new ArgumentError(
        `The worker knows no call "${String(request.call)}"; page and worker are of different versions.`,
      );
    }
    const { trainer } = this.#theMade();
    const treatments: readonly Treatment[] = CALLS[request.call];
    const args = request.sent.map((sent, place) => this.#unpack(sent, treatments[place], request.id, events));
    return Reflect.apply(trainer[request.call], trainer, args);
  }

  #unload({ parameters, parametersSerial, datasets, canvases }: Luggage): void {
    this.#theMade().model.take(parameters, parametersSerial);
    for (const [key, dataset, isRead] of datasets) {
      this.#datasets.set(key, isRead ? { ...dataset, read: this.#reads.readerOf(key) } : dataset);
    }
    for (const [key, canvas] of canvases) this.#canvases.set(key, canvas);
  }

  async #create(message: CreateMessage): Promise<Created> {
    const passedOver: PassedOver[] = [];
    const backend = await this.#chooseBackend(message, passedOver);
    const model = modelFromConfig(message.model, await makersFor(message.model));
    const mirror = new ModelInWorker(model);
    mirror.take(message.parameters, 0);
    const trainer = await createTrainer(model, {
      ...message.config,
      backend,
      onDeviceLost: (error) => this.#post({ state: this.#state(), deviceLost: serializeError(error) }),
      onRecovered: (recovered) => this.#post({ state: this.#state(), recovered }),
    });
    this.#made = { backend, trainer, model: mirror };
    return { backendKind: backend.kind, passedOver: passedOver.map((reason) => serializeError(reason)) };
  }

  async #chooseBackend(
    { backend: choice, autotune, memoryBudget }: CreateMessage,
    passedOver: PassedOver[],
  ): Promise<Backend> {
    if (choice === "cpu") return this.#backends.cpu();
    if (choice === "wasm") return wasm();
    const gpu = await this.#backends.gpu?.();
    const options = { autotune, memoryBudget, ...(gpu ? { gpu } : {}) };
    if (choice === "webgpu") return webgpu(options);
    return firstThatWorks(
      options,
      (reason) => passedOver.push(reason),
      () => this.#backends.cpu(),
    );
  }

  /** Frees everything, and is done when nothing goes on any more: Dawn in Node does not survive a thread that ends while it compiles. */
  async #dispose(): Promise<void> {
    const made = this.#made;
    this.#made = undefined;
    for (const abort of this.#aborts.values()) abort.abort(ABORTED);
    const ending = [...this.#running, made?.trainer.settled()];
    made?.trainer.dispose();
    await Promise.allSettled(ending);
    made?.backend.dispose();
    this.#datasets.clear();
    this.#canvases.clear();
  }

  #theMade(): Made {
    if (this.#made === undefined) throw new ArgumentError("The worker has no trainer yet.");
    return this.#made;
  }

  /** An argument as the trainer takes it. */
  #unpack(sent: SentArgument, treatment: Treatment | undefined, id: number, events: Events): unknown {
    if ("values" in sent) {
      const options = this.#options(sent, id, events);
      if (treatment !== "fitOptions") return options;
      // The page's `stats()` is of the last message, so that steps are told where nobody listens too; and it aborts a run
      // whose listener failed.
      return { onStep: () => events.touch(), ...options, signal: this.#signal(id) };
    }
    if ("drawings" in sent) return sent.drawings.map(({ canvas, rest }) => ({ ...rest, canvas: this.#canvas(canvas) }));
    if ("unknownDataset" in sent) return UNKNOWN_DATASET;
    if (!("dataset" in sent)) return sent.value;
    const dataset = this.#datasets.get(sent.dataset);
    if (dataset === undefined) throw new ArgumentError(`The worker does not know data set ${sent.dataset}.`);
    if ("forget" in sent && sent.forget) this.#datasets.delete(sent.dataset);
    return dataset;
  }

  #options({ values, datasets, listeners, hasSignal }: SentOptions, id: number, events: Events): object {
    const unpacked = (sent: SentArgument) => this.#unpack(sent, "dataset", id, events);
    const listening =
      (listener: string) =>
      (...args: unknown[]) =>
        events.add({ listener, args });
    return {
      ...values,
      ...Object.fromEntries(Object.entries(datasets).map(([name, sent]) => [name, unpacked(sent)])),
      ...Object.fromEntries(listeners.map((name) => [name, listening(name)])),
      ...(hasSignal ? { signal: this.#signal(id) } : {}),
    };
  }

  #signal(id: number): AbortSignal {
    const controller = this.#aborts.get(id) ?? new AbortController();
    this.#aborts.set(id, controller);
    return controller.signal;
  }

  #canvas(key: number): OffscreenCanvas {
    const canvas = this.#canvases.get(key);
    if (canvas === undefined) throw new ArgumentError(`The worker does not know canvas ${key}.`);
    return canvas;
  }

  #state(): TrainerState | undefined {
    if (this.#made === undefined) return undefined;
    const { trainer, model } = this.#made;
    return { stats: trainer.stats(), paused: trainer.paused, heard: this.#heard, model: model.news() };
  }

  #post(response: Response): void {
    this.#channel.post(response);
  }
}

/** The reason of an abort that the page asked for; the page knows the right one. */
const ABORTED = new DOMException("The page aborted this call.", "AbortError");

/** Stands for a data set that never came here. */
const UNKNOWN_DATASET: Dataset = {
  ...{ images: new Float32Array(0), shape: [], labels: new Int32Array(0), classes: 0, count: 0 },
};

/** Collects the events of one turn, so that a bundle of steps is one message. */
class Events {
  readonly #send: (events: SentEvent[]) => void;
  #ready: SentEvent[] = [];
  #touched = false;

  constructor(send: (events: SentEvent[]) => void) {
    this.#send = send;
  }

  add(event: SentEvent): void {
    this.touch();
    this.#ready.push(event);
  }

  /** Something happened that the page is to know of, though nobody listens. */
  touch(): void {
    if (!this.#touched) queueMicrotask(() => this.flush());
    this.#touched = true;
  }

  flush(): void {
    if (!this.#touched) return;
    this.#touched = false;
    const ready = this.#ready;
    this.#ready = [];
    this.#send(ready);
  }
}

/** Makers of the layers that a model may have beside the usual ones, fetched where it has one. */
async function makersFor({ layers }: ModelConfig): Promise<{ layers?: LayerMakers }> {
  if (!layers.some(({ kind }) => kind === "operation" || kind === "constant")) return {};
  const [{ constant }, { operation }] = await onDemand("ops", () =>
    Promise.all([import("../nn/layers/constant.ts"), import("../nn/layers/operation.ts")]),
  );
  return { layers: { constant, operation } };
}
