/** A model on the page and its copy in the worker: what is set here comes to be there, what is trained there is told here. */
import type { Model } from "../nn/model.ts";
import type { SentParameters } from "./protocol.ts";

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

  /** Takes over what the worker's trainer wrote into its model, but for what was set here and had not come there by then. */
  take(parameters: SentParameters, serialThere: number): void {
    for (const [place, values] of parameters) {
      const variable = this.#model.variables[place];
      const isNewerHere = variable?.version !== this.#sentVersions[place] || (this.#sentWith[place] ?? 0) > serialThere;
      if (variable && !isNewerHere) variable.remember(values);
    }
  }
}

/** The worker's end. */
export class ModelInWorker {
  readonly #model: Model;
  /** The values that the page has too. */
  readonly #known: unknown[];
  /** Of the last message that brought parameters. */
  serial = 0;

  constructor(model: Model) {
    this.#model = model;
    this.#known = model.variables.map(({ initial }) => initial);
  }

  /** Sets what the page has set. */
  take(parameters: SentParameters, serial: number): void {
    for (const [place, values] of parameters) {
      this.#model.variables[place]?.reset(values);
      this.#known[place] = values;
    }
    this.serial = serial;
  }

  /** What the trainer has written into the model since the last call: by `syncModel`. */
  news(): SentParameters {
    return this.#model.variables.flatMap((variable, place) => {
      // Values that are on the device alone are no news yet, and cannot be read.
      if (variable.hasMoved || variable.initial === this.#known[place]) return [];
      this.#known[place] = variable.initial;
      return [[place, valuesOf(this.#model, place)] as const];
    });
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
