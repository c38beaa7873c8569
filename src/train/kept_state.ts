import { at } from "../core/at.ts";
import { ArgumentError } from "../core/errors.ts";
import { onDemand } from "../core/on_demand.ts";
import { rateFromTable, type Schedule, scaledTable } from "../core/schedule.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Program } from "../graph/backend.ts";
import type { Variable } from "../graph/node.ts";
import { changedRates, learningRateTable } from "./learning_rates.ts";
import { newProgress, type Progress, progressFromJson, progressToJson } from "./progress.ts";
import { noTotals } from "./step_record.ts";
import { Asked, notCopied } from "./trained_weights.ts";
import { averagesOf, type StepParts, variablesOf } from "./training_state.ts";

const checkpointing = () => onDemand("checkpoints", () => import("./checkpointing.ts"));

/**
 * What a trainer keeps from step to step: its variables on the device, which a program without a step holds there, reads and
 * writes, and what the host knows of them.
 */
export class KeptState {
  readonly batchSize: number;
  readonly progress: Progress = newProgress();
  readonly #keeper: Program;
  #parts: StepParts;
  #seed: number;
  /** What `state.schedule` holds. */
  #rates: Float32Array;
  /** Whether weights and averages have changed places. */
  #swapped = false;
  /** Whether the weights are others than those that the model remembers. */
  #moved = false;
  /** Whether the variables were set to a snapshot's values, so that the device may stand elsewhere than the host believes. */
  #isReopened = false;
  #submissions = 0;
  #submittedSteps = 0;

  /** `keeper` holds all variables of the parts. */
  constructor(parts: StepParts, keeper: Program, { batchSize, seed }: { batchSize: number; seed: number }) {
    this.#parts = parts;
    this.#keeper = keeper;
    this.batchSize = batchSize;
    this.#seed = seed;
    this.#rates = learningRateTable(parts.optimizer.learningRate);
  }

  get parts(): StepParts {
    return this.#parts;
  }

  get seed(): number {
    return this.#seed;
  }

  /** Whether the model's `parameters` are out of date. */
  get hasMoved(): boolean {
    return this.#moved;
  }

  /** Queue submissions of a step so far. */
  get submitsPerStep(): number {
    return this.#submittedSteps === 0 ? 1 : this.#submissions / this.#submittedSteps;
  }

  /** The values of variables after everything enqueued so far. */
  read(variables: readonly Variable[]): Promise<Tensor[]> {
    return this.#keeper.enqueue({ steps: 0, read: variables });
  }

  /** Sets variables before anything enqueued later. */
  write(variables: readonly Variable[], tensors: readonly Tensor[]): void {
    variables.forEach((variable, index) => {
      this.#keeper.write(variable, at(tensors, index).data);
    });
  }

