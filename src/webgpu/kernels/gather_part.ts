import gatherPartShader from "../../../shaders/gather_part.wgsl?raw";
import { at } from "../../core/at.ts";
import { sizeOf } from "../../core/shape.ts";
import { type DeviceTraits, type KernelSpec, linearWorkgroups, presentBindings } from "../kernel.ts";
import { type Lowering, lowering } from "../lowering.ts";
import { workgroupThreads } from "./sizes.ts";
import { tableOf } from "./table.ts";

export interface GatherPartOptions {
  readonly batch: number;
  /** Elements of one row. */
  readonly rowSize: number;
  readonly dtype: "u8" | "f32";
  readonly scale: number;
  /** The rows of the table: from which number on, and how many. */
  readonly first: number;
  readonly count: number;
  /** Whether there are values for rows that lie elsewhere. */
  readonly others: boolean;
}

/** Rows by number (i32) of one part of a table. */
export function gatherPart(options: GatherPartOptions, traits: DeviceTraits): KernelSpec {
  const { batch, first, count, others } = options;
  const threads = workgroupThreads(traits);
  const { elements, includes, constants, variant } = tableOf(options);
  return {
    name: "gather_part",
    shader: gatherPartShader,
    includes,
    constants: { THREADS: threads, BATCH: batch, ...constants, FIRST: first, COUNT: count, OTHERS: others },
    bindings: presentBindings({ table: "read", rows: "read", others: others && "read", output: "write" }),
    workgroups: linearWorkgroups(batch * elements, threads),
    variant,
    flops: batch * options.rowSize,
  };
}

export const gatherPartLowerings: readonly Lowering[] = [
  lowering("gatherPart", (node, values, output, emit) => {
    const table = node.operand("table");
    const others = node.optionalOperand("others");
    const spec = gatherPart(
      {
        batch: at(node.shape, 0),
        rowSize: sizeOf(table.shape.slice(1)),
        dtype: table.dtype === "u8" ? "u8" : "f32",
        ...{ scale: node.attributes.scale, first: node.attributes.first, count: at(table.shape, 0) },
        others: others !== undefined,
      },
      emit.traits,
    );
    emit.dispatch(spec, {
      table: values.operand("table"),
      rows: values.operand("rows"),
      others: others && values.operand("others"),
      output,
    });
  }),
];
