import { checkOptions } from "../../core/options.ts";
import type { UpdateFormula } from "../../graph/update_rule.ts";
import { ADAM, type AdamOptions } from "../optimizer_options.ts";
import { checkEpsilonPlace, moments, type Optimizer, optimizer } from "./optimizer.ts";

function adamFormula(what: string, options: AdamOptions): UpdateFormula {
  const epsilonAs = checkEpsilonPlace(what, options.epsilonAs ?? "pytorch");
  return { kind: "adam", ...moments(what, options), epsilonAs, amsgrad: options.amsgrad ?? false };
}

/**
 * Adam (Kingma and Ba 2015), with `amsgrad` that of Reddi et al. 2018. Defaults are Keras': learningRate 1e-3,
 * beta1 0.9, beta2 0.999, epsilon 1e-7 (PyTorch: 1e-8).
 */
export function adam(options: AdamOptions = {}): Optimizer {
  checkOptions("adam", options, ADAM);
  return optimizer("adam", options, 1e-3, adamFormula("adam", options));
}

/** Adam with decoupled weight decay (Loshchilov and Hutter 2019); weightDecay is 0.004 by default (PyTorch: 0.01). */
export function adamw(options: AdamOptions = {}): Optimizer {
  checkOptions("adamw", options, ADAM);
  return optimizer("adamw", options, 1e-3, adamFormula("adamw", options), { weightDecay: 0.004, decoupled: true });
}
