import { raceAbort } from "../core/abort.ts";

/** A run of training that gives way to others between its submissions. */
export interface Turn {
  /** Whether somebody waits for this run to let go: a pause, or work that wants the trainer for itself. */
  readonly wanted: boolean;
  /** Lets go, to be called when no step is in flight, and comes back when nobody holds the run any more. */
  giveWay(): Promise<void>;
  /** Ends the run's turn. */
  end(): void;
}

/**
 * Who may use a trainer's weights beside whom. Shared work reads them (evaluations, predictions) and runs beside other
 * shared work and beside training; exclusive work moves them for itself (a profile, an exchange of weights) and runs
 * alone: it waits until shared work is done and training has given way, and holds both off meanwhile. A pause holds
 * training only, and nothing but `resume` and the end of the run ends it. Every wait ends when the trainer closes.
 */
export class Turns {
  /** The error with which waits end; undefined while the trainer can be used. */
  readonly #closed: () => Error | undefined;
  #sharing = 0;
  #exclusive = false;
  /** Exclusive work that waits for its turn. */
  #waiting = 0;
  #paused = false;
  /** Whether a run is under way and has not given way. */
  #stepping = false;
  /** Called when something has changed that somebody may be waiting for. */
  readonly #wakers = new Set<() => void>();

  constructor(closed: () => Error | undefined) {
    this.#closed = closed;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Holds a run of training; resolves when no step is in flight. */
  async pause(): Promise<void> {
    this.#checkOpen();
    this.#paused = true;
    this.#wake();
    await this.#take(
      () => !this.#stepping || !this.#paused,
      () => undefined,
    );
  }

  resume(): void {
    this.#paused = false;
    this.#wake();
  }

  /** Does `work` beside other shared work. Aborting ends the wait for it with the signal's reason. */
  async shared<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const free = () => !this.#exclusive && this.#waiting === 0;
    await this.#take(free, () => this.#sharing++, signal);
    try {
      return await work();
    } finally {
      this.#sharing--;
      this.#wake();
    }
  }

  /** Does `work` alone. */
  async exclusive<T>(work: () => Promise<T>): Promise<T> {
    this.#waiting++;
    this.#wake();
    const free = () => !this.#exclusive && this.#sharing === 0 && !this.#stepping;
    try {
      await this.#take(free, () => {
        this.#exclusive = true;
      });
    } finally {
      this.#waiting--;
    }
    try {
      return await work();
    } finally {
      this.#exclusive = false;
      this.#wake();
    }
  }

  /** Begins a run of training, of which there is one at a time, when nothing holds it. */
  async begin(signal?: AbortSignal): Promise<Turn> {
    const free = () => !this.#paused && !this.#exclusive && this.#waiting === 0;
    const take = () =>
      this.#take(
        free,
        () => {
          this.#stepping = true;
        },
        signal,
      );
    const letGo = () => {
      this.#stepping = false;
      this.#wake();
    };
    await take();
    const isWanted = () => !free();
    return {
      get wanted() {
        return isWanted();
      },
      async giveWay() {
        letGo();
        await take();
      },
      end: letGo,
    };
  }

  /** Ends every wait, since the trainer has closed. */
  close(): void {
    this.#wake();
  }

  #checkOpen(): void {
    const closed = this.#closed();
    if (closed) throw closed;
  }

  /** Waits until it is free and takes it in the same moment, before anybody else who waits looks. */
  async #take(free: () => boolean, take: () => void, signal?: AbortSignal): Promise<void> {
    while (true) {
      signal?.throwIfAborted();
      this.#checkOpen();
      if (free()) {
        take();
        return;
      }
      await raceAbort(new Promise<void>((resolve) => this.#wakers.add(resolve)), signal);
    }
  }

  #wake(): void {
    const wakers = [...this.#wakers];
    this.#wakers.clear();
    for (const wake of wakers) wake();
  }
}
