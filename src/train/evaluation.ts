import { at } from "../core/at.ts";
import { fetchWanted } from "../core/late.ts";
import { sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Backend } from "../graph/backend.ts";
import { Graph } from "../graph/graph.ts";
import { Variable } from "../graph/node.ts";
import { add } from "../graph/ops/arithmetic.ts";
import { recordStep } from "../graph/ops/record_step.ts";
import { rowLosses } from "../nn/late_parts.ts";
import { type Metric, metricValues } from "../nn/metrics/totals.ts";
import { accuracyOf } from "./accuracy.ts";
import { type DatasetTables, fetchBatch } from "./dataset_variables.ts";
import { trainerDisposed } from "./disposed.ts";
import { measure, mergedValues, resultsOf } from "./measured_results.ts";
import { Pace } from "./pace.ts";
import { compileOn, type DatasetProgram } from "./residency.ts";
import { StepRecord } from "./step_record.ts";
import { orderOf } from "./targets.ts";
import { countsByMetric, countsOf, type StepParts } from "./training_state.ts";
import { foldedOf, guardOf, totalLoss } from "./training_step.ts";
import type { EvaluateOptions, Evaluation } from "./types.ts";

/** Data sets whose compiled evaluation is kept. */
const KEPT_EVALUATIONS = 2;
const MOST_SUBMISSIONS_IN_FLIGHT = 2;
/** Values of a report beside ring, guard and cursor: WebGPU's default limit of storage buffers. */
const MOST_VALUES = 5;

/** A pass over a data set in order, batch by batch, that only measures, and what it leaves on the device. */
interface EvaluationProgram extends DatasetProgram {
  readonly steps: number;
  readonly cursor: Variable;
  /** f32 [steps, values of a report], the outputs behind it where these are kept */
  readonly ring: Variable;
  /** Whether the ring keeps the outputs. */
  readonly outputs: boolean;
  /** f32 [classes, classes]; none where rows are not of one class each. */
  readonly confusion: Variable | undefined;
  /** f32 [size] for each metric that counts. */
  readonly counts: ReadonlyMap<Metric, Variable>;
}

async function compileEvaluation(
  backend: Backend,
  parts: StepParts,
  dataset: Dataset,
  { batch, keepOutputs }: { batch: number; keepOutputs: boolean },
): Promise<EvaluationProgram> {
  const { model, heads, metrics } = parts;
  const record = new StepRecord(parts.measures);
  const steps = Math.ceil(dataset.count / batch);
  const cursor = new Variable({ name: "evaluation cursor", shape: [], dtype: "u32" });
  const kept = keepOutputs ? batch * model.outputShapes.reduce((size, shape) => size + sizeOf(shape), 0) : 0;
  const ring = new Variable({ name: "evaluation ring", shape: [steps, record.end + kept] });
  const counts = countsOf(metrics, model, "evaluation");
  const order = orderOf(model, dataset);
  const batches = { batch, shuffle: false, seed: 0 };
  let confusion: Variable | undefined;
  if (dataset.sampleWeights) rowLosses.want();
  const compile = async (tables: DatasetTables) => {
    await fetchWanted();
    const graph = new Graph();
    const fetched = fetchBatch(graph, dataset, graph.variable(cursor), { ...batches, order, tables });
    const outputs = model.build(graph, fetched.inputs, { logits: foldedOf(heads) });
    const guard = guardOf(graph, model, fetched.floats);
    const results = resultsOf(graph, parts, outputs, fetched);
    const { loss, losses } = totalLoss(graph, parts, outputs, fetched);
    const counted = heads.length === 1 ? at(results, 0).confusion() : undefined;
    confusion = counted && new Variable({ name: "confusion matrix", shape: counted.shape });
    if (confusion && counted) graph.assign(confusion, add(graph, graph.variable(confusion), counted));
    const measured = measure(metrics, results, losses);
    for (const [metric, node] of measured.counts) {
      const variable = counts.get(metric);
      if (variable) graph.assign(variable, add(graph, graph.variable(variable), node));
    }
    const values = mergedValues(graph, [loss, ...measured.values, ...(keepOutputs ? outputs : [])], MOST_VALUES);
    recordStep(graph, values, { ring, counters: [cursor], guard });
    return backend.compile(graph, { outputs: {} });
  };
  const compiled = await compileOn(backend, dataset, batches, compile);
  return { ...compiled, steps, cursor, ring, outputs: keepOutputs, confusion, counts };
}

/** A trainer's evaluations: done one after the other, since two at a time would count into the same variables. */
export class Evaluations {
  readonly #backend: Backend;
  readonly #parts: StepParts;
  readonly #batchSize: number;
  readonly #programs = new Map<Dataset, EvaluationProgram>();
  /** Done when the evaluation that was asked for last is. */
  #last: Promise<unknown> = Promise.resolve();
  #disposed = false;

  constructor(backend: Backend, parts: StepParts, batchSize: number) {
    this.#backend = backend;
    this.#parts = parts;
    this.#batchSize = batchSize;
  }

