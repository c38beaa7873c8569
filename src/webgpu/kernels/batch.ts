import batchRowsShader from "../../../shaders/batch_rows.wgsl?raw";
import gatherRowsShader from "../../../shaders/gather_rows.wgsl?raw";
import gatherRowsGradientShader from "../../../shaders/gather_rows_gradient.wgsl?raw";
import { at } from "../../core/at.ts";
import { sizeOf } from "../../core/shape.ts";
import type { BatchRowsAttributes } from "../../graph/ops/batch_rows.ts";
import { type DeviceTraits, type KernelSpec, linearWorkgroups } from "../kernel.ts";
import { type Lowering, lowering } from "../lowering.ts";
import { batchRowConstants, batchRowIncludes } from "./fetch_batch.ts";
import { workgroupThreads } from "./sizes.ts";
import { tableOf } from "./table.ts";

/** Row numbers (i32) of the batch that the cursor (u32) names. */
export function batchRows(options: BatchRowsAttributes, traits: DeviceTraits): KernelSpec {
  const threads = workgroupThreads(traits);
  return {
    name: "batch_rows",
    shader: batchRowsShader,
    includes: batchRowIncludes,
    constants: { THREADS: threads, ...batchRowConstants(options) },
    bindings: { cursor: "read", rows: "write" },
    workgroups: linearWorkgroups(options.batch, threads),
    ...(options.shuffle ? { variant: "shuffled" } : {}),
    flops: 0,
  };
}

export interface GatherRowsOptions {
  readonly batch: number;
  /** Elements of one row. */
  readonly rowSize: number;
  readonly dtype: "u8" | "f32" | "i32";
  readonly scale: number;
}

/** Rows of a table by number (i32). */
export function gatherRows(options: GatherRowsOptions, traits: DeviceTraits): KernelSpec {
  const { batch, rowSize, dtype } = options;
  const threads = workgroupThreads(traits);
  const { elements, includes, constants, variant } = tableOf(options);
  return {
    name: "gather_rows",
    shader: gatherRowsShader,
    includes,
    constants: { THREADS: threads, BATCH: batch, ...constants },
    bindings: { table: "read", rows: "read", output: "write" },
    workgroups: linearWorkgroups(batch * elements, threads),
    variant,
    flops: dtype === "i32" ? 0 : batch * rowSize,
  };
}

/** What arrives at the copies of each row of a table; `rows` are their numbers (i32). */
export function gatherRowsGradient(
  options: { batch: number; tableRows: number; rowSize: number; scale: number },
  traits: DeviceTraits,
): KernelSpec {
  const { batch, tableRows, rowSize, scale } = options;
  const threads = workgroupThreads(traits);
  const vector = rowSize % 4 === 0;
  const elements = vector ? rowSize / 4 : rowSize;
  return {
    name: "gather_rows_gradient",
    shader: gatherRowsGradientShader,
    constants: {
      THREADS: threads,
      VECTOR: vector,
      BATCH: batch,
      TABLE_ROWS: tableRows,
      ROW_SIZE: elements,
      SCALE: { f32: scale },
    },
    bindings: { rows: "read", upstream: "read", output: "write" },
    workgroups: linearWorkgroups(tableRows * elements, threads),
    variant: vector ? "4 elements a thread" : "1 element a thread",
    flops: batch * rowSize,
  };
}

export const batchLowerings: readonly Lowering[] = [
  lowering("batchRows", (node, values, output, emit) => {
    emit.dispatch(batchRows(node.attributes, emit.traits), { cursor: values.operand("cursor"), rows: output });
  }),
  lowering("gatherRows", (node, values, output, emit) => {
    const table = node.operand("table");
    const spec = gatherRows(
      {
        batch: at(node.shape, 0),
        rowSize: sizeOf(table.shape.slice(1)),
        dtype: table.dtype === "u8" || table.dtype === "i32" ? table.dtype : "f32",
        scale: node.attributes.scale,
      },
      emit.traits,
    );
    emit.dispatch(spec, { table: values.operand("table"), rows: values.operand("rows"), output });
  }),
  lowering("gatherRowsGradient", (node, values, output, emit) => {
    const options = {
      batch: at(node.operand("rows").shape, 0),
      tableRows: at(node.shape, 0),
      rowSize: sizeOf(node.shape.slice(1)),
      scale: node.attributes.scale,
    };
    emit.dispatch(gatherRowsGradient(options, emit.traits), {
      rows: values.operand("rows"),
      upstream: values.operand("upstream"),
      output,
    });
  }),
];
