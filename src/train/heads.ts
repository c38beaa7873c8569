import { at } from "../core/at.ts";
import { ArgumentError } from "../core/errors.ts";
import { onDemand } from "../core/on_demand.ts";
import { describeValue } from "../core/options.ts";
import { rowLosses } from "../nn/late_parts.ts";
import type { LossChoice } from "../nn/losses/config.ts";
import { CLASS_LABELS, type Loss } from "../nn/losses/loss.ts";
import type { MetricChoice } from "../nn/metrics.ts";
import type { Model } from "../nn/model.ts";

/** One output of a model with what it learns by. */
export interface Head {
  /** The output's name, as in `model.outputNames`. */
  readonly name: string;
  readonly loss: Loss;
  /** What its loss is multiplied by in the sum of all. */
  readonly weight: number;
}

/** The loss of every output: one for all, a list in the model's order, or by the outputs' names. */
export type LossesChoice = LossChoice | readonly LossChoice[] | Readonly<Record<string, LossChoice>>;

/** Weights of the outputs' losses: a list in the model's order, or by the outputs' names, 1 for those left out. */
export type LossWeights = readonly number[] | Readonly<Record<string, number>>;

/** Metrics: for the output of a model with one, or by the outputs' names. */
export type MetricsChoice = readonly MetricChoice[] | Readonly<Record<string, readonly MetricChoice[]>>;

const isList = <T>(several: readonly T[] | Readonly<Record<string, T>>): several is readonly T[] =>
  Array.isArray(several);

/** Whether it is one loss, and not one an output: an output may be called "kind", as the field of a loss with options is. */
function isOneLoss(choice: LossesChoice, { outputNames }: Model): choice is LossChoice {
  if (typeof choice !== "object" || choice === null) return true;
  if (Array.isArray(choice) || !("kind" in choice)) return false;
  const names = Object.keys(choice).filter((key) => outputNames.includes(key));
  return names.every((name) => name === "kind") && (names.length === 0 || Object.keys(choice).length > 1);
}

/** One value an output, in the model's order. Throws `ArgumentError` for another number of them, and for unknown names. */
export function forOutputs<T>(
  what: string,
  model: Model,
  several: readonly T[] | Readonly<Record<string, T>>,
  missing?: T,
): T[] {
  if (typeof several !== "object" || several === null) {
    throw new ArgumentError(
      `createTrainer: ${what} wants a list in the order of the model's outputs, or an object by their names, got ` +
        `${describeValue(several)}.`,
    );
  }
  const { outputNames } = model;
  const known = outputNames.map((name) => `"${name}"`).join(", ");
  if (isList(several)) {
    if (several.length === outputNames.length) return [...several];
    throw new ArgumentError(
      `createTrainer: ${what} has ${several.length} entries, the model ${outputNames.length} outputs (${known}).`,
    );
  }
  const unknown = Object.keys(several).find((name) => !outputNames.includes(name));
  if (unknown !== undefined) {
    throw new ArgumentError(`createTrainer: ${what} names output "${unknown}"; the model has ${known}.`);
  }
  return outputNames.map((name) => {
    const value = (Object.hasOwn(several, name) ? several[name] : undefined) ?? missing;
    if (value === undefined) throw new ArgumentError(`createTrainer: ${what} has nothing for output "${name}".`);
    return value;
  });
}

/** The loss that somebody chose; where it is not the usual one, all are fetched. */
async function chosenLoss(choice: LossChoice): Promise<Loss> {
  if (choice === CLASS_LABELS.name) return CLASS_LABELS;
  rowLosses.want();
  const { resolveLoss } = await onDemand("losses", () => import("../nn/losses.ts"));
  return resolveLoss(choice);
}

/** The heads of a trainer's model. Throws `ArgumentError` where a loss is missing or a weight is no number of at least 0. */
export async function resolveHeads(model: Model, loss: LossesChoice, lossWeights: LossWeights = {}): Promise<Head[]> {
  const losses = isOneLoss(loss, model) ? model.outputNames.map(() => loss) : forOutputs("loss", model, loss);
  const weights = forOutputs("lossWeights", model, lossWeights, 1);
  const resolved = await Promise.all(losses.map(chosenLoss));
  return resolved.map((own, index) => {
    const [name, weight] = [at(model.outputNames, index), at(weights, index)];
    if (!(Number.isFinite(weight) && weight >= 0)) {
      throw new ArgumentError(
        `createTrainer: the weight of output "${name}" must be a number of at least 0, got ${describeValue(weight)}.`,
      );
    }
    return { name, loss: own, weight };
  });
}
