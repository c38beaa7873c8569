import type { OpName } from "../../../../graph/op_names.ts";
import type { Value } from "../values.ts";
import type { Writing } from "../writing.ts";
import { layoutRules } from "./layout.ts";
import { pointwiseRules } from "./pointwise.ts";
import { reductionRules } from "./reductions.ts";
import type { Rules } from "./rule.ts";
import { windowRules } from "./windows.ts";

const RULES: Rules = { ...pointwiseRules, ...windowRules, ...reductionRules, ...layoutRules };

/** What writes a node of that op; undefined where ONNX has nothing like it. */
export function ruleFor(op: string): ((node: Writing) => Value) | undefined {
  if (!Object.hasOwn(RULES, op)) return undefined;
  const rule = RULES[op as OpName] as ((node: Writing, attributes: object) => Value) | undefined;
  return rule && ((node) => rule(node, node.node.attributes));
}
