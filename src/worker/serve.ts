/** The worker's side: owns the backend and the trainer, answers the page's calls. */
import { ArgumentError, WebGpuUnavailableError } from "../core/errors.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Backend } from "../graph/backend.ts";
import { modelFromConfig } from "../nn/model_config.ts";
import { createTrainer } from "../train/trainer.ts";
import type { Trainer } from "../train/types.ts";
import { webgpu } from "../webgpu/backend.ts";
import { type AnyCall, CALLS, isCallName, type Reference, type SentOptions, type Unpacking } from "./calls.ts";
import { type HostChannel, hostChannel } from "./channel.ts";
import { ModelInWorker } from "./model_mirror.ts";
import type {
  BackendChoice,
  Created,
  CreateMessage,
  Luggage,
  Request,
  Response,
  SentEvent,
  TrainerState,
} from "./protocol.ts";
import { serializeError } from "./sent_errors.ts";

/** Backends as a worker may take them. */
export interface HostBackends {
  /** Makes the CPU backend, when there is no WebGPU or nobody wants it. */
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
  readonly #aborts = new Map<number, AbortController>();
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
    if ("abort" in request) this.#aborts.get(request.abort)?.abort(ABORTED);
    else if ("id" in request) void this.#answer(request);
    else this.#unload(request.luggage);
  }

  /** Does a call and answers it, whatever becomes of it: nothing that a handler throws may leave a call without an answer. */
  async #answer(request: Extract<Request, { id: number }>): Promise<void> {
    const { id } = request;
    const events = new Events((ready) => this.#post({ id, state: this.#state(), events: ready }));
    try {
      // No `await` before: calls begin in the order in which they come.
      const answer = await this.#do(request, events);
      events.flush();
      this.#post({ id, state: this.#state(), answer, parameters: this.#made?.model.news() ?? [] });
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
    const call: AnyCall = CALLS[request.call];
    return call.run(this.#unpacking(request.id, events), request.sent as never);
  }

  #unload({ parameters, parametersSerial, datasets, canvases }: Luggage): void {
    this.#theMade().model.take(parameters, parametersSerial);
    for (const [key, dataset] of datasets) this.#datasets.set(key, dataset);
    for (const [key, canvas] of canvases) this.#canvases.set(key, canvas);
  }

  async #create(message: CreateMessage): Promise<Created> {
    const { backend, whyNotWebGpu } = await this.#chooseBackend(message.backend, message.autotune);
    const model = modelFromConfig(message.model);
    const mirror = new ModelInWorker(model);
    mirror.take(message.parameters, 0);
    const trainer = await createTrainer(model, { ...message.config, backend });
    this.#made = { backend, trainer, model: mirror };
    return { backendKind: backend.kind, whyNotWebGpu };
  }

  async #chooseBackend(
    choice: BackendChoice,
    autotune: boolean,
  ): Promise<{ backend: Backend; whyNotWebGpu: string | undefined }> {
    if (choice === "cpu") return { backend: await this.#backends.cpu(), whyNotWebGpu: undefined };
    try {
      const gpu = await this.#backends.gpu?.();
      return { backend: await webgpu({ autotune, ...(gpu ? { gpu } : {}) }), whyNotWebGpu: undefined };
    } catch (error) {
      if (choice === "webgpu" || !(error instanceof WebGpuUnavailableError)) throw error;
      return { backend: await this.#backends.cpu(), whyNotWebGpu: error.message };
    }
  }

  #dispose(): void {
    for (const abort of this.#aborts.values()) abort.abort(ABORTED);
    this.#made?.trainer.dispose();
    this.#made?.backend.dispose();
    this.#made = undefined;
    this.#datasets.clear();
    this.#canvases.clear();
  }

  #theMade(): Made {
    if (this.#made === undefined) throw new ArgumentError("The worker has no trainer yet.");
    return this.#made;
  }

  #unpacking(id: number, events: Events): Unpacking {
    const controller = new AbortController();
    this.#aborts.set(id, controller);
    const dataset = (sent: Reference) => known(sent, this.#datasets, "data set");
    return {
      trainer: this.#theMade().trainer,
      signal: controller.signal,
      dataset,
      releasedDataset: ({ key, forget }) => {
        const released = dataset({ key });
        if (forget) this.#datasets.delete(key);
        return released;
      },
      canvas: (sent) => known(sent, this.#canvases, "canvas"),
      options: <Options extends object>({ values, datasets, listeners, hasSignal }: SentOptions) => {
        // What is no object of options is the trainer's to refuse.
        if (typeof values !== "object" || values === null) return values as Options;
        return {
          ...values,
          ...Object.fromEntries(Object.entries(datasets).map(([name, sent]) => [name, dataset(sent)])),
          ...Object.fromEntries(
            listeners.map((listener) => [listener, (...args: unknown[]) => events.add({ listener, args })]),
          ),
          ...(hasSignal ? { signal: controller.signal } : {}),
        } as Options;
      },
    };
  }

  #state(): TrainerState | undefined {
    if (this.#made === undefined) return undefined;
    const { trainer, model } = this.#made;
    return { stats: trainer.stats(), paused: trainer.paused, heard: this.#heard, parametersSerial: model.serial };
  }

  #post(response: Response): void {
    this.#channel.post(response);
  }
}

/** The reason of an abort that the page asked for; the page knows the right one. */
const ABORTED = new DOMException("The page aborted this call.", "AbortError");

/** What a reference names; what is no object is passed on as it is. */
function known<T>(sent: Reference, all: ReadonlyMap<number, T>, what: string): T {
  if (!("key" in sent)) return sent.value as T;
  const found = all.get(sent.key);
  if (found === undefined) throw new ArgumentError(`The worker does not know ${what} ${sent.key}.`);
  return found;
}

/** Collects the events of one turn, so that a bundle of steps is one message. */
class Events {
  readonly #send: (events: SentEvent[]) => void;
  #ready: SentEvent[] = [];

  constructor(send: (events: SentEvent[]) => void) {
    this.#send = send;
  }

  add(event: SentEvent): void {
    if (this.#ready.length === 0) queueMicrotask(() => this.flush());
    this.#ready.push(event);
  }

  flush(): void {
    if (this.#ready.length === 0) return;
    const ready = this.#ready;
    this.#ready = [];
    this.#send(ready);
  }
}
