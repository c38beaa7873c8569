/** "corteza/graph": the graph itself, for own losses, saliency and checks. */
export type { Backend, Feeds, Program, ProgramStats } from "./graph/backend.ts";
export { Graph } from "./graph/graph.ts";
export { Arena, type Node, Variable } from "./graph/node.ts";
export type { BatchNormOptions } from "./graph/ops/batch_norm.ts";
export type { Conv2dOptions } from "./graph/ops/conv2d.ts";
export type { MatmulOptions } from "./graph/ops/matmul.ts";
export type { Pool2dOptions } from "./graph/ops/max_pool2d.ts";
