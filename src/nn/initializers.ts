import { ArgumentError, ShapeError } from "../core/errors.ts";
import { describeValue, nearestName } from "../core/options.ts";
import { randomKey, randomNormal, randomUniform } from "../core/random.ts";
import { formatShape, type Shape, sizeOf } from "../core/shape.ts";
import { orthogonal } from "./orthogonal.ts";

/** Connections into and out of one unit: what the scale of fresh weights depends on. */
export interface Fans {
  readonly fanIn: number;
  readonly fanOut: number;
}

type Distribution = "uniform" | "normal";

/** Variance times the fan it is divided by. Glorot and Bengio 2010; He et al. 2015; LeCun et al. 1998. */
const SCALED = {
  glorotUniform: { distribution: "uniform", variance: ({ fanIn, fanOut }) => 2 / (fanIn + fanOut) },
  glorotNormal: { distribution: "normal", variance: ({ fanIn, fanOut }) => 2 / (fanIn + fanOut) },
  heUniform: { distribution: "uniform", variance: ({ fanIn }) => 2 / fanIn },
  heNormal: { distribution: "normal", variance: ({ fanIn }) => 2 / fanIn },
  lecunUniform: { distribution: "uniform", variance: ({ fanIn }) => 1 / fanIn },
  lecunNormal: { distribution: "normal", variance: ({ fanIn }) => 1 / fanIn },
} as const satisfies Record<string, { distribution: Distribution; variance: (fans: Fans) => number }>;

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
function parse(what: string, initializer: Initializer): { name: InitializerName; numbers: Record<string, number> } {
  const { name, ...given } = typeof initializer === "string" ? { name: initializer } : { ...initializer };
  if (typeof name !== "string" || !Object.hasOwn(PARAMETERS, name)) {
    const known = Object.keys(PARAMETERS);
    const nearest = typeof name === "string" ? nearestName(name, known) : undefined;
    const hint = nearest === undefined ? `known: ${known.join(", ")}.` : `did you mean "${nearest}"?`;
    throw new ArgumentError(`${what}: unknown initializer ${describeValue(name ?? initializer)}; ${hint}`);
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
  if (initializer !== undefined) parse(what, initializer);
  return initializer;
}

/**
 * What a kernel starts from when nobody says. A ReLU halves the variance of what passes; He et al. 2015 make up for it.
 * Keras takes Glorot's everywhere: on the reference network that costs 0.2 points of accuracy after an epoch of MNIST.
 */
export function defaultInitializer(activation: string | undefined): InitializerName {
  return activation === "relu" || activation === "relu6" ? "heNormal" : "glorotUniform";
}

/** Standard deviation of a standard normal cut off at ±2, as Keras divides by it. */
const TRUNCATED_DEVIATION = 0.8796256610342398;
const MOST_REDRAWS = 32;

/** A normal value within two standard deviations: draws again, from the counters set aside for `index`, until it is. */
function truncatedNormal(key: number, index: number): number {
  for (let attempt = 0; attempt < MOST_REDRAWS; attempt++) {
    const value = randomNormal(key, index * MOST_REDRAWS + attempt);
    if (Math.abs(value) <= 2) return value;
  }
  return 0;
}

/** Throws `ShapeError` where an initializer does not make such a shape, before any value is drawn. */
export function checkInitializerFits(what: string, initializer: Initializer, shape: Shape): void {
  const { name } = parse(what, initializer);
  if ((name === "identity" && shape.length !== 2) || (name === "orthogonal" && shape.length < 2)) {
    const wanted = name === "identity" ? "makes matrices only" : "wants at least two axes";
    throw new ShapeError(`${what}: initializer "${name}" ${wanted}, not ${formatShape(shape)}.`);
  }
}

/**
 * Initial values of one parameter. `seed` and `stream` (a number of its own for each parameter) fix them: the same
 * model and seed give the same weights on every machine. Throws `ArgumentError` for an unknown initializer and
 * `ShapeError` where one does not make such a shape.
 */
export function initialize(
  initializer: Initializer,
  shape: Shape,
  fans: Fans,
  seed: number,
  stream: number,
): Float32Array {
  const { name, numbers } = parse("initialize", initializer);
  const { value = 0, mean = 0, stddev = 0, minval = 0, maxval = 0, gain = 1 } = numbers;
  const key = randomKey(seed, stream);
  const each = (make: (index: number) => number) =>
    Float32Array.from({ length: sizeOf(shape) }, (_, index) => make(index));
  switch (name) {
    case "zeros":
      return each(() => 0);
    case "ones":
      return each(() => 1);
    case "constant":
      return each(() => value);
    case "randomNormal":
      return each((index) => mean + stddev * randomNormal(key, index));
    case "randomUniform":
      return each((index) => minval + (maxval - minval) * randomUniform(key, index));
    case "truncatedNormal":
      return each((index) => mean + stddev * truncatedNormal(key, index));
    case "orthogonal":
      return orthogonal(shape, gain, (index) => randomNormal(key, index));
    case "identity": {
      const [rows, columns] = shape;
      if (shape.length !== 2 || rows === undefined || columns === undefined) {
        throw new ShapeError(`initializer "identity" makes matrices only, not ${formatShape(shape)}.`);
      }
      return each((index) => (Math.floor(index / columns) === index % columns ? gain : 0));
    }
    default: {
      const { distribution, variance } = SCALED[name];
      const deviation = Math.sqrt(variance(fans));
      if (distribution === "uniform") {
        return each((index) => (2 * randomUniform(key, index) - 1) * Math.sqrt(3) * deviation);
      }
      return each((index) => (truncatedNormal(key, index) * deviation) / TRUNCATED_DEVIATION);
    }
  }
}
