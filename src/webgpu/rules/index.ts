import { onDemand } from "../../core/on_demand.ts";
import type { Node } from "../../graph/node.ts";
import type { DeviceTraits } from "../kernel.ts";
import { elementwise, type Family, families, leftovers } from "./families/index.ts";
import { constantLeaf, inputLeaf, reshapeView, stopGradientView, variableLeaf } from "./leaves.ts";
import type { Rule } from "./rule.ts";

/** What begins a graph, or is another name for the same elements. */
const leaves: readonly Rule[] = [inputLeaf, constantLeaf, variableLeaf, reshapeView, stopGradientView];

/** The rules that a graph with these nodes and effects wants, in the order in which they are asked. Fetches what is missing. */
export async function rulesFor(nodes: readonly Node[], traits: DeviceTraits): Promise<readonly Rule[]> {
  return [...leaves, ...(await loaded(families, nodes, traits))];
}

/** The rules for the nodes and effects that those leave. */
export async function rulesForRest(nodes: readonly Node[], traits: DeviceTraits): Promise<readonly Rule[]> {
  const isKnown = (node: Node) => leftovers.some(({ ops }) => ops.includes(node.op.name));
  const others = nodes.every(isKnown) ? [] : rulesOf(elementwise);
  return (await Promise.all([loaded(leftovers, nodes, traits), others])).flat();
}

async function loaded(from: readonly Family[], nodes: readonly Node[], traits: DeviceTraits) {
  const wanted = from.filter((family) => nodes.some((node) => belongsTo(family, node, traits)));
  return (await Promise.all(wanted.map(rulesOf))).flat();
}

/** The rules of a family, fetched. */
export async function rulesOf({ ops, load, list = "rules" }: Family): Promise<readonly Rule[]> {
  const module = await onDemand(`module of kernels for ${ops.join(", ") || "single elements"}`, load);
  return module[list] ?? [];
}

function belongsTo({ ops, wants }: Family, node: Node, traits: DeviceTraits): boolean {
  return ops.includes(node.op.name) && (wants?.(node, traits) ?? true);
}

/** Begins to fetch what programs with these ops will want, whatever their shapes and the device. */
export function fetchEarly(ops: readonly string[]): void {
  for (const family of families) {
    // Who compiles a graph that wants it is told why it did not come.
    if (!family.wants && family.ops.some((op) => ops.includes(op))) family.load().catch(() => undefined);
  }
}
