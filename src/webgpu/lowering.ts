import { InternalError } from "../core/errors.ts";
import type { DType, TypedArray } from "../core/tensor.ts";
import type { Attributes, Node, Operands, Variable } from "../graph/node.ts";
import { isOp } from "../graph/op.ts";
import type { OpAttributes, OpName } from "../graph/op_names.ts";
import type { DeviceTraits, KernelSpec } from "./kernel.ts";

/** How elements lie in device memory: as the graph says, or f32 values as 16-bit floats (half_storage.ts). */
export type StoredType = DType | "f16";

/** A tensor on the device, before memory is planned: its elements, and later the place that the planner gives it. */
export interface Value {
  readonly id: number;
  readonly label: string;
  readonly dtype: StoredType;
  /** Elements, without padding. */
  readonly size: number;
}

/** Values by the names of a kernel's bindings; undefined for those that this variant of the kernel lacks. */
export type BoundValues = Readonly<Record<string, Value | undefined>>;

/** Values for the bindings `name_0`, `name_1`, … */
export function numberedValues(name: string, values: readonly Value[]): BoundValues {
  return Object.fromEntries(values.map((value, index) => [`${name}_${index}`, value]));
}

/** The values of a kernel's bindings in their order. Throws an `InternalError` where one is missing or has no binding. */
export function valuesInOrder(spec: KernelSpec, values: BoundValues): readonly Value[] {
  const names = Object.keys(spec.bindings);
  const foreign = Object.keys(values).find((name) => values[name] !== undefined && !names.includes(name));
  if (foreign !== undefined) {
    throw new InternalError(
      `kernel "${spec.name}" was given a value for "${foreign}", which is none of its bindings (${names.join(", ")}).`,
    );
  }
  return names.map((name) => {
    const value = values[name];
    if (value === undefined) {
      throw new InternalError(`kernel "${spec.name}" was given no value for its binding "${name}".`);
    }
    return value;
  });
}

/** What a lowering may do: append dispatches, and ask for scratch values that live only between its own dispatches. */
export interface Emitter {
  readonly traits: DeviceTraits;
  /** Appends one dispatch with a value for each of the kernel's bindings, by name. */
  dispatch(spec: KernelSpec, values: BoundValues): void;
  scratch(label: string, size: number, dtype?: DType): Value;
  /** The value of a variable, for effects. */
  variable(variable: Variable): Value;
  /** Values that never change: a table that a kernel reads. */
  constant(label: string, data: TypedArray, dtype: DType): Value;
}

/** How one op becomes dispatches. */
export interface Lowering {
  readonly op: string;
  /** `output` is the value of the node, or the first variable that an effect writes. */
  lower(node: Node, values: Operands<Attributes, Value>, output: Value, emit: Emitter): void;
}

/** Declares how the op of this name becomes dispatches. */
export function lowering<Name extends OpName>(
  op: Name,
  lower: (node: Node<OpAttributes[Name]>, values: Operands<Attributes, Value>, output: Value, emit: Emitter) => void,
): Lowering {
  return {
    op,
    lower(node, values, output, emit) {
      if (!isOp(node, op)) throw new Error(`lowering of "${op}" was given a "${node.op.name}"`);
      lower(node, values, output, emit);
    },
  };
}
