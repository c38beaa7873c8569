/** What a call of the page takes along to the worker: each data set and each canvas once, the options without functions. */
import { ArgumentError } from "../core/errors.ts";
import type { Dataset } from "../data/dataset.ts";
import type { MapsDrawing } from "../train/types.ts";
import type { Treatment } from "./calls.ts";
import type { SentArgument, SentOptions } from "./protocol.ts";

type Canvas = MapsDrawing["canvas"];

/** What the options of a call keep on the page. */
export interface KeptOptions {
  readonly signal?: AbortSignal | undefined;
  readonly listeners: ReadonlyMap<string, Listener>;
}

type Listener = (...args: unknown[]) => unknown;

/** Options that hold data sets. */
const DATASET_OPTIONS: ReadonlySet<string> = new Set(["validationData"]);

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** An object is taken for one: whether it holds what it should is the trainer's to say. */
function isDataset(value: unknown): value is Dataset {
  return isObject(value);
}

/** By what it can do: it may be of another frame, or somebody's own. */
function isSignal(value: unknown): value is AbortSignal {
  return isObject(value) && "aborted" in value && "addEventListener" in value;
}

function isDrawing(value: unknown): value is MapsDrawing {
  return isObject(value) && "canvas" in value && isObject(value.canvas);
}

/** What the worker has of the page's. */
export class Registry {
  readonly datasets = new WeakMap<Dataset, number>();
  readonly canvases = new WeakMap<Canvas, number>();
  /** Canvases that were handed over, which cannot be taken back, and that no message has brought to the worker yet. */
  readonly waiting = new WeakMap<Canvas, OffscreenCanvas>();
  /** Data sets whose `read` the worker may ask for. */
  readonly sources = new Map<number, Dataset>();
  /** Of these, those that were released: calls that had begun before may still want them. */
  readonly released = new Set<number>();
  /** Calls under way. */
  calls = 0;
  /** How many runs train on a data set. */
  readonly training = new Map<Dataset, number>();
  #next = 1;

  newKey(): number {
    return this.#next++;
  }
}

/** Packs the arguments of one call. What it notes is true only when the message is on its way: then `sent()`. */
export class Luggage {
  readonly datasets: [key: number, dataset: Dataset, isRead: boolean][] = [];
  readonly canvases = new Map<number, OffscreenCanvas>();
  kept: KeptOptions = { listeners: new Map() };
  readonly #registry: Registry;
  readonly #newDatasets = new Map<Dataset, number>();
  readonly #newCanvases = new Map<Canvas, number>();
  readonly #forgotten = new Map<Dataset, number>();
  readonly #trained: Dataset[] = [];

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** An argument as it goes to the worker. Nothing is awaited: what is sent is of the moment of the call. */
  pack(treatment: Treatment, argument: unknown): SentArgument {
    switch (treatment) {
      case "value":
        return { value: argument };
      case "dataset":
        return this.#dataset(argument);
      case "trainedDataset":
        if (isDataset(argument)) this.#trained.push(argument);
        return this.#dataset(argument);
      case "releasedDataset":
        return this.#released(argument);
      case "options":
        return this.#options(argument);
      case "fitOptions":
        // The worker puts in a signal and a listener of its own.
        return this.#options(argument === undefined ? {} : argument);
      case "drawings":
        return this.#drawings(argument);
    }
  }

  #dataset(dataset: unknown): SentArgument {
    if (!isDataset(dataset)) return { value: dataset };
    const known = this.#registry.datasets.get(dataset) ?? this.#newDatasets.get(dataset);
    if (known !== undefined) return { dataset: known };
    const key = this.#registry.newKey();
    this.#newDatasets.set(dataset, key);
    // A function stays here, and is called from there.
    const { read, ...rest } = dataset;
    const isRead = typeof read === "function";
    this.datasets.push([key, isRead ? rest : dataset, isRead]);
    return { dataset: key };
  }

  #released(dataset: unknown): SentArgument {
    if (!isDataset(dataset)) return { value: dataset };
    const key = this.#registry.datasets.get(dataset);
    if (key === undefined) return { unknownDataset: true };
    // A run goes on with it, and a later one where that ended: it must still be the same one.
    const forget = !this.#registry.training.has(dataset);
    if (forget) this.#forgotten.set(dataset, key);
    return { dataset: key, forget };
  }

  #options(options: unknown): SentArgument {
    if (!isObject(options) || Array.isArray(options)) return { value: options };
    const listeners = new Map<string, Listener>();
    const values: Record<string, unknown> = {};
    const datasets: Record<string, SentArgument> = {};
    let signal: AbortSignal | undefined;
    for (const [name, value] of Object.entries(options)) {
      if (typeof value === "function") listeners.set(name, value);
      else if (name === "signal" && isSignal(value)) signal = value;
      else if (DATASET_OPTIONS.has(name)) datasets[name] = this.#dataset(value);
      else values[name] = value;
    }
    this.kept = { signal, listeners };
    const sent: SentOptions = {
      ...{ values, datasets, listeners: [...listeners.keys()], hasSignal: signal !== undefined },
    };
    return sent;
  }

  #drawings(drawings: unknown): SentArgument {
    if (!Array.isArray(drawings) || !drawings.every(isDrawing)) return { value: drawings };
    return { drawings: drawings.map(({ canvas, ...rest }) => ({ canvas: this.#canvas(canvas), rest })) };
  }

  #canvas(canvas: Canvas): number {
    const known = this.#registry.canvases.get(canvas) ?? this.#newCanvases.get(canvas);
    if (known !== undefined) return known;
    const offscreen = this.#registry.waiting.get(canvas) ?? handedOver(canvas);
    this.#registry.waiting.set(canvas, offscreen);
    const key = this.#registry.newKey();
    this.#newCanvases.set(canvas, key);
    this.canvases.set(key, offscreen);
    return key;
  }

  /** The message is on its way; the function that comes back is called at the call's end. */
  sent(): () => void {
    const { datasets, canvases, waiting, training, sources, released } = this.#registry;
    this.#registry.calls++;
    for (const [dataset, key] of this.#newDatasets) {
      datasets.set(dataset, key);
      if (dataset.read) sources.set(key, dataset);
    }
    for (const [canvas, key] of this.#newCanvases) {
      canvases.set(canvas, key);
      waiting.delete(canvas);
    }
    for (const dataset of this.#forgotten.keys()) datasets.delete(dataset);
    for (const dataset of this.#trained) training.set(dataset, (training.get(dataset) ?? 0) + 1);
    return () => {
      for (const key of this.#forgotten.values()) released.add(key);
      if (--this.#registry.calls === 0) {
        for (const key of released) sources.delete(key);
        released.clear();
      }
      for (const dataset of this.#trained) {
        const left = (training.get(dataset) ?? 1) - 1;
        if (left === 0) training.delete(dataset);
        else training.set(dataset, left);
      }
    };
  }
}

/** A canvas as the worker can draw in it. Throws `ArgumentError` for one that something was drawn in, or that was handed over before. */
function handedOver(canvas: Canvas): OffscreenCanvas {
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
