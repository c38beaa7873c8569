import type { DeviceLostError } from "../core/errors.ts";
import { completed } from "./completion.ts";

const LOSS_GRACE_MILLISECONDS = 200;

/**
 * Brings bytes from the device to the page without stopping either: copies are appended to a submission, and the
 * staging buffers are used again and again. Every wait races the loss of the device, because a map on a lost device
 * may never settle (RELIABILITY: Firefox).
 */
export class Readback {
  readonly #device: GPUDevice;
  /** Waits in progress, told at once when the device is lost. One reaction on `lost`, however many steps run. */
  readonly #waiting = new Set<(error: DeviceLostError) => void>();
  readonly #free: GPUBuffer[] = [];
  #bytes = 0;

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
    const wanted = Math.ceil(size / 256) * 256;
    const found = this.#free.findIndex((buffer) => buffer.size >= wanted && buffer.size <= wanted * 4);
    const staging =
      found >= 0
        ? (this.#free.splice(found, 1)[0] as GPUBuffer)
        : this.#device.createBuffer({
            label: "corteza readback",
            size: wanted,
            usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
          });
    if (found < 0) this.#bytes += wanted;
    encoder.copyBufferToBuffer(source, offset, staging, 0, size);
    return async () => {
      await this.race(staging.mapAsync(GPUMapMode.READ, 0, size));
      const bytes = staging.getMappedRange(0, size).slice(0);
      staging.unmap();
      this.#free.push(staging);
      return bytes;
    };
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
    for (const buffer of this.#free) buffer.destroy();
    this.#free.length = 0;
    this.#bytes = 0;
  }
}
