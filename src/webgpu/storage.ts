import { alignTo } from "../core/align_to.ts";
import { at } from "../core/at.ts";
import { ArgumentError } from "../core/errors.ts";
import type { TypedArray } from "../core/tensor.ts";
import { bytesPerElement } from "../core/tensor.ts";
import type { VariableSnapshot } from "../graph/backend.ts";
import { Arena, type Variable } from "../graph/node.ts";
import { allocate } from "./allocate.ts";
import type { StoredType } from "./lowering.ts";
import { byteSize } from "./plan.ts";
import type { Readback } from "./readback.ts";

const STORAGE_USAGE = () => GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;

/** The bytes that a kernel expects for these values. */
export function encode(values: ArrayLike<number>, dtype: StoredType): ArrayBufferView<ArrayBuffer> {
  if (dtype === "f16") throw new Error("values stored as 16-bit floats are never fed");
  if (dtype === "f32") return values instanceof Float32Array ? ownBuffer(values) : Float32Array.from(values);
  if (dtype === "i32") return Int32Array.from(values);
  if (dtype === "u32") return Uint32Array.from(values);
  if (values instanceof Uint8Array && values.length % 4 === 0) return values as Uint8Array<ArrayBuffer>;
  const padded = new Uint8Array(alignTo(values.length, 4));
  padded.set(values);
  return padded;
}

function ownBuffer(values: Float32Array): Float32Array<ArrayBuffer> {
  return values.buffer instanceof ArrayBuffer ? (values as Float32Array<ArrayBuffer>) : new Float32Array(values);
}

/** Values of `dtype` from bytes read back. */
export function decode(bytes: ArrayBuffer, dtype: StoredType, size: number): TypedArray {
  if (dtype === "f16") throw new Error("values stored as 16-bit floats are never read back");
  if (dtype === "f32") return new Float32Array(bytes, 0, size);
  if (dtype === "i32") return new Int32Array(bytes, 0, size);
  if (dtype === "u32") return new Uint32Array(bytes, 0, size);
  return new Uint8Array(bytes, 0, size);
}

/**
 * Bytes that are written before they are sent on. What is written goes through memory that the page shares with Chromium's GPU
 * process, which keeps it: a data set of 246 MB took as much again, in pieces 66 MB.
 */
const MOST_WRITTEN = 2 ** 24;

interface Held {
  buffer: GPUBuffer;
  users: number;
  /** Versions of the variables whose values have been uploaded. */
  uploaded: Map<Variable, number>;
  /** Whether it holds anything else than the variables' initial values. */
  changed: boolean;
}

/** Buffers of the variables of one device: made when the first program needs them, freed with the last. */
export class VariableStorage {
  readonly #device: GPUDevice;
  readonly #held = new Map<Variable | Arena, Held>();

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  get count(): number {
    return this.#held.size;
  }

