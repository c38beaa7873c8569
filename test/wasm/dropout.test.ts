/** Dropout by WebAssembly's kernel drops what the CPU backend drops, and nothing else. */
import { afterAll, expect, it } from "vitest";
import { cpu } from "../../src/cpu/backend.ts";
import { Graph } from "../../src/graph.ts";
import { openWasm } from "../../src/wasm/backend.ts";

const backends = [cpu(), await openWasm()] as const;
afterAll(() => {
  for (const backend of backends) backend.dispose();
});

it.each([
  [0.5, 1, [7, 13, 3]],
  [0.25, 4_000_000_000, [64]],
  [0.9, 77, [3, 5, 11]],
  [0, 3, [9]],
])("a rate of %d in step %d of [%j]", async (rate, step, shape) => {
  const count = shape.reduce((product, extent) => product * extent, 1);
  const x = Float32Array.from({ length: count }, (_, index) => index + 1);
  const [want, got] = await Promise.all(
    backends.map(async (backend) => {
      const graph = new Graph();
      const y = graph.dropout(graph.input("x", shape), {
        step: graph.input("step", [], "u32"),
        rate,
        seed: 5,
        stream: 2,
      });
      const program = await backend.compile(graph, { outputs: { y } });
      const table = String(program);
      const out = await program.run({ x, step: Uint32Array.of(step) });
      program.dispose();
      return { table, values: Array.from(out["y"]?.data ?? []) };
    }),
  );
  expect(got?.table).not.toContain("loops");
  expect(got?.values).toHaveLength(count);
  got?.values.forEach((value, index) => {
    const expected = want?.values[index] ?? Number.NaN;
    // The factor and the product round once each.
    expect(Math.abs(value - expected), `element ${index}`).toBeLessThanOrEqual(2 ** -23 * expected);
  });
});
