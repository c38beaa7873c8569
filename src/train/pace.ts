/** GPU time that one submission should take: short enough that the page still gets frames in between. */
const SUBMISSION_MILLISECONDS = 10;
const MOST_STEPS_PER_SUBMISSION = 64;
/** A submission has at most so many times the steps of the largest that is done: a coarse clock may take the first for nothing. */
const MOST_GROWTH = 2;
/** How often the ring is read for progress. */
const READ_MILLISECONDS = 120;

/**
 * How many steps the next submission takes, from how long the last ones took. Time is counted from completion to
 * completion, since submissions overlap.
 */
export class Pace {
  #millisecondsPerStep: number | undefined;
  #lastDone: number | undefined;
  #lastRead = 0;
  #largestDone = 0;

  get millisecondsPerStep(): number {
    return this.#millisecondsPerStep ?? 0;
  }

  /** Steps for the next submission: about 10 ms of work, at least one. */
  steps(): number {
    if (this.#millisecondsPerStep === undefined) return 1;
    const fitting = Math.floor(SUBMISSION_MILLISECONDS / Math.max(this.#millisecondsPerStep, 1e-3));
    return Math.max(1, Math.min(MOST_STEPS_PER_SUBMISSION, MOST_GROWTH * this.#largestDone, fitting));
  }

  /** Whether it is time to read the ring again. */
  wantsRead(now: number): boolean {
    if (now - this.#lastRead < READ_MILLISECONDS) return false;
    this.#lastRead = now;
    return true;
  }

  /** Tells that a submission of `steps` steps, sent at `sent`, is done. */
  done(steps: number, sent: number, now: number): void {
    const started = Math.max(sent, this.#lastDone ?? sent);
    this.#lastDone = now;
    this.#largestDone = Math.max(this.#largestDone, steps);
    const sample = (now - started) / steps;
    this.#millisecondsPerStep =
      this.#millisecondsPerStep === undefined ? sample : this.#millisecondsPerStep * 0.8 + sample * 0.2;
  }

  /** Forgets when the last submission ended, after a pause or an evaluation. */
  interrupted(): void {
    this.#lastDone = undefined;
  }
}
