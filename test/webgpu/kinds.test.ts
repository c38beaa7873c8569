import { expect, test } from "vitest";
import { convGeometry } from "../../src/core/window_geometry.ts";
import type { Node } from "../../src/graph/node.ts";
import { Graph } from "../../src/graph.ts";
import { lowerGraph } from "../../src/webgpu/lower.ts";
import { conv2dFilterGradient, conv2dForward, conv2dInputGradient } from "../support/convolutions.ts";
import { convOptions } from "../support/random.ts";

const LIMITS = { maxWorkgroupSize: 256, maxWorkgroupStorage: 16384, winograd: false };
const DEVICES = [
  { ...LIMITS, software: true, autotunes: false },
  { ...LIMITS, software: false, autotunes: false },
  { ...LIMITS, software: false, autotunes: true },
];

/** Kernel, input channels of a group, groups, filters, stride: first layers, colours, inner layers, groups, depthwise ones. */
const KINDS = [
  ...[1, 3, 4, 5, 8].flatMap((channels) => [1, 2, 3].map((stride) => [3, channels, 1, 8, stride] as const)),
  ...[1, 2].flatMap((stride) => [8, 16].map((filters) => [3, 1, 8, filters, stride] as const)),
  [5, 4, 2, 8, 2],
  [2, 2, 4, 12, 1],
  [7, 1, 4, 4, 3],
  [9, 1, 4, 4, 1],
  [1, 16, 1, 6, 1],
  [3, 16, 1, 24, 1],
  [3, 32, 1, 16, 2],
] as const;

/** The kernels of a convolution with bias and ReLU, perhaps of its 2×2 pool, and of its gradients, as a graph gets them. */
async function kernelsOf([kernel, perGroup, groups, filters, stride]: (typeof KINDS)[number], pool: boolean) {
  const options = { strides: [stride, stride], padding: "same", dilations: [1, 1], groups } as const;
  const shapes = { x: [2, 12, 12, perGroup * groups], w: [kernel, kernel, perGroup, filters] };
  const geometry = convGeometry("test", shapes.x, shapes.w, options);
  const graph = new Graph();
  const [x, w, b] = [graph.input("x", shapes.x), graph.input("w", shapes.w), graph.input("b", [filters])];
  const activated = graph.relu(graph.add(graph.conv2d(x, w, convOptions(geometry)), b));
  const y = pool
    ? graph.maxPool2d(activated, { size: [2, 2], strides: [2, 2], padding: "valid", dilations: [1, 1] })
    : activated;
  const [dx, dw, db] = graph.gradients(graph.sum(graph.mul(y, graph.input("dy", y.shape))), [x, w, b]) as [
    Node,
    Node,
    Node,
  ];
  return { graph, outputs: { y, dx, dw, db }, geometry };
}

test.each(DEVICES)(
  "graphs get the kernels that are best of all modules: on software $software, autotuned $autotunes",
  async (traits) => {
    for (const kind of KINDS) {
      for (const pool of [false, true]) {
        const { graph, outputs, geometry } = await kernelsOf(kind, pool);
        const { dispatches } = await lowerGraph(graph, outputs, traits);
        const convolutions = dispatches.map(({ spec }) => spec.name).filter((name) => /^(conv2d|depthwise)/.test(name));
        const both = { geometry, bias: true };
        const wanted = [
          conv2dForward({ ...both, relu: true, pool }, traits),
          conv2dInputGradient({ geometry, unpool: pool }, traits),
          conv2dFilterGradient({ ...both, unpool: pool, slices: 1 }, traits),
        ];
        expect(convolutions.sort(), `${kind.join()} ${pool}`).toEqual(wanted.map(({ name }) => name).sort());
      }
    }
  },
);
