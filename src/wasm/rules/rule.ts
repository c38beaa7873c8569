import type { Node } from "../../graph/node.ts";
import type { Task } from "../task.ts";
import type { PooledConvolutions } from "./pooled.ts";
import type { Readers } from "./readers.ts";

/** What a rule may look at beside the node. */
export interface Surroundings {
  readonly readers: Readers;
  readonly pooled: PooledConvolutions;
}

/** Gives the task that computes a node where a kernel does; undefined where it does not take such a node. */
export type Rule = (node: Node, surroundings: Surroundings) => Task | undefined;
