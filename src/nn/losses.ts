import { ArgumentError } from "../core/errors.ts";
import { describeValue } from "../core/options.ts";
import { type LossChoice, type LossConfig, type LossFunction, lossConfig } from "./losses/config.ts";
import * as formulas from "./losses/formulas.ts";
import { ARGMAX, type Decision, type Loss } from "./losses/loss.ts";
import { ownRows } from "./losses/own_rows.ts";

export * from "./losses/config.ts";
export { batchLoss, decisionOf, type Loss, type RowOptions } from "./losses/loss.ts";

type Facts = Omit<Loss, "name" | "config">;

/** Of a logit: a probability of ½. Of a hinge: the decision's border. */
const ABOVE_ZERO: Decision = { kind: "threshold", above: 0 };

function factsOf(config: LossConfig): Facts {
  const values = { folded: undefined, targets: "values", decision: undefined } as const;
  switch (config.kind) {
    case "sparseCategoricalCrossentropy":
      return {
        folded: "softmax",
        targets: "class",
        decision: ARGMAX,
        rows: (graph, y, t) => formulas.sparseCategoricalCrossentropyRows(graph, y, t, config.labelSmoothing),
      };
    case "categoricalCrossentropy":
      return {
        folded: "softmax",
        targets: "values",
        decision: ARGMAX,
        rows: (graph, y, t) => formulas.categoricalCrossentropyRows(graph, y, t, config.labelSmoothing),
      };
    case "binaryCrossentropy":
      return {
        folded: "sigmoid",
        targets: "binary",
        decision: ABOVE_ZERO,
        rows: (graph, y, t) => formulas.binaryCrossentropyRows(graph, y, t, config.labelSmoothing),
      };
    case "kullbackLeiblerDivergence":
      return { folded: "softmax", targets: "values", decision: ARGMAX, rows: formulas.kullbackLeiblerRows };
    case "hinge":
      return { folded: undefined, targets: "binary", decision: ABOVE_ZERO, rows: formulas.hingeRows };
    case "categoricalHinge":
      return { ...values, decision: ARGMAX, rows: formulas.categoricalHingeRows };
    case "meanSquaredError":
      return { ...values, rows: formulas.meanSquaredErrorRows };
    case "meanAbsoluteError":
      return { ...values, rows: formulas.meanAbsoluteErrorRows };
    case "huber":
      return { ...values, rows: (graph, y, t) => formulas.huberRows(graph, y, t, config.delta) };
    case "cosineSimilarity":
      return { ...values, rows: formulas.cosineSimilarityRows };
    default:
      throw new ArgumentError(`Unknown loss ${describeValue(config)}.`);
  }
}

function ownLoss(own: LossFunction): Loss {
  return {
    name: own.name === "" ? "own loss" : own.name,
    config: undefined,
    folded: undefined,
    targets: "any",
    decision: undefined,
    rows: (graph, outputs, targets) => ownRows("loss", own, graph, outputs, targets),
  };
}

/** What a trainer was given as its loss. Throws `ArgumentError` that lists the known names. */
export function resolveLoss(choice: LossChoice): Loss {
  if (typeof choice === "function") return ownLoss(choice);
  const config = lossConfig(choice);
  return { name: config.kind, config, ...factsOf(config) };
}
