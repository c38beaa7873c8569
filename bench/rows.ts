import { median } from "../src/core/median.ts";

/** What was measured, as rows that the page, Dawn and `pytorch.py` write alike. */
export interface Row {
  /** A job's name (`jobName`). */
  readonly work: string;
  readonly engine: string;
  readonly metric: Metric;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** Measurements behind the median. */
  readonly samples: number;
}

export const METRICS = {
  ms: "milliseconds of doing the job once",
  "ms an image": "the same, divided by the batch",
  "GFLOP/s": "floating-point operations of the job (jobs.ts counts them) in that time",
  "of peak": "that rate as a part of the FMA probe's",
  ratio: "the peer's time divided by ours measured right before it",
  "of the peer's": "our time divided by the peer's measured right after it",
  "of one thread's": "how many times as fast as on one thread, measured right before it",
  "per image against batch 64": "our time an image divided by ours at batch 64 measured right before it",
  "first ms": "milliseconds from starting the backend to the first step's loss, in a fresh browser",
  "first ratio": "the peer's such time divided by ours",
  "GPU bytes": "bytes of GPU buffers that exist after three steps, the batch itself apart, counted at createBuffer",
  "GPU bytes at most": "the most bytes that ever existed at once, the batch itself apart",
  "GPU bytes reported": "what the engine itself says that it holds, the batch itself apart",
  "GPU bytes planned": "what our plan wanted before anything was made, the batch itself apart",
  "GPU bytes unaccounted": "counted bytes that our own report does not name",
  "bytes unplanned":
    "bytes that the backend holds while a training is open, less those of its plan and of the data set",
  seconds: "of the whole run of a process, from its start to its end",
  accuracy: "of the images of the test set, the part that is classified right",
  dispatches: "kernel launches of one step in the steady state",
  submits: "queue submissions of one step",
  "new buffers": "buffers made in one step",
  "new bind groups": "bind groups made in one step",
  writes: "queue.writeBuffer calls of one step",
  pipelines: "compute pipelines made until the first step was done",
  "JS ms": "milliseconds inside program.enqueue() for one step: encoding and submitting, without any wait",
  "main thread ms": "milliseconds of processor time of the page's main thread for one step, everything included",
  loss: "the loss of the first step, from the weights that everyone starts with",
  failed: "the engine could not do the job, or computed something else",
} as const;

export type Metric = keyof typeof METRICS;

export function rowOf(work: string, engine: string, metric: Metric, values: readonly number[]): Row {
  return {
    work,
    engine,
    metric,
    median: median(values),
    min: Math.min(...values),
    max: Math.max(...values),
    samples: values.length,
  };
}

export function findRow(rows: readonly Row[], work: string, engine: string, metric: Metric): Row | undefined {
  return rows.find((row) => row.work === work && row.engine === engine && row.metric === metric);
}

/** `1.23`, `45.6`, `789`: three figures, without an exponent. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, 6));
}

/** `12.3 (11.9–14.0)` */
export function spread(row: Pick<Row, "median" | "min" | "max"> | undefined): string {
  if (row === undefined) return "";
  return `${figure(row.median)} (${figure(row.min)}–${figure(row.max)})`;
}
