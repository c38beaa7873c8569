/** What a session is doing, for all of its parts; the page hears of every change. */

export type Phase = "loading" | "ready" | "training" | "paused" | "failed";

export class Status {
  phase: Phase = "loading";
  error: unknown;
  /** Tells the page that something changed. */
  readonly changed: () => void;

  constructor(changed: () => void) {
    this.changed = changed;
  }

  /** Whether there is a network to train, to ask or to look at. */
  get usable(): boolean {
    return this.phase === "training" || this.isAtRest;
  }

  /** Whether something can be begun. */
  get isAtRest(): boolean {
    return this.phase === "ready" || this.phase === "paused";
  }

  become(phase: Phase): void {
    this.phase = phase;
    this.changed();
  }
}
