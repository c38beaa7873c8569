/**
 * When a training ends by itself. The library's `earlyStopping` counts epochs within one `fit`; here the checks are the
 * page's measurements, several an epoch, and the conditions may change while it trains. Its `seconds` end one at the time.
 */

/** What is left out does not stop it. */
export interface StopConditions {
  /** Steps since the training was started. */
  readonly steps?: number | undefined;
  /** Share of held-out digits read correctly, 0…1. */
  readonly accuracy?: number | undefined;
  /** Time that it trained, in minutes; pauses do not count. */
  readonly minutes?: number | undefined;
  /** Checks in a row that may find the held-out loss no better. */
  readonly patience?: number | undefined;
}

/** Why a training ended, with the condition's value. */
export interface StopReason {
  readonly kind: keyof StopConditions;
  readonly value: number;
}

/** What a measurement on held-out digits found. */
export interface Check {
  readonly loss: number;
  readonly accuracy: number;
  /** Whether it was taken on the digits that are always taken: losses on others do not compare. */
  readonly usual: boolean;
}

const LEAST_SECONDS = 0.001;

/** Follows one training from its start. */
export class Stopper {
  #best = Number.POSITIVE_INFINITY;
  #noBetter = 0;
  #seconds = 0;

  /** Seconds until the time is up: more than 0, for whoever is to be measured takes a step; undefined without a condition. */
  secondsLeft({ minutes }: StopConditions): number | undefined {
    return minutes === undefined ? undefined : Math.max(LEAST_SECONDS, 60 * minutes - this.#seconds);
  }

  /** Whether to stop after a measurement; `seconds` of training passed since the one before. */
  take(check: Check, seconds: number, conditions: StopConditions): StopReason | undefined {
    const { accuracy, minutes, patience } = conditions;
    this.#seconds += seconds;
    if (check.usual) {
      this.#noBetter = check.loss < this.#best ? 0 : this.#noBetter + 1;
      this.#best = Math.min(this.#best, Number.isFinite(check.loss) ? check.loss : Number.POSITIVE_INFINITY);
    }
    if (accuracy !== undefined && check.accuracy >= accuracy) return { kind: "accuracy", value: accuracy };
    if (minutes !== undefined && this.#seconds >= 60 * minutes) return { kind: "minutes", value: minutes };
    if (patience !== undefined && this.#noBetter >= patience) return { kind: "patience", value: patience };
    return undefined;
  }
}

/** Measured this early for the first time; then at twice the steps, until the epoch's end. */
const FIRST_MEASUREMENT = 8;
const MOST_STEPS_UNMEASURED = 256;

/** Steps from here to the next measurement, which comes when an epoch or the training ends at the latest. */
export function stepsToMeasurement(at: {
  /** Updates made, and made when it was measured last. */
  readonly steps: number;
  readonly measured: number;
  readonly toEpochEnd: number;
  readonly toTarget: number;
}): number {
  const interval = at.steps === 0 ? FIRST_MEASUREMENT : Math.min(MOST_STEPS_UNMEASURED, at.steps);
  return Math.min(Math.max(1, interval - (at.steps - at.measured)), at.toEpochEnd, at.toTarget);
}
