/** Writes images one behind the other into files of equal size, a file at a time. */
import type { FileWriter } from "./files.ts";

/** Bytes of a file, about: so many are held until they are written, twice at most. */
const FILE_BYTES = 8 * 2 ** 20;

/** The name of one of the files. */
export const fileName = (number: number) => `${number}.pixels`;

/** Images of a file. */
export const imagesOfFile = (imageBytes: number) => Math.max(1, Math.floor(FILE_BYTES / imageBytes));

/** Numbers images from the first on, in the order in which they come, and writes them. */
export class ImageWriter {
  readonly #writer: FileWriter;
  readonly #size: number;
  readonly #perFile: number;
  #buffer: Uint8Array<ArrayBuffer>;
  #count = 0;
  /** Images that are in files. */
  #written = 0;
  #writing: Promise<void> = Promise.resolve();

  /** `first`: the first number, where a file begins; the images before it are in files. */
  constructor(writer: FileWriter, imageBytes: number, first = 0) {
    [this.#writer, this.#size, this.#perFile] = [writer, imageBytes, imagesOfFile(imageBytes)];
    [this.#count, this.#written] = [first, first];
    this.#buffer = this.#fresh();
  }

  /** Images that are in files: those with lower numbers. */
  get written(): number {
    return this.#written;
  }

  #fresh(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#perFile * this.#size);
  }

  /** The image's number, and, where the next image is to wait for a file, its end. Rejects with a `StorageError`. */
  put(image: Uint8Array): { number: number; wait: Promise<void> | undefined } {
    const number = this.#count++;
    const place = number % this.#perFile;
    this.#buffer.set(image, place * this.#size);
    if (place + 1 < this.#perFile) return { number, wait: undefined };
    const wait = this.#writing;
    const full = this.#buffer;
    this.#buffer = this.#fresh();
    this.#begin(Math.floor(number / this.#perFile), full, this.#count);
    // While this file is written the next one fills; what was begun before it must have ended.
    return { number, wait };
  }

  #begin(file: number, bytes: Uint8Array<ArrayBuffer>, count: number): void {
    const before = this.#writing;
    this.#writing = before.then(async () => {
      await this.#writer.write(fileName(file), bytes);
      this.#written = count;
    });
    // Whoever waits hears of it.
    this.#writing.catch(() => undefined);
  }

  /** Writes what is left. Rejects with a `StorageError`. */
  async finish(): Promise<void> {
    const left = this.#count % this.#perFile;
    if (left > 0)
      this.#begin(Math.floor(this.#count / this.#perFile), this.#buffer.slice(0, left * this.#size), this.#count);
    await this.#writing;
  }

  /** Takes the last file away, and the images in it, to make room. */
  async dropLast(): Promise<void> {
    const last = Math.ceil(this.#written / this.#perFile) - 1;
    this.#written = last * this.#perFile;
    await this.#writer.remove(fileName(last));
  }

  /** Resolves when nothing is being written any more, well or badly. */
  async settled(): Promise<void> {
    await this.#writing.catch(() => undefined);
  }
}
