import { ArgumentError } from "../core/errors.ts";
import { knownHint } from "../core/hints.ts";
import { describeValue } from "../core/options.ts";
import type { Schedule } from "../core/schedule.ts";
import type { UpdateRule } from "../graph/update_rule.ts";
import { camelCase } from "./losses/config.ts";
import type { Optimizer, OptimizerOptions } from "./optimizers.ts";
import * as optimizers from "./optimizers.ts";

/** Optimizers by the names that Keras gives them, each with its default options. */
const MAKERS = {
  adadelta: optimizers.adadelta,
  adafactor: optimizers.adafactor,
  adagrad: optimizers.adagrad,
  adam: optimizers.adam,
  adamax: optimizers.adamax,
  adamw: optimizers.adamw,
  ftrl: optimizers.ftrl,
  lamb: optimizers.lamb,
  lion: optimizers.lion,
  nadam: optimizers.nadam,
  rmsprop: optimizers.rmsprop,
  sgd: optimizers.sgd,
} as const;

/** What a trainer takes as its optimizer: what `adam()` and its kin make, or a name, which stands for the default options. */
export type OptimizerChoice = Optimizer | keyof typeof MAKERS;

const isName = (name: string): name is keyof typeof MAKERS => Object.hasOwn(MAKERS, name);

/**
 * The optimizer that somebody chose: by name, also as Keras writes it ("Adam"), or made by `adam()` and its kin, whose
 * numbers are looked at again, since it is plain data and may come from anywhere. Throws `ArgumentError`, which says what
 * to write.
 */
export function resolveOptimizer(where: string, choice: OptimizerChoice): Optimizer {
  const given: unknown = choice;
  if (typeof given === "string") {
    const name = camelCase(given).toLowerCase();
    if (isName(name)) return MAKERS[name]();
    const known = Object.keys(MAKERS);
    throw new ArgumentError(`${where}: unknown optimizer ${describeValue(given)}; ${knownHint(name, known)}`);
  }
  if (typeof given === "function") {
    throw new ArgumentError(`${where}: optimizer is ${describeValue(given)}: call it, as in optimizer: adam().`);
  }
  if (!isRecord(given) || !isRecord(given["rule"])) {
    throw new ArgumentError(
      `${where}: wants an optimizer, as in optimizer: adam({ learningRate: 1e-3 }) or "adam", got ${describeValue(given)}.`,
    );
  }
  const rule = checkUpdateRule(where, given["rule"]);
  const learningRate = optimizers.checkLearningRate(where, given["learningRate"] as number | Schedule);
  optimizers.checkMomentumSchedule(where, rule, learningRate);
  return { rule, learningRate };
}

/** Rules are called as what makes them; AdamW is Adam with decoupled decay, and its default decay must not come in. */
const KINDS = Object.keys(MAKERS).filter((name) => name !== "adamw");

/** Names of numbers of a rule that its maker's options call otherwise. */
const RENAMED: Readonly<Record<string, string>> = {
  l1: "l1RegularizationStrength",
  l2: "l2RegularizationStrength",
  l2Shrinkage: "l2ShrinkageRegularizationStrength",
};
const CLIPS: Readonly<Record<string, string>> = { value: "clipValue", norm: "clipNorm", globalNorm: "globalClipNorm" };

/**
 * An update rule from plain data, of a checkpoint say, with what it leaves out at its default: looked at as the options of
 * `adam()` and its kin are. Throws `ArgumentError` for an unknown kind, an unknown key and a value out of range; `where`
 * begins the message.
 */
export function checkUpdateRule(where: string, rule: unknown): UpdateRule {
  const { kind, clip, ema, ...numbers } = isRecord(rule) ? rule : {};
  if (typeof kind !== "string" || !isName(kind) || kind === "adamw") {
    throw new ArgumentError(`${where}: unknown optimizer ${describeValue(kind)}; known: ${KINDS.join(", ")}.`);
  }
  // Not by assignment: a key may be "__proto__".
  const options: Record<string, unknown> = Object.fromEntries([
    ...Object.entries(numbers).map(([name, value]) => [renamed(kind, name), value]),
    ...(clip === undefined ? [] : Object.entries(clipOptions(where, clip))),
    ...(ema === undefined ? [] : Object.entries(emaOptions(where, ema))),
  ]);
  try {
    // The maker looks at every one of them.
    return MAKERS[kind](options as OptimizerOptions).rule;
  } catch (cause) {
    if (!(cause instanceof ArgumentError)) throw cause;
    throw new ArgumentError(`${where}: ${cause.message}`, { cause });
  }
}

function renamed(kind: string, name: string): string {
  return kind === "ftrl" && Object.hasOwn(RENAMED, name) ? (RENAMED[name] ?? name) : name;
}

function clipOptions(where: string, clip: unknown): Record<string, unknown> {
  const { by, limit, ...rest } = isRecord(clip) ? clip : {};
  const option = typeof by === "string" && Object.hasOwn(CLIPS, by) ? CLIPS[by] : undefined;
  if (option === undefined || limit === undefined || Object.keys(rest).length > 0) {
    throw new ArgumentError(
      `${where}: clip wants by "value", "norm" or "globalNorm" and a limit, got ${describeValue(clip)}.`,
    );
  }
  return { [option]: limit };
}

function emaOptions(where: string, ema: unknown): Record<string, unknown> {
  const { momentum, overwriteFrequency, ...rest } = isRecord(ema) ? ema : {};
  if (typeof momentum !== "number" || typeof overwriteFrequency !== "number" || Object.keys(rest).length > 0) {
    throw new ArgumentError(`${where}: ema wants momentum and overwriteFrequency, got ${describeValue(ema)}.`);
  }
  return {
    useEma: true,
    emaMomentum: momentum,
    ...(overwriteFrequency === 0 ? {} : { emaOverwriteFrequency: overwriteFrequency }),
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
