/** What one `fit` sees of its trainer. */
import type { Tensor } from "../core/tensor.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Progress } from "./progress.ts";
import type { Recovery } from "./recovery.ts";
import type { StepRecord, Totals } from "./step_record.ts";
import type { Turn } from "./turns.ts";
import type { Evaluation } from "./types.ts";

/** The data of a run's steps, as they are wanted. */
export interface Supplies {
  /** How many of at most `most` steps can be taken now; 0 where there is something else to be done. `left`: until the end. */
  supply(most: number, left: number): Promise<number>;
  /** The run is over. */
  stop(): void;
}

/** The trainer as one `fit` sees it. */
export interface Runner {
  readonly turn: Turn;
  /** How far the trainer has come; the run counts on in it. */
  readonly progress: Progress;
  readonly record: StepRecord;
  /** Goes on after a lost device, where that is wanted. */
  readonly recovery: Recovery | undefined;
  /** Brings the data of the next steps to the device, where not all of it lies there. */
  readonly data: Supplies | undefined;
  /** Sends steps off; resolves when they are done, with their reports on request. `weights`: the model is to remember them. */
  enqueue(steps: number, read: { ring?: boolean; weights?: boolean }): Promise<Tensor | undefined>;
  /** Where the device stands. */
  stands(): Promise<{ steps: number; cursor: number }>;
  evaluate(dataset: Dataset, signal: AbortSignal | undefined): Promise<Evaluation>;
  /** The share of right answers, where there is something to be right about. */
  accuracy(totals: Totals): { accuracy?: number };
  /** The metrics of one step, from its totals and the counts that its record holds. */
  stepMetrics(totals: Totals, counts: ArrayLike<number>): Record<string, number>;
  /** The metrics of what was trained on since the last call. */
  metrics(totals: Totals): Promise<Record<string, number>>;
  /** The rate of the next step. */
  learningRate(): number;
}
