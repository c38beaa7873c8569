import { SCHEDULE_COLUMNS, SCHEDULE_KINDS, SCHEDULE_ROWS } from "../core/schedule.ts";
import { EarlyStop } from "./early_stopping.ts";
import type { KeptState } from "./kept_state.ts";
import { Plateau } from "./reduce_on_plateau.ts";
import { Asked } from "./trained_weights.ts";
import type { EpochEvent, FitOptions, History } from "./types.ts";

/** What looks at each epoch of a `fit`, as `earlyStopping` and `reduceOnPlateau` ask for, and acts on what it sees. */
export class Followers {
  readonly #kept: KeptState;
  readonly #earlyStop: EarlyStop | undefined;
  readonly #plateau: { readonly options: string; follows: Plateau } | undefined;
  readonly #given: FitOptions["reduceOnPlateau"];
  #isStopped = false;
  #putBackBest: (() => void) | undefined;

  /** Throws `ArgumentError` where the options are wrong. */
  constructor({ earlyStopping, reduceOnPlateau }: FitOptions, kept: KeptState) {
    this.#kept = kept;
    this.#earlyStop = earlyStopping && new EarlyStop(earlyStopping);
    this.#given = reduceOnPlateau;
    if (reduceOnPlateau === undefined) return;
    // Goes on where an earlier run with the same options left, in this trainer or in the one whose checkpoint it restored.
    const options = JSON.stringify(reduceOnPlateau);
    const { plateau } = kept.progress;
    this.#plateau = {
      options,
      follows: new Plateau(reduceOnPlateau, plateau?.options === options ? plateau.state : {}),
    };
    this.#rememberPlateau();
  }

  /** Looks at an epoch; whether training is to stop. Throws `ArgumentError` where it has no such value. */
  async take(event: EpochEvent): Promise<boolean> {
    const { learningRate } = event;
    const reduced = this.#plateau?.follows.take(event, learningRate) ?? learningRate;
    if (reduced < learningRate) this.#kept.setRates(scaledTable(this.#kept.rates, reduced / learningRate));
    this.#rememberPlateau();
    const verdict = this.#earlyStop?.take(event);
    if (verdict === "better" && this.#earlyStop?.restoresBest) this.#putBackBest = await keptWeights(this.#kept);
    this.#isStopped = verdict === "stop";
    return this.#isStopped;
  }

  /** What comes back goes to this moment again. */
  capture(): () => void {
    const isStopped = this.#isStopped;
    const putBackBest = this.#putBackBest;
    const earlyStop = this.#earlyStop?.capture();
    const plateau = this.#plateau?.follows.state;
    return () => {
      this.#isStopped = isStopped;
      this.#putBackBest = putBackBest;
      earlyStop?.();
      if (this.#plateau && this.#given) this.#plateau.follows = new Plateau(this.#given, plateau ?? {});
    };
  }

  /** At the end of a run: puts back the best weights where that is wanted, and gives what the history tells. */
  end(): Pick<History, "bestEpoch" | "stoppedEarly"> {
    this.#putBackBest?.();
    const bestEpoch = this.#earlyStop?.bestEpoch;
    return bestEpoch === undefined ? {} : { bestEpoch, stoppedEarly: this.#isStopped };
  }

  #rememberPlateau(): void {
    if (this.#plateau === undefined) return;
    this.#kept.progress.plateau = { options: this.#plateau.options, state: this.#plateau.follows.state };
  }
}

/** Notes the weights as they are; the function that comes back puts them back. */
async function keptWeights(kept: KeptState): Promise<() => void> {
  const { variables } = kept.parts.model;
  const tensors = await kept.read(variables);
  return () => {
    kept.write(variables, tensors);
    kept.remember(new Asked(variables), tensors);
  };
}

/** The table of the same schedule with every rate multiplied by `factor`; momenta stay. */
export function scaledTable(table: ArrayLike<number>, factor: number): Float32Array {
  return Float32Array.from(table, (value, place) => {
    if (place >= SCHEDULE_ROWS * SCHEDULE_COLUMNS) return value;
    const column = place % SCHEDULE_COLUMNS;
    const kind = SCHEDULE_KINDS[table[place - column + 2] ?? 0];
    // `from`, and `to`; the fifth column of some is a factor of their own.
    const isRate = column === 3 || (column === 4 && kind !== "exponential" && kind !== "inverse");
    return isRate ? value * factor : value;
  });
}
