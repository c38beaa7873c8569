import { ArgumentError } from "../core/errors.ts";
import { checkOptions, describeValue, type OptionKinds } from "../core/options.ts";

/** A penalty that a layer adds to the loss, l1 · Σ|w| + l2 · Σw²: plain data, made by `l1()`, `l2()` or `l1l2()`. */
export interface Regularizer {
  /** Factor of Σ|w|, at least 0. */
  readonly l1: number;
  /** Factor of Σw², at least 0. */
  readonly l2: number;
}

/** `factor` · Σ|w| (lasso: Tibshirani 1996). Default 0.01, as in Keras. */
export function l1(factor = 0.01): Regularizer {
  return checkRegularizer("l1", { l1: factor, l2: 0 });
}

/** `factor` · Σw² (weight decay: Krogh and Hertz 1991); its gradient is 2 · factor · w. Default 0.01, as in Keras. */
export function l2(factor = 0.01): Regularizer {
  return checkRegularizer("l2", { l1: 0, l2: factor });
}

const REGULARIZER: OptionKinds<Regularizer> = { l1: "number", l2: "number" };

/** Both at once (elastic net: Zou and Hastie 2005). Defaults 0, as in Keras. */
export function l1l2(factors: { l1?: number; l2?: number } = {}): Regularizer {
  checkOptions("l1l2", factors, REGULARIZER);
  return checkRegularizer("l1l2", { l1: factors.l1 ?? 0, l2: factors.l2 ?? 0 });
}

/** Throws `ArgumentError` unless it is a regularizer (or none); returns it. */
export function checkRegularizer<T extends Regularizer | undefined>(what: string, regularizer: T): T {
  if (regularizer === undefined) return regularizer;
  if (typeof regularizer !== "object" || regularizer === null) {
    throw new ArgumentError(`${what}: wants a regularizer, as l2(1e-4) makes it, got ${describeValue(regularizer)}.`);
  }
  checkOptions<Regularizer>(what, regularizer, REGULARIZER);
  for (const name of ["l1", "l2"] as const) {
    const factor = regularizer[name];
    if (typeof factor !== "number" || !Number.isFinite(factor) || factor < 0) {
      throw new ArgumentError(
        `${what}: a regularizer has factors l1 and l2 of at least 0, as l2(1e-4) makes it; got ${name} ${describeValue(factor)}.`,
      );
    }
  }
  return regularizer;
}
