import type { Rule } from "../lowering.ts";
import type { FileNode } from "../messages.ts";
import { layoutRules } from "./layout.ts";
import { normalizationRules } from "./normalization.ts";
import { pointwiseRules } from "./pointwise.ts";
import { productRules } from "./products.ts";
import { reductionRules } from "./reductions.ts";
import { optimizerRules, trainingRules } from "./training.ts";
import { windowRules } from "./windows.ts";

const OWN = new Map<string, Rule>(
  [windowRules, productRules, pointwiseRules, reductionRules, layoutRules, normalizationRules, trainingRules].flatMap(
    (rules) => Object.entries(rules),
  ),
);

const BY_DOMAIN: ReadonlyMap<string, ReadonlyMap<string, Rule>> = new Map([
  ["", OWN],
  ["ai.onnx.preview.training", new Map(Object.entries(optimizerRules))],
]);

/** Ops that files use to compute shapes: of them alone, and of constants, is made what is known while the file is read. */
const ONLY_KNOWN: ReadonlySet<string> = new Set([
  ...["And", "Ceil", "Constant", "ConstantOfShape", "Floor", "Mod", "Or", "Range", "Shape", "Size"],
]);

/** What makes an op; undefined for one that is not supported. */
export function ruleFor({ domain, op }: FileNode): Rule | undefined {
  const rule = BY_DOMAIN.get(domain)?.get(op);
  if (rule !== undefined || domain !== "" || !ONLY_KNOWN.has(op)) return rule;
  return (node) => node.fail("wants its inputs as constants, or the shape of something");
}

/** Every op that is read, for the documents. */
export const supportedOps: readonly string[] = [...BY_DOMAIN.values()].flatMap((rules) => [...rules.keys()]).sort();
