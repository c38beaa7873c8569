/** How a script trains: options as a trainer takes them, as tables of the script. */
import { at } from "../../core/at.ts";
import { type AugmentOptions, checkChannels, checkImageAugmentation } from "../../core/augmentation.ts";
import { ArgumentError, ShapeError } from "../../core/errors.ts";
import { checkMixing, type Mixing } from "../../core/mixing.ts";
import { checkAbove0, checkCount, checkNumber } from "../../core/numbers.ts";
import { checkOptions, describeValue, type OptionKinds } from "../../core/options.ts";
import { formatShape } from "../../core/shape.ts";
import { slotNames, type UpdateRule } from "../../graph/update_rule.ts";
import type { Constraint } from "../../nn/constraints.ts";
import { type LossChoice, type LossConfig, resolveLoss } from "../../nn/losses.ts";
import type { Model } from "../../nn/model.ts";
import { type OptimizerChoice, resolveOptimizer } from "../../nn/optimizer_names.ts";
import { withGlobalClipNorm } from "../../nn/optimizers.ts";
import type { Regularizer } from "../../nn/regularizers.ts";
import { literal } from "../keras/python.ts";

/** How the script of `toPyTorch` trains: what `createTrainer` and `fit` take, by the same names. */
export interface PyTorchTraining {
  /** One loss for all outputs, a list in their order, or an object by `model.outputNames`; names or losses with options, no functions. */
  loss: LossChoice | readonly LossChoice[] | Readonly<Record<string, LossChoice>>;
  /** What the loss of each output is multiplied by in their sum: a list, or an object by names. Default 1. */
  lossWeights?: readonly number[] | Readonly<Record<string, number>>;
  /** How the parameters move: what `adam()` and its kin make, or a name. */
  optimizer: OptimizerChoice;
  /** Images of one step, of all processes together; default 32. */
  batchSize?: number;
  /** Shortens all gradients by one factor where their common norm is larger. Default: what the optimizer says. */
  clipNorm?: number;
  /** Fixes the order of the images and all random numbers, to those of a trainer with this seed; default 0. */
  seed?: number;
  /** Whole passes over the data; default 1. */
  epochs?: number;
  /** A new order each epoch; default true. */
  shuffle?: boolean;
  /** Random copies of the images, as of `fit`. Default: none. */
  augment?: AugmentOptions;
  /** What the loss of each class's images is multiplied by: a list, or an object in which a missing class has 1. */
  classWeight?: readonly number[] | Readonly<Record<number, number>>;
}

