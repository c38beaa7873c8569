import { InternalError } from "./errors.ts";
import { onDemand } from "./on_demand.ts";

/** What somebody wants and nobody has waited for yet. */
const wanted = new Set<Late<unknown>>();

/**
 * A part of the library that few pages need, in the middle of work that cannot wait, as the building of a graph is. Whoever learns
 * that it will be needed says so, which begins to fetch it; before such work, `fetchWanted` waits for all that is wanted.
 */
export class Late<T> {
  readonly #what: string;
  readonly #load: () => Promise<T>;
  #part: T | undefined;
  #coming: Promise<void> | undefined;

  constructor(what: string, load: () => Promise<T>) {
    this.#what = what;
    this.#load = load;
  }

  /** Begins to fetch it. Where that fails, `fetchWanted` tries again. */
  want(): void {
    if (this.#part !== undefined) return;
    wanted.add(this);
    this.fetched().catch(() => undefined);
  }

  /** Resolves when it is there. Throws `ModuleLoadError`. */
  async fetched(): Promise<void> {
    if (this.#part !== undefined) return;
    this.#coming ??= onDemand(this.#what, this.#load).then((part) => this.provide(part));
    try {
      await this.#coming;
    } finally {
      this.#coming = undefined;
    }
  }

  /** Gives it, where it is at hand. */
  provide(part: T): void {
    this.#part = part;
    wanted.delete(this);
  }

  /** What there is of it now. */
  get atHand(): T | undefined {
    return this.#part;
  }

  /** What was wanted, and waited for. */
  get part(): T {
    if (this.#part === undefined) throw new InternalError(`The ${this.#what} of Corteza were not fetched.`);
    return this.#part;
  }
}

/** Resolves when everything that is wanted is there. Throws `ModuleLoadError`. */
export async function fetchWanted(): Promise<void> {
  await Promise.all([...wanted].map((late) => late.fetched()));
}
