import { ArgumentError, ShapeError } from "../core/errors.ts";
import { knownHint } from "../core/hints.ts";
import { describeValue } from "../core/options.ts";
import { formatShape, type Shape } from "../core/shape.ts";

/** Connections into and out of one unit: what the scale of fresh weights depends on. */
export interface Fans {
  readonly fanIn: number;
  readonly fanOut: number;
}

/** Numbers that an initializer takes, with Keras' defaults. */
const PARAMETERS = {
  zeros: {},
  ones: {},
  constant: { value: 0 },
  randomNormal: { mean: 0, stddev: 0.05 },
  randomUniform: { minval: -0.05, maxval: 0.05 },
  /** Normal values within two standard deviations of the mean; what lies outside is drawn again. */
  truncatedNormal: { mean: 0, stddev: 0.05 },
  /** Rows or columns at right angles to each other (Saxe, McClelland and Ganguli 2014). */
  orthogonal: { gain: 1 },
  /** Ones on the diagonal of a matrix. */
  identity: { gain: 1 },
  glorotUniform: {},
  glorotNormal: {},
  heUniform: {},
  heNormal: {},
  lecunUniform: {},
  lecunNormal: {},
} as const satisfies Record<string, Record<string, number>>;

/** Name of an initializer. */
export type InitializerName = keyof typeof PARAMETERS;

/**
 * How fresh weights are drawn: a name, or a name with its numbers, `{ name: "randomNormal", stddev: 0.01 }`. Numbers left
 * out are Keras' defaults: constant value 0; randomNormal and truncatedNormal mean 0, stddev 0.05; randomUniform minval
 * −0.05, maxval 0.05; orthogonal and identity gain 1.
 */
export type Initializer =
  | InitializerName
  | {
      readonly [Name in InitializerName]: { readonly name: Name } & {
        readonly [Key in keyof (typeof PARAMETERS)[Name]]?: number;
      };
    }[InitializerName];

/** An initializer's name and its numbers, those left out filled in. Throws `ArgumentError`. */
export function parseInitializer(
  what: string,
  initializer: Initializer,
): { name: InitializerName; numbers: Record<string, number> } {
  const { name, ...given } = typeof initializer === "string" ? { name: initializer } : { ...initializer };
  if (typeof name !== "string" || !Object.hasOwn(PARAMETERS, name)) {
    throw new ArgumentError(
      `${what}: unknown initializer ${describeValue(name ?? initializer)}; ${knownHint(name, Object.keys(PARAMETERS))}`,
    );
  }
  const numbers: Record<string, number> = { ...PARAMETERS[name] };
  for (const [key, value] of Object.entries(given)) {
    if (!Object.hasOwn(numbers, key) || !Number.isFinite(value)) {
      const known = Object.keys(numbers).join(", ") || "no numbers";
      throw new ArgumentError(`${what}: initializer "${name}" takes ${known}; got ${key}: ${describeValue(value)}.`);
    }
    numbers[key] = Number(value);
  }
  const { stddev = 0, minval = 0, maxval = 0 } = numbers;
  if (stddev < 0 || minval > maxval) {
    throw new ArgumentError(
      `${what}: initializer "${name}" wants stddev of at least 0 and minval not above maxval, got ${describeValue(given)}.`,
    );
  }
  return { name, numbers };
}

/** Throws `ArgumentError` unless it is an initializer; returns it. */
export function checkInitializer<T extends Initializer | undefined>(what: string, initializer: T): T {
  if (initializer !== undefined) parseInitializer(what, initializer);
  return initializer;
}

/** Throws `ShapeError` where an initializer does not make such a shape, before any value is drawn. */
export function checkInitializerFits(what: string, initializer: Initializer, shape: Shape): void {
  const { name } = parseInitializer(what, initializer);
  if ((name === "identity" && shape.length !== 2) || (name === "orthogonal" && shape.length < 2)) {
    const wanted = name === "identity" ? "makes matrices only" : "wants at least two axes";
    throw new ShapeError(`${what}: initializer "${name}" ${wanted}, not ${formatShape(shape)}.`);
  }
}