const TRAINING: OptionKinds<PyTorchTraining> = {
  loss: "any",
  lossWeights: "any",
  optimizer: "any",
  batchSize: "number",
  clipNorm: "number",
  seed: "number",
  epochs: "number",
  shuffle: "boolean",
  augment: "any",
  classWeight: "any",
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** One value an output. Throws `ArgumentError`. */
function forOutputs<T>(what: string, { outputNames }: Model, given: unknown, missing?: T): T[] {
  const known = outputNames.map((name) => JSON.stringify(name)).join(", ");
  if (Array.isArray(given)) {
    if (given.length === outputNames.length) return given as T[];
    throw new ArgumentError(
      `toPyTorch: ${what} has ${given.length} entries, the model ${outputNames.length} outputs (${known}).`,
    );
  }
  const named = given as Readonly<Record<string, T>>;
  if (!isRecord(given)) {
    throw new ArgumentError(
      `toPyTorch: ${what} wants a list in the order of the outputs, or an object by their names (${known}), got ${describeValue(given)}.`,
    );
  }
  const unknown = Object.keys(given).find((name) => !outputNames.includes(name));
  if (unknown !== undefined) {
    throw new ArgumentError(`toPyTorch: ${what} names output ${describeValue(unknown)}; the model has ${known}.`);
  }
  return outputNames.map((name) => {
    const value = (Object.hasOwn(given, name) ? named[name] : undefined) ?? missing;
    if (value === undefined) throw new ArgumentError(`toPyTorch: ${what} has nothing for output "${name}".`);
    return value;
  });
}

/** A loss with options has a "kind", and no output called so. */
const isOne = (choice: PyTorchTraining["loss"], { outputNames }: Model): choice is LossChoice =>
  typeof choice !== "object" || (isRecord(choice) && "kind" in choice && !outputNames.includes("kind"));

interface Head {
  readonly loss: LossConfig;
  readonly folded: string | undefined;
  readonly weight: number;
}

function headsOf(model: Model, { loss, lossWeights = {} }: PyTorchTraining): Head[] {
  const choices = isOne(loss, model) ? model.outputNames.map(() => loss) : forOutputs<LossChoice>("loss", model, loss);
  const weights = forOutputs<number>("lossWeights", model, lossWeights, 1);
  return choices.map((choice, place) => {
    if (typeof choice === "function") {
      throw new ArgumentError(
        `toPyTorch: the loss of output "${at(model.outputNames, place)}" is a function, which has no counterpart in Python. Give a loss by name ` +
          "and write your own into the script's row_losses().",
      );
    }
    const { config, folded } = resolveLoss(choice);
    if (config === undefined) throw new ArgumentError(`toPyTorch: unknown loss ${describeValue(choice)}.`);
    const shape = at(model.outputShapes, place);
    if (config.kind === "sparseCategoricalCrossentropy" && shape.length !== 1) {
      throw new ShapeError(
        `toPyTorch: loss "${config.kind}" wants outputs [classes], output "${at(model.outputNames, place)}" is ${formatShape(shape)}.`,
      );
    }
    return { loss: config, folded, weight: checkNumber("toPyTorch", "lossWeights", at(weights, place), 0) };
  });
}

/** Options that say what a weight is held to, by the weight's name in its layer. */
function heldBy(kind: string, parameter: string, what: "Regularizer" | "Constraint"): string {
  if (parameter === "kernel") return kind === "depthwiseConv2d" ? `depthwise${what}` : `kernel${what}`;
  return `${parameter.replace("_kernel", "")}${what}`;
}

/** What trained weights have of an option, by their names. */
function heldWeights<T>(model: Model, what: "Regularizer" | "Constraint"): [name: string, held: T, rank: number][] {
  return model.layers.flatMap(({ name, layer, inputShape }) => {
    const { kind, options } = layer.config;
    if (!layer.trainable) return [];
    return layer.parameters([inputShape]).flatMap((spec): [string, T, number][] => {
      const given = options[heldBy(kind, spec.name, what)];
      return given === undefined || spec.trainable === false
        ? []
        : [[`${name}/${spec.name}`, given as T, spec.shape.length]];
    });
  });
}

function classWeights(
  model: Model,
  heads: readonly Head[],
  given: PyTorchTraining["classWeight"],
): number[] | undefined {
  if (given === undefined) return undefined;
  const [shape = []] = model.outputShapes;
  const isBinary = shape.length === 1 && shape[0] === 1 && heads[0]?.folded !== "softmax";
  const classes = isBinary ? 2 : (shape[shape.length - 1] ?? 1);
  if (heads.length !== 1 || typeof given !== "object" || given === null) {
    throw new ArgumentError(
      "toPyTorch: classWeight wants a list or an object of weights, and a model with one output.",
    );
  }
  const all = new Array<number>(classes).fill(1);
  for (const [name, weight] of Object.entries(given)) {
    const index = Number(name);
    if (!(Number.isInteger(index) && index >= 0 && index < classes)) {
      throw new ArgumentError(
        `toPyTorch: classWeight names class ${describeValue(name)}; the classes are 0 … ${classes - 1}.`,
      );
    }
    all[index] = checkNumber("toPyTorch", "classWeight", weight, 0);
  }
  return all;
}

function augmentation(model: Model, augment: AugmentOptions | undefined) {
  const where = "toPyTorch: augment";
  const { mixup, cutMix, ...images } = augment ?? {};
  const mixing: Required<Mixing> = checkMixing(where, {
    ...(mixup === undefined ? {} : { mixup }),
    ...(cutMix === undefined ? {} : { cutMix }),
  });
  if (augment === undefined) return { settings: undefined, mixing };
  const [shape = []] = model.inputShapes;
  if (model.inputShapes.length !== 1 || shape.length !== 3) {
    throw new ShapeError(`${where} changes images [height, width, channels] of a model with one input.`);
  }
  const settings = checkImageAugmentation(where, images);
  checkChannels(where, settings, at(shape, 2));
  return { settings, mixing };
}

/** The constants of a training's script. */
export interface TrainingSource {
  readonly tables: string;
  readonly kind: UpdateRule["kind"];
  readonly folded: readonly (string | undefined)[];
}

/** Throws `ArgumentError` for what is no training, or one that Python does not know. */
export function trainingSource(model: Model, training: PyTorchTraining): TrainingSource {
  checkOptions("toPyTorch", training, TRAINING);
  const heads = headsOf(model, training);
  const chosen = resolveOptimizer("toPyTorch", training.optimizer);
  const { clipNorm, seed = 0, shuffle = true } = training;
  const { rule, learningRate } =
    clipNorm === undefined
      ? chosen
      : withGlobalClipNorm("toPyTorch", chosen, checkAbove0("toPyTorch", "clipNorm", clipNorm));
  if (model.arena.variables.length === 0) {
    throw new ArgumentError("toPyTorch: no layer of the model has parameters to train; leave the training out.");
  }
  const slots = Object.fromEntries(
    slotNames(rule).map((slot) => [
      slot,
      slot === "accumulator" && "initialAccumulatorValue" in rule ? rule.initialAccumulatorValue : 0,
    ]),
  );
  const { settings, mixing } = augmentation(model, training.augment);
  const constraints = heldWeights<Constraint>(model, "Constraint").map(([name, held, rank]) => {
    const axes = [held.axis].flat().map((axis) => (axis < 0 ? rank + axis : axis));
    return `    ${literal(name)}: ${literal([held.minValue, held.maxValue, held.rate, axes])},`;
  });
  const regularizers = heldWeights<Regularizer>(model, "Regularizer").map(
    ([name, { l1, l2 }]) => `    ${literal([name, l1, l2])},`,
  );
  const schedule = typeof learningRate === "number" ? undefined : learningRate;
  const tables = `
SEED = ${literal(checkNumber("toPyTorch", "seed", seed))}
EPOCHS = ${checkCount("toPyTorch", "epochs", training.epochs ?? 1)}
BATCH_SIZE = ${checkCount("toPyTorch", "batchSize", training.batchSize ?? 32)}
SHUFFLE = ${literal(shuffle)}
LOSSES = ${literal(heads.map(({ loss }) => loss))}
LOSS_WEIGHTS = ${literal(heads.map(({ weight }) => weight))}
CLASS_WEIGHTS = ${literal(classWeights(model, heads, training.classWeight))}
LEARNING_RATE = ${literal(schedule ? schedule.segments : learningRate)}
MOMENTUM = ${literal(schedule?.momentum)}
RULE = ${literal(rule)}
SLOTS = ${literal(slots)}
# Name, factor of the sum of sizes, factor of the sum of squares.
REGULARIZERS = [
${regularizers.join("\n")}
]
# Least norm, largest norm, share of the way at each step, axes of a norm.
CONSTRAINTS = {
${constraints.join("\n")}
}
AUGMENT = ${literal(settings)}
MIXUP, CUT_MIX = ${mixing.mixup}, ${mixing.cutMix}
`;
  return { tables, kind: rule.kind, folded: heads.map(({ folded }) => folded) };
}
