import { FormatError } from "../core/errors.ts";

/** A JSON value whose objects are maps: no key can reach a prototype, and keys keep their order. */
export type Json = null | boolean | number | string | Json[] | Map<string, Json>;

/**
 * Parses JSON (RFC 8259) from a stranger. Unlike `JSON.parse` it refuses objects that name a key twice, where two
 * readers could see two different files, texts with half a surrogate pair, for the same reason, nesting deeper than
 * `depth`, and more values than any honest file has; objects come back as maps.
 * Throws `FormatError`, which starts with `what`.
 */
export function parseStrictJson(text: string, what: string, depth: number): Json {
  const parser = new Parser(text, what, depth);
  return parser.document();
}

/** Each takes some ten bytes of memory for one in the file. */
const MOST_VALUES = 1_000_000;

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const LITERALS: readonly (readonly [string, null | boolean])[] = [
  ["null", null],
  ["true", true],
  ["false", false],
];

class Parser {
  readonly #text: string;
  readonly #what: string;
  #depthLeft: number;
  #valuesLeft = MOST_VALUES;
  #at = 0;

  constructor(text: string, what: string, depth: number) {
    this.#text = text;
    this.#what = what;
    this.#depthLeft = depth;
  }

  document(): Json {
    const value = this.#value();
    this.#skipSpace();
    if (this.#at < this.#text.length) this.#fail("has something after its end");
    return value;
  }

  #fail(problem: string): never {
    throw new FormatError(`${this.#what} ${problem} (character ${this.#at}).`);
  }

  #skipSpace(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.#at++;
    }
  }

  /** Whether `character` comes next, after white space; steps over it. */
  #accept(character: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #expect(character: string): void {
    if (!this.#accept(character)) this.#fail(`is not JSON: "${character}" is missing`);
  }

  #value(): Json {
    if (this.#valuesLeft-- === 0) this.#fail(`has more than ${MOST_VALUES} values`);
    this.#skipSpace();
    const first = this.#text[this.#at];
    if (first === "{") return this.#nested(() => this.#object());
    if (first === "[") return this.#nested(() => this.#array());
    if (first === '"') return this.#string();
    for (const [word, value] of LITERALS) {
      if (this.#text.startsWith(word, this.#at)) {
        this.#at += word.length;
        return value;
      }
    }
    NUMBER.lastIndex = this.#at;
    const digits = NUMBER.exec(this.#text)?.[0];
    if (digits === undefined) this.#fail("is not JSON");
    this.#at += digits.length;
    return Number(digits);
  }

  #nested<T>(parse: () => T): T {
    if (this.#depthLeft-- === 0) this.#fail("is nested too deeply");
    const value = parse();
    this.#depthLeft++;
    return value;
  }

  #object(): Map<string, Json> {
    const object = new Map<string, Json>();
    this.#expect("{");
    if (this.#accept("}")) return object;
    do {
      this.#skipSpace();
      const key = this.#string();
      if (object.has(key)) this.#fail(`names "${key.slice(0, 60)}" twice`);
      this.#expect(":");
      object.set(key, this.#value());
    } while (this.#accept(","));
    this.#expect("}");
    return object;
  }

  #array(): Json[] {
    const array: Json[] = [];
    this.#expect("[");
    if (this.#accept("]")) return array;
    do array.push(this.#value());
    while (this.#accept(","));
    this.#expect("]");
    return array;
  }

  #string(): string {
    const start = this.#at;
    this.#expect('"');
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (Number.isNaN(code)) this.#fail("is not JSON: a text does not end");
      this.#at++;
      if (code === 0x22) break;
      if (code === 0x5c) this.#at++;
    }
    const text = this.#decoded(start);
    if (/\p{Surrogate}/u.test(text)) this.#fail("has a text with half a surrogate pair");
    return text;
  }

  /** The text that stands from `start` to here, in quotes. */
  #decoded(start: number): string {
    try {
      // One text alone holds no keys: the built-in parser may check and decode its escapes.
      return JSON.parse(this.#text.slice(start, this.#at)) as string;
    } catch {
      this.#at = start;
      return this.#fail("is not JSON: a text has a wrong escape or a control character");
    }
  }
}
