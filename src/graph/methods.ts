import { type GradientOptions, gradientsOf } from "./gradients.ts";
import { Graph, hasOpMethods } from "./graph.ts";
import type { Node } from "./node.ts";
import * as ops from "./ops/index.ts";

type Ops = typeof ops;
type Tail<T extends readonly unknown[]> = T extends readonly [unknown, ...infer Rest] ? Rest : never;
/** Every builder of `ops/`, as a method: `g.relu(x)` is `relu(g, x)`. */
export type OpMethods = {
  [Name in keyof Ops as Ops[Name] extends (graph: Graph, ...rest: never[]) => Node | Node[]
    ? Name
    : never]: Ops[Name] extends (...all: infer Parameters) => infer Result
    ? (...rest: Tail<Parameters>) => Result
    : never;
};

/** A graph with every op as a method, and differentiation. */
export interface GraphWithOps extends Graph, OpMethods {
  /**
   * d y / d x for each x, by reverse-mode differentiation. `y` is a scalar, or `seed` has its shape and stands for
   * d loss / d y. An x that y does not depend on gets zeros. `options.recompute` trades time for memory.
   */
  gradients(y: Node, xs: readonly Node[], seed?: Node, options?: GradientOptions): Node[];
}

/**
 * Puts every op on the graphs as a method. The library itself calls the functions of `ops/`, so that a page that draws no
 * graph of its own fetches only the ops that its layers are made of; this brings all of them.
 */
export function addOpMethods(): new () => GraphWithOps {
  if (!hasOpMethods(Graph.prototype)) {
    for (const [name, build] of Object.entries({ ...ops, gradients: gradientsOf })) {
      Object.defineProperty(Graph.prototype, name, {
        value(this: Graph, ...rest: unknown[]) {
          return (build as (graph: Graph, ...rest: unknown[]) => Node)(this, ...rest);
        },
      });
    }
  }
  return Graph as new () => GraphWithOps;
}
