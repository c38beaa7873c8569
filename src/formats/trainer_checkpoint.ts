import { ArgumentError, FormatError } from "../core/errors.ts";
import { describeValue } from "../core/options.ts";
import { scheduleRates } from "../core/schedule_part.ts";
import * as rates from "../core/schedule_rates.ts";
import { formatShape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import type { UpdateRule } from "../graph/update_rule.ts";
import { checkUpdateRule } from "../nn/optimizer_names.ts";

/** More steps than any training in a page takes: what a file says beyond that is wrong. */
const MOST_STEPS = 1e9;
const MOST_BATCH = 2 ** 24;

/** What a trainer's checkpoint says of how it was trained. */
export interface TrainerConfig {
  /** As it is in the file: `modelFromConfig` looks at it. */
  readonly model: unknown;
  readonly optimizer: UpdateRule;
  readonly batchSize: number;
  readonly seed: number;
}

/**
 * What the configuration of a trainer's checkpoint says of the training: each value looked at as the options of
 * `createTrainer` are. Throws `FormatError`.
 */
export function trainerConfig(config: object): TrainerConfig {
  const { model, optimizer, batchSize, seed }: Partial<Record<keyof TrainerConfig, unknown>> = config;
  if (!Number.isInteger(batchSize) || Number(batchSize) < 1 || Number(batchSize) > MOST_BATCH) {
    throw new FormatError(
      `This checkpoint's batchSize must be a whole number from 1 on, got ${describeValue(batchSize)}.`,
    );
  }
  if (typeof seed !== "number" || !Number.isFinite(seed)) {
    throw new FormatError(`This checkpoint's seed must be a number, got ${describeValue(seed)}.`);
  }
  return { model, optimizer: ruleOf(optimizer), batchSize: Number(batchSize), seed };
}

function ruleOf(optimizer: unknown): UpdateRule {
  try {
    return checkUpdateRule("This checkpoint's optimizer", optimizer);
  } catch (cause) {
    if (!(cause instanceof ArgumentError)) throw cause;
    throw new FormatError(cause.message, { cause });
  }
}

/**
 * Looks at the tensors of a trainer's checkpoint before anything is changed by them: counters are whole numbers, the table
 * of the learning rate is one, and everything else is finite. Throws `FormatError`, which names the tensor.
 */
export function checkTrainerTensors(tensors: ReadonlyMap<string, Tensor>): { steps: number; cursor: number } {
  for (const [name, tensor] of tensors) {
    if (name === "trainer/learningRate") checkRates(tensor);
    else if (name === "trainer/lossScale") checkScale(tensor);
    else if (!name.startsWith("trainer/")) checkFinite(name, tensor);
  }
  return { steps: counter(tensors, "trainer/step"), cursor: counter(tensors, "trainer/cursor") };
}

function counter(tensors: ReadonlyMap<string, Tensor>, name: string): number {
  const tensor = tensors.get(name);
  if (tensor === undefined) return 0;
  const [value, ...more] = tensor.data;
  if (value !== undefined && more.length === 0 && Number.isInteger(value) && value >= 0 && value <= MOST_STEPS)
    return value;
  throw new FormatError(
    `This checkpoint's "${name}" must be one whole number from 0 to ${MOST_STEPS}, got ${describeValue(value)}.`,
  );
}

function checkRates({ shape, data }: Tensor): void {
  const problem = rates.scheduleTableProblem(data);
  // Who goes on with them reads them.
  scheduleRates.provide(rates);
  if (problem === undefined) return;
  throw new FormatError(`This checkpoint's "trainer/learningRate" ${formatShape(shape)} ${problem}.`);
}

function checkScale({ data }: Tensor): void {
  const [scale = Number.NaN] = data;
  if (data.length === 1 && Number.isFinite(scale) && scale > 0) return;
  throw new FormatError(`This checkpoint's "trainer/lossScale" must be a number above 0, got ${describeValue(scale)}.`);
}

function checkFinite(name: string, { data }: Tensor): void {
  for (let place = 0; place < data.length; place++) {
    if (Number.isFinite(data[place])) continue;
    throw new FormatError(
      `This checkpoint's "${name}" holds ${data[place]} at place ${place}: its training had diverged. Use an older one.`,
    );
  }
}
