/** Takes a table of text apart, row by row (RFC 4180, with other separators). */
import { FormatError } from "../core/errors.ts";

/** One field. */
export interface Field {
  readonly text: string;
  /** NaN where it is no number. */
  readonly value: number;
}

const [QUOTE, RETURN, NEWLINE, SPACE] = [0x22, 0x0d, 0x0a, 0x20];
const SEPARATORS = [",", ";", "\t"];

/** Small whole numbers, which are most of all fields. */
const BYTES: readonly Field[] = Array.from({ length: 256 }, (_, value) => ({ text: String(value), value }));

export class CsvReader {
  readonly #bytes: Uint8Array;
  readonly #separator: number;
  readonly #decoder = new TextDecoder();
  #at = 0;
  #nextLine = 1;
  /** The line that the last row began in, from 1 on. */
  line = 0;

  constructor(bytes: Uint8Array, separator: string | undefined) {
    const marked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
    this.#bytes = marked ? bytes.subarray(3) : bytes;
    this.#separator = (separator ?? this.#usual()).charCodeAt(0);
  }

  /** What the first line has most of. */
  #usual(): string {
    const end = this.#bytes.indexOf(NEWLINE);
    const line = this.#bytes.subarray(0, end < 0 ? undefined : end);
    const counts = SEPARATORS.map((one) => line.reduce((sum, byte) => sum + (byte === one.charCodeAt(0) ? 1 : 0), 0));
    return SEPARATORS[counts.indexOf(Math.max(...counts))] ?? ",";
  }

  /** The next row that is not empty; undefined at the end. Throws `FormatError` for a quote that does not end. */
  next(): Field[] | undefined {
    for (;;) {
      while (this.#isLineEnd()) this.#skipLineEnd();
      if (this.#at >= this.#bytes.length) return undefined;
      this.line = this.#nextLine;
      const row: Field[] = [];
      for (;;) {
        row.push(this.#field());
        if (this.#bytes[this.#at] !== this.#separator) break;
        this.#at++;
      }
      if (row.length > 1 || row[0]?.text.trim() !== "") return row;
    }
  }

  #isLineEnd(): boolean {
    const byte = this.#bytes[this.#at];
    return byte === NEWLINE || byte === RETURN;
  }

  #skipLineEnd(): void {
    const isPair = this.#bytes[this.#at] === RETURN && this.#bytes[this.#at + 1] === NEWLINE;
    this.#at += isPair ? 2 : 1;
    this.#nextLine++;
  }

  #field(): Field {
    if (this.#bytes[this.#at] === QUOTE) return this.#quoted();
    const start = this.#at;
    let value = 0;
    for (;;) {
      const digit = (this.#bytes[this.#at] ?? 0) - 0x30;
      if (digit < 0 || digit > 9) break;
      value = 10 * value + digit;
      this.#at++;
    }
    const isInteger = this.#at > start && this.#at - start < 4;
    const afterDigits = this.#at;
    while (this.#at < this.#bytes.length && this.#bytes[this.#at] !== this.#separator && !this.#isLineEnd()) this.#at++;
    const plain = isInteger && this.#at === afterDigits ? BYTES[value] : undefined;
    // "007" is a label of its own.
    if (plain && plain.text.length === afterDigits - start) return plain;
    return fieldOf(this.#decoder.decode(this.#bytes.subarray(start, this.#at)));
  }

  /** Two quotes stand for one. */
  #quoted(): Field {
    const parts: string[] = [];
    let start = ++this.#at;
    for (;;) {
      const end = this.#bytes.indexOf(QUOTE, this.#at);
      if (end < 0) throw new FormatError(`csv: the quote that opens in line ${this.line} does not end.`);
      parts.push(this.#decoder.decode(this.#bytes.subarray(start, end)));
      this.#at = end + 1;
      if (this.#bytes[this.#at] !== QUOTE) break;
      parts.push('"');
      start = ++this.#at;
    }
    const text = parts.join("");
    this.#nextLine += text.split("\n").length - 1;
    while (this.#bytes[this.#at] === SPACE) this.#at++;
    if (this.#at < this.#bytes.length && this.#bytes[this.#at] !== this.#separator && !this.#isLineEnd()) {
      throw new FormatError(
        `csv: line ${this.line} goes on behind a closing quote; a quote within quotes is written twice.`,
      );
    }
    return fieldOf(text);
  }
}

const fieldOf = (text: string): Field => ({ text, value: text.trim() === "" ? Number.NaN : Number(text) });
