/** The page's side: sends calls to the worker and sorts what comes back. */

import { ArgumentError, type DeviceLostError } from "../core/errors.ts";
import { onDemand } from "../core/on_demand.ts";
import { describeValue } from "../core/options.ts";
import { insteadOf } from "../data/instead.ts";
import type { Model } from "../nn/model.ts";
import type { TrainerConfig } from "../train/config.ts";
import { trainerDisposed } from "../train/disposed.ts";
import type { TrainerStats } from "../train/types.ts";
import type { AnsweredReads } from "./answered_reads.ts";
import { CALLS, type CallName, revived } from "./calls.ts";
import { type Channel, listenTo, type NodeThread } from "./channel.ts";
import { type KeptOptions, Luggage, Registry } from "./luggage.ts";
import { ModelOnPage } from "./model_mirror.ts";
import type {
  Created,
  CreateMessage,
  ReadAnswer,
  ReadRequest,
  Request,
  Response,
  SentArgument,
  SentEvent,
  TrainerState,
} from "./protocol.ts";
import { canBeSent, deserializeError, serializeError } from "./sent_errors.ts";

/** Who hears of the worker's device. */
export type DeviceListeners = { readonly [Name in "onDeviceLost" | "onRecovered"]?: TrainerConfig[Name] | undefined };

/** A call that waits for its answer. */
interface Pending extends KeptOptions {
  resolve(answer: unknown): void;
  reject(error: unknown): void;
  /** What a listener threw: that ends the call. */
  thrown?: { readonly error: unknown };
}

const NOTHING_KEPT: KeptOptions = { listeners: new Map() };

/** Milliseconds after which a worker that does not end by itself is ended. */
const LONGEST_END = 20_000;

const NO_STATS: TrainerStats = {
  dispatchesPerStep: 0,
  submitsPerStep: 1,
  gpuBytes: 0,
  datasetBytes: 0,
  snapshotBytes: 0,
  pipelines: 0,
  flopsPerStep: 0,
  steps: 0,
  backend: "",
  dataWaitSeconds: 0,
};

/** One worker with one trainer of one model. */
export class WorkerClient {
  readonly #channel: Channel;
  readonly #pending = new Map<number, Pending>();
  readonly #registry = new Registry();
  readonly #model: ModelOnPage;
  readonly #listeners: DeviceListeners;
  /** Fetched when the worker first asks for images. */
  #reads: Promise<AnsweredReads> | undefined;
  #nextId = 1;
  #failure: Error | undefined;
  #disposed = false;
  #paused = false;
  /** The last call that pauses or resumes: what the worker said before it heard of that is out of date. */
  #pausing = 0;
  #stats = NO_STATS;
  /** What became of a call that answers nobody; the next call tells. */
  #untold: { readonly error: unknown } | undefined;

