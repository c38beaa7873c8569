import { type Shape, sizeOf } from "../core/shape.ts";
import type { DType, TypedArray } from "../core/tensor.ts";
import type { Arena, Variable } from "../graph/node.ts";
import type { StoredType } from "./lowering.ts";
import type { GrowingValue, Placement, PlannedValue } from "./plan.ts";

/** A part of another value. */
export interface ViewRange {
  /** A multiple of 64 elements. */
  readonly offset: number;
  readonly size: number;
  readonly label: string;
  /** Default: the type of the whole. */
  readonly dtype?: StoredType;
}

/** The values of one plan; variables and arenas have one each, however often they are asked for. */
export class PlannedValues {
  /** What is fed, by name. */
  readonly inputs = new Map<string, { value: PlannedValue; shape: Shape }>();
  readonly #variables = new Map<Variable, PlannedValue>();
  readonly #arenas = new Map<Arena, PlannedValue>();
  #count = 0;

  /** The variables that were asked for. */
  get variables(): Iterable<Variable> {
    return this.#variables.keys();
  }

  #newValue(
    label: string,
    size: number,
    dtype: StoredType,
    placement: Placement = { kind: "transient" },
  ): GrowingValue {
    return { id: this.#count++, label, size, dtype, placement };
  }

  scratch(label: string, size: number, dtype: StoredType = "f32"): PlannedValue {
    return this.#newValue(label, size, dtype);
  }

  growing(label: string, size: number, dtype: StoredType = "f32"): GrowingValue {
    return this.#newValue(label, size, dtype);
  }

  constant(label: string, data: TypedArray, dtype: DType): PlannedValue {
    return this.#newValue(label, data.length, dtype, { kind: "constant", data });
  }

  view(parent: PlannedValue, { offset, size, label, dtype = parent.dtype }: ViewRange): PlannedValue {
    return this.#newValue(label, size, dtype, { kind: "view", parent, offset });
  }

  input(name: string, shape: Shape, dtype: DType): PlannedValue {
    const value = this.#newValue(name, sizeOf(shape), dtype, { kind: "input", name });
    this.inputs.set(name, { value, shape });
    return value;
  }

  arena(arena: Arena): PlannedValue {
    const known = this.#arenas.get(arena);
    const value = known ?? this.#newValue(arena.name, arena.size, "f32", { kind: "arena", arena });
    this.#arenas.set(arena, value);
    return value;
  }

  variable(variable: Variable): PlannedValue {
    const value = this.#variables.get(variable) ?? this.#newVariable(variable);
    this.#variables.set(variable, value);
    return value;
  }

  #newVariable(variable: Variable): PlannedValue {
    const { name, size, dtype, arena, arenaOffset } = variable;
    return arena
      ? this.view(this.arena(arena), { offset: arenaOffset, size, label: name })
      : this.#newValue(name, size, dtype, { kind: "variable", variable });
  }
}
