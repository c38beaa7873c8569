import { ArgumentError } from "../core/errors.ts";
import { checkOptions, describeValue, type OptionKinds } from "../core/options.ts";
import { defaultMode, type MonitorMode, monitored } from "./monitor.ts";
import type { EpochEvent } from "./types.ts";

/** When to stop before the last epoch; plain data, made by `earlyStopping`. */
export interface EarlyStopping {
  /** "loss", "accuracy" or a metric's name; of the validation data with "val_" or "validation" before it. */
  readonly monitor: string;
  /** Epochs in a row that may be no better. */
  readonly patience: number;
  /** By how much more than this an epoch must be better. */
  readonly minDelta: number;
  /** Whether less or more is better. */
  readonly mode: MonitorMode;
  /** Whether the weights of the best epoch come back at the end. */
  readonly restoreBestWeights: boolean;
}

const OPTIONS: OptionKinds<EarlyStopping> = {
  monitor: "string",
  patience: "number",
  minDelta: "number",
  mode: "string",
  restoreBestWeights: "boolean",
};

/**
 * Stops `fit` when `monitor` (default "val_loss") has not become better by more than `minDelta` (default 0) for
 * `patience` epochs in a row (default 0, which as in Keras is as good as 1: at the first that is no better). `mode` says what better is;
 * by default less for names with "loss" or "error", else more. `restoreBestWeights` puts back the weights of the best
 * epoch at the end of `fit`; the optimizer's state stays.
 */
export function earlyStopping(options: Partial<EarlyStopping> = {}): EarlyStopping {
  checkOptions<Partial<EarlyStopping>>("earlyStopping", options, OPTIONS);
  const { monitor = "val_loss", patience = 0, minDelta = 0, restoreBestWeights = false } = options;
  const { mode = defaultMode(monitor) } = options;
  if (!Number.isInteger(patience) || patience < 0) {
    throw new ArgumentError(
      `earlyStopping: patience must be a whole number of at least 0, got ${describeValue(patience)}.`,
    );
  }
  if (!(minDelta >= 0)) {
    throw new ArgumentError(`earlyStopping: minDelta must be a number of at least 0, got ${describeValue(minDelta)}.`);
  }
  if (mode !== "min" && mode !== "max") {
    throw new ArgumentError(`earlyStopping: mode must be "min" or "max", got ${describeValue(mode)}.`);
  }
  return { monitor, patience, minDelta, mode, restoreBestWeights };
}

/** Follows the epochs of one `fit`. */
export class EarlyStop {
  readonly #options: EarlyStopping;
  #best: number | undefined;
  #bestEpoch: number | undefined;
  #worse = 0;

  constructor(options: EarlyStopping) {
    this.#options = earlyStopping(options);
  }

  get restoresBest(): boolean {
    return this.#options.restoreBestWeights;
  }

  get bestEpoch(): number | undefined {
    return this.#bestEpoch;
  }

  /** What comes back goes to this moment again. */
  capture(): () => void {
    const [best, bestEpoch, worse] = [this.#best, this.#bestEpoch, this.#worse] as const;
    return () => {
      this.#best = best;
      this.#bestEpoch = bestEpoch;
      this.#worse = worse;
    };
  }

  /** What an epoch means. Throws `ArgumentError` when it has no such value. */
  take(event: EpochEvent): "better" | "wait" | "stop" {
    const { monitor, patience, minDelta, mode } = this.#options;
    const value = monitored("earlyStopping", monitor, event);
    const gained = this.#best === undefined ? 1 : mode === "min" ? this.#best - value : value - this.#best;
    if (this.#best === undefined ? Number.isFinite(value) : gained > minDelta) {
      this.#best = value;
      this.#bestEpoch = event.epoch;
      this.#worse = 0;
      return "better";
    }
    this.#worse++;
    return this.#worse >= Math.max(1, patience) ? "stop" : "wait";
  }
}
