/** Gradients of strided convolutions, and average pools: exact on whole numbers at geometries that nobody would choose. */
import { afterAll, describe, expect, it } from "vitest";
import { convGeometry, type Padding, type Pair, poolGeometry } from "../../src/core/window_geometry.ts";
import type { Node } from "../../src/graph/node.ts";
import { Graph } from "../../src/graph.ts";
import { openWasm } from "../../src/wasm/backend.ts";
import { checkAgreement, tensor } from "../support/agreement.ts";
import { RandomData } from "../support/random.ts";

const SEED = 4401;
const COUNT = 60;
const backend = await openWasm();
afterAll(() => backend.dispose());

const pairOf = (random: RandomData, most: number): Pair => [random.integer(1, most), random.integer(1, most)];
const paddingOf = (random: RandomData): Padding => {
  const pad = (): Pair => [random.integer(0, 3), random.integer(0, 3)];
  return random.pick(["same", "valid", [pad(), pad()]] as const);
};

describe(`windows that step over pixels (seed ${SEED})`, () => {
  it(`results and gradients are exact at ${COUNT} random geometries, groups and dilation among them`, async () => {
    const random = new RandomData(SEED);
    let done = 0;
    for (; done < COUNT; done++) {
      const [kernel, strides, dilations] = [pairOf(random, 5), pairOf(random, 4), pairOf(random, 3)];
      const [groups, padding] = [random.integer(1, 3), paddingOf(random)];
      const [channels, filters] = [groups * random.integer(1, 9), groups * random.integer(2, 10)];
      // At least as large as a window without padding.
      const size = [0, 1].map((axis) => (kernel[axis]! - 1) * dilations[axis]! + random.integer(1, 9));
      const image = [random.integer(1, 3), ...size, channels];
      const filter = [...kernel, channels / groups, filters];
      const options = { strides, padding, dilations, groups };
      const name = `${image} by ${filter}, ${JSON.stringify(options)}`;
      const g = convGeometry("test", image, filter, options);
      const inputs = [image, filter, [g.batch, g.outHeight, g.outWidth, filters]].map((shape) =>
        tensor(shape, (count) => random.integers(count)),
      );
      const build = (graph: Graph, [x, w, dy]: Node[]) => {
        const y = graph.conv2d(x!, w!, options);
        const [dx, dw] = graph.gradients(y, [x!, w!], dy!) as [Node, Node];
        return { y, dx, dw };
      };
      await checkAgreement(backend, { name, inputs, build });
    }
    expect(done).toBe(COUNT);
  });
});

describe(`average pools (seed ${SEED})`, () => {
  it(`and their gradients are right at ${COUNT} random geometries`, async () => {
    const random = new RandomData(SEED + 1);
    let done = 0;
    for (; done < COUNT; done++) {
      const [size, strides, dilations] = [pairOf(random, 4), pairOf(random, 4), pairOf(random, 2)];
      const [ceilMode, countIncludePad] = [random.pick([true, false]), random.pick([true, false])];
      const pad = (axis: 0 | 1): Pair => [random.integer(0, size[axis] >> 1), random.integer(0, size[axis] >> 1)];
      const padding = random.pick(["same", "valid", [pad(0), pad(1)]] as const);
      const options = { size, strides, padding, dilations, ceilMode, countIncludePad };
      const image = [
        random.integer(1, 3),
        ...[0, 1].map((axis) => (size[axis]! - 1) * dilations[axis]! + random.integer(1, 8)),
        random.integer(1, 9),
      ];
      const g = poolGeometry("test", image, options);
      const inputs = [image, [g.batch, g.outHeight, g.outWidth, g.channels]].map((shape) =>
        tensor(shape, (count) => random.integers(count)),
      );
      const build = (graph: Graph, [x, dy]: Node[]) => {
        const y = graph.avgPool2d(x!, options);
        const [dx] = graph.gradients(y, [x!], dy!) as [Node];
        return { y, dx };
      };
      const name = `${image}, ${JSON.stringify(options)}`;
      // Each of up to 16 quotients rounds.
      await checkAgreement(backend, { name, inputs, build, sumLength: 16 });
    }
    expect(done).toBe(COUNT);
  });

  it("come from kernels", async () => {
    const graph = new Graph();
    const x = graph.input("x", [2, 7, 8, 6]);
    const y = graph.avgPool2d(x, { size: [3, 2], padding: "same" });
    const [dx] = graph.gradients(graph.sum(graph.mul(y, y)), [x]) as [Node];
    const program = await backend.compile(graph, { outputs: { y, dx } });
    expect(String(program)).toMatch(/avgPool2d +average pool/);
    expect(String(program)).toMatch(/avgPool2dGradient +average pool gradient/);
    program.dispose();
  });
});