  /** Notes that steps were submitted, which move the weights away from what the model remembers. */
  submitted(steps: number): void {
    if (steps === 0) return;
    this.progress.steps += steps;
    this.#submissions++;
    this.#submittedSteps += steps;
    for (const variable of this.#parts.model.variables) variable.moved(() => notCopied(variable));
    this.#moved = true;
  }

  /** Copies the weights into the model's `parameters`. */
  async copyWeights(): Promise<void> {
    const asked = new Asked(this.#parts.model.variables);
    this.remember(asked, await this.read(asked.variables));
  }

  /** Takes these for the values of what was asked for. */
  remember(asked: Asked, tensors: readonly Tensor[]): void {
    asked.remember(tensors);
    this.#moved = false;
  }

  /** Goes to the beginning of a data set. */
  startOver(): void {
    this.progress.cursor = 0;
    this.progress.totals = noTotals(this.#parts.record.sums);
    this.#keeper.write(this.#parts.state.cursor, [0]);
    this.clearCounts();
  }

  /** Begins to count anew what metrics count. */
  clearCounts(): void {
    for (const variable of this.#parts.state.counts.values()) {
      this.#keeper.write(variable, new Float32Array(variable.size));
    }
  }

  /** The learning rate of the next step. */
  get learningRate(): number {
    return rateFromTable(this.#rates, this.progress.steps);
  }

  /** Throws `ArgumentError` for what is no rate, and for a schedule that moves a momentum which the optimizer does not move. */
  setLearningRate(learningRate: number | Schedule): void {
    this.#writeRates(changedRates("setLearningRate", this.#parts.optimizer, learningRate));
  }

  /** Multiplies the rate, or the whole schedule, by this. */
  scaleLearningRate(factor: number): void {
    this.#writeRates(scaledTable(this.#rates, factor));
  }

  #writeRates(table: Float32Array): void {
    this.#rates = table;
    this.#keeper.write(this.#parts.state.schedule, table);
  }

  /** Exchanges weights and averages. Throws `ArgumentError` where there are none. */
  async swapAverages(): Promise<void> {
    const averages = averagesOf(this.#parts);
    const weights = this.#parts.model.arena.variables;
    this.write([...averages, ...weights], await this.read([...weights, ...averages]));
    this.#swapped = !this.#swapped;
  }

  /** Throws `ArgumentError` where there are no averages, or none yet. */
  checkAverages(): void {
    if (averagesOf(this.#parts).length === 0) {
      throw new ArgumentError("swapEma: the optimizer keeps no averages; make it with useEma: true.");
    }
    if (this.progress.steps === 0) throw new ArgumentError("swapEma: there are no averages before the first step.");
  }

  /** Notes that the variables were set to a snapshot's values. */
  reopened(): void {
    this.#isReopened = true;
  }

  /** To be awaited before a step: weights and averages are in their own places, and the host knows where the device stands. */
  async ready(): Promise<void> {
    if (this.#isReopened) await this.#catchUp();
    if (this.#swapped) await this.swapAverages();
  }

  /** Goes to where the device stands: it has not taken the steps since the snapshot. */
  async #catchUp(): Promise<void> {
    const { state, record } = this.#parts;
    const [step, cursor] = await this.read([state.step, state.cursor]);
    const steps = step?.data[0] ?? 0;
    if (steps !== this.progress.steps) this.progress.totals = noTotals(record.sums);
    this.progress.steps = steps;
    this.progress.cursor = cursor?.data[0] ?? 0;
    this.#writeRates(this.#rates);
    this.#isReopened = false;
  }

  /** Does what moves the variables, and puts them back as they were, unless `isWanted` says that nobody needs them. */
  async puttingBack<T>(work: () => Promise<T>, isWanted: () => boolean): Promise<T> {
    const { schedule } = this.#parts.state;
    const variables = variablesOf(this.#parts).filter((variable) => variable !== schedule);
    const versions = variables.map((variable) => variable.version);
    const before = await this.read(variables);
    try {
      return await work();
    } finally {
      if (isWanted()) {
        variables.forEach((variable, index) => {
          // What `setParameters` set meanwhile stays.
          if (variable.version === versions[index]) this.#keeper.write(variable, at(before, index).data);
        });
      }
    }
  }

  /** Everything needed to go on exactly. */
  async checkpoint(): Promise<Uint8Array> {
    const { checkpointVariables, toCheckpoint } = await checkpointing();
    const variables = checkpointVariables(this.#parts, this.#swapped);
    const progress = progressToJson(this.progress);
    const tensors = await this.read([...variables.values()]);
    return toCheckpoint(this.#parts, this.#settings, { names: variables.keys(), tensors, progress });
  }

  /** Takes over a checkpoint; whether it brought another rule or seed, for which steps are to be compiled anew. */
  async restore(bytes: Uint8Array, options: { adopt: boolean }): Promise<boolean> {
    const { fromCheckpoint } = await checkpointing();
    const saved = fromCheckpoint(bytes, this.#parts, this.#settings, options);
    this.#swapped = false;
    for (const { variable, data } of saved.writes) this.#keeper.write(variable, data);
    this.#rates = saved.rates ?? this.#rates;
    this.progress.steps = saved.steps;
    this.progress.cursor = saved.cursor;
    Object.assign(this.progress, progressFromJson(saved.progress, this.#parts.record.sums));
    const { optimizer } = this.#parts;
    if (saved.seed === this.#seed && JSON.stringify(saved.rule) === JSON.stringify(optimizer.rule)) return false;
    this.#seed = saved.seed;
    this.#parts = { ...this.#parts, optimizer: { ...optimizer, rule: saved.rule } };
    return true;
  }

  get #settings() {
    return { batchSize: this.batchSize, seed: this.#seed };
  }

  dispose(): void {
    this.#keeper.dispose();
  }
}
