import { ArgumentError } from "../core/errors.ts";
import { checkOptions, describeValue, isPromise, type OptionKinds } from "../core/options.ts";
import type { Backend, CompileOptions } from "./backend.ts";
import { Graph } from "./graph.ts";
import type { Node } from "./node.ts";

/** Throws `ArgumentError`, which says what to write, unless `backend` is one: it forgets no `await`, no call and no name. */
export function checkBackend(where: string, backend: Backend): void {
  const given: unknown = backend;
  if (typeof given === "object" && given !== null && "compile" in given && typeof given.compile === "function") return;
  const write = `${where}: backend must be what await webgpu(), await wasm(), await bestBackend() or cpu() gives`;
  if (isPromise(given)) throw new ArgumentError(`${write}; this is a promise: write backend: await webgpu().`);
  if (typeof given === "function") throw new ArgumentError(`${write}; this is ${describeValue(given)}: call it.`);
  throw new ArgumentError(`${write}, got ${describeValue(given)}.`);
}

/** What a function of the user's own gave as a node of `graph`. Throws `ArgumentError`, which names it as `what`, for anything else. */
export function checkNode(what: string, graph: Graph, given: unknown): Node {
  if (typeof given !== "object" || given === null || !("op" in given) || !("graph" in given)) {
    throw new ArgumentError(
      `${what} gave ${describeValue(given)}; wants a node, as graph.mean(x, 1) makes it, and a return before it.`,
    );
  }
  if (given.graph !== graph) {
    throw new ArgumentError(`${what} gave a node of another graph; make it with the graph that the function is given.`);
  }
  return given as Node;
}

const OPTIONS: OptionKinds<CompileOptions> = { outputs: "any", halfLayers: "any" };

/** Throws `ArgumentError` unless a graph and the outputs asked of it can be compiled: nodes, all of this graph. */
export function checkCompile(graph: Graph, options: CompileOptions): void {
  if (!(graph instanceof Graph)) {
    throw new ArgumentError(
      `compile: wants a Graph, as in compile(graph, { outputs: { y } }), got ${describeValue(graph)}.`,
    );
  }
  checkOptions("compile", options, OPTIONS);
  const outputs: unknown = options.outputs;
  if (typeof outputs !== "object" || outputs === null || Array.isArray(outputs) || outputs instanceof Map) {
    throw new ArgumentError(
      `compile: outputs must be an object of nodes by name, as in { outputs: { y } }, got ${describeValue(outputs)}.`,
    );
  }
  for (const [name, node] of Object.entries(outputs) as [string, unknown][]) {
    if (typeof node !== "object" || node === null || !("op" in node) || !("graph" in node)) {
      throw new ArgumentError(`compile: output "${name}" is no node of the graph, got ${describeValue(node)}.`);
    }
    if (node.graph !== graph) throw new ArgumentError(`compile: output "${name}" belongs to another graph.`);
  }
}
