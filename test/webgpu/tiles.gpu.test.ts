import { describe, expect, it } from "vitest";
import { cpu } from "../../src/cpu/backend.ts";
import type { Node } from "../../src/graph/node.ts";
import { Graph } from "../../src/graph.ts";
import { lowerGraph } from "../../src/webgpu/lower.ts";
import { otherTiles } from "../../src/webgpu/other_tiles.ts";
import type { Plan } from "../../src/webgpu/plan.ts";
import { buildProgram } from "../../src/webgpu/program.ts";
import { expectExact } from "../support/compare.ts";
import { deviceOfFile } from "../support/device.ts";
import { isWhole, shareOf, shareWords } from "../support/gpu.ts";
import { integers, traitsOfEachKind } from "./kernels_support.ts";

const gpu = await deviceOfFile({ quickStart: false });

interface Geometry {
  readonly x: readonly [number, number, number, number];
  readonly w: readonly [number, number, number, number];
  readonly strides?: readonly [number, number];
  readonly groups?: number;
  readonly pool?: boolean;
}

const GEOMETRIES: Readonly<Record<string, Geometry>> = {
  "whole vectors": { x: [2, 9, 11, 8], w: [3, 3, 8, 16] },
  "whole vectors before a pool": { x: [2, 8, 10, 8], w: [3, 3, 8, 16], pool: true },
  "odd channels and odd places before a pool": { x: [2, 7, 9, 3], w: [3, 3, 3, 6], pool: true },
  "one channel before a pool": { x: [2, 12, 12, 1], w: [3, 3, 1, 8], pool: true },
  "two places apart": { x: [2, 9, 9, 4], w: [3, 3, 4, 8], strides: [2, 2] },
  "single taps": { x: [2, 5, 6, 8], w: [1, 1, 8, 16] },
  "five taps in two groups": { x: [1, 8, 7, 8], w: [5, 5, 4, 8], groups: 2 },
};

/** A convolution with bias and ReLU, and a product of matrices behind it, with all their gradients. */
function network({ x, w, strides = [1, 1], groups = 1, pool = false }: Geometry) {
  const graph = new Graph();
  const image = graph.input("x", x);
  const filter = graph.input("w", w);
  const bias = graph.input("bias", [w[3]]);
  const convolved = graph.conv2d(image, filter, { padding: "same", strides, groups });
  const active = graph.relu(graph.add(convolved, bias));
  const y = pool ? graph.maxPool2d(active, { size: [2, 2] }) : active;
  const upstream = graph.input("dy", y.shape);
  const size = y.shape.slice(1).reduce((product, extent) => product * extent, 1);
  const weights = graph.input("weights", [size, 5]);
  const product = graph.matmul(graph.reshape(y, [x[0], size]), weights);
  const loss = graph.add(graph.sum(graph.mul(y, upstream)), graph.sum(product));
  const gradients = graph.gradients(loss, [image, filter, bias, weights]);
  const [dx, dw, dbias, dweights] = gradients as [Node, Node, Node, Node];
  const inputs = { x: image, w: filter, bias, dy: upstream, weights };
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, { shape }], index) => [
      name,
      integers(
        shape.reduce((a, b) => a * b, 1),
        index,
        -2,
        2,
      ),
    ]),
  );
  return { graph, outputs: { y, product, dx, dw, dbias, dweights }, feeds };
}

/** The plan with the `turn`-th tile of everything that has several, and how many turns there are. */
function variant(plan: Plan, turn: number): { plan: Plan; turns: number } {
  let turns = 1;
  const dispatches = plan.dispatches.map((dispatch) => {
    const others = otherTiles(dispatch.spec);
    turns = Math.max(turns, others.length);
    const spec = others[turn % Math.max(1, others.length)];
    return spec === undefined ? dispatch : { ...dispatch, spec };
  });
  return { plan: { ...plan, dispatches }, turns };
}

describe(`tiles that the autotuner may try (${shareWords})`, () => {
  const all = Object.entries(GEOMETRIES).flatMap(([name, geometry], index) =>
    traitsOfEachKind.map(([kind, traits]) => ({ name: `${name}, ${kind}`, geometry, traits, index })),
  );
  // Software adapters keep to the tiles that are chosen for them, unless somebody asks for tuning.
  const cases = isWhole ? all : all.filter(({ traits, index }) => !traits.software || index < 2);
  it.each(cases)("compute exactly what the CPU does on whole numbers: $name", async ({ geometry, traits }) => {
    const { graph, outputs, feeds } = network(geometry);
    const wanted = await (await cpu().compile(graph, { outputs })).run(feeds);
    const plan = await lowerGraph(graph, outputs, { ...traits, winograd: false });
    const { turns } = variant(plan, 0);
    expect(turns).toBeGreaterThan(1);
    const tried = shareOf(Array.from({ length: turns }, (_, turn) => turn));
    expect(tried.length).toBeGreaterThan(0);
    for (const turn of tried) {
      const program = await buildProgram(gpu.backend, variant(plan, turn).plan);
      const found = await program.run(feeds);
      program.dispose();
      for (const [output, { data }] of Object.entries(wanted)) {
        expectExact(found[output]?.data ?? [], data);
      }
    }
  });
});
