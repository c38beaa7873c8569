import { abortWith } from "../src/core/abort.ts";

/** What is under way on a trainer: one piece of work at a time, each after the one before it. */
export class Work {
  readonly #onFailure: (error: unknown) => void;
  readonly #onEnd: () => void;
  #abort = new AbortController();
  /** Ends the piece that was begun last, where it gives way to the next. */
  #dismiss: AbortController | undefined;
  #last: Promise<void> = Promise.resolve();

  /** `onFailure` hears of what a piece threw, unless it was stopped; `onEnd` of the end of each. */
  constructor(options: { onFailure: (error: unknown) => void; onEnd: () => void }) {
    this.#onFailure = options.onFailure;
    this.#onEnd = options.onEnd;
  }

  /** Resolves when everything begun so far has ended. */
  get done(): Promise<void> {
    return this.#last;
  }

  /**
   * Runs a piece after those before it. One that gives way is ended, between two of its steps, when the next is begun:
   * nobody waits for it then.
   */
  begin(piece: (signal: AbortSignal) => Promise<void>, { givesWay = false } = {}): void {
    this.#dismiss?.abort();
    this.#dismiss = givesWay ? new AbortController() : undefined;
    const letGo = this.#dismiss && abortWith(this.#dismiss, this.#abort.signal);
    const { signal } = this.#dismiss ?? this.#abort;
    this.#last = this.#last
      .then(() => (signal.aborted ? undefined : piece(signal)))
      .catch((error: unknown) => {
        if (!signal.aborted) this.#onFailure(error);
      })
      .then(() => {
        letGo?.();
        this.#onEnd();
      });
  }

  /** Ends what is under way, between two steps, and what waits; resolves then. `release` lets go of what holds it. */
  async stop(release: () => void): Promise<void> {
    this.#abort.abort();
    release();
    await this.#last;
    this.#abort = new AbortController();
  }
}

/** Something to wait for, until somebody ends it. */
export class Hold {
  readonly ended: Promise<void>;
  #end = (): void => undefined;

  constructor() {
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  end(): void {
    this.#end();
  }
}
