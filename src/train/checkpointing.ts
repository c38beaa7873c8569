import { at } from "../core/at.ts";
import { FormatError } from "../core/errors.ts";
import { formatShape, sameShape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../formats/checkpoint.ts";
import { checkTrainerTensors, trainerConfig } from "../formats/trainer_checkpoint.ts";
import type { Variable } from "../graph/node.ts";
import { ruleName, slotNames, type UpdateRule } from "../graph/update_rule.ts";
import { averagesOf } from "./averages.ts";
import type { KeptState } from "./kept_state.ts";
import { progressFromJson, progressToJson } from "./saved_progress.ts";
import type { StepParts } from "./training_state.ts";

/** The settings of a trainer that its checkpoint remembers. */
interface TrainerSettings {
  readonly batchSize: number;
  readonly seed: number;
}

/** Variables that only some checkpoints hold, by their names there. */
function optionalVariables({ state: { scaling, counts } }: StepParts): [string, Variable][] {
  return [
    ...(scaling
      ? ([
          ["trainer/lossScale", scaling.scale],
          ["trainer/lossScaleCounters", scaling.counters],
        ] as [string, Variable][])
      : []),
    ...[...counts].map(([{ name }, variable]): [string, Variable] => [`trainer/metrics/${name}`, variable]),
  ];
}

/** Variables that a checkpoint holds, by their names there; `swapped`: weights and averages have changed places. */
function checkpointVariables(parts: StepParts, swapped: boolean): Map<string, Variable> {
  const { model, state } = parts;
  const averages = swapped ? averagesOf(parts) : [];
  const exchanged = new Map<Variable, Variable>(
    averages.flatMap((average, index) => {
      const weight = at(model.arena.variables, index);
      return [[average, weight] as const, [weight, average] as const];
    }),
  );
  const named = (v: Variable): [string, Variable] => [v.name, exchanged.get(v) ?? v];
  return new Map<string, Variable>([
    ...model.variables.map(named),
    ...state.optimizer.flatMap(({ variables }) => variables.map(named)),
    ["trainer/step", state.step],
    ["trainer/cursor", state.cursor],
    ["trainer/learningRate", state.schedule],
    ...optionalVariables(parts),
  ]);
}

/** A loss as a checkpoint names it. */
function lossOf({ heads }: StepParts): unknown {
  const losses = heads.map((head) => head.loss.config ?? head.loss.name);
  return losses.length === 1 ? losses[0] : losses;
}

/** A checkpoint of these tensors, in the order of `checkpointVariables`. */
function toCheckpoint(
  parts: StepParts,
  settings: TrainerSettings,
  { names, tensors, progress }: { names: Iterable<string>; tensors: readonly Tensor[]; progress: object },
): Uint8Array {
  const { model, optimizer } = parts;
  return encodeCheckpoint({
    config: { model: model.toJSON(), loss: lossOf(parts), optimizer: optimizer.rule, ...settings, progress },
    tensors: new Map([...names].map((name, index) => [name, storable(at(tensors, index))])),
  });
}

/** Checkpoints keep f32 and u32, whatever precision the backend computes in. */
function storable(tensor: Tensor): Tensor {
  return tensor.data instanceof Float64Array ? { shape: tensor.shape, data: Float32Array.from(tensor.data) } : tensor;
}

/** What a checkpoint is to change in a trainer. */
interface Restored {
  readonly variables: readonly Variable[];
  /** What they are to hold, in their order. */
  readonly tensors: readonly Tensor[];
  readonly rule: UpdateRule;
  readonly seed: number;
  readonly steps: number;
  readonly cursor: number;
  readonly rates: Float32Array | undefined;
  readonly progress: unknown;
}

const ADOPT = "or take the checkpoint's over: restore(bytes, { adopt: true })";

function text(value: unknown): string {
  return JSON.stringify(value) ?? "none";
}

/** Throws `FormatError` that names the first setting in which two optimizers differ. */
function checkSameRule(saved: UpdateRule, own: UpdateRule): void {
  const [theirs, ours] = [saved, own].map((rule) => new Map<string, unknown>(Object.entries(rule)));
  for (const key of new Set([...(theirs?.keys() ?? []), ...(ours?.keys() ?? [])])) {
    const [a, b] = [text(theirs?.get(key)), text(ours?.get(key))];
    if (a === b) continue;
    throw new FormatError(
      `restore: the checkpoint's optimizer has ${key} ${a}, this trainer's ${b}; make the trainer with the same one, ${ADOPT}.`,
    );
  }
}

/**
 * What a checkpoint says, looked at as a whole before anything is changed. Without `adopt` its optimizer's settings and its
 * seed must be the trainer's. Throws `FormatError` for a checkpoint of another model, optimizer, batch size or loss, for numbers
 * that are not finite, and for a damaged file.
 */
function fromCheckpoint(
  bytes: Uint8Array,
  parts: StepParts,
  settings: TrainerSettings,
  { adopt }: { adopt: boolean },
): Restored {
  const { config, tensors } = decodeCheckpoint(bytes);
  const { rule: own } = parts.optimizer;
  const saved = trainerConfig(config);
  const rule = saved.optimizer;
  if (ruleName(rule) !== ruleName(own)) {
    throw new FormatError(
      `restore: the checkpoint was made with optimizer "${ruleName(rule)}", this trainer has "${ruleName(own)}"; make it ` +
        `with the same one.`,
    );
  }
  if (!adopt) checkSameRule(rule, own);
  if (text(slotNames(rule)) !== text(slotNames(own))) {
    throw new FormatError(
      `restore: the checkpoint's optimizer keeps ${slotNames(rule).join(", ")}, this trainer's ` +
        `${slotNames(own).join(", ")}; make the trainer with the same settings.`,
    );
  }
  if (saved.batchSize !== settings.batchSize) {
    throw new FormatError(
      `restore: the checkpoint was made with batchSize ${saved.batchSize}, this trainer has ${settings.batchSize}.`,
    );
  }
  if (saved.seed !== settings.seed && !adopt) {
    throw new FormatError(
      `restore: the checkpoint was made with seed ${saved.seed}, this trainer has ${settings.seed}; make it with that seed, ${ADOPT}.`,
    );
  }
  const { loss, progress } = config as { loss?: unknown; progress?: unknown };
  if (loss !== undefined && text(loss) !== text(lossOf(parts))) {
    throw new FormatError(
      `restore: the checkpoint was made with loss ${text(loss)}, this trainer has ${text(lossOf(parts))}; make it with the same one.`,
    );
  }
  const { steps, cursor } = checkTrainerTensors(tensors);
  const optional = new Set(optionalVariables(parts).map(([name]) => name));
  const wanted = [...checkpointVariables(parts, false)].filter(([name]) => tensors.has(name) || !optional.has(name));
  const rates = tensors.get("trainer/learningRate")?.data;
  return {
    variables: wanted.map(([, variable]) => variable),
    tensors: wanted.map(([name, variable]) => fitting(name, variable, tensors.get(name))),
    ...{ rule, seed: saved.seed, steps, cursor, rates: rates && Float32Array.from(rates), progress },
  };
}

function fitting(name: string, variable: Variable, tensor: Tensor | undefined): Tensor {
  if (tensor && sameShape(tensor.shape, variable.shape)) return tensor;
  throw new FormatError(
    `restore: this trainer wants "${name}" ${formatShape(variable.shape)}, the checkpoint has ` +
      `${tensor === undefined ? "none" : formatShape(tensor.shape)}; build the trainer with the checkpoint's model.`,
  );
}

/** Everything that a trainer needs to go on exactly. */
export async function checkpointOf(kept: KeptState): Promise<Uint8Array> {
  const { parts, batchSize, seed } = kept;
  const variables = checkpointVariables(parts, kept.swapBack !== undefined);
  const progress = progressToJson(kept.progress);
  const tensors = await kept.read([...variables.values()]);
  return toCheckpoint(parts, { batchSize, seed }, { names: variables.keys(), tensors, progress });
}

/** Takes over a checkpoint; whether it brought another rule or seed, for which steps are to be compiled anew. */
export function restoreFrom(kept: KeptState, bytes: Uint8Array, options: { adopt: boolean }): boolean {
  const { parts, batchSize, seed, progress } = kept;
  const saved = fromCheckpoint(bytes, parts, { batchSize, seed }, options);
  kept.swapBack = undefined;
  kept.write(saved.variables, saved.tensors);
  progress.steps = saved.steps;
  progress.cursor = saved.cursor;
  Object.assign(progress, progressFromJson(saved.progress, parts.record.sums));
  return kept.adopt(saved);
}
