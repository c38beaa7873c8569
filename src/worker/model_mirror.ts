/** A model on the page and its copy in the worker: what is set here comes to be there, what is trained there is told here. */
import type { Variable } from "../graph/node.ts";
import type { Model } from "../nn/model.ts";
import { notCopied } from "../train/trained_weights.ts";
import type { ModelNews, SentParameters } from "./protocol.ts";

/** The page's end. */
export class ModelOnPage {
  readonly #model: Model;
  /** The version of each variable that the worker has. */
  #sentVersions: readonly number[];
  /** The number of the message that brought it. */
  readonly #sentWith: number[];
  #serial = 0;

  /** Of a model whose parameters the worker has as they are now. */
  constructor(model: Model) {
    this.#model = model;
    this.#sentVersions = versionsOf(model);
    this.#sentWith = model.variables.map(() => 0);
  }

  /** Whether `setParameters` was called since the last `sent`. */
  get hasChanged(): boolean {
    return this.#model.variables.some(({ version }, place) => version !== this.#sentVersions[place]);
  }

  /** What the worker does not have yet, and the number of the message that brings it; `sent()` when it is on its way. */
  changes(): { parameters: SentParameters; serial: number; sent(): void } {
    const versions = versionsOf(this.#model);
    const places = versions.flatMap((version, place) => (version === this.#sentVersions[place] ? [] : [place]));
    const serial = places.length === 0 ? this.#serial : this.#serial + 1;
    return {
      serial,
      parameters: places.map((place) => [place, valuesOf(this.#model, place)] as const),
      sent: () => {
        this.#serial = serial;
        this.#sentVersions = versions;
        for (const place of places) this.#sentWith[place] = serial;
      },
    };
  }

  /**
   * Takes over what has become of the worker's model, but for what was set here and had not come there by then: values that
   * its trainer wrote into it, and the places of those that have moved on from what it knows.
   */
  take({ values, moved, serial }: ModelNews): void {
    for (const [place, data] of values) this.#ifNotNewer(place, serial, (variable) => variable.remember(data));
    for (const place of moved) {
      this.#ifNotNewer(place, serial, (variable) => variable.moved(() => notCopied(variable)));
    }
  }

  #ifNotNewer(place: number, serialThere: number, change: (variable: Variable) => void): void {
    const variable = this.#model.variables[place];
    const isNewer = variable?.version !== this.#sentVersions[place] || (this.#sentWith[place] ?? 0) > serialThere;
    if (variable && !isNewer) change(variable);
  }
}

/** The worker's end. */
export class ModelInWorker {
  readonly #model: Model;
  /** The values that the page has too; undefined where it knows that it has none. */
  readonly #known: unknown[] = [];
  /** Of the last message that brought parameters. */
  #serial = 0;

  constructor(model: Model) {
    this.#model = model;
  }

  /** Sets what the page has set. */
  take(parameters: SentParameters, serial: number): void {
    for (const [place, values] of parameters) {
      this.#model.variables[place]?.reset(values);
      this.#known[place] = values;
    }
    this.#serial = serial;
  }

  /** What has become of the model since the last call, by the trainer's doing. */
  news(): ModelNews {
    const values: (readonly [number, Float32Array])[] = [];
    const moved: number[] = [];
    this.#model.variables.forEach((variable, place) => {
      const now = variable.hasMoved ? undefined : variable.initial;
      if (now === this.#known[place]) return;
      this.#known[place] = now;
      if (now === undefined) moved.push(place);
      else values.push([place, valuesOf(this.#model, place)]);
    });
    return { values, moved, serial: this.#serial };
  }
}

/** The parameters of a model as they are. */
export function allParameters(model: Model): SentParameters {
  return model.variables.map((_, place) => [place, valuesOf(model, place)] as const);
}

function versionsOf(model: Model): number[] {
  return model.variables.map(({ version }) => version);
}

function valuesOf(model: Model, place: number): Float32Array {
  const variable = model.variables[place];
  return Float32Array.from(variable?.initial ?? new Float32Array(variable?.size ?? 0));
}
