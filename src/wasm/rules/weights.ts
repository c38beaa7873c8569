import type { Node } from "../../graph/node.ts";
import { type PanelSource, panels } from "../product.ts";
import { Hidden, type Task } from "../task.ts";
import { FLOAT, range } from "./patches.ts";

export interface PackedWeights {
  readonly task: Task;
  readonly packed: Hidden;
  /** Bytes from one group's panels to the next group's. */
  readonly groupBytes: number;
}

/**
 * Brings the weights that `node` multiplies with into panels: a task by itself, since where they do not change they are packed once.
 * Each of `groups` begins at one of these bytes.
 */
export function packedWeights(
  node: Node,
  weights: Node,
  source: PanelSource,
  groups: readonly number[] = [0],
): PackedWeights {
  const matrix = panels(source);
  const { bytes } = matrix;
  const packed = new Hidden("f32", (groups.length * bytes) / FLOAT, node);
  const task: Task = {
    ...{ layer: node.layer, op: "pack weights", kernel: "panels", shape: weights.shape, flops: 0 },
    ...{ reads: [weights], makes: [packed], scratch: [], tables: [], kernels: matrix.kernels },
    bind(places) {
      const [from, to] = [places.array(weights).address, places.array(packed).address];
      return places.inSlices(groups.flatMap((start, group) => matrix.slices(from + start, to + group * bytes)));
    },
  };
  return { task, packed, groupBytes: bytes };
}

/** Bytes to the first of each group's channels. */
export const groupStarts = (groups: number, channels: number): number[] =>
  range(groups, (group) => group * channels * FLOAT);
