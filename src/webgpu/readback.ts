import { alignTo } from "../core/align_to.ts";
import type { DeviceLostError } from "../core/errors.ts";
import { completed } from "./completion.ts";

const LOSS_GRACE_MILLISECONDS = 200;
/** Copies after which a staging buffer that none of them wanted is given back. */
const KEPT_FOR_COPIES = 256;

/** A staging buffer that nobody uses now, and the number of the copy that used it last. */
interface Free {
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
  #free: Free[] = [];
  #bytes = 0;
  #copies = 0;
  /** Programs that may ask for bytes; without any no staging buffer is kept. */
  #users = 0;

  constructor(device: GPUDevice, lost: Promise<DeviceLostError>) {
    this.#device = device;
    void lost.then((error) => {
      for (const reject of this.#waiting) reject(error);
      this.#waiting.clear();
    });
  }

  /** Bytes of staging buffers held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Appends a copy of `size` bytes to `encoder`; call the result after the submission to wait for the bytes. */
  copy(encoder: GPUCommandEncoder, source: GPUBuffer, offset: number, size: number): () => Promise<ArrayBuffer> {
    const wanted = alignTo(size, 256);
    const used = ++this.#copies;
    const found = this.#free.findIndex(({ buffer }) => buffer.size >= wanted && buffer.size <= wanted * 4);
    const [kept] = found >= 0 ? this.#free.splice(found, 1) : [];
    const staging =
      kept?.buffer ??
      this.#device.createBuffer({
        label: "corteza readback",
        size: wanted,
        usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
      });
    if (kept === undefined) this.#bytes += wanted;
    encoder.copyBufferToBuffer(source, offset, staging, 0, size);
    return async () => {
      await this.race(staging.mapAsync(GPUMapMode.READ, 0, size));
      const bytes = staging.getMappedRange(0, size).slice(0);
      staging.unmap();
      this.#free.push({ buffer: staging, used });
      this.#trim();
      return bytes;
    };
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
    const isWanted = ({ used }: Free) => this.#users > 0 && this.#copies - used <= KEPT_FOR_COPIES;
    for (const free of this.#free) if (!isWanted(free)) this.#destroy(free.buffer);
    this.#free = this.#free.filter(isWanted);
  }

  #destroy(buffer: GPUBuffer): void {
    this.#bytes -= buffer.size;
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
    for (const { buffer } of this.#free) buffer.destroy();
    this.#free = [];
    this.#bytes = 0;
  }
}
