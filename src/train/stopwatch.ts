/** Counts the time of work, without that in which it stands still. */
export class Stopwatch {
  #milliseconds = 0;
  #since: number | undefined;

  get seconds(): number {
    const now = this.#since === undefined ? 0 : performance.now() - this.#since;
    return (this.#milliseconds + now) / 1000;
  }

  start(): void {
    this.#since ??= performance.now();
  }

  stop(): void {
    if (this.#since === undefined) return;
    this.#milliseconds += performance.now() - this.#since;
    this.#since = undefined;
  }
}
