import { type Shape, sizeOf } from "../../core/shape.ts";
import { type DeviceTraits, linearWorkgroups } from "../kernel.ts";
import { lanesPerRow, rowReduction, workgroupReduction, workgroupThreads } from "./sizes.ts";

/** A matrix that kernels walk over row by row. */
export interface Rows {
  readonly rows: number;
  readonly columns: number;
}

/** A tensor as rows along its last axis. */
export function asRows(shape: Shape): Rows {
  const columns = shape[shape.length - 1] ?? 1;
  return { rows: sizeOf(shape) / columns, columns };
}

/** The constants that `row_softmax.wgsl` wants, and `workgroup_sum.wgsl` beside it. */
export function rowConstants({ rows, columns }: Rows, threads: number, lanes: number, traits: DeviceTraits) {
  return {
    ...rowReduction(threads, lanes, traits),
    ...workgroupReduction(threads, traits),
    ROWS: rows,
    COLUMNS: columns,
    STEPS: Math.ceil(columns / lanes),
  };
}

/** A kernel of which a row takes `lanesPerRow` threads. */
export function rowKernel(shape: Rows, traits: DeviceTraits) {
  const lanes = lanesPerRow(shape.rows, shape.columns, traits);
  const threads = workgroupThreads(traits);
  return {
    constants: rowConstants(shape, threads, lanes, traits),
    workgroups: linearWorkgroups(shape.rows * lanes, threads),
    variant: `${lanes} thread${lanes === 1 ? "" : "s"} a row`,
  };
}
