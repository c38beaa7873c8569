import { cpu } from "../../src/cpu/backend.ts";
import type { Backend } from "../../src/graph/backend.ts";
import type { Node } from "../../src/graph/node.ts";
import { Graph } from "../../src/graph.ts";
import { RandomData } from "./random.ts";

const SEED = 815;

/** A function of one number as a test sees it: how to build it, and where its slope jumps. */
export interface PointwiseCase {
  readonly build: (graph: Graph, x: Node) => Node;
  readonly kinks: readonly number[];
}

/** Every function of one number that a graph has, relu, exp, log, sqrt and neg aside. */
export const POINTWISE: Readonly<Record<string, PointwiseCase>> = {
  abs: { build: (g, x) => g.abs(x), kinks: [0] },
  "clip to [-1, 1.5]": { build: (g, x) => g.clip(x, -1, 1.5), kinks: [-1, 1.5] },
  "clip to [-∞, 2]": { build: (g, x) => g.clip(x, Number.NEGATIVE_INFINITY, 2), kinks: [2] },
  elu: { build: (g, x) => g.elu(x), kinks: [0] },
  "elu, alpha 0.3": { build: (g, x) => g.elu(x, 0.3), kinks: [0] },
  erf: { build: (g, x) => g.erf(x), kinks: [] },
  gelu: { build: (g, x) => g.gelu(x), kinks: [] },
  "gelu with tanh": { build: (g, x) => g.gelu(x, { approximate: true }), kinks: [] },
  hardSigmoid: { build: (g, x) => g.hardSigmoid(x), kinks: [-3, 3] },
  "hardSigmoid of ONNX": { build: (g, x) => g.hardSigmoid(x, { alpha: 0.2, beta: 0.5 }), kinks: [-2.5, 2.5] },
  hardSwish: { build: (g, x) => g.hardSwish(x), kinks: [-3, 3] },
  leakyRelu: { build: (g, x) => g.leakyRelu(x), kinks: [0] },
  "leakyRelu, alpha 0.3": { build: (g, x) => g.leakyRelu(x, 0.3), kinks: [0] },
  mish: { build: (g, x) => g.mish(x), kinks: [] },
  "pow 0": { build: (g, x) => g.pow(x, 0), kinks: [] },
  "pow 2": { build: (g, x) => g.pow(x, 2), kinks: [] },
  "pow 3": { build: (g, x) => g.pow(x, 3), kinks: [] },
  relu6: { build: (g, x) => g.relu6(x), kinks: [0, 6] },
  selu: { build: (g, x) => g.selu(x), kinks: [0] },
  sigmoid: { build: (g, x) => g.sigmoid(x), kinks: [] },
  silu: { build: (g, x) => g.silu(x), kinks: [] },
  softplus: { build: (g, x) => g.softplus(x), kinks: [] },
  softsign: { build: (g, x) => g.softsign(x), kinks: [0] },
  tanh: { build: (g, x) => g.tanh(x), kinks: [] },
};

/** Half a unit in the last place of f32, relative. */
const ROUNDING = 2 ** -24;

/** Close together around 0, then far out, both signs; 4 divides their number or not. */
export function sweep(count: number, seed: number): Float32Array {
  const random = new RandomData(seed + count);
  const special = [0, 1e-30, 1e-10, 1e-4, 0.55, 1, 3, 6, 20, 50, 87, 88, 89, 100, 1000, 1e4, 1e10, 1e18];
  const xs = [...special, ...special.map((x) => -x)];
  while (xs.length < count) xs.push((random.uniform() - 0.5) * random.pick([1, 4, 12, 40]));
  return Float32Array.from(xs.slice(0, count));
}

/**
 * Relative error in units of ROUNDING: WGSL gives exp 3 + 2|x| of them, for the exponent that each function takes, and
 * what cancels costs a fixed share of what cancels.
 */
interface Accuracy {
  readonly exponent?: (x: number) => number;
  /** Absolute, in units of ROUNDING: where a derivative crosses zero. */
  readonly crossing?: number;
}

const ACCURACY: Readonly<Record<string, Accuracy>> = {
  elu: { exponent: (x) => Math.abs(x) },
  "elu, alpha 0.3": { exponent: (x) => Math.abs(x) },
  selu: { exponent: (x) => Math.abs(x) },
  erf: { exponent: (x) => x * x },
  gelu: { exponent: (x) => x * x, crossing: 8 },
  "gelu with tanh": { exponent: (x) => Math.abs(x ** 3) + 4 * Math.abs(x), crossing: 16 },
  mish: { exponent: (x) => Math.abs(x), crossing: 8 },
  silu: { exponent: (x) => Math.abs(x), crossing: 8 },
  sigmoid: { exponent: (x) => Math.abs(x) },
  softplus: { exponent: (x) => Math.abs(x) },
  tanh: { exponent: (x) => 2 * Math.abs(x) },
  hardSwish: { crossing: 2 },
  hardSigmoid: { crossing: 2 },
  "hardSigmoid of ONNX": { crossing: 2 },
};

function allowed(name: string, x: number, want: number): number {
  const { exponent, crossing = 0 } = ACCURACY[name] ?? {};
  const relative = 16 + (exponent ? 2 * Math.min(exponent(x), 200) : 0);
  // Below 1e-37 an adapter may flush to zero.
  return ROUNDING * (relative * Math.abs(want) + crossing) + 1e-37;
}

export async function valueAndDerivative(backend: Backend, build: (graph: Graph, x: Node) => Node, xs: Float32Array) {
  const graph = new Graph();
  const x = graph.input("x", [xs.length]);
  const y = build(graph, x);
  const [dx] = graph.gradients(y, [x], graph.constant(new Float32Array(xs.length).fill(1))) as [Node];
  const program = await backend.compile(graph, { outputs: { y, dx } });
  const out = await program.run({ x: xs });
  program.dispose();
  return out as Record<"y" | "dx", { data: ArrayLike<number> }>;
}

/** Throws unless values and derivatives are within WGSL's accuracy of the CPU backend's. */
export async function checkPointwise(backend: Backend, name: string, build: PointwiseCase["build"]): Promise<void> {
  for (const count of [2000, 1001]) {
    const xs = sweep(count, SEED).filter((x) => !name.startsWith("pow") || Math.abs(x) < 1e10);
    const [got, want] = [await valueAndDerivative(backend, build, xs), await valueAndDerivative(cpu(), build, xs)];
    for (const part of ["y", "dx"] as const) {
      xs.forEach((x, i) => {
        const [actual, expected] = [got[part].data[i] as number, want[part].data[i] as number];
        const within = Math.abs(actual - expected) <= allowed(name, x, expected);
        if (!within) throw new Error(`${part}(${x}) is ${actual}, the reference has ${expected}`);
      });
    }
  }
}
