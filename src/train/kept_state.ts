import { at } from "../core/at.ts";
import type { Schedule } from "../core/schedule.ts";
import { rateOfTable } from "../core/schedule_part.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Backend, Program } from "../graph/backend.ts";
import { Graph } from "../graph/graph.ts";
import type { Variable } from "../graph/node.ts";
import type { UpdateRule } from "../graph/update_rule.ts";
import { changedRates, learningRateTable } from "./learning_rates.ts";
import { newProgress, type Progress } from "./progress.ts";
import { noTotals } from "./step_record.ts";
import { Asked, notCopied } from "./trained_weights.ts";
import type { StepParts } from "./training_state.ts";

/** A program without a step, which keeps the variables alive and reads and writes them. */
export function compileKeeper(backend: Backend, variables: readonly Variable[]): Promise<Program> {
  const graph = new Graph();
  const outputs = Object.fromEntries(variables.map((variable, index) => [`${index}`, graph.variable(variable)]));
  return backend.compile(graph, { outputs });
}

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
  /** Puts weights and averages back in their own places, where they have changed them (`swapAverages`). */
  swapBack: (() => Promise<void>) | undefined;
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

  /** Images that evaluations and predictions take at a time. */
  get forwardSize(): number {
    return this.#parts.microBatches?.sizeOf(this.batchSize) ?? this.batchSize;
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
    this.#keeper.write(this.#parts.state.cursor, [0]);
    this.#countAnew();
  }

  /** To be called before a run goes on: one that ended between the last step of a pass and its report may have left counts behind. */
  beginRun(stepsPerEpoch: number): void {
    if (this.progress.cursor % stepsPerEpoch === 0) this.#countAnew();
  }

  /** Leaves out the batch that the cursor is at. */
  skipBatch(): void {
    this.#keeper.write(this.#parts.state.cursor, [++this.progress.cursor]);
  }

  #countAnew(): void {
    this.progress.totals = noTotals(this.#parts.record.sums);
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
    return rateOfTable(this.#rates, this.progress.steps);
  }

  /** Throws `ArgumentError` for what is no rate, and for a schedule that moves a momentum which the optimizer does not move. */
  setLearningRate(learningRate: number | Schedule): void {
    this.setRates(changedRates("setLearningRate", this.#parts.optimizer, learningRate));
  }

  /** What the device reads of the learning rate's schedule (core/schedule.ts). */
  get rates(): Float32Array {
    return this.#rates;
  }

  setRates(table: Float32Array): void {
    this.#rates = table;
    this.#keeper.write(this.#parts.state.schedule, table);
  }

  /** Notes that the variables were set to a snapshot's values. */
  reopened(): void {
    this.#isReopened = true;
  }

  /** To be awaited before a step: weights and averages are in their own places, and the host knows where the device stands. */
  async ready(): Promise<void> {
    if (this.#isReopened) await this.#catchUp();
    await this.swapBack?.();
  }

  /** Where the device stands. */
  async stands(): Promise<Pick<Progress, "steps" | "cursor">> {
    const { state } = this.#parts;
    const [step, cursor] = await this.read([state.step, state.cursor]);
    return { steps: step?.data[0] ?? 0, cursor: cursor?.data[0] ?? 0 };
  }

  /** Goes to where the device stands: it has not taken the steps since the snapshot. */
  async #catchUp(): Promise<void> {
    const { steps, cursor } = await this.stands();
    if (steps !== this.progress.steps) this.progress.totals = noTotals(this.#parts.record.sums);
    Object.assign(this.progress, { steps, cursor });
    this.setRates(this.#rates);
    this.#isReopened = false;
  }

  /** Notes what the host knows in this moment; what comes back goes there again, on variables that are set back to it too. */
  capture(): () => void {
    const { steps, cursor, totals, plateau } = this.progress;
    const copyOf = (of: Progress["totals"]) => ({ ...of, sums: [...of.sums] });
    const kept = copyOf(totals);
    const parts = this.#parts;
    const seed = this.#seed;
    const rates = this.#rates;
    const isReopened = this.#isReopened;
    const { swapBack } = this;
    return () => {
      Object.assign(this.progress, { steps, cursor, plateau, totals: copyOf(kept) });
      this.#parts = parts;
      this.#seed = seed;
      this.#rates = rates;
      this.swapBack = swapBack;
      this.#isReopened = isReopened;
      this.#moved = true;
    };
  }

  /** Goes on by another rule, seed and rates, as a checkpoint has them; whether steps are to be compiled anew. */
  adopt({ rule, seed, rates }: { rule: UpdateRule; seed: number; rates: Float32Array | undefined }): boolean {
    this.#rates = rates ?? this.#rates;
    const { optimizer } = this.#parts;
    if (seed === this.#seed && JSON.stringify(rule) === JSON.stringify(optimizer.rule)) return false;
    this.#seed = seed;
    this.#parts = { ...this.#parts, optimizer: { ...optimizer, rule } };
    return true;
  }

  dispose(): void {
    this.#keeper.dispose();
  }
}
