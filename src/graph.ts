/** "corteza/graph": the graph itself, for own losses, saliency and checks. */
import { addOpMethods, type GraphWithOps } from "./graph/methods.ts";
import { provideLateParts } from "./nn/provided_parts.ts";

/**
 * A computation as data: leaves (`input`, `constant`, `variable`), ops over them as methods, and effects that change
 * variables at the end of a step. It knows no device; `backend.compile(graph, { outputs })` makes it run.
 */
export const Graph = provideLateParts(addOpMethods());
/** See the class of the same name. */
export type Graph = GraphWithOps;

export type { Backend, Feeds, Program, ProgramStats } from "./graph/backend.ts";
export { Arena, type Node, Variable } from "./graph/node.ts";
export type { BatchNormOptions } from "./graph/ops/batch_norm.ts";
export type { Conv2dOptions } from "./graph/ops/conv2d.ts";
export type { MatmulOptions } from "./graph/ops/matmul.ts";
export type { Pool2dOptions } from "./graph/ops/max_pool2d.ts";
