/** What a `fit` does about steps that did not count, where it is not to end. */
import { at } from "../core/at.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Variable } from "../graph/node.ts";
import { scaledTable } from "./followers.ts";
import type { KeptState } from "./kept_state.ts";
import { variablesOf } from "./training_state.ts";
import type { History } from "./types.ts";

/** Steps between two states that a run can go back to; one is also taken at its beginning and behind each epoch. */
const POINT_STEPS = 256;
/** What the rate is multiplied by. */
const FACTOR = 0.5;
/** Times in a row that it is tried to get past the same step, and batches in a row that are left out. */
const MOST_ROLLBACKS = 5;
const MOST_SKIPPED = 10;

/** A state to go back to, in the middle of a run. */
interface State {
  readonly steps: number;
  readonly variables: readonly { readonly variable: Variable; readonly version: number; readonly tensor: Tensor }[];
  readonly restores: readonly (() => void)[];
}

/** One `fit` with such a policy. Where it goes back to depends on numbers of steps alone, not on time. */
export class Diverging {
  readonly #kept: KeptState;
  readonly #isRollback: boolean;
  #found: NonNullable<History["divergences"]> = [];
  /** The last step that did not count, and how often that came in a row. */
  #last = -1;
  #inARow = 0;
  #state: State | undefined;
  /** Divergences so far, those included that are found anew after a lost device. */
  #most = 0;

  constructor(kept: KeptState, policy: "skip" | "rollback") {
    this.#kept = kept;
    this.#isRollback = policy === "rollback";
  }

  /** Steps until a state is to be taken; 0 where one is due. */
  get stepsToState(): number {
    if (!this.#isRollback) return Number.POSITIVE_INFINITY;
    return this.#state ? Math.max(0, this.#state.steps + POINT_STEPS - this.#kept.progress.steps) : 0;
  }

  /** Takes a state, with no step under way, and with what else goes back to it. */
  async takeState(capture: () => () => void): Promise<void> {
    const kept = this.#kept;
    const { steps } = kept.progress;
    if (!this.#isRollback || this.#state?.steps === steps) return;
    const { ring, schedule } = kept.parts.state;
    const variables = variablesOf(kept.parts).filter((variable) => variable !== ring && variable !== schedule);
    const versions = variables.map(({ version }) => version);
    const restores = [kept.capture(), capture()];
    const tensors = await kept.read(variables);
    const listed = variables.map((variable, index) => {
      return { variable, version: at(versions, index), tensor: at(tensors, index) };
    });
    const isSound = tensors.every(({ data }) => (data as Float32Array).every(Number.isFinite));
    // The step before may have written what the next one finds: that is nothing to go back to.
    const before = this.#state;
    this.#state = isSound || !before ? { steps, variables: listed, restores } : { ...before, steps };
  }

  /** Whether to go on behind the step that did not count. */
  isPatient(): boolean {
    const { steps } = this.#kept.progress;
    const isAgain = this.#isRollback ? steps <= this.#last : steps === this.#last;
    this.#inARow = isAgain ? this.#inARow + 1 : 1;
    this.#last = Math.max(this.#last, steps);
    return this.#inARow <= (this.#isRollback ? MOST_ROLLBACKS : MOST_SKIPPED);
  }

  /** Goes on: a batch was left out, or all went back, again where that was done before the device was lost. */
  goOn(): "skipped" | "back" | "back again" {
    const kept = this.#kept;
    const step = kept.progress.steps;
    if (this.#isRollback) this.#goBack();
    else kept.skipBatch();
    this.#found = [...this.#found, { step, learningRate: kept.learningRate }];
    const isNew = this.#found.length > this.#most;
    if (isNew) this.#most = this.#found.length;
    return this.#isRollback ? (isNew ? "back" : "back again") : "skipped";
  }

  #goBack(): void {
    const kept = this.#kept;
    const rates = scaledTable(kept.rates, FACTOR);
    const stay = this.capture();
    for (const restore of this.#state?.restores ?? []) restore();
    stay();
    // What `setParameters` set meanwhile stays.
    const own = this.#state?.variables.filter(({ variable, version }) => variable.version === version) ?? [];
    kept.write(
      own.map(({ variable }) => variable),
      own.map(({ tensor }) => tensor),
    );
    kept.setRates(rates);
  }

  /** What comes back goes to this moment again. */
  capture(): () => void {
    const [found, last, inARow, state] = [this.#found, this.#last, this.#inARow, this.#state] as const;
    return () => {
      this.#found = found;
      this.#last = last;
      this.#inARow = inARow;
      this.#state = state;
    };
  }

  /** What the history tells. */
  end(): Pick<History, "divergences"> {
    return { divergences: this.#found };
  }
}
