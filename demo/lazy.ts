/** Parts of the page whose programs are fetched when somebody needs them. */

export class Lazy<Module, Part> {
  readonly #fetch: () => Promise<Module>;
  readonly #make: (module: Module) => Part;
  readonly #onEnd: () => void;
  #part: Part | undefined;
  #loading: Promise<Part> | undefined;
  #failed = false;

  /** `onEnd` hears when the part is there, and when it could not be fetched. */
  constructor(fetch: () => Promise<Module>, make: (module: Module) => Part, onEnd: () => void) {
    this.#fetch = fetch;
    this.#make = make;
    this.#onEnd = onEnd;
  }

  /** Undefined until it is there. */
  get part(): Part | undefined {
    return this.#part;
  }

  /** Whether the last try failed, as by a lost connection. */
  get failed(): boolean {
    return this.#failed;
  }

  /** Fetches and makes the part, once. After a failure, which rejects, the next call tries again. */
  load(): Promise<Part> {
    this.#loading ??= this.#try().finally(this.#onEnd);
    return this.#loading;
  }

  async #try(): Promise<Part> {
    this.#failed = false;
    try {
      const module = await this.#fetch();
      this.#part = this.#make(module);
      return this.#part;
    } catch (error) {
      this.#failed = true;
      this.#loading = undefined;
      throw error;
    }
  }
}
