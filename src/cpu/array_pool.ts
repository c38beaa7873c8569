import type { DType } from "../core/tensor.ts";
import type { Node } from "../graph/node.ts";
import { isView, ownerOf } from "../graph/schedule.ts";
import type { CpuArray } from "./op.ts";

/** For each node of `nodes` (in order of ids) the arrays' owners that nothing reads after it. `kept` are never let go. */
export function lastReads(nodes: readonly Node[], kept: readonly Node[]): ReadonlyMap<Node, readonly Node[]> {
  const keptOwners = new Set(kept.map(ownerOf));
  const lastReader = new Map<Node, Node>();
  for (const node of nodes) {
    if (!isView(node)) for (const input of node.inputs) lastReader.set(ownerOf(input), node);
  }
  const released = new Map<Node, Node[]>();
  for (const [owner, reader] of lastReader) {
    if (!keptOwners.has(owner)) released.set(reader, [...(released.get(reader) ?? []), owner]);
  }
  return released;
}

/** Arrays that are free again while a program is planned; a later value of the same type and size takes one over. */
export class ArrayPool {
  readonly #make: (dtype: DType, size: number) => CpuArray;
  readonly #free = new Map<string, CpuArray[]>();
  /** Bytes of all arrays made. */
  bytes = 0;

  constructor(make: (dtype: DType, size: number) => CpuArray) {
    this.#make = make;
  }

  take(dtype: DType, size: number): CpuArray {
    return this.#free.get(`${dtype} ${size}`)?.pop() ?? this.takeNew(dtype, size);
  }

  /** An array that nothing writes but its owner: for leaves, which are filled before the step. */
  takeNew(dtype: DType, size: number): CpuArray {
    const made = this.#make(dtype, size);
    this.bytes += made.byteLength;
    return made;
  }

  give(dtype: DType, values: CpuArray): void {
    const key = `${dtype} ${values.length}`;
    this.#free.set(key, [...(this.#free.get(key) ?? []), values]);
  }
}
