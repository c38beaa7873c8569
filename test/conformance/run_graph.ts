import { cpu } from "../../src/cpu/backend.ts";
import type { Backend } from "../../src/graph/backend.ts";
import type { Node } from "../../src/graph/node.ts";
import { Graph } from "../../src/graph.ts";

/** A value by name, with its shape where it is an input. */
export interface Given {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

export type Build = (graph: Graph, inputs: Record<string, Node>) => Record<string, Node>;
export type Results = Record<string, ArrayLike<number>>;

/** Builds a graph over f32 inputs, runs it once and frees it. */
export async function runGraph(backend: Backend, inputs: Record<string, Given>, build: Build): Promise<Results> {
  const graph = new Graph();
  const nodes = Object.entries(inputs).map(([name, { shape }]) => [name, graph.input(name, shape)]);
  const program = await backend.compile(graph, { outputs: build(graph, Object.fromEntries(nodes)) });
  try {
    const feeds = Object.entries(inputs).map(([name, { data }]) => [name, data]);
    const results = await program.run(Object.fromEntries(feeds));
    return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data]));
  } finally {
    program.dispose();
  }
}

/**
 * Σ|a||b| behind each result of a graph of sums of products (convolutions, means, biases and their gradients): the same
 * graph over the inputs' absolute values.
 */
export function magnitudes(inputs: Record<string, Given>, build: Build): Promise<Results> {
  const absolute = Object.entries(inputs).map(([name, { shape, data }]) => [name, { shape, data: data.map(Math.abs) }]);
  return runGraph(cpu({ precision: "f64" }), Object.fromEntries(absolute), build);
}
