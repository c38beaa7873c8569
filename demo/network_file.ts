/** A trained network as a file: a checkpoint of the library, which is a safetensors file with its configuration inside. */

import { CortezaError, FormatError } from "../src/core/errors.ts";
import { rateFromTable, scheduleTableProblem } from "../src/core/schedule_rates.ts";
import { formatShape, sameShape } from "../src/core/shape.ts";
import type { Tensor } from "../src/core/tensor.ts";
import { decodeCheckpoint } from "../src/formats/checkpoint.ts";
import { safetensorsMetadata } from "../src/formats/safetensors.ts";
import { CHECKPOINT_FORMAT } from "../src/formats/stored_config.ts";
import type { Model } from "../src/nn/model.ts";
import type { ModelConfig } from "../src/nn/model_config.ts";
import type { Optimizer } from "../src/nn/optimizers.ts";
import { anyModel, forDigits } from "./any_model.ts";
import { FileProblemError } from "./file_problem.ts";
import { madeBy } from "./optimizer_rules.ts";

const MOST_BATCH = 4096;
/** As many as 70,000 digits give in batches of 8 over more than 200 epochs: the page keeps a place on its curves for each. */
const MOST_STEPS = 2e6;
/** The largest 32-bit float. */
const MOST_RATE = 3.4e38;

/** A network with everything that its training needs to go on. */
export interface NetworkFile {
  readonly model: Model;
  /** The same layers again, with first weights of their own. */
  untrained(): Model;
  readonly rule: Optimizer["rule"];
  readonly batchSize: number;
  readonly seed: number;
  /** Of its next step; undefined where the file names none. */
  readonly learningRate: number | undefined;
  /** Updates made, and batches of its data set taken. */
  readonly steps: number;
  readonly cursor: number;
  /** Whether its weights have learned somewhere, also where no step of theirs is known. */
  readonly pretrained: boolean;
  /** The file itself: `trainer.restore` takes it. Undefined: training begins from the parameters of the model. */
  readonly checkpoint: Uint8Array | undefined;
}

/** One that was saved with its training. */
export interface SavedNetwork extends NetworkFile {
  readonly checkpoint: Uint8Array;
}

/** Whether these are tensors without a network: a safetensors file that is no checkpoint. */
export function isWeightsAlone(bytes: Uint8Array): boolean {
  try {
    return safetensorsMetadata(bytes).get("format") !== CHECKPOINT_FORMAT;
  } catch (error) {
    if (error instanceof CortezaError) return false;
    throw error;
  }
}

/**
 * Reads a network that this page or `trainer.checkpoint()` saved. Throws `FileProblemError`, a `FormatError`, that says
 * what is wrong: no safetensors file, no configuration, damaged, a network that cannot be built or is not one for
 * digits, values that are no numbers.
 */
export function readNetworkFile(bytes: Uint8Array): SavedNetwork {
  const { config, tensors } = attempt("damaged", () => decodeCheckpoint(bytes));
  const { model: architecture, optimizer, batchSize, seed } = config as Readonly<Record<string, unknown>>;
  const model = forDigits(attempt("network", () => anyModel(architecture as ModelConfig)));
  const { rule } = attempt("optimizer", () => madeBy(optimizer));
  if (!isSeed(seed)) {
    throw new FileProblemError(
      { kind: "counter", name: "seed", value: String(seed) },
      `This network's seed is ${String(seed)}; it must be a whole number of at least 0.`,
    );
  }
  if (!isCount(batchSize) || batchSize > MOST_BATCH) {
    throw new FileProblemError(
      { kind: "batch", size: String(batchSize) },
      `This network's batch size is ${String(batchSize)}; it must be from 1 to ${MOST_BATCH}.`,
    );
  }
  for (const [name, { data }] of tensors) {
    if (!data.every(Number.isFinite)) {
      throw new FileProblemError(
        { kind: "notFinite", tensor: name },
        `Tensor "${name}" holds values that are not numbers: the training had diverged.`,
      );
    }
  }
  for (const { name, shape } of model.variables) {
    const found = tensors.get(name);
    if (found === undefined || !sameShape(found.shape, shape)) {
      const there = found === undefined ? "is missing" : `is ${formatShape(found.shape)}`;
      throw new FileProblemError(
        { kind: "tensor", tensor: name },
        `Tensor "${name}" ${there}; this network wants ${formatShape(shape)}.`,
      );
    }
  }
  const counter = (name: string) => {
    const value = tensors.get(name)?.data[0] ?? 0;
    if (Number.isInteger(value) && value >= 0 && value <= MOST_STEPS) return value;
    throw new FileProblemError(
      { kind: "counter", name, value: String(value) },
      `"${name}" is ${value}; it must be a whole number from 0 to ${MOST_STEPS}.`,
    );
  };
  const steps = counter("trainer/step");
  const cursor = counter("trainer/cursor");
  const learningRate = attempt("rate", () => rateAt(tensors.get("trainer/learningRate"), steps));
  // Initial values are drawn to be compared only where no step tells that the weights have moved.
  const moved = steps > 0 || model.variables.some(({ name, initial }) => !same(initial, tensors.get(name)?.data));
  // The training of a network that came with its weights begins from these, also after a reset.
  if (moved && steps === 0) {
    const names = new Set(model.variables.map(({ name }) => name));
    model.setParameters(new Map([...tensors].filter(([name]) => names.has(name))));
  }
  return {
    model,
    untrained: () => anyModel(architecture as ModelConfig),
    rule,
    batchSize,
    seed,
    learningRate,
    steps,
    cursor,
    pretrained: moved,
    checkpoint: bytes,
  };
}

function same(a: ArrayLike<number> | undefined, b: ArrayLike<number> | undefined): boolean {
  return a !== undefined && b !== undefined && Array.prototype.every.call(a, (value, index) => value === b[index]);
}

/** What `read` gives; what the library says against it becomes a problem of the file. */
function attempt<Result>(kind: "damaged" | "network" | "optimizer" | "rate", read: () => Result): Result {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof CortezaError)) throw cause;
    throw new FileProblemError({ kind }, cause.message, { cause });
  }
}

/** The rate of the next step; undefined where the file has none. Throws `FormatError` for numbers that are no rates. */
function rateAt(rates: Tensor | undefined, steps: number): number | undefined {
  if (rates === undefined) return undefined;
  const problem = scheduleTableProblem(rates.data);
  if (problem !== undefined) throw new FormatError(`The table of learning rates ${problem}.`);
  // As a decimal of the length that an f32 has: 0.01, not 0.009999999776.
  const rate = Number(rateFromTable(rates.data, steps).toPrecision(7));
  // A schedule that came to its end leaves the rate to the page.
  if (rate === 0) return undefined;
  if (rate > 0 && rate <= MOST_RATE) return rate;
  throw new FormatError(`The learning rate is ${rate}; it must be above 0.`);
}

function isSeed(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= Number.MAX_SAFE_INTEGER;
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 1;
}