  evaluate(dataset: Dataset, options: EvaluateOptions): Promise<Evaluation> {
    return this.#inTurn(() => this.#evaluate(dataset, options));
  }

  /** Frees what is kept of a data set, after the evaluations under way. */
  forget(dataset: Dataset): Promise<void> {
    return this.#inTurn(async () => {
      this.#programs.get(dataset)?.program.dispose();
      this.#programs.delete(dataset);
    });
  }

  dispose(): void {
    this.#disposed = true;
    for (const { program } of this.#programs.values()) program.dispose();
    this.#programs.clear();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(() => {
      if (this.#disposed) throw trainerDisposed();
      return work();
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #evaluate(dataset: Dataset, options: EvaluateOptions): Promise<Evaluation> {
    options.signal?.throwIfAborted();
    const evaluation = await this.#program(dataset, options.outputs ?? false);
    const { program, steps, cursor, ring, confusion, counts } = evaluation;
    const counted = [...counts.values(), ...(confusion ? [confusion] : [])];
    program.write(cursor, [0]);
    for (const variable of counted) program.write(variable, new Float32Array(variable.size));
    await this.#run(evaluation, options.signal);
    const [records, ...tensors] = await program.enqueue({ steps: 0, read: [ring, ...counted] });
    const { record, metrics } = this.#parts;
    const totals = record.totals(records as Tensor, steps, 0, steps);
    const classes = confusion?.shape[0] ?? 0;
    const cells = tensors[counts.size]?.data;
    return {
      loss: totals.loss / totals.rows,
      ...accuracyOf(this.#parts, totals, dataset.targets === undefined),
      metrics: metricValues(metrics, { ...totals, counts: countsByMetric(counts, tensors) }),
      confusion: Array.from({ length: classes }, (_, label) =>
        Array.from(cells?.subarray(label * classes, (label + 1) * classes) ?? []),
      ),
      ...(options.outputs ? this.#recordedOutputs(records as Tensor, dataset.count, evaluation) : {}),
    };
  }

  /** All steps, in bundles of which the next is sent while one is worked on. */
  async #run({ program, stream, steps }: EvaluationProgram, signal: AbortSignal | undefined): Promise<void> {
    const pace = new Pace();
    const inFlight: Promise<void>[] = [];
    try {
      for (let done = 0; done < steps; ) {
        signal?.throwIfAborted();
        const most = Math.min(pace.steps(), steps - done);
        const bundle = stream ? await stream.supply({ first: done, most, left: steps - done, signal }) : most;
        const sent = performance.now();
        const submission = (stream ?? program)
          .enqueue({ steps: bundle })
          .then(() => pace.done(bundle, sent, performance.now()));
        // Whoever awaits `inFlight` sees a failure; this keeps it from counting as unhandled until then.
        submission.catch(() => undefined);
        inFlight.push(submission);
        done += bundle;
        if (inFlight.length >= MOST_SUBMISSIONS_IN_FLIGHT) await inFlight.shift();
      }
    } finally {
      stream?.stop();
      await Promise.allSettled(inFlight);
    }
    await Promise.all(inFlight);
  }

  /** The outputs of `count` images from the records of an evaluation, without the rows that fill up the last batch. */
  #recordedOutputs(
    records: Tensor,
    count: number,
    { steps }: EvaluationProgram,
  ): Pick<Evaluation, "outputs" | "allOutputs"> {
    const width = records.data.length / steps;
    let begin = this.#parts.record.end;
    const allOutputs = this.#parts.model.outputShapes.map((shape) => {
      const size = sizeOf(shape);
      const data = new Float32Array(count * size);
      for (let step = 0; step < steps; step++) {
        const first = step * this.#batchSize;
        const rows = Math.min(this.#batchSize, count - first);
        const place = step * width + begin;
        data.set(records.data.subarray(place, place + rows * size), first * size);
      }
      begin += this.#batchSize * size;
      return { shape: [count, ...shape], data };
    });
    return allOutputs.length === 1 ? { outputs: at(allOutputs, 0), allOutputs } : { allOutputs };
  }

  async #program(dataset: Dataset, keepOutputs: boolean): Promise<EvaluationProgram> {
    let evaluation = this.#programs.get(dataset);
    if (evaluation && keepOutputs && !evaluation.outputs) {
      evaluation.program.dispose();
      this.#programs.delete(dataset);
      evaluation = undefined;
    }
    if (evaluation) return evaluation;
    const options = { batch: this.#batchSize, keepOutputs };
    const compiled = await compileEvaluation(this.#backend, this.#parts, dataset, options);
    if (this.#disposed) {
      compiled.program.dispose();
      throw trainerDisposed();
    }
    for (const [oldest, { program }] of this.#programs) {
      if (this.#programs.size < KEPT_EVALUATIONS) break;
      program.dispose();
      this.#programs.delete(oldest);
    }
    this.#programs.set(dataset, compiled);
    return compiled;
  }
}
