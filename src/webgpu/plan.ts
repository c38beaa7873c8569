import { alignTo } from "../core/align_to.ts";
import type { TypedArray } from "../core/tensor.ts";
import { bytesPerElement } from "../core/tensor.ts";
import type { Arena, Variable } from "../graph/node.ts";
import type { KernelSpec } from "./kernel.ts";
import type { StoredType, Value } from "./lowering.ts";

/** Where a value's bytes come from. */
export type Placement =
  /** Memory of one step, shared with other values whose lifetimes do not overlap. */
  | { readonly kind: "transient" }
  /** Written by `run` from the feed of that name. */
  | { readonly kind: "input"; readonly name: string }
  | { readonly kind: "constant"; readonly data: TypedArray }
  | { readonly kind: "variable"; readonly variable: Variable }
  | { readonly kind: "arena"; readonly arena: Arena }
  /** A range of another value, starting at a multiple of 64 elements. */
  | { readonly kind: "view"; readonly parent: PlannedValue; readonly offset: number };

export interface PlannedValue extends Value {
  readonly placement: Placement;
}

/** A value whose size is known when all its parts are. */
export interface GrowingValue extends PlannedValue {
  size: number;
}

/** One recorded kernel launch, with what tables and profiles want to know of it. */
export interface PlannedDispatch {
  readonly spec: KernelSpec;
  readonly values: readonly PlannedValue[];
  readonly op: string;
  readonly layer: string | undefined;
  readonly alternatives?: Alternatives | undefined;
}

/** Other dispatches that do the job of a dispatch and of those that follow it, `span` in all, for the autotuner to try. */
export interface Alternatives {
  readonly span: number;
  readonly lists: readonly (readonly PlannedDispatch[])[];
}

/** A graph as a list of dispatches; nothing is allocated yet. */
export interface Plan {
  readonly dispatches: readonly PlannedDispatch[];
  readonly inputs: ReadonlyMap<string, { readonly value: PlannedValue; readonly shape: readonly number[] }>;
  readonly outputs: ReadonlyMap<string, { readonly value: PlannedValue; readonly shape: readonly number[] }>;
  /** Every variable that the program reads or writes. */
  readonly variables: ReadonlySet<Variable>;
}

/** Bytes of one element as it is stored. */
export function storedBytes(dtype: StoredType): number {
  return dtype === "f16" ? 2 : bytesPerElement(dtype);
}

/** Size of the buffer range of a value: whole vec4s, so that kernels may load four elements at a time. */
export function byteSize(size: number, dtype: StoredType): number {
  return Math.max(16, alignTo(size * storedBytes(dtype), 16));
}

/** The value that owns the memory in which `value` lies. */
export function rootOf(value: PlannedValue): PlannedValue {
  let root = value;
  while (root.placement.kind === "view") root = root.placement.parent;
  return root;
}

/** Elements between the start of the root's memory and the value. */
export function offsetInRoot(value: PlannedValue): number {
  let offset = 0;
  let current = value;
  while (current.placement.kind === "view") {
    offset += current.placement.offset;
    current = current.placement.parent;
  }
  return offset;
}
