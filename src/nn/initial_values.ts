import { ShapeError } from "../core/errors.ts";
import { randomKey, randomNormal, randomUniform } from "../core/random.ts";
import { formatShape, type Shape, sizeOf } from "../core/shape.ts";
import { checkInitializerFits, type Fans, type Initializer, parseInitializer } from "./initializers.ts";
import type { ParameterSpec } from "./layer.ts";
import { orthogonal } from "./orthogonal.ts";

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
  const { name, numbers } = parseInitializer("initialize", initializer);
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

/** What draws the initial values of a parameter. Throws `ShapeError` at once where its initializer does not make such a shape. */
export function initialValues(
  what: string,
  { initializer, shape, fans }: Pick<ParameterSpec, "initializer" | "shape" | "fans">,
  seed: number,
  stream: number,
): () => Float32Array {
  checkInitializerFits(what, initializer, shape);
  return () => initialize(initializer, shape, fans, seed, stream);
}
