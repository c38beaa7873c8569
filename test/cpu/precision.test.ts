import { describe, expect, it } from "vitest";
import type { CpuOptions } from "../../src/cpu/backend.ts";
import { cpu } from "../../src/cpu.ts";
import type { Node } from "../../src/graph/node.ts";
import { Graph } from "../../src/graph.ts";
import {
  adam,
  batchNormalization,
  conv2d,
  createTrainer,
  dataset,
  dense,
  flatten,
  sequential,
  type Trainer,
} from "../../src/index.ts";

async function valuesOf(build: (graph: Graph) => Node, options: CpuOptions = {}): Promise<number[]> {
  const graph = new Graph();
  const program = await cpu(options).compile(graph, { outputs: { y: build(graph) } });
  return [...((await program.run())["y"]?.data ?? [])];
}

describe("the CPU backend's numbers", () => {
  it("are f32 between ops: what is too large is infinite, what is too fine is rounded", async () => {
    expect(await valuesOf((g) => g.mul(g.constant([3.4e38, -3.4e38]), 2))).toEqual([Infinity, -Infinity]);
    expect(await valuesOf((g) => g.mul(g.mul(g.constant([3e38]), 2), 0.25))).toEqual([Infinity]);
    expect(await valuesOf((g) => g.add(g.constant([1, 1]), g.constant([2 ** -25, 2 ** -23])))).toEqual([
      1,
      1 + 2 ** -23,
    ]);
  });

  it("are summed in f64, and rounded once", async () => {
    const numbers = [2 ** 24, 1, 1, 1, 1, -(2 ** 24)];
    expect(await valuesOf((g) => g.sum(g.constant(numbers)))).toEqual([4]);
    const row = (g: Graph) => g.constant(numbers, [1, 6]);
    expect(await valuesOf((g) => g.matmul(row(g), g.constant(new Array(6).fill(1), [6, 1])))).toEqual([4]);
  });

  it("are f64 where that is asked for", async () => {
    expect(await valuesOf((g) => g.mul(g.constant([3.4e38]), 2), { precision: "f64" })).toEqual([6.8e38]);
  });
});

describe("a CPU run", () => {
  const images = Float32Array.from({ length: 24 * 36 }, (_, i) => ((i * 7919) % 255) / 255);
  const data = dataset({ images, labels: Uint8Array.from({ length: 24 }, (_, i) => i % 3), shape: [6, 6, 1] });
  const made = () =>
    createTrainer(
      sequential({ inputShape: [6, 6, 1], seed: 4 }, [
        conv2d({ filters: 4, kernelSize: 3 }),
        batchNormalization(),
        flatten(),
        dense({ units: 3 }),
      ]),
      { backend: cpu(), loss: "sparseCategoricalCrossentropy", optimizer: adam({ learningRate: 0.01 }), batchSize: 8 },
    );
  const run = async (trainer: Trainer, epochs: number) => {
    const losses: number[] = [];
    await trainer.fit(data, { epochs, onStep: ({ loss }) => losses.push(loss) });
    return losses;
  };

  it("goes on from its checkpoint bit for bit", async () => {
    const whole = await made();
    const expected = await run(whole, 5);
    const first = await made();
    const losses = await run(first, 2);
    const second = await made();
    await second.restore(await first.checkpoint());
    losses.push(...(await run(second, 3)));
    expect(losses).toEqual(expected);
    expect(await second.checkpoint()).toEqual(await whole.checkpoint());
  });
});
