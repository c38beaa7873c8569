import { ArgumentError } from "../core/errors.ts";
import type { Node } from "../graph/node.ts";
import { isOp } from "../graph/op.ts";
import type { CpuOp } from "./op.ts";
import { assignCpuOp } from "./ops/assign.ts";
import { cpuOps } from "./ops/index.ts";

/** How the CPU computes a node. */
export function cpuOpOf(node: Node): CpuOp {
  const op = isOp(node, "assign") ? assignCpuOp : cpuOps.get(node.op.name);
  if (op === undefined) throw new ArgumentError(`No loop computes "${node.op.name}" on the CPU.`);
  return op;
}
