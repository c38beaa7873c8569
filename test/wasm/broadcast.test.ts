import { afterAll, describe, expect, it } from "vitest";
import type { Node } from "../../src/graph/node.ts";
import { Graph } from "../../src/graph.ts";
import { openWasm } from "../../src/wasm/backend.ts";
import { checkAgreement, tensor } from "../support/agreement.ts";

const backend = await openWasm();
afterAll(() => backend.dispose());

/** Each: from, to, and whether a kernel does it. */
const CASES: readonly (readonly [readonly number[], readonly number[], boolean])[] = [
  [[2, 1, 1, 6], [2, 3, 4, 6], true],
  [[5], [3, 5], true],
  [[3, 1], [3, 7], true],
  [[1], [2, 3], true],
  [[2, 1, 3, 1], [2, 2, 3, 2], false],
];

describe("values that are repeated", () => {
  it.each(CASES)("from [%j] to [%j]", async (from, to, isKernel) => {
    const build = (graph: Graph, [x]: Node[]) => ({ y: graph.broadcastTo(x as Node, to) });
    const inputs = [tensor(from, (count) => Float64Array.from({ length: count }, (_, index) => index + 1))];
    await checkAgreement(backend, { name: `${from} to ${to}`, inputs, build });
    const graph = new Graph();
    const program = await backend.compile(graph, { outputs: build(graph, [graph.input("x", from)]) });
    expect(String(program)).toMatch(isKernel ? /broadcastTo +repeat/ : /broadcastTo +loops/);
    program.dispose();
  });
});
