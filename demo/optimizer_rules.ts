/**
 * Optimizers of network files: which options make them. A file may say anything, so its rule is made again by the
 * library's own function, which checks every option, and only what that gives is used.
 */
import { ArgumentError, FormatError } from "../src/core/errors.ts";
import {
  adadelta,
  adafactor,
  adagrad,
  adam,
  adamax,
  adamw,
  ftrl,
  lamb,
  lion,
  nadam,
  type Optimizer,
  rmsprop,
  sgd,
} from "../src/nn/optimizers.ts";

type Options = Readonly<Record<string, unknown>>;

/** The functions by their names, and the kind of rule that each makes. */
const MAKERS = { adam, adamw, sgd, rmsprop, nadam, adamax, adagrad, adadelta, lamb, lion, adafactor, ftrl } as const;
type MakerName = keyof typeof MAKERS;

/** Options that are called otherwise in a rule. */
const RENAMED: Options = {
  l1: "l1RegularizationStrength",
  l2: "l2RegularizationStrength",
  l2Shrinkage: "l2ShrinkageRegularizationStrength",
};

const CLIPS: Options = { value: "clipValue", norm: "clipNorm", globalNorm: "globalClipNorm" };

/** How to make a rule: the function's name, and the options that are not its defaults. */
export interface MadeBy {
  readonly name: MakerName;
  readonly options: Options;
  readonly rule: Optimizer["rule"];
}

/**
 * How one would make the rule of a file with the library. Throws `FormatError` for what no optimizer of the library is:
 * another kind, a key that it does not have, a value that its function refuses.
 */
export function madeBy(rule: unknown): MadeBy {
  if (!isPlain(rule) || typeof rule["kind"] !== "string") {
    throw new FormatError("This network's configuration names no optimizer.");
  }
  const { kind, decoupledWeightDecay } = rule;
  const name = (kind === "adam" && decoupledWeightDecay === true ? "adamw" : kind) as MakerName;
  const make = Object.hasOwn(MAKERS, name) ? (MAKERS[name] as (options: Options) => Optimizer) : undefined;
  if (make === undefined) throw new FormatError(`This network was trained by "${kind}", which is no optimizer here.`);
  const usual = make({}).rule as object as Options;
  const options: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(rule)) {
    if (key === "kind" || value === usual[key]) continue;
    if (key === "clip") Object.assign(options, clipOptions(value));
    else if (key === "ema") Object.assign(options, emaOptions(value));
    else if (Object.hasOwn(usual, key)) {
      if (typeof value !== typeof usual[key]) throw wrongValue(name, key, value);
      options[renamed(key)] = value;
    } else throw new FormatError(`The optimizer ${name} has no "${shortened(key)}".`);
  }
  let made: Optimizer["rule"];
  try {
    made = make(options).rule;
  } catch (cause) {
    if (!(cause instanceof ArgumentError)) throw cause;
    throw new FormatError(cause.message, { cause });
  }
  // What the function makes of the options is what the file says, or the file says what it cannot make.
  for (const [key, value] of Object.entries(rule)) {
    if (JSON.stringify(sorted(value)) !== JSON.stringify(sorted((made as object as Options)[key])))
      throw wrongValue(name, key, value);
  }
  return { name, options, rule: made };
}

function isPlain(value: unknown): value is Options {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function renamed(key: string): string {
  return Object.hasOwn(RENAMED, key) ? String(RENAMED[key]) : key;
}

function clipOptions(clip: unknown): Options {
  if (!isPlain(clip) || !Object.hasOwn(CLIPS, String(clip["by"])) || Object.keys(clip).length !== 2)
    throw wrongValue("clip", "by", clip);
  return { [String(CLIPS[String(clip["by"])])]: clip["limit"] };
}

function emaOptions(ema: unknown): Options {
  if (!isPlain(ema) || Object.keys(ema).some((key) => key !== "momentum" && key !== "overwriteFrequency"))
    throw wrongValue("ema", "momentum", ema);
  const { momentum, overwriteFrequency } = ema;
  return {
    useEma: true,
    ...(momentum === undefined ? {} : { emaMomentum: momentum }),
    ...(overwriteFrequency === 0 ? {} : { emaOverwriteFrequency: overwriteFrequency }),
  };
}

function wrongValue(name: string, key: string, value: unknown): FormatError {
  return new FormatError(
    `The optimizer ${name} cannot have "${shortened(key)}" ${shortened(JSON.stringify(value) ?? "undefined")}.`,
  );
}

/** Keys and values of files may be of any length. */
const shortened = (text: string) => (text.length > 60 ? `${text.slice(0, 59)}…` : text);

/** The same for the same content, in whatever order its fields are. */
function sorted(value: unknown): unknown {
  if (!isPlain(value)) return value;
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
}
