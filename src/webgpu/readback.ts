import { alignTo } from "../core/align_to.ts";
import { at } from "../core/at.ts";
import { DeviceLostError } from "../core/errors.ts";
import { onDemand } from "../core/on_demand.ts";
import { allocate } from "./allocate.ts";
import { completed } from "./completion.ts";

const LOSS_GRACE_MILLISECONDS = 200;
/** Copies after which a staging buffer that none of them wanted is given back. */
const KEPT_FOR_COPIES = 256;

/** Bytes of a buffer that are wanted on the page; `label` for people. */
export interface Source {
  readonly label: string;
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly size: number;
}

/** A staging buffer, and the number of the copy that used it last. */
interface Staging {
  readonly buffer: GPUBuffer;
  readonly used: number;
}

/**
 * Brings bytes from the device to the page without stopping either: copies are appended to a submission, and the
 * staging buffers are used again and again. Every wait races the loss of the device, because a map on a lost device
 * may never settle (RELIABILITY: Firefox).
 */
export class Readback {
  readonly #device: GPUDevice;
  /** Waits in progress, told at once when the device is lost. One reaction on `lost`, however many steps run. */
  readonly #waiting = new Set<(error: DeviceLostError) => void>();
  /** Those that nobody uses now, and all. */
  #free: Staging[] = [];
  readonly #all = new Set<GPUBuffer>();
  #copies = 0;
  #disposed = false;
  /** Programs that may ask for bytes; without any no staging buffer is kept. */
  #users = 0;

  constructor(device: GPUDevice, lost: Promise<DeviceLostError>) {
    this.#device = device;
    void lost.then((error) => {
      for (const reject of this.#waiting) reject(error);
      this.#waiting.clear();
    });
  }

  /** Staging buffers held. */
  get count(): number {
    return this.#all.size;
  }

  /** Bytes of these. */
  get bytes(): number {
    let bytes = 0;
    for (const { size } of this.#all) bytes += size;
    return bytes;
  }

  /** Submits what `encoder` holds, and copies of these behind it. Throws `OutOfMemoryError` where there is no place for one: all else is done. */
  submit(encoder: GPUCommandEncoder, sources: readonly Source[]): Promise<ArrayBuffer>[] {
    const before = this.#all.size;
    const stagings = sources.map(({ size }) => this.#stage(alignTo(size, 256)));
    const { queue } = this.#device;
    // A copy to a buffer that did not come would take all that is submitted with it along.
    const isApart = this.#all.size > before;
    let copies = encoder;
    if (isApart) {
      queue.submit([encoder.finish()]);
      copies = this.#device.createCommandEncoder();
      this.#device.pushErrorScope("validation");
    }
    sources.forEach(({ buffer, offset, size }, index) => {
      copies.copyBufferToBuffer(buffer, offset, at(stagings, index).buffer, 0, size);
    });
    queue.submit([copies.finish()]);
    const waits = sources.map((source, index) => this.#bytesOf(source, at(stagings, index)));
    if (isApart) this.#device.popErrorScope().catch(() => undefined);
    return waits;
  }

  #stage(wanted: number): Staging {
    const used = ++this.#copies;
    const found = this.#free.findIndex(({ buffer }) => buffer.size >= wanted && buffer.size <= wanted * 4);
    const [kept] = found >= 0 ? this.#free.splice(found, 1) : [];
    if (kept) return { buffer: kept.buffer, used };
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
    const buffer = allocate(this.#device, { label: "corteza readback", size: wanted, usage });
    this.#all.add(buffer);
    return { buffer, used };
  }

  async #bytesOf(source: Source, { buffer, used }: Staging): Promise<ArrayBuffer> {
    const { size } = source;
    try {
      await this.race(buffer.mapAsync(GPUMapMode.READ, 0, size));
      const bytes = buffer.getMappedRange(0, size).slice(0);
      buffer.unmap();
      this.#free.push({ buffer, used });
      this.#trim();
      return bytes;
    } catch (error) {
      this.#destroy(buffer);
      if (error instanceof DeviceLostError || this.#disposed) throw error;
      const { lackOfStaging } = await onDemand("report of missing memory", () => import("./lack.ts"));
      throw await lackOfStaging(source, buffer, error);
    }
  }

  /** A program may ask for bytes from now on. */
  retain(): void {
    this.#users++;
  }

  /** A program is gone; with the last of them go the staging buffers. */
  release(): void {
    this.#users--;
    this.#trim();
  }

  /** Gives back what has not been wanted for long. */
  #trim(): void {
    const isWanted = ({ used }: Staging) =>
      this.#users > 0 && this.#copies - used <= KEPT_FOR_COPIES && !this.#disposed;
    for (const free of this.#free) if (!isWanted(free)) this.#destroy(free.buffer);
    this.#free = this.#free.filter(isWanted);
  }

  #destroy(buffer: GPUBuffer): void {
    this.#all.delete(buffer);
    buffer.destroy();
  }

  /** Waits for something that the device does; throws `DeviceLostError` when the device goes away first. */
  race<T>(wait: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject);
      completed(this.#device, wait).then(
        (value) => {
          this.#waiting.delete(reject);
          resolve(value);
        },
        (cause: unknown) => {
          // A map fails with its own error a moment before the loss is told; the loss is the one worth reporting.
          setTimeout(() => {
            this.#waiting.delete(reject);
            reject(cause);
          }, LOSS_GRACE_MILLISECONDS);
        },
      );
    });
  }

  dispose(): void {
    this.#disposed = true;
    // Those in use go when they have been read.
    this.#trim();
  }
}
