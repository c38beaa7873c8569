import { alignTo } from "../core/align_to.ts";
import { OutOfMemoryError } from "../core/errors.ts";
import { formatBytes } from "../core/format.ts";
import { bytesPerElement, type DType } from "../core/tensor.ts";
import type { HostArray } from "../cpu/host.ts";
import type { CpuArray } from "../cpu/op.ts";

const PAGE = 2 ** 16;
/** Cache lines. */
const ALIGNMENT = 64;
/** Bytes at the end that nothing holds: a kernel may read a panel whose last columns do not count. */
const GUARD = ALIGNMENT;
/** What 32-bit addresses reach. */
const MOST_PAGES = 2 ** 16;
const LEAST_PAGES = 2 ** 12;

/** The largest that there may be: some devices set addresses aside for all that a shared memory may grow to, and have few. */
function sharedMemory(): WebAssembly.Memory {
  for (let maximum = MOST_PAGES; ; maximum /= 2) {
    try {
      return new WebAssembly.Memory({ initial: 1, maximum, shared: true });
    } catch (error) {
      if (maximum <= LEAST_PAGES) throw error;
    }
  }
}

interface Block {
  readonly start: number;
  readonly end: number;
}

/** The one memory of a backend, and who holds what of it. */
export class WasmMemory {
  readonly memory: WebAssembly.Memory;
  /** Counts how often the memory grew: views made before that are empty. */
  generation = 0;
  /** Bytes that are held. */
  bytes = 0;
  /** In order of addresses. Nothing lies at 0. */
  #free: Block[] = [{ start: ALIGNMENT, end: PAGE - GUARD }];
  readonly #held = new Map<number, Block>();

  /** With `isShared` one that other threads may be given. */
  constructor(isShared = false) {
    this.memory = isShared ? sharedMemory() : new WebAssembly.Memory({ initial: 1 });
  }

  /** Bytes of whole cache lines: what so many bytes take. */
  static blockSize(bytes: number): number {
    return alignTo(Math.max(bytes, 1), ALIGNMENT);
  }

  /** The address of so many bytes, which hold whatever another left there. Throws `OutOfMemoryError`. */
  allocate(bytes: number): number {
    const size = WasmMemory.blockSize(bytes);
    const fit = this.#free.find(({ start, end }) => end - start >= size) ?? this.#grow(size);
    const block = { start: fit.start, end: fit.start + size };
    const rest = { start: block.end, end: fit.end };
    this.#free = this.#free.flatMap((one) => (one !== fit ? [one] : rest.end > rest.start ? [rest] : []));
    this.#held.set(block.start, block);
    this.bytes += size;
    return block.start;
  }

  /** Grows until the last free block has so many bytes; gives that block. */
  #grow(size: number): Block {
    const end = this.memory.buffer.byteLength - GUARD;
    const last = this.#free.at(-1);
    const tail = last?.end === end ? last : { start: end, end };
    const pages = Math.ceil((tail.start + size - end) / PAGE);
    try {
      if ((end + GUARD) / PAGE + pages > MOST_PAGES) throw new RangeError("more than 4 GB");
      this.memory.grow(pages);
    } catch (cause) {
      throw new OutOfMemoryError(
        `This needs ${formatBytes(tail.start + size)} of memory, more than WebAssembly gets here. ` +
          "Lower the batch size, the image size or the number of filters.",
        tail.start + size,
        { cause },
      );
    }
    this.generation++;
    const grown = { start: tail.start, end: end + pages * PAGE };
    this.#free = [...this.#free.filter((one) => one !== tail), grown];
    return grown;
  }

  free(address: number): void {
    const block = this.#held.get(address);
    if (block === undefined) return;
    this.#held.delete(address);
    this.bytes -= block.end - block.start;
    const merged: Block[] = [];
    for (const one of [...this.#free, block].sort((a, b) => a.start - b.start)) {
      const last = merged.at(-1);
      if (last?.end === one.start) merged[merged.length - 1] = { start: last.start, end: one.end };
      else merged.push(one);
    }
    this.#free = merged;
  }
}

/** A tensor in the memory. */
export class WasmArray implements HostArray {
  readonly #memory: WasmMemory;
  readonly dtype: DType;
  readonly address: number;
  readonly length: number;
  changes = 0;
  #values: CpuArray;
  #generation: number;

  constructor(memory: WasmMemory, dtype: DType, address: number, length: number) {
    this.#memory = memory;
    this.dtype = dtype;
    this.address = address;
    this.length = length;
    this.#values = this.#view();
    this.#generation = memory.generation;
  }

  /** Bytes of so many elements. */
  static byteSize(dtype: DType, length: number): number {
    return bytesPerElement(dtype) * length;
  }

  get byteLength(): number {
    return WasmArray.byteSize(this.dtype, this.length);
  }

  get heldBytes(): number {
    return WasmMemory.blockSize(this.byteLength);
  }

  #view(): CpuArray {
    const { buffer } = this.#memory.memory;
    if (this.dtype === "f32") return new Float32Array(buffer, this.address, this.length);
    if (this.dtype === "i32") return new Int32Array(buffer, this.address, this.length);
    if (this.dtype === "u32") return new Uint32Array(buffer, this.address, this.length);
    return new Uint8Array(buffer, this.address, this.length);
  }

  /** What it holds, where it lies: to be used before the memory grows. */
  get values(): CpuArray {
    if (this.#generation !== this.#memory.generation) {
      this.#values = this.#view();
      this.#generation = this.#memory.generation;
    }
    return this.#values;
  }
}