  constructor(worker: Worker | NodeThread, model: Model, listeners: DeviceListeners = {}) {
    this.#listeners = listeners;
    this.#model = new ModelOnPage(model);
    this.#channel = listenTo(worker, {
      message: (data) => this.#receive(data as Response),
      failed: (error) => this.#fail(error),
    });
  }

  get stats(): TrainerStats {
    return this.#stats;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Has the worker make its trainer. */
  async create(sent: CreateMessage): Promise<Created> {
    const answer = await this.#exchange(NOTHING_KEPT, (id) =>
      this.#post("createWorkerTrainer", { id, call: "create", sent }),
    );
    return answer as Created;
  }

  /** Does a call there; what is sent is of this moment. */
  async call<Result>(name: CallName, args: readonly unknown[]): Promise<Result> {
    this.checkUsable();
    const untold = this.#untold;
    this.#untold = undefined;
    if (untold) throw untold.error;
    const luggage = new Luggage(this.#registry);
    const sent = CALLS[name].map((treatment, place) => luggage.pack(treatment, args[place]));
    luggage.kept.signal?.throwIfAborted();
    let ended: (() => void) | undefined;
    try {
      const answer = await this.#exchange(luggage.kept, (id) => {
        ended = this.#send({ id, name, sent }, luggage);
        if (name !== "pause" && name !== "resume") return;
        this.#pausing = id;
        this.#paused = name === "pause";
      });
      return revived(name, answer) as Result;
    } finally {
      ended?.();
    }
  }

  /** Sends a call with all that it needs; the function that comes back is for its end. */
  #send(call: { id: number; name: CallName; sent: readonly SentArgument[] }, luggage: Luggage): () => void {
    const { parameters, serial: parametersSerial, sent } = this.#model.changes();
    const canvases = [...luggage.canvases];
    const request: Request = {
      ...{ id: call.id, call: call.name, sent: call.sent },
      luggage: { parameters, parametersSerial, datasets: luggage.datasets, canvases },
    };
    this.#post(call.name, request, [...luggage.canvases.values()]);
    sent();
    return luggage.sent();
  }

  /** The same for a call whose method returns nothing: where it fails after all, the next call tells. */
  tell(name: CallName, args: readonly unknown[]): void {
    this.checkUsable();
    this.call(name, args).catch((error: unknown) => {
      if (!this.#failure) this.#untold ??= { error };
    });
  }

  checkUsable(): void {
    if (this.#failure) throw this.#failure;
  }

  /** Sends a request and waits for its answer. */
  #exchange({ signal, listeners }: KeptOptions, send: (id: number) => void): Promise<unknown> {
    const id = this.#nextId++;
    return new Promise<unknown>((resolve, reject) => {
      send(id);
      const abort = () => this.#post("abort", { abort: id });
      signal?.addEventListener("abort", abort, { once: true });
      const end = () => {
        signal?.removeEventListener("abort", abort);
        this.#pending.delete(id);
        this.#channel.waiting(this.#pending.size > 0);
      };
      this.#channel.waiting(true);
      this.#pending.set(id, {
        ...{ signal, listeners },
        resolve(answer) {
          end();
          resolve(answer);
        },
        reject(error) {
          end();
          reject(error);
        },
      });
    });
  }

  #post(what: string, request: Request, transfer: readonly Transferable[] = []): void {
    try {
      this.#channel.post(request, transfer);
    } catch (cause) {
      throw unsendable(what, request, cause);
    }
  }

  #receive(response: Response): void {
    if ("state" in response && response.state) this.#note(response.state);
    if ("deviceLost" in response) {
      this.#listeners.onDeviceLost?.(deserializeError(response.deviceLost) as DeviceLostError);
      return;
    }
    if ("recovered" in response) {
      this.#listeners.onRecovered?.(response.recovered);
      return;
    }
    if (!("id" in response)) {
      void this.#answerRead(response);
      return;
    }
    const { id } = response;
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    if ("events" in response) {
      this.#tellListeners(id, pending, response.events);
      this.#sendChanges();
    } else if (pending.thrown) pending.reject(pending.thrown.error);
    else if ("answer" in response) pending.resolve(response.answer);
    else pending.reject(response.aborted ? pending.signal?.reason : deserializeError(response.error));
  }

  async #answerRead(request: ReadRequest): Promise<void> {
    const post = (answer: ReadAnswer, transfer: Transferable[] = []) => this.#channel.post(answer, transfer);
    this.#reads ??= onDemand("reading of data", () => import("./answered_reads.ts")).then(
      ({ AnsweredReads }) => new AnsweredReads(post),
    );
    try {
      const reads = await this.#reads;
      if (!this.#disposed) await reads.answer(request, (key) => this.#registry.sources.get(key));
    } catch (error) {
      this.#reads = undefined;
      if ("read" in request) post({ read: request.read, error: serializeError(error) });
    }
  }

  #note({ stats, paused, heard, model }: TrainerState): void {
    this.#stats = stats;
    this.#model.take(model);
    if (heard >= this.#pausing) this.#paused = paused;
  }

  /** As on the page itself: what a listener throws ends the call, and nobody hears of more. */
  #tellListeners(id: number, pending: Pending, events: readonly SentEvent[]): void {
    if (pending.thrown) return;
    try {
      for (const { listener, args } of events) pending.listeners.get(listener)?.(...args);
    } catch (error) {
      pending.thrown = { error };
      this.#post("abort", { abort: id });
    }
  }

  /** While a call goes on: parameters that were set since the last message. */
  #sendChanges(): void {
    if (this.#disposed || !this.#model.hasChanged) return;
    const changes = this.#model.changes();
    const { parameters, serial: parametersSerial } = changes;
    this.#post("setParameters", { luggage: { parameters, parametersSerial, datasets: [], canvases: [] } });
    changes.sent();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#reads?.then((reads) => reads.stop()).catch(() => undefined);
    for (const { reject } of [...this.#pending.values()]) reject(this.#failure);
  }

  /** Ends the calls under way, and the worker as soon as it has freed what it holds. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    const failed = this.#failure !== undefined;
    this.#fail(trainerDisposed());
    this.#failure = trainerDisposed();
    this.#paused = false;
    this.#stats = { ...this.#stats, gpuBytes: 0, datasetBytes: 0 };
    if (failed) {
      this.#channel.close();
      return;
    }
    const late = setTimeout(() => this.#channel.close(), LONGEST_END);
    const close = () => {
      clearTimeout(late);
      this.#channel.close();
    };
    this.#exchange(NOTHING_KEPT, (id) => this.#post("dispose", { id, call: "dispose" })).then(close, close);
  }
}

/** Why a request could not be sent, with the part of it that is to blame. */
function unsendable(what: string, request: Request, cause: unknown): ArgumentError {
  const why = cause instanceof Error ? cause.message : String(cause);
  if ("luggage" in request && request.luggage.datasets.some(([, dataset]) => !canBeSent(dataset))) {
    return new ArgumentError(
      `${what}: the data set cannot be sent to the worker (${why}); give one as dataset() makes it, with arrays that still ` +
        "hold their values.",
      { cause },
    );
  }
  const sent = "luggage" in request && "sent" in request ? request.sent : [];
  for (const argument of sent) {
    if (!("value" in argument) || canBeSent(argument.value)) continue;
    return new ArgumentError(`${what}: got ${describeValue(argument.value)}; ${insteadOf(argument.value)}.`, { cause });
  }
  return new ArgumentError(`${what}: what it was given cannot be sent to the worker (${why}); give plain data.`, {
    cause,
  });
}
