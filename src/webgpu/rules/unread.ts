import type { Node } from "../../graph/node.ts";
import { Annotation } from "./rule.ts";

/** Left at a node: operands whose values its kernel does not read, because it finds what it needs of them elsewhere. */
export const UNREAD = new Annotation<ReadonlySet<Node>>();
