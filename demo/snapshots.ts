/** States of a training that it can go back to. */

export interface State {
  readonly checkpoint: Uint8Array;
  /** Updates made. */
  readonly steps: number;
  /** Batches of the data set taken. */
  readonly cursor: number;
}

/** A state and the loss on held-out digits that it had. */
export interface Scored extends State {
  readonly loss: number;
}

export class Snapshots {
  /** For the day when the device goes away. */
  newest: State | undefined;
  #best: Scored | undefined;
  #unproven: Scored | undefined;

  /**
   * The state with the least held-out loss. A state counts from the step after it on: only then is it known that its
   * weights are numbers, for a GPU's ReLU makes zeros of NaN, and a network of zeros has a loss like any other.
   */
  get best(): Scored | undefined {
    return this.#best;
  }

  /** Keeps a state; `loss` where it was measured, always on the same digits. */
  keep(state: State, loss: number | undefined): void {
    this.newest = state;
    if (loss !== undefined && loss < (this.#best?.loss ?? Number.POSITIVE_INFINITY)) {
      this.#unproven = { ...state, loss };
    }
  }

  /** A step with this index was taken from weights that are numbers. */
  taken(step: number): void {
    if (this.#unproven === undefined || step < this.#unproven.steps) return;
    this.#best = this.#unproven;
    this.#unproven = undefined;
  }

  /** Other digits, other losses: the best from here on. */
  forgetBest(): void {
    this.#best = undefined;
    this.#unproven = undefined;
  }

  /** The training went back to the state after `steps` updates. */
  forgetAfter(steps: number): void {
    if (this.#best && this.#best.steps > steps) this.#best = undefined;
    if (this.#unproven && this.#unproven.steps > steps) this.#unproven = undefined;
  }

  forget(): void {
    this.newest = undefined;
    this.forgetBest();
  }
}