  get bytes(): number {
    let bytes = 0;
    for (const { buffer } of this.#held.values()) bytes += buffer.size;
    return bytes;
  }

  /** What a variable lies in: its arena, or a buffer of its own. */
  static ownerOf(variable: Variable): Variable | Arena {
    return variable.arena ?? variable;
  }

  static bytesOf(owner: Variable | Arena): number {
    return owner instanceof Arena ? owner.size * 4 : byteSize(owner.size, owner.dtype);
  }

  /** Bytes that `retain` would have to allocate for these. */
  missingBytes(owners: Iterable<Variable | Arena>): number {
    let bytes = 0;
    for (const owner of owners) if (!this.#held.has(owner)) bytes += VariableStorage.bytesOf(owner);
    return bytes;
  }

  retain(owner: Variable | Arena): void {
    const held = this.#held.get(owner);
    if (held) {
      held.users++;
      return;
    }
    const buffer = allocate(this.#device, {
      label: owner.name,
      size: VariableStorage.bytesOf(owner),
      usage: STORAGE_USAGE(),
    });
    this.#held.set(owner, { buffer, users: 1, uploaded: new Map(), changed: false });
  }

  release(owner: Variable | Arena): void {
    const held = this.#held.get(owner);
    if (held === undefined) return;
    held.users--;
    if (held.users === 0) {
      held.buffer.destroy();
      this.#held.delete(owner);
    }
  }

  buffer(owner: Variable | Arena): GPUBuffer {
    const held = this.#held.get(owner);
    if (held === undefined) throw new Error(`"${owner.name}" has no storage`);
    return held.buffer;
  }

  /** Uploads the values of variables that were `reset` since the last time; fresh buffers are zero. */
  synchronize(variables: Iterable<Variable>): void {
    for (const variable of variables) {
      const held = this.#held.get(VariableStorage.ownerOf(variable));
      if (held === undefined || held.uploaded.get(variable) === variable.version) continue;
      const first = !held.uploaded.has(variable);
      held.uploaded.set(variable, variable.version);
      if (variable.initial) this.#upload(held, variable, variable.initial);
      else if (!first || variable.version > 0) this.#upload(held, variable, new Float32Array(variable.size));
    }
  }

  /** A part, from element `offset` on, is written anew all the time, and no change that a snapshot keeps. */
  write(variable: Variable, values: ArrayLike<number>, offset?: number): void {
    const held = this.#held.get(VariableStorage.ownerOf(variable));
    if (held === undefined) return;
    if (offset === undefined) held.changed = true;
    this.#upload(held, variable, values, offset);
  }

  /** Notes that these are about to be written by kernels. */
  changed(owners: Iterable<Variable | Arena>): void {
    for (const owner of owners) {
      const held = this.#held.get(owner);
      if (held) held.changed = true;
    }
  }

  /** Copies what is not the variables' initial values to the page, as it is after everything submitted so far. */
  async snapshot(readback: Readback): Promise<VariableSnapshot> {
    const changed = [...this.#held.values()].filter((held) => held.changed);
    const copies = changed.map(({ buffer, uploaded }) => {
      this.synchronize(uploaded.keys());
      const versions = [...uploaded.keys()].map((variable) => ({ variable, version: variable.version }));
      return { versions, source: { label: buffer.label, buffer, offset: 0, size: buffer.size } };
    });
    const waits = readback.submit(
      this.#device.createCommandEncoder(),
      copies.map(({ source }) => source),
    );
    const copied = copies.map(async ({ versions }, index) => {
      const bytes = await at(waits, index);
      return versions.map(({ variable, version }) => {
        const start = variable.arenaOffset * bytesPerElement(variable.dtype);
        const own = bytes.slice(start, start + VariableStorage.bytesOf(variable));
        return [variable, { version, data: decode(own, variable.dtype, variable.size) }] as const;
      });
    });
    return new Map((await Promise.all(copied)).flat());
  }

  /** Throws `ArgumentError` where values are on this device alone that a fresh one would lack. */
  checkKept(snapshot: VariableSnapshot): void {
    for (const owner of this.#held.keys()) {
      for (const variable of owner instanceof Arena ? owner.variables : [owner]) {
        if (!variable.hasMoved || snapshot.has(variable)) continue;
        throw new ArgumentError(
          `reopen: "${variable.name}" has been trained, and its values are nowhere but on the device; give ` +
            "reopen(snapshot) what await backend.snapshot() gave before.",
        );
      }
    }
  }

  /** Writes the values of a snapshot, but for those of variables that were `reset` since. */
  restore(snapshot: VariableSnapshot): void {
    for (const [variable, { version, data }] of snapshot) {
      if (variable.version === version) this.write(variable, data);
    }
  }

  #upload(held: Held, variable: Variable, values: ArrayLike<number>, offset = 0): void {
    held.uploaded.set(variable, variable.version);
    const start = (variable.arenaOffset + offset) * bytesPerElement(variable.dtype);
    const { buffer, byteOffset, byteLength } = encode(values, variable.dtype);
    const { queue } = this.#device;
    for (let at = 0; at < byteLength; at += MOST_WRITTEN) {
      if (at > 0) queue.submit([]);
      queue.writeBuffer(held.buffer, start + at, buffer, byteOffset + at, Math.min(MOST_WRITTEN, byteLength - at));
    }
  }

  dispose(): void {
    for (const { buffer } of this.#held.values()) buffer.destroy();
    this.#held.clear();
  }
}

/**
 * Scratch memory that the programs of one device lend each other: they run one after the other on one queue, and what
 * a step leaves there is dead. A program takes each buffer at most once.
 */
export class ScratchPool {
  readonly #device: GPUDevice;
  readonly #users = new Map<GPUBuffer, number>();

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  get count(): number {
    return this.#users.size;
  }

  get bytes(): number {
    let bytes = 0;
    for (const buffer of this.#users.keys()) bytes += buffer.size;
    return bytes;
  }

  /** For each of these sizes (descending) the buffer that is there and fits without much waste, if there is one. */
  #find(sizes: readonly number[]): (GPUBuffer | undefined)[] {
    const taken = new Set<GPUBuffer>();
    return sizes.map((bytes) => {
      let best: GPUBuffer | undefined;
      for (const buffer of this.#users.keys()) {
        const fits = buffer.size >= bytes && buffer.size <= bytes * 2 && !taken.has(buffer);
        if (fits && (best === undefined || buffer.size < best.size)) best = buffer;
      }
      if (best) taken.add(best);
      return best;
    });
  }

  /** Bytes that `take` would have to allocate for buffers of these sizes. */
  missingBytes(sizes: readonly number[]): number {
    const found = this.#find(sizes);
    return sizes.reduce((sum, bytes, index) => (found[index] ? sum : sum + bytes), 0);
  }

  /** One buffer for each of these sizes (descending), reusing what is there. */
  take(sizes: readonly number[]): GPUBuffer[] {
    const found = this.#find(sizes);
    return sizes.map((bytes, index) => {
      const buffer =
        found[index] ?? allocate(this.#device, { label: "corteza scratch", size: bytes, usage: STORAGE_USAGE() });
      this.#users.set(buffer, (this.#users.get(buffer) ?? 0) + 1);
      return buffer;
    });
  }

  give(buffers: readonly GPUBuffer[]): void {
    for (const buffer of buffers) {
      const users = (this.#users.get(buffer) ?? 0) - 1;
      if (users > 0) this.#users.set(buffer, users);
      else if (this.#users.delete(buffer)) buffer.destroy();
    }
  }

  dispose(): void {
    for (const buffer of this.#users.keys()) buffer.destroy();
    this.#users.clear();
  }
}
