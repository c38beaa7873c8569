import { ArgumentError } from "../../core/errors.ts";
import { checkNumber } from "../../core/numbers.ts";
import { checkOptions } from "../../core/options.ts";
import { SGD, type SgdOptions } from "../optimizer_options.ts";
import { type Optimizer, optimizer } from "./optimizer.ts";

/**
 * Gradient descent; with `momentum` the heavy ball, or Nesterov's form. `dampening` lessens what a gradient adds to the
 * velocity, from the second step on. Defaults: learningRate 0.01, the rest off. The velocity does not hold the learning
 * rate, as in PyTorch; Keras' does, which differs once the rate changes.
 */
export function sgd(options: SgdOptions = {}): Optimizer {
  checkOptions("sgd", options, SGD);
  const momentum = checkNumber("sgd", "momentum", options.momentum ?? 0, 0, 1);
  const dampening = checkNumber("sgd", "dampening", options.dampening ?? 0, 0);
  const nesterov = options.nesterov ?? false;
  if (nesterov && momentum === 0) throw new ArgumentError("sgd: nesterov needs a momentum above 0.");
  if (nesterov && dampening !== 0) throw new ArgumentError("sgd: nesterov goes without dampening.");
  return optimizer("sgd", options, 0.01, { kind: "sgd", momentum, dampening, nesterov });
}
