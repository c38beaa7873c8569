import { FormatError } from "../core/errors.ts";

/** Each takes some ten bytes of memory for one in the file. */
const MOST_VALUES = 1_000_000;

/**
 * Parses JSON (RFC 8259) from a stranger. Unlike `JSON.parse` it refuses objects that name a key twice, where two
 * readers could see two different files, texts with half a surrogate pair, for the same reason, nesting deeper than
 * `depth`, and more values than any honest file has: it looks for these before anything is made of the text.
 * Throws `FormatError`, which starts with `what`.
 */
export function parseStrictJson(text: string, what: string, depth: number): unknown {
  try {
    checkStrictness(text, what, depth);
    return JSON.parse(text);
  } catch (cause) {
    if (cause instanceof FormatError) throw cause;
    throw new FormatError(`${what} is not JSON (${String(cause)}).`, { cause });
  }
}

/** The entries of a JSON object, whatever their keys are; undefined of anything else. */
export function entriesOf(value: unknown): Map<string, unknown> | undefined {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? new Map(Object.entries(value)) : undefined;
}

/** Looks at a text that need not be JSON: what it does not understand is left to the built-in parser. */
function checkStrictness(text: string, what: string, depth: number): void {
  let place = 0;
  const fail = (problem: string): never => {
    throw new FormatError(`${what} ${problem} (character ${place}).`);
  };
  /** Of each object that is open its keys so far; of lists nothing. */
  const open: (Set<string> | undefined)[] = [];
  let values = 0;
  let isKeyNext = false;
  for (; place < text.length; place++) {
    const character = text[place];
    if (character === '"') {
      const begin = place;
      while (++place < text.length && text[place] !== '"') if (text[place] === "\\") place++;
      const content: string = JSON.parse(text.slice(begin, place + 1));
      if (/\p{Surrogate}/u.test(content)) fail("has a text with half a surrogate pair");
      const keys = isKeyNext ? open.at(-1) : undefined;
      if (keys?.has(content)) fail(`names "${content.slice(0, 60)}" twice`);
      keys?.add(content);
      isKeyNext = false;
    } else if (character === "{" || character === "[") {
      if (open.length === depth) fail("is nested too deeply");
      isKeyNext = character === "{";
      open.push(isKeyNext ? new Set() : undefined);
      values++;
    } else if (character === "," || character === "}" || character === "]") {
      if (character === ",") values++;
      else open.pop();
      isKeyNext = character === ",";
    }
    if (values > MOST_VALUES) fail(`has more than ${MOST_VALUES} values`);
  }
}
