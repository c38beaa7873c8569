import { onDemand } from "../../core/on_demand.ts";
import type { Node } from "../../graph/node.ts";
import type { DeviceTraits } from "../kernel.ts";
import { elementwiseLowerings } from "../kernels/elementwise.ts";
import { type Family, families } from "./families/index.ts";
import { constantLeaf, inputLeaf, reshapeView, stopGradientView, variableLeaf } from "./leaves.ts";
import type { Rule } from "./rule.ts";
import { singleOps } from "./single_op.ts";

/** What begins a graph, or is another name for the same elements. */
const leaves: readonly Rule[] = [inputLeaf, constantLeaf, variableLeaf, reshapeView, stopGradientView];

/** What every family leaves to it: almost all graphs have such ops. */
const elementwise: readonly Rule[] = singleOps(elementwiseLowerings);

/** The rules that a graph with these nodes and effects wants, in the order in which they are asked. Fetches what is missing. */
export async function rulesFor(nodes: readonly Node[], traits: DeviceTraits): Promise<readonly Rule[]> {
  const wanted = families.filter((family) => nodes.some((node) => belongsTo(family, node, traits)));
  const loaded = await Promise.all(
    wanted.map(({ ops, load }) => onDemand(`module of kernels for ${ops.join(", ")}`, load)),
  );
  return [...leaves, ...loaded.flat(), ...elementwise];
}

function belongsTo({ ops, wants }: Family, node: Node, traits: DeviceTraits): boolean {
  return ops.includes(node.op.name) && (wants?.(node, traits) ?? true);
}

/** Begins to fetch what nearly every network wants, so that it is there when the first graph is compiled. */
export function fetchEarly(): void {
  const common = families.filter(({ ops, wants }) => !wants && ["conv2d", "matmul"].some((op) => ops.includes(op)));
  // Who compiles a graph that wants it is told why it did not come.
  for (const family of common) family.load().catch(() => undefined);
}
