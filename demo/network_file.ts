/** A trained network as a file: a checkpoint of the library, which is a safetensors file with its configuration inside. */
import { rateFromTable } from "../src/core/schedule.ts";
import { formatShape, sameShape } from "../src/core/shape.ts";
import { CHECKPOINT_FORMAT, decodeCheckpoint } from "../src/formats/checkpoint.ts";
import { safetensorsMetadata } from "../src/formats/safetensors.ts";
import { CortezaError, type Model, type ModelConfig, modelFromConfig, type Optimizer } from "../src/index.ts";
import { FileProblemError } from "./file_problem.ts";

/** One digit, and the ten that it may be: what a network for this page takes and gives. */
const INPUT = [28, 28, 1];
const OUTPUT = [10];
const MOST_BATCH = 4096;

/** A network with everything that its training needs to go on. */
export interface NetworkFile {
  readonly model: Model;
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
  const model = attempt("network", () => modelFromConfig(architecture as ModelConfig));
  if (!sameShape(model.inputShape, INPUT) || !sameShape(model.outputShape, OUTPUT)) {
    throw new FileProblemError(
      { kind: "digits", takes: formatShape(model.inputShape), gives: formatShape(model.outputShape) },
      `This network takes ${formatShape(model.inputShape)} and gives ${formatShape(model.outputShape)}; digits are ` +
        `${formatShape(INPUT)}, and there are ${formatShape(OUTPUT)} of them.`,
    );
  }
  if (typeof (optimizer as { kind?: unknown } | undefined)?.kind !== "string") {
    throw new FileProblemError({ kind: "optimizer" }, "This network's configuration names no optimizer.");
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
        `Tensor "${name}" holds values that are no numbers: the training had diverged.`,
      );
    }
  }
  for (const [name, { shape }] of model.parameters) {
    const found = tensors.get(name);
    if (found === undefined || !sameShape(found.shape, shape)) {
      const there = found === undefined ? "is missing" : `is ${formatShape(found.shape)}`;
      throw new FileProblemError(
        { kind: "tensor", tensor: name },
        `Tensor "${name}" ${there}; this network wants ${formatShape(shape)}.`,
      );
    }
  }
  const counter = (name: string) => tensors.get(name)?.data[0] ?? 0;
  const steps = counter("trainer/step");
  const rates = tensors.get("trainer/learningRate");
  const first = model.parameters;
  const moved = [...first].some(([name, { data }]) => {
    const found = tensors.get(name)?.data ?? [];
    return data.some((value, index) => value !== found[index]);
  });
  // The training of a network that came with its weights begins from these, also after a reset.
  if (moved && steps === 0) model.setParameters(new Map([...tensors].filter(([name]) => first.has(name))));
  return {
    model,
    rule: optimizer as Optimizer["rule"],
    batchSize,
    seed: Number(seed) || 0,
    // As a decimal of the length that an f32 has: 0.01, not 0.009999999776.
    learningRate: rates && Number(rateFromTable(rates.data, steps).toPrecision(7)),
    steps,
    cursor: counter("trainer/cursor"),
    pretrained: moved,
    checkpoint: bytes,
  };
}

/** What `read` gives; what the library says against it becomes a problem of the file. */
function attempt<Result>(kind: "damaged" | "network", read: () => Result): Result {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof CortezaError)) throw cause;
    throw new FileProblemError({ kind }, cause.message, { cause });
  }
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 1;
}
