import { expect } from "vitest";
import { cpu } from "../../src/cpu/backend.ts";
import type { Node } from "../../src/graph/node.ts";
import { Graph } from "../../src/graph.ts";
import type { RandomData } from "./random.ts";

/** Central differences with a step that balances rounding (1e-16 / h) against curvature (h²). */
const STEP = 1e-5;
const TOLERANCE = 1e-6;

/** Inputs, and what is built from them. */
export interface GradientCase {
  name: string;
  inputs: { shape: readonly number[]; values: Float64Array }[];
  build(graph: Graph, inputs: Node[]): Node;
}

/** Ways to draw cases, by name. */
export type GradientFamilies = Readonly<Record<string, (random: RandomData) => GradientCase>>;

/** Compares the gradient of Σ y · weights with central differences, at up to 24 elements of each input. */
export async function checkGradients({ inputs, build }: GradientCase, random: RandomData): Promise<void> {
  const graph = new Graph();
  const nodes = inputs.map(({ shape }, index) => graph.input(`x${index}`, shape));
  const y = build(graph, nodes);
  const weights = random.normals(y.shape.reduce((a, b) => a * b, 1));
  const loss = graph.sum(graph.mul(y, graph.constant(weights, y.shape)));
  const gradients = graph.gradients(loss, nodes);
  const outputs = Object.fromEntries(gradients.map((gradient, index) => [`d${index}`, gradient]));
  const backend = cpu({ precision: "f64" });
  const program = await backend.compile(graph, { outputs: { ...outputs, loss } });
  const lossOnly = await backend.compile(graph, { outputs: { loss } });
  const feeds = () => Object.fromEntries(inputs.map(({ values }, index) => [`x${index}`, values.slice()]));
  const analytic = await program.run(feeds());
  for (const [index, { values }] of inputs.entries()) {
    const elements =
      values.length <= 24 ? values.keys() : Array.from({ length: 24 }, () => random.integer(0, values.length - 1));
    for (const element of elements) {
      const lossAt = async (delta: number) => {
        const fed = feeds();
        const name = `x${index}`;
        const moved = fed[name] as Float64Array;
        moved[element] = (moved[element] as number) + delta;
        return (await lossOnly.run(fed))["loss"]?.data[0] as number;
      };
      const numeric = ((await lossAt(STEP)) - (await lossAt(-STEP))) / (2 * STEP);
      const exact = analytic[`d${index}`]?.data[element] as number;
      const error = Math.abs(exact - numeric) / Math.max(1, Math.abs(exact), Math.abs(numeric));
      expect(error, `input ${index}, element ${element}: ${exact} against ${numeric}`).toBeLessThan(TOLERANCE);
    }
  }
  program.dispose();
  lossOnly.dispose();
}

/** Names of the ops whose gradient rules a case asks for: those between its inputs and its result. */
export function differentiatedOps({ inputs, build }: GradientCase): Set<string> {
  const graph = new Graph();
  const nodes = inputs.map(({ shape }, index) => graph.input(`x${index}`, shape));
  const y = build(graph, nodes);
  const behind = new Map<number, boolean>(nodes.map(({ id }) => [id, true]));
  const dependsOnInputs = (node: Node): boolean => {
    const known = behind.get(node.id);
    if (known !== undefined) return known;
    const depends = node.inputs.map(dependsOnInputs).some(Boolean);
    behind.set(node.id, depends);
    return depends;
  };
  dependsOnInputs(y);
  const ops = graph.nodes.filter(({ id, inputs: read }) => read.length > 0 && behind.get(id)).map(({ op }) => op.name);
  return new Set(ops);
}

/** A shape of that rank with extents from 1 to `most`. */
export function shapeOf(random: RandomData, rank: number, most = 4): number[] {
  return Array.from({ length: rank }, () => random.integer(1, most));
}

/** Values for a shape; standard normal by default. */
export function tensor(
  random: RandomData,
  shape: readonly number[],
  make: (count: number) => Float64Array = (n) => random.normals(n),
) {
  return { shape, values: make(shape.reduce((a, b) => a * b, 1)) };
}

/** Away from zero: |x| ≥ 0.1, for functions with a pole or a kink there. */
export function awayFromZero(random: RandomData): (count: number) => Float64Array {
  return (count) => random.normals(count).map((x) => (x < 0 ? x - 0.1 : x + 0.1));
}

/** At least 0.5. */
export const positive = (random: RandomData) => (count: number) => random.normals(count).map((x) => Math.abs(x) + 0.5);

/** A pair of shapes that broadcast together. */
export function broadcastPair(random: RandomData): [number[], number[]] {
  const full = shapeOf(random, random.integer(1, 4));
  const stretched = full
    .map((extent) => (random.uniform() < 0.4 ? 1 : extent))
    .slice(random.integer(0, full.length - 1));
  return random.uniform() < 0.5 ? [full, stretched] : [stretched, full];
}
