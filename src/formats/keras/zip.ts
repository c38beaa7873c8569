/** The files of a small zip archive in memory (APPNOTE.TXT 6.3, sections 4.3.7 to 4.3.16). */
import { FormatError } from "../../core/errors.ts";
import { inflate } from "./inflate.ts";

const WHAT = "Keras file";
const [END, ENTRY, LOCAL] = [0x06054b50, 0x02014b50, 0x04034b50];
const MOST_ENTRIES = 65_535;

function damaged(problem: string): never {
  throw new FormatError(`${WHAT}: as a zip archive, ${problem}; it is damaged.`);
}

/** Where an entry's bytes are, and how. */
interface Entry {
  readonly method: number;
  readonly packed: number;
  readonly size: number;
  readonly offset: number;
}

/** An archive's entries by name. What one unpacks to is held against the archive before anything is made. */
export class ZipFile {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #entries = new Map<string, Entry>();

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let end = bytes.length - 22;
    // A comment of at most 65,535 bytes may follow.
    const least = Math.max(0, end - 65_535);
    while (end >= least && this.#view.getUint32(end, true) !== END) end--;
    if (end < least) damaged("it has no directory");
    const [count, at] = [this.#view.getUint16(end + 10, true), this.#view.getUint32(end + 16, true)];
    if (count === MOST_ENTRIES || at === 0xffffffff) damaged("it is of the kind for more than 4 GiB");
    this.#readDirectory(at, count, end);
  }

  #readDirectory(begin: number, count: number, end: number): void {
    let at = begin;
    for (let place = 0; place < count; place++) {
      if (at + 46 > end || this.#view.getUint32(at, true) !== ENTRY) damaged("its directory is cut off");
      const sizes = [28, 30, 32].map((field) => this.#view.getUint16(at + field, true));
      const [name = 0, extra = 0, comment = 0] = sizes;
      const text = new TextDecoder().decode(this.#bytes.slice(at + 46, at + 46 + name));
      this.#entries.set(text, {
        method: this.#view.getUint16(at + 10, true),
        packed: this.#view.getUint32(at + 20, true),
        size: this.#view.getUint32(at + 24, true),
        offset: this.#view.getUint32(at + 42, true),
      });
      at += 46 + name + extra + comment;
    }
  }

  /** An entry's bytes; undefined where there is none of this name. */
  read(name: string): Uint8Array | undefined {
    const entry = this.#entries.get(name);
    if (entry === undefined) return undefined;
    const { method, packed, size, offset } = entry;
    if (offset + 30 > this.#bytes.length || this.#view.getUint32(offset, true) !== LOCAL)
      damaged(`${name} is not where it is said to be`);
    const begin = offset + 30 + this.#view.getUint16(offset + 26, true) + this.#view.getUint16(offset + 28, true);
    if (begin + packed > this.#bytes.length) damaged(`${name} is cut off`);
    const bytes = this.#bytes.subarray(begin, begin + packed);
    if (method === 0 && packed === size) return bytes;
    if (method !== 8) damaged(`${name} is packed in a way that is not read`);
    // Weights hardly shrink; what grows so much is no model.
    if (size > 4 * this.#bytes.length + 2 ** 24) {
      throw new FormatError(
        `${WHAT}: ${name} would unpack to ${size} bytes, more than an archive of ${this.#bytes.length} bytes may hold.`,
      );
    }
    return inflate(bytes, size, WHAT);
  }
}
