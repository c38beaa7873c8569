import { ArgumentError } from "../core/errors.ts";
import { checkOptions, describeValue, type OptionKinds } from "../core/options.ts";
import { defaultMode, type MonitorMode, monitored } from "./monitor.ts";
import type { EpochEvent } from "./types.ts";

/** When to lower the learning rate; plain data, made by `reduceOnPlateau`. */
export interface ReduceOnPlateau {
  /** "loss", "accuracy" or a metric's name; of the validation data with "val_" or "validation" before it. */
  readonly monitor: string;
  /** What the rate is multiplied by, between 0 and 1. */
  readonly factor: number;
  /** Epochs in a row that may be no better. */
  readonly patience: number;
  /** By how much a value must gain to be better. */
  readonly minDelta: number;
  /** Epochs after a reduction that are not counted. */
  readonly cooldown: number;
  /** The lowest rate. */
  readonly minLr: number;
  /** Which way is better. */
  readonly mode: MonitorMode;
}

const OPTIONS: OptionKinds<ReduceOnPlateau> = {
  monitor: "string",
  factor: "number",
  patience: "number",
  minDelta: "number",
  cooldown: "number",
  minLr: "number",
  mode: "string",
};

/**
 * Multiplies the learning rate by `factor` (default 0.1) at the end of an epoch, when `monitor` (default "val_loss") has
 * not become better by more than `minDelta` (default 1e-4) for `patience` epochs in a row (default 10); then counts none
 * of the next `cooldown` epochs (default 0). Never below `minLr` (default 0). A schedule goes on, that much lower. `mode`
 * says what better is; by default less for names with "loss" or "error", else more. As Keras' ReduceLROnPlateau.
 */
export function reduceOnPlateau(options: Partial<ReduceOnPlateau> = {}): ReduceOnPlateau {
  checkOptions<Partial<ReduceOnPlateau>>("reduceOnPlateau", options, OPTIONS);
  const { monitor = "val_loss", factor = 0.1, patience = 10, minDelta = 1e-4, cooldown = 0, minLr = 0 } = options;
  const { mode = defaultMode(monitor) } = options;
  if (!(factor > 0 && factor < 1)) {
    throw new ArgumentError(`reduceOnPlateau: factor must be between 0 and 1, got ${describeValue(factor)}.`);
  }
  for (const [name, value] of Object.entries({ patience, cooldown })) {
    if (!Number.isInteger(value) || value < 0) {
      throw new ArgumentError(
        `reduceOnPlateau: ${name} must be a whole number of at least 0, got ${describeValue(value)}.`,
      );
    }
  }
  for (const [name, value] of Object.entries({ minDelta, minLr })) {
    if (!(Number.isFinite(value) && value >= 0)) {
      throw new ArgumentError(`reduceOnPlateau: ${name} must be a number of at least 0, got ${describeValue(value)}.`);
    }
  }
  if (mode !== "min" && mode !== "max") {
    throw new ArgumentError(`reduceOnPlateau: mode must be "min" or "max", got ${describeValue(mode)}.`);
  }
  return { monitor, factor, patience, minDelta, cooldown, minLr, mode };
}

/** What has to be known of earlier epochs; plain data, for checkpoints. */
export interface PlateauState {
  readonly best: number | undefined;
  readonly waited: number;
  readonly cooling: number;
}

/** Follows epochs, of one `fit` or of several with the same options. */
export class Plateau {
  readonly #options: ReduceOnPlateau;
  #best: number | undefined;
  #waited: number;
  #cooling: number;

  constructor(options: ReduceOnPlateau, { best, waited, cooling }: Partial<PlateauState> = {}) {
    this.#options = reduceOnPlateau(options);
    this.#best = best;
    this.#waited = waited ?? 0;
    this.#cooling = cooling ?? 0;
  }

  get state(): PlateauState {
    return { best: this.#best, waited: this.#waited, cooling: this.#cooling };
  }

  /** The rate after an epoch that ended at this one. Throws `ArgumentError` when the epoch has no such value. */
  take(event: EpochEvent, learningRate: number): number {
    const { monitor, factor, patience, minDelta, cooldown, minLr, mode } = this.#options;
    const value = monitored("reduceOnPlateau", monitor, event);
    if (this.#cooling > 0) {
      this.#cooling--;
      this.#waited = 0;
    }
    const best = this.#best;
    if (best === undefined || (mode === "min" ? best - value : value - best) > minDelta) {
      this.#best = value;
      this.#waited = 0;
      return learningRate;
    }
    if (this.#cooling > 0 || ++this.#waited < patience) return learningRate;
    this.#cooling = cooldown;
    this.#waited = 0;
    return Math.min(learningRate, Math.max(learningRate * factor, minLr));
  }
}
