import { sizeOf } from "../../src/core/shape.ts";
import { cpu } from "../../src/cpu/backend.ts";
import type { Backend } from "../../src/graph/backend.ts";
import type { Node } from "../../src/graph/node.ts";
import { Graph } from "../../src/graph.ts";

/** Half a unit in the last place of f32, relative. */
const ROUNDING = 2 ** -24;

/** Inputs, what is built from them, and how exact it must be. */
export interface AgreementCase {
  name: string;
  inputs: { shape: readonly number[]; values: Float64Array }[];
  /** Several results by name. */
  build(graph: Graph, inputs: Node[]): Record<string, Node>;
  /** Length of the longest sum behind a result; absent: results must be equal, because the inputs are small integers. */
  sumLength?: number;
  /** Relative error that functions such as exp add, in units of ROUNDING. */
  functionError?: number;
}

/** Runs a case on a backend. With `magnitudes`, inputs are their absolute values: results are then Σ|a||b|. */
async function run(
  backend: Backend,
  { inputs, build }: AgreementCase,
  magnitudes = false,
): Promise<Record<string, ArrayLike<number>>> {
  const graph = new Graph();
  const outputs = build(
    graph,
    inputs.map(({ shape }, index) => graph.input(`x${index}`, shape)),
  );
  const program = await backend.compile(graph, { outputs });
  const feeds = inputs.map(({ values }, index) => [`x${index}`, magnitudes ? values.map(Math.abs) : values]);
  const results = await program.run(Object.fromEntries(feeds));
  program.dispose();
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data]));
}

const reference = cpu({ precision: "f64" });

/** |got − want| ≤ 8 · √K · 2⁻²⁴ · Σ|a||b|, or equality where no rounding is possible. */
export async function checkAgreement(gpu: Backend, one: AgreementCase): Promise<void> {
  const [got, want] = [await run(gpu, one), await run(reference, one)];
  const sums = one.sumLength === undefined ? undefined : await run(reference, one, true);
  for (const [output, values] of Object.entries(want)) {
    for (let i = 0; i < values.length; i++) {
      const [actual, expected] = [got[output]?.[i] as number, values[i] as number];
      const magnitude = Math.abs((sums?.[output]?.[i] as number | undefined) ?? 0);
      const relative = (one.functionError ?? 0) * Math.abs(expected);
      const allowed =
        ROUNDING * (8 * Math.sqrt(one.sumLength ?? 0) * magnitude + relative) + (one.functionError ? 1e-30 : 0);
      if (!(Math.abs(actual - expected) <= allowed)) {
        throw new Error(
          `${one.name}: ${output}[${i}] is ${actual}, the reference has ${expected} (allowed ± ${allowed})`,
        );
      }
    }
  }
}

/** Values for a shape. */
export function tensor(shape: readonly number[], make: (count: number) => Float64Array) {
  return { shape, values: make(sizeOf(shape)) };
}
