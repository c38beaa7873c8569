import type { Node } from "../../graph/node.ts";
import type { Task } from "../task.ts";

/** Gives the task that computes a node where a kernel does; undefined where it does not take such a node. */
export type Rule = (node: Node) => Task | undefined;
